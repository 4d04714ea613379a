//! When an item takes place: what a time range leaves in and out.

use jiff::Timestamp;

/// A stretch of time, from `start` up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    pub start: Timestamp,
    pub end: Timestamp,
}
