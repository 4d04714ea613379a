//! `report`: what past runs did.

use tr::tr;

use super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::profile::{self, Name};
use crate::report::{Form, json, wording};
use crate::state::ReportId;

use super::status::how_it_went;

mod prune;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List past runs, the newest first
    List(List),
    /// Show one run with every item that it touched
    Show(Show),
    Prune(prune::Args),
}

#[derive(Debug, clap::Args)]
pub struct List {
    /// Only the runs of this profile
    profile: Option<String>,
    /// How many runs of each profile to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print one JSON object a run and line: as "sync --json" prints it, with its number as "id"
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Show {
    /// The profile
    profile: String,
    /// The number of the run, as "report list" shows it [default: the last run]
    id: Option<i64>,
    /// Print one JSON object: as "sync --json" prints it, with every item as "touched"
    #[arg(long, group = "form")]
    json: bool,
    /// Print it in the XML form of Outlook CalDav Synchronizer (A is this computer, B the server)
    #[arg(long, group = "form")]
    xml: bool,
    /// Print a page for a browser, which needs nothing else
    #[arg(long, group = "form")]
    html: bool,
}

pub fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::List(args) => list(home, args),
        Command::Show(args) => show(home, args),
        Command::Prune(args) => prune::run(home, &args),
    }
}

fn list(home: &Home, args: List) -> Result<u8, Failure> {
    let names: Vec<Name> = match args.profile {
        Some(name) => vec![stored::known(home, &name)?],
        None => profile::load_all(home)?.profiles.into_iter().map(|profile| profile.name).collect(),
    };
    for name in names {
        for (id, report) in stored::reports(home, &name, args.limit)? {
            out::say(if args.json {
                json::numbered(id.0, &report)
            } else {
                format!("{name} {}: {}", id.0, how_it_went(&report))
            });
        }
    }
    Ok(exit::IN_SYNC)
}

fn show(home: &Home, args: Show) -> Result<u8, Failure> {
    let name = stored::known(home, &args.profile)?;
    let Some((id, report)) = stored::report(home, &name, args.id.map(ReportId))? else {
        return Err(Failure::Usage(match args.id {
            None => {
                tr!("the profile {name} has not run yet; run it with: pimbridge sync {}", shell(&name), name)
            }
            Some(id) => {
                tr!(
                    "the profile {name} has no report {id}; see: pimbridge report list {}",
                    shell(&name),
                    name,
                    id
                )
            }
        }));
    };
    let form = match (args.xml, args.html) {
        (true, _) => Form::Xml,
        (_, true) => Form::Html,
        _ => Form::Text,
    };
    out::say(match args.json {
        true => json::full(&report, &stored::touched(home, &name, id, usize::MAX)?),
        false => stored::written(home, &name, (id, &report), form)?,
    });
    Ok(exit::IN_SYNC)
}

fn shell(name: &Name) -> String {
    wording::shell_word(name.as_str())
}
