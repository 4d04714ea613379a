//! The reports of past runs.

use std::fs;
use std::io::{ErrorKind, Write};

use tr::tr;

use super::{told, whole_path};
use crate::daemon::protocol::reports::{
    Beginning, Compared, Export, Found, Listed, One, Settled, Which, Whole, Written,
};
use crate::home::Home;
use crate::item::Bytes;
use crate::item::compare::compare;
use crate::profile::{self, Name};
use crate::report::Report;
use crate::report::html::heading;
use crate::state::{self, Loss, Peek, ReportId, Version, Wanted};
use crate::stored;
use crate::sync::session::scope;
use crate::sync::{Side, Sides};

/// How many of the items that a run touched are sent with its report, and of those in conflict besides.
const TOUCHED: usize = 1_000;
/// How many of its problems.
const PROBLEMS: usize = 1_000;

/// The reports of all profiles, or of one.
pub fn list(home: &Home, which: &Which) -> Result<Found, String> {
    let wanted = Wanted { with_findings: which.with_findings, from: which.from, until: which.until };
    let find = |name: &Name, state: &Peek| {
        let going_on = stored::going_on(home, name, state)?;
        // One more than is wanted tells whether there are more, and one may go on.
        let found = state.find_reports(&wanted, which.limit.saturating_add(2))?;
        let ended = found.iter().filter(|(id, _)| Some(*id) != going_on);
        Ok(ended.map(|(id, report)| listed(name, *id, report)).collect())
    };
    let stored::Read { found, notes } =
        stored::read(home, which.profile.as_deref(), stored::all, find).map_err(told)?;
    let mut reports: Vec<Listed> = found.into_iter().map(|(_, listed)| listed).collect();
    reports.sort_by_key(|listed| std::cmp::Reverse(listed.started));
    let more = reports.len() > which.limit;
    reports.truncate(which.limit);
    let profiles = stored::all(home).map_err(told)?.iter().map(Name::to_string).collect();
    Ok(Found { reports, more, profiles, notes })
}

fn listed(profile: &Name, id: ReportId, report: &Report) -> Listed {
    Listed {
        profile: profile.to_string(),
        id: id.0,
        started: report.started,
        outcome: report.outcome,
        headline: heading(report),
        local: report.local,
        remote: report.remote,
        conflicts: report.conflicts,
        problems: report.problems.len() as u64,
    }
}

/// One report with what the run touched; none where there is none yet, or none any more.
pub fn one(home: &Home, one: &One) -> Result<Option<Whole>, String> {
    let name = stored::known(home, &one.profile).map_err(told)?;
    let told = |error| stored::in_words(&error);
    let Some((id, mut report)) = stored::report(home, &name, one.report.map(ReportId)).map_err(told)? else {
        return match state::is_in_use(&home.state_file(&name)) {
            true => Err(tr!("The profile is being synchronized. Its report is there when that has ended.")),
            false => Ok(None),
        };
    };
    let Some(state) = stored::peek(home, &name).map_err(told)? else { return Ok(None) };
    let headline = heading(&report);
    let problems_in_all = report.problems.len() as u64;
    // What waits for a decision is listed elsewhere too.
    report.problems.sort_by_key(|problem| problem.parked);
    report.problems.truncate(PROBLEMS);
    let mut touched = state.touched(id, TOUCHED).map_err(told)?;
    touched.truncate(2 * TOUCHED);
    let touched_in_all = state.number_touched(id).map_err(told)?;
    Ok(Some(Whole { id: id.0, report, problems_in_all, headline, touched, touched_in_all }))
}

/// The beginning of a report in one of its forms.
pub fn beginning(home: &Home, Beginning { written, limit }: &Beginning) -> Result<String, String> {
    let mut text = text(home, written)?;
    text.truncate(text.floor_char_boundary(*limit));
    Ok(text)
}

fn text(home: &Home, which: &Written) -> Result<String, String> {
    let name = stored::known(home, &which.profile).map_err(told)?;
    let told = |error| stored::in_words(&error);
    let found = stored::report(home, &name, Some(ReportId(which.report))).map_err(told)?;
    let (id, report) = found.ok_or_else(|| tr!("This report is not kept any more. Choose another one."))?;
    stored::written(home, &name, (id, &report), which.form).map_err(told)
}

/// Writes a report to a file that is not there yet.
pub fn export(home: &Home, export: &Export) -> Result<(), String> {
    let file = &whole_path(&export.file.to_string_lossy(), "report.html")?;
    let text = text(home, &export.written)?;
    let written = fs::OpenOptions::new().write(true).create_new(true).open(file).and_then(|mut opened| {
        opened.write_all(text.as_bytes()).inspect_err(|_| {
            let _ = fs::remove_file(file);
        })
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            tr!("There is a file {} already. Choose another name.", file.display())
        }
        ErrorKind::NotFound => {
            tr!("The folder of {} is not there. Choose one that is.", file.display())
        }
        _ => tr!("The file {} cannot be written: {}. Choose another place.", file.display(), error),
    })
}

/// What both sides had of an item that a run found in conflict.
pub fn conflict(home: &Home, which: &Settled) -> Result<Compared, String> {
    let name = stored::known(home, &which.profile).map_err(told)?;
    let told = |error| stored::in_words(&error);
    let gone = || tr!("The versions of this item are not kept any more.");
    let state = stored::peek(home, &name).map_err(told)?.ok_or_else(gone)?;
    let report = state.report(ReportId(which.report)).map_err(told)?.ok_or_else(gone)?;
    let lost = state.first_lost(which.side, &which.item, report.started).map_err(told)?;
    let (lost, lost_bytes) = lost.ok_or_else(gone)?;
    let scope = profile::load(home, name.as_str()).ok().and_then(|profile| scope(home, &profile).ok());
    let shared = |side: Side, bytes: Bytes| match &scope {
        Some(scope) => scope.shared(side, &bytes),
        // It was removed, so nobody knows its forms any more.
        None => bytes,
    };
    let other = match lost.loss {
        Loss::Deleted => Other::Deleted,
        Loss::Overwritten => match state.lost_beside(&lost).map_err(told)? {
            Some((version, bytes)) => Other::Lost(version, bytes),
            None => Other::Stayed(state.successor(&lost).map_err(told)?),
        },
    };
    let mut versions: Sides<Option<Bytes>> = Sides::default();
    let mut numbers: Sides<Option<i64>> = Sides::default();
    (versions[lost.side], numbers[lost.side]) = (Some(shared(lost.side, lost_bytes)), Some(lost.id.0));
    let there = lost.side.other();
    match other {
        Other::Deleted => {}
        Other::Lost(version, bytes) => {
            (versions[there], numbers[there]) = (Some(shared(there, bytes)), Some(version.id.0));
        }
        Other::Stayed(found) => versions[there] = found.map(|(side, bytes)| shared(side, bytes)),
    }
    let bytes = |side: Side| versions[side].as_deref().unwrap_or_default();
    Ok(Compared {
        rows: compare(bytes(Side::Local), bytes(Side::Remote)),
        had: Sides::from_fn(|side| versions[side].is_some()),
        lost: numbers,
    })
}

/// What the other side had of an item.
enum Other {
    Deleted,
    /// Both were put together.
    Lost(Version, Bytes),
    /// It came in the place of what was lost, as far as it is known, in the form of a side.
    Stayed(Option<(Side, Bytes)>),
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::report::fixtures::{problem, report, touched};
    use crate::report::{Operation, Problem, RunOutcome, Touched};
    use crate::state::State;

    /// A home with so many reports of a profile, a minute between them; every tenth run failed.
    fn with_reports(home: &Home, profile: &str, number: i64) {
        crate::home::make_private(home.state_dir()).unwrap();
        let file = home.state_file(&Name::new(profile).unwrap());
        let state = State::open(&file, "identity", Timestamp::UNIX_EPOCH).unwrap();
        let begun: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let report = |n: i64| Report {
            profile: profile.to_owned(),
            started: begun + SignedDuration::from_mins(n),
            outcome: if n % 10 == 0 { RunOutcome::Failed } else { RunOutcome::Ok },
            conflicts: u64::from(n == 5),
            ..report()
        };
        state.write(|w| (0..number).try_for_each(|n| w.begin_report(&report(n)).map(|_| ()))).unwrap();
    }

    #[test]
    fn reports_of_profiles_that_are_and_were() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(list(&home, &Which { limit: 5, ..Which::default() }).unwrap().profiles, [] as [&str; 0]);
        with_reports(&home, "a", 30);
        with_reports(&home, "removed", 20);
        let found = |which: Which| {
            let found = list(&home, &which).unwrap();
            let told = |one: &Listed| format!("{}{}", &one.profile[..1], one.id);
            (found.reports.iter().map(told).collect::<Vec<_>>().join(" "), found.more)
        };
        assert_eq!(found(Which { limit: 3, ..Which::default() }), ("a30 a29 a28".to_owned(), true));
        let findings = Which { with_findings: true, limit: 9, ..Which::default() };
        assert_eq!(found(findings.clone()), ("a21 a11 r11 a6 r6 a1 r1".to_owned(), false));
        let of_one = Which { profile: Some("removed".into()), ..findings.clone() };
        assert_eq!(found(of_one), ("r11 r6 r1".to_owned(), false));
        let (from, until) = ("2026-11-21T08:05:00Z".parse().ok(), "2026-11-21T08:10:00Z".parse().ok());
        assert_eq!(found(Which { from, until, ..findings }), ("a6 r6".to_owned(), false));
        assert!(list(&home, &Which { profile: Some("never".into()), ..Which::default() }).is_err());
    }

    #[test]
    fn one_damaged_state_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        with_reports(&home, "sound", 2);
        let damaged = home.state_dir().join("removed.sqlite");
        fs::write(&damaged, "no SQLite, and long enough to be read").unwrap();
        let found = list(&home, &Which { limit: 5, ..Which::default() }).unwrap();
        assert_eq!((found.reports.len(), found.profiles.join(" ")), (2, "removed sound".to_owned()));
        let [note] = found.notes.try_into().unwrap();
        assert!(note.contains(&damaged.display().to_string()), "{note}");
        let named = list(&home, &Which { profile: Some("removed".into()), ..Which::default() });
        assert!(named.unwrap_err().contains("damaged"));
    }

    #[test]
    fn a_run_that_goes_on_has_no_report_yet() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let goes_on = Report { unfinished: true, outcome: RunOutcome::Failed, ..report() };
        let begin = |state: &State| state.write(|w| w.begin_report(&goes_on)).unwrap();
        let listed = || list(&home, &Which { limit: 1, ..Which::default() }).unwrap();
        let last = |report| one(&home, &One { profile: "work".into(), report });

        with_reports(&home, "work", 0);
        let file = home.state_file(&Name::new("work").unwrap());
        let state = State::open(&file, "identity", Timestamp::UNIX_EPOCH).unwrap();
        begin(&state);
        assert_eq!(listed().reports.len(), 0);
        assert!(last(None).unwrap_err().contains("is being synchronized"));
        drop(state);
        assert_eq!(listed().reports[0].id, 1, "it was interrupted");

        with_reports(&home, "work", 1);
        let state = State::open(&file, "identity", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(begin(&state).0, 3);
        assert_eq!(last(None).unwrap().unwrap().id, 2);
        assert!(last(Some(3)).unwrap_err().contains("is being synchronized"));
        assert_eq!((listed().reports.len(), listed().more), (1, true));
    }

    #[test]
    fn of_a_long_report_the_beginning_is_told_with_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        with_reports(&home, "work", 0);
        let file = home.state_file(&Name::new("work").unwrap());
        let state = State::open(&file, "identity", Timestamp::UNIX_EPOCH).unwrap();
        let waits = |n: usize| Problem { parked: n < PROBLEMS, ..problem("a", "Ä", Side::Local, "why") };
        let long = Report { problems: (0..PROBLEMS + 1).map(waits).collect(), ..report() };
        let both = Touched { conflict: true, ..touched(Side::Local, Operation::Update, "A", "changed") };
        state
            .write(|w| {
                let id = w.begin_report(&long)?;
                (0..3 * TOUCHED as u64).try_for_each(|n| w.add_touched(id, n, &both))
            })
            .unwrap();
        let whole = one(&home, &One { profile: "work".into(), report: None }).unwrap().unwrap();
        assert_eq!((whole.touched.len(), whole.touched_in_all), (2 * TOUCHED, 3 * TOUCHED as u64));
        assert_eq!((whole.report.problems.len(), whole.problems_in_all), (PROBLEMS, PROBLEMS as u64 + 1));
        assert!(!whole.report.problems[0].parked, "what failed comes first");
        let written = Written { profile: "work".into(), report: 1, form: crate::report::Form::Json };
        let all = text(&home, &written).unwrap();
        let cut = all.find('Ä').unwrap() + 1;
        let begins = beginning(&home, &Beginning { written, limit: cut }).unwrap();
        assert_eq!(begins, all[..cut - 1]);
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        with_reports(&home, "a", 1);
        let to = |file: &std::path::Path| {
            let written = Written { profile: "a".into(), report: 1, form: crate::report::Form::Text };
            export(&home, &Export { written, file: file.to_owned() })
        };
        let file = folder.path().join("report.txt");
        to(&file).unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("a:"));
        assert!(to(&file).unwrap_err().contains("already"));
        assert!(to(std::path::Path::new("report.txt")).unwrap_err().contains("whole path"));
        assert!(to(&folder.path().join("no/report.txt")).unwrap_err().contains("is not there"));
    }
}
