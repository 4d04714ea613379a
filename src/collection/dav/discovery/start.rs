//! From what a person types: an e-mail address, a host or a URL.

use tr::tr;
use url::{Host, Url};

use super::super::address::is_loopback;
use super::Service;
use super::dns::Target;

/// How many folders above the typed one are looked at.
const MOST_PARENTS: usize = 10;

/// Where the search begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    pub(super) place: Place,
    users: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The domain may say where its servers are.
    Domain(String),
    Url(Url),
}

impl Start {
    /// Reads what was typed. The error is a sentence for a person and never repeats a password.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let typed = typed.trim();
        if typed.contains("://") {
            return Ok(Self { place: Place::Url(address(typed)?), users: Vec::new() });
        }
        let path = typed.find(['/', '?', '#']).unwrap_or(typed.len());
        let (user, host) = match typed[..path].rsplit_once('@') {
            Some((user, host)) if !user.is_empty() && path == typed.len() => (Some(user), host),
            Some(_) => {
                return Err(tr!(
                    "{typed} is neither an e-mail address nor the address of a server",
                    typed = format_args!("{typed:?}")
                ));
            }
            None => (None, typed),
        };
        let mut url = address(&format!("https://{host}"))?;
        let domain = match url.host() {
            Some(Host::Domain(domain)) if url.port().is_none() && url.path() == "/" => {
                Some(domain.to_owned())
            }
            _ => None,
        };
        let users = match (user, &domain) {
            // The e-mail address is the usual user name, what stands before the @ the other one.
            (Some(user), Some(_)) => vec![typed.to_owned(), user.to_owned()],
            (Some(user), None) => vec![user.to_owned()],
            (None, _) => vec![],
        };
        if domain.is_none() && is_loopback(&url) {
            // Nobody has a certificate for it. Cannot fail: both are web addresses.
            let _ = url.set_scheme("http");
        }
        Ok(Self { place: domain.map_or(Place::Url(url), Place::Domain), users })
    }

    /// An address that is known.
    pub fn at(url: &Url) -> Self {
        Self { place: Place::Url(url.clone()), users: Vec::new() }
    }

    /// The address that was typed, or the root of the typed domain.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Domain(domain) => format!("https://{domain}/"),
            Place::Url(url) => url.to_string(),
        }
    }

    /// The user names that go with it, the likelier one first; none for an address without a user.
    pub fn users(&self) -> &[String] {
        &self.users
    }

    /// The address that was typed, if it was one.
    pub fn url(&self) -> Option<&Url> {
        match &self.place {
            Place::Domain(_) => None,
            Place::Url(url) => Some(url),
        }
    }
}

fn address(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| tr!("the address of the server cannot be read: {error}", error))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(tr!("the address of the server must begin with https:// (or http://)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(tr!("the address must not contain a user name or a password; give them apart from it"));
    }
    Ok(url)
}

/// The places to look at below a server that a domain names (RFC 6764 section 6).
pub(super) fn at_target(target: &Target, service: Service) -> Vec<Url> {
    let scheme = if target.secure { "https" } else { "http" };
    let Ok(root) = Url::parse(&format!("{scheme}://{}:{}/", target.host, target.port)) else { return vec![] };
    let path = target.path.as_deref().and_then(|path| root.join(path).ok());
    path.filter(|url| url.origin() == root.origin()).into_iter().chain(at_root(&root, service)).collect()
}

/// The well-known place of a server (RFC 5785, RFC 6764 section 5), and its root.
pub(super) fn at_root(root: &Url, service: Service) -> Vec<Url> {
    [join_well_known(root, service), root.join("/").ok()].into_iter().flatten().collect()
}

/// The typed address, the well-known place, and the folders above the address.
pub(super) fn around(url: &Url, service: Service) -> Vec<Url> {
    let mut places = Vec::new();
    if url.path() != "/" {
        places.push(url.clone());
    }
    places.extend(join_well_known(url, service));
    let mut above = url.clone();
    above.set_query(None);
    above.set_fragment(None);
    for _ in 0..MOST_PARENTS {
        let up = if above.path().ends_with('/') { ".." } else { "." };
        match above.join(up) {
            Ok(parent) if parent.path() != above.path() => {
                places.push(parent.clone());
                above = parent;
            }
            _ => break,
        }
    }
    if places.last().is_none_or(|last| last.path() != "/") {
        places.extend(url.join("/").ok());
    }
    places
}

fn join_well_known(url: &Url, service: Service) -> Option<Url> {
    url.join(&format!("/.well-known/{}", service.name())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types() {
        let read = |typed: &str| match Start::parse(typed) {
            Ok(start) => match &start.place {
                Place::Domain(domain) => format!("domain {domain} {:?}", start.users()),
                Place::Url(url) => format!("{url} {:?}", start.users()),
            },
            Err(error) => error,
        };
        let typed = [
            "jana@Example.org",
            " example.org ",
            "jana@bücher.example",
            "https://cloud.example.org/dav/",
            "cloud.example.org/dav",
            "example.org:8443",
            "localhost:5232",
            "alice@localhost:5232",
            "192.0.2.1",
            "[::1]:80",
            "@example.org",
            "jana@example.org/x",
            "https://jana:secret@example.org/",
            "ftp://example.org",
            "",
            "two words",
        ];
        let text: String = typed.iter().map(|typed| format!("{typed}: {}\n", read(typed))).collect();
        insta::assert_snapshot!(text, @r#"
        jana@Example.org: domain example.org ["jana@Example.org", "jana"]
         example.org : domain example.org []
        jana@bücher.example: domain xn--bcher-kva.example ["jana@bücher.example", "jana"]
        https://cloud.example.org/dav/: https://cloud.example.org/dav/ []
        cloud.example.org/dav: https://cloud.example.org/dav []
        example.org:8443: https://example.org:8443/ []
        localhost:5232: http://localhost:5232/ []
        alice@localhost:5232: http://localhost:5232/ ["alice"]
        192.0.2.1: https://192.0.2.1/ []
        [::1]:80: http://[::1]/ []
        @example.org: "@example.org" is neither an e-mail address nor the address of a server
        jana@example.org/x: "jana@example.org/x" is neither an e-mail address nor the address of a server
        https://jana:secret@example.org/: the address must not contain a user name or a password; give them apart from it
        ftp://example.org: the address of the server must begin with https:// (or http://)
        : the address of the server cannot be read: empty host
        two words: the address of the server cannot be read: invalid international domain name
        "#);
    }

    #[test]
    fn the_places_around_an_address() {
        let places = |url: &str| {
            let places = around(&Url::parse(url).unwrap(), Service::Calendars);
            places.iter().map(Url::path).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(places("https://x.example/a/b/c.ics?x"), "/a/b/c.ics /.well-known/caldav /a/b/ /a/ /");
        assert_eq!(places("https://x.example/a/b/"), "/a/b/ /.well-known/caldav /a/ /");
        assert_eq!(places("https://x.example"), "/.well-known/caldav /");
        let deep = places(&format!("https://x.example/{}", "d/".repeat(500)));
        assert_eq!(deep.split(' ').count(), MOST_PARENTS + 3);
    }

    #[test]
    fn the_places_of_a_server_that_a_domain_names() {
        let places = |secure, path: Option<&str>| {
            let target =
                Target { host: "dav.example.org".into(), port: 443, secure, path: path.map(str::to_owned) };
            let places = at_target(&target, Service::Contacts);
            places.iter().map(Url::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            places(true, Some("/dav/")),
            "https://dav.example.org/dav/ https://dav.example.org/.well-known/carddav https://dav.example.org/"
        );
        assert_eq!(
            places(false, Some("//evil.example/")),
            "http://dav.example.org:443/.well-known/carddav http://dav.example.org:443/"
        );
    }
}
