//! `profile export`.

use std::path::PathBuf;

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, Name, cdsp};
use crate::report::wording::enumerated;

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
    let (mut exported, mut notes, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for name in &names {
        let (name, text) = profile::read_text(home, name)?;
        if read.iter().any(|(other, _)| *other == name) {
            continue;
        }
        profile::parse(&name, &home.profile_file(&name), &text)?;
        let one = cdsp::export(&name, &cdsp::Keys::of(&text), zone.iana_name());
        if !one.ours.is_empty() {
            let keys = enumerated(one.ours.iter().map(String::as_str));
            notes.push(format!("{name}: only Pimbridge reads {keys} from the file"));
        }
        if one.switched_off {
            notes.push(format!(
                "{name}: in Outlook it would upload whole events, which busy_blocks keeps from happening here; so it is \
                 switched off in the file"
            ));
        }
        exported.push(one.options);
        read.push((name, text));
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
    let all_kept = read.iter().filter(|(name, text)| !keep_id(home, name, text)).count() == 0;
    Ok(match (broken.is_empty(), all_kept) {
        (false, _) => exit::WRONG_USE,
        (true, false) => exit::SOME_FAILED,
        (true, true) => exit::IN_SYNC,
    })
}

/// Writes the id of an exported profile into its file, so that a later export has the same; says whether it is there.
fn keep_id(home: &Home, name: &Name, text: &str) -> bool {
    let kept = cdsp::written_down(name.as_str(), text).and_then(|new| match new {
        Some(new) => profile::replace(home, name, &new).map(drop).map_err(|error| error.to_string()),
        None => Ok(()),
    });
    if let Err(why) = &kept {
        out::complain(&format!(
            "{name} is in the file, but its id cannot be kept here, so do not change its address before you import the file \
             again: {why}"
        ));
    }
    kept.is_ok()
}
