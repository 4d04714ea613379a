//! What a first run says of meetings whose guests the server would invite.

use pimbridge::sync::policy::{Conflict, Policy};
use pimbridge::sync::run::Options;

use crate::support::{event, event_on, world::World};

const TWO_WAY: Policy = Policy::TwoWay(Conflict::Automatic);

fn meeting(uid: &str, organizer: &str, agent: &str) -> bytes::Bytes {
    let people = format!("ORGANIZER:mailto:{organizer}\r\nATTENDEE{agent}:mailto:ole@x\r\n");
    event_on("20270115", uid, &format!("Meeting {uid}"), &people)
}

/// A folder with two meetings of jana's, two of others, and one to which her program invites.
fn world(server_invites: bool) -> World {
    let world = World::default();
    for uid in ["a", "b"] {
        world.local.put(&format!("{uid}.ics"), meeting(uid, "jana@x", ""));
    }
    world.local.put("c.ics", meeting("c", "ole@x", ""));
    world.local.put("d.ics", meeting("d", "jana@x", ";SCHEDULE-AGENT=CLIENT"));
    world.local.put("e.ics", event("e", "alone", 0));
    world.remote.put("f.ics", meeting("f", "jana@x", ""));
    world.remote.lock().manners.invites_as = server_invites.then(|| "mailto:jana@x".to_owned());
    world
}

fn told(world: &World, options: Options) -> Vec<String> {
    let notices = world.run(TWO_WAY, options).report.notices;
    notices.into_iter().filter(|notice| notice.contains("invitations")).collect()
}

#[test]
fn a_look_ahead_at_a_first_run_tells_whom_the_server_would_invite() {
    let world = world(true);
    let notices = told(&world, Options { dry_run: true, ..Options::default() });
    insta::assert_snapshot!(notices.join("\n"), @"2 meetings that you organise would be new on the server, and it sends invitations by itself: 1 person may get mail (Meeting a, 15 January 2027 and Meeting b, 15 January 2027). To keep it from doing so, before you sync: pimbridge profile set work remote.schedule_agent client");
    let notices = told(&world, Options::default());
    insta::assert_snapshot!(notices.join("\n"), @"2 meetings that you organise are new on the server, and it sends invitations by itself: 1 person may have got mail (Meeting a, 15 January 2027 and Meeting b, 15 January 2027). To keep it from doing so in future: pimbridge profile set work remote.schedule_agent client");
}

#[test]
fn a_later_run_and_a_server_that_invites_nobody_are_no_news() {
    let quiet = world(false);
    assert_eq!(told(&quiet, Options { dry_run: true, ..Options::default() }), [""; 0]);
    let world = world(true);
    world.sync(TWO_WAY);
    world.local.put("g.ics", meeting("g", "jana@x", ""));
    let asked = world.remote.lock().asked;
    assert_eq!(told(&world, Options::default()), [""; 0]);
    assert_eq!(world.remote.lock().asked, asked, "nothing is asked that is not needed");
}
