//! A run that this process does.

use crate::birthdays;
use crate::cli::stored;
use crate::home::Home;
use crate::profile::{Accounts, Profile};
use crate::sync::progress::Progress;
use crate::sync::run::Options;

use super::Run;

/// What all runs here have in common.
pub struct Here<'a> {
    home: &'a Home,
    options: &'a Options,
    accounts: Accounts,
    /// So many of the touched items are listed.
    limit: usize,
}

impl<'a> Here<'a> {
    pub fn new(home: &'a Home, options: &'a Options, limit: usize) -> Self {
        Here { home, options, accounts: Accounts::default(), limit }
    }

    /// Runs one profile. Whatever goes wrong is in its report.
    pub async fn run(&self, profile: &Profile, progress: &dyn Progress) -> Run {
        let Here { home, options, accounts, limit } = self;
        let done = birthdays::run_profile(home, profile, accounts, options, progress).await;
        let touched = match done.id {
            Some(id) => stored::touched(home, &profile.name, id, *limit).unwrap_or_default(),
            None => done.foreseen,
        };
        Run { report: done.report, touched }
    }
}
