//! Sign-in with OAuth, against a real authorization server on this computer and with the real keyring of a desktop session.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::oauth::{CLIENT, CLIENT_SECRET, OAuth, SCOPES};
use crate::support::program::{Home, files, files_below_with};
use crate::support::servers::{USER, is_installed};
use crate::support::{http, item};

/// What a person does. Where the other side is to do something, the file `asks` says what, until it is done.
const SESSION: &str = r#"
set -u
printf keyring-password | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null
pimbridge() { "$PIMBRIDGE" --home "$HOME/pimbridge" --debug "$@"; }
step() {
    echo "== $*"
    pimbridge "$@" 2>&1
    echo "== $?"
}
asks() {
    echo "$1" >"$HOME/asks.new"
    mv "$HOME/asks.new" "$HOME/asks"
    while [ -e "$HOME/asks" ]; do sleep 0.05; done
}
sign_in() {
    echo "== sign-in ($1)"
    pimbridge profile sign-in work --no-browser >"$HOME/page" 2>&1 &
    asks "$1"
    wait $!
    echo "== $?"
    grep -v ^http "$HOME/page"
    rm "$HOME/page"
}
step sync work
sign_in denied
sign_in allowed
step profile check work
step sync work
step sync other
asks stillborn
step sync work
asks revoke
step sync work
step profile check work
sign_in allowed
step sync work
step profile remove other
step profile remove work
"#;

fn profile(home: &Path, name: &str, url: &str, server: &OAuth) {
    let folder = home.join(name);
    fs::create_dir_all(&folder).unwrap();
    let profiles = home.join("pimbridge/profiles");
    fs::create_dir_all(&profiles).unwrap();
    let text = format!(
        "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = {folder:?}\n[remote]\ntype = \"dav\"\nurl = \"{url}\"\n\
         user = \"{USER}\"\nsign_in = \"oauth\"\n[oauth]\nauthorization_url = \"{}\"\ntoken_url = \"{}\"\n\
         scopes = \"{SCOPES}\"\nclient_id = \"{CLIENT}\"\nclient_secret_env = \"CLIENT_SECRET\"\n",
        server.url("authorize"),
        server.url("token"),
    );
    fs::write(profiles.join(format!("{name}.toml")), text).unwrap();
}

/// Does what the session asks for, until it ends.
fn answer(home: &Path, server: &OAuth, session: &mut std::process::Child) {
    let begun = Instant::now();
    let asks = home.join("asks");
    while session.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the session does not end");
        match fs::read_to_string(&asks).unwrap_or_default().trim() {
            "" => std::thread::sleep(Duration::from_millis(20)),
            what => {
                match what {
                    "stillborn" => server.make_next_stillborn(),
                    "revoke" => server.revoke(),
                    person => {
                        if person == "denied" {
                            server.deny_next();
                        }
                        open_page(&home.join("page"), person);
                    }
                }
                fs::remove_file(&asks).unwrap();
            }
        }
    }
}

/// What the browser does: it follows the address that is printed, to its end.
fn open_page(printed: &Path, person: &str) {
    let begun = Instant::now();
    loop {
        let said = fs::read_to_string(printed).unwrap_or_default();
        if let Some(url) = said.lines().find(|line| line.starts_with("http")).filter(|_| said.ends_with('\n'))
        {
            let page = http::send("GET", url, &[], b"");
            let expected = if person == "allowed" { "You can close this window" } else { "It did not work" };
            assert!(page.text().contains(expected), "{}: {}", page.status, page.text());
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no page is named: {said}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_person_signs_in_once_and_the_tokens_are_kept_fresh() {
    if !is_installed("desktop") {
        return;
    }
    let behind = Embedded::start(Kind::Events);
    behind.put("a.ics", item(Kind::Events, "a", "Dentist", 0));
    let server = OAuth::before(behind.port());
    let home = Home::default();
    let url = server.url(&format!("{}/", behind.path()));
    for name in ["work", "other"] {
        profile(home.path(), name, &url, &server);
    }
    let mut session = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", SESSION])
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_RUNTIME_DIR", home.path())
        .env("PIMBRIDGE", env!("CARGO_BIN_EXE_pimbridge"))
        .env("CLIENT_SECRET", CLIENT_SECRET)
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(fs::File::create(home.path().join("out")).unwrap())
        .stderr(fs::File::create(home.path().join("err")).unwrap())
        .spawn()
        .unwrap();
    answer(home.path(), &server, &mut session);
    let said = fs::read_to_string(home.path().join("out")).unwrap();
    let complained = fs::read_to_string(home.path().join("err")).unwrap();
    assert!(session.wait().unwrap().success(), "{said}\n{complained}");
    let ended = crate::support::program::Ended { status: 0, stdout: said.clone(), stderr: String::new() };
    insta::assert_snapshot!(home.shown(&ended), @"
        == sync work
        work: the sync could not be done.
          You have not signed in yet; to sign in: pimbridge profile sign-in work.
        == 3
        == sign-in (denied)
        == 3
        Sign in on this page, and come back here:
        pimbridge: you did not allow it in the browser, so nothing is stored: try again if that was not on purpose
        == sign-in (allowed)
        == 0
        Sign in on this page, and come back here:
        You are signed in; that is kept in the keyring.
        To see it work: pimbridge profile check work
        == profile check work
        ok     profile  HOME/pimbridge/profiles/work.toml can be used
        ok     folder   HOME/work can be used; it holds 0 .ics files
        ok     server   http://127.0.0.1:PORT/calendars/alice/work/ (Work) can be used for events; the server tells what has changed in it
        == 0
        == sync work
        work: all in sync.
          On this computer: 1 new.

          What changed:
            new     on this computer  Dentist, 1 May 2026 (new on the server)
          (TRAFFIC)
        == 0
        == sync other
        other: all in sync.
          On this computer: 1 new.

          What changed:
            new     on this computer  Dentist, 1 May 2026 (new on the server)
          (TRAFFIC)
        == 0
        == sync work
        work: nothing has changed, all in sync.
          (TRAFFIC)
        == 0
        == sync work
        work: the sync could not be done.
          127.0.0.1 says that the sign-in is no longer valid; to sign in: pimbridge profile sign-in work.
        == 3
        == profile check work
        ok     profile  HOME/pimbridge/profiles/work.toml can be used
        ok     folder   HOME/work can be used; it holds one .ics file
        WRONG  server   127.0.0.1 says that the sign-in is no longer valid; to sign in: pimbridge profile sign-in work
        == 3
        == sign-in (allowed)
        == 0
        Sign in on this page, and come back here:
        You are signed in; that is kept in the keyring.
        To see it work: pimbridge profile check work
        == sync work
        work: nothing has changed, all in sync.
          (TRAFFIC)
        == 0
        == profile remove other
        The profile other is removed. Its items stay as they are, here and on the server.
        Its reports and its history stay in HOME/pimbridge/state/other.sqlite; to read them: pimbridge history list other
        == 0
        == profile remove work
        The profile work is removed. Its items stay as they are, here and on the server.
        Its reports and its history stay in HOME/pimbridge/state/work.sqlite; to read them: pimbridge history list work
        Its sign-in is removed from the keyring.
        == 0
        ");
    for name in ["work", "other"] {
        assert_eq!(files(&home.path().join(name)).len(), 1, "{name}");
    }

    let secrets = server.secrets();
    assert!(secrets.len() > 12, "{secrets:?}");
    for secret in secrets {
        assert!(!said.contains(&secret) && !complained.contains(&secret), "{secret} is shown");
        let found = files_below_with(&home.path().join("pimbridge"), secret.as_bytes());
        assert!(found.is_empty(), "{secret} is in {found:?}");
    }
}
