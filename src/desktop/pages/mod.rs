//! What the entries of the tray's menu open, until there is a window: pages for the browser, made anew each time.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Page;
use crate::daemon::protocol::Status;
use crate::home::{Home, HomeError, make_private, private_file};
use crate::profile::Name;
use crate::report::{Report, html, page};
use crate::state::{Peek, ReportId, State, StateError};

mod about;
mod options;
mod profiles;
mod reports;
mod status;

/// How many reports are listed.
const REPORTS: usize = 100;

/// Why a page cannot be shown. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error("the page {} cannot be written: {source}", .file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("no browser could be started ({source}); open the page yourself: {}", .file.display())]
    Browser { file: PathBuf, source: io::Error },
}

/// Makes all pages anew and shows this one in the browser. It reads and writes files, but does not wait for the browser.
pub fn open(home: &Home, page: &Page, status: &Status) -> Result<(), PageError> {
    let file = write(home, page, status, Timestamp::now(), &TimeZone::system())?;
    open::that_detached(&file).map_err(|source| PageError::Browser { file, source })
}

/// Makes all pages, as they lead to each other, and tells the file of this one.
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
    let mut pages = BTreeMap::from(Tab::ALL.map(|tab| (tab.file().to_owned(), tab.page(&view))));
    for listed in &view.reports {
        pages.insert(listed.file(), listed.page(home));
    }
    let wanted = match page {
        Page::Status => Tab::Status.file().to_owned(),
        Page::Reports => Tab::Reports.file().to_owned(),
        Page::Profiles => Tab::Profiles.file().to_owned(),
        Page::Options => Tab::Options.file().to_owned(),
        Page::About => Tab::About.file().to_owned(),
        Page::Report { profile } => {
            let last = view.reports.iter().find(|listed| listed.report.profile == *profile);
            last.map_or_else(|| Tab::Status.file().to_owned(), Listed::file)
        }
    };
    for (name, text) in &pages {
        let file = folder.join(name);
        put(&file, text).map_err(|source| PageError::Write { file, source })?;
    }
    clear(&folder, &pages);
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
fn clear(folder: &Path, pages: &BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_none_or(|name| !pages.contains_key(name)) {
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
    report: Report,
}

impl Listed {
    fn file(&self) -> String {
        format!("report-{}-{}.html", self.name, self.id.0)
    }

    /// Where a page leads to it.
    fn address(&self) -> String {
        let plain: percent_encoding::PercentEncode<'_> =
            percent_encoding::utf8_percent_encode(self.name.as_str(), percent_encoding::NON_ALPHANUMERIC);
        format!("report-{plain}-{}.html", self.id.0)
    }

    fn page(&self, home: &Home) -> String {
        let touched = peek(home, &self.name).and_then(|state| match state {
            Some(state) => state.touched(self.id, usize::MAX),
            None => Ok(Vec::new()),
        });
        html::among(&self.report, &touched.unwrap_or_default(), &navigation(None))
    }
}

fn peek(home: &Home, name: &Name) -> Result<Option<Peek>, StateError> {
    State::peek(&home.state_file(name))
}

/// The newest reports of all profiles. Those that cannot be read are left out: the next run tells why.
fn newest(home: &Home, status: &Status) -> Vec<Listed> {
    let mut newest = Vec::new();
    for name in status.profiles.iter().filter_map(|profile| Name::new(&profile.name).ok()) {
        let reports =
            peek(home, &name).and_then(|state| state.map_or(Ok(Vec::new()), |state| state.reports(REPORTS)));
        newest.extend(reports.unwrap_or_default().into_iter().map(|(id, report)| Listed {
            name: name.clone(),
            id,
            report,
        }));
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

    fn title(self) -> &'static str {
        match self {
            Tab::Status => "Status",
            Tab::Reports => "Reports",
            Tab::Profiles => "Synchronization profiles",
            Tab::Options => "General options",
            Tab::About => "About",
        }
    }

    fn page(self, view: &View<'_>) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, view);
        out
    }

    fn write(self, out: &mut String, view: &View<'_>) -> fmt::Result {
        page::head(out, self.title())?;
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
