//! A report as a person reads it, line by line.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::daemon::protocol::reports::Whole;
use pimbridge::desktop::face::when;
use pimbridge::language::dates;
use pimbridge::report::wording::{line, summary, traffic};
use pimbridge::report::{Operation, Problem, Report, Touched};
use pimbridge::sync::Side;
use tr::tr;

use super::conflict;
use crate::ways::sentence;
use crate::{ReportLine, Tone};

/// Whose report it is, and of when.
pub fn heading(report: &Report, now: Timestamp, zone: &TimeZone) -> String {
    format!("{}  ·  {}", report.profile, when(report.started, now, zone))
}

/// Everything that a report says.
pub fn of(whole: &Whole) -> Vec<ReportLine> {
    let report = &whole.report;
    let mut lines = Vec::new();
    if let Some(failure) = &report.failure {
        section(&mut lines, tr!("Why it could not be done"), Tone::Trouble);
        lines.push(plain(sentence(failure), String::new(), Tone::Calm));
    }
    problems(
        &mut lines,
        tr!("Failed"),
        Tone::Trouble,
        report.problems.iter().filter(|problem| !problem.parked),
    );
    let parked = report.problems.iter().filter(|problem| problem.parked);
    problems(&mut lines, tr!("Waits for your decision (see the list of reports)"), Tone::Attention, parked);
    lines.extend(more(whole.problems_in_all.saturating_sub(report.problems.len() as u64)));
    held(&mut lines, report);
    let conflicts = whole.touched.iter().filter(|touched| touched.conflict);
    items(&mut lines, tr!("Conflicts: both sides had changed it"), Tone::Attention, conflicts);
    for (side, title) in [
        (Side::Local, tr!("What came: written on this computer")),
        (Side::Remote, tr!("What went: written on the server")),
    ] {
        let of_it = whole.touched.iter().filter(|touched| touched.side == side && !touched.conflict);
        items(&mut lines, title, Tone::Calm, of_it);
    }
    lines.extend(more(whole.touched_in_all.saturating_sub(whole.touched.len() as u64)));
    if !report.notices.is_empty() {
        section(&mut lines, tr!("Notices"), Tone::Calm);
        lines.extend(report.notices.iter().map(|notice| plain(sentence(notice), String::new(), Tone::Calm)));
    }
    section(&mut lines, tr!("The run"), Tone::Calm);
    if report.linked > 0 {
        let linked =
            tr!("One item was the same on both sides"
                | "{n} items were the same on both sides" % report.linked);
        lines.push(plain(linked, String::new(), Tone::Calm));
    }
    if report.did_nothing() && whole.touched.is_empty() && report.failure.is_none() {
        lines.push(plain(tr!("Nothing had to be written."), String::new(), Tone::Calm));
    }
    lines.push(plain(traffic(report), String::new(), Tone::Calm));
    lines
}

fn day(time: Timestamp) -> String {
    dates::day(time.to_zoned(TimeZone::system()).date())
}

fn section(lines: &mut Vec<ReportLine>, title: String, tone: Tone) {
    lines.push(ReportLine { heading: true, title: title.into(), tone, ..ReportLine::default() });
}

fn plain(title: String, detail: String, tone: Tone) -> ReportLine {
    ReportLine { title: title.into(), detail: detail.into(), tone, ..ReportLine::default() }
}

/// That so many items are not listed.
fn more(number: u64) -> Option<ReportLine> {
    let told = tr!("… and one more item. An export has all of them."
        | "… and {n} more items. An export has all of them." % number);
    (number > 0).then(|| plain(told, String::new(), Tone::Calm))
}

fn problems<'a>(
    lines: &mut Vec<ReportLine>,
    title: String,
    tone: Tone,
    problems: impl Iterator<Item = &'a Problem>,
) {
    let mut problems = problems.peekable();
    if problems.peek().is_none() {
        return;
    }
    section(lines, title, tone);
    lines.extend(problems.map(|problem| {
        let message = sentence(&problem.message);
        let told = match problem.since {
            Some(since) => tr!("{0} (since {1})", message, day(since)),
            None => message,
        };
        let place = match problem.side {
            Side::Local => tr!("{} (on this computer)", summary(&problem.summary)),
            Side::Remote => tr!("{} (on the server)", summary(&problem.summary)),
        };
        plain(place, told, Tone::Calm)
    }));
}

fn held(lines: &mut Vec<ReportLine>, report: &Report) {
    let (local, remote) = (report.held.local, report.held.remote);
    if local + remote == 0 {
        return;
    }
    section(lines, tr!("Deletions that wait for your yes"), Tone::Attention);
    if local > 0 {
        let told = tr!("One on this computer" | "{n} on this computer" % local);
        lines.push(plain(told, String::new(), Tone::Calm));
    }
    if remote > 0 {
        let told = tr!("One on the server" | "{n} on the server" % remote);
        lines.push(plain(told, String::new(), Tone::Calm));
    }
    lines.push(plain(
        tr!("The page “Status” shows them, and asks for your answer."),
        String::new(),
        Tone::Calm,
    ));
}

fn items<'a>(
    lines: &mut Vec<ReportLine>,
    title: String,
    tone: Tone,
    items: impl Iterator<Item = &'a Touched>,
) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    section(lines, title, tone);
    lines.extend(items.map(item));
}

fn item(touched: &Touched) -> ReportLine {
    let why = line(&touched.why);
    let word = match touched.operation {
        Operation::Create => tr!("new"),
        Operation::Update => tr!("changed"),
        Operation::Delete => tr!("deleted"),
    };
    // What was made anew came in the place of nothing.
    let compares = touched.conflict && touched.operation != Operation::Create;
    ReportLine {
        title: summary(&touched.summary).into(),
        detail: why.into(),
        word: word.into(),
        tone: Tone::Calm,
        conflict: if compares { conflict::settled_key(touched).into() } else { Default::default() },
        heading: false,
    }
}

#[cfg(test)]
mod tests {
    use pimbridge::report::RunOutcome;

    use super::*;

    /// A report as it is stored.
    pub fn report() -> Report {
        let json = r#"{"profile":"work","started":"2026-11-21T08:00:00Z","seconds":0.42,"outcome":"partial","dry_run":false,
            "local":{"created":1,"updated":1,"deleted":0},"remote":{"created":0,"updated":0,"deleted":1},"conflicts":1,
            "linked":3,"held":{"local":0,"remote":2},"parked":1,"problems":[
            {"item":"b.ics","summary":"Broken","side":"local","message":"it cannot be read","since":"2026-11-20T08:00:00Z"},
            {"item":"c.ics","summary":"Party","side":"remote","message":"It was changed on both sides.","since":null,"parked":true}],
            "failure":null,"notices":["the folder was renamed"],"requests":4,"bytes_in":1500,"bytes_out":20}"#;
        serde_json::from_str(json).unwrap()
    }

    fn touched(side: Side, operation: Operation, summary: &str, conflict: bool) -> Touched {
        let (summary, item, why) =
            (summary.to_owned(), "a.ics".to_owned(), "changed on the server".to_owned());
        Touched { side, operation, summary, item, why, conflict }
    }

    fn shown(whole: &Whole) -> String {
        let line = |line: ReportLine| {
            let word = if line.word.is_empty() { String::new() } else { format!(" [{}]", line.word) };
            let button = if line.conflict.is_empty() { "" } else { " [Compare]" };
            let text = if line.detail.is_empty() {
                line.title.to_string()
            } else {
                format!("{}: {}", line.title, line.detail)
            };
            if line.heading { format!("# {text}") } else { format!("{text}{word}{button}") }
        };
        of(whole).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_a_report_says() {
        let whole = Whole {
            id: 1,
            report: report(),
            headline: String::new(),
            touched: vec![
                touched(Side::Local, Operation::Update, "Dentist\n, 3 May", true),
                touched(Side::Local, Operation::Create, "Yoga", false),
                touched(Side::Remote, Operation::Delete, "Old", false),
                touched(Side::Remote, Operation::Create, "Back", true),
            ],
            touched_in_all: 6,
            problems_in_all: 4,
        };
        insta::assert_snapshot!(shown(&whole), @"
        # Failed
        Broken (on this computer): It cannot be read. (since 20 November 2026)
        # Waits for your decision (see the list of reports)
        Party (on the server): It was changed on both sides.
        … and 2 more items. An export has all of them.
        # Deletions that wait for your yes
        2 on the server
        The page “Status” shows them, and asks for your answer.
        # Conflicts: both sides had changed it
        Dentist, 3 May: changed on the server [changed] [Compare]
        Back: changed on the server [new]
        # What came: written on this computer
        Yoga: changed on the server [new]
        # What went: written on the server
        Old: changed on the server [deleted]
        … and 2 more items. An export has all of them.
        # Notices
        The folder was renamed.
        # The run
        3 items were the same on both sides
        4 requests, 1.5 kB received, 20 B sent, 0.4 seconds
        ");
    }

    #[test]
    fn a_run_that_failed_and_one_that_did_nothing() {
        let report = Report {
            failure: Some("the server cannot be reached".into()),
            outcome: RunOutcome::Failed,
            problems: vec![],
            notices: vec![],
            linked: 0,
            held: Default::default(),
            ..report()
        };
        let failed = Whole {
            id: 1,
            report,
            headline: String::new(),
            problems_in_all: 0,
            touched: vec![],
            touched_in_all: 0,
        };
        let counts = Default::default();
        let idle = Report { failure: None, local: counts, remote: counts, ..failed.report.clone() };
        insta::assert_snapshot!(shown(&failed), @"
        # Why it could not be done
        The server cannot be reached.
        # The run
        4 requests, 1.5 kB received, 20 B sent, 0.4 seconds
        ");
        insta::assert_snapshot!(shown(&Whole { report: idle, ..failed }), @"
        # The run
        Nothing had to be written.
        4 requests, 1.5 kB received, 20 B sent, 0.4 seconds
        ");
    }
}
