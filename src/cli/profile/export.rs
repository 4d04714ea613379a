//! `profile export`.

use std::path::PathBuf;

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, cdsp};
use crate::report::text::enumerated;

/// Write profiles to a .cdsp file, which Outlook CalDav Synchronizer can import
///
/// Passwords are never in it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The .cdsp file, which must not exist yet
    file: PathBuf,
    /// The profiles [default: all]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
}

pub fn run(home: &Home, args: &Args) -> Result<u8, Failure> {
    let mut broken = Vec::new();
    let names = match args.profiles.is_empty() {
        false => args.profiles.clone(),
        true => {
            let loaded = profile::load_all(home)?;
            broken = loaded.broken;
            loaded.profiles.into_iter().map(|profile| profile.name.to_string()).collect()
        }
    };
    let zone = jiff::tz::TimeZone::system();
    let (mut exported, mut notes) = (Vec::new(), Vec::new());
    for name in &names {
        let (name, text) = profile::read_text(home, name)?;
        profile::parse(&name, &home.profile_file(&name), &text)?;
        let one = cdsp::export(&name, &cdsp::Keys::of(&text), zone.iana_name());
        if !one.ours.is_empty() {
            let keys = enumerated(one.ours.iter().map(String::as_str));
            notes.push(format!("{name}: only Pimbridge reads {keys} from the file"));
        }
        exported.push(one.options);
    }
    for (_, error) in &broken {
        out::complain(&error.to_string());
    }
    if exported.is_empty() {
        return Err(Failure::Usage("there is no profile that could be exported".to_owned()));
    }
    cdsp::save(&args.file, &exported).map_err(|error| Failure::Usage(error.to_string()))?;
    let number = exported.len();
    out::say(format!(
        "{} in {}, without passwords.",
        if number == 1 { "One profile is".to_owned() } else { format!("{number} profiles are") },
        args.file.display()
    ));
    notes.iter().for_each(out::say);
    Ok(if broken.is_empty() { exit::IN_SYNC } else { exit::WRONG_USE })
}
