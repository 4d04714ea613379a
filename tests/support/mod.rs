//! What the tests share: items, collections in memory, and a profile between them.
#![allow(dead_code)]

pub mod daemon;
pub mod disk;
pub mod dns;
pub mod embedded;
pub mod forward;
pub mod http;
pub mod memory;
pub mod oauth;
pub mod program;
pub mod proxy;
pub mod scripted;
pub mod servers;
pub mod tls;
pub mod world;

use bytes::Bytes;
use pimbridge::item::Kind;

/// An event with this UID and title; `modified` is the minute of its LAST-MODIFIED.
pub fn event(uid: &str, title: &str, modified: u32) -> Bytes {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         LAST-MODIFIED:20260101T{:02}{:02}00Z\r\nDTSTART:20260501T100000Z\r\nDTEND:20260501T110000Z\r\nSUMMARY:{title}\r\n\
         X-UNKNOWN;X-PARAM=\"a:b\":kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        modified / 60,
        modified % 60
    )
    .into()
}

/// An event of an hour on this day (`20270115`), with more lines of its own (each with its line end).
pub fn event_on(day: &str, uid: &str, title: &str, lines: &str) -> Bytes {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n\
         DTSTART:{day}T100000Z\r\nDTEND:{day}T110000Z\r\nSUMMARY:{title}\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    .into()
}

/// The title of an event or task, the name of a contact.
pub fn title(bytes: &Bytes) -> String {
    let text = String::from_utf8_lossy(bytes);
    let title = |line: &str| line.strip_prefix("SUMMARY:").or(line.strip_prefix("FN:")).map(str::to_owned);
    text.lines().find_map(title).unwrap_or_default()
}

/// An item of a kind, full of what a careless program would lose; `modified` is the minute of its last change.
pub fn item(kind: Kind, uid: &str, title: &str, modified: u32) -> Bytes {
    let time = format!("20260101T{:02}{:02}00Z", modified / 60, modified % 60);
    match kind {
        Kind::Contacts => format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{title}\r\nN:Mustermann;{uid};;;\r\nREV:{time}\r\n\
             item1.EMAIL;TYPE=INTERNET:{uid}@example.org\r\nitem1.X-ABLABEL:Größe\r\nX-UNKNOWN;X-P=\"a:b\":kept\r\n\
             TEL;TYPE=CELL:+49 30 1234\r\nEND:VCARD\r\n"
        ),
        Kind::Events | Kind::Tasks => {
            let (name, when) = match kind {
                Kind::Events => ("VEVENT", "DTSTART;TZID=Europe/Berlin:20260501T100000\r\nDURATION:PT1H\r\n"),
                _ => ("VTODO", "DUE;VALUE=DATE:20260501\r\nPRIORITY:5\r\n"),
            };
            format!(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Something 1.0//DE\r\nBEGIN:{name}\r\nUID:{uid}\r\n\
                 DTSTAMP:20260101T000000Z\r\nLAST-MODIFIED:{time}\r\n{when}SUMMARY:{title}\r\n\
                 DESCRIPTION:Grüße aus Köln\\, mit einer Zeile\\ndie so lang ist\\; dass si\r\n e gefaltet werden muss 🎉\r\n\
                 X-UNKNOWN;X-PARAM=\"a:b;c\":kept\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:QUJDREVGRw==\r\n\
                 BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:first\r\nEND:VALARM\r\n\
                 BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:second\r\nEND:VALARM\r\n\
                 END:{name}\r\nEND:VCALENDAR\r\n"
            )
        }
    }
    .into()
}
