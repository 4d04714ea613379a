//! Giving an item the UID that the other side knows it by.

use std::ops::Range;

use bytes::Bytes;

use super::lines::{Line, Lines};

/// How many octets a line may have before it is folded (RFC 5545 section 3.1).
const LINE: usize = 75;

/// The item with this UID (as written in the file) in each of its components. Every other octet stays as it was.
pub fn with_uid(bytes: &Bytes, uid: &str) -> Bytes {
    let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for line in Lines::new(bytes).flatten() {
        if line.is("BEGIN") {
            let begins = open.last().is_none_or(|outer| outer.holds_items);
            open.push(Open::new(&line, begins));
        } else if line.is("END") {
            if let Some(closed) = open.pop()
                && closed.is_item
                && !closed.has_uid
            {
                let end = line_end(&bytes[closed.begin.clone()]);
                edits.push((closed.begin.end..closed.begin.end, uid_line(uid, end)));
            }
        } else if line.is("UID")
            && let Some(own) = open.last_mut().filter(|own| own.is_item)
        {
            own.has_uid = true;
            edits.push((line.range.clone(), uid_line(uid, line_end(&bytes[line.range.clone()]))));
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::with_capacity(bytes.len() + 128);
    let mut at = 0;
    for (range, text) in edits {
        out.extend_from_slice(&bytes[at..range.start]);
        out.extend_from_slice(&text);
        at = range.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out.into()
}

struct Open {
    /// Where its BEGIN line is.
    begin: Range<usize>,
    /// It is what the UID belongs to: an event, task or journal, or a vCard.
    is_item: bool,
    /// It is a calendar.
    holds_items: bool,
    has_uid: bool,
}

impl Open {
    fn new(line: &Line<'_>, top: bool) -> Open {
        let name = line.value().trim().to_ascii_uppercase();
        Open {
            begin: line.range.clone(),
            is_item: top && matches!(name.as_str(), "VEVENT" | "VTODO" | "VJOURNAL" | "VCARD"),
            holds_items: name == "VCALENDAR",
            has_uid: false,
        }
    }
}

fn line_end(line: &[u8]) -> &[u8] {
    if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}

fn uid_line(uid: &str, end: &[u8]) -> Vec<u8> {
    let text = format!("UID:{uid}");
    let mut line = Vec::with_capacity(text.len() + 8);
    let mut width = 0;
    for c in text.chars() {
        if width + c.len_utf8() > LINE {
            line.extend_from_slice(end);
            line.push(b' ');
            width = 1;
        }
        line.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        width += c.len_utf8();
    }
    line.extend_from_slice(end);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_uid_of_the_components_changes() {
        let item = Bytes::from(
            "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\nUID:old-\n 1\nSUMMARY:A\n  b\nBEGIN:VALARM\nUID:alarm\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\r\nRECURRENCE-ID:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR",
        );
        assert_eq!(
            with_uid(&item, "new"),
            "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\nUID:new\nSUMMARY:A\n  b\nBEGIN:VALARM\nUID:alarm\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\r\nUID:new\r\nRECURRENCE-ID:20260101\r\nEND:VEVENT\r\nEND:VCALENDAR"
        );
    }

    #[test]
    fn a_long_uid_is_folded() {
        let item = Bytes::from("BEGIN:VCARD\r\nUID:1\r\nFN:Ada\r\nEND:VCARD\r\n");
        let uid = "ü".repeat(60);
        let changed = with_uid(&item, &uid);
        assert_eq!(super::super::read(&changed).map(|facts| facts.uid), Ok(Some(uid)));
        assert!(changed.split(|&b| b == b'\n').all(|line| line.len() <= 76));
    }
}
