//! The profiles with their options.

use std::fmt::{self, Write};

use serde_json::Value;
use tr::tr;

use super::View;
use crate::keyed::{Key, Word};
use crate::profile::{self, MODES, Profile, TABLE, word_of};
use crate::report::page::{header, named, safe, section};
use crate::report::wording::{enumerated, sentence, shell_word};

pub fn write(out: &mut String, view: &View<'_>) -> fmt::Result {
    let folder = safe(&view.home.profiles_dir().display().to_string());
    header(
        out,
        "",
        &tr!("What is kept the same"),
        &tr!("Synchronization profiles"),
        &tr!("They are files in {folder}", folder),
    )?;
    let loaded = match profile::load_all(view.home) {
        Ok(loaded) => loaded,
        Err(error) => return writeln!(out, "<p class=\"why\">{}</p>", safe(&sentence(&error.to_string()))),
    };
    for (name, error) in &loaded.broken {
        section(out, &named(name))?;
        writeln!(out, "<p>{}</p>\n</section>", safe(&sentence(&error.to_string())))?;
    }
    for profile in &loaded.profiles {
        one(out, view, profile)?;
    }
    section(out, &tr!("To add one"))?;
    out.write_str("<pre>pimbridge profile add --help</pre>\n</section>\n")
}

fn one(out: &mut String, view: &View<'_>, profile: &Profile) -> fmt::Result {
    let off = if profile.active { String::new() } else { format!(" <small>({})</small>", tr!("inactive")) };
    section(out, &format!("{}{off}", named(profile.name.as_str())))?;
    let mode = MODES
        .iter()
        .find(|word| word.value == profile.mode)
        .map_or_else(String::new, |&Word { meaning, .. }| tr!(meaning));
    writeln!(
        out,
        "<p>{}: {}</p>\n<p>{}<br>{}</p>",
        safe(word_of(MODES, profile.mode)),
        safe(&mode),
        safe(&tr!("Folder: {}", profile.local)),
        safe(&tr!("Server: {}", profile.remote))
    )?;
    options_head(out)?;
    let text = profile::read_text(view.home, profile.name.as_str()).map(|(_, text)| text).unwrap_or_default();
    let file: Value = toml::from_str(&text).unwrap_or_default();
    for key in TABLE.keys.iter().filter(|key| !LEFT_OUT.contains(&key.path().as_str())) {
        let at = if key.section.is_empty() { Some(&file) } else { file.get(key.section) };
        if let Some(value) = at.and_then(|section| section.get(key.name)) {
            row(out, key, value)?;
        }
    }
    let word = shell_word(profile.name.as_str());
    let path = view.home.profile_file(&profile.name);
    writeln!(
        out,
        "</tbody>\n</table>\n<p class=\"small\">{}</p>\n<p>{}</p>\n<pre>pimbridge profile set {} OPTION=VALUE</pre>\n</section>",
        safe(&tr!("All other options are as they are by themselves. Its file: {}", path.display())),
        tr!("To change an option:"),
        safe(&word)
    )
}

/// The beginning of a table of options.
pub fn options_head(out: &mut String) -> fmt::Result {
    let (option, value, meaning) = (tr!("Option"), tr!("Value"), tr!("What it says"));
    writeln!(
        out,
        "<table class=\"options\">\n<thead><tr><th>{option}</th><th>{value}</th><th>{meaning}</th></tr></thead>\n<tbody>"
    )
}

/// What is told above the table, or nothing to a person.
const LEFT_OUT: [&str; 6] =
    ["mode", "local.path", "local.type", "remote.type", "remote.url", "cdsp.elements"];

/// A key, its value and what it says.
pub fn row(out: &mut String, key: &Key, value: &Value) -> fmt::Result {
    let shown = match value {
        // It may have a secret in it.
        Value::String(_) if key.name.ends_with("_command") => tr!("a command"),
        Value::String(text) => text.clone(),
        Value::Array(all) => enumerated(all.iter().filter_map(Value::as_str)),
        other => other.to_string(),
    };
    let meaning = key.meaning;
    writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
        safe(&key.path()),
        named(&shown),
        safe(&sentence(&tr!(meaning)))
    )
}
