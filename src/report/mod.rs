//! What a run did: the model. `text` and `html` write it for people, in the words of `wording`, `json` for scripts, `xml`
//! as another program did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tr::tr;

use crate::collection::Href;
use crate::sync::{Side, Sides};

pub mod html;
pub mod json;
pub(crate) mod page;
pub mod text;
pub mod wording;
pub mod xml;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Both sides agree as the mode demands.
    Ok,
    /// The run finished, but some items failed or are set aside.
    Partial,
    /// Everything but the deletions was done; they wait for the person's yes.
    Held,
    /// The run could not be done (to its end).
    Failed,
}

/// How a report can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Text,
    /// A page for a browser, which needs nothing else.
    Html,
    /// As Outlook CalDav Synchronizer writes it.
    Xml,
    Json,
}

/// How many items a run changed on one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub deleted: u64,
}

impl Counts {
    pub fn total(self) -> u64 {
        self.created + self.updated + self.deleted
    }
}

impl std::ops::Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            created: self.created + other.created,
            updated: self.updated + other.updated,
            deleted: self.deleted + other.deleted,
        }
    }
}

/// What a run found on one side, compared with what both sides held when they last agreed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    pub unchanged: u64,
    pub new: u64,
    pub changed: u64,
    pub deleted: u64,
}

/// One run of one profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub profile: String,
    pub started: Timestamp,
    /// Wall time of the run in seconds.
    pub seconds: f64,
    pub outcome: RunOutcome,
    /// The run was only planned: the counts say what it would do.
    pub dry_run: bool,
    /// No person asked for it.
    #[serde(default)]
    pub automatic: bool,
    /// It was about some items only, and says nothing of the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part: bool,
    /// It goes on, or was interrupted: how it went is said at its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
    /// What it found.
    #[serde(default)]
    pub found: Sides<Delta>,
    pub local: Counts,
    pub remote: Counts,
    /// Items that both sides had changed.
    pub conflicts: u64,
    /// Items found the same on both sides and linked without writing.
    pub linked: u64,
    /// Deletions held back by the guard, by side.
    pub held: Held,
    /// Conflicts that wait for the person's decision, those of earlier runs too.
    #[serde(default)]
    pub parked: u64,
    pub problems: Vec<Problem>,
    /// Why the run could not be done to its end: a sentence for a person.
    pub failure: Option<String>,
    /// What the person should know besides (a state file set aside, ambiguous pairs …).
    pub notices: Vec<String>,
    pub requests: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

impl Report {
    /// The report of a run that could not even be started.
    pub fn not_run(profile: &str, started: Timestamp, failure: String) -> Report {
        Report {
            profile: profile.to_owned(),
            started,
            seconds: 0.0,
            outcome: RunOutcome::Failed,
            dry_run: false,
            automatic: false,
            part: false,
            unfinished: false,
            found: Sides::default(),
            local: Counts::default(),
            remote: Counts::default(),
            conflicts: 0,
            linked: 0,
            held: Held::default(),
            parked: 0,
            problems: Vec::new(),
            failure: Some(failure),
            notices: Vec::new(),
            requests: 0,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    /// Nothing was written, nor found to be the same on both sides.
    pub fn did_nothing(&self) -> bool {
        self.local.total() + self.remote.total() + self.linked == 0
    }

    /// Nobody asked for the run and it did nothing: it is not worth a report of its own where it says the same as the
    /// one before it.
    pub fn is_repetitive(&self) -> bool {
        self.automatic && self.did_nothing()
    }

    /// Whether both say the same to a person, but for when it was, how long it took and what went over the wire.
    pub fn says_the_same_as(&self, other: &Report) -> bool {
        let Report { started, seconds, found, requests, bytes_in, bytes_out, .. } = *self;
        *self == Report { started, seconds, found, requests, bytes_in, bytes_out, ..other.clone() }
    }

    /// The report of a run that waits until the person has looked ahead at it.
    pub fn preview_needed(profile: &str, started: Timestamp) -> Report {
        let word = wording::shell_word(profile);
        let why = tr!(
            "it may delete what only one side has, so see first what it would do: pimbridge sync {word} --dry-run; if that \
             is right, accept it: pimbridge sync {word} --accept-preview",
            word
        );
        Report { outcome: RunOutcome::Held, ..Report::not_run(profile, started, why) }
    }
}

/// Deletions that the guard holds back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub local: u64,
    pub remote: u64,
    /// Which they are.
    #[serde(default)]
    pub marks: Sides<Mark>,
}

/// Tells a set of items from any other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Mark(u64);

impl Mark {
    /// The items are in order.
    fn of<'a>(items: impl IntoIterator<Item = &'a Href>) -> Mark {
        let mut hash = Sha256::new();
        items.into_iter().for_each(|item| hash.update([item.as_str().as_bytes(), b"\n"].concat()));
        Mark(hash.finalize().iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte)))
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> String {
        format!("{:016x}", mark.0)
    }
}

impl TryFrom<String> for Mark {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Mark, Self::Error> {
        u64::from_str_radix(&text, 16).map(Mark)
    }
}

/// Items whose deletion is held back: their names on their side, and what a person calls them.
pub type HeldItems = Sides<BTreeMap<Href, String>>;

impl Held {
    pub fn of(items: &HeldItems) -> Held {
        let [local, remote] = Side::BOTH.map(|side| items[side].len() as u64);
        let mark = |side: Side| {
            if items[side].is_empty() { Mark::default() } else { Mark::of(items[side].keys()) }
        };
        Held { local, remote, marks: Sides::from_fn(mark) }
    }

    /// Those on this side.
    pub fn on(self, side: Side) -> u64 {
        match side {
            Side::Local => self.local,
            Side::Remote => self.remote,
        }
    }

    /// Those on this side are these and no others.
    pub fn is_of(self, side: Side, items: &BTreeSet<Href>) -> bool {
        self.on(side) == items.len() as u64 && self.marks[side] == Mark::of(items)
    }
}

/// What happened to one item in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    Create,
    Update,
    Delete,
}

/// One item that a run touched (or, in a dry run, would touch).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The side that was written to.
    pub side: Side,
    pub operation: Operation,
    /// What a person calls the item.
    pub summary: String,
    /// The item's href on the side that was written to (on the other side, where it is not known yet).
    pub item: String,
    /// Why, in a few words: "new on the server", "changed on both sides, the local version is newer" …
    pub why: String,
    /// Both sides had changed it.
    pub conflict: bool,
}

/// One item that could not be brought in sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The item's href on `side`.
    pub item: String,
    pub summary: String,
    /// The side on which the trouble is.
    pub side: Side,
    /// What happened and what the person can do, with the server's own reason.
    pub message: String,
    /// Since when the item is set aside, where this is not the first run that meets the trouble.
    pub since: Option<Timestamp>,
    /// Nothing failed: it waits for the person's decision.
    #[serde(default)]
    pub parked: bool,
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::*;

    /// A run of the profile "work" in which nothing had to be done.
    pub fn report() -> Report {
        Report {
            profile: "work".into(),
            started: "2026-11-21T08:00:00Z".parse().unwrap(),
            seconds: 0.42,
            outcome: RunOutcome::Ok,
            dry_run: false,
            automatic: false,
            part: false,
            unfinished: false,
            found: Sides::default(),
            local: Counts::default(),
            remote: Counts::default(),
            conflicts: 0,
            linked: 0,
            held: Held::default(),
            parked: 0,
            problems: Vec::new(),
            failure: None,
            notices: Vec::new(),
            requests: 1,
            bytes_in: 320,
            bytes_out: 0,
        }
    }

    pub fn problem(item: &str, summary: &str, side: Side, message: &str) -> Problem {
        let (item, summary, message) = (item.into(), summary.into(), message.into());
        Problem { item, summary, side, message, since: None, parked: false }
    }

    pub fn touched(side: Side, operation: Operation, summary: &str, why: &str) -> Touched {
        Touched {
            side,
            operation,
            summary: summary.into(),
            item: "x.ics".into(),
            why: why.into(),
            conflict: false,
        }
    }
}
