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
        let state = match last {
            None => State::NeverRun,
            // It was accepted since.
            Some(Last { state: State::PreviewNeeded, .. }) => State::NeverRun,
            Some(last) => last.state.clone(),
        };
        match state {
            // What waits for the person, or went wrong, is told of one that is switched off too.
            State::NeverRun | State::InSync | State::Warning { .. } if !profile.active => State::Inactive,
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::daemon::schedule::{Access, Begin, Do, End, Order as Asked, Planned};
    use crate::profile;
    use crate::report::fixtures::report;
    use crate::report::{Held, Report, RunOutcome};
    use crate::sync::run::Obstacle;

    /// How a profile is that is switched off, after a run that ended so.
    fn off(preview_needed: bool, report: Option<Report>, obstacle: Option<Obstacle>) -> State {
        let name = Name::new("phone").unwrap();
        let text = "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/cal\"\n[remote]\ntype = \"dav\"\n\
                    url = \"https://one.example/\"\n";
        let sound = profile::parse(&name, Path::new("phone.toml"), text).unwrap();
        let profile = Profile { active: false, preview_needed, ..sound };
        let (now, mut schedule) = (Moment::default(), Schedule::new(true));
        let access = Access::of(&profile);
        let planned = Planned { name: name.clone(), access, by_itself: false, interval: None };
        schedule.plan(now, vec![planned], |_| Begin { ran: None, chance: 0.0 });
        schedule.ask(now, &name, Asked::everything());
        let [Do::Run { run, .. }] = schedule.advance(now)[..] else { panic!() };
        let failed = obstacle.is_some();
        schedule.finished(now, run, End { obstacle, failed, reached: true, held: false, why: "why".into() });
        let mut known = Known::default();
        known.profiles.insert(name.clone(), profile);
        let last = report.map(|report| (name, Last::of(&report, None))).into_iter().collect();
        let facts = Facts {
            now,
            clock: &Clock::start(),
            known: &known,
            schedule: &schedule,
            last: &last,
            steps: &BTreeMap::new(),
            order: &Order::default(),
        };
        facts.profiles().remove(0).state
    }

    #[test]
    fn a_profile_that_is_switched_off_says_what_it_waits_for() {
        let run = |outcome| Some(Report { outcome, ..report() });
        assert_eq!(off(false, None, None), State::Inactive);
        assert_eq!(off(false, run(RunOutcome::Ok), None), State::Inactive);
        assert_eq!(off(false, run(RunOutcome::Partial), None), State::Inactive);
        assert_eq!(off(true, None, None), State::PreviewNeeded);
        let held = Held { remote: 3, ..Held::default() };
        let report = Report { outcome: RunOutcome::Held, held, ..report() };
        assert_eq!(off(false, Some(report), None), State::Held { held });
        assert!(matches!(off(false, run(RunOutcome::Failed), None), State::Error { .. }));
        let refused = off(false, run(RunOutcome::Failed), Some(Obstacle::SignIn));
        assert_eq!(refused, State::SignInNeeded { why: "why".into() });
    }
}
