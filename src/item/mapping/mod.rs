//! Where an item is to be different on the server, by the options of its profile: pairs of pure functions, one for the
//! way out and one for the way in. What went out and comes in again is what it was, to the octet, unless the item
//! itself says already what the option would say.

use bytes::Bytes;

pub mod options;
mod scheduling;

/// A difference between an item here and on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mapping {
    /// The server does not invite the guests of a meeting: `SCHEDULE-AGENT=CLIENT` (RFC 6638 section 7.1).
    ScheduleAgentClient,
    /// SOGo and Open-Xchange do not write to the guests of a meeting.
    NoNotifications,
}

impl Mapping {
    fn outward(self, bytes: &Bytes) -> Bytes {
        match self {
            Mapping::ScheduleAgentClient => scheduling::with_client_agent(bytes),
            Mapping::NoNotifications => scheduling::with_no_notifications(bytes),
        }
    }

    fn inward(self, bytes: &Bytes) -> Bytes {
        match self {
            Mapping::ScheduleAgentClient => scheduling::without_client_agent(bytes),
            Mapping::NoNotifications => scheduling::without_no_notifications(bytes),
        }
    }
}

/// The item as the server is to have it.
pub fn outward(mappings: &[Mapping], bytes: &Bytes) -> Bytes {
    mappings.iter().fold(bytes.clone(), |bytes, mapping| mapping.outward(&bytes))
}

/// The server's item as it is here.
pub fn inward(mappings: &[Mapping], bytes: &Bytes) -> Bytes {
    mappings.iter().rev().fold(bytes.clone(), |bytes, mapping| mapping.inward(&bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Mapping; 2] = [Mapping::ScheduleAgentClient, Mapping::NoNotifications];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_went_out_and_comes_in_again_is_what_it_was(
            lines in proptest::collection::vec(
                "(ATTENDEE|attendee|ORGANIZER|ATTEN(\r)?\n DEE|X-ATTENDEE|item1.ATTENDEE)((\r)?\n[ \t])?(;CN=\"[a-zé:; ]{0,40}\"|;SCHEDULE-AGENT=NONE|;X=[a-z]{0,60}){0,2}((\r)?\n )?:mailto:[a-z]{1,60}@x(\r)?\n|SUMMARY:[a-z]{0,9}\n|BEGIN:VALARM\r\nATTENDEE:mailto:a@x\r\nEND:VALARM\r\n|no line\r\n",
                0..6,
            ),
            kind in "VEVENT|VTODO",
            order in any::<bool>(),
        ) {
            let item = Bytes::from(format!("BEGIN:VCALENDAR\r\nBEGIN:{kind}\r\n{}END:{kind}\r\nEND:VCALENDAR\r\n", lines.concat()));
            let mut mappings = ALL;
            if order {
                mappings.reverse();
            }
            let out = outward(&mappings, &item);
            prop_assert_eq!(inward(&mappings, &out), item.clone());
            prop_assert_eq!(outward(&mappings, &out), out.clone());
            let no_guest = !lines.concat().to_ascii_uppercase().replace(['\r', '\n', ' '], "").contains("ATTENDEE");
            prop_assert!(!no_guest || lines.concat().contains("ORGANIZER") || out == item);
        }
    }
}
