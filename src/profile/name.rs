//! Names of profiles.

use std::fmt;

use tr::tr;

use crate::collection::device::is_device;

/// The name of a profile, which is also the name of its files: letters, digits, `-`, `_`, `.` and
/// spaces within, and nothing that any system refuses as the name of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// A name that a profile cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("{}", tr!("a profile needs a name"))]
    Empty,
    #[error("{}", tr!("the profile name {} is too long; use at most {MAX_BYTES} letters", format_args!("{:?}", .0), MAX_BYTES))]
    TooLong(String),
    #[error("{}", tr!("the profile name {name} contains {found}; use letters, digits, -, _, . and spaces", name = format_args!("{name:?}"), found = format_args!("{found:?}")))]
    Character { name: String, found: char },
    #[error("{}", tr!("the profile name {} must begin with a letter or a digit", format_args!("{:?}", .0)))]
    Start(String),
    #[error("{}", tr!("the profile name {} must not end with a dot or a space", format_args!("{:?}", .0)))]
    End(String),
    #[error("{}", tr!("the profile name {} is reserved by Windows; choose another one", format_args!("{:?}", .0)))]
    Reserved(String),
}

const MAX_BYTES: usize = 100;

impl Name {
    pub fn new(name: &str) -> Result<Self, BadName> {
        let own = || name.to_owned();
        if name.len() > MAX_BYTES {
            return Err(BadName::TooLong(name.chars().take(20).chain(['…']).collect()));
        }
        if let Some(found) = name.chars().find(|c| !(c.is_alphanumeric() || "-_. ".contains(*c))) {
            return Err(BadName::Character { name: own(), found });
        }
        match name.chars().next() {
            None => return Err(BadName::Empty),
            Some(first) if !first.is_alphanumeric() => return Err(BadName::Start(own())),
            Some(_) => {}
        }
        if name.ends_with(['.', ' ']) {
            return Err(BadName::End(own()));
        }
        if is_device(name) {
            return Err(BadName::Reserved(own()));
        }
        Ok(Self(own()))
    }

    /// A name like this text, which may be anything.
    pub fn like(text: &str) -> Self {
        let mut plain = String::new();
        for c in text.chars() {
            match c {
                c if c.is_alphanumeric() || "_. ".contains(c) => plain.push(c),
                _ if plain.ends_with(['-', ' ']) || plain.is_empty() => {}
                _ => plain.push('-'),
            }
            if plain.len() > MAX_BYTES - 20 {
                break;
            }
        }
        let ends = |c: char| !c.is_alphanumeric();
        let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let plain = plain.trim_matches(ends);
        Self::new(plain)
            .or_else(|_| Self::new(&format!("my {plain}")))
            .unwrap_or_else(|_| Self("collection".to_owned()))
    }

    /// The same name with a number: "work 2".
    pub fn numbered(&self, number: usize) -> Self {
        Self(format!("{} {number}", self.0))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same file on a system that does not tell capital letters from small ones.
    pub fn same_file(&self, other: &Name) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_files_everywhere() {
        for name in ["work", "Work 2", "büro", "a.b-c_d", "日程", "console", "com", "com10", "Nullen"] {
            assert!(Name::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_are_not() {
        let long = "x".repeat(101);
        for name in [
            "", " ", ".hidden", "-x", "a/b", "a\\b", "..", "a:b", "end.", "end ", "con", "NUL", "com1",
            "Lpt9.x", "CON .x", "COM¹", "a\nb", "a\0", &long,
        ] {
            assert!(Name::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_like_anything() {
        for (text, name) in [
            ("Work", "Work"),
            ("Jana's  calendar/2026 ", "Jana-s calendar-2026"),
            ("../../etc", "etc"),
            ("🎉 Party 🎉", "Party"),
            ("con", "my con"),
            ("", "collection"),
            ("///", "collection"),
            ("日程", "日程"),
        ] {
            assert_eq!(Name::like(text).as_str(), name, "{text:?}");
        }
        for text in ["x".repeat(500), "🎉".repeat(90), "é ".repeat(90), "NUL.".repeat(40)] {
            let name = Name::like(&text).numbered(1000);
            assert_eq!(Name::new(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        insta::assert_snapshot!(Name::new("a/b").unwrap_err(), @r#"the profile name "a/b" contains '/'; use letters, digits, -, _, . and spaces"#);
        insta::assert_snapshot!(Name::new("aux").unwrap_err(), @r#"the profile name "aux" is reserved by Windows; choose another one"#);
    }
}
