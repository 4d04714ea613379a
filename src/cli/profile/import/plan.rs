//! What an import will do: one decision for each profile of the file, before anything is written.

use std::collections::{BTreeSet, HashMap};

use super::super::super::Failure;
use super::super::add::without_file;
use super::super::places::Places;
use super::{Args, Folders};
use crate::home::Home;
use crate::profile::cdsp::{self, Document, Imported, Keys, Options};
use crate::profile::{
    self, KINDS, Loaded, MODES, Name, PasswordSource, Profile, RemoteSpec, Secret, SignIn, keyring_entry,
    word_of,
};
use crate::report::text::{cut, shell_word};
use crate::settings;

const PASSWORD_NEEDED: &str = "password needed";

/// What becomes of a profile of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Added,
    Replaced,
    Unchanged,
    /// Why: a sentence.
    Skipped(String),
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
    fn skipped(label: String, why: String) -> Self {
        Planned { label, fate: Fate::Skipped(why), file: None, password: None, notes: Vec::new() }
    }

    /// What a person is shown of it.
    pub fn shown(&self) -> String {
        let word = match &self.fate {
            Fate::Added => "adds",
            Fate::Replaced => "replaces",
            Fate::Unchanged => "unchanged",
            Fate::Skipped(_) => "skips",
        };
        let mut shown = format!("{word:<10} {}", self.label);
        match (&self.file, &self.fate) {
            (_, Fate::Skipped(why)) => shown += &format!(": {why}"),
            (Some((profile, _)), _) => {
                if profile.name.as_str() != self.label {
                    shown += &format!(", here {}", profile.name);
                }
                let active = if profile.active { "" } else { ", inactive" };
                let mode = word_of(MODES, profile.mode);
                shown += &format!(": {}, {mode}{active}, in {}", profile.kind, profile.local);
            }
            (None, _) => {}
        }
        for note in &self.notes {
            shown += &format!("\n{:11}{note}", "");
        }
        shown
    }
}

/// A profile that is here already.
struct Existing {
    profile: Profile,
    text: String,
}

/// Decides about every profile of the file.
///
/// # Errors
/// A folder must be named first, or what was typed does not fit the file.
pub fn plan(home: &Home, args: &Args, document: &Document, loaded: Loaded) -> Result<Vec<Planned>, Failure> {
    let mut places = Places::new(&loaded);
    let mut folders = Folders::new(args, settings::load(home)?.folders);
    let mut existing = HashMap::new();
    for profile in &loaded.profiles {
        let (name, text) = profile::read_text(home, profile.name.as_str())?;
        let keys = Keys::of(&text);
        folders.know(profile.kind, &keys);
        let id = cdsp::identity(name.as_str(), &keys);
        existing.insert(id, Existing { profile: profile.clone(), text });
    }
    let (mut planned, mut seen, mut without_folder) = (Vec::new(), HashMap::new(), Vec::new());
    for options in &document.profiles {
        let label = cdsp::label(options);
        let imported = match read(args, options, &label, &existing) {
            Ok(imported) => imported,
            Err(why) => {
                planned.push(Planned::skipped(label, why));
                continue;
            }
        };
        if let Some(first) = seen.insert(imported.id.clone(), label.clone()) {
            planned.push(Planned::skipped(label, format!("it has the same Id as {first} in this file")));
            continue;
        }
        let old = existing.get(&imported.id);
        let (name, folder) = match old {
            Some(old) => (old.profile.name.clone(), String::new()),
            None => match folders.of(&label, &imported, &mut places)? {
                Some(folder) => (places.name(&Name::like(&label))?, folder),
                None => {
                    without_folder.push(imported.folder.unwrap_or(label));
                    continue;
                }
            },
        };
        let mut planned_one = one(home, label, &imported, name, &folder, old);
        take_password(&mut planned_one, cdsp::password(options));
        planned.push(planned_one);
    }
    if let Some(name) = without_folder.first() {
        return Err(Failure::Usage(format!(
            "there is no terminal to ask on where {} {} here; make folders for all of them with --root FOLDER, or name \
             each one: --folder \"{}=FOLDER\"",
            crate::report::text::enumerated(without_folder.iter().map(String::as_str)),
            if without_folder.len() == 1 { "is" } else { "are" },
            cut(name, 60)
        )));
    }
    if let Some(name) = folders.unused() {
        return Err(Failure::Usage(format!(
            "no new profile of the file is called {name:?} or has a folder of that name, so --folder cannot be used for it"
        )));
    }
    refuse_overlaps(&mut planned, &loaded.profiles);
    Ok(planned)
}

fn read(
    args: &Args,
    options: &Options,
    label: &str,
    existing: &HashMap<String, Existing>,
) -> Result<Imported, String> {
    let said = args.kind.iter().find(|(name, _)| name == label).map(|(_, kind)| kind.as_str());
    let said = KINDS.iter().find(|known| Some(known.word) == said).map(|known| known.value);
    let id = options.text("Id").and_then(cdsp::guid);
    let known = id.and_then(|id| existing.get(&id)).map(|old| old.profile.kind);
    let mut imported = cdsp::import(options, said.or(known)).map_err(|why| why.replace("{name}", label))?;
    let keys = &mut imported.keys;
    if keys.text("oauth.provider").is_some() && keys.text("oauth.client_id").is_none() {
        let old = existing.get(&imported.id).map(|old| Keys::of(&old.text));
        let known = old.as_ref().and_then(|old| old.text("oauth.client_id"));
        match args.client_id.as_deref().or(known) {
            Some(id) => keys.set("oauth.client_id", id),
            None => {
                return Err("Google signs you in in a browser, for which you need a client id of your own: give it with \
                            --client-id ID (profiles-examples/google-calendar.toml says how to get one)"
                    .to_owned());
            }
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
) -> Planned {
    let text = match cdsp::file_text(imported, folder, old.map(|old| old.text.as_str())) {
        Ok(text) => text,
        Err(why) => return Planned::skipped(label, why),
    };
    let profile = match profile::parse(&name, &home.profile_file(&name), &text).map_err(without_file) {
        Ok(profile) => profile,
        Err(Failure::Usage(why) | Failure::NotDone(why)) => return Planned::skipped(label, why),
    };
    let fate = match old {
        None => Fate::Added,
        Some(old) if old.text == text => Fate::Unchanged,
        Some(_) => Fate::Replaced,
    };
    let mut notes = Vec::new();
    if fate != Fate::Unchanged {
        let word = shell_word(name.as_str());
        notes.extend(old.map(|old| changes(&old.text, &text)).unwrap_or_default());
        notes.extend(imported.notes.iter().map(|note| note.replace("{name}", &word)));
        notes.extend(secret(&profile, old.map(|old| &old.profile), &word));
        if profile.preview_needed {
            notes.push(format!(
                "it may delete what only one side has, so look ahead first: pimbridge sync {word} --dry-run"
            ));
        }
    }
    Planned { label, fate, file: Some((profile, text)), password: None, notes }
}

/// Takes over a password that would otherwise have to be entered.
fn take_password(planned: &mut Planned, password: Option<Secret>) {
    let needed = planned.notes.iter_mut().find(|note| note.starts_with(PASSWORD_NEEDED));
    if let (Some(note), Some(password)) = (needed, password) {
        *note = "its password goes into the keyring".to_owned();
        planned.password = Some(password);
    }
}

/// What is otherwise than before, key by key.
fn changes(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (Keys::of(before), Keys::of(after));
    let shown = |keys: &Keys, path: &str| keys.get(path).map(|value| cut(&value.to_string(), 80));
    let paths: BTreeSet<&str> = before.paths().chain(after.paths()).collect();
    let told = |path: &&str| !path.starts_with("cdsp.") && *path != "preview_needed";
    let paths = paths.into_iter().filter(|path| before.get(path) != after.get(path)).filter(told);
    let line = |path: &str| match (shown(&before, path), shown(&after, path)) {
        (Some(before), Some(after)) => format!("{path}: {before} becomes {after}"),
        (None, Some(after)) => format!("{path} becomes {after}"),
        (_, None) => format!("{path} has its default again"),
    };
    paths.map(line).collect()
}

/// What the person has to enter, if it is not there from before.
fn secret(profile: &Profile, old: Option<&Profile>, word: &str) -> Option<String> {
    let entry = keyring_entry(profile)?;
    if old.and_then(keyring_entry) == Some(entry) {
        return None;
    }
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    match sign_in.as_ref()? {
        SignIn::Password { password: PasswordSource::Keyring, .. } => {
            Some(format!("{PASSWORD_NEEDED}: pimbridge profile password {word}"))
        }
        SignIn::Token { token: PasswordSource::Keyring, .. } => {
            Some(format!("token needed: pimbridge profile password {word}"))
        }
        SignIn::OAuth { secret: None, .. } => Some(format!(
            "sign-in needed: say with pimbridge profile set {word} oauth.client_secret_command COMMAND where your \
             client's secret is, then pimbridge profile sign-in {word}"
        )),
        SignIn::OAuth { .. } => Some(format!("sign-in needed: pimbridge profile sign-in {word}")),
        _ => None,
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
            let why = format!(
                "the profile {} already syncs {} with {}; a second one on both would double the items",
                two.first, two.local, two.remote
            );
            all.pop();
            *one = Planned::skipped(std::mem::take(&mut one.label), why);
        }
    }
}
