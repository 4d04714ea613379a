//! Which profile is which: the `Id` of the format.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::keys::Keys;

/// The id in this text, as it is written: lower-case, `8-4-4-4-12`. None for that of nobody.
pub fn guid(text: &str) -> Option<String> {
    let id = text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    let hex = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let nobody = id.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    (parts == [8, 4, 4, 4, 12] && hex && !nobody).then_some(id)
}

/// The id of a profile that has none: the same for the same name and collection (RFC 9562 section 5.8).
pub fn derived(name: &str, keys: &Keys) -> String {
    let parts = [name, keys.text("kind").unwrap_or_default(), keys.text("remote.url").unwrap_or_default()];
    let digest = Sha256::digest(parts.join("\n"));
    let mut id = String::new();
    for (at, byte) in digest.iter().take(16).enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// The id of a profile here, by its name and its keys.
pub fn of(name: &str, keys: &Keys) -> String {
    keys.text("cdsp.id").and_then(guid).unwrap_or_else(|| derived(name, keys))
}

/// The text of the file of a profile, with its id written down where it was none yet: from now on it stays, whatever the
/// profile becomes.
///
/// # Errors
/// The text cannot be changed: a sentence.
pub fn written_down(name: &str, text: &str) -> Result<Option<String>, String> {
    let keys = Keys::of(text);
    if keys.text("cdsp.id").and_then(guid).is_some() {
        return Ok(None);
    }
    crate::profile::set(text, "cdsp.id", Some(&derived(name, &keys))).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_every_spelling() {
        let id = "3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11";
        assert_eq!(guid(id).as_deref(), Some(id));
        assert_eq!(guid(" {3F0C1C52-6F0E-4D0B-9D0C-2B8A0D5F7A11}").as_deref(), Some(id));
        for wrong in [
            "",
            "x",
            "00000000-0000-0000-0000-000000000000",
            "3f0c1c52-6f0e-4d0b-9d0c",
            &id.replace('f', "ä"),
        ] {
            assert_eq!(guid(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_id_is_made_of_what_a_profile_is() {
        let keys = |url: &str| Keys::of(&format!("kind = \"events\"\n[remote]\nurl = \"{url}\""));
        let id = derived("work", &keys("https://a.example/"));
        assert_eq!(guid(&id).as_ref(), Some(&id));
        assert_eq!(id, derived("work", &keys("https://a.example/")));
        assert_ne!(id, derived("home", &keys("https://a.example/")));
        assert_ne!(id, derived("work", &keys("https://b.example/")));
    }

    #[test]
    fn an_id_that_is_written_down_stays() {
        let text = "# Mine!\nkind = \"events\" # all\n\n[remote]\nurl = \"https://a.example/\" # here\n";
        let new = written_down("work", text).unwrap().unwrap();
        let id = derived("work", &Keys::of(text));
        assert_eq!(new, format!("{text}\n[cdsp]\nid = \"{id}\"\n"));
        let moved = new.replace("a.example", "b.example");
        assert_eq!(of("renamed", &Keys::of(&moved)), id);
        assert_eq!(written_down("renamed", &moved), Ok(None));
    }
}
