//! The three-way merge of two versions of an item.
//!
//! The result is the newer version's octets with the older version's changes put in by lossless edits.
//! What counts as a change is what counts in the digest. Properties are merged in slots (one property,
//! one value of a set, or a unit that makes sense only as a whole), components by what they are.

use std::collections::HashSet;

use bytes::Bytes;
use jiff::Timestamp;

use super::digest::Digester;
use super::edit::{ComponentId, Document, Edits, is_main};
use super::{Digest, Unreadable, read, with_uid};

mod children;
mod properties;
#[cfg(test)]
mod properties_tests;
mod series;
mod slots;
mod stamps;
#[cfg(test)]
mod tests;
pub(super) mod words;
mod zones;

use children::Triple;
use series::Series;
use stamps::Stamp;

/// Which version the merged item has something from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Winner {
    /// Only the newer version changed it, or the older one had removed it.
    Newer,
    /// Only the older version changed it, or the newer one had removed it.
    Older,
    /// Both changed it, differently: the newer version's stayed and the older one's is left out.
    BothChangedNewerWon,
}

/// One property that the two versions did not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Which occurrence of a series it is about, as a person reads it; `None` for the series itself, an
    /// item without a series, or a contact.
    pub occurrence: Option<String>,
    /// The name as in the file, in upper case; of a component where all of it was added or removed.
    pub property: String,
    /// What a person calls it: "title", "start", "place".
    pub what: String,
    /// The newer version's value as a person reads it, shortened; `None` where it has none.
    pub newer: Option<String>,
    /// The same of the older version.
    pub older: Option<String>,
    pub from: Winner,
}

/// A merged item, and what was decided on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub bytes: Bytes,
    pub choices: Vec<Choice>,
}

/// Merges two versions of one item, given what both were before; `base` is `None` for two new items that
/// are the same thing, and counts as that where it cannot be read.
///
/// A version that did not change leaves the other one's octets as they are. The UID stays as the newer
/// version has it. `now` becomes LAST-MODIFIED or REV where the result is neither version.
///
/// # Errors
///
/// [`Unreadable`] where one of the two versions is.
pub fn merge(base: Option<&[u8]>, newer: &[u8], older: &[u8], now: Timestamp) -> Result<Merged, Unreadable> {
    let (newer_facts, older_facts) = (read(newer)?, read(older)?);
    let (newer_digest, older_digest) = (newer_facts.digest, older_facts.digest);
    let base = base.and_then(|base| Some((base, read(base).ok()?.digest)));
    let unchanged = |bytes: &[u8]| Merged { bytes: Bytes::copy_from_slice(bytes), choices: Vec::new() };
    if let Some((base, digest)) = base
        && digest == newer_digest
        && (digest != older_digest || base == newer)
    {
        return Ok(unchanged(older));
    }
    if newer_digest == older_digest || base.is_some_and(|(_, digest)| digest == older_digest) {
        return Ok(unchanged(newer));
    }
    // Two items can be the same thing by what they say.
    let renamed = newer_facts
        .uid
        .filter(|uid| older_facts.uid.as_ref() != Some(uid))
        .map(|uid| with_uid(&Bytes::copy_from_slice(older), &uid));
    let older = renamed.as_deref().unwrap_or(older);
    let (newer, older) = (Version::read(newer), Version::read(older));
    let base = base.map(|(base, _)| Version::read(base)).filter(|base| base.root_name() == newer.root_name());
    if newer.root_name() != older.root_name() {
        return Ok(newer.wins_over(&older));
    }
    let mut merger = Merger::new(base.as_ref(), &newer, &older);
    let same = merger.root();
    if !merger.has_main_component {
        return Ok(newer.wins_over(&older));
    }
    merger.stamp(same, now);
    let bytes = merger.edits.apply();
    read(&bytes)?;
    Ok(Merged { bytes, choices: merger.choices })
}

/// The calendar or vCard of a readable item.
const ROOT: ComponentId = 0;

/// One version of the item, with the digest of each of its components.
struct Version<'a> {
    document: Document<'a>,
    digests: Vec<Digest>,
}

impl<'a> Version<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let document = Document::read(bytes);
        let mut digests = vec![Digest([0; 32]); document.components().len()];
        let mut digester = Digester::default();
        let (mut open, mut next) = (Vec::new(), 0);
        for line in document.lines() {
            if line.is("BEGIN") {
                digester.begin(&document.component(next).name);
                open.push(next);
                next += 1;
            } else if line.is("END") {
                if let (Some(id), Some(digest)) = (open.pop(), digester.end()) {
                    digests[id] = digest;
                }
            } else {
                digester.property(line);
            }
        }
        Self { document, digests }
    }

    fn digest(&self, id: ComponentId) -> Digest {
        self.digests[id]
    }

    fn name(&self, id: ComponentId) -> &str {
        &self.document.component(id).name
    }

    fn root_name(&self) -> &str {
        self.name(ROOT)
    }

    fn octets(&self, id: ComponentId) -> &'a [u8] {
        &self.document.source()[self.document.octets(id)]
    }

    /// Where the two have nothing in common to merge by.
    fn wins_over(&self, older: &Version<'_>) -> Merged {
        let choice = Choice {
            occurrence: None,
            property: self.root_name().to_owned(),
            what: words::what(self.root_name()),
            newer: Some(words::component(self, ROOT)),
            older: Some(words::component(older, ROOT)),
            from: Winner::BothChangedNewerWon,
        };
        Merged { bytes: Bytes::copy_from_slice(self.document.source()), choices: vec![choice] }
    }
}

/// Which version a thing is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Newer,
    Older,
}

/// Which versions the merged item, or a part of it, says the same as.
#[derive(Debug, Clone, Copy)]
struct Same {
    newer: bool,
    older: bool,
}

impl Same {
    const BOTH: Same = Same { newer: true, older: true };

    /// Something that differs between the versions was taken from one of them.
    fn took(&mut self, side: Side) {
        match side {
            Side::Newer => self.older = false,
            Side::Older => self.newer = false,
        }
    }

    fn and(&mut self, other: Same) {
        self.newer &= other.newer;
        self.older &= other.older;
    }
}

struct Merger<'m, 'a> {
    base: Option<&'m Version<'a>>,
    newer: &'m Version<'a>,
    older: &'m Version<'a>,
    edits: Edits<'m, 'a>,
    choices: Vec<Choice>,
    stamps: Vec<Stamp>,
    /// The labels of property groups that are taken, in lower case.
    labels: HashSet<String>,
    has_main_component: bool,
}

impl<'m, 'a> Merger<'m, 'a> {
    fn new(base: Option<&'m Version<'a>>, newer: &'m Version<'a>, older: &'m Version<'a>) -> Self {
        let edits = Edits::new(&newer.document);
        let labels = newer.document.lines().iter().filter_map(|line| line.group());
        let labels = labels.map(str::to_ascii_lowercase).collect();
        let (choices, stamps) = (Vec::new(), Vec::new());
        Self { base, newer, older, edits, choices, stamps, labels, has_main_component: false }
    }

    fn root(&mut self) -> Same {
        let root = Triple { newer: Some(ROOT), older: Some(ROOT), base: self.base.map(|_| ROOT) };
        if is_main(self.newer.root_name()) {
            return self.component(&root, ROOT, ROOT, &Series::default()).0;
        }
        let mut same = self.properties(&root, None, &Series::default()).0;
        let mut triples = self.matched(&root);
        triples.retain(|triple| self.name_of(triple) != "VTIMEZONE");
        // The series comes first: what its occurrences can be depends on it.
        let master = triples.iter().position(|triple| self.is_master(triple));
        let mut series = self.series(master.map(|at| &triples[at]), &triples);
        if let Some(at) = master {
            let triple = triples.remove(at);
            if let (Some(newer), Some(older)) = (triple.newer, triple.older) {
                let (own, taken) = self.component(&triple, newer, older, &series);
                same.and(own);
                series.taken = taken.filter(|_| series.moved);
            }
        }
        for triple in &triples {
            same.and(self.child(triple, ROOT, None, &series));
        }
        same.and(self.zones());
        same
    }

    /// A component that both versions have; tells also whose time fields were taken, where they differ.
    fn component(
        &mut self,
        triple: &Triple,
        newer: ComponentId,
        older: ComponentId,
        series: &Series,
    ) -> (Same, Option<Side>) {
        let name = self.newer.name(newer);
        let main = is_main(name);
        self.has_main_component |= main;
        if self.newer.digest(newer) == self.older.digest(older) {
            if main {
                self.stamps.push(Stamp { newer, older, same: Same::BOTH });
            }
            return (Same::BOTH, None);
        }
        if !main && name != "VALARM" {
            // What is matched by its content differs only where the match was by something weaker.
            return (Same { newer: true, older: false }, None);
        }
        let occurrence = series::shown(self.newer, newer);
        let (mut same, taken) = self.properties(triple, occurrence.as_deref(), series);
        for child in &self.matched(triple) {
            same.and(self.child(child, newer, occurrence.as_deref(), &Series::default()));
        }
        if main {
            self.stamps.push(Stamp { newer, older, same });
        }
        (same, taken)
    }

    /// A component below another, in any of the versions.
    fn child(
        &mut self,
        triple: &Triple,
        parent: ComponentId,
        occurrence: Option<&str>,
        series: &Series,
    ) -> Same {
        let (side, version, id) = match (triple.newer, triple.older) {
            (Some(newer), Some(older)) => return self.component(triple, newer, older, series).0,
            (Some(newer), None) => (Side::Newer, self.newer, newer),
            (None, Some(older)) => (Side::Older, self.older, older),
            (None, None) => return Same::BOTH,
        };
        let before = self.base.zip(triple.base).map(|(base, id)| base.digest(id));
        let changed = before != Some(version.digest(id));
        let keep = match series.taken.filter(|_| series::recurrence(version, id).is_some()) {
            None => changed,
            Some(taken) if taken == side => true,
            Some(taken) => changed && self.fits(version, id, series, taken),
        };
        let from = match (side, keep) {
            (Side::Newer, true) | (Side::Older, false) if changed && !keep => Winner::BothChangedNewerWon,
            (Side::Newer, true) | (Side::Older, false) => Winner::Newer,
            (Side::Older, true) | (Side::Newer, false) => Winner::Older,
        };
        let name = version.name(id).to_owned();
        let own = series::shown(version, id);
        let shown = Some(words::component(version, id));
        let (newer, older) = if side == Side::Newer { (shown, None) } else { (None, shown) };
        self.choices.push(Choice {
            occurrence: own.or(occurrence.map(str::to_owned)),
            what: words::what(&name),
            property: name.clone(),
            newer,
            older,
            from,
        });
        match (side, keep) {
            (Side::Newer, false) => self.edits.remove_component(id),
            (Side::Older, true) => self.edits.add_component(parent, &name, version.octets(id)),
            _ => {}
        }
        self.has_main_component |= keep && is_main(&name);
        let mut same = Same::BOTH;
        same.took(match (side, keep) {
            (Side::Newer, true) | (Side::Older, false) => Side::Newer,
            _ => Side::Older,
        });
        same
    }
}
