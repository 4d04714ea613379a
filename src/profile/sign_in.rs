//! How a profile signs in, and where what it needs for that is kept.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tr::tr;
use url::Url;

use super::secret::{PasswordSource, Purpose, Secret, SecretError, SecretSource};
use super::{OpenError, Profile, RemoteSpec, keyring};
use crate::collection::dav::{Credentials, TokenSource};
use crate::collection::{CollectionError, Trouble};
use crate::oauth::{self, OAuthError};
use crate::report::wording::shell_word;

/// How to sign in on a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SignIn {
    /// As a user with a password (Basic, RFC 7617, or Digest, RFC 7616).
    Password { user: String, password: PasswordSource },
    /// With a bearer token that something else provides (RFC 6750).
    Token { user: Option<String>, token: PasswordSource },
    /// With access tokens of an authorization server (RFC 6749).
    OAuth { user: Option<String>, client: Box<oauth::Client>, secret: Option<SecretSource> },
}

impl SignIn {
    pub fn user(&self) -> Option<&str> {
        match self {
            SignIn::Password { user, .. } => Some(user),
            SignIn::Token { user, .. } | SignIn::OAuth { user, .. } => user.as_deref(),
        }
    }

    /// Where the profile says that the secret is; none where it is in the keyring.
    pub(super) fn given(&self) -> Option<&SecretSource> {
        match self {
            SignIn::Password { password: PasswordSource::Given(given), .. }
            | SignIn::Token { token: PasswordSource::Given(given), .. } => Some(given),
            SignIn::Password { .. } | SignIn::Token { .. } => None,
            SignIn::OAuth { secret, .. } => secret.as_ref(),
        }
    }

    /// How the keyring calls what it keeps for this sign-in at the server of this address: one entry serves all
    /// profiles of a person there.
    fn entry(&self, url: &Url) -> String {
        let user = self.user().unwrap_or_default();
        let server = url.origin().ascii_serialization();
        match self {
            SignIn::Password { .. } => format!("{user}@{server}"),
            SignIn::Token { .. } => format!("token: {user}@{server}"),
            SignIn::OAuth { client, .. } => {
                format!("refresh token: {user}@{} ({})", client.token_url, client.id)
            }
        }
    }
}

/// What the keyring calls the secret of a profile; none where it needs no secret from there.
pub fn keyring_entry(profile: &Profile) -> Option<String> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let sign_in = sign_in.as_ref()?;
    match sign_in {
        SignIn::Password { password: PasswordSource::Given(_), .. }
        | SignIn::Token { token: PasswordSource::Given(_), .. } => None,
        _ => Some(sign_in.entry(url)),
    }
}

/// Puts the password, the token or the refresh token of a profile into the keyring.
pub async fn store_secret(profile: &Profile, secret: Secret) -> Result<(), SecretError> {
    keyring::store(entry_of(profile)?, secret).await
}

/// Finds out whether there is a keyring for what is to be stored.
pub async fn check_keyring(profile: &Profile) -> Result<(), SecretError> {
    keyring::load(entry_of(profile)?).await.map(|_| ())
}

/// Whether the keyring has something for the sign-in of a profile.
pub async fn has_secret(profile: &Profile) -> Result<bool, SecretError> {
    keyring::load(entry_of(profile)?).await.map(|secret| secret.is_some())
}

/// Removes what the keyring has for the sign-in of a profile; says whether there was anything.
pub async fn delete_secret(profile: &Profile) -> Result<bool, SecretError> {
    keyring::delete(entry_of(profile)?).await
}

fn entry_of(profile: &Profile) -> Result<String, SecretError> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    sign_in.as_ref().map(|sign_in| sign_in.entry(url)).ok_or(SecretError::NoUser)
}

/// The secret that was read last for a sign-in; none before, or where there was none. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct LastRead(Arc<std::sync::Mutex<Read>>);

#[derive(Default)]
struct Read {
    secret: Option<Secret>,
    /// The server refused it.
    is_refused: bool,
}

impl LastRead {
    fn read(&self) -> MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, secret: Option<Secret>) {
        let mut read = self.read();
        if read.secret != secret {
            *read = Read { secret, is_refused: false };
        }
    }

    /// The server refused it.
    pub(super) fn refused(&self) {
        self.read().is_refused = true;
    }

    /// The server took this secret, or wanted none.
    pub(super) fn accepted(&self, secret: Option<&Secret>) {
        let mut read = self.read();
        if read.secret.as_ref() == secret {
            read.is_refused = false;
        }
    }

    pub(super) fn secret(&self) -> Option<Secret> {
        self.read().secret.clone()
    }

    /// Whether this secret, or that there was none, was refused when it was used last.
    pub(super) fn refuses(&self, secret: Option<&Secret>) -> bool {
        let read = self.read();
        read.is_refused && read.secret.as_ref() == secret
    }
}

/// The secret of a profile; none where it cannot be had now. Nobody is asked, and no server.
pub(super) async fn secret_now(profile: &Profile) -> Option<Secret> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let sign_in = sign_in.as_ref()?;
    let entry = sign_in.entry(url);
    let now = match sign_in {
        SignIn::Password { password: source, .. } => source.read(Purpose::Password, &entry).await,
        SignIn::Token { token: source, .. } => source.read(Purpose::Token, &entry).await,
        SignIn::OAuth { .. } => keyring::load(entry).await,
    };
    now.ok().flatten()
}

/// What the requests of a profile prove themselves with. A password that is given is used instead of the profile's. A
/// token is asked for when the first request needs it.
pub(super) async fn credentials(
    profile: &Profile,
    given: Option<Secret>,
    last: LastRead,
) -> Result<Credentials, OpenError> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let Some(sign_in) = sign_in else { return Ok(Credentials::None) };
    let store = Store { entry: sign_in.entry(url), profile: profile.name.to_string(), last_read: last };
    Ok(match sign_in {
        SignIn::Password { user, password } => {
            let password = match given {
                Some(given) => given,
                None => store.read(password, Purpose::Password).await?,
            };
            Credentials::Password { user: user.clone(), password: password.expose().to_owned() }
        }
        SignIn::Token { token, .. } => {
            Credentials::Token(Box::new(GivenToken { source: token.clone(), store, last: Mutex::default() }))
        }
        SignIn::OAuth { .. } => {
            let endpoint = token_endpoint(profile).await?;
            Credentials::Token(Box::new(RefreshedToken { endpoint, store, last: Mutex::default() }))
        }
    })
}

/// Where a profile that signs in with OAuth gets its tokens. Nothing is asked of it yet.
///
/// # Errors
/// The profile signs in otherwise, or something that is needed for the connection cannot be had.
pub async fn token_endpoint(profile: &Profile) -> Result<oauth::TokenEndpoint, OpenError> {
    let RemoteSpec::Dav { sign_in, connection, .. } = &profile.remote;
    let Some(SignIn::OAuth { client, secret, .. }) = sign_in else {
        return Err(
            CollectionError::new(Trouble::SignIn, tr!("the profile does not sign in with OAuth")).into()
        );
    };
    let secret = match secret {
        Some(source) => Some(source.read(Purpose::ClientSecret).await?.expose().to_owned()),
        None => None,
    };
    let http = connection.load().await?.client_for_tokens(&client.token_url)?;
    Ok(oauth::TokenEndpoint::new((**client).clone(), secret, http))
}

/// Where the keyring keeps the secret of a profile.
struct Store {
    entry: String,
    profile: String,
    last_read: LastRead,
}

impl Store {
    async fn read(&self, source: &PasswordSource, purpose: Purpose) -> Result<Secret, SecretError> {
        let secret = source.read(purpose, &self.entry).await?;
        self.last_read.set(secret.clone());
        secret.ok_or_else(|| SecretError::NotStored {
            what: purpose,
            entry: self.entry.clone(),
            way: tr!("store it with: pimbridge profile password \"{}\"", self.profile),
        })
    }
}

/// A token that a command, the environment or the keyring gives.
struct GivenToken {
    source: PasswordSource,
    store: Store,
    last: Mutex<Option<String>>,
}

#[async_trait]
impl TokenSource for GivenToken {
    async fn token(&self, refused: Option<&str>) -> Result<String, CollectionError> {
        let mut last = self.last.lock().await;
        match last.as_deref() {
            Some(token) if refused != Some(token) => Ok(token.to_owned()),
            _ => {
                let token = self.store.read(&self.source, Purpose::Token).await?;
                Ok(last.insert(token.expose().to_owned()).clone())
            }
        }
    }
}

/// An access token that is fetched with the refresh token in the keyring, and kept in memory only.
struct RefreshedToken {
    endpoint: oauth::TokenEndpoint,
    store: Store,
    last: Mutex<Option<AccessToken>>,
}

struct AccessToken {
    token: String,
    /// From when on another one is fetched.
    until: Option<Instant>,
}

impl AccessToken {
    fn is_good(&self, refused: Option<&str>) -> bool {
        refused != Some(self.token.as_str()) && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// How long before its end an access token is no longer used: a request takes a while.
const MARGIN: Duration = Duration::from_secs(60);

#[async_trait]
impl TokenSource for RefreshedToken {
    async fn token(&self, refused: Option<&str>) -> Result<String, CollectionError> {
        let mut last = self.last.lock().await;
        if let Some(good) = last.as_ref().filter(|access| access.is_good(refused)) {
            return Ok(good.token.clone());
        }
        let until = |lifetime: Duration| Instant::now().checked_add(lifetime - MARGIN.min(lifetime / 2));
        let grant = self.refresh().await?;
        let access = AccessToken { token: grant.access_token, until: grant.lifetime.and_then(until) };
        Ok(last.insert(access).token.clone())
    }
}

impl RefreshedToken {
    async fn refresh(&self) -> Result<oauth::Grant, CollectionError> {
        let used = self.stored().await?;
        let mut granted = self.endpoint.refresh(&used).await;
        if let Err(OAuthError::NoLongerValid { .. }) = granted {
            // Another run, or another profile of this account, may have been given a new one meanwhile.
            let newer = self.stored().await?;
            if newer != used {
                granted = self.endpoint.refresh(&newer).await;
            }
        }
        let grant = granted.map_err(|error| match error {
            OAuthError::NoLongerValid { .. } => self.sign_in_again(&error.to_string()),
            error => CollectionError::new(error.trouble(), error.to_string()),
        })?;
        if let Some(new) = grant.refresh_token.clone() {
            let new = Secret::new(new);
            self.store.last_read.set(Some(new.clone()));
            keyring::store(self.store.entry.clone(), new).await?;
        }
        Ok(grant)
    }

    async fn stored(&self) -> Result<String, CollectionError> {
        let stored = keyring::load(self.store.entry.clone()).await?;
        self.store.last_read.set(stored.clone());
        match stored {
            Some(refresh_token) => Ok(refresh_token.expose().to_owned()),
            None => Err(self.sign_in_again(&tr!("you have not signed in yet"))),
        }
    }

    fn sign_in_again(&self, why: &str) -> CollectionError {
        let word = shell_word(&self.store.profile);
        let message = tr!("{why}; to sign in: pimbridge profile sign-in {word}", why, word);
        CollectionError::new(Trouble::SignIn, message)
    }
}
