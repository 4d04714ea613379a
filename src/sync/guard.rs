//! The guard: a run that deletes too much is held back until the person says yes.

use std::collections::BTreeSet;

use super::plan::{Plan, Row};
use super::policy::{Action, Change};
use super::{Side, Sides};
use crate::collection::Href;
use crate::profile::GuardLimits;

/// How many deletions on one side a run may do without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// So many are always allowed …
    pub max_deletions: u64,
    /// … and so many of a hundred items of that side.
    pub max_percent: u64,
}

impl Default for Guard {
    fn default() -> Self {
        Guard { max_deletions: 10, max_percent: 25 }
    }
}

impl From<GuardLimits> for Guard {
    fn from(limits: GuardLimits) -> Self {
        Guard { max_deletions: limits.max_deletions.into(), max_percent: limits.max_percent.into() }
    }
}

/// A side with at least so many items is never emptied without asking, nor of all that was in sync.
const NEVER_ALL_OF: u64 = 5;

impl Guard {
    /// Whether so many deletions are too many on a side with so many items, of which so many were in sync.
    pub fn holds(&self, deletions: u64, items: u64, in_sync: u64) -> bool {
        let allowed = self.max_deletions.max(items.saturating_mul(self.max_percent) / 100);
        let all_of = |number: u64| number >= NEVER_ALL_OF && deletions >= number;
        deletions > allowed || all_of(items) || all_of(in_sync)
    }
}

/// What the plan can lead to being deleted on each side, at the most.
pub fn deletions(plan: &Plan) -> Sides<BTreeSet<Href>> {
    let mut found = Sides::<BTreeSet<Href>>::default();
    for row in &plan.rows {
        if let Some(side) = deletes(row) {
            found[side].extend(row.subject[side].clone());
        }
    }
    found
}

/// The side on which the row deletes, at once or where a look at the content shows that what counts as
/// changed was only touched.
pub(super) fn deletes(row: &Row) -> Option<Side> {
    let untouched = |change| if change == Change::Changed { Change::Unchanged } else { change };
    let otherwise = row.rule.decide(untouched(row.changes.local), untouched(row.changes.remote));
    [row.action, otherwise].into_iter().find_map(|action| match action {
        Action::Delete(side) => Some(side),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        let guard = Guard::default();
        for (deletions, items, in_sync, held) in [
            (0, 0, 0, false),
            (4, 4, 4, false),
            (5, 5, 5, true),
            (10, 11, 11, false),
            (10, 10, 10, true),
            (10, 10, 0, true),
            (11, 12, 12, true),
            (11, 43, 43, true),
            (11, 44, 44, false),
            (25, 100, 100, false),
            (26, 100, 100, true),
            (99, 100, 100, true),
            // What is new does not hide that all that was known is gone.
            (6, 20, 6, true),
            (6, 20, 7, false),
            (4, 20, 4, false),
        ] {
            let held_back = guard.holds(deletions, items, in_sync);
            assert_eq!(held_back, held, "{deletions} of {items}, {in_sync} in sync");
        }
    }
}
