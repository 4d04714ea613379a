//! Opening the two collections of a profile: the one place that knows which kinds there are.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::sign_in::{self, LastRead, credentials};
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
    /// An account is locked while it is opened, so that its password is asked for once.
    open: Mutex<HashMap<AccountKey, Arc<tokio::sync::Mutex<Option<Account>>>>>,
    last_read: Mutex<HashMap<SignInKey, LastRead>>,
}

type AccountKey = (SignInKey, ConnectionSpec);
type SignInKey = (url::Origin, Option<SignIn>);

impl Accounts {
    /// The account of a profile. Nothing is sent yet.
    pub async fn get(&self, profile: &Profile) -> Result<Account, OpenError> {
        let RemoteSpec::Dav { connection, .. } = &profile.remote;
        let key = (sign_in_key(profile), connection.clone());
        let place = Arc::clone(lock(&self.open).entry(key).or_default());
        let mut place = place.lock().await;
        if let Some(account) = &*place {
            return Ok(account.clone());
        }
        let account = open_account(profile, None, self.last_read(profile)).await?;
        Ok(place.insert(account).clone())
    }

    /// Forgets a sign-in that was refused: the next use of the account asks for the secret again, and tries it.
    pub fn forget(&self, profile: &Profile) {
        let refused = sign_in_key(profile);
        lock(&self.open).retain(|(sign_in, _), _| *sign_in != refused);
    }

    /// Whether the profile's secret can be had now and is another than the one that was used last. Neither a server nor
    /// the person is asked. The account still uses the old one, until it is forgotten.
    pub async fn secret_changed(&self, profile: &Profile) -> bool {
        sign_in::is_another(profile, &self.last_read(profile)).await
    }

    fn last_read(&self, profile: &Profile) -> LastRead {
        lock(&self.last_read).entry(sign_in_key(profile)).or_default().clone()
    }
}

fn sign_in_key(profile: &Profile) -> SignInKey {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    (url.origin(), sign_in.clone())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The account of a profile. Nothing is sent yet. A password that is given is used instead of the profile's.
pub async fn account(profile: &Profile, given: Option<Secret>) -> Result<Account, OpenError> {
    open_account(profile, given, LastRead::default()).await
}

async fn open_account(
    profile: &Profile,
    given: Option<Secret>,
    last_read: LastRead,
) -> Result<Account, OpenError> {
    let RemoteSpec::Dav { connection, .. } = &profile.remote;
    Ok(Account::new(credentials(profile, given, last_read).await?, connection.load().await?)?)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Name, parse};

    /// A profile with these lines in `[remote]`.
    fn profile(remote: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/cal\"\n[remote]\ntype = \"dav\"\n\
             url = \"https://dav.example/work/\"\nuser = \"jana\"\n{remote}"
        );
        parse(&Name::new("p").unwrap(), Path::new("p.toml"), &text).unwrap()
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn another_secret_is_noticed_and_used_once_the_old_one_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let command = format!("password_command = \"cat {}\"\n", file.display());
        let (work, more) = (profile(&command), profile(&format!("{command}timeout_seconds = 99")));
        let accounts = Accounts::default();
        assert!(!accounts.secret_changed(&work).await, "it cannot be had");
        std::fs::write(&file, "first").unwrap();
        assert!(accounts.secret_changed(&work).await, "there was none before");
        accounts.get(&work).await.unwrap();
        accounts.get(&more).await.unwrap();
        assert!(!accounts.secret_changed(&work).await);

        std::fs::write(&file, "second").unwrap();
        assert!(accounts.secret_changed(&work).await && accounts.secret_changed(&more).await);
        accounts.get(&work).await.unwrap();
        assert!(accounts.secret_changed(&work).await, "the open account goes on with the old one");
        accounts.forget(&more);
        accounts.get(&work).await.unwrap();
        assert!(!accounts.secret_changed(&work).await && !accounts.secret_changed(&more).await);
        std::fs::remove_file(&file).unwrap();
        assert!(!accounts.secret_changed(&work).await, "it cannot be had now");
    }

    #[tokio::test]
    async fn without_a_sign_in_there_is_no_secret() {
        let anonymous = profile("").remote;
        let RemoteSpec::Dav { url, connection, .. } = anonymous;
        let anonymous = Profile { remote: RemoteSpec::Dav { url, sign_in: None, connection }, ..profile("") };
        assert!(!Accounts::default().secret_changed(&anonymous).await);
    }
}
