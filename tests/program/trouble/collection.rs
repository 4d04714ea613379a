//! The collection is there no more, cannot be written, or takes nothing more.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pimbridge::item::Kind;

use super::{in_sync, write_events};
use crate::support::embedded::Embedded;
use crate::support::program::{Home, files};
use crate::support::scripted::{Request, Scripted, answer};
use crate::support::servers::{Server, Software};
use crate::support::{event, http};

fn gone(software: Software) -> String {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    let (home, folder) = in_sync(&url, 6);
    write_events(&home, "new", 1);
    let before = files(&folder);
    let answer = http::send("DELETE", &url, &[], b"");
    assert!(matches!(answer.status, 200 | 204), "{}", answer.status);

    let ended = home.run(&["sync", "work"]).expect(3);
    assert_eq!(files(&folder), before);
    home.run(&["sync", "work", "--allow-deletions"]).expect(3);
    assert_eq!(files(&folder), before);

    // Somebody makes it anew, empty: that all is gone is not believed without asking.
    server.create("work", Kind::Events);
    let report = home.sync("work", 4);
    assert_eq!((&report["held"]["local"], &report["local"]["deleted"]), (&6.into(), &0.into()), "{report:#}");
    assert_eq!(files(&folder), before);
    // And filled again.
    for (name, bytes) in before.iter().filter(|(name, _)| name.starts_with("old")) {
        http::put(&url, name, "text/calendar", bytes);
    }
    home.sync("work", 0);
    assert_eq!(files(&folder), before);
    assert_eq!(http::names(&url).len(), 7);
    home.shown(&ended)
}

#[test]
fn gone_on_radicale() {
    insta::assert_snapshot!(gone(Software::Radicale), @r#"
        work: the sync could not be done.
          http://127.0.0.1:PORT/alice/work/ is not there (any more): nothing was deleted here. Check the address, or remove the profile if that is on purpose.
          (TRAFFIC)
        "#);
}

#[test]
fn gone_on_xandikos() {
    insta::assert_snapshot!(gone(Software::Xandikos), @r#"
        work: the sync could not be done.
          http://127.0.0.1:PORT/alice/calendars/work/ is not there (any more): nothing was deleted here. Check the address, or remove the profile if that is on purpose.
          (TRAFFIC)
        "#);
}

#[test]
fn read_only_on_radicale() {
    let server = Server::start(Software::Radicale);
    let storage = server.storage("read-only");
    fs::create_dir_all(&storage).unwrap();
    fs::write(storage.join(".Radicale.props"), "{\"tag\": \"VCALENDAR\"}").unwrap();
    fs::write(storage.join("theirs.ics"), event("theirs", "Theirs", 0)).unwrap();
    let url = format!("http://127.0.0.1:{}/alice/read-only/", server.port);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let folder = write_events(&home, "mine", 30);

    insta::assert_snapshot!(home.shown(&home.run(&["profile", "check", "work"]).expect(3)), @r#"
        ok     profile  HOME/profiles/work.toml can be used
        ok     folder   HOME/items/work can be used; it holds 30 .ics files
        WRONG  server   http://127.0.0.1:PORT/alice/read-only/ can only be read by you; set mode to replicate-from-server or merge-from-server, or ask its owner for the right to write
        "#);
    let ended = home.run(&["sync", "work"]).expect(3);
    insta::assert_snapshot!(home.shown(&ended), @r#"
        work: the sync could not be done.
          This calendar or address book can only be read, not written: ask its owner for the right to write, or let the profile only copy from the server.
          On this computer: 1 new.

          What changed:
            new     on this computer  Theirs, 1 May 2026 (new on the server)
          (TRAFFIC)
        "#);
    assert_eq!(http::names(&url), ["theirs.ics"]);
    assert!(files(&folder).len() >= 30);

    // The way out that the message names.
    home.run(&["profile", "set", "work", "mode", "merge-from-server"]).expect(0);
    home.run(&["profile", "check", "work"]).expect(0);
    home.sync("work", 0);
    assert_eq!(files(&folder).len(), 31);
}

/// A server in front of an embedded one that refuses to store more while it is told to.
fn refusing(status: &'static str, body: &'static str) -> (Embedded, Scripted, Arc<AtomicBool>) {
    let server = Embedded::start(Kind::Events);
    let refuse = Arc::new(AtomicBool::new(true));
    let answers = {
        let refuse = refuse.clone();
        move |request: &Request| {
            let refuses = request.method == "PUT" && refuse.load(Ordering::Relaxed);
            // Some fit in.
            let fits = ["mine-0.", "mine-1.", "mine-2."].iter().any(|name| request.path.contains(name));
            (refuses && !fits).then(|| answer(status, "application/xml", body))
        }
    };
    let front = Scripted::before(server.port(), answers);
    (server, front, refuse)
}

#[test]
fn the_servers_disk_is_full() {
    let (server, front, refuse) =
        refusing("507 Insufficient Storage", "<error xmlns='DAV:'><quota-not-exceeded/></error>");
    let home = Home::default();
    home.profile("work", Kind::Events, &front.url(&format!("{}/", server.path())), "");
    let folder = write_events(&home, "mine", 150);
    server.put("theirs.ics", event("theirs", "Theirs", 0));

    let ended = home.run(&["sync", "work"]).expect(3);
    let shown = home.shown(&ended);
    let shown: Vec<&str> = shown.lines().take(2).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
        work: the sync could not be done.
          The server's disk or your quota is full: make room there; what is missing is stored with the next sync.
        "#);
    assert!(front.take_seen().len() < 60, "it is not asked again and again");
    assert!(files(&folder).len() >= 150 && server.items().len() < 10);

    refuse.store(false, Ordering::Relaxed);
    home.sync("work", 0);
    assert_eq!(server.items(), files(&folder));
    assert_eq!(server.items().len(), 151);
}

/// What the server refuses about one item is told of that item, and costs the others nothing.
#[test]
fn refused_items() {
    let (server, front, refuse) = refusing(
        "403 Forbidden",
        "<error xmlns='DAV:'><C:max-resource-size xmlns:C='urn:ietf:params:xml:ns:caldav'/>\
         <responsedescription>no more than 100 bytes &lt;here&gt;</responsedescription></error>",
    );
    let home = Home::default();
    home.profile("work", Kind::Events, &front.url(&format!("{}/", server.path())), "");
    let folder = write_events(&home, "mine", 5);
    let ended = home.run(&["sync", "work"]).expect(1);
    insta::assert_snapshot!(home.shown(&ended), @r#"
        work: synced, except for some items.
          On the server: 3 new.

          What changed:
            new     on the server     Event mine 0, 1 May 2026 (new on this computer)
            new     on the server     Event mine 1, 1 May 2026 (new on this computer)
            new     on the server     Event mine 2, 1 May 2026 (new on this computer)

          2 items could not be synced (everything else was, and none of these is lost):
            Event mine 3, 1 May 2026 (on the server): It is too large for the server (it says: no more than 100 bytes <here>).
            Event mine 4, 1 May 2026 (on the server): It is too large for the server (it says: no more than 100 bytes <here>).
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(home.shown(&home.run(&["status"]).expect(0)), @"work: in sync except for 2 items (DAY TIME)");
    let again = home.run(&["sync", "work"]).expect(1);
    insta::assert_snapshot!(home.shown(&again), @r#"
        work: synced, except for some items.

          2 items could not be synced (everything else was, and none of these is lost):
            Event mine 3, 1 May 2026 (on the server): It is too large for the server (it says: no more than 100 bytes <here>).
              Set aside since DAY; it is tried again when it changes, and now and then.
            Event mine 4, 1 May 2026 (on the server): It is too large for the server (it says: no more than 100 bytes <here>).
              Set aside since DAY; it is tried again when it changes, and now and then.
          (TRAFFIC)
        "#);
    assert_eq!((server.items().len(), files(&folder).len()), (3, 5));

    // It changes, so it is tried again; the other one is not.
    refuse.store(false, Ordering::Relaxed);
    fs::write(folder.join("mine-3.ics"), event("mine-3", "Shorter", 1)).unwrap();
    home.sync("work", 1);
    assert_eq!(server.items().len(), 4);
    fs::write(folder.join("mine-4.ics"), event("mine-4", "Shorter, too", 1)).unwrap();
    home.sync("work", 0);
    assert_eq!(server.items(), files(&folder));
}
