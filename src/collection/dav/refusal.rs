//! What a server says with an error: its precondition elements and its own words.

use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use tr::tr;

/// How much of an error's body is read, in bytes.
pub(super) const MOST_BODY: usize = 64 * 1024;
const MOST_WORDS: usize = 200;
const MOST_ELEMENTS: usize = 16;

/// An answer that is not a success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    /// Local names of the elements in `DAV:error` (RFC 4918 section 16), which say what is wrong.
    pub elements: Vec<String>,
    /// The first href in `DAV:error`: where the conflicting item is.
    pub href: Option<String>,
    /// The server's own words.
    pub words: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Reads what there is in an error's body, however broken.
    pub(super) fn read(status: u16, content_type: Option<&str>, body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let text = body.trim_start_matches('\u{feff}').trim();
        let mut refusal = Self::new(status);
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        if text.starts_with('<') {
            if !content_type.contains("html") && !starts_like_html(text) {
                refusal.read_xml(text);
            }
        } else if !content_type.contains("html") {
            refusal.words = words(text);
        }
        refusal
    }

    fn read_xml(&mut self, text: &str) {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut path: Vec<String> = Vec::new();
        let mut content = String::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(start)) if path.len() < 32 => {
                    let name = start.local_name().as_ref().to_owned();
                    if path.last().is_some_and(|parent| parent == "error")
                        && !matches!(name.as_str(), "message" | "exception")
                        && start.name().prefix().is_none_or(|prefix| prefix.as_ref() != "s")
                        && self.elements.len() < MOST_ELEMENTS
                    {
                        self.elements.push(name.clone());
                    }
                    path.push(name);
                    content.clear();
                }
                Ok(Event::Text(part)) => content.push_str(&part.into_inner()),
                Ok(Event::CData(part)) => content.push_str(&part.into_inner()),
                Ok(Event::GeneralRef(name)) => match name.resolve_char_ref() {
                    Ok(Some(c)) => content.push(c),
                    _ => content.push_str(
                        quick_xml::escape::resolve_predefined_entity(
                            &name.xml_content(XmlVersion::Implicit1_0),
                        )
                        .unwrap_or(" "),
                    ),
                },
                Ok(Event::End(_)) => {
                    match path.pop().as_deref() {
                        Some("message" | "responsedescription") if self.words.is_none() => {
                            self.words = words(&content);
                        }
                        Some("href") if self.href.is_none() && path.iter().any(|name| name == "error") => {
                            self.href = Some(content.trim().to_owned());
                        }
                        _ => {}
                    }
                    content.clear();
                }
                Ok(Event::Start(_) | Event::Eof) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    pub(super) fn has(&self, element: &str) -> bool {
        self.elements.iter().any(|name| name == element)
    }

    /// The server's own words in brackets, with a space before; nothing where it said nothing.
    pub(super) fn quoted(&self) -> String {
        match (&self.words, self.elements.first()) {
            (Some(words), _) => format!(" ({})", tr!("it says: {words}", words)),
            (None, Some(element)) => format!(" ({})", tr!("it says: {words}", words = element)),
            (None, None) => String::new(),
        }
    }
}

pub(super) fn starts_like_html(text: &str) -> bool {
    let start: String = text.chars().take(256).collect::<String>().to_ascii_lowercase();
    let start = start.trim_start();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The text on one line, without control characters, not longer than a sentence or two.
fn words(text: &str) -> Option<String> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    let mut short: String = line.chars().take(MOST_WORDS).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(body: &str) -> Refusal {
        Refusal::read(403, Some("application/xml; charset=utf-8"), body.as_bytes())
    }

    #[test]
    fn precondition_elements_and_words_are_found() {
        let refusal = xml(
            r#"<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:c="urn:ietf:params:xml:ns:caldav">
            <s:sabredav-version>4.7</s:sabredav-version><s:exception>X</s:exception><s:message>Validation error: no &quot;UID&quot;.
            </s:message><c:no-uid-conflict><d:href>/cal/a%20b.ics</d:href></c:no-uid-conflict></d:error>"#,
        );
        assert_eq!(refusal.elements, ["no-uid-conflict"]);
        assert_eq!(refusal.href.as_deref(), Some("/cal/a%20b.ics"));
        assert_eq!(refusal.words.as_deref(), Some("Validation error: no \"UID\""));
    }

    #[test]
    fn plain_text_is_the_servers_words_and_a_web_page_is_not() {
        let plain =
            Refusal::read(403, Some("text/plain"), b"Access to the requested\r\nresource forbidden.\x07");
        assert_eq!(plain.words.as_deref(), Some("Access to the requested resource forbidden"));
        assert_eq!(Refusal::read(500, Some("text/html"), b"oops <b>").words, None);
        assert_eq!(Refusal::read(500, None, b"<!DOCTYPE html><html><error><x/></error>"), Refusal::new(500));
        let long = Refusal::read(500, None, "ä".repeat(70_000).as_bytes());
        assert_eq!(long.words.unwrap().chars().count(), MOST_WORDS + 1);
    }

    #[test]
    fn a_broken_body_gives_what_was_before_the_break() {
        let refusal = xml(r#"<error xmlns="DAV:"><valid-sync-token/><oops"#);
        assert_eq!(refusal.elements, ["valid-sync-token"]);
        assert!(xml(&"<a>".repeat(10_000)).elements.is_empty());
    }
}
