//! Sifting: which of the items at hand are out of the profile's scope.

use std::collections::{HashMap, HashSet};

use super::memory::Memory;
use super::plan::{Beside, Trees};
use super::policy::{Action, Change, Policy, decide};
use super::run::{Job, RunError};
use super::{Side, Sides};
use crate::collection::{Etag, Fetched, Href};
use crate::item;
use crate::state::{Aside, AsideKind, PairId, Subject};

/// So few new items of the server are fetched rather than asked about, and so few are asked about one by one.
pub(super) const FEW: usize = 10;

/// What is out of scope.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// Pairs that are gone from a side, but were out of scope before.
    pub asleep: HashSet<PairId>,
    pub outside: Outside,
}

/// Items without a base that are out of scope. One of them can be what is new on the other side.
#[derive(Debug, Default)]
pub(super) struct Outside {
    pub by_uid: Sides<HashMap<String, Href>>,
    /// Those on the server that nobody has looked into.
    pub unknown: HashSet<Href>,
}

impl Outside {
    pub fn is_empty(&self, side: Side) -> bool {
        self.by_uid[side].is_empty() && (side == Side::Local || self.unknown.is_empty())
    }

    fn add(&mut self, side: Side, href: &Href, uid: Option<&String>) {
        match uid {
            Some(uid) => {
                self.by_uid[side].insert(uid.clone(), href.clone());
            }
            None if side == Side::Remote => {
                self.unknown.insert(href.clone());
            }
            None => {}
        }
    }
}

/// Finds what is out of scope. New items that are out of it are left alone; that is remembered until they change or
/// the profile's range of time moves on.
pub(super) async fn sift(
    job: &Job<'_>,
    trees: &Trees,
    asides: &HashMap<Subject, Aside>,
    alone: &mut HashSet<Subject>,
) -> Result<Sifted, RunError> {
    let mut sifted = Sifted::default();
    if !job.scope.is_limited() || job.decided {
        return Ok(sifted);
    }
    for aside in asides.values().filter(|a| a.kind == AsideKind::Outside && alone.contains(&a.subject)) {
        match (&aside.subject.local, &aside.subject.remote) {
            (Some(href), None) => sifted.outside.add(Side::Local, href, aside.uid.as_ref()),
            (None, Some(href)) => sifted.outside.add(Side::Remote, href, aside.uid.as_ref()),
            _ => {}
        }
    }
    let new = Sides::from_fn(|side| new_items(job, trees, side, alone));
    let mut found = local(job, &new.local).await?;
    found.extend(remote(job, trees, &new.remote).await?);
    if !found.is_empty() {
        job.state.write(|w| found.iter().try_for_each(|aside| w.put_aside(aside)))?;
    }
    for aside in found {
        if let Some(href) = &aside.subject[aside.side] {
            sifted.outside.add(aside.side, href, aside.uid.as_ref());
        }
        alone.insert(aside.subject);
    }
    let missing =
        |side: Side| trees.pairs.iter().zip(Beside::of(trees, side).etags).map(|(_, etag)| etag.is_none());
    for ((pair, local), remote) in trees.pairs.iter().zip(missing(Side::Local)).zip(missing(Side::Remote)) {
        if (local || remote)
            && let Some(bytes) = job.state.base_bytes(pair.id)?
            && !job.scope.inside(Side::Local, &bytes).both()
        {
            sifted.asleep.insert(pair.id);
        }
    }
    Ok(sifted)
}

/// How many pairs are out of scope, and how many of their items there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asleep {
    pub pairs: u64,
    pub items: Sides<u64>,
}

/// Counts what sleeps: it does not make it any less alarming that the rest is deleted.
pub(super) fn asleep(job: &Job<'_>, trees: &Trees) -> Result<Asleep, RunError> {
    let mut asleep = Asleep::default();
    if !job.scope.is_limited() {
        return Ok(asleep);
    }
    for pair in &trees.pairs {
        if let Some(bytes) = job.state.base_bytes(pair.id)?
            && !job.scope.inside(Side::Local, &bytes).both()
        {
            asleep.pairs += 1;
            for side in Side::BOTH {
                asleep.items[side] += u64::from(trees.sides[side].contains_key(&pair.sides[side].href));
            }
        }
    }
    Ok(asleep)
}

/// The new items of a side that something would be done about.
fn new_items(job: &Job<'_>, trees: &Trees, side: Side, alone: &HashSet<Subject>) -> Vec<(Href, Etag)> {
    if !acts_on_new(job.policy, side) {
        return Vec::new();
    }
    let new = Beside::of(trees, side).new.into_iter();
    new.filter(|(href, _)| !alone.contains(&alone_on(side, href)))
        .map(|(href, etag)| (href.clone(), etag.clone()))
        .collect()
}

/// Whether anything is done about an item that only this side has, and that is new there.
pub(super) fn acts_on_new(policy: Policy, side: Side) -> bool {
    let (local, remote) = match side {
        Side::Local => (Change::New, Change::Absent),
        Side::Remote => (Change::Absent, Change::New),
    };
    decide(policy, local, remote) != Action::Nothing
}

/// What is on one side only.
pub(super) fn alone_on(side: Side, href: &Href) -> Subject {
    let mut subject = Subject::default();
    subject[side] = Some(href.clone());
    subject
}

async fn local(job: &Job<'_>, new: &[(Href, Etag)]) -> Result<Vec<Aside>, RunError> {
    let mut found_outside = Vec::new();
    let mut memory = Memory::default();
    let mut rest = new;
    while !rest.is_empty() {
        let (chunk, others) = rest.split_at(memory.chunk_size(job.chunk_size).min(rest.len()));
        rest = others;
        let hrefs: Vec<Href> = chunk.iter().map(|(href, _)| href.clone()).collect();
        let fetched = job.collections.local.fetch(&hrefs).await;
        let mut bytes_in_all = 0;
        for found in fetched.map_err(|error| RunError::Collection(Side::Local, error))? {
            let Fetched::Found { href, etag, bytes, .. } = found else { continue };
            bytes_in_all += bytes.len();
            // Another version than the one listed shows that the listing is old: what it says of names is not relied on.
            let is_listed =
                chunk.binary_search_by(|(listed, _)| listed.cmp(&href)).is_ok_and(|at| chunk[at].1 == etag);
            if is_listed
                && let Ok(facts) = item::read(&job.scope.shared(Side::Local, &bytes))
                && facts.kind == Some(job.kind)
                && !job.scope.inside(Side::Local, &bytes).both()
            {
                found_outside.push(outside(job, Side::Local, href, etag, facts.uid, facts.summary));
            }
        }
        memory.learn(hrefs.len() as u64, bytes_in_all);
    }
    Ok(found_outside)
}

/// The server says what is in the range of time, so that the rest need not be fetched. What it says to be inside is
/// judged once more by what it holds, as on the local side.
async fn remote(job: &Job<'_>, trees: &Trees, new: &[(Href, Etag)]) -> Result<Vec<Aside>, RunError> {
    let Some(range) = job.scope.range() else { return Ok(Vec::new()) };
    if new.is_empty() || (new.len() <= FEW && !trees.pairs.is_empty()) {
        return Ok(Vec::new());
    }
    let within = job.collections.remote.within(range).await;
    let Some(within) = within.map_err(|error| RunError::Collection(Side::Remote, error))? else {
        return Ok(Vec::new());
    };
    let others = new.iter().filter(|(href, _)| !within.contains(href));
    Ok(others
        .map(|(href, etag)| {
            outside(job, Side::Remote, href.clone(), etag.clone(), None, href.as_str().to_owned())
        })
        .collect())
}

/// How an item that is out of scope is left alone.
pub(super) fn outside(
    job: &Job<'_>,
    side: Side,
    href: Href,
    etag: Etag,
    uid: Option<String>,
    summary: String,
) -> Aside {
    let mut etags = Sides::default();
    etags[side] = Some(etag);
    Aside {
        subject: alone_on(side, &href),
        etags,
        kind: AsideKind::Outside,
        side,
        uid,
        summary,
        message: String::new(),
        since: (job.clock)(),
        tries: 1,
        next_try: job.scope.moves(),
    }
}
