//! What takes place once, and the zones of its times.

use super::*;

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

/// eM Client lets its zones begin in the year 1, and Outlook in 1601.
#[test]
fn zones_may_begin_long_ago() {
    for start in ["00010101T000000", "00000101T000000", "16010101T000000"] {
        let zone = own_zone("Own", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=#")
            .replace("19701025T040000", start)
            .replace("19700329T030000", start);
        let lines = |day: &str| {
            format!(
                "{zone}BEGIN:VEVENT|UID:1|DTSTART;TZID=Own:{day}T100000|DTEND;TZID=Own:{day}T110000|END:VEVENT"
            )
        };
        check(&[
            (start, BERLIN, MAY, &lines("20260510"), true),
            (start, BERLIN, MAY, &lines("20260610"), false),
        ]);
    }
}
