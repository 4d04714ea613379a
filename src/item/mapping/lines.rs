//! Lines that say the same in other words on a side.

use std::collections::HashMap;

use bytes::Bytes;

use super::parts::Parts;
use crate::item::edit::{Document, Edits, folded};
use crate::item::lines::Line;

/// The item with each line of its main components in the shared words, as far as there are such for it.
pub(super) fn shared(bytes: &Bytes, word: impl Fn(&Line<'_>) -> Option<String>) -> Bytes {
    let document = Document::read(bytes);
    let mut edits = Edits::new(&document);
    for line in document.main_components().flat_map(|id| document.properties(id)) {
        if let Some(text) = word(line)
            && folded(&text, document.line_end(line)) != document.octets_of(line)
        {
            edits.replace(line, &text);
        }
    }
    edits.apply_to(bytes)
}

/// The shared item with its lines in the side's words. A line of the version there that says the same stays as it
/// is; `word` tells what one says in the shared words, and `own_word` what is said on this side, by what `gather` has
/// learned once from the lines that the same component has there.
pub(super) fn on<T>(
    shared: &Bytes,
    there: Option<&Bytes>,
    word: impl Fn(&Line<'_>) -> Option<String>,
    gather: impl Fn(&[&Line<'_>]) -> T,
    own_word: impl Fn(&Line<'_>, &T) -> Option<String>,
) -> Bytes {
    let document = Document::read(shared);
    let there = there.map(|there| Document::read(there));
    let mut parts = there.as_ref().map(Parts::of);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let before: Vec<&Line<'_>> = match &mut parts {
            Some(parts) => {
                parts.take(&document, id).map_or(Vec::new(), |own| parts.document.properties(own).collect())
            }
            None => Vec::new(),
        };
        let mut said: HashMap<String, Vec<&Line<'_>>> = HashMap::new();
        for line in before.iter().rev() {
            if let Some(text) = word(line) {
                said.entry(text).or_default().push(line);
            }
        }
        let gathered = gather(&before);
        for line in document.properties(id) {
            match (said.get_mut(line.text()).and_then(Vec::pop), &there) {
                (Some(own), Some(there)) => edits.replace_octets(line, there.octets_of(own)),
                _ => {
                    if let Some(text) = own_word(line, &gathered) {
                        edits.replace(line, &text);
                    }
                }
            }
        }
    }
    edits.apply_to(shared)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_lines_there_are_gone_through_once_for_a_component() {
        let event = format!("BEGIN:VEVENT\n{}END:VEVENT\n", "X:1\n".repeat(100));
        let item = Bytes::from(format!("BEGIN:VCALENDAR\n{event}{event}END:VCALENDAR\n"));
        let (gathered, asked) = (Cell::new(0), Cell::new(0));
        let word = |_: &Line<'_>| {
            asked.set(asked.get() + 1);
            None
        };
        let gather = |before: &[&Line<'_>]| gathered.set(gathered.get() + before.len());
        assert_eq!(on(&item, Some(&item), word, gather, |_, ()| None), item);
        assert_eq!((gathered.get(), asked.get()), (200, 200));
    }
}
