//! `history`: versions that runs overwrote or deleted.

use tr::tr;

use super::out::widest;
use super::{Failure, exit, out, stored};
use crate::home::Home;
use crate::profile::{self, ProfileError};
use crate::report::wording::{moment, shell_word, summary};
use crate::state::{Loss, Version, VersionId};
use crate::sync::Side;
use crate::sync::restore::RestoreError;
use crate::sync::session::{SessionError, restore_version};
use crate::sync::words::place;

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
    let name = stored::known(home, &args.profile)?;
    let versions = match stored::peek(home, &name)? {
        Some(state) => state.find_versions(args.search.as_deref().unwrap_or_default(), args.limit)?,
        None => Vec::new(),
    };
    if versions.is_empty() {
        out::complain(&tr!("no such version is kept"));
    }
    for version in &versions {
        out::say(line(version));
    }
    Ok(exit::IN_SYNC)
}

fn line(version: &Version) -> String {
    let (id, at, what, side) = (version.id.0, moment(version.at), lost(version.loss), place(version.side));
    let what_width = widest([Loss::Deleted, Loss::Overwritten].map(lost));
    let side_width = widest(Side::BOTH.map(place));
    format!("{id:>6}  {at}  {what:what_width$} {side:side_width$}  {}", summary(&version.summary))
}

fn lost(loss: Loss) -> String {
    match loss {
        Loss::Deleted => tr!("deleted"),
        Loss::Overwritten => tr!("overwritten"),
    }
}

fn show(home: &Home, args: One) -> Result<u8, Failure> {
    let name = stored::known(home, &args.profile)?;
    let found = match stored::peek(home, &name)? {
        Some(state) => state.version(VersionId(args.id))?,
        None => None,
    };
    let Some((_, bytes)) = found else {
        return Err(Failure::Usage(tr!(
            "the profile {name} has no version {}; see: pimbridge history list {}",
            args.id,
            shell_word(name.as_str()),
            name
        )));
    };
    out::put(&bytes)
        .map_err(|error| Failure::NotDone(tr!("the output cannot be written: {error}", error)))?;
    Ok(exit::IN_SYNC)
}

async fn restore(home: &Home, args: One) -> Result<u8, Failure> {
    let name = stored::known(home, &args.profile)?;
    if matches!(profile::existing(home, &args.profile), Err(ProfileError::NoSuch { .. })) {
        return Err(Failure::Usage(tr!(
            "the profile {name} was removed, and without it there are no two sides to bring a version back to; add it \
             again with the same name (see: pimbridge profile add --help), or print the version with: pimbridge \
             history show {} {}",
            shell_word(name.as_str()),
            args.id,
            name
        )));
    }
    let profile = profile::load(home, &args.profile)?;
    let version =
        restore_version(home, &profile, VersionId(args.id)).await.map_err(|error| match &error {
            SessionError::Restore(RestoreError::Unknown(_)) => Failure::Usage(error.to_string()),
            _ => Failure::NotDone(error.to_string()),
        })?;
    out::say(tr!(
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
            id: VersionId(7),
            at: "2026-11-21T12:00:00Z".parse().unwrap(),
            side: Side::Remote,
            item: "a.ics".into(),
            uid: None,
            loss: Loss::Deleted,
            summary: "Dentist\u{1b}[2J".into(),
        };
        let line = line(&version);
        assert!(line.ends_with("deleted     on the server     Dentist [2J"), "{line}");
    }
}
