//! The log: one file a day, kept for some days, readable by its owner only. An event is one line.
//!
//! Only Pimbridge's own events are written, never those of a library: a header with a password, which
//! an HTTP library may log, cannot get in.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tr::tr;
use tracing::Span;
use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use crate::home::{Home, make_private, private_file};
use crate::report::wording::line;

mod read;

pub use read::{Reader, is_of};

/// The span of what is done for a profile. `profile` makes it, reading goes by it.
const SPAN: &str = "profile";
const PREFIX: &str = "pimbridge";
const SUFFIX: &str = "log";

/// In this span everything is done for the profile of that name, so that its lines can be told from others.
pub fn profile(name: &str) -> Span {
    tracing::info_span!("profile", name)
}

/// Writes the log from now on, with details where `debug` or the variable `PIMBRIDGE_LOG=debug` asks
/// for them, and keeps it for so many days; for ever where it is not known for how many. The error is a sentence for
/// a person; the program can go on without a log.
pub fn start(home: &Home, days: Option<u32>, debug: bool) -> Result<(), String> {
    let debug =
        debug || std::env::var("PIMBRIDGE_LOG").is_ok_and(|level| level.eq_ignore_ascii_case("debug"));
    let log = layer(home.logs_dir(), days, debug)
        .map_err(|error| tr!("the log in {} cannot be written: {error}", home.logs_dir().display(), error))?;
    tracing::subscriber::set_global_default(Registry::default().with(log))
        .map_err(|_| tr!("the log was started twice"))
}

fn layer(folder: &Path, days: Option<u32>, debug: bool) -> io::Result<impl Layer<Registry>> {
    let level = if debug { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let file = DailyFile::open(folder, days)?;
    Ok(tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .with_filter(Targets::new().with_target("pimbridge", level)))
}

/// The file of the day. The appender would make its files readable for everybody where the system's
/// default is so; each is therefore made before it comes to it.
struct DailyFile {
    folder: PathBuf,
    /// How long files are kept.
    days: Option<u32>,
    made_for: String,
    appender: RollingFileAppender,
}

impl DailyFile {
    fn open(folder: &Path, days: Option<u32>) -> io::Result<Self> {
        make_private(folder).map_err(io::Error::other)?;
        let made_for = make_file(folder, days, None)?;
        let appender = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(PREFIX)
            .filename_suffix(SUFFIX)
            .build(folder)
            .map_err(io::Error::other)?;
        Ok(Self { folder: folder.to_owned(), days, made_for, appender })
    }
}

impl Write for DailyFile {
    /// Writes an event. What a server or an item says in it must not look like another event.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.made_for = make_file(&self.folder, self.days, Some(&self.made_for))?;
        writeln!(self.appender, "{}", line(&String::from_utf8_lossy(event)))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.appender.flush()
    }
}

/// Makes today's file unless it was made already; returns today (UTC, as the appender counts).
fn make_file(folder: &Path, days: Option<u32>, made_for: Option<&str>) -> io::Result<String> {
    let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
    if made_for != Some(&today) {
        private_file().append(true).create(true).open(folder.join(format!("{PREFIX}.{today}.{SUFFIX}")))?;
        if let Some(days) = days {
            remove_old(folder, days)?;
        }
    }
    Ok(today)
}

/// Removes the files of days long past. The appender would count files instead, and goes by when they were made.
fn remove_old(folder: &Path, days: u32) -> io::Result<()> {
    let first_kept = Timestamp::now() - SignedDuration::from_hours(24 * (i64::from(days) - 1));
    let first_kept = first_kept.strftime("%Y-%m-%d").to_string();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if day_of(name).is_some_and(|day| day < first_kept.as_str()) {
            // Another run may have been faster; and a log that cannot be removed is no reason not to write one.
            let _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

/// The day of a log file, by its name.
fn day_of(name: &str) -> Option<&str> {
    let name = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    name.strip_prefix('.')?.strip_suffix('.').filter(|day| day.parse::<Date>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(debug: bool) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let subscriber = Registry::default().with(layer(&logs, Some(14), debug).unwrap());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "pimbridge::sync", "run finished");
            tracing::debug!(target: "pimbridge::sync", "12 requests");
            profile("my work")
                .in_scope(|| tracing::warn!(target: "pimbridge::x", "no\n2026 \u{1b}[31mforged"));
            tracing::info!(target: "hyper", "authorization: Basic c2VjcmV0");
        });
        let files: Vec<_> = std::fs::read_dir(&logs).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(&files[0]).unwrap();
        (folder, text)
    }

    #[test]
    fn only_our_own_events_are_written() {
        let (_folder, text) = written(false);
        assert!(text.contains("run finished"), "{text}");
        assert!(!text.contains("requests") && !text.contains("Basic"), "{text}");
    }

    #[test]
    fn an_event_is_one_line_of_its_profile() {
        let (_folder, text) = written(false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(!is_of(lines[0], "my work") && is_of(lines[1], "my work"), "{text}");
        assert!(lines[1].contains("forged") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn details_on_demand_are_our_own_too() {
        let (_folder, text) = written(true);
        assert!(text.contains("12 requests") && !text.contains("Basic"), "{text}");
    }

    #[test]
    fn files_older_than_two_weeks_go() {
        let folder = tempfile::tempdir().unwrap();
        let of_day = |ago: i64| {
            let day = Timestamp::now() - SignedDuration::from_hours(24 * ago);
            format!("pimbridge.{}.log", day.strftime("%Y-%m-%d"))
        };
        let mut kept = vec![of_day(0), of_day(1), of_day(13), "notes.log".into(), "pimbridge.old.log".into()];
        for name in kept.iter().skip(1).chain(&[of_day(14), of_day(15), of_day(400)]) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let before = fs::read_dir(folder.path()).unwrap().count();
        drop(layer(folder.path(), None, false).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before + 1, "the settings are not known");
        drop(layer(folder.path(), Some(14), false).unwrap());
        let mut left: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        kept.sort();
        assert_eq!(left, kept);
    }
}
