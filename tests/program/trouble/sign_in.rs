//! The server does not let the person in, or the password cannot be had.

use std::sync::{Arc, Mutex};

use base64::Engine;
use pimbridge::item::Kind;

use super::{in_sync, write_events};
use crate::support::http;
use crate::support::program::{Ended, Home, files};
use crate::support::scripted::Scripted;
use crate::support::servers::{Server, Software, USER};

const WRONG: &str = "Wr0ng-Secret";

#[test]
fn a_wrong_password_is_tried_once_and_shown_nowhere() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    let counter = Scripted::before(server.port, |_| None);
    let (home, folder) = in_sync(&counter.url("alice/work/"), 5);
    write_events(&home, "new", 30);
    let before = (files(&folder), http::items(&url));
    counter.take_seen();

    let mut command = home.command(&["sync", "work", "--debug"]);
    let ended = Ended::of(command.env("TEST_PASSWORD", WRONG)).expect(3);
    assert_eq!(counter.take_seen().len(), 1, "{ended:?}");
    insta::assert_snapshot!(home.shown(&ended), @r#"
        work: the sync could not be done.
          127.0.0.1:PORT does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
          (TRAFFIC)
        "#);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{WRONG}"));
    for secret in [WRONG, &encoded] {
        assert!(!format!("{ended:?}").contains(secret), "{ended:?}");
        assert!(home.files_with(secret.as_bytes()).is_empty());
    }
    assert!(!home.files_with(b"401").is_empty(), "the log tells of the request");
    assert_eq!((files(&folder), http::items(&url)), before);

    let checked =
        Ended::of(home.command(&["profile", "check", "work"]).env("TEST_PASSWORD", WRONG)).expect(3);
    assert_eq!(counter.take_seen().len(), 1, "{checked:?}");
    assert!(checked.stdout.contains("WRONG  server   127.0.0.1"), "{checked:?}");

    let report = home.sync("work", 0);
    assert_eq!(report["remote"]["created"], 30, "{report:#}");
    assert_eq!(http::names(&url).len(), 35);
}

/// Servers lock an account after a few wrong passwords: profiles that share it share the one attempt.
#[test]
fn profiles_of_one_account_try_a_wrong_password_once() {
    let server = Server::start(Software::Radicale);
    let counter = Scripted::before(server.port, |_| None);
    let home = Home::default();
    for name in ["a", "b", "c", "d", "e"] {
        server.create(name, Kind::Events);
        home.profile(name, Kind::Events, &counter.url(&format!("alice/{name}/")), "");
    }
    let ended = Ended::of(home.command(&["sync", "--json"]).env("TEST_PASSWORD", WRONG)).expect(3);
    let outcomes = ended.json();
    assert_eq!(outcomes.len(), 5);
    assert!(outcomes.iter().all(|report| report["outcome"] == "failed"), "{ended:?}");
    assert_eq!(counter.take_seen().len(), 1, "{ended:?}");
}

#[test]
fn a_password_that_cannot_be_had_is_no_attempt() {
    let server = Scripted::start(|request| panic!("{} {}", request.method, request.path));
    let home = Home::default();
    let folder = write_events(&home, "new", 2);
    let mut shown = Vec::new();
    for source in [
        "password_env = \"NOT_SET_ANYWHERE\"",
        "password_env = \"EMPTY\"",
        "password_command = \"echo 'the agent is locked' >&2; exit 2\"",
        "password_command = \"true\"",
        "password_command = \"no-such-program-here\"",
    ] {
        home.profile_with("work", Kind::Events, &server.url("alice/work/"), "", source);
        let ended = Ended::of(home.command(&["sync", "work"]).env("EMPTY", "")).expect(3);
        shown.push(home.shown(&ended));
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
        work: the sync could not be done.
          The environment variable NOT_SET_ANYWHERE, which should hold the password, is not set; set it before you start Pimbridge.
        work: the sync could not be done.
          The environment variable EMPTY, which should hold the password, is empty; set it before you start Pimbridge.
        work: the sync could not be done.
          The password_command failed with exit status 2; look at what the command itself says, and try it in a terminal: it must print the password on its first line.
        the agent is locked
        work: the sync could not be done.
          The password_command printed no password; look at what the command itself says, and try it in a terminal: it must print the password on its first line.
        work: the sync could not be done.
          The password_command failed with exit status 127; look at what the command itself says, and try it in a terminal: it must print the password on its first line.
        sh: 1: no-such-program-here: not found
        "#);
    // The command's own words may hold the password: they are for the terminal alone.
    assert!(home.files_with(b"the agent is locked").is_empty());
    assert_eq!(server.take_seen(), [] as [&str; 0]);
    assert_eq!(files(&folder).len(), 2);
}

/// Everybody on the way can read what goes over plain http: the proxy here, through which the program reaches another
/// computer.
#[test]
fn no_password_goes_over_plain_http_to_another_computer() {
    let home = Home::default();
    write_events(&home, "new", 1);
    let mut shown = Vec::new();
    for (key, challenge, sent) in [
        ("", "Basic realm=\"x\"", &["none"][..]),
        ("", "Digest realm=\"x\", nonce=\"n\", qop=\"auth\"", &["none", "Digest"]),
        ("allow_plain_http = true", "Basic realm=\"x\"", &["Basic"]),
        ("sign_in = \"token\"", "Bearer", &[]),
    ] {
        let schemes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&schemes);
        let proxy = Scripted::start(move |request| {
            let scheme = request.header("authorization").and_then(|value| value.split(' ').next());
            seen.lock().unwrap().push(scheme.unwrap_or("none").to_owned());
            format!("HTTP/1.1 401 x\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into()
        });
        let source = format!("password_env = \"TEST_PASSWORD\"\n{key}");
        home.profile_with("work", Kind::Events, "http://dav.example.test/cal/", "", &source);
        let ended = Ended::of(home.command(&["sync", "work"]).env("http_proxy", proxy.url(""))).expect(3);
        shown.push(home.shown(&ended));
        assert_eq!(*schemes.lock().unwrap(), sent, "{key} {challenge}");
    }
    insta::assert_snapshot!(shown.join("\n"), @"
        work: the sync could not be done.
          Everybody on the way to dav.example.test could read the password or token, so it was not sent: use an address that begins with https://, or, where the network is safe, set remote.allow_plain_http to true.
          (TRAFFIC)
        work: the sync could not be done.
          dav.example.test does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
          (TRAFFIC)
        work: the sync could not be done.
          dav.example.test does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
          (TRAFFIC)
        work: the sync could not be done.
          Everybody on the way to dav.example.test could read the password or token, so it was not sent: use an address that begins with https://, or, where the network is safe, set remote.allow_plain_http to true.
        ");
}

#[test]
fn a_token_is_asked_for_again_once() {
    let server = Scripted::start(|_| {
        b"HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec()
    });
    let home = Home::default();
    write_events(&home, "new", 1);
    for (command, asked, requests) in
        [("echo t >>$HOME/asked; wc -l <$HOME/asked", 2, 2), ("echo t >>$HOME/asked; echo same", 2, 1)]
    {
        let source = format!("sign_in = \"token\"\npassword_command = \"{command}\"");
        home.profile_with("work", Kind::Events, &server.url("cal/"), "", &source);
        let ended = home.run(&["sync", "work"]).expect(3);
        assert!(ended.stdout.contains("does not accept the token"), "{ended:?}");
        let file = home.path().join("asked");
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), asked);
        assert_eq!(server.take_seen().len(), requests);
        std::fs::remove_file(file).unwrap();
    }
}
