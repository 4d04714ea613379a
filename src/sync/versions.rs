//! The versions of items: what is brought to hand of both sides, from the collections or from what the state keeps.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;
use tr::tr;

use super::plan::Row;
use super::run::{Job, RunError};
use super::scope::Inside;
use super::{Side, Sides};
use crate::collection::{Etag, Fetched, Href};
use crate::item::{self, Facts, Unreadable};
use crate::state;

/// One side's version of an item, with its bytes.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub href: Href,
    pub etag: Etag,
    /// As they are on its side.
    pub bytes: Bytes,
    /// In the form by which both sides are compared, and of which the facts are.
    pub shared: Bytes,
    pub facts: Facts,
    pub inside: Inside,
    /// When the store says that it was changed.
    pub stored: Option<Timestamp>,
}

/// What a look at one href found.
pub(super) enum Found {
    Version(Box<Version>),
    Gone,
    Foreign,
    Broken {
        summary: String,
        message: String,
    },
    /// It could not be had this time.
    Failed {
        reason: String,
    },
}

pub(super) type Findings = Sides<HashMap<Href, Found>>;

/// Looks at versions that were seen on both sides.
pub(super) async fn fetch(job: &Job<'_>, wanted: Sides<Vec<(Href, Etag)>>) -> Result<Findings, RunError> {
    let Sides { local, remote } = wanted;
    let (local, remote) = futures_util::future::try_join(
        fetch_side(job, Side::Local, local),
        fetch_side(job, Side::Remote, remote),
    )
    .await?;
    Ok(Sides { local, remote })
}

async fn fetch_side(
    job: &Job<'_>,
    side: Side,
    wanted: Vec<(Href, Etag)>,
) -> Result<HashMap<Href, Found>, RunError> {
    let mut found = HashMap::with_capacity(wanted.len());
    let mut ask = Vec::new();
    for (href, etag) in wanted {
        let kept = if side == Side::Remote { job.state.content(&href, &etag)? } else { None };
        match kept {
            Some(state::Content { etag, bytes, modified }) => {
                found.insert(href.clone(), understand(job, side, href, etag, bytes, modified));
            }
            None => ask.push(href),
        }
    }
    if !ask.is_empty() {
        let fetched = job.collections[side].fetch(&ask).await.map_err(|e| RunError::Collection(side, e))?;
        for answer in fetched {
            match answer {
                Fetched::Found { href, etag, bytes, modified } => {
                    found.insert(href.clone(), understand(job, side, href, etag, bytes, modified));
                }
                Fetched::Gone { href } => {
                    found.insert(href, Found::Gone);
                }
                Fetched::Failed { href, reason } => {
                    found.insert(href, Found::Failed { reason });
                }
                Fetched::Unreadable { href, reason } => {
                    let summary = href.to_string();
                    found.insert(href, Found::Broken { summary, message: unreadable(&reason) });
                }
            }
        }
    }
    Ok(found)
}

fn understand(
    job: &Job<'_>,
    side: Side,
    href: Href,
    etag: Etag,
    bytes: Bytes,
    stored: Option<Timestamp>,
) -> Found {
    let shared = job.scope.shared(side, &bytes);
    match item::read(&shared) {
        Ok(mut facts) if facts.kind == Some(job.kind) => {
            let inside = job.scope.inside(side, &bytes);
            // The person knows an event by its own title.
            if let (true, Ok(whole)) = (job.scope.is_busy(), item::read(&bytes)) {
                facts.summary = whole.summary;
            }
            Found::Version(Box::new(Version { href, etag, bytes, shared, facts, inside, stored }))
        }
        Ok(_) => Found::Foreign,
        Err(unreadable) => Found::Broken {
            summary: item::title(&bytes).unwrap_or_else(|| href.to_string()),
            message: not_understood(&unreadable),
        },
    }
}

fn unreadable(reason: &str) -> String {
    tr!(
        "It cannot be read: {}. It is left as it is on both sides until it can be read.",
        reason.trim_end_matches('.')
    )
}

fn not_understood(why: &Unreadable) -> String {
    tr!(
        "It cannot be understood: {}. It is left as it is on both sides until it changes.",
        why.to_string().trim_end_matches('.')
    )
}

/// This side's version from the base, where that is known to be it, octet for octet.
pub(super) fn from_base(job: &Job<'_>, row: &Row, side: Side) -> Result<Option<Version>, RunError> {
    let (Some(pair), Some((href, etag))) = (&row.pair, row.present(side)) else { return Ok(None) };
    let base = &pair.sides[side];
    if !base.verbatim || base.etag.as_ref() != Some(etag) {
        return Ok(None);
    }
    let Some(bytes) = job.state.base_bytes(pair.id)? else { return Ok(None) };
    let shared = job.scope.shared(Side::Local, &bytes);
    let own = match side {
        Side::Local => Some(bytes.clone()),
        Side::Remote => job.scope.remote_of(&bytes),
    };
    let Some(own) = own else { return Ok(None) };
    let version = item::read(&shared).ok().map(|facts| Version {
        href: href.clone(),
        etag: etag.clone(),
        inside: job.scope.inside(side, &bytes),
        bytes: own,
        shared,
        facts,
        stored: None,
    });
    Ok(version)
}
