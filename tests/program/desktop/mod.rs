//! The daemon on a real desktop: a panel with tray icons, a notification service, a keyring, and a real server.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pimbridge::item::Kind;

use crate::session::{Running, Session, wait_for};
use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, Server, Software};
use crate::support::{http, item};

const ITEMS: usize = 4;

/// A server with a calendar of some events, and a home with a profile for it that runs only when it is told to.
struct World {
    home: Home,
    session: Session,
    url: String,
    _server: Server,
}

impl World {
    fn new(session: Session, password: From) -> World {
        let server = Server::start(Software::Radicale);
        let url = server.create("work", Kind::Events);
        for number in 0..ITEMS {
            let uid = format!("e{number}");
            let text = item(Kind::Events, &uid, &format!("Event {number}"), number as u32);
            http::put(&url, &format!("{uid}.ics"), Kind::Events.media_type(), &text);
        }
        let home = Home::default();
        let file = home.path().join("password");
        fs::write(&file, PASSWORD).unwrap();
        let password = match password {
            From::Keyring => String::new(),
            From::File => format!("password_command = \"cat {}\"", file.display()),
        };
        home.profile_with(
            "work",
            Kind::Events,
            &url,
            "interval_minutes = 0",
            &format!("{password}\n[guard]\nmax_deletions = 1"),
        );
        World { home, session, url, _server: server }
    }

    /// Starts the daemon in the session, as it is where no window was installed beside it.
    fn daemon(&self) -> Running {
        let alone = self.session.home().join("pimbridge");
        fs::copy(env!("CARGO_BIN_EXE_pimbridge"), &alone).unwrap();
        let mut command = Command::new(alone);
        command.arg("--home").arg(self.home.path()).arg("daemon");
        Running::start(self.session.within(&mut command).stdout(Stdio::null()))
    }

    /// What a command of the program says in the session.
    fn says(&self, arguments: &[&str]) -> String {
        let mut command = self.home.command(arguments);
        let output = self.session.within(&mut command).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    fn folder(&self) -> PathBuf {
        self.home.folder("work")
    }

    fn here(&self) -> usize {
        files(&self.folder()).len()
    }

    fn on_server(&self) -> usize {
        http::names(&self.url).len()
    }

    fn delete_all(&self) {
        for file in fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|kind| kind == "ics") {
                fs::remove_file(file).unwrap();
            }
        }
    }

    fn log(&self) -> String {
        let logs = self.home.path().join("logs");
        let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
        fs::read_dir(logs).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
    }
}

/// Where the profile's password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Keyring,
    File,
}

#[test]
fn the_icon_starts_a_sync_with_the_password_of_the_keyring_and_a_notification_answers_a_held_run() {
    let Some(mut session) = Session::start() else { return };
    session.start_panel();
    session.start_notifications();
    session.start_keyring();
    let world = World::new(session, From::Keyring);
    let mut password = world.home.command(&["profile", "password", "work", "--stdin"]);
    let mut password = world.session.within(&mut password).stdin(Stdio::piped()).spawn().unwrap();
    password.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(password.wait().unwrap().success());
    let mut daemon = world.daemon();
    let session = &world.session;

    wait_for("the icon", || session.icon().is_some());
    let picture = session.of_icon("IconPixmap").unwrap();
    assert!(picture.starts_with("(<[(64, 64, "), "{}", &picture[..40]);
    wait_for("words", || session.tooltip().contains("Nothing was synced yet"));
    assert_eq!(world.here(), 0);
    session.click("Synchronize now");
    wait_for("the items of the server", || world.here() == ITEMS);
    wait_for("words", || session.tooltip().contains("All in sync"));
    let status = world.says(&["status"]);
    assert!(["tray:", "notifications:", "keyring:"].iter().all(|part| !status.contains(part)), "{status}");
    assert_eq!(session.on_screen(), 0, "{:?}", session.take_shown());

    // What is deleted here waits for a yes; the answer is no.
    world.delete_all();
    session.click("work");
    wait_for("a notification", || session.on_screen() == 1);
    let shown = session.take_shown();
    assert!(shown.len() == 1 && shown[0].contains("work"), "{shown:?}");
    assert_eq!(world.on_server(), ITEMS);
    session.press("Keep them");
    wait_for("what was deleted", || world.here() == ITEMS);
    wait_for("an empty screen", || session.on_screen() == 0);
    wait_for("words", || session.tooltip().contains("All in sync"));
    assert_eq!(world.on_server(), ITEMS);

    // And once more; the answer is yes.
    world.delete_all();
    session.click("Synchronize now");
    wait_for("a notification", || session.on_screen() == 1);
    session.press("Show");
    wait_for("the report", || session.opened().is_some());
    let page = session.opened().unwrap();
    assert!(fs::read_to_string(&page).unwrap().contains("deletions wait for your yes"), "{page:?}");
    session.press("Delete them");
    wait_for("nothing on the server", || world.on_server() == 0);
    wait_for("an empty screen", || session.on_screen() == 0);
    assert_eq!((world.here(), session.take_shown().len()), (0, 1));

    session.click("Status");
    wait_for("the status", || session.opened().is_some_and(|page| page.ends_with("status.html")));
    session.click("Quit");
    wait_for("the end", || daemon.has_ended());
    assert_eq!(session.icon(), None);
}

#[test]
fn panel_notifications_and_bus_are_killed_and_come_back() {
    let Some(mut session) = Session::start() else { return };
    session.start_panel();
    session.start_notifications();
    let mut world = World::new(session, From::File);
    let _daemon = world.daemon();
    wait_for("the icon", || world.session.icon().is_some());

    world.session.kill_panel();
    wait_for("the icon's absence told", || world.says(&["status"]).contains("shows tray icons"));
    world.session.start_panel();
    wait_for("the icon in another panel", || world.session.icon().is_some());
    world.session.click("Synchronize now");
    wait_for("the items of the server", || world.here() == ITEMS);

    world.session.kill_bus();
    wait_for("the bus's absence told", || world.says(&["status"]).contains("no desktop session"));
    world.delete_all();
    world.says(&["sync", "work"]);
    world.session.start_bus();
    world.session.start_notifications();
    wait_for("what could not be shown before", || world.session.on_screen() == 1);
    world.session.start_panel();
    wait_for("the icon on another bus", || world.session.icon().is_some());
    wait_for("words", || world.session.tooltip().contains("yes"));

    world.session.start_notifications();
    world.session.click("Synchronize now");
    wait_for("the run's end", || !world.session.tooltip().contains("Syncing"));
    assert_eq!(world.session.on_screen(), 0, "it was told already");
    world.says(&["sync", "work", "--undo-deletions"]);
    assert_eq!(world.here(), ITEMS);
    fs::write(world.home.path().join("profiles/odd.toml"), "kind = ").unwrap();
    wait_for("news of the new service", || world.session.on_screen() == 1);
}

#[test]
fn without_a_desktop_the_daemon_works_and_says_what_is_missing() {
    let Some(session) = Session::without_bus() else { return };
    let mut world = World::new(session, From::File);
    let _daemon = world.daemon();
    let missing = |world: &World, words: &[&str]| {
        let status = world.says(&["status"]);
        words.iter().all(|word| status.contains(word))
    };
    let none = ["tray", "no desktop session", "notifications", "keyring"];
    wait_for("what is missing", || missing(&world, &none));
    assert!(world.says(&["sync"]).contains("all in sync"));
    assert_eq!(world.here(), ITEMS);
    wait_for("the log", || world.log().contains("no tray: there is no desktop session here"));

    world.session.start_bus();
    wait_for("what is missing on a bus", || {
        missing(&world, &["shows tray icons", "shows notifications", "keyring"])
    });
    let log = world.log();
    assert_eq!(log.matches("no tray: nothing on this desktop shows tray icons").count(), 1, "{log}");
    world.delete_all();
    assert!(world.says(&["sync"]).contains("yes"));
    world.session.start_panel();
    wait_for("the icon", || world.session.icon().is_some());
    wait_for("words", || world.session.tooltip().contains("waits for your yes"));
    world.session.start_keyring();
    wait_for("the keyring seen", || !missing(&world, &["none runs here"]));
}

#[test]
fn the_icon_goes_and_comes_with_its_setting() {
    let Some(mut session) = Session::start() else { return };
    session.start_panel();
    let world = World::new(session, From::File);
    assert!(world.says(&["settings", "set", "tray=false"]).contains("tray"));
    let _daemon = world.daemon();
    wait_for("word of it", || world.says(&["status"]).contains("tray=true"));
    assert_eq!(world.session.icon(), None);
    world.says(&["settings", "set", "tray=true"]);
    wait_for("the icon", || world.session.icon().is_some());
    wait_for("a menu", || world.session.menu().is_some_and(|menu| menu.contains("Synchronize now")));
    world.says(&["settings", "set", "tray=false"]);
    wait_for("no icon", || world.session.icon().is_none());
}

#[test]
fn what_nobody_saw_is_shown_when_the_daemon_runs_again_and_then_never_more() {
    let Some(session) = Session::start() else { return };
    let mut world = World::new(session, From::File);
    fs::write(world.home.path().join("profiles/odd.toml"), "kind = ").unwrap();
    let daemon = world.daemon();
    wait_for("no service told", || world.says(&["status"]).contains("shows notifications"));
    wait_for("the broken profile", || world.says(&["status"]).contains("odd"));
    drop(daemon);
    world.session.start_notifications();
    let daemon = world.daemon();
    wait_for("what nobody saw", || world.session.on_screen() == 1);
    let told = world.home.path().join("state/daemon.json");
    wait_for("its memory", || fs::read_to_string(&told).is_ok_and(|text| text.contains("file odd")));
    drop(daemon);
    let _daemon = world.daemon();
    world.says(&["sync"]);
    assert_eq!(world.here(), ITEMS);
    assert_eq!(world.session.take_shown().len(), 1);
}

#[test]
fn a_service_that_the_bus_starts_slowly_shows_it_too() {
    let Some(mut session) = Session::start() else { return };
    session.offer_slow_notifications();
    let world = World::new(session, From::File);
    fs::write(world.home.path().join("profiles/odd.toml"), "kind = ").unwrap();
    let _daemon = world.daemon();
    // To ask the service how much is on the screen would start it.
    let mut shown = Vec::new();
    wait_for("the notification", || {
        shown.extend(world.session.take_shown());
        !shown.is_empty()
    });
    assert!(shown.len() == 1 && shown[0].contains("odd"), "{shown:?}");
}

#[test]
fn a_page_that_cannot_be_shown_is_told_and_of_many_clicks_the_last_counts() {
    let Some(mut session) = Session::start() else { return };
    session.start_panel();
    session.start_notifications();
    let world = World::new(session, From::File);
    let _daemon = world.daemon();
    let session = &world.session;
    wait_for("a menu", || session.menu().is_some_and(|menu| menu.contains("'Reports'")));
    let pages = world.home.path().join("state/pages");
    fs::write(&pages, "in the way").unwrap();
    session.click("Status");
    wait_for("word of it", || session.on_screen() == 1);
    assert!(session.take_shown()[0].contains("The page cannot be shown"));

    fs::remove_file(&pages).unwrap();
    for label in ["Status", "Reports", "Status", "General options", "Status", "About Pimbridge"] {
        session.click(label);
    }
    wait_for("the last page", || session.opened().is_some_and(|page| page.ends_with("about.html")));
    assert!(session.take_shown().is_empty());
}
