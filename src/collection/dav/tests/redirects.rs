//! Redirects: where requests go, who sees the credentials, and what is remembered.

use super::*;

/// An account that may also sign in at these hosts.
fn jana_at(hosts: &[&str]) -> Account {
    let credentials = Credentials::Password { user: "jana".into(), password: "s3cret".into() };
    let mut connection = Connection::default();
    connection.options.trusted_hosts = hosts.iter().map(|host| host.to_string()).collect();
    Account::new(credentials, connection).unwrap()
}

fn open(account: Account, url: &str) -> Dav {
    Dav::open(account, url, Kind::Events).unwrap()
}

fn sends_on(status: u16, to: &str) -> Vec<u8> {
    reply(status, &format!("Location: {to}\r\n"), "")
}

/// A calendar at `/dav/cal/` with one event.
fn calendar(seen: &Seen) -> Vec<u8> {
    match (seen.method.as_str(), seen.path.as_str()) {
        ("OPTIONS", "/dav/cal/") => reply(200, "DAV: 1\r\n", ""),
        ("PROPFIND", "/dav/cal/") => multistatus(&props("/dav/cal/", &format!("{CALENDAR}{SYNC}"))),
        ("REPORT", "/dav/cal/") if seen.body.contains("multiget") => {
            let data = format!("<getetag>1</getetag><C:calendar-data>{}</C:calendar-data>", event("a"));
            match seen.body.contains("/dav/cal/a.ics") {
                true => multistatus(&props("/dav/cal/a.ics", &data)),
                false => multistatus(&status("/cal/a.ics", 404)),
            }
        }
        ("REPORT", "/dav/cal/") if seen.body.contains("<sync-token></sync-token>") => {
            multistatus(&(etag("/dav/cal/a.ics", "1") + "<sync-token>t</sync-token>"))
        }
        ("REPORT", "/dav/cal/") => multistatus("<sync-token>t</sync-token>"),
        ("GET", "/dav/cal/a.ics") => reply(200, "ETag: \"1\"\r\n", event("a")),
        ("PUT" | "DELETE", path) if path.starts_with("/dav/cal/") => reply(204, "ETag: \"2\"\r\n", ""),
        _ => reply(404, "", ""),
    }
}

/// A calendar that another server sends on to with this status; both servers, the other one first.
async fn moved(status: u16) -> (Server, Server) {
    let new = Server::start(|_, seen| calendar(seen)).await;
    let origin = new.url.trim_end_matches("/cal/").to_owned();
    let old = Server::start(move |_, seen| sends_on(status, &format!("{origin}/dav{}", seen.path))).await;
    (old, new)
}

fn listed(found: Observation) -> Option<Cursor> {
    let Observation::Listing { entries, cursor } = found else { panic!("{found:?}") };
    assert_eq!(entries, [entry("a.ics", "1")]);
    cursor
}

#[tokio::test]
async fn another_server_gets_no_request() {
    let (old, new) = moved(301).await;
    let dav = old.open();
    let error = dav.observe(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NotUnderstood);
    insta::with_settings!({filters => vec![(r":\d+/", ":PORT/")]}, {
        insta::assert_snapshot!(error, @"the server sends Pimbridge on to http://127.0.0.1:PORT/dav/cal/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)");
    });
    assert!(dav.apply(vec![create("a")]).await.stopped.is_some());
    assert_eq!((old.methods().as_str(), new.seen().len()), ("PROPFIND PUT", 0));
}

#[tokio::test]
async fn who_has_nothing_to_hide_reads_elsewhere_too() {
    let (old, new) = moved(301).await;
    let dav = open(nobody(), &old.url);
    let cursor = listed(dav.observe(None).await.unwrap());
    assert_eq!(cursor, Some(sync_cursor("t")), "but it does not get used to it");
    assert!(new.seen().iter().all(|seen| !seen.head.contains("authorization")));
}

#[tokio::test]
async fn a_redirect_at_home_is_followed_and_kept_for_writes() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/cal/" => sends_on(308, "/dav/cal/"),
        _ => calendar(seen),
    })
    .await;
    let dav = server.open();
    listed(dav.observe(None).await.unwrap());
    let applied = dav.apply(vec![replace("a.ics", "1")]).await;
    assert_eq!(
        applied.outcomes,
        [Outcome::Stored { href: Href::new("a.ics"), etag: Some(Etag::new("\"2\"")) }]
    );
    let seen = server.seen();
    assert_eq!(seen[1].body, seen[0].body);
    assert_eq!(seen.last().unwrap().path, "/dav/cal/a.ics");
}

/// Nothing was asked of the collection before, so that each of them meets the redirect itself.
#[tokio::test]
async fn every_method_goes_on_as_it_is() {
    for status in [301, 302, 307, 308] {
        let (old, new) = moved(status).await;
        let open = || open(jana_at(&["127.0.0.1"]), &old.url);
        let edits = vec![
            create("b"),
            replace("a.ics", "\"1\""),
            Edit::Delete { href: Href::new("a.ics"), if_etag: Etag::new("\"1\"") },
        ];
        for edit in edits {
            let applied = open().apply(vec![edit]).await;
            assert!(
                matches!(applied.outcomes[..], [Outcome::Stored { .. } | Outcome::Deleted]),
                "{applied:?}"
            );
        }
        let fetched = open().fetch(&[Href::new("a.ics")]).await.unwrap();
        assert!(matches!(fetched[..], [Fetched::Found { .. }]), "{fetched:?}");
        open().check().await.unwrap();
        listed(open().observe(None).await.unwrap());
        assert_eq!(old.methods(), "PUT PUT DELETE REPORT PROPFIND PROPFIND");
        let mut came = new.seen().into_iter();
        for old in &old.seen() {
            let new = came.find(|new| (&new.method, &new.body) == (&old.method, &old.body)).unwrap();
            let kept = |seen: &Seen| {
                let lines = seen.head.lines().skip(1).filter(|line| !line.starts_with("host:"));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(kept(old), kept(&new));
            assert!(new.has("authorization: Basic amFuYTpzM2NyZXQ="));
            assert!(new.method != "PUT" || new.head.contains("if-"), "{}", new.head);
        }
    }
}

/// What is asked for under its old name is not gone where only the collection itself sends on.
#[tokio::test]
async fn an_item_of_a_collection_that_has_moved_is_not_taken_for_gone() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/cal/" => sends_on(301, "/dav/cal/"),
        _ => calendar(seen),
    })
    .await;
    let fetched = server.open().fetch(&[Href::new("a.ics")]).await.unwrap();
    assert!(matches!(fetched[..], [Fetched::Found { .. }]), "{fetched:?}");
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let server = Server::start(|n, _| sends_on(302, &format!("/cal/{n}/"))).await;
    for edit in [None, Some(create("a"))] {
        let before = server.seen().len();
        match edit {
            None => assert!(server.open().observe(None).await.is_err()),
            Some(edit) => assert!(server.open().apply(vec![edit]).await.stopped.is_some()),
        }
        assert_eq!(server.seen().len() - before, 6);
    }
    let server = Server::start(|_, _| reply(303, "Location: /other\r\n", "")).await;
    assert!(server.open().apply(vec![create("a")]).await.stopped.is_some());
    assert_eq!(server.methods(), "PUT");
}

#[tokio::test]
async fn a_move_for_good_is_remembered() {
    for status in [301, 308] {
        let (old, new) = moved(status).await;
        let trusting = || open(jana_at(&["127.0.0.1"]), &old.url);
        let cursor = listed(trusting().observe(None).await.unwrap()).unwrap();
        assert!(cursor.as_str().contains("/dav/cal/"), "{cursor}");
        let (asked, answered) = (old.seen().len(), new.seen().len());
        let again = trusting().observe(Some(&cursor)).await.unwrap();
        assert_eq!(again, Observation::Delta { changed: vec![], removed: vec![], cursor: cursor.clone() });
        assert_eq!((old.seen().len() - asked, new.seen().len() - answered), (0, 1));
        // Whom the profile does not trust any more is not asked.
        assert!(open(jana_at(&[]), &old.url).observe(Some(&cursor)).await.is_err());
        assert_eq!((old.seen().len() - asked, new.seen().len() - answered), (1, 1));
    }
}

#[tokio::test]
async fn a_move_that_shows_while_nothing_has_changed_is_remembered_too() {
    let (old, _new) = moved(301).await;
    let dav = open(jana_at(&["127.0.0.1"]), &old.url);
    let found = dav.observe(Some(&sync_cursor("t"))).await.unwrap();
    let Observation::Delta { cursor, .. } = found else { panic!("{found:?}") };
    assert!(cursor.as_str().contains("/dav/cal/"), "{cursor}");
}

#[tokio::test]
async fn a_move_for_now_is_not_remembered() {
    for status in [302, 307] {
        let (old, _new) = moved(status).await;
        let dav = open(jana_at(&["127.0.0.1"]), &old.url);
        assert_eq!(listed(dav.observe(None).await.unwrap()), Some(sync_cursor("t")));
        assert_eq!(dav.check().await.unwrap().moved_to, None);
    }
    let mixed = Server::start(|_, seen| match seen.path.as_str() {
        "/cal/" => sends_on(301, "/on/"),
        "/on/" => sends_on(302, "/dav/cal/"),
        _ => calendar(seen),
    })
    .await;
    assert_eq!(listed(mixed.open().observe(None).await.unwrap()), Some(sync_cursor("t")));
}

#[tokio::test]
async fn where_the_remembered_place_is_gone_the_address_counts_again() {
    let page = || reply(200, "Content-Type: text/html\r\n", "<html><body>For sale</body></html>");
    for answer in [reply(404, "", ""), reply(410, "", ""), reply(405, "", ""), page()] {
        let server = Server::start(move |_, seen| match seen.path.as_str() {
            path if path.starts_with("/lost/") => answer.clone(),
            "/cal/" => sends_on(301, "/dav/cal/"),
            _ => calendar(seen),
        })
        .await;
        let lost = server.url.replace("/cal/", "/lost/");
        let cursor = Cursor::new(format!(r#"{{"how":"sync","token":"t","moved":"{lost}"}}"#));
        let found = listed(server.open().observe(Some(&cursor)).await.unwrap()).unwrap();
        assert!(found.as_str().contains("/dav/cal/"), "{found}");
    }
    let server = Server::start(|_, seen| calendar(seen)).await;
    let cursor = r#"{"how":"sync","token":"t","moved":"http://calendar.invalid/cal/"}"#;
    let address = server.url.replace("/cal/", "/dav/cal/");
    let dav = open(jana_at(&["calendar.invalid"]), &address);
    assert_eq!(listed(dav.observe(Some(&Cursor::new(cursor))).await.unwrap()), Some(sync_cursor("t")));
}

#[tokio::test]
async fn a_check_tells_of_the_move() {
    let (old, new) = moved(301).await;
    let moved_to = open(jana_at(&["127.0.0.1"]), &old.url).check().await.unwrap().moved_to;
    assert_eq!(moved_to, Some(new.url.replace("/cal/", "/dav/cal/")));
}
