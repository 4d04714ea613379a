//! Names and folders that are free for new profiles.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use tr::tr;

use super::SetupError;
use crate::profile::{self, Loaded, LocalSpec, Name};

/// More of one name are not made.
const MOST_OF_ONE_NAME: usize = 10_000;

/// Names and folders that are in use.
#[derive(Debug)]
pub struct Places {
    names: Vec<Name>,
    folders: HashSet<String>,
}

impl Places {
    /// Those of the profiles there are.
    pub fn new(loaded: &Loaded) -> Self {
        let broken = loaded.broken.iter().filter_map(|(name, _)| Name::new(name).ok());
        let names = loaded.profiles.iter().map(|profile| profile.name.clone()).chain(broken).collect();
        let folders = loaded.profiles.iter().map(|profile| key(&profile.local)).collect();
        Self { names, folders }
    }

    /// A free name like this.
    pub fn name(&mut self, wanted: &Name) -> Result<Name, SetupError> {
        let name = first(wanted, |name| self.is_free(name))?;
        self.names.push(name.clone());
        Ok(name)
    }

    /// A free folder below this one, of a name like this.
    pub fn folder(&mut self, root: &Path, wanted: &Name) -> Result<PathBuf, SetupError> {
        let name = first(wanted, |name| self.is_free_folder(&root.join(name.as_str())))?;
        Ok(self.take(root.join(name.as_str())))
    }

    /// A name like this that is free for a profile and for its folder below this one.
    pub fn both(&mut self, root: &Path, wanted: &Name) -> Result<(Name, PathBuf), SetupError> {
        let name =
            first(wanted, |name| self.is_free(name) && self.is_free_folder(&root.join(name.as_str())))?;
        self.names.push(name.clone());
        let folder = self.take(root.join(name.as_str()));
        Ok((name, folder))
    }

    /// This folder is not free any more.
    pub fn take(&mut self, folder: PathBuf) -> PathBuf {
        self.folders.extend(expand(&folder).map(|path| key(&LocalSpec::Vdir { path })));
        folder
    }

    fn is_free(&self, name: &Name) -> bool {
        !self.names.iter().any(|other| other.same_file(name))
    }

    fn is_free_folder(&self, folder: &Path) -> bool {
        expand(folder)
            .is_some_and(|path| is_empty(&path) && !self.folders.contains(&key(&LocalSpec::Vdir { path })))
    }
}

fn first(wanted: &Name, fits: impl Fn(&Name) -> bool) -> Result<Name, SetupError> {
    std::iter::once(wanted.clone())
        .chain((2..MOST_OF_ONE_NAME).map(|number| wanted.numbered(number)))
        .find(|name| fits(name))
        .ok_or_else(|| {
            SetupError::Wrong(tr!("no name like \"{wanted}\" is free; choose another folder", wanted))
        })
}

/// Equal for two folders that are the same on a system that does not tell capital letters from small ones.
fn key(local: &LocalSpec) -> String {
    profile::local_key(local).to_string_lossy().to_lowercase()
}

/// What is in a folder already must not be mixed with what another calendar holds.
pub fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Refuses the home folder and the folders that it is in: items would lie among all that the person has.
///
/// # Errors
/// It is one of them.
pub fn refuse_home(local: &LocalSpec) -> Result<(), SetupError> {
    let home = directories::BaseDirs::new().map(|dirs| LocalSpec::Vdir { path: dirs.home_dir().to_owned() });
    if home.is_some_and(|home| profile::local_key(&home).starts_with(profile::local_key(local))) {
        return Err(SetupError::Wrong(tr!(
            "{} is your home folder or one that it is in: choose a folder only for these items, such as ~/Calendars/work",
            local
        )));
    }
    Ok(())
}

/// A path as it is written into a profile's file: in full, unless it begins with the home folder's sign.
pub fn full_path(typed: &Path) -> Result<String, SetupError> {
    let full = if typed.starts_with("~") {
        typed.to_owned()
    } else {
        std::path::absolute(typed).unwrap_or_default()
    };
    match full.to_str() {
        Some(full) if !full.is_empty() => Ok(full.to_owned()),
        _ => Err(SetupError::Wrong(tr!("the name of a file or folder must be UTF-8 text"))),
    }
}

/// The full path of a folder that was typed.
pub fn expand(folder: &Path) -> Option<PathBuf> {
    full_path(folder).ok().and_then(|path| profile::expand(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_folder_is_no_place_for_items() {
        let refused = |folder: &str| refuse_home(&LocalSpec::Vdir { path: profile::expand(folder).unwrap() });
        for folder in ["~", "~/", "~/.", "~/..", "~/Calendars/..", "/"] {
            assert!(matches!(refused(folder), Err(SetupError::Wrong(_))), "{folder}");
        }
        for folder in ["~/Calendars", "~/Calendars/work", "/srv/calendars"] {
            assert!(refused(folder).is_ok(), "{folder}");
        }
    }
}
