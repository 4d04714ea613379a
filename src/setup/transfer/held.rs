//! What a file does not decide: whether a profile that is switched off here runs, and how much a run may delete.

use tr::tr;

use super::told::default;
use crate::profile::cdsp::{Imported, Keys};

/// Keys whose value guards, and whether more of it guards less.
const GUARDS: [(&str, bool); 3] =
    [("guard.max_deletions", true), ("guard.max_percent", true), ("history_days", false)];

/// Takes such things out of what a file has, in view of the keys of the profile here; says what, in sentences in which
/// `{name}` stands for the profile's name.
pub fn hold(imported: &mut Imported, old: Option<&Keys>) -> Vec<String> {
    let mut told = Vec::new();
    told.extend(active(imported, old));
    told.extend(GUARDS.iter().filter_map(|(path, more)| guard(&mut imported.keys, old, path, *more)));
    told
}

fn active(imported: &mut Imported, old: Option<&Keys>) -> Option<String> {
    let is_on = |keys: &Keys| keys.switch("active") != Some(false);
    // In an export such a profile is always switched off, for Outlook.
    let is_off_for_outlook = imported.ours && imported.keys.text("busy_blocks").is_some();
    match old.map(is_on) {
        Some(false) if is_on(&imported.keys) => {
            imported.keys.set("active", false);
            Some(tr!(
                "it stays switched off, as it is here; to switch it on: pimbridge profile set {name} active true"
            ))
        }
        Some(true) if is_off_for_outlook => {
            imported.keys.remove("active");
            None
        }
        None if is_off_for_outlook && !is_on(&imported.keys) => Some(tr!(
            "a profile with busy_blocks is always switched off in a file; to switch it on: pimbridge profile set \
             {name} active true"
        )),
        _ => None,
    }
}

/// A file may not make a guard weaker than it is here, or than it usually is.
fn guard(keys: &mut Keys, old: Option<&Keys>, path: &str, more_is_weaker: bool) -> Option<String> {
    let wanted = keys.number(path)?;
    let usual: i64 = default(path)?.parse().ok()?;
    let set = old.and_then(|old| old.number(path));
    let here = set.unwrap_or(usual);
    let is_weaker = match more_is_weaker {
        true => wanted > here.max(usual),
        false => wanted < here.min(usual),
    };
    if !is_weaker {
        return None;
    }
    match set {
        Some(set) => keys.set(path, set),
        None => keys.remove(path),
    }
    let name = "{name}";
    Some(match set {
        Some(_) => tr!(
            "{path} stays {here}: the file has {wanted}, which would guard you less; if you want that: pimbridge \
             profile set {name} {path} {wanted}",
            path,
            here,
            wanted,
            name
        ),
        None => tr!(
            "{path} is, as usual, {here}: the file has {wanted}, which would guard you less; if you want that: \
             pimbridge profile set {name} {path} {wanted}",
            path,
            here,
            wanted,
            name
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Kind;

    fn imported(keys: &str, ours: bool) -> Imported {
        let id = String::new();
        let keys = Keys::of(keys);
        Imported { id, folder: None, account: None, kind: Kind::Events, keys, ours, notes: Vec::new() }
    }

    /// The keys after it, and what is told.
    fn held(file: &str, old: Option<&str>) -> (String, Vec<String>) {
        let mut imported = imported(file, true);
        let told = hold(&mut imported, old.map(Keys::of).as_ref());
        (imported.keys.to_toml(), told)
    }

    #[test]
    fn a_file_does_not_weaken_the_guards() {
        let weak = "history_days = 1\n[guard]\nmax_deletions = 1000000\nmax_percent = 100";
        let (keys, told) = held(weak, None);
        assert_eq!(keys, "");
        insta::assert_snapshot!(told.join("\n"), @"
        guard.max_deletions is, as usual, 10: the file has 1000000, which would guard you less; if you want that: pimbridge profile set {name} guard.max_deletions 1000000
        guard.max_percent is, as usual, 25: the file has 100, which would guard you less; if you want that: pimbridge profile set {name} guard.max_percent 100
        history_days is, as usual, 90: the file has 1, which would guard you less; if you want that: pimbridge profile set {name} history_days 1
        ");
        let mine = "history_days = 30\n\n[guard]\nmax_deletions = 5\nmax_percent = 50\n";
        let (keys, told) = held(weak, Some(mine));
        assert_eq!(keys, mine);
        insta::assert_snapshot!(told.join("\n"), @"
        guard.max_deletions stays 5: the file has 1000000, which would guard you less; if you want that: pimbridge profile set {name} guard.max_deletions 1000000
        guard.max_percent stays 50: the file has 100, which would guard you less; if you want that: pimbridge profile set {name} guard.max_percent 100
        history_days stays 30: the file has 1, which would guard you less; if you want that: pimbridge profile set {name} history_days 1
        ");
    }

    #[test]
    fn stronger_guards_are_taken_over() {
        let strong = "history_days = 365\n\n[guard]\nmax_deletions = 0\nmax_percent = 25\n";
        assert_eq!(held(strong, None), (strong.to_owned(), Vec::new()));
        let as_here = "[guard]\nmax_percent = 50\n";
        assert_eq!(held(as_here, Some(as_here)), (as_here.to_owned(), Vec::new()));
    }

    #[test]
    fn only_the_person_switches_a_profile_on() {
        let (keys, told) = held("", Some("active = false"));
        assert_eq!(keys, "active = false\n");
        insta::assert_snapshot!(told.join("\n"), @"it stays switched off, as it is here; to switch it on: pimbridge profile set {name} active true");
        assert_eq!(held("active = false", Some("active = false")).1, Vec::<String>::new());
        assert_eq!(held("active = false\n", Some("")), ("active = false\n".to_owned(), Vec::new()));
        assert_eq!(held("active = false\n", None), ("active = false\n".to_owned(), Vec::new()));
    }

    #[test]
    fn one_with_busy_blocks_stays_as_it_is_here() {
        let busy = "active = false\nbusy_blocks = \"Busy\"\n";
        assert_eq!(held(busy, Some("")), ("busy_blocks = \"Busy\"\n".to_owned(), Vec::new()));
        assert_eq!(held(busy, Some("active = false")), (busy.to_owned(), Vec::new()));
        let (keys, told) = held(busy, None);
        assert_eq!(keys, busy);
        insta::assert_snapshot!(told.join("\n"), @"a profile with busy_blocks is always switched off in a file; to switch it on: pimbridge profile set {name} active true");
    }
}
