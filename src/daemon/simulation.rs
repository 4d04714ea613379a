//! Days of the daemon in a moment: the schedule and the notices in a world where networks, servers, passwords and
//! keyrings fail, with a clock that is only a number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clock::{Clock, Moment};
use super::notices::{Ended, Notices, Tell, Told};
use super::protocol::RunId;
use super::schedule::tests::{name, planned, well};
use super::schedule::{Account, Begin, Do, End, Order, Planned, Reason, Schedule};
use crate::collection::Href;
use crate::profile::Name;
use crate::report::{Report, RunOutcome, fixtures};
use crate::settings::Finding;
use crate::sync::run::Obstacle;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What is wrong for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// There is no network.
    Offline,
    /// This host answers 503, and may say for how many seconds.
    Busy(&'static str, Option<u64>),
    /// The password of this person is another one than the server wants.
    WrongPassword(&'static str),
    KeyringLocked,
    /// Other processes work on all profiles.
    Elsewhere,
    /// The computer sleeps.
    Asleep,
}

#[derive(Debug, Clone, Copy)]
struct Spell {
    from: u64,
    to: u64,
    trouble: Trouble,
}

struct Profile {
    planned: Planned,
    host: &'static str,
    user: &'static str,
    /// How often something changed, and how much of that is in sync.
    changed: u64,
    synced: u64,
}

struct Run {
    run: RunId,
    profile: Name,
    ends: u64,
    order: Order,
    by_hand: bool,
    /// What had changed when it began.
    saw: u64,
}

struct World {
    now: u64,
    chance: u64,
    spells: Vec<Spell>,
    profiles: BTreeMap<Name, Profile>,
    running: Vec<Run>,
    schedule: Schedule,
    notices: Notices,
    /// The runs that failed: when, whose, and why.
    failed: Vec<(u64, &'static str, Obstacle)>,
    runs: u64,
    told: Vec<(u64, String)>,
    withdrawn: usize,
}

fn at(seconds: u64) -> Moment {
    Moment::at(Duration::from_secs(seconds))
}

impl World {
    fn new(
        seed: u64,
        profiles: &[(&'static str, &'static str, &'static str, u64)],
        spells: &[Spell],
    ) -> World {
        let mut schedule = Schedule::new(true);
        let profiles: BTreeMap<Name, Profile> = profiles
            .iter()
            .map(|(profile, host, user, minutes)| {
                let planned = planned(profile, host, user, *minutes);
                (name(profile), Profile { planned, host, user, changed: 1, synced: 0 })
            })
            .collect();
        let all = profiles.values().map(|profile| profile.planned.clone()).collect();
        schedule.plan(at(0), all, |_| Begin { ran: None, chance: 0.5 });
        let wanted = vec![Finding::Errors, Finding::Warnings, Finding::Held];
        World {
            now: 0,
            chance: seed.wrapping_mul(2).wrapping_add(1),
            spells: spells.to_vec(),
            profiles,
            running: Vec::new(),
            schedule,
            notices: Notices::new(Told::default(), wanted, true),
            failed: Vec::new(),
            runs: 0,
            told: Vec::new(),
            withdrawn: 0,
        }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % limit
    }

    fn is(&self, wanted: impl Fn(&Trouble) -> bool) -> bool {
        let now = self.now;
        self.spells.iter().any(|spell| (spell.from..spell.to).contains(&now) && wanted(&spell.trouble))
    }

    /// What keeps a run of this profile from being done now.
    fn obstacle(&self, profile: &Profile) -> Option<Obstacle> {
        if self.is(|trouble| *trouble == Trouble::Elsewhere) {
            return Some(Obstacle::Elsewhere);
        }
        if self.is(|trouble| *trouble == Trouble::KeyringLocked) {
            return Some(Obstacle::KeyringLocked);
        }
        if self.is(|trouble| *trouble == Trouble::Offline) {
            return Some(Obstacle::Offline);
        }
        let now = self.now;
        let busy = self.spells.iter().find_map(|spell| match spell.trouble {
            Trouble::Busy(host, asked) if host == profile.host && (spell.from..spell.to).contains(&now) => {
                Some(Obstacle::Busy { retry_after: asked.map(Duration::from_secs) })
            }
            _ => None,
        });
        let refused = self.is(|trouble| *trouble == Trouble::WrongPassword(profile.user));
        busy.or(refused.then_some(Obstacle::SignIn))
    }

    /// Lives until then; what changes meanwhile is said by `what`.
    fn live(&mut self, until: u64, mut what: impl FnMut(&mut World)) {
        while self.now < until {
            if let Some(sleep) = self.sleep() {
                self.now = sleep;
            }
            what(self);
            self.end_runs();
            self.begin();
            self.check();
            let next = self
                .schedule
                .next(at(self.now))
                .map(|moment| self.now + moment.since(at(self.now)).as_secs().max(1));
            let ends = self.running.iter().map(|run| run.ends).min();
            let tick = Some(self.now + MINUTE);
            self.now = [next, ends, tick].into_iter().flatten().min().unwrap_or(until).max(self.now + 1);
        }
    }

    fn sleep(&self) -> Option<u64> {
        let asleep = self.spells.iter().filter(|spell| spell.trouble == Trouble::Asleep);
        asleep.filter(|spell| (spell.from..spell.to).contains(&self.now)).map(|spell| spell.to).max()
    }

    fn begin(&mut self) {
        for todo in self.schedule.advance(at(self.now)) {
            match todo {
                Do::Run { run, profile, order, by_hand } => {
                    let ends = self.now + 1 + self.below(40);
                    let saw = self.profiles[&profile].changed;
                    self.runs += 1;
                    self.running.push(Run { run, profile, ends, order, by_hand, saw });
                }
                Do::CheckSecret { profile, access } => {
                    let user = self.profiles[&profile].user;
                    let is_another = !self.is(|trouble| *trouble == Trouble::WrongPassword(user));
                    self.schedule.secret_checked(at(self.now), &access, is_another);
                    self.begin();
                }
            }
        }
        assert_eq!(self.schedule.advance(at(self.now)), [], "everything was said");
    }

    fn end_runs(&mut self) {
        let now = self.now;
        let (ended, running) = std::mem::take(&mut self.running).into_iter().partition(|run| run.ends <= now);
        self.running = running;
        for Run { run, profile, order, by_hand, saw, .. } in ended {
            let obstacle = self.obstacle(&self.profiles[&profile]);
            let there = self.profiles.get_mut(&profile).unwrap();
            let mut report = fixtures::report();
            report.started += SignedDuration::from_secs(now as i64);
            match obstacle {
                Some(obstacle) => {
                    self.failed.push((now, there.user, obstacle));
                    report = Report {
                        outcome: RunOutcome::Failed,
                        failure: Some(format!("{obstacle:?} in {profile}")),
                        ..report
                    };
                }
                None => there.synced = there.synced.max(saw),
            }
            let end = End { obstacle, failed: obstacle.is_some(), ..well() };
            self.schedule.finished(at(now), run, end);
            let ended = Ended {
                profile: &profile,
                account: &there.planned.access.account,
                closed: &self.schedule.closed(&there.planned.access.account),
                report: &report,
                obstacle: obstacle.as_ref(),
                reached: obstacle.is_none(),
                by_hand,
                full: order.only.is_none(),
            };
            for tell in self.notices.run_ended(ended) {
                match tell {
                    Tell::Notify(notice) => self.told.push((now, notice.key)),
                    Tell::Withdraw(_) => self.withdrawn += 1,
                }
            }
        }
    }

    /// No profile runs twice, no account has two that run, the limits are kept, and none is forgotten.
    fn check(&self) {
        for (profile, Profile { planned, .. }) in &self.profiles {
            let refused = self
                .schedule
                .standstill(profile)
                .is_some_and(|standstill| standstill.reason == Reason::SignIn);
            let comes = self.schedule.next_of(profile).is_some() || self.schedule.running(profile).is_some();
            let waits = refused || self.schedule.paused().is_some();
            assert!(planned.interval.is_none() || comes || waits, "{profile} never runs again");
        }
        let profiles: BTreeSet<&Name> = self.running.iter().map(|run| &run.profile).collect();
        assert_eq!(profiles.len(), self.running.len(), "a profile runs twice");
        assert!(self.running.len() <= 4);
        let mut accounts: Vec<&Account> = Vec::new();
        let mut hosts = BTreeMap::<&str, usize>::new();
        for run in &self.running {
            let profile = &self.profiles[&run.profile];
            assert!(!accounts.contains(&&profile.planned.access.account), "two of an account");
            accounts.push(&profile.planned.access.account);
            *hosts.entry(profile.host).or_default() += 1;
        }
        assert!(hosts.values().all(|number| *number <= 2), "{hosts:?}");
    }

    fn change(&mut self, profile: &str, files: &[&str]) {
        let profile = name(profile);
        self.profiles.get_mut(&profile).unwrap().changed += 1;
        let files = files.iter().map(|file| Href::new(*file)).collect();
        self.schedule.local_changed(at(self.now), &profile, files);
    }

    /// The profile's file cannot be read, and can be again.
    fn break_for_a_moment(&mut self, profile: &str) {
        let all = || self.profiles.values().map(|profile| profile.planned.clone());
        let others = all().filter(|planned| planned.name != name(profile)).collect();
        let (now, all) = (at(self.now), all().collect());
        let begin = |_: &Name| Begin { ran: Some(Duration::ZERO), chance: 0.5 };
        self.schedule.plan(now, others, begin);
        self.schedule.plan(now, all, begin);
    }

    #[track_caller]
    fn all_in_sync(&self) {
        let behind: Vec<&Name> =
            self.profiles.iter().filter(|(_, p)| p.synced < p.changed).map(|(name, _)| name).collect();
        assert!(behind.is_empty(), "{behind:?} at {}", self.now);
    }

    fn failures(&self, user: &str) -> usize {
        self.failed.iter().filter(|(_, whose, _)| *whose == user).count()
    }
}

const PROFILES: &[(&str, &str, &str, u64)] = &[
    ("work", "one.example", "jana", 30),
    ("home", "one.example", "jana", 30),
    ("tasks", "one.example", "jana", 10),
    ("family", "one.example", "ole", 30),
    ("club", "one.example", "club", 60),
    ("contacts", "two.example", "jana@two", 30),
    ("by hand", "two.example", "jana@two", 0),
    ("phone", "three.example", "phone", 5),
];

/// What is never run by itself is not asked for.
fn live_by_themselves(seed: u64, spells: &[Spell]) -> World {
    let profiles: Vec<_> = PROFILES.iter().filter(|(_, _, _, minutes)| *minutes > 0).copied().collect();
    World::new(seed, &profiles, spells)
}

#[test]
fn a_quiet_day() {
    let mut world = live_by_themselves(1, &[]);
    world.live(DAY, |_| {});
    world.all_in_sync();
    // 648, if the runs themselves took no time.
    assert!((600..=650).contains(&world.runs), "{}", world.runs);
    assert_eq!((world.told.len(), world.failed.len()), (0, 0));
}

#[test]
fn a_night_without_a_network() {
    let night = Spell { from: 22 * HOUR, to: 30 * HOUR, trouble: Trouble::Offline };
    let mut world = live_by_themselves(2, &[night]);
    world.live(night.from + HOUR, |_| {});
    for (profile, ..) in PROFILES.iter().filter(|(_, _, _, minutes)| *minutes > 0) {
        world.change(profile, &["x.ics"]);
    }
    assert_eq!(world.schedule.standstill(&name("work")).unwrap().reason, Reason::Offline);
    world.live(night.to, |_| {});
    for user in ["jana", "ole", "club", "jana@two"] {
        let tries = world.failures(user);
        assert!((5..=50).contains(&tries), "{user}: {tries} tries in 8 hours");
    }
    assert!(world.failures("phone") <= 8 * 12 + 5, "its interval is 5 minutes");
    world.live(night.to + 20 * MINUTE, |_| {});
    world.all_in_sync();
    assert_eq!(world.told, [], "it is quiet");
    assert_eq!(world.schedule.standstill(&name("work")), None);
}

#[test]
fn a_server_that_is_busy_for_an_hour() {
    for asked in [None, Some(120), Some(1800)] {
        let busy = Spell { from: 5 * HOUR, to: 6 * HOUR, trouble: Trouble::Busy("one.example", asked) };
        let mut world = live_by_themselves(3, &[busy]);
        world.live(busy.to, |_| {});
        for user in ["jana", "ole", "club"] {
            let tries = world.failures(user);
            assert!(
                tries <= 60 * 60 / asked.map_or(400, |asked| asked as usize) + 2,
                "{asked:?} {user}: {tries}"
            );
        }
        assert_eq!(world.failures("phone"), 0, "the others go on");
        world.live(busy.to + 40 * MINUTE, |_| {});
        world.all_in_sync();
        assert_eq!(world.told, []);
    }
}

#[test]
fn a_server_that_is_busy_for_days() {
    let busy = Spell { from: 5 * HOUR, to: 77 * HOUR, trouble: Trouble::Busy("one.example", None) };
    let mut world = live_by_themselves(3, &[busy]);
    world.live(busy.to, |_| {});
    let (when, keys): (Vec<u64>, Vec<&str>) =
        world.told.iter().map(|(when, key)| (*when, key.as_str())).unzip();
    assert!(when.iter().all(|when| (29 * HOUR..30 * HOUR + 10 * MINUTE).contains(when)), "{when:?}");
    assert_eq!(keys.len(), 3, "{keys:?}: one for each account");
    world.live(busy.to + 40 * MINUTE, |_| {});
    world.all_in_sync();
    assert_eq!((world.told.len(), world.withdrawn), (3, 3));
}

#[test]
fn a_computer_that_sleeps() {
    let sleep = Spell { from: 10 * HOUR, to: 18 * HOUR, trouble: Trouble::Asleep };
    let mut world = live_by_themselves(4, &[sleep]);
    world.live(sleep.from, |_| {});
    let before = world.runs;
    for profile in world.profiles.values_mut() {
        profile.changed += 1;
    }
    world.live(sleep.to + 4 * MINUTE, |_| {});
    world.all_in_sync();
    let profiles = world.profiles.len() as u64;
    assert!(
        world.runs - before <= profiles + 1,
        "what was slept away is made up for once: {}",
        world.runs - before
    );
}

#[test]
fn a_clock_that_is_set_forward_and_back() {
    let noon: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let (mut clock, mut schedule) = (Clock::starting_at(noon), Schedule::new(true));
    let profiles = vec![planned("a", "one.example", "jana", 30), planned("b", "two.example", "jana", 60)];
    schedule.plan(at(0), profiles, |_| Begin { ran: None, chance: 0.0 });
    let mut runs = Vec::new();
    for awake in (0..DAY).step_by(30) {
        let set = match awake / HOUR {
            0..6 => 0,
            6..12 => 400 * 24,
            12..18 => -400 * 24,
            _ => 0,
        };
        let wall = noon + SignedDuration::from_secs(awake as i64) + SignedDuration::from_hours(set);
        let now = clock.look(Duration::from_secs(awake), wall);
        for todo in schedule.advance(now) {
            let Do::Run { run, .. } = todo else { panic!("{todo:?}") };
            schedule.finished(now, run, well());
            runs.push(awake);
        }
    }
    let usual = 48 + 24;
    assert!((usual..=usual + 4).contains(&runs.len()), "{}: once more after each way forward", runs.len());
    let pauses = runs.windows(2).map(|two| two[1] - two[0]).max();
    assert!(pauses <= Some(30 * MINUTE), "{pauses:?}");
}

#[test]
fn a_wrong_password() {
    let wrong = Spell { from: 2 * HOUR, to: 50 * HOUR, trouble: Trouble::WrongPassword("jana") };
    let mut world = live_by_themselves(5, &[wrong]);
    world.live(wrong.to, |world| {
        if world.now.is_multiple_of(7 * MINUTE) {
            world.change("work", &["x.ics"]);
        }
    });
    assert_eq!(world.failures("jana"), 1, "a second try could get the account locked");
    assert_eq!(world.told.len(), 1, "{:?}", world.told);
    world.live(wrong.to + 20 * MINUTE, |_| {});
    world.all_in_sync();
    assert_eq!((world.told.len(), world.withdrawn), (1, 1));
}

#[test]
fn a_keyring_that_is_locked_until_the_person_comes() {
    let locked = Spell { from: 0, to: 9 * HOUR, trouble: Trouble::KeyringLocked };
    let mut world = live_by_themselves(6, &[locked]);
    world.live(locked.to, |_| {});
    assert!(world.failures("jana") <= 9 * 12 + 2);
    world.live(locked.to + 8 * MINUTE, |_| {});
    world.all_in_sync();
    assert_eq!((world.told.len(), world.withdrawn), (1, 1), "{:?}", world.told);
}

#[test]
fn bursts_of_changes() {
    let mut world = live_by_themselves(7, &[]);
    world.live(HOUR, |_| {});
    let before = world.runs;
    world.live(HOUR + 10 * MINUTE, |world| {
        for file in ["a", "b", "c"] {
            world.change("work", &[file]);
        }
    });
    world.live(HOUR + 11 * MINUTE, |_| {});
    world.all_in_sync();
    assert!(world.runs - before < 200, "{} runs in ten minutes", world.runs - before);
}

#[test]
fn weeks_in_which_everything_goes_wrong() {
    for seed in 0..40 {
        let mut chance = World::new(seed, &[], &[]);
        let spells: Vec<Spell> = (0..14)
            .map(|_| {
                let from = chance.below(7 * DAY);
                let mut to = from + 1 + chance.below(10 * HOUR);
                let trouble = match chance.below(7) {
                    0 => Trouble::Offline,
                    1 => Trouble::Busy("one.example", None),
                    2 => Trouble::Busy("three.example", Some(300)),
                    3 => Trouble::WrongPassword("jana"),
                    4 => Trouble::KeyringLocked,
                    5 => {
                        to = from + 1 + chance.below(5 * MINUTE);
                        Trouble::Elsewhere
                    }
                    _ => Trouble::Asleep,
                };
                Spell { from, to, trouble }
            })
            .collect();
        let mut world = World::new(seed, PROFILES, &spells);
        world.live(8 * DAY, |world| match world.below(60) {
            0 => world.change("work", &["x.ics"]),
            1 => world.change("by hand", &["y.ics"]),
            2 => drop(world.schedule.ask(at(world.now), &name("home"), Order::everything())),
            3 => world.schedule.remote_changed(at(world.now), &name("phone")),
            4 => world.schedule.pause(at(world.now), Some(at(world.now + 30 * MINUTE))),
            5 => world.break_for_a_moment("phone"),
            6 => world.break_for_a_moment("work"),
            _ => {}
        });
        let asked = world.schedule.ask(at(world.now), &name("by hand"), Order::everything());
        assert!(asked.is_some());
        world.live(8 * DAY + 3 * HOUR, |_| {});
        world.all_in_sync();
        let wrong = |trouble: &Trouble| matches!(trouble, Trouble::WrongPassword(_) | Trouble::KeyringLocked);
        let most = spells.iter().filter(|spell| wrong(&spell.trouble)).count();
        assert!(world.told.len() <= most, "seed {seed}: {:?}", world.told);
        assert!(world.runs < 12_000, "seed {seed}: {} runs", world.runs);
    }
}
