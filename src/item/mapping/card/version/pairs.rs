//! Where one version has a property and the other a parameter of another property: SORT-STRING and `N;SORT-AS`, LABEL
//! and `ADR;LABEL`. Also N, which only 3.0 must have.

use std::collections::{HashMap, HashSet};

use super::{to_3, to_4};
use crate::item::lines::Line;
use crate::item::mapping::card::property::Property;
use crate::item::mapping::card::{Unit, line};
use crate::item::text;

/// Pairs of 3.0 as one property of 4.0.
pub(super) fn joined(rows: &[&Line<'_>]) -> Vec<Unit> {
    let mut units = Vec::new();
    let sort = only(rows, "SORT-STRING").filter(|&at| {
        let sort = Property::read(rows[at]);
        !sort.has_params() && !sort.value.trim().is_empty()
    });
    if let (Some(name), Some(sort)) = (only(rows, "N"), sort)
        && rows[name].param("SORT-AS").is_none()
    {
        let mut joined = to_4::property(rows[name]);
        joined.add("SORT-AS", &encoded(&text::plain(rows[sort])));
        units.push(Unit { lines: vec![name, sort], texts: vec![joined.text()] });
    } else if let (Some(name), Some(full)) = (only(rows, "N"), only(rows, "FN"))
        && Property::read(rows[name]).text().trim_end_matches(';').eq_ignore_ascii_case("N:")
    {
        units.push(Unit { lines: vec![full, name], texts: vec![to_4::property(rows[full]).text()] });
    }
    let (addresses, labels) = (by_use(rows, "ADR"), by_use(rows, "LABEL"));
    for (key, label) in &labels {
        if let (&[label], Some(&[address])) = (&label[..], addresses.get(key).map(Vec::as_slice))
            && rows[address].param("LABEL").is_none()
        {
            let mut joined = to_4::property(rows[address]);
            joined.add("LABEL", &encoded(&text::plain(rows[label])));
            units.push(Unit { lines: vec![address, label], texts: vec![joined.text()] });
        }
    }
    units
}

/// Properties of 4.0 that are a pair in 3.0.
pub(super) fn split(rows: &[&Line<'_>]) -> Vec<Unit> {
    let mut units = Vec::new();
    match (only(rows, "N"), only(rows, "FN")) {
        (Some(at), _) if !rows.iter().any(|row| row.is("SORT-STRING")) => {
            let mut name = to_3::property(rows[at]);
            if let Some(sort) = name.param("SORT-AS").map(decoded) {
                name.remove("SORT-AS");
                let sort = format!("SORT-STRING:{}", text::escape(&sort));
                units.push(Unit { lines: vec![at], texts: vec![name.text(), sort] });
            }
        }
        (None, Some(at)) if !rows.iter().any(|row| row.is("N") || row.is("SORT-STRING")) => {
            let name = to_3::property(rows[at]).text();
            units.push(Unit { lines: vec![at], texts: vec![name, "N:;;;;".to_owned()] });
        }
        _ => {}
    }
    let (addresses, labels) = (by_use(rows, "ADR"), by_use(rows, "LABEL"));
    for (key, address) in &addresses {
        let &[at] = &address[..] else { continue };
        let mut address = to_3::property(rows[at]);
        if let Some(label) = address.param("LABEL").map(decoded)
            && !labels.contains_key(key)
        {
            address.remove("LABEL");
            let mut beside = address.clone().renamed("LABEL");
            beside.keep_types();
            beside.value = text::escape(&label);
            units.push(Unit { lines: vec![at], texts: vec![address.text(), beside.text()] });
        }
    }
    units
}

/// Both kinds of unit in the order of the card; the first ones take precedence.
pub(super) fn beside(mut units: Vec<Unit>, others: Vec<Unit>) -> Vec<Unit> {
    let taken: HashSet<usize> = units.iter().flat_map(|unit| unit.lines.iter().copied()).collect();
    units.extend(others.into_iter().filter(|unit| !unit.lines.iter().any(|at| taken.contains(at))));
    units.sort_by_key(|unit| unit.lines.first().copied());
    units
}

/// The card's one property of this name.
fn only(rows: &[&Line<'_>], name: &str) -> Option<usize> {
    let mut found = rows.iter().enumerate().filter(|(_, row)| row.is(name)).map(|(at, _)| at);
    found.next().filter(|_| found.next().is_none())
}

/// The properties of a name by their group and what they are for, in the words of 3.0; what 4.0 does not say twice counts
/// once, so that it is the same before and after a translation.
fn by_use(rows: &[&Line<'_>], name: &str) -> HashMap<(Option<String>, Vec<String>), Vec<usize>> {
    let mut found: HashMap<_, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.is(name)) {
        let in_4 = to_4::property(row).text();
        let mut types = line(&in_4).map(|row| to_3::property(&row).types()).unwrap_or_default();
        types.sort_unstable();
        types.dedup();
        found.entry((row.group().map(str::to_ascii_lowercase), types)).or_default().push(at);
    }
    found
}

/// A text in a parameter (RFC 6868), with line breaks as RFC 6350 shows them.
fn encoded(text: &str) -> String {
    text.replace('^', "^^").replace('"', "^'").replace('\n', "\\n")
}

fn decoded(param: &str) -> String {
    let mut text = String::with_capacity(param.len());
    let mut rest = param.chars();
    while let Some(char) = rest.next() {
        let next = rest.clone().next();
        let stands_for = match (char, next) {
            ('^', Some('n')) | ('\\', Some('n' | 'N')) => Some('\n'),
            ('^', Some('\'')) => Some('"'),
            ('^', Some('^')) => Some('^'),
            ('\\', Some(escaped @ (',' | ';' | '\\'))) => Some(escaped),
            _ => None,
        };
        if stands_for.is_some() {
            rest.next();
        }
        text.push(stands_for.unwrap_or(char));
    }
    text
}
