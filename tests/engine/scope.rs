//! What is out of scope is left as it is, on both sides: it is neither deleted nor doubled nor written to.
//! The world's first day is 15 January 2027.

use bytes::Bytes;
use jiff::SignedDuration;
use pimbridge::collection::Href;
use pimbridge::report::{Report, RunOutcome};
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::run::{Only, Options};
use pimbridge::sync::scope::{Category, Limits};

use crate::support::world::World;
use crate::support::{event_on, title};

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

/// From 16 December 2026 to 14 February 2027.
fn month() -> World {
    let world = World::limited(range(30, 30));
    for side in [&world.local, &world.remote] {
        let mut side = side.lock();
        side.manners.deltas = true;
        side.manners.queries = true;
    }
    world
}

fn range(past: u32, future: u32) -> Limits {
    Limits { past_days: Some(past), future_days: Some(future), category: None }
}

fn only_category(name: &str) -> Limits {
    let category = Category { name: name.into(), include_uncategorised: false, invert: false };
    Limits { category: Some(category), ..Limits::default() }
}

fn work() -> World {
    World::limited(only_category("Work"))
}

fn plain(uid: &str, title: &str) -> Bytes {
    event_on("20270115", uid, title, "")
}

fn categorised(uid: &str, title: &str, categories: &str) -> Bytes {
    event_on("20270115", uid, title, &format!("CATEGORIES:{categories}\r\n"))
}

/// Runs and finds nothing to complain about.
fn sync(world: &World) -> Report {
    sync_as(world, TWO_WAY)
}

fn sync_as(world: &World, policy: Policy) -> Report {
    let report = world.sync(policy);
    assert_eq!((report.outcome, report.held), (RunOutcome::Ok, Default::default()), "{report:#?}");
    report
}

/// Another run does nothing, and fetches and asks nothing.
fn is_idle(world: &World) {
    let count = |world: &World| {
        [&world.local, &world.remote].map(|side| {
            let side = side.lock();
            (side.edits.len(), side.fetched, side.asked)
        })
    };
    let before = count(world);
    sync(world);
    assert_eq!(count(world), before);
}

fn no_deletions(world: &World) {
    for side in [&world.local, &world.remote] {
        let edits = side.lock().edits.clone();
        assert!(!edits.iter().any(|edit| edit.starts_with("delete")), "{edits:?}");
    }
}

#[test]
fn only_what_is_in_the_range_goes_over() {
    let world = month();
    for n in 0..12 {
        world.remote.put(&format!("old{n}.ics"), event_on("20200101", &format!("old{n}"), "remote old", ""));
    }
    world.remote.put("now.ics", event_on("20270110", "now", "remote now", ""));
    world.remote.put("birthday.ics", event_on("19500120", "birthday", "birthday", "RRULE:FREQ=YEARLY\r\n"));
    world.local.put("far.ics", event_on("20280101", "far", "local far", ""));
    world.local.put("soon.ics", event_on("20270201", "soon", "local soon", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["birthday", "local far", "local soon", "remote now"]);
    assert!(world.remote.titles().contains(&"local soon".to_owned()));
    assert_eq!(world.remote.items().len(), 15);
    assert_eq!(world.remote.lock().fetched, 2, "what is out of the range is not fetched");
    is_idle(&world);
    no_deletions(&world);
}

#[test]
fn a_server_that_cannot_tell_is_read() {
    let world = month();
    world.remote.lock().manners.queries = false;
    world.remote.put("old.ics", event_on("20200101", "old", "old", ""));
    world.remote.put("now.ics", event_on("20270110", "now", "now", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["now"]);
    is_idle(&world);
}

#[test]
fn a_one_way_mode_deletes_nothing_that_is_out_of_the_range() {
    for policy in Policy::ALL {
        let world = month();
        for side in [&world.local, &world.remote] {
            side.put("old.ics", event_on("20200101", "old", "old", ""));
        }
        world.local.put("old-local.ics", event_on("20200101", "l", "old local", ""));
        world.remote.put("old-remote.ics", event_on("20200101", "r", "old remote", ""));
        sync_as(&world, policy);
        assert_eq!(world.local.titles(), ["old", "old local"], "{policy:?}");
        assert_eq!(world.remote.titles(), ["old", "old remote"], "{policy:?}");
        assert!(world.local.lock().edits.is_empty() && world.remote.lock().edits.is_empty());
    }
}

#[test]
fn what_is_moved_beyond_the_range_is_updated_and_then_sleeps() {
    let world = month();
    world.remote.put("a.ics", event_on("20270110", "a", "planned", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["planned"]);

    world.remote.put("a.ics", event_on("20290110", "a", "put off", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["put off"], "the move is told to the other side");
    is_idle(&world);

    world.remote.put("a.ics", event_on("20290111", "a", "put off again", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["put off"], "it sleeps");
    is_idle(&world);

    world.remote.put("a.ics", event_on("20270112", "a", "soon again", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["soon again"], "it is back");
    assert_eq!(world.remote.titles(), ["soon again"]);
    is_idle(&world);
    no_deletions(&world);
}

/// A program that tidies old events away from the folder must not take them from the server.
#[test]
fn what_sleeps_is_deleted_nowhere_else() {
    for side in 0..2 {
        let world = month();
        for n in 0..20 {
            world.local.put(&format!("{n}.ics"), event_on("20270110", &format!("{n}"), "meeting", ""));
        }
        sync(&world);
        world.wait(SignedDuration::from_hours(24 * 60));
        let sides = [&world.local, &world.remote];
        for n in 0..20 {
            sides[side].remove(&format!("{n}.ics"));
        }
        let report = sync(&world);
        assert_eq!(report.local.total() + report.remote.total(), 0);
        assert_eq!(sides[side].titles().len(), 0);
        assert_eq!(sides[1 - side].titles().len(), 20);
        sync(&world);
        is_idle(&world);
        no_deletions(&world);
    }
}

/// Even where a deletion beats a change.
#[test]
fn what_was_moved_out_of_the_range_is_not_deleted() {
    for policy in [Conflict::LocalWins, Conflict::Automatic].map(Policy::TwoWay) {
        let world = month();
        for uid in ["a", "b"] {
            world.local.put(&format!("{uid}.ics"), event_on("20270110", uid, "planned", ""));
        }
        sync_as(&world, policy);
        world.local.remove("a.ics");
        world.remote.put("a.ics", event_on("20290110", "a", "put off", ""));
        sync_as(&world, policy);
        assert_eq!(world.remote.titles(), ["planned", "put off"], "{policy:?}");
        no_deletions(&world);
    }
}

#[test]
fn another_range_needs_no_new_start() {
    let mut world = month();
    for n in 0..15 {
        world.remote.put(&format!("r{n}.ics"), event_on("20260601", &format!("r{n}"), "last summer", ""));
    }
    world.local.put("l.ics", event_on("20260601", "l", "last summer here", ""));
    world.local.put("now.ics", event_on("20270115", "now", "now", ""));
    world.remote.put("now.ics", event_on("20270115", "now", "now", ""));
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (2, 16));

    world.limits = range(365, 30);
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (17, 17));
    is_idle(&world);

    world.limits = range(1, 1);
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (17, 17));
    is_idle(&world);

    world.limits = Limits::default();
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (17, 17));
    is_idle(&world);
    no_deletions(&world);
}

#[test]
fn what_the_days_bring_into_the_range_goes_over() {
    let world = month();
    world.remote.put("r.ics", event_on("20270220", "r", "remote in five weeks", ""));
    world.local.put("l.ics", event_on("20270220", "l", "local in five weeks", ""));
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (1, 1));
    world.wait(SignedDuration::from_hours(24 * 7));
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (2, 2));
    is_idle(&world);
}

/// Where the server overlooks what is there on both sides, nothing is doubled.
#[test]
fn a_server_that_is_wrong_doubles_nothing() {
    for queries in [true, false] {
        let world = month();
        world.remote.lock().manners.queries = queries;
        world.remote.lock().manners.overlooks = Some("overlooked".into());
        world.remote.put("other-name.ics", event_on("20270110", "x", "overlooked", ""));
        world.local.put("mine.ics", event_on("20270110", "x", "overlooked", ""));
        sync(&world);
        assert_eq!((world.local.items().len(), world.remote.items().len()), (1, 1));
        is_idle(&world);
        world.local.put("mine.ics", event_on("20270110", "x", "changed", ""));
        sync(&world);
        assert_eq!(world.remote.titles(), ["changed"]);
        no_deletions(&world);
    }
}

/// It is in the range on one side only: moved there before the two were ever compared.
#[test]
fn one_side_in_the_range_is_enough() {
    let world = month();
    for n in 0..12 {
        world.remote.put(&format!("{n}.ics"), event_on("20270110", &format!("{n}"), "other", ""));
    }
    world
        .remote
        .put("named.ics", event_on("20200110", "x", "long ago", "LAST-MODIFIED:20200101T000000Z\r\n"));
    world.local.put("x.ics", event_on("20270110", "x", "now", "LAST-MODIFIED:20270101T000000Z\r\n"));
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (13, 13));
    assert_eq!(title(&world.remote.items()["named.ics"]), "now");
    no_deletions(&world);
}

#[test]
fn a_category_comes_and_goes_with_the_item() {
    let world = work();
    let private = categorised("p", "private", "Private");
    world.local.put("p.ics", private.clone());
    world.local.put("w.ics", categorised("w", "local work", "Travel,Work"));
    world.remote.put("r.ics", plain("r", "remote work"));
    sync(&world);
    let (local, remote) = (world.local.items(), world.remote.items());
    assert_eq!(local["p.ics"], private);
    assert_eq!(world.remote.titles(), ["local work", "remote work"]);
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(text(&local["r.ics"]).contains("CATEGORIES:Work\r\n"), "{:?}", local["r.ics"]);
    assert!(text(&remote["w.ics"]).contains("CATEGORIES:Travel\r\n"), "{:?}", remote["w.ics"]);
    assert_eq!(remote["r.ics"], plain("r", "remote work"));
    is_idle(&world);
    let before = local;

    world.remote.put("r.ics", plain("r", "remote work, changed"));
    world.local.put("w.ics", categorised("w", "local work, changed", "Travel,Work"));
    sync(&world);
    let (local, remote) = (world.local.items(), world.remote.items());
    assert!(text(&local["r.ics"]).contains("CATEGORIES:Work\r\n"));
    assert_eq!(title(&local["r.ics"]), "remote work, changed");
    assert_eq!(title(&remote["w.ics"]), "local work, changed");
    assert!(!text(&remote["w.ics"]).contains("Work\r\n"));
    is_idle(&world);
    // The exact versions that were overwritten are in the history.
    let peek = world.peek();
    let kept: Vec<Bytes> =
        peek.history().unwrap().iter().map(|v| peek.version(v.id).unwrap().unwrap().1).collect();
    let of = |title: &str| -> Vec<String> {
        kept.iter().filter(|bytes| self::title(bytes) == title).map(text).collect()
    };
    assert_eq!(of("remote work"), [text(&before["r.ics"])]);
    assert_eq!(of("local work").len(), 1);
    assert!(!of("local work")[0].contains("Work\r\n"), "the server's version is kept as it was");
    no_deletions(&world);
}

/// Users of other programs lost appointments on the server this way.
#[test]
fn a_category_that_is_renamed_or_removed_deletes_nothing() {
    for other in ["Projects", ""] {
        let world = work();
        for n in 0..20 {
            world.local.put(&format!("{n}.ics"), categorised(&format!("{n}"), "meeting", "Work"));
        }
        sync(&world);
        assert_eq!(world.remote.items().len(), 20);
        for n in 0..20 {
            let changed = match other {
                "" => plain(&format!("{n}"), "meeting"),
                other => categorised(&format!("{n}"), "meeting", other),
            };
            world.local.put(&format!("{n}.ics"), changed);
        }
        sync(&world);
        assert_eq!(world.remote.items().len(), 20);
        is_idle(&world);

        // It sleeps: what becomes of it on one side is nothing to the other.
        world.remote.put("0.ics", plain("0", "moved on the server"));
        world.remote.remove("1.ics");
        world.local.remove("2.ics");
        sync(&world);
        sync(&world);
        assert_eq!(title(&world.local.items()["0.ics"]), "meeting");
        assert!(world.local.items().contains_key("1.ics"));
        let of_two = world
            .remote
            .items()
            .values()
            .filter(|item| String::from_utf8_lossy(item).contains("UID:2\r\n"))
            .count();
        assert_eq!(of_two, 1);

        // It wakes when it is given back.
        let given_back = if other.is_empty() { "Work".to_owned() } else { format!("{other},Work") };
        world.local.put("0.ics", categorised("0", "meeting", &given_back));
        sync(&world);
        assert_eq!(title(&world.local.items()["0.ics"]), "moved on the server");
        no_deletions(&world);
    }
}

/// The person takes the category away while the server's version changes.
#[test]
fn a_category_that_was_removed_is_not_put_back() {
    let world = work();
    world.local.put("a.ics", categorised("a", "meeting", "Work"));
    sync(&world);
    world.local.put("a.ics", plain("a", "meeting"));
    world.remote.put("a.ics", plain("a", "moved on the server"));
    sync(&world);
    assert_eq!(world.local.items()["a.ics"], plain("a", "moved on the server"));
    is_idle(&world);
}

/// Somebody gave the item the category on the server as well: it is the same item, and keeps it there.
#[test]
fn a_category_that_the_server_has_too_stays_there() {
    for policy in [TWO_WAY, Policy::ReplicateFromServer] {
        let world = work();
        world.remote.put("a.ics", categorised("a", "a", "Work"));
        sync_as(&world, policy);
        assert_eq!(world.local.items()["a.ics"], categorised("a", "a", "Work"));
        world.local.put("a.ics", categorised("a", "b", "Work"));
        sync_as(&world, policy);
        let title = if policy == TWO_WAY { "b" } else { "a" };
        assert_eq!(world.remote.items()["a.ics"], categorised("a", title, "Work"));
        assert_eq!(world.local.items()["a.ics"], categorised("a", title, "Work"));
        world.remote.put("a.ics", categorised("a", "c", "Work"));
        sync_as(&world, policy);
        assert_eq!(world.local.items()["a.ics"], categorised("a", "c", "Work"));
    }
}

#[test]
fn an_occurrence_without_the_category_stays_so() {
    let series = |title: &str, master: &str, occurrence: &str| -> Bytes {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:s\r\nDTSTART:20270115T100000Z\r\nRRULE:FREQ=DAILY\r\n\
             SUMMARY:{title}\r\n{master}END:VEVENT\r\nBEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:20270116T100000Z\r\n\
             DTSTART:20270116T120000Z\r\nSUMMARY:later\r\n{occurrence}END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        .into()
    };
    let world = work();
    world.local.put("s.ics", series("daily", "CATEGORIES:Work\r\n", "CATEGORIES:Private\r\n"));
    sync(&world);
    assert_eq!(world.remote.items()["s.ics"], series("daily", "", "CATEGORIES:Private\r\n"));
    world.remote.put("s.ics", series("daily, changed", "", "CATEGORIES:Private\r\n"));
    sync(&world);
    let expected = series("daily, changed", "CATEGORIES:Work\r\n", "CATEGORIES:Private\r\n");
    assert_eq!(world.local.items()["s.ics"], expected);
    is_idle(&world);
}

/// Without the filter, the category is one of the item's own.
#[test]
fn a_filter_that_is_removed_takes_no_category_away() {
    for conflict in [Conflict::Automatic, Conflict::Merge] {
        let policy = Policy::TwoWay(conflict);
        let mut world = work();
        world.remote.put("a.ics", plain("a", "meeting"));
        world.remote.put("b.ics", plain("b", "other meeting"));
        sync_as(&world, policy);
        world.limits = Limits::default();
        sync_as(&world, policy);
        world.remote.put("b.ics", categorised("b", "moved on the server", "Work"));
        sync_as(&world, policy);
        for side in [&world.local, &world.remote] {
            for item in side.items().values() {
                assert!(
                    String::from_utf8_lossy(item).contains("CATEGORIES:Work\r\n"),
                    "{conflict:?} {item:?}"
                );
            }
        }
        assert_eq!(title(&world.local.items()["b.ics"]), "moved on the server");
        is_idle(&world);
    }
}

#[test]
fn what_an_inverted_filter_leaves_out_does_not_come_from_the_server_either() {
    let mut world = World::default();
    world.limits.category =
        Some(Category { name: "Private".into(), include_uncategorised: false, invert: true });
    world.remote.put("p.ics", categorised("p", "private", "Private"));
    world.remote.put("w.ics", categorised("w", "work", "Work"));
    sync(&world);
    assert_eq!(world.local.titles(), ["work"]);
    is_idle(&world);
    world.remote.put("p.ics", categorised("p", "not so private", "Work"));
    sync(&world);
    assert_eq!(world.local.titles(), ["not so private", "work"]);
    world.remote.put("p.ics", categorised("p", "private again", "Private"));
    sync(&world);
    assert_eq!(world.local.titles(), ["private again", "work"], "the change is told, then it sleeps");
    world.remote.put("p.ics", categorised("p", "asleep", "Private"));
    sync(&world);
    assert_eq!(world.local.titles(), ["private again", "work"]);
    world.remote.put("p.ics", categorised("p", "awake", ""));
    sync(&world);
    assert_eq!(world.local.titles(), ["awake", "work"]);
    is_idle(&world);
    no_deletions(&world);
}

/// An inverted filter is seen on the server too, so what wakes there comes, though the file is gone.
#[test]
fn what_an_inverted_filter_left_out_comes_back_from_the_server() {
    let mut world = World::default();
    world.limits.category =
        Some(Category { name: "Private".into(), include_uncategorised: false, invert: true });
    world.local.put("a.ics", plain("a", "meeting"));
    world.local.put("other.ics", plain("other", "other"));
    sync(&world);
    world.local.put("a.ics", categorised("a", "meeting", "Private"));
    sync(&world);
    world.local.remove("a.ics");
    world.remote.put("a.ics", plain("a", "public again"));
    sync(&world);
    assert_eq!(world.local.titles(), ["other", "public again"]);
    is_idle(&world);
}

/// That much sleeps makes it no less alarming that all the rest is gone.
#[test]
fn the_guard_counts_what_is_awake() {
    let world = month();
    for n in 0..100 {
        world.local.put(&format!("old{n}.ics"), event_on("20270110", &format!("old{n}"), "old", ""));
    }
    sync(&world);
    world.wait(SignedDuration::from_hours(24 * 60));
    for n in 0..20 {
        world.local.put(&format!("new{n}.ics"), event_on("20270310", &format!("new{n}"), "new", ""));
    }
    sync(&world);
    for name in world.remote.items().into_keys().collect::<Vec<_>>() {
        world.remote.remove(&name);
    }
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.held.local), (RunOutcome::Held, 20), "{report:#?}");
    assert_eq!(world.local.items().len(), 120);

    // Most of what is awake, though few of all.
    let world = month();
    for n in 0..100 {
        world.local.put(&format!("old{n}.ics"), event_on("20270110", &format!("old{n}"), "old", ""));
    }
    sync(&world);
    world.wait(SignedDuration::from_hours(24 * 60));
    for n in 0..20 {
        world.local.put(&format!("new{n}.ics"), event_on("20270310", &format!("new{n}"), "new", ""));
    }
    sync(&world);
    for n in 0..15 {
        world.remote.remove(&format!("new{n}.ics"));
    }
    let report = world.sync(TWO_WAY);
    assert_eq!((report.outcome, report.held.local), (RunOutcome::Held, 15), "{report:#?}");
}

#[test]
fn what_leaves_the_scope_and_is_renamed_at_once_is_still_the_same() {
    for policy in Policy::ALL {
        let world = work();
        world.local.put("a.ics", categorised("a", "meeting", "Work"));
        world.remote.put("a.ics", plain("a", "meeting"));
        sync_as(&world, policy);
        world.local.remove("a.ics");
        world.local.put("renamed.ics", categorised("a", "meeting", "Private"));
        sync_as(&world, policy);
        assert_eq!((world.local.items().len(), world.remote.items().len()), (1, 1), "{policy:?}");
        no_deletions(&world);
    }
}

/// It is what the server has got, or what an editor wrote before it removed the old file.
#[test]
fn what_is_out_of_scope_and_cannot_be_had_is_neither_doubled_nor_deleted() {
    let world = work();
    world.local.put("mine.ics", categorised("b", "lunch", "Private"));
    world.local.put("a.ics", categorised("a", "meeting", "Work"));
    sync(&world);
    world.local.put("copy.ics", categorised("a", "meeting", "Private"));
    sync(&world);

    world.remote.put("b.ics", plain("b", "lunch"));
    world.local.lock().manners.stumbles = Some("mine.ics".into());
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Partial);
    assert_eq!(world.local.items().len(), 3);

    world.local.remove("a.ics");
    world.local.lock().manners.stumbles = Some("copy.ics".into());
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Partial);
    assert_eq!(world.remote.items().len(), 2);

    world.local.lock().manners.stumbles = None;
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (2, 2));
    no_deletions(&world);
}

#[test]
fn another_filter_deletes_nothing() {
    let mut world = work();
    for n in 0..12 {
        let category = if n % 2 == 0 { "Work" } else { "Private" };
        world.local.put(&format!("{n}.ics"), categorised(&format!("{n}"), "item", category));
    }
    sync(&world);
    assert_eq!(world.remote.items().len(), 6);
    world.limits = only_category("Private");
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (12, 12));
    is_idle(&world);
    world.limits = Limits::default();
    sync(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (12, 12));
    is_idle(&world);
    world.limits.category =
        Some(Category { name: "Work".into(), include_uncategorised: false, invert: true });
    sync(&world);
    is_idle(&world);
    assert_eq!((world.local.items().len(), world.remote.items().len()), (12, 12));
    no_deletions(&world);
}

#[test]
fn the_uncategorised_and_the_others() {
    let mut world = work();
    world.local.put("w.ics", categorised("w", "work", "work"));
    world.local.put("p.ics", categorised("p", "private", "Private"));
    world.local.put("n.ics", plain("n", "none"));
    world.limits.category =
        Some(Category { name: "Work".into(), include_uncategorised: true, invert: false });
    sync(&world);
    assert_eq!(world.remote.titles(), ["none", "work"]);
    world.remote.put("n.ics", plain("n", "none, changed"));
    sync(&world);
    assert_eq!(world.local.items()["n.ics"], plain("n", "none, changed"), "it had no category and gets none");
    is_idle(&world);

    let mut world = work();
    world.local.put("w.ics", categorised("w", "work", "Work,x"));
    world.local.put("p.ics", categorised("p", "private", "Private"));
    world.local.put("n.ics", plain("n", "none"));
    world.limits.category =
        Some(Category { name: "Work".into(), include_uncategorised: false, invert: true });
    sync(&world);
    assert_eq!(world.remote.titles(), ["none", "private"]);
    assert_eq!(world.remote.items()["p.ics"], categorised("p", "private", "Private"));
    is_idle(&world);
}

/// The same item is in the folder without the category: it is not made a second time.
#[test]
fn what_is_out_of_the_category_is_not_doubled() {
    let world = work();
    world.local.put("other-name.ics", plain("x", "mine"));
    world.remote.put("x.ics", plain("x", "theirs"));
    sync(&world);
    assert_eq!((world.local.titles(), world.remote.titles()), (vec!["mine".into()], vec!["theirs".into()]));
    is_idle(&world);
    world.local.put(
        "other-name.ics",
        event_on("20270115", "x", "mine", "CATEGORIES:Work\r\nLAST-MODIFIED:20270101T000000Z\r\n"),
    );
    sync(&world);
    assert_eq!((world.local.titles().len(), world.remote.titles().len()), (1, 1));
    assert_eq!(world.local.titles(), world.remote.titles());
    no_deletions(&world);
}

/// It cannot be seen whether it is the same.
#[test]
fn what_is_out_of_the_category_and_cannot_be_read_is_not_doubled() {
    let world = work();
    world.local.put("other-name.ics", plain("x", "mine"));
    sync(&world);
    world.remote.put("x.ics", plain("x", "theirs"));
    world.local.lock().manners.stumbles = Some("other-name.ics".into());
    world.sync(TWO_WAY);
    assert_eq!(world.local.titles(), ["mine"]);
    world.local.lock().manners.stumbles = None;
    sync(&world);
    assert_eq!(world.local.titles(), ["mine"]);
    is_idle(&world);
}

/// Its file is tidied away after the category was taken from it: the server's item is the server's own.
#[test]
fn what_lost_its_category_is_deleted_nowhere_else() {
    for policy in Policy::ALL {
        let world = work();
        for n in 0..8 {
            let item = |category: &str| categorised(&format!("{n}"), "meeting", category);
            world.local.put(&format!("{n}.ics"), item("Work"));
            world.remote.put(&format!("{n}.ics"), plain(&format!("{n}"), "meeting"));
        }
        sync_as(&world, policy);
        for n in 0..8 {
            world.local.put(&format!("{n}.ics"), categorised(&format!("{n}"), "meeting", "Private"));
        }
        sync_as(&world, policy);
        if policy == Policy::ReplicateFromServer || policy == Policy::MergeFromServer {
            // The server's version is put back, with the category.
            continue;
        }
        for n in 0..8 {
            world.local.remove(&format!("{n}.ics"));
        }
        for _ in 0..3 {
            sync_as(&world, policy);
            assert_eq!((world.local.items().len(), world.remote.items().len()), (0, 8), "{policy:?}");
        }
        no_deletions(&world);
    }
}

/// Only what the shared form says counts, also under another filter.
#[test]
fn another_filter_uploads_nothing_that_was_only_touched() {
    let mut world = work();
    world.local.put("a.ics", categorised("a", "meeting", "Work"));
    sync(&world);
    world.limits.past_days = Some(1000);
    sync(&world);
    world.limits.category =
        Some(Category { name: "work".into(), include_uncategorised: true, invert: false });
    sync(&world);
    let edits = world.remote.lock().edits.len();
    world.local.put("a.ics", categorised("a", "meeting", "Work"));
    sync(&world);
    assert_eq!(world.remote.lock().edits.len(), edits);
}

#[test]
fn several_profiles_share_a_folder() {
    let work = work();
    let mut private = World::limited(only_category("Private"));
    private.local = work.local.clone();
    work.local.put("w.ics", categorised("w", "work", "Work"));
    work.local.put("p.ics", categorised("p", "private", "Private"));
    work.remote.put("rw.ics", plain("rw", "remote work"));
    private.remote.put("rp.ics", plain("rp", "remote private"));
    for _ in 0..3 {
        sync(&work);
        sync(&private);
    }
    assert_eq!(work.local.titles(), ["private", "remote private", "remote work", "work"]);
    assert_eq!(work.remote.titles(), ["remote work", "work"]);
    assert_eq!(private.remote.titles(), ["private", "remote private"]);
    is_idle(&work);
    is_idle(&private);
    // From one calendar to the other.
    let moved = String::from_utf8_lossy(&work.local.items()["w.ics"]).replace(":Work", ":Private");
    work.local.put("w.ics", moved.into());
    sync(&work);
    sync(&private);
    assert_eq!(private.remote.titles(), ["private", "remote private", "work"]);
    assert_eq!(work.remote.titles(), ["remote work", "work"], "nothing is deleted");
}

fn only(names: &[&str]) -> Options {
    let only = Only { local: names.iter().map(|name| Href::new(*name)).collect(), ..Only::default() };
    Options { only: Some(only), ..Options::default() }
}

#[test]
fn a_run_can_be_about_some_items_only() {
    let world = World::default();
    world.remote.lock().manners.deltas = true;
    world.remote.lock().manners.queries = true;
    for n in 0..30 {
        world.local.put(&format!("{n}.ics"), plain(&format!("{n}"), "item"));
    }
    sync(&world);
    for n in 0..5 {
        world.local.put(&format!("{n}.ics"), plain(&format!("{n}"), "changed"));
    }
    world.remote.put("29.ics", plain("29", "changed there"));
    let observed = world.remote.lock().observed;
    let fetched = world.remote.lock().fetched;
    let done = world.run(TWO_WAY, only(&["1.ics", "3.ics"])).report;
    assert_eq!((done.outcome, done.remote.updated, done.local.total()), (RunOutcome::Ok, 2, 0));
    let remote = world.remote.items();
    assert_eq!(remote.values().filter(|item| title(item) == "changed").count(), 2);
    assert_eq!(world.remote.lock().observed, observed, "the server is not listed");
    assert_eq!(world.remote.lock().fetched, fetched + 2, "and only what is overwritten is fetched");

    // New, deleted, renamed.
    world.local.put("new.ics", plain("new", "new"));
    world.local.remove("7.ics");
    let eight = world.local.items()["8.ics"].clone();
    world.local.remove("8.ics");
    world.local.put("eight.ics", eight);
    let done = world.run(TWO_WAY, only(&["new.ics", "7.ics", "eight.ics"])).report;
    assert_eq!(
        (done.outcome, done.remote.created, done.remote.deleted, done.remote.updated),
        (RunOutcome::Ok, 1, 1, 0)
    );

    // Changed on both sides: the server's version is looked at, not overwritten.
    world
        .local
        .put("29.ics", event_on("20270115", "29", "changed here", "LAST-MODIFIED:20200101T000000Z\r\n"));
    let done = world.run(TWO_WAY, only(&["29.ics"])).report;
    assert_eq!((done.outcome, done.conflicts), (RunOutcome::Ok, 1));
    assert_eq!(title(&world.local.items()["29.ics"]), "changed there");

    // Another program put it on the server under another name.
    world.remote.put("theirs.ics", plain("invited", "invitation"));
    world.local.put("mine.ics", plain("invited", "invitation"));
    let done = world.run(TWO_WAY, only(&["mine.ics"])).report;
    assert_eq!((done.outcome, done.linked, done.remote.total()), (RunOutcome::Ok, 1, 0));

    // Only the old name of a renamed file is told.
    let nine = world.local.items()["9.ics"].clone();
    world.local.remove("9.ics");
    world.local.put("nine.ics", nine);
    let done = world.run(TWO_WAY, only(&["9.ics"])).report;
    assert_eq!((done.outcome, done.remote.total()), (RunOutcome::Ok, 0));

    let rest = sync(&world);
    assert_eq!((rest.remote.updated, rest.remote.created, rest.local.total()), (3, 0, 0));
}

#[test]
fn any_chunk_size_comes_to_the_same() {
    for limits in [Limits::default(), range(30, 30), only_category("Work")] {
        for policy in Policy::ALL {
            let ends = [1, 2, 7, 100, usize::MAX].map(|chunk_size| in_chunks(chunk_size, policy, &limits));
            for end in &ends[1..] {
                assert_eq!(*end, ends[0], "{policy:?} {limits:?}");
            }
        }
    }
}

/// What a run of many kinds of changes comes to: the items on both sides, and the report.
fn in_chunks(chunk_size: usize, policy: Policy, limits: &Limits) -> impl PartialEq + std::fmt::Debug {
    let mut world = World::limited(limits.clone());
    world.chunk_size = chunk_size;
    world.remote.lock().manners.queries = true;
    let item = |n: usize, uid: &str, title: &str, categories: &str| {
        let day = if n.is_multiple_of(4) { "20200101" } else { "20270115" };
        event_on(day, uid, title, categories)
    };
    let category =
        |n: usize| if n.is_multiple_of(3) { "CATEGORIES:Private\r\n" } else { "CATEGORIES:Work\r\n" };
    for n in 0..25 {
        world.local.put(&format!("{n}.ics"), item(n, &format!("{n}"), "common", category(n)));
        world.remote.put(&format!("{n}.ics"), item(n, &format!("{n}"), "common", ""));
    }
    world.sync(TWO_WAY);
    for n in 0..6 {
        world.local.put(&format!("l{n}.ics"), item(n, &format!("l{n}"), "new here", category(n)));
        world.remote.put(&format!("r{n}.ics"), item(n, &format!("r{n}"), "new there", ""));
        world.local.put(&format!("{n}.ics"), item(n, &format!("{n}"), "changed here", category(n)));
        world.remote.put(&format!("{}.ics", n + 3), item(n + 3, &format!("{}", n + 3), "changed there", ""));
    }
    world.local.put("broken.ics", "BEGIN:NOTHING".into());
    world.local.remove("20.ics");
    world.remote.remove("21.ics");
    let report = world.sync(policy);
    for side in [&world.local, &world.remote] {
        let most = side.lock().most_at_once;
        assert!(most <= chunk_size.max(2), "{most} items at once in chunks of {chunk_size}");
    }
    let mut touched: Vec<_> = world
        .touched()
        .into_iter()
        .map(|t| (t.side, t.item, format!("{:?}", t.operation), t.summary, t.why, t.conflict))
        .collect();
    touched.sort();
    let mut problems: Vec<_> = report.problems.into_iter().map(|p| (p.side, p.item, p.message)).collect();
    problems.sort();
    let counts =
        (report.outcome, report.local, report.remote, report.conflicts, report.parked, report.linked);
    ((world.local.items(), world.remote.items()), counts, touched, problems)
}
