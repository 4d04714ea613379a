//! The text of a profile file becomes a [`Profile`], or a sentence that says what is wrong and where.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::connection::{self, ConnectionSpec};
use super::keys::{CONFLICTS, KEYS, KINDS, MODES, SCHEDULE_AGENTS, SECTIONS, Word, nearest, unknown};
use super::{GuardLimits, LocalSpec, Name, Profile, ProfileError, RemoteSpec};
use crate::item::mapping::Mapping;
use crate::report::text::enumerated;
use crate::sync::policy::{Conflict, Mode};
use crate::sync::scope::{Category, Limits};

mod mapping;
mod sign_in;

pub(super) use sign_in::secret_source;

/// A hundred years.
const DAYS: RangeInclusive<i64> = 0..=36_525;

/// Reads a profile. `file` is only named in errors.
pub fn parse(name: &Name, file: &Path, text: &str) -> Result<Profile, ProfileError> {
    read(name, text).map_err(|wrong| ProfileError::Content {
        file: file.to_owned(),
        line: wrong.at.map(|at| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()),
        what: wrong.what,
    })
}

/// Reads a text that has nothing but the section [remote] and says how a server is reached.
pub(super) fn connection(text: &str) -> Result<ConnectionSpec, String> {
    let root = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
    let top = Section { name: "", at: None, table: root.get_ref() };
    match top.section("remote").and_then(|remote| remote.as_ref().map(connection::read).transpose()) {
        Ok(found) => Ok(found.unwrap_or_default()),
        Err(wrong) => Err(wrong.what),
    }
}

/// What is wrong, and at which byte of the text.
pub(super) struct Wrong {
    at: Option<usize>,
    what: String,
}

pub(super) type Read<T> = Result<T, Wrong>;

pub(super) fn wrong<T>(at: usize, what: impl Into<String>) -> Read<T> {
    Err(Wrong { at: Some(at), what: what.into() })
}

fn read(name: &Name, text: &str) -> Read<Profile> {
    let root = DeTable::parse(text).map_err(|error| not_toml(text, &error))?;
    let top = Section { name: "", at: None, table: root.get_ref() };
    top.know_sections()?;
    top.know_keys()?;
    let guard = top.section("guard")?;
    let oauth = top.section("oauth")?;
    let mapping = top.section("mapping")?;
    let local = top.required_section("local", "the folder on this computer")?;
    let remote = top.required_section("remote", "the collection on the server")?;

    let kind = match top.word("kind", KINDS)? {
        Some(kind) => kind,
        None => return top.missing("kind", "events, tasks or contacts"),
    };
    let mode = top.word("mode", MODES)?.unwrap_or(Mode::TwoWay);

    Ok(Profile {
        name: name.clone(),
        kind,
        mode,
        conflict: top.word("conflict", CONFLICTS)?.unwrap_or(Conflict::Automatic),
        interval_minutes: top.number("interval_minutes", 0..=43_200)?.unwrap_or(30),
        active: top.switch("active")?.unwrap_or(true),
        history_days: top.number("history_days", 1..=36_500)?.unwrap_or(90),
        limits: Limits {
            past_days: top.number("past_days", DAYS)?,
            future_days: top.number("future_days", DAYS)?,
            category: category(&top)?,
        },
        chunk_size: top.number("chunk_size", 0..=100_000)?.unwrap_or(100),
        sync_on_change: top.switch("sync_on_change")?.unwrap_or(false),
        name_and_color: top.switch("name_and_color")?.unwrap_or(false),
        guard: match guard {
            Some(guard) => guard_limits(&guard)?,
            None => GuardLimits::default(),
        },
        local: local_spec(&local)?,
        remote: remote_spec(&remote, oauth.as_ref())?,
        mappings: mappings(&remote)?,
        mapping: mapping::options(&top, mapping.as_ref(), kind, mode)?,
        birthdays: mapping::birthdays(&top, kind)?,
    })
}

fn not_toml(text: &str, error: &toml::de::Error) -> Wrong {
    let at = error.span().map(|span| span.start);
    let line = at.and_then(|at| {
        let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        text.get(start..)?.lines().next()
    });
    let hint = match line {
        Some(line) if line.contains('\\') => "; a text with backslashes needs 'single quotation marks'",
        _ => "",
    };
    Wrong { at, what: format!("this is not written as TOML demands: {}{hint}", error.message()) }
}

fn category(top: &Section) -> Read<Option<Category>> {
    let include_uncategorised = top.switch("include_uncategorised")?.unwrap_or(false);
    let invert = top.switch("invert")?.unwrap_or(false);
    match top.text("category")? {
        Some((name, at)) if name.contains([',', ';']) => wrong(
            at,
            "category must not contain a comma or a semicolon; a profile has one category, so make a profile for \
             each that you need",
        ),
        Some((name, at)) if name.contains(char::is_control) => {
            wrong(at, "category must be one line without special characters")
        }
        Some((name, _)) => Ok(Some(Category { name: name.trim().to_owned(), include_uncategorised, invert })),
        None if invert || include_uncategorised => {
            top.missing("category", "the category that invert and include_uncategorised are about")
        }
        None => Ok(None),
    }
}

fn guard_limits(section: &Section) -> Read<GuardLimits> {
    let default = GuardLimits::default();
    Ok(GuardLimits {
        max_deletions: section.number("max_deletions", 0..=1_000_000)?.unwrap_or(default.max_deletions),
        max_percent: section.number("max_percent", 0..=100)?.unwrap_or(default.max_percent),
    })
}

fn local_spec(section: &Section) -> Read<LocalSpec> {
    section.expect_type("vdir")?;
    let Some((path, at)) = section.text("path")? else {
        return section.missing("path", "the folder, such as \"~/Calendars/work\"");
    };
    match expand(path) {
        Some(path) => Ok(LocalSpec::Vdir { path }),
        None => wrong(at, "the path must be a full one, such as \"~/Calendars/work\""),
    }
}

fn mappings(remote: &Section) -> Read<Vec<Mapping>> {
    let by_client = remote.word("schedule_agent", SCHEDULE_AGENTS)?.unwrap_or(false);
    let quiet = !remote.switch("send_notifications")?.unwrap_or(true);
    let chosen = [(by_client, Mapping::ScheduleAgentClient), (quiet, Mapping::NoNotifications)];
    Ok(chosen.into_iter().filter_map(|(on, mapping)| on.then_some(mapping)).collect())
}

/// A full path; `~` stands for the person's home folder.
pub fn expand(path: &str) -> Option<PathBuf> {
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let path = match path.strip_prefix('~') {
        Some("") => home()?,
        Some(rest) => home()?.join(rest.strip_prefix(['/', std::path::MAIN_SEPARATOR])?),
        None => PathBuf::from(path),
    };
    path.is_absolute().then_some(path)
}

fn remote_spec(section: &Section, oauth: Option<&Section>) -> Read<RemoteSpec> {
    section.expect_type("dav")?;
    let Some((text, at)) = section.text("url")? else {
        return section.missing("url", "the address of the collection, which begins with https://");
    };
    let url = address(text).or_else(|what| wrong(at, what))?;
    Ok(RemoteSpec::Dav {
        url,
        sign_in: sign_in::sign_in(section, oauth)?,
        connection: connection::read(section)?,
    })
}

/// The address of a collection. The error never repeats the text, which may contain a password.
fn address(text: &str) -> Result<Url, String> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return Err("the url must begin with https:// (or http://)".to_owned());
        }
        Err(error) => return Err(format!("the url cannot be read: {error}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the url must begin with https:// (or http://)".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the url must not contain a user name or a password; write the name as user = \"…\" and store \
                    the password with \"pimbridge profile password NAME\""
                .to_owned(),
        );
    }
    Ok(url)
}

/// One section of the file, or what stands above the first.
pub(super) struct Section<'a> {
    name: &'static str,
    at: Option<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    fn know_sections(&self) -> Read<()> {
        let unknown = self.table.iter().filter(|(key, value)| {
            value.get_ref().is_table() && !KEYS.iter().any(|known| known.name == key.get_ref().as_ref())
        });
        match unknown
            .filter(|(key, _)| !SECTIONS.contains(&key.get_ref().as_ref()))
            .min_by_key(|(key, _)| key.span().start)
        {
            None => Ok(()),
            Some((key, _)) => {
                let near = nearest(key.get_ref(), SECTIONS.iter().copied());
                let hint = match near {
                    Some(near) => format!("did you mean [{near}]?"),
                    None => {
                        let known = SECTIONS.iter().map(|section| format!("[{section}]")).collect::<Vec<_>>();
                        format!("the known ones are {}", enumerated(known.iter().map(String::as_str)))
                    }
                };
                wrong(key.span().start, format!("the section [{}] is not known; {hint}", key.get_ref()))
            }
        }
    }

    fn know_keys(&self) -> Read<()> {
        let is_known = |key: &str, value: &DeValue| {
            (self.name.is_empty() && value.is_table() && SECTIONS.contains(&key))
                || KEYS.iter().any(|known| known.section == self.name && known.name == key)
        };
        let first = self
            .table
            .iter()
            .filter(|(key, value)| !is_known(key.get_ref(), value.get_ref()))
            .min_by_key(|(key, _)| key.span().start);
        match first {
            None => Ok(()),
            Some((key, _)) => wrong(key.span().start, unknown(self.name, key.get_ref())),
        }
    }

    fn section(&self, name: &'static str) -> Read<Option<Section<'a>>> {
        let Some((key, value)) = self.table.get_key_value(name) else { return Ok(None) };
        let Some(table) = value.get_ref().as_table() else {
            return wrong(key.span().start, unknown("", name));
        };
        let section = Section { name, at: Some(key.span().start), table };
        section.know_keys()?;
        Ok(Some(section))
    }

    fn required_section(&self, name: &'static str, what: &str) -> Read<Section<'a>> {
        match self.section(name)? {
            Some(section) => Ok(section),
            None => self.missing_section(name, &format!("where {what} is")),
        }
    }

    fn missing_section<T>(&self, name: &str, what: &str) -> Read<T> {
        Err(Wrong { at: self.at, what: format!("the section [{name}] is missing; it says {what}") })
    }

    fn missing<T>(&self, key: &str, what: &str) -> Read<T> {
        let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        Err(Wrong { at: self.at, what: format!("the key {key:?} is missing{place}; give {what}") })
    }

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    fn expect_type(&self, only: &str) -> Read<()> {
        match self.text("type")? {
            None => self.missing("type", &format!("{only:?}")),
            Some((found, at)) if found != only => {
                wrong(at, format!("the type {found:?} is not known in [{}]; use {only:?}", self.name))
            }
            Some(_) => Ok(()),
        }
    }

    /// A text that is not empty, and where it stands.
    pub(super) fn text(&self, key: &str) -> Read<Option<(&'a str, usize)>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let at = value.span().start;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => wrong(at, format!("{key} must not be empty")),
            Some(text) if text.contains('\0') => wrong(at, format!("{key} must not contain a NUL character")),
            Some(text) => Ok(Some((text, at))),
            None => wrong(at, format!("{key} must be a text in quotation marks")),
        }
    }

    /// Texts that are not empty, and where they stand.
    pub(super) fn list(&self, key: &str) -> Read<Vec<(&'a str, usize)>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let texts = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|text| Some((text.get_ref().as_str()?, text.span().start))).collect()
        });
        match texts {
            Some(texts) => Ok(texts),
            None => wrong(
                value.span().start,
                format!("{key} must be a list of texts, such as [\"one\", \"two\"]"),
            ),
        }
    }

    /// Texts with their names, and where they stand.
    pub(super) fn texts(&self, key: &str) -> Read<Vec<(&'a str, &'a str, usize)>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let texts = value.get_ref().as_table().and_then(|table| {
            let each = table.iter();
            each.map(|(name, text)| {
                Some((name.get_ref().as_ref(), text.get_ref().as_str()?, name.span().start))
            })
            .collect()
        });
        match texts {
            Some(texts) => Ok(texts),
            None => wrong(
                value.span().start,
                format!("{key} must be a table of texts, such as {{ one = \"two\" }}"),
            ),
        }
    }

    fn word<T: Copy>(&self, key: &str, words: &[Word<T>]) -> Read<Option<T>> {
        let Some((typed, at)) = self.text(key)? else { return Ok(None) };
        if let Some(known) = words.iter().find(|known| known.word == typed) {
            return Ok(Some(known.value));
        }
        let known = || words.iter().map(|known| known.word);
        let what = match nearest(typed, known()) {
            Some(near) => {
                format!("{key} = {typed:?} is not known; did you mean {near:?}? The others are {}", {
                    enumerated(known().filter(|word| *word != near))
                })
            }
            None => format!("{key} = {typed:?} is not known; use one of {}", enumerated(known())),
        };
        wrong(at, what)
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, key: &str, range: RangeInclusive<i64>) -> Read<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|digits| i64::from_str_radix(digits.as_str(), digits.radix()).ok())
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok());
        match number {
            Some(number) => Ok(Some(number)),
            None => wrong(
                value.span().start,
                format!("{key} must be a whole number from {} to {}", range.start(), range.end()),
            ),
        }
    }

    pub(super) fn switch(&self, key: &str) -> Read<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref().as_bool() {
            Some(on) => Ok(Some(on)),
            None => {
                wrong(value.span().start, format!("{key} must be true or false, without quotation marks"))
            }
        }
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
