//! Categories here that are colours on the server: `COLOR` (RFC 7986 section 5.9).

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;

use super::parts::Parts;
use crate::item::category::{folded, is_list};
use crate::item::edit::{ComponentId, Document, Edits};
use crate::item::lines::Line;
use crate::item::text;

/// Categories and their colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Colors(Vec<Color>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Color {
    category: String,
    rgb: [u8; 3],
    /// The name in CSS, which is all that RFC 7986 allows, of the colour or of the nearest one, and what that one is.
    name: &'static str,
    named: [u8; 3],
}

impl Colors {
    /// Colours in any spelling of CSS; what is none is left out.
    pub fn new(colors: &BTreeMap<String, String>) -> Colors {
        let color = |(category, color): (&String, &String)| {
            let rgb = rgb(color)?;
            let distance = |known: &[u8; 3]| -> u32 {
                known.iter().zip(rgb).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
            };
            let (name, named) =
                csscolorparser::NAMED_COLORS.entries().min_by_key(|(_, known)| distance(known))?;
            Some(Color { category: category.clone(), rgb, name: name.as_str(), named: *named })
        };
        Colors(colors.iter().filter_map(color).collect())
    }

    /// The categories that a line's colour stands for, as they compare.
    fn categories<'s>(&'s self, line: &Line<'_>) -> impl Iterator<Item = &'s Color> + use<'s> {
        let rgb = rgb(line.value()).filter(|_| line.is("COLOR"));
        self.0.iter().filter(move |color| rgb.is_some_and(|rgb| color.rgb == rgb || color.named == rgb))
    }

    /// The colour of the component's first category that has one.
    fn color(&self, document: &Document<'_>, id: ComponentId) -> Option<&'static str> {
        let lists = document.properties(id).filter(|line| is_list(line));
        let mut categories = lists.flat_map(text::list).map(|(_, category)| folded(&category));
        categories
            .find_map(|category| self.0.iter().find(|color| folded(&color.category) == category))
            .map(|color| color.name)
    }

    pub(super) fn shared(&self, bytes: &Bytes) -> Bytes {
        let document = Document::read(bytes);
        let mut edits = Edits::new(&document);
        for id in document.main_components() {
            let mut has = categories(&document, id);
            for line in document.properties(id) {
                let Some(first) = self.categories(line).next() else { continue };
                edits.remove(line);
                if !self.categories(line).any(|color| has.contains(&folded(&color.category))) {
                    edits.add(id, &format!("CATEGORIES:{}", text::escape(&first.category)));
                    has.insert(folded(&first.category));
                }
            }
        }
        edits.apply_to(bytes)
    }

    /// The colour that was there stays with its category. Only the server gets one that it does not have.
    pub(super) fn on(&self, on_server: bool, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        let document = Document::read(shared);
        let there = there.map(|there| Document::read(there));
        let mut parts = there.as_ref().map(Parts::of);
        let mut edits = Edits::new(&document);
        for id in document.main_components() {
            let before = parts.as_mut().and_then(|parts| {
                let own = parts.take(&document, id)?;
                let has = categories(&document, id);
                let is_still_said = |line: &&Line<'_>| {
                    self.categories(line).any(|color| has.contains(&folded(&color.category)))
                };
                let line = parts.document.properties(own).find(is_still_said)?;
                Some(parts.document.octets_of(line))
            });
            if document.property(id, "COLOR").is_some() {
                continue;
            }
            match (before, self.color(&document, id)) {
                (Some(octets), _) => edits.put(document.place_behind_properties(id), octets),
                (None, Some(name)) if on_server => edits.add(id, &format!("COLOR:{name}")),
                (None, _) => {}
            }
        }
        edits.apply_to(shared)
    }
}

fn rgb(color: &str) -> Option<[u8; 3]> {
    let [red, green, blue, _] = csscolorparser::parse(color.trim()).ok()?.to_rgba8();
    Some([red, green, blue])
}

/// The component's categories, as they compare.
fn categories(document: &Document<'_>, id: ComponentId) -> HashSet<String> {
    let lists = document.properties(id).filter(|line| is_list(line));
    let names = lists.flat_map(text::list).map(|(_, category)| folded(&category));
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(lines: &str) -> Bytes {
        Bytes::from(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\nEND:VCALENDAR\n"))
    }

    fn colors() -> Colors {
        let one = |category: &str, color: &str| (category.to_owned(), color.to_owned());
        Colors::new(&BTreeMap::from([one("Work", "red"), one("Day off", "#ffa501"), one("x", "no colour")]))
    }

    #[test]
    fn a_category_is_a_color_there() {
        let colors = colors();
        assert_eq!(
            colors.on(true, &item("CATEGORIES:a,work\n"), None),
            item("CATEGORIES:a,work\nCOLOR:red\n")
        );
        assert_eq!(
            colors.on(true, &item("CATEGORIES:Day off\n"), None),
            item("CATEGORIES:Day off\nCOLOR:orange\n")
        );
        assert_eq!(colors.on(false, &item("CATEGORIES:Work\n"), None), item("CATEGORIES:Work\n"));
        assert_eq!(
            colors.on(true, &item("CATEGORIES:Work\nCOLOR:blue\n"), None),
            item("CATEGORIES:Work\nCOLOR:blue\n")
        );
    }

    #[test]
    fn a_color_there_is_a_category() {
        let colors = colors();
        assert_eq!(colors.shared(&item("color:RED\n")), item("CATEGORIES:Work\n"));
        assert_eq!(colors.shared(&item("COLOR:Orange\nCATEGORIES:day OFF\n")), item("CATEGORIES:day OFF\n"));
        assert_eq!(colors.shared(&item("COLOR:blue\n")), item("COLOR:blue\n"));
        let there = item("CATEGORIES:Work\nCOLOR;X=1:#ff0000\n");
        assert_eq!(
            colors.on(true, &item("CATEGORIES:Day off,Work\n"), Some(&there)),
            item("CATEGORIES:Day off,Work\nCOLOR;X=1:#ff0000\n")
        );
        assert_eq!(colors.on(true, &item("A:1\n"), Some(&there)), item("A:1\n"));
    }
}
