//! Cases as people meet them.

use insta::assert_snapshot;
use jiff::Timestamp;

use super::{Merged, Winner, merge};
use crate::item::read;

fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\nEND:VCALENDAR\n")
}

fn series(master: &str, others: &[&str]) -> String {
    let others: String =
        others.iter().map(|lines| format!("BEGIN:VEVENT\nUID:1\n{lines}END:VEVENT\n")).collect();
    event(master).replace("END:VCALENDAR", &format!("{others}END:VCALENDAR"))
}

fn card(lines: &str) -> String {
    format!("BEGIN:VCARD\nVERSION:3.0\nUID:1\n{lines}END:VCARD\n")
}

fn merged(base: Option<&str>, newer: &str, older: &str) -> Merged {
    let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    merge(base.map(str::as_bytes), newer.as_bytes(), older.as_bytes(), now).unwrap()
}

/// What differs from the newer version, and the choices.
fn told(base: Option<&str>, newer: &str, older: &str) -> String {
    let merged = merged(base, newer, older);
    let text = String::from_utf8(merged.bytes.to_vec()).unwrap();
    let mut told = String::new();
    for line in newer.lines().filter(|line| !text.lines().any(|own| own == *line)) {
        told += &format!("- {line}\n");
    }
    for line in text.lines().filter(|line| !newer.lines().any(|own| own == *line)) {
        told += &format!("+ {line}\n");
    }
    for choice in merged.choices {
        let value = |value: Option<String>| value.map_or("–".to_owned(), |value| format!("“{value}”"));
        let occurrence = choice.occurrence.map(|when| format!("{when}: ")).unwrap_or_default();
        let from = match choice.from {
            Winner::Newer => "newer",
            Winner::Older => "older",
            Winner::BothChangedNewerWon => "both, newer won",
        };
        let (newer, older) = (value(choice.newer), value(choice.older));
        told += &format!("{occurrence}{} ({}): {newer} / {older}: {from}\n", choice.what, choice.property);
    }
    told
}

const START: &str = "DTSTART;TZID=Europe/Berlin:20260503T100000\n";
const WEEKLY: &str = "DTSTART;TZID=Europe/Berlin:20260503T100000\nRRULE:FREQ=WEEKLY\n";

#[test]
fn the_person_edits_the_title_and_the_phone_the_place() {
    let base = event(&format!(
        "SUMMARY:Dentist\nLOCATION:Here\nSEQUENCE:1\nLAST-MODIFIED:20260101T000000Z\n{START}"
    ));
    let newer = base.replace("Dentist", "Dentist, Dr. Müller");
    let older = base.replace("Here", "There").replace("SEQUENCE:1", "SEQUENCE:2");
    assert_snapshot!(told(Some(&base), &newer, &older), @"
    - LOCATION:Here
    - SEQUENCE:1
    - LAST-MODIFIED:20260101T000000Z
    + LOCATION:There
    + SEQUENCE:3
    + LAST-MODIFIED:20261101T120000Z
    title (SUMMARY): “Dentist, Dr. Müller” / “Dentist”: newer
    place (LOCATION): “Here” / “There”: older
    ");
}

#[test]
fn both_edit_the_title() {
    let base = event(&format!("SUMMARY:Dentist\n{START}"));
    let told = told(Some(&base), &base.replace("Dentist", "A"), &base.replace("Dentist", "B"));
    assert_snapshot!(told, @"title (SUMMARY): “A” / “B”: both, newer won");
}

#[test]
fn lists_are_sets() {
    let base = event("CATEGORIES:a,b\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:x@x\nATTENDEE:mailto:y@x\n");
    let newer = base.replace("a,b", "a,b,c").replace("ATTENDEE:mailto:y@x\n", "");
    let older = base
        .replace("a,b", "B\\,e,b")
        .replace("NEEDS-ACTION", "ACCEPTED")
        .replace("END:VEVENT", "ATTENDEE;CN=Zoe:mailto:z@x\nEND:VEVENT");
    assert_snapshot!(told(Some(&base), &newer, &older), @r"
    - CATEGORIES:a,b,c
    - ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:x@x
    + CATEGORIES:b,c
    + ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@x
    + CATEGORIES:B\,e
    + ATTENDEE;CN=Zoe:mailto:z@x
    category (CATEGORIES): “a” / –: older
    category (CATEGORIES): “c” / –: newer
    guest (ATTENDEE): “x@x, needs-action” / “x@x, accepted”: older
    category (CATEGORIES): – / “B,e”: older
    guest (ATTENDEE): – / “y@x”: newer
    guest (ATTENDEE): – / “Zoe”: older
    ");
}

#[test]
fn a_deletion_never_beats_an_edit() {
    let base = event("LOCATION:Here\nSUMMARY:a\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n");
    let newer = event("SUMMARY:a\n");
    let older = base.replace("Here", "There").replace("TRIGGER:", "DESCRIPTION:x\nTRIGGER:");
    assert_snapshot!(told(Some(&base), &newer, &older), @"
    + LOCATION:There
    + BEGIN:VALARM
    + ACTION:DISPLAY
    + DESCRIPTION:x
    + TRIGGER:-PT5M
    + END:VALARM
    place (LOCATION): – / “There”: older
    reminder (VALARM): – / “-PT5M”: older
    ");
    assert_snapshot!(told(Some(&base), &older, &newer), @"
    place (LOCATION): “There” / –: newer
    reminder (VALARM): “-PT5M” / –: newer
    ");
}

#[test]
fn an_occurrence_left_out_and_another_edited() {
    let base = series(WEEKLY, &[]);
    let newer = base.replace("END:VEVENT", "EXDATE;TZID=Europe/Berlin:20260510T100000\nEND:VEVENT");
    let older = series(WEEKLY, &["RECURRENCE-ID;TZID=Europe/Berlin:20260517T100000\nSUMMARY:moved\n"]);
    assert_snapshot!(told(Some(&base), &newer, &older), @"
    + RECURRENCE-ID;TZID=Europe/Berlin:20260517T100000
    + SUMMARY:moved
    left-out date (EXDATE): “10 May 2026, 10:00 (Europe/Berlin)” / –: newer
    17 May 2026, 10:00 (Europe/Berlin): event (VEVENT): – / “moved”: older
    ");
}

#[test]
fn an_occurrence_left_out_by_one_and_edited_by_the_other_stays() {
    let base = series(WEEKLY, &[]);
    let newer = base.replace("END:VEVENT", "EXDATE:20260510T080000Z,20260524T080000Z\nEND:VEVENT");
    let older = series(WEEKLY, &["RECURRENCE-ID;TZID=Europe/Berlin:20260510T100000\nSUMMARY:moved\n"]);
    assert_snapshot!(told(Some(&base), &newer, &older), @"
    - EXDATE:20260510T080000Z,20260524T080000Z
    + EXDATE:20260524T080000Z
    + RECURRENCE-ID;TZID=Europe/Berlin:20260510T100000
    + SUMMARY:moved
    left-out date (EXDATE): “10 May 2026, 08:00 UTC” / –: older
    left-out date (EXDATE): “24 May 2026, 08:00 UTC” / –: newer
    10 May 2026, 10:00 (Europe/Berlin): event (VEVENT): – / “moved”: older
    ");
    assert_snapshot!(told(Some(&base), &older, &newer), @"
    + EXDATE:20260524T080000Z
    left-out date (EXDATE): – / “10 May 2026, 08:00 UTC”: newer
    left-out date (EXDATE): – / “24 May 2026, 08:00 UTC”: older
    10 May 2026, 10:00 (Europe/Berlin): event (VEVENT): “moved” / –: newer
    ");
}

#[test]
fn a_moved_series_is_not_mixed_with_an_edited_rule() {
    let base = series(WEEKLY, &[]);
    let moved = base.replace("20260503T100000", "20260504T110000");
    let daily = base.replace("WEEKLY", "DAILY");
    assert_snapshot!(told(Some(&base), &moved, &daily), @"start (DTSTART): “4 May 2026, 11:00 (Europe/Berlin); FREQ=WEEKLY” / “3 May 2026, 10:00 (Europe/Berlin); FREQ=DAILY”: both, newer won");
    assert_snapshot!(told(Some(&base), &moved, &base.replace("RRULE", "SUMMARY:x\nRRULE")), @"
    + SUMMARY:x
    start (DTSTART): “4 May 2026, 11:00 (Europe/Berlin)” / “3 May 2026, 10:00 (Europe/Berlin)”: newer
    title (SUMMARY): – / “x”: older
    ");
}

#[test]
fn an_edited_occurrence_of_a_moved_series_is_told_of() {
    let occurrence = "RECURRENCE-ID;TZID=Europe/Berlin:20260510T100000\nSUMMARY:a\n";
    let base = series(WEEKLY, &[occurrence]);
    let moved = series(&WEEKLY.replace("20260503T100000", "20260504T110000"), &[]);
    let edited = base.replace("SUMMARY:a", "SUMMARY:b");
    assert_snapshot!(told(Some(&base), &moved, &edited), @"
    start (DTSTART): “4 May 2026, 11:00 (Europe/Berlin)” / “3 May 2026, 10:00 (Europe/Berlin)”: newer
    10 May 2026, 10:00 (Europe/Berlin): event (VEVENT): – / “b”: both, newer won
    ");
    assert_snapshot!(told(Some(&base), &edited, &moved), @"
    - DTSTART;TZID=Europe/Berlin:20260503T100000
    - RECURRENCE-ID;TZID=Europe/Berlin:20260510T100000
    - SUMMARY:b
    + DTSTART;TZID=Europe/Berlin:20260504T110000
    start (DTSTART): “3 May 2026, 10:00 (Europe/Berlin)” / “4 May 2026, 11:00 (Europe/Berlin)”: older
    10 May 2026, 10:00 (Europe/Berlin): event (VEVENT): “b” / –: older
    ");
}

#[test]
fn an_edited_occurrence_of_a_series_that_ends_stays_if_it_is_before_the_end() {
    let base = series(WEEKLY, &[]);
    let ends = base.replace("WEEKLY", "WEEKLY;UNTIL=20260601T000000Z");
    let edited = series(
        WEEKLY,
        &["RECURRENCE-ID:20260510T080000Z\nSUMMARY:kept\n", "RECURRENCE-ID:20260607T080000Z\nSUMMARY:late\n"],
    );
    assert_snapshot!(told(Some(&base), &ends, &edited), @"
    + RECURRENCE-ID:20260510T080000Z
    + SUMMARY:kept
    repetition (RRULE): “FREQ=WEEKLY;UNTIL=20260601T000000Z” / “FREQ=WEEKLY”: newer
    10 May 2026, 08:00 UTC: event (VEVENT): – / “kept”: older
    7 June 2026, 08:00 UTC: event (VEVENT): – / “late”: both, newer won
    ");
}

#[test]
fn a_task_is_done_or_not() {
    let base = event("STATUS:NEEDS-ACTION\nSUMMARY:a\n").replace("VEVENT", "VTODO");
    let newer = base.replace("STATUS:NEEDS-ACTION", "STATUS:IN-PROCESS\nPERCENT-COMPLETE:50");
    let older = base.replace("STATUS:NEEDS-ACTION", "STATUS:COMPLETED\nCOMPLETED:20260601T000000Z");
    assert_snapshot!(told(Some(&base), &newer, &older), @"status (STATUS): “IN-PROCESS; 50” / “COMPLETED; 1 June 2026, 00:00 UTC”: both, newer won");
}

#[test]
fn a_contact_with_groups() {
    let base = card("FN:Ada\nitem1.EMAIL:a@x\nitem1.X-ABLabel:mine\n");
    let newer =
        card("FN:Ada\nitem1.EMAIL:a@x\nitem1.X-ABLabel:mine\nTEL;TYPE=cell:1\nREV:2026-01-01T00:00:00Z\n");
    let older = card(
        "FN:Ada L.\nitem2.EMAIL:a@x\nitem2.X-ABLabel:yours\nitem1.EMAIL:b@x\nitem1.X-ABLabel:mine\nTEL;TYPE=home:2\n",
    );
    assert_snapshot!(told(Some(&base), &newer, &older), @"
    - FN:Ada
    - item1.EMAIL:a@x
    - item1.X-ABLabel:mine
    - REV:2026-01-01T00:00:00Z
    + FN:Ada L.
    + item2.EMAIL:a@x
    + item2.X-ABLabel:yours
    + item3.EMAIL:b@x
    + item3.X-ABLabel:mine
    + TEL;TYPE=home:2
    + REV:2026-11-01T12:00:00Z
    name (FN): “Ada” / “Ada L.”: older
    phone (TEL): “1” / –: newer
    e-mail (EMAIL): “a@x” / “a@x”: older
    phone (TEL): – / “2”: older
    e-mail (EMAIL): – / “b@x”: older
    ");
}

#[test]
fn two_new_contacts_that_are_one() {
    let told =
        told(None, &card("FN:Ada\nEMAIL:a@x\nBDAY:18151210\n"), &card("FN:Ada L.\nEMAIL:b@x\nORG:Acme;\n"));
    assert_snapshot!(told, @"
    + EMAIL:b@x
    + ORG:Acme;
    name (FN): “Ada” / “Ada L.”: both, newer won
    e-mail (EMAIL): “a@x” / –: newer
    birthday (BDAY): “18151210” / –: newer
    e-mail (EMAIL): – / “b@x”: older
    company (ORG): – / “Acme”: older
    ");
}

#[test]
fn a_zone_that_is_used_is_defined() {
    let zone = |name: &str| format!("BEGIN:VTIMEZONE\nTZID:{name}\nX:1\nEND:VTIMEZONE\n");
    for name in ["Europe/Berlin", "My own"] {
        let base = event("SUMMARY:a\n");
        let newer = event("SUMMARY:b\n");
        let older = event(&format!("DTSTART;TZID={name}:20260503T100000\nSUMMARY:a\n"))
            .replace("BEGIN:VEVENT", &format!("{}BEGIN:VEVENT", zone(name)));
        let bytes = merged(Some(&base), &newer, &older).bytes;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.contains(&format!("VERSION:2.0\n{}BEGIN:VEVENT", zone(name))), "{text}");
        let bytes = merged(Some(&base), &older, &newer).bytes;
        assert!(String::from_utf8(bytes.to_vec()).unwrap().contains(&zone(name)), "{name}");
    }
}

/// Each removed all that the other kept: no item would be left.
#[test]
fn something_is_always_left() {
    let base = series(WEEKLY, &["RECURRENCE-ID:20260510T080000Z\nSUMMARY:a\n"]);
    let one = event(WEEKLY);
    let other = event("RECURRENCE-ID:20260510T080000Z\nSUMMARY:a\n");
    assert_eq!(merged(Some(&base), &one, &other).bytes, one.as_bytes());
    assert_eq!(merged(Some(&base), &other, &one).bytes, other.as_bytes());
}

#[test]
fn other_octets_stay() {
    let base = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\nUID:1\nX-odd ;a=b:1\nSUMMARY:lo\n ng\nLOCATION:a\r\n\n\nEND:VEVENT\nEND:VCALENDAR";
    let newer = base.replace("LOCATION:a", "LOCATION:b");
    let older = base.replace("lo\n ng", "short");
    assert_eq!(merged(Some(base), &newer, &older).bytes, newer.replace("lo\n ng", "short").as_bytes());
}

#[test]
fn thousands_cost_little() {
    let many = |text: fn(usize) -> String| (0..5000).map(text).collect::<String>();
    let occurrence = |n: usize| {
        let day = jiff::civil::date(2020, 1, 1).saturating_add(jiff::Span::new().days(n as i64));
        format!("RECURRENCE-ID:{}T080000Z\nSUMMARY:x\n", day.strftime("%Y%m%d"))
    };
    let guests = event(&many(|n| format!("ATTENDEE:mailto:{n}@x\n")));
    let accepted = event(&many(|n| format!("ATTENDEE;PARTSTAT=ACCEPTED:mailto:{n}@x\n")));
    let dates = event(&format!("EXDATE:{}\n", vec!["20260101T000000Z"; 5000].join(",")));
    let other_dates = event(&many(|n| format!("EXDATE:20260101T{:06}Z\n", n)));
    let occurrences: Vec<String> = (0..5000).map(occurrence).collect();
    let occurrences = series(WEEKLY, &occurrences.iter().map(String::as_str).collect::<Vec<_>>());
    let other_occurrences = occurrences.replace("SUMMARY:x", "SUMMARY:y");
    let begin = std::time::Instant::now();
    for (base, newer, older) in [
        (event(""), &guests, &accepted),
        (accepted.clone(), &event("SUMMARY:a\n"), &guests),
        (event(""), &dates, &other_dates),
        (occurrences.replace("SUMMARY:x", "SUMMARY:z"), &occurrences, &other_occurrences),
        (occurrences.replace("WEEKLY", "DAILY"), &event(WEEKLY), &other_occurrences),
    ] {
        read(&merged(Some(&base), newer, older).bytes).unwrap();
    }
    // Without optimisation, on a busy machine; what is quadratic takes minutes.
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
}
