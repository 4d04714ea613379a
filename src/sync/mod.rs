//! The engine: observe both sides, pair what is new, plan, guard, apply, report.

pub mod conflict;
pub mod guard;
pub mod pair;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod repair;
pub mod resolve;
pub mod restore;
pub mod run;
pub mod scope;
pub mod session;
pub mod words;

mod apply;
mod invitations;
mod look;
mod memory;
mod observe;
mod obstacle;
mod options;
mod pairing;
mod prepare;
mod quarantine;
mod record;
mod sift;
mod undo;
mod versions;
mod work;

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

/// One value for each side.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Sides<T> {
    pub local: T,
    pub remote: T,
}

impl<T> Sides<T> {
    /// Makes the value of each side.
    pub fn from_fn(mut make: impl FnMut(Side) -> T) -> Self {
        Sides { local: make(Side::Local), remote: make(Side::Remote) }
    }
}

impl<T> std::ops::Index<Side> for Sides<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Local => &self.local,
            Side::Remote => &self.remote,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for Sides<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Local => &mut self.local,
            Side::Remote => &mut self.remote,
        }
    }
}
