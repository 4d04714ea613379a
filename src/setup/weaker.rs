//! What a change takes away of what guards a person's items.

use tr::tr;

use crate::profile::Profile;

/// What is to be known of a profile that guards less than before, in a sentence each.
pub fn weaker(before: &Profile, after: &Profile) -> Vec<String> {
    let mut told = Vec::new();
    let (old, new) = (before.guard, after.guard);
    if new.max_deletions > old.max_deletions || new.max_percent > old.max_percent {
        told.push(tr!(
            "a run may then delete one item of a side, or {percent} % of its items, whichever is more, without waiting for your yes"
                | "a run may then delete {n} items of a side, or {percent} % of its items, whichever is more, without waiting for your yes"
                    % new.max_deletions,
            percent = new.max_percent
        ));
    }
    if after.history_days < before.history_days {
        told.push(tr!("versions in the history that are older than a day are then removed for good"
            | "versions in the history that are older than {n} days are then removed for good"
                % after.history_days));
    }
    told
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Name, parse};

    fn profile(more: &str) -> Profile {
        let text = format!(
            "kind = \"events\"\n{more}\n[local]\ntype = \"vdir\"\npath = \"/x\"\n[remote]\ntype = \"dav\"\n\
             url = \"https://s.example/\"\n"
        );
        parse(&Name::new("work").unwrap(), Path::new("p.toml"), &text).unwrap()
    }

    #[test]
    fn what_guards_less_is_told() {
        let told = |before: &str, after: &str| weaker(&profile(before), &profile(after)).join("\n");
        insta::assert_snapshot!(told("", "guard.max_percent = 100"), @"a run may then delete 10 items of a side, or 100 % of its items, whichever is more, without waiting for your yes");
        insta::assert_snapshot!(told("guard.max_deletions = 0", "guard.max_deletions = 1"), @"a run may then delete one item of a side, or 25 % of its items, whichever is more, without waiting for your yes");
        insta::assert_snapshot!(told("", "history_days = 1"), @"versions in the history that are older than a day are then removed for good");
        assert_eq!(told("history_days = 30", "history_days = 365\nguard.max_percent = 10"), "");
    }
}
