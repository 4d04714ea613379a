//! Well-known authorization servers.

use super::{Client, LOOPBACK};
use url::Url;

/// An authorization server whose addresses need not be written into a profile.
#[derive(Debug)]
pub struct Provider {
    pub name: &'static str,
    /// How a person calls it.
    pub title: &'static str,
    authorization_url: &'static str,
    token_url: &'static str,
    scopes: &'static [&'static str],
    loopback: &'static str,
    /// How a person gets a client id there.
    pub registration: &'static str,
}

/// All of them.
pub const PROVIDERS: &[Provider] = &[
    // developers.google.com: "OAuth 2.0 for Mobile & Desktop Apps", "CalDAV API: authorization", "CardDAV API".
    Provider {
        name: "google",
        title: "Google",
        authorization_url: "https://accounts.google.com/o/oauth2/v2/auth",
        token_url: "https://oauth2.googleapis.com/token",
        scopes: &["https://www.googleapis.com/auth/calendar", "https://www.googleapis.com/auth/carddav"],
        loopback: LOOPBACK,
        registration: "make one of the type \"Desktop app\" at https://console.cloud.google.com/apis/credentials, with the \
                       CalDAV API and the CardDAV API enabled; its client secret belongs into client_secret_command",
    },
    // www.fastmail.com/for-developers/oauth; the token endpoint is called "refresh" and takes codes as well. The scopes
    // for CalDAV and CardDAV are those that the published clients of other programs use.
    Provider {
        name: "fastmail",
        title: "Fastmail",
        authorization_url: "https://api.fastmail.com/oauth/authorize",
        token_url: "https://api.fastmail.com/oauth/refresh",
        scopes: &[
            "https://www.fastmail.com/dev/protocol-caldav",
            "https://www.fastmail.com/dev/protocol-carddav",
        ],
        // It takes what begins with http://localhost/ or http://localhost:, not the number.
        loopback: "localhost",
        registration: "Fastmail gives one to whoever registers a program with the redirect address http://localhost/, see \
                       https://www.fastmail.com/for-developers/oauth/; an app password with sign_in = \"password\" needs none",
    },
];

impl Provider {
    /// The client of this id there.
    pub fn client(&self, id: String) -> Result<Client, url::ParseError> {
        Ok(Client {
            id,
            authorization_url: Url::parse(self.authorization_url)?,
            token_url: Url::parse(self.token_url)?,
            scopes: self.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            loopback: self.loopback,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_addresses_are_urls_over_tls() {
        for provider in PROVIDERS {
            let client = provider.client("x".into()).unwrap();
            assert_eq!((client.authorization_url.scheme(), client.token_url.scheme()), ("https", "https"));
        }
    }
}
