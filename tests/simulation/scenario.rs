//! One seed: a world, runs with faults and kills, then peace, and what must be true then.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pimbridge::item::Kind;
use pimbridge::report::{Report, RunOutcome};
use pimbridge::state::State;
use pimbridge::sync::guard::Guard;
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::progress::Silent;
use pimbridge::sync::run::{Deletions, Job, Options, run};
use pimbridge::sync::scope::{Category, Limits};
use pimbridge::sync::{Side, Sides};

use crate::chance::Chance;
use crate::collection::{Faults, Nature, Simulated, World, essence};
use crate::content::{Content, contents};

struct Play {
    world: Arc<Mutex<World>>,
    policy: Policy,
    chunk_size: usize,
    dir: tempfile::TempDir,
    unreadable: u64,
    /// Versions that were in the history of a state that was lost.
    kept: Vec<Bytes>,
    lost_state: bool,
    /// The person sometimes wants back what one side deleted.
    undoes: bool,
    /// It was said in an earlier run, and nothing else since: some may still be to be brought back.
    brings_back: bool,
    /// How many steps the last run took that was not killed.
    steps: usize,
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    ByItself,
    /// After so many steps the program is killed.
    Killed(usize),
    /// After so many steps it is told to stop.
    Stopped(usize),
}

/// A seed that was played to its end.
pub struct Played {
    pub story: Vec<String>,
    /// How often each of the events happened.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Plays one seed; panics with its whole story where something is wrong.
pub fn play(seed: u64) -> Played {
    let world = Arc::new(Mutex::new(World::new(seed)));
    let told = Arc::clone(&world);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play_in(seed, world)));
    let mut told = told.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Err(panic) = result {
        eprintln!("seed {seed}:\n{}", told.story.join("\n"));
        std::panic::resume_unwind(panic);
    }
    Played { story: std::mem::take(&mut told.story), counts: std::mem::take(&mut told.counts) }
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
        lost_state: false,
        undoes: chance.percent(25),
        brings_back: false,
        steps: 40,
    };
    play.set_up(&mut chance);
    let unreadable = play.world().faults.unreadable;
    play.unreadable = unreadable;

    for _ in 0..2 + chance.below(6) {
        play.users(&mut chance);
        if chance.percent(4) {
            play.lose_state();
        }
        let disk = play.world().faults.disk;
        let broken = chance.percent(disk).then(|| play.break_disk(&mut chance));
        let end = match chance.below(8) {
            0..4 => End::Killed(chance.below(play.steps)),
            4 => End::Stopped(chance.below(play.steps)),
            _ => End::ByItself,
        };
        let deletions = match chance.below(4) {
            0 if play.undoes => Deletions::UNDONE,
            0 | 1 => Deletions::Allowed,
            _ => Deletions::Guarded,
        };
        play.run(end, deletions, broken.is_some());
        if broken.is_some() {
            play.mend_disk();
        }
        play.world().now += HOUR;
    }

    // Peace: no faults, nobody edits, enough time for what was set aside, and what was parked is decided.
    play.world().faults = Faults::default();
    if play.policy == Policy::TwoWay(Conflict::Ask) {
        play.policy = Policy::TwoWay(Conflict::Merge);
    }
    for _ in 0..2 {
        play.world().now += 8 * 24 * HOUR;
        play.run(End::ByItself, Deletions::Allowed, false);
    }
    play.world().now += 8 * 24 * HOUR;
    play.agrees(seed, "after three runs in peace");
    play.is_idle(seed);

    // What users do now is carried over at once, by what the cursors tell.
    play.users(&mut chance);
    play.world().now += HOUR;
    play.agrees(seed, "after one run more");
    play.is_idle(seed);

    if play.undoes {
        play.brings_all_back(seed, &mut chance);
    }
}

/// What a profile is limited to: half of them to nothing.
fn limits(chance: &mut Chance) -> Limits {
    let mut limits = Limits::default();
    if chance.percent(50) {
        return limits;
    }
    let which = chance.below(3);
    if which != 0 {
        limits.past_days = Some(20);
        limits.future_days = chance.percent(70).then_some(15);
    }
    if which != 1 {
        let invert = chance.percent(20);
        let include_uncategorised = !invert && chance.percent(30);
        limits.category = Some(Category { name: "Work".into(), include_uncategorised, invert });
    }
    limits
}

const HOUR: i64 = 3_600;

impl Play {
    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn set_up(&self, chance: &mut Chance) {
        let mut world = self.world();
        let policy = self.policy;
        world.tell(format!("{policy:?}, chunks of {}", self.chunk_size));
        let mut some = |most: u64| if chance.percent(50) { chance.next() % (most + 1) } else { 0 };
        let unreadable = if some(1) == 1 { some(20) } else { 0 };
        let stumbles = some(10);
        world.faults = Faults {
            unusable: some(6),
            lost_cursor: some(30),
            stale_listing: some(30),
            unanswered: some(20),
            partial: some(10),
            failed: some(15),
            refused: some(10),
            unreadable,
            unsure: some(15),
            stumbles,
            edits: some(25),
            disk: some(40),
        };
        for side in Side::BOTH {
            world.sides[side].nature = Nature {
                deltas: chance.percent(50),
                silent: [0, 0, 30, 100][chance.below(4)],
                decorates: chance.percent(30),
                // Only a server drops what it does not know.
                drops: side == Side::Remote && chance.percent(20),
                // An item that cannot be read has a UID that nobody knows: only a store that refuses a second one
                // keeps it from being doubled.
                unique_uids: unreadable + stumbles > 0
                    || chance.percent(if side == Side::Remote { 80 } else { 50 }),
                queries: side == Side::Remote && chance.percent(70),
                overlooks: chance.percent(30),
            };
        }
        world.limits = limits(chance);
        let limits = world.limits.clone();
        world.tell(format!("{limits:?}"));
        for _ in 0..chance.below(12) {
            match chance.below(4) {
                0 => world.create(&[Side::Local]),
                1 => world.create(&[Side::Remote]),
                _ => world.create(&Side::BOTH),
            }
        }
        world.exchanges = chance.percent(50);
        let faults = world.faults;
        world.tell(format!("{faults:?}"));
    }

    /// Users do something before a run.
    fn users(&self, chance: &mut Chance) {
        for _ in 0..chance.below(6) {
            let side = if chance.percent(50) { Side::Local } else { Side::Remote };
            self.world().user(side);
        }
    }

    /// Runs once.
    fn run(&mut self, end: End, deletions: Deletions, broken_disk: bool) -> Option<Report> {
        match deletions {
            Deletions::Undone(_) => self.brings_back = true,
            Deletions::Allowed | Deletions::AllowedUpTo(_) => self.brings_back = false,
            Deletions::Guarded => {}
        }
        let edits_before = self.world().edits;
        let now = {
            let mut world = self.world();
            if self.brings_back {
                let alone = world.alone();
                world.knowledge.may_be_back(&alone);
            }
            let now = world.now;
            world.tell(format!("— run at {now}, {end:?}, {deletions:?}"));
            let both = world.both();
            world.knowledge.begins(both);
            now
        };
        let started = Timestamp::from_second(now).unwrap();
        let scope = {
            let mut world = self.world();
            world.scope = world.limits.scope(Kind::Events, started, TimeZone::UTC);
            world.scope.clone()
        };
        let state = State::open(&self.dir.path().join("state.sqlite"), "a|b", started).unwrap();
        let local = Simulated { world: Arc::clone(&self.world), side: Side::Local };
        let remote = Simulated { world: Arc::clone(&self.world), side: Side::Remote };
        let clock = || started;
        let job = Job {
            profile: "simulated",
            kind: Kind::Events,
            policy: self.policy,
            decided: false,
            scope,
            name_and_color: false,
            guard: Guard::default(),
            chunk_size: self.chunk_size,
            keep: SignedDuration::from_hours(24 * 365 * 10),
            keep_reports: None,
            collections: Sides { local: &local, remote: &remote },
            state: &state,
            sign_in_hint: "",
            clock: &clock,
            progress: &Silent,
        };
        let options = Options { deletions, ..Options::default() };
        let mut running = pin!(run(&job, &options));
        let mut context = Context::from_waker(Waker::noop());
        let mut step = 0;
        let report = loop {
            match running.as_mut().poll(&mut context) {
                Poll::Ready(Ok(done)) => break Some(done.report),
                Poll::Ready(Err(error)) => {
                    assert!(broken_disk, "{error}");
                    break None;
                }
                Poll::Pending if end == End::Killed(step) => {
                    self.world().count("killed");
                    break None;
                }
                Poll::Pending => {
                    if end == End::Stopped(step) {
                        options.stop.stop();
                    }
                    step += 1;
                }
            }
            assert!(step < 1_000_000, "the run does not end");
        };
        if let (Some(report), Deletions::Undone(_)) = (&report, deletions) {
            assert_eq!(report.local.deleted + report.remote.deleted, 0, "deleted all the same: {report:#?}");
            self.world().count("undone");
        }
        let mut world = self.world();
        match self.policy.source() {
            Some(source) if !self.brings_back => {
                assert_eq!(world.edits[source], edits_before[source], "a one-way mode wrote to its source");
            }
            _ => {}
        }
        if self.brings_back {
            let alone = world.alone();
            world.knowledge.may_be_back(&alone);
        }
        world.tell(match &report {
            Some(report) => format!("— {:?} {:?}", report.outcome, report.failure),
            None => "— killed".to_owned(),
        });
        if report.is_none() || broken_disk {
            world.knowledge.breaks_off();
        } else if report.as_ref().is_some_and(|report| report.outcome == RunOutcome::Ok) {
            let (both, hidden) = (world.both(), world.hidden());
            world.knowledge.all_is_in_sync(&both, &hidden);
        }
        drop(world);
        if report.is_some() {
            self.steps = step.max(1);
        }
        report
    }

    /// Runs once in peace; then both sides must agree.
    fn agrees(&mut self, seed: u64, when: &str) {
        let last = self.run(End::ByItself, Deletions::Allowed, false).expect("a run that was not killed");
        let seen = format!("seed {seed}, {when}, {:?}: {last:#?}", self.policy);
        assert_eq!(last.outcome, RunOutcome::Ok, "{seen}");
        self.check(&seen);
    }

    /// What one side deleted is brought back by one run: one more has nothing to do, and both sides hold it.
    fn brings_all_back(&mut self, seed: u64, chance: &mut Chance) {
        let at_first = contents(&self.world(), "all in sync");
        let is_awake = |side: Side, uid: &String| {
            at_first[side].get(uid).is_some_and(|item| item.inside.both() && !item.overlooked)
        };
        self.users(chance);
        for _ in 0..1 + chance.below(3) {
            let side = if chance.percent(50) { Side::Local } else { Side::Remote };
            let mut world = self.world();
            let names: Vec<String> = world.sides[side].items.keys().cloned().collect();
            if let Some(name) = chance.pick(&names) {
                world.delete(side, name);
            }
        }
        let before = contents(&self.world(), "before");
        for deletions in [Deletions::UNDONE, Deletions::Guarded] {
            self.world().now += HOUR;
            let report = self.run(End::ByItself, deletions, false).expect("a run that was not killed");
            let seen = format!("seed {seed}, {deletions:?}, {:?}: {report:#?}", self.policy);
            assert_eq!(report.outcome, RunOutcome::Ok, "{seen}");
            assert!(deletions == Deletions::UNDONE || report.did_nothing(), "{seen}");
        }
        let seen = format!("seed {seed}, what was to be brought back, {:?}", self.policy);
        let after = contents(&self.world(), &seen);
        for side in Side::BOTH {
            for (uid, content) in &before[side] {
                let now = Sides::from_fn(|side| after[side].get(uid));
                assert!(now[side].is_some(), "{uid} is lost on {side:?}: {seen}");
                // What was out of scope on a side is nothing to the other one.
                let was_in_sync = Side::BOTH.into_iter().all(|side| is_awake(side, uid));
                if was_in_sync && !before[side.other()].contains_key(uid) {
                    let back = now[side.other()].map(|content| &content.essence);
                    assert_eq!(back, Some(&content.essence), "{uid} is not back: {seen}");
                }
            }
        }
        self.check(&seen);
    }

    /// One more run does nothing, and asks for no item.
    fn is_idle(&mut self, seed: u64) {
        let done = |play: &Play| {
            let world = play.world();
            (world.edits, world.fetched)
        };
        let before = done(self);
        let idle = self.run(End::ByItself, Deletions::Allowed, false).expect("a run that was not killed");
        let seen = format!("seed {seed}, one more, {:?}: {idle:#?}", self.policy);
        assert_eq!(idle.outcome, RunOutcome::Ok, "{seen}");
        assert_eq!(done(self), before, "{seen}");
        assert_eq!((idle.local.total(), idle.remote.total()), (0, 0), "{seen}");
    }

    fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.dir.path().join("state.sqlite")).unwrap()
    }

    /// A table of the state can take only so many rows more.
    fn break_disk(&self, chance: &mut Chance) {
        const TABLES: [&str; 8] = ["cursor", "seen", "pair", "blob", "content", "aside", "history", "report"];
        let (table, rows) = (TABLES[chance.below(TABLES.len())], chance.below(5));
        let mut world = self.world();
        world.count("state not written");
        world.tell(format!("the state takes {rows} rows more in {table}"));
        drop(State::open(&self.dir.path().join("state.sqlite"), "a|b", Timestamp::UNIX_EPOCH).unwrap());
        let broken = format!(
            "CREATE TABLE room (rows INTEGER);
             INSERT INTO room VALUES ({rows});
             CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN
                 UPDATE room SET rows = rows - 1;
                 SELECT RAISE(ABORT, 'full') FROM room WHERE rows < 0;
             END;"
        );
        self.database().execute_batch(&broken).unwrap();
    }

    fn mend_disk(&self) {
        self.database().execute_batch("DROP TRIGGER full; DROP TABLE room;").unwrap();
    }

    fn history(&self) -> Vec<Bytes> {
        let Some(state) = State::peek(&self.dir.path().join("state.sqlite")).unwrap() else {
            return Vec::new();
        };
        let versions = state.history().unwrap();
        versions.iter().map(|v| state.version(v.id).unwrap().unwrap().1).collect()
    }

    fn lose_state(&mut self) {
        self.lost_state = true;
        self.world().tell("the state is lost");
        self.world().show_all();
        self.world().count("state lost");
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
        let contents = contents(&world, seen);
        assert!(world.strayed.is_empty(), "deleted out of scope: {:?}: {seen}", world.strayed);
        let uids: BTreeSet<&String> = contents.local.keys().chain(contents.remote.keys()).collect();
        let has_marker = world.limits.category.as_ref().is_some_and(|category| !category.invert);
        for uid in uids {
            let (local, remote) = (contents.local.get(uid), contents.remote.get(uid));
            // What lost its category and was then deleted from the folder is the server's own.
            if local.is_none() && has_marker && world.knowledge.ever_deleted.contains(uid) {
                continue;
            }
            self.check_item(uid, local, remote, seen);
        }
        if let Some(source) = self.policy.source() {
            let destroyed = world.destroyed.iter().any(|(side, _)| *side == source);
            assert!(!destroyed, "a one-way mode overwrote or deleted something of its source: {seen}");
        }
        // What cannot be read may be what another name is missing, and names exchanged and changed under the
        // engine's hands say nothing: then a rename can look like a deletion, and the item is made again.
        let replicates = matches!(self.policy, Policy::ReplicateToServer | Policy::ReplicateFromServer);
        if !replicates && self.unreadable == 0 && !world.exchanged {
            assert!(world.unasked.is_empty(), "deleted unasked: {:?}: {seen}", world.unasked);
        }
        let drops = world.sides.remote.nature.drops;
        let two_way = matches!(self.policy, Policy::TwoWay(_)) && world.limits == Limits::default();
        if two_way && self.unreadable == 0 && !world.exchanged && !self.lost_state && !drops {
            for Content { essence, .. } in contents.local.values() {
                assert_eq!(world.knowledge.objects(essence), None, "{essence:?}: {seen}");
            }
        }
        for (side, bytes) in &world.destroyed {
            let there = world.sides[*side].items.values().any(|item| item.bytes == *bytes);
            assert!(there || history.contains(bytes), "lost on {side:?}: {:?}: {seen}", essence(bytes));
        }
    }

    /// Both sides agree about an item as the mode demands, as far as it is in scope.
    fn check_item(&self, uid: &str, local: Option<&Content>, remote: Option<&Content>, seen: &str) {
        let must_be_there = |content: &Content| content.inside.both() && !content.overlooked;
        let one_side = |side: Side, content: &Content| {
            let missing = match self.policy {
                Policy::TwoWay(_) => true,
                Policy::MergeToServer | Policy::MergeFromServer => self.policy.source() == Some(side),
                Policy::ReplicateToServer | Policy::ReplicateFromServer => true,
            };
            assert!(!missing || !must_be_there(content), "{uid} is on {side:?} only: {seen}");
        };
        match (local, remote) {
            (Some(local), Some(remote)) => {
                let outside = [local, remote].into_iter().any(|item| item.inside.category == Some(false));
                // What the server takes for out of any range is not looked into.
                let in_remote_range = remote.inside.range && !remote.overlooked;
                let in_range = match self.policy {
                    // What the target has besides is nothing to it.
                    Policy::MergeToServer => local.inside.range,
                    Policy::MergeFromServer => in_remote_range,
                    _ => local.inside.range || in_remote_range,
                };
                let awake = !outside && in_range;
                let same = local.essence == remote.essence && local.digest == remote.digest;
                assert!(!awake || same, "{uid}: {local:?} and {remote:?}: {seen}");
            }
            (Some(local), None) => one_side(Side::Local, local),
            (None, Some(remote)) => one_side(Side::Remote, remote),
            (None, None) => {}
        }
    }
}
