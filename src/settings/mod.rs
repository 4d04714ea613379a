//! The general settings: one TOML file, `settings.toml`, beside the profiles.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use tr::tr;

use crate::home::{Home, HomeError, make_private, write_private};
use crate::item::Kind;
use crate::keyed::{self, File, Read, Section, wrong};
use crate::language::Language;
use crate::profile;

mod keys;

pub use keys::{APPEARANCES, LANGUAGES, TABLE};
use keys::{FINDINGS, LOG_LEVELS};

/// A larger file holds no settings.
const MAX_BYTES: u64 = 256 * 1024;

/// What counts for all profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// None: that of the session.
    pub language: Option<Language>,
    pub appearance: Appearance,
    pub profile_order: Order,
    pub log_level: LogLevel,
    /// How long the log is kept, in days.
    pub log_days: u32,
    /// How long reports are kept, in days.
    pub report_days: u32,
    pub folders: Folders,
    pub background: Background,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: None,
            appearance: Appearance::Session,
            profile_order: Order::default(),
            log_level: LogLevel::Info,
            log_days: 14,
            report_days: 90,
            folders: Folders {
                calendars: "~/Calendars".into(),
                tasks: "~/Calendars".into(),
                contacts: "~/Contacts".into(),
            },
            background: Background::default(),
        }
    }
}

impl Settings {
    /// The language that Pimbridge speaks.
    pub fn language(&self) -> Language {
        self.language.unwrap_or_else(Language::of_session)
    }

    pub fn keep_reports(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.report_days))
    }
}

/// How the window looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appearance {
    Session,
    Light,
    Dark,
}

/// In which order profiles are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order(Vec<String>);

impl Order {
    /// Where a profile stands: a key to sort by. Those that were never arranged come last, by their names.
    pub fn place(&self, name: &str) -> (usize, String) {
        let place = self.0.iter().position(|arranged| arranged == name);
        (place.unwrap_or(usize::MAX), name.to_owned())
    }
}

/// How much the log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Info,
    Debug,
}

/// Where the folders of new profiles are made, as a profile's file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    pub calendars: PathBuf,
    pub tasks: PathBuf,
    pub contacts: PathBuf,
}

impl Folders {
    /// Everything in one folder.
    pub fn all_in(folder: &Path) -> Self {
        let [calendars, tasks, contacts] = std::array::from_fn(|_| folder.to_owned());
        Self { calendars, tasks, contacts }
    }

    pub fn of(&self, kind: Kind) -> &PathBuf {
        match kind {
            Kind::Events => &self.calendars,
            Kind::Tasks => &self.tasks,
            Kind::Contacts => &self.contacts,
        }
    }
}

/// What the daemon goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Background {
    pub start_with_session: bool,
    pub tray: bool,
    /// What the person is notified of.
    pub notify: Vec<Finding>,
    /// A server that cannot be reached is no error: it is tried again soon, and nothing is said of it.
    pub check_network: bool,
}

impl Default for Background {
    fn default() -> Self {
        Self {
            start_with_session: false,
            tray: true,
            notify: vec![Finding::Errors, Finding::Warnings, Finding::Held],
            check_network: true,
        }
    }
}

/// What a run can end with that a person may want to know at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Errors,
    Warnings,
    Held,
}

/// Why the settings cannot be read or written: a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{}: {what}", crate::keyed::place(.file, *.line))]
    Content { file: PathBuf, line: Option<usize>, what: String },
    #[error("{}", tr!("the settings in {} cannot be read: {source}", .file.display(), source))]
    Read { file: PathBuf, source: io::Error },
    #[error("{}", tr!("the settings in {} cannot be written: {source}", .file.display(), source))]
    Write { file: PathBuf, source: io::Error },
    #[error(transparent)]
    Home(#[from] HomeError),
    /// What was to be set is wrong.
    #[error("{0}")]
    Change(String),
}

/// The settings of this home; the defaults where there is no file.
pub fn load(home: &Home) -> Result<Settings, SettingsError> {
    parse(home, &text(home)?)
}

/// The text of the file; empty where there is none.
pub fn text(home: &Home) -> Result<String, SettingsError> {
    let file = home.settings_file();
    let mut text = String::new();
    let read = fs::File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_string(&mut text));
    match read {
        Ok(_) if text.len() as u64 > MAX_BYTES => {
            let source = io::Error::new(io::ErrorKind::InvalidData, tr!("it is too large; move it away"));
            Err(SettingsError::Read { file: file.to_owned(), source })
        }
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(SettingsError::Read { file: file.to_owned(), source }),
    }
}

/// Sets these keys, or removes those that have no value, and leaves the rest of the file as it was.
pub fn change(home: &Home, changes: &[(String, Option<String>)]) -> Result<(), SettingsError> {
    let mut new = text(home)?;
    for (key, value) in changes {
        new = keyed::set(&TABLE, &new, key, value.as_deref()).map_err(SettingsError::Change)?;
    }
    parse(home, &new)?;
    let file = home.settings_file();
    if let Some(folder) = file.parent() {
        make_private(folder)?;
    }
    write_private(file, new.as_bytes())
        .map_err(|source| SettingsError::Write { file: file.to_owned(), source })
}

fn parse(home: &Home, text: &str) -> Result<Settings, SettingsError> {
    read(text).map_err(|wrong| SettingsError::Content {
        file: home.settings_file().to_owned(),
        line: wrong.line(text),
        what: wrong.what,
    })
}

fn read(text: &str) -> Read<Settings> {
    let file = File::new(&TABLE, text)?;
    let top = file.top()?;
    let Settings { folders, background, log_level, log_days, report_days, .. } = Settings::default();
    Ok(Settings {
        language: top.word("language", LANGUAGES)?.unwrap_or(None),
        appearance: top.word("appearance", APPEARANCES)?.unwrap_or(Appearance::Session),
        profile_order: Order(
            top.list("profile_order")?.into_iter().map(|(name, _)| name.to_owned()).collect(),
        ),
        log_level: top.word("log_level", LOG_LEVELS)?.unwrap_or(log_level),
        log_days: top.number("log_days")?.unwrap_or(log_days),
        report_days: top.number("report_days")?.unwrap_or(report_days),
        folders: Folders {
            calendars: folder(&top, "default_calendar_folder")?.unwrap_or(folders.calendars),
            tasks: folder(&top, "default_task_folder")?.unwrap_or(folders.tasks),
            contacts: folder(&top, "default_contact_folder")?.unwrap_or(folders.contacts),
        },
        background: Background {
            start_with_session: top.switch("start_with_session")?.unwrap_or(background.start_with_session),
            tray: top.switch("tray")?.unwrap_or(background.tray),
            notify: top.words("notify", FINDINGS)?.unwrap_or(background.notify),
            check_network: top.switch("check_network")?.unwrap_or(background.check_network),
        },
    })
}

fn folder(top: &Section, key: &str) -> Read<Option<PathBuf>> {
    match top.text(key)? {
        Some((path, at)) if profile::expand(path).is_none() => {
            wrong(at, tr!("{key} must be a full path, such as \"~/Calendars\"", key))
        }
        path => Ok(path.map(|(path, _)| path.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::Absent;

    fn wrong(text: &str) -> String {
        parse(&Home::at("/h".as_ref()), text).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_of_the_table_are_those_that_count() {
        let written = TABLE.keys.iter().fold(String::new(), |text, key| {
            let Absent::Is(value) = key.absent else { panic!("{key:?}") };
            keyed::set(&TABLE, &text, key.name, Some(value)).unwrap()
        });
        assert_eq!(read(&written).unwrap(), read("").unwrap());
        insta::assert_snapshot!(written, @r#"
        language = "session"
        appearance = "session"
        profile_order = []
        log_level = "info"
        log_days = 14
        report_days = 90
        default_calendar_folder = "~/Calendars"
        default_task_folder = "~/Calendars"
        default_contact_folder = "~/Contacts"
        start_with_session = false
        tray = true
        notify = ["errors", "warnings", "held"]
        check_network = true
        "#);
    }

    #[test]
    fn every_setting_can_be_another() {
        let other = read(
            "language = 'de'\nappearance = 'dark'\nprofile_order = ['b', 'a']\nlog_level = 'debug'\nlog_days = 1\nreport_days = 1\ndefault_calendar_folder = '/a'\n\
             default_task_folder = '/b'\ndefault_contact_folder = '~'\nstart_with_session = true\ntray = false\n\
             notify = ['held']\ncheck_network = false",
        )
        .unwrap();
        insta::assert_debug_snapshot!(other, @r#"
        Settings {
            language: Some(
                German,
            ),
            appearance: Dark,
            profile_order: Order(
                [
                    "b",
                    "a",
                ],
            ),
            log_level: Debug,
            log_days: 1,
            report_days: 1,
            folders: Folders {
                calendars: "/a",
                tasks: "/b",
                contacts: "~",
            },
            background: Background {
                start_with_session: true,
                tray: false,
                notify: [
                    Held,
                ],
                check_network: false,
            },
        }
        "#);
        assert_eq!(other.folders.of(Kind::Tasks), &PathBuf::from("/b"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        insta::assert_snapshot!(wrong("tray = false\nlog_levle = 'info'"), @r#"/h/settings.toml, line 2: the key "log_levle" is not known; did you mean "log_level"?"#);
        insta::assert_snapshot!(wrong("[tray]\nx = 1"), @"/h/settings.toml, line 1: tray must be true or false, without quotation marks");
        insta::assert_snapshot!(wrong("[general]\ntray = true"), @"/h/settings.toml, line 1: the section [general] is not known; there are no sections in this file");
        insta::assert_snapshot!(wrong("log_level = 'trace'"), @r#"/h/settings.toml, line 1: log_level = "trace" is not known; use one of info and debug"#);
        insta::assert_snapshot!(wrong("report_days = 0"), @"/h/settings.toml, line 1: report_days must be a whole number from 1 to 36500");
        insta::assert_snapshot!(wrong("notify = 'errors'"), @r#"/h/settings.toml, line 1: notify must be a list of texts, such as ["one", "two"]"#);
        insta::assert_snapshot!(wrong("notify = ['errors',\n'mistakes']"), @r#"/h/settings.toml, line 2: notify = "mistakes" is not known; use one of errors, warnings and held"#);
        insta::assert_snapshot!(wrong("default_task_folder = 'Tasks'"), @r#"/h/settings.toml, line 1: default_task_folder must be a full path, such as "~/Calendars""#);
        insta::assert_snapshot!(wrong("tray ="), @"/h/settings.toml, line 1: this is not written as TOML demands: string values must be quoted, expected literal string");
    }
}
