//! The control socket of the real daemon, and the commands that use it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use pimbridge::daemon::protocol::{Answer, Event, How, Reply, Request, State};
use pimbridge::item::Kind;
use pimbridge::report::{Held, RunOutcome};
use pimbridge::server::Options;
use serde_json::Value;

use crate::support::daemon::{Daemon, memory};
use crate::support::embedded::Embedded;
use crate::support::program::{Ended, Home, files};
use crate::support::servers::not_run;
use crate::support::{event, title};

/// A home whose profiles run only when they are asked to.
struct World {
    home: Home,
    server: Embedded,
}

const PASSWORD: &str = "password_command = \"echo unused\"";
const BY_HAND: &str = "interval_minutes = 0\nsync_on_change = false";

impl World {
    fn new() -> World {
        World::with(Options::default())
    }

    fn with(options: Options) -> World {
        let server = Embedded::for_all_with(Kind::Events, options);
        let world = World { home: Home::default(), server };
        world.profile(BY_HAND);
        world
    }

    fn profile(&self, more: &str) {
        self.home.profile_with("work", Kind::Events, &self.server.url, more, PASSWORD);
    }

    fn folder(&self) -> std::path::PathBuf {
        self.home.folder("work")
    }

    fn put_here(&self, name: &str) {
        fs::write(self.folder().join(format!("{name}.ics")), event(name, &format!("event {name}"), 0))
            .unwrap();
    }

    fn put_there(&self, name: &str) {
        self.server.put(&format!("{name}.ics"), event(name, &format!("event {name}"), 0));
    }

    /// Both sides full and in sync.
    fn filled(items: usize) -> World {
        let world = World::new();
        for n in 0..items {
            world.put_here(&format!("n{n}"));
        }
        world.home.sync("work", 0);
        world
    }

    /// All but one are deleted in the folder.
    fn delete_nearly_all_here(&self) {
        for (name, _) in files(&self.folder()).into_iter().skip(1) {
            fs::remove_file(self.folder().join(name)).unwrap();
        }
    }
}

/// What a command showed, without what is different each time.
fn shown(home: &Home, ended: &Ended) -> String {
    let Ok(Value::Object(_)) = serde_json::from_str(ended.stdout.lines().next().unwrap_or_default()) else {
        // Where a run cannot begin, it may have asked the server something by then, or not.
        let lines: Vec<_> =
            home.shown(ended).lines().filter(|line| *line != "  (TRAFFIC)").map(str::to_owned).collect();
        return lines.join("\n");
    };
    let line = |mut line: Value| {
        for key in ["seconds", "started", "requests", "bytes_in", "bytes_out"] {
            line[key] = Value::Null;
        }
        for error in line["errors"].as_array_mut().unwrap() {
            error["since"] = error["since"].is_string().into();
        }
        line.to_string()
    };
    let stdout = ended.json().into_iter().map(line).collect::<Vec<_>>().join("\n");
    home.shown(&Ended { status: 0, stdout, stderr: ended.stderr.clone() })
}

/// What a person does before a sync, and the sync; how many runs the daemon does then.
type Step = (fn(&World), &'static [&'static str], usize);

const STEPS: &[Step] = &[
    (|world| (0..40).for_each(|n| world.put_here(&format!("n{n}"))), &["sync", "--dry-run"], 0),
    (|world| (40..45).for_each(|n| world.put_there(&format!("n{n}"))), &["sync"], 1),
    (|_| {}, &["sync", "work", "--json"], 1),
    (|world| (50..80).for_each(|n| world.put_there(&format!("n{n}"))), &["sync", "--all"], 1),
    (
        |world| ["a", "b"].iter().for_each(|name| world.put_here(name)),
        &["sync", "work", "--only", "b.ics", "--json"],
        1,
    ),
    (|_| {}, &["sync", "work", "--only", "/elsewhere/b.ics"], 0),
    (|world| fs::write(world.folder().join("bad.ics"), "no item").unwrap(), &["sync"], 1),
    (|_| {}, &["sync", "--json"], 1),
    (World::delete_nearly_all_here, &["sync"], 1),
    (|_| {}, &["sync", "--json"], 1),
    (|_| {}, &["sync", "work", "--undo-deletions"], 1),
    (World::delete_nearly_all_here, &["sync", "work", "--json"], 1),
    (|_| {}, &["sync", "work", "--allow-deletions", "--all"], 1),
    (|world| world.profile(&format!("{BY_HAND}\npreview_needed = true")), &["sync", "work"], 1),
    (|_| {}, &["sync", "work", "--json"], 1),
    (|world| world.put_there("late"), &["sync", "work", "--accept-preview"], 1),
    (
        |world| {
            world.home.profile_file("broken", "kind = \"events\"\n");
            world.put_there("later");
        },
        &["sync"],
        1,
    ),
    (|_| {}, &["sync", "--json"], 1),
    (|_| {}, &["sync", "nobody"], 0),
    (|_| {}, &["sync", "broken"], 0),
    (
        |world| {
            world.home.profile_file("broken", "");
            fs::remove_file(world.home.path().join("profiles/broken.toml")).unwrap();
            fs::rename(world.folder(), world.folder().with_extension("away")).unwrap();
        },
        &["sync"],
        1,
    ),
    (|_| {}, &["sync", "--json"], 1),
];

#[test]
fn a_sync_by_the_daemon_shows_the_same_as_one_without() {
    let (alone, world) = (World::new(), World::new());
    let daemon = Daemon::start(&world.home);
    for (number, (prepare, arguments, runs)) in STEPS.iter().enumerate() {
        let mut follower = daemon.follow();
        let [expected, by_daemon] = [&alone, &world].map(|world| {
            prepare(world);
            let ended = world.home.run(arguments);
            (ended.status, shown(&world.home, &ended))
        });
        assert_eq!(by_daemon, expected, "step {number}: {arguments:?}");
        assert_eq!(follower.runs_so_far(), *runs, "step {number}: {arguments:?}: runs of the daemon");
        assert_eq!(files(&world.folder()), files(&alone.folder()), "step {number}: {arguments:?}");
        assert_eq!(world.server.items(), alone.server.items(), "step {number}: {arguments:?}");
    }
}

/// A profile that came a moment ago, or was changed, is run as it is now.
#[test]
fn a_sync_knows_the_profiles_of_this_moment() {
    let world = World::new();
    let daemon = Daemon::start(&world.home);
    for n in 0..10 {
        world.put_there(&format!("n{n}"));
        let name = format!("new{n}");
        world.home.profile_with(&name, Kind::Events, &world.server.url, BY_HAND, PASSWORD);
        let report = world.home.sync(&name, 0);
        assert_eq!(report["local"]["created"], n + 1, "{report:#}");
        world.profile(&format!("{BY_HAND}\nmode = \"{}\"", ["merge-to-server", "two-way"][n % 2]));
        let report = world.home.sync("work", 0);
        assert_eq!(report["local"]["created"], [0, 2][n % 2], "{n}: {report:#}");
        fs::remove_file(world.home.path().join(format!("profiles/{name}.toml"))).unwrap();
    }
    drop(daemon);
}

#[test]
fn a_held_run_is_answered() {
    for (answer, left) in [(Answer::Delete, 1), (Answer::Keep, 40)] {
        let world = World::filled(40);
        let daemon = Daemon::start(&world.home);
        world.delete_nearly_all_here();
        let held = daemon.sync("work").report;
        assert_eq!((held.outcome, held.held.local, held.held.remote), (RunOutcome::Held, 0, 39));
        assert_eq!(daemon.status().profiles[0].state, State::Held { held: held.held });
        let answered = |shown| Request::Answer { profile: "work".into(), shown, answer };
        if answer == Answer::Delete {
            let fewer = daemon.run(answered(Held { local: 0, remote: 20, ..Held::default() })).report;
            assert_eq!(
                (fewer.outcome, fewer.held.remote),
                (RunOutcome::Held, 39),
                "no more than what was shown"
            );
        }
        let report = daemon.run(answered(held.held)).report;
        assert_eq!(
            (report.outcome, report.held),
            (RunOutcome::Ok, Held::default()),
            "{answer:?}: {report:#?}"
        );
        assert_eq!(world.server.items().len(), left, "{answer:?}");
        assert_eq!(files(&world.folder()).len(), left, "{answer:?}");
        assert_eq!(daemon.status().profiles[0].state, State::InSync);
    }
}

#[test]
fn a_look_ahead_changes_nothing() {
    let world = World::new();
    world.put_here("a");
    world.put_there("b");
    let daemon = Daemon::start(&world.home);
    let preview = || daemon.run(Request::Preview { profile: "work".into() });
    let ended = preview();
    assert!(ended.report.dry_run && ended.report_id.is_none(), "{ended:#?}");
    let mut foreseen: Vec<_> = ended.foreseen.iter().map(|touched| touched.summary.as_str()).collect();
    foreseen.sort_unstable();
    assert_eq!(foreseen, ["event a, 1 May 2026", "event b, 1 May 2026"]);
    assert_eq!((files(&world.folder()).len(), world.server.items().len()), (1, 1));
    world.profile(&format!("{BY_HAND}\npreview_needed = true\nmode = \"replicate-from-server\""));
    let previewed = preview();
    assert_eq!(previewed.report.local.deleted, 1);
    let held = daemon.sync("work");
    assert_eq!(held.report.outcome, RunOutcome::Held);
    assert_eq!(daemon.status().profiles[0].state, State::PreviewNeeded);
    let how = How { seen: vec![previewed.run], ..How::default() };
    let accepted = daemon.run(Request::Sync { profiles: vec!["work".into()], how });
    assert_eq!(accepted.report.outcome, RunOutcome::Ok, "{accepted:#?}");
    assert_eq!(files(&world.folder()).len(), 1);
}

#[test]
fn what_cannot_run_is_refused() {
    let world = World::new();
    world.home.profile_file("broken", "kind = \"events\"\n");
    let daemon = Daemon::start(&world.home);
    for (request, expected) in [
        (Request::Sync { profiles: vec!["nobody".into(), "broken".into()], how: How::default() }, 2),
        (Request::Preview { profile: "nobody".into() }, 1),
        (Request::Answer { profile: "nobody".into(), shown: Held::default(), answer: Answer::Keep }, 1),
    ] {
        match daemon.ask(request.clone()) {
            Reply::Runs { runs, refused } => {
                assert_eq!((runs.len(), refused.len()), (0, expected), "{request:?}: {refused:?}");
                assert!(refused.iter().all(|not_run| !not_run.why.is_empty()));
            }
            other => panic!("{request:?}: {other:?}"),
        }
    }
}

#[test]
fn a_pause_and_its_end() {
    let world = World::new();
    let run = |arguments: &[&str]| world.home.run(arguments).expect(0).stdout;
    let daemon = Daemon::start(&world.home);
    assert_eq!(
        run(&["daemon", "pause", "--minutes", "30"]),
        "Nothing runs by itself for 30 minutes (or until Pimbridge is started anew)\n"
    );
    let paused = daemon.status().paused.expect("it is paused");
    assert_eq!(paused.until.unwrap().duration_since(paused.since).as_secs(), 1800);
    let paused = "Nothing runs by itself until: pimbridge daemon resume (or until Pimbridge is started anew)";
    assert_eq!(run(&["daemon", "pause"]), format!("{paused}\n"));
    assert_eq!(daemon.status().paused.unwrap().until, None);
    world.home.sync("work", 0);
    let status = run(&["status"]);
    assert!(status.contains(paused), "{status}");
    assert_eq!(run(&["daemon", "resume"]), "Everything runs by itself again.\n");
    assert_eq!(daemon.status().paused, None);
    world.home.run(&["daemon", "pause", "--minutes", "0"]).expect(2);
    assert!(run(&["daemon", "pause", "--help"]).contains("A pause is not remembered"));

    // It is as it says.
    run(&["daemon", "pause"]);
    drop(daemon);
    assert_eq!(Daemon::start(&world.home).status().paused, None);
}

#[test]
fn status_tells_what_the_daemon_knows() {
    let world = World::new();
    world.profile("interval_minutes = 30");
    let json = |key: &str| world.home.run(&["status", "--json"]).expect(0).json().remove(0)[key].clone();
    assert_eq!((json("state"), json("next"), json("daemon")), (Value::Null, Value::Null, Value::Null));
    let mut daemon = Daemon::start(&world.home);
    daemon.sync("work");
    let of_daemon = json("daemon");
    assert_eq!(of_daemon["pid"], daemon.pid());
    assert!(of_daemon["parts"].is_array() && of_daemon["paused"].is_null(), "{of_daemon:#}");
    assert_eq!(json("state"), serde_json::json!({ "is": "in-sync" }));
    assert!(json("next").is_string() && json("last")["outcome"] == "ok");
    let text = world.home.run(&["status"]).expect(0).stdout;
    assert!(text.starts_with("work: all in sync (") && text.contains("; next run 2"), "{text}");
    assert!(text.contains("Pimbridge runs in the background since"), "{text}");
    daemon.kill();
    assert_eq!(json("daemon"), Value::Null);
}

#[test]
fn what_happens_is_followed() {
    let world = World::new();
    world.put_there("a");
    let mut daemon = Daemon::start(&world.home);
    let follow = |arguments: &[&str]| {
        let file = world.home.path().join(format!("followed{}", arguments.len()));
        let mut command = world.home.command(arguments);
        command.stdout(fs::File::create(&file).unwrap()).stderr(std::process::Stdio::null());
        (command.spawn().unwrap(), file)
    };
    let mut followers = [follow(&["daemon", "follow"]), follow(&["daemon", "follow", "--json"])];
    let has_begun = |file: &Path| fs::read_to_string(file).unwrap().contains("status");
    while !has_begun(&followers[1].1) {
        std::thread::sleep(Duration::from_millis(10));
    }
    // The other one prints nothing at the beginning, but follows soon.
    while !fs::read_to_string(&followers[0].1).unwrap().contains("work: all in sync") {
        daemon.sync("work");
    }
    assert!(daemon.process().try_wait().unwrap().is_none());
    world.home.run(&["daemon", "stop"]).expect(0);
    for (process, _) in &mut followers {
        assert_eq!(process.wait().unwrap().code(), Some(3));
    }
    let events: Vec<Value> = fs::read_to_string(&followers[1].1)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["event"], "status");
    let finished = events.iter().find(|event| event["event"] == "run-finished").unwrap();
    assert_eq!((&finished["profile"], &finished["report"]["local"]["created"]), (&"work".into(), &1.into()));
}

#[test]
fn where_none_runs() {
    let world = World::new();
    for command in [&["pause"][..], &["resume"], &["follow", "--json"]] {
        let ended = world.home.run(&[&["daemon"], command].concat()).expect(3);
        assert_eq!(
            ended.stderr,
            "pimbridge: no Pimbridge runs in the background; start it with \"pimbridge daemon\", or with each session by \
             \"pimbridge autostart on\"\n"
        );
    }
    let stop = || world.home.run(&["daemon", "stop"]).expect(0).stdout;
    assert_eq!(stop(), "No Pimbridge runs in the background.\n");
    let mut daemon = Daemon::start(&world.home);
    assert_eq!(stop(), "The Pimbridge in the background has ended.\n");
    assert_eq!(daemon.process().wait().unwrap().code(), Some(0), "{}", daemon.output());
    assert!(!world.home.path().join("state/control.sock").exists());
    assert_eq!(stop(), "No Pimbridge runs in the background.\n");
}

#[test]
fn two_at_once() {
    let world = World::with(Options { latency: Duration::from_millis(20), ..Options::default() });
    (0..30).for_each(|n| world.put_here(&format!("n{n}")));
    let daemon = Daemon::start(&world.home);
    let commands: Vec<_> = (0..4)
        .map(|_| {
            let mut command = world.home.command(&["sync", "work", "--json"]);
            std::thread::spawn(move || Ended::of(&mut command))
        })
        .collect();
    for command in commands {
        let ended = command.join().unwrap().expect(0);
        assert_eq!(ended.json()[0]["outcome"], "ok");
    }
    assert_eq!(world.server.items().len(), 30);
    drop(daemon);
}

#[test]
fn a_daemon_that_is_killed_in_the_middle() {
    let world = World::with(Options { latency: Duration::from_millis(50), ..Options::default() });
    (0..500).for_each(|n| world.put_here(&format!("n{n}")));
    let mut daemon = Daemon::start(&world.home);
    let mut command = world.home.command(&["sync", "work"]);
    let sync = std::thread::spawn(move || Ended::of(&mut command));
    daemon.follow().until(|event| matches!(event, Event::Progress { .. }).then_some(()));
    daemon.kill();
    let ended = sync.join().unwrap().expect(3);
    let told = "he Pimbridge in the background, which ran it, has ended in the middle of it";
    assert!(ended.stdout.contains(told), "{ended:?}");
    let report = world.home.sync("work", 0);
    assert_eq!(report["outcome"], "ok");
    assert_eq!(world.server.items().len(), 500);
    // What the killed one left there is in nobody's way.
    let daemon = Daemon::start(&world.home);
    assert_eq!(daemon.sync("work").report.outcome, RunOutcome::Ok);
}

#[test]
fn a_password_in_the_environment_is_that_of_the_command() {
    let server = Embedded::start(Kind::Events);
    server.put("a.ics", event("a", "a", 0));
    let home = Home::default();
    home.profile("work", Kind::Events, &server.url, BY_HAND);
    let daemon = Daemon::start_with(&home, |command| {
        command.env_remove("TEST_PASSWORD");
    });
    let mut follower = daemon.follow();
    assert_eq!(home.sync("work", 0)["local"]["created"], 1);
    assert_eq!(follower.runs_so_far(), 0);
    assert_eq!(daemon.sync("work").report.outcome, RunOutcome::Failed);
}

/// Neither through the folder nor, if that were open, to the socket itself.
#[cfg(target_os = "linux")]
#[test]
fn another_user_cannot_connect() {
    use std::os::unix::fs::PermissionsExt;
    if !rustix::process::geteuid().is_root() {
        return not_run("another user");
    }
    let world = World::new();
    let _daemon = Daemon::start(&world.home);
    let state = world.home.path().join("state");
    let socket = state.join("control.sock");
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let connects = |user: &str| {
        let script = "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ntry:\n s.connect(sys.argv[1])\n\
                      except PermissionError:\n print('no')\nelse:\n s.sendall(b'{\"v\":1,\"id\":1,\"request\":\"status\"}\\n')\n \
                      print('yes' if s.recv(99) else 'silence')";
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups", "/usr/bin/python3", "-c", script]);
        Ended::of(command.arg(&socket).current_dir("/")).expect(0).stdout.trim().to_owned()
    };
    assert_eq!(connects("0"), "yes");
    open(world.home.path(), 0o755);
    assert_eq!(connects("65534"), "no");
    open(&state, 0o755);
    assert_eq!(connects("65534"), "no", "to the socket itself");
    open(&socket, 0o666);
    assert_eq!(connects("65534"), "yes", "it is its mode that keeps others out");
}

#[test]
fn many_profiles_at_once() {
    let worlds: BTreeMap<String, Embedded> =
        (0..9).map(|n| (format!("p{n}"), Embedded::for_all(Kind::Events))).collect();
    let home = Home::default();
    for (name, server) in &worlds {
        home.profile_with(name, Kind::Events, &server.url, BY_HAND, PASSWORD);
        server.put("a.ics", event("a", &format!("of {name}"), 0));
    }
    let daemon = Daemon::start(&home);
    let ended = home.run(&["sync", "--json"]).expect(0).json();
    let told: Vec<_> = ended.iter().map(|line| line["profile"].as_str().unwrap()).collect();
    assert_eq!(told, worlds.keys().collect::<Vec<_>>(), "in the order of their names");
    for name in worlds.keys() {
        assert_eq!(title(&files(&home.folder(name))["a.ics"]), format!("of {name}"));
    }
    drop(daemon);
}

/// In a debug build some runs more take up to 300 KB more or less, by chance; a leak of 4 KB a run would be 1.2 MB.
#[test]
fn many_runs_take_no_more_memory() {
    const RUNS: u64 = 300;
    let worlds: Vec<Embedded> = (0..3).map(|_| Embedded::for_all(Kind::Events)).collect();
    let home = Home::default();
    let name = |n: u64| format!("p{}", n % 3);
    for (n, server) in (0..).zip(&worlds) {
        (0..50).for_each(|n| server.put(&format!("{n}.ics"), event(&n.to_string(), "event", 0)));
        home.profile_with(&name(n), Kind::Events, &server.url, BY_HAND, PASSWORD);
    }
    let daemon = Daemon::start(&home);
    let taken = || {
        let state = fs::read_dir(home.path().join("state"))
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().len());
        (memory(daemon.pid()), state.sum::<u64>() / 1024)
    };
    let run = |n| assert_eq!(daemon.sync(&name(n)).report.outcome, RunOutcome::Ok);
    (0..100).for_each(run);
    let before = taken();
    (0..RUNS).for_each(run);
    let after = taken();
    println!("memory and state files, in KB: {before:?}, and {after:?} after {RUNS} runs more");
    assert!(after.0 < before.0 + 1024, "memory: {before:?} KB, {after:?} KB");
    // The reports of runs that a person asked for are kept.
    assert!(after.1 < before.1 + RUNS, "state files: {before:?} KB, {after:?} KB");
}
