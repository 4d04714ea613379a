//! What keeps accounts and the ways into them from running, and what lets them run again: the rule is in
//! [`super::account`].

use std::collections::BTreeSet;
use std::time::Duration;

use super::entry::Entry;
use super::{Access, Account, Do, Planned, Reason, Schedule, Standstill};
use crate::daemon::clock::Moment;
use crate::profile::Name;
use crate::sync::run::Obstacle;

/// How long after it was seen that a refused secret is still the same it is seen again, at most.
const CHECK: Duration = Duration::from_secs(300);

impl Schedule {
    /// Forgets the accounts and ways that no profile has any more.
    pub(super) fn keep_accounts(&mut self, now: Moment) {
        let all: Vec<Access> = self.profiles.values().map(|entry| entry.planned.access.clone()).collect();
        self.accounts.retain(|account, _| all.iter().any(|access| access.account == *account));
        self.ways.retain(|access, _| all.contains(access));
        // What a new one has to offer may be what was refused.
        for access in all {
            if self.ways.contains_key(&access) {
                continue;
            }
            let mut others = self.ways.iter().filter(|(other, _)| other.account == access.account);
            let refused = others.find_map(|(_, way)| way.refused().map(|standstill| standstill.why.clone()));
            if let Some(why) = refused {
                self.ways.entry(access).or_default().close(now, why);
            }
        }
    }

    /// What was found about the secret of a way that was to be checked.
    pub fn secret_checked(&mut self, now: Moment, access: &Access, is_another: bool) {
        let wait = self.shortest_interval(&access.account).map_or(CHECK, |interval| interval.min(CHECK));
        let Some(way) = self.ways.get_mut(access) else { return };
        way.checking = false;
        match &mut way.standstill {
            Some(standstill) if standstill.reason == Reason::SignIn && is_another => way.standstill = None,
            Some(standstill) => standstill.again = now.plus(wait),
            None => {}
        }
    }

    /// Something keeps a run from being done that keeps others from it too. Where nobody asked for the run, the next try is
    /// later.
    pub(super) fn hindered(
        &mut self,
        now: Moment,
        access: &Access,
        by: (Reason, &Obstacle),
        why: String,
        counts: bool,
    ) {
        let interval = self.shortest_interval(&access.account);
        match by.0 {
            Reason::SignIn => {
                // It answered.
                if let Some(server) = self.accounts.get_mut(&access.account) {
                    server.standstill = None;
                }
                let all: Vec<Access> =
                    self.of(&access.account).map(|entry| entry.planned.access.clone()).collect();
                for other in all.into_iter().filter(|other| other != access) {
                    self.ways.entry(other).or_default().close(now, why.clone());
                }
                self.ways.entry(access.clone()).or_default().hindered(now, by, why, counts, interval);
            }
            // It would go on by itself as soon as the server is there again.
            _ if self.is_refused(access) => {}
            Reason::KeyringLocked => {
                self.ways.entry(access.clone()).or_default().hindered(now, by, why, counts, interval);
            }
            Reason::Offline | Reason::Busy => {
                if let Some(way) = self.ways.get_mut(access) {
                    way.standstill = None;
                }
                let server = self.accounts.entry(access.account.clone()).or_default();
                server.hindered(now, by, why, counts, interval);
            }
        }
    }

    /// Something of the account could be done, or failed for a reason of its own.
    pub(super) fn came_through(&mut self, access: &Access, signed_in: bool) {
        if let Some(way) = self.ways.get_mut(access).filter(|way| signed_in || way.refused().is_none()) {
            way.standstill = None;
        }
        let waiting = self.of(&access.account).filter(|entry| entry.wanted.is_some());
        let waiting: Vec<&Access> =
            waiting.map(|entry| &entry.planned.access).filter(|access| !self.is_refused(access)).collect();
        let (all, own) = (waiting.is_empty(), !waiting.contains(&access) && !self.is_refused(access));
        if all {
            self.accounts.remove(&access.account);
        } else if let Some(server) = self.accounts.get_mut(&access.account) {
            server.standstill = None;
        }
        if let Some(way) = self.ways.get_mut(access).filter(|_| own) {
            way.tries = 0;
            way.refusals = if signed_in { 0 } else { way.refusals };
        }
    }

    fn is_refused(&self, access: &Access) -> bool {
        self.ways.get(access).is_some_and(|way| way.refused().is_some())
    }

    /// Why nothing can be done by a profile's way into its account, or nothing of the account.
    pub fn standstill(&self, profile: &Name) -> Option<&Standstill> {
        self.standstills(self.profiles.get(profile)?).next()
    }

    /// Why some of the ways into the account are closed.
    pub fn closed(&self, account: &Account) -> BTreeSet<Reason> {
        let ways = self.ways.iter().filter(|(access, _)| access.account == *account);
        ways.filter_map(|(_, way)| way.standstill.as_ref().map(|standstill| standstill.reason)).collect()
    }

    pub(super) fn standstills(&self, entry: &Entry) -> impl Iterator<Item = &Standstill> {
        let access = &entry.planned.access;
        let both = [self.ways.get(access), self.accounts.get(&access.account)];
        both.into_iter().flatten().filter_map(|doing| doing.standstill.as_ref())
    }

    /// Whether a profile that waits can use its way into the account, or it is its turn to try that.
    pub(super) fn is_open(&self, now: Moment, entry: &Entry) -> bool {
        let access = &entry.planned.access;
        let Some(Standstill { reason, again, .. }) =
            self.ways.get(access).and_then(|doing| doing.standstill.as_ref())
        else {
            return true;
        };
        let others = self.profiles.values().filter(|other| other.planned.access == *access);
        let waiting = others.filter(|other| other.wanted.is_some());
        *reason != Reason::SignIn && *again <= now && entry.is_first_of(waiting)
    }

    /// Which refused sign-ins are to be looked at again.
    pub(super) fn checks(&mut self, now: Moment) -> Vec<Do> {
        if self.pause.is_some() {
            return Vec::new();
        }
        let mut todo = Vec::new();
        for entry in self.profiles.values().filter(|entry| entry.planned.by_itself) {
            let Some(way) = self.ways.get_mut(&entry.planned.access) else { continue };
            // One that was just closed is looked at even where nobody waits: it may be open for all that is known.
            let is_due = |standstill: &Standstill| {
                let is_new = standstill.again == standstill.since;
                standstill.again <= now && (is_new || entry.wanted.is_some())
            };
            if way.refused().is_some_and(is_due) && !way.checking {
                way.checking = true;
                let Planned { name, access, .. } = entry.planned.clone();
                todo.push(Do::CheckSecret { profile: name, access });
            }
        }
        todo
    }
}

#[cfg(test)]
mod tests;
