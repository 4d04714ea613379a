//! What a run does in special conditions.

use std::fs;

use jiff::SignedDuration;
use pimbridge::collection::Href;
use pimbridge::report::{Held, Operation, RunOutcome};
use pimbridge::state::Loss;
use pimbridge::sync::Side;
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::restore::{RestoreError, restore, restore_gone};
use pimbridge::sync::run::{Deletions, Options};

use crate::support::{event, memory::Memory, title, world::World};

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

/// A world in which so many events are in sync on both sides.
fn in_sync(count: usize) -> World {
    let world = World::default();
    for n in 0..count {
        world.local.put(&format!("{n}.ics"), event(&n.to_string(), &format!("event {n}"), 0));
    }
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.created), (RunOutcome::Ok, count as u64));
    world
}

fn quiet(world: &World) -> bool {
    for side in [&world.local, &world.remote] {
        let mut side = side.lock();
        side.edits.clear();
        side.fetched = 0;
    }
    let report = world.sync(TWO_WAY);
    let idle = |side: &Memory| side.lock().edits.is_empty() && side.lock().fetched == 0;
    report.outcome == RunOutcome::Ok && idle(&world.local) && idle(&world.remote)
}

#[test]
fn nothing_is_fetched_again_after_the_own_upload() {
    let world = in_sync(250);
    assert!(quiet(&world));
    assert_eq!(world.local.items(), world.remote.items());
}

#[test]
fn too_many_deletions_are_held_and_the_rest_is_done() {
    let world = in_sync(40);
    for n in 0..11 {
        world.local.remove(&format!("{n}.ics"));
    }
    world.local.put("20.ics", event("20", "changed", 5));
    let report = world.sync(TWO_WAY);
    assert_eq!(report.outcome, RunOutcome::Held);
    assert_eq!((report.held.local, report.held.remote), (0, 11));
    assert_eq!((report.remote.updated, report.remote.deleted), (1, 0));
    assert_eq!(world.remote.items().len(), 40);

    // Still held, until the person says yes.
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Held);
    let allowed = world.run(TWO_WAY, Options { deletions: Deletions::Allowed, ..Options::default() }).report;
    assert_eq!((allowed.outcome, allowed.remote.deleted), (RunOutcome::Ok, 11));
    assert!(quiet(&world));
}

#[test]
fn a_folder_that_was_emptied_is_held() {
    let world = in_sync(5);
    for n in 0..5 {
        world.local.remove(&format!("{n}.ics"));
    }
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Held);
    assert_eq!(world.remote.items().len(), 5);
}

#[test]
fn few_deletions_go_through_and_are_in_the_history() {
    let world = in_sync(20);
    world.remote.remove("3.ics");
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.local.deleted), (RunOutcome::Ok, 1));
    let history = world.peek().history().unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].side, history[0].loss), (Side::Local, Loss::Deleted));
    assert_eq!(history[0].summary, "event 3, 1 May 2026");
}

#[test]
fn a_replicate_that_would_wipe_out_the_other_side_is_held() {
    let world = World::default();
    for n in 0..12 {
        world.remote.put(&format!("{n}.ics"), event(&n.to_string(), "precious", 0));
    }
    world.local.put("new.ics", event("new", "new", 0));
    let report = world.sync(Policy::ReplicateToServer);
    assert_eq!((report.outcome, report.held.remote, report.remote.created), (RunOutcome::Held, 12, 1));
    assert_eq!(world.remote.items().len(), 13);
}

#[test]
fn a_version_stored_unseen_is_read_back() {
    let world = World::default();
    world.remote.lock().manners.silent = true;
    world.local.put("a.ics", event("a", "meeting", 0));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert!(quiet(&world));
}

#[test]
fn what_the_server_makes_of_an_item_comes_back_once() {
    for deltas in [true, false] {
        let world = World::default();
        {
            let mut remote = world.remote.lock();
            remote.manners.silent = true;
            remote.manners.rewrites = true;
            remote.manners.deltas = deltas;
        }
        world.local.put("a.ics", event("a", "meeting (private)", 0));
        assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
        assert_eq!(world.local.titles(), ["meeting"]);
        assert!(quiet(&world));
    }
}

#[test]
fn a_one_way_profile_accepts_what_the_server_makes_of_an_item() {
    let world = World::default();
    {
        let mut remote = world.remote.lock();
        remote.manners.silent = true;
        remote.manners.rewrites = true;
    }
    world.local.put("a.ics", event("a", "meeting (private)", 0));
    assert_eq!(world.sync(Policy::ReplicateToServer).outcome, RunOutcome::Ok);
    assert_eq!(world.local.titles(), ["meeting (private)"]);
    world.remote.lock().edits.clear();
    assert_eq!(world.sync(Policy::ReplicateToServer).outcome, RunOutcome::Ok);
    assert!(world.remote.lock().edits.is_empty());
}

#[test]
fn an_edit_made_on_the_server_during_the_run_is_not_overwritten() {
    let world = in_sync(3);
    world.local.put("1.ics", event("1", "local", 10));
    world.remote.lock().manners.intruder = Some(("1.ics".into(), event("1", "intruder", 20)));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.conflicts), (RunOutcome::Ok, 1));
    assert_eq!(title(&world.local.items()["1.ics"]), "intruder");
    assert_eq!(title(&world.remote.items()["1.ics"]), "intruder");
    let peek = world.peek();
    let history = peek.history().unwrap();
    let kept: Vec<String> = history.iter().map(|v| title(&peek.version(v.id).unwrap().unwrap().1)).collect();
    assert_eq!(kept, ["local"]);
    assert!(quiet(&world));
}

#[test]
fn a_conflict_never_ends_in_a_failing_precondition_for_ever() {
    for policy in [Policy::TwoWay(Conflict::LocalWins), Policy::TwoWay(Conflict::ServerWins)] {
        let world = in_sync(3);
        world.local.put("1.ics", event("1", "local", 10));
        world.remote.put("1.ics", event("1", "remote", 10));
        let report = world.sync(policy);
        assert_eq!((report.outcome, report.conflicts), (RunOutcome::Ok, 1));
        assert_eq!(world.local.items(), world.remote.items());
        assert!(quiet(&world));
    }
}

#[test]
fn what_failed_once_is_tried_by_the_next_run() {
    let world = in_sync(3);
    world.remote.put("1.ics", event("1", "changed", 10));
    world.local.lock().manners.refuses = Some("changed".into());
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Partial);
    world.local.lock().manners.refuses = None;
    world.wait(SignedDuration::from_secs(1));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!(title(&world.local.items()["1.ics"]), "changed");
}

/// The one that is new beside what was in sync does not make it less that all of that is gone.
#[test]
fn all_that_was_in_sync_is_gone() {
    let world = in_sync(6);
    world.local.put("new.ics", event("new", "new", 0));
    for n in 0..6 {
        world.remote.remove(&format!("{n}.ics"));
    }
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.held.local), (RunOutcome::Held, 6));
    assert_eq!(world.local.items().len(), 7);
}

#[test]
fn a_change_that_could_not_be_written_arrives_later() {
    let world = in_sync(3);
    world.remote.lock().manners.deltas = true;
    world.sync(TWO_WAY);
    world.remote.put("1.ics", event("1", "changed", 10));
    world.local.lock().manners.refuses = Some("changed".into());
    let report = world.sync(TWO_WAY);
    assert_eq!(report.outcome, RunOutcome::Partial);
    assert_eq!(report.problems[0].side, Side::Local);
    assert_eq!(report.problems[0].since, None);

    // The next run tries it again; after that it is left alone for an hour, and the report goes on to say so.
    world.wait(SignedDuration::from_secs(1));
    let report = world.sync(TWO_WAY);
    assert_eq!(report.outcome, RunOutcome::Partial);
    assert!(report.problems[0].since.is_some());
    world.local.lock().manners.refuses = None;
    world.wait(SignedDuration::from_mins(59));
    let report = world.sync(TWO_WAY);
    assert_eq!(report.outcome, RunOutcome::Partial);
    assert!(report.problems[0].since.is_some());
    world.wait(SignedDuration::from_mins(2));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!(title(&world.local.items()["1.ics"]), "changed");
    assert!(quiet(&world));
}

#[test]
fn a_refused_item_is_tried_again_when_it_changes() {
    let world = in_sync(3);
    world.remote.lock().manners.refuses = Some("bad".into());
    world.local.put("a.ics", event("a", "bad", 0));
    world.local.put("b.ics", event("b", "good", 0));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.created), (RunOutcome::Partial, 1));
    let tried = world.remote.lock().edits.len();
    assert_eq!(world.sync(TWO_WAY).problems.len(), 1);
    assert_eq!(world.remote.lock().edits.len(), tried, "tried again although nothing changed");
    world.local.put("a.ics", event("a", "better", 1));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert!(quiet(&world));
}

#[test]
fn broken_items_harm_nobody() {
    let world = in_sync(3);
    world.local.put("broken.ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Dentist\r\n".into());
    world.local.put("1.ics", "".into());
    world.local.put("task.ics", event("t", "task", 0).to_vec().escape_ascii().to_string().into());
    world.remote.put("2.ics", event("2", "changed", 10));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.local.updated), (RunOutcome::Partial, 1));
    let items: Vec<(&str, &str)> =
        report.problems.iter().map(|p| (p.item.as_str(), p.summary.as_str())).collect();
    assert_eq!(items, [("1.ics", "1.ics"), ("broken.ics", "Dentist"), ("task.ics", "task.ics")]);
    // The other side still has what the broken file was.
    assert_eq!(title(&world.remote.items()["1.ics"]), "event 1");
    assert_eq!(world.local.items()["1.ics"], "");
}

#[test]
fn tasks_are_not_the_business_of_an_events_profile() {
    let world = in_sync(1);
    let task = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Shopping\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    world.local.put("t.ics", task.into());
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.total()), (RunOutcome::Ok, 0));
    assert!(quiet(&world));
    // Nor does a replicating one delete them.
    world.sync(Policy::ReplicateFromServer);
    assert!(world.local.items().contains_key("t.ics"));
}

#[test]
fn two_files_with_one_uid_are_reported_and_left_alone() {
    let world = in_sync(2);
    world.local.put("copy.ics", event("1", "copy", 3));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.problems.len()), (RunOutcome::Partial, 1));
    assert_eq!(report.problems[0].item, "copy.ics");
    assert_eq!(world.remote.titles(), ["event 0", "event 1"]);
    world.local.remove("copy.ics");
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);

    // Both new, and something new on the other side.
    world.local.put("p.ics", event("p", "one", 3));
    world.local.put("q.ics", event("p", "two", 3));
    world.remote.put("r.ics", event("r", "three", 3));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.problems.len()), (RunOutcome::Partial, 2));
    assert_eq!(world.local.items().len(), 5);
    assert_eq!(world.remote.titles(), ["event 0", "event 1", "three"]);
}

#[test]
fn a_renamed_file_stays_the_same_item() {
    let world = in_sync(3);
    let bytes = world.local.items()["1.ics"].clone();
    world.local.remove("1.ics");
    world.local.put("renamed.ics", bytes);
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.total(), report.local.total()), (RunOutcome::Ok, 0, 0));
    assert!(world.remote.items().contains_key("1.ics"));
    // It is still the same pair.
    world.remote.put("1.ics", event("1", "changed", 9));
    world.sync(TWO_WAY);
    assert_eq!(title(&world.local.items()["renamed.ics"]), "changed");
    assert_eq!(world.local.items().len(), 3);
}

#[test]
fn items_that_were_only_touched_are_not_written() {
    let world = in_sync(3);
    let touched = String::from_utf8(world.local.items()["1.ics"].to_vec()).unwrap();
    world.local.put("1.ics", touched.replace("DTSTAMP:2026", "DTSTAMP:2025").into());
    world.remote.put("1.ics", event("1", "really changed", 0));
    let report = world.sync(Policy::TwoWay(Conflict::LocalWins));
    assert_eq!((report.conflicts, report.local.updated, report.remote.updated), (0, 1, 0));
    assert_eq!(world.local.items(), world.remote.items());
}

#[test]
fn the_same_event_under_two_uids_is_one_and_keeps_both() {
    let world = World::default();
    world.local.put("a.ics", event("uid-here", "Dentist", 0));
    world.remote.put("b.ics", event("uid-there", "Dentist", 0));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.linked), (RunOutcome::Ok, 1));
    assert_eq!((world.local.items().len(), world.remote.items().len()), (1, 1));

    world.local.put("a.ics", event("uid-here", "Dentist, moved", 10));
    world.sync(TWO_WAY);
    assert_eq!(world.remote.items()["b.ics"], event("uid-there", "Dentist, moved", 10));
    assert!(quiet(&world));
}

#[test]
fn look_alikes_are_not_guessed_at() {
    let world = World::default();
    world.local.put("a.ics", event("a", "Dentist", 0));
    world.remote.put("b.ics", event("b", "Dentist", 0));
    world.remote.put("c.ics", event("c", "Dentist", 0));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.linked, report.notices.len()), (RunOutcome::Ok, 0, 1));
    assert_eq!((world.local.items().len(), world.remote.items().len()), (3, 3));
    assert!(quiet(&world));
}

#[test]
fn a_lost_state_doubles_nothing() {
    let world = in_sync(30);
    world.local.put("1.ics", event("1", "newer here", 30));
    world.remote.put("2.ics", event("2", "newer there", 30));
    fs::write(world.state_file(), "this is no database").unwrap();
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.linked, report.notices.len()), (RunOutcome::Ok, 28, 1));
    assert_eq!(world.local.items(), world.remote.items());
    assert_eq!(world.local.items().len(), 30);
    assert_eq!(title(&world.remote.items()["1.ics"]), "newer here");
    assert_eq!(title(&world.local.items()["2.ics"]), "newer there");
    assert!(quiet(&world));
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_a_run_does() {
    let world = in_sync(3);
    world.local.put("1.ics", event("1", "changed", 5));
    world.remote.remove("2.ics");
    let before = (world.local.items(), world.remote.items());
    let done = world.run(TWO_WAY, Options { dry_run: true, ..Options::default() });
    assert_eq!((world.local.items(), world.remote.items()), before);
    assert_eq!((done.report.remote.updated, done.report.local.deleted), (1, 1));
    let foreseen = done.foreseen;
    world.sync(TWO_WAY);
    assert_eq!(world.touched(), foreseen);
    assert_eq!(
        foreseen.iter().map(|t| t.operation).collect::<Vec<_>>(),
        [Operation::Update, Operation::Delete]
    );
}

#[test]
fn an_unreachable_side_changes_nothing() {
    let world = in_sync(3);
    world.remote.lock().manners.offline = true;
    world.local.remove("1.ics");
    let report = world.sync(TWO_WAY);
    assert_eq!(
        (report.outcome, report.failure.as_deref()),
        (RunOutcome::Failed, Some("It cannot be reached."))
    );
    world.remote.lock().manners.offline = false;
    assert_eq!(world.sync(TWO_WAY).remote.deleted, 1);
}

#[test]
fn a_side_that_can_only_be_read_is_still_read() {
    let mut world = in_sync(3);
    world.chunk_size = 1;
    world.remote.lock().manners.read_only = true;
    world.local.put("0.ics", event("0", "changed here", 5));
    for n in 10..20 {
        world.remote.put(&format!("{n}.ics"), event(&n.to_string(), "new there", 0));
    }
    let report = world.sync(TWO_WAY);
    assert_eq!(
        (report.outcome, report.failure.as_deref()),
        (RunOutcome::Failed, Some("It can only be read."))
    );
    assert_eq!(report.local.created, 10);
    assert_eq!(title(&world.local.items()["0.ics"]), "changed here");
    world.remote.lock().manners.read_only = false;
    assert_eq!(world.sync(TWO_WAY).remote.updated, 1);
    assert!(quiet(&world));
}

#[test]
fn items_of_another_kind_do_not_hide_how_many_are_deleted() {
    let world = in_sync(12);
    for n in 0..100 {
        let task = format!("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:t{n}\nEND:VTODO\nEND:VCALENDAR\n");
        world.local.put(&format!("t{n}.ics"), task.clone().into());
        world.remote.put(&format!("t{n}.ics"), task.into());
    }
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    for n in 0..12 {
        world.local.remove(&format!("{n}.ics"));
    }
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Held);
}

#[test]
fn a_version_of_the_history_comes_back_on_both_sides() {
    let world = in_sync(3);
    let original = world.local.items()["1.ics"].clone();
    world.local.put("1.ics", event("1", "changed", 5));
    world.sync(TWO_WAY);
    world.remote.remove("1.ics");
    world.sync(TWO_WAY);
    assert_eq!(world.local.items().len(), 2);

    let history = world.peek().history().unwrap();
    let oldest = history.last().unwrap().id;
    world.with_job(TWO_WAY, async |job| restore(job, oldest).await.unwrap());
    assert_eq!(world.local.items()["1.ics"], original);
    assert_eq!(world.remote.items()["1.ics"], original);
    assert!(quiet(&world));

    // Over what is there now, which goes into the history.
    let newest = world.peek().history().unwrap()[0].id;
    let restored = world.with_job(TWO_WAY, async |job| restore(job, newest).await.unwrap());
    assert_eq!(restored.loss, Loss::Deleted);
    assert_eq!(title(&world.remote.items()["1.ics"]), "changed");
    let peek = world.peek();
    let kept = peek.version(peek.history().unwrap()[0].id).unwrap().unwrap().1;
    assert_eq!(kept, original);
    assert!(quiet(&world));
}

#[test]
fn what_a_run_deleted_comes_back_together() {
    let world = in_sync(130);
    let all = world.local.items();
    for n in 0..120 {
        world.local.remove(&format!("{n}.ics"));
    }
    let options = Options { deletions: Deletions::Allowed, ..Options::default() };
    assert_eq!(world.run(TWO_WAY, options).report.remote.deleted, 120);
    world.remote.put("other.ics", event("other", "in another run", 0));
    world.sync(TWO_WAY);
    // One of them is there again, and was edited.
    world.local.put("7.ics", event("7", "edited", 9));
    world.sync(TWO_WAY);

    let runs = world.peek().deletions(10).unwrap();
    assert_eq!((runs.len(), runs[0].items), (1, 120));
    let ids: Vec<_> = world.peek().deleted_in(runs[0].run, 200).unwrap().iter().map(|v| v.id).collect();
    let listed = || [&world.local, &world.remote].map(|side| side.lock().observed);
    let before = listed();
    let restored = world.with_job(TWO_WAY, async |job| restore_gone(job, &ids).await.unwrap());
    assert_eq!((restored.back.len(), restored.there.len(), restored.failed.len()), (119, 1, 0));
    assert_eq!(listed(), before.map(|times| times + 1), "one look at each side");
    for (name, bytes) in &all {
        let expected = if name == "7.ics" { event("7", "edited", 9) } else { bytes.clone() };
        assert_eq!(world.local.items()[name], expected, "{name}");
        assert_eq!(world.remote.items()[name], expected, "{name}");
    }
    assert!(quiet(&world));
    let again = world.with_job(TWO_WAY, async |job| restore_gone(job, &ids).await.unwrap());
    assert_eq!((again.back.len(), again.there.len()), (0, 120));
}

#[test]
fn a_side_that_refuses_keeps_the_others_from_nothing() {
    let world = in_sync(12);
    for n in 0..4 {
        world.local.remove(&format!("{n}.ics"));
    }
    world.sync(TWO_WAY);
    let ids: Vec<_> = world.peek().history().unwrap().iter().map(|v| v.id).collect();
    world.remote.lock().manners.refuses = Some("event 2".into());
    let restored = world.with_job(TWO_WAY, async |job| restore_gone(job, &ids).await.unwrap());
    assert_eq!((restored.back.len(), restored.failed.len()), (3, 1));
    let (version, error) = &restored.failed[0];
    assert!(version.summary.starts_with("event 2"), "{version:?}");
    assert!(matches!(error, RestoreError::Refused { side: Side::Remote, .. }), "{error}");
}

#[test]
fn what_waits_for_a_yes_is_known_item_by_item() {
    let world = in_sync(40);
    for n in 0..12 {
        world.local.remove(&format!("{n}.ics"));
    }
    let held = world.sync(TWO_WAY).held;
    let items = world.peek().held().unwrap();
    assert_eq!(Held::of(&items), held);
    assert!(items.remote[&Href::new("7.ics")].starts_with("event 7"), "{items:?}");
    world.run(TWO_WAY, Options { dry_run: true, ..Options::default() });
    assert_eq!(Held::of(&world.peek().held().unwrap()), held, "a look ahead changes nothing");
}

#[test]
fn chunks_of_any_size_come_to_the_same() {
    for chunk_size in [1, 2, 7, 100, 1000] {
        let mut world = World::default();
        world.chunk_size = chunk_size;
        world.remote.lock().manners.deltas = true;
        for n in 0..20 {
            world.local.put(&format!("l{n}.ics"), event(&format!("l{n}"), &format!("local {n}"), 0));
            world.remote.put(&format!("r{n}.ics"), event(&format!("r{n}"), &format!("remote {n}"), 0));
        }
        let report = world.sync(TWO_WAY);
        assert_eq!((report.local.created, report.remote.created), (20, 20));
        assert_eq!(world.local.items(), world.remote.items());
        assert_eq!(world.touched().len(), 40);
        world.chunk_size = 100;
        assert!(quiet(&world));
    }
}

#[test]
fn old_versions_are_dropped_in_time() {
    let world = in_sync(3);
    world.remote.remove("1.ics");
    world.sync(TWO_WAY);
    assert_eq!(world.peek().history().unwrap().len(), 1);
    world.wait(SignedDuration::from_hours(24 * 89));
    world.sync(TWO_WAY);
    assert_eq!(world.peek().history().unwrap().len(), 1);
    world.wait(SignedDuration::from_hours(24 * 2));
    world.sync(TWO_WAY);
    assert_eq!(world.peek().history().unwrap().len(), 0);
    assert!(world.peek().reports(10).unwrap().len() < 3);
}

/// The histories' bytes, by title.
fn kept(world: &World) -> Vec<String> {
    let peek = world.peek();
    let history = peek.history().unwrap();
    history.iter().map(|v| title(&peek.version(v.id).unwrap().unwrap().1)).collect()
}

#[test]
fn what_a_write_of_unknown_fate_overwrote_stays_in_the_history() {
    let world = in_sync(3);
    world.local.put("1.ics", event("1", "local", 10));
    world.remote.put("1.ics", event("1", "remote", 20));
    world.remote.lock().manners.gateway = true;
    let report = world.sync(Policy::TwoWay(Conflict::LocalWins));
    assert_eq!(report.outcome, RunOutcome::Ok, "the second look finds the same on both sides");
    assert_eq!(world.remote.titles(), ["event 0", "event 2", "local"]);
    assert_eq!(kept(&world), ["remote"]);
}

#[test]
fn twins_keep_everything_with_their_uid_from_being_touched() {
    // A copy of a file that the server has, made before the first sync.
    let world = World::default();
    world.local.put("p.ics", event("x", "here", 0));
    world.local.put("q.ics", event("x", "copy", 0));
    world.remote.put("x.ics", event("x", "there", 0));
    for policy in [Policy::ReplicateToServer, Policy::ReplicateFromServer, TWO_WAY] {
        assert_eq!(world.sync(policy).outcome, RunOutcome::Partial);
        assert_eq!(
            (world.local.titles(), world.remote.titles()),
            (vec!["copy".into(), "here".into()], vec!["there".into()])
        );
    }
    world.local.remove("q.ics");
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (1, 1));
}

#[test]
fn a_file_that_was_renamed_and_copied_at_once_is_not_deleted_on_the_server() {
    let world = in_sync(3);
    let bytes = world.local.items()["1.ics"].clone();
    world.local.remove("1.ics");
    world.local.put("a.ics", bytes.clone());
    world.local.put("b.ics", bytes);
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Partial);
    assert_eq!(world.remote.items().len(), 3);
    world.local.remove("b.ics");
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (3, 3));
    assert!(world.remote.lock().edits.iter().all(|edit| edit.starts_with("create")));
}

#[test]
fn files_that_were_numbered_anew_stay_the_items_that_they_are() {
    let world = in_sync(4);
    world.remote.put("2.ics", event("2", "changed on the phone", 30));
    let files = world.local.items();
    world.local.put("0.ics", files["1.ics"].clone());
    world.local.put("1.ics", files["2.ics"].clone());
    world.local.put("2.ics", files["3.ics"].clone());
    world.local.remove("3.ics");
    let report = world.sync(TWO_WAY);
    // Event 0 was deleted; the others only have other names.
    assert_eq!((report.outcome, report.remote.deleted, report.remote.updated), (RunOutcome::Ok, 1, 0));
    assert_eq!(world.remote.titles(), ["changed on the phone", "event 1", "event 3"]);
    assert_eq!(title(&world.local.items()["1.ics"]), "changed on the phone");
    assert!(quiet(&world));

    // Two names are exchanged.
    let files = world.local.items();
    world.local.put("0.ics", files["2.ics"].clone());
    world.local.put("2.ics", files["0.ics"].clone());
    world.remote.lock().edits.clear();
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert!(world.remote.lock().edits.is_empty());
}

#[test]
fn a_copy_over_another_file_is_left_alone() {
    let world = in_sync(3);
    let bytes = world.local.items()["2.ics"].clone();
    world.local.put("1.ics", bytes);
    world.local.put("0.ics", event("0", "changed", 9));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.updated, report.remote.deleted), (RunOutcome::Partial, 1, 0));
    assert_eq!(world.remote.titles(), ["changed", "event 1", "event 2"]);
}

/// With nothing else changed, it is told as what it is as well.
#[test]
fn a_copy_over_another_file_is_called_a_copy() {
    let world = in_sync(3);
    let bytes = world.local.items()["2.ics"].clone();
    world.local.put("1.ics", bytes);
    let report = world.sync(TWO_WAY);
    assert_eq!(report.outcome, RunOutcome::Partial);
    assert!(report.problems[0].message.contains("the same UID"), "{}", report.problems[0].message);
    assert_eq!(world.remote.titles(), ["event 0", "event 1", "event 2"]);
}

#[test]
fn a_missing_item_that_cannot_be_asked_for_is_asked_for_again() {
    let world = in_sync(8);
    world.remote.lock().manners.deltas = true;
    world.sync(TWO_WAY);
    world.remote.remove("3.ics");
    world.remote.lock().manners =
        crate::support::memory::Manners { stumbles: Some("3.ics".into()), ..Default::default() };
    assert_eq!(world.sync(TWO_WAY).local.deleted, 0);
    world.remote.lock().manners.stumbles = None;
    world.remote.lock().manners.deltas = true;
    assert_eq!(world.sync(TWO_WAY).local.deleted, 1);
}

#[test]
fn all_is_listed_once_a_day() {
    let world = in_sync(8);
    world.remote.lock().manners.deltas = true;
    world.sync(TWO_WAY);
    world.remote.lock().manners.forgetful = true;
    world.remote.remove("3.ics");
    assert_eq!(world.sync(TWO_WAY).local.deleted, 0);
    world.wait(SignedDuration::from_hours(24));
    assert_eq!(world.sync(TWO_WAY).local.deleted, 1);
}

#[test]
fn contents_that_cannot_be_had_this_time_are_asked_for_within_the_hour() {
    let world = in_sync(3);
    world.remote.put("1.ics", event("1", "changed", 9));
    world.remote.lock().manners.stumbles = Some("1.ics".into());
    for _ in 0..8 {
        assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Partial);
        world.wait(SignedDuration::from_mins(61));
    }
    world.remote.lock().manners.stumbles = None;
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!(title(&world.local.items()["1.ics"]), "changed");
}

#[test]
fn an_item_whose_name_is_taken_by_something_else_is_set_aside() {
    let world = in_sync(1);
    let task = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:t\nSUMMARY:Task\nEND:VTODO\nEND:VCALENDAR\n";
    world.remote.put("t.ics", task.into());
    world.local.put("t.ics", event("t", "event", 0));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.problems.len()), (RunOutcome::Partial, 1));
    assert!(report.problems[0].message.contains("the same UID"), "{}", report.problems[0].message);
    world.sync(TWO_WAY);
    let tried = world.remote.lock().edits.len();
    assert_eq!(world.sync(TWO_WAY).problems.len(), 1);
    assert_eq!(world.remote.lock().edits.len(), tried, "tried in every run");
}

#[test]
fn a_nameless_item_is_not_doubled_when_the_state_is_lost() {
    let world = World::default();
    let nameless = |uid: &str| event(uid, "", 0);
    world.local.put("a.ics", nameless("a"));
    world.remote.put("b.ics", nameless("b"));
    assert_eq!(world.sync(TWO_WAY).linked, 1);
}

#[test]
fn what_was_done_before_a_break_is_recorded() {
    let world = World::default();
    for n in 0..5 {
        world.local.put(&format!("{n}.ics"), event(&n.to_string(), &format!("event {n}"), 0));
    }
    world.remote.lock().manners.breaks_after = Some(3);
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.created), (RunOutcome::Failed, 3));
    assert_eq!((world.touched().len(), world.state().pairs().unwrap().len()), (3, 3));
    world.remote.lock().manners.breaks_after = None;
    assert_eq!(world.sync(TWO_WAY).remote.created, 2);
    assert!(quiet(&world));
}

#[test]
fn a_file_that_is_renamed_again_while_it_is_read_is_not_deleted_on_the_server() {
    let world = in_sync(3);
    world.local.lock().rename("1.ics", "a.ics");
    world.local.lock().manners.before_fetch = Some(|local| local.rename("a.ics", "b.ics"));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.total(), report.local.total()), (RunOutcome::Ok, 0, 0));
    assert!(quiet(&world));
    world.remote.put("1.ics", event("1", "changed", 9));
    world.sync(TWO_WAY);
    assert_eq!(title(&world.local.items()["b.ics"]), "changed");
}

/// Not all stores refuse a second item with the same UID.
#[test]
fn a_new_file_that_is_renamed_while_it_is_read_is_not_doubled() {
    let world = World::default();
    world.local.put("a.ics", event("x", "here", 1));
    world.remote.put("x.ics", event("x", "there", 2));
    world.local.lock().manners.before_fetch = Some(|local| local.rename("a.ics", "b.ics"));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!((world.local.titles(), world.remote.titles()), (vec!["there".into()], vec!["there".into()]));
    assert!(quiet(&world));
}

#[test]
fn a_renamed_file_that_cannot_be_had_is_not_deleted_on_the_server() {
    let world = in_sync(3);
    world.local.lock().rename("1.ics", "a.ics");
    world.local.lock().manners.stumbles = Some("a.ics".into());
    for _ in 0..4 {
        let report = world.sync(TWO_WAY);
        assert_eq!((report.outcome, report.remote.total()), (RunOutcome::Partial, 0));
        world.wait(SignedDuration::from_mins(31));
    }
    world.local.lock().manners.stumbles = None;
    world.wait(SignedDuration::from_mins(61));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.total()), (RunOutcome::Ok, 0));
    assert!(quiet(&world));
}

/// The items were found to be the same thing by what one of them said a moment ago.
#[test]
fn what_was_matched_is_not_written_from_another_version() {
    let world = World::default();
    let there = String::from_utf8(event("there", "Dentist", 1).to_vec()).unwrap();
    world.local.put("a.ics", event("here", "Dentist", 2));
    world.remote.put("b.ics", there.replace("kept", "else").into());
    world.local.lock().manners.after_fetch = Some(|local| local.put("a.ics", event("here", "Lunch", 3)));
    let report = world.sync(Policy::TwoWay(Conflict::LocalWins));
    assert_eq!(report.outcome, RunOutcome::Ok);
    assert_eq!(world.local.titles(), ["Dentist", "Lunch"]);
    assert_eq!(world.remote.titles(), ["Dentist", "Lunch"]);
    assert!(quiet(&world));
}

#[test]
fn what_was_overwritten_by_something_that_vanished_unseen_stays_in_the_history() {
    let world = in_sync(3);
    world.local.put("1.ics", event("1", "local", 10));
    world.remote.put("1.ics", event("1", "remote", 20));
    {
        let mut remote = world.remote.lock();
        remote.manners.silent = true;
        remote.manners.after_edits = Some(|remote| assert!(remote.remove("1.ics")));
    }
    world.sync(Policy::TwoWay(Conflict::LocalWins));
    assert!(kept(&world).contains(&"remote".to_owned()), "{:?}", kept(&world));
}

#[test]
fn a_new_file_that_cannot_be_had_at_first_is_not_doubled() {
    let world = World::default();
    world.local.put("a.ics", event("x", "here", 1));
    world.remote.put("x.ics", event("x", "there", 2));
    world.local.lock().manners.stumbles = Some("a.ics".into());
    for _ in 0..2 {
        assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Partial);
        assert_eq!(
            (world.local.titles(), world.remote.titles()),
            (vec!["here".into()], vec!["there".into()])
        );
        world.wait(SignedDuration::from_mins(30));
    }
    world.local.lock().manners.stumbles = None;
    world.wait(SignedDuration::from_mins(61));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!((world.local.titles(), world.remote.titles()), (vec!["there".into()], vec!["there".into()]));
}

/// It does not keep the others waiting for ever.
#[test]
fn an_item_that_can_never_be_had_keeps_nobody_waiting() {
    let world = in_sync(3);
    world.remote.put("a.ics", event("x", "never", 1));
    world.remote.lock().manners.stumbles = Some("a.ics".into());
    world.local.put("b.ics", event("y", "new", 1));
    for _ in 0..3 {
        world.sync(TWO_WAY);
        world.wait(SignedDuration::from_mins(61));
    }
    assert!(world.remote.titles().contains(&"new".to_owned()));
}

/// What is new on one side may stand in the place of something else on the other.
#[test]
fn a_new_item_in_the_place_of_a_known_one_is_not_doubled() {
    let world = in_sync(3);
    let known = world.local.items()["1.ics"].clone();
    world.local.put("1.ics", event("x", "here", 1));
    world.local.put("2nd.ics", known);
    world.remote.put("x.ics", event("x", "there", 2));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!(world.local.titles(), ["event 0", "event 1", "event 2", "there"]);
    assert_eq!(world.remote.titles(), ["event 0", "event 1", "event 2", "there"]);
    assert_eq!(world.local.items().len(), 4);
}

#[test]
fn an_item_renamed_on_both_sides_is_not_deleted_where_the_other_cannot_be_had() {
    let world = in_sync(3);
    world.local.lock().rename("1.ics", "a.ics");
    world.remote.lock().rename("1.ics", "b.ics");
    world.local.lock().manners.stumbles = Some("a.ics".into());
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.total()), (RunOutcome::Partial, 0));
    world.local.lock().manners.stumbles = None;
    world.wait(SignedDuration::from_mins(1));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.total(), report.local.total()), (RunOutcome::Ok, 0, 0));
    assert!(quiet(&world));
}

/// What a known name holds now may be what is new on the other side.
#[test]
fn what_cannot_be_read_under_a_known_name_is_not_doubled() {
    let world = World::default();
    world.local.put("a.ics", event("a", "a", 0));
    world.sync(TWO_WAY);
    world.local.put("n.ics", event("n", "n", 0));
    world.remote.put("a.ics", event("n", "n", 0));
    world.remote.put("b.ics", event("a", "a", 0));
    world.remote.lock().manners.stumbles = Some("a.ics".into());
    world.sync(TWO_WAY);
    assert_eq!(world.remote.titles(), ["a", "n"]);
    world.remote.lock().manners.stumbles = None;
    world.wait(SignedDuration::from_hours(24));
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    assert_eq!(world.remote.titles(), ["a", "n"]);
    assert_eq!(world.local.titles(), ["a", "n"]);
}

#[test]
fn names_that_are_exchanged_while_they_are_read_double_nothing() {
    let mut world = World::default();
    world.chunk_size = 1;
    world.local.put("a.ics", event("x", "x", 1));
    world.local.put("b.ics", event("y", "y", 1));
    world.remote.put("y.ics", event("y", "y", 1));
    world.local.lock().manners.after_fetch = Some(|local| {
        local.rename("a.ics", "c.ics");
        local.rename("b.ics", "a.ics");
        local.rename("c.ics", "b.ics");
    });
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    world.chunk_size = 100;
    assert_eq!(
        (world.local.titles(), world.remote.titles()),
        (vec!["x".into(), "y".into()], vec!["x".into(), "y".into()])
    );
    assert!(quiet(&world));
}

#[test]
fn a_file_renamed_just_after_the_listing_is_not_deleted_on_the_server() {
    let world = in_sync(3);
    world.local.remove("2.ics");
    world.local.lock().manners.before_fetch = Some(|local| local.rename("0.ics", "a.ics"));
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.remote.deleted, report.remote.created), (RunOutcome::Ok, 1, 0));
    assert_eq!(world.remote.titles(), ["event 0", "event 1"]);
    assert_eq!(world.sync(TWO_WAY).remote.total(), 0);
    assert!(quiet(&world));
}

/// What stood there has the other's name by now, of which the listing tells nothing.
#[test]
fn names_that_are_exchanged_just_after_the_listing_double_nothing() {
    let world = in_sync(3);
    world.remote.put("+.ics", event("x", "there", 1));
    world.sync(Policy::MergeToServer);
    world.local.put("mine.ics", event("x", "there", 1));
    world.remote.remove("2.ics");
    // It is asked for, with the first that was listed.
    world.remote.lock().manners.before_fetch = Some(|remote| {
        let (new, known) = (remote.items["+.ics"].bytes.clone(), remote.items["0.ics"].bytes.clone());
        remote.put("0.ics", new);
        remote.put("+.ics", known);
    });
    world.sync(TWO_WAY);
    world.sync(TWO_WAY);
    assert_eq!(world.remote.titles(), ["event 0", "event 1", "there"]);
    assert_eq!(world.local.titles(), ["event 0", "event 1", "there"]);
    assert!(quiet(&world));
}
