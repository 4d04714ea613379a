//! The daemon's own time: it goes on while the computer sleeps, and nobody who sets the clock back moves it back.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// So much more time on the wall than the machine was awake is sleep. Setting the clock forward looks the same, and does
/// the same: what is missed is done once.
const SLEEP: Duration = Duration::from_secs(10);

/// The wall is corrected by less all the time.
const CORRECTION: Duration = Duration::from_secs(2);

/// A moment since the daemon was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    pub const fn at(since_start: Duration) -> Moment {
        Moment(since_start)
    }

    pub fn plus(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(time))
    }

    /// How long ago another moment was; nothing where it is still to come.
    pub fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Tells the moments.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// How long the machine slept so far.
    slept: Duration,
    /// When it was last looked at: by the machine, and on the wall.
    last: (Duration, Timestamp),
    /// What the clock on the wall would have shown at the start, as it goes now.
    start: Timestamp,
}

impl Clock {
    pub fn start() -> Clock {
        Clock::starting_at(Timestamp::now())
    }

    pub(super) fn starting_at(wall: Timestamp) -> Clock {
        Clock { started: Instant::now(), slept: Duration::ZERO, last: (Duration::ZERO, wall), start: wall }
    }

    /// Now.
    pub fn now(&mut self) -> Moment {
        self.look(self.started.elapsed(), Timestamp::now())
    }

    /// The moment when the machine was awake for so long and the clock on the wall shows this.
    pub(super) fn look(&mut self, awake: Duration, wall: Timestamp) -> Moment {
        let (last_awake, last_wall) = self.last;
        let ran = awake.saturating_sub(last_awake);
        // Negative where the clock was set back.
        let passed = Duration::try_from(wall.duration_since(last_wall)).unwrap_or_default();
        let slept = passed.saturating_sub(ran);
        if slept >= SLEEP {
            self.slept += slept;
        }
        self.last = (awake, wall);
        let moment = self.moment();
        if wall.duration_since(self.on_the_wall(moment)).unsigned_abs() > CORRECTION {
            self.start = wall.checked_sub(moment.0).unwrap_or(wall);
        }
        moment
    }

    fn moment(&self) -> Moment {
        Moment(self.last.0 + self.slept)
    }

    /// What the clock on the wall shows at a moment, as far as it can be said now.
    pub fn on_the_wall(&self, moment: Moment) -> Timestamp {
        self.start.checked_add(moment.0).unwrap_or(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    struct World {
        clock: Clock,
        awake: Duration,
        wall: Timestamp,
    }

    impl World {
        fn new() -> World {
            let wall = "2026-11-21T08:00:00Z".parse().unwrap();
            World { clock: Clock::starting_at(wall), awake: Duration::ZERO, wall }
        }

        /// So much time goes by awake, and on the wall besides.
        fn pass(&mut self, awake: Duration, besides: i64) -> u64 {
            self.awake += awake;
            self.wall += jiff::SignedDuration::from_secs(besides);
            self.wall += awake;
            self.clock.look(self.awake, self.wall).0.as_secs()
        }
    }

    #[test]
    fn it_goes_on_as_the_machine_does() {
        let mut world = World::new();
        assert_eq!(world.pass(MINUTE, 0), 60);
        assert_eq!(world.pass(MINUTE, 2), 120, "the clock is corrected a little");
        assert_eq!(world.pass(MINUTE, -2), 180);
    }

    #[test]
    fn sleep_counts_and_setting_the_clock_back_does_not() {
        let mut world = World::new();
        assert_eq!(world.pass(MINUTE, 8 * 3600), 8 * 3600 + 60);
        assert_eq!(world.pass(MINUTE, -24 * 3600), 8 * 3600 + 120);
        assert_eq!(world.pass(MINUTE, 24 * 3600), 32 * 3600 + 180, "forward is like sleep");
    }

    #[test]
    fn a_moment_on_the_wall_goes_by_the_wall_of_now() {
        let mut world = World::new();
        world.pass(MINUTE, 0);
        let soon = world.clock.moment().plus(MINUTE);
        assert_eq!(world.clock.on_the_wall(soon).to_string(), "2026-11-21T08:02:00Z");
        world.pass(Duration::ZERO, -3600);
        assert_eq!(world.clock.on_the_wall(soon).to_string(), "2026-11-21T07:02:00Z");
        assert_eq!(world.clock.on_the_wall(Moment::default()).to_string(), "2026-11-21T07:00:00Z");
    }
}
