//! The occurrences of an item's components.

use std::collections::HashSet;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::day::SECONDS;
use super::read::{Component, Kind};
use super::rule::{Rule, Until};
use super::zone::{Clock, Zones};
use super::{Bounds, Unclear, Work, local};
use crate::item::lines::Line;
use crate::item::time::{Length, read_basic, read_stamp};

/// A local time and an instant of it differ by no more, and neither do two clocks.
const SLACK: i64 = 2 * SECONDS;

/// Whether any occurrence of these components, which are of one item, takes place in the range.
pub fn any_within(
    components: &[Component<'_>],
    range: Bounds,
    zones: &Zones<'_>,
    work: &Work,
) -> Result<bool, Unclear> {
    if components.is_empty() {
        return Err(Unclear);
    }
    let entries: Vec<_> =
        components.iter().map(|component| Entry::read(component, zones)).collect::<Result<_, _>>()?;
    let mut replaced = HashSet::new();
    let mut shifts = Vec::new();
    for entry in &entries {
        if let Some(of) = &entry.replaces {
            replaced.insert(of.instant);
            if of.and_later
                && let Dates::Of(_, start, length) = &entry.dates
            {
                let seconds = start.instant() - of.instant;
                shifts.push(Shift { from: of.instant, seconds, length: *length });
            }
        }
    }
    shifts.sort_unstable_by_key(|shift| shift.from);
    for entry in &entries {
        let none = (HashSet::new(), Vec::new());
        let (replaced, shifts) =
            if entry.replaces.is_some() { (&none.0, &none.1) } else { (&replaced, &shifts) };
        let is_within = match &entry.dates {
            Dates::Of(row, first, length) => {
                let lines = &entry.recurrence;
                let series =
                    Series { row: *row, first, length: *length, lines, replaced, shifts, range, zones, work };
                series.any_within()?
            }
            Dates::MadeAndDone(..) if !entry.recurrence.is_empty() => return Err(Unclear),
            Dates::MadeAndDone(made, done) => was_within(*made, *done, range)?,
        };
        if is_within {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A DATE or DATE-TIME.
#[derive(Debug, Clone)]
struct Moment {
    local: i64,
    whole_day: bool,
    clock: Clock,
}

impl Moment {
    fn read(value: &str, tzid: Option<&str>, zones: &Zones<'_>) -> Option<Self> {
        let (date, time) = read_basic(value)?;
        let whole_day = time.is_none();
        let (time, is_utc) = time.unwrap_or_default();
        let clock = match tzid {
            _ if is_utc => Clock::Known(TimeZone::UTC),
            Some(tzid) if !whole_day => zones.clock(tzid),
            _ => zones.floating(),
        };
        Some(Moment { local: local(date.to_datetime(time)), whole_day, clock })
    }

    fn instant(&self) -> i64 {
        self.clock.instant(self.local)
    }
}

/// A row of the tables in RFC 4791 section 9.9: what of an occurrence is compared with the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// An event or a journal, and a task with nothing but a start.
    Stretch,
    /// A task with a start and a duration.
    TaskWithDuration,
    /// A task with a start and a due date.
    TaskWithDue,
    /// A task with a due date alone; its occurrences start and end there.
    Due,
}

impl Row {
    fn meets(self, start: i64, end: i64, range: Bounds) -> bool {
        match self {
            Row::Stretch if end <= start => range.start <= start && range.end > start,
            Row::Stretch => range.start < end && range.end > start,
            Row::TaskWithDuration => range.start <= end && (range.end > start || range.end >= end),
            Row::TaskWithDue => {
                (range.start < end || range.start <= start) && (range.end > start || range.end >= end)
            }
            Row::Due => range.start < end && range.end >= end,
        }
    }
}

/// What a component says of its times.
struct Entry<'a> {
    dates: Dates,
    replaces: Option<Replaced>,
    /// RRULE, EXRULE, RDATE and EXDATE.
    recurrence: Vec<&'a Line<'a>>,
}

enum Dates {
    /// Where the first occurrence starts, and how long each is.
    Of(Row, Moment, Length),
    /// When a task without a start and a due date was made and done.
    MadeAndDone(Option<i64>, Option<i64>),
}

/// The occurrence, by its instant, that a component with a RECURRENCE-ID stands for.
struct Replaced {
    instant: i64,
    /// And those after it (RANGE=THISANDFUTURE).
    and_later: bool,
}

/// How the occurrences from an instant on are moved.
struct Shift {
    from: i64,
    seconds: i64,
    length: Length,
}

impl<'a> Entry<'a> {
    fn read(component: &'a Component<'a>, zones: &Zones<'_>) -> Result<Self, Unclear> {
        let line = |name: &str| component.lines.iter().find(|line| line.is(name));
        let moment = |name: &str| {
            let read = |line: &Line<'_>| Moment::read(line.value(), line.param("TZID"), zones).ok_or(Unclear);
            line(name).map(read).transpose()
        };
        let stamp = |name: &str| {
            let read = |line: &Line<'_>| read_stamp(line.value()).map(Timestamp::as_second).ok_or(Unclear);
            line(name).map(read).transpose()
        };
        let duration =
            line("DURATION").map(|line| Length::read(line.value()).ok_or(Unclear)).transpose()?.map(bounded);
        let start = moment("DTSTART")?;
        let end = moment(if component.kind == Kind::Task { "DUE" } else { "DTEND" })?;
        let dates = match (component.kind, start, end, duration) {
            (Kind::Task, None, None, _) => Dates::MadeAndDone(stamp("CREATED")?, stamp("COMPLETED")?),
            (Kind::Task, None, Some(due), _) => Dates::Of(Row::Due, due, NOTHING),
            (_, None, ..) => return Err(Unclear),
            (Kind::Task, Some(start), Some(due), _) => {
                let length = between(&start, &due);
                Dates::Of(Row::TaskWithDue, start, length)
            }
            (Kind::Task, Some(start), None, Some(length)) => Dates::Of(Row::TaskWithDuration, start, length),
            (Kind::Task, Some(start), None, None) => Dates::Of(Row::Stretch, start, NOTHING),
            (_, Some(start), end, duration) => {
                let length = match (end, duration) {
                    (Some(end), _) => between(&start, &end),
                    (None, Some(length)) => length,
                    (None, None) => NOTHING,
                };
                // A whole day is never shorter than itself.
                let length = if start.whole_day && length == NOTHING { Length::ONE_DAY } else { length };
                Dates::Of(Row::Stretch, start, length)
            }
        };
        let replaces = line("RECURRENCE-ID").map(|line| {
            let moment = Moment::read(line.value(), line.param("TZID"), zones).ok_or(Unclear)?;
            let and_later =
                line.param("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
            Ok(Replaced { instant: moment.instant(), and_later })
        });
        let recurrence = component.lines.iter().filter(|line| is_recurrence(line)).collect();
        Ok(Entry { dates, replaces: replaces.transpose()?, recurrence })
    }
}

/// Whether a task without dates was in the range (RFC 4791 section 9.9); one without any time is.
fn was_within(made: Option<i64>, done: Option<i64>, range: Bounds) -> Result<bool, Unclear> {
    match (made, done) {
        (made, Some(done)) => {
            let made = made.unwrap_or(done);
            Ok(range.start <= made.max(done) && range.end >= made.min(done))
        }
        (Some(made), None) => Ok(range.end > made),
        (None, None) => Err(Unclear),
    }
}

fn is_recurrence(line: &Line<'_>) -> bool {
    ["RRULE", "RDATE", "EXDATE", "EXRULE"].iter().any(|name| line.is(name))
}

const NOTHING: Length = Length { days: 0, exact: SignedDuration::ZERO };

/// From one moment to a later one: in days where both are days, else exactly; nothing where it is not later.
fn between(start: &Moment, end: &Moment) -> Length {
    if start.whole_day && end.whole_day {
        return Length { days: (end.local - start.local).max(0) / SECONDS, ..NOTHING };
    }
    Length { exact: SignedDuration::from_secs((end.instant() - start.instant()).max(0)), ..NOTHING }
}

/// A duration that sums do not overflow with, and that is not negative.
fn bounded(length: Length) -> Length {
    const LONGEST: i64 = 10_000 * 366;
    let seconds = length.exact.as_secs().clamp(0, LONGEST * SECONDS);
    Length { days: length.days.clamp(0, LONGEST), exact: SignedDuration::from_secs(seconds) }
}

/// A component's occurrences.
struct Series<'a> {
    row: Row,
    first: &'a Moment,
    length: Length,
    /// RRULE, EXRULE, RDATE and EXDATE.
    lines: &'a [&'a Line<'a>],
    /// The occurrences that other components stand for.
    replaced: &'a HashSet<i64>,
    shifts: &'a [Shift],
    range: Bounds,
    zones: &'a Zones<'a>,
    work: &'a Work,
}

impl<'a> Series<'a> {
    fn any_within(&self) -> Result<bool, Unclear> {
        let start = self.first.local;
        let window = self.window()?;
        let excluded = self.excluded(window)?;
        let counts =
            |instant: i64| !excluded.instants.contains(&instant) && !self.replaced.contains(&instant);
        let visit = |start: i64| {
            if excluded.local.contains(&start) {
                return false;
            }
            let instant = self.first.clock.instant(start);
            counts(instant) && self.meets(start, instant)
        };
        if visit(start) || self.any_date_within(counts)? {
            return Ok(true);
        }
        for line in self.lines_of("RRULE") {
            let rule = Rule::read(line.value(), start, self.work)?;
            if rule.any(start, window, self.work, |start| self.lasts(&rule, start), visit)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn lines_of(&self, name: &str) -> impl Iterator<Item = &'a Line<'a>> {
        self.lines.iter().copied().filter(move |line| line.is(name))
    }

    /// The local times at which an occurrence in the range can start.
    fn window(&self) -> Result<(i64, i64), Unclear> {
        self.work.spend(self.shifts.len())?;
        let lengths = self.shifts.iter().map(|shift| shift.length).chain([self.length]);
        let longest = lengths.map(|length| length.days * SECONDS + length.exact.as_secs()).max();
        let moved = self.shifts.iter().map(|shift| shift.seconds.abs()).max().unwrap_or(0) + SLACK;
        Ok((self.range.start - longest.unwrap_or(0) - moved, self.range.end + moved))
    }

    /// Whether the occurrence that starts at this local time, this instant, meets the range.
    fn meets(&self, start: i64, instant: i64) -> bool {
        let clock = &self.first.clock;
        let passed = self.shifts.partition_point(|shift| shift.from <= instant);
        let (instant, end) = match passed.checked_sub(1).and_then(|last| self.shifts.get(last)) {
            Some(shift) => {
                let start = start + shift.seconds;
                let instant = clock.instant(start);
                (instant, end(clock, start, instant, shift.length))
            }
            None => (instant, end(clock, start, instant, self.length)),
        };
        self.row.meets(instant, end, self.range)
    }

    /// Whether UNTIL allows this start. Where it is of another kind than the start, the later of its
    /// meanings counts.
    fn lasts(&self, rule: &Rule, start: i64) -> bool {
        match rule.until {
            None => true,
            Some(Until::Local(last)) => start <= last,
            Some(Until::Utc(last)) if self.first.whole_day => {
                let here = Timestamp::from_second(last).map(|last| self.zones.here.to_offset(last));
                start <= last + i64::from(here.unwrap_or(Offset::UTC).seconds()).max(0)
            }
            Some(Until::Utc(last)) => start + SLACK < last || self.first.clock.instant(start) <= last,
        }
    }

    /// Whether a date of RDATE meets the range.
    fn any_date_within(&self, counts: impl Fn(i64) -> bool) -> Result<bool, Unclear> {
        for line in self.lines_of("RDATE") {
            for value in values(line) {
                let (value, period_end) = match value.split_once('/') {
                    Some((start, end)) => (start, Some(end)),
                    None => (value, None),
                };
                let read = |value| Moment::read(value, line.param("TZID"), self.zones).ok_or(Unclear);
                let date = read(value)?;
                let length = match period_end {
                    Some(end) if end.starts_with(['P', 'p', '+']) => {
                        bounded(Length::read(end).ok_or(Unclear)?)
                    }
                    Some(end) => between(&date, &read(end)?),
                    None if date.whole_day && !self.first.whole_day => Length::ONE_DAY,
                    None => self.length,
                };
                let start = date.instant();
                let end = end(&date.clock, date.local, start, length);
                if counts(start) && self.row.meets(start, end, self.range) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The instants near the range that EXDATE and EXRULE take out.
    fn excluded(&self, window: (i64, i64)) -> Result<Excluded, Unclear> {
        let clock = &self.first.clock;
        let has_dates = self.lines_of("RDATE").next().is_some();
        let mut excluded = Excluded::default();
        for line in self.lines_of("EXDATE") {
            let tzid = line.param("TZID");
            let dates = values(line).filter_map(|value| Moment::read(value, tzid, self.zones));
            let near = dates.filter(|date| window.0 - SLACK <= date.local && date.local <= window.1 + SLACK);
            for date in near {
                let is_own = date.clock.is(clock);
                if is_own {
                    excluded.local.insert(date.local);
                }
                if !is_own || has_dates {
                    excluded.instants.insert(date.instant());
                }
            }
        }
        for line in self.lines_of("EXRULE") {
            let rule = Rule::read(line.value(), self.first.local, self.work)?;
            let exclude = |start| {
                excluded.local.insert(start);
                if has_dates {
                    excluded.instants.insert(clock.instant(start));
                }
                false
            };
            rule.any(self.first.local, window, self.work, |start| self.lasts(&rule, start), exclude)?;
        }
        Ok(excluded)
    }
}

/// The starts that are taken out of a series.
#[derive(Default)]
struct Excluded {
    /// By the clock of the series, where they are written for it: most are, and instants cost more.
    local: HashSet<i64>,
    /// The others; all, where the series has dates that another clock can tell.
    instants: HashSet<i64>,
}

fn values<'a>(line: &'a Line<'_>) -> impl Iterator<Item = &'a str> {
    line.value().split(',').map(str::trim).filter(|value| !value.is_empty())
}

/// The end of what starts at this local time, this instant: days by the clock, the rest exactly (RFC 5545
/// section 3.3.6).
fn end(clock: &Clock, start: i64, instant: i64, length: Length) -> i64 {
    let day = if length.days == 0 { instant } else { clock.instant(start + length.days * SECONDS) };
    day + length.exact.as_secs()
}
