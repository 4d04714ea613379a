//! There is no way to the server, or none that can be trusted.

use std::net::TcpListener;

use pimbridge::item::Kind;

use super::write_events;
use crate::support::embedded::Embedded;
use crate::support::program::{Home, files};
use crate::support::scripted::{Scripted, answer};

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What a sync with this address shows; it cannot be done, and the folder stays as it is.
#[track_caller]
fn not_done(url: &str) -> String {
    let home = Home::default();
    let folder = write_events(&home, "new", 2);
    home.profile("work", Kind::Events, url, "");
    let before = files(&folder);
    let ended = home.run(&["sync", "work"]).expect(3);
    assert_eq!(files(&folder), before);
    home.shown(&ended)
}

#[test]
fn an_unknown_host() {
    insta::assert_snapshot!(not_done("https://calendar.invalid/alice/work/"), @r#"
        work: the sync could not be done.
          The server calendar.invalid cannot be found: check that the address is spelt right and that this computer is online.
          (TRAFFIC)
        "#);
}

#[test]
fn nobody_listens() {
    insta::assert_snapshot!(not_done(&format!("http://127.0.0.1:{}/alice/work/", free_port())), @r#"
        work: the sync could not be done.
          The server 127.0.0.1:PORT refuses the connection: check the address and its port, or try again when the server is running.
          (TRAFFIC)
        "#);
}

/// A server that hangs up without a word.
#[test]
fn hung_up() {
    let server = Scripted::start(|_| Vec::new());
    insta::assert_snapshot!(not_done(&server.url("alice/work/")), @r#"
        work: the sync could not be done.
          The connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later.
          (TRAFFIC)
        "#);
    assert!(server.take_seen().len() <= 3);
}

#[test]
fn no_tls_behind_https() {
    let server = Scripted::start(|_| answer("200 OK", "text/plain", "hello"));
    insta::assert_snapshot!(not_done(&format!("https://127.0.0.1:{}/alice/work/", server.port)), @r#"
        work: the sync could not be done.
          The server 127.0.0.1:PORT does not answer in TLS, so https:// does not work there: check the address and its port.
          (TRAFFIC)
        "#);
}

/// The network comes back: what was changed meanwhile goes on its way, once.
#[test]
fn back_online() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = super::in_sync(&server.url, 5);
    let online = std::fs::read_to_string(home.path().join("profiles/work.toml")).unwrap();
    let offline = online.replace(&format!(":{}/", server.port()), &format!(":{}/", free_port()));
    assert_ne!(online, offline);

    // The address is another one for a while, so both sides are compared anew afterwards.
    home.profile_file("work", &offline);
    std::fs::remove_file(folder.join("old-0.ics")).unwrap();
    write_events(&home, "new", 1);
    home.sync("work", 3);
    assert_eq!(server.items().len(), 5);
    home.profile_file("work", &online);
    home.sync("work", 0);
    assert_eq!(server.items(), files(&folder));
    assert_eq!(server.items().len(), 6, "nothing is deleted without a memory of it");
}
