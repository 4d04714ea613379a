//! What the two sides hold, as far as it must be the same in the end.

use std::collections::BTreeMap;

use pimbridge::item;
use pimbridge::sync::Sides;
use pimbridge::sync::scope::Inside;

use crate::collection::{World, essence};
use crate::knowledge::Essence;

/// What is on each side, by UID: nothing is doubled.
pub fn contents(world: &World, seen: &str) -> Sides<BTreeMap<String, Content>> {
    // Where the server drops a property, it says something else in the end.
    let drops = world.sides.remote.nature.drops;
    Sides::from_fn(|side| {
        let mut contents = BTreeMap::new();
        for item in world.sides[side].items.values() {
            let shared = world.scope.shared(side, &item.bytes);
            let content = Content {
                essence: essence(&item.bytes),
                digest: (!drops).then(|| item::read(&shared).unwrap().digest),
                inside: world.scope.inside(side, &item.bytes),
                overlooked: world.sides[side].nature.overlooks && item.is_overlooked(),
            };
            let before = contents.insert(content.essence.0.clone(), content);
            assert_eq!(before, None, "doubled on {side:?}: {seen}");
        }
        contents
    })
}

/// What is in the end on a side.
#[derive(Debug, PartialEq)]
pub struct Content {
    pub essence: Essence,
    pub digest: Option<item::Digest>,
    pub inside: Inside,
    pub overlooked: bool,
}
