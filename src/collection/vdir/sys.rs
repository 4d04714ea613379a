//! What file systems do in different ways: renames that lose nothing, and flushing.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Renames without ever replacing what is at `to` ([`ErrorKind::AlreadyExists`]).
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rename_noreplace(from, to) {
        Err(error) if is_unsupported(&error) => {}
        done => return done,
    }
    match fs::hard_link(from, to) {
        Ok(()) => return fs::remove_file(from),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {}
    }
    // Neither is known to this file system (FAT on some systems): a moment remains in which another program
    // could make the file.
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
    }
}

/// Exchanges two files in one step. [`is_unsupported`] tells where that is not possible.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_noreplace(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_noreplace(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Whether the file system does not know this kind of rename.
pub fn is_unsupported(error: &io::Error) -> bool {
    // EINVAL is what Linux says.
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput)
}

/// Brings the contents of these files of one folder to the disk.
pub fn flush(folder: &Path, files: &[PathBuf]) -> io::Result<()> {
    match files {
        [] => Ok(()),
        [_, _, ..] if cfg!(target_os = "linux") => flush_file_system(folder),
        files => files.iter().try_for_each(|file| File::options().write(true).open(file)?.sync_all()),
    }
}

#[cfg(target_os = "linux")]
fn flush_file_system(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_file_system(_: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Brings the names in a folder to the disk, where the system can.
pub fn flush_names(folder: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}
