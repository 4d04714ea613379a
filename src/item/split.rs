//! Splitting what holds several items into one for each UID (RFC 4791 section 4.1 wants one in each resource).

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::edit::{ComponentId, Document, Edits};

/// What holds more items than these is not split: it is a whole calendar in one file.
const MOST_PARTS: usize = 1000;

/// One item of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub uid: String,
    pub bytes: Bytes,
}

/// The items of what holds several: of a calendar object with several UIDs, each with the time zones that it needs, or
/// of several contacts or calendar objects in a row. Every other octet stays as it was. `None` where there is nothing
/// to split, or where it is not known to which item a component belongs.
pub fn split(bytes: &[u8]) -> Option<Vec<Part>> {
    let document = Document::read(bytes);
    let objects = document.components().iter().filter(|component| component.parent.is_none()).count();
    if objects > 1 { objects_of(&document) } else { items_of(&document) }
}

/// One item for each object.
fn objects_of(document: &Document<'_>) -> Option<Vec<Part>> {
    let components = document.components().iter().enumerate();
    let objects: Vec<ComponentId> =
        components.filter(|(_, component)| component.parent.is_none()).map(|(id, _)| id).collect();
    if objects.len() > MOST_PARTS {
        return None;
    }
    let mut uids = HashSet::new();
    let part = |id: ComponentId| {
        let bytes = Bytes::copy_from_slice(&document.source()[document.octets(id)]);
        let uid = super::read(&bytes).ok()?.uid?;
        uids.insert(uid.clone()).then_some(Part { uid, bytes })
    };
    objects.into_iter().map(part).collect()
}

/// One item for each UID in the object.
fn items_of(document: &Document<'_>) -> Option<Vec<Part>> {
    let mut parts: Vec<(&str, Vec<ComponentId>)> = Vec::new();
    let mut by_uid: HashMap<&str, usize> = HashMap::new();
    for id in document.main_components() {
        let uid =
            document.property(id, "UID").map(|line| line.value().trim()).filter(|uid| !uid.is_empty())?;
        let part = *by_uid.entry(uid).or_insert(parts.len());
        if part == parts.len() {
            parts.push((uid, Vec::new()));
        }
        parts[part].1.push(id);
    }
    if !(2..=MOST_PARTS).contains(&parts.len()) {
        return None;
    }
    let zones = zones(document);
    let used: Vec<HashSet<&str>> = parts.iter().map(|(_, own)| used_in(document, own)).collect();
    let needed = |tzid: &str| used.iter().any(|used| used.contains(tzid));
    let of_one = |at: usize| {
        let mut edits = Edits::new(document);
        for (other, (_, components)) in parts.iter().enumerate() {
            if other != at {
                components.iter().for_each(|&id| edits.remove_component(id));
            }
        }
        for (tzid, id) in &zones {
            // One that nobody needs stays where it was: with the first.
            if !(used[at].contains(tzid) || (at == 0 && !needed(tzid))) {
                edits.remove_component(*id);
            }
        }
        Part { uid: parts[at].0.to_owned(), bytes: edits.apply() }
    };
    Some((0..parts.len()).map(of_one).collect())
}

fn zones<'d>(document: &'d Document<'_>) -> Vec<(&'d str, ComponentId)> {
    let all = document.components().iter().enumerate().filter(|(_, component)| component.name == "VTIMEZONE");
    all.filter_map(|(id, _)| Some((document.property(id, "TZID")?.value().trim(), id))).collect()
}

/// The time zones that these components name, those within them too.
fn used_in<'d>(document: &'d Document<'_>, components: &[ComponentId]) -> HashSet<&'d str> {
    let mut used = HashSet::new();
    for &id in components {
        let octets = document.octets(id);
        let first = document.lines().partition_point(|line| line.range.start < octets.start);
        let lines = document.lines()[first..].iter().take_while(|line| line.range.start < octets.end);
        used.extend(lines.filter_map(|line| line.param("TZID").map(str::trim)));
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:NAME\r\nX:1\r\nEND:VTIMEZONE\r\n";

    fn zone(name: &str) -> String {
        ZONE.replace("NAME", name)
    }

    fn calendar(inside: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nX-ODD : kept\r\n{inside}END:VCALENDAR\r\nrest")
    }

    #[test]
    fn each_item_with_the_zones_that_it_needs() {
        let one =
            "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=A:20260101T100000\r\nSUMMARY:o\r\n ne\r\nEND:VEVENT\r\n";
        let moved = "BEGIN:VEVENT\nUID: 1\nRECURRENCE-ID;TZID=\"B\":20260102T100000\nEND:VEVENT\n";
        let two = "BEGIN:VTODO\r\nUID:2\r\nBEGIN:VALARM\r\nTRIGGER;TZID=B:x\r\nEND:VALARM\r\nEND:VTODO\r\n";
        let (a, b, c) = (zone("A"), zone("B"), zone("C"));
        let parts = split(calendar(&format!("{a}{b}{one}{c}{two}{moved}")).as_bytes()).unwrap();
        assert_eq!(
            parts,
            [
                Part { uid: "1".into(), bytes: calendar(&format!("{a}{b}{one}{c}{moved}")).into() },
                Part { uid: "2".into(), bytes: calendar(&format!("{b}{two}")).into() },
            ]
        );
    }

    #[test]
    fn several_objects_in_a_row() {
        let card = |name: &str| format!("BEGIN:VCARD\r\nUID:{name}\r\nFN:{name}\r\nEND:VCARD\r\n");
        let parts =
            |text: String| split(text.as_bytes()).map(|parts| parts.into_iter().map(|p| p.bytes).collect());
        let (ada, bob): (Bytes, Bytes) = (card("ada").into(), card("bob").into());
        assert_eq!(parts(format!("{}\r\n{}", card("ada"), card("bob"))), Some(vec![ada, bob]));
        assert_eq!(parts(format!("{}{}", card("ada"), card("ada"))), None::<Vec<Bytes>>, "which one is it?");
        assert_eq!(parts(format!("{}BEGIN:VCARD\nFN:x\nEND:VCARD\n", card("ada"))), None);
        assert_eq!(parts(format!("{}BEGIN:VCARD\nUID:x\n", card("ada"))), None);
    }

    #[test]
    fn what_is_not_split() {
        let event = |uid: &str| format!("BEGIN:VEVENT\r\n{uid}SUMMARY:x\r\nEND:VEVENT\r\n");
        let split = |items: &[&str]| {
            split(calendar(&items.iter().map(|uid| event(uid)).collect::<String>()).as_bytes())
        };
        assert_eq!(split(&["UID:1\r\n", "UID:1\r\n"]), None);
        assert_eq!(split(&["UID:1\r\n", "UID:2\r\n", ""]), None, "whose is the third?");
        assert_eq!(split(&[]), None);
        assert_eq!(super::split(b"BEGIN:VCARD\nUID:1\nUID:2\nEND:VCARD\n"), None);
        let many: Vec<String> = (0..=MOST_PARTS).map(|n| format!("UID:{n}\r\n")).collect();
        assert_eq!(split(&many.iter().map(String::as_str).collect::<Vec<_>>()), None);
        assert_eq!(split(&["UID:1\r\n", "UID:2\r\n"]).map(|parts| parts.len()), Some(2));
    }
}
