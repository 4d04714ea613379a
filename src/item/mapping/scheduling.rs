//! Whether a server may write to the guests of a meeting.

use std::collections::HashMap;

use bytes::Bytes;

use super::parts::Parts;
use crate::item::edit::{ComponentId, Document, Edits, fold};
use crate::item::lines::Line;

const AGENT: &str = "SCHEDULE-AGENT";
const CLIENT: &[u8] = b";SCHEDULE-AGENT=CLIENT";
const NOTIFICATIONS: &str = "X-SOGO-SEND-APPOINTMENT-NOTIFICATIONS";
/// How many octets a line should have at most (RFC 5545 section 3.1).
const LINE: usize = 75;

fn people<'d, 'a>(document: &'d Document<'a>, id: ComponentId) -> impl Iterator<Item = &'d Line<'a>> {
    document.properties(id).filter(|line| line.is("ORGANIZER") || line.is("ATTENDEE"))
}

/// Puts the parameter behind the name of each organiser and guest that has no such parameter. Where it makes the
/// line too long it is folded there, so that all other octets stay as they are.
pub(super) fn with_client_agent(bytes: &Bytes) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        for line in people(&document, id).filter(|line| line.param(AGENT).is_none()) {
            put_agent(&document, line, &mut edits);
        }
    }
    edits.apply_to(bytes)
}

fn put_agent(document: &Document<'_>, line: &Line<'_>, edits: &mut Edits<'_, '_>) {
    let bytes = document.source();
    let place = document.place_behind_name(line);
    let fold_here = [document.line_end(line), b" "].concat();
    let rest = &bytes[place..line.range.end];
    let before = bytes[..place].iter().rev().take_while(|&&octet| octet != b'\n').count();
    let behind = rest.iter().take_while(|&&octet| !matches!(octet, b'\r' | b'\n')).count();
    if fold(rest).is_some() {
        edits.insert(place, &[&fold_here, CLIENT].concat());
    } else if before + CLIENT.len() + behind <= LINE {
        edits.insert(place, CLIENT);
    } else {
        edits.insert(place, &[CLIENT, &fold_here].concat());
    }
}

/// Puts the parameter where the same organiser or guest has it in the version that is there.
pub(super) fn with_agents_there(shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let Some(there) = there else { return shared.clone() };
    let without = without_client_agent(there);
    let (document, there, without) =
        (Document::read(shared), Document::read(there), Document::read(&without));
    let mut parts = Parts::of(&without);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        // The components and lines there are the same ones with the parameter and without it.
        let Some(own) = parts.take(&document, id) else { continue };
        let both = people(&there, own).zip(people(&without, own));
        let mut had: HashMap<&str, Vec<(&Line<'_>, &Line<'_>)>> = HashMap::new();
        for (with, bare) in both.filter(|(with, _)| is_by_client(with)) {
            had.entry(bare.text()).or_default().push((with, bare));
        }
        for line in people(&document, id).filter(|line| line.param(AGENT).is_none()) {
            match had.get_mut(line.text()).and_then(Vec::pop) {
                Some((with, bare)) if without.octets_of(bare) == document.octets_of(line) => {
                    edits.replace_octets(line, there.octets_of(with));
                }
                Some(_) => put_agent(&document, line, &mut edits),
                None => {}
            }
        }
    }
    edits.apply_to(shared)
}

fn is_by_client(line: &Line<'_>) -> bool {
    line.param(AGENT).is_some_and(|agent| agent.trim().eq_ignore_ascii_case("CLIENT"))
}

/// Whether a line says that nobody is written to.
pub(super) fn is_quiet(line: &Line<'_>) -> bool {
    line.is(NOTIFICATIONS) && line.value().trim().eq_ignore_ascii_case("NO")
}

/// Takes the parameter away, wherever in its line a server has put it.
pub(super) fn without_client_agent(bytes: &Bytes) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        for line in people(&document, id).filter(|line| is_by_client(line)) {
            let place = document.place_behind_name(line);
            let rest = &bytes[place..line.range.end];
            let folded = fold(rest).unwrap_or(0);
            let starts = |octets: &[u8]| {
                octets.strip_prefix(CLIENT).is_some_and(|behind| {
                    matches!(behind.first(), Some(b';' | b':')) || fold(behind).is_some()
                })
            };
            if !starts(&rest[folded..]) {
                edits.set_param(line, AGENT, None);
                continue;
            }
            let end = folded + CLIENT.len();
            let end = if folded == 0 { end + fold(&rest[end..]).unwrap_or(0) } else { end };
            edits.cut(place..place + end);
        }
    }
    edits.apply_to(bytes)
}

/// Adds the property to each event with an organiser or guests.
pub(super) fn with_no_notifications(bytes: &Bytes) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let is_meeting = document.component(id).name == "VEVENT" && people(&document, id).next().is_some();
        if is_meeting && document.property(id, NOTIFICATIONS).is_none() {
            edits.add(id, &format!("{NOTIFICATIONS}:NO"));
        }
    }
    edits.apply_to(bytes)
}

pub(super) fn without_no_notifications(bytes: &Bytes) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components().filter(|&id| document.component(id).name == "VEVENT") {
        document.properties(id).filter(|line| is_quiet(line)).for_each(|line| edits.remove(line));
    }
    edits.apply_to(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meeting(lines: &str) -> Bytes {
        Bytes::from(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}END:VEVENT\nEND:VCALENDAR\n"))
    }

    #[test]
    fn the_agent_of_organiser_and_guests() {
        let long = "ATTENDEE;CN=\"Somebody with a name that takes quite some room\":mailto:a@example.org\n";
        let item = meeting(&format!(
            "ORGANIZER:mailto:me@x\n{long}ATTENDEE\n ;CN=B:mailto:b@x\nATTENDEE;SCHEDULE-AGENT=NONE:mailto:c@x\n"
        ));
        let out = with_client_agent(&item);
        insta::assert_snapshot!(String::from_utf8_lossy(&out), @r#"
        BEGIN:VCALENDAR
        BEGIN:VEVENT
        ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:me@x
        ATTENDEE;SCHEDULE-AGENT=CLIENT
         ;CN="Somebody with a name that takes quite some room":mailto:a@example.org
        ATTENDEE
         ;SCHEDULE-AGENT=CLIENT
         ;CN=B:mailto:b@x
        ATTENDEE;SCHEDULE-AGENT=NONE:mailto:c@x
        END:VEVENT
        END:VCALENDAR
        "#);
        assert_eq!(without_client_agent(&out), item);
    }

    #[test]
    fn the_agent_is_found_where_a_server_has_put_it() {
        let item = meeting(
            "ATTENDEE;CN=A;schedule-agent=client;X=1:mailto:\n a@x\nATTENDEE;SCHEDULE-AGENT=CLIENTS:mailto:b@x\n",
        );
        assert_eq!(
            without_client_agent(&item),
            meeting("ATTENDEE;CN=A;X=1:mailto:a@x\nATTENDEE;SCHEDULE-AGENT=CLIENTS:mailto:b@x\n")
        );
    }

    #[test]
    fn the_agent_stays_with_whom_it_was() {
        let people = "ATTENDEE;CN=A;SCHEDULE-AGENT=CLIENT:mailto:a@x\nATTENDEE:mailto:b@x\n";
        let here = meeting(&format!("{people}ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:c@x\n"));
        let there =
            meeting("SUMMARY:new\nATTENDEE:mailto:b@x\nATTENDEE;CN=A:mailto:a@x\nATTENDEE:mailto:d@x\n");
        assert_eq!(
            with_agents_there(&there, Some(&here)),
            meeting(
                "SUMMARY:new\nATTENDEE:mailto:b@x\nATTENDEE;CN=A;SCHEDULE-AGENT=CLIENT:mailto:a@x\nATTENDEE:mailto:d@x\n"
            )
        );
        let folded = meeting("ATTENDEE;C\n N=A:mailto:a@x\n");
        assert_eq!(
            with_agents_there(&folded, Some(&here)),
            meeting("ATTENDEE;SCHEDULE-AGENT=CLIENT;C\n N=A:mailto:a@x\n")
        );
        assert_eq!(with_agents_there(&there, None), there);
    }

    #[test]
    fn notifications_of_meetings_only() {
        assert_eq!(
            with_no_notifications(&meeting("ATTENDEE:mailto:a@x\n")),
            meeting("ATTENDEE:mailto:a@x\nX-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:NO\n")
        );
        assert_eq!(with_no_notifications(&meeting("SUMMARY:alone\n")), meeting("SUMMARY:alone\n"));
        let own = meeting("ATTENDEE:mailto:a@x\nX-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:YES\n");
        assert_eq!((with_no_notifications(&own), without_no_notifications(&own)), (own.clone(), own));
    }
}
