//! What can be wrong with a profile and its file.

use std::io;
use std::path::PathBuf;

use tr::tr;

use super::{BadName, Name};

/// A profile cannot be used. The text is one plain sentence with a way out.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error(transparent)]
    Name(#[from] BadName),
    #[error("{}: {what}", crate::keyed::place(.file, *.line))]
    Content {
        file: PathBuf,
        /// Counted from 1; none where something is missing in the file as a whole.
        line: Option<usize>,
        what: String,
    },
    #[error("{}", tr!("there is no profile {name}; {hint}", name = format_args!("{name:?}"), hint))]
    NoSuch { name: String, hint: String },
    #[error("{}", tr!("there is a profile \"{0}\" already; choose another name, or change it: pimbridge profile set", .0))]
    Exists(Name),
    #[error("{}", tr!("{} cannot be read: {source}", .file.display(), source))]
    Read { file: PathBuf, source: io::Error },
    #[error("{}", tr!("{} cannot be written: {source}", .file.display(), source))]
    Write { file: PathBuf, source: io::Error },
    #[error("{}", tr!("{} cannot be removed: {source}", .file.display(), source))]
    Remove { file: PathBuf, source: io::Error },
    #[error(transparent)]
    Home(#[from] crate::home::HomeError),
}
