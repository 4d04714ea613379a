//! Redirects (RFC 9110 section 15.4): where a request may go, and who may see the credentials.

use tr::tr;
use url::Url;

use super::error::Fault;
use super::http::presentable;

/// Whom the credentials of a profile are for.
#[derive(Debug)]
pub(super) struct Circle {
    /// The address of the collection.
    home: Url,
    /// Other hosts that may see them.
    hosts: Vec<String>,
}

impl Circle {
    pub(super) fn new(home: Url, hosts: Vec<String>) -> Self {
        Self { home, hosts }
    }

    /// Whether the credentials may be sent there: to the origin of the collection, to the same host over TLS, and
    /// to the hosts that the profile names, but never without TLS where the collection has it.
    pub(super) fn holds(&self, url: &Url) -> bool {
        if url.origin() == self.home.origin() {
            return true;
        }
        let upgraded = url.scheme() == "https"
            && self.home.scheme() == "http"
            && url.host_str() == self.home.host_str()
            && url.port().is_none();
        let named = url.host_str().is_some_and(|host| self.hosts.iter().any(|named| named == host));
        upgraded || named && (url.scheme() == "https" || self.home.scheme() == "http")
    }

    /// What the profile's list of hosts is with another one.
    fn with(&self, host: &str) -> String {
        let hosts: Vec<&str> = self.hosts.iter().map(String::as_str).chain([host]).collect();
        hosts.join(",")
    }
}

/// What a request does, as far as it matters for where it may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// It reads, and there are no credentials that another server would have to see.
    Public,
    Read,
    Write,
}

/// Where a request that was answered with a redirect is sent again, as it was: with the same method, body and
/// preconditions.
///
/// # Errors
/// The redirect is not followed.
pub(super) fn target(
    status: u16,
    from: &Url,
    location: Option<&str>,
    request: Request,
    circle: &Circle,
) -> Result<Url, Fault> {
    let to = location
        .and_then(|to| from.join(to).ok())
        .filter(|to| to.has_host() && matches!(to.scheme(), "http" | "https"))
        .ok_or_else(|| Fault::Malformed(tr!("a redirect to nowhere")))?;
    let shown = presentable(&to);
    match request {
        _ if from.scheme() == "https" && to.scheme() == "http" => Err(Fault::Downgrade { to: shown }),
        // "See other" shows what came of a write, not where to do it. For a read it comes to the same, and RFC 6764
        // section 5 has it for the well-known addresses.
        Request::Write if status == 303 => Err(Fault::Elsewhere { to: shown }),
        Request::Public => Ok(to),
        Request::Read | Request::Write if circle.holds(&to) => Ok(to),
        Request::Read | Request::Write => {
            let host = to.host_str().unwrap_or_default();
            Err(Fault::Stranger { to: shown, hosts: circle.with(host) })
        }
    }
}

/// Whether the server means the new place for good.
pub(super) fn is_permanent(status: u16) -> bool {
    matches!(status, 301 | 308)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(home: &str) -> Circle {
        Circle::new(Url::parse(home).unwrap(), vec!["dav.example.net".into(), "[::1]".into()])
    }

    #[test]
    fn who_may_see_the_credentials() {
        let may = |home: &str, url: &str| circle(home).holds(&Url::parse(url).unwrap());
        let safe = "https://example.org/cal/";
        for url in [
            "https://example.org/else",
            "https://EXAMPLE.org:443/",
            "https://dav.example.net/",
            "https://dav.example.net:8443/",
            "https://[::1]/",
        ] {
            assert!(may(safe, url), "{url}");
        }
        for url in [
            "http://example.org/cal/",
            "https://example.org:8443/cal/",
            "https://www.example.org/",
            "http://dav.example.net/",
            "https://dav.example.net.evil.example/",
            "https://evil.example/dav.example.net",
            "https://dav.example.net@evil.example/",
        ] {
            assert!(!may(safe, url), "{url}");
        }
        let plain = "http://example.org/cal/";
        assert!(may(plain, "https://example.org/cal/") && may(plain, "http://dav.example.net/"));
        assert!(!may(plain, "https://example.org:8443/") && !may(plain, "http://example.org:8080/"));
    }

    #[test]
    fn where_a_request_goes() {
        use Request::*;
        const HERE: &str = "https://example.org/cal/";
        let went = |status, location: Option<&str>, request| match target(
            status,
            &Url::parse(HERE).unwrap(),
            location,
            request,
            &circle(HERE),
        ) {
            Ok(to) => to.to_string(),
            Err(fault) => fault.to_string(),
        };
        for status in [301, 302, 307, 308] {
            for request in [Public, Read, Write] {
                assert_eq!(went(status, Some("/dav/a%20b/?x"), request), "https://example.org/dav/a%20b/?x");
                assert_eq!(went(status, Some("../new/"), request), "https://example.org/new/");
                assert_eq!(went(status, Some("//dav.example.net/x"), request), "https://dav.example.net/x");
            }
        }
        assert_eq!(went(303, Some("/x"), Read), "https://example.org/x");
        assert_eq!(went(307, Some("https://evil.example/"), Public), "https://evil.example/");
        let refused = [
            went(303, Some("/x?secret=1"), Write),
            went(307, Some("https://evil.example:444/x?secret=1"), Write),
            went(307, Some("https://evil.example/"), Read),
            went(301, Some("http://example.org/cal/"), Public),
            went(301, Some("http://dav.example.net/cal/"), Write),
            went(301, Some("ftp://example.org/"), Read),
            went(301, Some("https://"), Read),
            went(301, Some("mailto:jana@example.org"), Read),
            went(301, None, Read),
        ];
        insta::assert_snapshot!(refused.join("\n"), @r#"
        the server sends Pimbridge on to https://example.org/x: if that is the right place, make it the address of this profile
        the server sends Pimbridge on to https://evil.example:444/x, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts dav.example.net,[::1],evil.example (a network may ask to sign in first)
        the server sends Pimbridge on to https://evil.example/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts dav.example.net,[::1],evil.example (a network may ask to sign in first)
        the server sends Pimbridge on to http://example.org/cal/, where everything could be read on the way, so nothing was sent: ask whoever runs the server for an address with https://
        the server sends Pimbridge on to http://dav.example.net/cal/, where everything could be read on the way, so nothing was sent: ask whoever runs the server for an address with https://
        the server's answer cannot be understood (a redirect to nowhere): check that the address is that of a calendar or an address book
        the server's answer cannot be understood (a redirect to nowhere): check that the address is that of a calendar or an address book
        the server's answer cannot be understood (a redirect to nowhere): check that the address is that of a calendar or an address book
        the server's answer cannot be understood (a redirect to nowhere): check that the address is that of a calendar or an address book
        "#);
    }
}
