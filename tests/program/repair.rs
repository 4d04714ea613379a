//! Doubled and broken items in a folder and on a server, mended.

use std::fs;

use pimbridge::item::Kind;

use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{event, http, item, title};

#[test]
fn doubled_and_broken_events() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let folder = home.folder("work");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    write("dentist.ics", &event("dentist", "Dentist", 0));
    write("party.ics", &event("party", "Party", 0));
    write("party-2.ics", &event("party-2", "Party", 0));
    home.sync("work", 0);

    let copy = event("copy", "Dentist", 9);
    write("copy.ics", &copy);
    write("clash.ics", &event("dentist", "Lunch", 0));
    let two = String::from_utf8_lossy(&event("one", "One", 0)).replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\r\nUID:two\r\nDTSTART:20260801T100000Z\r\nSUMMARY:Two\r\nEND:VEVENT\r\nEND:VCALENDAR",
    );
    write("two.ics", two.as_bytes());
    write("empty.ics", b"");
    http::put(&url, "again.ics", "text/calendar", &event("again", "Dentist", 0));
    let (local, remote) = (files(&folder), http::items(&url));

    let run = |arguments: &[&str], status: i32| home.shown(&home.run(arguments).expect(status));
    insta::assert_snapshot!(run(&["repair", "work"], 1), @"
    work: 6 items are doubled or broken.

      Can be mended (5):
        Lunch, 1 May 2026 (clash.ics on this computer) has the UID of dentist.ics, but says something else; it gets a UID of its own.
        Dentist, 1 May 2026 (copy.ics on this computer) says the same as dentist.ics; it goes, and the history keeps it.
        Party, 1 May 2026 (party.ics on this computer) says the same as party-2.ics, and so it is on the other side; it goes on both sides, and the history keeps it.
        One (two.ics on this computer) holds several items; each gets a place of its own.
        Dentist, 1 May 2026 (again.ics on the server) says the same as dentist.ics; it goes, and the history keeps it.

      Left to you (1):
        empty.ics (on this computer) cannot be read: the file is empty.
          Only you can say what it should be: correct it or delete it. Until then it is left as it is.

    Nothing was changed. To mend them: pimbridge repair work --apply
    ");
    assert_eq!((files(&folder), http::items(&url)), (local, remote), "only a look");
    fs::remove_file(folder.join("empty.ics")).unwrap();
    insta::assert_snapshot!(run(&["repair", "work", "--apply"], 0), @"
    work: 5 items are doubled or broken.

      Mended (5):
        Lunch, 1 May 2026 (clash.ics on this computer) has the UID of dentist.ics, but says something else; it gets a UID of its own.
        Dentist, 1 May 2026 (copy.ics on this computer) says the same as dentist.ics; it goes, and the history keeps it.
        Party, 1 May 2026 (party.ics on this computer) says the same as party-2.ics, and so it is on the other side; it goes on both sides, and the history keeps it.
        One (two.ics on this computer) holds several items; each gets a place of its own.
        Dentist, 1 May 2026 (again.ics on the server) says the same as dentist.ics; it goes, and the history keeps it.

    The next sync brings this to the other side: pimbridge sync work
    What was removed or changed is kept: pimbridge history list work
    ");
    insta::assert_snapshot!(run(&["repair", "work"], 0), @"work: nothing is doubled or broken.");

    let titles = |items: Vec<bytes::Bytes>| {
        let mut titles: Vec<String> = items.iter().map(title).collect();
        titles.sort();
        titles
    };
    home.sync("work", 0);
    let all = ["Dentist", "Lunch", "One", "Party", "Two"];
    assert_eq!(titles(files(&folder).into_values().collect()), all);
    assert_eq!(titles(http::items(&url).into_values().collect()), all);
    home.sync("work", 0);
    assert_eq!(home.sync("work", 0)["requests"], 1);
    assert!(home.run(&["repair", "work", "--json"]).expect(0).stdout.is_empty());

    // What went can be brought back.
    let listed = home.run(&["history", "list", "work", "copy.ics"]).expect(0).stdout;
    let number = listed.split_whitespace().next().unwrap();
    assert_eq!(home.run(&["history", "show", "work", number]).expect(0).stdout.as_bytes(), &copy[..]);
}

#[test]
fn doubled_contacts() {
    let server = Server::start(Software::Radicale);
    let url = server.create("people", Kind::Contacts);
    let home = Home::default();
    home.profile("people", Kind::Contacts, &url, "");
    let folder = home.folder("people");
    let jana = item(Kind::Contacts, "jana", "Jana", 0);
    fs::write(folder.join("jana.vcf"), &jana).unwrap();
    home.sync("people", 0);
    let text = String::from_utf8_lossy(&jana);
    fs::write(folder.join("twin.vcf"), text.replace("UID:jana\r\n", "UID:twin\r\n")).unwrap();
    fs::write(folder.join("ole.vcf"), text.replace("UID:jana\r\n", "").replace("Jana", "Ole")).unwrap();
    let bob = text.replace("jana", "bob").replace("Jana", "Bob");
    fs::write(folder.join("export.vcf"), bob.clone() + &bob.replace("bob", "eva").replace("Bob", "Eva"))
        .unwrap();
    let json = home.run(&["repair", "people", "--json", "--apply"]).expect(0).json();
    let problems: Vec<_> =
        json.iter().map(|found| (&found["item"], &found["problem"], &found["state"])).collect();
    let shown = problems.iter().map(|(item, problem, state)| format!("{item} {problem} {state}"));
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
    "export.vcf" "several-uids" "mended"
    "ole.vcf" "no-uid" "mended"
    "twin.vcf" "double" "mended"
    "#);
    home.sync("people", 0);
    assert_eq!(
        files(&folder).into_keys().collect::<Vec<_>>(),
        ["eva.vcf", "export.vcf", "jana.vcf", "ole.vcf"]
    );
    assert_eq!(http::names(&url).len(), 4);
    assert!(files(&folder).values().all(|bytes| pimbridge::item::read(bytes).unwrap().uid.is_some()));
}

#[test]
fn wrong_use() {
    let home = Home::default();
    home.run(&["repair", "nobody"]).expect(2);
    home.run(&["repair"]).expect(2);
    home.profile("work", Kind::Events, "http://127.0.0.1:9/work/", "");
    home.folder("work");
    let ended = home.run(&["repair", "work", "--apply"]).expect(3);
    assert!(ended.stdout.is_empty() && ended.stderr.starts_with("pimbridge: "), "{ended:?}");
}
