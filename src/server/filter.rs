//! What a query asks of items (RFC 4791 section 9.7, RFC 6352 section 10.5): the component, a time range
//! and properties. What it cannot tell counts as a match.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use super::store::Item;
use super::xml::{CALDAV, CARDDAV, Element};
use crate::item::lines::{Line, Lines};
use crate::item::span::Range;

pub struct Filter<'a> {
    /// The component that an item must be.
    component: Option<&'a str>,
    range: Option<Range>,
    props: Vec<Prop<'a>>,
    /// One of the properties is enough.
    any: bool,
}

/// A property that must be there, or not.
struct Prop<'a> {
    name: &'a str,
    test: Test<'a>,
}

enum Test<'a> {
    Defined,
    NotDefined,
    Text { text: &'a str, whole: bool, exact: bool, negate: bool },
}

impl<'a> Filter<'a> {
    /// The filter of a calendar-query.
    pub fn of_calendar(report: &'a Element) -> Self {
        let inner = report.descend(CALDAV, &["filter", "comp-filter", "comp-filter"]);
        Self {
            component: inner.and_then(|inner| inner.attribute("name")),
            range: inner.and_then(|inner| inner.child(CALDAV, "time-range")).and_then(range),
            props: inner.map(|inner| Prop::all(inner, CALDAV)).unwrap_or_default(),
            any: false,
        }
    }

    /// The filter of an addressbook-query.
    pub fn of_addressbook(report: &'a Element) -> Self {
        let filter = report.child(CARDDAV, "filter");
        Self {
            component: None,
            range: None,
            props: filter.map(|filter| Prop::all(filter, CARDDAV)).unwrap_or_default(),
            any: filter.and_then(|filter| filter.attribute("test")) != Some("allof"),
        }
    }

    pub fn matches(&self, item: &Item) -> bool {
        let is = item.content.as_ref().map(|content| content.component.name());
        if let Some(asked) = self.component
            && !is.is_some_and(|is| is.eq_ignore_ascii_case(asked))
        {
            return false;
        }
        if let Some(range) = &self.range
            && !takes_place(&item.bytes, range)
        {
            return false;
        }
        let mut matching = self.props.iter().map(|prop| prop.matches(&item.bytes));
        self.props.is_empty() || if self.any { matching.any(|is| is) } else { matching.all(|is| is) }
    }
}

impl<'a> Prop<'a> {
    fn all(filter: &'a Element, namespace: &str) -> Vec<Self> {
        let props = filter.children.iter().filter(|child| child.name.is(namespace, "prop-filter"));
        props.filter_map(|prop| Self::read(prop, namespace)).collect()
    }

    fn read(prop: &'a Element, namespace: &str) -> Option<Self> {
        let test = if prop.child(namespace, "is-not-defined").is_some() {
            Test::NotDefined
        } else if let Some(text) = prop.child(namespace, "text-match") {
            Test::Text {
                text: &text.text,
                whole: text.attribute("match-type") == Some("equals"),
                exact: text.attribute("collation") == Some("i;octet"),
                negate: text.attribute("negate-condition") == Some("yes"),
            }
        } else {
            Test::Defined
        };
        Some(Self { name: prop.attribute("name")?, test })
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        let mut values = components(bytes).into_iter().flatten().filter(|line| line.is(self.name));
        match &self.test {
            Test::Defined => values.next().is_some(),
            Test::NotDefined => values.next().is_none(),
            Test::Text { text, whole, exact, negate } => {
                let cased = |text: &str| if *exact { text.to_owned() } else { text.to_lowercase() };
                let text = cased(text);
                let found = values.any(|line| {
                    let value = cased(line.value().trim());
                    if *whole { value == text } else { value.contains(&text) }
                });
                found != *negate
            }
        }
    }
}

/// The lines of each event, task or vCard, without those of what is nested in it.
fn components(bytes: &[u8]) -> Vec<Vec<Line<'_>>> {
    let mut open: Vec<String> = Vec::new();
    let mut components = Vec::new();
    for line in Lines::new(bytes).flatten() {
        if line.is("BEGIN") {
            open.push(line.value().trim().to_ascii_uppercase());
            if is_item(&open) {
                components.push(Vec::new());
            }
        } else if line.is("END") {
            open.pop();
        } else if is_item(&open)
            && let Some(component) = components.last_mut()
        {
            component.push(line);
        }
    }
    components
}

fn is_item(open: &[String]) -> bool {
    match open {
        [card] => card == "VCARD",
        [_, component] => component != "VTIMEZONE",
        _ => false,
    }
}

/// RFC 4791 section 9.9; an end that is left out is endless.
fn range(element: &Element) -> Option<Range> {
    let end = |name, open| match element.attribute(name) {
        Some(value) => instant(value, None).map(|zoned| zoned.timestamp()),
        None => Some(open),
    };
    Some(Range { start: end("start", Timestamp::MIN)?, end: end("end", Timestamp::MAX)? })
}

/// Whether an item takes place in the range.
fn takes_place(bytes: &[u8], range: &Range) -> bool {
    components(bytes).iter().any(|lines| overlaps(lines, range).unwrap_or(true))
}

/// Nothing where it recurs, has no time, or has one that cannot be read.
fn overlaps(lines: &[Line<'_>], range: &Range) -> Option<bool> {
    let line = |name: &str| lines.iter().find(|line| line.is(name));
    let time = |line: &Line<'_>| instant(line.value(), line.param("TZID"));
    if line("RRULE").or(line("RDATE")).is_some() {
        return None;
    }
    let start = line("DTSTART").or(line("DUE"))?;
    let begins = time(start)?;
    let ends = match (line("DTEND").or(line("DUE")), line("DURATION")) {
        (Some(end), _) => time(end)?,
        (None, Some(duration)) => begins.checked_add(duration.value().trim().parse::<Span>().ok()?).ok()?,
        (None, None) if start.value().contains('T') => begins.clone(),
        (None, None) => begins.tomorrow().ok()?,
    };
    let (begins, ends) = (begins.timestamp(), ends.timestamp());
    Some(begins < range.end && (ends > range.start || begins == ends && begins == range.start))
}

/// A DATE or DATE-TIME; a floating time is taken for UTC.
fn instant(value: &str, tzid: Option<&str>) -> Option<Zoned> {
    let value = value.trim();
    let zone = match tzid {
        Some(tzid) if !value.ends_with('Z') => TimeZone::get(tzid).ok()?,
        _ => TimeZone::UTC,
    };
    let local = match value.contains('T') {
        true => DateTime::strptime("%Y%m%dT%H%M%S", value.trim_end_matches('Z')).ok()?,
        false => Date::strptime("%Y%m%d", value).ok()?.into(),
    };
    local.to_zoned(zone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes_place_in_may(lines: &str) -> bool {
        let may = Range {
            start: "2026-05-01T00:00:00Z".parse().unwrap(),
            end: "2026-06-01T00:00:00Z".parse().unwrap(),
        };
        let text = format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=YEARLY\r\nEND:VTIMEZONE\r\n\
             BEGIN:VEVENT\r\n{lines}\r\nBEGIN:VALARM\r\nDURATION:PT1H\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        takes_place(text.as_bytes(), &may)
    }

    #[test]
    fn what_takes_place() {
        for lines in [
            "DTSTART:20260531T235959Z",
            "DTSTART:20260501T000000Z",
            "DTSTART:20260430T230000Z\r\nDTEND:20260501T000001Z",
            "DTSTART:20260430T230000Z\r\nDURATION:PT2H",
            "DTSTART:20260401T230000Z\r\nDURATION:P5W",
            "DTSTART;TZID=America/New_York:20260430T200000",
            "DTSTART;VALUE=DATE:20260501",
            "DUE;VALUE=DATE:20260515",
            "DTSTART:20200101T000000Z\r\nDUE:20300101T000000Z",
            "DTSTART:20200101T000000Z\r\nRRULE:FREQ=DAILY;COUNT=1",
            "DTSTART;TZID=Nowhere:20200101T000000",
            "DTSTART:yesterday",
            "SUMMARY:without a time",
            "DTSTART:20200101T000000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20260515T000000Z",
        ] {
            assert!(takes_place_in_may(lines), "{lines}");
        }
        for lines in [
            "DTSTART:20260601T000000Z",
            "DTSTART:20260430T230000Z\r\nDTEND:20260501T000000Z",
            "DTSTART:20260430T230000Z\r\nDURATION:PT1H",
            "DTSTART;TZID=Europe/Berlin:20260501T010000",
            "DTSTART;VALUE=DATE:20260430",
            "DUE:20260601T000000Z",
        ] {
            assert!(!takes_place_in_may(lines), "{lines}");
        }
    }
}
