//! Profiles and settings: what there is, and what is changed.

use super::told;
use crate::daemon::foreseen;
use crate::daemon::protocol::profiles::{
    Change, Changes, Finding, Foreseen, Listed, Listing, Removed, Shown, Tested,
};
use crate::home::Home;
use crate::profile::{self, Accounts, KINDS, Profile, RemoteSpec, SignIn, keyring, word_of};
use crate::settings;
use crate::setup::form::{self, Form};
use crate::setup::{self, change, check, options};

/// Every profile.
pub fn list(home: &Home) -> Result<Listing, String> {
    let order = settings::load(home).map(|settings| settings.profile_order).unwrap_or_default();
    let loaded = profile::load_all(home).map_err(told)?;
    let sound = loaded.profiles.iter().map(listed);
    let broken = loaded.broken.iter().map(|(name, error)| Listed {
        name: name.clone(),
        kind: None,
        folder: String::new(),
        url: String::new(),
        user: None,
        active: true,
        preview_needed: false,
        broken: Some(error.to_string()),
    });
    let mut profiles: Vec<Listed> = sound.chain(broken).collect();
    profiles.sort_by_key(|listed| order.place(&listed.name));
    Ok(Listing { profiles })
}

fn listed(profile: &Profile) -> Listed {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    Listed {
        name: profile.name.to_string(),
        kind: Some(word_of(KINDS, profile.kind).to_owned()),
        folder: profile.local.to_string(),
        url: url.to_string(),
        user: sign_in.as_ref().and_then(SignIn::user).map(str::to_owned),
        active: profile.active,
        preview_needed: profile.preview_needed,
        broken: None,
    }
}

/// A profile with all of its options.
pub fn show(home: &Home, name: &str) -> Result<Shown, String> {
    let (name, text) = profile::read_text(home, name).map_err(told)?;
    let file = home.profile_file(&name);
    let state = home.state_file(&name);
    Ok(Shown {
        name: name.to_string(),
        form: form::of_profile(form::kind_of(&text), &text),
        broken: profile::parse(&name, &file, &text).err().map(told),
        file: file.display().to_string(),
        history: state.exists().then(|| state.display().to_string()),
    })
}

pub fn set(home: &Home, Changes { profile, changes }: Changes) -> Result<(), String> {
    change::set(home, &profile, &of(changes)).map(drop).map_err(told)
}

/// What the next run would do after these changes.
pub async fn foresee(home: &Home, accounts: &Accounts, wanted: Changes) -> Result<Foreseen, String> {
    let changes = of(wanted.changes);
    let mut done = setup::foresee::foresee(home, &wanted.profile, &changes, accounts).await.map_err(told)?;
    done.report.problems.truncate(foreseen::MOST);
    Ok(Foreseen { report: done.report, items: foreseen::told(done.foreseen) })
}

pub fn copy(home: &Home, profile: &str, new: &str) -> Result<(), String> {
    change::copy(home, profile, new).map(drop).map_err(told)
}

pub fn arrange(home: &Home, profiles: &[String]) -> Result<(), String> {
    change::arrange(home, profiles).map_err(told)
}

/// Tests a profile.
pub async fn test(home: &Home, profile: &str) -> Result<Tested, String> {
    let mut findings = Vec::new();
    let mut tell = |about, found| findings.push(Finding { about, found });
    keyring::with_person(check::check(home, profile, &mut tell)).await.map_err(told)?;
    Ok(Tested { findings })
}

pub fn reset(home: &Home, profile: &str) -> Result<(), String> {
    change::reset(home, profile).map(drop).map_err(told)
}

pub async fn remove(home: &Home, profile: &str) -> Result<Removed, String> {
    let removed = keyring::with_person(change::remove(home, profile)).await.map_err(told)?;
    Ok(Removed {
        history: removed.state.map(|state| state.display().to_string()),
        secret: removed.secret.is_some(),
    })
}

/// The settings.
pub fn settings(home: &Home) -> Result<Form, String> {
    settings::load(home).map_err(told)?;
    Ok(form::of_settings(&settings::text(home).map_err(told)?))
}

pub fn set_settings(home: &Home, changes: Vec<Change>) -> Result<(), String> {
    options::set(home, &of(changes)).map_err(told)
}

fn of(changes: Vec<Change>) -> Vec<change::Change> {
    changes.into_iter().map(|Change { key, value }| (key, value)).collect()
}
