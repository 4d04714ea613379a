//! Items that are left alone: one that is in trouble is tried again when it changes on either side, or after
//! a growing delay.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::plan::Trees;
use super::policy::{Conflict, Policy};
use super::sift::alone_on;
use super::{Side, Sides};
use crate::report::Problem;
use crate::state::{Aside, AsideKind, Subject};

/// When to try again after so many failures: in the next run (the trouble may be over), then after an hour,
/// then four times as long each time, a week at most.
pub(super) fn next_try(now: Timestamp, tries: u32) -> Timestamp {
    let hours = match tries.checked_sub(2) {
        None => 0,
        Some(more) => 4_i64.saturating_pow(more).min(7 * 24),
    };
    now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

/// The items that are to be left alone in the run that began at `started`.
pub(super) fn in_force(
    asides: &HashMap<Subject, Aside>,
    trees: &Trees,
    policy: Policy,
    started: Timestamp,
) -> HashSet<Subject> {
    let in_force = |aside: &&Aside| {
        if aside.kind == AsideKind::Parked && policy != Policy::TwoWay(Conflict::Ask) {
            return false;
        }
        let etags = Sides::from_fn(|side| {
            aside.subject[side].as_ref().and_then(|href| trees.sides[side].get(href)).cloned()
        });
        aside.etags == etags
            && aside.next_try.is_none_or(|time| started.as_millisecond() <= time.as_millisecond())
    };
    asides.values().filter(in_force).map(|aside| aside.subject.clone()).collect()
}

/// With what is left alone on both sides as one thing, but has no base: each of the two is left alone as well.
pub(super) fn with_their_parts(set_aside: &HashSet<Subject>, trees: &Trees) -> HashSet<Subject> {
    let mut alone = set_aside.clone();
    let mut twins: HashSet<&Subject> =
        set_aside.iter().filter(|subject| subject.local.is_some() && subject.remote.is_some()).collect();
    if !twins.is_empty() {
        for pair in &trees.pairs {
            twins.remove(&pair.subject());
        }
    }
    for twin in twins {
        for side in Side::BOTH {
            if let Some(href) = &twin[side] {
                alone.insert(alone_on(side, href));
            }
        }
    }
    alone
}

/// How many items of a side are none of the profile's: of another kind of collection, or out of its scope.
pub(super) fn foreign(asides: &HashMap<Subject, Aside>, trees: &Trees, side: Side) -> u64 {
    let there =
        |aside: &&Aside| aside.subject[side].as_ref().is_some_and(|h| trees.sides[side].contains_key(h));
    // Pairs that sleep are counted by themselves.
    let of_others = |aside: &&Aside| match aside.kind {
        AsideKind::Foreign => true,
        AsideKind::Outside => aside.subject[side.other()].is_none(),
        AsideKind::Trouble | AsideKind::Passing | AsideKind::Parked => false,
    };
    asides.values().filter(of_others).filter(there).count() as u64
}

/// How often the new items of a side that could not be had were tried, where these are left alone: the least.
pub(super) fn unread(asides: &HashMap<Subject, Aside>, set_aside: &HashSet<Subject>) -> Sides<Option<u32>> {
    Sides::from_fn(|side| {
        let new =
            set_aside.iter().filter(|subject| subject[side].is_some() && subject[side.other()].is_none());
        let asides = new.filter_map(|subject| asides.get(subject));
        asides.filter(|aside| aside.kind == AsideKind::Passing).map(|aside| aside.tries).min()
    })
}

/// The items that are left alone for what they say: they have been read as they are.
pub(super) fn read_before(
    asides: &HashMap<Subject, Aside>,
    set_aside: &HashSet<Subject>,
) -> HashSet<Subject> {
    let was_read = |subject: &&Subject| {
        asides.get(*subject).is_some_and(|a| matches!(a.kind, AsideKind::Outside | AsideKind::Parked))
    };
    set_aside.iter().filter(was_read).cloned().collect()
}

/// Those that are of items which are nowhere any more.
pub(super) fn of_nothing<'a>(
    asides: &'a HashMap<Subject, Aside>,
    trees: &'a Trees,
) -> impl Iterator<Item = &'a Subject> {
    let there = |subject: &Subject, side: Side| {
        subject[side].as_ref().is_some_and(|href| trees.sides[side].contains_key(href))
    };
    asides.keys().filter(move |subject| !Side::BOTH.into_iter().any(|side| there(subject, side)))
}

/// The conflicts that do not wait for the person any more: their items are looked at again.
pub(super) fn moot<'a>(
    asides: &'a HashMap<Subject, Aside>,
    set_aside: &'a HashSet<Subject>,
) -> impl Iterator<Item = &'a Subject> {
    let parked = asides.values().filter(|aside| aside.kind == AsideKind::Parked);
    parked.map(|aside| &aside.subject).filter(|subject| !set_aside.contains(*subject))
}

/// What the report of the run that began at `started` says of an item that is left alone because of its trouble.
pub(super) fn standing_problem(aside: &Aside, started: Timestamp) -> Option<Problem> {
    let href = aside.subject[aside.side].as_ref().or(aside.subject[aside.side.other()].as_ref());
    let new = aside.since.as_millisecond() >= started.as_millisecond();
    let told = match aside.kind {
        AsideKind::Trouble | AsideKind::Passing => true,
        // The person is told once.
        AsideKind::Parked => new,
        AsideKind::Foreign | AsideKind::Outside => false,
    };
    told.then(|| Problem {
        item: href.map(ToString::to_string).unwrap_or_default(),
        summary: aside.summary.clone(),
        side: aside.side,
        message: aside.message.clone(),
        since: (!new).then_some(aside.since),
        parked: aside.kind == AsideKind::Parked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_to_a_week() {
        let now = Timestamp::UNIX_EPOCH;
        let hours: Vec<i64> =
            (1..9).map(|tries| next_try(now, tries).duration_since(now).as_hours()).collect();
        assert_eq!(hours, [0, 1, 4, 16, 64, 168, 168, 168]);
    }
}
