//! What clients want to know and to change, one file a subject: it is done beside the daemon's loop, and nothing here
//! decides when a profile runs.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::protocol::{Answered, Question, Reply};
use crate::home::Home;
use crate::profile::Accounts;

mod account;
mod reports;

/// Answers a question. What cannot be done is refused, with a sentence for a person.
pub async fn answer(home: &Home, _accounts: &Arc<Accounts>, question: Question) -> Reply {
    let answered = AssertUnwindSafe(carry_out(home, question)).catch_unwind().await;
    let refused = |why| Reply::Refused { why };
    answered.unwrap_or_else(|_| Err(MISTAKE.to_owned())).unwrap_or_else(refused)
}

const MISTAKE: &str =
    "a mistake in Pimbridge itself; nothing is lost; please report it to those who make Pimbridge";

async fn carry_out(home: &Home, question: Question) -> Result<Reply, String> {
    Ok(Reply::Answered(match question {
        Question::Reports(which) => {
            Answered::Reports(reading(home, move |home| reports::list(home, &which)).await?)
        }
        Question::Presets => Answered::Presets(account::presets()),
        Question::Discover(wanted) => Answered::Discovered(account::discover(home, &wanted).await?),
        Question::AddAccount(add) => Answered::Added(account::add(home, &add).await?),
        Question::TakeBack { profiles } => {
            account::take_back(home, &profiles).await?;
            return Ok(Reply::Done);
        }
        Question::HowItSignsIn { profile } => Answered::SignsIn(account::how_it_signs_in(home, &profile)?),
        Question::Password(new) => {
            account::password(home, new).await?;
            return Ok(Reply::Done);
        }
        Question::SignIn { profile } => {
            account::sign_in(home, &profile).await?;
            return Ok(Reply::Done);
        }
        Question::LeaveSignIn => {
            account::leave_sign_in();
            return Ok(Reply::Done);
        }
    }))
}

/// Reads files and databases where nobody waits for it but the client.
async fn reading<T: Send + 'static>(
    home: &Home,
    read: impl FnOnce(&Home) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let home = home.clone();
    tokio::task::spawn_blocking(move || read(&home)).await.unwrap_or_else(|_| Err(MISTAKE.to_owned()))
}
