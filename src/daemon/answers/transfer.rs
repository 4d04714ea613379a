//! Files of Outlook CalDav Synchronizer.

use std::path::{Path, PathBuf};

use crate::daemon::protocol::transfer::{
    Export, Exported, Fate, Import, Imported, Place, Planned, PlannedProfile,
};
use crate::home::Home;
use crate::profile::{self, cdsp, keyring};
use crate::setup::transfer::{self, Choices, Password, Unplaced, gather};

/// What an import would do.
pub fn plan(home: &Home, wanted: &Import) -> Result<Planned, String> {
    let (planned, stray) = planned(home, wanted)?;
    Ok(Planned { profiles: planned.iter().map(told).collect(), stray })
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
pub fn planned(home: &Home, wanted: &Import) -> Result<(Vec<transfer::Planned>, Vec<String>), String> {
    let document = cdsp::load(&full(&wanted.file)).map_err(|error| error.to_string())?;
    let loaded = profile::load_all(home).map_err(|error| error.to_string())?;
    let choices = Choices { folders: wanted.folders.clone(), ..Choices::default() };
    let take_suggested = |unplaced: Unplaced| Some(unplaced.suggested);
    let planned = transfer::plan(home, &choices, &take_suggested, &document, &loaded)
        .map_err(|error| error.to_string())?;
    Ok((planned, document.stray))
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
        transfer::Fate::Skipped(why) => Fate::Skipped { why: why.clone() },
    };
    PlannedProfile { label: planned.label.clone(), fate, notes: planned.notes.clone() }
}

/// Writes profiles to a file.
pub fn export(home: &Home, Export { profiles, file }: &Export) -> Result<Exported, String> {
    let mut gathered = gather(home, profiles).map_err(|error| error.to_string())?;
    let unkept = gathered.save(home, &full(file)).map_err(|error| error.to_string())?;
    let number = gathered.number();
    let notes = std::mem::take(&mut gathered.broken).into_iter().chain(gathered.notes).chain(unkept);
    Ok(Exported { number, notes: notes.collect() })
}

/// A path that a person typed; `~` is the home folder.
fn full(typed: &str) -> PathBuf {
    let typed = typed.trim();
    profile::expand(typed).unwrap_or_else(|| Path::new(typed).to_owned())
}
