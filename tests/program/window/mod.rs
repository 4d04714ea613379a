//! The window as a person starts it: a real display, a real daemon, a real server, seen and moved as a screen reader does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use pimbridge::item::Kind;

use crate::session::{Running, Session, wait_for};
use crate::support::dns::{Dns, here};
use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, Server, Software, USER};
use crate::support::{http, item};

mod hands;

use hands::{Hands, Thing};

/// A window of a home, on a desktop.
struct World {
    hands: Hands,
    window: Running,
    home: Home,
    session: Session,
}

impl World {
    /// Starts the window of an empty home; `None` where no desktop could be installed.
    fn new() -> Option<World> {
        World::with(|_| {})
    }

    /// The same, with these variables of the session.
    fn with(change: impl FnOnce(&mut Command)) -> Option<World> {
        let mut session = Session::start()?;
        session.start_accessibility();
        session.start_keyring();
        let home = Home::default();
        fs::write(home.path().join("settings.toml"), format!("appearance = \"{}\"\n", look())).unwrap();
        let mut command = window(&session, &home, &[]);
        change(&mut command);
        let window = Running::start(&mut command);
        let hands = Hands::new(&session);
        hands.see("frame", "Pimbridge");
        Some(World { hands, window, home, session })
    }
}

impl World {
    /// Everything on the page that can be used has a name. Takes a picture of it for the README: `PIMBRIDGE_PICTURES=FOLDER cargo test --test program window::an_account`;
    /// with `PIMBRIDGE_PICTURES_LOOK=dark` in that look.
    #[track_caller]
    fn look_at(&self, page: &str) {
        self.names_everything(page);
        let Some(folder) = env::var_os("PIMBRIDGE_PICTURES") else { return };
        // What moves comes to rest.
        thread::sleep(Duration::from_secs(1));
        self.session.picture(&PathBuf::from(folder).join(format!("window-{page}-{}.png", look())));
    }
}

impl World {
    /// Opens a page, and waits until it is there.
    #[track_caller]
    fn go_to(&self, page: &str) {
        self.hands.open(page);
        self.hands.see("label", if page == "About" { "About Pimbridge" } else { page });
    }

    /// Synchronizes "work" by hand, once nothing is under way any more.
    #[track_caller]
    fn synchronize(&self) {
        self.go_to("Status");
        self.hands.see("label", "In sync");
        self.hands.press("Synchronize work");
    }

    /// A screen reader can name everything that can be used.
    #[track_caller]
    fn names_everything(&self, page: &str) {
        let nameless: Vec<_> = self
            .hands
            .things()
            .into_iter()
            .filter(|thing| !thing.actions.is_empty() || thing.role == "entry")
            .filter(|thing| thing.name.is_empty())
            .collect();
        assert!(nameless.is_empty(), "{page}: {nameless:?}");
    }
}

fn look() -> String {
    env::var("PIMBRIDGE_PICTURES_LOOK").unwrap_or("light".to_owned())
}

/// The command that starts the window.
fn window(session: &Session, home: &Home, arguments: &[&str]) -> Command {
    let program = env!("CARGO_BIN_EXE_pimbridge-window");
    let mut command = Command::new(program);
    session.within(&mut command).arg("--home").arg(home.path()).args(arguments);
    command.env_remove("NO_AT_BRIDGE").stdout(Stdio::null());
    command
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.home.command(&["daemon", "stop"]).output();
    }
}

/// Every page can be opened, and a screen reader can name everything that can be used.
#[test]
fn every_page_can_be_read_by_a_screen_reader() {
    let Some(world) = World::new() else { return };
    for page in ["Status", "Add an account", "Profiles", "Reports", "History", "General options", "About"] {
        world.go_to(page);
        world.names_everything(page);
    }
}

/// The keyboard alone reaches everything that can be used, but for what can be used only once something is entered.
#[test]
fn the_keyboard_reaches_everything() {
    let Some(world) = World::new() else { return };
    let url = "http://127.0.0.1:9/alice/";
    world.home.profile("work", Kind::Events, url, "interval_minutes = 0\nsync_on_change = false");
    world.hands.see("push button", "Synchronize work");
    for page in ["Status", "Add an account", "Profiles", "Reports", "History", "General options", "About"] {
        world.go_to(page);
        if page == "Profiles" {
            world.hands.see("push button", "Test");
        }
        let can_be_used = |thing: &Thing| !thing.actions.is_empty() || thing.role == "entry";
        let mut left: Vec<(String, String)> = world
            .hands
            .things()
            .into_iter()
            .filter(can_be_used)
            .map(|thing| (thing.role, thing.name))
            .filter(|(_, name)| !["Save", "Undo"].contains(&name.as_str()))
            .collect();
        assert!(left.len() >= 7, "{page}: {left:?}");
        for _ in 0..60 {
            let reached = world.hands.go_on();
            left.retain(|thing| *thing != reached);
            if left.is_empty() {
                break;
            }
        }
        assert!(left.is_empty(), "{page}: {left:?}");
    }
}

/// What is chosen in the tray is shown in the window, which is started where none is open.
#[test]
fn the_tray_opens_pages() {
    let Some(mut session) = Session::start() else { return };
    session.start_accessibility();
    session.start_panel();
    let home = Home::default();
    let mut daemon = home.command(&["daemon"]);
    let _daemon =
        Running::start(session.within(&mut daemon).env_remove("NO_AT_BRIDGE").stdout(Stdio::null()));
    wait_for("a menu", || session.menu().is_some_and(|menu| menu.contains("'Reports'")));
    let hands = Hands::new(&session);
    session.click("General options");
    hands.see("push button", "Import profiles …");
    for (entry, heading) in
        [("Reports", "Reports"), ("About Pimbridge", "About Pimbridge"), ("Status", "Status")]
    {
        session.click(entry);
        hands.see("label", heading);
    }
    assert_eq!(hands.things().iter().filter(|thing| thing.role == "frame").count(), 1);
}

/// The pages and what the program says on them, in the language of the settings.
#[test]
fn the_window_speaks_the_language_of_the_person() {
    let Some(mut session) = Session::start() else { return };
    session.start_accessibility();
    let home = Home::default();
    fs::write(home.path().join("settings.toml"), "language = \"de\"\n").unwrap();
    let window = Running::start(&mut window(&session, &home, &[]));
    let hands = Hands::new(&session);
    let world = World { hands, window, home, session };
    world.hands.see("label", "Noch wird nichts synchronisiert");
    world.hands.open("Verlauf");
    world.hands.see("label", "Verlauf");
}

/// The second one shows its page in the first one, and ends.
#[test]
fn there_is_one_window() {
    let Some(mut world) = World::new() else { return };
    world.hands.see("push button", "Pause");
    let mut second = Running::start(&mut window(&world.session, &world.home, &["--page", "about"]));
    world.hands.see("label", "About Pimbridge");
    wait_for("the end of the second", || second.has_ended());
    assert!(!world.window.has_ended());
}

/// Who ends the background program and starts it again need not start the window again.
#[test]
fn a_daemon_that_comes_back_is_found() {
    let Some(world) = World::new() else { return };
    world.hands.see("push button", "Pause");
    assert!(world.home.command(&["daemon", "stop"]).output().unwrap().status.success());
    world.hands.see("push button", "Start it");
    let mut daemon = world.home.command(&["daemon"]);
    let _daemon = Running::start(world.session.within(&mut daemon).stdout(Stdio::null()));
    wait_for("the daemon", || world.hands.things().iter().all(|thing| thing.name != "Start it"));
    world.hands.see("push button", "Pause");
}

const DOMAIN: &str = "example.test";
const ITEMS: usize = 6;

/// From nothing to a calendar in sync, an edit on the server, its report, a held run, and an item that comes back.
#[test]
fn an_account_is_added_synced_and_looked_after() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    let put = |number: usize, title: &str| {
        let uid = format!("e{number}");
        http::put(
            &url,
            &format!("{uid}.ics"),
            Kind::Events.media_type(),
            &item(Kind::Events, &uid, title, number as u32),
        );
    };
    (0..ITEMS).for_each(|number| put(number, &format!("Event {number}")));
    let dns = Dns::start(here(DOMAIN, server.port));
    let Some(world) = World::with(|command| {
        command.env("PIMBRIDGE_NAMESERVER", &dns.address);
    }) else {
        return;
    };
    let hands = &world.hands;

    hands.open("Add an account");
    hands.write("E-mail address", &format!("{USER}@{DOMAIN}"));
    hands.write("Password", PASSWORD);
    hands.press("Find my calendars");
    hands.see("check box", "work: …");
    world.look_at("account");
    hands.press("Go on");
    // The button cannot be used before.
    hands.see("label", &format!("{ITEMS} come to this computer"));
    world.look_at("preview");
    hands.press("Start syncing");
    let folder = world.session.home().join("Calendars/work");
    wait_for("the items of the server", || folder.exists() && files(&folder).len() == ITEMS);
    hands.press("Show the status");
    hands.see("label", "In sync");
    world.look_at("status");

    put(0, "Dentist");
    hands.press("Synchronize now");
    let has = |text: &str| files(&folder).values().any(|bytes| String::from_utf8_lossy(bytes).contains(text));
    wait_for("the edit", || has("Dentist"));
    hands.see("label", "In sync");
    hands.press("Last report of work");
    hands.see("label", "Event 0, 1 May 2026, changed: …");
    world.look_at("report");

    hands.press("Export …");
    hands.see("push button", "Write the file");
    world.look_at("export");
    hands.press("Back");

    put(1, "Moved on the server");
    fs::write(folder.join("e1.ics"), item(Kind::Events, "e1", "Moved here", 1)).unwrap();
    hands.open("Status");
    hands.press("Synchronize now");
    let is_mine = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("Moved here");
    wait_for("the conflict to be settled", || {
        let there = http::items(&url).values().any(|bytes| is_mine(bytes));
        there == is_mine(&fs::read(folder.join("e1.ics")).unwrap())
    });
    hands.open("Reports");
    hands.click("check box", "Only with problems or conflicts");
    hands.click("list item", "work…");
    hands.press("Compare both versions of Moved…");
    hands.see("push button", "Use the version of …");
    world.look_at("conflict");
    hands.press("Back");

    for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|kind| kind == "ics") {
            fs::remove_file(file).unwrap();
        }
    }
    world.synchronize();
    hands.press("See the deletions of work");
    hands.see("label", "Dentist…");
    world.look_at("held");
    assert_eq!(http::names(&url).len(), ITEMS);
    hands.press("Keep them (restore)");
    wait_for("what was deleted", || files(&folder).len() == ITEMS);

    fs::remove_file(folder.join("e0.ics")).unwrap();
    world.synchronize();
    wait_for("the deletion", || http::names(&url).len() == ITEMS - 1);
    hands.open("History");
    hands.see("list item", "Dentist, 1 May 2026, Deleted on the server, …");
    world.look_at("history");
    hands.click("list item", "Dentist, 1 May 2026, Deleted on the server, …");
    hands.see("push button", "Restore Dentist, 1 May 2026");
    world.look_at("version");
    hands.press("Restore Dentist, 1 May 2026");
    wait_for("what was restored", || http::names(&url).len() == ITEMS && has("Dentist"));

    hands.open("Reports");
    hands.see("push button", "Export …");
    hands.press("Back");
    hands.click("check box", "Only with problems or conflicts");
    hands.see("list item", "…");
    world.look_at("reports");
    hands.open("Profiles");
    hands.see("push button", "Test");
    world.look_at("profiles");
    hands.write("Days back", "30");
    hands.press("Save");
    hands.see("label", "What “work” would do with these options");
    hands.see("push button", "Save");
    world.look_at("change");
    hands.press("Back");
    hands.press("Undo");
    hands.open("General options");
    hands.see("push button", "Import profiles …");
    world.look_at("options");
    hands.press("Import profiles …");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles-examples/outlook.cdsp");
    fs::copy(file, world.session.home().join("outlook.cdsp")).unwrap();
    world.session.choose_files("exit 127");
    hands.press("Choose File (.cdsp) …");
    hands.see("label", "Your desktop has no window to choose files with.…");
    hands.press("Close");
    world.session.choose_files(&format!("sleep 1; echo {}/outlook.cdsp", world.session.home().display()));
    hands.press("Choose File (.cdsp) …");
    wait_for("the chosen file", || {
        hands.things().iter().any(|thing| thing.role == "entry" && thing.text == "~/outlook.cdsp")
    });
    hands.press("Look into it");
    hands.see("push button", "Import");
    world.look_at("import");
    let profiles = || fs::read_dir(world.home.path().join("profiles")).unwrap().count();
    let before = profiles();
    hands.press("Import");
    wait_for("imported profiles", || profiles() > before);
    hands.open("About");
    world.look_at("about");
}
