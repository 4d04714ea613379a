//! What is known of a profile's last run.

use jiff::Timestamp;
use tr::tr;

use super::protocol::{LastRun, State};
use crate::home::Home;
use crate::profile::Name;
use crate::report::wording::{but_for, line};
use crate::report::{Held, Report, RunOutcome};
use crate::state::{self, ReportId, StateError};

/// So many reports are read: the newest run may have been about some items only, or in vain.
const REMEMBERED: usize = 20;

/// How the last run left the profile.
#[derive(Debug, Clone)]
pub struct Last {
    pub run: LastRun,
    pub state: State,
    /// This run or one before it was done.
    pub was_done: bool,
    /// It is in sync but for conflicts that wait for a decision.
    only_waits: bool,
}

impl Last {
    pub fn of(report: &Report, id: Option<ReportId>) -> Last {
        let run = LastRun { started: report.started, outcome: report.outcome, report_id: id.map(|id| id.0) };
        let only_waits =
            report.outcome == RunOutcome::Partial && report.problems.iter().all(|problem| problem.parked);
        Last { run, state: state_after(report), was_done: is_done(report), only_waits }
    }

    /// Another run.
    pub fn is_followed_by(&mut self, last: Last) {
        let was_done = self.was_done || last.was_done;
        *self = Last { was_done, ..last };
    }

    /// A run of some items only: it says nothing of the others, but for the conflicts that wait in the whole profile.
    pub fn is_followed_by_a_part(&mut self, part: Last) {
        self.run = part.run;
        self.was_done |= part.was_done;
        match (&self.state, part.state) {
            // The last one was decided.
            (State::Warning { .. }, State::InSync) if self.only_waits => self.state = State::InSync,
            (_, State::InSync) | (State::Held { .. }, State::Held { .. } | State::Warning { .. }) => {}
            (before, state) => {
                self.only_waits = part.only_waits && (self.only_waits || *before == State::InSync);
                self.state = state;
            }
        }
    }

    /// As the profile's state tells it; none before its first run.
    pub fn read(home: &Home, profile: &Name) -> Result<Option<Last>, StateError> {
        let Some(state) = state::State::peek(&home.state_file(profile))? else { return Ok(None) };
        Ok(Last::after_all(state.reports(REMEMBERED)?))
    }

    /// After these runs, the newest first.
    fn after_all(reports: Vec<(ReportId, Report)>) -> Option<Last> {
        reports.into_iter().rev().fold(None, |before, (id, report)| {
            let next = Last::of(&report, Some(id));
            let Some(mut last) = before else { return Some(next) };
            if report.part {
                last.is_followed_by_a_part(next);
            } else {
                last.is_followed_by(next);
            }
            Some(last)
        })
    }

    /// The same, in other words.
    pub fn is_reworded(&mut self, read: Last) {
        if let (State::Warning { why }, State::Warning { why: words }) = (&mut self.state, read.state) {
            *why = words;
        }
    }

    /// Whether this is another run than that one, and a later one: not every run has a stored report.
    pub fn is_after(&self, other: &Last) -> bool {
        match (self.run.report_id, other.run.report_id) {
            (Some(one), Some(another)) if one != another => true,
            _ => self.run.started > other.run.started,
        }
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
            let why = report.failure.as_deref().map_or_else(|| tr!("the report says more"), line);
            State::Error { why }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Problem;
    use crate::report::fixtures::{self, problem};
    use crate::sync::Side;

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
        last.is_followed_by_a_part(after(RunOutcome::Held, 11));
        assert_eq!(last.state, State::Held { held: Held { local: 0, remote: 12, ..Held::default() } });
        last.is_followed_by_a_part(after(RunOutcome::Failed, 0));
        assert!(matches!(last.state, State::Error { .. }));
    }

    #[test]
    fn only_the_words_of_what_is_known_change() {
        let warning = |why: &str| Last {
            state: State::Warning { why: why.to_owned() },
            ..after(RunOutcome::Partial, 0)
        };
        let mut last = warning("except for 2 items");
        last.is_reworded(warning("außer 2 Einträgen"));
        assert_eq!(last.state, State::Warning { why: "außer 2 Einträgen".into() });
        let mut last = after(RunOutcome::Ok, 0);
        last.is_reworded(warning("außer 2 Einträgen"));
        assert_eq!(last.state, State::InSync, "it went on since");
    }

    #[test]
    fn a_profile_is_in_sync_when_its_last_conflict_is_decided() {
        let run = |outcome, parked: u64, failed: usize| {
            let waits = Problem { parked: true, ..problem("a", "A", Side::Local, "waits") };
            let fails = problem("b", "B", Side::Local, "fails");
            let problems =
                vec![waits; usize::try_from(parked).unwrap()].into_iter().chain(vec![fails; failed]);
            let report = Report { outcome, parked, problems: problems.collect(), ..fixtures::report() };
            Last::of(&report, Some(ReportId(7)))
        };
        let mut last = run(RunOutcome::Partial, 2, 0);
        last.is_followed_by_a_part(run(RunOutcome::Partial, 1, 0));
        let State::Warning { why } = &last.state else { panic!("{last:?}") };
        assert!(why.starts_with("1 conflict"), "{why}");
        last.is_followed_by_a_part(run(RunOutcome::Ok, 0, 0));
        assert_eq!(last.state, State::InSync);

        let mut last = run(RunOutcome::Partial, 1, 1);
        last.is_followed_by_a_part(run(RunOutcome::Ok, 0, 0));
        assert!(matches!(last.state, State::Warning { .. }), "the other item was not tried");
        let mut last = after(RunOutcome::Held, 12);
        last.is_followed_by_a_part(run(RunOutcome::Partial, 1, 0));
        assert!(matches!(last.state, State::Held { .. }), "they still wait for the yes");
    }

    #[test]
    fn what_is_held_is_known_after_a_restart_too() {
        let report = |id, outcome, remote, part| {
            (
                ReportId(id),
                Report { outcome, part, held: Held { remote, ..Held::default() }, ..fixtures::report() },
            )
        };
        let held = report(1, RunOutcome::Held, 12, false);
        let part = report(2, RunOutcome::Ok, 0, true);
        let whole = report(3, RunOutcome::Ok, 0, false);
        let last = Last::after_all(vec![part.clone(), held.clone()]).unwrap();
        assert_eq!(last.state, State::Held { held: Held { remote: 12, ..Held::default() } });
        assert_eq!((last.run.report_id, last.was_done), (Some(2), true));
        assert_eq!(Last::after_all(vec![whole, part, held]).unwrap().state, State::InSync);
        assert!(Last::after_all(Vec::new()).is_none());
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
    fn which_run_is_the_later_one() {
        let run = |id: Option<i64>, minute| {
            let started = format!("2026-11-26T08:{minute}:00Z").parse().unwrap();
            Last::of(&Report { started, ..fixtures::report() }, id.map(ReportId))
        };
        assert!(!run(Some(7), 10).is_after(&run(Some(7), 10)));
        assert!(run(Some(8), 11).is_after(&run(Some(7), 10)));
        assert!(
            run(Some(1), 10).is_after(&run(Some(7), 11)),
            "a state that begins anew, or a clock that was set back"
        );
        assert!(run(Some(7), 11).is_after(&run(None, 10)));
        assert!(!run(Some(7), 10).is_after(&run(None, 11)), "one that left no report came after it");
    }

    #[test]
    fn an_imported_profile_waits_for_a_look_ahead() {
        assert_eq!(after(RunOutcome::Held, 0).state, State::PreviewNeeded);
    }
}
