//! Finding collections, and making profiles from what is found.

use std::fs;
use std::process::Command;

use pimbridge::item::Kind;

use crate::support::dns::{Dns, here, srv, txt};
use crate::support::http;
use crate::support::program::{Ended, Home};
use crate::support::scripted::Scripted;
use crate::support::servers::{Server, Software, USER};

const DOMAIN: &str = "example.test";

fn with_dns<'a>(command: &'a mut Command, dns: &Dns) -> &'a mut Command {
    command.env("PIMBRIDGE_NAMESERVER", &dns.address)
}

fn discover(home: &Home, dns: &Dns, typed: &str, more: &[&str]) -> Ended {
    let arguments = [&["discover", typed, "--password-env", "TEST_PASSWORD"], more].concat();
    Ended::of(with_dns(&mut home.command(&arguments), dns))
}

/// What was found: name, kinds, whether it can be written, and as whom.
fn found(ended: Ended) -> String {
    let line = |found: serde_json::Value| {
        let kinds: Vec<&str> =
            found["kinds"].as_array().unwrap().iter().map(|k| k.as_str().unwrap()).collect();
        format!("{}: {}, {}, {}", found["name"], kinds.join(" "), found["writable"], found["user"])
    };
    ended.expect(0).json().into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A calendar of somebody else's making, which the user may only read.
fn read_only(server: &Server) {
    let storage = server.storage("read-only");
    fs::create_dir_all(&storage).unwrap();
    let props = r#"{"tag": "VCALENDAR", "C:supported-calendar-component-set": "VEVENT", "D:displayname": "Holidays"}"#;
    fs::write(storage.join(".Radicale.props"), props).unwrap();
}

#[test]
fn an_email_address_leads_to_radicale() {
    let server = Server::start(Software::Radicale);
    for (name, kind) in [("work", Kind::Events), ("todo", Kind::Tasks), ("people", Kind::Contacts)] {
        server.create(name, kind);
    }
    read_only(&server);
    let home = Home::default();
    let dns = Dns::start(here(DOMAIN, server.port));
    // Radicale knows the user without the domain: that is tried second, once.
    insta::assert_snapshot!(found(discover(&home, &dns, &format!("{USER}@{DOMAIN}"), &["--json"])), @r#"
    "Holidays": events, false, "alice"
    "todo": tasks, true, "alice"
    "work": events, true, "alice"
    "people": contacts, true, "alice"
    "#);
    let shown = home.shown(&discover(&home, &dns, DOMAIN, &["--user", USER]));
    insta::assert_snapshot!(shown.replace(&server.port.to_string(), "PORT"), @"
    NAME      HOLDS     ACCESS       COLOUR  ADDRESS
    Holidays  events    read                 http://localhost:PORT/alice/read-only/
    todo      tasks     read, write          http://localhost:PORT/alice/todo/
    work      events    read, write          http://localhost:PORT/alice/work/
    people    contacts  read, write          http://localhost:PORT/alice/people/
    Next:
      pimbridge profile add --all example.test --user alice --password-env TEST_PASSWORD --dry-run
          shows a profile for each of them; without --dry-run it makes them
      pimbridge profile add Holidays --kind events --local ~/Calendars/Holidays --create-local --user alice --password-env TEST_PASSWORD --mode replicate-from-server --url http://localhost:PORT/alice/read-only/
          makes one for the first
    ");
}

#[test]
fn a_host_leads_to_xandikos() {
    let server = Server::start(Software::Xandikos);
    let home = Home::default();
    let dns = Dns::start(vec![]);
    insta::assert_snapshot!(found(discover(&home, &dns, &format!("localhost:{}", server.port), &["--user", USER, "--json"])), @r#"
    "calendar": events tasks, true, "alice"
    "addressbook": contacts, true, "alice"
    "#);
}

#[test]
fn the_name_service_says_where_and_in_which_order() {
    let server = Server::start(Software::Radicale);
    server.create("work", Kind::Events);
    let front =
        Scripted::before(server.port, |request| request.path.starts_with("/.well-known/").then(http_404));
    let dead = Scripted::start(|_| panic!("of a lower priority"));
    let home = Home::default();
    let name = format!("_caldav._tcp.{DOMAIN}");
    let dns = Dns::start(vec![
        srv(&name, 20, 0, dead.port, "localhost"),
        srv(&name, 10, 0, front.port, "localhost"),
        txt(&name, "path=/alice/"),
        srv(&format!("_carddavs._tcp.{DOMAIN}"), 0, 0, 0, "."),
    ]);
    let ended = discover(&home, &dns, DOMAIN, &["--user", USER, "--json"]);
    insta::assert_snapshot!(found(ended), @r#""work": events, true, "alice""#);
    assert_eq!(front.take_seen()[0], "PROPFIND /alice/");
    assert_eq!(dead.take_seen(), [] as [&str; 0]);
}

fn http_404() -> Vec<u8> {
    crate::support::scripted::answer("404 Not Found", "text/plain", "")
}

/// A name service that lies does not get the password to somebody else.
#[test]
fn a_server_of_another_domain_is_not_asked() {
    let home = Home::default();
    let dns = Dns::start(vec![
        srv(&format!("_caldavs._tcp.{DOMAIN}"), 0, 0, 443, "dav.evil.example"),
        srv(&format!("_carddavs._tcp.{DOMAIN}"), 0, 0, 443, "dav.evil.example"),
    ]);
    let ended = discover(&home, &dns, &format!("{USER}@{DOMAIN}"), &[]).expect(3);
    insta::assert_snapshot!(home.shown(&ended), @"
    pimbridge: dav.evil.example was not asked, because it belongs to another domain than the one you gave; if you trust it with your password, add --trusted-host dav.evil.example
    pimbridge: no calendar and no address book was found. What was tried:
      https://example.test/.well-known/caldav: the server example.test cannot be found
    If you know the address of a calendar, address book or user folder on the server, give that instead.
    ");
}

#[test]
fn nothing_is_found() {
    let home = Home::default();
    let dns = Dns::start(vec![]);
    let empty = Scripted::start(|_| http_404());
    let ended = discover(&home, &dns, &empty.url("dav/"), &["--user", USER]).expect(3);
    insta::assert_snapshot!(home.shown(&ended), @"
    pimbridge: no calendar and no address book was found. What was tried:
      http://127.0.0.1:PORT/dav/: there is nothing
      http://127.0.0.1:PORT/.well-known/caldav: there is nothing
      http://127.0.0.1:PORT/: there is nothing
      http://127.0.0.1:PORT/.well-known/carddav: there is nothing
    If you know the address of a calendar, address book or user folder on the server, give that instead.
    ");
    let refused = Scripted::start(|_| crate::support::scripted::answer("401 Unauthorized", "text/plain", ""));
    let dns = Dns::start(here(DOMAIN, refused.port));
    let ended = discover(&home, &dns, &format!("{USER}@{DOMAIN}"), &[]).expect(3);
    assert_eq!(refused.take_seen().len(), 2, "each user name once");
    let shown = home.shown(&ended).replace(&refused.port.to_string(), "PORT");
    insta::assert_snapshot!(shown, @"pimbridge: localhost:PORT does not accept the user name or the password: check both (some services want an app password); the user names alice@example.test and alice were tried: give another one with --user");
    let ended = Ended::of(&mut home.command(&["discover", &refused.url("")])).expect(3);
    insta::assert_snapshot!(home.shown(&ended), @"pimbridge: the server wants a user name and a password: give the name with --user");
}

fn profiles(home: &Home) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(home.path().join("profiles"))
        .map(|files| files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn a_profile_for_each_collection() {
    let server = Server::start(Software::Radicale);
    for (name, kind) in [("work", Kind::Events), ("people", Kind::Contacts)] {
        server.create(name, kind);
    }
    read_only(&server);
    let both = format!("http://127.0.0.1:{}/alice/both/", server.port);
    assert_eq!(http::send("MKCALENDAR", &both, &[], b"").status, 201);
    let home = Home::default();
    let dns = Dns::start(here(DOMAIN, server.port));
    let typed = format!("{USER}@{DOMAIN}");
    let add = |more: &[&str]| {
        let arguments =
            [&["profile", "add", "--all", &typed, "--password-env", "TEST_PASSWORD"], more].concat();
        Ended::of(with_dns(&mut home.command(&arguments), &dns)).expect(0)
    };
    insta::assert_snapshot!(home.shown(&add(&["--dry-run"])), @r#"
    both        events of "both" in ~/Calendars/both, two-way
    both tasks  tasks of "both" in ~/Calendars/both, two-way
    Holidays    events of "Holidays" in ~/Calendars/Holidays, replicate-from-server (you may only read it)
    work        events of "work" in ~/Calendars/work, two-way
    people      contacts of "people" in ~/Contacts/people, two-way
    Nothing was made yet: without --dry-run these profiles are made.
    "#);
    assert_eq!(profiles(&home), [] as [&str; 0]);
    fs::create_dir_all(home.path().join("Calendars/work")).unwrap();
    fs::write(home.path().join("Calendars/work/other.ics"), "x").unwrap();
    insta::assert_snapshot!(home.shown(&add(&[])), @r#"
    both        events of "both" in ~/Calendars/both, two-way
    both tasks  tasks of "both" in ~/Calendars/both, two-way
    Holidays    events of "Holidays" in ~/Calendars/Holidays, replicate-from-server (you may only read it)
    work 2      events of "work" in ~/Calendars/work 2, two-way
    people      contacts of "people" in ~/Contacts/people, two-way
    5 profiles are made. Next:
      pimbridge sync --dry-run     shows what a sync would do
      pimbridge sync               does it
    "#);
    insta::assert_snapshot!(profiles(&home).join(" "), @"Holidays.toml both tasks.toml both.toml people.toml work 2.toml");
    for ended in home.run(&["sync", "--json"]).expect(0).json() {
        assert_eq!(ended["outcome"], "ok", "{ended}");
    }
    server.create("new", Kind::Tasks);
    let root = home.path().join("root");
    insta::assert_snapshot!(home.shown(&add(&["--root", root.to_str().unwrap()])), @r#"
    both (events) is synced by the profile both already
    both (tasks) is synced by the profile both tasks already
    Holidays (events) is synced by the profile Holidays already
    work (events) is synced by the profile work 2 already
    people (contacts) is synced by the profile people already
    new  tasks of "new" in HOME/root/new, two-way
    One profile is made. Next:
      pimbridge sync --dry-run     shows what a sync would do
      pimbridge sync               does it
    "#);
    assert!(root.join("new").is_dir());
}

#[test]
fn the_collection_of_a_profile_is_found() {
    let server = Server::start(Software::Radicale);
    server.create("work", Kind::Events);
    server.create("todo", Kind::Tasks);
    let home = Home::default();
    let root = format!("http://127.0.0.1:{}/", server.port);
    let folder = home.path().join("cal");
    let add = |name: &str, kind: &str, more: &[&str], status: i32| {
        let arguments =
            ["profile", "add", name, "--kind", kind, "--create-local", "--user", USER, "--url", &root];
        let password = ["--password-env", "TEST_PASSWORD", "--local", folder.to_str().unwrap()];
        home.shown(&home.run(&[&arguments[..], &password, more].concat()).expect(status))
    };
    insta::assert_snapshot!(add("todo", "tasks", &[], 0), @r#"
    Found "todo" at http://127.0.0.1:PORT/alice/todo/
    The profile todo is in HOME/profiles/todo.toml
    Next:
      pimbridge profile check todo      tests the folder, the server and the sign-in
      pimbridge sync todo --dry-run     shows what a sync would do
      pimbridge sync todo               does it
    To keep it in sync from now on: pimbridge daemon (or, each time you log in: pimbridge autostart on)
    "#);
    assert!(fs::read_to_string(home.path().join("profiles/todo.toml")).unwrap().contains("/alice/todo/"));
    server.create("home", Kind::Events);
    insta::assert_snapshot!(add("events", "events", &[], 2), @"
    pimbridge: there are several collections for events; choose one with --collection NAME, or with its address as --url:
    NAME  HOLDS   ACCESS       COLOUR  ADDRESS
    home  events  read, write          http://127.0.0.1:PORT/alice/home/
    work  events  read, write          http://127.0.0.1:PORT/alice/work/
    ");
    assert_eq!(profiles(&home), ["todo.toml"]);
    insta::assert_snapshot!(add("events", "events", &["--collection", "Home"], 0), @r#"
    Found "home" at http://127.0.0.1:PORT/alice/home/
    The profile events is in HOME/profiles/events.toml
    Next:
      pimbridge profile check events      tests the folder, the server and the sign-in
      pimbridge sync events --dry-run     shows what a sync would do
      pimbridge sync events               does it
    To keep it in sync from now on: pimbridge daemon (or, each time you log in: pimbridge autostart on)
    "#);
    insta::assert_snapshot!(add("people", "contacts", &[], 2), @"pimbridge: your account there has no collection for contacts yet: make one on the server");
}

/// A profile can be made where there is no network.
#[test]
fn without_a_network_the_address_is_taken_as_it_is() {
    let home = Home::default();
    let closed = Scripted::start(|_| vec![]).url("alice/work/");
    let ended = home.run(&[
        "profile",
        "add",
        "work",
        "--kind",
        "events",
        "--local",
        "/nowhere/at/all",
        "--user",
        USER,
        "--password-env",
        "TEST_PASSWORD",
        "--url",
        &closed,
    ]);
    insta::assert_snapshot!(home.shown(&ended.expect(0)), @"
    The profile work is in HOME/profiles/work.toml
    Next:
      make the folder /nowhere/at/all
      pimbridge profile check work      tests the folder, the server and the sign-in
      pimbridge sync work --dry-run     shows what a sync would do
      pimbridge sync work               does it
    To keep it in sync from now on: pimbridge daemon (or, each time you log in: pimbridge autostart on)
    pimbridge: no calendar and no address book was found. What was tried:
      http://127.0.0.1:PORT/alice/work/: the server 127.0.0.1:PORT refuses the connection
    If you know the address of a calendar, address book or user folder on the server, give that instead.
    ");
}

#[test]
fn presets() {
    let home = Home::default();
    insta::assert_snapshot!(home.shown(&home.run(&["profile", "presets"]).expect(0)), @"
    Aruba         aruba         https://syncdav.aruba.it/
    Cozy          cozy          https://HOST/public/sync/principals/me/
    Easy Project  easyproject   https://HOST/caldav/
    EGroupware    egroupware    https://HOST/
    Fastmail      fastmail      fastmail.com
    fruux         fruux         https://dav.fruux.com/
    GMX           gmx           https://caldav.gmx.net/, https://carddav.gmx.net/
    Google        google        https://apidata.googleusercontent.com/caldav/v2/USER/events/, https://www.googleapis.com/carddav/v1/principals/USER/lists/default/
    iCloud        icloud        https://caldav.icloud.com/, https://contacts.icloud.com/
    Kolab         kolab         https://HOST/iRony/
    Landmarks     landmarks     https://dav.landmarks.skyrise.de/
    mail.de       mail.de       https://kalender.mail.de/
    mailbox.org   mailbox.org   https://dav.mailbox.org/
    Nextcloud     nextcloud     https://HOST/remote.php/dav/
    Open-Xchange  open-xchange  https://HOST/caldav/
    Posteo        posteo        https://posteo.de:8443/
    Sarenet       sarenet       https://configurator.organizer.sarenet.es/androidconfigurator.php
    SmarterMail   smartermail   https://HOST/WebDAV/
    SOGo          sogo          https://HOST/SOGo/dav/
    untermStrich  untermstrich  https://HOST/dav/
    WEB.DE        web.de        https://caldav.web.de/
    Yandex        yandex        https://caldav.yandex.ru/
    For example:
      pimbridge profile add --all jana@icloud.com --preset icloud --dry-run
      pimbridge profile add --all jana --preset nextcloud --url cloud.example.org --dry-run
    ");
    let add = ["profile", "add", "x", "--kind", "events", "--local", "/x", "--preset", "nextcloud"];
    insta::assert_snapshot!(home.shown(&home.run(&add).expect(2)), @"pimbridge: Nextcloud runs on many servers; give the host of yours with --url HOST");
}

/// From an e-mail address to the collections of its owner, by the records of its domain.
fn an_email_address_leads_to(software: Software) {
    let Some(server) = Server::start_if_installed(software) else { return };
    let made = [("work", Kind::Events), ("todo", Kind::Tasks), ("people", Kind::Contacts)]
        .map(|(name, kind)| (server.create(name, kind), kind));
    let dns = Dns::start(here(DOMAIN, server.port));
    let found = discover(&Home::default(), &dns, &format!("{USER}@{DOMAIN}"), &["--json"]).expect(0).json();
    for (url, kind) in made {
        let path = url::Url::parse(&url).unwrap().path().to_owned();
        let is_it = |found: &&serde_json::Value| {
            url::Url::parse(found["url"].as_str().unwrap()).unwrap().path() == path
        };
        let one = found.iter().find(is_it).unwrap_or_else(|| panic!("{path} is not among {found:#?}"));
        let kinds = one["kinds"].as_array().unwrap();
        assert!(kinds.contains(&kind.to_string().into()), "{one}");
        // SOGo makes every calendar one for tasks too, whatever is asked for.
        assert!(kinds.len() == 1 || software == Software::Sogo, "{one}");
        assert_eq!((&one["writable"], &one["shared"]), (&true.into(), &false.into()), "{one}");
    }
    let inboxes = found.iter().filter(|found| found["url"].as_str().unwrap().to_lowercase().contains("box"));
    assert_eq!(inboxes.count(), 0, "{found:#?}");
}

#[test]
fn an_email_address_leads_to_the_collections_on_xandikos() {
    an_email_address_leads_to(Software::Xandikos);
}

#[test]
fn an_email_address_leads_to_the_collections_on_cyrus() {
    an_email_address_leads_to(Software::Cyrus);
}

#[test]
fn an_email_address_leads_to_the_collections_on_davical() {
    an_email_address_leads_to(Software::Davical);
}

#[test]
fn an_email_address_leads_to_the_collections_on_sabre() {
    an_email_address_leads_to(Software::Sabre);
}

#[test]
fn an_email_address_leads_to_the_collections_on_sogo() {
    an_email_address_leads_to(Software::Sogo);
}

#[test]
fn an_email_address_leads_to_the_collections_on_radicale() {
    an_email_address_leads_to(Software::Radicale);
}

#[test]
fn a_preset_with_a_sign_in_in_the_browser() {
    let home = Home::default();
    let folder = home.folder("google");
    let add = ["profile", "add", "google", "--preset", "google", "--kind", "events", "--local"];
    let add = |more: &[&str]| home.run(&[&add[..], &[folder.to_str().unwrap()], more].concat());
    insta::assert_snapshot!(home.shown(&add(&[]).expect(2)), @"pimbridge: give your address at Google as the user name");
    insta::assert_snapshot!(home.shown(&add(&["--user", "jana@gmail.com"]).expect(2)), @"pimbridge: Google signs you in in a browser, for which you need a client id of your own: give it with --client-id ID (profiles-examples/google-calendar.toml says how to get one)");
    let made = add(&["--user", "jana@gmail.com", "--client-id", "1-a.apps.googleusercontent.com"]).expect(0);
    insta::assert_snapshot!(home.shown(&made), @"
    The profile google is in HOME/profiles/google.toml
    Next:
      pimbridge profile sign-in google    signs you in, in a browser
      pimbridge profile check google      tests the folder, the server and the sign-in
      pimbridge sync google --dry-run     shows what a sync would do
      pimbridge sync google               does it
    To keep it in sync from now on: pimbridge daemon (or, each time you log in: pimbridge autostart on)
    Note: Google gives your client a secret too; say where it is with: pimbridge profile set NAME oauth.client_secret_command COMMAND. This is your main calendar; the address of another one has its id, from its settings, in place of yours.
    ");
    let text = fs::read_to_string(home.path().join("profiles/google.toml")).unwrap();
    assert!(
        text.contains("\"https://apidata.googleusercontent.com/caldav/v2/jana@gmail.com/events/\""),
        "{text}"
    );
    insta::assert_snapshot!(home.shown(&home.run(&["profile", "add", "--all", "jana@gmail.com", "--preset", "google"]).expect(2)), @"pimbridge: with Google the collections cannot be looked for before you have signed in; add one after the other, with a name, --kind and --local");
}
