//! What is doubled or broken is mended, and the next run has nothing to complain about.

use std::collections::BTreeMap;

use bytes::Bytes;
use pimbridge::collection::Href;
use pimbridge::report::RunOutcome;
use pimbridge::sync::Side;
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::repair::{Fate, Options, RepairReport, What, repair};
use pimbridge::sync::scope::{Category, Limits};

use crate::support::memory::Memory;
use crate::support::world::World;
use crate::support::{event, event_on};

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);
const LOOK: Options = Options { apply: false, allow_deletions: false };
const APPLY: Options = Options { apply: true, allow_deletions: false };

fn run(world: &World, policy: Policy, options: Options) -> RepairReport {
    world.with_job(policy, async |job| repair(job, options).await.unwrap())
}

fn fates(report: &RepairReport) -> Vec<(Side, &str, &Fate)> {
    let found = report.found.iter();
    found.map(|found| (found.finding.side, found.finding.item.href.as_str(), &found.fate)).collect()
}

/// What the history holds: by the name of the item.
fn history(world: &World) -> BTreeMap<String, Bytes> {
    let peek = world.peek();
    let versions = peek.history().unwrap();
    versions.into_iter().map(|version| (version.item, peek.version(version.id).unwrap().unwrap().1)).collect()
}

fn uid(bytes: &Bytes) -> String {
    pimbridge::item::read(bytes).unwrap().uid.unwrap()
}

/// What the state knows of a side.
fn seen(world: &World, side: Side) -> Vec<String> {
    world.state().tree(side).unwrap().into_keys().map(|href| href.to_string()).collect()
}

/// One more run leaves nothing to be done, and a repair finds nothing.
#[track_caller]
fn is_settled(world: &World, policy: Policy) {
    let report = world.sync(policy);
    assert_eq!((report.outcome, &report.problems[..]), (RunOutcome::Ok, &[][..]), "{report:#?}");
    assert_eq!(world.local.titles(), world.remote.titles());
    let edits = || world.local.lock().edits.len() + world.remote.lock().edits.len();
    let before = edits();
    assert_eq!(world.sync(policy).outcome, RunOutcome::Ok);
    assert_eq!(edits(), before);
    assert_eq!(fates(&run(world, policy, APPLY)), []);
    assert_eq!(edits(), before);
}

#[test]
fn everything_that_can_be_mended() {
    for silent in [false, true] {
        let world = World::default();
        world.local.put("a.ics", event("a", "Dentist", 0));
        world.sync(TWO_WAY);
        let no_uid = String::from_utf8_lossy(&event("n", "Nobody", 0)).replace("UID:n\r\n", "");
        let second = "BEGIN:VEVENT\r\nUID:q\r\nDTSTART:20260801T100000Z\r\nSUMMARY:Second\r\nEND:VEVENT\r\n";
        let several = String::from_utf8_lossy(&event("p", "First", 0))
            .replace("END:VCALENDAR", &format!("{second}END:VCALENDAR"));
        world.local.put("broken.ics", "what".into());
        world.local.put("clash.ics", event("a", "Lunch", 0));
        world.local.put("copy.ics", event("copy", "Dentist", 5));
        world.local.put("no-uid.ics", no_uid.into());
        world.remote.put("again.ics", event("again", "Dentist", 0));
        world.remote.put("several.ics", several.into());
        for side in [&world.local, &world.remote] {
            side.lock().manners.silent = silent;
        }
        let (local, remote) = (world.local.items(), world.remote.items());

        let looked = run(&world, TWO_WAY, LOOK);
        assert_eq!((world.local.items(), world.remote.items()), (local.clone(), remote.clone()));
        assert_eq!(looked.found.len(), 6);
        let mendable = looked.found.iter().filter(|found| found.fate == Fate::Mendable).count();
        assert_eq!((mendable, history(&world).len()), (5, 0));

        let done = run(&world, TWO_WAY, APPLY);
        let mended = done.found.iter().filter(|found| found.fate == Fate::Mended).count();
        assert_eq!((mended, done.failure.is_none()), (5, true), "{done:#?}");
        let names = |side: &Memory| side.items().into_keys().collect::<Vec<_>>();
        assert_eq!(names(&world.local), ["a.ics", "broken.ics", "clash.ics", "no-uid.ics"]);
        assert_eq!(names(&world.remote), ["a.ics", "q.ics", "several.ics"]);
        assert_eq!(seen(&world, Side::Local), ["a.ics", "clash.ics", "no-uid.ics"]);
        assert_eq!(seen(&world, Side::Remote), ["a.ics", "q.ics", "several.ics"]);
        let before: BTreeMap<String, Bytes> = ["clash.ics", "copy.ics", "no-uid.ics"]
            .map(|name| (name.to_owned(), local[name].clone()))
            .into_iter()
            .chain(["again.ics", "several.ics"].map(|name| (name.to_owned(), remote[name].clone())))
            .collect();
        assert_eq!(history(&world), before, "octet for octet");
        let now = world.local.items();
        assert_eq!(now["a.ics"], local["a.ics"]);
        let own = uid(&now["clash.ics"]);
        let clash = String::from_utf8_lossy(&local["clash.ics"]).replace("UID:a", &format!("UID:{own}"));
        assert_eq!(now["clash.ics"], clash, "nothing but the UID");
        assert_eq!(world.remote.items()["several.ics"], event("p", "First", 0));

        let again = run(&world, TWO_WAY, APPLY);
        assert_eq!(fates(&again).len(), 1, "only the broken one: {again:#?}");
        world.local.remove("broken.ics");
        is_settled(&world, TWO_WAY);
        assert_eq!(world.local.titles(), ["Dentist", "First", "Lunch", "Nobody", "Second"]);
    }
}

#[test]
fn before_the_first_sync_and_after() {
    for synced in [false, true] {
        let world = World::default();
        for (local, remote, uid) in [("a.ics", "1.ics", "x"), ("b.ics", "0.ics", "y")] {
            world.local.put(local, event(uid, "Dentist", 0));
            world.remote.put(remote, event(uid, "Dentist", 0));
        }
        if synced {
            world.sync(TWO_WAY);
        }
        let done = run(&world, TWO_WAY, APPLY);
        assert_eq!(fates(&done), [(Side::Local, "b.ics", &Fate::Mended)]);
        assert_eq!(history(&world).into_keys().collect::<Vec<_>>(), ["0.ics", "b.ics"]);
        if synced {
            assert_eq!([seen(&world, Side::Local), seen(&world, Side::Remote)], [["a.ics"], ["1.ics"]]);
            assert_eq!(world.state().pairs().unwrap().len(), 1);
        }
        is_settled(&world, TWO_WAY);
        assert_eq!(world.local.items().into_keys().collect::<Vec<_>>(), ["a.ics"]);
        assert_eq!(world.remote.items().into_keys().collect::<Vec<_>>(), ["1.ics"]);
        assert_eq!(world.remote.lock().edits, ["delete 0.ics"]);
    }
}

#[test]
fn what_somebody_changes_meanwhile_stays() {
    let world = World::default();
    world.local.put("a.ics", event("a", "Dentist", 0));
    world.local.put("b.ics", event("b", "Lunch", 0));
    world.sync(TWO_WAY);
    world.local.put("copy.ics", event("copy", "Dentist", 0));
    let changed = event("copy", "Dentist, but later", 1);
    world.local.lock().manners.intruder = Some(("copy.ics".into(), changed.clone()));
    let done = run(&world, TWO_WAY, APPLY);
    assert!(matches!(done.found[0].fate, Fate::Left(_)), "{done:#?}");
    assert_eq!(world.local.items()["copy.ics"], changed);
    assert!(history(&world).is_empty(), "nothing was lost");
    is_settled(&world, TWO_WAY);

    // The pair keeps its UID where the item did not get another.
    world.local.put("b.ics", event("a", "Lunch", 0));
    let changed = event("b", "Brunch", 1);
    world.local.lock().manners.intruder = Some(("b.ics".into(), changed));
    assert!(matches!(run(&world, TWO_WAY, APPLY).found[0].fate, Fate::Left(_)));
    is_settled(&world, TWO_WAY);
    assert_eq!(world.remote.titles(), ["Brunch", "Dentist", "Dentist, but later"]);
    assert_eq!(world.remote.items().into_keys().collect::<Vec<_>>(), ["a.ics", "b.ics", "copy.ics"]);
}

/// Both sides have it twice, and somebody changes the one that is about to go, on the server.
#[test]
fn the_twin_of_a_double_keeps_its_change() {
    let world = World::default();
    for uid in ["a", "b"] {
        world.local.put(&format!("{uid}.ics"), event(uid, "Dentist", 0));
    }
    world.sync(TWO_WAY);
    let changed = event("b", "Dentist, but later", 1);
    world.remote.lock().manners.intruder = Some(("b.ics".into(), changed));
    assert!(matches!(run(&world, TWO_WAY, APPLY).found[0].fate, Fate::Left(_)));
    world.sync(TWO_WAY);
    assert_eq!(world.local.titles(), ["Dentist", "Dentist, but later"]);
    is_settled(&world, TWO_WAY);
}

/// A file with another name now is not what only this side has.
#[test]
fn a_renamed_item_of_a_pair_is_no_double_of_this_side_alone() {
    let world = World::default();
    for uid in ["a", "b"] {
        world.local.put(&format!("{uid}.ics"), event(uid, "Dentist", 0));
    }
    world.sync(TWO_WAY);
    world.local.remove("b.ics");
    world.local.put("z.ics", event("b", "Dentist", 0));
    world.remote.put("b.ics", event("b", "Dentist, but later", 1));
    run(&world, TWO_WAY, APPLY);
    world.sync(TWO_WAY);
    assert_eq!(world.local.titles(), ["Dentist", "Dentist, but later"]);
    is_settled(&world, TWO_WAY);
}

#[test]
fn a_double_stays_on_both_sides_where_it_was_changed_on_one() {
    let world = World::default();
    for uid in ["a", "b"] {
        world.local.put(&format!("{uid}.ics"), event(uid, "Dentist", 0));
    }
    world.sync(TWO_WAY);
    world.local.lock().manners.intruder = Some(("b.ics".into(), event("b", "Lunch", 1)));
    assert!(matches!(run(&world, TWO_WAY, APPLY).found[0].fate, Fate::Left(_)));
    assert_eq!(world.remote.titles(), ["Dentist", "Dentist"]);
    assert!(history(&world).is_empty());
    is_settled(&world, TWO_WAY);
    assert_eq!(world.remote.titles(), ["Dentist", "Lunch"]);
}

#[test]
fn an_item_of_a_pair_gets_a_uid_of_its_own() {
    let world = World::default();
    world.local.put("a.ics", event("a", "Dentist", 0));
    world.local.put("b.ics", event("b", "Lunch", 0));
    world.sync(TWO_WAY);
    world.local.put("b.ics", event("a", "Lunch", 0));
    let done = run(&world, TWO_WAY, APPLY);
    assert_eq!(fates(&done), [(Side::Local, "b.ics", &Fate::Mended)]);
    let edits = world.remote.lock().edits.len();
    is_settled(&world, TWO_WAY);
    assert_eq!(world.remote.lock().edits.len(), edits, "it is the same item still");
    assert_eq!(world.local.titles(), ["Dentist", "Lunch"]);
}

#[test]
fn unusually_many_wait_for_a_yes() {
    let world = World::default();
    for n in 0..12 {
        world.local.put(&format!("{n:02}.ics"), event(&n.to_string(), "Dentist", 0));
    }
    world.local.put("clash.ics", event("0", "Lunch", 0));
    let held = run(&world, TWO_WAY, APPLY);
    let count = |report: &RepairReport, fate: Fate| report.found.iter().filter(|f| f.fate == fate).count();
    assert_eq!((count(&held, Fate::Held), count(&held, Fate::Mended)), (11, 1), "{held:#?}");
    assert_eq!(world.local.items().len(), 13);
    let done = run(&world, TWO_WAY, Options { allow_deletions: true, ..APPLY });
    assert_eq!(count(&done, Fate::Mended), 11);
    is_settled(&world, TWO_WAY);
    assert_eq!(world.local.titles(), ["Dentist", "Lunch"]);
}

#[test]
fn the_source_of_a_one_way_profile_is_never_written_to() {
    for policy in [Policy::ReplicateToServer, Policy::MergeToServer] {
        let world = World::default();
        for uid in ["a", "b"] {
            world.local.put(&format!("{uid}.ics"), event(uid, "Dentist", 0));
            world.remote.put(&format!("x{uid}.ics"), event(&format!("x{uid}"), "Lunch", 0));
        }
        let done = run(&world, policy, APPLY);
        assert!(matches!(
            fates(&done)[..],
            [(Side::Local, "b.ics", Fate::Left(_)), (Side::Remote, _, Fate::Mended)]
        ));
        assert_eq!((world.local.items().len(), world.remote.items().len()), (2, 1));
        assert!(world.local.lock().edits.is_empty());
    }
}

#[test]
fn what_is_out_of_scope_is_left_out() {
    let category = Category { name: "Work".into(), include_uncategorised: false, invert: false };
    let world = World::limited(Limits { category: Some(category), past_days: Some(10), future_days: None });
    let now = |uid: &str, lines: &str| event_on("20270115", uid, "Dentist", lines);
    for name in ["a", "b"] {
        world.local.put(&format!("{name}.ics"), now(name, "CATEGORIES:Home\r\n"));
        let old = event_on("20200101", name, "Old", "");
        world.remote.put(&format!("{name}.ics"), old);
    }
    assert_eq!(fates(&run(&world, TWO_WAY, LOOK)), []);
    for name in ["c", "d"] {
        world.local.put(&format!("{name}.ics"), now(name, "CATEGORIES:Work\r\n"));
    }
    assert_eq!(fates(&run(&world, TWO_WAY, LOOK)), [(Side::Local, "d.ics", &Fate::Mendable)]);
    // Whose it is that cannot be read, nobody knows.
    world.local.put("x.ics", "broken".into());
    assert!(fates(&run(&world, TWO_WAY, LOOK)).iter().any(|(_, name, _)| *name == "x.ics"));
}

#[test]
fn a_server_that_goes_away_in_the_middle() {
    let mut world = World::default();
    world.chunk_size = 1;
    for uid in ["a", "b", "c"] {
        world.local.put(&format!("{uid}.ics"), event(uid, "Dentist", 0));
    }
    world.sync(TWO_WAY);
    world.remote.lock().manners.breaks_after = Some(0);
    let done = run(&world, TWO_WAY, APPLY);
    assert!(done.failure.is_some());
    assert!(
        matches!(fates(&done)[..], [(_, "b.ics", Fate::Left(_)), (_, "c.ics", Fate::Mendable)]),
        "{done:#?}"
    );
    assert_eq!(world.local.items().len(), 2, "its own side's is gone");
    assert!(history(&world).contains_key("b.ics"));
    world.remote.lock().manners.breaks_after = None;
    // Whoever changes the twin meanwhile must not lose that: it comes back, as a double.
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.local.created, report.remote.deleted), (RunOutcome::Ok, 1, 0));
    assert_eq!(run(&world, TWO_WAY, APPLY).found.len(), 2);
    is_settled(&world, TWO_WAY);
}

#[test]
fn a_split_that_was_cut_short_is_finished() {
    let world = World::default();
    let second = "BEGIN:VEVENT\r\nUID:q\r\nDTSTART:20260801T100000Z\r\nSUMMARY:Second\r\nEND:VEVENT\r\n";
    let several = String::from_utf8_lossy(&event("p", "First", 0))
        .replace("END:VCALENDAR", &format!("{second}END:VCALENDAR"));
    world.local.put("two.ics", several.into());
    world.local.lock().manners.breaks_after = Some(0);
    assert!(run(&world, TWO_WAY, APPLY).failure.is_some());
    world.local.lock().manners.breaks_after = None;
    let alone = pimbridge::item::split(&world.local.items()["two.ics"]).unwrap().remove(1);
    world.local.put("q.ics", alone.bytes);
    let done = run(&world, TWO_WAY, APPLY);
    let What::SeveralUids { create, .. } = &done.found[0].finding.what else { panic!("{done:#?}") };
    assert!(create.is_empty() && done.found[0].fate == Fate::Mended, "{done:#?}");
    assert_eq!(done.found[0].finding.item.href, Href::new("two.ics"));
    is_settled(&world, TWO_WAY);
    assert_eq!(world.remote.titles(), ["First", "Second"]);
}
