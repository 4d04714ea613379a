//! A small CalDAV and CardDAV server in memory, on the loopback interface: the other side for `demo`,
//! benches and tests.
//!
//! It speaks WebDAV (RFC 4918), CalDAV (RFC 4791), CardDAV (RFC 6352), sync-collection (RFC 6578) and
//! extended MKCOL (RFC 5689) as far as clients that synchronise use them, and keeps every item as the
//! very bytes that were PUT. Everything is gone when it stops.

mod content;
mod filter;
mod http;
mod props;
mod store;
mod target;
#[cfg(test)]
mod tests;
mod xml;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use self::store::{Holds, Store};
use self::target::Target;
use crate::item::Kind;

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// Waited before each answer, as if the server were far away.
    pub latency: Duration,
    /// Offers sync-collection and sync-tokens.
    pub sync_collection: bool,
    /// Offers CalendarServer's getctag.
    pub ctag: bool,
    /// Tells the new ETag in the answer to a PUT.
    pub etag_on_put: bool,
    /// Cuts answers to sync-collection after so many items, with 507 (RFC 6578 section 3.6).
    pub page: Option<usize>,
    /// Asks for this user and password, by Basic authentication.
    pub credentials: Option<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            latency: Duration::ZERO,
            sync_collection: true,
            ctag: true,
            etag_on_put: true,
            page: None,
            credentials: None,
        }
    }
}

/// What was exchanged with clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many requests of each method; those of a REPORT by its name, as in `REPORT sync-collection`.
    pub requests: BTreeMap<String, u64>,
    /// Bytes of bodies received from clients.
    pub bytes_in: u64,
    /// Bytes of bodies sent to clients.
    pub bytes_out: u64,
}

impl Traffic {
    /// The number of all requests.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }
}

/// What the server's connections share.
struct Shared {
    options: Options,
    store: Mutex<Store>,
    traffic: Mutex<Traffic>,
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server. Dropping it stops it and closes its connections.
///
/// A collection is named by its path without slashes at the ends: `calendars/USER/NAME` or
/// `addressbooks/USER/NAME`. The methods see and change the server's state at once, without a request;
/// those that take a collection panic where there is none.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Starts it on the current tokio runtime.
    pub async fn start(options: Options) -> std::io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        // Etags and tokens of an earlier server must not be taken for this one's.
        let first_id = Timestamp::now().as_microsecond().unsigned_abs() << 12;
        let shared = Arc::new(Shared {
            options,
            store: Mutex::new(Store::new(first_id)),
            traffic: Mutex::new(Traffic::default()),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Server { address, shared, accepting })
    }

    /// `http://127.0.0.1:PORT/`, where discovery begins.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Makes an empty collection, if there is none at `path`, and returns its URL.
    ///
    /// # Panics
    /// If `path` is not `calendars/USER/NAME` or `addressbooks/USER/NAME`.
    pub fn create_collection(&self, path: &str, kind: Kind, display_name: &str) -> String {
        let fits = match (kind, path.split_once('/')) {
            (Kind::Contacts, Some((home, _))) => home == target::ADDRESSBOOKS,
            (_, Some((home, _))) => home == target::CALENDARS,
            _ => false,
        };
        assert!(
            fits && Target::of_segments(path.split('/')) == Some(Target::Collection(path.to_owned())),
            "{path:?} is no place for {kind}"
        );
        self.shared.store().create(path, Holds::from(kind), Some(display_name.to_owned()));
        let mut url = self.url();
        xml::push_path(&mut url, path);
        url.push('/');
        url
    }

    /// Stores an item, whatever its bytes are.
    pub fn put(&self, collection: &str, name: &str, bytes: impl Into<Bytes>) {
        self.with(collection, |collection| collection.put(name, bytes.into(), Timestamp::now()));
    }

    /// Deletes an item. False if there was none.
    pub fn delete(&self, collection: &str, name: &str) -> bool {
        self.with(collection, |collection| collection.delete(name))
    }

    /// The bytes of an item.
    pub fn get(&self, collection: &str, name: &str) -> Option<Bytes> {
        self.with(collection, |collection| collection.get(name).map(|item| item.bytes.clone()))
    }

    /// All items of a collection by name.
    pub fn items(&self, collection: &str) -> BTreeMap<String, Bytes> {
        self.with(collection, |collection| {
            collection.items().map(|(name, item)| (name.to_string(), item.bytes.clone())).collect()
        })
    }

    /// What was exchanged since the start or since this was last called.
    pub fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut *self.shared.traffic())
    }

    fn with<T>(&self, path: &str, act: impl FnOnce(&mut store::Collection) -> T) -> T {
        match self.shared.store().collections.get_mut(path) {
            Some(collection) => act(collection),
            None => panic!("there is no collection {path:?}"),
        }
    }
}

/// Takes connections until it is aborted, which closes them all.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of file descriptors, say: it passes.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let shared = shared.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| http::serve(&shared, request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        }
    }
}
