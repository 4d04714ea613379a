//! `daemon`: the program that runs all day.

use clap::Subcommand;
use tr::tr;

use super::{Failure, exit, out};
use crate::daemon::{Daemon, DaemonError};
use crate::home::Home;

mod ask;
mod follow;

/// Keep everything in sync all day, in the background
///
/// Without a command it works until it is ended: every active profile at its interval, after a change, and when you ask
/// for it. "pimbridge autostart on" starts it with your session.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Stop(ask::Stop),
    Pause(ask::Pause),
    Resume(ask::Resume),
    Follow(follow::Args),
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    match args.command {
        None => serve(home).await,
        Some(Command::Stop(ask::Stop {})) => ask::stop(home).await,
        Some(Command::Pause(args)) => ask::pause(home, args).await,
        Some(Command::Resume(ask::Resume {})) => ask::resume(home).await,
        Some(Command::Follow(args)) => follow::run(home, args).await,
    }
}

/// Works until it is ended.
async fn serve(home: &Home) -> Result<u8, Failure> {
    match Daemon::start(home).inspect_err(|error| tracing::error!("{error}"))? {
        Some(daemon) => {
            out::say(tr!("Pimbridge runs. To end it, press Ctrl-C, or say elsewhere: pimbridge daemon stop"));
            // On a thread of the runtime, which sleeps and is woken alone.
            tokio::spawn(daemon.run()).await.map_err(|_| {
                Failure::NotDone(tr!(
                    "a mistake in Pimbridge itself ended it; nothing is lost; start it again, and please report it to those \
                     who make Pimbridge"
                ))
            })?;
        }
        None => out::say(tr!("Pimbridge is running already. To end it: pimbridge daemon stop")),
    }
    Ok(exit::IN_SYNC)
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        Failure::NotDone(error.to_string())
    }
}
