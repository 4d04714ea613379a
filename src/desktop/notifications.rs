//! Notifications by the session bus.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::mpsc::UnboundedSender;
use zbus::zvariant::Value;
use zbus::{Connection, proxy};

use super::face::Look;
use super::missing::{Missing, Piece};
use super::{Notice, Wish, icon};

/// What a click on the notification itself does.
const DEFAULT: &str = "default";

pub const NO_SERVICE: &str =
    "no program on this desktop shows notifications; everything is in the reports too";

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
    shown: BTreeMap<u32, Shown>,
    /// The last one of each key.
    waiting: BTreeMap<String, Notice>,
    /// What the service that runs can do; none before it was asked.
    can: Option<Can>,
}

struct Shown {
    key: String,
    actions: Vec<Wish>,
    clicked: Option<Wish>,
}

#[derive(Debug, Clone, Copy)]
struct Can {
    actions: bool,
    markup: bool,
}

impl Notifications {
    pub fn new() -> Self {
        Notifications { shown: BTreeMap::new(), waiting: BTreeMap::new(), can: None }
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
        self.shown.clear();
        self.can = None;
    }

    /// Shows what waits.
    pub async fn flush(&mut self, bus: &Connection, missing: &Missing) {
        while let Some((_, notice)) = self.waiting.pop_first() {
            self.show(bus, notice, missing).await;
            if self.can.is_none() {
                return;
            }
        }
    }

    /// Shows a notice in place of the one with the same key.
    pub async fn show(&mut self, bus: &Connection, notice: Notice, missing: &Missing) {
        self.waiting.remove(&notice.key);
        match self.try_show(bus, &notice).await {
            Ok(()) => missing.set(Piece::Notifications, None),
            Err(error) => {
                self.can = None;
                missing.set(Piece::Notifications, Some(&why(&error)));
                // What was not answered may be on the screen.
                if !is_timeout(&error) {
                    self.keep(notice);
                }
            }
        }
    }

    async fn try_show(&mut self, bus: &Connection, notice: &Notice) -> zbus::Result<()> {
        let service = service(bus).await?;
        let can = match self.can {
            Some(can) => can,
            None => *self.can.insert(Can::of(&service.get_capabilities().await?)),
        };
        let replaces = self.shown.iter().find(|(_, shown)| shown.key == notice.key).map_or(0, |(id, _)| *id);
        let clicked = notice.actions.iter().find(|(_, wish)| matches!(wish, Wish::Open(_)));
        let numbers: Vec<String> = (0..notice.actions.len()).map(|number| number.to_string()).collect();
        let mut actions = Vec::new();
        if can.actions {
            actions.extend(clicked.iter().flat_map(|(text, _)| [DEFAULT, text]));
            for (number, (text, _)) in numbers.iter().zip(&notice.actions) {
                actions.extend([number, text.as_str()]);
            }
        }
        let text = if can.markup { escaped(&notice.text) } else { notice.text.clone() };
        let (urgency, timeout) = if notice.urgent { (2_u8, 0) } else { (1, -1) };
        let size = icon::SIZE as i32;
        let image = (size, size, size * 4, true, 8, 4, icon::rgba(Look::Running));
        let hints = HashMap::from([("urgency", Value::U8(urgency)), ("image-data", Value::new(image))]);
        let id =
            service.notify("Pimbridge", replaces, "", &notice.title, &text, &actions, hints, timeout).await?;
        self.shown.retain(|_, shown| shown.key != notice.key);
        let shown = Shown {
            key: notice.key.clone(),
            actions: notice.actions.iter().map(|(_, wish)| wish.clone()).collect(),
            clicked: clicked.map(|(_, wish)| wish.clone()),
        };
        self.shown.insert(id, shown);
        Ok(())
    }

    /// Takes a notice back.
    pub async fn withdraw(&mut self, bus: &Connection, key: &str) {
        self.drop_kept(key);
        let id = self.shown.iter().find(|(_, shown)| shown.key == key).map(|(id, _)| *id);
        if let Some(id) = id {
            self.shown.remove(&id);
            close(bus, id).await;
        }
    }

    /// Does what a signal of the service says.
    pub async fn heard(&mut self, bus: &Connection, signal: &zbus::Message, wishes: &UnboundedSender<Wish>) {
        let header = signal.header();
        match header.member().map(|member| member.as_str()) {
            Some("ActionInvoked") => {
                let Ok((id, action)) = signal.body().deserialize::<(u32, String)>() else { return };
                let Some(shown) = self.shown.get(&id) else { return };
                let wish = match action.as_str() {
                    DEFAULT => shown.clicked.clone(),
                    number => {
                        number.parse().ok().and_then(|number: usize| shown.actions.get(number).cloned())
                    }
                };
                let Some(wish) = wish else { return };
                // Who only looks may still want to answer.
                if !matches!(wish, Wish::Open(_)) {
                    self.shown.remove(&id);
                    close(bus, id).await;
                }
                let _ = wishes.send(wish);
            }
            Some("NotificationClosed") => {
                let Ok((id, _reason)) = signal.body().deserialize::<(u32, u32)>() else { return };
                self.shown.remove(&id);
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

/// A text that says the same where it is read as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn is_timeout(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::InputOutput(io) if io.kind() == std::io::ErrorKind::TimedOut)
}

fn why(error: &zbus::Error) -> String {
    match error {
        _ if is_timeout(error) => "the program that shows notifications does not answer".to_owned(),
        zbus::Error::MethodError(name, _, _)
            if name.ends_with("ServiceUnknown") || name.contains(".Spawn.") =>
        {
            NO_SERVICE.to_owned()
        }
        error => format!("the desktop does not take them: {error}"),
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
    fn markup_says_what_the_text_said() {
        assert_eq!(escaped("a < b & <i>c</i>"), "a &lt; b &amp; &lt;i&gt;c&lt;/i&gt;");
    }

    #[test]
    fn of_the_notices_that_wait_the_last_one_counts() {
        let notice = |key: &str, title: &str| Notice {
            key: key.into(),
            title: title.into(),
            text: String::new(),
            urgent: false,
            actions: Vec::new(),
        };
        let mut notifications = Notifications::new();
        for (key, title) in [("a", "one"), ("b", "two"), ("a", "three")] {
            notifications.keep(notice(key, title));
        }
        notifications.drop_kept("b");
        let titles: Vec<&str> = notifications.waiting.values().map(|notice| notice.title.as_str()).collect();
        assert_eq!(titles, ["three"]);
    }
}
