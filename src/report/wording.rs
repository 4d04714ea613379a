//! The words that reports and other texts for people have in common: numbers, places, times, names on one line.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tr::tr;

use super::{Counts, Operation, Report, RunOutcome};
use crate::language::numbers::tenth;

/// How much of a summary is shown, in characters.
const SUMMARY: usize = 60;

/// How the run went, after the profile's name.
pub(super) fn headline(report: &Report) -> String {
    let idle = report.local.total() + report.remote.total() + report.linked == 0
        && !(report.dry_run && report.problems.iter().any(|problem| problem.parked));
    match (report.outcome, report.dry_run) {
        (RunOutcome::Failed, true) => tr!("this could not be looked at."),
        (RunOutcome::Failed, false) => tr!("the sync could not be done."),
        (RunOutcome::Held, true) => {
            tr!("a look ahead, nothing was changed; it deletes so much that it would ask you first.")
        }
        (RunOutcome::Held, false) if report.failure.is_some() => tr!("nothing was done yet."),
        (RunOutcome::Held, false) => tr!("synced, but the deletions wait for your yes."),
        (_, true) if idle => tr!("a look ahead: there is nothing to do."),
        (_, true) => tr!("a look ahead, nothing was changed."),
        (RunOutcome::Partial, false) if report.problems.iter().all(|problem| problem.parked) => {
            tr!("synced, except for what waits for your decision.")
        }
        (RunOutcome::Partial, false) => tr!("synced, except for some items."),
        (RunOutcome::Ok, false) if idle => tr!("nothing has changed, all in sync."),
        (RunOutcome::Ok, false) => tr!("all in sync."),
    }
}

/// The first sentence of a message, to go on with in another one.
pub fn in_short(message: &str) -> String {
    let clean = line(message);
    let first = clean.split_once(". ").map_or(clean.as_str(), |(first, _)| first);
    let mut letters = first.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// "in sync except for 2 items; 1 conflict waits for your decision".
pub fn but_for(report: &Report) -> String {
    let failed = match report.problems.iter().filter(|problem| !problem.parked).count() {
        0 => None,
        number => Some(tr!("in sync except for 1 item" | "in sync except for {n} items" % number)),
    };
    let waits = match report.parked {
        0 => None,
        number => Some(waiting(number)),
    };
    [failed, waits].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// "1 conflict waits for your decision".
pub(super) fn waiting(conflicts: u64) -> String {
    tr!("1 conflict waits for your decision" | "{n} conflicts wait for your decision" % conflicts)
}

/// What happened to an item, in a word.
pub(super) fn operation(operation: Operation) -> String {
    match operation {
        Operation::Create => tr!("new"),
        Operation::Update => tr!("changed"),
        Operation::Delete => tr!("deleted"),
    }
}

/// "a, b and c".
pub fn enumerated<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => tr!("{} and {}", rest.join(", "), last),
        _ => words.concat(),
    }
}

/// "2 new, 1 changed, 1 deleted".
pub fn in_words(counts: Counts) -> String {
    let Counts { created, updated, deleted } = counts;
    let parts = [
        (created > 0).then(|| tr!("{n} new" | "{n} new" % created)),
        (updated > 0).then(|| tr!("{n} changed" | "{n} changed" % updated)),
        (deleted > 0).then(|| tr!("{n} deleted" | "{n} deleted" % deleted)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { tr!("nothing") } else { parts.join(", ") }
}

/// "512 B", "1.2 kB", "3.4 MB".
pub fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{} kB", tenth(number as f64 / 1e3)),
        _ => format!("{} MB", tenth(number as f64 / 1e6)),
    }
}

/// What went over the network in a run, and how long it took.
pub fn traffic(report: &Report) -> String {
    let (received, sent) = (bytes(report.bytes_in), bytes(report.bytes_out));
    tr!(
        "1 request, {received} received, {sent} sent, {seconds} seconds"
            | "{n} requests, {received} received, {sent} sent, {seconds} seconds" % report.requests,
        received,
        sent,
        seconds = tenth(report.seconds.max(0.0))
    )
}

/// The day by this machine's clock.
pub fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
}

/// Day and time by this machine's clock.
pub fn moment(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A text from an item or a server on one line: nothing in it can move the cursor, colour the
/// terminal or turn the writing direction.
pub fn line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String =
        text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a person calls an item, short enough for a line. The day at its end, by which they tell those of the same title
/// apart, stays.
pub fn summary(text: &str) -> String {
    let is_day = |end: &&str| end.chars().count() < SUMMARY / 2 && end.contains(|c: char| c.is_ascii_digit());
    match text.rsplit_once(", ").filter(|(_, end)| is_day(end)) {
        Some((title, end)) => {
            let end = line(end);
            format!("{}, {end}", cut(title, SUMMARY - 2 - end.chars().count()))
        }
        None => cut(text, SUMMARY),
    }
}

/// A text on one line, of so many characters at most.
pub fn cut(text: &str, limit: usize) -> String {
    let clean = line(text);
    match clean.char_indices().nth(limit) {
        None => clean,
        Some((cut, _)) => format!("{}…", clean[..cut].trim_end()),
    }
}

/// A whole sentence: with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let clean = line(text);
    let first_word = clean.split(' ').next().unwrap_or_default().trim_end_matches(',');
    let mut letters = clean.chars();
    let mut out = match letters.next() {
        Some(first) if first_word.chars().all(char::is_alphabetic) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => clean,
    };
    if !out.ends_with(['.', '!', '?', '…']) {
        out.push('.');
    }
    out
}

/// A name as it must be typed in a shell.
pub fn shell_word(name: &str) -> String {
    if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{SUMMARY, sentence, summary};

    #[test]
    fn a_long_title_leaves_room_for_the_day() {
        let title = "Meeting 10: quarterly review with a rather long title that goes on";
        let short = summary(&format!("{title}, 1 May 2026"));
        assert!(short.ends_with("…, 1 May 2026") && short.chars().count() <= SUMMARY + 1, "{short}");
        assert_eq!(summary("Dentist, 1 May 2026"), "Dentist, 1 May 2026");
        assert!(summary(title).ends_with('…'));
        assert_eq!(summary("a,  b"), "a, b");
    }

    #[test]
    fn a_sentence_begins_with_a_capital_letter_unless_it_begins_with_a_name() {
        assert_eq!(sentence("it is full"), "It is full.");
        assert_eq!(sentence("jazyk, kterým mluví"), "Jazyk, kterým mluví.");
        assert_eq!(sentence("cal.example.org is gone."), "cal.example.org is gone.");
    }
}
