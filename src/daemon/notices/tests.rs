use super::*;
use crate::daemon::schedule::tests::{account, name};
use crate::report::fixtures;
use crate::sync::Side;

const ALL: [Finding; 3] = [Finding::Errors, Finding::Warnings, Finding::Held];

struct World {
    notices: Notices,
    closed: BTreeSet<Reason>,
}

impl World {
    fn new() -> World {
        World::again(Told::default())
    }

    fn again(told: Told) -> World {
        World { notices: Notices::new(told, ALL.to_vec(), true), closed: BTreeSet::new() }
    }

    fn run(&mut self, profile: &str, run: Run) -> Vec<String> {
        self.run_of("jana", profile, run)
    }

    fn run_of(&mut self, user: &str, profile: &str, run: Run) -> Vec<String> {
        let ended = Ended {
            profile: &name(profile),
            account: &account("dav.example.org", user),
            closed: &self.closed,
            report: &run.report,
            obstacle: run.obstacle.as_ref(),
            reached: run.reached,
            by_hand: run.by_hand,
            full: run.full,
        };
        let told = self.notices.run_ended(ended);
        self.see(&told);
        said(told)
    }

    /// The desktop shows all of it.
    fn see(&mut self, told: &[Tell]) {
        for tell in told {
            if let Tell::Notify(Notice { key, mark, .. }) = tell {
                self.notices.shown(Shown { key: key.clone(), mark: mark.clone() });
            }
        }
    }
}

fn said(told: Vec<Tell>) -> Vec<String> {
    let word = |tell| match tell {
        Tell::Notify(Notice { key, title, .. }) => format!("{key}: {title}"),
        Tell::Withdraw(key) => format!("{key}: -"),
    };
    told.into_iter().map(word).collect()
}

struct Run {
    report: Report,
    obstacle: Option<Obstacle>,
    reached: bool,
    by_hand: bool,
    full: bool,
}

fn well() -> Run {
    Run { report: fixtures::report(), obstacle: None, reached: true, by_hand: false, full: true }
}

fn failed(obstacle: Obstacle, why: &str) -> Run {
    let report = Report { outcome: RunOutcome::Failed, failure: Some(why.to_owned()), ..fixtures::report() };
    Run { report, obstacle: Some(obstacle), ..well() }
}

fn held_run(local: u64, remote: u64) -> Run {
    let report = Report {
        outcome: RunOutcome::Held,
        held: Held { local, remote, ..Held::default() },
        ..fixtures::report()
    };
    Run { report, ..well() }
}

fn partial(items: &[&str]) -> Run {
    let problem = |item: &&str| fixtures::problem(item, "Dentist", Side::Remote, "the server refuses it");
    let report = Report {
        outcome: RunOutcome::Partial,
        problems: items.iter().map(problem).collect(),
        ..fixtures::report()
    };
    Run { report, ..well() }
}

const NOTHING: [&str; 0] = [];

#[test]
fn an_error_is_told_at_once_and_once_until_it_is_another_one_or_solved() {
    let mut world = World::new();
    let gone = || failed(Obstacle::Other, "the folder is gone");
    assert_eq!(world.run("a", gone()), ["profile a: a could not be synced"]);
    assert_eq!(world.run("a", gone()), NOTHING);
    assert_eq!(world.run("b", gone()), ["profile b: b could not be synced"]);
    assert_eq!(world.run("a", failed(Obstacle::Offline, "no network")), NOTHING);
    assert_eq!(world.run("a", failed(Obstacle::Elsewhere, "busy")), NOTHING);
    assert_eq!(world.run("a", failed(Obstacle::Other, "forbidden")).len(), 1);
    assert_eq!(world.run("a", well()), ["profile a: -"]);
    assert_eq!(world.run("a", well()), NOTHING);
    assert_eq!(world.run("a", gone()).len(), 1);
}

#[test]
fn numbers_make_no_other_error() {
    let mut world = World::new();
    let full =
        |request| failed(Obstacle::Other, &format!("the disk is full (request {request}, 10:0{request})"));
    assert_eq!(world.run("a", full(1)).len(), 1);
    assert_eq!(world.run("a", full(2)), NOTHING);
}

#[test]
fn an_error_in_another_language_is_the_same() {
    let (english, german) = (Language::English, Language::German);
    let gone = mark_in(english, "error", "the folder is gone");
    assert!(is_same(&gone, &mark_in(german, "error", "der Ordner ist weg")));
    assert!(!is_same(&gone, &mark_in(german, "file", "der Ordner ist weg")));
    assert!(!is_same(&gone, &mark_in(english, "error", "forbidden")));
    assert!(!is_same("held 1 2 a", "held 1 3 a") && is_same("busy", "busy"));

    let told = Told {
        told: [("profile a".into(), mark_in(german, "error", "der Ordner ist weg"))].into(),
        ..Told::default()
    };
    let mut world = World::again(told);
    assert_eq!(world.run("a", failed(Obstacle::Other, "the folder is gone")), NOTHING);
    assert_eq!(world.run("a", failed(Obstacle::Other, "forbidden")).len(), 1, "it is known in English now");
}

#[test]
fn a_warning_is_told_after_the_second_run_by_itself() {
    let mut world = World::new();
    assert_eq!(world.run("a", partial(&["x"])), NOTHING);
    assert_eq!(world.run("a", Run { by_hand: true, ..partial(&["x"]) }), NOTHING);
    assert_eq!(world.run("a", partial(&["x"])), ["profile a: a: in sync except for 1 item"]);
    assert_eq!(world.run("a", partial(&["x"])), NOTHING);
    assert_eq!(world.run("a", partial(&["x", "y"])), ["profile a: a: in sync except for 2 items"]);
    assert_eq!(world.run("a", well()), ["profile a: -"]);
    assert_eq!(world.run("a", partial(&["x"])), NOTHING, "not in a row");
    let strange = || failed(Obstacle::NotUnderstood, "the server answers with a web page");
    assert_eq!(world.run("b", strange()), NOTHING);
    assert_eq!(world.run("b", strange()), ["profile b: b could not be synced"]);
}

#[test]
fn held_deletions_can_be_answered() {
    let mut world = World::new();
    let run = held_run(0, 12);
    let ended = Ended {
        profile: &name("work"),
        account: &account("dav.example.org", "jana"),
        closed: &BTreeSet::new(),
        report: &run.report,
        obstacle: None,
        reached: true,
        by_hand: false,
        full: true,
    };
    let told = world.notices.run_ended(ended);
    let [Tell::Notify(notice)] = told.as_slice() else { panic!("{told:?}") };
    assert!(notice.text.contains("12 items on the server"), "{notice:?}");
    let words: Vec<&str> = notice.actions.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["Show", "Delete them", "Keep them"]);
    let shown = Held { local: 0, remote: 12, ..Held::default() };
    let delete = Wish::Answer { profile: "work".into(), shown, answer: Answer::Delete };
    assert_eq!(notice.actions[1].1, delete);

    assert_eq!(world.run("work", held_run(0, 12)), NOTHING);
    assert_eq!(
        world.run("work", Run { full: false, ..well() }),
        NOTHING,
        "a run of some files knows of none"
    );
    assert_eq!(world.run("work", held_run(0, 13)).len(), 1, "the answer is about so many");
    assert_eq!(world.run("work", well()), ["profile work: -"]);
}

#[test]
fn a_refused_sign_in_is_told_for_the_account() {
    let mut world = World::new();
    let refused = |profile| failed(Obstacle::SignIn, &format!("the password was refused; {profile}"));
    let key = "sign-in jana at dav.example.org";
    let told = world.run("a", refused("a"));
    assert_eq!(told, [format!("{key}: Cannot sign in: jana at dav.example.org")]);
    assert_eq!(world.run("b", refused("b")), NOTHING);
    assert_eq!(world.run("b", failed(Obstacle::Offline, "no network")), NOTHING);
    assert_eq!(world.run("b", well()), [format!("{key}: -")]);
    assert_eq!(world.run("a", refused("a")).len(), 1);
}

#[test]
fn a_locked_keyring_is_told_once_for_all() {
    let mut world = World::new();
    assert_eq!(world.run("a", failed(Obstacle::KeyringLocked, "locked")).len(), 1);
    assert_eq!(world.run("b", failed(Obstacle::KeyringLocked, "locked")), NOTHING);
    assert_eq!(world.run("b", well()), ["keyring: -"]);
}

#[test]
fn a_keyring_that_is_unlocked_is_told_of_no_more_though_its_password_is_wrong() {
    let mut world = World::new();
    assert_eq!(world.run("a", failed(Obstacle::KeyringLocked, "locked")).len(), 1);
    let told = world.run("a", failed(Obstacle::SignIn, "refused"));
    assert_eq!(
        told,
        ["keyring: -", "sign-in jana at dav.example.org: Cannot sign in: jana at dav.example.org"]
    );
}

#[test]
fn a_run_that_the_server_did_not_answer_has_solved_nothing_of_the_account() {
    let mut world = World::new();
    assert_eq!(world.run("a", failed(Obstacle::SignIn, "refused")).len(), 1);
    assert_eq!(world.run("b", Run { reached: false, ..well() }), NOTHING);
    assert_eq!(world.run("b", well()), ["sign-in jana at dav.example.org: -"]);
}

#[test]
fn what_is_still_held_after_an_answer_is_told_again() {
    let mut world = World::new();
    assert_eq!(world.run("a", held_run(0, 12)).len(), 1);
    let told = world.notices.answered("a");
    assert_eq!(said(told.into_iter().collect()), ["profile a: -"]);
    assert_eq!(world.run("a", failed(Obstacle::Offline, "no network")), NOTHING);
    assert_eq!(world.run("a", held_run(0, 12)), ["profile a: a waits for your yes"]);
    assert_eq!(world.notices.answered("b"), None);
}

#[test]
fn a_password_that_cannot_be_had_is_not_told_again_because_of_another_account() {
    let mut world = World::new();
    let locked = || failed(Obstacle::KeyringLocked, "the command fails");
    assert_eq!(world.run_of("jana", "bad", locked()).len(), 1);
    for _ in 0..3 {
        assert_eq!(world.run_of("ole", "good", well()), NOTHING);
        assert_eq!(world.run_of("jana", "bad", locked()), NOTHING);
    }
    assert_eq!(world.run_of("jana", "bad", well()), ["keyring: -"]);
    // The last of those who wait for it is gone.
    world.run_of("jana", "bad", locked());
    let (good, ole) = (name("good"), account("dav.example.org", "ole"));
    assert_eq!(said(world.notices.profiles(&[(&good, ole)], &BTreeMap::new())), ["keyring: -"]);
}

#[test]
fn what_a_full_run_holds_back_is_told_and_a_strange_answer_takes_nothing_back() {
    let mut world = World::new();
    assert_eq!(world.run("a", Run { full: false, ..held_run(0, 12) }), NOTHING, "a full run comes");
    assert_eq!(world.run("a", held_run(0, 12)), ["profile a: a waits for your yes"]);
    assert_eq!(world.run("a", Run { full: false, ..held_run(0, 11) }), NOTHING);
    assert_eq!(world.run("a", Run { full: false, ..well() }), NOTHING, "nothing is solved by some items");
    assert_eq!(world.run("a", failed(Obstacle::NotUnderstood, "a web page")), NOTHING);
    assert_eq!(world.run("a", held_run(0, 12)), NOTHING, "it was told already");
    assert_eq!(world.run("a", well()), ["profile a: -"]);
}

#[test]
fn a_wrong_profile_is_told_until_it_is_right_or_gone() {
    let mut world = World::new();
    let broken = BTreeMap::from([("a".to_owned(), "line 3: no".to_owned())]);
    let told = said(world.notices.profiles(&[], &broken));
    assert_eq!(told, ["file a: The profile a cannot be used"]);
    assert_eq!(said(world.notices.profiles(&[], &broken)), NOTHING);
    let a = name("a");
    let right = [(&a, account("dav.example.org", "jana"))];
    assert_eq!(said(world.notices.profiles(&right, &BTreeMap::new())), ["file a: -"]);
    world.run("a", failed(Obstacle::Other, "gone"));
    world.run("a", failed(Obstacle::SignIn, "refused"));
    let mut told = said(world.notices.profiles(&[], &BTreeMap::new()));
    told.sort();
    assert_eq!(told, ["profile a: -", "sign-in jana at dav.example.org: -"]);
}

#[test]
fn only_what_the_person_wants_is_told() {
    let mut world = World::new();
    world.notices.set_wanted(vec![Finding::Held], true);
    assert_eq!(world.run("a", failed(Obstacle::Other, "gone")), NOTHING);
    assert_eq!(world.run("a", held_run(3, 0)).len(), 1);
    assert_eq!(world.run("a", failed(Obstacle::Other, "gone")), ["profile a: -"]);
    world.notices.set_wanted(ALL.to_vec(), false);
    assert_eq!(world.run("b", failed(Obstacle::Offline, "no network")).len(), 1, "offline is an error");
}

#[test]
fn a_restart_tells_nothing_a_second_time() {
    let mut world = World::new();
    world.run("a", failed(Obstacle::Other, "gone"));
    world.run("b", partial(&["x"]));
    let json = serde_json::to_string(world.notices.told()).unwrap();
    let mut world = World::again(serde_json::from_str(&json).unwrap());
    assert_eq!(world.run("a", failed(Obstacle::Other, "gone")), NOTHING);
    assert_eq!(world.run("b", partial(&["x"])).len(), 1);
}

#[test]
fn what_nobody_saw_is_told_again_after_a_restart_and_not_before() {
    let mut world = World::new();
    let broken = |why: &str| BTreeMap::from([("a".to_owned(), why.to_owned())]);
    let told = world.notices.profiles(&[], &broken("line 3: no"));
    assert_eq!(said(told.clone()).len(), 1);
    assert_eq!(said(world.notices.profiles(&[], &broken("line 3: no"))), NOTHING, "it waits");
    assert_eq!(world.notices.told(), &Told::default());

    // One that came too late is not the one that is told now.
    let newer = world.notices.profiles(&[], &broken("the folder is gone"));
    assert_eq!(newer.len(), 1);
    world.see(&told);
    assert_eq!(world.notices.told(), &Told::default());
    let mut again = World::again(world.notices.told().clone());
    assert_eq!(said(again.notices.profiles(&[], &broken("the folder is gone"))).len(), 1);
    world.see(&newer);
    let mut again = World::again(world.notices.told().clone());
    assert_eq!(said(again.notices.profiles(&[], &broken("the folder is gone"))), NOTHING);

    // What waits and is solved is taken back.
    world.notices.profiles(&[], &broken("another one"));
    assert_eq!(said(world.notices.profiles(&[], &BTreeMap::new())), ["file a: -"]);
    assert_eq!(said(world.notices.profiles(&[], &BTreeMap::new())), NOTHING);
}

#[test]
fn what_another_process_solved_can_be_told_again() {
    let held = |remote| State::Held { held: Held { remote, ..Held::default() } };
    let warning = || State::Warning { why: "1 item".into() };
    let error = || State::Error { why: "gone".into() };
    let after = |run: Run, state: State| {
        let mut world = World::new();
        assert_eq!(world.run("a", run).len(), 1);
        assert_eq!(world.notices.ran_elsewhere(&name("b"), &State::InSync), None);
        let told = said(world.notices.ran_elsewhere(&name("a"), &state).into_iter().collect());
        let is_forgotten = world.notices.told() == &Told::default();
        assert_eq!(told == ["profile a: -"], is_forgotten, "{told:?}");
        is_forgotten
    };
    let gone = || failed(Obstacle::Other, "the folder is gone");
    for state in [State::InSync, held(7), warning()] {
        assert!(after(held_run(0, 12), state.clone()), "{state:?}");
    }
    for state in [held(12), error(), State::PreviewNeeded] {
        assert!(!after(held_run(0, 12), state.clone()), "{state:?}");
    }
    for state in [State::InSync, held(12)] {
        assert!(after(gone(), state.clone()), "{state:?}");
    }
    assert!(!after(gone(), error()), "it may be the same one");

    let mut world = World::new();
    world.run("a", held_run(0, 12));
    world.notices.ran_elsewhere(&name("a"), &State::InSync);
    assert_eq!(world.run("a", held_run(0, 12)).len(), 1, "as much again");
    world.run("b", partial(&["x"]));
    world.notices.ran_elsewhere(&name("b"), &State::InSync);
    assert_eq!(world.run("b", partial(&["x"])), NOTHING, "not in a row");
}

#[test]
fn a_server_that_is_busy_for_a_day_is_told_of_once() {
    let busy = |hours| {
        let mut run = failed(Obstacle::Busy { retry_after: None }, "503");
        run.report.started += SignedDuration::from_hours(hours);
        run
    };
    let mut world = World::new();
    for hours in 0..24 {
        assert_eq!(world.run("a", busy(hours)), NOTHING, "{hours}");
    }
    // The next session.
    let mut world = World::again(world.notices.told().clone());
    let key = "busy jana at dav.example.org";
    assert_eq!(world.run_of("ole", "c", busy(24)), NOTHING, "another account");
    assert_eq!(world.run("b", busy(24)), [format!("{key}: Busy for a day: jana at dav.example.org")]);
    assert_eq!(world.run("a", busy(99)), NOTHING);
    assert_eq!(world.run("a", failed(Obstacle::Offline, "no network")), NOTHING);
    assert_eq!(world.run("a", well()), [format!("{key}: -")]);
    assert_eq!(world.run("a", busy(100)), NOTHING, "it counts anew");
    assert_eq!(world.run("a", busy(124)).len(), 1);
    assert_eq!(said(world.notices.profiles(&[], &BTreeMap::new())), [format!("{key}: -")]);
    assert_eq!(world.notices.told(), &Told::default());
}

#[test]
fn a_sign_in_that_one_way_has_does_not_take_back_what_another_lacks() {
    let mut world = World::new();
    world.run("a", failed(Obstacle::SignIn, "refused"));
    world.run("b", failed(Obstacle::KeyringLocked, "locked"));
    world.closed = BTreeSet::from([Reason::SignIn, Reason::KeyringLocked]);
    assert_eq!(world.run("c", well()), NOTHING);
    world.closed = BTreeSet::from([Reason::KeyringLocked]);
    assert_eq!(world.run("a", well()), ["sign-in jana at dav.example.org: -"]);
    world.closed.clear();
    assert_eq!(world.run("b", well()), ["keyring: -"]);
}
