//! Taking over profiles of Outlook CalDav Synchronizer from a .cdsp file, and writing such files.

use std::collections::HashMap;
use std::path::PathBuf;

use super::change::{add_new, make_folder};
use super::{SetupError, password};
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, SecretError};

mod export;
mod folders;
mod held;
mod here;
mod plan;
mod secrets;
mod told;

pub use export::{Gathered, gather};
use folders::Folders;
pub use plan::{Fate, Planned, Why, plan};

/// What the person says about an import.
#[derive(Debug, Default)]
pub struct Choices {
    /// New profiles get folders below this one, called as they are in Outlook.
    pub root: Option<PathBuf>,
    /// The folder here, by the name of a folder of Outlook's, or of a profile.
    pub folders: Vec<(String, String)>,
    /// What a profile syncs, by its name, where the file does not tell.
    pub kinds: Vec<(String, String)>,
    /// What is said of one profile, by its place in the file: several may have one name.
    pub of_one: HashMap<usize, OfOne>,
    /// With what one signs in in a browser, for profiles of Google's.
    pub client_id: Option<String>,
}

/// What the person says of one profile of the file.
#[derive(Debug, Default)]
pub struct OfOne {
    /// Its folder here, which it is not to share with another calendar.
    pub folder: Option<String>,
    /// What it syncs, where the file does not tell.
    pub kind: Option<Kind>,
}

/// A profile of the file whose folder here nobody has named.
#[derive(Debug)]
pub struct Unplaced<'a> {
    /// Its name in the file.
    pub label: &'a str,
    /// What its folder is called in Outlook.
    pub called: &'a str,
    pub kind: Kind,
    /// A folder that is free.
    pub suggested: PathBuf,
}

/// Who says which folder it is; none where nobody does.
pub type Ask<'a> = &'a dyn Fn(Unplaced) -> Option<PathBuf>;

/// What became of the password of an imported profile.
#[derive(Debug)]
pub enum Password {
    /// The file has none, or it is not needed.
    None,
    Stored,
    /// The keyring has one already, which stays.
    Stays,
    NotStored(SetupError),
}

/// Writes a profile that is new or replaced; none where nothing is to be done about it.
///
/// # Errors
/// Its folder or its file cannot be made.
pub async fn write(home: &Home, planned: &Planned) -> Result<Option<Password>, SetupError> {
    let Some((profile, text)) = &planned.file else { return Ok(None) };
    match planned.fate {
        Fate::Added => {
            make_folder(profile)?;
            add_new(home, &profile.name, text)?;
        }
        Fate::Replaced => {
            profile::replace(home, &profile.name, text)?;
        }
        Fate::Unchanged | Fate::Skipped(_) => return Ok(None),
    }
    let Some(secret) = &planned.password else { return Ok(Some(Password::None)) };
    let has = profile::has_secret(profile).await;
    let kept = store_if_none(has, password::store(profile, secret.clone())).await;
    Ok(Some(kept.unwrap_or_else(Password::NotStored)))
}

/// Puts a password into the keyring, but never in place of one.
async fn store_if_none(
    has: Result<bool, SecretError>,
    store: impl Future<Output = Result<(), SetupError>>,
) -> Result<Password, SetupError> {
    if has? {
        return Ok(Password::Stays);
    }
    store.await.map(|()| Password::Stored)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_password_in_the_keyring_stays() {
        let stored = Cell::new(false);
        let store = || async {
            stored.set(true);
            Ok(())
        };
        assert!(matches!(store_if_none(Ok(true), store()).await, Ok(Password::Stays)));
        assert!(store_if_none(Err(SecretError::Locked), store()).await.is_err());
        assert!(!stored.get());
        assert!(matches!(store_if_none(Ok(false), store()).await, Ok(Password::Stored)) && stored.get());
    }
}
