//! What keeps a run from being done, for programs.

use std::time::Duration;

use super::run::RunError;
use super::session::SessionError;
use crate::collection::{CollectionError, Trouble};
use crate::profile::OpenError;
use crate::state::StateError;

/// Why a run could not be done, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The server cannot be reached.
    Offline,
    /// The server asks to come back later.
    Busy {
        retry_after: Option<Duration>,
    },
    /// The sign-in was refused, or there is none yet.
    SignIn,
    /// The proxy refused the sign-in.
    ProxySignIn,
    /// What it signs in with cannot be had at the moment: the keyring is locked or does not run.
    KeyringLocked,
    /// Another Pimbridge works on the profile.
    Elsewhere,
    /// It was told to end.
    Stopped,
    /// The server answers, but not what was asked for: that may pass by itself.
    NotUnderstood,
    Other,
}

impl Obstacle {
    /// Nobody has to do anything about it, so a run that met it is not worth telling of.
    pub(super) fn passes_by_itself(self) -> bool {
        matches!(self, Obstacle::Offline | Obstacle::Busy { .. } | Obstacle::Stopped)
    }
}

impl From<Trouble> for Obstacle {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Offline => Obstacle::Offline,
            Trouble::Busy => Obstacle::Busy { retry_after: None },
            Trouble::SignIn => Obstacle::SignIn,
            Trouble::ProxySignIn => Obstacle::ProxySignIn,
            Trouble::SecretLocked => Obstacle::KeyringLocked,
            Trouble::NotUnderstood => Obstacle::NotUnderstood,
            Trouble::Untrusted | Trouble::Gone | Trouble::Forbidden | Trouble::Storage => Obstacle::Other,
        }
    }
}

impl From<&CollectionError> for Obstacle {
    fn from(error: &CollectionError) -> Self {
        match error.trouble {
            Trouble::Busy => Obstacle::Busy { retry_after: error.retry_after },
            trouble => trouble.into(),
        }
    }
}

impl From<&OpenError> for Obstacle {
    fn from(error: &OpenError) -> Self {
        match error {
            OpenError::Secret(error) => error.trouble().into(),
            // Nothing was sent that could be refused.
            OpenError::Proxy(_) | OpenError::Passphrase(_) => Obstacle::KeyringLocked,
            OpenError::Unreadable { .. } | OpenError::TooLarge { .. } | OpenError::Certificates { .. } => {
                Obstacle::Other
            }
            OpenError::Collection(error) => error.into(),
        }
    }
}

impl From<&StateError> for Obstacle {
    fn from(error: &StateError) -> Self {
        match error {
            StateError::Busy => Obstacle::Elsewhere,
            StateError::Newer(_)
            | StateError::Damaged
            | StateError::Full
            | StateError::Io { .. }
            | StateError::Sql(_) => Obstacle::Other,
        }
    }
}

impl From<&RunError> for Obstacle {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Collection(_, error) => error.into(),
            RunError::Options(_) => Obstacle::Other,
            RunError::Stopped => Obstacle::Stopped,
            RunError::State(error) => error.into(),
        }
    }
}

impl From<&SessionError> for Obstacle {
    fn from(error: &SessionError) -> Self {
        match error {
            SessionError::State(error) => error.into(),
            SessionError::Open(error) => error.into(),
            SessionError::Run(error) => error.into(),
            SessionError::Home(_) | SessionError::Restore(_) | SessionError::Decision(_) => Obstacle::Other,
        }
    }
}
