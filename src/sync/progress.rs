//! What a run tells while it works.

use super::Side;

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Asking a side what is there.
    Looking(Side),
    /// Reading new items of both sides to find those that are the same.
    Comparing,
    /// Bringing both sides in agreement.
    Writing,
}

/// Someone who wants to know how far a run is.
pub trait Progress: Sync {
    /// A phase begins; `total` is the number of items it will handle, where that is known.
    fn start(&self, phase: Phase, total: Option<u64>);
    /// So many more items of the phase are done.
    fn advance(&self, items: u64);
    /// The run is over.
    fn done(&self);
}

/// Nobody wants to know.
impl Progress for () {
    fn start(&self, _phase: Phase, _total: Option<u64>) {}
    fn advance(&self, _items: u64) {}
    fn done(&self) {}
}
