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
            self.look(account, async move {
                let found = poll::look(&home, &accounts, &reader, &profiles).await;
                // A run tells of it, and goes by what it is.
                let found =
                    found.inspect_err(|error| tracing::debug!("a look at the server failed: {error}"));
                found.unwrap_or_default()
            });
        }
    }

    fn look(&mut self, account: Account, look: impl Future<Output = Polled> + Send + 'static) {
        self.tasks
            .spawn(async move { Ready::Look { account: Box::new(account), found: run::found(look).await } });
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
            let stands_still = self.schedule.standstill(&profile.name).is_some();
            let is_looked_for = planned.by_itself && planned.interval.is_some() && !stands_still;
            planned.access.account == *account && is_looked_for
        });
        own.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::daemon::schedule::Do;
    use crate::daemon::schedule::tests::well;
    use crate::home::Home;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A home with two profiles of two accounts, which never ran.
    fn home(folder: &std::path::Path) -> Home {
        let home = Home::at(folder);
        std::fs::create_dir_all(home.profiles_dir()).unwrap();
        std::fs::write(home.settings_file(), "tray = false\n").unwrap();
        for name in ["bad", "good"] {
            let text = format!(
                "kind = \"events\"\ninterval_minutes = 60\n[local]\ntype = \"vdir\"\npath = \"/nowhere/{name}\"\n\
                 [remote]\ntype = \"dav\"\nurl = \"https://{name}.example/\"\nuser = \"jana\"\n"
            );
            std::fs::write(home.profiles_dir().join(format!("{name}.toml")), text).unwrap();
        }
        home
    }

    #[tokio::test]
    async fn a_mistake_in_a_look_ends_neither_the_daemon_nor_other_looks() {
        let folder = tempfile::tempdir().unwrap();
        let mut daemon = Daemon::start(&home(folder.path())).unwrap().unwrap().daemon;
        let now = daemon.clock.now();
        // Both ran once.
        for todo in daemon.schedule.advance(now) {
            let Do::Run { run, .. } = todo else { panic!("{todo:?}") };
            daemon.schedule.finished(now, run, well());
        }
        let accounts: Vec<Account> = daemon.known.profiles.values().map(Account::of).collect();
        accounts.iter().for_each(|account| daemon.worked(now, account));
        let soon = now.plus(MINUTE);
        assert_eq!(daemon.looks.begin(soon).len(), 2);
        let names: Vec<Name> = daemon.known.profiles.keys().cloned().collect();
        let found = |changed| Polled { changed, cannot_tell: Vec::new() };
        let (none, good): (Vec<Name>, _) = (Vec::new(), vec![names[1].clone()]);
        daemon.look(accounts[0].clone(), async move { found(vec![none[0].clone()]) });
        daemon.look(accounts[1].clone(), async move { found(good) });
        while let Some(ready) = daemon.tasks.join_next().await {
            daemon.ready(ready.expect("it is survived"));
        }

        // Both are looked at again, and what the other look found is done.
        assert_eq!(daemon.looks.begin(soon.plus(MINUTE * 3)).len(), 2);
        let todo = daemon.schedule.advance(soon);
        let [Do::Run { profile, .. }] = todo.as_slice() else { panic!("{todo:?}") };
        assert_eq!(*profile, names[1]);
    }
}
