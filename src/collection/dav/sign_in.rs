//! Signing in: what a request proves itself with, and what a 401 to it means.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use http_auth::{DigestClient, PasswordParams};
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use tr::tr;
use url::{Position, Url};

use super::address::is_loopback;
use super::challenge::Offers;
use super::error::Fault;
use super::http::host;
use crate::collection::{CollectionError, Trouble};

/// With what a person signs in.
pub enum Credentials {
    None,
    /// For Basic (RFC 7617) and Digest (RFC 7616).
    Password {
        user: String,
        password: String,
    },
    /// For Bearer (RFC 6750).
    Token(Box<dyn TokenSource>),
}

/// Where bearer tokens come from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The token to send now; another one than `refused`, which the server did not accept, if there is any.
    async fn token(&self, refused: Option<&str>) -> Result<String, CollectionError>;
}

/// What is known of a sign-in. A password or token that was refused is never sent again.
pub(super) struct SignIn {
    means: Means,
    /// Secrets may be sent where everybody on the way can read them.
    allow_plain_http: bool,
    accepted: AtomicBool,
    refused: OnceLock<Fault>,
    /// Held by the request that finds out whether the sign-in is right.
    first: tokio::sync::Mutex<()>,
}

enum Means {
    Nobody,
    Password {
        user: String,
        password: String,
        basic: HeaderValue,
        /// The last nonce of each origin that wants Digest.
        digests: Mutex<HashMap<String, DigestClient>>,
    },
    Token {
        source: Box<dyn TokenSource>,
        /// The token that took the place of a refused one, until it is accepted.
        renewed: Mutex<Option<String>>,
    },
}

/// What one request proves itself with.
pub(super) struct Proof {
    pub header: HeaderValue,
    scheme: Scheme,
}

enum Scheme {
    Basic,
    Digest { nonce: String },
    Bearer { token: String },
}

impl SignIn {
    /// # Errors
    /// A user name with a colon cannot be sent (RFC 7617 section 2, RFC 7616 section 3.4).
    pub(super) fn new(credentials: Credentials, allow_plain_http: bool) -> Result<Self, CollectionError> {
        let means = match credentials {
            Credentials::None => Means::Nobody,
            Credentials::Password { user, .. } if user.contains(':') => {
                return Err(CollectionError::new(
                    Trouble::SignIn,
                    tr!("a user name cannot contain a colon: correct it in the profile"),
                ));
            }
            Credentials::Password { user, password } => {
                let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                let basic = secret_header(&format!("Basic {pair}"))?;
                Means::Password { user, password, basic, digests: Mutex::default() }
            }
            Credentials::Token(source) => Means::Token { source, renewed: Mutex::default() },
        };
        Ok(Self {
            means,
            allow_plain_http,
            accepted: AtomicBool::new(false),
            refused: OnceLock::new(),
            first: tokio::sync::Mutex::default(),
        })
    }

    pub(super) fn user(&self) -> Option<&str> {
        match &self.means {
            Means::Password { user, .. } => Some(user),
            Means::Nobody | Means::Token { .. } => None,
        }
    }

    pub(super) fn is_anonymous(&self) -> bool {
        matches!(self.means, Means::Nobody)
    }

    /// As long as it is not known whether the sign-in is right, only one request at a time may try it:
    /// many servers lock an account after a few wrong ones.
    pub(super) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let unknown =
            || !self.is_anonymous() && !self.accepted.load(Ordering::Relaxed) && self.refused.get().is_none();
        if !unknown() {
            return None;
        }
        let turn = self.first.lock().await;
        unknown().then_some(turn)
    }

    /// What a request to this address is sent with. Where a password would travel unprotected there is nothing at
    /// first: the server may ask for Digest.
    ///
    /// # Errors
    /// The sign-in was refused before, there is no token, or it would travel unprotected.
    pub(super) async fn proof(&self, method: &str, url: &Url) -> Result<Option<Proof>, Fault> {
        if let Some(fault) = self.refused.get() {
            return Err(fault.clone());
        }
        match &self.means {
            Means::Nobody => Ok(None),
            Means::Password { user, password, basic, digests } => {
                let mut digests = digests.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(digest) = digests.get_mut(&origin(url)) {
                    let uri = &url[Position::BeforePath..Position::AfterQuery];
                    let parameters = PasswordParams { username: user, password, uri, method, body: None };
                    let wrong = |_| Fault::Malformed(tr!("a challenge to sign in"));
                    let header = secret_header(&digest.respond(&parameters).map_err(wrong)?)?;
                    return Ok(Some(Proof {
                        header,
                        scheme: Scheme::Digest { nonce: digest.nonce().to_owned() },
                    }));
                }
                let basic = || Proof { header: basic.clone(), scheme: Scheme::Basic };
                Ok(self.is_protected(url).then(basic))
            }
            Means::Token { .. } if !self.is_protected(url) => Err(Fault::Unprotected { host: host(url) }),
            Means::Token { source, .. } => {
                let token = source.token(None).await.map_err(|error| self.no_token(error))?;
                let header = secret_header(&format!("Bearer {token}"))?;
                Ok(Some(Proof { header, scheme: Scheme::Bearer { token } }))
            }
        }
    }

    /// The server let a request with this proof in.
    pub(super) fn accepted(&self, proof: &Proof) {
        self.accepted.store(true, Ordering::Relaxed);
        if let (Means::Token { renewed, .. }, Scheme::Bearer { token }) = (&self.means, &proof.scheme) {
            let mut renewed = renewed.lock().unwrap_or_else(PoisonError::into_inner);
            renewed.take_if(|renewed| renewed == token);
        }
    }

    /// What a 401 means for a request that was sent with this proof; `probes`: it only finds out what a place is.
    ///
    /// # Errors
    /// The sign-in is refused; otherwise the request can be sent again, with another proof.
    pub(super) async fn challenged(
        &self,
        url: &Url,
        proof: Option<&Proof>,
        headers: &HeaderMap,
        probes: bool,
    ) -> Result<(), Fault> {
        let host = host(url);
        let refuse = |fault| self.refused_at(fault, probes);
        let offers = Offers::read(headers.get_all(WWW_AUTHENTICATE));
        let is_offered_basic = offers.basic || offers.schemes.is_empty();
        let offered = offers.schemes.join(", ");
        match (&self.means, proof.map(|proof| &proof.scheme)) {
            (Means::Password { digests, .. }, scheme) => {
                let digest = offers.digest.filter(|digest| match scheme {
                    Some(Scheme::Basic) => !offers.basic,
                    // Not every server says that a nonce has become stale.
                    Some(Scheme::Digest { nonce }) => {
                        digest.stale() || (self.accepted.load(Ordering::Relaxed) && digest.nonce() != nonce)
                    }
                    _ => true,
                });
                match (digest, scheme) {
                    (Some(digest), _) => {
                        digests.lock().unwrap_or_else(PoisonError::into_inner).insert(origin(url), digest);
                        Ok(())
                    }
                    (None, None) if is_offered_basic => Err(Fault::Unprotected { host }),
                    (None, Some(Scheme::Digest { .. })) => Err(refuse(Fault::SignIn { host })),
                    (None, _) if is_offered_basic => Err(refuse(Fault::SignIn { host })),
                    (None, _) => Err(refuse(Fault::OtherSignIn { host, offered })),
                }
            }
            (Means::Token { source, renewed }, Some(Scheme::Bearer { token })) => {
                let is_renewed =
                    || renewed.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(token);
                if is_renewed() {
                    return Err(refuse(Fault::Token { host }));
                }
                let new = source.token(Some(token)).await.map_err(|error| self.no_token(error))?;
                if new == *token {
                    return Err(refuse(Fault::Token { host }));
                }
                *renewed.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
                Ok(())
            }
            _ => Err(Fault::NoCredentials { host }),
        }
    }

    /// Why nothing is sent with it any more.
    pub(super) fn refusal(&self) -> Option<Fault> {
        self.refused.get().cloned()
    }

    /// A place refused it. From then on it counts as refused everywhere, unless it was accepted before and the request
    /// only found out what the place is.
    pub(super) fn refused_at(&self, fault: Fault, probes: bool) -> Fault {
        match probes && self.accepted.load(Ordering::Relaxed) {
            true => fault,
            false => self.refuse(fault),
        }
    }

    /// A token that cannot be had now may be had later.
    fn no_token(&self, error: CollectionError) -> Fault {
        match error.trouble {
            Trouble::SignIn => self.refuse(Fault::Other(error)),
            _ => Fault::Other(error),
        }
    }

    /// Nothing is sent with this sign-in any more.
    fn refuse(&self, fault: Fault) -> Fault {
        self.refused.get_or_init(|| fault).clone()
    }

    /// Whether nobody on the way can read what is sent there, or that does not matter.
    pub(super) fn is_protected(&self, url: &Url) -> bool {
        url.scheme() == "https" || self.allow_plain_http || is_loopback(url)
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A header whose value shows itself in no log.
fn secret_header(text: &str) -> Result<HeaderValue, CollectionError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        CollectionError::new(
            Trouble::SignIn,
            tr!("the user name, the password or the token has a character that cannot be sent: check them"),
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_shows_no_password() {
        let credentials = Credentials::Password { user: "jana".into(), password: "s3cret".into() };
        let sign_in = SignIn::new(credentials, false).unwrap();
        let url = Url::parse("https://dav.example.org/").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let proof = runtime.block_on(sign_in.proof("GET", &url)).unwrap().unwrap();
        assert_eq!(format!("{:?}", proof.header), "Sensitive");
    }

    #[test]
    fn a_colon_in_the_user_name_is_an_error() {
        let credentials = Credentials::Password { user: "a:b".into(), password: String::new() };
        assert!(SignIn::new(credentials, false).is_err());
    }
}
