//! The folder on this computer cannot be used.
//!
//! A folder that may not be written is not among these: the tests may run as root, who may write everywhere.

use std::fs;

use pimbridge::item::Kind;

use super::{in_sync, write_events};
use crate::support::disk::SmallDisk;
use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::{Home, files};

/// What matters of a run that could not be done; more of it depends on what was quicker.
fn first_two_lines(shown: &str) -> String {
    shown.lines().take(2).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_disk_that_is_not_connected() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 6);
    let before = server.items();
    let away = home.path().join("away");
    fs::rename(&folder, &away).unwrap();
    let ended = home.run(&["sync", "work"]).expect(3);
    insta::assert_snapshot!(first_two_lines(&home.shown(&ended)), @r#"
        work: the sync could not be done.
          The folder HOME/items/work is not there. If it is on a disk that is not connected, connect it; if the folder is meant to be new, create it with: mkdir -p "HOME/items/work".
        "#);
    home.run(&["sync", "work", "--allow-deletions"]).expect(3);
    assert_eq!(home.run(&["profile", "check", "work"]).status, 3);
    assert!(!folder.exists(), "it is not made anew");
    assert_eq!(server.items(), before);

    // The place where the disk was is an empty folder: that all is gone is not believed without asking.
    fs::create_dir(&folder).unwrap();
    let report = home.sync("work", 4);
    assert_eq!(report["held"]["remote"], 6, "{report:#}");
    assert_eq!(server.items(), before);

    fs::remove_dir(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    let report = home.sync("work", 0);
    assert_eq!(report["remote"]["deleted"], 0, "{report:#}");
    assert_eq!((server.items(), files(&folder)), (before.clone(), before));
}

#[test]
fn a_file_in_its_place() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 2);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    insta::assert_snapshot!(first_two_lines(&home.shown(&home.run(&["sync", "work"]).expect(3))), @r#"
        work: the sync could not be done.
          HOME/items/work is not a folder. Choose the folder that holds the files.
        "#);
    assert_eq!(server.items().len(), 2);
}

/// So many events on the server, and a profile for them.
fn to_download(count: usize) -> (Embedded, Home) {
    let server = Embedded::start(Kind::Events);
    for n in 0..count {
        let uid = format!("theirs-{n}");
        server.put(&format!("{uid}.ics"), event(&uid, &format!("Event {n}"), 0));
    }
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    (server, home)
}

#[test]
fn the_disk_with_the_items_is_full() {
    let (server, home) = to_download(300);
    // A page of memory for each file.
    let Some(disk) = SmallDisk::mount(&home.folder("work"), 900) else { return };
    let folder = write_events(&home, "mine", 5);
    let before = server.items();
    let ended = home.run(&["sync", "work"]).expect(3);
    let shown = home.shown(&ended);
    insta::assert_snapshot!(first_two_lines(&shown), @r#"
        work: the sync could not be done.
          The disk with the folder HOME/items/work is full. Make room on it, then sync again.
        "#);
    let on_the_way = files(&folder);
    assert!(on_the_way.len() >= 5, "{on_the_way:?}");
    for (name, bytes) in &on_the_way {
        assert!(before.get(name).is_none_or(|there| there == bytes), "{name} is not whole");
    }
    assert!(before.iter().all(|(name, bytes)| server.items().get(name) == Some(bytes)), "all is still there");

    disk.grow();
    let report = home.sync("work", 0);
    assert_eq!(report["conflicts"], 0, "{report:#}");
    assert_eq!(files(&folder), server.items());
    assert_eq!(server.items().len(), 305);
    assert_eq!(home.sync("work", 0)["requests"], 1);
    let hidden = fs::read_dir(&folder).unwrap().count() - 305;
    assert_eq!(hidden, 0, "what was begun is cleared away");
}

#[test]
fn an_edit_that_does_not_fit() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    let Some(disk) = SmallDisk::mount(&home.folder("work"), 100) else { return };
    let folder = write_events(&home, "old", 5);
    home.sync("work", 0);
    let before = files(&folder);
    let large = event("old-3", &"very ".repeat(50_000), 30);
    server.put("old-3.ics", large.clone());
    home.run(&["sync", "work"]).expect(3);
    assert_eq!(files(&folder), before, "the version before is whole");
    assert_eq!(server.items()["old-3.ics"], large);
    disk.grow();
    home.sync("work", 0);
    assert_eq!(files(&folder), server.items());
}

/// What goes to the server still goes there.
#[test]
fn a_disk_that_can_only_be_read() {
    let (server, home) = to_download(3);
    let Some(disk) = SmallDisk::mount(&home.folder("work"), 900) else { return };
    let folder = write_events(&home, "mine", 3);
    disk.remount("ro");
    let before = files(&folder);
    let ended = home.run(&["sync", "work"]).expect(3);
    insta::assert_snapshot!(first_two_lines(&home.shown(&ended)), @r#"
        work: the sync could not be done.
          The folder HOME/items/work is on a disk that can only be read. Make the disk writable.
        "#);
    assert_eq!(files(&folder), before);
    assert!(server.items().len() >= 3, "nothing is lost on the server");
    disk.remount("rw");
    home.sync("work", 0);
    assert_eq!(files(&folder), server.items());
    assert_eq!(server.items().len(), 6);
}

#[test]
fn the_disk_with_the_state_is_full() {
    let (server, home) = to_download(300);
    let Some(disk) = SmallDisk::mount(&home.path().join("state"), 300) else { return };
    let folder = write_events(&home, "mine", 5);
    let before = server.items();
    let ended = home.run(&["sync", "work"]).expect(3);
    insta::assert_snapshot!(first_two_lines(&home.shown(&ended)), @r#"
        work: the sync could not be done.
          The disk on which Pimbridge keeps the state of this profile is full: free some space there and sync again; nothing is lost.
        "#);
    assert!(before.iter().all(|(name, bytes)| server.items().get(name) == Some(bytes)), "all is still there");
    assert!(files(&folder).len() >= 5);
    home.run(&["status"]);

    disk.grow();
    let report = home.sync("work", 0);
    assert_eq!(report["conflicts"], 0, "{report:#}");
    assert_eq!(files(&folder), server.items());
    assert_eq!(server.items().len(), 305);
}
