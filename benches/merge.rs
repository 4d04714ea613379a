//! How long it takes to merge conflicts: `cargo bench --bench merge -- [COUNT]` merges so many
//! (1,000 by default), each of three versions of a meeting of about 2 kB, and prints the seconds.

use std::fmt::Write as _;
use std::time::Instant;

use jiff::Timestamp;
use pimbridge::item::merge;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: usize = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with("--"))
        .map_or(Ok(1_000), |count| count.parse())?;
    let now = Timestamp::UNIX_EPOCH;
    let conflicts: Vec<_> = (0..count).map(conflict).collect();
    let octets: usize = conflicts.iter().map(|[base, ..]| base.len()).sum();
    let begin = Instant::now();
    let mut choices = 0;
    for [base, newer, older] in &conflicts {
        choices += merge(Some(base.as_bytes()), newer.as_bytes(), older.as_bytes(), now)?.choices.len();
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{count} conflicts of {} octets, {choices} choices: {seconds:.3} s", octets / count.max(1));
    Ok(())
}

/// A weekly meeting with guests, reminders and a changed occurrence; each side edited a few things.
fn conflict(n: usize) -> [String; 3] {
    let mut item = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n\
         BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
         RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\nDTSTART:19961027T030000\r\n\
         TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
         END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:meeting-{n}\r\nDTSTAMP:20260101T000000Z\r\nSEQUENCE:1\r\n\
         LAST-MODIFIED:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:20260504T100000\r\n\
         DTEND;TZID=Europe/Berlin:20260504T110000\r\nRRULE:FREQ=WEEKLY;COUNT=40\r\nSUMMARY:Meeting {n}\r\n\
         EXDATE;TZID=Europe/Berlin:20260511T100000\r\nLOCATION:Room {n}\r\nCATEGORIES:Work,Team\r\n\
         DESCRIPTION:What was done\\, what comes next\\, and who needs help with wha\r\n t he or she does.\r\n\
         ORGANIZER;CN=Jana:mailto:jana@example.org\r\n"
    );
    for guest in 0..6 {
        let _ = write!(
            item,
            "ATTENDEE;CN=\"Guest, {guest}\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:guest{guest}@example.org\r\n"
        );
    }
    for minutes in [5, 30] {
        let _ = write!(
            item,
            "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Meeting\r\nTRIGGER:-PT{minutes}M\r\nEND:VALARM\r\n"
        );
    }
    let _ = write!(
        item,
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:meeting-{n}\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260518T100000\r\n\
         DTSTART;TZID=Europe/Berlin:20260518T120000\r\nDTEND;TZID=Europe/Berlin:20260518T130000\r\n\
         SUMMARY:Meeting {n}\\, later\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let newer = item
        .replace("SUMMARY:Meeting", "SUMMARY:Long meeting")
        .replace("Work,Team", "Work,Team,Boss")
        .replace("-PT5M", "-PT10M")
        .replace("LAST-MODIFIED:2026", "LAST-MODIFIED:2027");
    let older = item
        .replace("LOCATION:Room", "LOCATION:Hall")
        .replace("CN=\"Guest, 3\";PARTSTAT=NEEDS-ACTION", "CN=\"Guest, 3\";PARTSTAT=ACCEPTED")
        .replace("20260518T120000", "20260518T113000")
        .replace("SUMMARY:Meeting", "SUMMARY:Our meeting");
    [item, newer, older]
}
