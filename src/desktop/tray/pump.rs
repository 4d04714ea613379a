//! How the tray's thread waits for what is wanted next.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Wanted;

#[cfg(not(windows))]
mod plain;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub use plain::Pump;
#[cfg(windows)]
pub use windows::Pump;

/// What was put there last, until the thread takes it: what is wanted in between is never shown.
#[derive(Default)]
struct Slot(Mutex<Content>);

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Full(Option<Wanted>),
    Ended,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pump {
    pub fn put(&self, wanted: Option<Wanted>) {
        *self.slot.lock() = Content::Full(wanted);
        self.wake();
    }

    pub fn end(&self) {
        *self.slot.lock() = Content::Ended;
        self.wake();
    }
}
