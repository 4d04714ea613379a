use super::{Row, compare};
use crate::item::read;

fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:x\n{lines}END:VEVENT\nEND:VCALENDAR\n")
}

fn card(lines: &str) -> String {
    format!("BEGIN:VCARD\nVERSION:3.0\nUID:x\n{lines}END:VCARD\n")
}

/// `=` or `!`, what, and both sides.
fn table(one: &str, other: &str) -> String {
    let side = |text: &Option<String>| text.as_ref().map_or("-".to_owned(), |text| text.replace('\n', " / "));
    let line = |row: &Row| {
        let sign = if row.differs { '!' } else { '=' };
        format!("{sign} {}: {} | {}", row.what, side(&row.one), side(&row.other))
    };
    compare(one.as_bytes(), other.as_bytes()).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn two_versions_of_an_event() {
    let one = event(
        "DTSTAMP:20260101T000000Z\nLOCATION:Room 6\nSUMMARY:Dentist\nDTSTART;TZID=Europe/Berlin:20260503T101500\n\
         ATTENDEE;CN=Jana;PARTSTAT=ACCEPTED:mailto:jana@x\nCATEGORIES:a,b\nTRANSP:TRANSPARENT\n\
         BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\n",
    );
    let other = event(
        "DTSTAMP:20260202T000000Z\nSUMMARY:Dentist\nDTSTART;TZID=Europe/Berlin:20260504T101500\n\
         ATTENDEE;CN=Jana;PARTSTAT=ACCEPTED:mailto:jana@x\nATTENDEE:mailto:petr@x\nCATEGORIES:b,a\n\
         DESCRIPTION:Bring the card\\nand money\nX-NEW;A=1:2\n\
         BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-P1DT2H\nEND:VALARM\n",
    );
    insta::assert_snapshot!(table(&one, &other), @"
    = Title: Dentist | Dentist
    ! Start: 3 May 2026, 10:15 (Europe/Berlin) | 4 May 2026, 10:15 (Europe/Berlin)
    ! Place: Room 6 | -
    ! Guest: Jana, accepted | Jana, accepted / petr@x
    ! Reminder: 15 minutes before the start | 1 day, 2 hours before the start
    = Category: a / b | a / b
    ! Shown as free or busy: free | -
    ! Notes: - | Bring the card / and money
    ! New: - | X-NEW;A=1:2
    ");
}

#[test]
fn a_series_and_its_occurrences() {
    let occurrence = |day: &str, title: &str| {
        format!("END:VEVENT\nBEGIN:VEVENT\nUID:x\nRECURRENCE-ID;VALUE=DATE:{day}\nSUMMARY:{title}\n")
    };
    let series = "SUMMARY:Yoga\nDTSTART;VALUE=DATE:20260504\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10\n";
    let one = event(&format!("{series}{}", occurrence("20260511", "Yoga outside")));
    let other =
        event(&format!("{}{}", series.replace("COUNT=10", "UNTIL=20260801"), occurrence("20260518", "Late")));
    insta::assert_snapshot!(table(&one, &other), @"
    = Title: Yoga | Yoga
    = Start: 4 May 2026 | 4 May 2026
    ! Repetition: every week, on Monday, Wednesday, 10 times | every week, on Monday, Wednesday, until 1 August 2026
    ! Title (on 11 May 2026): Yoga outside | -
    ! Title (on 18 May 2026): - | Late
    ");
    insta::assert_snapshot!(table(&event("RRULE:FREQ=MONTHLY;INTERVAL=2;COUNT=1\n"), &event("RRULE:FREQ=MONTHLY;BYSETPOS=1;BYDAY=1MO\n")), @"! Repetition: every 2 months, once | FREQ=MONTHLY;BYSETPOS=1;BYDAY=1MO");
}

#[test]
fn of_a_long_series_the_occurrences_that_differ() {
    let occurrence = |n: u32, title: &str| {
        format!(
            "END:VEVENT\nBEGIN:VEVENT\nUID:x\nRECURRENCE-ID:20260101T10{:02}{:02}Z\nSUMMARY:{title} {n}\n",
            n / 60,
            n % 60
        )
    };
    let series = |title: &str| -> String {
        (0..1000).map(|n| occurrence(n, if n == 617 { title } else { "Yoga" })).collect()
    };
    let one = event(&format!("SUMMARY:Yoga\n{}", series("Yoga")));
    let other = event(&format!("SUMMARY:Yoga\n{}", series("Run")));
    insta::assert_snapshot!(table(&one, &other), @"
    = Title: Yoga | Yoga
    ! Title (on 1 January 2026, 10:10 UTC): Yoga 617 | Run 617
    ");
    // An occurrence that stands there twice is compared one by one.
    let twice = |second: &str| event(&format!("SUMMARY:a\n{}{}", occurrence(1, "b"), occurrence(1, second)));
    assert_eq!(table(&twice("c"), &twice("d")).lines().filter(|line| line.starts_with('!')).count(), 1);
}

#[test]
fn two_versions_of_a_contact() {
    let one = card(
        "FN:Jana Nov\u{e1}k\nN:Nov\u{e1}k;Jana;;;\nTEL;TYPE=HOME,VOICE:1\nitem1.TEL:2\nitem1.X-ABLabel:_$!<Boat>!$_\nBDAY:1980-05-03\n",
    );
    let other = card(
        "FN:Jana Nov\u{e1}k\nN:Nov\u{e1}k;Jana;;;\nTEL;TYPE=WORK:1\nitem1.TEL:2\nitem1.X-ABLabel:Ship\nADR;TYPE=home:;;Street 1;Town\\, North;;123;\n",
    );
    insta::assert_snapshot!(table(&one, &other), @"
    = Name: Jana Novák | Jana Novák
    = Name in parts: Novák, Jana | Novák, Jana
    ! Phone: 1 (home) / 2 (Boat) | 1 (work) / 2 (Ship)
    ! Address: - | Street 1, Town, North, 123 (home)
    ! Birthday: 3 May 1980 | -
    ");
}

#[test]
fn a_task() {
    let task = |lines: &str| event(lines).replace("VEVENT", "VTODO");
    let one = task("SUMMARY:Tax\nSTATUS:NEEDS-ACTION\nPRIORITY:1\nDUE;VALUE=DATE:20260731\n");
    let other = task(
        "SUMMARY:Tax\nSTATUS:COMPLETED\nPERCENT-COMPLETE:100\nCOMPLETED:20260701T120000Z\nDUE;VALUE=DATE:20260731\n",
    );
    insta::assert_snapshot!(table(&one, &other), @"
    = Title: Tax | Tax
    = Due date: 31 July 2026 | 31 July 2026
    ! Status: to be done | done
    ! Progress: - | 100 %
    ! Done on: - | 1 July 2026, 12:00 UTC
    ! Priority: high (1) | -
    ");
}

#[test]
fn a_difference_that_words_do_not_show_is_shown_as_written() {
    let (one, other) = (event("LOCATION:Room 6\n"), event("LOCATION;LANGUAGE=de:Room 6\n"));
    insta::assert_snapshot!(table(&one, &other), @"! Place: LOCATION:Room 6 | LOCATION;LANGUAGE=de:Room 6");
}

#[test]
fn one_version_alone_and_what_is_no_item() {
    insta::assert_snapshot!(table(&event("SUMMARY:Dentist\n"), ""), @"! Title: Dentist | -");
    insta::assert_snapshot!(table("", &card("FN:Jana\n")), @"! Name: - | Jana");
    insta::assert_snapshot!(table("garbage\u{1b}[2J", &event("SUMMARY:Dentist\n")), @"
    ! Title: - | Dentist
    ! Text: garbage [2J | -
    ");
    assert_eq!(compare(b"", b" \n"), []);
    assert_eq!(compare(b"\xff\xfe", b"BEGIN:VEVENT\nEND:VCARD\nEND:X\nBEGIN:").len(), 1);
}

#[test]
fn what_the_digest_takes_for_the_same_does_not_differ() {
    for (one, other) in [
        (
            event("SUMMARY:a\nCLASS:PUBLIC\nEXDATE:20260101,20260102\n"),
            event("EXDATE:20260102\nEXDATE:20260101\nsummary:a\nDTSTAMP:20260101T000000Z\n"),
        ),
        (card("item1.TEL:1\nitem1.X-ABLabel:Boat\n"), card("x.X-ABLABEL:Boat\nx.TEL:1\nREV:2026\n")),
    ] {
        assert_eq!(read(one.as_bytes()).unwrap().digest, read(other.as_bytes()).unwrap().digest);
        assert!(
            compare(one.as_bytes(), other.as_bytes()).iter().all(|row| !row.differs),
            "{}",
            table(&one, &other)
        );
    }
}
