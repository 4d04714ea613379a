//! Meetings on a server that invites their guests (Cyrus): what a look ahead tells, and how a profile keeps it from doing so.

use std::fs;

use bytes::Bytes;
use pimbridge::item::Kind;

use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{event_on, http};

fn meeting(title: &str) -> Bytes {
    let people = "ORGANIZER:mailto:alice@internal\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@internal\r\n\
                  ATTENDEE;CN=\"Bob\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@internal\r\n";
    event_on("20281220", "team", title, people)
}

/// The titles of what is in bob's calendar.
fn of_bob(server: &Server) -> Vec<String> {
    let url = format!("http://127.0.0.1:{}/dav/calendars/user/bob/Default/", server.port);
    let body = "<C:calendar-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><prop><C:calendar-data/></prop>\
                <C:filter><C:comp-filter name='VCALENDAR'/></C:filter></C:calendar-query>";
    let headers = [("Depth", "1"), ("Content-Type", "application/xml")];
    let answer = http::send_as("bob", "REPORT", &url, &headers, body.as_bytes());
    assert_eq!(answer.status, 207, "{}", answer.text());
    answer.text().lines().filter_map(|line| line.strip_prefix("SUMMARY:")).map(str::to_owned).collect()
}

#[test]
fn whom_the_server_invites_is_told_before_and_can_be_kept_from_it() {
    let Some(server) = Server::start_if_installed(Software::Cyrus) else { return };
    // The first request makes his calendar.
    http::send_as(
        "bob",
        "PROPFIND",
        &format!("http://127.0.0.1:{}/dav/calendars/user/bob/", server.port),
        &[("Depth", "1")],
        b"",
    );
    let url = server.create("meetings", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let file = home.folder("work").join("team.ics");
    fs::write(&file, meeting("Team")).unwrap();

    let ahead = home.run(&["sync", "work", "--dry-run"]).expect(0);
    insta::assert_snapshot!(home.shown(&ahead), @"
    work: a look ahead, nothing was changed.
      On the server there would be: 1 new.

      What would change:
        new     on the server     Team, 20 December 2028 (new on this computer)

      Note: Where both sides change the same item, the version that was changed last is taken. We recommend to keep both changes instead (pimbridge profile set work conflict merge).
      Note: 1 meeting that you organise would be new on the server, and it sends invitations by itself: 1 person may get mail (Team, 20 December 2028). To keep it from doing so, before you sync: pimbridge profile set work remote.schedule_agent client.
      (TRAFFIC)
    ");
    assert_eq!(of_bob(&server), [""; 0]);

    // As the note says.
    home.run(&["profile", "set", "work", "remote.schedule_agent", "client"]).expect(0);
    let ahead = home.run(&["sync", "work", "--dry-run"]).expect(0);
    assert!(!ahead.stdout.contains("invitations"), "{}", ahead.stdout);
    home.sync("work", 0);
    assert_eq!(of_bob(&server), [""; 0], "nobody was invited");
    let stored = String::from_utf8(http::items(&url)["team.ics"].to_vec()).unwrap().replace("\r\n ", "");
    assert_eq!(stored.matches(";SCHEDULE-AGENT=CLIENT").count(), 3, "{stored}");
    assert_eq!(files(&home.folder("work"))["team.ics"], meeting("Team"), "the file is as it was");
    let idle = home.sync("work", 0);
    assert_eq!(
        (idle["local"]["updated"].as_u64(), idle["remote"]["updated"].as_u64()),
        (Some(0), Some(0)),
        "{idle}"
    );

    // What is changed on the server comes without the mark.
    let changed = stored.replace("SUMMARY:Team", "SUMMARY:The whole team");
    http::put(&url, "team.ics", "text/calendar", changed.as_bytes());
    home.sync("work", 0);
    let here = String::from_utf8(files(&home.folder("work"))["team.ics"].to_vec()).unwrap();
    assert!(here.contains("SUMMARY:The whole team") && !here.contains("SCHEDULE-AGENT"), "{here}");

    // Without the option the server does what it does.
    home.run(&["profile", "set", "work", "remote.schedule_agent", "server"]).expect(0);
    fs::write(&file, here.replace("The whole team", "All")).unwrap();
    home.sync("work", 0);
    assert_eq!(of_bob(&server), ["All"]);
    home.sync("work", 0);
    let idle = home.sync("work", 0);
    assert_eq!(
        (idle["local"]["updated"].as_u64(), idle["remote"]["updated"].as_u64()),
        (Some(0), Some(0)),
        "{idle}"
    );
}
