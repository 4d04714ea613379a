//! How many requests may be under way at one host at the same time.
//!
//! [`Limiter`] decides and knows no clock; [`Gate`] makes requests wait for it.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

const START: usize = 2;
const MOST: usize = 16;
/// Latency is flat while its mean stays below twice the best seen and this.
const SLACK: Duration = Duration::from_millis(5);
/// After so many answers without a complaint, one request more may be tried than the server bore last.
const FORGIVEN: usize = 100;

/// Requests whose latencies can be compared with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Listing,
    Content,
    Write,
}

/// Starts at 2, doubles while latency stays flat, gives back what did not help, and halves where the
/// server complains. What it complained of is not tried again soon.
#[derive(Debug)]
pub(super) struct Limiter {
    limit: usize,
    /// The limit does not grow beyond this.
    most: usize,
    /// Answers since the last complaint or change of `most`.
    peaceful: usize,
    running: usize,
    /// Counts the changes of the limit: a latency says something about the limit it was measured under.
    generation: u64,
    best: [Option<Duration>; 3],
    sum: Duration,
    samples: usize,
    slow_windows: usize,
    /// A request had to wait: more at a time would be of use.
    crowded: bool,
}

/// A request that was let through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    generation: u64,
    class: Class,
}

impl Limiter {
    pub(super) fn new() -> Self {
        Self {
            limit: START,
            most: MOST,
            peaceful: 0,
            running: 0,
            generation: 0,
            best: [None; 3],
            sum: Duration::ZERO,
            samples: 0,
            slow_windows: 0,
            crowded: false,
        }
    }

    /// Lets a request through if there is room.
    pub(super) fn start(&mut self, class: Class) -> Option<Ticket> {
        if self.running >= self.limit {
            self.crowded = true;
            return None;
        }
        self.running += 1;
        Some(Ticket { generation: self.generation, class })
    }

    /// The server answered after this long.
    pub(super) fn answered(&mut self, ticket: Ticket, latency: Duration) {
        let best = &mut self.best[ticket.class as usize];
        let least = best.map_or(latency, |best| best.min(latency));
        *best = Some(least);
        self.peaceful += 1;
        if self.peaceful >= FORGIVEN && self.most < MOST {
            self.most += 1;
            self.peaceful = 0;
        }
        if ticket.generation != self.generation {
            return;
        }
        self.sum += latency.saturating_sub(least * 2);
        self.samples += 1;
        if self.samples < self.limit {
            return;
        }
        let flat = self.sum <= SLACK * self.samples as u32;
        (self.sum, self.samples) = (Duration::ZERO, 0);
        if flat {
            self.slow_windows = 0;
            if self.limit < self.most && self.crowded {
                self.set((self.limit * 2).min(self.most));
            }
        } else {
            self.slow_windows += 1;
            if self.slow_windows >= 2 && self.limit > START {
                self.set(self.limit / 2);
            }
        }
    }

    /// The server complained (429, 503, a lock) or did not answer in time.
    pub(super) fn congested(&mut self, ticket: Ticket) {
        self.peaceful = 0;
        if ticket.generation == self.generation {
            self.most = (self.limit / 2).max(1);
            self.set(self.most);
        }
    }

    pub(super) fn finish(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    fn set(&mut self, limit: usize) {
        self.limit = limit;
        self.generation += 1;
        (self.sum, self.samples, self.slow_windows) = (Duration::ZERO, 0, 0);
        self.crowded = false;
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.running)
    }
}

/// Makes requests wait until the limiter lets them through.
#[derive(Debug)]
pub(super) struct Gate {
    limiter: Mutex<Limiter>,
    freed: Notify,
    /// Until when the server asks to be left alone.
    paused: Mutex<Option<Instant>>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self { limiter: Mutex::new(Limiter::new()), freed: Notify::new(), paused: Mutex::default() }
    }

    pub(super) async fn enter(self: &Arc<Self>, class: Class) -> Permit {
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            let ticket = self.limiter().start(class);
            if let Some(ticket) = ticket {
                let permit = Permit { gate: Arc::clone(self), ticket };
                while let Some(until) = self.pause_end() {
                    tokio::time::sleep_until(until).await;
                }
                return permit;
            }
            freed.await;
        }
    }

    /// Lets no request through for so long.
    pub(super) fn pause(&self, wait: Duration) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = (*paused).max(Some(Instant::now() + wait));
    }

    fn pause_end(&self) -> Option<Instant> {
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        paused.filter(|until| *until > Instant::now())
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, room: usize) {
        for _ in 0..room {
            self.freed.notify_one();
        }
    }
}

/// A request under way. Dropping it makes room for the next.
#[derive(Debug)]
pub(super) struct Permit {
    gate: Arc<Gate>,
    ticket: Ticket,
}

impl Permit {
    pub(super) fn answered(&self, latency: Duration) {
        let room = {
            let mut limiter = self.gate.limiter();
            limiter.answered(self.ticket, latency);
            limiter.room()
        };
        self.gate.wake(room);
    }

    pub(super) fn congested(&self) {
        self.gate.limiter().congested(self.ticket);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let room = {
            let mut limiter = self.gate.limiter();
            limiter.finish();
            limiter.room()
        };
        self.gate.wake(room.min(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_the_server_complained_of_is_not_tried_again_soon() {
        let mut limiter = Limiter::new();
        let first = limiter.start(Class::Write).unwrap();
        limiter.start(Class::Write).unwrap();
        limiter.congested(first);
        limiter.finish();
        limiter.finish();
        let mut limits = Vec::new();
        for _ in 0..2 * FORGIVEN + 10 {
            let ticket = limiter.start(Class::Write).unwrap();
            while limiter.start(Class::Write).is_some() {}
            limiter.answered(ticket, MS);
            while limiter.running > 0 {
                limiter.finish();
            }
            limits.push(limiter.limit);
        }
        assert!(limits[..FORGIVEN - 2].iter().all(|&limit| limit == 1), "{limits:?}");
        assert_eq!(limits.last(), Some(&3));
    }

    /// Lets a server answer `count` requests, which are all wanted at once, and returns how long it
    /// took and the limits on the way. `answer` says when a request that is sent now is answered.
    fn simulate(count: usize, mut answer: impl FnMut(Duration) -> Duration) -> (Duration, Vec<usize>) {
        let mut limiter = Limiter::new();
        let (mut now, mut limits, mut sent) = (Duration::ZERO, Vec::new(), 0);
        let mut running: Vec<(Duration, Duration, Ticket)> = Vec::new();
        while limits.len() < count {
            while sent < count
                && let Some(ticket) = limiter.start(Class::Write)
            {
                running.push((answer(now), now, ticket));
                sent += 1;
            }
            running.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
            let (at, since, ticket) = running.pop().unwrap();
            now = at;
            limiter.answered(ticket, at - since);
            limiter.finish();
            limits.push(limiter.limit);
        }
        (now, limits)
    }

    #[test]
    fn doubles_while_latency_is_flat() {
        let (took, limits) = simulate(1000, |now| now + 50 * MS);
        assert_eq!(limits.last(), Some(&MOST));
        assert!(took < 3500 * MS, "{took:?}");
    }

    #[test]
    fn stays_low_where_the_server_takes_one_at_a_time() {
        let mut free = Duration::ZERO;
        let (_, limits) = simulate(1000, |now| {
            free = free.max(now) + 30 * MS;
            free
        });
        assert!(limits.iter().all(|limit| *limit <= 4), "{limits:?}");
    }

    #[test]
    fn grows_only_where_the_limit_is_used() {
        let mut limiter = Limiter::new();
        for _ in 0..100 {
            let ticket = limiter.start(Class::Listing).unwrap();
            limiter.answered(ticket, MS);
            limiter.finish();
        }
        assert_eq!(limiter.limit, START);
    }

    #[test]
    fn a_slow_kind_of_request_is_not_compared_with_a_quick_one() {
        let mut limiter = Limiter::new();
        let ticket = limiter.start(Class::Listing).unwrap();
        limiter.answered(ticket, MS);
        limiter.finish();
        let two = [limiter.start(Class::Write).unwrap(), limiter.start(Class::Write).unwrap()];
        assert!(limiter.start(Class::Write).is_none());
        limiter.answered(two[0], 150 * MS);
        limiter.answered(two[1], 150 * MS);
        assert_eq!(limiter.limit, 4);
    }

    #[test]
    fn halves_once_for_the_complaints_of_one_generation() {
        let mut limiter = Limiter::new();
        limiter.set(16);
        let tickets: Vec<Ticket> = std::iter::from_fn(|| limiter.start(Class::Write)).collect();
        assert_eq!(tickets.len(), 16);
        for ticket in tickets {
            limiter.congested(ticket);
            limiter.finish();
        }
        assert_eq!(limiter.limit, 8);
        for _ in 0..10 {
            let ticket = limiter.start(Class::Write).unwrap();
            limiter.congested(ticket);
            limiter.finish();
        }
        assert_eq!(limiter.limit, 1);
    }

    #[tokio::test]
    async fn a_waiting_request_is_let_through_when_one_ends() {
        let gate = Arc::new(Gate::new());
        let first = gate.enter(Class::Write).await;
        let _second = gate.enter(Class::Write).await;
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { drop(gate.enter(Class::Write).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
    }
}
