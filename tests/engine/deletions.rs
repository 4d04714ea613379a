//! What the person may say about deletions, and what becomes of them then.

use jiff::SignedDuration;
use pimbridge::collection::Href;
use pimbridge::report::{Held, Operation, RunOutcome};
use pimbridge::sync::Side;
use pimbridge::sync::guard::Guard;
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::run::{Deletions, Only, Options};

use crate::support::{event, memory::Memory, world::World};

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

fn name(n: usize) -> String {
    format!("{n}.ics")
}

/// A world in which so many events are in sync.
fn in_sync(count: usize) -> World {
    let world = World::default();
    for n in 0..count {
        world.local.put(&name(n), event(&n.to_string(), &format!("event {n}"), 0));
    }
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    world
}

fn remove(side: &Memory, items: std::ops::Range<usize>) {
    items.for_each(|n| side.remove(&name(n)));
}

fn with(deletions: Deletions) -> Options {
    Options { deletions, ..Options::default() }
}

/// Nothing is left to be done.
fn is_settled(world: &World, policy: Policy) -> bool {
    let report = world.sync(policy);
    report.outcome == RunOutcome::Ok && report.did_nothing() && world.local.titles() == world.remote.titles()
}

#[test]
fn as_many_as_were_seen_are_deleted() {
    let world = in_sync(40);
    remove(&world.local, 0..11);
    let shown = world.sync(TWO_WAY).held;
    assert_eq!((shown.local, shown.remote), (0, 11));
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(shown))).report;
    assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 11));
    assert!(is_settled(&world, TWO_WAY));
}

#[test]
fn more_than_were_seen_are_held_again() {
    let world = in_sync(60);
    remove(&world.local, 0..16);
    let shown = world.sync(TWO_WAY).held;
    remove(&world.local, 16..17);
    remove(&world.remote, 50..52);
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(shown))).report;
    assert_eq!((report.outcome, report.held.local, report.held.remote), (RunOutcome::Held, 0, 17));
    assert_eq!((report.remote.deleted, report.local.deleted), (0, 2), "few are no question");
    assert_eq!(world.remote.items().len(), 58);
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(report.held))).report;
    assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 17));
}

#[test]
fn what_was_held_is_brought_back_and_the_other_side_is_guarded() {
    let world = in_sync(40);
    remove(&world.local, 0..11);
    let shown = world.sync(TWO_WAY).held;
    remove(&world.remote, 30..31);
    let report = world.run(TWO_WAY, with(Deletions::kept(shown))).report;
    assert_eq!((report.outcome, report.local.created, report.local.deleted), (RunOutcome::Ok, 11, 1));
    assert_eq!(report.remote.deleted, 0);
    let touched = world.touched();
    assert!(touched.iter().any(|t| t.operation == Operation::Create
        && t.side == Side::Local
        && t.why == "deleted on this computer; you want it back"));
    assert!(is_settled(&world, TWO_WAY));
    remove(&world.local, 0..1);
    assert_eq!(world.sync(TWO_WAY).remote.deleted, 1, "from then on a deletion is a deletion");
}

#[test]
fn a_look_ahead_at_bringing_back_changes_nothing() {
    let world = in_sync(12);
    remove(&world.local, 0..12);
    let options = Options { dry_run: true, ..with(Deletions::UNDONE) };
    let done = world.run(TWO_WAY, options);
    assert_eq!((done.report.local.created, done.report.held), (12, Held::default()));
    assert_eq!((done.foreseen.len(), world.local.items().len()), (12, 0));
    assert_eq!(world.sync(TWO_WAY).held.remote, 12, "nor is it remembered");
}

/// In every mode, whatever the other side's user did to it, and whether it was changed or only touched.
#[test]
fn nothing_is_deleted_where_that_is_undone() {
    for policy in Policy::ALL {
        for gone in Side::BOTH {
            for (change, parks) in [("none", false), ("touched", false), ("changed", true)] {
                let world = in_sync(20);
                let (from, to) = match gone {
                    Side::Local => (&world.remote, &world.local),
                    Side::Remote => (&world.local, &world.remote),
                };
                match change {
                    "touched" => from.put(&name(3), event("3", "event 3", 0)),
                    "changed" => from.put(&name(3), event("3", "event 3, changed", 9)),
                    _ => {}
                }
                to.remove(&name(3));
                // What only one side ever had, which a replicate would delete.
                to.put("new.ics", event("new", "new", 0));
                let report = world.run(policy, with(Deletions::UNDONE)).report;
                let context = format!("{policy:?} {gone:?} {change}\n{report:#?}");
                let is_parked = parks && policy == Policy::TwoWay(Conflict::Ask);
                assert_eq!(report.local.deleted + report.remote.deleted, 0, "{context}");
                assert_eq!(report.parked, u64::from(is_parked), "{context}");
                if !is_parked {
                    assert_eq!(to.items().get(&name(3)), from.items().get(&name(3)), "{context}");
                    let idle = world.sync(policy);
                    assert!(idle.outcome == RunOutcome::Ok && idle.did_nothing(), "{context}\n{idle:#?}");
                }
                assert!(to.titles().contains(&"new".to_owned()), "{context}");
            }
        }
    }
}

#[test]
fn what_a_replicate_would_delete_goes_to_the_other_side_if_it_is_to_be_kept() {
    let world = World::default();
    for n in 0..12 {
        world.remote.put(&name(n), event(&n.to_string(), "precious", 0));
    }
    let shown = world.sync(Policy::ReplicateToServer).held;
    assert_eq!(shown.remote, 12);
    let report = world.run(Policy::ReplicateToServer, with(Deletions::kept(shown))).report;
    assert_eq!((report.outcome, report.local.created), (RunOutcome::Ok, 12));
    assert!(is_settled(&world, Policy::ReplicateToServer));
}

#[test]
fn a_renamed_file_is_neither_deleted_nor_brought_back() {
    let world = in_sync(20);
    let bytes = world.local.items()["3.ics"].clone();
    world.local.remove("3.ics");
    world.local.put("renamed.ics", bytes);
    let report = world.run(TWO_WAY, with(Deletions::UNDONE)).report;
    assert_eq!((report.outcome, report.local.total(), report.remote.total()), (RunOutcome::Ok, 0, 0));
    assert!(is_settled(&world, TWO_WAY));
}

/// A run that broke off has brought back a few: the few that are left are not deleted by the next one.
#[test]
fn bringing_back_goes_on_until_it_is_done() {
    let mut world = in_sync(40);
    world.chunk_size = 5;
    world.guard = Guard { max_deletions: 30, max_percent: 90 };
    remove(&world.local, 0..20);
    world.local.lock().manners.breaks_after = Some(2);
    let report = world.run(TWO_WAY, with(Deletions::UNDONE)).report;
    assert_eq!(report.outcome, RunOutcome::Failed, "{report:#?}");
    assert!((21..40).contains(&world.local.items().len()));
    world.local.lock().manners.breaks_after = None;
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 0), "{report:#?}");
    assert_eq!((world.local.items().len(), world.remote.items().len()), (40, 40));
    remove(&world.local, 0..1);
    assert_eq!(world.sync(TWO_WAY).remote.deleted, 1);
}

#[test]
fn a_yes_to_some_is_no_yes_to_as_many_others() {
    let world = in_sync(60);
    remove(&world.local, 0..16);
    let shown = world.sync(TWO_WAY).held;
    for n in 0..16 {
        world.local.put(&name(n), event(&n.to_string(), &format!("event {n}"), 0));
    }
    remove(&world.local, 20..36);
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(shown))).report;
    assert_eq!((report.outcome, report.held.remote, report.remote.deleted), (RunOutcome::Held, 16, 0));
    assert_ne!(report.held, shown);
    // As it was shown by an older version, which did not tell which ones they are.
    let unmarked = Held { local: 0, remote: 16, ..Held::default() };
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(unmarked))).report;
    assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Held, 0));
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(report.held))).report;
    assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 16));
}

/// A world in which twelve of forty were deleted, and the person said to keep them, but one could not be brought back.
fn kept_but_for_one(hinder: impl Fn(&Memory), side: impl Fn(&World) -> &Memory) -> World {
    let world = in_sync(40);
    remove(&world.local, 0..12);
    let shown = world.sync(TWO_WAY).held;
    hinder(side(&world));
    let report = world.run(TWO_WAY, with(Deletions::kept(shown))).report;
    assert_eq!((report.outcome, report.local.created), (RunOutcome::Partial, 11), "{report:#?}");
    world
}

/// It is not deleted while it is hopeless, others are, and it comes back when it can.
fn is_kept_until_it_is_back(world: &World, relent: impl Fn(&World)) {
    for n in 20..22 {
        world.local.remove(&name(n));
        let report = world.sync(TWO_WAY);
        assert_eq!((report.remote.deleted, report.local.deleted), (1, 0), "{report:#?}");
        assert!(world.remote.items().contains_key(&name(7)));
        world.wait(SignedDuration::from_hours(48));
    }
    relent(world);
    let report = world.sync(TWO_WAY);
    assert_eq!((report.remote.deleted, report.local.created), (0, 1), "{report:#?}");
    assert!(is_settled(world, TWO_WAY));
    world.local.remove(&name(7));
    assert_eq!(world.sync(TWO_WAY).remote.deleted, 1, "from then on a deletion is a deletion");
}

#[test]
fn what_is_refused_when_it_is_to_be_brought_back_is_not_deleted() {
    let refuse = |side: &Memory| side.lock().manners.refuses = Some("event 7".into());
    let world = kept_but_for_one(refuse, |world| &world.local);
    is_kept_until_it_is_back(&world, |world| world.local.lock().manners.refuses = None);
}

#[test]
fn what_fails_when_it_is_to_be_brought_back_is_not_deleted() {
    let fail = |side: &Memory| side.lock().manners.fails = Some("event 7".into());
    let world = kept_but_for_one(fail, |world| &world.local);
    is_kept_until_it_is_back(&world, |world| world.local.lock().manners.fails = None);
}

/// It was changed, and its content could not be had.
#[test]
fn what_cannot_be_read_when_it_is_to_be_brought_back_is_not_deleted() {
    let stumble = |side: &Memory| {
        side.put(&name(7), event("7", "event 7", 0));
        side.lock().manners.stumbles = Some(name(7));
    };
    let world = kept_but_for_one(stumble, |world| &world.remote);
    is_kept_until_it_is_back(&world, |world| world.remote.lock().manners.stumbles = None);
}

/// Twelve of forty are to be kept, and one of them is refused where it is to be brought back; what the person was shown.
fn kept_and_one_refused() -> (World, Held) {
    let refuse = |side: &Memory| side.lock().manners.refuses = Some("event 7".into());
    let world = kept_but_for_one(refuse, |world| &world.local);
    let shown = Held::of(&world.state().held().unwrap());
    assert_eq!((shown.local, shown.remote), (0, 12));
    (world, shown)
}

#[test]
fn the_last_answer_counts_for_what_is_still_to_be_brought_back() {
    let (_, shown) = kept_and_one_refused();
    let only = Only { local: [Href::new(name(7))].into(), ..Only::default() };
    let one = Options { only: Some(only), ..with(Deletions::Allowed) };
    for yes in [with(Deletions::AllowedUpTo(shown)), with(Deletions::Allowed), one] {
        let (world, _) = kept_and_one_refused();
        let ahead = Options { dry_run: true, ..yes.clone() };
        world.run(TWO_WAY, ahead);
        assert_eq!(world.sync(TWO_WAY).remote.deleted, 0, "a look ahead is no answer");
        let report = world.run(TWO_WAY, yes.clone()).report;
        assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 1), "{yes:?}: {report:#?}");
        assert!(is_settled(&world, TWO_WAY));
    }
}

#[test]
fn the_last_answer_counts_for_what_only_one_side_ever_had() {
    let policy = Policy::ReplicateToServer;
    for shown_only in [false, true] {
        let world = World::default();
        for n in 0..12 {
            world.remote.put(&name(n), event(&n.to_string(), &format!("event {n}"), 0));
        }
        let shown = world.sync(policy).held;
        world.local.lock().manners.refuses = Some("event 7".into());
        let report = world.run(policy, with(Deletions::kept(shown))).report;
        assert_eq!((report.outcome, report.local.created), (RunOutcome::Partial, 11));
        let yes = if shown_only { Deletions::AllowedUpTo(shown) } else { Deletions::Allowed };
        let report = world.run(policy, with(yes)).report;
        assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 1), "{report:#?}");
        assert!(is_settled(&world, policy));
    }
}

#[test]
fn a_yes_to_others_leaves_what_is_to_be_kept() {
    let (world, first) = kept_and_one_refused();
    remove(&world.local, 20..32);
    let shown = world.sync(TWO_WAY).held;
    assert_eq!(shown.remote, 12);
    let only = Only { local: [Href::new(name(20))].into(), ..Only::default() };
    let one = Options { only: Some(only), ..with(Deletions::Allowed) };
    for (yes, deleted) in [(with(Deletions::AllowedUpTo(first)), 0), (one, 1)] {
        let report = world.run(TWO_WAY, yes).report;
        assert_eq!(report.remote.deleted, deleted, "{report:#?}");
    }
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(shown))).report;
    assert_eq!((report.held.remote, report.remote.deleted), (0, 11), "the rest of them: {report:#?}");
    assert!(world.remote.items().contains_key(&name(7)));
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(first))).report;
    assert!(world.remote.items().contains_key(&name(7)), "it was shown before others were: {report:#?}");
}

/// The server was out of reach when it was said to keep them, and perhaps also when it was said to delete them.
#[test]
fn the_last_answer_counts_where_the_one_before_it_was_not_carried_out() {
    for also_offline in [false, true] {
        let world = in_sync(40);
        remove(&world.local, 0..12);
        let shown = world.sync(TWO_WAY).held;
        world.remote.lock().manners.offline = true;
        let report = world.run(TWO_WAY, with(Deletions::kept(shown))).report;
        assert_eq!(report.outcome, RunOutcome::Failed);
        world.remote.lock().manners.offline = also_offline;
        let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(shown))).report;
        world.remote.lock().manners.offline = false;
        if also_offline {
            assert_eq!(report.outcome, RunOutcome::Failed);
            let report = world.sync(TWO_WAY);
            assert_eq!((report.held.remote, report.local.created), (12, 0), "{report:#?}");
            world.run(TWO_WAY, with(Deletions::AllowedUpTo(report.held)));
        }
        assert_eq!((world.local.items().len(), world.remote.items().len()), (28, 28));
        assert!(is_settled(&world, TWO_WAY));
    }
}

/// Some came back before the run broke off: the others are among those that were shown.
#[test]
fn the_last_answer_counts_for_the_rest_of_what_was_shown() {
    let mut world = in_sync(40);
    world.chunk_size = 5;
    remove(&world.local, 0..20);
    let shown = world.sync(TWO_WAY).held;
    world.local.lock().manners.breaks_after = Some(2);
    world.run(TWO_WAY, with(Deletions::kept(shown)));
    world.local.lock().manners.breaks_after = None;
    let back = world.local.items().len();
    assert!((21..30).contains(&back), "{back}");
    let report = world.run(TWO_WAY, with(Deletions::AllowedUpTo(shown))).report;
    assert_eq!((report.outcome, report.remote.deleted), (RunOutcome::Ok, 40 - back as u64), "{report:#?}");
    assert!(is_settled(&world, TWO_WAY));
}
