//! What the daemon takes on Linux: `cargo bench --bench daemon -- [RUNS] [MINUTES] [ITEMS]`.
//!
//! Twenty profiles with 5,000 items each (or so many) are synced with a server in this process. Then the daemon is started several
//! times until its socket answers; it is left alone for so many minutes (5 by default), its wake-ups and its memory are
//! told; it does so many runs (10,000 by default), and its memory and the size of its files are told again.

use std::path::Path;
use std::time::{Duration, Instant};

use pimbridge::item::Kind;
use pimbridge::report::RunOutcome;
use pimbridge::server::{Options, Server};

#[path = "../tests/support/mod.rs"]
mod support;

use support::daemon::{Daemon, memory, wake_ups};
use support::event;
use support::program::Home;

const PROFILES: usize = 20;
const STARTS: usize = 10;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let (runs, minutes) = (numbers.next().unwrap_or(10_000), numbers.next().unwrap_or(5));
    let items = numbers.next().unwrap_or(5_000) as usize;

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let server = runtime.block_on(Server::start(Options::default())).expect("a server");
    let home = Home::default();
    let names: Vec<String> = (0..PROFILES).map(|n| format!("profile {n:02}")).collect();
    for (n, name) in names.iter().enumerate() {
        let path = format!("calendars/alice/c{n}");
        let url = server.create_collection(&path, Kind::Events, name);
        for item in 0..items {
            server.put(&path, &format!("{item}.ics"), event(&format!("{n}-{item}"), "Dentist", 0));
        }
        home.profile_with(name, Kind::Events, &url, "", "password_command = \"echo unused\"");
    }
    home.run(&["sync", "--json"]).expect(0);

    let mut starts: Vec<Duration> = (0..STARTS)
        .map(|_| {
            let begin = Instant::now();
            let daemon = Daemon::start(&home);
            assert_eq!(daemon.status().profiles.len(), PROFILES);
            begin.elapsed()
        })
        .collect();
    starts.sort();
    println!(
        "{} known items: {} ms from the start until the socket tells the status (median of {STARTS}; at most {} ms)",
        PROFILES * items,
        starts[STARTS / 2].as_millis(),
        starts[STARTS - 1].as_millis()
    );

    // As on a computer without a desktop: one that is to come would be looked for.
    let daemon = Daemon::start_with(&home, |command| {
        command.env_remove("XDG_RUNTIME_DIR");
    });
    println!("{} KB of memory after the start", memory(daemon.pid()));
    std::thread::sleep(Duration::from_secs(20));
    let (begin, before) = (Instant::now(), wake_ups(daemon.pid()));
    std::thread::sleep(Duration::from_secs(60 * minutes));
    let each_minute = (wake_ups(daemon.pid()) - before) as f64 / begin.elapsed().as_secs_f64() * 60.0;
    println!(
        "{each_minute:.1} wake-ups a minute, {} KB of memory, idle for {minutes} minutes",
        memory(daemon.pid())
    );

    let begin = Instant::now();
    let mut follower = daemon.follow();
    for run in 0..=runs {
        if run % (runs / 10).max(1) == 0 {
            let (memory, state) = (memory(daemon.pid()), size(&home.path().join("state")));
            println!("{run:6} runs: {memory} KB of memory, {} KB of state files", state / 1024);
        }
        let ended = follower.sync(&names[run as usize % PROFILES]);
        assert_eq!(ended.report.outcome, RunOutcome::Ok, "{ended:#?}");
    }
    println!("{:.1} ms a run", begin.elapsed().as_secs_f64() * 1000.0 / runs as f64);
}

/// The bytes of the files in a folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries.map(|entry| entry.metadata().map_or(0, |about| about.len())).sum()
}
