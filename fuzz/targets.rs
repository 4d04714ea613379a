//! What the fuzz targets do; the program's own tests do the same with the seeds.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pimbridge::item;
use pimbridge::item::lines::Lines;
use pimbridge::item::mapping::options::{Contacts, Groups, InstantMessaging, PhoneNumbers, VCardVersion};
use pimbridge::item::mapping::{self, Busy, Mapping, Own, Past, Written, vlist};
use pimbridge::item::span::{Range, is_within};
use pimbridge::profile::{Name, cdsp, parse};

/// The content-line reader: no panic, and every line's range lies behind the one before it.
pub fn content_lines(bytes: &[u8]) {
    let mut end = 0;
    for line in Lines::new(bytes).flatten() {
        assert!(
            line.range.start >= end && line.range.end > line.range.start && line.range.end <= bytes.len()
        );
        end = line.range.end;
        let _ = (line.group(), line.name(), line.value(), line.is_quoted_printable());
        for param in line.params() {
            let _ = param.values().count();
        }
    }
}

/// The item facts: no panic; what can be read can be read again after its UID was changed, says the same and has
/// the UID. Whether it takes place in a range is told in bounded time.
pub fn item(bytes: &[u8]) {
    let _ = item::title(bytes);
    let _ = item::split(bytes);
    let (start, end) = (Timestamp::UNIX_EPOCH, Timestamp::constant(1_800_000_000, 0));
    let _ = is_within(bytes, &Range { start, end }, &TimeZone::UTC);
    let Ok(facts) = item::read(bytes) else { return };
    assert!(!facts.summary.is_empty());
    let changed = item::with_uid(&Bytes::copy_from_slice(bytes), "another-uid");
    match item::read(&changed) {
        Ok(again) => {
            assert_eq!(again.digest, facts.digest);
            assert_eq!(again.kind, facts.kind);
            if facts.kind.is_some() {
                assert_eq!(again.uid.as_deref(), Some("another-uid"));
            }
        }
        Err(error) => panic!("no item any more: {error}"),
    }
}

/// The three-way merge of two or three items (NUL octets between them: base, newer, older): no panic; what
/// can be read and has one UID merges into what can be read, and an unchanged version gives way to the other, octet
/// for octet. A category that is added and removed again leaves every octet as it was.
pub fn merge(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |&octet| octet == 0);
    let (Some(base), Some(newer)) = (parts.next(), parts.next()) else { return };
    let older = parts.next().unwrap_or(base);
    let (Ok(facts), Ok(_)) = (item::read(newer), item::read(older)) else { return };
    let now = Timestamp::UNIX_EPOCH;
    let uid = facts.uid.as_deref().unwrap_or("one-uid");
    let [newer, older] = [newer, older].map(|item| item::with_uid(&Bytes::copy_from_slice(item), uid));
    for base in [None, Some(base)] {
        match item::merge(base, &newer, &older, now) {
            Ok(merged) => assert!(item::read(&merged.bytes).is_ok()),
            Err(error) => panic!("they cannot be merged: {error}"),
        }
    }
    if item::read(base).is_ok() {
        let merged = item::merge(Some(base), base, &newer, now);
        assert_eq!(merged.map(|merged| merged.bytes), Ok(newer.clone()));
    }
    if !item::has_category(&newer, "Filter") {
        let with = item::with_category(&newer, "Filter", None);
        assert_eq!(item::without_category(&with, "Filter"), newer);
    }
}

/// The forms of two items (a NUL octet between them) on the two sides: no panic; what is written says what it was made
/// of, and what says that already stays as it is.
pub fn forms(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |&octet| octet == 0).map(Bytes::copy_from_slice);
    let (Some(item), Some(there)) = (parts.next(), parts.next()) else { return };
    let digest = |bytes: &Bytes| item::read(bytes).map(|facts| facts.digest);
    let (Ok(_), Ok(_)) = (digest(&item), digest(&there)) else { return };
    let is_card = item::read(&item).is_ok_and(|facts| facts.kind == Some(item::Kind::Contacts));
    if is_card {
        let list = vlist::as_list(&item, Some(&there), &HashMap::new());
        let card = vlist::as_card(&list, &HashMap::new());
        assert_eq!(vlist::as_list(&card, Some(&list), &HashMap::new()), list);
    }
    for mapping in if is_card { of_contacts() } else { of_a_calendar() } {
        let mapping = [mapping];
        let shared = mapping::shared(&mapping, &item);
        assert!(digest(&shared).is_ok(), "{mapping:?}");
        if !matches!(mapping, [Mapping::Busy(_)]) {
            let written = mapping::on(&mapping, &shared, Some(&there));
            assert_eq!(digest(&mapping::shared(&mapping, &written)), digest(&shared), "{mapping:?}");
        }
        assert_eq!(
            mapping::on(&mapping, &mapping::shared(&mapping, &there), Some(&there)),
            there,
            "{mapping:?}"
        );
    }
}

fn of_a_calendar() -> Vec<Mapping> {
    let named = |names: &[&str]| Mapping::Own(Own::named(names.iter().copied()));
    let past = Past { now: Timestamp::constant(1_800_000_000, 0), zone: TimeZone::UTC };
    let mut all = vec![
        named(&["DESCRIPTION", "ATTENDEE"]),
        Mapping::Own(Own::Alarms),
        Mapping::Own(Own::PastAlarms(past)),
        Mapping::Secret { confidential: true },
        Mapping::Busy(Busy { title: "Busy".into(), key: [0; 32] }),
    ];
    for on_server in [true, false] {
        all.push(Mapping::Html { on_server });
        for written in [Written::Iana, Written::Utc] {
            all.push(Mapping::Times { written, on_server });
        }
    }
    all
}

fn of_contacts() -> Vec<Mapping> {
    let one = Contacts {
        phone_numbers: PhoneNumbers::Digits,
        instant_messaging: InstantMessaging::Impp,
        vcard_version: VCardVersion::V3,
        groups: Groups::Kind,
    };
    let other = Contacts {
        phone_numbers: PhoneNumbers::Brackets,
        instant_messaging: InstantMessaging::XProperties,
        vcard_version: VCardVersion::V4,
        groups: Groups::VList,
    };
    let each = |options: Contacts| {
        [true, false].map(|on_server| Mapping::Cards { options: options.clone(), on_server })
    };
    [one, other].into_iter().flat_map(each).collect()
}

/// The multistatus reader: no panic, and an end.
pub fn multistatus(bytes: &[u8]) {
    pimbridge::collection::dav::read_multistatus(bytes);
}

/// The `.cdsp` reader: no panic, and what was read is written so that it is read again as the same.
pub fn cdsp(bytes: &[u8]) {
    let Ok(text) = cdsp::decode(bytes) else { return };
    let Ok(document) = cdsp::read(&text) else { return };
    for options in &document.profiles {
        let _ = cdsp::import(options, cdsp::kind_of(options).unwrap_or(item::Kind::Events));
    }
    let written = cdsp::write(&document.profiles);
    assert_eq!(cdsp::write(&cdsp::read(&written).unwrap_or_default().profiles), written);
}

/// Profile files: no panic, and an error is a sentence.
pub fn profile(bytes: &[u8]) {
    let (Ok(name), Ok(text)) = (Name::new("fuzzed"), std::str::from_utf8(bytes)) else { return };
    if let Err(error) = parse(&name, Path::new("fuzzed.toml"), text) {
        assert!(!error.to_string().is_empty());
    }
}
