//! Where an icon needs no messages of the system: the thread sleeps until something is wanted.

use std::sync::{Condvar, Mutex, PoisonError};

use super::super::Wanted;

/// What was put there last, until the thread takes it: what is wanted in between is never shown.
#[derive(Default)]
pub struct Pump {
    slot: Mutex<Slot>,
    filled: Condvar,
}

#[derive(Default)]
enum Slot {
    #[default]
    Empty,
    Full(Option<Wanted>),
    Ended,
}

impl Pump {
    pub fn put(&self, wanted: Option<Wanted>) {
        self.fill(Slot::Full(wanted));
    }

    pub fn end(&self) {
        self.fill(Slot::Ended);
    }

    fn fill(&self, with: Slot) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = with;
        self.filled.notify_one();
    }

    /// Gives everything that is wanted to `show`, until the end.
    pub fn run(&self, mut show: impl FnMut(Option<Wanted>)) {
        loop {
            let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            while matches!(*slot, Slot::Empty) {
                slot = self.filled.wait(slot).unwrap_or_else(PoisonError::into_inner);
            }
            let taken = std::mem::take(&mut *slot);
            drop(slot);
            match taken {
                Slot::Full(wanted) => show(wanted),
                Slot::Empty => {}
                Slot::Ended => return,
            }
        }
    }
}
