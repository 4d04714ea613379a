//! Items: exact bytes, and the facts read from them.
//!
//! An item is one calendar object resource (RFC 4791 section 4.1: all components of one UID with their
//! VTIMEZONEs) or one vCard (RFC 6350). Its bytes are never parsed and written again on the way
//! through; what is read here only decides what to do with them.

use std::fmt;

pub mod birthday;
pub mod category;
pub mod compare;
mod digest;
pub mod edit;
mod facts;
mod keys;
pub mod lines;
pub mod mapping;
mod meeting;
pub mod merge;
pub mod span;
mod split;
mod text;
mod time;
mod uid;

pub use bytes::Bytes;
pub use category::{has_any_category, has_category, with_category, without_category};
pub use facts::{read, title};
use jiff::Timestamp;
pub use meeting::{Meeting, meeting};
pub use merge::{Choice, Merged, Winner, merge};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
pub use split::{Part, split};
use tr::tr;
pub use uid::with_uid;

/// The largest item that is read, in bytes. A larger one is reported as [`Unreadable::TooLarge`].
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What a collection is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// VEVENT components.
    Events,
    /// VTODO components.
    Tasks,
    /// vCards.
    Contacts,
}

impl Kind {
    /// What a person calls items of this kind.
    pub fn in_words(self) -> String {
        match self {
            Kind::Events => tr!("events"),
            Kind::Tasks => tr!("tasks"),
            Kind::Contacts => tr!("contacts"),
        }
    }

    /// The extension of a file that holds an item of this kind, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Kind::Events | Kind::Tasks => "ics",
            Kind::Contacts => "vcf",
        }
    }

    /// The media type of an item of this kind.
    pub fn media_type(self) -> &'static str {
        match self {
            Kind::Events | Kind::Tasks => "text/calendar; charset=utf-8",
            Kind::Contacts => "text/vcard; charset=utf-8",
        }
    }
}

/// As it stands in a profile's file.
/// As a profile names it, in every language; [`Kind::in_words`] is for people.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Events => "events",
            Kind::Tasks => "tasks",
            Kind::Contacts => "contacts",
        })
    }
}

/// SHA-256 of an item's content after normalising: unfolded, in canonical order, without what servers
/// touch by themselves. Two items with equal digests say the same to a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({:02x}{:02x}{:02x}{:02x}…)", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}

/// The octets in hexadecimal, in lower case.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The first octets of the SHA-256 of something that is called by a tag, in hexadecimal.
pub fn tagged_hash(tag: &str, bytes: &[u8], octets: usize) -> String {
    let hash = Sha256::new_with_prefix(tag).chain_update([0]).chain_update(bytes).finalize();
    hex(hash.get(..octets).unwrap_or(&hash))
}

/// A strong key by which two items without a common UID are recognised as the same thing: a hash
/// of what section "pairing" of `ARCHITECTURE.md` names. Items are alike when they share any key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PairKey(pub u128);

/// What is known of an item from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The UID that all its components share; `None` where it has none.
    pub uid: Option<String>,
    /// What kind of collection it belongs to; `None` for a journal or another component.
    pub kind: Option<Kind>,
    /// What a person calls it: the title and day of an event or task, the name of a contact. Never empty.
    pub summary: String,
    /// LAST-MODIFIED (the newest of its components) or REV.
    pub modified: Option<Timestamp>,
    /// The normalised content.
    pub digest: Digest,
    /// The strong keys, sorted; empty where the item has too little to be recognised by.
    pub keys: Vec<PairKey>,
}

/// Why an item's bytes cannot be understood. The text is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("{}", tr!("the file is empty"))]
    Empty,
    #[error("{}", tr!("it is larger than {} MB", MAX_BYTES / 1024 / 1024))]
    TooLarge,
    #[error("{}", tr!("it is not valid UTF-8 text (byte {0})", .0))]
    NotUtf8(usize),
    #[error("{}", tr!("it contains a NUL byte (byte {0})", .0))]
    Nul(usize),
    #[error("{}", tr!("it does not begin with BEGIN:VCALENDAR or BEGIN:VCARD"))]
    NotAnItem,
    #[error("{}", tr!("line {line} is not a property: {text}", line, text = format_args!("{text:?}")))]
    BadLine { line: usize, text: String },
    #[error("{}", tr!("{0} is begun but never ended", .0))]
    NotClosed(String),
    #[error("{}", tr!("line {line} ends {found}, but {expected} is open", line, found, expected))]
    Mismatched { line: usize, found: String, expected: String },
    #[error("{}", tr!("components are nested more than {0} deep", .0))]
    TooDeep(usize),
    #[error("{}", tr!("it contains no event, task, journal or contact"))]
    NoComponent,
    #[error("{}", tr!("it contains several items ({} and {}); each needs a file of its own", format_args!("{:?}", .0), format_args!("{:?}", .1)))]
    SeveralUids(String, String),
    #[error("{}", tr!("it contains more than one contact or calendar; each needs a file of its own"))]
    SeveralObjects,
}
