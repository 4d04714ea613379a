//! Giving an item the UID that the other side knows it by.

use bytes::Bytes;

use super::edit::{Document, Edits};

/// The item with this UID (as written in the file) in each of its components. Every other octet stays as it was.
pub fn with_uid(bytes: &Bytes, uid: &str) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let mut own = document.properties(id).filter(|line| line.is("UID")).peekable();
        if own.peek().is_none() {
            edits.add_first(id, &format!("UID:{uid}"));
        }
        own.for_each(|line| edits.set_value(line, uid));
    }
    edits.apply()
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
