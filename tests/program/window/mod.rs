//! The window as a person starts it: a real display, a real daemon, a real server, seen and moved as a screen reader does.

use std::process::{Command, Stdio};

use crate::session::{Running, Session, wait_for};
use crate::support::program::Home;

mod hands;

use hands::Hands;

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
        let mut session = Session::start()?;
        session.start_accessibility();
        let home = Home::default();
        let window = Running::start(&mut window(&session, &home, &[]));
        let hands = Hands::new(&session);
        hands.see("frame", "Pimbridge");
        Some(World { hands, window, home, session })
    }
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
        world.hands.open(page);
        world.hands.see("label", if page == "About" { "About Pimbridge" } else { page });
        let nameless: Vec<_> = world
            .hands
            .things()
            .into_iter()
            .filter(|thing| !thing.actions.is_empty() || thing.role == "entry")
            .filter(|thing| thing.name.is_empty())
            .collect();
        assert!(nameless.is_empty(), "{page}: {nameless:?}");
    }
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
