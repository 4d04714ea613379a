//! The program as a person starts it: making, changing and testing profiles.

use std::io::Read;
use std::path::Path;
use std::process::{Output, Stdio};

use assert_cmd::cargo::cargo_bin_cmd;

/// Runs the program in a home of its own; returns exit status, output and complaints.
fn pimbridge(home: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = cargo_bin_cmd!("pimbridge")
        .args(args)
        .env("PIMBRIDGE_HOME", home)
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env("XDG_RUNTIME_DIR", "/nonexistent")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn add(home: &Path, name: &str, folder: &Path, url: &str, more: &[&str]) -> (i32, String, String) {
    let folder = folder.to_str().unwrap();
    let args = ["profile", "add", name, "--kind", "events", "--local", folder, "--url", url];
    pimbridge(home, &[&args[..], more].concat())
}

#[test]
fn a_profile_from_its_making_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (home, calendar) = (folder.path().join("home"), folder.path().join("my calendar"));
    let url = "http://127.0.0.1:1/jana/work/";

    let (status, out, err) = add(
        &home,
        "work",
        &calendar,
        url,
        &["--user", "jana", "--password-command", "echo hunter2", "--create-local"],
    );
    assert_eq!(status, 0, "{out}");
    assert!(
        err.contains("the server 127.0.0.1:1 refuses the connection"),
        "it is said, and made all the same: {err}"
    );
    assert!(calendar.is_dir());
    let file = home.join("profiles/work.toml");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.starts_with("# A profile of Pimbridge") && written.contains("kind = \"events\" "),
        "{written}"
    );

    let (status, out, _) = pimbridge(&home, &["profile", "list"]);
    assert_eq!(status, 0);
    assert!(
        out.contains("work: events, two-way") && out.contains("my calendar") && out.contains(url),
        "{out}"
    );

    let (status, out, err) = pimbridge(&home, &["profile", "set", "work", "interval_minutes", "5"]);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "work: interval_minutes is now 5\n", ""));
    let changed = std::fs::read_to_string(&file).unwrap();
    assert_eq!(changed, written.replace("interval_minutes = 30", "interval_minutes = 5"));
    assert_ne!(changed, written);

    let (status, out, _) = pimbridge(&home, &["profile", "check", "work"]);
    assert_eq!(status, 3, "nothing listens there: {out}");
    assert!(out.contains("ok     folder") && out.contains("WRONG  server"), "{out}");
    assert!(!out.contains("hunter2"));
    assert_eq!(std::fs::read_dir(&calendar).unwrap().count(), 0);

    let (status, _, err) = pimbridge(&home, &["profile", "remove", "work"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(!file.exists() && calendar.is_dir());
    assert_eq!(pimbridge(&home, &["profile", "show", "work"]).0, 2);
}

#[test]
fn one_pair_has_one_profile() {
    let folder = tempfile::tempdir().unwrap();
    let (home, calendar) = (folder.path().join("home"), folder.path().join("cal"));
    assert_eq!(add(&home, "a", &calendar, "https://s.example/work/", &[]).0, 0);
    let (status, _, err) = add(&home, "b", &calendar.join("../cal"), "https://S.example:443/work", &[]);
    assert_eq!(status, 2);
    assert!(err.contains("double"), "{err}");
    assert_eq!(add(&home, "b", &calendar, "https://s.example/home/", &[]).0, 0);
    assert_eq!(pimbridge(&home, &["profile", "set", "b", "url", "https://s.example/work/"]).0, 2);
    assert_eq!(pimbridge(&home, &["profile", "copy", "a", "c"]).0, 0);
    assert_eq!(pimbridge(&home, &["profile", "set", "c", "active", "true"]).0, 2);
    assert_eq!(pimbridge(&home, &["sync", "c"]).0, 2);
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (home, calendar) = (folder.path().join("home"), folder.path().join("cal"));
    assert_eq!(add(&home, "con", &calendar, "https://s.example/work/", &[]).0, 2);
    let (status, _, err) = add(&home, "a", &calendar, "https://jana:hunter2@s.example/work/", &[]);
    assert_eq!(status, 2);
    assert!(err.contains("must not contain") && !err.contains("hunter2"), "{err}");
    assert!(!home.join("profiles").exists());
    assert_eq!(pimbridge(&home, &["sync"]).0, 2);
    assert_eq!(pimbridge(&home, &["synk"]).0, 2);

    assert_eq!(add(&home, "a", &calendar, "https://s.example/work/", &[]).0, 0);
    let file = home.join("profiles/a.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("mode =", "moed =");
    std::fs::write(&file, text).unwrap();
    let (status, out, err) = pimbridge(&home, &["sync", "--json"]);
    assert_eq!(status, 2);
    assert!(err.contains("a.toml, line 5: the key \"moed\" is not known; did you mean \"mode\"?"), "{err}");
    let line: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&line["profile"], &line["outcome"]), (&"a".into(), &"failed".into()));
    assert!(line["errors"][0]["message"].as_str().unwrap().contains("moed"));
}

#[test]
fn without_a_keyring_there_is_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let (home, calendar) = (folder.path().join("home"), folder.path().join("cal"));
    assert_eq!(add(&home, "a", &calendar, "https://s.example/work/", &["--user", "jana"]).0, 0);
    let (status, out, err) = pimbridge(&home, &["profile", "password", "a", "--stdin"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("empty"), "{err}");
    if cfg!(target_os = "linux") {
        let (status, out, _) = pimbridge(&home, &["profile", "check", "a"]);
        assert_eq!(status, 3);
        assert!(out.contains("a command that prints it (password_command)"), "{out}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(cargo_bin_cmd!("pimbridge").get_program())
        .args(["profile", "list", "--home"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert_eq!(complaints, "");
}
