//! `sync`: run profiles now.

use std::io::IsTerminal;
use std::path::PathBuf;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use tr::tr;

use super::bars::Bars;
use super::{Failure, exit, out};
use crate::collection::Href;
use crate::daemon::protocol::{How, OnDeletions};
use crate::home::Home;
use crate::profile;
use crate::report::{Report, Touched, json, text};
use crate::sync::progress::{Progress, Silent};
use crate::sync::run::Options;
use here::Here;

mod by_daemon;
mod choose;
mod here;

/// How many profiles run at the same time.
const AT_ONCE: usize = 4;

/// Sync now
///
/// Runs the named profiles, or all active ones, and prints a report of each.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profiles to run [default: all active ones]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    /// Look only at these files of the profile's folder, which must be the only profile named
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "profiles")]
    only: Vec<PathBuf>,
    /// Only show what would be done; nothing is changed on either side
    #[arg(long)]
    dry_run: bool,
    /// Delete even unusually many items, which otherwise wait for your yes; also what was still to be brought back
    #[arg(long, requires = "profiles")]
    allow_deletions: bool,
    /// Bring back what one side deleted, instead of deleting it on the other side too; later runs go on with what could
    /// not be brought back
    #[arg(long, requires = "profiles", conflicts_with = "allow_deletions")]
    undo_deletions: bool,
    /// Run what was only to be looked at so far: you have seen with --dry-run what it does
    #[arg(long, requires = "profiles", conflicts_with_all = ["dry_run", "only"])]
    accept_preview: bool,
    /// Print one JSON object a profile and line, and nothing else
    #[arg(long)]
    json: bool,
    /// List every item that was touched, not only the first ones
    #[arg(long, conflicts_with = "json")]
    all: bool,
}

/// What came of a run.
struct Run {
    report: Report,
    touched: Vec<Touched>,
}

pub async fn run(home: &Home, args: Args, debug: bool) -> Result<u8, Failure> {
    let mut chosen = choose::choose(home, &args.profiles)?;
    if args.accept_preview {
        for profile in &mut chosen.run {
            *profile = profile::accept_preview(home, profile.name.as_str())?;
        }
    }
    let show = |run: &Run| {
        if args.json {
            out::say(json::line(&run.report));
        } else {
            out::say(text::text(&run.report, &run.touched, text::Options { all: args.all }));
        }
    };
    for (name, why) in &chosen.refused {
        out::complain(why);
        if args.json {
            out::say(json::line(&Report::not_run(name, Timestamp::now(), why.clone())));
        }
    }
    let only = match (args.only.as_slice(), chosen.run.as_slice()) {
        ([], _) => None,
        (files, [profile]) => Some(choose::only(profile, files)?),
        (_, _) => return Err(Failure::Usage(tr!("with --only, name one profile"))),
    };
    let how = How {
        deletions: match (args.allow_deletions, args.undo_deletions) {
            (true, _) => OnDeletions::Allowed,
            (false, true) => OnDeletions::Undone,
            (false, false) => OnDeletions::Guarded,
        },
        only: only.iter().flat_map(|only| &only.local).map(Href::to_string).collect(),
        ..How::default()
    };
    let options =
        Options { dry_run: args.dry_run, deletions: how.deletions.into(), only, ..Options::default() };
    let limit = if args.all { usize::MAX } else { text::LISTED };
    let bars = (!args.json && std::io::stderr().is_terminal()).then(Bars::default);
    let progress = |name: &str| -> Box<dyn Progress> {
        match &bars {
            Some(bars) => Box::new(bars.add(name)),
            None => Box::new(Silent),
        }
    };
    // Details would have to come into the daemon's log.
    let for_daemon = chosen.run.iter().filter(|_| !args.dry_run && !debug);
    let mut promised = by_daemon::ask(home, for_daemon, how, progress).await;
    let here = &Here::new(home, &options, limit);
    let mut runs = stream::iter(&chosen.run)
        .map(|profile| {
            let name = profile.name.as_str();
            let (promised, progress) = (promised.remove(name), &progress);
            async move {
                match promised {
                    Some(promised) => promised.end(home, profile, limit).await,
                    None => here.run(profile, &*progress(name)).await,
                }
            }
        })
        .buffered(AT_ONCE);
    let mut outcomes = Vec::new();
    while let Some(run) = runs.next().await {
        outcomes.push(run.report.outcome);
        match &bars {
            Some(bars) => bars.aside(|| show(&run)),
            None => show(&run),
        }
    }
    Ok(if chosen.refused.is_empty() { exit::exit_status(outcomes) } else { exit::WRONG_USE })
}
