//! A password in the real keyring of a desktop session (D-Bus and the Secret Service of GNOME).

use std::fs;
use std::process::{Command, Stdio};

use pimbridge::item::Kind;

use crate::support::forward::Forward;
use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, Server, Software, USER};
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

#[test]
fn a_password_is_kept_in_the_keyring() {
    for needed in ["dbus-run-session", "gnome-keyring-daemon"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {needed}")]).output().unwrap();
        assert!(found.status.success(), "{needed} is not installed: run tests/run, which installs it");
    }
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    http::put(&url, "a.ics", Kind::Events.media_type(), &item(Kind::Events, "a", "Dentist", 0));
    let (home, proxy) = (Home::default(), Forward::start(Some("Basic amFuYTpwcm94eXB3")));
    let session = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", SESSION])
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path())
        .env("PIMBRIDGE", env!("CARGO_BIN_EXE_pimbridge"))
        .env("URL", &url)
        .env("PROXY", proxy.url())
        .env("SIGN_IN", USER)
        .env("SECRET", PASSWORD)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&session.stdout);
    assert!(session.status.success(), "{said}\n{}", String::from_utf8_lossy(&session.stderr));
    assert!(said.contains("The password is in the keyring."), "{said}");
    assert!(said.contains("pimbridge profile password NAME --proxy"), "{said}");
    assert!(!proxy.take_heads().is_empty());
    assert_eq!(files(&home.path().join("calendar")).len(), 1, "{said}");
    let profiles = fs::read_dir(home.path().join("pimbridge/profiles")).unwrap().count();
    assert_eq!(profiles, 0);
}
