//! Changing one key, with everything else as it was.

use toml_edit::{DocumentMut, InlineTable, Item, Value};
use tr::tr;

use super::{Key, Shape, Table, nearest};
use crate::report::wording::enumerated;

/// The text with one key set, or removed where there is no value. Comments and order stay. The error
/// is a sentence for a person.
pub fn set(table: &Table, text: &str, key: &str, value: Option<&str>) -> Result<String, String> {
    let known = find(table, key)?;
    let value = value.map(|typed| read_value(known, typed)).transpose()?;
    let crlf = text.contains("\r\n");
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| tr!("the file is not TOML: {}", error.message()))?;
    let section = match known.section {
        "" => document.as_table_mut(),
        section => document
            .entry(section)
            .or_insert_with(|| Item::Table(toml_edit::Table::new()))
            .as_table_like_mut()
            .map(|_| ())
            .and_then(|()| document.get_mut(section)?.as_table_mut())
            .ok_or_else(|| {
                tr!("[{section}] is not written as a section; change it in the file itself", section)
            })?,
    };
    match value {
        None => {
            section.remove(known.name);
        }
        Some(mut value) => {
            if let Some(old) = section.get(known.name).and_then(Item::as_value) {
                *value.decor_mut() = old.decor().clone();
            }
            match section.get_mut(known.name) {
                Some(item) => *item = Item::Value(value),
                None => {
                    section.insert(known.name, Item::Value(value));
                }
            }
        }
    }
    let new = document.to_string();
    Ok(if crlf { new.replace("\r\n", "\n").replace('\n', "\r\n") } else { new })
}

fn find(table: &Table, typed: &str) -> Result<&'static Key, String> {
    if let Some(key) = table.keys.iter().find(|key| key.path() == typed) {
        return Ok(key);
    }
    let mut named = table.keys.iter().filter(|key| key.name == typed);
    match (named.next(), named.next()) {
        (Some(key), None) => return Ok(key),
        (Some(one), Some(two)) => {
            return Err(tr!(
                "the key {typed} is in two sections; say {} or {}",
                one.path(),
                two.path(),
                typed = format_args!("{typed:?}")
            ));
        }
        _ => {}
    }
    let (section, name) = typed.rsplit_once('.').unwrap_or(("", typed));
    if let Some(instead) = (table.instead)(section, name) {
        return Err(instead);
    }
    let paths: Vec<String> = table.keys.iter().map(Key::path).collect();
    let names = || paths.iter().map(String::as_str);
    Err(match nearest(typed, names().chain(table.keys.iter().map(|key| key.name))) {
        Some(near) => tr!(
            "the key {typed} is not known; did you mean {near}?",
            typed = format_args!("{typed:?}"),
            near = format_args!("{near:?}")
        ),
        None => tr!(
            "the key {typed} is not known; the keys are {}",
            enumerated(names()),
            typed = format_args!("{typed:?}")
        ),
    })
}

fn read_value(key: &Key, typed: &str) -> Result<Value, String> {
    match key.shape {
        Shape::Text | Shape::Folder | Shape::File | Shape::Words(_) => Ok(Value::from(typed)),
        Shape::Number(..) => typed.trim().parse::<i64>().map(Value::from).map_err(|_| {
            tr!("{} must be a whole number, not {typed}", key.path(), typed = format_args!("{typed:?}"))
        }),
        Shape::List | Shape::WordList(_) => {
            let typed = typed.trim().trim_start_matches('[').trim_end_matches(']');
            let texts = typed.split(',').map(|one| one.trim().trim_matches(['"', '\'']));
            Ok(texts.filter(|one| !one.is_empty()).collect())
        }
        Shape::Pairs => typed
            .split(',')
            .map(|one| one.split_once('=').map(|(name, text)| (name.trim(), text.trim())))
            .collect::<Option<InlineTable>>()
            .map(Value::from)
            .ok_or_else(|| tr!("{} must be written as: one=two, three=four", key.path())),
        Shape::Switch => match typed.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(Value::from(true)),
            "false" | "no" | "off" => Ok(Value::from(false)),
            _ => Err(tr!(
                "{} must be true or false, not {typed}",
                key.path(),
                typed = format_args!("{typed:?}")
            )),
        },
    }
}
