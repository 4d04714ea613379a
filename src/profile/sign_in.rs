//! How a profile signs in, and where what it needs for that is kept.

use async_trait::async_trait;
use tokio::sync::Mutex;
use url::Url;

use super::secret::{self, PASSWORD, PasswordSource, Purpose, Secret, SecretError, SecretSource, TOKEN};
use super::{Profile, RemoteSpec};
use crate::collection::dav::{Credentials, TokenSource};
use crate::collection::{CollectionError, Trouble};
use crate::oauth;

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

    /// What it proves itself with, as a person calls it.
    pub fn secret_name(&self) -> &'static str {
        match self {
            SignIn::Password { .. } => PASSWORD.name,
            SignIn::Token { .. } => TOKEN.name,
            SignIn::OAuth { .. } => "sign-in",
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
    secret::store(entry_of(profile)?, secret).await
}

/// Removes what the keyring has for the sign-in of a profile; says whether there was anything.
pub async fn delete_secret(profile: &Profile) -> Result<bool, SecretError> {
    secret::delete(entry_of(profile)?).await
}

fn entry_of(profile: &Profile) -> Result<String, SecretError> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    sign_in.as_ref().map(|sign_in| sign_in.entry(url)).ok_or(SecretError::NoUser)
}

/// What the requests of a profile prove themselves with. A token is asked for when the first request needs it.
pub(super) async fn credentials(profile: &Profile) -> Result<Credentials, SecretError> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let Some(sign_in) = sign_in else { return Ok(Credentials::None) };
    let store = Store { entry: sign_in.entry(url), profile: profile.name.to_string() };
    Ok(match sign_in {
        SignIn::Password { user, password } => {
            let password = store.read(password, PASSWORD).await?;
            Credentials::Password { user: user.clone(), password: password.expose().to_owned() }
        }
        SignIn::Token { token, .. } => {
            Credentials::Token(Box::new(GivenToken { source: token.clone(), store, last: Mutex::default() }))
        }
        SignIn::OAuth { .. } => return Err(SecretError::Keyring("OAuth is not built yet".to_owned())),
    })
}

/// Where the keyring keeps the secret of a profile.
struct Store {
    entry: String,
    profile: String,
}

impl Store {
    async fn read(&self, source: &PasswordSource, purpose: Purpose) -> Result<Secret, SecretError> {
        source.read(purpose, &self.entry).await?.ok_or_else(|| SecretError::NotStored {
            what: purpose.name,
            entry: self.entry.clone(),
            way: format!("store it with: pimbridge profile password \"{}\"", self.profile),
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
                let token = self.store.read(&self.source, TOKEN).await;
                let token =
                    token.map_err(|error| CollectionError::new(Trouble::SignIn, error.to_string()))?;
                Ok(last.insert(token.expose().to_owned()).clone())
            }
        }
    }
}
