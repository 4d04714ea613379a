//! What the command line reads from the state of a profile.

use bytes::Bytes;
use jiff::Timestamp;

use super::Failure;
use crate::home::Home;
use crate::profile::{Name, Profile};
use crate::report::{Operation, Report, Touched};
use crate::sync::Side;

/// A report and its number, counted per profile.
pub struct StoredReport {
    pub id: i64,
    pub report: Report,
}

/// A version that a run overwrote or deleted.
pub struct Version {
    /// Counted per profile.
    pub id: i64,
    pub at: Timestamp,
    pub side: Side,
    /// Overwritten ([`Operation::Update`]) or deleted ([`Operation::Delete`]).
    pub operation: Operation,
    pub summary: String,
    /// In bytes.
    pub size: u64,
}

/// The report of the last run; none before the first.
pub fn last_report(home: &Home, profile: &Name) -> Result<Option<StoredReport>, Failure> {
    Ok(reports(home, profile, 1)?.into_iter().next())
}

/// The newest reports, the newest first.
pub fn reports(_home: &Home, _profile: &Name, _limit: usize) -> Result<Vec<StoredReport>, Failure> {
    Ok(Vec::new())
}

/// One report with all that it touched.
pub fn report(_home: &Home, _profile: &Name, _id: i64) -> Result<Option<(Report, Vec<Touched>)>, Failure> {
    Ok(None)
}

/// The newest versions whose summary or href contains `search` (in any case), the newest first.
pub fn versions(
    _home: &Home,
    _profile: &Name,
    _search: Option<&str>,
    _limit: usize,
) -> Result<Vec<Version>, Failure> {
    Ok(Vec::new())
}

/// One version and its bytes.
pub fn version(_home: &Home, _profile: &Name, _id: i64) -> Result<Option<(Version, Bytes)>, Failure> {
    Ok(None)
}

/// Brings a version back to both sides; returns what was restored.
pub async fn restore(_home: &Home, _profile: &Profile, _id: i64) -> Result<Version, Failure> {
    Err(Failure::NotDone("this version cannot restore yet".to_owned()))
}
