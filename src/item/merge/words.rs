//! Properties, values and components in words for a person.

use super::Version;
use super::slots::Entry;
use crate::item::edit::ComponentId;
use crate::item::lines::Line;
use crate::item::text;
use crate::item::time::Moment;
use crate::language::dates;

/// How much of a value is shown, in characters.
const LONGEST: usize = 60;
/// How many values of one property are shown.
const MOST: usize = 3;

/// What a person calls a property or component; both in upper case.
pub fn what(name: &str) -> String {
    match known(name) {
        Some(what) => what.to_owned(),
        None => name.strip_prefix("X-").unwrap_or(name).to_ascii_lowercase(),
    }
}

/// The same, where it has a name for persons.
pub fn known(name: &str) -> Option<&'static str> {
    Some(match name {
        "SUMMARY" => "title",
        "DTSTART" => "start",
        "DTEND" => "end",
        "DUE" => "due date",
        "DURATION" => "length",
        "RRULE" | "EXRULE" => "repetition",
        "RDATE" => "extra date",
        "EXDATE" => "left-out date",
        "RECURRENCE-ID" => "occurrence",
        "LOCATION" => "place",
        "DESCRIPTION" | "NOTE" => "notes",
        "COMMENT" => "comment",
        "ATTENDEE" => "guest",
        "ORGANIZER" => "organiser",
        "CATEGORIES" => "category",
        "CLASS" => "privacy",
        "TRANSP" => "shown as free or busy",
        "STATUS" => "status",
        "PRIORITY" => "priority",
        "PERCENT-COMPLETE" => "progress",
        "COMPLETED" => "done on",
        "ATTACH" => "attachment",
        "RESOURCES" => "equipment",
        "URL" => "web address",
        "GEO" => "position",
        "TRIGGER" => "time of the reminder",
        "FN" | "N" => "name",
        "NICKNAME" => "nickname",
        "EMAIL" => "e-mail",
        "TEL" => "phone",
        "ADR" => "address",
        "IMPP" => "chat address",
        "ORG" => "company",
        "TITLE" => "job title",
        "ROLE" => "role",
        "BDAY" => "birthday",
        "ANNIVERSARY" => "anniversary",
        "PHOTO" => "picture",
        "LOGO" => "logo",
        "MEMBER" => "member",
        "VEVENT" => "event",
        "VTODO" => "task",
        "VJOURNAL" => "journal entry",
        "VCARD" => "contact",
        "VCALENDAR" => "calendar",
        "VALARM" => "reminder",
        "VTIMEZONE" => "time zone",
        _ => return None,
    })
}

/// The value of a date property: `3 May 2026, 10:15 (Europe/Berlin)`.
pub fn moment(line: &Line<'_>) -> String {
    one_moment(line, line.value())
}

/// The same, of one value of a list.
pub fn one_moment(line: &Line<'_>, written: &str) -> String {
    let tzid = line.param("TZID");
    match Moment::read(written, tzid) {
        Some(Moment::Day(day)) => dates::day(day),
        Some(Moment::Time(time, _)) => {
            let zone = match tzid {
                _ if written.trim().ends_with(['Z', 'z']) => " UTC".to_owned(),
                Some(tzid) => format!(" ({})", text::shown(tzid, LONGEST)),
                None => String::new(),
            };
            format!("{}{zone}", dates::minute(time))
        }
        None => text::shown(written, LONGEST),
    }
}

/// What a slot holds; `None` where it holds nothing.
pub(super) fn entries(version: &Version<'_>, entries: &[&Entry]) -> Option<String> {
    let mut shown: Vec<String> = entries.iter().take(MOST).map(|entry| one(version, entry)).collect();
    if entries.len() > MOST {
        shown.push(format!("{} more", entries.len() - MOST));
    }
    (!shown.is_empty()).then(|| shown.join("; "))
}

fn one(version: &Version<'_>, entry: &Entry) -> String {
    let lines = entry.lines.iter().map(|&number| version.document.line(number));
    let Some(line) = lines.clone().find(|line| line.is(&entry.name)).or(lines.clone().next()) else {
        return String::new();
    };
    let written = match &entry.element {
        Some(element) => line.value().get(element.written.clone()).unwrap_or_default(),
        None => line.value(),
    };
    match entry.name.as_str() {
        "DTSTART" | "DTEND" | "DUE" | "RDATE" | "EXDATE" | "RECURRENCE-ID" | "COMPLETED" => {
            one_moment(line, written)
        }
        "ATTENDEE" | "ORGANIZER" => person(line),
        "PHOTO" | "LOGO" | "SOUND" | "KEY" if line.value().len() > LONGEST => "(data)".to_owned(),
        "N" | "ADR" | "ORG" => {
            let parts = text::parts(written, b';').map(|part| text::unescape(part).trim().to_owned());
            let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
            text::shown(&parts.join(", "), LONGEST)
        }
        _ if entry.element.is_none() => text::shown(&text::plain(line), LONGEST),
        _ => text::shown(&text::unescape(written), LONGEST),
    }
}

/// `Jana Novák, accepted`.
pub fn person(line: &Line<'_>) -> String {
    let address = line.value().trim();
    let address = match address.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &address[7..],
        _ => address,
    };
    let name = line.param("CN").filter(|name| !name.trim().is_empty()).unwrap_or(address);
    match line.param("PARTSTAT") {
        Some(answer) => text::shown(&format!("{name}, {}", answer.to_ascii_lowercase()), LONGEST),
        None => text::shown(name, LONGEST),
    }
}

/// A component by what it says first.
pub(super) fn component(version: &Version<'_>, id: ComponentId) -> String {
    let value = |name: &str| version.document.property(id, name).map(text::plain);
    let shown = ["SUMMARY", "FN", "TRIGGER", "DESCRIPTION"].iter().find_map(|name| value(name));
    let shown = shown.map(|text| text::shown(&text, LONGEST)).filter(|text| !text.is_empty());
    shown.unwrap_or_else(|| what(version.name(id)))
}
