//! The text of a `.cdsp` file becomes a [`Document`]. What is read is bounded: a document type definition, which could
//! define entities, is refused altogether.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use tr::tr;

use super::document::{Element, Options, TYPE, is_allowed};
use crate::report::wording::cut;

const MOST_DEPTH: usize = 16;
const MOST_ELEMENTS: usize = 500_000;
/// More is no profile: the format has fewer than a hundred elements, and a list of colours or of properties.
const MOST_IN_A_PROFILE: usize = 1_000;
const ROOT: &str = "ArrayOfOptions";
const PROFILE: &str = "Options";

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub profiles: Vec<Options>,
    /// The names of elements that stand where no program puts any.
    pub stray: Vec<String>,
}

/// The line at which a text is no such document, and a sentence that says why.
pub type Wrong = (usize, String);

/// Reads a whole file.
pub fn read(text: &str) -> Result<Document, Wrong> {
    let (root, stray) = tree(text)?;
    if root.name != ROOT {
        return Err((
            1,
            tr!(
                "this is no file of profiles: it begins with <{}>, not with <{ROOT}>; export the profiles to a .cdsp file",
                shown(&root.name),
                ROOT
            ),
        ));
    }
    let mut document = Document { stray, ..Document::default() };
    for element in root.children {
        match element.name == PROFILE {
            true if element.size() > MOST_IN_A_PROFILE => {
                let name = element.child("Name").map(|name| cut(name, 60)).unwrap_or_default();
                return Err((
                    1,
                    tr!(
                        "the profile {name} has far more elements than a profile has; export the profiles anew",
                        name = format_args!("{name:?}")
                    ),
                ));
            }
            true => document.profiles.push(Options(element.children)),
            false => document.stray.push(shown(&element.name)),
        }
    }
    Ok(document)
}

/// Reads elements that stand side by side, as [`super::write::fragment`] writes them.
pub fn read_fragment(text: &str) -> Result<Options, Wrong> {
    let (root, _) = tree(&format!("<{PROFILE}>{text}</{PROFILE}>"))?;
    Ok(Options(root.children))
}

fn shown(name: &str) -> String {
    cut(name, 40)
}

/// An element whose end has not come yet.
struct Open {
    element: Element,
    /// It is left out: of another namespace, or `xsi:nil`.
    dropped: bool,
}

impl Open {
    fn close(mut self) -> Option<Element> {
        let element = &mut self.element;
        element.text = match element.children.is_empty() {
            true => element.text.replace("\r\n", "\n"),
            false => String::new(),
        };
        (!self.dropped).then_some(self.element)
    }
}

/// The root element, and the names of the elements that were left out.
fn tree(text: &str) -> Result<(Element, Vec<String>), Wrong> {
    let line_at = |position: u64| {
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count()
    };
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut stack: Vec<Open> = Vec::new();
    let mut root: Option<Element> = None;
    let mut strange = Vec::new();
    let mut count = 0;
    loop {
        let at = reader.buffer_position();
        let wrong = |what: String| Err((line_at(at), what));
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let line = line_at(reader.error_position());
                return Err((line, tr!("this is no XML: {error}; export the profiles anew", error)));
            }
        };
        let piece = match event {
            Event::Eof => break,
            Event::Start(start) => {
                count += 1;
                if root.is_some() {
                    return wrong(tr!("there is more after the end; export the profiles anew"));
                }
                if stack.len() >= MOST_DEPTH {
                    return wrong(tr!("the elements are nested too deep for a file of profiles"));
                }
                if count > MOST_ELEMENTS {
                    return wrong(tr!("there are too many elements for a file of profiles"));
                }
                let open = open(&start).map_err(|what| (line_at(at), tr!("this is no XML: {what}", what)))?;
                if open.dropped && open.element.name.contains(':') {
                    strange.push(shown(&open.element.name));
                }
                stack.push(open);
                continue;
            }
            Event::End(_) => {
                let Some(open) = stack.pop() else { continue };
                match (open.close(), stack.last_mut()) {
                    (Some(element), Some(parent)) => parent.element.children.push(element),
                    (Some(element), None) => root = Some(element),
                    (None, _) => {}
                }
                continue;
            }
            Event::Text(text) => text.into_inner().into_owned(),
            Event::CData(text) => text.into_inner().into_owned(),
            Event::GeneralRef(name) => match (name.resolve_char_ref(), resolve_predefined_entity(&name)) {
                (Ok(Some(c)), _) => c.to_string(),
                (_, Some(text)) => text.to_owned(),
                _ => {
                    return wrong(tr!(
                        "the entity &{}; is not known; export the profiles anew",
                        shown(&name)
                    ));
                }
            },
            Event::DocType(_) => {
                return wrong(tr!(
                    "the file has a document type definition, which no file of profiles has and which could do harm; \
                     export the profiles anew"
                ));
            }
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
        };
        if let Some(open) = stack.last_mut() {
            open.element.text.extend(piece.chars().filter(|c| is_allowed(*c)));
        } else if !piece.trim().is_empty() {
            return wrong(tr!("there is text outside of the elements; export the profiles anew"));
        }
    }
    match (root, stack.last()) {
        (Some(root), None) => Ok((root, strange)),
        (_, Some(open)) => Err((
            line_at(text.len() as u64),
            tr!(
                "the file ends within <{}>; it is not whole, so export the profiles anew",
                shown(&open.element.name)
            ),
        )),
        (None, None) => Err((1, tr!("the file holds no profiles; export them to a .cdsp file"))),
    }
}

fn open(start: &BytesStart) -> Result<Open, String> {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    let mut dropped = name.contains(':');
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref();
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
        let value: String = value.chars().filter(|c| is_allowed(*c)).collect();
        match key.split_once(':') {
            // What a prefix stands for is told by the root, which is written anew.
            Some((_, "type")) => attributes.push((TYPE.to_owned(), value)),
            Some((_, "nil")) => dropped |= matches!(value.as_str(), "true" | "1"),
            Some(_) => {}
            None => attributes.push((key.to_owned(), value)),
        }
    }
    Ok(Open { element: Element { name, attributes, ..Element::default() }, dropped })
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
