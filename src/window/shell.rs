//! What is around the pages: which one is open, and what is told above them.

use std::cell::RefCell;

use pimbridge::daemon::protocol::{self, Event, Reply, Request};
use slint::winit_030::WinitWindowAccessor;
use slint::winit_030::winit::window::UserAttentionType;
use slint::{ComponentHandle, ModelRc};

use crate::link::Link;
use crate::wires::Wires;
use crate::{
    AccountPage, HistoryPart, MainWindow, OptionsPart, Page, ProfilePart, ReportsAt, Shell, Tone, account,
    history, options, profiles, reports, status,
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

thread_local! {
    /// What the window begins with, until the daemon answers for the first time.
    static FIRST: RefCell<Option<protocol::Page>> = const { RefCell::new(None) };
}

pub fn attach(window: &MainWindow, link: &Link) {
    let shell = window.global::<Shell>();
    shell.on_open(Wires::new(window, link).one(|window, link, page| {
        FIRST.take();
        // What was told was about the page before.
        let shell = window.global::<Shell>();
        shell.set_notice("".into());
        // Who reads a report or a version finds it again, but at the second time.
        if shell.get_page() == page || matches!(page, Page::Status | Page::Options) {
            show_beginning(window, link, page);
        }
        open(window, link, page);
    }));
    let to = link.clone();
    shell.on_start_daemon(move || to.follow());
}

/// The window begins with this page, which is filled once the daemon answers.
pub fn begin(window: &MainWindow, page: protocol::Page) {
    window.global::<Shell>().set_page(page_of(&page));
    FIRST.set(Some(page));
}

/// Shows a page, with what is true now.
pub fn open(window: &MainWindow, link: &Link, page: Page) {
    let shell = window.global::<Shell>();
    if shell.get_page() == Page::Account && page != Page::Account {
        account::left(window);
    }
    shell.set_page(page);
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
        raise(window);
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
fn show(window: &MainWindow, link: &Link, page: &protocol::Page) {
    match page {
        protocol::Page::Report { profile } => return reports::open_last(window, link, profile),
        protocol::Page::Import { file } => options::import_file(window, link, file),
        other => show_beginning(window, link, page_of(other)),
    }
    open(window, link, page_of(page));
}

/// The page begins as it does when it is opened for the first time; what is being entered on it stays.
fn show_beginning(window: &MainWindow, link: &Link, page: Page) {
    match page {
        Page::Status => status::part::close(window),
        Page::Profiles => profiles::open(window, ProfilePart::Options),
        Page::Reports => reports::begin(window, ReportsAt::List),
        Page::History => history::begin(window, HistoryPart::Search),
        Page::Options => options::open(window, link, OptionsPart::Options),
        Page::Account | Page::About => {}
    }
}

/// Brings the window before the others. Where only the person may do that, it asks for attention.
fn raise(window: &MainWindow) {
    window.window().set_minimized(false);
    window.window().with_winit_window(|window| {
        window.focus_window();
        window.request_user_attention(Some(UserAttentionType::Informational));
    });
}

fn page_of(page: &protocol::Page) -> Page {
    match page {
        protocol::Page::Status => Page::Status,
        protocol::Page::Account => Page::Account,
        protocol::Page::Profiles => Page::Profiles,
        protocol::Page::Reports | protocol::Page::Report { .. } => Page::Reports,
        protocol::Page::History => Page::History,
        protocol::Page::Options | protocol::Page::Import { .. } => Page::Options,
        protocol::Page::About => Page::About,
    }
}

/// The daemon answers, or why it does not.
pub fn connection(window: &MainWindow, link: &Link, state: Result<(), String>) {
    let shell = window.global::<Shell>();
    let answers = state.is_ok();
    shell.set_connected(answers);
    shell.set_disconnected_why(state.err().unwrap_or_default().into());
    account::leave_trial(window);
    if !answers {
        return;
    }
    account::connected(window, link);
    status::connected(window, link);
    match FIRST.take() {
        Some(page) => show(window, link, &page),
        // What was asked before may have had no answer, and what happened was not heard.
        None => open(window, link, shell.get_page()),
    }
}

/// Says something above the page.
pub fn tell(window: &MainWindow, tone: Tone, text: &str) {
    let shell = window.global::<Shell>();
    shell.set_notice_tone(tone);
    shell.set_notice(text.into());
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use pimbridge::daemon::protocol::{Question, Reply, Request};

    use super::*;
    use crate::testing;

    #[test]
    fn the_first_page_is_asked_for_once_the_daemon_answers() {
        let window = testing::window(940.0, 660.0);
        let asked: Rc<RefCell<Vec<Request>>> = Rc::default();
        let noted = Rc::clone(&asked);
        let link = Link::canned(&window, move |request| {
            noted.borrow_mut().push(request);
            Reply::Done
        });
        attach(&window, &link);
        reports::attach(&window, &link);
        let report = || protocol::Page::Report { profile: "work".to_owned() };
        let is_it = |asked: &Request| matches!(asked, Request::Question(Question::Report(one)) if one.profile == "work");
        begin(&window, report());
        connection(&window, &link, Err(String::new()));
        assert!(asked.borrow().is_empty() && window.global::<Shell>().get_page() == Page::Reports);
        connection(&window, &link, Ok(()));
        assert_eq!(asked.borrow().iter().filter(|asked| is_it(asked)).count(), 1);
        // Where the person has gone somewhere else before, that stays.
        begin(&window, report());
        window.global::<Shell>().invoke_open(Page::About);
        connection(&window, &link, Ok(()));
        assert!(window.global::<Shell>().get_page() == Page::About);
    }
}
