//! Names of new items, derived from the UID: the same item gets the same name at every attempt, and the
//! name is fit for every file system and server.

use super::device::is_device;
use crate::item::{self, tagged_hash};

/// The longest name, in octets: with room for what a program puts before or behind it.
const LONGEST: usize = 120;
/// How much of a UID that is no fit name is kept in the name, in characters.
const KEPT: usize = 60;

/// The name of a new item: its UID where that is fit to be a name, or else something like it with a
/// hash of the UID. Without a UID it is a hash of the item's bytes.
pub fn file_name(uid: Option<&str>, bytes: &[u8], extension: &str) -> String {
    match uid.map(str::trim).filter(|uid| !uid.is_empty()) {
        Some(uid) if is_fit(uid) && uid.len() + 1 + extension.len() <= LONGEST => {
            format!("{uid}.{extension}")
        }
        Some(uid) => with_hash(uid, "name", extension),
        None => format!("{}.{extension}", tagged_hash("name", bytes, 16)),
    }
}

/// The name of a new item where [`file_name`] is taken by another.
pub fn alternative(uid: Option<&str>, bytes: &[u8], extension: &str) -> String {
    match uid.map(str::trim).filter(|uid| !uid.is_empty()) {
        Some(uid) => with_hash(uid, "alternative", extension),
        None => format!("{}.{extension}", tagged_hash("alternative", bytes, 16)),
    }
}

/// Whether what has the name already is the new item itself, from an earlier attempt or another program.
/// What cannot be read is another.
pub fn is_same_item(there: &[u8], uid: Option<&str>, bytes: &[u8]) -> bool {
    match uid {
        Some(uid) => item::read(there).is_ok_and(|facts| facts.uid.as_deref() == Some(uid.trim())),
        None => there == bytes,
    }
}

fn with_hash(uid: &str, tag: &str, extension: &str) -> String {
    let kept: String =
        uid.chars().take(KEPT).map(|char| if is_fit_char(char) { char } else { '_' }).collect();
    let kept = kept.trim_matches(['.', '_']);
    let hash = tagged_hash(tag, uid.as_bytes(), 6);
    match kept {
        "" => format!("{hash}.{extension}"),
        _ if is_device(kept) => format!("_{kept}-{hash}.{extension}"),
        _ => format!("{kept}-{hash}.{extension}"),
    }
}

fn is_fit(uid: &str) -> bool {
    uid.chars().all(is_fit_char) && !uid.starts_with('.') && !uid.ends_with('.') && !is_device(uid)
}

fn is_fit_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(uid: &str) -> String {
        file_name(Some(uid), b"", "ics")
    }

    #[test]
    fn a_fit_uid_is_the_name() {
        for uid in
            ["abc-123@example.com", "4FBE8971-0bc3_x", "a", "a.b", "console", "COM10", &"x".repeat(116)]
        {
            assert_eq!(name(uid), format!("{uid}.ics"));
        }
        assert_eq!(name(" abc\r"), "abc.ics");
    }

    #[test]
    fn any_other_uid_gets_a_fit_name_of_its_own() {
        insta::assert_snapshot!(name("urn:uuid:4fbe/../x y"), @"urn_uuid_4fbe_.._x_y-5daf8a4aeca8.ics");
        insta::assert_snapshot!(name("CON"), @"_CON-b8eddbc14281.ics");
        insta::assert_snapshot!(name("lpt1.x"), @"_lpt1.x-15425c64dfdb.ics");
        insta::assert_snapshot!(name("../../etc/passwd"), @"etc_passwd-dc70e5bf9456.ics");
        insta::assert_snapshot!(name("日本"), @"9fd43d5c7056.ics");
        insta::assert_snapshot!(name("Größe"), @"Gr__e-ed91511b0bee.ics");
        let odd = [
            ".a",
            "a.",
            "a ",
            "a b",
            "a/b",
            "a\\b",
            "a:b",
            "a*b",
            "a?b",
            "a\"b",
            "a<b",
            "a>b",
            "a|b",
            "a\u{1}b",
            "NUL",
            "nul.x",
            "...",
            "é",
            "e\u{301}",
            &"x".repeat(117),
            &"ü".repeat(200),
            "a%2fb",
            "a+b",
            "a~",
        ];
        let mut names: Vec<_> = odd.iter().map(|uid| name(uid)).collect();
        for name in &names {
            let (stem, extension) = name.rsplit_once('.').unwrap();
            assert!(is_fit(stem) && extension == "ics" && name.len() <= LONGEST, "{name}");
        }
        names.iter_mut().for_each(|name| name.make_ascii_lowercase());
        names.sort();
        names.dedup();
        // "a " is "a" with a space at its end, which says nothing: it is fit.
        assert_eq!(names.len(), odd.len());
    }

    #[test]
    fn without_a_uid_the_bytes_decide() {
        let name = file_name(None, b"one", "vcf");
        assert_eq!(name.len(), 32 + 4);
        assert_eq!(name, file_name(Some(""), b"one", "vcf"));
        assert_ne!(name, file_name(None, b"two", "vcf"));
    }

    #[test]
    fn the_same_item_is_known_by_the_uid_of_its_own_components() {
        let item = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nuid;X-A=1:ab\r\n c@d\r\nSUMMARY:UID:x\r\n\
            BEGIN:VALARM\r\nUID:alarm\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        for (uid, same) in [("abc@d", true), (" abc@d", true), ("x", false), ("ab", false), ("alarm", false)]
        {
            assert_eq!(is_same_item(item, Some(uid), b"new"), same, "{uid}");
        }
        assert!(!is_same_item(b"UID:broken", Some("broken"), b"new"));
        assert!(is_same_item(b"x", None, b"x") && !is_same_item(b"x", None, b"y"));
    }

    #[test]
    fn the_alternative_is_another_name() {
        for uid in [None, Some("a"), Some("a b"), Some("CON")] {
            let other = alternative(uid, b"x", "ics");
            assert_ne!(other, file_name(uid, b"x", "ics"));
            assert_eq!(other, alternative(uid, b"x", "ics"));
        }
    }
}
