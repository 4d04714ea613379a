//! The category that a filter goes by: asking for it, adding it, removing it.
//!
//! Names compare without the white space around them and in any case. Only the item's own categories
//! count: those of its main components, not of alarms.

use std::collections::HashSet;

use bytes::Bytes;

use super::edit::{ComponentId, Document, Edits};
use super::lines::Line;
use super::span::moment;
use super::text;

/// Whether any main component has the category.
pub fn has_category(bytes: &[u8], name: &str) -> bool {
    let (document, name) = (Document::read(bytes), folded(name));
    document.main_components().any(|id| document.properties(id).any(|line| holds(line, &name)))
}

/// Whether any main component has any category.
pub fn has_any_category(bytes: &[u8]) -> bool {
    let document = Document::read(bytes);
    document.main_components().any(|id| {
        let mut lines = document.properties(id).filter(|line| is_list(line));
        lines.any(|line| text::list(line).any(|(_, own)| !own.trim().is_empty()))
    })
}

/// The item with the category in each main component, as a line of its own where it was missing. Every
/// other octet stays as it was; nothing changes where the name is empty.
///
/// Where it takes the place of another version, `there`, an occurrence that was without the category stays so.
pub fn with_category(bytes: &Bytes, name: &str, there: Option<&[u8]>) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    let wanted = folded(name);
    let has = |document: &Document<'_>, id| document.properties(id).any(|line| holds(line, &wanted));
    let there = there.map(Document::read);
    let without: HashSet<String> = there
        .iter()
        .flat_map(|there| {
            let without = there.main_components().filter(|&id| !has(there, id));
            without.map(|id| occurrence(there, id)).collect::<Vec<_>>()
        })
        .collect();
    if !wanted.is_empty() {
        let line = format!("CATEGORIES:{}", text::escape(name.trim()));
        for id in document.main_components() {
            if !has(&document, id) && !without.contains(&occurrence(&document, id)) {
                edits.add(id, &line);
            }
        }
    }
    edits.apply_to(bytes)
}

/// Which occurrence of a series the component changes, the same in any zone; empty for the series itself.
pub(super) fn occurrence(document: &Document<'_>, id: ComponentId) -> String {
    let Some(line) = document.property(id, "RECURRENCE-ID") else { return String::new() };
    moment(line).map_or_else(|| line.value().trim().to_owned(), |moment| moment.canonical())
}

/// The item without the category in any main component. Other categories keep their order and
/// parameters, a line that held nothing else goes, and every other octet stays as it was.
pub fn without_category(bytes: &Bytes, name: &str) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    let name = folded(name);
    for id in document.main_components() {
        for line in document.properties(id).filter(|line| holds(line, &name)) {
            let kept: Vec<_> = text::list(line).filter(|(_, own)| folded(own) != name).collect();
            match kept.iter().all(|(_, own)| own.trim().is_empty()) {
                true => edits.remove(line),
                false => {
                    let kept: Vec<_> = kept.iter().map(|(written, _)| *written).collect();
                    edits.set_value(line, &kept.join(","));
                }
            }
        }
    }
    edits.apply_to(bytes)
}

pub(super) fn is_list(line: &Line<'_>) -> bool {
    line.is("CATEGORIES")
}

/// Whether the line lists the category (folded, not empty).
pub(super) fn holds(line: &Line<'_>, name: &str) -> bool {
    is_list(line) && !name.is_empty() && text::list(line).any(|(_, own)| folded(&own) == name)
}

pub(crate) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(lines: &str) -> Bytes {
        Bytes::from(format!(
            "BEGIN:VCALENDAR\r\nCATEGORIES:Top\r\nBEGIN:VEVENT\r\nUID:1\r\n{lines}BEGIN:VALARM\r\nCATEGORIES:Bell\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        ))
    }

    #[test]
    fn asks_in_any_spelling() {
        let item = event("CATEGORIES;LANGUAGE=de:a\\,b, WORK\r\ncategories:\r\n  Größe\\;x\r\n");
        for name in ["work", " Work ", "a,b", "GRÖSSE;x", "größe;X"] {
            assert_eq!(has_category(&item, name), name != "GRÖSSE;x", "{name}");
        }
        for name in ["a", "b", "Bell", "Top", "", "wor"] {
            assert!(!has_category(&item, name), "{name}");
        }
        assert!(has_any_category(&item));
        assert!(!has_any_category(&event("CATEGORIES:,\r\n")));
        assert!(has_any_category(b"BEGIN:VCARD\nitem1.CATEGORIES:x\nEND:VCARD"));
    }

    #[test]
    fn puts_it_in_a_line_of_its_own() {
        assert_eq!(with_category(&event(""), "A;b", None), event("CATEGORIES:A\\;b\r\n"));
        assert_eq!(
            with_category(&event("CATEGORIES:x\r\nSUMMARY:s\r\n"), "Work", None),
            event("CATEGORIES:x\r\nCATEGORIES:Work\r\nSUMMARY:s\r\n")
        );
        let two = Bytes::from(
            "BEGIN:VCALENDAR\nBEGIN:VTODO\nCATEGORIES:work\nEND:VTODO\nBEGIN:VTODO\nRECURRENCE-ID:20260101\nEND:VTODO\nEND:VCALENDAR",
        );
        assert_eq!(
            with_category(&two, "Work", None),
            "BEGIN:VCALENDAR\nBEGIN:VTODO\nCATEGORIES:work\nEND:VTODO\nBEGIN:VTODO\nRECURRENCE-ID:20260101\nCATEGORIES:Work\nEND:VTODO\nEND:VCALENDAR"
        );
        assert_eq!(with_category(&two, " ", None), two);
    }

    #[test]
    fn takes_only_it_away() {
        assert_eq!(
            without_category(&event("CATEGORIES;X=1:b,Work, a\\,c\r\nCATEGORIES:WORK\r\n"), "work"),
            event("CATEGORIES;X=1:b, a\\,c\r\n")
        );
        assert_eq!(without_category(&event("SUMMARY:Work\r\n"), "work"), event("SUMMARY:Work\r\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn added_and_removed_is_as_before(
            lines in proptest::collection::vec("(CATEGORIES(;X=\"a:b\")?:[a-zé,\\\\ ]{0,90}|SUMMARY:[a-z]{0,9}|[a-z ]{0,6})(\r|\r\n )?\n", 0..6),
            name in "[A-Za-zé,;\\\\ ]{0,90}",
        ) {
            let item = event(&lines.concat());
            prop_assume!(!has_category(&item, &name));
            let with = with_category(&item, &name, None);
            prop_assert!(name.trim().is_empty() || has_category(&with, &name));
            prop_assert_eq!(without_category(&with, &name), item);
        }
    }
}
