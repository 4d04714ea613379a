//! Items that are different on the two sides: what is each side's own stays, and nothing is written for it.

use bytes::Bytes;
use jiff::SignedDuration;
use pimbridge::item::mapping::options::{Calendar, Options, Reminders, TimeZones};
use pimbridge::report::{Report, RunOutcome};
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::restore::{RestoreError, restore};

use crate::support::event_on;
use crate::support::world::World;

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

fn world(calendar: Calendar) -> World {
    let mut world = World::default();
    world.mapping = Options { calendar, ..Options::default() };
    world
}

/// Reminders, guests and descriptions are each side's own.
fn own() -> Calendar {
    Calendar { reminders: Reminders::None, attendees: false, description: false, ..Calendar::default() }
}

fn alarm(minutes: u32) -> String {
    format!("BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT{minutes}M\r\nEND:VALARM\r\n")
}

/// A meeting with what is each side's own.
fn meeting(title: &str, place: &str, own: u32) -> Bytes {
    let lines = format!(
        "DESCRIPTION:text {own}\r\nORGANIZER:mailto:{own}@x\r\nATTENDEE;CN=A:mailto:a{own}@x\r\nLOCATION:{place}\r\n{}",
        alarm(own)
    );
    event_on("20270120", "m", title, &lines)
}

fn sync(world: &World) -> Report {
    let report = world.sync(TWO_WAY);
    assert_eq!(report.outcome, RunOutcome::Ok, "{report:#?}");
    report
}

/// How many edits were made on both sides.
fn edits(world: &World) -> usize {
    world.local.lock().edits.len() + world.remote.lock().edits.len()
}

#[track_caller]
fn writes_nothing(world: &World) {
    let before = edits(world);
    for _ in 0..2 {
        sync(world);
        assert_eq!(edits(world), before);
    }
}

#[test]
fn changes_pass_by_what_is_each_sides_own() {
    let world = world(own());
    world.local.put("m.ics", meeting("Team", "Berlin", 1));
    world.remote.put("m.ics", meeting("Team", "Berlin", 2));
    assert_eq!(sync(&world).linked, 1, "they say the same");
    writes_nothing(&world);

    world.local.put("m.ics", meeting("Team, here", "Berlin", 1));
    sync(&world);
    assert_eq!(world.remote.items()["m.ics"], meeting("Team, here", "Berlin", 2));
    world.remote.put("m.ics", meeting("Team, here", "Bonn", 2));
    sync(&world);
    assert_eq!(world.local.items()["m.ics"], meeting("Team, here", "Bonn", 1));

    // Each side changes what is its own.
    world.local.put("m.ics", meeting("Team, here", "Bonn", 3));
    world.remote.put("m.ics", meeting("Team, here", "Bonn", 4));
    writes_nothing(&world);
    world.remote.put("m.ics", meeting("All", "Bonn", 4));
    sync(&world);
    assert_eq!(world.local.items()["m.ics"], meeting("All", "Bonn", 3));
    writes_nothing(&world);
}

#[test]
fn both_sides_change_and_are_merged() {
    let world = world(own());
    world.local.put("m.ics", meeting("Team", "Berlin", 1));
    world.remote.put("m.ics", meeting("Team", "Berlin", 2));
    sync(&world);
    world.local.put("m.ics", meeting("Team, here", "Berlin", 1));
    world.remote.put("m.ics", meeting("Team", "Bonn", 2));
    world.sync(Policy::TwoWay(Conflict::Merge));
    let stamped = |bytes: &Bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.split_inclusive("\r\n").filter(|line| !line.starts_with("LAST-MODIFIED")).collect::<String>()
    };
    assert_eq!(stamped(&world.local.items()["m.ics"]), meeting("Team, here", "Bonn", 1));
    assert_eq!(stamped(&world.remote.items()["m.ics"]), meeting("Team, here", "Bonn", 2));
    writes_nothing(&world);
}

#[test]
fn what_is_brought_back_leaves_the_other_side_its_own() {
    let world = world(own());
    world.local.put("m.ics", meeting("Team", "Berlin", 1));
    world.remote.put("m.ics", meeting("Team", "Berlin", 2));
    sync(&world);
    world.remote.put("m.ics", meeting("Gone", "Bonn", 3));
    sync(&world);
    assert_eq!(world.local.items()["m.ics"], meeting("Gone", "Bonn", 1));
    let version = world.peek().history().unwrap().remove(0);
    world.with_job(TWO_WAY, async |job| restore(job, version.id).await.unwrap());
    assert_eq!(world.local.items()["m.ics"], meeting("Team", "Berlin", 1));
    assert_eq!(world.remote.items()["m.ics"], meeting("Team", "Berlin", 3));
    writes_nothing(&world);
}

#[test]
fn an_option_changes_nothing_by_itself() {
    let all = [
        own(),
        Calendar { reminders: Reminders::Upcoming, ..Calendar::default() },
        Calendar { private_as_confidential: true, public_as_private: true, ..Calendar::default() },
        Calendar { omit_public: true, derive_html: true, ..Calendar::default() },
        Calendar { time_zones: TimeZones::Iana, ..Calendar::default() },
        Calendar { time_zones: TimeZones::Utc, ..Calendar::default() },
        Calendar { category_colors: [("Work".into(), "red".into())].into(), ..Calendar::default() },
        Calendar { rename_properties: [("LOCATION".into(), "X-PLACE".into())].into(), ..Calendar::default() },
        Calendar { schedule_agent_client: true, no_notifications: true, ..Calendar::default() },
    ];
    let rich = |n: u32| {
        let lines = format!(
            "DUE;TZID=W. Europe Standard Time:20270120T1000{n:02}\r\nCLASS:PRIVATE\r\nCATEGORIES:Work\r\nDESCRIPTION:d\r\n\
             LOCATION:l\r\nORGANIZER:mailto:a@x\r\nATTENDEE:mailto:b@x\r\n{}",
            alarm(5)
        );
        event_on(&format!("2027012{n}"), &format!("{n}"), "rich", &lines)
    };
    for (n, options) in all.into_iter().enumerate() {
        let mut world = world(Calendar::default());
        world.local.put("a.ics", rich(1));
        world.remote.put("b.ics", rich(2));
        sync(&world);
        for calendar in [options, Calendar::default()] {
            world.mapping.calendar = calendar;
            writes_nothing(&world);
            // Nor for what was only touched.
            for side in [&world.local, &world.remote] {
                for (name, bytes) in side.items() {
                    side.put(&name, bytes);
                    let before = edits(&world);
                    sync(&world);
                    assert_eq!(edits(&world), before, "option {n}");
                }
            }
        }
    }
}

#[test]
fn what_was_made_here_comes_back_as_it_is() {
    let everything = Calendar {
        private_as_confidential: true,
        public_as_private: true,
        derive_html: true,
        time_zones: TimeZones::Iana,
        category_colors: [("Work".into(), "red".into())].into(),
        rename_properties: [("LOCATION".into(), "X-PLACE".into())].into(),
        schedule_agent_client: true,
        ..Calendar::default()
    };
    let world = world(everything);
    let here = event_on(
        "20270120",
        "a",
        "mine",
        "X-AT;TZID=W. Europe Standard Time:20270120T100000\r\nclass:private\r\nCATEGORIES:Work\r\nDESCRIPTION:d & e\r\n\
         LOCATION:Berlin\r\nORGANIZER:mailto:a@x\r\n",
    );
    world.local.put("a.ics", here.clone());
    sync(&world);
    let there = String::from_utf8(world.remote.items()["a.ics"].to_vec()).unwrap();
    for line in [
        "CLASS:CONFIDENTIAL",
        "COLOR:red",
        "X-PLACE:Berlin",
        "X-ALT-DESC;",
        "ORGANIZER;SCHEDULE-AGENT=CLIENT:",
    ] {
        assert!(there.contains(line), "{line}: {there}");
    }
    assert!(!there.contains("LOCATION:"), "{there}");
    writes_nothing(&world);
    world.remote.put("a.ics", there.replace("SUMMARY:mine", "SUMMARY:theirs").into());
    sync(&world);
    let changed = String::from_utf8(here.to_vec()).unwrap().replace("SUMMARY:mine", "SUMMARY:theirs");
    assert_eq!(world.local.items()["a.ics"], changed);
    writes_nothing(&world);
}

#[test]
fn what_is_private_here_only_for_being_public_there() {
    let world = world(Calendar { public_as_private: true, ..Calendar::default() });
    let public = event_on("20270120", "a", "party", "CLASS:PUBLIC\r\n");
    world.remote.put("a.ics", public.clone());
    sync(&world);
    let here = String::from_utf8(world.local.items()["a.ics"].to_vec()).unwrap();
    assert!(here.contains("CLASS:PRIVATE\r\n"), "{here}");
    world.local.put("a.ics", here.replace("party", "feast").into());
    sync(&world);
    assert_eq!(world.remote.items()["a.ics"], event_on("20270120", "a", "feast", "CLASS:PUBLIC\r\n"));
    // The person makes another one private.
    world.local.put("b.ics", event_on("20270120", "b", "mine", ""));
    sync(&world);
    world.local.put("b.ics", event_on("20270120", "b", "mine", "CLASS:PRIVATE\r\n"));
    sync(&world);
    assert_eq!(world.remote.items()["b.ics"], event_on("20270120", "b", "mine", "CLASS:PRIVATE\r\n"));
    writes_nothing(&world);
}

/// The world's first day is 15 January 2027; the alarm goes off on the 20th.
#[test]
fn an_alarm_that_has_gone_off_meanwhile_is_no_change() {
    let world = world(Calendar { reminders: Reminders::Upcoming, ..Calendar::default() });
    let with = |alarms: &str, title: &str| event_on("20270120", "a", title, alarms);
    world.local.put("a.ics", with(&alarm(5), "one"));
    sync(&world);
    assert_eq!(world.remote.items()["a.ics"], with(&alarm(5), "one"), "it is still to come");
    world.wait(SignedDuration::from_hours(24 * 10));
    writes_nothing(&world);
    for side in [&world.local, &world.remote] {
        side.put("a.ics", with(&alarm(5), "one"));
        writes_nothing(&world);
    }
    // What is each side's own by now goes nowhere, and stays.
    world.local.put("a.ics", with("", "two"));
    sync(&world);
    assert_eq!(world.remote.items()["a.ics"], with(&alarm(5), "two"));
    world.remote.put("a.ics", with(&alarm(7), "three"));
    sync(&world);
    assert_eq!(world.local.items()["a.ics"], with("", "three"));
    writes_nothing(&world);
}

fn busy(title: &str) -> Calendar {
    Calendar { busy_blocks: Some(title.into()), ..Calendar::default() }
}

#[test]
fn busy_blocks_follow_their_events() {
    for policy in [Policy::ReplicateToServer, Policy::MergeToServer] {
        let world = world(busy("Busy"));
        world.local.put("secret.ics", meeting("Secret", "Hidden", 1));
        let sync = || assert_eq!(world.sync(policy).outcome, RunOutcome::Ok);
        let only = || {
            let items = world.remote.items();
            assert_eq!(items.len(), 1);
            let (name, bytes) = items.into_iter().next().unwrap();
            (name, String::from_utf8(bytes.to_vec()).unwrap())
        };
        sync();
        let (name, block) = only();
        assert!(block.contains("SUMMARY:Busy") && block.contains("DTSTART:20270120T100000Z"), "{block}");
        assert!(!block.contains("UID:m\r") && name != "m.ics", "{name}: {block}");
        assert_eq!(world.touched()[0].summary, "Secret, 20 January 2027", "the person knows it by its title");

        // What does not change the block is no change.
        let before = edits(&world);
        world.local.put("secret.ics", meeting("More secret", "Hidden", 2));
        sync();
        assert_eq!(edits(&world), before);
        let moved =
            String::from_utf8(meeting("Secret", "x", 1).to_vec()).unwrap().replace("20270120", "20270121");
        world.local.put("secret.ics", moved.into());
        sync();
        assert_eq!(only(), (name.clone(), block.replace("20270120", "20270121")));

        // The block that was there before is no event that could be brought back.
        let kept = world.peek().history().unwrap();
        let error = world.with_job(policy, async |job| restore(job, kept[0].id).await.unwrap_err());
        assert!(matches!(error, RestoreError::Busy(_)), "{error}");

        // A profile that begins anew finds its blocks again.
        std::fs::remove_file(world.state_file()).unwrap();
        let before = edits(&world);
        sync();
        assert_eq!((edits(&world), only().0), (before, name));

        // Another title goes to every block.
        let mut world = world;
        world.mapping.calendar = busy("Away");
        assert_eq!(world.sync(policy).outcome, RunOutcome::Ok);
        let titles = |world: &World| world.remote.titles();
        assert_eq!(titles(&world), ["Away"]);
        assert_eq!(world.local.lock().edits.len(), 0, "the folder is never written to");
    }
}

/// Whole events beside blocks would tell all.
#[test]
fn a_profile_that_has_synced_does_not_change_between_events_and_blocks() {
    for (before, after, why) in [
        (Calendar::default(), busy("Busy"), "has sent whole events"),
        (busy("Busy"), Calendar::default(), "has sent busy blocks"),
    ] {
        let mut world = world(before.clone());
        world.local.put("secret.ics", meeting("Secret", "Hidden", 1));
        assert_eq!(world.sync(Policy::ReplicateToServer).outcome, RunOutcome::Ok);
        let there = world.remote.items();
        world.mapping.calendar = after;
        let report = world.sync(Policy::ReplicateToServer);
        assert!(report.failure.as_deref().is_some_and(|failure| failure.contains(why)), "{report:?}");
        assert_eq!(world.remote.items(), there);
        world.mapping.calendar = before;
        assert_eq!(world.sync(Policy::ReplicateToServer).outcome, RunOutcome::Ok);
        assert_eq!(world.remote.items(), there);
    }
}

#[test]
fn an_occurrence_is_known_in_the_zone_of_either_side() {
    let world = world(Calendar { time_zones: TimeZones::Iana, ..own() });
    let zone = "W. Europe Standard Time";
    let occurrence = |title: &str, place: &str, own: u32| {
        let meeting = String::from_utf8(meeting(title, place, own).to_vec()).unwrap();
        let series = meeting.replace(
            "DTSTART:20270120T100000Z",
            &format!("DTSTART;TZID={zone}:20270120T110000\r\nRRULE:FREQ=DAILY"),
        );
        assert_ne!(series, meeting);
        let start = meeting.find("BEGIN:VEVENT").unwrap();
        let end = meeting.find("END:VCALENDAR").unwrap();
        let other = meeting[start..end]
            .replace("SUMMARY", &format!("RECURRENCE-ID;TZID={zone}:20270121T110000\r\nSUMMARY"));
        let definition = format!(
            "BEGIN:VTIMEZONE\r\nTZID:{zone}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0200\r\n\
             TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        );
        let (head, tail) = series.split_at(start);
        let (event, tail) = tail.split_at(tail.find("END:VCALENDAR").unwrap());
        Bytes::from(format!("{head}{definition}{event}{other}{tail}"))
    };
    let here = occurrence("Team", "Berlin", 1);
    world.local.put("m.ics", here);
    sync(&world);
    let there = String::from_utf8(world.remote.items()["m.ics"].to_vec()).unwrap();
    assert!(there.contains("RECURRENCE-ID;TZID=Europe/Berlin"), "{there}");
    world.remote.put("m.ics", there.replace("SUMMARY:Team", "SUMMARY:All").into());
    sync(&world);
    assert_eq!(world.local.items()["m.ics"], occurrence("All", "Berlin", 1));
}

#[test]
fn what_is_secret_on_the_server_comes_as_it_is() {
    let world = world(Calendar { private_as_confidential: true, ..Calendar::default() });
    let private = event_on("20270120", "a", "mine", "CLASS:PRIVATE\r\n");
    world.remote.put("a.ics", private.clone());
    sync(&world);
    assert_eq!(world.local.items()["a.ics"], private);
}

#[test]
fn who_writes_to_nobody_here_stays_so() {
    let world =
        world(Calendar { schedule_agent_client: true, no_notifications: true, ..Calendar::default() });
    let people = "ORGANIZER:mailto:a@x\r\nATTENDEE;CN=B;SCHEDULE-AGENT=CLIENT:mailto:b@x\r\n\
                  X-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:NO\r\n";
    let here = event_on("20270120", "a", "mine", people);
    world.local.put("a.ics", here.clone());
    sync(&world);
    let there = String::from_utf8(world.remote.items()["a.ics"].to_vec()).unwrap();
    world.remote.put("a.ics", there.replace("SUMMARY:mine", "SUMMARY:theirs").into());
    sync(&world);
    assert_eq!(world.local.items()["a.ics"], event_on("20270120", "a", "theirs", people));
    writes_nothing(&world);
}
