//! Hrefs: between what a server writes in its answers and the names of items in a collection.
//!
//! An [`Href`] is the last path segment of an item in the collection, in the server's spelling
//! normalised by RFC 3986 section 6.2.2 (unreserved characters decoded, hex digits in upper case), or
//! an absolute path where the item lies elsewhere on the same server.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::collection::Href;

/// Where a collection is.
#[derive(Debug, Clone)]
pub(super) struct Base {
    url: Url,
    /// What the server itself calls the collection's path, where that is something else (a proxy
    /// before it changes the path).
    alias: Option<String>,
    /// The server has said that it has moved there for good.
    moved: bool,
}

/// What an href in an answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Collection,
    Item(Href),
    /// Something below the collection that is not one of its items.
    Below,
    /// Something on another server, or a path that climbs out.
    Foreign,
}

impl Base {
    /// A slash is appended to the path where it has none, query and fragment are dropped.
    pub(super) fn new(mut url: Url) -> Self {
        url.set_query(None);
        url.set_fragment(None);
        let path = normalise(url.path());
        url.set_path(&if path.ends_with('/') { path } else { path + "/" });
        Self { url, alias: None, moved: false }
    }

    /// Where it has moved for good.
    pub(super) fn new_home(url: Url) -> Self {
        Self { moved: true, ..Self::new(url) }
    }

    pub(super) fn has_moved(&self) -> bool {
        self.moved
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    pub(super) fn set_alias(&mut self, alias: Option<String>) {
        self.alias = alias;
    }

    /// Takes the href with which the server answered for the collection itself as another spelling
    /// of its path.
    pub(super) fn learn(&mut self, href: &str) {
        if self.place(href) != Place::Collection
            && let Some((_, path)) = self.absolute(href)
        {
            self.alias = Some(if path.ends_with('/') { path } else { path + "/" });
        }
    }

    /// Whether the server escapes once more what is escaped already (`%2540` for `%40`), as its name for the collection
    /// shows.
    fn escapes_twice(&self) -> bool {
        self.alias.as_deref().is_some_and(|alias| alias != self.url.path() && once(alias) == self.url.path())
    }

    /// Host and absolute, normalised path of an href; `None` where it has no path that can be used.
    fn absolute(&self, href: &str) -> Option<(Option<String>, String)> {
        let href = href.trim();
        let rest = href.split_once("://").filter(|(scheme, _)| {
            scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
        });
        let (host, path) = match rest {
            Some((_, rest)) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (Some(rest[..end].to_ascii_lowercase()), normalise(&rest[end..]))
            }
            None if href.starts_with('/') => (None, normalise(href)),
            None => (None, format!("{}{}", self.url.path(), normalise(href.trim_start_matches("./")))),
        };
        let path = if self.escapes_twice() { once(&path) } else { path };
        let climbs = path.split('/').any(|segment| segment == "." || segment == "..");
        (!climbs && !path.is_empty()).then_some((host, path))
    }

    /// What an href of an answer names. Its host does not matter where its path is the collection's.
    pub(super) fn place(&self, href: &str) -> Place {
        let Some((host, path)) = self.absolute(href) else { return Place::Foreign };
        for base in std::iter::once(self.url.path()).chain(self.alias.as_deref()) {
            match below(base, &path) {
                Some("") => return Place::Collection,
                Some(rest) if rest.contains('/') => return Place::Below,
                Some(rest) => return Place::Item(Href::new(rest)),
                None => {}
            }
        }
        let ours = host.is_none_or(|host| host == authority(&self.url));
        match ours {
            true if path.ends_with('/') => Place::Below,
            true => Place::Item(Href::new(path)),
            false => Place::Foreign,
        }
    }

    /// The address of an item.
    pub(super) fn url_of(&self, href: &Href) -> Url {
        let mut url = self.url.clone();
        let href = href.as_str();
        let path = if href.starts_with('/') { href.to_owned() } else { format!("{}{href}", url.path()) };
        url.set_path(&path);
        url
    }

    /// The path of an item as the server itself calls it.
    pub(super) fn path_of(&self, href: &Href) -> String {
        let href = href.as_str();
        let base = self.alias.as_deref().filter(|_| !self.escapes_twice()).unwrap_or(self.url.path());
        if href.starts_with('/') { href.to_owned() } else { format!("{base}{href}") }
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The rest of `path` below `base`, segment by segment and however they are escaped. The base itself
/// is recognised with and without its last slash.
fn below<'a>(base: &str, path: &'a str) -> Option<&'a str> {
    // The usual case: the server spells its path as the profile does.
    if base.ends_with('/')
        && let Some(rest) = path.strip_prefix(base)
    {
        return Some(rest);
    }
    let mut rest = path;
    for segment in base.split_inclusive('/') {
        let (head, tail) = match rest.find('/') {
            Some(end) => rest.split_at(end + 1),
            None => (rest, ""),
        };
        let (head, segment) = (head.trim_end_matches('/'), segment.trim_end_matches('/'));
        if key(head) != key(segment) {
            return None;
        }
        rest = tail;
    }
    Some(rest)
}

/// Fully decoded: two hrefs with the same key name the same item, for all but the oddest server.
pub(super) fn key(href: &str) -> Vec<u8> {
    percent_decode_str(href).collect()
}

/// The name of a new item as a path segment. Characters which servers escape as they like (`@`, say)
/// are replaced, so that the server's spelling of the href will be ours.
pub(super) fn segment(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii() && !is_unreserved(c as u8) { '_' } else { c }).collect();
    normalise(&plain)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 3986 section 6.2.2; what may not stand in a path is escaped.
fn normalise(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'%' {
            match bytes.get(at..at + 2).and_then(hex) {
                Some(decoded) if is_unreserved(decoded) => {
                    out.push(decoded as char);
                    at += 2;
                }
                Some(decoded) => {
                    out.push_str(&format!("%{decoded:02X}"));
                    at += 2;
                }
                None => out.push_str("%25"),
            }
        } else if is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What is escaped twice, escaped once.
fn once(path: &str) -> String {
    normalise(&path.replace("%25", "%"))
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(pair).ok().filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Base {
        Base::new(Url::parse(url).unwrap())
    }

    fn item(href: &str) -> Place {
        Place::Item(Href::new(href))
    }

    #[test]
    fn hrefs_are_read_relative_to_the_collection() {
        let base = base("https://dav.example.org/cal/jana%40x/work");
        assert_eq!(base.url().as_str(), "https://dav.example.org/cal/jana%40x/work/");
        for (href, place) in [
            ("/cal/jana%40x/work/", Place::Collection),
            ("/cal/jana@x/work", Place::Collection),
            ("https://other.example.org/cal/jana%40x/work/", Place::Collection),
            ("/cal/jana@x/work/a.ics", item("a.ics")),
            ("a.ics", item("a.ics")),
            ("/cal/jana%40x/work/two%20w%c3%b6rds%7e%40x.ics", item("two%20w%C3%B6rds~%40x.ics")),
            ("/cal/jana%40x/work/two wörds@x.ics", item("two%20w%C3%B6rds@x.ics")),
            ("http://p07.example.org:8443/cal/jana%40x/work/a.ics", item("a.ics")),
            ("/cal/jana%40x/work/100%.ics", item("100%25.ics")),
            ("/cal/jana%40x/work/a%2Fb.ics", item("a%2Fb.ics")),
            ("/cal/jana%40x/work/sub/", Place::Below),
            ("/cal/jana%40x/work/sub/a.ics", Place::Below),
            ("/cal/jana%40x/other/a.ics", item("/cal/jana%40x/other/a.ics")),
            ("https://dav.example.org/cal/jana%40x/other/a.ics", item("/cal/jana%40x/other/a.ics")),
            ("https://evil.example.org/elsewhere/a.ics", Place::Foreign),
            ("/cal/jana%40x/work/%2e%2e/secret.ics", Place::Foreign),
            ("../secret.ics", Place::Foreign),
            ("", Place::Collection),
        ] {
            assert_eq!(base.place(href), place, "{href}");
        }
    }

    #[test]
    fn a_path_that_a_proxy_changed_is_learnt() {
        let mut base = base("https://example.org/radicale/jana/cal/");
        base.learn("/jana/cal/");
        assert_eq!(base.place("/jana/cal/a.ics"), item("a.ics"));
        assert_eq!(base.path_of(&Href::new("a.ics")), "/jana/cal/a.ics");
        assert_eq!(base.url_of(&Href::new("a.ics")).path(), "/radicale/jana/cal/a.ics");
    }

    #[test]
    fn what_is_escaped_twice_is_read_as_it_is_meant() {
        let mut base = base("https://example.org/cal/jana%40x/");
        base.learn("/cal/jana%2540x/");
        assert_eq!(base.place("/cal/jana%2540x/"), Place::Collection);
        assert_eq!(base.place("/cal/jana%2540x/a%2540b.ics"), item("a%40b.ics"));
        assert_eq!(base.path_of(&Href::new("a%40b.ics")), "/cal/jana%40x/a%40b.ics");
        assert_eq!(base.url_of(&Href::new("a%40b.ics")).path(), "/cal/jana%40x/a%40b.ics");
        let honest = super::tests::base("https://example.org/cal/jana%40x/");
        assert_eq!(honest.place("/cal/jana%40x/100%2540.ics"), item("100%2540.ics"));
    }

    #[test]
    fn addresses_keep_the_servers_spelling() {
        let base = base("https://dav.example.org/cal/");
        assert_eq!(
            base.url_of(&Href::new("a%40b@c.ics")).as_str(),
            "https://dav.example.org/cal/a%40b@c.ics"
        );
        assert_eq!(base.url_of(&Href::new("/x/a.ics")).as_str(), "https://dav.example.org/x/a.ics");
    }

    #[test]
    fn new_names_have_only_one_spelling() {
        assert_eq!(segment("1234-abc@example.org.ics"), "1234-abc_example.org.ics");
        assert_eq!(segment("a/b%2F #?ö.ics"), "a_b_2F___%C3%B6.ics");
    }
}
