//! The profiles with their options.

use std::fmt::{self, Write};

use serde_json::Value;
use tr::tr;

use super::View;
use crate::keyed::Key;
use crate::profile::{self, MODES, Profile, TABLE, word_of};
use crate::report::page::{header, named, safe, section};
use crate::report::wording::{enumerated, sentence, shell_word};

pub fn write(out: &mut String, view: &View<'_>) -> fmt::Result {
    let folder = safe(&view.home.profiles_dir().display().to_string());
    header(
        out,
        "",
        "What is kept the same",
        "Synchronization profiles",
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
    section(out, "To add one")?;
    out.write_str("<pre>pimbridge profile add --help</pre>\n</section>\n")
}

fn one(out: &mut String, view: &View<'_>, profile: &Profile) -> fmt::Result {
    let off = if profile.active { "" } else { " <small>(inactive)</small>" };
    section(out, &format!("{}{off}", named(profile.name.as_str())))?;
    let mode = MODES.iter().find(|word| word.value == profile.mode).map_or("", |word| word.meaning);
    writeln!(
        out,
        "<p>{}: {}</p>\n<p>Folder: {}<br>Server: {}</p>",
        safe(word_of(MODES, profile.mode)),
        safe(mode),
        safe(&profile.local.to_string()),
        safe(&profile.remote.to_string())
    )?;
    out.write_str(
        "<table class=\"options\">\n<thead><tr><th>Option</th><th>Value</th><th>What it says</th></tr></thead>\n<tbody>\n",
    )?;
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
        "</tbody>\n</table>\n<p class=\"small\">All other options are as they are by themselves. Its file: {}</p>\n\
         <p>To change an option:</p>\n<pre>pimbridge profile set {} OPTION=VALUE</pre>\n</section>",
        safe(&path.display().to_string()),
        safe(&word)
    )
}

/// What is told above the table, or nothing to a person.
const LEFT_OUT: [&str; 6] =
    ["mode", "local.path", "local.type", "remote.type", "remote.url", "cdsp.elements"];

/// A key, its value and what it says.
pub fn row(out: &mut String, key: &Key, value: &Value) -> fmt::Result {
    let shown = match value {
        // It may have a secret in it.
        Value::String(_) if key.name.ends_with("_command") => "a command".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) => enumerated(all.iter().filter_map(Value::as_str)),
        other => other.to_string(),
    };
    writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
        safe(&key.path()),
        named(&shown),
        safe(&sentence(key.meaning))
    )
}
