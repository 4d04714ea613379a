//! The command line: one file per command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tr::tr;

use crate::home::{Home, HomeError};
use crate::language::command_line;
use crate::oauth::OAuthError;
use crate::profile::{OpenError, ProfileError, SecretError, keyring};
use crate::settings::LogLevel;
use crate::setup::SetupError;
use crate::state::StateError;
use crate::stored::{self, StoredError};

mod autostart;
mod bars;
mod changes;
mod collection;
mod conflict;
mod connection;
mod daemon;
mod demo;
mod discover;
pub mod exit;
mod history;
mod live;
mod log;
mod out;
mod profile;
mod repair;
mod report;
mod samples;
mod search;
mod settings;
mod status;
mod sync;

/// Keeps calendars, tasks and contacts the same in a folder on this computer and on a server.
///
/// Nothing is ever lost: what a sync overwrites or deletes is kept and can be brought back.
#[derive(Debug, Parser)]
#[command(name = "pimbridge", version, max_term_width = 100, arg_required_else_help = true, after_help = FIRST_STEPS)]
struct Cli {
    /// Keep profiles, state and logs below this folder [also: the variable PIMBRIDGE_HOME]
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    home: Option<PathBuf>,

    /// Write details to the log
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    debug: bool,

    #[command(subcommand)]
    command: Command,
}

const EVERYWHERE: &str = "With every command";

const FIRST_STEPS: &str = "\
First steps:
  pimbridge demo                  see it work, with a server and sample data of its own
  pimbridge profile add --help    connect a folder and a collection on your server
  pimbridge sync --dry-run        see what a sync would do
  pimbridge sync                  do it

Exit status:
  0  all in sync
  1  finished, but some items could not be synced
  2  wrong use, or a wrong profile
  3  it could not be done (no network, sign-in refused, folder or collection gone)
  4  it waits for your yes: unusually many deletions, or an imported one-way copy";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Sync(sync::Args),
    Daemon(daemon::Args),
    Discover(Box<discover::Args>),
    /// Make, show, change and test profiles
    #[command(subcommand)]
    Profile(profile::Command),
    /// Make, rename and recolour calendars, task lists and address books on a server
    #[command(subcommand)]
    Collection(collection::Command),
    Status(status::Args),
    /// Read the reports of past runs
    #[command(subcommand)]
    Report(report::Command),
    /// Bring back versions that a sync overwrote or deleted
    #[command(subcommand)]
    History(history::Command),
    /// Decide what both sides changed, where a profile asks you
    #[command(subcommand)]
    Conflict(conflict::Command),
    Repair(repair::Args),
    /// Read the log
    #[command(subcommand)]
    Log(log::Command),
    /// Start the background program when you log in
    #[command(subcommand)]
    Autostart(autostart::Command),
    /// Show and change what counts for all profiles
    #[command(subcommand)]
    Settings(settings::Command),
}

/// Why a command could not do what it should: a sentence for a person, and the kind of trouble.
#[derive(Debug)]
enum Failure {
    /// Wrong use or configuration.
    Usage(String),
    /// It could not be done now.
    NotDone(String),
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        Failure::Usage(error.to_string())
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        Failure::Usage(error.to_string())
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Failure::NotDone(stored::in_words(&error))
    }
}

impl From<StoredError> for Failure {
    fn from(error: StoredError) -> Self {
        match error {
            StoredError::Profile(error) => error.into(),
            other => Failure::NotDone(other.to_string()),
        }
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Failure::NotDone(error.to_string())
    }
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Failure::NotDone(error.to_string())
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Wrong(what) => Failure::Usage(what),
            SetupError::NotDone(what) => Failure::NotDone(what),
            SetupError::Profile(error) => error.into(),
            SetupError::Home(error) => error.into(),
            SetupError::Settings(error) => error.into(),
            SetupError::Secret(error) => error.into(),
            SetupError::Open(error) => error.into(),
            SetupError::OAuth(error) => error.into(),
            SetupError::State(error) => error.into(),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Failure::NotDone(error.to_string())
    }
}

/// Reads the command line, does what it says, and tells the exit status (see [`exit`]).
pub fn main() -> ExitCode {
    let cli: Cli = command_line::read();
    let status = start(cli).unwrap_or_else(|failure| {
        let (message, status) = match failure {
            Failure::Usage(message) => (message, exit::WRONG_USE),
            Failure::NotDone(message) => (message, exit::NOT_DONE),
        };
        out::complain(&message);
        status
    });
    ExitCode::from(status)
}

fn start(cli: Cli) -> Result<u8, Failure> {
    let home = Home::chosen(cli.home)?;
    let settings = crate::settings::load(&home).map_err(|error| error.to_string());
    let known = settings.as_ref().ok();
    let debug = cli.debug || known.is_some_and(|settings| settings.log_level == LogLevel::Debug);
    if let Err(message) = crate::log::start(&home, known.map(|settings| settings.log_days), debug) {
        out::complain(&message);
    }
    // It is the network and the disk that a sync waits for; each thread more takes memory.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(
            |error| {
                Failure::NotDone(tr!("the system gives no threads: {error}; close other programs", error))
            },
        )?;
    let status = runtime.block_on(run(&home, cli.command, cli.debug));
    // What a command can do without the settings it has done; one that cannot has told why.
    if let Err(wrong) = settings
        && !matches!(&status, Err(Failure::Usage(told)) if *told == wrong)
    {
        out::complain(&wrong);
    }
    // A question to the keyring that nobody answers must not keep the program.
    runtime.shutdown_background();
    status
}

async fn run(home: &Home, command: Command, debug: bool) -> Result<u8, Failure> {
    let person_waits = !matches!(command, Command::Daemon(_));
    let work = carry_out(home, command, debug);
    if person_waits { keyring::with_person(work).await } else { work.await }
}

async fn carry_out(home: &Home, command: Command, debug: bool) -> Result<u8, Failure> {
    match command {
        Command::Demo(args) => demo::run(home, args).await,
        Command::Sync(args) => sync::run(home, args, debug).await,
        Command::Daemon(args) => daemon::run(home, args).await,
        Command::Discover(args) => discover::run(*args).await,
        Command::Profile(command) => profile::run(home, command).await,
        Command::Collection(command) => collection::run(home, command).await,
        Command::Status(args) => status::run(home, args).await,
        Command::Report(command) => report::run(home, command),
        Command::History(command) => history::run(home, command).await,
        Command::Conflict(command) => conflict::run(home, command).await,
        Command::Repair(args) => repair::run(home, args).await,
        Command::Log(command) => log::run(home, command).await,
        Command::Autostart(command) => autostart::run(home, command),
        Command::Settings(command) => settings::run(home, command),
    }
}

/// The command line as a whole.
#[cfg(test)]
pub(crate) fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests;
