//! The words about files of Outlook CalDav Synchronizer (.cdsp).

use serde::{Deserialize, Serialize};

/// A file to take profiles from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub file: String,
    /// The folders of new profiles, by their names in the file; where none is named, a free one is taken.
    #[serde(default)]
    pub folders: Vec<(String, String)>,
}

/// What an import does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub profiles: Vec<PlannedProfile>,
    /// What is left out of the file, because no program puts it there.
    pub stray: Vec<String>,
}

/// What becomes of a profile of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedProfile {
    /// Its name in the file.
    pub label: String,
    #[serde(flatten)]
    pub fate: Fate,
    /// What the person should know, in a line each.
    pub notes: Vec<String>,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    Added(Place),
    Replaced(Place),
    Unchanged,
    Skipped { why: String },
}

/// The profile here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub name: String,
    pub folder: String,
    pub active: bool,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The profiles that were added or replaced.
    pub profiles: Vec<String>,
    /// Passwords that could not be kept, and why.
    pub troubles: Vec<String>,
}

/// Which profiles are written to which file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// All where none is named.
    pub profiles: Vec<String>,
    /// It must not exist yet.
    pub file: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    pub number: usize,
    /// What the person should know, in a sentence each.
    pub notes: Vec<String>,
}
