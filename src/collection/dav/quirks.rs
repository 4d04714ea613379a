//! Servers that do otherwise than they say. `tests/README.md` has the table of all that is known of them, with the
//! remedies; here are those that a server is told by, from its address or from what it answers.

use std::borrow::Cow;

use url::Url;

/// Domains whose searches leave items out without a word: GMX and WEB.DE in ranges of time, Purelymail
/// what was stored within the last minutes.
const SEARCHES_LOSE_ITEMS: [&str; 5] = ["gmx.net", "gmx.de", "gmx.com", "web.de", "purelymail.com"];

/// Domains that overwrite and delete whatever the precondition says.
const PRECONDITIONS_IGNORED: [&str; 5] = ["gmx.net", "gmx.de", "gmx.com", "web.de", "posteo.de"];

pub(super) fn loses_items_in_searches(url: &Url) -> bool {
    is_below(url, &SEARCHES_LOSE_ITEMS)
}

/// Besides those domains it is SOGo (`/SOGo/dav/USER/…`) that stores over an item in spite of `If-None-Match: *` and
/// deletes one in spite of `If-Match`, and Zimbra (`/dav/USER@HOST/…`).
pub(super) fn ignores_preconditions(url: &Url) -> bool {
    let mut segments = url.path_segments().into_iter().flatten();
    match (segments.next(), segments.next()) {
        (Some("SOGo"), Some("dav")) => true,
        (Some("dav"), Some(user)) if user.contains('@') || user.contains("%40") => true,
        _ => is_below(url, &PRECONDITIONS_IGNORED),
    }
}

/// SOGo counts the versions of an item from 0, also where one that was deleted is made anew: an item with the
/// first version may be another than the one that had it before.
pub(super) fn is_every_first_version(etag: &str) -> bool {
    etag.trim_matches('"') == "gcs00000000"
}

/// Whether a version is one of SOGo's, which is known by that also where its address does not tell.
pub(super) fn is_of_sogo(etag: &str) -> bool {
    etag.starts_with("\"gcs")
}

/// Items of SOGo and of old versions of sabre/dav have CR and LF at their line ends in a GET, but only LF in a
/// multiget, as XML does not keep a CR that is not escaped. The length of what is stored tells; SOGo has no lengths.
pub(super) fn with_line_ends<'a>(
    etag: Option<&str>,
    stored: Option<usize>,
    bytes: &'a [u8],
) -> Cow<'a, [u8]> {
    let lost = !bytes.contains(&b'\r')
        && match stored {
            Some(length) => length == bytes.len() + bytes.iter().filter(|&&byte| byte == b'\n').count(),
            None => etag.is_some_and(is_of_sogo),
        };
    match lost {
        true => bytes.split_inclusive(|&byte| byte == b'\n').fold(Vec::new(), with_line_end).into(),
        false => bytes.into(),
    }
}

fn with_line_end(mut text: Vec<u8>, line: &[u8]) -> Vec<u8> {
    match line.strip_suffix(b"\n") {
        Some(line) => text.extend_from_slice(&[line, b"\r\n"].concat()),
        None => text.extend_from_slice(line),
    }
    text
}

fn is_below(url: &Url, domains: &[&str]) -> bool {
    let Some(host) = url.host_str() else { return false };
    domains
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_known_with_all_below_it() {
        let is = |url: &str| loses_items_in_searches(&Url::parse(url).unwrap());
        for url in
            ["https://caldav.gmx.net/begenda/dav/", "https://WEB.DE/", "https://purelymail.com:443/dav/"]
        {
            assert!(is(url), "{url}");
        }
        for url in ["https://notgmx.net/", "https://gmx.net.example.org/", "https://example.org/gmx.net/"] {
            assert!(!is(url), "{url}");
        }
    }

    #[test]
    fn servers_that_ignore_preconditions_are_known_by_their_paths() {
        let is = |url: &str| ignores_preconditions(&Url::parse(url).unwrap());
        for url in [
            "https://example.org/SOGo/dav/jana/Calendar/personal/",
            "https://mail.example.org/dav/jana@example.org/Calendar/",
            "https://mail.example.org/dav/jana%40example.org/Tasks/",
            "https://posteo.de:8443/calendars/jana/default/",
        ] {
            assert!(is(url), "{url}");
        }
        for url in [
            "https://example.org/dav/calendars/user/jana@example.org/Default/",
            "https://example.org/remote.php/dav/calendars/jana/SOGo/",
        ] {
            assert!(!is(url), "{url}");
        }
    }

    #[test]
    fn lost_line_ends_come_back_and_others_stay() {
        let of =
            |etag, length, text: &'static str| with_line_ends(etag, length, text.as_bytes()).into_owned();
        let sogo = Some("\"gcs00000001\"");
        assert_eq!(of(sogo, None, "A:1\n B\nC"), b"A:1\r\n B\r\nC");
        assert_eq!(of(sogo, None, "A:1\r\nB:2\n"), b"A:1\r\nB:2\n");
        assert_eq!(of(Some("\"1\""), Some(10), "A:1\nB:2\n"), b"A:1\r\nB:2\r\n");
        for length in [None, Some(8), Some(9), Some(11)] {
            assert_eq!(of(Some("\"1\""), length, "A:1\nB:2\n"), b"A:1\nB:2\n");
        }
        assert_eq!(of(None, None, "A:1\n"), b"A:1\n");
    }
}
