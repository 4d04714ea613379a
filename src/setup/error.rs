//! Why something cannot be set up.

use crate::home::HomeError;
use crate::oauth::OAuthError;
use crate::profile::{OpenError, ProfileError, SecretError};
use crate::settings::SettingsError;
use crate::state::StateError;

/// Something cannot be set up. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// What was asked for, or a file, is wrong.
    #[error("{0}")]
    Wrong(String),
    /// It cannot be done now.
    #[error("{0}")]
    NotDone(String),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    #[error(transparent)]
    State(#[from] StateError),
}
