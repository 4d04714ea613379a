//! What a search asks of the items, as the body of a calendar-query (RFC 4791 section 7.8) or an
//! addressbook-query (RFC 6352 section 8.6).

use jiff::{SignedDuration, Timestamp};
use quick_xml::escape::escape;

use super::xml::HEAD;
use crate::item::Kind;
use crate::item::span::Range;

/// Servers disagree about floating times and whole days by at most the offset of a zone.
const SLACK: SignedDuration = SignedDuration::from_hours(24);
/// 1900-01-01: some servers cannot tell what took place before it.
const EARLIEST: Timestamp = Timestamp::constant(-2_208_988_800, 0);
/// 2100-01-01: some servers refuse a later end, others unroll every series up to it.
const LATEST: Timestamp = Timestamp::constant(4_102_444_800, 0);
/// How much of a UID is searched for, in characters.
const MOST_UID: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Filter<'a> {
    /// Takes place in this time (RFC 4791 section 9.9).
    Time { start: Timestamp, end: Option<Timestamp> },
    /// Has this property.
    Has(&'static str),
    /// The UID contains this text; `whole` where that is all of it.
    Uid { text: &'a str, whole: bool },
}

impl<'a> Filter<'a> {
    /// A day wider at both ends, and open where the end is far away. `None` where nearly all of the past is
    /// wanted, so that a search would save little.
    pub(super) fn range(range: &Range) -> Option<Self> {
        let start = range.start.checked_sub(SLACK).ok().filter(|start| *start >= EARLIEST)?;
        let end = range.end.checked_add(SLACK).ok().filter(|end| *end <= LATEST);
        Some(Filter::Time { start, end })
    }

    /// Some servers compare what is written and others what it means, so what is written as it is meant is
    /// searched for: the longest such part of the UID. `None` where there is none.
    pub(super) fn uid(uid: &'a str) -> Option<Self> {
        let differs = |c: char| c.is_control() || matches!(c, '\\' | ',' | ';' | '\u{fffe}' | '\u{ffff}');
        let longest = uid.split(differs).map(str::trim).max_by_key(|part| part.len())?;
        let end = longest.char_indices().nth(MOST_UID).map_or(longest.len(), |(at, _)| at);
        let text = longest[..end].trim_end();
        (!text.is_empty()).then_some(Filter::Uid { text, whole: text.len() == uid.len() })
    }

    /// The body of the REPORT.
    pub(super) fn report(&self, kind: Kind) -> String {
        let report = report_name(kind);
        let (space, components): (_, &[&str]) = match kind {
            Kind::Events => ("caldav", &["VEVENT", "VCALENDAR"]),
            Kind::Tasks => ("caldav", &["VTODO", "VCALENDAR"]),
            Kind::Contacts => ("carddav", &[]),
        };
        let filter = components.iter().fold(self.test(kind), |inner, component| {
            format!(r#"<C:comp-filter name="{component}">{inner}</C:comp-filter>"#)
        });
        format!(
            r#"{HEAD}<C:{report} xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:{space}"><prop><getetag/></prop><C:filter>{filter}</C:filter></C:{report}>"#
        )
    }

    fn test(&self, kind: Kind) -> String {
        match self {
            Filter::Time { start, end } => {
                let start = utc(*start);
                let end = end.map(|end| format!(r#" end="{}""#, utc(end))).unwrap_or_default();
                format!(r#"<C:time-range start="{start}"{end}/>"#)
            }
            Filter::Has(name) => format!(r#"<C:prop-filter name="{name}"/>"#),
            Filter::Uid { text, whole } => {
                // There is no match-type in RFC 4791 section 9.7.5, and a server of contacts need not know i;octet.
                let how = match (kind, whole) {
                    (Kind::Events | Kind::Tasks, _) => r#"collation="i;octet""#,
                    (Kind::Contacts, true) => r#"match-type="equals""#,
                    (Kind::Contacts, false) => r#"match-type="contains""#,
                };
                let text = escape(*text);
                format!(
                    r#"<C:prop-filter name="UID"><C:text-match {how}>{text}</C:text-match></C:prop-filter>"#
                )
            }
        }
    }
}

/// The name of the REPORT that searches.
pub(super) fn report_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Events | Kind::Tasks => "calendar-query",
        Kind::Contacts => "addressbook-query",
    }
}

fn utc(time: Timestamp) -> impl std::fmt::Display {
    time.strftime("%Y%m%dT%H%M%SZ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: &str, end: &str) -> Range {
        Range { start: start.parse().unwrap(), end: end.parse().unwrap() }
    }

    fn test(range: &Range) -> Option<String> {
        Filter::range(range).map(|filter| filter.test(Kind::Events))
    }

    #[test]
    fn a_range_is_asked_for_a_day_wider() {
        insta::assert_snapshot!(
            Filter::range(&range("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00")).unwrap().report(Kind::Events),
            @r#"<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260227T230000Z" end="20260401T220000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"#
        );
    }

    #[test]
    fn far_ends_are_left_open_or_not_asked_for() {
        let everything = Range { start: Timestamp::MIN, end: Timestamp::MAX };
        assert_eq!(test(&everything), None);
        assert_eq!(test(&range("1900-01-01T12:00:00Z", "2026-01-01T00:00:00Z")), None);
        let from_now_on =
            Range { end: Timestamp::MAX, ..range("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z") };
        assert_eq!(test(&from_now_on).unwrap(), r#"<C:time-range start="20260228T000000Z"/>"#);
        let edges = range("1900-01-02T00:00:00Z", "2099-12-31T00:00:00Z");
        assert_eq!(
            test(&edges).unwrap(),
            r#"<C:time-range start="19000101T000000Z" end="21000101T000000Z"/>"#
        );
        let later = range("1900-01-02T00:00:00Z", "2099-12-31T00:00:01Z");
        assert_eq!(test(&later).unwrap(), r#"<C:time-range start="19000101T000000Z"/>"#);
    }

    #[test]
    fn a_uid_is_searched_for_as_far_as_it_is_written_as_it_is_meant() {
        let text = |uid: &'static str| match Filter::uid(uid) {
            Some(Filter::Uid { text, whole }) => Some((text, whole)),
            _ => None,
        };
        assert_eq!(text("a-1@example.org"), Some(("a-1@example.org", true)));
        assert_eq!(text("a\\,longer;b"), Some(("longer", false)));
        assert_eq!(text("one\u{1}two and\tfour"), Some(("two and", false)));
        for uid in ["", "\\,\\;", " , "] {
            assert_eq!(text(uid), None, "{uid:?}");
        }
        let long = "ü".repeat(300);
        assert_eq!(Filter::uid(&long), Some(Filter::Uid { text: &"ü".repeat(200), whole: false }));
    }

    #[test]
    fn a_uid_is_text_in_the_xml() {
        let filter = Filter::uid("a&b<c>\"]]>'ü@x").unwrap();
        insta::assert_snapshot!(
            filter.report(Kind::Tasks),
            @r#"<?xml version="1.0" encoding="utf-8"?><C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"><C:prop-filter name="UID"><C:text-match collation="i;octet">a&amp;b&lt;c&gt;&quot;]]&gt;&apos;ü@x</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"#
        );
        insta::assert_snapshot!(
            filter.report(Kind::Contacts),
            @r#"<?xml version="1.0" encoding="utf-8"?><C:addressbook-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><prop><getetag/></prop><C:filter><C:prop-filter name="UID"><C:text-match match-type="equals">a&amp;b&lt;c&gt;&quot;]]&gt;&apos;ü@x</C:text-match></C:prop-filter></C:filter></C:addressbook-query>"#
        );
    }
}
