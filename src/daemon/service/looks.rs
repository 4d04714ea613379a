//! Looks at the servers between the runs.

use std::sync::Arc;

use super::files::planned;
use super::{Daemon, Ready};
use crate::daemon::clock::Moment;
use crate::daemon::poll::Polled;
use crate::daemon::schedule::Account;
use crate::daemon::{poll, run};
use crate::log;
use crate::profile::{Name, Profile};

impl Daemon {
    /// A run of the account did something: more may come soon.
    pub(super) fn worked(&mut self, now: Moment, account: &Account) {
        self.looks.busy(now, account, self.schedule.longest_interval(account));
    }

    /// Looks at the accounts whose turn it is. One whose profiles run, or cannot, learns more by their runs.
    pub(super) fn begin_looks(&mut self, now: Moment) {
        for account in self.looks.begin(now) {
            let profiles = self.looked_at(&account);
            if profiles.is_empty() || !self.schedule.is_at_rest(now, &account) {
                self.looks.looked(now, &account, self.schedule.longest_interval(&account));
                continue;
            }
            let (home, accounts, reader) =
                (self.home.clone(), Arc::clone(&self.accounts), Arc::clone(&self.reader));
            self.tasks.spawn(async move {
                let look = async {
                    let found = poll::look(&home, &accounts, &reader, &profiles).await;
                    // A run tells of it, and goes by what it is.
                    let found =
                        found.inspect_err(|error| tracing::debug!("a look at the server failed: {error}"));
                    found.unwrap_or_default()
                };
                Ready::Look { account: Box::new(account), found: run::found(look).await }
            });
        }
    }

    pub(super) fn looked(&mut self, now: Moment, account: &Account, found: Polled) {
        self.looks.looked(now, account, self.schedule.longest_interval(account));
        for profile in &found.changed {
            self.schedule.remote_changed(now, profile);
        }
        // Before a run was done, nothing can be told.
        let was_done = |profile: &Name| self.last.get(profile).is_some_and(|last| last.was_done);
        for profile in self.looks.untold(found.cannot_tell.into_iter().filter(was_done)) {
            log::profile(profile.as_str()).in_scope(|| {
                tracing::info!(
                    "the server does not tell between the runs whether anything changed: each run finds out"
                );
            });
        }
    }

    /// Accounts that have no profiles any more are not looked at.
    pub(super) fn forget_looks(&mut self) {
        let profiles = &self.known.profiles;
        self.looks.keep(|account| profiles.values().any(|profile| Account::of(profile) == *account));
    }

    /// The profiles of an account whose changes on the server are looked for.
    fn looked_at(&self, account: &Account) -> Vec<Profile> {
        let own = self.known.profiles.values().filter(|profile| {
            let planned = planned(profile, self.last.get(&profile.name));
            planned.account == *account && planned.by_itself && planned.interval.is_some()
        });
        own.cloned().collect()
    }
}
