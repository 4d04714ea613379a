//! The bytes of a `.cdsp` file become text.
//!
//! The file declares UTF-16, but is UTF-8 as a rule: the declaration does not count.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tr::tr;

use super::CdspError;

/// A larger file holds no profiles.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is no text of an encoding that such files have.
pub fn text_of(file: &Path) -> Result<String, CdspError> {
    let failed = |source| CdspError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(CdspError::TooLarge(file.to_owned()));
    }
    decode(&bytes).map_err(|(line, what)| CdspError::Content { file: file.to_owned(), line, what })
}

/// The text of these bytes: by their byte order mark, or else as UTF-16 where there are NUL octets, or else as UTF-8.
/// The error is the line that is none, and a sentence.
pub fn decode(bytes: &[u8]) -> Result<String, (usize, String)> {
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, (usize, String)> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let before = bytes.iter().take(error.valid_up_to());
            let line = 1 + before.filter(|byte| **byte == b'\n').count();
            Err((line, tr!("the text is neither UTF-8 nor UTF-16; export the profiles anew")))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, (usize, String)> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let characters = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    collect(characters.map(Result::ok), rest, "UTF-16")
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Result<String, (usize, String)> {
    let (fours, rest) = bytes.as_chunks::<4>();
    collect(fours.iter().map(|four| char::from_u32(unit(*four))), rest, "UTF-32")
}

fn collect(
    characters: impl Iterator<Item = Option<char>>,
    rest: &[u8],
    encoding: &str,
) -> Result<String, (usize, String)> {
    let mut text = String::new();
    let ends = std::iter::once(None).take(usize::from(!rest.is_empty()));
    for character in characters.chain(ends) {
        match character {
            Some(character) => text.push(character),
            None => {
                let line = 1 + text.matches('\n').count();
                return Err((
                    line,
                    tr!("the text is not whole {encoding}; export the profiles anew", encoding),
                ));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<a>\n  <b>Büro 🎉</b>\n</a>";

    fn units(unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        TEXT.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn every_encoding_that_such_files_have() {
        let utf32: Vec<u8> = TEXT.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for bytes in [
            TEXT.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", TEXT.as_bytes()].concat(),
            units(u16::to_le_bytes),
            units(u16::to_be_bytes),
            [&b"\xff\xfe"[..], &units(u16::to_le_bytes)].concat(),
            [&b"\xfe\xff"[..], &units(u16::to_be_bytes)].concat(),
            [&b"\xff\xfe\0\0"[..], &utf32].concat(),
        ] {
            assert_eq!(decode(&bytes).as_deref(), Ok(TEXT), "{bytes:?}");
        }
        assert_eq!(decode(b"").as_deref(), Ok(""));
        assert_eq!(decode(b"\0\0").as_deref(), Ok("\0\0"));
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        insta::assert_debug_snapshot!(decode(b"<a>\n\xfc"), @r#"
        Err(
            (
                2,
                "the text is neither UTF-8 nor UTF-16; export the profiles anew",
            ),
        )
        "#);
        let mut cut = units(u16::to_le_bytes);
        cut.pop();
        insta::assert_debug_snapshot!(decode(&cut), @r#"
        Err(
            (
                3,
                "the text is not whole UTF-16; export the profiles anew",
            ),
        )
        "#);
    }

    #[test]
    fn a_far_too_large_file_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.cdsp");
        File::create(&path).unwrap().set_len(100 * 1024 * 1024).unwrap();
        assert!(matches!(text_of(&path), Err(CdspError::TooLarge(_))));
    }
}
