//! To vCard 4.0.

use super::date;
use super::media;
use super::pairs;
use crate::item::lines::Line;
use crate::item::mapping::card::property::Property;
use crate::item::mapping::card::{Unit, each, groups};

/// A whole card.
pub(super) fn card(rows: &[&Line<'_>]) -> Vec<Unit> {
    let joined = pairs::joined(rows);
    pairs::beside(joined, each(rows, |line| property(line).changed(line)))
}

/// One property.
pub(super) fn property(line: &Line<'_>) -> Property {
    let mut property = Property::plain(line);
    if property.take_type("PREF") && property.param("PREF").is_none() {
        property.add("PREF", "1");
    }
    match property.name.to_ascii_uppercase().as_str() {
        "VERSION" => property.value = "4.0".to_owned(),
        "PHOTO" | "LOGO" | "SOUND" | "KEY" => media::to_4(&mut property),
        "BDAY" | "ANNIVERSARY" => date::to_4(&mut property),
        "X-ANNIVERSARY" => {
            date::to_4(&mut property);
            return property.renamed("ANNIVERSARY");
        }
        "REV" => property.value = date::basic(&property.value).unwrap_or(property.value),
        "TEL" => property.phone_as_text(),
        "GEO" => {
            if let Some((north, east)) = property
                .value
                .replace('\\', "")
                .split_once([';', ','])
                .filter(|(north, east)| is_number(north) && is_number(east))
            {
                property.value = format!("geo:{},{}", north.trim(), east.trim());
            }
        }
        "TZ" => zone(&mut property),
        _ => return groups::as_kind(property.clone()).unwrap_or(property),
    }
    property
}

/// An offset is a text in 4.0 unless it says otherwise (RFC 6350 section 6.5.1).
fn zone(property: &mut Property) {
    if property.param_is("VALUE", "text") && !is_offset(&property.value) {
        property.remove("VALUE");
    } else if property.param("VALUE").is_none() && is_offset(&property.value) {
        property.value = property.value.trim().replace(':', "");
        property.add("VALUE", "utc-offset");
    }
}

/// `-05:00`, `+0530`
pub(super) fn is_offset(value: &str) -> bool {
    let digits = value.trim().trim_start_matches(['+', '-']);
    let shown: String = digits.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    digits.len() + 1 == value.trim().len() && matches!(shown.as_str(), "00" | "0000" | "00:00")
}

pub(super) fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(f64::is_finite)
}
