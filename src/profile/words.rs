//! The words that some keys of a profile file take.

use crate::item::Kind;
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
    word("merge-to-server", Mode::MergeToServer, "like that, but what only the server has is left alone"),
    word("replicate-from-server", Mode::ReplicateFromServer, "the folder becomes a copy of the server"),
    word("merge-from-server", Mode::MergeFromServer, "like that, but what only the folder has is left alone"),
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
