//! `kill -9` at any moment of a first sync: the next run finishes the work, with nothing lost or doubled, and no
//! conflicts but those that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use pimbridge::item::Kind;
use pimbridge::server::Options;
use pimbridge::state::State;

use crate::support::embedded::Embedded;
use crate::support::program::{Home, files};
use crate::support::{item, title};

const ITEMS: usize = 500;
/// Of so many items one has an older version in the folder.
const OLDER: usize = 25;
/// How many runs of each direction are killed.
const KILLS: usize = 17;
/// How many files a killed run may leave behind under hidden names.
const CHUNK: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Upload,
    Download,
    TwoWay,
}

/// A first sync of 500 items: a part is on both sides, some of that with an older version in the folder, the rest on
/// one.
struct Sync {
    server: Embedded,
    home: Home,
    folder: PathBuf,
    requests: u64,
    kills: usize,
}

fn older(n: usize) -> Bytes {
    item(Kind::Events, &format!("uid-{n}"), &format!("event {n} as it was"), 0)
}

impl Sync {
    fn new(direction: Direction) -> Sync {
        let latency = Duration::from_millis(2);
        let server = Embedded::start_with(Kind::Events, Options { latency, ..Options::default() });
        let home = Home::default();
        let folder = home.folder("work");
        home.profile("work", Kind::Events, &server.url, "");
        for n in 0..ITEMS {
            let bytes = item(Kind::Events, &format!("uid-{n}"), &format!("event {n}"), 1);
            let (local, remote) = match direction {
                _ if n % 5 == 0 => (true, true),
                Direction::Upload => (true, false),
                Direction::Download => (false, true),
                Direction::TwoWay => (n % 2 == 0, n % 2 == 1),
            };
            if local {
                let older = (n % OLDER == 0).then(|| older(n));
                fs::write(folder.join(format!("uid-{n}.ics")), older.as_ref().unwrap_or(&bytes)).unwrap();
            }
            if remote {
                server.put(&format!("uid-{n}.ics"), bytes);
            }
        }
        Sync { server, home, folder, requests: 0, kills: 0 }
    }

    /// Kills a run so many steps on; false if it ends before.
    fn killed_after(&mut self, further: usize) -> bool {
        let from = self.progress();
        let mut command = self.home.command(&["sync", "work", "--json"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while self.progress() < from + further {
            if let Some(status) = process.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return false;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        process.kill().unwrap();
        let killed = !process.wait().unwrap().success();
        self.kills += usize::from(killed);
        killed
    }

    /// How far it has come: requests answered and files in the folder, whatever their names.
    fn progress(&mut self) -> usize {
        self.requests += self.server.take_traffic().total();
        self.requests as usize + fs::read_dir(&self.folder).unwrap().count()
    }

    fn is_complete(&self, when: &str) {
        let report = self.home.sync("work", 0);
        assert_eq!(report["outcome"], "ok", "{when}: {report:#}");
        // Those that were settled by a run that was killed are told of by no other.
        assert!(report["conflicts"].as_u64().unwrap() <= (ITEMS / OLDER) as u64, "{when}: {report:#}");
        let (local, remote) = (files(&self.folder), self.server.items());
        assert_eq!((local.len(), remote.len()), (ITEMS, ITEMS), "{when}: {report:#}");
        assert_eq!(local, remote, "{when}");
        let uids: BTreeSet<_> = local.values().map(|b| pimbridge::item::read(b).unwrap().uid).collect();
        assert_eq!(uids.len(), ITEMS, "{when}");
        for n in (0..ITEMS).step_by(OLDER) {
            assert_eq!(title(&local[&format!("uid-{n}.ics")]), format!("event {n}"), "{when}");
        }
        let state = State::peek(&self.home.path().join("state/work.sqlite")).unwrap().expect("a state");
        let versions = state.history().unwrap().into_iter();
        let history: BTreeSet<_> = versions.map(|v| state.version(v.id).unwrap().unwrap().1).collect();
        let lost: Vec<usize> = (0..ITEMS).step_by(OLDER).filter(|n| !history.contains(&older(*n))).collect();
        assert!(lost.is_empty(), "{when}: not in the history: {lost:?}");
        let left = fs::read_dir(&self.folder).unwrap().count();
        assert!(left <= ITEMS + CHUNK * self.kills, "{when}: {left} files");
        let idle = self.home.sync("work", 0);
        assert_eq!((&idle["requests"], &idle["outcome"]), (&1.into(), &"ok".into()), "{when}");
    }
}

/// Kills runs of a first sync, each a little further on than the one before, until one comes to its end; and so
/// on with the next first sync.
fn at_many_moments(direction: Direction) {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64 + direction as u64;
    let mut kills = 0;
    while kills < KILLS {
        let mut sync = Sync::new(direction);
        let mut moments = Vec::new();
        loop {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let further = 1 + (seed >> 33) as usize % (ITEMS / 4);
            moments.push(further);
            if !sync.killed_after(further) {
                break;
            }
        }
        sync.is_complete(&format!("{direction:?}, killed after {moments:?} steps"));
        assert!(sync.kills > 0, "{direction:?}: it was at its end before {moments:?} steps");
        kills += sync.kills;
    }
}

#[test]
fn an_upload_survives_it() {
    at_many_moments(Direction::Upload);
}

#[test]
fn a_download_survives_it() {
    at_many_moments(Direction::Download);
}

#[test]
fn a_two_way_sync_survives_it() {
    at_many_moments(Direction::TwoWay);
}
