//! A profile between two collections in memory.

use std::path::PathBuf;
use std::sync::Mutex;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pimbridge::item::{Kind, mapping};
use pimbridge::report::{Report, Touched};
use pimbridge::state::{Peek, State};
use pimbridge::sync::Sides;
use pimbridge::sync::guard::Guard;
use pimbridge::sync::policy::Policy;
use pimbridge::sync::progress::Silent;
use pimbridge::sync::run::{Done, Job, Options, run};
use pimbridge::sync::scope::Limits;

use super::memory::Memory;

pub struct World {
    pub local: Memory,
    pub remote: Memory,
    pub chunk_size: usize,
    pub guard: Guard,
    pub limits: Limits,
    pub name_and_color: bool,
    pub mapping: mapping::options::Options,
    pub zone: TimeZone,
    now: Mutex<Timestamp>,
    dir: tempfile::TempDir,
}

impl Default for World {
    fn default() -> Self {
        World {
            local: Memory::default(),
            remote: Memory::default(),
            chunk_size: 100,
            guard: Guard::default(),
            limits: Limits::default(),
            name_and_color: false,
            mapping: mapping::options::Options::default(),
            zone: TimeZone::UTC,
            now: Mutex::new(Timestamp::from_second(1_800_000_000).unwrap()),
            dir: scratch(),
        }
    }
}

impl World {
    pub fn limited(limits: Limits) -> World {
        World { limits, ..World::default() }
    }

    pub fn state_file(&self) -> PathBuf {
        self.dir.path().join("work.sqlite")
    }

    pub fn state(&self) -> State {
        State::open(&self.state_file(), "local|remote", self.now()).unwrap()
    }

    pub fn peek(&self) -> Peek {
        State::peek(&self.state_file()).unwrap().expect("a state file")
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub fn wait(&self, duration: SignedDuration) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(duration).unwrap();
    }

    pub fn with_job<T>(&self, policy: Policy, f: impl AsyncFnOnce(&Job<'_>) -> T) -> T {
        let state = self.state();
        let clock = || self.now();
        let job = Job {
            profile: "work",
            kind: Kind::Events,
            policy,
            decided: false,
            scope: self.limits.scope(Kind::Events, self.now(), self.zone.clone()).mapped(
                &self.mapping,
                [7; 32],
                self.now(),
                &self.zone,
            ),
            name_and_color: self.name_and_color,
            guard: self.guard,
            chunk_size: self.chunk_size,
            keep: SignedDuration::from_hours(24 * 90),
            keep_reports: Some(SignedDuration::from_hours(24 * 90)),
            collections: Sides { local: &self.local, remote: &self.remote },
            state: &state,
            sign_in_hint: "",
            clock: &clock,
            progress: &Silent,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(f(&job))
    }

    pub fn run(&self, policy: Policy, options: Options) -> Done {
        self.with_job(policy, async |job| run(job, &options).await.unwrap())
    }

    pub fn sync(&self, policy: Policy) -> Report {
        self.run(policy, Options::default()).report
    }

    /// The items that the last run touched.
    pub fn touched(&self) -> Vec<Touched> {
        let peek = self.peek();
        let (id, _) = peek.reports(1).unwrap().remove(0);
        peek.touched(id, usize::MAX).unwrap()
    }
}

/// A folder in memory where the system has one: the state flushes to the disk at each commit, and what is
/// tested here is not the disk.
pub fn scratch() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
