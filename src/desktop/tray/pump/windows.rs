//! On Windows an icon lives by the messages of its thread.
#![allow(unsafe_code)] // the message loop has no safe form

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use windows_sys::Win32::System::Threading::GetCurrentThreadId;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    DispatchMessageW, GetMessageW, MSG, PM_NOREMOVE, PeekMessageW, PostThreadMessageW, TranslateMessage,
    WM_APP,
};

use super::super::Wanted;
use super::{Content, Slot};

#[derive(Default)]
pub struct Pump {
    pub(super) slot: Slot,
    /// The thread that is to be woken; 0 before there is one.
    thread: AtomicU32,
}

impl Pump {
    pub(super) fn wake(&self) {
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
            let taken = std::mem::take(&mut *self.slot.lock());
            match taken {
                Content::Full(wanted) => show(wanted),
                Content::Empty => {}
                Content::Ended => return,
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
