//! The history: what is kept, how it differs from what is there now, and bringing it back.

use tr::tr;

use super::{reading, told};
use crate::daemon::protocol::history::{
    Deleted, Deletions, Find, Found, Kept, NotRestored, OfRun, Reasoned, Restored, Runs, View, Which,
};
use crate::home::Home;
use crate::item::compare::compare;
use crate::profile::{self, Name, Profile, ProfileError, keyring};
use crate::report::wording::summary;
use crate::state::{self, Peek, Version, VersionId};
use crate::stored;
use crate::sync::Side;
use crate::sync::restore;
use crate::sync::scope::Scope;
use crate::sync::session::{restore_version, restore_versions, scope};

/// How many versions of one item are shown.
const OF_AN_ITEM: usize = 200;
/// How many of the items that a run deleted are told of.
const OF_A_RUN: usize = 1_000;

/// The versions of all profiles that there are or were, or of one.
pub fn find(home: &Home, which: &Find) -> Result<Found, String> {
    let find = |_: &Name, state: &Peek| state.find_versions(&which.text, which.limit.saturating_add(1));
    let found = stored::read(home, which.profile.as_deref(), stored::all, find).map_err(told)?;
    let mut versions: Vec<Kept> = found.found.into_iter().map(kept).collect();
    versions.sort_by_key(|kept| std::cmp::Reverse((kept.version.at, kept.version.id)));
    let more = versions.len() > which.limit;
    versions.truncate(which.limit);
    let profiles = stored::all(home).map_err(told)?.iter().map(ToString::to_string).collect();
    Ok(Found { versions, more, profiles, notes: found.notes })
}

fn kept((profile, version): (Name, Version)) -> Kept {
    Kept { profile: profile.to_string(), version }
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
    let profile = to_restore(home, name.as_str());
    // Where the profile is gone, both are shown in the form of their own side.
    let scope = profile.as_ref().ok().and_then(|profile| scope(home, profile).ok());
    let shared = |side: Side, bytes| match &scope {
        Some(scope) => scope.shared(side, bytes),
        None => bytes.clone(),
    };
    let check = |scope: &Scope| restore::check(scope, version.id, &bytes).err().map(|why| why.to_string());
    let cannot_restore = profile.as_ref().err().cloned().or_else(|| scope.as_ref().and_then(check));
    let now = present.as_ref().map(|present| shared(Side::Local, present)).unwrap_or_default();
    Ok(View {
        profile: name.to_string(),
        cannot_restore,
        versions,
        is_there: present.is_some(),
        rows: compare(&shared(version.side, &bytes), &now),
        raw: String::from_utf8_lossy(&bytes).into_owned(),
        version,
    })
}

/// What the last runs deleted, in all profiles that there are or were.
pub fn deletions(home: &Home, limit: usize) -> Result<Runs, String> {
    let find = |_: &Name, state: &Peek| state.deletions(limit);
    let stored::Read { found, notes } = stored::read(home, None, stored::all, find).map_err(told)?;
    let told = |(name, one): (Name, state::Deletions)| Deletions {
        profile: name.to_string(),
        run: one.run,
        items: one.items,
    };
    let mut runs: Vec<Deletions> = found.into_iter().map(told).collect();
    runs.sort_by_key(|one| std::cmp::Reverse(one.run));
    runs.truncate(limit);
    Ok(Runs { runs, notes })
}

/// What one run deleted.
pub fn deleted(home: &Home, of: &OfRun) -> Result<Deleted, String> {
    let (name, state) = one(home, &of.profile)?;
    let found = state.deleted_in(of.run, OF_A_RUN).map_err(told)?;
    let versions = found.into_iter().map(|version| kept((name.clone(), version))).collect();
    Ok(Deleted { versions, in_all: state.number_deleted_in(of.run).map_err(told)? })
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
    let read = move |home: &Home| one(home, &of.profile)?.1.deleted_in(of.run, usize::MAX).map_err(told);
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

fn one(home: &Home, profile: &str) -> Result<(Name, Peek), String> {
    let name = stored::known(home, profile).map_err(told)?;
    let state = stored::peek(home, &name).map_err(|error| stored::in_words(&error))?;
    let state = state.ok_or_else(|| tr!("the profile {} has not run yet", profile))?;
    Ok((name, state))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::collection::Href;
    use crate::state::{Loss, Lost, State};

    const RUN: Timestamp = Timestamp::UNIX_EPOCH;

    /// A profile whose run deleted so many items.
    fn with_deletions(home: &Home, profile: &str, number: usize) {
        crate::home::make_private(home.state_dir()).unwrap();
        let state = State::open(&home.state_file(&Name::new(profile).unwrap()), "", RUN).unwrap();
        let keep = |w: &crate::state::Write<'_>, n: usize| {
            let (href, title) = (Href::new(format!("{n}.ics")), format!("item {n}"));
            let lost = Lost {
                side: Side::Local,
                href: &href,
                uid: None,
                summary: &title,
                loss: Loss::Deleted,
                bytes: title.as_bytes(),
            };
            w.keep_version(RUN, Some(RUN), &lost).map(drop)
        };
        state.write(|w| (0..number).try_for_each(|n| keep(w, n))).unwrap();
    }

    #[test]
    fn one_damaged_state_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        with_deletions(&home, "sound", 1);
        std::fs::write(home.state_dir().join("removed.sqlite"), "no SQLite, and long enough to be read")
            .unwrap();
        let find = |profile: Option<&str>| {
            find(&home, &Find { profile: profile.map(str::to_owned), text: String::new(), limit: 9 })
        };
        let found = find(None).unwrap();
        assert_eq!((found.versions.len(), found.profiles.join(" ")), (1, "removed sound".to_owned()));
        let [note] = found.notes.try_into().unwrap();
        assert!(note.contains("removed.sqlite"), "{note}");
        let Runs { runs, notes } = deletions(&home, 9).unwrap();
        assert_eq!((runs.len(), notes), (1, vec![note]));
        assert!(find(Some("removed")).unwrap_err().contains("damaged"));
    }

    #[test]
    fn what_only_sends_busy_blocks_says_that_it_restores_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        with_deletions(&home, "work", 1);
        let cannot_restore = |keys: &str| {
            let text = format!(
                "kind = \"events\"\nmode = \"replicate-to-server\"\n{keys}\n[local]\ntype = \"vdir\"\npath = \"/mine\"\n\
                 [remote]\ntype = \"dav\"\nurl = \"https://a.example/\"\n"
            );
            std::fs::create_dir_all(folder.path().join("profiles")).unwrap();
            std::fs::write(folder.path().join("profiles/work.toml"), text).unwrap();
            view(&home, &Which { profile: "work".into(), version: 1 }).unwrap().cannot_restore
        };
        assert_eq!(cannot_restore(""), None);
        let why = cannot_restore("busy_blocks = \"Busy\"").unwrap();
        assert!(why.contains("only sends busy blocks"), "{why}");
    }

    #[test]
    fn of_many_deletions_the_first_ones_are_told_with_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        with_deletions(&home, "work", OF_A_RUN + 2);
        let deleted = deleted(&home, &OfRun { profile: "work".into(), run: RUN }).unwrap();
        assert_eq!((deleted.versions.len(), deleted.in_all), (OF_A_RUN, OF_A_RUN as u64 + 2));
    }
}
