//! Searches.

use super::*;
use crate::item::span::Range;

const QUERY: &str = "<supported-report-set><supported-report><report><C:calendar-query/></report></supported-report></supported-report-set>";

fn may() -> Range {
    Range { start: "2026-05-01T00:00:00Z".parse().unwrap(), end: "2026-06-01T00:00:00Z".parse().unwrap() }
}

fn hrefs(names: &[&str]) -> Option<HashSet<Href>> {
    Some(names.iter().copied().map(Href::new).collect())
}

fn uids(uids: &[&str]) -> Vec<String> {
    uids.iter().map(|uid| (*uid).to_owned()).collect()
}

impl Seen {
    fn asks_for_time(&self) -> bool {
        self.body.contains("time-range")
    }
}

impl Server {
    /// Announces that it can search, and answers searches.
    async fn searching(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start(move |_, seen| match seen.method.as_str() {
            "PROPFIND" => multistatus(&props("/cal/", &format!("{CALENDAR}{QUERY}"))),
            _ => answer(seen),
        })
        .await
    }

    fn open_as(&self, kind: Kind) -> Dav {
        Dav::open(nobody(), &self.url, kind).unwrap()
    }

    fn searches(&self) -> usize {
        self.seen().iter().filter(|seen| seen.method == "REPORT").count()
    }
}

#[tokio::test]
async fn what_is_inside_and_what_servers_overlook() {
    let server = Server::searching(|seen| match seen.asks_for_time() {
        true => multistatus(&format!(
            "{}{}{}{}",
            etag("/cal/%61%20b.ics", "1"),
            etag("c.ics", "1"),
            status("/cal/gone.ics", 404),
            etag("/cal/", "1")
        )),
        false if seen.body.contains("RDATE") => multistatus(&etag("/cal/r.ics", "1")),
        false => multistatus(&etag("/cal/moved.ics", "1")),
    })
    .await;
    let dav = server.open();
    assert_eq!(dav.within(&may()).await.unwrap(), hrefs(&["a%20b.ics", "c.ics", "moved.ics", "r.ics"]));
    assert_eq!(server.methods(), "PROPFIND REPORT REPORT REPORT");
    let mut asked: Vec<Seen> = server.seen().split_off(1);
    assert!(
        asked
            .iter()
            .all(|seen| seen.has("depth: 1") && seen.has("content-type: application/xml; charset=utf-8"))
    );
    asked.sort_by_key(|seen| (!seen.asks_for_time(), seen.body.contains("RECURRENCE-ID")));
    insta::assert_snapshot!(asked[0].body, @r#"<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260430T000000Z" end="20260602T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"#);
    insta::assert_snapshot!(asked[1].body, @r#"<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:prop-filter name="RDATE"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"#);
    assert_eq!(asked[2].body, asked[1].body.replace("RDATE", "RECURRENCE-ID"));
    // That it can search is known now.
    dav.within(&may()).await.unwrap();
    assert_eq!(server.methods(), "PROPFIND REPORT REPORT REPORT REPORT REPORT REPORT");
}

#[tokio::test]
async fn tasks_and_contacts_are_not_searched_by_time() {
    let server = Server::searching(|_| multistatus("")).await;
    for kind in [Kind::Tasks, Kind::Contacts] {
        assert_eq!(server.open_as(kind).within(&may()).await.unwrap(), None);
    }
    assert_eq!(server.methods(), "");
}

#[tokio::test]
async fn uids_are_searched_for_one_by_one() {
    let server = Server::searching(|seen| {
        let found =
            if seen.body.contains("a&amp;b") { etag("/cal/1.ics", "1") } else { etag("/cal/2.ics", "1") };
        multistatus(&found)
    })
    .await;
    let dav = server.open();
    assert_eq!(dav.having_uids(&[]).await.unwrap(), hrefs(&[]));
    assert_eq!(server.methods(), "");
    let wanted = uids(&["a&b<c>\"@x", "ü\\,long", "a&b<c>\"@x"]);
    assert_eq!(dav.having_uids(&wanted).await.unwrap(), hrefs(&["1.ics", "2.ics"]));
    assert_eq!(server.methods(), "PROPFIND REPORT REPORT");
    // A UID of which nothing can be searched for is not left out in silence.
    assert_eq!(dav.having_uids(&uids(&["a", "\\,"])).await.unwrap(), None);
    assert_eq!(server.searches(), 2);
    assert_eq!(dav.having_uids(&uids(&["a"])).await.unwrap(), hrefs(&["2.ics"]));
}

#[tokio::test]
async fn many_uids_do_not_come_all_at_once() {
    let server = Server::searching(|seen| {
        let uid = seen.body.split("octet\">").nth(1).unwrap().split('<').next().unwrap();
        multistatus(&etag(&format!("/cal/{uid}.ics"), "1"))
    })
    .await;
    let wanted: Vec<String> = (0..100).map(|n| format!("uid{n}")).collect();
    let found = server.open().having_uids(&wanted).await.unwrap().unwrap();
    assert_eq!(found, wanted.iter().map(|uid| Href::new(format!("{uid}.ics"))).collect());
}

#[tokio::test]
async fn a_search_that_is_refused_is_not_tried_again() {
    let error = "<error xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><C:supported-filter/></error>";
    for status in [400, 403, 404, 405, 409, 412, 415, 422, 500, 501, 507] {
        let server = Server::searching(move |_| reply(status, "Content-Type: text/xml\r\n", error)).await;
        let dav = server.open();
        assert_eq!(dav.within(&may()).await.unwrap(), None, "{status}");
        let asked = server.searches();
        assert_eq!(dav.within(&may()).await.unwrap(), None, "{status}");
        assert_eq!(server.searches(), asked, "{status}");
        // The other search may work all the same.
        assert_eq!(dav.having_uids(&uids(&["a", "b"])).await.unwrap(), None, "{status}");
        let asked_both = server.searches();
        assert!(asked_both > asked);
        assert_eq!(dav.having_uids(&uids(&["a", "b"])).await.unwrap(), None, "{status}");
        assert_eq!(server.searches(), asked_both, "{status}");
    }
}

#[tokio::test]
async fn a_search_that_is_not_announced_is_not_tried() {
    let server = Server::start(|_, _| with_sync()).await;
    let dav = server.open();
    assert_eq!(dav.within(&may()).await.unwrap(), None);
    assert_eq!(dav.having_uids(&uids(&["a"])).await.unwrap(), None);
    assert_eq!(server.methods(), "PROPFIND");
}

#[tokio::test]
async fn a_search_is_tried_where_nothing_is_announced() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => multistatus(&props("/cal/", CALENDAR)),
        _ => multistatus(&etag("/cal/a.ics", "1")),
    })
    .await;
    let dav = server.open();
    assert_eq!(dav.within(&may()).await.unwrap(), hrefs(&["a.ics"]));
    dav.within(&may()).await.unwrap();
    assert_eq!(server.methods(), "PROPFIND REPORT REPORT REPORT REPORT REPORT REPORT");
}

#[tokio::test]
async fn a_cut_or_broken_answer_is_none() {
    let limit = "<response><href>/somewhere/</href><status>HTTP/1.1 207 x</status><error><number-of-matches-within-limits/></error></response>";
    let whole = etag("/cal/a.ics", "1");
    for answer in [
        multistatus(&format!("{whole}{}", status("/cal/", 507))),
        multistatus(&format!("{}{whole}", status("/other/name/of/it/", 507))),
        multistatus(&format!("{whole}{limit}")),
        multistatus(&format!("{whole}{}", status("/cal/", 403))),
        reply(207, "Content-Type: text/xml\r\n", format!("<multistatus xmlns=\"DAV:\">{whole}")),
        reply(207, "Content-Type: text/xml\r\n", wrapped(&format!("{whole}&unknown;"))),
        reply(200, "Content-Type: text/xml\r\n", wrapped(&whole)),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::searching(move |_| answer.clone()).await;
        assert_eq!(server.open().within(&may()).await.unwrap(), None, "{text}");
        assert_eq!(server.open().having_uids(&uids(&["a"])).await.unwrap(), None, "{text}");
    }
}

#[tokio::test]
async fn one_cut_answer_spoils_the_others() {
    for cut in [true, false] {
        let server = Server::searching(move |seen| match seen.asks_for_time() == cut {
            true => multistatus(&status("/cal/", 507)),
            false => multistatus(&etag("/cal/a.ics", "1")),
        })
        .await;
        assert_eq!(server.open().within(&may()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn items_of_others_are_not_found() {
    let server = Server::searching(|_| {
        multistatus(&format!(
            "{}{}{}{}",
            etag("https://elsewhere.example.org/x/a.ics", "1"),
            etag("/cal/../../etc/passwd", "1"),
            etag("/cal/below/b.ics", "1"),
            etag("/cal/c.ics", "1"),
        ))
    })
    .await;
    assert_eq!(server.open().within(&may()).await.unwrap(), hrefs(&["c.ics"]));
}

#[tokio::test]
async fn an_item_without_a_version_is_found() {
    let server = Server::searching(|_| {
        multistatus(
            "<response><href>/cal/a.ics</href><propstat><prop><getetag/></prop><status>HTTP/1.1 404 x</status></propstat></response>\
             <response><href>/cal/</href><propstat><prop><getetag/></prop><status>HTTP/1.1 404 x</status></propstat></response>",
        )
    })
    .await;
    assert_eq!(server.open().within(&may()).await.unwrap(), hrefs(&["a.ics"]));
}

#[tokio::test]
async fn the_servers_own_path_is_learnt_first() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => multistatus(&props("/behind/a/proxy/", &format!("{CALENDAR}{QUERY}"))),
        _ => multistatus(&etag("/behind/a/proxy/a.ics", "1")),
    })
    .await;
    assert_eq!(server.open().within(&may()).await.unwrap(), hrefs(&["a.ics"]));
}

#[tokio::test]
async fn what_concerns_the_whole_collection_is_an_error() {
    for (answer, trouble) in [
        (reply(401, "WWW-Authenticate: Basic realm=\"x\"\r\n", ""), Trouble::SignIn),
        (reply(429, "Retry-After: 3600\r\n", ""), Trouble::Busy),
        (reply(302, "Location: https://elsewhere.example.org/\r\n", ""), Trouble::NotUnderstood),
        (reply(207, "Content-Type: text/html\r\n", "<html>Sign in"), Trouble::NotUnderstood),
    ] {
        let server = Server::searching(move |_| answer.clone()).await;
        assert_eq!(server.open().within(&may()).await.unwrap_err().trouble, trouble);
        let dav = server.open();
        assert_eq!(dav.having_uids(&uids(&["a"])).await.unwrap_err().trouble, trouble);
    }
}

#[tokio::test]
async fn a_search_that_takes_for_ever_is_given_up() {
    let server =
        Server::searching(|_| b"HTTP/1.1 207 x\r\nContent-Length: 1000\r\n\r\n<multistatus".to_vec()).await;
    let mut dav = server.open();
    dav.http.limits.idle = std::time::Duration::from_millis(200);
    assert_eq!(dav.within(&may()).await.unwrap(), None);
    assert_eq!(dav.within(&may()).await.unwrap(), None);
    assert!(server.searches() <= 3, "{}", server.methods());
}
