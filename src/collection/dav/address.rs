//! Addresses on servers, as servers spell them.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The address that an href in an answer names. Behind a proxy for TLS, servers often write `http://` for
/// themselves.
pub(super) fn resolve(base: &Url, href: &str) -> Option<Url> {
    let mut url = base.join(href.trim()).ok().filter(|url| url.host_str().is_some())?;
    if url.scheme() == "http" && base.scheme() == "https" && url.host_str() == base.host_str() {
        url.set_scheme("https").ok()?;
        url.set_port(base.port()).ok()?;
    }
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Equal for the spellings of an address that servers use side by side.
pub(super) fn key(url: &Url) -> String {
    let path = percent_decode_str(url.path()).decode_utf8_lossy();
    format!("{}{}/", url.origin().ascii_serialization(), path.trim_end_matches('/'))
}

/// The last part of its path, decoded.
pub(super) fn last_segment(url: &Url) -> Option<String> {
    let segment = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    Some(percent_decode_str(segment).decode_utf8_lossy().into_owned())
}

/// Whether what is sent there stays on this computer.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_on_this_computer() {
        let is_local = |host: &str| is_loopback(&Url::parse(&format!("http://{host}/")).unwrap());
        assert!(
            ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.3.2.1", "[::1]:1"].into_iter().all(is_local)
        );
        assert!(!["localhost.example.org", "x.localhost", "10.0.0.1", "[fe80::1]"].into_iter().any(is_local));
    }
}
