//! What properties are merged by: slots.

use std::collections::HashMap;
use std::ops::Range;

use super::Version;
use crate::item::digest::{self, Hash, Properties};
use crate::item::edit::{ComponentId, is_main};
use crate::item::lines::Line;
use crate::item::text;
use crate::item::time::Moment;

/// What belongs together in the three versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// When it takes place: it makes sense only as a whole.
    Time,
    /// How far a task is.
    Progress,
    /// The one property of this name.
    Single(String),
    /// One member of a set: the property's name, and the value in one spelling.
    Member(String, String),
}

/// One property, one value of a list, or all the properties of one group.
#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub hash: Hash,
    /// Its lines' numbers.
    pub lines: Vec<usize>,
    /// Which value of its line's list it is.
    pub element: Option<Element>,
    /// It is one of several whatever its name says.
    is_member: bool,
    identity: String,
}

#[derive(Debug)]
pub struct Element {
    pub at: usize,
    /// Where it is in the line's value.
    pub written: Range<usize>,
}

#[derive(Debug)]
pub struct Slot {
    pub key: Key,
    pub newer: Vec<Entry>,
    pub older: Vec<Entry>,
    pub base: Vec<Entry>,
}

/// What says when a component takes place. Dates left out of a series or added to it are merged one by
/// one as long as the series stays where it is, however long it goes on.
const TIMES: [&str; 7] = ["DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "EXRULE", "RECURRENCE-ID"];
const DATES: [&str; 2] = ["EXDATE", "RDATE"];
const PROGRESS: [&str; 3] = ["STATUS", "COMPLETED", "PERCENT-COMPLETE"];

/// Properties of which a component may have several, each a thing of its own. So are any others that a
/// version has more than one of.
const MEMBERS: [&str; 19] = [
    "ATTENDEE",
    "COMMENT",
    "ATTACH",
    "RELATED-TO",
    "CONTACT",
    "CONFERENCE",
    "IMAGE",
    "EMAIL",
    "TEL",
    "ADR",
    "IMPP",
    "MEMBER",
    "NOTE",
    "RELATED",
    "KEY",
    "LANG",
    "X-SOCIALPROFILE",
    "X-ABDATE",
    "X-ABRELATEDNAMES",
];

/// The slots of a component in the newer, older and base versions, in the order of the file. `elsewhere` says
/// that the series are at different places, so that the dates of one mean nothing in the other.
pub fn slots(
    component: &str,
    versions: [Option<(&Version<'_>, ComponentId)>; 3],
    elsewhere: bool,
    properties: &mut Properties,
) -> Vec<Slot> {
    let entries =
        versions.map(|version| version.map_or(Vec::new(), |(version, id)| entries(version, id, properties)));
    let mut several: HashMap<&str, bool> = HashMap::new();
    for entries in &entries {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for entry in entries {
            let count = counts.entry(&entry.name).or_default();
            *count += 1;
            *several.entry(&entry.name).or_default() |= *count > 1;
        }
    }
    let several: HashMap<String, bool> =
        several.into_iter().map(|(name, several)| (name.to_owned(), several)).collect();
    let mut slots: Vec<Slot> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for (which, entries) in entries.into_iter().enumerate() {
        for mut entry in entries {
            let several = several.get(&entry.name).is_some_and(|&several| several);
            let key = key(component, &mut entry, several, elsewhere);
            let at = *known.entry(key).or_insert_with_key(|key| {
                let (newer, older, base) = (Vec::new(), Vec::new(), Vec::new());
                slots.push(Slot { key: key.clone(), newer, older, base });
                slots.len() - 1
            });
            match which {
                0 => slots[at].newer.push(entry),
                1 => slots[at].older.push(entry),
                _ => slots[at].base.push(entry),
            }
        }
    }
    slots
}

fn key(component: &str, entry: &mut Entry, several: bool, elsewhere: bool) -> Key {
    let name = entry.name.as_str();
    let timed = is_main(component) && component != "VCARD";
    let is_member = digest::is_set(name)
        || MEMBERS.contains(&name)
        || name == "URL" && component == "VCARD"
        || several
        || entry.is_member;
    if timed && (TIMES.contains(&name) || elsewhere && DATES.contains(&name)) {
        Key::Time
    } else if component == "VTODO" && PROGRESS.contains(&name) {
        Key::Progress
    } else if is_member {
        Key::Member(entry.name.clone(), std::mem::take(&mut entry.identity))
    } else {
        Key::Single(entry.name.clone())
    }
}

/// A property that waits for the others of its group.
struct Grouped {
    label: String,
    name: String,
    identity: String,
    line: usize,
    hashes: Vec<Hash>,
}

fn entries(version: &Version<'_>, id: ComponentId, properties: &mut Properties) -> Vec<Entry> {
    let component = version.document.component(id);
    let mut entries = Vec::new();
    let mut grouped: Vec<Grouped> = Vec::new();
    for &number in &component.properties {
        let line = version.document.line(number);
        let name = line.name().to_ascii_uppercase();
        let mut hashes = Vec::new();
        // It is recomputed.
        if name == "SEQUENCE" && is_main(&component.name) {
            continue;
        }
        properties.values(&component.name, &name, line, |hash| hashes.push(hash));
        if hashes.is_empty() {
            continue;
        }
        match line.group() {
            Some(label) => grouped.push(Grouped {
                label: label.to_ascii_lowercase(),
                identity: identity(line),
                name,
                line: number,
                hashes,
            }),
            None => add_plain(&mut entries, line, number, name, hashes),
        }
    }
    grouped.sort_by(|one, other| one.label.cmp(&other.label));
    for group in grouped.chunk_by(|one, other| one.label == other.label) {
        let mut hashes: Vec<Hash> = group.iter().flat_map(|one| one.hashes.iter().copied()).collect();
        hashes.sort_unstable();
        let hash = match hashes[..] {
            [alone] => alone,
            _ => digest::related(hashes.iter()),
        };
        let main = |one: &&Grouped| (one.name.starts_with("X-AB"), one.name.clone(), one.identity.clone());
        let Some(main) = group.iter().min_by_key(main) else { continue };
        // Things that only share a group can't be merged into one another: such a group is taken as it is.
        let is_member = group.iter().filter(|one| !one.name.starts_with("X-AB")).count() > 1;
        let mut lines: Vec<usize> = group.iter().map(|one| one.line).collect();
        lines.sort_unstable();
        entries.push(Entry {
            name: main.name.clone(),
            hash,
            lines,
            element: None,
            is_member,
            identity: if is_member { format!("{hash:x?}") } else { main.identity.clone() },
        });
    }
    entries
}

fn add_plain(entries: &mut Vec<Entry>, line: &Line<'_>, number: usize, name: String, mut hashes: Vec<Hash>) {
    let lines = vec![number];
    if digest::is_set(&name) && !line.is_quoted_printable() {
        let mut start = 0;
        for (at, (hash, (written, plain))) in hashes.into_iter().zip(text::list(line)).enumerate() {
            let range = start..start + written.len();
            start = range.end + 1;
            let identity = match DATES.contains(&name.as_str()) {
                true => moment(line, written),
                false => text::folded(&plain),
            };
            let (name, lines) = (name.clone(), lines.clone());
            entries.push(Entry {
                name,
                hash,
                lines,
                element: Some(Element { at, written: range }),
                is_member: false,
                identity,
            });
        }
        return;
    }
    hashes.sort_unstable();
    let hash = match hashes[..] {
        [alone] => alone,
        _ => digest::related(hashes.iter()),
    };
    entries.push(Entry { name, hash, lines, element: None, is_member: false, identity: identity(line) });
}

/// A value of a date property, the same for the same instant in any zone.
pub fn moment(line: &Line<'_>, written: &str) -> String {
    match Moment::read(written, line.param("TZID")) {
        Some(moment) => moment.canonical(),
        None => written.trim().to_owned(),
    }
}

/// The value, the same wherever the digest takes values for the same.
fn identity(line: &Line<'_>) -> String {
    let value = text::decoded(line);
    let value = text::unescape(&value);
    let kept = value.chars().filter(|char| !char.is_whitespace());
    let mut identity: String = kept.flat_map(char::to_lowercase).collect();
    identity.truncate(identity.trim_end_matches(';').len());
    identity
}
