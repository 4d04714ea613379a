//! The scope of a profile: what its time range and its category leave in and out, and the form that an item has
//! on each side. What is out of scope exists all the same: it is never deleted, nowhere.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tr::tr;

use super::{Side, Sides};
use crate::item::category::{has_any_category, has_category};
use crate::item::mapping::options::Options;
use crate::item::mapping::{self, BusyKey, Mapping};
use crate::item::span::{Range, is_within};
use crate::item::{self, Kind};
use crate::state::{self, Rebased, State};

mod forms;

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
            mappings: Sides {
                local: self.category.iter().filter_map(|category| category.mapping(false)).collect(),
                remote: self.category.iter().filter_map(|category| category.mapping(true)).collect(),
            },
            terms: Terms { limits: self.clone(), ..Terms::default() },
        }
    }
}

/// What a run keeps the same, and the form that an item has on each side. The default leaves nothing out and changes
/// nothing.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    window: Option<Window>,
    category: Option<Category>,
    /// The differences of each side's form from the shared one; the first is the side's own.
    mappings: Sides<Vec<Mapping>>,
    terms: Terms,
}

/// What a profile says of all that; the state remembers it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Terms {
    #[serde(flatten)]
    limits: Limits,
    mapping: Options,
    /// Tells whether the key of the busy blocks is the same, but not the key.
    busy_key: Option<String>,
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

    /// The time that is in scope.
    pub fn range(&self) -> Option<&Range> {
        self.window.as_ref().map(|window| &window.range)
    }

    /// When that time moves on, so that items come into it.
    pub fn moves(&self) -> Option<Timestamp> {
        self.window.as_ref().map(|window| window.moves)
    }

    /// The same with the differences between the sides that the profile's options make.
    /// `key` is what UIDs of busy blocks are made with, where there are any.
    pub fn mapped(mut self, options: &Options, key: BusyKey, now: Timestamp, zone: &TimeZone) -> Scope {
        let mappings = forms::of(options, key, self.category.as_ref(), now, zone);
        for side in Side::BOTH {
            self.mappings[side].extend(mappings[side].iter().cloned());
        }
        self.terms.mapping = options.clone();
        self.terms.busy_key = self.is_busy().then(|| mapping::busy_key_mark(&key));
        self
    }

    /// Why the profile's options cannot be followed after what it did before: neither whole events nor blocks of another
    /// key may stay on the server beside the new blocks.
    fn refusal(&self, before: &Terms, state: &State) -> state::Result<Option<String>> {
        let blocks = |terms: &Terms| terms.mapping.calendar.busy_blocks.is_some();
        let other_key = before.busy_key != self.terms.busy_key;
        if blocks(before) == blocks(&self.terms) && !other_key || state.pairs()?.is_empty() {
            return Ok(None);
        }
        Ok(Some(match (blocks(before), blocks(&self.terms)) {
            (false, true) => tr!(
                "this profile has sent whole events, which would stay readable on the server: take busy_blocks out again, \
                 and make another profile for a new, empty calendar on the server"
            ),
            (true, false) => tr!(
                "this profile has sent busy blocks, which whole events would only double: put busy_blocks back, and make \
                 another profile for another calendar on the server"
            ),
            _ => tr!(
                "the key of the busy blocks (busy.key in the folder of the state files) is another one than before, so the \
                 blocks on the server cannot be found again: put the old key back, or make another profile for a new, \
                 empty calendar on the server"
            ),
        }))
    }

    /// Makes what the state remembers fit this scope, if the profile said something else before; or says why that cannot
    /// be.
    ///
    /// The bases are told in the new shared form, so that nothing counts as changed by an option, but for two: A category
    /// that only the local side had is one of the item's own from now on, so that it is not taken for one that the
    /// server's version has removed. And where busy blocks begin to go out, or end to, nothing stays as it was.
    pub fn remember(&self, state: &State) -> state::Result<Option<String>> {
        let before: Terms = match state.scope()? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Terms::default(),
        };
        if before == self.terms {
            return Ok(None);
        }
        if let Some(why) = self.refusal(&before, state)? {
            return Ok(Some(why));
        }
        let marker =
            |terms: &Terms| terms.limits.category.as_ref().and_then(|category| category.mapping(false));
        let lost = marker(&before).filter(|before| Some(before) != marker(&self.terms).as_ref());
        let rebase = |base: &Bytes| {
            let bytes = mapping::shared(lost.as_slice(), base);
            if before.mapping.calendar.busy_blocks != self.terms.mapping.calendar.busy_blocks {
                return Some(Rebased { bytes, digest: None, is_changed: true });
            }
            let digest = item::read(&self.shared(Side::Local, &bytes)).ok()?.digest;
            Some(Rebased { is_changed: bytes != *base, bytes, digest: Some(digest) })
        };
        state.set_scope(&serde_json::to_string(&self.terms).unwrap_or_default(), rebase)?;
        Ok(None)
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

    /// A side's version in the form in which both sides are compared: without what is this side's own, and in the
    /// same words.
    pub fn shared(&self, side: Side, bytes: &Bytes) -> Bytes {
        mapping::shared(&self.mappings[side], bytes)
    }

    /// A side's version with what is its own, without the profile's category: what differs in this is no double.
    pub fn whole(&self, side: Side, bytes: &Bytes) -> Bytes {
        let category =
            self.mappings[side].iter().filter(|mapping| matches!(mapping, Mapping::Category { .. }));
        category.fold(bytes.clone(), |bytes, mapping| mapping::shared(std::slice::from_ref(mapping), &bytes))
    }

    /// A shared item in the form in which it is on this side. `there` is the version that it takes the place of: what
    /// is the side's own in it stays, and so does what says the same.
    pub fn on(&self, side: Side, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        mapping::on(&self.mappings[side], shared, there)
    }

    /// Whether only busy blocks of the local items go to the server.
    pub fn is_busy(&self) -> bool {
        self.terms.mapping.calendar.busy_blocks.is_some()
    }

    /// Whether the local side has something of its own, which may change while the shared form does not.
    pub fn has_own_form(&self) -> bool {
        !self.mappings.local.is_empty()
    }

    /// Whether the shared form of an item depends on the time.
    pub fn is_timed(&self) -> bool {
        Side::BOTH.into_iter().any(|side| self.mappings[side].iter().any(Mapping::is_timed))
    }

    /// Whether the server is told to invite nobody.
    pub fn invites_nobody(&self) -> bool {
        self.mappings.remote.contains(&Mapping::ScheduleAgentClient { on_server: true })
    }

    /// The remote version that there is where the base's local one was written to an empty place.
    pub fn remote_of(&self, base: &Bytes) -> Option<Bytes> {
        let remote = || self.on(Side::Remote, &self.shared(Side::Local, base), None);
        (!self.is_timed()).then(remote)
    }
}

impl Category {
    /// What the profile's items have here and need not have on the server.
    fn mapping(&self, on_server: bool) -> Option<Mapping> {
        (!self.invert).then(|| Mapping::Category { name: self.name.clone(), on_server })
    }

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
