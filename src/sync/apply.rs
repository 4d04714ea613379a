//! Applying a chunk: the versions that are about to go are put into the history, the edits are made, what
//! came of them is read back where the collection did not say, and all outcomes are one transaction (`record.rs`).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::observe::look_again;
use super::prepare::{Chunk, Step, Task};
use super::record::{problem, touched};
use super::run::{Job, Run, RunError, Tally};
use super::scope::Scope;
use super::versions::Version;
use super::{Side, Sides};
use crate::collection::{CollectionError, Edit, Etag, Fetched, Href, Outcome};
use crate::item::{self, Digest};
use crate::state::{AsideKind, Loss, Lost, VersionId};

/// What became of one edit, after reading back.
#[derive(Debug)]
pub(super) enum Landed {
    Stored(Stored),
    Deleted,
    Stale { sure: bool },
    Refused(String),
    Failed(String),
    NotTried,
}

/// Where and how an item was stored.
#[derive(Debug)]
pub(super) struct Stored {
    pub href: Href,
    /// The version that is there now, as far as it is known.
    pub etag: Option<Etag>,
    /// That version holds what was written, so it is the base.
    pub settled: bool,
    /// It holds it octet for octet.
    pub verbatim: bool,
}

/// What is written to a side.
pub(super) struct Written {
    pub bytes: Bytes,
    pub uid: Option<String>,
    pub digest: Digest,
}

/// A task with its edits.
pub(super) struct Doing {
    pub task: Task,
    pub written: Sides<Option<Written>>,
    pub kept: Sides<Option<VersionId>>,
    pub landed: Sides<Option<Landed>>,
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
            Step::Delete(side) if held[side] => tally.hold(side, &task),
            _ => doing.push(Doing::new(&job.scope, task)),
        }
    }
    keep_versions(run, &mut doing)?;
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
            Step::Delete(side) if held[*side] => tally.hold(*side, &task),
            Step::Adopt => tally.linked += u64::from(task.row.pair.is_none()),
            Step::Write(_) | Step::Merge(_) | Step::Delete(_) => {
                for side in Side::BOTH.into_iter().filter(|&side| touches(&task.step, side)) {
                    let name = task.row.present(side).or(task.row.present(side.other()));
                    if let Some((href, _)) = name {
                        tally.touch(touched(job, &task, side, href));
                    }
                }
            }
            Step::Aside {
                kind: AsideKind::Trouble | AsideKind::Passing | AsideKind::Parked,
                side,
                summary,
                message,
            }
            | Step::Problem { side, summary, message } => {
                tally.problems.push(problem(&task, *side, summary, message));
            }
            Step::Aside { .. }
            | Step::Forget
            | Step::Release(_)
            | Step::Nothing
            | Step::Again(_)
            | Step::Moved(_) => {}
        }
    }
    tally
}

fn touches(step: &Step, side: Side) -> bool {
    match step {
        Step::Write(on) | Step::Delete(on) => *on == side,
        Step::Merge(_) => true,
        _ => false,
    }
}

impl Doing {
    fn new(scope: &Scope, task: Task) -> Doing {
        let written = Sides::from_fn(|side| {
            let source = task.versions[side.other()].as_ref();
            let (shared, facts) = match &task.step {
                Step::Write(to) if *to == side => source.map(|source| (&source.shared, &source.facts))?,
                Step::Merge(merged) => (&merged.bytes, &merged.facts),
                _ => return None,
            };
            let there = task.versions[side].as_ref();
            // An item that is there keeps its own UID.
            let uid = there.map_or(&facts.uid, |there| &there.facts.uid).clone();
            let shared = match &uid {
                Some(uid) if facts.uid.as_ref() != Some(uid) => item::with_uid(shared, uid),
                _ => shared.clone(),
            };
            let bytes = scope.on(side, &shared, there.map(|there| &there.bytes));
            Some(Written { bytes, uid, digest: facts.digest })
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
        let loss = match &self.task.step {
            Step::Write(to) if *to == side => Loss::Overwritten,
            Step::Merge(_) => Loss::Overwritten,
            Step::Delete(on) if *on == side => Loss::Deleted,
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
fn keep_versions(run: &Run<'_>, doing: &mut [Doing]) -> Result<(), RunError> {
    if !doing.iter().any(|one| Side::BOTH.into_iter().any(|side| one.lost(side).is_some())) {
        return Ok(());
    }
    let now = (run.job.clock)();
    run.job.state.write(|w| {
        for one in doing {
            for side in Side::BOTH {
                one.kept[side] = match one.lost(side) {
                    Some(lost) => w.keep_version(now, Some(run.started), &lost)?,
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
            let digest = item::read(&job.scope.shared(side, &bytes)).ok().map(|facts| facts.digest);
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

/// Looks again at what was not as expected.
pub(super) async fn look_at_stale(job: &Job<'_>, stale: &Sides<Vec<Href>>) -> Result<(), RunError> {
    for side in Side::BOTH {
        look_again(job, side, &stale[side]).await?;
    }
    Ok(())
}
