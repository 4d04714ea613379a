//! How long to wait before a request is tried again: twice as long each time, and never quite as long
//! as the others that wait.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often something is tried again, and after how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub first: Duration,
    pub most: u32,
}

/// The server says that it has too much to do.
pub(super) const BUSY: Pace = Pace { first: Duration::from_secs(1), most: 2 };
/// Others hold a lock, or the server stumbled over a write.
pub(super) const LOCKED: Pace = Pace { first: Duration::from_millis(100), most: 4 };
/// The connection broke.
pub(super) const BROKEN: Pace = Pace { first: Duration::from_millis(200), most: 2 };

/// The server stumbled over a question, perhaps over the token in it.
pub(super) const STUMBLED: Pace = Pace { first: Duration::from_millis(200), most: 1 };

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Backoff {
    pace: Pace,
    tries: u32,
}

impl Backoff {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, tries: 0 }
    }

    /// How long to wait before the next try; `None` where there was enough of them.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let tries = self.tries;
        self.tries += 1;
        // Each has keys of its own.
        (tries < self.pace.most).then(|| delay(self.pace.first, tries, RandomState::new().hash_one(tries)))
    }
}

/// Between one and one and a half times `first`, doubled for each try before.
fn delay(first: Duration, tries: u32, random: u64) -> Duration {
    let whole = first.saturating_mul(2_u32.saturating_pow(tries));
    let part = (random >> 32) as f64 / f64::from(u32::MAX);
    whole.saturating_add(whole.mul_f64(part / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_with_each_try() {
        let ms = Duration::from_millis;
        let least: Vec<_> = (0..4).map(|tries| delay(ms(100), tries, 0)).collect();
        let most: Vec<_> = (0..4).map(|tries| delay(ms(100), tries, u64::MAX)).collect();
        assert_eq!(least, [ms(100), ms(200), ms(400), ms(800)]);
        assert_eq!(most, [ms(150), ms(300), ms(600), ms(1200)]);
        assert!(delay(ms(100), 0, 1 << 62) < delay(ms(100), 0, 1 << 63));
    }

    #[test]
    fn it_ends_and_is_never_the_same_for_all() {
        let all = |_| {
            let mut backoff = Backoff::new(LOCKED);
            std::iter::from_fn(move || backoff.next()).collect::<Vec<_>>()
        };
        let [one, other]: [Vec<Duration>; 2] = std::array::from_fn(all);
        assert_eq!(one.len(), LOCKED.most as usize);
        assert_ne!(one, other);
        assert!(one.is_sorted());
    }
}
