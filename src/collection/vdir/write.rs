//! Changing a folder while other programs change it too.
//!
//! A batch is written to hidden temporary files, flushed to the disk once, and then put in place by renames.
//! A file is replaced by *exchanging* it with the temporary one, and deleted by renaming it away; only then its
//! version is looked at, and if it is not the expected one it is put back. So no moment remains in which an
//! edit of another program could be overwritten.
//!
//! A run that is killed leaves temporary files. Their names say what they are:
//! `.pimbridge.SECONDS.OWN.ETAG.UNIQUE.tmp`, where `OWN` is `new` for what is ours in any case, `moved` for a
//! file that was renamed away, or else the inode of what we wrote, and `ETAG` the version that was to be replaced or
//! deleted. What is neither ours nor that version is somebody's edit: it becomes an item again.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::version::{self, COARSEST_TICK, Found};
use super::{Folder, sys};
use crate::collection::{Applied, CollectionError, Edit, Etag, Href, Outcome, name};
use crate::item::{self, MAX_BYTES};

const PREFIX: &str = ".pimbridge.";
const SUFFIX: &str = ".tmp";
/// Temporary files that are younger may belong to a run that is still going on.
const LEFT_AFTER: Duration = Duration::from_secs(60 * 60);

/// Whether a file of this name is one of the temporary ones.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}

/// An edit whose content is written, but not in place.
enum Staged<'a> {
    /// Nothing is left to do.
    Settled(Outcome),
    Create {
        new: Temporary,
        uid: Option<&'a str>,
        bytes: &'a [u8],
    },
    Replace {
        new: Temporary,
        target: PathBuf,
        href: &'a Href,
        if_etag: &'a Etag,
    },
    Delete {
        path: PathBuf,
        if_etag: &'a Etag,
    },
}

impl Staged<'_> {
    fn temporary(&self) -> Option<&Path> {
        match self {
            Staged::Create { new, .. } | Staged::Replace { new, .. } => Some(&new.path),
            Staged::Settled(_) | Staged::Delete { .. } => None,
        }
    }
}

impl Folder {
    pub(super) fn apply(&self, edits: &[Edit]) -> Applied {
        self.clear_leftovers();
        let mut stopped = None;
        let mut staged = Vec::with_capacity(edits.len());
        for edit in edits {
            match self.stage(edit) {
                Ok(edit) => staged.push(edit),
                Err(error) => {
                    stopped = Some(error);
                    break;
                }
            }
        }
        let mut places = Vec::new();
        let mut outcomes = Vec::with_capacity(edits.len());
        match self.flush(&staged, &mut places) {
            Ok(()) => {
                for edit in staged {
                    match self.commit(edit) {
                        Ok(outcome) => outcomes.push(outcome),
                        Err(error) => {
                            stopped = Some(error);
                            break;
                        }
                    }
                }
            }
            Err(error) => stopped = Some(self.trouble(&error)),
        }
        if !outcomes.is_empty() {
            for place in &places {
                if let Err(error) = sys::flush_names(place) {
                    stopped.get_or_insert_with(|| self.trouble(&error));
                }
            }
        }
        outcomes.resize(edits.len(), Outcome::NotTried);
        Applied { outcomes, stopped }
    }

    /// Writes the content of an edit to a temporary file.
    fn stage<'a>(&self, edit: &'a Edit) -> Result<Staged<'a>, CollectionError> {
        match edit {
            Edit::Create { uid, bytes } => {
                let new = Temporary::create(&self.path, bytes, None).map_err(|error| self.trouble(&error))?;
                Ok(Staged::Create { new, uid: uid.as_deref(), bytes })
            }
            Edit::Replace { href, if_etag, bytes } => {
                let Some(path) = self.path_of(href) else { return Ok(no_name()) };
                match Found::at(&path) {
                    Ok(found) if found.etag().as_ref() != Some(if_etag) => {
                        Ok(Staged::Settled(Outcome::Stale))
                    }
                    Ok(Found::File(metadata)) => self.stage_replace(href, if_etag, &path, bytes, &metadata),
                    Ok(_) => refused(
                        "it is a link to a file that is not there. Remove the link or bring the file back."
                            .to_owned(),
                    ),
                    Err(error) => self.missing(&error, Outcome::Stale).map(Staged::Settled),
                }
            }
            Edit::Delete { href, if_etag } => match self.path_of(href) {
                Some(path) => Ok(Staged::Delete { path, if_etag }),
                None => Ok(no_name()),
            },
        }
    }

    fn stage_replace<'a>(
        &self,
        href: &'a Href,
        if_etag: &'a Etag,
        path: &Path,
        bytes: &[u8],
        metadata: &fs::Metadata,
    ) -> Result<Staged<'a>, CollectionError> {
        // A link stays a link: the file that it leads to is replaced, where that is.
        let target = match path.is_symlink() {
            true => fs::canonicalize(path),
            false => Ok(path.to_owned()),
        };
        let place = |target: &Path| target.parent().map(Path::to_owned).unwrap_or_else(|| self.path.clone());
        let staged = target.and_then(|target| {
            let new = Temporary::create(&place(&target), bytes, Some((metadata.permissions(), if_etag)))?;
            Ok(Staged::Replace { new, target, href, if_etag })
        });
        match staged {
            Err(error) if path.is_symlink() => {
                refused(format!("it is a link, and the file that it leads to cannot be replaced: {error}"))
            }
            staged => staged.map_err(|error| self.trouble(&error)),
        }
    }

    /// Brings all new contents to the disk; adds the folders in which they are.
    fn flush(&self, staged: &[Staged<'_>], places: &mut Vec<PathBuf>) -> io::Result<()> {
        let (own, linked): (Vec<_>, Vec<_>) = staged
            .iter()
            .filter_map(Staged::temporary)
            .map(Path::to_owned)
            .partition(|path| path.parent() == Some(&self.path));
        places.push(self.path.clone());
        sys::flush(&self.path, &own)?;
        for path in linked {
            let place = path.parent().unwrap_or(&self.path).to_owned();
            sys::flush(&place, &[path])?;
            places.push(place);
        }
        Ok(())
    }

    /// Puts an edit in place. An error is one of the folder, and then nothing was done.
    fn commit(&self, edit: Staged<'_>) -> Result<Outcome, CollectionError> {
        let done = match edit {
            Staged::Settled(outcome) => return Ok(outcome),
            Staged::Create { new, uid, bytes } => self.create(new, uid, bytes),
            Staged::Replace { new, target, href, if_etag } => self.replace(new, &target, href, if_etag),
            Staged::Delete { path, if_etag } => self.delete(&path, if_etag),
        };
        match done {
            Ok(outcome) => Ok(outcome),
            // EPERM is about one file (that nobody may change, or of another owner), EACCES about the folder.
            Err(error) if cfg!(unix) && error.raw_os_error() == Some(1) => {
                Ok(Outcome::Refused { reason: format!("the file may not be changed by you ({error})") })
            }
            Err(error) => Err(self.trouble(&error)),
        }
    }

    fn create(&self, mut new: Temporary, uid: Option<&str>, bytes: &[u8]) -> io::Result<Outcome> {
        let extension = self.kind.extension();
        for name in [name::file_name(uid, bytes, extension), name::alternative(uid, bytes, extension)] {
            let path = self.path.join(&name);
            match sys::rename_new(&new.path, &path) {
                Ok(()) => {
                    new.is_in_place = true;
                    return Ok(Outcome::Stored { href: Href::new(name), etag: Some(new.etag.clone()) });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if is_same_item(&path, uid, bytes) {
                        return Ok(Outcome::Stale);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Outcome::Stale)
    }

    fn replace(&self, mut new: Temporary, target: &Path, href: &Href, if_etag: &Etag) -> io::Result<Outcome> {
        let stored = Outcome::Stored { href: href.clone(), etag: Some(new.etag.clone()) };
        match sys::exchange(&new.path, target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.missing_io(error, Outcome::Stale);
            }
            Err(error) if sys::is_unsupported(&error) => {
                // What remains is a moment between looking and renaming.
                if etag_at(target).as_ref() != Some(if_etag) {
                    return Ok(Outcome::Stale);
                }
                fs::rename(&new.path, target)?;
                new.is_in_place = true;
                return Ok(stored);
            }
            Err(error) => return Err(error),
        }
        // From here on the temporary name holds what was there before.
        new.is_in_place = true;
        let displaced = &new.path;
        if etag_at(displaced).as_ref() == Some(if_etag) {
            remove(displaced);
            return Ok(stored);
        }
        self.put_back(displaced, target, &new.etag)?;
        Ok(Outcome::Stale)
    }

    /// Puts what was displaced back in the place of ours, whatever the other program does meanwhile.
    fn put_back(&self, displaced: &Path, target: &Path, ours: &Etag) -> io::Result<()> {
        let mut seen = vec![etag_at(displaced)];
        loop {
            match sys::exchange(displaced, target) {
                Ok(()) => {}
                // Deleted in this moment.
                Err(_) => return sys::rename_new(displaced, target).or_else(|_| self.recover(displaced)),
            }
            let found = etag_at(displaced);
            if found.as_ref() == Some(ours) {
                remove(displaced);
                return Ok(());
            }
            // Saved again in this moment: the newest version gets the place, and the one before is kept.
            if seen.contains(&found) {
                return self.recover(displaced);
            }
            seen.push(found);
        }
    }

    fn delete(&self, path: &Path, if_etag: &Etag) -> io::Result<Outcome> {
        let moved = self.path.join(temporary_name("moved", if_etag.as_str()));
        match sys::rename_new(path, &moved) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.missing_io(error, Outcome::Deleted);
            }
            Err(error) => return Err(error),
        }
        if etag_at(&moved).as_ref() == Some(if_etag) {
            return match fs::remove_file(&moved) {
                Ok(()) => Ok(Outcome::Deleted),
                Err(error) => {
                    sys::rename_new(&moved, path).or_else(|_| self.recover(&moved))?;
                    Err(error)
                }
            };
        }
        sys::rename_new(&moved, path).or_else(|_| self.recover(&moved))?;
        Ok(Outcome::Stale)
    }

    /// The outcome for a missing file, if it is the file that is missing and not the folder.
    fn missing_io(&self, error: io::Error, outcome: Outcome) -> io::Result<Outcome> {
        if error.kind() != ErrorKind::NotFound {
            return Err(error);
        }
        fs::read_dir(&self.path)?;
        Ok(outcome)
    }

    fn missing(&self, error: &io::Error, outcome: Outcome) -> Result<Outcome, CollectionError> {
        if error.kind() != ErrorKind::NotFound {
            return Err(self.trouble(error));
        }
        fs::read_dir(&self.path).map_err(|error| self.trouble(&error))?;
        Ok(outcome)
    }

    fn path_of(&self, href: &Href) -> Option<PathBuf> {
        version::name(href).map(|name| self.path.join(name))
    }

    /// Deletes what killed runs left, and makes items again of what is not ours.
    fn clear_leftovers(&self) {
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
    fn recover(&self, path: &Path) -> io::Result<()> {
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

/// A temporary file with new content. It is removed unless it was put in place.
struct Temporary {
    path: PathBuf,
    /// The version that the content will have in place: a rename keeps it.
    etag: Etag,
    is_in_place: bool,
}

impl Temporary {
    /// `replaced` are the permissions and version of the file that it will replace.
    fn create(folder: &Path, bytes: &[u8], replaced: Option<(fs::Permissions, &Etag)>) -> io::Result<Self> {
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

fn temporary_name(own: &str, etag: &str) -> OsString {
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

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!("the temporary file {} cannot be removed: {error}", path.display());
    }
}

fn etag_at(path: &Path) -> Option<Etag> {
    Found::at(path).ok()?.etag()
}

fn identity_at(path: &Path) -> io::Result<String> {
    Ok(version::identity(&fs::symlink_metadata(path)?).to_string())
}

/// Whether what has the name already is the item itself, from an earlier attempt or another program.
fn is_same_item(path: &Path, uid: Option<&str>, bytes: &[u8]) -> bool {
    let Some(there) = read_file(path) else { return false };
    match uid {
        Some(uid) => item::read(&there).is_ok_and(|facts| facts.uid.as_deref() == Some(uid.trim())),
        None => there == bytes,
    }
}

fn read_file(path: &Path) -> Option<Vec<u8>> {
    match Found::at(path) {
        Ok(Found::File(metadata)) if metadata.len() <= MAX_BYTES as u64 => fs::read(path).ok(),
        _ => None,
    }
}

fn no_name<'a>() -> Staged<'a> {
    Staged::Settled(Outcome::Refused { reason: "this is not the name of a file".to_owned() })
}

fn refused<'a>(reason: String) -> Result<Staged<'a>, CollectionError> {
    Ok(Staged::Settled(Outcome::Refused { reason }))
}
