//! How the daemon and its profiles are, put together for clients and the desktop.

use std::collections::BTreeMap;

use super::clock::{Clock, Moment};
use super::known::Known;
use super::last::Last;
use super::protocol::{Paused, ProfileStatus, RunId, State, Step};
use super::schedule::{Reason, Schedule};
use crate::profile::{Name, Profile};
use crate::settings::Order;

/// What the status is made of.
pub struct Facts<'a> {
    pub now: Moment,
    pub clock: &'a Clock,
    pub known: &'a Known,
    pub schedule: &'a Schedule,
    pub last: &'a BTreeMap<Name, Last>,
    pub steps: &'a BTreeMap<RunId, Step>,
    pub order: &'a Order,
}

impl Facts<'_> {
    /// In the person's order.
    pub fn profiles(&self) -> Vec<ProfileStatus> {
        let sound = self.known.profiles.values().map(|profile| self.profile(profile));
        let broken = self.known.broken.iter().map(|(name, why)| ProfileStatus {
            name: name.clone(),
            active: true,
            state: State::Broken { why: why.clone() },
            last: Name::new(name).ok().and_then(|name| Some(self.last.get(&name)?.run.clone())),
            next: None,
        });
        let mut all: Vec<ProfileStatus> = sound.chain(broken).collect();
        all.sort_by_key(|profile| self.order.place(&profile.name));
        all
    }

    pub fn paused(&self) -> Option<Paused> {
        let pause = self.schedule.paused()?;
        let wall = |moment| self.clock.on_the_wall(moment);
        Some(Paused { since: wall(pause.since), until: pause.until.map(wall) })
    }

    fn profile(&self, profile: &Profile) -> ProfileStatus {
        let last = self.last.get(&profile.name);
        ProfileStatus {
            name: profile.name.to_string(),
            active: profile.active,
            state: self.state(profile, last),
            last: last.map(|last| last.run.clone()),
            next: self.schedule.next_of(&profile.name).map(|next| self.clock.on_the_wall(next.max(self.now))),
        }
    }

    fn state(&self, profile: &Profile, last: Option<&Last>) -> State {
        let name = &profile.name;
        if let Some(run) = self.schedule.running(name) {
            return State::Running { step: self.steps.get(&run).copied() };
        }
        if self.schedule.is_queued(self.now, name) {
            return State::Queued;
        }
        if !profile.active {
            return State::Inactive;
        }
        if let Some(standstill) = self.schedule.standstill(name) {
            let (since, why) = (self.clock.on_the_wall(standstill.since), standstill.why.clone());
            return match standstill.reason {
                Reason::Offline => State::Offline { since, why },
                Reason::Busy => State::Busy { since, why },
                Reason::SignIn => State::SignInNeeded { why },
                Reason::KeyringLocked => State::KeyringLocked { why },
            };
        }
        if profile.preview_needed {
            return State::PreviewNeeded;
        }
        match last {
            None => State::NeverRun,
            // It was accepted since.
            Some(Last { state: State::PreviewNeeded, .. }) => State::NeverRun,
            Some(last) => last.state.clone(),
        }
    }
}
