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

/// The names of all profiles that have a state, those of removed ones too.
pub fn all(home: &Home) -> Result<Vec<Name>, Failure> {
    let folder = home.state_dir();
    let wrong = |error| Failure::NotDone(format!("the folder {} cannot be read: {error}", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(wrong)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(wrong)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if let (true, Ok(name)) = (path.extension().is_some_and(|kind| kind == "sqlite"), Name::new(stem)) {
            names.push(name);
        }
    }
    names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(names)
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
