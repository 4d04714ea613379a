//! Runs that other processes did: `pimbridge sync` does the work itself where the daemon cannot, or where none runs.

use std::path::PathBuf;
use std::time::SystemTime;

use super::Daemon;
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

    /// What was done to the state of this profile up to now, the daemon did itself.
    pub(super) fn wrote(&mut self, profile: &Name) {
        self.states.insert(profile.clone(), Stamp::of(self.home.state_file(profile)));
    }
}
