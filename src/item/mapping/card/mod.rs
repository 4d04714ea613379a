//! Cards whose lines are written otherwise on the server: a translation out and one in.
//!
//! Both sides are compared by the translation out, of whatever they hold. What is written to a side is translated from
//! that line by line, and a line that stands there already and says the same stays as it is, to the octet. A line
//! whose translation in would not come out again as it was is not translated.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use crate::item::digest::{Hash, Properties};
use crate::item::edit::{Document, Edits, folded};
use crate::item::lines::{Line, Lines};
use crate::item::mapping::options::Contacts;

mod groups;
mod instant_messaging;
mod phone;
mod property;
#[cfg(test)]
mod tests;
mod version;

pub(super) use property::Property;

impl Contacts {
    /// The card as both sides are compared by.
    pub fn shared(&self, card: &Bytes) -> Bytes {
        self.translations(None).iter().fold(card.clone(), |card, translation| translation.shared(&card))
    }

    /// A shared card as it is here, in the place of the version that is there.
    pub fn here(&self, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        on(&self.translations(there), |translation| translation.inward, shared, there)
    }

    /// A shared card as it is on the server, in the place of the version that is there.
    pub fn on_server(&self, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        on(&self.translations(None), |_| nothing, shared, there)
    }

    /// What the options ask for, in the order of the way out.
    fn translations(&self, there: Option<&Bytes>) -> Vec<Translation> {
        let asked = [
            version::translation(self.vcard_version, there),
            groups::translation(self.groups),
            phone::translation(self.phone_numbers),
            instant_messaging::translation(self.instant_messaging),
        ];
        asked.into_iter().flatten().collect()
    }
}

fn on(
    translations: &[Translation],
    inward: fn(&Translation) -> Translate,
    shared: &Bytes,
    there: Option<&Bytes>,
) -> Bytes {
    let Some((first, others)) = translations.split_first() else { return shared.clone() };
    let between = there.map(|there| first.shared(there));
    let shared = on(others, inward, shared, between.as_ref());
    first.on(inward(first), &shared, there)
}

fn nothing(_: &[&Line<'_>]) -> Vec<Unit> {
    Vec::new()
}

/// Lines that are translated together, and what they become.
#[derive(Debug)]
pub(super) struct Unit {
    /// Which of a card's lines, the first being where the others go.
    lines: Vec<usize>,
    texts: Vec<String>,
}

/// What changes in a card, by its own lines. What is translated once more stays as it is.
type Translate = fn(&[&Line<'_>]) -> Vec<Unit>;

/// How lines are written otherwise on the server.
#[derive(Debug, Clone, Copy)]
struct Translation {
    outward: Translate,
    /// To the form of this computer.
    inward: Translate,
}

impl Translation {
    /// The card as both sides are compared by.
    fn shared(&self, card: &Bytes) -> Bytes {
        let document = Document::read(card);
        let rows = rows(&document);
        let mut edits = Edits::new(&document);
        for unit in (self.outward)(&rows) {
            put(&mut edits, &document, &rows, &unit);
        }
        edits.apply_to(card)
    }

    fn on(&self, inward: Translate, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        if let Some(there) = there
            && self.shared(there) == *shared
        {
            return there.clone();
        }
        let written = self.written(inward, shared, there);
        // Lines that stay or are translated may mean something else beside each other.
        if all_said(&self.shared(&written)) == all_said(shared) { written } else { shared.clone() }
    }

    fn written(&self, inward: Translate, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        let document = Document::read(shared);
        let rows = rows(&document);
        let mut edits = Edits::new(&document);
        let mut settled = vec![false; rows.len()];
        let mut plain = HashSet::new();
        if let Some(there) = there {
            let theirs = Document::read(there);
            let their_rows = self::rows(&theirs);
            let units = (self.outward)(&their_rows);
            let translated: HashSet<usize> =
                units.iter().flat_map(|unit| unit.lines.iter().copied()).collect();
            let untranslated = their_rows.iter().enumerate().filter(|(at, _)| !translated.contains(at));
            plain.extend(untranslated.map(|(_, row)| said(row)));
            let mut wanted = Wanted::of(&rows);
            for unit in &units {
                let Some(taken) = wanted.take(&unit.texts) else { continue };
                let Some((&first, others)) = taken.split_first() else { continue };
                let mut octets = Vec::new();
                for &at in &unit.lines {
                    octets.extend_from_slice(&there[their_rows[at].range.clone()]);
                    if !octets.ends_with(b"\n") {
                        octets.extend_from_slice(theirs.line_end(their_rows[at]));
                    }
                }
                edits.insert(rows[first].range.start, &octets);
                edits.remove(rows[first]);
                others.iter().for_each(|&other| edits.remove(rows[other]));
                taken.iter().for_each(|&at| settled[at] = true);
            }
        }
        let open: Vec<&Line<'_>> =
            rows.iter().zip(settled).filter(|(_, settled)| !settled).map(|(row, _)| *row).collect();
        for unit in inward(&open) {
            let stays = unit.lines.iter().all(|&at| plain.contains(&said(open[at])));
            if !stays && self.comes_out_again(&open, &unit) {
                put(&mut edits, &document, &open, &unit);
            }
        }
        edits.apply_to(shared)
    }

    fn comes_out_again(&self, rows: &[&Line<'_>], unit: &Unit) -> bool {
        let parsed: Vec<Line<'_>> = unit.texts.iter().filter_map(|text| line(text)).collect();
        let parsed: Vec<&Line<'_>> = parsed.iter().collect();
        let mut out: Vec<Said> = Vec::new();
        let units = (self.outward)(&parsed);
        for (at, row) in parsed.iter().enumerate() {
            match units.iter().find(|unit| unit.lines.contains(&at)) {
                None => out.push(said(row)),
                Some(unit) if unit.lines.first() == Some(&at) => {
                    out.extend(unit.texts.iter().filter_map(|text| line(text)).map(|line| said(&line)));
                }
                Some(_) => {}
            }
        }
        let mut before: Vec<Said> = unit.lines.iter().map(|&at| said(rows[at])).collect();
        out.sort_unstable();
        before.sort_unstable();
        out == before
    }
}

/// What a line says, whatever its spelling: group, name, and the hashes of its values.
type Said = (Option<String>, String, Vec<Hash>, String);

fn said(line: &Line<'_>) -> Said {
    let name = line.name().to_ascii_uppercase();
    let mut hashes = Vec::new();
    Properties::default().values("VCARD", &name, line, |hash| hashes.push(hash));
    hashes.sort_unstable();
    // What does not count for the content counts here.
    let text = if hashes.is_empty() { line.value().to_owned() } else { String::new() };
    (line.group().map(str::to_ascii_lowercase), name, hashes, text)
}

/// What a whole card says.
fn all_said(card: &[u8]) -> Vec<Said> {
    let document = Document::read(card);
    let mut all: Vec<Said> = rows(&document).into_iter().map(said).collect();
    all.sort_unstable();
    all
}

/// The lines of a card by what they say, the first of several last.
struct Wanted(HashMap<Said, Vec<usize>>);

impl Wanted {
    fn of(rows: &[&Line<'_>]) -> Self {
        let mut wanted: HashMap<Said, Vec<usize>> = HashMap::new();
        for (at, row) in rows.iter().enumerate().rev() {
            wanted.entry(said(row)).or_default().push(at);
        }
        Self(wanted)
    }

    /// Takes out a line for each of these texts, or none.
    fn take(&mut self, texts: &[String]) -> Option<Vec<usize>> {
        let mut taken = Vec::new();
        for text in texts {
            let said = said(&line(text)?);
            match self.0.get_mut(&said).and_then(Vec::pop) {
                Some(at) => taken.push((said, at)),
                None => {
                    for (said, at) in taken.into_iter().rev() {
                        self.0.entry(said).or_default().push(at);
                    }
                    return None;
                }
            }
        }
        Some(taken.into_iter().map(|(_, at)| at).collect())
    }
}

/// The card's own lines.
fn rows<'d, 'a>(document: &'d Document<'a>) -> Vec<&'d Line<'a>> {
    let card = document.main_components().find(|&id| document.component(id).name == "VCARD");
    card.map(|id| document.properties(id).collect()).unwrap_or_default()
}

fn line(text: &str) -> Option<Line<'_>> {
    Lines::new(text.as_bytes()).next()?.ok()
}

fn put(edits: &mut Edits<'_, '_>, document: &Document<'_>, rows: &[&Line<'_>], unit: &Unit) {
    let Some((&first, others)) = unit.lines.split_first() else { return };
    let line_end = document.line_end(rows[first]);
    let octets: Vec<u8> = unit.texts.iter().flat_map(|text| folded(text, line_end)).collect();
    edits.insert(rows[first].range.start, &octets);
    edits.remove(rows[first]);
    others.iter().for_each(|&other| edits.remove(rows[other]));
}

/// Translates each line by itself; `None` leaves it.
fn each(rows: &[&Line<'_>], translate: impl Fn(&Line<'_>) -> Option<String>) -> Vec<Unit> {
    let units = rows.iter().enumerate().filter_map(|(at, row)| {
        let text = translate(row).filter(|text| text != row.text())?;
        Some(Unit { lines: vec![at], texts: vec![text] })
    });
    units.collect()
}
