//! Properties that have another name on the server.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;

use super::lines;
use crate::item::edit::{Document, Edits};
use crate::item::lines::Line;

/// The names of properties here, and those that they have on the server.
pub type Names = BTreeMap<String, String>;

/// The line with the name that a property of this name has instead.
fn renamed(line: &Line<'_>, name: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let name = name(&line.name().to_ascii_uppercase())?;
    let group = line.group().map(|group| format!("{group}.")).unwrap_or_default();
    Some(format!("{group}{name}{}:{}", line.written_params(), line.value()))
}

/// The shared words are those of here. The server's can be so too, as long as it has no line with the other name.
fn word(names: &Names, on_server: bool, line: &Line<'_>) -> Option<String> {
    renamed(line, |own| match names.contains_key(own) {
        true => Some(own.to_owned()),
        false if on_server => names.iter().find(|(_, there)| *there == own).map(|(here, _)| here.clone()),
        false => None,
    })
}

pub(super) fn shared(names: &Names, on_server: bool, bytes: &Bytes) -> Bytes {
    lines::shared(bytes, |line| word(names, on_server, line))
}

pub(super) fn on(names: &Names, on_server: bool, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let word = |line: &Line<'_>| word(names, on_server, line);
    if !on_server {
        return lines::on(shared, there, word, |_| (), |_, ()| None);
    }
    let own_word = |line: &Line<'_>| renamed(line, |here| names.get(here).cloned());
    let out = lines::on(shared, there, word, |_| (), |line, ()| own_word(line));
    // Where one line has the name that properties have there, all have.
    let document = Document::read(&out);
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        let renamed = names.iter().filter(|(_, name)| document.property(id, name).is_some());
        let renamed: HashSet<&String> = renamed.map(|(here, _)| here).collect();
        for line in document.properties(id) {
            if renamed.contains(&line.name().to_ascii_uppercase())
                && let Some(text) = own_word(line)
            {
                edits.replace(line, &text);
            }
        }
    }
    edits.apply_to(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(lines: &str) -> Bytes {
        Bytes::from(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\nEND:VCALENDAR\n"))
    }

    #[test]
    fn only_the_name_is_another() {
        let names = Names::from([("PRIORITY".to_owned(), "X-URGENCY".to_owned())]);
        let here = item("PRIORITY;X=\"a:b\":1\nSUMMARY:PRIORITY\n");
        let there = item("X-URGENCY;X=\"a:b\":1\nSUMMARY:PRIORITY\n");
        assert_eq!(on(&names, true, &here, None), there);
        assert_eq!(shared(&names, true, &there), here);
        let own = item("x-urg\n ency;X=\"a:b\":1\nPRIORITY:2\n");
        assert_eq!(
            on(&names, true, &item("A:1\nPRIORITY;X=\"a:b\":1\n"), Some(&own)),
            item("A:1\nx-urg\n ency;X=\"a:b\":1\n")
        );
    }
}
