//! When an item takes place: what a time range leaves in and out.
//!
//! Reading (`read`), the zones of its times (`zone`, `windows`), its rules (`rule`, `day`) and the
//! occurrences that come of all that (`series`). The rules are evaluated here, and not by a library, because
//! a library steps through a series from its first start; what matters is only whether it meets the range.

use std::cell::Cell;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use super::MAX_BYTES;

mod day;
mod read;
mod rule;
mod series;
#[cfg(test)]
mod tests;
mod windows;
mod zone;

pub use windows::{moment, zone_named};

/// A stretch of time, from `start` up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Range {
    /// From midnight `past_days` ago to the midnight that ends the day in `future_days`, by the clock of
    /// `zone`. Both stay within the years 1 to 9999, which iCalendar can write.
    pub fn around(now: Timestamp, past_days: u32, future_days: u32, zone: &TimeZone) -> Range {
        let today = zone.to_datetime(now).date();
        let days = |count: i64| Span::new().try_days(count).ok();
        let first = days(i64::from(past_days)).and_then(|days| today.checked_sub(days).ok());
        let last = days(i64::from(future_days) + 1).and_then(|days| today.checked_add(days).ok());
        Range {
            start: first.map_or(EARLIEST, |day| midnight(day, zone)),
            end: last.map_or(LATEST, |day| midnight(day, zone)),
        }
    }

    /// All that is to come.
    pub fn after(now: Timestamp) -> Range {
        Range { start: now, end: LATEST }
    }

    /// The next midnight by the clock of `zone`, when a range around now moves. Always after `now`, but for
    /// the end of the year 9999.
    pub fn next_midnight(now: Timestamp, zone: &TimeZone) -> Timestamp {
        Range::around(now, 0, 0, zone).end
    }
}

const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);
/// 9999-12-30T00:00:00Z: a local time of any zone.
const LATEST: Timestamp = Timestamp::constant(253_402_128_000, 0);

fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    match zone.to_timestamp(day.to_datetime(Time::midnight())) {
        Ok(instant) => instant.clamp(EARLIEST, LATEST),
        Err(_) if day.year() > 0 => LATEST,
        Err(_) => EARLIEST,
    }
}

/// Whether any occurrence of the item takes place in the range (RFC 4791 section 9.9). Floating times and
/// whole days are by the clock of `zone`.
///
/// What cannot be told is inside: an item that cannot be read, has no dates, has a rule that cannot be
/// understood, or is too much work. Contacts are always inside.
pub fn is_within(bytes: &[u8], range: &Range, zone: &TimeZone) -> bool {
    if bytes.len() > MAX_BYTES {
        return true;
    }
    let bounds = Bounds { start: range.start.as_second(), end: range.end.as_second() };
    let work = Work::default();
    let judge = || -> Result<bool, Unclear> {
        let object = read::Object::read(bytes)?;
        let zones = zone::Zones::new(&object.zones, bounds, zone, &work);
        series::any_within(&object.components, bounds, &zones, &work)
    };
    judge().unwrap_or(true)
}

/// It cannot be told when something takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unclear;

/// A range in seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    start: i64,
    end: i64,
}

/// How much may still be done for an item, in steps of some nanoseconds.
struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Work(Cell::new(400_000))
    }
}

impl Work {
    fn spend(&self, steps: usize) -> Result<(), Unclear> {
        self.0.set(self.0.get().checked_sub(steps).ok_or(Unclear)?);
        Ok(())
    }
}

/// A local time in seconds: those since 1970-01-01T00:00:00 by the same clock.
fn local(time: DateTime) -> i64 {
    let days = day::number(i64::from(time.year()), i64::from(time.month()), i64::from(time.day()));
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    days * day::SECONDS + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)
}

/// The opposite of [`local`], where there is such a time.
fn civil(local: i64) -> Option<DateTime> {
    Timestamp::from_second(local).ok().map(|instant| Offset::UTC.to_datetime(instant))
}
