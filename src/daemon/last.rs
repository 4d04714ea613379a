//! What is known of a profile's last run.

use jiff::Timestamp;

use super::protocol::{LastRun, State};
use crate::home::Home;
use crate::profile::Name;
use crate::report::text::{but_for, line};
use crate::report::{Held, Report, RunOutcome};
use crate::state::{self, ReportId, StateError};

/// How the last run left the profile.
#[derive(Debug, Clone)]
pub struct Last {
    pub run: LastRun,
    pub state: State,
}

impl Last {
    pub fn of(report: &Report, id: Option<ReportId>) -> Last {
        let run = LastRun { started: report.started, outcome: report.outcome, report_id: id.map(|id| id.0) };
        Last { run, state: state_after(report) }
    }

    /// As the profile's state tells it; none before its first run.
    pub fn read(home: &Home, profile: &Name) -> Result<Option<Last>, StateError> {
        let Some(state) = state::State::peek(&home.state_file(profile))? else { return Ok(None) };
        Ok(state.reports(1)?.first().map(|(id, report)| Last::of(report, Some(*id))))
    }

    /// How long ago the run began.
    pub fn ago(&self, now: Timestamp) -> std::time::Duration {
        std::time::Duration::try_from(now.duration_since(self.run.started)).unwrap_or_default()
    }
}

fn state_after(report: &Report) -> State {
    match report.outcome {
        RunOutcome::Ok => State::InSync,
        RunOutcome::Partial => State::Warning { why: but_for(report) },
        RunOutcome::Held if report.held == Held::default() => State::PreviewNeeded,
        RunOutcome::Held => State::Held { held: report.held },
        RunOutcome::Failed => {
            let why = report.failure.as_deref().map_or_else(|| "it could not be synced".to_owned(), line);
            State::Error { why }
        }
    }
}
