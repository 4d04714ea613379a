//! `daemon stop`, `daemon pause` and `daemon resume`.

use tr::tr;

use crate::cli::{Failure, exit, out};
use crate::daemon::control::{Client, ControlError};
use crate::daemon::protocol::{Reply, Request};
use crate::home::Home;

/// End the Pimbridge that runs in the background
///
/// What it is doing ends cleanly first, within a few seconds.
#[derive(Debug, clap::Args)]
pub struct Stop {}

/// Let nothing run by itself, until you resume
///
/// "pimbridge sync" still runs at once. A pause is not remembered: it is over when the Pimbridge in the background is
/// started anew, with the next session for example.
#[derive(Debug, clap::Args)]
pub struct Pause {
    /// For so many minutes only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    minutes: Option<u32>,
}

/// End a pause
#[derive(Debug, clap::Args)]
pub struct Resume {}

pub async fn stop(home: &Home) -> Result<u8, Failure> {
    match Client::connect(home).await? {
        Some(client) => {
            client.stop().await?;
            out::say(tr!("The Pimbridge in the background has ended."));
        }
        None => out::say(tr!("No Pimbridge runs in the background.")),
    }
    Ok(exit::IN_SYNC)
}

pub async fn pause(home: &Home, Pause { minutes }: Pause) -> Result<u8, Failure> {
    done(home, Request::Pause { minutes }).await?;
    out::say(match minutes {
        None => {
            tr!("Nothing runs by itself until: pimbridge daemon resume (or until Pimbridge is started anew)")
        }
        Some(minutes) => tr!("Nothing runs by itself for a minute (or until Pimbridge is started anew)"
            | "Nothing runs by itself for {n} minutes (or until Pimbridge is started anew)" % minutes),
    });
    Ok(exit::IN_SYNC)
}

pub async fn resume(home: &Home) -> Result<u8, Failure> {
    done(home, Request::Resume).await?;
    out::say(tr!("Everything runs by itself again."));
    Ok(exit::IN_SYNC)
}

async fn done(home: &Home, request: Request) -> Result<(), Failure> {
    match connect(home).await?.ask(request).await? {
        Reply::Refused { why } => Err(Failure::NotDone(why)),
        _ => Ok(()),
    }
}

/// A client of the daemon, which must run.
pub async fn connect(home: &Home) -> Result<Client, Failure> {
    Client::connect(home).await?.ok_or_else(|| {
        Failure::NotDone(tr!(
            "no Pimbridge runs in the background; start it with \"pimbridge daemon\", or with each session by \
             \"pimbridge autostart on\""
        ))
    })
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Failure::NotDone(error.to_string())
    }
}
