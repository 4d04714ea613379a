//! The history: what is kept, how it differs from what is there now, and bringing it back.

use tr::tr;

use super::{reading, told};
use crate::daemon::protocol::history::{
    Deletions, Find, Found, Kept, NotRestored, OfRun, Reasoned, Restored, View, Which,
};
use crate::home::Home;
use crate::item::compare::compare;
use crate::profile::{self, Name, Profile, ProfileError, keyring};
use crate::report::wording::summary;
use crate::state::{Peek, VersionId};
use crate::stored;
use crate::sync::Side;
use crate::sync::restore;
use crate::sync::session::{restore_version, restore_versions, scope};

/// How many versions of one item are shown.
const OF_AN_ITEM: usize = 200;

/// The versions of all profiles that there are or were, or of one.
pub fn find(home: &Home, which: &Find) -> Result<Found, String> {
    let mut versions = Vec::new();
    for (name, state) in states(home, which.profile.as_deref())? {
        let found = state.find_versions(&which.text, which.limit.saturating_add(1)).map_err(told)?;
        versions.extend(found.into_iter().map(|version| Kept { profile: name.to_string(), version }));
    }
    versions.sort_by_key(|kept| std::cmp::Reverse((kept.version.at, kept.version.id)));
    let more = versions.len() > which.limit;
    versions.truncate(which.limit);
    Ok(Found { versions, more, profiles: with_history(home)? })
}

fn with_history(home: &Home) -> Result<Vec<String>, String> {
    Ok(stored::all(home).map_err(told)?.iter().map(ToString::to_string).collect())
}

/// One version, beside what is there now.
pub fn view(home: &Home, which: &Which) -> Result<View, String> {
    let (name, state) = one(home, &which.profile)?;
    let Some((version, bytes)) = state.version(VersionId(which.version)).map_err(told)? else {
        return Err(tr!("this version is not kept any more; look for another one"));
    };
    let mut versions = Vec::new();
    for version in state.versions_of(&version, OF_AN_ITEM).map_err(told)? {
        let why = state.reason(version.id).map_err(told)?;
        versions.push(Reasoned { version, why });
    }
    let present = state.present(&version).map_err(told)?;
    let profile = profile::load(home, name.as_str()).ok();
    // Where the profile is gone, both are shown in the form of their own side.
    let scope = profile.as_ref().and_then(|profile| scope(home, profile).ok());
    let shared = |side: Side, bytes| match &scope {
        Some(scope) => scope.shared(side, bytes),
        None => bytes.clone(),
    };
    let now = present.as_ref().map(|present| shared(Side::Local, present)).unwrap_or_default();
    Ok(View {
        profile: name.to_string(),
        can_restore: profile.is_some(),
        versions,
        is_there: present.is_some(),
        rows: compare(&shared(version.side, &bytes), &now),
        raw: String::from_utf8_lossy(&bytes).into_owned(),
        version,
    })
}

/// What the last runs deleted, in all profiles that there are or were.
pub fn deletions(home: &Home, limit: usize) -> Result<Vec<Deletions>, String> {
    let mut found = Vec::new();
    for (name, state) in states(home, None)? {
        let of_it = state.deletions(limit).map_err(told)?;
        found.extend(of_it.into_iter().map(|one| Deletions {
            profile: name.to_string(),
            run: one.run,
            items: one.items,
        }));
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.run));
    found.truncate(limit);
    Ok(found)
}

/// What one run deleted.
pub fn deleted(home: &Home, of: &OfRun) -> Result<Found, String> {
    let (name, state) = one(home, &of.profile)?;
    let found = state.deleted_in(of.run).map_err(told)?;
    let versions = found.into_iter().map(|version| Kept { profile: name.to_string(), version }).collect();
    Ok(Found { versions, more: false, profiles: with_history(home)? })
}

/// Brings a version back, over what is there now.
pub async fn restore_one(home: &Home, which: Which) -> Result<Restored, String> {
    let profile = to_restore(home, &which.profile)?;
    let restored = keyring::with_person(restore_version(home, &profile, VersionId(which.version))).await;
    restored.map(|_| Restored { back: 1, there: 0, failed: Vec::new() }).map_err(told)
}

/// Brings back what a run deleted, as far as it is on neither side any more.
pub async fn restore_deleted(home: &Home, of: OfRun) -> Result<Restored, String> {
    let profile = to_restore(home, &of.profile)?;
    let read = move |home: &Home| one(home, &of.profile)?.1.deleted_in(of.run).map_err(told);
    let ids: Vec<VersionId> = reading(home, read).await?.into_iter().map(|version| version.id).collect();
    let restored = keyring::with_person(restore_versions(home, &profile, &ids)).await;
    restored.map(in_numbers).map_err(told)
}

fn in_numbers(restored: restore::Restored) -> Restored {
    let restore::Restored { back, there, failed } = restored;
    let failed = failed
        .into_iter()
        .map(|(version, error)| NotRestored { summary: summary(&version.summary), why: error.to_string() });
    Restored { back: back.len() as u64, there: there.len() as u64, failed: failed.collect() }
}

/// The profile whose two sides get a version back.
fn to_restore(home: &Home, typed: &str) -> Result<Profile, String> {
    if matches!(profile::existing(home, typed), Err(ProfileError::NoSuch { .. })) {
        return Err(tr!(
            "the profile {} was removed, and without it there are no two sides to bring a version back to; add it again with the same name",
            typed
        ));
    }
    profile::load(home, typed).map_err(told)
}

fn states(home: &Home, profile: Option<&str>) -> Result<Vec<(Name, Peek)>, String> {
    let names = match profile {
        Some(name) => vec![stored::known(home, name).map_err(told)?],
        None => stored::all(home).map_err(told)?,
    };
    let mut states = Vec::with_capacity(names.len());
    for name in names {
        if let Some(state) = stored::peek(home, &name).map_err(told)? {
            states.push((name, state));
        }
    }
    Ok(states)
}

fn one(home: &Home, profile: &str) -> Result<(Name, Peek), String> {
    let mut states = states(home, Some(profile))?;
    states.pop().ok_or_else(|| tr!("the profile {} has not run yet", profile))
}
