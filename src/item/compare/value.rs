//! Values in words for a person.

use jiff::civil::Weekday;
use tr::tr;

use super::super::digest;
use super::super::edit::{ComponentId, Document};
use super::super::lines::Line;
use super::super::merge::words;
use super::super::text;
use super::super::time::{Length, Moment};
use crate::language::dates;

/// How much of a value is shown, in characters and in lines.
const LONGEST: usize = 2_000;
const MOST_LINES: usize = 60;

/// What a person calls a property or component, as the head of a row.
pub fn name(name: &str) -> String {
    let name = match name {
        "N" => return tr!("Name in parts"),
        _ => words::what(name),
    };
    let mut rest = name.chars();
    match rest.next() {
        Some(first) => first.to_uppercase().chain(rest).collect(),
        None => name,
    }
}

/// What a property says: one thing, or several where its value is a list. What is not known to this program is shown as
/// it is written.
pub fn values(name: &str, line: &Line<'_>) -> Vec<String> {
    if digest::is_set(name) && !line.is_quoted_printable() {
        let one = |(written, plain): (&str, String)| match name {
            "EXDATE" | "RDATE" => words::one_moment(line, written),
            _ => readable(&plain),
        };
        return text::list(line).map(one).collect();
    }
    vec![one(name, line)]
}

fn one(name: &str, line: &Line<'_>) -> String {
    let plain = || readable(&text::plain(line));
    match name {
        "DTSTART" | "DTEND" | "DUE" | "COMPLETED" => words::moment(line),
        "BDAY" | "ANNIVERSARY" => day(line.value()).unwrap_or_else(plain),
        "DURATION" => Length::read(line.value()).map_or_else(plain, length),
        "TRIGGER" => trigger(line),
        "RRULE" | "EXRULE" => repetition(line.value()).unwrap_or_else(plain),
        "STATUS" | "CLASS" | "TRANSP" => word(line.value()).unwrap_or_else(plain),
        "PRIORITY" => priority(line.value()).unwrap_or_else(plain),
        "PERCENT-COMPLETE" => tr!("{} %", plain()),
        "ATTENDEE" | "ORGANIZER" => words::person(line),
        "PHOTO" | "LOGO" | "SOUND" | "KEY" | "ATTACH" | "IMAGE" if line.value().len() > LONGEST => {
            tr!("(data, {} kB)", line.value().len().div_ceil(1000))
        }
        "N" | "ADR" | "ORG" => {
            let value = text::decoded(line);
            let parts = text::parts(&value, b';').map(|part| text::unescape(part).trim().to_owned());
            let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
            with_types(line, readable(&parts.join(", ")))
        }
        "TEL" | "EMAIL" | "IMPP" | "URL" => with_types(line, plain()),
        _ if words::known(name).is_some() => plain(),
        _ => readable(line.text()),
    }
}

/// A text of several lines, without what cannot be shown.
pub fn readable(text: &str) -> String {
    let mut lines: Vec<String> = text.trim_end().lines().map(|line| text::shown(line, LONGEST)).collect();
    let more = lines.len() > MOST_LINES;
    lines.truncate(MOST_LINES);
    let mut readable = lines.join("\n");
    if let Some((end, _)) = readable.char_indices().nth(LONGEST) {
        readable.truncate(end);
        readable.push('…');
    } else if more {
        readable.push_str("\n…");
    }
    readable
}

/// A label of an address book, which writes its own ones as `_$!<Mobile>!$_`.
pub fn label(text: &str) -> String {
    let own = text.strip_prefix("_$!<").and_then(|text| text.strip_suffix(">!$_"));
    text::shown(own.unwrap_or(text), 60)
}

/// `+49 170 1 (home, cell)`.
fn with_types(line: &Line<'_>, value: String) -> String {
    let types = line.params().filter(|param| param.name.is_none() || param.is("TYPE"));
    let types = types.flat_map(|param| param.values().flat_map(|value| value.split(',')).collect::<Vec<_>>());
    let mut types: Vec<String> = types.map(|value| value.trim().to_ascii_lowercase()).collect();
    types.retain(|value| !matches!(value.as_str(), "" | "internet" | "voice" | "pref" | "quoted-printable"));
    match types.is_empty() {
        true => value,
        false => tr!("{0} ({1})", value, text::shown(&types.join(", "), 60)),
    }
}

fn day(value: &str) -> Option<String> {
    match Moment::read(&value.replace('-', ""), None)? {
        Moment::Day(day) => Some(dates::day(day)),
        Moment::Time(..) => None,
    }
}

/// `1 hour, 30 minutes`.
fn length(length: Length) -> String {
    let seconds = length.exact.abs().as_secs();
    let weeks = if seconds == 0 && length.days % 7 == 0 { length.days.abs() / 7 } else { 0 };
    let days = length.days.abs() - 7 * weeks + seconds / 86_400;
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let mut parts = Vec::new();
    if weeks > 0 {
        parts.push(tr!("1 week" | "{n} weeks" % weeks));
    }
    if days > 0 {
        parts.push(tr!("1 day" | "{n} days" % days));
    }
    if hours > 0 {
        parts.push(tr!("1 hour" | "{n} hours" % hours));
    }
    if minutes > 0 || length.seconds() == 0 {
        parts.push(tr!("1 minute" | "{n} minutes" % minutes));
    }
    if seconds > 0 {
        parts.push(tr!("1 second" | "{n} seconds" % seconds));
    }
    parts.join(", ")
}

/// `15 minutes before the start`.
fn trigger(line: &Line<'_>) -> String {
    let Some(span) = Length::read(line.value()) else { return words::moment(line) };
    let at_end = line.param("RELATED").is_some_and(|related| related.eq_ignore_ascii_case("END"));
    let how_far = || length(span);
    match (span.seconds().signum(), at_end) {
        (-1, false) => tr!("{} before the start", how_far()),
        (-1, true) => tr!("{} before the end", how_far()),
        (1, false) => tr!("{} after the start", how_far()),
        (1, true) => tr!("{} after the end", how_far()),
        (_, false) => tr!("at the start"),
        (_, true) => tr!("at the end"),
    }
}

/// A component below the item: a reminder by when it comes.
pub fn component(document: &Document<'_>, id: ComponentId) -> String {
    if let Some(line) = document.property(id, "TRIGGER") {
        return trigger(line);
    }
    let texts = ["SUMMARY", "NAME", "DESCRIPTION"].iter().find_map(|name| document.property(id, name));
    match texts {
        Some(line) => readable(&text::plain(line)),
        None => readable(&String::from_utf8_lossy(&document.source()[document.octets(id)])),
    }
}

/// Values that are words of the format.
fn word(value: &str) -> Option<String> {
    Some(match value.trim().to_ascii_uppercase().as_str() {
        "TENTATIVE" => tr!("not yet certain"),
        "CONFIRMED" => tr!("certain"),
        "CANCELLED" => tr!("called off"),
        "NEEDS-ACTION" => tr!("to be done"),
        "IN-PROCESS" => tr!("begun"),
        "COMPLETED" => tr!("done"),
        "DRAFT" => tr!("a draft"),
        "FINAL" => tr!("final"),
        "PUBLIC" => tr!("for everybody"),
        "PRIVATE" => tr!("private"),
        "CONFIDENTIAL" => tr!("confidential"),
        "OPAQUE" => tr!("busy"),
        "TRANSPARENT" => tr!("free"),
        _ => return None,
    })
}

fn priority(value: &str) -> Option<String> {
    let number: u8 = value.trim().parse().ok()?;
    Some(match number {
        1..=4 => tr!("high ({})", number),
        5 => tr!("normal ({})", number),
        6..=9 => tr!("low ({})", number),
        _ => return None,
    })
}

/// `every week, on Monday, 10 times`; none where the rule says more than that.
fn repetition(rule: &str) -> Option<String> {
    let rule = rule.trim().to_ascii_uppercase();
    let (mut frequency, mut interval, mut days, mut end) = (None, 1_u32, None, None);
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        match part.split_once('=')? {
            ("FREQ", value) => frequency = Some(value.to_owned()),
            ("INTERVAL", value) => interval = value.parse().ok()?,
            ("WKST", _) => {}
            ("BYDAY", list) => {
                let list = list.split(',').map(weekday).collect::<Option<Vec<String>>>()?;
                days = Some(tr!("on {}", list.join(", ")));
            }
            ("COUNT", count) => {
                let count: u32 = count.parse().ok()?;
                end = Some(tr!("once" | "{n} times" % count));
            }
            ("UNTIL", until) => {
                let day = Moment::read(until, None)?.day();
                end = Some(tr!("until {}", dates::day(day)));
            }
            _ => return None,
        }
    }
    let often = match frequency?.as_str() {
        "DAILY" => tr!("every day" | "every {n} days" % interval),
        "WEEKLY" => tr!("every week" | "every {n} weeks" % interval),
        "MONTHLY" => tr!("every month" | "every {n} months" % interval),
        "YEARLY" => tr!("every year" | "every {n} years" % interval),
        _ => return None,
    };
    Some([Some(often), days, end].into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn weekday(day: &str) -> Option<String> {
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let at = names.iter().position(|name| *name == day)?;
    Some(dates::weekday(Weekday::from_monday_zero_offset(at.try_into().ok()?).ok()?))
}
