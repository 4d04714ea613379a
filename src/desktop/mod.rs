//! The desktop that the daemon shows itself on: a tray icon and notifications, as far as there is one.

pub mod autostart;

use crate::daemon::protocol::{Answer, Part, Status};
use crate::report::Held;

/// What the person wants, said in the tray's menu or in a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    SyncAll,
    Sync {
        profile: String,
    },
    Open(Page),
    Pause,
    Resume,
    Quit,
    /// The answer to a run that is held, about what was shown.
    Answer {
        profile: String,
        shown: Held,
        answer: Answer,
    },
}

/// What can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    Status,
    Reports,
    /// The last report of a profile.
    Report {
        profile: String,
    },
    Profiles,
    Options,
    About,
}

/// Something that the person is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: a later notice with the same key takes its place.
    pub key: String,
    pub title: String,
    pub text: String,
    /// Whether it stays until the person has seen it.
    pub urgent: bool,
    /// The buttons, in their order: what they say, and what they do.
    pub actions: Vec<(String, Wish)>,
}

/// The tray icon and the notifications. Nothing of it can fail: what is missing is told by [`Desktop::parts`].
pub trait Desktop: Send + Sync {
    /// Shows how everything is: icon, tooltip and menu.
    fn show(&self, status: &Status);
    fn notify(&self, notice: Notice);
    /// Takes a notice back, where it still can be seen.
    fn withdraw(&self, key: &str);
    fn parts(&self) -> Vec<Part>;
}
