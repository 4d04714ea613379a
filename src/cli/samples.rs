//! The calendar, task list and address book of the demonstration: what its two sides hold, and what
//! happens to them between the first sync and the second.

use bytes::Bytes;
use icalendar::{
    Alarm, Attendee, Calendar, CalendarComponent, Component, Event, EventLike, EventStatus, PartStat,
    Property, Role, Todo, TodoStatus, Trigger,
};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, ToSpan};

use crate::item::Kind;
use crate::sync::Side;

/// One collection of the demonstration, as it is before the first sync and what comes after.
pub struct Sample {
    pub kind: Kind,
    /// What its folder and its collection on the server are called.
    pub name: &'static str,
    /// What a person calls it.
    pub title: &'static str,
    /// The same on both sides.
    pub both: Vec<Item>,
    pub local_only: Vec<Item>,
    pub remote_only: Vec<Item>,
    /// What is done to items of `both` after the first sync.
    pub changes: Vec<Change>,
}

pub struct Item {
    /// Its file name, and its name on the server.
    pub name: String,
    pub bytes: Bytes,
}

/// Something that a person does to an item on one side.
pub struct Change {
    pub side: Side,
    pub name: String,
    pub what: What,
}

pub enum What {
    Edited(Bytes),
    Deleted,
}

/// The demonstration's collections, with dates around `today`. The same bytes for the same day.
pub fn samples(today: Date) -> [Sample; 3] {
    [calendar(today), tasks(today), contacts(today)]
}

fn calendar(today: Date) -> Sample {
    let meeting = |start: DateTime, location: &str, modified: DateTime| {
        let mut event = event("meeting", "Planning with the Hamburg office", modified);
        between(&mut event, start, 90.minutes(), utc);
        event
            .location(location)
            .description("Agenda:\n1. Budget; who pays what\n2. Summer fête, 14 July\n3. Anything else")
            .status(EventStatus::Confirmed)
            .append_property(
                Property::new("ORGANIZER", "mailto:jana@example.org")
                    .add_parameter("CN", "Jana Nováková")
                    .done(),
            )
            .attendee(
                Attendee::new("mailto:jana@example.org".into())
                    .cn("Jana Nováková".into())
                    .role(Role::Chair)
                    .partstat(PartStat::Accepted),
            )
            .attendee(
                Attendee::new("mailto:ole.petersen@example.com".into())
                    .cn("Petersen, Ole".into())
                    .role(Role::ReqParticipant)
                    .partstat(PartStat::NeedsAction)
                    .rsvp(true),
            )
            .alarm(alarm("meeting", "Planning in a quarter of an hour", "-PT15M", modified));
        item(event)
    };
    let choir = |location: &str, modified: DateTime| {
        let start = next(today, Weekday::Thursday).at(19, 30, 0, 0);
        let mut event = event("choir", "Choir practice", modified);
        between(&mut event, start, 2.hours(), local_time);
        event
            .location(location)
            .add_property("RRULE", "FREQ=WEEKLY;BYDAY=TH;COUNT=30")
            .add_multi_property("EXDATE", &local_time(start.saturating_add(14.days())));
        item(event)
    };
    let dentist = {
        let mut event = event("dentist", "Dentist", before(today, 5));
        between(&mut event, today.saturating_add(9.days()).at(8, 15, 0, 0), 30.minutes(), local_time);
        item(event)
    };
    let birthday = {
        let mut event = event("birthday", "Großmutter Zoë's birthday 🎂", before(today, 40));
        all_day(&mut event, today.saturating_add(12.days()), 1);
        event.add_property("RRULE", "FREQ=YEARLY").add_property("TRANSP", "TRANSPARENT");
        item(event)
    };
    let trip = {
        let mut event = event("trip", "Trip to Łódź & Kraków", before(today, 20));
        all_day(&mut event, today.saturating_add(30.days()), 5);
        event
            .location("Łódź Fabryczna, plac Sałacińskiego 1")
            .description("Train out at 6:37, back on the last day at 17:12; the tickets are in the blue folder, together with the passports.")
            .categories(["Travel", "Family, friends"]);
        item(event)
    };

    let start = next(today, Weekday::Tuesday).at(10, 0, 0, 0);
    let first = meeting(start, "Room 2", before(today, 3));
    let locally = meeting(start, "Room 5, upstairs", at_noon(today));
    let remotely = meeting(start.saturating_add(1.hour()), "Room 2", later(at_noon(today)));
    let choir_moved = choir("St. Petri, Bäckerstraße 3", at_noon(today));
    Sample {
        kind: Kind::Events,
        name: "personal",
        title: "Personal",
        changes: vec![
            edited(Side::Local, locally),
            edited(Side::Remote, remotely),
            edited(Side::Local, choir_moved),
            Change { side: Side::Remote, name: dentist.name.clone(), what: What::Deleted },
        ],
        both: vec![first, choir("Town hall", before(today, 60)), dentist],
        local_only: vec![birthday],
        remote_only: vec![trip],
    }
}

fn tasks(today: Date) -> Sample {
    let passport = |done: bool, modified: DateTime| {
        let mut todo = todo("passport", "Renew the passport", modified);
        todo.append_property(date("DUE", today.saturating_add(21.days()))).priority(1);
        if done {
            todo.status(TodoStatus::Completed).percent_complete(100).add_property("COMPLETED", utc(modified));
        } else {
            todo.status(TodoStatus::NeedsAction);
        }
        item(todo)
    };
    let invoice = {
        let mut todo = todo("invoice", "Pay the electrician's invoice", before(today, 8));
        todo.status(TodoStatus::Completed)
            .percent_complete(100)
            .add_property("COMPLETED", utc(before(today, 8)));
        item(todo)
    };
    let seeds = {
        let mut todo = todo("seeds", "Order seeds: tomatoes, basil, rocket", before(today, 2));
        todo.status(TodoStatus::InProcess).percent_complete(30).categories(["Garden"]);
        item(todo)
    };
    let bicycle = {
        let mut todo = todo("bicycle", "Take the bicycle to the repair shop", before(today, 1));
        todo.append_property(date("DTSTART", today))
            .append_property(date("DUE", today.saturating_add(4.days())))
            .status(TodoStatus::NeedsAction);
        item(todo)
    };
    Sample {
        kind: Kind::Tasks,
        name: "tasks",
        title: "To do",
        changes: vec![edited(Side::Remote, passport(true, at_noon(today)))],
        both: vec![passport(false, before(today, 15)), invoice],
        local_only: vec![bicycle],
        remote_only: vec![seeds],
    }
}

fn contacts(today: Date) -> Sample {
    let ole = |phone: &str, revised: DateTime| {
        card(
            "ole",
            ["Petersen", "Ole", "", "", ""],
            revised,
            &[
                ("ORG", text("Petersen & Söhne; Schiffsbau")),
                ("EMAIL;TYPE=WORK", text("ole.petersen@example.com")),
                ("TEL;TYPE=CELL", text(phone)),
                (
                    "ADR;TYPE=WORK",
                    structured(&["", "", "Große Elbstraße 12", "Hamburg", "", "22767", "Germany"]),
                ),
            ],
        )
    };
    let zoe = card(
        "zoe",
        ["Nováková", "Zoë", "Marie", "", ""],
        before(today, 200),
        &[
            ("NICKNAME", text("Großmutter")),
            ("TEL;TYPE=HOME", text("+420 226 000 017")),
            (
                "BDAY",
                text(&today.saturating_add(12.days()).with().year(1941).build().unwrap_or(today).to_string()),
            ),
            (
                "NOTE",
                text(
                    "Likes lilies, not roses.\nThe spare key is with the neighbours, on the second floor to \
                     the left; ring twice, they are hard of hearing.",
                ),
            ),
        ],
    );
    let doctor = card(
        "doctor",
        ["Adeyemi", "Folásadé", "", "Dr.", ""],
        before(today, 90),
        &[("ORG", text("Dental practice at the market")), ("TEL;TYPE=WORK", text("+49 40 0000 2211"))],
    );
    let mei = card(
        "mei",
        ["林", "美", "", "", ""],
        before(today, 30),
        &[
            ("EMAIL;TYPE=HOME", text("mei@example.net")),
            ("CATEGORIES", format!("{},{}", text("Choir"), text("Friends"))),
        ],
    );
    Sample {
        kind: Kind::Contacts,
        name: "contacts",
        title: "Contacts",
        changes: vec![edited(Side::Local, ole("+49 170 0000 456", at_noon(today)))],
        both: vec![ole("+49 170 0000 123", before(today, 100)), zoe],
        local_only: vec![doctor],
        remote_only: vec![mei],
    }
}

fn edited(side: Side, item: Item) -> Change {
    Change { side, name: item.name, what: What::Edited(item.bytes) }
}

fn uid(name: &str) -> String {
    format!("demo-{name}@pimbridge.example")
}

fn file_name(name: &str, kind: Kind) -> String {
    format!("demo-{name}.{}", kind.extension())
}

fn event(name: &str, summary: &str, modified: DateTime) -> Event {
    let mut event = Event::new();
    stamp(&mut event, name, modified);
    event.summary(summary).done()
}

fn todo(name: &str, summary: &str, modified: DateTime) -> Todo {
    let mut todo = Todo::new();
    stamp(&mut todo, name, modified);
    todo.summary(summary).done()
}

fn alarm(name: &str, text: &str, trigger: &str, modified: DateTime) -> Alarm {
    let mut alarm = Alarm::display(text, Trigger::Duration(Default::default(), None));
    alarm.add_property("TRIGGER", trigger);
    stamp(&mut alarm, &format!("{name}-alarm"), modified);
    alarm.done()
}

/// Everything that the builder would otherwise take from the clock or at random.
fn stamp(component: &mut impl Component, name: &str, modified: DateTime) {
    let modified = utc(modified);
    component.uid(&uid(name)).add_property("DTSTAMP", &modified).add_property("LAST-MODIFIED", &modified);
}

/// An item of one component.
fn item(component: impl Into<CalendarComponent>) -> Item {
    let component = component.into();
    let (uid, kind) = match &component {
        CalendarComponent::Todo(todo) => (todo.get_uid(), Kind::Tasks),
        CalendarComponent::Event(event) => (event.get_uid(), Kind::Events),
        _ => (None, Kind::Events),
    };
    let name = uid.and_then(|uid| uid.strip_prefix("demo-")?.split('@').next()).unwrap_or("item");
    let name = file_name(name, kind);
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Pimbridge//Demonstration//EN"))
        .push(component);
    Item { name, bytes: calendar.to_string().into() }
}

fn between(event: &mut Event, start: DateTime, lasting: Span, form: fn(DateTime) -> String) {
    event.add_property("DTSTART", form(start)).add_property("DTEND", form(start.saturating_add(lasting)));
}

fn all_day(event: &mut Event, first: Date, days: i32) {
    event
        .append_property(date("DTSTART", first))
        .append_property(date("DTEND", first.saturating_add(days.days())));
}

fn date(property: &str, date: Date) -> Property {
    Property::new(property, date.strftime("%Y%m%d").to_string()).add_parameter("VALUE", "DATE").done()
}

/// A time of day wherever one is (RFC 5545 section 3.3.5, form 1).
fn local_time(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

/// Form 2.
fn utc(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn at_noon(day: Date) -> DateTime {
    day.at(12, 0, 0, 0)
}

fn before(today: Date, days: i32) -> DateTime {
    at_noon(today.saturating_sub(days.days()))
}

fn later(at: DateTime) -> DateTime {
    at.saturating_add(5.minutes())
}

/// The next such day after `today`.
fn next(today: Date, weekday: Weekday) -> Date {
    today.nth_weekday(1, weekday).unwrap_or(today)
}

/// A vCard 3.0 (RFC 2426), which every server takes. The values of `lines` are escaped already.
fn card(name: &str, names: [&str; 5], revised: DateTime, lines: &[(&str, String)]) -> Item {
    let [family, given, additional, prefix, suffix] = names;
    let full = [prefix, given, additional, family, suffix]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let head = [
        ("VERSION", "3.0".to_owned()),
        ("PRODID", "-//Pimbridge//Demonstration//EN".to_owned()),
        ("UID", text(&uid(name))),
        ("REV", utc(revised)),
        ("FN", text(&full)),
        ("N", structured(&names)),
    ];
    let mut out = String::from("BEGIN:VCARD\r\n");
    for (property, value) in head.iter().chain(lines) {
        push_folded(&mut out, &format!("{property}:{value}"));
    }
    out.push_str("END:VCARD\r\n");
    Item { name: file_name(name, Kind::Contacts), bytes: out.into() }
}

fn structured(parts: &[&str]) -> String {
    parts.iter().map(|part| text(part)).collect::<Vec<_>>().join(";")
}

/// Escapes a text value (RFC 2426 section 4).
fn text(value: &str) -> String {
    value.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Appends a content line in pieces of at most 75 octets, none cut within a character.
fn push_folded(out: &mut String, line: &str) {
    let mut room = 75;
    for char in line.chars() {
        if char.len_utf8() > room {
            out.push_str("\r\n ");
            room = 74;
        }
        out.push(char);
        room -= char.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use insta::assert_snapshot;
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 3, 2);

    fn all(sample: &Sample) -> impl Iterator<Item = &Item> {
        sample.both.iter().chain(&sample.local_only).chain(&sample.remote_only)
    }

    fn show(bytes: &Bytes) -> String {
        String::from_utf8_lossy(bytes).replace("\r\n", "\n")
    }

    #[test]
    fn a_meeting() {
        assert_snapshot!(show(&samples(TODAY)[0].both[0].bytes), @r#"
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Pimbridge//Demonstration//EN
    BEGIN:VEVENT
    DESCRIPTION:Agenda:\n1. Budget\; who pays what\n2. Summer fête\, 14 July\n
     3. Anything else
    DTEND:20260303T113000Z
    DTSTAMP:20260227T120000Z
    DTSTART:20260303T100000Z
    LAST-MODIFIED:20260227T120000Z
    LOCATION:Room 2
    ORGANIZER;CN=Jana Nováková:mailto:jana@example.org
    STATUS:CONFIRMED
    SUMMARY:Planning with the Hamburg office
    UID:demo-meeting@pimbridge.example
    ATTENDEE;CN=Jana Nováková;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:jana@exampl
     e.org
    ATTENDEE;CN="Petersen, Ole";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP
     =TRUE:mailto:ole.petersen@example.com
    BEGIN:VALARM
    ACTION:DISPLAY
    DESCRIPTION:Planning in a quarter of an hour
    DTSTAMP:20260227T120000Z
    LAST-MODIFIED:20260227T120000Z
    TRIGGER:-PT15M
    UID:demo-meeting-alarm@pimbridge.example
    END:VALARM
    END:VEVENT
    END:VCALENDAR
    "#);
    }

    #[test]
    fn a_series() {
        assert_snapshot!(show(&samples(TODAY)[0].both[1].bytes), @r"
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Pimbridge//Demonstration//EN
    BEGIN:VEVENT
    DTEND:20260305T213000
    DTSTAMP:20260101T120000Z
    DTSTART:20260305T193000
    LAST-MODIFIED:20260101T120000Z
    LOCATION:Town hall
    RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=30
    SUMMARY:Choir practice
    UID:demo-choir@pimbridge.example
    EXDATE:20260319T193000
    END:VEVENT
    END:VCALENDAR
    ");
    }

    #[test]
    fn a_trip() {
        assert_snapshot!(show(&samples(TODAY)[0].remote_only[0].bytes), @r"
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Pimbridge//Demonstration//EN
    BEGIN:VEVENT
    DESCRIPTION:Train out at 6:37\, back on the last day at 17:12\; the ticket
     s are in the blue folder\, together with the passports.
    DTEND;VALUE=DATE:20260406
    DTSTAMP:20260210T120000Z
    DTSTART;VALUE=DATE:20260401
    LAST-MODIFIED:20260210T120000Z
    LOCATION:Łódź Fabryczna\, plac Sałacińskiego 1
    SUMMARY:Trip to Łódź & Kraków
    UID:demo-trip@pimbridge.example
    CATEGORIES:Travel,Family\, friends
    END:VEVENT
    END:VCALENDAR
    ");
    }

    #[test]
    fn a_task() {
        assert_snapshot!(show(&samples(TODAY)[1].local_only[0].bytes), @r"
    BEGIN:VCALENDAR
    VERSION:2.0
    PRODID:-//Pimbridge//Demonstration//EN
    BEGIN:VTODO
    DTSTAMP:20260301T120000Z
    DTSTART;VALUE=DATE:20260302
    DUE;VALUE=DATE:20260306
    LAST-MODIFIED:20260301T120000Z
    STATUS:NEEDS-ACTION
    SUMMARY:Take the bicycle to the repair shop
    UID:demo-bicycle@pimbridge.example
    END:VTODO
    END:VCALENDAR
    ");
    }

    #[test]
    fn two_contacts() {
        let contacts = &samples(TODAY)[2];
        assert_snapshot!(show(&contacts.both[0].bytes) + &show(&contacts.both[1].bytes), @r"
    BEGIN:VCARD
    VERSION:3.0
    PRODID:-//Pimbridge//Demonstration//EN
    UID:demo-ole@pimbridge.example
    REV:20251122T120000Z
    FN:Ole Petersen
    N:Petersen;Ole;;;
    ORG:Petersen & Söhne\; Schiffsbau
    EMAIL;TYPE=WORK:ole.petersen@example.com
    TEL;TYPE=CELL:+49 170 0000 123
    ADR;TYPE=WORK:;;Große Elbstraße 12;Hamburg;;22767;Germany
    END:VCARD
    BEGIN:VCARD
    VERSION:3.0
    PRODID:-//Pimbridge//Demonstration//EN
    UID:demo-zoe@pimbridge.example
    REV:20250814T120000Z
    FN:Zoë Marie Nováková
    N:Nováková;Zoë;Marie;;
    NICKNAME:Großmutter
    TEL;TYPE=HOME:+420 226 000 017
    BDAY:1941-03-14
    NOTE:Likes lilies\, not roses.\nThe spare key is with the neighbours\, on t
     he second floor to the left\; ring twice\, they are hard of hearing.
    END:VCARD
    ");
    }

    #[test]
    fn the_same_day_gives_the_same_bytes() {
        for (one, two) in samples(TODAY).iter().zip(&samples(TODAY)) {
            for (one, two) in all(one).zip(all(two)) {
                assert_eq!((&one.name, &one.bytes), (&two.name, &two.bytes));
            }
        }
    }

    #[test]
    fn every_day_has_its_samples() {
        for day in [Date::MIN, Date::MAX, date(2024, 2, 17), date(2024, 12, 31)] {
            samples(day);
        }
    }

    #[test]
    fn lines_are_short_and_end_in_crlf() {
        for sample in samples(TODAY) {
            for item in all(&sample) {
                let text = std::str::from_utf8(&item.bytes).unwrap();
                assert!(text.ends_with("\r\n"), "{}", item.name);
                for line in text.split_terminator("\r\n") {
                    assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{}: {line}", item.name);
                }
            }
        }
    }

    #[test]
    fn names_are_unique_and_changes_concern_what_both_sides_have() {
        let mut conflicts = 0;
        let mut deletions = 0;
        for sample in samples(TODAY) {
            let names: HashSet<_> = all(&sample).map(|item| &item.name).collect();
            assert_eq!(names.len(), all(&sample).count());
            let mut changed = HashSet::new();
            for change in &sample.changes {
                let before = sample.both.iter().find(|item| item.name == change.name).unwrap();
                match &change.what {
                    What::Edited(bytes) => assert_ne!(*bytes, before.bytes),
                    What::Deleted => deletions += 1,
                }
                conflicts += u32::from(!changed.insert(&change.name));
            }
        }
        assert_eq!((conflicts, deletions), (1, 1));
    }

    #[test]
    fn folding_keeps_characters_whole() {
        let mut out = String::new();
        push_folded(&mut out, &"é".repeat(80));
        let lines: Vec<_> = out.trim_end().split("\r\n").collect();
        assert_eq!(lines.iter().map(|line| line.len()).collect::<Vec<_>>(), [74, 75, 13]);
        assert_eq!(lines.join("").replace(' ', ""), "é".repeat(80));
    }
}
