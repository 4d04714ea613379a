//! The definitions of time zones: what the merged item uses is there if a version had it.

use std::collections::{HashMap, HashSet};

use super::{Choice, Merger, ROOT, Same, Side, Version, Winner, words};
use crate::item::edit::{ComponentId, Document};
use crate::item::time::is_known_zone;

impl Merger<'_, '_> {
    /// A zone that everybody knows is no content: it is only put in where it is needed. One that only the
    /// item defines is merged whole.
    pub(super) fn zones(&mut self) -> Same {
        let mut same = Same::BOTH;
        let (newer, older) = (defined(self.newer), defined(self.older));
        let before = self.base.map(|base| (base, defined(base)));
        let mut used = None;
        let draft = &self.edits;
        let mut is_used = |tzid: &str| used.get_or_insert_with(|| used_in(&draft.apply())).contains(tzid);
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let mut names: Vec<&str> = newer.keys().chain(older.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        for tzid in names {
            let digest = |version: &Version<'_>, id: Option<&ComponentId>| id.map(|&id| version.digest(id));
            let (own, other) = (newer.get(tzid), older.get(tzid));
            let [new, old] = [digest(self.newer, own), digest(self.older, other)];
            let base = before.as_ref().and_then(|(base, zones)| digest(base, zones.get(tzid)));
            if is_known_zone(tzid) {
                come.extend(other.filter(|_| own.is_none() && is_used(tzid)));
                continue;
            }
            let (side, from) = match () {
                () if new == old => continue,
                () if new == base && (old.is_some() || !is_used(tzid)) => (Side::Older, Winner::Older),
                () if new.is_none() && (old != base || is_used(tzid)) => (Side::Older, Winner::Older),
                () if old == base || old.is_none() || new.is_none() => (Side::Newer, Winner::Newer),
                () => (Side::Newer, Winner::BothChangedNewerWon),
            };
            same.took(side);
            let shown = |id: Option<&ComponentId>| id.map(|_| tzid.to_owned());
            self.choices.push(Choice {
                occurrence: None,
                property: "VTIMEZONE".to_owned(),
                what: words::what("VTIMEZONE"),
                newer: shown(own),
                older: shown(other),
                from,
            });
            if side == Side::Older {
                gone.extend(own);
                come.extend(other);
            }
        }
        for &id in gone {
            self.edits.remove_component(id);
        }
        let document = &self.newer.document;
        let at = match newer.is_empty() {
            true => document.place_behind_properties(ROOT),
            false => document.place_for_child(ROOT, "VTIMEZONE"),
        };
        for &id in come {
            self.edits.put(at, self.older.octets(id));
        }
        same
    }
}

fn defined<'v>(version: &'v Version<'_>) -> HashMap<&'v str, ComponentId> {
    let children = version.document.component(ROOT).children.iter();
    let zones = children.filter(|&&id| version.name(id) == "VTIMEZONE");
    zones.filter_map(|&id| Some((version.document.property(id, "TZID")?.value().trim(), id))).collect()
}

fn used_in(item: &[u8]) -> HashSet<String> {
    let document = Document::read(item);
    let lines = document.lines().iter();
    lines.filter_map(|line| line.param("TZID").map(|tzid| tzid.trim().to_owned())).collect()
}
