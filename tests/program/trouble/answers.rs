//! The server answers, but not what was asked for.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pimbridge::item::Kind;

use super::{in_sync, write_events};
use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::{Home, files};
use crate::support::scripted::{Request, Scripted, answer, pass_on};

/// A server in front of an embedded one that can be made to answer these bytes to everything.
fn spoilt(bytes: Vec<u8>) -> (Embedded, Scripted, Arc<AtomicBool>) {
    let server = Embedded::start(Kind::Events);
    let spoil = Arc::new(AtomicBool::new(false));
    let answers = {
        let spoil = spoil.clone();
        move |_: &Request| spoil.load(Ordering::Relaxed).then(|| bytes.clone())
    };
    let front = Scripted::before(server.port(), answers);
    (server, front, spoil)
}

/// What is shown when the server begins to answer like this: both sides stay as they are, and the next good
/// run does what is left.
#[track_caller]
fn told(bytes: Vec<u8>) -> String {
    let (server, front, spoil) = spoilt(bytes);
    let (home, folder) = in_sync(&front.url(&format!("{}/", server.path())), 7);
    write_events(&home, "new", 1);
    fs::remove_file(folder.join("old-0.ics")).unwrap();
    server.delete("old-1.ics");
    let before = (files(&folder), server.items());
    spoil.store(true, Ordering::Relaxed);
    let shown = home.shown(&home.run(&["sync", "work"]).expect(3));
    assert_eq!((files(&folder), server.items()), before);

    spoil.store(false, Ordering::Relaxed);
    let report = home.sync("work", 0);
    assert_eq!(files(&folder), server.items(), "{report:#}");
    let names: Vec<String> = files(&folder).into_keys().collect();
    assert_eq!(names, ["new-0.ics", "old-2.ics", "old-3.ics", "old-4.ics", "old-5.ics", "old-6.ics"]);
    // And a new profile meets the same answers.
    spoil.store(true, Ordering::Relaxed);
    fs::remove_dir_all(home.path().join("state")).unwrap();
    assert_eq!(home.shown(&home.run(&["sync", "work"]).expect(3)), shown);
    assert_eq!(files(&folder), server.items());
    shown
}

#[test]
fn a_web_page() {
    let page =
        "<!DOCTYPE html><html><head><title>Welcome to the hotel</title></head><body>Sign in</body></html>";
    insta::assert_snapshot!(told(answer("200 OK", "text/html; charset=utf-8", page)), @r#"
        work: the sync could not be done.
          The server answers with a web page instead of a calendar or an address book: check the address, or open it in a browser (a network may ask to sign in first).
          (TRAFFIC)
        "#);
}

#[test]
fn sent_on_to_a_web_page() {
    let bytes =
        b"HTTP/1.1 302 Found\r\nLocation: http://login.example/hotel?user=alice\r\nContent-Length: 0\r\n\
        Connection: close\r\n\r\n";
    insta::assert_snapshot!(told(bytes.to_vec()), @r#"
        work: the sync could not be done.
          The server sends Pimbridge on to http://login.example/hotel, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts login.example (a network may ask to sign in first).
          (TRAFFIC)
        "#);
}

const CUT: &str = "<?xml version=\"1.0\"?><multistatus xmlns=\"DAV:\"><response><href>/calendars/alice/work/</href>\
                   <propstat><prop><resourcetype><collection/>";

#[test]
fn xml_that_breaks_off() {
    insta::assert_snapshot!(told(answer("207 Multi-Status", "application/xml", CUT)), @r#"
        work: the sync could not be done.
          The server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server.
          (TRAFFIC)
        "#);
}

#[test]
fn a_connection_that_breaks_off_in_the_xml() {
    let mut bytes = answer("207 Multi-Status", "application/xml", &format!("{CUT}{}", " ".repeat(500)));
    bytes.truncate(bytes.len() - 400);
    insta::assert_snapshot!(told(bytes), @r#"
        work: the sync could not be done.
          The server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server.
          (TRAFFIC)
        "#);
}

#[test]
fn something_else_altogether() {
    insta::assert_snapshot!(told(answer("207 Multi-Status", "application/xml", "<multistatus xmlns='DAV:'/>")), @r#"
        work: the sync could not be done.
          The server's answer cannot be understood (it does not say anything of the collection): check that the address is that of a calendar or an address book.
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(told(answer("200 OK", "application/json", "{\"ok\": true}")), @r#"
        work: the sync could not be done.
          The server's answer cannot be understood (status 200 instead of 207): check that the address is that of a calendar or an address book.
          (TRAFFIC)
        "#);
}

#[test]
fn an_error_of_the_server() {
    insta::assert_snapshot!(told(answer("500 Internal Server Error", "text/plain", "Out of cheese.")), @r#"
        work: the sync could not be done.
          The server answers with error 500 (it says: Out of cheese): try again later, and if it stays so ask whoever runs the server.
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(told(answer("404 Not Found", "text/plain", "nothing here")), @r#"
        work: the sync could not be done.
          http://127.0.0.1:PORT/calendars/alice/work/ is not there (any more): nothing was deleted here. Check the address, or remove the profile if that is on purpose.
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(told(answer("403 Forbidden", "text/plain", "your subscription has ended")), @r#"
        work: the sync could not be done.
          The server does not let this user read this calendar or address book (it says: your subscription has ended): check the address and the user name, or ask its owner to share it.
          (TRAFFIC)
        "#);
}

#[test]
fn a_busy_server() {
    let bytes = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    insta::assert_snapshot!(told(bytes.to_vec()), @r#"
        work: the sync could not be done.
          127.0.0.1:PORT is busy and asks to come back later: the next sync goes on from here.
          (TRAFFIC)
        "#);
}

/// The numbers of the items that a multiget or a GET asks for.
fn asked_for(request: &Request) -> Vec<usize> {
    let text = format!("{}{}", request.path, String::from_utf8_lossy(&request.body));
    let number = |part: &str| part.split_once(".ics").and_then(|(number, _)| number.parse().ok());
    text.split("event-").skip(1).filter_map(number).collect()
}

/// A first download of 350 items through a server that fails as it likes; how often each item was sent.
struct Download {
    server: Embedded,
    front: Scripted,
    home: Home,
    sent: Arc<Mutex<BTreeMap<usize, usize>>>,
}

impl Download {
    const ITEMS: usize = 350;

    fn new(fails: impl Fn(&[usize]) -> bool + Send + Sync + 'static) -> Download {
        let server = Embedded::start(Kind::Events);
        for n in 0..Download::ITEMS {
            let uid = format!("event-{n}");
            server.put(&format!("{uid}.ics"), event(&uid, &format!("Event {n}"), 0));
        }
        let sent: Arc<Mutex<BTreeMap<usize, usize>>> = Arc::default();
        let answers = {
            let sent = sent.clone();
            move |request: &Request| {
                let numbers = asked_for(request);
                if !numbers.is_empty() && fails(&numbers) {
                    return Some(answer("500 Internal Server Error", "text/plain", "database is locked"));
                }
                for number in numbers {
                    *sent.lock().unwrap().entry(number).or_default() += 1;
                }
                None
            }
        };
        let front = Scripted::before(server.port(), answers);
        let home = Home::default();
        home.profile("work", Kind::Events, &front.url(&format!("{}/", server.path())), "");
        Download { server, front, home, sent }
    }

    fn is_complete(&self) {
        assert_eq!(files(&self.home.folder("work")), self.server.items());
        let sent = self.sent.lock().unwrap();
        assert_eq!(sent.len(), Download::ITEMS);
        assert!(sent.values().all(|times| *times == 1), "fetched twice: {sent:?}");
    }
}

/// A connection that breaks off in the middle of a chunk, once.
#[test]
fn a_chunk_that_breaks_off() {
    let download = Download::new(|_| false);
    let chunks = AtomicUsize::new(0);
    let port = download.server.port();
    let answers = move |request: &Request| {
        let cut = !asked_for(request).is_empty() && chunks.fetch_add(1, Ordering::Relaxed) == 2;
        cut.then(|| {
            let mut whole = pass_on(port, request);
            whole.truncate(whole.len() * 2 / 3);
            whole
        })
    };
    let front = Scripted::before(port, answers);
    let home = &download.home;
    home.profile("work", Kind::Events, &front.url(&format!("{}/", download.server.path())), "");
    let ended = home.run(&["sync", "work"]);
    assert!(matches!(ended.status, 0 | 3), "{ended:?}");
    let whole = download.server.items();
    for (name, bytes) in files(&home.folder("work")) {
        assert_eq!(bytes, whole[&name], "only whole items are stored");
    }
    let report = home.sync("work", 0);
    assert_eq!(report["conflicts"], 0, "{report:#}");
    assert_eq!((files(&home.folder("work")), download.server.items()), (whole.clone(), whole));
}

#[test]
fn a_hiccup_on_the_third_chunk_is_overcome_in_the_same_run() {
    let chunks = AtomicUsize::new(0);
    let download = Download::new(move |_| chunks.fetch_add(1, Ordering::Relaxed) == 2);
    let report = download.home.sync("work", 0);
    assert_eq!(report["local"]["created"], Download::ITEMS, "{report:#}");
    download.is_complete();
}

#[test]
fn an_error_on_a_chunk_leaves_the_others_done() {
    let broken = Arc::new(AtomicBool::new(true));
    let fails = {
        let broken = broken.clone();
        move |numbers: &[usize]| {
            broken.load(Ordering::Relaxed) && numbers.iter().any(|number| (200..205).contains(number))
        }
    };
    let download = Download::new(fails);
    let home = &download.home;
    let ended = home.run(&["sync", "work"]).expect(1);
    assert_eq!(files(&home.folder("work")).len(), Download::ITEMS - 5);
    let shown = home.shown(&ended);
    let from = shown.find("\n  5 items").unwrap_or_else(|| panic!("{shown}"));
    insta::assert_snapshot!(&shown[from..], @r#"
        5 items could not be synced (everything else was, and none of these is lost):
          event-200.ics (on the server): It could not be read this time: the server answers with error 500 (it says: database is locked): try again later, and if it stays so ask whoever runs the server.
          event-201.ics (on the server): It could not be read this time: the server answers with error 500 (it says: database is locked): try again later, and if it stays so ask whoever runs the server.
          event-202.ics (on the server): It could not be read this time: the server answers with error 500 (it says: database is locked): try again later, and if it stays so ask whoever runs the server.
          event-203.ics (on the server): It could not be read this time: the server answers with error 500 (it says: database is locked): try again later, and if it stays so ask whoever runs the server.
          event-204.ics (on the server): It could not be read this time: the server answers with error 500 (it says: database is locked): try again later, and if it stays so ask whoever runs the server.
        (TRAFFIC)
        "#);

    // The server is mended, so the next run completes.
    broken.store(false, Ordering::Relaxed);
    let report = home.sync("work", 0);
    assert_eq!(report["local"]["created"], 5, "{report:#}");
    download.is_complete();
    assert_eq!(home.sync("work", 0)["requests"], 1);
}

/// One item that the server can never send must not cost the others anything, run after run.
#[test]
fn an_item_that_is_never_sent_is_left_alone_after_a_while() {
    let download = Download::new(|numbers| numbers.contains(&7));
    let home = &download.home;
    home.sync("work", 1);
    home.sync("work", 1);
    download.front.take_seen();
    let report = home.sync("work", 1);
    assert_eq!(report["requests"], 1, "{report:#}\n{:?}", download.front.take_seen());
    assert_eq!(files(&home.folder("work")).len(), Download::ITEMS - 1);
    let status = home.shown(&home.run(&["status"]).expect(0));
    insta::assert_snapshot!(status, @"work: in sync except for 1 item (DAY TIME)");
}
