//! Which version of an item a file is, and how a file name is an href.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::collection::{Etag, Href};
use crate::item::MAX_BYTES;

/// What is at a path that an item may have.
pub enum Found {
    File(Metadata),
    /// A symbolic link that leads nowhere (now).
    BrokenLink(Metadata),
    /// A folder, a device …
    Other,
}

impl Found {
    pub fn at(path: &Path) -> io::Result<Found> {
        Found::of(path, fs::symlink_metadata(path)?)
    }

    /// The same when it is known already what the path itself is.
    pub fn of(path: &Path, own: Metadata) -> io::Result<Found> {
        let metadata = match own.is_symlink() {
            false => own,
            true => match fs::metadata(path) {
                Ok(metadata) => metadata,
                Err(_) => return Ok(Found::BrokenLink(own)),
            },
        };
        Ok(if metadata.is_file() { Found::File(metadata) } else { Found::Other })
    }

    /// The version; `None` for what is no item.
    pub fn etag(&self) -> Option<Etag> {
        match self {
            Found::File(metadata) => Some(etag(metadata)),
            Found::BrokenLink(metadata) => Some(Etag::new(format!("link-{}", etag(metadata)))),
            Found::Other => None,
        }
    }
}

/// The version of what is at a path, if that may be an item.
pub fn etag_at(path: &Path) -> Option<Etag> {
    Found::at(path).ok()?.etag()
}

/// The content of a file, if it is one and not too large for an item.
pub fn read_file(path: &Path) -> Option<Vec<u8>> {
    match Found::at(path) {
        Ok(Found::File(metadata)) if metadata.len() <= MAX_BYTES as u64 => fs::read(path).ok(),
        _ => None,
    }
}

/// The version of a file: nanoseconds of its time, size, inode.
pub fn etag(metadata: &Metadata) -> Etag {
    Etag::new(format!("{}-{}-{}", nanoseconds(metadata), metadata.len(), identity(metadata)))
}

pub fn modified(metadata: &Metadata) -> Option<Timestamp> {
    Timestamp::try_from(metadata.modified().ok()?).ok()
}

/// How long to wait until a further change of a file must show in its time. File systems keep time in
/// ticks: of some milliseconds, or of whole seconds (which shows in the time itself), at most two (FAT).
pub fn unsettled(metadata: &Metadata, now: SystemTime) -> Option<Duration> {
    let modified = metadata.modified().ok()?;
    let tick = match nanoseconds(metadata) % 1_000_000_000 {
        0 => COARSEST_TICK,
        _ => Duration::from_millis(20),
    };
    tick.checked_sub(now.duration_since(modified).ok()?).filter(|left| !left.is_zero())
}

/// The longest tick of a file system that is in use.
pub const COARSEST_TICK: Duration = Duration::from_secs(2);

fn nanoseconds(metadata: &Metadata) -> i128 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

#[cfg(unix)]
pub fn identity(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ino()
}

#[cfg(not(unix))]
pub fn identity(_: &Metadata) -> u64 {
    0
}

/// The href of a file: its name. A name that is not Unicode is escaped after a `/`, which no name can hold;
/// `None` where the platform gives no way to escape it.
pub fn href(name: &OsStr) -> Option<Href> {
    match name.to_str() {
        Some(name) => Some(Href::new(name)),
        None => escaped(name).map(Href::new),
    }
}

/// The file name of an href; `None` for what cannot be one of ours.
pub fn name(href: &Href) -> Option<Cow<'_, OsStr>> {
    let text = href.as_str();
    match text.strip_prefix('/') {
        Some(escaped) => unescaped(escaped).map(Cow::Owned),
        None if matches!(text, "" | "." | "..") || text.contains(['/', '\0', std::path::MAIN_SEPARATOR]) => {
            None
        }
        None => Some(Cow::Borrowed(OsStr::new(text))),
    }
}

#[cfg(unix)]
fn escaped(name: &OsStr) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    let escaped = percent_encoding::percent_encode(name.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
    Some(format!("/{escaped}"))
}

#[cfg(unix)]
fn unescaped(text: &str) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    let octets: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    // Only what is not Unicode is escaped, so `.`, `..` and what holds a `/` never come from `escaped`.
    (str::from_utf8(&octets).is_err() && !octets.contains(&b'/') && !octets.contains(&0))
        .then(|| OsString::from_vec(octets))
}

#[cfg(not(unix))]
fn escaped(_: &OsStr) -> Option<String> {
    None
}

#[cfg(not(unix))]
fn unescaped(_: &str) -> Option<OsString> {
    None
}
