//! What the command line reads from the state of a profile.

use super::Failure;
use crate::home::Home;
use crate::profile::{self, Name};
use crate::report::{Report, Touched};
use crate::state::{Peek, ReportId, State, StateError};

/// The name of a profile that is there, or was: then its state is still kept.
pub fn known(home: &Home, typed: &str) -> Result<Name, Failure> {
    profile::existing(home, typed).or_else(|unknown| match Name::new(typed) {
        Ok(name) if home.state_file(&name).exists() => Ok(name),
        _ => Err(unknown.into()),
    })
}

/// The state of a profile for looking only; none before its first run.
pub fn peek(home: &Home, profile: &Name) -> Result<Option<Peek>, Failure> {
    Ok(State::peek(&home.state_file(profile))?)
}

/// The report of the last run; none before the first.
pub fn last_report(home: &Home, profile: &Name) -> Result<Option<(ReportId, Report)>, Failure> {
    Ok(reports(home, profile, 1)?.into_iter().next())
}

/// The newest reports, the newest first.
pub fn reports(home: &Home, profile: &Name, limit: usize) -> Result<Vec<(ReportId, Report)>, Failure> {
    Ok(match peek(home, profile)? {
        Some(state) => state.reports(limit)?,
        None => Vec::new(),
    })
}

/// What a run touched, at most so many items.
pub fn touched(home: &Home, profile: &Name, id: ReportId, limit: usize) -> Result<Vec<Touched>, Failure> {
    Ok(match peek(home, profile)? {
        Some(state) => state.touched(id, limit)?,
        None => Vec::new(),
    })
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Failure::NotDone(match error {
            StateError::Damaged => {
                "the memory of earlier runs is damaged; the next \"pimbridge sync\" sets it aside and starts a new one"
                    .to_owned()
            }
            other => other.to_string(),
        })
    }
}
