//! The memory of earlier runs is damaged, or in use.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use pimbridge::item::Kind;
use pimbridge::server::Options;

use super::{in_sync, write_events};
use crate::support::embedded::Embedded;
use crate::support::program::{Home, files};

#[test]
fn a_damaged_state_file() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 8);
    write_events(&home, "new", 2);
    server.put("theirs.ics", crate::support::event("theirs", "Theirs", 0));
    let file = home.path().join("state/work.sqlite");
    let length = fs::metadata(&file).unwrap().len();
    fs::write(&file, "x".repeat(length as usize)).unwrap();

    insta::assert_snapshot!(home.shown(&home.run(&["status"]).expect(3)), @r#"pimbridge: the memory of earlier runs is damaged; the next sync sets it aside and starts a new one"#);
    insta::assert_snapshot!(home.shown(&home.run(&["sync", "work"]).expect(0)), @r#"
        work: all in sync.
          On the server: 2 new.
          On this computer: 1 new.
          8 items are the same on both sides and only had to be linked.

          What changed:
            new     on the server     Event new 0, 1 May 2026 (new on this computer)
            new     on the server     Event new 1, 1 May 2026 (new on this computer)
            new     on this computer  Theirs, 1 May 2026 (new on the server)

          Note: The memory of earlier runs was damaged and has been set aside as HOME/state/work.sqlite.damaged-MOMENT. Both sides were compared anew; nothing is doubled by that. Versions kept in the history before today are in that file.
          (TRAFFIC)
        "#);
    assert_eq!(files(&folder), server.items());
    assert_eq!(server.items().len(), 11, "nothing is doubled");
    assert_eq!(home.sync("work", 0)["requests"], 1);
    let aside = fs::read_dir(home.path().join("state")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(aside.filter(|name| name.to_string_lossy().contains("damaged")).count(), 1);
    home.run(&["status"]).expect(0);
}

/// Only a page in the middle is damaged, which shows in the middle of a run.
#[test]
fn a_state_file_with_a_damaged_page() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 150);
    fs::remove_file(folder.join("old-7.ics")).unwrap();
    let file = home.path().join("state/work.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    let (from, to) = (4096, bytes.len());
    bytes[from..to].fill(0x5a);
    fs::write(&file, bytes).unwrap();

    let ended = home.run(&["sync", "work"]).expect(0);
    assert!(ended.stdout.contains("set aside as"), "{ended:?}");
    assert_eq!(files(&folder), server.items());
    assert_eq!(server.items().len(), 150, "without a memory nothing is deleted and nothing doubled");
    home.sync("work", 0);
}

#[test]
fn a_state_file_of_a_newer_version() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 2);
    let file = home.path().join("state/work.sqlite");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 4711).unwrap();
    write_events(&home, "new", 1);
    insta::assert_snapshot!(home.shown(&home.run(&["sync", "work"]).expect(3)), @r#"
        work: the sync could not be done.
          The state file HOME/state/work.sqlite was written by a newer version of Pimbridge; install that version again, or move the file away to start anew (nothing is doubled by that).
        "#);
    assert_eq!((files(&folder).len(), server.items().len()), (3, 2));
}

#[test]
fn two_runs_at_the_same_time() {
    let latency = Duration::from_millis(500);
    let server = Embedded::start_with(Kind::Events, Options { latency, ..Options::default() });
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    let folder = write_events(&home, "new", 20);
    let mut first = home.command(&["sync", "work", "--json"]).stdout(Stdio::null()).spawn().unwrap();
    while !home.path().join("state/work.sqlite").exists() {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(10));
    }
    // Looking is always possible.
    home.run(&["status"]).expect(0);
    home.run(&["report", "list"]).expect(0);
    assert!(first.try_wait().unwrap().is_none(), "the first runs all the time");
    let second = home.sync("work", 0);
    assert!(first.wait().unwrap().success());
    assert_eq!(second["remote"]["created"], 0, "it waited until the first was done: {second:#}");
    assert_eq!(files(&folder), server.items());
}

#[test]
fn another_pimbridge_that_does_not_come_to_an_end() {
    let server = Embedded::start(Kind::Events);
    let (home, _) = in_sync(&server.url, 1);
    let lock = fs::File::options().append(true).open(home.path().join("state/work.lock")).unwrap();
    lock.lock().unwrap();
    for command in [&["sync", "work"][..], &["repair", "work"]] {
        let refused = home.run(command).expect(3);
        let told = format!("{}{}", refused.stdout, refused.stderr);
        assert!(told.to_lowercase().contains("another pimbridge is working on this profile"), "{told}");
    }
    lock.unlock().unwrap();
    home.sync("work", 0);
}
