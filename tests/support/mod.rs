//! What the tests share: items, collections in memory, and a profile between them.
#![allow(dead_code)]

pub mod memory;
pub mod world;

use bytes::Bytes;

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

/// The title of an event made by [`event`].
pub fn title(bytes: &Bytes) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap_or_default().to_owned()
}
