//! Conflicts that wait for the person's decision.

use super::told;
use crate::daemon::protocol::conflicts::{Decide, List, View, Waiting, Which};
use crate::home::Home;
use crate::item::compare::compare;
use crate::profile::{self, keyring};
use crate::state::Aside;
use crate::stored;
use crate::sync::conflict::id;
use crate::sync::session::{decide_conflict, view_conflict};
use crate::sync::words::choices;
use crate::sync::{Side, Sides};

/// Those of all profiles, the oldest first.
pub fn list(home: &Home) -> Result<List, String> {
    let stored::Read { found, notes } = stored::conflicts(home, None).map_err(told)?;
    let mut waiting: Vec<Waiting> =
        found.into_iter().map(|(profile, aside)| one(profile.as_str(), aside)).collect();
    waiting.sort_by_key(|waiting| waiting.since);
    Ok(List { waiting, notes })
}

fn one(profile: &str, aside: Aside) -> Waiting {
    Waiting {
        profile: profile.to_owned(),
        conflict: id(&aside.subject),
        summary: aside.summary,
        message: aside.message,
        since: aside.since,
    }
}

/// One of them, with what is on both sides now.
pub async fn view(home: &Home, which: Which) -> Result<View, String> {
    let profile = profile::load(home, &which.profile).map_err(told)?;
    let look = view_conflict(home, &profile, &which.conflict);
    let view = keyring::with_person(look).await.map_err(told)?;
    let bytes = |side: Side| view.versions[side].as_deref().unwrap_or_default();
    let merged = view.merged.as_ref().map(|merged| choices(view.newer, &merged.choices));
    Ok(View {
        rows: compare(bytes(Side::Local), bytes(Side::Remote)),
        has: Sides::from_fn(|side| view.versions[side].is_some()),
        mark: view.mark(),
        newer: view.newer,
        merged,
        waiting: one(&which.profile, view.aside),
    })
}

/// Does what the person decided.
pub async fn decide(home: &Home, decide: Decide) -> Result<(), String> {
    let Decide { which, decision, seen } = decide;
    let profile = profile::load(home, &which.profile).map_err(told)?;
    let work = decide_conflict(home, &profile, &which.conflict, decision, Some(&seen));
    let done = keyring::with_person(work).await.map_err(told)?;
    let problem = done.report.problems.into_iter().find(|problem| !problem.parked);
    match done.report.failure.or(problem.map(|problem| problem.message)) {
        Some(why) => Err(why),
        None => Ok(()),
    }
}
