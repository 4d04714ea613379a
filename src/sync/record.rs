//! Recording what became of a chunk: in the trees, in the base, in what is left alone, and in the report.

use bytes::Bytes;
use tr::tr;

use super::apply::{Doing, Landed, Stored, Written};
use super::policy::Change;
use super::prepare::{Step, Task};
use super::run::{Job, Run, Tally, Unsettled};
use super::scope::Scope;
use super::sift::outside;
use super::versions::Version;
use super::{Side, Sides, words};
use crate::collection::{Etag, Href};
use crate::item::Digest;
use crate::report::{Operation, Problem, Touched};
use crate::state::{Aside, AsideKind, Base, PairId, Seen, Subject, Write};

fn quicker() -> String {
    tr!("Somebody else changed it at the same moment. It will be tried again in the next run.")
}

fn taken() -> String {
    tr!(
        "It cannot be stored there: an item with the same UID is there already, which belongs to something else or cannot be read. Rename or delete that one."
    )
}

fn rewritten() -> String {
    tr!("The server stored it differently from what was sent. The next run looks at it again.")
}

fn unseen() -> String {
    tr!("It was sent, but what became of it could not be seen. The next run looks at it again.")
}

impl Doing {
    /// Records what became of the task.
    pub(super) fn record(&self, run: &Run<'_>, w: &Write<'_>, tally: &mut Tally) -> crate::state::Result<()> {
        let task = &self.task;
        let pair = task.row.pair.as_ref().map(|pair| pair.id);
        match &task.step {
            Step::Adopt => self.adopt(&run.job.scope, w, tally)?,
            Step::Forget => {
                tally.leaves_new |= Side::BOTH.into_iter().any(|side| task.row.present(side).is_some());
                if let Some(pair) = pair {
                    w.drop_pair(pair)?;
                }
            }
            Step::Release(side) => {
                if let Some(pair) = pair {
                    w.drop_pair(pair)?;
                }
                if let Some((href, etag)) = task.row.present(*side) {
                    let summary = href.as_str().to_owned();
                    let aside = outside(run.job, *side, href.clone(), etag.clone(), None, summary);
                    // Not before it changes.
                    w.put_aside(&Aside { next_try: None, ..aside })?;
                }
                return Ok(());
            }
            Step::Nothing => {}
            Step::Moved(side) => {
                if let Some(pair) = pair {
                    w.detach(pair, *side)?;
                }
                tally.unsettled.push(Unsettled {
                    problem: problem(task, *side, &summary(task), &quicker()),
                    aside: None,
                });
                return Ok(());
            }
            Step::Again(side) => {
                tally.unsettled.push(Unsettled {
                    problem: problem(task, *side, &summary(task), &quicker()),
                    aside: None,
                });
                return Ok(());
            }
            Step::Aside { kind, side, summary, message } => {
                return self.put_aside(run, w, tally, *kind, *side, summary, message);
            }
            Step::Problem { side, summary, message } => {
                tally.problems.push(problem(task, *side, summary, message));
                return Ok(());
            }
            Step::Delete(side) => {
                let Some(Landed::Deleted) = &self.landed[*side] else {
                    return self.not_done(run, w, tally, *side);
                };
                let Some(version) = &task.versions[*side] else { return Ok(()) };
                w.unsee(*side, &version.href)?;
                if let Some(pair) = pair {
                    w.drop_pair(pair)?;
                }
                tally.touch(touched(run.job, task, *side, &version.href));
            }
            Step::Write(side) => {
                let Some(Landed::Stored(stored)) = &self.landed[*side] else {
                    return self.not_done(run, w, tally, *side);
                };
                let source = task.versions[side.other()].as_ref().map(AtHand::of);
                let target = self.written[*side].as_ref().and_then(|written| AtHand::stored(written, stored));
                let (Some(source), Some(target)) = (source, target) else {
                    self.unseen(tally, *side);
                    return Ok(());
                };
                let both = match side {
                    Side::Local => Sides { local: target, remote: source },
                    Side::Remote => Sides { local: source, remote: target },
                };
                self.save(run, w, tally, pair, &both)?;
            }
            Step::Merge(_) => {
                let at_hand = Sides::from_fn(|side| match (&self.landed[side], &self.written[side]) {
                    (Some(Landed::Stored(stored)), Some(written)) => AtHand::stored(written, stored),
                    _ => None,
                });
                let (Some(local), Some(remote)) = (at_hand.local, at_hand.remote) else {
                    // What was written to one side only is merged again, with what it is to be merged with.
                    for side in Side::BOTH {
                        match &self.landed[side] {
                            Some(Landed::Stored(stored)) => {
                                tally.touch(touched(run.job, task, side, &stored.href));
                                self.unseen(tally, side);
                            }
                            _ => self.not_done(run, w, tally, side)?,
                        }
                    }
                    return Ok(());
                };
                self.save(run, w, tally, pair, &Sides { local, remote })?;
            }
        }
        for subject in part_subjects(&task.row.subject) {
            if run.asides.contains_key(&subject) {
                w.drop_aside(&subject)?;
            }
        }
        Ok(())
    }

    /// Both sides say the same: what was looked at is the base.
    fn adopt(&self, scope: &Scope, w: &Write<'_>, tally: &mut Tally) -> crate::state::Result<()> {
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
                // What is the local side's own may be something else.
                if let (Some(local), true) = (local, scope.has_own_form()) {
                    w.set_base_bytes(pair.id, &local.bytes)?;
                }
            }
            (pair, Some(local), Some(remote)) => {
                tally.linked += u64::from(pair.is_none());
                let both = Sides { local: AtHand::of(local), remote: AtHand::of(remote) };
                w.save_pair(pair.as_ref().map(|pair| pair.id), &base(scope, local.facts.digest, &both))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Both sides have the same content now: that is the base.
    fn save(
        &self,
        run: &Run<'_>,
        w: &Write<'_>,
        tally: &mut Tally,
        pair: Option<PairId>,
        both: &Sides<AtHand<'_>>,
    ) -> crate::state::Result<()> {
        let task = &self.task;
        let written = [(Side::Local, &self.written.local), (Side::Remote, &self.written.remote)];
        let Some(digest) = written.iter().find_map(|(_, written)| written.as_ref().map(|w| w.digest)) else {
            return Ok(());
        };
        w.save_pair(pair, &base(&run.job.scope, digest, both))?;
        for (side, _) in written.into_iter().filter(|(_, written)| written.is_some()) {
            let at_hand = &both[side];
            w.see(side, at_hand.href, at_hand.etag)?;
            if !at_hand.settled {
                tally.unsettled.push(Unsettled {
                    problem: problem(task, side, &summary(task), &rewritten()),
                    aside: None,
                });
            }
            tally.touch(touched(run.job, task, side, at_hand.href));
        }
        Ok(())
    }

    /// It was not possible to look at what was stored: the next run finds it and compares.
    fn unseen(&self, tally: &mut Tally, side: Side) {
        let problem = problem(&self.task, side, &summary(&self.task), &unseen());
        tally.unsettled.push(Unsettled { problem, aside: None });
    }

    /// The edit was not made, or it is not known whether it was: the trees stay as they are, so that it is
    /// planned again.
    fn not_done(
        &self,
        run: &Run<'_>,
        w: &Write<'_>,
        tally: &mut Tally,
        side: Side,
    ) -> crate::state::Result<()> {
        let task = &self.task;
        let landed = self.landed[side].as_ref();
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
                let message = if is_new { taken() } else { quicker() };
                tally.unsettled.push(Unsettled {
                    problem: problem(task, side, &summary, &message),
                    aside: is_new.then(|| self.aside(run, AsideKind::Trouble, side, &summary, &message)),
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
        if !matches!(kind, AsideKind::Foreign | AsideKind::Outside) {
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
            uid: Side::BOTH.into_iter().find_map(|s| self.task.versions[s].as_ref()?.facts.uid.clone()),
            next_try: match kind {
                AsideKind::Foreign | AsideKind::Parked => None,
                AsideKind::Outside => run.job.scope.moves(),
                AsideKind::Trouble => Some(super::quarantine::next_try(now, tries)),
                AsideKind::Passing => Some(super::quarantine::next_try(now, tries.min(2))),
            },
        }
    }
}

/// What is on a side after the edits, as far as the base is concerned.
struct AtHand<'a> {
    href: &'a Href,
    etag: &'a Etag,
    uid: &'a Option<String>,
    bytes: &'a Bytes,
    /// The version of this etag holds the content of the base.
    settled: bool,
    /// It holds these bytes, octet for octet.
    verbatim: bool,
}

impl<'a> AtHand<'a> {
    fn of(version: &'a Version) -> Self {
        let Version { href, etag, bytes, facts, .. } = version;
        AtHand { href, etag, uid: &facts.uid, bytes, settled: true, verbatim: true }
    }

    /// `None` where it could not be seen what is there now.
    fn stored(written: &'a Written, stored: &'a Stored) -> Option<Self> {
        Some(AtHand {
            href: &stored.href,
            etag: stored.etag.as_ref()?,
            uid: &written.uid,
            bytes: &written.bytes,
            settled: stored.settled,
            verbatim: stored.verbatim,
        })
    }
}

/// The base keeps the local side's form of an item, of which the remote one can be made.
fn base(scope: &Scope, digest: Digest, both: &Sides<AtHand<'_>>) -> Base {
    let bytes = both.local.bytes.clone();
    let remote_is_it = scope.remote_of(&bytes).is_some_and(|remote| remote == *both.remote.bytes);
    let seen = |at_hand: &AtHand<'_>, is_base: bool| Seen {
        href: at_hand.href.clone(),
        etag: at_hand.settled.then(|| at_hand.etag.clone()),
        uid: at_hand.uid.clone(),
        verbatim: at_hand.verbatim && is_base,
    };
    Base {
        digest,
        bytes,
        sides: Sides { local: seen(&both.local, true), remote: seen(&both.remote, remote_is_it) },
    }
}

/// A subject, and what each side of it is alone.
fn part_subjects(subject: &Subject) -> impl Iterator<Item = Subject> {
    let local = Sides { local: subject.local.clone(), remote: None };
    let remote = Sides { local: None, remote: subject.remote.clone() };
    [subject.clone(), local, remote].into_iter()
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

pub(super) fn problem(task: &Task, side: Side, summary: &str, message: &str) -> Problem {
    Problem {
        item: item_name(task, side),
        summary: summary.to_owned(),
        side,
        message: message.to_owned(),
        since: None,
        parked: matches!(task.step, Step::Aside { kind: AsideKind::Parked, .. }),
    }
}

pub(super) fn touched(job: &Job<'_>, task: &Task, side: Side, href: &Href) -> Touched {
    let operation = match task.step {
        Step::Delete(_) => Operation::Delete,
        _ if matches!(task.changes[side], Change::Absent | Change::Deleted) => Operation::Create,
        _ => Operation::Update,
    };
    let (why, conflict) = match &task.merge {
        // A conflict is told once.
        Some(_) if matches!(task.step, Step::Merge(_)) && side == Side::Remote => {
            (words::put_together(), false)
        }
        Some(merge) => (words::merged(merge.newer, &merge.choices), true),
        None => words::why(job.policy, job.decided, task.changes, side, operation),
    };
    Touched { side, operation, summary: summary(task), item: href.to_string(), why, conflict }
}
