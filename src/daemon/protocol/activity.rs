//! The words about how much there is, what changed, and what waits for a yes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::report::{Counts, Held};
use crate::sync::{Side, Sides};

/// How much there is, and what changed lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub profiles: Vec<Items>,
    /// What was changed on each of the last days, on both sides and in all profiles; today is the last one.
    pub days: Vec<Day>,
}

/// How many items a profile has on each side, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    pub profile: String,
    pub items: Sides<u64>,
}

/// What was changed on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    pub date: Date,
    #[serde(flatten)]
    pub changes: Counts,
}

/// The deletions of a held run, as they were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub profile: String,
    pub held: Held,
}

/// An item whose deletion waits for the person's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldItem {
    /// Where it would be deleted.
    pub side: Side,
    /// What a person calls it.
    pub summary: String,
}
