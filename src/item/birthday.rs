//! Birthdays and anniversaries of contacts as events of a calendar.

use bytes::Bytes;
use jiff::civil::Date;

use super::digest::rule;
use super::edit::{ComponentId, Document, Edits};
use super::lines::Line;
use super::{Unreadable, read, tagged_hash, text};

/// Marks an event that is made of a contact, and says for whom.
const MARK: &str = "X-PIMBRIDGE-BIRTHDAYS";
const BIRTHDAY: &str = "birthday";
const ANNIVERSARY: &str = "anniversary";
/// How many octets of the digest are in a UID.
const DIGEST: usize = 12;
/// An event comes to another one so many times and no more: two that do not agree would change it for ever.
const MOST_TURNS: u8 = 3;
/// The first year where the contact says none: a leap year.
const NO_YEAR: i16 = 1904;
/// How Apple's programs say that there is no year, and which one stands for it.
const OMIT_YEAR: &str = "X-APPLE-OMIT-YEAR";

/// A day of each year that is a contact's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The same as long as the contact has the same UID.
    pub uid: String,
    summary: String,
    first: Date,
}

/// The birthday of a contact (RFC 6350 section 6.2.5) and its anniversary. Without a UID a contact is known by what
/// its collection calls it.
pub fn days(card: &[u8], href: &str) -> Result<Vec<Day>, Unreadable> {
    let facts = read(card)?;
    let document = Document::read(card);
    let Some(contact) = document.main_components().find(|&id| document.component(id).name == "VCARD") else {
        return Ok(Vec::new());
    };
    let owner = facts.uid.as_deref().unwrap_or(href);
    let day = |names: &[&str], tag: &str, summary: String| {
        let lines = document.properties(contact).filter(|line| names.iter().any(|name| line.is(name)));
        let first = lines.filter_map(date).next()?;
        let hash = tagged_hash(tag, owner.as_bytes(), DIGEST);
        Some(Day { uid: format!("{tag}-{hash}"), summary, first })
    };
    let anniversary = ["ANNIVERSARY", "X-ANNIVERSARY", "X-MS-ANNIVERSARY"];
    let birthday = day(&["BDAY"], BIRTHDAY, facts.summary.clone());
    let anniversary = day(&anniversary, ANNIVERSARY, format!("{} (anniversary)", facts.summary));
    Ok(birthday.into_iter().chain(anniversary).collect())
}

/// `1970-05-03`, `19700503`, `--0503`, `--05-03`, also with a time behind it.
fn date(line: &Line<'_>) -> Option<Date> {
    if line.param("CALSCALE").is_some_and(|scale| !scale.eq_ignore_ascii_case("GREGORIAN")) {
        return None;
    }
    let value = line.value().trim();
    let day = value.split(['T', 't']).next().unwrap_or_default();
    let (year, rest) = match day.strip_prefix("--") {
        Some(rest) => (None, rest),
        None => day.split_at_checked(4).map(|(year, rest)| (Some(year), rest))?,
    };
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let digits: String = rest.split('-').collect();
    let number = |text: &str| {
        text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten()
    };
    let (month, day) = digits.split_at_checked(2).filter(|(_, day)| day.len() == 2)?;
    let year = match year {
        Some(year) if line.param(OMIT_YEAR) != Some(year) => number(year)?,
        _ => NO_YEAR,
    };
    Date::new(year, number(month)?.try_into().ok()?, number(day)?.try_into().ok()?).ok()
}

/// Whose an event is: for whom it was made or changed last, and how many others it was made for before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    owner: String,
    turns: u8,
}

impl Mark {
    fn first(owner: &str) -> Self {
        Mark { owner: owner.to_owned(), turns: 0 }
    }

    fn of(document: &Document<'_>, event: ComponentId) -> Option<Self> {
        let text = text::plain(document.property(event, MARK)?);
        let parts = text.rsplit_once(' ').and_then(|(owner, turns)| Some((owner, turns.parse().ok()?)));
        let (owner, turns) = parts.unwrap_or((&text, 0));
        Some(Mark { owner: owner.to_owned(), turns })
    }

    /// The mark when this one changes the event, or `None` where it has changed hands often enough.
    fn taken_by(self, owner: &str) -> Option<Self> {
        match self {
            own if own.owner == owner => Some(own),
            Mark { turns, .. } if turns < MOST_TURNS => {
                Some(Mark { owner: owner.to_owned(), turns: turns + 1 })
            }
            _ => None,
        }
    }

    fn line(&self) -> String {
        format!("{MARK}:{} {}", text::escape(&self.owner), self.turns)
    }
}

impl Day {
    /// The event, made for this owner.
    pub fn event(&self, owner: &str) -> Bytes {
        self.marked(&Mark::first(owner))
    }

    fn marked(&self, mark: &Mark) -> Bytes {
        let mut event = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Pimbridge//Birthdays//EN\r\nBEGIN:VEVENT\r\nUID:{}\r\n\
             DTSTAMP:19700101T000000Z\r\nTRANSP:TRANSPARENT\r\n",
            self.uid
        );
        for line in self.lines().into_iter().map(|(_, line)| line).chain([mark.line()]) {
            event.push_str(&String::from_utf8_lossy(&super::edit::folded(&line, b"\r\n")));
        }
        event.push_str("END:VEVENT\r\nEND:VCALENDAR\r\n");
        event.into()
    }

    /// The event that is there with this day, or `None` where it says so already or is left to another owner. All
    /// else in it stays as it is.
    pub fn in_place_of(&self, there: &Bytes, owner: &str) -> Option<Bytes> {
        let document = Document::read(there);
        let event = series(&document)?;
        let mut edits = Edits::new(&document);
        for (name, wanted) in self.lines() {
            match document.property(event, name) {
                None => edits.add(event, &wanted),
                Some(line) => {
                    let value = wanted.split_once(':').map_or("", |(_, value)| value);
                    let says_so = match name {
                        "RRULE" => rule(line.value()) == rule(value),
                        "DTSTART" => line.value().trim() == value,
                        _ => text::plain(line) == text::unescape(value),
                    };
                    if !says_so {
                        edits.replace(line, &wanted);
                    }
                }
            }
        }
        if edits.is_empty() {
            return None;
        }
        match (document.property(event, MARK), Mark::of(&document, event)) {
            (Some(line), Some(before)) => {
                let mark = before.clone().taken_by(owner)?;
                if mark != before {
                    edits.replace(line, &mark.line());
                }
            }
            _ => edits.add(event, &Mark::first(owner).line()),
        }
        Some(edits.apply())
    }

    /// What makes the event: the name of each property, and its line.
    fn lines(&self) -> [(&'static str, String); 3] {
        // Years without a 29 February have a last day of February.
        let rule = match (self.first.month(), self.first.day()) {
            (2, 29) => "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
            _ => "FREQ=YEARLY",
        };
        [
            ("DTSTART", format!("DTSTART;VALUE=DATE:{}", self.first.strftime("%Y%m%d"))),
            ("RRULE", format!("RRULE:{rule}")),
            ("SUMMARY", format!("SUMMARY:{}", text::escape(&self.summary))),
        ]
    }
}

/// The event that recurs, not one of its days that a person changed.
fn series(document: &Document<'_>) -> Option<ComponentId> {
    document.main_components().find(|&id| document.property(id, "RECURRENCE-ID").is_none())
}

/// The UID of an event, where it is of the form that is made here. A copy that a person made has another one.
pub fn uid_made(event: &[u8]) -> Option<String> {
    let document = Document::read(event);
    let id = document.main_components().next()?;
    let uid = document.property(id, "UID")?.value().trim();
    let (tag, digest) = uid.split_once('-')?;
    let is_digest =
        digest.len() == 2 * DIGEST && digest.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    ([BIRTHDAY, ANNIVERSARY].contains(&tag) && is_digest).then(|| uid.to_owned())
}

/// Whether the event has the mark of this owner.
pub fn is_marked(event: &[u8], owner: &str) -> bool {
    let document = Document::read(event);
    series(&document).and_then(|id| Mark::of(&document, id)).is_some_and(|mark| mark.owner == owner)
}

/// The event without its mark where a person added something to it; `None` where it says what was made and no more.
pub fn kept_for_person(there: &Bytes) -> Option<Bytes> {
    let document = Document::read(there);
    let says_no_more = series(&document).and_then(|id| {
        let made = Day {
            uid: String::new(),
            summary: document.property(id, "SUMMARY").map(text::plain)?,
            first: document.property(id, "DTSTART").and_then(date)?,
        };
        let made = made.marked(&Mark::of(&document, id)?);
        Some(read(&made).ok()?.digest == read(there).ok()?.digest)
    });
    if says_no_more == Some(true) {
        return None;
    }
    let mut edits = Edits::new(&document);
    for id in document.main_components() {
        document.properties(id).filter(|line| line.is(MARK)).for_each(|line| edits.remove(line));
    }
    Some(edits.apply())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(lines: &str) -> Bytes {
        Bytes::from(format!("BEGIN:VCARD\nVERSION:4.0\nUID:1\nFN:Jana, N.\n{lines}\nEND:VCARD\n"))
    }

    fn first(lines: &str) -> Option<String> {
        days(&card(lines), "a.vcf").unwrap().first().map(|day| day.first.to_string())
    }

    #[test]
    fn a_birthday_as_an_event() {
        let days = days(&card("BDAY:19700503\nX-ANNIVERSARY:2009-08-08"), "a.vcf").unwrap();
        let events: String =
            days.iter().map(|day| String::from_utf8(day.event("addresses").to_vec()).unwrap()).collect();
        insta::assert_snapshot!(events.replace("\r\n", "\n"), @r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Pimbridge//Birthdays//EN
        BEGIN:VEVENT
        UID:birthday-9865427403a864d85b9e98f6
        DTSTAMP:19700101T000000Z
        TRANSP:TRANSPARENT
        DTSTART;VALUE=DATE:19700503
        RRULE:FREQ=YEARLY
        SUMMARY:Jana\, N.
        X-PIMBRIDGE-BIRTHDAYS:addresses 0
        END:VEVENT
        END:VCALENDAR
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Pimbridge//Birthdays//EN
        BEGIN:VEVENT
        UID:anniversary-056b4847776b690c6ba4f4e7
        DTSTAMP:19700101T000000Z
        TRANSP:TRANSPARENT
        DTSTART;VALUE=DATE:20090808
        RRULE:FREQ=YEARLY
        SUMMARY:Jana\, N. (anniversary)
        X-PIMBRIDGE-BIRTHDAYS:addresses 0
        END:VEVENT
        END:VCALENDAR
        "#);
        for day in days {
            assert_eq!(uid_made(&day.event("a;b")), Some(day.uid.clone()));
            assert!(is_marked(&day.event("a;b"), "a;b") && !is_marked(&day.event("a;b"), "a"));
            assert_eq!(day.in_place_of(&day.event("addresses"), "addresses"), None);
        }
    }

    #[test]
    fn every_way_to_write_a_day() {
        for same in
            ["BDAY:1970-05-03", "BDAY;VALUE=date:19700503", "BDAY:1970-05-03T10:00:00Z", "BDAY:19700503T10"]
        {
            assert_eq!(first(same).as_deref(), Some("1970-05-03"), "{same}");
        }
        for without_year in ["BDAY:--0503", "BDAY:--05-03", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-03"] {
            assert_eq!(first(without_year).as_deref(), Some("1904-05-03"), "{without_year}");
        }
        for none in [
            "BDAY:",
            "BDAY:1970",
            "BDAY:1970-05",
            "BDAY:---03",
            "BDAY:19700231",
            "BDAY;VALUE=text:in May",
            "BDAY:ééééé",
            "BDAY;CALSCALE=hebrew:57100503",
            "BDAY:+970-05-03",
            "BDAY:1970-+5-03",
            "NOTE:x",
        ] {
            assert_eq!(first(none), None, "{none}");
        }
    }

    #[test]
    fn the_29th_of_february_is_the_last_day_of_february() {
        let event = |lines: &str| days(&card(lines), "a.vcf").unwrap()[0].event("p");
        for leap in ["BDAY:20000229", "BDAY:--0229"] {
            let event = event(leap);
            assert!(
                String::from_utf8_lossy(&event).contains("\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1\r\n")
            );
        }
    }

    #[test]
    fn what_a_person_added_to_the_event_stays() {
        let before = days(&card("BDAY:19700503"), "a.vcf").unwrap().remove(0);
        let there = String::from_utf8(before.event("p").to_vec()).unwrap();
        let there = there
            .replace("END:VEVENT", "CATEGORIES:x\r\nBEGIN:VALARM\r\nSUMMARY:y\r\nEND:VALARM\r\nEND:VEVENT");
        let there = there.replace("RRULE:FREQ=YEARLY", "RRULE:INTERVAL=1;FREQ=YEARLY");
        assert_eq!(before.in_place_of(&there.clone().into(), "p"), None);
        let after = days(&card("BDAY:19700504"), "a.vcf").unwrap().remove(0);
        assert_eq!(after.uid, before.uid);
        assert_eq!(
            after.in_place_of(&there.clone().into(), "p").unwrap(),
            there.replace("19700503", "19700504")
        );
    }

    #[test]
    fn a_contact_without_a_uid_is_known_by_its_file() {
        let card = b"BEGIN:VCARD\nFN:x\nBDAY:19700503\nEND:VCARD\n";
        let uid = |href: &str| days(card, href).unwrap()[0].uid.clone();
        assert_eq!(uid("a.vcf"), uid("a.vcf"));
        assert_ne!(uid("a.vcf"), uid("b.vcf"));
        assert!(days(b"no card", "a.vcf").is_err());
        assert_eq!(uid_made(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n"), None);
    }

    fn day(lines: &str) -> Day {
        days(&card(lines), "a.vcf").unwrap().remove(0)
    }

    fn text(event: &Bytes) -> String {
        String::from_utf8(event.to_vec()).unwrap()
    }

    #[test]
    fn a_copy_with_a_uid_of_its_own_is_not_one_that_was_made() {
        let event = text(&day("BDAY:19700503").event("p"));
        let with_uid = |uid: &str| event.replace("birthday-9865427403a864d85b9e98f6", uid);
        for own in ["copy", "birthday-1", "birthday-9865427403A864D85B9E98F6", "x-9865427403a864d85b9e98f6"] {
            assert_eq!(uid_made(with_uid(own).as_bytes()), None, "{own}");
        }
    }

    #[test]
    fn the_day_that_a_person_changed_is_not_taken_for_the_event() {
        let event = text(&day("BDAY:19700503").event("p"));
        let changed = "BEGIN:VEVENT\r\nUID:birthday-9865427403a864d85b9e98f6\r\nRECURRENCE-ID;VALUE=DATE:20260503\r\n\
                       DTSTART;VALUE=DATE:20260504\r\nSUMMARY:party\r\nEND:VEVENT\r\n";
        let there = Bytes::from(event.replacen("BEGIN:VEVENT", &format!("{changed}BEGIN:VEVENT"), 1));
        assert_eq!(day("BDAY:19700503").in_place_of(&there, "p"), None);
        let after = text(&day("BDAY:19700506").in_place_of(&there, "p").unwrap());
        assert_eq!(after, text(&there).replace("19700503", "19700506"));
        assert!(is_marked(&there, "p"));
        let alone = Bytes::from(format!("BEGIN:VCALENDAR\r\n{changed}END:VCALENDAR\r\n"));
        assert!(uid_made(&alone).is_some(), "it is there, so no second one is made");
        assert_eq!(day("BDAY:19700503").in_place_of(&alone, "p"), None);
    }

    #[test]
    fn an_event_changes_hands_only_with_its_day_and_not_for_ever() {
        let (one, other) = (day("BDAY:19700503"), day("BDAY:19700504"));
        let mut there = one.event("one");
        assert_eq!(one.in_place_of(&there, "other"), None, "not for the mark alone");
        let mut changes = 0;
        while let Some(after) = other.in_place_of(&there, "other").or_else(|| one.in_place_of(&there, "one"))
        {
            there = after;
            changes += 1;
            assert!(changes < 10);
        }
        assert_eq!(changes, 3);
        assert!(is_marked(&there, "other"));
        assert!(
            day("BDAY:19700505").in_place_of(&there, "other").is_some(),
            "its owner can change it as before"
        );
    }

    #[test]
    fn what_a_person_added_is_told_from_what_programs_touch() {
        let event = text(&day("BDAY:20000229").event("p"));
        let with = |line: &str| Bytes::from(event.replace("SUMMARY:", &format!("{line}\r\nSUMMARY:")));
        assert_eq!(kept_for_person(&Bytes::from(event.clone())), None);
        assert_eq!(kept_for_person(&with("LAST-MODIFIED:20260101T000000Z")), None);
        let kept = text(&kept_for_person(&with("DESCRIPTION:a book")).unwrap());
        assert_eq!(
            kept,
            event
                .replace("SUMMARY:", "DESCRIPTION:a book\r\nSUMMARY:")
                .replace("X-PIMBRIDGE-BIRTHDAYS:p 0\r\n", "")
        );
        assert!(kept_for_person(&Bytes::from(event.replace("TRANSPARENT", "OPAQUE"))).is_some());
    }
}
