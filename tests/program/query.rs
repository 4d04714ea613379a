//! What real servers answer to searches. Both name more than they need to, and none less.
//!
//! - Xandikos does not see that an RDATE takes place, which is why whatever has one is asked for as well; asked
//!   for a range up to the year 9999 it never answers.
//! - Radicale compares a UID with what is meant, Xandikos finds one that is written with escapes either way.
//! - Both answer rightly for tasks, which are not asked for by time all the same, because others do not.

use std::collections::BTreeSet;

use pimbridge::collection::Collection;
use pimbridge::collection::dav::{Account, Connection, Credentials, Dav};
use pimbridge::item::Kind;
use pimbridge::item::span::Range;

use crate::support::http;
use crate::support::servers::{PASSWORD, Server, Software, USER};

/// Name and lines of each event; several are components of one item.
const EVENTS: [(&str, &[&str]); 13] = [
    ("inside", &["DTSTART:20260510T100000Z\r\nDTEND:20260510T110000Z"]),
    ("before", &["DTSTART:20250510T100000Z\r\nDTEND:20250510T110000Z"]),
    ("after", &["DTSTART:20260610T100000Z\r\nDURATION:PT1H"]),
    ("far-away", &["DTSTART:21500510T100000Z\r\nDURATION:PT1H"]),
    ("across-the-border", &["DTSTART:20260430T230000Z\r\nDTEND:20260501T010000Z"]),
    ("whole-day", &["DTSTART;VALUE=DATE:20260515"]),
    ("floating", &["DTSTART:20260515T100000\r\nDURATION:PT1H"]),
    ("daily", &["DTSTART:20200101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY"]),
    ("daily-ended", &["DTSTART:20200101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=9"]),
    ("birthday", &["DTSTART;VALUE=DATE:19600520\r\nRRULE:FREQ=YEARLY"]),
    ("birthday-in-august", &["DTSTART;VALUE=DATE:19600820\r\nRRULE:FREQ=YEARLY"]),
    (
        "only-the-override",
        &[
            "DTSTART:20250101T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3",
            "RECURRENCE-ID:20250102T100000Z\r\nDTSTART:20260512T100000Z\r\nDURATION:PT1H",
        ],
    ),
    ("only-the-rdate", &["DTSTART:20250101T100000Z\r\nDURATION:PT1H\r\nRDATE:20260512T100000Z"]),
];

const OUTSIDE: [&str; 5] = ["before", "after", "far-away", "daily-ended", "birthday-in-august"];

fn calendar(component: &str, uid: &str, lines: &[&str]) -> String {
    let part = |lines: &&str| {
        format!(
            "BEGIN:{component}\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{lines}\r\nSUMMARY:x\r\nEND:{component}\r\n"
        )
    };
    let parts: String = lines.iter().map(part).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{parts}END:VCALENDAR\r\n")
}

fn range(start: &str, end: &str) -> Range {
    Range { start: start.parse().unwrap(), end: end.parse().unwrap() }
}

/// A collection on a server, as the library sees it.
struct Searched {
    dav: Dav,
    runtime: tokio::runtime::Runtime,
}

impl Searched {
    fn open(url: &str, kind: Kind) -> Searched {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let account = Account::new(
            Credentials::Password { user: USER.into(), password: PASSWORD.into() },
            Connection::default(),
        )
        .unwrap();
        Searched { dav: Dav::open(account, url, kind).unwrap(), runtime }
    }

    fn within(&self, range: &Range) -> Option<BTreeSet<String>> {
        self.runtime.block_on(self.dav.within(range)).unwrap().map(names)
    }

    fn having(&self, uids: &[&str]) -> Option<BTreeSet<String>> {
        let uids: Vec<String> = uids.iter().map(|uid| (*uid).to_owned()).collect();
        self.runtime.block_on(self.dav.having_uids(&uids)).unwrap().map(names)
    }
}

fn names(hrefs: impl IntoIterator<Item = pimbridge::collection::Href>) -> BTreeSet<String> {
    hrefs.into_iter().map(|href| href.as_str().rsplit_once('.').unwrap().0.to_owned()).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn ranges_on(software: Software) {
    let server = Server::start(software);
    let url = server.create("events", Kind::Events);
    for (name, lines) in EVENTS {
        http::put(&url, &format!("{name}.ics"), "text/calendar", calendar("VEVENT", name, lines).as_bytes());
    }
    let events = Searched::open(&url, Kind::Events);
    let may = range("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z");
    let inside = EVENTS.iter().map(|(name, _)| *name).filter(|name| !OUTSIDE.contains(name));
    assert_eq!(events.within(&may), Some(set(inside)), "{}", server.log());
    // A day wider, so that no zone and no whole day makes a difference.
    let close = range("2026-06-11T10:30:00Z", "2026-06-12T00:00:00Z");
    assert!(events.within(&close).unwrap().contains("after"));
    let open = Range { end: jiff::Timestamp::MAX, ..may };
    let ended = ["before", "daily-ended"];
    let lasting = EVENTS.iter().map(|(name, _)| *name).filter(|name| !ended.contains(name));
    assert_eq!(events.within(&open), Some(set(lasting)), "{}", server.log());
    assert_eq!(events.within(&Range { start: jiff::Timestamp::MIN, end: jiff::Timestamp::MAX }), None);

    let url = server.create("tasks", Kind::Tasks);
    http::put(
        &url,
        "due.ics",
        "text/calendar",
        calendar("VTODO", "due", &["DUE:20260510T100000Z"]).as_bytes(),
    );
    assert_eq!(Searched::open(&url, Kind::Tasks).within(&may), None);
}

fn uids_on(software: Software) {
    let long = "long-".repeat(60);
    let uids = ["a&b<c>\"'@x", "grüße-aus-köln", &long, "plain", "with\\,comma\\;and", "spaces in it"];
    let server = Server::start(software);
    for kind in [Kind::Events, Kind::Tasks, Kind::Contacts] {
        let url = server.create(&format!("{kind}"), kind);
        for (n, uid) in uids.iter().enumerate() {
            let (media_type, text) = match kind {
                Kind::Events => ("text/calendar", calendar("VEVENT", uid, EVENTS[0].1)),
                Kind::Tasks => ("text/calendar", calendar("VTODO", uid, &["DUE:20260510T100000Z"])),
                Kind::Contacts => (
                    "text/vcard",
                    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD\r\n"),
                ),
            };
            http::put(&url, &format!("{n}.{}", kind.extension()), media_type, text.as_bytes());
        }
        let searched = Searched::open(&url, kind);
        for (n, uid) in uids.iter().enumerate() {
            let found = searched.having(&[uid]);
            assert_eq!(found, Some(set([n.to_string().as_str()])), "{uid} {kind}: {}", server.log());
        }
        assert_eq!(searched.having(&["nobody", uids[0], uids[1]]), Some(set(["0", "1"])), "{kind}");
        assert_eq!(searched.having(&[]), Some(set([])));
    }
}

#[test]
fn ranges_on_radicale() {
    ranges_on(Software::Radicale);
}

#[test]
fn ranges_on_xandikos() {
    ranges_on(Software::Xandikos);
}

#[test]
fn uids_on_radicale() {
    uids_on(Software::Radicale);
}

#[test]
fn uids_on_xandikos() {
    uids_on(Software::Xandikos);
}
