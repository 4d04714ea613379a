//! Merging the properties of one component, slot by slot.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::children::Triple;
use super::series::Series;
use super::slots::{Entry, Key, Slot, slots};
use super::{Choice, Merger, Same, Side, Winner, words};
use crate::item::digest::{Hash, Properties};
use crate::item::edit::{ComponentId, folded};
use crate::item::text;

impl Merger<'_, '_> {
    /// Merges the properties of a component that both versions have; tells also whose time fields were
    /// taken, where they differ.
    pub(super) fn properties(
        &mut self,
        triple: &Triple,
        occurrence: Option<&str>,
        series: &Series,
    ) -> (Same, Option<Side>) {
        let (mut same, mut time) = (Same::BOTH, None);
        let (Some(newer), Some(older)) = (triple.newer, triple.older) else { return (same, time) };
        let base = self.base.zip(triple.base);
        let versions = [Some((self.newer, newer)), Some((self.older, older)), base];
        let slots =
            slots(self.newer.name(newer), versions, series.is_elsewhere(), &mut Properties::default());
        let mut puts = Puts::new(self, newer);
        for slot in &slots {
            let Some((side, from)) = revived(slot, series).or_else(|| decide(slot)) else { continue };
            same.took(side);
            if slot.key == Key::Time {
                time = Some(side);
            }
            self.choices.push(choice(self, slot, occurrence, from));
            if side == Side::Older {
                self.take_older(slot, &mut puts);
            }
        }
        self.put_elements(puts);
        (same, time)
    }

    /// Replaces what the newer version has in a slot by what the older one has.
    fn take_older(&mut self, slot: &Slot, puts: &mut Puts) {
        let (newer, older) = without_common(&slot.newer, &slot.older);
        let mut place = None;
        for entry in newer {
            match &entry.element {
                Some(element) => {
                    puts.removed.entry(entry.lines[0]).or_default().insert(element.at);
                }
                None => {
                    for &line in &entry.lines {
                        let line = self.newer.document.line(line);
                        place.get_or_insert(line.range.start);
                        self.edits.remove(line);
                    }
                }
            }
        }
        for entry in older {
            match &entry.element {
                Some(element) => puts.added.entry(entry.lines[0]).or_default().push(element.at),
                None => {
                    let at = place.unwrap_or_else(|| puts.place_for(&entry.name));
                    self.put_lines(entry, at);
                }
            }
        }
    }

    /// Puts the older version's lines in. A group gets a label of its own.
    fn put_lines(&mut self, entry: &Entry, at: usize) {
        let document = &self.older.document;
        let label = entry.lines.first().and_then(|&line| document.line(line).group());
        let label = label.map(|label| (label.len(), self.free_label(label)));
        for &line in &entry.lines {
            let line = document.line(line);
            match &label {
                Some((written, Some(label))) => {
                    self.edits.put(at, &folded(&format!("{label}{}", &line.text()[*written..]), b"\n"));
                }
                _ => self.edits.put(at, &document.source()[line.range.clone()]),
            }
        }
    }

    /// Another label than this one where it is taken.
    fn free_label(&mut self, label: &str) -> Option<String> {
        if self.labels.insert(label.to_ascii_lowercase()) {
            return None;
        }
        // One of so many is free; after the first the search goes on from there.
        let first = self.labels.len();
        let free = (first..=2 * first).map(|n| format!("item{n}")).find(|free| !self.labels.contains(free));
        free.inspect(|free| {
            self.labels.insert(free.clone());
        })
    }

    fn put_elements(&mut self, puts: Puts) {
        for (line, removed) in &puts.removed {
            let line = self.newer.document.line(*line);
            let kept = text::list(line).enumerate().filter(|(at, _)| !removed.contains(at));
            let kept: Vec<_> = kept.map(|(_, (written, _))| written).collect();
            match kept.is_empty() {
                true => self.edits.remove(line),
                false => self.edits.set_value(line, &kept.join(",")),
            }
        }
        for (line, added) in &puts.added {
            let line = self.older.document.line(*line);
            let added: HashSet<_> = added.iter().collect();
            let kept = text::list(line).enumerate().filter(|(at, _)| added.contains(at));
            let kept: Vec<_> = kept.map(|(_, (written, _))| written).collect();
            let text = format!("{}:{}", line.head(), kept.join(","));
            self.edits.put(puts.place_for(&line.name().to_ascii_uppercase()), &folded(&text, b"\n"));
        }
    }
}

/// What is put into one component, and where.
struct Puts {
    /// Behind the last property of each name (in upper case).
    places: HashMap<String, usize>,
    behind: usize,
    /// Values that go from a line of the newer version.
    removed: BTreeMap<usize, HashSet<usize>>,
    /// Values that come from a line of the older version.
    added: BTreeMap<usize, Vec<usize>>,
}

impl Puts {
    fn new(merger: &Merger<'_, '_>, id: ComponentId) -> Self {
        let document = &merger.newer.document;
        let places = document.properties(id).map(|line| (line.name().to_ascii_uppercase(), line.range.end));
        Self {
            places: places.collect(),
            behind: document.place_behind_properties(id),
            removed: BTreeMap::new(),
            added: BTreeMap::new(),
        }
    }

    fn place_for(&self, name: &str) -> usize {
        self.places.get(name).copied().unwrap_or(self.behind)
    }
}

/// Whose content a slot gets, where the versions differ.
fn decide(slot: &Slot) -> Option<(Side, Winner)> {
    let [newer, older, base] = [&slot.newer, &slot.older, &slot.base].map(|entries| hashes(entries));
    Some(match () {
        () if newer == older => return None,
        () if newer == base => (Side::Older, Winner::Older),
        () if older == base => (Side::Newer, Winner::Newer),
        // A deletion never beats an edit.
        () if newer.is_empty() => (Side::Older, Winner::Older),
        () if older.is_empty() => (Side::Newer, Winner::Newer),
        () => (Side::Newer, Winner::BothChangedNewerWon),
    })
}

/// An occurrence that one version deleted and the other edited: it stays.
fn revived(slot: &Slot, series: &Series) -> Option<(Side, Winner)> {
    match &slot.key {
        Key::Member(name, moment) if name == "EXDATE" && slot.base.is_empty() => {
            match (slot.newer.is_empty(), slot.older.is_empty()) {
                (false, true) if series.edited_by_older.contains(moment) => {
                    Some((Side::Older, Winner::Older))
                }
                (true, false) if series.edited_by_newer.contains(moment) => {
                    Some((Side::Newer, Winner::Newer))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn hashes(entries: &[Entry]) -> Vec<Hash> {
    let mut hashes: Vec<Hash> = entries.iter().map(|entry| entry.hash).collect();
    hashes.sort_unstable();
    hashes
}

/// The entries of each that the other has not.
fn without_common<'s>(newer: &'s [Entry], older: &'s [Entry]) -> (Vec<&'s Entry>, Vec<&'s Entry>) {
    let mut count: HashMap<Hash, usize> = HashMap::new();
    older.iter().for_each(|entry| *count.entry(entry.hash).or_default() += 1);
    let mut common: HashMap<Hash, usize> = HashMap::new();
    let gone = newer.iter().filter(|entry| match count.get_mut(&entry.hash) {
        Some(left @ 1..) => {
            *left -= 1;
            *common.entry(entry.hash).or_default() += 1;
            false
        }
        _ => true,
    });
    let gone = gone.collect();
    let come = older.iter().filter(|entry| match common.get_mut(&entry.hash) {
        Some(left @ 1..) => {
            *left -= 1;
            false
        }
        _ => true,
    });
    (gone, come.collect())
}

fn choice(merger: &Merger<'_, '_>, slot: &Slot, occurrence: Option<&str>, from: Winner) -> Choice {
    let (newer, older) = without_common(&slot.newer, &slot.older);
    let first = newer.first().or(older.first());
    let property = first.map(|entry| entry.name.clone()).unwrap_or_default();
    Choice {
        occurrence: occurrence.map(str::to_owned),
        what: words::what(&property),
        property,
        newer: words::entries(merger.newer, &newer),
        older: words::entries(merger.older, &older),
        from,
    }
}
