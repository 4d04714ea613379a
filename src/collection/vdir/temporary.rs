//! The hidden files in which a batch is written, and what becomes of those that a killed run leaves.
//!
//! Their names say what they are:
//! `.pimbridge.SECONDS.OWN.ETAG.UNIQUE.tmp`, where `OWN` is `new` for what is ours in any case, `moved` for a
//! file that was renamed away, or else the inode of what we wrote, and `ETAG` the version that was to be replaced or
//! deleted. What is neither ours nor that version is somebody's edit: it becomes an item again.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::version::{self, COARSEST_TICK, etag_at, read_file};
use super::{Folder, sys};
use crate::collection::{Etag, name};
use crate::item;

const PREFIX: &str = ".pimbridge.";
const SUFFIX: &str = ".tmp";
/// Temporary files that are younger may belong to a run that is still going on.
const LEFT_AFTER: Duration = Duration::from_secs(60 * 60);

/// Whether a file of this name is one of the temporary ones.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

/// A temporary file with new content. It is removed unless it was put in place.
pub struct Temporary {
    pub path: PathBuf,
    /// The version that the content will have in place: a rename keeps it.
    pub etag: Etag,
    pub is_in_place: bool,
}

impl Temporary {
    /// `replaced` are the permissions and version of the file that it will replace.
    pub fn create(
        folder: &Path,
        bytes: &[u8],
        replaced: Option<(fs::Permissions, &Etag)>,
    ) -> io::Result<Self> {
        let path = folder.join(temporary_name("new", "x"));
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if replaced.is_some() {
            // Never wider than the file that it replaces.
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let mut file = options.open(&path)?;
        let mut new = Temporary { path, etag: Etag::new(""), is_in_place: false };
        file.write_all(bytes)?;
        // An edit by another program in the very next moment must show in the file's time, so ours is set back.
        let earlier = SystemTime::now() - COARSEST_TICK;
        if let Err(error) = file.set_modified(earlier) {
            tracing::debug!("the time of {} cannot be set: {error}", new.path.display());
        }
        let metadata = file.metadata()?;
        new.etag = version::etag(&metadata);
        if let Some((permissions, etag)) = replaced {
            file.set_permissions(permissions)?;
            let path = folder.join(temporary_name(&version::identity(&metadata).to_string(), etag.as_str()));
            sys::rename_new(&new.path, &path)?;
            new.path = path;
        }
        Ok(new)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_in_place {
            remove(&self.path);
        }
    }
}

pub fn temporary_name(own: &str, etag: &str) -> OsString {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let is_plain =
        etag.len() < 100 && etag.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    let etag = if is_plain { etag } else { "x" };
    format!("{PREFIX}{seconds}.{own}.{etag}.{}{SUFFIX}", unique()).into()
}

/// When it was made, whose content is ours, and which version was to be displaced.
fn parse_temporary_name(name: &str) -> Option<(SystemTime, &str, &str)> {
    let mut parts = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split('.');
    let (seconds, own, etag, _unique) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let made = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))?;
    Some((made, own, etag))
}

fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!("the temporary file {} cannot be removed: {error}", path.display());
    }
}

impl Folder {
    /// Deletes what killed runs left, and makes items again of what is not ours.
    pub(super) fn clear_leftovers(&self) {
        let mut leftovers = self.leftovers.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for path in std::mem::take(&mut *leftovers) {
            if let Err(error) = self.clear_leftover(&path) {
                tracing::warn!("the temporary file {} cannot be cleared: {error}", path.display());
            }
        }
    }

    fn clear_leftover(&self, path: &Path) -> io::Result<()> {
        let Some((made, own, etag)) = path.file_name().and_then(OsStr::to_str).and_then(parse_temporary_name)
        else {
            return Ok(());
        };
        match SystemTime::now().duration_since(made) {
            Ok(age) if age > LEFT_AFTER => {}
            _ => return Ok(()),
        }
        let is_ours = own == "new" || fs::symlink_metadata(path)?.is_file() && own == identity_at(path)?;
        match is_ours || etag_at(path).is_some_and(|found| found.as_str() == etag) {
            true => fs::remove_file(path),
            false => self.recover(path),
        }
    }

    /// Gives a hidden file that holds somebody's edit a name with which it is an item.
    pub(super) fn recover(&self, path: &Path) -> io::Result<()> {
        let bytes = read_file(path).unwrap_or_default();
        let uid = item::read(&bytes).ok().and_then(|facts| facts.uid);
        let extension = self.kind.extension();
        let mut names = vec![
            name::file_name(uid.as_deref(), &bytes, extension),
            name::alternative(uid.as_deref(), &bytes, extension),
        ];
        names.push(format!("recovered-{}.{extension}", unique()));
        let mut last = Ok(());
        for name in names {
            last = sys::rename_new(path, &self.path.join(&name));
            if last.is_ok() {
                tracing::warn!("a file that was changed at the wrong moment is kept as {name}");
                break;
            }
        }
        last
    }
}

fn identity_at(path: &Path) -> io::Result<String> {
    Ok(version::identity(&fs::symlink_metadata(path)?).to_string())
}
