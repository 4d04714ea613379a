//! `profile sign-in`.

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::oauth::{Flow, OAuthError};
use crate::profile::{self, RemoteSpec, Secret, SignIn};
use crate::report::wording::shell_word;

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
    let RemoteSpec::Dav { sign_in: Some(sign_in @ SignIn::OAuth { client, .. }), .. } = &profile.remote
    else {
        return Err(Failure::Usage(format!(
            "the profile does not sign in with OAuth, which needs no page; to store a password or a token: pimbridge \
             profile password {word}"
        )));
    };
    profile::check_keyring(&profile).await?;
    let endpoint = profile::token_endpoint(&profile).await?;
    let flow = Flow::begin(endpoint, sign_in.user()).await?;
    out::say(format!("Sign in on this page, and come back here:\n{}", flow.page()));
    if !args.no_browser
        && let Err(error) = open::that_detached(flow.page().as_str())
    {
        out::complain(&format!("no browser can be opened ({error}); open the page yourself"));
    }
    let grant = flow.finish().await?;
    let Some(refresh_token) = grant.refresh_token else {
        let host = client.token_url.host_str().unwrap_or_default().to_owned();
        return Err(OAuthError::NoRefreshToken { host }.into());
    };
    profile::store_secret(&profile, Secret::new(refresh_token)).await?;
    out::say(format!(
        "You are signed in; that is kept in the keyring.\nTo see it work: pimbridge profile check {word}"
    ));
    Ok(exit::IN_SYNC)
}
