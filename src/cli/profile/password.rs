//! `profile password`.

use std::io::{BufRead, IsTerminal};

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, PasswordSource, Profile, RemoteSpec, Secret};

/// A longer line is no password.
const MAX_BYTES: u64 = 4096;

/// Put the password of a profile into the system's keyring
///
/// Profiles of one user on one server share the password.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    name: String,
    /// Read the password from the first line of the standard input instead of asking
    #[arg(long)]
    stdin: bool,
    /// Remove the password from the keyring
    #[arg(long, conflicts_with = "stdin")]
    delete: bool,
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.name)?;
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    if args.delete {
        let deleted = profile::delete_password(&profile).await?;
        out::say(if deleted {
            "The password is removed from the keyring."
        } else {
            "There was no password."
        });
        return Ok(exit::IN_SYNC);
    }
    if args.stdin {
        let password = first_line(std::io::stdin().lock())?;
        store(&profile, password).await?;
    } else if std::io::stdin().is_terminal() {
        ask_and_store(&profile).await?;
    } else {
        return Err(Failure::Usage(
            "there is no terminal to ask for the password; give it with --stdin".to_owned(),
        ));
    }
    let other = match sign_in.as_ref().map(|sign_in| &sign_in.password) {
        Some(PasswordSource::Env(_)) => Some("password_env"),
        Some(PasswordSource::Command(_)) => Some("password_command"),
        _ => None,
    };
    if let Some(key) = other {
        out::complain(&format!(
            "the profile has {key}, which is used instead of the keyring; remove it with: pimbridge profile set \
             \"{}\" remote.{key} --unset",
            profile.name
        ));
    }
    Ok(exit::IN_SYNC)
}

/// Asks for the password on the terminal and puts it into the keyring.
pub async fn ask_and_store(profile: &Profile) -> Result<(), Failure> {
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let Some(sign_in) = sign_in else { return Err(profile::SecretError::NoUser.into()) };
    let host = url.host_str().unwrap_or_default().to_owned();
    let prompt = format!("Password of {} on {host} (kept in the keyring): ", sign_in.user);
    let password = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt));
    match password.await {
        Ok(Ok(password)) => store(profile, password).await,
        _ => Err(Failure::NotDone("the password was not entered".to_owned())),
    }
}

async fn store(profile: &Profile, password: String) -> Result<(), Failure> {
    if password.is_empty() {
        return Err(Failure::Usage("the password is empty; nothing is stored".to_owned()));
    }
    profile::store_password(profile, Secret::new(password)).await?;
    out::say("The password is in the keyring.");
    Ok(())
}

fn first_line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.take(MAX_BYTES).read_line(&mut line);
    match read {
        Ok(_) if line.len() as u64 == MAX_BYTES && !line.ends_with('\n') => {
            Err(Failure::Usage("the first line of the standard input is too long for a password".to_owned()))
        }
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(_) => Err(Failure::Usage("the standard input is not UTF-8 text".to_owned())),
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
