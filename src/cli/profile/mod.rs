//! `profile`: make, show, change and test profiles.

use tr::tr;

use super::changes::{Changes, told};
use super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, SignIn};
use crate::report::wording::shell_word;
use crate::setup::change;

mod add;
mod check;
mod export;
mod find;
mod import;
mod list;
mod many;
mod password;
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
        Command::Import(args) => import::run(home, args).await,
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
    let changes = args.changes.read()?;
    let name = change::set(home, &args.name, &changes)?;
    changes.iter().for_each(|change| out::say(format!("{name}: {}", told(change))));
    Ok(exit::IN_SYNC)
}

fn reset(home: &Home, args: Reset) -> Result<u8, Failure> {
    let name = profile::existing(home, &args.name)?;
    if !args.yes {
        let question = tr!(
            "The next run of {name} compares both sides anew. No item is touched now, but what was deleted on one side \
             only since the last run comes back. Forget what was in sync?",
            name
        );
        match out::ask(&question) {
            Some(true) => {}
            Some(false) => {
                out::say(tr!("Nothing was changed."));
                return Ok(exit::IN_SYNC);
            }
            None => {
                return Err(Failure::Usage(tr!(
                    "there is no terminal to ask on; if you are sure, say it with --yes"
                )));
            }
        }
    }
    change::reset(home, name.as_str())?;
    let word = shell_word(name.as_str());
    out::say(tr!(
        "What was in sync is forgotten. To see what the next run will do: pimbridge sync {word} --dry-run",
        word
    ));
    Ok(exit::IN_SYNC)
}

async fn remove(home: &Home, name: &str) -> Result<u8, Failure> {
    let removed = change::remove(home, name).await?;
    let name = &removed.name;
    out::say(tr!("The profile {name} is removed. Its items stay as they are, here and on the server.", name));
    if let Some(state) = &removed.state {
        out::say(tr!(
            "Its reports and its history stay in {}; to read them: pimbridge history list {}",
            state.display(),
            shell_word(name.as_str())
        ));
    }
    match removed.secret {
        Some(SignIn::Password { .. }) => out::say(tr!("Its password is removed from the keyring.")),
        Some(SignIn::Token { .. }) => out::say(tr!("Its token is removed from the keyring.")),
        Some(SignIn::OAuth { .. }) => out::say(tr!("Its sign-in is removed from the keyring.")),
        None => {}
    }
    Ok(exit::IN_SYNC)
}

fn copy(home: &Home, args: Copy) -> Result<u8, Failure> {
    let (name, new) = change::copy(home, &args.name, &args.new)?;
    let word = shell_word(new.as_str());
    out::say(tr!("{name} is copied to {new}, which is inactive: both would sync the same items.", name, new));
    out::say(format!(
        "{}\n  \
         pimbridge profile set {word} local.path FOLDER\n  \
         pimbridge profile set {word} remote.url URL\n  \
         pimbridge profile set {word} active true",
        tr!("Say what it syncs instead, then switch it on:")
    ));
    Ok(exit::IN_SYNC)
}
