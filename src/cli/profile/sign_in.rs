//! `profile sign-in`.

use tr::tr;

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::profile;
use crate::report::wording::shell_word;
use crate::setup::browser;

/// Sign in on the provider's own page in a browser
///
/// This is for profiles with sign_in = "oauth". What the provider hands out for that is kept in the system's keyring. Profiles of one user share it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    name: String,
    /// Only print the address of the page
    #[arg(long)]
    no_browser: bool,
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.name)?;
    let word = shell_word(profile.name.as_str());
    let Some(visit) = browser::begin(&profile).await? else {
        return Err(Failure::Usage(tr!(
            "the profile does not sign in with OAuth, which needs no page; to store a password or a token: pimbridge \
             profile password {word}",
            word
        )));
    };
    out::say(tr!("Sign in on this page, and come back here:"));
    out::say(visit.page());
    if !args.no_browser
        && let Err(error) = open::that_detached(visit.page().as_str())
    {
        out::complain(&tr!("no browser can be opened ({error}); open the page yourself", error));
    }
    visit.finish().await?;
    out::say(tr!("You are signed in; that is kept in the keyring."));
    out::say(tr!("To see it work: pimbridge profile check {word}", word));
    Ok(exit::IN_SYNC)
}
