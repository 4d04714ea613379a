//! Small TOML files whose keys are all known: a table of them, from which reading, changing, help and schema follow.

use std::path::Path;

use tr::tr;

use crate::report::wording::enumerated;

mod edit;
mod read;
mod schema;

pub use edit::set;
pub use read::{File, Read, Section, Wrong, not_known, wrong};

/// A word that a key takes.
#[derive(Debug)]
pub struct Word<T> {
    pub word: &'static str,
    pub value: T,
    /// What it means, in a few words.
    pub meaning: &'static str,
}

pub const fn word<T>(word: &'static str, value: T, meaning: &'static str) -> Word<T> {
    Word { word, value, meaning }
}

/// The word for a value.
pub fn word_of<T: PartialEq>(words: &[Word<T>], value: T) -> &'static str {
    words.iter().find(|known| known.value == value).map_or("?", |known| known.word)
}

/// The value of a word.
pub fn value_of<T: Copy>(words: &[Word<T>], word: &str) -> Option<T> {
    words.iter().find(|known| known.word == word).map(|known| known.value)
}

/// A word and its meaning.
pub type Meant = (&'static str, &'static str);

/// The words and their meanings, without their values.
pub fn meant<T>(words: &[Word<T>]) -> Vec<Meant> {
    words.iter().map(|known| (known.word, known.meaning)).collect()
}

/// What a key's value is.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Text,
    /// The path of a folder, as a text.
    Folder,
    /// The path of a file, as a text.
    File,
    /// One of these.
    Words(fn() -> Vec<Meant>),
    /// A whole number from the first to the last.
    Number(i64, i64),
    Switch,
    /// Texts.
    List,
    /// Texts with names.
    Pairs,
    /// Any of these.
    WordList(fn() -> Vec<Meant>),
}

/// What counts where a key is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It must be there.
    Wrong,
    Nothing,
    /// This value, written as `set` takes it.
    Is(&'static str),
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The section that it belongs to; empty above the first section.
    pub section: &'static str,
    pub name: &'static str,
    pub shape: Shape,
    pub absent: Absent,
    /// What it says: words that follow the key and a colon.
    pub meaning: &'static str,
}

impl Key {
    /// How `set` calls it.
    pub fn path(&self) -> String {
        if self.section.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.section, self.name) }
    }
}

pub const fn key(
    section: &'static str,
    name: &'static str,
    shape: Shape,
    absent: Absent,
    meaning: &'static str,
) -> Key {
    Key { section, name, shape, absent, meaning }
}

/// Every key of a kind of file, section after section.
#[derive(Debug)]
pub struct Table {
    pub keys: &'static [Key],
    /// What is to be said, instead of that it is not known, of a key in a section: that it would be a password, say.
    pub instead: fn(&str, &str) -> Option<String>,
}

impl Table {
    /// The sections, in order.
    pub fn sections(&self) -> Vec<&'static str> {
        let mut sections: Vec<_> = self.keys.iter().map(|key| key.section).collect();
        sections.dedup();
        sections.retain(|section| !section.is_empty());
        sections
    }

    /// The keys of a section.
    pub fn of<'a>(&self, section: &'a str) -> impl Iterator<Item = &'static Key> + Clone + use<'a> {
        self.keys.iter().filter(move |key| key.section == section)
    }

    /// A key by its section and name.
    pub fn key(&self, section: &str, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.section == section && key.name == name)
    }

    /// A sentence that tells that a key of a file is not known, and what may have been meant.
    fn unknown(&self, section: &str, name: &str) -> String {
        if let Some(instead) = (self.instead)(section, name) {
            return instead;
        }
        if section.is_empty() && self.sections().contains(&name) {
            return tr!(
                "{name} must be a section: write [{name}] on a line of its own, its keys below it",
                name
            );
        }
        if let Some(key) = self.keys.iter().find(|key| key.section != section && key.name == name) {
            return match key.section {
                "" => tr!(
                    "the key {name} does not belong into [{section}]; move it above the first [section]",
                    name = format_args!("{name:?}"),
                    section
                ),
                right => tr!(
                    "the key {name} belongs into the section [{right}]",
                    name = format_args!("{name:?}"),
                    right
                ),
            };
        }
        let here = || self.of(section).map(|key| key.name);
        match nearest(name, here()) {
            Some(near) => tr!(
                "the key {name} is not known; did you mean {near}?",
                name = format_args!("{name:?}"),
                near = format_args!("{near:?}")
            ),
            None => tr!(
                "the key {name} is not known; the known keys here are {}",
                enumerated(here()),
                name = format_args!("{name:?}")
            ),
        }
    }
}

/// A place in a file, as a person is told of it.
pub fn place(file: &Path, line: Option<usize>) -> String {
    match line {
        Some(line) => tr!("{}, line {line}", file.display(), line),
        None => file.display().to_string(),
    }
}

/// The candidate that was probably meant, if any is near enough.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&typed, &known.to_lowercase().replace('-', "_")), known))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
