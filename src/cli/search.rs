//! Looking for collections, as `discover` and `profile add` do: with whom, and which servers may know.

use std::io::IsTerminal;

use tr::tr;

use super::connection::ConnectionArgs;
use super::{Failure, out};
use crate::collection::dav::Account;
use crate::collection::dav::discovery::{Service, Start};
use crate::profile::{PasswordSource, Secret, SecretSource};
use crate::setup::discover::{Access, Search, SearchError, Searched};

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

    /// How to look for collections with them.
    pub fn access(&self, connection: &ConnectionArgs) -> Result<Access, Failure> {
        Ok(Access { user: self.user.clone(), password: self.password(), keys: connection.keys()? })
    }
}

/// Looks for collections; asks for the password, and whether a server of another domain may have it, where
/// somebody sits at a terminal. Returns the password too, if it was asked for.
pub async fn search(
    start: &Start,
    services: &[Service],
    access: &Access,
    trusted: &[String],
    asked: Option<Secret>,
) -> Result<(Searched, Option<Secret>), Failure> {
    let search = Search::new(start, access)?;
    let asked = ask(&search, asked).await?;
    let mut trusted = trusted.to_vec();
    let mut declined: Vec<String> = Vec::new();
    let searched = loop {
        let searched = search.run(services, asked.as_ref(), &trusted).await?;
        let before = trusted.len();
        for host in &searched.discovered.foreign {
            if trusted.contains(host) || declined.contains(host) {
                continue;
            }
            let question = tr!(
                "The collections may be on {host}, which belongs to another domain than the one you gave. May it get your \
                 password?",
                host
            );
            match out::ask(&question) {
                Some(true) => trusted.push(host.clone()),
                _ => declined.push(host.clone()),
            }
        }
        if trusted.len() == before {
            break searched;
        }
    };
    for host in &searched.discovered.foreign {
        out::complain(&tr!(
            "{host} was not asked, because it belongs to another domain than the one you gave; if you trust it with your \
             password, add --trusted-host {host}",
            host
        ));
    }
    Ok((searched, asked))
}

/// The account as a profile would have it. The password is asked for where somebody sits at a terminal, once.
pub async fn open(start: &Start, access: &Access, asked: Option<Secret>) -> Result<Account, Failure> {
    let search = Search::new(start, access)?;
    let asked = ask(&search, asked).await?;
    Ok(search.account(asked.as_ref()).await?)
}

/// The password that must be given, asked for once.
async fn ask(search: &Search, asked: Option<Secret>) -> Result<Option<Secret>, Failure> {
    let Some(user) = search.wants_password_of().filter(|_| asked.is_none()) else { return Ok(asked) };
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return Err(Failure::Usage(tr!(
            "there is no terminal to ask for the password; say where it is with --password-env or --password-command"
        )));
    }
    let prompt = format!("{} ", tr!("Password of {user}:", user));
    match tokio::task::spawn_blocking(move || rpassword::prompt_password(prompt)).await {
        Ok(Ok(password)) if !password.is_empty() => Ok(Some(Secret::new(password))),
        _ => Err(Failure::NotDone(tr!("the password was not entered"))),
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Wrong(why) => Failure::Usage(why),
            SearchError::NoUser => Failure::NotDone(tr!(
                "the server wants a user name and a password: give the name with --user"
            )),
            SearchError::Refused { why, users } => Failure::NotDone(match users.as_slice() {
                [first, second] => tr!(
                    "{why}; the user names {first} and {second} were tried: give another one with --user",
                    why,
                    first,
                    second
                ),
                _ => why,
            }),
            SearchError::Open(error) => error.into(),
            SearchError::Collection(error) => Failure::NotDone(error.to_string()),
        }
    }
}
