//! CalDAV (RFC 4791) and CardDAV (RFC 6352) collections.
//!
//! `observe` asks what is there or what changed, `news` whether anything did, `query` searches, `fetch` reads items, `write` stores
//! and deletes them. `discovery` finds the collections of an account, `resources` and `look` make and rename them, and
//! `scheduling` knows of servers that invite people. Below them: `http` (and `account`, `sign_in`, `limiter`) sends requests over a
//! `connection` (and `tls`, `client_certificate`), `redirect` says where they may go on, `failure` why nothing came back,
//! `xml`, `refusal` and `href` read what comes back, and `error` says in plain sentences what is wrong.

mod account;
mod address;
mod answer;
mod backoff;
mod challenge;
mod client_certificate;
mod connection;
pub mod discovery;
mod error;
mod failure;
mod fetch;
mod filter;
mod href;
mod http;
mod limiter;
mod look;
mod meter;
mod news;
mod observe;
mod query;
mod quirks;
mod redirect;
mod refusal;
mod resources;
mod scheduling;
mod sign_in;
mod tls;
mod write;
mod xml;

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tr::tr;
use url::Url;

pub use account::Account;
pub use address::is_loopback;
use answer::Answer;
pub use client_certificate::ClientCertificate;
pub use connection::{Connection, ConnectionOptions, Proxy, ProxySignIn};
use error::Fault;
use href::Base;
use http::{Ask, Http};
use limiter::Class;
pub use news::{News, Newsreader, ReadSoFar};
use query::Searches;
pub use resources::{Made, NewCollection, create};
use scheduling::Scheduling;
pub use sign_in::{Credentials, TokenSource};
pub use tls::{BadCertificates, Fingerprint, Trust, certificates};

use crate::collection::{
    Applied, Collection, CollectionError, Cursor, Edit, Etag, Feature, Fetched, Href, Look, Observation,
    Traffic, Trouble,
};
use crate::item::Kind;
use crate::item::span::Range;

/// A calendar, task list or address book on a CalDAV or CardDAV server.
#[derive(Debug)]
pub struct Dav {
    http: Http,
    kind: Kind,
    /// Where the profile says that the collection is.
    address: Url,
    /// Where it is.
    base: Mutex<Base>,
    searches: Searches,
    /// vCards can be had in version 4.0, as far as it was asked.
    vcard_4: OnceCell<bool>,
    /// Whether observations look at name and colour too, and what the last one saw.
    watches: bool,
    seen: Mutex<Option<Look>>,
    scheduling: Scheduling,
}

/// What a collection is and what its server can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    pub display_name: Option<String>,
    /// What it can hold. A calendar that does not say so can hold events and tasks.
    pub kinds: Vec<Kind>,
    /// Whether this user may write to it; `None` where the server does not tell.
    pub writable: Option<bool>,
    /// It can tell what changed (RFC 6578).
    pub sync_collection: bool,
    /// It can tell whether anything changed.
    pub ctag: bool,
    /// Where the server says that it has moved for good.
    pub moved_to: Option<String>,
}

impl Dav {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// The address is not an `http` or `https` URL.
    pub fn open(account: Account, url: &str, kind: Kind) -> Result<Self, CollectionError> {
        let wrong = |why: String| CollectionError::new(Trouble::NotUnderstood, why);
        let mut url = Url::parse(url.trim()).map_err(|error| {
            wrong(tr!(
                "the address of the collection is not a URL ({error}): correct it in the profile",
                error
            ))
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong(tr!("the address of the collection must begin with https:// or http://")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            // Cannot fail: the URL has a host.
            let _ = (url.set_username(""), url.set_password(None));
        }
        let base = Base::new(url);
        let address = base.url().clone();
        let http = Http::new(account, address.clone());
        Ok(Self {
            http,
            kind,
            address,
            base: Mutex::new(base),
            searches: Searches::default(),
            vcard_4: OnceCell::new(),
            watches: false,
            seen: Mutex::default(),
            scheduling: Scheduling::default(),
        })
    }

    /// Observations look at name and colour too, so that these cost no request of their own where nothing changed.
    pub fn watching_look(mut self, watches: bool) -> Self {
        self.watches = watches;
        self
    }

    /// What the collection is and what its server can do, in one request.
    ///
    /// # Errors
    /// It cannot be used, or is not a calendar or address book.
    pub async fn check(&self) -> Result<Capabilities, CollectionError> {
        Ok(self.check_it().await?)
    }

    fn base(&self) -> Base {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn seen_look(&self) -> MutexGuard<'_, Option<Look>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_base(&self, base: Base) {
        *self.base.lock().unwrap_or_else(PoisonError::into_inner) = base;
    }

    /// Asks the collection itself. Where it has moved, later requests go to the new place.
    async fn ask_collection(&self, method: &'static str, depth: u8, body: String) -> Result<Answer, Fault> {
        self.ask(Ask::xml(method, Class::Listing, self.base().url().clone(), depth, body)).await
    }

    /// The same with a request of any class.
    async fn ask(&self, ask: Ask) -> Result<Answer, Fault> {
        let base = self.base();
        let answer = self.http.send(ask).await?;
        if answer.url != *base.url() {
            let lasting = base.has_moved() || *base.url() == self.address;
            let place = match answer.moved && lasting && self.http.trusts(&answer.url) {
                true => Base::new_home,
                false => Base::new,
            };
            let mut place = place(answer.url.clone());
            place.set_alias(base.alias().map(str::to_owned));
            self.set_base(place);
        }
        Ok(answer)
    }

    fn gone(&self) -> Fault {
        Fault::Gone { url: http::presentable(self.base().url()) }
    }

    /// What an answer other than a success to a question about the collection itself means.
    async fn collection_fault(&self, answer: Answer) -> Fault {
        self.status_fault(answer.refusal().await)
    }

    fn status_fault(&self, refusal: refusal::Refusal) -> Fault {
        match refusal.status {
            404 | 410 => self.gone(),
            403 => Fault::Forbidden(refusal),
            400 | 405 | 501 => Fault::NotDav(refusal),
            507 => Fault::Full,
            _ => Fault::Server(refusal),
        }
    }
}

/// The version of an item to which the server gives none, or one that other items have as well; that one follows
/// after a space.
const CONTENT_ETAG: &str = "content:";

fn content_etag(bytes: &[u8], servers: Option<&str>) -> Etag {
    use std::fmt::Write as _;
    let mut text = CONTENT_ETAG.to_owned();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    if let Some(servers) = servers {
        let _ = write!(text, " {servers}");
    }
    Etag::new(text)
}

#[async_trait]
impl Collection for Dav {
    async fn observe(&self, since: Option<&Cursor>) -> Result<Observation, CollectionError> {
        Ok(self.observe_it(since).await?)
    }

    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError> {
        Ok(self.fetch_them(hrefs).await?)
    }

    async fn apply(&self, edits: Vec<Edit>) -> Applied {
        self.apply_them(edits).await
    }

    async fn within(&self, range: &Range) -> Result<Option<HashSet<Href>>, CollectionError> {
        Ok(self.search_range(range).await?)
    }

    async fn having_uids(&self, uids: &[String]) -> Result<Option<HashSet<Href>>, CollectionError> {
        Ok(self.search_uids(uids).await?)
    }

    async fn look(&self) -> Result<Look, CollectionError> {
        Ok(self.look_it().await?)
    }

    async fn set_look(&self, feature: &Feature) -> Result<(), CollectionError> {
        self.set_look_it(feature).await
    }

    async fn invites_as(&self) -> Result<Vec<String>, CollectionError> {
        Ok(self.addresses().await?)
    }

    fn traffic(&self) -> Traffic {
        self.http.traffic()
    }
}

/// Reads a multistatus to its end, for fuzzing.
#[doc(hidden)]
pub fn read_multistatus(bytes: &[u8]) {
    let mut multistatus = xml::Multistatus::new(bytes);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    if let Ok(runtime) = runtime {
        runtime.block_on(async { while let Ok(Some(_)) = multistatus.next().await {} });
    }
}

#[cfg(test)]
mod tests;
