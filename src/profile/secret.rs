//! Secrets: from the system's keyring, an environment variable or a command; never from a file.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tr::tr;

use super::keyring;
use crate::collection::{CollectionError, Trouble};

const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// What is read of a command's output at most.
const MAX_OUTPUT: u64 = 64 * 1024;

/// A password, a token or the like. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself: only for the sign-in.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where a secret is that the keyring does not keep.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// The environment variable of this name.
    Env(String),
    /// The first line that this command prints.
    Command(String),
}

/// Where a password or token is. It is never in a profile's file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PasswordSource {
    /// The system's keyring.
    Keyring,
    Given(SecretSource),
}

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Password,
    Token,
    ClientSecret,
    ProxyPassword,
    /// Of a client certificate.
    Passphrase,
}

impl Purpose {
    /// What the keys begin with that say where it is.
    fn key(self) -> &'static str {
        match self {
            Purpose::Password | Purpose::Token => "password",
            Purpose::ClientSecret => "client_secret",
            Purpose::ProxyPassword => "proxy_password",
            Purpose::Passphrase => "client_certificate_password",
        }
    }
}

/// As a person calls it.
impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Purpose::Password | Purpose::ProxyPassword => tr!("the password"),
            Purpose::Token => tr!("the token"),
            Purpose::ClientSecret => tr!("the client secret"),
            Purpose::Passphrase => tr!("the passphrase"),
        })
    }
}

/// What is wrong with an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadVariable {
    Empty,
    NotSet,
    NotText,
}

impl SecretSource {
    /// The secret; asks again each time.
    pub(super) async fn read(&self, purpose: Purpose) -> Result<Secret, SecretError> {
        match self {
            SecretSource::Env(name) => from_env(name, std::env::var(name), purpose),
            SecretSource::Command(command) => from_command(command, COMMAND_TIMEOUT, purpose).await,
        }
    }
}

impl PasswordSource {
    /// The secret; none where the keyring has none under this name.
    pub(super) async fn read(&self, purpose: Purpose, entry: &str) -> Result<Option<Secret>, SecretError> {
        match self {
            PasswordSource::Given(source) => source.read(purpose).await.map(Some),
            PasswordSource::Keyring => keyring::load(entry.to_owned()).await,
        }
    }
}

/// A secret cannot be had or kept. The text is a sentence with a way out and never contains it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("{}", of_variable(variable, *.what, *.why))]
    Env { variable: String, what: Purpose, why: BadVariable },
    /// Why: a sentence.
    #[error("{}", tr!("{why}; look at what the command itself says, and try it in a terminal: it must print {what} on its first \
         line", why, what))]
    Command { what: Purpose, why: String },
    #[error("{}", tr!("{what} of {entry} is not in the keyring; {way}", what, entry, way))]
    NotStored { what: Purpose, entry: String, way: String },
    #[error("{}", tr!("this computer has no keyring that could keep the password or the sign-in; install one (on Linux: GNOME Keyring or \
         KWallet) and log in again, or, for a password, give a command that prints it (password_command)"))]
    NoKeyring,
    #[error("{}", tr!("the keyring is locked; unlock it (or sign in to your desktop) and try again"))]
    Locked,
    #[error("{}", tr!("the keyring failed: {0}; try again, or, for a password, say in the profile where else it is (password_env or password_command, and the same with proxy_ before it for that of a proxy)", .0))]
    Keyring(String),
    #[error("{}", tr!("the profile signs in without a user name, so there is no password; add user = \"…\" to [remote]"))]
    NoUser,
}

fn of_variable(variable: &str, what: Purpose, why: BadVariable) -> String {
    match why {
        BadVariable::Empty => tr!(
            "the environment variable {variable}, which should hold {what}, is empty; set it before you start Pimbridge",
            variable,
            what
        ),
        BadVariable::NotSet => tr!(
            "the environment variable {variable}, which should hold {what}, is not set; set it before you start Pimbridge",
            variable,
            what
        ),
        BadVariable::NotText => tr!(
            "the environment variable {variable}, which should hold {what}, is not UTF-8 text",
            variable,
            what
        ),
    }
}

impl SecretError {
    /// What this is to a collection that wants to sign in.
    pub fn trouble(&self) -> Trouble {
        match self {
            SecretError::Command { .. }
            | SecretError::NoKeyring
            | SecretError::Locked
            | SecretError::Keyring(_) => Trouble::SecretLocked,
            SecretError::Env { .. } | SecretError::NotStored { .. } | SecretError::NoUser => Trouble::SignIn,
        }
    }
}

impl From<SecretError> for CollectionError {
    fn from(error: SecretError) -> Self {
        CollectionError::new(error.trouble(), error.to_string())
    }
}

fn from_env(
    name: &str,
    value: Result<String, std::env::VarError>,
    purpose: Purpose,
) -> Result<Secret, SecretError> {
    use std::env::VarError;
    let wrong = |why| Err(SecretError::Env { variable: name.to_owned(), what: purpose, why });
    match value {
        Ok(password) if password.is_empty() => wrong(BadVariable::Empty),
        Ok(password) => Ok(Secret(password)),
        Err(VarError::NotPresent) => wrong(BadVariable::NotSet),
        Err(VarError::NotUnicode(_)) => wrong(BadVariable::NotText),
    }
}

async fn from_command(command: &str, limit: Duration, purpose: Purpose) -> Result<Secret, SecretError> {
    let key = purpose.key();
    let wrong = |why: String| SecretError::Command { what: purpose, why };
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    let mut child = shell
        .args([if cfg!(windows) { "/C" } else { "-c" }, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // It may show the password (`set -x`), so it must not come into a report or a log.
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| wrong(tr!("the {key}_command cannot be started: {error}", key, error)))?;
    let stdout = child.stdout.take();
    let finished = tokio::time::timeout(limit, async { tokio::join!(read_some(stdout), child.wait()) });
    let Ok((printed, status)) = finished.await else {
        return Err(wrong(tr!(
            "the {key}_command did not end within one second"
                | "the {key}_command did not end within {n} seconds" % limit.as_secs(),
            key
        )));
    };
    let status =
        status.map_err(|error| wrong(tr!("the {key}_command cannot be run: {error}", key, error)))?;
    if !status.success() {
        return Err(wrong(match status.code() {
            Some(code) => tr!("the {key}_command failed with exit status {code}", key, code),
            None => tr!("the {key}_command was killed", key),
        }));
    }
    let first = printed.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    match std::str::from_utf8(first) {
        Ok("") => Err(wrong(match purpose {
            Purpose::Password | Purpose::ProxyPassword => tr!("the {key}_command printed no password", key),
            Purpose::Token => tr!("the {key}_command printed no token", key),
            Purpose::ClientSecret => tr!("the {key}_command printed no client secret", key),
            Purpose::Passphrase => tr!("the {key}_command printed no passphrase", key),
        })),
        Ok(password) => Ok(Secret(password.to_owned())),
        Err(_) => Err(wrong(tr!("the {key}_command printed something that is not UTF-8 text", key))),
    }
}

/// Reads to the end, keeps the beginning.
async fn read_some(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        // What was read up to an error is all that there is.
        let _ = (&mut pipe).take(MAX_OUTPUT).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret} {secret:?} {:?}", Some(&secret)).contains("hunter"));
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn from_the_environment() {
        let wrong = |value| from_env("WORK_PASSWORD", value, Purpose::Password).unwrap_err().to_string();
        assert_eq!(from_env("X", Ok("p w ".into()), Purpose::Password).unwrap().expose(), "p w ");
        insta::assert_snapshot!(wrong(Ok(String::new())), @"the environment variable WORK_PASSWORD, which should hold the password, is empty; set it before you start Pimbridge");
        insta::assert_snapshot!(wrong(Err(std::env::VarError::NotPresent)), @"the environment variable WORK_PASSWORD, which should hold the password, is not set; set it before you start Pimbridge");
    }

    async fn command(command: &str) -> Result<String, String> {
        let secret = from_command(command, Duration::from_millis(1500), Purpose::Password).await;
        secret.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn from_a_command() {
        assert_eq!(command("printf ' p ä\\r\\nsecond'").await.unwrap(), " p ä");
        assert_eq!(command("echo only; yes | head -c 5000000").await.unwrap(), "only");
        insta::assert_snapshot!(command("echo shown-never; echo no key >&2; exit 3").await.unwrap_err(), @"the password_command failed with exit status 3; look at what the command itself says, and try it in a terminal: it must print the password on its first line");
        insta::assert_snapshot!(command("true").await.unwrap_err(), @"the password_command printed no password; look at what the command itself says, and try it in a terminal: it must print the password on its first line");
        insta::assert_snapshot!(command("printf '\\377\\n'").await.unwrap_err(), @"the password_command printed something that is not UTF-8 text; look at what the command itself says, and try it in a terminal: it must print the password on its first line");
        insta::assert_snapshot!(command("exec sleep 30").await.unwrap_err(), @"the password_command did not end within one second; look at what the command itself says, and try it in a terminal: it must print the password on its first line");
    }
}
