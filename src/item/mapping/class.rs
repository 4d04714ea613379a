//! Who may see an item: `CLASS` (RFC 5545 section 3.8.1.3).

use bytes::Bytes;

use super::lines;
use super::parts::Parts;
use crate::item::edit::{Document, Edits};
use crate::item::lines::Line;

/// Says that an item is private here only because it is public on the server.
pub(super) const MARK: &str = "X-PIMBRIDGE-SERVER-CLASS";

/// `PRIVATE` and `CONFIDENTIAL` are the same.
fn secret(line: &Line<'_>) -> Option<String> {
    let is = |word: &str| line.value().trim().eq_ignore_ascii_case(word);
    (line.is("CLASS") && (is("PRIVATE") || is("CONFIDENTIAL"))).then(|| "CLASS:PRIVATE".to_owned())
}

pub(super) fn shared(bytes: &Bytes) -> Bytes {
    lines::shared(bytes, secret)
}

/// What is secret is one or the other on this side.
pub(super) fn on(confidential: bool, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let confidential =
        |line: &Line<'_>| (confidential && secret(line).is_some()).then(|| "CLASS:CONFIDENTIAL".to_owned());
    lines::on(shared, there, secret, |_| (), |line, ()| confidential(line))
}

fn class<'d, 'a>(document: &'d Document<'a>, id: usize) -> Option<&'d Line<'a>> {
    document.property(id, "CLASS")
}

fn is_private(line: &Line<'_>) -> bool {
    line.value().trim().eq_ignore_ascii_case("PRIVATE")
}

/// What is private here only because it is public on the server has no class.
pub(super) fn without_mark(bytes: &Bytes) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let mut marks = document.properties(id).filter(|line| line.is(MARK)).peekable();
        if marks.peek().is_some()
            && let Some(class) = class(&document, id).filter(|class| is_private(class))
        {
            edits.remove(class);
        }
        marks.for_each(|mark| edits.remove(mark));
    }
    edits.apply_to(bytes)
}

/// What has no class is private here, and says so; but what had none here stays so.
pub(super) fn with_mark(shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let document = Document::read(shared);
    let there = there.map(|there| Document::read(there));
    let mut parts = there.as_ref().map(Parts::of);
    let mut edits = Edits::new(&document);
    for id in document.main_components().filter(|&id| class(&document, id).is_none()) {
        let own = parts.as_mut().and_then(|parts| Some((parts.document, parts.take(&document, id)?)));
        let was_open = own.is_some_and(|(there, own)| class(there, own).is_none());
        if !was_open {
            edits.add(id, "CLASS:PRIVATE");
            edits.add(id, &format!("{MARK}:PUBLIC"));
        }
    }
    edits.apply_to(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(lines: &str) -> Bytes {
        Bytes::from(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\nEND:VCALENDAR\n"))
    }

    #[test]
    fn a_word_that_says_the_same_stays() {
        let private = item("class;X=1:private\n");
        assert_eq!(shared(&private), item("CLASS:PRIVATE\n"));
        assert_eq!(on(true, &shared(&private), None), item("CLASS:CONFIDENTIAL\n"));
        assert_eq!(on(true, &item("CLASS:PRIVATE\nA:1\n"), Some(&private)), item("class;X=1:private\nA:1\n"));
        assert_eq!(on(true, &item("CLASS:PUBLIC\n"), Some(&private)), item("CLASS:PUBLIC\n"));
    }

    #[test]
    fn what_is_public_there_is_private_here() {
        let here = item("CLASS:PRIVATE\nX-PIMBRIDGE-SERVER-CLASS:PUBLIC\n");
        assert_eq!(with_mark(&item(""), None), here);
        assert_eq!(without_mark(&here), item(""));
        assert_eq!(without_mark(&item("CLASS:PRIVATE\n")), item("CLASS:PRIVATE\n"), "a person says so");
        assert_eq!(with_mark(&item("A:1\n"), Some(&item(""))), item("A:1\n"), "it was public here");
        assert_eq!(with_mark(&item(""), Some(&item("CLASS:PRIVATE\n"))), here);
        assert_eq!(
            without_mark(&item("CLASS:PUBLIC\nX-PIMBRIDGE-SERVER-CLASS:PUBLIC\n")),
            item("CLASS:PUBLIC\n")
        );
    }
}
