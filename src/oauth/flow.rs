//! The authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 8252 section 6).

use std::time::Duration;

use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use url::Url;

use super::receiver::Receiver;
use super::{Grant, OAuthError, TokenEndpoint};

/// How long a person may take in the browser.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// A sign-in that waits for the person.
pub struct Flow {
    endpoint: TokenEndpoint,
    receiver: Receiver,
    redirect: RedirectUrl,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    page: Url,
}

impl Flow {
    /// Waits for the browser from now on. `user` is whom the server may suggest.
    ///
    /// # Errors
    /// This computer does not let it wait.
    pub async fn begin(endpoint: TokenEndpoint, user: Option<&str>) -> Result<Self, OAuthError> {
        let receiver = Receiver::open(endpoint.client.loopback).await.map_err(OAuthError::Receiver)?;
        let redirect = RedirectUrl::from_url(receiver.url());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let configured = endpoint.configured.clone().set_redirect_uri(redirect.clone());
        let mut request = configured
            .authorize_url(CsrfToken::new_random)
            .add_scopes(endpoint.client.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if let Some(user) = user {
            request = request.add_extra_param("login_hint", user);
        }
        let (page, state) = request.url();
        Ok(Self { endpoint, receiver, redirect, state, verifier, page })
    }

    /// The page on which the person signs in.
    pub fn page(&self) -> &Url {
        &self.page
    }

    /// Waits until the browser comes back, and fetches the tokens.
    ///
    /// # Errors
    /// The person or the server does not want it, or the time is up.
    pub async fn finish(self) -> Result<Grant, OAuthError> {
        let host = self.endpoint.host();
        let code = tokio::time::timeout(LIMIT, self.receiver.code(self.state.secret(), &host))
            .await
            .map_err(|_| OAuthError::Late { minutes: LIMIT.as_secs() / 60 })??;
        self.endpoint.redeem(code, self.verifier, self.redirect).await
    }
}
