//! Changing, copying, arranging and removing profiles.

use std::path::PathBuf;

use jiff::Timestamp;
use tr::tr;

use super::places::refuse_home;
use super::{SetupError, password};
use crate::home::Home;
use crate::profile::{self, Loaded, LocalSpec, Name, Profile, RemoteSpec, SignIn};
use crate::settings;
use crate::state::State;

/// A key and its new value; none: the key is removed, so that its default counts.
pub type Change = (String, Option<String>);

/// A profile as it would be after these changes, and the text of its file. Nothing is written.
///
/// # Errors
/// There is no such profile, a change is wrong, its folder would be the home folder, or it would double the work of
/// another one.
pub fn changed(home: &Home, name: &str, changes: &[Change]) -> Result<(Profile, String), SetupError> {
    let (name, old) = profile::read_text(home, name)?;
    let set = |text: String, (key, value): &Change| profile::set(&text, key, value.as_deref());
    let new = changes.iter().try_fold(old, set).map_err(SetupError::Wrong)?;
    let changed = profile::parse(&name, &home.profile_file(&name), &new)?;
    if changes.iter().any(|(key, _)| key == "local.path") {
        refuse_home(&changed.local)?;
    }
    refuse_overlap(home, &changed)?;
    Ok((changed, new))
}

/// Changes keys of a profile: all of them, or none.
///
/// # Errors
/// As [`changed`], or the file cannot be written.
pub fn set(home: &Home, name: &str, changes: &[Change]) -> Result<Name, SetupError> {
    let (changed, text) = changed(home, name, changes)?;
    profile::replace(home, &changed.name, &text)?;
    Ok(changed.name)
}

/// Refuses an active profile that syncs the same pair as another active one.
///
/// # Errors
/// It does.
pub fn refuse_overlap(home: &Home, changed: &Profile) -> Result<(), SetupError> {
    let others = profile::load_all(home)?.profiles;
    let others = others.iter().filter(|other| other.active && other.name != changed.name);
    let all = others.chain(changed.active.then_some(changed));
    match profile::overlaps(all).into_iter().find(|two| two.second == changed.name) {
        Some(two) => Err(SetupError::Wrong(tr!(
            "the profile {} already syncs {} with {}; a second active profile on both would double the items",
            two.first,
            two.local,
            two.remote
        ))),
        None => Ok(()),
    }
}

/// Writes the file of a new profile. What an earlier one of its name had in sync does not count for it: what was
/// deleted on one side meanwhile would be deleted on the other.
///
/// # Errors
/// Its name is taken, its text is wrong, or it cannot be written.
pub fn add_new(home: &Home, name: &Name, text: &str) -> Result<Profile, SetupError> {
    profile::refuse_taken(home, name)?;
    State::forget(&home.state_file(name), Timestamp::now())?;
    Ok(profile::add(home, name, text)?)
}

/// Makes the folder of a new profile.
///
/// # Errors
/// The system does not.
pub fn make_folder(new: &Profile) -> Result<(), SetupError> {
    let LocalSpec::Vdir { path } = &new.local;
    std::fs::create_dir_all(path).map_err(|error| {
        SetupError::NotDone(tr!("the folder {} cannot be made: {error}", path.display(), error))
    })
}

/// Copies a profile. The copy is inactive: both would sync the same items.
///
/// # Errors
/// The new name is taken or none, or the file cannot be written.
pub fn copy(home: &Home, name: &str, new: &str) -> Result<(Name, Name), SetupError> {
    let new = Name::new(new).map_err(|error| SetupError::Wrong(error.to_string()))?;
    let (name, text) = profile::read_text(home, name)?;
    let text = profile::set(&text, "active", Some("false")).map_err(SetupError::Wrong)?;
    // An id is that of one profile.
    let text = profile::set(&text, "cdsp.id", None).map_err(SetupError::Wrong)?;
    add_new(home, &new, &text)?;
    Ok((name, new))
}

/// Forgets what was in sync, so that the next run compares both sides anew.
///
/// # Errors
/// There is no such profile, or another Pimbridge works on it.
pub fn reset(home: &Home, name: &str) -> Result<Name, SetupError> {
    let name = profile::existing(home, name)?;
    State::forget(&home.state_file(&name), Timestamp::now())?;
    Ok(name)
}

/// What became of a removed profile.
#[derive(Debug)]
pub struct Removed {
    pub name: Name,
    /// The file with its reports and its history, which stays.
    pub state: Option<PathBuf>,
    /// The sign-in whose secret is removed from the keyring.
    pub secret: Option<SignIn>,
}

/// Removes a profile; its items stay as they are on both sides.
///
/// # Errors
/// There is no such profile, or another Pimbridge works on it.
pub async fn remove(home: &Home, name: &str) -> Result<Removed, SetupError> {
    let name = profile::existing(home, name)?;
    let removed = profile::load(home, name.as_str()).ok();
    let state = home.state_file(&name);
    State::forget(&state, Timestamp::now())?;
    profile::remove(home, name.as_str())?;
    let state = state.exists().then_some(state);
    let secret = match &removed {
        Some(profile) if password::forget(home, profile).await? => {
            let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
            sign_in.clone()
        }
        _ => None,
    };
    Ok(Removed { name, state, secret })
}

/// All profiles, in the person's order.
///
/// # Errors
/// The folder cannot be read.
pub fn load_all(home: &Home) -> Result<Loaded, SetupError> {
    let mut loaded = profile::load_all(home)?;
    // Settings that cannot be read keep nobody from seeing the profiles.
    let order = settings::load(home).map(|settings| settings.profile_order).unwrap_or_default();
    loaded.profiles.sort_by_key(|profile| order.place(profile.name.as_str()));
    loaded.broken.sort_by_key(|(name, _)| order.place(name));
    Ok(loaded)
}

/// Shows the profiles in this order from now on.
///
/// # Errors
/// There is no such profile, or the settings cannot be written.
pub fn arrange(home: &Home, names: &[String]) -> Result<(), SetupError> {
    for name in names {
        profile::existing(home, name)?;
    }
    Ok(settings::change(home, &[("profile_order".to_owned(), Some(names.join(",")))])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/x\"\n[remote]\ntype = \"dav\"\n\
                        url = \"https://s.example/a/\"\n";

    fn home(names: &[&str]) -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        for name in names {
            let text = TEXT.replace("/a/", &format!("/{name}/"));
            profile::add(&home, &Name::new(name).unwrap(), &text).unwrap();
        }
        (folder, home)
    }

    fn change(key: &str, value: &str) -> Change {
        (key.to_owned(), Some(value.to_owned()))
    }

    fn names(home: &Home) -> Vec<String> {
        load_all(home).unwrap().profiles.iter().map(|profile| profile.name.to_string()).collect()
    }

    #[test]
    fn all_changes_or_none() {
        let (_folder, home) = home(&["work"]);
        let before = profile::read_text(&home, "work").unwrap();
        assert!(set(&home, "work", &[change("category", "Team"), change("past_days", "often")]).is_err());
        let (changed, _) = changed(&home, "work", &[change("category", "Team")]).unwrap();
        assert_eq!(changed.limits.category.unwrap().name, "Team");
        assert_eq!(profile::read_text(&home, "work").unwrap(), before, "nothing is written");
        set(&home, "work", &[change("category", "Team"), change("past_days", "30")]).unwrap();
        assert_eq!(profile::load(&home, "work").unwrap().limits.past_days, Some(30));
    }

    #[test]
    fn items_do_not_move_into_the_home_folder() {
        let (_folder, home) = home(&["work"]);
        let why = set(&home, "work", &[change("local.path", "~")]).unwrap_err().to_string();
        assert!(why.contains("home folder"), "{why}");
        set(&home, "work", &[change("local.path", "~/Calendars/work")]).unwrap();
    }

    #[test]
    fn a_copy_waits_until_it_syncs_something_else() {
        let (_folder, home) = home(&["work"]);
        copy(&home, "work", "twin").unwrap();
        assert!(!profile::load(&home, "twin").unwrap().active);
        let why = set(&home, "twin", &[change("active", "true")]).unwrap_err().to_string();
        assert!(why.contains("would double"), "{why}");
        assert!(copy(&home, "work", "Twin").is_err(), "the name is taken");
    }

    #[test]
    fn the_order_is_the_persons() {
        let (_folder, home) = home(&["a", "b", "c", "d"]);
        assert_eq!(names(&home), ["a", "b", "c", "d"]);
        arrange(&home, &["c".to_owned(), "a".to_owned()]).unwrap();
        assert_eq!(names(&home), ["c", "a", "b", "d"], "who is not named comes last");
        assert!(arrange(&home, &["e".to_owned()]).is_err());
        arrange(&home, &[]).unwrap();
        assert_eq!(names(&home), ["a", "b", "c", "d"]);
    }

    #[tokio::test]
    async fn what_stays_of_a_removed_profile() {
        let (_folder, home) = home(&["work"]);
        let removed = remove(&home, "work").await.unwrap();
        assert!(removed.state.is_none() && removed.secret.is_none());
        assert!(remove(&home, "work").await.is_err());
    }
}
