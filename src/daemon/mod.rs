//! The program that runs all day: it decides when a profile runs, listens at the control socket, watches folders and
//! asks servers what changed, and shows itself on the desktop.

pub mod control;
pub mod protocol;
pub mod watch;
