//! The keys of a profile file with their values, each by its path, as `profile set` calls it.

use std::collections::BTreeMap;

use toml::Value;

/// Keys and values. A value that is a table, such as `mapping.category_colors`, is one value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keys(BTreeMap<String, Value>);

impl Keys {
    /// The keys of a profile's text; none of a text that is not TOML.
    pub fn of(text: &str) -> Self {
        let mut keys = Keys::default();
        for (name, value) in text.parse::<toml::Table>().unwrap_or_default() {
            match value {
                Value::Table(section) => {
                    keys.0.extend(section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
                }
                value => {
                    keys.0.insert(name, value);
                }
            }
        }
        keys
    }

    /// The same as TOML.
    pub fn to_toml(&self) -> String {
        let mut root = toml::Table::new();
        for (path, value) in &self.0 {
            let value = value.clone();
            match path.split_once('.') {
                None => {
                    root.insert(path.clone(), value);
                }
                Some((section, name)) => {
                    let section = root.entry(section).or_insert_with(|| Value::Table(toml::Table::new()));
                    if let Value::Table(section) = section {
                        section.insert(name.to_owned(), value);
                    }
                }
            }
        }
        root.to_string()
    }

    pub fn get(&self, path: &str) -> Option<&Value> {
        self.0.get(path)
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path)?.as_str()
    }

    pub fn number(&self, path: &str) -> Option<i64> {
        self.get(path)?.as_integer()
    }

    pub fn switch(&self, path: &str) -> Option<bool> {
        self.get(path)?.as_bool()
    }

    pub fn table(&self, path: &str) -> Option<&toml::Table> {
        self.get(path)?.as_table()
    }

    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        self.0.insert(path.to_owned(), value.into());
    }

    pub fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(path, value)| (path.as_str(), value))
    }

    /// Only those whose path is so.
    pub fn only(&self, fits: impl Fn(&str) -> bool) -> Keys {
        Keys(
            self.0
                .iter()
                .filter(|(path, _)| fits(path))
                .map(|(path, value)| (path.clone(), value.clone()))
                .collect(),
        )
    }

    /// Those that another has not, or has otherwise.
    pub fn beyond(&self, other: &Keys) -> Keys {
        self.only(|path| self.get(path) != other.get(path))
    }

    pub fn extend(&mut self, other: Keys) {
        self.0.extend(other.0);
    }
}
