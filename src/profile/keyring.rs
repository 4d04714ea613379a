//! The system's keyring. It is opened anew for each question, so that one that appears, is unlocked or comes back is
//! seen; and a question has a limit, so that one that hangs keeps nobody.

use std::time::Duration;

use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tr::tr;

use super::secret::{Secret, SecretError};

const SERVICE: &str = "pimbridge";
/// How long a person may take to unlock the keyring.
const DIALOG: Duration = Duration::from_secs(120);
/// How long an answer may take that needs no person.
const ANSWER: Duration = Duration::from_secs(15);
/// One question at a time: so only one thread waits for a keyring that hangs, and no two dialogs are open.
static TURN: Semaphore = Semaphore::const_new(1);

tokio::task_local! {
    static PERSON: ();
}

/// While this goes on, a person waits for it: a keyring that is locked may ask to be unlocked. Otherwise it is not asked
/// what would open a dialog.
pub async fn with_person<T>(work: impl Future<Output = T>) -> T {
    PERSON.scope((), work).await
}

/// What the keyring keeps under this name.
pub(super) async fn load(name: String) -> Result<Option<Secret>, SecretError> {
    Ok(ask(name, Question::Known, |entry| entry.get_password()).await?.map(Secret::new))
}

/// Puts a secret into the keyring.
pub(super) async fn store(name: String, secret: Secret) -> Result<(), SecretError> {
    ask(name, Question::New, move |entry| entry.set_password(secret.expose())).await.map(|_| ())
}

/// Removes a secret from the keyring; says whether there was one.
pub(super) async fn delete(name: String) -> Result<bool, SecretError> {
    Ok(ask(name, Question::Known, |entry| entry.delete_credential()).await?.is_some())
}

/// What is asked of the keyring.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    /// About what it has.
    Known,
    /// To take something that it may not have yet.
    New,
}

/// Where something is in the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It can be had.
    Open,
    /// A person must unlock it first.
    Locked,
    /// It is not there.
    Nowhere,
}

/// Asks the keyring. None: it has no such entry.
async fn ask<T: Send + 'static>(
    name: String,
    question: Question,
    what: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<Option<T>, SecretError> {
    let person = PERSON.try_with(|()| ()).is_ok();
    let place = async {
        let turn = TURN.acquire().await;
        in_background(move || (place(&name, question), name, turn)).await
    };
    let (place, name, turn) = timeout(ANSWER, place).await.map_err(|_| no_answer())??;
    match place? {
        Place::Nowhere => return Ok(None),
        Place::Locked if !person => return Err(SecretError::Locked),
        Place::Locked | Place::Open => {}
    }
    let answer = in_background(move || {
        let _turn = turn;
        understand(entry(&name).and_then(|entry| what(&entry)))
    });
    match timeout(if person { DIALOG } else { ANSWER }, answer).await {
        Ok(answer) => answer?,
        Err(_) if person => Err(SecretError::Locked),
        Err(_) => Err(no_answer()),
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SecretError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| SecretError::Keyring(tr!("it broke off")))
}

fn no_answer() -> SecretError {
    SecretError::Keyring(tr!("it does not answer"))
}

/// Where the entry is; for something new, where it would go. Nothing is shown to the person.
#[cfg(target_os = "linux")]
fn place(name: &str, question: Question) -> Result<Place, SecretError> {
    let service = secret_service::Service::connect()?;
    match (service.place_of(name)?, question) {
        (Place::Nowhere, Question::New) => service.place_for_new(),
        (place, _) => Ok(place),
    }
}

/// These systems cannot tell without asking the person.
#[cfg(not(target_os = "linux"))]
fn place(_: &str, _: Question) -> Result<Place, SecretError> {
    Ok(Place::Open)
}

fn entry(name: &str) -> keyring_core::Result<Entry> {
    #[cfg(target_os = "macos")]
    use apple_native_keyring_store::keychain::Store;
    #[cfg(windows)]
    use windows_native_keyring_store::Store;
    #[cfg(target_os = "linux")]
    use zbus_secret_service_keyring_store::Store;

    let store = Store::new().map_err(|_| keyring_core::Error::NoDefaultStore)?;
    store.build(SERVICE, name, None)
}

fn understand<T>(answer: keyring_core::Result<T>) -> Result<Option<T>, SecretError> {
    use keyring_core::Error;
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(Error::NoDefaultStore) => Err(SecretError::NoKeyring),
        Err(Error::NoStorageAccess(_)) => Err(SecretError::Locked),
        Err(Error::Ambiguous(_)) => {
            Err(SecretError::Keyring(tr!("it has several passwords for this account; remove all but one")))
        }
        Err(Error::TooLong(_, limit)) => {
            Err(SecretError::Keyring(tr!("it takes no more than {limit} characters", limit)))
        }
        // These carry the stored bytes, which must not be shown.
        Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => {
            Err(SecretError::Keyring(tr!("what it has for this account is not a password")))
        }
        Err(Error::PlatformFailure(reason)) => Err(SecretError::Keyring(reason.to_string())),
        Err(Error::NotSupportedByStore(reason)) => Err(SecretError::Keyring(reason)),
        Err(_) => Err(SecretError::Keyring(tr!("it does not answer as it should"))),
    }
}

/// The few calls of the Secret Service that say whether the person would be asked, each with a limit.
#[cfg(target_os = "linux")]
mod secret_service {
    use std::collections::HashMap;
    use std::io;
    use std::time::Duration;

    use zbus::blocking::Connection;
    use zbus::blocking::connection::Builder;
    use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue};

    use super::{Place, SERVICE, SecretError, no_answer};

    const BUS_NAME: &str = "org.freedesktop.secrets";
    const PATH: &str = "/org/freedesktop/secrets";
    const INTERFACE: &str = "org.freedesktop.Secret.Service";
    const CALL: Duration = Duration::from_secs(5);

    pub(super) struct Service(Connection);

    impl Service {
        /// Nothing is asked of the keyring yet.
        pub(super) fn connect() -> Result<Service, SecretError> {
            let connection = Builder::session().and_then(|session| session.method_timeout(CALL).build());
            connection.map(Service).map_err(|_| SecretError::NoKeyring)
        }

        pub(super) fn place_of(&self, name: &str) -> Result<Place, SecretError> {
            let attributes = HashMap::from([("service", SERVICE), ("username", name)]);
            let found = self.call(PATH, INTERFACE, "SearchItems", &(attributes,))?;
            let (open, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) = read(&found)?;
            Ok(match (open.is_empty(), locked.is_empty()) {
                (false, _) => Place::Open,
                (true, false) => Place::Locked,
                (true, true) => Place::Nowhere,
            })
        }

        /// Where what it does not have yet would go: without a keyring to put it into, the person is asked for one.
        pub(super) fn place_for_new(&self) -> Result<Place, SecretError> {
            let keyring: OwnedObjectPath = read(&self.call(PATH, INTERFACE, "ReadAlias", &("default",))?)?;
            if keyring.as_str() == "/" {
                return Ok(Place::Locked);
            }
            let property = ("org.freedesktop.Secret.Collection", "Locked");
            let locked = self.call(keyring.as_str(), "org.freedesktop.DBus.Properties", "Get", &property)?;
            let is_locked = read::<OwnedValue>(&locked)?.downcast_ref::<bool>().unwrap_or(true);
            Ok(if is_locked { Place::Locked } else { Place::Open })
        }

        fn call(
            &self,
            path: &str,
            interface: &str,
            method: &str,
            body: &(impl serde::Serialize + DynamicType),
        ) -> Result<zbus::Message, SecretError> {
            self.0.call_method(Some(BUS_NAME), path, Some(interface), method, body).map_err(understand)
        }
    }

    fn read<T: for<'a> zbus::zvariant::DynamicDeserialize<'a>>(
        answer: &zbus::Message,
    ) -> Result<T, SecretError> {
        answer.body().deserialize().map_err(|error| SecretError::Keyring(error.to_string()))
    }

    pub(super) fn understand(error: zbus::Error) -> SecretError {
        match error {
            zbus::Error::InputOutput(error) if error.kind() == io::ErrorKind::TimedOut => no_answer(),
            zbus::Error::MethodError(name, told, _) => {
                let name = name.as_str().strip_prefix("org.freedesktop.DBus.Error.").unwrap_or(name.as_str());
                match name {
                    "ServiceUnknown" | "NameHasNoOwner" => SecretError::NoKeyring,
                    _ if name.starts_with("Spawn.") => SecretError::NoKeyring,
                    "NoReply" | "Timeout" | "TimedOut" => no_answer(),
                    _ => SecretError::Keyring(told.unwrap_or_else(|| name.to_owned())),
                }
            }
            error => SecretError::Keyring(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_keyring_answers() {
        use keyring_core::Error;
        let text = |error| match understand::<()>(Err(error)) {
            Ok(_) => "no entry".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(text(Error::NoEntry), "no entry");
        insta::assert_snapshot!(text(Error::NoDefaultStore), @"this computer has no keyring that could keep the password or the sign-in; install one (on Linux: GNOME Keyring or KWallet) and log in again, or, for a password, give a command that prints it (password_command)");
        insta::assert_snapshot!(text(Error::NoStorageAccess("prompt".into())), @"the keyring is locked; unlock it (or sign in to your desktop) and try again");
        assert!(!text(Error::BadEncoding(b"hunter2".to_vec())).contains("hunter2"));
    }
}
