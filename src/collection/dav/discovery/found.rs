//! A collection that was found.

use percent_encoding::percent_decode_str;
use url::Url;

use super::super::address::{key, last_segment, resolve};
use super::super::observe::{kinds, writable};
use super::super::xml::Props;
use crate::collection::Color;
use crate::item::Kind;

/// A calendar, task list or address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub url: Url,
    /// What it can hold: events, tasks or both; or contacts.
    pub kinds: Vec<Kind>,
    /// What a person calls it; never empty.
    pub name: String,
    pub description: Option<String>,
    /// As `#RRGGBB`, where it can be read; otherwise as it comes.
    pub color: Option<String>,
    /// Whether this user may write to it; `None` where the server does not tell.
    pub writable: Option<bool>,
    /// The name of its owner's principal.
    pub owner: Option<String>,
    /// It belongs to somebody else.
    pub shared: bool,
    /// Changes when anything in it does (CalendarServer's CTag).
    pub ctag: Option<String>,
    /// RFC 6578.
    pub sync_token: Option<String>,
    pub(super) owner_key: Option<String>,
}

impl Found {
    /// `None` for whatever is no calendar and no address book. A server may type a calendar as its outbox as
    /// well, so other types do not matter.
    pub(super) fn read(url: Url, props: &Props, proxied: bool) -> Option<Self> {
        if !props.is("calendar") && !props.is("addressbook") {
            return None;
        }
        let kinds = kinds(props);
        if kinds.is_empty() {
            return None;
        }
        let owner =
            props.owner.as_deref().filter(|href| !href.is_empty()).and_then(|href| resolve(&url, href));
        Some(Self {
            kinds,
            name: name(props.display_name.as_deref(), &url),
            description: props.description.clone(),
            color: props
                .color
                .as_deref()
                .map(|text| Color::read(text).map_or(text.to_owned(), |color| color.to_string())),
            writable: writable(props),
            shared: proxied || props.is("shared"),
            ctag: props.ctag.clone(),
            sync_token: props.sync_token.clone(),
            owner_key: owner.as_ref().map(key),
            owner: owner.as_ref().and_then(last_segment),
            url,
        })
    }

    /// The last part of its address, decoded.
    pub fn segment(&self) -> Option<String> {
        last_segment(&self.url)
    }

    pub(super) fn rank(&self) -> (bool, bool, String, String) {
        let contacts = self.kinds.contains(&Kind::Contacts);
        (self.shared, contacts, self.name.to_lowercase(), self.url.to_string())
    }
}

/// Servers without a name for a collection may give its path instead.
fn name(display_name: Option<&str>, url: &Url) -> String {
    let path = percent_decode_str(url.path()).decode_utf8_lossy().into_owned();
    let is_path = |name: &str| name.contains('/') && path.trim_matches('/').ends_with(name.trim_matches('/'));
    match display_name {
        Some(name) if !is_path(name) => name.to_owned(),
        _ => last_segment(url).unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_people() {
        let url = Url::parse("https://x.example/alice/work%20%26%20home/").unwrap();
        assert_eq!(name(Some("Work"), &url), "Work");
        assert_eq!(name(None, &url), "work & home");
        assert_eq!(name(Some("alice/work & home"), &url), "work & home");
        assert_eq!(name(Some("work/life"), &url), "work/life");
        assert_eq!(name(None, &Url::parse("https://x.example/").unwrap()), "x.example");
    }
}
