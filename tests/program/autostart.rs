//! Starting with the session, on Linux: the entries are made, told and removed.

use std::path::Path;

use crate::support::program::{Ended, Home};

/// Runs a command in a session like this one.
fn run(home: &Home, config: &Path, session: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut command = home.command(arguments);
    command.env("XDG_CONFIG_HOME", config);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP", "XDG_RUNTIME_DIR"] {
        command.env_remove(name);
    }
    Ended::of(command.envs(session.iter().copied()))
}

const DESKTOP: [(&str, &str); 1] = [("DISPLAY", ":0")];

#[test]
fn with_a_desktop() {
    let home = Home::default();
    let config = home.path().join("config");
    let run = |arguments: &[&str]| run(&home, &config, &DESKTOP, arguments).expect(0);
    insta::assert_snapshot!(home.shown(&run(&["autostart", "status"])), @"Pimbridge does not start when you log in. To change that: pimbridge autostart on");
    insta::assert_snapshot!(home.shown(&run(&["autostart", "on"])), @"
    From now on, Pimbridge starts when you log in to your desktop.
      It is started by an autostart file of the desktop: HOME/config/autostart/pimbridge.desktop
    To start it now: pimbridge daemon
    ");
    let entry = std::fs::read_to_string(config.join("autostart/pimbridge.desktop")).unwrap();
    let exec = format!(
        "\nExec=\"{}\" \"--home\" \"{}\" \"daemon\"\n",
        env!("CARGO_BIN_EXE_pimbridge"),
        home.path().display()
    );
    assert!(entry.contains(&exec), "{entry}");
    assert!(home.run(&["settings", "list"]).stdout.contains("start_with_session = true"));
    insta::assert_snapshot!(home.shown(&run(&["autostart", "status"])), @"
    Pimbridge starts when you log in.
    It is started by an autostart file of the desktop: HOME/config/autostart/pimbridge.desktop
    ");
    insta::assert_snapshot!(home.shown(&run(&["autostart", "off"])), @"
    Pimbridge does not start when you log in.
    Removed: HOME/config/autostart/pimbridge.desktop
    ");
    assert!(!config.join("autostart/pimbridge.desktop").exists());
    run(&["autostart", "off"]);
    run(&["settings", "set", "start_with_session=true"]);
    assert!(config.join("autostart/pimbridge.desktop").exists());
    run(&["settings", "set", "start_with_session=false"]);
    assert!(!config.join("autostart/pimbridge.desktop").exists());
}

#[test]
fn with_systemd() {
    let home = Home::default();
    let config = home.path().join("config");
    let runtime = home.path().join("runtime");
    std::fs::create_dir_all(runtime.join("systemd")).unwrap();
    let session = [("XDG_RUNTIME_DIR", runtime.to_str().unwrap())];
    let none = run(&home, &config, &session, &["autostart", "on", "--systemd"]).expect(3);
    insta::assert_snapshot!(home.shown(&none), @"pimbridge: this system has no systemd of yours running, which would start such a unit; leave --systemd away, so that your desktop starts it");
    assert!(!config.exists());

    run(&home, &config, &DESKTOP, &["autostart", "on"]).expect(0);
    // What systemd listens on; nobody does here, which is told in the log only.
    std::fs::write(runtime.join("systemd/private"), "").unwrap();
    let on = run(&home, &config, &session, &["autostart", "on"]).expect(0);
    insta::assert_snapshot!(home.shown(&on), @"
    From now on, Pimbridge starts when you log in.
      It is started by a systemd unit of yours: HOME/config/systemd/user/pimbridge.service
    To start it now: pimbridge daemon
    ");
    assert!(!config.join("autostart/pimbridge.desktop").exists(), "one kind takes the place of the other");
    let unit = config.join("systemd/user/pimbridge.service");
    assert_eq!(
        std::fs::read_link(config.join("systemd/user/default.target.wants/pimbridge.service")).unwrap(),
        unit
    );
    run(&home, &config, &DESKTOP, &["settings", "set", "start_with_session=true"]).expect(0);
    assert!(unit.exists(), "what starts it already stays");
    let off = run(&home, &config, &session, &["autostart", "off"]).expect(0);
    assert!(off.stdout.contains("pimbridge.service"), "{off:?}");
    assert!(!unit.exists());
}
