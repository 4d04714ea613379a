//! Lossless editing: an item as a tree of components over its octets, and changes of single lines.
//!
//! What no change names keeps its octets: order, folding, line ends, and lines that nobody can read.

use std::ops::Range;

use bytes::Bytes;

use super::lines::{Line, Lines};

/// How many octets a line may have before it is folded (RFC 5545 section 3.1, RFC 6350 section 3.2).
const LINE: usize = 75;

/// An item's readable lines and the components that they make up.
#[derive(Debug)]
pub struct Document<'a> {
    source: &'a [u8],
    lines: Vec<Line<'a>>,
    components: Vec<Component>,
}

/// Which component of a [`Document`] is meant: its place in the order of the BEGIN lines.
pub type ComponentId = usize;

/// One component. Lines are numbers of [`Document::line`].
#[derive(Debug)]
pub struct Component {
    /// In upper case.
    pub name: String,
    pub parent: Option<ComponentId>,
    pub children: Vec<ComponentId>,
    /// Its own properties, without those of its children.
    pub properties: Vec<usize>,
    begin: usize,
    /// `None` where it is never ended.
    end: Option<usize>,
}

impl<'a> Document<'a> {
    /// Reads what can be read; it is not an error when parts cannot.
    pub fn read(source: &'a [u8]) -> Self {
        let mut document = Self { source, lines: Vec::new(), components: Vec::new() };
        let mut open: Vec<ComponentId> = Vec::new();
        for line in Lines::new(source).flatten() {
            let at = document.lines.len();
            if line.is("BEGIN") {
                let id = document.components.len();
                let parent = open.last().copied();
                if let Some(parent) = parent {
                    document.components[parent].children.push(id);
                }
                document.components.push(Component {
                    name: component_name(&line),
                    parent,
                    children: Vec::new(),
                    properties: Vec::new(),
                    begin: at,
                    end: None,
                });
                open.push(id);
            } else if line.is("END") {
                if let Some(id) = open.pop() {
                    document.components[id].end = Some(at);
                }
            } else if let Some(&id) = open.last() {
                document.components[id].properties.push(at);
            }
            document.lines.push(line);
        }
        document
    }

    /// Every line that can be read, BEGIN and END among them.
    pub fn lines(&self) -> &[Line<'a>] {
        &self.lines
    }

    pub fn line(&self, number: usize) -> &Line<'a> {
        &self.lines[number]
    }

    /// All components, in the order of their BEGIN lines.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    pub fn component(&self, id: ComponentId) -> &Component {
        &self.components[id]
    }

    /// What the item is: the vCard, or the events, tasks and journals of the calendar.
    pub fn main_components(&self) -> impl Iterator<Item = ComponentId> {
        self.components.iter().enumerate().filter_map(|(id, component)| {
            let top = component.parent.is_none_or(|parent| self.components[parent].name == "VCALENDAR");
            (top && is_main(&component.name)).then_some(id)
        })
    }

    /// A component's own properties.
    pub fn properties(&self, id: ComponentId) -> impl DoubleEndedIterator<Item = &Line<'a>> {
        self.components[id].properties.iter().map(|&number| &self.lines[number])
    }

    /// The component's first property of this name, in any case.
    pub fn property(&self, id: ComponentId, name: &str) -> Option<&Line<'a>> {
        self.properties(id).find(|line| line.is(name))
    }

    /// The octets of a component from its BEGIN line to its END line.
    pub fn octets(&self, id: ComponentId) -> Range<usize> {
        let component = &self.components[id];
        let start = self.lines[component.begin].range.start;
        let end = component.end.map_or(self.source.len(), |end| self.lines[end].range.end);
        start..end
    }

    /// Behind the last octet of a property's name.
    pub fn place_behind_name(&self, line: &Line<'_>) -> usize {
        let mut place = line.range.start;
        for _ in 0..line.head().len() - line.written_params().len() {
            while let Some(folded) = self.source.get(place..).and_then(fold) {
                place += folded;
            }
            place += 1;
        }
        place.min(line.range.end)
    }

    /// The line end of a property.
    pub fn line_end(&self, line: &Line<'_>) -> &'static [u8] {
        line_end(&self.source[..line.range.end])
    }

    pub fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The physical lines of a property.
    pub fn octets_of(&self, line: &Line<'_>) -> &'a [u8] {
        &self.source[line.range.clone()]
    }

    /// Where a new property of this name goes: behind the last one of its name, or else behind all.
    pub fn place_for(&self, id: ComponentId, name: &str) -> usize {
        match self.properties(id).rfind(|line| line.is(name)) {
            Some(last) => last.range.end,
            None => self.place_behind_properties(id),
        }
    }

    /// Before the component's first child, or else its END line.
    pub fn place_behind_properties(&self, id: ComponentId) -> usize {
        let component = &self.components[id];
        let next = component.children.first().map(|&child| self.components[child].begin).or(component.end);
        next.map_or(self.source.len(), |next| self.lines[next].range.start)
    }

    /// Where a new child of this name goes: behind the last one of its name, or else behind all.
    pub fn place_for_child(&self, id: ComponentId, name: &str) -> usize {
        let component = &self.components[id];
        match component.children.iter().rfind(|&&child| self.components[child].name == name) {
            Some(&last) => self.octets(last).end,
            None => component.end.map_or(self.source.len(), |end| self.lines[end].range.start),
        }
    }
}

/// Whether a component of this name (in upper case) is what a person means by an item.
pub fn is_main(name: &str) -> bool {
    matches!(name, "VEVENT" | "VTODO" | "VJOURNAL" | "VCARD")
}

pub(super) fn component_name(line: &Line<'_>) -> String {
    line.value().trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}').to_ascii_uppercase()
}

/// Changes of a document. They must not overlap; what is put at the same place stays in its order.
#[derive(Debug)]
pub struct Edits<'d, 'a> {
    document: &'d Document<'a>,
    changes: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'d, 'a> Edits<'d, 'a> {
    pub fn new(document: &'d Document<'a>) -> Self {
        Self { document, changes: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Puts octets at a place as they are.
    pub fn insert(&mut self, at: usize, octets: &[u8]) {
        self.changes.push((at..at, octets.to_vec()));
    }

    /// Removes octets.
    pub fn cut(&mut self, range: Range<usize>) {
        self.changes.push((range, Vec::new()));
    }

    /// Removes a property.
    pub fn remove(&mut self, line: &Line<'_>) {
        self.changes.push((line.range.clone(), Vec::new()));
    }

    /// Gives a property another text (`NAME;PARAM=x:value`, unfolded).
    pub fn replace(&mut self, line: &Line<'_>, text: &str) {
        let line_end = self.document.line_end(line);
        self.changes.push((line.range.clone(), folded(text, line_end)));
    }

    /// Gives a property the physical lines of another one, with its own line end.
    pub fn replace_octets(&mut self, line: &Line<'_>, octets: &[u8]) {
        let octets = with_line_end(octets, self.document.line_end(line));
        self.changes.push((line.range.clone(), octets));
    }

    /// Gives a property another value (as written in a file), and leaves its parameters.
    pub fn set_value(&mut self, line: &Line<'_>, value: &str) {
        self.replace(line, &format!("{}:{value}", line.head()));
    }

    /// Gives a property a parameter instead of those of the same name, or only removes them.
    pub fn set_param(&mut self, line: &Line<'_>, name: &str, value: Option<&str>) {
        let mut text = line.head()[..line.head().len() - line.written_params().len()].to_owned();
        for param in line.params().filter(|param| !param.is(name)) {
            text.push(';');
            text.push_str(param.text);
        }
        if let Some(value) = value {
            let value: String = value.chars().filter(|&char| char != '"' && !char.is_control()).collect();
            match value.contains([',', ';', ':']) {
                true => text.push_str(&format!(";{name}=\"{value}\"")),
                false => text.push_str(&format!(";{name}={value}")),
            }
        }
        text.push(':');
        text.push_str(line.value());
        self.replace(line, &text);
    }

    /// Adds a property (`NAME;PARAM=x:value`, unfolded) behind those of its name.
    pub fn add(&mut self, id: ComponentId, text: &str) {
        let name = text.split([';', ':']).next().unwrap_or_default();
        self.put(self.document.place_for(id, name), &folded(text, b"\n"));
    }

    /// Adds a property before all others.
    pub fn add_first(&mut self, id: ComponentId, text: &str) {
        let begin = self.document.component(id).begin;
        self.put(self.document.line(begin).range.end, &folded(text, b"\n"));
    }

    /// Removes a component with all that is in it.
    pub fn remove_component(&mut self, id: ComponentId) {
        self.changes.push((self.document.octets(id), Vec::new()));
    }

    /// Adds a component, from its BEGIN line to its END line, behind its like.
    pub fn add_component(&mut self, parent: ComponentId, name: &str, octets: &[u8]) {
        self.put(self.document.place_for_child(parent, name), octets);
    }

    /// Puts whole physical lines at the start of a line, with the line end of that place.
    pub fn put(&mut self, at: usize, lines: &[u8]) {
        let before = &self.document.source[..at];
        let line_end = line_end(before);
        let mut put = Vec::new();
        if !before.is_empty() && !before.ends_with(b"\n") {
            put.extend_from_slice(line_end);
        }
        put.extend(with_line_end(lines, line_end));
        self.changes.push((at..at, put));
    }

    /// `whole`, which the document was read from, with these changes made.
    pub fn apply_to(&self, whole: &Bytes) -> Bytes {
        if self.changes.is_empty() { whole.clone() } else { self.apply() }
    }

    /// The octets with these changes made.
    pub fn apply(&self) -> Bytes {
        let mut changes: Vec<_> = self.changes.iter().collect();
        changes.sort_by_key(|(range, _)| (range.start, range.end));
        let source = self.document.source;
        let added: usize = changes.iter().map(|(_, put)| put.len()).sum();
        let mut out = Vec::with_capacity(source.len() + added);
        let mut at = 0;
        for (range, put) in changes {
            out.extend_from_slice(source.get(at..range.start).unwrap_or_default());
            out.extend_from_slice(put);
            at = at.max(range.end);
        }
        out.extend_from_slice(&source[at..]);
        out.into()
    }
}

/// Physical lines, each with this line end.
fn with_line_end(lines: &[u8], line_end: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() + lines.len() / 32 + 2);
    for line in lines.split_inclusive(|&octet| octet == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        out.extend_from_slice(line_end);
    }
    out
}

/// How many octets the fold takes with which these begin.
pub(super) fn fold(octets: &[u8]) -> Option<usize> {
    let line_end = match octets {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return None,
    };
    matches!(octets.get(line_end), Some(b' ' | b'\t')).then_some(line_end + 1)
}

/// The line end of the last line of these.
fn line_end(lines: &[u8]) -> &'static [u8] {
    let open = !lines.ends_with(b"\n");
    let lines = match lines.iter().rposition(|&octet| octet == b'\n') {
        Some(last) if open => &lines[..=last],
        _ => lines,
    };
    if lines.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}

/// A content line as it is written: folded between characters (RFC 5545 section 3.1), with its line end.
pub(super) fn folded(text: &str, line_end: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(text.len() + text.len() / 16 + 4);
    let mut width = 0;
    for char in text.chars() {
        if width + char.len_utf8() > LINE {
            line.extend_from_slice(line_end);
            line.push(b' ');
            width = 1;
        }
        line.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        width += char.len_utf8();
    }
    line.extend_from_slice(line_end);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "BEGIN:VCALENDAR\r\nno line at all\r\nBEGIN:VEVENT\nUID:1\nATTENDEE;CN=\"A,\n  B\";X=1:mailto:a@x\nBEGIN:VALARM\nX:1\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR";

    fn edited(edit: impl FnOnce(&Document<'_>, &mut Edits<'_, '_>)) -> String {
        let document = Document::read(ITEM.as_bytes());
        let mut edits = Edits::new(&document);
        edit(&document, &mut edits);
        String::from_utf8(edits.apply().to_vec()).unwrap()
    }

    #[test]
    fn nothing_changes_by_itself() {
        assert_eq!(edited(|_, _| {}), ITEM);
    }

    #[test]
    fn one_property() {
        let removed = edited(|document, edits| edits.remove(document.property(1, "attendee").unwrap()));
        assert_eq!(removed, ITEM.replace("ATTENDEE;CN=\"A,\n  B\";X=1:mailto:a@x\n", ""));
        let set = edited(|document, edits| edits.set_value(document.property(2, "X").unwrap(), "2"));
        assert_eq!(set, ITEM.replace("X:1", "X:2"));
        let added = edited(|_, edits| {
            edits.add(1, "UID;X=y:2");
            edits.add(1, "SUMMARY:a");
            edits.add(0, "VERSION:2.0");
            edits.add(2, "X:2");
        });
        assert_eq!(
            added,
            ITEM.replace("UID:1\n", "UID:1\nUID;X=y:2\n")
                .replace("BEGIN:VALARM\nX:1\n", "SUMMARY:a\nBEGIN:VALARM\nX:1\nX:2\n")
                .replace("BEGIN:VEVENT", "VERSION:2.0\r\nBEGIN:VEVENT")
        );
    }

    #[test]
    fn one_parameter() {
        let with = |name: &str, value: Option<&str>| {
            let item = edited(|document, edits| {
                edits.set_param(document.property(1, "ATTENDEE").unwrap(), name, value)
            });
            item.lines().find(|line| line.starts_with("ATTENDEE")).unwrap().to_owned()
        };
        assert_eq!(with("x", None), "ATTENDEE;CN=\"A, B\":mailto:a@x");
        assert_eq!(with("CN", Some("C: D\"")), "ATTENDEE;X=1;CN=\"C: D\":mailto:a@x");
        assert_eq!(with("Y", Some("é")), "ATTENDEE;CN=\"A, B\";X=1;Y=é:mailto:a@x");
    }

    #[test]
    fn whole_components() {
        let alarm = "BEGIN:VALARM\r\nY:1\r\nEND:VALARM";
        let added = edited(|_, edits| edits.add_component(1, "VALARM", alarm.as_bytes()));
        assert_eq!(added, ITEM.replace("END:VALARM\n", "END:VALARM\nBEGIN:VALARM\nY:1\nEND:VALARM\n"));
        let removed = edited(|_, edits| edits.remove_component(2));
        assert_eq!(removed, ITEM.replace("BEGIN:VALARM\nX:1\nEND:VALARM\n", ""));
    }

    #[test]
    fn what_is_never_ended_can_be_added_to() {
        let document = Document::read(b"BEGIN:VCARD\r\nFN:a");
        let mut edits = Edits::new(&document);
        edits.add(0, "NOTE:b");
        assert_eq!(edits.apply(), "BEGIN:VCARD\r\nFN:a\r\nNOTE:b\r\n");
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let line = folded(&format!("X:{}", "ü".repeat(60)), b"\r\n");
        let text = String::from_utf8(line).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
        assert_eq!(text.replace("\r\n ", ""), format!("X:{}\r\n", "ü".repeat(60)));
    }
}
