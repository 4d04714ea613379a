//! How times are written: in zones with IANA names, or in UTC (RFC 5545 section 3.3.5).
//!
//! A series stays in its zone: in UTC its occurrences would move with summer time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use jiff::tz::TimeZone;

use super::lines;
use crate::item::edit::{ComponentId, Document, Edits, folded};
use crate::item::lines::Line;
use crate::item::span::zone_named;
use crate::item::time::{Moment, Zone, known_zone};

/// How many names a zone is defined under at most. Where one has more, the others stay undefined.
const NAMES: usize = 8;

/// What zones are called here, by what their lines are told by.
type OwnZones = HashMap<(String, String), String>;

/// The times of an event or task.
const TIMES: [&str; 3] = ["DTSTART", "DTEND", "DUE"];

/// What times are written in where both sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Iana,
    Utc,
}

impl Written {
    pub(super) fn shared(self, bytes: &Bytes) -> Bytes {
        let is_single = is_single(&Document::read(bytes));
        let bytes = lines::shared(bytes, |line| self.word(is_single, line));
        let document = Document::read(&bytes);
        let mut edits = Edits::new(&document);
        match self {
            Written::Iana => name_definitions(&document, &mut edits),
            Written::Utc if is_single => drop_unused(&document, &mut edits),
            Written::Utc => {}
        }
        edits.apply_to(&bytes)
    }

    /// On the server times are in the shared words; here they keep the zone that they had.
    pub(super) fn on(self, on_server: bool, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        let document = Document::read(shared);
        let before = there.map(|there| Document::read(there));
        let is_single = is_single(&document);
        let was_single = is_single && before.as_ref().is_some_and(self::is_single);
        let names = |document: &Document<'_>| definitions(document).map(|(_, name)| name).collect();
        let defined: BTreeSet<String> = names(&document);
        let was_defined: BTreeSet<String> = before.as_ref().map(names).unwrap_or_default();
        let word = |line: &Line<'_>| {
            // A zone keeps its own name where it stays as defined as it was.
            let own = line.param("TZID")?;
            let stays = self == Written::Utc || defined.contains(&iana(own)?) || !was_defined.contains(own);
            self.word(was_single, line).filter(|_| stays)
        };
        let gather = |before: &[&Line<'_>]| {
            let mut own = OwnZones::new();
            for line in before.iter().filter(|line| !on_server && word(line).is_some()) {
                if let Some((tzid, name)) = line.param("TZID").and_then(|tzid| Some((tzid, iana(tzid)?))) {
                    own.entry(self.own_key(line, &name)).or_insert_with(|| tzid.to_owned());
                }
            }
            own
        };
        let own_word = |line: &Line<'_>, own: &OwnZones| {
            let tzid = own.get(&self.own_key(line, line.param("TZID").unwrap_or_default()))?;
            let text = self.own_word(line, tzid)?;
            // At the end of summer time an hour comes twice.
            self.says(is_single, &text, line.text()).then_some(text)
        };
        let out = lines::on(shared, there, word, gather, own_word);
        let document = Document::read(&out);
        let mut edits = Edits::new(&document);
        match (self, &before) {
            (Written::Iana, _) => own_definitions(&document, &mut edits),
            (Written::Utc, Some(before)) if is_single => add_definitions(&document, before, &mut edits),
            (Written::Utc, _) => {}
        }
        edits.apply_to(&out)
    }

    fn word(self, is_single: bool, line: &Line<'_>) -> Option<String> {
        match self {
            Written::Iana => Some(written(line, Some(&iana(line.param("TZID")?)?), line.value())),
            Written::Utc => {
                let is_time = TIMES.iter().any(|name| line.is(name));
                if !is_single || !is_time {
                    return None;
                }
                let tzid = line.param("TZID").and_then(iana);
                let Moment::Time(time, Zone::Known(zone)) = Moment::read(line.value(), tzid.as_deref())?
                else {
                    return None;
                };
                let instant = zone.to_timestamp(time).ok()?;
                Some(written(
                    line,
                    None,
                    &TimeZone::UTC.to_datetime(instant).strftime("%Y%m%dT%H%M%SZ").to_string(),
                ))
            }
        }
    }

    /// By what a line is told which zone it is to be in: its name, and the zone where it has one.
    fn own_key(self, line: &Line<'_>, zone: &str) -> (String, String) {
        let zone = if self == Written::Iana { zone } else { "" };
        (line.name().to_ascii_uppercase(), zone.to_owned())
    }

    /// A shared line in a zone as it is called here.
    fn own_word(self, line: &Line<'_>, tzid: &str) -> Option<String> {
        let name = iana(tzid)?;
        match self {
            Written::Iana => {
                (line.param("TZID") == Some(&name)).then(|| written(line, Some(tzid), line.value()))
            }
            Written::Utc => {
                let Moment::Time(time, Zone::Known(utc)) = Moment::read(line.value(), None)? else {
                    return None;
                };
                let local = known_zone(&name)?.to_datetime(utc.to_timestamp(time).ok()?);
                Some(written(line, Some(tzid), &local.strftime("%Y%m%dT%H%M%S").to_string()))
            }
        }
    }

    fn says(self, is_single: bool, text: &str, shared: &str) -> bool {
        let octets = folded(text, b"\n");
        let line = crate::item::lines::Lines::new(&octets).next();
        line.and_then(Result::ok).and_then(|line| self.word(is_single, &line)).as_deref() == Some(shared)
    }
}

/// The name in the IANA database of the zone that a TZID names.
pub(super) fn iana(tzid: &str) -> Option<String> {
    zone_named(tzid)?.iana_name().map(str::to_owned)
}

/// The line with another zone and value.
fn written(line: &Line<'_>, tzid: Option<&str>, value: &str) -> String {
    let mut text = line.head()[..line.head().len() - line.written_params().len()].to_owned();
    if let Some(tzid) = tzid {
        text.push_str(&format!(";TZID={tzid}"));
    }
    for param in line.params().filter(|param| !param.is("TZID")) {
        text.push(';');
        text.push_str(param.text);
    }
    format!("{text}:{value}")
}

/// It takes place once, and says each of its times once, as it has to.
fn is_single(document: &Document<'_>) -> bool {
    let mut components = document.main_components();
    let (Some(only), None) = (components.next(), components.next()) else { return false };
    let number = |name: &str| document.properties(only).filter(|line| line.is(name)).count();
    ["RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"].into_iter().all(|name| number(name) == 0)
        && TIMES.into_iter().all(|name| number(name) <= 1)
}

/// The zones that the item defines, and what it calls them.
pub(super) fn definitions<'d>(
    document: &'d Document<'_>,
) -> impl Iterator<Item = (ComponentId, String)> + 'd {
    let components = document.components().iter().enumerate();
    let zones =
        components.filter(|(_, component)| component.name == "VTIMEZONE" && component.parent == Some(0));
    zones.filter_map(|(id, _)| Some((id, document.property(id, "TZID")?.value().trim().to_owned())))
}

/// The zones that its times are in.
fn used(document: &Document<'_>) -> BTreeSet<String> {
    document.lines().iter().filter_map(|line| line.param("TZID")).map(str::to_owned).collect()
}

/// Calls the definitions by their IANA names, and leaves out what is defined already.
fn name_definitions(document: &Document<'_>, edits: &mut Edits<'_, '_>) {
    let mut defined = BTreeSet::new();
    for (id, own) in definitions(document) {
        let (Some(name), Some(line)) = (iana(&own), document.property(id, "TZID")) else { continue };
        let text = format!("TZID:{name}");
        if !defined.insert(name) {
            edits.remove_component(id);
        } else if folded(&text, document.line_end(line)) != document.octets_of(line) {
            edits.replace(line, &text);
        }
    }
}

/// Defines the zones under the names by which the times call them.
fn own_definitions(document: &Document<'_>, edits: &mut Edits<'_, '_>) {
    let used = used(document);
    let mut own_names: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    let defined: BTreeMap<String, ComponentId> = definitions(document).map(|(id, name)| (name, id)).collect();
    for tzid in used.iter().filter(|tzid| !defined.contains_key(*tzid)) {
        if let Some(name) = iana(tzid) {
            own_names.entry(name).or_default().push(tzid);
        }
    }
    for (name, own_names) in own_names {
        let Some((&id, line)) = defined.get(&name).and_then(|id| Some((id, document.property(*id, "TZID")?)))
        else {
            continue;
        };
        let mut own_names = own_names.into_iter().take(NAMES);
        if !used.contains(&name)
            && let Some(first) = own_names.next()
        {
            edits.replace(line, &format!("TZID:{first}"));
        }
        for other in own_names {
            let octets = document.octets(id);
            let text = folded(&format!("TZID:{other}"), document.line_end(line));
            let source = document.source();
            let copy = [&source[octets.start..line.range.start], &text, &source[line.range.end..octets.end]];
            edits.add_component(0, "VTIMEZONE", &copy.concat());
        }
    }
}

/// Leaves out the known zones that nothing is written in any more.
fn drop_unused(document: &Document<'_>, edits: &mut Edits<'_, '_>) {
    let used = used(document);
    for (id, name) in definitions(document) {
        if !used.contains(&name) && iana(&name).is_some() {
            edits.remove_component(id);
        }
    }
}

/// Defines the zones that times are in again.
fn add_definitions(document: &Document<'_>, there: &Document<'_>, edits: &mut Edits<'_, '_>) {
    let mut missing = used(document);
    definitions(document).for_each(|(_, name)| {
        missing.remove(&name);
    });
    // What uses a definition stands behind it.
    let place = match (definitions(document).next(), document.main_components().next()) {
        (None, Some(first)) => Some(document.octets(first).start),
        _ => None,
    };
    for (id, name) in definitions(there) {
        if iana(&name).is_some() && missing.remove(&name) {
            let octets = &there.source()[there.octets(id)];
            match place {
                Some(place) => edits.put(place, octets),
                None => edits.add_component(0, "VTIMEZONE", octets),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(zones: &str, lines: &str) -> Bytes {
        let zones =
            zones.split_terminator('|').map(|name| format!("BEGIN:VTIMEZONE\nTZID:{name}\nEND:VTIMEZONE\n"));
        let zones: String = zones.collect();
        Bytes::from(format!("BEGIN:VCALENDAR\n{zones}BEGIN:VEVENT\n{lines}END:VEVENT\nEND:VCALENDAR\n"))
    }

    const WINDOWS: &str = "W. Europe Standard Time";

    #[test]
    fn names_of_windows_and_their_definitions() {
        let here = item(WINDOWS, "DTSTART;X=1;TZID=\"W. Europe Standard Time\":20260503T101500\n");
        let there = item("Europe/Berlin", "DTSTART;TZID=Europe/Berlin;X=1:20260503T101500\n");
        assert_eq!(Written::Iana.shared(&here), there);
        assert_eq!(Written::Iana.on(true, &there, None), there);
        let moved = item("Europe/Berlin", "DTSTART;TZID=Europe/Berlin;X=1:20260504T101500\n");
        assert_eq!(
            Written::Iana.on(false, &moved, Some(&here)),
            item(WINDOWS, "DTSTART;TZID=W. Europe Standard Time;X=1:20260504T101500\n")
        );
        let own = item("Our own", "DTSTART;TZID=Our own:20260503T101500\n");
        assert_eq!(Written::Iana.shared(&own), own);
        let both = item("W. Europe Standard Time|Europe/Berlin", "");
        assert_eq!(Written::Iana.shared(&both), item("Europe/Berlin", ""));
    }

    #[test]
    fn countless_names_of_a_zone_are_not_all_defined() {
        let lines = |day: &str| -> String {
            let line = |n| format!("X-{n};TZID=/{n}/Europe/Berlin:202605{day}T101500\n");
            (0..1000).map(line).collect()
        };
        let here = item("Europe/Berlin", &lines("03"));
        let said = String::from_utf8(Written::Iana.shared(&here).to_vec()).unwrap();
        let moved = Bytes::from(said.replace("20260503T", "20260504T"));
        let written = Written::Iana.on(false, &moved, Some(&here));
        let written = String::from_utf8(written.to_vec()).unwrap();
        assert_eq!(written.matches("TZID=/").count(), 1000, "each keeps its own");
        assert_eq!(written.matches("BEGIN:VTIMEZONE").count(), NAMES);
    }

    #[test]
    fn single_events_in_utc() {
        let here =
            item(WINDOWS, "DTSTART;TZID=W. Europe Standard Time:20260503T101500\nDTEND:20260503T090000Z\n");
        assert_eq!(
            Written::Utc.shared(&here),
            item("", "DTSTART:20260503T081500Z\nDTEND:20260503T090000Z\n")
        );
        let moved = item("", "DTSTART:20260103T081500Z\nDTEND:20260103T090000Z\n");
        assert_eq!(
            Written::Utc.on(false, &moved, Some(&here)).len(),
            item(WINDOWS, "DTSTART;TZID=W. Europe Standard Time:20260103T091500\nDTEND:20260103T090000Z\n")
                .len()
        );
        for stays in [
            "DTSTART;TZID=Europe/Berlin:20260503T101500\nRRULE:FREQ=DAILY\n",
            "DTSTART:20260503T101500\n",
            "DTSTART;VALUE=DATE:20260503\n",
            "DTSTART;TZID=Our own:20260503T101500\n",
            "DTEND;TZID=Europe/Berlin:20260503T003000\nDTEND:20260501T090000Z\n",
        ] {
            assert_eq!(Written::Utc.shared(&item("", stays)), item("", stays));
        }
    }

    #[test]
    fn an_hour_that_comes_twice_stays_in_utc() {
        let here = item("", "DTSTART;TZID=Europe/Berlin:20261020T100000\n");
        let twice = item("", "DTSTART:20261025T013000Z\n");
        assert_eq!(Written::Utc.on(false, &twice, Some(&here)), twice);
        let once = item("", "DTSTART:20261025T003000Z\n");
        assert_eq!(
            Written::Utc.on(false, &once, Some(&here)),
            item("", "DTSTART;TZID=Europe/Berlin:20261025T023000\n")
        );
    }
}
