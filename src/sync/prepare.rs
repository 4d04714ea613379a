//! Preparing a chunk: the contents that its items need are brought to hand, and every question that
//! the contents answer is settled.

use std::collections::HashSet;

use bytes::Bytes;
use tr::tr;

use super::plan::Row;
use super::policy::{Action, Change};
use super::resolve::{BaseContent, Content, Decided, Resolution, resolve};
use super::run::{Job, RunError};
use super::scope::{Inside, sleeps};
use super::versions::{Findings, Found, Version, fetch, from_base};
use super::{Side, Sides, words};
use crate::collection::{Etag, Href};
use crate::item::merge::{Choice, merge};
use crate::item::{self, Facts};
use crate::state::AsideKind;

/// An item of a chunk, ready to be done.
#[derive(Debug)]
pub(super) struct Task {
    pub row: Row,
    /// The changes as they really are, once touched is told from changed.
    pub changes: Sides<Change>,
    /// The versions that are there, as far as the step needs them.
    pub versions: Sides<Option<Version>>,
    pub step: Step,
    /// Where its content comes from, if the changes of both sides were put together.
    pub merge: Option<Merge>,
}

/// How two versions were put together.
#[derive(Debug)]
pub(super) struct Merge {
    pub newer: Side,
    pub choices: Vec<Choice>,
}

/// What both sides are to have, in the shared form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub bytes: Bytes,
    pub facts: Facts,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Both sides say the same: remember that.
    Adopt,
    /// Write the other side's version to this side.
    Write(Side),
    /// Write what is in neither version to both sides.
    Merge(Box<Merged>),
    Delete(Side),
    /// There is no pair any more.
    Forget,
    /// There is no pair any more, and what is left of it on this side has nothing to do with the profile.
    Release(Side),
    Nothing,
    /// It is not what was seen on this side a moment ago: look again and plan anew.
    Again(Side),
    /// Another item stands in its place on this side: the pair has lost its own there.
    Moved(Side),
    /// Leave it alone until it changes (or, in trouble, until some time has passed).
    Aside {
        kind: AsideKind,
        side: Side,
        summary: String,
        message: String,
    },
    /// Leave it alone in this run.
    Problem {
        side: Side,
        summary: String,
        message: String,
    },
}

/// What is there now in the place of what was seen.
#[derive(Debug)]
pub(super) struct Sighting {
    pub side: Side,
    pub href: Href,
    pub etag: Option<Etag>,
}

/// A chunk with its contents at hand.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub tasks: Vec<Task>,
    pub sightings: Vec<Sighting>,
}

impl Chunk {
    /// How many bytes its contents take.
    pub(super) fn bytes(&self) -> usize {
        let versions = self.tasks.iter().flat_map(|task| [&task.versions.local, &task.versions.remote]);
        versions.flatten().map(|version| version.bytes.len()).sum()
    }
}

/// Brings to hand what the rows need, and settles what is to be done about each.
pub(super) async fn prepare(job: &Job<'_>, rows: Vec<Row>) -> Result<Chunk, RunError> {
    let mut chunk = Chunk::default();
    let wanted = Sides::from_fn(|side| {
        let changed = |row: &&Row| matches!(row.changes[side], Change::Changed | Change::New);
        let rows = rows.iter().filter(|row| row.action != Action::Forget).filter(changed);
        rows.filter_map(|row| row.present(side)).map(|(h, e)| (h.clone(), e.clone())).collect()
    });
    let mut findings = fetch(job, wanted).await?;
    for row in rows {
        let task = settle(job, row, &mut findings, &mut chunk.sightings)?;
        chunk.tasks.push(task);
    }

    let lacking = Sides::from_fn(|side| {
        let tasks = chunk.tasks.iter().filter(|task| lacks(task, side));
        tasks.filter_map(|task| task.row.present(side)).map(|(h, e)| (h.clone(), e.clone())).collect()
    });
    let mut findings = fetch(job, lacking).await?;
    let mut created = HashSet::new();
    for task in &mut chunk.tasks {
        for side in Side::BOTH.into_iter().filter(|&side| lacks(task, side)).collect::<Vec<_>>() {
            complete(task, side, &mut findings, &mut chunk.sightings);
        }
        spare_what_left(task);
        refuse_duplicate(job, task, &mut created)?;
    }
    Ok(chunk)
}

/// Whether the task needs this side's version and does not have it yet: what is the source, and what is
/// overwritten or deleted and must be in the history.
fn lacks(task: &Task, side: Side) -> bool {
    matches!(task.step, Step::Write(_) | Step::Delete(_))
        && task.row.present(side).is_some()
        && task.versions[side].is_none()
}

/// Decides about a row whose changed and new versions are among the findings.
fn settle(
    job: &Job<'_>,
    mut row: Row,
    findings: &mut Findings,
    sightings: &mut Vec<Sighting>,
) -> Result<Task, RunError> {
    let mut versions: Sides<Option<Version>> = Sides::default();
    if row.action == Action::Forget {
        let step = forget(job, &row)?;
        return Ok(Task { changes: row.changes, row, versions, step, merge: None });
    }
    let mut step = None;
    for side in Side::BOTH {
        if !matches!(row.changes[side], Change::Changed | Change::New) {
            continue;
        }
        let Some((href, etag)) = row.present(side).map(|(h, e)| (h.clone(), e.clone())) else { continue };
        match findings[side].remove(&href) {
            Some(Found::Version(version)) => {
                let as_seen = version.etag == etag;
                if !as_seen {
                    // What was found to be the same thing on both sides was another version.
                    if row.pair.is_none() && row.changes[side.other()] == Change::New {
                        step = Some(Step::Again(side));
                    }
                    sightings.push(Sighting { side, href, etag: Some(version.etag.clone()) });
                    row.etags[side] = Some(version.etag.clone());
                }
                if let Some(moved) = moved(job, &row, side, &version, as_seen)? {
                    step = Some(moved);
                }
                versions[side] = Some(*version);
            }
            found => step = Some(without_version(side, &href, found, sightings)),
        }
    }
    if let Some(step) = step {
        return Ok(Task { changes: row.changes, row, versions, step, merge: None });
    }
    let compares_times = matches!(row.action, Action::WriteNewer | Action::Merge);
    let base = match &row.pair {
        Some(pair) if job.scope.is_limited() || job.scope.is_timed() || compares_times => {
            job.state.base_bytes(pair.id)?
        }
        _ => None,
    };
    // What was the same in both versions may have become each side's own since.
    if let (true, Some(pair), Some(base)) = (job.scope.is_timed(), &mut row.pair, &base)
        && let Ok(facts) = item::read(&job.scope.shared(Side::Local, base))
    {
        pair.digest = facts.digest;
    }
    // What the person decided about is settled wherever it is by now.
    if job.scope.is_limited() && !job.decided {
        let before = base.as_ref().map(|bytes| job.scope.inside(Side::Local, bytes));
        let inside = Sides::from_fn(|side| versions[side].as_ref().map(|version| version.inside));
        if sleeps(before.or(row.pair.as_ref().map(|_| Inside::YES)), &inside) {
            let side = if versions.local.is_some() { Side::Local } else { Side::Remote };
            let step = outside(side, versions[side].as_ref());
            return Ok(Task { changes: row.changes, row, versions, step, merge: None });
        }
    }
    let base = base.filter(|_| compares_times).map(|bytes| job.scope.shared(Side::Local, &bytes));
    let known = row.pair.as_ref().map(|pair| BaseContent {
        digest: pair.digest,
        modified: base.as_ref().and_then(|bytes| item::read(bytes).ok()).and_then(|facts| facts.modified),
    });
    let contents = Sides::from_fn(|side| {
        versions[side].as_ref().map(|v| Content {
            digest: v.facts.digest,
            modified: v.facts.modified,
            stored: v.stored,
        })
    });
    let mut merge = None;
    let (step, changes) = match resolve(row.rule, row.changes, known, &contents) {
        Resolution::Adopt => (Step::Adopt, row.changes),
        Resolution::Do { action, changes } => {
            let step = match action {
                Decided::Nothing => Step::Nothing,
                Decided::Write(to) => Step::Write(to),
                Decided::Delete(on) => Step::Delete(on),
                Decided::Forget => Step::Forget,
                Decided::Park => parked(&versions, changes),
                Decided::Merge { newer } => {
                    let (step, how) = put_together(job, base.as_ref(), &versions, newer);
                    merge = how;
                    step
                }
            };
            (step, changes)
        }
    };
    let mut task = Task { row, changes, versions, step, merge };
    if matches!(task.step, Step::Write(_) | Step::Delete(_)) {
        for side in Side::BOTH {
            if task.versions[side].is_none() {
                task.versions[side] = from_base(job, &task.row, side)?;
            }
        }
    }
    Ok(task)
}

/// What had lost its category and is gone from the local side is the server's own from then on: nothing there tells
/// that it was out of scope.
fn forget(job: &Job<'_>, row: &Row) -> Result<Step, RunError> {
    let base = match &row.pair {
        Some(pair) if row.present(Side::Remote).is_some() => job.state.base_bytes(pair.id)?,
        _ => None,
    };
    let had_no_category = base.is_some_and(|base| {
        let inside = |side: Side| job.scope.inside(side, &base).category;
        inside(Side::Local) == Some(false) && inside(Side::Remote).is_none()
    });
    Ok(if had_no_category { Step::Release(Side::Remote) } else { Step::Forget })
}

/// Leaves alone what is out of the profile's scope.
fn outside(side: Side, version: Option<&Version>) -> Step {
    Step::Aside {
        kind: AsideKind::Outside,
        side,
        summary: version.map(|version| version.facts.summary.clone()).unwrap_or_default(),
        message: tr!("It is out of this profile's time range or category."),
    }
}

/// Leaves both sides as they are until the person has decided.
fn parked(versions: &Sides<Option<Version>>, changes: Sides<Change>) -> Step {
    let side = if versions.local.is_some() { Side::Local } else { Side::Remote };
    Step::Aside {
        kind: AsideKind::Parked,
        side,
        summary: versions[side].as_ref().map(|version| version.facts.summary.clone()).unwrap_or_default(),
        message: words::parked(changes),
    }
}

/// Puts the changes of both sides together. Where one side has all of them already, only the other is written to.
fn put_together(
    job: &Job<'_>,
    base: Option<&Bytes>,
    versions: &Sides<Option<Version>>,
    newer: Side,
) -> (Step, Option<Merge>) {
    let (Some(new), Some(old)) = (&versions[newer], &versions[newer.other()]) else {
        return (Step::Again(Side::Local), None);
    };
    let merged = merge(base.map(|bytes| &bytes[..]), &new.shared, &old.shared, (job.clock)());
    let Some((merged, facts)) = merged.ok().and_then(|m| item::read(&m.bytes).ok().map(|facts| (m, facts)))
    else {
        // Both can be read, so this is not to be expected; the older version will be in the history.
        return (Step::Write(newer.other()), None);
    };
    let step = if facts.digest == new.facts.digest {
        Step::Write(newer.other())
    } else if facts.digest == old.facts.digest {
        Step::Write(newer)
    } else {
        Step::Merge(Box::new(Merged { bytes: merged.bytes, facts }))
    };
    (step, Some(Merge { newer, choices: merged.choices }))
}

/// What to do about a version that is another item than the pair's: the UID says what an item is. `as_seen`: it is
/// the version that the plan was made for.
fn moved(
    job: &Job<'_>,
    row: &Row,
    side: Side,
    version: &Version,
    as_seen: bool,
) -> Result<Option<Step>, RunError> {
    let own = row.pair.as_ref().and_then(|pair| pair.sides[side].uid.as_ref());
    let (Some(own), Some(uid)) = (own, &version.facts.uid) else { return Ok(None) };
    if own == uid {
        return Ok(None);
    }
    let Some(owner) = job.state.pair_with_uid(side, uid)? else { return Ok(Some(Step::Moved(side))) };
    if as_seen && job.state.is_in_place(owner, side)? {
        let (summary, message) = (version.facts.summary.clone(), duplicate_message(&version.href));
        return Ok(Some(Step::Problem { side, summary, message }));
    }
    // What became of that one is seen when all changed items are looked at together.
    Ok(Some(Step::Again(side)))
}

/// What to do about an item whose version is not at hand although it was looked for.
fn without_version(side: Side, href: &Href, found: Option<Found>, sightings: &mut Vec<Sighting>) -> Step {
    match found {
        Some(Found::Foreign) => Step::Aside {
            kind: AsideKind::Foreign,
            side,
            summary: href.to_string(),
            message: tr!("It is of another kind than this profile keeps."),
        },
        Some(Found::Broken { summary, message }) => {
            Step::Aside { kind: AsideKind::Trouble, side, summary, message }
        }
        Some(Found::Gone) => {
            sightings.push(Sighting { side, href: href.clone(), etag: None });
            Step::Again(side)
        }
        Some(Found::Failed { reason }) => Step::Aside {
            kind: AsideKind::Passing,
            side,
            summary: href.to_string(),
            message: tr!("It could not be read this time: {}.", reason.trim_end_matches('.')),
        },
        Some(Found::Version(_)) | None => Step::Problem {
            side,
            summary: href.to_string(),
            message: tr!("It was asked for, but no answer came. It will be tried again in the next run."),
        },
    }
}

/// Adds the version of a side that was thought unchanged.
fn complete(task: &mut Task, side: Side, findings: &mut Findings, sightings: &mut Vec<Sighting>) {
    let Some((href, etag)) = task.row.present(side).map(|(h, e)| (h.clone(), e.clone())) else { return };
    match findings[side].remove(&href) {
        Some(Found::Version(version)) if version.etag == etag => task.versions[side] = Some(*version),
        Some(Found::Version(version)) => {
            sightings.push(Sighting { side, href, etag: Some(version.etag) });
            task.step = Step::Again(side);
        }
        found => task.step = without_version(side, &href, found, sightings),
    }
}

/// What went out of scope by the change that it is to be deleted in spite of is not deleted.
fn spare_what_left(task: &mut Task) {
    if let Step::Delete(side) = task.step
        && task.versions[side].as_ref().is_some_and(|version| !version.inside.both())
    {
        task.step = Step::Forget;
    }
}

/// A new item whose UID another item of its side has already, or one before it in the chunk, is left alone: on the other side it would
/// overwrite or double that one.
fn refuse_duplicate(
    job: &Job<'_>,
    task: &mut Task,
    created: &mut HashSet<(Side, String)>,
) -> Result<(), RunError> {
    let Step::Write(to) = task.step else { return Ok(()) };
    let from = to.other();
    if task.row.pair.is_some() || task.changes[to] != Change::Absent {
        return Ok(());
    }
    let Some(version) = &task.versions[from] else { return Ok(()) };
    let Some(uid) = &version.facts.uid else { return Ok(()) };
    let first = created.insert((to, uid.clone()));
    let taken = job.state.pair_with_uid(from, uid)?.or(job.state.pair_with_uid(to, uid)?);
    if !first || taken.is_some() {
        task.step = Step::Problem {
            side: from,
            summary: version.facts.summary.clone(),
            message: duplicate_message(&version.href),
        };
    }
    Ok(())
}

pub(super) fn duplicate_message(href: &Href) -> String {
    tr!(
        "Another item has the same UID, so {href} is not synchronized. If it is a copy, delete one of the two; if it is not, give it a UID of its own.",
        href
    )
}
