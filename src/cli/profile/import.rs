//! `profile import`.

use std::path::PathBuf;

use super::super::{Failure, exit, out};
use super::password;
use crate::home::Home;
use crate::profile::{self, KINDS, SecretError, cdsp};
use crate::setup::change::{add_new, make_folder};

mod folders;
mod held;
mod here;
mod plan;
mod secrets;
mod told;

use folders::Folders;
use plan::{Fate, Planned};

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
        _ => Err("write a name, an equals sign and a value".to_owned()),
    }
}

pub async fn run(home: &Home, args: &Args) -> Result<u8, Failure> {
    for (_, kind) in &args.kind {
        if KINDS.iter().all(|known| known.word != kind) {
            return Err(Failure::Usage(format!("--kind takes events, tasks or contacts, not {kind:?}")));
        }
    }
    let document = cdsp::load(&args.file).map_err(|error| Failure::Usage(error.to_string()))?;
    if document.profiles.is_empty() {
        out::say(format!("There are no profiles in {}.", args.file.display()));
        return Ok(exit::IN_SYNC);
    }
    let loaded = profile::load_all(home)?;
    for (_, error) in &loaded.broken {
        out::complain(&error.to_string());
    }
    let planned = plan::plan(home, args, &document, &loaded)?;
    for one in &planned {
        out::say(one.shown());
    }
    if !document.stray.is_empty() {
        out::say(format!("Left out, because no program puts it there: {}", document.stray.join(", ")));
    }
    let skips = planned.iter().any(|one| matches!(one.fate, Fate::Skipped(_)));
    let status = match (loaded.broken.is_empty(), skips) {
        (false, _) => exit::WRONG_USE,
        (true, true) => exit::SOME_FAILED,
        (true, false) => exit::IN_SYNC,
    };
    if args.dry_run {
        out::say("Nothing was imported yet: without --dry-run it is.");
        return Ok(status);
    }
    let written = write(home, &planned).await?;
    out::say(match written {
        0 => "Nothing was changed.".to_owned(),
        _ => format!(
            "{} imported. Next:\n  pimbridge profile list       shows all\n  pimbridge sync --dry-run     shows what a sync \
             would do",
            if written == 1 { "One profile is".to_owned() } else { format!("{written} profiles are") }
        ),
    });
    Ok(status)
}

/// Writes the profiles that are new or replaced; says how many.
async fn write(home: &Home, planned: &[Planned]) -> Result<usize, Failure> {
    let mut written = 0;
    for one in planned {
        let Some((profile, text)) = &one.file else { continue };
        match one.fate {
            Fate::Added => {
                make_folder(profile)?;
                add_new(home, &profile.name, text)?;
            }
            Fate::Replaced => {
                profile::replace(home, &profile.name, text)?;
            }
            Fate::Unchanged | Fate::Skipped(_) => continue,
        }
        written += 1;
        if let Some(password) = &one.password {
            let has = profile::has_secret(profile).await;
            let kept = store_if_none(has, password::store(profile, password.clone())).await;
            if let Err(Failure::Usage(why) | Failure::NotDone(why)) = kept {
                out::complain(&why);
            }
        }
    }
    Ok(written)
}

/// Puts a password into the keyring, but never in place of one.
async fn store_if_none(
    has: Result<bool, SecretError>,
    store: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    if has? {
        out::say("The keyring has a password already, which stays.");
        return Ok(());
    }
    store.await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_password_in_the_keyring_stays() {
        let stored = Cell::new(false);
        let store = || async {
            stored.set(true);
            Ok(())
        };
        assert!(store_if_none(Ok(true), store()).await.is_ok());
        assert!(store_if_none(Err(SecretError::Locked), store()).await.is_err());
        assert!(!stored.get());
        assert!(store_if_none(Ok(false), store()).await.is_ok() && stored.get());
    }
}
