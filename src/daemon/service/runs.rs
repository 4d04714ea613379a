//! The life of the runs, from their beginning to what their end means.

use std::sync::Arc;

use tr::tr;

use super::{Daemon, Ready};
use crate::daemon::clock::Moment;
use crate::daemon::last::Last;
use crate::daemon::notices::Ended;
use crate::daemon::protocol::{Event, RunId, State, Step};
use crate::daemon::schedule::{Access, Account, Do, Dropped, End, Order};
use crate::daemon::{foreseen, run};
use crate::profile::{Name, Profile};
use crate::report::{Held, RunOutcome};
use crate::sync::run::{Done, Obstacle, Options};

/// A run that has ended.
pub(super) struct Ran {
    run: RunId,
    profile: Profile,
    order: Order,
    by_hand: bool,
    done: Done,
}

impl Daemon {
    /// Does what the schedule says.
    pub(super) fn begin(&mut self, todo: Do) {
        match todo {
            Do::Run { run, profile, order, by_hand } => self.begin_run(run, profile, order, by_hand),
            Do::CheckSecret { profile, access } => self.check_secret(&profile, access),
        }
    }

    fn begin_run(&mut self, run: RunId, profile: Name, order: Order, by_hand: bool) {
        let Some(profile) = self.known.profiles.get(&profile).cloned() else {
            let end = End {
                obstacle: Some(Obstacle::Other),
                failed: true,
                reached: false,
                held: false,
                why: String::new(),
            };
            self.schedule.finished(self.clock.now(), run, end);
            let dropped = Dropped { run, profile, dry_run: order.dry_run };
            self.will_not_run(vec![dropped], &tr!("the profile was just removed"));
            return;
        };
        let Order { dry_run, deletions, only } = order.clone();
        let options = Options { dry_run, deletions, only, automatic: !by_hand, stop: self.stop.clone() };
        let job = run::Job {
            home: self.home.clone(),
            profile: profile.clone(),
            accounts: Arc::clone(&self.accounts),
            options,
            run,
            steps: self.progress.clone(),
        };
        if let Some(watcher) = &self.watcher {
            watcher.hold(&profile.name);
        }
        self.tell(Event::RunStarted { run, profile: profile.name.to_string() });
        self.runs.insert(run, profile.name.clone());
        self.tasks.spawn(async move {
            let done = run::run(job).await;
            Ready::Run(Box::new(Ran { run, profile, order, by_hand, done }))
        });
    }

    fn check_secret(&mut self, profile: &Name, access: Access) {
        let Some(profile) = self.known.profiles.get(profile).cloned() else {
            self.schedule.secret_checked(self.clock.now(), &access, false);
            return;
        };
        let (accounts, access) = (Arc::clone(&self.accounts), Box::new(access));
        self.tasks.spawn(async move {
            let is_another = run::found(accounts.is_worth_a_try(&profile)).await;
            Ready::Secret { access, is_another }
        });
    }

    /// A run has ended.
    pub(super) fn ran(&mut self, now: Moment, ran: Ran) {
        let Ran { run, profile, order, by_hand, done } = ran;
        let Done { report, id, foreseen, obstacle, reached } = done;
        let why = report.failure.clone().unwrap_or_default();
        let failed = report.outcome == RunOutcome::Failed;
        let held = report.held != Held::default();
        let end = End { obstacle, failed, reached, held, why: why.clone() };
        let refused = self.schedule.finished(now, run, end);
        self.will_not_run(refused, &why);
        self.runs.remove(&run);
        self.steps.remove(&run);
        self.wrote(&profile.name);
        if !order.dry_run && !report.did_nothing() {
            self.worked(now, &Account::of(&profile));
        }
        match obstacle {
            // Whoever tries next asks for the secret anew.
            Some(Obstacle::SignIn) => self.accounts.refused(&profile),
            Some(Obstacle::ProxySignIn) => self.accounts.refused_by_proxy(&profile),
            None if reached => self.accounts.accepted(&profile),
            // A file or a secret that it was connected with may be another one now.
            Some(Obstacle::KeyringLocked | Obstacle::NotUnderstood | Obstacle::Other) => {
                self.accounts.forget(&profile);
            }
            None
            | Some(Obstacle::Offline | Obstacle::Busy { .. } | Obstacle::Elsewhere | Obstacle::Stopped) => {}
        }
        if let Some(watcher) = &self.watcher {
            watcher.release(&profile.name);
        }
        if order.dry_run && report.failure.is_none() {
            self.foreseen.insert(profile.name.clone(), (run, profile.clone()));
        }
        // It may have been removed meanwhile.
        if !order.dry_run && self.known.profiles.contains_key(&profile.name) {
            if id.is_some() || !self.passes(obstacle) {
                let last = Last::of(&report, id);
                match self.last.get_mut(&profile.name) {
                    Some(known) if order.only.is_some() => {
                        known.is_followed_by_a_part(last);
                        // It may have solved what the warning is about; only a full run knows.
                        if report.outcome == RunOutcome::Ok && matches!(known.state, State::Warning { .. }) {
                            self.schedule.remote_changed(now, &profile.name);
                        }
                    }
                    Some(known) => known.is_followed_by(last),
                    None => drop(self.last.insert(profile.name.clone(), last)),
                }
                if profile.mode.deletes_at_first() {
                    // From its first sync on it runs by itself. No profile goes by this, so no run is dropped.
                    self.plan();
                }
            }
            let account = Account::of(&profile);
            let ended = Ended {
                profile: &profile.name,
                account: &account,
                closed: &self.schedule.closed(&account),
                report: &report,
                obstacle: obstacle.as_ref(),
                reached,
                by_hand,
                full: order.only.is_none(),
            };
            let told = self.notices.run_ended(ended);
            self.say(told);
        }
        self.tell(Event::RunFinished {
            run,
            profile: profile.name.to_string(),
            report_id: id.map(|id| id.0),
            report: Box::new(report),
            foreseen: foreseen::told(foreseen),
        });
    }

    /// A run is so far.
    pub(super) fn progressed(&mut self, run: RunId, step: Step) {
        if let Some(profile) = self.runs.get(&run) {
            self.steps.insert(run, step);
            // Whoever asks sees it; those who follow are told of the step, not of everything.
            self.status.send_if_modified(|shown| {
                let mut profiles = Arc::make_mut(shown).profiles.iter_mut();
                if let Some(shown) = profiles.find(|shown| shown.name == profile.as_str()) {
                    shown.state = State::Running { step: Some(step) };
                }
                false
            });
            self.tell(Event::Progress { run, profile: profile.to_string(), step });
        }
    }

    /// Tells those who asked for these runs that they will never be.
    pub(super) fn will_not_run(&self, runs: Vec<Dropped>, why: &str) {
        for Dropped { run, profile, dry_run } in runs {
            self.tell(Event::will_not_run(run, profile.as_str(), dry_run, why));
        }
    }

    /// Nothing is told of such a run; the account's state is.
    fn passes(&self, obstacle: Option<Obstacle>) -> bool {
        match obstacle {
            Some(Obstacle::Offline) => self.settings.background.check_network,
            Some(Obstacle::Busy { .. } | Obstacle::Elsewhere | Obstacle::Stopped) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::Href;
    use crate::daemon::service::elsewhere::tests::{with_problem, work};
    use crate::report::Report;
    use crate::report::fixtures::{problem, report};
    use crate::state::ReportId;
    use crate::sync::Side;

    /// Ends the run that is to be done now, and says what it was asked to do.
    #[track_caller]
    fn end(daemon: &mut Daemon, now: Moment, report: Report) -> Order {
        let todo = daemon.schedule.advance(now);
        let [Do::Run { run, order, .. }] = todo.as_slice() else { panic!("{todo:?}") };
        let done =
            Done { report, id: Some(ReportId(9)), foreseen: Vec::new(), obstacle: None, reached: true };
        let profile = daemon.known.profiles[&work()].clone();
        daemon.ran(now, Ran { run: *run, profile, order: order.clone(), by_hand: false, done });
        order.clone()
    }

    #[tokio::test]
    async fn what_a_run_of_some_items_does_not_settle_one_full_run_looks_at() {
        let folder = tempfile::tempdir().unwrap();
        let broken = problem("a.ics", "a.ics", Side::Local, "it is no calendar");
        let home = with_problem(folder.path(), broken.clone());
        let mut daemon = Daemon::start(&home).unwrap().unwrap().daemon;
        let now = daemon.clock.now();
        let removed = || [Href::new("a.ics")].into();
        for still_broken in [true, false] {
            daemon.schedule.local_changed(now, &work(), removed());
            assert_eq!(end(&mut daemon, now, Report { part: true, ..report() }), Order::files(removed()));
            assert!(matches!(daemon.last[&work()].state, State::Warning { .. }));
            let full = match still_broken {
                true => Report { outcome: RunOutcome::Partial, problems: vec![broken.clone()], ..report() },
                false => report(),
            };
            assert_eq!(end(&mut daemon, now, full), Order::everything());
            assert_eq!(daemon.schedule.advance(now), [], "it is looked at once");
        }
        assert_eq!(daemon.last[&work()].state, State::InSync);
        daemon.schedule.local_changed(now, &work(), removed());
        end(&mut daemon, now, Report { part: true, ..report() });
        assert_eq!(daemon.schedule.advance(now), []);
    }
}
