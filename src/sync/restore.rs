//! Bringing versions of the history back, to both sides.

use std::collections::HashMap;

use bytes::Bytes;
use tr::tr;

use super::run::{Job, RunError, look_at_both};
use super::scope::Scope;
use super::{Side, Sides};
use crate::collection::{Edit, Etag, Fetched, Href, Outcome};
use crate::item::mapping::is_block;
use crate::item::{self, Digest, Facts};
use crate::state::{Base, Loss, Lost, Pair, Seen, StateError, Version, VersionId, Write};

/// Why a version could not be brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{}", tr!("there is no version {0} in the history of this profile; look there for one that is kept", .0))]
    Unknown(i64),
    #[error("{}", tr!("version {0} is only a busy block, which is made of an event in the folder; change the event there, and the next \
         sync makes the block anew", .0))]
    Busy(i64),
    #[error("{}", tr!("this profile only sends busy blocks and never writes to the folder; look at version {0} in the history, and \
         write it into the folder yourself", .0))]
    OnlyBlocks(i64),
    #[error("{}", unwritten(*.side, .reason))]
    Refused { side: Side, reason: String },
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<StateError> for RestoreError {
    fn from(error: StateError) -> Self {
        RestoreError::Run(error.into())
    }
}

fn unwritten(side: Side, reason: &str) -> String {
    match side {
        Side::Local => tr!("the version could not be written on this computer: {reason}", reason),
        Side::Remote => tr!("the version could not be written on the server: {reason}", reason),
    }
}

/// What came of bringing versions back.
#[derive(Debug, Default)]
pub struct Restored {
    /// They are on both sides again.
    pub back: Vec<Version>,
    /// Their items are there anyway, and stay as they are.
    pub there: Vec<Version>,
    pub failed: Vec<(Version, RestoreError)>,
}

/// How many versions are brought back in one go: their bytes are in memory together.
const AT_ONCE: usize = 100;

/// What is there now on one side.
struct Current {
    href: Href,
    etag: Etag,
    bytes: Bytes,
    facts: Option<Facts>,
}

/// A version on its way back.
struct Doing {
    version: Version,
    pair: Option<Pair>,
    current: Sides<Option<Current>>,
    /// What both sides are to have, and which UID it has there.
    written: Sides<(Bytes, Option<String>)>,
    digest: Option<Digest>,
    stored: Sides<Option<Seen>>,
    failed: Option<RestoreError>,
}

/// Writes a version of the history to both sides; what is there now goes into the history first.
pub async fn restore(job: &Job<'_>, id: VersionId) -> Result<Version, RestoreError> {
    let found = read(job, id)?;
    look_at_both(job, None).await?;
    let mut restored = Restored::default();
    bring_back(job, vec![found], true, &mut restored).await?;
    match restored.failed.pop() {
        Some((_, error)) => Err(error),
        None => restored.back.pop().ok_or(RestoreError::Unknown(id.0)),
    }
}

/// Brings back the items of these versions that are on neither side any more, after one look at both.
pub async fn restore_gone(job: &Job<'_>, ids: &[VersionId]) -> Result<Restored, RestoreError> {
    look_at_both(job, None).await?;
    let mut restored = Restored::default();
    for ids in ids.chunks(AT_ONCE) {
        let mut versions = Vec::with_capacity(ids.len());
        for id in ids {
            match read(job, *id) {
                Ok(found) => versions.push(found),
                Err(RestoreError::Unknown(_)) => {}
                Err(RestoreError::Run(error)) => return Err(error.into()),
                Err(error) => {
                    restored.failed.extend(job.state.version(*id)?.map(|(version, _)| (version, error)));
                }
            }
        }
        bring_back(job, versions, false, &mut restored).await?;
    }
    Ok(restored)
}

/// Whether a profile with this scope can bring such a version back.
pub fn check(scope: &Scope, id: VersionId, bytes: &[u8]) -> Result<(), RestoreError> {
    if is_block(bytes) {
        return Err(RestoreError::Busy(id.0));
    }
    if scope.is_busy() {
        return Err(RestoreError::OnlyBlocks(id.0));
    }
    Ok(())
}

/// A version that can be brought back.
fn read(job: &Job<'_>, id: VersionId) -> Result<(Version, Bytes), RestoreError> {
    let (version, bytes) = job.state.version(id)?.ok_or(RestoreError::Unknown(id.0))?;
    check(&job.scope, id, &bytes)?;
    Ok((version, bytes))
}

/// Brings versions of different items back; `over` what is there now, which goes into the history first, or only where
/// nothing is.
async fn bring_back(
    job: &Job<'_>,
    versions: Vec<(Version, Bytes)>,
    over: bool,
    restored: &mut Restored,
) -> Result<(), RestoreError> {
    let mut found = Vec::with_capacity(versions.len());
    for (version, bytes) in versions {
        let pair = job.state.pair_of(version.side, version.uid.as_deref(), &version.item)?;
        found.push((version, bytes, pair));
    }
    let mut local = current(job, &found, Side::Local).await?;
    let mut remote = current(job, &found, Side::Remote).await?;
    let mut doing = Vec::with_capacity(found.len());
    for (version, bytes, pair) in found {
        let there = |current: &mut HashMap<Href, Current>, side: Side| {
            current.remove(&pair.as_ref()?.sides[side].href)
        };
        let current =
            Sides { local: there(&mut local, Side::Local), remote: there(&mut remote, Side::Remote) };
        let is_there = current.local.is_some() || current.remote.is_some();
        match is_there && !over {
            true => restored.there.push(version),
            false => doing.push(Doing::new(job, version, &bytes, pair, current)),
        }
    }
    keep(job, &doing)?;
    for side in Side::BOTH {
        write(job, side, &mut doing).await;
    }
    job.state.write(|w| doing.iter().try_for_each(|one| one.record(job, w)))?;
    for Doing { version, failed, .. } in doing {
        match failed {
            Some(error) => restored.failed.push((version, error)),
            None => restored.back.push(version),
        }
    }
    Ok(())
}

/// What is there now of these items on one side.
async fn current(
    job: &Job<'_>,
    found: &[(Version, Bytes, Option<Pair>)],
    side: Side,
) -> Result<HashMap<Href, Current>, RunError> {
    let pairs = found.iter().filter_map(|(_, _, pair)| pair.as_ref());
    let hrefs: Vec<Href> = pairs.filter_map(|pair| pair.subject()[side].clone()).collect();
    if hrefs.is_empty() {
        return Ok(HashMap::new());
    }
    let found = job.collections[side].fetch(&hrefs).await.map_err(|e| RunError::Collection(side, e))?;
    let found = found.into_iter().filter_map(|found| match found {
        Fetched::Found { href, etag, bytes, .. } => {
            let facts = item::read(&bytes).ok();
            Some((href.clone(), Current { href, etag, bytes, facts }))
        }
        Fetched::Gone { .. } | Fetched::Unreadable { .. } | Fetched::Failed { .. } => None,
    });
    Ok(found.collect())
}

impl Doing {
    fn new(
        job: &Job<'_>,
        version: Version,
        bytes: &Bytes,
        pair: Option<Pair>,
        current: Sides<Option<Current>>,
    ) -> Doing {
        let shared = job.scope.shared(version.side, bytes);
        let digest = item::read(&shared).ok().map(|facts| facts.digest);
        let written = Sides::from_fn(|side| {
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
            (bytes, uid)
        });
        Doing { version, pair, current, written, digest, stored: Sides::default(), failed: None }
    }

    fn edit(&self, side: Side) -> Edit {
        let (bytes, uid) = self.written[side].clone();
        match &self.current[side] {
            Some(there) => Edit::Replace { href: there.href.clone(), if_etag: there.etag.clone(), bytes },
            None => Edit::Create { uid, bytes },
        }
    }

    fn landed(&mut self, side: Side, outcome: Outcome) {
        let refused = |reason: String| RestoreError::Refused { side, reason };
        match outcome {
            Outcome::Stored { href, etag } => {
                let uid = self.written[side].1.clone();
                self.stored[side] = Some(Seen { href, etag, uid, verbatim: false });
            }
            Outcome::Refused { reason } | Outcome::Failed { reason } => self.failed = Some(refused(reason)),
            Outcome::Stale { .. } | Outcome::Deleted => {
                self.failed = Some(refused(tr!(
                    "something else is there at the moment; try again after the next sync"
                )));
            }
            Outcome::NotTried => {
                self.failed = Some(refused(tr!(
                    "what was before it in the list could not be written, so it was not tried"
                )));
            }
        }
    }

    fn record(&self, job: &Job<'_>, w: &Write<'_>) -> Result<(), StateError> {
        for side in Side::BOTH {
            if let Some(Seen { href, etag: Some(etag), .. }) = &self.stored[side] {
                w.see(side, href, etag)?;
            }
        }
        let (Some(local), Some(remote), Some(digest), None) =
            (&self.stored.local, &self.stored.remote, self.digest, &self.failed)
        else {
            return Ok(());
        };
        let (mut remote, (bytes, there)) = (remote.clone(), (&self.written.local.0, &self.written.remote.0));
        remote.verbatim &= job.scope.remote_of(bytes).is_some_and(|remote| remote == there);
        let base = Base { digest, bytes: bytes.clone(), sides: Sides { local: local.clone(), remote } };
        w.save_pair(self.pair.as_ref().map(|pair| pair.id), &base).map(drop)
    }
}

fn keep(job: &Job<'_>, doing: &[Doing]) -> Result<(), StateError> {
    let now = (job.clock)();
    job.state.write(|w| {
        for there in doing.iter().flat_map(|one| Side::BOTH.map(|side| (side, &one.current[side]))) {
            let (side, Some(there)) = there else { continue };
            let facts = there.facts.as_ref();
            w.keep_version(
                now,
                None,
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

/// Writes to one side what has not failed on the other.
async fn write(job: &Job<'_>, side: Side, doing: &mut [Doing]) {
    let mut doing: Vec<&mut Doing> = doing.iter_mut().filter(|one| one.failed.is_none()).collect();
    if doing.is_empty() {
        return;
    }
    let applied = job.collections[side].apply(doing.iter().map(|one| one.edit(side)).collect()).await;
    for (one, outcome) in doing.iter_mut().zip(applied.outcomes) {
        one.landed(side, outcome);
    }
    let mut stopped = applied.stopped.map(|error| RunError::Collection(side, error));
    let unread: Vec<Href> = doing.iter().filter_map(|one| one.unread(side)).collect();
    if stopped.is_none() && !unread.is_empty() {
        match job.collections[side].fetch(&unread).await {
            Ok(found) => {
                let mut found: HashMap<Href, (Etag, Bytes)> = found
                    .into_iter()
                    .filter_map(|found| match found {
                        Fetched::Found { href, etag, bytes, .. } => Some((href, (etag, bytes))),
                        _ => None,
                    })
                    .collect();
                doing.iter_mut().for_each(|one| one.read_back(side, &mut found));
            }
            Err(error) => stopped = Some(RunError::Collection(side, error)),
        }
    }
    // The first that was not done tells why; the others were not tried.
    if let Some(one) = doing.iter_mut().find(|one| !one.is_done(side))
        && let Some(error) = stopped
    {
        one.failed = Some(error.into());
    }
    for one in doing.iter_mut().filter(|one| one.failed.is_none() && !one.is_done(side)) {
        let reason = tr!("it could not be read again after it was written");
        one.failed = Some(RestoreError::Refused { side, reason });
    }
}

impl Doing {
    /// It was stored, and this version is there.
    fn is_done(&self, side: Side) -> bool {
        self.stored[side].as_ref().is_some_and(|seen| seen.etag.is_some())
    }

    /// What was stored without telling its version.
    fn unread(&self, side: Side) -> Option<Href> {
        self.stored[side].as_ref().filter(|seen| seen.etag.is_none()).map(|seen| seen.href.clone())
    }

    fn read_back(&mut self, side: Side, found: &mut HashMap<Href, (Etag, Bytes)>) {
        let Some(seen) = self.stored[side].as_mut().filter(|seen| seen.etag.is_none()) else { return };
        if let Some((etag, bytes)) = found.remove(&seen.href) {
            seen.verbatim = bytes == self.written[side].0;
            seen.etag = Some(etag);
        }
    }
}
