//! What the tray shows: from how everything is to a look, a few words and a menu.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Page, Wish};
use crate::daemon::protocol::{ProfileStatus, State, Status};
use crate::report::RunOutcome;
use crate::report::wording::count;

/// How the icon looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    Idle,
    Running,
    Warning,
    Error,
    Held,
    Paused,
    Offline,
}

/// Everything that the tray shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    pub look: Look,
    pub tooltip: String,
    pub menu: Vec<Entry>,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Item { text: String, wish: Wish },
    Menu { text: String, items: Vec<Entry> },
    Line,
}

impl Face {
    /// The face of this status, with times by the clock of this zone.
    pub fn of(status: &Status, now: Timestamp, zone: &TimeZone) -> Face {
        let look = look(status);
        Face { look, tooltip: tooltip(status, look, now, zone), menu: menu(status) }
    }
}

fn look(status: &Status) -> Look {
    let looks = || active(status).map(|profile| look_of(&profile.state));
    let any = |wanted: Look| looks().any(|look| look == wanted);
    let calm = if status.paused.is_some() { Look::Paused } else { Look::Idle };
    // Who pauses is to see what is wrong all the same; that nothing is tried goes without saying.
    [Look::Running, Look::Error, Look::Held, Look::Warning, Look::Offline]
        .into_iter()
        .find(|look| any(*look) && (calm == Look::Idle || *look != Look::Offline))
        .unwrap_or(calm)
}

/// How a profile looks.
pub fn look_of(state: &State) -> Look {
    match state {
        State::Inactive | State::NeverRun | State::InSync => Look::Idle,
        State::Queued | State::Running { .. } => Look::Running,
        State::Offline { .. } | State::Busy { .. } => Look::Offline,
        State::Held { .. } | State::PreviewNeeded => Look::Held,
        State::KeyringLocked { .. } | State::Warning { .. } => Look::Warning,
        State::SignInNeeded { .. } | State::Error { .. } | State::Broken { .. } => Look::Error,
    }
}

fn active(status: &Status) -> impl Iterator<Item = &ProfileStatus> {
    // A file that cannot be read does not say whether its profile is active.
    status.profiles.iter().filter(|profile| profile.active || matches!(profile.state, State::Broken { .. }))
}

fn tooltip(status: &Status, look: Look, now: Timestamp, zone: &TimeZone) -> String {
    let mut lines = vec![headline(status, look, now, zone)];
    if status.paused.is_some() && look != Look::Paused {
        lines.push(paused(status, now, zone));
    }
    let runs = status.profiles.iter().filter_map(|profile| profile.last.as_ref());
    // The newest, but one that failed only where there is no other.
    let last = runs.max_by_key(|last| (last.outcome != RunOutcome::Failed, last.started));
    if let Some(last) = last {
        lines.push(format!("{}: {}", last_words(last.outcome), when(last.started, now, zone)));
    }
    let next = active(status).filter_map(|profile| profile.next).min();
    if let Some(next) = next.filter(|_| status.paused.is_none()) {
        // What is due is about to begin.
        lines.push(format!("Next sync: {}", when(next.max(now), now, zone)));
    }
    lines.join("\n")
}

fn headline(status: &Status, look: Look, now: Timestamp, zone: &TimeZone) -> String {
    let so: Vec<&ProfileStatus> = active(status).filter(|profile| look_of(&profile.state) == look).collect();
    let who = |one: &str, many: &str| match so.as_slice() {
        [only] => format!("{} {one}", only.name),
        _ => format!("{} profiles {many}", so.len()),
    };
    match look {
        Look::Idle if status.profiles.is_empty() => "There is no profile yet".to_owned(),
        Look::Idle if active(status).next().is_none() => "No profile is active".to_owned(),
        Look::Idle if active(status).all(|profile| profile.state == State::NeverRun) => {
            "Nothing was synced yet".to_owned()
        }
        Look::Idle => "All in sync".to_owned(),
        Look::Running => match so.iter().find(|profile| matches!(profile.state, State::Running { .. })) {
            Some(running) if so.len() == 1 => format!("Syncing {}", running.name),
            _ => format!("Syncing {}", count(so.len() as u64, "profile", "profiles")),
        },
        Look::Paused => paused(status, now, zone),
        Look::Error => who("could not be synced", "could not be synced"),
        Look::Held => who("waits for your yes", "wait for your yes"),
        Look::Warning => who("needs a look", "need a look"),
        Look::Offline => {
            let offline: Vec<(&str, Timestamp)> = so
                .iter()
                .filter_map(|profile| match &profile.state {
                    State::Offline { since, .. } => Some((profile.name.as_str(), *since)),
                    _ => None,
                })
                .collect();
            let all = active(status).count();
            let since = |since: Timestamp| when(since, now, zone);
            match (offline.as_slice(), so.as_slice()) {
                ([], [only]) => format!("The server of {} asks to come back later", only.name),
                ([], _) => format!("{} of {all} profiles: the server asks to come back later", so.len()),
                ([(name, begun)], _) => {
                    format!("{name}: the server cannot be reached since {}", since(*begun))
                }
                ([(_, first), more @ ..], _) => {
                    let begun = since(more.iter().fold(*first, |earliest, (_, begun)| earliest.min(*begun)));
                    match offline.len() {
                        number if number == all => format!("No server can be reached since {begun}"),
                        number => {
                            format!("{number} of {all} profiles: no server can be reached since {begun}")
                        }
                    }
                }
            }
        }
    }
}

fn paused(status: &Status, now: Timestamp, zone: &TimeZone) -> String {
    match status.paused.and_then(|paused| paused.until) {
        Some(until) => format!("Paused until {}", when(until, now, zone)),
        None => "Paused until you resume".to_owned(),
    }
}

/// What the last run is called that ended so.
pub fn last_words(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Failed => "Last try",
        RunOutcome::Ok | RunOutcome::Partial | RunOutcome::Held => "Last sync",
    }
}

/// A time in plain words that stay true for a week: "Thursday 14:20".
pub fn when(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let near = time.duration_since(now).unsigned_abs().as_secs() < 6 * 24 * 3600;
    let form = if near { "%A %H:%M" } else { "%-d %B %Y, %H:%M" };
    time.to_zoned(zone.clone()).strftime(form).to_string()
}

fn menu(status: &Status) -> Vec<Entry> {
    let item = |text: &str, wish| Entry::Item { text: text.to_owned(), wish };
    let open = |text: &str, page| item(text, Wish::Open(page));
    let profiles: Vec<Entry> = status
        .profiles
        .iter()
        .filter(|profile| profile.active && !matches!(profile.state, State::Broken { .. }))
        .map(|profile| item(&profile.name, Wish::Sync { profile: profile.name.clone() }))
        .collect();
    let mut menu = vec![item("Synchronize now", Wish::SyncAll)];
    if !profiles.is_empty() {
        menu.push(Entry::Menu { text: "Synchronize one profile".to_owned(), items: profiles });
    }
    menu.extend([
        Entry::Line,
        open("Status", Page::Status),
        open("Reports", Page::Reports),
        open("Synchronization profiles", Page::Profiles),
        open("General options", Page::Options),
        Entry::Line,
        match status.paused {
            None => item("Pause", Wish::Pause),
            Some(_) => item("Resume", Wish::Resume),
        },
        Entry::Line,
        open("About Pimbridge", Page::About),
        item("Quit", Wish::Quit),
    ]);
    menu
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{held, profile, status};
    use super::*;
    use crate::daemon::protocol::Paused;

    const NOW: &str = "2026-11-26T13:00:00Z";

    fn face(status: &Status) -> Face {
        Face::of(status, NOW.parse().unwrap(), &TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn all_is_well() {
        let face = face(&status());
        assert_eq!(face.look, Look::Idle);
        insta::assert_snapshot!(face.tooltip, @"
        All in sync
        Last sync: Thursday 13:20
        Next sync: Thursday 14:20
        ");
    }

    #[test]
    fn the_worst_shows_unless_something_runs() {
        let mut status = status();
        let states = [
            (
                State::Offline { since: "2026-11-26T08:00:00Z".parse().unwrap(), why: "x".into() },
                Look::Offline,
            ),
            (State::Warning { why: "x".into() }, Look::Warning),
            (held(40), Look::Held),
            (State::SignInNeeded { why: "x".into() }, Look::Error),
        ];
        let mut told = Vec::new();
        for (state, look) in states {
            status.profiles.push(profile("more", state));
            let face = face(&status);
            assert_eq!(face.look, look);
            told.push(face.tooltip.lines().next().unwrap().to_owned());
        }
        status.paused = Some(Paused { since: NOW.parse().unwrap(), until: None });
        assert_eq!(face(&status).look, Look::Error, "a pause hides nothing that is wrong");
        told.push(face(&status).tooltip);
        status.profiles.push(profile("busy", State::Running { step: None }));
        assert_eq!(face(&status).look, Look::Running);
        told.push(face(&status).tooltip.lines().next().unwrap().to_owned());
        insta::assert_snapshot!(told.join("\n"), @"
        more: the server cannot be reached since Thursday 09:00
        more needs a look
        more waits for your yes
        more could not be synced
        more could not be synced
        Paused until you resume
        Last sync: Thursday 13:20
        Syncing busy
        ");
    }

    #[test]
    fn paused() {
        let mut status = super::super::fixtures::status();
        let until = "2026-11-26T13:30:00Z".parse().ok();
        status.paused = Some(Paused { since: NOW.parse().unwrap(), until });
        let since = NOW.parse().unwrap();
        status.profiles.push(profile("away", State::Offline { since, why: "x".into() }));
        let face = face(&status);
        assert_eq!(face.look, Look::Paused);
        assert_eq!(face.tooltip, "Paused until Thursday 14:30\nLast sync: Thursday 13:20");
    }

    #[test]
    fn whose_server_is_away() {
        let mut status = status();
        let time = |hour: u32| format!("2026-11-26T0{hour}:00:00Z").parse().unwrap();
        let busy = State::Busy { since: time(7), why: "x".into() };
        let offline = |hour| State::Offline { since: time(hour), why: "x".into() };
        let mut told = Vec::new();
        // "family" and "work" are in sync at first.
        for (place, state) in [(0, busy.clone()), (2, busy), (0, offline(8)), (2, offline(6))] {
            status.profiles[place].state = state;
            told.push(face(&status).tooltip.lines().next().unwrap().to_owned());
        }
        status.profiles.push(profile("third", State::InSync));
        told.push(face(&status).tooltip.lines().next().unwrap().to_owned());
        insta::assert_snapshot!(told.join("\n"), @"
        The server of family asks to come back later
        2 of 2 profiles: the server asks to come back later
        family: the server cannot be reached since Thursday 09:00
        No server can be reached since Thursday 07:00
        2 of 3 profiles: no server can be reached since Thursday 07:00
        ");
    }

    #[test]
    fn a_run_that_failed_is_no_sync() {
        let mut status = status();
        for profile in &mut status.profiles {
            if let Some(last) = &mut profile.last {
                last.outcome = RunOutcome::Failed;
            }
        }
        assert!(face(&status).tooltip.contains("Last try: Thursday 13:20"));
    }

    #[test]
    fn an_inactive_profile_does_not_count_and_a_broken_one_does() {
        let mut status = status();
        status.profiles.retain(|profile| !profile.active);
        assert_eq!(
            (face(&status).look, face(&status).tooltip.as_str()),
            (Look::Idle, "No profile is active")
        );
        let mut broken = profile("odd", State::Broken { why: "x".into() });
        broken.active = false;
        status.profiles.push(broken);
        assert_eq!(face(&status).look, Look::Error);
    }

    #[test]
    fn the_menu() {
        fn lines(entries: &[Entry], depth: usize, out: &mut String) {
            for entry in entries {
                let indent = "  ".repeat(depth);
                match entry {
                    Entry::Item { text, wish } => *out += &format!("{indent}{text} -> {wish:?}\n"),
                    Entry::Line => *out += &format!("{indent}--\n"),
                    Entry::Menu { text, items } => {
                        *out += &format!("{indent}{text}\n");
                        lines(items, depth + 1, out);
                    }
                }
            }
        }
        let (mut status, mut out) = (status(), String::new());
        lines(&face(&status).menu, 0, &mut out);
        insta::assert_snapshot!(out, @r#"
        Synchronize now -> SyncAll
        Synchronize one profile
          family -> Sync { profile: "family" }
          work -> Sync { profile: "work" }
        --
        Status -> Open(Status)
        Reports -> Open(Reports)
        Synchronization profiles -> Open(Profiles)
        General options -> Open(Options)
        --
        Pause -> Pause
        --
        About Pimbridge -> Open(About)
        Quit -> Quit
        "#);
        status.paused = Some(Paused { since: NOW.parse().unwrap(), until: None });
        let resume = Entry::Item { text: "Resume".into(), wish: Wish::Resume };
        assert!(face(&status).menu.contains(&resume));
        status.profiles.clear();
        assert!(!face(&status).menu.iter().any(|entry| matches!(entry, Entry::Menu { .. })));
    }

    #[test]
    fn times_in_words() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let when = |time: &str| super::when(time.parse().unwrap(), NOW.parse().unwrap(), &zone);
        assert_eq!(when("2026-11-26T13:20:00Z"), "Thursday 14:20");
        assert_eq!(when("2026-11-21T08:00:00Z"), "Saturday 09:00");
        assert_eq!(when("2026-11-19T08:00:00Z"), "19 November 2026, 09:00");
    }
}
