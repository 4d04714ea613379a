//! A collection in memory.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::collection::{
    Applied, Collection, CollectionError, Cursor, Edit, Entry, Etag, Feature, Fetched, Href, Look,
    Observation, Outcome, Trouble,
};
use pimbridge::item;
use pimbridge::item::span::{Range, is_within};

/// How the collection behaves.
#[derive(Debug, Clone, Default)]
pub struct Manners {
    /// It tells what changed since a cursor; otherwise it lists everything each time.
    pub deltas: bool,
    /// It does not tell the version of what it stored.
    pub silent: bool,
    /// It stores `SUMMARY` lines without what is in brackets.
    pub rewrites: bool,
    /// It refuses items whose title contains this.
    pub refuses: Option<String>,
    /// What it answers to such a one does not tell whether it was stored; it was not.
    pub fails: Option<String>,
    /// It cannot be reached.
    pub offline: bool,
    /// It can only be read.
    pub read_only: bool,
    /// The connection breaks after so many edits of a batch.
    pub breaks_after: Option<usize>,
    /// It does what it is told, but what stands before it answers that it was not done, and then that
    /// something else is there.
    pub gateway: bool,
    /// The contents of this item cannot be had this time.
    pub stumbles: Option<String>,
    /// It takes a cursor that it does not know for one that says that nothing changed.
    pub forgetful: bool,
    /// It answers what takes place in a range and what has a UID; otherwise it cannot tell.
    pub queries: bool,
    /// It takes items with this title for out of any range.
    pub overlooks: Option<String>,
    /// It invites the guests of meetings that this address organises.
    pub invites_as: Option<String>,
    /// What it is called, and why it cannot be called otherwise.
    pub look: Look,
    pub look_fails: Option<Trouble>,
    /// Somebody changes the item with this href just before the next edits.
    pub intruder: Option<(String, Bytes)>,
    /// What somebody does just before or after the next fetch, or after the next edits.
    pub before_fetch: Option<fn(&mut Inner)>,
    pub after_fetch: Option<fn(&mut Inner)>,
    pub after_edits: Option<fn(&mut Inner)>,
}

#[derive(Debug, Clone)]
pub struct Stored {
    pub bytes: Bytes,
    pub version: u64,
    pub modified: Timestamp,
}

#[derive(Debug, Default)]
pub struct Inner {
    pub items: BTreeMap<String, Stored>,
    /// The version at which each name was last changed or removed.
    changes: BTreeMap<String, u64>,
    version: u64,
    pub manners: Manners,
    /// How many items were fetched, and how many edits were tried.
    pub fetched: usize,
    pub edits: Vec<String>,
    /// How many items were fetched in one go, at most.
    pub most_at_once: usize,
    /// How many times it was listed, and how many questions it was asked.
    pub observed: usize,
    pub asked: usize,
}

/// A clone is the same collection.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

impl Memory {
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub fn put(&self, name: &str, bytes: Bytes) {
        self.lock().put(name, bytes);
    }

    pub fn remove(&self, name: &str) {
        assert!(self.lock().remove(name), "{name} is not there");
    }

    /// Names and bytes of what is there.
    pub fn items(&self) -> BTreeMap<String, Bytes> {
        self.lock().items.iter().map(|(name, stored)| (name.clone(), stored.bytes.clone())).collect()
    }

    /// The titles of what is there, sorted.
    pub fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = self.items().values().map(super::title).collect();
        titles.sort();
        titles
    }
}

impl Inner {
    pub fn put(&mut self, name: &str, bytes: Bytes) {
        self.version += 1;
        let modified = Timestamp::from_second(1_800_000_000 + self.version as i64).unwrap();
        self.items.insert(name.into(), Stored { bytes, version: self.version, modified });
        self.changes.insert(name.into(), self.version);
    }

    pub fn remove(&mut self, name: &str) -> bool {
        self.version += 1;
        self.changes.insert(name.into(), self.version);
        self.items.remove(name).is_some()
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        let bytes = self.items[from].bytes.clone();
        self.remove(from);
        self.put(to, bytes);
    }

    fn etag(&self, name: &str) -> Option<Etag> {
        self.items.get(name).map(|stored| Etag::new(format!("\"{}\"", stored.version)))
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        self.etag(name).map(|etag| Entry { href: Href::new(name), etag })
    }

    fn check(&self) -> Result<(), CollectionError> {
        match self.manners.offline {
            true => Err(CollectionError::new(Trouble::Offline, "It cannot be reached.")),
            false => Ok(()),
        }
    }

    fn apply(&mut self, edit: Edit) -> Outcome {
        let refuses = |bytes: &Bytes| {
            self.manners.refuses.as_ref().is_some_and(|word| super::title(bytes).contains(word.as_str()))
        };
        if let (Some(word), Edit::Create { bytes, .. } | Edit::Replace { bytes, .. }) =
            (&self.manners.fails, &edit)
            && super::title(bytes).contains(word.as_str())
        {
            return Outcome::Failed { reason: "It could not be done this time.".into() };
        }
        let (name, bytes) = match edit {
            Edit::Create { uid, bytes } => {
                if refuses(&bytes) {
                    return Outcome::Refused { reason: "It is not wanted.".into() };
                }
                let name = format!("{}.ics", uid.as_deref().unwrap_or("none"));
                if self.items.contains_key(&name) {
                    return Outcome::Stale { sure: true };
                }
                (name, bytes)
            }
            Edit::Replace { href, if_etag, bytes } => {
                if refuses(&bytes) {
                    return Outcome::Refused { reason: "It is not wanted.".into() };
                }
                if self.etag(href.as_str()) != Some(if_etag) {
                    return Outcome::Stale { sure: true };
                }
                (href.to_string(), bytes)
            }
            Edit::Delete { href, if_etag } => match self.etag(href.as_str()) {
                None => return Outcome::Deleted,
                Some(etag) if etag != if_etag => return Outcome::Stale { sure: true },
                Some(_) => {
                    self.remove(href.as_str());
                    return Outcome::Deleted;
                }
            },
        };
        let bytes = match self.manners.rewrites {
            true => String::from_utf8_lossy(&bytes).replace(" (private)", "").into(),
            false => bytes,
        };
        self.put(&name, bytes);
        let etag = self.etag(&name).filter(|_| !self.manners.silent);
        Outcome::Stored { href: Href::new(name), etag }
    }
}

#[async_trait]
impl Collection for Memory {
    async fn observe(&self, since: Option<&Cursor>) -> Result<Observation, CollectionError> {
        let mut inner = self.lock();
        inner.check()?;
        inner.observed += 1;
        let since = since.and_then(|cursor| cursor.as_str().parse::<u64>().ok());
        let cursor = Cursor::new(inner.version.to_string());
        if let (true, Some(_)) = (inner.manners.forgetful, since) {
            return Ok(Observation::Delta { changed: vec![], removed: vec![], cursor });
        }
        if let (true, Some(since)) = (inner.manners.deltas, since) {
            let names = || inner.changes.iter().filter(|(_, at)| **at > since).map(|(name, _)| name.as_str());
            let changed = names().filter_map(|name| inner.entry(name)).collect();
            let removed = names().filter(|name| !inner.items.contains_key(*name)).map(Href::new).collect();
            return Ok(Observation::Delta { changed, removed, cursor });
        }
        let entries = inner.items.keys().filter_map(|name| inner.entry(name)).collect();
        Ok(Observation::Listing { entries, cursor: inner.manners.deltas.then_some(cursor) })
    }

    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        let mut inner = self.lock();
        inner.check()?;
        inner.fetched += hrefs.len();
        inner.most_at_once = inner.most_at_once.max(hrefs.len());
        if let Some(deed) = inner.manners.before_fetch.take() {
            deed(&mut inner);
        }
        let stumbles = inner.manners.stumbles.clone();
        let fetch = |href: &Href| match inner.items.get(href.as_str()) {
            _ if stumbles.as_deref() == Some(href.as_str()) => {
                Fetched::Failed { href: href.clone(), reason: "error 500".into() }
            }
            None => Fetched::Gone { href: href.clone() },
            Some(stored) => Fetched::Found {
                href: href.clone(),
                etag: Etag::new(format!("\"{}\"", stored.version)),
                bytes: stored.bytes.clone(),
                modified: Some(stored.modified),
            },
        };
        let fetched = hrefs.iter().map(fetch).collect();
        if let Some(deed) = inner.manners.after_fetch.take() {
            deed(&mut inner);
        }
        Ok(fetched)
    }

    async fn within(&self, range: &Range) -> Result<Option<HashSet<Href>>, CollectionError> {
        let mut inner = self.lock();
        inner.check()?;
        inner.asked += 1;
        let sees = |stored: &Stored| {
            inner.manners.overlooks.as_deref() != Some(&super::title(&stored.bytes))
                && is_within(&stored.bytes, range, &TimeZone::UTC)
        };
        let within =
            inner.items.iter().filter(|(_, stored)| sees(stored)).map(|(name, _)| Href::new(name.as_str()));
        Ok(inner.manners.queries.then(|| within.collect()))
    }

    async fn having_uids(&self, uids: &[String]) -> Result<Option<HashSet<Href>>, CollectionError> {
        let mut inner = self.lock();
        inner.check()?;
        inner.asked += uids.len();
        let has = |stored: &Stored| {
            item::read(&stored.bytes).is_ok_and(|facts| facts.uid.is_some_and(|uid| uids.contains(&uid)))
        };
        let having =
            inner.items.iter().filter(|(_, stored)| has(stored)).map(|(name, _)| Href::new(name.as_str()));
        Ok(inner.manners.queries.then(|| having.collect()))
    }

    async fn look(&self) -> Result<Look, CollectionError> {
        Ok(self.lock().manners.look.clone())
    }

    async fn set_look(&self, feature: &Feature) -> Result<(), CollectionError> {
        let mut inner = self.lock();
        inner.edits.push(format!("set {feature}"));
        match inner.manners.look_fails {
            Some(trouble) => Err(CollectionError::new(trouble, "It keeps its name.")),
            None => {
                inner.manners.look.set(feature);
                Ok(())
            }
        }
    }

    async fn invites_as(&self) -> Result<Vec<String>, CollectionError> {
        let mut inner = self.lock();
        inner.asked += 1;
        Ok(inner.manners.invites_as.iter().cloned().collect())
    }

    async fn apply(&self, edits: Vec<Edit>) -> Applied {
        let mut inner = self.lock();
        let refusal = CollectionError::new(Trouble::Forbidden, "It can only be read.");
        if let Err(error) = inner.check().and(if inner.manners.read_only { Err(refusal) } else { Ok(()) }) {
            let outcomes = edits.iter().map(|_| Outcome::NotTried).collect();
            return Applied { outcomes, stopped: Some(error) };
        }
        if let Some((name, bytes)) = inner.manners.intruder.take() {
            inner.put(&name, bytes);
        }
        let mut outcomes = Vec::new();
        let mut stopped = None;
        for edit in edits {
            if inner.manners.breaks_after == Some(outcomes.len()) || stopped.is_some() {
                stopped = Some(CollectionError::new(Trouble::Offline, "It broke off."));
                outcomes.push(Outcome::NotTried);
                continue;
            }
            inner.edits.push(match &edit {
                Edit::Create { uid, .. } => format!("create {}", uid.as_deref().unwrap_or("?")),
                Edit::Replace { href, .. } => format!("replace {href}"),
                Edit::Delete { href, .. } => format!("delete {href}"),
            });
            let outcome = inner.apply(edit);
            let done = matches!(outcome, Outcome::Stored { .. } | Outcome::Deleted);
            let unsure = inner.manners.gateway && done;
            outcomes.push(if unsure { Outcome::Stale { sure: false } } else { outcome });
        }
        if let Some(deed) = inner.manners.after_edits.take() {
            deed(&mut inner);
        }
        Applied { outcomes, stopped }
    }
}

/// The facts of stored bytes, for comparing contents.
pub fn digest(bytes: &Bytes) -> item::Digest {
    item::read(bytes).unwrap().digest
}
