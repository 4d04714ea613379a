//! What an import will do: one decision for each profile of the file, before anything is written.

use std::collections::HashMap;

use tr::tr;

use super::super::SetupError;
use super::super::places::{Places, refuse_home};
use super::folders::called;
use super::here::{Existing, Here};
use super::{Ask, Choices, Folders, held, secrets, told};
use crate::home::Home;
use crate::profile::cdsp::{self, Document, Imported, Keys, Options};
use crate::profile::{self, KINDS, Loaded, MODES, Name, Profile, ProfileError, Secret, word_of};
use crate::report::wording::{cut, enumerated, shell_word};
use crate::settings;

/// What becomes of a profile of the file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fate {
    Added,
    Replaced,
    Unchanged,
    Skipped(Why),
}

/// Why a profile of the file is left out: a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Why {
    #[error("{}", tr!(
        "the file does not tell what it syncs; say it with --kind \"{name}=events\" (or tasks, or contacts)",
        name = label
    ))]
    NoKind { label: String },
    #[error("{}", tr!(
        "Google signs you in in a browser, for which you need a client id of your own: give it with \
                            --client-id ID (profiles-examples/google-calendar.toml says how to get one)"
    ))]
    NoClientId,
    #[error("{0}")]
    Other(String),
}

impl From<String> for Why {
    fn from(why: String) -> Why {
        Why::Other(why)
    }
}

/// A profile of the file, and what becomes of it.
#[derive(Debug)]
pub struct Planned {
    /// Its name in the file.
    pub label: String,
    pub fate: Fate,
    /// The profile here, and the text of its file.
    pub file: Option<(Profile, String)>,
    /// Its password, where the file tells it to this person.
    pub password: Option<Secret>,
    /// What the person should know.
    pub notes: Vec<String>,
}

impl Planned {
    fn skipped(label: String, why: impl Into<Why>) -> Self {
        Planned { label, fate: Fate::Skipped(why.into()), file: None, password: None, notes: Vec::new() }
    }

    pub fn is_written(&self) -> bool {
        matches!(self.fate, Fate::Added | Fate::Replaced)
    }

    /// What a person is shown of it.
    pub fn shown(&self) -> String {
        let word = match &self.fate {
            Fate::Added => tr!("adds"),
            Fate::Replaced => tr!("replaces"),
            Fate::Unchanged => tr!("unchanged"),
            Fate::Skipped(_) => tr!("skips"),
        };
        let mut shown = format!("{word:<10} {}", self.label);
        match (&self.file, &self.fate) {
            (_, Fate::Skipped(why)) => shown += &format!(": {why}"),
            (Some((profile, _)), _) => {
                if profile.name.as_str() != self.label {
                    shown += &format!(", {}", tr!("here {}", profile.name));
                }
                let mut facts = vec![profile.kind.in_words(), word_of(MODES, profile.mode).to_owned()];
                facts.extend((!profile.active).then(|| tr!("inactive")));
                facts.push(tr!("in {}", profile.local));
                shown += &format!(": {}", facts.join(", "));
            }
            (None, _) => {}
        }
        for note in &self.notes {
            shown += &format!("\n{:11}{note}", "");
        }
        shown
    }
}

/// Decides about every profile of the file.
///
/// # Errors
/// A folder must be named first, or what was typed does not fit the file.
pub fn plan(
    home: &Home,
    choices: &Choices,
    ask: Ask,
    document: &Document,
    loaded: &Loaded,
) -> Result<Vec<Planned>, SetupError> {
    let mut places = Places::new(loaded);
    let mut folders = Folders::new(choices, ask, settings::load(home)?.folders);
    let here = Here::new(home, loaded, &mut folders)?;
    let (mut planned, mut seen, mut without_folder) = (Vec::new(), HashMap::new(), Vec::new());
    for (number, options) in document.profiles.iter().enumerate() {
        let label = cdsp::label(options);
        let mut imported = match read(choices, number, options, &label, &here.existing) {
            Ok(imported) => imported,
            Err(why) => {
                planned.push(Planned::skipped(label, why));
                continue;
            }
        };
        if let Some(first) = seen.insert(imported.id.clone(), label.clone()) {
            planned.push(Planned::skipped(label, tr!("it has the same Id as {first} in this file", first)));
            continue;
        }
        if let Some(why) = here.refuses(&imported) {
            planned.push(Planned::skipped(label, why));
            continue;
        }
        let old = here.existing.get(&imported.id);
        let (name, folder) = match old {
            Some(old) => (old.profile.name.clone(), String::new()),
            None => match folders.of(number, &label, &imported, &mut places)? {
                Some(folder) => (places.name(&Name::like(&label))?, folder),
                None => {
                    let called = called(&label, &imported).to_owned();
                    without_folder.push(if without_folder.contains(&called) { label } else { called });
                    continue;
                }
            },
        };
        let held = held::hold(&mut imported, old.map(|old| Keys::of(&old.text)).as_ref());
        let mut new = one(home, label, &imported, name, &folder, old, &held);
        new.password = cdsp::password(options);
        planned.push(new);
    }
    if let Some(name) = without_folder.first() {
        return Err(SetupError::Wrong(tr!(
            "there is no terminal to ask on where {names} is here; make folders for all of them with --root FOLDER, or \
             name each one: --folder \"{name}=FOLDER\""
                | "there is no terminal to ask on where {names} are here; make folders for all of them with --root FOLDER, or \
                   name each one: --folder \"{name}=FOLDER\""
                    % without_folder.len(),
            names = enumerated(without_folder.iter().map(String::as_str)),
            name = cut(name, 60)
        )));
    }
    if let Some(name) = folders.unused() {
        return Err(SetupError::Wrong(tr!(
            "no new profile of the file is called {name} or has a folder of that name, so --folder cannot be used for it",
            name = format_args!("{name:?}")
        )));
    }
    refuse_overlaps(&mut planned, &loaded.profiles);
    tell_of_others(&mut planned, &loaded.profiles);
    Ok(planned)
}

fn read(
    choices: &Choices,
    number: usize,
    options: &Options,
    label: &str,
    existing: &HashMap<String, Existing>,
) -> Result<Imported, Why> {
    let said = choices.kinds.iter().find(|(name, _)| name == label).map(|(_, kind)| kind.as_str());
    let said = KINDS.iter().find(|known| Some(known.word) == said).map(|known| known.value);
    let said = choices.of_one.get(&number).and_then(|one| one.kind).or(said);
    let id = options.text("Id").and_then(cdsp::guid);
    let known = id.and_then(|id| existing.get(&id)).map(|old| old.profile.kind);
    let Some(kind) = cdsp::kind_of(options).or(said).or(known) else {
        return Err(Why::NoKind { label: label.to_owned() });
    };
    let mut imported = cdsp::import(options, kind)?;
    let keys = &mut imported.keys;
    if keys.text("oauth.provider").is_some() && keys.text("oauth.client_id").is_none() {
        let old = existing.get(&imported.id).map(|old| Keys::of(&old.text));
        let known = old.as_ref().and_then(|old| old.text("oauth.client_id"));
        match choices.client_id.as_deref().or(known) {
            Some(id) => keys.set("oauth.client_id", id),
            None => return Err(Why::NoClientId),
        }
    }
    Ok(imported)
}

fn one(
    home: &Home,
    label: String,
    imported: &Imported,
    name: Name,
    folder: &str,
    old: Option<&Existing>,
    held: &[String],
) -> Planned {
    let text = match cdsp::file_text(imported, folder, old.map(|old| old.text.as_str())) {
        Ok(text) => text,
        Err(why) => return Planned::skipped(label, why),
    };
    let profile = match profile::parse(&name, &home.profile_file(&name), &text) {
        Ok(profile) => profile,
        // There is no file yet whose line could be looked at.
        Err(ProfileError::Content { what, .. }) => return Planned::skipped(label, what),
        Err(error) => return Planned::skipped(label, error.to_string()),
    };
    if let (None, Err(error)) = (old, refuse_home(&profile.local)) {
        return Planned::skipped(label, error.to_string());
    }
    let fate = match old {
        None => Fate::Added,
        Some(old) if old.text == text => Fate::Unchanged,
        Some(_) => Fate::Replaced,
    };
    let word = shell_word(name.as_str());
    let mut notes = Vec::new();
    if fate != Fate::Unchanged {
        notes.extend(told::server(&profile));
        notes.extend(old.map_or_else(|| told::notable(&text), |old| told::changes(&old.text, &text)));
    }
    notes.extend(held.iter().map(|note| note.replace("{name}", &word)));
    if fate != Fate::Unchanged {
        notes.extend(imported.notes.iter().map(|note| note.replace("{name}", &word)));
    }
    Planned { label, fate, file: Some((profile, text)), password: None, notes }
}

/// Tells what depends on the other profiles, and last what is to be done.
fn tell_of_others(planned: &mut [Planned], loaded: &[Profile]) {
    let new: Vec<Profile> =
        planned.iter().filter_map(|one| one.file.as_ref()).map(|(new, _)| new.clone()).collect();
    for one in planned.iter_mut().filter(|one| one.is_written()) {
        let Some((profile, _)) = &one.file else { continue };
        one.notes.extend(told::sharers(profile, loaded.iter().chain(&new)));
    }
    secrets::tell(planned, loaded);
    for one in planned.iter_mut().filter(|one| one.is_written()) {
        let Some((profile, _)) = one.file.as_ref().filter(|(profile, _)| profile.preview_needed) else {
            continue;
        };
        one.notes.push(tr!(
            "it may delete what only one side has, so look ahead first: pimbridge sync {} --dry-run",
            shell_word(profile.name.as_str())
        ));
    }
}

/// Leaves out what would sync the same pair as another active profile.
fn refuse_overlaps(planned: &mut [Planned], loaded: &[Profile]) {
    let replaced = |profile: &Profile| {
        planned.iter().filter_map(|one| one.file.as_ref()).any(|(new, _)| new.name == profile.name)
    };
    let mut all: Vec<Profile> =
        loaded.iter().filter(|profile| profile.active && !replaced(profile)).cloned().collect();
    for one in planned.iter_mut() {
        let Some((profile, _)) = one.file.as_ref().filter(|(profile, _)| profile.active) else { continue };
        all.push(profile.clone());
        if let Some(two) = profile::overlaps(&all).first() {
            let why = tr!(
                "the profile {} already syncs {} with {}; a second one on both would double the items",
                two.first,
                two.local,
                two.remote
            );
            all.pop();
            *one = Planned::skipped(std::mem::take(&mut one.label), why);
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
