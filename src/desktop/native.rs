//! The desktop of Windows and macOS, which is always there.

use std::sync::Arc;

use notify_rust::Urgency;
use notify_rust::{Notification, Timeout};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
#[cfg(windows)]
use tr::tr;

use super::face::Face;
use super::missing::{Missing, Piece};
use super::tray::{Tray, Wanted};
use super::{Command, Notice, Shown, Wish};

/// What is shown there.
pub struct Session {
    wishes: UnboundedSender<Wish>,
    shown: UnboundedSender<Shown>,
    missing: Arc<Missing>,
    /// None where the person wants no icon.
    tray: Option<Tray>,
    face: Option<Face>,
}

impl Session {
    pub fn new(wishes: UnboundedSender<Wish>, shown: UnboundedSender<Shown>, missing: Arc<Missing>) -> Self {
        Session { wishes, shown, missing, tray: None, face: None }
    }

    /// Does what it is asked for until nobody can ask any more.
    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        self.missing.set(Piece::Notifications, None);
        self.missing.set(Piece::Keyring, None);
        while let Some(command) = commands.recv().await {
            match command {
                Command::SetTray(true) if self.tray.is_some() => {}
                Command::SetTray(wanted) => {
                    self.tray = super::tray(wanted, &self.wishes, &self.missing);
                    if self.tray.is_some() {
                        self.missing.set(Piece::Tray, None);
                    }
                    self.show();
                }
                Command::Show(face) => {
                    self.face = Some(face);
                    self.show();
                }
                Command::Notify(notice) => self.notify(notice),
                // These systems keep it in a list until the person takes it away.
                Command::Withdraw(key) => tracing::debug!(key, "a notification stays"),
            }
        }
    }

    fn show(&self) {
        if let (Some(tray), Some(face)) = (&self.tray, &self.face) {
            tray.show(Some(Wanted { session: 0, face: face.clone() }));
        }
    }

    /// Shows a notice from a thread that waits for what the person does with it.
    fn notify(&self, notice: Notice) {
        let (wishes, seen, missing) = (self.wishes.clone(), self.shown.clone(), Arc::clone(&self.missing));
        let wait = move || {
            let mut notification = Notification::new();
            notification.appname("Pimbridge").summary(&notice.title).body(&notice.text);
            if notice.urgent {
                notification.timeout(Timeout::Never);
                #[cfg(windows)]
                notification.urgency(Urgency::Critical);
            }
            for (number, (text, _)) in notice.actions.iter().enumerate() {
                notification.action(&number.to_string(), text);
            }
            match notification.show() {
                Ok(shown) => {
                    missing.set(Piece::Notifications, None);
                    let _ = seen.send(Shown { key: notice.key, mark: notice.mark });
                    shown.wait_for_action(|action| {
                        let chosen = action.parse().ok().and_then(|number: usize| notice.actions.get(number));
                        if let Some((_, wish)) = chosen {
                            let _ = wishes.send(wish.clone());
                        }
                    });
                }
                Err(error) => missing
                    .set(Piece::Notifications, Some(&tr!("the system does not take them: {error}", error))),
            }
        };
        if let Err(error) = std::thread::Builder::new().name("notification".into()).spawn(wait) {
            self.missing.set(Piece::Notifications, Some(&tr!("the system gives no threads: {error}", error)));
        }
    }
}
