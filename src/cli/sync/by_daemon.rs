//! Runs that the daemon does, where one runs.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tr::tr;

use super::Run;
use crate::cli::stored;
use crate::daemon::control::{Client, ControlError};
use crate::daemon::protocol::{Event, How, Reply, Request, RunId, State, Step, Ticket};
use crate::home::Home;
use crate::profile::Profile;
use crate::report::Report;
use crate::report::wording::shell_word;
use crate::state::ReportId;
use crate::sync::progress::Progress;

/// How long until it is seen again whether a run has ended that is not told of.
const AGAIN: Duration = Duration::from_millis(500);

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
        Reply::Done | Reply::Status { .. } | Reply::NoWindow | Reply::Answered(_) => {
            Err(ControlError::Unclear)
        }
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
            Err(_) => match later(home, profile).await {
                Some(Finished { report, id }) => {
                    let touched = id.and_then(|id| stored::touched(home, &profile.name, id, limit).ok());
                    Run { report, touched: touched.unwrap_or_default() }
                }
                None => cut_off(profile),
            },
        }
    }
}

/// How the run ended, where the daemon goes on and only did not tell (a process that is stopped for a while is not told
/// everything); none where it has ended.
async fn later(home: &Home, profile: &Profile) -> Option<Finished> {
    let mut client = Client::connect(home).await.ok()??;
    loop {
        let Ok(Reply::Status { status }) = client.ask(Request::Status).await else { return None };
        let state = status.profiles.into_iter().find(|status| status.name == profile.name.as_str())?.state;
        if !matches!(state, State::Queued | State::Running { .. }) {
            let (id, report) = stored::last_report(home, &profile.name).ok()??;
            return Some(Finished { report, id: Some(id) });
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn cut_off(profile: &Profile) -> Run {
    let name = profile.name.as_str();
    let why = tr!(
        "the Pimbridge in the background, which ran it, has ended in the middle of it; to go on where it stopped: \
         pimbridge sync {}",
        shell_word(name)
    );
    Run { report: Report::not_run(name, Timestamp::now(), why), touched: Vec::new() }
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
            Ok(Event::Status { .. } | Event::RunStarted { .. } | Event::Show { .. }) => {}
            Err(error) => {
                tracing::warn!("{error}");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::daemon::control::tests::Daemon;
    use crate::daemon::protocol::{NotRun, OnDeletions, Phase};
    use crate::profile::{Name, parse};
    use crate::report::{RunOutcome, fixtures::report};
    use crate::sync::progress;
    use crate::sync::progress::Silent;

    fn profile(name: &str, password: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/{name}\"\n[remote]\ntype = \"dav\"\n\
             url = \"https://s.example/{name}/\"\nuser = \"jana\"\n{password}\n"
        );
        parse(&Name::new(name).unwrap(), std::path::Path::new("p.toml"), &text).unwrap()
    }

    /// Writes down what it is told.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<Vec<String>>>);

    impl Told {
        fn say(&self, what: String) {
            self.0.lock().unwrap().push(what);
        }
    }

    impl Progress for Told {
        fn start(&self, phase: progress::Phase, total: Option<u64>) {
            self.say(format!("{phase:?} of {total:?}"));
        }

        fn advance(&self, steps: u64) {
            self.say(format!("+{steps}"));
        }

        fn done(&self) {
            self.say("done".to_owned());
        }
    }

    /// What becomes of these profiles at a daemon that promises to run "a" and "b".
    async fn asked(daemon: &mut Daemon, profiles: &[Profile], told: &Told) -> HashMap<String, Promised> {
        let (home, how) = (daemon.home(), How { deletions: OnDeletions::Allowed, ..How::default() });
        let progress = |_: &str| -> Box<dyn Progress> { Box::new(told.clone()) };
        let answers = async {
            let asked = daemon.requests.recv().await.unwrap();
            let Request::Sync { profiles, how } = asked.request else { panic!("{:?}", asked.request) };
            assert_eq!(profiles, ["a", "b", "c"]);
            assert_eq!(how.deletions, OnDeletions::Allowed);
            // It ends before the reply is read.
            daemon.events.send(finished(2, "b", RunOutcome::Held)).unwrap();
            let ticket = |profile: &str, run| Ticket { profile: profile.into(), run: RunId(run) };
            let refused = vec![NotRun { profile: "c".into(), why: "it is not known".into() }];
            asked.reply.send(Reply::Runs { runs: vec![ticket("a", 1), ticket("b", 2)], refused }).unwrap();
        };
        tokio::join!(ask(&home, profiles.iter(), how, progress), answers).0
    }

    fn finished(run: u64, profile: &str, outcome: RunOutcome) -> Event {
        let report = Box::new(Report { outcome, profile: profile.into(), ..report() });
        Event::RunFinished {
            run: RunId(run),
            profile: profile.into(),
            report_id: None,
            report,
            foreseen: vec![],
        }
    }

    #[tokio::test]
    async fn what_it_promises_and_what_it_does_not() {
        let mut daemon = Daemon::start();
        let profiles = ["a", "b", "c"].map(|name| profile(name, ""));
        let told = Told::default();
        let mut promised = asked(&mut daemon, &profiles, &told).await;
        assert!(!promised.contains_key("c"));
        for (phase, done, total) in
            [(Phase::LookingHere, 0, None), (Phase::Writing, 2, Some(9)), (Phase::Writing, 9, Some(9))]
        {
            let step = Step { phase, done, total };
            daemon.events.send(Event::Progress { run: RunId(1), profile: "a".into(), step }).unwrap();
        }
        daemon.events.send(finished(7, "a", RunOutcome::Failed)).unwrap();
        daemon.events.send(finished(1, "a", RunOutcome::Ok)).unwrap();
        for (profile, outcome) in profiles.iter().zip([RunOutcome::Ok, RunOutcome::Held]) {
            let run = promised.remove(profile.name.as_str()).unwrap();
            assert_eq!(run.end(&daemon.home(), profile, 9).await.report.outcome, outcome);
        }
        let told = told.0.lock().unwrap().join(", ");
        assert_eq!(told, "done, Looking(Local) of None, +0, Writing of Some(9), +2, +7, done");
    }

    #[tokio::test]
    async fn a_daemon_that_ends_in_the_middle() {
        let mut daemon = Daemon::start();
        let profiles = ["a", "b", "c"].map(|name| profile(name, ""));
        let mut promised = asked(&mut daemon, &profiles, &Told::default()).await;
        let home = daemon.home();
        drop(daemon);
        let run = promised.remove("a").unwrap().end(&home, &profiles[0], 9).await;
        assert_eq!(run.report.outcome, RunOutcome::Failed);
        assert!(run.report.failure.unwrap().contains("has ended in the middle"));
    }

    #[tokio::test]
    async fn what_is_done_here() {
        let progress = |_: &str| -> Box<dyn Progress> { Box::new(Silent) };
        let folder = tempfile::tempdir().unwrap();
        let plain = [profile("a", "")];
        let here = ask(&Home::at(folder.path()), plain.iter(), How::default(), progress).await;
        assert!(here.is_empty(), "no daemon runs");

        let mut daemon = Daemon::start();
        let proxy = "proxy = \"http://proxy.example\"\nproxy_user = \"jana\"";
        let here = [
            profile("a", "password_env = \"A\""),
            profile("b", "sign_in = \"token\"\npassword_env = \"A\""),
            profile("c", &format!("{proxy}\nproxy_password_env = \"A\"")),
            profile("d", "client_certificate = \"/d\"\nclient_certificate_password_env = \"A\""),
        ];
        assert!(here.iter().all(Profile::uses_environment));
        assert!(ask(&daemon.home(), here.iter(), How::default(), progress).await.is_empty());
        assert!(daemon.requests.try_recv().is_err(), "it is not asked");
        let elsewhere = format!("password_command = \"a\"\n{proxy}\nproxy_password_command = \"a\"");
        assert!(!profile("e", &elsewhere).uses_environment());
    }
}
