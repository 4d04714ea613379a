//! `conflict`: items that both sides changed and that wait for the person's decision.

use bytes::Bytes;
use clap::ValueEnum;
use tr::tr;

use super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::item::lines::Lines;
use crate::profile;
use crate::report::RunOutcome;
use crate::report::text;
use crate::report::wording::{cut, day, in_short, shell_word, summary};
use crate::state::Aside;
use crate::sync::conflict::{Decision, DecisionError, View, id};
use crate::sync::session::{SessionError, decide_conflict, view_conflict};
use crate::sync::words::{choices, place};
use crate::sync::{Side, Sides};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the conflicts that wait for your decision
    ///
    /// There are some only in profiles with conflict = "ask". Until you decide, both sides stay as they are.
    List(List),
    /// Show what both sides have, and what putting both together would come to
    Show(One),
    /// Decide a conflict
    ///
    /// What is overwritten or deleted by that is kept; "pimbridge history" brings it back.
    Resolve(Resolve),
}

#[derive(Debug, clap::Args)]
pub struct List {
    /// The profile [default: all]
    profile: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct One {
    /// The profile
    profile: String,
    /// The conflict, as "conflict list" shows it
    conflict: String,
}

#[derive(Debug, clap::Args)]
pub struct Resolve {
    /// The profile
    profile: String,
    /// The conflict, as "conflict list" shows it
    conflict: String,
    /// What both sides are to have
    take: Take,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Take {
    /// What is on this computer; what was deleted here is deleted on the server too
    Local,
    /// What is on the server; what was deleted there is deleted on this computer too
    Remote,
    /// Both versions, as two items; what one side deleted is kept
    Both,
    /// The changes of both, put together; what one side deleted is kept
    Merge,
}

pub async fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::List(args) => list(home, args),
        Command::Show(args) => show(home, args).await,
        Command::Resolve(args) => resolve(home, args).await,
    }
}

fn list(home: &Home, args: List) -> Result<u8, Failure> {
    let mut first = None;
    let waiting = stored::conflicts(home, args.profile.as_deref())?;
    waiting.notes.iter().for_each(|note| out::complain(note));
    for (name, aside) in waiting.found {
        out::say(line(name.as_str(), &aside));
        first.get_or_insert_with(|| format!("{} {}", shell_word(name.as_str()), id(&aside.subject)));
    }
    out::say(match first {
        Some(first) => format!(
            "\n{}",
            tr!("To see one of them, and how to decide it: pimbridge conflict show {first}", first)
        ),
        None => tr!("No conflict waits for a decision."),
    });
    Ok(exit::IN_SYNC)
}

fn line(profile: &str, aside: &Aside) -> String {
    let what = tr!(
        "{item}: {why} (since {day})",
        item = summary(&aside.summary),
        why = in_short(&aside.message),
        day = day(aside.since)
    );
    format!("{}  {}  {what}", shell_word(profile), id(&aside.subject))
}

async fn show(home: &Home, args: One) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    let view = view_conflict(home, &profile, &args.conflict).await.map_err(failure)?;
    out::say(shown(profile.name.as_str(), &args.conflict, &view));
    Ok(exit::IN_SYNC)
}

fn shown(profile: &str, conflict: &str, view: &View) -> String {
    let mut shown = format!("{}: {}\n", summary(&view.aside.summary), view.aside.message);
    for side in Side::BOTH {
        shown.push_str(&match &view.versions[side] {
            Some(bytes) => format!("\n--- {}:\n{}", place(side), readable(bytes)),
            None => format!("\n--- {}: {}\n", place(side), tr!("it is not there any more")),
        });
    }
    if let Some(merged) = &view.merged {
        let choices = match choices(view.newer, &merged.choices) {
            none if none.is_empty() => tr!("all that both have"),
            choices => choices,
        };
        shown.push_str(&format!("\n--- {}\n", tr!("put together: {choices}", choices)));
    }
    shown.push_str(&format!("\n{}", tr!("To decide, one of these:")));
    for (take, what) in ways(&view.versions) {
        let command = format!("pimbridge conflict resolve {} {conflict}", shell_word(profile));
        shown.push_str(&format!("\n  {command} {take:<6}  {what}"));
    }
    shown
}

/// What can be decided, and what it comes to.
fn ways(versions: &Sides<Option<Bytes>>) -> Vec<(&'static str, String)> {
    match (&versions.local, &versions.remote) {
        (None, Some(_)) => {
            vec![
                ("remote", tr!("keep it, and bring it back to this computer")),
                ("local", tr!("delete it on the server too")),
            ]
        }
        (Some(_), None) => {
            vec![
                ("local", tr!("keep it, and bring it back to the server")),
                ("remote", tr!("delete it on this computer too")),
            ]
        }
        _ => vec![
            ("local", tr!("what is on this computer")),
            ("remote", tr!("what is on the server")),
            ("both", tr!("both of them, as two items")),
            ("merge", tr!("the changes of both, put together")),
        ],
    }
}

/// How much of a line of an item is shown, in characters.
const LINE: usize = 200;

/// An item's lines as a person can read them: unfolded, long ones cut, and without the rules of time zones.
fn readable(bytes: &Bytes) -> String {
    let mut in_zone = false;
    let mut readable = String::new();
    for line in Lines::new(bytes).filter_map(Result::ok) {
        let is_zone = line.value().eq_ignore_ascii_case("VTIMEZONE");
        in_zone |= line.is("BEGIN") && is_zone;
        if !in_zone {
            readable.push_str(&cut(line.text(), LINE));
            readable.push('\n');
        }
        in_zone &= !(line.is("END") && is_zone);
    }
    readable
}

async fn resolve(home: &Home, args: Resolve) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    let decision = match args.take {
        Take::Local => Decision::Take(Side::Local),
        Take::Remote => Decision::Take(Side::Remote),
        Take::Both => Decision::Both,
        Take::Merge => Decision::Merge,
    };
    let done = decide_conflict(home, &profile, &args.conflict, decision, None).await.map_err(failure)?;
    let touched = match done.id {
        Some(id) => stored::touched(home, &profile.name, id, text::LISTED)?,
        None => Vec::new(),
    };
    out::say(text::text(&done.report, &touched, text::Options { all: false }));
    Ok(match done.report.outcome {
        // Others may wait still; this one is decided.
        RunOutcome::Partial if done.report.problems.is_empty() => exit::IN_SYNC,
        outcome => exit::exit_status([outcome]),
    })
}

fn failure(error: SessionError) -> Failure {
    match &error {
        SessionError::Decision(DecisionError::Unknown(_)) => Failure::Usage(error.to_string()),
        _ => Failure::NotDone(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::Href;
    use crate::item::merge::merge;
    use crate::state::AsideKind;

    fn aside(message: &str) -> Aside {
        Aside {
            subject: Sides { local: Some(Href::new("a.ics")), remote: Some(Href::new("b.ics")) },
            etags: Sides::default(),
            kind: AsideKind::Parked,
            side: Side::Local,
            uid: None,
            summary: "Dentist, 1 May 2026".into(),
            message: message.into(),
            since: "2026-11-21T12:00:00Z".parse().unwrap(),
            tries: 1,
            next_try: None,
        }
    }

    fn event(lines: &str) -> Bytes {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:x\r\n\
             {lines}DTSTART;TZID=Europe/Berlin:20260501T1\r\n 00000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        .into()
    }

    fn view(local: Option<Bytes>, remote: Option<Bytes>) -> View {
        let message = match (&local, &remote) {
            (Some(_), Some(_)) => {
                "It was changed on both sides. Both sides are left as they are until you decide."
            }
            _ => {
                "It was deleted on this computer, but changed on the server. Both sides are left as they are until you decide."
            }
        };
        let base = event("SUMMARY:Dentist\r\n");
        let merged = match (&local, &remote) {
            (Some(local), Some(remote)) => {
                merge(Some(&base), local, remote, jiff::Timestamp::UNIX_EPOCH).ok()
            }
            _ => None,
        };
        View { aside: aside(message), versions: Sides { local, remote }, newer: Side::Local, merged }
    }

    #[test]
    fn a_line_of_the_list() {
        let aside = aside("It was changed on both sides. Both sides are left as they are until you decide.");
        insta::assert_snapshot!(line("my work", &aside), @r#""my work"  a3669a71  Dentist, 1 May 2026: it was changed on both sides (since 2026-11-21)"#);
    }

    #[test]
    fn two_versions() {
        let local = event("SUMMARY:Dentist \u{1b}[2Jat nine\r\n");
        let long = format!("SUMMARY:Dentist\r\nDESCRIPTION:{}\r\nLOCATION:Room 7\r\n", "long ".repeat(60));
        insta::assert_snapshot!(shown("my work", "1a2b3c", &view(Some(local), Some(event(&long)))), @r#"
        Dentist, 1 May 2026: It was changed on both sides. Both sides are left as they are until you decide.

        --- on this computer:
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VEVENT
        UID:x
        SUMMARY:Dentist [2Jat nine
        DTSTART;TZID=Europe/Berlin:20260501T100000
        END:VEVENT
        END:VCALENDAR

        --- on the server:
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VEVENT
        UID:x
        SUMMARY:Dentist
        DESCRIPTION:long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long lon…
        LOCATION:Room 7
        DTSTART;TZID=Europe/Berlin:20260501T100000
        END:VEVENT
        END:VCALENDAR

        --- put together: title from this computer; notes and place from the server

        To decide, one of these:
          pimbridge conflict resolve "my work" 1a2b3c local   what is on this computer
          pimbridge conflict resolve "my work" 1a2b3c remote  what is on the server
          pimbridge conflict resolve "my work" 1a2b3c both    both of them, as two items
          pimbridge conflict resolve "my work" 1a2b3c merge   the changes of both, put together
        "#);
    }

    #[test]
    fn a_deletion_and_a_change() {
        insta::assert_snapshot!(shown("work", "1a2b3c", &view(None, Some(event("SUMMARY:Dentist\r\n")))), @"
        Dentist, 1 May 2026: It was deleted on this computer, but changed on the server. Both sides are left as they are until you decide.

        --- on this computer: it is not there any more

        --- on the server:
        BEGIN:VCALENDAR
        VERSION:2.0
        BEGIN:VEVENT
        UID:x
        SUMMARY:Dentist
        DTSTART;TZID=Europe/Berlin:20260501T100000
        END:VEVENT
        END:VCALENDAR

        To decide, one of these:
          pimbridge conflict resolve work 1a2b3c remote  keep it, and bring it back to this computer
          pimbridge conflict resolve work 1a2b3c local   delete it on the server too
        ");
        let kept = shown("work", "1a2b3c", &view(Some(event("")), None));
        insta::assert_snapshot!(kept.rsplit_once("one of these:").unwrap().1, @"

        pimbridge conflict resolve work 1a2b3c local   keep it, and bring it back to the server
        pimbridge conflict resolve work 1a2b3c remote  delete it on this computer too
        ");
    }
}
