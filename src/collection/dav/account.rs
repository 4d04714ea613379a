//! An account: a sign-in, and what all its collections share.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::Client;
use url::Url;

use super::connection::{Connection, ConnectionOptions, Route};
use super::error::Fault;
use super::limiter::Gate;
use super::sign_in::{Credentials, SignIn};
use crate::collection::CollectionError;

/// The account of a person at a server. Cheap to clone; all clones share the connections, the
/// number of requests at a time, and what is known of the sign-in.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    sign_in: SignIn,
    connection: Connection,
    /// Without TLS there are no certificates to load.
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("user", &self.0.sign_in.user()).finish_non_exhaustive()
    }
}

impl Account {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// The user name or the password cannot be sent.
    pub fn new(credentials: Credentials, connection: Connection) -> Result<Self, CollectionError> {
        Ok(Self(Arc::new(Inner {
            sign_in: SignIn::new(credentials, connection.options.allow_plain_http)?,
            connection,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            gates: Mutex::default(),
        })))
    }

    pub(super) fn sign_in(&self) -> &SignIn {
        &self.0.sign_in
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
        self.0.sign_in.is_anonymous() && !self.route().client_certificate
    }

    pub(super) fn route(&self) -> Route {
        self.0.connection.route()
    }

    pub(super) fn options(&self) -> &ConnectionOptions {
        &self.0.connection.options
    }
}
