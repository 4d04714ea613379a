//! What a client can ask about, and the answers.

use serde::{Deserialize, Serialize};

use super::{account, activity, conflicts, history, profiles, reports, transfer};
use crate::setup::form::Form;

/// What a client wants that has nothing to do with when a profile runs: it is done beside everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Question {
    /// The reports of past runs. Answered with [`Answered::Reports`].
    Reports(reports::Which),
    /// One report. Answered with [`Answered::Report`], or [`Reply::Done`] where there is none.
    Report(reports::One),
    /// The beginning of a report as a text. Answered with [`Answered::Text`].
    ReportText(reports::Beginning),
    /// Write a report to a file.
    ExportReport(reports::Export),
    /// What both sides had of an item that a run found in conflict. Answered with [`Answered::ReportConflict`].
    ReportConflict(reports::Settled),
    /// The services that are known. Answered with [`Answered::Presets`].
    Presets,
    /// What an account has. Answered with [`Answered::Discovered`].
    Discover(account::Account),
    /// Make profiles for what was discovered, and put the password into the keyring. Answered with [`Answered::Added`].
    AddAccount(account::Add),
    /// Take back profiles that were added and never synced.
    TakeBack { profiles: Vec<String> },
    /// How a profile signs in. Answered with [`Answered::SignsIn`].
    HowItSignsIn { profile: String },
    /// Put the password of a profile, or its token, into the keyring: its account is tried again at once.
    Password(account::Password),
    /// Sign in for a profile in a browser, which opens. The reply comes when that is done.
    SignIn { profile: String },
    /// Wait no longer for browsers.
    LeaveSignIn,
    /// Which profiles there are. Answered with [`Answered::Profiles`].
    Profiles,
    /// A profile with its options. Answered with [`Answered::Profile`].
    Profile { profile: String },
    /// Change options of a profile.
    SetProfile(profiles::Changes),
    /// Look what the next run would do after these changes, without making them. Answered with
    /// [`Answered::Foreseen`].
    Foresee(profiles::Changes),
    /// Copy a profile to a new one, which is inactive.
    CopyProfile { profile: String, new: String },
    /// Show the profiles in this order from now on.
    ArrangeProfiles { profiles: Vec<String> },
    /// Test folder, server and sign-in. Answered with [`Answered::Tested`].
    TestProfile { profile: String },
    /// Forget what was in sync: the next run compares both sides anew.
    ResetProfile { profile: String },
    /// Remove a profile; its items, reports and history stay. Answered with [`Answered::Removed`].
    RemoveProfile { profile: String },
    /// What counts for all profiles. Answered with [`Answered::Settings`].
    Settings,
    /// Change what counts for all profiles.
    SetSettings { changes: Vec<profiles::Change> },
    /// What an import of a .cdsp file would do. Answered with [`Answered::ImportPlanned`].
    PlanImport(transfer::Import),
    /// Import a .cdsp file, as the person has seen it. Answered with [`Answered::Imported`].
    Import(transfer::Agreed),
    /// Write profiles to a .cdsp file. Answered with [`Answered::Exported`].
    Export(transfer::Export),
    /// Versions of the history. Answered with [`Answered::Versions`].
    FindVersions(history::Find),
    /// One version, beside what is there now. Answered with [`Answered::Version`].
    Version(history::Which),
    /// What the last runs deleted, at most so many runs. Answered with [`Answered::Deletions`].
    Deletions { limit: usize },
    /// What one run deleted. Answered with [`Answered::Deleted`].
    Deleted(history::OfRun),
    /// Bring a version back to both sides, over what is there now. Answered with [`Answered::Restored`].
    RestoreVersion(history::Which),
    /// Bring back what a run deleted, as far as it is gone. Answered with [`Answered::Restored`].
    RestoreDeleted(history::OfRun),
    /// How much there is, and what changed lately. Answered with [`Answered::Activity`].
    Activity,
    /// The deletions of a held run, item by item. Answered with [`Answered::HeldItems`].
    HeldItems(activity::Waiting),
    /// The conflicts of all profiles that wait for a decision. Answered with [`Answered::Conflicts`].
    Conflicts,
    /// One conflict that waits, with what is on both sides now. Answered with [`Answered::Conflict`].
    Conflict(conflicts::Which),
    /// Do what the person decided about a conflict.
    Decide(conflicts::Decide),
}

impl Question {
    /// Whether profiles or settings may be others afterwards.
    pub fn changes_files(&self) -> bool {
        matches!(
            self,
            Question::AddAccount(_)
                | Question::TakeBack { .. }
                | Question::SetProfile(_)
                | Question::CopyProfile { .. }
                | Question::ArrangeProfiles { .. }
                | Question::ResetProfile { .. }
                | Question::RemoveProfile { .. }
                | Question::SetSettings { .. }
                | Question::Import(_)
        )
    }

    /// The profile on whose items it works, as a run does.
    pub fn works_on(&self) -> Option<&str> {
        match self {
            Question::RestoreVersion(history::Which { profile, .. })
            | Question::RestoreDeleted(history::OfRun { profile, .. })
            | Question::Decide(conflicts::Decide { which: conflicts::Which { profile, .. }, .. }) => {
                Some(profile)
            }
            _ => None,
        }
    }

    /// The profile whose sign-in is another one afterwards.
    pub fn signs_in(&self) -> Option<&str> {
        match self {
            Question::Password(account::Password { profile, .. }) | Question::SignIn { profile } => {
                Some(profile)
            }
            _ => None,
        }
    }
}

/// The answer to a [`Question`]. Where there is nothing to say, it is [`Reply::Done`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Answered {
    Reports(reports::Found),
    Presets(account::Presets),
    Discovered(account::Discovered),
    Added(account::Added),
    SignsIn(account::SignIn),
    Profiles(profiles::Listing),
    Profile(profiles::Shown),
    Foreseen(profiles::Foreseen),
    Tested(profiles::Tested),
    Removed(profiles::Removed),
    Settings(Form),
    ImportPlanned(transfer::Planned),
    Imported(transfer::Imported),
    Exported(transfer::Exported),
    Versions(history::Found),
    Version(Box<history::View>),
    Deletions(history::Runs),
    Deleted(history::Deleted),
    Restored(history::Restored),
    Activity(activity::Activity),
    /// The first 1,000 on each side.
    HeldItems {
        items: Vec<activity::HeldItem>,
    },
    Report(Box<reports::Whole>),
    Text {
        text: String,
    },
    ReportConflict(reports::Compared),
    Conflicts(conflicts::List),
    Conflict(conflicts::View),
}
