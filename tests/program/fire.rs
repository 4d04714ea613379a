//! The program under fire: between it and a real server stands one who cuts, delays, spoils and refuses. A run
//! ends as it should and says so, nothing is lost on either side, and the next run without trouble heals.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pimbridge::item::Kind;
use pimbridge::state::State;

use crate::support::program::{Ended, Home, files};
use crate::support::proxy::{Fault, Proxy, Rule};
use crate::support::scripted::{Scripted, answer};
use crate::support::servers::{Server, Software};
use crate::support::{http, item, title};

const ALWAYS: usize = usize::MAX;
const LIST: &[&str] = &["sync-collection"];
const CONTENT: &[&str] = &["calendar-multiget", "GET"];
const MULTIGET: &[&str] = &["calendar-multiget"];
const PUT: &[&str] = &["PUT"];
const DELETE: &[&str] = &["DELETE"];
const WRITES: &[&str] = &["PUT", "DELETE"];

/// A profile between a folder and a Radicale behind a proxy, and what both must hold in the end.
struct Fire {
    server: Server,
    proxy: Proxy,
    home: Home,
    folder: PathBuf,
    url: String,
    /// The title of each item, by its UID.
    wanted: BTreeMap<String, String>,
    /// What the program has to overwrite or delete, and so must be in the history.
    doomed: Vec<Bytes>,
    /// How many conflicts no report has told of yet.
    conflicts: u64,
    round: usize,
}

impl Fire {
    /// Nothing was synced yet: some items are on both sides, some on one.
    fn new() -> Fire {
        let server = Server::start(Software::Radicale);
        let proxy = Proxy::before(server.port);
        let url = server.create("work", Kind::Events);
        let home = Home::default();
        home.profile("work", Kind::Events, &proxy.url("alice/work/"), "");
        let folder = home.folder("work");
        let (wanted, doomed) = (BTreeMap::new(), Vec::new());
        let mut fire = Fire { server, proxy, home, folder, url, wanted, doomed, conflicts: 0, round: 0 };
        for n in 0..12 {
            let uid = format!("first-{n:02}");
            if n % 3 != 1 {
                fire.write_local(&uid, "first");
            }
            if n % 3 != 2 {
                fire.write_remote(&uid, "first");
            }
        }
        // Both sides say the same so far.
        fire.doomed.clear();
        fire
    }

    fn in_sync() -> Fire {
        let mut fire = Fire::new();
        fire.home.sync("work", 0);
        fire.heals("at the start");
        fire
    }

    fn bytes(&mut self, uid: &str, title: &str) -> Bytes {
        self.wanted.insert(uid.to_owned(), title.to_owned());
        item(Kind::Events, uid, title, 2 * self.round as u32)
    }

    fn write_local(&mut self, uid: &str, title: &str) {
        let bytes = self.bytes(uid, title);
        self.doom(&self.server.storage("work"), uid);
        fs::write(self.folder.join(format!("{uid}.ics")), bytes).unwrap();
    }

    /// What is in this folder will be overwritten or deleted by the program, if it is there.
    fn doom(&mut self, folder: &Path, uid: &str) {
        self.doomed.extend(fs::read(folder.join(format!("{uid}.ics"))).ok().map(Bytes::from));
    }

    fn delete_local(&mut self, uid: &str) {
        self.wanted.remove(uid);
        self.doom(&self.server.storage("work"), uid);
        fs::remove_file(self.folder.join(format!("{uid}.ics"))).unwrap();
    }

    fn write_remote(&mut self, uid: &str, title: &str) {
        let bytes = self.bytes(uid, title);
        self.doom(&self.folder.clone(), uid);
        http::put(&self.url, &format!("{uid}.ics"), Kind::Events.media_type(), &bytes);
    }

    /// On each side two new items, an edit and a deletion; and an edit of the same item on both, which the server's
    /// version wins as the newer one.
    fn edit_both_sides(&mut self) {
        self.round += 1;
        let old: Vec<String> = self.wanted.keys().cloned().collect();
        let round = self.round;
        for n in 0..2 {
            self.write_local(&format!("round-{round:03}-local-{n}"), "new");
            self.write_remote(&format!("round-{round:03}-remote-{n}"), "new");
        }
        let edited = format!("edited in round {round}");
        self.write_local(&old[0], &edited);
        self.write_remote(&old[1], &edited);
        self.delete_local(&old[2]);
        self.wanted.remove(&old[3]);
        self.doom(&self.folder.clone(), &old[3]);
        http::delete(&self.url, &format!("{}.ics", old[3]));
        // The collection stays small.
        for uid in &old[4..6] {
            self.delete_local(uid);
        }
        let uid = &old[6];
        let loser = item(Kind::Events, uid, &format!("loses in round {round}"), 2 * round as u32 - 1);
        fs::write(self.folder.join(format!("{uid}.ics")), loser).unwrap();
        self.write_remote(uid, &format!("wins in round {round}"));
        self.conflicts += 1;
    }

    /// UIDs and titles in the folder and on the server; each item is there once.
    fn both(&self, when: &str) -> [BTreeMap<String, String>; 2] {
        [files(&self.folder), files(&self.server.storage("work"))].map(|items| {
            let mut found = BTreeMap::new();
            for (name, bytes) in items {
                let uid = pimbridge::item::read(&bytes).unwrap_or_else(|e| panic!("{when}: {name}: {e}")).uid;
                let before = found.insert(uid.unwrap(), title(&bytes));
                assert_eq!(before, None, "{when}: {name} is there twice");
            }
            found
        })
    }

    /// Every version that somebody wrote last is on a side, and nothing that nobody wrote.
    fn nothing_is_lost(&self, when: &str) {
        let sides = self.both(when);
        for (uid, title) in &self.wanted {
            let found = sides.iter().any(|side| side.get(uid) == Some(title));
            assert!(found, "{when}: {uid} ({title}) is lost: {sides:#?}");
        }
    }

    /// One more run makes both sides the same, and then there is nothing left to do. Every version that was
    /// overwritten or deleted on the way is in the history, octet for octet.
    fn heals(&mut self, when: &str) {
        let ended = self.home.run(&["sync", "work", "--json"]);
        assert_eq!(ended.status, 0, "{when}: {ended:?}");
        let report = &ended.json()[0];
        self.tells_of_conflicts(when, report);
        self.conflicts = 0;
        let history = self.history();
        for bytes in &self.doomed {
            assert!(
                history.contains(bytes),
                "{when}: not in the history: {}",
                String::from_utf8_lossy(bytes)
            );
        }
        let [local, remote] = self.both(when);
        assert_eq!(local, self.wanted, "{when}: {report:#}");
        assert_eq!(remote, self.wanted, "{when}: {report:#}");
        let names = |items: BTreeMap<String, Bytes>| items.into_keys().collect::<BTreeSet<_>>();
        assert_eq!(names(files(&self.folder)), names(files(&self.server.storage("work"))), "{when}");
        let idle = self.home.sync("work", 0);
        assert_eq!((&idle["outcome"], &idle["requests"]), (&"ok".into(), &1.into()), "{when}: {idle:#}");
    }

    fn history(&self) -> BTreeSet<Bytes> {
        let file = self.home.path().join("state/work.sqlite");
        let state = State::peek(&file).unwrap().expect("a state");
        let versions = state.history().unwrap().into_iter();
        versions.map(|version| state.version(version.id).unwrap().unwrap().1).collect()
    }

    /// No conflict is told of that there was none, or twice.
    fn tells_of_conflicts(&mut self, when: &str, report: &serde_json::Value) {
        let told = report["conflicts"].as_u64().unwrap();
        assert!(told <= self.conflicts, "{when}: {} conflicts at most: {report:#}", self.conflicts);
        self.conflicts -= told;
    }

    /// A run through this trouble, and one without; how the first one ended, and what it said.
    fn run(
        &mut self,
        name: &str,
        kinds: &'static [&'static str],
        nth: usize,
        times: usize,
        fault: Fault,
    ) -> String {
        // It has to end: what is bounded by an amount takes its time on a busy machine.
        let longest = Duration::from_secs(if matches!(fault, Fault::Endless(..)) { 300 } else { 60 });
        let begun = Instant::now();
        self.proxy.arm(Rule { kinds, from: nth, times, fault });
        let ended = self.home.run(&["sync", "work", "--json"]);
        let struck = self.proxy.disarm();
        assert!(struck > 0, "{name}: nothing met it: {ended:?}");
        // Requests that were under way may meet it as well, but with a password that was good before.
        assert!(!name.starts_with("401") || struck <= 4, "{name}: {struck} requests after the first 401");
        let report = &ended.json()[0];
        self.tells_of_conflicts(name, report);
        assert!(begun.elapsed() < longest, "{name} took {:?}", begun.elapsed());
        self.nothing_is_lost(name);
        self.heals(name);

        let errors = report["errors"].as_array().unwrap();
        let messages: BTreeSet<&str> =
            errors.iter().map(|error| error["message"].as_str().unwrap()).collect();
        let shown = Ended { stdout: messages.into_iter().collect::<Vec<_>>().join(" | "), ..ended };
        let said = self.home.shown(&shown);
        format!("{name}: {} {}\n", ended_as(&shown, report), if said.is_empty() { "" } else { said.trim() })
            .replace(" \n", "\n")
    }

    /// The same, after changes on both sides.
    fn meets(
        &mut self,
        name: &str,
        kinds: &'static [&'static str],
        nth: usize,
        times: usize,
        fault: Fault,
    ) -> String {
        self.edit_both_sides();
        self.run(name, kinds, nth, times, fault)
    }
}

fn ended_as(ended: &Ended, report: &serde_json::Value) -> String {
    let outcome = report["outcome"].as_str().unwrap();
    let fits = matches!((ended.status, outcome), (0, "ok") | (1, "partial") | (3, "failed"));
    assert!(fits, "{ended:?}");
    format!("{} {outcome}", ended.status)
}

fn status(line: &'static str) -> Fault {
    Fault::Answer(line, String::new(), "")
}

#[test]
fn while_the_changes_are_listed() {
    let mut fire = Fire::in_sync();
    let told: String = [
        ("a broken connection", 1, Fault::NotPassedOn),
        ("broken connections", ALWAYS, Fault::NotPassedOn),
        ("a cut in the head", ALWAYS, Fault::CutHead(30)),
        ("a cut in the body", ALWAYS, Fault::CutBody(200)),
        ("a cut before the last byte", ALWAYS, Fault::CutEnd(1)),
        ("a cut without a length", ALWAYS, Fault::CutBodyWithoutLength(300)),
        ("a cut in the packed body", ALWAYS, Fault::CutGzip),
        ("a length too large", ALWAYS, Fault::WrongLength(50)),
        ("a length too small", ALWAYS, Fault::WrongLength(-50)),
        ("a delay", ALWAYS, Fault::Late(Duration::from_millis(1500))),
    ]
    .map(|(name, times, fault)| fire.meets(name, LIST, 0, times, fault))
    .concat();
    insta::assert_snapshot!(told, @r#"
        a broken connection: 0 ok
        broken connections: 3 failed the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        a cut in the head: 3 failed the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        a cut in the body: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a cut before the last byte: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a cut without a length: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a cut in the packed body: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a length too large: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a length too small: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a delay: 0 ok
        "#);
}

#[test]
fn while_the_changes_are_refused() {
    let mut fire = Fire::in_sync();
    let mut told: String = [
        ("401", status("401 Unauthorized")),
        ("403", status("403 Forbidden")),
        ("404", status("404 Not Found")),
        ("409", status("409 Conflict")),
        ("412", status("412 Precondition Failed")),
        ("500", status("500 Internal Server Error")),
        ("507", status("507 Insufficient Storage")),
        ("429 for long", Fault::Answer("429 Too Many Requests", "Retry-After: 3600\r\n".into(), "")),
        ("503 all the time", status("503 Service Unavailable")),
    ]
    .map(|(name, fault)| fire.meets(name, LIST, 0, ALWAYS, fault))
    .concat();
    let in_two_seconds = || {
        let then = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
        let date = jiff::fmt::rfc2822::to_string(&then.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        format!("Retry-After: {}\r\n", date.replace("+0000", "GMT"))
    };
    let rows: [(&str, &dyn Fn() -> String); 3] = [
        ("429 for a second", &|| "Retry-After: 1\r\n".to_owned()),
        ("429 until a time", &in_two_seconds),
        ("429 once", &String::new),
    ];
    for (name, headers) in rows {
        let headers = headers();
        told += &fire.meets(name, LIST, 0, 1, Fault::Answer("429 Too Many Requests", headers, ""));
    }
    insta::assert_snapshot!(told, @r#"
        401: 3 failed 127.0.0.1:PORT does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
        403: 0 ok
        404: 0 ok
        409: 0 ok
        412: 0 ok
        500: 0 ok
        507: 0 ok
        429 for long: 3 failed 127.0.0.1:PORT is busy and asks to come back later: the next sync goes on from here
        503 all the time: 3 failed 127.0.0.1:PORT is busy and asks to come back later: the next sync goes on from here
        429 for a second: 0 ok
        429 until a time: 0 ok
        429 once: 0 ok
        "#);
}

#[test]
fn while_items_are_fetched() {
    let mut fire = Fire::in_sync();
    let told: String = [
        ("a broken connection", CONTENT, 1, Fault::NotPassedOn),
        ("a cut, once", MULTIGET, 1, Fault::CutBody(900)),
        ("a cut of each list", MULTIGET, ALWAYS, Fault::CutBody(900)),
        ("cuts of everything", CONTENT, ALWAYS, Fault::CutBody(300)),
        ("cuts without a length", MULTIGET, ALWAYS, Fault::CutBodyWithoutLength(1500)),
        ("packed and cut", CONTENT, ALWAYS, Fault::CutGzip),
        ("a length too large", CONTENT, ALWAYS, Fault::WrongLength(9)),
        ("a length too small", MULTIGET, ALWAYS, Fault::WrongLength(-9)),
        ("401", CONTENT, ALWAYS, status("401 Unauthorized")),
        ("403", CONTENT, ALWAYS, status("403 Forbidden")),
        ("500, once", CONTENT, 1, status("500 Internal Server Error")),
        ("500", CONTENT, ALWAYS, status("500 Internal Server Error")),
        ("503 for long", CONTENT, ALWAYS, Fault::Answer("503 x", "Retry-After: 3600\r\n".into(), "")),
    ]
    .map(|(name, kinds, times, fault)| fire.meets(name, kinds, 0, times, fault))
    .concat();
    insta::assert_snapshot!(told, @r#"
        a broken connection: 0 ok
        a cut, once: 0 ok
        a cut of each list: 0 ok
        cuts of everything: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        cuts without a length: 0 ok
        packed and cut: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a length too large: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a length too small: 0 ok
        401: 3 failed 127.0.0.1:PORT does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
        403: 1 partial It cannot be read: the server answers with error 403: try again later, and if it stays so ask whoever runs the server. It is left as it is on both sides until it can be read.
        500, once: 0 ok
        500: 3 failed the server answers with error 500: try again later, and if it stays so ask whoever runs the server
        503 for long: 3 failed 127.0.0.1:PORT is busy and asks to come back later: the next sync goes on from here
        "#);
}

#[test]
fn while_items_are_stored() {
    let mut fire = Fire::in_sync();
    let told: String = [
        ("broken connections", PUT, 0, ALWAYS, Fault::NotPassedOn),
        ("stored, the answer is lost", PUT, 0, ALWAYS, Fault::CutHead(0)),
        ("stored, the answer is cut", PUT, 0, ALWAYS, Fault::CutHead(25)),
        ("stored, but the answer is 500", PUT, 0, 2, Fault::AnswerAfterwards("500 Internal Server Error")),
        ("stored, but the answer is 500 each time", PUT, 0, ALWAYS, Fault::AnswerAfterwards("500 x")),
        ("deleted, the answer is lost", DELETE, 0, ALWAYS, Fault::CutHead(0)),
        ("deleted, but the answer is 503", DELETE, 0, 1, Fault::AnswerAfterwards("503 x")),
        ("the second write breaks off", WRITES, 1, 1, Fault::NotPassedOn),
        ("a delay", WRITES, 0, 2, Fault::Late(Duration::from_millis(1500))),
    ]
    .map(|(name, kinds, nth, times, fault)| fire.meets(name, kinds, nth, times, fault))
    .concat();
    insta::assert_snapshot!(told, @r#"
        broken connections: 1 partial the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        stored, the answer is lost: 1 partial the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        stored, the answer is cut: 1 partial the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        stored, but the answer is 500: 0 ok
        stored, but the answer is 500 each time: 1 partial the server answers with error 500: try again later, and if it stays so ask whoever runs the server
        deleted, the answer is lost: 1 partial the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        deleted, but the answer is 503: 0 ok
        the second write breaks off: 1 partial the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        a delay: 0 ok
        "#);
}

#[test]
fn while_writes_are_refused() {
    let mut fire = Fire::in_sync();
    let told: String = [
        ("401", status("401 Unauthorized")),
        ("403", status("403 Forbidden")),
        ("404 for a PUT", status("404 Not Found")),
        ("409", status("409 Conflict")),
        ("412", status("412 Precondition Failed")),
        ("413", status("413 Content Too Large")),
        ("423", status("423 Locked")),
        ("429 for long", Fault::Answer("429 Too Many Requests", "Retry-After: 3600\r\n".into(), "")),
        ("500", Fault::Answer("500 Internal Server Error", String::new(), "database is locked")),
        ("507", status("507 Insufficient Storage")),
    ]
    .map(|(name, fault)| {
        let kinds = if name.contains("PUT") { PUT } else { WRITES };
        fire.meets(name, kinds, 1, ALWAYS, fault)
    })
    .concat();
    insta::assert_snapshot!(told, @r#"
        401: 3 failed 127.0.0.1:PORT does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
        403: 1 partial the server refuses it with error 403
        404 for a PUT: 1 partial the server refuses it with error 404
        409: 1 partial the server refuses it with error 409
        412: 1 partial the server refuses it with error 412 | the server says that it was changed meanwhile, although it was not: change it on the server, or ask whoever runs it
        413: 1 partial the server refuses it with error 413
        423: 1 partial the server answers with error 423: try again later, and if it stays so ask whoever runs the server
        429 for long: 3 failed 127.0.0.1:PORT is busy and asks to come back later: the next sync goes on from here
        500: 1 partial the server answers with error 500 (it says: database is locked): try again later, and if it stays so ask whoever runs the server
        507: 3 failed the server's disk or your quota is full: make room there; what is missing is stored with the next sync
        "#);
}

/// The password goes nowhere else, neither when a list is asked for nor with an item.
#[test]
fn sent_on_to_another_host() {
    let mut fire = Fire::in_sync();
    let other =
        Scripted::start(|_| answer("207 Multi-Status", "application/xml", "<multistatus xmlns='DAV:'/>"));
    let mut told = String::new();
    for (name, kinds) in [("the list", LIST), ("items", CONTENT), ("writes", WRITES)] {
        for code in ["302 Found", "307 Temporary Redirect"] {
            let to = format!("Location: {}\r\n", other.url("alice/work/"));
            told += &fire.meets(&format!("{name}, {code}"), kinds, 0, ALWAYS, Fault::Answer(code, to, ""));
        }
    }
    assert_eq!(other.take_seen(), [] as [&str; 0]);
    insta::assert_snapshot!(told, @r#"
        the list, 302 Found: 3 failed the server sends Pimbridge on to http://127.0.0.1:PORT/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)
        the list, 307 Temporary Redirect: 3 failed the server sends Pimbridge on to http://127.0.0.1:PORT/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)
        items, 302 Found: 3 failed the server sends Pimbridge on to http://127.0.0.1:PORT/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)
        items, 307 Temporary Redirect: 3 failed the server sends Pimbridge on to http://127.0.0.1:PORT/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)
        writes, 302 Found: 3 failed the server sends Pimbridge on to http://127.0.0.1:PORT/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)
        writes, 307 Temporary Redirect: 3 failed the server sends Pimbridge on to http://127.0.0.1:PORT/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first)
        "#);
}

#[test]
fn an_answer_without_end() {
    let mut fire = Fire::in_sync();
    let start = "<?xml version=\"1.0\"?><multistatus xmlns=\"DAV:\">";
    let told: String = [
        ("a value", LIST, Fault::Endless(start, "x".into())),
        ("white space", LIST, Fault::Endless(start, " ".into())),
        ("white space before it begins", LIST, Fault::Endless("", " ".into())),
        ("elements", LIST, Fault::Endless(start, format!("<x>{}</x>", "x".repeat(1 << 20)))),
        ("items", CONTENT, Fault::Endless("", "BEGIN:VEVENT\r\n".into())),
    ]
    .map(|(name, kinds, fault)| fire.meets(name, kinds, 0, ALWAYS, fault))
    .concat();
    insta::assert_snapshot!(told, @r#"
        a value: 3 failed the server's answer is larger than Pimbridge accepts (a single value of more than 32 MB): ask whoever runs the server
        white space: 3 failed the server's answer is larger than Pimbridge accepts (a single value of more than 32 MB): ask whoever runs the server
        white space before it begins: 3 failed the server's answer is larger than Pimbridge accepts (a single value of more than 32 MB): ask whoever runs the server
        elements: 3 failed the server's answer is larger than Pimbridge accepts (more than 512 MB): ask whoever runs the server
        items: 1 partial It cannot be read: it is larger than 32 MB. It is left as it is on both sides until it can be read.
        "#);
}

/// The first sync, through all that it asks.
#[test]
fn in_the_first_sync() {
    let told: String = [
        ("a cut in what the collection is", &["PROPFIND"][..], ALWAYS, Fault::CutBody(100)),
        ("401", &["PROPFIND"], ALWAYS, status("401 Unauthorized")),
        ("503 for long", &["PROPFIND"], ALWAYS, Fault::Answer("503 x", "Retry-After: 600\r\n".into(), "")),
        ("a cut in the list", LIST, ALWAYS, Fault::CutBody(700)),
        ("a cut of the items", CONTENT, ALWAYS, Fault::CutBody(300)),
        ("stored, the answer is lost", PUT, 2, Fault::CutHead(0)),
    ]
    .map(|(name, kinds, times, fault)| Fire::new().run(name, kinds, 0, times, fault))
    .concat();
    insta::assert_snapshot!(told, @r#"
        a cut in what the collection is: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        401: 3 failed 127.0.0.1:PORT does not accept the user name or the password: check both (some services want an app password). It comes from the environment variable TEST_PASSWORD.
        503 for long: 3 failed 127.0.0.1:PORT is busy and asks to come back later: the next sync goes on from here
        a cut in the list: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        a cut of the items: 3 failed the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        stored, the answer is lost: 1 partial the connection to 127.0.0.1:PORT broke off: check that this computer is online, or try again later
        "#);
}

/// Killed while the server has a request: before or after it did what was asked. A number of runs are killed one
/// after the other, each further on.
#[test]
fn killed_at_every_request() {
    let mut fire = Fire::in_sync();
    let mut kills = 0;
    for afterwards in [false, true] {
        fire.edit_both_sides();
        for nth in 0..12 {
            let kinds = &["PROPFIND", "REPORT", "PUT", "DELETE", "GET"];
            fire.proxy.arm(Rule { kinds, from: nth, times: ALWAYS, fault: Fault::Hang { afterwards } });
            let mut command = fire.home.command(&["sync", "work", "--json"]);
            let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while !fire.proxy.wait_until_it_strikes(Duration::from_millis(20)) {
                if process.try_wait().unwrap().is_some() {
                    break;
                }
            }
            kills += usize::from(process.try_wait().unwrap().is_none());
            let _ = process.kill();
            process.wait().unwrap();
            fire.proxy.disarm();
            let when = format!("killed at request {nth}, afterwards {afterwards}");
            fire.nothing_is_lost(&when);
            if nth % 2 == 1 {
                fire.heals(&when);
                fire.edit_both_sides();
            }
        }
        fire.heals("at the end");
    }
    assert!(kills >= 16, "only {kills} runs were killed before their end");
}
