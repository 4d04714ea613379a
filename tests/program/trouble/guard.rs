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
    insta::assert_snapshot!(home.shown(&ahead), @r#"
        work: a look ahead, nothing was changed; it deletes so much that it would ask you first.
          On the server there would be: 1 new.

          What would change:
            new     on the server     Event new 0, 1 May 2026 (new on this computer)

          12 deletions on the server would be held back, because that is unusually many.
          If you want them deleted, say yes with: pimbridge sync work --allow-deletions
          If you did not delete them, find out first where they went on the other side; to bring them back there: pimbridge sync work --undo-deletions
          (TRAFFIC)
        "#);
    assert_eq!((files(&folder), server.items()), (local.clone(), remote.clone()));

    let held = home.run(&["sync", "work"]).expect(4);
    insta::assert_snapshot!(home.shown(&held), @r#"
        work: synced, but the deletions wait for your yes.
          On the server: 1 new.

          What changed:
            new     on the server     Event new 0, 1 May 2026 (new on this computer)

          12 deletions on the server held back, because that is unusually many.
          If you want them deleted, say yes with: pimbridge sync work --allow-deletions
          If you did not delete them, find out first where they went on the other side; to bring them back there: pimbridge sync work --undo-deletions
          (TRAFFIC)
        "#);
    assert_eq!((files(&folder), server.items().len()), (local.clone(), 21), "all but the deletions is done");
    insta::assert_snapshot!(home.shown(&home.run(&["status"]).expect(0)), @"work: 12 deletions wait for your yes (DAY TIME)");
    let again = home.sync("work", 4);
    assert_eq!(again["held"]["remote"], 12, "it waits, however often it is asked: {again:#}");

    let ahead = home.run(&["sync", "work", "--dry-run", "--allow-deletions"]).expect(0);
    insta::assert_snapshot!(home.shown(&ahead), @r#"
        work: a look ahead, nothing was changed.
          On the server there would be: 12 deleted.

          What would change:
            deleted on the server     Event old 0, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 1, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 10, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 11, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 2, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 3, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 4, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 5, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 6, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 7, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 8, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 9, 1 May 2026 (deleted on this computer)
          (TRAFFIC)
        "#);
    assert_eq!(server.items().len(), 21);
    let done = home.run(&["sync", "work", "--allow-deletions"]).expect(0);
    insta::assert_snapshot!(home.shown(&done), @r#"
        work: all in sync.
          On the server: 12 deleted.

          What changed:
            deleted on the server     Event old 0, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 1, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 10, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 11, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 2, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 3, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 4, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 5, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 6, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 7, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 8, 1 May 2026 (deleted on this computer)
            deleted on the server     Event old 9, 1 May 2026 (deleted on this computer)
          (TRAFFIC)
        "#);
    assert_eq!(server.items(), local);

    // It was a mistake after all.
    let listed = home.run(&["history", "list", "work"]).expect(0);
    insta::assert_snapshot!(home.shown(&listed), @r#"
        12  DAY TIME  deleted     on the server     Event old 9, 1 May 2026
        11  DAY TIME  deleted     on the server     Event old 8, 1 May 2026
        10  DAY TIME  deleted     on the server     Event old 7, 1 May 2026
         9  DAY TIME  deleted     on the server     Event old 6, 1 May 2026
         8  DAY TIME  deleted     on the server     Event old 5, 1 May 2026
         7  DAY TIME  deleted     on the server     Event old 4, 1 May 2026
         6  DAY TIME  deleted     on the server     Event old 3, 1 May 2026
         5  DAY TIME  deleted     on the server     Event old 2, 1 May 2026
         4  DAY TIME  deleted     on the server     Event old 11, 1 May 2026
         3  DAY TIME  deleted     on the server     Event old 10, 1 May 2026
         2  DAY TIME  deleted     on the server     Event old 1, 1 May 2026
         1  DAY TIME  deleted     on the server     Event old 0, 1 May 2026
        "#);
    for line in listed.stdout.lines() {
        home.run(&["history", "restore", "work", line.split_whitespace().next().unwrap()]).expect(0);
    }
    assert_eq!(server.items().len(), 21);
    assert_eq!(files(&folder), server.items());
    let idle = home.sync("work", 0);
    assert_eq!((&idle["local"]["created"], &idle["remote"]["created"]), (&0.into(), &0.into()), "{idle:#}");
    assert!(remote.iter().all(|(name, bytes)| server.items().get(name) == Some(bytes)), "to the octet");
}

#[test]
fn what_one_side_lacks_is_brought_back() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 12);
    let before = files(&folder);
    for name in before.keys() {
        fs::remove_file(folder.join(name)).unwrap();
    }
    home.sync("work", 4);
    let ahead = home.run(&["sync", "work", "--dry-run", "--undo-deletions"]).expect(0);
    assert!(ahead.stdout.contains("On this computer there would be: 12 new."), "{}", ahead.stdout);
    assert_eq!(files(&folder).len(), 0);
    let done = home.run(&["sync", "work", "--undo-deletions"]).expect(0);
    let line =
        "new     on this computer  Event old 0, 1 May 2026 (deleted on this computer; you want it back)";
    assert!(done.stdout.contains(line), "{}", done.stdout);
    assert_eq!(files(&folder).into_values().collect::<Vec<_>>(), before.into_values().collect::<Vec<_>>());
    let idle = home.sync("work", 0);
    assert_eq!((&idle["local"]["created"], &idle["remote"]["created"]), (&0.into(), &0.into()), "{idle:#}");
    home.run(&["sync", "work", "--undo-deletions", "--allow-deletions"]).expect(2);
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
