//! Making, renaming and recolouring collections.

use super::*;
use crate::collection::{Color, Feature, Look};

const ICAL: &str = r#"xmlns:I="http://apple.com/ns/ical/""#;

fn calendar(href: &str, name: &str, color: &str) -> String {
    props(
        href,
        &format!(
            "{CALENDAR}<displayname>{name}</displayname><I:calendar-color {ICAL}>{color}</I:calendar-color>\
             <C:supported-calendar-component-set><C:comp name=\"VEVENT\"/></C:supported-calendar-component-set>"
        ),
    )
}

fn new() -> NewCollection {
    NewCollection { kind: Kind::Events, name: "Work".into(), color: Color::read("#ff0000") }
}

fn home(more: &str) -> Vec<u8> {
    multistatus(&(props("/cal/", "<resourcetype><collection/></resourcetype>") + more))
}

async fn made(server: &Server) -> Result<Made, CollectionError> {
    super::super::create(&jana(), &server.url, &new()).await
}

#[tokio::test]
async fn a_server_that_knows_no_mkcalendar_is_asked_with_mkcol() {
    let server = Server::start(|n, seen| match (n, seen.method.as_str()) {
        (0, _) => home(&calendar("/cal/WORK/", "Other", "red")),
        (_, "MKCALENDAR") => reply(501, "", ""),
        (_, "MKCOL") => {
            assert!(seen.body.contains("<resourcetype><collection/><C:calendar/></resourcetype>"));
            reply(201, "", "")
        }
        (1..4, _) => reply(404, "", ""),
        _ => multistatus(&calendar("/cal/work-2/", "Work", "#ff0000FF")),
    })
    .await;
    let made = made(&server).await.unwrap();
    assert_eq!(made.url.path(), "/cal/work-2/");
    assert_eq!(made.kinds, [Kind::Events]);
    assert!(!server.methods().contains("PROPPATCH"), "the same colour in another spelling is the same");
}

#[tokio::test]
async fn what_was_made_elsewhere_and_without_its_colour_is_found_and_completed() {
    let server = Server::start(|n, seen| match (n, seen.method.as_str()) {
        (0, _) => home(""),
        (_, "MKCALENDAR") => reply(201, "", ""),
        (_, "PROPPATCH") => {
            assert!(seen.body.contains(">#FF0000<") && seen.path == "/cal/Work%20moved/");
            multistatus(&props(
                "/cal/Work%20moved/",
                "<I:calendar-color xmlns:I='http://apple.com/ns/ical/'/>",
            ))
        }
        _ if seen.has("depth: 1") => home(&calendar("/cal/Work%20moved/", "Work", "")),
        _ if seen.path == "/cal/work/" => reply(404, "", ""),
        (..11, _) => multistatus(&calendar(&seen.path, "Work", "")),
        _ => multistatus(&calendar(&seen.path, "Work", "#FF0000")),
    })
    .await;
    let made = made(&server).await.unwrap();
    assert_eq!(made.url.path(), "/cal/Work%20moved/");
    assert_eq!(made.look, Look { name: Some("Work".into()), color: Color::read("red") });
}

#[tokio::test]
async fn nothing_is_made_twice_or_where_it_is_refused() {
    let twice = Server::start(|_, _| home(&calendar("/cal/x/", "Work", ""))).await;
    let error = made(&twice).await.unwrap_err().message.replace(&twice.url, "HOME/");
    insta::assert_snapshot!(error, @r#"there is a calendar called "Work" already, HOME/x/: choose another name"#);
    assert_eq!(twice.methods(), "PROPFIND");

    let refused = Server::start(|n, seen| match (n, seen.method.as_str()) {
        (0, _) => home(""),
        (_, "PROPFIND") => reply(404, "", ""),
        _ => reply(403, "Content-Type: text/plain\r\n", "no rights"),
    })
    .await;
    let error = made(&refused).await.unwrap_err().message;
    insta::assert_snapshot!(error, @"the server does not make a calendar there (error 403) (it says: no rights): check that the address is that of the folder which holds yours, or make it on the server's own pages");

    let itself = Server::start(|_, _| multistatus(&calendar("/cal/", "Work", ""))).await;
    let error = made(&itself).await.unwrap_err().message.replace(&itself.url, "HOME/");
    insta::assert_snapshot!(error, @"HOME/ is a calendar or an address book itself: give the address of the folder that it is in");
}

#[tokio::test]
async fn a_colour_keeps_the_opacity_that_the_server_has() {
    let server = Server::start(|n, seen| match n {
        0 => multistatus(&calendar("/cal/", "Work", "#00FF0080")),
        1 => {
            assert!(seen.method == "PROPPATCH" && seen.body.contains(">#FF000080<"), "{}", seen.body);
            multistatus(&props("/cal/", "<I:calendar-color xmlns:I='http://apple.com/ns/ical/'/>"))
        }
        _ => multistatus(&calendar("/cal/", "Work", "#ff000080")),
    })
    .await;
    let red = Feature::Color(Color::read("red").unwrap());
    server.open().set_look(&red).await.unwrap();
}

#[tokio::test]
async fn a_refused_name_is_an_error_with_the_servers_words() {
    let refusal = "<response><href>/cal/</href><propstat><prop><displayname/></prop><status>HTTP/1.1 403 x</status></propstat>\
                   <responsedescription>protected</responsedescription></response>";
    let server = Server::start(move |_, seen| match seen.method.as_str() {
        "PROPPATCH" => multistatus(refusal),
        _ => multistatus(&calendar("/cal/", "Old", "")),
    })
    .await;
    let error = server.open().set_look(&Feature::Name("A & B".into())).await.unwrap_err();
    assert!(server.seen()[1].body.contains("A &amp; B"));
    insta::assert_snapshot!(error, @r#"the server refuses the name "A & B" (error 403) (it says: protected): ask the owner of the collection, or change it there"#);

    let deaf = Server::start(|_, seen| match seen.method.as_str() {
        "PROPPATCH" => multistatus(&props("/cal/", "<displayname/>")),
        _ => multistatus(&calendar("/cal/", "Old", "")),
    })
    .await;
    let error = deaf.open().set_look(&Feature::Name("New".into())).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"the server says that it took the name "New", but keeps another: change it there"#);
}

#[tokio::test]
async fn name_and_colour_cost_no_request_where_nothing_changed() {
    let own = |token: &str| {
        let token = format!("<sync-token>{token}</sync-token><S:getctag>7</S:getctag>");
        multistatus(
            &calendar("/cal/", "Work", "red").replace("<displayname>", &format!("{token}<displayname>")),
        )
    };
    let look = Look { name: Some("Work".into()), color: Color::read("red") };
    for (cursor, token, methods) in [
        (sync_cursor("t"), "t", "PROPFIND"),
        (Cursor::new(r#"{"how":"ctag","tag":"7"}"#), "t", "PROPFIND"),
        (sync_cursor("old"), "t", "PROPFIND REPORT"),
        // More may have changed in the same second.
        (sync_cursor("1764140000"), "1764140000", "PROPFIND REPORT"),
    ] {
        let token = token.to_owned();
        let server = Server::start(move |_, seen| match seen.method.as_str() {
            "PROPFIND" => own(&token),
            _ => multistatus("<sync-token>t</sync-token>"),
        })
        .await;
        let dav = server.open().watching_look(true);
        assert!(matches!(dav.observe(Some(&cursor)).await.unwrap(), Observation::Delta { .. }));
        assert_eq!(dav.look().await.unwrap(), look);
        assert_eq!(server.methods(), methods, "{cursor}");
    }
}

/// A collection on another server would get the password.
#[tokio::test]
async fn what_was_made_elsewhere_is_not_looked_for_on_a_strangers_server() {
    let stranger = Server::start(|_, _| reply(200, "", "")).await;
    let there = calendar(&format!("{}work/", stranger.url), "Work", "#FF0000");
    let server = Server::start(move |n, seen| match (n, seen.method.as_str()) {
        (0, _) => home(""),
        (_, "MKCALENDAR") => reply(201, "", ""),
        (_, "PROPFIND") if seen.has("depth: 1") => home(&there),
        _ => reply(404, "", ""),
    })
    .await;
    let error = made(&server).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NotUnderstood, "{error}");
    assert!(stranger.seen().is_empty());
}
