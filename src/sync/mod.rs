//! The engine: observe both sides, pair what is new, plan, guard, apply, report.

pub mod policy;
pub mod progress;

/// One of the two collections of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Local,
    Remote,
}

impl Side {
    pub const BOTH: [Side; 2] = [Side::Local, Side::Remote];

    pub fn other(self) -> Side {
        match self {
            Side::Local => Side::Remote,
            Side::Remote => Side::Local,
        }
    }
}
