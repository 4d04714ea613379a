//! The page of reports: what past runs did, and the conflicts that they met.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::daemon::protocol::reports::{Beginning, Export, One, Written};
use pimbridge::daemon::protocol::{Answered, Event, Question, Reply, Request};
use pimbridge::report::Form;
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Turn;
use crate::wires::Wires;
use crate::{MainWindow, Page, ReportsAt, ReportsPage, Shell, StatusPage, Tone, raw, shell};

mod conflict;
mod lines;
mod list;
#[cfg(test)]
mod tests;

/// How many reports are listed at first, and how many more each time.
const LISTED: i32 = 100;
const FORMS: [(Form, &str); 4] =
    [(Form::Html, "html"), (Form::Xml, "xml"), (Form::Text, "txt"), (Form::Json, "json")];

pub fn attach(window: &MainWindow, link: &Link) {
    let page = window.global::<ReportsPage>();
    page.set_limit(LISTED);
    page.set_profiles(ModelRc::new(VecModel::from(vec![SharedString::from(tr!("All profiles"))])));
    let on = Wires::new(window, link);
    page.on_filter(on.plain(|window, link| {
        window.global::<ReportsPage>().set_limit(LISTED);
        list::ask(window, link);
    }));
    page.on_show_more(on.plain(|window, link| {
        let page = window.global::<ReportsPage>();
        page.set_limit(page.get_limit().saturating_add(2 * LISTED));
        list::ask(window, link);
    }));
    page.on_back(on.plain(back));
    page.on_show_raw(on.plain(show_raw));
    page.on_begin_export(on.plain(begin_export));
    page.on_choose_form(on.plain(|window, _| propose_file(window)));
    page.on_export(on.plain(export));
    page.on_open_conflict(
        on.one(|window, link, key: SharedString| conflict::open_settled(window, link, &key)),
    );
    page.on_choose(on.one(|window, link, choice: SharedString| conflict::choose(window, link, &choice)));
    page.on_open_report(on.one(|window, link, at| {
        let row = window.global::<ReportsPage>().get_reports().row_data(usize::try_from(at).unwrap_or(0));
        if let Some((id, profile)) = row.as_ref().and_then(|row| list::named(&row.key)) {
            open(window, link, One { profile: profile.to_owned(), report: Some(id) });
        }
    }));
    page.on_open_waiting(on.one(|window, link, at| {
        let row = window.global::<ReportsPage>().get_waiting().row_data(usize::try_from(at).unwrap_or(0));
        if let Some(row) = row {
            conflict::open_waiting(window, link, &row.key);
        }
    }));
    let last = on.one(|window, link, profile: SharedString| open_last(window, link, &profile));
    window.global::<StatusPage>().on_open_report(last);
}

/// The page is shown: what it says is brought up to date.
pub fn opened(window: &MainWindow, link: &Link) {
    list::ask(window, link);
    list::ask_waiting(window, link);
}

/// New reports come into the list where it is open.
pub fn heard(window: &MainWindow, link: &Link, event: &Event) {
    if matches!(event, Event::RunFinished { .. }) && window.global::<Shell>().get_page() == Page::Reports {
        opened(window, link);
    }
}

/// Shows the last report of a profile.
pub fn open_last(window: &MainWindow, link: &Link, profile: &str) {
    shell::open(window, link, Page::Reports);
    open(window, link, One { profile: profile.to_owned(), report: None });
}

/// Begins with something else on the page.
pub fn begin(window: &MainWindow, at: ReportsAt) {
    Turn::begin(Page::Reports);
    let page = window.global::<ReportsPage>();
    page.set_at(at);
    page.set_busy(false);
    page.set_trouble(SharedString::new());
}

/// Asks for something that the page waits for. `then` gets the answer, unless the person has gone on by then.
fn ask(
    window: &MainWindow,
    link: &Link,
    question: Question,
    then: impl FnOnce(&MainWindow, &Link, Reply) + Send + 'static,
) {
    let page = window.global::<ReportsPage>();
    page.set_busy(true);
    page.set_trouble(SharedString::new());
    let turn = Turn::now(Page::Reports);
    link.ask(Request::Question(question), move |window, link, reply| {
        if turn.is_over() {
            return;
        }
        let page = window.global::<ReportsPage>();
        page.set_busy(false);
        match reply {
            Ok(reply) => then(window, link, reply),
            Err(why) => page.set_trouble(why.into()),
        }
    });
}

/// Has something done. `then` says on the page that it is; where the person has gone on by then, they are told all the
/// same what came of it.
fn act(
    window: &MainWindow,
    link: &Link,
    question: Question,
    done: String,
    then: impl FnOnce(&MainWindow, &Link, &str) + Send + 'static,
) {
    let page = window.global::<ReportsPage>();
    if page.get_busy() {
        return;
    }
    page.set_busy(true);
    page.set_trouble(SharedString::new());
    let turn = Turn::now(Page::Reports);
    link.ask(Request::Question(question), move |window, link, reply| {
        let page = window.global::<ReportsPage>();
        match (reply, turn.is_over()) {
            (Ok(_), true) => {
                opened(window, link);
                shell::tell(window, Tone::Calm, &done);
            }
            (Err(why), true) => shell::tell(window, Tone::Trouble, &why),
            (Ok(_), false) => {
                page.set_busy(false);
                then(window, link, &done);
            }
            (Err(why), false) => {
                page.set_busy(false);
                page.set_trouble(why.into());
            }
        }
    });
}

fn open(window: &MainWindow, link: &Link, one: One) {
    begin(window, ReportsAt::Report);
    let page = window.global::<ReportsPage>();
    page.set_report(SharedString::new());
    page.set_heading(one.profile.as_str().into());
    page.set_headline(SharedString::new());
    page.set_lines(ModelRc::default());
    page.set_exporting(false);
    let profile = one.profile.clone();
    ask(window, link, Question::Report(one), move |window, _, reply| {
        let page = window.global::<ReportsPage>();
        let Reply::Answered(Answered::Report(whole)) = reply else {
            page.set_headline(tr!("This profile has not been synchronized yet.").into());
            return;
        };
        let (now, zone) = (Timestamp::now(), TimeZone::system());
        page.set_report(list::key(&profile, whole.id));
        page.set_heading(lines::heading(&whole.report, now, &zone).into());
        page.set_tone(list::tone(whole.report.outcome));
        page.set_headline(whole.headline.as_str().into());
        page.set_lines(ModelRc::new(VecModel::from(lines::of(&whole))));
    });
}

/// The report that is open.
fn opened_report(window: &MainWindow) -> Option<(i64, String)> {
    let key = window.global::<ReportsPage>().get_report();
    list::named(&key).map(|(id, profile)| (id, profile.to_owned()))
}

/// Goes to what is around what is open.
fn back(window: &MainWindow, link: &Link) {
    let page = window.global::<ReportsPage>();
    let of_report = conflict::is_of_report(&page.get_conflict());
    let around = match page.get_at() {
        ReportsAt::Raw => ReportsAt::Report,
        ReportsAt::Conflict if of_report => ReportsAt::Report,
        ReportsAt::Conflict | ReportsAt::Report | ReportsAt::List => ReportsAt::List,
    };
    begin(window, around);
    if around == ReportsAt::List {
        opened(window, link);
    }
}

fn show_raw(window: &MainWindow, link: &Link) {
    let Some((id, profile)) = opened_report(window) else { return };
    begin(window, ReportsAt::Raw);
    window.global::<ReportsPage>().set_raw(SharedString::new());
    let written = Written { profile, report: id, form: Form::Json };
    // More than is shown tells that there is more.
    let which = Beginning { written, limit: 2 * raw::SHOWN };
    ask(window, link, Question::ReportText(which), |window, _, reply| {
        if let Reply::Answered(Answered::Text { text }) = reply {
            let rest = tr!("This is only the beginning. An export has all of it.");
            window.global::<ReportsPage>().set_raw(raw::cut(text, &rest).into());
        }
    });
}

fn begin_export(window: &MainWindow, _: &Link) {
    let page = window.global::<ReportsPage>();
    page.set_exporting(!page.get_exporting());
    propose_file(window);
}

/// The form that is chosen, and how its files end.
fn form(window: &MainWindow) -> (Form, &'static str) {
    let chosen = usize::try_from(window.global::<ReportsPage>().get_form()).unwrap_or(0);
    FORMS.get(chosen).copied().unwrap_or(FORMS[0])
}

fn propose_file(window: &MainWindow) {
    let page = window.global::<ReportsPage>();
    page.set_exported(SharedString::new());
    let Some((id, profile)) = opened_report(window) else { return };
    let folder = directories::UserDirs::new().map(|dirs| {
        let downloads = dirs.download_dir().filter(|folder| folder.is_dir());
        downloads.unwrap_or(dirs.home_dir()).to_owned()
    });
    let file = proposed(folder.unwrap_or_default(), &profile, id, form(window).1);
    page.set_file(pimbridge::profile::abbreviated(&file).into());
}

/// A name that nothing has yet.
fn proposed(folder: PathBuf, profile: &str, id: i64, ending: &str) -> PathBuf {
    let names = (1..100).map(|n| match n {
        1 => format!("pimbridge-{profile}-{id}.{ending}"),
        n => format!("pimbridge-{profile}-{id}-{n}.{ending}"),
    });
    let mut files = names.map(|name| folder.join(name));
    let first = files.next().unwrap_or_default();
    match first.exists() {
        true => files.find(|file| !file.exists()).unwrap_or(first),
        false => first,
    }
}

fn export(window: &MainWindow, link: &Link) {
    let Some((id, profile)) = opened_report(window) else { return };
    let page = window.global::<ReportsPage>();
    page.set_exported(SharedString::new());
    let file = page.get_file().trim().to_owned();
    let written = Written { profile, report: id, form: form(window).0 };
    let question = Question::ExportReport(Export { written, file: PathBuf::from(&file) });
    let done = tr!("The report is in {}", file);
    act(window, link, question, done, |window, _, done| {
        window.global::<ReportsPage>().set_exported(done.into());
    });
}
