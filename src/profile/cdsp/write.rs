//! The exact form in which Outlook CalDav Synchronizer writes profiles: two blanks, CRLF, no newline at the end, and a
//! declaration of UTF-16 over what is UTF-8.

use super::document::{Element, MAPPING, OURS, Options, PROXY, is_allowed};
use super::fields::{self, Field};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n\
    <ArrayOfOptions xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";

/// The text of a file with these profiles.
pub fn write(profiles: &[Options]) -> String {
    let mut out = HEAD.to_owned();
    for profile in profiles {
        element(&mut out, &Element::group("Options", in_order(profile).0), 1);
    }
    out += "</ArrayOfOptions>";
    if profiles.is_empty() {
        out = out.replace(">\n</ArrayOfOptions>", " />");
    }
    out.replace('\n', "\r\n")
}

/// Elements side by side, without what a file has around them.
pub fn fragment(options: &Options) -> String {
    let mut out = String::new();
    for one in &in_order(options).0 {
        element(&mut out, one, 0);
    }
    out
}

/// The elements in the order in which they are declared, the unknown ones last.
pub fn in_order(options: &Options) -> Options {
    let mut options = options.clone();
    sort(&mut options.0, fields::OPTIONS);
    for group in &mut options.0 {
        let fields = match group.name.as_str() {
            PROXY => fields::PROXY,
            MAPPING => group.kind().and_then(fields::of_mapping).unwrap_or_default(),
            _ => continue,
        };
        sort(&mut group.children, fields);
    }
    options
}

/// The names of the elements that the format does not have.
pub fn unknown(options: &Options) -> Vec<&str> {
    let mapping = options.0.iter().find(|element| element.name == MAPPING);
    let mapping = mapping.and_then(|mapping| mapping.kind()).and_then(fields::of_mapping).unwrap_or_default();
    let strange = options.leaves().filter(|(group, element)| {
        let fields = match *group {
            Some(PROXY) => fields::PROXY,
            Some(_) => mapping,
            None => fields::OPTIONS,
        };
        element.name != OURS && fields.iter().all(|field| field.name != element.name)
    });
    strange.map(|(_, element)| element.name.as_str()).collect()
}

fn sort(elements: &mut [Element], fields: &[Field]) {
    elements.sort_by_key(|element| {
        let place = fields.iter().position(|field| field.name == element.name);
        place.unwrap_or(if element.name == OURS { usize::MAX } else { fields.len() })
    });
}

fn element(out: &mut String, element: &Element, depth: usize) {
    let indent = "  ".repeat(depth);
    *out += &format!("{indent}<{}", element.name);
    for (name, value) in &element.attributes {
        *out += &format!(" {name}=\"{}\"", escaped(value).replace('"', "&quot;").replace('\n', "&#xA;"));
    }
    if !element.children.is_empty() {
        *out += ">\n";
        for child in &element.children {
            self::element(out, child, depth + 1);
        }
        *out += &format!("{indent}</{}>\n", element.name);
    } else if element.text.is_empty() {
        *out += " />\n";
    } else {
        *out += &format!(">{}</{}>\n", escaped(&element.text), element.name);
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| is_allowed(*c)) {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '\r' => out += "&#xD;",
            c => out.push(c),
        }
    }
    out
}
