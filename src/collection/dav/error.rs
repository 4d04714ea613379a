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
        "{host} does not accept the user name or the password: check both (some services want an app password)"
    )]
    SignIn { host: String },
    #[error("{host} wants a user name and a password: set them for this profile")]
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
    #[error("the server's answer is larger than Pimbridge accepts ({0}): ask whoever runs the server")]
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
    #[error("the server does not know what was asked for (error {}){}: check that the address is that of a calendar or an address book", .0.status, .0.quoted())]
    NotDav(Refusal),
    #[error("the server answers with error {}{}: try again later, and if it stays so ask whoever runs the server", .0.status, .0.quoted())]
    Server(Refusal),
    #[error(
        "the server's list of changes does not come to an end: try again later, and if it stays so ask whoever runs the server"
    )]
    Stuck,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_a_plain_sentence_with_a_way_out() {
        let host = || "dav.example.org".to_owned();
        let mut denied = Refusal::new(403);
        denied.words = Some("not yours".into());
        let all = [
            Fault::UnknownHost { host: host() },
            Fault::RefusedConnection { host: host() },
            Fault::Unreachable { host: host(), why: "Network is unreachable".into() },
            Fault::TimedOut { host: host() },
            Fault::Dropped { host: host() },
            Fault::Untrusted { host: host(), why: "its certificate has expired".into() },
            Fault::SignIn { host: host() },
            Fault::NoCredentials { host: host() },
            Fault::OtherSignIn { host: host(), offered: "Digest".into() },
            Fault::Elsewhere { to: "https://new.example.org/cal/".into() },
            Fault::Busy { host: host(), retry_after: None },
            Fault::Html,
            Fault::CutOff,
            Fault::Malformed("<a> instead of <multistatus>".into()),
            Fault::TooLarge("a property of more than 64 KB"),
            Fault::Gone { url: "https://dav.example.org/cal/".into() },
            Fault::Forbidden(denied),
            Fault::ReadOnly,
            Fault::Full,
            Fault::NotDav(Refusal::new(405)),
            Fault::Server(Refusal::new(500)),
            Fault::Stuck,
        ];
        let text: String = all.iter().map(|fault| format!("{:?}: {fault}\n", fault.trouble())).collect();
        insta::assert_snapshot!(text, @r#"
        Offline: the server dav.example.org cannot be found: check that the address is spelt right and that this computer is online
        Offline: the server dav.example.org refuses the connection: check the address and its port, or try again when the server is running
        Offline: the server dav.example.org cannot be reached (Network is unreachable): check that this computer is online, or try again later
        Offline: the server dav.example.org does not answer: check that this computer is online, or try again later
        Offline: the connection to dav.example.org broke off: check that this computer is online, or try again later
        Untrusted: the connection to dav.example.org is not safe: its certificate has expired; nothing was sent. Ask whoever runs the server, and check the date of this computer
        SignIn: dav.example.org does not accept the user name or the password: check both (some services want an app password)
        SignIn: dav.example.org wants a user name and a password: set them for this profile
        SignIn: dav.example.org offers only ways to sign in that Pimbridge does not know (Digest): see whether it can be set to accept a password (Basic)
        NotUnderstood: the server sends Pimbridge on to https://new.example.org/cal/: if that is the right place, make it the address of this profile
        Busy: dav.example.org is busy and asks to come back later: the next sync goes on from here
        NotUnderstood: the server answers with a web page instead of a calendar or an address book: check the address, or open it in a browser (a network may ask to sign in first)
        NotUnderstood: the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server
        NotUnderstood: the server's answer cannot be understood (<a> instead of <multistatus>): check that the address is that of a calendar or an address book
        NotUnderstood: the server's answer is larger than Pimbridge accepts (a property of more than 64 KB): ask whoever runs the server
        Gone: https://dav.example.org/cal/ is not there (any more): nothing was deleted here. Check the address, or remove the profile if that is on purpose
        Forbidden: the server does not let this user read this calendar or address book (it says: not yours): check the address and the user name, or ask its owner to share it
        Forbidden: this calendar or address book can only be read, not written: ask its owner for the right to write, or let the profile only copy from the server
        Storage: the server's disk or your quota is full: make room there; what is missing is stored with the next sync
        NotUnderstood: the server does not know what was asked for (error 405): check that the address is that of a calendar or an address book
        NotUnderstood: the server answers with error 500: try again later, and if it stays so ask whoever runs the server
        NotUnderstood: the server's list of changes does not come to an end: try again later, and if it stays so ask whoever runs the server
        "#);
    }
}
