//! Birthdays and anniversaries of contacts as events of a calendar.

use bytes::Bytes;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::digest::rule;
use super::edit::{Document, Edits};
use super::lines::Line;
use super::{Unreadable, read, text};

/// Marks an event that is made of a contact, and says for which profile.
const MARK: &str = "X-PIMBRIDGE-BIRTHDAYS";
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
        let hash = Sha256::new_with_prefix(tag).chain_update([0]).chain_update(owner).finalize();
        let hash: String = hash.iter().take(12).map(|octet| format!("{octet:02x}")).collect();
        Some(Day { uid: format!("{tag}-{hash}"), summary, first })
    };
    let anniversary = ["ANNIVERSARY", "X-ANNIVERSARY", "X-MS-ANNIVERSARY"];
    let birthday = day(&["BDAY"], "birthday", facts.summary.clone());
    let anniversary = day(&anniversary, "anniversary", format!("{} (anniversary)", facts.summary));
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

impl Day {
    /// The event, made for this profile.
    pub fn event(&self, profile: &str) -> Bytes {
        let mut event = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Pimbridge//Birthdays//EN\r\nBEGIN:VEVENT\r\nUID:{}\r\n\
             DTSTAMP:19700101T000000Z\r\nTRANSP:TRANSPARENT\r\n",
            self.uid
        );
        for (_, line) in self.lines(profile) {
            event.push_str(&String::from_utf8_lossy(&super::edit::folded(&line, b"\r\n")));
        }
        event.push_str("END:VEVENT\r\nEND:VCALENDAR\r\n");
        event.into()
    }

    /// The event that is there with this day, or `None` where it says so already. All else in it stays as it is.
    pub fn in_place_of(&self, there: &Bytes, profile: &str) -> Option<Bytes> {
        let document = Document::read(there);
        let Some(event) = document.main_components().next() else { return Some(self.event(profile)) };
        let mut edits = Edits::new(&document);
        for (name, wanted) in self.lines(profile) {
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
        (!edits.is_empty()).then(|| edits.apply())
    }

    /// What makes the event: the name of each property, and its line.
    fn lines(&self, profile: &str) -> [(&'static str, String); 4] {
        // Years without a 29 February have a last day of February.
        let rule = match (self.first.month(), self.first.day()) {
            (2, 29) => "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
            _ => "FREQ=YEARLY",
        };
        [
            ("DTSTART", format!("DTSTART;VALUE=DATE:{}", self.first.strftime("%Y%m%d"))),
            ("RRULE", format!("RRULE:{rule}")),
            ("SUMMARY", format!("SUMMARY:{}", text::escape(&self.summary))),
            (MARK, format!("{MARK}:{}", text::escape(profile))),
        ]
    }
}

/// The UID of an event that was made of a contact, and the profile that it was made for.
pub fn made_for(event: &[u8]) -> Option<(String, String)> {
    let document = Document::read(event);
    let id = document.main_components().next()?;
    let profile = text::plain(document.property(id, MARK)?);
    Some((document.property(id, "UID")?.value().trim().to_owned(), profile))
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
        X-PIMBRIDGE-BIRTHDAYS:addresses
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
        X-PIMBRIDGE-BIRTHDAYS:addresses
        END:VEVENT
        END:VCALENDAR
        "#);
        for day in days {
            assert_eq!(made_for(&day.event("a;b")), Some((day.uid.clone(), "a;b".to_owned())));
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
        assert_eq!(made_for(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n"), None);
    }
}
