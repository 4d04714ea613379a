//! Meetings: an organiser and those who are invited.

use std::collections::BTreeSet;

use super::edit::Document;
use super::lines::Line;

/// The people of a meeting, by their calendar addresses in lower case (`mailto:jana@example.org`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    pub organizer: String,
    /// Those whom the organiser's server would invite by itself (RFC 6638 section 7.1).
    pub guests: BTreeSet<String>,
}

/// The meeting that an item is; `None` where it has no organiser or nobody is to be invited by a server.
pub fn meeting(bytes: &[u8]) -> Option<Meeting> {
    let document = Document::read(bytes);
    let mut organizer = None;
    let mut guests = BTreeSet::new();
    for line in document.main_components().flat_map(|id| document.properties(id)) {
        if line.is("ORGANIZER") {
            organizer.get_or_insert_with(|| address(line));
        } else if line.is("ATTENDEE") && by_server(line) {
            guests.insert(address(line));
        }
    }
    let organizer = organizer?;
    guests.remove(&organizer);
    (!guests.is_empty()).then_some(Meeting { organizer, guests })
}

fn by_server(line: &Line<'_>) -> bool {
    let agent = line.param("SCHEDULE-AGENT").unwrap_or("SERVER").trim();
    !["CLIENT", "NONE"].iter().any(|other| agent.eq_ignore_ascii_case(other))
}

fn address(line: &Line<'_>) -> String {
    line.value().trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guests(lines: &str) -> Option<String> {
        let item = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}END:VEVENT\nEND:VCALENDAR\n");
        let Meeting { organizer, guests } = meeting(item.as_bytes())?;
        Some(format!("{organizer} invites {}", guests.into_iter().collect::<Vec<_>>().join(" ")))
    }

    #[test]
    fn who_is_invited() {
        let two = "ATTENDEE:mailto:Me@x\nATTENDEE;CN=B:MAILTO:b@x\nATTENDEE;CN=B:mailto:b@x\n";
        assert_eq!(
            guests(&format!("ORGANIZER;CN=Me:mailto:me@X\n{two}")).unwrap(),
            "mailto:me@x invites mailto:b@x"
        );
        assert_eq!(guests(two), None);
        assert_eq!(guests("ORGANIZER:mailto:me@x\nATTENDEE:mailto:me@x\n"), None);
        let by_hand = "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:b@x\nATTENDEE;SCHEDULE-AGENT=none:mailto:c@x\n";
        assert_eq!(guests(&format!("ORGANIZER:mailto:me@x\n{by_hand}")), None);
        let alarm = "BEGIN:VALARM\nATTENDEE:mailto:b@x\nEND:VALARM\n";
        assert_eq!(guests(&format!("ORGANIZER:mailto:me@x\n{alarm}")), None);
    }
}
