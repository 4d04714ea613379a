//! Runs that nobody asked for, and runs that are told to end.

use jiff::SignedDuration;
use pimbridge::report::RunOutcome;
use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::progress::{Phase, Progress};
use pimbridge::sync::run::{Done, Job, Obstacle, Options, Stop, run};

use crate::support::{event, world::World};

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

fn in_sync(count: usize) -> World {
    let world = World::default();
    for n in 0..count {
        world.local.put(&format!("{n}.ics"), event(&n.to_string(), &format!("event {n}"), 0));
    }
    assert_eq!(world.sync(TWO_WAY).outcome, RunOutcome::Ok);
    world
}

/// Some time later, a run that nobody asked for.
fn later(world: &World) -> Done {
    world.wait(SignedDuration::from_mins(5));
    world.run(TWO_WAY, Options { automatic: true, ..Options::default() })
}

fn outcomes(world: &World) -> Vec<RunOutcome> {
    world.peek().reports(usize::MAX).unwrap().into_iter().map(|(_, report)| report.outcome).collect()
}

fn pages(world: &World) -> i64 {
    let database = rusqlite::Connection::open(world.state_file()).unwrap();
    database.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap()
}

#[test]
fn runs_that_found_nothing_have_one_report_together() {
    let world = in_sync(3);
    let first = later(&world);
    let before = pages(&world);
    for _ in 0..200 {
        assert_eq!(later(&world).id, first.id);
    }
    assert_eq!(pages(&world), before);
    let (_, last) = world.peek().reports(1).unwrap().remove(0);
    assert!(last.automatic && last.started > first.report.started, "it says when the last one was");

    world.local.put("new.ics", event("new", "new", 0));
    assert_ne!(later(&world).id, first.id);
    assert_ne!(later(&world).id, first.id);
    assert_eq!(outcomes(&world).len(), 4, "asked for, nothing, something, nothing");
    world.sync(TWO_WAY);
    assert_eq!(outcomes(&world).len(), 5, "who asks gets a report");
}

#[test]
fn what_stays_wrong_is_reported_once() {
    let world = in_sync(40);
    world.local.put("broken.ics", "BEGIN:VEVENT".into());
    (0..11).for_each(|n| world.local.remove(&format!("{n}.ics")));
    for _ in 0..50 {
        assert_eq!(later(&world).report.outcome, RunOutcome::Held);
    }
    // Asked for; held with a new problem; held with one that is known; and when that was tried again.
    assert!(outcomes(&world).len() <= 6, "{:?}", outcomes(&world));
}

#[test]
fn a_server_that_cannot_be_reached_is_no_report_unless_something_was_done() {
    let world = in_sync(3);
    world.remote.lock().manners.offline = true;
    world.local.put("new.ics", event("new", "new", 0));
    for _ in 0..3 {
        let done = later(&world);
        assert_eq!(
            (done.id, done.obstacle, done.report.outcome),
            (None, Some(Obstacle::Offline), RunOutcome::Failed)
        );
    }
    assert_eq!(outcomes(&world).len(), 1);
    let asked = world.run(TWO_WAY, Options::default());
    assert_eq!((asked.id.is_some(), asked.obstacle), (true, Some(Obstacle::Offline)));

    world.remote.lock().manners.offline = false;
    world.remote.lock().manners.breaks_after = Some(0);
    assert_eq!(later(&world).id, None, "a report that was begun goes again");
    assert_eq!(outcomes(&world).len(), 2);
    world.remote.lock().manners.breaks_after = Some(1);
    world.local.put("newer.ics", event("newer", "newer", 0));
    let done = later(&world);
    assert_eq!((done.obstacle, done.report.remote.created), (Some(Obstacle::Offline), 1));
    assert_eq!(world.touched().len(), 1);
    assert_eq!(outcomes(&world).len(), 3);
}

/// Tells the run to end once so many items are done, or as soon as it begins with what it is told.
struct Impatient {
    stop: Stop,
    after: u64,
}

impl Progress for Impatient {
    fn start(&self, _: Phase, total: Option<u64>) {
        if self.after == 0 && total.is_none() {
            self.stop.stop();
        }
    }

    fn advance(&self, _: u64) {
        if self.after > 0 {
            self.stop.stop();
        }
    }

    fn done(&self) {}
}

fn stopped(world: &World, after: u64, automatic: bool) -> Done {
    let stop = Stop::default();
    let progress = Impatient { stop: stop.clone(), after };
    let options = Options { stop, automatic, ..Options::default() };
    world.with_job(TWO_WAY, async |job| {
        run(&Job { progress: &progress, ..job.clone() }, &options).await.unwrap()
    })
}

#[test]
fn a_run_that_is_told_to_stop_ends_after_what_is_under_way() {
    let mut world = World::default();
    world.chunk_size = 10;
    for n in 0..100 {
        world.local.put(&format!("{n}.ics"), event(&n.to_string(), &format!("event {n}"), 0));
    }
    let done = stopped(&world, 10, true);
    assert_eq!((done.report.outcome, done.obstacle), (RunOutcome::Failed, Some(Obstacle::Stopped)));
    assert_eq!(
        done.report.failure.as_deref(),
        Some("The run was interrupted. The next run goes on where it stopped.")
    );
    let created = world.remote.items().len();
    assert!((10..100).contains(&created) && done.report.remote.created == created as u64, "{created}");
    assert_eq!(world.touched().len(), created, "what was done is in the report");
    let rest = world.sync(TWO_WAY);
    assert_eq!((rest.outcome, rest.remote.created, rest.linked), (RunOutcome::Ok, 100 - created as u64, 0));
}

#[test]
fn a_run_that_is_stopped_before_it_did_anything_is_no_report_unless_it_was_asked_for() {
    let world = in_sync(3);
    world.local.put("new.ics", event("new", "new", 0));
    assert_eq!(stopped(&world, 0, true).id, None);
    assert_eq!((outcomes(&world).len(), world.remote.items().len()), (1, 3));
    assert!(stopped(&world, 0, false).id.is_some());
    assert_eq!(outcomes(&world), [RunOutcome::Failed, RunOutcome::Ok]);
}

#[test]
fn a_run_that_is_told_to_stop_when_all_is_done_is_done() {
    let world = in_sync(3);
    world.local.put("new.ics", event("new", "new", 0));
    let done = stopped(&world, 1, true);
    assert_eq!((done.report.outcome, done.obstacle), (RunOutcome::Ok, None));
}
