//! The folders that are watched: by the system where it can, by looking at them now and then where it cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::filesystem::{Identity, fingerprint, identity, is_shared};

/// How folders are watched.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// Leave it to the system, where it can.
    pub system: bool,
    /// Where it cannot, how often they are looked at.
    pub look: Duration,
    /// How often a folder that is missing is looked for.
    pub seek: Duration,
}

/// What the system tells of the folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What is at these paths changed.
    Changed(Vec<PathBuf>),
    /// Something appeared at these paths, or went from there.
    Moved(Vec<PathBuf>),
    /// Some changes could not be told.
    Missed,
}

/// The folders that are wanted, and how each of them is watched.
pub struct Folders {
    means: Means,
    wanted: fn(&OsStr) -> bool,
    system: Option<RecommendedWatcher>,
    folders: BTreeMap<PathBuf, Option<Taken>>,
    /// Of which it was said that the system does not watch them.
    said: BTreeSet<PathBuf>,
    next_look: Option<Instant>,
    next_seek: Option<Instant>,
}

/// A folder that is watched.
struct Taken {
    /// Its path without links: the system knows a folder by one path only.
    real: PathBuf,
    identity: Identity,
    how: How,
}

enum How {
    System,
    /// Its fingerprint when it was looked at last.
    Looking(Option<u64>),
}

impl Taken {
    fn is_at(&self, path: &Path) -> bool {
        identity(path) == Some(self.identity) && path.canonicalize().is_ok_and(|real| real == self.real)
    }
}

impl Folders {
    /// `wanted` tells the names of files that matter in any of them; `tell` is called, from another thread, when the
    /// system tells something.
    pub fn new(means: Means, wanted: fn(&OsStr) -> bool, tell: impl Fn(Told) + Send + 'static) -> Self {
        let handler = move |event: notify::Result<notify::Event>| match event {
            Ok(event) if event.need_rescan() => tell(Told::Missed),
            Ok(event) => match event.kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => tell(Told::Changed(event.paths)),
                EventKind::Access(_) => {}
                EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => {
                    tell(Told::Changed(event.paths));
                }
                _ => tell(Told::Moved(event.paths)),
            },
            Err(error) => {
                tracing::debug!("a change was not told: {error}");
                tell(Told::Missed);
            }
        };
        let system = means.system.then(|| notify::recommended_watcher(handler)).and_then(|made| {
            made.inspect_err(|error| tracing::warn!("the system does not tell of changes: {error}")).ok()
        });
        Self {
            means,
            wanted,
            system,
            folders: BTreeMap::new(),
            said: BTreeSet::new(),
            next_look: None,
            next_seek: None,
        }
    }

    /// From now on these are watched, and no others.
    pub fn set(&mut self, wanted: &BTreeSet<PathBuf>, now: Instant) {
        let dropped: Vec<PathBuf> =
            self.folders.keys().filter(|path| !wanted.contains(*path)).cloned().collect();
        for path in dropped {
            self.let_go(&path);
            self.folders.remove(&path);
            self.said.remove(&path);
        }
        for path in wanted {
            if !self.folders.contains_key(path) {
                let taken = self.take(path);
                self.folders.insert(path.clone(), taken);
            }
        }
        self.set_times(now);
    }

    /// Those that were missing or are others now, and are there: anything in them may have changed.
    pub fn check(&mut self, now: Instant) -> Vec<PathBuf> {
        let is_lost = |(path, taken): &(&PathBuf, &Option<Taken>)| {
            taken.as_ref().is_none_or(|taken| !taken.is_at(path))
        };
        let lost = self.folders.iter().filter(is_lost).map(|(path, _)| path.clone()).collect();
        self.take_again(lost, now)
    }

    /// The same of one that was, or is again, at a path of which the system told.
    pub fn check_at(&mut self, real: &Path, now: Instant) -> Vec<PathBuf> {
        let there = |(path, taken): &(&PathBuf, &Option<Taken>)| {
            *path == real || taken.as_ref().is_some_and(|taken| taken.real == real)
        };
        let moved = self.folders.iter().filter(there).map(|(path, _)| path.clone()).collect();
        self.take_again(moved, now)
    }

    fn take_again(&mut self, paths: Vec<PathBuf>, now: Instant) -> Vec<PathBuf> {
        for path in &paths {
            self.let_go(path);
        }
        let mut back = Vec::new();
        for path in paths {
            let taken = self.take(&path);
            let is_there = taken.is_some();
            self.folders.insert(path.clone(), taken);
            if is_there {
                back.push(path);
            }
        }
        self.set_times(now);
        back
    }

    /// When something is to be done by [`Folders::wake`].
    pub fn next(&self) -> Option<Instant> {
        self.next_look.into_iter().chain(self.next_seek).min()
    }

    /// Looks at the folders whose time has come, and returns those in which anything may have changed.
    pub fn wake(&mut self, now: Instant) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        if self.next_seek.is_some_and(|due| due <= now) {
            self.next_seek = None;
            changed = self.check(now);
        }
        if self.next_look.is_some_and(|due| due <= now) {
            self.next_look = None;
            changed.extend(self.look());
        }
        self.set_times(now);
        changed
    }

    /// The folders, as they were named, that the system knows by this path.
    pub fn named(&self, real: &Path) -> impl Iterator<Item = &PathBuf> {
        self.folders
            .iter()
            .filter(move |(_, taken)| taken.as_ref().is_some_and(|taken| taken.real == real))
            .map(|(path, _)| path)
    }

    fn look(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (path, folder) in &mut self.folders {
            let Some(taken) = folder else { continue };
            if matches!(taken.how, How::System) {
                continue;
            }
            if !taken.is_at(path) {
                // It is sought from now on.
                *folder = None;
                continue;
            }
            // What cannot be listed now is looked at again the next time.
            let Ok(found) = fingerprint(path, self.wanted) else { continue };
            let How::Looking(before) = &mut taken.how else { continue };
            if before.replace(found).is_some_and(|before| before != found) {
                changed.push(path.clone());
            }
        }
        changed
    }

    fn take(&mut self, path: &Path) -> Option<Taken> {
        let identity = identity(path)?;
        let real = path.canonicalize().ok()?;
        let how = match self.leave_to_system(&real) {
            Ok(()) => How::System,
            Err(why) => {
                if self.said.insert(path.to_owned()) {
                    let every = self.means.look.as_secs();
                    tracing::info!("{} is looked at every {every} seconds: {why}", path.display());
                }
                How::Looking(fingerprint(path, self.wanted).ok())
            }
        };
        Some(Taken { real, identity, how })
    }

    /// # Errors
    /// Why it does not tell of changes there.
    fn leave_to_system(&mut self, real: &Path) -> Result<(), String> {
        let Some(system) = &mut self.system else {
            return Err("the system does not tell of changes".to_owned());
        };
        if is_shared(real) {
            return Err("the system does not tell of changes on network drives".to_owned());
        }
        system.watch(real, RecursiveMode::NonRecursive).map_err(|error| match error.kind {
            notify::ErrorKind::MaxFilesWatch => "the system watches as many folders as it can".to_owned(),
            _ => error.to_string(),
        })
    }

    /// The system need not watch the folder any more, unless it is another one of ours as well.
    fn let_go(&mut self, path: &Path) {
        let Some(Some(Taken { real, how: How::System, .. })) = self.folders.insert(path.to_owned(), None)
        else {
            return;
        };
        if self.named(&real).next().is_none()
            && let Some(system) = &mut self.system
        {
            // It has forgotten a folder that was deleted by itself.
            let _ = system.unwatch(&real);
        }
    }

    /// A time that is set already stays.
    fn set_times(&mut self, now: Instant) {
        let looking = |taken: &Option<Taken>| matches!(taken, Some(Taken { how: How::Looking(_), .. }));
        let any_looked_at = self.folders.values().any(looking);
        let any_missing = self.folders.values().any(Option::is_none);
        self.next_look = any_looked_at.then(|| self.next_look.unwrap_or(now + self.means.look));
        self.next_seek = any_missing.then(|| self.next_seek.unwrap_or(now + self.means.seek));
    }
}
