//! When a change is told: some time after the last one of a burst, and not while the profile runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::collection::Href;

/// Of more files than these only that there were some is remembered.
const MOST_FILES: usize = 1000;

/// How long a change waits for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After the last one.
    pub quiet: Duration,
    /// After the first one, at most.
    pub longest: Duration,
}

/// What of a folder may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    Files(BTreeSet<Href>),
    Anything,
}

impl Touched {
    pub fn file(href: Href) -> Self {
        Touched::Files(BTreeSet::from([href]))
    }

    fn add(&mut self, other: Touched) {
        match (&mut *self, other) {
            (Touched::Files(files), Touched::Files(more)) => {
                files.extend(more);
                if files.len() > MOST_FILES {
                    *self = Touched::Anything;
                }
            }
            _ => *self = Touched::Anything,
        }
    }
}

/// The changes that are not told yet, by what they are changes of.
#[derive(Debug)]
pub struct Bursts<K> {
    waiting: BTreeMap<K, Burst>,
    /// How often each is held.
    held: BTreeMap<K, usize>,
}

#[derive(Debug)]
struct Burst {
    touched: Touched,
    latest: Instant,
    due: Instant,
}

impl<K> Default for Bursts<K> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), held: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Bursts<K> {
    /// Something changed.
    pub fn note(&mut self, of: K, touched: Touched, patience: Patience, now: Instant) {
        let new = Burst { touched, latest: now + patience.longest, due: now + patience.quiet };
        match self.waiting.get_mut(&of) {
            Some(burst) => {
                burst.due = new.due.min(burst.latest);
                burst.touched.add(new.touched);
            }
            None => drop(self.waiting.insert(of, new)),
        }
    }

    /// Until it is released as often, changes of it are gathered and not told.
    pub fn hold(&mut self, of: K) {
        *self.held.entry(of).or_default() += 1;
    }

    pub fn release(&mut self, of: &K) {
        if let Some(times) = self.held.get_mut(of) {
            *times -= 1;
            if *times == 0 {
                self.held.remove(of);
            }
        }
    }

    pub fn is_held(&self, of: &K) -> bool {
        self.held.contains_key(of)
    }

    /// When the next one is to be told.
    pub fn next(&self) -> Option<Instant> {
        self.tellable().map(|(_, burst)| burst.due).min()
    }

    /// One that is to be told now.
    pub fn take(&mut self, now: Instant) -> Option<(K, Touched)> {
        let of = self.tellable().find(|(_, burst)| burst.due <= now)?.0.clone();
        self.waiting.remove(&of).map(|burst| (of, burst.touched))
    }

    /// Forgets all others.
    pub fn keep(&mut self, wanted: impl Fn(&K) -> bool) {
        self.waiting.retain(|of, _| wanted(of));
        self.held.retain(|of, _| wanted(of));
    }

    fn tellable(&self) -> impl Iterator<Item = (&K, &Burst)> {
        self.waiting.iter().filter(|(of, _)| !self.is_held(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { quiet: Duration::from_secs(10), longest: Duration::from_secs(60) };

    struct Clock {
        start: Instant,
        bursts: Bursts<&'static str>,
    }

    impl Clock {
        fn new() -> Self {
            Self { start: Instant::now(), bursts: Bursts::default() }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn note(&mut self, seconds: u64, of: &'static str, file: &str) {
            let now = self.at(seconds);
            self.bursts.note(of, Touched::file(Href::new(file)), PATIENCE, now);
        }

        /// The second in which the next one is due.
        fn next(&self) -> Option<u64> {
            self.bursts.next().map(|due| due.duration_since(self.start).as_secs())
        }

        fn take(&mut self, seconds: u64) -> Option<(&'static str, Touched)> {
            self.bursts.take(self.at(seconds))
        }
    }

    fn files(names: &[&str]) -> Touched {
        Touched::Files(names.iter().map(|name| Href::new(*name)).collect())
    }

    #[test]
    fn one_burst_is_told_once_after_its_last_change() {
        let mut clock = Clock::new();
        assert_eq!(clock.next(), None);
        for second in [0, 4, 8] {
            clock.note(second, "work", ["a", "b", "a"][second as usize / 4]);
        }
        assert_eq!(clock.next(), Some(18));
        assert_eq!(clock.take(17), None);
        assert_eq!(clock.take(18), Some(("work", files(&["a", "b"]))));
        assert_eq!((clock.next(), clock.take(100)), (None, None));
    }

    #[test]
    fn what_never_rests_is_told_all_the_same() {
        let mut clock = Clock::new();
        for second in 0..=59 {
            clock.note(second, "work", "a");
        }
        assert_eq!(clock.next(), Some(60));
    }

    #[test]
    fn nothing_is_told_while_it_is_held() {
        let mut clock = Clock::new();
        clock.note(0, "work", "a");
        clock.note(3, "home", "x");
        clock.bursts.hold("work");
        clock.note(5, "work", "b");
        assert_eq!(clock.next(), Some(13));
        assert_eq!(clock.take(100), Some(("home", files(&["x"]))));
        assert_eq!((clock.next(), clock.take(100)), (None, None));
        // A run and something else are at work on it.
        clock.bursts.hold("work");
        clock.bursts.release(&"work");
        assert_eq!(clock.next(), None);
        clock.bursts.release(&"work");
        assert_eq!(clock.next(), Some(15));
        assert_eq!(clock.take(100), Some(("work", files(&["a", "b"]))));
    }

    #[test]
    fn of_many_files_only_that_there_were_many_is_remembered() {
        let mut clock = Clock::new();
        for number in 0..=MOST_FILES {
            clock.note(0, "work", &number.to_string());
        }
        clock.note(1, "work", "one more");
        assert_eq!(clock.take(11), Some(("work", Touched::Anything)));
    }

    #[test]
    fn what_is_not_watched_any_more_is_forgotten() {
        let mut clock = Clock::new();
        clock.note(0, "work", "a");
        clock.note(0, "home", "x");
        clock.bursts.hold("home");
        clock.bursts.keep(|of| *of == "work");
        assert!(!clock.bursts.is_held(&"home"));
        assert_eq!(clock.take(10).map(|(of, _)| of), Some("work"));
        assert_eq!(clock.next(), None);
    }
}
