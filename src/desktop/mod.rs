//! The desktop that the daemon shows itself on: a tray icon and notifications, as far as there is one.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::watch;

use crate::daemon::protocol::{Answer, Page, Part, Status};
use crate::report::Held;

pub mod autostart;
pub mod face;
mod icon;
mod missing;
#[cfg(not(target_os = "linux"))]
mod native;
#[cfg(target_os = "linux")]
mod notifications;
pub mod pages;
#[cfg(target_os = "linux")]
mod session;
mod tray;

use face::Face;
use missing::{Missing, Piece};
#[cfg(not(target_os = "linux"))]
use native::Session;
#[cfg(target_os = "linux")]
use session::Session;
use tray::Tray;

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

/// Something that the person is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: a later notice with the same key takes its place.
    pub key: String,
    /// Another one where it says something else.
    pub mark: String,
    pub title: String,
    pub text: String,
    /// Whether it stays until the person has seen it.
    pub urgent: bool,
    /// The buttons, in their order: what they say, and what they do.
    pub actions: Vec<(String, Wish)>,
}

/// A notice that is on the screen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub key: String,
    pub mark: String,
}

const SWITCHED_OFF: &str = "it is switched off; to see it again: pimbridge settings set tray=true";

const NOT_ON_MACOS: &str = "this version shows none on macOS";

/// The icon, or none where the person wants none.
fn tray(wanted: bool, wishes: &UnboundedSender<Wish>, missing: &Arc<Missing>) -> Option<Tray> {
    // There the icon must live on the thread that the program began with, which the runtime has.
    let why = if cfg!(target_os = "macos") { NOT_ON_MACOS } else { SWITCHED_OFF };
    if !wanted || cfg!(target_os = "macos") {
        missing.set(Piece::Tray, Some(why));
        return None;
    }
    let told = Arc::clone(missing);
    let failed = move |why: String| told.set(Piece::Tray, Some(&why));
    let tray = Tray::start(wishes.clone(), failed);
    tray.inspect_err(|error| missing.set(Piece::Tray, Some(&error.to_string()))).ok()
}

/// What the desktop is asked for.
enum Command {
    SetTray(bool),
    Show(Face),
    Notify(Notice),
    Withdraw(String),
}

/// The tray icon and the notifications: the daemon's end, which never waits for them. Nothing of it can fail: what is
/// missing is told by [`Desktop::parts`].
pub struct Desktop {
    commands: UnboundedSender<Command>,
    missing: Arc<Missing>,
    shown: Option<Face>,
}

impl Desktop {
    /// Starts to look after the desktop; `tray` says whether the person wants an icon. What the person wishes there is sent
    /// to `wishes`, and each notice that came on the screen to `shown`. All of it goes when the desktop is dropped. It
    /// needs a runtime of tokio.
    pub fn start(tray: bool, wishes: UnboundedSender<Wish>, shown: UnboundedSender<Shown>) -> Desktop {
        let missing = Arc::new(Missing::default());
        let (commands, received) = mpsc::unbounded_channel();
        tokio::spawn(Session::new(wishes, shown, Arc::clone(&missing)).run(received));
        let desktop = Desktop { commands, missing, shown: None };
        desktop.set_tray(tray);
        desktop
    }

    /// Shows how everything is: icon, tooltip and menu.
    pub fn show(&mut self, status: &Status) {
        let face = Face::of(status, Timestamp::now(), &TimeZone::system());
        if self.shown.as_ref() != Some(&face) {
            self.shown = Some(face.clone());
            let _ = self.commands.send(Command::Show(face));
        }
    }

    /// Whether the person wants an icon.
    pub fn set_tray(&self, wanted: bool) {
        let _ = self.commands.send(Command::SetTray(wanted));
    }

    pub fn notify(&self, notice: Notice) {
        let _ = self.commands.send(Command::Notify(notice));
    }

    /// Takes a notice back, where it still can be seen.
    pub fn withdraw(&self, key: &str) {
        let _ = self.commands.send(Command::Withdraw(key.to_owned()));
    }

    /// What can be used and what cannot, now and whenever that changes.
    pub fn parts(&self) -> watch::Receiver<Vec<Part>> {
        self.missing.parts()
    }
}

#[cfg(test)]
mod fixtures {
    use crate::daemon::protocol::{LastRun, ProfileStatus, State, Status};
    use crate::report::{Held, RunOutcome};

    pub fn profile(name: &str, state: State) -> ProfileStatus {
        ProfileStatus {
            name: name.into(),
            active: true,
            state,
            last: Some(LastRun {
                started: "2026-11-26T12:20:00Z".parse().unwrap(),
                outcome: RunOutcome::Ok,
                report_id: Some(7),
            }),
            next: "2026-11-26T13:20:00Z".parse().ok(),
        }
    }

    pub fn held(remote: u64) -> State {
        State::Held { held: Held { local: 0, remote, ..Held::default() } }
    }

    /// All is well: two profiles that run by themselves, and one that does not.
    pub fn status() -> Status {
        let mut off = profile("old phone", State::Inactive);
        (off.active, off.last, off.next) = (false, None, None);
        Status {
            version: "0.1.0".into(),
            pid: 4711,
            since: "2026-11-26T08:00:00Z".parse().unwrap(),
            paused: None,
            profiles: vec![profile("family", State::InSync), off, profile("work", State::InSync)],
            parts: Vec::new(),
        }
    }
}
