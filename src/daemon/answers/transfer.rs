//! Files of Outlook CalDav Synchronizer.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use tr::tr;

use super::whole_path;
use crate::daemon::protocol::transfer::{
    Agreed, Export, Exported, Fate, Import, Imported, Lack, Place, Planned, PlannedProfile, Said,
};
use crate::home::Home;
use crate::profile::{self, cdsp, keyring};
use crate::setup::form;
use crate::setup::transfer::{self, Choices, OfOne, Password, Unplaced, Why, gather};

/// What the names of such files are like.
const EXAMPLE: &str = "profiles.cdsp";

/// What an import would do.
pub fn plan(home: &Home, wanted: &Import) -> Result<Planned, String> {
    let (planned, stray) = planned(home, wanted)?;
    Ok(Planned { profiles: planned.iter().map(told).collect(), seal: seal(&planned), stray })
}

/// What an import does that the person has looked at. It is refused if it would do something else by now.
pub fn agreed(home: &Home, agreed: &Agreed) -> Result<Vec<transfer::Planned>, String> {
    let (planned, _) = planned(home, &agreed.import)?;
    match seal(&planned) == agreed.seal {
        true => Ok(planned),
        false => Err(tr!(
            "Nothing was imported: it would not do any more what you have seen, because the file or a profile has changed. Look into the file again."
        )),
    }
}

/// What stands for all that an import does.
fn seal(planned: &[transfer::Planned]) -> String {
    let mut hasher = DefaultHasher::new();
    for one in planned {
        let file = one.file.as_ref().map(|(profile, text)| (profile.name.as_str(), text));
        (&one.label, &one.fate, &one.notes, file).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Does it.
pub async fn import(home: &Home, planned: Vec<transfer::Planned>) -> Result<Imported, String> {
    let (mut profiles, mut troubles) = (Vec::new(), Vec::new());
    for one in &planned {
        let written = keyring::with_person(transfer::write(home, one)).await;
        let Some(password) = written.map_err(|error| error.to_string())? else { continue };
        profiles.extend(one.file.as_ref().map(|(profile, _)| profile.name.to_string()));
        if let Password::NotStored(why) = password {
            troubles.push(format!("{}: {why}", one.label));
        }
    }
    Ok(Imported { profiles, troubles })
}

/// What becomes of each profile of the file, and what is left out of it.
fn planned(home: &Home, wanted: &Import) -> Result<(Vec<transfer::Planned>, Vec<String>), String> {
    let document = cdsp::load(&whole_path(&wanted.file, EXAMPLE)?).map_err(|error| error.to_string())?;
    let loaded = profile::load_all(home).map_err(|error| error.to_string())?;
    let client_id = wanted.client_id.clone();
    let choices = Choices { of_one: of_one(&wanted.said)?, client_id, ..Choices::default() };
    let take_suggested = |unplaced: Unplaced| Some(unplaced.suggested);
    let planned = transfer::plan(home, &choices, &take_suggested, &document, &loaded)
        .map_err(|error| error.to_string())?;
    Ok((planned, document.stray))
}

fn of_one(said: &[Said]) -> Result<HashMap<usize, OfOne>, String> {
    let one = |said: &Said| match &said.folder {
        Some(folder) if profile::expand(folder).is_none() => Err(tr!(
            "Write the folder {0} with its whole path, as in {1}",
            folder,
            if cfg!(windows) { r"C:\Users\jana\calendars\work" } else { "/home/jana/calendars/work" }
        )),
        folder => Ok((said.number, OfOne { folder: folder.clone(), kind: said.kind })),
    };
    said.iter().map(one).collect()
}

fn told(planned: &transfer::Planned) -> PlannedProfile {
    let place = || {
        planned.file.as_ref().map_or_else(Place::default, |(profile, _)| Place {
            name: profile.name.to_string(),
            folder: profile.local.to_string(),
            active: profile.active,
        })
    };
    let fate = match &planned.fate {
        transfer::Fate::Added => Fate::Added(place()),
        transfer::Fate::Replaced => Fate::Replaced(place()),
        transfer::Fate::Unchanged => Fate::Unchanged,
        transfer::Fate::Skipped(Why::NoKind { .. }) => Fate::Lacks { what: Lack::Kind },
        transfer::Fate::Skipped(Why::NoClientId) => Fate::Lacks { what: Lack::ClientId },
        transfer::Fate::Skipped(Why::Other(why)) => Fate::Skipped { why: why.clone() },
    };
    PlannedProfile {
        label: planned.label.clone(),
        fate,
        notes: planned.notes.iter().map(|note| titled(note)).collect(),
    }
}

/// A note that begins with a key begins with what people read for it.
fn titled(note: &str) -> String {
    let key = note.split_once(": ").and_then(|(key, value)| Some((form::title(key)?, value)));
    key.map_or_else(|| note.to_owned(), |(title, value)| format!("{title}: {value}"))
}

/// Writes profiles to a file.
pub fn export(home: &Home, Export { profiles, file }: &Export) -> Result<Exported, String> {
    let file = whole_path(file, EXAMPLE)?;
    let mut gathered = gather(home, profiles).map_err(|error| error.to_string())?;
    let unkept = gathered.save(home, &file).map_err(|error| error.to_string())?;
    let number = gathered.number();
    let notes = std::mem::take(&mut gathered.broken).into_iter().chain(gathered.notes).chain(unkept);
    Ok(Exported { number, file: file.display().to_string(), notes: notes.collect() })
}
