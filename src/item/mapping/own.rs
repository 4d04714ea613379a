//! What each side keeps as it has it: it is not in the shared form, and comes back where a side is written to.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::alarms::{Past, Times};
use super::parts::Parts;
use super::rename::Names;
use super::scheduling;
use crate::item::edit::{ComponentId, Document, Edits};
use crate::item::lines::Line;

/// What of an item is each side's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// Properties of these names, in upper case.
    Named(Vec<String>),
    /// Properties of the first names where the component has one of the second name beside.
    Beside(Names),
    /// `CLASS:PUBLIC`, which is what an item is by itself.
    Public,
    /// That SOGo and Open-Xchange do not write to the guests of an event.
    Quiet,
    /// All alarms.
    Alarms,
    /// The alarms that have gone off for the last time.
    PastAlarms(Past),
}

impl Own {
    pub fn named(names: impl IntoIterator<Item = impl Into<String>>) -> Own {
        Own::Named(names.into_iter().map(Into::into).collect())
    }

    pub(super) fn shared(&self, bytes: &Bytes) -> Bytes {
        let document = Document::read(bytes);
        let mut edits = Edits::new(&document);
        let times = self.times(&document);
        for id in document.main_components() {
            let is_own = self.lines(&document, id);
            document.properties(id).filter(|line| is_own(line)).for_each(|line| edits.remove(line));
            let alarms = alarms(&document, id);
            alarms
                .filter(|&alarm| self.is_alarm(times.as_ref(), id, &document, alarm))
                .for_each(|alarm| edits.remove_component(alarm));
        }
        edits.apply_to(bytes)
    }

    pub(super) fn on(&self, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        let Some(there) = there else { return shared.clone() };
        let (document, there) = (Document::read(shared), Document::read(there));
        let mut parts = Parts::of(&there);
        let (times, times_there) = (self.times(&document), self.times(&there));
        let mut edits = Edits::new(&document);
        for id in document.main_components() {
            let Some(own) = parts.take(&document, id) else { continue };
            // A class that was given takes the place of the one that was not.
            if *self != Own::Public || document.property(id, "CLASS").is_none() {
                let (is_own, would_be) = (self.lines(&there, own), self.lines(&document, id));
                put_lines(&document, id, (&there, own), is_own, would_be, &mut edits);
            }
            let place = document.place_for_child(id, "VALARM");
            for alarm in alarms(&there, own) {
                // One that was past before the event was moved is not so any more.
                if self.is_alarm(times_there.as_ref(), own, &there, alarm)
                    && self.is_alarm(times.as_ref(), id, &there, alarm)
                {
                    edits.put(place, &there.source()[there.octets(alarm)]);
                }
            }
        }
        edits.apply_to(shared)
    }

    /// Tells which lines would be the side's own in this component.
    fn lines<'s>(&'s self, document: &Document<'_>, id: ComponentId) -> Box<dyn Fn(&Line<'_>) -> bool + 's> {
        match self {
            Own::Beside(names) => {
                let beside = names.iter().filter(|(_, name)| document.property(id, name).is_some());
                let own: HashSet<&String> = beside.map(|(own, _)| own).collect();
                Box::new(move |line| own.contains(&line.name().to_ascii_uppercase()))
            }
            Own::Named(names) => Box::new(|line| names.iter().any(|name| line.is(name))),
            Own::Public => {
                Box::new(|line| line.is("CLASS") && line.value().trim().eq_ignore_ascii_case("PUBLIC"))
            }
            Own::Quiet if document.component(id).name == "VEVENT" => Box::new(scheduling::is_quiet),
            Own::Quiet | Own::Alarms | Own::PastAlarms(_) => Box::new(|_| false),
        }
    }

    fn times<'d, 'a>(&'d self, document: &'d Document<'a>) -> Option<Times<'d, 'a>> {
        match self {
            Own::PastAlarms(past) => Some(past.times(document)),
            _ => None,
        }
    }

    /// Whether an alarm would be the side's own as one of a component of the item with these times.
    fn is_alarm(
        &self,
        times: Option<&Times<'_, '_>>,
        id: ComponentId,
        document: &Document<'_>,
        alarm: ComponentId,
    ) -> bool {
        match self {
            Own::Named(_) | Own::Beside(_) | Own::Public | Own::Quiet => false,
            Own::Alarms => true,
            Own::PastAlarms(_) => times.is_some_and(|times| times.are_past(id, document, alarm)),
        }
    }
}

/// Puts a side's own lines where they were: behind the line that was before them, or what it has become. They are put
/// where they would be its own there too.
pub(super) fn put_lines(
    document: &Document<'_>,
    id: ComponentId,
    (there, own): (&Document<'_>, ComponentId),
    is_own: impl Fn(&Line<'_>) -> bool,
    would_be: impl Fn(&Line<'_>) -> bool,
    edits: &mut Edits<'_, '_>,
) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for line in document.properties(id).rev() {
        places.insert(line.text(), line.range.end);
        places.insert(line.name(), line.range.end);
    }
    let mut place = document.place_behind_properties(id);
    for line in there.properties(own) {
        if !is_own(line) {
            let behind = places.get(line.text()).or_else(|| places.get(line.name()));
            place = behind.copied().unwrap_or_else(|| document.place_behind_properties(id));
        } else if would_be(line) {
            edits.put(place, there.octets_of(line));
        }
    }
}

fn alarms<'d>(document: &'d Document<'_>, id: ComponentId) -> impl Iterator<Item = ComponentId> + 'd {
    let children = document.component(id).children.iter().copied();
    children.filter(|&child| document.component(child).name == "VALARM")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(event: &str) -> Bytes {
        Bytes::from(format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{}END:VEVENT\r\nEND:VCALENDAR\r\n",
            event.replace('\n', "\r\n")
        ))
    }

    #[test]
    fn lines_come_back_where_they_were() {
        let own = Own::named(["ATTENDEE", "ORGANIZER"]);
        let there = item(
            "UID:1\nORGANIZER:mailto:a@x\nattendee;CN=\n B:mailto:b@x\nSUMMARY:old\nATTENDEE:c\nURL:u\n",
        );
        assert_eq!(own.shared(&there), item("UID:1\nSUMMARY:old\nURL:u\n"));
        assert_eq!(
            own.on(&item("UID:1\nURL:u\nSUMMARY:new\n"), Some(&there)),
            item(
                "UID:1\nORGANIZER:mailto:a@x\nattendee;CN=\n B:mailto:b@x\nURL:u\nSUMMARY:new\nATTENDEE:c\n"
            )
        );
        assert_eq!(own.on(&item("UID:1\n"), None), item("UID:1\n"));
    }

    #[test]
    fn alarms_come_back_to_their_own_occurrence() {
        let alarm = |text: &str| format!("BEGIN:VALARM\nX:{text}\nEND:VALARM\n");
        let two = |one: &str, other: &str| {
            item(&format!("UID:1\n{one}END:VEVENT\nBEGIN:VEVENT\nRECURRENCE-ID:20260503\n{other}"))
        };
        let there = two(&alarm("1"), &(alarm("2") + &alarm("3")));
        assert_eq!(Own::Alarms.shared(&there), two("", ""));
        assert_eq!(Own::Alarms.on(&two("A:1\n", "A:2\n"), Some(&there)), {
            two(&format!("A:1\n{}", alarm("1")), &format!("A:2\n{}{}", alarm("2"), alarm("3")))
        });
        assert_eq!(
            Own::Alarms.on(&item("UID:1\nA:1\n"), Some(&there)),
            item(&format!("UID:1\nA:1\n{}", alarm("1")))
        );
    }

    #[test]
    fn a_class_that_was_given_counts() {
        let there = item("CLASS:PUBLIC\nUID:1\n");
        assert_eq!(Own::Public.shared(&there), item("UID:1\n"));
        assert_eq!(Own::Public.on(&item("UID:2\n"), Some(&there)), item("UID:2\nCLASS:PUBLIC\n"));
        assert_eq!(
            Own::Public.on(&item("UID:2\nCLASS:PRIVATE\n"), Some(&there)),
            item("UID:2\nCLASS:PRIVATE\n")
        );
    }
}
