//! What is asked for in one run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Sides;
use super::run::RunError;
use crate::collection::Href;
use crate::report::Held;

/// What is asked for in this one run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only say what would be done.
    pub dry_run: bool,
    pub deletions: Deletions,
    /// Do nothing about any but these items.
    pub only: Option<Only>,
    /// No person asked for it and waits for it: it waits for no other Pimbridge, opens no dialog, and stores no report
    /// that would say the same as the one before it.
    pub automatic: bool,
    /// Tells the run to end.
    pub stop: Stop,
}

/// Items by their names on the two sides.
pub type Only = Sides<BTreeSet<Href>>;

/// What becomes of deletions that the guard would hold back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deletions {
    /// They are held back.
    #[default]
    Guarded,
    /// The person has said yes to them, however many they are.
    Allowed,
    /// The person has seen these and said yes to them. Where it is about others by now, that side is held back again.
    AllowedUpTo(Held),
    /// What would be deleted on these sides is brought back to the other one instead, whatever the mode: afterwards it is
    /// on both. The other sides are guarded.
    Undone(Sides<bool>),
}

impl Options {
    /// The run is about all items of the profile.
    pub(super) fn is_whole(&self) -> bool {
        self.only.is_none()
    }
}

impl Deletions {
    /// All that one side lacks is brought back, instead of being deleted on the other.
    pub const UNDONE: Deletions = Deletions::Undone(Sides { local: true, remote: true });

    /// What the guard held back is not to be deleted, but brought back to the side on which it is missing.
    pub fn kept(shown: Held) -> Deletions {
        Deletions::Undone(Sides { local: shown.local > 0, remote: shown.remote > 0 })
    }

    /// What the person has said yes to: `seen` of an earlier run, or what is found now.
    pub(super) fn agreed(self, seen: &Sides<BTreeSet<Href>>, found: &Sides<BTreeSet<Href>>) -> Sides<Agreed> {
        Sides::from_fn(|side| match self {
            Deletions::Allowed => Agreed::All,
            Deletions::AllowedUpTo(shown) if shown.is_of(side, &found[side]) => {
                Agreed::These(found[side].clone())
            }
            Deletions::AllowedUpTo(_) => Agreed::These(seen[side].clone()),
            Deletions::Guarded | Deletions::Undone(_) => Agreed::Nothing,
        })
    }
}

/// Which deletions on one side the person has said yes to.
#[derive(Debug)]
pub(super) enum Agreed {
    All,
    These(BTreeSet<Href>),
    Nothing,
}

impl Agreed {
    pub(super) fn covers(&self, deletions: &BTreeSet<Href>) -> bool {
        match self {
            Agreed::All => true,
            Agreed::These(seen) => deletions.is_subset(seen),
            Agreed::Nothing => false,
        }
    }
}

/// Tells runs to end soon. Clones of one tell the same runs.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on, the runs that have this begin nothing new; what is under way is brought to its end and recorded.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// The run is to end.
    pub(super) fn check(&self) -> Result<(), RunError> {
        if self.is_told() { Err(RunError::Stopped) } else { Ok(()) }
    }
}
