//! The list of reports with its filters, and the list of conflicts that wait.

use std::cell::Cell;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use pimbridge::daemon::protocol::conflicts::Waiting;
use pimbridge::daemon::protocol::reports::{Found, Listed, Which};
use pimbridge::daemon::protocol::{Answered, Question, Reply, Request};
use pimbridge::desktop::face::when;
use pimbridge::report::wording::in_words;
use pimbridge::report::{Counts, RunOutcome};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use tr::tr;

use crate::link::Link;
use crate::turn::Asked;
use crate::{MainWindow, ReportsAt, ReportsPage, RowItem, Tone, rows};

thread_local! {
    /// How often the lists were asked for.
    static REPORTS: Cell<u64> = const { Cell::new(0) };
    static WAITING: Cell<u64> = const { Cell::new(0) };
}

/// Asks for the reports that the filters let through. The list stays as it is until they are there.
pub fn ask(window: &MainWindow, link: &Link) {
    let page = window.global::<ReportsPage>();
    let asked = Asked::now(&REPORTS);
    let which = match wanted(&page, &TimeZone::system()) {
        Ok(which) => which,
        Err(why) => return page.set_wrong_day(why.into()),
    };
    page.set_wrong_day(SharedString::new());
    link.ask(Request::Question(Question::Reports(which)), move |window, _, reply| {
        if asked.is_over() {
            return;
        }
        let page = window.global::<ReportsPage>();
        match reply {
            Ok(Reply::Answered(Answered::Reports(found))) => {
                if page.get_at() == ReportsAt::List {
                    page.set_trouble(found.notes.join("\n").into());
                }
                show(&page, &found);
            }
            Ok(_) => {}
            Err(why) => page.set_trouble(why.into()),
        }
    });
}

/// What the filters say, or what is wrong with them.
fn wanted(page: &ReportsPage<'_>, zone: &TimeZone) -> Result<Which, String> {
    let chosen = usize::try_from(page.get_profile()).unwrap_or(0);
    let profile = page.get_profiles().row_data(chosen).filter(|_| chosen > 0);
    let until = day(&page.get_until(), zone, 1)?;
    Ok(Which {
        profile: profile.map(String::from),
        with_findings: page.get_only_findings(),
        from: day(&page.get_from(), zone, 0)?,
        until,
        limit: usize::try_from(page.get_limit()).unwrap_or(0),
    })
}

/// The beginning of a day, or of one some days after it; none where nothing is written.
fn day(text: &str, zone: &TimeZone, after: i64) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| tr!("Write a day as in 2026-01-31: year, month, day.");
    let day: Date = text.parse().map_err(wrong)?;
    let begins = day.checked_add(after.days()).and_then(|day| day.to_zoned(zone.clone()));
    Ok(Some(begins.map_err(wrong)?.timestamp()))
}

fn show(page: &ReportsPage<'_>, found: &Found) {
    let all = SharedString::from(tr!("All profiles"));
    let names: Vec<SharedString> =
        std::iter::once(all).chain(found.profiles.iter().map(SharedString::from)).collect();
    if !page.get_profiles().iter().eq(names.iter().cloned()) {
        let chosen = page.get_profiles().row_data(usize::try_from(page.get_profile()).unwrap_or(0));
        let at = names.iter().position(|name| Some(name) == chosen.as_ref()).unwrap_or(0);
        page.set_profiles(ModelRc::new(VecModel::from(names)));
        page.set_profile(i32::try_from(at).unwrap_or(0));
    }
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let new: Vec<RowItem> = found.reports.iter().map(|listed| row(listed, now, &zone)).collect();
    let current = still_current(&page.get_reports(), page.get_current(), &new);
    page.set_reports(rows::replace(page.get_reports(), new, |row| row.key.clone()));
    page.set_current(current);
    page.set_more(found.more);
    page.set_known(true);
}

/// Where the row that was current is among the new ones; below 0 where it is gone.
fn still_current(there: &ModelRc<RowItem>, current: i32, rows: &[RowItem]) -> i32 {
    let key = usize::try_from(current).ok().and_then(|at| there.row_data(at)).map(|row| row.key);
    let current = rows.iter().position(|row| Some(&row.key) == key.as_ref());
    current.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1)
}

/// Asks for the conflicts that wait.
pub fn ask_waiting(_: &MainWindow, link: &Link) {
    let asked = Asked::now(&WAITING);
    link.ask(Request::Question(Question::Conflicts), move |window, _, reply| {
        if asked.is_over() {
            return;
        }
        let page = window.global::<ReportsPage>();
        match reply {
            // What is left out, the list of reports says too.
            Ok(Reply::Answered(Answered::Conflicts(found))) => {
                let (now, zone) = (Timestamp::now(), TimeZone::system());
                let rows: Vec<RowItem> =
                    found.waiting.iter().map(|one| waiting_row(one, now, &zone)).collect();
                page.set_waiting(rows::replace(page.get_waiting(), rows, |row| row.key.clone()));
            }
            Ok(_) => {}
            Err(why) => page.set_trouble(why.into()),
        }
    });
}

fn waiting_row(waiting: &Waiting, now: Timestamp, zone: &TimeZone) -> RowItem {
    let since = when(waiting.since, now, zone);
    RowItem {
        key: format!("{} {}", waiting.conflict, waiting.profile).into(),
        title: waiting.summary.as_str().into(),
        detail: tr!("{0}, since {1}: {2}", waiting.profile, since, waiting.message).into(),
        word: tr!("Decide").into(),
        tone: Tone::Attention,
    }
}

/// How a report is named in the page.
pub fn key(profile: &str, id: i64) -> SharedString {
    format!("{id} {profile}").into()
}

/// The report of such a name.
pub fn named(key: &str) -> Option<(i64, &str)> {
    let (id, profile) = key.split_once(' ')?;
    Some((id.parse().ok()?, profile))
}

/// A report as a line of the list.
fn row(listed: &Listed, now: Timestamp, zone: &TimeZone) -> RowItem {
    let mut detail = vec![listed.headline.clone()];
    let counts = |counts: Counts| (counts.total() > 0).then(|| in_words(counts));
    detail.extend(counts(listed.local).map(|counts| tr!("On this computer: {}", counts)));
    detail.extend(counts(listed.remote).map(|counts| tr!("On the server: {}", counts)));
    if listed.conflicts > 0 {
        detail.push(tr!("1 conflict" | "{n} conflicts" % listed.conflicts));
    }
    RowItem {
        key: key(&listed.profile, listed.id),
        title: format!("{}  ·  {}", listed.profile, when(listed.started, now, zone)).into(),
        detail: detail.join("  ·  ").into(),
        word: word(listed.outcome).into(),
        tone: tone(listed.outcome),
    }
}

fn word(outcome: RunOutcome) -> String {
    match outcome {
        RunOutcome::Ok => tr!("In sync"),
        RunOutcome::Partial => tr!("Not all"),
        RunOutcome::Held => tr!("Waits for you"),
        RunOutcome::Failed => tr!("Failed"),
    }
}

pub fn tone(outcome: RunOutcome) -> Tone {
    match outcome {
        RunOutcome::Ok => Tone::Calm,
        RunOutcome::Partial | RunOutcome::Held => Tone::Attention,
        RunOutcome::Failed => Tone::Trouble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn days_are_whole_and_of_this_place() {
        let at = |text, after| day(text, &zone(), after).map(|time| time.map(|time| time.to_string()));
        assert_eq!(at(" 2026-01-31 ", 0), Ok(Some("2026-01-30T23:00:00Z".to_owned())));
        // The last Sunday of March has 23 hours.
        assert_eq!(at("2026-03-29", 1), Ok(Some("2026-03-29T22:00:00Z".to_owned())));
        assert_eq!(at("", 1), Ok(None));
        for wrong in ["31.1.2026", "2026-1", "2026-02-30", "yesterday", "-9999-01-01x"] {
            assert!(at(wrong, 0).is_err(), "{wrong}");
        }
        assert!(at("9999-12-31", 1).is_err());
    }

    #[test]
    fn a_line_of_the_list() {
        let started = "2026-11-21T08:00:00Z".parse().unwrap();
        let now = "2027-11-21T08:00:00Z".parse().unwrap();
        let local = Counts { created: 2, updated: 1, deleted: 0 };
        let (profile, headline) = ("my work".to_owned(), "Synced, except for some items.".to_owned());
        let listed = Listed {
            profile,
            id: 12,
            started,
            outcome: RunOutcome::Partial,
            headline,
            local,
            remote: Counts::default(),
            conflicts: 1,
            problems: 3,
        };
        let row = row(&listed, now, &zone());
        assert_eq!(row.title, "my work  ·  21 November 2026, 09:00");
        assert_eq!(
            row.detail,
            "Synced, except for some items.  ·  On this computer: 2 new, 1 changed  ·  1 conflict"
        );
        assert_eq!((row.word.as_str(), row.tone), ("Not all", Tone::Attention));
        assert_eq!(named(&row.key), Some((12, "my work")));
    }

    #[test]
    fn what_is_current_stays_current_when_new_reports_come() {
        let rows = |keys: &[&str]| -> Vec<RowItem> {
            keys.iter().map(|key| RowItem { key: (*key).into(), ..RowItem::default() }).collect()
        };
        let there = ModelRc::new(VecModel::from(rows(&["3 a", "2 a", "1 a"])));
        assert_eq!(still_current(&there, 1, &rows(&["5 b", "4 a", "3 a", "2 a"])), 3);
        assert_eq!(still_current(&there, 1, &rows(&["5 b"])), -1);
        assert_eq!(still_current(&there, -1, &rows(&["3 a"])), -1);
    }
}
