//! To vCard 3.0.

use super::date;
use super::media;
use super::pairs;
use super::to_4::{is_number, is_offset};
use crate::item::lines::Line;
use crate::item::mapping::card::property::Property;
use crate::item::mapping::card::{Unit, each, groups};

/// A whole card.
pub(super) fn card(rows: &[&Line<'_>]) -> Vec<Unit> {
    let split = pairs::split(rows);
    pairs::beside(split, each(rows, |line| property(line).changed(line)))
}

/// One property.
pub(super) fn property(line: &Line<'_>) -> Property {
    let mut property = Property::plain(line);
    property.unquote_types();
    if property.param_is("PREF", "1") {
        property.remove("PREF");
        if !property.types().iter().any(|own| own == "PREF") {
            property.add("TYPE", "pref");
        }
    }
    match property.name.to_ascii_uppercase().as_str() {
        "VERSION" => property.value = "3.0".to_owned(),
        "PHOTO" | "LOGO" | "SOUND" | "KEY" => media::to_3(&mut property),
        "BDAY" | "X-ANNIVERSARY" => date::to_3(&mut property),
        "ANNIVERSARY" => {
            date::to_3(&mut property);
            return property.renamed("X-ANNIVERSARY");
        }
        "TEL" => property.phone_as_text(),
        "GEO" => {
            if let Some((north, east)) = geo(&property.value) {
                property.value = format!("{north};{east}");
            }
        }
        "TZ" => zone(&mut property),
        _ => return groups::as_address_book_server(property.clone()).unwrap_or(property),
    }
    property
}

fn geo(value: &str) -> Option<(String, String)> {
    let (scheme, place) = value.trim().split_at_checked(4)?;
    let place = place.replace('\\', "");
    let (north, east) = place.split_once(',')?;
    let is_plain = scheme.eq_ignore_ascii_case("geo:") && is_number(north) && is_number(east);
    is_plain.then(|| (north.to_owned(), east.to_owned()))
}

/// What is no offset must say so in 3.0 (RFC 2426 section 3.4.1).
fn zone(property: &mut Property) {
    let value = property.value.trim().to_owned();
    if property.param_is("VALUE", "utc-offset") && is_offset(&value) {
        property.remove("VALUE");
        property.value = match value.len() == 5 && !value.contains(':') {
            true => format!("{}:{}", &value[..3], &value[3..]),
            false => value,
        };
    } else if property.param("VALUE").is_none() && !is_offset(&value) && !value.is_empty() {
        property.add("VALUE", "text");
    }
}
