//! Runs that other processes did: `pimbridge sync` does the work itself where the daemon cannot, or where none runs.

use std::path::PathBuf;
use std::time::SystemTime;

use super::Daemon;
use crate::daemon::clock::Moment;
use crate::daemon::last::Last;
use crate::daemon::notices::Tell;
use crate::profile::Name;
use crate::state;

/// When the file of a profile's state, and what SQLite keeps beside it, were changed, and how large they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stamp([Option<(SystemTime, u64)>; 2]);

impl Stamp {
    fn of(state: PathBuf) -> Stamp {
        let mut log = state.clone().into_os_string();
        log.push("-wal");
        Stamp([state, log.into()].map(|path| {
            let about = std::fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        }))
    }
}

impl Daemon {
    /// Takes note of the runs that others did meanwhile.
    pub(super) fn look_elsewhere(&mut self) {
        let (found, told) = self.read_runs();
        if found {
            // A person may have synced for the first time. No profile goes by this, so no run is dropped.
            self.plan();
            self.say(told);
        }
    }

    /// Reads of the profiles that rest how their last run went, where something was done to the state that the daemon did
    /// not do. Says whether there was a run, and what is to be told.
    pub(super) fn read_runs(&mut self) -> (bool, Vec<Tell>) {
        let resting = self.known.profiles.keys().filter(|name| self.schedule.running(name).is_none());
        let stamps = resting.map(|name| (name.clone(), Stamp::of(self.home.state_file(name))));
        let changed: Vec<(Name, Stamp)> = stamps
            .filter(|(name, stamp)| self.states.get(name).copied().unwrap_or_default() != *stamp)
            // Its report says only at the end how it went.
            .filter(|(name, _)| !state::is_in_use(&self.home.state_file(name)))
            .collect();
        let mut found = false;
        let mut told = Vec::new();
        for (name, stamp) in changed {
            self.states.insert(name.clone(), stamp);
            let read = Last::read(&self.home, &name).unwrap_or_else(|error| {
                tracing::warn!(profile = name.as_str(), "its reports cannot be read: {error}");
                None
            });
            let Some(read) = read.filter(|read| self.last.get(&name).is_none_or(|last| read.is_after(last)))
            else {
                continue;
            };
            found = true;
            told.extend(self.notices.ran_elsewhere(&name, &read.state));
            match self.last.get_mut(&name) {
                Some(last) => last.is_followed_by(read),
                None => drop(self.last.insert(name, read)),
            }
        }
        (found, told)
    }

    /// Items of this profile were worked on at a person's wish, outside of its runs: what that wrote, and how the others
    /// are now, a full run sees.
    pub(super) fn worked_on(&mut self, now: Moment, profile: &Name) {
        if let Some(watcher) = &self.watcher {
            watcher.release(profile);
        }
        self.look_elsewhere();
        self.schedule.remote_changed(now, profile);
        self.show(now);
    }

    /// What was done to the state of this profile up to now, the daemon did itself.
    pub(super) fn wrote(&mut self, profile: &Name) {
        self.states.insert(profile.clone(), Stamp::of(self.home.state_file(profile)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::Timestamp;
    use tokio::sync::oneshot;

    use super::*;
    use crate::daemon::protocol::{Reply, State};
    use crate::daemon::schedule::Do;
    use crate::daemon::service::Ready;
    use crate::home::{Home, make_private};
    use crate::report::fixtures::{problem, report};
    use crate::report::{Problem, Report, RunOutcome};
    use crate::sync::Side;

    /// A home whose only profile has run just now, and left this.
    pub fn with_problem(folder: &std::path::Path, problem: Problem) -> Home {
        let home = Home::at(folder);
        std::fs::create_dir_all(home.profiles_dir()).unwrap();
        std::fs::write(home.settings_file(), "tray = false\n").unwrap();
        let text = "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/nowhere\"\n[remote]\ntype = \"dav\"\n\
                    url = \"https://one.example/\"\n";
        std::fs::write(home.profiles_dir().join("work.toml"), text).unwrap();
        make_private(home.state_dir()).unwrap();
        let parked = u64::from(problem.parked);
        store(&home, Report { outcome: RunOutcome::Partial, parked, problems: vec![problem], ..report() });
        home
    }

    fn store(home: &Home, report: Report) {
        let state = home.state_file(&work());
        let state = state::State::open(&state, "", Timestamp::now()).unwrap();
        state.write(|w| w.begin_report(&Report { started: Timestamp::now(), ..report })).unwrap();
    }

    pub fn work() -> Name {
        Name::new("work").unwrap()
    }

    #[tokio::test]
    async fn what_a_person_decided_is_seen_at_once_and_by_a_full_run() {
        let folder = tempfile::tempdir().unwrap();
        let waits = Problem { parked: true, ..problem("a", "A", Side::Local, "both changed it") };
        let home = with_problem(folder.path(), waits);
        let mut daemon = Daemon::start(&home).unwrap().unwrap().daemon;
        let now = daemon.clock.now();
        assert_eq!(daemon.schedule.advance(now), []);
        daemon.schedule.pause(now, None);
        let is = |daemon: &Daemon| daemon.status.borrow().profiles[0].state.clone();
        assert!(matches!(is(&daemon), State::Warning { .. }), "{:?}", is(&daemon));

        store(&home, Report { part: true, ..report() });
        let (to, mut told) = oneshot::channel();
        let (reply, worked_on) = (Box::new(Reply::Done), Some(work()));
        daemon.ready(Ready::Answered { reply, to, changes_files: false, signed_in: None, worked_on });
        assert_eq!(told.try_recv(), Ok(Reply::Done));
        assert_eq!(is(&daemon), State::InSync);

        daemon.schedule.resume();
        let todo = daemon.schedule.advance(now);
        assert!(matches!(todo.as_slice(), [Do::Run { by_hand: false, .. }]), "{todo:?}");
    }
}
