//! The daemon's end of the control socket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::{Stream, prelude::*};
use serde::Deserialize;
use tokio::io::{AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinSet;
use tr::tr;

use super::lines::{self, LineError, Lines};
use super::place::Place;
use super::{Asked, ControlError, Hub, OpenWindow};
use crate::daemon::protocol::{Ask, Event, Reply, Request, Status, Tell, Telling, VERSION};
use crate::home::Home;

/// How long a request may be.
const LONGEST_REQUEST: usize = 1 << 20;
/// How many clients are listened to at a time.
const MOST_CLIENTS: usize = 32;
/// How many requests of a client may wait for their replies.
const MOST_WAITING: usize = 64;
/// A client that takes nothing for so long does not read any more.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long those who are connected may take to hear the last of a daemon that ends.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// After an error (too many open files, say), so much later again.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// The socket, open for clients.
pub struct Listener {
    socket: interprocess::local_socket::tokio::Listener,
    pub(super) patience: Duration,
}

impl Listener {
    /// Opens the socket of this home, in place of what a daemon that was killed has left there: whoever calls this
    /// made sure before that no other one runs.
    pub fn bind(home: &Home) -> Result<Listener, ControlError> {
        let place = Place::make(home)?;
        let create = || {
            let options =
                ListenerOptions::new().name(place.name()?).try_overwrite(true).max_spin_time(PATIENCE);
            place.only_for_owner(options)?.create_tokio()
        };
        let socket = create().map_err(|source| ControlError::Listen { place: place.to_string(), source })?;
        Ok(Listener { socket, patience: PATIENCE })
    }

    /// Listens to clients until the daemon ends, which drops the sender of the hub's status. Then the socket is gone, and
    /// those who are left hear what is still to be told: see [`Clients::leave`].
    pub async fn serve(self, hub: Hub) -> Clients {
        let mut clients = JoinSet::new();
        let mut status = hub.status.clone();
        let ends = ended(&mut status);
        tokio::pin!(ends);
        loop {
            tokio::select! {
                come = self.socket.accept() => match come {
                    Ok(stream) if clients.len() < MOST_CLIENTS => {
                        clients.spawn(Conversation::new(stream, hub.clone(), self.patience).hold());
                    }
                    Ok(stream) => {
                        clients.spawn(turn_away(stream, self.patience));
                    }
                    Err(error) => {
                        tracing::warn!("nobody can connect to the control socket: {error}");
                        tokio::time::sleep(AFTER_ERROR).await;
                    }
                },
                Some(_) = clients.join_next() => {}
                () = &mut ends => return Clients(clients),
            }
        }
    }
}

/// Waits until the daemon has ended.
async fn ended(status: &mut watch::Receiver<Arc<Status>>) {
    while status.changed().await.is_ok() {}
}

/// Those who are still connected.
pub struct Clients(JoinSet<Result<(), Over>>);

impl Clients {
    /// Waits a moment until each has heard everything, and closes the connections.
    pub async fn leave(mut self) {
        let heard = async { while self.0.join_next().await.is_some() {} };
        // Who takes longer does not read.
        let _ = tokio::time::timeout(LAST_WORDS, heard).await;
    }
}

async fn turn_away(mut stream: Stream, patience: Duration) -> Result<(), Over> {
    let why = tr!("too many programs talk to Pimbridge at the same time; close some of them");
    tell(&mut stream, &reply(0, Reply::Refused { why }), patience).await
}

/// With one client.
struct Conversation {
    lines: Lines<ReadHalf<Stream>>,
    out: WriteHalf<Stream>,
    patience: Duration,
    hub: Hub,
    replies: FuturesUnordered<BoxFuture<'static, Telling>>,
    follows: Option<Follows>,
    /// The client sends nothing any more.
    has_said_all: bool,
}

/// What a client follows.
struct Follows {
    events: broadcast::Receiver<Event>,
    status: watch::Receiver<Arc<Status>>,
    /// The status of the beginning was told.
    has_begun: bool,
    /// It is a window.
    _window: Option<OpenWindow>,
}

/// The client is gone, or does not read.
pub(super) struct Over;

impl Conversation {
    fn new(stream: Stream, hub: Hub, patience: Duration) -> Self {
        let (reading, out) = tokio::io::split(stream);
        let lines = Lines::new(reading, LONGEST_REQUEST);
        let replies = FuturesUnordered::new();
        Conversation { lines, out, patience, hub, replies, follows: None, has_said_all: false }
    }

    async fn hold(mut self) -> Result<(), Over> {
        loop {
            if self.has_said_all && self.replies.is_empty() {
                return Ok(());
            }
            let telling = tokio::select! {
                biased;
                Some(reply) = self.replies.next() => reply,
                line = self.lines.next(), if !self.has_said_all && self.replies.len() < MOST_WAITING => match line {
                    Ok(line) => {
                        self.take(&line);
                        continue;
                    }
                    // It has said all: it hears what it asked for. One that follows would be listened to for ever.
                    Err(LineError::Gone) if self.follows.is_none() => {
                        self.has_said_all = true;
                        continue;
                    }
                    Err(LineError::Gone) => return Err(Over),
                    Err(LineError::TooLong) => {
                        reply(0, Reply::Refused { why: tr!("a request has at most {LONGEST_REQUEST} bytes", LONGEST_REQUEST) })
                    }
                },
                event = Follows::next(&mut self.follows) => {
                    Telling { v: VERSION, tell: Tell::Event { event: event? } }
                }
                () = ended(&mut self.hub.status) => return Ok(()),
            };
            tell(&mut self.out, &telling, self.patience).await?;
        }
    }

    /// Takes a request; its reply comes later.
    fn take(&mut self, line: &[u8]) {
        let answer: BoxFuture<'static, Telling> = match understood(line) {
            Err((id, why)) => Box::pin(std::future::ready(reply(id, Reply::Refused { why }))),
            Ok(Ask { id, request: Request::Follow { window }, .. }) => {
                self.follows = Some(Follows::new(&self.hub, window));
                Box::pin(std::future::ready(reply(id, Reply::Done)))
            }
            Ok(Ask { id, request, .. }) => {
                let requests = self.hub.requests.clone();
                Box::pin(async move {
                    let (to, from) = oneshot::channel();
                    // Where nobody takes it, nobody answers it either.
                    let _ = requests.send(Asked { request, reply: to }).await;
                    reply(
                        id,
                        from.await.unwrap_or_else(|_| Reply::Refused { why: tr!("Pimbridge is ending") }),
                    )
                })
            }
        };
        self.replies.push(answer);
    }
}

impl Follows {
    fn new(hub: &Hub, window: bool) -> Self {
        let window = window.then(|| hub.windows.enter());
        Follows {
            events: hub.events.subscribe(),
            status: hub.status.clone(),
            has_begun: false,
            _window: window,
        }
    }

    /// The next event; never where nothing is followed. A client that is too slow for them does not get the rest.
    async fn next(follows: &mut Option<Self>) -> Result<Event, Over> {
        let Some(Follows { events, status, has_begun, .. }) = follows else {
            return std::future::pending().await;
        };
        if !*has_begun {
            *has_begun = true;
            return Ok(told(status));
        }
        tokio::select! {
            biased;
            event = events.recv() => event.map_err(|_| Over),
            Ok(()) = status.changed() => Ok(told(status)),
        }
    }
}

fn told(status: &mut watch::Receiver<Arc<Status>>) -> Event {
    Event::Status { status: Box::new(Status::clone(&status.borrow_and_update())) }
}

async fn tell(
    out: &mut (impl AsyncWrite + Unpin),
    telling: &Telling,
    patience: Duration,
) -> Result<(), Over> {
    match tokio::time::timeout(patience, lines::write(out, telling)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Over),
    }
}

fn reply(id: u64, reply: Reply) -> Telling {
    Telling { v: VERSION, tell: Tell::Reply { id, reply } }
}

/// What is the same in all versions.
#[derive(Deserialize)]
struct Head {
    v: u32,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    request: String,
}

/// The request of a line, or the number of it and why it cannot be answered.
fn understood(line: &[u8]) -> Result<Ask, (u64, String)> {
    let unclear = |error: serde_json::Error| tr!("this is no request: {error}", error);
    let head: Head = serde_json::from_slice(line).map_err(|error| (0, unclear(error)))?;
    match (head.v, head.request.as_str()) {
        // So that a daemon can be ended whatever its version.
        (_, "stop") => Ok(Ask { v: VERSION, id: head.id, request: Request::Stop }),
        (VERSION, _) => serde_json::from_slice(line).map_err(|error| (head.id, unclear(error))),
        _ => Err((head.id, ControlError::OtherVersion.to_string())),
    }
}
