//! Two profiles on the same pair of collections would double items: each would take what the other
//! wrote for something new.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use tr::tr;
use url::Url;

use super::{LocalSpec, Name, Profile, RemoteSpec};

/// Two profiles that must not both run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", tr!("the profiles {first} and {second} both sync {local} with {remote}, which would double its items; remove one of \
     them, or switch one off with: pimbridge profile set \"{second}\" active false", first, second, local, remote))]
pub struct Overlap {
    pub first: Name,
    pub second: Name,
    pub local: LocalSpec,
    pub remote: RemoteSpec,
}

/// Every two of these profiles that must not both run. Profiles that share one side only are fine, and so are
/// those that keep the events and the tasks of one pair: neither touches an item of the other's kind.
///
/// A profile between a collection and itself cannot be written down: the local side is a folder, the remote one an
/// `http` or `https` address.
pub fn overlaps<'a>(profiles: impl IntoIterator<Item = &'a Profile>) -> Vec<Overlap> {
    let mut seen: std::collections::HashMap<_, &Profile> = Default::default();
    let mut found = Vec::new();
    for profile in profiles {
        match seen.entry((profile.kind, local_key(&profile.local), remote_key(&profile.remote))) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(profile);
            }
            std::collections::hash_map::Entry::Occupied(first) => found.push(Overlap {
                first: first.get().name.clone(),
                second: profile.name.clone(),
                local: profile.local.clone(),
                remote: profile.remote.clone(),
            }),
        }
    }
    found
}

/// What a request is about.
#[derive(Debug)]
pub struct Requested<'a> {
    /// Those that run.
    pub run: Vec<&'a Profile>,
    /// Those that would double the work of another one that is active, or named with them.
    pub doubled: Vec<(&'a Profile, Overlap)>,
}

/// Which profiles a request is about that names these, or all active ones where it names none.
pub fn requested<'a>(profiles: &'a [Profile], named: &[String]) -> Requested<'a> {
    let is_named = |profile: &Profile| named.iter().any(|name| name == profile.name.as_str());
    let candidates = || profiles.iter().filter(|profile| profile.active || is_named(profile));
    let overlaps = overlaps(candidates());
    let mut requested = Requested { run: Vec::new(), doubled: Vec::new() };
    for profile in candidates().filter(|profile| named.is_empty() || is_named(profile)) {
        match overlaps.iter().find(|two| [&two.first, &two.second].contains(&&profile.name)) {
            Some(two) => requested.doubled.push((profile, two.clone())),
            None => requested.run.push(profile),
        }
    }
    requested
}

/// Equal for two spellings of the same folder: symlinks, `..` and trailing slashes resolved as far as
/// the path exists.
pub fn local_key(local: &LocalSpec) -> PathBuf {
    let LocalSpec::Vdir { path } = local;
    canonical(path)
}

fn canonical(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut existing = path;
    loop {
        if let Ok(mut found) = existing.canonicalize() {
            for part in rest.into_iter().rev() {
                match part {
                    Component::ParentDir => {
                        found.pop();
                    }
                    part => found.push(part),
                }
            }
            return found;
        }
        match (existing.components().next_back(), existing.parent()) {
            (Some(last), Some(parent)) => {
                rest.push(last);
                existing = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// Equal for two spellings of the same address: capital letters in the host, default ports, http and
/// https, percent-encoding and trailing slashes do not count.
pub fn remote_key(remote: &RemoteSpec) -> String {
    let RemoteSpec::Dav { url, .. } = remote;
    url_key(url)
}

/// The same of the address itself.
pub fn url_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path: Vec<String> = url
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| {
            // A slash within a segment is not one between segments.
            percent_decode_str(segment).decode_utf8_lossy().replace('/', "%2F")
        })
        .collect();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{host}{port}/{}{query}", path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Kind;
    use crate::profile::parse;

    fn key(url: &str) -> String {
        url_key(&Url::parse(url).unwrap())
    }

    fn profile(name: &str, path: &Path, url: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = '{}'\n[remote]\ntype = \"dav\"\nurl = \"{url}\"\n",
            path.display()
        );
        parse(&Name::new(name).unwrap(), Path::new("p.toml"), &text).unwrap()
    }

    #[test]
    fn spellings_of_one_address() {
        let one = key("https://cloud.example.org/dav/jana@home/work/");
        for other in [
            "https://cloud.example.org/dav/jana@home/work",
            "https://CLOUD.example.org:443/dav//jana%40home/work/",
            "HTTPS://cloud.example.org./dav/x/../jana%40home/w%6Frk",
            "http://cloud.example.org/dav/jana@home/work/",
        ] {
            assert_eq!(key(other), one, "{other}");
        }
        for other in [
            "https://cloud.example.org/dav/jana@home/Work/",
            "https://cloud.example.org:8443/dav/jana@home/work/",
            "https://cloud.example.org/dav/jana@home%2Fwork/",
            "https://cloud.example.org/dav/jana@home/work/?x",
        ] {
            assert_ne!(key(other), one, "{other}");
        }
    }

    #[test]
    fn the_same_pair_is_refused_one_shared_side_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir(&a).unwrap();
        let (x, y) = ("https://one.example/x/", "https://one.example/y/");
        assert_eq!(
            overlaps(&[profile("1", &a, x), profile("2", &a, y), profile("3", &b, x), profile("4", &b, y)]),
            []
        );
        let found = overlaps(&[profile("1", &a, x), profile("2", &a.join("."), "https://one.example:443/x")]);
        assert_eq!(found.len(), 1);
        let text = found[0].to_string().replace(&a.display().to_string(), "/cal");
        insta::assert_snapshot!(text, @r#"the profiles 1 and 2 both sync /cal/. with https://one.example/x, which would double its items; remove one of them, or switch one off with: pimbridge profile set "2" active false"#);
    }

    #[test]
    fn events_and_tasks_of_one_calendar_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let x = "https://one.example/x/";
        let events = profile("events", folder.path(), x);
        let tasks = Profile { kind: Kind::Tasks, ..profile("tasks", folder.path(), x) };
        assert_eq!(overlaps([&events, &tasks]), []);
        let more_tasks = Profile { name: Name::new("more").unwrap(), ..tasks.clone() };
        assert_eq!(overlaps([&events, &tasks, &more_tasks]).len(), 1);
    }

    #[test]
    fn folders_that_do_not_exist_are_compared_too() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("not/there");
        let x = "https://one.example/x/";
        let twice = [profile("1", &missing, x), profile("2", &folder.path().join("not/./there/"), x)];
        assert_eq!(overlaps(&twice).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_the_folder_that_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let x = "https://one.example/x/";
        assert_eq!(overlaps(&[profile("1", &real, x), profile("2", &link, x)]).len(), 1);
        assert_eq!(
            local_key(&profile("1", &link.join("new"), x).local),
            real.canonicalize().unwrap().join("new")
        );
    }
}
