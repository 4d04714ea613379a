//! The desktop of a session bus: it looks after tray and notifications, and brings them back when bus, tray host or
//! notification service were gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tr::tr;
use zbus::fdo::{self, DBusProxy};
use zbus::names::BusName;
use zbus::{Connection, connection};

use super::face::Face;
use super::missing::{Missing, Piece};
use super::notifications::{self, Notifications};
use super::tray::{Tray, Wanted};
use super::{Command, Shown, Wish, tray};

const TRAY_HOST: &str = "org.kde.StatusNotifierWatcher";
const SERVICE: &str = "org.freedesktop.Notifications";

/// A part of the desktop that hangs must not keep us.
const PATIENCE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Each look wakes several threads.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A bus that was there for so long was a good one.
const LONG: Duration = Duration::from_secs(60);

const KEYRING: &str = "org.freedesktop.secrets";

fn no_bus() -> String {
    tr!("there is no desktop session here")
}

fn no_host() -> String {
    tr!(
        "nothing on this desktop shows tray icons (GNOME needs the extension AppIndicator); everything works without"
    )
}

fn no_keyring() -> String {
    tr!(
        "none runs here; a password can also come from a command: pimbridge profile set NAME remote.password_command=COMMAND"
    )
}

/// What is on the desktop, or is to be as soon as there is one.
pub struct Session {
    wishes: UnboundedSender<Wish>,
    missing: Arc<Missing>,
    /// None where the person wants no icon.
    tray: Option<Tray>,
    face: Option<Face>,
    notifications: Notifications,
    /// Counts the buses that were connected to.
    number: u64,
    /// Whether there is a program that shows tray icons; none without a bus.
    host: Option<bool>,
}

/// The daemon lets go of the desktop.
struct Ended;

impl Session {
    pub fn new(wishes: UnboundedSender<Wish>, shown: UnboundedSender<Shown>, missing: Arc<Missing>) -> Self {
        let notifications = Notifications::new(shown);
        Session { wishes, missing, tray: None, face: None, notifications, number: 0, host: None }
    }

    /// Does what it is asked for until nobody can ask any more.
    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        let mut pause = FIRST_PAUSE;
        loop {
            match connect(connection::Builder::session()).await {
                Ok(bus) => {
                    let begun = Instant::now();
                    let served = self.serve(&bus, &mut commands).await;
                    self.lost();
                    if begun.elapsed() > LONG {
                        pause = FIRST_PAUSE;
                    }
                    match served {
                        Ok(Ended) => return,
                        Err(Gone(why)) => tracing::info!("the session bus is gone: {why}"),
                    }
                }
                Err(error) => {
                    tracing::debug!("no session bus: {error}");
                    self.tell_host();
                    self.missing.set(Piece::Notifications, Some(&no_bus()));
                    self.missing.set(Piece::Keyring, Some(&no_keyring()));
                }
            }
            let Ok(()) = self.wait(pause, &mut commands).await else { return };
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Until it is time to look for a bus again.
    async fn wait(
        &mut self,
        pause: Duration,
        commands: &mut UnboundedReceiver<Command>,
    ) -> Result<(), Ended> {
        let end = tokio::time::sleep(pause);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end, if may_appear() => return Ok(()),
                command = commands.recv() => match command.ok_or(Ended)? {
                    Command::SetTray(wanted) => self.set_tray(wanted),
                    Command::Show(face) => self.face = Some(face),
                    Command::Notify(notice) => self.notifications.keep(notice),
                    Command::Withdraw(key) => self.notifications.drop_kept(&key),
                },
            }
        }
    }

    async fn serve(
        &mut self,
        bus: &Connection,
        commands: &mut UnboundedReceiver<Command>,
    ) -> Result<Ended, Gone> {
        let names =
            DBusProxy::builder(bus).cache_properties(zbus::proxy::CacheProperties::No).build().await?;
        let mut host = names.receive_name_owner_changed_with_args(&[(0, TRAY_HOST)]).await?;
        let mut service = names.receive_name_owner_changed_with_args(&[(0, SERVICE)]).await?;
        let mut signals = notifications::service(bus).await?.inner().receive_all_signals().await?;
        let mut keyring = names.receive_name_owner_changed_with_args(&[(0, KEYRING)]).await?;
        self.number += 1;
        self.host = Some(has_owner(&names, TRAY_HOST).await?);
        self.tell_host();
        self.show();
        self.look_for(&names, Piece::Notifications).await?;
        self.look_for(&names, Piece::Keyring).await?;
        self.notifications.flush(bus, &self.missing).await;
        loop {
            tokio::select! {
                change = host.next() => {
                    self.host = Some(change.ok_or_else(Gone::silent)?.args()?.new_owner.is_some());
                    self.tell_host();
                }
                change = service.next() => {
                    let change = change.ok_or_else(Gone::silent)?;
                    let change = change.args()?;
                    // One that our own request started has shown it before this is heard.
                    if change.old_owner.is_some() {
                        self.notifications.forget_service();
                    }
                    self.look_for(&names, Piece::Notifications).await?;
                    if change.new_owner.is_some() {
                        self.notifications.flush(bus, &self.missing).await;
                    }
                }
                change = keyring.next() => {
                    change.ok_or_else(Gone::silent)?;
                    self.look_for(&names, Piece::Keyring).await?;
                }
                signal = signals.next() => {
                    let signal = signal.ok_or_else(Gone::silent)?;
                    self.notifications.heard(bus, &signal, &self.wishes).await;
                }
                command = commands.recv() => match command {
                    None => return Ok(Ended),
                    Some(Command::SetTray(wanted)) => self.set_tray(wanted),
                    Some(Command::Show(face)) => {
                        self.face = Some(face);
                        self.show();
                    }
                    Some(Command::Notify(notice)) => self.notifications.show(bus, notice, &self.missing).await,
                    Some(Command::Withdraw(key)) => self.notifications.withdraw(bus, &key).await,
                },
            }
        }
    }

    fn set_tray(&mut self, wanted: bool) {
        if !wanted || self.tray.is_none() {
            self.tray = tray(wanted, &self.wishes, &self.missing);
            self.tell_host();
            self.show();
        }
    }

    fn show(&self) {
        if let (Some(tray), Some(face), Some(_)) = (&self.tray, &self.face, self.host) {
            tray.show(Some(Wanted { session: self.number, face: face.clone() }));
        }
    }

    /// Tells whether the icon can be seen; it goes by itself to a program that shows it.
    fn tell_host(&self) {
        if self.tray.is_some() {
            let why = match self.host {
                None => Some(no_bus()),
                Some(false) => Some(no_host()),
                Some(true) => None,
            };
            self.missing.set(Piece::Tray, why.as_deref());
        }
    }

    /// Looks whether there is a program for this piece: one that runs, or one that starts when it is asked.
    async fn look_for(&self, names: &DBusProxy<'_>, piece: Piece) -> Result<(), Gone> {
        let (name, why) = match piece {
            Piece::Tray => return Ok(()),
            Piece::Notifications => (SERVICE, notifications::no_service()),
            Piece::Keyring => (KEYRING, no_keyring()),
        };
        let starts = || async { names.list_activatable_names().await };
        let there = has_owner(names, name).await? || starts().await?.iter().any(|found| *found == name);
        self.missing.set(piece, (!there).then_some(why.as_str()));
        Ok(())
    }

    /// The bus is gone, and with it all that was to be seen.
    fn lost(&mut self) {
        self.host = None;
        self.notifications.forget_service();
        if let Some(tray) = &self.tray {
            tray.show(None);
        }
    }
}

/// Why the bus can no longer be used.
struct Gone(String);

impl Gone {
    fn silent() -> Self {
        Gone(tr!("it closed the connection"))
    }
}

impl From<zbus::Error> for Gone {
    fn from(error: zbus::Error) -> Self {
        Gone(error.to_string())
    }
}

impl From<fdo::Error> for Gone {
    fn from(error: fdo::Error) -> Self {
        Gone(error.to_string())
    }
}

/// Connects to a bus, which may accept and never answer.
async fn connect(to: zbus::Result<connection::Builder<'_>>) -> zbus::Result<Connection> {
    let connected = tokio::time::timeout(PATIENCE, to?.method_timeout(PATIENCE).build()).await;
    connected.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
}

async fn has_owner(names: &DBusProxy<'_>, name: &'static str) -> fdo::Result<bool> {
    names.name_has_owner(BusName::from_static_str(name).map_err(zbus::Error::from)?).await
}

/// Whether a bus may come to be where it is looked for.
fn may_appear() -> bool {
    ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"].iter().any(|name| std::env::var_os(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bus_that_never_answers_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let _silent = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let address = format!("unix:path={}", path.display());
        let error = connect(connection::Builder::address(address.as_str())).await.unwrap_err();
        assert!(notifications::is_timeout(&error), "{error}");
    }
}
