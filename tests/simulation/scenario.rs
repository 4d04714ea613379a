//! One seed: a world, runs with faults and kills, then peace, and what must be true then.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use pimbridge::item::Kind;
use pimbridge::report::{Report, RunOutcome};
use pimbridge::state::State;
use pimbridge::sync::guard::Guard;
use pimbridge::sync::policy::Policy;
use pimbridge::sync::progress::Silent;
use pimbridge::sync::run::{Job, Options, run};
use pimbridge::sync::scope::Scope;
use pimbridge::sync::{Side, Sides};

use crate::chance::Chance;
use crate::collection::{Faults, Nature, Simulated, World, essence};

struct Play {
    world: Arc<Mutex<World>>,
    policy: Policy,
    chunk_size: usize,
    dir: tempfile::TempDir,
    unreadable: u64,
    /// Versions that were in the history of a state that was lost.
    kept: Vec<Bytes>,
}

/// Plays one seed; panics with its whole story where something is wrong.
pub fn play(seed: u64) {
    let world = Arc::new(Mutex::new(World::new(seed)));
    let told = Arc::clone(&world);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play_in(seed, world)));
    if let Err(panic) = result {
        let told = told.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        eprintln!("seed {seed}:\n{}", told.story.join("\n"));
        std::panic::resume_unwind(panic);
    }
}

fn play_in(seed: u64, world: Arc<Mutex<World>>) {
    let mut chance = Chance::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let policy = Policy::ALL[chance.below(Policy::ALL.len())];
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let mut play = Play {
        world,
        policy,
        chunk_size: [1, 2, 3, 100][chance.below(4)],
        dir,
        unreadable: 0,
        kept: Vec::new(),
    };
    play.set_up(&mut chance);
    let unreadable = play.world().faults.unreadable;
    play.unreadable = unreadable;

    for _ in 0..2 + chance.below(6) {
        for _ in 0..chance.below(6) {
            let side = if chance.percent(50) { Side::Local } else { Side::Remote };
            play.world().user(side);
        }
        if chance.percent(4) {
            play.lose_state();
        }
        let steps = chance.percent(50).then(|| chance.below(400));
        play.run(steps, chance.percent(50));
        play.world().now += 3_600;
    }

    // Peace: no faults, nobody edits, and enough time for what was set aside.
    play.world().faults = Faults::default();
    let mut last = None;
    for _ in 0..3 {
        play.world().now += 8 * 24 * 3_600;
        last = play.run(None, true);
    }
    let last = last.expect("a run that was not killed");
    let seen = format!("seed {seed}, {policy:?}: {last:#?}");
    assert_eq!(last.outcome, RunOutcome::Ok, "{seen}");
    play.check(&seen);

    let before = play.world().edits;
    let idle = play.run(None, true).expect("a run that was not killed");
    assert_eq!(idle.outcome, RunOutcome::Ok, "one more: {seen}");
    assert_eq!(play.world().edits, before, "one more run does nothing: {seen}");
    assert_eq!((idle.local.total(), idle.remote.total()), (0, 0), "{seen}");
}

impl Play {
    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn set_up(&self, chance: &mut Chance) {
        let mut world = self.world();
        let policy = self.policy;
        world.tell(format!("{policy:?}, chunks of {}", self.chunk_size));
        for side in Side::BOTH {
            world.sides[side].nature = Nature {
                deltas: chance.percent(50),
                silent: [0, 0, 30, 100][chance.below(4)],
                decorates: chance.percent(30),
                // Only a server drops what it does not know.
                drops: side == Side::Remote && chance.percent(20),
            };
        }
        for _ in 0..chance.below(12) {
            match chance.below(4) {
                0 => world.create(&[Side::Local]),
                1 => world.create(&[Side::Remote]),
                _ => world.create(&Side::BOTH),
            }
        }
        let mut some = |most: u64| if chance.percent(50) { chance.next() % (most + 1) } else { 0 };
        world.faults = Faults {
            offline: some(6),
            lost_cursor: some(30),
            stale_listing: some(30),
            unanswered: some(20),
            partial: some(10),
            failed: some(15),
            refused: some(10),
            unreadable: some(10),
            unsure: some(15),
            stumbles: some(10),
            edits: some(25),
        };
        let faults = world.faults;
        world.tell(format!("{faults:?}"));
    }

    /// Runs once; after so many steps the program is killed.
    fn run(&self, steps: Option<usize>, allow_deletions: bool) -> Option<Report> {
        let now = self.world().now;
        self.world().tell(format!("— run at {now}, killed after {steps:?}"));
        let started = Timestamp::from_second(now).unwrap();
        let state = State::open(&self.dir.path().join("state.sqlite"), "a|b", started).unwrap();
        let local = Simulated { world: Arc::clone(&self.world), side: Side::Local };
        let remote = Simulated { world: Arc::clone(&self.world), side: Side::Remote };
        let clock = || started;
        let job = Job {
            profile: "simulated",
            kind: Kind::Events,
            policy: self.policy,
            scope: Scope::default(),
            guard: Guard::default(),
            chunk_size: self.chunk_size,
            keep: SignedDuration::from_hours(24 * 365 * 10),
            collections: Sides { local: &local, remote: &remote },
            state: &state,
            sign_in_hint: "",
            clock: &clock,
            progress: &Silent,
        };
        let options = Options { allow_deletions, ..Options::default() };
        let mut running = pin!(run(&job, &options));
        let mut context = Context::from_waker(Waker::noop());
        let mut step = 0;
        let report = loop {
            match running.as_mut().poll(&mut context) {
                Poll::Ready(done) => break Some(done.unwrap().report),
                Poll::Pending if steps.is_some_and(|steps| step >= steps) => break None,
                Poll::Pending => step += 1,
            }
            assert!(step < 1_000_000, "the run does not end");
        };
        self.world().tell(match &report {
            Some(report) => format!("— {:?} {:?}", report.outcome, report.failure),
            None => "— killed".to_owned(),
        });
        report
    }

    fn history(&self) -> Vec<Bytes> {
        let Some(state) = State::peek(&self.dir.path().join("state.sqlite")).unwrap() else {
            return Vec::new();
        };
        let versions = state.history().unwrap();
        versions.iter().map(|v| state.version(v.id).unwrap().unwrap().1).collect()
    }

    fn lose_state(&mut self) {
        self.world().tell("the state is lost");
        let history = self.history();
        self.kept.extend(history);
        for file in std::fs::read_dir(self.dir.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    /// What must be true in the end.
    fn check(&self, seen: &str) {
        let mut history = self.history();
        history.extend(self.kept.iter().cloned());
        let world = self.world();
        let contents = Sides::from_fn(|side| {
            let mut contents: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for item in world.sides[side].items.values() {
                let (uid, title) = essence(&item.bytes);
                contents.entry(uid).or_default().push(title);
            }
            contents
        });
        for side in Side::BOTH {
            for (uid, titles) in &contents[side] {
                assert_eq!(titles.len(), 1, "{uid} is doubled on {side:?}: {seen}");
            }
        }
        match self.policy {
            Policy::MergeToServer | Policy::MergeFromServer => {
                let source = self.policy.source().unwrap();
                for (uid, title) in &contents[source] {
                    assert_eq!(contents[source.other()].get(uid), Some(title), "{uid}: {seen}");
                }
            }
            _ => assert_eq!(contents.local, contents.remote, "{seen}"),
        }
        if let Some(source) = self.policy.source() {
            assert_eq!(world.edits[source], 0, "a one-way mode wrote to its source: {seen}");
        }
        // What cannot be read may be what another name is missing, and names exchanged and changed under the
        // engine's hands say nothing: then a rename can look like a deletion, and the item is made again.
        let replicates = matches!(self.policy, Policy::ReplicateToServer | Policy::ReplicateFromServer);
        if !replicates && self.unreadable == 0 && !world.exchanged {
            assert!(world.unasked.is_empty(), "deleted unasked: {:?}: {seen}", world.unasked);
        }
        for (side, bytes) in &world.destroyed {
            let there = world.sides[*side].items.values().any(|item| item.bytes == *bytes);
            assert!(there || history.contains(bytes), "lost on {side:?}: {:?}: {seen}", essence(bytes));
        }
    }
}
