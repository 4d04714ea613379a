//! What was changed on each of the last days, as bars and in words.

use pimbridge::daemon::protocol::activity::Day;
use pimbridge::language::dates;
use tr::tr;

use crate::DayBar;

/// The chart's heading, its words for those who do not see it, and its bars, the highest of which is full.
pub fn of(days: &[Day]) -> (String, String, Vec<DayBar>) {
    let most = days.iter().map(|day| day.changes.total()).max().unwrap_or_default().max(1);
    let share = |number: u64| number as f32 / most as f32;
    let bars = days
        .iter()
        .map(|day| DayBar {
            changes: share(day.changes.created + day.changes.updated),
            deletions: share(day.changes.deleted),
        })
        .collect();
    let all: u64 = days.iter().map(|day| day.changes.total()).sum();
    let title = tr!("One change in the last month" | "{n} changes in the last month" % all);
    let words: Vec<String> = days.iter().filter(|day| day.changes.total() > 0).map(words).collect();
    let words = if words.is_empty() { tr!("No changes in the last month") } else { words.join("; ") };
    (title, words, bars)
}

fn words(day: &Day) -> String {
    let Day { date, changes } = day;
    tr!(
        "{}: {} new, {} changed, {} deleted",
        dates::day_of_year(*date),
        changes.created,
        changes.updated,
        changes.deleted
    )
}
