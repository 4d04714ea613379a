//! `history`: versions that runs overwrote or deleted.

use super::stored::{self, Version};
use super::{Failure, exit, out};
use crate::home::Home;
use crate::profile;
use crate::report::Operation;
use crate::report::text::{bytes, moment, shell_word, summary};
use crate::sync::Side;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List kept versions, the newest first
    List(List),
    /// Print a kept version as it is
    Show(One),
    /// Bring a kept version back, on both sides
    ///
    /// What the item is now is kept in turn, so that a restore can be undone too.
    Restore(One),
}

#[derive(Debug, clap::Args)]
pub struct List {
    /// The profile
    profile: String,
    /// Only items whose name contains this text
    search: Option<String>,
    /// How many versions to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
pub struct One {
    /// The profile
    profile: String,
    /// The number of the version, as "history list" shows it
    id: i64,
}

pub async fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::List(args) => list(home, args),
        Command::Show(args) => show(home, args),
        Command::Restore(args) => restore(home, args).await,
    }
}

fn list(home: &Home, args: List) -> Result<u8, Failure> {
    let (name, _) = profile::read_text(home, &args.profile)?;
    let versions = stored::versions(home, &name, args.search.as_deref(), args.limit)?;
    if versions.is_empty() {
        out::complain("no such version is kept");
    }
    for version in versions {
        out::say(line(&version));
    }
    Ok(exit::IN_SYNC)
}

fn line(version: &Version) -> String {
    let what = match version.operation {
        Operation::Delete => "deleted",
        Operation::Create | Operation::Update => "overwritten",
    };
    let where_ = match version.side {
        Side::Local => "on this computer",
        Side::Remote => "on the server",
    };
    let (id, at, size) = (version.id, moment(version.at), bytes(version.size));
    format!("{id:>6}  {at}  {what:<11} {where_:<16}  {} ({size})", summary(&version.summary))
}

fn show(home: &Home, args: One) -> Result<u8, Failure> {
    let (name, _) = profile::read_text(home, &args.profile)?;
    let Some((_, bytes)) = stored::version(home, &name, args.id)? else {
        return Err(Failure::Usage(format!(
            "the profile {name} has no version {}; see: pimbridge history list {}",
            args.id,
            shell_word(name.as_str())
        )));
    };
    out::put(&bytes).map_err(|error| Failure::NotDone(format!("the output cannot be written: {error}")))?;
    Ok(exit::IN_SYNC)
}

async fn restore(home: &Home, args: One) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    let version = stored::restore(home, &profile, args.id).await?;
    out::say(format!(
        "{} is back on both sides, as it was until {}.",
        summary(&version.summary),
        moment(version.at)
    ));
    Ok(exit::IN_SYNC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list() {
        let version = Version {
            id: 7,
            at: "2026-11-21T12:00:00Z".parse().unwrap(),
            side: Side::Remote,
            operation: Operation::Delete,
            summary: "Dentist\u{1b}[2J".into(),
            size: 1234,
        };
        let line = line(&version);
        assert!(line.ends_with("deleted     on the server     Dentist [2J (1.2 kB)"), "{line}");
    }
}
