//! Busy blocks: when something takes place, and nothing else of it.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::zones::{definitions, iana};
use crate::item::edit::{ComponentId, Document, folded};
use crate::item::lines::Line;
use crate::item::{self, Kind, text};

/// Makes busy blocks of events. Each has a UID of its own that does not tell that of the event.
#[derive(Clone, PartialEq, Eq)]
pub struct Busy {
    /// The title of all blocks.
    pub title: String,
    pub key: BusyKey,
}

/// What the UIDs of busy blocks are made with. Whoever has it can tell whether a block is of an event with a given UID.
pub type BusyKey = [u8; 32];

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Busy").field("title", &self.title).finish_non_exhaustive()
    }
}

const PRODUCT: &str = "PRODID:-//Pimbridge//Busy//EN";

/// Whether this is a block, and not an event.
pub fn is_block(bytes: &[u8]) -> bool {
    bytes.split(|&octet| octet == b'\n').any(|line| line.trim_ascii() == PRODUCT.as_bytes())
}

/// Tells two keys apart, and does not tell them.
pub fn key_mark(key: &BusyKey) -> String {
    Busy { title: String::new(), key: *key }.hidden("busy blocks").chars().take(16).collect()
}

const ZONE: [&str; 5] = ["DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"];
const PARAMS: [&str; 3] = ["TZID", "VALUE", "RANGE"];

impl Busy {
    /// The block of an event. What is no event, or cannot be read, stays as it is, and goes nowhere.
    pub(super) fn block(&self, bytes: &Bytes) -> Bytes {
        if !item::read(bytes).is_ok_and(|facts| facts.kind == Some(Kind::Events)) {
            return bytes.clone();
        }
        let document = Document::read(bytes);
        let mut out = Block::default();
        out.line("BEGIN:VCALENDAR");
        out.line("VERSION:2.0");
        out.line(PRODUCT);
        let mut defined = HashSet::new();
        for (id, tzid) in definitions(&document) {
            let name = self.zone_name(&tzid);
            if defined.insert(name.clone()) {
                self.zone(&document, id, &name, &mut out);
            }
        }
        for id in document.main_components().filter(|&id| document.component(id).name == "VEVENT") {
            self.event(&document, id, &mut out);
        }
        out.line("END:VCALENDAR");
        out.0.into()
    }

    fn event(&self, document: &Document<'_>, id: ComponentId, out: &mut Block) {
        out.line("BEGIN:VEVENT");
        if let Some(uid) = document.property(id, "UID") {
            out.line(&format!("UID:{}", self.hidden(uid.value().trim())));
        }
        if document.property(id, "DTSTAMP").is_none() {
            out.line("DTSTAMP:19700101T000000Z");
        }
        document.properties(id).filter_map(|line| self.bare(line)).for_each(|text| out.line(&text));
        out.line(&format!("SUMMARY:{}", text::escape(&self.title)));
        out.line("END:VEVENT");
    }

    /// The definition of a zone under this name.
    fn zone(&self, document: &Document<'_>, id: ComponentId, name: &str, out: &mut Block) {
        let lines = |id: ComponentId, out: &mut Block| {
            let said = document.properties(id).filter(|line| ZONE.iter().any(|name| line.is(name)));
            said.filter_map(|line| self.bare(line)).for_each(|text| out.line(&text));
        };
        out.line("BEGIN:VTIMEZONE");
        out.line(&format!("TZID:{name}"));
        lines(id, out);
        for &child in &document.component(id).children {
            let name = &document.component(child).name;
            if matches!(name.as_str(), "STANDARD" | "DAYLIGHT") {
                out.line(&format!("BEGIN:{name}"));
                lines(child, out);
                out.line(&format!("END:{name}"));
            }
        }
        out.line("END:VTIMEZONE");
    }

    /// A line that says when, without anything else; `None` for all others.
    fn bare(&self, line: &Line<'_>) -> Option<String> {
        let name = line.name().to_ascii_uppercase();
        let value = line.value().trim().to_ascii_uppercase();
        let is_said = match name.as_str() {
            "DTSTART" | "DTEND" | "DURATION" | "RDATE" | "EXDATE" | "RECURRENCE-ID" | "DTSTAMP" => {
                is_time(&value)
            }
            "TZOFFSETFROM" | "TZOFFSETTO" => is_time(&value),
            "RRULE" => value.split(';').filter(|part| !part.is_empty()).all(is_rule_part),
            "SEQUENCE" => value.bytes().all(|octet| octet.is_ascii_digit()),
            "TRANSP" => matches!(value.as_str(), "OPAQUE" | "TRANSPARENT"),
            "STATUS" => matches!(value.as_str(), "TENTATIVE" | "CONFIRMED" | "CANCELLED"),
            _ => false,
        };
        if !is_said {
            return None;
        }
        let mut text = name;
        for param in PARAMS {
            let Some(said) = line.param(param) else { continue };
            match (param, said.to_ascii_uppercase().as_str()) {
                ("TZID", _) => text += &format!(";TZID={}", self.zone_name(said)),
                ("VALUE", kind @ ("DATE" | "DATE-TIME" | "PERIOD")) => text += &format!(";VALUE={kind}"),
                ("RANGE", "THISANDFUTURE") => text += ";RANGE=THISANDFUTURE",
                _ => {}
            }
        }
        Some(format!("{text}:{value}"))
    }

    /// A zone that everybody knows has the name by which all know it; one of the person's own has none that tells
    /// anything.
    fn zone_name(&self, tzid: &str) -> String {
        match iana(tzid) {
            Some(name) => name,
            None => format!("Z-{}", self.hidden(tzid.trim()).get(..8).unwrap_or_default()),
        }
    }

    /// A text that is the same for the same text, and does not tell it.
    fn hidden(&self, text: &str) -> String {
        // Keys of any length are taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return String::new() };
        mac.update(text.as_bytes());
        item::hex(&mac.finalize().into_bytes())
    }
}

/// Dates, times, periods, durations and offsets.
fn is_time(value: &str) -> bool {
    let is_mark = |octet: u8| octet.is_ascii_digit() || b"TZPWDHMS,/+-".contains(&octet);
    value.bytes().all(is_mark)
}

fn is_rule_part(part: &str) -> bool {
    const NAMES: [&str; 14] = [
        "FREQ",
        "UNTIL",
        "COUNT",
        "INTERVAL",
        "BYSECOND",
        "BYMINUTE",
        "BYHOUR",
        "BYDAY",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYMONTH",
        "BYSETPOS",
        "WKST",
    ];
    const FREQUENCIES: [&str; 7] = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
    const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
    let Some((name, value)) = part.split_once('=') else { return false };
    let is_day = |day: &str| {
        let day = day.trim_start_matches(|char: char| char.is_ascii_digit() || "+-".contains(char));
        DAYS.contains(&day)
    };
    NAMES.contains(&name)
        && match name {
            "FREQ" => FREQUENCIES.contains(&value),
            "BYDAY" | "WKST" => value.split(',').all(is_day),
            _ => is_time(value),
        }
}

#[derive(Default)]
struct Block(Vec<u8>);

impl Block {
    fn line(&mut self, text: &str) {
        self.0.extend(folded(text, b"\r\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(item: &str) -> String {
        let busy = Busy { title: "Busy, sorry".into(), key: [7; 32] };
        String::from_utf8(busy.block(&Bytes::from(item.to_owned())).to_vec()).unwrap().replace('\r', "")
    }

    #[test]
    fn nothing_but_the_times() {
        let item = "BEGIN:VCALENDAR\nPRODID:SECRET\nX-WR-CALNAME:SECRET\nBEGIN:VTIMEZONE\nTZID:SECRET\nX-LIC-LOCATION:SECRET\n\
                    BEGIN:STANDARD\nDTSTART:16010101T000000\nTZNAME:SECRET\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n\
                    BEGIN:VEVENT\nUID:SECRET\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=SECRET;X-S=SECRET:20260503T101500\nDTEND:SECRET\n\
                    DURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=MO,-1TU;UNTIL=20270101T000000Z\nSUMMARY:SECRET\nDESCRIPTION:SECRET\nLOCATION:SECRET\n\
                    ATTENDEE:mailto:SECRET\nORGANIZER:mailto:SECRET\nSTATUS:CANCELLED\nTRANSP:SECRET\nSEQUENCE:3\nCLASS:PRIVATE\nURL:SECRET\n\
                    X-S:SECRET\nBEGIN:VALARM\nSUMMARY:SECRET\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nUID:SECRET\n\
                    RECURRENCE-ID;VALUE=DATE:20260510\nDTSTART;TZID=Europe/Berlin:20260511T101500\nRRULE:FREQ=SECRET\nTRANSP:transparent\nEND:VEVENT\n\
                    BEGIN:VTODO\nSUMMARY:SECRET\nEND:VTODO\nEND:VCALENDAR\n";
        insta::assert_snapshot!(block(item), @r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Pimbridge//Busy//EN
        BEGIN:VTIMEZONE
        TZID:Z-dddd817f
        BEGIN:STANDARD
        DTSTART:16010101T000000
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        END:STANDARD
        END:VTIMEZONE
        BEGIN:VEVENT
        UID:dddd817fb2b17587a77bf8e90d3e8a1920035bbf4a7bb286259d5ad425f0bbc3
        DTSTAMP:20260101T000000Z
        DTSTART;TZID=Z-dddd817f:20260503T101500
        DURATION:PT1H
        RRULE:FREQ=WEEKLY;BYDAY=MO,-1TU;UNTIL=20270101T000000Z
        STATUS:CANCELLED
        SEQUENCE:3
        SUMMARY:Busy\, sorry
        END:VEVENT
        BEGIN:VEVENT
        UID:dddd817fb2b17587a77bf8e90d3e8a1920035bbf4a7bb286259d5ad425f0bbc3
        DTSTAMP:19700101T000000Z
        RECURRENCE-ID;VALUE=DATE:20260510
        DTSTART;TZID=Europe/Berlin:20260511T101500
        TRANSP:TRANSPARENT
        SUMMARY:Busy\, sorry
        END:VEVENT
        END:VCALENDAR
        "#);
        assert!(!block(item).contains("SECRET"));
    }

    #[test]
    fn a_zone_has_the_name_that_all_know_and_is_defined_once() {
        let zone = |tzid: &str| {
            format!(
                "BEGIN:VTIMEZONE\nTZID:{tzid}\nBEGIN:STANDARD\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
            )
        };
        let names = ["/Jana: plan;x/Europe/Berlin", "W. Europe Standard Time", "Europe/Berlin"];
        let zones: String = names.iter().map(|name| zone(name)).collect();
        let lines = "DTSTART;TZID=\"/Jana: plan;x/Europe/Berlin\":20260503T101500\n\
                     DTEND;TZID=W. Europe Standard Time:20260503T111500\n";
        let out = block(&format!(
            "BEGIN:VCALENDAR\n{zones}BEGIN:VEVENT\nUID: 1 \n{lines}END:VEVENT\nEND:VCALENDAR\n"
        ));
        assert!(!out.contains("Jana") && !out.contains("W. Europe"), "{out}");
        assert_eq!(out.matches(&zone("Europe/Berlin")).count(), 1, "{out}");
        assert_eq!(out.matches("BEGIN:VTIMEZONE").count(), 1, "{out}");
        assert!(
            out.contains("DTSTART;TZID=Europe/Berlin:") && out.contains("DTEND;TZID=Europe/Berlin:"),
            "{out}"
        );
        let trimmed = block("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n");
        let uid = |block: &str| block.lines().find(|line| line.starts_with("UID")).map(str::to_owned);
        assert_eq!(uid(&out), uid(&trimmed), "white space around a UID says nothing");
    }

    #[test]
    fn what_is_no_event_is_not_made_one() {
        for other in [
            "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nEND:VTODO\nEND:VCALENDAR\n",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
            "",
        ] {
            assert_eq!(block(other), other);
        }
    }
}
