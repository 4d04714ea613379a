//! Sign-in at an authorization server (OAuth 2.0, RFC 6749), as a program on a person's computer does it (RFC 8252).
//!
//! `flow` leads a person through it once: the server's page in a browser, and `receiver`, to which the browser comes
//! back. `endpoint` hands out the tokens, then and later. Tokens go nowhere else, and into no error.

use std::time::Duration;

use url::Url;

mod endpoint;
mod error;
mod flow;
mod provider;
mod receiver;

pub use endpoint::TokenEndpoint;
pub use error::OAuthError;
pub use flow::Flow;
pub use provider::{PROVIDERS, Provider};

/// As which client to ask for tokens, where, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client {
    /// What the authorization server calls the program (RFC 6749 section 2.2).
    pub id: String,
    pub authorization_url: Url,
    pub token_url: Url,
    pub scopes: Vec<String>,
    /// What the address to which the browser comes back calls this computer (RFC 8252 section 7.3).
    pub loopback: &'static str,
}

/// What a server calls this computer unless it wants another name.
pub const LOOPBACK: &str = "127.0.0.1";

/// What the token endpoint hands out (RFC 6749 section 5.1).
pub struct Grant {
    pub access_token: String,
    /// How long the access token is good for, where the server says so.
    pub lifetime: Option<Duration>,
    /// A new one takes the place of the one that was used.
    pub refresh_token: Option<String>,
}
