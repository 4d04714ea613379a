//! What can be wrong with a server's answer, in sentences for a person.

use std::time::Duration;

use tr::tr;

use super::refusal::Refusal;
use super::tls::Fingerprint;
use crate::collection::{CollectionError, Trouble};

/// Why a request brought nothing that can be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    #[error("{}", tr!("the server {host} cannot be found: check that the address is spelt right and that this computer is online", host))]
    UnknownHost { host: String },
    #[error("{}", tr!("the server {host} refuses the connection: check the address and its port, or try again when the server is running", host))]
    RefusedConnection { host: String },
    #[error("{}", tr!("the server {host} cannot be reached ({why}): check that this computer is online, or try again later", host, why))]
    Unreachable { host: String, why: String },
    #[error("{}", tr!("the server {host} does not answer: check that this computer is online, or try again later", host))]
    TimedOut { host: String },
    #[error("{}", tr!("the connection to {host} broke off: check that this computer is online, or try again later", host))]
    Dropped { host: String },
    #[error("{}", untrusted(host, why, .shown.as_ref()))]
    Untrusted { host: String, why: String, shown: Option<Fingerprint> },
    #[error("{}", tr!("the connection to {host} is not safe: its certificate is {shown}, not the pinned {pinned}; nothing was sent. Ask whoever runs the server whether it has a new certificate; only then pin that one: pimbridge profile set NAME remote.pinned_certificate {shown}", host, shown, pinned))]
    NotPinned { host: String, pinned: Fingerprint, shown: Fingerprint },
    #[error("{}", tr!("{host} wants a certificate to sign in with: ask whoever runs the server for one, and name its file with: pimbridge profile set NAME remote.client_certificate FILE", host))]
    NoClientCertificate { host: String },
    #[error("{}", tr!("{host} does not accept the certificate that you sign in with: check that remote.client_certificate names the right file, and ask whoever runs the server whether it has expired", host))]
    ClientCertificate { host: String },
    #[error("{}", tr!("the proxy {proxy} wants a user name and a password, or does not accept them: check proxy, proxy_user and the proxy's password in the profile", proxy))]
    ProxySignIn { proxy: String },
    #[error("{}", tr!("the proxy {proxy} cannot be reached ({why}): check proxy in the profile, or the proxy of this computer", proxy, why))]
    ProxyUnreachable { proxy: String, why: String },
    #[error("{}", tr!("the proxy {proxy} does not let the connection to {host} through: ask whoever runs it, or set another proxy in the profile", proxy, host))]
    ProxyRefused { proxy: String, host: String },
    #[error("{}", tr!("the server {host} does not answer in TLS, so https:// does not work there: check the address and its port", host))]
    NoTls { host: String },
    #[error("{}", tr!("this computer's list of trusted certificates cannot be read ({why}): install the package ca-certificates", why))]
    NoTrust { why: String },
    #[error("{}", tr!("the proxy {proxy} cannot be used ({why}): correct proxy in the profile", proxy, why))]
    BadProxy { proxy: String, why: String },
    #[error("{}", tr!("the certificate that you sign in with cannot be used ({why}): check that remote.client_certificate names a file with the certificate and the key that belongs to it", why))]
    BadClientCertificate { why: String },
    #[error("{}", tr!("{host} does not accept the user name or the password: check both (some services want an app password)", host))]
    SignIn { host: String },
    #[error("{}", tr!("{host} does not accept the token: see that it is one for this server and still valid, or sign in again", host))]
    Token { host: String },
    #[error("{0}")]
    Other(CollectionError),
    #[error("{}", tr!("everybody on the way to {host} could read the password or token, so it was not sent: use an address that begins with https://, or, where the network is safe, set remote.allow_plain_http to true", host))]
    Unprotected { host: String },
    #[error("{}", tr!("{host} wants a user name and a password: set them for this profile", host))]
    NoCredentials { host: String },
    #[error("{}", tr!("{host} offers only ways to sign in that Pimbridge does not know ({offered}): see whether it can be set to accept a password (Basic or Digest)", host, offered))]
    OtherSignIn { host: String, offered: String },
    #[error("{}", tr!("the server sends Pimbridge on to {to}: if that is the right place, make it the address of this profile", to))]
    Elsewhere { to: String },
    #[error("{}", tr!("the server sends Pimbridge on to {to}, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts {hosts} (a network may ask to sign in first)", to, hosts))]
    Stranger { to: String, hosts: String },
    #[error("{}", tr!("the server sends Pimbridge on to {to}, where everything could be read on the way, so nothing was sent: ask whoever runs the server for an address with https://", to))]
    Downgrade { to: String },
    #[error("{}", tr!("the server sends Pimbridge on from one address to the next ({to} was the last): check the address, and ask whoever runs the server", to))]
    Loop { to: String },
    #[error("{}", tr!("{host} is busy and asks to come back later: the next sync goes on from here", host))]
    Busy { host: String, retry_after: Option<Duration> },
    #[error("{}", tr!("the server answers with a web page instead of a calendar or an address book: check the address, or open it in a browser (a network may ask to sign in first)"))]
    Html,
    #[error("{}", tr!("the server's answer broke off in the middle, so nothing of it was used: try again, and if it stays so ask whoever runs the server"))]
    CutOff,
    #[error("{}", tr!("the server's answer cannot be understood ({0}): check that the address is that of a calendar or an address book", .0))]
    Malformed(String),
    #[error("{}", tr!("the server's answer is larger than Pimbridge accepts ({0}): ask whoever runs the server", .0))]
    TooLarge(String),
    #[error("{}", tr!("{url} is not there (any more): nothing was deleted here. Check the address, or remove the profile if that is on purpose", url))]
    Gone { url: String },
    #[error("{}", tr!("the server does not let this user read this calendar or address book{}: check the address and the user name, or ask its owner to share it", .0.quoted()))]
    Forbidden(Refusal),
    #[error("{}", tr!("this calendar or address book can only be read, not written: ask its owner for the right to write, or let the profile only copy from the server"))]
    ReadOnly,
    #[error("{}", tr!("the server's disk or your quota is full: make room there; what is missing is stored with the next sync"))]
    Full,
    #[error("{0}")]
    WrongPlace(String),
    #[error("{}", tr!("the server does not know what was asked for (error {}){}: check that the address is that of a calendar or an address book", .0.status, .0.quoted()))]
    NotDav(Refusal),
    #[error("{}", tr!("the server answers with error {}{}: try again later, and if it stays so ask whoever runs the server", .0.status, .0.quoted()))]
    Server(Refusal),
    #[error("{}", tr!("the server's list of changes does not come to an end: try again later, and if it stays so ask whoever runs the server"))]
    Stuck,
}

fn untrusted(host: &str, why: &str, shown: Option<&Fingerprint>) -> String {
    match shown {
        None => tr!(
            "the connection to {host} is not safe: {why}; nothing was sent. Ask whoever runs the server, and check the \
             date of this computer",
            host,
            why
        ),
        Some(shown) => tr!(
            "the connection to {host} is not safe: {why}; nothing was sent. Ask whoever runs the server, and check the \
             date of this computer. If the certificate {shown} is that of your server, pin it with: pimbridge profile \
             set NAME remote.pinned_certificate {shown}",
            host,
            why,
            shown
        ),
    }
}

impl Fault {
    /// It says that what was looked for is not (any more) at the place that was asked.
    pub(super) fn is_of_the_place(&self) -> bool {
        matches!(
            self,
            Fault::Gone { .. }
                | Fault::UnknownHost { .. }
                | Fault::NoTls { .. }
                | Fault::Untrusted { .. }
                | Fault::Html
                | Fault::Malformed(_)
                | Fault::NotDav(_)
                | Fault::WrongPlace(_)
                | Fault::Elsewhere { .. }
                | Fault::Stranger { .. }
                | Fault::Downgrade { .. }
                | Fault::Loop { .. }
        )
    }

    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Fault::UnknownHost { .. }
            | Fault::RefusedConnection { .. }
            | Fault::Unreachable { .. }
            | Fault::TimedOut { .. }
            | Fault::Dropped { .. }
            | Fault::ProxyUnreachable { .. }
            | Fault::ProxyRefused { .. } => Trouble::Offline,
            Fault::ProxySignIn { .. } => Trouble::ProxySignIn,
            Fault::Untrusted { .. }
            | Fault::NotPinned { .. }
            | Fault::NoClientCertificate { .. }
            | Fault::ClientCertificate { .. }
            | Fault::NoTls { .. }
            | Fault::NoTrust { .. }
            | Fault::BadProxy { .. }
            | Fault::BadClientCertificate { .. }
            | Fault::Unprotected { .. } => Trouble::Untrusted,
            Fault::SignIn { .. }
            | Fault::Token { .. }
            | Fault::NoCredentials { .. }
            | Fault::OtherSignIn { .. } => Trouble::SignIn,
            Fault::Other(error) => error.trouble,
            Fault::Busy { .. } => Trouble::Busy,
            Fault::Gone { .. } => Trouble::Gone,
            Fault::Forbidden(_) | Fault::ReadOnly => Trouble::Forbidden,
            Fault::Full => Trouble::Storage,
            Fault::Elsewhere { .. }
            | Fault::Stranger { .. }
            | Fault::Downgrade { .. }
            | Fault::Loop { .. }
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

impl From<CollectionError> for Fault {
    fn from(error: CollectionError) -> Self {
        Fault::Other(error)
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
        let one = || format!("sha256:{}", "0a".repeat(32)).parse().unwrap();
        let other = || format!("sha256:{}", "0b".repeat(32)).parse().unwrap();
        let mut denied = Refusal::new(403);
        denied.words = Some("not yours".into());
        let all = [
            Fault::UnknownHost { host: host() },
            Fault::RefusedConnection { host: host() },
            Fault::Unreachable { host: host(), why: "Network is unreachable".into() },
            Fault::TimedOut { host: host() },
            Fault::Dropped { host: host() },
            Fault::Untrusted { host: host(), why: "its certificate was revoked".into(), shown: None },
            Fault::Untrusted { host: host(), why: "its certificate has expired".into(), shown: Some(one()) },
            Fault::NotPinned { host: host(), pinned: one(), shown: other() },
            Fault::NoClientCertificate { host: host() },
            Fault::ClientCertificate { host: host() },
            Fault::ProxySignIn { proxy: "proxy.example.org:8080".into() },
            Fault::ProxyUnreachable {
                proxy: "proxy.example.org".into(),
                why: "it refuses the connection".into(),
            },
            Fault::ProxyRefused { proxy: "proxy.example.org".into(), host: host() },
            Fault::BadProxy { proxy: "proxy.example.org".into(), why: "no such scheme".into() },
            Fault::BadClientCertificate { why: "its key does not belong to it".into() },
            Fault::SignIn { host: host() },
            Fault::Token { host: host() },
            Fault::Unprotected { host: host() },
            Fault::NoCredentials { host: host() },
            Fault::OtherSignIn { host: host(), offered: "Negotiate".into() },
            Fault::Elsewhere { to: "https://new.example.org/cal/".into() },
            Fault::Stranger { to: "https://new.example.net/cal/".into(), hosts: "new.example.net".into() },
            Fault::Downgrade { to: "http://dav.example.org/cal/".into() },
            Fault::Loop { to: "https://dav.example.org/cal/".into() },
            Fault::Busy { host: host(), retry_after: None },
            Fault::Html,
            Fault::CutOff,
            Fault::Malformed("<a> instead of <multistatus>".into()),
            Fault::TooLarge("a property of more than 64 KB".into()),
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
        Untrusted: the connection to dav.example.org is not safe: its certificate was revoked; nothing was sent. Ask whoever runs the server, and check the date of this computer
        Untrusted: the connection to dav.example.org is not safe: its certificate has expired; nothing was sent. Ask whoever runs the server, and check the date of this computer. If the certificate sha256:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A is that of your server, pin it with: pimbridge profile set NAME remote.pinned_certificate sha256:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A
        Untrusted: the connection to dav.example.org is not safe: its certificate is sha256:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B, not the pinned sha256:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A:0A; nothing was sent. Ask whoever runs the server whether it has a new certificate; only then pin that one: pimbridge profile set NAME remote.pinned_certificate sha256:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B
        Untrusted: dav.example.org wants a certificate to sign in with: ask whoever runs the server for one, and name its file with: pimbridge profile set NAME remote.client_certificate FILE
        Untrusted: dav.example.org does not accept the certificate that you sign in with: check that remote.client_certificate names the right file, and ask whoever runs the server whether it has expired
        ProxySignIn: the proxy proxy.example.org:8080 wants a user name and a password, or does not accept them: check proxy, proxy_user and the proxy's password in the profile
        Offline: the proxy proxy.example.org cannot be reached (it refuses the connection): check proxy in the profile, or the proxy of this computer
        Offline: the proxy proxy.example.org does not let the connection to dav.example.org through: ask whoever runs it, or set another proxy in the profile
        Untrusted: the proxy proxy.example.org cannot be used (no such scheme): correct proxy in the profile
        Untrusted: the certificate that you sign in with cannot be used (its key does not belong to it): check that remote.client_certificate names a file with the certificate and the key that belongs to it
        SignIn: dav.example.org does not accept the user name or the password: check both (some services want an app password)
        SignIn: dav.example.org does not accept the token: see that it is one for this server and still valid, or sign in again
        Untrusted: everybody on the way to dav.example.org could read the password or token, so it was not sent: use an address that begins with https://, or, where the network is safe, set remote.allow_plain_http to true
        SignIn: dav.example.org wants a user name and a password: set them for this profile
        SignIn: dav.example.org offers only ways to sign in that Pimbridge does not know (Negotiate): see whether it can be set to accept a password (Basic or Digest)
        NotUnderstood: the server sends Pimbridge on to https://new.example.org/cal/: if that is the right place, make it the address of this profile
        NotUnderstood: the server sends Pimbridge on to https://new.example.net/cal/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts new.example.net (a network may ask to sign in first)
        NotUnderstood: the server sends Pimbridge on to http://dav.example.org/cal/, where everything could be read on the way, so nothing was sent: ask whoever runs the server for an address with https://
        NotUnderstood: the server sends Pimbridge on from one address to the next (https://dav.example.org/cal/ was the last): check the address, and ask whoever runs the server
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
