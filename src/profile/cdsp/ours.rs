//! What a profile has and the `.cdsp` format has not, or only something near it: TOML in an element of its own, which
//! Outlook CalDav Synchronizer passes over.

use super::document::{Element, OURS, Options};
use super::keys::Keys;

/// Keys that a file may set so, besides those of `[mapping]`.
const PORTABLE: &[&str] = &[
    "conflict",
    "history_days",
    "past_days",
    "future_days",
    "category",
    "include_uncategorised",
    "invert",
    "name_and_color",
    "busy_blocks",
    "guard.max_deletions",
    "guard.max_percent",
    "remote.sign_in",
    "remote.schedule_agent",
    "remote.send_notifications",
    "remote.http1_only",
    "remote.timeout_seconds",
    "remote.connect_timeout_seconds",
    "oauth.provider",
    "oauth.client_id",
    "oauth.authorization_url",
    "oauth.token_url",
    "oauth.scopes",
];

/// Whether a file may set this key: never where secrets are, who may see them, or what is run to get them.
pub fn is_portable(path: &str) -> bool {
    PORTABLE.contains(&path) || path.starts_with("mapping.")
}

/// Puts in what the elements do not say of these keys; says which keys that are.
pub fn put(options: &mut Options, keys: &Keys, said: &Keys) -> Vec<String> {
    let more = keys.beyond(said).only(is_portable);
    if !more.is_empty() {
        options.put(None, Element::text(OURS, more.to_toml().trim_end()));
    }
    more.paths().map(str::to_owned).collect()
}

/// The keys that a file sets so, if it was written here.
pub fn take(options: &Options) -> Option<Keys> {
    options.text(OURS).map(|text| Keys::of(text).only(is_portable))
}
