//! What changes on either side is noticed: files by the watcher, the server's items by a look that tells of all
//! collections of an account.

use std::fs;
use std::time::Duration;

use pimbridge::collection::dav::Newsreader;
use pimbridge::daemon::poll::{self, Polled};
use pimbridge::daemon::protocol::Event;
use pimbridge::item::Kind;
use pimbridge::profile::{self, Accounts, Name};
use pimbridge::state::State;

use crate::daemon_runs::{in_sync, wait, wait_for};
use crate::support::daemon::{Daemon, Follower};
use crate::support::program::{Home, files};
use crate::support::proxy::Proxy;
use crate::support::servers::{PASSWORD, Server, Software};
use crate::support::{event, http};

const SECOND: Duration = Duration::from_millis(1100);
/// Longer than a change waits until it is told.
const SETTLED: Duration = Duration::from_secs(15);

/// The runs up to the one that sends something to the server: the profile, and how many items were new here and there.
fn runs_until_sent(follower: &mut Follower<'_>) -> Vec<(String, u64, u64)> {
    let mut runs = Vec::new();
    loop {
        let run = follower.until(|event| match event {
            Event::RunFinished { profile, report, .. } => {
                Some((profile.clone(), report.local.created, report.remote.created))
            }
            _ => None,
        });
        let is_sent = run.2 > 0;
        runs.push(run);
        if is_sent {
            return runs;
        }
    }
}

#[test]
fn each_change_makes_one_run_of_its_profile_and_our_own_writes_none() {
    let server = Server::start(Software::Radicale);
    let home = Home::default();
    let urls = ["work", "home"].map(|name| server.create(name, Kind::Events));
    for (name, url) in ["work", "home"].iter().zip(&urls) {
        home.profile(name, Kind::Events, url, "sync_on_change = true\ninterval_minutes = 600");
    }
    let daemon = Daemon::start(&home);
    for name in ["work", "home"] {
        wait_for(&daemon, name, in_sync);
    }
    let mut follower = daemon.follow();
    let run = |name: &str, here, there| (name.to_owned(), here, there);

    let folder = home.folder("work");
    fs::write(folder.join("a.ics"), event("a", "Dentist", 1)).unwrap();
    assert_eq!(runs_until_sent(&mut follower), [run("work", 0, 1)]);
    assert_eq!(http::names(&urls[0]).len(), 1);

    // A minute after that run the server is asked.
    http::put(&urls[0], "b.ics", "text/calendar", &event("b", "Party", 1));
    wait("the item of the server", || files(&folder).len() == 2);
    // The file that was just written would make a run of its own.
    std::thread::sleep(SETTLED);
    fs::write(folder.join("c.ics"), event("c", "Lunch", 1)).unwrap();
    assert_eq!(runs_until_sent(&mut follower), [run("work", 1, 0), run("work", 0, 1)]);

    let reports = |name: &str| {
        let state = home.path().join(format!("state/{name}.sqlite"));
        State::peek(&state).unwrap().unwrap().reports(100).unwrap().len()
    };
    assert_eq!((reports("work"), reports("home")), (4, 1), "the first one counts too");
}

/// Three calendars of one account, and what looks at them find.
fn looks(software: Software) {
    let Some(server) = Server::start_if_installed(software) else { return };
    let proxy = Proxy::before(server.port);
    let home = Home::default();
    let names = ["one", "two", "three"];
    let urls = names.map(|name| server.create(name, Kind::Events));
    for (name, url) in names.iter().zip(&urls) {
        let path = url.splitn(4, '/').nth(3).unwrap();
        let password = format!("password_command = \"printf '%s' \\\"{PASSWORD}\\\"\"");
        home.profile_with(name, Kind::Events, &proxy.url(path), "", &password);
        home.sync(name, 0);
    }
    let place = pimbridge::home::Home::at(home.path());
    let profiles = names.map(|name| profile::load(&place, name).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (accounts, reader) = (Accounts::default(), Newsreader::default());
    let look = || {
        proxy.take_seen();
        let polled = runtime.block_on(poll::look(&place, &accounts, &reader, &profiles)).unwrap();
        (polled, proxy.take_seen())
    };
    let named = |names: &[&str]| names.iter().map(|name| Name::new(name).unwrap()).collect::<Vec<_>>();
    // A token of SOGo's is a second, in which more may come.
    let quiet = match software {
        Software::Sogo => Polled { changed: vec![], cannot_tell: named(&names) },
        _ => Polled::default(),
    };
    let (found, seen) = look();
    // The first request of an account may have to learn how it signs in.
    assert_eq!(found, quiet, "{seen:?}");
    let (found, seen) = look();
    assert_eq!((found, seen.len()), (quiet.clone(), 1), "{seen:?}");

    http::put(&urls[1], "new.ics", "text/calendar", &event("new", "Party", 1));
    let (found, seen) = look();
    assert_eq!((found.changed, seen.len()), (named(&["two"]), 1), "{seen:?}");
    // In the second of a change, SOGo's token is of the one before.
    std::thread::sleep(SECOND);
    home.sync("two", 0);
    assert_eq!(files(&home.folder("two")).len(), 1);
    assert_eq!(look().0, quiet);

    // What a run wrote is told once, and a run that looks at it has nothing to do.
    fs::write(home.folder("three").join("own.ics"), event("own", "Lunch", 1)).unwrap();
    home.sync("three", 0);
    assert_eq!(look().0.changed, named(&["three"]));
    std::thread::sleep(SECOND);
    let report = home.sync("three", 0);
    assert_eq!(report["outcome"], "ok", "{report}");
    assert_eq!(look().0, quiet);
}

#[test]
fn radicale_tells_what_changed() {
    looks(Software::Radicale);
}

#[test]
fn xandikos_tells_what_changed() {
    looks(Software::Xandikos);
}

#[test]
fn cyrus_tells_what_changed() {
    looks(Software::Cyrus);
}

#[test]
fn davical_tells_what_changed() {
    looks(Software::Davical);
}

#[test]
fn sabre_tells_what_changed() {
    looks(Software::Sabre);
}

#[test]
fn sogo_tells_what_changed() {
    looks(Software::Sogo);
}
