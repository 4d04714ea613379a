//! What to do once the contents are at hand: the second pure function, after [`super::plan::plan`].

use jiff::Timestamp;

use super::policy::{Action, Change, Rule};
use super::{Side, Sides};
use crate::item::Digest;

/// What the content of one side's version tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    pub digest: Digest,
    /// LAST-MODIFIED or REV.
    pub modified: Option<Timestamp>,
    /// When the store says that it was changed.
    pub stored: Option<Timestamp>,
}

/// What the base tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseContent {
    pub digest: Digest,
    pub modified: Option<Timestamp>,
}

/// What is to be done about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Both sides say the same: that is the base from now on. Nothing is written.
    Adopt,
    /// What the rule demands, with the changes as they really are.
    Do { action: Decided, changes: Sides<Change> },
}

/// An action with every question settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    Nothing,
    Write(Side),
    Delete(Side),
    /// Put the changes of both sides together; the version of this side is the newer.
    Merge {
        newer: Side,
    },
    Park,
    Forget,
}

/// Settles an item whose changed and new versions are at hand.
///
/// A version with the base's content was only touched, not changed. Where both sides have the same content,
/// it is adopted. Otherwise the table decides, and where it asks for the newer version, [`newer`] does.
pub fn resolve(
    rule: Rule,
    changes: Sides<Change>,
    base: Option<BaseContent>,
    contents: &Sides<Option<Content>>,
) -> Resolution {
    let changes = Sides::from_fn(|side| match (changes[side], base, contents[side]) {
        (Change::Changed, Some(base), Some(content)) if base.digest == content.digest => Change::Unchanged,
        (change, ..) => change,
    });
    match (changes.local, changes.remote) {
        (Change::Unchanged, Change::Unchanged) => return Resolution::Adopt,
        (Change::Changed, Change::Changed) | (Change::New, Change::New) => {
            if let (Some(local), Some(remote)) = (contents.local, contents.remote)
                && local.digest == remote.digest
            {
                return Resolution::Adopt;
            }
        }
        _ => {}
    }
    let action = match rule.decide(changes.local, changes.remote) {
        Action::Nothing => Decided::Nothing,
        Action::Write(side) => Decided::Write(side),
        Action::Delete(side) => Decided::Delete(side),
        Action::Forget => Decided::Forget,
        Action::WriteNewer => Decided::Write(newer(base, contents).other()),
        Action::Merge => Decided::Merge { newer: newer(base, contents) },
        Action::Park => Decided::Park,
    };
    Resolution::Do { action, changes }
}

/// The side whose version was changed last. The remote wins a tie, and a comparison with no time.
///
/// An item's own LAST-MODIFIED or REV counts, unless the editor left it as it was in the base: then the
/// store's time does.
pub(super) fn newer(base: Option<BaseContent>, contents: &Sides<Option<Content>>) -> Side {
    let time = |side: Side| {
        contents[side].and_then(|content| {
            let kept = base.is_some_and(|base| base.modified == content.modified);
            content.modified.filter(|_| !kept).or(content.stored).or(content.modified)
        })
    };
    match (time(Side::Local), time(Side::Remote)) {
        (Some(local), Some(remote)) if local > remote => Side::Local,
        _ => Side::Remote,
    }
}
