//! The server over a real socket.

use std::sync::Once;

use insta::assert_snapshot;
use reqwest::{Client, Method, Response, StatusCode};

use super::xml::{CALDAV, CARDDAV, DAV, Element};
use super::*;

const WORK: &str = "calendars/jana/work";
const FRIENDS: &str = "addressbooks/jana/friends";

fn client() -> Client {
    static RING: Once = Once::new();
    RING.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

struct World {
    server: Server,
    client: Client,
}

impl World {
    async fn new(options: Options) -> World {
        let server = Server::start(options).await.unwrap();
        server.create_collection(WORK, Kind::Events, "Work & play");
        server.create_collection("calendars/jana/chores", Kind::Tasks, "Chores");
        server.create_collection(FRIENDS, Kind::Contacts, "Friends");
        World { server, client: client() }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut request = self
            .client
            .request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{path}", self.server.url()))
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn put(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        self.ask("PUT", path, headers, body).await
    }

    async fn sync(&self, token: &str) -> Sync {
        let body = format!(
            "<sync-collection xmlns='DAV:'><sync-token>{token}</sync-token><sync-level>1</sync-level>\
             <prop><getetag/></prop></sync-collection>"
        );
        let response = self.ask("REPORT", &format!("{WORK}/"), &[], &body).await;
        assert_eq!(response.status(), StatusCode::MULTI_STATUS);
        Sync::read(&response.text().await.unwrap())
    }
}

/// A sync-collection answer: href and status, or href and "ok" for an item.
#[derive(Debug, PartialEq)]
struct Sync {
    told: Vec<(String, String)>,
    token: String,
}

impl Sync {
    fn read(text: &str) -> Sync {
        let root = Element::parse(text.as_bytes()).unwrap();
        let text = |element: &Element, local| element.child(DAV, local).map(|child| child.text.clone());
        let told = root.children.iter().filter(|child| child.name.is(DAV, "response")).map(|response| {
            let status = text(response, "status").unwrap_or_else(|| "ok".into());
            (text(response, "href").unwrap(), status)
        });
        Sync { told: told.collect(), token: text(&root, "sync-token").unwrap() }
    }

    fn told(&self) -> Vec<(&str, &str)> {
        let short = |href: &str| href.len() - href.trim_start_matches("/calendars/jana/work").len();
        self.told.iter().map(|(href, status)| (&href[short(href)..], status.as_str())).collect()
    }
}

fn event(uid: &str, summary: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn etag(response: &Response) -> String {
    response.headers()["etag"].to_str().unwrap().to_owned()
}

/// A body without what differs from run to run.
async fn stable(response: Response) -> String {
    let text = response.text().await.unwrap();
    let mut stable = String::new();
    for line in text.lines().filter(|line| !line.contains("<d:multistatus")) {
        let mut parts = line.split("data:,");
        let mut line = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            line.push_str("TOKEN");
            line.push_str(&part[part.find('<').unwrap()..]);
        }
        stable.push_str(&line.replace("><", ">\n<"));
        stable.push('\n');
    }
    stable
}

#[tokio::test]
async fn what_it_can_do() {
    let world = World::new(Options::default()).await;
    let response = world.ask("OPTIONS", "calendars/jana/work/", &[], "").await;
    assert_eq!(response.headers()["dav"], "1, 3, calendar-access, addressbook, extended-mkcol");
    assert_eq!(world.ask("PATCH", "calendars/jana/work/a.ics", &[], "").await.status(), 405);
    assert_eq!(world.ask("GET", "nowhere", &[], "").await.status(), 404);
    assert_eq!(world.ask("PUT", "calendars/jana/gone/a.ics", &[], &event("a", "A")).await.status(), 409);
}

#[tokio::test]
async fn discovery_leads_from_the_host_to_the_collections() {
    let world = World::new(Options::default()).await;
    let response = world.ask("PROPFIND", ".well-known/carddav", &[("Depth", "0")], "").await;
    assert_eq!((response.status().as_u16(), &response.headers()["location"]), (301, &"/".parse().unwrap()));

    let asks = |props: &str| {
        format!(
            "<propfind xmlns='DAV:' xmlns:c='{CALDAV}' xmlns:k='{}' xmlns:s='{}'><prop>{props}</prop></propfind>",
            xml::CARDDAV,
            xml::CALENDARSERVER
        )
    };
    let ask = async |path: &str, depth: &str, props: &str| {
        stable(world.ask("PROPFIND", path, &[("Depth", depth)], &asks(props)).await).await
    };
    assert_snapshot!(ask("", "0", "<current-user-principal/><c:calendar-home-set/>").await, @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <d:response>
    <d:href>/</d:href>
    <d:propstat>
    <d:prop>
    <d:current-user-principal>
    <d:href>/principals/jana/</d:href>
    </d:current-user-principal>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    <d:propstat>
    <d:prop>
    <c:calendar-home-set/>
    </d:prop>
    <d:status>HTTP/1.1 404 Not Found</d:status>
    </d:propstat>
    </d:response>
    </d:multistatus>
    "#);
    assert_snapshot!(
        ask("principals/jana/", "0", "<c:calendar-home-set/><k:addressbook-home-set/>").await, @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <d:response>
    <d:href>/principals/jana/</d:href>
    <d:propstat>
    <d:prop>
    <c:calendar-home-set>
    <d:href>/calendars/jana/</d:href>
    </c:calendar-home-set>
    <card:addressbook-home-set>
    <d:href>/addressbooks/jana/</d:href>
    </card:addressbook-home-set>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    </d:response>
    </d:multistatus>
    "#);
    assert_snapshot!(ask("calendars/jana/", "1", "<displayname/><resourcetype/>").await, @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <d:response>
    <d:href>/calendars/jana/</d:href>
    <d:propstat>
    <d:prop>
    <d:resourcetype>
    <d:collection/>
    </d:resourcetype>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    <d:propstat>
    <d:prop>
    <d:displayname/>
    </d:prop>
    <d:status>HTTP/1.1 404 Not Found</d:status>
    </d:propstat>
    </d:response>
    <d:response>
    <d:href>/calendars/jana/chores/</d:href>
    <d:propstat>
    <d:prop>
    <d:displayname>Chores</d:displayname>
    <d:resourcetype>
    <d:collection/>
    <c:calendar/>
    </d:resourcetype>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    </d:response>
    <d:response>
    <d:href>/calendars/jana/work/</d:href>
    <d:propstat>
    <d:prop>
    <d:displayname>Work &amp; play</d:displayname>
    <d:resourcetype>
    <d:collection/>
    <c:calendar/>
    </d:resourcetype>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    </d:response>
    </d:multistatus>
    "#);
    assert_snapshot!(
        ask(
            "addressbooks/jana/friends",
            "0",
            "<s:getctag/><sync-token/><supported-report-set/><k:supported-address-data/><owner/><x xmlns='urn:x'/>"
        )
        .await,
        @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <d:response>
    <d:href>/addressbooks/jana/friends/</d:href>
    <d:propstat>
    <d:prop>
    <cs:getctag>TOKEN</cs:getctag>
    <d:sync-token>TOKEN</d:sync-token>
    <d:supported-report-set>
    <d:supported-report>
    <d:report>
    <card:addressbook-multiget/>
    </d:report>
    </d:supported-report>
    <d:supported-report>
    <d:report>
    <card:addressbook-query/>
    </d:report>
    </d:supported-report>
    <d:supported-report>
    <d:report>
    <d:sync-collection/>
    </d:report>
    </d:supported-report>
    </d:supported-report-set>
    <card:supported-address-data>
    <card:address-data-type content-type="text/vcard" version="3.0"/>
    <card:address-data-type content-type="text/vcard" version="4.0"/>
    </card:supported-address-data>
    <d:owner>
    <d:href>/principals/jana/</d:href>
    </d:owner>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    <d:propstat>
    <d:prop>
    <x xmlns="urn:x"/>
    </d:prop>
    <d:status>HTTP/1.1 404 Not Found</d:status>
    </d:propstat>
    </d:response>
    </d:multistatus>
    "#
    );
    assert_snapshot!(
        ask("calendars/jana/work/", "0", "<c:supported-calendar-component-set/><supported-report-set/>").await,
        @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <d:response>
    <d:href>/calendars/jana/work/</d:href>
    <d:propstat>
    <d:prop>
    <c:supported-calendar-component-set>
    <c:comp name="VEVENT"/>
    </c:supported-calendar-component-set>
    <d:supported-report-set>
    <d:supported-report>
    <d:report>
    <c:calendar-multiget/>
    </d:report>
    </d:supported-report>
    <d:supported-report>
    <d:report>
    <c:calendar-query/>
    </d:report>
    </d:supported-report>
    <d:supported-report>
    <d:report>
    <d:sync-collection/>
    </d:report>
    </d:supported-report>
    </d:supported-report-set>
    </d:prop>
    <d:status>HTTP/1.1 200 OK</d:status>
    </d:propstat>
    </d:response>
    </d:multistatus>
    "#
    );
}

#[tokio::test]
async fn what_is_not_offered_is_not_told() {
    let world = World::new(Options { sync_collection: false, ctag: false, ..Options::default() }).await;
    let body = format!(
        "<propfind xmlns='DAV:'><prop><sync-token/><getctag xmlns='{}'/></prop></propfind>",
        xml::CALENDARSERVER
    );
    let response = world.ask("PROPFIND", "calendars/jana/work/", &[("Depth", "0")], &body).await;
    assert!(!response.text().await.unwrap().contains("data:,"));
    let body = "<sync-collection xmlns='DAV:'><sync-token/><prop/></sync-collection>";
    let response = world.ask("REPORT", "calendars/jana/work/", &[], body).await;
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("supported-report"));
}

#[tokio::test]
async fn an_item_comes_back_as_it_was_put() {
    let world = World::new(Options::default()).await;
    let body = event("a", "Grüße & <Küsse> ]]>\r\n  folded\tand\r\nX-ODD:\"1\"")
        .replace("BEGIN:VEVENT\r\n", "BEGIN:VEVENT\n");
    let response = world
        .put(
            "calendars/jana/work/a%20b.ics",
            &[("If-None-Match", "*"), ("Content-Type", "text/calendar")],
            &body,
        )
        .await;
    assert_eq!(response.status(), 201);
    let version = etag(&response);

    let got = world.ask("GET", "calendars/jana/work/a%20b.ics", &[], "").await;
    assert_eq!(etag(&got), version);
    assert_eq!(got.headers()["content-type"], "text/calendar; charset=utf-8; component=VEVENT");
    assert_eq!(got.text().await.unwrap(), body);
    let head = world.ask("HEAD", "calendars/jana/work/a%20b.ics", &[], "").await;
    assert_eq!(head.headers()["content-length"], body.len().to_string());

    let report = format!(
        "<c:calendar-multiget xmlns='DAV:' xmlns:c='{CALDAV}'><prop><getetag/><c:calendar-data/></prop>\
         <href>{}calendars/jana/work/%61%20b.ics</href><href>/calendars/jana/work/no&amp;ne.ics</href>\
         <href>/calendars/jana/chores/a%20b.ics</href>\
         </c:calendar-multiget>",
        world.server.url()
    );
    let answer = world.ask("REPORT", "calendars/jana/work/", &[], &report).await.text().await.unwrap();
    let answer = Element::parse(answer.as_bytes()).unwrap();
    let [found, gone, elsewhere] = &answer.children[..] else { panic!("{answer:?}") };
    let prop = found.descend(DAV, &["propstat", "prop"]).unwrap();
    assert_eq!(prop.child(DAV, "getetag").unwrap().text, version);
    assert_eq!(prop.child(CALDAV, "calendar-data").unwrap().text, body);
    assert_eq!(found.child(DAV, "href").unwrap().text, "/calendars/jana/work/a%20b.ics");
    assert_eq!(gone.child(DAV, "href").unwrap().text, "/calendars/jana/work/no&ne.ics");
    for gone in [gone, elsewhere] {
        assert_eq!(gone.child(DAV, "status").unwrap().text, "HTTP/1.1 404 Not Found");
    }
}

#[tokio::test]
async fn writes_keep_to_their_preconditions() {
    let world = World::new(Options::default()).await;
    let path = "calendars/jana/work/a.ics";
    let first = etag(&world.put(path, &[("If-None-Match", "*")], &event("a", "1")).await);
    assert_eq!(world.put(path, &[("If-None-Match", "*")], &event("a", "2")).await.status(), 412);
    let second = world.put(path, &[("If-Match", &first)], &event("a", "2")).await;
    assert_eq!(second.status(), 204);
    let second = etag(&second);
    assert_ne!(first, second);
    assert_eq!(world.put(path, &[("If-Match", &first)], &event("a", "3")).await.status(), 412);
    assert_eq!(world.ask("DELETE", path, &[("If-Match", &first)], "").await.status(), 412);
    assert_eq!(world.server.get(WORK, "a.ics").unwrap(), event("a", "2"));
    assert_eq!(world.ask("DELETE", path, &[("If-Match", &second)], "").await.status(), 204);
    assert_eq!(world.ask("DELETE", path, &[("If-Match", &second)], "").await.status(), 404);
    assert_eq!(world.put(path, &[("If-Match", &second)], &event("a", "4")).await.status(), 412);
    assert!(world.server.items(WORK).is_empty());
}

#[tokio::test]
async fn without_etag_on_put_none_is_told() {
    let world = World::new(Options { etag_on_put: false, ..Options::default() }).await;
    let response = world.put("calendars/jana/work/a.ics", &[], &event("a", "1")).await;
    assert_eq!((response.status().as_u16(), response.headers().get("etag")), (201, None));
}

#[tokio::test]
async fn what_is_no_item_of_the_collection_is_refused() {
    let world = World::new(Options::default()).await;
    let task = event("t", "T").replace("VEVENT", "VTODO");
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:c\r\nFN:C\r\nEND:VCARD\r\n";
    let mut answers = String::new();
    for (path, media_type, body) in [
        ("calendars/jana/work/x.ics", "text/calendar", "<html>"),
        ("calendars/jana/work/x.ics", "text/calendar", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
        ("calendars/jana/work/x.ics", "text/calendar", task.as_str()),
        ("calendars/jana/chores/x.ics", "text/calendar", task.as_str()),
        ("calendars/jana/work/x.ics", "text/vcard", card),
        ("addressbooks/jana/friends/x.vcf", "text/plain", card),
        ("addressbooks/jana/friends/x.vcf", "text/vcard", "FN:C"),
        ("addressbooks/jana/friends/x.vcf", "text/vcard; charset=utf-8", card),
    ] {
        let response = world.put(path, &[("Content-Type", media_type)], body).await;
        let status = response.status().as_u16();
        let body = response.text().await.unwrap();
        let condition = Element::parse(body.as_bytes()).map(|root| root.children[0].name.local.clone());
        answers.push_str(&format!("{status} {}\n", condition.unwrap_or_default()));
    }
    assert_snapshot!(answers, @r"
    403 valid-calendar-data
    403 valid-calendar-object-resource
    403 supported-calendar-component
    201 
    415 supported-calendar-data
    415 supported-address-data
    403 valid-address-data
    201
    ");
}

#[tokio::test]
async fn a_uid_is_there_once() {
    let world = World::new(Options::default()).await;
    world.put("calendars/jana/work/a%20b.ics", &[], &event("u", "1")).await;
    let response =
        world.put("calendars/jana/work/other.ics", &[("If-None-Match", "*")], &event("u", "2")).await;
    assert_eq!(response.status(), 409);
    let error = Element::parse(response.text().await.unwrap().as_bytes()).unwrap();
    let href = error.child(CALDAV, "no-uid-conflict").and_then(|conflict| conflict.child(DAV, "href"));
    assert_eq!(href.unwrap().text, "/calendars/jana/work/a%20b.ics");
    assert_eq!(world.put("calendars/jana/work/a%20b.ics", &[], &event("u", "3")).await.status(), 204);
    world.ask("DELETE", "calendars/jana/work/a%20b.ics", &[], "").await;
    assert_eq!(world.put("calendars/jana/work/other.ics", &[], &event("u", "2")).await.status(), 201);
}

#[tokio::test]
async fn sync_collection_tells_what_changed() {
    let world = World::new(Options::default()).await;
    world.put("calendars/jana/work/a.ics", &[], &event("a", "1")).await;
    world.server.put(WORK, "b.ics", event("b", "1"));
    let all = world.sync("").await;
    assert_eq!(all.told(), [("/a.ics", "ok"), ("/b.ics", "ok")]);
    assert_eq!(world.sync(&all.token).await, Sync { told: vec![], token: all.token.clone() });

    world.server.put(WORK, "c.ics", event("c", "1"));
    world.ask("DELETE", "calendars/jana/work/a.ics", &[], "").await;
    let news = world.sync(&all.token).await;
    assert_eq!(news.told(), [("/c.ics", "ok"), ("/a.ics", "HTTP/1.1 404 Not Found")]);

    let body = "<sync-collection xmlns='DAV:'><sync-token>TOKEN</sync-token><prop/></sync-collection>";
    let response = world.ask("REPORT", "calendars/jana/work/", &[], body).await;
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("<d:valid-sync-token/>"));
}

#[tokio::test]
async fn sync_collection_is_cut_into_pages() {
    let world = World::new(Options { page: Some(2), ..Options::default() }).await;
    for name in ["a", "b", "c"] {
        world.server.put(WORK, &format!("{name}.ics"), event(name, "1"));
    }
    let first = world.sync("").await;
    assert_eq!(
        first.told(),
        [("/a.ics", "ok"), ("/b.ics", "ok"), ("/", "HTTP/1.1 507 Insufficient Storage")]
    );
    let last = world.sync(&first.token).await;
    assert_eq!(last.told(), [("/c.ics", "ok")]);
    assert!(world.sync(&last.token).await.told.is_empty());
}

#[tokio::test]
async fn a_query_tells_the_items_with_the_component() {
    let world = World::new(Options::default()).await;
    world.server.put(WORK, "a.ics", event("a", "1"));
    for (component, count) in [("VEVENT", 1), ("VTODO", 0)] {
        let body = format!(
            "<c:calendar-query xmlns='DAV:' xmlns:c='{CALDAV}'><prop><getetag/></prop><c:filter>\
             <c:comp-filter name='VCALENDAR'><c:comp-filter name='{component}'/></c:comp-filter></c:filter>\
             </c:calendar-query>"
        );
        let answer = world.ask("REPORT", "calendars/jana/work/", &[], &body).await.text().await.unwrap();
        assert_eq!(Element::parse(answer.as_bytes()).unwrap().children.len(), count, "{component}");
    }
}

/// The names of the items that a query finds, without their extensions.
async fn found(world: &World, path: &str, space: &str, report: &str, filter: &str) -> String {
    let body = format!(
        "<c:{report} xmlns='DAV:' xmlns:c='{space}'><prop><getetag/></prop><c:filter>{filter}</c:filter></c:{report}>"
    );
    let answer = world.ask("REPORT", path, &[], &body).await;
    assert_eq!(answer.status(), StatusCode::MULTI_STATUS);
    let root = Element::parse(answer.text().await.unwrap().as_bytes()).unwrap();
    let name = |response: &Element| {
        let href = response.child(DAV, "href")?.text.clone();
        Some(href.rsplit('/').next()?.split('.').next()?.to_owned())
    };
    root.children.iter().filter_map(name).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_query_keeps_to_its_time_range_and_properties() {
    let world = World::new(Options::default()).await;
    let put = |uid: &str, lines: &str| {
        let text = event(uid, "S").replace("SUMMARY", &format!("{lines}\r\nSUMMARY"));
        world.server.put(WORK, &format!("{}.ics", uid.split('&').next().unwrap()), text);
    };
    put("may", "DTSTART:20260510T100000Z");
    put("june", "DTSTART:20260610T100000Z");
    put("series", "DTSTART:20200101T100000Z\r\nRRULE:FREQ=DAILY");
    put("odd&<\"", "DTSTART;VALUE=DATE:20250101");
    world.server.put(WORK, "broken.ics", "BEGIN:NOTHING");
    for (filter, names) in [
        ("", "june may odd series"),
        ("<c:time-range start='20260501T000000Z' end='20260601T000000Z'/>", "may series"),
        ("<c:time-range start='20260601T000000Z'/>", "june series"),
        ("<c:time-range end='20260101T000000Z'/>", "odd series"),
        ("<c:prop-filter name='rrule'/>", "series"),
        ("<c:prop-filter name='RRULE'><c:is-not-defined/></c:prop-filter>", "june may odd"),
        (
            "<c:prop-filter name='UID'><c:text-match collation='i;octet'>odd&amp;&lt;&quot;</c:text-match></c:prop-filter>",
            "odd",
        ),
        ("<c:prop-filter name='UID'><c:text-match collation='i;octet'>M</c:text-match></c:prop-filter>", ""),
        ("<c:prop-filter name='UID'><c:text-match>M</c:text-match></c:prop-filter>", "may"),
        (
            "<c:prop-filter name='UID'><c:text-match negate-condition='yes'>M</c:text-match></c:prop-filter>",
            "june odd series",
        ),
        (
            "<c:time-range start='20260501T000000Z' end='20260601T000000Z'/><c:prop-filter name='UID'><c:text-match>e</c:text-match></c:prop-filter>",
            "series",
        ),
    ] {
        let nested = format!(
            "<c:comp-filter name='VCALENDAR'><c:comp-filter name='VEVENT'>{filter}</c:comp-filter></c:comp-filter>"
        );
        assert_eq!(
            found(&world, &format!("{WORK}/"), CALDAV, "calendar-query", &nested).await,
            names,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_query_for_contacts_keeps_to_its_properties() {
    let world = World::new(Options::default()).await;
    for name in ["ann", "anna"] {
        let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.UID:{name}\r\nFN:X\r\nEND:VCARD\r\n");
        world.server.put(FRIENDS, &format!("{name}.vcf"), card);
    }
    let uid = |how: &str| {
        format!("<c:prop-filter name='UID'><c:text-match {how}>ann</c:text-match></c:prop-filter>")
    };
    for (filter, names) in [
        (String::new(), "ann anna"),
        (uid("match-type='equals'"), "ann"),
        (uid(""), "ann anna"),
        (format!("{}<c:prop-filter name='EMAIL'/>", uid("match-type='equals'")), "ann"),
    ] {
        let names_found = found(&world, &format!("{FRIENDS}/"), CARDDAV, "addressbook-query", &filter).await;
        assert_eq!(names_found, names, "{filter}");
    }
}

#[tokio::test]
async fn collections_are_made_and_deleted() {
    let world = World::new(Options::default()).await;
    let calendar = format!(
        "<c:mkcalendar xmlns='DAV:' xmlns:c='{CALDAV}'><set><prop><displayname>New</displayname>\
         <c:supported-calendar-component-set><c:comp name='VTODO'/></c:supported-calendar-component-set>\
         </prop></set></c:mkcalendar>"
    );
    assert_eq!(world.ask("MKCALENDAR", "calendars/jana/new/", &[], &calendar).await.status(), 201);
    assert_eq!(world.ask("MKCALENDAR", "calendars/jana/new/", &[], &calendar).await.status(), 405);
    assert_eq!(world.put("calendars/jana/new/a.ics", &[], &event("a", "1")).await.status(), 403);

    let book = "<mkcol xmlns='DAV:'><set><prop><resourcetype><collection/>\
                <addressbook xmlns='urn:ietf:params:xml:ns:carddav'/></resourcetype></prop></set></mkcol>";
    assert_eq!(world.ask("MKCOL", "addressbooks/jana/new/", &[], book).await.status(), 201);
    assert_eq!(world.ask("MKCOL", "addressbooks/jana/plain/", &[], "").await.status(), 403);

    assert_eq!(world.ask("DELETE", "calendars/jana/new/", &[], "").await.status(), 204);
    let gone = world.ask("PROPFIND", "calendars/jana/new/", &[("Depth", "0")], "").await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn only_the_right_password_opens() {
    let credentials = Some(("jana".to_owned(), "geheim:1".to_owned()));
    let world = World::new(Options { credentials, ..Options::default() }).await;
    let url = format!("{}calendars/jana/work/a.ics", world.server.url());
    let without = world.client.get(&url).send().await.unwrap();
    assert_eq!(without.status(), 401);
    assert!(without.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    for (user, password, status) in
        [("jana", "geheim:1", 404), ("jana", "geheim", 401), ("bob", "geheim:1", 401)]
    {
        let response = world.client.get(&url).basic_auth(user, Some(password)).send().await.unwrap();
        assert_eq!(response.status(), status, "{user} {password}");
    }
}

#[tokio::test]
async fn traffic_is_counted() {
    let world = World::new(Options::default()).await;
    let body = event("a", "1");
    world.put("calendars/jana/work/a.ics", &[], &body).await;
    world.ask("GET", "calendars/jana/work/a.ics", &[], "").await;
    world.ask("HEAD", "calendars/jana/work/a.ics", &[], "").await;
    let traffic = world.server.take_traffic();
    assert_eq!(traffic.total(), 3);
    assert_eq!((traffic.bytes_in, traffic.bytes_out), (body.len() as u64, body.len() as u64));
    world.sync("").await;
    assert_eq!(world.server.take_traffic().requests, [("REPORT sync-collection".to_owned(), 1)].into());
    assert_eq!(world.server.take_traffic(), Traffic::default());
}

#[tokio::test]
async fn bytes_that_xml_cannot_carry_are_had_by_get_only() {
    let world = World::new(Options::default()).await;
    world.server.put(WORK, "a.ics", &b"\xff\x00"[..]);
    let got = world.ask("GET", "calendars/jana/work/a.ics", &[], "").await;
    assert_eq!(&got.bytes().await.unwrap()[..], b"\xff\x00");
    let body = format!(
        "<c:calendar-multiget xmlns='DAV:' xmlns:c='{CALDAV}'><prop><c:calendar-data/></prop>\
         <href>/calendars/jana/work/a.ics</href></c:calendar-multiget>"
    );
    let answer = world.ask("REPORT", "calendars/jana/work/", &[], &body).await.text().await.unwrap();
    assert!(answer.contains("<c:calendar-data/></d:prop><d:status>HTTP/1.1 404 Not Found"), "{answer}");
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let world = World::new(Options::default()).await;
    let url = world.server.url();
    world.ask("OPTIONS", "", &[], "").await;
    drop(world.server);
    tokio::task::yield_now().await;
    assert!(world.client.get(url).send().await.is_err());
}
