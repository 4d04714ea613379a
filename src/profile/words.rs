//! The words that some keys of a profile file take.

use crate::item::Kind;
use crate::item::mapping::options::{
    Groups, InstantMessaging, PhoneNumbers, Reminders, TimeZones, VCardVersion,
};
use crate::keyed::{Word, word};
use crate::sync::policy::{Conflict, Mode};

/// The words of `kind`.
pub const KINDS: &[Word<Kind>] = &[
    word("events", Kind::Events, "a calendar"),
    word("tasks", Kind::Tasks, "a task list"),
    word("contacts", Kind::Contacts, "an address book"),
];

/// The words of `mode`.
pub const MODES: &[Word<Mode>] = &[
    word("two-way", Mode::TwoWay, "changes of both sides go to the other"),
    word("replicate-to-server", Mode::ReplicateToServer, "the server becomes a copy of the folder"),
    word(
        "merge-to-server",
        Mode::MergeToServer,
        "the server gets what the folder has; what only the server has is left alone",
    ),
    word("replicate-from-server", Mode::ReplicateFromServer, "the folder becomes a copy of the server"),
    word(
        "merge-from-server",
        Mode::MergeFromServer,
        "the folder gets what the server has; what only the folder has is left alone",
    ),
];

/// The words of `conflict`.
pub const CONFLICTS: &[Word<Conflict>] = &[
    word("automatic", Conflict::Automatic, "the version that was changed last; a deletion beats a change"),
    word("local-wins", Conflict::LocalWins, "the folder's version"),
    word("server-wins", Conflict::ServerWins, "the server's version"),
    word(
        "merge",
        Conflict::Merge,
        "both (recommended): the changes are put together; a change beats a deletion",
    ),
    word("ask", Conflict::Ask, "you decide; until then both sides stay as they are"),
];

/// The words of `schedule_agent`.
pub const SCHEDULE_AGENTS: &[Word<bool>] = &[
    word("server", false, "the server invites the guests of your meetings, if it does such things"),
    word("client", true, "it invites nobody"),
];

/// What a profile signs in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Password,
    Token,
    OAuth,
}

/// The words of `sign_in`.
pub const SIGN_INS: &[Word<Means>] = &[
    word("password", Means::Password, "a user name and a password"),
    word("token", Means::Token, "a bearer token, which a command prints, say"),
    word("oauth", Means::OAuth, "the provider's own page in a browser, once"),
];

/// The words of `local.type`.
pub const LOCAL_TYPES: &[Word<()>] = &[word("vdir", (), "a folder with a file for each item")];

/// The words of `remote.type`.
pub const REMOTE_TYPES: &[Word<()>] = &[word("dav", (), "a CalDAV or CardDAV collection")];

/// The words of `mapping.reminders`.
pub const REMINDERS: &[Word<Reminders>] = &[
    word("all", Reminders::All, "they are the same on both sides"),
    word("none", Reminders::None, "each side keeps its own"),
    word("upcoming", Reminders::Upcoming, "the same on both sides until they have gone off"),
];

/// The words of `mapping.html_description`: whether it is derived.
pub const HTML_DESCRIPTIONS: &[Word<bool>] = &[
    word("keep", false, "as it is"),
    word(
        "derive",
        true,
        "made of the plain one on the server, and the plain one of it here, where it is missing",
    ),
];

/// The words of `mapping.time_zones`.
pub const TIME_ZONES: &[Word<TimeZones>] = &[
    word("keep", TimeZones::Keep, "as they are"),
    word("iana", TimeZones::Iana, "with IANA names on the server instead of those of Windows"),
    word("utc", TimeZones::Utc, "in UTC on the server, but for series"),
];

/// The words of `mapping.phone_numbers`.
pub const PHONE_NUMBERS: &[Word<PhoneNumbers>] = &[
    word("keep", PhoneNumbers::Keep, "as they are"),
    word("digits", PhoneNumbers::Digits, "digits only on the server"),
    word("brackets", PhoneNumbers::Brackets, "the area code in brackets here"),
];

/// The words of `mapping.instant_messaging`.
pub const INSTANT_MESSAGING: &[Word<InstantMessaging>] = &[
    word("keep", InstantMessaging::Keep, "as it is"),
    word("impp", InstantMessaging::Impp, "IMPP on the server"),
    word("x-properties", InstantMessaging::XProperties, "X-AIM, X-ICQ and so on on the server"),
];

/// The words of `mapping.vcard_version`.
pub const VCARD_VERSIONS: &[Word<VCardVersion>] = &[
    word("keep", VCardVersion::Keep, "as it is"),
    word("3.0", VCardVersion::V3, "vCard 3.0 on the server"),
    word("4.0", VCardVersion::V4, "vCard 4.0 on the server"),
];

/// The words of `mapping.groups`.
pub const GROUPS: &[Word<Groups>] = &[
    word("keep", Groups::Keep, "as they are"),
    word("kind", Groups::Kind, "KIND:group on the server (vCard 4.0)"),
    word(
        "x-addressbookserver",
        Groups::AddressBookServer,
        "X-ADDRESSBOOKSERVER-KIND:group on the server (Apple)",
    ),
    word("vlist", Groups::VList, "VLIST on the server (SOGo)"),
];
