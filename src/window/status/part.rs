//! What a profile waits for: the deletions of a held run, and the plan of one that must be looked at first.

use pimbridge::daemon::protocol::activity::{HeldItem, Waiting};
use pimbridge::daemon::protocol::{Answer, Answered, How, Question, Reply, Request, RunId};
use pimbridge::report::wording::summary;
use pimbridge::report::{Counts, Held, Operation, Report, Touched};
use pimbridge::sync::Side;
use serde::Serialize;
use slint::{ComponentHandle, ModelRc, SharedString, VecModel};
use tr::tr;

use super::not_done;
use crate::link::Link;
use crate::turn::Turn;
use crate::ways::sentence;
use crate::wires::Wires;
use crate::{MainWindow, Page, RowItem, StatusPage, StatusPart, Tone, plan, rows, shell};

pub fn attach(window: &MainWindow, link: &Link) {
    let page = window.global::<StatusPage>();
    let on = Wires::new(window, link);
    page.on_look_at_held(on.two(|window, link, profile: SharedString, held: SharedString| {
        look_at_held(window, link, &profile, &held);
    }));
    page.on_delete_them(on.plain(|window, link| answer_held(window, link, Answer::Delete)));
    page.on_keep_them(on.plain(|window, link| answer_held(window, link, Answer::Keep)));
    page.on_look_at_plan(on.one(|window, link, profile: SharedString| look_at_plan(window, link, &profile)));
    page.on_do_it(on.plain(do_it));
    page.on_back(on.plain(|window, _| close(window)));
}

/// What was shown, as the page keeps it: the answer is about that and nothing else.
pub fn token(shown: &impl Serialize) -> SharedString {
    // It always has a JSON.
    serde_json::to_string(shown).unwrap_or_default().into()
}

/// Shows an empty part, which fills when the daemon has answered.
fn show(page: &StatusPage<'_>, part: StatusPart, profile: &str) -> Turn {
    page.set_subject(profile.into());
    page.set_busy(true);
    page.set_can_do(false);
    page.set_trouble("".into());
    page.set_numbers("".into());
    page.set_items(ModelRc::default());
    page.set_part(part);
    Turn::begin(Page::Status)
}

fn look_at_held(window: &MainWindow, link: &Link, profile: &str, token: &str) {
    let Ok(held) = serde_json::from_str::<Held>(token) else { return };
    let page = window.global::<StatusPage>();
    let turn = show(&page, StatusPart::Held, profile);
    page.set_shown(token.into());
    let waiting = Waiting { profile: profile.to_owned(), held };
    link.ask(Request::Question(Question::HeldItems(waiting)), move |window, _, reply| {
        if turn.is_over() {
            return;
        }
        let page = window.global::<StatusPage>();
        page.set_busy(false);
        match reply {
            Ok(Reply::Answered(Answered::HeldItems { items })) => {
                page.set_numbers(deletions(&held).into());
                let mut rows: Vec<RowItem> = items.iter().map(held_row).collect();
                let more = (held.local + held.remote).saturating_sub(items.len() as u64);
                rows.extend(rows::more(more, tr!("Your answer is about them too.")));
                page.set_items(ModelRc::new(VecModel::from(rows)));
                page.set_can_do(true);
            }
            Ok(_) => {}
            Err(why) => page.set_trouble(sentence(&why).into()),
        }
    });
}

fn answer_held(window: &MainWindow, link: &Link, answer: Answer) {
    let page = window.global::<StatusPage>();
    let Ok(shown) = serde_json::from_str::<Held>(&page.get_shown()) else { return };
    let profile = page.get_subject().into();
    carry_out(window, link, Request::Answer { profile, shown, answer });
}

fn look_at_plan(window: &MainWindow, link: &Link, profile: &str) {
    let turn = show(&window.global::<StatusPage>(), StatusPart::Plan, profile);
    link.ask(Request::Preview { profile: profile.to_owned() }, move |window, _, reply| {
        if let Some(why) = not_done(reply).filter(|_| !turn.is_over()) {
            let page = window.global::<StatusPage>();
            page.set_busy(false);
            page.set_trouble(why.into());
        }
    });
}

fn do_it(window: &MainWindow, link: &Link) {
    let page = window.global::<StatusPage>();
    let Ok(seen) = serde_json::from_str::<RunId>(&page.get_shown()) else { return };
    let how = How { seen: vec![seen], ..How::default() };
    carry_out(window, link, Request::Sync { profiles: vec![page.get_subject().into()], how });
}

/// A look ahead has ended.
pub fn foreseen(window: &MainWindow, run: RunId, profile: &str, report: &Report, foreseen: &[Touched]) {
    let page = window.global::<StatusPage>();
    // What is shown stays as the person sees it, until it is looked at again.
    if page.get_part() != StatusPart::Plan || page.get_subject() != profile || !page.get_busy() {
        return;
    }
    page.set_busy(false);
    page.set_shown(token(&run));
    page.set_trouble(report.failure.as_deref().map(sentence).unwrap_or_default().into());
    page.set_can_do(report.failure.is_none());
    let numbers = if report.failure.is_none() { numbers(report) } else { String::new() };
    page.set_numbers(numbers.into());
    let more = plan::more(report, foreseen.len()).filter(|_| report.failure.is_none());
    let more = more.map(|title| RowItem { title: title.into(), ..RowItem::default() });
    let rows: Vec<RowItem> = foreseen.iter().map(plan_row).chain(more).collect();
    page.set_items(ModelRc::new(VecModel::from(rows)));
}

/// Shows all profiles again.
pub fn close(window: &MainWindow) {
    Turn::begin(Page::Status);
    window.global::<StatusPage>().set_part(StatusPart::Profiles);
}

/// The page is shown: what was foreseen a while ago may have changed.
pub fn opened(window: &MainWindow, link: &Link) {
    let page = window.global::<StatusPage>();
    if page.get_part() == StatusPart::Plan && !page.get_busy() {
        look_at_plan(window, link, &page.get_subject());
    }
}

/// The daemon answers again: the look ahead that was waited for may not come any more.
pub fn connected(window: &MainWindow, link: &Link) {
    let page = window.global::<StatusPage>();
    if page.get_part() == StatusPart::Plan && page.get_busy() {
        look_at_plan(window, link, &page.get_subject());
    }
}

/// Does what the person has said, and goes back to where its run is seen. A plan that cannot be done any more is looked at
/// again.
fn carry_out(window: &MainWindow, link: &Link, request: Request) {
    let page = window.global::<StatusPage>();
    page.set_busy(true);
    page.set_can_do(false);
    let turn = Turn::now(Page::Status);
    link.ask(request, move |window, link, reply| {
        let refused = not_done(reply);
        let page = window.global::<StatusPage>();
        match refused.is_some() && page.get_part() == StatusPart::Plan {
            _ if turn.is_over() => {}
            true => look_at_plan(window, link, &page.get_subject()),
            false => close(window),
        }
        if let Some(why) = refused {
            shell::tell(window, Tone::Trouble, &why);
        }
    });
}

fn deletions(held: &Held) -> String {
    let (here, there) = (held.local, held.remote);
    let mut told = Vec::new();
    if here > 0 {
        told.push(tr!("One item would be deleted on this computer."
            | "{n} items would be deleted on this computer." % here));
    }
    if there > 0 {
        told.push(tr!(
            "One item would be deleted on the server." | "{n} items would be deleted on the server." % there
        ));
    }
    told.join("\n")
}

fn held_row(item: &HeldItem) -> RowItem {
    let detail = match item.side {
        Side::Local => tr!("would be deleted on this computer"),
        Side::Remote => tr!("would be deleted on the server"),
    };
    RowItem {
        key: SharedString::default(),
        title: item.summary.as_str().into(),
        detail: detail.into(),
        word: SharedString::default(),
        tone: Tone::Attention,
    }
}

/// What a run would do, in numbers.
fn numbers(report: &Report) -> String {
    let Counts { created, updated, deleted } = report.local;
    let mut told = vec![tr!("On this computer: {} new, {} changed, {} deleted.", created, updated, deleted)];
    let Counts { created, updated, deleted } = report.remote;
    told.push(tr!("On the server: {} new, {} changed, {} deleted.", created, updated, deleted));
    if report.linked > 0 {
        told.push(tr!("One item is the same on both sides already."
            | "{n} items are the same on both sides already." % report.linked));
    }
    let held = report.held.local + report.held.remote;
    if held > 0 {
        told.push(tr!("One more would be deleted, and waits for your yes."
            | "{n} more would be deleted; you are shown which, and asked, before that is done." % held));
    }
    told.join("\n")
}

fn plan_row(touched: &Touched) -> RowItem {
    let (tone, word) = match (touched.operation, touched.side) {
        (Operation::Create, Side::Local) => (Tone::Calm, tr!("new on this computer")),
        (Operation::Create, Side::Remote) => (Tone::Calm, tr!("new on the server")),
        (Operation::Update, Side::Local) => (Tone::Busy, tr!("changed on this computer")),
        (Operation::Update, Side::Remote) => (Tone::Busy, tr!("changed on the server")),
        (Operation::Delete, Side::Local) => (Tone::Attention, tr!("deleted on this computer")),
        (Operation::Delete, Side::Remote) => (Tone::Attention, tr!("deleted on the server")),
    };
    RowItem {
        key: SharedString::default(),
        title: summary(&touched.summary).into(),
        detail: touched.why.as_str().into(),
        word: word.into(),
        tone,
    }
}
