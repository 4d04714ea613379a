//! Signing in on the provider's own page in a browser.

use url::Url;

use super::SetupError;
use crate::oauth::{Flow, OAuthError};
use crate::profile::{self, Profile, RemoteSpec, Secret, SignIn};

/// A sign-in that waits for the person.
pub struct Visit<'a> {
    profile: &'a Profile,
    flow: Flow,
    host: String,
}

/// Waits for the browser from now on; none where the profile signs in otherwise.
///
/// # Errors
/// There is no keyring to keep the sign-in, or this computer does not let it wait.
pub async fn begin(profile: &Profile) -> Result<Option<Visit<'_>>, SetupError> {
    let RemoteSpec::Dav { sign_in: Some(sign_in @ SignIn::OAuth { client, .. }), .. } = &profile.remote
    else {
        return Ok(None);
    };
    profile::check_keyring(profile).await?;
    let endpoint = profile::token_endpoint(profile).await?;
    let flow = Flow::begin(endpoint, sign_in.user()).await?;
    let host = client.token_url.host_str().unwrap_or_default().to_owned();
    Ok(Some(Visit { profile, flow, host }))
}

impl Visit<'_> {
    /// The page on which the person signs in.
    pub fn page(&self) -> &Url {
        self.flow.page()
    }

    /// Waits until the person has signed in, and keeps that in the keyring.
    ///
    /// # Errors
    /// The person or the server does not want it, or the time is up.
    pub async fn finish(self) -> Result<(), SetupError> {
        let grant = self.flow.finish().await?;
        let Some(refresh_token) = grant.refresh_token else {
            return Err(OAuthError::NoRefreshToken { host: self.host }.into());
        };
        Ok(profile::store_secret(self.profile, Secret::new(refresh_token)).await?)
    }
}
