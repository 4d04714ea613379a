//! The words about reports.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::report::Report;

/// Which reports are wanted, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Which {
    /// Only those of this profile.
    pub profile: Option<String>,
    /// Only those of runs that did not end well.
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
}

/// A report of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its number within its profile.
    pub id: i64,
    pub report: Report,
}
