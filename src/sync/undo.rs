//! Bringing back what one side deleted: once the person has said so it holds until a run came to its end, so that what a
//! broken-off run left undone is not deleted by the next one.

use super::Sides;
use super::options::{Deletions, Options};
use crate::state::{Result, State};

/// The sides on which nothing is deleted in this run.
pub(super) fn begin(state: &State, options: &Options) -> Result<Sides<bool>> {
    let before = state.undone()?;
    let undone = match options.deletions {
        Deletions::Guarded => before,
        Deletions::Undone(sides) => Sides::from_fn(|side| sides[side] || before[side]),
        Deletions::Allowed | Deletions::AllowedUpTo(_) => Sides::default(),
    };
    if undone != before && options.is_whole() && !options.dry_run {
        state.write(|w| w.set_undone(undone))?;
    }
    Ok(undone)
}

/// A run came to its end: from now on, deletions are deletions again.
pub(super) fn is_done(state: &State) -> Result<()> {
    if state.undone()? == Sides::default() { Ok(()) } else { state.write(|w| w.set_undone(Sides::default())) }
}
