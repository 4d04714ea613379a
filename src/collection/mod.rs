//! Collections: the calendars, task lists and address books that hold items.
//!
//! [`Collection`] is what the engine knows of any of them. To add a kind of collection, add a folder
//! beside `vdir` and `dav`, implement the trait, and name it in [`crate::profile`] where a profile's
//! two collections are opened.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::item::span::Range;

pub mod dav;
pub mod device;
pub mod lists;
mod look;
pub mod name;
pub mod vdir;

pub use look::{Color, Feature, Look, plain_name};

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

opaque! {
    /// The name of an item within its collection. Only its collection can read it.
    Href
}
opaque! {
    /// The version of an item in its collection, compared for equality only. A weak one (`W/"…"`) is
    /// kept as it came.
    Etag
}
opaque! {
    /// How far a collection's history was read (and how it is read). Only its collection can read it.
    Cursor
}

/// An item's place and version, as a listing tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub href: Href,
    pub etag: Etag,
}

/// What an observation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// All that the collection holds.
    Listing { entries: Vec<Entry>, cursor: Option<Cursor> },
    /// What changed since the cursor that was given. An entry may be told that did not change, and a
    /// removal of something never seen.
    Delta { changed: Vec<Entry>, removed: Vec<Href>, cursor: Cursor },
}

/// What a targeted fetch found of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    Found {
        href: Href,
        etag: Etag,
        bytes: Bytes,
        /// When the store says that the item was last changed, by this machine's clock.
        modified: Option<Timestamp>,
    },
    /// It is confirmed that there is no such item (404, 410, no such file).
    Gone { href: Href },
    /// It is there, but its bytes cannot be had; the reason is a sentence for a person.
    Unreadable { href: Href, reason: String },
    /// It could not be had this time; the reason is a sentence for a person.
    Failed { href: Href, reason: String },
}

/// One change to a collection, guarded by a precondition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Store a new item, only if nothing is there. The collection derives the href from the UID, or
    /// from the bytes where there is none, so that a second attempt finds the first.
    Create { uid: Option<String>, bytes: Bytes },
    /// Overwrite the item, only if it still has this version.
    Replace { href: Href, if_etag: Etag, bytes: Bytes },
    /// Delete the item, only if it still has this version.
    Delete { href: Href, if_etag: Etag },
}

/// What became of one [`Edit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Stored at `href`. Without an etag (or with one that says nothing) the collection did not tell
    /// the new version: it must be read back and compared.
    Stored { href: Href, etag: Option<Etag> },
    /// Deleted, or gone already.
    Deleted,
    /// The precondition failed: something else is there now, or nothing. Look again.
    Stale {
        /// Nothing of this edit was done; otherwise an earlier attempt of it may have been.
        sure: bool,
    },
    /// The collection does not accept this item as it is; trying again as it is will not help.
    /// The reason is a sentence for a person, with the collection's own words.
    Refused { reason: String },
    /// It failed for now, and it is not known whether it was done.
    Failed { reason: String },
    /// Nothing of it was done, because the collection as a whole could not be used any more.
    NotTried,
}

/// What became of a batch of edits: an outcome for each, in their order.
#[derive(Debug)]
pub struct Applied {
    pub outcomes: Vec<Outcome>,
    /// Why the collection as a whole cannot be used any more, where that is so.
    pub stopped: Option<CollectionError>,
}

/// What was exchanged with a collection since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub requests: u64,
    /// Bytes of bodies on the wire, before decompression.
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// A calendar, task list or address book. Batches, not single items: the implementation decides
/// what runs at the same time. Methods may be called concurrently.
#[async_trait]
pub trait Collection: Send + Sync {
    /// The full listing, or what changed since a cursor that an earlier observation returned.
    async fn observe(&self, since: Option<&Cursor>) -> Result<Observation, CollectionError>;

    /// The items at these hrefs: exactly one answer for each, in any order.
    async fn fetch(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, CollectionError>;

    /// Applies the edits, each with its precondition; the outcomes are in the order of the edits.
    async fn apply(&self, edits: Vec<Edit>) -> Applied;

    /// The items that the collection itself says take place in the range, to within a day at its ends: what is
    /// missing from it need not be read. `None` where it cannot tell.
    async fn within(&self, _range: &Range) -> Result<Option<HashSet<Href>>, CollectionError> {
        Ok(None)
    }

    /// The items that the collection itself says have one of these UIDs (it may name others too).
    /// `None` where it cannot tell.
    async fn having_uids(&self, _uids: &[String]) -> Result<Option<HashSet<Href>>, CollectionError> {
        Ok(None)
    }

    /// What the collection is called and its colour, as far as it has them.
    async fn look(&self) -> Result<Look, CollectionError> {
        Ok(Look::default())
    }

    /// Gives the collection this name or colour.
    async fn set_look(&self, _feature: &Feature) -> Result<(), CollectionError> {
        Ok(())
    }

    /// The calendar addresses, in lower case, of the person in whose name the collection itself invites the guests of
    /// a meeting that it is given (RFC 6638); none where it invites nobody.
    async fn invites_as(&self) -> Result<Vec<String>, CollectionError> {
        Ok(Vec::new())
    }

    /// What was exchanged so far.
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

/// What keeps a collection as a whole from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be reached: no network, unknown host, connection refused, time-out.
    Offline,
    /// The connection cannot be trusted (TLS).
    Untrusted,
    /// User name or password refused (401). Never tried twice in a run.
    SignIn,
    /// The proxy on the way to it refused user name or password (407).
    ProxySignIn,
    /// What it signs in with cannot be had at the moment: the keyring is locked, or does not answer.
    SecretLocked,
    /// It is not there (any more). Never taken for "all items were deleted".
    Gone,
    /// It may not be read or written (403), or only be read.
    Forbidden,
    /// It asks to come back later (429, 503).
    Busy,
    /// It answers, but not what was asked for: a web page, broken XML, a server error.
    NotUnderstood,
    /// The disk is full, a file cannot be written …
    Storage,
}

/// A collection as a whole cannot be used now. The message is one plain sentence with a way out.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct CollectionError {
    pub trouble: Trouble,
    pub message: String,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl CollectionError {
    pub fn new(trouble: Trouble, message: impl Into<String>) -> Self {
        Self { trouble, message: message.into(), retry_after: None }
    }
}
