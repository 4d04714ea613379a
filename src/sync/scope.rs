//! The scope of a profile: what its time range and its category leave in and out, and the form that an item has
//! on each side. What is out of scope exists all the same: it is never deleted, nowhere.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Side, Sides};
use crate::item::category::{has_any_category, has_category, with_category, without_category};
use crate::item::span::{Range, is_within};
use crate::item::{self, Kind};
use crate::state::{self, State};

/// What a profile is limited to, as it says itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
            limits: self.clone(),
        }
    }
}

/// What a run keeps the same. The default leaves nothing out.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    window: Option<Window>,
    category: Option<Category>,
    limits: Limits,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `None` where the version does not tell: only the local side has the profile's category.
    pub category: Option<bool>,
    pub range: bool,
}

impl Inside {
    pub const YES: Inside = Inside { category: Some(true), range: true };

    pub fn both(self) -> bool {
        self.category != Some(false) && self.range
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
    ///
    /// A category that only the local side had is one of the item's own from now on: its local version counts as
    /// changed, so that the category is not taken for one that the server's version has removed.
    pub fn remember(&self, state: &State) -> state::Result<()> {
        let before: Limits = match state.scope()? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Limits::default(),
        };
        if before == self.limits {
            return Ok(());
        }
        let before = Scope { category: before.category, ..Scope::default() };
        let is_same = before.marker() == self.marker();
        let rebase = |base: &Bytes| {
            let bytes = if is_same { base.clone() } else { before.shared(base) };
            let digest = item::read(&self.shared(&bytes)).ok()?.digest;
            Some((bytes, digest))
        };
        state.set_scope(&serde_json::to_string(&self.limits).unwrap_or_default(), rebase)
    }

    /// Whether this side's version of an item is in scope. A category that items of the server get only on the local
    /// side is looked for there only; one that keeps items out keeps them out on both.
    pub fn inside(&self, side: Side, bytes: &[u8]) -> Inside {
        Inside {
            category: match &self.category {
                None => Some(true),
                Some(category) if side == Side::Local || category.invert => Some(category.holds(bytes)),
                Some(_) => None,
            },
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

    /// A shared item in the form in which it is on this side; `there` is the version that it takes the place of: what
    /// has lost its category there does not get it back.
    pub fn on(&self, side: Side, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        match self.marker().filter(|_| side == Side::Local) {
            Some(name) if there.is_none_or(|there| has_category(there, name)) => {
                with_category(shared, name, there.map(|there| &there[..]))
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
/// leaves the scope by a change is still brought to the other side, and a change on either side can bring an item back.
pub fn sleeps(base: Option<Inside>, versions: &Sides<Option<Inside>>) -> bool {
    let all = || [base, versions.local, versions.remote].into_iter().flatten();
    let mut told = all().filter_map(|inside| inside.category).peekable();
    let category = told.peek().is_none() || told.any(|inside| inside);
    !(category && all().any(|inside| inside.range))
}
