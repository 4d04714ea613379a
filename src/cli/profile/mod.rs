//! `profile`: make, show, change and test profiles.

use jiff::Timestamp;

use super::changes::{Change, Changes, told};
use super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, Name, Profile};
use crate::report::wording::shell_word;
use crate::state::State;

mod add;
mod check;
mod export;
mod find;
mod import;
mod list;
mod many;
mod password;
mod places;
mod presets;
mod schema;
mod sign_in;

pub use add::one_of;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Add(Box<add::Args>),
    /// List the services whose address and needs are known
    Presets,
    /// List the profiles
    List,
    /// Print the file of a profile
    Show(One),
    /// Change keys of a profile
    ///
    /// For example: pimbridge profile set work mode=merge-from-server remote.user=jana
    ///
    /// What keys there are: pimbridge profile schema
    Set(Set),
    /// Remove a profile; the items stay as they are on both sides
    Remove(One),
    /// Copy a profile; the copy is inactive until you change what it syncs
    Copy(Copy),
    /// Forget what was in sync, so that the next run compares both sides anew
    ///
    /// No item is touched, and the history and the reports stay. It helps where a profile seems to have lost its way.
    /// What was deleted on one side only since the last run comes back.
    Reset(Reset),
    /// Test a profile: the folder, the server, the sign-in
    Check(One),
    #[command(alias = "set-password")]
    Password(password::Args),
    SignIn(sign_in::Args),
    Schema(schema::Args),
    Import(import::Args),
    Export(export::Args),
}

#[derive(Debug, clap::Args)]
pub struct One {
    /// The profile
    name: String,
}

#[derive(Debug, clap::Args)]
pub struct Set {
    /// The profile
    name: String,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Debug, clap::Args)]
pub struct Copy {
    /// The profile to copy
    name: String,
    /// The name of the copy
    new: String,
}

#[derive(Debug, clap::Args)]
pub struct Reset {
    /// The profile
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Add(args) => add::run(home, *args).await,
        Command::Presets => presets::run(),
        Command::List => list::run(home),
        Command::Show(args) => show(home, &args.name),
        Command::Set(args) => set(home, args),
        Command::Remove(args) => remove(home, &args.name).await,
        Command::Copy(args) => copy(home, args),
        Command::Reset(args) => reset(home, args),
        Command::Check(args) => check::run(home, &args.name).await,
        Command::Password(args) => password::run(home, args).await,
        Command::SignIn(args) => sign_in::run(home, args).await,
        Command::Schema(args) => Ok(schema::run(&args)),
        Command::Import(args) => import::run(home, &args).await,
        Command::Export(args) => export::run(home, &args),
    }
}

fn show(home: &Home, name: &str) -> Result<u8, Failure> {
    let (name, text) = profile::read_text(home, name)?;
    let file = home.profile_file(&name);
    out::say(format!("# {}\n{text}", file.display()));
    profile::parse(&name, &file, &text)?;
    Ok(exit::IN_SYNC)
}

fn set(home: &Home, args: Set) -> Result<u8, Failure> {
    let (name, old) = profile::read_text(home, &args.name)?;
    let changes = args.changes.read()?;
    let set = |text: String, (key, value): &Change| profile::set(&text, key, value.as_deref());
    let new = changes.iter().try_fold(old, set).map_err(Failure::Usage)?;
    let changed = profile::parse(&name, &home.profile_file(&name), &new)?;
    refuse_overlap(home, &changed)?;
    profile::replace(home, &name, &new)?;
    changes.iter().for_each(|change| out::say(format!("{name}: {}", told(change))));
    Ok(exit::IN_SYNC)
}

/// Refuses an active profile that syncs the same pair as another active one.
fn refuse_overlap(home: &Home, changed: &Profile) -> Result<(), Failure> {
    let others = profile::load_all(home)?.profiles;
    let others = others.iter().filter(|other| other.active && other.name != changed.name);
    let all = others.chain(changed.active.then_some(changed));
    match profile::overlaps(all).into_iter().find(|two| two.second == changed.name) {
        Some(two) => Err(Failure::Usage(format!(
            "the profile {} already syncs {} with {}; a second active profile on both would double the items",
            two.first, two.local, two.remote
        ))),
        None => Ok(()),
    }
}

/// Writes the file of a new profile. What an earlier one of its name had in sync does not count for it: what was
/// deleted on one side meanwhile would be deleted on the other.
fn add_new(home: &Home, name: &Name, text: &str) -> Result<Profile, Failure> {
    profile::refuse_taken(home, name)?;
    State::forget(&home.state_file(name), Timestamp::now())?;
    Ok(profile::add(home, name, text)?)
}

fn reset(home: &Home, args: Reset) -> Result<u8, Failure> {
    let name = profile::existing(home, &args.name)?;
    if !args.yes {
        let question = format!(
            "The next run of {name} compares both sides anew. No item is touched now, but what was deleted on one side \
             only since the last run comes back. Forget what was in sync?"
        );
        match out::ask(&question) {
            Some(true) => {}
            Some(false) => {
                out::say("Nothing was changed.");
                return Ok(exit::IN_SYNC);
            }
            None => {
                return Err(Failure::Usage(
                    "there is no terminal to ask on; if you are sure, say it with --yes".to_owned(),
                ));
            }
        }
    }
    State::forget(&home.state_file(&name), Timestamp::now())?;
    let word = shell_word(name.as_str());
    out::say(format!(
        "What was in sync is forgotten. To see what the next run will do: pimbridge sync {word} --dry-run"
    ));
    Ok(exit::IN_SYNC)
}

async fn remove(home: &Home, name: &str) -> Result<u8, Failure> {
    let name = profile::existing(home, name)?;
    let removed = profile::load(home, name.as_str()).ok();
    let state = home.state_file(&name);
    State::forget(&state, Timestamp::now())?;
    profile::remove(home, name.as_str())?;
    out::say(format!("The profile {name} is removed. Its items stay as they are, here and on the server."));
    if state.exists() {
        out::say(format!(
            "Its reports and its history stay in {}; to read them: pimbridge history list {}",
            state.display(),
            shell_word(name.as_str())
        ));
    }
    if let Some(profile) = removed {
        forget_secret(home, &profile).await?;
    }
    Ok(exit::IN_SYNC)
}

/// Removes what the keyring has for the sign-in of a removed profile, unless another one needs it.
async fn forget_secret(home: &Home, removed: &Profile) -> Result<(), Failure> {
    let Some(entry) = profile::keyring_entry(removed) else { return Ok(()) };
    let others = profile::load_all(home)?.profiles;
    let needed = others.iter().any(|other| profile::keyring_entry(other).as_ref() == Some(&entry));
    if !needed && profile::delete_secret(removed).await.unwrap_or(false) {
        out::say(format!("Its {} is removed from the keyring.", password::name(removed)));
    }
    Ok(())
}

fn copy(home: &Home, args: Copy) -> Result<u8, Failure> {
    let new = Name::new(&args.new).map_err(|error| Failure::Usage(error.to_string()))?;
    let (name, text) = profile::read_text(home, &args.name)?;
    let text = profile::set(&text, "active", Some("false")).map_err(Failure::Usage)?;
    // An id is that of one profile.
    let text = profile::set(&text, "cdsp.id", None).map_err(Failure::Usage)?;
    add_new(home, &new, &text)?;
    let word = shell_word(new.as_str());
    out::say(format!(
        "{name} is copied to {new}, which is inactive: both would sync the same items.\n\
         Say what it syncs instead, then switch it on:\n  \
         pimbridge profile set {word} local.path FOLDER\n  \
         pimbridge profile set {word} remote.url URL\n  \
         pimbridge profile set {word} active true"
    ));
    Ok(exit::IN_SYNC)
}
