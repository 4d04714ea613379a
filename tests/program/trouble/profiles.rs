//! Profiles that are wrong, or that must not run together.

use std::fs;

use pimbridge::item::Kind;

use super::in_sync;
use crate::support::embedded::Embedded;
use crate::support::program::{Home, files};

/// Nothing is sent: nobody listens there.
const URL: &str = "http://127.0.0.1:9/alice/work/";

#[test]
fn a_typo() {
    let home = Home::default();
    home.profile("work", Kind::Events, URL, "");
    let file = home.path().join("profiles/work.toml");
    let right = fs::read_to_string(&file).unwrap();
    let mut shown = Vec::new();
    for (from, to) in [
        ("kind =", "kindd ="),
        ("\"events\"", "\"event\""),
        ("[local]", "[locale]"),
        ("user =", "usr ="),
        ("password_env =", "password ="),
        ("url = \"http:", "url = \"caldav:"),
        ("\"events\"", "\"events"),
    ] {
        fs::write(&file, right.replacen(from, to, 1)).unwrap();
        let ended = home.run(&["sync", "work"]).expect(2);
        assert_eq!(ended.stdout, "");
        shown.push(home.shown(&ended));
        assert_eq!(home.run(&["sync"]).status, 2);
        assert_eq!(home.run(&["profile", "check", "work"]).status, 2);
        assert_eq!(home.run(&["status"]).status, 2);
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
        pimbridge: HOME/profiles/work.toml, line 1: the key "kindd" is not known; did you mean "kind"?
        pimbridge: HOME/profiles/work.toml, line 1: kind = "event" is not known; did you mean "events"? The others are tasks and contacts
        pimbridge: HOME/profiles/work.toml, line 3: the section [locale] is not known; did you mean [local]?
        pimbridge: HOME/profiles/work.toml, line 9: the key "usr" is not known; did you mean "user"?
        pimbridge: HOME/profiles/work.toml, line 10: a password is never kept in a profile's file; name an environment variable with password_env or a command that prints it with password_command, or store it in the keyring: pimbridge profile password NAME
        pimbridge: HOME/profiles/work.toml, line 8: the url must begin with https:// (or http://)
        pimbridge: HOME/profiles/work.toml, line 1: this is not written as TOML demands: invalid basic string, expected `"`
        "#);
}

#[test]
fn an_unknown_name() {
    let home = Home::default();
    let shown = |arguments: &[&str]| home.shown(&home.run(arguments).expect(2));
    insta::assert_snapshot!(shown(&["sync", "work"]), @r#"pimbridge: there is no profile "work"; none was made yet; to make one: pimbridge profile add --help"#);
    insta::assert_snapshot!(shown(&["sync"]), @r#"pimbridge: there is no profile yet; "pimbridge profile add --help" says how to make one, and "pimbridge demo" shows a sync without one"#);
    home.profile("work", Kind::Events, URL, "");
    insta::assert_snapshot!(shown(&["sync", "wrok"]), @r#"pimbridge: there is no profile "wrok"; did you mean "work"?"#);
    insta::assert_snapshot!(shown(&["report", "show", "job"]), @r#"pimbridge: there is no profile "job"; to see those that there are: pimbridge profile list"#);
    insta::assert_snapshot!(shown(&["report", "show", "work"]), @"pimbridge: the profile work has not run yet; run it with: pimbridge sync work");
    insta::assert_snapshot!(shown(&["report", "show", "work", "7"]), @"pimbridge: the profile work has no report 7; see: pimbridge report list work");
    insta::assert_snapshot!(shown(&["history", "show", "work", "7"]), @"pimbridge: the profile work has no version 7; see: pimbridge history list work");
    insta::assert_snapshot!(shown(&["history", "restore", "work", "7"]), @r#"pimbridge: there is no version 7 in the history of this profile; look there for one that is kept"#);
}

#[test]
fn two_profiles_on_the_same_pair() {
    let home = Home::default();
    home.profile("work", Kind::Events, URL, "");
    let text = fs::read_to_string(home.path().join("profiles/work.toml")).unwrap();
    home.profile_file("twin", &text.replace("/alice/work/", "/alice/%77ork"));
    home.profile("other", Kind::Events, "http://127.0.0.1:9/alice/other/", "");

    insta::assert_snapshot!(home.shown(&home.run(&["sync", "work"]).expect(2)), @r#"pimbridge: the profiles twin and work both sync HOME/items/work with http://127.0.0.1:PORT/alice/work/, which would double its items; remove one of them, or switch one off with: pimbridge profile set "work" active false"#);
    // The third profile runs all the same (and finds nobody there).
    let ended = home.run(&["sync", "--json"]).expect(2);
    let mut outcomes: Vec<_> =
        ended.json().iter().map(|r| r["profile"].to_string() + &r["outcome"].to_string()).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["\"other\"\"failed\"", "\"twin\"\"failed\"", "\"work\"\"failed\""]);
    let folder = home.folder("work");
    let add = [
        "profile",
        "add",
        "third",
        "--kind",
        "events",
        "--url",
        URL,
        "--user",
        "alice",
        "--password-env",
        "X",
        "--local",
    ];
    let add: Vec<&str> = add.into_iter().chain(folder.to_str()).collect();
    insta::assert_snapshot!(home.shown(&home.run(&add).expect(2)), @"
    pimbridge: the address could not be looked at: the environment variable X, which should hold the password, is not set; set it before you start Pimbridge
    pimbridge: the profile twin already syncs HOME/items/work with http://127.0.0.1:PORT/alice/work/; a second active profile on both would double the items
    ");
    assert!(!home.path().join("profiles/third.toml").exists());
    home.run(&["profile", "set", "twin", "active", "false"]).expect(0);
    assert_eq!(home.run(&["sync", "work"]).status, 3);
}

/// What the person tidies up while there is no profile is no deletion that a new one would carry over.
#[test]
fn a_profile_removed_and_made_again() {
    let server = Embedded::start(Kind::Events);
    let (home, folder) = in_sync(&server.url, 8);
    server.delete("old-7.ics");
    home.sync("work", 0);
    let file = home.path().join("profiles/work.toml");
    let text = fs::read_to_string(&file).unwrap();
    insta::assert_snapshot!(home.shown(&home.run(&["profile", "remove", "work"]).expect(0)), @r#"
        The profile work is removed. Its items stay as they are, here and on the server.
        Its reports and its history stay in HOME/state/work.sqlite; to read them: pimbridge history list work
        "#);
    for n in 0..3 {
        fs::remove_file(folder.join(format!("old-{n}.ics"))).unwrap();
    }

    // Its history and its reports are there without it.
    let shown = |arguments: &[&str], status| home.shown(&home.run(arguments).expect(status));
    insta::assert_snapshot!(shown(&["history", "list", "work"], 0), @"     1  DAY TIME  deleted     on this computer  Event old 7, 1 May 2026");
    assert!(shown(&["history", "show", "work", "1"], 0).contains("SUMMARY:Event old 7"));
    assert_eq!(shown(&["report", "list", "work"], 0).lines().count(), 3);
    assert!(shown(&["report", "show", "work"], 0).contains("1 deleted"));
    insta::assert_snapshot!(shown(&["history", "restore", "work", "1"], 2), @"pimbridge: the profile work was removed, and without it there are no two sides to bring a version back to; add it again with the same name (see: pimbridge profile add --help), or print the version with: pimbridge history show work 1");
    insta::assert_snapshot!(shown(&["history", "list", "wrok"], 2), @r#"pimbridge: there is no profile "wrok"; none was made yet; to make one: pimbridge profile add --help"#);

    fs::write(&file, &text).unwrap();
    let report = home.sync("work", 0);
    assert_eq!(report["local"]["created"], 3, "{report:#}");
    assert_eq!((files(&folder), server.items().len()), (server.items(), 7));

    // The same where only the file was removed, by hand, and the profile is made by a command.
    fs::remove_file(&file).unwrap();
    for n in 0..3 {
        fs::remove_file(folder.join(format!("old-{n}.ics"))).unwrap();
    }
    let copied = text.replace("kind =", "active = false\nkind =");
    home.profile_file("first", &copied);
    home.run(&["profile", "copy", "first", "work"]).expect(0);
    let report = home.sync("work", 0);
    assert_eq!(
        (&report["local"]["created"], &report["remote"]["deleted"]),
        (&3.into(), &0.into()),
        "{report:#}"
    );
}

#[test]
fn wrong_use() {
    let home = Home::default();
    for wrong in
        [&["synk"][..], &["sync", "--dryrun"], &["profile", "add", "work"], &["sync", "--json", "--all"], &[]]
    {
        let ended = home.run(wrong).expect(2);
        assert_eq!(ended.stdout, "", "{wrong:?}");
        assert!(ended.stderr.contains("Usage"), "{ended:?}");
    }
    for right in ["--help", "--version"] {
        home.run(&[right]).expect(0);
    }
}
