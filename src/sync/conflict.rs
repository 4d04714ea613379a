//! Conflicts that wait for the person's decision: what both sides have, and doing what was decided.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::policy::{Conflict as Winner, Policy};
use super::run::{Done, Job, Only, Options, RunError, run};
use super::{Side, Sides};
use crate::collection::{Edit, Fetched, Href, Outcome};
use crate::item;
use crate::item::merge::{Merged, merge};
use crate::state::{Aside, StateError, Subject};

/// What the person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    #[error(
        "no conflict {0:?} waits in this profile (any more); \"pimbridge conflict list\" shows those that do"
    )]
    Unknown(String),
    #[error("a copy of the version on this computer could not be stored: {0}")]
    Copy(String),
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<StateError> for DecisionError {
    fn from(error: StateError) -> Self {
        DecisionError::Run(error.into())
    }
}

/// The name of a conflict: short, and the same as long as it waits.
pub fn id(subject: &Subject) -> String {
    let name = |side: Side| subject[side].as_ref().map(Href::as_str).unwrap_or_default();
    let hash = Sha256::new_with_prefix(name(Side::Local)).chain_update([0]).chain_update(name(Side::Remote));
    hash.finalize()[..3].iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A conflict with what is there now.
#[derive(Debug)]
pub struct View {
    pub aside: Aside,
    /// What each side has; `None` where it was deleted (or cannot be read).
    pub versions: Sides<Option<Bytes>>,
    /// The side whose version was changed last.
    pub newer: Side,
    /// What putting both together would come to, where both sides have a version.
    pub merged: Option<Merged>,
}

/// Looks at a conflict.
pub async fn view(job: &Job<'_>, id: &str) -> Result<View, DecisionError> {
    let aside = find(job, id)?;
    let mut versions = Sides::default();
    for side in Side::BOTH {
        versions[side] = match &aside.subject[side] {
            Some(href) => fetch(job, side, href).await?,
            None => None,
        };
    }
    let pairs = job.state.pairs()?;
    let base = pairs.iter().find(|pair| {
        Side::BOTH.into_iter().all(|side| Some(&pair.sides[side].href) == aside.subject[side].as_ref())
    });
    let base = match base {
        Some(pair) => job.state.base_bytes(pair.id)?.map(|bytes| job.scope.shared(&bytes)),
        None => None,
    };
    let shared = Sides::from_fn(|side| versions[side].as_ref().map(|bytes: &Bytes| job.scope.shared(bytes)));
    let modified = |side: Side| item::read(shared[side].as_ref()?).ok()?.modified;
    let newer = if modified(Side::Local) > modified(Side::Remote) { Side::Local } else { Side::Remote };
    let merged = match (&shared[newer], &shared[newer.other()]) {
        (Some(new), Some(old)) => merge(base.as_deref(), new, old, (job.clock)()).ok(),
        _ => None,
    };
    Ok(View { aside, versions, newer, merged })
}

/// Does what the person decided about one conflict. What is overwritten or deleted by it is in the history.
pub async fn decide(job: &Job<'_>, id: &str, decision: Decision) -> Result<Done, DecisionError> {
    let aside = find(job, id)?;
    let mut only = Only::default();
    for side in Side::BOTH {
        only[side].extend(aside.subject[side].clone());
    }
    let winner = match decision {
        Decision::Take(Side::Local) => Winner::LocalWins,
        Decision::Take(Side::Remote) => Winner::ServerWins,
        Decision::Merge => Winner::Merge,
        Decision::Both => match copy(job, &aside).await? {
            Some(copy) => {
                only.local.insert(copy);
                Winner::ServerWins
            }
            // It is on one side only, and stays.
            None => Winner::Merge,
        },
    };
    let job = Job { policy: Policy::TwoWay(winner), ..job.clone() };
    let options = Options { allow_deletions: true, only: Some(only), ..Options::default() };
    Ok(run(&job, &options).await?)
}

fn find(job: &Job<'_>, name: &str) -> Result<Aside, DecisionError> {
    let parked = job.state.conflicts()?;
    parked
        .into_iter()
        .find(|aside| id(&aside.subject) == name)
        .ok_or_else(|| DecisionError::Unknown(name.to_owned()))
}

/// Stores the local version once more, as an item of its own; `None` where one of the sides has none.
async fn copy(job: &Job<'_>, aside: &Aside) -> Result<Option<Href>, DecisionError> {
    let (Some(local), Some(remote)) = (&aside.subject.local, &aside.subject.remote) else { return Ok(None) };
    let (Some(bytes), Some(_)) =
        (fetch(job, Side::Local, local).await?, fetch(job, Side::Remote, remote).await?)
    else {
        return Ok(None);
    };
    // Made of the content, so that a second attempt finds the first.
    let uid: String = Sha256::digest(&bytes)[..16].iter().map(|octet| format!("{octet:02x}")).collect();
    let bytes = item::with_uid(&bytes, &uid);
    let mut applied = job.collections.local.apply(vec![Edit::Create { uid: Some(uid), bytes }]).await;
    if let Some(error) = applied.stopped {
        return Err(RunError::Collection(Side::Local, error).into());
    }
    match applied.outcomes.pop() {
        Some(Outcome::Stored { href, .. }) => Ok(Some(href)),
        Some(Outcome::Refused { reason } | Outcome::Failed { reason }) => Err(DecisionError::Copy(reason)),
        _ => Err(DecisionError::Copy("something of that name is there already".into())),
    }
}

async fn fetch(job: &Job<'_>, side: Side, href: &Href) -> Result<Option<Bytes>, DecisionError> {
    let found = job.collections[side].fetch(std::slice::from_ref(href)).await;
    let found = found.map_err(|error| RunError::Collection(side, error))?;
    Ok(found.into_iter().find_map(|found| match found {
        Fetched::Found { bytes, .. } => Some(bytes),
        Fetched::Gone { .. } | Fetched::Unreadable { .. } | Fetched::Failed { .. } => None,
    }))
}
