//! Why there was no answer: what the error of the HTTP library means.

use std::error::Error as _;
use std::io;

use rustls::{AlertDescription as Alert, CertificateError, Error};
use tr::tr;

use super::connection::Route;
use super::error::Fault;
use super::tls::{Distrust, Why};

/// The fault behind an error of a request to this host.
pub(super) fn fault(error: &reqwest::Error, host: String, route: &Route) -> Fault {
    let proxy = || route.proxy.clone().unwrap_or_else(|| tr!("of this computer"));
    match (of_server(error, host, route.client_certificate), &route.proxy) {
        (Tunnel::Through(Fault::UnknownHost { .. }), Some(_)) => {
            Fault::ProxyUnreachable { proxy: proxy(), why: tr!("it cannot be found") }
        }
        (Tunnel::Through(Fault::RefusedConnection { .. }), Some(_)) => {
            Fault::ProxyUnreachable { proxy: proxy(), why: tr!("it refuses the connection") }
        }
        (Tunnel::Through(Fault::Unreachable { why, .. }), Some(_)) => {
            Fault::ProxyUnreachable { proxy: proxy(), why }
        }
        (Tunnel::Through(fault), _) => fault,
        (Tunnel::WantsSignIn, _) => Fault::ProxySignIn { proxy: proxy() },
        (Tunnel::Refused { host }, _) => Fault::ProxyRefused { proxy: proxy(), host },
    }
}

/// What became of the way through a proxy, if there is one.
enum Tunnel {
    WantsSignIn,
    Refused {
        host: String,
    },
    /// It was not the proxy that failed, or it is not known to have been.
    Through(Fault),
}

fn of_server(error: &reqwest::Error, host: String, client_certificate: bool) -> Tunnel {
    use Tunnel::Through;
    if error.is_timeout() {
        return Through(match error.is_connect() {
            true => Fault::Unreachable { host, why: tr!("it does not answer") },
            false => Fault::TimedOut { host },
        });
    }
    let mut innermost = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        innermost = cause.to_string();
        if innermost.contains("dns error") || innermost.contains("failed to lookup address") {
            return Through(Fault::UnknownHost { host });
        }
        // The library does not show the type of this error.
        if let Some(tunnel) = innermost.strip_prefix("tunnel error: ") {
            match tunnel {
                "proxy authorization required" => return Tunnel::WantsSignIn,
                // What it was is found further inside.
                "failed to create underlying connection" | "io error establishing tunnel" => {}
                _ => return Tunnel::Refused { host },
            }
        }
        let mut inner = cause;
        while let Some(io) = inner.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return Through(Fault::RefusedConnection { host }),
                io::ErrorKind::TimedOut if !error.is_connect() => return Through(Fault::TimedOut { host }),
                _ => {}
            }
            match io.get_ref() {
                Some(deeper) => inner = deeper,
                None => break,
            }
        }
        if let Some(tls) = inner.downcast_ref::<Error>() {
            return Through(of_tls(tls, host, error.is_connect(), client_certificate));
        }
        source = cause.source();
    }
    Through(match error.is_connect() {
        // It hung up before it said a word of TLS.
        true if innermost == "tls handshake eof" => Fault::NoTls { host },
        true => Fault::Unreachable { host, why: innermost },
        false => Fault::Dropped { host },
    })
}

fn of_tls(error: &Error, host: String, connecting: bool, client_certificate: bool) -> Fault {
    match error {
        Error::InvalidMessage(_) => Fault::NoTls { host },
        Error::AlertReceived(Alert::CertificateRequired) => Fault::NoClientCertificate { host },
        Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError,
        ) if client_certificate => Fault::ClientCertificate { host },
        _ => match Distrust::within(error) {
            Some(Distrust { why: Why::NotPinned(pinned), shown }) => {
                Fault::NotPinned { host, pinned: *pinned, shown: *shown }
            }
            Some(Distrust { why: Why::Invalid(error), shown }) => {
                let shown = (*error != CertificateError::Revoked).then_some(*shown);
                Fault::Untrusted { host, why: distrust(error), shown }
            }
            None if connecting => {
                Fault::Untrusted { host, why: tr!("TLS fails ({error})", error), shown: None }
            }
            None => Fault::Dropped { host },
        },
    }
}

fn distrust(error: &CertificateError) -> String {
    use CertificateError as C;
    match error {
        C::Expired | C::ExpiredContext { .. } => tr!("its certificate has expired"),
        C::NotValidYet | C::NotValidYetContext { .. } => tr!("its certificate is not valid yet"),
        // Somebody else has the name of one that is trusted.
        C::UnknownIssuer | C::BadSignature => {
            tr!("its certificate is signed by nobody whom this computer trusts")
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            tr!("its certificate belongs to another server")
        }
        // A certificate made by hand is often one for an authority, which is of no use for a server.
        C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            tr!("its certificate is one that it made itself (self-signed)")
        }
        C::Revoked => tr!("its certificate was revoked"),
        other => tr!("its certificate is not accepted ({other})", other),
    }
}
