//! A client's end of the control socket.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use interprocess::local_socket::tokio::{Stream, prelude::*};
use serde::Deserialize;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::time::timeout;

use super::ControlError;
use super::lines::{self, LineError, Lines};
use super::place::Place;
use crate::daemon::protocol::{Ask, Event, Reply, Request, Tell, Telling, VERSION};
use crate::home::Home;

/// How long a line of the daemon may be.
const LONGEST_LINE: usize = 64 << 20;
/// The daemon answers every request at once …
const PATIENCE: Duration = Duration::from_secs(30);
/// … but a question may be one for a server, or for the person.
const LONG_PATIENCE: Duration = Duration::from_secs(30 * 60);

/// A connection to the daemon that runs.
pub struct Client {
    lines: Lines<ReadHalf<Stream>>,
    out: WriteHalf<Stream>,
    /// So many requests were sent.
    asked: u64,
    /// What happened while a reply was waited for.
    events: VecDeque<Event>,
}

impl Client {
    /// Connects to the daemon of this home; `None` where none runs.
    pub async fn connect(home: &Home) -> Result<Option<Client>, ControlError> {
        let place = Place::of(home);
        place.check()?;
        let unreachable = |source| ControlError::Unreachable { place: place.to_string(), source };
        let name = place.name().map_err(unreachable)?;
        match timeout(PATIENCE, Stream::connect(name)).await {
            Err(_) => Err(ControlError::Silent),
            Ok(Err(error)) if nobody_listens(&error) => Ok(None),
            Ok(stream) => {
                let (reading, out) = tokio::io::split(stream.map_err(unreachable)?);
                let lines = Lines::new(reading, LONGEST_LINE);
                Ok(Some(Client { lines, out, asked: 0, events: VecDeque::new() }))
            }
        }
    }

    /// Asks for something, and waits for the reply to it.
    pub async fn ask(&mut self, request: Request) -> Result<Reply, ControlError> {
        let patience = match &request {
            Request::Question(_) => LONG_PATIENCE,
            _ => PATIENCE,
        };
        timeout(patience, self.answered(request)).await.map_err(|_| ControlError::Silent)?
    }

    async fn answered(&mut self, request: Request) -> Result<Reply, ControlError> {
        let asked = self.send(request).await;
        loop {
            match self.told().await {
                Ok(Tell::Reply { id, reply }) if id == self.asked => return Ok(reply),
                // What cannot be sent may be so because the daemon has said why, and left.
                Ok(Tell::Reply { id: 0, reply: Reply::Refused { why } }) => {
                    return Err(ControlError::Refused(why));
                }
                Ok(Tell::Reply { .. }) => {}
                Ok(Tell::Event { event }) => self.events.push_back(event),
                Err(error) => return Err(asked.err().unwrap_or(error)),
            }
        }
    }

    /// From now on, [`Client::event`] tells what happens: how everything is first.
    pub async fn follow(&mut self) -> Result<(), ControlError> {
        self.follow_as(false).await
    }

    /// The same for a window, which shows what [`Event::Show`] names.
    pub async fn follow_as_window(&mut self) -> Result<(), ControlError> {
        self.follow_as(true).await
    }

    async fn follow_as(&mut self, window: bool) -> Result<(), ControlError> {
        match self.ask(Request::Follow { window }).await? {
            Reply::Refused { why } => Err(ControlError::Refused(why)),
            _ => Ok(()),
        }
    }

    /// The next event. [`ControlError::Gone`] when the daemon has ended.
    pub async fn event(&mut self) -> Result<Event, ControlError> {
        loop {
            match self.events.pop_front() {
                Some(event) => return Ok(event),
                None => match self.told().await? {
                    Tell::Event { event } => return Ok(event),
                    Tell::Reply { id: 0, reply: Reply::Refused { why } } => {
                        return Err(ControlError::Refused(why));
                    }
                    Tell::Reply { .. } => {}
                },
            }
        }
    }

    /// Ends the daemon, whatever its version, and waits until it has ended.
    pub async fn stop(mut self) -> Result<(), ControlError> {
        let end = async {
            let sent = self.send(Request::Stop).await;
            let mut refused = None;
            loop {
                match self.lines.next().await {
                    Ok(line) => {
                        if let Ok(Tell::Reply { id: 0, reply: Reply::Refused { why } }) = read(&line) {
                            refused = Some(why);
                        }
                    }
                    Err(LineError::TooLong) => {}
                    Err(LineError::Gone) => break,
                }
            }
            refused.map_or(sent, |why| Err(ControlError::Refused(why)))
        };
        timeout(PATIENCE, end).await.map_err(|_| ControlError::Silent)?
    }

    async fn send(&mut self, request: Request) -> Result<(), ControlError> {
        self.asked += 1;
        let ask = Ask { v: VERSION, id: self.asked, request };
        lines::write(&mut self.out, &ask).await.map_err(|_| ControlError::Gone)
    }

    async fn told(&mut self) -> Result<Tell, ControlError> {
        match self.lines.next().await {
            Ok(line) => read(&line),
            Err(LineError::Gone) => Err(ControlError::Gone),
            Err(LineError::TooLong) => Err(ControlError::Unclear),
        }
    }
}

/// Nothing is there, or what a daemon that was killed has left.
fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
    )
}

fn read(line: &[u8]) -> Result<Tell, ControlError> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
    }
    match serde_json::from_slice(line) {
        Ok(Head { v: VERSION }) => {
            let telling: Telling = serde_json::from_slice(line).map_err(|_| ControlError::Unclear)?;
            Ok(telling.tell)
        }
        Ok(_) => Err(ControlError::OtherVersion),
        Err(_) => Err(ControlError::Unclear),
    }
}
