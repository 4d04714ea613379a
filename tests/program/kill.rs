//! `kill -9` at any moment: the next run finishes the work, with nothing lost, doubled or in conflict.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use pimbridge::item::Kind;
use pimbridge::server::{self, Options};

use crate::support::http;
use crate::support::item;
use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, USER};

const ITEMS: usize = 500;
const MOMENTS: u64 = 50;

/// Kills a first sync of 500 items after a while, runs it again, and looks at both sides.
fn killed(server: &server::Server, round: u64, upload: bool, pause: Duration) -> bool {
    let home = Home::default();
    let path = format!("calendars/{USER}/{}-{round}", if upload { "up" } else { "down" });
    let url = server.create_collection(&path, Kind::Events, "Work");
    let folder = home.folder("work");
    for n in 0..ITEMS {
        let bytes = item(Kind::Events, &format!("uid-{n}"), &format!("event {n}"), 0);
        // A part is on both sides, the rest on one.
        if upload || n % 5 == 0 {
            fs::write(folder.join(format!("uid-{n}.ics")), &bytes).unwrap();
        }
        if !upload || n % 5 == 0 {
            server.put(&path, &format!("uid-{n}.ics"), bytes);
        }
    }
    home.profile("work", Kind::Events, &url, "");

    let mut command = home.command(&["sync", "work", "--json"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(pause);
    let was_running = process.try_wait().unwrap().is_none();
    process.kill().unwrap();
    process.wait().unwrap();

    let report = home.sync("work", 0);
    assert_eq!(report["outcome"], "ok", "{report:#}");
    assert_eq!(report["conflicts"], 0, "{report:#}");
    let (local, remote) = (files(&folder), server.items(&path));
    assert_eq!((local.len(), remote.len()), (ITEMS, ITEMS), "after {pause:?}: {report:#}");
    assert_eq!(local, remote);
    let uids: BTreeSet<_> = local.values().map(|b| pimbridge::item::read(b).unwrap().uid).collect();
    assert_eq!(uids.len(), ITEMS);
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.len() <= ITEMS + 100, "leftovers: {}", left.len());
    let idle = home.sync("work", 0);
    assert_eq!((&idle["requests"], &idle["outcome"]), (&1.into(), &"ok".into()));
    was_running
}

fn at_many_moments(upload: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options = Options {
        credentials: Some((USER.into(), PASSWORD.into())),
        latency: Duration::from_millis(2),
        ..Options::default()
    };
    let server = runtime.block_on(server::Server::start(options)).unwrap();
    assert!(http::answers(server.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()));
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut in_the_middle = 0;
    for round in 0..MOMENTS / 2 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pause = Duration::from_micros(2_000 + (seed >> 33) % 500_000);
        in_the_middle += u64::from(killed(&server, round, upload, pause));
    }
    assert!(in_the_middle >= MOMENTS / 8, "only {in_the_middle} runs were killed before their end");
}

#[test]
fn an_upload_survives_it() {
    at_many_moments(true);
}

#[test]
fn a_download_survives_it() {
    at_many_moments(false);
}
