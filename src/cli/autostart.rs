//! `autostart`: whether the background program starts when the person logs in.

use super::{Failure, exit, out};
use crate::desktop::autostart::{self, AutostartError, Entry, Kind, Program};
use crate::home::Home;
use crate::settings;

const KEY: &str = "start_with_session";

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// From now on, it starts when you log in
    On(On),
    /// It does not start when you log in any more
    Off,
    /// Show whether it starts when you log in, and what starts it
    Status,
}

#[derive(Debug, clap::Args)]
pub struct On {
    /// As a systemd unit, for a computer without a desktop: it starts again after a crash too, but may find no browser
    /// to open its pages in (Linux only)
    #[arg(long)]
    systemd: bool,
}

pub fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::On(On { systemd }) => {
            let entry = autostart::on(&Program::this(home)?, systemd)?;
            settings::change(home, &[(KEY.to_owned(), Some("true".to_owned()))])?;
            let at = if entry.kind == Kind::Xdg { " to your desktop" } else { "" };
            out::say(format!("From now on, Pimbridge starts when you log in{at}.{}", by(&entry)));
            out::say("To start it now: pimbridge daemon");
        }
        Command::Off => {
            let removed = autostart::off()?;
            settings::change(home, &[(KEY.to_owned(), Some("false".to_owned()))])?;
            out::say("Pimbridge does not start when you log in.");
            removed.iter().for_each(|entry| out::say(format!("Removed: {}", entry.place)));
        }
        Command::Status => {
            let entries = autostart::entries()?;
            match entries.as_slice() {
                [] => out::say(
                    "Pimbridge does not start when you log in. To change that: pimbridge autostart on",
                ),
                entries => {
                    out::say("Pimbridge starts when you log in.");
                    entries.iter().for_each(|entry| out::say(by(entry).trim_start()));
                }
            }
        }
    }
    Ok(exit::IN_SYNC)
}

/// Does what the setting says, where it was changed.
pub fn follow_setting(home: &Home, changes: &[(String, Option<String>)]) -> Result<(), Failure> {
    if !changes.iter().any(|(key, _)| key == KEY) {
        return Ok(());
    }
    match settings::load(home)?.background.start_with_session {
        true if autostart::entries()?.is_empty() => autostart::on(&Program::this(home)?, false).map(drop)?,
        true => {}
        false => autostart::off().map(drop)?,
    }
    Ok(())
}

fn by(entry: &Entry) -> String {
    format!("\n  It is started by {}: {}", entry.kind, entry.place)
}

impl From<AutostartError> for Failure {
    fn from(error: AutostartError) -> Self {
        Failure::NotDone(error.to_string())
    }
}
