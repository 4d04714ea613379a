//! `profile password`.

use std::io::{BufRead, IsTerminal};

use tr::tr;

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, PasswordSource, Profile, ProxySpec, RemoteSpec, Secret, SecretSource, SignIn};
use crate::report::wording::shell_word;
use crate::setup::password;

/// A longer line is no password.
const MAX_BYTES: u64 = 4096;

/// Put the password (or token) of a profile into the system's keyring
///
/// Profiles of one user on one server share it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    name: String,
    /// Read it from the first line of the standard input instead of asking
    #[arg(long)]
    stdin: bool,
    /// Remove what the keyring has for this profile
    #[arg(long, conflicts_with = "stdin")]
    delete: bool,
    /// The password of the profile's proxy instead
    #[arg(long)]
    proxy: bool,
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.name)?;
    if args.proxy {
        return of_proxy(&profile, &args).await;
    }
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    if args.delete {
        out::say(match (profile::delete_secret(&profile).await?, sign_in) {
            (true, Some(SignIn::Token { .. })) => tr!("The token is removed from the keyring."),
            (true, Some(SignIn::OAuth { .. })) => tr!("The sign-in is removed from the keyring."),
            (true, _) => tr!("The password is removed from the keyring."),
            (false, Some(SignIn::Token { .. })) => tr!("There was no token."),
            (false, Some(SignIn::OAuth { .. })) => tr!("There was no sign-in."),
            (false, _) => tr!("There was no password."),
        });
        return Ok(exit::IN_SYNC);
    }
    if let Some(SignIn::OAuth { .. }) = sign_in {
        return Err(no_password(&profile));
    }
    if args.stdin {
        store(&profile, Secret::new(first_line(std::io::stdin().lock())?)).await?;
    } else {
        ask_and_store(&profile).await?;
    }
    let other = match sign_in {
        Some(
            SignIn::Password { password: PasswordSource::Given(source), .. }
            | SignIn::Token { token: PasswordSource::Given(source), .. },
        ) => Some(match source {
            SecretSource::Env(_) => "password_env",
            SecretSource::Command(_) => "password_command",
        }),
        _ => None,
    };
    if let Some(key) = other {
        out::complain(&tr!(
            "the profile has {key}, which is used instead of the keyring; remove it with: pimbridge profile set \
             \"{}\" remote.{key} --unset",
            profile.name,
            key
        ));
    }
    Ok(exit::IN_SYNC)
}

/// Asks for the password on the terminal and puts it into the keyring.
pub async fn ask_and_store(profile: &Profile) -> Result<(), Failure> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let Some(sign_in) = sign_in else { return Err(profile::SecretError::NoUser.into()) };
    let host = url.host_str().unwrap_or_default();
    let question = match sign_in {
        SignIn::Password { user, .. } => {
            tr!("Password of {user} on {host} (kept in the keyring):", user, host)
        }
        SignIn::Token { user: Some(user), .. } => {
            tr!("Token of {user} on {host} (kept in the keyring):", user, host)
        }
        SignIn::Token { user: None, .. } => tr!("Token on {host} (kept in the keyring):", host),
        SignIn::OAuth { .. } => return Err(no_password(profile)),
    };
    store(profile, Secret::new(ask(&question).await?)).await
}

fn no_password(profile: &Profile) -> Failure {
    Failure::Usage(tr!(
        "the profile has no password; sign in with: pimbridge profile sign-in {}",
        shell_word(profile.name.as_str())
    ))
}

async fn ask(question: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(tr!(
            "there is no terminal to ask for the password; give it with --stdin"
        )));
    }
    let prompt = format!("{question} ");
    match tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await {
        Ok(Ok(password)) => Ok(password),
        _ => Err(Failure::NotDone(tr!("the password was not entered"))),
    }
}

/// The same for the profile's proxy.
async fn of_proxy(profile: &Profile, args: &Args) -> Result<u8, Failure> {
    let RemoteSpec::Dav { connection, .. } = &profile.remote;
    let ProxySpec::Via { sign_in: Some(user), url } = &connection.proxy else {
        return Err(Failure::Usage(tr!(
            "the profile does not sign in at a proxy; set remote.proxy and remote.proxy_user first"
        )));
    };
    if args.delete {
        out::say(match user.delete_password(url).await? {
            true => tr!("The proxy's password is removed from the keyring."),
            false => tr!("There was no password of the proxy."),
        });
        return Ok(exit::IN_SYNC);
    }
    let password = match args.stdin {
        true => first_line(std::io::stdin().lock())?,
        false => {
            let proxy = url.host_str().unwrap_or_default();
            ask(&tr!("Password of {} at the proxy {proxy} (kept in the keyring):", user.user, proxy)).await?
        }
    };
    if password.is_empty() {
        return Err(Failure::Usage(tr!("the password is empty; nothing is stored")));
    }
    user.store_password(url, Secret::new(password)).await?;
    out::say(tr!("The proxy's password is in the keyring."));
    Ok(exit::IN_SYNC)
}

/// Puts the password, or the token, into the keyring.
pub async fn store(profile: &Profile, secret: Secret) -> Result<(), Failure> {
    password::store(profile, secret).await?;
    out::say(stored(profile));
    Ok(())
}

/// What is told when the secret of a profile is in the keyring.
pub fn stored(profile: &Profile) -> String {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    match sign_in {
        Some(SignIn::Token { .. }) => tr!("The token is in the keyring."),
        Some(SignIn::OAuth { .. }) => tr!("The sign-in is in the keyring."),
        Some(SignIn::Password { .. }) | None => tr!("The password is in the keyring."),
    }
}

fn first_line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.take(MAX_BYTES).read_line(&mut line);
    match read {
        Ok(_) if line.len() as u64 == MAX_BYTES && !line.ends_with('\n') => {
            Err(Failure::Usage(tr!("the first line of the standard input is too long for a password")))
        }
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(_) => Err(Failure::Usage(tr!("the standard input is not UTF-8 text"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_counts() {
        assert_eq!(first_line(&b" p\xc3\xa4 \r\nmore"[..]).unwrap(), " pä ");
        assert_eq!(first_line(&b""[..]).unwrap(), "");
        assert!(first_line(&[b'x'; 5000][..]).is_err());
        assert!(first_line(&b"\xff\n"[..]).is_err());
    }
}
