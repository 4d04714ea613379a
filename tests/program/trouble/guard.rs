//! Many deletions wait for the person's yes.

use std::fs;

use pimbridge::item::Kind;

use super::{in_sync, write_events};
use crate::support::embedded::Embedded;
use crate::support::program::files;

#[test]
fn many_deletions_wait() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 20);
    for n in 0..12 {
        fs::remove_file(folder.join(format!("old-{n}.ics"))).unwrap();
    }
    write_events(&home, "new", 1);
    let (local, remote) = (files(&folder), server.items());

    let ahead = home.run(&["sync", "work", "--dry-run"]).expect(4);
    insta::assert_snapshot!(home.shown(&ahead), @"");
    assert_eq!((files(&folder), server.items()), (local.clone(), remote.clone()));

    let held = home.run(&["sync", "work"]).expect(4);
    insta::assert_snapshot!(home.shown(&held), @"");
    assert_eq!((files(&folder), server.items().len()), (local.clone(), 21), "all but the deletions is done");
    insta::assert_snapshot!(home.shown(&home.run(&["status"]).expect(0)), @"");
    let again = home.sync("work", 4);
    assert_eq!(again["held"]["remote"], 12, "it waits, however often it is asked: {again:#}");

    let ahead = home.run(&["sync", "work", "--dry-run", "--allow-deletions"]).expect(0);
    insta::assert_snapshot!(home.shown(&ahead), @"");
    assert_eq!(server.items().len(), 21);
    let done = home.run(&["sync", "work", "--allow-deletions"]).expect(0);
    insta::assert_snapshot!(home.shown(&done), @"");
    assert_eq!(server.items(), local);

    // It was a mistake after all.
    let listed = home.run(&["history", "list", "work"]).expect(0);
    insta::assert_snapshot!(home.shown(&listed), @"");
    for line in listed.stdout.lines() {
        home.run(&["history", "restore", "work", line.split_whitespace().next().unwrap()]).expect(0);
    }
    assert_eq!(server.items().len(), 21);
    assert_eq!(files(&folder), server.items());
    let idle = home.sync("work", 0);
    assert_eq!((&idle["local"]["created"], &idle["remote"]["created"]), (&0.into(), &0.into()), "{idle:#}");
    assert!(remote.iter().all(|(name, bytes)| server.items().get(name) == Some(bytes)), "to the octet");
}

/// The files are back, so there is nothing to ask any more.
#[test]
fn a_question_that_is_settled() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 12);
    let before = files(&folder);
    for name in before.keys() {
        fs::remove_file(folder.join(name)).unwrap();
    }
    home.sync("work", 4);
    for (name, bytes) in &before {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let report = home.sync("work", 0);
    assert_eq!((&report["conflicts"], &report["held"]["remote"]), (&0.into(), &0.into()), "{report:#}");
    assert_eq!((files(&folder), server.items()), (before.clone(), before));
}
