//! The reasons that a report gives.

use super::policy::{Change, Conflict, Policy};
use super::{Side, Sides};
use crate::item::merge::{Choice, From};
use crate::report::Operation;
use crate::report::text::enumerated;
use crate::report::text::shell_word;

/// Where a side is, in a sentence.
pub fn place(side: Side) -> &'static str {
    match side {
        Side::Local => "on this computer",
        Side::Remote => "on the server",
    }
}

fn whose(side: Side) -> &'static str {
    match side {
        Side::Local => "this computer",
        Side::Remote => "the server",
    }
}

/// Why an item was written to or deleted on `side`, and whether both sides had changed it.
pub(super) fn why(
    policy: Policy,
    changes: Sides<Change>,
    side: Side,
    operation: Operation,
) -> (String, bool) {
    use Change::{Changed, Deleted, New};
    let from = side.other();
    let (there, here) = (place(side), place(from));
    let verb = |change: Change| match change {
        New => "new",
        Deleted => "deleted",
        _ => "changed",
    };
    let one_way = policy.source().is_some();
    let both = |change: Change| matches!(change, Changed | Deleted | New);
    if both(changes.local) && both(changes.remote) {
        let how = match (changes[from], changes[side]) {
            (Deleted, _) => format!("deleted {here}, but changed {there}"),
            (_, Deleted) => format!("changed {here}, but deleted {there}"),
            (New, New) => "different on both sides".to_owned(),
            _ => "changed on both sides".to_owned(),
        };
        let winner = match policy {
            Policy::TwoWay(Conflict::LocalWins) => "this computer wins in this profile".to_owned(),
            Policy::TwoWay(Conflict::ServerWins) => "the server wins in this profile".to_owned(),
            Policy::TwoWay(Conflict::Automatic) if operation == Operation::Delete => {
                "a deletion wins in this profile".to_owned()
            }
            Policy::TwoWay(Conflict::Automatic) => format!("the version {here} is newer"),
            Policy::TwoWay(Conflict::Merge | Conflict::Ask) => "a change wins over a deletion".to_owned(),
            _ => format!("this profile keeps it as it is {here}"),
        };
        return (format!("{how}; {winner}"), !one_way);
    }
    if matches!(changes[from], Changed | New | Deleted) {
        return (format!("{} {here}", verb(changes[from])), false);
    }
    let only = changes[from] == Change::Absent;
    let what = if only { format!("only {there}") } else { format!("{} {there}", verb(changes[side])) };
    (format!("{what}; this profile keeps it as it is {here}"), false)
}

/// Why an item is left as it is on both sides until the person has decided.
pub(super) fn parked(changes: Sides<Change>) -> String {
    let what = match (changes.local, changes.remote) {
        (Change::Deleted, _) => "It was deleted on this computer, but changed on the server",
        (_, Change::Deleted) => "It was changed on this computer, but deleted on the server",
        (Change::New, _) => "It is on both sides, but different",
        _ => "It was changed on both sides",
    };
    format!("{what}. Both sides are left as they are until you decide.")
}

/// Why an item is now what both sides had made of it.
pub(super) fn merged(newer: Side, all: &[Choice]) -> String {
    match choices(newer, all) {
        text if text.is_empty() => "changed on both sides and put together".to_owned(),
        text => format!("changed on both sides and put together: {text}"),
    }
}

/// More properties than these are only counted.
const MOST_CHOICES: usize = 8;

/// What of a merged item comes from where.
pub fn choices(newer: Side, all: &[Choice]) -> String {
    let of = |choice: &Choice| match &choice.occurrence {
        Some(occurrence) => format!("{} of {occurrence}", choice.what),
        None => choice.what.clone(),
    };
    let from = |from: From, side: Side| {
        let mut names: Vec<String> = all.iter().filter(|choice| choice.from == from).map(of).collect();
        names.dedup();
        let more = names.len().saturating_sub(MOST_CHOICES);
        names.truncate(MOST_CHOICES);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let names = enumerated(names.iter().map(String::as_str));
        (!names.is_empty()).then(|| format!("{names} from {}", whose(side)))
    };
    let both = all.iter().filter(|choice| choice.from == From::BothChangedNewerWon);
    let both = both.take(MOST_CHOICES).map(|choice| {
        let there = |value: &Option<String>, side: Side| match value {
            Some(value) => format!("{value:?} from {}", whose(side)),
            None => format!("removed {}", place(side)),
        };
        format!(
            "{} changed on both sides: {}, which is newer, instead of {}",
            of(choice),
            there(&choice.newer, newer),
            there(&choice.older, newer.other())
        )
    });
    let parts: Vec<String> = [from(From::Newer, newer), from(From::Older, newer.other())]
        .into_iter()
        .flatten()
        .chain(both)
        .collect();
    parts.join("; ")
}

/// What a first look ahead says of the profile's way to settle conflicts.
pub(super) fn recommend_merge(profile: &str, conflict: Conflict) -> String {
    let now = match conflict {
        Conflict::Automatic => "the version that was changed last is taken",
        Conflict::LocalWins => "the version on this computer is taken",
        Conflict::ServerWins => "the version on the server is taken",
        Conflict::Ask => "you are asked",
        Conflict::Merge => "both changes are kept",
    };
    format!(
        "Where both sides change the same item, {now}. We recommend to keep both changes instead (pimbridge profile \
         set {} conflict merge)",
        shell_word(profile)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(what: &str, from: From) -> Choice {
        Choice { property: what.into(), what: what.into(), occurrence: None, from, newer: None, older: None }
    }

    #[test]
    fn what_of_a_merged_item_comes_from_where() {
        let both = |newer: Option<&str>, older: Option<&str>| Choice {
            newer: newer.map(str::to_owned),
            older: older.map(str::to_owned),
            ..choice("place", From::BothChangedNewerWon)
        };
        let all = [
            choice("title", From::Newer),
            choice("reminder", From::Newer),
            Choice { occurrence: Some("3 May 2026".into()), ..choice("start", From::Older) },
            both(Some("Room 7"), Some("Room 8")),
            both(None, Some("Room 8")),
        ];
        insta::assert_snapshot!(merged(Side::Local, &all), @r#"changed on both sides and put together: title and reminder from this computer; start of 3 May 2026 from the server; place changed on both sides: "Room 7" from this computer, which is newer, instead of "Room 8" from the server; place changed on both sides: removed on this computer, which is newer, instead of "Room 8" from the server"#);
        insta::assert_snapshot!(merged(Side::Remote, &all[1..2]), @"changed on both sides and put together: reminder from the server");
        insta::assert_snapshot!(merged(Side::Remote, &[]), @"changed on both sides and put together");
        let many: Vec<Choice> = (0..12).map(|n| choice(&format!("x{n}"), From::Older)).collect();
        insta::assert_snapshot!(choices(Side::Local, &many), @"x0, x1, x2, x3, x4, x5, x6, x7 and 4 more from the server");
    }

    #[test]
    fn why_an_item_waits() {
        use Change::{Changed, Deleted, New};
        let all = [(Changed, Changed), (Deleted, Changed), (Changed, Deleted), (New, New)];
        let all = all.map(|(local, remote)| parked(Sides { local, remote }));
        insta::assert_snapshot!(all.join("\n"), @"
        It was changed on both sides. Both sides are left as they are until you decide.
        It was deleted on this computer, but changed on the server. Both sides are left as they are until you decide.
        It was changed on this computer, but deleted on the server. Both sides are left as they are until you decide.
        It is on both sides, but different. Both sides are left as they are until you decide.
        ");
    }

    #[test]
    fn what_is_recommended() {
        let all = [Conflict::Automatic, Conflict::LocalWins, Conflict::ServerWins, Conflict::Ask];
        insta::assert_snapshot!(all.map(|now| recommend_merge("my work", now)).join("\n"), @r#"
        Where both sides change the same item, the version that was changed last is taken. We recommend to keep both changes instead (pimbridge profile set "my work" conflict merge)
        Where both sides change the same item, the version on this computer is taken. We recommend to keep both changes instead (pimbridge profile set "my work" conflict merge)
        Where both sides change the same item, the version on the server is taken. We recommend to keep both changes instead (pimbridge profile set "my work" conflict merge)
        Where both sides change the same item, you are asked. We recommend to keep both changes instead (pimbridge profile set "my work" conflict merge)
        "#);
    }
}
