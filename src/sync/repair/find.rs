//! What is doubled or broken, and how it can be mended. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use crate::collection::{Entry, Href};
use crate::item::{Digest, hex};
use crate::state::Pair;
use crate::sync::{Side, Sides};

/// An item of a side, as far as finding needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub entry: Entry,
    pub summary: String,
    pub content: Content,
    /// It has attendees: a server may write to them when it is deleted or gets another UID (RFC 6638).
    pub guests: bool,
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    One {
        uid: Option<String>,
        digest: Digest,
        /// It has strong keys: it says enough for another one that says the same to be its double.
        distinct: bool,
    },
    /// Several items, which can be parted: the UID and the digest of each.
    Several(Vec<(String, Digest)>),
    Unreadable(String),
    /// It could not be had this time.
    Failed(String),
}

/// Something that is doubled or broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub side: Side,
    /// The item that is removed, changed or split.
    pub item: Entry,
    /// Its pair, if it is in one.
    pub pair: Option<Pair>,
    pub summary: String,
    pub what: What,
    /// Why it cannot be mended.
    pub left: Option<Left>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It says the same as `of`, which stays. `twin` is what is the same item on the other side and goes with it.
    Double {
        of: Href,
        twin: Option<Entry>,
    },
    /// It has the UID of `with`, but says something else; it gets the UID `new`.
    SharedUid {
        with: Href,
        new: String,
    },
    /// It gets the UID `new`.
    NoUid {
        new: String,
    },
    /// It holds several items. That with the UID `stays` stays in it, and those of `create` get places of their own.
    SeveralUids {
        stays: String,
        create: Vec<String>,
    },
    Unreadable {
        reason: String,
    },
}

/// Why a finding is left to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nobody knows what it should be.
    Unreadable,
    /// It could not be had this time.
    Failed,
    /// The profile never writes to that side.
    Source,
    /// The server might write to those who are invited.
    Guests,
    /// One of the items that it holds is there already, but says something else.
    Taken,
}

/// What is the same item on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Partner {
    At(usize),
    /// There is a pair, but its other item cannot be compared: it is gone, broken or out of scope.
    Elsewhere,
}

/// By what doubles are recognised: what they say; where that is too little, the UID besides.
type Likeness<'a> = (Digest, Option<&'a str>);

/// The items of both sides, each in the order of their names, with what is known of them.
struct Finder<'a> {
    items: &'a Sides<Vec<Item>>,
    pairs: Sides<HashMap<&'a Href, &'a Pair>>,
    by_uid: Sides<HashMap<&'a str, Vec<usize>>>,
    partners: Sides<HashMap<usize, Partner>>,
    /// They go, so they are no trouble any more.
    removed: Sides<HashSet<usize>>,
    source: Option<Side>,
    findings: Vec<Finding>,
}

/// Finds what is doubled or broken on either side. `source` is the side that is never written to. The answer is the
/// same each time, the local side's findings first.
pub fn find(items: &Sides<Vec<Item>>, pairs: &[Pair], source: Option<Side>) -> Vec<Finding> {
    let mut finder = Finder {
        items,
        pairs: Sides::from_fn(|side| pairs.iter().map(|pair| (&pair.sides[side].href, pair)).collect()),
        by_uid: Sides::from_fn(|side| {
            let mut by_uid: HashMap<&str, Vec<usize>> = HashMap::new();
            for (at, item) in items[side].iter().enumerate() {
                if let Content::One { uid: Some(uid), .. } = &item.content {
                    by_uid.entry(uid).or_default().push(at);
                }
            }
            by_uid
        }),
        partners: Sides::default(),
        removed: Sides::default(),
        source,
        findings: Vec::new(),
    };
    finder.link();
    finder.doubles_on_both_sides();
    for side in Side::BOTH {
        finder.doubles(side);
        finder.shared_uids(side);
        finder.single(side);
    }
    let mut findings = finder.findings;
    findings.sort_by(|a, b| (a.side, &a.item.href).cmp(&(b.side, &b.item.href)));
    findings
}

impl<'a> Finder<'a> {
    fn uid(&self, side: Side, at: usize) -> Option<&'a str> {
        match &self.items[side][at].content {
            Content::One { uid, .. } => uid.as_deref(),
            _ => None,
        }
    }

    fn digest(&self, side: Side, at: usize) -> Option<Digest> {
        match &self.items[side][at].content {
            Content::One { digest, .. } => Some(*digest),
            _ => None,
        }
    }

    fn likeness(&self, side: Side, at: usize) -> Option<Likeness<'a>> {
        match &self.items[side][at].content {
            Content::One { digest, distinct: true, .. } => Some((*digest, None)),
            Content::One { digest, uid: Some(uid), .. } => Some((*digest, Some(uid))),
            _ => None,
        }
    }

    fn pair(&self, side: Side, at: usize) -> Option<&'a Pair> {
        self.pairs[side].get(&self.items[side][at].entry.href).copied()
    }

    /// Finds out which items are the same thing on both sides: by their pairs, then by their UIDs.
    fn link(&mut self) {
        for side in Side::BOTH {
            let other = side.other();
            let there: HashMap<&Href, usize> =
                self.items[other].iter().enumerate().map(|(at, item)| (&item.entry.href, at)).collect();
            for at in 0..self.items[side].len() {
                let Some(pair) = self.pair(side, at) else { continue };
                let partner = there.get(&pair.sides[other].href).copied();
                let partner = partner.filter(|&at| self.digest(other, at).is_some());
                self.partners[side].insert(at, partner.map_or(Partner::Elsewhere, Partner::At));
            }
        }
        // Another name for what a pair misses: what it is on the other side is for the next sync to see.
        for side in Side::BOTH {
            let names: HashSet<&Href> = self.items[side].iter().map(|item| &item.entry.href).collect();
            let missing = self.pairs[side].iter().filter(|(href, _)| !names.contains(*href));
            let uids: HashSet<&str> =
                missing.filter_map(|(_, pair)| pair.sides[side].uid.as_deref()).collect();
            for at in 0..self.items[side].len() {
                if self.uid(side, at).is_some_and(|uid| uids.contains(uid)) {
                    self.partners[side].entry(at).or_insert(Partner::Elsewhere);
                }
            }
        }
        for (uid, local) in &self.by_uid.local {
            if let ([local], Some([remote])) =
                (local.as_slice(), self.by_uid.remote.get(uid).map(Vec::as_slice))
                && !self.partners.local.contains_key(local)
                && !self.partners.remote.contains_key(remote)
            {
                self.partners.local.insert(*local, Partner::At(*remote));
                self.partners.remote.insert(*remote, Partner::At(*local));
            }
        }
    }

    /// The items of a side that say the same as another one of it, in the order of their names.
    fn alike(&self, side: Side) -> Vec<Vec<usize>> {
        let mut alike: BTreeMap<Likeness<'_>, Vec<usize>> = BTreeMap::new();
        for at in (0..self.items[side].len()).filter(|at| !self.removed[side].contains(at)) {
            if self.partners[side].get(&at) != Some(&Partner::Elsewhere)
                && let Some(likeness) = self.likeness(side, at)
            {
                alike.entry(likeness).or_default().push(at);
            }
        }
        alike.into_values().filter(|alike| alike.len() > 1).collect()
    }

    /// Where two are the same on one side, and what they are on the other side is the same as well, one goes from both.
    fn doubles_on_both_sides(&mut self) {
        for alike in self.alike(Side::Local) {
            let mut by_partner: BTreeMap<Likeness<'_>, Vec<(usize, usize)>> = BTreeMap::new();
            for local in alike {
                if let Some(&Partner::At(remote)) = self.partners.local.get(&local)
                    && let Some(likeness) = self.likeness(Side::Remote, remote)
                {
                    by_partner.entry(likeness).or_default().push((local, remote));
                }
            }
            for mut twins in by_partner.into_values() {
                twins.sort_by_key(|(local, _)| self.pair(Side::Local, *local).is_none());
                let [(stays, _), gone @ ..] = twins.as_slice() else { continue };
                let of = self.items.local[*stays].entry.href.clone();
                for &(local, remote) in gone {
                    let twin = Some(self.items.remote[remote].entry.clone());
                    self.add(Side::Local, local, What::Double { of: of.clone(), twin });
                    self.removed.local.insert(local);
                    self.removed.remote.insert(remote);
                }
            }
        }
    }

    /// What is on this side only goes where another says the same.
    fn doubles(&mut self, side: Side) {
        for alike in self.alike(side) {
            let (known, alone): (Vec<usize>, Vec<usize>) =
                alike.into_iter().partition(|at| self.partners[side].contains_key(at));
            let is_there = |at: &usize| {
                self.uid(side, *at).is_some_and(|uid| self.by_uid[side.other()].contains_key(uid))
            };
            let stays = known.first().or(alone.iter().find(|at| is_there(at))).or(alone.first()).copied();
            let Some(stays) = stays else { continue };
            let of = &self.items[side][stays].entry.href;
            for at in alone.into_iter().filter(|&at| at != stays) {
                self.add(side, at, What::Double { of: of.clone(), twin: None });
                self.removed[side].insert(at);
            }
        }
    }

    /// Different items with one UID: all but one get another.
    fn shared_uids(&mut self, side: Side) {
        let mut shared: Vec<(&str, Vec<usize>)> =
            self.by_uid[side].iter().map(|(uid, all)| (*uid, all.clone())).collect();
        shared.sort_unstable();
        for (uid, mut all) in shared {
            all.retain(|at| !self.removed[side].contains(at));
            if all.len() < 2 {
                continue;
            }
            let there = self.by_uid[side.other()].get(uid).into_iter().flatten();
            let there: Vec<_> = there.map(|&at| self.digest(side.other(), at)).collect();
            // Where nothing is known of any, the one that says what the other side says is meant.
            all.sort_by_key(|&at| {
                (self.pair(side, at).is_none(), Reverse(there.contains(&self.digest(side, at))), at)
            });
            let [stays, others @ ..] = all.as_slice() else { continue };
            let with = self.items[side][*stays].entry.href.clone();
            for &at in others {
                if self.digest(side, at) == self.digest(side, *stays) {
                    continue;
                }
                let new = self.new_uid(side, at);
                self.add(side, at, What::SharedUid { with: with.clone(), new });
            }
        }
    }

    /// What is wrong with an item whatever the others are.
    fn single(&mut self, side: Side) {
        for at in
            (0..self.items[side].len()).filter(|at| !self.removed[side].contains(at)).collect::<Vec<_>>()
        {
            let what = match &self.items[side][at].content {
                Content::One { uid: Some(_), .. } => continue,
                Content::One { uid: None, .. } => What::NoUid { new: self.uid_of_partner(side, at) },
                Content::Several(parts) => self.parted(side, at, parts),
                Content::Unreadable(reason) | Content::Failed(reason) => {
                    What::Unreadable { reason: reason.clone() }
                }
            };
            self.add(side, at, what);
        }
    }

    fn parted(&self, side: Side, at: usize, parts: &[(String, Digest)]) -> What {
        let is_there = |uid: &str| self.by_uid[side].contains_key(uid);
        let own = self.pair(side, at).and_then(|pair| pair.sides[side].uid.as_deref());
        let stays = parts.iter().map(|(uid, _)| uid).find(|uid| own == Some(uid.as_str()));
        let stays = stays.or_else(|| parts.iter().map(|(uid, _)| uid).find(|uid| !is_there(uid)));
        let stays = stays.or(parts.first().map(|(uid, _)| uid)).cloned().unwrap_or_default();
        let create = parts.iter().map(|(uid, _)| uid).filter(|uid| **uid != stays && !is_there(uid));
        What::SeveralUids { create: create.cloned().collect(), stays }
    }

    /// Made of the item, so that a second attempt finds the first.
    fn new_uid(&self, side: Side, at: usize) -> String {
        let of = match (side, self.partners[side].get(&at)) {
            (Side::Remote, Some(Partner::At(local))) => &self.items.local[*local],
            _ => &self.items[side][at],
        };
        let digest = self.digest(side, at).map(|digest| digest.0).unwrap_or_default();
        let hash = Sha256::new_with_prefix(digest).chain_update(of.entry.href.as_str()).finalize();
        hex(&hash[..16])
    }

    /// The UID that an item has on the other side, or else a new one.
    fn uid_of_partner(&self, side: Side, at: usize) -> String {
        let there = match self.partners[side].get(&at) {
            Some(&Partner::At(there)) => self.uid(side.other(), there),
            _ => None,
        };
        let there = there.filter(|uid| !self.by_uid[side].contains_key(uid));
        there.map_or_else(|| self.new_uid(side, at), str::to_owned)
    }

    fn add(&mut self, side: Side, at: usize, what: What) {
        let item = &self.items[side][at];
        let both = matches!(what, What::Double { twin: Some(_), .. });
        // What only this computer has is nothing to the server.
        let here_only = side == Side::Local && matches!(what, What::Double { twin: None, .. });
        let left = if matches!(item.content, Content::Unreadable(_)) {
            Some(Left::Unreadable)
        } else if matches!(item.content, Content::Failed(_)) {
            Some(Left::Failed)
        } else if self.source.is_some_and(|source| both || source == side) {
            Some(Left::Source)
        } else if item.guests && !here_only {
            Some(Left::Guests)
        } else if let Content::Several(parts) = &item.content
            && parts.iter().any(|(uid, digest)| self.is_taken(side, uid, *digest))
        {
            Some(Left::Taken)
        } else {
            None
        };
        self.findings.push(Finding {
            side,
            item: item.entry.clone(),
            pair: self.pair(side, at).cloned(),
            summary: item.summary.clone(),
            what,
            left,
        });
    }

    fn is_taken(&self, side: Side, uid: &str, digest: Digest) -> bool {
        let holders = self.by_uid[side].get(uid).into_iter().flatten();
        holders.into_iter().any(|&at| self.digest(side, at) != Some(digest))
    }
}

#[cfg(test)]
mod tests;
