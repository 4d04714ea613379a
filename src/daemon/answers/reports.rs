//! The reports of past runs.

use crate::daemon::protocol::reports::{Found, Listed, Which};
use crate::home::Home;
use crate::profile;
use crate::report::RunOutcome;
use crate::state::State;

/// The reports of all profiles, or of one.
pub fn list(home: &Home, which: &Which) -> Result<Found, String> {
    let names = match &which.profile {
        Some(name) => vec![profile::existing(home, name).map_err(|error| error.to_string())?],
        None => profile::load_all(home)
            .map_err(|error| error.to_string())?
            .profiles
            .into_iter()
            .map(|profile| profile.name)
            .collect(),
    };
    let mut reports = Vec::new();
    for name in names {
        let Some(state) = State::peek(&home.state_file(&name)).map_err(|error| error.to_string())? else {
            continue;
        };
        let of_it = state.reports(which.limit).map_err(|error| error.to_string())?;
        reports.extend(of_it.into_iter().map(|(id, report)| Listed { id: id.0, report }));
    }
    reports.retain(|listed| {
        let began = listed.report.started;
        (!which.with_findings || listed.report.outcome != RunOutcome::Ok)
            && which.from.is_none_or(|from| began >= from)
            && which.until.is_none_or(|until| began < until)
    });
    reports.sort_by_key(|listed| std::cmp::Reverse(listed.report.started));
    reports.truncate(which.limit);
    Ok(Found { reports })
}
