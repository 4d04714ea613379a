//! The first page: how each profile is, and what can be done about it.

use std::cell::{Cell, RefCell};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::daemon::protocol::activity::Items;
use pimbridge::daemon::protocol::{
    Answered, Event, How, Phase, ProfileStatus, Question, Reply, Request, State, Status, Step,
};
use pimbridge::desktop::face;
use pimbridge::sync::Sides;
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Asked;
use crate::ways::sentence;
use crate::{MainWindow, ProfileRow, StatusPage, Tone, rows, shell};

mod chart;
pub mod part;

pub use part::connected;
#[cfg(test)]
mod tests;

pub fn attach(window: &MainWindow, link: &Link) {
    let page = window.global::<StatusPage>();
    let to = link.clone();
    page.on_sync_all(move || sync(&to, Vec::new()));
    let to = link.clone();
    page.on_sync(move |profile| sync(&to, vec![profile.into()]));
    let to = link.clone();
    page.on_pause(move || to.ask(Request::Pause { minutes: None }, told));
    let to = link.clone();
    page.on_resume(move || to.ask(Request::Resume, told));
    part::attach(window, link);
}

/// The page is shown: what is true now.
pub fn opened(window: &MainWindow, link: &Link) {
    count(link);
    part::opened(window, link);
}

/// Asks how much there is, and what changed lately.
fn count(link: &Link) {
    let asked = Asked::now(&COUNTS);
    link.ask(Request::Question(Question::Activity), move |window, _, reply| {
        if asked.is_over() {
            return;
        }
        // What cannot be counted is not shown; a run tells what is wrong.
        if let Ok(Reply::Answered(Answered::Activity(activity))) = reply {
            let page = window.global::<StatusPage>();
            let (title, words, bars) = chart::of(&activity.days);
            page.set_chart_title(title.into());
            page.set_chart_words(words.into());
            page.set_days(ModelRc::new(VecModel::from(bars)));
            let rows = page.get_profiles();
            for (at, row) in rows.iter().enumerate() {
                let items = items(&row.name, &activity.profiles);
                rows.set_row_data(at, ProfileRow { items, ..row });
            }
            COUNTED.set(activity.profiles);
        }
    });
}

thread_local! {
    /// How often they were counted.
    static COUNTS: Cell<u64> = const { Cell::new(0) };
    /// How many items the profiles had when they were counted last.
    static COUNTED: RefCell<Vec<Items>> = const { RefCell::new(Vec::new()) };
}

fn items(profile: &str, counted: &[Items]) -> SharedString {
    let Some(found) = counted.iter().find(|items| items.profile == profile) else {
        return SharedString::default();
    };
    let Sides { local, remote } = found.items;
    match local == remote {
        true => tr!("One item on each side" | "{n} items on each side" % local).into(),
        false => tr!("Items: {} on this computer, {} on the server", local, remote).into(),
    }
}

fn sync(link: &Link, profiles: Vec<String>) {
    link.ask(Request::Sync { profiles, how: How::default() }, told);
}

/// Says what was not done.
fn told(window: &MainWindow, _: &Link, reply: Result<Reply, String>) {
    if let Some(why) = not_done(reply) {
        shell::tell(window, Tone::Trouble, &why);
    }
}

/// Why something was not done.
fn not_done(reply: Result<Reply, String>) -> Option<String> {
    match reply {
        Ok(Reply::Runs { refused, .. }) if !refused.is_empty() => {
            let why: Vec<String> =
                refused.iter().map(|not| format!("{}: {}", not.profile, sentence(&not.why))).collect();
            Some(why.join("\n"))
        }
        Ok(_) => None,
        Err(why) => Some(why),
    }
}

/// Shows what happened.
pub fn heard(window: &MainWindow, link: &Link, event: &Event) {
    let page = window.global::<StatusPage>();
    match event {
        Event::Status { status } => {
            let (now, zone) = (Timestamp::now(), TimeZone::system());
            let row = |profile| {
                let row = row(profile, status, now, &zone);
                let items = COUNTED.with_borrow(|counted| items(&row.name, counted));
                ProfileRow { items, ..row }
            };
            let mut rows: Vec<ProfileRow> = status.profiles.iter().map(row).collect();
            // What waits for the person is seen without scrolling.
            rows.sort_by_key(|row| !row.needs_person());
            page.set_profiles(rows::replace(page.get_profiles(), rows, |row| row.name.clone()));
            page.set_known(true);
            page.set_paused(status.paused.is_some());
            page.set_paused_word(paused(status, now, &zone).into());
        }
        Event::Progress { profile, step, .. } => {
            let rows = page.get_profiles();
            let Some((at, mut row)) = rows.iter().enumerate().find(|(_, row)| row.name == profile.as_str())
            else {
                return;
            };
            (row.running, row.progress, row.step) = (true, share(Some(step)), step_words(step).into());
            rows.set_row_data(at, row);
        }
        Event::RunFinished { run, profile, report, foreseen, .. } => {
            if report.dry_run {
                part::foreseen(window, *run, profile, report, foreseen);
            } else if !report.did_nothing() {
                count(link);
            }
        }
        Event::RunStarted { .. } | Event::Show { .. } => {}
    }
}

fn paused(status: &Status, now: Timestamp, zone: &TimeZone) -> String {
    match status.paused.map(|paused| paused.until) {
        None => String::new(),
        Some(None) => tr!("Paused: nothing is synchronized by itself until you say “Go on”."),
        Some(Some(until)) => {
            tr!("Paused until {}: nothing is synchronized by itself.", face::when(until, now, zone))
        }
    }
}

/// A profile, as a person sees it.
fn row(profile: &ProfileStatus, status: &Status, now: Timestamp, zone: &TimeZone) -> ProfileRow {
    let (tone, word, detail) = words(&profile.state, now, zone);
    let last =
        profile.last.as_ref().map(|last| face::last_run(last.outcome, &face::when(last.started, now, zone)));
    let next = profile.next.filter(|_| status.paused.is_none());
    let next = next.map(|next| tr!("Next sync: {}", face::when(next.max(now), now, zone)));
    let is_off = !profile.active && profile.state != State::Inactive;
    let next = next.or_else(|| is_off.then(|| tr!("Switched off: it is synchronized only when you say so.")));
    let step = match &profile.state {
        State::Running { step } => Some(step.as_ref()),
        _ => None,
    };
    ProfileRow {
        name: profile.name.as_str().into(),
        tone,
        word: word.into(),
        detail: detail.into(),
        last: last.unwrap_or_default().into(),
        next: next.unwrap_or_default().into(),
        running: step.is_some(),
        progress: share(step.flatten()),
        step: step.flatten().map(step_words).unwrap_or_default().into(),
        items: SharedString::default(),
        held: match &profile.state {
            State::Held { held } => part::token(held),
            _ => SharedString::default(),
        },
        needs_preview: profile.state == State::PreviewNeeded,
        needs_password: matches!(profile.state, State::SignInNeeded { .. } | State::KeyringLocked { .. }),
        can_sync: !matches!(profile.state, State::Broken { .. } | State::Running { .. } | State::Queued),
    }
}

impl ProfileRow {
    fn needs_person(&self) -> bool {
        !self.held.is_empty() || self.needs_preview || self.needs_password || self.tone == Tone::Trouble
    }
}

/// How far a step is, from 0 to 1; below 0 where that is not known.
fn share(step: Option<&Step>) -> f32 {
    match step {
        Some(Step { done, total: Some(total), .. }) if *total > 0 => (*done as f32 / *total as f32).min(1.0),
        _ => -1.0,
    }
}

/// What a run is doing.
fn step_words(step: &Step) -> String {
    match (step.phase, step.total) {
        (Phase::LookingHere, _) => tr!("Looking at this computer …"),
        (Phase::LookingAtServer, _) => tr!("Looking at the server …"),
        (Phase::Comparing, _) => tr!("Comparing both sides …"),
        (Phase::Writing, Some(total)) => tr!("Writing what differs: {} of {} …", step.done, total),
        (Phase::Writing, None) => tr!("Writing what differs …"),
    }
}

/// How a profile is: the colour, a word or two, and more about it in a sentence.
fn words(state: &State, now: Timestamp, zone: &TimeZone) -> (Tone, String, String) {
    let none = String::new;
    let since = |since: &Timestamp| face::when(*since, now, zone);
    match state {
        State::Inactive => (Tone::Off, tr!("Switched off"), tr!("It is synchronized only when you say so.")),
        State::NeverRun => (Tone::Waiting, tr!("Not synchronized yet"), none()),
        State::InSync => (Tone::Calm, tr!("In sync"), none()),
        State::Queued => (Tone::Busy, tr!("Waits for its turn"), none()),
        State::Running { .. } => (Tone::Busy, tr!("Synchronizing …"), none()),
        State::Offline { since: begun, why } => {
            (Tone::Waiting, tr!("The server cannot be reached since {}", since(begun)), sentence(why))
        }
        State::Busy { since: begun, why } => {
            (Tone::Waiting, tr!("The server asks to wait since {}", since(begun)), sentence(why))
        }
        State::SignInNeeded { why } => (Tone::Trouble, tr!("Sign-in needed"), sentence(why)),
        State::KeyringLocked { why } => {
            (Tone::Attention, tr!("The password cannot be had for now"), sentence(why))
        }
        State::Held { held } => {
            let number = held.local + held.remote;
            let what = tr!("One deletion waits for your yes" | "{n} deletions wait for your yes" % number);
            (Tone::Attention, what, none())
        }
        State::PreviewNeeded => (
            Tone::Attention,
            tr!("Waits until you have looked at what it would do"),
            tr!("Nothing of it is synchronized before you say yes."),
        ),
        State::Warning { why } => (Tone::Attention, tr!("In sync but for some items"), sentence(why)),
        State::Error { why } => (Tone::Trouble, tr!("It could not be synchronized"), sentence(why)),
        State::Broken { why } => (Tone::Trouble, tr!("The profile cannot be used"), sentence(why)),
    }
}
