//! What clients want to know and to change, one file a subject: it is done beside the daemon's loop, and nothing here
//! decides when a profile runs.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tr::tr;

use super::protocol::{Answered, Question, Reply};
use crate::home::Home;
use crate::profile::{self, Accounts};

mod account;
mod activity;
mod conflicts;
mod history;
mod profiles;
mod reports;
mod transfer;

/// Answers a question. What cannot be done is refused, with a sentence for a person.
pub async fn answer(home: &Home, accounts: &Arc<Accounts>, question: Question) -> Reply {
    let answered = AssertUnwindSafe(carry_out(home, accounts, question)).catch_unwind().await;
    let refused = |why| Reply::Refused { why };
    answered.unwrap_or_else(|_| Err(mistake())).unwrap_or_else(refused)
}

/// What is told of a mistake of the program.
pub fn mistake() -> String {
    tr!("a mistake in Pimbridge itself; nothing is lost; please report it to those who make Pimbridge")
}

async fn carry_out(home: &Home, accounts: &Accounts, question: Question) -> Result<Reply, String> {
    Ok(Reply::Answered(match question {
        Question::Reports(which) => {
            Answered::Reports(reading(home, move |home| reports::list(home, &which)).await?)
        }
        Question::Presets => Answered::Presets(account::presets()),
        Question::Discover(wanted) => Answered::Discovered(account::discover(home, &wanted).await?),
        Question::AddAccount(add) => Answered::Added(account::add(home, &add).await?),
        Question::TakeBack { profiles } => return done(account::take_back(home, &profiles).await),
        Question::HowItSignsIn { profile } => Answered::SignsIn(account::how_it_signs_in(home, &profile)?),
        Question::Password(new) => return done(account::password(home, new).await),
        Question::SignIn { profile } => return done(account::sign_in(home, &profile).await),
        Question::LeaveSignIn => {
            account::leave_sign_in();
            return done(Ok(()));
        }
        Question::Profiles => Answered::Profiles(reading(home, profiles::list).await?),
        Question::Profile { profile } => {
            Answered::Profile(reading(home, move |home| profiles::show(home, &profile)).await?)
        }
        Question::SetProfile(changes) => {
            return done(reading(home, move |home| profiles::set(home, changes)).await);
        }
        Question::Foresee(changes) => Answered::Foreseen(profiles::foresee(home, accounts, changes).await?),
        Question::CopyProfile { profile, new } => {
            return done(reading(home, move |home| profiles::copy(home, &profile, &new)).await);
        }
        Question::ArrangeProfiles { profiles } => {
            return done(reading(home, move |home| profiles::arrange(home, &profiles)).await);
        }
        Question::TestProfile { profile } => Answered::Tested(profiles::test(home, &profile).await?),
        Question::ResetProfile { profile } => {
            return done(reading(home, move |home| profiles::reset(home, &profile)).await);
        }
        Question::RemoveProfile { profile } => Answered::Removed(profiles::remove(home, &profile).await?),
        Question::Settings => Answered::Settings(reading(home, profiles::settings).await?),
        Question::SetSettings { changes } => {
            return done(reading(home, move |home| profiles::set_settings(home, changes)).await);
        }
        Question::PlanImport(wanted) => {
            Answered::ImportPlanned(reading(home, move |home| transfer::plan(home, &wanted)).await?)
        }
        Question::Import(agreed) => {
            let planned = reading(home, move |home| transfer::agreed(home, &agreed)).await?;
            Answered::Imported(transfer::import(home, planned).await?)
        }
        Question::Export(wanted) => {
            Answered::Exported(reading(home, move |home| transfer::export(home, &wanted)).await?)
        }
        Question::FindVersions(which) => {
            Answered::Versions(reading(home, move |home| history::find(home, &which)).await?)
        }
        Question::Version(which) => {
            Answered::Version(Box::new(reading(home, move |home| history::view(home, &which)).await?))
        }
        Question::Deletions { limit } => {
            Answered::Deletions(reading(home, move |home| history::deletions(home, limit)).await?)
        }
        Question::Deleted(of) => {
            Answered::Deleted(reading(home, move |home| history::deleted(home, &of)).await?)
        }
        Question::RestoreVersion(which) => Answered::Restored(history::restore_one(home, which).await?),
        Question::RestoreDeleted(of) => Answered::Restored(history::restore_deleted(home, of).await?),
        Question::Activity => {
            let read = |home: &Home| activity::activity(home, Timestamp::now(), &TimeZone::system());
            Answered::Activity(reading(home, read).await?)
        }
        Question::HeldItems(waiting) => {
            Answered::HeldItems { items: reading(home, move |home| activity::held(home, &waiting)).await? }
        }
        Question::Report(one) => match reading(home, move |home| reports::one(home, &one)).await? {
            Some(whole) => Answered::Report(Box::new(whole)),
            None => return Ok(Reply::Done),
        },
        Question::ReportText(which) => {
            Answered::Text { text: reading(home, move |home| reports::beginning(home, &which)).await? }
        }
        Question::ExportReport(export) => {
            return done(reading(home, move |home| reports::export(home, &export)).await);
        }
        Question::ReportConflict(which) => {
            Answered::ReportConflict(reading(home, move |home| reports::conflict(home, &which)).await?)
        }
        Question::Conflicts => Answered::Conflicts(reading(home, conflicts::list).await?),
        Question::Conflict(which) => Answered::Conflict(conflicts::view(home, which).await?),
        Question::Decide(decide) => return done(conflicts::decide(home, decide).await),
    }))
}

/// An error as a sentence for a person.
fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The file that a person typed; `~` is the home folder. Where the daemon itself works says nothing to them.
fn whole_path(typed: &str, example: &str) -> Result<PathBuf, String> {
    let folder = if cfg!(windows) { r"C:\Users\jana\" } else { "/home/jana/" };
    profile::expand(typed.trim()).ok_or_else(|| {
        tr!("Write the name of the file with its whole path, as in {}", format!("{folder}{example}"))
    })
}

/// Something was done about which there is nothing to say.
fn done(done: Result<(), String>) -> Result<Reply, String> {
    done.map(|()| Reply::Done)
}

/// Reads files and databases where nobody waits for it but the client.
async fn reading<T: Send + 'static>(
    home: &Home,
    read: impl FnOnce(&Home) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let home = home.clone();
    tokio::task::spawn_blocking(move || read(&home)).await.unwrap_or_else(|_| Err(mistake()))
}
