//! Notifications by the session bus.

use std::collections::{BTreeMap, HashMap};

use quick_xml::escape::partial_escape;
use tokio::sync::mpsc::UnboundedSender;
use tr::tr;
use zbus::zvariant::Value;
use zbus::{Connection, proxy};

use super::face::Look;
use super::missing::{Missing, Piece};
use super::{Notice, Shown, Wish, icon};

/// What a click on the notification itself does.
const DEFAULT: &str = "default";

pub fn no_service() -> String {
    tr!("no program on this desktop shows notifications; everything is in the reports too")
}

#[proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
pub trait Service {
    #[expect(clippy::too_many_arguments)]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;
    fn close_notification(&self, id: u32) -> zbus::Result<()>;
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;
}

/// The notices that can be seen, and those that wait for somebody who shows them.
pub struct Notifications {
    on_screen: BTreeMap<u32, OnScreen>,
    /// The last one of each key.
    waiting: BTreeMap<String, Notice>,
    /// Counts what was shown.
    number: u64,
    told: UnboundedSender<Shown>,
    /// What the service that runs can do; none before it was asked.
    can: Option<Can>,
}

struct OnScreen {
    key: String,
    /// Its buttons bear it: who presses one of a notice that has just been replaced means that one.
    number: u64,
    actions: Vec<Wish>,
    clicked: Option<Wish>,
}

impl OnScreen {
    /// What a button does.
    fn wish(&self, action: &str) -> Option<Wish> {
        if action == DEFAULT {
            return self.clicked.clone();
        }
        let (number, place) = action.split_once('-')?;
        let place: usize = place.parse().ok()?;
        self.actions.get(place).filter(|_| number.parse() == Ok(self.number)).cloned()
    }
}

/// How it went to show a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    Shown,
    /// This one could not be shown; another one may.
    NotShown,
    NoService,
}

#[derive(Debug, Clone, Copy)]
struct Can {
    actions: bool,
    markup: bool,
}

impl Notifications {
    /// Each notice that is shown is told.
    pub fn new(told: UnboundedSender<Shown>) -> Self {
        Notifications { on_screen: BTreeMap::new(), waiting: BTreeMap::new(), number: 0, told, can: None }
    }

    /// Keeps a notice until there is a service.
    pub fn keep(&mut self, notice: Notice) {
        self.waiting.insert(notice.key.clone(), notice);
    }

    /// Forgets a notice that could not be shown yet.
    pub fn drop_kept(&mut self, key: &str) {
        self.waiting.remove(key);
    }

    /// The service is another one now, or gone: nothing of what the last one showed can be seen.
    pub fn forget_service(&mut self) {
        self.on_screen.clear();
        self.can = None;
    }

    /// Shows what waits.
    pub async fn flush(&mut self, bus: &Connection, missing: &Missing) {
        let keys: Vec<String> = self.waiting.keys().cloned().collect();
        for key in keys {
            let Some(notice) = self.waiting.remove(&key) else { continue };
            if self.show_one(bus, notice, missing).await == Went::NoService {
                return;
            }
        }
    }

    /// Shows a notice in place of the one with the same key, and then what could not be shown before.
    pub async fn show(&mut self, bus: &Connection, notice: Notice, missing: &Missing) {
        self.waiting.remove(&notice.key);
        if self.show_one(bus, notice, missing).await == Went::Shown {
            self.flush(bus, missing).await;
        }
    }

    async fn show_one(&mut self, bus: &Connection, notice: Notice, missing: &Missing) -> Went {
        // Who does not say what it can do has not been asked to show anything.
        let (went, error) = match self.ready(bus).await {
            Err(error) => {
                self.keep(notice);
                (Went::NoService, error)
            }
            Ok((service, can)) => match self.put(&service, can, &notice).await {
                Ok(()) => {
                    missing.set(Piece::Notifications, None);
                    let _ = self.told.send(Shown { key: notice.key, mark: notice.mark });
                    return Went::Shown;
                }
                Err(error) => {
                    // What was not answered may be on the screen.
                    if !is_timeout(&error) {
                        self.keep(notice);
                    }
                    (Went::NotShown, error)
                }
            },
        };
        self.can = None;
        missing.set(Piece::Notifications, Some(&why(&error)));
        went
    }

    /// The service, which is started where it can be, and what it can do.
    async fn ready(&mut self, bus: &Connection) -> zbus::Result<(ServiceProxy<'static>, Can)> {
        let service = service(bus).await?;
        let can = match self.can {
            Some(can) => can,
            None => *self.can.insert(Can::of(&service.get_capabilities().await?)),
        };
        Ok((service, can))
    }

    async fn put(&mut self, service: &ServiceProxy<'_>, can: Can, notice: &Notice) -> zbus::Result<()> {
        let replaces =
            self.on_screen.iter().find(|(_, shown)| shown.key == notice.key).map_or(0, |(id, _)| *id);
        self.number += 1;
        let clicked = notice.actions.iter().find(|(_, wish)| matches!(wish, Wish::Open(_)));
        let buttons: Vec<String> =
            (0..notice.actions.len()).map(|place| format!("{}-{place}", self.number)).collect();
        let mut actions = Vec::new();
        if can.actions {
            actions.extend(clicked.iter().flat_map(|(text, _)| [DEFAULT, text]));
            for (button, (text, _)) in buttons.iter().zip(&notice.actions) {
                actions.extend([button, text.as_str()]);
            }
        }
        // It says the same where it is read as markup.
        let text = if can.markup { partial_escape(&*notice.text) } else { notice.text.as_str().into() };
        let (urgency, timeout) = if notice.urgent { (2_u8, 0) } else { (1, -1) };
        let size = icon::SIZE as i32;
        let image = (size, size, size * 4, true, 8, 4, icon::rgba(Look::Running));
        let hints = HashMap::from([("urgency", Value::U8(urgency)), ("image-data", Value::new(image))]);
        let id =
            service.notify("Pimbridge", replaces, "", &notice.title, &text, &actions, hints, timeout).await?;
        self.on_screen.retain(|_, shown| shown.key != notice.key);
        let shown = OnScreen {
            key: notice.key.clone(),
            number: self.number,
            actions: notice.actions.iter().map(|(_, wish)| wish.clone()).collect(),
            clicked: clicked.map(|(_, wish)| wish.clone()),
        };
        self.on_screen.insert(id, shown);
        Ok(())
    }

    /// Takes a notice back.
    pub async fn withdraw(&mut self, bus: &Connection, key: &str) {
        self.drop_kept(key);
        let id = self.on_screen.iter().find(|(_, shown)| shown.key == key).map(|(id, _)| *id);
        if let Some(id) = id {
            self.on_screen.remove(&id);
            close(bus, id).await;
        }
    }

    /// Does what a signal of the service says.
    pub async fn heard(&mut self, bus: &Connection, signal: &zbus::Message, wishes: &UnboundedSender<Wish>) {
        let header = signal.header();
        match header.member().map(|member| member.as_str()) {
            Some("ActionInvoked") => {
                let Ok((id, action)) = signal.body().deserialize::<(u32, String)>() else { return };
                let Some(shown) = self.on_screen.get(&id) else { return };
                let Some(wish) = shown.wish(&action) else { return };
                // Who only looks may still want to answer.
                if !matches!(wish, Wish::Open(_)) {
                    self.on_screen.remove(&id);
                    close(bus, id).await;
                }
                let _ = wishes.send(wish);
            }
            Some("NotificationClosed") => {
                let Ok((id, _reason)) = signal.body().deserialize::<(u32, u32)>() else { return };
                self.on_screen.remove(&id);
            }
            _ => {}
        }
    }
}

/// Takes a notification from the screen. One that is gone already is an error to some services.
async fn close(bus: &Connection, id: u32) {
    if let Ok(service) = service(bus).await {
        let _ = service.close_notification(id).await;
    }
}

/// The service, without keeping its properties, which it does not have.
pub async fn service(bus: &Connection) -> zbus::Result<ServiceProxy<'static>> {
    ServiceProxy::builder(bus).cache_properties(zbus::proxy::CacheProperties::No).build().await
}

impl Can {
    fn of(capabilities: &[String]) -> Can {
        let has = |what: &str| capabilities.iter().any(|capability| capability == what);
        Can { actions: has("actions"), markup: has("body-markup") }
    }
}

pub fn is_timeout(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::InputOutput(io) if io.kind() == std::io::ErrorKind::TimedOut)
}

fn why(error: &zbus::Error) -> String {
    match error {
        _ if is_timeout(error) => tr!("the program that shows notifications does not answer"),
        zbus::Error::MethodError(name, _, _)
            if name.ends_with("ServiceUnknown") || name.contains(".Spawn.") =>
        {
            no_service()
        }
        error => tr!("the desktop does not take them: {error}", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_can_do() {
        let can = |words: &[&str]| {
            let Can { actions, markup } =
                Can::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            (actions, markup)
        };
        assert_eq!(can(&["body", "actions", "body-markup"]), (true, true));
        assert_eq!(can(&["body", "body-hyperlinks"]), (false, false));
    }

    #[test]
    fn of_the_notices_that_wait_the_last_one_counts() {
        let notice = |key: &str, title: &str| Notice {
            key: key.into(),
            mark: title.into(),
            title: title.into(),
            text: String::new(),
            urgent: false,
            actions: Vec::new(),
        };
        let mut notifications = Notifications::new(tokio::sync::mpsc::unbounded_channel().0);
        for (key, title) in [("a", "one"), ("b", "two"), ("a", "three")] {
            notifications.keep(notice(key, title));
        }
        notifications.drop_kept("b");
        let titles: Vec<&str> = notifications.waiting.values().map(|notice| notice.title.as_str()).collect();
        assert_eq!(titles, ["three"]);
    }

    #[test]
    fn a_button_of_a_notice_that_was_replaced_does_nothing() {
        let on_screen = OnScreen {
            key: "a".into(),
            number: 17,
            actions: vec![Wish::SyncAll, Wish::Pause],
            clicked: None,
        };
        assert_eq!(on_screen.wish("17-1"), Some(Wish::Pause));
        for other in ["16-1", "17-2", "1", "17-", DEFAULT] {
            assert_eq!(on_screen.wish(other), None, "{other}");
        }
    }
}
