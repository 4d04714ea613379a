//! Text values: escapes, and what is shown of them to people.

use std::borrow::Cow;

use super::lines::Line;

/// The value of a TEXT property for a person: decoded and without escapes (RFC 5545 section 3.3.11,
/// RFC 6350 section 3.4).
pub fn plain(line: &Line<'_>) -> String {
    unescape(&decoded(line)).into_owned()
}

/// The value without the quoted-printable encoding of vCard 2.1, still with its escapes.
pub fn decoded<'a>(line: &'a Line<'_>) -> Cow<'a, str> {
    match line.is_quoted_printable() {
        true => Cow::Owned(decode_quoted_printable(line.value())),
        false => Cow::Borrowed(line.value()),
    }
}

/// The items of a list value: each as written, and for a person.
pub fn list<'a>(line: &'a Line<'_>) -> impl Iterator<Item = (&'a str, String)> {
    let encoded = line.is_quoted_printable();
    parts(line.value(), b',').map(move |part| {
        let plain = match encoded {
            true => unescape(&decode_quoted_printable(part)).into_owned(),
            false => unescape(part).into_owned(),
        };
        (part, plain)
    })
}

/// Text as a TEXT value is written (RFC 5545 section 3.3.11, RFC 6350 section 3.4).
pub fn escape(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len());
    for char in plain.chars() {
        match char {
            '\n' => escaped.push_str("\\n"),
            ',' | ';' | '\\' => escaped.extend(['\\', char]),
            _ if char.is_control() => {}
            _ => escaped.push(char),
        }
    }
    escaped
}

/// `\n`, `\N`, `\,`, `\;`, `\:` and `\\` as the characters they stand for.
pub fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(char) = rest.next() {
        match (char, rest.as_str().chars().next()) {
            ('\\', Some('n' | 'N')) => {
                rest.next();
                plain.push('\n');
            }
            ('\\', Some(escaped @ (',' | ';' | ':' | '\\' | '"'))) => {
                rest.next();
                plain.push(escaped);
            }
            _ => plain.push(char),
        }
    }
    Cow::Owned(plain)
}

/// The same text with escapes in one spelling: `\N` as `\n`, and no `\` before a colon or quote.
pub fn one_spelling(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut spelt = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(char) = rest.next() {
        if char != '\\' {
            spelt.push(char);
            continue;
        }
        match rest.next() {
            Some('N') => spelt.push_str("\\n"),
            Some(plain @ (':' | '"')) => spelt.push(plain),
            Some(escaped) => spelt.extend(['\\', escaped]),
            None => spelt.push('\\'),
        }
    }
    Cow::Owned(spelt)
}

/// The parts of a structured or list value, at the separators that are not escaped.
pub fn parts(value: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.bytes().position(|octet| {
            let found = octet == separator && !escaped;
            escaped = octet == b'\\' && !escaped;
            found
        });
        match end {
            Some(end) => {
                rest = Some(&text[end + 1..]);
                Some(&text[..end])
            }
            None => rest.take(),
        }
    })
}

/// Text to compare by: lower case, white space collapsed, ends trimmed.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// Text to show on one line: no control characters, white space collapsed, at most `limit` characters.
pub fn shown(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    let (mut length, mut gap) = (0, false);
    for char in text.chars().filter(|&char| !turns_direction(char)) {
        if char.is_whitespace() || char.is_control() {
            gap = length > 0;
            continue;
        }
        if gap {
            shown.push(' ');
        }
        shown.push(char);
        length += 1 + usize::from(std::mem::take(&mut gap));
        if length > limit {
            shown = shown.chars().take(limit.saturating_sub(1)).collect();
            shown.push('…');
            break;
        }
    }
    shown
}

/// Marks that would make the rest of a message run the other way.
fn turns_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn decode_quoted_printable(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&octet, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|&octet| (octet as char).to_digit(16));
        match (octet, hex(0), hex(1)) {
            (b'=', Some(high), Some(low)) => {
                octets.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                octets.push(octet);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(unescape(r"a\, b\; c\\n \N\n \x \"), "a, b; c\\n \n\n \\x \\");
        assert_eq!(one_spelling(r"a\, \\N \N \: \"), r"a\, \\N \n : \");
        assert_eq!(parts(r"a\,b,c\\,,d", b',').collect::<Vec<_>>(), [r"a\,b", r"c\\", "", "d"]);
    }

    #[test]
    fn quoted_printable() {
        let line = Lines::new(b"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =zz=").next();
        assert_eq!(plain(&line.unwrap().unwrap()), "Jürgen =zz=");
    }

    #[test]
    fn folds() {
        assert_eq!(folded("  Jürgen\n\u{a0} MÜLLER "), "jürgen müller");
    }

    #[test]
    fn shows_one_clean_line() {
        assert_eq!(shown("  a\r\n\tb\u{7}\u{202e}c ", 10), "a b c");
        assert_eq!(shown("0123456789", 10), "0123456789");
        assert_eq!(shown("0123456789 x", 10), "012345678…");
        assert_eq!(shown("äöüäöüäöüäöü", 4), "äöü…");
        assert_eq!(shown("", 4), "");
    }
}
