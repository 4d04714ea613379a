//! A folder with one file for each item (a *vdir*): what khal, todoman, khard, vdirsyncer and KDE use.
//!
//! An href is a file name, an etag is made of the file's time, size and inode, so a listing opens no file.
//! Other programs write into the folder at any time and know no locks: the module `write` says how nothing of theirs is lost.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tr::tr;

use super::{
    Applied, Collection, CollectionError, Cursor, Edit, Entry, Feature, Fetched, Href, Look, Observation,
    Outcome, Trouble,
};
use crate::item::Kind;

mod look;
mod read;
mod sys;
mod temporary;
#[cfg(test)]
mod tests;
mod version;
mod write;

/// A folder that holds items. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vdir(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    kind: Kind,
    /// Temporary files of runs that were killed, as the last listing saw them.
    leftovers: Mutex<Vec<PathBuf>>,
}

impl Vdir {
    /// A folder at this path, which is neither looked at nor made. A `~` is not expanded.
    pub fn open(path: PathBuf, kind: Kind) -> Vdir {
        Vdir(Arc::new(Folder { path, kind, leftovers: Mutex::default() }))
    }

    /// The item that a file of this name is; `None` where it is none, as with hidden and temporary files.
    pub fn href_of(&self, name: &OsStr) -> Option<Href> {
        if self.0.is_item_name(name) { version::href(name) } else { None }
    }

    /// All that the folder holds now. No file is opened.
    pub fn entries(&self) -> Result<Vec<Entry>, CollectionError> {
        self.0.list()
    }

    /// What the folder holds now of these items. No file is opened.
    pub fn entries_of<'a>(
        &self,
        hrefs: impl IntoIterator<Item = &'a Href>,
    ) -> Result<Vec<Entry>, CollectionError> {
        self.0.list_only(hrefs)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> T + Send + 'static,
    ) -> Result<T, CollectionError> {
        let (folder, span) = (Arc::clone(&self.0), tracing::Span::current());
        tokio::task::spawn_blocking(move || span.in_scope(|| work(&folder))).await.map_err(|error| {
            CollectionError::new(
                Trouble::Storage,
                tr!("The work in the folder {} was broken off: {error}.", self.0.path.display(), error),
            )
        })
    }
}

#[async_trait]
impl Collection for Vdir {
    async fn observe(&self, _since: Option<&Cursor>) -> Result<Observation, CollectionError> {
        let entries = self.blocking(Folder::list).await??;
        Ok(Observation::Listing { entries, cursor: None })
    }

    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        let hrefs = hrefs.to_vec();
        self.blocking(move |folder| folder.fetch(&hrefs)).await?
    }

    async fn apply(&self, edits: Vec<Edit>) -> Applied {
        let count = edits.len();
        self.blocking(move |folder| folder.apply(&edits)).await.unwrap_or_else(|error| Applied {
            outcomes: vec![Outcome::Failed { reason: error.message.clone() }; count],
            stopped: Some(error),
        })
    }

    async fn look(&self) -> Result<Look, CollectionError> {
        self.blocking(Folder::look).await?
    }

    async fn set_look(&self, feature: &Feature) -> Result<(), CollectionError> {
        let feature = feature.clone();
        self.blocking(move |folder| folder.set_look(&feature)).await?
    }
}

impl Folder {
    /// What an error of the folder itself means for the person.
    fn trouble(&self, error: &std::io::Error) -> CollectionError {
        use std::io::ErrorKind;
        let path = self.path.display();
        let (trouble, message) = match error.kind() {
            ErrorKind::NotFound => (
                Trouble::Gone,
                tr!(
                    "The folder {path} is not there. If it is on a disk that is not connected, connect it; \
                     if the folder is meant to be new, create it with: mkdir -p \"{path}\"",
                    path
                ),
            ),
            ErrorKind::NotADirectory => {
                (Trouble::Gone, tr!("{path} is not a folder. Choose the folder that holds the files.", path))
            }
            ErrorKind::PermissionDenied => (
                Trouble::Forbidden,
                tr!(
                    "The folder {path} may not be used by you ({error}). Change its permissions.",
                    path,
                    error
                ),
            ),
            ErrorKind::ReadOnlyFilesystem => (
                Trouble::Forbidden,
                tr!("The folder {path} is on a disk that can only be read. Make the disk writable.", path),
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (
                Trouble::Storage,
                tr!("The disk with the folder {path} is full. Make room on it, then sync again.", path),
            ),
            _ => (
                Trouble::Storage,
                tr!(
                    "The folder {path} cannot be used: {error}. Check the disk, then sync again.",
                    path,
                    error
                ),
            ),
        };
        CollectionError::new(trouble, message)
    }
}
