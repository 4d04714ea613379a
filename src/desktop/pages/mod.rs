//! What the entries of the tray's menu open where there is no window: pages for the browser, made anew each time.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use tr::tr;

use super::Page;
use crate::daemon::protocol::Status;
use crate::home::{Home, HomeError, make_private, private_file};
use crate::item::hex;
use crate::profile::Name;
use crate::report::wording::shell_word;
use crate::report::{Report, Touched, html, page};
use crate::state::{ReportId, StateError};
use crate::stored;

mod about;
mod options;
mod profiles;
mod reports;
mod status;

/// How many reports are listed.
const REPORTS: usize = 100;
/// How many items the page of a report lists.
const ITEMS: usize = 1000;

/// Why a page cannot be shown. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error("{}", tr!("the page {} cannot be written: {source}", .file.display(), source))]
    Write { file: PathBuf, source: io::Error },
    #[error("{}", tr!("no browser could be started ({source}); open the page yourself: {}", .file.display(), source))]
    Browser { file: PathBuf, source: io::Error },
}

/// Makes the pages anew and shows this one in the browser. It reads and writes files, but does not wait for the browser.
pub fn open(home: &Home, page: &Page, status: &Status) -> Result<(), PageError> {
    let file = write(home, page, status, Timestamp::now(), &TimeZone::system())?;
    open::that_detached(&file).map_err(|source| PageError::Browser { file, source })
}

/// Makes the pages, as they lead to each other, and tells the file of this one. The pages of reports that are there already
/// stay as they are.
pub fn write(
    home: &Home,
    page: &Page,
    status: &Status,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<PathBuf, PageError> {
    let folder = home.state_dir().join("pages");
    make_private(&folder)?;
    let view = View { home, status, reports: newest(home, status), now, zone };
    let wanted = match page {
        Page::Status | Page::Account | Page::History => Tab::Status.file().to_owned(),
        Page::Reports => Tab::Reports.file().to_owned(),
        Page::Profiles => Tab::Profiles.file().to_owned(),
        Page::Options | Page::Import { .. } => Tab::Options.file().to_owned(),
        Page::About => Tab::About.file().to_owned(),
        Page::Report { profile } => {
            let last = view.reports.iter().find(|listed| listed.report.profile == *profile);
            last.map_or_else(|| Tab::Status.file().to_owned(), Listed::file)
        }
    };
    let put = |name: &str, text: String| {
        let file = folder.join(name);
        put(&file, &text).map_err(|source| PageError::Write { file, source })
    };
    let mut names = BTreeSet::new();
    for listed in &view.reports {
        let name = listed.file();
        if name == wanted || !folder.join(&name).exists() {
            put(&name, listed.page(home))?;
        }
        names.insert(name);
    }
    for tab in Tab::ALL {
        put(tab.file(), tab.page(&view))?;
        names.insert(tab.file().to_owned());
    }
    clear(&folder, &names);
    Ok(folder.join(wanted))
}

/// Puts a page in place as a whole; it need not outlive a power cut.
fn put(file: &Path, text: &str) -> io::Result<()> {
    let temporary = file.with_extension("tmp");
    private_file()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&temporary)
        .and_then(|mut opened| io::Write::write_all(&mut opened, text.as_bytes()))
        .and_then(|()| fs::rename(&temporary, file))
        .inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })
}

/// Removes pages of reports that are gone. One that stays is not worth an error.
fn clear(folder: &Path, names: &BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_none_or(|name| !names.contains(name)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What the pages tell of.
struct View<'a> {
    home: &'a Home,
    status: &'a Status,
    /// The newest first.
    reports: Vec<Listed>,
    now: Timestamp,
    zone: &'a TimeZone,
}

impl View<'_> {
    fn when(&self, time: Timestamp) -> String {
        super::face::when(time, self.now, self.zone)
    }

    /// The page of a report, where it is among the newest.
    fn report(&self, profile: &str, id: i64) -> Option<&Listed> {
        self.reports.iter().find(|listed| listed.report.profile == profile && listed.id.0 == id)
    }
}

/// A report in the list.
struct Listed {
    name: Name,
    id: ReportId,
    /// Another one as soon as the report says something else: one of a run that goes on, or that found nothing and is
    /// followed by another one in its place.
    mark: String,
    report: Report,
}

impl Listed {
    fn new(name: Name, id: ReportId, report: Report) -> Listed {
        let mut hash = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        hash.update(serde_json::to_vec(&report).unwrap_or_default());
        Listed { name, id, mark: hex(&hash.finalize()[..4]), report }
    }

    fn file(&self) -> String {
        format!("report-{}-{}-{}.html", self.name, self.id.0, self.mark)
    }

    /// Where a page leads to it.
    fn address(&self) -> String {
        let plain: percent_encoding::PercentEncode<'_> =
            percent_encoding::utf8_percent_encode(self.name.as_str(), percent_encoding::NON_ALPHANUMERIC);
        format!("report-{plain}-{}-{}.html", self.id.0, self.mark)
    }

    fn page(&self, home: &Home) -> String {
        let (touched, number, why) = match self.touched(home) {
            Ok((touched, number)) => (touched, number, None),
            Err(error) => (Vec::new(), 0, Some(error.to_string())),
        };
        let more = number.saturating_sub(touched.len() as u64);
        let command = format!("pimbridge report show {} {}", shell_word(self.name.as_str()), self.id.0);
        let among = html::Among {
            navigation: &navigation(None),
            more: (more > 0).then_some((more, &command)),
            unreadable: why.as_deref(),
        };
        html::among(&self.report, &touched, among)
    }

    /// The first items that the run touched, and how many there are.
    fn touched(&self, home: &Home) -> Result<(Vec<Touched>, u64), StateError> {
        let Some(state) = stored::peek(home, &self.name)? else { return Ok((Vec::new(), 0)) };
        let mut touched = state.touched(self.id, ITEMS)?;
        touched.truncate(ITEMS);
        Ok((touched, state.number_touched(self.id)?))
    }
}

/// The newest reports of all profiles. Those that cannot be read are left out: the next run tells why.
fn newest(home: &Home, status: &Status) -> Vec<Listed> {
    let mut newest = Vec::new();
    for name in status.profiles.iter().filter_map(|profile| Name::new(&profile.name).ok()) {
        let reports = stored::reports(home, &name, REPORTS).unwrap_or_default();
        newest.extend(reports.into_iter().map(|(id, report)| Listed::new(name.clone(), id, report)));
    }
    newest.sort_by_key(|listed| std::cmp::Reverse(listed.report.started));
    newest.truncate(REPORTS);
    newest
}

/// A page that is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Status,
    Reports,
    Profiles,
    Options,
    About,
}

impl Tab {
    const ALL: [Tab; 5] = [Tab::Status, Tab::Reports, Tab::Profiles, Tab::Options, Tab::About];

    fn file(self) -> &'static str {
        match self {
            Tab::Status => "status.html",
            Tab::Reports => "reports.html",
            Tab::Profiles => "profiles.html",
            Tab::Options => "options.html",
            Tab::About => "about.html",
        }
    }

    fn title(self) -> String {
        match self {
            Tab::Status => tr!("Status"),
            Tab::Reports => tr!("Reports"),
            Tab::Profiles => tr!("Synchronization profiles"),
            Tab::Options => tr!("General options"),
            Tab::About => tr!("About"),
        }
    }

    fn page(self, view: &View<'_>) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, view);
        out
    }

    fn write(self, out: &mut String, view: &View<'_>) -> fmt::Result {
        page::head(out, &self.title())?;
        out.write_str(&navigation(Some(self)))?;
        match self {
            Tab::Status => status::write(out, view)?,
            Tab::Reports => reports::write(out, view)?,
            Tab::Profiles => profiles::write(out, view)?,
            Tab::Options => options::write(out, view)?,
            Tab::About => about::write(out, view)?,
        }
        page::foot(out)
    }
}

/// The line that leads to all pages.
fn navigation(here: Option<Tab>) -> String {
    let links = Tab::ALL.map(|tab| match here {
        Some(here) if here == tab => format!("<b>{}</b>\n", tab.title()),
        _ => format!("<a href=\"{}\">{}</a>\n", tab.file(), tab.title()),
    });
    format!("<nav>\n{}</nav>\n", links.concat())
}

#[cfg(test)]
mod tests;
