//! Properties, values and components in words for a person.

use tr::tr;

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
    known(name).unwrap_or_else(|| name.strip_prefix("X-").unwrap_or(name).to_ascii_lowercase())
}

/// The same, where it has a name for persons.
pub fn known(name: &str) -> Option<String> {
    Some(match name {
        "SUMMARY" => tr!("title"),
        "DTSTART" => tr!("start"),
        "DTEND" => tr!("end"),
        "DUE" => tr!("due date"),
        "DURATION" => tr!("length"),
        "RRULE" | "EXRULE" => tr!("repetition"),
        "RDATE" => tr!("extra date"),
        "EXDATE" => tr!("left-out date"),
        "RECURRENCE-ID" => tr!("occurrence"),
        "LOCATION" => tr!("place"),
        "DESCRIPTION" | "NOTE" => tr!("notes"),
        "COMMENT" => tr!("comment"),
        "ATTENDEE" => tr!("guest"),
        "ORGANIZER" => tr!("organiser"),
        "CATEGORIES" => tr!("category"),
        "CLASS" => tr!("privacy"),
        "TRANSP" => tr!("shown as free or busy"),
        "STATUS" => tr!("status"),
        "PRIORITY" => tr!("priority"),
        "PERCENT-COMPLETE" => tr!("progress"),
        "COMPLETED" => tr!("done on"),
        "ATTACH" => tr!("attachment"),
        "RESOURCES" => tr!("equipment"),
        "URL" => tr!("web address"),
        "GEO" => tr!("position"),
        "TRIGGER" => tr!("time of the reminder"),
        "FN" | "N" => tr!("name"),
        "NICKNAME" => tr!("nickname"),
        "EMAIL" => tr!("e-mail"),
        "TEL" => tr!("phone"),
        "ADR" => tr!("address"),
        "IMPP" => tr!("chat address"),
        "ORG" => tr!("company"),
        "TITLE" => tr!("job title"),
        "ROLE" => tr!("role"),
        "BDAY" => tr!("birthday"),
        "ANNIVERSARY" => tr!("anniversary"),
        "PHOTO" => tr!("picture"),
        "LOGO" => tr!("logo"),
        "MEMBER" => tr!("member"),
        "VEVENT" => tr!("event"),
        "VTODO" => tr!("task"),
        "VJOURNAL" => tr!("journal entry"),
        "VCARD" => tr!("contact"),
        "VCALENDAR" => tr!("calendar"),
        "VALARM" => tr!("reminder"),
        "VTIMEZONE" => tr!("time zone"),
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
    let more = entries.len().saturating_sub(MOST);
    if more > 0 {
        shown.push(tr!("{n} more" | "{n} more" % more));
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
        "PHOTO" | "LOGO" | "SOUND" | "KEY" if line.value().len() > LONGEST => tr!("(data)"),
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
        Some(said) => text::shown(&format!("{name}, {}", answer(said)), LONGEST),
        None => text::shown(name, LONGEST),
    }
}

/// What a guest answered (RFC 5545 section 3.2.12).
fn answer(said: &str) -> String {
    match said.to_ascii_lowercase().as_str() {
        "needs-action" => tr!("needs-action"),
        "accepted" => tr!("accepted"),
        "declined" => tr!("declined"),
        "tentative" => tr!("tentative"),
        "delegated" => tr!("delegated"),
        "completed" => tr!("completed"),
        "in-process" => tr!("in-process"),
        other => other.to_owned(),
    }
}

/// A component by what it says first.
pub(super) fn component(version: &Version<'_>, id: ComponentId) -> String {
    let value = |name: &str| version.document.property(id, name).map(text::plain);
    let shown = ["SUMMARY", "FN", "TRIGGER", "DESCRIPTION"].iter().find_map(|name| value(name));
    let shown = shown.map(|text| text::shown(&text, LONGEST)).filter(|text| !text.is_empty());
    shown.unwrap_or_else(|| what(version.name(id)))
}
