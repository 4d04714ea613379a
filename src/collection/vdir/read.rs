//! Listing a folder and reading its files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::time::SystemTime;

use bytes::Bytes;
use tr::tr;

use super::version::{self, Found};
use super::{Folder, temporary};
use crate::collection::{CollectionError, Entry, Fetched, Href};
use crate::item::{MAX_BYTES, Unreadable};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 3;

impl Folder {
    /// All items of the folder, without opening a file.
    pub(super) fn list(&self) -> Result<Vec<Entry>, CollectionError> {
        let mut entries = Vec::new();
        let mut leftovers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(|error| self.trouble(&error))? {
            let entry = entry.map_err(|error| self.trouble(&error))?;
            let name = entry.file_name();
            if temporary::is_temporary(&name) {
                leftovers.push(entry.path());
            }
            if !self.is_item_name(&name) {
                continue;
            }
            let found = entry.metadata().and_then(|own| match own.is_symlink() {
                true => Found::of(&entry.path(), own),
                false if own.is_file() => Ok(Found::File(own)),
                false => Ok(Found::Other),
            });
            let etag = match found {
                Ok(found) => found.etag(),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(self.trouble(&error)),
            };
            let Some(etag) = etag else { continue };
            match version::href(&name) {
                Some(href) => entries.push(Entry { href, etag }),
                None => {
                    tracing::warn!("the file {} is left out: its name is not Unicode", entry.path().display())
                }
            }
        }
        *self.leftovers.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = leftovers;
        Ok(entries)
    }

    /// Those of these items that are there, without opening a file.
    pub(super) fn list_only<'a>(
        &self,
        hrefs: impl IntoIterator<Item = &'a Href>,
    ) -> Result<Vec<Entry>, CollectionError> {
        let mut entries = Vec::new();
        for href in hrefs {
            let Some(name) = version::name(href) else { continue };
            match Found::at(&self.path.join(name)) {
                Ok(found) => {
                    entries.extend(found.etag().map(|etag| Entry { href: href.clone(), etag }));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(self.trouble(&error)),
            }
        }
        // Only a folder that is there can say that a file is not.
        fs::read_dir(&self.path).map_err(|error| self.trouble(&error))?;
        Ok(entries)
    }

    pub(super) fn is_item_name(&self, name: &OsStr) -> bool {
        let name = name.as_encoded_bytes();
        let extension = self.kind.extension().as_bytes();
        let Some(dot) = name.len().checked_sub(extension.len() + 1) else { return false };
        name[dot] == b'.' && name[dot + 1..].eq_ignore_ascii_case(extension) && name[0] != b'.'
    }

    pub(super) fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        hrefs.iter().map(|href| self.fetch_one(href)).collect()
    }

    fn fetch_one(&self, href: &Href) -> Result<Fetched, CollectionError> {
        let unreadable = |reason: String| Ok(Fetched::Unreadable { href: href.clone(), reason });
        let Some(name) = version::name(href) else {
            return unreadable(tr!("this is not the name of a file"));
        };
        let path = self.path.join(name);
        for _ in 0..ATTEMPTS {
            match self.read_settled(&path) {
                Ok(Some((metadata, bytes))) => {
                    return Ok(Fetched::Found {
                        href: href.clone(),
                        etag: version::etag(&metadata),
                        bytes,
                        modified: version::modified(&metadata),
                    });
                }
                Ok(None) => {}
                Err(Unread::TooLarge) => return unreadable(Unreadable::TooLarge.to_string()),
                Err(Unread::NotAFile) => {
                    return unreadable(tr!("it is a folder or a device, not a file"));
                }
                Err(Unread::BrokenLink) => {
                    return unreadable(tr!("it is a link to a file that is not there"));
                }
                Err(Unread::Io(error)) if error.kind() == ErrorKind::NotFound => {
                    // Only a folder that is there can say that a file is not.
                    fs::read_dir(&self.path).map_err(|error| self.trouble(&error))?;
                    return Ok(Fetched::Gone { href: href.clone() });
                }
                Err(Unread::Io(error)) if error.kind() == ErrorKind::PermissionDenied => {
                    fs::read_dir(&self.path).map_err(|error| self.trouble(&error))?;
                    return unreadable(tr!("the file {} may not be read by you", path.display()));
                }
                Err(Unread::Io(error)) => {
                    return unreadable(tr!("the file {} cannot be read: {error}", path.display(), error));
                }
            }
        }
        unreadable(tr!("another program keeps changing the file while it is read"))
    }

    /// Reads a file such that its version belongs to the bytes, and a later change must show in the
    /// version. `None` if it changed meanwhile.
    fn read_settled(&self, path: &std::path::Path) -> Result<Option<(fs::Metadata, Bytes)>, Unread> {
        let found = match Found::at(path)? {
            Found::File(metadata) => metadata,
            Found::BrokenLink(_) => return Err(Unread::BrokenLink),
            Found::Other => return Err(Unread::NotAFile),
        };
        if found.len() > MAX_BYTES as u64 {
            return Err(Unread::TooLarge);
        }
        if let Some(wait) = version::unsettled(&found, SystemTime::now()) {
            std::thread::sleep(wait);
        }
        let mut file = File::open(path)?;
        let before = file.metadata()?;
        let mut bytes = Vec::with_capacity(before.len().min(MAX_BYTES as u64) as usize + 1);
        Read::by_ref(&mut file).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MAX_BYTES {
            return Err(Unread::TooLarge);
        }
        let after = file.metadata()?;
        let same = version::etag(&found) == version::etag(&after) && bytes.len() as u64 == after.len();
        Ok(same.then(|| (after, bytes.into())))
    }
}

enum Unread {
    NotAFile,
    BrokenLink,
    TooLarge,
    Io(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Unread::Io(error)
    }
}
