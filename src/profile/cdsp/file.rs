//! The text of the file of an imported profile.

use toml_edit::{DocumentMut, Item, Table, Value};
use tr::tr;

use super::import::Imported;
use super::keys::Keys;
use super::{compose, ours};
use crate::profile::{CONFLICTS, KINDS, MODES, New, PasswordSource, Word, new_text, word_of};

/// Keys that are only for this computer.
const HERE: [&str; 2] = ["local.type", "local.path"];
const PREVIEW: &str = "preview_needed";

/// The text of the file of a new profile with its folder, or that of one in place of what is in its file. A folder and
/// what is only for this computer stay; so do the password's source and what else decides who sees it, but only for
/// the same server and user.
///
/// # Errors
/// The old text cannot be changed: a sentence.
pub fn text(imported: &Imported, path: &str, old: Option<&str>) -> Result<String, String> {
    let Some(old) = old else { return new(imported, path) };
    let before = Keys::of(old);
    let mut wanted = imported.keys.clone();
    wanted.extend(stays(imported, &before));
    // What was hidden so far must not go out by itself.
    if before.get("busy_blocks").is_some() && wanted.get("busy_blocks").is_none() {
        wanted.set("active", false);
    }
    let text = apply(old, &before, &wanted)?;
    let plain = |keys: &Keys| keys.only(|path| path != PREVIEW && !path.starts_with("cdsp."));
    match (replicates(&wanted), plain(&before) == plain(&Keys::of(&text))) {
        (true, true) => Ok(text),
        (true, false) => with_preview(&text),
        (false, _) => apply(&text, &Keys::of(&text), &Keys::of(&text).only(|path| path != PREVIEW)),
    }
}

fn new(imported: &Imported, path: &str) -> Result<String, String> {
    let keys = &imported.keys;
    let text = new_text(&New {
        kind: word_of(KINDS, imported.kind),
        mode: known(MODES, keys.text("mode"), "two-way"),
        conflict: known(CONFLICTS, keys.text("conflict"), "automatic"),
        path: path.to_owned(),
        url: keys.text("remote.url").unwrap_or_default().to_owned(),
        user: None,
        password: PasswordSource::Keyring,
    });
    let before = Keys::of(&text);
    let mut wanted = before.only(|path| HERE.contains(&path) || path == "remote.type");
    wanted.extend(keys.clone());
    let text = apply(&text, &before, &wanted)?;
    if replicates(keys) { with_preview(&text) } else { Ok(text) }
}

fn known<T>(words: &'static [Word<T>], typed: Option<&str>, default: &'static str) -> &'static str {
    words.iter().map(|known| known.word).find(|word| Some(*word) == typed).unwrap_or(default)
}

/// A one-way copy deletes what only its target has: the person is to see first what that would be.
fn replicates(keys: &Keys) -> bool {
    keys.text("mode").is_some_and(|mode| mode.starts_with("replicate-"))
}

fn with_preview(text: &str) -> Result<String, String> {
    let before = Keys::of(text);
    let mut wanted = before.clone();
    wanted.set(PREVIEW, true);
    apply(text, &before, &wanted)
}

/// The keys of the old profile that stay.
fn stays(imported: &Imported, before: &Keys) -> Keys {
    let same = |paths: &[&str]| paths.iter().all(|path| before.get(path) == imported.keys.get(path));
    let origin = |keys: &Keys| {
        let url = url::Url::parse(keys.text("remote.url")?).ok()?;
        Some(url.origin().ascii_serialization())
    };
    let same_server = same(&["remote.user"]) && origin(before) == origin(&imported.keys);
    let same_proxy = same(&["remote.proxy", "remote.proxy_user"]);
    // Without TLS, a proxy reads what goes through it.
    let is_hidden = imported.keys.text("remote.url").is_some_and(|url| url.starts_with("https:"));
    let goes_as_before = same_server && (is_hidden || same_proxy);
    let same_provider = ["oauth.provider", "oauth.authorization_url", "oauth.token_url"]
        .iter()
        .all(|path| imported.keys.get(path).is_none_or(|said| before.get(path) == Some(said)));
    let goes_out = |keys: &Keys| keys.text("mode").is_some_and(|mode| mode.ends_with("-to-server"));
    let is_said = |path: &str| imported.keys.get(path).is_some();
    // A file of Pimbridge's own says all that it has; another one leaves alone what it cannot say.
    let speaks_for_all = imported.ours;
    let composed = |keys: &Keys| compose::options("", imported.kind, keys, Default::default());
    let contradicts = |path: &str| {
        let mut with = imported.keys.clone();
        with.extend(before.only(|other| other == path));
        composed(&with) != composed(&imported.keys)
    };
    before.only(|path| match path {
        _ if HERE.contains(&path) || path == "remote.type" || path == PREVIEW => true,
        "birthdays" => same(&["kind"]),
        "busy_blocks" => same(&["kind"]) && goes_out(&imported.keys) && !is_said(path),
        "remote.proxy_password_env" | "remote.proxy_password_command" => same_proxy,
        _ if ours::is_portable(path) && !path.starts_with("oauth.") => {
            !speaks_for_all && same(&["kind"]) && !contradicts(path)
        }
        _ if path.starts_with("oauth.client_secret_") && !same_provider => false,
        _ if path.starts_with("oauth.") => {
            same_server && imported.keys.text("remote.sign_in") == Some("oauth") && !is_said(path)
        }
        "remote.password_env" | "remote.password_command" | "remote.allow_plain_http" => goes_as_before,
        "remote.ca_file" | "remote.pinned_certificate" | "remote.trusted_hosts" => same_server,
        _ => path.starts_with("remote.client_certificate") && same_server,
    })
}

/// The text with other keys; comments and order stay.
fn apply(text: &str, before: &Keys, wanted: &Keys) -> Result<String, String> {
    let crlf = text.contains("\r\n");
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| tr!("its file is not TOML: {}", error.message()))?;
    for path in before.paths().filter(|path| wanted.get(path).is_none()) {
        let (section, name) = split(path);
        let table = match section {
            None => Some(document.as_table_mut() as &mut dyn toml_edit::TableLike),
            Some(section) => document.get_mut(section).and_then(Item::as_table_like_mut),
        };
        let Some(table) = table else { continue };
        table.remove(name);
        if let Some(section) = section.filter(|_| table.is_empty()) {
            document.remove(section);
        }
    }
    for (path, value) in wanted.iter().filter(|(path, value)| before.get(path) != Some(value)) {
        let (section, name) = split(path);
        let table = match section {
            None => document.as_table_mut() as &mut dyn toml_edit::TableLike,
            Some(section) => document
                .entry(section)
                .or_insert_with(|| Item::Table(Table::new()))
                .as_table_like_mut()
                .ok_or_else(|| {
                    tr!("[{section}] is not written as a section; change it in its file", section)
                })?,
        };
        let mut item = item(value);
        if let (Some(new), Some(old)) = (item.as_value_mut(), table.get(name).and_then(Item::as_value)) {
            *new.decor_mut() = old.decor().clone();
        }
        table.insert(name, item);
    }
    let new = document.to_string();
    Ok(if crlf { new.replace("\r\n", "\n").replace('\n', "\r\n") } else { new })
}

fn split(path: &str) -> (Option<&str>, &str) {
    path.split_once('.').map_or((None, path), |(section, name)| (Some(section), name))
}

fn item(value: &toml::Value) -> Item {
    match value {
        toml::Value::Table(table) => {
            Item::Table(table.iter().map(|(name, value)| (name.as_str(), item(value))).collect())
        }
        toml::Value::String(text) if text.contains('\n') => {
            let literal = format!("'''\n{text}'''").parse();
            Item::Value(literal.unwrap_or_else(|_| Value::from(text.as_str())))
        }
        other => Item::Value(other.to_string().parse().unwrap_or_else(|_| Value::from(other.to_string()))),
    }
}
