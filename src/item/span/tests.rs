use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::*;

mod against_dateutil;
mod events;
mod recurring;

const MAY: &str = "2026-05-01 2026-06-01";
const BERLIN: &str = "Europe/Berlin";

/// Lines separated by `|`; those of an event, where they do not begin a component themselves.
fn item(lines: &str) -> String {
    let lines = lines.replace('|', "\r\n");
    let body = match lines.starts_with("BEGIN:") {
        true => lines,
        false => format!("BEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT"),
    };
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}\r\nEND:VCALENDAR\r\n")
}

/// Two instants, or two days that stand for their midnights in the zone.
fn range(text: &str, zone: &TimeZone) -> Range {
    let read = |text: &str| match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => midnight(text.parse::<Date>().unwrap(), zone),
    };
    let (start, end) = text.split_once(' ').unwrap();
    Range { start: read(start), end: read(end) }
}

fn check(cases: &[(&str, &str, &str, &str, bool)]) {
    let mut wrong = Vec::new();
    for &(name, zone, within, lines, expected) in cases {
        let zone = TimeZone::get(zone).unwrap();
        if is_within(item(lines).as_bytes(), &range(within, &zone), &zone) != expected {
            wrong.push(format!("{name}: should be {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A zone of the item's own: two hours ahead of UTC in winter and three in summer.
fn own_zone(name: &str, rule: &str) -> String {
    let part = |name: &str, start: &str, from: &str, to: &str, month: u8| {
        let rule = rule.replace('#', &month.to_string());
        format!("BEGIN:{name}|DTSTART:{start}|TZOFFSETFROM:{from}|TZOFFSETTO:{to}|{rule}|END:{name}")
    };
    let winter = part("STANDARD", "19701025T040000", "+0300", "+0200", 10);
    let summer = part("DAYLIGHT", "19700329T030000", "+0200", "+0300", 3);
    format!("BEGIN:VTIMEZONE|TZID:{name}|{winter}|{summer}|END:VTIMEZONE|")
}

#[test]
fn what_cannot_be_told_is_inside() {
    let zone = TimeZone::UTC;
    let may = range(MAY, &zone);
    let vcard = "BEGIN:VCARD\r\nBDAY:19500101\r\nEND:VCARD\r\n";
    let broken = ["", "x", vcard, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"];
    assert!(broken.iter().all(|bytes| is_within(bytes.as_bytes(), &may, &zone)));
    for rule in [
        "",
        "FREQ=FORTNIGHTLY",
        "INTERVAL=2",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTHDAY=0",
        "FREQ=YEARLY;BYDAY=é",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=MONTHLY;SKIP=FORWARD",
        "FREQ=YEARLY;BYSETPOS=9999",
        "FREQ",
    ] {
        let item = item(&format!("DTSTART:20000101|RRULE:{rule}"));
        assert!(is_within(item.as_bytes(), &may, &zone), "{rule}");
    }
    check(&[
        ("a start that is no date", "UTC", MAY, "DTSTART:2026-01-01", true),
        ("an end that is no date", "UTC", MAY, "DTSTART:20200101|DTEND:x", true),
        ("a line that is none", "UTC", MAY, "DTSTART:20200101|what is this", true),
        ("another component", "UTC", MAY, "BEGIN:VFREEBUSY|DTSTART:20200101|END:VFREEBUSY", true),
    ]);
}

#[test]
fn hostile_items_cost_little() {
    let all = |count: i64| (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    let (hours, sixty) = (all(24), all(60));
    let days = (1..=366).map(|day| format!("{day},-{day}")).collect::<Vec<_>>().join(",");
    let zone = own_zone("X", "RRULE:FREQ=SECONDLY");
    let overrides: String = (0..60)
        .map(|minute| {
            let id = format!("20200101T00{minute:02}00Z");
            format!("|END:VEVENT|BEGIN:VEVENT|RECURRENCE-ID;RANGE=THISANDFUTURE:{id}|DTSTART:{id}")
        })
        .collect();
    for (lines, expected) in [
        ("DTSTART:20000101T000000|RRULE:FREQ=SECONDLY".to_owned(), Some(true)),
        ("DTSTART:20000101T000000|RRULE:FREQ=SECONDLY;COUNT=1000000000".to_owned(), Some(true)),
        ("DTSTART:20000101T000000|RRULE:FREQ=SECONDLY;COUNT=100000000".to_owned(), Some(false)),
        ("DTSTART:20000101T000000|RRULE:FREQ=DAILY;COUNT=1000000000".to_owned(), Some(true)),
        ("DTSTART:20000101T000000|RRULE:FREQ=DAILY;COUNT=18446744073709551615".to_owned(), Some(true)),
        ("DTSTART:20000101T000000|RRULE:FREQ=SECONDLY;UNTIL=20250101T000000Z".to_owned(), Some(false)),
        ("DTSTART:99991231T235959|RRULE:FREQ=YEARLY".to_owned(), Some(false)),
        ("DTSTART:00010101T000000Z|RRULE:FREQ=DAILY".to_owned(), Some(true)),
        ("DTSTART:00010101T000000Z|RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=9999999".to_owned(), None),
        ("DTSTART:20000101|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30".to_owned(), Some(false)),
        ("DTSTART:20000101|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1".to_owned(), Some(false)),
        ("DTSTART:20000101|RRULE:FREQ=YEARLY;INTERVAL=4294967295".to_owned(), Some(false)),
        ("DTSTART:20000101T000000|RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30".to_owned(), Some(false)),
        ("DTSTART:20000101T000000|RRULE:FREQ=SECONDLY;BYHOUR=3;BYMINUTE=7;COUNT=5000000".to_owned(), None),
        (
            format!(
                "DTSTART:20000101T000000|RRULE:FREQ=YEARLY;BYYEARDAY={days};BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty};BYSETPOS={days}"
            ),
            None,
        ),
        (
            format!(
                "DTSTART:20000101T000000|DURATION:P9999999W{}",
                "|RRULE:FREQ=YEARLY;BYMONTHDAY=1;UNTIL=20010101".repeat(10_000)
            ),
            None,
        ),
        (format!("DTSTART:20000101T000000Z|RRULE:FREQ=SECONDLY{overrides}"), Some(true)),
        (format!("{zone}BEGIN:VEVENT|DTSTART;TZID=X:20000101T000000|END:VEVENT"), None),
    ] {
        let started = Instant::now();
        let utc = TimeZone::UTC;
        let inside = is_within(item(&lines).as_bytes(), &range(MAY, &utc), &utc);
        let name: String = lines.chars().take(100).collect();
        assert!(started.elapsed() < Duration::from_secs(2), "{name}: {:?}", started.elapsed());
        assert!(expected.is_none_or(|expected| expected == inside), "{name}: {inside}");
    }
}

#[test]
fn ranges_around_a_day() {
    let around = |now: &str, past, future, zone: &str| {
        let range = Range::around(now.parse().unwrap(), past, future, &TimeZone::get(zone).unwrap());
        format!("{} {}", range.start, range.end)
    };
    insta::assert_snapshot!(around("2026-05-03T21:59:59Z", 0, 0, BERLIN), @"2026-05-02T22:00:00Z 2026-05-03T22:00:00Z");
    insta::assert_snapshot!(around("2026-05-03T22:00:00Z", 0, 0, BERLIN), @"2026-05-03T22:00:00Z 2026-05-04T22:00:00Z");
    insta::assert_snapshot!(around("2026-05-03T21:59:59Z", 60, 365, BERLIN), @"2026-03-03T23:00:00Z 2027-05-03T22:00:00Z");
    insta::assert_snapshot!(around("2026-05-03T12:30:00Z", 1, 1, "Pacific/Auckland"), @"2026-05-02T12:00:00Z 2026-05-05T12:00:00Z");
    insta::assert_snapshot!(around("2026-05-03T12:30:00Z", u32::MAX, u32::MAX, BERLIN), @"0001-01-01T00:00:00Z 9999-12-30T00:00:00Z");
    insta::assert_snapshot!(around("2026-05-03T12:30:00Z", 800_000, 3_000_000, BERLIN), @"0001-01-01T00:00:00Z 9999-12-30T00:00:00Z");
    let next = |now: &str, zone: &str| {
        Range::next_midnight(now.parse().unwrap(), &TimeZone::get(zone).unwrap()).to_string()
    };
    assert_eq!(next("2026-03-28T23:30:00Z", BERLIN), "2026-03-29T22:00:00Z");
    assert_eq!(next("2026-03-29T22:00:00Z", BERLIN), "2026-03-30T22:00:00Z");
    // Midnight comes twice in Havana on 2026-11-01, and on Samoa 2011-12-30 is left out.
    assert_eq!(next("2026-11-01T05:30:00Z", "America/Havana"), "2026-11-02T05:00:00Z");
    assert_eq!(next("2011-12-29T12:00:00Z", "Pacific/Apia"), "2011-12-30T10:00:00Z");
}

/// Lines of an event, with everything by UTC and shifted by whole weeks.
fn lines(weeks: i64, rule: &str, start: i64, length: i64, whole_day: bool) -> String {
    let at = |seconds: i64| {
        let time = Timestamp::from_second(seconds + weeks * 7 * day::SECONDS).unwrap();
        if whole_day {
            time.strftime("%Y%m%d").to_string()
        } else {
            time.strftime("%Y%m%dT%H%M%SZ").to_string()
        }
    };
    format!(
        "DTSTART:{}|DTEND:{}|{rule}|EXDATE:{}",
        at(start),
        at(start + length),
        at(start + 14 * day::SECONDS)
    )
}

fn seconds(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_range_is_its_two_parts(
        frequency in "(RRULE:FREQ=(HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY);INTERVAL=[1-9](;BYDAY=(MO|WE,FR|SU))?(;COUNT=[1-9][0-9]?)?)|X-NONE:x",
        days in -900i64..900,
        time in 0i64..86_400,
        length in prop_oneof![Just(0), 0i64..3 * 86_400],
        span in (0i64..90 * 86_400, 0.0f64..1.0),
        whole_day: bool,
        task: bool,
    ) {
        let zone = TimeZone::get(BERLIN).unwrap();
        let start = seconds("2026-05-03T00:00:00Z") + days * day::SECONDS + time;
        let mut text = item(&lines(0, &frequency, start, length, whole_day));
        if task {
            text = text.replace("VEVENT", "VTODO").replace("DTEND", "DUE");
        }
        let from: Timestamp = "2026-05-03T00:00:00Z".parse().unwrap();
        let at = |share: f64| from + SignedDuration::from_secs((span.0 as f64 * share) as i64);
        let (middle, end) = (at(span.1), at(1.0));
        let within = |start, end| is_within(text.as_bytes(), &Range { start, end }, &zone);
        let parts = within(from, middle) || within(middle, end);
        // An empty part has no say of its own.
        prop_assume!(from < middle && middle < end);
        prop_assert_eq!(within(from, end), parts, "{}", text);
    }

    #[test]
    fn whole_weeks_later_is_the_same(
        rule in "RRULE:FREQ=(HOURLY|DAILY|WEEKLY);INTERVAL=[1-9](;BYDAY=(MO|WE,FR|SU))?(;COUNT=[1-9][0-9]{0,2})?",
        days in -900i64..900,
        length in 0i64..3 * 86_400,
        span in 0i64..20 * 86_400,
        weeks in -3000i64..3000,
        whole_day: bool,
    ) {
        let zone = TimeZone::UTC;
        let start = seconds("2026-05-03T10:00:00Z") + days * day::SECONDS;
        let within = |weeks: i64| {
            let from = "2026-05-03T00:00:00Z".parse::<Timestamp>().unwrap() + (weeks * 7 * 24).hours();
            let range = Range { start: from, end: from + SignedDuration::from_secs(span) };
            is_within(item(&lines(weeks, &rule, start, length, whole_day)).as_bytes(), &range, &zone)
        };
        prop_assert_eq!(within(0), within(weeks));
    }

    #[test]
    fn no_text_is_too_strange(lines in "(DTSTART|DTEND|DUE|DURATION|RDATE|EXDATE|RECURRENCE-ID|RRULE)[:;][TZ0-9P;:=A-Z,+-]{0,30}(\\|(DTSTART|RRULE):[TZ0-9A-Z=;]{0,30}){0,3}") {
        is_within(item(&lines).as_bytes(), &range(MAY, &TimeZone::UTC), &TimeZone::UTC);
    }
}
