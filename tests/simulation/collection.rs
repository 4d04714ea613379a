//! Two simulated collections with their users, and all that goes wrong between them and the engine.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::collection::{
    Applied, Collection, CollectionError, Cursor, Edit, Entry, Etag, Fetched, Href, Observation, Outcome,
    Trouble,
};
use pimbridge::item::span::{Range, is_within};
use pimbridge::sync::scope::{Limits, Scope};
use pimbridge::sync::{Side, Sides};

use crate::chance::Chance;
use crate::knowledge::{Essence, Knowledge};

/// What can go wrong, as chances in a hundred; all zero once the faults have stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// A call fails as a whole.
    pub unusable: u64,
    pub lost_cursor: u64,
    pub stale_listing: u64,
    /// A write is done, but the answer does not come.
    pub unanswered: u64,
    /// A batch is cut off in the middle.
    pub partial: u64,
    /// A write fails and is not done.
    pub failed: u64,
    pub refused: u64,
    pub unreadable: u64,
    /// A write is done, but a second attempt is answered: something else is there.
    pub unsure: u64,
    /// A content cannot be had this time.
    pub stumbles: u64,
    /// A user does something between two calls.
    pub edits: u64,
    /// From some moment of a run on, a table of the state cannot be written.
    pub disk: u64,
}

/// What keeps a collection as a whole from being used.
const TROUBLES: [(Trouble, &str); 8] = [
    (Trouble::Offline, "offline"),
    (Trouble::Untrusted, "untrusted"),
    (Trouble::SignIn, "sign-in refused"),
    (Trouble::Gone, "collection gone"),
    (Trouble::Forbidden, "forbidden"),
    (Trouble::Busy, "busy"),
    (Trouble::NotUnderstood, "not understood"),
    (Trouble::Storage, "no storage"),
];

/// All that is counted: over many seeds, each of it must happen.
pub const EVENTS: [&str; 24] = [
    "offline",
    "untrusted",
    "sign-in refused",
    "collection gone",
    "forbidden",
    "busy",
    "not understood",
    "no storage",
    "cursor lost",
    "hidden from a listing",
    "unanswered",
    "cut off",
    "failed",
    "refused",
    "unreadable",
    "unsure",
    "stumbles",
    "edited meanwhile",
    "stored silently",
    "names exchanged",
    "state lost",
    "state not written",
    "killed",
    "undone",
];

/// How a collection behaves, all the time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nature {
    pub deltas: bool,
    /// Of a hundred writes, how many do not tell the new version.
    pub silent: u64,
    /// It puts lines of its own into what is written, and changes the order of the others.
    pub decorates: bool,
    /// It drops a property that it does not know.
    pub drops: bool,
    /// It takes no second item with the same UID; otherwise only none with the same name.
    pub unique_uids: bool,
    /// It tells what takes place in a range, and which items have a UID.
    pub queries: bool,
    /// It takes some items for out of any range.
    pub overlooks: bool,
}

#[derive(Debug, Clone)]
pub struct Item {
    pub bytes: Bytes,
    pub version: u64,
    pub modified: i64,
    /// It does not show in a listing before this observation.
    hidden_until: u64,
}

impl Item {
    /// The server's idea of what a range is leaves some items out.
    pub fn is_overlooked(&self) -> bool {
        self.version.is_multiple_of(5)
    }
}

#[derive(Debug, Default)]
pub struct Held {
    pub items: BTreeMap<String, Item>,
    changes: BTreeMap<String, u64>,
    observations: u64,
    pub nature: Nature,
}

/// Everything outside the engine.
#[derive(Debug)]
pub struct World {
    pub chance: Chance,
    pub faults: Faults,
    pub sides: Sides<Held>,
    pub now: i64,
    version: u64,
    titles: u64,
    uids: u64,
    /// What the engine overwrote or deleted, by side.
    pub destroyed: BTreeSet<(Side, Bytes)>,
    /// Users exchange the names of items.
    pub exchanges: bool,
    /// A user did.
    pub exchanged: bool,
    /// The UIDs of items that the engine deleted although no user had deleted them.
    pub unasked: BTreeSet<String>,
    /// What the profile is limited to, and what that is in this run.
    pub limits: Limits,
    pub scope: Scope,
    /// The UIDs of items that the engine deleted although they were out of scope.
    pub strayed: BTreeSet<String>,
    /// How many edits the engine made on each side.
    pub edits: Sides<u64>,
    /// How many items it asked for.
    pub fetched: u64,
    pub knowledge: Knowledge,
    /// How often each of the events happened.
    pub counts: BTreeMap<&'static str, u64>,
    pub story: Vec<String>,
}

/// An event of the simulation. Its title is a number that no other version has.
fn event(uid: &str, title: &str, modified: Option<i64>, day: i64, category: &str) -> Bytes {
    let day = Timestamp::from_second(day).unwrap().strftime("%Y%m%dT100000Z");
    let modified = modified
        .map(|at| {
            format!("LAST-MODIFIED:{}\r\n", Timestamp::from_second(at).unwrap().strftime("%Y%m%dT%H%M%SZ"))
        })
        .unwrap_or_default();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//user//\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n{modified}\
         DTSTART:{day}\r\nSUMMARY:{title}\r\nX-DROPPED:{title}\r\n{category}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    .into()
}

/// UID and title: what must be the same on both sides in the end.
pub fn essence(bytes: &Bytes) -> (String, String) {
    let text = std::str::from_utf8(bytes).unwrap();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().to_owned()
    };
    (value("UID:"), value("SUMMARY:"))
}

impl World {
    pub fn new(seed: u64) -> World {
        World {
            chance: Chance::new(seed),
            faults: Faults::default(),
            sides: Sides::default(),
            now: 1_800_000_000,
            version: 0,
            titles: 0,
            uids: 0,
            destroyed: BTreeSet::new(),
            unasked: BTreeSet::new(),
            exchanges: false,
            exchanged: false,
            limits: Limits::default(),
            scope: Scope::default(),
            strayed: BTreeSet::new(),
            edits: Sides::default(),
            fetched: 0,
            knowledge: Knowledge::default(),
            counts: BTreeMap::new(),
            story: Vec::new(),
        }
    }

    pub fn tell(&mut self, line: impl Into<String>) {
        self.story.push(line.into());
    }

    pub fn count(&mut self, event: &'static str) {
        *self.counts.entry(event).or_default() += 1;
    }

    /// Whether a fault of this chance happens.
    pub fn happens(&mut self, percent: u64, event: &'static str) -> bool {
        let happens = self.chance.percent(percent);
        if happens {
            self.count(event);
        }
        happens
    }

    /// The UIDs that are on both sides.
    pub fn both(&self) -> BTreeSet<String> {
        let uids = |side: Side| -> BTreeSet<String> {
            self.sides[side].items.values().map(|item| essence(&item.bytes).0).collect()
        };
        &uids(Side::Local) & &uids(Side::Remote)
    }

    /// What is on one side only.
    pub fn alone(&self) -> BTreeSet<Essence> {
        let both = self.both();
        let all = Side::BOTH.into_iter().flat_map(|side| self.sides[side].items.values());
        all.map(|item| essence(&item.bytes)).filter(|(uid, _)| !both.contains(uid)).collect()
    }

    /// The UIDs of items that do not show in a listing yet.
    pub fn hidden(&self) -> BTreeSet<String> {
        let held = Side::BOTH.into_iter().map(|side| &self.sides[side]);
        let items =
            held.flat_map(|held| held.items.values().filter(|item| item.hidden_until > held.observations));
        items.map(|item| essence(&item.bytes).0).collect()
    }

    /// What no listing shows, no state knows and no store refuses would be doubled under another name.
    pub fn show_all(&mut self) {
        for held in [&mut self.sides.local, &mut self.sides.remote] {
            if !held.nature.unique_uids {
                held.items.values_mut().for_each(|item| item.hidden_until = 0);
            }
        }
    }

    fn set(&mut self, side: Side, name: &str, bytes: Bytes, hidden_until: u64) {
        self.version += 1;
        let (version, modified) = (self.version, self.now);
        let held = &mut self.sides[side];
        held.items.insert(name.to_owned(), Item { bytes, version, modified, hidden_until });
        held.changes.insert(name.to_owned(), version);
    }

    fn unset(&mut self, side: Side, name: &str) -> Option<Item> {
        self.version += 1;
        let version = self.version;
        let held = &mut self.sides[side];
        held.changes.insert(name.to_owned(), version);
        held.items.remove(name)
    }

    /// A new item that a user makes, on one side or the same on both.
    pub fn create(&mut self, sides: &[Side]) {
        self.uids += 1;
        let uid = format!("uid{}", self.uids);
        let side = if sides == [Side::Remote] { Side::Remote } else { Side::Local };
        let bytes = self.write(side, &uid);
        for &side in sides {
            self.tell(format!("user creates {:?} on {side:?}", essence(&bytes)));
            // A user's own program gives files names of its own.
            let name = if self.chance.percent(20) { format!("own-{uid}.ics") } else { format!("{uid}.ics") };
            self.set(side, &name, bytes.clone(), 0);
        }
    }

    fn write(&mut self, side: Side, uid: &str) -> Bytes {
        self.titles += 1;
        self.now += 1;
        let modified = self.chance.percent(70).then_some(self.now);
        let days = match self.limits.past_days {
            Some(_) => self.chance.below(80) as i64 - 40,
            None => 0,
        };
        let category = match &self.limits.category {
            // On the server, nobody knows the profile's category.
            Some(_) if side == Side::Remote => ["", "", "", "CATEGORIES:Home\r\n"][self.chance.below(4)],
            Some(_) => ["", "CATEGORIES:Home\r\n", "CATEGORIES:Work\r\n", "CATEGORIES:Work,Home\r\n"]
                [self.chance.below(4)],
            None => "",
        };
        event(uid, &format!("t{}", self.titles), modified, self.now + days * 24 * 3_600, category)
    }

    /// A user does something on a side.
    pub fn user(&mut self, side: Side) {
        let names: Vec<String> = self.sides[side].items.keys().cloned().collect();
        let name = self.chance.pick(&names).cloned();
        let other = self.chance.pick(&names).cloned();
        let what = self.chance.below(11);
        let Some(name) = name.filter(|_| what > 1) else { return self.create(&[side]) };
        let bytes = self.sides[side].items[&name].bytes.clone();
        let (uid, title) = essence(&bytes);
        match what {
            10 if self.exchanges => {
                let Some(other) = other.filter(|other| *other != name) else { return };
                self.exchanged = true;
                self.count("names exchanged");
                self.tell(format!("user exchanges the names {name} and {other} on {side:?}"));
                let others = self.sides[side].items[&other].bytes.clone();
                self.set(side, &name, others, 0);
                self.set(side, &other, bytes, 0);
            }
            2..=5 => {
                let bytes = self.write(side, &uid);
                self.tell(format!("user edits {name} on {side:?}: {:?}", essence(&bytes)));
                self.knowledge.edited(side, &uid, &title);
                self.set(side, &name, bytes, 0);
            }
            6..=7 => self.delete(side, &name),
            // What no listing shows yet keeps its name: nobody could tell it from what was deleted and made anew.
            8 if !self.hidden().contains(&uid) => {
                self.titles += 1;
                let to = format!("renamed-{}.ics", self.titles);
                self.tell(format!("user renames {name} on {side:?} to {to}"));
                self.knowledge.acted(side, &uid);
                self.unset(side, &name);
                self.set(side, &to, bytes, 0);
            }
            _ => {
                self.tell(format!("{name} on {side:?} is touched"));
                self.knowledge.acted(side, &uid);
                self.set(side, &name, bytes, 0);
            }
        }
    }

    /// A user deletes an item on a side.
    pub fn delete(&mut self, side: Side, name: &str) {
        self.tell(format!("user deletes {name} on {side:?}"));
        if let Some(item) = self.unset(side, name) {
            self.knowledge.deleted(side, &essence(&item.bytes).0);
        }
    }

    /// The collection as a whole cannot be used any more, if that happens.
    fn trouble(&mut self, percent: u64, what: &str) -> Result<(), CollectionError> {
        if !self.chance.percent(percent) {
            return Ok(());
        }
        let (trouble, event) = TROUBLES[self.chance.below(TROUBLES.len())];
        self.count(event);
        self.tell(format!("{what}: {event}"));
        Err(CollectionError::new(trouble, event))
    }

    /// What the collection makes of bytes that are written to it.
    fn stored_form(&self, side: Side, bytes: &Bytes) -> Bytes {
        let nature = self.sides[side].nature;
        let mut text = String::from_utf8(bytes.to_vec()).unwrap();
        if nature.drops {
            let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("X-DROPPED"));
            text = lines.collect();
        }
        if nature.decorates {
            text = text.replace("PRODID:-//user//\r\n", "").replace(
                "BEGIN:VEVENT\r\n",
                "PRODID:-//server//\r\nBEGIN:VEVENT\r\nCREATED:20260101T000000Z\r\n",
            );
            let (begin, end) = ("BEGIN:VEVENT\r\n", "END:VEVENT\r\n");
            let inside = text.find(begin).unwrap() + begin.len()..text.find(end).unwrap();
            let reversed: String = text[inside.clone()].split_inclusive('\n').rev().collect();
            text.replace_range(inside, &reversed);
        }
        text.into()
    }

    fn apply(&mut self, side: Side, edit: Edit) -> Outcome {
        let faults = self.faults;
        if self.happens(faults.refused, "refused") {
            return Outcome::Refused { reason: "refused".into() };
        }
        if self.happens(faults.failed, "failed") {
            return Outcome::Failed { reason: "failed".into() };
        }
        let etag_of = |world: &World, name: &str| world.sides[side].items.get(name).map(etag);
        let (name, bytes) = match edit {
            Edit::Create { uid, bytes } => {
                let held = &self.sides[side];
                let is_same = |item: &Item| essence(&item.bytes).0 == essence(&bytes).0;
                if held.nature.unique_uids && held.items.values().any(is_same) {
                    return Outcome::Stale { sure: true };
                }
                // The name may be that of another item.
                let mut name = format!("{}.ics", uid.unwrap());
                while let Some(there) = held.items.get(&name) {
                    if is_same(there) {
                        return Outcome::Stale { sure: true };
                    }
                    name = format!("another-{name}");
                }
                (name, Some(bytes))
            }
            Edit::Replace { href, if_etag, bytes } => {
                if etag_of(self, href.as_str()) != Some(if_etag) {
                    return Outcome::Stale { sure: true };
                }
                (href.to_string(), Some(bytes))
            }
            Edit::Delete { href, if_etag } => match etag_of(self, href.as_str()) {
                None => return Outcome::Deleted,
                Some(etag) if etag != if_etag => return Outcome::Stale { sure: true },
                Some(_) => (href.to_string(), None),
            },
        };
        self.edits[side] += 1;
        let what = bytes.as_ref().map(essence);
        self.tell(format!("engine writes {name} on {side:?}: {what:?}"));
        if let Some(item) = self.sides[side].items.get(&name) {
            self.destroyed.insert((side, item.bytes.clone()));
        }
        let Some(bytes) = bytes else {
            if let Some(item) = self.unset(side, &name) {
                let (uid, _) = essence(&item.bytes);
                if !self.scope.inside(side, &item.bytes).both() {
                    self.strayed.insert(uid.clone());
                }
                if !self.knowledge.ever_deleted.contains(&uid) {
                    self.unasked.insert(uid);
                }
            }
            return if self.happens(faults.unanswered, "unanswered") {
                Outcome::Failed { reason: "unanswered".into() }
            } else {
                Outcome::Deleted
            };
        };
        let hidden = self.happens(faults.stale_listing, "hidden from a listing");
        let hidden_until = if hidden { self.sides[side].observations + 2 } else { 0 };
        let form = self.stored_form(side, &bytes);
        let essence = essence(&form);
        self.set(side, &name, form, hidden_until);
        self.knowledge.written.insert(essence.clone());
        if self.happens(faults.unanswered, "unanswered") {
            self.tell("… and the answer is lost");
            self.knowledge.unknown(essence);
            return Outcome::Failed { reason: "unanswered".into() };
        }
        if self.happens(faults.unsure, "unsure") {
            self.tell("… and it is said that something else is there");
            self.knowledge.unknown(essence);
            return Outcome::Stale { sure: false };
        }
        let silent = self.sides[side].nature.silent;
        let silent = self.happens(silent, "stored silently");
        // It may be impossible to read it back.
        if silent && faults != Faults::default() {
            self.knowledge.unknown(essence);
        }
        let etag = etag_of(self, &name).filter(|_| !silent);
        Outcome::Stored { href: Href::new(name), etag }
    }
}

fn etag(item: &Item) -> Etag {
    Etag::new(format!("v{}", item.version))
}

/// One side of the world, as the engine sees it.
pub struct Simulated {
    pub world: Arc<Mutex<World>>,
    pub side: Side,
}

impl Simulated {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Time passes: other answers may come first, and users may do something.
    async fn wait(&self) {
        let mut turns = {
            let mut world = self.world();
            let edits = world.faults.edits;
            if world.happens(edits, "edited meanwhile") {
                let side = if world.chance.percent(50) { Side::Local } else { Side::Remote };
                world.user(side);
            }
            world.chance.below(4)
        };
        poll_fn(|cx| {
            if turns == 0 {
                return Poll::Ready(());
            }
            turns -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[async_trait]
impl Collection for Simulated {
    async fn observe(&self, since: Option<&Cursor>) -> Result<Observation, CollectionError> {
        self.wait().await;
        let observation = {
            let mut world = self.world();
            let faults = world.faults;
            world.trouble(faults.unusable, "observe")?;
            let since = since.and_then(|cursor| cursor.as_str().parse::<u64>().ok());
            let since = since.filter(|_| !world.happens(faults.lost_cursor, "cursor lost"));
            let held = &mut world.sides[self.side];
            held.observations += 1;
            let now = held.observations;
            let shown = |item: &&Item| item.hidden_until <= now;
            let entry =
                |(name, item): (&String, &Item)| Entry { href: Href::new(name.as_str()), etag: etag(item) };
            // What is hidden comes later: the cursor stays before it.
            let hidden = held.items.values().filter(|item| !shown(item)).map(|item| item.version).min();
            let newest = held.changes.values().copied().max().unwrap_or(0);
            let cursor = Cursor::new(hidden.map_or(newest, |first| first - 1).to_string());
            let mut observation = match since.filter(|_| held.nature.deltas) {
                Some(since) => {
                    let names = held.changes.iter().filter(|(_, at)| **at > since).map(|(name, _)| name);
                    let (there, gone): (Vec<&String>, Vec<&String>) =
                        names.partition(|n| held.items.contains_key(*n));
                    let there = there.into_iter().map(|name| (name, &held.items[name]));
                    Observation::Delta {
                        changed: there.filter(|(_, item)| shown(item)).map(entry).collect(),
                        removed: gone.into_iter().map(|name| Href::new(name.as_str())).collect(),
                        cursor,
                    }
                }
                None => Observation::Listing {
                    entries: held.items.iter().filter(|(_, item)| shown(item)).map(entry).collect(),
                    cursor: held.nature.deltas.then_some(cursor),
                },
            };
            match &mut observation {
                Observation::Delta { changed: entries, .. } | Observation::Listing { entries, .. } => {
                    world.chance.shuffle(entries);
                }
            }
            world.tell(match &observation {
                Observation::Delta { changed, removed, .. } => {
                    let names: Vec<&Href> = changed.iter().map(|entry| &entry.href).collect();
                    format!("{:?} tells changes {names:?}, removals {removed:?}", self.side)
                }
                Observation::Listing { entries, .. } => {
                    let names: Vec<&Href> = entries.iter().map(|entry| &entry.href).collect();
                    format!("{:?} lists {names:?}", self.side)
                }
            });
            observation
        };
        self.wait().await;
        Ok(observation)
    }

    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        self.wait().await;
        let fetched = {
            let mut world = self.world();
            let faults = world.faults;
            world.trouble(faults.unusable, "fetch")?;
            world.fetched += hrefs.len() as u64;
            let mut fetched = Vec::new();
            for href in hrefs {
                let unreadable = world.happens(faults.unreadable, "unreadable");
                let stumbles = world.happens(faults.stumbles, "stumbles");
                fetched.push(match world.sides[self.side].items.get(href.as_str()) {
                    None => Fetched::Gone { href: href.clone() },
                    Some(_) if stumbles => Fetched::Failed { href: href.clone(), reason: "stumbles".into() },
                    Some(_) if unreadable => {
                        Fetched::Unreadable { href: href.clone(), reason: "unreadable".into() }
                    }
                    Some(item) => Fetched::Found {
                        href: href.clone(),
                        etag: etag(item),
                        bytes: item.bytes.clone(),
                        modified: Timestamp::from_second(item.modified).ok(),
                    },
                });
            }
            world.chance.shuffle(&mut fetched);
            let found = |fetched: &Fetched| match fetched {
                Fetched::Found { href, bytes, .. } => format!("{href} {:?}", essence(bytes)),
                Fetched::Gone { href } => format!("{href} gone"),
                Fetched::Unreadable { href, .. } => format!("{href} unreadable"),
                Fetched::Failed { href, .. } => format!("{href} failed"),
            };
            let told: Vec<String> = fetched.iter().map(found).collect();
            world.tell(format!("{:?} gives {}", self.side, told.join(", ")));
            fetched
        };
        self.wait().await;
        Ok(fetched)
    }

    async fn within(&self, range: &Range) -> Result<Option<HashSet<Href>>, CollectionError> {
        self.wait().await;
        let mut world = self.world();
        let faults = world.faults;
        world.trouble(faults.unusable, "query")?;
        let held = &world.sides[self.side];
        let sees = |item: &Item| {
            is_within(&item.bytes, range, &TimeZone::UTC) && !(held.nature.overlooks && item.is_overlooked())
        };
        let within =
            held.items.iter().filter(|(_, item)| sees(item)).map(|(name, _)| Href::new(name.as_str()));
        Ok(held.nature.queries.then(|| within.collect()))
    }

    async fn having_uids(&self, uids: &[String]) -> Result<Option<HashSet<Href>>, CollectionError> {
        self.wait().await;
        let mut world = self.world();
        let faults = world.faults;
        world.trouble(faults.unusable, "query")?;
        let held = &world.sides[self.side];
        let having = held.items.iter().filter(|(_, item)| uids.contains(&essence(&item.bytes).0));
        let having = having.map(|(name, _)| Href::new(name.as_str()));
        Ok(held.nature.queries.then(|| having.collect()))
    }

    async fn apply(&self, edits: Vec<Edit>) -> Applied {
        self.wait().await;
        let mut outcomes: Vec<Outcome> = edits.iter().map(|_| Outcome::NotTried).collect();
        let mut edits: Vec<(usize, Edit)> = edits.into_iter().enumerate().collect();
        let faults = {
            let mut world = self.world();
            world.chance.shuffle(&mut edits);
            world.faults
        };
        if let Err(stopped) = self.world().trouble(faults.unusable, "apply") {
            return Applied { outcomes, stopped: Some(stopped) };
        }
        for (at, edit) in edits {
            {
                let mut world = self.world();
                if world.happens(faults.partial, "cut off")
                    && let Err(stopped) = world.trouble(100, "apply, in the middle")
                {
                    return Applied { outcomes, stopped: Some(stopped) };
                }
                outcomes[at] = world.apply(self.side, edit);
            }
            self.wait().await;
        }
        Applied { outcomes, stopped: None }
    }
}
