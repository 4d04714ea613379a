//! The profiles and the settings, which persons change while the daemon runs.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tr::tr;

use super::Daemon;
use crate::daemon::known::Known;
use crate::daemon::last::Last;
use crate::daemon::schedule::{Access, Account, Begin, Dropped, Planned};
use crate::daemon::watch::Watched;
use crate::profile::{Name, Profile};
use crate::report::RunOutcome;
use crate::settings;

/// When the settings, the folder of the profiles and each of them were changed, and how large they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stamps(Vec<Option<(SystemTime, u64)>>);

impl Daemon {
    /// Reads the profiles and the settings again if something was done to them. None is opened for that: whatever is
    /// opened in a folder that is watched wakes the watcher.
    pub(super) fn look_at_files(&mut self) {
        let stamps = self.stamps();
        if stamps != self.stamps {
            self.reload();
            self.stamps = stamps;
        }
        self.look_elsewhere();
    }

    pub(super) fn stamps(&self) -> Stamps {
        let folder = self.home.profiles_dir();
        let names =
            self.known.profiles.keys().map(Name::as_str).chain(self.known.broken.keys().map(String::as_str));
        let profiles = names.map(|name| folder.join(format!("{name}.toml")));
        let stamp = |path: PathBuf| {
            let about = std::fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        Stamps(
            [self.home.settings_file().to_owned(), folder.to_owned()]
                .into_iter()
                .chain(profiles)
                .map(stamp)
                .collect(),
        )
    }

    /// Reads the profiles and the settings again, where they changed.
    pub(super) fn reload(&mut self) {
        let mut wrong = Vec::new();
        match settings::load(&self.home) {
            Ok(settings) if settings != self.settings => {
                if settings.language != self.settings.language {
                    settings.language().speak();
                    self.reword();
                    self.desktop.show(&self.status.borrow());
                }
                let background = &settings.background;
                self.desktop.set_tray(background.tray);
                self.schedule.set_quiet_offline(background.check_network);
                self.notices.set_wanted(background.notify.clone(), background.check_network);
                self.settings = settings;
            }
            Ok(_) => {}
            Err(error) => wrong.push(error.to_string()),
        }
        match self.known.reload(&self.home) {
            Ok(Some(before)) => self.replan(&before),
            Ok(None) => {}
            Err(error) => wrong.push(error.to_string()),
        }
        let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        if let Some(wrong) = wrong.as_ref().filter(|_| wrong != self.unreadable) {
            tracing::warn!("{wrong}");
        }
        self.unreadable = wrong;
    }

    /// Says how the last runs left the profiles in the language that is spoken now.
    fn reword(&mut self) {
        for (name, last) in &mut self.last {
            // Otherwise what is known of it counts.
            if let Ok(Some(read)) = Last::read(&self.home, name) {
                last.is_reworded(read);
            }
        }
    }

    /// Something else stands in the files of the profiles.
    fn replan(&mut self, before: &Known) {
        for (name, why) in
            self.known.broken.iter().filter(|(name, why)| before.broken.get(*name) != Some(why))
        {
            tracing::warn!(profile = name, "it does not run: {why}");
        }
        for old in before.profiles.values() {
            if self.known.profiles.get(&old.name).is_none_or(|new| new.remote != old.remote) {
                self.accounts.forget(old);
            }
        }
        let known = &self.known;
        let is_there =
            |name: &Name| known.profiles.contains_key(name) || known.broken.contains_key(name.as_str());
        self.last.retain(|name, _| is_there(name));
        self.states.retain(|name, _| is_there(name));
        self.foreseen.retain(|name, _| is_there(name));
        let (_, mut told) = self.read_runs();
        let known = &self.known;
        let accounts: Vec<(&Name, Account)> =
            known.profiles.values().map(|profile| (&profile.name, Account::of(profile))).collect();
        told.extend(self.notices.profiles(&accounts, &known.broken));
        if let Some(watcher) = &self.watcher {
            let watched = known
                .profiles
                .values()
                .filter(|profile| profile.sync_on_change && profile.active && !profile.preview_needed);
            watcher.set(watched.map(|profile| Watched::new(&self.home, profile)).collect());
        }
        let dropped = self.plan();
        self.forget_looks();
        self.say(told);
        let why = tr!("the profile was removed, or its file cannot be used any more");
        self.will_not_run(dropped, &why);
    }

    /// Tells the schedule of the profiles. Returns the runs that were asked for and will never be.
    pub(super) fn plan(&mut self) -> Vec<Dropped> {
        let (now, wall) = (self.clock.now(), Timestamp::now());
        let last = &self.last;
        let planned = self.known.profiles.values().map(|profile| planned(profile, last.get(&profile.name)));
        self.schedule.plan(now, planned.collect(), |name| Begin {
            ran: last
                .get(name)
                .filter(|last| last.run.outcome != RunOutcome::Failed)
                .map(|last| last.ago(wall)),
            chance: chance(),
        })
    }
}

/// What may delete much at first does so only when a person is there.
fn is_yours(profile: &Profile, last: Option<&Last>) -> bool {
    profile.mode.deletes_at_first() && last.is_none_or(|last| !last.was_done)
}

pub(super) fn planned(profile: &Profile, last: Option<&Last>) -> Planned {
    let is_yours = is_yours(profile, last);
    let minutes = u64::from(profile.interval_minutes);
    Planned {
        name: profile.name.clone(),
        access: Access::of(profile),
        by_itself: profile.active && !profile.preview_needed && !is_yours,
        interval: (minutes > 0).then(|| Duration::from_secs(60 * minutes)),
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    // Without chance everything begins at the same time, which is no harm.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
