//! The way to the daemon.

use std::io;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use pimbridge::daemon::control::{Client, ControlError};
use pimbridge::daemon::protocol::{Page, Reply, Request};
use pimbridge::home::Home;
use slint::{ComponentHandle, Weak};
use tokio::runtime::Runtime;
use tr::tr;

use crate::{MainWindow, shell};

/// How long a daemon may take until it listens.
const START: Duration = Duration::from_secs(15);
/// How often it is tried meanwhile.
const TRY: Duration = Duration::from_millis(50);

/// Asks the daemon, without waiting: the window never stands still.
#[derive(Clone)]
pub struct Link(Rc<Way>);

enum Way {
    Daemon {
        runtime: Box<Runtime>,
        home: Home,
        window: Weak<MainWindow>,
    },
    /// What a test wants to be answered.
    #[cfg(test)]
    Canned {
        window: Weak<MainWindow>,
        answer: Box<dyn Fn(Request) -> Reply>,
        /// Replies that a test holds back, with who waits for them; none: it holds nothing back.
        held: std::cell::RefCell<Option<Vec<Waiter>>>,
    },
}

#[cfg(test)]
type Waiter = Box<dyn FnOnce(&MainWindow, &Link)>;

thread_local! {
    /// The link of this thread's window, for what comes back from other threads.
    static LINK: std::cell::RefCell<Option<Link>> = const { std::cell::RefCell::new(None) };
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
        }));
        LINK.set(Some(link.clone()));
        Ok(link)
    }

    /// Replies at once with what a test says.
    #[cfg(test)]
    pub fn canned(window: &MainWindow, answer: impl Fn(Request) -> Reply + 'static) -> Link {
        let held = std::cell::RefCell::default();
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
            Way::Daemon { runtime, home, window } => {
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
            Way::Daemon { runtime, home, window } => {
                let (home, window) = (home.clone(), window.clone());
                in_window(&window, |window, link| shell::connection(window, link, Err(String::new())));
                runtime.spawn(async move {
                    let ended = heard(&home, &window).await;
                    let why = match ended {
                        Err(why) => why,
                        Ok(()) => tr!("Pimbridge's background program has ended. Nothing is synchronized until it runs again."),
                    };
                    in_window(&window, move |window, link| shell::connection(window, link, Err(why)));
                });
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
    let shown = runtime.block_on(async {
        let mut client = Client::connect(home).await.ok()??;
        client.ask(Request::Show { page: page.clone() }).await.ok()
    });
    Ok(shown == Some(Reply::Done))
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
    let mut client =
        Client::connect(home).await.map_err(|error| error.to_string())?.ok_or_else(not_running)?;
    client.ask(request).await.map_err(|error| error.to_string()).and_then(refusal)
}

fn refusal(reply: Reply) -> Result<Reply, String> {
    match reply {
        Reply::Refused { why } => Err(pimbridge::report::wording::sentence(&why)),
        reply => Ok(reply),
    }
}

/// Tells the window what happens, until the daemon ends.
async fn heard(home: &Home, window: &Weak<MainWindow>) -> Result<(), String> {
    let mut client = connected(home).await?;
    client.follow_as_window().await.map_err(|error| error.to_string())?;
    in_window(window, |window, link| shell::connection(window, link, Ok(())));
    loop {
        match client.event().await {
            Ok(event) => in_window(window, move |window, link| shell::heard(window, link, &event)),
            Err(ControlError::Gone) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The daemon that runs, or one that is started.
async fn connected(home: &Home) -> Result<Client, String> {
    let told = |error: ControlError| error.to_string();
    if let Some(client) = Client::connect(home).await.map_err(told)? {
        return Ok(client);
    }
    start_daemon(home).map_err(|error| tr!("Pimbridge's background program cannot be started: {}", error))?;
    let listens = async {
        loop {
            if let Some(client) = Client::connect(home).await.map_err(told)? {
                return Ok(client);
            }
            tokio::time::sleep(TRY).await;
        }
    };
    let late = || {
        tr!(
            "Pimbridge's background program was started, but does not answer. Its log says why: pimbridge log show"
        )
    };
    tokio::time::timeout(START, listens).await.map_err(|_| late())?
}

/// Starts the program that stands beside this one; it goes on when the window is closed.
fn start_daemon(home: &Home) -> io::Result<()> {
    let name = format!("pimbridge{}", std::env::consts::EXE_SUFFIX);
    let program = std::env::current_exe()?.with_file_name(name);
    let mut command = Command::new(program);
    if let Some(folder) = home.folder() {
        command.arg("--home").arg(folder);
    }
    command.arg("daemon").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // What ends the window's terminal does not end it.
        command.process_group(0);
    }
    // It is not waited for: when it ends, the socket tells.
    command.spawn().map(drop)
}
