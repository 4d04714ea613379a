use std::time::Duration;

use super::*;
use crate::profile::{PasswordSource, SignIn};
use crate::sync::run::Deletions;

const MINUTE: Duration = Duration::from_secs(60);

pub(in crate::daemon) fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

pub(in crate::daemon) fn account(host: &str, user: &str) -> Account {
    let origin = url::Url::parse(&format!("https://{host}/")).unwrap().origin();
    let sign_in = SignIn::Password { user: user.to_owned(), password: PasswordSource::Keyring };
    Account::new(origin, Some(&sign_in))
}

/// The way of those whose secret is in the keyring.
pub(in crate::daemon) fn access(host: &str, user: &str) -> Access {
    let sign_in = SignIn::Password { user: user.to_owned(), password: PasswordSource::Keyring };
    Access { account: account(host, user), sign_in: Some(sign_in) }
}

pub(in crate::daemon) fn planned(profile: &str, host: &str, user: &str, minutes: u64) -> Planned {
    let interval = (minutes > 0).then(|| MINUTE * minutes as u32);
    Planned { name: name(profile), access: access(host, user), by_itself: true, interval }
}

pub(in crate::daemon) fn well() -> End {
    End { obstacle: None, failed: false, reached: true, held: false, why: String::new() }
}

pub(in crate::daemon) fn hindered(obstacle: Obstacle) -> End {
    End { obstacle: Some(obstacle), failed: true, why: "why".into(), ..well() }
}

pub(super) fn at(minutes: f64) -> Moment {
    Moment::at(MINUTE.mul_f64(minutes))
}

fn files(names: &[&str]) -> BTreeSet<Href> {
    names.iter().map(|name| Href::new(*name)).collect()
}

pub(super) const RAN: Begin = Begin { ran: Some(Duration::ZERO), chance: 0.0 };
pub(super) const NEVER: Begin = Begin { ran: None, chance: 0.5 };

/// Profiles that ran just now.
pub(super) fn resting(profiles: &[Planned]) -> Schedule {
    let mut schedule = Schedule::new(true);
    schedule.plan(at(0.0), profiles.to_vec(), |_| RAN);
    schedule
}

/// What begins now, in words.
fn begun(schedule: &mut Schedule, minutes: f64) -> Vec<(RunId, String)> {
    let word = |todo| match todo {
        Do::Run { run, profile, order, by_hand } => {
            let what = if order.only.is_some() { " some" } else { "" };
            (run, format!("{profile}{what}{}", if by_hand { " by hand" } else { "" }))
        }
        Do::CheckSecret { profile, .. } => (RunId(0), format!("check {profile}")),
    };
    schedule.advance(at(minutes)).into_iter().map(word).collect()
}

pub(super) fn words(schedule: &mut Schedule, minutes: f64) -> Vec<String> {
    begun(schedule, minutes).into_iter().map(|(_, word)| word).collect()
}

/// Ends the only run that goes on of a profile.
pub(super) fn end(schedule: &mut Schedule, minutes: f64, profile: &str, end: End) {
    let run = schedule.running(&name(profile)).unwrap();
    schedule.finished(at(minutes), run, end);
}

#[test]
fn a_profile_runs_at_its_interval() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("hand", "one", "jana", 0)]);
    assert_eq!(words(&mut schedule, 29.9), Vec::<String>::new());
    assert_eq!(schedule.next(at(29.9)), Some(at(30.0)));
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    assert_eq!(words(&mut schedule, 70.0), Vec::<String>::new(), "it runs");
    end(&mut schedule, 70.0, "a", well());
    assert_eq!(schedule.next_of(&name("a")), Some(at(100.0)));
    assert_eq!(words(&mut schedule, 1000.0), ["a"], "what was slept away is made up for once");
    end(&mut schedule, 1001.0, "a", well());
    assert_eq!(schedule.next(at(1001.0)), Some(at(1031.0)));
}

#[test]
fn the_first_run_is_when_the_interval_says_so_but_not_for_all_at_once() {
    let due = |ran: Option<u32>, chance, minutes| {
        let begin = Begin { ran: ran.map(|ago| MINUTE * ago), chance };
        first(&planned("a", "one", "jana", minutes), begin, at(5.0)).map(|due| due.since(at(5.0)).as_secs())
    };
    assert_eq!(due(None, 1.0, 30), Some(0), "a new one does not wait");
    assert_eq!(due(Some(40), 0.0, 30), Some(0));
    assert_eq!(due(Some(40), 1.0, 30), Some(120));
    assert_eq!(due(Some(10), 0.5, 30), Some(20 * 60 + 60));
    assert_eq!(due(Some(40), 1.0, 1), Some(60), "no more than the interval");
    assert_eq!(due(None, 0.0, 0), None);
}

#[test]
fn accounts_run_side_by_side_and_the_profiles_of_one_after_another() {
    let mut schedule = Schedule::new(true);
    let profiles = vec![
        planned("a1", "one", "a", 30),
        planned("a2", "one", "a", 30),
        planned("b", "one", "b", 30),
        planned("c", "one", "c", 30),
        planned("d", "two", "d", 30),
        planned("e", "three", "e", 30),
        planned("f", "four", "f", 30),
    ];
    schedule.plan(at(0.0), profiles, |_| NEVER);
    assert_eq!(words(&mut schedule, 0.0), ["a1", "b", "d", "e"], "two on a host, four in all");
    assert!(schedule.is_queued(at(0.0), &name("a2")));
    end(&mut schedule, 1.0, "d", well());
    assert_eq!(words(&mut schedule, 1.0), ["f"]);
    end(&mut schedule, 2.0, "a1", well());
    assert_eq!(words(&mut schedule, 2.0), ["a2"]);
    end(&mut schedule, 3.0, "b", well());
    assert_eq!(words(&mut schedule, 3.0), ["c"]);
}

#[test]
fn what_is_asked_for_while_it_runs_is_one_more_run() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    let first = schedule.ask(at(1.0), &name("a"), Order::everything()).unwrap();
    assert_eq!(begun(&mut schedule, 1.0), [(first, "a by hand".to_owned())]);
    let some = schedule.ask(at(1.1), &name("a"), Order::files(files(&["x"]))).unwrap();
    let all = schedule.ask(at(1.2), &name("a"), Order::everything()).unwrap();
    assert!(some == all && some != first);
    let dry = schedule.ask(at(1.3), &name("a"), Order { dry_run: true, ..Order::everything() }).unwrap();
    assert_ne!(dry, all, "to look is another thing");
    let allowed = Order { deletions: Deletions::Allowed, ..Order::everything() };
    assert_ne!(schedule.ask(at(1.3), &name("a"), allowed), Some(all), "and so is to delete");
    schedule.local_changed(at(1.4), &name("a"), files(&["y"]));
    assert_eq!(begun(&mut schedule, 1.5), []);
    end(&mut schedule, 2.0, "a", well());
    assert_eq!(begun(&mut schedule, 2.0), [(all, "a by hand".to_owned())], "it is about all files");
    end(&mut schedule, 3.0, "a", well());
    assert_eq!(begun(&mut schedule, 3.0)[0].0, dry);
    end(&mut schedule, 4.0, "a", well());
    assert_eq!(begun(&mut schedule, 4.0).len(), 1);
    end(&mut schedule, 5.0, "a", well());
    assert_eq!(begun(&mut schedule, 6.0), []);
    assert_eq!(schedule.next(at(6.0)), Some(at(35.0)), "it was as good as a run by itself");
    assert_eq!(schedule.ask(at(6.0), &name("other"), Order::everything()), None);
}

#[test]
fn persons_go_first_but_nobody_waits_for_ever() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 0)]);
    schedule.ask(at(0.0), &name("b"), Order::everything());
    assert_eq!(words(&mut schedule, 0.0), ["b by hand"]);
    schedule.remote_changed(at(0.1), &name("a"));
    let mut order = Vec::new();
    for minute in 1..8 {
        schedule.ask(at(f64::from(minute)), &name("b"), Order::everything());
        let running = if schedule.running(&name("b")).is_some() { "b" } else { "a" };
        end(&mut schedule, f64::from(minute), running, well());
        order.extend(words(&mut schedule, f64::from(minute)));
    }
    let by_hand = "b by hand";
    assert_eq!(order, [by_hand, by_hand, by_hand, by_hand, "a", by_hand, by_hand]);
}

#[test]
fn a_change_in_the_folder_is_a_run_of_these_files() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("hand", "two", "jana", 0)]);
    schedule.local_changed(at(1.0), &name("a"), files(&["x"]));
    schedule.local_changed(at(1.0), &name("hand"), files(&["x"]));
    assert_eq!(words(&mut schedule, 1.0), ["a some", "hand some"]);
    end(&mut schedule, 2.0, "hand", hindered(Obstacle::Other));
    schedule.local_changed(at(2.5), &name("hand"), files(&["y"]));
    assert_eq!(words(&mut schedule, 2.5), ["hand"], "what failed is done with it");
    schedule.local_changed(at(2.0), &name("a"), files(&["y"]));
    schedule.local_changed(at(2.0), &name("a"), files(&["z"]));
    end(&mut schedule, 3.0, "a", well());
    let todo = schedule.advance(at(3.0));
    let [Do::Run { order, .. }] = todo.as_slice() else { panic!("{todo:?}") };
    assert_eq!(order.only.as_ref().unwrap().local, files(&["y", "z"]));
    end(&mut schedule, 4.0, "a", well());
    assert_eq!(schedule.next(at(4.0)), Some(at(30.0)), "the interval goes on");
}

#[test]
fn offline_is_tried_less_and_less_often_and_made_up_for_once() {
    let profiles: Vec<_> = ["a", "b", "c"].iter().map(|name| planned(name, "one", "jana", 30)).collect();
    let mut schedule = resting(&profiles);
    let (mut now, mut tries) = (30.0, Vec::new());
    while now < 180.0 {
        for profile in words(&mut schedule, now) {
            tries.push((now, profile.clone()));
            end(&mut schedule, now, &profile, hindered(Obstacle::Offline));
        }
        now += 0.5;
    }
    let minutes: Vec<f64> = tries.iter().map(|(minute, _)| *minute).collect();
    assert_eq!(minutes[..8], [30.0, 31.0, 33.0, 37.0, 45.0, 60.0, 75.0, 90.0]);
    let who: Vec<&str> = tries.iter().map(|(_, profile)| profile.as_str()).collect();
    assert_eq!(who[..4], ["a", "b", "c", "a"], "each in its turn");
    let standstill = schedule.standstill(&name("b")).unwrap();
    assert_eq!((standstill.reason, standstill.since), (Reason::Offline, at(30.0)));
    assert_eq!(schedule.next_of(&name("b")), Some(at(180.0)));

    let mut done = words(&mut schedule, 180.0);
    for minute in [181.0, 182.0, 183.0] {
        end(&mut schedule, minute, &done.last().unwrap().clone(), well());
        done.extend(words(&mut schedule, minute));
    }
    done.sort();
    assert_eq!(done, ["a", "b", "c"], "what was missed is done once, at the first chance");
    assert_eq!(schedule.standstill(&name("a")), None);
    assert_eq!(schedule.next(at(183.0)), Some(at(211.0)));
}

#[test]
fn a_short_interval_is_not_made_longer_by_being_offline() {
    let mut schedule = resting(&[planned("a", "one", "jana", 3)]);
    for minute in [3.0, 4.0, 6.0, 9.0, 12.0] {
        assert_eq!(words(&mut schedule, minute), ["a"], "{minute}");
        end(&mut schedule, minute, "a", hindered(Obstacle::Offline));
    }
}

#[test]
fn a_profile_that_is_offline_alone_does_not_keep_the_others_busy() {
    let mut schedule = resting(&[planned("far", "one", "jana", 30), planned("near", "one", "jana", 30)]);
    let mut runs = BTreeMap::<String, usize>::new();
    for half_minute in 0..2 * 24 * 60 {
        let now = f64::from(half_minute) / 2.0;
        let mut todo = words(&mut schedule, now);
        while let Some(profile) = todo.pop() {
            let obstacle = hindered(Obstacle::Offline);
            end(&mut schedule, now, &profile, if profile == "far" { obstacle } else { well() });
            *runs.entry(profile).or_default() += 1;
            todo.extend(words(&mut schedule, now));
        }
    }
    assert!((45..=60).contains(&runs["near"]), "{runs:?}");
    assert!((45..=110).contains(&runs["far"]), "{runs:?}");
}

#[test]
fn without_the_check_of_the_network_offline_is_an_error_like_others() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    schedule.set_quiet_offline(false);
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 31.0, "a", hindered(Obstacle::Offline));
    assert_eq!((schedule.standstill(&name("a")), schedule.next(at(31.0))), (None, Some(at(61.0))));
}

#[test]
fn a_busy_server_gets_the_time_that_it_asks_for() {
    for (asked, given) in [(Some(600), 10.0), (Some(0), 1.0), (Some(86_400), 60.0), (None, 1.0)] {
        let mut schedule = resting(&[planned("a", "one", "jana", 5)]);
        assert_eq!(words(&mut schedule, 5.0), ["a"]);
        let retry_after = asked.map(Duration::from_secs);
        end(&mut schedule, 5.0, "a", hindered(Obstacle::Busy { retry_after }));
        assert_eq!(schedule.next(at(5.0)), Some(at(5.0 + given)), "{asked:?}");
    }
}

#[test]
fn a_refused_password_is_not_tried_again_until_it_is_another_one() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 30)]);
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 30.0), ["check a"], "it may be an old one");
    schedule.secret_checked(at(30.0), &access("one", "jana"), false);
    schedule.local_changed(at(31.0), &name("a"), files(&["x"]));
    assert_eq!(words(&mut schedule, 34.0), Vec::<String>::new());
    assert_eq!(schedule.next_of(&name("a")), None);
    assert_eq!(words(&mut schedule, 35.0), ["check a"]);
    assert_eq!(words(&mut schedule, 35.0), Vec::<String>::new(), "once");
    schedule.secret_checked(at(35.0), &access("one", "jana"), false);
    assert_eq!(words(&mut schedule, 39.0), Vec::<String>::new());
    assert_eq!(words(&mut schedule, 40.0), ["check a"]);
    schedule.secret_checked(at(40.0), &access("one", "jana"), true);
    assert_eq!(words(&mut schedule, 40.0), ["a"]);
    end(&mut schedule, 41.0, "a", well());
    assert_eq!(words(&mut schedule, 41.0), ["b"]);
}

#[test]
fn a_refused_password_is_looked_at_at_once_whatever_went_wrong_before() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    for minute in [30.0, 31.0, 33.0] {
        assert_eq!(words(&mut schedule, minute), ["a"], "{minute}");
        end(&mut schedule, minute, "a", hindered(Obstacle::KeyringLocked));
    }
    assert_eq!(words(&mut schedule, 38.0), ["a"]);
    end(&mut schedule, 38.0, "a", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 38.0), ["check a"]);
}

#[test]
fn what_is_found_about_a_secret_counts_for_its_account_whatever_becomes_of_the_profile() {
    let (a, b) = (planned("a", "one", "jana", 30), planned("b", "one", "jana", 30));
    let moved = planned("a", "two", "ole", 30);
    for profiles in [vec![b.clone()], vec![moved, b.clone()]] {
        let mut schedule = resting(&[a.clone(), b.clone()]);
        assert_eq!(words(&mut schedule, 30.0), ["a"]);
        end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
        assert_eq!(words(&mut schedule, 30.0), ["check a"]);
        schedule.plan(at(31.0), profiles, |_| RAN);
        words(&mut schedule, 31.0);
        schedule.secret_checked(at(31.0), &access("one", "jana"), false);
        assert_eq!(words(&mut schedule, 36.0), ["check b"]);
        schedule.secret_checked(at(36.0), &access("one", "jana"), true);
        assert_eq!(words(&mut schedule, 36.0), ["b"]);
    }
}

#[test]
fn a_run_that_the_server_did_not_answer_says_nothing_of_the_account() {
    let unanswered = |end| End { reached: false, ..end };
    for obstacle in [Obstacle::SignIn, Obstacle::Offline] {
        let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 0)]);
        assert_eq!(words(&mut schedule, 30.0), ["a"]);
        end(&mut schedule, 30.0, "a", hindered(obstacle));
        for end_of in [well(), hindered(Obstacle::Other)] {
            let before = schedule.standstill(&name("a")).cloned();
            schedule.ask(at(30.1), &name("b"), Order::everything());
            let by_hand = words(&mut schedule, 30.1).pop();
            assert_eq!(by_hand.as_deref(), Some("b by hand"));
            end(&mut schedule, 30.2, "b", unanswered(end_of));
            assert!(before.is_some() && schedule.standstill(&name("a")) == before.as_ref(), "{obstacle:?}");
        }
    }
}

#[test]
fn a_person_can_always_try() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 30)]);
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    assert_eq!(words(&mut schedule, 30.0), ["check a"]);
    schedule.secret_checked(at(30.0), &access("one", "jana"), false);
    for minute in [31.0, 32.0] {
        schedule.ask(at(minute), &name("b"), Order::everything());
        assert_eq!(words(&mut schedule, minute), ["b by hand"]);
        end(&mut schedule, minute, "b", hindered(Obstacle::SignIn));
    }
    assert_eq!(schedule.standstill(&name("a")).unwrap().again, at(35.0));
    schedule.ask(at(34.0), &name("b"), Order::everything());
    assert_eq!(words(&mut schedule, 34.0), ["b by hand"]);
    end(&mut schedule, 34.0, "b", well());
    assert_eq!(words(&mut schedule, 34.0), ["a"], "the password is right again");
}

#[test]
fn a_locked_keyring_is_asked_again_soon() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    for minute in [30.0, 31.0, 33.0, 38.0, 43.0] {
        assert_eq!(words(&mut schedule, minute), ["a"], "{minute}");
        end(&mut schedule, minute, "a", hindered(Obstacle::KeyringLocked));
    }
}

#[test]
fn another_pimbridge_is_waited_for() {
    let mut schedule = resting(&[planned("a", "one", "jana", 0)]);
    schedule.local_changed(at(1.0), &name("a"), files(&["x"]));
    assert_eq!(words(&mut schedule, 1.0), ["a some"]);
    end(&mut schedule, 1.0, "a", hindered(Obstacle::Elsewhere));
    assert_eq!(schedule.next(at(1.0)), Some(at(1.0).plus(ELSEWHERE)));
    assert_eq!(words(&mut schedule, 1.5), ["a"]);
    // Whoever asked for the run: what it was to do is still to be done.
    end(&mut schedule, 1.5, "a", well());
    schedule.ask(at(2.0), &name("a"), Order::everything());
    assert_eq!(words(&mut schedule, 2.0), ["a by hand"]);
    end(&mut schedule, 2.0, "a", hindered(Obstacle::Elsewhere));
    assert_eq!(schedule.next_of(&name("a")), Some(at(2.0).plus(ELSEWHERE)));
    assert_eq!(words(&mut schedule, 2.5), ["a"]);
}

#[test]
fn a_look_ahead_in_vain_starts_no_run() {
    for minutes in [0, 30] {
        let mut schedule = resting(&[planned("a", "one", "jana", minutes)]);
        let next = schedule.next_of(&name("a"));
        schedule.ask(at(1.0), &name("a"), Order { dry_run: true, ..Order::everything() });
        assert_eq!(words(&mut schedule, 1.0), ["a by hand"]);
        end(&mut schedule, 1.0, "a", hindered(Obstacle::Elsewhere));
        assert_eq!(schedule.next_of(&name("a")), next);
    }
}

#[test]
fn when_a_profile_is_said_to_run_something_can_be_done() {
    let resting = || {
        let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 60)]);
        assert_eq!(words(&mut schedule, 30.0), ["a"]);
        schedule
    };
    let next_after = |obstacle| {
        let mut schedule = resting();
        end(&mut schedule, 30.0, "a", hindered(obstacle));
        schedule.next_of(&name("b"))
    };
    assert_eq!(next_after(Obstacle::SignIn), None);
    assert_eq!(next_after(Obstacle::Offline), Some(at(60.0)));
    let retry_after = Some(MINUTE * 45);
    assert_eq!(next_after(Obstacle::Busy { retry_after }), Some(at(75.0)));
}

#[test]
fn a_command_that_gives_another_wrong_password_each_time_is_not_asked_all_the_time() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    let (mut minute, mut tries) = (30.0, 0);
    while minute < 300.0 {
        for word in words(&mut schedule, minute) {
            if word == "a" {
                tries += 1;
                end(&mut schedule, minute, "a", hindered(Obstacle::SignIn));
            } else {
                schedule.secret_checked(at(minute), &access("one", "jana"), true);
            }
        }
        minute += 0.1;
    }
    assert!((9..=12).contains(&tries), "{tries} tries in four hours and a half");
}

#[test]
fn one_refusal_ends_what_else_was_asked_of_the_account() {
    let mut schedule = resting(&[
        planned("a", "one", "jana", 30),
        planned("b", "one", "jana", 30),
        planned("c", "one", "ole", 30),
    ]);
    let asked = ["a", "b", "c"].map(|profile| schedule.ask(at(1.0), &name(profile), Order::everything()));
    let look = schedule.ask(at(1.0), &name("b"), Order { dry_run: true, ..Order::everything() }).unwrap();
    assert_eq!(words(&mut schedule, 1.0), ["a by hand", "c by hand"]);
    let run = schedule.running(&name("a")).unwrap();
    let dropped = schedule.finished(at(1.0), run, hindered(Obstacle::SignIn));
    assert_eq!(
        dropped,
        [
            Dropped { run: asked[1].unwrap(), profile: name("b"), dry_run: false },
            Dropped { run: look, profile: name("b"), dry_run: true },
        ]
    );
    assert_eq!(words(&mut schedule, 1.0), ["check a"]);
    schedule.ask(at(2.0), &name("b"), Order::everything());
    assert_eq!(words(&mut schedule, 2.0), ["b by hand"], "a person can try again");
}

#[test]
fn the_last_answer_counts() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 30)]);
    schedule.ask(at(1.0), &name("b"), Order::everything());
    assert_eq!(words(&mut schedule, 1.0), ["b by hand"]);
    let answer = |deletions| Order { deletions, ..Order::everything() };
    let delete = schedule.ask(at(2.0), &name("a"), answer(Deletions::Allowed));
    let keep = schedule.ask(at(3.0), &name("a"), answer(Deletions::UNDONE));
    let plain = schedule.ask(at(3.0), &name("a"), Order::everything());
    assert_eq!((delete == keep, delete == plain), (true, false));
    end(&mut schedule, 4.0, "b", well());
    let Do::Run { order, .. } = schedule.advance(at(4.0)).remove(0) else { panic!("a runs") };
    assert_eq!(order.deletions, Deletions::UNDONE);
}

#[test]
fn what_some_items_hold_back_is_seen_together_with_all_others() {
    let mut schedule = resting(&[planned("a", "one", "jana", 0)]);
    let held = || End { held: true, ..well() };
    schedule.local_changed(at(1.0), &name("a"), files(&["x"]));
    assert_eq!(words(&mut schedule, 1.0), ["a some"]);
    end(&mut schedule, 1.0, "a", held());
    assert_eq!(words(&mut schedule, 1.0), ["a"]);
    end(&mut schedule, 1.0, "a", held());
    assert_eq!(words(&mut schedule, 1.0), Vec::<String>::new());
}

#[test]
fn a_change_that_a_person_took_along_is_not_missed() {
    for changed in [true, false] {
        let mut schedule = resting(&[planned("a", "one", "jana", 0)]);
        schedule.pause(at(0.0), None);
        if changed {
            schedule.local_changed(at(1.0), &name("a"), files(&["x"]));
        }
        schedule.ask(at(1.0), &name("a"), Order::everything());
        assert_eq!(words(&mut schedule, 1.0), ["a by hand"]);
        end(&mut schedule, 1.0, "a", hindered(Obstacle::Offline));
        schedule.resume();
        let again: &[&str] = if changed { &["a"] } else { &[] };
        assert_eq!(words(&mut schedule, 2.0), again);
    }
}

#[test]
fn a_refused_sign_in_is_not_forgotten_while_the_server_is_away() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    assert_eq!(words(&mut schedule, 30.0), ["a"]);
    end(&mut schedule, 30.0, "a", hindered(Obstacle::SignIn));
    words(&mut schedule, 30.0);
    schedule.secret_checked(at(30.0), &access("one", "jana"), false);
    for quiet in [true, false] {
        schedule.set_quiet_offline(quiet);
        for obstacle in [Obstacle::Busy { retry_after: None }, Obstacle::Offline, Obstacle::KeyringLocked] {
            schedule.ask(at(31.0), &name("a"), Order::everything());
            assert_eq!(words(&mut schedule, 31.0), ["a by hand"]);
            end(&mut schedule, 31.0, "a", hindered(obstacle));
            assert_eq!(schedule.standstill(&name("a")).unwrap().reason, Reason::SignIn);
            assert_eq!(words(&mut schedule, 34.0), Vec::<String>::new());
        }
    }
}

#[test]
fn while_paused_nothing_runs_by_itself() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30)]);
    schedule.pause(at(1.0), None);
    schedule.local_changed(at(2.0), &name("a"), files(&["x"]));
    assert_eq!(words(&mut schedule, 40.0), Vec::<String>::new());
    assert_eq!((schedule.next(at(40.0)), schedule.next_of(&name("a"))), (None, None));
    schedule.ask(at(41.0), &name("a"), Order::files(files(&["y"])));
    assert_eq!(words(&mut schedule, 41.0), ["a some by hand"]);
    end(&mut schedule, 41.0, "a", well());
    schedule.resume();
    assert_eq!(words(&mut schedule, 42.0), ["a"]);
    end(&mut schedule, 42.0, "a", well());
    schedule.pause(at(50.0), Some(at(90.0)));
    assert_eq!(schedule.next_of(&name("a")), Some(at(90.0)));
    assert_eq!(words(&mut schedule, 89.0), Vec::<String>::new());
    assert_eq!(schedule.next(at(89.0)), Some(at(90.0)));
    assert_eq!(words(&mut schedule, 90.0), ["a"]);
}

#[test]
fn profiles_come_change_and_go() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 30)]);
    let a = planned("a", "one", "jana", 10);
    let b = Planned { by_itself: false, ..planned("b", "one", "jana", 30) };
    let new = planned("c", "two", "jana", 30);
    schedule.plan(at(1.0), vec![a.clone(), b.clone(), new], |_| NEVER);
    assert_eq!(words(&mut schedule, 1.0), ["c"]);
    assert_eq!(schedule.next_of(&name("a")), Some(at(11.0)));
    assert_eq!(schedule.next_of(&name("b")), None);

    let asked = schedule.ask(at(2.0), &name("c"), Order::everything()).unwrap();
    let dropped = schedule.plan(at(2.0), vec![a, b], |_| NEVER);
    assert_eq!(dropped, [Dropped { run: asked, profile: name("c"), dry_run: false }]);
    assert_eq!(schedule.ask(at(2.0), &name("c"), Order::everything()), None);
    end(&mut schedule, 3.0, "c", well());
    assert_eq!(schedule.next(at(3.0)), Some(at(11.0)));

    let b = planned("b", "one", "jana", 30);
    schedule.plan(at(4.0), vec![planned("a", "one", "jana", 10), b], |_| NEVER);
    assert_eq!(words(&mut schedule, 4.0), ["b"], "switched on again");
}

#[test]
fn a_profile_that_comes_back_before_its_run_has_ended_is_not_forgotten() {
    let dry_run = Order { dry_run: true, ..Order::everything() };
    for order in [Order::everything(), Order::files(files(&["x"])), dry_run] {
        let a = planned("a", "one", "jana", 30);
        let mut schedule = resting(std::slice::from_ref(&a));
        schedule.ask(at(1.0), &name("a"), order);
        schedule.advance(at(1.0));
        schedule.plan(at(2.0), Vec::new(), |_| NEVER);
        schedule.plan(at(3.0), vec![a], |_| NEVER);
        end(&mut schedule, 4.0, "a", well());
        assert!(schedule.next_of(&name("a")).is_some());
    }
}

#[test]
fn an_account_at_rest_can_be_asked_about_changes() {
    let mut schedule = resting(&[planned("a", "one", "jana", 30), planned("b", "one", "jana", 60)]);
    let jana = account("one", "jana");
    assert_eq!(schedule.longest_interval(&jana), Some(MINUTE * 60));
    assert!(schedule.is_at_rest(at(1.0), &jana));
    schedule.local_changed(at(1.0), &name("a"), files(&["x"]));
    assert!(!schedule.is_at_rest(at(1.0), &jana), "a run comes");
    assert_eq!(words(&mut schedule, 1.0), ["a some"]);
    assert!(!schedule.is_at_rest(at(1.0), &jana), "it runs");
    end(&mut schedule, 2.0, "a", hindered(Obstacle::Offline));
    assert!(!schedule.is_at_rest(at(2.0), &jana), "it stands still");
    assert_eq!(words(&mut schedule, 3.0), ["a"]);
    end(&mut schedule, 3.0, "a", well());
    assert!(schedule.is_at_rest(at(3.0), &jana));
    schedule.pause(at(3.0), None);
    assert!(!schedule.is_at_rest(at(3.0), &jana));
}
