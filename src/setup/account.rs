//! Profiles for the collections of an account: planned first, then made.
//!
//! A calendar that holds events and tasks gets two profiles that share its folder, one for each: a profile has one
//! kind, and leaving the tasks out would leave them behind without a word. Neither touches the other's items.

use std::path::{Path, PathBuf};

use url::Url;

use super::change::{self, add_new, make_folder, refuse_overlap};
use super::places::{Places, full_path, refuse_home};
use super::{SetupError, discover};
use crate::collection::dav::discovery::Service;
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{
    self, CONFLICTS, KINDS, LocalSpec, MODES, Name, New, PasswordSource, Preset, Profile, ProfileError,
    word_of,
};
use crate::settings::{self, Folders};
use crate::sync::policy::{Conflict, Mode};

/// How new profiles are to be, whatever they sync.
#[derive(Debug, Clone)]
pub struct Wish {
    pub preset: Option<&'static Preset>,
    /// As which client to sign in in a browser, where the preset wants that.
    pub client_id: Option<String>,
    pub mode: Mode,
    pub conflict: Conflict,
    pub password: PasswordSource,
    /// More keys of their files, with values as `profile set` takes them.
    pub keys: Vec<(String, String)>,
}

/// What a profile is for.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    pub name: &'a Name,
    pub kind: Kind,
    pub mode: Mode,
    pub folder: &'a Path,
    pub url: String,
    pub user: Option<String>,
}

/// A profile that can be made.
#[derive(Debug)]
pub struct Planned {
    pub profile: Profile,
    pub text: String,
}

impl Wish {
    /// How collections are looked for.
    pub fn access(&self, user: Option<String>) -> discover::Access {
        let of_preset = self.preset.map(|preset| preset.keys).unwrap_or_default();
        let of_preset = of_preset.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let keys = of_preset.chain(self.keys.iter().cloned()).collect();
        discover::Access { user, password: self.password.clone(), keys }
    }

    /// The profile for this.
    ///
    /// # Errors
    /// Something that was asked for is wrong.
    pub fn plan(&self, home: &Home, target: Target<'_>) -> Result<Planned, SetupError> {
        let Target { name, kind, mode, folder, url, user } = target;
        let mut text = profile::new_text(&New {
            kind: word_of(KINDS, kind),
            mode: word_of(MODES, mode),
            conflict: word_of(CONFLICTS, self.conflict),
            path: full_path(folder)?,
            url,
            user,
            password: self.password.clone(),
        });
        let wrong = SetupError::Wrong;
        for keys in self.preset.map(|preset| [preset.keys, preset.keys_of(kind)]).unwrap_or_default() {
            text = profile::with_keys(text, keys).map_err(wrong)?;
        }
        if let Some(id) = &self.client_id {
            text = profile::set(&text, "oauth.client_id", Some(id)).map_err(wrong)?;
        }
        text = profile::with_keys(text, &self.keys).map_err(wrong)?;
        let profile = profile::parse(name, &home.profile_file(name), &text).map_err(|error| match error {
            // There is no file yet whose line could be looked at.
            ProfileError::Content { what, .. } => SetupError::Wrong(what),
            error => error.into(),
        })?;
        refuse_home(&profile.local)?;
        Ok(Planned { profile, text })
    }
}

/// Where to look, and for what: a service may have its address books elsewhere. With a preset, `typed` is the user there
/// and `host` the server, where that is the person's own.
///
/// # Errors
/// Something is missing: a sentence for a person.
pub fn addresses(
    typed: &str,
    preset: Option<&Preset>,
    host: Option<&str>,
    only: Option<Kind>,
) -> Result<Vec<(String, Vec<Service>)>, String> {
    let mut addresses: Vec<(String, Vec<Service>)> = Vec::new();
    for &service in Service::BOTH {
        let kind = if service == Service::Contacts { Kind::Contacts } else { Kind::Events };
        if only.is_some_and(|only| Service::of(only) != service) {
            continue;
        }
        let address = match preset {
            Some(preset) => preset.address(kind, host, Some(typed))?,
            None => typed.to_owned(),
        };
        match addresses.iter_mut().find(|(known, _)| *known == address) {
            Some((_, services)) => services.push(service),
            None => addresses.push((address, vec![service])),
        }
    }
    Ok(addresses)
}

/// The way in which changes can go where the person may only read.
pub fn possible(wanted: Mode, read_only: bool) -> Mode {
    match wanted {
        Mode::ReplicateFromServer | Mode::MergeFromServer => wanted,
        _ if read_only => Mode::ReplicateFromServer,
        _ => wanted,
    }
}

/// Names, folders and collections that are in use.
#[derive(Debug)]
pub struct Taken {
    /// Where folders are made.
    roots: Folders,
    profiles: Vec<Profile>,
    places: Places,
    /// The folders of the collections that were placed, for their second kind.
    placed: Vec<(Url, Name, PathBuf)>,
}

impl Taken {
    /// New folders are made below `root`, or where the settings say.
    ///
    /// # Errors
    /// The settings or the profiles cannot be read.
    pub fn new(home: &Home, root: Option<&Path>) -> Result<Self, SetupError> {
        let roots = match root {
            Some(root) => Folders::all_in(root),
            None => settings::load(home)?.folders,
        };
        let loaded = profile::load_all(home)?;
        let places = Places::new(&loaded);
        Ok(Self { roots, profiles: loaded.profiles, places, placed: Vec::new() })
    }

    /// The profile that syncs this already.
    pub fn syncing(&self, url: &Url, kind: Kind) -> Option<&Name> {
        let key = profile::url_key(url);
        let mut same = self.profiles.iter().filter(|profile| profile.kind == kind);
        same.find(|profile| profile::remote_key(&profile.remote) == key).map(|profile| &profile.name)
    }

    /// A free name and folder for a collection; its second kind shares the folder.
    ///
    /// # Errors
    /// None is free.
    pub fn place(&mut self, url: &Url, called: &str, kind: Kind) -> Result<(Name, PathBuf), SetupError> {
        if let Some((_, first, folder)) = self.placed.iter().find(|(placed, ..)| placed == url) {
            let name = self.places.name(&Name::like(&format!("{first} {}", kind.in_words())))?;
            return Ok((name, folder.clone()));
        }
        let (name, folder) = self.places.both(self.roots.of(kind), &Name::like(called))?;
        self.placed.push((url.clone(), name.clone(), folder.clone()));
        Ok((name, folder))
    }
}

/// Makes profiles and their folders: all of them, or none.
///
/// # Errors
/// One of them cannot be made.
pub fn make_all(home: &Home, planned: &[Planned]) -> Result<(), SetupError> {
    for one in planned {
        profile::refuse_taken(home, &one.profile.name)?;
        refuse_overlap(home, &one.profile)?;
        make_folder(&one.profile)?;
    }
    for (at, one) in planned.iter().enumerate() {
        if let Err(error) = add_new(home, &one.profile.name, &one.text) {
            for made in planned.iter().take(at) {
                // What made the other one fail is what is told.
                let _ = profile::remove(home, made.profile.name.as_str());
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Takes back profiles that nothing was synced with yet, their empty folders and their password. Others stay.
///
/// # Errors
/// One of them cannot be removed.
pub async fn take_back(home: &Home, names: &[String]) -> Result<(), SetupError> {
    for name in names {
        let profile = match profile::load(home, name) {
            // It was taken back before one that could not be.
            Err(ProfileError::NoSuch { .. }) => continue,
            loaded => loaded?,
        };
        if !profile.preview_needed {
            continue;
        }
        change::remove(home, name).await?;
        let LocalSpec::Vdir { path } = &profile.local;
        // One that holds anything, or another profile's, stays.
        let _ = std::fs::remove_dir(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::preset_named;

    #[test]
    fn where_to_look_for_what() {
        let looked = |typed: &str, preset: Option<&str>, host: Option<&str>| -> String {
            let preset = preset.map(|name| preset_named(name).unwrap());
            match addresses(typed, preset, host, None) {
                Ok(found) => format!("{found:?}"),
                Err(why) => why,
            }
        };
        insta::assert_snapshot!(looked("jana@example.org", None, None), @r#"[("jana@example.org", [Calendars, Contacts])]"#);
        insta::assert_snapshot!(looked("jana", Some("gmx"), None), @r#"[("https://caldav.gmx.net/", [Calendars]), ("https://carddav.gmx.net/", [Contacts])]"#);
        insta::assert_snapshot!(looked("jana", Some("nextcloud"), Some("cloud.example.org")), @r#"[("https://cloud.example.org/remote.php/dav/", [Calendars, Contacts])]"#);
        insta::assert_snapshot!(looked("jana", Some("nextcloud"), None), @"Nextcloud runs on many servers; give the host of yours with --url HOST");
    }

    #[test]
    fn what_may_only_be_read_is_copied_from_the_server() {
        assert_eq!(possible(Mode::TwoWay, false), Mode::TwoWay);
        assert_eq!(possible(Mode::TwoWay, true), Mode::ReplicateFromServer);
        assert_eq!(possible(Mode::ReplicateToServer, true), Mode::ReplicateFromServer);
        assert_eq!(possible(Mode::MergeFromServer, true), Mode::MergeFromServer);
    }

    fn wish() -> Wish {
        let keys = vec![("preview_needed".to_owned(), "true".to_owned())];
        Wish {
            preset: None,
            client_id: None,
            mode: Mode::TwoWay,
            conflict: Conflict::Automatic,
            password: PasswordSource::Keyring,
            keys,
        }
    }

    fn planned(home: &Home, name: &str, folder: &Path) -> Planned {
        plan(home, name, folder).unwrap()
    }

    fn plan(home: &Home, name: &str, folder: &Path) -> Result<Planned, SetupError> {
        let target = Target {
            name: &Name::new(name).unwrap(),
            kind: Kind::Events,
            mode: Mode::TwoWay,
            folder,
            url: format!("https://dav.example/{name}/"),
            user: None,
        };
        wish().plan(home, target)
    }

    #[test]
    fn the_home_folder_is_not_the_folder_of_a_new_profile() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let why = plan(&home, "work", Path::new("~")).unwrap_err().to_string();
        assert!(why.contains("home folder"), "{why}");
    }

    #[tokio::test]
    async fn all_are_made_or_none_and_what_never_ran_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (home, items) = (Home::at(&folder.path().join("home")), folder.path().join("items"));
        let (work, full) = (items.join("work"), items.join("full"));
        let one = planned(&home, "work", &work);
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "x").unwrap();
        assert!(make_all(&home, &[one, planned(&home, "bad", &blocked.join("folder"))]).is_err());
        assert!(profile::load_all(&home).unwrap().profiles.is_empty());

        make_all(&home, &[planned(&home, "work", &work), planned(&home, "full", &full)]).unwrap();
        assert!(make_all(&home, &[planned(&home, "Work", &items.join("other"))]).is_err());
        std::fs::write(full.join("mine.ics"), "x").unwrap();
        profile::accept_preview(&home, "full").unwrap();
        // Once more too, as after one that could not be taken back at first.
        for _ in 0..2 {
            take_back(&home, &["work".to_owned(), "full".to_owned()]).await.unwrap();
        }
        let left = profile::load_all(&home).unwrap().profiles;
        assert_eq!(left.iter().map(|profile| profile.name.as_str()).collect::<Vec<_>>(), ["full"]);
        assert!(!work.exists() && full.join("mine.ics").exists());
    }
}
