//! The planner: three trees and a policy in, the list of what is to be done out. Pure and deterministic.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::policy::{Action, Change, Policy, decide};
use super::{Side, Sides};
use crate::collection::{Etag, Href};
use crate::state::{Pair, Subject, Tree};

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
    pub action: Action,
}

impl Row {
    /// The item's href on a side, if it is there.
    pub fn present(&self, side: Side) -> Option<(&Href, &Etag)> {
        self.subject[side].as_ref().zip(self.etags[side].as_ref())
    }
}

/// What makes both sides agree as the policy demands: the items about which something is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub rows: Vec<Row>,
}

/// The items of a side that have no base.
pub fn new_items(trees: &Trees, side: Side) -> impl Iterator<Item = (&Href, &Etag)> {
    let known: HashSet<&Href> = trees.pairs.iter().map(|pair| &pair.sides[side].href).collect();
    trees.sides[side].iter().filter(move |(href, _)| !known.contains(href))
}

/// Plans one run.
///
/// `matched` are the new items that were found to be the same thing on both sides; `aside` is what is left
/// alone for now.
pub fn plan(policy: Policy, trees: &Trees, matched: &BTreeMap<Href, Href>, aside: &HashSet<Subject>) -> Plan {
    let mut rows = Vec::new();
    let mut add = |pair: Option<&Pair>, subject: Subject, changes: Sides<Change>| {
        let action = decide(policy, changes.local, changes.remote);
        if action == Action::Nothing || aside.contains(&subject) {
            return;
        }
        let etags = Sides::from_fn(|side| {
            subject[side].as_ref().and_then(|href| trees.sides[side].get(href)).cloned()
        });
        rows.push(Row { pair: pair.cloned(), subject, etags, changes, action });
    };

    for pair in &trees.pairs {
        let changes = Sides::from_fn(|side| {
            let base = &pair.sides[side];
            match trees.sides[side].get(&base.href) {
                None => Change::Deleted,
                Some(etag) if base.etag.as_ref() == Some(etag) => Change::Unchanged,
                Some(_) => Change::Changed,
            }
        });
        if changes != (Sides { local: Change::Unchanged, remote: Change::Unchanged }) {
            let subject = Sides::from_fn(|side| Some(pair.sides[side].href.clone()));
            add(Some(pair), subject, changes);
        }
    }
    for (local, _) in new_items(trees, Side::Local) {
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
    for (remote, _) in new_items(trees, Side::Remote).filter(|(href, _)| !taken.contains(href)) {
        add(
            None,
            Sides { local: None, remote: Some(remote.clone()) },
            Sides { local: Change::Absent, remote: Change::New },
        );
    }
    Plan { rows }
}
