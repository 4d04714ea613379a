use crate::daemon::schedule::tests::*;
use crate::daemon::schedule::*;
use crate::profile::{PasswordSource, SecretSource, SignIn};

const NOTHING: [&str; 0] = [];

/// Whose secret comes from somewhere else than from the keyring.
fn by_command(profile: &str, command: &str, planned: Planned) -> Planned {
    let source = SecretSource::Command(command.to_owned());
    let sign_in = SignIn::Password { user: "jana".to_owned(), password: PasswordSource::Given(source) };
    Planned { name: name(profile), access: Access { sign_in: Some(sign_in), ..planned.access }, ..planned }
}

/// The way of those whose secret a command gives.
fn by_pass() -> Access {
    by_command("b", "pass", planned("b", "one", "jana", 30)).access
}

/// "a" and "a2" have one source of the password, "b" another one.
fn two_sources() -> Schedule {
    let jana = |profile| planned(profile, "one", "jana", 30);
    resting(&[jana("a"), jana("a2"), by_command("b", "pass", jana("b"))])
}

#[test]
fn one_account_is_one_however_its_password_is_come_by() {
    let mut schedule = two_sources();
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", well());
    assert_eq!(words(&mut schedule, 30.0), ["a2"]);
    end(&mut schedule, 30.0, "a2", hindered(Obstacle::Busy { retry_after: None }));
    assert_eq!(words(&mut schedule, 30.0), NOTHING, "it is one server");
    assert_eq!(schedule.standstill(&name("b")).unwrap().reason, Reason::Busy);
    assert_eq!(words(&mut schedule, 31.0), ["b"]);
    end(&mut schedule, 31.0, "b", well());
    assert_eq!(words(&mut schedule, 31.0), ["a2"]);
}

#[test]
fn a_refusal_stops_all_ways_and_each_opens_with_what_it_has() {
    let mut schedule = two_sources();
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    for profile in ["a", "a2", "b"] {
        assert_eq!(schedule.standstill(&name(profile)).unwrap().reason, Reason::SignIn);
    }
    assert_eq!(words(&mut schedule, 30.0), ["check a", "check b"]);
    schedule.secret_checked(at(30.0), &access("one", "jana"), false);
    assert_eq!(words(&mut schedule, 30.0), NOTHING);
    schedule.secret_checked(at(30.0), &by_pass(), true);
    assert_eq!(words(&mut schedule, 30.0), ["b"]);
    end(&mut schedule, 31.0, "b", well());
    let closed = |schedule: &Schedule| schedule.closed(&account("one", "jana"));
    assert_eq!(closed(&schedule), BTreeSet::from([Reason::SignIn]), "the other password is still wrong");
    assert_eq!(words(&mut schedule, 34.0), NOTHING);
    assert_eq!(words(&mut schedule, 35.0), ["check a"]);
    schedule.secret_checked(at(35.0), &access("one", "jana"), false);
    assert_eq!(words(&mut schedule, 61.0), ["check a", "b"]);
    schedule.secret_checked(at(61.0), &access("one", "jana"), false);
    end(&mut schedule, 61.0, "b", well());

    // It is mended.
    assert_eq!(words(&mut schedule, 66.0), ["check a"]);
    schedule.secret_checked(at(66.0), &access("one", "jana"), true);
    assert_eq!(words(&mut schedule, 66.0), ["a"]);
    end(&mut schedule, 67.0, "a", well());
    assert_eq!(words(&mut schedule, 67.0), ["a2"]);
    end(&mut schedule, 68.0, "a2", well());
    assert_eq!((words(&mut schedule, 92.0), closed(&schedule)), (vec!["b".to_owned()], BTreeSet::new()));
}

#[test]
fn what_runs_by_hand_only_is_not_called_refused_for_another_ones_password() {
    let jana = |profile| planned(profile, "one", "jana", 30);
    let by_hand = Planned { interval: None, ..jana("b") };
    let mut schedule = resting(&[jana("a"), by_command("b", "pass", by_hand)]);
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 30.0), ["check a", "check b"]);
    schedule.secret_checked(at(30.0), &access("one", "jana"), false);
    schedule.secret_checked(at(30.0), &by_pass(), true);
    assert_eq!(schedule.standstill(&name("b")), None);
}

#[test]
fn a_way_with_the_same_wrong_password_is_not_tried() {
    let mut schedule = two_sources();
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 30.0), ["check a", "check b"]);
    for access in [access("one", "jana"), by_pass()] {
        schedule.secret_checked(at(30.0), &access, false);
    }
    assert_eq!(words(&mut schedule, 34.0), NOTHING);
    // The other one is mended first; what the first one has may be right by now.
    assert_eq!(words(&mut schedule, 35.0), ["check a", "check b"]);
    schedule.secret_checked(at(35.0), &by_pass(), true);
    schedule.secret_checked(at(35.0), &access("one", "jana"), false);
    assert_eq!(words(&mut schedule, 35.0), ["b"]);
    end(&mut schedule, 35.0, "b", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 35.0), ["check b"]);
    schedule.secret_checked(at(35.0), &by_pass(), false);
    assert_eq!(schedule.standstill(&name("a")).unwrap().since, at(30.0));
    schedule.ask(at(36.0), &name("a2"), Order::everything());
    assert_eq!(words(&mut schedule, 36.0), ["a2 by hand"], "a person can always try");
    end(&mut schedule, 36.0, "a2", well());
    assert_eq!(words(&mut schedule, 36.0), ["a"]);
    end(&mut schedule, 36.0, "a", well());
    assert_eq!(schedule.standstill(&name("b")).unwrap().reason, Reason::SignIn);
}

#[test]
fn another_source_is_seen_at_once_and_tried_if_it_has_something_else() {
    let jana = |profile| planned(profile, "one", "jana", 30);
    let mut schedule = resting(&[jana("a"), jana("a2")]);
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 30.0), ["check a"]);
    schedule.secret_checked(at(30.0), &access("one", "jana"), false);
    schedule.plan(at(31.0), vec![jana("a"), by_command("a2", "pass", jana("a2"))], |_| RAN);
    assert_eq!(words(&mut schedule, 31.0), ["check a2"]);
    schedule.secret_checked(at(31.0), &by_pass(), true);
    assert_eq!(words(&mut schedule, 31.0), ["a2"]);
    end(&mut schedule, 31.0, "a2", well());
    assert_eq!(words(&mut schedule, 60.0), ["check a"]);
    // What is found is found for the way, whatever becomes of the profile.
    schedule.plan(at(60.0), vec![jana("c")], |_| NEVER);
    assert_eq!(words(&mut schedule, 60.0), NOTHING);
    schedule.secret_checked(at(60.0), &access("one", "jana"), true);
    assert_eq!(words(&mut schedule, 60.0), ["c"]);
}

#[test]
fn a_password_that_cannot_be_had_keeps_nobody_else_waiting() {
    let mut schedule = two_sources();
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::KeyringLocked));
    assert_eq!(words(&mut schedule, 30.0), ["b"]);
    end(&mut schedule, 30.0, "b", well());
    assert_eq!(schedule.closed(&account("one", "jana")), BTreeSet::from([Reason::KeyringLocked]));
    assert_eq!(words(&mut schedule, 31.0), ["a2"], "one of those tries");
    assert_eq!(schedule.next_of(&name("a")), Some(at(31.0)));
    end(&mut schedule, 31.0, "a2", hindered(Obstacle::Offline));
    assert_eq!(schedule.closed(&account("one", "jana")), BTreeSet::new(), "it could be had");
    assert_eq!(schedule.standstill(&name("a")).unwrap().reason, Reason::Offline);
}
