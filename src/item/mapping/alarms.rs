//! Alarms that have gone off for the last time.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::item::edit::{ComponentId, Document};
use crate::item::span::{Range, is_within, moment};
use crate::item::time::{Length, Moment, Zone};

/// What is past: all before now, with floating times and whole days by the clock of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub now: Timestamp,
    pub zone: TimeZone,
}

/// An item by whose times its alarms are judged.
pub(super) struct Times<'d, 'a> {
    past: &'d Past,
    document: &'d Document<'a>,
    /// Whether nothing of the item is to come.
    is_over: OnceCell<bool>,
    /// What was read of its components, once for all their alarms.
    frames: RefCell<HashMap<ComponentId, Frame>>,
}

/// What a component's alarms go by.
#[derive(Debug, Clone)]
struct Frame {
    is_series: bool,
    start: Option<Moment>,
    end: Option<Moment>,
}

impl Past {
    pub(super) fn times<'d, 'a>(&'d self, document: &'d Document<'a>) -> Times<'d, 'a> {
        Times { past: self, document, is_over: OnceCell::new(), frames: RefCell::default() }
    }

    fn instant(&self, moment: &Moment) -> Option<Timestamp> {
        let (time, zone) = match moment {
            Moment::Day(day) => (day.to_datetime(jiff::civil::Time::midnight()), &self.zone),
            Moment::Time(time, Zone::Known(zone)) => (*time, zone),
            Moment::Time(time, Zone::Floating) => (*time, &self.zone),
        };
        zone.to_timestamp(time).ok()
    }
}

impl Times<'_, '_> {
    /// Whether the alarm has gone off for the last time, as one of this component: those of a series when the series
    /// is over. What cannot be told is to come.
    pub fn are_past(&self, id: ComponentId, alarm: &Document<'_>, alarm_id: ComponentId) -> bool {
        if self.frame(id).is_series {
            let Past { now, zone } = self.past;
            return *self
                .is_over
                .get_or_init(|| !is_within(self.document.source(), &Range::after(*now), zone));
        }
        self.last(id, alarm, alarm_id).is_some_and(|last| last < self.past.now)
    }

    /// When an alarm of a single event or task goes off for the last time.
    fn last(&self, id: ComponentId, alarm: &Document<'_>, alarm_id: ComponentId) -> Option<Timestamp> {
        let trigger = alarm.property(alarm_id, "TRIGGER")?;
        let moment = match Length::read(trigger.value()) {
            Some(length) => {
                let by_end = trigger.param("RELATED").is_some_and(|by| by.trim().eq_ignore_ascii_case("END"));
                let frame = self.frame(id);
                let from = if by_end { frame.end? } else { frame.start? };
                let from = Moment::Time(
                    self.past.zone.to_datetime(self.past.instant(&from)?),
                    Zone::Known(self.past.zone.clone()),
                );
                from.after(length)?
            }
            None => moment(trigger)?,
        };
        let repeat = || {
            let count: i32 = alarm.property(alarm_id, "REPEAT")?.value().trim().parse().ok()?;
            let step = Length::read(alarm.property(alarm_id, "DURATION")?.value())?;
            let day = SignedDuration::from_hours(24).checked_mul(i32::try_from(step.days).ok()?)?;
            day.checked_add(step.exact)?.checked_mul(count.max(0))
        };
        self.past.instant(&moment)?.checked_add(repeat().unwrap_or_default()).ok()
    }

    fn frame(&self, id: ComponentId) -> Frame {
        let has = |name: &str| self.document.property(id, name).is_some();
        let read = || Frame {
            is_series: !has("RECURRENCE-ID") && (has("RRULE") || has("RDATE")),
            start: self.moment(id, "DTSTART"),
            end: self.end(id),
        };
        self.frames.borrow_mut().entry(id).or_insert_with(read).clone()
    }

    fn end(&self, id: ComponentId) -> Option<Moment> {
        match self.moment(id, "DTEND").or_else(|| self.moment(id, "DUE")) {
            Some(end) => Some(end),
            None => {
                let length = self.document.property(id, "DURATION").map(|line| Length::read(line.value()));
                let start = self.moment(id, "DTSTART")?;
                match length {
                    Some(length) => start.after(length?),
                    None => Some(start),
                }
            }
        }
    }

    fn moment(&self, id: ComponentId, name: &str) -> Option<Moment> {
        moment(self.document.property(id, name)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether an alarm is past at 12:00 of 3 May 2026 in Berlin (10:00 UTC).
    fn is_past(event: &str, alarm: &str) -> bool {
        let item = format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{}\nBEGIN:VALARM\n{}\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
            event.replace('|', "\n"),
            alarm.replace('|', "\n"),
        );
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let past = Past { now: "2026-05-03T10:00:00Z".parse().unwrap(), zone };
        let document = Document::read(item.as_bytes());
        past.times(&document).are_past(1, &document, 2)
    }

    #[test]
    fn single_events() {
        for (event, alarm, expected) in [
            ("DTSTART:20260503T101000Z", "TRIGGER:-PT15M", true),
            ("DTSTART:20260503T101600Z", "TRIGGER:-PT15M", false),
            ("DTSTART:20260503T101000Z", "TRIGGER:-PT15M|REPEAT:2|DURATION:PT5M", false),
            ("DTSTART:20260503T101000Z", "TRIGGER:-PT15M|REPEAT:1|DURATION:PT5M", false),
            ("DTSTART:20260503T121000", "TRIGGER:-PT15M", true),
            ("DTSTART;TZID=W. Europe Standard Time:20260503T121000", "TRIGGER:-PT15M", true),
            ("DTSTART;TZID=America/New_York:20260503T061600", "TRIGGER:-PT15M", false),
            ("DTSTART;VALUE=DATE:20260504", "TRIGGER:-PT12H", false),
            ("DTSTART;VALUE=DATE:20260504", "TRIGGER:-PT13H", true),
            ("DTSTART:20260503T080000Z|DTEND:20260503T103000Z", "TRIGGER;RELATED=END:-PT15M", false),
            ("DTSTART:20260503T080000Z|DURATION:PT1H", "TRIGGER;RELATED=END:PT15M", true),
            ("DTSTART:20260601T080000Z", "TRIGGER;VALUE=DATE-TIME:20260503T095959Z", true),
            ("DTSTART:20260601T080000Z", "TRIGGER;VALUE=DATE-TIME:20260503T100001Z", false),
            ("SUMMARY:when?", "TRIGGER:-PT15M", false),
            ("DTSTART:20260503T080000Z", "TRIGGER:soon", false),
        ] {
            assert_eq!(is_past(event, alarm), expected, "{event}, {alarm}");
        }
    }

    #[test]
    fn a_series_has_alarms_until_it_is_over() {
        let daily = "DTSTART:20260401T080000Z|DTEND:20260401T090000Z|RRULE:FREQ=DAILY";
        assert!(!is_past(daily, "TRIGGER:-PT15M"));
        assert!(is_past(&format!("{daily};UNTIL=20260502T080000Z"), "TRIGGER:-PT15M"));
        assert!(!is_past(&format!("{daily};UNTIL=20260505T080000Z"), "TRIGGER:-PT15M"));
    }
}
