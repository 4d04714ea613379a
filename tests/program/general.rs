//! What counts for all profiles: settings, the schema, the forms of a report and how long it is kept, the log.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::Home;

/// A home with the profiles "work" and "my home", which have run once.
fn home_with_runs() -> (Home, [Embedded; 2]) {
    let home = Home::default();
    let servers = ["work", "my home"].map(|name| {
        let server = Embedded::start(Kind::Events);
        server.put("a.ics", event("a", &format!("Dentist <{name}>"), 0));
        home.profile(name, Kind::Events, &server.url, "");
        home.sync(name, 0);
        server
    });
    (home, servers)
}

#[test]
fn settings_are_listed_and_changed() {
    let home = Home::default();
    let file = home.path().join("settings.toml");
    let listed = home.run(&["settings", "list"]).expect(0).stdout;
    assert!(listed.contains("report_days = 90   (the default)\n    how many days"), "{listed}");
    fs::write(&file, "# mine\nlog_days = 7 # a week\n").unwrap();
    let set = home.run(&["settings", "set", "report_days=365", "notify=errors,held", "tray=off"]).expect(0);
    insta::assert_snapshot!(set.stdout, @"
    report_days is now 365
    notify is now errors,held
    tray is now off
    ");
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap(), @r#"
    # mine
    log_days = 7 # a week
    report_days = 365
    notify = ["errors", "held"]
    tray = false
    "#);
    let json = home.run(&["settings", "list", "--json"]).expect(0).json();
    let one = json.iter().find(|setting| setting["key"] == "notify").unwrap();
    assert_eq!(one["value"], serde_json::json!(["errors", "held"]));
    assert_eq!(one["default"], serde_json::json!(["errors", "warnings", "held"]));
    home.run(&["settings", "set", "tray", "--unset"]).expect(0);
    assert!(!fs::read_to_string(&file).unwrap().contains("tray"));

    let before = fs::read(&file).unwrap();
    let wrong = |what: &[&str]| home.shown(&home.run(&[&["settings", "set"], what].concat()).expect(2));
    insta::assert_snapshot!(wrong(&["report_day=1"]), @r#"pimbridge: the key "report_day" is not known; did you mean "report_days"?"#);
    insta::assert_snapshot!(wrong(&["log_level=trace"]), @r#"pimbridge: HOME/settings.toml, line 5: log_level = "trace" is not known; use one of info and debug"#);
    insta::assert_snapshot!(wrong(&["tray=maybe"]), @r#"pimbridge: tray must be true or false, not "maybe""#);
    assert_eq!(fs::read(&file).unwrap(), before);
}

/// What can be done without them is done, and nothing is deleted for want of them.
#[test]
fn wrong_settings_lose_nothing() {
    let (home, _servers) = home_with_runs();
    let state = rusqlite::Connection::open(home.path().join("state/work.sqlite")).unwrap();
    let grow_old = || {
        state
            .execute_batch(
                "UPDATE report SET started = 1 WHERE id = 1; DELETE FROM meta WHERE key = 'pruned'",
            )
            .unwrap();
    };
    let old_log = home.path().join("logs/pimbridge.2020-01-01.log");
    fs::write(&old_log, "2020-01-01T00:00:00Z INFO old\n").unwrap();
    let reports = || home.run(&["report", "list", "work"]).stdout.lines().count();

    fs::write(home.path().join("settings.toml"), "report_days = 30\nlog_days = \"five\"\n").unwrap();
    grow_old();
    let ended = home.run(&["sync", "work"]).expect(0);
    insta::assert_snapshot!(home.shown(&ended), @"
    work: nothing has changed, all in sync.
      (TRAFFIC)
    pimbridge: HOME/settings.toml, line 2: log_days must be a whole number from 1 to 3650
    ");
    assert_eq!(reports(), 2);
    assert!(old_log.exists());
    let shown = home.shown(&home.run(&["settings", "list"]).expect(2));
    assert_eq!(
        shown,
        "pimbridge: HOME/settings.toml, line 2: log_days must be a whole number from 1 to 3650"
    );
    home.run(&["report", "prune"]).expect(2);

    fs::write(home.path().join("settings.toml"), "report_days = 30\nlog_days = 5\n").unwrap();
    grow_old();
    home.sync("work", 0);
    assert_eq!(reports(), 2, "the first is gone, the third is new");
    assert!(!old_log.exists());
}

#[test]
fn profiles_get_folders_where_the_settings_say() {
    let home = Home::default();
    let calendars = home.path().join("cal");
    home.run(&["settings", "set", &format!("default_calendar_folder={}", calendars.display())]).expect(0);
    let server = Embedded::for_all(Kind::Events);
    let add = |name: &str, more: &[&str]| {
        home.run(&[&["profile", "add", name, "--kind", "events", "--url", &server.url], more].concat())
    };
    add("work", &[]).expect(0);
    assert!(calendars.join("work").is_dir());
    let file = fs::read_to_string(home.path().join("profiles/work.toml")).unwrap();
    assert!(file.contains(calendars.join("work").to_str().unwrap()), "{file}");

    fs::create_dir(calendars.join("full")).unwrap();
    fs::write(calendars.join("full/a.ics"), event("a", "A", 0)).unwrap();
    insta::assert_snapshot!(home.shown(&add("full", &[]).expect(2)), @"pimbridge: the folder HOME/cal/full holds something already; if that is to be synced, say it with --local HOME/cal/full");
    fs::write(home.path().join("settings.toml"), "default_calendar_folder = \"cal\"\n").unwrap();
    insta::assert_snapshot!(home.shown(&add("other", &[]).expect(2)), @r#"pimbridge: HOME/settings.toml, line 1: default_calendar_folder must be a full path, such as "~/Calendars""#);
}

#[test]
fn the_schema_is_printed() {
    let home = Home::default();
    let text = home.run(&["profile", "schema"]).expect(0).stdout;
    assert!(
        text.starts_with("kind: one of these words; required\n    what is synced\n      events "),
        "{text}"
    );
    assert!(text.contains("\n[remote]\ntype: "), "{text}");
    let schema: serde_json::Value =
        serde_json::from_str(&home.run(&["profile", "schema", "--json"]).expect(0).stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["remote"]["properties"]["timeout_seconds"]["default"], 60);
}

#[test]
fn several_keys_of_a_profile_are_set_at_once_or_none() {
    let home = Home::default();
    home.profile("work", Kind::Events, "http://127.0.0.1:1/", "");
    let set = |changes: &[&str], status| {
        home.shown(&home.run(&[&["profile", "set", "work"], changes].concat()).expect(status))
    };
    insta::assert_snapshot!(set(&["mode=merge-to-server", "remote.timeout_seconds=5"], 0), @"
    work: mode is now merge-to-server
    work: remote.timeout_seconds is now 5
    ");
    let file = home.path().join("profiles/work.toml");
    let before = fs::read_to_string(&file).unwrap();
    assert!(before.contains("timeout_seconds = 5"), "{before}");
    insta::assert_snapshot!(set(&["conflict=merge", "mode=sideways"], 2), @r#"pimbridge: HOME/profiles/work.toml, line 2: mode = "sideways" is not known; use one of two-way, replicate-to-server, merge-to-server, replicate-from-server and merge-from-server"#);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_report_in_every_form() {
    let (home, _servers) = home_with_runs();
    let id = "3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11";
    home.run(&["profile", "set", "my home", &format!("cdsp.id={id}")]).expect(0);
    let show = |form: &str| home.run(&["report", "show", "my home", form]).expect(0).stdout;
    let xml = show("--xml");
    assert!(xml.starts_with("<?xml version=\"1.0\"?>\n<SynchronizationReport "), "{xml}");
    for part in [
        "<ProfileName>my home</ProfileName>",
        "<ADelta>Unchanged: 0 , Added: 0 , Deleted 0 ,  Changed 0</ADelta>",
        "<BDelta>Unchanged: 0 , Added: 1 , Deleted 0 ,  Changed 0</BDelta>",
        "<AJobsInfo>Create 1 , Update 0 , Delete 0</AJobsInfo>",
        "<ADisplayName>Dentist &lt;my home&gt;",
        "<Operation>CreateInA</Operation>",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    assert!(xml.contains(&format!("<ProfileId>{id}</ProfileId>")), "{xml}");
    let html = show("--html");
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"), "{html}");
    assert!(html.contains("<h1>All in sync.</h1>") && html.contains("Dentist &lt;my home&gt;"), "{html}");
    home.run(&["report", "show", "work", "--xml", "--html"]).expect(2);
}

#[test]
fn old_reports_are_deleted_and_the_history_stays() {
    let (home, [server, _]) = home_with_runs();
    server.put("a.ics", event("a", "Later", 1));
    home.sync("work", 0);
    let run = |arguments: &[&str]| home.shown(&home.run(arguments).expect(0));
    insta::assert_snapshot!(run(&["report", "prune"]), @"No report is older than 90 days.");
    insta::assert_snapshot!(run(&["report", "prune", "--older-than", "0", "--dry-run"]), @"
    my home: 1 report would be deleted
    work: 2 reports would be deleted
    ");
    insta::assert_snapshot!(run(&["report", "prune", "work", "--older-than", "0"]), @"work: 2 reports deleted");
    assert_eq!(run(&["report", "list", "work"]), "");
    assert_eq!(run(&["report", "list", "my home"]).lines().count(), 1);
    assert!(run(&["history", "list", "work"]).contains("Dentist"));
    home.run(&["report", "prune", "nobody"]).expect(2);
}

#[test]
fn the_log_is_shown_by_profile() {
    let home = Home::default();
    insta::assert_snapshot!(home.shown(&home.run(&["log", "show"]).expect(0)), @"The log in HOME/logs has no lines.");
    let (home, _servers) = home_with_runs();
    home.run(&["settings", "set", "log_days=3650"]).expect(0);
    let old = "2020-01-01T00:00:00Z  INFO profile{name=\"work\"}: x: \u{1b}[31mlong ago\n";
    fs::write(home.path().join("logs/pimbridge.2020-01-01.log"), old).unwrap();
    let show = |more: &[&str]| {
        let text = home.run(&[&["log", "show"], more].concat()).expect(0).stdout;
        assert!(!text.contains('\u{1b}'));
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = show(&[]);
    assert!(all[0].ends_with("[31mlong ago"), "{all:?}");
    assert!(all.is_sorted_by_key(|line| line.split(' ').next()), "{all:?}");
    let (work, other) = (show(&["--profile", "work"]), show(&["--profile", "my home"]));
    assert_eq!(work.len() + other.len(), all.len());
    assert!(other[0].contains("profile{name=\"my home\"}") && other[0].contains("run started"), "{other:?}");
    assert!(other.last().unwrap().contains("run finished"), "{other:?}");
    assert_eq!(show(&["--profile", "work", "--lines", "1"]), work[work.len() - 1..]);
    home.run(&["log", "show", "--profile", "nobody"]).expect(2);
    fs::remove_dir_all(home.path().join("logs")).unwrap();
    insta::assert_snapshot!(show(&["--profile", "work"]).concat(), @"The log has no lines of the profile work.");
}

/// Also of what is done on other threads: here, of what an interrupted run left.
#[test]
fn a_line_about_the_folder_is_one_of_the_profile() {
    let (home, [server, _]) = home_with_runs();
    fs::write(home.folder("work").join(".pimbridge.1.other.x.1.tmp"), event("b", "B", 0)).unwrap();
    server.put("c.ics", event("c", "C", 0));
    home.run(&["sync", "work"]);
    let shown = home.run(&["log", "show", "--profile", "work"]).expect(0).stdout;
    assert!(shown.contains("WARN") && shown.contains("is kept as b.ics"), "{shown}");
}

/// Ctrl-C is told to the process as SIGINT.
#[cfg(unix)]
#[test]
fn the_log_is_followed_until_ctrl_c() {
    let (home, _servers) = home_with_runs();
    let mut follow = home.command(&["log", "show", "--profile", "work", "--lines", "0", "--follow"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines().map(Result::unwrap);
    std::thread::sleep(Duration::from_millis(700));
    home.sync("my home", 0);
    home.sync("work", 0);
    let first = lines.next().unwrap();
    assert!(first.contains("{name=\"work\"}") && first.contains("run started"), "{first}");
    assert!(lines.any(|line| line.contains("run finished")));
    let pid = rustix::process::Pid::from_child(&follow);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(lines.next(), None);
    assert_eq!(follow.wait().unwrap().code(), Some(0));

    // Who stops reading ends it too.
    let mut follow = home.command(&["log", "show", "--lines", "0", "--follow"]);
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    drop(follow.stdout.take());
    std::thread::sleep(Duration::from_millis(700));
    home.sync("work", 0);
    let begun = Instant::now();
    while follow.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(20) {
            follow.kill().unwrap();
            panic!("it goes on for nobody");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
