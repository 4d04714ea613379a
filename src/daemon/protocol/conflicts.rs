//! The words about conflicts that wait for the person's decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::compare::Row;
use crate::sync::conflict::Decision;
use crate::sync::{Side, Sides};

/// The conflicts that wait, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub waiting: Vec<Waiting>,
    /// What is left out because it cannot be read, in sentences for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A conflict that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub profile: String,
    /// Its name: the same as long as it waits.
    pub conflict: String,
    pub summary: String,
    /// What happened, in sentences.
    pub message: String,
    pub since: Timestamp,
}

/// Which conflict is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    pub profile: String,
    pub conflict: String,
}

/// A conflict with what is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub waiting: Waiting,
    /// This computer's version (`one`) and the server's (`other`), property by property.
    pub rows: Vec<Row>,
    /// The sides that have a version; it was deleted on the other.
    pub has: Sides<bool>,
    /// Stands for both versions.
    pub mark: String,
    /// The side that was changed last.
    pub newer: Side,
    /// What comes from where if both are put together; none where they cannot be.
    pub merged: Option<String>,
}

/// What the person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decide {
    #[serde(flatten)]
    pub which: Which,
    pub decision: Decision,
    /// The mark of the versions that the person has seen. Where there are others now, nothing is done.
    pub seen: String,
}
