//! Series and what is changed in them.

use super::*;

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
        (
            "EXDATE by the clock of the series",
            b,
            "2026-04-30 2026-05-01",
            &with("|EXDATE;TZID=Europe/Berlin:20260430T090000"),
            false,
        ),
        (
            "EXDATE on an RDATE by another clock",
            b,
            MAY,
            "DTSTART;TZID=Europe/Berlin:20260101T090000|RDATE:20260515T070000Z|EXDATE;TZID=Europe/Berlin:20260515T090000",
            false,
        ),
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
            "COUNT from the middle of a week",
            b,
            "2026-05-02 2026-06-01",
            "DTSTART:20260102T090000|RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=36",
            true,
        ),
        (
            "COUNT from the middle of a week, one less",
            b,
            "2026-05-02 2026-06-01",
            "DTSTART:20260102T090000|RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=35",
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
