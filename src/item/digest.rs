//! The normalised content of an item, as a hash.
//!
//! Each property is brought into one spelling and hashed; a component is the sorted set of what it
//! holds. So neither the order of properties and components nor folding, line ends, case of names,
//! quoting or escapes count, and an item costs 16 octets of memory a property.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::Digest;
use super::lines::Line;
use super::{text, time};

/// Properties that say nothing to a person and that programs and servers touch by themselves.
///
/// UID is among them because two items that were recognised as the same thing keep the UID that each
/// has. SEQUENCE is not: it is how an organiser tells the guests that an invitation is newer than the
/// one they hold, so a bump must reach the other side even if nothing else changed.
const VOLATILE: [&str; 13] = [
    "UID",
    "PRODID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "REV",
    "METHOD",
    "X-RADICALE-NAME",
    "X-MOZ-GENERATION",
    "X-LIC-ERROR",
    "X-EVOLUTION-CALDAV-HREF",
    "X-EVOLUTION-CALDAV-ETAG",
    "X-EVOLUTION-WEBDAV-ETAG",
];

/// The same for whole families of properties.
const VOLATILE_PREFIXES: [&str; 1] = ["X-WR-"];

/// The same for parameters. A server sets or removes them while it delivers invitations (RFC 6638
/// section 7).
const VOLATILE_PARAMS: [&str; 2] = ["SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND"];

/// Properties that hold one TEXT value: a comma or semicolon in it means the same with and without `\`.
const ONE_TEXT: [&str; 8] =
    ["SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "FN", "NOTE", "TITLE"];

/// Properties whose values are a set: several on one line mean the same as several lines.
const SETS: [&str; 3] = ["EXDATE", "RDATE", "CATEGORIES"];

type Hash = [u8; 16];

/// Takes an item's lines and makes its digest.
#[derive(Default)]
pub(super) struct Digester {
    /// The hashes of what the open components hold, the innermost component's last.
    hashes: Vec<Hash>,
    open: Vec<Open>,
    params: Params,
}

struct Open {
    name: String,
    /// Where its hashes begin.
    start: usize,
    /// The properties that have a group, by its label.
    grouped: Vec<(String, Hash)>,
    /// It is a definition of a time zone that everybody knows, which servers rewrite as they like.
    ignored: bool,
}

impl Digester {
    /// A component begins; its name is in upper case.
    pub fn begin(&mut self, name: &str) {
        let ignored = self.open.last().is_some_and(|parent| parent.ignored);
        let start = self.hashes.len();
        self.open.push(Open { name: name.to_owned(), start, grouped: Vec::new(), ignored });
    }

    /// A property of the innermost component.
    pub fn property(&mut self, line: &Line<'_>) {
        let Some(open) = self.open.last_mut() else { return };
        let name = line.name().to_ascii_uppercase();
        if open.name == "VTIMEZONE" && name == "TZID" {
            open.ignored |= time::is_known_zone(line.value());
        }
        if open.ignored || is_volatile(&name) || is_default(&open.name, &name, line.value().trim()) {
            return;
        }
        let is_base64 = self.params.read(&name, line);
        let mut head = Sha256::new_with_prefix(&name);
        for param in &self.params.list {
            head.update([0]);
            head.update(param);
        }
        head.update([1]);
        let mut add = |value: &str| {
            let hash = short(head.clone().chain_update(value));
            match line.group() {
                Some(group) => open.grouped.push((group.to_ascii_lowercase(), hash)),
                None => self.hashes.push(hash),
            }
        };
        let value = line.value().trim();
        if SETS.contains(&name.as_str()) {
            text::parts(value, b',').for_each(|value| add(&text::one_spelling(value.trim())));
        } else {
            add(&one_value(&name, value, is_base64));
        }
    }

    /// The innermost component ends. The digest is that of the component which ended last.
    pub fn end(&mut self) -> Option<Digest> {
        let mut open = self.open.pop()?;
        open.grouped.sort_unstable();
        for group in open.grouped.chunk_by(|one, other| one.0 == other.0) {
            match group {
                // Alone in its group, a property is related to nothing.
                [(_, alone)] => self.hashes.push(*alone),
                _ => self.hashes.push(short(
                    group
                        .iter()
                        .fold(Sha256::new_with_prefix("group"), |hash, (_, one)| hash.chain_update(one)),
                )),
            }
        }
        let hashes = &mut self.hashes[open.start..];
        hashes.sort_unstable();
        let whole = Sha256::new_with_prefix(&open.name).chain_update([2]).chain_update(hashes.as_flattened());
        let digest: [u8; 32] = whole.finalize().into();
        self.hashes.truncate(open.start);
        if !open.ignored {
            self.hashes.push(shortened(&digest));
        }
        Some(Digest(digest))
    }
}

/// The parameters of one property, each in one spelling, sorted.
#[derive(Default)]
struct Params {
    list: Vec<String>,
    types: Vec<String>,
}

impl Params {
    /// Reads a property's parameters; tells whether the value is base64.
    fn read(&mut self, name: &str, line: &Line<'_>) -> bool {
        let mut is_base64 = false;
        self.list.clear();
        self.types.clear();
        for param in line.params() {
            let own = match param.name {
                Some(own) => own.to_ascii_uppercase(),
                None => String::new(),
            };
            let mut values = param.values();
            match own.as_str() {
                "TYPE" => self.types.extend(values.map(str::to_ascii_uppercase)),
                "" | "ENCODING" => values.for_each(|value| match value.to_ascii_uppercase().as_str() {
                    "B" | "BASE64" => is_base64 = true,
                    "7BIT" | "8BIT" => {}
                    "QUOTED-PRINTABLE" => self.list.push("ENCODING=QUOTED-PRINTABLE".to_owned()),
                    _ if own.is_empty() => self.types.push(value.to_ascii_uppercase()),
                    other => self.list.push(format!("ENCODING={other}")),
                }),
                "CHARSET" if values.all(|value| value.eq_ignore_ascii_case("UTF-8")) => {}
                "VALUE" => self.list.extend(
                    values
                        .map(str::to_ascii_uppercase)
                        .filter(|kind| !is_default_kind(name, kind))
                        .map(|kind| format!("VALUE={kind}")),
                ),
                _ if VOLATILE_PARAMS.contains(&own.as_str()) => {}
                _ => {
                    let mut param = own;
                    param.push('=');
                    values.for_each(|value| {
                        param.push_str(value);
                        param.push('\u{1}');
                    });
                    self.list.push(param);
                }
            }
        }
        self.types.retain(|value| !value.is_empty());
        self.types.sort_unstable();
        self.types.dedup();
        if !self.types.is_empty() {
            self.list.push(format!("TYPE={}", self.types.join("\u{1}")));
        }
        self.list.sort_unstable();
        self.list.dedup();
        is_base64
    }
}

fn is_volatile(name: &str) -> bool {
    VOLATILE.contains(&name) || VOLATILE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the property says only what holds without it.
fn is_default(component: &str, name: &str, value: &str) -> bool {
    match name {
        "CALSCALE" => value.eq_ignore_ascii_case("GREGORIAN"),
        "SEQUENCE" => value == "0",
        "VERSION" => component == "VCALENDAR",
        _ => false,
    }
}

/// Whether the property's values are of this kind when no VALUE says so.
fn is_default_kind(name: &str, kind: &str) -> bool {
    match kind {
        "TEXT" | "BINARY" => true,
        "DATE-TIME" => {
            matches!(name, "DTSTART" | "DTEND" | "DUE" | "RECURRENCE-ID" | "EXDATE" | "RDATE" | "COMPLETED")
        }
        "DURATION" => matches!(name, "DURATION" | "TRIGGER"),
        "URI" => matches!(name, "ATTACH" | "URL"),
        "CAL-ADDRESS" => matches!(name, "ATTENDEE" | "ORGANIZER"),
        "RECUR" => name == "RRULE",
        _ => false,
    }
}

fn one_value<'a>(name: &str, value: &'a str, is_base64: bool) -> Cow<'a, str> {
    match name {
        _ if is_base64 => match value.contains(char::is_whitespace) {
            true => Cow::Owned(value.split_whitespace().collect()),
            false => Cow::Borrowed(value),
        },
        "RRULE" | "EXRULE" => Cow::Owned(rule(value)),
        _ if ONE_TEXT.contains(&name) => text::unescape(value),
        _ => text::one_spelling(value),
    }
}

/// A recurrence rule (RFC 5545 section 3.3.10) in one spelling: its parts and their lists sorted, without
/// those that say what holds without them.
pub(super) fn rule(value: &str) -> String {
    let upper = value.to_ascii_uppercase();
    let mut parts: Vec<String> = upper
        .split(';')
        .map(str::trim)
        .filter(|part| !matches!(*part, "" | "INTERVAL=1" | "WKST=MO"))
        .map(|part| match part.split_once('=') {
            Some((name, list)) if list.contains(',') => {
                let mut list: Vec<_> = list.split(',').collect();
                list.sort_unstable();
                format!("{name}={}", list.join(","))
            }
            _ => part.to_owned(),
        })
        .collect();
    parts.sort_unstable();
    parts.join(";")
}

fn short(hash: Sha256) -> Hash {
    shortened(&hash.finalize().into())
}

fn shortened(whole: &[u8; 32]) -> Hash {
    let mut short = [0; 16];
    short.copy_from_slice(&whole[..16]);
    short
}
