//! What is remembered of a profile between runs, in one SQLite file a profile: the three trees
//! (local, remote, base), the cursors, what is set aside, the history and the reports.
//!
//! Observations are persisted, not work: a run that is killed at any instant leaves trees that are
//! true, and the next run plans from them. Everything that belongs together is one [`State::write`]
//! transaction.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use tr::tr;

use crate::collection::Look;
use crate::item::Bytes;
use crate::sync::Sides;

mod asides;
mod blobs;
mod copy;
mod counts;
mod held;
mod history;
mod kept;
mod reports;
mod schema;
mod settled;
mod trees;

pub use asides::{Aside, AsideKind};
pub use history::{Deletions, Loss, Lost, Version, VersionId};
pub use kept::Kept;
pub use reports::{ReportId, Wanted};
pub use trees::{Base, Content, Pair, PairId, Rebased, Seen, Subject, Tree};

/// The state of one profile, locked against other processes while it is open.
pub struct State {
    db: Mutex<Connection>,
    /// What the person should know about how it was opened.
    notices: Vec<String>,
    _lock: Lock,
}

/// A transaction: all of it is kept, or nothing.
pub struct Write<'a>(rusqlite::Transaction<'a>);

/// Why a profile's state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{}", tr!("another Pimbridge is working on this profile at the moment; wait for it to finish and try again"))]
    Busy,
    #[error("{}", tr!("the state file {0} was written by a newer version of Pimbridge; install that version again, or move the file away to start anew (nothing is doubled by that)", .0.display()))]
    Newer(PathBuf),
    #[error("{}", tr!("the state file is damaged"))]
    Damaged,
    #[error("{}", tr!("the disk on which Pimbridge keeps the state of this profile is full: free some space there and sync again; nothing is lost"))]
    Full,
    #[error("{}", tr!("the state file {path} could not be opened: {source}", path = path.display(), source))]
    Io { path: PathBuf, source: io::Error },
    #[error("{}", tr!("the memory of this profile's earlier runs could not be read or saved: see that the disk it is on is neither faulty nor write-protected, and try again; nothing is lost ({0})", .0))]
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StateError::Damaged,
            Some(ErrorCode::DiskFull) => StateError::Full,
            _ => match error {
                // A value that no version of this program wrote.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => StateError::Damaged,
                other => StateError::Sql(other),
            },
        }
    }
}

pub type Result<T> = std::result::Result<T, StateError>;

impl State {
    /// Opens (or makes) the state file of a profile and locks it. A damaged file is set aside under
    /// another name, with a notice; the next run then pairs both sides anew.
    ///
    /// `identity` names the two collections: where it differs from the one the file was made for, the
    /// trees are dropped (the history and the reports stay).
    pub fn open(path: &Path, identity: &str, now: Timestamp) -> Result<State> {
        let lock = lock(path)?;
        let mut notices = Vec::new();
        let db = match connect(path) {
            Err(StateError::Damaged) => {
                notices.push(set_aside(path, now)?);
                connect(path)?
            }
            other => other?,
        };
        let mut state = State { db: Mutex::new(db), notices: Vec::new(), _lock: lock };
        if state.identity()?.is_some_and(|known| known != identity) {
            notices.push(tr!(
                "The profile's folder, address, user or kind was changed: both sides are compared anew."
            ));
            state.write(|w| w.forget_trees())?;
        }
        if state.identity()?.as_deref() != Some(identity) {
            state.write(|w| w.set_meta("identity", identity))?;
        }
        state.notices = notices;
        Ok(state)
    }

    /// Forgets the trees of a profile, so that the next run compares both sides anew; the history and the reports
    /// stay. A damaged file is set aside, as [`State::open`] does. Nothing is done where there is no file.
    pub fn forget(path: &Path, now: Timestamp) -> Result<()> {
        if !path.exists() {
            return Ok(());
        }
        let _lock = lock(path)?;
        let forget = || {
            let mut db = connect(path)?;
            let write = Write(db.transaction()?);
            write.forget_trees()?;
            Ok(write.0.commit()?)
        };
        match forget() {
            Err(StateError::Damaged) => set_aside(path, now).map(drop),
            done => done,
        }
    }

    /// Drops the reports of the runs before that time, and tells how many. Everything else stays.
    pub fn prune_reports(path: &Path, before: Timestamp) -> Result<u64> {
        if !path.exists() {
            return Ok(0);
        }
        let _lock = lock(path)?;
        let mut db = connect(path)?;
        let write = Write(db.transaction()?);
        let pruned = write.prune_reports(before)?;
        write.0.commit()?;
        Ok(pruned)
    }

    /// Opens the state file to read from it, without a lock: `None` where there is none yet.
    pub fn peek(path: &Path) -> Result<Option<Peek>> {
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Peek(Mutex::new(connect(path)?))))
    }

    /// The scope of the profile, as [`State::set_scope`] was told it.
    pub fn scope(&self) -> Result<Option<String>> {
        self.meta("scope")
    }

    /// Makes this the scope of the profile. `rebase` tells what a base is in it.
    pub fn set_scope(&self, scope: &str, rebase: impl Fn(&Bytes) -> Option<Rebased>) -> Result<()> {
        self.write(|w| {
            w.rescope(rebase)?;
            w.set_meta("scope", scope)
        })
    }

    /// The sides on which nothing may be deleted, as the person said when nobody had seen yet what that concerns.
    pub fn undone(&self) -> Result<Sides<bool>> {
        Ok(self.meta("undone")?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// What both sides had when one of them did not take a name or colour of the other.
    pub fn refused_looks(&self) -> Result<Option<Sides<Look>>> {
        Ok(self.meta("look_refused")?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// The name and the colour that both sides last agreed on.
    pub fn look(&self) -> Result<Look> {
        Ok(self.meta("look")?.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Runs `f` in one transaction.
    pub fn write<T>(&self, f: impl FnOnce(&Write<'_>) -> Result<T>) -> Result<T> {
        let mut db = self.db();
        let write = Write(db.transaction()?);
        let value = f(&write)?;
        write.0.commit()?;
        Ok(value)
    }

    fn identity(&self) -> Result<Option<String>> {
        self.meta("identity")
    }

    fn meta(&self, key: &str) -> Result<Option<String>> {
        let db = self.db();
        let mut statement = db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A transaction that panicked was rolled back when it was dropped.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A state file opened for looking only: the history and the reports.
pub struct Peek(Mutex<Connection>);

impl Peek {
    fn db(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write<'_> {
    /// Remembers on which sides nothing may be deleted, until a run has seen what that concerns.
    pub fn set_undone(&self, sides: Sides<bool>) -> Result<()> {
        self.set_meta("undone", &serde_json::to_string(&sides).unwrap_or_default())
    }

    /// Remembers what both sides had when one of them did not take a name or colour of the other.
    pub fn set_refused_looks(&self, looks: &Sides<Look>) -> Result<()> {
        self.set_meta("look_refused", &serde_json::to_string(looks).unwrap_or_default())
    }

    /// Remembers the name and the colour that both sides agree on.
    pub fn set_look(&self, look: &Look) -> Result<()> {
        // A look always has a JSON.
        self.set_meta("look", &serde_json::to_string(look).unwrap_or_default())
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
            .execute([key, value])?;
        Ok(())
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let io = |source| StateError::Io { path: path.to_owned(), source };
    let mut options = fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(io)?;
    let mut db = Connection::open(path)?;
    schema::prepare(&mut db, path)?;
    Ok(db)
}

/// A file that only one process holds at a time.
struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough while a process that was just started still has a copy of it.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Whether a process works on the state of this file.
pub fn is_in_use(path: &Path) -> bool {
    path.exists() && matches!(lock(path), Err(StateError::Busy))
}

fn lock(path: &Path) -> Result<Lock> {
    let path = path.with_extension("lock");
    let io = |source| StateError::Io { path: path.clone(), source };
    let file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(StateError::Busy),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// Renames a damaged state file (with its journal), so that the next run compares both sides anew; what the
/// person should know of it.
pub fn set_aside(path: &Path, now: Timestamp) -> Result<String> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".damaged-{}", now.strftime("%Y%m%d-%H%M%S")));
    let aside = PathBuf::from(aside);
    fs::rename(path, &aside).map_err(|source| StateError::Io { path: path.to_owned(), source })?;
    for suffix in ["-wal", "-shm"] {
        let mut journal = path.as_os_str().to_owned();
        journal.push(suffix);
        let mut to = aside.as_os_str().to_owned();
        to.push(suffix);
        match fs::rename(&journal, to) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StateError::Io { path: journal.into(), source });
            }
            _ => {}
        }
    }
    Ok(tr!(
        "The memory of earlier runs was damaged and has been set aside as {}. Both sides were compared anew; nothing is doubled by that. Versions kept in the history before today are in that file.",
        aside.display()
    ))
}

#[cfg(test)]
mod tests;
