//! The page of profiles: their options, and what can be done about them.

use pimbridge::daemon::protocol::profiles::{Changes, Finding, Foreseen, Listed, Removed, Shown};
use pimbridge::daemon::protocol::{Answered, Event, Question, Reply, Request};
use pimbridge::profile::abbreviated;
use pimbridge::report::wording::in_words;
use pimbridge::report::{Counts, Operation, Report, RunOutcome, Touched};
use pimbridge::setup::check::Found;
use pimbridge::sync::Side;
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Turn;
use crate::ways::sentence;
use crate::wires::Wires;
use crate::{
    MainWindow, Page, PlannedItem, ProfileItem, ProfilePart, ProfilesPage, Shell, TestLine, Tone, form, plan,
    rows, shell,
};

pub fn attach(window: &MainWindow, link: &Link) {
    let page = window.global::<ProfilesPage>();
    let on = Wires::new(window, link);
    page.on_choose(on.one(choose));
    page.on_open(on.one(|window, _, part| match part {
        ProfilePart::Copy if window.global::<ProfilesPage>().get_dirty() => save_first(window),
        part => open(window, part),
    }));
    page.on_edited(on.two(|window, _, row, value: SharedString| {
        let page = window.global::<ProfilesPage>();
        page.set_dirty(form::enter(&page.get_rows(), row, &value));
    }));
    page.on_save(on.plain(save));
    page.on_save_planned(on.plain(save_planned));
    page.on_undo(on.plain(|window, _| {
        let page = window.global::<ProfilesPage>();
        page.set_rows(form::undone(&page.get_rows()));
        page.set_dirty(false);
        page.set_trouble(SharedString::new());
    }));
    page.on_test(on.plain(test));
    page.on_reset(on.plain(reset));
    page.on_remove(on.plain(remove));
    page.on_activate(on.one(activate));
    page.on_copy(on.one(|window, link, new: SharedString| copy(window, link, &new)));
    page.on_move(on.one(arrange));
}

/// The page is shown.
pub fn opened(link: &Link) {
    list(link);
}

/// Profiles may have come or gone.
pub fn heard(window: &MainWindow, link: &Link, event: &Event) {
    let Event::Status { status } = event else { return };
    let page = window.global::<ProfilesPage>();
    let is_open = window.global::<Shell>().get_page() == Page::Profiles;
    if !page.get_known() {
        if is_open {
            list(link);
        }
        return;
    }
    let shown: Vec<(String, bool)> =
        page.get_profiles().iter().map(|item| (item.name.to_string(), item.active)).collect();
    let now: Vec<(String, bool)> =
        status.profiles.iter().map(|profile| (profile.name.clone(), profile.active)).collect();
    if shown != now {
        list(link);
    }
}

fn question(question: Question) -> Request {
    Request::Question(question)
}

/// Says on the page why something was not done.
fn refused(window: &MainWindow, why: &str) {
    let page = window.global::<ProfilesPage>();
    page.set_busy(false);
    page.set_trouble(why.into());
}

fn save_first(window: &MainWindow) {
    let why = tr!("Save or undo first what you have changed here.");
    window.global::<ProfilesPage>().set_trouble(why.into());
}

/// Opens a part of the page: what was asked for before is not waited for any more.
pub fn open(window: &MainWindow, part: ProfilePart) {
    Turn::begin(Page::Profiles);
    let page = window.global::<ProfilesPage>();
    page.set_busy(false);
    page.set_trouble(SharedString::new());
    page.set_part(part);
}

/// Begins with something about the profile that is chosen, unless something goes on already.
fn begin(window: &MainWindow) -> Option<(Turn, String)> {
    let page = window.global::<ProfilesPage>();
    if page.get_busy() {
        return None;
    }
    page.set_busy(true);
    page.set_trouble(SharedString::new());
    Some((Turn::now(Page::Profiles), page.get_chosen().into()))
}

/// Asks for what a part of the page shows. Where it cannot be had, the options are shown again, and why.
fn ask(
    window: &MainWindow,
    link: &Link,
    asked: Question,
    then: impl FnOnce(&MainWindow, Answered) + Send + 'static,
) {
    let Some((turn, _)) = begin(window) else { return };
    link.ask(question(asked), move |window, _, reply| {
        if turn.is_over() {
            return;
        }
        window.global::<ProfilesPage>().set_busy(false);
        match reply {
            Ok(Reply::Answered(answered)) => then(window, answered),
            Ok(_) => {}
            Err(why) => {
                open(window, ProfilePart::Options);
                refused(window, &why);
            }
        }
    });
}

/// Has something done about the profile that is chosen. Why it was not is told wherever the person is by then. `then`
/// hears whether they are still where they began it.
fn act(
    window: &MainWindow,
    link: &Link,
    asked: impl FnOnce(String) -> Question,
    then: impl FnOnce(&MainWindow, Reply, bool) + Send + 'static,
) {
    let Some((turn, profile)) = begin(window) else { return };
    link.ask(question(asked(profile)), move |window, link, reply| match (reply, turn.is_over()) {
        (Ok(reply), is_over) => {
            if !is_over {
                window.global::<ProfilesPage>().set_busy(false);
            }
            then(window, reply, !is_over);
            list(link);
        }
        (Err(why), true) => shell::tell(window, Tone::Trouble, &why),
        (Err(why), false) => refused(window, &why),
    });
}

fn list(link: &Link) {
    link.ask(question(Question::Profiles), |window, link, reply| match reply {
        Ok(Reply::Answered(Answered::Profiles(listing))) => listed(window, link, &listing.profiles),
        Ok(_) => {}
        Err(why) => window.global::<ProfilesPage>().set_trouble(why.into()),
    });
}

fn listed(window: &MainWindow, link: &Link, profiles: &[Listed]) {
    let page = window.global::<ProfilesPage>();
    let items: Vec<ProfileItem> = profiles.iter().map(item).collect();
    let chosen = page.get_chosen();
    let is_there = items.iter().any(|item| item.name == chosen);
    let first = items.first().map(|item| item.name.clone());
    if !page.get_known() {
        // It was not to be had before the background program ran.
        page.set_trouble(SharedString::new());
    }
    page.set_profiles(rows::replace(page.get_profiles(), items, |item| item.name.clone()));
    page.set_known(true);
    show_active(&page);
    match (is_there, first) {
        // What is being entered stays.
        (true, _) if page.get_dirty() => {}
        (true, _) => show(link, chosen),
        (false, Some(first)) => choose(window, link, first),
        (false, None) => page.set_chosen(SharedString::new()),
    }
}

fn show_active(page: &ProfilesPage<'_>) {
    let chosen = page.get_chosen();
    page.set_active(page.get_profiles().iter().any(|item| item.name == chosen && item.active));
}

/// A profile of the list, in a few words.
fn item(listed: &Listed) -> ProfileItem {
    let kind = match listed.kind.as_deref() {
        Some("events") => tr!("Calendar"),
        Some("tasks") => tr!("Task list"),
        Some("contacts") => tr!("Address book"),
        _ => tr!("Cannot be used"),
    };
    let state = match (listed.broken.is_some(), listed.active, listed.preview_needed) {
        (false, false, _) => Some(tr!("switched off")),
        (false, true, true) => Some(tr!("waits for you")),
        _ => None,
    };
    let about: Vec<String> = [Some(kind), listed.user.clone(), state].into_iter().flatten().collect();
    ProfileItem {
        name: listed.name.as_str().into(),
        about: about.join(" · ").into(),
        active: listed.active,
        broken: listed.broken.is_some(),
    }
}

fn choose(window: &MainWindow, link: &Link, name: SharedString) {
    let page = window.global::<ProfilesPage>();
    if page.get_dirty() && page.get_chosen() != name {
        return save_first(window);
    }
    set_chosen(&page, &name);
    open(window, ProfilePart::Options);
    show_active(&page);
    show(link, name);
}

/// Another profile is chosen: nothing of the one before stays under its name.
fn set_chosen(page: &ProfilesPage<'_>, name: &SharedString) {
    if page.get_chosen() == *name {
        return;
    }
    page.set_chosen(name.clone());
    page.set_rows(ModelRc::default());
    page.set_broken(SharedString::new());
    page.set_file(SharedString::new());
    page.set_history(SharedString::new());
    page.set_folder(SharedString::new());
    page.set_address(SharedString::new());
}

fn show(link: &Link, name: SharedString) {
    let profile = name.to_string();
    link.ask(question(Question::Profile { profile }), move |window, _, reply| match reply {
        Ok(Reply::Answered(Answered::Profile(profile))) => shown(window, &profile),
        Err(why) if window.global::<ProfilesPage>().get_chosen() == name => {
            window.global::<ProfilesPage>().set_trouble(why.into());
        }
        _ => {}
    });
}

fn shown(window: &MainWindow, profile: &Shown) {
    let page = window.global::<ProfilesPage>();
    // Another one was chosen meanwhile, or something is being entered.
    if page.get_chosen() != profile.name.as_str() || page.get_dirty() {
        return;
    }
    page.set_rows(form::shown(&profile.form));
    page.set_broken(profile.broken.as_deref().map(sentence).unwrap_or_default().into());
    page.set_file(abbreviated(&profile.file).into());
    page.set_history(profile.history.as_deref().map(abbreviated).unwrap_or_default().into());
    page.set_folder(form::value(&profile.form, "local.path").into());
    page.set_address(form::value(&profile.form, "remote.url").into());
}

/// What was entered.
fn entered(window: &MainWindow) -> (Changes, bool) {
    let page = window.global::<ProfilesPage>();
    let (changes, weighty) = form::changes(&page.get_rows());
    (Changes { profile: page.get_chosen().to_string(), changes }, weighty)
}

/// Saves what was entered; what changes what happens to items is looked at first.
fn save(window: &MainWindow, link: &Link) {
    let (changes, weighty) = entered(window);
    if !weighty {
        return store(window, link, changes);
    }
    let page = window.global::<ProfilesPage>();
    if page.get_busy() {
        return;
    }
    page.set_plan_numbers(ModelRc::default());
    page.set_plan_items(ModelRc::default());
    page.set_plan_notes(SharedString::new());
    page.set_plan_failed(false);
    open(window, ProfilePart::Plan);
    ask(window, link, Question::Foresee(changes), |window, answered| {
        if let Answered::Foreseen(foreseen) = answered {
            planned(window, &foreseen);
        }
    });
}

fn save_planned(window: &MainWindow, link: &Link) {
    store(window, link, entered(window).0);
}

fn store(window: &MainWindow, link: &Link, changes: Changes) {
    let saved = changes.clone();
    let is_of_plan = window.global::<ProfilesPage>().get_part() == ProfilePart::Plan;
    act(
        window,
        link,
        |_| Question::SetProfile(changes),
        move |window, _, is_here| {
            if entered(window).0 == saved {
                window.global::<ProfilesPage>().set_dirty(false);
            }
            if is_here && is_of_plan {
                open(window, ProfilePart::Options);
            }
        },
    );
}

/// Shows what the changed profile would do.
fn planned(window: &MainWindow, foreseen: &Foreseen) {
    let page = window.global::<ProfilesPage>();
    let lines: Vec<SharedString> = numbers(&foreseen.report).into_iter().map(SharedString::from).collect();
    page.set_plan_numbers(ModelRc::new(VecModel::from(lines)));
    let more = plan::more(&foreseen.report, foreseen.items.len());
    let more = more.map(|what| PlannedItem { what: what.into(), ..PlannedItem::default() });
    let items: Vec<PlannedItem> = foreseen.items.iter().map(planned_item).chain(more).collect();
    page.set_plan_items(ModelRc::new(VecModel::from(items)));
    let notes: Vec<String> = foreseen.report.notices.iter().map(|note| sentence(note)).collect();
    page.set_plan_notes(notes.join("\n").into());
    page.set_plan_failed(foreseen.report.outcome == RunOutcome::Failed);
}

/// What a run would do, in numbers.
fn numbers(report: &Report) -> Vec<String> {
    if let Some(failure) = report.failure.as_ref().filter(|_| report.outcome == RunOutcome::Failed) {
        return vec![tr!("It cannot be seen now what would happen: {}", sentence(failure))];
    }
    let mut lines = Vec::new();
    let side = |counts: Counts| (counts.total() > 0).then(|| in_words(counts));
    lines.extend(side(report.local).map(|words| tr!("On this computer: {}", words)));
    lines.extend(side(report.remote).map(|words| tr!("On the server: {}", words)));
    let held = report.held.local + report.held.remote;
    if held > 0 {
        lines.push(tr!("One item would be deleted, which waits for your yes then"
            | "{n} items would be deleted, which waits for your yes then" % held));
    }
    if report.linked > 0 {
        lines.push(tr!(
            "One item is the same on both sides" | "{n} items are the same on both sides" % report.linked
        ));
    }
    if lines.is_empty() {
        lines.push(tr!("Nothing would be changed on either side."));
    }
    lines
}

fn planned_item(touched: &Touched) -> PlannedItem {
    let what = match (touched.operation, touched.side) {
        (Operation::Create, Side::Local) => tr!("New here"),
        (Operation::Create, Side::Remote) => tr!("New on the server"),
        (Operation::Update, Side::Local) => tr!("Changed here"),
        (Operation::Update, Side::Remote) => tr!("Changed on the server"),
        (Operation::Delete, Side::Local) => tr!("Deleted here"),
        (Operation::Delete, Side::Remote) => tr!("Deleted on the server"),
    };
    PlannedItem {
        what: what.into(),
        summary: touched.summary.as_str().into(),
        why: touched.why.as_str().into(),
    }
}

/// Switches a profile on or off.
fn activate(window: &MainWindow, link: &Link, active: bool) {
    let change = pimbridge::daemon::protocol::profiles::Change {
        key: "active".to_owned(),
        value: Some(active.to_string()),
    };
    let asked = |profile| Question::SetProfile(Changes { profile, changes: vec![change] });
    act(window, link, asked, |_, _, _| {});
}

fn test(window: &MainWindow, link: &Link) {
    let page = window.global::<ProfilesPage>();
    if page.get_busy() {
        return;
    }
    page.set_tested(ModelRc::default());
    open(window, ProfilePart::Test);
    let profile = page.get_chosen().into();
    ask(window, link, Question::TestProfile { profile }, |window, answered| {
        if let Answered::Tested(tested) = answered {
            let lines: Vec<TestLine> = tested.findings.iter().map(test_line).collect();
            window.global::<ProfilesPage>().set_tested(ModelRc::new(VecModel::from(lines)));
        }
    });
}

fn test_line(finding: &Finding) -> TestLine {
    let (tone, text) = match &finding.found {
        Found::Fine(text) => (Tone::Calm, tr!("In order: {}", sentence(text))),
        Found::Warning(text) => (Tone::Attention, tr!("Note: {}", sentence(text))),
        Found::Wrong(text) => (Tone::Trouble, tr!("Wrong: {}", sentence(text))),
    };
    TestLine { tone, text: text.into() }
}

/// Copies the chosen profile. What is entered and not saved is not in its file, so it would not be in the copy either.
fn copy(window: &MainWindow, link: &Link, new: &str) {
    if window.global::<ProfilesPage>().get_dirty() {
        return save_first(window);
    }
    let new = new.trim().to_owned();
    let made = SharedString::from(new.as_str());
    let asked = |profile| Question::CopyProfile { profile, new };
    act(window, link, asked, move |window, _, is_here| {
        if is_here {
            set_chosen(&window.global::<ProfilesPage>(), &made);
            open(window, ProfilePart::Options);
        }
    });
}

fn reset(window: &MainWindow, link: &Link) {
    act(
        window,
        link,
        |profile| Question::ResetProfile { profile },
        |window, _, is_here| {
            if is_here {
                open(window, ProfilePart::Options);
            }
            let told = tr!("What was in sync is forgotten. The next run compares both sides anew.");
            shell::tell(window, Tone::Calm, &told);
        },
    );
}

fn remove(window: &MainWindow, link: &Link) {
    let name = window.global::<ProfilesPage>().get_chosen();
    act(
        window,
        link,
        |profile| Question::RemoveProfile { profile },
        move |window, reply, is_here| {
            let page = window.global::<ProfilesPage>();
            if page.get_chosen() == name {
                page.set_dirty(false);
            }
            if is_here {
                open(window, ProfilePart::Options);
            }
            if let Reply::Answered(Answered::Removed(removed)) = reply {
                shell::tell(window, Tone::Calm, &told_removed(&name, &removed));
            }
        },
    );
}

fn told_removed(name: &str, removed: &Removed) -> String {
    let mut told = vec![match &removed.history {
        Some(file) => tr!(
            "The profile {0} is removed. Its items stay as they are, and its reports and its history stay in {1}.",
            name,
            file
        ),
        None => tr!("The profile {} is removed. Its items stay as they are.", name),
    }];
    told.extend(removed.secret.then(|| tr!("Its password or sign-in is removed from the keyring.")));
    told.join(" ")
}

/// Moves the chosen profile up or down in the list.
fn arrange(window: &MainWindow, link: &Link, by: i32) {
    let page = window.global::<ProfilesPage>();
    let names = page.get_profiles().iter().map(|item| item.name.to_string()).collect();
    let Some(profiles) = moved(names, &page.get_chosen(), by) else { return };
    act(window, link, |_| Question::ArrangeProfiles { profiles }, |_, _, _| {});
}

/// The names with one of them moved; none where it cannot be moved further.
fn moved(mut names: Vec<String>, name: &str, by: i32) -> Option<Vec<String>> {
    let from = names.iter().position(|other| other == name)?;
    let to = from.checked_add_signed(by.try_into().ok()?).filter(|to| *to < names.len())?;
    names.swap(from, to);
    Some(names)
}

#[cfg(test)]
#[path = "profiles_tests.rs"]
mod tests;
