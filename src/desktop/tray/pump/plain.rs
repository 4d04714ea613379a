//! Where an icon needs no messages of the system: the thread sleeps until something is wanted.

use std::sync::{Condvar, PoisonError};

use super::super::Wanted;
use super::{Content, Slot};

#[derive(Default)]
pub struct Pump {
    pub(super) slot: Slot,
    filled: Condvar,
}

impl Pump {
    pub(super) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Gives everything that is wanted to `show`, until the end.
    pub fn run(&self, mut show: impl FnMut(Option<Wanted>)) {
        loop {
            let mut slot = self.slot.lock();
            while matches!(*slot, Content::Empty) {
                slot = self.filled.wait(slot).unwrap_or_else(PoisonError::into_inner);
            }
            let taken = std::mem::take(&mut *slot);
            drop(slot);
            match taken {
                Content::Full(wanted) => show(wanted),
                Content::Empty => {}
                Content::Ended => return,
            }
        }
    }
}
