//! The words about reports.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::compare::Row;
use crate::report::{Counts, Form, Report, RunOutcome, Touched};
use crate::sync::{Side, Sides};

/// Which reports are wanted, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Which {
    /// Only those of this profile.
    pub profile: Option<String>,
    /// Only those of runs that did not end well, or that met a conflict.
    pub with_findings: bool,
    /// Only those of runs that began then or later.
    pub from: Option<Timestamp>,
    /// Only those of runs that began before.
    pub until: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub reports: Vec<Listed>,
    /// There are more than were asked for.
    pub more: bool,
    /// The profiles that can have reports, removed ones too.
    pub profiles: Vec<String>,
    /// What is left out because it cannot be read, in sentences for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A report of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    pub profile: String,
    /// Its number within its profile.
    pub id: i64,
    pub started: Timestamp,
    pub outcome: RunOutcome,
    /// How it went, in a sentence.
    pub headline: String,
    pub local: Counts,
    pub remote: Counts,
    pub conflicts: u64,
    /// Items that could not be brought in sync.
    pub problems: u64,
}

/// One report: the last one of its profile where none is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct One {
    pub profile: String,
    /// Its number.
    #[serde(default)]
    pub report: Option<i64>,
}

/// A report with what the run touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    pub id: i64,
    /// With the first 1,000 of its problems.
    pub report: Report,
    pub problems_in_all: u64,
    /// How it went, in a sentence.
    pub headline: String,
    /// The first 1,000, and of the others the first 1,000 in conflict.
    pub touched: Vec<Touched>,
    pub touched_in_all: u64,
}

/// A report in one of its forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub profile: String,
    /// Its number.
    pub report: i64,
    pub form: Form,
}

/// As much of it as can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    #[serde(flatten)]
    pub written: Written,
    /// At most so many bytes.
    pub limit: usize,
}

/// A report that is to be written to a file that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    #[serde(flatten)]
    pub written: Written,
    /// From the root of the file system on.
    pub file: PathBuf,
}

/// A conflict that a run settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub profile: String,
    /// The number of the report.
    pub report: i64,
    /// The item as the report names it, and the side that was written to.
    pub side: Side,
    pub item: String,
}

/// What both sides had, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// This computer's version (`one`) and the server's (`other`), property by property.
    pub rows: Vec<Row>,
    /// The sides that had a version.
    pub had: Sides<bool>,
    /// The numbers of the versions that did not stay as they were: the history brings them back.
    pub lost: Sides<Option<i64>>,
}
