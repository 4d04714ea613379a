//! How long the window takes to open on a full history: `xvfb-run -a cargo bench --bench window -- [ITEMS]`, on Linux with xdotool.
//!
//! So many items (20,000 by default) are synced with a server in this process and changed five times on it, so that the history has
//! five versions of each; a thousand more runs leave a thousand reports. Then the window is started several times, at each of the
//! pages that read them, until it is on the screen; and the background program is asked what these pages ask.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pimbridge::daemon::protocol::{Answered, Question, Reply, Request, history, reports};
use pimbridge::item::Kind;
use pimbridge::server::{Options, Server};

#[path = "../tests/support/mod.rs"]
mod support;

use support::daemon::Daemon;
use support::event;
use support::program::Home;

const CHANGES: usize = 5;
const REPORTS: usize = 1_000;
const TIMES: usize = 5;

fn main() {
    let items = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let server = runtime.block_on(Server::start(Options::default())).expect("a server");
    let home = Home::default();
    let path = "calendars/alice/work";
    let url = server.create_collection(path, Kind::Events, "work");
    home.profile_with(
        "work",
        Kind::Events,
        &url,
        "interval_minutes = 0",
        "password_command = \"echo unused\"",
    );
    for change in 0..=CHANGES {
        for item in 0..items {
            let title = format!("Event {item}, {change} times changed");
            server.put(path, &format!("{item}.ics"), event(&item.to_string(), &title, 0));
        }
        home.run(&["sync", "--json"]).expect(0);
    }
    for run in 0..REPORTS {
        server.put(path, "more.ics", event("more", &format!("Run {run}"), 0));
        home.run(&["sync", "--json"]).expect(0);
    }

    let daemon = Daemon::start(&home);
    let answered = |question: Question| match daemon.ask(Request::Question(question)) {
        Reply::Answered(answered) => answered,
        other => panic!("{other:?}"),
    };
    let found = |text: &str| {
        let find = history::Find { text: text.into(), limit: 200, profile: None };
        match answered(Question::FindVersions(find)) {
            Answered::Versions(found) => found.versions.len(),
            other => panic!("{other:?}"),
        }
    };
    let listed = || {
        let which = reports::Which { limit: 100, ..reports::Which::default() };
        match answered(Question::Reports(which)) {
            Answered::Reports(found) => found.reports.len(),
            other => panic!("{other:?}"),
        }
    };
    println!("{} versions in the history, {} reports", items * CHANGES + REPORTS - 1, REPORTS + CHANGES + 1);
    for page in ["status", "reports", "history"] {
        told(&format!("until the window is on the screen: {page}"), || Window::open(&home, page));
    }
    told("what the page Status asks", || answered(Question::Activity));
    told("the newest 100 reports", || assert_eq!(listed(), 100));
    told("the newest 200 versions", || assert_eq!(found(""), 200));
    told("200 versions with a word that many have", || assert_eq!(found("changed"), 200));
    told("the versions of one item, by its title", || assert_eq!(found("Event 777,"), CHANGES));
}

/// Tells the median and the longest of several times.
fn told<T>(what: &str, mut act: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let begin = Instant::now();
            let _done = act();
            begin.elapsed()
        })
        .collect();
    times.sort();
    println!("{:5} ms (at most {}): {what}", times[TIMES / 2].as_millis(), times[TIMES - 1].as_millis());
}

/// A window that is on the screen; it goes with this value.
struct Window(Child);

impl Window {
    fn open(home: &Home, page: &str) -> Window {
        let window = Command::new(env!("CARGO_BIN_EXE_pimbridge-window"))
            .arg("--home")
            .arg(home.path())
            .args(["--page", page])
            .spawn()
            .expect("the window");
        let window = Window(window);
        let begin = Instant::now();
        while !is_shown() {
            assert!(begin.elapsed() < Duration::from_secs(30), "no window");
            sleep(Duration::from_millis(5));
        }
        window
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        while is_shown() {
            sleep(Duration::from_millis(5));
        }
    }
}

fn is_shown() -> bool {
    Command::new("xdotool")
        .args(["search", "--onlyvisible", "--name", "^Pimbridge$"])
        .stdout(Stdio::null())
        .status()
        .expect("xdotool")
        .success()
}
