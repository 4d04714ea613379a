//! The words about the history: versions that were overwritten or deleted, and bringing them back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::compare::Row;
use crate::state::Version;

/// Which versions are wanted, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Find {
    /// Only those of this profile, which may have been removed.
    pub profile: Option<String>,
    /// Only those of items whose title or name has this in it.
    pub text: String,
    /// At most so many.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub versions: Vec<Kept>,
    /// There are more than so many.
    pub more: bool,
    /// The profiles that have a history, those that were removed too.
    pub profiles: Vec<String>,
    /// What is left out because it cannot be read, in sentences for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A version that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub profile: String,
    #[serde(flatten)]
    pub version: Version,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    pub profile: String,
    /// Its number within the profile.
    pub version: i64,
}

/// A version, the others of its item, and what is there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub profile: String,
    /// Why the version cannot be brought back, if it cannot.
    pub cannot_restore: Option<String>,
    pub version: Version,
    /// All that are kept of the item, this one too, the newest first.
    pub versions: Vec<Reasoned>,
    /// Both sides have the item now.
    pub is_there: bool,
    /// The version beside what is there now, as both sides last agreed on it.
    pub rows: Vec<Row>,
    /// The version as it is.
    pub raw: String,
}

/// A version, and why it was overwritten or deleted, where the report says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasoned {
    #[serde(flatten)]
    pub version: Version,
    pub why: Option<String>,
}

/// What a run deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletions {
    pub profile: String,
    /// When the run began.
    pub run: Timestamp,
    pub items: u64,
}

/// What the last runs deleted, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    pub runs: Vec<Deletions>,
    /// What is left out because it cannot be read, in sentences for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What one run deleted, item by item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// The first 1,000 of it.
    pub versions: Vec<Kept>,
    pub in_all: u64,
}

/// The deletions of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfRun {
    pub profile: String,
    pub run: Timestamp,
}

/// What came of bringing versions back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// So many are on both sides again.
    pub back: u64,
    /// So many were there anyway, and stay as they are.
    pub there: u64,
    pub failed: Vec<NotRestored>,
}

/// A version that could not be brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRestored {
    pub summary: String,
    pub why: String,
}
