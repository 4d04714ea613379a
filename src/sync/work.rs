//! Working through a plan: chunks of it are prepared and applied, a few at a time.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;

use super::invitations::{self, Invitation};
use super::memory::Memory;
use super::plan::{Plan, Row};
use super::policy::Action;
use super::prepare::prepare;
use super::progress::Phase;
use super::run::{Options, Run, RunError, Tally, Unsettled};
use super::{Side, Sides, apply};
use crate::collection::{Href, Trouble};
use crate::report::{HeldItems, Operation, Report, Touched};

/// What the chunks of a round come to.
pub(super) struct Totals<'a> {
    pub report: &'a mut Report,
    /// What is held back.
    pub held: HeldItems,
    pub leaves_new: bool,
    pub unsettled: Vec<Unsettled>,
    pub stale: Sides<Vec<Href>>,
    /// The meetings that are new on the server.
    pub invitations: Vec<Invitation>,
}

impl Totals<'_> {
    fn add(&mut self, tally: Tally) -> Vec<Touched> {
        for touched in &tally.touched {
            let counts = match touched.side {
                Side::Local => &mut self.report.local,
                Side::Remote => &mut self.report.remote,
            };
            match touched.operation {
                Operation::Create => counts.created += 1,
                Operation::Update => counts.updated += 1,
                Operation::Delete => counts.deleted += 1,
            }
            tracing::debug!(
                profile = self.report.profile,
                side = ?touched.side,
                operation = ?touched.operation,
                item = touched.item,
                summary = touched.summary,
                "{}",
                touched.why
            );
            self.report.conflicts += u64::from(touched.conflict);
        }
        self.report.linked += tally.linked;
        self.leaves_new |= tally.leaves_new;
        self.report.problems.extend(tally.problems);
        self.unsettled.extend(tally.unsettled);
        for (side, held) in [(Side::Local, tally.held.local), (Side::Remote, tally.held.remote)] {
            self.held[side].extend(held);
        }
        self.invitations.extend(tally.invitations);
        self.stale.local.extend(tally.stale.local);
        self.stale.remote.extend(tally.stale.remote);
        tally.touched
    }
}

/// Works through the plan in chunks, a few at a time. When one stops, or the run is told to stop, those on their way are still
/// brought to their end and recorded, and what does not need the side that stopped it is still done.
pub(super) async fn work(
    run: &Run<'_>,
    options: &Options,
    plan: Plan,
    held: Sides<bool>,
    totals: &mut Totals<'_>,
    foreseen: &mut Vec<Touched>,
) -> Result<(), RunError> {
    let job = run.job;
    job.progress.start(Phase::Writing, Some(plan.rows.len() as u64));
    let mut rows: VecDeque<Row> = plan.rows.into();
    let one = |rows: Vec<Row>| async move {
        let count = rows.len() as u64;
        let chunk = prepare(job, rows).await?;
        let invitations = if run.is_first { invitations::of(&chunk) } else { Vec::new() };
        let (tally, stopped) = match options.dry_run {
            true => (apply::foresee(job, chunk, held), None),
            false => apply::apply(run, chunk, held).await?,
        };
        Ok::<_, RunError>((Tally { invitations, ..tally }, stopped, count))
    };
    let mut chunks = FuturesOrdered::new();
    let mut failure = None;
    let mut memory = Memory::default();
    loop {
        if options.stop.is_told() && !rows.is_empty() {
            rows.clear();
            failure.get_or_insert(RunError::Stopped);
        }
        while chunks.len() < memory.chunks_in_flight() && !rows.is_empty() {
            let size = memory.chunk_size(job.chunk_size).min(rows.len());
            chunks.push_back(one(rows.drain(..size).collect()));
        }
        let Some(done) = chunks.next().await else { break };
        match done {
            Ok((tally, stopped, count)) => {
                memory.learn(count, tally.bytes);
                let touched = totals.add(tally);
                if options.dry_run {
                    foreseen.extend(touched);
                }
                job.progress.advance(count);
                if let Some((side, error)) = stopped {
                    // A side that can only be read keeps nothing from being written to the other.
                    let only_read = matches!(error.trouble, Trouble::Forbidden | Trouble::Storage);
                    rows.retain(|row| only_read && writes_only_to(row, side.other()));
                    failure.get_or_insert(RunError::Collection(side, error));
                }
            }
            Err(error) => {
                rows.clear();
                failure.get_or_insert(error);
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

fn writes_only_to(row: &Row, side: Side) -> bool {
    match row.action {
        Action::Write(to) => to == side,
        Action::Delete(on) => on == side,
        Action::Forget => true,
        Action::Nothing | Action::WriteNewer | Action::Merge | Action::Park => false,
    }
}
