//! `profile password`.

use std::io::{BufRead, IsTerminal};

use super::super::{Failure, exit, out};
use crate::home::Home;
use crate::profile::{self, PasswordSource, Profile, RemoteSpec, Secret, SecretSource, SignIn};
use crate::report::text::shell_word;

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
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.name)?;
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    if args.delete {
        let name = name(&profile);
        out::say(match profile::delete_secret(&profile).await? {
            true => format!("The {name} is removed from the keyring."),
            false => format!("There was no {name}."),
        });
        return Ok(exit::IN_SYNC);
    }
    if let Some(SignIn::OAuth { .. }) = sign_in {
        return Err(Failure::Usage(format!(
            "the profile has no password; sign in with: pimbridge profile sign-in {}",
            shell_word(profile.name.as_str())
        )));
    }
    if args.stdin {
        let password = first_line(std::io::stdin().lock())?;
        store(&profile, Secret::new(password)).await?;
    } else if std::io::stdin().is_terminal() {
        ask_and_store(&profile).await?;
    } else {
        return Err(Failure::Usage(
            "there is no terminal to ask for the password; give it with --stdin".to_owned(),
        ));
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
    let host = url.host_str().unwrap_or_default();
    let user = sign_in.user().map(|user| format!(" of {user}")).unwrap_or_default();
    let what = if matches!(sign_in, SignIn::Token { .. }) { "Token" } else { "Password" };
    let prompt = format!("{what}{user} on {host} (kept in the keyring): ");
    let password = tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt));
    match password.await {
        Ok(Ok(password)) => store(profile, Secret::new(password)).await,
        _ => Err(Failure::NotDone("the password was not entered".to_owned())),
    }
}

/// Puts the password or token into the keyring.
pub async fn store(profile: &Profile, secret: Secret) -> Result<(), Failure> {
    if secret.expose().is_empty() {
        return Err(Failure::Usage(format!("the {} is empty; nothing is stored", name(profile))));
    }
    profile::store_secret(profile, secret).await?;
    out::say(format!("The {} is in the keyring.", name(profile)));
    Ok(())
}

/// What the keyring keeps for a profile, in a word.
pub fn name(profile: &Profile) -> &'static str {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    sign_in.as_ref().map_or("password", SignIn::secret_name)
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
