//! Reading: what is wrong is said with its place.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use tr::tr;

use super::{Shape, Table, Word, nearest};
use crate::report::wording::enumerated;

/// What is wrong, and at which byte of the text.
#[derive(Debug)]
pub struct Wrong {
    at: Option<usize>,
    pub what: String,
}

impl Wrong {
    /// The line of this text that it is about.
    pub fn line(&self, text: &str) -> Option<usize> {
        let before = |at| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        self.at.map(|at| 1 + before(at))
    }
}

pub type Read<T> = Result<T, Wrong>;

pub fn wrong<T>(at: usize, what: impl Into<String>) -> Read<T> {
    Err(Wrong { at: Some(at), what: what.into() })
}

/// What is wrong with a word: a sentence with the words that are known.
pub fn not_known<'a>(key: &str, typed: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = nearest(typed, known.clone());
    let others: Vec<&str> = known.filter(|word| Some(*word) != near).collect();
    match (near, others.as_slice()) {
        (Some(near), []) => tr!(
            "{key} = {typed} is not known; did you mean {near}?",
            key,
            typed = format_args!("{typed:?}"),
            near = format_args!("{near:?}")
        ),
        (Some(near), [other]) => {
            tr!(
                "{key} = {typed} is not known; did you mean {near}? The other one is {other}",
                key,
                typed = format_args!("{typed:?}"),
                near = format_args!("{near:?}"),
                other
            )
        }
        (Some(near), others) => tr!(
            "{key} = {typed} is not known; did you mean {near}? The others are {}",
            enumerated(others.iter().copied()),
            key,
            typed = format_args!("{typed:?}"),
            near = format_args!("{near:?}")
        ),
        (None, [only]) => tr!(
            "{key} = {typed} is not known; use {only}",
            key,
            typed = format_args!("{typed:?}"),
            only = format_args!("{only:?}")
        ),
        (None, all) => {
            tr!(
                "{key} = {typed} is not known; use one of {}",
                enumerated(all.iter().copied()),
                key,
                typed = format_args!("{typed:?}")
            )
        }
    }
}

/// A file that is TOML.
pub struct File<'a> {
    table: &'static Table,
    root: Spanned<DeTable<'a>>,
}

impl<'a> File<'a> {
    pub fn new(table: &'static Table, text: &'a str) -> Read<Self> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { table, root }),
            Err(error) => Err(not_toml(text, &error)),
        }
    }

    /// What stands above the first section. Its keys and the sections are known.
    pub fn top(&self) -> Read<Section<'_>> {
        let top = Section { table: self.table, name: "", at: None, toml: self.root.get_ref() };
        top.know_sections()?;
        top.know_keys()?;
        Ok(top)
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> Wrong {
    let at = error.span().map(|span| span.start);
    let line = at.and_then(|at| {
        let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        text.get(start..)?.lines().next()
    });
    let what = match line {
        Some(line) if line.contains('\\') => tr!(
            "this is not written as TOML demands: {}; a text with backslashes needs 'single quotation marks'",
            error.message()
        ),
        _ => tr!("this is not written as TOML demands: {}", error.message()),
    };
    Wrong { at, what }
}

/// One section of the file, or what stands above the first.
pub struct Section<'a> {
    table: &'static Table,
    name: &'static str,
    at: Option<usize>,
    toml: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    fn know_sections(&self) -> Read<()> {
        let unknown = self.toml.iter().filter(|(key, value)| {
            let name: &str = key.get_ref();
            value.get_ref().is_table() && !self.table.keys.iter().any(|known| known.name == name)
        });
        let sections = self.table.sections();
        match unknown
            .filter(|(key, _)| !sections.contains(&key.get_ref().as_ref()))
            .min_by_key(|(key, _)| key.span().start)
        {
            None => Ok(()),
            Some((key, _)) => {
                let name = key.get_ref();
                let what = match nearest(name, sections.iter().copied()) {
                    Some(near) => {
                        tr!("the section [{name}] is not known; did you mean [{near}]?", name, near)
                    }
                    None if sections.is_empty() => {
                        tr!("the section [{name}] is not known; there are no sections in this file", name)
                    }
                    None => {
                        let named: Vec<String> = sections.iter().map(|name| format!("[{name}]")).collect();
                        tr!(
                            "the section [{name}] is not known; the known ones are {}",
                            enumerated(named.iter().map(String::as_str)),
                            name
                        )
                    }
                };
                wrong(key.span().start, what)
            }
        }
    }

    fn know_keys(&self) -> Read<()> {
        let sections = self.table.sections();
        let is_known = |key: &str, value: &DeValue| {
            (self.name.is_empty() && value.is_table() && sections.contains(&key))
                || self.table.key(self.name, key).is_some()
        };
        let first = self
            .toml
            .iter()
            .filter(|(key, value)| !is_known(key.get_ref(), value.get_ref()))
            .min_by_key(|(key, _)| key.span().start);
        match first {
            None => Ok(()),
            Some((key, _)) => wrong(key.span().start, self.table.unknown(self.name, key.get_ref())),
        }
    }

    pub fn section(&self, name: &'static str) -> Read<Option<Section<'a>>> {
        let Some((key, value)) = self.toml.get_key_value(name) else { return Ok(None) };
        let Some(toml) = value.get_ref().as_table() else {
            return wrong(key.span().start, self.table.unknown("", name));
        };
        let section = Section { table: self.table, name, at: Some(key.span().start), toml };
        section.know_keys()?;
        Ok(Some(section))
    }

    /// What is wrong about what is not there: a sentence.
    pub fn lacks<T>(&self, what: String) -> Read<T> {
        Err(Wrong { at: self.at, what })
    }

    /// A key is not there; what to give for it goes on after "give".
    pub fn missing<T>(&self, key: &str, what: &str) -> Read<T> {
        let key = format_args!("{key:?}");
        self.lacks(match self.name {
            "" => tr!("the key {key} is missing; give {what}", key, what),
            section => tr!("the key {key} is missing in [{section}]; give {what}", key, section, what),
        })
    }

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.toml.get(key)
    }

    /// A text that is not empty, and where it stands.
    pub fn text(&self, key: &str) -> Read<Option<(&'a str, usize)>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let at = value.span().start;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => wrong(at, tr!("{key} must not be empty", key)),
            Some(text) if text.contains('\0') => {
                wrong(at, tr!("{key} must not contain a NUL character", key))
            }
            Some(text) => Ok(Some((text, at))),
            None => wrong(at, tr!("{key} must be a text in quotation marks", key)),
        }
    }

    /// Texts that are not empty, and where they stand.
    pub fn list(&self, key: &str) -> Read<Vec<(&'a str, usize)>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let texts = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|text| Some((text.get_ref().as_str()?, text.span().start))).collect()
        });
        match texts {
            Some(texts) => Ok(texts),
            None => wrong(
                value.span().start,
                tr!("{key} must be a list of texts, such as [\"one\", \"two\"]", key),
            ),
        }
    }

    /// Texts with their names, and where they stand.
    pub fn pairs(&self, key: &str) -> Read<Vec<(&'a str, &'a str, usize)>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let pairs = value.get_ref().as_table().and_then(|table| {
            let each = table.iter();
            each.map(|(name, text)| {
                Some((name.get_ref().as_ref(), text.get_ref().as_str()?, name.span().start))
            })
            .collect()
        });
        match pairs {
            Some(pairs) => Ok(pairs),
            None => wrong(
                value.span().start,
                tr!("{key} must be a table of texts, such as {}", "{ one = \"two\" }", key),
            ),
        }
    }

    /// The keys that are there, and where they stand.
    pub fn keys(&self) -> impl Iterator<Item = (&'a str, usize)> {
        self.toml.iter().map(|(key, _)| (key.get_ref().as_ref(), key.span().start))
    }

    pub fn word<T: Copy>(&self, key: &str, words: &[Word<T>]) -> Read<Option<T>> {
        let Some((typed, at)) = self.text(key)? else { return Ok(None) };
        if let Some(known) = words.iter().find(|known| known.word == typed) {
            return Ok(Some(known.value));
        }
        wrong(at, not_known(key, typed, words.iter().map(|known| known.word)))
    }

    /// Any of these words.
    pub fn words<T: Copy>(&self, key: &str, words: &[Word<T>]) -> Read<Option<Vec<T>>> {
        if self.get(key).is_none() {
            return Ok(None);
        }
        let find = |(typed, at)| match words.iter().find(|known| known.word == typed) {
            Some(known) => Ok(known.value),
            None => wrong(at, not_known(key, typed, words.iter().map(|known| known.word))),
        };
        self.list(key)?.into_iter().map(find).collect::<Read<_>>().map(Some)
    }

    /// A number in the range that the table gives it.
    pub fn number<T: TryFrom<i64>>(&self, key: &str) -> Read<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let (first, last) = match self.table.key(self.name, key).map(|key| key.shape) {
            Some(Shape::Number(first, last)) => (first, last),
            _ => (0, i64::MAX),
        };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|digits| i64::from_str_radix(digits.as_str(), digits.radix()).ok())
            .filter(|number| (first..=last).contains(number))
            .and_then(|number| T::try_from(number).ok());
        match number {
            Some(number) => Ok(Some(number)),
            None => wrong(
                value.span().start,
                tr!("{key} must be a whole number from {first} to {last}", key, first, last),
            ),
        }
    }

    pub fn switch(&self, key: &str) -> Read<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref().as_bool() {
            Some(on) => Ok(Some(on)),
            None => {
                wrong(value.span().start, tr!("{key} must be true or false, without quotation marks", key))
            }
        }
    }
}
