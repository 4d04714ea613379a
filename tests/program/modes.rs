//! Every mode on every server for every kind: the whole table of modes and conflicts, an item a row.

use std::collections::BTreeMap;
use std::fs;

use pimbridge::item::Kind;

use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{http, item, title};

/// The policies as a profile says them, in the order of the table's columns.
const POLICIES: [(&str, &str); 7] = [
    ("two-way", "local-wins"),
    ("two-way", "server-wins"),
    ("two-way", "automatic"),
    ("replicate-to-server", "automatic"),
    ("merge-to-server", "automatic"),
    ("replicate-from-server", "automatic"),
    ("merge-from-server", "automatic"),
];

/// An item's name, what happens to it on each side, and what is left of it on each side in each policy: the
/// title that the local side gave it (L), the one of the server (R), the one of before (0) or nothing (–).
const ROWS: &str = "
    kept            0 0 | 00 | 00 | 00 | 00 | 00 | 00 | 00
    changed-here    C 0 | LL | LL | LL | LL | LL | 00 | 00
    changed-there   0 C | RR | RR | RR | 00 | 00 | RR | RR
    here-newer      C c | LL | RR | LL | LL | LL | RR | RR
    there-newer     c C | LL | RR | RR | LL | LL | RR | RR
    deleted-here    – 0 | –– | –– | –– | –– | –– | 00 | 00
    deleted-there   0 – | –– | –– | –– | 00 | 00 | –– | ––
    here-gone-there C – | LL | –– | –– | LL | LL | –– | ––
    gone-here-there – C | –– | RR | –– | –– | –– | RR | RR
    deleted-both    – – | –– | –– | –– | –– | –– | –– | ––
    new-here        + . | LL | LL | LL | LL | LL | –– | L–
    new-there       . + | RR | RR | RR | –– | –R | RR | RR
    new-both        + ' | LL | RR | LL | LL | LL | RR | RR
";

fn media_type(kind: Kind) -> &'static str {
    if kind == Kind::Contacts { "text/vcard" } else { "text/calendar" }
}

/// What happens to an item on one side; new items and changes carry the side's letter in the title.
fn change(symbol: &str, name: &str, letter: char, kind: Kind) -> Option<Option<bytes::Bytes>> {
    let minute = match symbol {
        "0" | "." => return None,
        "–" => return Some(None),
        "C" | "+" => 30,
        "c" | "'" => 10,
        other => panic!("unknown symbol {other}"),
    };
    Some(Some(item(kind, name, &format!("{letter} {name}"), minute)))
}

fn letters(items: &BTreeMap<String, bytes::Bytes>) -> BTreeMap<String, char> {
    let letter = |bytes| title(bytes).chars().next().unwrap();
    items.iter().map(|(name, bytes)| (name.rsplit_once('.').unwrap().0.to_owned(), letter(bytes))).collect()
}

fn the_whole_table(software: Software, kind: Kind) {
    let server = Server::start(software);
    for (column, (mode, conflict)) in POLICIES.into_iter().enumerate() {
        let context = format!("{software:?} {kind} {mode} {conflict}");
        let home = Home::default();
        let url = server.create(&format!("c{column}"), kind);
        let rows: Vec<(Vec<&str>, Vec<char>)> = ROWS
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (what, cells) = line.split_once('|').unwrap();
                let cell = cells.split('|').nth(column).unwrap().trim();
                (what.split_whitespace().collect(), cell.chars().collect())
            })
            .collect();

        // Both sides agree on what is not new.
        let folder = home.folder("work");
        let file = |name: &str| folder.join(format!("{name}.{}", kind.extension()));
        for (what, _) in rows.iter().filter(|(what, _)| !what[0].starts_with("new")) {
            fs::write(file(what[0]), item(kind, what[0], &format!("0 {}", what[0]), 0)).unwrap();
        }
        home.profile("work", kind, &url, "");
        let first = home.sync("work", 0);
        assert_eq!(first["remote"]["created"], 10, "{context}");
        assert_eq!(home.sync("work", 0)["requests"], 1, "{context}: idle");

        // Then things happen on both sides.
        home.profile("work", kind, &url, &format!("mode = \"{mode}\"\nconflict = \"{conflict}\""));
        for (what, _) in &rows {
            match change(what[1], what[0], 'L', kind) {
                Some(Some(bytes)) => fs::write(file(what[0]), bytes).unwrap(),
                Some(None) => fs::remove_file(file(what[0])).unwrap(),
                None => {}
            }
            let name = format!("{}.{}", what[0], kind.extension());
            match change(what[2], what[0], 'R', kind) {
                Some(Some(bytes)) => http::put(&url, &name, media_type(kind), &bytes),
                Some(None) => http::delete(&url, &name),
                None => {}
            }
        }
        let kept = format!("kept.{}", kind.extension());
        let before = (files(&folder)[&kept].clone(), http::items(&url)[&kept].clone());

        let report = home.sync("work", 0);
        let (local, remote) = (files(&folder), http::items(&url));
        let context = format!("{context}\n{report:#}");
        let (local_letters, remote_letters) = (letters(&local), letters(&remote));
        for (what, expected) in &rows {
            let found = |items: &BTreeMap<String, char>| items.get(what[0]).copied().unwrap_or('–');
            let found = vec![found(&local_letters), found(&remote_letters)];
            assert_eq!(&found, expected, "{}: {context}", what[0]);
        }
        assert_eq!(local.len(), local_letters.len(), "doubled: {context}");
        assert_eq!((&local[&kept], &remote[&kept]), (&before.0, &before.1), "bytes: {context}");

        // Both sides agree, so nothing is left to do, for one request; and nothing is lost.
        let again = home.sync("work", 0);
        let done = |side: &str| again[side].as_object().unwrap().values().all(|n| n == 0);
        assert!(done("local") && done("remote"), "again: {again:#}\n{context}");
        let idle = home.sync("work", 0);
        assert_eq!(idle["requests"], 1, "{context}\n{idle:#}");
    }
}

#[test]
fn events_on_radicale() {
    the_whole_table(Software::Radicale, Kind::Events);
}

#[test]
fn tasks_on_radicale() {
    the_whole_table(Software::Radicale, Kind::Tasks);
}

#[test]
fn contacts_on_radicale() {
    the_whole_table(Software::Radicale, Kind::Contacts);
}

#[test]
fn events_on_xandikos() {
    the_whole_table(Software::Xandikos, Kind::Events);
}

#[test]
fn tasks_on_xandikos() {
    the_whole_table(Software::Xandikos, Kind::Tasks);
}

#[test]
fn contacts_on_xandikos() {
    the_whole_table(Software::Xandikos, Kind::Contacts);
}
