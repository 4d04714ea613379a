//! What a profile would do if it were another one: a look ahead that leaves no trace.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tr::tr;

use super::SetupError;
use super::change::{Change, changed};
use super::weaker::weaker;
use crate::home::{Home, make_private};
use crate::profile::{self, Accounts, Profile};
use crate::state::State;
use crate::sync::progress::Silent;
use crate::sync::run::{Done, Options};
use crate::sync::session::run_profile;

/// Looks what the next run of a profile would do after these changes. Nothing is changed by that, neither the profile nor
/// what is remembered of it.
///
/// # Errors
/// A change is wrong, or the memory of earlier runs cannot be read.
pub async fn foresee(
    home: &Home,
    name: &str,
    changes: &[Change],
    accounts: &Accounts,
) -> Result<Done, SetupError> {
    let (profile, _) = changed(home, name, changes)?;
    let take = {
        let (home, profile) = (home.clone(), profile.clone());
        move || Aside::with(&home, &profile)
    };
    // It may be much, and others are waited on meanwhile.
    let aside = tokio::task::spawn_blocking(take).await.map_err(impossible)??;
    let options = Options { dry_run: true, ..Options::default() };
    let mut done = run_profile(&Home::at(&aside.0), &profile, accounts, &options, &Silent).await;
    // One whose file cannot be used guards nothing yet.
    if let Ok(before) = profile::load(home, name) {
        done.report.notices.extend(weaker(&before, &profile));
    }
    Ok(done)
}

fn impossible(error: impl std::fmt::Display) -> SetupError {
    SetupError::NotDone(tr!("it cannot be looked ahead: {error}", error))
}

/// A home of its own, with a copy of what a run goes by; it is gone when this is dropped.
struct Aside(PathBuf);

impl Aside {
    fn with(home: &Home, profile: &Profile) -> Result<Aside, SetupError> {
        let aside = Aside::new(home)?;
        aside.take(home, profile)?;
        Ok(aside)
    }

    fn new(home: &Home) -> Result<Aside, SetupError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let all = home.state_dir().join("foreseen");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            // What a daemon left that was killed.
            let _ = fs::remove_dir_all(&all);
        }
        let aside = Aside(all.join(number.to_string()));
        make_private(Home::at(&aside.0).state_dir())?;
        Ok(aside)
    }

    fn take(&self, home: &Home, profile: &Profile) -> Result<(), SetupError> {
        let there = Home::at(&self.0);
        if let Some(state) = State::peek(&home.state_file(&profile.name))? {
            state.copy_to(&there.state_file(&profile.name))?;
        }
        if profile.mapping.calendar.busy_blocks.is_some() {
            home.busy_key()?;
            let key = Path::new("busy.key");
            fs::copy(home.state_dir().join(key), there.state_dir().join(key)).map_err(impossible)?;
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
