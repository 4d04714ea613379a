//! Reading an item: one pass over its lines for all the facts.

use jiff::Timestamp;
use tr::tr;

use super::digest::{Digester, rule};
use super::edit::component_name;
use super::keys::{Contact, Entry};
use super::lines::{Line, Lines};
use super::time::{Length, Moment, read_stamp};
use super::{Facts, Kind, MAX_BYTES, Unreadable, text};
use crate::language::dates;

/// Components may be nested this deep.
const MAX_DEPTH: usize = 32;
const LONGEST_TITLE: usize = 100;
/// How much of an unreadable item is searched for its title, in octets.
const TITLE_WITHIN: usize = 256 * 1024;

/// Reads the facts of an item: one VCALENDAR (RFC 5545) or one vCard (RFC 6350, and older ones).
pub fn read(bytes: &[u8]) -> Result<Facts, Unreadable> {
    if bytes.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge);
    }
    if let Some(at) = bytes.iter().position(|&octet| octet == 0) {
        return Err(Unreadable::Nul(at));
    }
    let mut reader = Reader::default();
    for line in Lines::new(bytes) {
        match line {
            Ok(line) => reader.line(&line)?,
            // What stands before the item shows that there is none, and what stands behind it is nobody's.
            Err(Unreadable::BadLine { .. }) if reader.is_before() => return Err(Unreadable::NotAnItem),
            Err(_) if reader.is_after() => {}
            Err(error) => return Err(error),
        }
    }
    reader.finish()
}

/// What a person may call an item that cannot be read: its first title or name, if there is one near its
/// beginning. For messages only.
pub fn title(bytes: &[u8]) -> Option<String> {
    let start = &bytes[..bytes.len().min(TITLE_WITHIN)];
    let mut in_alarm = false;
    Lines::new(start).lossy().flatten().find_map(|line| {
        if line.is("BEGIN") || line.is("END") {
            in_alarm = line.is("BEGIN") && component_name(&line) == "VALARM";
        }
        let names_it = line.is("SUMMARY") || line.is("FN");
        let title = text::shown(&text::plain(&line), LONGEST_TITLE);
        (names_it && !in_alarm && !title.is_empty()).then_some(title)
    })
}

#[derive(Default)]
struct Reader {
    object: Option<Object>,
    /// The names of the open components, in upper case, the object's first.
    open: Vec<String>,
    digester: Digester,
    facts: Found,
}

enum Object {
    Calendar(Calendar),
    Contact(Contact),
}

/// What is known of both kinds of object.
#[derive(Default)]
struct Found {
    uid: Option<String>,
    modified: Option<Timestamp>,
    digest: Option<super::Digest>,
}

impl Found {
    fn add_uid(&mut self, uid: &str) -> Result<(), Unreadable> {
        let uid = uid.trim();
        match &self.uid {
            _ if uid.is_empty() => {}
            None => self.uid = Some(uid.to_owned()),
            Some(own) if own == uid => {}
            Some(own) => return Err(Unreadable::SeveralUids(own.clone(), uid.to_owned())),
        }
        Ok(())
    }

    fn add_modified(&mut self, line: &Line<'_>) {
        self.modified = self.modified.max(read_stamp(line.value()));
    }
}

#[derive(Default)]
struct Calendar {
    /// Of the first component whose kind is known.
    kind: Option<Kind>,
    /// The component that says what the item is: the first master, or else the first.
    lead: Option<Component>,
    current: Option<Component>,
}

#[derive(Default)]
struct Component {
    kind: Option<Kind>,
    /// It changes one occurrence of a series.
    is_override: bool,
    entry: Entry,
}

impl Reader {
    fn is_before(&self) -> bool {
        self.object.is_none()
    }

    fn is_after(&self) -> bool {
        self.object.is_some() && self.open.is_empty()
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        if line.is("BEGIN") {
            return self.begin(line);
        }
        if self.is_before() {
            return Err(Unreadable::NotAnItem);
        }
        if self.is_after() {
            return Ok(());
        }
        if line.is("END") {
            return self.end(line);
        }
        self.digester.property(line);
        match &mut self.object {
            Some(Object::Contact(contact)) if self.open.len() == 1 => {
                contact_property(contact, &mut self.facts, line)
            }
            Some(Object::Calendar(Calendar { current: Some(component), .. })) if self.open.len() == 2 => {
                component_property(component, &mut self.facts, line)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        let name = component_name(line);
        if self.is_after() {
            return Err(Unreadable::SeveralObjects);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Unreadable::TooDeep(MAX_DEPTH));
        }
        match &mut self.object {
            None => {
                self.object = Some(match name.as_str() {
                    "VCALENDAR" => Object::Calendar(Calendar::default()),
                    "VCARD" => Object::Contact(Contact::default()),
                    _ => return Err(Unreadable::NotAnItem),
                });
            }
            Some(Object::Calendar(calendar)) if self.open.len() == 1 && name != "VTIMEZONE" => {
                let kind = match name.as_str() {
                    "VEVENT" => Some(Kind::Events),
                    "VTODO" => Some(Kind::Tasks),
                    _ => None,
                };
                calendar.kind = calendar.kind.or(kind);
                calendar.current = Some(Component { kind, ..Component::default() });
            }
            Some(_) => {}
        }
        self.digester.begin(&name);
        self.open.push(name);
        Ok(())
    }

    fn end(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        let found = component_name(line);
        match self.open.pop() {
            Some(expected) if expected != found => {
                return Err(Unreadable::Mismatched {
                    line: line.number,
                    found: text::shown(&found, LONGEST_TITLE),
                    expected: text::shown(&expected, LONGEST_TITLE),
                });
            }
            _ => {}
        }
        self.facts.digest = self.digester.end();
        if let Some(Object::Calendar(calendar)) = &mut self.object
            && self.open.len() == 1
            && let Some(ended) = calendar.current.take()
            && calendar.lead.as_ref().is_none_or(|lead| lead.is_override && !ended.is_override)
        {
            calendar.lead = Some(ended);
        }
        Ok(())
    }

    fn finish(self) -> Result<Facts, Unreadable> {
        if let Some(open) = self.open.last() {
            return Err(Unreadable::NotClosed(text::shown(open, LONGEST_TITLE)));
        }
        let (Some(object), Found { uid, modified, digest: Some(digest) }) = (self.object, self.facts) else {
            return Err(Unreadable::NotAnItem);
        };
        let (kind, summary, keys) = match object {
            Object::Contact(contact) => {
                let name = contact.title().map(|title| text::shown(title, LONGEST_TITLE));
                let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| tr!("(no name)"));
                (Some(Kind::Contacts), name, contact.keys())
            }
            Object::Calendar(calendar) => {
                let lead = calendar.lead.ok_or(Unreadable::NoComponent)?;
                let keys = match lead.kind {
                    _ if lead.is_override => Vec::new(),
                    Some(Kind::Events) => lead.entry.event_keys(),
                    Some(Kind::Tasks) => lead.entry.task_keys(),
                    _ => Vec::new(),
                };
                (calendar.kind, summary(&lead), keys)
            }
        };
        Ok(Facts { uid, kind, summary, modified, digest, keys })
    }
}

/// `Dentist, 3 May 2026`; `Tax return, due 31 July 2026`.
fn summary(component: &Component) -> String {
    let entry = &component.entry;
    let mut title = text::shown(entry.title.as_deref().unwrap_or_default(), LONGEST_TITLE);
    if title.is_empty() {
        title = tr!("(no title)");
    }
    match (component.kind, &entry.start, &entry.end) {
        (Some(Kind::Tasks), _, Some(due)) => tr!("{}, due {}", title, dates::day(due.day())),
        (Some(Kind::Tasks), _, None) | (_, None, _) => title,
        (_, Some(start), _) => format!("{title}, {}", dates::day(start.day())),
    }
}

fn component_property(
    component: &mut Component,
    facts: &mut Found,
    line: &Line<'_>,
) -> Result<(), Unreadable> {
    let entry = &mut component.entry;
    let moment = || Moment::read(line.value(), line.param("TZID"));
    let name = line.name().to_ascii_uppercase();
    match name.as_str() {
        "UID" => facts.add_uid(line.value())?,
        "LAST-MODIFIED" => facts.add_modified(line),
        "RECURRENCE-ID" => component.is_override = true,
        "SUMMARY" => entry.title = entry.title.take().or_else(|| Some(text::plain(line))),
        "DTSTART" => entry.start = entry.start.take().or_else(moment),
        "DTEND" | "DUE" => entry.end = entry.end.take().or_else(moment),
        "DURATION" => entry.duration = entry.duration.or_else(|| Length::read(line.value())),
        "RRULE" => entry.rules.push(rule(line.value())),
        _ => {}
    }
    Ok(())
}

fn contact_property(contact: &mut Contact, facts: &mut Found, line: &Line<'_>) -> Result<(), Unreadable> {
    let name = line.name().to_ascii_uppercase();
    let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match name.as_str() {
        "UID" => facts.add_uid(line.value())?,
        "REV" => facts.add_modified(line),
        "FN" => contact.full_name = contact.full_name.take().or_else(|| filled(text::plain(line))),
        "N" => contact.name = contact.name.take().or_else(|| filled(given_and_family(line))),
        "ORG" => {
            let organisation = || filled(text::plain(line).trim_end_matches([';', ' ']).replace(';', ", "));
            contact.organisation = contact.organisation.take().or_else(organisation);
        }
        "EMAIL" => contact.emails.extend(filled(text::plain(line))),
        "TEL" => contact.phones.extend(filled(line.value().to_owned())),
        _ => {}
    }
    Ok(())
}

/// `Jana Novák` of `N:Novák;Jana;;;`.
fn given_and_family(line: &Line<'_>) -> String {
    let value = text::decoded(line);
    let mut parts = text::parts(&value, b';').map(|part| text::unescape(part).trim().to_owned());
    let (family, given) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{given} {family}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(components: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{components}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> Facts {
        read(calendar(&format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\n")).as_bytes()).unwrap()
    }

    fn card(lines: &str) -> Facts {
        read(format!("BEGIN:VCARD\nVERSION:4.0\n{lines}\nEND:VCARD\n").as_bytes()).unwrap()
    }

    fn refused(item: impl AsRef<[u8]>) -> String {
        read(item.as_ref()).unwrap_err().to_string()
    }

    #[test]
    fn an_event_with_all_that_is_around_it() {
        let item = calendar(
            "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nUID:zone\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nUID: a1 \nRECURRENCE-ID:20260510T080000Z\nSUMMARY:moved\nDTSTART:20260511T080000Z\n\
             LAST-MODIFIED:20260202T000000Z\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:a1\nDTSTART;TZID=Europe/Berlin:20260503T101500\nSUMMARY:Dentist\\, Dr. M\u{fc}ller\\nroom 2\n\
             LAST-MODIFIED:20260101T000000Z\nBEGIN:VALARM\nUID:alarm\nSUMMARY:wrong\nEND:VALARM\nEND:VEVENT\n",
        );
        let facts = read(format!("\u{feff}{item}\u{feff}").as_bytes()).unwrap();
        assert_eq!(facts.uid.as_deref(), Some("a1"));
        assert_eq!(facts.kind, Some(Kind::Events));
        assert_eq!(facts.summary, "Dentist, Dr. M\u{fc}ller room 2, 3 May 2026");
        assert_eq!(facts.modified.unwrap().to_string(), "2026-02-02T00:00:00Z");
        assert_eq!(facts.keys.len(), 1);
        assert_eq!(facts, read(item.as_bytes()).unwrap());
    }

    #[test]
    fn summaries() {
        let task = |lines: &str| {
            read(calendar(&format!("BEGIN:VTODO\n{lines}\nEND:VTODO\n")).as_bytes()).unwrap().summary
        };
        assert_eq!(event("").summary, "(no title)");
        assert_eq!(event("SUMMARY: \nDTSTART;VALUE=DATE:20261231").summary, "(no title), 31 December 2026");
        assert_eq!(task("SUMMARY:Tax\nDUE;VALUE=DATE:20260731\nDTSTART:20260101"), "Tax, due 31 July 2026");
        assert_eq!(task("SUMMARY:Tax\nDTSTART:20260101"), "Tax");
        assert_eq!(card("FN:\nN:Nov\u{e1}k;Jana;;;\nORG:Acme").summary, "Jana Nov\u{e1}k");
        assert_eq!(card("ORG:Acme\\, Inc.;Sales;\nEMAIL:a@b.c").summary, "Acme, Inc., Sales");
        assert_eq!(card("EMAIL:a@b.c").summary, "a@b.c");
        assert_eq!(card("NOTE:x").summary, "(no name)");
        let long = event(&format!("SUMMARY:{}\nDTSTART:20260503", "\u{fc}\u{7}".repeat(2_000_000))).summary;
        assert!(
            long.chars().count() <= 120 && !long.contains('\u{7}') && long.ends_with("3 May 2026"),
            "{long}"
        );
    }

    #[test]
    fn kinds() {
        let kind =
            |name: &str| read(calendar(&format!("BEGIN:{name}\nEND:{name}\n")).as_bytes()).unwrap().kind;
        assert_eq!(kind("vtodo"), Some(Kind::Tasks));
        assert_eq!(kind("VJOURNAL"), None);
        assert_eq!(card("FN:x").kind, Some(Kind::Contacts));
    }

    #[test]
    fn keys_find_the_same_event() {
        let keys = |lines: &str| event(lines).keys;
        let base = keys(
            "SUMMARY:Dentist\nDTSTART;TZID=Europe/Berlin:20260503T101500\nDTEND;TZID=Europe/Berlin:20260503T111500",
        );
        assert_eq!(base.len(), 1);
        for same in [
            "SUMMARY:  dentist\nDTSTART:20260503T081500Z\nDURATION:PT1H",
            "DTEND:20260503T091500Z\nSUMMARY:Dentist\nDTSTART;TZID=Europe/Paris:20260503T101500\nLOCATION:x",
        ] {
            assert_eq!(keys(same), base, "{same}");
        }
        for other in [
            "SUMMARY:Dentist\nDTSTART;TZID=Own:20260503T101500\nDTEND;TZID=Own:20260503T111500",
            "SUMMARY:Dentist\nDTSTART:20260503T081500Z",
            "SUMMARY:Doctor\nDTSTART:20260503T081500Z\nDURATION:PT1H",
            "SUMMARY:Dentist\nDTSTART:20260503T081500Z\nDURATION:PT1H\nRRULE:FREQ=DAILY",
        ] {
            assert_ne!(keys(other), base, "{other}");
        }
        assert_eq!(keys("DTSTART:20260503T081500Z"), []);
        assert_eq!(keys("SUMMARY:Dentist"), []);
        assert_eq!(keys("SUMMARY:x\nDTSTART:20260503T081500Z\nRECURRENCE-ID:20260503T081500Z"), []);
        let day = keys("SUMMARY:x\nDTSTART;VALUE=DATE:20260503");
        assert_eq!(day, keys("SUMMARY:x\nDTSTART;VALUE=DATE:20260503\nDTEND;VALUE=DATE:20260504"));
        assert_eq!(day, keys("SUMMARY:x\nDTSTART;VALUE=DATE:20260503\nDTEND;VALUE=DATE:20260503"));
        let rule = |rule: &str| keys(&format!("SUMMARY:x\nDTSTART:20260503\nRRULE:{rule}"));
        assert_eq!(rule("FREQ=WEEKLY;BYDAY=MO,SU;INTERVAL=1"), rule("byday=su,mo;freq=weekly"));
    }

    #[test]
    fn keys_find_the_same_contact() {
        let shared = |one: &str, other: &str| {
            let other = card(other).keys;
            card(one).keys.iter().filter(|key| other.contains(key)).count()
        };
        let jana = "FN:Jana  Nov\u{e1}k\nEMAIL:Jana@X.org\nTEL:+49 (170) 12-3\nORG:Acme;";
        assert_eq!(card(jana).keys.len(), 3);
        assert_eq!(
            shared(jana, "FN:JANA NOV\u{c1}K\nEMAIL;TYPE=home:jana@x.org\nTEL;VALUE=uri:tel:+49-170-123"),
            2
        );
        assert_eq!(shared(jana, "N:Nov\u{e1}k;Jana\nORG:ACME"), 1);
        assert_eq!(shared(jana, "FN:Petr Nov\u{e1}k\nEMAIL:jana@x.org\nTEL:49170123\nORG:Acme"), 0);
        assert_eq!(card("FN:Jana").keys, []);
        assert_eq!(card("ORG:Acme").keys, []);
        assert_eq!(shared("ORG:Acme\nTEL:1", "FN:Acme\nORG:Acme\nTEL:1"), 1);
        assert!(card(&format!("FN:x{}", "\nTEL:1\nTEL:2".repeat(1000))).keys.len() == 2);
    }

    #[test]
    fn refuses_with_a_reason() {
        assert_eq!(refused(" \r\n"), "the file is empty");
        assert_eq!(refused("hello"), "it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD");
        assert_eq!(
            refused("BEGIN:VEVENT\nEND:VEVENT"),
            "it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD"
        );
        assert_eq!(refused("BEGIN:VCARD\nFN:a\0\nEND:VCARD"), "it contains a NUL byte (byte 16)");
        assert_eq!(refused(b"BEGIN:VCARD\nFN:\xff\nEND:VCARD"), "it is not valid UTF-8 text (byte 15)");
        assert_eq!(refused("BEGIN:VCARD\nFN:a\n"), "VCARD is begun but never ended");
        assert_eq!(refused("BEGIN:VCARD\nwhat?\nEND:VCARD"), "line 2 is not a property: \"what?\"");
        assert_eq!(refused(calendar("")), "it contains no event, task, journal or contact");
        assert_eq!(refused(calendar("BEGIN:VEVENT\nEND:VTODO\n")), "line 4 ends VTODO, but VEVENT is open");
        assert_eq!(
            refused(calendar("BEGIN:VEVENT\nUID:a\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nEND:VEVENT\n")),
            "it contains several items (\"a\" and \"b\"); each needs a file of its own"
        );
        let twice = "BEGIN:VCARD\nFN:a\nEND:VCARD\n".repeat(2);
        assert_eq!(
            refused(twice),
            "it contains more than one contact or calendar; each needs a file of its own"
        );
        assert_eq!(refused(vec![b'x'; MAX_BYTES + 1]), "it is larger than 32 MB");
    }

    #[test]
    fn large_and_deep_input_costs_little() {
        let started = std::time::Instant::now();
        assert_eq!(refused("BEGIN:VCALENDAR\n".repeat(10_000)), "components are nested more than 32 deep");
        assert_eq!(event(&format!("DESCRIPTION:{}", "x".repeat(5_000_000))).uid.as_deref(), Some("1"));
        event(&format!("SUMMARY:{}", "\\n".repeat(1_000_000)));
        event(&"ATTENDEE;CN=x:mailto:a@b\n".repeat(50_000));
        assert!(title(&b"X:1\n".repeat(5_000_000)).is_none());
        assert!(started.elapsed().as_secs() < 20);
    }

    #[test]
    fn what_follows_the_end_is_nobodys() {
        let item = calendar("BEGIN:VEVENT\nUID:1\nEND:VEVENT\n");
        for tail in ["\n\n", "\u{1a}", "junk", "X:1\n", "END:VCALENDAR\n"] {
            assert_eq!(
                read(format!("{item}{tail}").as_bytes()).unwrap(),
                read(item.as_bytes()).unwrap(),
                "{tail:?}"
            );
        }
    }

    #[test]
    fn the_title_of_what_cannot_be_read() {
        let broken =
            b"BEGIN:VCALENDAR\nBEGIN:VALARM\nSUMMARY:alarm\nEND:VALARM\nwhat\nsummary;X=1:Caf\xe9\\, now\n";
        assert_eq!(title(broken).as_deref(), Some("Caf\u{fffd}, now"));
        assert_eq!(title(b"\0\0"), None);
        assert_eq!(title(b"BEGIN:VCARD\nFN:Jana"), Some("Jana".to_owned()));
    }
}
