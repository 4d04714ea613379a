//! Profiles whose items are different on the two sides.

use std::fs;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::http;
use crate::support::program::{Home, files};
use crate::support::scripted::Scripted;
use crate::support::servers::{Server, Software};

/// Words that must not leave this computer.
const WORDS: [&str; 8] =
    ["Oncology", "diagnosis", "Clinic", "doctor", "appointment-4711", "Health", "therapy", "wakeup"];

fn secret(day: &str, more: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//therapy//EN\r\nBEGIN:VEVENT\r\nUID:appointment-4711\r\n\
         DTSTAMP:20260101T000000Z\r\nDTSTART:{day}T100000Z\r\nDTEND:{day}T110000Z\r\nSUMMARY:Oncology\r\n\
         DESCRIPTION:diagnosis\r\nLOCATION:Clinic\r\nORGANIZER:mailto:doctor@example.org\r\n\
         ATTENDEE:mailto:doctor@example.org\r\nCATEGORIES:Health\r\nX-NOTE:therapy\r\n{more}BEGIN:VALARM\r\n\
         ACTION:DISPLAY\r\nDESCRIPTION:wakeup\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

const BUSY: &str = "mode = \"replicate-to-server\"\nbusy_blocks = \"Busy\"";

#[test]
fn nothing_of_an_event_but_its_times_goes_to_the_server() {
    let server = Embedded::start(Kind::Events);
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&sent);
    let front = Scripted::before(server.port(), move |request| {
        let body = String::from_utf8_lossy(&request.body);
        log.lock().unwrap().push(format!("{} {}\n{body}", request.method, request.path));
        None
    });
    let home = Home::default();
    home.profile("work", Kind::Events, &front.url(&format!("{}/", server.path())), BUSY);
    let file = home.folder("work").join("Oncology.ics");
    for (text, events) in [
        (Some(secret("20281220", "")), 1),
        (Some(secret("20281221", "RRULE:FREQ=WEEKLY\r\nTRANSP:TRANSPARENT\r\n")), 1),
        (Some("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Oncology".to_owned()), 1),
        (None, 0),
    ] {
        match &text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        home.run(&["sync", "work"]);
        assert_eq!(server.items().len(), events);
        assert_eq!(
            files(&home.folder("work")).into_values().next(),
            text.map(Bytes::from),
            "the file is as it was"
        );
    }
    // A single file is looked for on the server by the UID of its block.
    fs::write(&file, secret("20281222", "")).unwrap();
    home.run(&["sync", "work", "--only", &file.display().to_string()]);
    assert_eq!(server.items().len(), 1);
    let sent = sent.lock().unwrap().join("\n");
    assert!(sent.contains("SUMMARY:Busy") && sent.contains("RRULE:FREQ=WEEKLY"), "{sent}");
    for word in WORDS {
        assert!(!sent.to_lowercase().contains(&word.to_lowercase()), "{word}: {sent}");
    }
}

#[test]
fn busy_blocks_on_a_real_server() {
    let Some(server) = Server::start_if_installed(Software::Radicale) else { return };
    let url = server.create("busy", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, BUSY);
    let folder = home.folder("work");
    fs::write(folder.join("a.ics"), secret("20281220", "")).unwrap();
    home.sync("work", 0);
    let blocks = http::items(&url);
    let block = String::from_utf8(blocks.values().next().unwrap().to_vec()).unwrap();
    assert!(block.contains("SUMMARY:Busy") && !block.contains("Oncology"), "{block}");
    let idle = home.sync("work", 0);
    assert_eq!((idle["local"]["updated"].as_u64(), idle["remote"]["updated"].as_u64()), (Some(0), Some(0)));

    // Beginning anew makes nothing twice.
    home.run(&["profile", "reset", "work"]);
    home.sync("work", 0);
    assert_eq!(http::items(&url).keys().collect::<Vec<_>>(), blocks.keys().collect::<Vec<_>>());

    fs::write(folder.join("a.ics"), secret("20281221", "")).unwrap();
    home.sync("work", 0);
    let moved = String::from_utf8(http::items(&url).values().next().unwrap().to_vec()).unwrap();
    assert!(moved.contains("20281221T100000Z"), "{moved}");
    fs::remove_file(folder.join("a.ics")).unwrap();
    home.run(&["sync", "work", "--allow-deletions"]).expect(0);
    assert_eq!(http::items(&url).len(), 0);
}

/// Both sides have alarms of their own, and neither loses them by what the other changes.
#[test]
fn reminders_are_each_sides_own() {
    let Some(server) = Server::start_if_installed(Software::Radicale) else { return };
    let url = server.create("reminders", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "mapping.reminders = \"none\"");
    let file = home.folder("work").join("a.ics");
    let event = |title: &str, alarm: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n\
             DTSTART:20281220T100000Z\r\nSUMMARY:{title}\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n\
             TRIGGER:-{alarm}\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let there = || String::from_utf8(http::items(&url)["a.ics"].to_vec()).unwrap();
    fs::write(&file, event("one", "PT5M")).unwrap();
    http::put(&url, "a.ics", "text/calendar", event("one", "PT10M").as_bytes());
    home.sync("work", 0);
    fs::write(&file, event("two", "PT5M")).unwrap();
    home.sync("work", 0);
    assert!(there().contains("SUMMARY:two") && there().contains("TRIGGER:-PT10M"), "{}", there());
    assert!(!there().contains("PT5M"), "{}", there());
    http::put(&url, "a.ics", "text/calendar", there().replace("two", "three").as_bytes());
    home.sync("work", 0);
    let here = fs::read_to_string(&file).unwrap();
    assert!(
        here.contains("SUMMARY:three") && here.contains("TRIGGER:-PT5M") && !here.contains("PT10M"),
        "{here}"
    );
    let idle = home.sync("work", 0);
    assert_eq!((idle["local"]["updated"].as_u64(), idle["remote"]["updated"].as_u64()), (Some(0), Some(0)));
}
