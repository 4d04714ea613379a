//! Two versions of an item side by side, property by property, in words for a person.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use tr::tr;

use super::digest::{self, Hash, Properties};
use super::edit::{ComponentId, Document};
use super::lines::Line;
use super::merge::words;
use super::text;
use super::time::Moment;

mod value;

/// What the two versions say about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What a person calls it: "Title", "Start", "Guest".
    pub what: String,
    /// What the one version says, several things on lines of their own; none where it says nothing.
    pub one: Option<String>,
    pub other: Option<String>,
    /// They do not say the same.
    pub differs: bool,
}

/// What comes first for a person; all else follows in the order of the item.
const ORDER: [&str; 40] = [
    "FN",
    "SUMMARY",
    "N",
    "NICKNAME",
    "DTSTART",
    "DTEND",
    "DURATION",
    "DUE",
    "RRULE",
    "RDATE",
    "EXDATE",
    "STATUS",
    "PERCENT-COMPLETE",
    "COMPLETED",
    "PRIORITY",
    "LOCATION",
    "GEO",
    "ORG",
    "TITLE",
    "ROLE",
    "TEL",
    "EMAIL",
    "IMPP",
    "ADR",
    "URL",
    "BDAY",
    "ANNIVERSARY",
    "ORGANIZER",
    "ATTENDEE",
    "MEMBER",
    "VALARM",
    "CATEGORIES",
    "CLASS",
    "TRANSP",
    "DESCRIPTION",
    "NOTE",
    "COMMENT",
    "ATTACH",
    "RESOURCES",
    "PHOTO",
];

/// Compares two versions of an item; one that is not there is empty.
///
/// Whatever does not count as a change (who wrote it and when, the order and spelling of lines) is left out, so that
/// two versions with equal digests have no row that differs. Of a series, the occurrences that are the same are left out
/// too. What cannot be read as an item is shown as it is.
pub fn compare(one: &[u8], other: &[u8]) -> Vec<Row> {
    let (one, other) = (Version::read(one), Version::read(other));
    let mut rows = Vec::new();
    let mut others: Vec<Option<&Part>> = other.parts.iter().map(Some).collect();
    let mut places: HashMap<Option<&str>, VecDeque<usize>> = HashMap::new();
    for (at, part) in other.parts.iter().enumerate() {
        places.entry(part.recurrence.as_deref()).or_default().push_back(at);
    }
    for part in &one.parts {
        let place = places.get_mut(&part.recurrence.as_deref()).and_then(VecDeque::pop_front);
        let found = place.and_then(|at| others[at].take());
        let about = part_rows(Some(part), found);
        if part.recurrence.is_none() || about.iter().any(|row| row.differs) {
            rows.extend(about);
        }
    }
    rows.extend(others.into_iter().flatten().flat_map(|part| part_rows(None, Some(part))));
    if one.raw.is_some() || other.raw.is_some() {
        let differs = one.raw != other.raw;
        rows.push(Row { what: tr!("Text"), one: one.raw, other: other.raw, differs });
    }
    rows
}

/// One version: its parts, or the text of what is no item.
struct Version {
    parts: Vec<Part>,
    raw: Option<String>,
}

/// An event, task, journal entry or contact; of a series also each occurrence that is different.
struct Part {
    /// The same for the same instant in any zone.
    recurrence: Option<String>,
    /// As a person reads it.
    occurrence: Option<String>,
    said: Vec<Said>,
}

/// What a version says about one thing.
#[derive(Default)]
struct Said {
    /// The property's or component's name, in upper case.
    name: String,
    values: Vec<String>,
    /// As it is written.
    written: Vec<String>,
    /// What counts in the digest, with the label that a person gave it.
    signs: Vec<(Hash, Option<String>)>,
}

impl Version {
    fn read(bytes: &[u8]) -> Version {
        let document = Document::read(bytes);
        let parts: Vec<Part> = document.main_components().map(|id| Part::read(&document, id)).collect();
        let raw = (parts.is_empty() && !bytes.trim_ascii().is_empty())
            .then(|| value::readable(&String::from_utf8_lossy(bytes)));
        Version { parts, raw }
    }
}

impl Part {
    fn read(document: &Document<'_>, id: ComponentId) -> Part {
        let line = document.property(id, "RECURRENCE-ID");
        let instant = |line: &Line<'_>| match Moment::read(line.value(), line.param("TZID")) {
            Some(moment) => moment.canonical(),
            None => line.value().trim().to_owned(),
        };
        Part { recurrence: line.map(instant), occurrence: line.map(words::moment), said: said(document, id) }
    }
}

/// A label that a person gave the other property of its group.
const LABEL: &str = "X-ABLABEL";

/// What a component says.
fn said(document: &Document<'_>, id: ComponentId) -> Vec<Said> {
    let component = document.component(id);
    let labels = labels(document, id);
    let mut all: Vec<Said> = Vec::new();
    let mut properties = Properties::default();
    for line in document.properties(id) {
        let name = line.name().to_ascii_uppercase();
        let label = line.group().and_then(|group| labels.get(&group.to_ascii_lowercase()));
        if is_for_programs(&name) || label.is_some() && name == LABEL {
            continue;
        }
        let mut hashes = Vec::new();
        properties.values(&component.name, &name, line, |hash| hashes.push(hash));
        if hashes.is_empty() {
            continue;
        }
        let said = about(&mut all, &name);
        for value in value::values(&name, line) {
            said.add(match label {
                Some(label) => tr!("{0} ({1})", value, label),
                None => value,
            });
        }
        said.written.push(line.text().to_owned());
        said.signs.extend(hashes.into_iter().map(|hash| (hash, label.cloned())));
    }
    for &child in &component.children {
        let said = about(&mut all, &document.component(child).name);
        said.add(value::component(document, child));
        said.written.push(String::from_utf8_lossy(&document.source()[document.octets(child)]).into_owned());
        said.signs.push((sign(document, child, &mut properties), None));
    }
    all.iter_mut().for_each(|said| said.signs.sort_unstable());
    all
}

/// What is said about the thing of this name so far.
fn about<'s>(all: &'s mut Vec<Said>, name: &str) -> &'s mut Said {
    let at = all.iter().position(|said| said.name == name).unwrap_or_else(|| {
        all.push(Said { name: name.to_owned(), ..Said::default() });
        all.len() - 1
    });
    &mut all[at]
}

impl Said {
    fn add(&mut self, value: String) {
        if !value.is_empty() && !self.values.contains(&value) {
            self.values.push(value);
        }
    }

    fn value(&self) -> Option<String> {
        (!self.values.is_empty()).then(|| self.values.join("\n"))
    }
}

/// How programs tell versions apart; it says nothing to a person.
fn is_for_programs(name: &str) -> bool {
    matches!(name, "SEQUENCE" | "VERSION" | "RECURRENCE-ID")
}

/// The labels of groups that have something to label.
fn labels(document: &Document<'_>, id: ComponentId) -> HashMap<String, String> {
    let group = |line: &Line<'_>| line.group().map(str::to_ascii_lowercase);
    let labelled: Vec<String> =
        document.properties(id).filter(|line| !line.is(LABEL)).filter_map(group).collect();
    let labels = document.properties(id).filter(|line| line.is(LABEL));
    labels
        .filter_map(|line| Some((group(line)?, value::label(&text::plain(line)))))
        .filter(|(group, label)| labelled.contains(group) && !label.is_empty())
        .collect()
}

/// What all of a component comes to.
fn sign(document: &Document<'_>, id: ComponentId, properties: &mut Properties) -> Hash {
    let component = document.component(id);
    let mut hashes = Vec::new();
    for line in document.properties(id) {
        let name = line.name().to_ascii_uppercase();
        properties.values(&component.name, &name, line, |hash| hashes.push(hash));
    }
    hashes.extend(component.children.iter().map(|&child| sign(document, child, properties)));
    hashes.sort_unstable();
    digest::related(hashes.iter())
}

/// The rows about a part that at least one version has.
fn part_rows(one: Option<&Part>, other: Option<&Part>) -> Vec<Row> {
    let occurrence = [one, other].into_iter().flatten().find_map(|part| part.occurrence.as_deref());
    let [one, other] = [one, other].map(|part| part.map_or(&[][..], |part| &part.said));
    let mut others: Vec<&Said> = other.iter().collect();
    let mut rows: Vec<(&str, Row)> = Vec::new();
    for said in one {
        let found = others.iter().position(|candidate| candidate.name == said.name);
        let found = found.map(|at| others.remove(at));
        rows.push((&said.name, row(Some(said), found, occurrence)));
    }
    rows.extend(others.into_iter().map(|said| (said.name.as_str(), row(None, Some(said), occurrence))));
    rows.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    rows.into_iter().map(|(_, row)| row).filter(|row| row.one.is_some() || row.other.is_some()).collect()
}

fn row(one: Option<&Said>, other: Option<&Said>, occurrence: Option<&str>) -> Row {
    let signs = |said: Option<&Said>| said.map(|said| said.signs.clone()).unwrap_or_default();
    let differs = signs(one) != signs(other);
    let mut texts = [one, other].map(|said| said.and_then(Said::value));
    if differs && texts[0] == texts[1] {
        // What makes the difference is not in the words.
        texts = [one, other].map(|said| said.map(|said| value::readable(&said.written.join("\n"))));
    }
    if !differs {
        // The order in which several things are said does not count.
        texts[1] = texts[0].clone();
    }
    let name = [one, other].into_iter().flatten().next().map_or("", |said| &said.name);
    let what = value::name(name);
    let what = match occurrence {
        Some(occurrence) => tr!("{0} (on {1})", what, occurrence),
        None => what,
    };
    let [one, other] = texts;
    Row { what, one, other, differs }
}

#[cfg(test)]
mod tests;
