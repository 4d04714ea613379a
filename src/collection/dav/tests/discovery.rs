//! Discovery, with what real servers answer.

use super::*;
use crate::collection::CollectionError;
use crate::collection::dav::discovery::{Discovered, Service, Start, discover};

const PRINCIPAL: &str = "<resourcetype><collection/><principal/></resourcetype>";
const BOOK: &str =
    r#"<resourcetype><collection/><A:addressbook xmlns:A="urn:ietf:params:xml:ns:carddav"/></resourcetype>"#;

fn user(href: &str) -> String {
    format!("<current-user-principal><href>{href}</href></current-user-principal>")
}

fn calendars(href: &str) -> String {
    format!("<C:calendar-home-set><href>{href}</href></C:calendar-home-set>")
}

fn contacts(href: &str) -> String {
    format!(
        r#"<A:addressbook-home-set xmlns:A="urn:ietf:params:xml:ns:carddav"><href>{href}</href></A:addressbook-home-set>"#
    )
}

fn moved(to: &str) -> Vec<u8> {
    reply(301, &format!("Location: {to}\r\n"), "")
}

async fn find(typed: &str, account: Account, trusted: &[&str]) -> Result<Discovered, CollectionError> {
    let trusted: Vec<String> = trusted.iter().map(|host| (*host).to_owned()).collect();
    discover(&Start::parse(typed).unwrap(), Service::BOTH, &account, &trusted).await
}

impl Server {
    /// Answers by path and Depth; 404 where it has nothing.
    async fn with(answer: impl Fn(&str, bool) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::start(move |_, seen| {
            answer(&seen.path, seen.has("depth: 1")).unwrap_or_else(|| reply(404, "", ""))
        })
        .await
    }

    /// Its address with another path.
    fn at(&self, path: &str) -> String {
        self.url.replace("/cal/", path)
    }

    fn asked(&self) -> String {
        let line = |seen: &Seen| {
            let depth = if seen.has("depth: 1") { 1 } else { 0 };
            format!("{} {depth}", seen.path)
        };
        self.seen().iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What is found from a path, one line each.
    async fn finds(&self, path: &str) -> String {
        let discovered = find(&self.at(path), jana(), &[]).await.unwrap();
        let origin = self.at("");
        let lines = discovered.collections.iter().map(|found| {
            let mut line =
                format!("{} {:?} {:?}", found.url.as_str().replace(&origin, ""), found.kinds, found.name);
            if let Some(color) = &found.color {
                line += &format!(" {color}");
            }
            if found.writable == Some(false) {
                line += " read-only";
            }
            if found.shared {
                line += &format!(" of {:?}", found.owner.as_deref().unwrap_or("?"));
            }
            line
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The well-known place sends to the root, the home is the principal, and in it is everything (Radicale, DAViCal).
#[tokio::test]
async fn one_home_for_everything_is_asked_once() {
    let server = Server::with(|path, listed| match (path, listed) {
        ("/.well-known/caldav", _) => Some(moved("/")),
        ("/", _) => Some(multistatus(&props("/", &user("/jana/")))),
        ("/jana/", false) => {
            let homes = format!("{PRINCIPAL}{}{}", calendars("/jana/"), contacts("/jana/"));
            Some(multistatus(&props("/jana/", &homes)))
        }
        ("/jana/", true) => Some(multistatus(&format!(
            "{}{}{}{}{}",
            props("/jana/", PRINCIPAL),
            props(
                "/jana/work/",
                &format!(
                    "{CALENDAR}<displayname>Work &amp; more</displayname><I:calendar-color xmlns:I=\"http://apple.com/ns/ical/\">\
                     #0000FFFF</I:calendar-color>"
                )
            ),
            props("/jana/people/", BOOK),
            props("/jana/calendar-proxy-read/", PRINCIPAL),
            props(
                "/jana/todo/",
                &format!(
                    "{CALENDAR}<C:supported-calendar-component-set><C:comp name=\"VTODO\"/></C:supported-calendar-component-set>\
                     <displayname>jana/todo</displayname>\
                     <current-user-privilege-set><privilege><read/></privilege></current-user-privilege-set>"
                )
            ),
        ))),
        _ => None,
    })
    .await;
    insta::assert_snapshot!(server.finds("/").await, @r#"
    /jana/todo/ [Tasks] "todo" read-only
    /jana/work/ [Events, Tasks] "Work & more" #0000FF
    /jana/people/ [Contacts] "people"
    "#);
    insta::assert_snapshot!(server.asked(), @"
    /.well-known/caldav 0
    / 0
    /jana/ 0
    /jana/ 1
    ");
}

/// The principal has no slash at its end, and a calendar is typed as an outbox as well (SOGo).
#[tokio::test]
async fn sogo() {
    let server = Server::with(|path, listed| match (path, listed) {
        ("/.well-known/caldav", _) => Some(moved("/SOGo/dav/")),
        ("/SOGo/dav/", _) => Some(multistatus(&props("/SOGo/dav/", &user("/SOGo/dav/jana")))),
        ("/SOGo/dav/jana", false) => {
            let homes = format!("{}{}", calendars("/SOGo/dav/jana/Calendar/"), contacts("/SOGo/dav/jana/Contacts/"));
            Some(multistatus(&props("/SOGo/dav/jana/", &homes)))
        }
        ("/SOGo/dav/jana/Calendar/", true) => {
            let typed = "<resourcetype><collection/><C:calendar/><C:schedule-outbox/><vevent-collection xmlns=\"urn:x\"/></resourcetype>";
            let inbox = "<resourcetype><collection/><C:schedule-inbox/></resourcetype>";
            let both = props("/SOGo/dav/jana/Calendar/personal/", typed) + &props("/SOGo/dav/jana/Calendar/inbox/", inbox);
            Some(multistatus(&both))
        }
        ("/SOGo/dav/jana/Contacts/", true) => Some(multistatus(&props("/SOGo/dav/jana/Contacts/personal/", BOOK))),
        _ => None,
    })
    .await;
    insta::assert_snapshot!(server.finds("/").await, @r#"
    /SOGo/dav/jana/Calendar/personal/ [Events, Tasks] "personal"
    /SOGo/dav/jana/Contacts/personal/ [Contacts] "personal"
    "#);
}

/// The root may not be asked or does not exist, redirects are absolute, and there are outboxes and proxies
/// (sabre/dav, Cyrus).
#[tokio::test]
async fn a_colleague_lets_use_her_calendars() {
    let server = Server::start(|_, seen| {
        let host = seen.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
        match (seen.path.as_str(), seen.has("depth: 1")) {
            ("/.well-known/caldav", _) => reply(302, &format!("Location: http://{host}/dav/\r\n"), ""),
            ("/", _) => reply(403, "", ""),
            ("/dav/", _) => multistatus(&props("/dav/", &user("/dav/p/jana/"))),
            ("/dav/p/jana/", _) => multistatus(&props(
                "/dav/p/jana/",
                &format!(
                    "{}{}<S:calendar-proxy-read-for><href>/dav/p/eve/</href></S:calendar-proxy-read-for>",
                    calendars(&format!("http://{host}/dav/c/jana/")),
                    contacts("/dav/a/jana/")
                ),
            )),
            ("/dav/p/eve/", _) => multistatus(&props("/dav/p/eve/", &calendars("/dav/c/eve/"))),
            ("/dav/c/jana/", true) => {
                let owner = |name: &str| format!("{CALENDAR}<owner><href>/dav/p/{name}</href></owner>");
                multistatus(&format!(
                    "{}{}{}",
                    props("/dav/c/jana/own/", &owner("jana")),
                    props("/dav/c/jana/from-bob/", &owner("bob/")),
                    props(
                        "/dav/c/jana/outbox/",
                        "<resourcetype><collection/><C:schedule-outbox/></resourcetype>"
                    ),
                ))
            }
            ("/dav/c/eve/", true) => multistatus(&props("/dav/c/eve/team/", CALENDAR)),
            ("/dav/a/jana/", true) => multistatus(&props("/dav/a/jana/people/", BOOK)),
            _ => reply(404, "", ""),
        }
    })
    .await;
    insta::assert_snapshot!(server.finds("/").await, @r#"
    /dav/c/jana/own/ [Events, Tasks] "own"
    /dav/a/jana/people/ [Contacts] "people"
    /dav/c/jana/from-bob/ [Events, Tasks] "from-bob" of "bob"
    /dav/c/eve/team/ [Events, Tasks] "team" of "?"
    "#);
}

/// Cyrus does not refuse who does not sign in.
#[tokio::test]
async fn unauthenticated_means_to_sign_in() {
    let nobody_there = "<current-user-principal><unauthenticated/></current-user-principal>";
    let server = Server::with(move |_, _| Some(multistatus(&props("/", nobody_there)))).await;
    let error = find(&server.at("/"), nobody(), &[]).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::SignIn, "{error}");
    assert_eq!(server.asked(), "/.well-known/caldav 0");
}

#[tokio::test]
async fn a_refused_password_is_sent_once() {
    let server = Server::with(|_, _| Some(reply(401, "WWW-Authenticate: Basic\r\n", ""))).await;
    let error = find(&server.at("/dav/"), jana(), &[]).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::SignIn, "{error}");
    assert_eq!(server.asked(), "/dav/ 0");
}

/// Some servers ask for a sign-in, and refuse it, wherever they serve nothing.
#[tokio::test]
async fn a_place_that_lets_nobody_in_does_not_end_the_search() {
    let answer = |path: &str, listed: bool| match (path, listed) {
        ("/.well-known/carddav", _) => Some(reply(401, "WWW-Authenticate: Basic\r\n", "")),
        ("/.well-known/caldav", _) => {
            let home = user("/jana/") + &calendars("/jana/");
            Some(multistatus(&props("/", &home)))
        }
        ("/jana/", true) => Some(multistatus(&props(
            "/jana/work/",
            "<resourcetype><collection/><C:calendar/></resourcetype>",
        ))),
        _ => None,
    };
    let server = Server::with(answer).await;
    assert_eq!(server.finds("/").await, r#"/jana/work/ [Events, Tasks] "work""#);
    assert!(server.asked().contains("/.well-known/carddav 0"));
}

/// Where nothing is found, that it lets nobody in is the reason.
#[tokio::test]
async fn what_is_only_kept_from_the_person_is_told_as_that() {
    let server = Server::with(|path, _| match path {
        "/" => Some(multistatus(&props("/", "<resourcetype><collection/></resourcetype>"))),
        _ => Some(reply(401, "WWW-Authenticate: Basic\r\n", "")),
    })
    .await;
    let error = find(&server.at("/"), jana(), &[]).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::SignIn, "{error}");
}

/// No principal is told: the typed address itself is what counts (mail.ru).
#[tokio::test]
async fn without_a_principal_the_typed_address_counts() {
    let server = Server::with(|path, listed| match (path, listed) {
        ("/x/home/", false) => {
            Some(multistatus(&props("/x/home/", "<resourcetype><collection/></resourcetype>")))
        }
        ("/x/home/", true) => Some(multistatus(&props("/x/home/a/", CALENDAR))),
        ("/x/home/a/", false) => Some(multistatus(&props("/x/home/a/", CALENDAR))),
        _ => None,
    })
    .await;
    assert_eq!(server.finds("/x/home/").await, "/x/home/a/ [Events, Tasks] \"a\"");
    let before = server.seen().len();
    assert_eq!(server.finds("/x/home/a/").await, "/x/home/a/ [Events, Tasks] \"a\"");
    let asked = server.asked();
    let asked: Vec<&str> = asked.lines().skip(before).collect();
    assert_eq!(
        asked,
        ["/x/home/a/ 0", "/.well-known/caldav 0", "/x/home/ 0", "/x/ 0", "/ 0", "/.well-known/carddav 0",]
    );
}

/// The address is one within the server's own pages, and a folder above it knows the user.
#[tokio::test]
async fn a_folder_above_the_typed_one_may_know() {
    let server = Server::with(|path, listed| match (path, listed) {
        ("/dav/", _) => {
            Some(multistatus(&props("/dav/", &format!("{}{}", user("/dav/"), calendars("/dav/c/")))))
        }
        ("/dav/c/", true) => {
            Some(multistatus(&(props("yours/", CALENDAR) + &props("/dav/c/mine/", CALENDAR))))
        }
        ("/dav/ui/", _) => Some(reply(200, "Content-Type: text/html\r\n", "<html>")),
        _ => None,
    })
    .await;
    insta::assert_snapshot!(server.finds("/dav/ui/app/").await, @r#"
    /dav/c/mine/ [Events, Tasks] "mine"
    /dav/c/yours/ [Events, Tasks] "yours"
    "#);
}

/// Neither a redirect nor a home brings a request to somebody else's server, unless the person trusts it.
#[tokio::test]
async fn a_stranger_gets_no_request() {
    let stranger = Server::with(|path, listed| match (path, listed) {
        ("/home/", true) => Some(multistatus(&props("/home/a/", CALENDAR))),
        _ => None,
    })
    .await;
    // Its own name is no loopback address, and resolves to none either.
    let elsewhere = stranger.at("/home/").replace("127.0.0.1", "stranger.example");
    let there = elsewhere.clone();
    let server = Server::with(move |path, _| match path {
        "/.well-known/caldav" | "/.well-known/carddav" => Some(moved(&there)),
        "/" => Some(multistatus(&props("/", &format!("{}{}", user("/"), calendars(&there))))),
        _ => None,
    })
    .await;
    let discovered = find(&server.at("/"), jana(), &[]).await.unwrap();
    assert_eq!(discovered.foreign, ["stranger.example"]);
    assert_eq!(discovered.collections, []);
    assert_eq!(discovered.calendar_homes, [], "nothing is made there either");
    let discovered = find(&server.at("/"), jana(), &["stranger.example"]).await.unwrap();
    assert_eq!(discovered.foreign, [] as [&str; 0]);
    assert!(discovered.tried.iter().any(|tried| tried.why.contains("no TLS")), "{:?}", discovered.tried);
}

/// Nor does one whose collections a home lists as its own.
#[tokio::test]
async fn a_collection_on_a_strangers_server_is_not_found() {
    let server = Server::with(move |path, listed| match (path, listed) {
        ("/", _) => Some(multistatus(&props("/", &format!("{}{}", user("/"), calendars("/home/"))))),
        ("/home/", true) => Some(multistatus(
            &(props("https://stranger.example/home/a/", CALENDAR) + &props("/home/b/", CALENDAR)),
        )),
        _ => None,
    })
    .await;
    let discovered = find(&server.at("/"), jana(), &[]).await.unwrap();
    let found: Vec<&str> = discovered.collections.iter().map(|found| found.url.path()).collect();
    assert_eq!(
        (found.as_slice(), discovered.foreign.as_slice()),
        (&["/home/b/"][..], &["stranger.example".to_owned()][..])
    );
}

/// A home on another port of this computer: as a partition of iCloud, its own server.
#[tokio::test]
async fn a_home_on_another_server() {
    let other = Server::with(|path, listed| match (path, listed) {
        ("/home/", true) => Some(multistatus(&props("/home/a/", CALENDAR))),
        _ => None,
    })
    .await;
    let there = other.at("/home/");
    let server = Server::with(move |path, _| match path {
        "/" => Some(multistatus(&props("/", &format!("{}{}", user("/"), calendars(&there))))),
        _ => None,
    })
    .await;
    let discovered = find(&server.at("/"), jana(), &[]).await.unwrap();
    let found: Vec<&str> = discovered.collections.iter().map(|found| found.url.as_str()).collect();
    assert_eq!(found, [other.at("/home/a/")]);
}

#[tokio::test]
async fn what_was_tried_is_told() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/.well-known/caldav" => moved("/.well-known/caldav"),
        "/.well-known/carddav" => reply(500, "", ""),
        "/" => reply(200, "Content-Type: text/html\r\n", "<html>"),
        _ => reply(405, "", ""),
    })
    .await;
    let discovered = find(&server.at("/cloud/"), jana(), &[]).await.unwrap();
    let tried = discovered
        .tried
        .iter()
        .map(|tried| tried.why.as_str())
        .collect::<Vec<_>>()
        .join("\n")
        .replace(&server.at(""), "SERVER");
    insta::assert_snapshot!(tried, @"
    SERVER/cloud/: it is no place for calendars or address books
    SERVER/.well-known/caldav: the server sends Pimbridge on from one address to the next (SERVER/.well-known/caldav was the last)
    SERVER/: the server answers with a web page instead of a calendar or an address book
    SERVER/.well-known/carddav: the server answers with error 500
    ");
}

#[tokio::test]
async fn a_broken_listing_does_not_hide_the_rest() {
    let server = Server::with(|path, listed| match (path, listed) {
        ("/", false) => {
            let homes = format!("{}{}{}", user("/"), calendars("/c/"), contacts("/a/"));
            Some(multistatus(&props("/", &homes)))
        }
        ("/c/", true) => Some(multistatus(&(props("/c/a/", CALENDAR) + "<response>"))),
        ("/a/", true) => Some(multistatus(&(props("/a/p/", BOOK) + &status("/a/q/", 404)))),
        _ => None,
    })
    .await;
    let found = server.finds("/").await;
    assert!(found.contains("/a/p/") && !found.contains("/a/q/"), "{found}");
}

/// An address that is a calendar's says nothing about where the address books are.
#[tokio::test]
async fn a_calendar_is_not_taken_for_an_address_book() {
    let server = Server::with(|path, _| match path {
        "/c/" => Some(multistatus(&props("/c/", CALENDAR))),
        _ => None,
    })
    .await;
    let start = Start::parse(&server.at("/c/")).unwrap();
    let discovered = discover(&start, &[Service::Contacts], &jana(), &[]).await.unwrap();
    assert_eq!((discovered.is_collection, discovered.collections), (false, vec![]));
}
