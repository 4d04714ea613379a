//! Profiles of Outlook CalDav Synchronizer: reading and writing its `.cdsp` files, in the form of its version 4.6.0.
//!
//! Each element either stands for a key of a profile (`words.rs`, `translate.rs` one way and `compose.rs` the other), or
//! is kept in the profile's section `[cdsp]` (`kept.rs`). What a profile has beyond the format goes into an element of
//! its own (`ours.rs`).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::home::private_file;

mod compose;
mod decode;
mod document;
mod export;
mod fields;
mod file;
mod identity;
mod import;
mod kept;
mod keys;
mod ours;
mod password;
mod read;
mod translate;
mod words;
mod write;

pub use decode::decode;
pub use document::Options;
pub use export::{Exported, export};
pub use file::text as file_text;
pub use identity::{guid, of as identity, written_down};
pub use import::{Imported, import, kind_of, label};
pub use keys::Keys;
pub use password::of as password;
pub use read::{Document, read};
use tr::tr;
pub use write::write;

/// A `.cdsp` file cannot be used. The text is one plain sentence with a way out.
#[derive(Debug, thiserror::Error)]
pub enum CdspError {
    #[error("{}", tr!("{} cannot be read: {source}", .file.display(), source))]
    Read { file: PathBuf, source: io::Error },
    #[error("{}", tr!("{} is far too large for a file of profiles; name the .cdsp file that was exported", .0.display()))]
    TooLarge(PathBuf),
    #[error("{}: {what}", crate::keyed::place(.file, Some(*.line)))]
    Content { file: PathBuf, line: usize, what: String },
    #[error("{}", tr!("there is a file {} already; choose another name, or remove it first", .0.display()))]
    Exists(PathBuf),
    #[error("{}", tr!("{} cannot be written: {source}", .file.display(), source))]
    Write { file: PathBuf, source: io::Error },
}

/// Reads a `.cdsp` file.
///
/// # Errors
/// It cannot be read, or is none.
pub fn load(file: &Path) -> Result<Document, CdspError> {
    read(&decode::text_of(file)?).map_err(|(line, what)| CdspError::Content {
        file: file.to_owned(),
        line,
        what,
    })
}

/// Writes a new `.cdsp` file, which only its owner can read: it names servers and users.
///
/// # Errors
/// It is there already, or cannot be written.
pub fn save(file: &Path, profiles: &[Options]) -> Result<(), CdspError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => CdspError::Exists(file.to_owned()),
        _ => CdspError::Write { file: file.to_owned(), source },
    };
    let mut new = private_file().write(true).create_new(true).open(file).map_err(failed)?;
    new.write_all(write(profiles).as_bytes()).and_then(|()| new.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests;
