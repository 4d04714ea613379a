//! SEQUENCE, and when the item was last modified.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Merger, Same};
use crate::item::edit::ComponentId;
use crate::item::lines::Line;

/// A main component that both versions have.
pub struct Stamp {
    pub newer: ComponentId,
    pub older: ComponentId,
    pub same: Same,
}

impl Merger<'_, '_> {
    /// Each component gets the larger SEQUENCE. Where the item is neither version any more, the components
    /// that are neither get one more than that, and a new time of modification; where each component is
    /// one version's, the first does: the series itself.
    pub(super) fn stamp(&mut self, same: Same, now: Timestamp) {
        let is_new = |stamp: &Stamp| !stamp.same.newer && !stamp.same.older;
        let item_is_new = !same.newer && !same.older;
        let none_is_new = !self.stamps.iter().any(is_new);
        for (at, stamp) in std::mem::take(&mut self.stamps).iter().enumerate() {
            let bump = item_is_new && (is_new(stamp) || none_is_new && at == 0);
            if self.newer.name(stamp.newer) != "VCARD" {
                self.sequence(stamp, bump);
            }
            if bump {
                self.modified(stamp, now);
            }
        }
    }

    fn sequence(&mut self, stamp: &Stamp, bump: bool) {
        let newer = self.newer.document.property(stamp.newer, "SEQUENCE");
        let older = self.older.document.property(stamp.older, "SEQUENCE");
        let number = |line: Option<&Line<'_>>| match line {
            Some(line) => line.value().trim().parse::<u32>().ok(),
            None => Some(0),
        };
        let (Some(own), Some(other)) = (number(newer), number(older)) else { return };
        let wanted = own.max(other).saturating_add(u32::from(bump && (newer.is_some() || older.is_some())));
        match newer {
            _ if wanted == own => {}
            Some(line) => self.edits.set_value(line, &wanted.to_string()),
            None => self.edits.add(stamp.newer, &format!("SEQUENCE:{wanted}")),
        }
    }

    fn modified(&mut self, stamp: &Stamp, now: Timestamp) {
        let name = if self.newer.name(stamp.newer) == "VCARD" { "REV" } else { "LAST-MODIFIED" };
        let newer = self.newer.document.property(stamp.newer, name);
        let older = self.older.document.property(stamp.older, name);
        let Some(line) = newer.or(older) else { return };
        let extended = line.value().contains('-');
        let format = if extended { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y%m%dT%H%M%SZ" };
        let now = now.to_zoned(TimeZone::UTC).strftime(format).to_string();
        match newer {
            Some(line) => self.edits.set_value(line, &now),
            None => self.edits.add(stamp.newer, &format!("{name}:{now}")),
        }
    }
}
