//! Meetings on servers that invite guests.

use super::*;

const MEETING: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nORGANIZER:mailto:jana@x\r\nATTENDEE:mailto:ole@x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn replace(bytes: &'static str) -> Vec<Edit> {
    vec![Edit::Replace { href: Href::new("a.ics"), if_etag: Etag::new("\"1\""), bytes: bytes.into() }]
}

fn tagged(etag: &str) -> Vec<u8> {
    let tag = "<getetag>ETAG</getetag><C:schedule-tag>\"t\"</C:schedule-tag>".replace("ETAG", etag);
    multistatus(&props("/cal/a.ics", &tag))
}

#[tokio::test]
async fn a_meeting_is_stored_with_its_tag_beside_its_version() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => tagged("\"1\""),
        _ => reply(204, "ETag: \"2\"\r\n", ""),
    })
    .await;
    let applied = server.open().apply(replace(MEETING)).await;
    assert_eq!(
        applied.outcomes,
        [Outcome::Stored { href: Href::new("a.ics"), etag: Some(Etag::new("\"2\"")) }]
    );
    let put = server.seen().pop().unwrap();
    assert!(put.has("if-match: \"1\"") && put.has("if-schedule-tag-match: \"t\""), "{}", put.head);
}

/// The tag never stands in for the version: a server may leave it as it is when the meeting is changed.
#[tokio::test]
async fn a_meeting_that_was_changed_is_not_overwritten_whatever_its_tag() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => tagged("\"2\""),
        "PUT" => {
            assert!(!seen.head.contains("schedule-tag"));
            reply(412, "", "")
        }
        _ => {
            multistatus(&props("/cal/a.ics", "<getetag>\"2\"</getetag><C:calendar-data>X</C:calendar-data>"))
        }
    })
    .await;
    let applied = server.open().apply(replace(MEETING)).await;
    assert_eq!(applied.outcomes, [Outcome::Stale { sure: true }]);
}

#[tokio::test]
async fn a_server_that_does_not_know_its_own_tag_gets_the_version_alone() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => tagged("\"1\""),
        "PUT" if seen.head.contains("schedule-tag") => reply(412, "", ""),
        "PUT" => reply(204, "ETag: \"2\"\r\n", ""),
        _ => {
            multistatus(&props("/cal/a.ics", "<getetag>\"1\"</getetag><C:calendar-data>X</C:calendar-data>"))
        }
    })
    .await;
    let applied = server.open().apply(replace(MEETING)).await;
    assert!(matches!(applied.outcomes[..], [Outcome::Stored { .. }]), "{applied:?}");
    assert_eq!(server.methods(), "PROPFIND PUT REPORT PUT");
}

#[tokio::test]
async fn only_of_a_meeting_the_tag_is_asked_for_and_only_once_where_there_is_none() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "PROPFIND" => multistatus(&props("/cal/a.ics", "<getetag>\"1\"</getetag>")),
        _ => reply(204, "ETag: \"1\"\r\n", ""),
    })
    .await;
    let dav = server.open();
    dav.apply(replace("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")).await;
    dav.apply(replace(MEETING)).await;
    dav.apply(replace(MEETING)).await;
    assert_eq!(server.methods(), "PUT PROPFIND PUT PUT");
}

#[tokio::test]
async fn as_whom_a_server_invites() {
    let start = async |dav: &'static str, addresses: &'static str| {
        Server::start(move |_, seen| match (seen.method.as_str(), seen.path.as_str()) {
            ("OPTIONS", _) => reply(200, dav, ""),
            (_, "/cal/") => multistatus(&props(
                "/cal/",
                "<current-user-principal><href>/jana/</href></current-user-principal>",
            )),
            (_, "/jana/") => multistatus(&props(
                "/jana/",
                &format!("<C:calendar-user-address-set>{addresses}</C:calendar-user-address-set>"),
            )),
            other => panic!("{other:?}"),
        })
        .await
    };
    let schedules = "DAV: 1, 2\r\nDAV: calendar-access, calendar-auto-schedule\r\n";
    let server = start(schedules, "<href>mailto:Jana@X</href><href>/jana/</href>").await;
    assert_eq!(server.open().invites_as().await.unwrap(), ["mailto:jana@x", "/jana/"]);
    let server = start("DAV: 1, 2, calendar-access\r\n", "").await;
    assert_eq!(server.open().invites_as().await.unwrap(), [""; 0]);
    assert_eq!(server.methods(), "OPTIONS");
}

/// A principal on another server is not asked, because it would get the password.
#[tokio::test]
async fn a_principal_of_a_stranger_is_not_asked() {
    let stranger = Server::start(|_, _| reply(200, "", "")).await;
    let principal = format!("<current-user-principal><href>{}</href></current-user-principal>", stranger.url);
    let server = Server::start(move |_, seen| match seen.method.as_str() {
        "OPTIONS" => reply(200, "DAV: 1, calendar-auto-schedule\r\n", ""),
        _ => multistatus(&props("/cal/", &principal)),
    })
    .await;
    assert_eq!(server.open().invites_as().await.unwrap(), [""; 0]);
    assert!(stranger.seen().is_empty());
}
