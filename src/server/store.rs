//! What the server holds: collections, their items, and the log of their changes. No I/O, no clock of
//! its own; every operation on an item is O(log n).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::content::{Component, Content};
use crate::item::Kind;

/// What a collection may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Events,
    Tasks,
    /// A calendar made without saying which components it is for takes them all (RFC 4791 section 5.2.3).
    AnyComponent,
    Contacts,
}

impl From<Kind> for Holds {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Events => Holds::Events,
            Kind::Tasks => Holds::Tasks,
            Kind::Contacts => Holds::Contacts,
        }
    }
}

impl Holds {
    pub fn components(self) -> &'static [Component] {
        match self {
            Holds::Events => &[Component::Event],
            Holds::Tasks => &[Component::Task],
            Holds::AnyComponent => &[Component::Event, Component::Task, Component::Journal],
            Holds::Contacts => &[Component::Card],
        }
    }
}

#[derive(Debug, Clone)]
pub struct Item {
    pub bytes: Bytes,
    pub modified: Timestamp,
    /// What the bytes are, where they are an item at all.
    pub content: Option<Content>,
    revision: u64,
}

/// The newest thing that happened to a name. Each name is in the log once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    name: Arc<str>,
    removed: bool,
}

#[derive(Debug)]
pub struct Collection {
    pub holds: Holds,
    pub display_name: Option<String>,
    pub color: Option<String>,
    /// Differs between any two collections that any server ever had, so that etags and tokens do.
    id: u64,
    revision: u64,
    items: BTreeMap<Arc<str>, Item>,
    log: BTreeMap<u64, Change>,
    removed: HashMap<Arc<str>, u64>,
    names_by_uid: HashMap<Arc<str>, Arc<str>>,
}

/// A sync-token that this collection did not give (RFC 6578 section 3.2).
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownToken;

/// What changed since a token.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes {
    /// Names in the order of their changes; whether the item is there now is for [`Collection::get`] to say.
    pub names: Vec<Arc<str>>,
    pub token: String,
    /// There are more after `token`.
    pub cut: bool,
}

impl Collection {
    pub fn new(id: u64, holds: Holds, display_name: Option<String>) -> Self {
        Self {
            holds,
            display_name,
            color: None,
            id,
            revision: 0,
            items: BTreeMap::new(),
            log: BTreeMap::new(),
            removed: HashMap::new(),
            names_by_uid: HashMap::new(),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Item> {
        self.items.get(name)
    }

    /// In the order of their names.
    pub fn items(&self) -> impl Iterator<Item = (&Arc<str>, &Item)> {
        self.items.iter()
    }

    /// The name of the item with this UID.
    pub fn name_of_uid(&self, uid: &str) -> Option<&Arc<str>> {
        self.names_by_uid.get(uid)
    }

    /// A strong ETag, unique for each version.
    pub fn etag(&self, item: &Item) -> String {
        format!("\"{:x}-{:x}\"", self.id, item.revision)
    }

    /// Stores the bytes whatever they are. True if there was no such item.
    pub fn put(&mut self, name: &str, bytes: Bytes, now: Timestamp) -> bool {
        let old = self.forget(name);
        let content = Content::read(self.holds == Holds::Contacts, &bytes).ok();
        let name: Arc<str> = name.into();
        if let Some(uid) = content.as_ref().and_then(|content| content.uid.clone()) {
            self.names_by_uid.insert(uid, name.clone());
        }
        let revision = self.log(name.clone(), false);
        self.items.insert(name, Item { bytes, modified: now, content, revision });
        old.is_none()
    }

    /// False if there is no such item.
    pub fn delete(&mut self, name: &str) -> bool {
        if self.forget(name).is_none() {
            return false;
        }
        let name: Arc<str> = name.into();
        let revision = self.log(name.clone(), true);
        self.removed.insert(name, revision);
        true
    }

    fn forget(&mut self, name: &str) -> Option<Item> {
        if let Some(revision) = self.removed.remove(name) {
            self.log.remove(&revision);
        }
        let item = self.items.remove(name)?;
        self.log.remove(&item.revision);
        if let Some(uid) = item.content.as_ref().and_then(|content| content.uid.as_deref())
            && self.names_by_uid.get(uid).is_some_and(|named| **named == *name)
        {
            self.names_by_uid.remove(uid);
        }
        Some(item)
    }

    fn log(&mut self, name: Arc<str>, removed: bool) -> u64 {
        self.revision += 1;
        self.log.insert(self.revision, Change { name, removed });
        self.revision
    }

    /// The token of the present state, which is its CTag as well.
    pub fn token(&self) -> String {
        self.token_at(self.revision)
    }

    fn token_at(&self, revision: u64) -> String {
        format!("data:,{:x}-{:x}", self.id, revision)
    }

    fn revision_of(&self, token: &str) -> Result<u64, UnknownToken> {
        let (id, revision) =
            token.strip_prefix("data:,").and_then(|rest| rest.split_once('-')).ok_or(UnknownToken)?;
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| UnknownToken);
        match (number(id)?, number(revision)?) {
            (id, revision) if id == self.id && revision <= self.revision => Ok(revision),
            _ => Err(UnknownToken),
        }
    }

    /// What changed since the token, at most `limit` names; without a token, all items that are there.
    pub fn changes(&self, since: Option<&str>, limit: Option<usize>) -> Result<Changes, UnknownToken> {
        let after = since.map_or(Ok(0), |token| self.revision_of(token))?;
        let mut log =
            self.log.range(after + 1..).filter(|(_, change)| since.is_some() || !change.removed).peekable();
        let mut names = Vec::new();
        let mut reached = self.revision;
        let limit = limit.unwrap_or(usize::MAX).max(1);
        while let Some((revision, change)) = log.next() {
            names.push(change.name.clone());
            if names.len() == limit && log.peek().is_some() {
                reached = *revision;
                break;
            }
        }
        Ok(Changes { names, token: self.token_at(reached), cut: reached != self.revision })
    }
}

/// All collections, by path without slashes at the ends: `calendars/jana/work`.
#[derive(Debug)]
pub struct Store {
    pub collections: BTreeMap<String, Collection>,
    next_id: u64,
}

impl Store {
    /// `first_id` is the id of the first collection; the following ones count up from it.
    pub fn new(first_id: u64) -> Self {
        Self { collections: BTreeMap::new(), next_id: first_id }
    }

    /// Makes an empty collection. False if there is one already, which stays as it is.
    pub fn create(&mut self, path: &str, holds: Holds, display_name: Option<String>) -> bool {
        if self.collections.contains_key(path) {
            return false;
        }
        self.collections.insert(path.to_owned(), Collection::new(self.next_id, holds, display_name));
        self.next_id += 1;
        true
    }

    /// The paths and collections right below `home`, for instance `calendars/jana`.
    pub fn below<'a>(&'a self, home: &'a str) -> impl Iterator<Item = (&'a str, &'a Collection)> {
        self.collections
            .range(format!("{home}/")..)
            .map(|(path, collection)| (path.as_str(), collection))
            .take_while(move |(path, _)| path.strip_prefix(home).is_some_and(|rest| rest.starts_with('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection() -> Collection {
        Collection::new(7, Holds::Events, None)
    }

    fn put(collection: &mut Collection, name: &str, uid: &str) {
        let text = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
        collection.put(name, text.into(), Timestamp::UNIX_EPOCH);
    }

    fn names(changes: &Changes) -> Vec<&str> {
        changes.names.iter().map(|name| &**name).collect()
    }

    #[test]
    fn a_token_tells_what_changed_since_each_name_once() {
        let mut c = collection();
        put(&mut c, "a.ics", "a");
        put(&mut c, "b.ics", "b");
        let token = c.token();
        assert_eq!(
            c.changes(Some(&token), None),
            Ok(Changes { names: vec![], token: token.clone(), cut: false })
        );

        put(&mut c, "c.ics", "c");
        put(&mut c, "a.ics", "a");
        put(&mut c, "a.ics", "a");
        c.delete("b.ics");
        let changes = c.changes(Some(&token), None).unwrap();
        assert_eq!(names(&changes), ["c.ics", "a.ics", "b.ics"]);
        assert!(c.get("b.ics").is_none());
        assert_eq!(changes.token, c.token());
    }

    #[test]
    fn without_a_token_the_dead_are_not_told() {
        let mut c = collection();
        put(&mut c, "a.ics", "a");
        put(&mut c, "b.ics", "b");
        c.delete("a.ics");
        assert_eq!(names(&c.changes(None, None).unwrap()), ["b.ics"]);
    }

    #[test]
    fn what_is_made_again_is_no_removal() {
        let mut c = collection();
        put(&mut c, "a.ics", "a");
        let token = c.token();
        c.delete("a.ics");
        put(&mut c, "a.ics", "a");
        assert_eq!(names(&c.changes(Some(&token), None).unwrap()), ["a.ics"]);
        assert!(c.get("a.ics").is_some());
    }

    #[test]
    fn pages_join_to_the_whole() {
        let mut c = collection();
        for n in 0..10 {
            put(&mut c, &format!("{n}.ics"), &n.to_string());
        }
        c.delete("3.ics");
        let mut since = None;
        let mut sizes = Vec::new();
        let mut all = Vec::new();
        loop {
            let page = c.changes(since.as_deref(), Some(4)).unwrap();
            sizes.push((page.names.len(), page.cut));
            all.extend(page.names.iter().filter(|name| c.get(name).is_some()).map(|name| name.to_string()));
            since = Some(page.token);
            if !page.cut {
                break;
            }
        }
        assert_eq!(all, ["0.ics", "1.ics", "2.ics", "4.ics", "5.ics", "6.ics", "7.ics", "8.ics", "9.ics"]);
        assert_eq!(sizes, [(4, true), (4, true), (2, false)]);
        assert_eq!(since, Some(c.token()));
    }

    #[test]
    fn a_page_that_just_fits_is_not_cut() {
        let mut c = collection();
        put(&mut c, "a.ics", "a");
        put(&mut c, "b.ics", "b");
        assert!(!c.changes(None, Some(2)).unwrap().cut);
        put(&mut c, "c.ics", "c");
        c.delete("c.ics");
        assert_eq!(
            c.changes(None, Some(2)).unwrap(),
            Changes { names: vec!["a.ics".into(), "b.ics".into()], token: c.token(), cut: false }
        );
    }

    #[test]
    fn tokens_of_others_are_unknown() {
        let mut c = collection();
        put(&mut c, "a.ics", "a");
        let other = Collection::new(8, Holds::Events, None).token();
        for token in ["", "data:,", "data:,7", "data:,7-", "data:,7-2", "data:,7-x", "nonsense", &other] {
            assert_eq!(c.changes(Some(token), None), Err(UnknownToken), "{token}");
        }
    }

    #[test]
    fn every_version_has_its_own_etag() {
        let mut c = collection();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3 {
            put(&mut c, "a.ics", "a");
            assert!(seen.insert(c.etag(c.get("a.ics").unwrap())));
            c.delete("a.ics");
        }
    }

    #[test]
    fn a_uid_leads_to_the_item_that_has_it_now() {
        let mut c = collection();
        put(&mut c, "a.ics", "one");
        put(&mut c, "a.ics", "two");
        assert_eq!(c.name_of_uid("one"), None);
        assert_eq!(c.name_of_uid("two").map(|name| &**name), Some("a.ics"));
        c.delete("a.ics");
        assert_eq!(c.name_of_uid("two"), None);
    }

    #[test]
    fn a_home_lists_only_its_own() {
        let mut store = Store::new(1);
        for path in
            ["calendars/jan/x", "calendars/jana/a", "calendars/jana/b", "calendars/jana2/y", "calendars/z"]
        {
            assert!(store.create(path, Holds::Events, None));
        }
        assert!(!store.create("calendars/jan/x", Holds::Tasks, None));
        let paths: Vec<_> = store.below("calendars/jana").map(|(path, _)| path).collect();
        assert_eq!(paths, ["calendars/jana/a", "calendars/jana/b"]);
    }
}
