//! The protocol's paths, against a small server that answers as each test says.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::collection::{Entry, Outcome};

fn jana() -> Account {
    let credentials = Credentials::Password { user: "jana".into(), password: "s3cret".into() };
    Account::new(credentials, Connection::default()).unwrap()
}

fn nobody() -> Account {
    Account::new(Credentials::None, Connection::default()).unwrap()
}

#[derive(Debug, Clone)]
struct Seen {
    method: String,
    path: String,
    head: String,
    body: String,
}

impl Seen {
    fn has(&self, header: &str) -> bool {
        self.head.lines().any(|line| line.eq_ignore_ascii_case(header))
    }
}

/// Answers every request with what a function of it returns: a whole HTTP/1.1 answer.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn start(answer: impl Fn(usize, &Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_on("127.0.0.1:0", answer).await
    }

    async fn start_on(
        address: &str,
        answer: impl Fn(usize, &Seen) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}/cal/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { url, seen }
    }

    fn open(&self) -> Dav {
        let account = jana();
        Dav::open(account, &self.url, Kind::Events).unwrap()
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn methods(&self) -> String {
        self.seen().iter().map(|seen| seen.method.clone()).collect::<Vec<_>>().join(" ")
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<impl Fn(usize, &Seen) -> Vec<u8>>,
) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break buffer.drain(..end + 4).collect::<Vec<u8>>();
            }
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8(head).unwrap();
        let length: usize = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        while buffer.len() < length {
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        }
        let body = String::from_utf8(buffer.drain(..length).collect()).unwrap();
        let mut words = head.split(' ');
        let seen = Seen {
            method: words.next()?.to_owned(),
            path: words.next()?.to_owned(),
            head: head.clone(),
            body,
        };
        let reply = {
            let mut log = log.lock().unwrap();
            let reply = answer(log.len(), &seen);
            log.push(seen);
            reply
        };
        stream.write_all(&reply).await.ok()?;
        let reply = String::from_utf8_lossy(&reply);
        if reply.contains("Connection: close") || reply.starts_with("HTTP/1.0") {
            return None;
        }
    }
}

fn reply(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut out =
        format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

fn multistatus(inner: &str) -> Vec<u8> {
    reply(207, "Content-Type: application/xml\r\n", wrapped(inner))
}

fn wrapped(inner: &str) -> String {
    format!(
        r#"<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/">{inner}</multistatus>"#
    )
}

fn props(href: &str, props: &str) -> String {
    format!(
        "<response><href>{href}</href><propstat><prop>{props}</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
    )
}

fn status(href: &str, status: u16) -> String {
    format!("<response><href>{href}</href><status>HTTP/1.1 {status} x</status></response>")
}

fn etag(href: &str, etag: &str) -> String {
    props(href, &format!("<getetag>{etag}</getetag><resourcetype/>"))
}

const CALENDAR: &str = "<resourcetype><collection/><C:calendar/></resourcetype>";
const SYNC: &str = "<supported-report-set><supported-report><report><sync-collection/></report></supported-report></supported-report-set>";

/// A calendar that offers sync-collection.
fn with_sync() -> Vec<u8> {
    multistatus(&props("/cal/", &format!("{CALENDAR}{SYNC}")))
}

fn entry(href: &str, etag: &str) -> Entry {
    Entry { href: Href::new(href), etag: Etag::new(etag) }
}

fn lines(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|outcome| format!("{outcome:?}\n")).collect()
}

fn sync_cursor(token: &str) -> Cursor {
    Cursor::new(format!(r#"{{"how":"sync","token":"{token}"}}"#))
}

const STALE: Outcome = Outcome::Stale { sure: true };

fn replace(href: &str, etag: &str) -> Edit {
    Edit::Replace { href: Href::new(href), if_etag: Etag::new(etag), bytes: Bytes::from("new") }
}

fn event(uid: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

fn create(uid: &str) -> Edit {
    Edit::Create { uid: Some(uid.into()), bytes: Bytes::from(event(uid)) }
}

#[tokio::test]
async fn a_list_of_changes_is_read_page_by_page() {
    let server = Server::start(|n, seen| match n {
        0 => with_sync(),
        1 => multistatus(
            &(etag("/cal/a.ics", "1")
                + &etag("/cal/b.ics", "1")
                + &status("/cal/", 507)
                + "<sync-token>p1</sync-token>"),
        ),
        _ => {
            assert!(seen.body.contains("<sync-token>p1</sync-token>") && seen.has("depth: 0"));
            assert!(!seen.body.contains("limit"));
            multistatus(
                &(status("/cal/b.ics", 404)
                    + &status("/cal/never.ics", 404)
                    + &etag("/cal/c.ics", "W/&quot;1&quot;")
                    + &etag("http://inner:8080/cal/d%40x.ics", "2")
                    + &props("/cal/sub/", "<getetag>x</getetag>")
                    + "<sync-token>p2</sync-token>"),
            )
        }
    })
    .await;
    let found = server.open().observe(None).await.unwrap();
    assert_eq!(
        found,
        Observation::Listing {
            entries: vec![entry("a.ics", "1"), entry("c.ics", "W/\"1\""), entry("d%40x.ics", "2")],
            cursor: Some(sync_cursor("p2")),
        }
    );
    assert_eq!(server.methods(), "PROPFIND REPORT REPORT");
}

#[tokio::test]
async fn nothing_new_takes_one_request() {
    let server = Server::start(|_, _| multistatus("<sync-token>t</sync-token>")).await;
    let found = server.open().observe(Some(&sync_cursor("t"))).await.unwrap();
    let cursor = sync_cursor("t");
    assert_eq!(found, Observation::Delta { changed: vec![], removed: vec![], cursor });
    assert_eq!(server.methods(), "REPORT");

    let server = Server::start(|_, _| multistatus(&props("/cal/", "<S:getctag>7</S:getctag>"))).await;
    let cursor = Cursor::new(r#"{"how":"ctag","tag":"7"}"#);
    let found = server.open().observe(Some(&cursor)).await.unwrap();
    assert_eq!(found, Observation::Delta { changed: vec![], removed: vec![], cursor });
    assert_eq!(server.methods(), "PROPFIND");
}

#[tokio::test]
async fn sync_marks_that_do_not_move_end_in_an_error() {
    let server =
        Server::start(|_, _| multistatus(&(status("/cal/", 507) + "<sync-token>t</sync-token>"))).await;
    let error = server.open().observe(Some(&sync_cursor("t"))).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NotUnderstood);
    assert_eq!(server.methods(), "REPORT");
}

/// Servers refuse an old token in many ways; what is asked next tells whether it was the token.
#[tokio::test]
async fn a_refused_token_leads_to_a_full_listing() {
    let refusals = [
        (reply(403, "", r#"<error xmlns="DAV:"><valid-sync-token/></error>"#), 1),
        (reply(403, "", ""), 1),
        (reply(400, "", "bad token"), 1),
        (reply(404, "", ""), 1),
        (reply(410, "", ""), 1),
        (reply(412, "", ""), 1),
        (multistatus(&status("/cal/", 403)), 1),
        (reply(501, "", ""), 1),
        (reply(500, "", ""), 2),
        (reply(502, "", ""), 2),
        (reply(507, "", ""), 2),
    ];
    for (refusal, tries) in refusals {
        let what = String::from_utf8(refusal.clone()).unwrap();
        let server = Server::start(move |_, seen| match seen.method.as_str() {
            "PROPFIND" => with_sync(),
            _ if seen.body.contains("old") => refusal.clone(),
            _ => multistatus(&(etag("/cal/a.ics", "1") + "<sync-token>new</sync-token>")),
        })
        .await;
        let found = server.open().observe(Some(&sync_cursor("old"))).await;
        let entries = vec![entry("a.ics", "1")];
        let listing = Observation::Listing { entries, cursor: Some(sync_cursor("new")) };
        assert_eq!(found.unwrap_or_else(|error| panic!("{error}: {what}")), listing, "{what}");
        let reports = server.seen().iter().filter(|seen| seen.method == "REPORT").count();
        assert_eq!(reports, tries + 1, "{what}");
        assert!(server.seen().pop().unwrap().body.contains("<sync-token></sync-token>"));
    }
}

#[tokio::test]
async fn a_server_that_stumbles_once_over_a_token_is_asked_again() {
    let server = Server::start(|n, _| match n {
        0 => reply(502, "", ""),
        _ => multistatus("<sync-token>t</sync-token>"),
    })
    .await;
    let found = server.open().observe(Some(&sync_cursor("t"))).await.unwrap();
    assert!(matches!(found, Observation::Delta { .. }), "{found:?}");
    assert_eq!(server.methods(), "REPORT REPORT");
}

#[tokio::test]
async fn a_right_that_was_lost_is_not_an_old_token() {
    for answer in [reply(403, "", ""), multistatus(&status("/cal/", 403))] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let error = server.open().observe(Some(&sync_cursor("t"))).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Forbidden);
    }
}

#[tokio::test]
async fn a_changed_ctag_leads_to_a_listing_with_the_ctag_from_before() {
    let server = Server::start(|n, _| match n {
        0 => multistatus(&props("/cal/", "<S:getctag>8</S:getctag>")),
        _ => multistatus(
            &(props("/cal/", CALENDAR)
                + &etag("/cal/a.ics", "1")
                + &etag("/cal/a.ics", "2")
                + &status("/cal/a.ics", 404)),
        ),
    })
    .await;
    let found = server.open().observe(Some(&Cursor::new(r#"{"how":"ctag","tag":"7"}"#))).await.unwrap();
    let cursor = Some(Cursor::new(r#"{"how":"ctag","tag":"8"}"#));
    assert_eq!(found, Observation::Listing { entries: vec![entry("a.ics", "2")], cursor });
}

#[tokio::test]
async fn a_collection_that_is_gone_is_never_an_empty_one() {
    for answer in [reply(404, "", ""), reply(410, "", ""), multistatus(&status("http://x/cal/", 404))] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let dav = server.open();
        let cursors =
            [sync_cursor("t"), Cursor::new(r#"{"how":"ctag","tag":"7"}"#), Cursor::new("{\"how\":\"list\"}")];
        for since in std::iter::once(None).chain(cursors.iter().map(Some)) {
            let error = dav.observe(since).await.unwrap_err();
            assert_eq!(error.trouble, Trouble::Gone, "{since:?}");
        }
        let error = dav.fetch(&[Href::new("a.ics")]).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Gone);
    }
}

#[tokio::test]
async fn what_is_not_an_answer_is_not_used() {
    let whole =
        String::from_utf8(multistatus(&(etag("/cal/a.ics", "1") + "<sync-token>t</sync-token>"))).unwrap();
    let cut = whole[..whole.len() - 60].to_owned() + "";
    let chunked = "HTTP/1.1 207 x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n20\r\n<multistatus xmlns=\"DAV:\"><respo";
    for (answer, words) in [
        (cut.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), "broke off in the middle"),
        (chunked.to_owned(), "broke off in the middle"),
        (String::from_utf8(reply(207, "", "<multistatus xmlns=\"DAV:\"><response>")).unwrap(), "broke off"),
        (String::from_utf8(reply(200, "Content-Type: text/html\r\n", "<p>Sign in")).unwrap(), "web page"),
        (String::from_utf8(reply(207, "", "<!doctype html><html>")).unwrap(), "web page"),
        (String::from_utf8(reply(502, "", "upstream away")).unwrap(), "error 502 (it says: upstream away)"),
    ] {
        let server = Server::start(move |_, _| answer.clone().into_bytes()).await;
        let error = server.open().observe(Some(&sync_cursor("t"))).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::NotUnderstood, "{words}");
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[tokio::test]
async fn a_refused_password_is_sent_once() {
    let server = Server::start(|_, _| reply(401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "no")).await;
    let dav = server.open();
    for _ in 0..2 {
        let error = dav.observe(None).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::SignIn);
        assert!(!error.message.contains("s3cret"));
    }
    let applied = dav.apply(vec![create("a"), create("b")]).await;
    assert_eq!(applied.outcomes, [Outcome::NotTried, Outcome::NotTried]);
    assert_eq!(applied.stopped.unwrap().trouble, Trouble::SignIn);
    assert_eq!(server.methods(), "PROPFIND");
    assert!(server.seen()[0].has("authorization: Basic amFuYTpzM2NyZXQ="));
}

#[tokio::test]
async fn an_item_without_a_version_gets_one_from_its_content() {
    let content = Arc::new(Mutex::new("one"));
    let shown = Arc::clone(&content);
    let server = Server::start(move |_, seen| {
        let data = format!("<C:calendar-data>{}</C:calendar-data>", shown.lock().unwrap());
        match seen.method.as_str() {
            "PROPFIND" => multistatus(&(props("/cal/", CALENDAR) + &props("/cal/a.ics", "<resourcetype/>"))),
            "REPORT" => multistatus(&props("/cal/a.ics", &data)),
            _ => reply(204, "", ""),
        }
    })
    .await;
    let dav = server.open();
    let Observation::Listing { entries, cursor } = dav.observe(None).await.unwrap() else { panic!() };
    let [only] = entries.as_slice() else { panic!("{entries:?}") };
    insta::assert_snapshot!(only.etag, @"content:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    assert_eq!(cursor, Some(Cursor::new(r#"{"how":"list"}"#)));
    let edit = replace("a.ics", only.etag.as_str());
    let stored = Outcome::Stored { href: Href::new("a.ics"), etag: None };
    assert_eq!(dav.apply(vec![edit.clone()]).await.outcomes, [stored]);
    *content.lock().unwrap() = "two";
    let delete = Edit::Delete { href: Href::new("a.ics"), if_etag: only.etag.clone() };
    assert_eq!(dav.apply(vec![edit, delete]).await.outcomes, [STALE, STALE]);
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "PUT").count(), 1);
}

/// A listing that was read does not count as a request under way while its items are read.
#[tokio::test]
async fn versions_are_made_where_the_server_bears_one_request_at_a_time() {
    let server = Server::start(|n, seen| match seen.method.as_str() {
        _ if n == 0 => reply(503, "Retry-After: 0\r\n", ""),
        "PROPFIND" => multistatus(&(props("/cal/", CALENDAR) + &props("/cal/a.ics", "<resourcetype/>"))),
        _ => multistatus(&props("/cal/a.ics", "<C:calendar-data>x</C:calendar-data>")),
    })
    .await;
    let dav = server.open();
    let observation = tokio::time::timeout(std::time::Duration::from_secs(10), dav.observe(None)).await;
    let Observation::Listing { entries, .. } = observation.expect("it hangs").unwrap() else { panic!() };
    assert_eq!(entries.len(), 1);
}

#[tokio::test]
async fn gzip_is_counted_as_it_came() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let many: String = (0..200).map(|n| etag(&format!("/cal/{n}.ics"), "1")).collect();
    let plain = wrapped(&(many + "<sync-token>t</sync-token>"));
    encoder.write_all(plain.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let length = packed.len() as u64;
    let server = Server::start(move |_, seen| {
        assert!(seen.has("accept-encoding: gzip"));
        reply(207, "Content-Encoding: gzip\r\n", &packed)
    })
    .await;
    let dav = server.open();
    let Observation::Delta { changed, .. } = dav.observe(Some(&sync_cursor("s"))).await.unwrap() else {
        panic!()
    };
    assert_eq!(changed.len(), 200);
    let sent = server.seen()[0].body.len() as u64;
    assert_eq!(dav.traffic(), Traffic { requests: 1, bytes_in: length, bytes_out: sent });
}

fn numbered(count: usize) -> Vec<Href> {
    (0..count).map(|n| Href::new(format!("{n}.ics"))).collect()
}

/// The hrefs that a multiget asks for.
fn asked(seen: &Seen) -> Vec<String> {
    seen.body.split("<href>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

fn found(hrefs: &[String]) -> String {
    let one = |href: &String| props(href, "<getetag>1</getetag><C:calendar-data>x</C:calendar-data>");
    hrefs.iter().rev().map(one).collect()
}

#[tokio::test]
async fn a_chunk_that_fails_is_halved_until_the_culprit_is_found() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "REPORT" => {
            let hrefs = asked(seen);
            assert!(hrefs.len() <= 100);
            match hrefs.iter().any(|href| href == "/cal/137.ics") {
                true => reply(500, "", "boom"),
                false => multistatus(&found(&hrefs)),
            }
        }
        _ => reply(500, "", "boom"),
    })
    .await;
    let fetched = server.open().fetch(&numbered(250)).await.unwrap();
    assert_eq!(fetched.len(), 250);
    let bad: Vec<_> = fetched.iter().filter(|fetched| !matches!(fetched, Fetched::Found { .. })).collect();
    let [Fetched::Failed { href, reason }] = bad.as_slice() else { panic!("{bad:?}") };
    assert_eq!(href.as_str(), "137.ics");
    assert!(reason.contains("boom"), "{reason}");
    assert!(server.seen().len() < 20);
}

#[tokio::test]
async fn where_everything_fails_it_is_the_server() {
    let server = Server::start(|_, _| reply(500, "", "boom")).await;
    let error = server.open().fetch(&numbered(3)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NotUnderstood);
    assert!(error.message.contains("error 500 (it says: boom)"), "{}", error.message);
}

/// What may be had another time is not put aside, and where it is so of all it is the server.
#[tokio::test]
async fn an_item_that_fails_this_time_is_told_from_one_that_cannot_be_read() {
    let server = Server::start(|_, seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PROPFIND", _) => multistatus(&props("/cal/", CALENDAR)),
        ("GET", "/cal/2.ics") => reply(403, "", "not this one"),
        ("GET", _) => reply(500, "", "boom"),
        _ => reply(403, "", ""),
    })
    .await;
    let dav = server.open();
    let states = |mut fetched: Vec<Fetched>| {
        fetched.sort_by_key(|fetched| format!("{fetched:?}"));
        let state = |fetched: &Fetched| match fetched {
            Fetched::Failed { href, reason } if reason.contains("boom") => format!("{href} failed"),
            Fetched::Unreadable { href, reason } if reason.contains("not this") => {
                format!("{href} unreadable")
            }
            other => panic!("{other:?}"),
        };
        fetched.iter().map(state).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(states(dav.fetch(&numbered(1)).await.unwrap()), "0.ics failed");
    assert_eq!(
        states(dav.fetch(&numbered(3)).await.unwrap()),
        "0.ics failed, 1.ics failed, 2.ics unreadable"
    );
    let error = dav.fetch(&numbered(2)).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NotUnderstood);
    assert!(error.message.contains("error 500 (it says: boom)"), "{}", error.message);
}

#[tokio::test]
async fn what_a_multiget_does_not_settle_is_asked_one_by_one() {
    let server = Server::start(|_, seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("REPORT", _) => multistatus(&(found(&["/cal/%31.ics".into()]) + &status("/cal/2.ics", 404))),
        ("GET", "/cal/0.ics") => {
            reply(200, "ETag: \"e\"\r\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n", "y")
        }
        _ => reply(404, "", ""),
    })
    .await;
    let mut fetched = server.open().fetch(&numbered(4)).await.unwrap();
    fetched.sort_by_key(|fetched| format!("{fetched:?}"));
    let is = |n: usize, text: &str| Fetched::Found {
        href: Href::new(format!("{n}.ics")),
        etag: Etag::new(if n == 0 { "\"e\"" } else { "1" }),
        bytes: Bytes::from(text.to_owned()),
        modified: (n == 0).then(|| "2026-11-21T10:00:00Z".parse().unwrap()),
    };
    let gone = |n: usize| Fetched::Gone { href: Href::new(format!("{n}.ics")) };
    assert_eq!(fetched, [is(0, "y"), is(1, "x"), gone(2), gone(3)]);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_a_few_times() {
    let server = Server::start(|n, _| match n {
        0 => reply(503, "Retry-After: 0\r\n", ""),
        1 => reply(429, "Retry-After: 0\r\n", ""),
        _ => multistatus("<sync-token>t</sync-token>"),
    })
    .await;
    assert!(server.open().observe(Some(&sync_cursor("t"))).await.is_ok());

    let server = Server::start(|_, _| reply(503, "Retry-After: 120\r\n", "")).await;
    let applied = server.open().apply(vec![create("a")]).await;
    assert!(matches!(&applied.outcomes[..], [Outcome::Failed { reason }] if reason.contains("is busy")));
    let stopped = applied.stopped.unwrap();
    assert_eq!(stopped.trouble, Trouble::Busy);
    assert_eq!(stopped.retry_after, Some(std::time::Duration::from_secs(120)));
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again_for_reads_only() {
    let server = Server::start(|n, seen| match (n, seen.method.as_str()) {
        (0, _) | (_, "PUT") => b"Connection: close".to_vec(),
        _ => multistatus("<sync-token>t</sync-token>"),
    })
    .await;
    let dav = server.open();
    assert!(dav.observe(Some(&sync_cursor("t"))).await.is_ok());
    let applied = dav.apply(vec![create("a")]).await;
    assert!(matches!(applied.outcomes[..], [Outcome::Failed { .. }]), "{applied:?}");
    assert!(applied.stopped.is_none());
    assert_eq!(server.methods(), "REPORT REPORT PUT");
}

#[tokio::test]
async fn a_new_item_is_stored_only_where_nothing_is() {
    let server = Server::start(|_, seen| {
        let data = |uid: &str| {
            let data = format!("<getetag>1</getetag><C:calendar-data>{}</C:calendar-data>", event(uid));
            multistatus(&props(&asked(seen)[0], &data))
        };
        match (seen.method.as_str(), seen.path.as_str()) {
            ("PUT", "/cal/new_x.ics") => reply(201, "ETag: \"1\"\r\n", ""),
            ("PUT", "/cal/moved.ics") => reply(201, "ETag: W/\"1\"\r\nLocation: /cal/else%77here.ics\r\n", ""),
            ("PUT", path) if path.starts_with("/cal/taken-") => reply(201, "", ""),
            ("PUT", "/cal/broken.ics") => reply(412, "", "no END"),
            ("PUT", "/cal/near.ics") => {
                reply(409, "", r#"<error xmlns="DAV:"><no-uid-conflict xmlns="c"><href xmlns="DAV:">/cal/z.ics</href></no-uid-conflict></error>"#)
            }
            ("PUT", "/cal/far.ics") => {
                reply(403, "", r#"<error xmlns="DAV:"><no-uid-conflict xmlns="c"><href xmlns="DAV:">/two/z.ics</href></no-uid-conflict></error>"#)
            }
            ("PUT", "/cal/inside.ics") => multistatus(&status("/cal/inside.ics", 412)),
            ("PUT", _) => reply(412, "", ""),
            ("REPORT", _) if asked(seen)[0].contains("taken") => data("another"),
            ("REPORT", _) if asked(seen)[0].contains("broken") => multistatus(&status("/cal/broken.ics", 404)),
            ("REPORT", _) => data(asked(seen)[0].trim_start_matches("/cal/").trim_end_matches(".ics")),
            _ => multistatus(&props("/cal/", "")),
        }
    })
    .await;
    let uids = ["new@x", "moved", "taken", "broken", "near", "far", "inside", "same"];
    let applied = server.open().apply(uids.iter().map(|uid| create(uid)).collect()).await;
    assert!(applied.stopped.is_none());
    insta::assert_snapshot!(lines(&applied.outcomes), @r#"
    Stored { href: "new_x.ics", etag: Some("\"1\"") }
    Stored { href: "elsewhere.ics", etag: None }
    Stored { href: "taken-7fc5fcb7ffb8.ics", etag: None }
    Refused { reason: "the server refuses it with error 412 (it says: no END)" }
    Stale { sure: true }
    Refused { reason: "another item of this account on the server has the same UID already, perhaps in another calendar or address book: delete one of them" }
    Stale { sure: true }
    Stale { sure: true }
    "#);
    let puts: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.method == "PUT").collect();
    assert_eq!(puts.len(), uids.len() + 1);
    for put in puts {
        assert!(put.has("if-none-match: *") && put.has("content-type: text/calendar; charset=utf-8"));
        assert!(put.head.to_ascii_lowercase().contains("content-length: "), "{}", put.head);
    }
}

#[tokio::test]
async fn a_failed_precondition_is_stale_and_never_for_ever() {
    let server = Server::start(|_, seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("PUT", "/cal/weak.ics") if seen.has("if-match: \"1\"") => reply(204, "ETag: \"2\"\r\n", ""),
        ("PUT", _) => reply(412, "", ""),
        ("DELETE", "/cal/away.ics") => reply(404, "", ""),
        ("DELETE", _) => reply(412, "", ""),
        ("REPORT", _) => {
            let href = asked(seen).remove(0);
            let etag = if href.contains("weak") || href.contains("never") { "W/\"1\"" } else { "\"9\"" };
            multistatus(&props(
                &href,
                &format!("<getetag>{etag}</getetag><C:calendar-data>x</C:calendar-data>"),
            ))
        }
        _ => reply(500, "", ""),
    })
    .await;
    let delete = |href: &str| Edit::Delete { href: Href::new(href), if_etag: Etag::new("\"1\"") };
    let edits = vec![
        replace("weak.ics", "W/\"1\""),
        replace("never.ics", "W/\"1\""),
        replace("changed.ics", "\"1\""),
        delete("changed.ics"),
        delete("away.ics"),
    ];
    let applied = server.open().apply(edits).await;
    insta::assert_snapshot!(lines(&applied.outcomes), @r#"
    Stored { href: "weak.ics", etag: Some("\"2\"") }
    Refused { reason: "the server says that it was changed meanwhile, although it was not: change it on the server, or ask whoever runs it" }
    Stale { sure: true }
    Stale { sure: true }
    Deleted
    "#);
}

/// An attempt that a proxy gave up, or that met a lock, may have been done behind it.
#[tokio::test]
async fn after_an_attempt_that_may_have_been_done_nothing_is_sure() {
    let delete = || Edit::Delete { href: Href::new("a.ics"), if_etag: Etag::new("\"1\"") };
    let mut seen = String::new();
    for (what, edit, then) in [
        ("create 412", create("a"), 412),
        ("create 400", create("a"), 400),
        ("create 403", create("a"), 403),
        ("replace 412", replace("a.ics", "\"1\""), 412),
        ("replace 404", replace("a.ics", "\"1\""), 404),
        ("replace 204", replace("a.ics", "\"1\""), 204),
        ("delete 412", delete(), 412),
        ("delete 404", delete(), 404),
    ] {
        seen += what;
        for first in [429, 423, 502, 503] {
            let server = Server::start(move |n, seen| match seen.method.as_str() {
                "PROPFIND" => multistatus(&props("/cal/", CALENDAR)),
                "REPORT" => multistatus(&props(
                    "/cal/a.ics",
                    &format!("<getetag>\"2\"</getetag><C:calendar-data>{}</C:calendar-data>", event("a")),
                )),
                _ if n == 0 => reply(first, "Retry-After: 0\r\n", ""),
                _ => reply(then, "", ""),
            })
            .await;
            let outcome = server.open().apply(vec![edit.clone()]).await.outcomes.remove(0);
            seen += match outcome {
                Outcome::Failed { .. } => ", failed",
                Outcome::Refused { .. } => ", refused",
                Outcome::Stored { .. } => ", stored",
                Outcome::Deleted => ", deleted",
                Outcome::Stale { sure: true } => ", stale",
                Outcome::Stale { sure: false } => ", stale?",
                Outcome::NotTried => ", not tried",
            };
        }
        seen += "\n";
    }
    insta::assert_snapshot!(seen, @"
    create 412, stale, stale?, stale?, stale?
    create 400, refused, failed, failed, failed
    create 403, refused, failed, failed, failed
    replace 412, stale, stale?, stale?, stale?
    replace 404, stale, stale?, stale?, stale?
    replace 204, stored, stored, stored, stored
    delete 412, stale, stale?, stale?, stale?
    delete 404, deleted, deleted, deleted, deleted
    ");
}

/// The server stops being there between two attempts.
#[tokio::test]
async fn what_stops_the_batch_does_not_say_that_an_earlier_attempt_was_not_done() {
    for second in [reply(401, "", ""), reply(301, "Location: http://other.invalid/\r\n", "")] {
        for (first, tried) in [(Some(502), true), (None, false)] {
            let second = second.clone();
            let server = Server::start(move |n, _| match first {
                Some(first) if n == 0 => reply(first, "", ""),
                _ => second.clone(),
            })
            .await;
            let applied = server.open().apply(vec![create("a")]).await;
            assert!(applied.stopped.is_some());
            match &applied.outcomes[..] {
                [Outcome::Failed { .. }] => assert!(tried),
                [Outcome::NotTried] => assert!(!tried),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_calendar_that_can_only_be_read_stops_the_writing() {
    let privileges =
        "<current-user-privilege-set><privilege><read/></privilege></current-user-privilege-set>";
    let server = Server::start(move |_, seen| match seen.method.as_str() {
        "PROPFIND" => multistatus(&props("/cal/", privileges)),
        _ => reply(403, "", ""),
    })
    .await;
    let applied = server.open().apply((0..40).map(|n| create(&n.to_string())).collect()).await;
    assert!(applied.outcomes.iter().all(|outcome| *outcome == Outcome::NotTried));
    assert_eq!(applied.stopped.unwrap().trouble, Trouble::Forbidden);
    let seen = server.seen();
    assert_eq!(seen.iter().filter(|seen| seen.method == "PROPFIND").count(), 1);
    assert!(seen.len() <= 18, "{}", seen.len());
}

#[tokio::test]
async fn a_full_disk_stops_and_a_server_error_fails_one_item() {
    let server = Server::start(|_, _| reply(507, "", "")).await;
    let applied = server.open().apply(vec![create("a")]).await;
    assert_eq!(applied.stopped.unwrap().trouble, Trouble::Storage);

    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/cal/a.ics" => reply(500, "", "locked"),
        _ => reply(201, "", ""),
    })
    .await;
    let applied = server.open().apply(vec![create("a"), create("b")]).await;
    assert!(applied.stopped.is_none());
    let failed = applied
        .outcomes
        .iter()
        .filter(|o| matches!(o, Outcome::Failed { reason } if reason.contains("locked")));
    assert_eq!(failed.count(), 1);
}

/// A network that asks to sign in first answers everything so. Some servers say that all is well with an
/// empty page, or describe in one what they made.
#[tokio::test]
async fn a_web_page_does_not_say_that_an_item_is_stored() {
    let html = "Content-Type: text/html\r\n";
    for (answer, stored) in [
        (reply(200, html, "<p>Sign in"), false),
        (reply(200, "", "<!doctype html><html>"), false),
        (reply(200, html, ""), true),
        (reply(201, html, "<html>Created"), true),
    ] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let delete = Edit::Delete { href: Href::new("b.ics"), if_etag: Etag::new("\"1\"") };
        let applied = server.open().apply(vec![create("a"), delete]).await;
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed { .. } | Outcome::NotTried);
        assert!(matches!(applied.outcomes[0], Outcome::Failed { .. }) != stored, "{applied:?}");
        assert!(applied.outcomes.iter().all(|outcome| failed(outcome) != stored), "{applied:?}");
        assert_eq!(applied.stopped.map(|error| error.trouble), (!stored).then_some(Trouble::NotUnderstood));
    }
}

#[tokio::test]
async fn the_wrong_place_is_said_so() {
    for (types, words) in [
        ("<collection/>", "a folder that holds collections"),
        ("<collection/><principal/>", "the address of a user"),
        (
            "<collection/><A:addressbook xmlns:A=\"urn:ietf:params:xml:ns:carddav\"/>",
            "an address book, not a calendar",
        ),
        ("", "a single file"),
    ] {
        let answer = multistatus(&props("/cal/", &format!("<resourcetype>{types}</resourcetype>")));
        let server = Server::start(move |_, _| answer.clone()).await;
        let error = server.open().observe(None).await.unwrap_err();
        assert!(error.message.contains(words), "{}", error.message);
        assert_eq!(error.trouble, Trouble::NotUnderstood);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_stops_everything() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for (url, words) in [
        (format!("http://127.0.0.1:{port}/cal/"), "refuses the connection"),
        ("http://no-such-host.invalid/cal/".to_owned(), "cannot be found"),
    ] {
        let dav = Dav::open(nobody(), &url, Kind::Events).unwrap();
        let error = dav.observe(None).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::Offline);
        assert!(error.message.contains(words), "{}", error.message);
        let applied = dav.apply(vec![create("a"), replace("b.ics", "1")]).await;
        assert_eq!(applied.outcomes, [Outcome::NotTried, Outcome::NotTried]);
        assert_eq!(applied.stopped.unwrap().trouble, Trouble::Offline);
    }
}

#[tokio::test]
async fn a_server_that_cannot_speak_tls_is_not_trusted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/cal/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(&reply(400, "Connection: close\r\n", "plain HTTP")).await.unwrap();
        }
    });
    let account = jana();
    let error = Dav::open(account, &url, Kind::Events).unwrap().observe(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Untrusted, "{error}");
}

#[test]
fn only_web_addresses_are_opened() {
    let account = nobody();
    for url in ["", "calendar", "file:///etc/passwd", "ftp://x/", "http://"] {
        assert!(Dav::open(account.clone(), url, Kind::Events).is_err(), "{url}");
    }
    let dav = Dav::open(account, "https://u:s3cret@dav.example.org/cal?x#y", Kind::Events).unwrap();
    assert_eq!(dav.base().url().as_str(), "https://dav.example.org/cal/");
}

mod discovery;
mod endurance;
mod look;
mod networks;
mod news;
mod query;
mod quirks;
mod redirects;
mod scheduling;
mod sign_in;
