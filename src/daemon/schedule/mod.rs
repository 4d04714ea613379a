//! When a profile runs. It knows no clock and does nothing itself: it is told what happened and when, and says what is
//! to be done now ([`Schedule::advance`]) and when it wants to be asked again ([`Schedule::next`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::clock::Moment;
use super::protocol::RunId;
use crate::collection::Href;
use crate::profile::Name;
use crate::sync::run::Obstacle;

mod account;
mod entry;
mod order;
#[cfg(test)]
pub(super) mod tests;
mod ways;

pub use account::{Access, Account, Reason, Standstill};
use account::{Doing, same_host};
use entry::{Asked, Entry, Running, first};
pub use order::Order;

/// How many profiles run at the same time, and how many accounts on one host.
const AT_ONCE: usize = 4;
const ON_A_HOST: usize = 2;
/// A profile waits no longer for runs that persons ask for when so many of them went before it.
const PATIENCE: u32 = 4;
/// The largest offset of the first run by chance.
const SPREAD: Duration = Duration::from_secs(120);
/// How long to wait for another Pimbridge.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// A profile that can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub name: Name,
    pub access: Access,
    /// It runs by itself; otherwise only when it is asked to.
    pub by_itself: bool,
    /// From the end of one run to the beginning of the next; none: only what is noticed makes it run by itself.
    pub interval: Option<Duration>,
}

/// What is known of a profile when the schedule learns of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Begin {
    /// How long ago it ran; none before the first time, or where that failed.
    pub ran: Option<Duration>,
    /// By chance, from 0 to 1: so that not everything begins at the same time.
    pub chance: f64,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Do {
    Run {
        run: RunId,
        profile: Name,
        order: Order,
        by_hand: bool,
    },
    /// See whether this profile has another secret now than the one that was refused, and tell
    /// [`Schedule::secret_checked`].
    CheckSecret {
        profile: Name,
        access: Access,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub obstacle: Option<Obstacle>,
    /// It was not done to its end.
    pub failed: bool,
    /// The server answered it.
    pub reached: bool,
    /// It holds back deletions.
    pub held: bool,
    /// A sentence for a person about that.
    pub why: String,
}

/// A run that was asked for and will never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub run: RunId,
    pub profile: Name,
    pub dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    pub since: Moment,
    /// None: until the person resumes.
    pub until: Option<Moment>,
}

/// Everything that decides when a profile runs.
#[derive(Debug)]
pub struct Schedule {
    profiles: BTreeMap<Name, Entry>,
    /// Where the server is away or busy.
    accounts: HashMap<Account, Doing>,
    /// Where the secret was refused or cannot be had.
    ways: HashMap<Access, Doing>,
    pause: Option<Pause>,
    /// A server that cannot be reached is a state and not an error.
    quiet_offline: bool,
    last_run: RunId,
}

impl Schedule {
    pub fn new(quiet_offline: bool) -> Schedule {
        Schedule {
            profiles: BTreeMap::new(),
            accounts: HashMap::new(),
            ways: HashMap::new(),
            pause: None,
            quiet_offline,
            last_run: RunId(0),
        }
    }

    pub fn set_quiet_offline(&mut self, quiet: bool) {
        self.quiet_offline = quiet;
    }

    /// These are all profiles from now on. Returns the runs that were asked for and will never be.
    pub fn plan(
        &mut self,
        now: Moment,
        profiles: Vec<Planned>,
        begin: impl Fn(&Name) -> Begin,
    ) -> Vec<Dropped> {
        let names: BTreeSet<Name> = profiles.iter().map(|planned| planned.name.clone()).collect();
        for planned in profiles {
            match self.profiles.get_mut(&planned.name) {
                Some(entry) => entry.change(planned, now),
                None => {
                    let due = first(&planned, begin(&planned.name), now);
                    self.profiles.insert(planned.name.clone(), Entry::new(planned, due));
                }
            }
        }
        let mut dropped = Vec::new();
        self.profiles.retain(|name, entry| {
            if !names.contains(name) {
                dropped.extend(entry.drop_asked());
                (entry.due, entry.wanted, entry.gone) = (None, None, true);
            }
            !entry.gone || entry.running.is_some()
        });
        self.keep_accounts(now);
        dropped
    }

    /// A person asks for a run; none where there is no such profile.
    pub fn ask(&mut self, now: Moment, profile: &Name, order: Order) -> Option<RunId> {
        let entry = self.profiles.get_mut(profile).filter(|entry| !entry.gone)?;
        let mut order = order;
        for asked in &mut entry.asked {
            match asked.order.join(order) {
                Ok(()) => return Some(asked.run),
                // The last word counts.
                Err(other) if asked.order.answers(&other) => {
                    asked.order = other;
                    return Some(asked.run);
                }
                Err(other) => order = other,
            }
        }
        self.last_run.0 += 1;
        entry.asked.push_back(Asked { run: self.last_run, order, since: now });
        Some(self.last_run)
    }

    /// Files of the profile's folder changed.
    pub fn local_changed(&mut self, now: Moment, profile: &Name, files: BTreeSet<Href>) {
        if let Some(entry) = self.profiles.get_mut(profile) {
            entry.want(now, Order::files(files));
        }
    }

    /// Something changed on the server.
    pub fn remote_changed(&mut self, now: Moment, profile: &Name) {
        if let Some(entry) = self.profiles.get_mut(profile) {
            entry.want(now, Order::everything());
        }
    }

    pub fn pause(&mut self, now: Moment, until: Option<Moment>) {
        let since = self.pause.map_or(now, |pause| pause.since);
        self.pause = Some(Pause { since, until });
    }

    pub fn resume(&mut self) {
        self.pause = None;
    }

    /// A run ended. Returns the runs that were asked for and will never be: where the sign-in was refused, each of them
    /// would be one refusal more.
    pub fn finished(&mut self, now: Moment, run: RunId, end: End) -> Vec<Dropped> {
        let is_it = |entry: &Entry| entry.running.as_ref().is_some_and(|running| running.run == run);
        let Some((name, entry)) = self.profiles.iter_mut().find(|(_, entry)| is_it(entry)) else {
            return Vec::new();
        };
        let Some(Running { access, order, by_hand, took, .. }) = entry.running.take() else {
            return Vec::new();
        };
        let (name, full) = (name.clone(), order.does_everything());
        let obstacle =
            end.obstacle.as_ref().filter(|obstacle| self.quiet_offline || **obstacle != Obstacle::Offline);
        let reason = match obstacle {
            Some(Obstacle::Offline) => Some(Reason::Offline),
            Some(Obstacle::Busy { .. }) => Some(Reason::Busy),
            Some(Obstacle::SignIn | Obstacle::ProxySignIn) => Some(Reason::SignIn),
            Some(Obstacle::KeyringLocked) => Some(Reason::KeyringLocked),
            Some(Obstacle::Elsewhere) => {
                // What it was to do is still to be done.
                if entry.planned.by_itself && !order.dry_run {
                    entry.due = Some(now.plus(ELSEWHERE));
                }
                None
            }
            // The daemon ends.
            Some(Obstacle::Stopped) => None,
            Some(Obstacle::NotUnderstood | Obstacle::Other) | None => {
                if !order.dry_run {
                    entry.failed = end.failed;
                }
                if full {
                    entry.rest(now);
                }
                None
            }
        };
        // What an interval will not make up for is not done again where a person saw that it failed.
        let is_missed = reason.is_some() && (!by_hand || took || entry.planned.interval.is_some());
        if is_missed && !order.dry_run {
            entry.due = None;
            entry.want(now, Order::everything());
        }
        // Only together with all others it can be judged.
        if end.held && order.only.is_some() && !order.dry_run {
            entry.want(now, Order::everything());
        }
        if entry.gone {
            self.profiles.remove(&name);
        }
        let refused = if reason == Some(Reason::SignIn) { self.drop_asked(&access) } else { Vec::new() };
        match (reason, obstacle) {
            (Some(reason), Some(obstacle)) => {
                self.hindered(now, &access, (reason, obstacle), end.why, !by_hand);
            }
            _ if !end.reached => {}
            (_, None) if end.obstacle.is_none() => self.came_through(&access, true),
            (_, Some(Obstacle::NotUnderstood | Obstacle::Other)) => self.came_through(&access, false),
            (_, _) => {}
        }
        refused
    }

    fn drop_asked(&mut self, access: &Access) -> Vec<Dropped> {
        let of_access = self.profiles.values_mut().filter(|entry| entry.planned.access == *access);
        of_access.flat_map(Entry::drop_asked).collect()
    }

    /// Takes note of the time, and says what is to be done now.
    pub fn advance(&mut self, now: Moment) -> Vec<Do> {
        if self.pause.is_some_and(|pause| pause.until.is_some_and(|until| until <= now)) {
            self.pause = None;
        }
        for entry in self.profiles.values_mut() {
            if entry.due.is_some_and(|due| due <= now) {
                entry.due = None;
                entry.want(now, Order::everything());
            }
        }
        let mut todo = self.checks(now);
        while let Some(begun) = self.begin_one(now) {
            todo.push(begun);
        }
        todo
    }

    /// When there may be something to do, if nothing happens before.
    pub fn next(&self, now: Moment) -> Option<Moment> {
        let dues = self.profiles.values().filter_map(|entry| entry.due);
        let waiting = self.profiles.values().filter(|entry| self.pause.is_none() && entry.wanted.is_some());
        let tries = waiting.flat_map(|entry| self.standstills(entry)).map(|standstill| standstill.again);
        let pause = self.pause.and_then(|pause| pause.until);
        dues.chain(tries).chain(pause).filter(|moment| *moment > now).min()
    }

    pub fn paused(&self) -> Option<Pause> {
        self.pause
    }

    /// Whether something may be asked of an account's server besides the runs: none of its profiles runs or waits for
    /// one, and nothing keeps them from it.
    pub fn is_at_rest(&self, now: Moment, account: &Account) -> bool {
        let stands_still = self.accounts.get(account).is_some_and(|doing| doing.standstill.is_some());
        let is_busy =
            |entry: &Entry| entry.running.is_some() || !entry.asked.is_empty() || self.may_begin(now, entry);
        self.pause.is_none() && !stands_still && !self.of(account).any(is_busy)
    }

    /// The longest interval of the account's profiles that run by themselves.
    pub fn longest_interval(&self, account: &Account) -> Option<Duration> {
        self.intervals(account).max()
    }

    /// The run of a profile that goes on.
    pub fn running(&self, profile: &Name) -> Option<RunId> {
        self.profiles.get(profile)?.running.as_ref().map(|running| running.run)
    }

    /// Whether a profile only waits for other runs to end.
    pub fn is_queued(&self, now: Moment, profile: &Name) -> bool {
        self.profiles.get(profile).is_some_and(|entry| !entry.asked.is_empty() || self.may_begin(now, entry))
    }

    /// When a profile runs next by itself, as far as that is known.
    pub fn next_of(&self, profile: &Name) -> Option<Moment> {
        let entry = self.profiles.get(profile).filter(|entry| entry.planned.by_itself)?;
        if self.standstills(entry).any(|standstill| standstill.reason == Reason::SignIn) {
            return None;
        }
        let due = entry.wanted.as_ref().map(|wanted| wanted.since).or(entry.due)?;
        let next = self.standstills(entry).map(|standstill| standstill.again).fold(due, Moment::max);
        match self.pause {
            Some(Pause { until, .. }) => until.map(|until| until.max(next)),
            None => Some(next),
        }
    }

    fn of<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = &'a Entry> {
        self.profiles.values().filter(move |entry| entry.planned.access.account == *account)
    }

    fn intervals<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = Duration> {
        let own = self.of(account).filter(|entry| entry.planned.by_itself);
        own.filter_map(|entry| entry.planned.interval)
    }

    fn shortest_interval(&self, account: &Account) -> Option<Duration> {
        self.intervals(account).min()
    }

    /// Whether something makes the profile run by itself, and nothing but other runs keeps it from that.
    fn may_begin(&self, now: Moment, entry: &Entry) -> bool {
        if entry.wanted.is_none() || entry.running.is_some() || self.pause.is_some() {
            return false;
        }
        let account = &entry.planned.access.account;
        let server = self.accounts.get(account).and_then(|doing| doing.standstill.as_ref());
        let waiting = || self.of(account).filter(|other| other.wanted.is_some() && self.is_open(now, other));
        self.is_open(now, entry)
            && server.is_none_or(|standstill| standstill.again <= now && entry.is_first_of(waiting()))
    }

    /// Begins the run that is first in turn, where another one can run now.
    fn begin_one(&mut self, now: Moment) -> Option<Do> {
        let running: Vec<&Account> = self
            .profiles
            .values()
            .filter_map(|entry| Some(&entry.running.as_ref()?.access.account))
            .collect();
        if running.len() >= AT_ONCE {
            return None;
        }
        let has_room = |account: &Account| {
            !running.contains(&account)
                && running.iter().filter(|other| same_host(other, account)).count() < ON_A_HOST
        };
        let candidates = self.profiles.values().filter_map(|entry| {
            if entry.running.is_some() || !has_room(&entry.planned.access.account) {
                return None;
            }
            let by_itself = entry.wanted.as_ref().filter(|_| self.may_begin(now, entry));
            let (turn, since) = match (by_itself, entry.asked.front()) {
                (Some(wanted), _) if wanted.passed_over >= PATIENCE => (Turn::LongWaiting, wanted.since),
                (_, Some(asked)) => (Turn::ByHand, asked.since),
                (Some(wanted), None) => (Turn::ByItself, wanted.since),
                (None, None) => return None,
            };
            Some((turn, since, &entry.planned.name))
        });
        let (turn, _, name) = candidates.min()?;
        let (by_hand, name) = (turn == Turn::ByHand, name.clone());
        if by_hand {
            self.pass_over(now, &name);
        }
        let entry = self.profiles.get_mut(&name)?;
        let (run, order) = if by_hand {
            let Asked { run, order, .. } = entry.asked.pop_front()?;
            (run, order)
        } else {
            self.last_run.0 += 1;
            let order = entry.wanted.take()?.order;
            (self.last_run, if entry.failed { Order::everything() } else { order })
        };
        let took = order.does_everything() && entry.wanted.is_some();
        if order.does_everything() {
            (entry.wanted, entry.due) = (None, None);
        }
        entry.tried = Some(now);
        let access = entry.planned.access.clone();
        entry.running = Some(Running { run, access, order: order.clone(), by_hand, took });
        Some(Do::Run { run, profile: name, order, by_hand })
    }

    /// A run that a person asked for goes before what could run by itself now.
    fn pass_over(&mut self, now: Moment, before_others: &Name) {
        let passed: Vec<Name> = self
            .profiles
            .values()
            .filter(|entry| entry.planned.name != *before_others && self.may_begin(now, entry))
            .map(|entry| entry.planned.name.clone())
            .collect();
        for name in passed {
            if let Some(wanted) = self.profiles.get_mut(&name).and_then(|entry| entry.wanted.as_mut()) {
                wanted.passed_over += 1;
            }
        }
    }
}

/// Whose turn it is: the first of these goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    LongWaiting,
    ByHand,
    ByItself,
}
