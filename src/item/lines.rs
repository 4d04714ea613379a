//! Content lines: what iCalendar (RFC 5545 section 3.1) and vCard (RFC 6350 sections 3.2 and 3.3) are made of.
//!
//! The reader is lenient where real files are: line ends of any kind, blank lines, folding inside a
//! UTF-8 sequence, vCard 2.1 parameters without a name, and quoted-printable soft line breaks. It takes
//! time linear in the source and allocates only for lines that are folded.

use std::borrow::Cow;
use std::ops::Range;

use super::Unreadable;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// How much of a line that is no property is shown to the person.
const SHOWN: usize = 60;

/// One logical (unfolded) content line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number of its first physical line, from 1.
    pub number: usize,
    /// The octets of its physical lines in the source, with their line ends.
    pub range: Range<usize>,
    text: Cow<'a, str>,
    name: Range<usize>,
    colon: usize,
}

impl Line<'_> {
    /// The vCard group (`item1` of `item1.EMAIL`), as written.
    pub fn group(&self) -> Option<&str> {
        (self.name.start > 0).then(|| &self.text[..self.name.start - 1])
    }

    /// The property's name as written, without the group.
    pub fn name(&self) -> &str {
        &self.text[self.name.clone()]
    }

    /// Whether the property has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The whole line, unfolded.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the value's colon: group, name and parameters as written.
    pub fn head(&self) -> &str {
        &self.text[..self.colon]
    }

    /// The value as written (escapes and all), unfolded.
    pub fn value(&self) -> &str {
        &self.text[self.colon + 1..]
    }

    /// The parameters as written, from the first `;` on.
    pub fn written_params(&self) -> &str {
        &self.text[self.name.end..self.colon]
    }

    /// The parameters, in their order.
    pub fn params(&self) -> impl Iterator<Item = Param<'_>> {
        let rest = self.written_params().trim_start();
        split_unquoted(rest.strip_prefix(';').unwrap_or(rest), b';')
            .filter(|text| !text.trim().is_empty())
            .map(|text| match text.split_once('=') {
                Some((name, value)) if !name.contains('"') => {
                    Param { name: Some(name.trim()), value: value.trim(), text }
                }
                _ => Param { name: None, value: text.trim(), text },
            })
    }

    /// The first value of the parameter with this name, in any case, unquoted.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().find(|param| param.is(name)).map(|param| unquote(param.value))
    }

    /// Whether the value is in quoted-printable (vCard 2.1).
    pub fn is_quoted_printable(&self) -> bool {
        says_quoted_printable(self.text[self.name.end..self.colon].as_bytes())
    }
}

/// A parameter of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// As written; `None` for the bare values of vCard 2.1 (`TEL;HOME;VOICE:`).
    pub name: Option<&'a str>,
    /// Name and value as written.
    pub text: &'a str,
    value: &'a str,
}

impl<'a> Param<'a> {
    /// Whether the parameter has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    /// The values, without quotes.
    pub fn values(&self) -> impl Iterator<Item = &'a str> {
        split_unquoted(self.value, b',').map(unquote)
    }
}

/// The logical lines of a source, without the blank ones. A line that cannot be read is an error, and
/// the iterator goes on with the next.
#[derive(Debug, Clone)]
pub struct Lines<'a>(RawLines<'a>);

impl<'a> Lines<'a> {
    /// A byte order mark at the start is skipped.
    pub fn new(source: &'a [u8]) -> Self {
        Self(RawLines { source, at: if source.starts_with(BOM) { BOM.len() } else { 0 }, number: 0 })
    }

    /// The same, with what is not UTF-8 replaced instead of refused.
    pub(super) fn lossy(self) -> impl Iterator<Item = Result<Line<'a>, Unreadable>> {
        self.0.map(|raw| {
            let text = match raw.text {
                Cow::Borrowed(text) => String::from_utf8_lossy(text),
                Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
            };
            parse(raw.number, raw.range, text)
        })
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let raw = self.0.next()?;
        Some(match raw.text {
            Cow::Borrowed(text) => match str::from_utf8(text) {
                Ok(text) => parse(raw.number, raw.range, Cow::Borrowed(text)),
                Err(error) => Err(Unreadable::NotUtf8(raw.range.start + error.valid_up_to())),
            },
            Cow::Owned(text) => match String::from_utf8(text) {
                Ok(text) => parse(raw.number, raw.range, Cow::Owned(text)),
                Err(error) => {
                    let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                    let physical = &self.0.source[raw.range.clone()];
                    Err(Unreadable::NotUtf8(raw.range.start + folded_len(physical, valid)))
                }
            },
        })
    }
}

struct RawLine<'a> {
    number: usize,
    range: Range<usize>,
    text: Cow<'a, [u8]>,
}

#[derive(Debug, Clone)]
struct RawLines<'a> {
    source: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> RawLines<'a> {
    /// Takes one physical line, without its line end.
    fn physical(&mut self) -> &'a [u8] {
        let rest = &self.source[self.at..];
        let (line, taken) = match rest.iter().position(|&octet| octet == b'\n') {
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        self.at += taken;
        self.number += 1;
        let end = line.iter().rposition(|&octet| octet != b'\r').map_or(0, |last| last + 1);
        &line[..end]
    }
}

impl<'a> Iterator for RawLines<'a> {
    type Item = RawLine<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut start, mut line);
        loop {
            if self.at >= self.source.len() {
                return None;
            }
            start = self.at;
            line = self.physical();
            if !line.trim_ascii().is_empty() {
                break;
            }
        }
        let number = self.number;
        let mut text = Cow::Borrowed(line);
        let mut quoted_printable = None;
        while let Some(first) = self.source.get(self.at) {
            if text.ends_with(b"=")
                && *quoted_printable.get_or_insert_with(|| {
                    let head = text.split(|&octet| octet == b':').next().unwrap_or_default();
                    head.len() < text.len() && says_quoted_printable(head)
                })
            {
                let next = self.physical();
                let text = text.to_mut();
                text.pop();
                text.extend_from_slice(next);
            } else if matches!(first, b' ' | b'\t') {
                let next = self.physical();
                text.to_mut().extend_from_slice(next.get(1..).unwrap_or_default());
            } else {
                break;
            }
        }
        Some(RawLine { number, range: start..self.at, text })
    }
}

fn parse(number: usize, range: Range<usize>, text: Cow<'_, str>) -> Result<Line<'_>, Unreadable> {
    match split(&text) {
        Some((name, colon)) => Ok(Line { number, range, name, colon, text }),
        None => {
            let shown: String = text.trim().chars().take(SHOWN).collect();
            Err(Unreadable::BadLine { line: number, text: shown })
        }
    }
}

/// Where the name is and where the value's colon is.
fn split(text: &str) -> Option<(Range<usize>, usize)> {
    let indent = text.len() - text.trim_start().len();
    let end = text.find([';', ':'])?;
    let name = text[..end].trim_end();
    // Address books hold names such as `X-GOOGLE TALK`.
    let extension = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
    if indent > 0
        || name.is_empty()
        || !name.bytes().all(|octet| is_name(octet) || extension && octet == b' ')
    {
        return None;
    }
    let start = match name.find('.') {
        Some(dot) if dot > 0 && dot + 1 < name.len() => dot + 1,
        _ => 0,
    };
    let mut quoted = false;
    let colon = text.as_bytes()[end..].iter().position(|&octet| {
        quoted ^= octet == b'"';
        octet == b':' && !quoted
    });
    // A quote that is never closed is an ordinary character.
    let colon = colon.or_else(|| text[end..].find(':'))?;
    Some((start..name.len(), end + colon))
}

/// RFC 5545 and RFC 6350 allow letters, digits and `-`; programs write other marks too.
fn is_name(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'/' | b'+' | b'#' | b'*' | b'\'')
}

fn split_unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let end = text.bytes().position(|octet| {
            quoted ^= octet == b'"';
            octet == separator && !quoted
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

fn unquote(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

fn says_quoted_printable(head: &[u8]) -> bool {
    head.split(|&octet| octet == b';').any(|param| {
        let value = param.rsplit(|&octet| octet == b'=').next().unwrap_or_default();
        value.trim_ascii().eq_ignore_ascii_case(b"QUOTED-PRINTABLE")
    })
}

/// How many octets of the physical lines hold this beginning of the unfolded text.
fn folded_len(physical: &[u8], unfolded: &[u8]) -> usize {
    let mut expected = unfolded.iter();
    let mut next = expected.next();
    let mut taken = 0;
    for octet in physical {
        match next {
            Some(wanted) => {
                taken += 1;
                if octet == wanted {
                    next = expected.next();
                }
            }
            None if matches!(octet, b'\r' | b'\n' | b' ' | b'\t') => taken += 1,
            None => break,
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &[u8]) -> Vec<Line<'_>> {
        Lines::new(source).map(|line| line.unwrap()).collect()
    }

    fn one(source: &[u8]) -> Line<'_> {
        let mut lines = read(source);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    #[test]
    fn every_kind_of_line_end_and_blank_lines() {
        let source = b"\xef\xbb\xbfA:1\r\nB:2\n\n  \r\nC:3\r\r\nD:4";
        let lines = read(source);
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.name(), line.value(), &source[line.range.clone()]))
            .collect();
        assert_eq!(
            told,
            [
                (1, "A", "1", &b"A:1\r\n"[..]),
                (2, "B", "2", b"B:2\n"),
                (5, "C", "3", b"C:3\r\r\n"),
                (6, "D", "4", b"D:4")
            ]
        );
        assert!(lines.iter().all(|line| matches!(line.text, Cow::Borrowed(_))));
    }

    #[test]
    fn unfolds_by_space_or_tab_within_names_and_utf8_sequences() {
        let source = "SUM\r\n MARY:Gr\n\tü\u{df}e\r\n  aus\r\r\n  K\u{f6}ln\r\n \r\nB:2\r\n".as_bytes();
        let lines = read(source);
        assert_eq!((lines[0].name(), lines[0].value()), ("SUMMARY", "Grüße aus Köln"));
        assert_eq!((lines[1].name(), lines[1].number), ("B", 7));
        assert_eq!(lines[0].range, 0..source.len() - 5);
        assert_eq!(one(b"S:\xc3\r\n \xbc").value(), "ü");
    }

    #[test]
    fn groups_and_parameters() {
        let line = one(br#"item1.X-ABLabel;TYPE=home,"a,b";X="c:d;e";PREF:va:lue"#);
        assert_eq!((line.group(), line.name(), line.value()), (Some("item1"), "X-ABLabel", "va:lue"));
        let params: Vec<_> = line.params().map(|p| (p.name, p.values().collect::<Vec<_>>())).collect();
        assert_eq!(
            params,
            [(Some("TYPE"), vec!["home", "a,b"]), (Some("X"), vec!["c:d;e"]), (None, vec!["PREF"])]
        );
        assert_eq!(line.param("x"), Some("c:d;e"));
        assert_eq!(one(b"X-GOOGLE TALK;TYPE=WORK:jana").name(), "X-GOOGLE TALK");
        let bare = one(b"N:");
        assert_eq!((bare.group(), bare.params().count(), bare.value()), (None, 0, ""));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_a_character() {
        let line = one(br#"ATTENDEE;CN="Jana:mailto:j@x.org"#);
        assert_eq!(line.value(), "mailto:j@x.org");
        assert_eq!(line.param("CN"), Some("\"Jana"));
    }

    #[test]
    fn soft_line_breaks_of_quoted_printable() {
        let lines = read(b"NOTE;ENCODING=QUOTED-PRINTABLE:one=\r\n two=\nthree\nX;BASE64:abc=\nEND:X");
        assert_eq!(lines[0].value(), "one twothree");
        assert!(lines[0].is_quoted_printable());
        assert_eq!((lines[1].value(), lines[2].name()), ("abc=", "END"));
    }

    #[test]
    fn bad_lines_are_named_and_the_reader_goes_on() {
        let read: Vec<_> = Lines::new(b"A:1\nno property here\n:x\nsee http://x\nB:2")
            .map(|line| line.map(|l| l.number))
            .collect();
        let bad = |line, text: &str| Err(Unreadable::BadLine { line, text: text.to_owned() });
        assert_eq!(read, [Ok(1), bad(2, "no property here"), bad(3, ":x"), bad(4, "see http://x"), Ok(5)]);
    }

    #[test]
    fn says_where_it_is_not_utf8() {
        let place = |source: &[u8]| Lines::new(source).find_map(Result::err);
        assert_eq!(place(b"A:1\r\nB:\xff"), Some(Unreadable::NotUtf8(7)));
        assert_eq!(place(b"A:1\r\nB:x\r\n y\xff"), Some(Unreadable::NotUtf8(12)));
        assert_eq!(place(b"A:1\r\nB:x\r\n \xff"), Some(Unreadable::NotUtf8(11)));
    }

    #[test]
    fn linear_in_the_worst_cases() {
        let started = std::time::Instant::now();
        let mut folds = b"X:".to_vec();
        folds.extend(b"\r\n ".repeat(1_000_000));
        assert_eq!(one(&folds).value(), "");
        let mut soft = b"X;QUOTED-PRINTABLE:".to_vec();
        soft.extend(b"a=\n".repeat(1_000_000));
        assert_eq!(one(&soft).value().len(), 1_000_000 + 1);
        let params = [b"X".to_vec(), b";a=\"".repeat(1_000_000), b":".to_vec()].concat();
        assert!(one(&params).params().count() > 0);
        assert_eq!(read(&b"\r\r\r\r\n".repeat(1_000_000)).len(), 0);
        assert!(started.elapsed().as_secs() < 10);
    }
}
