//! Opening the two collections of a profile: the one place that knows which kinds there are.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tr::tr;

use super::connection::ProxySpec;
use super::sign_in::{self, LastRead, credentials};
use super::{Account, ConnectionSpec, LocalSpec, Profile, RemoteSpec, Secret, SecretError, SignIn};
use crate::collection::dav::{self, BadCertificates, Dav};
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
    #[error("{}", tr!("the password of the proxy cannot be had: {0}", .0))]
    Proxy(SecretError),
    #[error("{}", tr!("the passphrase of the client certificate cannot be had: {0}", .0))]
    Passphrase(SecretError),
    #[error("{}", tr!("the file {}, which remote.{key} names, cannot be read: {source}; correct the key, or the file", .file.display(), key, source))]
    Unreadable { key: &'static str, file: PathBuf, source: io::Error },
    #[error("{}", tr!("the file {}, which remote.{key} names, is too large for certificates; correct the key, or the file", .file.display(), key))]
    TooLarge { key: &'static str, file: PathBuf },
    #[error("{}", of_certificates(key, .file, .why))]
    Certificates { key: &'static str, file: PathBuf, why: BadCertificates },
    #[error(transparent)]
    Collection(#[from] CollectionError),
}

fn of_certificates(key: &str, file: &Path, why: &BadCertificates) -> String {
    let file = file.display();
    match why {
        BadCertificates::NoCertificate => tr!(
            "the file {file}, which remote.{key} names, holds no certificate in PEM form; correct the \
             key, or the file",
            file,
            key
        ),
        BadCertificates::NotPem(error) => tr!(
            "the file {file}, which remote.{key} names, is not a PEM file that can be read ({error}); \
             correct the key, or the file",
            file,
            key,
            error
        ),
        BadCertificates::EncryptedKey => tr!(
            "the file {file}, which remote.{key} names, holds an encrypted key; make a .p12 file of \
             both with: openssl pkcs12 -export -in FILE -out FILE.p12; correct the key, or the file",
            file,
            key
        ),
        BadCertificates::NoKey => tr!(
            "the file {file}, which remote.{key} names, holds no private key; it must hold the \
             certificate and its key; correct the key, or the file",
            file,
            key
        ),
        BadCertificates::NotPkcs12(error) => tr!(
            "the file {file}, which remote.{key} names, is not a PKCS#12 file that can be read \
             ({error}); correct the key, or the file",
            file,
            key,
            error
        ),
        BadCertificates::WrongPassphrase => tr!(
            "the file {file}, which remote.{key} names, cannot be opened with this passphrase; \
             correct the key, or the file",
            file,
            key
        ),
        BadCertificates::NoKeyInside => tr!(
            "the file {file}, which remote.{key} names, holds no private key; correct the key, or the \
             file",
            file,
            key
        ),
        BadCertificates::NoCertificateForKey => tr!(
            "the file {file}, which remote.{key} names, holds no certificate for its key; correct the \
             key, or the file",
            file,
            key
        ),
    }
}

/// The accounts in use: profiles that sign in to one server in the same way share their connections, and the password is
/// asked for once.
#[derive(Default)]
pub struct Accounts {
    /// An account is locked while it is opened, so that its password is asked for once.
    open: Mutex<HashMap<AccountKey, Arc<tokio::sync::Mutex<Option<dav::Account>>>>>,
    last_read: Mutex<HashMap<SignInKey, LastRead>>,
    last_read_for_proxy: Mutex<HashMap<ProxySpec, LastRead>>,
}

type AccountKey = (SignInKey, ConnectionSpec);
type SignInKey = (Account, Option<SignIn>);

impl Accounts {
    /// The account of a profile. Nothing is sent yet.
    pub async fn get(&self, profile: &Profile) -> Result<dav::Account, OpenError> {
        let RemoteSpec::Dav { connection, .. } = &profile.remote;
        let key = (sign_in_key(profile), connection.clone());
        let place = Arc::clone(lock(&self.open).entry(key).or_default());
        let mut place = place.lock().await;
        if let Some(account) = &*place {
            return Ok(account.clone());
        }
        let account = open_account(profile, None, self.last_read(profile), self.of_proxy(profile)).await?;
        Ok(place.insert(account).clone())
    }

    /// Forgets how the profile is signed in: the next use of the account asks for the secret again.
    pub fn forget(&self, profile: &Profile) {
        let forgotten = sign_in_key(profile);
        lock(&self.open).retain(|(sign_in, _), _| *sign_in != forgotten);
    }

    /// The sign-in of the profile was refused: it is forgotten, but not what was refused.
    pub fn refused(&self, profile: &Profile) {
        self.forget(profile);
        self.last_read(profile).refused();
    }

    /// The proxy refused its sign-in; the server's secret was not sent.
    pub fn refused_by_proxy(&self, profile: &Profile) {
        self.forget(profile);
        self.of_proxy(profile).refused();
    }

    /// The sign-in of the profile was accepted: wherever else the same secret comes from, it is right, too.
    pub fn accepted(&self, profile: &Profile) {
        let proxy = self.of_proxy(profile);
        proxy.accepted(proxy.secret().as_ref());
        let secret = self.last_read(profile).secret();
        self.of_person(&Account::of(profile)).iter().for_each(|read| read.accepted(secret.as_ref()));
    }

    /// Whether the profile's secrets can be had now, and neither is the server's one that it refused when the person used
    /// it last, wherever it came from then, nor the proxy's one that the proxy refused. Nobody is asked, and no server.
    pub async fn is_worth_a_try(&self, profile: &Profile) -> bool {
        let RemoteSpec::Dav { sign_in, connection, .. } = &profile.remote;
        let now = sign_in::secret_now(profile).await;
        let is_refused = || {
            let same = self.of_person(&Account::of(profile));
            same.iter().any(|read| read.refuses(now.as_ref()))
        };
        if (sign_in.is_some() && now.is_none()) || is_refused() {
            return false;
        }
        let now = connection.proxy.password().await;
        now.is_ok_and(|now| !self.of_proxy(profile).refuses(now.as_ref()))
    }

    fn last_read(&self, profile: &Profile) -> LastRead {
        lock(&self.last_read).entry(sign_in_key(profile)).or_default().clone()
    }

    fn of_proxy(&self, profile: &Profile) -> LastRead {
        let RemoteSpec::Dav { connection, .. } = &profile.remote;
        lock(&self.last_read_for_proxy).entry(connection.proxy.clone()).or_default().clone()
    }

    /// What was read last, from wherever this person's secret comes.
    fn of_person(&self, person: &Account) -> Vec<LastRead> {
        let all = lock(&self.last_read);
        all.iter().filter(|((account, _), _)| account == person).map(|(_, read)| read.clone()).collect()
    }
}

fn sign_in_key(profile: &Profile) -> SignInKey {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    (Account::of(profile), sign_in.clone())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The account of a profile. Nothing is sent yet. A password that is given is used instead of the profile's.
pub async fn account(profile: &Profile, given: Option<Secret>) -> Result<dav::Account, OpenError> {
    open_account(profile, given, LastRead::default(), LastRead::default()).await
}

async fn open_account(
    profile: &Profile,
    given: Option<Secret>,
    last_read: LastRead,
    last_read_for_proxy: LastRead,
) -> Result<dav::Account, OpenError> {
    let RemoteSpec::Dav { connection, .. } = &profile.remote;
    let credentials = credentials(profile, given, last_read).await?;
    let connection = connection.load().await?;
    if let dav::Proxy::Via { sign_in: Some(user), .. } = &connection.proxy {
        last_read_for_proxy.set(Some(Secret::new(user.password.clone())));
    }
    Ok(dav::Account::new(credentials, connection)?)
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
    async fn a_refused_secret_is_used_again_only_when_it_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let command = format!("password_command = \"cat {}\"\n", file.display());
        let (work, more) = (profile(&command), profile(&format!("{command}timeout_seconds = 99")));
        let accounts = Accounts::default();
        assert!(!accounts.is_worth_a_try(&work).await, "it cannot be had");
        std::fs::write(&file, "first").unwrap();
        assert!(accounts.is_worth_a_try(&work).await, "nobody refused it");
        accounts.get(&work).await.unwrap();
        accounts.get(&more).await.unwrap();
        accounts.refused(&work);
        assert!(!accounts.is_worth_a_try(&work).await && !accounts.is_worth_a_try(&more).await);
        accounts.get(&work).await.unwrap();
        assert!(!accounts.is_worth_a_try(&work).await, "it is the same, read once more");

        std::fs::write(&file, "second").unwrap();
        assert!(accounts.is_worth_a_try(&work).await && accounts.is_worth_a_try(&more).await);
        accounts.get(&more).await.unwrap();
        accounts.refused(&more);
        assert!(!accounts.is_worth_a_try(&work).await);
        accounts.accepted(&more);
        assert!(accounts.is_worth_a_try(&work).await, "it was right after all");
        std::fs::remove_file(&file).unwrap();
        assert!(!accounts.is_worth_a_try(&work).await, "it cannot be had now");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_was_refused_from_one_source_is_not_tried_from_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let from_file = profile(&format!("password_command = \"cat {}\"", file.display()));
        let [same, other] =
            ["old", "new"].map(|word| profile(&format!("password_command = \"echo {word}\"")));
        let accounts = Accounts::default();
        std::fs::write(&file, "old").unwrap();
        for used in [&from_file, &other] {
            accounts.get(used).await.unwrap();
        }
        accounts.refused(&from_file);
        assert!(!accounts.is_worth_a_try(&same).await, "the same would be refused again");
        assert!(accounts.is_worth_a_try(&other).await);
        // Mended at one place, the other one is to find out itself whether what it has is still wrong.
        std::fs::write(&file, "new").unwrap();
        accounts.get(&from_file).await.unwrap();
        assert!(accounts.is_worth_a_try(&from_file).await && accounts.is_worth_a_try(&same).await);
        accounts.refused(&other);
        assert!(!accounts.is_worth_a_try(&from_file).await);
        accounts.accepted(&from_file);
        assert!(accounts.is_worth_a_try(&other).await, "a refusal that was a mistake of the server's");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_the_proxy_refused_is_used_again_only_when_it_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let proxy = "proxy = \"http://proxy.example:8080\"\nproxy_user = \"jana\"";
        let of_proxy = format!("{proxy}\nproxy_password_command = \"cat {}\"", file.display());
        let work = profile(&format!("password_command = \"echo mine\"\n{of_proxy}"));
        let direct = profile("password_command = \"echo mine\"");
        let accounts = Accounts::default();
        assert!(!accounts.is_worth_a_try(&work).await, "it cannot be had");
        std::fs::write(&file, "first").unwrap();
        accounts.get(&work).await.unwrap();
        accounts.refused_by_proxy(&work);
        assert!(!accounts.is_worth_a_try(&work).await);
        assert!(accounts.is_worth_a_try(&direct).await, "the server did not see the password");
        std::fs::write(&file, "second").unwrap();
        assert!(accounts.is_worth_a_try(&work).await);
        accounts.get(&work).await.unwrap();
        accounts.refused(&work);
        assert!(!accounts.is_worth_a_try(&work).await, "the proxy took it, the server did not");
        accounts.accepted(&work);
        assert!(accounts.is_worth_a_try(&work).await);
    }

    #[tokio::test]
    async fn without_a_sign_in_there_is_no_secret() {
        let anonymous = profile("").remote;
        let RemoteSpec::Dav { url, connection, .. } = anonymous;
        let anonymous = Profile { remote: RemoteSpec::Dav { url, sign_in: None, connection }, ..profile("") };
        let accounts = Accounts::default();
        accounts.get(&anonymous).await.unwrap();
        accounts.refused(&anonymous);
        assert!(!accounts.is_worth_a_try(&anonymous).await);
    }
}
