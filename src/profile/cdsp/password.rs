//! The password of a profile. Windows protects it (DPAPI) so that only the person who exported it can read it, and only on
//! the same computer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::document::Options;
use crate::profile::Secret;

/// The password, where this person can read it here.
pub fn of(options: &Options) -> Option<Secret> {
    read(options, unprotect)
}

fn read(options: &Options, unprotect: impl FnOnce(&[u8], &[u8]) -> Option<Vec<u8>>) -> Option<Secret> {
    let bytes = |name| STANDARD.decode(options.text(name)?.trim()).ok();
    let plain = unprotect(&bytes("ProtectedPassword")?, &bytes("Salt")?)?;
    let (units, []) = plain.as_chunks::<2>() else { return None };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let password = String::from_utf16(&units).ok()?;
    (!password.is_empty()).then(|| Secret::new(password))
}

#[cfg(windows)]
fn unprotect(protected: &[u8], entropy: &[u8]) -> Option<Vec<u8>> {
    windows_dpapi::decrypt_data(protected, windows_dpapi::Scope::User, Some(entropy)).ok()
}

#[cfg(not(windows))]
fn unprotect(_: &[u8], _: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(password: &str) -> Options {
        let mut options = Options::default();
        options.set("Salt", STANDARD.encode(b"salt"));
        options.set("ProtectedPassword", password);
        options
    }

    /// What stands in for Windows here turns the octets round.
    fn turned(protected: &[u8], entropy: &[u8]) -> Option<Vec<u8>> {
        (entropy == b"salt").then(|| protected.iter().rev().copied().collect())
    }

    #[test]
    fn a_password_that_can_be_read() {
        let mut bytes: Vec<u8> = "pässword 🎉".encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.reverse();
        let found = read(&options(&STANDARD.encode(&bytes)), turned).unwrap();
        assert_eq!(found.expose(), "pässword 🎉");
    }

    #[test]
    fn one_that_cannot() {
        for password in ["", "AQAA", "not base64!", &STANDARD.encode(b"\xd8\x00")] {
            assert!(read(&options(password), turned).is_none(), "{password}");
        }
        assert!(read(&Options::default(), turned).is_none());
        assert!(read(&options("AQAAANCM"), |_, _| None).is_none());
    }
}
