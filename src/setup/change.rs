//! Changing, copying, arranging and removing profiles.

use jiff::Timestamp;

use super::SetupError;
use crate::home::Home;
use crate::profile::{self, LocalSpec, Name, Profile};
use crate::state::State;

/// Refuses an active profile that syncs the same pair as another active one.
///
/// # Errors
/// It does.
pub fn refuse_overlap(home: &Home, changed: &Profile) -> Result<(), SetupError> {
    let others = profile::load_all(home)?.profiles;
    let others = others.iter().filter(|other| other.active && other.name != changed.name);
    let all = others.chain(changed.active.then_some(changed));
    match profile::overlaps(all).into_iter().find(|two| two.second == changed.name) {
        Some(two) => Err(SetupError::Wrong(format!(
            "the profile {} already syncs {} with {}; a second active profile on both would double the items",
            two.first, two.local, two.remote
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
        SetupError::NotDone(format!("the folder {} cannot be made: {error}", path.display()))
    })
}
