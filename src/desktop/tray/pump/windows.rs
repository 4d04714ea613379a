//! On Windows an icon lives by the messages of its thread.
#![allow(unsafe_code)] // the message loop has no safe form

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, TranslateMessage,
    WM_APP,
};

use super::super::Wanted;

/// What was put there last, until the thread takes it: what is wanted in between is never shown.
#[derive(Default)]
pub struct Pump {
    slot: Mutex<Slot>,
    /// The thread that is to be woken; 0 before there is one.
    thread: AtomicU32,
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
        let thread = self.thread.load(Ordering::SeqCst);
        if thread != 0 {
            // SAFETY: takes numbers only; a thread that has ended is an error that needs nothing.
            unsafe { PostThreadMessageW(thread, WM_APP, 0, 0) };
        }
    }

    /// Gives everything that is wanted to `show`, until the end.
    pub fn run(&self, mut show: impl FnMut(Option<Wanted>)) {
        let mut message = MSG::default();
        // SAFETY: `message` lives as long as the call, which makes the thread's queue and takes nothing from it.
        unsafe { PeekMessageW(&mut message, ptr::null_mut(), WM_APP, WM_APP, PM_NOREMOVE) };
        // SAFETY: takes nothing and cannot fail.
        self.thread.store(unsafe { GetCurrentThreadId() }, Ordering::SeqCst);
        loop {
            // Looked at after each message: a menu that is open swallows those that only wake.
            let taken = std::mem::take(&mut *self.slot.lock().unwrap_or_else(PoisonError::into_inner));
            match taken {
                Slot::Full(wanted) => show(wanted),
                Slot::Empty => {}
                Slot::Ended => return,
            }
            // SAFETY: `message` lives as long as the calls, and holds what the first of them put there.
            unsafe {
                if GetMessageW(&mut message, ptr::null_mut(), 0, 0) <= 0 {
                    return;
                }
                TranslateMessage(&message);
                DispatchMessageW(&message);
            }
        }
    }
}
