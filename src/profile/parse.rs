//! The text of a profile file becomes a [`Profile`], or a sentence that says what is wrong and where.

use std::path::{Path, PathBuf};

use tr::tr;
use url::Url;

use super::connection;
use super::keys::TABLE;
use super::words::{CONFLICTS, KINDS, LOCAL_TYPES, MODES, REMOTE_TYPES};
use super::{GuardLimits, LocalSpec, Name, Profile, ProfileError, RemoteSpec};
use crate::keyed::{File, Read, Section, Word, wrong};
use crate::report::wording::enumerated;
use crate::sync::policy::{Conflict, Mode};
use crate::sync::scope::{Category, Limits};

mod mapping;
mod sign_in;

pub(super) use sign_in::secret_source;

/// Reads a profile. `file` is only named in errors.
pub fn parse(name: &Name, file: &Path, text: &str) -> Result<Profile, ProfileError> {
    read(name, text).map_err(|wrong| ProfileError::Content {
        file: file.to_owned(),
        line: wrong.line(text),
        what: wrong.what,
    })
}

fn read(name: &Name, text: &str) -> Read<Profile> {
    let file = File::new(&TABLE, text)?;
    let top = file.top()?;
    let guard = top.section("guard")?;
    let oauth = top.section("oauth")?;
    let mapping = top.section("mapping")?;
    if let Some(cdsp) = top.section("cdsp")? {
        ["id", "folder", "account", "elements"].into_iter().try_for_each(|key| cdsp.text(key).map(drop))?;
    }
    let local = match top.section("local")? {
        Some(local) => local,
        None => {
            return top
                .lacks(tr!("the section [local] is missing; it says where the folder on this computer is"));
        }
    };
    let remote = match top.section("remote")? {
        Some(remote) => remote,
        None => {
            return top.lacks(tr!(
                "the section [remote] is missing; it says where the collection on the server is"
            ));
        }
    };

    let kind = match top.word("kind", KINDS)? {
        Some(kind) => kind,
        None => return top.missing("kind", &tr!("events, tasks or contacts")),
    };
    let mode = top.word("mode", MODES)?.unwrap_or(Mode::TwoWay);

    Ok(Profile {
        name: name.clone(),
        kind,
        mode,
        conflict: top.word("conflict", CONFLICTS)?.unwrap_or(Conflict::Automatic),
        interval_minutes: top.number("interval_minutes")?.unwrap_or(30),
        active: top.switch("active")?.unwrap_or(true),
        preview_needed: top.switch("preview_needed")?.unwrap_or(false),
        history_days: top.number("history_days")?.unwrap_or(90),
        limits: Limits {
            past_days: top.number("past_days")?,
            future_days: top.number("future_days")?,
            category: category(&top)?,
        },
        chunk_size: top.number("chunk_size")?.unwrap_or(100),
        sync_on_change: top.switch("sync_on_change")?.unwrap_or(false),
        name_and_color: top.switch("name_and_color")?.unwrap_or(false),
        guard: match guard {
            Some(guard) => guard_limits(&guard)?,
            None => GuardLimits::default(),
        },
        local: local_spec(&local)?,
        remote: remote_spec(&remote, oauth.as_ref())?,
        mapping: mapping::options(&top, mapping.as_ref(), &remote, kind, mode)?,
        birthdays: mapping::birthdays(&top, kind)?,
    })
}

fn category(top: &Section) -> Read<Option<Category>> {
    let include_uncategorised = top.switch("include_uncategorised")?.unwrap_or(false);
    let invert = top.switch("invert")?.unwrap_or(false);
    match top.text("category")? {
        Some((name, at)) if name.contains([',', ';']) => wrong(
            at,
            tr!(
                "category must not contain a comma or a semicolon; a profile has one category, so make a profile for \
                 each that you need"
            ),
        ),
        Some((name, at)) if name.contains(char::is_control) => {
            wrong(at, tr!("category must be one line without special characters"))
        }
        Some((name, _)) => Ok(Some(Category { name: name.trim().to_owned(), include_uncategorised, invert })),
        None if invert || include_uncategorised => {
            top.missing("category", &tr!("the category that invert and include_uncategorised are about"))
        }
        None => Ok(None),
    }
}

fn guard_limits(section: &Section) -> Read<GuardLimits> {
    let default = GuardLimits::default();
    Ok(GuardLimits {
        max_deletions: section.number("max_deletions")?.unwrap_or(default.max_deletions),
        max_percent: section.number("max_percent")?.unwrap_or(default.max_percent),
    })
}

fn expect_type(section: &Section, types: &[Word<()>]) -> Read<()> {
    match section.word("type", types)? {
        Some(()) => Ok(()),
        None => {
            let words: Vec<String> = types.iter().map(|known| format!("{:?}", known.word)).collect();
            section.missing("type", &enumerated(words.iter().map(String::as_str)))
        }
    }
}

fn local_spec(section: &Section) -> Read<LocalSpec> {
    expect_type(section, LOCAL_TYPES)?;
    let Some((path, at)) = section.text("path")? else {
        return section.missing("path", &tr!("the folder, such as \"~/Calendars/work\""));
    };
    match expand(path) {
        Some(path) => Ok(LocalSpec::Vdir { path }),
        None => wrong(at, tr!("the path must be a full one, such as \"~/Calendars/work\"")),
    }
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

/// A path as people read it: `~` stands for their home folder.
pub fn abbreviated(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match home.as_deref().and_then(|home| path.strip_prefix(home).ok()) {
        Some(below) if below == Path::new("") => "~".to_owned(),
        Some(below) => Path::new("~").join(below).display().to_string(),
        None => path.display().to_string(),
    }
}

fn remote_spec(section: &Section, oauth: Option<&Section>) -> Read<RemoteSpec> {
    expect_type(section, REMOTE_TYPES)?;
    let Some((text, at)) = section.text("url")? else {
        return section.missing("url", &tr!("the address of the collection, which begins with https://"));
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
            return Err(tr!("the url must begin with https:// (or http://)"));
        }
        Err(error) => return Err(tr!("the url cannot be read: {error}", error)),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(tr!("the url must begin with https:// (or http://)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(tr!(
            "the url must not contain a user name or a password; write the name as user = \"…\", and store \
             the password: pimbridge profile password NAME"
        ));
    }
    Ok(url)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
