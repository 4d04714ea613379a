//! Making, changing and testing profiles: what the command line and the daemon do for a person who sets something up.

pub mod change;
pub mod check;
mod error;
pub mod foresee;
pub mod form;
pub mod options;
pub mod password;
pub mod places;
pub mod transfer;

pub use error::SetupError;
