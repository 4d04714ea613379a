//! What a program and the daemon say to each other over the control socket: one JSON object a line.
//!
//! A client sends [`Ask`]s; the daemon sends [`Tell`]s: one [`Tell::Reply`] to each of them, in any order, and, after
//! [`Request::Follow`], [`Tell::Event`]s. Every line carries the [`VERSION`]; a line of another version is answered
//! with a [`Reply::Refused`] that says so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::report::{Held, Report, RunOutcome, Touched};
use crate::sync::Side;
use crate::sync::progress;
use crate::sync::run::Deletions;

pub mod account;
pub mod activity;
pub mod conflicts;
pub mod history;
pub mod profiles;
mod questions;
pub mod reports;
pub mod transfer;

pub use questions::{Answered, Question};

/// Counts up when a line of this program would not be understood by an older one.
pub const VERSION: u32 = 1;

/// A line from a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub v: u32,
    /// Chosen by the client; the reply carries it too.
    pub id: u64,
    #[serde(flatten)]
    pub request: Request,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "a line is read, done and dropped")]
pub enum Request {
    /// Run these profiles now, or all active ones where none is named. Answered with [`Reply::Runs`].
    Sync {
        profiles: Vec<String>,
        #[serde(default)]
        how: How,
    },
    /// Look what a run of the profile would do. Answered with [`Reply::Runs`]; what it would touch is told by
    /// [`Event::RunFinished`].
    Preview {
        profile: String,
    },
    /// The person's answer to a run that is held: a yes concerns what was shown, and no more than that. The last answer
    /// counts. Answered with [`Reply::Runs`].
    Answer {
        profile: String,
        shown: Held,
        answer: Answer,
    },
    /// Nothing runs by itself until [`Request::Resume`], or for so many minutes.
    Pause {
        #[serde(default)]
        minutes: Option<u32>,
    },
    Resume,
    /// Answered with [`Reply::Status`].
    Status,
    /// From now on, events are told too. The first one is the [`Event::Status`] of now.
    Follow {
        /// The client is a window: it shows what [`Event::Show`] names.
        #[serde(default)]
        window: bool,
    },
    /// Show a page in the window that is open. Answered with [`Reply::NoWindow`] where none is.
    Show {
        page: Page,
    },
    /// End the daemon.
    Stop,
    #[serde(untagged)]
    Question(Question),
}

/// What can be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Page {
    Status,
    Account,
    Reports,
    /// The last report of a profile.
    Report {
        profile: String,
    },
    History,
    Profiles,
    Options,
    /// What the import of a .cdsp file would do.
    Import {
        file: String,
    },
    About,
}

impl Page {
    /// How the command line of the window names it, and the profile that it is about.
    pub fn words(&self) -> (&'static str, Option<&str>) {
        match self {
            Page::Status => ("status", None),
            Page::Account => ("account", None),
            Page::Reports => ("reports", None),
            Page::Report { profile } => ("reports", Some(profile)),
            Page::History => ("history", None),
            Page::Profiles => ("profiles", None),
            Page::Options | Page::Import { .. } => ("options", None),
            Page::About => ("about", None),
        }
    }
}

/// How the person wants a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct How {
    pub deletions: OnDeletions,
    /// The looks ahead to whose outcome the person says yes. A profile that waits for one is refused if it was changed
    /// since, or if another look ahead at it came later.
    pub seen: Vec<RunId>,
    /// Only these files of the profile's folder; all where there are none.
    pub only: Vec<String>,
}

/// What becomes of unusually many deletions, which is said of profiles that are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDeletions {
    /// They wait for the person's yes.
    #[default]
    Guarded,
    /// They are done, also of what was to be brought back.
    Allowed,
    /// What one side deleted is brought back, instead of being deleted on the other side too.
    Undone,
}

impl From<OnDeletions> for Deletions {
    fn from(deletions: OnDeletions) -> Deletions {
        match deletions {
            OnDeletions::Guarded => Deletions::Guarded,
            OnDeletions::Allowed => Deletions::Allowed,
            OnDeletions::Undone => Deletions::UNDONE,
        }
    }
}

/// What becomes of items whose deletion the guard holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Delete,
    /// They are brought back to the side on which they are missing.
    Keep,
}

/// A line from the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    pub v: u32,
    #[serde(flatten)]
    pub tell: Tell,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "a line is read, done and dropped")]
pub enum Tell {
    /// The answer to the request of this number (0: to a line that could not be read).
    Reply {
        id: u64,
        reply: Reply,
    },
    Event {
        event: Event,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "a line is read, done and dropped")]
pub enum Reply {
    Done,
    /// What will run, and what will not and why. How each run ends is told by [`Event::RunFinished`].
    Runs {
        runs: Vec<Ticket>,
        refused: Vec<NotRun>,
    },
    Status {
        status: Box<Status>,
    },
    NoWindow,
    /// It was not done; a sentence for a person.
    Refused {
        why: String,
    },
    #[serde(untagged)]
    Answered(Answered),
}

/// A run that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    pub profile: String,
    pub run: RunId,
}

/// A profile that cannot run: why, in a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    pub profile: String,
    pub why: String,
}

/// The number of a run since the daemon was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// What happens in the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// How everything is, at the beginning and after each change of a profile's state.
    Status {
        status: Box<Status>,
    },
    RunStarted {
        run: RunId,
        profile: String,
    },
    /// How far a run is: told at most a few times a second.
    Progress {
        run: RunId,
        profile: String,
        step: Step,
    },
    RunFinished {
        run: RunId,
        profile: String,
        /// The number of the stored report; none for a look ahead.
        report_id: Option<i64>,
        report: Box<Report>,
        /// What a look ahead would touch, deletions first; at most 1,000 of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        foreseen: Vec<Touched>,
    },
    /// The person wants to look at something in the window.
    Show {
        page: Page,
    },
}

impl Event {
    /// A run that was asked for will never be.
    pub fn will_not_run(run: RunId, profile: &str, dry_run: bool, why: &str) -> Event {
        let report = Report { dry_run, ..Report::not_run(profile, Timestamp::now(), why.to_owned()) };
        Event::RunFinished {
            run,
            profile: profile.to_owned(),
            report_id: None,
            report: Box::new(report),
            foreseen: Vec::new(),
        }
    }
}

/// What a run is doing, and how far it is with that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub phase: Phase,
    pub done: u64,
    pub total: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    LookingHere,
    LookingAtServer,
    Comparing,
    Writing,
}

impl From<Phase> for progress::Phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::LookingHere => progress::Phase::Looking(Side::Local),
            Phase::LookingAtServer => progress::Phase::Looking(Side::Remote),
            Phase::Comparing => progress::Phase::Comparing,
            Phase::Writing => progress::Phase::Writing,
        }
    }
}

/// How the daemon and its profiles are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    pub pid: u32,
    pub since: Timestamp,
    pub paused: Option<Paused>,
    /// In the person's order.
    pub profiles: Vec<ProfileStatus>,
    /// What of the desktop can be used and what cannot: the tray, the notifications, the keyring.
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    pub since: Timestamp,
    /// None: until the person resumes.
    pub until: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfileStatus {
    pub name: String,
    pub active: bool,
    pub state: State,
    pub last: Option<LastRun>,
    /// When it runs next by itself.
    pub next: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    pub started: Timestamp,
    pub outcome: RunOutcome,
    pub report_id: Option<i64>,
}

/// How a profile is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It runs only when it is named.
    Inactive,
    /// It has not run since it was made.
    NeverRun,
    InSync,
    /// It waits for another run of the same account to end.
    Queued,
    Running {
        step: Option<Step>,
    },
    /// The server cannot be reached.
    Offline {
        since: Timestamp,
        why: String,
    },
    /// The server asks to come back later.
    Busy {
        since: Timestamp,
        why: String,
    },
    /// Nothing of the account runs by itself until the password changes.
    SignInNeeded {
        why: String,
    },
    /// The password cannot be had for now.
    KeyringLocked {
        why: String,
    },
    /// Deletions wait for the person's yes.
    Held {
        held: Held,
    },
    /// An imported profile waits until the person has looked ahead at it.
    PreviewNeeded,
    /// In sync but for some items.
    Warning {
        why: String,
    },
    /// It could not be synced.
    Error {
        why: String,
    },
    /// Its file is wrong, or it would double another profile's work.
    Broken {
        why: String,
    },
}

/// A part of the desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    /// None: it can be used. Otherwise why not, in a sentence for a person.
    pub missing: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_as_they_are_written() {
        let ask = |request| serde_json::to_string(&Ask { v: VERSION, id: 7, request }).unwrap();
        let tell = |tell| serde_json::to_string(&Telling { v: VERSION, tell }).unwrap();
        insta::assert_snapshot!(ask(Request::Status), @r#"{"v":1,"id":7,"request":"status"}"#);
        insta::assert_snapshot!(ask(Request::Sync { profiles: vec!["work".into()], how: How::default() }), @r#"{"v":1,"id":7,"request":"sync","profiles":["work"],"how":{"deletions":"guarded","seen":[],"only":[]}}"#);
        let shown = Held { local: 0, remote: 99, ..Held::default() };
        insta::assert_snapshot!(ask(Request::Answer { profile: "work".into(), shown, answer: Answer::Keep }), @r#"{"v":1,"id":7,"request":"answer","profile":"work","shown":{"local":0,"remote":99,"marks":{"local":"0000000000000000","remote":"0000000000000000"}},"answer":"keep"}"#);
        let runs = vec![Ticket { profile: "work".into(), run: RunId(3) }];
        insta::assert_snapshot!(tell(Tell::Reply { id: 7, reply: Reply::Runs { runs, refused: vec![] } }), @r#"{"v":1,"tell":"reply","id":7,"reply":{"is":"runs","runs":[{"profile":"work","run":3}],"refused":[]}}"#);
        let event = Event::RunStarted { run: RunId(3), profile: "work".into() };
        insta::assert_snapshot!(tell(Tell::Event { event }), @r#"{"v":1,"tell":"event","event":{"event":"run-started","run":3,"profile":"work"}}"#);
    }

    #[test]
    fn lines_are_read_as_they_were_meant() {
        for line in [
            r#"{"v":1,"id":1,"request":"sync","profiles":[]}"#,
            r#"{"v":1,"id":1,"request":"pause"}"#,
            r#"{"v":1,"id":1,"request":"preview","profile":"work","later":"ignored"}"#,
        ] {
            serde_json::from_str::<Ask>(line).unwrap();
        }
        for line in ["", "{}", r#"{"v":1,"id":1,"request":"dance"}"#, r#"{"v":1,"id":-1,"request":"status"}"#]
        {
            serde_json::from_str::<Ask>(line).unwrap_err();
        }
    }
}
