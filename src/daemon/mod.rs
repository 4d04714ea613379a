//! The program that runs all day: it decides when a profile runs, listens at the control socket, watches folders and
//! asks servers what changed, and shows itself on the desktop.
//!
//! [`schedule`] and [`notices`] decide and do nothing; [`service`] is the loop that does what they say.

mod answers;
pub mod clock;
pub mod control;
mod foreseen;
mod known;
mod last;
mod lock;
mod memory;
pub mod notices;
pub mod poll;
pub mod protocol;
mod run;
pub mod schedule;
mod service;
#[cfg(test)]
mod simulation;
mod status;
mod stop;
mod trim;
pub mod watch;

pub use service::{Daemon, DaemonError, Running};
