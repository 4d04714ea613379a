//! The keys of the settings: reading, `settings set`, `settings list` and the errors follow this table.

use super::{Appearance, Finding, LogLevel};
use crate::keyed::Absent::Is;
use crate::keyed::Shape::{Folder, List, Number, Switch, WordList, Words};
use crate::keyed::{Key, Table, Word, key, meant, word};
use crate::language::Language;

/// The words of `log_level`.
pub const LOG_LEVELS: &[Word<LogLevel>] = &[
    word("info", LogLevel::Info, "what was done, and what went wrong"),
    word("debug", LogLevel::Debug, "details too"),
];

/// The words of `notify`.
pub const FINDINGS: &[Word<Finding>] = &[
    word("errors", Finding::Errors, "a run that could not be done"),
    word(
        "warnings",
        Finding::Warnings,
        "items that could not be synced or wait for your decision, twice in a row",
    ),
    word("held", Finding::Held, "deletions that wait for your yes"),
];

/// The words of `language`: none is that of the session.
pub const LANGUAGES: &[Word<Option<Language>>] = &[
    word("session", None, "the language of your session, or English where Pimbridge does not speak it"),
    word("en", Some(Language::English), Language::English.own_name()),
    word("de", Some(Language::German), Language::German.own_name()),
    word("cs", Some(Language::Czech), Language::Czech.own_name()),
    word("it", Some(Language::Italian), Language::Italian.own_name()),
];

/// The words of `appearance`.
pub const APPEARANCES: &[Word<Appearance>] = &[
    word("session", Appearance::Session, "light or dark as your session is"),
    word("light", Appearance::Light, "dark letters on a light ground"),
    word("dark", Appearance::Dark, "light letters on a dark ground"),
];

/// Every key that there is.
pub static TABLE: Table = Table { keys: KEYS, instead: |_, _| None };

#[rustfmt::skip] // a key's row is two lines
const KEYS: &[Key] = &[
    key("", "language", Words(|| meant(LANGUAGES)), Is("session"),
        "the language that Pimbridge speaks"),
    key("", "appearance", Words(|| meant(APPEARANCES)), Is("session"),
        "how the window looks"),
    key("", "profile_order", List, Is(""),
        "the profiles in the order in which they are shown; those that are not named here come after them"),
    key("", "log_level", Words(|| meant(LOG_LEVELS)), Is("info"),
        "what the log tells"),
    key("", "log_days", Number(1, 3650), Is("14"),
        "how many days the log is kept"),
    key("", "report_days", Number(1, 36_500), Is("90"),
        "how many days reports are kept; the history of versions goes by history_days of each profile"),
    key("", "default_calendar_folder", Folder, Is("~/Calendars"),
        "where the folder of a new calendar is made, if you name none"),
    key("", "default_task_folder", Folder, Is("~/Calendars"),
        "where the folder of a new task list is made, if you name none"),
    key("", "default_contact_folder", Folder, Is("~/Contacts"),
        "where the folder of a new address book is made, if you name none"),
    key("", "start_with_session", Switch, Is("false"),
        "the background program starts when you log in"),
    key("", "tray", Switch, Is("true"),
        "the background program shows an icon"),
    key("", "notify", WordList(|| meant(FINDINGS)), Is("errors,warnings,held"),
        "what the background program notifies you of"),
    key("", "check_network", Switch, Is("true"),
        "a server that cannot be reached is no error, and is tried again soon and quietly; otherwise it is an error as others are"),
];
