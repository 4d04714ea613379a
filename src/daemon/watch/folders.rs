//! The folders that are watched: by the system where it can, by looking at them now and then where it cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tr::tr;

use super::filesystem::{Identity, fingerprint, identity, is_shared};

/// How folders are watched.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// Leave it to the system, where it can.
    pub system: bool,
    /// Where it cannot, how often they are looked at.
    pub look: Duration,
    /// How often a folder that is missing is looked for: soon at first, and at last so seldom.
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

/// From the loss of a folder to the first look for it.
const FIRST_SEEK: Duration = Duration::from_secs(1);

/// The folders that are wanted, and how each of them is watched.
pub struct Folders {
    means: Means,
    wanted: fn(&OsStr) -> bool,
    system: Option<RecommendedWatcher>,
    folders: BTreeMap<PathBuf, Folder>,
    /// Of which it was said that the system does not watch them.
    said: BTreeSet<PathBuf>,
    next_look: Option<Instant>,
}

enum Folder {
    Taken(Taken),
    /// It is looked for again after so long.
    Missing {
        wait: Duration,
        again: Instant,
    },
}

impl Folder {
    fn taken(&self) -> Option<&Taken> {
        match self {
            Folder::Taken(taken) => Some(taken),
            Folder::Missing { .. } => None,
        }
    }
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
        Self { means, wanted, system, folders: BTreeMap::new(), said: BTreeSet::new(), next_look: None }
    }

    /// From now on these are watched, and no others.
    pub fn set(&mut self, wanted: &BTreeSet<PathBuf>, now: Instant) {
        let dropped: Vec<PathBuf> =
            self.folders.keys().filter(|path| !wanted.contains(*path)).cloned().collect();
        for path in dropped {
            self.let_go(&path);
            self.said.remove(&path);
        }
        for path in wanted {
            if !self.folders.contains_key(path) {
                let folder = self.take(path).map_or_else(|| self.lost(now), Folder::Taken);
                self.folders.insert(path.clone(), folder);
            }
        }
        self.set_times(now);
    }

    /// Those that were missing or are others now, and are there: anything in them may have changed.
    pub fn check(&mut self, now: Instant) -> Vec<PathBuf> {
        self.take_again(now, |path, folder| folder.taken().is_none_or(|taken| !taken.is_at(path)))
    }

    /// The same of one that was, or is again, at a path of which the system told.
    pub fn check_at(&mut self, real: &Path, now: Instant) -> Vec<PathBuf> {
        self.take_again(now, |path, folder| {
            path == real || folder.taken().is_some_and(|taken| taken.real == real)
        })
    }

    fn take_again(&mut self, now: Instant, which: impl Fn(&Path, &Folder) -> bool) -> Vec<PathBuf> {
        let which = self.folders.iter().filter(|(path, folder)| which(path, folder));
        let paths: Vec<PathBuf> = which.map(|(path, _)| path.clone()).collect();
        let before: Vec<(PathBuf, Option<Folder>)> =
            paths.into_iter().map(|path| (path.clone(), self.let_go(&path))).collect();
        let mut back = Vec::new();
        for (path, before) in before {
            let folder = match (self.take(&path), before) {
                (Some(taken), _) => {
                    back.push(path.clone());
                    Folder::Taken(taken)
                }
                (None, Some(Folder::Missing { wait, again })) if again <= now => {
                    let wait = wait.saturating_mul(2).min(self.means.seek);
                    Folder::Missing { wait, again: now + wait }
                }
                (None, Some(missing @ Folder::Missing { .. })) => missing,
                (None, _) => self.lost(now),
            };
            self.folders.insert(path, folder);
        }
        self.set_times(now);
        back
    }

    fn lost(&self, now: Instant) -> Folder {
        let wait = FIRST_SEEK.min(self.means.seek);
        Folder::Missing { wait, again: now + wait }
    }

    /// When something is to be done by [`Folders::wake`].
    pub fn next(&self) -> Option<Instant> {
        let seeks = self.folders.values().filter_map(|folder| match folder {
            Folder::Missing { again, .. } => Some(*again),
            Folder::Taken(_) => None,
        });
        seeks.chain(self.next_look).min()
    }

    /// Looks at the folders whose time has come, and returns those in which anything may have changed.
    pub fn wake(&mut self, now: Instant) -> Vec<PathBuf> {
        let mut changed = self
            .take_again(now, |_, folder| matches!(folder, Folder::Missing { again, .. } if *again <= now));
        if self.next_look.is_some_and(|due| due <= now) {
            self.next_look = None;
            changed.extend(self.look(now));
        }
        self.set_times(now);
        changed
    }

    /// The folders, as they were named, that the system knows by this path.
    pub fn named(&self, real: &Path) -> impl Iterator<Item = &PathBuf> {
        self.folders
            .iter()
            .filter(move |(_, folder)| folder.taken().is_some_and(|taken| taken.real == real))
            .map(|(path, _)| path)
    }

    fn look(&mut self, now: Instant) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        let lost = FIRST_SEEK.min(self.means.seek);
        for (path, folder) in &mut self.folders {
            let Folder::Taken(taken) = folder else { continue };
            if matches!(taken.how, How::System) {
                continue;
            }
            if !taken.is_at(path) {
                *folder = Folder::Missing { wait: lost, again: now + lost };
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
            return Err(tr!("the system does not tell of changes"));
        };
        if is_shared(real) {
            return Err(tr!("the system does not tell of changes on network drives"));
        }
        system.watch(real, RecursiveMode::NonRecursive).map_err(|error| match error.kind {
            notify::ErrorKind::MaxFilesWatch => tr!("the system watches as many folders as it can"),
            _ => error.to_string(),
        })
    }

    /// The folder is not watched any more, and neither by the system, unless it is another one of ours as well.
    fn let_go(&mut self, path: &Path) -> Option<Folder> {
        let folder = self.folders.remove(path);
        if let Some(Folder::Taken(Taken { real, how: How::System, .. })) = &folder
            && self.named(real).next().is_none()
            && let Some(system) = &mut self.system
        {
            // It has forgotten a folder that was deleted by itself.
            let _ = system.unwatch(real);
        }
        folder
    }

    /// A time that is set already stays.
    fn set_times(&mut self, now: Instant) {
        let looking =
            |folder: &Folder| folder.taken().is_some_and(|taken| matches!(taken.how, How::Looking(_)));
        let any_looked_at = self.folders.values().any(looking);
        self.next_look = any_looked_at.then(|| self.next_look.unwrap_or(now + self.means.look));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_looked_for_less_and_less() {
        let folder = tempfile::tempdir().unwrap();
        let (path, second) = (folder.path().join("cal"), Duration::from_secs(1));
        let means = Means { system: false, look: 30 * second, seek: 60 * second };
        let mut folders = Folders::new(means, |_| true, |_| {});
        let start = Instant::now();
        folders.set(&BTreeSet::from([path.clone()]), start);
        let mut waits = Vec::new();
        for _ in 0..9 {
            let next = folders.next().unwrap();
            // A look between puts nothing off.
            assert!(folders.check(next - second / 2).is_empty());
            assert!(folders.wake(next).is_empty());
            waits.push(next.duration_since(start).as_secs());
        }
        assert_eq!(waits, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
        std::fs::create_dir(&path).unwrap();
        let next = folders.next().unwrap();
        assert_eq!(folders.wake(next), std::slice::from_ref(&path));
        std::fs::remove_dir(&path).unwrap();
        let lost = next + second;
        assert!(folders.check(lost).is_empty());
        assert_eq!(folders.next(), Some(lost + second), "soon again");
    }
}
