//! What is known of one profile.

use std::collections::VecDeque;

use super::{Access, Begin, Dropped, Order, Planned, SPREAD};
use crate::daemon::clock::Moment;
use crate::daemon::protocol::RunId;

#[derive(Debug)]
pub(super) struct Entry {
    pub planned: Planned,
    /// When it runs by itself because of its interval.
    pub due: Option<Moment>,
    /// It is to run by itself as soon as it can.
    pub wanted: Option<Wanted>,
    /// What persons asked for.
    pub asked: VecDeque<Asked>,
    pub running: Option<Running>,
    pub tried: Option<Moment>,
    /// The last run was not done to its end.
    pub failed: bool,
    /// The profile is there no more, but its last run still goes on.
    pub gone: bool,
}

#[derive(Debug)]
pub(super) struct Wanted {
    pub order: Order,
    pub since: Moment,
    /// How many runs that persons asked for went before it.
    pub passed_over: u32,
}

#[derive(Debug)]
pub(super) struct Asked {
    pub run: RunId,
    pub order: Order,
    pub since: Moment,
}

#[derive(Debug)]
pub(super) struct Running {
    pub run: RunId,
    pub access: Access,
    pub order: Order,
    pub by_hand: bool,
    /// It does what the profile was to do by itself, too.
    pub took: bool,
}

impl Entry {
    pub fn new(planned: Planned, due: Option<Moment>) -> Entry {
        Entry {
            planned,
            due,
            wanted: None,
            asked: VecDeque::new(),
            running: None,
            tried: None,
            failed: false,
            gone: false,
        }
    }

    /// Something else stands in the profile's file.
    pub fn change(&mut self, planned: Planned, now: Moment) {
        let before = std::mem::replace(&mut self.planned, planned);
        let was_gone = std::mem::take(&mut self.gone);
        let planned = &self.planned;
        if !planned.by_itself {
            (self.due, self.wanted) = (None, None);
        } else if was_gone || !before.by_itself || before.access != planned.access {
            self.due = planned.interval.map(|_| now);
        } else if before.interval != planned.interval {
            let soon = planned.interval.map(|interval| now.plus(interval));
            self.due = soon.map(|soon| self.due.map_or(soon, |due| due.min(soon)));
        }
    }

    pub fn want(&mut self, now: Moment, order: Order) {
        if !self.planned.by_itself {
            return;
        }
        match &mut self.wanted {
            // Two that nobody asked for can always be one.
            Some(wanted) => drop(wanted.order.join(order)),
            None => self.wanted = Some(Wanted { order, since: now, passed_over: 0 }),
        }
    }

    /// What persons asked for will not be done.
    pub fn drop_asked(&mut self) -> impl Iterator<Item = Dropped> {
        let profile = &self.planned.name;
        let dropped =
            |Asked { run, order, .. }| Dropped { run, profile: profile.clone(), dry_run: order.dry_run };
        self.asked.drain(..).map(dropped)
    }

    /// Of those that wait, one tries, each time another one: the trouble may be of one profile only.
    pub fn is_first_of<'a>(&self, waiting: impl Iterator<Item = &'a Entry>) -> bool {
        let first = waiting.min_by_key(|entry| (entry.tried, &entry.planned.name));
        first.is_some_and(|first| first.planned.name == self.planned.name)
    }

    /// The profile is due after its interval.
    pub fn rest(&mut self, now: Moment) {
        self.due =
            self.planned.interval.filter(|_| self.planned.by_itself).map(|interval| now.plus(interval));
    }
}

/// When a profile runs for the first time since the daemon was started: at once where it
/// never ran, or failed.
pub(super) fn first(planned: &Planned, begin: Begin, now: Moment) -> Option<Moment> {
    let interval = planned.interval.filter(|_| planned.by_itself)?;
    Some(match begin.ran {
        None => now,
        Some(ago) => now.plus(interval.saturating_sub(ago)).plus(interval.min(SPREAD).mul_f64(begin.chance)),
    })
}
