//! The loop: what happens goes to the schedule and to the notices, and what they say is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use super::clock::{Clock, Moment};
use super::control::{Asked, ControlError, Hub, Listener};
use super::known::Known;
use super::last::Last;
use super::lock::Lock;
use super::notices::{Ended, Notices, Tell, Told};
use super::protocol::{Answer, Event, How, NotRun, Reply, Request, RunId, State, Status, Step, Ticket};
use super::schedule::{Account, Begin, Do, End, Order, Planned, Schedule};
use super::status::Facts;
use super::watch::{Change, Watched, Watcher};
use super::{memory, run, stop};
use crate::collection::Href;
use crate::desktop::{self, Desktop, Wish};
use crate::home::{Home, HomeError};
use crate::profile::{self, Accounts, Name, Profile};
use crate::report::{Report, RunOutcome};
use crate::settings::{self, Background};
use crate::sync::run::{Deletions, Done, Obstacle, Options, Stop};

/// The longest time without looking at the clock: a sleep is noticed then.
const LOOK: Duration = Duration::from_secs(60);
/// How long a run may take to come to an end when the daemon ends.
const LAST_STEPS: Duration = Duration::from_secs(4);
/// How many items a look ahead tells of.
const FORESEEN: usize = 1000;
/// How many events a client may lag behind.
const EVENTS: usize = 256;

/// Why there is no daemon. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// The daemon of a home.
pub struct Daemon {
    home: Home,
    clock: Clock,
    known: Known,
    background: Background,
    schedule: Schedule,
    notices: Notices,
    last: BTreeMap<Name, Last>,
    accounts: Arc<Accounts>,
    stop: Stop,
    tasks: JoinSet<Ready>,
    runs: BTreeMap<RunId, Name>,
    steps: BTreeMap<RunId, Step>,
    progress: UnboundedSender<(RunId, Step)>,
    desktop: Box<dyn Desktop>,
    events: broadcast::Sender<Event>,
    status: watch::Sender<Arc<Status>>,
    since: Timestamp,
    watcher: Option<Watcher>,
    /// What is remembered of what was told.
    remembered: Told,
    /// What could not be read the last time: it is told once.
    unreadable: Option<String>,
    lock: Lock,
}

/// Something that was under way.
enum Ready {
    Run { run: RunId, profile: Profile, order: Order, by_hand: bool, done: Box<Done> },
    Secret { profile: Name, is_another: bool },
}

/// What comes from outside.
struct Inbox {
    requests: mpsc::Receiver<Asked>,
    wishes: UnboundedReceiver<Wish>,
    steps: UnboundedReceiver<(RunId, Step)>,
    changes: UnboundedReceiver<Change>,
}

/// Whether the daemon goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    End,
}

/// A daemon that is ready to work.
pub struct Running {
    daemon: Daemon,
    inbox: Inbox,
    listener: Listener,
    hub: Hub,
}

impl Running {
    /// Works until a person, the system or the session ends it.
    pub async fn run(mut self) {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "the daemon runs");
        let (listener, hub) = (self.listener, self.hub);
        let clients = tokio::spawn(async move { listener.serve(hub).await });
        self.daemon.work(&mut self.inbox).await;
        drop(self.inbox);
        let lock = self.daemon.end().await;
        // The socket goes first, so that it is not that of the next daemon; who waits for the end hears of it last.
        let clients = clients.await;
        drop(lock);
        if let Ok(clients) = clients {
            clients.leave().await;
        }
    }
}

impl Daemon {
    /// Makes ready the daemon of this home; none where it runs already.
    ///
    /// # Errors
    /// The folders cannot be made, or the control socket not be opened.
    pub fn start(home: &Home) -> Result<Option<Running>, DaemonError> {
        let Some(lock) = Lock::take(home)? else { return Ok(None) };
        let listener = Listener::bind(home)?;
        let (requests_in, requests) = mpsc::channel(16);
        let (wishes_in, wishes) = mpsc::unbounded_channel();
        let (progress, steps) = mpsc::unbounded_channel();
        let background = settings::load(home).map_or_else(
            |error| {
                tracing::warn!("{error}");
                Background::default()
            },
            |settings| settings.background,
        );
        let desktop = desktop::start(background.tray, wishes_in);
        let (changes_in, changes) = mpsc::unbounded_channel();
        let watcher = Watcher::start(home, changes_in);
        let watcher = watcher.inspect_err(|error| tracing::warn!("no folder is watched: {error}")).ok();
        let (events, _) = broadcast::channel(EVENTS);
        let since = Timestamp::now();
        let status = watch::Sender::new(Arc::new(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            since,
            paused: None,
            profiles: Vec::new(),
            parts: Vec::new(),
        }));
        let hub = Hub { requests: requests_in, events: events.clone(), status: status.subscribe() };
        let quiet = background.check_network;
        let remembered = memory::load(home);
        let notices = Notices::new(remembered.clone(), background.notify.clone(), quiet);
        let mut daemon = Daemon {
            home: home.clone(),
            clock: Clock::start(),
            known: Known::default(),
            background,
            schedule: Schedule::new(quiet),
            notices,
            last: BTreeMap::new(),
            accounts: Arc::default(),
            stop: Stop::default(),
            tasks: JoinSet::new(),
            runs: BTreeMap::new(),
            steps: BTreeMap::new(),
            progress,
            desktop,
            events,
            status,
            since,
            watcher,
            remembered,
            unreadable: None,
            lock,
        };
        daemon.reload();
        let now = daemon.clock.now();
        daemon.show(now);
        Ok(Some(Running { daemon, inbox: Inbox { requests, wishes, steps, changes }, listener, hub }))
    }

    async fn work(&mut self, inbox: &mut Inbox) {
        let told_to_end = stop::told();
        tokio::pin!(told_to_end);
        loop {
            let now = self.clock.now();
            for todo in self.schedule.advance(now) {
                self.begin(todo);
            }
            self.show(now);
            let wait = self.schedule.next(now).map_or(LOOK, |next| next.since(now)).min(LOOK);
            let then = tokio::select! {
                () = &mut told_to_end => Then::End,
                Some(asked) = inbox.requests.recv() => {
                    let (reply, then) = self.answer(asked.request);
                    // The client may be gone.
                    let _ = asked.reply.send(reply);
                    then
                }
                Some(wish) = inbox.wishes.recv() => self.fulfil(wish),
                Some(change) = inbox.changes.recv() => {
                    self.changed(change);
                    Then::GoOn
                }
                Some((run, step)) = inbox.steps.recv() => self.progressed(run, step),
                Some(ready) = self.tasks.join_next() => {
                    match ready {
                        Ok(ready) => self.ready(ready),
                        Err(error) => tracing::error!("a mistake in Pimbridge: {error}"),
                    }
                    Then::GoOn
                }
                () = tokio::time::sleep(wait) => {
                    self.reload();
                    Then::GoOn
                }
            };
            if then == Then::End {
                return;
            }
        }
    }

    /// Brings what is under way to an end, as far as that is quick.
    async fn end(mut self) -> Lock {
        tracing::info!("the daemon ends");
        self.stop.stop();
        let last_steps = async {
            while let Some(ready) = self.tasks.join_next().await {
                if let Ok(ready) = ready {
                    self.ready(ready);
                }
            }
        };
        if tokio::time::timeout(LAST_STEPS, last_steps).await.is_err() {
            tracing::warn!("what was under way is left; the next run goes on where it stopped");
        }
        self.lock
    }

    fn begin(&mut self, todo: Do) {
        match todo {
            Do::Run { run, profile, order, by_hand } => {
                let Some(profile) = self.known.profiles.get(&profile).cloned() else {
                    let end = End { obstacle: None, failed: true, why: String::new() };
                    self.schedule.finished(self.clock.now(), run, end);
                    return;
                };
                let Order { dry_run, deletions, only } = order.clone();
                let options =
                    Options { dry_run, deletions, only, automatic: !by_hand, stop: self.stop.clone() };
                let job = run::Job {
                    home: self.home.clone(),
                    profile: profile.clone(),
                    accounts: Arc::clone(&self.accounts),
                    options,
                    run,
                    steps: self.progress.clone(),
                };
                if let Some(watcher) = &self.watcher {
                    watcher.hold(&profile.name);
                }
                self.tell(Event::RunStarted { run, profile: profile.name.to_string() });
                self.runs.insert(run, profile.name.clone());
                self.tasks.spawn(async move {
                    let done = Box::new(run::run(job).await);
                    Ready::Run { run, profile, order, by_hand, done }
                });
            }
            Do::CheckSecret { profile } => {
                let Some(found) = self.known.profiles.get(&profile).cloned() else {
                    self.schedule.secret_checked(self.clock.now(), &profile, false);
                    return;
                };
                // Until the accounts can tell.
                self.tasks.spawn(async move {
                    drop(found);
                    Ready::Secret { profile, is_another: false }
                });
            }
        }
    }

    fn ready(&mut self, ready: Ready) {
        let now = self.clock.now();
        match ready {
            Ready::Secret { profile, is_another } => self.schedule.secret_checked(now, &profile, is_another),
            Ready::Run { run, profile, order, by_hand, done } => {
                let Done { report, id, mut foreseen, obstacle } = *done;
                let why = report.failure.clone().unwrap_or_default();
                let failed = report.outcome == RunOutcome::Failed;
                self.schedule.finished(now, run, End { obstacle, failed, why });
                (self.runs.remove(&run), self.steps.remove(&run));
                if let Some(watcher) = &self.watcher {
                    watcher.release(&profile.name);
                }
                if !order.dry_run {
                    if id.is_some() || !self.passes(obstacle) {
                        self.last.insert(profile.name.clone(), Last::of(&report, id));
                    }
                    let ended = Ended {
                        profile: &profile.name,
                        account: &Account::of(&profile),
                        report: &report,
                        obstacle: obstacle.as_ref(),
                        by_hand,
                        full: order.only.is_none(),
                    };
                    let told = self.notices.run_ended(ended);
                    self.say(told);
                }
                foreseen.truncate(FORESEEN);
                self.tell(Event::RunFinished {
                    run,
                    profile: profile.name.to_string(),
                    report_id: id.map(|id| id.0),
                    report: Box::new(report),
                    foreseen,
                });
            }
        }
    }

    fn changed(&mut self, change: Change) {
        match change {
            Change::Local { profile, files } => {
                self.schedule.local_changed(self.clock.now(), &profile, files);
            }
            Change::Profiles => self.reload(),
        }
    }

    fn progressed(&mut self, run: RunId, step: Step) -> Then {
        if let Some(profile) = self.runs.get(&run) {
            self.steps.insert(run, step);
            // Whoever asks sees it; those who follow are told of the step, not of everything.
            self.status.send_if_modified(|shown| {
                let mut profiles = Arc::make_mut(shown).profiles.iter_mut();
                if let Some(shown) = profiles.find(|shown| shown.name == profile.as_str()) {
                    shown.state = State::Running { step: Some(step) };
                }
                false
            });
            self.tell(Event::Progress { run, profile: profile.to_string(), step });
        }
        Then::GoOn
    }

    /// Nothing is told of such a run; the account's state is.
    fn passes(&self, obstacle: Option<Obstacle>) -> bool {
        match obstacle {
            Some(Obstacle::Offline) => self.background.check_network,
            Some(Obstacle::Busy { .. } | Obstacle::Elsewhere | Obstacle::Stopped) => true,
            _ => false,
        }
    }

    /// Does what a client asks for.
    fn answer(&mut self, request: Request) -> (Reply, Then) {
        let now = self.clock.now();
        let reply = match request {
            Request::Sync { profiles, how } => self.sync(now, &profiles, how),
            Request::Preview { profile } => {
                self.ask(now, &[profile], Order { dry_run: true, ..Order::everything() })
            }
            Request::Answer { profile, shown, answer } => {
                let deletions = match answer {
                    Answer::Delete => Deletions::AllowedUpTo(shown),
                    Answer::Keep => Deletions::kept(shown),
                };
                self.ask(now, &[profile], Order { deletions, ..Order::everything() })
            }
            Request::Pause { minutes } => {
                let until = minutes.map(|minutes| now.plus(Duration::from_secs(60 * u64::from(minutes))));
                self.schedule.pause(now, until);
                Reply::Done
            }
            Request::Resume => {
                self.schedule.resume();
                Reply::Done
            }
            Request::Status | Request::Follow => {
                Reply::Status { status: Box::new(Arc::unwrap_or_clone(Arc::clone(&self.status.borrow()))) }
            }
            Request::Stop => return (Reply::Done, Then::End),
        };
        (reply, Then::GoOn)
    }

    fn sync(&mut self, now: Moment, profiles: &[String], how: How) -> Reply {
        let How { allow_deletions, undo_deletions, accept_preview, only } = how;
        let deletions = match (allow_deletions, undo_deletions) {
            (true, true) => {
                let why = "deletions can be allowed or undone, but not both".to_owned();
                return Reply::Refused { why };
            }
            (true, false) => Deletions::Allowed,
            (false, true) => Deletions::UNDONE,
            (false, false) => Deletions::Guarded,
        };
        if accept_preview {
            for name in profiles {
                if let Err(error) = profile::accept_preview(&self.home, name) {
                    return Reply::Refused { why: error.to_string() };
                }
            }
        }
        let files: BTreeSet<Href> = only.into_iter().map(Href::new).collect();
        let order = if files.is_empty() { Order::everything() } else { Order::files(files) };
        self.ask(now, profiles, Order { deletions, ..order })
    }

    /// Has these profiles run, or all active ones.
    fn ask(&mut self, now: Moment, profiles: &[String], order: Order) -> Reply {
        self.reload();
        let refused = |(name, why): (&String, &String)| NotRun { profile: name.clone(), why: why.clone() };
        let (names, mut refused) = if profiles.is_empty() {
            let active = self.known.profiles.values().filter(|profile| profile.active);
            (
                active.map(|profile| profile.name.to_string()).collect(),
                self.known.broken.iter().map(refused).collect(),
            )
        } else {
            (profiles.to_vec(), Vec::new())
        };
        let mut runs = Vec::new();
        for profile in names {
            let name = self.known.to_run(&self.home, &profile).map(|found| found.name.clone());
            match name.map(|name| self.schedule.ask(now, &name, order.clone())) {
                Ok(Some(run)) => runs.push(Ticket { profile, run }),
                Ok(None) => refused.push(NotRun { profile, why: "it was just removed".to_owned() }),
                Err(why) => refused.push(NotRun { profile, why }),
            }
        }
        Reply::Runs { runs, refused }
    }

    /// Does what the person wishes on the desktop.
    fn fulfil(&mut self, wish: Wish) -> Then {
        let request = match wish {
            Wish::SyncAll => Request::Sync { profiles: Vec::new(), how: How::default() },
            Wish::Sync { profile } => Request::Sync { profiles: vec![profile], how: How::default() },
            Wish::Pause => Request::Pause { minutes: None },
            Wish::Resume => Request::Resume,
            Wish::Quit => Request::Stop,
            Wish::Answer { profile, shown, answer } => Request::Answer { profile, shown, answer },
            Wish::Open(_page) => return Then::GoOn,
        };
        let (reply, then) = self.answer(request);
        if let Reply::Runs { refused, .. } = reply {
            for NotRun { profile, why } in refused {
                tracing::warn!("{profile} does not run: {why}");
            }
        }
        then
    }

    /// Reads the profiles and the settings again, where they changed.
    fn reload(&mut self) {
        let mut wrong = Vec::new();
        match settings::load(&self.home) {
            Ok(settings) if settings.background != self.background => {
                self.background = settings.background;
                self.schedule.set_quiet_offline(self.background.check_network);
                self.notices.set_wanted(self.background.notify.clone(), self.background.check_network);
            }
            Ok(_) => {}
            Err(error) => wrong.push(error.to_string()),
        }
        let before: Vec<Profile> = self.known.profiles.values().cloned().collect();
        match self.known.reload(&self.home) {
            Ok(true) => self.replan(&before),
            Ok(false) => {}
            Err(error) => wrong.push(error.to_string()),
        }
        let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        if let Some(wrong) = wrong.as_ref().filter(|_| wrong != self.unreadable) {
            tracing::warn!("{wrong}");
        }
        self.unreadable = wrong;
    }

    /// Something else stands in the files of the profiles.
    fn replan(&mut self, before: &[Profile]) {
        let (now, wall) = (self.clock.now(), Timestamp::now());
        for (name, why) in &self.known.broken {
            tracing::warn!(profile = name, "it does not run: {why}");
        }
        // Another password may stand behind another way to sign in, or another server.
        let is_another =
            |old: &Profile| self.known.profiles.get(&old.name).is_none_or(|new| new.remote != old.remote);
        if before.iter().any(is_another) {
            self.accounts = Arc::default();
        }
        let (home, known) = (&self.home, &self.known);
        self.last
            .retain(|name, _| known.profiles.contains_key(name) || known.broken.contains_key(name.as_str()));
        for name in known.profiles.keys() {
            if !self.last.contains_key(name) {
                match Last::read(home, name) {
                    Ok(last) => drop(last.map(|last| self.last.insert(name.clone(), last))),
                    Err(error) => {
                        tracing::warn!(profile = name.as_str(), "its reports cannot be read: {error}")
                    }
                }
            }
        }
        let planned: Vec<Planned> = known.profiles.values().map(planned).collect();
        let accounts: Vec<(&Name, Account)> =
            known.profiles.values().map(|profile| (&profile.name, Account::of(profile))).collect();
        let told = self.notices.profiles(&accounts, &known.broken);
        if let Some(watcher) = &self.watcher {
            let watched = known
                .profiles
                .values()
                .filter(|profile| profile.sync_on_change && profile.active && !profile.preview_needed);
            watcher.set(watched.map(|profile| Watched::new(&self.home, profile)).collect());
        }
        let last = &self.last;
        let dropped = self.schedule.plan(now, planned, |name| Begin {
            ran: last.get(name).map(|last| last.ago(wall)),
            chance: chance(),
        });
        self.say(told);
        for (run, profile) in dropped {
            let why = "the profile was removed, or its file cannot be used any more".to_owned();
            let report = Box::new(Report::not_run(profile.as_str(), wall, why));
            let profile = profile.to_string();
            self.tell(Event::RunFinished { run, profile, report_id: None, report, foreseen: Vec::new() });
        }
    }

    fn say(&mut self, told: Vec<Tell>) {
        for tell in told {
            match tell {
                Tell::Notify(notice) => self.desktop.notify(notice),
                Tell::Withdraw(key) => self.desktop.withdraw(&key),
            }
        }
        if self.remembered != *self.notices.told() {
            self.remembered = self.notices.told().clone();
            memory::save(&self.home, &self.remembered);
        }
    }

    fn tell(&self, event: Event) {
        // It fails when nobody follows.
        let _ = self.events.send(event);
    }

    /// Shows how everything is, where that is not as it was.
    fn show(&mut self, now: Moment) {
        let facts = Facts {
            now,
            clock: &self.clock,
            known: &self.known,
            schedule: &self.schedule,
            last: &self.last,
            steps: &self.steps,
        };
        let status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            since: self.since,
            paused: facts.paused(),
            profiles: facts.profiles(),
            parts: self.desktop.parts(),
        };
        let is_new = self.status.send_if_modified(|shown| {
            let is_new = **shown != status;
            if is_new {
                *shown = Arc::new(status);
            }
            is_new
        });
        if is_new {
            self.desktop.show(&self.status.borrow());
        }
    }
}

fn planned(profile: &Profile) -> Planned {
    let minutes = u64::from(profile.interval_minutes);
    Planned {
        name: profile.name.clone(),
        account: Account::of(profile),
        by_itself: profile.active && !profile.preview_needed,
        interval: (minutes > 0).then(|| Duration::from_secs(60 * minutes)),
    }
}

/// A number from 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    // Without chance everything begins at the same time, which is no harm.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
