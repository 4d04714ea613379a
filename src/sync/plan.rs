//! The planner: three trees and a rule in, the list of what is to be done out. Pure and deterministic.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::policy::{Action, Change, Rule};
use super::{Side, Sides};
use crate::collection::{Etag, Href};
use crate::report::Delta;
use crate::state::{Kept, Pair, PairId, Subject, Tree};

/// What both sides hold and what they held when they last agreed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trees {
    pub sides: Sides<Tree>,
    /// The base.
    pub pairs: Vec<Pair>,
}

/// An item that something is to be done about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The item's base, where it has one.
    pub pair: Option<Pair>,
    /// The item's name on each side: where it is, or was when both sides last agreed.
    pub subject: Subject,
    /// The version seen on each side; `None` where it is not.
    pub etags: Sides<Option<Etag>>,
    pub changes: Sides<Change>,
    /// What decides about it.
    pub rule: Rule,
    pub action: Action,
}

impl Row {
    /// The item's href on a side, if it is there.
    pub fn present(&self, side: Side) -> Option<(&Href, &Etag)> {
        self.subject[side].as_ref().zip(self.etags[side].as_ref())
    }
}

/// What makes both sides agree as the rule demands: the items about which something is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What each side is like, compared with the base.
    pub found: Sides<Delta>,
    pub rows: Vec<Row>,
}

/// One side laid beside the base.
pub struct Beside<'a> {
    /// What is there now of each pair, in the order of the pairs.
    pub etags: Vec<Option<&'a Etag>>,
    /// The items that have no base.
    pub new: Vec<(&'a Href, &'a Etag)>,
}

impl Beside<'_> {
    pub fn of(trees: &Trees, side: Side) -> Beside<'_> {
        let href = |at: &usize| &trees.pairs[*at].sides[side].href;
        let mut by_href: Vec<usize> = (0..trees.pairs.len()).collect();
        by_href.sort_by_key(href);
        let mut by_href = by_href.into_iter().peekable();
        let mut beside = Beside { etags: vec![None; trees.pairs.len()], new: Vec::new() };
        for item in &trees.sides[side] {
            while by_href.next_if(|at| href(at) < item.0).is_some() {}
            let mut is_new = true;
            while let Some(at) = by_href.next_if(|at| href(at) == item.0) {
                beside.etags[at] = Some(item.1);
                is_new = false;
            }
            if is_new {
                beside.new.push(item);
            }
        }
        beside
    }
}

/// What is known of items besides their versions.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The new items that were found to be the same thing on both sides: local to remote.
    pub matched: &'a BTreeMap<Href, Href>,
    /// The pairs that are out of scope. What became of such a one on one side is nothing to the other: where it is
    /// gone, there is no pair any more, and what is left counts as any other item out of scope.
    pub asleep: &'a HashSet<PairId>,
    /// What is left alone for now.
    pub aside: &'a HashSet<Subject>,
    /// What is to be brought back.
    pub kept: &'a Kept,
}

/// Plans one run.
pub fn plan(rule: Rule, trees: &Trees, known: Known<'_>) -> Plan {
    let Known { matched, asleep, aside, kept } = known;
    let mut rows = Vec::new();
    let mut found = Sides::<Delta>::default();
    let mut add = |pair: Option<&Pair>, subject: Subject, changes: Sides<Change>| {
        let gone = changes.local == Change::Deleted || changes.remote == Change::Deleted;
        let rule = rule.keeping(kept.of(pair.map(|pair| pair.id), &subject));
        let action = match pair {
            Some(pair) if gone && asleep.contains(&pair.id) => Action::Forget,
            _ => rule.decide(changes.local, changes.remote),
        };
        if action == Action::Nothing || aside.contains(&subject) {
            return;
        }
        let etags = Sides::from_fn(|side| {
            subject[side].as_ref().and_then(|href| trees.sides[side].get(href)).cloned()
        });
        rows.push(Row { pair: pair.cloned(), subject, etags, changes, rule, action });
    };

    let beside = Sides::from_fn(|side| Beside::of(trees, side));
    for (at, pair) in trees.pairs.iter().enumerate() {
        let changes = Sides::from_fn(|side| match beside[side].etags[at] {
            None => Change::Deleted,
            etag if etag == pair.sides[side].etag.as_ref() => Change::Unchanged,
            Some(_) => Change::Changed,
        });
        for side in Side::BOTH {
            let delta = &mut found[side];
            match changes[side] {
                Change::Unchanged => delta.unchanged += 1,
                Change::Changed => delta.changed += 1,
                Change::Deleted => delta.deleted += 1,
                Change::New | Change::Absent => {}
            }
        }
        if changes != (Sides { local: Change::Unchanged, remote: Change::Unchanged }) {
            add(Some(pair), pair.subject(), changes);
        }
    }
    for side in Side::BOTH {
        let is_aside = |href: &&Href| {
            let mut subject = Subject::default();
            subject[side] = Some((*href).clone());
            aside.contains(&subject)
        };
        found[side].new = beside[side].new.iter().filter(|(href, _)| !is_aside(href)).count() as u64;
    }
    for &(local, _) in &beside.local.new {
        match matched.get(local) {
            Some(remote) => add(
                None,
                Sides { local: Some(local.clone()), remote: Some(remote.clone()) },
                Sides { local: Change::New, remote: Change::New },
            ),
            None => add(
                None,
                Sides { local: Some(local.clone()), remote: None },
                Sides { local: Change::New, remote: Change::Absent },
            ),
        }
    }
    let taken: BTreeSet<&Href> = matched.values().collect();
    for (remote, _) in beside.remote.new.iter().filter(|(href, _)| !taken.contains(href)) {
        add(
            None,
            Sides { local: None, remote: Some((*remote).clone()) },
            Sides { local: Change::Absent, remote: Change::New },
        );
    }
    Plan { found, rows }
}
