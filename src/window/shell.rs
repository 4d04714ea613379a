//! What is around the pages: which one is open, and what is told above them.

use pimbridge::daemon::protocol::{self, Event, Reply, Request};
use slint::{ComponentHandle, ModelRc};

use crate::link::Link;
use crate::wires::Wires;
use crate::{
    AccountPage, MainWindow, Page, Shell, Tone, account, history, options, profiles, reports, status,
};

/// A page, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PageWord {
    Status,
    Account,
    Profiles,
    Reports,
    History,
    Options,
    About,
}

impl PageWord {
    /// The page that is meant; the last report of a profile where one is named.
    pub fn about(self, profile: Option<String>) -> protocol::Page {
        match (self, profile) {
            (PageWord::Status, _) => protocol::Page::Status,
            (PageWord::Account, _) => protocol::Page::Account,
            (PageWord::Profiles, _) => protocol::Page::Profiles,
            (PageWord::Reports, None) => protocol::Page::Reports,
            (PageWord::Reports, Some(profile)) => protocol::Page::Report { profile },
            (PageWord::History, _) => protocol::Page::History,
            (PageWord::Options, _) => protocol::Page::Options,
            (PageWord::About, _) => protocol::Page::About,
        }
    }
}

pub fn attach(window: &MainWindow, link: &Link) {
    let shell = window.global::<Shell>();
    shell.on_open(Wires::new(window, link).one(|window, link, page| {
        // What was told was about the page before.
        window.global::<Shell>().set_notice("".into());
        open(window, link, page);
    }));
    let to = link.clone();
    shell.on_start_daemon(move || to.follow());
}

/// Shows a page, with what is true now.
pub fn open(window: &MainWindow, link: &Link, page: Page) {
    window.global::<Shell>().set_page(page);
    match page {
        Page::Status => status::opened(window, link),
        Page::Account => account::opened(window, link),
        Page::Reports => reports::opened(window, link),
        Page::History => history::opened(window, link),
        Page::Profiles => profiles::opened(link),
        Page::Options => options::opened(window, link),
        _ => {}
    }
}

/// The window speaks another language: what stays on the pages until something happens is said anew.
pub fn spoken(window: &MainWindow, link: &Link) {
    link.ask(Request::Status, |window, link, reply| {
        if let Ok(Reply::Status { status }) = reply {
            heard(window, link, &Event::Status { status });
        }
    });
    status::opened(window, link);
    profiles::opened(link);
    window.global::<AccountPage>().set_ways(ModelRc::default());
    account::opened(window, link);
}

/// Tells every page what happened.
pub fn heard(window: &MainWindow, link: &Link, event: &Event) {
    if let Event::Show { page } = event {
        show(window, link, page);
    }
    status::heard(window, link, event);
    reports::heard(window, link, event);
    history::heard(window, link, event);
    account::heard(window, link, event);
    profiles::heard(window, link, event);
    options::heard(window, link, event);
}

/// Shows what the person asked for somewhere else.
pub fn show(window: &MainWindow, link: &Link, page: &protocol::Page) {
    window.window().set_minimized(false);
    match page {
        protocol::Page::Report { profile } => return reports::open_last(window, link, profile),
        protocol::Page::Import { file } => options::import_file(window, link, file),
        _ => {}
    }
    let page = match page {
        protocol::Page::Status => Page::Status,
        protocol::Page::Account => Page::Account,
        protocol::Page::Profiles => Page::Profiles,
        protocol::Page::Reports | protocol::Page::Report { .. } => Page::Reports,
        protocol::Page::History => Page::History,
        protocol::Page::Options | protocol::Page::Import { .. } => Page::Options,
        protocol::Page::About => Page::About,
    };
    open(window, link, page);
}

/// The daemon answers, or why it does not.
pub fn connection(window: &MainWindow, link: &Link, state: Result<(), String>) {
    let shell = window.global::<Shell>();
    let answers = state.is_ok();
    shell.set_connected(answers);
    shell.set_disconnected_why(state.err().unwrap_or_default().into());
    if answers {
        // What the page asked before had no answer.
        open(window, link, shell.get_page());
    }
}

/// Says something above the page.
pub fn tell(window: &MainWindow, tone: Tone, text: &str) {
    let shell = window.global::<Shell>();
    shell.set_notice_tone(tone);
    shell.set_notice(text.into());
}
