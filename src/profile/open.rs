//! Opening the two collections of a profile: the one place that knows which kinds there are.

use std::collections::HashMap;
use std::path::PathBuf;

use tokio::sync::Mutex;

use super::sign_in::credentials;
use super::{ConnectionSpec, LocalSpec, Profile, RemoteSpec, Secret, SecretError, SignIn};
use crate::collection::dav::{Account, Dav};
use crate::collection::lists::Lists;
use crate::collection::vdir::Vdir;
use crate::collection::{Collection, CollectionError};
use crate::item::mapping::options::Groups;

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
    #[error("the password of the proxy cannot be had: {0}")]
    Proxy(SecretError),
    #[error("the passphrase of the client certificate cannot be had: {0}")]
    Passphrase(SecretError),
    #[error("the file {}, which remote.{key} names, {what}; correct the key, or the file", .file.display())]
    File { key: &'static str, file: PathBuf, what: String },
    #[error(transparent)]
    Collection(#[from] CollectionError),
}

/// The accounts in use: profiles of one user on one server share their connections, and the password
/// is asked for once.
#[derive(Default)]
pub struct Accounts {
    open: Mutex<HashMap<AccountKey, Account>>,
}

type AccountKey = (url::Origin, Option<SignIn>, ConnectionSpec);

impl Accounts {
    /// The account of a profile. Nothing is sent yet.
    pub async fn get(&self, profile: &Profile) -> Result<Account, OpenError> {
        let RemoteSpec::Dav { url, sign_in, connection } = &profile.remote;
        let mut open = self.open.lock().await;
        let key = (url.origin(), sign_in.clone(), connection.clone());
        if let Some(account) = open.get(&key) {
            return Ok(account.clone());
        }
        let account = account(profile, None).await?;
        open.insert(key, account.clone());
        Ok(account)
    }
}

/// The account of a profile. Nothing is sent yet. A password that is given is used instead of the profile's.
pub async fn account(profile: &Profile, given: Option<Secret>) -> Result<Account, OpenError> {
    let RemoteSpec::Dav { connection, .. } = &profile.remote;
    Ok(Account::new(credentials(profile, given).await?, connection.load().await?)?)
}

/// Opens both collections. Nothing is read or written yet.
pub async fn open(profile: &Profile, accounts: &Accounts) -> Result<Sides, OpenError> {
    let dav = open_remote(profile, accounts).await?.watching_look(profile.name_and_color);
    let remote: Box<dyn Collection> = match profile.mapping.contacts.groups {
        Groups::VList => Box::new(Lists::new(dav)),
        _ => Box::new(dav),
    };
    Ok(Sides { local: Box::new(open_local(profile)), remote })
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
