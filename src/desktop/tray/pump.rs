//! How the tray's thread waits for what is wanted next.

#[cfg(not(windows))]
mod plain;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub use plain::Pump;
#[cfg(windows)]
pub use windows::Pump;
