//! The reasons that a report gives.

use super::policy::{Change, Conflict, Policy};
use super::{Side, Sides};
use crate::item::merge::{Choice, Winner};
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

/// Why an item was written to or deleted on `side`, and whether both sides had changed it.
pub(super) fn why(
    policy: Policy,
    decided: bool,
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
            _ if decided => format!("you decided for what is {here}"),
            Policy::TwoWay(Conflict::LocalWins) => "this computer wins in this profile".to_owned(),
            Policy::TwoWay(Conflict::ServerWins) => "the server wins in this profile".to_owned(),
            Policy::TwoWay(Conflict::Automatic) if operation == Operation::Delete => {
                "a deletion wins in this profile".to_owned()
            }
            Policy::TwoWay(Conflict::Automatic) => format!("the version {here} is newer"),
            Policy::TwoWay(Conflict::Merge | Conflict::Ask)
                if changes[side] == Deleted || changes[from] == Deleted =>
            {
                "a change wins over a deletion".to_owned()
            }
            Policy::TwoWay(Conflict::Merge | Conflict::Ask) => {
                format!("they cannot be put together, and the version {here} is newer")
            }
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
pub(super) const MERGED: &str = "changed on both sides and put together";

/// The same, with what comes from where.
pub(super) fn merged(newer: Side, all: &[Choice]) -> String {
    match choices(newer, all) {
        text if text.is_empty() => MERGED.to_owned(),
        text => format!("{MERGED}: {text}"),
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
    let from = |from: Winner, side: Side| {
        let mut names: Vec<String> = all.iter().filter(|choice| choice.from == from).map(of).collect();
        names.dedup();
        let more = names.len().saturating_sub(MOST_CHOICES);
        names.truncate(MOST_CHOICES);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let whose = match side {
            Side::Local => "this computer",
            Side::Remote => "the server",
        };
        (!names.is_empty()).then(|| format!("{} from {whose}", enumerated(names.iter().map(String::as_str))))
    };
    let both = all.iter().filter(|choice| choice.from == Winner::BothChangedNewerWon);
    let both = both.take(MOST_CHOICES).map(|choice| {
        let value = |value: &Option<String>| match value {
            Some(value) => format!("{value:?}"),
            None => "nothing".to_owned(),
        };
        format!(
            "{} was changed on both: {} {}, which is newer, and not {} {}",
            of(choice),
            value(&choice.newer),
            place(newer),
            value(&choice.older),
            place(newer.other())
        )
    });
    let parts: Vec<String> = [from(Winner::Newer, newer), from(Winner::Older, newer.other())]
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
        "Where both sides change the same item, {now}. Recommended is to keep both changes: pimbridge profile set {} \
         conflict merge",
        shell_word(profile)
    )
}
