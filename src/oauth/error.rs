//! What can be wrong with a sign-in at an authorization server, in sentences for a person.

use std::io;

use tr::tr;

use crate::collection::Trouble;

/// There are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    #[error("{}", tr!("the authorization server {host} cannot be reached ({why}): check that this computer is online, or try again later", host, why))]
    Unreachable { host: String, why: String },
    #[error("{}", tr!("{host} says that the sign-in is no longer valid", host))]
    NoLongerValid { host: String },
    #[error("{}", tr!("{host} does not know this client_id, or not with this client secret: check [oauth] in the profile", host))]
    Client { host: String },
    #[error("{}", tr!("{host} does not hand out what is asked for (it says {code}): check [oauth] in the profile, and try again", host, code))]
    Failed { host: String, code: String },
    #[error("{}", tr!("{host} answers, but not as an authorization server should: check the addresses in [oauth]", host))]
    NotUnderstood { host: String },
    #[error("{}", tr!("{host} gave no refresh token, so the sign-in would soon be over: see whether the client may have one, or scopes must ask for it", host))]
    NoRefreshToken { host: String },
    #[error("{}", tr!("you did not allow it in the browser, so nothing is stored: try again if that was not on purpose"))]
    Denied,
    #[error("{}", tr!("the browser did not come back in {minutes} minutes: try again, and sign in on the page that opens", minutes))]
    Late { minutes: u64 },
    #[error("{}", tr!("this computer does not let Pimbridge wait for the browser ({0}): try again", .0))]
    Receiver(io::Error),
}

impl OAuthError {
    /// What it means for a collection that needs the tokens.
    pub fn trouble(&self) -> Trouble {
        match self {
            OAuthError::Unreachable { .. } | OAuthError::Receiver(_) => Trouble::Offline,
            OAuthError::NotUnderstood { .. } => Trouble::NotUnderstood,
            _ => Trouble::SignIn,
        }
    }
}
