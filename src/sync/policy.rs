//! How a profile's two sides are kept the same: the table of modes and conflicts, as code.

use serde::{Deserialize, Serialize};

/// Which way changes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Changes of both sides go to the other.
    TwoWay,
    /// The server becomes a copy of the local side; what only the server has is deleted there.
    ReplicateToServer,
    /// Local items go to the server; what only the server has is left alone.
    MergeToServer,
    /// The local side becomes a copy of the server; what only the local side has is deleted there.
    ReplicateFromServer,
    /// The server's items go to the local side; what only the local side has is left alone.
    MergeFromServer,
}

/// Who wins where both sides changed an item (two-way only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// The version that was changed last; a deletion beats a change.
    Automatic,
    LocalWins,
    ServerWins,
}
