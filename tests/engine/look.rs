//! Keeping names and colours the same.

use pimbridge::collection::{Color, Look, Trouble};
use pimbridge::sync::policy::{Conflict, Policy};

use crate::support::world::World;

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

fn look(name: &str) -> Look {
    Look { name: Some(name.to_owned()), color: Color::read("red") }
}

/// What was done with the names, and what was told about it.
fn sync(world: &World) -> (Vec<String>, Vec<String>) {
    world.remote.lock().edits.clear();
    let notices = world.sync(TWO_WAY).notices;
    (world.remote.lock().edits.clone(), notices)
}

#[test]
fn what_was_refused_is_not_tried_again_until_something_changes() {
    let mut world = World::default();
    world.name_and_color = true;
    world.local.lock().manners.look = look("Work");
    world.remote.lock().manners.look = look("Work");
    world.remote.lock().manners.look_fails = Some(Trouble::Forbidden);
    assert_eq!(sync(&world), (vec![], vec![]));
    world.local.lock().manners.look = look("Job");
    let (edits, notices) = sync(&world);
    assert_eq!(edits, [r#"set the name "Job""#]);
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(sync(&world), (vec![], vec![]), "it is known to be refused");
    world.remote.lock().manners.look_fails = None;
    world.local.lock().manners.look = look("Office");
    assert_eq!(sync(&world).0, [r#"set the name "Office""#]);
    assert_eq!(world.remote.lock().manners.look, look("Office"));
}

#[test]
fn what_failed_for_now_is_tried_again() {
    let mut world = World::default();
    world.name_and_color = true;
    world.local.lock().manners.look = look("Work");
    world.remote.lock().manners.look_fails = Some(Trouble::Busy);
    assert_eq!(sync(&world).0.len(), 2);
    assert_eq!(sync(&world).0.len(), 2);
}
