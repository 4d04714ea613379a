//! What a `.cdsp` file holds: for each profile a tree of elements, small enough to be kept as it is.

/// The group of elements about the proxy.
pub const PROXY: &str = "ProxyOptions";
/// The group of elements about mapping; its `xsi:type` says of which kind.
pub const MAPPING: &str = "MappingConfiguration";
/// The attribute that says it.
pub const TYPE: &str = "xsi:type";
/// The element that holds what only Pimbridge has.
pub const OURS: &str = "Pimbridge";

/// An XML element: it has a text, or children.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Element { name: name.into(), text: text.into(), ..Element::default() }
    }

    pub fn group(name: impl Into<String>, children: Vec<Element>) -> Self {
        Element { name: name.into(), children, ..Element::default() }
    }

    /// The text of a child.
    pub fn child(&self, name: &str) -> Option<&str> {
        self.children.iter().find(|element| element.name == name).map(|element| element.text.as_str())
    }

    /// How many elements it is, with all those in it.
    pub fn size(&self) -> usize {
        1 + self.children.iter().map(Element::size).sum::<usize>()
    }

    /// The value of `xsi:type`.
    pub fn kind(&self) -> Option<&str> {
        let value = self.attributes.iter().find(|(name, _)| name == TYPE)?.1.as_str();
        Some(value.rsplit_once(':').map_or(value, |(_, name)| name))
    }
}

/// One profile of a `.cdsp` file: its elements. They are named by paths, such as `Name` and `ProxyOptions/ProxyUrl`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(pub Vec<Element>);

impl Options {
    pub fn find(&self, path: &str) -> Option<&Element> {
        let (group, name) = split(path);
        let here = match group {
            Some(group) => self.0.iter().find(|element| element.name == group)?.children.as_slice(),
            None => &self.0,
        };
        here.iter().find(|element| element.name == name)
    }

    /// The text of an element that has one.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.find(path).map(|element| element.text.as_str()).filter(|text| !text.trim().is_empty())
    }

    /// Puts an element in place of the one of its name, in this group or (without one) above all groups.
    pub fn put(&mut self, group: Option<&str>, element: Element) {
        let here = match group {
            Some(group) => self.group(group),
            None => &mut self.0,
        };
        match here.iter_mut().find(|other| other.name == element.name) {
            Some(other) => *other = element,
            None => here.push(element),
        }
    }

    pub fn set(&mut self, path: &str, text: impl Into<String>) {
        let (group, name) = split(path);
        self.put(group, Element::text(name, text));
    }

    pub fn remove(&mut self, path: &str) {
        let (group, name) = split(path);
        match group {
            Some(group) => self.group(group).retain(|element| element.name != name),
            None => self.0.retain(|element| element.name != name),
        }
    }

    /// Says of which kind the mapping is.
    pub fn set_mapping_kind(&mut self, kind: &str) {
        self.group(MAPPING);
        for element in self.0.iter_mut().filter(|element| element.name == MAPPING) {
            element.attributes = vec![(TYPE.to_owned(), kind.to_owned())];
        }
    }

    /// Every element with its group, the groups themselves left out.
    pub fn leaves(&self) -> impl Iterator<Item = (Option<&str>, &Element)> {
        self.0.iter().flat_map(|element| {
            let group = is_group(&element.name).then_some(element.name.as_str());
            let elements = match group {
                Some(_) => element.children.as_slice(),
                None => std::slice::from_ref(element),
            };
            elements.iter().map(move |element| (group, element))
        })
    }

    fn group(&mut self, name: &str) -> &mut Vec<Element> {
        let at = self.0.iter().position(|element| element.name == name).unwrap_or_else(|| {
            self.0.push(Element::group(name, Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[at].children
    }
}

fn is_group(name: &str) -> bool {
    [PROXY, MAPPING].contains(&name)
}

fn split(path: &str) -> (Option<&str>, &str) {
    path.split_once('/').map_or((None, path), |(group, name)| (Some(group), name))
}

/// Whether XML can hold this character (XML 1.0 section 2.2).
pub fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
