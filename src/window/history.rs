//! The page of the history: what was overwritten or deleted, and bringing it back.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::daemon::protocol::history::{
    Deletions, Find, Found, Kept, OfRun, Reasoned, Restored, Runs, View, Which,
};
use pimbridge::daemon::protocol::{Answered, Event, Question, Reply, Request};
use pimbridge::desktop::face;
use pimbridge::report::wording::summary;
use pimbridge::state::{Loss, Version};
use pimbridge::sync::Side;
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Turn;
use crate::ways::sentence;
use crate::wires::Wires;
use crate::{
    HistoryPage, HistoryPart, HistoryVersion, MainWindow, Page, RowItem, Shell, Tone, compare, raw, rows,
    shell,
};

/// How many versions are shown at first, and how many more each time.
const AT_ONCE: usize = 200;
/// How many syncs are shown.
const RUNS: usize = 200;

pub fn attach(window: &MainWindow, link: &Link) {
    let page = window.global::<HistoryPage>();
    let on = Wires::new(window, link);
    page.on_search(on.plain(|window, link| search(window, link, AT_ONCE)));
    page.on_show_more(on.plain(|window, link| {
        let shown = window.global::<HistoryPage>().get_versions().row_count();
        search(window, link, shown + AT_ONCE);
    }));
    page.on_open_version(on.one(|window, link, key: SharedString| open_version(window, link, &key)));
    page.on_open_runs(on.plain(open_runs));
    page.on_open_run(on.two(|window, link, key: SharedString, title| {
        window.global::<HistoryPage>().set_run_title(title);
        open_run(window, link, &key);
    }));
    page.on_restore(on.one(|window, link, key: SharedString| {
        if let Some((profile, version)) = split(&key) {
            restore(window, link, Question::RestoreVersion(Which { profile, version }));
        }
    }));
    page.on_restore_run(on.one(|window, link, key: SharedString| {
        if let Some(of) = of_run(&key) {
            restore(window, link, Question::RestoreDeleted(of));
        }
    }));
    page.on_back(on.plain(go_back));
}

/// The page is shown: what is true now.
pub fn opened(window: &MainWindow, link: &Link) {
    let page = window.global::<HistoryPage>();
    if page.get_profiles().row_count() == 0 {
        page.set_profiles(model(vec![tr!("All profiles").into()]));
    }
    if page.get_part() == HistoryPart::Search {
        search(window, link, page.get_versions().row_count().max(AT_ONCE));
    }
}

/// A run may have overwritten or deleted something.
pub fn heard(window: &MainWindow, link: &Link, event: &Event) {
    let Event::RunFinished { report, .. } = event else { return };
    let page = window.global::<HistoryPage>();
    let is_shown = window.global::<Shell>().get_page() == Page::History;
    if is_shown && page.get_part() == HistoryPart::Search && !report.dry_run && !report.did_nothing() {
        search(window, link, page.get_versions().row_count().max(AT_ONCE));
    }
}

/// Lets these profiles be chosen too.
fn know<'a>(page: &HistoryPage<'_>, names: impl IntoIterator<Item = &'a str>) {
    let before: Vec<SharedString> = page.get_profiles().iter().collect();
    let mut known = vec![SharedString::from(tr!("All profiles"))];
    known.extend(before.iter().skip(1).cloned());
    for name in names {
        if !known.iter().skip(1).any(|known| known == name) {
            known.push(name.into());
        }
    }
    if known != before {
        let at = page.get_profile();
        page.set_profiles(model(known));
        page.set_profile(at);
    }
}

/// The profile that is chosen; none: all.
fn chosen(page: &HistoryPage<'_>) -> Option<String> {
    let at = usize::try_from(page.get_profile()).ok().filter(|at| *at > 0)?;
    page.get_profiles().row_data(at).map(Into::into)
}

/// Looks for what is entered. One search goes on at a time: what is entered meanwhile is looked for when it is done.
fn search(window: &MainWindow, link: &Link, limit: usize) {
    let page = window.global::<HistoryPage>();
    page.set_limit(i32::try_from(limit).unwrap_or(i32::MAX));
    page.set_again(page.get_searching());
    if !page.get_searching() {
        page.set_searching(true);
        look(window, link);
    }
}

fn look(window: &MainWindow, link: &Link) {
    let page = window.global::<HistoryPage>();
    let limit = usize::try_from(page.get_limit()).unwrap_or(AT_ONCE);
    let wanted = Find { profile: chosen(&page), text: page.get_text().into(), limit };
    link.ask(Request::Question(Question::FindVersions(wanted)), |window, link, reply| {
        let page = window.global::<HistoryPage>();
        if page.get_again() {
            page.set_again(false);
            return look(window, link);
        }
        page.set_searching(false);
        let (answered, why) = settled(reply);
        // What is wrong elsewhere on the page is told there.
        let told = |why: &str| {
            if page.get_part() == HistoryPart::Search {
                page.set_trouble(why.into());
            }
        };
        told(&why);
        if let Some(Answered::Versions(Found { versions, more, profiles, notes })) = answered {
            know(&page, profiles.iter().map(String::as_str));
            page.set_versions(rows::replace(page.get_versions(), lines(&versions), |row| row.key.clone()));
            page.set_more(more);
            told(&notes.join("\n"));
        }
    });
}

/// Begins with something else on the page.
pub fn begin(window: &MainWindow, part: HistoryPart) {
    Turn::begin(Page::History);
    let page = window.global::<HistoryPage>();
    page.set_busy(false);
    page.set_trouble("".into());
    page.set_part(part);
}

fn open_version(window: &MainWindow, link: &Link, key: &str) {
    let Some((profile, version)) = split(key) else { return };
    // What is shown stays until it is there.
    begin(window, window.global::<HistoryPage>().get_part());
    ask(window, link, Question::Version(Which { profile, version }), |window, _, answered| {
        let Answered::Version(view) = answered else { return };
        let page = window.global::<HistoryPage>();
        let (version, others) = whole(&view, &now());
        page.set_version(version);
        page.set_others(model(others));
        page.set_rows(compare::rows(&view.rows));
        page.set_part(HistoryPart::Version);
    });
}

fn open_runs(window: &MainWindow, link: &Link) {
    window.global::<HistoryPage>().set_run_key("".into());
    begin(window, HistoryPart::Runs);
    ask(window, link, Question::Deletions { limit: RUNS }, |window, _, answered| {
        let Answered::Deletions(Runs { runs, notes }) = answered else { return };
        let (page, now) = (window.global::<HistoryPage>(), now());
        page.set_runs(model(runs.iter().map(|run| run_line(run, &now)).collect()));
        page.set_trouble(notes.join("\n").into());
    });
}

fn open_run(window: &MainWindow, link: &Link, key: &str) {
    let Some(of) = of_run(key) else { return };
    let page = window.global::<HistoryPage>();
    page.set_run_key(key.into());
    page.set_deleted(model(Vec::new()));
    begin(window, HistoryPart::Run);
    ask(window, link, Question::Deleted(of), |window, _, answered| {
        let Answered::Deleted(deleted) = answered else { return };
        let mut rows = lines(&deleted.versions);
        let more = deleted.in_all.saturating_sub(deleted.versions.len() as u64);
        rows.extend(rows::more(more, tr!("“Restore all” brings them back too.")));
        window.global::<HistoryPage>().set_deleted(model(rows));
    });
}

/// Brings something back. What came of it is told wherever the person is by then.
fn restore(window: &MainWindow, link: &Link, question: Question) {
    let page = window.global::<HistoryPage>();
    if page.get_busy() {
        return;
    }
    page.set_busy(true);
    let turn = Turn::now(Page::History);
    link.ask(Request::Question(question), move |window, link, reply| {
        let page = window.global::<HistoryPage>();
        if !turn.is_over() {
            page.set_busy(false);
        }
        match settled(reply) {
            (Some(Answered::Restored(restored)), _) => {
                let (tone, text) = outcome(&restored);
                shell::tell(window, tone, &text);
                if !turn.is_over() && page.get_part() == HistoryPart::Version {
                    open_version(window, link, &page.get_version().key);
                }
            }
            (_, why) if turn.is_over() && !why.is_empty() => shell::tell(window, Tone::Trouble, &why),
            (_, why) => page.set_trouble(why.into()),
        }
    });
}

/// Goes to where the part that is shown was opened.
fn go_back(window: &MainWindow, link: &Link) {
    let page = window.global::<HistoryPage>();
    match page.get_part() {
        HistoryPart::Version if !page.get_run_key().is_empty() => begin(window, HistoryPart::Run),
        HistoryPart::Run => open_runs(window, link),
        _ => {
            page.set_run_key("".into());
            begin(window, HistoryPart::Search);
            opened(window, link);
        }
    }
}

/// Asks, and says on the page where it was refused. `then` gets the answer, unless the person has gone on by then.
fn ask(
    window: &MainWindow,
    link: &Link,
    question: Question,
    then: impl FnOnce(&MainWindow, &Link, Answered) + Send + 'static,
) {
    window.global::<HistoryPage>().set_busy(true);
    let turn = Turn::now(Page::History);
    link.ask(Request::Question(question), move |window, link, reply| {
        if turn.is_over() {
            return;
        }
        let page = window.global::<HistoryPage>();
        page.set_busy(false);
        let (answered, why) = settled(reply);
        page.set_trouble(why.into());
        if let Some(answered) = answered {
            then(window, link, answered);
        }
    });
}

/// The answer, or why there is none.
fn settled(reply: Result<Reply, String>) -> (Option<Answered>, String) {
    match reply {
        Ok(Reply::Answered(answered)) => (Some(answered), String::new()),
        Ok(_) => (None, String::new()),
        Err(why) => (None, sentence(&why)),
    }
}

fn model<T: Clone + 'static>(rows: Vec<T>) -> ModelRc<T> {
    ModelRc::new(VecModel::from(rows))
}

fn now() -> (Timestamp, TimeZone) {
    (Timestamp::now(), TimeZone::system())
}

/// A number and a profile in one text: names of profiles may have anything in them.
fn key(number: i64, profile: &str) -> SharedString {
    format!("{number} {profile}").into()
}

fn split(key: &str) -> Option<(String, i64)> {
    let (number, profile) = key.split_once(' ')?;
    Some((profile.to_owned(), number.parse().ok()?))
}

fn of_run(key: &str) -> Option<OfRun> {
    let (profile, run) = split(key)?;
    Some(OfRun { profile, run: Timestamp::from_millisecond(run).ok()? })
}

/// What happened to a version, where and when.
fn what(version: &Version, (now, zone): &(Timestamp, TimeZone)) -> String {
    let when = face::when(version.at, *now, zone);
    match (version.loss, version.side) {
        (Loss::Deleted, Side::Local) => tr!("Deleted on this computer, {}", when),
        (Loss::Deleted, Side::Remote) => tr!("Deleted on the server, {}", when),
        (Loss::Overwritten, Side::Local) => tr!("Overwritten on this computer, {}", when),
        (Loss::Overwritten, Side::Remote) => tr!("Overwritten on the server, {}", when),
    }
}

fn lines(versions: &[Kept]) -> Vec<RowItem> {
    let now = now();
    versions.iter().map(|kept| line(kept, &now)).collect()
}

/// A version as a line of a list.
fn line(kept: &Kept, now: &(Timestamp, TimeZone)) -> RowItem {
    let Kept { profile, version } = kept;
    let (tone, word) = match version.loss {
        Loss::Deleted => (Tone::Attention, tr!("deleted")),
        Loss::Overwritten => (Tone::Waiting, tr!("overwritten")),
    };
    RowItem {
        key: key(version.id.0, profile),
        title: summary(&version.summary).into(),
        detail: format!("{} · {profile}", what(version, now)).into(),
        word: word.into(),
        tone,
    }
}

/// A sync that deleted something, as a line of a list.
fn run_line(run: &Deletions, (now, zone): &(Timestamp, TimeZone)) -> RowItem {
    let when = face::when(run.run, *now, zone);
    RowItem {
        key: key(run.run.as_millisecond(), &run.profile),
        title: tr!(
            "Deleted in the sync of {when}, one item"
                | "Deleted in the sync of {when}, {n} items" % run.items,
            when = when
        )
        .into(),
        detail: run.profile.as_str().into(),
        word: "".into(),
        tone: Tone::Waiting,
    }
}

/// A version as it is opened: itself, and all of its item.
fn whole(view: &View, now: &(Timestamp, TimeZone)) -> (HistoryVersion, Vec<RowItem>) {
    let View { profile, cannot_restore, version, versions, is_there, rows, raw } = view;
    let why = versions.iter().find(|one| one.version.id == version.id).and_then(|one| one.why.clone());
    let differ = rows.iter().filter(|row| row.differs).count();
    let there = match (is_there, differ) {
        (false, _) => tr!("The item is on neither side any more."),
        (true, 0) => tr!("Both sides have it just so now."),
        (true, _) => tr!("It differs from what both sides have now in one thing"
            | "It differs from what both sides have now in {n} things" % differ),
    };
    let shown = HistoryVersion {
        key: key(version.id.0, profile),
        title: summary(&version.summary).into(),
        what: format!("{} · {profile}", what(version, now)).into(),
        why: why.map(|why| sentence(&why)).unwrap_or_default().into(),
        now: cannot_restore.as_ref().map_or(there, |why| sentence(why)).into(),
        can_restore: cannot_restore.is_none(),
        raw: raw::cut(raw.clone(), &tr!("This is only the beginning.")).into(),
    };
    let others = versions.iter().map(|one| other(one, profile, version, now)).collect();
    (shown, others)
}

/// A version among all of its item.
fn other(one: &Reasoned, profile: &str, opened: &Version, now: &(Timestamp, TimeZone)) -> RowItem {
    let is_opened = one.version.id == opened.id;
    RowItem {
        key: key(one.version.id.0, profile),
        title: summary(&one.version.summary).into(),
        detail: match &one.why {
            Some(why) => format!("{} · {}", what(&one.version, now), why).into(),
            None => what(&one.version, now).into(),
        },
        word: if is_opened { tr!("shown").into() } else { "".into() },
        tone: Tone::Busy,
    }
}

/// What came of a restore, in words.
fn outcome(restored: &Restored) -> (Tone, String) {
    let Restored { back, there, failed } = restored;
    let mut told = Vec::new();
    if *back > 0 {
        told.push(tr!("One item is back on both sides." | "{n} items are back on both sides." % *back));
    }
    if *there > 0 {
        told.push(tr!("One item is there anyway, and stays as it is."
            | "{n} items are there anyway, and stay as they are." % *there));
    }
    told.extend(failed.iter().map(|one| format!("{}: {}", one.summary, sentence(&one.why))));
    if told.is_empty() {
        told.push(tr!("There was nothing to restore."));
    }
    (if failed.is_empty() { Tone::Calm } else { Tone::Trouble }, told.join("\n"))
}

#[cfg(test)]
mod tests;
