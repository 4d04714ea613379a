//! Pairing: which new items of both sides are the same thing, and which new item is one that was
//! thought gone (a renamed file). By UID first, then among those left by their whole content, then by
//! strong keys. Pure.

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
    /// The UIDs that those share: whatever has one of them is left alone, on either side.
    pub twins: BTreeSet<String>,
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
        for (uid, twins) in by_uid[side].iter().filter(|(_, found)| found.len() > 1) {
            pairing.twins.insert((*uid).to_owned());
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
            if let ([at], Some([pair]), false) =
                (found.as_slice(), owners.get(uid).map(Vec::as_slice), pairing.twins.contains(*uid))
            {
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

    by_digest(&mut pairing, new, &mut open);
    by_keys(&mut pairing, new, &mut open);
    pairing
}

/// Links items that say the same, where there is one of them on each side.
fn by_digest(pairing: &mut Pairing, new: &Sides<Vec<Candidate>>, open: &mut Sides<BTreeSet<usize>>) {
    let mut holders: BTreeMap<Digest, Sides<Vec<usize>>> = BTreeMap::new();
    for side in Side::BOTH {
        for &at in &open[side] {
            holders.entry(new[side][at].digest).or_default()[side].push(at);
        }
    }
    let alone = holders.values().filter_map(|holders| match (&*holders.local, &*holders.remote) {
        ([local], [remote]) => Some((*local, *remote)),
        _ => None,
    });
    for (local, remote) in alone.collect::<Vec<_>>() {
        link(pairing, new, open, local, remote);
    }
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

/// A changed item of a pair, with the UID that it has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub pair: PairId,
    pub uid: Option<String>,
}

/// Which pairs have lost their item on a side because its name now holds another item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// What stands there is to be paired anew, and the pair's own item to be looked for elsewhere.
    pub detached: Vec<PairId>,
    /// What stands there has the UID of an item that is still in its own place: there are two of it. They are
    /// left alone.
    pub twins: Vec<PairId>,
}

/// Finds out which changed items are really other items (files that were numbered anew, names that were
/// exchanged): the UID says what an item is.
///
/// `uids` are the UIDs of all pairs on this side, `lost` the pairs whose item is gone from it.
pub fn moves(changed: &[Changed], uids: &HashMap<PairId, &str>, lost: &BTreeSet<PairId>) -> Moves {
    let owners: HashMap<&str, PairId> = uids.iter().map(|(pair, uid)| (*uid, *pair)).collect();
    // Each with the pair whose item it holds now, if it is a pair's.
    let mut moved: BTreeMap<PairId, Option<PairId>> = BTreeMap::new();
    for item in changed {
        if let (Some(uid), Some(own)) = (item.uid.as_deref(), uids.get(&item.pair))
            && uid != *own
        {
            moved.insert(item.pair, owners.get(uid).copied());
        }
    }
    let mut moves = Moves::default();
    // One that is left alone keeps its name, so whoever's item it holds has a twin in turn.
    loop {
        let stays = |owner: &PairId| !moved.contains_key(owner) && !lost.contains(owner);
        let twins: Vec<PairId> = moved
            .iter()
            .filter(|(_, owner)| owner.as_ref().is_some_and(stays))
            .map(|(pair, _)| *pair)
            .collect();
        if twins.is_empty() {
            break;
        }
        for twin in twins {
            moved.remove(&twin);
            moves.twins.push(twin);
        }
    }
    moves.detached = moved.into_keys().collect();
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(changed: &[(i64, &str)], lost: &[i64]) -> (Vec<i64>, Vec<i64>) {
        let changed: Vec<Changed> = changed
            .iter()
            .map(|(pair, uid)| Changed { pair: PairId(*pair), uid: Some((*uid).into()) })
            .collect();
        let uids = UIDS.iter().map(|(pair, uid)| (PairId(*pair), *uid)).collect();
        let moves = moves(&changed, &uids, &lost.iter().map(|pair| PairId(*pair)).collect());
        let numbers = |pairs: Vec<PairId>| pairs.into_iter().map(|pair| pair.0).collect();
        (numbers(moves.detached), numbers(moves.twins))
    }

    const UIDS: [(i64, &str); 4] = [(1, "a"), (2, "b"), (3, "c"), (4, "d")];

    #[test]
    fn an_edit_is_no_move() {
        assert_eq!(moved(&[(1, "a"), (2, "b")], &[]), (vec![], vec![]));
    }

    #[test]
    fn exchanged_and_renumbered_names_are_moves() {
        assert_eq!(moved(&[(1, "b"), (2, "a")], &[]), (vec![1, 2], vec![]));
        assert_eq!(moved(&[(1, "b"), (2, "c")], &[3]), (vec![1, 2], vec![]));
        assert_eq!(moved(&[(1, "x")], &[]), (vec![1], vec![]), "something new in the place of the old");
    }

    #[test]
    fn a_copy_over_another_file_makes_twins() {
        assert_eq!(moved(&[(1, "b")], &[]), (vec![], vec![1]));
        // 1 holds 2's item, and 2 holds 3's, which is still in its own place.
        assert_eq!(moved(&[(1, "b"), (2, "c")], &[]), (vec![], vec![2, 1]));
    }
}
