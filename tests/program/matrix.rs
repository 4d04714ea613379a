//! Every mode on every server for every kind: a first sync, the whole table of modes and conflicts, what changes on
//! the server between the listing and the write, and a collection that is gone.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use pimbridge::item::Kind;
use serde_json::Value;

use crate::support::program::{Home, files};
use crate::support::scripted::{Request, Scripted};
use crate::support::servers::{Server, Software};
use crate::support::{http, item, title};

/// The policies as a profile says them, in the order of the tables' columns.
const POLICIES: [(&str, &str); 8] = [
    ("two-way", "local-wins"),
    ("two-way", "server-wins"),
    ("two-way", "automatic"),
    ("two-way", "merge"),
    ("replicate-to-server", "automatic"),
    ("merge-to-server", "automatic"),
    ("replicate-from-server", "automatic"),
    ("merge-from-server", "automatic"),
];
const AUTOMATIC: usize = 2;
const MERGE: usize = 3;

/// An item's name, what happens to it on each side, and what is left of it on each side under each policy: the
/// title that the local side gave it (L), the one of the server (R), the one of before (0) or nothing (–).
const FIRST: &str = "
    up              + . | LL | LL | LL | LL | LL | LL | –– | L–
    down            . + | RR | RR | RR | RR | –– | –R | RR | RR
    both-here-newer + ' | LL | RR | LL | LL | LL | LL | RR | RR
    both-newer      ' + | LL | RR | RR | RR | LL | LL | RR | RR
";

/// Once both sides agree. What is not new was the same on both sides at the first sync. N is a change by somebody
/// who deletes the item first.
const CHANGES: &str = "
    kept            0 0 | 00 | 00 | 00 | 00 | 00 | 00 | 00 | 00
    changed-here    C 0 | LL | LL | LL | LL | LL | LL | 00 | 00
    changed-there   0 C | RR | RR | RR | RR | 00 | 00 | RR | RR
    here-newer      C c | LL | RR | LL | LL | LL | LL | RR | RR
    there-newer     c C | LL | RR | RR | RR | LL | LL | RR | RR
    deleted-here    – 0 | –– | –– | –– | –– | –– | –– | 00 | 00
    deleted-there   0 – | –– | –– | –– | –– | 00 | 00 | –– | ––
    here-gone-there C – | LL | –– | –– | LL | LL | LL | –– | ––
    gone-here-there – C | –– | RR | –– | RR | –– | –– | RR | RR
    made-anew       0 N | RR | RR | RR | RR | 00 | 00 | RR | RR
    deleted-both    – – | –– | –– | –– | –– | –– | –– | –– | ––
    new-here        + . | LL | LL | LL | LL | LL | LL | –– | L–
    new-there       . + | RR | RR | RR | RR | –– | –R | RR | RR
    new-both        + ' | LL | RR | LL | LL | LL | LL | RR | RR
";

/// What happens on the server happens right before the item is written there; the modes that do not write there
/// never see it.
const RACES: &str = "
    race-here-newer C c | LL | RR | LL | LL | LL | LL | 00 | 00
    race-newer      c C | LL | RR | RR | RR | LL | LL | 00 | 00
    race-deleted    – C | –– | RR | –– | RR | –– | –– | 00 | 00
    race-gone       C – | LL | –– | –– | LL | LL | LL | 00 | 00
    race-new        + ' | LL | RR | LL | LL | LL | LL | –– | L–
";

struct Row {
    name: &'static str,
    here: &'static str,
    there: &'static str,
    expected: [char; 2],
}

impl Row {
    fn is_new(&self) -> bool {
        [self.here, self.there].contains(&"+")
    }
}

fn rows(table: &'static str, column: usize) -> Vec<Row> {
    let row = |line: &'static str| {
        let (what, cells) = line.split_once('|').unwrap();
        let [name, here, there] = what.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let cell: Vec<char> = cells.split('|').nth(column).unwrap().trim().chars().collect();
        Row { name, here, there, expected: cell.try_into().unwrap() }
    };
    table.lines().map(str::trim).filter(|line| !line.is_empty()).map(row).collect()
}

/// What is done to an item on the server.
type Deed = Option<Bytes>;

/// A profile between a folder and a collection, with somebody before the server who acts on it at the wrong moment.
struct Cell<'a> {
    server: &'a Server,
    kind: Kind,
    column: usize,
    home: Home,
    folder: PathBuf,
    url: String,
    meanwhile: Arc<Mutex<HashMap<String, Deed>>>,
    _front: Scripted,
}

impl<'a> Cell<'a> {
    fn new(server: &'a Server, kind: Kind, column: usize) -> Self {
        let url = server.create(&format!("{kind}-{column}"), kind);
        let meanwhile: Arc<Mutex<HashMap<String, Deed>>> = Arc::default();
        let (deeds, collection) = (Arc::clone(&meanwhile), url.clone());
        // Where a look comes before the write, somebody is faster than the look.
        let touches = if server.software == Software::Sogo { names } else { writes };
        let front = Scripted::before(server.port, move |request| {
            let mut deeds = deeds.lock().unwrap();
            if let Some(name) = deeds.keys().find(|name| touches(request, name)).cloned()
                && let Some(deed) = deeds.remove(&name)
            {
                act(&collection, &name, kind, deed);
            }
            None
        });
        let home = Home::default();
        let folder = home.folder("work");
        let (mode, conflict) = POLICIES[column];
        let shown = url.replace(&server.port.to_string(), &front.port.to_string());
        home.profile("work", kind, &shown, &format!("mode = \"{mode}\"\nconflict = \"{conflict}\""));
        Cell { server, kind, column, home, folder, url, meanwhile, _front: front }
    }

    /// Cyrus takes a UID once for all the calendars of a user.
    fn uid(&self, name: &str) -> String {
        format!("{name}-{}-{}", self.kind, self.column)
    }

    fn file(&self, name: &str) -> String {
        format!("{}.{}", self.uid(name), self.kind.extension())
    }

    /// What a symbol makes of an item; `None` where it leaves it alone. The letter begins the title.
    fn deed(&self, symbol: &str, name: &str, letter: char) -> Option<Deed> {
        let minute = match symbol {
            "0" | "." => return None,
            "–" => return Some(None),
            "C" | "+" | "N" => 30,
            "c" | "'" => 10,
            other => panic!("unknown symbol {other}"),
        };
        Some(Some(item(self.kind, &self.uid(name), &format!("{letter} {name}"), minute)))
    }

    fn act_here(&self, name: &str, deed: Deed) {
        let path = self.folder.join(self.file(name));
        match deed {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
    }

    fn act_there(&self, name: &str, deed: Deed) {
        act(&self.url, &self.file(name), self.kind, deed);
    }

    fn act(&self, rows: &[Row]) {
        for row in rows {
            if let Some(deed) = self.deed(row.here, row.name, 'L') {
                self.act_here(row.name, deed);
            }
            if row.there == "N" {
                self.act_there(row.name, None);
            }
            if let Some(deed) = self.deed(row.there, row.name, 'R') {
                self.act_there(row.name, deed);
            }
        }
    }

    #[track_caller]
    fn sync(&self) -> Value {
        self.home.sync("work", 0)
    }

    /// Both sides are as the table says, and to the octet where nothing but this run wrote; how many of the
    /// items that were written to the server are there as they were sent.
    #[track_caller]
    fn check(&self, rows: &[Row], report: &Value) -> Kept {
        let (here, there) = (files(&self.folder), http::items(&self.url));
        let context =
            format!("{:?} {} {:?}\n{report:#}", self.server.software, self.kind, POLICIES[self.column]);
        let letter = |items: &BTreeMap<String, Bytes>, row: &Row| {
            items.get(&self.file(row.name)).map_or('–', |bytes| title(bytes).chars().next().unwrap())
        };
        let mut kept = Kept::default();
        for row in rows {
            let found = [letter(&here, row), letter(&there, row)];
            assert_eq!(found, row.expected, "{}: {context}", row.name);
            let name = self.file(row.name);
            if row.expected[0] == 'L' && self.column != MERGE {
                let written = self.deed(row.here, row.name, 'L').unwrap().unwrap();
                assert_eq!(here[&name], written, "{}: {context}", row.name);
            }
            if row.expected == ['L', 'L'] {
                kept.of += 1;
                kept.as_sent += usize::from(here[&name] == there[&name]);
            }
        }
        kept
    }

    /// Nothing is there that no table knows.
    fn nothing_doubled(&self) {
        let known: Vec<String> =
            [FIRST, CHANGES, RACES].iter().flat_map(|t| rows(t, 0)).map(|row| self.file(row.name)).collect();
        for name in files(&self.folder).into_keys().chain(http::names(&self.url)) {
            assert!(known.contains(&name), "{name}: {:?} {}", self.server.software, self.kind);
        }
    }

    /// Runs until nothing is done; how many requests that took.
    #[track_caller]
    fn settled(&self) -> u64 {
        let report = self.sync();
        for side in ["local", "remote"] {
            let done = report[side].as_object().unwrap();
            assert!(done.values().all(|n| n == 0), "{:?} {}: {report:#}", self.server.software, self.kind);
        }
        report["requests"].as_u64().unwrap()
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Kept {
    as_sent: usize,
    of: usize,
}

fn act(collection: &str, name: &str, kind: Kind, deed: Deed) {
    match deed {
        Some(bytes) => http::put(collection, name, kind.media_type(), &bytes),
        None => http::delete(collection, name),
    }
}

fn writes(request: &Request, name: &str) -> bool {
    matches!(request.method.as_str(), "PUT" | "DELETE") && request.path.ends_with(name)
}

fn names(request: &Request, name: &str) -> bool {
    request.path.ends_with(name) || String::from_utf8_lossy(&request.body).contains(&format!("/{name}<"))
}

/// One row of the table in `tests/README.md`.
struct Observed {
    first: u64,
    changes: u64,
    after_writes: u64,
    idle: u64,
    races: u64,
    kept: Kept,
}

fn one_policy(server: &Server, kind: Kind, column: usize) -> Observed {
    let cell = Cell::new(server, kind, column);
    let requests = |report: &Value| report["requests"].as_u64().unwrap();

    // A first sync: items here, there, on both sides as they are and on both sides differing.
    let (first, changes, races) = (rows(FIRST, column), rows(CHANGES, column), rows(RACES, column));
    for row in changes.iter().chain(&races).filter(|row| !row.is_new()) {
        let same = item(kind, &cell.uid(row.name), &format!("0 {}", row.name), 0);
        cell.act_here(row.name, Some(same.clone()));
        cell.act_there(row.name, Some(same));
    }
    cell.act(&first);
    let kept_file = cell.file("kept");
    let before = (files(&cell.folder)[&kept_file].clone(), http::items(&cell.url)[&kept_file].clone());
    let first_report = cell.sync();
    cell.check(&first, &first_report);

    // Then things happen on both sides.
    cell.act(&changes);
    let changes_report = cell.sync();
    let kept = cell.check(&changes, &changes_report);
    let after = (files(&cell.folder)[&kept_file].clone(), http::items(&cell.url)[&kept_file].clone());
    assert_eq!(after, before, "what nobody changed stays as it is to the octet");

    // Then there is nothing to do, for one request. SOGo tells once more what changed in the second of its token.
    if server.software == Software::Sogo {
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    let after_writes = cell.settled();
    let idle = cell.settled();
    assert_eq!(idle, 1, "{:?} {kind} {:?}", server.software, POLICIES[column]);

    // Then others are faster.
    let writes_there = column < 6;
    for row in &races {
        if let Some(deed) = cell.deed(row.here, row.name, 'L') {
            cell.act_here(row.name, deed);
        }
        if let Some(deed) = cell.deed(row.there, row.name, 'R').filter(|_| writes_there) {
            cell.meanwhile.lock().unwrap().insert(cell.file(row.name), deed);
        }
    }
    let races_report = cell.sync();
    assert!(cell.meanwhile.lock().unwrap().is_empty(), "{races_report:#}");
    cell.check(&races, &races_report);
    cell.settled();
    cell.nothing_doubled();

    // Then the collection is gone.
    let before = files(&cell.folder);
    let answer = http::send("DELETE", &cell.url, &[], b"");
    assert!(matches!(answer.status, 200 | 204), "{} {}", answer.status, answer.text());
    cell.home.sync("work", 3);
    assert_eq!(files(&cell.folder), before, "nothing is deleted here");

    Observed {
        first: requests(&first_report),
        changes: requests(&changes_report),
        after_writes,
        idle,
        races: requests(&races_report),
        kept,
    }
}

/// The kinds run side by side, the policies one after the other.
fn matrix(software: Software) {
    let Some(server) = Server::start_if_installed(software) else { return };
    let server = &server;
    std::thread::scope(|scope| {
        for kind in [Kind::Events, Kind::Tasks, Kind::Contacts] {
            scope.spawn(move || {
                for column in 0..POLICIES.len() {
                    let seen = one_policy(server, kind, column);
                    if column == AUTOMATIC {
                        println!(
                            "| {} | {kind} | {} | {} | {} | {} | {} | {} of {} |",
                            software.name(),
                            seen.first,
                            seen.changes,
                            seen.after_writes,
                            seen.idle,
                            seen.races,
                            seen.kept.as_sent,
                            seen.kept.of
                        );
                    }
                }
            });
        }
    });
}

#[test]
fn on_radicale() {
    matrix(Software::Radicale);
}

#[test]
fn on_xandikos() {
    matrix(Software::Xandikos);
}

#[test]
fn on_cyrus() {
    matrix(Software::Cyrus);
}

#[test]
fn on_davical() {
    matrix(Software::Davical);
}

#[test]
fn on_sabre() {
    matrix(Software::Sabre);
}

#[test]
fn on_sogo() {
    matrix(Software::Sogo);
}
