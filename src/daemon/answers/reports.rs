//! The reports of past runs.

use std::fs;
use std::io::{ErrorKind, Write};

use tr::tr;

use super::whole_path;
use crate::daemon::protocol::reports::{
    Compared, Export, Found, Listed, One, Settled, Which, Whole, Written,
};
use crate::home::Home;
use crate::item::Bytes;
use crate::item::compare::compare;
use crate::profile::{self, Name};
use crate::report::Report;
use crate::report::html::heading;
use crate::state::{Loss, ReportId, Version, Wanted};
use crate::stored;
use crate::sync::session::scope;
use crate::sync::{Side, Sides};

/// How many of the items that a run touched are sent with its report.
const TOUCHED: usize = 1_000;

/// The reports of all profiles, or of one.
pub fn list(home: &Home, which: &Which) -> Result<Found, String> {
    let all = stored::all(home).map_err(|error| error.to_string())?;
    let profiles = all.iter().map(Name::to_string).collect();
    let names = match &which.profile {
        Some(name) => vec![stored::known(home, name).map_err(|error| error.to_string())?],
        None => all,
    };
    let wanted = Wanted { with_findings: which.with_findings, from: which.from, until: which.until };
    let mut reports = Vec::new();
    for name in names {
        let told = |error| stored::in_words(&error);
        let Some(state) = stored::peek(home, &name).map_err(told)? else { continue };
        // One more than is wanted tells whether there are more.
        let of_it = state.find_reports(&wanted, which.limit.saturating_add(1)).map_err(told)?;
        reports.extend(of_it.into_iter().map(|(id, report)| listed(&name, id, &report)));
    }
    reports.sort_by_key(|listed| std::cmp::Reverse(listed.started));
    let more = reports.len() > which.limit;
    reports.truncate(which.limit);
    Ok(Found { reports, more, profiles })
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
    let name = stored::known(home, &one.profile).map_err(|error| error.to_string())?;
    let told = |error| stored::in_words(&error);
    let Some((id, report)) = stored::report(home, &name, one.report.map(ReportId)).map_err(told)? else {
        return Ok(None);
    };
    let Some(state) = stored::peek(home, &name).map_err(told)? else { return Ok(None) };
    Ok(Some(Whole {
        id: id.0,
        headline: heading(&report),
        report,
        touched: state.touched(id, TOUCHED).map_err(told)?,
        touched_in_all: state.number_touched(id).map_err(told)?,
    }))
}

/// A report in one of its forms.
pub fn text(home: &Home, which: &Written) -> Result<String, String> {
    let name = stored::known(home, &which.profile).map_err(|error| error.to_string())?;
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
    let name = stored::known(home, &which.profile).map_err(|error| error.to_string())?;
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
    use crate::report::RunOutcome;
    use crate::report::fixtures::report;
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
