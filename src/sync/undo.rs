//! What the person said of deletions, as far as it counts beyond one run. What one side deleted and is to be brought back
//! is remembered for the sides until a run has seen what it concerns, and from then on for each item until that is on both
//! sides again: what a run could not bring back is not deleted by the next one. The last word counts: a yes to deletions
//! takes back, item by item, that they were to be kept.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::options::{Deletions, Options};
use super::plan::{Known, Trees, plan};
use super::policy::Rule;
use super::run::{Job, is_among};
use super::sift::alone_on;
use super::{Side, Sides, guard};
use crate::collection::Href;
use crate::report::{Held, HeldItems};
use crate::state::{AsideKind, Kept, PairId, Result, State, Subject};

/// What was said so far, and for this run.
#[derive(Default)]
pub(super) struct Said {
    /// The sides on which nothing is deleted.
    pub undone: Sides<bool>,
    /// What the person has seen in an earlier run and says yes to.
    pub seen: Sides<BTreeSet<Href>>,
    /// What was to be kept and still is.
    kept: Kept,
}

/// Remembers what is said for this run, before anything is looked at.
pub(super) fn begin(job: &Job<'_>, options: &Options) -> Result<Said> {
    // What the person decided about these items goes before what was said of all.
    if job.decided {
        return Ok(Said::default());
    }
    let before = job.state.undone()?;
    let seen = match options.deletions {
        Deletions::AllowedUpTo(shown) => seen(job.state, shown)?,
        _ => Sides::default(),
    };
    let undone = Sides::from_fn(|side| match options.deletions {
        Deletions::Undone(sides) => sides[side] || before[side],
        Deletions::Allowed => false,
        Deletions::AllowedUpTo(_) => before[side] && seen[side].is_empty(),
        Deletions::Guarded => before[side],
    });
    let mut kept = job.state.kept()?;
    let taken_back = take_back(job.state, &mut kept, |side, subject| match options.deletions {
        Deletions::Allowed => options.only.as_ref().is_none_or(|only| is_among(subject, only)),
        Deletions::AllowedUpTo(_) => subject[side].as_ref().is_some_and(|href| seen[side].contains(href)),
        Deletions::Guarded | Deletions::Undone(_) => false,
    })?;
    let is_news = undone != before && options.is_whole();
    if (is_news || !taken_back.is_empty()) && !options.dry_run {
        // What hindered bringing it back does not hinder deleting it.
        let mut asides = job.state.asides()?;
        asides.retain(|subject, aside| {
            taken_back.contains(subject) && matches!(aside.kind, AsideKind::Trouble | AsideKind::Passing)
        });
        job.state.write(|w| {
            if is_news {
                w.set_undone(undone)?;
            }
            w.set_kept(&kept)?;
            asides.keys().try_for_each(|subject| w.drop_aside(subject))
        })?;
    }
    Ok(Said { undone, seen, kept })
}

/// What was held back last, on the sides where it is what was shown.
fn seen(state: &State, shown: Held) -> Result<Sides<BTreeSet<Href>>> {
    let held = state.held()?;
    Ok(Sides::from_fn(|side| {
        let items: BTreeSet<Href> = held[side].keys().cloned().collect();
        if shown.is_of(side, &items) { items } else { BTreeSet::new() }
    }))
}

/// What was agreed to be deleted on a side is not to be kept any more; these items.
fn take_back(
    state: &State,
    kept: &mut Kept,
    agreed: impl Fn(Side, &Subject) -> bool,
) -> Result<HashSet<Subject>> {
    let mut taken = HashSet::new();
    if kept.is_empty() {
        return Ok(taken);
    }
    for pair in state.pairs()? {
        let subject = pair.subject();
        if kept.pairs.get(&pair.id).is_some_and(|side| agreed(*side, &subject)) {
            kept.pairs.remove(&pair.id);
            taken.insert(subject);
        }
    }
    for side in Side::BOTH {
        let (gone, left) = std::mem::take(&mut kept.new[side])
            .into_iter()
            .partition::<BTreeSet<Href>, _>(|href| agreed(side, &alone_on(side, href)));
        kept.new[side] = left;
        taken.extend(gone.iter().map(|href| alone_on(side, href)));
    }
    Ok(taken)
}

/// These deletions were held back: that is what the person is shown.
pub(super) fn shown(job: &Job<'_>, held: &HeldItems) -> Result<()> {
    if *held == HeldItems::default() || job.state.held()? == *held {
        return Ok(());
    }
    job.state.write(|w| w.set_held(held))
}

/// What is to be kept of these trees: what was to be kept before and is still lacking on one side, and what would be
/// deleted on the sides that are undone.
pub(super) fn keep(
    job: &Job<'_>,
    options: &Options,
    said: &Said,
    trees: &Trees,
    matched: &BTreeMap<Href, Href>,
    asleep: &HashSet<PairId>,
    alone: &HashSet<Subject>,
) -> Result<Kept> {
    if job.decided {
        return Ok(Kept::default());
    }
    let before = if options.dry_run { said.kept.clone() } else { job.state.kept()? };
    let mut kept = still_lacking(before.clone(), trees);
    let undone = said.undone;
    if undone != Sides::default() {
        // What is left alone for now is not to be deleted later either.
        let (none, nothing) = (HashSet::new(), Kept::default());
        let known = Known { matched, asleep, aside: &none, kept: &nothing };
        for row in plan(Rule::from(job.policy), trees, known).rows {
            let id = row.pair.as_ref().map(|pair| pair.id);
            let is_stranger = id.is_none() && alone.contains(&row.subject);
            let is_meant = options.only.as_ref().is_none_or(|only| is_among(&row.subject, only));
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
