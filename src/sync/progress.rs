//! How a run tells how far it is.

use super::Side;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Observing a side, and fetching what is new there.
    Looking(Side),
    /// Pairing and planning.
    Comparing,
    /// Applying the plan: the total is the number of edits.
    Writing,
}

/// Watches a run. Calls come from several tasks; they must return at once.
pub trait Progress: Send + Sync {
    /// A phase begins, with this many steps where that is known.
    fn start(&self, phase: Phase, total: Option<u64>);
    /// So many steps more are done.
    fn advance(&self, steps: u64);
    /// The run is over.
    fn done(&self);
}

/// Watches nothing.
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: Phase, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn done(&self) {}
}
