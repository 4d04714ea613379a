//! The words about profiles: what there is, and what can be changed.

use serde::{Deserialize, Serialize};

use crate::report::{Report, Touched};
use crate::setup::check;
use crate::setup::form::Form;

/// All profiles, in the person's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    pub profiles: Vec<Listed>,
}

/// A profile of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    /// The word for it; none where the file cannot be used.
    pub kind: Option<String>,
    pub folder: String,
    pub url: String,
    pub user: Option<String>,
    pub active: bool,
    /// It waits until the person has looked ahead at it.
    pub preview_needed: bool,
    /// Why its file cannot be used, in a sentence for a person.
    pub broken: Option<String>,
}

/// A profile with all of its options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub name: String,
    pub form: Form,
    /// Why its file cannot be used, in a sentence for a person.
    pub broken: Option<String>,
    /// Its file.
    pub file: String,
    /// The file with its reports and its history, which stays when it is removed.
    pub history: Option<String>,
}

/// What is to be changed of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub profile: String,
    pub changes: Vec<Change>,
}

/// A key and its new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub key: String,
    /// None: what counts by default.
    pub value: Option<String>,
}

/// What the next run would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Foreseen {
    pub report: Report,
    /// Deletions first; at most 1,000 of the items.
    pub items: Vec<Touched>,
}

/// What a test found, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    pub findings: Vec<Finding>,
}

/// A finding of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub about: check::About,
    #[serde(flatten)]
    pub found: check::Found,
}

/// What became of a removed profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The file with its reports and its history, which stays.
    pub history: Option<String>,
    /// Whether something of it was removed from the keyring.
    pub secret: bool,
}
