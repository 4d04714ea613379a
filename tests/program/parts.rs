//! Runs in parts, on real servers: in chunks of any size, about a few files only, and anew after a reset.

use std::fs;
use std::path::Path;

use pimbridge::item::Kind;

use crate::support::program::{Ended, Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{event, http, title};

fn put(url: &str, name: &str, title: &str, minute: u32) {
    http::put(url, &format!("{name}.ics"), "text/calendar", &event(name, title, minute));
}

fn put_here(folder: &Path, name: &str, title: &str, minute: u32) {
    fs::write(folder.join(format!("{name}.ics")), event(name, title, minute)).unwrap();
}

fn titles(home: &Home, url: &str) -> (Vec<String>, Vec<String>) {
    let sorted = |items: std::collections::BTreeMap<String, bytes::Bytes>| {
        let mut titles: Vec<String> = items.values().map(title).collect();
        titles.sort();
        titles
    };
    (sorted(files(&home.folder("work"))), sorted(http::items(url)))
}

fn any_chunk_size_comes_to_the_same(software: Software) {
    let server = Server::start(software);
    let mut ends = Vec::new();
    for size in [1, 2, 7, 100, 1000, 0] {
        let url = server.create(&format!("c{size}"), Kind::Events);
        let home = Home::default();
        home.profile("work", Kind::Events, &url, &format!("conflict = \"merge\"\nchunk_size = {size}"));
        let folder = home.folder("work");
        for n in 0..12 {
            put_here(&folder, &format!("n{n}"), "common", 0);
            put(&url, &format!("n{n}"), "common", 0);
        }
        assert_eq!(home.sync("work", 0)["linked"], 12);
        for n in 0..4 {
            put_here(&folder, &format!("l{n}"), &format!("new here {n}"), 0);
            put(&url, &format!("r{n}"), &format!("new there {n}"), 0);
            put_here(&folder, &format!("n{n}"), &format!("changed here {n}"), 30);
            put(&url, &format!("n{}", n + 2), &format!("changed there {}", n + 2), 10);
        }
        fs::remove_file(folder.join("n10.ics")).unwrap();
        http::delete(&url, "n11.ics");
        let report = home.sync("work", 0);
        let said = ["outcome", "local", "remote", "conflicts"].map(|key| report[key].clone());
        ends.push((titles(&home, &url), said));
        assert_eq!(home.sync("work", 0)["requests"], 1, "{size}");
    }
    assert_eq!(ends[0].0.0, ends[0].0.1);
    for end in &ends {
        assert_eq!(end, &ends[0]);
    }
}

#[test]
fn chunks_on_radicale() {
    any_chunk_size_comes_to_the_same(Software::Radicale);
}

#[test]
fn chunks_on_xandikos() {
    any_chunk_size_comes_to_the_same(Software::Xandikos);
}

fn only(home: &Home, names: &[&str]) -> serde_json::Value {
    let folder = home.folder("work");
    let files: Vec<String> = names.iter().map(|name| folder.join(name).display().to_string()).collect();
    let mut arguments = vec!["sync", "work", "--json", "--only"];
    arguments.extend(files.iter().map(String::as_str));
    home.run(&arguments).expect(0).json().remove(0)
}

fn only_some_files(software: Software) {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let folder = home.folder("work");
    for n in 0..20 {
        put_here(&folder, &format!("n{n}"), &format!("Event {n}"), 0);
    }
    home.sync("work", 0);
    assert_eq!(only(&home, &["n0.ics"])["requests"], 0, "nothing to say about it");

    put_here(&folder, "n1", "Changed", 30);
    put_here(&folder, "n2", "Changed but not meant", 30);
    put(&url, "n19", "Changed there", 30);
    // Even what is known to have changed is left for later.
    home.run(&["sync", "work", "--dry-run"]).expect(0);
    let report = only(&home, &["n1.ics"]);
    assert_eq!(report["remote"], serde_json::json!({ "created": 0, "updated": 1, "deleted": 0 }));
    assert_eq!(report["local"]["updated"], 0);
    let there = http::items(&url);
    assert_eq!((title(&there["n1.ics"]).as_str(), title(&there["n2.ics"]).as_str()), ("Changed", "Event 2"));
    assert!(report["requests"].as_u64().unwrap() <= 2, "{report:#}");

    put_here(&folder, "new", "New", 0);
    let report = only(&home, &["new.ics"]);
    assert_eq!(report["remote"]["created"], 1, "{report:#}");
    // It is looked for by its UID before.
    assert!(report["requests"].as_u64().unwrap() <= 4, "{report:#}");

    fs::remove_file(folder.join("n3.ics")).unwrap();
    fs::rename(folder.join("n4.ics"), folder.join("four.ics")).unwrap();
    let report = only(&home, &["n3.ics", "four.ics", "n4.ics"]);
    assert_eq!(
        report["remote"],
        serde_json::json!({ "created": 0, "updated": 0, "deleted": 1 }),
        "{report:#}"
    );
    assert_eq!(http::names(&url).len(), 20);

    // A new name alone is enough to know the item again.
    fs::rename(folder.join("n5.ics"), folder.join("five.ics")).unwrap();
    let report = only(&home, &["five.ics"]);
    assert_eq!(
        report["remote"],
        serde_json::json!({ "created": 0, "updated": 0, "deleted": 0 }),
        "{report:#}"
    );

    // The rest is still known to be open.
    let rest = home.sync("work", 0);
    assert_eq!((&rest["remote"]["updated"], &rest["local"]["updated"]), (&1.into(), &1.into()), "{rest:#}");
    assert_eq!(home.sync("work", 0)["requests"], 1);
    assert_eq!(titles(&home, &url).0, titles(&home, &url).1);
}

#[test]
fn only_some_files_on_radicale() {
    only_some_files(Software::Radicale);
}

#[test]
fn only_some_files_on_xandikos() {
    only_some_files(Software::Xandikos);
}

#[test]
fn only_files_of_the_profile() {
    let home = Home::default();
    home.profile("work", Kind::Events, "http://127.0.0.1:9/work/", "");
    home.profile("other", Kind::Events, "http://127.0.0.1:9/other/", "");
    home.folder("other");
    let elsewhere = home.folder("other").join("a.ics");
    let elsewhere = elsewhere.to_str().unwrap();
    let shown = |arguments: &[&str]| home.shown(&home.run(arguments).expect(2));
    insta::assert_snapshot!(shown(&["sync", "work", "--only", elsewhere]), @"pimbridge: HOME/items/other/a.ics is not a file of the folder HOME/items/work of the profile work");
    insta::assert_snapshot!(shown(&["sync", "work", "other", "--only", "a.ics"]), @"pimbridge: with --only, name one profile");
    insta::assert_snapshot!(shown(&["sync", "--only", "a.ics"]), @"
    error: the following required arguments were not provided:
      <PROFILE>...

    Usage: pimbridge sync --only <FILE>... <PROFILE>...

    For more information, try '--help'.
    ");
}

fn a_reset_pairs_again(software: Software) {
    let server = Server::start(software);
    let url = server.create("work", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let folder = home.folder("work");
    for n in 0..20 {
        put_here(&folder, &format!("n{n}"), &format!("Event {n}"), 0);
    }
    home.sync("work", 0);
    put_here(&folder, "n0", "Changed here", 30);
    put(&url, "n1", "Changed there", 30);
    fs::remove_file(folder.join("n2.ics")).unwrap();
    assert!(home.run(&["profile", "reset", "work"]).expect(2).stderr.contains("--yes"));
    home.run(&["profile", "reset", "work", "--yes"]).expect(0);
    let report = home.sync("work", 0);
    assert_eq!(report["linked"], 17, "{report:#}");
    assert_eq!(report["local"], serde_json::json!({ "created": 1, "updated": 1, "deleted": 0 }));
    assert_eq!(report["remote"], serde_json::json!({ "created": 0, "updated": 1, "deleted": 0 }));
    let (here, there) = titles(&home, &url);
    assert_eq!((here.len(), &here), (20, &there));
    assert!(home.run(&["history", "list", "work"]).expect(0).stdout.contains("Event 0"));
    assert_eq!(home.sync("work", 0)["requests"], 1);
}

#[test]
fn a_reset_on_radicale() {
    a_reset_pairs_again(Software::Radicale);
}

#[test]
fn a_reset_on_xandikos() {
    a_reset_pairs_again(Software::Xandikos);
}

#[test]
fn what_a_person_reads() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    let home = Home::default();
    let shown = |arguments: &[&str], status: i32| home.shown(&home.run(arguments).expect(status));
    home.profile("work", Kind::Events, &url, "");
    put(&url, "a", "Dentist", 0);
    insta::assert_snapshot!(shown(&["sync", "work", "--dry-run"], 0), @"
    work: a look ahead, nothing was changed.
      On this computer there would be: 1 new.

      What would change:
        new     on this computer  Dentist, 1 May 2026 (new on the server)

      Note: Where both sides change the same item, the version that was changed last is taken. We recommend to keep both changes instead (pimbridge profile set work conflict merge).
      (TRAFFIC)
    ");
    home.run(&["profile", "set", "work", "conflict", "merge"]).expect(0);
    insta::assert_snapshot!(shown(&["sync", "work", "--dry-run"], 0), @"
    work: a look ahead, nothing was changed.
      On this computer there would be: 1 new.

      What would change:
        new     on this computer  Dentist, 1 May 2026 (new on the server)
      (TRAFFIC)
    ");
    home.run(&["sync", "work"]).expect(0);
    let again = shown(&["sync", "work", "--dry-run"], 0);
    assert!(!again.contains("Recommended"), "{again}");
    insta::assert_snapshot!(shown(&["profile", "reset", "work"], 2), @"pimbridge: there is no terminal to ask on; if you are sure, say it with --yes");
    insta::assert_snapshot!(shown(&["profile", "reset", "work", "--yes"], 0), @"What was in sync is forgotten. To see what the next run will do: pimbridge sync work --dry-run");
    insta::assert_snapshot!(shown(&["profile", "reset", "nowhere", "--yes"], 2), @r#"pimbridge: there is no profile "nowhere"; to see those that there are: pimbridge profile list"#);
    let relative = Ended::of(home.command(&["sync", "work", "--only", "a.ics"]).current_dir("/")).expect(0);
    assert_eq!(relative.stderr, "");
}
