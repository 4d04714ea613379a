//! Writing profiles to a .cdsp file. Passwords are never in it.

use std::path::Path;

use tr::tr;

use super::super::SetupError;
use crate::home::Home;
use crate::profile::{self, Name, cdsp};
use crate::report::wording::enumerated;

/// Profiles as they will be in the file.
#[derive(Debug, Default)]
pub struct Gathered {
    options: Vec<cdsp::Options>,
    read: Vec<(Name, String)>,
    /// What the person should know, in sentences.
    pub notes: Vec<String>,
    /// Of all profiles those that cannot be used, and why.
    pub broken: Vec<String>,
}

/// Gathers these profiles, or all.
///
/// # Errors
/// One that is named is not there or wrong.
pub fn gather(home: &Home, names: &[String]) -> Result<Gathered, SetupError> {
    let mut gathered = Gathered::default();
    let names = match names.is_empty() {
        false => names.to_vec(),
        true => {
            let loaded = profile::load_all(home)?;
            gathered.broken = loaded.broken.iter().map(|(_, error)| error.to_string()).collect();
            loaded.profiles.into_iter().map(|profile| profile.name.to_string()).collect()
        }
    };
    let zone = jiff::tz::TimeZone::system();
    for name in &names {
        let (name, text) = profile::read_text(home, name)?;
        if gathered.read.iter().any(|(other, _)| *other == name) {
            continue;
        }
        profile::parse(&name, &home.profile_file(&name), &text)?;
        let one = cdsp::export(&name, &cdsp::Keys::of(&text), zone.iana_name());
        if !one.ours.is_empty() {
            let keys = enumerated(one.ours.iter().map(String::as_str));
            gathered.notes.push(tr!("{name}: only Pimbridge reads {keys} from the file", name, keys));
        }
        if one.switched_off {
            gathered.notes.push(tr!("{name}: in Outlook it would upload whole events, which busy_blocks keeps from happening here; so it is \
                 switched off in the file", name));
        }
        gathered.options.push(one.options);
        gathered.read.push((name, text));
    }
    Ok(gathered)
}

impl Gathered {
    /// How many profiles they are.
    pub fn number(&self) -> usize {
        self.options.len()
    }

    /// Writes the file, which must not exist yet. Returns what could not be kept here of it, in sentences.
    ///
    /// # Errors
    /// There is nothing to write, or it cannot be written.
    pub fn save(&self, home: &Home, file: &Path) -> Result<Vec<String>, SetupError> {
        if self.options.is_empty() {
            return Err(SetupError::Wrong(tr!("there is no profile that could be exported")));
        }
        cdsp::save(file, &self.options).map_err(|error| SetupError::Wrong(error.to_string()))?;
        Ok(self.read.iter().filter_map(|(name, text)| keep_id(home, name, text).err()).collect())
    }
}

/// Writes the id of an exported profile into its file, so that a later export has the same.
fn keep_id(home: &Home, name: &Name, text: &str) -> Result<(), String> {
    let kept = cdsp::written_down(name.as_str(), text).and_then(|new| match new {
        Some(new) => profile::replace(home, name, &new).map(drop).map_err(|error| error.to_string()),
        None => Ok(()),
    });
    kept.map_err(|why| {
        tr!("{name} is in the file, but its id cannot be kept here, so do not change its address before you import the file \
             again: {why}", name, why)
    })
}
