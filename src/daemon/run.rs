//! A run of the daemon: told how far it is, and a mistake of the program in it ends nothing but it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tr::tr;

use super::protocol::{self, RunId, Step};
use crate::birthdays;
use crate::home::Home;
use crate::profile::{Accounts, Profile};
use crate::report::Report;
use crate::sync::Side;
use crate::sync::progress::{Phase, Progress};
use crate::sync::run::{Done, Obstacle, Options};

/// How often it is told how far a run is, at most.
const PACE: Duration = Duration::from_millis(250);

/// A run that is to be done.
pub struct Job {
    pub home: Home,
    pub profile: Profile,
    pub accounts: Arc<Accounts>,
    pub options: Options,
    pub run: RunId,
    pub steps: UnboundedSender<(RunId, Step)>,
}

/// Runs the profile.
pub async fn run(job: Job) -> Done {
    let Job { home, profile, accounts, options, run, steps } = job;
    let dry_run = options.dry_run;
    let progress = Told { run, steps, at: Mutex::new(None) };
    let work = birthdays::run_profile(&home, &profile, &accounts, &options, &progress);
    survived(profile.name.as_str(), dry_run, work).await
}

/// A mistake of the program in a run is told as its failure.
async fn survived(profile: &str, dry_run: bool, work: impl Future<Output = Done>) -> Done {
    let started = Timestamp::now();
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str);
        let what = what.or(panic.downcast_ref::<&str>().copied()).map(str::to_owned);
        let what = what.unwrap_or_else(|| tr!("no more is known"));
        tracing::error!(profile, "a mistake in Pimbridge ended the run: {what}");
        let why = tr!("a mistake in Pimbridge itself ended the run ({what}); nothing is lost, and the next run goes on where it \
             stopped; please report it to those who make Pimbridge", what);
        let report = Report { dry_run, ..Report::not_run(profile, started, why) };
        Done { report, id: None, foreseen: Vec::new(), obstacle: Some(Obstacle::Other), reached: false }
    })
}

/// A mistake of the program in something else than a run ends nothing but that: it found nothing.
pub async fn found<T: Default>(work: impl Future<Output = T>) -> T {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a mistake in Pimbridge; please report it to those who make it");
        T::default()
    })
}

/// Tells how far a run is.
struct Told {
    run: RunId,
    steps: UnboundedSender<(RunId, Step)>,
    at: Mutex<Option<(Step, Instant)>>,
}

impl Told {
    fn tell(&self, change: impl FnOnce(Option<Step>) -> Option<Step>) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, told) = at.unzip();
        let Some(step) = change(before) else { return };
        let is_early = told.is_some_and(|told: Instant| told.elapsed() < PACE);
        if !is_early {
            // Nobody listens any more when the daemon ends.
            let _ = self.steps.send((self.run, step));
        }
        *at = Some((step, told.filter(|_| is_early).unwrap_or_else(Instant::now)));
    }
}

impl Progress for Told {
    fn start(&self, phase: Phase, total: Option<u64>) {
        let phase = match phase {
            Phase::Looking(Side::Local) => protocol::Phase::LookingHere,
            Phase::Looking(Side::Remote) => protocol::Phase::LookingAtServer,
            Phase::Comparing => protocol::Phase::Comparing,
            Phase::Writing => protocol::Phase::Writing,
        };
        self.tell(|_| Some(Step { phase, done: 0, total }));
    }

    fn advance(&self, steps: u64) {
        self.tell(|before| before.map(|step| Step { done: step.done + steps, ..step }));
    }

    fn done(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mistake_of_the_program_is_a_failure_of_the_run() {
        let no_items: Vec<u8> = Vec::new();
        let done = survived("work", true, async move { panic!("item {} of none", no_items.len()) }).await;
        assert_eq!(done.obstacle, Some(Obstacle::Other));
        assert!(done.report.dry_run);
        assert!(done.report.failure.unwrap().contains("item 0 of none"));
    }

    #[test]
    fn not_every_step_is_told() {
        let (steps, mut told) = tokio::sync::mpsc::unbounded_channel();
        let progress = Told { run: RunId(7), steps, at: Mutex::new(None) };
        progress.start(Phase::Writing, Some(100_000));
        for _ in 0..1000 {
            progress.advance(1);
        }
        let (run, first) = told.try_recv().unwrap();
        assert_eq!((run, first.done, first.total), (RunId(7), 0, Some(100_000)));
        let more = std::iter::from_fn(|| told.try_recv().ok()).count();
        assert!(more < 100, "{more}");
        assert_eq!(progress.at.lock().unwrap().unwrap().0.done, 1000);
    }
}
