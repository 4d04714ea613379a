//! Accounts: whose profiles run one after another, and stand still together where nothing of them can be done.

use std::time::Duration;

use url::Origin;

use crate::daemon::clock::Moment;
use crate::profile::{Profile, RemoteSpec, SignIn};
use crate::sync::run::Obstacle;

/// A person at a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub origin: Origin,
    pub sign_in: Option<SignIn>,
}

impl Account {
    pub fn of(profile: &Profile) -> Account {
        let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
        Account { origin: url.origin(), sign_in: sign_in.clone() }
    }

    pub(super) fn same_host(&self, other: &Account) -> bool {
        match (&self.origin, &other.origin) {
            (Origin::Tuple(_, one, _), Origin::Tuple(_, another, _)) => one == another,
            (one, another) => one == another,
        }
    }
}

/// Why nothing of an account can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
            Reason::Offline | Reason::Busy | Reason::SignIn => &[1, 2, 4, 8, 15],
            Reason::KeyringLocked => &[1, 2, 5],
        }
    }
}

/// Nothing of an account can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standstill {
    pub reason: Reason,
    pub since: Moment,
    /// A sentence for a person.
    pub why: String,
    /// When one profile tries again, or, where the sign-in was refused, when it is seen whether it is another one now.
    pub again: Moment,
}

/// How an account is doing.
#[derive(Debug, Default)]
pub(super) struct Doing {
    pub standstill: Option<Standstill>,
    /// How often it was tried in vain. It counts on until everything that was missed is done, so that an account that is
    /// only half there is not tried all the time.
    pub tries: usize,
    /// It is being seen whether the sign-in is another one now.
    pub checking: bool,
}

const MINUTE: Duration = Duration::from_secs(60);
/// What is at least and at most given to a server that says how long it wants to be left alone.
const ASKED: (Duration, Duration) = (MINUTE, Duration::from_secs(3600));

impl Doing {
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
        let is_refused = |known: &Standstill| known.reason == Reason::SignIn;
        // It would go on by itself as soon as the server is there again.
        if reason != Reason::SignIn && self.standstill.as_ref().is_some_and(is_refused) {
            return;
        }
        let known = self.standstill.as_ref().filter(|known| known.reason == reason);
        let (since, again) = match known {
            Some(known) if !counts => (known.since, known.again),
            known => {
                self.tries += 1;
                let wait = match reason {
                    // The one that was refused may be an old one. A command may give another one each time.
                    Reason::SignIn if self.tries == 1 => Duration::ZERO,
                    _ => wait(reason, obstacle, self.tries, interval),
                };
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
    match (reason, interval) {
        (Reason::SignIn, interval) => interval.unwrap_or(wait),
        (_, Some(interval)) => wait.min(interval),
        (_, None) => wait,
    }
}
