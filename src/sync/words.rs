//! The reasons that a report gives.

use std::collections::BTreeSet;

use tr::tr;

use super::invitations::Invitation;
use super::policy::{Action, Change, Conflict, Policy, decide};
use super::{Side, Sides};
use crate::collection::Feature;
use crate::item::merge::{Choice, Winner};
use crate::report::Operation;
use crate::report::wording::enumerated;
use crate::report::wording::shell_word;

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
    if changes[side] == Deleted && decide(policy, changes.local, changes.remote) == Action::Delete(from) {
        let is_conflict = changes[from] == Changed && !one_way;
        return (tr!("deleted {there}; you want it back", there), is_conflict);
    }
    if both(changes.local) && both(changes.remote) {
        let how = match (changes[from], changes[side]) {
            (Deleted, _) => tr!("deleted {here}, but changed {there}", here, there),
            (_, Deleted) => tr!("changed {here}, but deleted {there}", here, there),
            (New, New) => tr!("different on both sides"),
            _ => tr!("changed on both sides"),
        };
        let winner = match policy {
            _ if decided => tr!("you decided for what is {here}", here),
            Policy::TwoWay(Conflict::LocalWins) => tr!("this computer wins in this profile"),
            Policy::TwoWay(Conflict::ServerWins) => tr!("the server wins in this profile"),
            Policy::TwoWay(Conflict::Automatic) if operation == Operation::Delete => {
                tr!("a deletion wins in this profile")
            }
            Policy::TwoWay(Conflict::Automatic) => tr!("the version {here} is newer", here),
            Policy::TwoWay(Conflict::Merge | Conflict::Ask)
                if changes[side] == Deleted || changes[from] == Deleted =>
            {
                tr!("a change wins over a deletion")
            }
            Policy::TwoWay(Conflict::Merge | Conflict::Ask) => {
                tr!("they cannot be put together, and the version {here} is newer", here)
            }
            _ => tr!("this profile keeps it as it is {here}", here),
        };
        return (format!("{how}; {winner}"), !one_way);
    }
    if matches!(changes[from], Changed | New | Deleted) {
        return (format!("{} {here}", verb(changes[from])), false);
    }
    let only = changes[from] == Change::Absent;
    let what = if only { format!("only {there}") } else { format!("{} {there}", verb(changes[side])) };
    (tr!("{what}; this profile keeps it as it is {here}", what, here), false)
}

/// Why an item is left as it is on both sides until the person has decided.
pub(super) fn parked(changes: Sides<Change>) -> String {
    let what = match (changes.local, changes.remote) {
        (Change::Deleted, _) => "It was deleted on this computer, but changed on the server",
        (_, Change::Deleted) => "It was changed on this computer, but deleted on the server",
        (Change::New, _) => "It is on both sides, but different",
        _ => "It was changed on both sides",
    };
    tr!("{what}. Both sides are left as they are until you decide.", what)
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
        let names = enumerated(names.iter().map(String::as_str));
        (!names.is_empty()).then(|| format!("{names} from {}", whose(side)))
    };
    let both = all.iter().filter(|choice| choice.from == Winner::BothChangedNewerWon);
    let both = both.take(MOST_CHOICES).map(|choice| {
        let there = |value: &Option<String>, side: Side| match value {
            Some(value) => format!("{value:?} from {}", whose(side)),
            None => format!("removed {}", place(side)),
        };
        tr!(
            "{} changed on both sides: {}, which is newer, instead of {}",
            of(choice),
            there(&choice.newer, newer),
            there(&choice.older, newer.other())
        )
    });
    let parts: Vec<String> = [from(Winner::Newer, newer), from(Winner::Older, newer.other())]
        .into_iter()
        .flatten()
        .chain(both)
        .collect();
    parts.join("; ")
}

/// What a report says of the name and the colour of the two collections.
pub(super) fn look_changed(side: Side, feature: &Feature) -> String {
    tr!("{} now has {feature}, as {}", collection(side), place(side.other()), feature)
}

pub(super) fn look_would_change(side: Side, feature: &Feature) -> String {
    tr!("{} would get {feature}, as {}", collection(side), place(side.other()), feature)
}

pub(super) fn look_refused(side: Side, feature: &Feature, why: &str) -> String {
    tr!("{} could not be given {feature}: {why}", collection(side), feature, why)
}

pub(super) fn look_unread(why: &str) -> String {
    tr!("name and colour could not be kept the same: {why}", why)
}

fn collection(side: Side) -> &'static str {
    match side {
        Side::Local => "the folder on this computer",
        Side::Remote => "the collection on the server",
    }
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
    tr!(
        "Where both sides change the same item, {now}. We recommend to keep both changes instead (pimbridge profile \
         set {} conflict merge)",
        shell_word(profile),
        now
    )
}

/// How many meetings are named.
const NAMED: usize = 5;

/// Whom the server writes to when meetings are stored there that the person organises.
pub(super) fn invitations(profile: &str, all: &[Invitation], dry_run: bool) -> String {
    let guests: BTreeSet<&String> = all.iter().flat_map(|one| &one.meeting.guests).collect();
    let number = |many: usize, one: &str, more: &str| match many {
        1 => format!("1 {one}"),
        many => format!("{many} {more}"),
    };
    let (meetings, people) =
        (number(all.len(), "meeting", "meetings"), number(guests.len(), "person", "people"));
    let more = format!("{} more", all.len().saturating_sub(NAMED));
    let named = all.iter().take(NAMED).map(|one| one.summary.as_str());
    let named = enumerated(named.chain((all.len() > NAMED).then_some(more.as_str())));
    let option = tr!("pimbridge profile set {} remote.schedule_agent client", shell_word(profile));
    match dry_run {
        true => tr!(
            "{meetings} that you organise would be new on the server, and it sends invitations by itself: \
             {people} may get mail ({named}). To keep it from doing so, before you sync: {option}",
            meetings,
            people,
            named,
            option
        ),
        false => tr!(
            "{meetings} that you organise {} new on the server, and it sends invitations by itself: {people} may have \
             got mail ({named}). To keep it from doing so in future: {option}",
            if all.len() == 1 { "is" } else { "are" },
            meetings,
            people,
            named,
            option
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::merge::merge;

    fn event(lines: &str) -> String {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:x\n{lines}END:VEVENT\nEND:VCALENDAR\n")
    }

    fn of_merged(base: &str, newer: &str, older: &str) -> Vec<Choice> {
        let [base, newer, older] = [base, newer, older].map(event);
        let now = jiff::Timestamp::UNIX_EPOCH;
        merge(Some(base.as_bytes()), newer.as_bytes(), older.as_bytes(), now).unwrap().choices
    }

    #[test]
    fn what_of_a_merged_item_comes_from_where() {
        let base = "SUMMARY:Dentist\nLOCATION:Room 6\n";
        let both = of_merged(
            base,
            "SUMMARY:Dentist at nine\nLOCATION:Room 7\nPRIORITY:1\n",
            "SUMMARY:Dentist\nLOCATION:Room 8\nDESCRIPTION:Bring the card\n",
        );
        insta::assert_snapshot!(merged(Side::Local, &both), @r#"changed on both sides and put together: title and priority from this computer; notes from the server; place changed on both sides: "Room 7" from this computer, which is newer, instead of "Room 8" from the server"#);
        let removed = of_merged(base, "SUMMARY:Dentist\n", "SUMMARY:Dentist\nLOCATION:Room 8\n");
        insta::assert_snapshot!(merged(Side::Remote, &removed), @"changed on both sides and put together: place from this computer");
        insta::assert_snapshot!(merged(Side::Remote, &[]), @"changed on both sides and put together");
        let many: String = (0..12).map(|n| format!("X-N{n}:1\n")).collect();
        let long = of_merged(base, &base.replace("Dentist", "Dr. Fang"), &format!("{base}{many}"));
        insta::assert_snapshot!(choices(Side::Local, &long), @"title from this computer; n0, n1, n2, n3, n4, n5, n6, n7 and 4 more from the server");
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

    #[test]
    fn whom_a_server_would_invite() {
        let one = |summary: &str, guests: &[&str]| Invitation {
            summary: summary.to_owned(),
            meeting: crate::item::Meeting {
                organizer: "mailto:me@x".to_owned(),
                guests: guests.iter().map(|guest| (*guest).to_owned()).collect(),
            },
        };
        let many: Vec<_> =
            (1..=7).map(|n| one(&format!("Meeting {n}"), &["mailto:a@x", "mailto:b@x"])).collect();
        insta::assert_snapshot!(
            [
                invitations("work", &[one("Lunch, 12 May 2026", &["mailto:a@x"])], true),
                invitations("my work", &many, true),
                invitations("work", &many[..2], false),
            ]
            .join("\n"),
            @r#"
            1 meeting that you organise would be new on the server, and it sends invitations by itself: 1 person may get mail (Lunch, 12 May 2026). To keep it from doing so, before you sync: pimbridge profile set work remote.schedule_agent client
            7 meetings that you organise would be new on the server, and it sends invitations by itself: 2 people may get mail (Meeting 1, Meeting 2, Meeting 3, Meeting 4, Meeting 5 and 2 more). To keep it from doing so, before you sync: pimbridge profile set "my work" remote.schedule_agent client
            2 meetings that you organise are new on the server, and it sends invitations by itself: 2 people may have got mail (Meeting 1 and Meeting 2). To keep it from doing so in future: pimbridge profile set work remote.schedule_agent client
            "#
        );
    }
}
