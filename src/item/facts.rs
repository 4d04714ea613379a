//! Reading an item: one pass over its lines for all the facts.

use jiff::Timestamp;
use jiff::civil::Date;

use super::digest::{Digester, rule};
use super::keys::{Contact, Entry};
use super::lines::{Line, Lines};
use super::time::{Length, Moment, read_stamp};
use super::{Facts, Kind, MAX_BYTES, Unreadable, text};

/// Components may be nested this deep.
const MAX_DEPTH: usize = 32;
const LONGEST_TITLE: usize = 100;
/// How much of an unreadable item is searched for its title, in octets.
const TITLE_WITHIN: usize = 256 * 1024;
const NO_TITLE: &str = "(no title)";
const NO_NAME: &str = "(no name)";

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
                let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| NO_NAME.to_owned());
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

fn component_name(line: &Line<'_>) -> String {
    line.value().trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}').to_ascii_uppercase()
}

/// `Dentist, 3 May 2026`; `Tax return, due 31 July 2026`.
fn summary(component: &Component) -> String {
    let entry = &component.entry;
    let mut summary = text::shown(entry.title.as_deref().unwrap_or_default(), LONGEST_TITLE);
    if summary.is_empty() {
        summary.push_str(NO_TITLE);
    }
    let day = |date: Date| date.strftime("%-d %B %Y").to_string();
    match (component.kind, &entry.start, &entry.end) {
        (Some(Kind::Tasks), _, Some(due)) => summary.push_str(&format!(", due {}", day(due.day()))),
        (Some(Kind::Tasks), _, None) => {}
        (_, Some(start), _) => summary.push_str(&format!(", {}", day(start.day()))),
        (_, None, _) => {}
    }
    summary
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
