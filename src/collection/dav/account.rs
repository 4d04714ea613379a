//! An account: user and password, and what all its collections share.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use reqwest::Client;
use reqwest::header::HeaderValue;
use url::Url;

use super::connection::{Connection, ConnectionOptions, Route};
use super::error::Fault;
use super::limiter::Gate;
use crate::collection::{CollectionError, Trouble};

/// User and password of a person at a server. Cheap to clone; all clones share the connections, the
/// number of requests at a time, and the knowledge that the password was refused.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    user: Option<String>,
    authorization: Option<HeaderValue>,
    connection: Connection,
    /// Without TLS there are no certificates to load.
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
    refused: AtomicBool,
    accepted: AtomicBool,
    /// Held by the request that finds out whether the password is right.
    first: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("user", &self.0.user).finish_non_exhaustive()
    }
}

impl Account {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// A user name with a colon cannot be sent (RFC 7617 section 2).
    pub fn new(credentials: Credentials, connection: Connection) -> Result<Self, CollectionError> {
        let (user, authorization) = match credentials {
            Credentials::None => (None, None),
            Credentials::Password { user, .. } if user.contains(':') => {
                return Err(CollectionError::new(
                    Trouble::SignIn,
                    "a user name cannot contain a colon: correct it in the profile",
                ));
            }
            Credentials::Password { user, password } => {
                let pair = format!("{user}:{password}");
                let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
                let mut value = HeaderValue::from_str(&text).map_err(|_| {
                    CollectionError::new(Trouble::SignIn, "the user name or password cannot be sent")
                })?;
                value.set_sensitive(true);
                (Some(user), Some(value))
            }
        };
        Ok(Self(Arc::new(Inner {
            user,
            authorization,
            connection,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            gates: Mutex::default(),
            refused: AtomicBool::new(false),
            accepted: AtomicBool::new(false),
            first: tokio::sync::Mutex::default(),
        })))
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        self.0.authorization.as_ref()
    }

    /// As long as it is not known whether the password is right, only one request at a time may try it:
    /// many servers lock an account after a few wrong ones.
    pub(super) async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let unknown = || {
            self.0.authorization.is_some() && !self.0.accepted.load(Ordering::Relaxed) && !self.is_refused()
        };
        if !unknown() {
            return None;
        }
        let turn = self.0.first.lock().await;
        unknown().then_some(turn)
    }

    /// Remembers what the server answered to the password: a refused one is never sent again.
    pub(super) fn learn(&self, status: u16) {
        match status {
            401 => self.0.refused.store(true, Ordering::Relaxed),
            200..300 => self.0.accepted.store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    pub(super) fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }

    pub(super) fn gate(&self, host: &str) -> Arc<Gate> {
        let mut gates = self.0.gates.lock().unwrap_or_else(PoisonError::into_inner);
        match gates.get(host) {
            Some(gate) => Arc::clone(gate),
            None => Arc::clone(gates.entry(host.to_owned()).or_insert_with(|| Arc::new(Gate::new()))),
        }
    }

    pub(super) fn client(&self, url: &Url) -> Result<&Client, Fault> {
        let secure = url.scheme() == "https";
        let cell = if secure { &self.0.secure } else { &self.0.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.0.connection.client(secure)?;
        Ok(cell.get_or_init(|| client))
    }

    /// There is nothing that another server would have to see.
    pub(super) fn is_anonymous(&self) -> bool {
        self.0.authorization.is_none() && !self.route().client_certificate
    }

    pub(super) fn route(&self) -> Route {
        self.0.connection.route()
    }

    pub(super) fn options(&self) -> &ConnectionOptions {
        &self.0.connection.options
    }
}

/// With what a person signs in.
pub enum Credentials {
    None,
    Password { user: String, password: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jana() -> Credentials {
        Credentials::Password { user: "jana".into(), password: "s3cret".into() }
    }

    #[test]
    fn debug_shows_no_password() {
        let account = Account::new(jana(), Connection::default()).unwrap();
        let shown = format!("{account:?} {:?}", account.authorization());
        insta::assert_snapshot!(shown, @r#"Account { user: Some("jana"), .. } Some(Sensitive)"#);
    }

    #[test]
    fn a_colon_in_the_user_name_is_an_error() {
        let credentials = Credentials::Password { user: "a:b".into(), password: String::new() };
        assert!(Account::new(credentials, Connection::default()).is_err());
    }
}
