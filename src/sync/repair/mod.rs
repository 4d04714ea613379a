//! Repairing: what is doubled or broken on a side is found and, where nothing is lost by that, mended there. The next
//! run brings it to the other side.

use std::collections::HashMap;

use tr::tr;

use super::memory::Memory;
use super::observe::look_again;
use super::run::{Job, RunError};
use super::{Side, Sides};
use crate::collection::{CollectionError, Edit, Entry, Etag, Fetched, Href, Observation, Outcome};
use crate::item::edit::Document;
use crate::item::{self, Bytes, Unreadable};
use crate::state::{AsideKind, Loss, Lost, VersionId};

mod find;
pub mod words;

pub use find::{Content, Finding, Item, Left, What, find};

/// What the person asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Mend what can be mended; otherwise nothing is changed.
    pub apply: bool,
    /// The person has said yes to more removals than the guard lets pass.
    pub allow_deletions: bool,
}

/// What became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It can be mended, but was not to be.
    Mendable,
    Mended,
    /// So many removals wait for the person's yes.
    Held,
    /// It is left to the person, or could not be done: why, in a sentence with a way out.
    Left(String),
}

/// A finding, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub finding: Finding,
    pub fate: Fate,
}

impl Found {
    fn new(finding: Finding) -> Found {
        let fate = finding.left.map_or(Fate::Mendable, |left| Fate::Left(words::left(left)));
        Found { finding, fate }
    }
}

/// What a repair found and did.
#[derive(Debug, Default)]
pub struct RepairReport {
    pub found: Vec<Found>,
    /// Why it could not be brought to its end.
    pub failure: Option<CollectionError>,
}

/// Finds what is doubled or broken on both sides and, if it is to, mends it. What is overwritten or removed is in the
/// history.
pub async fn repair(job: &Job<'_>, options: Options) -> Result<RepairReport, RunError> {
    let (local, remote) =
        futures_util::future::try_join(look(job, Side::Local), look(job, Side::Remote)).await?;
    let chunk_size = local.chunk_size.min(remote.chunk_size);
    let items = Sides { local: local.items, remote: remote.items };
    let findings = find(&items, &job.state.pairs()?, job.policy.source());
    let mut report = RepairReport { found: findings.into_iter().map(Found::new).collect(), failure: None };
    if !options.apply {
        return Ok(report);
    }
    let held = Sides::from_fn(|side| {
        let removed = report.found.iter().filter(|found| removes(&found.finding, side)).count() as u64;
        let items = items[side].len() as u64;
        !options.allow_deletions && job.guard.holds(removed, items, items)
    });
    drop(items);
    let mut to_do = Vec::new();
    for found in &mut report.found {
        if Side::BOTH.into_iter().any(|side| held[side] && removes(&found.finding, side)) {
            found.fate = Fate::Held;
        } else if found.fate == Fate::Mendable {
            to_do.push(found);
        }
    }
    for chunk in to_do.chunks_mut(chunk_size) {
        match mend(job, chunk).await {
            Ok(()) => {}
            // What was done so far is told all the same.
            Err(RunError::Collection(_, error)) => {
                report.failure = Some(error);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

/// Whether mending it removes an item from this side.
fn removes(finding: &Finding, side: Side) -> bool {
    match &finding.what {
        What::Double { twin, .. } if finding.left.is_none() => finding.side == side || twin.is_some(),
        _ => false,
    }
}

/// What a side holds.
struct Looked {
    /// Those that are the profile's, in the order of their names.
    items: Vec<Item>,
    /// How many of them can be in memory at the same time.
    chunk_size: usize,
}

async fn look(job: &Job<'_>, side: Side) -> Result<Looked, RunError> {
    let failed = |error| RunError::Collection(side, error);
    let entries = match job.collections[side].observe(None).await.map_err(failed)? {
        Observation::Listing { entries, .. } => entries,
        Observation::Delta { changed, .. } => changed,
    };
    let mut items = Vec::with_capacity(entries.len());
    let mut etags: HashMap<Href, Etag> = entries.into_iter().map(|e| (e.href, e.etag)).collect();
    let mut hrefs: Vec<Href> = etags.keys().cloned().collect();
    hrefs.sort_unstable();
    let mut memory = Memory::default();
    let mut rest = hrefs.as_slice();
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(memory.chunk_size(job.chunk_size).min(rest.len()));
        rest = behind;
        let mut bytes_read = 0;
        for fetched in job.collections[side].fetch(chunk).await.map_err(failed)? {
            let (href, content) = match fetched {
                Fetched::Found { href, etag, bytes, .. } => {
                    bytes_read += bytes.len();
                    items.extend(understand(job, side, Entry { href, etag }, &bytes));
                    continue;
                }
                Fetched::Gone { .. } => continue,
                Fetched::Unreadable { href, reason } => (href, Content::Unreadable(reason)),
                Fetched::Failed { href, reason } => (href, Content::Failed(reason)),
            };
            if let Some((href, etag)) = etags.remove_entry(&href) {
                let summary = href.to_string();
                items.push(Item { entry: Entry { href, etag }, summary, content, guests: false });
            }
        }
        memory.learn(chunk.len() as u64, bytes_read);
    }
    items.sort_by(|a, b| a.entry.href.cmp(&b.entry.href));
    Ok(Looked { items, chunk_size: memory.chunk_size(job.chunk_size) })
}

/// What there is to know of an item; `None` where it is none of the profile's.
fn understand(job: &Job<'_>, side: Side, entry: Entry, bytes: &Bytes) -> Option<Item> {
    let title = || item::title(bytes).unwrap_or_else(|| entry.href.to_string());
    let (summary, content) = match item::read(&job.scope.shared(side, bytes)) {
        Ok(facts) if facts.kind != Some(job.kind) => return None,
        Ok(facts) => {
            let distinct = !facts.keys.is_empty();
            let whole = item::read(&job.scope.whole(side, bytes));
            let digest = whole.map_or(facts.digest, |whole| whole.digest);
            (facts.summary, Content::One { uid: facts.uid, digest, distinct })
        }
        Err(error @ (Unreadable::SeveralUids(..) | Unreadable::SeveralObjects)) => {
            let content = parts(job, side, bytes).map_or_else(
                || Content::Unreadable(error.to_string()),
                |parts| {
                    Content::Several(parts.into_iter().map(|(part, digest)| (part.uid, digest)).collect())
                },
            );
            (title(), content)
        }
        Err(error) => (title(), Content::Unreadable(error.to_string())),
    };
    // Whose it is that cannot be read, nobody knows.
    let unreadable = matches!(content, Content::Unreadable(_));
    if !unreadable && !job.scope.inside(side, bytes).both() {
        return None;
    }
    let has_guests = || Document::read(bytes).lines().iter().any(|line| line.is("ATTENDEE"));
    let guests = !unreadable && has_guests();
    Some(Item { entry, summary, content, guests })
}

/// The items that one holds, if each of them is right by itself.
fn parts(job: &Job<'_>, side: Side, bytes: &Bytes) -> Option<Vec<(item::Part, item::Digest)>> {
    let right = |part: item::Part| {
        let facts = item::read(&job.scope.whole(side, &part.bytes)).ok()?;
        (facts.kind == Some(job.kind) && facts.uid.as_ref() == Some(&part.uid))
            .then_some((part, facts.digest))
    };
    item::split(bytes)?.into_iter().map(right).collect()
}

/// The edits of a finding are made in this order, and none where one before it was not made: what is new is there
/// before anything goes, and a double goes from the other side once it is gone from its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Create,
    Own,
    Twin,
}

const STAGES: [Stage; 3] = [Stage::Create, Stage::Own, Stage::Twin];

/// One edit, and what became of it.
struct Step {
    stage: Stage,
    side: Side,
    edit: Edit,
    /// What it overwrites or removes, until it is in the history.
    lost: Option<Bytes>,
    kept: Option<VersionId>,
    outcome: Option<Outcome>,
}

/// A finding at work.
struct Mending<'f> {
    found: &'f mut Found,
    steps: Vec<Step>,
}

/// Mends a few findings. What was done is recorded also where a side cannot be used any more.
async fn mend(job: &Job<'_>, found: &mut [&mut Found]) -> Result<(), RunError> {
    let contents = contents(job, found).await?;
    let mut all: Vec<Mending<'_>> = Vec::with_capacity(found.len());
    for found in found.iter_mut() {
        match steps(job, &found.finding, &contents) {
            Some(steps) => all.push(Mending { found, steps }),
            None => found.fate = Fate::Left(changed()),
        }
    }
    keep(job, &mut all)?;
    let mut stopped = None;
    for stage in STAGES {
        for side in Side::BOTH {
            stopped = stopped.or(make(job, &mut all, stage, side).await.map(|error| (side, error)));
        }
    }
    let unseen = record(job, &mut all)?;
    if let Some((side, error)) = stopped {
        return Err(RunError::Collection(side, error));
    }
    for side in Side::BOTH {
        look_again(job, side, &unseen[side]).await?;
    }
    Ok(())
}

fn changed() -> String {
    tr!("It was changed in the meantime, so it was left as it is. Run the repair again.")
}

type Contents = Sides<HashMap<Href, (Etag, Bytes)>>;

async fn contents(job: &Job<'_>, found: &[&mut Found]) -> Result<Contents, RunError> {
    let mut contents = Contents::default();
    for side in Side::BOTH {
        let wanted = found.iter().filter_map(|found| {
            let Finding { side: own, item, what, .. } = &found.finding;
            match what {
                _ if *own == side => Some(item.href.clone()),
                What::Double { twin: Some(twin), .. } => Some(twin.href.clone()),
                _ => None,
            }
        });
        let wanted: Vec<Href> = wanted.collect();
        if wanted.is_empty() {
            continue;
        }
        let fetched = job.collections[side].fetch(&wanted).await;
        for fetched in fetched.map_err(|error| RunError::Collection(side, error))? {
            if let Fetched::Found { href, etag, bytes, .. } = fetched {
                contents[side].insert(href, (etag, bytes));
            }
        }
    }
    Ok(contents)
}

/// The edits that mend a finding; `None` where something else is there now.
fn steps(job: &Job<'_>, finding: &Finding, contents: &Contents) -> Option<Vec<Step>> {
    let side = finding.side;
    let there = |side: Side, entry: &Entry| {
        let (etag, bytes) = contents[side].get(&entry.href)?;
        (*etag == entry.etag).then(|| bytes.clone())
    };
    let bytes = there(side, &finding.item)?;
    let step = |stage: Stage, side: Side, edit: Edit, lost: Option<Bytes>| Step {
        stage,
        side,
        edit,
        lost,
        kept: None,
        outcome: None,
    };
    let Entry { href, etag: if_etag } = finding.item.clone();
    Some(match &finding.what {
        What::Double { twin, .. } => {
            let mut steps = vec![step(Stage::Own, side, Edit::Delete { href, if_etag }, Some(bytes))];
            if let Some(twin) = twin {
                let bytes = there(side.other(), twin)?;
                let Entry { href, etag: if_etag } = twin.clone();
                steps.push(step(Stage::Twin, side.other(), Edit::Delete { href, if_etag }, Some(bytes)));
            }
            steps
        }
        What::SharedUid { new, .. } | What::NoUid { new } => {
            let edit = Edit::Replace { href, if_etag, bytes: item::with_uid(&bytes, new) };
            vec![step(Stage::Own, side, edit, Some(bytes))]
        }
        What::SeveralUids { stays, create } => {
            let mut steps = Vec::new();
            for (part, _) in parts(job, side, &bytes)? {
                if part.uid == *stays {
                    let edit =
                        Edit::Replace { href: href.clone(), if_etag: if_etag.clone(), bytes: part.bytes };
                    steps.push(step(Stage::Own, side, edit, Some(bytes.clone())));
                } else if create.contains(&part.uid) {
                    let edit = Edit::Create { uid: Some(part.uid), bytes: part.bytes };
                    steps.push(step(Stage::Create, side, edit, None));
                }
            }
            steps
        }
        What::Unreadable { .. } => Vec::new(),
    })
}

/// The UID that an item of a pair gets.
fn renamed(finding: &Finding) -> Option<&str> {
    match &finding.what {
        What::SharedUid { new, .. } | What::NoUid { new } => Some(new),
        _ => None,
    }
}

/// Commits to the history what will be overwritten or removed. The UIDs of items that get another are forgotten until
/// that is done: an item with another UID than its pair's counts as another item.
fn keep(job: &Job<'_>, all: &mut [Mending<'_>]) -> Result<(), RunError> {
    let now = (job.clock)();
    job.state.write(|w| {
        for Mending { found, steps } in all.iter_mut() {
            let finding = &found.finding;
            for step in steps.iter_mut() {
                let (href, loss) = match &step.edit {
                    Edit::Delete { href, .. } => (href, Loss::Deleted),
                    Edit::Replace { href, .. } => (href, Loss::Overwritten),
                    Edit::Create { .. } => continue,
                };
                let Some(bytes) = step.lost.take() else { continue };
                let uid = item::read(&bytes).ok().and_then(|facts| facts.uid);
                let (side, summary) = (step.side, finding.summary.as_str());
                let lost = Lost { side, href, uid: uid.as_deref(), summary, loss, bytes: &bytes };
                step.kept = w.keep_version(now, None, &lost)?;
            }
            if let (Some(pair), Some(_)) = (&finding.pair, renamed(finding)) {
                w.set_pair_uid(pair.id, finding.side, None)?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Makes the edits of one stage on one side, of those for which all before went well.
async fn make(job: &Job<'_>, all: &mut [Mending<'_>], stage: Stage, side: Side) -> Option<CollectionError> {
    let is_next = |step: &Step| step.stage == stage && step.side == side;
    let mut edits = Vec::new();
    let mut doing = Vec::new();
    for Mending { steps, .. } in all.iter_mut() {
        let goes_on = steps.iter().all(|step| step.outcome.as_ref().is_none_or(is_done));
        for step in steps.iter_mut().filter(|step| goes_on && is_next(step)) {
            edits.push(step.edit.clone());
            doing.push(step);
        }
    }
    if edits.is_empty() {
        return None;
    }
    let applied = job.collections[side].apply(edits).await;
    for (step, outcome) in doing.into_iter().zip(applied.outcomes) {
        step.outcome = Some(outcome);
    }
    applied.stopped
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Stored { .. } | Outcome::Deleted)
}

/// Records what was done, as one transaction. Returns the items whose new version was not told.
fn record(job: &Job<'_>, all: &mut [Mending<'_>]) -> Result<Sides<Vec<Href>>, RunError> {
    let mut asides = job.state.asides()?;
    asides.retain(|_, aside| matches!(aside.kind, AsideKind::Trouble | AsideKind::Passing));
    let mut unseen: Sides<Vec<Href>> = Sides::default();
    job.state.write(|w| {
        for Mending { found, steps } in all.iter_mut() {
            let finding = &found.finding;
            let mut touched: Vec<(Side, &Href)> = Vec::new();
            for step in steps.iter() {
                match (&step.outcome, &step.edit) {
                    (Some(Outcome::Deleted), Edit::Delete { href, .. }) => {
                        w.unsee(step.side, href)?;
                        touched.push((step.side, href));
                    }
                    (Some(Outcome::Stored { href, etag }), _) => {
                        match etag {
                            Some(etag) => w.see(step.side, href, etag)?,
                            None => unseen[step.side].push(href.clone()),
                        }
                        touched.push((step.side, href));
                        if let (Some(pair), Some(uid)) = (&finding.pair, renamed(finding)) {
                            w.set_pair_uid(pair.id, finding.side, Some(uid))?;
                        }
                    }
                    (Some(Outcome::Failed { .. } | Outcome::Stale { sure: false }), _) => {}
                    _ => {
                        if let Some(version) = step.kept {
                            w.drop_version(version)?;
                        }
                        if let (Some(pair), Some(_)) = (&finding.pair, renamed(finding)) {
                            w.set_pair_uid(pair.id, finding.side, pair.sides[finding.side].uid.as_deref())?;
                        }
                    }
                }
            }
            let is_whole = steps.iter().all(|step| step.outcome.as_ref().is_some_and(is_done));
            // Whatever became of its twin: if that one was changed meanwhile, it must not be taken for what is to go.
            let is_gone = matches!(steps.first(), Some(Step { outcome: Some(Outcome::Deleted), .. }));
            if let (true, What::Double { .. }, Some(pair)) = (is_gone, &finding.what, &finding.pair) {
                w.drop_pair(pair.id)?;
            }
            // Whatever trouble there was with them, it may be over.
            if let What::Double { of: other, .. } | What::SharedUid { with: other, .. } = &finding.what {
                touched.push((finding.side, other));
            }
            for aside in asides.keys() {
                if touched.iter().any(|(side, href)| aside[*side].as_ref() == Some(*href)) {
                    w.drop_aside(aside)?;
                }
            }
            found.fate = if is_whole { Fate::Mended } else { Fate::Left(why(steps)) };
            tracing::info!(
                side = ?finding.side,
                item = %finding.item.href,
                summary = finding.summary,
                what = ?finding.what,
                fate = ?found.fate,
                "repair"
            );
        }
        Ok(())
    })?;
    Ok(unseen)
}

/// Why not all was done.
fn why(steps: &[Step]) -> String {
    let not_done = steps.iter().find(|step| !step.outcome.as_ref().is_some_and(is_done));
    if not_done.is_some_and(|step| step.stage == Stage::Twin) {
        return tr!(
            "One of the two is gone, and the history keeps it. But its twin on the other side could not be removed: the \
             next sync brings that one back. Run the repair again after it."
        );
    }
    match not_done.map(|step| (&step.edit, &step.outcome)) {
        Some((_, Some(Outcome::Refused { reason } | Outcome::Failed { reason }))) => reason.clone(),
        Some((Edit::Create { .. }, Some(Outcome::Stale { .. }))) => {
            tr!("It was left as it is, because another item has the name that one of its items would get.")
        }
        Some((_, Some(Outcome::Stale { .. }))) => changed(),
        _ => tr!("It was not done. Run the repair again."),
    }
}
