//! Conflicts that wait for the person's decision: what both sides have, and doing what was decided.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tr::tr;

use super::policy::{Conflict as Winner, Policy};
use super::resolve::{BaseContent, Content, newer};
use super::run::{Deletions, Done, Job, Only, Options, RunError, run};
use super::{Side, Sides};
use crate::collection::{Edit, Fetched, Href, Outcome};
use crate::item;
use crate::item::merge::{Merged, merge};
use crate::state::{Aside, StateError, Subject};

/// What the person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "side", rename_all = "kebab-case")]
pub enum Decision {
    /// Both sides get what this side has; where it was deleted there, it is deleted on the other.
    Take(Side),
    /// Both versions stay, as two items.
    Both,
    /// The changes of both sides are put together.
    Merge,
}

/// Why a decision could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error("{}", tr!("no conflict {} waits in this profile (any more); to see those that do: pimbridge conflict list", format_args!("{:?}", .0)))]
    Unknown(String),
    #[error("{}", tr!("a side has changed since you looked, so nothing was done; look at the conflict again"))]
    Changed,
    #[error("{}", tr!("a copy of the version on this computer could not be stored: {0}", .0))]
    Copy(String),
    #[error("{}", unread(*.side, .reason))]
    Unread { side: Side, reason: String },
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<StateError> for DecisionError {
    fn from(error: StateError) -> Self {
        DecisionError::Run(error.into())
    }
}

fn unread(side: Side, reason: &str) -> String {
    match side {
        Side::Local => {
            tr!("the version on this computer could not be read, so nothing was done: {reason}", reason)
        }
        Side::Remote => {
            tr!("the version on the server could not be read, so nothing was done: {reason}", reason)
        }
    }
}

/// The name of a conflict: short, and the same as long as it waits.
pub fn id(subject: &Subject) -> String {
    let name = |side: Side| subject[side].as_ref().map(Href::as_str).unwrap_or_default();
    let hash = Sha256::new_with_prefix(name(Side::Local)).chain_update([0]).chain_update(name(Side::Remote));
    item::hex(&hash.finalize()[..4])
}

/// A conflict with what is there now.
#[derive(Debug)]
pub struct View {
    pub aside: Aside,
    /// What each side has; `None` where it was deleted.
    pub versions: Sides<Option<Bytes>>,
    /// The side whose version was changed last.
    pub newer: Side,
    /// What putting both together would come to, where both sides have a version.
    pub merged: Option<Merged>,
}

impl View {
    /// Stands for these versions: the same as long as both sides have them.
    pub fn mark(&self) -> String {
        mark(&self.versions)
    }
}

/// Looks at a conflict.
pub async fn view(job: &Job<'_>, id: &str) -> Result<View, DecisionError> {
    let aside = find(job, id)?;
    let found = fetch_both(job, &aside.subject).await?;
    let pairs = job.state.pairs()?;
    let base = match pairs.iter().find(|pair| pair.subject() == aside.subject) {
        Some(pair) => job.state.base_bytes(pair.id)?.map(|bytes| job.scope.shared(Side::Local, &bytes)),
        None => None,
    };
    let shared =
        Sides::from_fn(|side| found[side].as_ref().map(|found| job.scope.shared(side, &found.bytes)));
    let facts = |bytes: &Option<Bytes>| bytes.as_ref().and_then(|bytes| item::read(bytes).ok());
    let contents = Sides::from_fn(|side| {
        let (facts, stored) = (facts(&shared[side])?, found[side].as_ref()?.modified);
        Some(Content { digest: facts.digest, modified: facts.modified, stored })
    });
    let before = facts(&base).map(|facts| BaseContent { digest: facts.digest, modified: facts.modified });
    let newer = newer(before, &contents);
    let merged = match (&shared[newer], &shared[newer.other()]) {
        (Some(new), Some(old)) => merge(base.as_deref(), new, old, (job.clock)()).ok(),
        _ => None,
    };
    Ok(View { aside, versions: bytes_of(&found), newer, merged })
}

/// Does what the person decided about one conflict; where they have seen the versions, only as long as both sides still
/// have those. What is overwritten or deleted by it is in the history.
pub async fn decide(
    job: &Job<'_>,
    id: &str,
    decision: Decision,
    seen: Option<&str>,
) -> Result<Done, DecisionError> {
    let aside = find(job, id)?;
    if let Some(seen) = seen
        && mark(&bytes_of(&fetch_both(job, &aside.subject).await?)) != seen
    {
        return Err(DecisionError::Changed);
    }
    let mut only = Only::default();
    for side in Side::BOTH {
        only[side].extend(aside.subject[side].clone());
    }
    let (winner, copy) = match decision {
        Decision::Take(Side::Local) => (Winner::LocalWins, None),
        Decision::Take(Side::Remote) => (Winner::ServerWins, None),
        Decision::Merge => (Winner::Merge, None),
        Decision::Both => match copy(job, &aside).await? {
            Copy::Made(href) => (Winner::ServerWins, Some(href)),
            Copy::There => (Winner::ServerWins, None),
            // It is on one side only, and stays.
            Copy::Pointless => (Winner::Merge, None),
        },
    };
    let job = Job { policy: Policy::TwoWay(winner), decided: true, ..job.clone() };
    let options = |only| Options { deletions: Deletions::Allowed, only: Some(only), ..Options::default() };
    let mut done = run(&job, &options(only)).await?;
    if let Some(href) = copy
        && done.report.failure.is_none()
    {
        done = run(&job, &options(Only { local: BTreeSet::from([href]), ..Only::default() })).await?;
    }
    Ok(done)
}

fn find(job: &Job<'_>, name: &str) -> Result<Aside, DecisionError> {
    let parked = job.state.conflicts()?;
    parked
        .into_iter()
        .find(|aside| id(&aside.subject) == name)
        .ok_or_else(|| DecisionError::Unknown(name.to_owned()))
}

/// The local version, stored once more as an item of its own.
enum Copy {
    Made(Href),
    /// An earlier attempt made it; the next sync carries it over.
    There,
    /// One of the sides has no version.
    Pointless,
}

async fn copy(job: &Job<'_>, aside: &Aside) -> Result<Copy, DecisionError> {
    let (Some(local), Some(remote)) = (&aside.subject.local, &aside.subject.remote) else {
        return Ok(Copy::Pointless);
    };
    let (Some(Found { bytes, .. }), Some(_)) =
        (fetch(job, Side::Local, local).await?, fetch(job, Side::Remote, remote).await?)
    else {
        return Ok(Copy::Pointless);
    };
    // Made of the content, so that a second attempt finds the first.
    let uid = item::hex(&Sha256::digest(&bytes)[..16]);
    let bytes = item::with_uid(&bytes, &uid);
    let mut applied = job.collections.local.apply(vec![Edit::Create { uid: Some(uid), bytes }]).await;
    if let Some(error) = applied.stopped {
        return Err(RunError::Collection(Side::Local, error).into());
    }
    match applied.outcomes.pop() {
        Some(Outcome::Stored { href, .. }) => Ok(Copy::Made(href)),
        Some(Outcome::Stale { sure: true }) => Ok(Copy::There),
        Some(Outcome::Refused { reason } | Outcome::Failed { reason }) => Err(DecisionError::Copy(reason)),
        _ => Err(DecisionError::Copy(tr!("it is not known whether it was done"))),
    }
}

/// What is there now.
struct Found {
    bytes: Bytes,
    /// When the store says that it was changed.
    modified: Option<Timestamp>,
}

fn bytes_of(found: &Sides<Option<Found>>) -> Sides<Option<Bytes>> {
    Sides::from_fn(|side| found[side].as_ref().map(|found| found.bytes.clone()))
}

fn mark(versions: &Sides<Option<Bytes>>) -> String {
    let hash = Side::BOTH.into_iter().fold(Sha256::new(), |hash, side| match &versions[side] {
        Some(bytes) => hash.chain_update([1]).chain_update(Sha256::digest(bytes)),
        None => hash.chain_update([0]),
    });
    item::hex(&hash.finalize()[..16])
}

async fn fetch_both(job: &Job<'_>, subject: &Subject) -> Result<Sides<Option<Found>>, DecisionError> {
    let mut found = Sides::default();
    for side in Side::BOTH {
        if let Some(href) = &subject[side] {
            found[side] = fetch(job, side, href).await?;
        }
    }
    Ok(found)
}

/// `None` where it is gone.
async fn fetch(job: &Job<'_>, side: Side, href: &Href) -> Result<Option<Found>, DecisionError> {
    let found = job.collections[side].fetch(std::slice::from_ref(href)).await;
    let found = found.map_err(|error| RunError::Collection(side, error))?;
    match found.into_iter().next() {
        Some(Fetched::Found { bytes, modified, .. }) => Ok(Some(Found { bytes, modified })),
        Some(Fetched::Gone { .. }) => Ok(None),
        Some(Fetched::Unreadable { reason, .. } | Fetched::Failed { reason, .. }) => {
            Err(DecisionError::Unread { side, reason })
        }
        None => Err(DecisionError::Unread { side, reason: tr!("no answer came") }),
    }
}
