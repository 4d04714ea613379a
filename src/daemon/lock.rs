//! One daemon a home.

use std::fs::{File, TryLockError};
use std::io;

use crate::home::{Home, HomeError, make_private, private_file};

/// Held as long as the daemon of this home runs; the system lets it go, however that ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// None: the daemon of this home runs already.
    pub fn take(home: &Home) -> Result<Option<Lock>, HomeError> {
        make_private(home.state_dir())?;
        let path = home.daemon_lock();
        let failed = |source: io::Error| HomeError::Make { path: path.clone(), source };
        let file = private_file().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let first = Lock::take(&home).unwrap().unwrap();
        assert!(Lock::take(&home).unwrap().is_none());
        drop(first);
        assert!(Lock::take(&home).unwrap().is_some());
    }
}
