//! The way to the daemon.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use pimbridge::daemon::control::{Client, ControlError};
use pimbridge::daemon::protocol::{Event, Page, Reply, Request};
use pimbridge::home::Home;
use slint::{ComponentHandle, Weak};
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tr::tr;

use crate::ways::sentence;
use crate::{MainWindow, shell};

/// How long a daemon may take until it listens.
const START: Duration = Duration::from_secs(15);
/// How often it is tried meanwhile.
const TRY: Duration = Duration::from_millis(50);
/// How often it is tried again after the daemon has ended.
const AGAIN: Duration = Duration::from_secs(2);
/// How long another window may take to show a page, before there is one more.
const SHOWN: Duration = Duration::from_secs(3);

/// Asks the daemon, without waiting: the window never stands still.
#[derive(Clone)]
pub struct Link(Rc<Way>);

enum Way {
    Daemon {
        runtime: Box<Runtime>,
        home: Home,
        window: Weak<MainWindow>,
        /// What hears of the daemon.
        follows: RefCell<Option<AbortHandle>>,
    },
    /// What a test wants to be answered.
    #[cfg(test)]
    Canned {
        window: Weak<MainWindow>,
        answer: Box<dyn Fn(Request) -> Reply>,
        /// Replies that a test holds back, with who waits for them; none: it holds nothing back.
        held: RefCell<Option<Vec<Waiter>>>,
    },
}

#[cfg(test)]
type Waiter = Box<dyn FnOnce(&MainWindow, &Link)>;

thread_local! {
    /// The link of this thread's window, for what comes back from other threads.
    static LINK: RefCell<Option<Link>> = const { RefCell::new(None) };
}

impl Link {
    /// The way to the daemon of this home.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn to_daemon(home: &Home, window: &MainWindow) -> io::Result<Link> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let link = Link(Rc::new(Way::Daemon {
            runtime: Box::new(runtime),
            home: home.clone(),
            window: window.as_weak(),
            follows: RefCell::default(),
        }));
        LINK.set(Some(link.clone()));
        Ok(link)
    }

    /// Replies at once with what a test says.
    #[cfg(test)]
    pub fn canned(window: &MainWindow, answer: impl Fn(Request) -> Reply + 'static) -> Link {
        let held = RefCell::default();
        Link(Rc::new(Way::Canned { window: window.as_weak(), answer: Box::new(answer), held }))
    }

    /// From now on replies come only when a test lets them.
    #[cfg(test)]
    pub fn hold_back(&self) {
        if let Way::Canned { held, .. } = &*self.0 {
            held.replace(Some(Vec::new()));
        }
    }

    /// The reply comes to what was asked at this place since then, counted without those that have come.
    #[cfg(test)]
    #[track_caller]
    pub fn let_come(&self, at: usize) {
        if let Way::Canned { window, held, .. } = &*self.0 {
            let waiter = held.borrow_mut().as_mut().map(|held| held.remove(at));
            waiter.unwrap()(&window.unwrap(), self);
        }
    }

    /// Asks for something; `then` hears the reply. A refusal is told as an error.
    pub fn ask(
        &self,
        request: Request,
        then: impl FnOnce(&MainWindow, &Link, Result<Reply, String>) + Send + 'static,
    ) {
        match &*self.0 {
            Way::Daemon { runtime, home, window, .. } => {
                let (home, window) = (home.clone(), window.clone());
                runtime.spawn(async move {
                    let reply = asked(&home, request).await;
                    in_window(&window, move |window, link| then(window, link, reply));
                });
            }
            #[cfg(test)]
            Way::Canned { window, answer, held } => {
                let reply = refusal(answer(request));
                if let Some(held) = &mut *held.borrow_mut() {
                    return held.push(Box::new(|window, link| then(window, link, reply)));
                }
                then(&window.unwrap(), self, reply);
            }
        }
    }

    /// Hears what happens from now on; starts the daemon where none runs.
    pub fn follow(&self) {
        match &*self.0 {
            Way::Daemon { runtime, home, window, follows } => {
                let (home, window) = (home.clone(), window.clone());
                let tell = move |told| {
                    in_window(&window, move |window, link| match told {
                        Told::Answers => shell::connection(window, link, Ok(())),
                        Told::Lost(why) => shell::connection(window, link, Err(why)),
                        Told::Happened(event) => shell::heard(window, link, &event),
                    });
                };
                tell(Told::Lost(String::new()));
                let task = runtime.spawn(async move { follow(&home, tell).await });
                if let Some(before) = follows.replace(Some(task.abort_handle())) {
                    before.abort();
                }
            }
            #[cfg(test)]
            Way::Canned { .. } => {}
        }
    }
}

/// Whether a window is open already, which shows the page now.
///
/// # Errors
/// The system gives no thread.
pub fn shown_elsewhere(home: &Home, page: &Page) -> io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // A daemon that does not answer keeps nobody from seeing a window.
    let shown = runtime.block_on(async { timeout(SHOWN, shows(home, page)).await });
    Ok(shown.unwrap_or(false))
}

async fn shows(home: &Home, page: &Page) -> bool {
    let Ok(Some(mut client)) = Client::connect(home).await else { return false };
    client.ask(Request::Show { page: page.clone() }).await.is_ok_and(|reply| reply == Reply::Done)
}

/// Does something where the window is.
fn in_window(window: &Weak<MainWindow>, act: impl FnOnce(&MainWindow, &Link) + Send + 'static) {
    // It fails only when the window is closed, and nobody looks any more.
    let _ = window.upgrade_in_event_loop(move |window| {
        if let Some(link) = LINK.with_borrow(Clone::clone) {
            act(&window, &link);
        }
    });
}

async fn asked(home: &Home, request: Request) -> Result<Reply, String> {
    let not_running = || {
        tr!(
            "Pimbridge's background program does not run, so this cannot be done now. Start it, and try again."
        )
    };
    let mut client = Client::connect(home).await.map_err(told)?.ok_or_else(not_running)?;
    client.ask(request).await.map_err(told).and_then(refusal)
}

fn refusal(reply: Reply) -> Result<Reply, String> {
    match reply {
        Reply::Refused { why } => Err(sentence(&why)),
        reply => Ok(reply),
    }
}

/// What the window hears of the daemon.
#[derive(Debug)]
enum Told {
    Answers,
    /// It does not, and why.
    Lost(String),
    Happened(Event),
}

/// Tells of the daemon, for ever. It is started where none runs; once a person has ended it, it is only waited for.
async fn follow(home: &Home, tell: impl Fn(Told)) {
    let mut way = started(home).await;
    loop {
        let ended = match way {
            Ok(client) => heard(client, &tell).await,
            Err(why) => Err(why),
        };
        way = match ended {
            // It may have let go of this window only, or another one is there in its place.
            Ok(()) => running(home).await,
            Err(why) => {
                tell(Told::Lost(why));
                Ok(found(home).await)
            }
        };
    }
}

/// Tells what happens, until the daemon is gone.
async fn heard(mut client: Client, tell: impl Fn(Told)) -> Result<(), String> {
    client.follow_as_window().await.map_err(told)?;
    tell(Told::Answers);
    loop {
        match client.event().await {
            Ok(event) => tell(Told::Happened(event)),
            Err(ControlError::Gone) => return Ok(()),
            Err(error) => return Err(told(error)),
        }
    }
}

fn told(error: ControlError) -> String {
    sentence(&error.to_string())
}

/// The daemon that runs.
async fn running(home: &Home) -> Result<Client, String> {
    let ended =
        || tr!("Pimbridge's background program has ended. Nothing is synchronized until it runs again.");
    Client::connect(home).await.map_err(told)?.ok_or_else(ended)
}

/// The daemon, once there is one.
async fn found(home: &Home) -> Client {
    loop {
        sleep(AGAIN).await;
        if let Ok(Some(client)) = Client::connect(home).await {
            return client;
        }
    }
}

/// The daemon that runs, or one that is started.
async fn started(home: &Home) -> Result<Client, String> {
    match Client::connect(home).await.map_err(told)? {
        Some(client) => Ok(client),
        None => start(home, daemon().map_err(not_started)?).await,
    }
}

/// The program that stands beside this one.
fn daemon() -> io::Result<PathBuf> {
    let name = format!("pimbridge{}", std::env::consts::EXE_SUFFIX);
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn not_started(error: io::Error) -> String {
    tr!("Pimbridge's background program cannot be started: {}", error)
}

/// Starts the daemon, and waits until it listens.
async fn start(home: &Home, program: PathBuf) -> Result<Client, String> {
    let child = spawn(home, program).map_err(not_started)?;
    let listens = async {
        loop {
            if let Some(client) = Client::connect(home).await.map_err(told)? {
                return Ok(client);
            }
            sleep(TRY).await;
        }
    };
    let logs = home.logs_dir().display().to_string();
    tokio::select! {
        listening = timeout(START, listens) => listening.unwrap_or_else(|_| Err(tr!(
            "Pimbridge's background program was started, but does not answer. The newest file in {} says why.", logs
        ))),
        () = fails(child) => Err(tr!(
            "Pimbridge's background program was started, but has ended again. The newest file in {} says why.", logs
        )),
    }
}

/// Starts the program, which goes on when the window is closed.
fn spawn(home: &Home, program: PathBuf) -> io::Result<Child> {
    let mut command = Command::new(program);
    if let Some(folder) = home.folder() {
        command.arg("--home").arg(folder);
    }
    command.arg("daemon").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What ends the window's terminal does not end it.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Comes to an end if the program fails. One that runs besides another daemon ends well, and leaves that one to listen.
async fn fails(mut program: Child) {
    if program.wait().await.is_ok_and(|ended| ended.success()) {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use pimbridge::daemon::Daemon;
    use tokio::sync::mpsc;
    use tokio::task::JoinHandle;

    use super::*;

    fn home(folder: &std::path::Path) -> Home {
        let home = Home::at(folder);
        std::fs::write(home.settings_file(), "tray = false\n").unwrap();
        home
    }

    fn run(home: &Home) -> JoinHandle<()> {
        tokio::spawn(Daemon::start(home).unwrap().unwrap().run())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_daemon_that_comes_back_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut daemon = run(&home);
        let task = tokio::spawn({
            let home = home.clone();
            async move { follow(&home, move |told| drop(tell.send(told))).await }
        });
        for _ in 0..2 {
            assert!(matches!(told.recv().await, Some(Told::Answers)));
            assert!(matches!(told.recv().await, Some(Told::Happened(Event::Status { .. }))));
            Client::connect(&home).await.unwrap().unwrap().stop().await.unwrap();
            daemon.await.unwrap();
            let why = loop {
                match told.recv().await.unwrap() {
                    Told::Lost(why) => break why,
                    Told::Answers | Told::Happened(_) => {}
                }
            };
            assert!(why.contains("has ended"), "{why}");
            daemon = run(&home);
        }
        task.abort();
        daemon.abort();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_daemon_that_cannot_run_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let why = start(&home(folder.path()), "/bin/false".into()).await.err();
        assert!(why.as_ref().is_some_and(|why| why.contains("has ended again")), "{why:?}");
    }
}
