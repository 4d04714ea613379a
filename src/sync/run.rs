//! One run of one profile: observe, pair, plan, guard, apply, report.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use tr::tr;

use super::guard::{self, Guard};
use super::invitations::{self, Invitation};
use super::pairing::pair_new;
use super::plan::{Beside, Known, Plan, Trees, plan};
use super::policy::{Action, Conflict, Policy, Rule};
use super::prepare::Task;
use super::progress::{Phase, Progress};
use super::scope::Scope;
use super::sift::{alone_on, asleep, sift};
use super::work::{Totals, work};
use super::{Side, Sides, apply, look, observe, quarantine, undo, words};
use crate::collection::{Collection, CollectionError, Href, Trouble};
use crate::item::Kind;
use crate::report::{Held, HeldItems, Problem, Report, RunOutcome, Touched};
use crate::state::{Aside, ReportId, State, StateError, Subject, Tree, Write};

pub use super::obstacle::Obstacle;
pub use super::options::{Deletions, Only, Options, Stop};

/// How often a run looks again at what was changed by others under its hands.
const ROUNDS: usize = 3;

/// A profile that is to be synchronized, with all that it takes.
#[derive(Clone)]
pub struct Job<'a> {
    pub profile: &'a str,
    pub kind: Kind,
    pub policy: Policy,
    /// The policy is what the person decided about the items of this run.
    pub decided: bool,
    pub scope: Scope,
    /// Name and colour of the two collections are kept the same.
    pub name_and_color: bool,
    pub guard: Guard,
    /// How many items are worked on in one go: they are in memory together, and recorded together.
    pub chunk_size: usize,
    /// How long versions are kept.
    pub keep: SignedDuration,
    /// How long reports are kept; for ever where it is not known.
    pub keep_reports: Option<SignedDuration>,
    pub collections: Sides<&'a dyn Collection>,
    pub state: &'a State,
    /// Where the password comes from and how to correct it: told when the sign-in is refused.
    pub sign_in_hint: &'a str,
    pub clock: &'a (dyn Fn() -> Timestamp + Send + Sync),
    pub progress: &'a dyn Progress,
}

/// What ended a run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{1}")]
    Collection(Side, CollectionError),
    /// The profile's options do not go with what it did before; the text is a sentence with a way out.
    #[error("{0}")]
    Options(String),
    #[error("{}", tr!("The run was interrupted. The next run goes on where it stopped."))]
    Stopped,
    #[error(transparent)]
    State(#[from] StateError),
}

/// A run: its report, and the items that it touched where they are not in the state's report (a dry run).
#[derive(Debug)]
pub struct Done {
    pub report: Report,
    /// The report's number; `None` for a dry run, which is not recorded.
    pub id: Option<ReportId>,
    /// What a dry run would touch.
    pub foreseen: Vec<Touched>,
    /// What kept it from being done.
    pub obstacle: Option<Obstacle>,
    /// The server answered it.
    pub reached: bool,
}

/// What came of a chunk.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub touched: Vec<Touched>,
    pub linked: u64,
    pub held: HeldItems,
    /// What is left of a forgotten pair is new now, and may be in scope.
    pub leaves_new: bool,
    pub problems: Vec<Problem>,
    /// Items to be looked at again in this run.
    pub unsettled: Vec<Unsettled>,
    /// Where something else was found than expected.
    pub stale: Sides<Vec<Href>>,
    /// How many bytes the contents took.
    pub bytes: usize,
    /// Meetings that are new on the server, in a first run.
    pub invitations: Vec<Invitation>,
}

/// An item that could not be settled in a round.
#[derive(Debug)]
pub(super) struct Unsettled {
    /// What the report says of it, if that is still so at the end of the run.
    pub problem: Problem,
    /// How it is left alone then.
    pub aside: Option<Aside>,
}

impl Tally {
    pub(super) fn touch(&mut self, touched: Touched) {
        self.touched.push(touched);
    }

    /// The task would delete on this side, and waits for the person's yes.
    pub(super) fn hold(&mut self, side: Side, task: &Task) {
        let name = |href: &Href| {
            let version = task.versions[side].as_ref();
            version.map_or_else(|| href.to_string(), |version| version.facts.summary.clone())
        };
        self.held[side].extend(task.row.subject[side].clone().map(|href| (href.clone(), name(&href))));
    }
}

/// A run at work.
pub(super) struct Run<'a> {
    pub job: &'a Job<'a>,
    /// When it began.
    pub started: Timestamp,
    /// Nothing was in sync before it.
    pub is_first: bool,
    pub asides: HashMap<Subject, Aside>,
    pub log: Log,
}

/// The stored report that touched items are added to.
pub(super) struct Log {
    report: Option<ReportId>,
    next: AtomicU64,
}

impl Log {
    /// Adds what was touched to the stored report.
    pub(super) fn write(&self, w: &Write<'_>, tally: &Tally) -> crate::state::Result<()> {
        let Some(report) = self.report else { return Ok(()) };
        for touched in &tally.touched {
            w.add_touched(report, self.next.fetch_add(1, Ordering::Relaxed), touched)?;
        }
        Ok(())
    }
}

/// Runs a profile once. Whatever happens, there is a report; only a state that cannot be used is an error.
pub async fn run(job: &Job<'_>, options: &Options) -> Result<Done, StateError> {
    let started = (job.clock)();
    let before = traffic(job);
    // As it is to be read while the run goes on, or if it is killed.
    let mut report = Report::not_run(job.profile, started, RunError::Stopped.to_string());
    report.unfinished = true;
    report.dry_run = options.dry_run;
    report.automatic = options.automatic;
    report.part = !options.is_whole();
    report.notices = job.state.notices().to_vec();
    let mut foreseen = Vec::new();
    let (mut id, mut looked) = (None, false);
    let result = rounds(job, options, &mut report, &mut id, &mut foreseen, &mut looked).await;
    if result.is_ok() && options.is_whole() && job.name_and_color && !options.stop.is_told() {
        report.notices.extend(look::keep(job, options.dry_run).await?);
    }
    job.progress.done();
    report.unfinished = false;
    let obstacle = result.as_ref().err().map(Obstacle::from);
    let requests = traffic(job).requests - before.requests;
    let reached = match &result {
        Ok(()) => requests > 0,
        Err(RunError::Collection(Side::Remote, _)) => true,
        Err(_) => looked && requests > 0,
    };
    report.failure = match result {
        Ok(()) => None,
        Err(RunError::Collection(_, error))
            if error.trouble == Trouble::SignIn && !job.sign_in_hint.is_empty() =>
        {
            Some(format!("{}. {}", error.message.trim_end_matches('.'), job.sign_in_hint))
        }
        Err(RunError::Collection(_, error)) => Some(error.message),
        Err(RunError::State(error @ StateError::Damaged)) => return Err(error),
        Err(error @ (RunError::Options(_) | RunError::Stopped | RunError::State(_))) => {
            Some(error.to_string())
        }
    };
    report.parked = job.state.parked()?;
    report.outcome = if report.failure.is_some() {
        RunOutcome::Failed
    } else if report.held != Held::default() {
        RunOutcome::Held
    } else if !report.problems.is_empty() || report.parked > 0 {
        RunOutcome::Partial
    } else {
        RunOutcome::Ok
    };
    let after = traffic(job);
    report.requests = after.requests - before.requests;
    report.bytes_in = after.bytes_in - before.bytes_in;
    report.bytes_out = after.bytes_out - before.bytes_out;
    report.seconds = (job.clock)().duration_since(started).as_secs_f64();
    if !options.dry_run {
        let is_worth_nothing = report.is_repetitive() && obstacle.is_some_and(Obstacle::passes_by_itself);
        id = job.state.write(|w| {
            let id = match id {
                Some(id) if is_worth_nothing => w.drop_report(id).map(|()| None)?,
                None if is_worth_nothing => None,
                id => Some(w.end_report(id, &report)?),
            };
            w.prune_daily(started, job.keep, job.keep_reports)?;
            Ok(id)
        })?;
    }
    Ok(Done { report, id, foreseen, obstacle, reached })
}

fn traffic(job: &Job<'_>) -> crate::collection::Traffic {
    let [local, remote] = Side::BOTH.map(|side| job.collections[side].traffic());
    crate::collection::Traffic {
        requests: local.requests + remote.requests,
        bytes_in: local.bytes_in + remote.bytes_in,
        bytes_out: local.bytes_out + remote.bytes_out,
    }
}

async fn rounds(
    job: &Job<'_>,
    options: &Options,
    report: &mut Report,
    id: &mut Option<ReportId>,
    foreseen: &mut Vec<Touched>,
    looked: &mut bool,
) -> Result<(), RunError> {
    let mut known = None;
    let mut asleep_at_first = None;
    let said = undo::begin(job, options)?;
    let rule = Rule { policy: job.policy, undone: said.undone };
    // What the person has seen and said yes to.
    let mut agreed = None;
    for round in 1..=ROUNDS {
        options.stop.check()?;
        let (sides, only) = look_at_both(job, options.only.as_ref()).await?;
        *looked = true;
        let mut trees = Trees { sides, pairs: job.state.pairs()? };
        let asides = job.state.asides()?;
        if quarantine::of_nothing(&asides, &trees).next().is_some() {
            job.state.write(|w| quarantine::of_nothing(&asides, &trees).try_for_each(|s| w.drop_aside(s)))?;
        }
        let (items, in_sync) = *known.get_or_insert_with(|| {
            let items = |side| trees.sides[side].len() as u64;
            let own = |side| items(side).saturating_sub(quarantine::foreign(&asides, &trees, side));
            (Sides::from_fn(own), trees.pairs.len() as u64)
        });
        let set_aside = quarantine::in_force(&asides, &trees, job.policy, report.started);
        let mut alone = quarantine::with_their_parts(&set_aside, &trees);
        if let (Some(only), true) = (&only, job.decided) {
            leave_others_alone(&trees, only, &mut alone);
        }

        options.stop.check()?;
        let sifted = sift(job, &trees, &asides, &mut alone).await?;
        let unread = quarantine::unread(&asides, &set_aside);
        let read_before = quarantine::read_before(&asides, &set_aside);
        let paired = pair_new(job, &mut trees, &sifted.outside, unread, &read_before, &mut alone).await?;
        let kept = undo::keep(job, options, &said, &trees, &paired.matched, &sifted.asleep, &alone)?;
        let known = Known { matched: &paired.matched, asleep: &sifted.asleep, aside: &alone, kept: &kept };
        let mut plan = plan(rule, &trees, known);
        options.stop.check()?;
        if round == 1 {
            report.found = plan.found;
        }
        if let Some(mut only) = only {
            for (old, new) in paired.renamed {
                if only.local.contains(&old) {
                    only.local.insert(new);
                }
            }
            plan.rows.retain(|row| is_among(&row.subject, &only));
            if !options.dry_run {
                drop_moot(job, &asides, &set_aside, &plan, |subject| is_among(subject, &only))?;
            }
        } else if !options.dry_run {
            drop_moot(job, &asides, &set_aside, &plan, |_| true)?;
        }
        let deletions = guard::deletions(&plan);
        // Counted before any is forgotten.
        let forgets = plan.rows.iter().any(|row| row.action == Action::Forget);
        if asleep_at_first.is_none() && (forgets || deletions != Sides::default()) {
            asleep_at_first = Some(asleep(job, &trees)?);
        }
        let asleep = asleep_at_first.unwrap_or_default();
        drop(trees);

        // What is found now replaces what the round before said of the same items.
        report.problems = set_aside
            .iter()
            .filter_map(|s| quarantine::standing_problem(asides.get(s)?, report.started))
            .collect();
        report.problems.extend(paired.problems);
        report.problems.sort_by(|a, b| (a.side, &a.item).cmp(&(b.side, &b.item)));
        if round == 1 && paired.ambiguous > 0 {
            report.notices.push(tr!(
                "1 new item looks like more than one on the other side, so it was not linked; all are kept. If they are twins, delete one of each two."
                    | "{n} new items look like more than one on the other side, so none was linked; both are kept. If they are twins, delete one of each two."
                    % paired.ambiguous
            ));
        }
        if let (1, true, true, Policy::TwoWay(conflict)) = (round, options.dry_run, in_sync == 0, job.policy)
            && conflict != Conflict::Merge
        {
            report.notices.push(words::recommend_merge(job.profile, conflict));
        }
        if plan.rows.is_empty() {
            report.held = Held::default();
            if paired.incomplete && round < ROUNDS {
                continue;
            }
            return Ok(());
        }

        let done = Sides { local: report.local.deleted, remote: report.remote.deleted };
        // What a later round finds besides was not seen.
        let agreed = agreed.get_or_insert_with(|| options.deletions.agreed(&said.seen, &deletions));
        let held = Sides::from_fn(|side| {
            let number = deletions[side].len() as u64;
            number > 0
                && !agreed[side].covers(&deletions[side])
                && job.guard.holds(
                    number + done[side],
                    items[side].saturating_sub(asleep.items[side]),
                    in_sync.saturating_sub(asleep.pairs),
                )
        });
        if !options.dry_run && id.is_none() {
            *id = Some(job.state.write(|w| w.begin_report(report))?);
        }
        let log = Log { report: *id, next: AtomicU64::new(report.local.total() + report.remote.total()) };
        let run = Run { job, started: report.started, is_first: in_sync == 0, asides, log };
        let mut total = Totals {
            report,
            held: HeldItems::default(),
            leaves_new: false,
            unsettled: Vec::new(),
            stale: Sides::default(),
            invitations: Vec::new(),
        };
        work(&run, options, plan, held, &mut total, foreseen).await?;
        let Totals { held, leaves_new, unsettled, stale, invitations, .. } = total;
        report.notices.extend(invitations::notice(job, invitations, options.dry_run).await);
        report.held = Held::of(&held);
        if !options.dry_run {
            undo::shown(job, &held)?;
        }
        if unsettled.is_empty() && !((paired.incomplete || leaves_new) && round < ROUNDS) {
            return Ok(());
        }
        if round == ROUNDS || options.dry_run {
            job.state.write(|w| {
                unsettled.iter().filter_map(|u| u.aside.as_ref()).try_for_each(|a| w.put_aside(a))
            })?;
            report.problems.extend(unsettled.into_iter().map(|unsettled| unsettled.problem));
            return Ok(());
        }
        apply::look_at_stale(job, &stale).await?;
    }
    Ok(())
}

/// Looks at both sides at the same time; what they hold now. Where the run is limited to some items, what those are:
/// then the server is asked about nothing else.
pub(super) async fn look_at_both(
    job: &Job<'_>,
    only: Option<&Only>,
) -> Result<(Sides<Tree>, Option<Only>), RunError> {
    job.progress.start(Phase::Looking(Side::Remote), None);
    if let Some(why) = job.scope.remember(job.state)? {
        return Err(RunError::Options(why));
    }
    let is_known = job.state.cursor(Side::Remote)?.is_some() || !job.state.tree(Side::Remote)?.is_empty();
    if let (Some(only), true) = (only, is_known) {
        let local = observe::observe(job, Side::Local).await?;
        let remote = observe::observe_only(job, &local, only).await?;
        return Ok((Sides { local, remote }, Some(only.clone())));
    }
    let (local, remote) = futures_util::future::try_join(
        observe::observe(job, Side::Local),
        observe::observe(job, Side::Remote),
    )
    .await?;
    Ok((Sides { local, remote }, only.cloned()))
}

pub(super) fn is_among(subject: &Subject, only: &Only) -> bool {
    Side::BOTH.into_iter().any(|side| subject[side].as_ref().is_some_and(|href| only[side].contains(href)))
}

/// New items that the person did not decide about are not paired with those that were decided about.
fn leave_others_alone(trees: &Trees, only: &Only, alone: &mut HashSet<Subject>) {
    for side in Side::BOTH {
        let others = Beside::of(trees, side).new.into_iter().filter(|(href, _)| !only[side].contains(*href));
        alone.extend(others.map(|(href, _)| alone_on(side, href)));
    }
}

/// Forgets the conflicts that do not wait for the person any more and about which nothing is to be done.
fn drop_moot(
    job: &Job<'_>,
    asides: &HashMap<Subject, Aside>,
    set_aside: &HashSet<Subject>,
    plan: &Plan,
    of_this_run: impl Fn(&Subject) -> bool,
) -> Result<(), StateError> {
    let mut moot: HashSet<&Subject> =
        quarantine::moot(asides, set_aside).filter(|subject| of_this_run(subject)).collect();
    if moot.is_empty() {
        return Ok(());
    }
    for row in &plan.rows {
        moot.remove(&row.subject);
    }
    job.state.write(|w| moot.into_iter().try_for_each(|subject| w.drop_aside(subject)))
}
