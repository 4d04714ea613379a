//! The page on which an account is added: sign in, choose, look ahead, start.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use pimbridge::daemon::protocol::account::{self, Account, Added, Discovered};
use pimbridge::daemon::protocol::{Answered, Event, How, NotRun, Question, Reply, Request, RunId};
use slint::{ComponentHandle, Model, ModelRc, SharedString, Timer, TimerMode, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Turn;
use crate::ways::sentence;
use crate::wires::Wires;
use crate::{AccountPage, AccountStep, MadeRow, MainWindow, Page, PlanLine, Shell, Tone};

mod password;
mod view;

#[cfg(test)]
mod tests;

#[cfg(test)]
use password::ask_password;
pub use password::leave_trial;

/// How long the page can be left before the password on it is forgotten.
const LEFT_FOR: Duration = Duration::from_secs(5 * 60);

thread_local! {
    /// The account whose collections are shown, as it was asked about.
    static FOUND: RefCell<Option<Account>> = const { RefCell::new(None) };
    /// Runs while the page is left.
    static LEFT: Timer = Timer::default();
}

pub fn attach(window: &MainWindow, link: &Link) {
    password::attach(window, link);
    show_ways(window, &[]);
    let page = window.global::<AccountPage>();
    let on = Wires::new(window, link);
    page.on_choose_way(on.plain(|window, _| window.global::<AccountPage>().set_password("".into())));
    page.on_search(on.plain(search));
    page.on_back(on.plain(|window, _| show(window, AccountStep::SignIn)));
    page.on_add(on.plain(add));
    page.on_start(on.plain(start));
    page.on_sign_in(on.plain(sign_in));
    page.on_leave_browser(on.plain(|_, link| leave(link)));
    page.on_take_back(on.plain(take_back));
    page.on_again(on.plain(|window, _| begin_anew(window)));
    page.on_keep_for_later(on.plain(|window, _| {
        begin_anew(window);
        window.global::<Shell>().invoke_open(Page::Status);
    }));
    page.on_trust(on.one(trust));
    page.on_accept_certificate(on.one(accept_certificate));
}

/// The page is shown: it knows the services.
pub fn opened(window: &MainWindow, link: &Link) {
    LEFT.with(Timer::stop);
    let page = window.global::<AccountPage>();
    // What was foreseen a while ago may have changed.
    if page.get_step() == AccountStep::Plan && page.get_can_start() && page.get_waits_for().is_empty() {
        look_ahead(window, link);
    }
    if page.get_ways().row_count() > view::OWN_WAYS {
        return;
    }
    ask(link, Question::Presets, |window, _, reply| {
        if let Ok(Reply::Answered(Answered::Presets(known))) = reply {
            show_ways(window, &known.presets);
        }
    });
}

/// The person looks at another page.
pub fn left(window: &MainWindow) {
    let window = window.as_weak();
    let forget = move || {
        if let Some(window) = window.upgrade() {
            forget_password(&window);
        }
    };
    LEFT.with(|timer| timer.start(TimerMode::SingleShot, LEFT_FOR, forget));
}

fn forget_password(window: &MainWindow) {
    let page = window.global::<AccountPage>();
    if !page.get_waits_for().is_empty() {
        return left(window);
    }
    if !page.get_password().is_empty() {
        page.set_password("".into());
        // What was found cannot be added without it.
        if page.get_step() == AccountStep::Found {
            show(window, AccountStep::SignIn);
        }
    }
}

/// The daemon answers again: what it was to tell meanwhile may not come any more.
pub fn connected(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    match page.get_step() {
        AccountStep::Plan if page.get_looks() => look_ahead(window, link),
        AccountStep::Done => {
            let unseen = |row: MadeRow| if row.busy { view::unseen(&row.profile) } else { row };
            page.set_made(model(page.get_made().iter().map(unseen)));
        }
        _ => {}
    }
}

fn show_ways(window: &MainWindow, presets: &[account::Preset]) {
    let ways = view::ways(presets);
    let titles: Vec<SharedString> = ways.iter().map(|way| way.title.clone()).collect();
    let page = window.global::<AccountPage>();
    page.set_way_titles(ModelRc::new(VecModel::from(titles)));
    page.set_ways(ModelRc::new(VecModel::from(ways)));
}

fn ask(
    link: &Link,
    question: Question,
    then: impl FnOnce(&MainWindow, &Link, Result<Reply, String>) + Send + 'static,
) {
    link.ask(Request::Question(question), then);
}

/// Asks for what the page waits for. An error is told on the page. No answer counts once the page has gone on.
fn ask_and_wait(
    window: &MainWindow,
    link: &Link,
    waits_for: String,
    question: Question,
    then: impl FnOnce(&MainWindow, &Link, Reply) + Send + 'static,
) {
    let page = window.global::<AccountPage>();
    page.set_waits_for(waits_for.into());
    page.set_error("".into());
    page.set_not_kept("".into());
    let turn = Turn::now(Page::Account);
    ask(link, question, move |window, link, reply| {
        if turn.is_over() {
            return;
        }
        let page = window.global::<AccountPage>();
        wait_no_longer(&page);
        match reply {
            Ok(reply) => then(window, link, reply),
            Err(why) => page.set_error(why.into()),
        }
    });
}

fn wait_no_longer(page: &AccountPage<'_>) {
    page.set_waits_for("".into());
    page.set_in_browser(false);
}

fn show(window: &MainWindow, step: AccountStep) {
    let page = window.global::<AccountPage>();
    page.set_error("".into());
    page.set_not_kept("".into());
    page.set_stops(false);
    page.set_step(step);
    if step != AccountStep::Found {
        FOUND.take();
    }
}

/// Nothing of the last account stays on the page.
fn begin_anew(window: &MainWindow) {
    let page = window.global::<AccountPage>();
    Turn::begin(Page::Account);
    view::forget(&page);
    wait_no_longer(&page);
    page.set_looks(false);
    page.set_can_start(false);
    page.set_found(ModelRc::default());
    page.set_plan(ModelRc::default());
    page.set_made(ModelRc::default());
    show(window, AccountStep::SignIn);
}

fn search(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    if !page.get_waits_for().is_empty() {
        return;
    }
    page.set_stranger("".into());
    page.set_certificate("".into());
    match view::entered(&page) {
        Ok(entered) => {
            // A yes counts for the account that it was said of.
            let about = view::about(&entered);
            if page.get_agreed_about() != about.as_str() {
                view::forget_agreed(&page);
                page.set_agreed_about(about.into());
            }
            let account = view::agreed(&page, entered);
            let question = Question::Discover(account.clone());
            let waits_for = tr!("Looking for your calendars …");
            ask_and_wait(window, link, waits_for, question, |window, _, reply| found(window, account, reply));
        }
        Err(why) => page.set_error(why.into()),
    }
}

fn found(window: &MainWindow, account: Account, reply: Reply) {
    let Reply::Answered(Answered::Discovered(found)) = reply else { return };
    let page = window.global::<AccountPage>();
    // It was found with another address or password than those that are entered by now.
    if view::entered(&page).map(|entered| view::agreed(&page, entered)).as_ref() != Ok(&account) {
        return;
    }
    page.set_discovered_user(found.user.clone().unwrap_or_default().into());
    page.set_strangers(model(found.strangers.iter().map(SharedString::from)));
    page.set_stranger(found.strangers.first().cloned().unwrap_or_default().into());
    if found.collections.is_empty() {
        show(window, AccountStep::SignIn);
        match found {
            Discovered { certificate: Some(certificate), .. } => page.set_certificate(certificate.into()),
            found if found.strangers.is_empty() => page.set_error(view::nothing(&found).into()),
            _ => {}
        }
        return;
    }
    page.set_found(model(found.collections.iter().map(view::found_row)));
    show(window, AccountStep::Found);
    FOUND.set(Some(account));
}

fn model<T: Clone + 'static>(rows: impl Iterator<Item = T>) -> ModelRc<T> {
    ModelRc::from(Rc::new(VecModel::from(rows.collect::<Vec<T>>())))
}

/// Whether the host that is asked about may get the password.
fn trust(window: &MainWindow, link: &Link, yes: bool) {
    let page = window.global::<AccountPage>();
    let stranger = page.get_stranger();
    if yes {
        page.set_trusted(model(page.get_trusted().iter().chain([stranger])));
        search(window, link);
        return;
    }
    let others: Vec<SharedString> = page.get_strangers().iter().filter(|host| *host != stranger).collect();
    page.set_stranger(others.first().cloned().unwrap_or_default());
    page.set_strangers(model(others.into_iter()));
    if page.get_stranger().is_empty() && page.get_step() == AccountStep::SignIn {
        page.set_error(tr!("Nothing was found where your password may go. If you know the address of a calendar or of the server, choose “By the address of the server”.").into());
    }
}

fn accept_certificate(window: &MainWindow, link: &Link, yes: bool) {
    let page = window.global::<AccountPage>();
    let shown = page.get_certificate();
    page.set_certificate("".into());
    if yes {
        page.set_accepted_certificate(shown);
        search(window, link);
    } else {
        page.set_error(tr!("The server was not trusted, so nothing was sent to it. Ask whoever runs it for a certificate that this computer knows.").into());
    }
}

fn add(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    if !page.get_waits_for().is_empty() {
        return;
    }
    let Some(account) = FOUND.with_borrow(Clone::clone) else { return };
    match view::add(&page, account) {
        Ok(add) => {
            ask_and_wait(window, link, tr!("Preparing …"), Question::AddAccount(add), added);
        }
        Err(why) => page.set_error(why.into()),
    }
}

fn added(window: &MainWindow, link: &Link, reply: Reply) {
    let page = window.global::<AccountPage>();
    match reply {
        Reply::Answered(Answered::Added(Added::Made { profiles })) => {
            page.set_password("".into());
            page.set_made(model(profiles.iter().map(|profile| view::waits(profile))));
            show(window, AccountStep::Plan);
            match view::way(&page).in_browser {
                true => sign_in(window, link),
                false => look_ahead(window, link),
            }
        }
        Reply::Answered(Answered::Added(Added::NotKept { why })) => {
            page.set_not_kept(sentence(&why).into());
            // The command that is entered instead is one of them.
            page.set_more(true);
        }
        _ => {}
    }
}

/// Signs in in the browser for what was made; then looks ahead.
fn sign_in(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    let Some(first) = page.get_made().row_data(0) else { return };
    let question = Question::SignIn { profile: first.profile.into() };
    let waits_for = tr!("Sign in on the page that your browser shows …");
    ask_and_wait(window, link, waits_for, question, |window, link, _| look_ahead(window, link));
    page.set_in_browser(true);
}

fn leave(link: &Link) {
    // Who waits for the browser hears of it.
    ask(link, Question::LeaveSignIn, |_, _, _| {});
}

/// Asks what the first run of each profile would do; it is heard of when each look has ended.
fn look_ahead(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    let turn = Turn::begin(Page::Account);
    wait_no_longer(&page);
    page.set_error("".into());
    page.set_plan(ModelRc::default());
    page.set_can_start(false);
    page.set_looks(true);
    let profiles: Vec<String> = page.get_made().iter().map(|row| row.profile.into()).collect();
    page.set_made(model(profiles.iter().map(|profile| view::waits(profile))));
    for profile in profiles {
        let about = profile.clone();
        link.ask(Request::Preview { profile }, move |window, _, reply| {
            if let Some(why) = view::not_run(reply).filter(|_| !turn.is_over()) {
                foreseen(window, &about, None, vec![view::trouble(&about, &why)]);
            }
        });
    }
}

/// What the first run of a profile would do is known by the run that looked, or cannot be.
fn foreseen(window: &MainWindow, profile: &str, look: Option<RunId>, lines: Vec<PlanLine>) {
    let page = window.global::<AccountPage>();
    let rows = page.get_made();
    let Some(at) = rows.iter().position(|row| row.profile == profile && row.busy) else { return };
    if let Some(row) = rows.row_data(at) {
        let tone = if look.is_some() { Tone::Calm } else { Tone::Trouble };
        let look = look.map(|run| run.0.to_string()).unwrap_or_default().into();
        rows.set_row_data(at, MadeRow { busy: false, tone, look, ..row });
    }
    page.set_plan(model(page.get_plan().iter().chain(lines)));
    if rows.iter().all(|row| !row.busy) {
        page.set_looks(false);
        page.set_can_start(rows.iter().any(|row| row.tone == Tone::Calm));
        if rows.iter().any(|row| row.tone == Tone::Trouble) {
            page.set_error(tr!("Not everything could be looked at. What could not is told above, and is not started; look at it again on the page “Status”.").into());
        }
    }
}

fn start(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    // The yes is about what the person has seen.
    let is_seen = |row: &MadeRow| !row.busy && row.tone == Tone::Calm;
    let rows: Vec<MadeRow> = page.get_made().iter().filter(is_seen).collect();
    let profiles: Vec<String> = rows.iter().map(|row| row.profile.to_string()).collect();
    let seen = rows.iter().filter_map(|row| row.look.parse().ok().map(RunId)).collect();
    page.set_made(model(page.get_made().iter().map(|row| match is_seen(&row) {
        true => view::starts(&row.profile),
        false => view::not_seen(&row.profile),
    })));
    let how = How { seen, ..How::default() };
    show(window, AccountStep::Done);
    let asked = profiles.clone();
    link.ask(Request::Sync { profiles, how }, move |window, _, reply| {
        let refused: Vec<NotRun> = match reply {
            Ok(Reply::Runs { refused, .. }) => refused,
            Ok(_) => Vec::new(),
            Err(why) => asked.into_iter().map(|profile| NotRun { profile, why: why.clone() }).collect(),
        };
        for not in refused {
            ended(window, &not.profile, view::refused(&not.profile, &not.why));
        }
    });
}

fn take_back(window: &MainWindow, link: &Link) {
    let page = window.global::<AccountPage>();
    if !page.get_waits_for().is_empty() {
        return;
    }
    let profiles = page.get_made().iter().map(|row| row.profile.into()).collect();
    let question = Question::TakeBack { profiles };
    ask_and_wait(window, link, tr!("Removing …"), question, |window, _, _| begin_anew(window));
}

/// Hears how the first look and the first run go, and whether a new password is right.
pub fn heard(window: &MainWindow, _: &Link, event: &Event) {
    password::heard(window, event);
    let page = window.global::<AccountPage>();
    match (page.get_step(), event) {
        (AccountStep::Plan, Event::RunFinished { run, profile, report, foreseen: touched, .. })
            if report.dry_run =>
        {
            let look = report.failure.is_none().then_some(*run);
            foreseen(window, profile, look, view::plan(report, touched));
        }
        (AccountStep::Done, Event::RunFinished { profile, report, .. }) if !report.dry_run => {
            ended(window, profile, view::done(report));
        }
        (AccountStep::Done, Event::Progress { profile, step, .. }) => {
            let rows = page.get_made();
            if let Some(at) = rows.iter().position(|row| row.profile == profile && row.busy)
                && let Some(row) = rows.row_data(at)
            {
                rows.set_row_data(at, MadeRow { progress: view::share(step), ..row });
            }
        }
        _ => {}
    }
}

fn ended(window: &MainWindow, profile: &str, row: MadeRow) {
    let rows = window.global::<AccountPage>().get_made();
    if let Some(at) = rows.iter().position(|row| row.profile == profile) {
        rows.set_row_data(at, row);
    }
}
