//! Watching: which files of the profiles' folders changed, and that a profile or the general settings did.
//!
//! A change is told when it has been quiet for a while ([`bursts`]), and only what the profile's state does not know
//! yet ([`news`]): what our own runs wrote starts none. [`folders`] watches with the means of the system, or by
//! looking now and then. All of it is done by one thread, which sleeps while nothing happens: looking at a folder may
//! take as long as a file server that is gone likes, and until it comes back or its folder is unmounted nothing else is
//! watched either; runs at the profiles' intervals go on.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::collection::Href;
use crate::collection::vdir::Vdir;
use crate::home::{Home, make_private};
use crate::profile::{LocalSpec, Name, Profile, open_local};

mod bursts;
mod filesystem;
mod folders;
mod news;
#[cfg(test)]
mod tests;

use bursts::{Bursts, Patience, Touched};
use folders::{Folders, Means, Told};

/// What changed on this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// These files of the profile's folder are not as its state knows them.
    Local { profile: Name, files: BTreeSet<Href> },
    /// The file of a profile, or the general settings.
    Profiles,
}

/// A profile whose folder is watched.
#[derive(Debug, Clone)]
pub struct Watched {
    profile: Name,
    path: PathBuf,
    folder: Vdir,
    /// Where its state is kept.
    state: PathBuf,
}

impl Watched {
    pub fn new(home: &Home, profile: &Profile) -> Self {
        let LocalSpec::Vdir { path } = &profile.local;
        Self {
            profile: profile.name.clone(),
            path: path.clone(),
            folder: open_local(profile),
            state: home.state_file(&profile.name),
        }
    }
}

/// What is watched. Dropping it ends the watching.
#[derive(Debug)]
pub struct Watcher(Sender<Order>);

#[derive(Debug)]
enum Order {
    Set(Vec<Watched>),
    Hold(Name),
    Release(Name),
    Told(Told),
    End,
    /// Answered when all before it is done.
    #[cfg(test)]
    Ping(Sender<()>),
}

/// What a change is one of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Profile(Name),
    Profiles,
}

/// How things are watched, and how long a change waits.
#[derive(Debug, Clone, Copy)]
struct Manner {
    means: Means,
    items: Patience,
    profiles: Patience,
}

const MANNER: Manner = Manner {
    means: Means { system: true, look: Duration::from_secs(30), seek: Duration::from_secs(60) },
    items: Patience { quiet: Duration::from_secs(10), longest: Duration::from_secs(60) },
    profiles: Patience { quiet: Duration::from_secs(1), longest: Duration::from_secs(10) },
};

impl Watcher {
    /// Watches the files of the profiles and of the general settings at first.
    ///
    /// # Errors
    /// The system has no room for another thread.
    pub fn start(home: &Home, changes: UnboundedSender<Change>) -> std::io::Result<Self> {
        Self::start_in(MANNER, home, changes)
    }

    fn start_in(manner: Manner, home: &Home, changes: UnboundedSender<Change>) -> std::io::Result<Self> {
        let (orders, received) = channel();
        let tell = orders.clone();
        let home = home.clone();
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let folders = Folders::new(manner.means, is_wanted, move |told| {
                // It fails when nothing is watched any more.
                let _ = tell.send(Order::Told(told));
            });
            Watch {
                manner,
                home,
                changes,
                folders,
                orders: received,
                bursts: Bursts::default(),
                profiles: BTreeMap::new(),
            }
            .run();
        })?;
        Ok(Self(orders))
    }

    /// From now on the folders of these profiles are watched, and no others.
    pub fn set(&self, watched: Vec<Watched>) {
        self.order(Order::Set(watched));
    }

    /// Work on the profile is about to begin: changes of its folder are gathered, and told when all such work has ended.
    pub fn hold(&self, profile: &Name) {
        self.order(Order::Hold(profile.clone()));
    }

    /// Work on the profile has ended.
    pub fn release(&self, profile: &Name) {
        self.order(Order::Release(profile.clone()));
    }

    fn order(&self, order: Order) {
        if self.0.send(order).is_err() {
            tracing::debug!("nothing is watched any more");
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.order(Order::End);
    }
}

/// A file that may be an item, a profile or the settings.
fn is_wanted(name: &OsStr) -> bool {
    let extension = Path::new(name).extension().unwrap_or_default();
    !name.as_encoded_bytes().starts_with(b".")
        && ["ics", "vcf", "toml"].iter().any(|wanted| extension.eq_ignore_ascii_case(wanted))
}

/// The work of the thread.
struct Watch {
    manner: Manner,
    home: Home,
    changes: UnboundedSender<Change>,
    orders: Receiver<Order>,
    folders: Folders,
    bursts: Bursts<Subject>,
    profiles: BTreeMap<Name, Watched>,
}

/// Nothing is to be watched any more.
struct Ended;

impl Watch {
    fn run(mut self) {
        self.watch_folders();
        while self.turn().is_ok() {}
    }

    fn turn(&mut self) -> Result<(), Ended> {
        let next = self.folders.next().into_iter().chain(self.bursts.next()).min();
        let order = match next {
            None => self.orders.recv().map_err(|_| Ended)?.into(),
            Some(next) => match self.orders.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Err(Ended),
            },
        };
        if let Some(order) = order {
            self.obey(order)?;
        }
        self.obey_all()?;
        let changed = self.folders.wake(Instant::now());
        self.note_all(&changed);
        while let Some((subject, touched)) = self.bursts.take(Instant::now()) {
            self.tell(subject, touched)?;
        }
        Ok(())
    }

    fn obey_all(&mut self) -> Result<(), Ended> {
        while let Ok(order) = self.orders.try_recv() {
            self.obey(order)?;
        }
        Ok(())
    }

    fn obey(&mut self, order: Order) -> Result<(), Ended> {
        match order {
            Order::Set(watched) => {
                self.profiles = watched.into_iter().map(|one| (one.profile.clone(), one)).collect();
                let profiles = &self.profiles;
                self.bursts.keep(|subject| match subject {
                    Subject::Profile(name) => profiles.contains_key(name),
                    Subject::Profiles => true,
                });
                self.watch_folders();
            }
            Order::Hold(profile) => self.bursts.hold(Subject::Profile(profile)),
            Order::Release(profile) => {
                self.bursts.release(&Subject::Profile(profile));
                self.check();
            }
            Order::Told(Told::Changed(paths)) => {
                for path in paths {
                    self.changed(&path);
                }
            }
            Order::Told(Told::Moved(paths)) => {
                for path in paths {
                    self.changed(&path);
                    let back = self.folders.check_at(&path, Instant::now());
                    self.note_all(&back);
                }
            }
            Order::Told(Told::Missed) => {
                self.check();
                let all: Vec<PathBuf> = self.wanted_folders().into_iter().collect();
                self.note_all(&all);
            }
            Order::End => return Err(Ended),
            #[cfg(test)]
            Order::Ping(done) => drop(done.send(())),
        }
        Ok(())
    }

    fn watch_folders(&mut self) {
        // So that it can be watched before there is a profile.
        if let Err(error) = make_private(self.home.profiles_dir()) {
            tracing::warn!("{error}");
        }
        self.folders.set(&self.wanted_folders(), Instant::now());
        self.check();
    }

    fn wanted_folders(&self) -> BTreeSet<PathBuf> {
        let own = [Some(self.home.profiles_dir()), self.home.settings_file().parent()];
        let items = self.profiles.values().map(|watched| watched.path.clone());
        own.into_iter().flatten().map(Path::to_owned).chain(items).collect()
    }

    /// Takes up again what was missing or is another folder now.
    fn check(&mut self) {
        let back = self.folders.check(Instant::now());
        self.note_all(&back);
    }

    fn note_all(&mut self, folders: &[PathBuf]) {
        for folder in folders {
            self.note(folder, None);
        }
    }

    /// The system says that something changed at a path.
    fn changed(&mut self, path: &Path) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        if is_wanted(name) {
            let folders: Vec<PathBuf> = self.folders.named(folder).cloned().collect();
            for folder in folders {
                self.note(&folder, Some(name));
            }
        }
    }

    /// A file of a folder may have changed, or any of them.
    fn note(&mut self, folder: &Path, name: Option<&OsStr>) {
        let now = Instant::now();
        let settings = self.home.settings_file();
        let is_settings =
            settings.parent() == Some(folder) && name.is_none_or(|name| settings.file_name() == Some(name));
        let is_profile = folder == self.home.profiles_dir()
            && name.is_none_or(|name| Path::new(name).extension() == Some(OsStr::new("toml")));
        if is_settings || is_profile {
            self.bursts.note(Subject::Profiles, Touched::Anything, self.manner.profiles, now);
        }
        for watched in self.profiles.values().filter(|watched| watched.path == folder) {
            let touched = match name {
                None => Some(Touched::Anything),
                Some(name) => watched.folder.href_of(name).map(Touched::file),
            };
            if let Some(touched) = touched {
                let subject = Subject::Profile(watched.profile.clone());
                self.bursts.note(subject, touched, self.manner.items, now);
            }
        }
    }

    fn tell(&mut self, subject: Subject, touched: Touched) -> Result<(), Ended> {
        let change = match &subject {
            Subject::Profiles => Change::Profiles,
            Subject::Profile(name) => {
                let Some(watched) = self.profiles.get(name) else { return Ok(()) };
                let files = match news::news(watched, &touched) {
                    Ok(files) => files,
                    // When the folder can be used again, all of it is looked at.
                    Err(error) => {
                        tracing::debug!("the folder of {name} cannot be watched: {error}");
                        self.check();
                        return Ok(());
                    }
                };
                // Meanwhile a run may have begun, which writes and has not committed yet.
                self.obey_all()?;
                if self.bursts.is_held(&subject) {
                    self.bursts.note(subject, touched, self.manner.items, Instant::now());
                    return Ok(());
                }
                if files.is_empty() {
                    return Ok(());
                }
                Change::Local { profile: name.clone(), files }
            }
        };
        self.changes.send(change).map_err(|_| Ended)
    }
}
