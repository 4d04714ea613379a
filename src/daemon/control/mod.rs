//! The control socket: how another program asks the daemon for something and follows what happens.
//!
//! It is a Unix socket, or a named pipe on Windows, that only the owner can connect to. What is said over it is in
//! [`protocol`](super::protocol).

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tr::tr;

use super::protocol::{Event, Reply, Request, Status};
use crate::home::HomeError;

mod client;
mod lines;
mod place;
mod server;

pub use client::Client;
pub use server::{Clients, Listener};

/// Where the listener takes what its clients ask for, and what it tells them.
#[derive(Clone)]
pub struct Hub {
    /// Takes each [`Request`] but [`Request::Follow`].
    pub requests: mpsc::Sender<Asked>,
    /// What happens, but for [`Event::Status`]: that is told at each change of `status`.
    pub events: broadcast::Sender<Event>,
    /// Its sender is there as long as the daemon works.
    pub status: watch::Receiver<Arc<Status>>,
    pub windows: Windows,
}

/// Which windows are open: clients that show what [`Event::Show`] names.
#[derive(Debug, Clone, Default)]
pub struct Windows(Arc<AtomicUsize>);

impl Windows {
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn enter(&self) -> OpenWindow {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenWindow(self.clone())
    }
}

/// A window, until its client is gone.
struct OpenWindow(Windows);

impl Drop for OpenWindow {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A client's request, which waits for the reply.
#[derive(Debug)]
pub struct Asked {
    pub request: Request,
    pub reply: oneshot::Sender<Reply>,
}

/// Why the control socket cannot be used. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error("{}", tr!("the folder {} belongs to another user of this computer, so nothing is said there; use Pimbridge as that user, \
         or name a folder of your own with --home", .0.display()))]
    NotYours(PathBuf),
    #[error("{}", tr!("the running Pimbridge cannot be reached at {place}: {source}; end it, and start it again with: pimbridge daemon", place, source))]
    Unreachable { place: String, source: io::Error },
    #[error("{}", tr!("nothing can be listened to at {place}: {source}; remove it, and start again: pimbridge daemon", place, source))]
    Listen { place: String, source: io::Error },
    #[error("{}", tr!("the Pimbridge that runs in the background is of another version than this one; end it: pimbridge daemon stop; \
         and start it again: pimbridge daemon"))]
    OtherVersion,
    #[error("{}", tr!("the Pimbridge that runs in the background says what cannot be understood; end it: pimbridge daemon stop"))]
    Unclear,
    #[error("{}", tr!("the Pimbridge that runs in the background does not answer; end it, and start it again with: pimbridge daemon"))]
    Silent,
    #[error("{}", tr!("the Pimbridge that ran in the background has ended"))]
    Gone,
    /// What it said.
    #[error("{0}")]
    Refused(String),
}

#[cfg(test)]
pub(crate) mod tests;
