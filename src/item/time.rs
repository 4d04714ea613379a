//! Points in time and durations as iCalendar and vCard write them.

use std::sync::OnceLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp};

/// A DATE or DATE-TIME value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    Day(Date),
    Time(DateTime, Zone),
}

/// What a local time is relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    Known(TimeZone),
    /// Local to whoever looks, or in a zone that only the item itself defines.
    Floating,
}

impl Moment {
    /// Reads a DATE or DATE-TIME (RFC 5545 sections 3.3.4 and 3.3.5), with the TZID that goes with it.
    pub fn read(value: &str, tzid: Option<&str>) -> Option<Self> {
        let (date, time) = read_basic(value)?;
        Some(match time {
            None => Moment::Day(date),
            Some((time, true)) => Moment::Time(date.to_datetime(time), Zone::Known(TimeZone::UTC)),
            Some((time, false)) => {
                let zone = tzid.and_then(known_zone).map_or(Zone::Floating, Zone::Known);
                Moment::Time(date.to_datetime(time), zone)
            }
        })
    }

    /// The day, by the clock it is written for.
    pub fn day(&self) -> Date {
        match self {
            Moment::Day(date) => *date,
            Moment::Time(time, _) => time.date(),
        }
    }

    /// This moment and a duration: days by the clock, hours exactly (RFC 5545 section 3.3.6).
    pub fn after(&self, duration: Length) -> Option<Self> {
        let days = Span::new().try_days(duration.days).ok()?;
        match self {
            Moment::Day(date) => date.checked_add(days).ok().map(Moment::Day),
            Moment::Time(time, Zone::Floating) => {
                let time = time.checked_add(days).ok()?.checked_add(duration.exact).ok()?;
                Some(Moment::Time(time, Zone::Floating))
            }
            Moment::Time(time, Zone::Known(zone)) => {
                let day = zone.to_timestamp(time.checked_add(days).ok()?).ok()?;
                let time = zone.to_datetime(day.checked_add(duration.exact).ok()?);
                Some(Moment::Time(time, Zone::Known(zone.clone())))
            }
        }
    }

    /// A text that is the same for the same moment, whatever zone it is written in.
    pub fn canonical(&self) -> String {
        match self {
            Moment::Day(date) => date.to_string(),
            Moment::Time(time, Zone::Floating) => time.to_string(),
            Moment::Time(time, Zone::Known(zone)) => match zone.to_timestamp(*time) {
                Ok(instant) => instant.to_string(),
                Err(_) => time.to_string(),
            },
        }
    }
}

/// A DURATION value: days by the clock, and an exact part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    pub days: i64,
    pub exact: SignedDuration,
}

impl Length {
    pub const ONE_DAY: Length = Length { days: 1, exact: SignedDuration::ZERO };

    /// How long it is where every day has 24 hours.
    pub fn seconds(self) -> i128 {
        i128::from(self.days) * 86_400 + i128::from(self.exact.as_secs())
    }

    /// Reads a DURATION (RFC 5545 section 3.3.6).
    pub fn read(value: &str) -> Option<Self> {
        let value = value.trim().to_ascii_uppercase();
        let (sign, value) = match value.strip_prefix('-') {
            Some(value) => (-1, value),
            None => (1, value.strip_prefix('+').unwrap_or(&value)),
        };
        let (mut days, mut seconds, mut number) = (0i64, 0i64, String::new());
        for char in value.strip_prefix('P')?.chars() {
            if char.is_ascii_digit() {
                number.push(char);
                continue;
            }
            if char == 'T' && number.is_empty() {
                continue;
            }
            let count: i64 = std::mem::take(&mut number).parse().ok()?;
            let (total, unit) = match char {
                'W' => (&mut days, 7),
                'D' => (&mut days, 1),
                'H' => (&mut seconds, 3600),
                'M' => (&mut seconds, 60),
                'S' => (&mut seconds, 1),
                _ => return None,
            };
            *total = total.checked_add(count.checked_mul(unit)?)?;
        }
        number
            .is_empty()
            .then(|| Length { days: sign * days, exact: SignedDuration::from_secs(sign * seconds) })
    }
}

/// Reads LAST-MODIFIED or REV: a DATE-TIME or a date, basic or extended, with `Z`, an offset or
/// nothing (taken for UTC).
pub fn read_stamp(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    let (date, time) = value.split_once(['T', 't', ' ']).unwrap_or((value, ""));
    let (time, offset) = match time.rfind(['+', '-']) {
        Some(at) => (&time[..at], read_offset(&time[at..])?),
        None => (time, SignedDuration::ZERO),
    };
    let time = time.split(['.', ',']).next().unwrap_or_default();
    let mut basic = date.replace('-', "");
    let time = time.trim_end_matches(['Z', 'z']).replace(':', "");
    if !time.is_empty() {
        basic.push('T');
        basic.push_str(&time);
        if time.len() == 4 {
            basic.push_str("00");
        }
    }
    let (date, time) = read_basic(&basic)?;
    let time = time.map_or(Time::midnight(), |(time, _)| time);
    TimeZone::UTC.to_timestamp(date.to_datetime(time)).ok()?.checked_sub(offset).ok()
}

/// Whether a TZID names a zone of the IANA database.
pub fn is_known_zone(tzid: &str) -> bool {
    known_zone(tzid).is_some()
}

/// The zone of a TZID: an IANA name, or one after a prefix as in
/// `/freeassociation.sourceforge.net/Europe/Berlin`.
pub fn known_zone(tzid: &str) -> Option<TimeZone> {
    // The database in the program and not the system's: digests must be the same on every machine.
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    const LONGEST: usize = 100;
    let tzid = tzid.trim();
    if tzid.is_empty() || tzid.len() > LONGEST {
        return None;
    }
    let database = DATABASE.get_or_init(TimeZoneDatabase::bundled);
    let mut name = tzid;
    loop {
        if let Ok(zone) = database.get(name) {
            return Some(zone);
        }
        name = tzid.starts_with('/').then(|| name.split_once('/'))??.1;
    }
}

/// `20260503` or `20260503T101500`, and whether a `Z` follows the time.
pub fn read_basic(value: &str) -> Option<(Date, Option<(Time, bool)>)> {
    let value = value.trim();
    let (date, time) = match value.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    let [year, month, day] = numbers(date, [4, 2, 2])?;
    let date = Date::new(year, month as i8, day as i8).ok()?;
    let Some(time) = time else { return Some((date, None)) };
    let local = time.strip_suffix(['Z', 'z']);
    let [hour, minute, second] = numbers(local.unwrap_or(time), [2, 2, 2])?;
    let time = Time::new(hour as i8, minute as i8, second.min(59) as i8, 0).ok()?;
    Some((date, Some((time, local.is_some()))))
}

/// An offset from UTC (RFC 5545 section 3.3.14), also with colons or without the minutes.
pub fn read_offset(text: &str) -> Option<SignedDuration> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let digits = digits.replace(':', "");
    let [hours, minutes, seconds] = numbers(&digits, [2, 2, 0])
        .or_else(|| numbers(&digits, [2, 2, 2]))
        .or_else(|| numbers(&digits, [2, 0, 0]))?;
    let seconds = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    Some(SignedDuration::from_secs(sign * seconds))
}

/// Decimal numbers of these widths that make up the whole text.
fn numbers<const N: usize>(text: &str, widths: [usize; N]) -> Option<[i16; N]> {
    if text.len() != widths.iter().sum::<usize>() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let mut at = 0;
    Some(widths.map(|width| {
        at += width;
        text[at - width..at].bytes().fold(0, |number, digit| number * 10 + i16::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(value: &str, tzid: Option<&str>) -> Option<String> {
        Moment::read(value, tzid).map(|moment| moment.canonical())
    }

    #[test]
    fn the_same_moment_in_any_zone() {
        let utc = canonical("20260503T081500Z", None);
        assert_eq!(utc.as_deref(), Some("2026-05-03T08:15:00Z"));
        for zone in
            ["Europe/Berlin", "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "europe/berlin"]
        {
            assert_eq!(canonical("20260503T101500", Some(zone)), utc, "{zone}");
        }
        assert_eq!(canonical("20260503T051500", Some("/x.org/1/America/Argentina/Buenos_Aires")), utc);
        assert_eq!(canonical("20260503T101500", Some("My/Own")).as_deref(), Some("2026-05-03T10:15:00"));
        assert_eq!(canonical("20260503", Some("Europe/Berlin")).as_deref(), Some("2026-05-03"));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for value in
            ["", "2026", "20261301", "20260503T1015", "2026050é", "20260503T101500+0200", "T", "99999999"]
        {
            assert_eq!(Moment::read(value, None), None, "{value}");
        }
    }

    #[test]
    fn durations() {
        let start = Moment::read("20260328T120000", Some("Europe/Berlin")).unwrap();
        let after = |duration| start.after(Length::read(duration).unwrap()).unwrap().canonical();
        assert_eq!(after("P1D"), "2026-03-29T10:00:00Z");
        assert_eq!(after("PT24H"), "2026-03-29T11:00:00Z");
        assert_eq!(after("P1W"), after("P7D"));
        assert_eq!(after("-PT1H30M5S"), "2026-03-28T09:29:55Z");
        for wrong in ["", "P1", "1D", "P1X", "P99999999999999999999D"] {
            assert_eq!(Length::read(wrong), None, "{wrong}");
        }
        assert_eq!(start.after(Length::read("P9999999999D").unwrap()), None);
    }

    #[test]
    fn stamps_of_every_format() {
        for stamp in [
            "20260503T101500Z",
            "20260503T101500",
            "2026-05-03T10:15:00Z",
            "2026-05-03T10:15:00.250Z",
            "2026-05-03T12:15:00+02:00",
            "20260503T051500-0500",
            "20260503T1015Z",
            "2026-05-03 10:15:00",
        ] {
            let read = read_stamp(stamp).map(|stamp| stamp.to_string());
            assert_eq!(read.as_deref(), Some("2026-05-03T10:15:00Z"), "{stamp}");
        }
        for stamp in ["20260503", "2026-05-03"] {
            assert_eq!(read_stamp(stamp).unwrap().to_string(), "2026-05-03T00:00:00Z");
        }
        for wrong in ["", "yesterday", "+", "T+", "2026-05-03T10:15:00+", "2026-05-03T25:00:00Z"] {
            assert_eq!(read_stamp(wrong), None, "{wrong}");
        }
    }
}
