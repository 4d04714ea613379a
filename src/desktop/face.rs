//! What the tray shows: from how everything is to a look, a few words and a menu.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tr::tr;

use super::{Page, Wish};
use crate::daemon::protocol::{ProfileStatus, State, Status};
use crate::language::dates;
use crate::report::RunOutcome;

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
        lines.push(last_run(last.outcome, &when(last.started, now, zone)));
    }
    let next = active(status).filter_map(|profile| profile.next).min();
    if let Some(next) = next.filter(|_| status.paused.is_none()) {
        // What is due is about to begin.
        lines.push(tr!("Next sync: {}", when(next.max(now), now, zone)));
    }
    lines.join("\n")
}

fn headline(status: &Status, look: Look, now: Timestamp, zone: &TimeZone) -> String {
    let so: Vec<&ProfileStatus> = active(status).filter(|profile| look_of(&profile.state) == look).collect();
    let only = match so.as_slice() {
        [only] => Some(&only.name),
        _ => None,
    };
    match look {
        Look::Idle if status.profiles.is_empty() => tr!("There is no profile yet"),
        Look::Idle if active(status).next().is_none() => tr!("No profile is active"),
        Look::Idle if active(status).all(|profile| profile.state == State::NeverRun) => {
            tr!("Nothing was synced yet")
        }
        Look::Idle => tr!("All in sync"),
        Look::Running => match so.iter().find(|profile| matches!(profile.state, State::Running { .. })) {
            Some(running) if so.len() == 1 => tr!("Syncing {}", running.name),
            _ => tr!("Syncing one profile" | "Syncing {n} profiles" % so.len()),
        },
        Look::Paused => paused(status, now, zone),
        Look::Error => match only {
            Some(name) => tr!("{} could not be synced", name),
            None => tr!("One profile could not be synced" | "{n} profiles could not be synced" % so.len()),
        },
        Look::Held => match only {
            Some(name) => tr!("{} waits for your yes", name),
            None => tr!("One profile waits for your yes" | "{n} profiles wait for your yes" % so.len()),
        },
        Look::Warning => match only {
            Some(name) => tr!("{} needs a look", name),
            None => tr!("One profile needs a look" | "{n} profiles need a look" % so.len()),
        },
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
                ([], [only]) => tr!("The server of {} asks to come back later", only.name),
                ([], _) => tr!("{} of {all} profiles: the server asks to come back later", so.len(), all),
                ([(name, begun)], _) => {
                    tr!("{name}: the server cannot be reached since {}", since(*begun), name)
                }
                ([(_, first), more @ ..], _) => {
                    let begun = since(more.iter().fold(*first, |earliest, (_, begun)| earliest.min(*begun)));
                    match offline.len() {
                        number if number == all => tr!("No server can be reached since {begun}", begun),
                        number => {
                            tr!(
                                "{number} of {all} profiles: no server can be reached since {begun}",
                                number,
                                all,
                                begun
                            )
                        }
                    }
                }
            }
        }
    }
}

fn paused(status: &Status, now: Timestamp, zone: &TimeZone) -> String {
    match status.paused.and_then(|paused| paused.until) {
        Some(until) => tr!("Paused until {}", when(until, now, zone)),
        None => tr!("Paused until you resume"),
    }
}

/// When the last run was, which ended so.
pub fn last_run(outcome: RunOutcome, when: &str) -> String {
    match outcome {
        RunOutcome::Failed => tr!("Last try: {}", when),
        RunOutcome::Ok | RunOutcome::Partial | RunOutcome::Held => tr!("Last sync: {}", when),
    }
}

/// A time in plain words that stay true for a week: "Thursday 14:20".
pub fn when(time: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let near = time.duration_since(now).unsigned_abs().as_secs() < 6 * 24 * 3600;
    let time = time.to_zoned(zone.clone()).datetime();
    if near {
        let weekday = dates::weekday(time.date().weekday());
        tr!("{weekday} {clock}", weekday, clock = time.strftime("%H:%M"))
    } else {
        dates::minute(time)
    }
}

fn menu(status: &Status) -> Vec<Entry> {
    let item = |text: String, wish| Entry::Item { text, wish };
    let open = |text: String, page| item(text, Wish::Open(page));
    let profiles: Vec<Entry> = status
        .profiles
        .iter()
        .filter(|profile| profile.active && !matches!(profile.state, State::Broken { .. }))
        .map(|profile| item(profile.name.clone(), Wish::Sync { profile: profile.name.clone() }))
        .collect();
    let mut menu = vec![item(tr!("Synchronize now"), Wish::SyncAll)];
    if !profiles.is_empty() {
        menu.push(Entry::Menu { text: tr!("Synchronize one profile"), items: profiles });
    }
    menu.extend([
        Entry::Line,
        open(tr!("Status"), Page::Status),
        open(tr!("Reports"), Page::Reports),
        open(tr!("Synchronization profiles"), Page::Profiles),
        open(tr!("General options"), Page::Options),
        Entry::Line,
        match status.paused {
            None => item(tr!("Pause"), Wish::Pause),
            Some(_) => item(tr!("Resume"), Wish::Resume),
        },
        Entry::Line,
        open(tr!("About Pimbridge"), Page::About),
        item(tr!("Quit"), Wish::Quit),
    ]);
    menu
}

/// What a person calls a part of the desktop, by its word on the control socket.
pub fn part(name: &str) -> String {
    match name {
        "tray" => tr!("tray"),
        "notifications" => tr!("notifications"),
        "keyring" => tr!("keyring"),
        other => other.to_owned(),
    }
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
