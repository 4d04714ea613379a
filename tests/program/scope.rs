//! Time ranges and categories on real servers: what they leave out stays as it is on both sides.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use pimbridge::item::Kind;

use crate::support::program::{Ended, Home, files};
use crate::support::scripted::Scripted;
use crate::support::servers::{Server, Software, USER};
use crate::support::{event_on, http, item, title};

/// The day so many days from now, as iCalendar writes it.
fn day(from_now: i64) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_add(from_now.days()).unwrap().strftime("%Y%m%d").to_string()
}

fn event(uid: &str, title: &str, from_now: i64) -> Bytes {
    event_on(&day(from_now), uid, title, "")
}

fn put(url: &str, name: &str, bytes: &[u8]) {
    http::put(url, &format!("{name}.ics"), "text/calendar", bytes);
}

fn put_here(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(format!("{name}.ics")), bytes).unwrap();
}

fn titles<'a>(items: impl IntoIterator<Item = &'a Bytes>) -> Vec<String> {
    let mut titles: Vec<String> = items.into_iter().map(title).collect();
    titles.sort();
    titles
}

fn here(folder: &Path) -> Vec<String> {
    titles(files(folder).values())
}

fn there(url: &str) -> Vec<String> {
    titles(http::items(url).values())
}

/// A home with the profile "work", limited so.
fn limited(url: &str, kind: Kind, more: &str) -> (Home, PathBuf) {
    let home = Home::default();
    home.profile("work", kind, url, more);
    let folder = home.folder("work");
    (home, folder)
}

const MONTH: &str = "past_days = 30\nfuture_days = 30";

fn set(home: &Home, profile: &str, key: &str, value: &str) {
    home.run(&["profile", "set", profile, key, value]).expect(0);
}

/// A run in which nothing is deleted.
#[track_caller]
fn sync(home: &Home, profile: &str) -> serde_json::Value {
    let report = home.sync(profile, 0);
    for side in ["local", "remote"] {
        assert_eq!(report[side]["deleted"], 0, "{report:#}");
    }
    report
}

/// Another run does nothing, for one request.
#[track_caller]
fn is_idle(home: &Home, profile: &str) {
    let report = sync(home, profile);
    let nothing = |side: &str| report[side].as_object().unwrap().values().all(|n| n == 0);
    assert!(nothing("local") && nothing("remote") && report["requests"] == 1, "{report:#}");
}

fn only_the_range_is_fetched(software: Software) {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    let offsets = (0..60_i64).map(|n| match n {
        0..50 => -400 - n,
        50..56 => n - 53,
        _ => 400 + n,
    });
    for (n, offset) in offsets.enumerate() {
        put(&url, &format!("n{n}"), &event(&format!("n{n}"), &format!("Event {n}"), offset));
    }
    let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = bodies.clone();
    let front = Scripted::before(server.port, move |request| {
        seen.lock().unwrap().push(String::from_utf8_lossy(&request.body).into_owned());
        None
    });
    let url = front.url(url.splitn(4, '/').nth(3).unwrap());
    let (home, folder) = limited(&url, Kind::Events, MONTH);
    put_here(&folder, "far", &event("far", "Far away", 400));
    put_here(&folder, "soon", &event("soon", "Soon", 5));
    let report = sync(&home, "work");
    assert_eq!(
        (&report["local"]["created"], &report["remote"]["created"]),
        (&6.into(), &1.into()),
        "{report:#}"
    );

    let bodies = std::mem::take(&mut *bodies.lock().unwrap());
    let queries: Vec<&String> = bodies.iter().filter(|body| body.contains("calendar-query")).collect();
    // In UTC, and a day wider, so that no zone and no whole day makes a difference.
    let asked = format!("time-range start=\"{}T000000Z\" end=\"{}T000000Z\"", day(-31), day(32));
    assert!(queries.iter().any(|query| query.contains(&asked)), "{queries:#?} {asked}");
    let fetched: BTreeSet<&str> = bodies
        .iter()
        .filter(|body| body.contains("multiget"))
        .flat_map(|body| body.split("href>").skip(1).step_by(2))
        .filter_map(|href| href.split('<').next())
        .collect();
    let gets = front.take_seen().into_iter().filter(|seen| seen.starts_with("GET")).count();
    assert!(fetched.len() + gets <= 6, "{fetched:?} {gets} {:#?}", server.log());
    assert_eq!((here(&folder).len(), there(&url).len()), (8, 61));
    is_idle(&home, "work");

    // With a cursor the range is applied to what changed.
    put(&url, "old", &event("old", "Another old one", -500));
    put(&url, "new", &event("new", "Another new one", 1));
    assert_eq!(sync(&home, "work")["local"]["created"], 1);
    assert!(!here(&folder).contains(&"Another old one".to_owned()));
    is_idle(&home, "work");
}

fn another_range(software: Software) {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    for n in 0..12 {
        put(&url, &format!("r{n}"), &event(&format!("r{n}"), &format!("There {n}"), -100));
    }
    let (home, folder) = limited(&url, Kind::Events, MONTH);
    put_here(&folder, "l", &event("l", "Here", -100));
    put_here(&folder, "both", &event("both", "On both sides", -100));
    put(&url, "both", &event("both", "On both sides", -100));
    put_here(&folder, "now", &event("now", "Now", 0));
    sync(&home, "work");
    assert_eq!((here(&folder).len(), there(&url).len()), (3, 14));
    is_idle(&home, "work");
    for (past, future) in [("365", "30"), ("1", "1"), ("365", "365"), ("30", "30")] {
        set(&home, "work", "past_days", past);
        set(&home, "work", "future_days", future);
        sync(&home, "work");
        assert_eq!((here(&folder).len(), there(&url).len()), (15, 15), "{past} {future}");
        is_idle(&home, "work");
    }
    for key in ["past_days", "future_days"] {
        home.run(&["profile", "set", "work", key, "--unset"]).expect(0);
    }
    sync(&home, "work");
    assert_eq!((here(&folder).len(), there(&url).len()), (15, 15));
}

/// Users of other programs lost appointments that way.
fn an_appointment_moved_beyond_the_range_is_updated_and_then_sleeps(software: Software) {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    let (home, folder) = limited(&url, Kind::Events, MONTH);
    for uid in ["here", "there"] {
        put_here(&folder, uid, &event(uid, "Planned", 3));
    }
    sync(&home, "work");
    put_here(&folder, "here", &event("here", "Put off here", 400));
    put(&url, "there", &event("there", "Put off there", 400));
    sync(&home, "work");
    let moved = vec!["Put off here".to_owned(), "Put off there".to_owned()];
    assert_eq!((here(&folder), there(&url)), (moved.clone(), moved.clone()), "the other side is told");
    is_idle(&home, "work");

    put_here(&folder, "here", &event("here", "Still later", 500));
    put(&url, "there", &event("there", "Still later", 500));
    sync(&home, "work");
    assert_eq!(titles(files(&folder).values()), ["Put off there", "Still later"], "it sleeps");
    assert_eq!(there(&url), ["Put off here", "Still later"]);
    is_idle(&home, "work");

    put_here(&folder, "here", &event("here", "Soon again", 5));
    put(&url, "there", &event("there", "Soon again", 5));
    sync(&home, "work");
    let back = vec!["Soon again".to_owned(), "Soon again".to_owned()];
    assert_eq!((here(&folder), there(&url)), (back.clone(), back));
    is_idle(&home, "work");
}

/// Programs move old events into archives; servers do so as well.
fn tidying_old_events_away_deletes_nothing_on_the_other_side(software: Software) {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    let (home, folder) = limited(&url, Kind::Events, "past_days = 365");
    for n in 0..20 {
        put_here(&folder, &format!("n{n}"), &event(&format!("n{n}"), &format!("Event {n}"), -100));
    }
    sync(&home, "work");
    set(&home, "work", "past_days", "30");
    sync(&home, "work");
    let names = http::names(&url);
    for n in 0..10 {
        fs::remove_file(folder.join(format!("n{n}.ics"))).unwrap();
    }
    sync(&home, "work");
    assert_eq!(http::names(&url), names);
    for name in names.iter().take(5) {
        http::delete(&url, name);
    }
    sync(&home, "work");
    assert_eq!((here(&folder).len(), there(&url).len()), (10, 15));
    is_idle(&home, "work");
}

fn one_way_modes_delete_nothing_out_of_the_range(software: Software) {
    let server = Server::start(software);
    for mode in ["replicate-to-server", "replicate-from-server"] {
        let url = server.create(mode, Kind::Events);
        let (home, folder) = limited(&url, Kind::Events, &format!("mode = \"{mode}\"\n{MONTH}"));
        for n in 0..3 {
            put_here(&folder, &format!("l{n}"), &event(&format!("l{n}"), "Old here", -100));
            put(&url, &format!("r{n}"), &event(&format!("r{n}"), "Old there", -100));
        }
        put_here(&folder, "now", &event("now", "Now", 0));
        put(&url, "now", &event("now", "Now", 0));
        sync(&home, "work");
        assert_eq!(here(&folder), ["Now", "Old here", "Old here", "Old here"], "{mode}");
        assert_eq!(there(&url), ["Now", "Old there", "Old there", "Old there"], "{mode}");
        is_idle(&home, "work");
    }
}

fn task(uid: &str, title: &str, when: &str) -> Bytes {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VTODO\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         {when}SUMMARY:{title}\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    )
    .into()
}

fn tasks_by_their_dates(software: Software) {
    let server = Server::start(software);
    let url = server.create("tasks", Kind::Tasks);
    let due = |from_now: i64| format!("DUE;VALUE=DATE:{}\r\n", day(from_now));
    let (home, folder) = limited(&url, Kind::Tasks, MONTH);
    for (side, name) in [("here", "Here"), ("there", "There")] {
        let tasks = [
            ("due", "due soon", due(5)),
            ("far", "due far away", due(100)),
            (
                "old",
                "long ago",
                format!("{}STATUS:COMPLETED\r\nCOMPLETED:{}T100000Z\r\n", due(-100), day(-100)),
            ),
            ("never", "without a date", String::new()),
        ];
        for (uid, what, when) in tasks {
            let (uid, bytes) =
                (format!("{side}-{uid}"), task(&format!("{side}-{uid}"), &format!("{name} {what}"), &when));
            match side {
                "here" => put_here(&folder, &uid, &bytes),
                _ => put(&url, &uid, &bytes),
            }
        }
    }
    let report = sync(&home, "work");
    assert_eq!(
        (&report["local"]["created"], &report["remote"]["created"]),
        (&2.into(), &2.into()),
        "{report:#}"
    );
    for (titles, other) in [(here(&folder), "There"), (there(&url), "Here")] {
        let gone_over: Vec<&String> = titles.iter().filter(|title| title.starts_with(other)).collect();
        assert_eq!(gone_over, [&format!("{other} due soon"), &format!("{other} without a date")]);
    }
    is_idle(&home, "work");

    // Contacts have no time.
    let url = server.create("people", Kind::Contacts);
    let (home, folder) = limited(&url, Kind::Contacts, "past_days = 0\nfuture_days = 0");
    fs::write(folder.join("l.vcf"), item(Kind::Contacts, "l", "Here", 0)).unwrap();
    http::put(&url, "r.vcf", "text/vcard", &item(Kind::Contacts, "r", "There", 0));
    sync(&home, "work");
    assert_eq!((here(&folder).len(), there(&url).len()), (2, 2));
    is_idle(&home, "work");
}

/// Where midnight is, is told by the clock of this computer.
#[test]
fn the_range_is_by_the_clock_of_this_computer() {
    let server = Server::start(Software::Radicale);
    let zone = TimeZone::get("Pacific/Auckland").unwrap();
    let yesterday = Timestamp::now().to_zoned(zone.clone()).date().yesterday().unwrap();
    let midnight = yesterday.to_zoned(zone).unwrap().timestamp();
    let of_an_hour = |uid: &str, title: &str, minutes: i64| {
        let time = |minutes: i64| {
            let time = midnight + SignedDuration::from_mins(minutes);
            time.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
        };
        let text = String::from_utf8_lossy(&event(uid, title, 0)).into_owned();
        let (start, end) = (format!("DTSTART:{}T100000Z", day(0)), format!("DTEND:{}T110000Z", day(0)));
        let text = text.replace(&start, &format!("DTSTART:{}", time(minutes)));
        text.replace(&end, &format!("DTEND:{}", time(minutes + 60)))
    };
    let in_zone = |name: &str| {
        let url = server.create(&name.replace('/', "-"), Kind::Events);
        let (home, folder) = limited(&url, Kind::Events, "past_days = 1");
        for (uid, title, minutes) in
            [("a", "Ended before midnight", -90), ("b", "Across midnight", -30), ("c", "After midnight", 30)]
        {
            put(
                &url,
                &format!("r{uid}"),
                of_an_hour(&format!("r{uid}"), &format!("{title} there"), minutes).as_bytes(),
            );
            put_here(
                &folder,
                &format!("l{uid}"),
                of_an_hour(&format!("l{uid}"), &format!("{title} here"), minutes).as_bytes(),
            );
        }
        Ended::of(home.command(&["sync", "work"]).env("TZ", name)).expect(0);
        (here(&folder), there(&url))
    };
    let inside =
        ["Across midnight here", "Across midnight there", "After midnight here", "After midnight there"];
    let with = |own: &str| {
        let mut titles: Vec<String> = inside.map(str::to_owned).into();
        titles.push(format!("Ended before midnight {own}"));
        titles
    };
    let by_its_clock = (with("here"), with("there"));
    assert_eq!(in_zone("Pacific/Auckland"), by_its_clock);
    assert_ne!(in_zone("UTC"), by_its_clock, "elsewhere midnight is at another time");
}

fn ranges_on(software: Software) {
    only_the_range_is_fetched(software);
    another_range(software);
    one_way_modes_delete_nothing_out_of_the_range(software);
    tasks_by_their_dates(software);
}

#[test]
fn ranges_on_radicale() {
    ranges_on(Software::Radicale);
}

#[test]
fn ranges_on_xandikos() {
    ranges_on(Software::Xandikos);
}

#[test]
fn an_appointment_moved_beyond_the_range_on_radicale() {
    an_appointment_moved_beyond_the_range_is_updated_and_then_sleeps(Software::Radicale);
}

#[test]
fn an_appointment_moved_beyond_the_range_on_xandikos() {
    an_appointment_moved_beyond_the_range_is_updated_and_then_sleeps(Software::Xandikos);
}

#[test]
fn old_events_tidied_away_on_radicale() {
    tidying_old_events_away_deletes_nothing_on_the_other_side(Software::Radicale);
}

#[test]
fn old_events_tidied_away_on_xandikos() {
    tidying_old_events_away_deletes_nothing_on_the_other_side(Software::Xandikos);
}

/// A profile that shares the folder "all".
fn sharing(home: &Home, name: &str, url: &str, category: &str, more: &str) -> PathBuf {
    let folder = home.folder("all");
    let text = format!(
        "kind = \"events\"\ncategory = \"{category}\"\n{more}\n[local]\ntype = \"vdir\"\npath = {folder:?}\n\
         [remote]\ntype = \"dav\"\nurl = \"{url}\"\nuser = \"{USER}\"\npassword_env = \"TEST_PASSWORD\"\n"
    );
    home.profile_file(name, &text);
    folder
}

fn categorised(uid: &str, title: &str, categories: &str) -> Bytes {
    let lines = if categories.is_empty() { String::new() } else { format!("CATEGORIES:{categories}\r\n") };
    event_on(&day(0), uid, title, &lines)
}

/// The categories of the item with this title.
fn categories<'a>(items: impl IntoIterator<Item = &'a Bytes>, called: &str) -> BTreeSet<String> {
    let item = items.into_iter().find(|item| title(item) == called).unwrap_or_else(|| panic!("no {called}"));
    let text = String::from_utf8_lossy(item).into_owned();
    let lines = text.lines().filter_map(|line| line.strip_prefix("CATEGORIES:"));
    lines.flat_map(|line| line.split(',')).map(str::to_owned).collect()
}

fn set_of(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn two_calendars_share_a_folder(software: Software) {
    let server = Server::start(software);
    let (work, private) = (server.create("work", Kind::Events), server.create("private", Kind::Events));
    let home = Home::default();
    let folder = sharing(&home, "work", &work, "Work", "");
    sharing(&home, "private", &private, "Private", "");
    put_here(&folder, "w", &categorised("w", "Mine work", "Travel,Work"));
    put_here(&folder, "p", &categorised("p", "Mine private", "Private"));
    put_here(&folder, "n", &categorised("n", "Of nobody", ""));
    put(&work, "rw", &categorised("rw", "Theirs work", ""));
    put(&private, "rp", &categorised("rp", "Theirs private", "Family"));
    for _ in 0..2 {
        for report in home.run(&["sync", "--json"]).expect(0).json() {
            assert_eq!(report["local"]["deleted"], 0, "{report:#}");
        }
    }
    assert_eq!(here(&folder), ["Mine private", "Mine work", "Of nobody", "Theirs private", "Theirs work"]);
    assert_eq!(there(&work), ["Mine work", "Theirs work"]);
    assert_eq!(there(&private), ["Mine private", "Theirs private"]);
    let local = files(&folder);
    assert_eq!(categories(local.values(), "Theirs work"), set_of(&["Work"]));
    assert_eq!(categories(local.values(), "Theirs private"), set_of(&["Family", "Private"]));
    assert_eq!(categories(http::items(&work).values(), "Mine work"), set_of(&["Travel"]));
    assert_eq!(categories(http::items(&private).values(), "Mine private"), set_of(&[]));
    is_idle(&home, "work");
    is_idle(&home, "private");

    // From one calendar to the other: it comes to the new one, and the old one keeps it.
    put_here(&folder, "w", &categorised("w", "Mine work", "Travel,Private"));
    sync(&home, "work");
    sync(&home, "private");
    assert_eq!(there(&work), ["Mine work", "Theirs work"]);
    assert_eq!(there(&private), ["Mine private", "Mine work", "Theirs private"]);

    // A changed filter deletes nothing.
    for (key, value) in
        [("category", "Elsewhere"), ("invert", "true"), ("category", "Private"), ("invert", "false")]
    {
        let before = there(&private);
        set(&home, "private", key, value);
        let report = sync(&home, "private");
        assert!(before.iter().all(|title| there(&private).contains(title)), "{key} {value} {report:#}");
        assert_eq!(files(&folder).len(), 5, "{key} {value} {report:#}");
        is_idle(&home, "private");
    }
}

/// Users of other programs lost appointments that way.
fn a_category_renamed_or_removed_deletes_nothing(software: Software) {
    let server = Server::start(software);
    for other in ["Projects", ""] {
        let url = server.create(if other.is_empty() { "removed" } else { "renamed" }, Kind::Events);
        let home = Home::default();
        let folder = sharing(&home, "work", &url, "Work", "");
        for n in 0..12 {
            put_here(
                &folder,
                &format!("n{n}"),
                &categorised(&format!("n{n}"), &format!("Meeting {n}"), "Work"),
            );
        }
        sync(&home, "work");
        for n in 0..12 {
            put_here(
                &folder,
                &format!("n{n}"),
                &categorised(&format!("n{n}"), &format!("Meeting {n}"), other),
            );
        }
        sync(&home, "work");
        assert_eq!((here(&folder).len(), there(&url).len()), (12, 12), "{other:?}");
        is_idle(&home, "work");
        fs::remove_file(folder.join("n0.ics")).unwrap();
        http::delete(&url, "n1.ics");
        sync(&home, "work");
        assert!(
            here(&folder).contains(&"Meeting 1".to_owned()) && there(&url).contains(&"Meeting 0".to_owned())
        );
        sync(&home, "work");
        is_idle(&home, "work");
    }
}

fn the_uncategorised_and_the_others(software: Software) {
    let server = Server::start(software);
    for (more, over) in
        [("include_uncategorised = true", ["None", "Work"]), ("invert = true", ["None", "Private"])]
    {
        let url = server.create(&more[..6], Kind::Events);
        let home = Home::default();
        let folder = sharing(&home, "work", &url, "Work", more);
        for (uid, title, categories) in
            [("w", "Work", "Work"), ("p", "Private", "Private"), ("n", "None", "")]
        {
            put_here(&folder, uid, &categorised(uid, title, categories));
        }
        let before = files(&folder);
        sync(&home, "work");
        assert_eq!(there(&url), over, "{more}");
        assert_eq!(files(&folder), before, "{more}");
        is_idle(&home, "work");
    }
}

fn categories_on(software: Software) {
    two_calendars_share_a_folder(software);
    the_uncategorised_and_the_others(software);
}

#[test]
fn categories_on_radicale() {
    categories_on(Software::Radicale);
}

#[test]
fn categories_on_xandikos() {
    categories_on(Software::Xandikos);
}

#[test]
fn a_category_renamed_or_removed_on_radicale() {
    a_category_renamed_or_removed_deletes_nothing(Software::Radicale);
}

#[test]
fn a_category_renamed_or_removed_on_xandikos() {
    a_category_renamed_or_removed_deletes_nothing(Software::Xandikos);
}
