//! What is known of a profile's last run.

use jiff::Timestamp;

use super::protocol::{LastRun, State};
use crate::home::Home;
use crate::profile::Name;
use crate::report::text::{but_for, line};
use crate::report::{Held, Report, RunOutcome};
use crate::state::{self, ReportId, StateError};

/// Among so many reports one is looked for of a run that was done.
const REMEMBERED: usize = 20;

/// How the last run left the profile.
#[derive(Debug, Clone)]
pub struct Last {
    pub run: LastRun,
    pub state: State,
    /// This run or one before it was done.
    pub was_done: bool,
}

impl Last {
    pub fn of(report: &Report, id: Option<ReportId>) -> Last {
        let run = LastRun { started: report.started, outcome: report.outcome, report_id: id.map(|id| id.0) };
        Last { run, state: state_after(report), was_done: is_done(report) }
    }

    /// Another run.
    pub fn is_followed_by(&mut self, last: Last) {
        let was_done = self.was_done || last.was_done;
        *self = Last { was_done, ..last };
    }

    /// A run of some items only: where it went well, it says nothing of the others.
    pub fn is_followed_by_a_part(&mut self, part: Last) {
        self.run = part.run;
        self.was_done |= part.was_done;
        if part.state != State::InSync {
            self.state = part.state;
        }
    }

    /// As the profile's state tells it; none before its first run.
    pub fn read(home: &Home, profile: &Name) -> Result<Option<Last>, StateError> {
        let Some(state) = state::State::peek(&home.state_file(profile))? else { return Ok(None) };
        let Some((id, report)) = state.reports(1)?.pop() else { return Ok(None) };
        let last = Last::of(&report, Some(id));
        let was_done = last.was_done || state.reports(REMEMBERED)?.iter().any(|(_, report)| is_done(report));
        Ok(Some(Last { was_done, ..last }))
    }

    /// How long ago the run began.
    pub fn ago(&self, now: Timestamp) -> std::time::Duration {
        std::time::Duration::try_from(now.duration_since(self.run.started)).unwrap_or_default()
    }
}

fn is_done(report: &Report) -> bool {
    match report.outcome {
        RunOutcome::Ok | RunOutcome::Partial => true,
        // Otherwise it waits for a look ahead.
        RunOutcome::Held => report.held != Held::default(),
        RunOutcome::Failed => false,
    }
}

fn state_after(report: &Report) -> State {
    match report.outcome {
        RunOutcome::Ok => State::InSync,
        RunOutcome::Partial => State::Warning { why: but_for(report) },
        RunOutcome::Held if report.held == Held::default() => State::PreviewNeeded,
        RunOutcome::Held => State::Held { held: report.held },
        RunOutcome::Failed => {
            let why = report.failure.as_deref().map_or_else(|| "the report says more".to_owned(), line);
            State::Error { why }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    fn after(outcome: RunOutcome, remote: u64) -> Last {
        let report =
            Report { outcome, held: Held { local: 0, remote, ..Held::default() }, ..fixtures::report() };
        Last::of(&report, Some(ReportId(7)))
    }

    #[test]
    fn a_run_of_some_items_does_not_settle_what_is_held() {
        let mut last = after(RunOutcome::Held, 12);
        last.is_followed_by_a_part(after(RunOutcome::Ok, 0));
        assert_eq!(last.state, State::Held { held: Held { local: 0, remote: 12, ..Held::default() } });
        assert_eq!(last.run.outcome, RunOutcome::Ok);
        last.is_followed_by_a_part(after(RunOutcome::Failed, 0));
        assert!(matches!(last.state, State::Error { .. }));
    }

    #[test]
    fn a_run_that_fails_does_not_undo_that_another_was_done() {
        let mut last = after(RunOutcome::Failed, 0);
        assert!(
            !last.was_done && !after(RunOutcome::Held, 0).was_done && after(RunOutcome::Held, 1).was_done
        );
        last.is_followed_by(after(RunOutcome::Ok, 0));
        last.is_followed_by(after(RunOutcome::Failed, 0));
        assert!(last.was_done);
    }

    #[test]
    fn an_imported_profile_waits_for_a_look_ahead() {
        assert_eq!(after(RunOutcome::Held, 0).state, State::PreviewNeeded);
    }
}
