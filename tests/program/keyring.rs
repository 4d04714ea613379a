//! A password in the real keyring of a desktop session (D-Bus and the Secret Service of GNOME).

use std::fs;
use std::process::{Command, Stdio};

use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::forward::Forward;
use crate::support::program::{Home, files, files_below_with};
use crate::support::servers::{PASSWORD, Server, Software, USER, is_installed};
use crate::support::{http, item};

/// Unlocks a new keyring and does what a person does.
const SESSION: &str = r#"
set -eu
printf keyring-password | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null
pimbridge() { "$PIMBRIDGE" --home "$HOME/pimbridge" "$@"; }
pimbridge profile add work --kind events --local "$HOME/calendar" --create-local --url "$URL" --user "$SIGN_IN"
printf %s "$SECRET" | pimbridge profile password work --stdin
pimbridge profile check work
pimbridge sync work
pimbridge profile set work remote.proxy "$PROXY"
pimbridge profile set work remote.proxy_user jana
if pimbridge sync work; then exit 9; fi
printf proxypw | pimbridge profile password work --proxy --stdin
pimbridge sync work
pimbridge profile password work --proxy --delete
if pimbridge sync work; then exit 9; fi
pimbridge profile remove work
! pimbridge sync work
"#;

/// What a person sees where the keyring is locked, comes back, hangs, or is not there.
const TROUBLE: &str = r#"
set -eu
keyring() { printf keyring-password | gnome-keyring-daemon --unlock --components=secrets --daemonize "$@" >/dev/null; }
pimbridge() { "$PIMBRIDGE" --home "$HOME/pimbridge" "$@"; }
refused() { what=$1; shift; if told=$("$@" sync work); then exit 8; fi; echo "$what: $told"; }
keyring
printf %s "$SECRET" | pimbridge profile password work --stdin >/dev/null
pimbridge sync work >/dev/null

gdbus call --session -d org.freedesktop.secrets -o /org/freedesktop/secrets \
    -m org.freedesktop.Secret.Service.Lock "['/org/freedesktop/secrets/collection/login']" >/dev/null
dbus-monitor --session interface=org.freedesktop.Secret.Prompt >"$HOME/prompts" &
monitor=$!
until grep -q NameLost "$HOME/prompts"; do sleep 0.1; done
dialogs() { grep -c member=Prompt "$HOME/prompts" || true; }
refused locked pimbridge
until [ "$(dialogs)" -ge 1 ]; do sleep 0.1; done
# What failed is tried at once when the daemon starts, and nobody waits for that.
pimbridge daemon >/dev/null 2>&1 &
daemon=$!
trap 'kill $daemon $monitor 2>/dev/null || true' EXIT
until [ "$(pimbridge report list work | wc -l)" -ge 3 ]; do sleep 0.1; done
pimbridge status | grep -q '^work: the keyring is locked'
echo "dialogs: $(dialogs)"
refused 'locked, through the daemon' pimbridge
until [ "$(dialogs)" -ge 2 ]; do sleep 0.1; done
keyring --replace
echo "unlocked: $(pimbridge sync work | head -1)"
pimbridge daemon stop >/dev/null
wait $daemon

service=$(gdbus call --session -d org.freedesktop.DBus -o /org/freedesktop/DBus \
    -m org.freedesktop.DBus.GetConnectionUnixProcessID org.freedesktop.secrets | tr -dc '0-9 ' | awk '{ print $NF }')
kill -STOP $service
refused hanging pimbridge
kill -CONT $service
echo "it goes on: $(pimbridge sync work | head -1)"
kill $service

refused 'no service' dbus-run-session --config-file="$HOME/bus.conf" -- "$PIMBRIDGE" --home "$HOME/pimbridge"
unset DBUS_SESSION_BUS_ADDRESS
export XDG_RUNTIME_DIR="$HOME/nothing"
refused 'no bus' pimbridge
"#;

/// A session bus that starts no service.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"#;

/// Types the password at a terminal once nothing that is typed is shown any more, and tells what the terminal shows.
const TYPED: &str = r#"
import os, pty, sys, termios, time
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
until = time.monotonic() + 30
while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < until:
    time.sleep(0.01)
os.write(terminal, os.environ["SECRET"].encode() + b"\n")
try:
    while shown := os.read(terminal, 1000):
        sys.stdout.buffer.write(shown)
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// Runs the script in a desktop session of its own.
fn in_session(home: &Home, script: &str, environment: &[(&str, &str)]) -> String {
    for needed in ["dbus-run-session", "gnome-keyring-daemon", "gdbus", "dbus-monitor", "python3"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {needed}")]).output().unwrap();
        assert!(found.status.success(), "{needed} is not installed: run tests/run, which installs it");
    }
    let session = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", script])
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path())
        .env("PIMBRIDGE", env!("CARGO_BIN_EXE_pimbridge"))
        .env("SECRET", PASSWORD)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&session.stdout).into_owned();
    assert!(session.status.success(), "{said}\n{}", String::from_utf8_lossy(&session.stderr));
    said
}

#[test]
fn a_password_is_kept_in_the_keyring() {
    if !is_installed("desktop") {
        return;
    }
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    http::put(&url, "a.ics", Kind::Events.media_type(), &item(Kind::Events, "a", "Dentist", 0));
    let (home, proxy) = (Home::default(), Forward::start(Some("Basic amFuYTpwcm94eXB3")));
    let said = in_session(&home, SESSION, &[("URL", &url), ("PROXY", &proxy.url()), ("SIGN_IN", USER)]);
    assert!(said.contains("The password is in the keyring."), "{said}");
    assert!(said.contains("pimbridge profile password NAME --proxy"), "{said}");
    assert!(!proxy.take_heads().is_empty());
    assert_eq!(files(&home.path().join("calendar")).len(), 1, "{said}");
    let profiles = fs::read_dir(home.path().join("pimbridge/profiles")).unwrap().count();
    assert_eq!(profiles, 0);
}

/// A home in the session's home, with a profile whose password is in the keyring.
fn with_profile(url: &str) -> Home {
    let home = Home::default();
    let (profiles, folder) = (home.path().join("pimbridge/profiles"), home.path().join("calendar"));
    fs::create_dir_all(&profiles).unwrap();
    fs::create_dir_all(&folder).unwrap();
    let profile = format!(
        "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = {folder:?}\n[remote]\ntype = \"dav\"\n\
         url = \"{url}\"\nuser = \"{USER}\"\n"
    );
    fs::write(profiles.join("work.toml"), profile).unwrap();
    fs::write(home.path().join("bus.conf"), BUS).unwrap();
    home
}

#[test]
fn a_keyring_that_is_locked_or_hangs_or_is_not_there() {
    if !is_installed("desktop") {
        return;
    }
    let server = Embedded::start(Kind::Events);
    let home = with_profile(&server.url);
    let said = in_session(&home, TROUBLE, &[]);
    insta::assert_snapshot!(said.trim_end(), @"
    locked: work: the sync could not be done.
      The keyring is locked; unlock it (or sign in to your desktop) and try again.
    dialogs: 1
    locked, through the daemon: work: the sync could not be done.
      The keyring is locked; unlock it (or sign in to your desktop) and try again.
    unlocked: work: nothing has changed, all in sync.
    hanging: work: the sync could not be done.
      The keyring failed: it does not answer; try again, or, for a password, say in the profile where else it is (password_env or password_command, and the same with proxy_ before it for that of a proxy).
    it goes on: work: nothing has changed, all in sync.
    no service: work: the sync could not be done.
      This computer has no keyring that could keep the password or the sign-in; install one (on Linux: GNOME Keyring or KWallet) and log in again, or, for a password, give a command that prints it (password_command).
    no bus: work: the sync could not be done.
      This computer has no keyring that could keep the password or the sign-in; install one (on Linux: GNOME Keyring or KWallet) and log in again, or, for a password, give a command that prints it (password_command).
    ");
}

#[test]
fn a_password_that_is_typed_is_never_shown() {
    if !is_installed("desktop") {
        return;
    }
    let server = Embedded::start(Kind::Events);
    let home = with_profile(&server.url);
    let script = r#"
        set -eu
        printf keyring-password | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null
        python3 -c "$TYPED" "$PIMBRIDGE" --home "$HOME/pimbridge" profile password work
        "$PIMBRIDGE" --home "$HOME/pimbridge" sync work
    "#;
    let said = in_session(&home, script, &[("TYPED", TYPED)]);
    assert!(
        said.contains("(kept in the keyring): ") && said.contains("The password is in the keyring."),
        "{said}"
    );
    assert!(said.contains("all in sync"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    let found = files_below_with(&home.path().join("pimbridge"), PASSWORD.as_bytes());
    assert!(found.is_empty(), "{found:?}");
}
