//! Changing a folder while other programs change it too.
//!
//! A batch is written to hidden temporary files, flushed to the disk once, and then put in place by renames.
//! A file is replaced by *exchanging* it with the temporary one, and deleted by renaming it away; only then its
//! version is looked at, and if it is not the expected one it is put back. So no moment remains in which a file
//! that another program has saved could be overwritten. Two limits: where the file system knows no exchange,
//! a moment remains between looking and renaming; and what a program writes later into a file that it opened
//! before is written into the old version.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tr::tr;

use super::temporary::{Temporary, remove, temporary_name};
use super::version::{self, Found, etag_at, read_file};
use super::{Folder, sys};
use crate::collection::{Applied, CollectionError, Edit, Etag, Href, Outcome, name};

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
                        Ok(Staged::Settled(Outcome::Stale { sure: true }))
                    }
                    Ok(Found::File(metadata)) => self.stage_replace(href, if_etag, &path, bytes, &metadata),
                    Ok(_) => refused(tr!(
                        "it is a link to a file that is not there. Remove the link or bring the file back."
                    )),
                    Err(error) => self.missing(&error, Outcome::Stale { sure: true }).map(Staged::Settled),
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
                refused(tr!("it is a link, and the file that it leads to cannot be replaced: {error}", error))
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
                Ok(Outcome::Refused { reason: tr!("the file may not be changed by you ({error})", error) })
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
                    if read_file(&path).is_some_and(|there| name::is_same_item(&there, uid, bytes)) {
                        return Ok(Outcome::Stale { sure: true });
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Outcome::Stale { sure: true })
    }

    fn replace(&self, mut new: Temporary, target: &Path, href: &Href, if_etag: &Etag) -> io::Result<Outcome> {
        let stored = Outcome::Stored { href: href.clone(), etag: Some(new.etag.clone()) };
        match sys::exchange(&new.path, target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.missing_io(error, Outcome::Stale { sure: true });
            }
            Err(error) if sys::is_unsupported(&error) => {
                // What remains is a moment between looking and renaming.
                if etag_at(target).as_ref() != Some(if_etag) {
                    return Ok(Outcome::Stale { sure: true });
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
        Ok(Outcome::Stale { sure: true })
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
        Ok(Outcome::Stale { sure: true })
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
}

fn no_name<'a>() -> Staged<'a> {
    Staged::Settled(Outcome::Refused { reason: tr!("this is not the name of a file") })
}

fn refused<'a>(reason: String) -> Result<Staged<'a>, CollectionError> {
    Ok(Staged::Settled(Outcome::Refused { reason }))
}
