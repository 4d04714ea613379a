//! What is there, and what changed: sync-collection (RFC 6578), a CTag, or a listing each time.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tr::tr;
use url::Url;

use super::answer::{Answer, Body};
use super::backoff::{self, Backoff};
use super::href::{Base, Place};
use super::look::look_of;
use super::news::News;
use super::refusal::Refusal;
use super::xml::{Multistatus, Part, Props, Response};
use super::{Capabilities, Dav, Fault, http, quirks, xml};
use crate::collection::{Cursor, Entry, Etag, Fetched, Href, Observation};
use crate::item::Kind;

/// How many items without a version are read together, for their contents to be one.
const READ_AT_ONCE: usize = 500;
/// How often a list of changes may be continued.
const MOST_PAGES: usize = 10_000;

/// How far the history was read, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    #[serde(flatten)]
    how: How,
    /// What the server calls the collection's path, where that is not the path of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where it has moved for good, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Url>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "lowercase")]
enum How {
    /// The sync-token.
    Sync { token: String },
    /// The CTag.
    Ctag { tag: String },
    /// Nothing but listings is offered.
    List,
}

impl How {
    /// What the properties say of changes since. A token that is a number may be the second in which it was given, in
    /// which more may have changed; only a later one says anything.
    fn news(&self, props: &Props) -> News {
        let (then, now, may_be_second) = match self {
            How::Sync { token } => (token, &props.sync_token, true),
            How::Ctag { tag } => (tag, &props.ctag, false),
            How::List => return News::Untold,
        };
        let Some(now) = now else { return News::Untold };
        match (then.parse::<i128>(), now.parse::<i128>()) {
            (Ok(then), Ok(now)) if may_be_second && now <= then => News::Untold,
            _ if now == then => News::Nothing,
            _ => News::Something,
        }
    }
}

impl Mark {
    /// Whether it is of a kind that can say that nothing changed.
    pub(super) fn can_be_compared(&self) -> bool {
        !matches!(self.how, How::List)
    }

    /// What the collection's properties say of changes since.
    pub(super) fn news(&self, props: &Props) -> News {
        self.how.news(props)
    }

    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(cursor.as_str()).ok()
    }

    fn write(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor::new)
    }
}

/// What an answer, or several pages of it, says of the items.
#[derive(Default)]
struct Changes {
    /// The version of each item; `None` where it has none, nothing where it was removed.
    items: HashMap<Href, Option<Option<Etag>>>,
}

/// Why a list of changes cannot be had.
enum NoChanges {
    /// The server refuses the token, or does not offer the list (any more).
    Refused,
    Fault(Fault),
}

impl From<Fault> for NoChanges {
    fn from(fault: Fault) -> Self {
        NoChanges::Fault(fault)
    }
}

impl Dav {
    pub(super) async fn observe_it(&self, since: Option<&Cursor>) -> Result<Observation, Fault> {
        let Some(mark) = since.and_then(Mark::read) else { return self.observe_all().await };
        let recalled = self.recall(&mark);
        match self.observe_since(&mark).await {
            Err(fault) if recalled && fault.is_of_the_place() => {
                self.set_base(Base::new(self.address.clone()));
                self.observe_all().await
            }
            observed => observed,
        }
    }

    /// Goes to where the collection was found last; says whether that is not its address.
    fn recall(&self, mark: &Mark) -> bool {
        let mut base = self.base();
        let moved = mark.moved.clone().filter(|url| *base.url() == self.address && self.http.trusts(url));
        let recalled = moved.is_some();
        if let Some(url) = moved {
            base = Base::new_home(url);
        }
        base.set_alias(mark.path.clone());
        self.set_base(base);
        recalled
    }

    async fn observe_since(&self, mark: &Mark) -> Result<Observation, Fault> {
        if self.watches {
            match self.properties(xml::propfind_details()).await {
                Ok(props) => {
                    *self.seen_look() = Some(look_of(&props));
                    if mark.news(&props) == News::Nothing
                        && let Some(cursor) = self.mark(mark.how.clone())
                    {
                        return Ok(Observation::Delta { changed: vec![], removed: vec![], cursor });
                    }
                }
                // The items can be had all the same.
                Err(fault @ (Fault::Malformed(_) | Fault::NotDav(_) | Fault::Forbidden(_))) => {
                    tracing::warn!("name and colour could not be read: {fault}");
                }
                Err(fault) => return Err(fault),
            }
        }
        match &mark.how {
            How::Sync { token } => match self.changes(token).await {
                Ok((changes, token)) => {
                    let (changed, removed) = self.settle(changes).await?;
                    let Some(cursor) = self.mark(How::Sync { token }) else {
                        return self.observe_all().await;
                    };
                    Ok(Observation::Delta { changed, removed, cursor })
                }
                Err(NoChanges::Refused) => self.observe_all().await,
                Err(NoChanges::Fault(fault)) => Err(fault),
            },
            How::Ctag { tag } => {
                let props = self.properties(xml::propfind_collection()).await?;
                match self.mark(mark.how.clone()) {
                    Some(cursor) if props.ctag.as_ref() == Some(tag) => {
                        Ok(Observation::Delta { changed: vec![], removed: vec![], cursor })
                    }
                    _ => self.observe_by(props).await,
                }
            }
            How::List => self.list(None).await,
        }
    }

    /// Everything, after finding out how changes can be had from now on.
    async fn observe_all(&self) -> Result<Observation, Fault> {
        let props = self.properties(xml::propfind_collection()).await?;
        self.observe_by(props).await
    }

    async fn observe_by(&self, props: Props) -> Result<Observation, Fault> {
        self.right_place(&props)?;
        if offers_sync(&props) {
            match self.changes("").await {
                Ok((changes, token)) => {
                    let (entries, _) = self.settle(changes).await?;
                    let cursor = self.mark(How::Sync { token });
                    return Ok(Observation::Listing { entries, cursor });
                }
                Err(NoChanges::Refused) => {}
                Err(NoChanges::Fault(fault)) => return Err(fault),
            }
        }
        self.list(props.ctag).await
    }

    fn mark(&self, how: How) -> Option<Cursor> {
        let base = self.base();
        let moved = base.has_moved().then(|| base.url().clone());
        Mark { how, path: base.alias().map(str::to_owned), moved }.write()
    }

    /// The properties of the collection itself; it is there if this returns.
    pub(super) async fn properties(&self, body: String) -> Result<Props, Fault> {
        let answer = self.ask_collection("PROPFIND", 0, body).await?;
        let mut parts = self.parts(answer).await?;
        let mut own: Option<Response> = None;
        let mut base = self.base();
        while let Some(part) = parts.next().await? {
            let Part::Response(response) = part else { continue };
            let is_own = response.hrefs.iter().any(|href| base.place(href) == Place::Collection);
            if own.is_none() || is_own {
                own = Some(*response);
            }
        }
        let Some(own) = own else {
            return Err(Fault::Malformed(tr!("it does not say anything of the collection")));
        };
        // A property that is not there is told with a 404 of its own: that is not the collection's.
        if let Some(status) = own.status.filter(|status| !(200..300).contains(status)) {
            return Err(self.response_fault(status, &own));
        }
        if let Some(href) = own.hrefs.first() {
            base.learn(href);
            self.set_base(base);
        }
        self.searches.learn(self.kind, &own.props);
        Ok(own.props)
    }

    fn response_fault(&self, status: u16, response: &Response) -> Fault {
        self.status_fault(Refusal {
            status,
            elements: response.errors.clone(),
            href: None,
            words: response.description.clone(),
        })
    }

    async fn parts(&self, answer: Answer) -> Result<Multistatus<Body>, Fault> {
        if answer.ok() { answer.multistatus().await } else { Err(self.collection_fault(answer).await) }
    }

    /// A calendar for events and tasks, an address book for contacts.
    fn right_place(&self, props: &Props) -> Result<(), Fault> {
        // Some servers do not tell; then it shows soon enough.
        if props.resource_type.is_none() {
            return Ok(());
        }
        let wanted = if self.kind == Kind::Contacts { "addressbook" } else { "calendar" };
        if props.is(wanted) {
            return Ok(());
        }
        let url = http::presentable(self.base().url());
        Err(Fault::WrongPlace(match props {
            props if props.is("calendar") => {
                tr!("{url} is a calendar, not an address book: give the address of an address book", url)
            }
            props if props.is("addressbook") => {
                tr!("{url} is an address book, not a calendar: give the address of a calendar", url)
            }
            props if props.is("principal") => tr!(
                "{url} is the address of a user, not of one calendar or address book: give the address of one of the \
                 collections in it",
                url
            ),
            props if props.is("collection") => tr!(
                "{url} is a folder that holds collections, not a calendar or address book itself: give the address of \
                 one of the collections in it",
                url
            ),
            _ => tr!(
                "{url} is a single file, not a calendar or address book: give the address of the collection that it is \
                 in",
                url
            ),
        }))
    }

    /// A Depth 1 listing of versions. The CTag was read before it, so that a change in between is
    /// seen by the next run.
    async fn list(&self, ctag: Option<String>) -> Result<Observation, Fault> {
        let answer = self.ask_collection("PROPFIND", 1, xml::propfind_etags()).await?;
        let mut parts = self.parts(answer).await?;
        let base = self.base();
        let mut changes = Changes::default();
        let mut answered = false;
        while let Some(part) = parts.next().await? {
            let Part::Response(response) = part else { continue };
            answered = true;
            for href in &response.hrefs {
                match base.place(href) {
                    Place::Collection => match response.status {
                        Some(507) => {
                            return Err(Fault::TooLarge(tr!("the server does not list all of its items")));
                        }
                        Some(status) if !(200..300).contains(&status) => {
                            return Err(self.response_fault(status, &response));
                        }
                        _ => {}
                    },
                    place => changes.add(place, href, &response),
                }
            }
        }
        if !answered {
            return Err(Fault::Malformed(tr!("it does not say anything of the collection")));
        }
        let (entries, _) = self.settle(changes).await?;
        let how = ctag.map_or(How::List, |tag| How::Ctag { tag });
        Ok(Observation::Listing { entries, cursor: self.mark(how) })
    }

    /// All that changed since the token, page by page, and the token that stands for it.
    async fn changes(&self, since: &str) -> Result<(Changes, String), NoChanges> {
        let mut token = since.to_owned();
        let mut changes = Changes::default();
        for _ in 0..MOST_PAGES {
            let mut parts = self.page(&token).await?.multistatus().await?;
            let base = self.base();
            let (mut next, mut more) = (None, false);
            let mut page = Changes::default();
            while let Some(part) = parts.next().await? {
                let response = match part {
                    Part::SyncToken(token) => {
                        next = Some(token).filter(|token| !token.is_empty());
                        continue;
                    }
                    Part::Response(response) => response,
                };
                for href in &response.hrefs {
                    match base.place(href) {
                        Place::Collection => match response.status {
                            Some(507) => more = true,
                            Some(status) if means_no_changes(status) => return Err(NoChanges::Refused),
                            Some(status) if !(200..300).contains(&status) => {
                                return Err(self.response_fault(status, &response).into());
                            }
                            _ => {}
                        },
                        place => page.add(place, href, &response),
                    }
                }
            }
            changes.items.extend(page.items);
            if changes.items.len() > xml::MOST_RESPONSES {
                return Err(Fault::TooLarge(tr!("more than two million items")).into());
            }
            let Some(next) = next else { return Err(NoChanges::Refused) };
            if !more {
                return Ok((changes, next));
            }
            if next == token {
                break;
            }
            token = next;
        }
        Err(Fault::Stuck.into())
    }

    /// One page of the changes since the token.
    async fn page(&self, token: &str) -> Result<Answer, NoChanges> {
        let mut again = Backoff::new(backoff::STUMBLED);
        loop {
            let answer = self.ask_collection("REPORT", 0, xml::sync_collection(token)).await?;
            if answer.ok() {
                return Ok(answer);
            }
            let refusal = answer.refusal().await;
            match refusal.status {
                500 | 502 | 507 if let Some(wait) = again.next() => tokio::time::sleep(wait).await,
                status if means_no_changes(status) => return Err(NoChanges::Refused),
                _ => return Err(self.status_fault(refusal).into()),
            }
        }
    }

    /// Entries and removals, where an item without a version gets one from its content.
    async fn settle(&self, changes: Changes) -> Result<(Vec<Entry>, Vec<Href>), Fault> {
        let (mut entries, mut removed, mut nameless) = (Vec::new(), Vec::new(), Vec::new());
        for (href, state) in changes.items {
            match state {
                Some(Some(etag)) => entries.push(Entry { href, etag }),
                Some(None) => nameless.push(href),
                None => removed.push(href),
            }
        }
        for some in nameless.chunks(READ_AT_ONCE) {
            for fetched in self.fetch_them(some).await? {
                match fetched {
                    Fetched::Found { href, etag, .. } => entries.push(Entry { href, etag }),
                    Fetched::Gone { href } => removed.push(href),
                    // It is there: reading it later says why it cannot be read.
                    Fetched::Unreadable { href, .. } | Fetched::Failed { href, .. } => {
                        entries.push(Entry { href, etag: Etag::new(super::CONTENT_ETAG) });
                    }
                }
            }
        }
        entries.sort_by(|a, b| a.href.cmp(&b.href));
        removed.sort();
        Ok((entries, removed))
    }

    pub(super) async fn check_it(&self) -> Result<Capabilities, Fault> {
        let props = self.properties(xml::propfind_collection()).await?;
        self.right_place(&props)?;
        let base = self.base();
        Ok(Capabilities {
            moved_to: base.has_moved().then(|| base.url().to_string()),
            display_name: props.display_name.clone(),
            kinds: kinds(&props),
            writable: writable(&props),
            sync_collection: offers_sync(&props),
            ctag: props.ctag.is_some(),
        })
    }
}

impl Changes {
    fn add(&mut self, place: Place, href: &str, response: &Response) {
        let item = match place {
            Place::Item(item) => item,
            Place::Collection | Place::Below => return,
            Place::Foreign => {
                tracing::warn!(href, "the server names an item on another server; it is left out");
                return;
            }
        };
        match response.status.unwrap_or(200) {
            404 | 410 | 418 => {
                // Where one answer names it twice, the one that is there counts.
                self.items.entry(item).or_insert(None);
            }
            _ if response.props.is("collection") => {}
            _ => {
                let etag =
                    response.props.etag.as_deref().filter(|etag| !quirks::is_every_first_version(etag));
                self.items.insert(item, Some(etag.map(Etag::new)));
            }
        }
    }
}

fn offers_sync(props: &Props) -> bool {
    props.reports.iter().any(|report| report == "sync-collection")
}

pub(super) fn kinds(props: &Props) -> Vec<Kind> {
    if props.is("addressbook") {
        return vec![Kind::Contacts];
    }
    let told = props.components.as_ref().filter(|all| !all.is_empty());
    let holds = |name: &str| told.is_none_or(|all| all.iter().any(|c| c == name));
    [(Kind::Events, "VEVENT"), (Kind::Tasks, "VTODO")]
        .into_iter()
        .filter_map(|(kind, name)| holds(name).then_some(kind))
        .collect()
}

/// RFC 3744 section 5.5: any privilege to change what a collection holds.
pub(super) fn writable(props: &Props) -> Option<bool> {
    let privileges = props.privileges.as_ref().filter(|privileges| !privileges.is_empty())?;
    Some(privileges.iter().any(|name| matches!(name.as_str(), "all" | "write" | "write-content" | "bind")))
}

/// Whether an answer leaves open that a listing can be had where changes cannot. Servers refuse an old
/// token in many ways; whether it is the user or the collection that is the trouble is told for sure by
/// the PROPFIND that comes next.
fn means_no_changes(status: u16) -> bool {
    matches!(status, 400..500 | 500..=502 | 507)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_small_and_a_damaged_one_is_none() {
        let mark = Mark { how: How::Sync { token: "data:,1-2".into() }, path: None, moved: None };
        let cursor = mark.write().unwrap();
        insta::assert_snapshot!(cursor.as_str(), @r#"{"how":"sync","token":"data:,1-2"}"#);
        assert_eq!(Mark::read(&cursor), Some(mark));
        for broken in ["", "{}", r#"{"how":"sync"}"#, r#"{"how":"telepathy"}"#, "\u{0}", "[1]"] {
            assert_eq!(Mark::read(&Cursor::new(broken)), None, "{broken:?}");
        }
    }

    #[test]
    fn kinds_and_rights_are_read_from_the_properties() {
        let names = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        let calendar = Props { resource_type: names(&["collection", "calendar"]), ..Props::default() };
        assert_eq!(kinds(&calendar), [Kind::Events, Kind::Tasks]);
        assert_eq!(writable(&calendar), None);
        let tasks =
            Props { components: names(&["VTODO"]), privileges: names(&["read", "read-acl"]), ..calendar };
        assert_eq!(kinds(&tasks), [Kind::Tasks]);
        let untold = Props { components: names(&[]), privileges: names(&[]), ..tasks.clone() };
        assert_eq!((kinds(&untold).len(), writable(&untold)), (2, None), "an empty list tells nothing");
        assert_eq!(writable(&tasks), Some(false));
        assert_eq!(writable(&Props { privileges: names(&["read", "bind"]), ..tasks }), Some(true));
    }
}
