//! The first page: how each profile is, and what can be done about it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::daemon::protocol::{Event, How, ProfileStatus, Reply, Request, State, Status, Step};
use pimbridge::desktop::face;
use pimbridge::report::wording::sentence;
use slint::{ComponentHandle, Model, ModelRc, VecModel};
use tr::tr;

use crate::link::Link;
use crate::{MainWindow, ProfileRow, StatusPage, Tone, shell};

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
}

fn sync(link: &Link, profiles: Vec<String>) {
    link.ask(Request::Sync { profiles, how: How::default() }, told);
}

/// Says what was not done.
fn told(window: &MainWindow, _: &Link, reply: Result<Reply, String>) {
    match reply {
        Ok(Reply::Runs { refused, .. }) if !refused.is_empty() => {
            let why: Vec<String> =
                refused.iter().map(|not| format!("{}: {}", not.profile, sentence(&not.why))).collect();
            shell::tell(window, Tone::Trouble, &why.join("\n"));
        }
        Ok(_) => {}
        Err(why) => shell::tell(window, Tone::Trouble, &why),
    }
}

/// Shows what happened.
pub fn heard(window: &MainWindow, event: &Event) {
    let page = window.global::<StatusPage>();
    match event {
        Event::Status { status } => {
            let (now, zone) = (Timestamp::now(), TimeZone::system());
            let rows: Vec<ProfileRow> =
                status.profiles.iter().map(|profile| row(profile, status, now, &zone)).collect();
            page.set_profiles(ModelRc::new(VecModel::from(rows)));
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
            (row.running, row.progress) = (true, share(Some(step)));
            rows.set_row_data(at, row);
        }
        Event::RunStarted { .. } | Event::RunFinished { .. } | Event::Show { .. } => {}
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
    let last = profile
        .last
        .as_ref()
        .map(|last| format!("{}: {}", face::last_words(last.outcome), face::when(last.started, now, zone)));
    let next = profile.next.filter(|_| status.paused.is_none());
    let next = next.map(|next| tr!("Next sync: {}", face::when(next.max(now), now, zone)));
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
        can_sync: !matches!(profile.state, State::Broken { .. } | State::Running { .. } | State::Queued),
    }
}

/// How far a step is, from 0 to 1; below 0 where that is not known.
fn share(step: Option<&Step>) -> f32 {
    match step {
        Some(Step { done, total: Some(total), .. }) if *total > 0 => (*done as f32 / *total as f32).min(1.0),
        _ => -1.0,
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
            tr!("It may delete what only one side has."),
        ),
        State::Warning { why } => (Tone::Attention, tr!("In sync but for some items"), sentence(why)),
        State::Error { why } => (Tone::Trouble, tr!("It could not be synchronized"), sentence(why)),
        State::Broken { why } => (Tone::Trouble, tr!("The profile cannot be used"), sentence(why)),
    }
}
