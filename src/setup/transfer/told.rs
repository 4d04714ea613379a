//! What a person is told of a profile before it is written.

use std::collections::BTreeSet;

use tr::tr;

use crate::keyed::{Absent, Shape};
use crate::profile::cdsp::Keys;
use crate::profile::{Profile, ProxySpec, RemoteSpec, SignIn, TABLE, local_key};
use crate::report::wording::{cut, enumerated};

/// Keys that are told of a new profile where they are not as usual: what is synced, what may be deleted, and where one
/// signs in.
const NOTABLE: [&str; 11] = [
    "past_days",
    "future_days",
    "category",
    "include_uncategorised",
    "invert",
    "busy_blocks",
    "history_days",
    "guard.max_deletions",
    "guard.max_percent",
    "oauth.authorization_url",
    "oauth.token_url",
];

/// The server, as whom, and through which proxy.
pub fn server(profile: &Profile) -> Vec<String> {
    let RemoteSpec::Dav { url, sign_in, connection } = &profile.remote;
    let user = sign_in.as_ref().and_then(SignIn::user);
    let mut told = vec![match user {
        Some(user) => tr!("on {url}, as {}", cut(user, 60), url),
        None => tr!("on {url}", url),
    }];
    if let ProxySpec::Via { url, sign_in } = &connection.proxy {
        told.push(match sign_in {
            Some(user) => tr!("through the proxy {url}, as {}", cut(&user.user, 60), url),
            None => tr!("through the proxy {url}", url),
        });
    }
    told
}

/// What is not as usual in a new profile.
pub fn notable(text: &str) -> Vec<String> {
    let keys = Keys::of(text);
    let unusual = NOTABLE.iter().filter_map(|path| {
        let value = shown(&keys, path)?;
        (default(path).as_ref() != Some(&value)).then(|| format!("{path}: {value}"))
    });
    unusual.collect()
}

/// What is otherwise than before, key by key.
pub fn changes(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (Keys::of(before), Keys::of(after));
    let paths: BTreeSet<&str> = before.paths().chain(after.paths()).collect();
    let counts = |keys: &Keys, path: &str| written(keys, path).or_else(|| default(path));
    let paths = paths.into_iter().filter(|path| {
        !path.starts_with("cdsp.")
            && *path != "preview_needed"
            && counts(&before, path) != counts(&after, path)
    });
    let becomes = |path| tr!("{path}: {} becomes {}", value(&before, path), value(&after, path), path);
    paths.map(becomes).collect()
}

/// The value of a key, or its default.
fn value(keys: &Keys, path: &str) -> String {
    shown(keys, path)
        .or_else(|| default(path).map(|default| tr!("{default} (the default)", default)))
        .unwrap_or_else(|| tr!("none"))
}

fn shown(keys: &Keys, path: &str) -> Option<String> {
    written(keys, path).map(|value| cut(&value, 200))
}

fn written(keys: &Keys, path: &str) -> Option<String> {
    keys.get(path).map(ToString::to_string)
}

/// The default of a key, written as a profile's file has it.
pub fn default(path: &str) -> Option<String> {
    let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
    let key = TABLE.key(section, name)?;
    match (key.absent, key.shape) {
        (Absent::Is(text), Shape::Number(..) | Shape::Switch) => Some(text.to_owned()),
        (Absent::Is(text), _) => Some(format!("{text:?}")),
        _ => None,
    }
}

/// With which of the others a profile shares its folder.
pub fn sharers<'a>(profile: &Profile, others: impl Iterator<Item = &'a Profile>) -> Option<String> {
    let folder = local_key(&profile.local);
    let same = others.filter(|other| other.name != profile.name && local_key(&other.local) == folder);
    let names: BTreeSet<&str> = same.map(|other| other.name.as_str()).collect();
    (!names.is_empty()).then(|| tr!("shares its folder with {}", enumerated(names)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Name, parse};

    #[test]
    fn both_values_of_what_changes() {
        let before = "kind = \"events\"\ncategory = \"Foo\"\ninterval_minutes = 5\nconflict = \"merge\"\n\
                      [oauth]\nclient_id = \"1\"\n[cdsp]\nid = \"x\"";
        let after = "kind = \"events\"\npast_days = 60\nmode = \"two-way\"\n[guard]\nmax_percent = 5";
        insta::assert_snapshot!(changes(before, after).join("\n"), @r#"
        category: "Foo" becomes none
        conflict: "merge" becomes "automatic" (the default)
        guard.max_percent: 25 (the default) becomes 5
        interval_minutes: 5 becomes 30 (the default)
        oauth.client_id: "1" becomes none
        past_days: none becomes 60
        "#);
    }

    #[test]
    fn only_what_is_not_as_usual_is_notable() {
        let usual = "history_days = 90\ninvert = false\ninterval_minutes = 5\n[guard]\nmax_percent = 25";
        assert_eq!(notable(usual), Vec::<String>::new());
        let other = "past_days = 60\ncategory = \"Work\"\ninvert = true\nbusy_blocks = \"Busy\"\nhistory_days = 365\n\
                     [guard]\nmax_deletions = 0\n[oauth]\ntoken_url = \"https://t.example/\"";
        insta::assert_snapshot!(notable(other).join("\n"), @r#"
        past_days: 60
        category: "Work"
        invert: true
        busy_blocks: "Busy"
        history_days: 365
        guard.max_deletions: 0
        oauth.token_url: "https://t.example/"
        "#);
    }

    fn profile(name: &str, folder: &str, more: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"{folder}\"\n[remote]\ntype = \"dav\"\n\
             url = \"https://s.example/{name}/\"\n{more}"
        );
        parse(&Name::new(name).unwrap(), Path::new("p.toml"), &text).unwrap()
    }

    #[test]
    fn where_and_as_whom() {
        assert_eq!(server(&profile("a", "/a", "")), ["on https://s.example/a/"]);
        let proxy = "user = \"jana\"\nproxy = \"http://p.example:3128\"\nproxy_user = \"j\"";
        insta::assert_snapshot!(server(&profile("a", "/a", proxy)).join("\n"), @"
        on https://s.example/a/, as jana
        through the proxy http://p.example:3128/, as j
        ");
        assert_eq!(server(&profile("a", "/a", "proxy = \"none\"")).len(), 1);
    }

    #[test]
    fn a_shared_folder() {
        let [a, b, c] =
            [("a", "/x"), ("b", "/x/."), ("c", "/y")].map(|(name, folder)| profile(name, folder, ""));
        let all = [&a, &b, &c];
        assert_eq!(sharers(&a, all.into_iter()).as_deref(), Some("shares its folder with b"));
        assert_eq!(sharers(&c, all.into_iter()), None);
    }
}
