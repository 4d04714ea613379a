//! The scope of a profile: what its time range and its category leave in and out, and the form that an item has
//! on each side. What is out of scope exists all the same: it is never deleted, nowhere.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Side, Sides};
use crate::item::category::{has_any_category, has_category, with_category, without_category};
use crate::item::span::{Range, is_within};
use crate::item::{self, Kind};
use crate::state::{self, State};

/// What a profile is limited to, as it says itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Events and tasks that ended longer ago are left out.
    pub past_days: Option<u32>,
    /// Events and tasks that begin later are left out.
    pub future_days: Option<u32>,
    pub category: Option<Category>,
}

impl Limits {
    /// The scope at this time, by the clock of this zone. Contacts have no time.
    pub fn scope(&self, kind: Kind, now: Timestamp, zone: TimeZone) -> Scope {
        let limited = kind != Kind::Contacts && (self.past_days, self.future_days) != (None, None);
        Scope {
            window: limited.then(|| Window {
                range: Range::around(
                    now,
                    self.past_days.unwrap_or(u32::MAX),
                    self.future_days.unwrap_or(u32::MAX),
                    &zone,
                ),
                moves: Range::next_midnight(now, &zone),
                zone,
            }),
            category: self.category.clone(),
            limits: if *self == Limits::default() { String::new() } else { format!("{self:?}") },
        }
    }
}

/// What a run keeps the same. The default leaves nothing out.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    window: Option<Window>,
    category: Option<Category>,
    /// The limits that it comes from, as a text to compare.
    limits: String,
}

/// The stretch of time that a run covers.
#[derive(Debug, Clone)]
struct Window {
    range: Range,
    /// That of floating times and whole days.
    zone: TimeZone,
    /// When the stretch moves on.
    moves: Timestamp,
}

/// Which items of the local side belong to the profile. Several profiles can share one folder so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub name: String,
    /// Items without any category belong to it too.
    pub include_uncategorised: bool,
    /// All items belong to it but those of the category.
    pub invert: bool,
}

/// Whether a version is in scope, by each of the two filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    pub category: bool,
    pub range: bool,
}

impl Inside {
    pub const YES: Inside = Inside { category: true, range: true };

    pub fn both(self) -> bool {
        self.category && self.range
    }
}

impl Scope {
    /// Whether it leaves anything out.
    pub fn is_limited(&self) -> bool {
        self.window.is_some() || self.category.is_some()
    }

    pub fn has_category(&self) -> bool {
        self.category.is_some()
    }

    /// The time that is in scope.
    pub fn range(&self) -> Option<&Range> {
        self.window.as_ref().map(|window| &window.range)
    }

    /// When that time moves on, so that items come into it.
    pub fn moves(&self) -> Option<Timestamp> {
        self.window.as_ref().map(|window| window.moves)
    }

    /// Makes what the state remembers fit this scope, if the profile's limits were others before.
    pub fn remember(&self, state: &State) -> state::Result<()> {
        state.set_scope(&self.limits, |base| item::read(&self.shared(&base)).ok().map(|facts| facts.digest))
    }

    /// Whether this side's version of an item is in scope. The category is looked for on the local side only: all
    /// that the server's collection holds belongs to the profile.
    pub fn inside(&self, side: Side, bytes: &[u8]) -> Inside {
        Inside {
            category: side == Side::Remote
                || self.category.as_ref().is_none_or(|category| category.holds(bytes)),
            range: self.window.as_ref().is_none_or(|window| is_within(bytes, &window.range, &window.zone)),
        }
    }

    /// The item as both sides are compared by: without the category that only the local side has. That is also
    /// the form in which it is on the server.
    pub fn shared(&self, bytes: &Bytes) -> Bytes {
        match self.marker() {
            Some(name) => without_category(bytes, name),
            None => bytes.clone(),
        }
    }

    /// A shared item in the form in which it is on this side; `there` is the version that it takes the place of.
    pub fn on(&self, side: Side, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        let stays_without = |there: &Bytes| {
            self.category.as_ref().is_some_and(|c| c.include_uncategorised) && !has_any_category(there)
        };
        match self.marker() {
            Some(name) if side == Side::Local && !there.is_some_and(stays_without) => {
                with_category(shared, name)
            }
            _ => shared.clone(),
        }
    }

    /// The category that items have on the local side only.
    fn marker(&self) -> Option<&str> {
        self.category.as_ref().filter(|category| !category.invert).map(|category| category.name.as_str())
    }
}

impl Category {
    fn holds(&self, bytes: &[u8]) -> bool {
        has_category(bytes, &self.name) != self.invert
            || (self.include_uncategorised && !has_any_category(bytes))
    }
}

/// Whether an item sleeps: it is out of scope, and was so before it changed.
///
/// `base` is the local form of what both sides last agreed on, `versions` are those that changed or are new. What
/// leaves the scope by a change is still brought to the other side. A change on either side can bring an item back
/// into the range; the category is the local side's own.
pub fn sleeps(base: Option<Inside>, versions: &Sides<Option<Inside>>) -> bool {
    let before = base.unwrap_or(Inside { category: false, range: false });
    let category = match (versions.local, base) {
        (Some(local), _) => before.category || local.category,
        (None, Some(base)) => base.category,
        (None, None) => true,
    };
    let range = before.range || [versions.local, versions.remote].into_iter().flatten().any(|v| v.range);
    !(category && range)
}
