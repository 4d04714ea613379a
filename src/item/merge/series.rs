//! A series and its occurrences: what can be mixed and what cannot.

use std::collections::HashSet;

use jiff::civil::Date;

use super::children::Triple;
use super::{Merger, Side, Version, slots, words};
use crate::item::digest::{self, Hash, Properties};
use crate::item::edit::ComponentId;

/// What is known of the item's series while its components are merged.
#[derive(Debug, Default)]
pub struct Series {
    /// The versions disagree on where the series is: on its start or its rule.
    pub moved: bool,
    /// Whose series is taken, where it moved.
    pub taken: Option<Side>,
    /// Where one version's series may keep the other's occurrences: the taken one's last day, if it has one.
    fitting: Fitting,
    /// The occurrences that the newer version edited or added.
    pub edited_by_newer: HashSet<String>,
    pub edited_by_older: HashSet<String>,
}

/// The two series' occurrences are at the same places, but one may go on for longer.
#[derive(Debug, Default)]
struct Fitting {
    alike: bool,
    newer_until: Option<String>,
    older_until: Option<String>,
}

/// The occurrence that a component changes: the same for the same instant in any zone.
pub fn recurrence(version: &Version<'_>, id: ComponentId) -> Option<String> {
    let line = version.document.property(id, "RECURRENCE-ID")?;
    let range = line.param("RANGE").map(str::to_ascii_uppercase).unwrap_or_default();
    Some(format!("{}{range}", slots::moment(line, line.value())))
}

/// The occurrence as a person reads it.
pub fn shown(version: &Version<'_>, id: ComponentId) -> Option<String> {
    version.document.property(id, "RECURRENCE-ID").map(words::moment)
}

impl Series {
    /// Whether the dates that one version left out or added mean nothing in the other's series.
    pub fn is_elsewhere(&self) -> bool {
        self.moved && !self.fitting.alike
    }
}

impl Merger<'_, '_> {
    pub(super) fn series(&self, master: Option<&Triple>, components: &[Triple]) -> Series {
        let mut series = Series::default();
        for triple in components {
            let before = self.base.zip(triple.base).map(|(base, id)| base.digest(id));
            for (version, id, edited) in [
                (self.newer, triple.newer, &mut series.edited_by_newer),
                (self.older, triple.older, &mut series.edited_by_older),
            ] {
                if let Some(id) = id
                    && before != Some(version.digest(id))
                    && let Some(recurrence) = recurrence(version, id)
                {
                    edited.insert(recurrence);
                }
            }
        }
        if let Some(Triple { newer: Some(newer), older: Some(older), .. }) = master {
            let (newer, older) = (Frame::of(self.newer, *newer), Frame::of(self.older, *older));
            series.moved = newer.exact != older.exact;
            series.fitting = Fitting {
                alike: newer.places == older.places,
                newer_until: newer.until,
                older_until: older.until,
            };
        }
        series
    }

    /// Whether an occurrence that one version edited can be one of the other's series.
    pub(super) fn fits(&self, version: &Version<'_>, id: ComponentId, series: &Series, taken: Side) -> bool {
        let until = match taken {
            Side::Newer => &series.fitting.newer_until,
            Side::Older => &series.fitting.older_until,
        };
        let day = |moment: &str| moment.get(..10)?.parse::<Date>().ok();
        series.fitting.alike
            && match (until, recurrence(version, id)) {
                // The day of an instant may be the next one by another clock.
                (Some(until), Some(recurrence)) => match (day(until), day(&recurrence)) {
                    (Some(until), Some(day)) => until.tomorrow().is_ok_and(|next| day <= next),
                    _ => true,
                },
                _ => true,
            }
    }
}

/// Where a series is.
struct Frame {
    exact: Vec<Hash>,
    /// Start and rules, without how long the series goes on.
    places: Vec<String>,
    until: Option<String>,
}

impl Frame {
    fn of(version: &Version<'_>, id: ComponentId) -> Frame {
        let mut frame = Frame { exact: Vec::new(), places: Vec::new(), until: None };
        let mut properties = Properties::default();
        for line in version.document.properties(id) {
            let name = line.name().to_ascii_uppercase();
            if !matches!(name.as_str(), "DTSTART" | "RRULE" | "EXRULE") {
                continue;
            }
            properties.values(version.name(id), &name, line, |hash| frame.exact.push(hash));
            if name == "DTSTART" {
                frame.places.push(slots::moment(line, line.value()));
                continue;
            }
            let rule = digest::rule(line.value());
            let (ends, places): (Vec<_>, Vec<_>) =
                rule.split(';').partition(|part| part.starts_with("UNTIL=") || part.starts_with("COUNT="));
            frame.places.push(format!("{name}:{}", places.join(";")));
            let until = ends.iter().find_map(|end| end.strip_prefix("UNTIL="));
            if let Some(until) = until.filter(|_| name == "RRULE") {
                frame.until = Some(slots::moment(line, until));
            }
        }
        frame.exact.sort_unstable();
        frame.places.sort_unstable();
        frame
    }
}
