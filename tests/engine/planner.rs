//! Properties of the planner: any three trees and any policy, whatever the order of the work, lead to what the
//! table demands of each item, and then a second plan is empty.

use std::collections::HashSet;

use jiff::Timestamp;
use pimbridge::collection::{Etag, Href};
use pimbridge::item::Digest;
use pimbridge::state::{Kept, Pair, PairId, Seen, Subject};
use pimbridge::sync::plan::{Known, Plan, Row, Trees, plan};
use pimbridge::sync::policy::{Action, Change, Conflict, Policy, Rule};
use pimbridge::sync::resolve::{BaseContent, Content, Decided, Resolution, resolve};
use pimbridge::sync::scope::{Inside, sleeps};
use pimbridge::sync::{Side, Sides};
use proptest::prelude::*;

/// A version of an item: what it says, how often it was touched, when it was changed by its own account and by
/// the store's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    content: u8,
    touched: u8,
    modified: Option<u8>,
    stored: Option<u8>,
}

impl Version {
    fn etag(&self) -> Etag {
        Etag::new(format!("{self:?}"))
    }

    fn content(&self) -> Content {
        Content { digest: digest(self.content), modified: time(self.modified), stored: time(self.stored) }
    }
}

/// What both sides last agreed on, and the versions that are known to be it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Base {
    content: u8,
    modified: Option<u8>,
    etags: Sides<Option<Etag>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    base: Option<Base>,
    now: Sides<Option<Version>>,
}

type World = Vec<Item>;

fn time(minute: Option<u8>) -> Option<Timestamp> {
    minute.map(|minute| Timestamp::from_second(60 * i64::from(minute)).unwrap())
}

fn digest(content: u8) -> Digest {
    Digest([content; 32])
}

/// The names of an item have nothing to do with each other, and come in another order.
fn href(side: Side, item: usize) -> Href {
    Href::new(match side {
        Side::Local => format!("{item:03}"),
        Side::Remote => format!("{:03}", 999 - item),
    })
}

fn item(row: &Row) -> usize {
    let number = |href: &Href| href.as_str().parse::<usize>().unwrap();
    match (&row.subject.local, &row.subject.remote) {
        (Some(local), remote) => {
            let item = number(local);
            assert!(remote.as_ref().is_none_or(|remote| *remote == href(Side::Remote, item)), "{row:?}");
            item
        }
        (None, remote) => 999 - number(remote.as_ref().unwrap()),
    }
}

/// In a profile that leaves something out, every third content is out of its scope.
fn inside(limited: bool, content: u8) -> Inside {
    Inside { category: Some(true), range: !limited || content % 3 != 1 }
}

/// Whether an item sleeps: nothing is done about it.
fn is_asleep(limited: bool, item: &Item) -> bool {
    let base = item.base.as_ref().map(|base| inside(limited, base.content));
    sleeps(base, &Sides::from_fn(|side| item.now[side].map(|version| inside(limited, version.content))))
}

fn planned(rule: Rule, limited: bool, world: &World, alone: &HashSet<Subject>) -> Plan {
    let items = || world.iter().enumerate();
    let tree = |side| items().filter_map(|(i, item)| Some((href(side, i), item.now[side]?.etag()))).collect();
    let pairs = items().filter_map(|(i, item)| {
        let base = item.base.as_ref()?;
        let seen = |side| Seen {
            href: href(side, i),
            etag: base.etags[side].clone(),
            uid: Some(i.to_string()),
            verbatim: true,
        };
        Some(Pair { id: PairId(i as i64), digest: digest(base.content), sides: Sides::from_fn(seen) })
    });
    let asleep = items()
        .filter(|(_, item)| item.base.as_ref().is_some_and(|base| !inside(limited, base.content).both()))
        .map(|(i, _)| PairId(i as i64))
        .collect();
    // What of the others sleeps was found so by its content, and is left alone since.
    let is_whole = |item: &Item| Side::BOTH.into_iter().all(|side| item.now[side].is_some());
    let found_asleep = items()
        .filter(|(_, item)| (item.base.is_none() || is_whole(item)) && is_asleep(limited, item))
        .map(|(i, item)| {
            Sides::from_fn(|side| (item.base.is_some() || item.now[side].is_some()).then(|| href(side, i)))
        });
    let aside = alone.iter().cloned().chain(found_asleep).collect();
    let trees = Trees { sides: Sides::from_fn(tree), pairs: pairs.collect() };
    // What is new on both sides is the same thing.
    let new = items()
        .filter(|(_, item)| item.base.is_none() && item.now.local.is_some() && item.now.remote.is_some());
    let matched = new.map(|(i, _)| (href(Side::Local, i), href(Side::Remote, i))).collect();
    plan(rule, &trees, Known { matched: &matched, asleep: &asleep, aside: &aside, kept: &Kept::default() })
}

/// Does the rows, one after the other, as the engine does.
fn apply(rule: Rule, limited: bool, world: &mut World, rows: &[Row]) {
    for row in rows {
        let item = &mut world[item(row)];
        if row.action == Action::Forget {
            item.base = None;
            continue;
        }
        let looked_at = |side: Side| matches!(row.changes[side], Change::Changed | Change::New);
        let contents = Sides::from_fn(|side| {
            item.now[side].filter(|_| looked_at(side)).map(|version| version.content())
        });
        let base = item.base.as_ref();
        let base = base.map(|b| BaseContent { digest: digest(b.content), modified: time(b.modified) });
        match resolve(rule, row.changes, base, &contents) {
            Resolution::Adopt => {
                let (local, remote) = (item.now.local.unwrap(), item.now.remote.unwrap());
                assert_eq!(local.content, remote.content, "adopted different contents");
                item.base = Some(agreed(&item.now));
            }
            Resolution::Do { action: Decided::Nothing | Decided::Park, .. } => {}
            Resolution::Do { action: Decided::Merge { newer }, .. } => {
                let version = item.now[newer].expect("something to merge");
                let merged = Version { content: MERGED, stored: Some(200), ..version };
                item.now = Sides::from_fn(|_| Some(merged));
                item.base = Some(agreed(&item.now));
            }
            Resolution::Do { action: Decided::Forget, .. } => item.base = None,
            Resolution::Do { action: Decided::Write(to), .. } => {
                let version = item.now[to.other()].expect("something to write");
                item.now[to] = Some(Version { touched: version.touched + 1, stored: Some(200), ..version });
                item.base = Some(agreed(&item.now));
            }
            Resolution::Do { action: Decided::Delete(on), .. } => {
                // What left the scope by its change is spared.
                let there = item.now[on].expect("something to delete");
                if inside(limited, there.content).both() {
                    item.now[on] = None;
                }
                assert_eq!(item.now[on.other()], None, "deleted although the other side has it");
                item.base = None;
            }
        }
    }
}

/// What the changes of both sides come to when they are put together.
const MERGED: u8 = 99;

fn agreed(now: &Sides<Option<Version>>) -> Base {
    let local = now.local.unwrap();
    let etags = Sides::from_fn(|side| now[side].map(|version| version.etag()));
    Base { content: local.content, modified: local.modified, etags }
}

/// What was out of scope when both sides last agreed, and is gone from one of them, counts as new on the other.
fn is_forgotten(limited: bool, item: &Item) -> bool {
    let gone = Side::BOTH.into_iter().any(|side| item.now[side].is_none());
    gone && item.base.as_ref().is_some_and(|base| !inside(limited, base.content).both())
}

/// What the table demands of an item, told from what its users did: the contents that may be on both sides in
/// the end (`None`: it is gone), or that it stays as it is.
fn demanded(rule: Rule, limited: bool, item: &Item) -> Option<Vec<Option<u8>>> {
    if is_asleep(limited, item) {
        return None;
    }
    if is_forgotten(limited, item) {
        return demanded(rule, limited, &Item { base: None, ..item.clone() });
    }
    let demanded = undone(rule, item, table(rule.policy, item)?);
    let left = item.now.local.or(item.now.remote).filter(|_| demanded == [None]);
    let is_spared = left.is_some_and(|version| !inside(limited, version.content).both());
    (!is_spared).then_some(demanded)
}

/// What is to be gone stays where the person does not want it deleted, and so is on both sides.
fn undone(rule: Rule, item: &Item, demanded: Vec<Option<u8>>) -> Vec<Option<u8>> {
    match (item.now.local, item.now.remote) {
        (Some(version), None) if rule.undone.local && demanded == [None] => vec![Some(version.content)],
        (None, Some(version)) if rule.undone.remote && demanded == [None] => vec![Some(version.content)],
        _ => demanded,
    }
}

fn table(policy: Policy, item: &Item) -> Option<Vec<Option<u8>>> {
    let content = |side: Side| item.now[side].map(|version| version.content);
    let (local, remote) = (content(Side::Local), content(Side::Remote));
    let base = item.base.as_ref().map(|base| base.content);
    if let Some(source) = policy.source() {
        let merges = matches!(policy, Policy::MergeToServer | Policy::MergeFromServer);
        return match content(source) {
            // What only the target ever had is no business of a merge.
            None if merges && base.is_none() => None,
            there => Some(vec![there]),
        };
    }
    let Policy::TwoWay(conflict) = policy else { unreachable!() };
    if local == remote {
        return Some(vec![local]);
    }
    // Who alone did something to it prevails.
    if local == base {
        return Some(vec![remote]);
    }
    if remote == base {
        return Some(vec![local]);
    }
    let theirs = |side| Some(vec![content(side)]);
    match (conflict, item.now.local, item.now.remote) {
        (Conflict::LocalWins, ..) => theirs(Side::Local),
        (Conflict::ServerWins, ..) => theirs(Side::Remote),
        (Conflict::Automatic, Some(local), Some(remote)) => {
            let kept = item.base.as_ref().map(|base| base.modified);
            match (local.modified, remote.modified) {
                (Some(l), Some(r)) if kept != Some(Some(l)) && kept != Some(Some(r)) => {
                    theirs(if l > r { Side::Local } else { Side::Remote })
                }
                _ => Some(vec![Some(local.content), Some(remote.content)]),
            }
        }
        // A deletion beats a change.
        (Conflict::Automatic, ..) => Some(vec![None]),
        (Conflict::Merge, Some(_), Some(_)) => Some(vec![Some(MERGED)]),
        // A change beats a deletion.
        (Conflict::Merge, ..) => Some(vec![local.or(remote)]),
        (Conflict::Ask, ..) => None,
    }
}

fn version(contents: std::ops::Range<u8>) -> impl Strategy<Value = Version> {
    let minute = || proptest::option::weighted(0.8, 0..5u8);
    (contents, 0..2u8, minute(), minute()).prop_map(|(content, touched, modified, stored)| Version {
        content,
        touched,
        modified,
        stored,
    })
}

/// An item with a base, and what each side's user made of it; or a new one.
fn items() -> impl Strategy<Value = Item> {
    let known = version(0..3).prop_flat_map(|before| {
        let side = move || {
            let touched = Version { touched: before.touched + 1, ..before };
            prop_oneof![
                4 => Just(Some(before)),
                1 => Just(Some(touched)),
                // Its editor may leave LAST-MODIFIED as it was.
                2 => (10..13u8).prop_map(move |content| Some(Version { content, ..before })),
                2 => version(10..13).prop_map(Some),
                2 => Just(None),
            ]
        };
        let etag = move || proptest::option::weighted(0.8, Just(before.etag()));
        (side(), side(), etag(), etag()).prop_map(move |(local, remote, local_etag, remote_etag)| Item {
            base: Some(Base {
                content: before.content,
                modified: before.modified,
                etags: Sides { local: local_etag, remote: remote_etag },
            }),
            now: Sides { local, remote },
        })
    });
    let new = (proptest::option::of(version(0..3)), proptest::option::of(version(0..3)))
        .prop_map(|(local, remote)| Item { base: None, now: Sides { local, remote } });
    prop_oneof![2 => known, 1 => new]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_lead_to_what_is_demanded(
        world in proptest::collection::vec(items(), 0..10),
        policy in 0..9usize,
        undone in any::<(bool, bool)>(),
        limited in any::<bool>(),
        order in proptest::collection::vec(any::<u16>(), 10),
        stride in 1..5usize,
    ) {
        let policy = Policy::ALL[policy];
        let undone = Sides { local: undone.0, remote: undone.1 };
        let rule = Rule { policy, undone };
        let nothing = HashSet::new();
        let rows = planned(rule, limited, &world, &nothing).rows;
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|row| order[item(row)]);
        let (mut after, mut other) = (world.clone(), world.clone());
        apply(rule, limited, &mut after, &shuffled);
        apply(rule, limited, &mut other, &rows);
        prop_assert_eq!(&after, &other, "the order in which the rows are done matters");

        // What was forgotten is new in a second plan.
        let second = planned(rule, limited, &after, &nothing).rows;
        let expected = |row: &&Row| is_forgotten(limited, &world[item(row)]) || row.action == Action::Park;
        prop_assert!(second.iter().all(|row| expected(&row)), "{:?}", second);
        apply(rule, limited, &mut after, &second);
        let again = planned(rule, limited, &after, &nothing);
        let parks = policy == Policy::TwoWay(Conflict::Ask);
        prop_assert!(again.rows.iter().all(|row| parks && row.action == Action::Park), "{:?}", again.rows);

        for (before, after) in world.iter().zip(&after) {
            let contents = Sides::from_fn(|side| after.now[side].map(|version| version.content));
            match demanded(rule, limited, before) {
                None => prop_assert_eq!(&after.now, &before.now),
                Some(allowed) => {
                    prop_assert_eq!(contents.local, contents.remote, "{:?}: {:?}", policy, before);
                    prop_assert!(allowed.contains(&contents.local), "{policy:?}: {before:?} became {after:?}");
                }
            }
            for side in Side::BOTH.into_iter().filter(|side| undone[*side]) {
                prop_assert!(after.now[side].is_some() || before.now[side].is_none(), "deleted all the same");
            }
            if let Some(source) = policy.source().filter(|source| !undone[source.other()]) {
                prop_assert_eq!(after.now[source], before.now[source], "a one-way mode wrote to its source");
            }
        }

        // What is left alone is in no plan, and everything else is as if it were not there.
        let alone: HashSet<_> = rows.iter().step_by(stride).map(|row| row.subject.clone()).collect();
        let rest = planned(rule, limited, &world, &alone).rows;
        let others: Vec<_> = rows.into_iter().filter(|row| !alone.contains(&row.subject)).collect();
        prop_assert_eq!(rest, others);
    }
}
