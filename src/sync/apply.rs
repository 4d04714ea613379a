//! Applying a chunk: the versions that are about to go are put into the history, the edits are made, what
//! came of them is read back where the collection did not say, and all outcomes are one transaction.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::observe::look_again;
use super::policy::Change;
use super::prepare::{Chunk, Step, Task, Version};
use super::run::{Job, Run, RunError, Tally, Unsettled};
use super::{Side, Sides, words};
use crate::collection::{CollectionError, Edit, Etag, Fetched, Href, Outcome};
use crate::item::{self, Digest};
use crate::report::{Operation, Problem, Touched};
use crate::state::{Aside, AsideKind, Base, Loss, Lost, PairId, Seen, VersionId, Write};

const QUICKER: &str = "Somebody else changed it at the same moment. It will be tried again in the next run.";
const TAKEN: &str = "It cannot be stored there: an item with the same UID is there already, which belongs to something else or cannot be read. Rename or delete that one.";
const REWRITTEN: &str =
    "The server stored it differently from what was sent. The next run looks at it again.";
const UNSEEN: &str = "It was sent, but what became of it could not be seen. The next run looks at it again.";

/// What became of one edit, after reading back.
#[derive(Debug)]
enum Landed {
    Stored(Stored),
    Deleted,
    Stale { sure: bool },
    Refused(String),
    Failed(String),
    NotTried,
}

/// Where and how an item was stored.
#[derive(Debug)]
struct Stored {
    href: Href,
    /// The version that is there now, as far as it is known.
    etag: Option<Etag>,
    /// That version holds what was written, so it is the base.
    settled: bool,
    /// It holds it octet for octet.
    verbatim: bool,
}

/// What is written to a side.
struct Written {
    bytes: Bytes,
    uid: Option<String>,
    digest: Digest,
}

/// A task with its edits.
struct Doing {
    task: Task,
    written: Sides<Option<Written>>,
    kept: Sides<Option<VersionId>>,
    landed: Sides<Option<Landed>>,
}

/// Applies a prepared chunk. What was done is committed also when a collection stops in the middle; that is
/// told by the second value.
pub(super) async fn apply(
    run: &Run<'_>,
    chunk: Chunk,
    held: Sides<bool>,
) -> Result<(Tally, Option<(Side, CollectionError)>), RunError> {
    let job = run.job;
    let mut tally = Tally { bytes: chunk.bytes(), ..Tally::default() };
    let mut doing = Vec::with_capacity(chunk.tasks.len());
    for task in chunk.tasks {
        match task.step {
            Step::Delete(side) if held[side] => tally.held[side] += 1,
            _ => doing.push(Doing::new(task)),
        }
    }
    keep_versions(job, &mut doing)?;
    let mut stopped = make_edits(job, &mut doing).await;
    if stopped.is_none() {
        stopped = read_back(job, &mut doing).await.err();
    }
    job.state.write(|w| {
        for sighting in &chunk.sightings {
            match &sighting.etag {
                Some(etag) => w.see(sighting.side, &sighting.href, etag)?,
                None => w.unsee(sighting.side, &sighting.href)?,
            }
        }
        for one in &doing {
            one.record(run, w, &mut tally)?;
        }
        run.log.write(w, &tally)
    })?;
    Ok((tally, stopped))
}

/// What a dry run would do.
pub(super) fn foresee(job: &Job<'_>, chunk: Chunk, held: Sides<bool>) -> Tally {
    let mut tally = Tally { bytes: chunk.bytes(), ..Tally::default() };
    for task in chunk.tasks {
        match &task.step {
            Step::Delete(side) if held[*side] => tally.held[*side] += 1,
            Step::Adopt => tally.linked += u64::from(task.row.pair.is_none()),
            Step::Write(side) | Step::Delete(side) => {
                let href =
                    task.row.present(*side).or(task.row.present(side.other())).map(|(href, _)| href.clone());
                if let Some(href) = href {
                    tally.touch(touched(job, &task, *side, &href));
                }
            }
            Step::Aside { kind: AsideKind::Trouble | AsideKind::Passing, side, summary, message }
            | Step::Problem { side, summary, message } => {
                tally.problems.push(problem(&task, *side, summary, message));
            }
            Step::Aside { .. } | Step::Forget | Step::Nothing | Step::Again(_) | Step::Moved(_) => {}
        }
    }
    tally
}

impl Doing {
    fn new(task: Task) -> Doing {
        let written = Sides::from_fn(|side| {
            if task.step != Step::Write(side) {
                return None;
            }
            let source = task.versions[side.other()].as_ref()?;
            let there = task.versions[side].as_ref();
            // An item that is there keeps its own UID.
            let uid = there.map_or(&source.facts.uid, |there| &there.facts.uid).clone();
            let bytes = match &uid {
                Some(uid) if source.facts.uid.as_ref() != Some(uid) => item::with_uid(&source.bytes, uid),
                _ => source.bytes.clone(),
            };
            Some(Written { bytes, uid, digest: source.facts.digest })
        });
        Doing { task, written, kept: Sides::default(), landed: Sides::default() }
    }

    fn edit(&self, side: Side) -> Option<Edit> {
        let there = self.task.versions[side].as_ref();
        let href = |there: &Version| (there.href.clone(), there.etag.clone());
        match (&self.task.step, &self.written[side], there.map(href)) {
            (_, Some(written), Some((href, if_etag))) => {
                Some(Edit::Replace { href, if_etag, bytes: written.bytes.clone() })
            }
            (_, Some(written), None) => {
                Some(Edit::Create { uid: written.uid.clone(), bytes: written.bytes.clone() })
            }
            (Step::Delete(on), None, Some((href, if_etag))) if *on == side => {
                Some(Edit::Delete { href, if_etag })
            }
            _ => None,
        }
    }

    /// What is overwritten or deleted on this side.
    fn lost(&self, side: Side) -> Option<Lost<'_>> {
        let version = self.task.versions[side].as_ref()?;
        let loss = match self.task.step {
            Step::Write(to) if to == side => Loss::Overwritten,
            Step::Delete(on) if on == side => Loss::Deleted,
            _ => return None,
        };
        Some(Lost {
            side,
            href: &version.href,
            uid: version.facts.uid.as_deref(),
            summary: &version.facts.summary,
            loss,
            bytes: &version.bytes,
        })
    }
}

/// Commits to the history what the edits will overwrite or delete.
fn keep_versions(job: &Job<'_>, doing: &mut [Doing]) -> Result<(), RunError> {
    if !doing.iter().any(|one| Side::BOTH.into_iter().any(|side| one.lost(side).is_some())) {
        return Ok(());
    }
    let now = (job.clock)();
    job.state.write(|w| {
        for one in doing {
            for side in Side::BOTH {
                one.kept[side] = match one.lost(side) {
                    Some(lost) => w.keep_version(now, &lost)?,
                    None => None,
                };
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Sends the edits of both sides. A collection that stops keeps nothing from being recorded.
async fn make_edits(job: &Job<'_>, doing: &mut [Doing]) -> Option<(Side, CollectionError)> {
    let edits = Sides::from_fn(|side| {
        let edits = doing.iter().enumerate();
        edits.filter_map(|(at, one)| Some((at, one.edit(side)?))).unzip::<_, _, Vec<_>, Vec<_>>()
    });
    let send = |side: Side, edits: Vec<Edit>| async move {
        if edits.is_empty() { None } else { Some(job.collections[side].apply(edits).await) }
    };
    let Sides { local: (local_at, local), remote: (remote_at, remote) } = edits;
    let (local, remote) =
        futures_util::future::join(send(Side::Local, local), send(Side::Remote, remote)).await;
    let mut stopped = None;
    for (side, at, applied) in [(Side::Local, local_at, local), (Side::Remote, remote_at, remote)] {
        let Some(applied) = applied else { continue };
        for (at, outcome) in at.into_iter().zip(applied.outcomes) {
            doing[at].landed[side] = Some(match outcome {
                Outcome::Stored { href, etag } => {
                    Landed::Stored(Stored { href, settled: etag.is_some(), etag, verbatim: false })
                }
                Outcome::Deleted => Landed::Deleted,
                Outcome::Stale { sure } => Landed::Stale { sure },
                Outcome::Refused { reason } => Landed::Refused(reason),
                Outcome::Failed { reason } => Landed::Failed(reason),
                Outcome::NotTried => Landed::NotTried,
            });
        }
        stopped = stopped.or(applied.stopped.map(|error| (side, error)));
    }
    stopped
}

/// Fetches what was stored without telling its version, and compares it with what was written.
///
/// If it is something else, then either the collection rewrote it or somebody was quicker: it counts as
/// changed and is looked at in the next round. It is accepted where the same was there before the write:
/// then it is the collection's own form of what was written.
async fn read_back(job: &Job<'_>, doing: &mut [Doing]) -> Result<(), (Side, CollectionError)> {
    for side in Side::BOTH {
        let mut waiting: BTreeMap<Href, usize> = BTreeMap::new();
        for (at, one) in doing.iter().enumerate() {
            if let Some(Landed::Stored(Stored { href, etag: None, .. })) = &one.landed[side] {
                waiting.insert(href.clone(), at);
            }
        }
        if waiting.is_empty() {
            continue;
        }
        let hrefs: Vec<Href> = waiting.keys().cloned().collect();
        let found = job.collections[side].fetch(&hrefs).await.map_err(|error| (side, error))?;
        for found in found {
            let (href, etag, bytes) = match found {
                Fetched::Found { href, etag, bytes, .. } => (href, etag, bytes),
                // It was stored all the same: what it overwrote stays in the history.
                Fetched::Gone { .. } | Fetched::Unreadable { .. } | Fetched::Failed { .. } => continue,
            };
            let Some(&at) = waiting.get(&href) else { continue };
            let one = &mut doing[at];
            let Some(written) = &one.written[side] else { continue };
            let digest = item::read(&bytes).ok().map(|facts| facts.digest);
            let before = one.task.versions[side].as_ref().map(|version| version.facts.digest);
            one.landed[side] = Some(Landed::Stored(Stored {
                href,
                etag: Some(etag),
                settled: digest == Some(written.digest) || (digest.is_some() && digest == before),
                verbatim: bytes == written.bytes,
            }));
        }
    }
    Ok(())
}

impl Doing {
    /// Records what became of the task.
    fn record(&self, run: &Run<'_>, w: &Write<'_>, tally: &mut Tally) -> crate::state::Result<()> {
        let task = &self.task;
        let pair = task.row.pair.as_ref().map(|pair| pair.id);
        match &task.step {
            Step::Adopt => self.adopt(w, tally)?,
            Step::Forget => {
                if let Some(pair) = pair {
                    w.drop_pair(pair)?;
                }
            }
            Step::Nothing => {}
            Step::Moved(side) => {
                if let Some(pair) = pair {
                    w.detach(pair, *side)?;
                }
                tally
                    .unsettled
                    .push(Unsettled { problem: problem(task, *side, &summary(task), QUICKER), aside: None });
                return Ok(());
            }
            Step::Again(side) => {
                tally
                    .unsettled
                    .push(Unsettled { problem: problem(task, *side, &summary(task), QUICKER), aside: None });
                return Ok(());
            }
            Step::Aside { kind, side, summary, message } => {
                return self.put_aside(run, w, tally, *kind, *side, summary, message);
            }
            Step::Problem { side, summary, message } => {
                tally.problems.push(problem(task, *side, summary, message));
                return Ok(());
            }
            Step::Write(side) | Step::Delete(side) => {
                let side = *side;
                match &self.landed[side] {
                    Some(Landed::Stored(stored)) => self.stored(run, w, tally, side, stored, pair)?,
                    Some(Landed::Deleted) => {
                        let Some(version) = &task.versions[side] else { return Ok(()) };
                        w.unsee(side, &version.href)?;
                        if let Some(pair) = pair {
                            w.drop_pair(pair)?;
                        }
                        tally.touch(touched(run.job, task, side, &version.href));
                    }
                    not_done => return self.not_done(run, w, tally, side, not_done.as_ref()),
                }
            }
        }
        if run.asides.contains_key(&task.row.subject) {
            w.drop_aside(&task.row.subject)?;
        }
        Ok(())
    }

    /// Both sides say the same: what was looked at is the base.
    fn adopt(&self, w: &Write<'_>, tally: &mut Tally) -> crate::state::Result<()> {
        let Task { row, versions, .. } = &self.task;
        let read = |side: Side| versions[side].as_ref();
        match (&row.pair, read(Side::Local), read(Side::Remote)) {
            // Only touched: the base's content is still right.
            (Some(pair), local, remote)
                if [local, remote].into_iter().flatten().all(|v| v.facts.digest == pair.digest) =>
            {
                for (side, version) in [(Side::Local, local), (Side::Remote, remote)] {
                    if let Some(version) = version {
                        w.touch_pair(pair.id, side, &version.etag, version.facts.uid.as_deref())?;
                        w.see(side, &version.href, &version.etag)?;
                    }
                }
            }
            (pair, Some(local), Some(remote)) => {
                tally.linked += u64::from(pair.is_none());
                let base = Base {
                    digest: local.facts.digest,
                    bytes: local.bytes.clone(),
                    sides: Sides {
                        local: seen(local, true),
                        remote: seen(remote, remote.bytes == local.bytes),
                    },
                };
                w.save_pair(pair.as_ref().map(|pair| pair.id), &base)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn stored(
        &self,
        run: &Run<'_>,
        w: &Write<'_>,
        tally: &mut Tally,
        side: Side,
        stored: &Stored,
        pair: Option<PairId>,
    ) -> crate::state::Result<()> {
        let (Some(written), Some(source)) = (&self.written[side], &self.task.versions[side.other()]) else {
            return Ok(());
        };
        let Some(etag) = &stored.etag else {
            // It was not possible to look: the next run finds it and compares.
            let problem = problem(&self.task, side, &source.facts.summary, UNSEEN);
            tally.unsettled.push(Unsettled { problem, aside: None });
            return Ok(());
        };
        let target = Seen {
            href: stored.href.clone(),
            etag: stored.settled.then(|| etag.clone()),
            uid: written.uid.clone(),
            verbatim: stored.verbatim,
        };
        let sides = match side {
            Side::Local => Sides { local: target, remote: seen(source, true) },
            Side::Remote => Sides { local: seen(source, true), remote: target },
        };
        w.save_pair(pair, &Base { digest: written.digest, bytes: source.bytes.clone(), sides })?;
        w.see(side, &stored.href, etag)?;
        if !stored.settled {
            let problem = problem(&self.task, side, &source.facts.summary, REWRITTEN);
            tally.unsettled.push(Unsettled { problem, aside: None });
        }
        tally.touch(touched(run.job, &self.task, side, &stored.href));
        Ok(())
    }

    /// The edit was not made, or it is not known whether it was: the trees stay as they are, so that it is
    /// planned again.
    fn not_done(
        &self,
        run: &Run<'_>,
        w: &Write<'_>,
        tally: &mut Tally,
        side: Side,
        landed: Option<&Landed>,
    ) -> crate::state::Result<()> {
        let task = &self.task;
        let summary = summary(task);
        let certain = !matches!(landed, Some(Landed::Failed(_) | Landed::Stale { sure: false }));
        if let (true, Some(version)) = (certain, self.kept[side]) {
            w.drop_version(version)?;
        }
        match landed {
            Some(Landed::Refused(reason)) => {
                self.put_aside(run, w, tally, AsideKind::Trouble, side, &summary, reason)?;
            }
            Some(Landed::Failed(reason)) => tally.problems.push(problem(task, side, &summary, reason)),
            Some(Landed::Stale { .. }) => {
                if let Some((href, _)) = task.row.present(side) {
                    tally.stale[side].push(href.clone());
                }
                let is_new = task.row.present(side).is_none();
                let message = if is_new { TAKEN } else { QUICKER };
                tally.unsettled.push(Unsettled {
                    problem: problem(task, side, &summary, message),
                    aside: is_new.then(|| self.aside(run, AsideKind::Trouble, side, &summary, message)),
                });
            }
            Some(Landed::Stored(_) | Landed::Deleted | Landed::NotTried) | None => {}
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn put_aside(
        &self,
        run: &Run<'_>,
        w: &Write<'_>,
        tally: &mut Tally,
        kind: AsideKind,
        side: Side,
        summary: &str,
        message: &str,
    ) -> crate::state::Result<()> {
        let aside = self.aside(run, kind, side, summary, message);
        w.put_aside(&aside)?;
        if kind != AsideKind::Foreign {
            let mut problem = problem(&self.task, side, summary, message);
            problem.since = Some(aside.since).filter(|_| aside.tries > 1);
            tally.problems.push(problem);
        }
        Ok(())
    }

    /// How the item is left alone.
    fn aside(&self, run: &Run<'_>, kind: AsideKind, side: Side, summary: &str, message: &str) -> Aside {
        let row = &self.task.row;
        let now = (run.job.clock)();
        let before = run.asides.get(&row.subject);
        let tries = before.map_or(0, |aside| aside.tries) + 1;
        Aside {
            subject: row.subject.clone(),
            etags: row.etags.clone(),
            kind,
            side,
            summary: summary.to_owned(),
            message: message.to_owned(),
            since: before.map_or(now, |aside| aside.since),
            tries,
            next_try: match kind {
                AsideKind::Foreign => None,
                AsideKind::Trouble => Some(super::quarantine::next_try(now, tries)),
                AsideKind::Passing => Some(super::quarantine::next_try(now, tries.min(2))),
            },
        }
    }
}

fn seen(version: &Version, verbatim: bool) -> Seen {
    Seen {
        href: version.href.clone(),
        etag: Some(version.etag.clone()),
        uid: version.facts.uid.clone(),
        verbatim,
    }
}

fn summary(task: &Task) -> String {
    let any = Side::BOTH.into_iter().find_map(|side| task.versions[side].as_ref());
    match any {
        Some(version) => version.facts.summary.clone(),
        None => item_name(task, Side::Local),
    }
}

fn item_name(task: &Task, side: Side) -> String {
    let subject = &task.row.subject;
    subject[side].as_ref().or(subject[side.other()].as_ref()).map(Href::to_string).unwrap_or_default()
}

fn problem(task: &Task, side: Side, summary: &str, message: &str) -> Problem {
    Problem {
        item: item_name(task, side),
        summary: summary.to_owned(),
        side,
        message: message.to_owned(),
        since: None,
    }
}

fn touched(job: &Job<'_>, task: &Task, side: Side, href: &Href) -> Touched {
    let operation = match task.step {
        Step::Delete(_) => Operation::Delete,
        _ if matches!(task.changes[side], Change::Absent | Change::Deleted) => Operation::Create,
        _ => Operation::Update,
    };
    let (why, conflict) = words::why(job.policy, task.changes, side, operation);
    Touched { side, operation, summary: summary(task), item: href.to_string(), why, conflict }
}

/// Looks again at what was not as expected.
pub(super) async fn look_at_stale(job: &Job<'_>, stale: &Sides<Vec<Href>>) -> Result<(), RunError> {
    for side in Side::BOTH {
        look_again(job, side, &stale[side]).await?;
    }
    Ok(())
}
