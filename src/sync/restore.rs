//! Bringing a version of the history back, to both sides.

use bytes::Bytes;

use super::run::{Job, RunError, look_at_both};
use super::words::place;
use super::{Side, Sides};
use crate::collection::{Edit, Etag, Fetched, Href, Outcome};
use crate::item::mapping::is_block;
use crate::item::{self, Facts};
use crate::state::{Base, Loss, Lost, Pair, Seen, StateError, Version, VersionId};

/// Why a version could not be brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(
        "there is no version {0} in the history of this profile; \"history list\" shows those that are kept"
    )]
    Unknown(i64),
    #[error(
        "version {0} is only a busy block, which is made of an event in the folder; change the event there, and the next \
         sync makes the block anew"
    )]
    Busy(i64),
    #[error(
        "this profile only sends busy blocks and never writes to the folder; look at version {0} with \"history show\", and \
         write it into the folder yourself"
    )]
    OnlyBlocks(i64),
    #[error("the version could not be written {}: {reason}", place(*.side))]
    Refused { side: Side, reason: String },
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<StateError> for RestoreError {
    fn from(error: StateError) -> Self {
        RestoreError::Run(error.into())
    }
}

/// What is there now on one side.
struct Current {
    href: Href,
    etag: Etag,
    bytes: Bytes,
    facts: Option<Facts>,
}

/// Writes a version of the history to both sides; what is there now goes into the history first.
pub async fn restore(job: &Job<'_>, id: VersionId) -> Result<Version, RestoreError> {
    let (version, bytes) = job.state.version(id)?.ok_or(RestoreError::Unknown(id.0))?;
    if is_block(&bytes) {
        return Err(RestoreError::Busy(id.0));
    }
    if job.scope.is_busy() {
        return Err(RestoreError::OnlyBlocks(id.0));
    }
    look_at_both(job, None).await?;
    let pair = find_pair(job, &version)?;
    let current = Sides {
        local: current(job, pair.as_ref(), Side::Local).await?,
        remote: current(job, pair.as_ref(), Side::Remote).await?,
    };
    keep(job, &current)?;

    let shared = job.scope.shared(version.side, &bytes);
    let digest = item::read(&shared).ok().map(|facts| facts.digest);
    let mut stored: Sides<Option<(Seen, Bytes)>> = Sides::default();
    for side in Side::BOTH {
        let there = current[side].as_ref();
        let own_uid = there.and_then(|c| c.facts.as_ref()).and_then(|facts| facts.uid.clone());
        let uid = own_uid.or_else(|| version.uid.clone());
        let bytes = match side == version.side {
            true => bytes.clone(),
            false => job.scope.on(side, &shared, there.map(|there| &there.bytes)),
        };
        let bytes = match &uid {
            Some(uid) if version.uid.as_ref() != Some(uid) => item::with_uid(&bytes, uid),
            _ => bytes,
        };
        let seen = write(job, side, there, uid, bytes.clone()).await?;
        if let Some(etag) = &seen.etag {
            job.state.write(|w| w.see(side, &seen.href, etag))?;
        }
        stored[side] = Some((seen, bytes));
    }
    if let (Some((local, bytes)), Some((mut remote, there)), Some(digest)) =
        (stored.local, stored.remote, digest)
    {
        remote.verbatim &= job.scope.remote_of(&bytes).is_some_and(|remote| remote == there);
        let base = Base { digest, bytes, sides: Sides { local, remote } };
        job.state.write(|w| w.save_pair(pair.map(|pair| pair.id), &base))?;
    }
    Ok(version)
}

/// The pair that the version belongs to, if the item still is on any side.
fn find_pair(job: &Job<'_>, version: &Version) -> Result<Option<Pair>, StateError> {
    let pairs = job.state.pairs()?;
    let same = |pair: &&Pair| {
        let seen = &pair.sides[version.side];
        match &version.uid {
            Some(uid) => seen.uid.as_ref() == Some(uid),
            None => seen.href.as_str() == version.item,
        }
    };
    Ok(pairs.iter().find(same).cloned())
}

async fn current(job: &Job<'_>, pair: Option<&Pair>, side: Side) -> Result<Option<Current>, RunError> {
    let Some(pair) = pair.filter(|pair| !pair.sides[side].href.as_str().is_empty()) else { return Ok(None) };
    let href = pair.sides[side].href.clone();
    let found = job.collections[side].fetch(&[href]).await.map_err(|e| RunError::Collection(side, e))?;
    Ok(found.into_iter().find_map(|found| match found {
        Fetched::Found { href, etag, bytes, .. } => {
            let facts = item::read(&bytes).ok();
            Some(Current { href, etag, bytes, facts })
        }
        Fetched::Gone { .. } | Fetched::Unreadable { .. } | Fetched::Failed { .. } => None,
    }))
}

fn keep(job: &Job<'_>, current: &Sides<Option<Current>>) -> Result<(), StateError> {
    let now = (job.clock)();
    job.state.write(|w| {
        for side in Side::BOTH {
            let Some(there) = &current[side] else { continue };
            let facts = there.facts.as_ref();
            w.keep_version(
                now,
                &Lost {
                    side,
                    href: &there.href,
                    uid: facts.and_then(|facts| facts.uid.as_deref()),
                    summary: facts.map_or(there.href.as_str(), |facts| &facts.summary),
                    loss: Loss::Overwritten,
                    bytes: &there.bytes,
                },
            )?;
        }
        Ok(())
    })
}

async fn write(
    job: &Job<'_>,
    side: Side,
    there: Option<&Current>,
    uid: Option<String>,
    bytes: Bytes,
) -> Result<Seen, RestoreError> {
    let edit = match there {
        Some(there) => {
            Edit::Replace { href: there.href.clone(), if_etag: there.etag.clone(), bytes: bytes.clone() }
        }
        None => Edit::Create { uid: uid.clone(), bytes: bytes.clone() },
    };
    let mut applied = job.collections[side].apply(vec![edit]).await;
    if let Some(error) = applied.stopped {
        return Err(RunError::Collection(side, error).into());
    }
    let refused = |reason: &str| RestoreError::Refused { side, reason: reason.to_owned() };
    match applied.outcomes.pop() {
        Some(Outcome::Stored { href, etag: Some(etag) }) => {
            Ok(Seen { href, etag: Some(etag), uid, verbatim: false })
        }
        Some(Outcome::Stored { href, etag: None }) => {
            let found =
                job.collections[side].fetch(&[href]).await.map_err(|e| RunError::Collection(side, e))?;
            let found = found.into_iter().find_map(|found| match found {
                Fetched::Found { href, etag, bytes: there, .. } => {
                    Some(Seen { href, etag: Some(etag), uid: uid.clone(), verbatim: there == bytes })
                }
                _ => None,
            });
            found.ok_or_else(|| refused("it could not be read again after it was written"))
        }
        Some(Outcome::Refused { reason } | Outcome::Failed { reason }) => Err(refused(&reason)),
        Some(Outcome::Stale { .. } | Outcome::Deleted | Outcome::NotTried) | None => {
            Err(refused("something else is there at the moment; run \"pimbridge sync\" and then try again"))
        }
    }
}
