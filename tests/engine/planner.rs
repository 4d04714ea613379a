//! Properties of the planner: any three trees and any policy lead to agreement, a second plan is empty, and
//! no version vanishes that is not known to be overwritten or deleted.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use pimbridge::collection::{Etag, Href};
use pimbridge::item::Digest;
use pimbridge::state::{Pair, PairId, Seen, Subject};
use pimbridge::sync::plan::{Known, Trees, plan};
use pimbridge::sync::policy::{Change, Conflict, Policy};
use pimbridge::sync::resolve::{BaseContent, Content, Decided, Resolution, resolve};
use pimbridge::sync::{Side, Sides};
use proptest::prelude::*;

/// What one side holds: the content of each item. The etag is the content's number and a touch count.
type World = Sides<BTreeMap<u8, (u8, u8)>>;

fn etag((content, touch): (u8, u8)) -> Etag {
    Etag::new(format!("{content}.{touch}"))
}

fn href(item: u8) -> Href {
    Href::new(format!("{item:03}"))
}

fn item(href: &Href) -> u8 {
    href.as_str().parse().unwrap()
}

fn known<'a>(
    matched: &'a BTreeMap<Href, Href>,
    asleep: &'a HashSet<PairId>,
    aside: &'a HashSet<Subject>,
) -> Known<'a> {
    Known { matched, asleep, aside }
}

/// The trees of a world, with the base that both sides once had.
fn trees(world: &World, base: &BTreeMap<u8, Sides<(u8, u8)>>) -> Trees {
    let sides = Sides::from_fn(|side| world[side].iter().map(|(i, v)| (href(*i), etag(*v))).collect());
    let pair = |(i, versions): (&u8, &Sides<(u8, u8)>)| Pair {
        id: PairId(i64::from(*i)),
        digest: digest(versions.local.0),
        sides: Sides::from_fn(|side| Seen {
            href: href(*i),
            etag: Some(etag(versions[side])),
            uid: Some(i.to_string()),
            verbatim: true,
        }),
    };
    Trees { sides, pairs: base.iter().map(pair).collect() }
}

fn digest(content: u8) -> Digest {
    Digest([content; 32])
}

/// New items with the same number on both sides are the same thing.
fn matched(world: &World, base: &BTreeMap<u8, Sides<(u8, u8)>>) -> BTreeMap<Href, Href> {
    let new = world.local.keys().filter(|i| !base.contains_key(i) && world.remote.contains_key(i));
    new.map(|i| (href(*i), href(*i))).collect()
}

/// One random base and what each side's user made of it.
#[derive(Debug, Clone)]
enum Perturbation {
    Keep,
    Touch,
    Edit(u8),
    Delete,
}

fn perturbation() -> impl Strategy<Value = Perturbation> {
    prop_oneof![
        4 => Just(Perturbation::Keep),
        1 => Just(Perturbation::Touch),
        2 => (1..4u8).prop_map(Perturbation::Edit),
        2 => Just(Perturbation::Delete),
    ]
}

fn start() -> impl Strategy<Value = (World, BTreeMap<u8, Sides<(u8, u8)>>)> {
    let item = (any::<bool>(), perturbation(), perturbation(), 0..3u8);
    proptest::collection::vec(item, 0..24).prop_map(|items| {
        let mut world = World::default();
        let mut base = BTreeMap::new();
        for (i, (has_base, local, remote, before)) in (0u8..).zip(items) {
            if has_base {
                base.insert(i, Sides { local: (before, 0), remote: (before, 0) });
            }
            for (side, change) in [(Side::Local, local), (Side::Remote, remote)] {
                let version = match change {
                    Perturbation::Keep if has_base => Some((before, 0)),
                    Perturbation::Touch if has_base => Some((before, 1)),
                    Perturbation::Edit(content) => Some((content + 10, 0)),
                    _ => None,
                };
                if let Some(version) = version {
                    world[side].insert(i, version);
                }
            }
        }
        (world, base)
    })
}

/// Applies the plan to the world as the engine does; what was overwritten or deleted.
fn apply(
    policy: Policy,
    world: &mut World,
    base: &mut BTreeMap<u8, Sides<(u8, u8)>>,
    order: impl Fn(usize) -> usize,
) -> Vec<(Side, u8, u8)> {
    let plan =
        plan(policy, &trees(world, base), known(&matched(world, base), &HashSet::new(), &HashSet::new()));
    let mut rows = plan.rows;
    rows.sort_by_key(|row| {
        order(item(row.subject.local.as_ref().or(row.subject.remote.as_ref()).unwrap()).into())
    });
    let mut lost = Vec::new();
    for row in rows {
        let i = item(row.subject.local.as_ref().or(row.subject.remote.as_ref()).unwrap());
        let contents = Sides::from_fn(|side| {
            let looked_at = matches!(row.changes[side], Change::Changed | Change::New);
            world[side].get(&i).filter(|_| looked_at).map(|(content, _)| Content {
                digest: digest(*content),
                modified: None,
                stored: None,
            })
        });
        let before = row.pair.as_ref().map(|pair| BaseContent { digest: pair.digest, modified: None });
        match resolve(policy, row.changes, before, &contents) {
            Resolution::Adopt => {
                let sides = Sides { local: world.local[&i], remote: world.remote[&i] };
                assert_eq!(sides.local.0, sides.remote.0, "adopted different contents");
                base.insert(i, sides);
            }
            Resolution::Do { action: Decided::Nothing | Decided::Park, .. } => {}
            Resolution::Do { action: Decided::Merge { newer }, .. } => {
                let merged = (100 + world[newer][&i].0, 0);
                for side in Side::BOTH {
                    if let Some(old) = world[side].insert(i, merged) {
                        lost.push((side, i, old.0));
                    }
                }
                base.insert(i, Sides { local: merged, remote: merged });
            }
            Resolution::Do { action: Decided::Forget, .. } => {
                assert!(!world.local.contains_key(&i) && !world.remote.contains_key(&i));
                base.remove(&i);
            }
            Resolution::Do { action: Decided::Write(to), .. } => {
                let version = world[to.other()][&i];
                if let Some(old) = world[to].insert(i, version) {
                    lost.push((to, i, old.0));
                }
                base.insert(i, Sides { local: version, remote: version });
            }
            Resolution::Do { action: Decided::Delete(on), .. } => {
                let old = world[on].remove(&i).expect("something to delete");
                assert!(!world[on.other()].contains_key(&i), "deleted although the other side has it");
                lost.push((on, i, old.0));
                base.remove(&i);
            }
        }
    }
    lost
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_end_in_agreement((world, base) in start(), policy in 0..9usize, stride in 1..7usize) {
        let policy = Policy::ALL[policy];
        prop_assume!(policy != Policy::TwoWay(Conflict::Ask));
        let (mut after, mut base_after) = (world.clone(), base.clone());
        let lost = apply(policy, &mut after, &mut base_after, |i| (i * stride) % 31);

        // A second plan is empty, or left with what the mode leaves alone.
        let again = plan(policy, &trees(&after, &base_after), known(&matched(&after, &base_after), &HashSet::new(), &HashSet::new()));
        prop_assert!(again.rows.is_empty(), "{:?}", again.rows);

        // The order in which the rows are done does not matter.
        let (mut other, mut base_other) = (world.clone(), base.clone());
        apply(policy, &mut other, &mut base_other, |i| usize::MAX - i);
        prop_assert_eq!((&after, &base_after), (&other, &base_other));

        // What is left alone is in no plan, and everything else is as if it were not there.
        let all = plan(policy, &trees(&world, &base), known(&matched(&world, &base), &HashSet::new(), &HashSet::new()));
        let alone: HashSet<_> = all.rows.iter().step_by(stride).map(|row| row.subject.clone()).collect();
        let rest = plan(policy, &trees(&world, &base), known(&matched(&world, &base), &HashSet::new(), &alone));
        let others: Vec<_> = all.rows.into_iter().filter(|row| !alone.contains(&row.subject)).collect();
        prop_assert_eq!(rest.rows, others);

        // No version vanishes without being known as overwritten or deleted.
        let lost: BTreeSet<(Side, u8, u8)> = lost.into_iter().collect();
        for side in Side::BOTH {
            for (i, (content, _)) in &world[side] {
                let alive = Side::BOTH.iter().any(|s| after[*s].get(i).map(|v| v.0) == Some(*content));
                prop_assert!(alive || lost.contains(&(side, *i, *content)), "{side:?} {i} {content}");
            }
        }

        // A one-way mode never writes to its source, and both sides agree as the mode demands.
        if let Some(source) = policy.source() {
            prop_assert_eq!(&after[source], &world[source]);
        }
        let contents = |side: Side| -> BTreeMap<u8, u8> { after[side].iter().map(|(i, v)| (*i, v.0)).collect() };
        match policy {
            Policy::MergeToServer | Policy::MergeFromServer => {
                let (source, target) = (policy.source().unwrap(), policy.source().unwrap().other());
                for (i, content) in contents(source) {
                    prop_assert_eq!(contents(target).get(&i).copied(), Some(content));
                }
            }
            _ => prop_assert_eq!(contents(Side::Local), contents(Side::Remote)),
        }
    }
}
