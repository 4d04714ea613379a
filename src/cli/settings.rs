//! `settings`: what counts for all profiles.

use serde::Serialize;
use serde_json::Value;
use tr::tr;

use super::changes::{Changes, told};
use super::{Failure, exit, out};
use crate::home::Home;
use crate::report::json::written;
use crate::settings::{self, SettingsError, TABLE};
use crate::setup::options;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the settings with their values, defaults and meanings
    List(List),
    /// Change settings
    ///
    /// For example: pimbridge settings set report_days=365 log_level=debug
    Set(Changes),
}

#[derive(Debug, clap::Args)]
pub struct List {
    /// Print one JSON object a setting and line
    #[arg(long)]
    json: bool,
}

/// A setting, as scripts read it.
#[derive(Serialize)]
struct Setting {
    key: &'static str,
    value: Value,
    default: Value,
    meaning: String,
}

pub fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::List(args) => list(home, &args),
        Command::Set(changes) => {
            let changes = changes.read()?;
            options::set(home, &changes)?;
            changes.iter().for_each(|change| out::say(told(change)));
            Ok(exit::IN_SYNC)
        }
    }
}

fn list(home: &Home, args: &List) -> Result<u8, Failure> {
    settings::load(home)?;
    let file: Value = toml::from_str(&settings::text(home)?).unwrap_or_default();
    for key in TABLE.keys {
        let default = key.default().unwrap_or_default();
        let value = file.get(key.name).unwrap_or(&default).clone();
        let meaning = key.full_meaning();
        if args.json {
            out::say(written(&Setting { key: key.name, value, default, meaning }));
        } else {
            let note = if value == default { tr!("the default") } else { tr!("default {}", default) };
            out::say(format!("{} = {value}   ({note})\n    {}", key.name, meaning.replace('\n', "\n    ")));
        }
    }
    if !args.json {
        out::say(tr!("Settings are kept in {}", home.settings_file().display()));
    }
    Ok(exit::IN_SYNC)
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Failure::Usage(error.to_string())
    }
}
