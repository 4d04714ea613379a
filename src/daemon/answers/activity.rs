//! How much there is, what changed lately, and what waits for a yes.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tr::tr;

use super::told;
use crate::daemon::protocol::activity::{Activity, Day, HeldItem, Items, Waiting};
use crate::home::Home;
use crate::profile;
use crate::report::wording::summary;
use crate::report::{Counts, Held, HeldItems};
use crate::state::State;
use crate::stored;
use crate::sync::Side;

/// How many days are told of.
const DAYS: i64 = 30;
/// How many deletions that wait are told of on each side.
const WAITING: usize = 1_000;

/// How many items each profile has, and what was changed when, in all profiles that there are or were.
pub fn activity(home: &Home, now: Timestamp, zone: &TimeZone) -> Result<Activity, String> {
    let from = now.checked_sub(((DAYS + 1) * 24).hours()).unwrap_or(Timestamp::MIN);
    let mut profiles = Vec::new();
    let mut changes = Vec::new();
    for name in stored::all(home).map_err(told)? {
        // What is wrong with a state is told by the next run.
        let Ok(Some(state)) = State::peek(&home.state_file(&name)) else { continue };
        changes.extend(state.changes_since(from).unwrap_or_default());
        if let (Ok(items), Ok(_)) = (state.number_of_items(), profile::existing(home, name.as_str())) {
            profiles.push(Items { profile: name.to_string(), items });
        }
    }
    Ok(Activity { profiles, days: per_day(&changes, now, zone) })
}

/// What was changed on each of the last days; today is the last one.
fn per_day(changes: &[(Timestamp, Counts)], now: Timestamp, zone: &TimeZone) -> Vec<Day> {
    let today = now.to_zoned(zone.clone()).date();
    let first = today.saturating_sub((DAYS - 1).days());
    let mut days: Vec<Day> = first
        .series(1.day())
        .take_while(|date| *date <= today)
        .map(|date| Day { date, changes: Counts::default() })
        .collect();
    for (at, counts) in changes {
        let date = at.to_zoned(zone.clone()).date();
        if let Some(day) = days.iter_mut().find(|day| day.date == date) {
            day.changes = day.changes + *counts;
        }
    }
    days
}

/// The deletions that wait for the person's yes, if they still are those that were told.
pub fn held(home: &Home, waiting: &Waiting) -> Result<Vec<HeldItem>, String> {
    let changed = || tr!("what waits for your yes has changed meanwhile: synchronize the profile to see it");
    let name = profile::existing(home, &waiting.profile).map_err(told)?;
    let state = stored::peek(home, &name).map_err(told)?.ok_or_else(changed)?;
    let held = state.held().map_err(told)?;
    if Held::of(&held) != waiting.held {
        return Err(changed());
    }
    Ok(Side::BOTH.into_iter().flat_map(|side| first_on(side, &held)).collect())
}

/// The first of what waits on a side, by its title.
fn first_on(side: Side, held: &HeldItems) -> Vec<HeldItem> {
    let titled = held[side].iter().map(|(name, title)| {
        // An older version of this program did not keep the titles.
        let title = if title.is_empty() { name.as_str() } else { title };
        HeldItem { side, summary: summary(title) }
    });
    let mut items: Vec<HeldItem> = titled.collect();
    items.sort_by(|one, other| one.summary.cmp(&other.summary));
    items.truncate(WAITING);
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::Href;

    #[test]
    fn of_many_deletions_the_first_on_each_side_are_told() {
        let many = (0..WAITING + 5).map(|n| (Href::new(format!("{n}.ics")), format!("item {n}")));
        let few = [(Href::new("x.ics"), String::new())];
        let held = HeldItems { local: many.collect(), remote: few.into() };
        let told = Side::BOTH.map(|side| first_on(side, &held));
        assert_eq!((told[0].len(), told[0][1].summary.as_str()), (WAITING, "item 1"));
        assert_eq!((told[1].len(), told[1][0].summary.as_str()), (1, "x.ics"));
    }

    #[test]
    fn changes_are_counted_on_the_day_where_the_person_is() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-26T13:00:00Z".parse().unwrap();
        let changed =
            |at: &str, created, deleted| (at.parse().unwrap(), Counts { created, updated: 0, deleted });
        let changes = [
            // Still the day before there.
            changed("2026-11-25T22:59:00Z", 1, 0),
            changed("2026-11-25T23:01:00Z", 2, 0),
            changed("2026-11-26T12:00:00Z", 3, 4),
            changed("2026-10-28T12:00:00Z", 5, 0),
            changed("2026-10-27T12:00:00Z", 6, 0),
        ];
        let days = per_day(&changes, now, &zone);
        assert_eq!(days.len(), 30);
        assert_eq!(days[0].date.to_string(), "2026-10-28");
        let busy: Vec<_> = days
            .iter()
            .filter(|day| day.changes.total() > 0)
            .map(|day| (day.date.to_string(), day.changes.created, day.changes.deleted))
            .collect();
        let expected = [("2026-10-28", 5, 0), ("2026-11-25", 1, 0), ("2026-11-26", 5, 4)];
        assert_eq!(busy, expected.map(|(date, created, deleted)| (date.to_owned(), created, deleted)));
    }
}
