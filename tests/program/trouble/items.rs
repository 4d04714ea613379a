//! Items that cannot be understood: each is told of, none is lost, and none is fatal to the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use bytes::Bytes;
use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};

fn wrap(inside: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{inside}END:VEVENT\r\nEND:VCALENDAR\r\n")
}

/// What comes in real folders, by file name: none of it can be synchronized.
fn broken() -> BTreeMap<&'static str, Vec<u8>> {
    let with = |bytes: &[u8]| {
        let mut item = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:b\r\nSUMMARY:Broken ".to_vec();
        item.extend_from_slice(bytes);
        item.extend_from_slice(b"\r\nDTSTART:20260501T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
        item
    };
    let nested = format!("{}{}", "BEGIN:VEVENT\r\n".repeat(10_000), "END:VEVENT\r\n".repeat(10_000));
    let two = wrap("UID:one\r\nDTSTART:20260501T100000Z\r\n").replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\r\nUID:two\r\nDTSTART:20260501T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR",
    );
    [
        ("cut.ics", event("cut", "Cut off", 0)[..150].to_vec()),
        ("empty.ics", Vec::new()),
        ("latin.ics", with(b"B\xfcro")),
        ("long-line.ics", "x".repeat(5_000_000).into_bytes()),
        ("nested.ics", format!("BEGIN:VCALENDAR\r\n{nested}END:VCALENDAR\r\n").into_bytes()),
        ("zero.ics", with(b"\0\0")),
        ("page.ics", b"<html><body>404 not found</body></html>".to_vec()),
        ("two.ics", two.into_bytes()),
    ]
    .into()
}

/// Items that look odd, but are right.
fn right() -> BTreeMap<&'static str, Bytes> {
    let long = wrap(&format!(
        "UID:long\r\nDTSTART:20260501T100000Z\r\nSUMMARY:Long\r\nDESCRIPTION:{}\r\n",
        "x".repeat(5_000_000)
    ));
    [
        ("good-1.ics", event("good-1", "First", 0)),
        ("good-2.ics", event("good-2", "Second", 0)),
        ("long.ics", long.into()),
    ]
    .into()
}

#[test]
fn on_this_computer() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    let folder = home.folder("work");
    for (name, bytes) in broken() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    for (name, bytes) in right() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    for name in ["twin-1.ics", "twin-2.ics"] {
        fs::write(folder.join(name), event("twin", name, 0)).unwrap();
    }
    fs::write(folder.join(std::ffi::OsStr::from_bytes(b"b\xfcro.ics")), event("buero", "Name in Latin-1", 0))
        .unwrap();
    // None of these is an item.
    fs::create_dir(folder.join("folder.ics")).unwrap();
    for name in [".hidden.ics", "backup.ics~", "notes.txt", "displayname", "color"] {
        fs::write(folder.join(name), "whatever").unwrap();
    }
    std::os::unix::fs::symlink("/nowhere/at/all.ics", folder.join("link.ics")).unwrap();
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();

    let ended = home.run(&["sync", "work"]).expect(1);
    insta::assert_snapshot!(home.shown(&ended), @r#"
        work: synced, except for some items.
          On the server: 5 new.

          What changed:
            new     on the server     Name in Latin-1, 1 May 2026 (new on this computer)
            new     on the server     First, 1 May 2026 (new on this computer)
            new     on the server     Second, 1 May 2026 (new on this computer)
            new     on the server     Long, 1 May 2026 (new on this computer)
            new     on the server     twin-1.ics, 1 May 2026 (new on this computer)

          10 items could not be synced (everything else was, and none of these is lost):
            cut.ics (on this computer): It cannot be understood: VEVENT is begun but never ended. It is left as it is on both sides until it changes.
            empty.ics (on this computer): It cannot be understood: the file is empty. It is left as it is on both sides until it changes.
            Broken B�ro (latin.ics on this computer): It cannot be understood: it is not valid UTF-8 text (byte 67). It is left as it is on both sides until it changes.
            link.ics (on this computer): It cannot be read: it is a link to a file that is not there. It is left as it is on both sides until it can be read.
            long-line.ics (on this computer): It cannot be understood: it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD. It is left as it is on both sides until it changes.
            nested.ics (on this computer): It cannot be understood: components are nested more than 32 deep. It is left as it is on both sides until it changes.
            page.ics (on this computer): It cannot be understood: it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD. It is left as it is on both sides until it changes.
            twin-2.ics, 1 May 2026 (twin-2.ics on this computer): Another item has the same UID, so twin-2.ics is not synchronized. If it is a copy, delete one of the two; if it is not, give it a UID of its own.
            two.ics (on this computer): It cannot be understood: it contains several items ("one" and "two"); each needs a file of its own. It is left as it is on both sides until it changes.
            Broken (zero.ics on this computer): It cannot be understood: it contains a NUL byte (byte 66). It is left as it is on both sides until it changes.
          (TRAFFIC)
        "#);
    assert_eq!(names(), before);
    let stored: Vec<String> = server.items().into_keys().collect();
    assert_eq!(stored, ["buero.ics", "good-1.ics", "good-2.ics", "long.ics", "twin.ics"]);
    assert!(right().iter().all(|(name, bytes)| server.items()[*name] == bytes));

    // They stay in the report, and cost nothing.
    home.sync("work", 1);
    let report = home.sync("work", 1);
    assert_eq!(report["requests"], 1, "{report:#}");
    let shown = home.shown(&home.run(&["report", "show", "work"]).expect(0));
    insta::assert_snapshot!(shown, @r#"
        DAY TIME
        work: synced, except for some items.

          10 items could not be synced (everything else was, and none of these is lost):
            cut.ics (on this computer): It cannot be understood: VEVENT is begun but never ended. It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            empty.ics (on this computer): It cannot be understood: the file is empty. It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            Broken B�ro (latin.ics on this computer): It cannot be understood: it is not valid UTF-8 text (byte 67). It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            link.ics (on this computer): It cannot be read: it is a link to a file that is not there. It is left as it is on both sides until it can be read.
              Set aside since DAY; it is tried again when it changes, and now and then.
            long-line.ics (on this computer): It cannot be understood: it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD. It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            nested.ics (on this computer): It cannot be understood: components are nested more than 32 deep. It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            page.ics (on this computer): It cannot be understood: it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD. It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            two.ics (on this computer): It cannot be understood: it contains several items ("one" and "two"); each needs a file of its own. It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            Broken (zero.ics on this computer): It cannot be understood: it contains a NUL byte (byte 66). It is left as it is on both sides until it changes.
              Set aside since DAY; it is tried again when it changes, and now and then.
            twin-2.ics, 1 May 2026 (twin-2.ics on this computer): Another item has the same UID, so twin-2.ics is not synchronized. If it is a copy, delete one of the two; if it is not, give it a UID of its own.
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(home.shown(&home.run(&["status"]).expect(0)), @"work: in sync except for 10 items (DAY TIME)");

    // Each is mended by its owner.
    for (name, _) in broken() {
        let uid = name.trim_end_matches(".ics");
        fs::write(folder.join(name), event(uid, uid, 1)).unwrap();
    }
    fs::write(folder.join("twin-2.ics"), event("twin-too", "Twin", 1)).unwrap();
    fs::remove_file(folder.join("link.ics")).unwrap();
    home.sync("work", 0);
    assert_eq!(server.items().len(), 14);
    for (name, bytes) in broken() {
        assert_ne!(server.items()[name], bytes);
    }
}

#[test]
fn on_the_server() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    let folder = home.folder("work");
    for (name, bytes) in broken() {
        server.put(name, bytes);
    }
    for (name, bytes) in right() {
        server.put(name, bytes);
    }
    for name in ["twin-1.ics", "twin-2.ics"] {
        server.put(name, event("twin", name, 0));
    }
    fs::write(folder.join("mine.ics"), event("mine", "Mine", 0)).unwrap();
    let before = server.items();
    let ended = home.run(&["sync", "work"]).expect(1);
    insta::assert_snapshot!(home.shown(&ended), @r#"
        work: synced, except for some items.
          On the server: 1 new.
          On this computer: 3 new.

          What changed:
            new     on the server     Mine, 1 May 2026 (new on this computer)
            new     on this computer  First, 1 May 2026 (new on the server)
            new     on this computer  Second, 1 May 2026 (new on the server)
            new     on this computer  Long, 1 May 2026 (new on the server)

          10 items could not be synced (everything else was, and none of these is lost):
            twin-1.ics (on the server): Another item has the same UID, so twin-1.ics is not synchronized. If it is a copy, delete one of the two; if it is not, give it a UID of its own.
            twin-2.ics (on the server): Another item has the same UID, so twin-2.ics is not synchronized. If it is a copy, delete one of the two; if it is not, give it a UID of its own.
            cut.ics (on the server): It cannot be understood: VEVENT is begun but never ended. It is left as it is on both sides until it changes.
            empty.ics (on the server): It cannot be understood: the file is empty. It is left as it is on both sides until it changes.
            Broken B�ro (on the server): It cannot be understood: it is not valid UTF-8 text (byte 67). It is left as it is on both sides until it changes.
            long-line.ics (on the server): It cannot be understood: it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD. It is left as it is on both sides until it changes.
            nested.ics (on the server): It cannot be understood: components are nested more than 32 deep. It is left as it is on both sides until it changes.
            page.ics (on the server): It cannot be understood: it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD. It is left as it is on both sides until it changes.
            two.ics (on the server): It cannot be understood: it contains several items ("one" and "two"); each needs a file of its own. It is left as it is on both sides until it changes.
            Broken (on the server): It cannot be understood: it contains a NUL byte (byte 66). It is left as it is on both sides until it changes.
          (TRAFFIC)
        "#);
    let mut expected: Vec<String> = right().keys().map(ToString::to_string).collect();
    expected.push("mine.ics".into());
    let got: Vec<String> = files(&folder).into_keys().collect();
    assert_eq!(got, expected);
    assert!(right().iter().all(|(name, bytes)| files(&folder)[*name] == bytes));
    assert!(before.iter().all(|(name, bytes)| server.items()[name] == bytes), "left as they are");

    home.sync("work", 1);
    let report = home.sync("work", 1);
    assert_eq!(report["requests"], 1, "{report:#}");

    for (name, _) in broken() {
        let uid = name.trim_end_matches(".ics");
        server.put(name, event(uid, uid, 1));
    }
    server.put("twin-2.ics", event("twin-too", "Twin", 1));
    home.sync("work", 0);
    // A new file is named after its UID.
    let contents = |items: BTreeMap<String, Bytes>| items.into_values().collect::<BTreeSet<Bytes>>();
    assert_eq!(contents(files(&folder)), contents(server.items()));
    assert_eq!(files(&folder).len(), 14);
}

/// Files that somebody copied into Radicale's storage.
#[test]
fn in_the_storage_of_radicale() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let folder = home.folder("work");
    fs::write(folder.join("mine.ics"), event("mine", "Mine", 0)).unwrap();
    home.sync("work", 0);
    for (name, bytes) in broken() {
        fs::write(server.storage("work").join(name), bytes).unwrap();
    }
    fs::write(server.storage("work").join("good.ics"), event("good", "Good", 0)).unwrap();
    // Radicale keeps quiet about what it cannot read, and mends what it can (the one with NULs).
    let ended = home.run(&["sync", "work"]).expect(0);
    insta::assert_snapshot!(home.shown(&ended), @r#"
        work: all in sync.
          On this computer: 2 new.

          What changed:
            new     on this computer  Good, 1 May 2026 (new on the server)
            new     on this computer  Broken, 1 May 2026 (new on the server)
          (TRAFFIC)
        "#);
    assert_eq!(files(&folder).len(), 3);
    assert_eq!(files(&folder)["mine.ics"], event("mine", "Mine", 0));
    for (name, bytes) in broken() {
        assert_eq!(fs::read(server.storage("work").join(name)).unwrap(), bytes, "{name}");
    }
    assert_eq!(home.sync("work", 0)["requests"], 1);
}
