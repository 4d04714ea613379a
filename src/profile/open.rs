//! Opening the two collections of a profile: the one place that knows which kinds there are.

use std::collections::HashMap;

use tokio::sync::Mutex;

use super::{LocalSpec, Profile, RemoteSpec, SecretError, SignIn, password};
use crate::collection::dav::{Account, Connection, Credentials, Dav};
use crate::collection::vdir::Vdir;
use crate::collection::{Collection, CollectionError};

/// Both collections of a profile.
pub struct Sides {
    pub local: Box<dyn Collection>,
    pub remote: Box<dyn Collection>,
}

/// A collection of a profile cannot be opened. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Collection(#[from] CollectionError),
}

/// The accounts in use: profiles of one user on one server share their connections, and the password
/// is asked for once.
#[derive(Default)]
pub struct Accounts {
    open: Mutex<HashMap<(url::Origin, Option<SignIn>), Account>>,
}

impl Accounts {
    async fn get(&self, profile: &Profile) -> Result<Account, OpenError> {
        let RemoteSpec::Dav { url, sign_in } = &profile.remote;
        let mut open = self.open.lock().await;
        if let Some(account) = open.get(&(url.origin(), sign_in.clone())) {
            return Ok(account.clone());
        }
        let credentials = match (sign_in, password(profile).await?) {
            (Some(sign_in), Some(secret)) => {
                Credentials::Password { user: sign_in.user.clone(), password: secret.expose().to_owned() }
            }
            _ => Credentials::None,
        };
        let account = Account::new(credentials, Connection::default())?;
        open.insert((url.origin(), sign_in.clone()), account.clone());
        Ok(account)
    }
}

/// Opens both collections. Nothing is read or written yet.
pub async fn open(profile: &Profile, accounts: &Accounts) -> Result<Sides, OpenError> {
    Ok(Sides {
        local: Box::new(open_local(profile)),
        remote: Box::new(open_remote(profile, accounts).await?),
    })
}

/// Opens the local collection.
pub fn open_local(profile: &Profile) -> Vdir {
    let LocalSpec::Vdir { path } = &profile.local;
    Vdir::open(path.clone(), profile.kind)
}

/// Opens the remote collection.
pub async fn open_remote(profile: &Profile, accounts: &Accounts) -> Result<Dav, OpenError> {
    let RemoteSpec::Dav { url, .. } = &profile.remote;
    Ok(Dav::open(accounts.get(profile).await?, url.as_str(), profile.kind)?)
}
