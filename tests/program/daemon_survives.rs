//! What happens to a computer in a year, and the daemon with it: the clock is set, the disk is full.

use std::fs;
use std::path::Path;

use pimbridge::daemon::protocol::{Reply, Request, State};
use pimbridge::item::Kind;

use super::daemon_runs::{in_sync, wait_for};
use crate::support::daemon::Daemon;
use crate::support::disk::SmallDisk;
use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::{Home, files};

/// Gives a program another clock than the computer's: what `date` says, not what a stopwatch does.
const FAKE_TIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

#[test]
fn the_clock_is_set() {
    if !Path::new(FAKE_TIME).exists() {
        eprintln!("left out: libfaketime is not here");
        return;
    }
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "interval_minutes = 600");
    let clock = home.path().join("clock");
    let set = |offset: &str| {
        let new = clock.with_extension("new");
        fs::write(&new, offset).unwrap();
        fs::rename(&new, &clock).unwrap();
    };
    set("+0");
    let daemon = Daemon::start_with(&home, |command| {
        command.env("LD_PRELOAD", FAKE_TIME).env("FAKETIME_TIMESTAMP_FILE", &clock);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    });
    wait_for(&daemon, "work", in_sync);
    let last = || daemon.status().profiles[0].last.clone().unwrap();
    let first = last();

    // As after a sleep: what was missed is caught up with once.
    server.put("a.ics", event("a", "Dentist", 1));
    let mut follower = daemon.follow();
    set("+2d");
    look_at_the_clock(&daemon);
    wait_for(&daemon, "work", |_| number(&home) == 1);
    wait_for(&daemon, "work", in_sync);
    assert!(last().started.duration_since(first.started).as_hours() >= 47, "{:?}", last());
    assert_eq!(follower.runs_so_far(), 1);

    // Back by more than that: nothing stands still, and nothing runs all the time.
    set("-9d");
    let mut follower = daemon.follow();
    for _ in 0..20 {
        daemon.status();
    }
    assert_eq!(follower.runs_so_far(), 0);
    server.put("b.ics", event("b", "Barber", 1));
    assert_eq!(daemon.sync("work").report.failure, None);
    assert_eq!(number(&home), 2);
    let next = daemon.status().profiles[0].next.unwrap();
    let away = next.duration_since(last().started).as_hours();
    assert!((9..=11).contains(&away), "{away} hours");
    server.put("c.ics", event("c", "Cinema", 1));
    set("+2d");
    look_at_the_clock(&daemon);
    wait_for(&daemon, "work", |_| number(&home) == 3);
}

/// It does so once a minute, and whenever something happens.
fn look_at_the_clock(daemon: &Daemon) {
    assert_eq!(daemon.ask(Request::Resume), Reply::Done);
}

/// As `nohup` starts it, it outlives its terminal; otherwise it ends with it.
#[cfg(target_os = "linux")]
#[test]
fn the_terminal_is_closed() {
    let server = Embedded::start(Kind::Events);
    // The tests may have been started by `nohup` themselves, which programs inherit.
    for starter in [&["nohup"][..], &["env", "--default-signal=HUP"]] {
        let by_nohup = starter == ["nohup"];
        let home = Home::default();
        home.profile("work", Kind::Events, &server.url, "interval_minutes = 0");
        let output = home.path().join("daemon.out");
        let mut daemon = Daemon::start_with(&home, |command| {
            let mut started = std::process::Command::new(starter[0]);
            started.args(&starter[1..]).arg(command.get_program()).args(command.get_args());
            for (name, value) in command.get_envs() {
                match value {
                    Some(value) => started.env(name, value),
                    None => started.env_remove(name),
                };
            }
            let file = fs::File::create(&output).unwrap();
            started.stdin(std::process::Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
            *command = started;
        });
        // It listens to signals by then.
        assert_eq!(daemon.sync("work").report.failure, None);
        let pid = rustix::process::Pid::from_child(daemon.process());
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        if by_nohup {
            assert_eq!(daemon.sync("work").report.failure, None);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        }
        assert_eq!(daemon.process().wait().unwrap().code(), Some(0), "{}", daemon.output());
    }
}

#[test]
fn the_disk_with_the_state_is_full_for_a_while() {
    let server = Embedded::start(Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, "");
    let Some(disk) = SmallDisk::mount(&home.path().join("state"), 400) else { return };
    let daemon = Daemon::start(&home);
    wait_for(&daemon, "work", in_sync);
    for n in 0..300 {
        server.put(&format!("{n}.ics"), event(&format!("{n}"), &format!("Dentist {n}"), 1));
    }
    for _ in 0..3 {
        let report = daemon.sync("work").report;
        let why = report.failure.unwrap();
        assert!(why.contains("is full: free some space there"), "{why}");
    }
    wait_for(&daemon, "work", |state| matches!(state, State::Error { .. }));

    disk.grow();
    assert_eq!(daemon.sync("work").report.failure, None);
    wait_for(&daemon, "work", in_sync);
    assert_eq!(files(&home.folder("work")), server.items());
    assert_eq!(number(&home), 300);
}

fn number(home: &Home) -> usize {
    files(&home.folder("work")).len()
}
