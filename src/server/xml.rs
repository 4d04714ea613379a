//! Request bodies as small trees, and answers written straight into one buffer.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

pub const DAV: &str = "DAV:";
pub const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
pub const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
pub const CALENDARSERVER: &str = "http://calendarserver.org/ns/";
pub const APPLE: &str = "http://apple.com/ns/ical/";

const MAX_DEPTH: usize = 64;

/// The name of an element: namespace and local name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    pub namespace: String,
    pub local: String,
}

impl Name {
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    pub name: Name,
    /// Names as written, and values.
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn child(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name.is(namespace, local))
    }

    /// The child at the end of a path of names in one namespace.
    pub fn descend(&self, namespace: &str, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, local| element.child(namespace, local))
    }

    /// Reads a body with one root element.
    pub fn parse(bytes: &[u8]) -> Result<Element, Malformed> {
        let mut reader = NsReader::from_str(std::str::from_utf8(bytes).map_err(|_| Malformed)?);
        // The open elements; below them a nameless one, which takes the root.
        let mut open = vec![Element::default()];
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| Malformed)?;
            match event {
                Event::Start(start) => {
                    if open.len() > MAX_DEPTH {
                        return Err(Malformed);
                    }
                    let element = begin(namespace, &start)?;
                    open.push(element);
                }
                Event::Empty(start) => {
                    let element = begin(namespace, &start)?;
                    open.last_mut().ok_or(Malformed)?.children.push(element);
                }
                Event::End(_) => {
                    let element = open.pop().ok_or(Malformed)?;
                    open.last_mut().ok_or(Malformed)?.children.push(element);
                }
                Event::Text(text) => {
                    open.last_mut().ok_or(Malformed)?.text.push_str(&text.xml10_content());
                }
                Event::CData(text) => {
                    open.last_mut().ok_or(Malformed)?.text.push_str(&text.xml10_content());
                }
                Event::GeneralRef(reference) => {
                    let text = &mut open.last_mut().ok_or(Malformed)?.text;
                    match reference.resolve_char_ref().map_err(|_| Malformed)? {
                        Some(char) => text.push(char),
                        None => text.push_str(resolve_xml_entity(&reference.into_inner()).ok_or(Malformed)?),
                    }
                }
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(Malformed),
                Event::Eof => break,
            }
        }
        match <[Element; 1]>::try_from(open) {
            Ok([mut outside]) if outside.children.len() == 1 => outside.children.pop().ok_or(Malformed),
            _ => Err(Malformed),
        }
    }
}

fn begin(namespace: ResolveResult, start: &BytesStart) -> Result<Element, Malformed> {
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(_) => return Err(Malformed),
    };
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Malformed)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Malformed)?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    let local = start.local_name().into_inner().to_owned();
    Ok(Element { name: Name { namespace, local }, attributes, ..Element::default() })
}

/// Whether XML 1.0 can carry it (section 2.2).
pub fn is_char(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Appends the text with what XML reads otherwise escaped, among it the carriage return, which a
/// reader would drop (XML 1.0 section 2.11).
pub fn push_text(out: &mut String, text: &str) {
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\r' => "&#13;",
            _ => continue,
        };
        out.push_str(&text[done..at]);
        out.push_str(escaped);
        done = at + 1;
    }
    out.push_str(&text[done..]);
}

/// What a path segment keeps as it is (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends a path as a href. The slashes at its ends are the caller's.
pub fn push_path(out: &mut String, path: &str) {
    for (n, segment) in path.split('/').enumerate() {
        if n > 0 {
            out.push('/');
        }
        out.extend(utf8_percent_encode(segment, SEGMENT));
    }
}

/// A multistatus (RFC 4918 section 13) in the making.
pub struct Multistatus {
    pub out: String,
}

impl Multistatus {
    pub fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity + 512);
        out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:multistatus");
        for (prefix, namespace) in
            [("d", DAV), ("c", CALDAV), ("card", CARDDAV), ("cs", CALENDARSERVER), ("a", APPLE)]
        {
            let _ = write!(out, " xmlns:{prefix}=\"{namespace}\"");
        }
        out.push_str(">\n");
        Self { out }
    }

    /// A response for a href as a whole.
    pub fn status(&mut self, href: &str, status: &str, error: &str) {
        let _ = writeln!(
            self.out,
            "<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status}</d:status>{error}</d:response>"
        );
    }

    pub fn token(&mut self, token: &str) {
        self.out.push_str("<d:sync-token>");
        push_text(&mut self.out, token);
        self.out.push_str("</d:sync-token>\n");
    }

    pub fn finish(mut self) -> String {
        self.out.push_str("</d:multistatus>\n");
        self.out
    }
}

/// A `DAV:error` body; `inner` is markup with the prefixes of a multistatus.
pub fn error(inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:error xmlns:d=\"{DAV}\" xmlns:c=\"{CALDAV}\" \
         xmlns:card=\"{CARDDAV}\">{inner}</d:error>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_becomes_a_tree() {
        let root = Element::parse(
            b"<?xml version=\"1.0\"?><x:propfind xmlns:x=\"DAV:\" xmlns=\"urn:other\"><x:prop><a/>\
              <x:getetag/></x:prop><x:href> /a&amp;b&#x20;c<![CDATA[<d>]]> </x:href>\
              <comp name=\"V&lt;\"/></x:propfind>",
        )
        .unwrap();
        assert!(root.name.is(DAV, "propfind"));
        let names: Vec<_> =
            root.child(DAV, "prop").unwrap().children.iter().map(|child| child.name.clone()).collect();
        assert!(names[0].is("urn:other", "a") && names[1].is(DAV, "getetag"));
        assert_eq!(root.child(DAV, "href").unwrap().text, " /a&b c<d> ");
        assert_eq!(root.child("urn:other", "comp").unwrap().attribute("name"), Some("V<"));
    }

    #[test]
    fn what_is_malformed() {
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        for text in
            ["", "text", "<a>", "<a/><b/>", "<a></b>", "<x:a/>", "<!DOCTYPE a><a/>", "<a>&b;</a>", &deep]
        {
            assert_eq!(Element::parse(text.as_bytes()), Err(Malformed), "{text}");
        }
        assert_eq!(Element::parse(b"<a>\xff</a>"), Err(Malformed));
    }

    #[test]
    fn text_survives_an_xml_reader() {
        let text = "a&b <c> \"d\" ]]>\r\n e\u{e9}\t\r";
        let mut out = String::from("<a>");
        push_text(&mut out, text);
        out.push_str("</a>");
        assert_eq!(Element::parse(out.as_bytes()).unwrap().text, text);
    }

    #[test]
    fn hrefs_are_escaped_by_segment() {
        let mut out = String::new();
        push_path(&mut out, "calendars/jána/a b%@x.ics");
        assert_eq!(out, "calendars/j%C3%A1na/a%20b%25%40x.ics");
    }
}
