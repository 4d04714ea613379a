//! Birthdays and other days: written with hyphens in 3.0 and without in 4.0, which can leave the year out too
//! (RFC 6350 section 4.3).

use crate::item::mapping::card::property::Property;

/// The year that Apple's programs write where there is none, and the parameter that says so.
const NO_YEAR: &str = "1604";
const OMIT_YEAR: &str = "X-APPLE-OMIT-YEAR";

pub(super) fn to_4(property: &mut Property) {
    if property.param_is("VALUE", "date") || property.param_is("VALUE", "date-time") {
        property.remove("VALUE");
    }
    let Some(basic) = basic(&property.value) else { return };
    property.value = match basic.strip_prefix(NO_YEAR).filter(|day| day.len() == 4) {
        Some(day) if property.param_is(OMIT_YEAR, NO_YEAR) => {
            let day = format!("--{day}");
            property.remove(OMIT_YEAR);
            day
        }
        _ => basic,
    };
}

pub(super) fn to_3(property: &mut Property) {
    let value = property.value.trim().to_owned();
    let without_year = value.strip_prefix("--").map(|day| day.replace('-', ""));
    match without_year.filter(|day| day.len() == 4 && is_digits(day)) {
        Some(day) => {
            property.value = format!("{NO_YEAR}-{}-{}", &day[..2], &day[2..]);
            property.add(OMIT_YEAR, NO_YEAR);
        }
        None => {
            let Some(extended) = extended(&value) else { return };
            if extended.contains('T') && property.param("VALUE").is_none() {
                property.add("VALUE", "date-time");
            }
            property.value = extended;
        }
    }
}

/// `1996-04-15T10:00:00Z` as `19960415T100000Z`; also what is without hyphens already.
pub(super) fn basic(value: &str) -> Option<String> {
    let (day, time) = parts(value);
    let day = match day.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => {
            format!("{year}{month}{day}")
        }
        [whole] if whole.len() == 8 => whole.to_owned(),
        _ => return None,
    };
    is_digits(&day).then(|| day + &time.replace(':', ""))
}

/// The same the other way round.
fn extended(value: &str) -> Option<String> {
    let basic = basic(value)?;
    let (day, time) = parts(&basic);
    let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    if time.is_empty() {
        return Some(day);
    }
    let (clock, zone) = time[1..].split_at_checked(6).filter(|(clock, _)| is_digits(clock))?;
    matches!(zone, "" | "Z").then(|| format!("{day}T{}:{}:{}{zone}", &clock[..2], &clock[2..4], &clock[4..]))
}

/// The day, and the time from its `T` on.
fn parts(value: &str) -> (&str, &str) {
    let value = value.trim();
    value.split_at(value.find(['T', 't']).unwrap_or(value.len()))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
}
