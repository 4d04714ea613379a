//! The names that Windows gives time zones.

use jiff::tz::TimeZone;
use strum::IntoEnumIterator;
use windows_timezones::WindowsTimezone;

use crate::item::lines::Line;
use crate::item::time::{Moment, known_zone};

/// The zone of a TZID, which may be a name of Windows.
pub fn zone_named(tzid: &str) -> Option<TimeZone> {
    known_zone(tzid).or_else(|| known_zone(iana_name(tzid)?))
}

/// The moment that a line names, in a zone of Windows too.
pub fn moment(line: &Line<'_>) -> Option<Moment> {
    let tzid = line.param("TZID");
    Moment::read(line.value(), tzid.and_then(iana_name).or(tzid))
}

/// One that Windows once had.
const FORMER: (&str, &str) = ("Mexico Standard Time 2", "America/Chihuahua");

/// The name in the IANA database of the zone that Windows calls so, in any case (CLDR's
/// `windowsZones.xml`, territory 001).
fn iana_name(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let zones = WindowsTimezone::iter().map(|zone| (zone.name(), zone.tzdb_id()));
    zones.chain([FORMER]).find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, iana)| iana)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_in_the_database() {
        for (name, iana) in WindowsTimezone::iter().map(|zone| (zone.name(), zone.tzdb_id())).chain([FORMER])
        {
            assert!(known_zone(iana).is_some(), "{name}: {iana}");
            assert_eq!(iana_name(&name.to_lowercase()), Some(iana));
        }
    }
}
