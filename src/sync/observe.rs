//! Observing: the trees are brought up to date with what a side holds now.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::Side;
use super::run::{Job, Only, RunError};
use crate::collection::{Etag, Fetched, Href, Observation};
use crate::item;
use crate::state::Tree;

/// How many items one targeted fetch asks about at most.
const CONFIRM: usize = 100;
/// How often all of a side is listed although a cursor tells what changed: some servers take a cursor that
/// they have forgotten for one that says nothing changed.
const LIST_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Looks at one side and commits what was seen together with the cursor that stands for it. Returns all that
/// the side holds now.
pub(super) async fn observe(job: &Job<'_>, side: Side) -> Result<Tree, RunError> {
    let collection = job.collections[side];
    let failed = |error| RunError::Collection(side, error);
    let known = job.state.cursor(side)?;
    let now = (job.clock)();
    let due = known.as_ref().is_some_and(|(_, listed)| now.duration_since(*listed) >= LIST_EVERY);
    let since = known.as_ref().map(|(cursor, _)| cursor).filter(|_| !due);
    let observation = collection.observe(since).await.map_err(failed)?;

    let mut tree = job.state.tree(side)?;
    let differs = |href: &Href, etag: &Etag| tree.get(href) != Some(etag);
    let mut seen: Vec<(Href, Etag)> = Vec::new();
    let mut gone: Vec<Href> = Vec::new();
    let cursor = match observation {
        Observation::Delta { changed, removed, cursor } => {
            seen.extend(changed.into_iter().map(|e| (e.href, e.etag)).filter(|(h, e)| differs(h, e)));
            gone.extend(removed.into_iter().filter(|href| tree.contains_key(href)));
            Some((cursor, known.as_ref().map_or(now, |(_, listed)| *listed)))
        }
        Observation::Listing { entries, cursor } => {
            let listed: HashSet<&Href> = entries.iter().map(|entry| &entry.href).collect();
            let missing: Vec<Href> = tree.keys().filter(|href| !listed.contains(href)).cloned().collect();
            // One that is there is asked for as well: an answer to it shows that the collection still is.
            let witness = entries.first().map(|entry| entry.href.clone());
            let mut unconfirmed = false;
            for missing in missing.chunks(at_once(job).saturating_sub(1).max(1)) {
                let hrefs: Vec<Href> = missing.iter().cloned().chain(witness.clone()).collect();
                for found in collection.fetch(&hrefs).await.map_err(failed)? {
                    match found {
                        // It was there when all was listed, and what it is called now is not listed.
                        Fetched::Gone { href } if Some(&href) == witness.as_ref() => unconfirmed = true,
                        Fetched::Gone { href } => gone.push(href),
                        // Of what was listed, the listing tells: what stood there then may have another name by now.
                        Fetched::Found { href, .. } if Some(&href) == witness.as_ref() => {}
                        Fetched::Found { href, etag, .. } if differs(&href, &etag) => seen.push((href, etag)),
                        Fetched::Found { .. } => {}
                        Fetched::Unreadable { .. } | Fetched::Failed { .. } => unconfirmed = true,
                    }
                }
            }
            seen.extend(entries.into_iter().map(|e| (e.href, e.etag)).filter(|(h, e)| differs(h, e)));
            // Without a cursor the next run lists again, and asks for what is missing again.
            cursor.filter(|_| !unconfirmed).map(|cursor| (cursor, now))
        }
    };
    if seen.is_empty() && gone.is_empty() && cursor == known {
        return Ok(tree);
    }
    job.state.write(|w| {
        // An item that was removed and made again is told as both.
        for href in &gone {
            w.unsee(side, href)?;
        }
        for (href, etag) in &seen {
            w.see(side, href, etag)?;
        }
        w.set_cursor(side, cursor.as_ref().map(|(cursor, listed)| (cursor, *listed)))
    })?;
    for href in &gone {
        tree.remove(href);
    }
    tree.extend(seen);
    Ok(tree)
}

fn at_once(job: &Job<'_>) -> usize {
    CONFIRM.min(job.chunk_size)
}

/// Looks at the server only as far as these items are concerned; what it holds as far as that is known. `local` is
/// what the local side holds now.
pub(super) async fn observe_only(job: &Job<'_>, local: &Tree, only: &Only) -> Result<Tree, RunError> {
    let remote: Vec<Href> = only.remote.iter().cloned().collect();
    look_again(job, Side::Remote, &remote).await?;
    // What is new here can be there already, under another name.
    let uids = new_uids(job, local, only).await?;
    if !uids.is_empty() {
        let found = job.collections.remote.having_uids(&uids).await;
        match found.map_err(|error| RunError::Collection(Side::Remote, error))? {
            Some(found) => {
                let known = job.state.tree(Side::Remote)?;
                let found: Vec<Href> = found.into_iter().filter(|href| !known.contains_key(href)).collect();
                look_again(job, Side::Remote, &found).await?;
            }
            None => return observe(job, Side::Remote).await,
        }
    }
    Ok(job.state.tree(Side::Remote)?)
}

/// The UIDs of those of these items that are new on the local side, as the server may know them.
async fn new_uids(job: &Job<'_>, local: &Tree, only: &Only) -> Result<Vec<String>, RunError> {
    let pairs = job.state.pairs()?;
    let known: HashSet<&Href> = pairs.iter().map(|pair| &pair.sides.local.href).collect();
    let new: Vec<Href> = only
        .local
        .iter()
        .filter(|href| local.contains_key(*href) && !known.contains(href))
        .cloned()
        .collect();
    let mut uids = Vec::new();
    for hrefs in new.chunks(at_once(job)) {
        let found = job.collections.local.fetch(hrefs).await;
        for found in found.map_err(|error| RunError::Collection(Side::Local, error))? {
            if let Fetched::Found { bytes, .. } = found
                && let Ok(facts) = item::read(&job.scope.shared(Side::Local, &bytes))
                && let Some(uid) = facts.uid.filter(|_| facts.kind == Some(job.kind))
                && job.state.pair_with_uid(Side::Local, &uid)?.is_none()
            {
                uids.push(uid);
            }
        }
    }
    Ok(uids)
}

/// Looks again at single items of a side whose version turned out to be another one.
pub(super) async fn look_again(job: &Job<'_>, side: Side, hrefs: &[Href]) -> Result<(), RunError> {
    for hrefs in hrefs.chunks(at_once(job)) {
        let found = job.collections[side].fetch(hrefs).await.map_err(|e| RunError::Collection(side, e))?;
        job.state.write(|w| {
            for found in &found {
                match found {
                    Fetched::Found { href, etag, .. } => w.see(side, href, etag)?,
                    Fetched::Gone { href } => w.unsee(side, href)?,
                    Fetched::Unreadable { .. } | Fetched::Failed { .. } => {}
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
