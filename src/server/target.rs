//! What a path of the server means.

use percent_encoding::percent_decode_str;

pub const CALENDARS: &str = "calendars";
pub const ADDRESSBOOKS: &str = "addressbooks";
pub const PRINCIPALS: &str = "principals";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Root,
    /// `.well-known/caldav`, `.well-known/carddav` (RFC 6764 section 5).
    WellKnown,
    /// `principals/USER`
    Principal(String),
    /// `calendars/USER`, `addressbooks/USER`: the path.
    Home(String),
    /// `calendars/USER/NAME`, `addressbooks/USER/NAME`: the path, of a collection that need not exist.
    Collection(String),
    /// The path of the collection and the name in it.
    Item(String, String),
}

impl Target {
    /// Reads a percent-encoded path, or a URL, whose host is not looked at.
    pub fn of_href(href: &str) -> Option<Target> {
        let path = match href.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/')?..],
            None => href,
        };
        let path = path.trim_matches('/');
        if path.is_empty() {
            return Some(Target::Root);
        }
        let segments = path
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8().ok())
            .collect::<Option<Vec<_>>>()?;
        Self::of_segments(segments.iter().map(|segment| &**segment))
    }

    /// Reads a path's decoded segments.
    pub fn of_segments<'a>(segments: impl Iterator<Item = &'a str>) -> Option<Target> {
        let segments: Vec<&str> = segments.collect();
        if segments.iter().any(|segment| matches!(*segment, "" | "." | "..") || segment.contains('/')) {
            return None;
        }
        match segments[..] {
            [".well-known", "caldav" | "carddav"] => Some(Target::WellKnown),
            [PRINCIPALS, user] => Some(Target::Principal(user.to_owned())),
            [CALENDARS | ADDRESSBOOKS, _] => Some(Target::Home(segments.join("/"))),
            [CALENDARS | ADDRESSBOOKS, _, _] => Some(Target::Collection(segments.join("/"))),
            [CALENDARS | ADDRESSBOOKS, _, _, name] => {
                Some(Target::Item(segments[..3].join("/"), name.to_owned()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls() {
        let item = Target::Item("calendars/jana/work".into(), "a b/é.ics".replace('/', "@"));
        for href in [
            "/calendars/jana/work/a%20b%40%C3%A9.ics",
            "http://elsewhere.example/calendars/jana/work/a%20b@é.ics",
            "/c%61lendars/jana/work/a b@é.ics",
        ] {
            assert_eq!(Target::of_href(href), Some(item.clone()), "{href}");
        }
        assert_eq!(Target::of_href("/"), Some(Target::Root));
        assert_eq!(
            Target::of_href("/calendars/jana/work/"),
            Some(Target::Collection("calendars/jana/work".into()))
        );
        assert_eq!(Target::of_href("/addressbooks/jana"), Some(Target::Home("addressbooks/jana".into())));
    }

    #[test]
    fn paths_to_nowhere() {
        for href in [
            "/calendars",
            "/other/jana/work/",
            "/calendars/jana/../x",
            "/calendars/jana/%2e%2e/x",
            "/calendars//work",
            "/calendars/jana/work/a%2Fb",
            "/calendars/jana/work/%FF",
            "/calendars/jana/work/a/b",
            "http://host",
        ] {
            assert_eq!(Target::of_href(href), None, "{href}");
        }
    }
}
