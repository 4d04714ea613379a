//! Accounts: whose profiles run one after another, and stand still together where nothing of them can be done.
//!
//! What the server says concerns all of an account: while it is away or busy, one profile tries for all. The secret may
//! come from several sources, each of which has its own way into the account ([`Access`]):
//!
//! - One refused sign-in closes all of them, as another refusal might get the account locked.
//! - A way opens again when its source gives a secret that the server has not refused, whichever source that came from.
//!   The way that was refused is looked at again after a while, the others at once: each has something else to offer, or
//!   stays closed.
//! - A run that comes through opens its own way and no other: a right password at one place mends no wrong one at another.
//!   So each of them is refused once at most for a secret, and none keeps one that is right waiting.
//! - A secret that cannot be had closes its own way only.

use std::time::Duration;

use url::Origin;

use crate::daemon::clock::Moment;
pub use crate::profile::Account;
use crate::profile::{Profile, RemoteSpec, SignIn};
use crate::sync::run::Obstacle;

/// A way into an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Access {
    pub account: Account,
    /// Also says where the secret comes from.
    pub sign_in: Option<SignIn>,
}

impl Access {
    pub fn of(profile: &Profile) -> Access {
        let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
        Access { account: Account::of(profile), sign_in: sign_in.clone() }
    }
}

pub(super) fn same_host(one: &Account, another: &Account) -> bool {
    match (&one.origin, &another.origin) {
        (Origin::Tuple(_, one, _), Origin::Tuple(_, another, _)) => one == another,
        (one, another) => one == another,
    }
}

/// Why nothing of an account, or by one way into it, can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The server cannot be reached.
    Offline,
    /// The server asks to come back later.
    Busy,
    /// The sign-in was refused: trying again might get the account locked.
    SignIn,
    KeyringLocked,
}

impl Reason {
    /// How long to wait after each failed try, the last for all that follow.
    fn waits(self) -> &'static [u64] {
        match self {
            Reason::Offline | Reason::Busy => &[1, 2, 4, 8, 15],
            // The one that was refused may be an old one. A command may give another one each time.
            Reason::SignIn => &[0, 5, 15, 30, 60],
            Reason::KeyringLocked => &[1, 2, 5],
        }
    }
}

/// Nothing of an account, or by one way into it, can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standstill {
    pub reason: Reason,
    pub since: Moment,
    /// A sentence for a person.
    pub why: String,
    /// When one profile tries again, or, where the sign-in was refused, when it is seen whether it is another one now.
    pub again: Moment,
}

/// How an account, or a way into it, is doing.
#[derive(Debug, Default)]
pub(super) struct Doing {
    pub standstill: Option<Standstill>,
    /// How often it was tried in vain. It counts on until everything that was missed is done, so that an account that is
    /// only half there is not tried all the time.
    pub tries: usize,
    /// How many of its sign-ins in a row were refused.
    pub refusals: usize,
    /// It is being seen whether the sign-in is another one now.
    pub checking: bool,
}

const MINUTE: Duration = Duration::from_secs(60);
/// What is at least and at most given to a server that says how long it wants to be left alone.
const ASKED: (Duration, Duration) = (MINUTE, Duration::from_secs(3600));

impl Doing {
    /// Where the sign-in was refused, by this way or another one.
    pub(super) fn refused(&self) -> Option<&Standstill> {
        self.standstill.as_ref().filter(|standstill| standstill.reason == Reason::SignIn)
    }

    /// The sign-in was refused by another way.
    pub(super) fn close(&mut self, now: Moment, why: String) {
        if self.refused().is_none() {
            self.standstill = Some(Standstill { reason: Reason::SignIn, since: now, why, again: now });
        }
    }

    /// A run could not be done. One that nobody asked for makes the next try later.
    pub(super) fn hindered(
        &mut self,
        now: Moment,
        by: (Reason, &Obstacle),
        why: String,
        counts: bool,
        interval: Option<Duration>,
    ) {
        let (reason, obstacle) = by;
        let known = self.standstill.as_ref().filter(|known| known.reason == reason);
        let (since, again) = match known {
            Some(known) if !counts => (known.since, known.again),
            known => {
                let times = if reason == Reason::SignIn { &mut self.refusals } else { &mut self.tries };
                *times += 1;
                let wait = wait(reason, obstacle, *times, interval);
                (known.map_or(now, |known| known.since), now.plus(wait))
            }
        };
        self.standstill = Some(Standstill { reason, since, why, again });
    }
}

fn wait(reason: Reason, obstacle: &Obstacle, tries: usize, interval: Option<Duration>) -> Duration {
    if let Obstacle::Busy { retry_after: Some(asked) } = obstacle {
        return (*asked).clamp(ASKED.0, ASKED.1);
    }
    let waits = reason.waits();
    let wait =
        waits.get(tries.saturating_sub(1)).or(waits.last()).map_or(MINUTE, |wait| MINUTE * *wait as u32);
    interval.map_or(wait, |interval| wait.min(interval))
}
