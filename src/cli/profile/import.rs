//! `profile import`.

use std::path::PathBuf;

use tr::tr;

use super::super::{Failure, exit, out};
use super::password;
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, KINDS, cdsp};
use crate::report::wording::cut;
use crate::setup::transfer::{self, Choices, Fate, Password, Planned, Unplaced};

/// Take over profiles of Outlook CalDav Synchronizer from a .cdsp file
///
/// A profile that was imported before is replaced, but keeps its folder here and where its password is; the others are
/// added. In Outlook CalDav Synchronizer such a file is made with the button "Export Profiles" of its options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The .cdsp file
    file: PathBuf,
    /// Make the folders of new profiles below this one, called as they are in Outlook
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
    /// The folder here for a folder of Outlook's, or for a profile; can be given several times
    #[arg(long, value_name = "NAME=FOLDER", value_parser = named)]
    folder: Vec<(String, String)>,
    /// What a profile syncs (events, tasks or contacts), where the file does not tell; can be given several times
    #[arg(long, value_name = "NAME=KIND", value_parser = named)]
    kind: Vec<(String, String)>,
    /// The client id with which you sign in in a browser, for profiles of Google's
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Only show what would be imported
    #[arg(long)]
    dry_run: bool,
}

fn named(typed: &str) -> Result<(String, String), String> {
    match typed.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(tr!("write a name, an equals sign and a value")),
    }
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    for (_, kind) in &args.kind {
        if KINDS.iter().all(|known| known.word != kind) {
            return Err(Failure::Usage(tr!(
                "--kind takes events, tasks or contacts, not {kind}",
                kind = format_args!("{kind:?}")
            )));
        }
    }
    let document = cdsp::load(&args.file).map_err(|error| Failure::Usage(error.to_string()))?;
    if document.profiles.is_empty() {
        out::say(tr!("There are no profiles in {}.", args.file.display()));
        return Ok(exit::IN_SYNC);
    }
    let loaded = profile::load_all(home)?;
    for (_, error) in &loaded.broken {
        out::complain(&error.to_string());
    }
    let Args { root, folder: folders, kind: kinds, client_id, .. } = args;
    let choices = Choices { root, folders, kinds, client_id, ..Choices::default() };
    let planned = transfer::plan(home, &choices, &ask, &document, &loaded)?;
    for one in &planned {
        out::say(one.shown());
    }
    if !document.stray.is_empty() {
        out::say(tr!("Left out, because no program puts it there: {}", document.stray.join(", ")));
    }
    let skips = planned.iter().any(|one| matches!(one.fate, Fate::Skipped(_)));
    let status = match (loaded.broken.is_empty(), skips) {
        (false, _) => exit::WRONG_USE,
        (true, true) => exit::SOME_FAILED,
        (true, false) => exit::IN_SYNC,
    };
    if args.dry_run {
        out::say(tr!("Nothing was imported yet: without --dry-run it is."));
        return Ok(status);
    }
    let written = write(home, &planned).await?;
    out::say(match written {
        0 => tr!("Nothing was changed."),
        _ => format!(
            "{} {}\n  pimbridge profile list       {}\n  pimbridge sync --dry-run     {}",
            tr!("One profile is imported." | "{n} profiles are imported." % written),
            tr!("Next:"),
            tr!("shows all"),
            tr!("shows what a sync would do")
        ),
    });
    Ok(status)
}

/// Writes the profiles that are new or replaced; says how many.
async fn write(home: &Home, planned: &[Planned]) -> Result<usize, Failure> {
    let mut written = 0;
    for one in planned {
        let Some(password) = transfer::write(home, one).await? else { continue };
        written += 1;
        match (password, &one.file) {
            (Password::Stored, Some((profile, _))) => {
                out::say(password::stored(profile));
            }
            (Password::Stays, _) => out::say(tr!("The keyring has a password already, which stays.")),
            (Password::NotStored(error), _) => {
                let (Failure::Usage(why) | Failure::NotDone(why)) = Failure::from(error);
                out::complain(&why);
            }
            _ => {}
        }
    }
    Ok(written)
}

/// Asks which folder it is; none where nobody sits at a terminal.
fn ask(unplaced: Unplaced) -> Option<PathBuf> {
    let Unplaced { label, called, kind, suggested } = unplaced;
    let (folder, profile) = (format!("{:?}", cut(called, 60)), format!("{label:?}"));
    let question = match kind {
        Kind::Events => {
            tr!("Which folder here is {folder}, the calendar of the profile {profile}?", folder, profile)
        }
        Kind::Tasks => {
            tr!("Which folder here is {folder}, the task list of the profile {profile}?", folder, profile)
        }
        Kind::Contacts => {
            tr!("Which folder here is {folder}, the address book of the profile {profile}?", folder, profile)
        }
    };
    let answer = out::ask_text(&format!("{question} [{}] ", suggested.display()))?;
    Some(if answer.is_empty() { suggested } else { PathBuf::from(answer) })
}
