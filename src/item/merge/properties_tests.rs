//! What holds for the merge of any versions.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Merged, Winner, merge};
use crate::item::edit::Document;
use crate::item::lines::Line;
use crate::item::{Digest, read, text};

const GENES: usize = 28;
type Genes = Vec<u8>;

/// Takes one choice after the other from the genes.
struct Chooser<'g>(std::slice::Iter<'g, u8>);

impl Chooser<'_> {
    fn of(&mut self, count: u8) -> u8 {
        self.0.next().copied().unwrap_or_default() % count
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::from(self.of(texts.len() as u8))]
    }
}

const OCCURRENCES: [[&str; 2]; 3] = [
    ["RECURRENCE-ID:20260510T080000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260510T100000"],
    ["RECURRENCE-ID:20260517T080000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260517T100000"],
    ["RECURRENCE-ID:20260524T080000Z", "RECURRENCE-ID:20260524T080000Z"],
];
const EXDATES: [&str; 3] = ["20260517T080000Z", "20260531T080000Z", "20260607T080000Z"];
const NAMES: [&str; 3] = ["red", "Green", "bl\\,ue"];

fn calendar(genes: &[u8]) -> String {
    let mut choose = Chooser(genes.iter());
    let component = if choose.of(4) == 0 { "VTODO" } else { "VEVENT" };
    let mut lines: Vec<String> = vec!["UID:1".to_owned(), "DTSTAMP:20260101T000000Z".to_owned()];
    for texts in [
        &["", "SUMMARY:one", "SUMMARY:two", "SUMMARY;LANGUAGE=de:eins"][..],
        &["DTSTART:20260503T080000Z", "DTSTART:20260503T080000Z", "DTSTART:20260504T080000Z", ""],
        &["", "DTEND:20260503T090000Z", "DURATION:PT1H"],
        &["RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;COUNT=9", "RRULE:FREQ=DAILY", ""],
        &["", "LOCATION:here", "LOCATION:the\\nre"],
        &["", "SEQUENCE:0", "SEQUENCE:2", "SEQUENCE:3"],
        &["", "LAST-MODIFIED:20260101T000000Z"],
        &["", "STATUS:COMPLETED", "STATUS:IN-PROCESS"],
        &["", "COMPLETED:20260601T000000Z"],
        &["", "X-A:1", "X-A:1\nX-A:2", "X-A:2", "X-A:3;4"],
        &["", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x", "ATTENDEE;PARTSTAT=DECLINED:MAILTO:a@x"],
        &["", "ATTENDEE;CN=\"B;, C\":mailto:b@x", "ATTENDEE:mailto:c@x\nATTENDEE:mailto:d@x"],
        &["", "RESOURCES:beamer,room", "RESOURCES:beamer", "RESOURCES:room\nRESOURCES:desk"],
    ] {
        lines.extend(choose.pick(texts).split('\n').filter(|line| !line.is_empty()).map(str::to_owned));
    }
    let chosen = choose.of(8);
    let exdates: Vec<&str> = (0..3).filter(|n| chosen & 1 << n != 0).map(|n| EXDATES[n]).collect();
    match choose.of(2) {
        _ if exdates.is_empty() => {}
        0 => lines.push(format!("EXDATE:{}", exdates.join(","))),
        _ => lines.extend(exdates.iter().map(|date| format!("EXDATE:{date}"))),
    }
    lines.extend(categories(&mut choose));
    if choose.of(2) == 1 {
        lines.reverse();
    }
    let mut body = lines.join("\n");
    let alarms = ["", "TRIGGER:-PT5M\nACTION:DISPLAY", "TRIGGER:-PT5M\nACTION:DISPLAY\nDESCRIPTION:x"];
    for alarms in
        [&alarms[..], &["", "UID:7\nTRIGGER:-PT1H\nACTION:AUDIO", "UID:7\nTRIGGER:-PT2H\nACTION:AUDIO"]]
    {
        let alarm = choose.pick(alarms);
        if !alarm.is_empty() {
            body += &format!("\nBEGIN:VALARM\n{alarm}\nEND:VALARM");
        }
    }
    let mut item = format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:{component}\n{body}\nEND:{component}\n");
    for spellings in OCCURRENCES {
        let spelling = spellings[usize::from(choose.of(2))];
        let own = choose.pick(&[
            "",
            "",
            "SUMMARY:moved",
            "SUMMARY:moved\nLOCATION:away",
            "LOCATION:off\nSEQUENCE:4",
        ]);
        if !own.is_empty() {
            item += &format!("BEGIN:{component}\nUID:1\n{spelling}\n{own}\nEND:{component}\n");
        }
    }
    item += "END:VCALENDAR\n";
    if choose.of(2) == 1 { item.replace('\n', "\r\n") } else { item }
}

fn categories(choose: &mut Chooser<'_>) -> Vec<String> {
    let chosen = choose.of(8);
    let names: Vec<&str> = (0..3).filter(|n| chosen & 1 << n != 0).map(|n| NAMES[n]).collect();
    match choose.of(2) {
        _ if names.is_empty() => Vec::new(),
        0 => vec![format!("CATEGORIES:{}", names.join(","))],
        _ => names.iter().map(|name| format!("CATEGORIES:{name}")).collect(),
    }
}

fn card(genes: &[u8]) -> String {
    let mut choose = Chooser(genes.iter());
    let mut lines = vec!["UID:1".to_owned()];
    for texts in [
        &["FN:Ada", "FN:Ada L."][..],
        &["", "N:L;Ada;;;", "N:L;Ada", "N:Lovelace;Ada;;;"],
        &["", "EMAIL;TYPE=home:a@x", "item1.EMAIL;TYPE=home:a@x\nitem1.X-ABLabel:mine", "item1.EMAIL:A@x"],
        &["", "EMAIL:b@x", "item1.EMAIL:b@x\nitem1.X-ABLabel:yours", "item2.EMAIL:b@x\nitem2.X-ABLabel:ours"],
        &["", "TEL;TYPE=cell:+1 2", "TEL;TYPE=cell:+1 3", "TEL;TYPE=work,voice:+12"],
        &["", "TEL;VALUE=uri:tel:+5;ext=1", "TEL;TYPE=home:5\nTEL;TYPE=home:6"],
        &["", "NOTE:n", "NOTE:n\\nm", "NOTE:m"],
        &["", "ADR;TYPE=home:;;Way 1;Town;;;", "ADR;TYPE=home:;;Way 2;Town;;;"],
        &["", "ORG:Acme;Sales", "ORG:Acme;"],
        &["", "BDAY:1815-12-10", "BDAY:18151210"],
        &["", "REV:2026-01-01T00:00:00Z", "REV:20260101T000000Z"],
        &["", "PHOTO;ENCODING=b:AAEC", "PHOTO;ENCODING=b:AAED"],
        &["", "item1.URL:http://x", "URL:http://x", "X-A:1", "X-A:2\nX-A:3"],
    ] {
        lines.extend(choose.pick(texts).split('\n').filter(|line| !line.is_empty()).map(str::to_owned));
    }
    lines.extend(categories(&mut choose));
    if choose.of(2) == 1 {
        lines.reverse();
    }
    let item = format!("BEGIN:VCARD\nVERSION:3.0\n{}\nEND:VCARD\n", lines.join("\n"));
    if choose.of(2) == 1 { item.replace('\n', "\r\n") } else { item }
}

/// Three versions of one item: the second and third each changed some of the first.
fn versions() -> impl Strategy<Value = [String; 3]> {
    let genes = || proptest::collection::vec(any::<u8>(), GENES);
    let some = || proptest::collection::vec(proptest::bool::weighted(0.3), GENES);
    let mutated = |base: &Genes, other: Genes, mask: Vec<bool>| -> Genes {
        base.iter()
            .zip(other)
            .zip(mask)
            .map(|((own, other), taken)| if taken { other } else { *own })
            .collect()
    };
    (any::<bool>(), genes(), (genes(), some()), (genes(), some())).prop_map(
        move |(is_card, base, (one, one_mask), (two, two_mask))| {
            let render = if is_card { card } else { calendar };
            let (one, two) = (mutated(&base, one, one_mask), mutated(&base, two, two_mask));
            [base, one, two].map(|mut genes| {
                // Both kinds of component in one item would be no item of one kind.
                if !is_card {
                    genes[0] = 1;
                }
                render(&genes)
            })
        },
    )
}

fn merged(base: Option<&str>, newer: &str, older: &str) -> Merged {
    let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
    merge(base.map(str::as_bytes), newer.as_bytes(), older.as_bytes(), now).unwrap()
}

fn digest(bytes: &[u8]) -> Digest {
    read(bytes).unwrap().digest
}

fn collided(merged: &Merged) -> bool {
    merged.choices.iter().any(|choice| choice.from == Winner::BothChangedNewerWon)
}

/// What a set holds: addresses, phone numbers, categories, and which occurrences are changed.
fn members(item: &[u8]) -> Vec<String> {
    let document = Document::read(item);
    let mut members = Vec::new();
    for line in document.lines() {
        let plain = |line: &Line<'_>| text::plain(line).to_lowercase();
        match line.name() {
            "CATEGORIES" | "RESOURCES" => {
                members.extend(text::list(line).map(|(_, name)| name.to_lowercase()))
            }
            "ATTENDEE" | "EMAIL" | "TEL" | "ADR" => members.push(plain(line).replace(' ', "")),
            _ => {}
        }
    }
    members
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_side_changed([base, changed, _] in versions()) {
        for (base, newer, older) in [
            (Some(base.as_str()), &base, &changed),
            (Some(&base), &changed, &base),
            (Some(&base), &changed, &changed),
            (None, &changed, &changed),
        ] {
            prop_assert_eq!(String::from_utf8(merged(base, newer, older).bytes.to_vec()).unwrap(), changed.as_str());
        }
    }

    #[test]
    fn who_is_newer_counts_only_where_both_changed([base, one, two] in versions(), with_base: bool) {
        let base = with_base.then_some(base.as_str());
        let (first, second) = (merged(base, &one, &two), merged(base, &two, &one));
        if !collided(&first) && !collided(&second) {
            prop_assert_eq!(
                digest(&first.bytes), digest(&second.bytes), "{:?}\n{:?}", first.bytes, second.bytes
            );
        }
    }

    #[test]
    fn again_is_the_same([base, newer, older] in versions(), with_base: bool) {
        let base = with_base.then_some(base.as_str());
        let once = merged(base, &newer, &older);
        let text = String::from_utf8(once.bytes.to_vec()).unwrap();
        let twice = merged(base, &text, &older);
        prop_assert_eq!(digest(&once.bytes), digest(&twice.bytes), "{}\n{:?}", text, twice.bytes);
    }

    #[test]
    fn nothing_that_neither_removed_is_missing([base, newer, older] in versions()) {
        let merged = merged(Some(&base), &newer, &older);
        let [base, newer, older] = [base, newer, older].map(|item| members(item.as_bytes()));
        let own = members(&merged.bytes);
        for member in newer.iter().chain(&older) {
            let removed = base.contains(member) && !(newer.contains(member) && older.contains(member));
            prop_assert!(removed || own.contains(member), "{} of {:?}", member, merged.bytes);
        }
    }
}
