//! Pimbridge keeps a person's calendars, task lists and address books the same between a local
//! store and a server, and never loses an item.
//!
//! An arrow between these rooms goes only downwards: [`sync`] (the engine) uses [`state`]
//! (what was observed, in SQLite) and [`report`] (what a run did), all of them use [`collection`]
//! (vdir folders, CalDAV and CardDAV collections) and [`item`] (bytes and the facts read from them).
//! Only plain data of [`sync`] (`Side`, `Sides` and the policies) is named below it: by [`state`],
//! [`report`] and [`profile`].
//! `ARCHITECTURE.md` follows one item through a run.
#![deny(unsafe_code)]

pub mod birthdays;
pub mod cli;
pub mod collection;
pub mod daemon;
pub mod desktop;
pub mod home;
pub mod item;
pub mod keyed;
pub mod language;
pub mod log;
pub mod oauth;
pub mod profile;
pub mod report;
pub mod server;
pub mod settings;
pub mod setup;
pub mod state;
pub mod stored;
pub mod sync;
