//! What users did, as far as it tells what must be there in the end.

use std::collections::{BTreeMap, BTreeSet};

use pimbridge::sync::Side;

/// UID and title of a version.
pub type Essence = (String, String);

/// What is known of items that both sides have in common: from then on, an edit supersedes the version that it
/// was made from, and a deletion means that the item must go, unless the other side's user does something too.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The UIDs of items that a user ever deleted on any side.
    pub ever_deleted: BTreeSet<String>,
    /// What the engine wrote in this run.
    pub written: BTreeSet<Essence>,
    /// How many runs have begun.
    run: u64,
    /// The UIDs of items that are on both sides and known to the engine as the same.
    common: BTreeSet<String>,
    /// What users did to common items on a side that no run has carried over yet, with the run it was done in.
    acted: BTreeMap<(Side, String), u64>,
    /// Titles that a user replaced by others.
    superseded: BTreeSet<String>,
    /// Common items that only one side's user had to do with, and who deleted them.
    removed: BTreeSet<String>,
    /// What the engine wrote without being told that it did: it looks like somebody else's edit to it.
    unknown: BTreeMap<Essence, u64>,
    /// What both sides held when the run began.
    before: BTreeSet<String>,
}

impl Knowledge {
    pub fn acted(&mut self, side: Side, uid: &str) {
        self.acted.insert((side, uid.to_owned()), self.run);
        self.removed.remove(uid);
    }

    pub fn edited(&mut self, side: Side, uid: &str, title: &str) {
        self.acted(side, uid);
        if self.common.contains(uid) {
            self.superseded.insert(title.to_owned());
        }
    }

    pub fn deleted(&mut self, side: Side, uid: &str) {
        self.acted(side, uid);
        self.ever_deleted.insert(uid.to_owned());
        if self.common.contains(uid) && !self.acted.contains_key(&(side.other(), uid.to_owned())) {
            self.removed.insert(uid.to_owned());
        }
    }

    pub fn unknown(&mut self, essence: Essence) {
        self.unknown.insert(essence, self.run);
    }

    /// A run begins; `both` are the UIDs on both sides.
    pub fn begins(&mut self, both: BTreeSet<String>) {
        self.run += 1;
        self.before = both;
        self.written.clear();
    }

    /// What one side lacks may be brought back by now: nothing is said against these versions.
    pub fn may_be_back(&mut self, alone: &BTreeSet<Essence>) {
        for (uid, title) in alone {
            self.removed.remove(uid);
            self.superseded.remove(title);
        }
    }

    /// A run was killed, or could not record what it did.
    pub fn breaks_off(&mut self) {
        for essence in std::mem::take(&mut self.written) {
            self.unknown(essence);
        }
    }

    /// A run came to its end and all is in sync: `both` are the UIDs on both sides, `hidden` those that may not
    /// have been seen.
    pub fn all_is_in_sync(&mut self, both: &BTreeSet<String>, hidden: &BTreeSet<String>) {
        let settled = |uid: &String| self.before.contains(uid) && !hidden.contains(uid);
        self.common.extend(both.iter().filter(|uid| settled(uid)).cloned());
        let run = self.run;
        let (unknown, settled) = std::mem::take(&mut self.unknown)
            .into_iter()
            .partition(|((uid, _), at)| *at == run || hidden.contains(uid));
        self.unknown = unknown;
        // What was taken for somebody else's edit may have won.
        for (uid, title) in BTreeMap::into_keys(settled) {
            self.superseded.remove(&title);
            self.removed.remove(&uid);
        }
        self.acted.retain(|(_, uid), at| *at == run || hidden.contains(uid));
    }

    /// What is wrong with this version being there in the end, in a two-way profile.
    pub fn objects(&self, (uid, title): &Essence) -> Option<&'static str> {
        if self.unknown.keys().any(|(unknown, _)| unknown == uid) {
            None
        } else if self.superseded.contains(title) {
            Some("a later version was made from it")
        } else if self.removed.contains(uid) {
            Some("it was deleted, and nobody touched it on the other side")
        } else {
            None
        }
    }
}
