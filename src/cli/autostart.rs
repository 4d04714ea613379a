//! `autostart`: whether the background program starts when the person logs in.

use tr::tr;

use super::{Failure, exit, out};
use crate::desktop::autostart::{self, AutostartError, Entry, Kind, Program};
use crate::home::Home;
use crate::settings;
use crate::setup::options::START_WITH_SESSION;

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
            settings::change(home, &[(START_WITH_SESSION.to_owned(), Some("true".to_owned()))])?;
            let told = match entry.kind {
                Kind::Xdg => tr!("From now on, Pimbridge starts when you log in to your desktop."),
                Kind::Systemd | Kind::RunKey | Kind::LaunchAgent => {
                    tr!("From now on, Pimbridge starts when you log in.")
                }
            };
            out::say(format!("{told}\n  {}", by(&entry)));
            out::say(tr!("To start it now: pimbridge daemon"));
        }
        Command::Off => {
            let removed = autostart::off()?;
            settings::change(home, &[(START_WITH_SESSION.to_owned(), Some("false".to_owned()))])?;
            out::say(tr!("Pimbridge does not start when you log in."));
            removed.iter().for_each(|entry| out::say(tr!("Removed: {}", entry.place)));
        }
        Command::Status => {
            let entries = autostart::entries()?;
            match entries.as_slice() {
                [] => out::say(tr!(
                    "Pimbridge does not start when you log in. To change that: pimbridge autostart on"
                )),
                entries => {
                    out::say(tr!("Pimbridge starts when you log in."));
                    entries.iter().for_each(|entry| out::say(by(entry)));
                }
            }
        }
    }
    Ok(exit::IN_SYNC)
}

fn by(entry: &Entry) -> String {
    match entry.kind {
        Kind::Xdg => tr!("It is started by an autostart file of the desktop: {}", entry.place),
        Kind::Systemd => tr!("It is started by a systemd unit of yours: {}", entry.place),
        Kind::RunKey => tr!("It is started by an entry in the registry's Run key: {}", entry.place),
        Kind::LaunchAgent => tr!("It is started by a launch agent: {}", entry.place),
    }
}

impl From<AutostartError> for Failure {
    fn from(error: AutostartError) -> Self {
        Failure::NotDone(error.to_string())
    }
}
