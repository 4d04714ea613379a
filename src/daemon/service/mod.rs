//! The loop: what happens goes to the schedule and to the notices, and what they say is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinSet;

use crate::collection::dav::Newsreader;
use crate::daemon::clock::{Clock, Moment};
use crate::daemon::control::{Asked, ControlError, Hub, Listener, Windows};
use crate::daemon::known::Known;
use crate::daemon::last::Last;
use crate::daemon::lock::Lock;
use crate::daemon::notices::{Notices, Tell, Told};
use crate::daemon::poll::{Looks, Polled};
use crate::daemon::protocol::{Event, Page, Part, Reply, RunId, Status, Step};
use crate::daemon::schedule::{Access, Account, Schedule};
use crate::daemon::status::Facts;
use crate::daemon::trim::trim;
use crate::daemon::watch::{Change, Watcher};
use crate::daemon::{memory, stop};
use crate::desktop::{Desktop, Shown, Wish};
use crate::home::{Home, HomeError};
use crate::profile::{Accounts, Name, Profile};
use crate::settings::{self, Settings};
use crate::sync::run::Stop;

mod elsewhere;
mod files;
mod looks;
mod requests;
mod runs;
mod show;

use elsewhere::Stamp;
use files::Stamps;
use runs::Ran;

/// The longest time without looking at the clock: a sleep is noticed then.
const LOOK: Duration = Duration::from_secs(60);
/// How long a run may take to come to an end when the daemon ends.
const LAST_STEPS: Duration = Duration::from_secs(4);
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
    settings: Settings,
    schedule: Schedule,
    notices: Notices,
    last: BTreeMap<Name, Last>,
    /// The last look ahead at each profile that went well, and the profile as it was then.
    foreseen: BTreeMap<Name, (RunId, Profile)>,
    /// As the states were when they were read last, or written.
    states: BTreeMap<Name, Stamp>,
    accounts: Arc<Accounts>,
    stop: Stop,
    tasks: JoinSet<Ready>,
    runs: BTreeMap<RunId, Name>,
    steps: BTreeMap<RunId, Step>,
    progress: UnboundedSender<(RunId, Step)>,
    desktop: Desktop,
    windows: Windows,
    /// Whether a page is on its way to the person.
    opens: bool,
    /// The page that comes after it.
    wanted: Option<Page>,
    events: broadcast::Sender<Event>,
    status: watch::Sender<Arc<Status>>,
    since: Timestamp,
    watcher: Option<Watcher>,
    looks: Looks,
    reader: Arc<Newsreader>,
    /// What is remembered of what was told.
    remembered: Told,
    /// What could not be read the last time: it is told once.
    unreadable: Option<String>,
    /// As the files were when they were looked at last.
    stamps: Stamps,
    /// When they are looked at next.
    look: Moment,
    lock: Lock,
}

/// Something that was under way.
enum Ready {
    Run(Box<Ran>),
    Secret {
        access: Box<Access>,
        is_another: bool,
    },
    Look {
        account: Box<Account>,
        found: Polled,
    },
    Page {
        failed: Option<String>,
    },
    /// A question was answered: the person signed in for a profile, or items of one were worked on.
    Answered {
        reply: Box<Reply>,
        to: oneshot::Sender<Reply>,
        changes_files: bool,
        signed_in: Option<String>,
        worked_on: Option<Name>,
    },
}

/// What comes from outside.
struct Inbox {
    requests: mpsc::Receiver<Asked>,
    wishes: UnboundedReceiver<Wish>,
    shown: UnboundedReceiver<Shown>,
    steps: UnboundedReceiver<(RunId, Step)>,
    changes: UnboundedReceiver<Change>,
    /// What of the desktop there is.
    parts: watch::Receiver<Vec<Part>>,
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
        let (shown_in, shown) = mpsc::unbounded_channel();
        let (progress, steps) = mpsc::unbounded_channel();
        let settings = settings::load(home).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            Settings::default()
        });
        let desktop = Desktop::start(settings.background.tray, wishes_in, shown_in);
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
        let hub = Hub {
            requests: requests_in,
            events: events.clone(),
            status: status.subscribe(),
            windows: Windows::default(),
        };
        let windows = hub.windows.clone();
        let quiet = settings.background.check_network;
        let remembered = memory::load(home);
        let notices = Notices::new(remembered.clone(), settings.background.notify.clone(), quiet);
        let mut daemon = Daemon {
            home: home.clone(),
            clock: Clock::start(),
            known: Known::default(),
            settings,
            schedule: Schedule::new(quiet),
            notices,
            last: BTreeMap::new(),
            foreseen: BTreeMap::new(),
            states: BTreeMap::new(),
            accounts: Arc::default(),
            stop: Stop::default(),
            tasks: JoinSet::new(),
            runs: BTreeMap::new(),
            steps: BTreeMap::new(),
            progress,
            desktop,
            windows,
            opens: false,
            wanted: None,
            events,
            status,
            since,
            watcher,
            looks: Looks::default(),
            reader: Arc::default(),
            remembered,
            unreadable: None,
            stamps: Stamps::default(),
            look: Moment::default(),
            lock,
        };
        daemon.reload();
        daemon.stamps = daemon.stamps();
        let now = daemon.clock.now();
        let parts = daemon.desktop.parts();
        daemon.show(now);
        Ok(Some(Running {
            daemon,
            inbox: Inbox { requests, wishes, shown, steps, changes, parts },
            listener,
            hub,
        }))
    }

    async fn work(&mut self, inbox: &mut Inbox) {
        let told_to_end = stop::told();
        tokio::pin!(told_to_end);
        loop {
            let now = self.clock.now();
            if self.look <= now {
                self.look_at_files();
                self.look = now.plus(LOOK);
            }
            for todo in self.schedule.advance(now) {
                self.begin(todo);
            }
            self.begin_looks(now);
            self.show(now);
            let next = [self.schedule.next(now), self.looks.next()].into_iter().flatten();
            let wait = next.fold(self.look, Moment::min).since(now);
            let then = tokio::select! {
                () = &mut told_to_end => Then::End,
                Some(asked) = inbox.requests.recv() => self.take(asked),
                Some(wish) = inbox.wishes.recv() => self.fulfil(wish),
                Some(shown) = inbox.shown.recv() => {
                    self.notices.shown(shown);
                    self.remember();
                    Then::GoOn
                }
                // It is shown when the loop begins anew.
                Ok(()) = inbox.parts.changed() => Then::GoOn,
                Some(change) = inbox.changes.recv() => {
                    self.changed(change);
                    Then::GoOn
                }
                Some((run, step)) = inbox.steps.recv() => {
                    self.progressed(run, step);
                    Then::GoOn
                }
                Some(ready) = self.tasks.join_next() => {
                    match ready {
                        Ok(ready) => self.ready(ready),
                        Err(error) => tracing::error!("a mistake in Pimbridge: {error}"),
                    }
                    if self.tasks.is_empty() {
                        trim();
                    }
                    Then::GoOn
                }
                () = tokio::time::sleep(wait) => Then::GoOn,
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

    fn ready(&mut self, ready: Ready) {
        let now = self.clock.now();
        match ready {
            Ready::Secret { access, is_another } => self.schedule.secret_checked(now, &access, is_another),
            Ready::Look { account, found } => self.looked(now, &account, found),
            Ready::Run(ran) => self.ran(now, *ran),
            Ready::Page { failed } => self.opened(failed.as_deref()),
            Ready::Answered { reply, to, changes_files, signed_in, worked_on } => {
                if changes_files {
                    self.reload();
                    self.show(now);
                }
                if let Some(name) = signed_in {
                    self.signed_in(now, &name);
                }
                if let Some(profile) = worked_on {
                    self.worked_on(now, &profile);
                }
                // Who hears of it sees it. The client may be gone.
                let _ = to.send(*reply);
            }
        }
    }

    /// What stood still for want of a sign-in goes on at once, with the new one.
    fn signed_in(&mut self, now: Moment, profile: &str) {
        let mut all = self.known.profiles.values();
        if let Some(profile) = all.find(|known| known.name.as_str() == profile) {
            self.accounts.forget(profile);
            self.schedule.secret_checked(now, &Access::of(profile), true);
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

    fn say(&mut self, told: Vec<Tell>) {
        for tell in told {
            match tell {
                Tell::Notify(notice) => self.desktop.notify(notice),
                Tell::Withdraw(key) => self.desktop.withdraw(&key),
            }
        }
        self.remember();
    }

    /// Remembers what was told, where that is not as it was.
    fn remember(&mut self) {
        if self.remembered != *self.notices.told() && memory::save(&self.home, self.notices.told()) {
            self.remembered = self.notices.told().clone();
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
            order: &self.settings.profile_order,
        };
        let status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            since: self.since,
            paused: facts.paused(),
            profiles: facts.profiles(),
            parts: self.desktop.parts().borrow().clone(),
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
