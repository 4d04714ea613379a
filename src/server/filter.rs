//! What a query asks of items (RFC 4791 section 9.7, RFC 6352 section 10.5): the component, a time range
//! and properties. What it cannot tell counts as a match.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::store::Item;
use super::xml::{CALDAV, CARDDAV, Element};
use crate::item::lines::{Line, Lines};
use crate::item::span::{Range, is_within};

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
            && !is_within(&item.bytes, range, &TimeZone::UTC)
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
        Some(value) => {
            let time = DateTime::strptime("%Y%m%dT%H%M%SZ", value).ok()?;
            TimeZone::UTC.to_timestamp(time).ok()
        }
        None => Some(open),
    };
    Some(Range { start: end("start", Timestamp::MIN)?, end: end("end", Timestamp::MAX)? })
}
