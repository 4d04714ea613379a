//! The daemon as a person starts it, and what a test says to it over its socket.

use std::fs::{self, File};
use std::process::Child;
use std::time::{Duration, Instant};

use pimbridge::daemon::control::{Client, ControlError};
use pimbridge::daemon::protocol::{Event, How, Reply, Request, RunId, Status};
use pimbridge::report::{Report, Touched};

use super::program::Home;

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon that runs; it is killed when this is dropped.
pub struct Daemon {
    home: pimbridge::home::Home,
    process: Child,
    runtime: tokio::runtime::Runtime,
    output: std::path::PathBuf,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub run: RunId,
    pub profile: String,
    pub report_id: Option<i64>,
    pub report: Report,
    pub foreseen: Vec<Touched>,
}

impl Daemon {
    /// Starts the daemon of a home, without a desktop, and waits until it listens.
    pub fn start(home: &Home) -> Daemon {
        Daemon::start_with(home, |_| {})
    }

    pub fn start_with(home: &Home, change: impl FnOnce(&mut std::process::Command)) -> Daemon {
        let output = home.path().join("daemon.out");
        let mut command = home.command(&["daemon"]);
        for variable in ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"] {
            command.env_remove(variable);
        }
        let file = File::create(&output).unwrap();
        command.env("XDG_RUNTIME_DIR", home.path());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        change(&mut command);
        let process = command.spawn().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let home = pimbridge::home::Home::at(home.path());
        let mut daemon = Daemon { home, process, runtime, output };
        let since = Instant::now();
        while daemon.connected().is_none() {
            let ended = daemon.process.try_wait().unwrap();
            assert!(ended.is_none() && since.elapsed() < PATIENCE, "{ended:?}: {}", daemon.output());
            std::thread::sleep(Duration::from_millis(5));
        }
        daemon
    }

    fn connected(&self) -> Option<Client> {
        let listens = self.runtime.block_on(Client::connect(&self.home));
        listens.unwrap_or_else(|error| panic!("{error}: {}", self.output()))
    }

    /// What it printed.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    pub fn process(&mut self) -> &mut Child {
        &mut self.process
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn ask(&self, request: Request) -> Reply {
        let mut client = self.connected().expect("it runs");
        self.runtime.block_on(client.ask(request)).unwrap()
    }

    pub fn status(&self) -> Status {
        match self.ask(Request::Status) {
            Reply::Status { status } => *status,
            other => panic!("{other:?}"),
        }
    }

    /// Someone who follows what happens from now on.
    pub fn follow(&self) -> Follower<'_> {
        let mut client = self.connected().expect("it runs");
        self.runtime.block_on(client.follow()).unwrap();
        Follower { daemon: self, client }
    }

    /// Runs a profile, and waits for its end.
    #[track_caller]
    pub fn sync(&self, profile: &str) -> Ended {
        self.follow().sync(profile)
    }

    /// Asks for one run, and waits for its end.
    #[track_caller]
    pub fn run(&self, request: Request) -> Ended {
        self.follow().run(request)
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One who is told what happens.
pub struct Follower<'a> {
    daemon: &'a Daemon,
    client: Client,
}

impl Follower<'_> {
    /// The next event; none when the daemon has ended.
    pub fn event(&mut self) -> Option<Event> {
        let next = async { tokio::time::timeout(PATIENCE, self.client.event()).await };
        match self.daemon.runtime.block_on(next).expect("nothing happened") {
            Ok(event) => Some(event),
            Err(ControlError::Gone) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for an event in which something is found.
    pub fn until<T>(&mut self, found: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            let event = self.event().expect("the daemon has ended");
            if let Some(found) = found(&event) {
                return found;
            }
        }
    }

    /// How many runs have ended since it follows.
    pub fn runs_so_far(&mut self) -> usize {
        assert_eq!(self.daemon.ask(Request::Pause { minutes: None }), Reply::Done);
        let mut runs = 0;
        loop {
            match self.event().expect("the daemon has ended") {
                Event::RunFinished { .. } => runs += 1,
                Event::Status { status } if status.paused.is_some() => break,
                _ => {}
            }
        }
        assert_eq!(self.daemon.ask(Request::Resume), Reply::Done);
        assert_eq!(self.daemon.status().paused, None);
        runs
    }

    /// Runs a profile, and waits for its end.
    #[track_caller]
    pub fn sync(&mut self, profile: &str) -> Ended {
        self.run(Request::Sync { profiles: vec![profile.to_owned()], how: How::default() })
    }

    /// Asks for one run, and waits for its end.
    #[track_caller]
    pub fn run(&mut self, request: Request) -> Ended {
        let asked = format!("{request:?}");
        let Reply::Runs { runs, refused } = self.daemon.runtime.block_on(self.client.ask(request)).unwrap()
        else {
            panic!("{asked}: no run")
        };
        assert_eq!((runs.len(), refused.len()), (1, 0), "{asked}: {refused:?}");
        self.end(runs[0].run)
    }

    /// Waits for the end of a run.
    pub fn end(&mut self, wanted: RunId) -> Ended {
        self.until(|event| match event {
            Event::RunFinished { run, profile, report_id, report, foreseen } if *run == wanted => {
                Some(Ended {
                    run: *run,
                    profile: profile.clone(),
                    report_id: *report_id,
                    report: Report::clone(report),
                    foreseen: foreseen.clone(),
                })
            }
            _ => None,
        })
    }
}

/// How much memory a process has (VmRSS), in KB.
pub fn memory(pid: u32) -> u64 {
    number(&format!("/proc/{pid}/status"), "VmRSS:")
}

/// How often the threads of a process have waited, and been woken.
pub fn wake_ups(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let path = |thread: fs::DirEntry| format!("{}/status", thread.path().display());
    threads.map(|thread| number(&path(thread.unwrap()), "voluntary_ctxt_switches:")).sum()
}

/// A number that the system tells of a process or thread; 0 where it has ended.
fn number(file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
