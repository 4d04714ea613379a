//! Bad input gets a clear error, and nothing is lost.

use std::fs;
use std::path::PathBuf;

use pimbridge::item::Kind;

use crate::support::event;
use crate::support::program::Home;

mod answers;
mod collection;
mod connection;
mod folder;
mod guard;
mod items;
mod profiles;
mod sign_in;
mod state;

/// Writes events `PREFIX-0` and so on into the folder of the profile "work"; the folder.
fn write_events(home: &Home, prefix: &str, count: usize) -> PathBuf {
    let folder = home.folder("work");
    for n in 0..count {
        let uid = format!("{prefix}-{n}");
        fs::write(folder.join(format!("{uid}.ics")), event(&uid, &format!("Event {prefix} {n}"), 0)).unwrap();
    }
    folder
}

/// A home whose profile "work" keeps so many events the same in its folder and at this address.
fn in_sync(url: &str, count: usize) -> (Home, PathBuf) {
    let home = Home::default();
    home.profile("work", Kind::Events, url, "");
    let folder = write_events(&home, "old", count);
    home.sync("work", 0);
    assert_eq!(home.sync("work", 0)["requests"], 1);
    (home, folder)
}
