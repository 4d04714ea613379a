//! Pairing at work: reads what [`super::pair`] needs to know of new and moved items, and makes its findings the
//! state's.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tr::tr;

use super::memory::Memory;
use super::pair::{self, Candidate};
use super::plan::{Beside, Trees};
use super::prepare::duplicate_message;
use super::progress::Phase;
use super::run::{Job, RunError};
use super::sift::{FEW, Outside, acts_on_new, alone_on};
use super::{Side, Sides};
use crate::collection::{Etag, Fetched, Href};
use crate::item::{self, Bytes};
use crate::report::Problem;
use crate::state::{Content, Pair, PairId, Subject};

/// How many tries to read a new item keep those of the other side waiting, which may be the same thing.
const PATIENCE: u32 = 2;

/// What pairing found.
#[derive(Default)]
pub(super) struct Paired {
    /// New items which are the same thing: local href to remote href.
    pub matched: BTreeMap<Href, Href>,
    /// Items of the local side that have another name now: the old and the new one.
    pub renamed: Vec<(Href, Href)>,
    pub problems: Vec<Problem>,
    /// How many new items look like more than one on the other side.
    pub ambiguous: usize,
    /// Something could not be read, so what may be meant by it was left alone.
    pub incomplete: bool,
}

/// Pairs what is new, where there is anything that it could be paired with: new items on the other side, or
/// items that are gone from its own. What must not be touched in this run is added to `alone`. `unread` says on
/// which sides new items are left alone because they could not be had, and how often that was tried; `read_before` are
/// those that are left alone although they could be read.
pub(super) async fn pair_new(
    job: &Job<'_>,
    trees: &mut Trees,
    outside: &Outside,
    unread: Sides<Option<u32>>,
    read_before: &HashSet<Subject>,
    alone: &mut HashSet<Subject>,
) -> Result<Paired, RunError> {
    let mut spared = Spared::default();
    let paired = link_new(job, trees, outside, unread, read_before, alone, &mut spared).await?;
    // Now that the pairs have the names that they keep.
    let spared = trees.pairs.iter().filter(|pair| spared.contains(trees, pair));
    alone.extend(spared.map(Pair::subject));
    Ok(paired)
}

/// Pairs that must not be touched in this run.
#[derive(Default)]
struct Spared {
    /// Those whose item is gone from a side, if it does not turn up: it may be what cannot be read this time, and is
    /// not deleted elsewhere.
    lost: Sides<BTreeSet<PairId>>,
    twins: BTreeSet<PairId>,
}

impl Spared {
    fn contains(&self, trees: &Trees, pair: &Pair) -> bool {
        let is_lost = |side: Side| {
            self.lost[side].contains(&pair.id) && !trees.sides[side].contains_key(&pair.sides[side].href)
        };
        self.twins.contains(&pair.id) || Side::BOTH.into_iter().any(is_lost)
    }
}

async fn link_new(
    job: &Job<'_>,
    trees: &mut Trees,
    outside: &Outside,
    unread: Sides<Option<u32>>,
    read_before: &HashSet<Subject>,
    alone: &mut HashSet<Subject>,
    spared: &mut Spared,
) -> Result<Paired, RunError> {
    let mut paired = Paired::default();
    if !anything_to_pair(job, trees, outside) {
        return Ok(paired);
    }
    let mut complete = Sides::from_fn(|side| unread[side].is_none_or(|tries| tries > PATIENCE));
    for side in Side::BOTH {
        complete[side] &= find_moves(job, trees, side, read_before, spared, &mut paired).await?;
    }
    let new = new_items(trees, alone);
    let lost: Sides<Vec<pair::Lost>> = Sides::from_fn(|side| {
        let lost = trees.pairs.iter().filter(|pair| !trees.sides[side].contains_key(&pair.sides[side].href));
        lost.filter_map(|pair| Some(pair::Lost { pair: pair.id, uid: pair.sides[side].uid.clone()? }))
            .collect()
    });
    let gone = |side: Side| lost[side].iter().map(|lost| lost.pair);
    for side in Side::BOTH.into_iter().filter(|&side| unread[side].is_some()) {
        spared.lost[side].extend(gone(side));
    }
    let worthwhile = Sides::from_fn(|side| {
        let there = !new[side.other()].is_empty() || may_double(job, side, outside);
        !new[side].is_empty() && (there || !lost[side].is_empty())
    });
    let renamed = |side: Side| !lost[side].is_empty() && !outside.is_empty(side);
    if !Side::BOTH.into_iter().any(|side| worthwhile[side] || renamed(side)) {
        leave_partnerless_alone(&new, &paired.matched, &complete, alone);
        return Ok(paired);
    }
    let total = Side::BOTH.into_iter().filter(|&s| worthwhile[s]).map(|s| new[s].len() as u64).sum();
    job.progress.start(Phase::Comparing, Some(total));
    let mut candidates: Sides<Vec<Candidate>> = Sides::default();
    for side in Side::BOTH.into_iter().filter(|&side| worthwhile[side]) {
        let read = read_candidates(job, side, &new[side]).await?;
        if !read.is_complete() {
            paired.incomplete = true;
            spared.lost[side].extend(gone(side));
        }
        complete[side] &= read.is_complete();
        candidates[side] = read.candidates;
    }
    let woken = Sides {
        local: wake(job, trees, Side::Local, &candidates, outside, alone).await?,
        remote: wake(job, trees, Side::Remote, &candidates, outside, alone).await?,
    };
    for side in Side::BOTH {
        candidates[side].extend(woken[side].candidates.iter().cloned());
        candidates[side].sort_by(|a, b| a.href.cmp(&b.href));
    }
    for side in Side::BOTH {
        let Woken { missed, uids, .. } = &woken[side];
        let is_meant = |uid: &Option<String>| uid.as_ref().is_some_and(|uid| uids.contains(uid));
        paired.incomplete |= !missed.is_empty();
        paired.problems.extend(missed.iter().map(|href| unread_problem(side, href)));
        let lost = trees.pairs.iter().filter(|pair| is_meant(&pair.sides[side].uid));
        spared.lost[side].extend(lost.map(|pair| pair.id));
        let there = side.other();
        let waiting = candidates[there].extract_if(.., |candidate| is_meant(&candidate.uid));
        alone.extend(waiting.map(|candidate| alone_on(there, &candidate.href)));
    }
    let found = pair::pair(&candidates, &lost);
    leave_partnerless_alone(&new, &found.matched, &complete, alone);

    let old_name =
        |id: PairId| trees.pairs.iter().find(|pair| pair.id == id).map(|p| p.sides.local.href.clone());
    let local = found.renamed.iter().filter(|(_, side, _)| *side == Side::Local);
    paired.renamed = local.filter_map(|(id, _, new)| Some((old_name(*id)?, new.clone()))).collect();
    if !found.renamed.is_empty() {
        job.state.write(|w| {
            found.renamed.iter().try_for_each(|(pair, side, href)| w.rename(*pair, *side, href))
        })?;
        trees.pairs = job.state.pairs()?;
    }
    let is_twin = |uid: &Option<String>| uid.as_ref().is_some_and(|uid| found.twins.contains(uid));
    for side in Side::BOTH {
        for candidate in candidates[side].iter().filter(|candidate| is_twin(&candidate.uid)) {
            alone.insert(alone_on(side, &candidate.href));
        }
    }
    let twins = trees.pairs.iter().filter(|pair| Side::BOTH.into_iter().any(|s| is_twin(&pair.sides[s].uid)));
    spared.twins.extend(twins.map(|pair| pair.id));
    for (side, href) in
        found.duplicates.iter().flat_map(|(side, hrefs)| hrefs.iter().map(move |h| (*side, h)))
    {
        paired.problems.push(duplicate(side, href));
    }
    paired.matched = found.matched;
    paired.ambiguous = found.ambiguous;
    Ok(paired)
}

/// Whether any item may be another than its name says, or may be what another side or name is missing: seen at
/// a glance, because most runs have nothing of the kind.
fn anything_to_pair(job: &Job<'_>, trees: &Trees, outside: &Outside) -> bool {
    let counts = Sides::from_fn(|side| {
        let beside = Beside::of(trees, side);
        let (mut changed, mut lost) = (0, 0);
        for (pair, etag) in trees.pairs.iter().zip(&beside.etags) {
            match etag {
                None => lost += 1,
                etag if *etag != pair.sides[side].etag.as_ref() => changed += 1,
                Some(_) => {}
            }
        }
        (beside.new.len(), changed, lost)
    });
    let ((new_here, ..), (new_there, ..)) = (counts.local, counts.remote);
    let moved = |(_, changed, lost), new_there| changed > 0 && (changed + lost > 1 || new_there > 0);
    let renamed = |(new, _, lost)| new > 0 && lost > 0;
    (new_here > 0 && (new_there > 0 || may_double(job, Side::Local, outside)))
        || (new_there > 0 && may_double(job, Side::Remote, outside))
        || [(counts.local, new_there), (counts.remote, new_here)]
            .into_iter()
            .any(|(c, new_there)| moved(c, new_there) || renamed(c))
}

/// Whether a new item of this side is written to the other, where it may be already, out of scope.
fn may_double(job: &Job<'_>, side: Side, outside: &Outside) -> bool {
    acts_on_new(job.policy, side) && !outside.is_empty(side.other())
}

/// Items that are out of scope, but needed for pairing.
#[derive(Default)]
struct Woken {
    candidates: Vec<Candidate>,
    /// Those that could not be had this time.
    missed: Vec<Href>,
    /// The UIDs that these may have: nothing is deleted or made because they seem to be nowhere.
    uids: HashSet<String>,
}

/// The items of a side that are out of scope, but have the UID of one that is new on the other side and in it, or of one
/// that is gone from its own.
async fn wake(
    job: &Job<'_>,
    trees: &Trees,
    side: Side,
    candidates: &Sides<Vec<Candidate>>,
    outside: &Outside,
    alone: &HashSet<Subject>,
) -> Result<Woken, RunError> {
    if outside.is_empty(side) {
        return Ok(Woken::default());
    }
    let known: HashSet<&String> = candidates[side].iter().filter_map(|c| c.uid.as_ref()).collect();
    let is_lost = |pair: &&Pair| {
        !trees.sides[side].contains_key(&pair.sides[side].href) && !alone.contains(&pair.subject())
    };
    let lost: HashSet<String> =
        trees.pairs.iter().filter(is_lost).filter_map(|pair| pair.sides[side].uid.clone()).collect();
    let new_there: &[Candidate] = match acts_on_new(job.policy, side.other()) {
        true => &candidates[side.other()],
        false => &[],
    };
    let wanted: Vec<String> = new_there
        .iter()
        .filter_map(|candidate| candidate.uid.clone())
        .chain(lost.iter().cloned())
        .filter(|uid| !known.contains(uid))
        .collect();
    let mut hrefs: BTreeSet<Href> =
        wanted.iter().filter_map(|uid| outside.by_uid[side].get(uid)).cloned().collect();
    let mut named = true;
    let mut unlisted: BTreeSet<Href> = BTreeSet::new();
    if side == Side::Remote && !outside.unknown.is_empty() {
        let ask: Vec<String> =
            wanted.iter().filter(|uid| !outside.by_uid.remote.contains_key(*uid)).cloned().collect();
        // A request for each costs more than reading them all, where there are many.
        let found = if ask.len() <= FEW.max(outside.unknown.len() / 50) {
            job.collections.remote.having_uids(&ask).await
        } else {
            Ok(None)
        };
        match found.map_err(|error| RunError::Collection(Side::Remote, error))? {
            Some(found) => {
                // What was not listed is there since, or has another name now.
                unlisted.extend(found.iter().filter(|href| !trees.sides[side].contains_key(*href)).cloned());
                hrefs.extend(found.intersection(&outside.unknown).cloned());
            }
            None if !ask.is_empty() => {
                named = false;
                hrefs.extend(outside.unknown.iter().cloned());
            }
            None => {}
        }
    }
    let items: Vec<(Href, Etag)> = hrefs
        .into_iter()
        .filter_map(|href| Some((href.clone(), trees.sides[side].get(&href)?.clone())))
        .collect();
    let wanted: HashSet<String> = wanted.into_iter().collect();
    let Read { mut candidates, missed } = read_candidates(job, side, &items).await?;
    candidates.retain(|candidate| candidate.uid.as_ref().is_some_and(|uid| wanted.contains(uid)));
    // One of very many that can never be had does not keep what is new waiting.
    let may_be_missed = |uid: &&String| match outside.by_uid[side].get(*uid) {
        Some(href) => missed.contains(href),
        None if !unlisted.is_empty() => true,
        None => missed.iter().any(|href| outside.unknown.contains(href)) && (named || lost.contains(*uid)),
    };
    let there: HashSet<&String> = candidates.iter().filter_map(|candidate| candidate.uid.as_ref()).collect();
    let uids = wanted.iter().filter(|uid| !there.contains(uid)).filter(may_be_missed).cloned().collect();
    let missed = missed.into_iter().chain(unlisted).collect();
    Ok(Woken { candidates, missed, uids })
}

/// What cannot be read this time may also be what a new item of the other side is: that is not made again here
/// for now.
fn leave_partnerless_alone(
    new: &Sides<Vec<(Href, Etag)>>,
    matched: &BTreeMap<Href, Href>,
    complete: &Sides<bool>,
    alone: &mut HashSet<Subject>,
) {
    let remotes: HashSet<&Href> = matched.values().collect();
    for side in Side::BOTH.into_iter().filter(|side| !complete[side.other()]) {
        let has_partner = |href: &Href| match side {
            Side::Local => matched.contains_key(href),
            Side::Remote => remotes.contains(href),
        };
        let partnerless = new[side].iter().filter(|(href, _)| !has_partner(href));
        alone.extend(partnerless.map(|(href, _)| alone_on(side, href)));
    }
}

fn duplicate(side: Side, href: &Href) -> Problem {
    about(side, href, duplicate_message(href))
}

fn unread_problem(side: Side, href: &Href) -> Problem {
    about(side, href, tr!("It could not be read this time. It will be tried again in the next run."))
}

fn about(side: Side, href: &Href, message: String) -> Problem {
    let item = href.to_string();
    Problem { summary: item.clone(), item, side, message, since: None, parked: false }
}

/// The items without a base, but for those that are left alone.
fn new_items(trees: &Trees, alone: &HashSet<Subject>) -> Sides<Vec<(Href, Etag)>> {
    Sides::from_fn(|side| {
        let new = Beside::of(trees, side).new.into_iter();
        new.filter(|(href, _)| !alone.contains(&alone_on(side, href)))
            .map(|(href, etag)| (href.clone(), etag.clone()))
            .collect()
    })
}

/// Finds the items of a side whose name now holds the item of another pair (files that were numbered anew) and
/// detaches the pairs from those names, so that the items are paired by their UIDs again. Tells whether all could be read.
async fn find_moves(
    job: &Job<'_>,
    trees: &mut Trees,
    side: Side,
    read_before: &HashSet<Subject>,
    spared: &mut Spared,
    paired: &mut Paired,
) -> Result<bool, RunError> {
    let mut changed: BTreeMap<Href, PairId> = BTreeMap::new();
    let mut lost = BTreeSet::new();
    for pair in &trees.pairs {
        let base = &pair.sides[side];
        match trees.sides[side].get(&base.href) {
            None => {
                lost.insert(pair.id);
            }
            Some(etag) if base.etag.as_ref() != Some(etag) && !read_before.contains(&pair.subject()) => {
                changed.insert(base.href.clone(), pair.id);
            }
            Some(_) => {}
        }
    }
    // One alone is settled when its content is at hand. Two can have exchanged their names, and one can be
    // what another was taken for gone, or what is new on the other side.
    let new_there = || !Beside::of(trees, side.other()).new.is_empty();
    if changed.is_empty() || (changed.len() + lost.len() < 2 && !new_there()) {
        return Ok(true);
    }
    let hrefs: Vec<(Href, Etag)> = changed
        .keys()
        .filter_map(|href| Some((href.clone(), trees.sides[side].get(href)?.clone())))
        .collect();
    let read = read_candidates(job, side, &hrefs).await?;
    if !read.is_complete() {
        paired.incomplete = true;
        spared.lost[side].extend(&lost);
    }
    let now: Vec<pair::Changed> = read
        .candidates
        .into_iter()
        .filter_map(|item| Some(pair::Changed { pair: *changed.get(&item.href)?, uid: item.uid }))
        .collect();
    let uids =
        trees.pairs.iter().filter_map(|pair| Some((pair.id, pair.sides[side].uid.as_deref()?))).collect();
    let moves = pair::moves(&now, &uids, &lost);
    for pair in trees.pairs.iter().filter(|pair| moves.twins.contains(&pair.id)) {
        spared.twins.insert(pair.id);
        paired.problems.push(duplicate(side, &pair.sides[side].href));
    }
    if !moves.detached.is_empty() {
        job.state.write(|w| moves.detached.iter().try_for_each(|pair| w.detach(*pair, side)))?;
        trees.pairs = job.state.pairs()?;
    }
    Ok(read.missed.is_empty())
}

/// What pairing knows of items.
struct Read {
    candidates: Vec<Candidate>,
    /// What could not be had this time, or not as it was seen.
    missed: Vec<Href>,
}

impl Read {
    fn is_complete(&self) -> bool {
        self.missed.is_empty()
    }
}

/// Reads what pairing needs to know of items. Remote contents are kept in the state, so that nothing is
/// fetched twice.
async fn read_candidates(job: &Job<'_>, side: Side, new: &[(Href, Etag)]) -> Result<Read, RunError> {
    let mut missed = Vec::new();
    let mut candidates = Vec::with_capacity(new.len());
    let mut consider = |href: Href, bytes: &Bytes| {
        if let Ok(facts) = item::read(&job.scope.shared(side, bytes))
            && facts.kind == Some(job.kind)
        {
            candidates.push(Candidate::new(href, facts));
        }
    };
    let mut ask = Vec::new();
    for (href, etag) in new {
        let kept = if side == Side::Remote { job.state.content(href, etag)? } else { None };
        match kept {
            Some(content) => consider(href.clone(), &content.bytes),
            None => ask.push(href.clone()),
        }
    }
    let listed: HashMap<&Href, &Etag> = new.iter().map(|(href, etag)| (href, etag)).collect();
    let mut ask = ask.into_iter();
    let mut chunks = FuturesOrdered::new();
    let mut memory = Memory::default();
    let fetch = async |hrefs: Vec<Href>| job.collections[side].fetch(&hrefs).await;
    loop {
        while chunks.len() < memory.chunks_in_flight() && ask.len() > 0 {
            chunks.push_back(fetch(ask.by_ref().take(memory.chunk_size(job.chunk_size)).collect()));
        }
        let Some(fetched) = chunks.next().await else { break };
        let fetched = fetched.map_err(|error| RunError::Collection(side, error))?;
        let count = fetched.len() as u64;
        let sizes = fetched.iter().map(|answer| match answer {
            Fetched::Found { bytes, .. } => bytes.len(),
            _ => 0,
        });
        memory.learn(count, sizes.sum());
        if side == Side::Remote {
            job.state.write(|w| {
                for answer in &fetched {
                    if let Fetched::Found { href, etag, bytes, modified } = answer {
                        let content =
                            Content { etag: etag.clone(), bytes: bytes.clone(), modified: *modified };
                        w.keep_content(href, &content)?;
                    }
                }
                Ok(())
            })?;
        }
        for answer in fetched {
            match answer {
                // What was written a moment ago may stand elsewhere by now, under a name that was read before.
                Fetched::Found { href, etag, bytes, .. } => {
                    if listed.get(&href) != Some(&&etag) {
                        missed.push(href.clone());
                    }
                    consider(href, &bytes);
                }
                // One that is gone again may have another name by now.
                Fetched::Failed { href, .. } | Fetched::Gone { href } => missed.push(href),
                Fetched::Unreadable { .. } => {}
            }
        }
        job.progress.advance(count);
    }
    candidates.sort_by(|a, b| a.href.cmp(&b.href));
    Ok(Read { candidates, missed })
}
