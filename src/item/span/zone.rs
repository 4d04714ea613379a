//! The clocks by which an item's times are written.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::tz::TimeZone;

use super::day::SECONDS;
use super::read::Zone;
use super::rule::{Rule, Until};
use super::{Bounds, Work, civil, local, windows};
use crate::item::lines::Line;
use crate::item::time::{read_basic, read_offset};

/// What turns a local time into an instant.
#[derive(Debug, Clone)]
pub enum Clock {
    Known(TimeZone),
    /// A zone that only the item itself defines: its changes near the range, in order.
    Own(Rc<[Change]>),
}

/// The beginning of another offset from UTC. All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    at: i64,
    before: i64,
    after: i64,
}

impl Clock {
    /// Whether it is the same clock.
    pub fn is(&self, other: &Clock) -> bool {
        match (self, other) {
            (Clock::Known(own), Clock::Known(other)) => own == other,
            (Clock::Own(own), Clock::Own(other)) => Rc::ptr_eq(own, other),
            _ => false,
        }
    }

    /// The instant of a local time, in seconds since 1970-01-01T00:00:00Z. One that occurs twice is the
    /// first, and one that is skipped is by the offset before the gap (RFC 5545 section 3.3.5).
    pub fn instant(&self, local: i64) -> i64 {
        match self {
            Clock::Known(zone) => civil(local)
                .and_then(|time| zone.to_timestamp(time).ok())
                .map_or(local, |instant| instant.as_second()),
            Clock::Own(changes) => {
                let passed =
                    changes.partition_point(|change| change.at + change.before.max(change.after) <= local);
                let offset = match passed.checked_sub(1) {
                    Some(last) => changes[last].after,
                    None => changes[0].before,
                };
                local - offset
            }
        }
    }
}

/// The zones that an item's times can name.
pub struct Zones<'a> {
    own: HashMap<&'a str, &'a Zone<'a>>,
    range: Bounds,
    /// That of floating times and whole days.
    pub here: &'a TimeZone,
    known: RefCell<HashMap<String, Clock>>,
    work: &'a Work,
}

impl<'a> Zones<'a> {
    pub fn new(own: &'a [Zone<'a>], range: Bounds, here: &'a TimeZone, work: &'a Work) -> Self {
        let own = own.iter().map(|zone| (zone.name.as_str(), zone)).collect();
        Zones { own, range, here, known: RefCell::default(), work }
    }

    pub fn floating(&self) -> Clock {
        Clock::Known(self.here.clone())
    }

    /// The clock that a TZID names: an IANA name, or one of Windows, or what the item defines, or else it is
    /// floating.
    pub fn clock(&self, tzid: &str) -> Clock {
        let tzid = tzid.trim();
        if let Some(clock) = self.known.borrow().get(tzid) {
            return clock.clone();
        }
        let clock = windows::zone_named(tzid)
            .map(Clock::Known)
            .or_else(|| self.own.get(tzid).and_then(|zone| self.own_clock(zone)))
            .unwrap_or_else(|| self.floating());
        self.known.borrow_mut().insert(tzid.to_owned(), clock.clone());
        clock
    }

    fn own_clock(&self, zone: &Zone<'_>) -> Option<Clock> {
        let mut changes = Vec::new();
        for observance in &zone.observances {
            self.add_changes(observance, &mut changes)?;
        }
        changes.sort_unstable();
        (!changes.is_empty()).then(|| Clock::Own(changes.into()))
    }

    /// Adds the changes to an observance (RFC 5545 section 3.6.5) near the range.
    fn add_changes(&self, lines: &[Line<'_>], changes: &mut Vec<Change>) -> Option<()> {
        /// More than a year, so that the last change before is among them.
        const MARGIN: i64 = 500 * SECONDS;
        let find = |name: &str| lines.iter().find(|line| line.is(name)).map(|line| line.value());
        let before = read_offset(find("TZOFFSETFROM")?)?.as_secs();
        let after = read_offset(find("TZOFFSETTO")?)?.as_secs();
        let start = read_local(find("DTSTART")?)?;
        let mut add = |onset: i64| changes.push(Change { at: onset - before, before, after });
        add(start);
        for line in lines.iter().filter(|line| line.is("RDATE")) {
            line.value().split(',').filter_map(read_local).for_each(&mut add);
        }
        for line in lines.iter().filter(|line| line.is("RRULE")) {
            let rule = Rule::read(line.value(), start, self.work).ok()?;
            let last = rule.until.map_or(i64::MAX, |until| match until {
                Until::Utc(at) => at + before,
                Until::Local(at) => at,
            });
            let from = if rule.count.is_some() { start } else { self.range.start.min(last) - MARGIN };
            let window = (from, self.range.end + MARGIN);
            let seen = rule.any(
                start,
                window,
                self.work,
                |onset| onset <= last,
                |onset| {
                    add(onset);
                    false
                },
            );
            seen.ok()?;
        }
        Some(())
    }
}

fn read_local(value: &str) -> Option<i64> {
    let (date, time) = read_basic(value)?;
    Some(local(date.to_datetime(time.map_or(jiff::civil::Time::midnight(), |(time, _)| time))))
}
