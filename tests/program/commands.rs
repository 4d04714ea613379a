//! The way of a new user, from an empty home folder to the first item brought back.

use std::collections::BTreeSet;
use std::fs;

use pimbridge::item::Kind;

use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{event, http};

#[test]
fn from_nothing_to_an_item_brought_back() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    for n in 0..3 {
        http::put(
            &url,
            &format!("theirs-{n}.ics"),
            "text/calendar",
            &event(&format!("theirs-{n}"), &format!("Theirs {n}"), 0),
        );
    }
    let home = Home::default();
    let run = |arguments: &[&str], status: i32| home.shown(&home.run(arguments).expect(status));
    insta::assert_snapshot!(run(&["status"], 0), @r#"There is no profile yet; "pimbridge profile add --help" says how to make one."#);
    insta::assert_snapshot!(run(&["profile", "list"], 0), @r#"
        There is no profile yet; "pimbridge profile add --help" says how to make one.
        Profiles are kept in HOME/profiles
        "#);

    let folder = home.path().join("Calendars/work");
    let add = [
        "profile",
        "add",
        "work",
        "--kind",
        "events",
        "--local",
        folder.to_str().unwrap(),
        "--create-local",
        "--url",
        &url,
        "--user",
        "alice",
        "--password-env",
        "TEST_PASSWORD",
    ];
    insta::assert_snapshot!(run(&add, 0), @r#"
        The profile work is in HOME/profiles/work.toml
        Next:
          pimbridge profile check work      tests the folder, the server and the sign-in
          pimbridge sync work --dry-run     shows what a sync would do
          pimbridge sync work               does it
        To keep it in sync from now on: pimbridge daemon (or, each time you log in: pimbridge autostart on)
        "#);
    insta::assert_snapshot!(run(&add, 2), @r#"pimbridge: there is a profile "work" already; choose another name, or change it: pimbridge profile set"#);
    insta::assert_snapshot!(run(&["profile", "check", "work"], 0), @r#"
        ok     profile  HOME/profiles/work.toml can be used
        ok     folder   HOME/Calendars/work can be used; it holds 0 .ics files
        ok     server   http://127.0.0.1:PORT/alice/work/ (alice/work) can be used for events; the server tells what has changed in it
        "#);
    insta::assert_snapshot!(run(&["profile", "show", "work"], 0), @r#"
    # HOME/profiles/work.toml
    # A profile of Pimbridge: one folder here, one collection on a server, and how they are kept the same.
    # Change it here, or with: pimbridge profile set NAME KEY VALUE

    kind = "events"                        # events | tasks | contacts
    mode = "two-way"                       # two-way | replicate-to-server | merge-to-server | replicate-from-server | merge-from-server
    conflict = "automatic"                 # where both sides changed an item: automatic (the newer) | local-wins | server-wins | merge (both; recommended) | ask
    interval_minutes = 30                  # from one run of the background program to the next; 0: by hand only
    sync_on_change = true                  # what changes in the folder is synced within seconds by the background program

    [local]
    type = "vdir"
    path = "HOME/Calendars/work"

    [remote]
    type = "dav"
    url = "http://127.0.0.1:PORT/alice/work/"
    user = "alice"
    password_env = "TEST_PASSWORD"
    "#);
    fs::write(folder.join("mine.ics"), event("mine", "Dentist", 0)).unwrap();

    let mut ahead: Vec<String> = run(&["sync", "--dry-run"], 0).lines().map(str::to_owned).collect();
    ahead[5..9].sort();
    insta::assert_snapshot!(ahead.join("\n"), @"
    work: a look ahead, nothing was changed.
      On the server there would be: 1 new.
      On this computer there would be: 3 new.

      What would change:
        new     on the server     Dentist, 1 May 2026 (new on this computer)
        new     on this computer  Theirs 0, 1 May 2026 (new on the server)
        new     on this computer  Theirs 1, 1 May 2026 (new on the server)
        new     on this computer  Theirs 2, 1 May 2026 (new on the server)

      Note: Where both sides change the same item, the version that was changed last is taken. We recommend to keep both changes instead (pimbridge profile set work conflict merge).
      (TRAFFIC)
    ");
    assert_eq!((files(&folder).len(), http::names(&url).len()), (1, 3));
    run(&["sync"], 0);
    assert_eq!((files(&folder).len(), http::names(&url).len()), (4, 4));

    fs::write(folder.join("mine.ics"), event("mine", "Dentist at nine", 10)).unwrap();
    http::delete(&url, "theirs-1.ics");
    insta::assert_snapshot!(run(&["sync"], 0), @r#"
        work: all in sync.
          On the server: 1 changed.
          On this computer: 1 deleted.

          What changed:
            changed on the server     Dentist at nine, 1 May 2026 (changed on this computer)
            deleted on this computer  Theirs 1, 1 May 2026 (deleted on the server)
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(run(&["report", "show", "work"], 0), @r#"
        DAY TIME
        work: all in sync.
          On the server: 1 changed.
          On this computer: 1 deleted.

          What changed:
            changed on the server     Dentist at nine, 1 May 2026 (changed on this computer)
            deleted on this computer  Theirs 1, 1 May 2026 (deleted on the server)
          (TRAFFIC)
        "#);
    insta::assert_snapshot!(run(&["report", "list"], 0), @r#"
        work 2: all in sync (DAY TIME)
        work 1: all in sync (DAY TIME)
        "#);
    insta::assert_snapshot!(run(&["status"], 0), @"work: all in sync (DAY TIME)");
    insta::assert_snapshot!(run(&["history", "list", "work"], 0), @r#"
        2  DAY TIME  deleted     on this computer  Theirs 1, 1 May 2026
        1  DAY TIME  overwritten on the server     Dentist, 1 May 2026
        "#);

    let listed = home.run(&["history", "list", "work", "theirs"]).expect(0).stdout;
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let id = listed.split_whitespace().next().unwrap();
    let shown = home.run(&["history", "show", "work", id]).expect(0).stdout;
    assert!(shown.contains("SUMMARY:Theirs 1\r\n"), "{shown}");
    insta::assert_snapshot!(run(&["history", "restore", "work", id], 0), @"Theirs 1, 1 May 2026 is back on both sides, as it was until DAY TIME.");
    assert_eq!((files(&folder).len(), http::names(&url).len()), (4, 4));
    insta::assert_snapshot!(run(&["sync"], 0), @r#"
        work: nothing has changed, all in sync.
          (TRAFFIC)
        "#);

    insta::assert_snapshot!(run(&["profile", "set", "work", "mode", "merge-from-server"], 0), @"work: mode is now merge-from-server");
    insta::assert_snapshot!(run(&["profile", "set", "work", "mode", "both-ways"], 2), @r#"pimbridge: HOME/profiles/work.toml, line 5: mode = "both-ways" is not known; did you mean "two-way"? The others are replicate-to-server, merge-to-server, replicate-from-server and merge-from-server"#);
    insta::assert_snapshot!(run(&["profile", "set", "work", "mod", "two-way"], 2), @r#"pimbridge: the key "mod" is not known; did you mean "mode"?"#);
    insta::assert_snapshot!(run(&["profile", "list"], 0), @r#"
        work: events, merge-from-server
          folder    HOME/Calendars/work
          server    http://127.0.0.1:PORT/alice/work/
          last run  all in sync (DAY TIME)
        Profiles are kept in HOME/profiles
        "#);
    insta::assert_snapshot!(run(&["profile", "remove", "work"], 0), @r#"
        The profile work is removed. Its items stay as they are, here and on the server.
        Its reports and its history stay in HOME/state/work.sqlite; to read them: pimbridge history list work
        "#);
    insta::assert_snapshot!(run(&["profile", "remove", "work"], 2), @r#"pimbridge: there is no profile "work"; none was made yet; to make one: pimbridge profile add --help"#);
    assert_eq!((files(&folder).len(), http::names(&url).len()), (4, 4), "items stay when a profile goes");
}

/// Scripts rely on these: a key may come, none may go.
const KEYS: [&str; 10] = [
    "profile",
    "outcome",
    "local",
    "remote",
    "conflicts",
    "errors",
    "requests",
    "bytes_in",
    "bytes_out",
    "seconds",
];

#[test]
fn json_has_the_documented_keys() {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    let home = Home::default();
    home.profile("work", Kind::Events, &url, "");
    let folder = home.folder("work");
    fs::write(folder.join("good.ics"), event("good", "Good", 0)).unwrap();
    fs::write(folder.join("bad.ics"), "not a calendar").unwrap();

    let ended = home.run(&["sync", "--json"]).expect(1);
    assert_eq!(ended.stderr, "");
    let [line] = ended.json().try_into().unwrap();
    let keys: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    for key in KEYS {
        assert!(keys.contains(key), "{key}: {line:#}");
    }
    let more: Vec<&String> = keys.iter().filter(|key| !KEYS.contains(&key.as_str())).collect();
    assert_eq!(more, ["dry_run", "failure", "held", "linked", "notices", "parked", "started"]);
    assert_eq!(line["outcome"], "partial");
    assert_eq!(line["remote"], serde_json::json!({ "created": 1, "updated": 0, "deleted": 0 }));
    let error = line["errors"][0].as_object().unwrap();
    assert_eq!(error["item"], "bad.ics");
    for key in ["item", "summary", "side", "message"] {
        assert!(error[key].is_string(), "{key}: {error:?}");
    }
    assert!(line["requests"].as_u64().unwrap() > 0 && line["bytes_out"].as_u64().unwrap() > 0, "{line:#}");

    let listed = home.run(&["report", "list", "--json"]).expect(0).json();
    assert_eq!(listed[0]["id"], 1);
    let shown = home.run(&["report", "show", "work", "--json"]).expect(0).json().remove(0);
    assert_eq!(shown["touched"][0]["operation"], "create");
    let status = home.run(&["status", "--json"]).expect(0).json().remove(0);
    assert_eq!((&status["profile"], &status["active"]), (&"work".into(), &true.into()));
    for report in [&listed[0], &shown, &status["last"]] {
        for key in KEYS {
            assert_eq!(report[key], line[key], "{key}");
        }
    }

    // A run that could not be done has the same keys.
    drop(server);
    let failed = home.sync("work", 3);
    assert!(KEYS.iter().all(|key| failed.get(key).is_some()), "{failed:#}");
    assert_eq!(failed["errors"].as_array().unwrap().last().unwrap()["message"], failed["failure"]);
}

/// Whoever looks at the running programs sees their arguments.
#[test]
fn no_argument_takes_a_password() {
    let home = Home::default();
    for command in [
        &["sync"][..],
        &["discover"],
        &["profile", "add"],
        &["profile", "set"],
        &["profile", "password"],
        &["profile", "check"],
    ] {
        let help = home.run(&[command, &["--help"]].concat()).expect(0).stdout;
        for line in help.lines().filter(|line| line.contains("--") && line.contains("password")) {
            let sources = ["password-env", "password-command", "--stdin"];
            assert!(sources.iter().any(|source| line.contains(source)), "{command:?}: {line}");
        }
        assert!(!help.contains("--password "), "{help}");
    }
    home.profile("work", Kind::Events, "http://127.0.0.1:9/work/", "");
    let ended = home.run(&["profile", "set", "work", "remote.password", "s3cret"]).expect(2);
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    assert!(home.files_with(b"s3cret").is_empty());
    let in_the_url = ["profile", "set", "work", "remote.url", "http://alice:s3cret@127.0.0.1:9/work/"];
    let ended = home.run(&in_the_url).expect(2);
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    assert!(home.files_with(b"s3cret").is_empty());
}
