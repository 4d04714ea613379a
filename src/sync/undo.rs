//! Bringing back what one side deleted. What the person said is remembered for the sides until a run has seen what it
//! concerns, and from then on for each item until that is on both sides again: what a run could not bring back is not
//! deleted by the next one.

use std::collections::{BTreeMap, HashSet};

use super::options::{Deletions, Options};
use super::plan::{Known, Trees, plan};
use super::policy::Rule;
use super::run::Job;
use super::{Side, Sides, guard};
use crate::collection::Href;
use crate::state::{Kept, PairId, Result, State, Subject};

/// The sides on which nothing is deleted in this run.
pub(super) fn begin(job: &Job<'_>, options: &Options) -> Result<Sides<bool>> {
    // What the person decided about these items goes before what was said of all.
    if job.decided {
        return Ok(Sides::default());
    }
    let before = job.state.undone()?;
    let undone = match options.deletions {
        Deletions::Undone(sides) => Sides::from_fn(|side| sides[side] || before[side]),
        Deletions::AllowedByName => Sides::default(),
        Deletions::Guarded | Deletions::Allowed | Deletions::AllowedIfStill(_) => before,
    };
    if undone != before && options.is_whole() && !options.dry_run {
        job.state.write(|w| w.set_undone(undone))?;
    }
    Ok(undone)
}

/// What is to be kept of these trees: what was to be kept before and is still lacking on one side, and what would be
/// deleted on the sides that are undone.
pub(super) fn keep(
    job: &Job<'_>,
    options: &Options,
    undone: Sides<bool>,
    trees: &Trees,
    matched: &BTreeMap<Href, Href>,
    asleep: &HashSet<PairId>,
    alone: &HashSet<Subject>,
) -> Result<Kept> {
    if job.decided {
        return Ok(Kept::default());
    }
    let before = job.state.kept()?;
    let mut kept = match options.deletions {
        Deletions::AllowedByName if options.is_whole() => Kept::default(),
        _ => still_lacking(before.clone(), trees),
    };
    if undone != Sides::default() {
        // What is left alone for now is not to be deleted later either.
        let (none, nothing) = (HashSet::new(), Kept::default());
        let known = Known { matched, asleep, aside: &none, kept: &nothing };
        for row in plan(Rule::from(job.policy), trees, known).rows {
            let id = row.pair.as_ref().map(|pair| pair.id);
            let is_stranger = id.is_none() && alone.contains(&row.subject);
            let is_meant = options.only.as_ref().is_none_or(|only| super::run::is_among(&row.subject, only));
            if let Some(side) = guard::deletes(&row).filter(|side| undone[*side])
                && is_meant
                && !is_stranger
            {
                kept.add(side, id, &row.subject);
            }
        }
    }
    if !options.dry_run {
        remember(job.state, options, &before, &kept)?;
    }
    Ok(kept)
}

/// Both in one go: what was said of the sides is what is said of the items from then on.
fn remember(state: &State, options: &Options, before: &Kept, kept: &Kept) -> Result<()> {
    let is_said = options.is_whole() && state.undone()? != Sides::default();
    if kept == before && !is_said {
        return Ok(());
    }
    state.write(|w| {
        w.set_kept(kept)?;
        if is_said { w.set_undone(Sides::default()) } else { Ok(()) }
    })
}

/// Without what is on both sides again, or nowhere.
fn still_lacking(mut kept: Kept, trees: &Trees) -> Kept {
    if kept.is_empty() {
        return kept;
    }
    let mut lacking = HashSet::new();
    let mut paired = Sides::<HashSet<&Href>>::default();
    for pair in &trees.pairs {
        for side in Side::BOTH {
            paired[side].insert(&pair.sides[side].href);
        }
        if let Some(side) = kept.pairs.get(&pair.id)
            && !trees.sides[side.other()].contains_key(&pair.sides[side.other()].href)
        {
            lacking.insert(pair.id);
        }
    }
    kept.pairs.retain(|pair, _| lacking.contains(pair));
    for side in Side::BOTH {
        kept.new[side].retain(|href| trees.sides[side].contains_key(href) && !paired[side].contains(href));
    }
    kept
}
