//! Passwords: from the system's keyring, an environment variable or a command; never from a file.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::{PasswordSource, Profile, RemoteSpec, SignIn};

const SERVICE: &str = "pimbridge";
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// What is read of a command's output at most.
const MAX_OUTPUT: u64 = 64 * 1024;

/// A password. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself: only for the sign-in.
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

/// A password cannot be had or kept. The text is a sentence with a way out and never contains it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable {0}, which should hold the password, {1}")]
    Env(String, &'static str),
    #[error(
        "the password_command {0}; look at what the command itself says, and try it in a terminal: it must print the \
         password on its first line"
    )]
    Command(String),
    #[error(
        "the password of {account} is not in the keyring; store it with: pimbridge profile password \"{profile}\""
    )]
    NotStored { account: String, profile: String },
    #[error(
        "this system has no keyring that could keep the password (on Linux: no Secret Service such as GNOME Keyring or \
         KWallet is running); start one, or set password_env or password_command in the profile"
    )]
    NoKeyring,
    #[error("the keyring is locked; unlock it (or sign in to your desktop) and try again")]
    Locked,
    #[error("the keyring failed: {0}; try again, or set password_env or password_command in the profile")]
    Keyring(String),
    #[error(
        "the profile signs in without a user name, so there is no password; add user = \"…\" to [remote]"
    )]
    NoUser,
}

/// The password of a profile; none where it signs in as nobody.
pub async fn password(profile: &Profile) -> Result<Option<Secret>, SecretError> {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    let Some(sign_in) = sign_in else { return Ok(None) };
    let account = account(profile, sign_in);
    match secret(&sign_in.password, account.clone()).await? {
        Some(secret) => Ok(Some(secret)),
        None => Err(SecretError::NotStored { account, profile: profile.name.to_string() }),
    }
}

/// The secret from where it is said to be; none where the keyring has none for this account.
pub(super) async fn secret(source: &PasswordSource, account: String) -> Result<Option<Secret>, SecretError> {
    match source {
        PasswordSource::Env(name) => from_env(name, std::env::var(name)).map(Some),
        PasswordSource::Command(command) => from_command(command, COMMAND_TIMEOUT).await.map(Some),
        PasswordSource::Keyring => Ok(keyring(account, |entry| entry.get_password()).await?.map(Secret)),
    }
}

/// Puts the password of a profile into the keyring.
pub async fn store_password(profile: &Profile, password: Secret) -> Result<(), SecretError> {
    let account = account_of(profile)?;
    keyring(account, move |entry| entry.set_password(&password.0)).await.map(|_| ())
}

/// Removes the password of a profile from the keyring; says whether there was one.
pub async fn delete_password(profile: &Profile) -> Result<bool, SecretError> {
    let account = account_of(profile)?;
    Ok(keyring(account, |entry| entry.delete_credential()).await?.is_some())
}

fn account_of(profile: &Profile) -> Result<String, SecretError> {
    let RemoteSpec::Dav { sign_in, .. } = &profile.remote;
    sign_in.as_ref().map(|sign_in| account(profile, sign_in)).ok_or(SecretError::NoUser)
}

/// How the keyring calls an account: one entry serves all profiles of a user on a server.
fn account(profile: &Profile, sign_in: &SignIn) -> String {
    let RemoteSpec::Dav { url, .. } = &profile.remote;
    format!("{}@{}", sign_in.user, url.origin().ascii_serialization())
}

fn from_env(name: &str, value: Result<String, std::env::VarError>) -> Result<Secret, SecretError> {
    use std::env::VarError;
    let wrong = |what| Err(SecretError::Env(name.to_owned(), what));
    match value {
        Ok(password) if password.is_empty() => wrong("is empty; set it before you start Pimbridge"),
        Ok(password) => Ok(Secret(password)),
        Err(VarError::NotPresent) => wrong("is not set; set it before you start Pimbridge"),
        Err(VarError::NotUnicode(_)) => wrong("is not UTF-8 text"),
    }
}

async fn from_command(command: &str, limit: Duration) -> Result<Secret, SecretError> {
    let wrong = |what: String| SecretError::Command(what);
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    let mut child = shell
        .args([if cfg!(windows) { "/C" } else { "-c" }, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // It may show the password (`set -x`), so it must not come into a report or a log.
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| wrong(format!("cannot be started: {error}")))?;
    let stdout = child.stdout.take();
    let finished = tokio::time::timeout(limit, async { tokio::join!(read_some(stdout), child.wait()) });
    let Ok((printed, status)) = finished.await else {
        return Err(wrong(format!("did not end within {} seconds", limit.as_secs())));
    };
    let status = status.map_err(|error| wrong(format!("cannot be run: {error}")))?;
    if !status.success() {
        return Err(wrong(match status.code() {
            Some(code) => format!("failed with exit status {code}"),
            None => "was killed".to_owned(),
        }));
    }
    let first = printed.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    match std::str::from_utf8(first) {
        Ok("") => Err(wrong("printed no password".to_owned())),
        Ok(password) => Ok(Secret(password.to_owned())),
        Err(_) => Err(wrong("printed something that is not UTF-8 text".to_owned())),
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

/// Asks the keyring, which may wait for the person to unlock it. None: it has no such entry.
async fn keyring<T: Send + 'static>(
    account: String,
    ask: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<Option<T>, SecretError> {
    let answer =
        tokio::task::spawn_blocking(move || keyring::Entry::new(SERVICE, &account).and_then(|e| ask(&e)));
    match answer.await {
        Ok(answer) => understand(answer),
        Err(_) => Err(SecretError::Keyring("it broke off".to_owned())),
    }
}

fn understand<T>(answer: keyring::Result<T>) -> Result<Option<T>, SecretError> {
    use keyring::Error;
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(Error::NoDefaultStore) => Err(SecretError::NoKeyring),
        Err(Error::NoStorageAccess(_)) => Err(SecretError::Locked),
        Err(Error::Ambiguous(_)) => Err(SecretError::Keyring(
            "it has several passwords for this account; remove all but one".to_owned(),
        )),
        Err(Error::TooLong(_, limit)) => {
            Err(SecretError::Keyring(format!("it takes no more than {limit} characters")))
        }
        // These carry the stored bytes, which must not be shown.
        Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => {
            Err(SecretError::Keyring("what it has for this account is not a password".to_owned()))
        }
        Err(Error::PlatformFailure(reason)) => Err(SecretError::Keyring(reason.to_string())),
        Err(Error::NotSupportedByStore(reason)) => Err(SecretError::Keyring(reason)),
        Err(_) => Err(SecretError::Keyring("it does not answer as it should".to_owned())),
    }
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
        let wrong = |value| from_env("WORK_PASSWORD", value).unwrap_err().to_string();
        assert_eq!(from_env("X", Ok("p w ".into())).unwrap().expose(), "p w ");
        insta::assert_snapshot!(wrong(Ok(String::new())), @"the environment variable WORK_PASSWORD, which should hold the password, is empty; set it before you start Pimbridge");
        insta::assert_snapshot!(wrong(Err(std::env::VarError::NotPresent)), @"the environment variable WORK_PASSWORD, which should hold the password, is not set; set it before you start Pimbridge");
    }

    async fn command(command: &str) -> Result<String, String> {
        let secret = from_command(command, Duration::from_millis(1500)).await;
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
        insta::assert_snapshot!(command("exec sleep 30").await.unwrap_err(), @"the password_command did not end within 1 seconds; look at what the command itself says, and try it in a terminal: it must print the password on its first line");
    }

    #[test]
    fn what_the_keyring_answers() {
        use keyring::Error;
        let text = |error| match understand::<()>(Err(error)) {
            Ok(_) => "no entry".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(text(Error::NoEntry), "no entry");
        insta::assert_snapshot!(text(Error::NoDefaultStore), @"this system has no keyring that could keep the password (on Linux: no Secret Service such as GNOME Keyring or KWallet is running); start one, or set password_env or password_command in the profile");
        insta::assert_snapshot!(text(Error::NoStorageAccess("prompt".into())), @"the keyring is locked; unlock it (or sign in to your desktop) and try again");
        assert!(!text(Error::BadEncoding(b"hunter2".to_vec())).contains("hunter2"));
    }
}
