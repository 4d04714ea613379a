//! Profiles that are wrong, or that must not run together.

use std::fs;

use pimbridge::item::Kind;

use crate::support::program::Home;

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
    insta::assert_snapshot!(shown.join("\n"), @"");
}

#[test]
fn an_unknown_name() {
    let home = Home::default();
    let shown = |arguments: &[&str]| home.shown(&home.run(arguments).expect(2));
    insta::assert_snapshot!(shown(&["sync", "work"]), @"");
    insta::assert_snapshot!(shown(&["sync"]), @"");
    home.profile("work", Kind::Events, URL, "");
    insta::assert_snapshot!(shown(&["sync", "wrok"]), @"");
    insta::assert_snapshot!(shown(&["report", "show", "job"]), @"");
    insta::assert_snapshot!(shown(&["report", "show", "work"]), @"");
    insta::assert_snapshot!(shown(&["report", "show", "work", "7"]), @"");
    insta::assert_snapshot!(shown(&["history", "show", "work", "7"]), @"");
    insta::assert_snapshot!(shown(&["history", "restore", "work", "7"]), @"");
}

#[test]
fn two_profiles_on_the_same_pair() {
    let home = Home::default();
    home.profile("work", Kind::Events, URL, "");
    let text = fs::read_to_string(home.path().join("profiles/work.toml")).unwrap();
    home.profile_file("twin", &text.replace("/alice/work/", "/alice/%77ork"));
    home.profile("other", Kind::Events, "http://127.0.0.1:9/alice/other/", "");

    insta::assert_snapshot!(home.shown(&home.run(&["sync", "work"]).expect(2)), @"");
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
    insta::assert_snapshot!(home.shown(&home.run(&add).expect(2)), @"");
    assert!(!home.path().join("profiles/third.toml").exists());
    home.run(&["profile", "set", "twin", "active", "false"]).expect(0);
    assert_eq!(home.run(&["sync", "work"]).status, 3);
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
