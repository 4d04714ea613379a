//! The reasons that a report gives.

use std::collections::BTreeSet;

use tr::tr;

use super::invitations::Invitation;
use super::policy::{Action, Change, Conflict, Policy, decide};
use super::{Side, Sides};
use crate::collection::Feature;
use crate::item::merge::{Choice, Winner};
use crate::report::Operation;
use crate::report::wording::{enumerated, shell_word};

/// Where a side is, in a sentence.
pub fn place(side: Side) -> String {
    match side {
        Side::Local => tr!("on this computer"),
        Side::Remote => tr!("on the server"),
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
    let one_way = policy.source().is_some();
    let both = |change: Change| matches!(change, Changed | Deleted | New);
    if changes[side] == Deleted && decide(policy, changes.local, changes.remote) == Action::Delete(from) {
        let why = match side {
            Side::Local => tr!("deleted on this computer; you want it back"),
            Side::Remote => tr!("deleted on the server; you want it back"),
        };
        return (why, changes[from] == Changed && !one_way);
    }
    if both(changes.local) && both(changes.remote) {
        let how = match (changes[from], changes[side], from) {
            (Deleted, _, Side::Local) => tr!("deleted on this computer, but changed on the server"),
            (Deleted, _, Side::Remote) => tr!("deleted on the server, but changed on this computer"),
            (_, Deleted, Side::Local) => tr!("changed on this computer, but deleted on the server"),
            (_, Deleted, Side::Remote) => tr!("changed on the server, but deleted on this computer"),
            (New, New, _) => tr!("different on both sides"),
            _ => tr!("changed on both sides"),
        };
        let winner = match (policy, from) {
            (_, Side::Local) if decided => tr!("you decided for what is on this computer"),
            (_, Side::Remote) if decided => tr!("you decided for what is on the server"),
            (Policy::TwoWay(Conflict::LocalWins), _) => tr!("this computer wins in this profile"),
            (Policy::TwoWay(Conflict::ServerWins), _) => tr!("the server wins in this profile"),
            (Policy::TwoWay(Conflict::Automatic), _) if operation == Operation::Delete => {
                tr!("a deletion wins in this profile")
            }
            (Policy::TwoWay(Conflict::Automatic), Side::Local) => {
                tr!("the version on this computer is newer")
            }
            (Policy::TwoWay(Conflict::Automatic), Side::Remote) => tr!("the version on the server is newer"),
            (Policy::TwoWay(Conflict::Merge | Conflict::Ask), _)
                if changes[side] == Deleted || changes[from] == Deleted =>
            {
                tr!("a change wins over a deletion")
            }
            (Policy::TwoWay(Conflict::Merge | Conflict::Ask), Side::Local) => {
                tr!("they cannot be put together, and the version on this computer is newer")
            }
            (Policy::TwoWay(Conflict::Merge | Conflict::Ask), Side::Remote) => {
                tr!("they cannot be put together, and the version on the server is newer")
            }
            _ => keeps(from),
        };
        return (format!("{how}; {winner}"), !one_way);
    }
    if both(changes[from]) {
        return (done(changes[from], from), false);
    }
    let what = match (changes[from], side) {
        (Change::Absent, Side::Local) => tr!("only on this computer"),
        (Change::Absent, Side::Remote) => tr!("only on the server"),
        _ => done(changes[side], side),
    };
    (format!("{what}; {}", keeps(from)), false)
}

/// What was done to an item on this side.
fn done(change: Change, side: Side) -> String {
    match (change, side) {
        (Change::New, Side::Local) => tr!("new on this computer"),
        (Change::New, Side::Remote) => tr!("new on the server"),
        (Change::Deleted, Side::Local) => tr!("deleted on this computer"),
        (Change::Deleted, Side::Remote) => tr!("deleted on the server"),
        (_, Side::Local) => tr!("changed on this computer"),
        (_, Side::Remote) => tr!("changed on the server"),
    }
}

fn keeps(source: Side) -> String {
    match source {
        Side::Local => tr!("this profile keeps it as it is on this computer"),
        Side::Remote => tr!("this profile keeps it as it is on the server"),
    }
}

/// Why an item is left as it is on both sides until the person has decided: what happened is the first sentence.
pub(super) fn parked(changes: Sides<Change>) -> String {
    let what = match (changes.local, changes.remote) {
        (Change::Deleted, _) => tr!("It was deleted on this computer, but changed on the server"),
        (_, Change::Deleted) => tr!("It was changed on this computer, but deleted on the server"),
        (Change::New, _) => tr!("It is on both sides, but different"),
        _ => tr!("It was changed on both sides"),
    };
    format!("{what}. {}", tr!("Both sides are left as they are until you decide."))
}

/// Why an item is now what both sides had made of it.
pub(super) fn put_together() -> String {
    tr!("changed on both sides and put together")
}

/// The same, with what comes from where.
pub(super) fn merged(newer: Side, all: &[Choice]) -> String {
    match choices(newer, all) {
        text if text.is_empty() => put_together(),
        text => format!("{}: {text}", put_together()),
    }
}

/// More properties than these are only counted.
const MOST_CHOICES: usize = 8;

/// What of a merged item comes from where.
pub fn choices(newer: Side, all: &[Choice]) -> String {
    let of = |choice: &Choice| match &choice.occurrence {
        Some(occurrence) => tr!("{} of {}", choice.what, occurrence),
        None => choice.what.clone(),
    };
    let from = |from: Winner, side: Side| {
        let mut names: Vec<String> = all.iter().filter(|choice| choice.from == from).map(of).collect();
        names.dedup();
        let more = names.len().saturating_sub(MOST_CHOICES);
        names.truncate(MOST_CHOICES);
        if more > 0 {
            names.push(and_more(more));
        }
        let names = enumerated(names.iter().map(String::as_str));
        (!names.is_empty()).then(|| comes_from(&names, side))
    };
    let both = all.iter().filter(|choice| choice.from == Winner::BothChangedNewerWon);
    let both = both.take(MOST_CHOICES).map(|choice| {
        let there = |value: &Option<String>, side: Side| match (value, side) {
            (Some(value), side) => comes_from(&format!("{value:?}"), side),
            (None, Side::Local) => tr!("removed on this computer"),
            (None, Side::Remote) => tr!("removed on the server"),
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

fn comes_from(what: &str, side: Side) -> String {
    match side {
        Side::Local => tr!("{} from this computer", what),
        Side::Remote => tr!("{} from the server", what),
    }
}

/// The last of a list.
fn and_more(number: usize) -> String {
    tr!("{n} more" | "{n} more" % number)
}

/// What a report says of the name and the colour of the two collections.
pub(super) fn look_changed(side: Side, feature: &Feature) -> String {
    match (side, feature) {
        (Side::Local, Feature::Name(name)) => {
            tr!("the folder on this computer now has the name {}, as on the server", format_args!("{name:?}"))
        }
        (Side::Local, Feature::Color(color)) => {
            tr!("the folder on this computer now has the colour {}, as on the server", color)
        }
        (Side::Remote, Feature::Name(name)) => tr!(
            "the collection on the server now has the name {}, as on this computer",
            format_args!("{name:?}")
        ),
        (Side::Remote, Feature::Color(color)) => {
            tr!("the collection on the server now has the colour {}, as on this computer", color)
        }
    }
}

pub(super) fn look_would_change(side: Side, feature: &Feature) -> String {
    match (side, feature) {
        (Side::Local, Feature::Name(name)) => tr!(
            "the folder on this computer would get the name {}, as on the server",
            format_args!("{name:?}")
        ),
        (Side::Local, Feature::Color(color)) => {
            tr!("the folder on this computer would get the colour {}, as on the server", color)
        }
        (Side::Remote, Feature::Name(name)) => tr!(
            "the collection on the server would get the name {}, as on this computer",
            format_args!("{name:?}")
        ),
        (Side::Remote, Feature::Color(color)) => {
            tr!("the collection on the server would get the colour {}, as on this computer", color)
        }
    }
}

pub(super) fn look_refused(side: Side, feature: &Feature, why: &str) -> String {
    match (side, feature) {
        (Side::Local, Feature::Name(name)) => tr!(
            "the folder on this computer could not be given the name {}: {why}",
            format_args!("{name:?}"),
            why
        ),
        (Side::Local, Feature::Color(color)) => {
            tr!("the folder on this computer could not be given the colour {}: {why}", color, why)
        }
        (Side::Remote, Feature::Name(name)) => tr!(
            "the collection on the server could not be given the name {}: {why}",
            format_args!("{name:?}"),
            why
        ),
        (Side::Remote, Feature::Color(color)) => {
            tr!("the collection on the server could not be given the colour {}: {why}", color, why)
        }
    }
}

pub(super) fn look_unread(why: &str) -> String {
    tr!("name and colour could not be kept the same: {why}", why)
}

/// What a first look ahead says of the profile's way to settle conflicts.
pub(super) fn recommend_merge(profile: &str, conflict: Conflict) -> String {
    let now = match conflict {
        Conflict::Automatic => {
            tr!("Where both sides change the same item, the version that was changed last is taken.")
        }
        Conflict::LocalWins => {
            tr!("Where both sides change the same item, the version on this computer is taken.")
        }
        Conflict::ServerWins => {
            tr!("Where both sides change the same item, the version on the server is taken.")
        }
        Conflict::Ask => tr!("Where both sides change the same item, you are asked."),
        Conflict::Merge => tr!("Where both sides change the same item, both changes are kept."),
    };
    let advice = tr!(
        "We recommend to keep both changes instead (pimbridge profile set {} conflict merge)",
        shell_word(profile)
    );
    format!("{now} {advice}")
}

/// How many meetings are named.
const NAMED: usize = 5;

/// Whom the server writes to when meetings are stored there that the person organises.
pub(super) fn invitations(profile: &str, all: &[Invitation], dry_run: bool) -> String {
    let guests: BTreeSet<&String> = all.iter().flat_map(|one| &one.meeting.guests).collect();
    let (meetings, people) = (all.len(), guests.len());
    let more = and_more(meetings.saturating_sub(NAMED));
    let named = all.iter().take(NAMED).map(|one| one.summary.as_str());
    let named = enumerated(named.chain((meetings > NAMED).then_some(more.as_str())));
    let option = format!("pimbridge profile set {} remote.schedule_agent client", shell_word(profile));
    let (stored, mail, way) = match dry_run {
        true => (
            tr!("1 meeting that you organise would be new on the server, and it sends invitations by itself"
                | "{n} meetings that you organise would be new on the server, and it sends invitations by itself"
                    % meetings),
            tr!("1 person may get mail ({named})" | "{n} people may get mail ({named})" % people, named),
            tr!("To keep it from doing so, before you sync: {option}", option),
        ),
        false => (
            tr!("1 meeting that you organise is new on the server, and it sends invitations by itself"
                | "{n} meetings that you organise are new on the server, and it sends invitations by itself"
                    % meetings),
            tr!(
                "1 person may have got mail ({named})" | "{n} people may have got mail ({named})" % people,
                named
            ),
            tr!("To keep it from doing so in future: {option}", option),
        ),
    };
    format!("{stored}: {mail}. {way}")
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
