//! Which of the files that may have changed a run has to look at: not those that our own runs wrote.

use std::collections::BTreeSet;

use super::Watched;
use super::bursts::Touched;
use crate::collection::{CollectionError, Href};
use crate::state::{State, StateError, Tree};
use crate::sync::Side;

/// The files that are not as the profile's state knows them.
///
/// # Errors
/// The folder cannot be looked at.
pub fn news(watched: &Watched, touched: &Touched) -> Result<BTreeSet<Href>, CollectionError> {
    let entries = match touched {
        Touched::Files(files) => watched.folder.entries_of(files),
        Touched::Anything => watched.folder.entries(),
    }?;
    let present: Tree = entries.into_iter().map(|entry| (entry.href, entry.etag)).collect();
    let known = known(watched, touched).unwrap_or_else(|error| {
        // A run says what is wrong with it.
        tracing::debug!("the state of {} cannot be read: {error}", watched.profile);
        Tree::new()
    });
    Ok(present
        .keys()
        .chain(known.keys())
        .filter(|href| present.get(*href) != known.get(*href))
        .cloned()
        .collect())
}

fn known(watched: &Watched, touched: &Touched) -> Result<Tree, StateError> {
    match (State::peek(&watched.state)?, touched) {
        (None, _) => Ok(Tree::new()),
        (Some(state), Touched::Files(files)) => state.tree_of(Side::Local, files),
        (Some(state), Touched::Anything) => state.tree(Side::Local),
    }
}
