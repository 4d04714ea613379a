//! Profiles: one local collection, one remote collection, and how they are kept the same.
//!
//! A profile is one TOML file, `profiles/NAME.toml`; `profiles-examples/` documents its keys.

use std::path::PathBuf;

use url::Url;

use crate::item::Kind;
use crate::item::mapping::options::Options;
use crate::sync::policy::{Conflict, Mode};
use crate::sync::scope::Limits;

mod account;
pub mod cdsp;
mod connection;
mod edit;
mod error;
pub mod keyring;
mod keys;
mod name;
mod open;
mod overlap;
mod parse;
mod presets;
mod secret;
mod sign_in;
mod store;
mod words;

pub use account::Account;
pub use connection::{CertificateSpec, ConnectionSpec, ProxySpec, ProxyUser, TrustSpec};
pub use edit::{Keys, New, new_text, set, with_keys};
pub use error::ProfileError;
pub use keys::TABLE;
pub use name::{BadName, Name};
pub use open::{Accounts, OpenError, Sides, account, open, open_local, open_remote};
pub use overlap::{Overlap, Requested, local_key, overlaps, remote_key, requested, url_key};
pub use parse::{abbreviated, expand, parse};
pub use presets::{PRESETS, Preset, preset_named};
pub use secret::{PasswordSource, Secret, SecretError, SecretSource};
pub use sign_in::{
    SignIn, check_keyring, delete_secret, has_secret, keyring_entry, store_secret, token_endpoint,
};
pub use store::{
    Loaded, accept_preview, add, existing, load, load_all, read_text, refuse_taken, remove, replace,
};
pub use words::{CONFLICTS, KINDS, MODES};

pub use crate::keyed::{Word, word_of};

/// One local collection, one remote collection, and how they are kept the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub name: Name,
    pub kind: Kind,
    pub mode: Mode,
    pub conflict: Conflict,
    /// Minutes from one run of the daemon to the next; 0: by hand only.
    pub interval_minutes: u32,
    /// An inactive profile runs only when it is named.
    pub active: bool,
    /// It was imported and may delete what only one side has: it does not run until a person has seen what it would do.
    pub preview_needed: bool,
    /// How long overwritten and deleted versions are kept, in days.
    pub history_days: u32,
    /// What it leaves out.
    pub limits: Limits,
    /// How many items are worked on in one go; 0: all of them.
    pub chunk_size: usize,
    /// A change in the folder starts a run of the daemon.
    pub sync_on_change: bool,
    /// Name and colour of the two collections are kept the same.
    pub name_and_color: bool,
    pub guard: GuardLimits,
    pub local: LocalSpec,
    pub remote: RemoteSpec,
    /// How items are different on the two sides.
    pub mapping: Options,
    /// The folder of a calendar that is made of the contacts' birthdays.
    pub birthdays: Option<PathBuf>,
}

impl Profile {
    /// Whether a secret of it is in a variable of the environment: other processes have another one.
    pub fn uses_environment(&self) -> bool {
        let RemoteSpec::Dav { sign_in, connection, .. } = &self.remote;
        let mut given = sign_in.iter().filter_map(SignIn::given).chain(connection.given());
        given.any(|source| matches!(source, SecretSource::Env(_)))
    }
}

/// How many of a side's items a run may delete without asking: as many as the larger of both allows, but never all
/// of five or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    pub max_deletions: u32,
    /// In percent of the side's items.
    pub max_percent: u8,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self { max_deletions: 10, max_percent: 25 }
    }
}

/// The local collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalSpec {
    /// A folder with one file an item.
    Vdir { path: PathBuf },
}

/// The remote collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteSpec {
    /// A CalDAV or CardDAV collection.
    Dav { url: Url, sign_in: Option<SignIn>, connection: ConnectionSpec },
}

impl std::fmt::Display for LocalSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let LocalSpec::Vdir { path } = self;
        write!(f, "{}", path.display())
    }
}

impl std::fmt::Display for RemoteSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RemoteSpec::Dav { url, .. } = self;
        write!(f, "{url}")
    }
}
