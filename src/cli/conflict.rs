//! `conflict`: items that both sides changed and that wait for the person's decision.

use clap::ValueEnum;

use super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::item;
use crate::profile;
use crate::report::RunOutcome;
use crate::report::text::{self, day, shell_word, summary};
use crate::state::Aside;
use crate::sync::Side;
use crate::sync::conflict::{Decision, DecisionError, View, id};
use crate::sync::session::{SessionError, decide_conflict, view_conflict};
use crate::sync::words::{choices, place};

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
    /// What is on this computer
    Local,
    /// What is on the server
    Remote,
    /// Both versions, as two items
    Both,
    /// The changes of both, put together
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
    let names = match args.profile {
        Some(name) => vec![stored::known(home, &name)?],
        None => profile::load_all(home)?.profiles.into_iter().map(|profile| profile.name).collect(),
    };
    let mut none = true;
    for name in names {
        let Some(state) = stored::peek(home, &name)? else { continue };
        for aside in state.conflicts()? {
            none = false;
            out::say(line(name.as_str(), &aside));
        }
    }
    if none {
        out::complain("no conflict waits for a decision");
    }
    Ok(exit::IN_SYNC)
}

fn line(profile: &str, aside: &Aside) -> String {
    let what = aside.message.split_once('.').map_or(aside.message.as_str(), |(first, _)| first);
    format!(
        "{}  {}  {} ({what}, since {})",
        shell_word(profile),
        id(&aside.subject),
        summary(&aside.summary),
        day(aside.since)
    )
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
        let bytes = view.versions[side].as_ref();
        shown.push_str(&match bytes {
            Some(bytes) => {
                let title = item::title(bytes).unwrap_or_default();
                format!(
                    "\n--- {}: {}\n{}",
                    place(side),
                    summary(&title),
                    String::from_utf8_lossy(bytes).trim_end()
                )
            }
            None => format!("\n--- {}: it is not there", place(side)),
        });
        shown.push('\n');
    }
    if let Some(merged) = &view.merged {
        shown.push_str(&format!("\n--- put together: {}\n", choices(view.newer, &merged.choices)));
        shown.push_str(String::from_utf8_lossy(&merged.bytes).trim_end());
        shown.push('\n');
    }
    let command = format!("pimbridge conflict resolve {} {conflict}", shell_word(profile));
    shown.push_str(&format!("\nTo decide: {command} local, remote, both or merge"));
    shown
}

async fn resolve(home: &Home, args: Resolve) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    let decision = match args.take {
        Take::Local => Decision::Take(Side::Local),
        Take::Remote => Decision::Take(Side::Remote),
        Take::Both => Decision::Both,
        Take::Merge => Decision::Merge,
    };
    let done = decide_conflict(home, &profile, &args.conflict, decision).await.map_err(failure)?;
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
