//! Where things live: profiles, state and logs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tr::tr;

use crate::item::mapping::BusyKey;
use crate::profile::Name;

const SETTINGS: &str = "settings.toml";

/// The folders of one person's Pimbridge. All of them are made for the owner only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: Option<PathBuf>,
    settings: PathBuf,
    profiles: PathBuf,
    state: PathBuf,
    logs: PathBuf,
    demo: PathBuf,
}

/// A folder cannot be found or made. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error("{}", tr!("the system does not say where your home folder is; name a folder with --home"))]
    NoHome,
    #[error("{}", tr!("the folder {} cannot be made: {source}", .path.display(), source))]
    Make { path: PathBuf, source: io::Error },
    #[error("{}", tr!("the file {}, which gives busy blocks their names, cannot be used: {source}; put it back from a backup, \
         or delete it: then all busy blocks get new names", .path.display(), source))]
    BusyKey { path: PathBuf, source: io::Error },
    #[error("{}", tr!("the file {}, which gives busy blocks their names, is damaged; put it back from a backup, or delete it: \
         then all busy blocks get new names", .0.display()))]
    DamagedBusyKey(PathBuf),
}

impl Home {
    /// Everything below one folder: `settings.toml`, `profiles/`, `state/` and `logs/`.
    pub fn at(folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Self {
            settings: folder.join(SETTINGS),
            profiles: folder.join("profiles"),
            state: folder.join("state"),
            logs: folder.join("logs"),
            demo: folder.join("demo"),
            folder: Some(folder),
        }
    }

    /// The home that the person says, or the variable `PIMBRIDGE_HOME`; otherwise [`Home::of_system`].
    pub fn chosen(folder: Option<PathBuf>) -> Result<Self, HomeError> {
        match folder.or_else(|| std::env::var_os("PIMBRIDGE_HOME").map(PathBuf::from)) {
            Some(folder) if !folder.as_os_str().is_empty() => Ok(Home::at(&folder)),
            _ => Home::of_system(),
        }
    }

    /// The places that the system has for such things.
    pub fn of_system() -> Result<Self, HomeError> {
        let dirs = directories::ProjectDirs::from("", "", "pimbridge").ok_or(HomeError::NoHome)?;
        let state = dirs.state_dir().unwrap_or(dirs.data_local_dir());
        Ok(Self {
            folder: None,
            settings: dirs.config_dir().join(SETTINGS),
            profiles: dirs.config_dir().join("profiles"),
            state: state.join("state"),
            logs: state.join("logs"),
            demo: state.join("demo"),
        })
    }

    /// The one folder that everything is below; none where these are the places that the system has.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The file of the general settings. It need not exist.
    pub fn settings_file(&self) -> &Path {
        &self.settings
    }

    /// The folder of the profile files. It need not exist.
    pub fn profiles_dir(&self) -> &Path {
        &self.profiles
    }

    /// The file of a profile. It need not exist.
    pub fn profile_file(&self, name: &Name) -> PathBuf {
        self.profiles.join(format!("{name}.toml"))
    }

    /// The file that keeps what is known of a profile's two sides. It need not exist.
    pub fn state_file(&self, name: &Name) -> PathBuf {
        self.state.join(format!("{name}.sqlite"))
    }

    /// The folder of the state files. It need not exist: see [`make_private`].
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The file that the daemon holds as long as it runs.
    pub fn daemon_lock(&self) -> PathBuf {
        self.state.join("daemon.lock")
    }

    /// What the daemon remembers from one start to the next.
    pub fn daemon_memory(&self) -> PathBuf {
        self.state.join("daemon.json")
    }

    /// The key that the UIDs of busy blocks are made with, and the marks of events that are made of contacts; made by
    /// chance where there is none yet. It stays the same,
    /// so that a block is recognised even by a profile that begins anew.
    pub fn busy_key(&self) -> Result<BusyKey, HomeError> {
        let path = self.state.join("busy.key");
        let unusable = |source: io::Error| HomeError::BusyKey { path: path.clone(), source };
        let damaged = |_| HomeError::DamagedBusyKey(path.clone());
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(error)),
            Ok(bytes) => return bytes.try_into().map_err(damaged),
        }
        make_private(&self.state)?;
        let mut key = BusyKey::default();
        getrandom::fill(&mut key).map_err(|error| unusable(io::Error::other(error)))?;
        let made = self.state.join(format!(".busy.key.{}.tmp", std::process::id()));
        write_private(&made, &key).map_err(unusable)?;
        // Another process may have made one in the meantime: the first counts.
        let linked = fs::hard_link(&made, &path);
        let _ = fs::remove_file(&made);
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unusable(error)),
            _ => fs::read(&path).map_err(unusable)?.try_into().map_err(damaged),
        }
    }

    /// The folder of what `demo` makes. It need not exist.
    pub fn demo_dir(&self) -> &Path {
        &self.demo
    }

    /// The folder of the log files. It need not exist: see [`make_private`].
    pub fn logs_dir(&self) -> &Path {
        &self.logs
    }
}

/// Makes a folder (and those above it) that only its owner can look into. One that exists already is
/// left as it is.
pub fn make_private(folder: &Path) -> Result<(), HomeError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| HomeError::Make { path: folder.to_owned(), source })
}

/// The options to open a file that only its owner can read.
pub(crate) fn private_file() -> fs::OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Puts a small file of the owner's in place, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let temporary = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let write = || {
        let mut file = private_file().write(true).create(true).truncate(true).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_holds_everything() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let name = Name::new("work").unwrap();
        assert_eq!(home.profile_file(&name), folder.path().join("profiles/work.toml"));
        assert_eq!(home.state_file(&name), folder.path().join("state/work.sqlite"));
        assert_eq!(home.logs_dir(), folder.path().join("logs"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made before it is needed");
    }

    #[test]
    fn the_key_of_busy_blocks_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let key = home.busy_key().unwrap();
        assert_ne!(key, [0; 32]);
        assert_eq!(home.busy_key().unwrap(), key);
        let file = folder.path().join("state/busy.key");
        assert_eq!(fs::read_dir(folder.path().join("state")).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&file, b"short").unwrap();
        assert!(home.busy_key().unwrap_err().to_string().contains("is damaged"));
    }

    #[test]
    fn a_relative_home_stays_where_it_was_named() {
        assert!(Home::at(Path::new("here")).logs_dir().is_absolute());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("a/b");
        make_private(&made).unwrap();
        make_private(&made).unwrap();
        let file = made.join("f.toml");
        write_private(&file, b"x = 1\n").unwrap();
        write_private(&file, b"x = 2\n").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.path().join("a")), mode(&made), mode(&file)), (0o700, 0o700, 0o600));
        assert_eq!(fs::read(&file).unwrap(), b"x = 2\n");
        assert_eq!(fs::read_dir(&made).unwrap().count(), 1, "no temporary file is left");
    }
}
