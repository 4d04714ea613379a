//! Conflicts that are put together, and conflicts that the person decides.

use bytes::Bytes;
use jiff::SignedDuration;
use pimbridge::report::{Report, RunOutcome};
use pimbridge::sync::Side;
use pimbridge::sync::conflict::{self, Decision, DecisionError};
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::scope::Limits;

use crate::support::world::World;
use crate::support::{event_on, title};

const ASK: Policy = Policy::TwoWay(Conflict::Ask);
const MERGE: Policy = Policy::TwoWay(Conflict::Merge);

fn version(title: &str, lines: &str) -> Bytes {
    event_on("20270115", "x", title, lines)
}

/// Both sides have an item, and both change it.
fn changed(policy: Policy, local: Option<Bytes>, remote: Option<Bytes>) -> World {
    let world = World::default();
    world.local.put("x.ics", version("planned", ""));
    world.remote.put("x.ics", version("planned", ""));
    world.local.put("other.ics", event_on("20270115", "other", "other", ""));
    world.sync(policy);
    for (side, now) in [(&world.local, local), (&world.remote, remote)] {
        match now {
            Some(bytes) => side.put("x.ics", bytes),
            None => side.remove("x.ics"),
        }
    }
    world.wait(SignedDuration::from_mins(1));
    world
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_settled(world: &World, policy: Policy) {
    world.wait(SignedDuration::from_mins(1));
    let edits = || world.local.lock().edits.len() + world.remote.lock().edits.len();
    let before = edits();
    let report = world.sync(policy);
    assert_eq!((report.outcome, report.parked, report.conflicts), (RunOutcome::Ok, 0, 0), "{report:#?}");
    assert_eq!(edits(), before);
}

#[test]
fn both_changes_are_kept() {
    let world =
        changed(MERGE, Some(version("a better title", "")), Some(version("planned", "LOCATION:Room 7\r\n")));
    let report = world.sync(MERGE);
    assert_eq!((report.outcome, report.conflicts), (RunOutcome::Ok, 1), "{report:#?}");
    assert_eq!((report.local.updated, report.remote.updated), (1, 1));
    for side in [&world.local, &world.remote] {
        let item = text(&side.items()["x.ics"]);
        assert!(
            item.contains("SUMMARY:a better title\r\n") && item.contains("LOCATION:Room 7\r\n"),
            "{item}"
        );
    }
    let peek = world.peek();
    assert_eq!(peek.history().unwrap().len(), 2, "both versions are kept");
    is_settled(&world, MERGE);
}

#[test]
fn a_change_beats_a_deletion() {
    for (local, remote) in [(None, Some(version("changed", ""))), (Some(version("changed", "")), None)] {
        let world = changed(MERGE, local, remote);
        assert_eq!(world.sync(MERGE).outcome, RunOutcome::Ok);
        assert_eq!(world.local.titles(), ["changed", "other"]);
        assert_eq!(world.remote.titles(), ["changed", "other"]);
        is_settled(&world, MERGE);
    }
}

/// One of the two cannot be written: what was put together is put together again.
#[test]
fn a_merge_that_is_half_done_is_finished_later() {
    let world =
        changed(MERGE, Some(version("a better title", "")), Some(version("planned", "LOCATION:Room 7\r\n")));
    world.remote.lock().manners.breaks_after = Some(0);
    assert_eq!(world.sync(MERGE).outcome, RunOutcome::Failed);
    world.remote.lock().manners.breaks_after = None;
    world.wait(SignedDuration::from_mins(1));
    assert_eq!(world.sync(MERGE).outcome, RunOutcome::Ok);
    for side in [&world.local, &world.remote] {
        let item = text(&side.items()["x.ics"]);
        assert!(
            item.contains("SUMMARY:a better title\r\n") && item.contains("LOCATION:Room 7\r\n"),
            "{item}"
        );
    }
    is_settled(&world, MERGE);
}

#[test]
fn somebody_changes_it_while_it_is_put_together() {
    let world =
        changed(MERGE, Some(version("a better title", "")), Some(version("planned", "LOCATION:Room 7\r\n")));
    world.remote.lock().manners.intruder =
        Some(("x.ics".into(), version("planned", "LOCATION:Room 7\r\nPRIORITY:1\r\n")));
    assert_eq!(world.sync(MERGE).outcome, RunOutcome::Ok);
    for side in [&world.local, &world.remote] {
        let item = text(&side.items()["x.ics"]);
        for line in ["SUMMARY:a better title\r\n", "LOCATION:Room 7\r\n", "PRIORITY:1\r\n"] {
            assert!(item.contains(line), "{item}");
        }
    }
    is_settled(&world, MERGE);
}

fn parked(local: Option<&str>, remote: Option<&str>) -> (World, String) {
    let version = |title: &str| version(title, "");
    let world = changed(ASK, local.map(version), remote.map(version));
    let report: Report = world.sync(ASK);
    assert_eq!(
        (report.outcome, report.parked, report.problems.len()),
        (RunOutcome::Partial, 1, 1),
        "{report:#?}"
    );
    assert_eq!(report.local.total() + report.remote.total(), 0);
    let conflicts = world.peek().conflicts().unwrap();
    (world, conflict::id(&conflicts[0].subject))
}

fn decide(world: &World, id: &str, decision: Decision) -> Report {
    world
        .with_job(ASK, async |job| conflict::decide(job, id, decision, None).await)
        .unwrap_or_else(|error| panic!("{error}"))
        .report
}

#[test]
fn the_person_decides() {
    for (local, remote) in [(Some("here"), Some("there")), (None, Some("there")), (Some("here"), None)] {
        for side in Side::BOTH {
            let (world, id) = parked(local, remote);
            let report = decide(&world, &id, Decision::Take(side));
            assert_eq!((report.outcome, report.parked), (RunOutcome::Ok, 0), "{report:#?}");
            let taken = if side == Side::Local { local } else { remote };
            let mut expected = vec!["other".to_owned()];
            expected.extend(taken.map(str::to_owned));
            expected.sort();
            assert_eq!(world.local.titles(), expected);
            assert_eq!(world.remote.titles(), expected);
            is_settled(&world, ASK);
        }
    }
}

#[test]
fn both_versions_can_stay() {
    let (world, id) = parked(Some("here"), Some("there"));
    let report = decide(&world, &id, Decision::Both);
    assert_eq!((report.outcome, report.parked), (RunOutcome::Ok, 0), "{report:#?}");
    assert_eq!(world.local.titles(), ["here", "other", "there"]);
    assert_eq!(world.remote.titles(), ["here", "other", "there"]);
    assert_eq!(title(&world.remote.items()["x.ics"]), "there");
    is_settled(&world, ASK);

    let (world, id) = parked(Some("here"), None);
    decide(&world, &id, Decision::Both);
    assert_eq!((world.local.titles(), world.remote.titles().len()), (vec!["here".into(), "other".into()], 2));
    is_settled(&world, ASK);
}

/// The others wait on, also where the server cannot tell what changed.
#[test]
fn a_decision_is_about_one_conflict() {
    let world = World::default();
    for n in 0..3 {
        let event = |title: &str| event_on("20270115", &format!("{n}"), title, "");
        world.local.put(&format!("{n}.ics"), event("here"));
        world.remote.put(&format!("{n}.ics"), event("there"));
    }
    assert_eq!(world.sync(ASK).parked, 3);
    let first = conflict::id(&world.peek().conflicts().unwrap()[0].subject);
    assert_eq!(decide(&world, &first, Decision::Take(Side::Local)).parked, 2);
    assert_eq!(world.remote.titles(), ["here", "there", "there"]);
    assert_eq!(world.local.titles(), ["here", "here", "here"]);
}

/// What could not be done stays in the list.
#[test]
fn a_decision_that_fails_can_be_made_again() {
    let (world, id) = parked(Some("here"), Some("there"));
    world.remote.lock().manners.read_only = true;
    let report = decide(&world, &id, Decision::Take(Side::Local));
    assert_eq!((report.outcome, report.parked), (RunOutcome::Failed, 1));
    world.remote.lock().manners.read_only = false;
    assert_eq!(decide(&world, &id, Decision::Take(Side::Local)).outcome, RunOutcome::Ok);
    is_settled(&world, ASK);
}

/// Recognised as the same by what they say, not by their UIDs.
#[test]
fn both_versions_of_look_alikes_can_stay() {
    let world = World::default();
    let party = |uid: &str, place: &str| event_on("20270115", uid, "party", &format!("LOCATION:{place}\r\n"));
    world.local.put("l.ics", party("l", "home"));
    world.remote.put("r.ics", party("r", "garden"));
    assert_eq!(world.sync(ASK).parked, 1);
    let id = conflict::id(&world.peek().conflicts().unwrap()[0].subject);
    let view = world.with_job(ASK, async |job| conflict::view(job, &id).await).unwrap();
    assert!(view.merged.is_some(), "they can be put together, whatever their UIDs");
    let report = decide(&world, &id, Decision::Both);
    assert_eq!((report.outcome, report.parked), (RunOutcome::Ok, 0), "{report:#?}");
    for side in [&world.local, &world.remote] {
        let places: Vec<bool> = side.items().values().map(|item| text(item).contains("home")).collect();
        assert_eq!(places.iter().filter(|home| **home).count(), 1);
        assert_eq!(places.len(), 2);
    }
    is_settled(&world, ASK);
}

/// What the person has not seen is neither overwritten nor deleted.
#[test]
fn a_decision_is_about_the_versions_that_were_seen() {
    let (world, id) = parked(Some("here"), Some("there"));
    let view = || world.with_job(ASK, async |job| conflict::view(job, &id).await).unwrap();
    let decide = |decision, seen: &str| {
        world.with_job(ASK, async |job| conflict::decide(job, &id, decision, Some(seen)).await)
    };
    let seen = view().mark();
    assert_eq!(view().mark(), seen);
    world.remote.put("x.ics", version("there again", ""));
    assert!(matches!(decide(Decision::Take(Side::Local), &seen), Err(DecisionError::Changed)));
    assert_eq!(world.remote.titles(), ["other", "there again"]);
    let seen = view().mark();
    world.local.remove("x.ics");
    assert!(matches!(decide(Decision::Take(Side::Local), &seen), Err(DecisionError::Changed)));
    assert_eq!(world.remote.titles(), ["other", "there again"]);
    let report = decide(Decision::Take(Side::Remote), &view().mark()).unwrap().report;
    assert_eq!((report.outcome, report.parked), (RunOutcome::Ok, 0), "{report:#?}");
    assert_eq!(world.local.titles(), ["other", "there again"]);
}

/// It fell out of the range while it waited.
#[test]
fn a_decision_holds_out_of_range_too() {
    let (mut world, _) = parked(Some("here"), Some("there"));
    world.limits = Limits { past_days: Some(30), ..Limits::default() };
    world.wait(SignedDuration::from_hours(24 * 60));
    world.sync(ASK);
    let id = conflict::id(&world.peek().conflicts().unwrap()[0].subject);
    let report = decide(&world, &id, Decision::Take(Side::Local));
    assert_eq!((report.outcome, report.remote.updated), (RunOutcome::Ok, 1), "{report:#?}");
    assert_eq!(world.remote.titles(), ["here", "other"]);
}

/// What cannot be read at the moment is not taken for gone.
#[test]
fn both_cannot_be_decided_while_one_cannot_be_read() {
    let (world, id) = parked(Some("here"), Some("there"));
    world.remote.lock().manners.stumbles = Some("x.ics".into());
    let refused = world.with_job(ASK, async |job| conflict::decide(job, &id, Decision::Both, None).await);
    assert!(matches!(refused, Err(DecisionError::Unread { side: Side::Remote, .. })));
    assert_eq!(world.local.titles(), ["here", "other"]);
    world.remote.lock().manners.stumbles = None;
    decide(&world, &id, Decision::Both);
    assert_eq!(world.remote.titles(), ["here", "other", "there"]);
}

/// The program is stopped after the copy was made.
#[test]
fn both_can_be_decided_again() {
    let (world, id) = parked(Some("here"), Some("there"));
    world.remote.lock().manners.offline = true;
    let failed = world.with_job(ASK, async |job| conflict::decide(job, &id, Decision::Both, None).await);
    assert!(failed.is_err());
    world.remote.lock().manners.offline = false;
    world.local.lock().manners.read_only = false;
    decide(&world, &id, Decision::Both);
    assert_eq!(world.local.titles(), ["here", "other", "there"]);
    world.sync(ASK);
    assert_eq!(world.remote.titles(), ["here", "other", "there"]);
}

#[test]
fn a_conflict_can_be_put_together() {
    let (world, id) = parked(Some("here"), Some("there"));
    let view = world.with_job(ASK, async |job| conflict::view(job, &id).await).unwrap();
    assert!(view.merged.is_some());
    assert_eq!(view.versions.local.as_ref().map(title).as_deref(), Some("here"));
    assert_eq!(view.versions.remote.as_ref().map(title).as_deref(), Some("there"));
    decide(&world, &id, Decision::Merge);
    assert_eq!(world.local.titles(), world.remote.titles());
    is_settled(&world, ASK);
}

#[test]
fn a_conflict_waits_until_one_side_changes() {
    let (world, id) = parked(Some("here"), Some("there"));
    world.wait(SignedDuration::from_mins(1));
    let again = world.sync(ASK);
    assert_eq!((again.parked, again.problems.len()), (1, 0), "told once");
    let unknown = world.with_job(ASK, async |job| conflict::view(job, "nothing").await);
    assert!(matches!(unknown, Err(DecisionError::Unknown(_))));

    // The person makes both the same by hand.
    world.local.put("x.ics", version("there", ""));
    world.wait(SignedDuration::from_mins(1));
    is_settled(&world, ASK);
    let gone = world.with_job(ASK, async |job| conflict::view(job, &id).await);
    assert!(matches!(gone, Err(DecisionError::Unknown(_))));
}

#[test]
fn another_policy_settles_what_was_parked() {
    let (world, _) = parked(Some("here"), Some("there"));
    let report = world.sync(Policy::TwoWay(Conflict::LocalWins));
    assert_eq!((report.outcome, report.parked), (RunOutcome::Ok, 0));
    assert_eq!(world.remote.titles(), ["here", "other"]);
}
