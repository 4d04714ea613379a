//! The daemon by itself: profiles that come, change and break, networks and passwords that fail, and its end at any
//! moment.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pimbridge::daemon::protocol::{State, Status};
use pimbridge::item::Kind;
use pimbridge::server::Options;

use crate::support::daemon::Daemon;
use crate::support::embedded::Embedded;
use crate::support::http;
use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, Server, Software};
use crate::support::{event, item, title};

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(120);

#[track_caller]
pub fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn state(status: &Status, profile: &str) -> State {
    let found = status.profiles.iter().find(|one| one.name == profile);
    found.unwrap_or_else(|| panic!("{profile}: {status:#?}")).state.clone()
}

#[track_caller]
pub fn wait_for(daemon: &Daemon, profile: &str, wanted: impl Fn(&State) -> bool) {
    let since = Instant::now();
    loop {
        let status = daemon.status();
        let there = status.profiles.iter().any(|one| one.name == profile);
        if there && wanted(&state(&status, profile)) {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "{profile}: {status:#?}\n{}", daemon.output());
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn in_sync(state: &State) -> bool {
    *state == State::InSync
}

#[test]
fn profiles_are_synced_when_it_starts_and_when_they_come() {
    let server = Server::start(Software::Radicale);
    let home = Home::default();
    let urls = ["work", "home"].map(|name| server.create(name, Kind::Events));
    home.profile("work", Kind::Events, &urls[0], "");
    fs::write(home.folder("work").join("a.ics"), event("a", "Dentist", 1)).unwrap();
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "work", in_sync);
    let items = http::items(&urls[0]);
    assert_eq!(items.len(), 1, "{items:?}");

    let second = home.run(&["daemon"]).expect(0);
    assert!(second.stdout.starts_with("Pimbridge is running already."), "{second:?}");

    fs::write(home.folder("home").join("b.ics"), event("b", "Party", 1)).unwrap();
    home.profile("home", Kind::Events, &urls[1], "");
    wait_for(&daemon, "home", in_sync);
    assert_eq!(http::items(&urls[1]).len(), 1);

    home.profile_file("home", "kind = \"evnts\"");
    wait_for(&daemon, "home", |state| matches!(state, State::Broken { why } if why.contains("home.toml")));
    home.profile("home", Kind::Events, &urls[0], "");
    let folder = home.folder("work");
    let text = fs::read_to_string(home.path().join("profiles/work.toml")).unwrap();
    home.profile_file("home", &text);
    wait_for(&daemon, "home", |state| matches!(state, State::Broken { why } if why.contains("would double")));
    wait_for(&daemon, "work", |state| matches!(state, State::Broken { .. }));
    home.profile("home", Kind::Events, &urls[1], "active = false");
    wait_for(&daemon, "home", |state| *state == State::Inactive);
    wait_for(&daemon, "work", in_sync);
    assert_eq!(files(&folder).len(), 1);
    fs::remove_file(home.path().join("profiles/home.toml")).unwrap();
    wait("one profile", || daemon.status().profiles.len() == 1);
}

#[test]
fn what_changes_on_both_sides_arrives_long_before_the_interval() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "sync_on_change = true\ninterval_minutes = 600");
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "work", in_sync);
    fs::write(home.folder("work").join("a.ics"), event("a", "Dentist", 1)).unwrap();
    wait("the item on the server", || server.items().len() == 1);
    server.put("b.ics", event("b", "Party", 1));
    wait("the item in the folder", || number(&home.folder("work")) == 2);
}

#[test]
fn the_first_sync_of_a_copy_is_the_persons() {
    let server = Embedded::start(Kind::Events);
    server.put("there.ics", event("there", "Only there", 1));
    let home = Home::default();
    home.profile("copy", Kind::Events, &server.url, "mode = \"replicate-to-server\"\ninterval_minutes = 1");
    home.profile("both", Kind::Events, &server.url, "interval_minutes = 1");
    fs::write(home.folder("copy").join("here.ics"), event("here", "Only here", 1)).unwrap();
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "both", in_sync);
    let copy = || daemon.status().profiles.into_iter().find(|profile| profile.name == "copy").unwrap();
    assert_eq!((copy().state, copy().next), (State::NeverRun, None));
    assert_eq!(server.items().len(), 1);
    let status = home.run(&["status"]).stdout;
    assert!(status.contains("copy: never synced: run it once yourself: pimbridge sync copy"), "{status}");
    home.sync("copy", 0);
    wait_for(&daemon, "copy", in_sync);
    wait("the next run", || copy().next.is_some());
    assert!(server.items().values().all(|item| title(item) == "Only here"));
}

/// A download of many small steps.
struct Slow {
    server: Embedded,
    home: Home,
}

const ITEMS: usize = 400;

impl Slow {
    fn new() -> Slow {
        let latency = Duration::from_millis(30);
        let server = Embedded::start_with(Kind::Events, Options { latency, ..Options::default() });
        let home = Home::default();
        home.profile("work", Kind::Events, &server.url, "chunk_size = 4\nsync_on_change = true");
        for n in 0..ITEMS {
            server.put(
                &format!("uid-{n}.ics"),
                item(Kind::Events, &format!("uid-{n}"), &format!("event {n}"), 1),
            );
        }
        Slow { server, home }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.home.folder("work")
    }

    /// A daemon in the middle of it.
    fn half_way(&self) -> Daemon {
        let daemon = Daemon::start(&self.home);
        wait("an item", || number(&self.folder()) > 20);
        daemon
    }

    fn goes_on_where_it_stopped(&self) {
        let daemon = Daemon::start(&self.home);
        let ended = daemon.sync("work");
        assert_eq!(ended.report.failure, None);
        assert_eq!(files(&self.folder()), self.server.items());
        assert_eq!(daemon.sync("work").report.local.total(), 0);
    }
}

fn number(folder: &Path) -> usize {
    files(folder).len()
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_in_its_middle() {
    let slow = Slow::new();
    let mut daemon = slow.half_way();
    let pid = rustix::process::Pid::from_child(daemon.process());
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = daemon.process().wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", daemon.output());
    let there = number(&slow.folder());
    assert!(there < ITEMS, "it was to its end");
    slow.goes_on_where_it_stopped();
}

#[test]
fn a_kill_in_the_middle_of_a_run_loses_nothing() {
    let slow = Slow::new();
    let mut daemon = slow.half_way();
    daemon.kill();
    assert!(number(&slow.folder()) < ITEMS, "it was to its end");
    slow.goes_on_where_it_stopped();
}

#[test]
fn a_server_that_is_gone_for_a_while() {
    let server = Embedded::start(Kind::Events);
    let (home, port) = (Home::default(), server.port());
    home.profile("work", Kind::Events, &server.url, "");
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "work", in_sync);
    drop(server);
    daemon.sync("work");
    wait_for(&daemon, "work", |state| matches!(state, State::Offline { .. }));
    assert!(!home.path().join("state/daemon.json").exists(), "nobody was told");

    let server = Embedded::start_with(Kind::Events, Options { port, ..Options::default() });
    server.put("a.ics", event("a", "Dentist", 1));
    assert_eq!(daemon.sync("work").report.failure, None);
    wait_for(&daemon, "work", in_sync);
    assert_eq!(number(&home.folder("work")), 1);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    let tasks = server.server.create_collection("calendars/alice/tasks", Kind::Tasks, "Tasks");
    home.profile("tasks", Kind::Tasks, &tasks, "");
    let daemon = Daemon::start_with(&home, |command| {
        command.env("TEST_PASSWORD", "wrong");
    });
    for profile in ["work", "tasks"] {
        wait_for(&daemon, profile, |state| matches!(state, State::SignInNeeded { .. }));
    }
    let told = home.path().join("state/daemon.json");
    assert!(!fs::read_to_string(&told).unwrap_or_default().contains("sign-in"), "nobody has seen it");
    drop(daemon);
    let requests = server.take_traffic().total();
    assert!(requests <= 2, "{requests} requests: one without a password, one with it");

    // What failed is tried at once, and what is solved is forgotten.
    fs::write(&told, r#"{"told": {"sign-in alice at 127.0.0.1": "refused"}}"#).unwrap();
    let daemon = Daemon::start(&home);
    for profile in ["work", "tasks"] {
        wait_for(&daemon, profile, in_sync);
    }
    let told = fs::read_to_string(told).unwrap();
    assert!(!told.contains("sign-in"), "it is solved: {told}");
}

#[cfg(unix)]
#[test]
fn a_password_that_is_mended_is_noticed() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    let file = home.path().join("password");
    let command = format!("password_command = \"cat {}\"", file.display());
    fs::write(&file, "wrong").unwrap();
    home.profile_with("work", Kind::Events, &server.url, "interval_minutes = 1", &command);
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "work", |state| matches!(state, State::SignInNeeded { .. }));
    let requests = server.take_traffic().total();
    assert!(requests <= 2, "{requests} requests: one without a password, one with it");
    fs::write(&file, PASSWORD).unwrap();
    wait_for(&daemon, "work", in_sync);
}

/// A wrong password at one place stops the account; each place is then tried with what it has, if that was not refused.
#[cfg(unix)]
#[test]
fn one_account_with_two_sources_of_its_password() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    let file = home.path().join("password");
    fs::write(&file, "wrong").unwrap();
    let command = format!("password_command = \"cat {}\"", file.display());
    home.profile_with("file", Kind::Events, &server.url, "interval_minutes = 1", &command);
    let tasks = server.server.create_collection("calendars/alice/tasks", Kind::Tasks, "Tasks");
    home.profile("variable", Kind::Tasks, &tasks, "");
    let needs_sign_in = |state: &State| matches!(state, State::SignInNeeded { .. });
    let daemon = Daemon::start_with(&home, |command| {
        command.env("TEST_PASSWORD", "wrong");
    });
    for profile in ["file", "variable"] {
        wait_for(&daemon, profile, needs_sign_in);
    }
    drop(daemon);
    let requests = server.take_traffic().total();
    assert!(requests <= 2, "{requests} requests: one without a password, one with it");

    // Now the other place has the right one.
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "variable", in_sync);
    wait_for(&daemon, "file", needs_sign_in);
    assert_eq!(daemon.sync("variable").report.failure, None);
    assert!(needs_sign_in(&state(&daemon.status(), "file")));
    fs::write(&file, PASSWORD).unwrap();
    wait_for(&daemon, "file", in_sync);
    assert!(in_sync(&state(&daemon.status(), "variable")));
}

/// The command does the work itself, as only it has the password.
#[test]
fn what_a_command_solved_itself_is_noticed() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "interval_minutes = 0\nsync_on_change = false");
    for n in 0..40 {
        server.put(&format!("{n}.ics"), event(&n.to_string(), &format!("event {n}"), 1));
    }
    let daemon = Daemon::start(&home);
    assert!(matches!(state(&daemon.status(), "work"), State::NeverRun));
    home.sync("work", 0);
    wait_for(&daemon, "work", in_sync);
    for (name, _) in files(&home.folder("work")).into_iter().skip(1) {
        fs::remove_file(home.folder("work").join(name)).unwrap();
    }
    let held = daemon.sync("work").report.held;
    assert_eq!(held.remote, 39);
    drop(daemon);

    let file = home.path().join("state/daemon.json");
    let marks = [held.marks.local, held.marks.remote].map(String::from).concat();
    let told = format!(r#"{{"told":{{"profile work":"held 0 39 {marks}"}}}}"#);
    let is_told = || fs::read_to_string(&file).unwrap().contains("held");
    fs::write(&file, &told).unwrap();
    let daemon = Daemon::start(&home);
    assert_eq!(state(&daemon.status(), "work"), State::Held { held });
    assert!(is_told(), "it still is");
    home.run(&["sync", "work", "--allow-deletions"]).expect(0);
    wait("the daemon notices it, though nobody asks", || !is_told());
    assert!(in_sync(&state(&daemon.status(), "work")));
    drop(daemon);

    // Solved while no daemon ran.
    fs::write(&file, &told).unwrap();
    let _daemon = Daemon::start(&home);
    wait("it is forgotten", || !is_told());
}

#[test]
fn a_mistake_in_the_memory_ends_nothing() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    fs::create_dir_all(home.path().join("state")).unwrap();
    fs::write(home.path().join("state/work.sqlite"), "no database").unwrap();
    fs::write(home.path().join("state/daemon.json"), "no JSON").unwrap();
    fs::write(home.path().join("settings.toml"), "notify = 7").unwrap();
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "work", in_sync);
}
