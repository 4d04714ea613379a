//! Keys and their new values, as `profile set` and `settings set` take them.

use tr::tr;

use super::Failure;
use crate::setup::change::Change;

#[derive(Debug, clap::Args)]
pub struct Changes {
    /// What to change: KEY=VALUE, as often as you like, or one KEY and its VALUE
    #[arg(required = true, value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// Remove the keys that are named, so that their defaults count
    #[arg(long)]
    unset: bool,
}

impl Changes {
    pub fn read(self) -> Result<Vec<Change>, Failure> {
        match (self.unset, self.changes.as_slice()) {
            (true, keys) if keys.iter().any(|key| key.contains('=')) => {
                Err(Failure::Usage(tr!("with --unset, name only the keys, without a value")))
            }
            (true, keys) => Ok(keys.iter().map(|key| (key.clone(), None)).collect()),
            (false, [key, value]) if !key.contains('=') => Ok(vec![(key.clone(), Some(value.clone()))]),
            (false, changes) => changes
                .iter()
                .map(|change| match change.split_once('=') {
                    Some((key, value)) => Ok((key.trim().to_owned(), Some(value.trim().to_owned()))),
                    None => Err(Failure::Usage(tr!(
                        "{change} is no change; write KEY=VALUE, such as: interval_minutes=5",
                        change = format_args!("{change:?}")
                    ))),
                })
                .collect(),
        }
    }
}

/// A change as it is told when it is done.
pub fn told((key, value): &Change) -> String {
    match value {
        Some(value) if value.is_empty() => tr!("{key} is now empty", key),
        Some(value) => tr!("{key} is now {value}", key, value),
        None => tr!("{key} now has its default", key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(changes: &[&str], unset: bool) -> Result<Vec<Change>, String> {
        let changes = changes.iter().map(|change| (*change).to_owned()).collect();
        Changes { changes, unset }.read().map_err(|failure| match failure {
            Failure::Usage(what) | Failure::NotDone(what) => what,
        })
    }

    #[test]
    fn keys_and_values_in_both_forms() {
        let change = |key: &str, value: &str| (key.to_owned(), Some(value.to_owned()));
        assert_eq!(read(&["url", "https://x/?a=b"], false).unwrap(), [change("url", "https://x/?a=b")]);
        let two = [change("a", "1"), change("b", "x=y")];
        assert_eq!(read(&["a=1", "b=x=y"], false).unwrap(), two);
        assert_eq!(read(&["a=", "b = 2"], false).unwrap(), [change("a", ""), change("b", "2")]);
        assert_eq!(read(&["a", "b"], true).unwrap(), [("a".to_owned(), None), ("b".to_owned(), None)]);
    }

    #[test]
    fn what_is_no_change() {
        insta::assert_snapshot!(read(&["mode"], false).unwrap_err(), @r#""mode" is no change; write KEY=VALUE, such as: interval_minutes=5"#);
        insta::assert_snapshot!(read(&["a=1", "mode"], false).unwrap_err(), @r#""mode" is no change; write KEY=VALUE, such as: interval_minutes=5"#);
        insta::assert_snapshot!(read(&["a=1"], true).unwrap_err(), @"with --unset, name only the keys, without a value");
    }
}
