//! What can be wrong with a server's answer, in sentences for a person.

use std::time::Duration;

use super::refusal::Refusal;
use crate::collection::{CollectionError, Trouble};

/// Why a request brought nothing that can be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    #[error(
        "the server {host} cannot be found: check that the address is spelt right and that this computer is online"
    )]
    UnknownHost { host: String },
    #[error(
        "the server {host} refuses the connection: check the address and its port, or try again when the server is running"
    )]
    RefusedConnection { host: String },
    #[error(
        "the server {host} cannot be reached ({why}): check that this computer is online, or try again later"
    )]
    Unreachable { host: String, why: String },
    #[error("the server {host} does not answer: check that this computer is online, or try again later")]
    TimedOut { host: String },
    #[error("the connection to {host} broke off: check that this computer is online, or try again later")]
    Dropped { host: String },
    #[error(
        "the connection to {host} is not safe: {why}; nothing was sent. Ask whoever runs the server, and check the date of this computer"
    )]
    Untrusted { host: String, why: String },
    #[error(
        "the server {host} does not answer in TLS, so https:// does not work there: check the address and its port"
    )]
    NoTls { host: String },
    #[error(
        "this computer's list of trusted certificates cannot be read ({why}): install the package ca-certificates"
    )]
    NoTrust { why: String },
    #[error(
        "{host} does not accept the user name or the password: check both and enter the password again (some services want an app password)"
    )]
    SignIn { host: String },
    #[error("{host} wants a user name and a password: enter them in the profile")]
    NoCredentials { host: String },
    #[error(
        "{host} offers only ways to sign in that Pimbridge does not know ({offered}): see whether it can be set to accept a password (Basic)"
    )]
    OtherSignIn { host: String, offered: String },
    #[error(
        "the server sends Pimbridge on to {to}: if that is the right place, make it the address of this profile"
    )]
    Elsewhere { to: String },
    #[error("{host} is busy and asks to come back later: the next sync goes on from here")]
    Busy { host: String, retry_after: Option<Duration> },
    #[error(
        "the server answers with a web page instead of a calendar or an address book: check the address, or open it in a browser (a network may ask to sign in first)"
    )]
    Html,
    #[error(
        "the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server"
    )]
    CutOff,
    #[error(
        "the server's answer cannot be understood ({0}): check that the address is that of a calendar or an address book"
    )]
    Malformed(String),
    #[error("the server's answer is larger than Pimbridge accepts ({0})")]
    TooLarge(&'static str),
    #[error(
        "{url} is not there (any more): nothing was deleted here. Check the address, or remove the profile if that is on purpose"
    )]
    Gone { url: String },
    #[error("the server does not let this user read this calendar or address book{}: check the address and the user name, or ask its owner to share it", .0.quoted())]
    Forbidden(Refusal),
    #[error(
        "this calendar or address book can only be read, not written: ask its owner for the right to write, or let the profile only copy from the server"
    )]
    ReadOnly,
    #[error(
        "the server's disk or your quota is full: make room there; what is missing is stored with the next sync"
    )]
    Full,
    #[error("{0}")]
    WrongPlace(String),
    #[error("{} does not know what was asked for{}: check that the address is that of a CalDAV or CardDAV collection", status_text(.0), .0.quoted())]
    NotDav(Refusal),
    #[error("{}{}: try again later, and if it stays so ask whoever runs the server", status_text(.0), .0.quoted())]
    Server(Refusal),
    #[error("the server's sync marks do not move on: its list of changes cannot be read to the end")]
    Stuck,
}

fn status_text(refusal: &Refusal) -> String {
    format!("the server answers with error {}", refusal.status)
}

impl Fault {
    fn trouble(&self) -> Trouble {
        match self {
            Fault::UnknownHost { .. }
            | Fault::RefusedConnection { .. }
            | Fault::Unreachable { .. }
            | Fault::TimedOut { .. }
            | Fault::Dropped { .. } => Trouble::Offline,
            Fault::Untrusted { .. } | Fault::NoTls { .. } | Fault::NoTrust { .. } => Trouble::Untrusted,
            Fault::SignIn { .. } | Fault::NoCredentials { .. } | Fault::OtherSignIn { .. } => Trouble::SignIn,
            Fault::Busy { .. } => Trouble::Busy,
            Fault::Gone { .. } => Trouble::Gone,
            Fault::Forbidden(_) | Fault::ReadOnly => Trouble::Forbidden,
            Fault::Full => Trouble::Storage,
            Fault::Elsewhere { .. }
            | Fault::Html
            | Fault::CutOff
            | Fault::Malformed(_)
            | Fault::TooLarge(_)
            | Fault::WrongPlace(_)
            | Fault::NotDav(_)
            | Fault::Server(_)
            | Fault::Stuck => Trouble::NotUnderstood,
        }
    }
}

impl From<Fault> for CollectionError {
    fn from(fault: Fault) -> Self {
        let retry_after = match fault {
            Fault::Busy { retry_after, .. } => retry_after,
            _ => None,
        };
        CollectionError { trouble: fault.trouble(), message: fault.to_string(), retry_after }
    }
}
