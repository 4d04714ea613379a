//! The program's own small server, running within a test.

use std::collections::BTreeMap;

use bytes::Bytes;
use pimbridge::item::Kind;
use pimbridge::server::{Options, Server, Traffic};

use super::servers::{PASSWORD, USER};

/// A server that knows the tests' user, with one collection.
pub struct Embedded {
    pub server: Server,
    path: String,
    pub url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Embedded {
    pub fn start(kind: Kind) -> Embedded {
        Embedded::start_with(kind, Options::default())
    }

    pub fn start_with(kind: Kind, options: Options) -> Embedded {
        let options = Options { credentials: Some((USER.into(), PASSWORD.into())), ..options };
        Embedded::start_as(kind, options)
    }

    /// Asks nobody for a password.
    pub fn for_all(kind: Kind) -> Embedded {
        Embedded::for_all_with(kind, Options::default())
    }

    pub fn for_all_with(kind: Kind, options: Options) -> Embedded {
        Embedded::start_as(kind, Options { credentials: None, ..options })
    }

    fn start_as(kind: Kind, options: Options) -> Embedded {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(options)).unwrap();
        let home = if kind == Kind::Contacts { "addressbooks" } else { "calendars" };
        let path = format!("{home}/{USER}/work");
        let url = server.create_collection(&path, kind, "Work");
        Embedded { server, path, url, _runtime: runtime }
    }

    pub fn port(&self) -> u16 {
        url::Url::parse(&self.url).unwrap().port().unwrap()
    }

    /// The collection's path, without a slash at its ends.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn put(&self, name: &str, bytes: impl Into<Bytes>) {
        self.server.put(&self.path, name, bytes);
    }

    pub fn delete(&self, name: &str) {
        assert!(self.server.delete(&self.path, name), "{name} is not there");
    }

    pub fn items(&self) -> BTreeMap<String, Bytes> {
        self.server.items(&self.path)
    }

    pub fn take_traffic(&self) -> Traffic {
        self.server.take_traffic()
    }
}
