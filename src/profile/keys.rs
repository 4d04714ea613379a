//! The keys of a profile file and the words that some of them take.

use crate::item::Kind;
use crate::item::mapping::options::{
    Groups, InstantMessaging, PhoneNumbers, Reminders, TimeZones, VCardVersion,
};
use crate::report::text::enumerated;
use crate::sync::policy::{Conflict, Mode};

/// A word that a key takes.
#[derive(Debug)]
pub struct Word<T> {
    pub word: &'static str,
    pub value: T,
    /// What it means, in a few words.
    pub meaning: &'static str,
}

const fn word<T>(word: &'static str, value: T, meaning: &'static str) -> Word<T> {
    Word { word, value, meaning }
}

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

/// The word for a value.
pub fn word_of<T: PartialEq>(words: &[Word<T>], value: T) -> &'static str {
    words.iter().find(|known| known.value == value).map_or("?", |known| known.word)
}

/// What a key's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Switch,
    /// Texts.
    List,
    /// Texts with names.
    Table,
}

/// A key of a profile file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// The section that it belongs to; empty above the first section.
    pub section: &'static str,
    pub name: &'static str,
    pub shape: Shape,
}

impl Key {
    /// How `profile set` calls it.
    pub fn path(&self) -> String {
        if self.section.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.section, self.name) }
    }
}

const fn key(section: &'static str, name: &'static str, shape: Shape) -> Key {
    Key { section, name, shape }
}

/// The sections that a profile file can have.
pub(super) const SECTIONS: &[&str] = &["local", "remote", "oauth", "guard", "mapping"];

/// Every key that there is.
pub(super) const KEYS: &[Key] = &[
    key("", "kind", Shape::Text),
    key("", "mode", Shape::Text),
    key("", "conflict", Shape::Text),
    key("", "interval_minutes", Shape::Number),
    key("", "active", Shape::Switch),
    key("", "history_days", Shape::Number),
    key("", "past_days", Shape::Number),
    key("", "future_days", Shape::Number),
    key("", "category", Shape::Text),
    key("", "include_uncategorised", Shape::Switch),
    key("", "invert", Shape::Switch),
    key("", "chunk_size", Shape::Number),
    key("", "sync_on_change", Shape::Switch),
    key("", "name_and_color", Shape::Switch),
    key("", "busy_blocks", Shape::Text),
    key("", "birthdays", Shape::Text),
    key("guard", "max_deletions", Shape::Number),
    key("guard", "max_percent", Shape::Number),
    key("local", "type", Shape::Text),
    key("local", "path", Shape::Text),
    key("remote", "type", Shape::Text),
    key("remote", "url", Shape::Text),
    key("remote", "sign_in", Shape::Text),
    key("remote", "user", Shape::Text),
    key("remote", "password_env", Shape::Text),
    key("remote", "password_command", Shape::Text),
    key("remote", "ca_file", Shape::Text),
    key("remote", "pinned_certificate", Shape::Text),
    key("remote", "client_certificate", Shape::Text),
    key("remote", "client_certificate_password_env", Shape::Text),
    key("remote", "client_certificate_password_command", Shape::Text),
    key("remote", "proxy", Shape::Text),
    key("remote", "proxy_user", Shape::Text),
    key("remote", "proxy_password_env", Shape::Text),
    key("remote", "proxy_password_command", Shape::Text),
    key("remote", "close_connections", Shape::Switch),
    key("remote", "http1_only", Shape::Switch),
    key("remote", "timeout_seconds", Shape::Number),
    key("remote", "connect_timeout_seconds", Shape::Number),
    key("remote", "trusted_hosts", Shape::List),
    key("remote", "schedule_agent", Shape::Text),
    key("remote", "send_notifications", Shape::Switch),
    key("remote", "allow_plain_http", Shape::Switch),
    key("oauth", "provider", Shape::Text),
    key("oauth", "authorization_url", Shape::Text),
    key("oauth", "token_url", Shape::Text),
    key("oauth", "scopes", Shape::Text),
    key("oauth", "client_id", Shape::Text),
    key("oauth", "client_secret_env", Shape::Text),
    key("oauth", "client_secret_command", Shape::Text),
    key("mapping", "reminders", Shape::Text),
    key("mapping", "attendees", Shape::Switch),
    key("mapping", "description", Shape::Switch),
    key("mapping", "private_as_confidential", Shape::Switch),
    key("mapping", "confidential_as_private", Shape::Switch),
    key("mapping", "public_as_private", Shape::Switch),
    key("mapping", "omit_public", Shape::Switch),
    key("mapping", "html_description", Shape::Text),
    key("mapping", "time_zones", Shape::Text),
    key("mapping", "category_colors", Shape::Table),
    key("mapping", "rename_properties", Shape::Table),
    key("mapping", "phone_numbers", Shape::Text),
    key("mapping", "instant_messaging", Shape::Text),
    key("mapping", "vcard_version", Shape::Text),
    key("mapping", "groups", Shape::Text),
];

/// The candidate that was probably meant, if any is near enough.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&typed, &known.to_lowercase().replace('-', "_")), known))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// A sentence that tells that a key is not known, and what may have been meant.
pub(super) fn unknown(section: &str, name: &str) -> String {
    if section == "oauth" && name == "client_secret" {
        return "a secret is never kept in a profile's file; remove it here, and name an environment variable with \
                client_secret_env or a command that prints it with client_secret_command"
            .to_owned();
    }
    if ["password", "passwd", "passwort", "pass", "secret", "token"].contains(&name.to_lowercase().as_str()) {
        return "a password is never kept in a profile's file; remove it here, and either store it in the keyring \
                with \"pimbridge profile password NAME\", or name an environment variable with password_env or a \
                command that prints it with password_command"
            .to_owned();
    }
    if section.is_empty() && SECTIONS.contains(&name) {
        return format!("{name} must be a section: write [{name}] on a line of its own, its keys below it");
    }
    let here = || KEYS.iter().filter(|key| key.section == section).map(|key| key.name);
    if let Some(key) = KEYS.iter().find(|key| key.section != section && key.name == name) {
        return match key.section {
            "" => format!(
                "the key {name:?} does not belong into [{section}]; move it above the first [section]"
            ),
            right => format!("the key {name:?} belongs into the section [{right}]"),
        };
    }
    match nearest(name, here()) {
        Some(near) => format!("the key {name:?} is not known; did you mean {near:?}?"),
        None => format!("the key {name:?} is not known; the known keys here are {}", enumerated(here())),
    }
}
