//! Pairing: which new items of both sides are the same thing, and which new item is one that was
//! thought gone (a renamed file). By UID first, then among those left by strong keys. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Side, Sides};
use crate::collection::Href;
use crate::item::{Digest, Facts, PairKey};
use crate::state::PairId;

/// A new item, as far as pairing needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub href: Href,
    pub uid: Option<String>,
    pub digest: Digest,
    pub keys: Vec<PairKey>,
}

impl Candidate {
    pub fn new(href: Href, facts: Facts) -> Candidate {
        Candidate { href, uid: facts.uid, digest: facts.digest, keys: facts.keys }
    }
}

/// An item of a pair that is gone from one side: a new item with its UID there is the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub pair: PairId,
    pub uid: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairing {
    /// New items which are the same thing: local href to remote href.
    pub matched: BTreeMap<Href, Href>,
    /// Items that were thought gone and have another name now.
    pub renamed: Vec<(PairId, Side, Href)>,
    /// New items of a side that share their UID with another new item of that side. They are left alone.
    pub duplicates: Vec<(Side, Vec<Href>)>,
    /// New items that look alike, but more than one could be meant: kept apart on both sides.
    pub ambiguous: usize,
}

/// Pairs new items. `new` and `lost` are in a fixed order, so that the answer is the same each time.
pub fn pair(new: &Sides<Vec<Candidate>>, lost: &Sides<Vec<Lost>>) -> Pairing {
    let mut pairing = Pairing::default();
    let mut open: Sides<BTreeSet<usize>> = Sides::from_fn(|side| (0..new[side].len()).collect());

    let by_uid = Sides::from_fn(|side| {
        let mut by_uid: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, candidate) in new[side].iter().enumerate() {
            if let Some(uid) = &candidate.uid {
                by_uid.entry(uid).or_default().push(at);
            }
        }
        by_uid
    });
    for side in Side::BOTH {
        for twins in by_uid[side].values().filter(|found| found.len() > 1) {
            pairing.duplicates.push((side, twins.iter().map(|&at| new[side][at].href.clone()).collect()));
            for at in twins {
                open[side].remove(at);
            }
        }
    }

    for side in Side::BOTH {
        let mut owners: HashMap<&str, Vec<PairId>> = HashMap::new();
        for lost in &lost[side] {
            owners.entry(&lost.uid).or_default().push(lost.pair);
        }
        for (uid, found) in &by_uid[side] {
            if let ([at], Some([pair])) = (found.as_slice(), owners.get(uid).map(Vec::as_slice)) {
                pairing.renamed.push((*pair, side, new[side][*at].href.clone()));
                open[side].remove(at);
            }
        }
    }

    for (uid, locals) in &by_uid.local {
        if let ([local], Some([remote])) = (locals.as_slice(), by_uid.remote.get(uid).map(Vec::as_slice))
            && open.local.contains(local)
            && open.remote.contains(remote)
        {
            link(&mut pairing, new, &mut open, *local, *remote);
        }
    }

    by_keys(&mut pairing, new, &mut open);
    pairing
}

fn link(
    pairing: &mut Pairing,
    new: &Sides<Vec<Candidate>>,
    open: &mut Sides<BTreeSet<usize>>,
    local: usize,
    remote: usize,
) {
    pairing.matched.insert(new.local[local].href.clone(), new.remote[remote].href.clone());
    open.local.remove(&local);
    open.remote.remove(&remote);
}

/// Links items that share a strong key with exactly one item of the other side, and it with them.
fn by_keys(pairing: &mut Pairing, new: &Sides<Vec<Candidate>>, open: &mut Sides<BTreeSet<usize>>) {
    let mut holders: HashMap<PairKey, Sides<Vec<usize>>> = HashMap::new();
    for side in Side::BOTH {
        for &at in &open[side] {
            for key in &new[side][at].keys {
                holders.entry(*key).or_default()[side].push(at);
            }
        }
    }
    let partners = |side: Side, at: usize| -> BTreeSet<usize> {
        let keys = new[side][at].keys.iter();
        keys.filter_map(|key| holders.get(key)).flat_map(|h| h[side.other()].iter().copied()).collect()
    };
    // A key that many items of a side share tells none of them from the others.
    let crowded = |side: Side, at: usize| {
        new[side][at].keys.iter().any(|key| holders.get(key).is_some_and(|h| h[side].len() > 1))
    };
    let has_partner = |side: Side, at: usize| {
        new[side][at].keys.iter().any(|key| holders.get(key).is_some_and(|h| !h[side.other()].is_empty()))
    };
    let mut found = Vec::new();
    for &local in open.local.iter().filter(|&&at| has_partner(Side::Local, at)) {
        // The order of these questions keeps this linear, however many items share a key.
        let partner = match crowded(Side::Local, local) {
            true => None,
            false => sole(&partners(Side::Local, local)),
        };
        match partner.filter(|&remote| !crowded(Side::Remote, remote)) {
            Some(remote) if sole(&partners(Side::Remote, remote)).is_some() => found.push((local, remote)),
            _ => pairing.ambiguous += 1,
        }
    }
    for (local, remote) in found {
        link(pairing, new, open, local, remote);
    }
}

fn sole(set: &BTreeSet<usize>) -> Option<usize> {
    set.first().copied().filter(|_| set.len() == 1)
}
