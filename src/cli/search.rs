//! Looking for collections, as `discover` and `profile add` do: with whom, and which servers may know.

use std::io::IsTerminal;
use std::path::Path;

use super::connection::ConnectionArgs;
use super::{Failure, out};
use crate::collection::Trouble;
use crate::collection::dav::Account;
use crate::collection::dav::discovery::{Discovered, Service, Start, discover};
use crate::profile::{self, Keys, Name, New, PasswordSource, Profile, Secret, SecretSource};

/// With whom to sign in, and where the password is.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SignInArgs {
    /// The user name on the server [default: the e-mail address, if one is given]
    #[arg(long)]
    pub user: Option<String>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", conflicts_with = "password_command")]
    pub password_env: Option<String>,
    /// A command that prints the password on its first line
    #[arg(long, value_name = "COMMAND")]
    pub password_command: Option<String>,
}

impl SignInArgs {
    pub fn password(&self) -> PasswordSource {
        match (&self.password_env, &self.password_command) {
            (Some(name), _) => PasswordSource::Given(SecretSource::Env(name.clone())),
            (None, Some(command)) => PasswordSource::Given(SecretSource::Command(command.clone())),
            (None, None) => PasswordSource::Keyring,
        }
    }
}

/// What was found, and as whom.
pub struct Searched {
    pub discovered: Discovered,
    pub user: Option<String>,
    /// The likelier user name, which the server did not accept.
    pub refused: Option<String>,
    /// The password, if it was asked for.
    pub asked: Option<Secret>,
}

/// Looks for collections; asks for the password, and whether a server of another domain may have it, where
/// somebody sits at a terminal.
pub async fn search(
    start: &Start,
    services: &[Service],
    sign_in: &SignInArgs,
    connection: &ConnectionArgs,
    keys: Keys,
    mut asked: Option<Secret>,
) -> Result<Searched, Failure> {
    let users: Vec<Option<String>> = match &sign_in.user {
        Some(user) => vec![Some(user.clone())],
        None if start.users().is_empty() => vec![None],
        None => start.users().iter().cloned().map(Some).collect(),
    };
    let mut refused = None;
    let mut last = None;
    for user in users {
        let account = open(start, sign_in, connection, keys, user.as_deref(), &mut asked).await?;
        match look(start, services, &account, connection.trusted_hosts().to_vec()).await {
            Ok(discovered) => {
                tell_of_strangers(&discovered);
                return Ok(Searched { discovered, user, refused, asked });
            }
            Err(error) if error.trouble == Trouble::SignIn => {
                refused = user;
                last = Some(error);
            }
            Err(error) => return Err(Failure::NotDone(error.to_string())),
        }
    }
    let why = last.map(|error| error.to_string()).unwrap_or_default();
    Err(Failure::NotDone(match (refused, start.users()) {
        (None, _) => "the server wants a user name and a password: give the name with --user".to_owned(),
        (Some(_), [first, second]) if sign_in.user.is_none() => {
            format!("{why}; the user names {first} and {second} were tried: give another one with --user")
        }
        _ => why,
    }))
}

fn tell_of_strangers(discovered: &Discovered) {
    for host in &discovered.foreign {
        out::complain(&format!(
            "{host} was not asked, because it belongs to another domain than the one you gave; if you trust it with your \
             password, add --trusted-host {host}"
        ));
    }
}

async fn look(
    start: &Start,
    services: &[Service],
    account: &Account,
    mut trusted: Vec<String>,
) -> Result<Discovered, crate::collection::CollectionError> {
    let mut declined: Vec<String> = Vec::new();
    loop {
        let discovered = discover(start, services, account, &trusted).await?;
        let mut allowed = false;
        for host in &discovered.foreign {
            if trusted.contains(host) || declined.contains(host) {
                continue;
            }
            let question = format!(
                "The collections may be on {host}, which belongs to another domain than the one you gave. May it get your \
                 password?"
            );
            match out::ask(&question) {
                Some(true) => {
                    trusted.push(host.clone());
                    allowed = true;
                }
                _ => declined.push(host.clone()),
            }
        }
        if !allowed {
            return Ok(discovered);
        }
    }
}

/// The account as a profile would have it. The password is asked for where somebody sits at a terminal, once.
pub async fn open(
    start: &Start,
    sign_in: &SignInArgs,
    connection: &ConnectionArgs,
    keys: Keys,
    user: Option<&str>,
    asked: &mut Option<Secret>,
) -> Result<Account, Failure> {
    let draft = draft(start, sign_in, connection, keys, user)?;
    let at_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if user.is_some() && sign_in.password() == PasswordSource::Keyring {
        if asked.is_none() && at_terminal {
            *asked = Some(ask(user.unwrap_or_default()).await?);
        }
        if asked.is_none() {
            return Err(Failure::Usage(
                "there is no terminal to ask for the password; say where it is with --password-env or --password-command"
                    .to_owned(),
            ));
        }
    }
    Ok(profile::account(&draft, asked.clone()).await?)
}

/// A profile that is never written: it says how to reach the server.
fn draft(
    start: &Start,
    sign_in: &SignInArgs,
    connection: &ConnectionArgs,
    keys: Keys,
    user: Option<&str>,
) -> Result<Profile, Failure> {
    let name = Name::new("discover").map_err(|error| Failure::Usage(error.to_string()))?;
    let text = profile::new_text(&New {
        kind: "events",
        mode: "two-way",
        conflict: "automatic",
        path: "~".to_owned(),
        url: start.address().to_string(),
        user: user.map(str::to_owned),
        password: sign_in.password(),
    });
    let text = connection.write(profile::with_keys(text, keys).map_err(Failure::Usage)?)?;
    profile::parse(&name, Path::new(""), &text).map_err(|error| match error {
        profile::ProfileError::Content { what, .. } => Failure::Usage(what),
        error => error.into(),
    })
}

async fn ask(user: &str) -> Result<Secret, Failure> {
    let prompt = format!("Password of {user}: ");
    match tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await {
        Ok(Ok(password)) if !password.is_empty() => Ok(Secret::new(password)),
        _ => Err(Failure::NotDone("the password was not entered".to_owned())),
    }
}
