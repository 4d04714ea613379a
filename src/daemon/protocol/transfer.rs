//! The words about files of Outlook CalDav Synchronizer (.cdsp).

use serde::{Deserialize, Serialize};

use crate::item::Kind;

/// A file to take profiles from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub file: String,
    #[serde(default)]
    pub said: Vec<Said>,
    /// With what the person signs in in a browser, for profiles of Google's.
    #[serde(default)]
    pub client_id: Option<String>,
}

/// What the person says of a profile of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its place in the file, from 0 on: several may have one name.
    pub number: usize,
    /// Its folder, if it is new; where none is said, a free one is taken.
    pub folder: Option<String>,
    /// What it syncs, where the file does not tell.
    pub kind: Option<Kind>,
}

/// An import that the person has looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    #[serde(flatten)]
    pub import: Import,
    /// That of what was looked at.
    pub seal: String,
}

/// What an import does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// In the order of the file.
    pub profiles: Vec<PlannedProfile>,
    /// Another one where anything is otherwise.
    pub seal: String,
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
    Skipped {
        why: String,
    },
    /// It is left out as long as the person does not say this.
    Lacks {
        what: Lack,
    },
}

/// What the file does not tell, and only the person knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// What the profile syncs.
    Kind,
    /// With what one signs in in a browser.
    ClientId,
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
    /// With its whole path.
    pub file: String,
    /// What the person should know, in a sentence each.
    pub notes: Vec<String>,
}
