//! A report as a person reads it in a terminal.

use std::fmt::{self, Write};

use tr::tr;

use super::wording::{
    bytes, day, headline, in_short, in_words, line, operation, sentence, shell_word, summary, waiting,
};
use super::{Operation, Problem, Report, Touched};
use crate::language::numbers::tenth;
use crate::sync::Side;
use crate::sync::words::place;

/// How many items are listed where not all of them are asked for.
pub const LISTED: usize = 20;

/// What to show of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Every item touched, not only the first ones.
    pub all: bool,
}

/// The report, ending in a line break.
pub fn text(report: &Report, touched: &[Touched], options: Options) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, report, touched, options);
    out
}

fn write_all(out: &mut String, report: &Report, touched: &[Touched], options: Options) -> fmt::Result {
    writeln!(out, "{}: {}", line(&report.profile), headline(report))?;
    if let Some(failure) = &report.failure {
        writeln!(out, "  {}", sentence(failure))?;
    }
    for (side, counts) in [(Side::Remote, report.remote), (Side::Local, report.local)] {
        if counts.total() > 0 {
            let what = in_words(counts);
            let done = match (side, report.dry_run) {
                (Side::Remote, false) => tr!("On the server: {}.", what),
                (Side::Remote, true) => tr!("On the server there would be: {}.", what),
                (Side::Local, false) => tr!("On this computer: {}.", what),
                (Side::Local, true) => tr!("On this computer there would be: {}.", what),
            };
            writeln!(out, "  {done}")?;
        }
    }
    if report.linked > 0 {
        let linked = match report.dry_run {
            true => tr!("1 item is the same on both sides and would only be linked."
                | "{n} items are the same on both sides and would only be linked." % report.linked),
            false => tr!("1 item is the same on both sides and only had to be linked."
                | "{n} items are the same on both sides and only had to be linked." % report.linked),
        };
        writeln!(out, "  {linked}")?;
    }
    conflicts(out, report, touched, options)?;
    changes(out, report, touched, options)?;
    problems(out, report)?;
    held(out, report)?;
    parked(out, report, options)?;
    if !report.notices.is_empty() {
        writeln!(out)?;
    }
    for notice in &report.notices {
        writeln!(out, "  {}", tr!("Note: {}", sentence(notice)))?;
    }
    if report.failure.is_some() && report.requests == 0 {
        return Ok(());
    }
    let (received, sent) = (bytes(report.bytes_in), bytes(report.bytes_out));
    let seconds = tenth(report.seconds.max(0.0));
    let traffic = tr!(
        "1 request, {received} received, {sent} sent, {seconds} s"
            | "{n} requests, {received} received, {sent} sent, {seconds} s" % report.requests,
        received,
        sent,
        seconds
    );
    writeln!(out, "  ({traffic})")
}

fn conflicts(out: &mut String, report: &Report, touched: &[Touched], options: Options) -> fmt::Result {
    if report.conflicts == 0 {
        return Ok(());
    }
    let heading =
        tr!("1 conflict (both sides had changed the item; what was replaced is kept in the history):"
            | "{n} conflicts (both sides had changed the item; what was replaced is kept in the history):"
                % report.conflicts);
    writeln!(out, "\n  {heading}")?;
    let conflicts = touched.iter().filter(|item| item.conflict);
    list(out, conflicts, report.conflicts, options, |out, item| {
        writeln!(out, "    {}: {}", summary(&item.summary), line(&item.why))
    })
}

fn changes(out: &mut String, report: &Report, touched: &[Touched], options: Options) -> fmt::Result {
    let plain = || touched.iter().filter(|item| !item.conflict);
    if plain().next().is_none() {
        return Ok(());
    }
    let heading = if report.dry_run { tr!("What would change:") } else { tr!("What changed:") };
    writeln!(out, "\n  {heading}")?;
    let done = widest([Operation::Create, Operation::Update, Operation::Delete].map(operation));
    let there = widest(Side::BOTH.map(place));
    let total = report.local.total() + report.remote.total() - report.conflicts;
    list(out, plain(), total, options, |out, item| {
        let (operation, place) = (operation(item.operation), place(item.side));
        let (called, why) = (summary(&item.summary), line(&item.why));
        writeln!(out, "    {operation:<done$} {place:<there$}  {called} ({why})")
    })
}

/// How wide a column is that has these words in it.
fn widest<const N: usize>(words: [String; N]) -> usize {
    words.iter().map(|word| word.chars().count()).max().unwrap_or_default()
}

fn list<'a>(
    out: &mut String,
    items: impl Iterator<Item = &'a Touched>,
    total: u64,
    options: Options,
    mut write: impl FnMut(&mut String, &Touched) -> fmt::Result,
) -> fmt::Result {
    let limit = if options.all { usize::MAX } else { LISTED };
    let mut listed = 0;
    for item in items.take(limit) {
        write(out, item)?;
        listed += 1;
    }
    match total.saturating_sub(listed) {
        0 => Ok(()),
        more => writeln!(out, "    {}", and_more(more)),
    }
}

fn and_more(number: u64) -> String {
    tr!("… and {n} more" | "… and {n} more" % number)
}

fn problems(out: &mut String, report: &Report) -> fmt::Result {
    let failed = || report.problems.iter().filter(|problem| !problem.parked);
    let number = failed().count() as u64;
    if number == 0 {
        return Ok(());
    }
    let heading = tr!("1 item could not be synced (everything else was, and none of these is lost):"
        | "{n} items could not be synced (everything else was, and none of these is lost):" % number);
    writeln!(out, "\n  {heading}")?;
    for Problem { item, summary: called, side, message, since, .. } in failed() {
        let called = if called.trim().is_empty() { item } else { called };
        // The name of a file is what the person must know to mend it.
        let place = match side {
            Side::Local if called != item => tr!("{} on this computer", line(item)),
            side => place(*side),
        };
        writeln!(out, "    {} ({place}): {}", summary(called), sentence(message))?;
        if let Some(since) = since {
            let since =
                tr!("Set aside since {}; it is tried again when it changes, and now and then.", day(*since));
            writeln!(out, "      {since}")?;
        }
    }
    Ok(())
}

fn held(out: &mut String, report: &Report) -> fmt::Result {
    for (side, number) in [(Side::Remote, report.held.remote), (Side::Local, report.held.local)] {
        if number > 0 {
            let held = match (side, report.dry_run) {
                (Side::Remote, false) => {
                    tr!("1 deletion on the server held back, because that is unusually many."
                        | "{n} deletions on the server held back, because that is unusually many." % number)
                }
                (Side::Remote, true) => {
                    tr!("1 deletion on the server would be held back, because that is unusually many."
                        | "{n} deletions on the server would be held back, because that is unusually many."
                            % number)
                }
                (Side::Local, false) => {
                    tr!("1 deletion on this computer held back, because that is unusually many."
                        | "{n} deletions on this computer held back, because that is unusually many."
                            % number)
                }
                (Side::Local, true) => {
                    tr!("1 deletion on this computer would be held back, because that is unusually many."
                        | "{n} deletions on this computer would be held back, because that is unusually many."
                            % number)
                }
            };
            writeln!(out, "\n  {held}")?;
        }
    }
    if report.held.remote + report.held.local > 0 {
        let word = shell_word(&report.profile);
        let yes =
            tr!("If you want them deleted, say yes with: pimbridge sync {word} --allow-deletions", word);
        let no = tr!(
            "If you did not delete them, find out first where they went on the other side; to bring them back there: \
             pimbridge sync {word} --undo-deletions",
            word
        );
        writeln!(out, "  {yes}\n  {no}")?;
    }
    Ok(())
}

/// Conflicts that wait are told one by one when they are new, and are only counted afterwards.
fn parked(out: &mut String, report: &Report, options: Options) -> fmt::Result {
    let told: Vec<&Problem> = report.problems.iter().filter(|problem| problem.parked).collect();
    let number = report.parked.max(told.len() as u64);
    if number == 0 {
        return Ok(());
    }
    let (word, wait) = (
        shell_word(&report.profile),
        match report.dry_run {
            true => tr!("1 conflict would wait for your decision"
                | "{n} conflicts would wait for your decision" % number),
            false => waiting(number),
        },
    );
    if told.is_empty() {
        return writeln!(out, "\n  {wait}. {}", tr!("To see which: pimbridge conflict list {}", word));
    }
    writeln!(out, "\n  {wait} ({}):", tr!("both sides stay as they are until then"))?;
    let limit = if options.all { usize::MAX } else { LISTED };
    let listed = told.iter().take(limit);
    let more = number - listed.len() as u64;
    for problem in listed {
        writeln!(out, "    {}: {}", summary(&problem.summary), in_short(&problem.message))?;
    }
    if more > 0 {
        writeln!(out, "    {}", and_more(more))?;
    }
    if report.dry_run {
        return Ok(());
    }
    writeln!(out, "  {}", tr!("To decide: pimbridge conflict list {}", word))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{report, touched};
    use super::super::{Counts, Held, RunOutcome};
    use super::*;

    fn show(report: &Report, touched: &[Touched]) -> String {
        text(report, touched, Options::default())
    }

    #[test]
    fn nothing_changed() {
        insta::assert_snapshot!(show(&report(), &[]), @"
        work: nothing has changed, all in sync.
          (1 request, 320 B received, 0 B sent, 0.4 s)
        ");
    }

    #[test]
    fn a_busy_run() {
        let mut report = report();
        report.remote = Counts { created: 1, updated: 0, deleted: 1 };
        report.local = Counts { created: 0, updated: 2, deleted: 0 };
        (report.conflicts, report.linked) = (1, 30);
        (report.requests, report.bytes_in, report.bytes_out) = (14, 12_345, 4_100_000);
        report.notices = vec!["two contacts called Jo Doe are alike; both are kept".into()];
        let mut items = vec![
            touched(Side::Remote, Operation::Create, "Dentist (12 March)", "new on this computer"),
            touched(Side::Remote, Operation::Delete, "Old\u{1b}[31m thing\n", "deleted on this computer"),
            touched(Side::Local, Operation::Update, &"very ".repeat(20), "changed on the server"),
            touched(
                Side::Local,
                Operation::Update,
                "Team",
                "changed on both sides, the server's version is newer",
            ),
        ];
        items[3].conflict = true;
        insta::assert_snapshot!(show(&report, &items), @"
        work: all in sync.
          On the server: 1 new, 1 deleted.
          On this computer: 2 changed.
          30 items are the same on both sides and only had to be linked.

          1 conflict (both sides had changed the item; what was replaced is kept in the history):
            Team: changed on both sides, the server's version is newer

          What changed:
            new     on the server     Dentist (12 March) (new on this computer)
            deleted on the server     Old [31m thing (deleted on this computer)
            changed on this computer  very very very very very very very very very very very very… (changed on the server)

          Note: Two contacts called Jo Doe are alike; both are kept.
          (14 requests, 12.3 kB received, 4.1 MB sent, 0.4 s)
        ");
    }

    #[test]
    fn only_the_first_items_are_listed() {
        let items: Vec<_> = (0..25)
            .map(|n| touched(Side::Local, Operation::Create, &format!("Item {n}"), "new on the server"))
            .collect();
        let mut report = report();
        report.local.created = 25;
        let short = show(&report, &items);
        assert!(
            short.contains("Item 19") && !short.contains("Item 20") && short.contains("… and 5 more"),
            "{short}"
        );
        let long = text(&report, &items, Options { all: true });
        assert!(long.contains("Item 24") && !long.contains("more"), "{long}");
    }

    #[test]
    fn problems_and_held_deletions() {
        let mut report = report();
        report.profile = "my work".into();
        report.outcome = RunOutcome::Held;
        report.held = Held { local: 0, remote: 40, ..Held::default() };
        report.problems = vec![
            Problem {
                item: "a.ics".into(),
                summary: "Party".into(),
                side: Side::Remote,
                message: "the server refuses it: \"too large\"; make it smaller".into(),
                since: None,
                parked: false,
            },
            Problem {
                item: "broken.ics".into(),
                summary: String::new(),
                side: Side::Local,
                message: "BEGIN:VEVENT is begun but never ended".into(),
                since: Some("2026-11-20T12:00:00Z".parse().unwrap()),
                parked: false,
            },
            Problem {
                item: "büro.ics".into(),
                summary: "Büro".into(),
                side: Side::Local,
                message: "it is not valid UTF-8 text".into(),
                since: None,
                parked: false,
            },
        ];
        insta::assert_snapshot!(show(&report, &[]), @r#"
        my work: synced, but the deletions wait for your yes.

          3 items could not be synced (everything else was, and none of these is lost):
            Party (on the server): The server refuses it: "too large"; make it smaller.
            broken.ics (on this computer): BEGIN:VEVENT is begun but never ended.
              Set aside since 2026-11-20; it is tried again when it changes, and now and then.
            Büro (büro.ics on this computer): It is not valid UTF-8 text.

          40 deletions on the server held back, because that is unusually many.
          If you want them deleted, say yes with: pimbridge sync "my work" --allow-deletions
          If you did not delete them, find out first where they went on the other side; to bring them back there: pimbridge sync "my work" --undo-deletions
          (1 request, 320 B received, 0 B sent, 0.4 s)
        "#);
    }

    #[test]
    fn a_failed_run() {
        let mut report = report();
        report.outcome = RunOutcome::Failed;
        report.failure = Some("cloud.example.org cannot be reached; check your network".into());
        insta::assert_snapshot!(show(&report, &[]), @"
        work: the sync could not be done.
          cloud.example.org cannot be reached; check your network.
          (1 request, 320 B received, 0 B sent, 0.4 s)
        ");
    }

    #[test]
    fn a_dry_run() {
        let mut report = report();
        report.dry_run = true;
        assert!(show(&report, &[]).starts_with("work: a look ahead: there is nothing to do."));
        report.remote = Counts { created: 1, updated: 0, deleted: 0 };
        report.linked = 1;
        report.outcome = RunOutcome::Held;
        report.held = Held { local: 0, remote: 12, ..Held::default() };
        let items = [touched(Side::Remote, Operation::Create, "Dentist", "new on this computer")];
        insta::assert_snapshot!(show(&report, &items), @"
        work: a look ahead, nothing was changed; it deletes so much that it would ask you first.
          On the server there would be: 1 new.
          1 item is the same on both sides and would only be linked.

          What would change:
            new     on the server     Dentist (new on this computer)

          12 deletions on the server would be held back, because that is unusually many.
          If you want them deleted, say yes with: pimbridge sync work --allow-deletions
          If you did not delete them, find out first where they went on the other side; to bring them back there: pimbridge sync work --undo-deletions
          (1 request, 320 B received, 0 B sent, 0.4 s)
        ");
    }

    fn parked(summary: &str, message: &str) -> Problem {
        Problem {
            item: "x.ics".into(),
            summary: summary.into(),
            side: Side::Local,
            message: message.into(),
            since: None,
            parked: true,
        }
    }

    #[test]
    fn what_waits_for_a_decision() {
        let mut report = report();
        report.profile = "my work".into();
        report.outcome = RunOutcome::Partial;
        report.parked = 3;
        let kept = "Both sides are left as they are until you decide.";
        report.problems = vec![
            parked("Dentist", &format!("It was changed on both sides. {kept}")),
            parked("Choir", &format!("It was deleted on this computer, but changed on the server. {kept}")),
        ];
        insta::assert_snapshot!(show(&report, &[]), @r#"
        my work: synced, except for what waits for your decision.

          3 conflicts wait for your decision (both sides stay as they are until then):
            Dentist: it was changed on both sides
            Choir: it was deleted on this computer, but changed on the server
            … and 1 more
          To decide: pimbridge conflict list "my work"
          (1 request, 320 B received, 0 B sent, 0.4 s)
        "#);
        report.problems.truncate(1);
        (report.dry_run, report.parked) = (true, 0);
        insta::assert_snapshot!(show(&report, &[]), @"
        my work: a look ahead, nothing was changed.

          1 conflict would wait for your decision (both sides stay as they are until then):
            Dentist: it was changed on both sides
          (1 request, 320 B received, 0 B sent, 0.4 s)
        ");
        report.problems.clear();
        (report.dry_run, report.parked) = (false, 1);
        insta::assert_snapshot!(show(&report, &[]), @r#"
        my work: synced, except for what waits for your decision.

          1 conflict waits for your decision. To see which: pimbridge conflict list "my work"
          (1 request, 320 B received, 0 B sent, 0.4 s)
        "#);
    }

    #[test]
    fn what_waits_is_told_apart_from_what_failed() {
        let mut report = report();
        report.outcome = RunOutcome::Partial;
        report.parked = 1;
        report.problems = vec![
            parked("Dentist", "It was changed on both sides. Both sides are left."),
            parked("Party", "It cannot be read"),
        ];
        report.problems[1].parked = false;
        insta::assert_snapshot!(show(&report, &[]), @"
        work: synced, except for some items.

          1 item could not be synced (everything else was, and none of these is lost):
            Party (x.ics on this computer): It cannot be read.

          1 conflict waits for your decision (both sides stay as they are until then):
            Dentist: it was changed on both sides
          To decide: pimbridge conflict list work
          (1 request, 320 B received, 0 B sent, 0.4 s)
        ");
    }
}
