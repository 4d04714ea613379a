//! Which components of the three versions are the same thing.

use std::collections::{HashMap, VecDeque};

use super::{Merger, Version, series};
use crate::item::edit::{ComponentId, is_main};

/// One component as the versions have it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Triple {
    pub newer: Option<ComponentId>,
    pub older: Option<ComponentId>,
    pub base: Option<ComponentId>,
}

/// How often two lists are compared, by a weaker sign each time.
const STAGES: usize = 3;

impl Merger<'_, '_> {
    /// The components below one, matched; those of the newer version first, each version's in its order.
    pub(super) fn matched(&self, parent: &Triple) -> Vec<Triple> {
        let below = |version: &Version<'_>, id: Option<ComponentId>| match id {
            Some(id) => version.document.component(id).children.clone(),
            None => Vec::new(),
        };
        let newer = below(self.newer, parent.newer);
        let older = below(self.older, parent.older);
        let (newer_base, older_base) = match self.base {
            Some(base) => {
                let all = below(base, parent.base);
                (pairs(base, &all, self.newer, &newer), pairs(base, &all, self.older, &older))
            }
            None => (HashMap::new(), HashMap::new()),
        };
        let new_in = |ids: &[ComponentId], with_base: &HashMap<_, _>| {
            ids.iter().copied().filter(|id| !with_base.contains_key(id)).collect::<Vec<_>>()
        };
        let new_in_newer = new_in(&newer, &newer_base);
        let new_in_older = new_in(&older, &older_base);
        let both_new = pairs(self.newer, &new_in_newer, self.older, &new_in_older);
        let mut triples: Vec<Triple> = newer
            .iter()
            .map(|id| Triple { newer: Some(*id), older: None, base: newer_base.get(id).copied() })
            .collect();
        let by_base: HashMap<_, _> =
            triples.iter().enumerate().filter_map(|(at, triple)| Some((triple.base?, at))).collect();
        let by_newer: HashMap<_, _> = newer.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        for id in older {
            let base = older_base.get(&id).copied();
            let at = match base {
                Some(base) => by_base.get(&base),
                None => both_new.get(&id).and_then(|newer| by_newer.get(newer)),
            };
            match at {
                Some(&at) => triples[at].older = Some(id),
                None => triples.push(Triple { newer: None, older: Some(id), base }),
            }
        }
        triples
    }

    pub(super) fn name_of(&self, triple: &Triple) -> &str {
        match (triple.newer, triple.older) {
            (Some(id), _) => self.newer.name(id),
            (None, Some(id)) => self.older.name(id),
            (None, None) => "",
        }
    }

    /// Whether it is the series of the item (or the item itself) in both versions.
    pub(super) fn is_master(&self, triple: &Triple) -> bool {
        let (Some(newer), Some(older)) = (triple.newer, triple.older) else { return false };
        is_main(self.newer.name(newer))
            && series::recurrence(self.newer, newer).is_none()
            && series::recurrence(self.older, older).is_none()
    }
}

/// The second list's components, each with the one of the first list that it is.
fn pairs(
    first: &Version<'_>,
    first_ids: &[ComponentId],
    second: &Version<'_>,
    second_ids: &[ComponentId],
) -> HashMap<ComponentId, ComponentId> {
    let mut found = HashMap::new();
    let mut left = first_ids.to_vec();
    let mut wanted = second_ids.to_vec();
    for stage in 0..STAGES {
        let mut offered: HashMap<(&str, String), VecDeque<ComponentId>> = HashMap::new();
        for &id in &left {
            if let Some(sign) = sign(first, id, stage) {
                offered.entry((first.name(id), sign)).or_default().push_back(id);
            }
        }
        if offered.is_empty() {
            continue;
        }
        wanted.retain(|&id| {
            let Some(sign) = sign(second, id, stage) else { return true };
            let Some(other) = offered.get_mut(&(second.name(id), sign)).and_then(VecDeque::pop_front) else {
                return true;
            };
            found.insert(id, other);
            false
        });
        let taken: std::collections::HashSet<_> = found.values().copied().collect();
        left.retain(|id| !taken.contains(id));
    }
    found
}

/// What a component is recognised by at this stage.
fn sign(version: &Version<'_>, id: ComponentId, stage: usize) -> Option<String> {
    let value = |name: &str| version.document.property(id, name).map(|line| line.value().trim().to_owned());
    let content = || format!("{:x?}", version.digest(id).0);
    match (version.name(id), stage) {
        (name, 0) if is_main(name) => Some(series::recurrence(version, id).unwrap_or_default()),
        ("VTIMEZONE", 0) => value("TZID"),
        ("VALARM", 0) => value("UID").or_else(|| value("X-WR-ALARMUID")),
        ("VALARM", 1) => Some(content()),
        ("VALARM", 2) => Some(format!("{:?} {:?}", value("ACTION"), value("TRIGGER"))),
        (name, 1) if !is_main(name) && name != "VTIMEZONE" => Some(content()),
        _ => None,
    }
}
