//! Which servers may get the password while collections are looked for.
//!
//! The name service is not protected, and a redirect or an href is what any server may say. So the password goes
//! only to
//! - the very address that the person typed,
//! - over TLS: the domain or host that the person typed, and hosts of the same registrable domain (by the Public
//!   Suffix List: what one owner registered),
//! - over TLS: hosts that the person has named as trusted,
//! - this computer itself, on which a bridge to a service may run.

use url::Url;

use super::super::address::is_loopback;
use super::start::{Place, Start};

/// Why a server does not get the password.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// It belongs to somebody else, as far as can be known.
    Foreign,
    /// It has no TLS.
    Plain,
}

pub(super) struct Trust<'a> {
    pub start: &'a Start,
    pub hosts: &'a [String],
}

impl Trust<'_> {
    pub(super) fn check(&self, url: &Url) -> Result<(), Distrust> {
        let host = url.host_str().unwrap_or_default();
        let typed = match &self.start.place {
            Place::Domain(domain) => domain.as_str(),
            Place::Url(typed) if typed.origin() == url.origin() => return Ok(()),
            Place::Url(typed) => typed.host_str().unwrap_or_default(),
        };
        if is_loopback(url) {
            return Ok(());
        }
        let named = self.hosts.iter().any(|name| name.eq_ignore_ascii_case(host));
        match named || host == typed || same_owner(host, typed) {
            true if url.scheme() == "https" => Ok(()),
            true => Err(Distrust::Plain),
            false => Err(Distrust::Foreign),
        }
    }
}

fn same_owner(one: &str, other: &str) -> bool {
    let registered = |host: &str| psl::domain_str(host).map(str::to_owned);
    let is_ip = |host: &str| host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    !is_ip(one) && !is_ip(other) && registered(one).is_some_and(|one| registered(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_stays_with_its_owner() {
        let check = |start: &str, url: &str| {
            let start = Start::parse(start).unwrap();
            let hosts = ["caldav.other.example".to_owned()];
            Trust { start: &start, hosts: &hosts }.check(&Url::parse(url).unwrap())
        };
        for (start, url) in [
            ("jana@icloud.com", "https://p07-caldav.icloud.com:443/1/"),
            ("https://caldav.icloud.com/", "https://p07-caldav.icloud.com/"),
            ("example.co.uk", "https://dav.example.co.uk:8443/"),
            ("example.org", "https://example.org/"),
            ("example.org", "https://caldav.other.example/"),
            ("http://plain.example/dav/", "http://plain.example/cal/"),
            ("http://plain.example/dav/", "https://plain.example/"),
            ("example.org", "http://localhost:5232/"),
            ("example.org", "http://127.0.0.1:5232/"),
            ("https://192.0.2.1/", "https://192.0.2.1/"),
        ] {
            assert_eq!(check(start, url), Ok(()), "{start} {url}");
        }
        for (start, url) in [
            ("jana@example.org", "https://example.com/"),
            ("jana@example.co.uk", "https://evil.co.uk/"),
            ("jana@example.org", "https://example.org.evil.example/"),
            ("https://jana.github.io/", "https://eve.github.io/"),
            ("https://192.0.2.1/", "https://192.0.2.2/"),
            ("https://192.0.2.1/", "https://9.192.0.2.1.evil.example/"),
        ] {
            assert_eq!(check(start, url), Err(Distrust::Foreign), "{start} {url}");
        }
        for (start, url) in [
            ("jana@example.org", "http://example.org/"),
            ("https://example.org/", "http://example.org/"),
            ("http://plain.example/dav/", "http://plain.example:81/cal/"),
            ("example.org", "http://caldav.other.example/"),
        ] {
            assert_eq!(check(start, url), Err(Distrust::Plain), "{start} {url}");
        }
    }
}
