//! The lines of an item that say when it takes place, by component.

use super::Unclear;
use crate::item::lines::{Line, Lines};

const MAX_DEPTH: usize = 32;

/// A calendar object.
#[derive(Debug, Default)]
pub struct Object<'a> {
    pub components: Vec<Component<'a>>,
    pub zones: Vec<Zone<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Event,
    Task,
    Journal,
}

#[derive(Debug)]
pub struct Component<'a> {
    pub kind: Kind,
    pub lines: Vec<Line<'a>>,
}

/// A VTIMEZONE.
#[derive(Debug, Default)]
pub struct Zone<'a> {
    pub name: String,
    /// The lines of each STANDARD and DAYLIGHT.
    pub observances: Vec<Vec<Line<'a>>>,
}

const EVENT_LINES: [&str; 11] = [
    "DTSTART",
    "DTEND",
    "DUE",
    "DURATION",
    "COMPLETED",
    "CREATED",
    "RRULE",
    "RDATE",
    "EXDATE",
    "EXRULE",
    "RECURRENCE-ID",
];
const ZONE_LINES: [&str; 5] = ["DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"];

impl<'a> Object<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, Unclear> {
        let mut object = Object::default();
        // The names of the open components.
        let mut open: Vec<String> = Vec::new();
        for line in Lines::new(bytes) {
            let line = line.map_err(|_| Unclear)?;
            if line.is("BEGIN") {
                let name = line.value().trim().to_ascii_uppercase();
                object.begin(&open, &name)?;
                open.push(name);
            } else if line.is("END") {
                open.pop().ok_or(Unclear)?;
            } else {
                object.property(&open, line);
            }
        }
        Ok(object)
    }

    fn begin(&mut self, open: &[String], name: &str) -> Result<(), Unclear> {
        match (open, name) {
            ([], "VCALENDAR") => {}
            ([], _) => return Err(Unclear),
            ([_], "VTIMEZONE") => self.zones.push(Zone::default()),
            ([_], _) => {
                let kind = match name {
                    "VEVENT" => Kind::Event,
                    "VTODO" => Kind::Task,
                    "VJOURNAL" => Kind::Journal,
                    _ => return Err(Unclear),
                };
                self.components.push(Component { kind, lines: Vec::new() });
            }
            ([_, outer], "STANDARD" | "DAYLIGHT") if outer == "VTIMEZONE" => {
                if let Some(zone) = self.zones.last_mut() {
                    zone.observances.push(Vec::new());
                }
            }
            _ if open.len() >= MAX_DEPTH => return Err(Unclear),
            _ => {}
        }
        Ok(())
    }

    fn property(&mut self, open: &[String], line: Line<'a>) {
        let among = |names: &[&str]| names.iter().any(|name| line.is(name));
        match open {
            [_, component] if component == "VTIMEZONE" => {
                if line.is("TZID")
                    && let Some(zone) = self.zones.last_mut()
                {
                    zone.name = line.value().trim().to_owned();
                }
            }
            [_, _] => {
                if among(&EVENT_LINES)
                    && let Some(component) = self.components.last_mut()
                {
                    component.lines.push(line);
                }
            }
            [_, zone, part] if zone == "VTIMEZONE" && matches!(part.as_str(), "STANDARD" | "DAYLIGHT") => {
                if among(&ZONE_LINES)
                    && let Some(observance) =
                        self.zones.last_mut().and_then(|zone| zone.observances.last_mut())
                {
                    observance.push(line);
                }
            }
            _ => {}
        }
    }
}
