//! Strong keys: what two items without a common UID are recognised by.

use sha2::{Digest as _, Sha256};

use super::time::{Length, Moment};
use super::{PairKey, text};

/// More e-mail addresses and phone numbers of a contact than these are not looked at.
const MOST_KEYS: usize = 100;

/// The time, title and recurrence of an event or task, of its master component.
#[derive(Debug, Default)]
pub struct Entry {
    pub title: Option<String>,
    pub start: Option<Moment>,
    /// DTEND or DUE.
    pub end: Option<Moment>,
    pub duration: Option<Length>,
    /// RRULEs, each in one spelling.
    pub rules: Vec<String>,
}

impl Entry {
    /// The end of an event: as given, or what holds without one (RFC 5545 section 3.6.1).
    fn event_end(&self, start: &Moment) -> Option<Moment> {
        match (&self.end, self.duration, start) {
            // Some programs let a whole day end on the day it starts.
            (Some(Moment::Day(end)), _, Moment::Day(first)) if end <= first => start.after(Length::ONE_DAY),
            (Some(end), _, _) => Some(end.clone()),
            (None, Some(duration), _) => start.after(duration),
            (None, None, Moment::Day(_)) => start.after(Length::ONE_DAY),
            (None, None, Moment::Time(..)) => Some(start.clone()),
        }
    }

    /// The key of an event: title, start, end and recurrence.
    pub fn event_keys(&self) -> Vec<PairKey> {
        let title = self.title.as_deref().map(text::folded).unwrap_or_default();
        let (Some(start), false) = (&self.start, title.is_empty()) else { return Vec::new() };
        let Some(end) = self.event_end(start) else { return Vec::new() };
        let mut rules: Vec<&str> = self.rules.iter().map(String::as_str).collect();
        rules.sort_unstable();
        vec![key("event", &[&title, &start.canonical(), &end.canonical(), &rules.join("\n")])]
    }

    /// The key of a task: title, due and start.
    pub fn task_keys(&self) -> Vec<PairKey> {
        let title = self.title.as_deref().map(text::folded).unwrap_or_default();
        if title.is_empty() {
            return Vec::new();
        }
        let due = self.end.clone().or_else(|| self.start.as_ref()?.after(self.duration?));
        let canonical = |moment: Option<Moment>| moment.map(|moment| moment.canonical()).unwrap_or_default();
        vec![key("task", &[&title, &canonical(due), &canonical(self.start.clone())])]
    }
}

/// What a contact is recognised by. Names are unescaped.
#[derive(Debug, Default)]
pub struct Contact {
    /// FN.
    pub full_name: Option<String>,
    /// N, as "given family".
    pub name: Option<String>,
    pub organisation: Option<String>,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
}

impl Contact {
    /// What a person calls it, best first.
    pub fn title(&self) -> Option<&str> {
        self.full_name
            .as_deref()
            .or(self.name.as_deref())
            .or(self.organisation.as_deref())
            .or(self.emails.first().map(String::as_str))
    }

    /// One key for the name with each e-mail address, phone number and organisation.
    pub fn keys(&self) -> Vec<PairKey> {
        let named = [&self.full_name, &self.name, &self.organisation].into_iter().flatten().next();
        let name = named.map(|name| text::folded(name)).unwrap_or_default();
        if name.is_empty() {
            return Vec::new();
        }
        let emails = self.emails.iter().map(|email| ("email", text::folded(email)));
        let phones =
            self.phones.iter().map(|phone| ("phone", phone.chars().filter(char::is_ascii_digit).collect()));
        // A company's own card has its name twice: that alone is no second sign.
        let organisation =
            self.organisation.iter().map(|own| ("org", text::folded(own))).filter(|(_, own)| *own != name);
        let mut keys: Vec<PairKey> = organisation
            .chain(emails.take(MOST_KEYS))
            .chain(phones.take(MOST_KEYS))
            .filter(|(_, value)| !value.is_empty())
            .map(|(tag, value): (_, String)| key(tag, &[&name, &value]))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn key(tag: &str, fields: &[&str]) -> PairKey {
    let mut hash = Sha256::new_with_prefix(tag);
    for field in fields {
        hash.update([0]);
        hash.update(field);
    }
    let whole: [u8; 32] = hash.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&whole[..16]);
    PairKey(u128::from_be_bytes(first))
}
