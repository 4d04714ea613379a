//! Sign-in at an authorization server (OAuth 2.0, RFC 6749), as a program on a person's computer does it (RFC 8252).

use url::Url;

mod provider;

pub use provider::{PROVIDERS, Provider};

/// As which client to ask for tokens, where, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client {
    /// What the authorization server calls the program (RFC 6749 section 2.2).
    pub id: String,
    pub authorization_url: Url,
    pub token_url: Url,
    pub scopes: Vec<String>,
}
