//! A report as scripts read it. The keys are a contract: new ones may come, none goes or changes.

use jiff::Timestamp;
use serde::Serialize;

use super::{Counts, Report, RunOutcome, Touched};
use crate::sync::Side;

#[derive(Serialize)]
struct Line<'a> {
    profile: &'a str,
    outcome: RunOutcome,
    local: Counts,
    remote: Counts,
    conflicts: u64,
    errors: Vec<Error<'a>>,
    requests: u64,
    bytes_in: u64,
    bytes_out: u64,
    seconds: f64,
    dry_run: bool,
    linked: u64,
    held: Waiting,
    parked: u64,
    failure: Option<&'a str>,
    notices: &'a [String],
    started: Timestamp,
}

#[derive(Serialize)]
struct Waiting {
    local: u64,
    remote: u64,
}

#[derive(Serialize)]
struct Error<'a> {
    item: &'a str,
    summary: &'a str,
    /// None where the trouble is not that of an item.
    side: Option<Side>,
    message: &'a str,
    since: Option<Timestamp>,
}

#[derive(Serialize)]
struct Full<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    touched: &'a [Touched],
}

#[derive(Serialize)]
struct Numbered<'a> {
    id: i64,
    #[serde(flatten)]
    line: Line<'a>,
}

/// One line of `sync --json`, without the line break. Why a run failed is also the last of its
/// `errors`, with an empty item.
pub fn line(report: &Report) -> String {
    written(&of(report))
}

/// One line of `report list --json`.
pub fn numbered(id: i64, report: &Report) -> String {
    written(&Numbered { id, line: of(report) })
}

/// The same as [`full`], on many lines for a person.
pub fn readable(report: &Report, touched: &[Touched]) -> String {
    // A report always has a JSON.
    serde_json::to_string_pretty(&Full { line: of(report), touched }).unwrap_or_default()
}

/// The report with all that it touched, for `report show --json`.
pub fn full(report: &Report, touched: &[Touched]) -> String {
    written(&Full { line: of(report), touched })
}

fn of(report: &Report) -> Line<'_> {
    let problems = report.problems.iter().map(|problem| Error {
        item: &problem.item,
        summary: &problem.summary,
        side: Some(problem.side),
        message: &problem.message,
        since: problem.since,
    });
    let failure = report.failure.as_deref().map(|message| Error {
        item: "",
        summary: "",
        side: None,
        message,
        since: None,
    });
    Line {
        profile: &report.profile,
        outcome: report.outcome,
        local: report.local,
        remote: report.remote,
        conflicts: report.conflicts,
        errors: problems.chain(failure).collect(),
        requests: report.requests,
        bytes_in: report.bytes_in,
        bytes_out: report.bytes_out,
        seconds: (report.seconds * 1000.0).round() / 1000.0,
        dry_run: report.dry_run,
        linked: report.linked,
        held: Waiting { local: report.held.local, remote: report.held.remote },
        parked: report.parked,
        failure: report.failure.as_deref(),
        notices: &report.notices,
        started: report.started,
    }
}

/// The JSON of a value that always has one.
pub(crate) fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{report, touched};
    use super::super::{Operation, Problem};
    use super::*;

    #[test]
    fn the_line_of_sync() {
        let mut report = report();
        report.outcome = RunOutcome::Failed;
        report.failure = Some("the server cannot be reached".into());
        report.remote = Counts { created: 2, updated: 1, deleted: 1 };
        report.seconds = 0.123_456;
        report.problems = vec![Problem {
            item: "a.ics".into(),
            summary: "Say \"hi\"\n".into(),
            side: Side::Local,
            message: "it is broken".into(),
            since: None,
            parked: false,
        }];
        let line = line(&report);
        assert!(!line.contains('\n'));
        insta::assert_snapshot!(line.replace(",\"", ",\n\""), @r#"
        {"profile":"work",
        "outcome":"failed",
        "local":{"created":0,
        "updated":0,
        "deleted":0},
        "remote":{"created":2,
        "updated":1,
        "deleted":1},
        "conflicts":0,
        "errors":[{"item":"a.ics",
        "summary":"Say \"hi\"\n",
        "side":"local",
        "message":"it is broken",
        "since":null},{"item":"",
        "summary":"",
        "side":null,
        "message":"the server cannot be reached",
        "since":null}],
        "requests":1,
        "bytes_in":320,
        "bytes_out":0,
        "seconds":0.123,
        "dry_run":false,
        "linked":0,
        "held":{"local":0,
        "remote":0},
        "parked":0,
        "failure":"the server cannot be reached",
        "notices":[],
        "started":"2026-11-21T08:00:00Z"}
        "#);
    }

    #[test]
    fn the_full_report() {
        let items = [touched(Side::Remote, Operation::Create, "Dentist", "new on this computer")];
        let full = full(&report(), &items);
        let value: serde_json::Value = serde_json::from_str(&full).unwrap();
        assert_eq!(value["profile"], "work");
        insta::assert_snapshot!(value["touched"], @r#"[{"conflict":false,"item":"x.ics","operation":"create","side":"remote","summary":"Dentist","why":"new on this computer"}]"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&numbered(7, &report())).unwrap()["id"], 7);
    }
}
