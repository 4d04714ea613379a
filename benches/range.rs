//! How long `is_within` takes for 20,000 events of each kind: `cargo bench --bench range`.

use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::item::span::{Range, is_within};

const ITEMS: usize = 20_000;

fn main() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone of the database");
    let now: Timestamp = "2026-05-03T10:00:00Z".parse().expect("a time");
    let range = Range::around(now, 60, 365, &zone);
    let daily = "DTSTART;TZID=Europe/Berlin:20100104T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY";
    let weekly = "DTSTART;TZID=W. Europe Standard Time:20150105T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR";
    let mondays = "DTSTART;TZID=Europe/Berlin:20150105T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY";
    let monthly =
        "DTSTART;TZID=America/New_York:20120127T160000\r\nDURATION:PT1H\r\nRRULE:FREQ=MONTHLY;BYDAY=-1FR";
    let birthday = "DTSTART;VALUE=DATE:19500829\r\nDTEND;VALUE=DATE:19500830\r\nRRULE:FREQ=YEARLY";
    let own_zone = "DTSTART;TZID=Office:20100104T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY";
    let until = |rule: &str| format!("{rule};UNTIL=20260301T000000Z");
    let count = |rule: &str, count: u32| format!("{rule};COUNT={count}");
    let exdates = |tzid: &str, step: usize, from: &str| -> String {
        let first: Timestamp = from.parse().expect("a time");
        let days =
            (0..450).step_by(step).map(|day| first + jiff::SignedDuration::from_hours(24 * day as i64));
        days.map(|day| format!("\r\nEXDATE;TZID={tzid}:{}T090000", day.strftime("%Y%m%d"))).collect()
    };
    let mixes: Vec<(&str, Vec<String>)> = vec![
        ("daily", vec![daily.into()]),
        ("weekly, a Windows zone", vec![weekly.into()]),
        ("monthly, the last Friday", vec![monthly.into()]),
        ("yearly, a birthday", vec![birthday.into()]),
        ("all of these", vec![daily.into(), weekly.into(), monthly.into(), birthday.into()]),
        ("a zone of their own", vec![own_zone.into()]),
        ("none: ended by UNTIL", vec![until(daily), until(weekly), until(monthly)]),
        ("none: ended by COUNT", vec![count(daily, 5000), count(weekly, 1500), count(monthly, 150)]),
        (
            "none: 65 weekly EXDATEs",
            vec![format!("{mondays}{}", exdates("Europe/Berlin", 7, "2026-03-02T00:00:00Z"))],
        ),
        (
            "none: 450 daily EXDATEs",
            vec![format!("{daily}{}", exdates("Europe/Berlin", 1, "2026-03-02T00:00:00Z"))],
        ),
        ("none: every fifth year", vec![format!("{birthday};INTERVAL=5;BYMONTH=8;BYDAY=1MO")]),
    ];
    for (name, kinds) in mixes {
        let items: Vec<_> = kinds.iter().map(|lines| item(lines)).collect();
        let started = Instant::now();
        let inside =
            (0..ITEMS).filter(|nth| is_within(items[nth % items.len()].as_bytes(), &range, &zone)).count();
        println!("{:8.3} s  {inside:5} inside  {name}", started.elapsed().as_secs_f64());
    }
}

fn item(lines: &str) -> String {
    let zone = match lines.contains("TZID=Office") {
        true => concat!(
            "BEGIN:VTIMEZONE\r\nTZID:Office\r\n",
            "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n",
            "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n",
            "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n",
            "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n",
        ),
        false => "",
    };
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n{zone}BEGIN:VEVENT\r\nUID:4f1c-19ab\r\n\
         DTSTAMP:20260101T000000Z\r\nSUMMARY:Meeting about the plan\r\nLOCATION:Room 7\r\n\
         DESCRIPTION:What we said the last time\r\n and what comes next\r\n{lines}\r\n\
         BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}
