//! Making, changing and testing profiles: what the command line and the daemon do for a person who sets something up.

pub mod account;
pub mod browser;
pub mod change;
pub mod check;
pub mod discover;
mod error;
pub mod foresee;
pub mod form;
pub mod options;
pub mod password;
pub mod places;
pub mod transfer;
mod weaker;

pub use error::SetupError;
