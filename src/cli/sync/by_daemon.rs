//! Runs that the daemon does, where one runs.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::Run;
use crate::cli::stored;
use crate::daemon::control::{Client, ControlError};
use crate::daemon::protocol::{Event, How, Reply, Request, RunId, Step, Ticket};
use crate::home::Home;
use crate::profile::Profile;
use crate::report::Report;
use crate::report::text::shell_word;
use crate::state::ReportId;
use crate::sync::progress::Progress;

/// A run that the daemon has promised.
pub struct Promised(oneshot::Receiver<Finished>);

/// How a run of the daemon ended.
struct Finished {
    report: Report,
    id: Option<ReportId>,
}

/// Asks the daemon to run these profiles. What it does not promise, because there is no daemon or for a reason of its
/// own, is left to this process: so it has no say in whether a profile runs.
pub async fn ask<'a>(
    home: &Home,
    profiles: impl Iterator<Item = &'a Profile>,
    how: How,
    progress: impl Fn(&str) -> Box<dyn Progress>,
) -> HashMap<String, Promised> {
    // A secret in a variable is only in this process.
    let names =
        profiles.filter(|profile| !profile.uses_environment()).map(|profile| profile.name.to_string());
    match promised(home, names.collect(), how).await {
        Ok(Some((client, tickets))) => {
            let mut promised = HashMap::new();
            let mut runs = HashMap::new();
            for Ticket { profile, run } in tickets {
                let (to, from) = oneshot::channel();
                runs.insert(run, Watched { progress: progress(&profile), last: None, to });
                promised.insert(profile, Promised(from));
            }
            tokio::spawn(watch(client, runs));
            promised
        }
        Ok(None) => HashMap::new(),
        Err(error) => {
            tracing::info!("the daemon is not asked: {error}");
            HashMap::new()
        }
    }
}

async fn promised(
    home: &Home,
    profiles: Vec<String>,
    how: How,
) -> Result<Option<(Client, Vec<Ticket>)>, ControlError> {
    if profiles.is_empty() {
        return Ok(None);
    }
    let Some(mut client) = Client::connect(home).await? else { return Ok(None) };
    client.follow().await?;
    match client.ask(Request::Sync { profiles, how }).await? {
        Reply::Runs { runs, refused } => {
            for not_run in refused {
                tracing::info!("the daemon does not run {}: {}", not_run.profile, not_run.why);
            }
            Ok(Some((client, runs)))
        }
        Reply::Refused { why } => Err(ControlError::Refused(why)),
        Reply::Done | Reply::Status { .. } => Err(ControlError::Unclear),
    }
}

impl Promised {
    /// Waits until the run has ended; the report of one that was cut off says so.
    pub async fn end(self, home: &Home, profile: &Profile, limit: usize) -> Run {
        match self.0.await {
            Ok(Finished { report, id }) => {
                let touched = id.and_then(|id| stored::touched(home, &profile.name, id, limit).ok());
                Run { report, touched: touched.unwrap_or_default() }
            }
            Err(_) => {
                let name = profile.name.as_str();
                let why = format!(
                    "the Pimbridge in the background, which ran it, has ended in the middle of it; to go on where it \
                     stopped: pimbridge sync {}",
                    shell_word(name)
                );
                Run { report: Report::not_run(name, Timestamp::now(), why), touched: Vec::new() }
            }
        }
    }
}

/// A run whose progress is shown.
struct Watched {
    progress: Box<dyn Progress>,
    last: Option<Step>,
    to: oneshot::Sender<Finished>,
}

impl Watched {
    fn step(&mut self, step: Step) {
        let before = match self.last {
            Some(last) if (last.phase, last.total) == (step.phase, step.total) && last.done <= step.done => {
                last.done
            }
            _ => {
                self.progress.start(step.phase.into(), step.total);
                0
            }
        };
        self.progress.advance(step.done - before);
        self.last = Some(step);
    }
}

/// Passes on what happens in these runs, until all have ended or the daemon is gone.
async fn watch(mut client: Client, mut runs: HashMap<RunId, Watched>) {
    while !runs.is_empty() {
        match client.event().await {
            Ok(Event::Progress { run, step, .. }) => {
                if let Some(watched) = runs.get_mut(&run) {
                    watched.step(step);
                }
            }
            Ok(Event::RunFinished { run, report, report_id, .. }) => {
                if let Some(Watched { progress, to, .. }) = runs.remove(&run) {
                    progress.done();
                    // Who asked may not wait any more.
                    let _ = to.send(Finished { report: *report, id: report_id.map(ReportId) });
                }
            }
            Ok(Event::Status { .. } | Event::RunStarted { .. }) => {}
            Err(error) => {
                tracing::warn!("{error}");
                return;
            }
        }
    }
}
