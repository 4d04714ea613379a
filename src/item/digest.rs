//! The normalised content of an item, as a hash.
//!
//! Each property is brought into one spelling and hashed; a component is the sorted set of what it
//! holds. So neither the order of properties and components nor folding, line ends, case of names,
//! quoting or escapes count, and an item costs 16 octets of memory a property.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::Digest;
use super::lines::Line;
use super::text;
use super::time::{self, Length};

/// Properties that say nothing to a person and that programs and servers touch by themselves.
///
/// UID is among them because two items that were recognised as the same thing keep the UID that each
/// has. SEQUENCE is not: it is how an organiser tells the guests that an invitation is newer than the
/// one they hold, so a bump must reach the other side even if nothing else changed.
const VOLATILE: [&str; 13] = [
    "UID",
    "PRODID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "REV",
    "METHOD",
    "X-RADICALE-NAME",
    "X-MOZ-GENERATION",
    "X-LIC-ERROR",
    "X-EVOLUTION-CALDAV-HREF",
    "X-EVOLUTION-CALDAV-ETAG",
    "X-EVOLUTION-WEBDAV-ETAG",
];

/// The same for whole families of properties.
const VOLATILE_PREFIXES: [&str; 1] = ["X-WR-"];

/// The same for parameters. A server sets or removes them while it delivers invitations (RFC 6638
/// section 7).
const VOLATILE_PARAMS: [&str; 2] = ["SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND"];

/// Properties in which a comma or semicolon means something else with a `\` before it. In all others some
/// servers set the `\` and some do not. Empty parts at their ends say nothing.
const STRUCTURED: [&str; 4] = ["N", "ADR", "ORG", "NICKNAME"];

/// Properties whose values are a set: several on one line mean the same as several lines.
const SETS: [&str; 5] = ["EXDATE", "RDATE", "CATEGORIES", "RESOURCES", "FREEBUSY"];

pub(super) type Hash = [u8; 16];

/// Takes an item's lines and makes its digest.
#[derive(Default)]
pub(super) struct Digester {
    /// The hashes of what the open components hold, the innermost component's last.
    hashes: Vec<Hash>,
    open: Vec<Open>,
    properties: Properties,
}

struct Open {
    name: String,
    /// Where its hashes begin.
    start: usize,
    /// The properties that have a group, by its label.
    grouped: Vec<(String, Hash)>,
    /// It is a definition of a time zone that everybody knows, which servers rewrite as they like.
    ignored: bool,
}

impl Digester {
    /// A component begins; its name is in upper case.
    pub fn begin(&mut self, name: &str) {
        let ignored = self.open.last().is_some_and(|parent| parent.ignored);
        let start = self.hashes.len();
        self.open.push(Open { name: name.to_owned(), start, grouped: Vec::new(), ignored });
    }

    /// A property of the innermost component.
    pub fn property(&mut self, line: &Line<'_>) {
        let Some(open) = self.open.last_mut() else { return };
        let name = line.name().to_ascii_uppercase();
        if open.name == "VTIMEZONE" && name == "TZID" {
            open.ignored |= time::is_known_zone(line.value());
        }
        if open.ignored {
            return;
        }
        self.properties.values(&open.name, &name, line, |hash| match line.group() {
            Some(group) => open.grouped.push((group.to_ascii_lowercase(), hash)),
            None => self.hashes.push(hash),
        });
    }

    /// The innermost component ends. The digest is that of the component which ended last.
    pub fn end(&mut self) -> Option<Digest> {
        let mut open = self.open.pop()?;
        open.grouped.sort_unstable();
        for group in open.grouped.chunk_by(|one, other| one.0 == other.0) {
            match group {
                // Alone in its group, a property is related to nothing.
                [(_, alone)] => self.hashes.push(*alone),
                _ => self.hashes.push(related(group.iter().map(|(_, one)| one))),
            }
        }
        let hashes = &mut self.hashes[open.start..];
        hashes.sort_unstable();
        let whole = Sha256::new_with_prefix(&open.name).chain_update([2]).chain_update(hashes.as_flattened());
        let digest: [u8; 32] = whole.finalize().into();
        self.hashes.truncate(open.start);
        if !open.ignored {
            self.hashes.push(shortened(&digest));
        }
        Some(Digest(digest))
    }
}

/// Hashes what properties say, one after the other.
#[derive(Default)]
pub(super) struct Properties(Params);

impl Properties {
    /// What the property adds to the content of its component: a hash for each value of a set, one for
    /// any other, none where it does not count. Both names are in upper case.
    pub fn values(&mut self, component: &str, name: &str, line: &Line<'_>, mut add: impl FnMut(Hash)) {
        if is_volatile(name) || is_default(component, name, line.value().trim()) {
            return;
        }
        let is_base64 = self.0.read(name, line);
        let mut head = Sha256::new_with_prefix(name);
        for param in &self.0.list {
            head.update([0]);
            head.update(param);
        }
        head.update([1]);
        let mut add = |value: &str| add(short(head.clone().chain_update(value)));
        let value = text::decoded(line);
        let value = value.trim();
        if is_set(name) {
            text::parts(value, b',').for_each(|value| add(&text::one_spelling(value.trim())));
        } else {
            add(&one_value(name, value, is_base64));
        }
    }
}

/// The hash of properties that share a group; theirs come sorted.
pub(super) fn related<'a>(sorted: impl Iterator<Item = &'a Hash>) -> Hash {
    short(sorted.fold(Sha256::new_with_prefix("group"), |hash, one| hash.chain_update(one)))
}

/// Whether the values of this property (in upper case) are a set, in one line or in several.
pub(super) fn is_set(name: &str) -> bool {
    SETS.contains(&name)
}

/// The parameters of one property, each in one spelling, sorted.
#[derive(Default)]
struct Params {
    list: Vec<String>,
    types: Vec<String>,
}

impl Params {
    /// Reads a property's parameters; tells whether the value is base64.
    fn read(&mut self, name: &str, line: &Line<'_>) -> bool {
        let mut is_base64 = false;
        self.list.clear();
        self.types.clear();
        for param in line.params() {
            let own = match param.name {
                Some(own) => own.to_ascii_uppercase(),
                None => String::new(),
            };
            let mut values = param.values();
            match own.as_str() {
                "TYPE" => {
                    // vCard 4.0 programs quote the whole list.
                    let each = values.flat_map(|value| value.split(','));
                    self.types.extend(each.map(|value| value.trim().to_ascii_uppercase()));
                }
                "" | "ENCODING" => values.for_each(|value| match value.to_ascii_uppercase().as_str() {
                    "B" | "BASE64" => is_base64 = true,
                    "7BIT" | "8BIT" | "QUOTED-PRINTABLE" => {}
                    _ if own.is_empty() => self.types.push(value.to_ascii_uppercase()),
                    other => self.list.push(format!("ENCODING={other}")),
                }),
                "CHARSET" if values.all(|value| value.eq_ignore_ascii_case("UTF-8")) => {}
                "VALUE" => self.list.extend(
                    values
                        .map(str::to_ascii_uppercase)
                        .filter(|kind| !is_default_kind(name, kind))
                        .map(|kind| format!("VALUE={kind}")),
                ),
                _ if VOLATILE_PARAMS.contains(&own.as_str()) => {}
                _ => {
                    let values: Vec<_> = values.filter(|value| !value.is_empty()).collect();
                    if !values.is_empty() {
                        self.list.push(format!("{own}={}", values.join("\u{1}")));
                    }
                }
            }
        }
        self.types.retain(|value| !value.is_empty());
        self.types.sort_unstable();
        self.types.dedup();
        if !self.types.is_empty() {
            self.list.push(format!("TYPE={}", self.types.join("\u{1}")));
        }
        self.list.sort_unstable();
        self.list.dedup();
        is_base64
    }
}

fn is_volatile(name: &str) -> bool {
    VOLATILE.contains(&name) || VOLATILE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the property says only what holds without it.
fn is_default(component: &str, name: &str, value: &str) -> bool {
    match name {
        "CALSCALE" => value.eq_ignore_ascii_case("GREGORIAN"),
        "SEQUENCE" | "PRIORITY" => value == "0",
        "CLASS" => value.eq_ignore_ascii_case("PUBLIC"),
        "TRANSP" => value.eq_ignore_ascii_case("OPAQUE"),
        "VERSION" => component == "VCALENDAR",
        _ => false,
    }
}

/// Whether the property's values are of this kind when no VALUE says so.
fn is_default_kind(name: &str, kind: &str) -> bool {
    match kind {
        "TEXT" | "BINARY" => true,
        "DATE-TIME" => {
            matches!(name, "DTSTART" | "DTEND" | "DUE" | "RECURRENCE-ID" | "EXDATE" | "RDATE" | "COMPLETED")
        }
        "DURATION" => matches!(name, "DURATION" | "TRIGGER"),
        "URI" => matches!(name, "ATTACH" | "URL"),
        "CAL-ADDRESS" => matches!(name, "ATTENDEE" | "ORGANIZER"),
        "RECUR" => name == "RRULE",
        _ => false,
    }
}

fn one_value<'a>(name: &str, value: &'a str, is_base64: bool) -> Cow<'a, str> {
    match name {
        _ if is_base64 => match value.contains(char::is_whitespace) {
            true => Cow::Owned(value.split_whitespace().collect()),
            false => Cow::Borrowed(value),
        },
        "RRULE" | "EXRULE" => Cow::Owned(rule(value)),
        "GEO" => {
            let numbers = value.split(';').map(|number| match number.contains('.') {
                true => number.trim_end_matches('0').trim_end_matches('.'),
                false => number,
            });
            Cow::Owned(numbers.collect::<Vec<_>>().join(";"))
        }
        "DURATION" | "TRIGGER" => match Length::read(value) {
            Some(length) => Cow::Owned(length.seconds().to_string()),
            None => Cow::Borrowed(value),
        },
        _ if STRUCTURED.contains(&name) => {
            let parts: Vec<_> = text::parts(value, b';').map(str::trim).collect();
            let filled = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
            Cow::Owned(text::one_spelling(&parts[..filled].join(";")).into_owned())
        }
        _ => text::unescape(value),
    }
}

/// A recurrence rule (RFC 5545 section 3.3.10) in one spelling: its parts and their lists sorted, without
/// those that say what holds without them.
pub(super) fn rule(value: &str) -> String {
    let upper = value.to_ascii_uppercase();
    let mut parts: Vec<String> = upper
        .split(';')
        .map(str::trim)
        .filter(|part| !matches!(*part, "" | "INTERVAL=1" | "WKST=MO"))
        .map(|part| match part.split_once('=') {
            Some((name, list)) if list.contains(',') => {
                let mut list: Vec<_> = list.split(',').collect();
                list.sort_unstable();
                format!("{name}={}", list.join(","))
            }
            _ => part.to_owned(),
        })
        .collect();
    parts.sort_unstable();
    parts.join(";")
}

fn short(hash: Sha256) -> Hash {
    shortened(&hash.finalize().into())
}

fn shortened(whole: &[u8; 32]) -> Hash {
    let mut short = [0; 16];
    short.copy_from_slice(&whole[..16]);
    short
}

#[cfg(test)]
mod tests {
    use crate::item::{Digest, read};

    fn digest(item: &str) -> Digest {
        read(item.as_bytes()).unwrap().digest
    }

    fn event(lines: &str) -> Digest {
        digest(&format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
        ))
    }

    fn card(lines: &str) -> Digest {
        digest(&format!("BEGIN:VCARD\nVERSION:3.0\nUID:1\n{lines}\nEND:VCARD\n"))
    }

    #[track_caller]
    fn all_same(digest: fn(&str) -> Digest, spellings: &[&str]) {
        for spelling in spellings {
            assert_eq!(digest(spellings[0]), digest(spelling), "{spelling}");
        }
    }

    #[track_caller]
    fn all_differ(digest: fn(&str) -> Digest, contents: &[&str]) {
        for (at, content) in contents.iter().enumerate() {
            for other in &contents[at + 1..] {
                assert_ne!(digest(content), digest(other), "{content} / {other}");
            }
        }
    }

    /// Sent to Radicale 3.9.0 and to Xandikos 0.4.10, and what they answered to GET and multiget.
    #[test]
    fn what_radicale_and_xandikos_send_back() {
        let sent = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\nCALSCALE:GREGORIAN\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:a\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Berlin:20260503T101500\nSUMMARY;LANGUAGE=de:Zahn\u{e4}rztin\\, Frau M\u{fc}ller; Gr\u{f6}\u{df}e\\Nneue \n Zeile  \nRRULE:FREQ=WEEKLY;COUNT=10;INTERVAL=1;BYDAY=SU,MO\nATTENDEE;CN=\"Doe, Jane\";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:jane@example.org\nORGANIZER;CN=\"Me\":mailto:me@example.org\nATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/plain:SGVsbG8=\nX-FOO;X-BAR=baz;X-EMPTY=:some\\,thing; raw\nGEO:50.90;6.9\nBEGIN:VALARM\nTRIGGER;VALUE=DURATION:-P0DT0H15M0S\nACTION:AUDIO\nEND:VALARM\nBEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:one\nTRIGGER:-PT2880M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n";
        let radicale = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:20001029T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nTZNAME:CET\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Europe/Berlin:20260503T101500\r\nATTACH;ENCODING=BASE64;FMTTYPE=text/plain;VALUE=BINARY:SGVsbG8=\r\nATTENDEE;CN=\"Doe, Jane\";PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=TRUE:ma\r\n ilto:jane@example.org\r\nDTSTAMP:20260101T000000Z\r\nGEO:50.9;6.9\r\nORGANIZER;CN=Me:mailto:me@example.org\r\nRRULE:FREQ=WEEKLY;COUNT=10;INTERVAL=1;BYDAY=SU,MO\r\nSUMMARY;LANGUAGE=de:Zahn\u{e4}rztin\\, Frau M\u{fc}ller\\; Gr\u{f6}\u{df}e\\nneue Zeile\r\nX-FOO;X-BAR=baz:some\\,thing\\; raw\r\nX-RADICALE-NAME:a.ics\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:one\r\nTRIGGER:-P2D\r\nEND:VALARM\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(digest(sent), digest(radicale));
        assert_ne!(digest(sent), digest(&radicale.replace("TRIGGER:-PT15M", "TRIGGER:-PT16M")));

        let sent = "BEGIN:VCARD\nVERSION:3.0\nUID:c\nREV:2026-01-01T00:00:00Z\nN:M\u{fc}ller;J\u{fc}rgen;Otto,Karl\nORG:Acme\\, Inc.;Sales;\nEMAIL;TYPE=INTERNET;TYPE=home;TYPE=pref:j@x.org\nitem1.TEL;TYPE=\"cell,voice\":+49 170 123\nitem1.X-ABLabel:_$!<Mobile>!$_\nX-SOCIALPROFILE;type=twitter;x-user=foo:http://twitter.com/foo\nNOTE:one\\nline two\\, and; more: \"x\"\\Nend  \nTEL;VALUE=uri:tel:+1-555;ext=5\nPHOTO;TYPE=JPEG;ENCODING=b:AAEC\n AwQF\nEND:VCARD";
        let radicale = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nEMAIL;TYPE=INTERNET,home,pref:j@x.org\r\nitem1.TEL;TYPE=\"cell,voice\":+49 170 123\r\nitem1.X-ABLABEL:_$!<Mobile>!$_\r\nN:M\u{fc}ller;J\u{fc}rgen;Otto,Karl;;\r\nNOTE:one\\nline two\\, and\\; more: \"x\"\\nend\r\nORG:Acme\\, Inc.;Sales\r\nPHOTO;ENCODING=B;TYPE=JPEG:AAECAwQF\r\nTEL;VALUE=uri:tel:+1-555\\;ext=5\r\nX-SOCIALPROFILE;TYPE=twitter;X-USER=foo:http://twitter.com/foo\r\nX-RADICALE-NAME:c.vcf\r\nEND:VCARD\r\n";
        assert_eq!(digest(sent), digest(radicale));
    }

    /// Radicale 3.9.0 cuts texts at a comma without `\`: that is a loss, and must be seen as a change.
    #[test]
    fn what_a_server_loses_is_a_change() {
        all_differ(card, &["TITLE:Boss, or so", "TITLE:Boss"]);
        all_differ(card, &["PHOTO:data:image/jpeg;base64,AAEC", "PHOTO:data:image/jpeg\\;base64"]);
        all_differ(card, &["TEL;HOME;VOICE:123", "TEL:123"]);
        all_differ(event, &["CATEGORIES:a,b", "CATEGORIES:a", "CATEGORIES:a\\,b"]);
    }

    #[test]
    fn order_case_and_folding_do_not_count() {
        all_same(
            event,
            &[
                "SUMMARY:a\nDTSTART:20260503",
                "dtstart:20260503\r\nSum\r\n mary:a  ",
                "SUMMARY:a\n\nDTSTART:202\n\t60503",
            ],
        );
        all_same(event, &["X;B=2;a=1:x", "X;A=\"1\";b=2:x"]);
        all_same(event, &["EXDATE:20260101,20260102", "EXDATE:20260102\nEXDATE:20260101"]);
        all_same(event, &["RRULE:FREQ=DAILY;COUNT=3", "RRULE:COUNT=3;FREQ=daily;INTERVAL=1;"]);
    }

    #[test]
    fn what_is_touched_does_not_count() {
        all_same(
            event,
            &[
                "SUMMARY:a",
                "SUMMARY:a\nDTSTAMP:20260503T000000Z\nLAST-MODIFIED:20260503T000000Z\nCREATED:20260503T000000Z",
                "SUMMARY;VALUE=TEXT:a\nSEQUENCE:0\nCLASS:PUBLIC\nTRANSP:opaque\nPRIORITY:0\nX-WR-ALARMUID:1\nx-moz-generation:4",
            ],
        );
        all_same(event, &["ATTENDEE:mailto:a@x", "ATTENDEE;SCHEDULE-STATUS=\"1.1\":mailto:a@x"]);
        let head = |head: &str| {
            digest(&format!("BEGIN:VCALENDAR\n{head}BEGIN:VEVENT\nUID:2\nEND:VEVENT\nEND:VCALENDAR"))
        };
        assert_eq!(
            head(""),
            head("VERSION:2.0\nPRODID:x\nMETHOD:PUBLISH\nCALSCALE:gregorian\nX-WR-CALNAME:x\n")
        );
        assert_eq!(
            head(""),
            head("BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nX:1\nEND:STANDARD\nEND:VTIMEZONE\n")
        );
        assert_ne!(
            head(""),
            head("BEGIN:VTIMEZONE\nTZID:My Own\nBEGIN:STANDARD\nX:1\nEND:STANDARD\nEND:VTIMEZONE\n")
        );
        assert_ne!(head(""), head("CALSCALE:HEBREW\n"));
    }

    #[test]
    fn what_a_person_changes_counts() {
        all_differ(
            event,
            &["", "SUMMARY:a", "SUMMARY:b", "SUMMARY:A", "SUMMARY:a\nSEQUENCE:1", "SUMMARY;LANGUAGE=de:a"],
        );
        all_differ(
            event,
            &[
                "DTSTART:20260503T101500",
                "DTSTART:20260503T101500Z",
                "DTSTART;TZID=Europe/Berlin:20260503T101500",
            ],
        );
        all_differ(
            event,
            &[
                "BEGIN:VALARM\nA:1\nB:2\nEND:VALARM\nBEGIN:VALARM\nA:1\nEND:VALARM",
                "BEGIN:VALARM\nA:1\nEND:VALARM\nBEGIN:VALARM\nA:1\nB:2\nB:2\nEND:VALARM",
                "BEGIN:VALARM\nA:1\nB:2\nEND:VALARM",
                "A:1\nB:2",
            ],
        );
        all_differ(event, &["X;A=1;B=2:", "X;A=\"1;B=2\":", "X;A=1:B=2", "X;A=1,B=2:"]);
        let versions =
            ["3.0", "4.0"].map(|version| digest(&format!("BEGIN:VCARD\nVERSION:{version}\nFN:x\nEND:VCARD")));
        assert_ne!(versions[0], versions[1]);
    }

    #[test]
    fn types_are_a_set_and_groups_have_no_names() {
        all_same(
            card,
            &[
                "TEL;TYPE=home,cell:1",
                "TEL;TYPE=CELL;type=HOME:1",
                "TEL;HOME;CELL:1",
                "TEL;TYPE=\"cell,home\":1",
                "a.TEL;TYPE=home,cell:1",
            ],
        );
        all_differ(card, &["TEL;TYPE=home:1", "TEL;TYPE=cell:1", "TEL:1"]);
        all_same(
            card,
            &[
                "a.TEL:1\na.L:x\nb.TEL:2\nb.L:y",
                "1.L:x\n2.L:y\n2.TEL:2\n1.TEL:1",
                "A.TEL:1\na.L:x\nb.TEL:2\nB.L:y",
            ],
        );
        all_differ(
            card,
            &["a.TEL:1\na.L:x\nb.TEL:2\nb.L:y", "a.TEL:1\na.L:y\nb.TEL:2\nb.L:x", "TEL:1\nL:x\nTEL:2\nL:y"],
        );
        all_same(
            card,
            &["PHOTO;ENCODING=b:AAEC", "PHOTO;BASE64:\n AA\n  EC", "PHOTO;ENCODING=BASE64;VALUE=BINARY:AAEC"],
        );
        all_same(card, &["FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen", "FN:J\u{fc}rgen"]);
    }
}
