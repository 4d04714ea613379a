//! The keys of a file as a form for persons: in groups, each with its title, its help, and what it can be.

use serde::{Deserialize, Serialize};
use toml::Value;
use tr::tr;

use crate::item::Kind;
use crate::keyed::{self, Absent, Key, Table};
use crate::profile::{self, KINDS, word_of};
use crate::settings;

/// A form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    pub groups: Vec<Group>,
}

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub title: String,
    pub fields: Vec<Field>,
}

/// A key, as a person sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// How changes call it.
    pub key: String,
    pub title: String,
    /// What it does, in a sentence.
    pub help: String,
    pub shape: Shape,
    /// What counts, written as changes are; empty: nothing.
    pub value: String,
    /// What counts where the file does not say it; none where there must be a value.
    pub default: Option<String>,
    /// Few persons need it.
    pub advanced: bool,
    /// It changes what happens to items: its consequences are to be seen before it is saved.
    pub consequential: bool,
}

/// What can be entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Shape {
    Text,
    Folder,
    File,
    /// A whole number.
    Number,
    Switch,
    Choice {
        words: Vec<Word>,
    },
    /// Any of these, with commas between them.
    Choices {
        words: Vec<Word>,
    },
    /// Texts with commas between them.
    List,
    /// Such as one=two, three=four.
    Pairs,
}

/// A word that a key takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub word: String,
    /// What it means, in a few words.
    pub meaning: String,
}

/// A key's place in a form.
struct Row {
    key: &'static str,
    title: String,
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Simple,
    Advanced,
    /// Simple, and it changes what happens to items.
    Weighty,
    AdvancedWeighty,
}

use Level::{Advanced, AdvancedWeighty, Simple, Weighty};

fn row(key: &'static str, level: Level, title: String) -> Row {
    Row { key, title, level }
}

/// The form of a profile of this kind, with the values of its file.
pub fn of_profile(kind: Option<Kind>, text: &str) -> Form {
    let fits = |key: &Key| kind.is_none_or(|kind| fits(key, kind));
    form(&profile::TABLE, of_profiles(), text, fits)
}

/// The form of the settings, with the values of their file.
pub fn of_settings(text: &str) -> Form {
    form(&settings::TABLE, settings_rows(), text, |_| true)
}

/// What people read for a key of a profile.
pub fn title(key: &str) -> Option<String> {
    let mut rows = of_profiles().into_iter().flat_map(|(_, rows)| rows);
    rows.find(|row| row.key == key).map(|row| row.title)
}

/// Whether a key says anything of a profile of this kind.
fn fits(key: &Key, kind: Kind) -> bool {
    let contacts = kind == Kind::Contacts;
    match (key.section, key.name) {
        ("", "birthdays")
        | ("mapping", "phone_numbers" | "instant_messaging" | "vcard_version" | "groups") => contacts,
        ("", "past_days" | "future_days") | ("mapping", _) => !contacts,
        ("", "busy_blocks") | ("remote", "schedule_agent" | "send_notifications") => kind == Kind::Events,
        _ => true,
    }
}

fn form(
    table: &'static Table,
    groups: Vec<(String, Vec<Row>)>,
    text: &str,
    fits: impl Fn(&Key) -> bool,
) -> Form {
    // What cannot be read at all has no values; why is told when it is loaded.
    let file: toml::Table = toml::from_str(text).unwrap_or_default();
    let field = |row: Row| {
        let (section, name) = row.key.rsplit_once('.').unwrap_or(("", row.key));
        let key = table.key(section, name)?;
        let values =
            if section.is_empty() { Some(&file) } else { file.get(section).and_then(Value::as_table) };
        let value = values.and_then(|values| values.get(name)).map(written);
        (fits(key) || value.is_some()).then(|| of_key(key, row, value))
    };
    let group = |(title, rows): (String, Vec<Row>)| Group {
        title,
        fields: rows.into_iter().filter_map(field).collect(),
    };
    let groups = groups.into_iter().map(group).filter(|group| !group.fields.is_empty());
    Form { groups: groups.collect() }
}

fn of_key(key: &Key, row: Row, value: Option<String>) -> Field {
    let default = match key.absent {
        Absent::Wrong => None,
        Absent::Nothing => Some(String::new()),
        Absent::Is(value) => Some(value.replace(',', ", ")),
    };
    let words = || {
        let word =
            |(word, meaning): (&str, &'static str)| Word { word: word.to_owned(), meaning: tr!(meaning) };
        key.words().into_iter().map(word).collect()
    };
    let meaning = key.meaning;
    Field {
        key: row.key.to_owned(),
        title: row.title,
        help: tr!(meaning),
        shape: match key.shape {
            keyed::Shape::Text => Shape::Text,
            keyed::Shape::Folder => Shape::Folder,
            keyed::Shape::File => Shape::File,
            keyed::Shape::Words(_) => Shape::Choice { words: words() },
            keyed::Shape::Number(..) => Shape::Number,
            keyed::Shape::Switch => Shape::Switch,
            keyed::Shape::List => Shape::List,
            keyed::Shape::Pairs => Shape::Pairs,
            keyed::Shape::WordList(_) => Shape::Choices { words: words() },
        },
        value: value.or_else(|| default.clone()).unwrap_or_default(),
        default,
        advanced: matches!(row.level, Advanced | AdvancedWeighty),
        consequential: matches!(row.level, Weighty | AdvancedWeighty),
    }
}

/// A value as changes are written.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Table(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", written(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The kind that a file says, whatever else is wrong with it.
pub fn kind_of(text: &str) -> Option<Kind> {
    let file: toml::Table = toml::from_str(text).ok()?;
    let word = file.get("kind")?.as_str()?;
    [Kind::Events, Kind::Tasks, Kind::Contacts].into_iter().find(|kind| word_of(KINDS, *kind) == word)
}

#[rustfmt::skip] // a row a line
fn of_profiles() -> Vec<(String, Vec<Row>)> {
    vec![
        (tr!("What is synchronized"), vec![
            row("local.path", Weighty, tr!("Folder on this computer")),
            row("remote.url", Weighty, tr!("Address on the server")),
            row("remote.user", Weighty, tr!("User name")),
            row("kind", AdvancedWeighty, tr!("Kind")),
            row("past_days", Weighty, tr!("Days back")),
            row("future_days", Weighty, tr!("Days ahead")),
            row("category", AdvancedWeighty, tr!("Only this category")),
            row("include_uncategorised", AdvancedWeighty, tr!("Those without a category too")),
            row("invert", AdvancedWeighty, tr!("All but this category")),
            row("name_and_color", Simple, tr!("Name and colour too")),
            row("birthdays", Simple, tr!("Calendar of birthdays")),
        ]),
        (tr!("How it is synchronized"), vec![
            row("mode", Weighty, tr!("Direction")),
            row("conflict", Weighty, tr!("Where both sides changed an item")),
            row("busy_blocks", AdvancedWeighty, tr!("Only when you are busy")),
        ]),
        (tr!("When it is synchronized"), vec![
            row("active", Simple, tr!("By itself")),
            row("interval_minutes", Simple, tr!("Minutes between two runs")),
            row("sync_on_change", Simple, tr!("At once when something changes here")),
        ]),
        (tr!("Safety"), vec![
            row("history_days", Weighty, tr!("Days in the history")),
            row("guard.max_deletions", AdvancedWeighty, tr!("Deletions without asking")),
            row("guard.max_percent", AdvancedWeighty, tr!("Deletions without asking, in percent")),
        ]),
        (tr!("Meetings"), vec![
            row("remote.schedule_agent", Advanced, tr!("Invitations")),
            row("remote.send_notifications", Advanced, tr!("Messages to the guests")),
        ]),
        (tr!("What is the same on both sides"), vec![
            row("mapping.reminders", AdvancedWeighty, tr!("Reminders")),
            row("mapping.attendees", AdvancedWeighty, tr!("Organizer and guests")),
            row("mapping.description", AdvancedWeighty, tr!("Description")),
            row("mapping.html_description", AdvancedWeighty, tr!("Description in HTML")),
            row("mapping.private_as_confidential", AdvancedWeighty, tr!("Private here is confidential there")),
            row("mapping.confidential_as_private", AdvancedWeighty, tr!("Confidential there is private here")),
            row("mapping.public_as_private", AdvancedWeighty, tr!("Public there is private here")),
            row("mapping.omit_public", AdvancedWeighty, tr!("Public here says nothing there")),
            row("mapping.time_zones", AdvancedWeighty, tr!("Time zones")),
            row("mapping.category_colors", AdvancedWeighty, tr!("Colours of categories")),
            row("mapping.rename_properties", AdvancedWeighty, tr!("Other names of properties")),
            row("mapping.phone_numbers", AdvancedWeighty, tr!("Phone numbers")),
            row("mapping.instant_messaging", AdvancedWeighty, tr!("Instant messaging")),
            row("mapping.vcard_version", AdvancedWeighty, tr!("Version of vCard")),
            row("mapping.groups", AdvancedWeighty, tr!("Groups of contacts")),
        ]),
        (tr!("Sign-in"), vec![
            row("remote.sign_in", Advanced, tr!("Way to sign in")),
            row("remote.password_command", Advanced, tr!("Command for the password")),
            row("remote.password_env", Advanced, tr!("Variable with the password")),
            row("remote.client_certificate", Advanced, tr!("Client certificate")),
            row("remote.client_certificate_password_command", Advanced, tr!("Command for its passphrase")),
            row("remote.client_certificate_password_env", Advanced, tr!("Variable with its passphrase")),
            row("oauth.provider", Advanced, tr!("Provider")),
            row("oauth.authorization_url", Advanced, tr!("Page to sign in on")),
            row("oauth.token_url", Advanced, tr!("Address for tokens")),
            row("oauth.scopes", Advanced, tr!("Scopes")),
            row("oauth.client_id", Advanced, tr!("Client id")),
            row("oauth.client_secret_command", Advanced, tr!("Command for the client's secret")),
            row("oauth.client_secret_env", Advanced, tr!("Variable with the client's secret")),
        ]),
        (tr!("Connection"), vec![
            row("remote.ca_file", Advanced, tr!("Certificate authority")),
            row("remote.pinned_certificate", Advanced, tr!("Only this certificate")),
            row("remote.trusted_hosts", Advanced, tr!("Other servers that are trusted")),
            row("remote.allow_plain_http", Advanced, tr!("Without encryption")),
            row("remote.proxy", Advanced, tr!("Proxy")),
            row("remote.proxy_user", Advanced, tr!("User name at the proxy")),
            row("remote.proxy_password_command", Advanced, tr!("Command for the proxy's password")),
            row("remote.proxy_password_env", Advanced, tr!("Variable with the proxy's password")),
            row("remote.timeout_seconds", Advanced, tr!("Seconds of silence")),
            row("remote.connect_timeout_seconds", Advanced, tr!("Seconds to connect")),
            row("remote.close_connections", Advanced, tr!("A connection for each request")),
            row("remote.http1_only", Advanced, tr!("Without HTTP/2")),
            row("chunk_size", Advanced, tr!("Items in one go")),
        ]),
    ]
}

#[rustfmt::skip] // a row a line
fn settings_rows() -> Vec<(String, Vec<Row>)> {
    vec![
        (tr!("Language and looks"), vec![
            row("language", Simple, tr!("Language")),
            row("appearance", Simple, tr!("Appearance")),
        ]),
        (tr!("In the background"), vec![
            row("start_with_session", Simple, tr!("Start when you log in")),
            row("tray", Simple, tr!("Icon in the panel")),
            row("notify", Simple, tr!("Notifications")),
            row("check_network", Simple, tr!("Be quiet while a server cannot be reached")),
        ]),
        (tr!("Folders of new profiles"), vec![
            row("default_calendar_folder", Simple, tr!("Calendars")),
            row("default_task_folder", Simple, tr!("Task lists")),
            row("default_contact_folder", Simple, tr!("Address books")),
        ]),
        (tr!("Reports and log"), vec![
            row("report_days", Simple, tr!("Days of reports")),
            row("log_days", Advanced, tr!("Days of the log")),
            row("log_level", Advanced, tr!("Details in the log")),
        ]),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Keys that are no option: each of them has one value, or a program writes it.
    const OF_PROGRAMS: [&str; 7] = [
        "preview_needed",
        "local.type",
        "remote.type",
        "cdsp.id",
        "cdsp.folder",
        "cdsp.account",
        "cdsp.elements",
    ];

    const TEXT: &str = "kind = \"events\"\npast_days = 30\nactive = false\n[local]\npath = \"~/c\"\n\
                        [remote]\ntrusted_hosts = [\"a.example\", \"b.example\"]\n[mapping]\n\
                        category_colors = { Travel = \"green\", \"Day off\" = \"#ffa500\" }\n";

    fn keys(form: &Form) -> Vec<&str> {
        form.groups.iter().flat_map(|group| &group.fields).map(|field| field.key.as_str()).collect()
    }

    fn field(form: &Form, key: &str) -> Field {
        let mut fields = form.groups.iter().flat_map(|group| &group.fields);
        fields.find(|field| field.key == key).unwrap().clone()
    }

    fn missing(table: &Table, form: &Form) -> Vec<String> {
        let shown = keys(form);
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), shown.len(), "each key once");
        let all = table.keys.iter().map(Key::path);
        all.filter(|path| !shown.contains(&path.as_str())).collect()
    }

    #[test]
    fn every_option_has_its_place() {
        assert_eq!(missing(&profile::TABLE, &of_profile(None, "")), OF_PROGRAMS);
        assert_eq!(missing(&settings::TABLE, &of_settings("")), ["profile_order"]);
    }

    #[test]
    fn what_says_nothing_of_the_kind_is_not_shown() {
        let contacts = of_profile(Some(Kind::Contacts), "");
        assert!(keys(&contacts).contains(&"birthdays") && !keys(&contacts).contains(&"past_days"));
        let events = of_profile(Some(Kind::Events), "");
        assert!(!keys(&events).contains(&"birthdays") && keys(&events).contains(&"busy_blocks"));
        let wrong = of_profile(Some(Kind::Events), "birthdays = \"/x\"");
        assert_eq!(field(&wrong, "birthdays").value, "/x", "so that it can be removed");
    }

    #[test]
    fn values_are_those_of_the_file_or_the_defaults() {
        let form = of_profile(kind_of(TEXT), TEXT);
        let value = |key: &str| field(&form, key).value;
        assert_eq!((value("past_days"), value("future_days")), ("30".to_owned(), String::new()));
        assert_eq!((value("active"), value("mode")), ("false".to_owned(), "two-way".to_owned()));
        assert_eq!(value("remote.trusted_hosts"), "a.example, b.example");
        assert_eq!(field(&form, "local.path").default, None);
        assert_eq!(field(&of_settings(""), "notify").value, "errors, warnings, held");
    }

    #[test]
    fn what_guards_is_seen_before_it_is_saved() {
        let form = of_profile(None, "");
        for key in ["history_days", "guard.max_deletions", "guard.max_percent"] {
            assert!(field(&form, key).consequential, "{key}");
        }
    }

    #[test]
    fn a_value_that_is_shown_can_be_set() {
        let form = of_profile(kind_of(TEXT), TEXT);
        for field in
            form.groups.iter().flat_map(|group| &group.fields).filter(|field| !field.value.is_empty())
        {
            let text = profile::set(TEXT, &field.key, Some(&field.value)).unwrap();
            assert_eq!(of_profile(kind_of(&text), &text).groups, form.groups, "{}", field.key);
        }
    }
}
