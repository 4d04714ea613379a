use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use super::*;

mod against_dateutil;

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

#[test]
fn single_events() {
    let b = BERLIN;
    let la = "America/Los_Angeles";
    let akl = "Pacific/Auckland";
    let night = "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z";
    check(&[
        ("before", b, MAY, "DTSTART:20260401T100000Z|DTEND:20260401T110000Z", false),
        ("within", b, MAY, "DTSTART:20260501T100000Z|DTEND:20260501T110000Z", true),
        ("after", b, MAY, "DTSTART:20260601T100000Z|DTEND:20260601T110000Z", false),
        ("across the start", b, MAY, "DTSTART:20260430T210000Z|DTEND:20260430T230000Z", true),
        ("across the end", b, MAY, "DTSTART:20260531T210000Z|DTEND:20260531T230000Z", true),
        ("across all of it", b, MAY, "DTSTART:20250101T000000Z|DTEND:20270101T000000Z", true),
        ("ends at the start", b, MAY, "DTSTART:20260430T210000Z|DTEND:20260430T220000Z", false),
        ("a second longer", b, MAY, "DTSTART:20260430T210000Z|DTEND:20260430T220001Z", true),
        ("starts at the end", b, MAY, "DTSTART:20260531T220000Z|DTEND:20260531T230000Z", false),
        ("a second earlier", b, MAY, "DTSTART:20260531T215959Z|DTEND:20260531T230000Z", true),
        ("no end, at the start", b, MAY, "DTSTART:20260430T220000Z", true),
        ("no end, at the end", b, MAY, "DTSTART:20260531T220000Z", false),
        ("no length, at the start", b, MAY, "DTSTART:20260430T220000Z|DURATION:PT0S", true),
        ("ends where it starts", b, MAY, "DTSTART:20260430T220000Z|DTEND:20260430T220000Z", true),
        ("ends before it starts", b, MAY, "DTSTART:20260430T220000Z|DTEND:20260401T220000Z", true),
        ("negative duration", b, MAY, "DTSTART:20260531T220000Z|DURATION:-P1D", false),
        ("whole day, no end", b, MAY, "DTSTART;VALUE=DATE:20260501", true),
        ("whole day before", b, MAY, "DTSTART;VALUE=DATE:20260430", false),
        (
            "whole day before, ends that day",
            b,
            MAY,
            "DTSTART;VALUE=DATE:20260430|DTEND;VALUE=DATE:20260430",
            false,
        ),
        ("two whole days", b, MAY, "DTSTART;VALUE=DATE:20260430|DTEND;VALUE=DATE:20260502", true),
        ("whole day of the end", b, MAY, "DTSTART;VALUE=DATE:20260601", false),
        (
            "whole day in Auckland",
            akl,
            "2026-04-30T12:00:00Z 2026-04-30T13:00:00Z",
            "DTSTART;VALUE=DATE:20260501",
            true,
        ),
        (
            "the day before in Auckland",
            akl,
            "2026-04-30T12:00:00Z 2026-04-30T13:00:00Z",
            "DTSTART;VALUE=DATE:20260430",
            false,
        ),
        (
            "whole day in Los Angeles",
            la,
            "2026-05-01T06:00:00Z 2026-05-01T07:00:00Z",
            "DTSTART;VALUE=DATE:20260430",
            true,
        ),
        (
            "the day after in Los Angeles",
            la,
            "2026-05-01T06:00:00Z 2026-05-01T07:00:00Z",
            "DTSTART;VALUE=DATE:20260501",
            false,
        ),
        ("floating", akl, MAY, "DTSTART:20260501T000000|DTEND:20260501T000100", true),
        ("floating before", akl, MAY, "DTSTART:20260430T235800|DTEND:20260430T235900", false),
        ("in a zone", akl, MAY, "DTSTART;TZID=Europe/Berlin:20260430T140000|DURATION:PT1M", true),
        ("in a zone before", akl, MAY, "DTSTART;TZID=Europe/Berlin:20260430T135800|DURATION:PT1M", false),
        (
            "a zone with a prefix",
            akl,
            MAY,
            "DTSTART;TZID=/x.org/1/Europe/Berlin:20260430T135800|DURATION:PT1M",
            false,
        ),
        (
            "a Windows zone",
            akl,
            MAY,
            "DTSTART;TZID=W. Europe Standard Time:20260430T135800|DURATION:PT1M",
            false,
        ),
        (
            "a quoted Windows zone",
            akl,
            MAY,
            "DTSTART;TZID=\"Pacific Standard Time\":20260430T050000|DURATION:PT1M",
            true,
        ),
        ("a zone that nobody knows", akl, MAY, "DTSTART;TZID=Nobody's:20260430T235800|DURATION:PT1M", false),
        // 02:00 to 03:00 is left out in Berlin on 2026-03-29: by the offset before, it is an hour later.
        ("in the gap", b, night, "DTSTART;TZID=Europe/Berlin:20260329T021500", true),
        ("after the gap", b, night, "DTSTART;TZID=Europe/Berlin:20260329T033500", false),
        // It comes twice on 2026-10-25, at 00:00Z and at 01:00Z: the first counts.
        (
            "in the fold",
            b,
            "2026-10-25T00:00:00Z 2026-10-25T01:00:00Z",
            "DTSTART;TZID=Europe/Berlin:20261025T023000",
            true,
        ),
        (
            "not again",
            b,
            "2026-10-25T01:00:00Z 2026-10-25T02:00:00Z",
            "DTSTART;TZID=Europe/Berlin:20261025T023000",
            false,
        ),
        (
            "a day over the gap has 23 hours",
            b,
            "2026-03-29T10:00:00Z 2026-03-30T00:00:00Z",
            "DTSTART;TZID=Europe/Berlin:20260328T120000|DURATION:P1D",
            false,
        ),
        (
            "24 hours over the gap",
            b,
            "2026-03-29T10:00:00Z 2026-03-30T00:00:00Z",
            "DTSTART;TZID=Europe/Berlin:20260328T120000|DURATION:PT24H",
            true,
        ),
        ("a huge duration", b, MAY, "DTSTART:20200101T000000Z|DURATION:P99999999999999W", true),
    ]);
}

#[test]
fn series() {
    let b = BERLIN;
    let daily = "DTSTART;TZID=Europe/Berlin:20200101T090000|DURATION:PT1H|RRULE:FREQ=DAILY";
    let with = |rest: &str| format!("{daily}{rest}");
    let birthday = "DTSTART;VALUE=DATE:19500512|RRULE:FREQ=YEARLY";
    let leap = "DTSTART;VALUE=DATE:20000229|RRULE:FREQ=YEARLY";
    let weekly = "DTSTART;TZID=Europe/Berlin:20260101T000000|DURATION:PT1H|RRULE:FREQ=WEEKLY";
    let only = "DTSTART:20260415T100000Z|DURATION:PT1H|RRULE:FREQ=MONTHLY;COUNT=3";
    let dates = "DTSTART:20260101T100000Z|DURATION:PT1H";
    let ends =
        |until: &str| format!("DTSTART;TZID=Europe/Berlin:20260401T000000|RRULE:FREQ=DAILY;UNTIL={until}");
    let ended = |until: &str| format!("DTSTART;VALUE=DATE:20260401|RRULE:FREQ=DAILY;UNTIL={until}");
    let (ends, ended) = (&ends, &ended);
    check(&[
        ("yearly birthday", b, MAY, birthday, true),
        ("birthday in another month", b, "2026-06-01 2027-05-12", birthday, false),
        ("birthday at the end", b, "2026-06-01 2027-05-13", birthday, true),
        ("before the birth", b, "1949-01-01 1950-05-12", birthday, false),
        ("leap day", b, "2028-02-01 2028-03-01", leap, true),
        ("leap day of another year", b, "2027-02-01 2027-03-02", leap, false),
        ("daily without end", b, MAY, daily, true),
        ("daily before its start", b, "2019-01-01 2020-01-01", daily, false),
        ("UNTIL before", b, MAY, &with(";UNTIL=20260430T070000Z"), false),
        ("COUNT before", b, MAY, &with(";COUNT=2312"), false),
        ("COUNT into it", b, MAY, &with(";COUNT=2313"), true),
        ("UNTIL in UTC, the last moment", b, MAY, &ends("20260430T220000Z"), true),
        ("UNTIL in UTC, a second before", b, MAY, &ends("20260430T215959Z"), false),
        ("UNTIL in local time", b, MAY, &ends("20260501T000000"), true),
        ("UNTIL in local time before", b, MAY, &ends("20260430T235959"), false),
        ("UNTIL a day counts all of it", b, MAY, &ends("20260501"), true),
        ("UNTIL the day before", b, MAY, &ends("20260430"), false),
        ("whole days UNTIL a day", b, MAY, &ended("20260501"), true),
        ("whole days UNTIL the day before", b, MAY, &ended("20260430"), false),
        ("whole days UNTIL in UTC", b, MAY, &ended("20260430T220000Z"), true),
        ("whole days UNTIL in UTC before", b, MAY, &ended("20260430T215959Z"), false),
        ("the only one inside", b, MAY, only, true),
        ("EXDATE on the only one inside", b, MAY, &format!("{only}|EXDATE:20260515T100000Z"), false),
        (
            "EXDATE in another zone",
            b,
            MAY,
            &format!("{only}|EXDATE;TZID=Europe/Berlin:20260515T120000"),
            false,
        ),
        ("EXDATE on another", b, MAY, &format!("{only}|EXDATE:20260415T100000Z,20260615T100000Z"), true),
        ("an EXDATE that cannot be read", b, MAY, &format!("{only}|EXDATE:2026-05-15"), true),
        (
            "EXDATE on the first",
            b,
            MAY,
            "DTSTART:20260515T100000Z|RRULE:FREQ=YEARLY|EXDATE:20260515T100000Z",
            false,
        ),
        ("EXRULE", b, MAY, &format!("{only}|EXRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=15;BYMONTH=5"), true),
        ("EXRULE on the only one", b, MAY, &format!("{only}|EXRULE:FREQ=MONTHLY"), false),
        (
            "a whole day with EXDATE",
            b,
            "2026-05-12 2026-05-13",
            &format!("{birthday}|EXDATE;VALUE=DATE:20260512"),
            false,
        ),
        ("RDATE only", b, MAY, &format!("{dates}|RDATE:20260301T100000Z,20260515T100000Z"), true),
        ("RDATE only, elsewhere", b, MAY, &format!("{dates}|RDATE:20260301T100000Z,20260615T100000Z"), false),
        (
            "RDATE, the first is inside",
            b,
            "2026-01-01 2026-02-01",
            &format!("{dates}|RDATE:20260515T100000Z"),
            true,
        ),
        (
            "RDATE and EXDATE",
            b,
            MAY,
            &format!("{dates}|RDATE:20260515T100000Z|EXDATE:20260515T100000Z"),
            false,
        ),
        (
            "RDATE, a period by its end",
            b,
            MAY,
            &format!("{dates}|RDATE;VALUE=PERIOD:20260401T100000Z/20260501T100000Z"),
            true,
        ),
        (
            "RDATE, a period by its length",
            b,
            MAY,
            &format!("{dates}|RDATE;VALUE=PERIOD:20260429T100000Z/P2D"),
            true,
        ),
        (
            "RDATE, a short period",
            b,
            MAY,
            &format!("{dates}|RDATE;VALUE=PERIOD:20260429T100000Z/PT5H"),
            false,
        ),
        (
            "RDATE, a day",
            b,
            "2026-05-01T20:00:00Z 2026-05-02T00:00:00Z",
            &format!("{dates}|RDATE;VALUE=DATE:20260501"),
            true,
        ),
        ("an RDATE that cannot be read", b, MAY, &format!("{dates}|RDATE:tomorrow"), true),
        // Thursday 00:00 in Berlin: 23:00Z before 2026-03-29, 22:00Z after.
        ("a series in winter", b, "2026-03-25T22:30:00Z 2026-03-25T23:00:00Z", weekly, false),
        ("a series in summer", b, "2026-04-01T22:30:00Z 2026-04-01T23:00:00Z", weekly, true),
        ("a series in summer, before", b, "2026-04-01T21:30:00Z 2026-04-01T22:00:00Z", weekly, false),
        (
            "a daily series in the gap",
            b,
            "2026-03-29T01:00:00Z 2026-03-29T01:20:00Z",
            "DTSTART;TZID=Europe/Berlin:20260101T021500|RRULE:FREQ=DAILY",
            true,
        ),
        (
            "long occurrences reach in",
            b,
            MAY,
            "DTSTART:20250420T000000Z|DURATION:P30D|RRULE:FREQ=YEARLY",
            true,
        ),
        ("every second year", b, MAY, "DTSTART:20250515T000000Z|RRULE:FREQ=YEARLY;INTERVAL=2", false),
        (
            "the 31st, not in June",
            b,
            "2026-06-01 2026-07-01",
            "DTSTART:20260131T100000Z|RRULE:FREQ=MONTHLY",
            false,
        ),
        (
            "BYMONTHDAY=31 in May",
            b,
            "2026-05-31 2026-06-01",
            "DTSTART:20260131T100000Z|RRULE:FREQ=MONTHLY;BYMONTHDAY=31",
            true,
        ),
        (
            "the last day",
            b,
            "2026-06-30 2026-07-01",
            "DTSTART:20260131T100000Z|RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
            true,
        ),
        (
            "the last work day",
            b,
            "2026-05-29 2026-05-30",
            "DTSTART:20260130T100000Z|RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            true,
        ),
        (
            "not another",
            b,
            "2026-05-30 2026-06-30",
            "DTSTART:20260130T100000Z|RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            false,
        ),
        (
            "the last Friday",
            b,
            "2026-05-29 2026-05-30",
            "DTSTART:20260130T100000Z|RRULE:FREQ=MONTHLY;BYDAY=-1FR",
            true,
        ),
        (
            "not the fourth",
            b,
            "2026-05-22 2026-05-23",
            "DTSTART:20260130T100000Z|RRULE:FREQ=MONTHLY;BYDAY=-1FR",
            false,
        ),
        (
            "Friday the 13th",
            b,
            "2026-03-01 2026-11-13",
            "DTSTART:20260213T100000Z|RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            true,
        ),
        (
            "no Friday the 13th",
            b,
            "2026-03-14 2026-11-13",
            "DTSTART:20260213T100000Z|RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            false,
        ),
        (
            "weeks from Monday",
            b,
            "1997-08-18 1997-08-25",
            "DTSTART:19970805T090000|RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            true,
        ),
        (
            "on Sunday of them",
            b,
            "1997-08-24 1997-08-25",
            "DTSTART:19970805T090000|RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            true,
        ),
        (
            "weeks from Sunday",
            b,
            "1997-08-24 1997-08-25",
            "DTSTART:19970805T090000|RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            false,
        ),
        (
            "several rules",
            b,
            MAY,
            "DTSTART:20260101T090000|RRULE:FREQ=DAILY;COUNT=2|RRULE:FREQ=MONTHLY;BYMONTHDAY=7",
            true,
        ),
        (
            "a first start outside its rule",
            b,
            MAY,
            "DTSTART:20260506T090000|RRULE:FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=1",
            true,
        ),
        (
            "every ten minutes of a Monday",
            b,
            "2026-05-05 2026-05-11",
            "DTSTART:20200106T090000|RRULE:FREQ=MINUTELY;INTERVAL=10;BYDAY=MO",
            false,
        ),
        ("in lower case", b, MAY, "dtstart;value=date:20200501|rrule:freq=yearly;byday=1fr;bymonth=5", true),
        (
            "SKIP=OMIT is the rule anyway",
            b,
            "2026-06-01 2026-07-01",
            "DTSTART:20260131T100000Z|RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT",
            false,
        ),
    ]);
}

#[test]
fn overrides() {
    let b = BERLIN;
    let master = "BEGIN:VEVENT|DTSTART:20260415T100000Z|DURATION:PT1H|RRULE:FREQ=MONTHLY;COUNT=3|END:VEVENT";
    let other = |id: &str, start: &str| {
        format!("BEGIN:VEVENT|RECURRENCE-ID{id}|DTSTART:{start}|DURATION:PT1H|END:VEVENT")
    };
    let and = |id: &str, start: &str| format!("{master}|{}", other(id, start));
    let before = |id: &str, start: &str| format!("{}|{master}", other(id, start));
    check(&[
        ("moved out", b, MAY, &and(":20260515T100000Z", "20260701T100000Z"), false),
        ("moved out, the override first", b, MAY, &before(":20260515T100000Z", "20260701T100000Z"), false),
        (
            "moved out, by another clock",
            b,
            MAY,
            &and(";TZID=Europe/Berlin:20260515T120000", "20260701T100000Z"),
            false,
        ),
        ("moved within", b, MAY, &and(":20260515T100000Z", "20260516T100000Z"), true),
        ("moved in", b, "2026-07-01 2026-08-01", &and(":20260615T100000Z", "20260701T100000Z"), true),
        ("not moved in", b, "2026-07-01 2026-08-01", &and(":20260615T100000Z", "20260614T100000Z"), false),
        ("an override alone", b, MAY, &other(":20260415T100000Z", "20260515T100000Z"), true),
        ("an override alone elsewhere", b, MAY, &other(":20260515T100000Z", "20260415T100000Z"), false),
        (
            "this and the future moved out",
            b,
            "2026-06-01 2026-06-30",
            &and(";RANGE=THISANDFUTURE:20260515T100000Z", "20260531T100000Z"),
            false,
        ),
        (
            "this and the future moved in",
            b,
            "2026-06-30 2026-07-02",
            &and(";RANGE=THISANDFUTURE:20260515T100000Z", "20260531T100000Z"),
            true,
        ),
        (
            "those before stay",
            b,
            "2026-04-15 2026-04-16",
            &and(";RANGE=THISANDFUTURE:20260515T100000Z", "20260531T100000Z"),
            true,
        ),
        (
            "an override without a start",
            b,
            "2028-01-01 2029-01-01",
            "BEGIN:VEVENT|RECURRENCE-ID:20260515T100000Z|END:VEVENT",
            true,
        ),
        (
            "several events",
            b,
            MAY,
            "BEGIN:VEVENT|DTSTART:20250101|END:VEVENT|BEGIN:VEVENT|DTSTART:20260505|END:VEVENT",
            true,
        ),
        (
            "several events, none inside",
            b,
            MAY,
            "BEGIN:VEVENT|DTSTART:20250101|END:VEVENT|BEGIN:VEVENT|DTSTART:20260605|END:VEVENT",
            false,
        ),
    ]);
}

#[test]
fn tasks_and_journals() {
    let b = BERLIN;
    let task = |lines: &str| format!("BEGIN:VTODO|UID:1|{lines}|END:VTODO");
    let (early, mid, late) = ("20260401T100000Z", "20260515T100000Z", "20260701T100000Z");
    let done = |made: &str, done: &str| task(&format!("CREATED:{made}|COMPLETED:{done}"));
    check(&[
        ("nothing", b, MAY, &task("SUMMARY:x"), true),
        ("due inside", b, MAY, &task(&format!("DUE:{mid}")), true),
        ("due before", b, MAY, &task(&format!("DUE:{early}|CREATED:{mid}")), false),
        ("due at the start", b, MAY, &task("DUE:20260430T220000Z"), false),
        ("due at the end", b, MAY, &task("DUE:20260531T220000Z"), true),
        ("start and due around", b, MAY, &task(&format!("DTSTART:{early}|DUE:{late}")), true),
        ("start and due before", b, MAY, &task(&format!("DTSTART:{early}|DUE:{early}")), false),
        ("start and duration to the start", b, MAY, &task("DTSTART:20260430T210000Z|DURATION:PT1H"), true),
        ("start and due at the start", b, MAY, &task("DTSTART:20260430T210000Z|DUE:20260430T220000Z"), false),
        ("a start inside", b, MAY, &task(&format!("DTSTART:{mid}")), true),
        ("a start before", b, MAY, &task(&format!("DTSTART:{early}|COMPLETED:{mid}")), false),
        ("completed inside", b, MAY, &task(&format!("COMPLETED:{mid}")), true),
        ("completed before", b, MAY, &task(&format!("COMPLETED:{early}")), false),
        ("completed after", b, MAY, &task(&format!("COMPLETED:{late}")), false),
        ("created before", b, MAY, &task(&format!("CREATED:{early}")), true),
        ("created after", b, MAY, &task(&format!("CREATED:{late}")), false),
        ("created before, completed after", b, MAY, &done(early, late), true),
        ("created and completed before", b, MAY, &done(early, early), false),
        ("created and completed after", b, MAY, &done(late, late), false),
        ("weekly, due", b, MAY, &task(&format!("DUE:{early}|RRULE:FREQ=WEEKLY")), true),
        ("weekly, due, ended", b, MAY, &task(&format!("DUE:{early}|RRULE:FREQ=WEEKLY;COUNT=3")), false),
        ("weekly without a date", b, MAY, &task(&format!("CREATED:{late}|RRULE:FREQ=WEEKLY")), true),
        ("a journal inside", b, MAY, "BEGIN:VJOURNAL|DTSTART;VALUE=DATE:20260501|END:VJOURNAL", true),
        ("a journal before", b, MAY, "BEGIN:VJOURNAL|DTSTART;VALUE=DATE:20260430|END:VJOURNAL", false),
        ("a journal without a date", b, MAY, "BEGIN:VJOURNAL|CREATED:20300101T000000Z|END:VJOURNAL", true),
        ("an event without a date", b, MAY, "CREATED:20300101T000000Z", true),
        (
            "an alarm's dates are not the event's",
            b,
            MAY,
            "DTSTART:20250101|BEGIN:VALARM|DURATION:P900D|END:VALARM",
            false,
        ),
    ]);
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
fn zones_of_the_items_own() {
    let rule = "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=#";
    let zone = own_zone("Customised, of the office", rule);
    let only_once = own_zone("Customised, of the office", "X-NOTE:#");
    let ended = own_zone("Customised, of the office", &format!("{rule};UNTIL=20060601T000000Z"));
    let iana = own_zone("Europe/Berlin", rule);
    let at = |zone: &str, tzid: &str, time: &str| {
        format!("{zone}BEGIN:VEVENT|DTSTART;TZID=\"{tzid}\":{time}|END:VEVENT")
    };
    let office = "Customised, of the office";
    let (winter, summer) =
        ("2026-01-15T08:00:00Z 2026-01-15T08:01:00Z", "2026-07-15T07:00:00Z 2026-07-15T07:01:00Z");
    let event_first = format!(
        "BEGIN:VEVENT|DTSTART;TZID=\"{office}\":20260715T100000|END:VEVENT|{}",
        zone.trim_end_matches('|')
    );
    let la = "America/Los_Angeles";
    check(&[
        ("in winter", la, winter, &at(&zone, office, "20260115T100000"), true),
        ("in summer", la, summer, &at(&zone, office, "20260715T100000"), true),
        ("before it in summer", la, summer, &at(&zone, office, "20260715T095959"), false),
        ("after it in winter", la, winter, &at(&zone, office, "20260115T100100"), false),
        ("the zone after the event", la, summer, &event_first, true),
        (
            "without rules the last change holds",
            la,
            "2026-07-15T08:00:00Z 2026-07-15T08:01:00Z",
            &at(&only_once, office, "20260715T100000"),
            true,
        ),
        (
            "where its rules ended",
            la,
            "2026-07-15T07:00:00Z 2026-07-15T07:01:00Z",
            &at(&ended, office, "20260715T100000"),
            true,
        ),
        (
            "an IANA name goes first",
            la,
            "2026-07-15T08:00:00Z 2026-07-15T08:01:00Z",
            &at(&iana, "Europe/Berlin", "20260715T100000"),
            true,
        ),
        (
            "in its gap",
            la,
            "2026-03-29T01:30:00Z 2026-03-29T01:31:00Z",
            &at(&zone, office, "20260329T033000"),
            true,
        ),
        (
            "in its fold",
            la,
            "2026-10-25T00:30:00Z 2026-10-25T00:31:00Z",
            &at(&zone, office, "20261025T033000"),
            true,
        ),
        (
            "a zone with no parts is floating",
            la,
            "2026-07-15T17:00:00Z 2026-07-15T17:01:00Z",
            &at("BEGIN:VTIMEZONE|TZID:X|END:VTIMEZONE|", "X", "20260715T100000"),
            true,
        ),
    ]);
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
    #![proptest_config(ProptestConfig::with_cases(2000))]

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
