//! Servers that do otherwise than they say, known by their address.

use url::Url;

/// Domains whose searches leave items out without a word: GMX and WEB.DE in ranges of time, Purelymail
/// what was stored within the last minutes.
const SEARCHES_LOSE_ITEMS: [&str; 5] = ["gmx.net", "gmx.de", "gmx.com", "web.de", "purelymail.com"];

pub(super) fn loses_items_in_searches(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    SEARCHES_LOSE_ITEMS
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
}
