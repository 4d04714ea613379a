//! `daemon`: the program that runs all day.

use clap::Subcommand;

use super::Failure;
use crate::home::Home;

mod ask;
mod follow;

/// Keep everything in sync all day, in the background
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
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
        Command::Stop(ask::Stop {}) => ask::stop(home).await,
        Command::Pause(args) => ask::pause(home, args).await,
        Command::Resume(ask::Resume {}) => ask::resume(home).await,
        Command::Follow(args) => follow::run(home, args).await,
    }
}
