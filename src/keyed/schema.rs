//! The table as a text for people, and as a JSON Schema (draft 2020-12) for editors and scripts.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use tr::tr;

use super::{Absent, Key, Meant, Shape, Table};

impl Table {
    /// Every key with its type, default, words and meaning.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut section = "";
        for key in self.keys {
            if key.section != section {
                section = key.section;
                // Writing to a string cannot fail.
                let _ = writeln!(out, "\n[{section}]");
            }
            let _ = writeln!(out, "{}: {}", key.name, key.what());
            key.full_meaning().lines().for_each(|line| {
                let _ = writeln!(out, "    {line}");
            });
        }
        out
    }

    /// The JSON Schema of a file of this kind, which is called so.
    pub fn schema(&self, title: &str) -> Value {
        let mut top = object(self.of(""));
        for section in self.sections() {
            let schema = object(self.of(section));
            if schema.contains_key("required")
                && let Some(required) =
                    top.entry("required").or_insert_with(|| Value::Array(Vec::new())).as_array_mut()
            {
                required.push(section.into());
            }
            if let Some(properties) = top.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert(section.to_owned(), schema.into());
            }
        }
        top.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        top.insert("title".to_owned(), title.into());
        top.into()
    }
}

impl Key {
    /// What it says and, on a line of its own, what each of its words means, in the person's language.
    pub fn full_meaning(&self) -> String {
        self.meaning_in(|text| tr!(text))
    }

    fn meaning_in(&self, language: impl Fn(&'static str) -> String) -> String {
        let words = self.words();
        let width = words.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
        let words = words.iter().map(|(word, meaning)| format!("\n  {word:width$}  {}", language(meaning)));
        std::iter::once(language(self.meaning)).chain(words).collect()
    }

    /// What counts where it is not there.
    pub fn default(&self) -> Option<Value> {
        let Absent::Is(value) = self.absent else { return None };
        Some(match self.shape {
            Shape::Text | Shape::Folder | Shape::File | Shape::Words(_) => value.into(),
            // The table has nothing else there.
            Shape::Number(..) => value.parse::<i64>().unwrap_or_default().into(),
            Shape::Switch => (value == "true").into(),
            Shape::List | Shape::WordList(_) => value.split(',').filter(|one| !one.is_empty()).collect(),
            Shape::Pairs => Value::Object(Map::new()),
        })
    }

    /// The words that it takes, and what they mean.
    pub fn words(&self) -> Vec<Meant> {
        match self.shape {
            Shape::Words(words) | Shape::WordList(words) => words(),
            _ => Vec::new(),
        }
    }

    fn what(&self) -> String {
        let shape = match self.shape {
            Shape::Text | Shape::Folder | Shape::File => tr!("text"),
            Shape::Words(_) => tr!("one of these words"),
            Shape::Number(first, last) => tr!("whole number from {first} to {last}", first, last),
            Shape::Switch => tr!("true or false"),
            Shape::List => tr!("list of texts"),
            Shape::Pairs => tr!("table of texts"),
            Shape::WordList(_) => tr!("list of these words"),
        };
        match (self.absent, self.default()) {
            (Absent::Wrong, _) => tr!("{shape}; required", shape),
            (_, Some(default)) => tr!("{shape}; default {default}", shape, default),
            _ => shape,
        }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.shape {
            Shape::Text | Shape::Folder | Shape::File => json!({"type": "string", "minLength": 1}),
            Shape::Words(words) => json!({"type": "string", "enum": names(&words())}),
            Shape::Number(first, last) => json!({"type": "integer", "minimum": first, "maximum": last}),
            Shape::Switch => json!({"type": "boolean"}),
            Shape::List => json!({"type": "array", "items": {"type": "string"}}),
            Shape::Pairs => json!({"type": "object", "additionalProperties": {"type": "string"}}),
            Shape::WordList(words) => {
                json!({"type": "array", "items": {"type": "string", "enum": names(&words())}})
            }
        };
        schema["description"] = self.meaning_in(str::to_owned).into();
        if let Some(default) = self.default() {
            schema["default"] = default;
        }
        schema
    }
}

fn names(words: &[Meant]) -> Vec<&'static str> {
    words.iter().map(|(word, _)| *word).collect()
}

fn object(keys: impl Iterator<Item = &'static Key> + Clone) -> Map<String, Value> {
    let required: Vec<&str> =
        keys.clone().filter(|key| key.absent == Absent::Wrong).map(|key| key.name).collect();
    let properties: Map<String, Value> = keys.map(|key| (key.name.to_owned(), key.schema())).collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), "object".into());
    object.insert("additionalProperties".to_owned(), false.into());
    object.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        object.insert("required".to_owned(), required.into());
    }
    object
}
