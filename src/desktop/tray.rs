//! The tray icon. It lives on a thread of its own, because it must stay on the one that made it.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tray_icon::menu::{IsMenuItem, Menu, MenuEvent, MenuId, MenuItem, PredefinedMenuItem, Submenu};
use tray_icon::{Icon, MouseButton, TrayIcon, TrayIconBuilder, TrayIconEvent};

use super::face::{Entry, Face, Look};
use super::{Page, Wish, icon};

mod pump;

use pump::Pump;

/// Tray hosts remember by it what the person does with the icon.
const ID: &str = "pimbridge";

/// The tray icon, as far as the desktop lets it be seen. It goes when this is dropped.
pub struct Tray(Arc<Pump>);

/// What is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// An icon of another session is gone with it.
    pub session: u64,
    pub face: Face,
}

impl Tray {
    /// Starts the thread. An icon that could not be made is told to `failed`.
    pub fn start(
        wishes: UnboundedSender<Wish>,
        failed: impl Fn(String) + Send + 'static,
    ) -> io::Result<Tray> {
        listen();
        let pump = Arc::new(Pump::default());
        let for_thread = Arc::clone(&pump);
        std::thread::Builder::new().name("tray".into()).spawn(move || {
            let mut shown = None;
            for_thread.run(|wanted| {
                if let Err(error) = bring(&mut shown, wanted, &wishes) {
                    shown = None;
                    failed(error);
                }
            });
        })?;
        Ok(Tray(pump))
    }

    /// Shows this from now on, or nothing.
    pub fn show(&self, wanted: Option<Wanted>) {
        self.0.put(wanted);
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The icon that is there.
struct Shown {
    icon: TrayIcon,
    menu: Registered,
    is: Wanted,
}

/// Changes what is shown into what is wanted.
fn bring(
    shown: &mut Option<Shown>,
    wanted: Option<Wanted>,
    wishes: &UnboundedSender<Wish>,
) -> Result<(), String> {
    let Some(wanted) = wanted else {
        *shown = None;
        return Ok(());
    };
    match shown {
        Some(shown) if shown.is.session == wanted.session => change(shown, wanted, wishes),
        _ => {
            *shown = None;
            *shown = Some(make(wanted, wishes)?);
            Ok(())
        }
    }
}

fn make(wanted: Wanted, wishes: &UnboundedSender<Wish>) -> Result<Shown, String> {
    let (menu, registered) = menu(&wanted.face.menu, wishes)?;
    let builder = TrayIconBuilder::new()
        .with_id(ID)
        .with_menu(Box::new(menu))
        .with_icon(image(wanted.face.look)?)
        .with_tooltip(tooltip(&wanted.face));
    // Elsewhere the title would stand beside the icon.
    #[cfg(target_os = "linux")]
    let builder = builder.with_title("Pimbridge");
    let icon = builder.build().map_err(|error| error.to_string())?;
    Ok(Shown { icon, menu: registered, is: wanted })
}

fn change(shown: &mut Shown, wanted: Wanted, wishes: &UnboundedSender<Wish>) -> Result<(), String> {
    let (face, is) = (&wanted.face, &shown.is.face);
    let text = |error: tray_icon::Error| error.to_string();
    if face.look != is.look {
        shown.icon.set_icon(Some(image(face.look)?)).map_err(text)?;
    }
    if face.tooltip != is.tooltip {
        shown.icon.set_tooltip(Some(tooltip(face))).map_err(text)?;
    }
    if face.menu != is.menu {
        let (menu, registered) = menu(&face.menu, wishes)?;
        shown.icon.set_menu(Some(Box::new(menu)));
        shown.menu = registered;
    }
    shown.is = wanted;
    Ok(())
}

fn image(look: Look) -> Result<Icon, String> {
    Icon::from_rgba(icon::rgba(look), icon::SIZE, icon::SIZE).map_err(|error| error.to_string())
}

fn tooltip(face: &Face) -> String {
    if cfg!(target_os = "linux") { face.tooltip.clone() } else { format!("Pimbridge\n{}", face.tooltip) }
}

fn menu(entries: &[Entry], wishes: &UnboundedSender<Wish>) -> Result<(Menu, Registered), String> {
    let (menu, mut registered) = (Menu::new(), Registered::default());
    for entry in entries {
        let item = item(entry, wishes, &mut registered)?;
        menu.append(&*item).map_err(|error| error.to_string())?;
    }
    Ok((menu, registered))
}

fn item(
    entry: &Entry,
    wishes: &UnboundedSender<Wish>,
    registered: &mut Registered,
) -> Result<Box<dyn IsMenuItem>, String> {
    Ok(match entry {
        Entry::Line => Box::new(PredefinedMenuItem::separator()),
        Entry::Item { text, wish } => {
            let item = MenuItem::new(plain(text), true, None);
            registered.add(item.id(), wishes, wish.clone());
            Box::new(item)
        }
        Entry::Menu { text, items } => {
            let submenu = Submenu::new(plain(text), true);
            for entry in items {
                submenu.append(&*item(entry, wishes, registered)?).map_err(|error| error.to_string())?;
            }
            Box::new(submenu)
        }
    })
}

/// A text in which no letter is a key to press.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

/// What is wished for by each entry of the menus that are there; menu events are one for the whole process.
static MENUS: LazyLock<Mutex<HashMap<MenuId, Listener>>> = LazyLock::new(Mutex::default);

/// Who is told of a click.
static CLICKED: Mutex<Option<UnboundedSender<Wish>>> = Mutex::new(None);

struct Listener {
    wishes: UnboundedSender<Wish>,
    wish: Wish,
}

/// The entries of a menu, which are no longer listened to when it goes.
#[derive(Default)]
struct Registered(Vec<MenuId>);

impl Registered {
    fn add(&mut self, id: &MenuId, wishes: &UnboundedSender<Wish>, wish: Wish) {
        let listener = Listener { wishes: wishes.clone(), wish };
        MENUS.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), listener);
        self.0.push(id.clone());
        *CLICKED.lock().unwrap_or_else(PoisonError::into_inner) = Some(wishes.clone());
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut menus = MENUS.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.iter().for_each(|id| drop(menus.remove(id)));
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        MenuEvent::set_event_handler(Some(|event: MenuEvent| {
            let menus = MENUS.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Listener { wishes, wish }) = menus.get(event.id()) {
                let _ = wishes.send(wish.clone());
            }
        }));
        TrayIconEvent::set_event_handler(Some(|event: TrayIconEvent| {
            let left = matches!(event, TrayIconEvent::Click { button: MouseButton::Left, .. });
            // Elsewhere a click opens the menu.
            if left && cfg!(target_os = "linux") {
                let clicked = CLICKED.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(wishes) = &*clicked {
                    let _ = wishes.send(Wish::Open(Page::Status));
                }
            }
        }));
    });
}
