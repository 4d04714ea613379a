//! What the page shows, and what it asks the daemon.

use std::rc::Rc;

use i_slint_backend_testing::{AccessibleRole, ElementHandle};
use jiff::civil::date;
use pimbridge::daemon::protocol::activity::{Activity, Day, HeldItem, Waiting};
use pimbridge::daemon::protocol::{Answer, LastRun, RunId, Ticket};
use pimbridge::report::{Counts, Held, Operation, Report, RunOutcome, Touched};
use pimbridge::sync::Side;
use slint::platform::WindowEvent;

use super::*;
use crate::StatusPart;
use crate::testing;

fn held() -> Held {
    Held { local: 0, remote: 2, ..Held::default() }
}

fn profile(name: &str, state: State) -> ProfileStatus {
    ProfileStatus { name: name.into(), active: true, state, last: None, next: None }
}

fn status() -> Status {
    Status {
        version: "0".into(),
        pid: 1,
        since: Timestamp::UNIX_EPOCH,
        paused: None,
        profiles: vec![
            profile("held", State::Held { held: held() }),
            ProfileStatus { active: false, ..profile("new", State::PreviewNeeded) },
            profile("refused", State::SignInNeeded { why: "the password was refused".into() }),
            ProfileStatus {
                last: Some(LastRun {
                    started: Timestamp::UNIX_EPOCH,
                    outcome: RunOutcome::Ok,
                    report_id: Some(1),
                }),
                ..profile("work", State::InSync)
            },
        ],
        parts: Vec::new(),
    }
}

fn day(day: i8, created: u64, updated: u64, deleted: u64) -> Day {
    Day { date: date(2026, 11, day), changes: Counts { created, updated, deleted } }
}

fn answers(request: &Request) -> Reply {
    match request {
        Request::Question(Question::Activity) => Reply::Answered(Answered::Activity(Activity {
            profiles: vec![Items { profile: "work".into(), items: Sides { local: 20, remote: 19 } }],
            days: vec![day(25, 3, 1, 0), day(26, 0, 0, 2)],
        })),
        Request::Question(Question::HeldItems(_)) => Reply::Answered(Answered::HeldItems {
            items: ["Dentist", "Lunch"]
                .map(|title| HeldItem { side: Side::Remote, summary: title.into() })
                .to_vec(),
        }),
        Request::Preview { profile } | Request::Answer { profile, .. } => Reply::Runs {
            runs: vec![Ticket { profile: profile.clone(), run: RunId(1) }],
            refused: Vec::new(),
        },
        Request::Sync { .. } => Reply::Runs { runs: Vec::new(), refused: Vec::new() },
        other => panic!("{other:?}"),
    }
}

/// The page of a daemon that answers like this, and what it was asked.
struct Shown {
    window: MainWindow,
    link: Link,
    asked: Rc<RefCell<Vec<Request>>>,
}

fn shown() -> Shown {
    shown_of(answers)
}

fn shown_of(answers: impl Fn(&Request) -> Reply + 'static) -> Shown {
    // All of it is in sight.
    let window = testing::window(940.0, 1200.0);
    let asked = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&asked);
    let link = Link::canned(&window, move |request| {
        let reply = answers(&request);
        noted.borrow_mut().push(request);
        reply
    });
    attach(&window, &link);
    shell::attach(&window, &link);
    heard(&window, &link, &Event::Status { status: Box::new(status()) });
    shell::open(&window, &link, crate::Page::Status);
    Shown { window, link, asked }
}

impl Shown {
    fn find(&self, role: AccessibleRole, label: &str) -> Option<ElementHandle> {
        testing::find(&self.window, role, label)
    }

    #[track_caller]
    fn click(&self, label: &str) {
        testing::get(&self.window, AccessibleRole::Button, label).invoke_accessible_default_action();
    }

    fn page(&self) -> StatusPage<'_> {
        self.window.global::<StatusPage>()
    }

    fn last(&self) -> Request {
        self.asked.borrow().last().unwrap().clone()
    }
}

#[test]
fn held_deletions_are_shown_and_answered_as_they_were_shown() {
    let shown = shown();
    for (button, answer) in [("Delete them", Answer::Delete), ("Keep them (restore)", Answer::Keep)] {
        heard(&shown.window, &shown.link, &Event::Status { status: Box::new(status()) });
        shown.click("See the deletions of held");
        let waiting = Waiting { profile: "held".into(), held: held() };
        assert_eq!(shown.last(), Request::Question(Question::HeldItems(waiting)));
        assert_eq!(shown.page().get_numbers(), "2 items would be deleted on the server.");
        let titles: Vec<_> = shown.page().get_items().iter().map(|row| row.title).collect();
        assert_eq!(titles, ["Dentist", "Lunch"]);
        // What waits changes meanwhile: the answer is about what was shown all the same.
        let mut later = status();
        later.profiles[0].state = State::Held { held: Held { local: 0, remote: 40, ..Held::default() } };
        heard(&shown.window, &shown.link, &Event::Status { status: Box::new(later) });
        shown.click(button);
        assert_eq!(shown.last(), Request::Answer { profile: "held".into(), shown: held(), answer });
        assert!(shown.page().get_part() == StatusPart::Profiles);
    }
}

#[test]
fn of_many_deletions_the_rest_is_a_number() {
    let shown = shown();
    let many = part::token(&Held { local: 3, remote: 2, ..Held::default() });
    shown.page().invoke_look_at_held("held".into(), many);
    assert_eq!(
        shown.page().get_numbers(),
        "3 items would be deleted on this computer.\n2 items would be deleted on the server."
    );
    let titles: Vec<_> = shown.page().get_items().iter().map(|row| row.title).collect();
    assert_eq!(titles, ["Dentist", "Lunch", "… and 3 more"]);
}

#[test]
fn a_profile_that_must_be_looked_at_shows_its_plan_first() {
    let shown = shown();
    assert!(shown.find(AccessibleRole::Button, "Synchronize new").is_none(), "it does nothing before that");
    let next = |row: usize| shown.page().get_profiles().row_data(row).unwrap().next;
    assert_eq!((next(0).as_str(), next(1).starts_with("Switched off")), ("", true));
    shown.click("See what new would do");
    assert_eq!(shown.last(), Request::Preview { profile: "new".into() });
    assert!(shown.page().get_busy() && !shown.page().get_can_do());
    let report = Report {
        dry_run: true,
        failure: None,
        local: Counts { created: 3, updated: 0, deleted: 1 },
        ..Report::not_run("new", Timestamp::UNIX_EPOCH, String::new())
    };
    let foreseen = vec![Touched {
        side: Side::Local,
        operation: Operation::Delete,
        summary: "Lunch".into(),
        item: "a.ics".into(),
        why: "not on the server".into(),
        conflict: false,
    }];
    let ended = |profile: &str, report: &Report| Event::RunFinished {
        run: RunId(1),
        profile: profile.into(),
        report_id: None,
        report: Box::new(report.clone()),
        foreseen: foreseen.clone(),
    };
    heard(&shown.window, &shown.link, &ended("other", &report));
    assert!(shown.page().get_busy(), "it is another's");
    heard(&shown.window, &shown.link, &ended("new", &report));
    assert_eq!(
        shown.page().get_numbers(),
        "On this computer: 3 new, 0 changed, 1 deleted.\nOn the server: 0 new, 0 changed, 0 deleted."
    );
    assert_eq!(shown.page().get_items().row_data(0).unwrap().word, "deleted on this computer");
    assert_eq!(shown.page().get_items().row_data(1).unwrap().title, "… and 3 more");
    shown.click("Do it: synchronize new from now on");
    let how = How { seen: vec![RunId(1)], ..How::default() };
    assert_eq!(shown.last(), Request::Sync { profiles: vec!["new".into()], how });
}

/// What new would do is seen.
fn foreseen(shown: &Shown) {
    let report = Report::not_run("new", Timestamp::UNIX_EPOCH, String::new());
    let ended = Event::RunFinished {
        run: RunId(1),
        profile: "new".into(),
        report_id: None,
        report: Box::new(Report { dry_run: true, failure: None, ..report }),
        foreseen: Vec::new(),
    };
    heard(&shown.window, &shown.link, &ended);
}

#[test]
fn a_plan_that_it_would_not_do_any_more_is_looked_at_again() {
    let shown = shown_of(|request| match request {
        Request::Sync { .. } => Reply::Refused { why: "it does something else by now".into() },
        other => answers(other),
    });
    shown.click("See what new would do");
    foreseen(&shown);
    shown.click("Do it: synchronize new from now on");
    assert_eq!(shown.window.global::<crate::Shell>().get_notice(), "It does something else by now.");
    assert_eq!(shown.last(), Request::Preview { profile: "new".into() });
    assert!(shown.page().get_part() == StatusPart::Plan && !shown.page().get_can_do());
}

#[test]
fn a_plan_is_looked_at_again_when_the_page_is_opened_again() {
    let shown = shown();
    let looks =
        || shown.asked.borrow().iter().filter(|asked| matches!(asked, Request::Preview { .. })).count();
    let open = |page| shell::open(&shown.window, &shown.link, page);
    shown.click("See what new would do");
    open(crate::Page::Status);
    assert_eq!(looks(), 1, "it is being looked at");
    foreseen(&shown);
    open(crate::Page::About);
    open(crate::Page::Status);
    assert_eq!((looks(), shown.page().get_can_do()), (2, false));
    foreseen(&shown);
    shell::connection(&shown.window, &shown.link, Ok(()));
    assert_eq!(looks(), 3);
}

#[test]
fn older_numbers_do_not_replace_newer_ones() {
    let asked = std::cell::Cell::new(0);
    let shown = shown_of(move |request| {
        if *request == Request::Question(Question::Activity) {
            asked.set(asked.get() + 1);
            let days = vec![day(25, asked.get(), 0, 0)];
            return Reply::Answered(Answered::Activity(Activity { profiles: Vec::new(), days }));
        }
        answers(request)
    });
    shown.link.hold_back();
    opened(&shown.window, &shown.link);
    opened(&shown.window, &shown.link);
    shown.link.let_come(1);
    shown.link.let_come(0);
    assert_eq!(shown.page().get_chart_title(), "3 changes in the last month");
}

#[test]
fn a_plan_that_could_not_be_made_cannot_be_done() {
    let shown = shown();
    shown.click("See what new would do");
    let report = Report {
        dry_run: true,
        ..Report::not_run("new", Timestamp::UNIX_EPOCH, "the server cannot be reached".into())
    };
    let ended = Event::RunFinished {
        run: RunId(1),
        profile: "new".into(),
        report_id: None,
        report: Box::new(report),
        foreseen: Vec::new(),
    };
    heard(&shown.window, &shown.link, &ended);
    assert_eq!(shown.page().get_trouble(), "The server cannot be reached.");
    assert!(!shown.page().get_can_do());
}

#[test]
fn an_answer_that_comes_late_is_not_shown_as_that_of_another_question() {
    let shown = shown();
    let page = shown.page();
    shown.link.hold_back();
    let token = |remote| part::token(&Held { remote, ..Held::default() });
    page.invoke_look_at_held("one".into(), token(2));
    page.invoke_back();
    page.invoke_look_at_held("other".into(), token(40));
    shown.link.let_come(0);
    assert_eq!((page.get_items().row_count(), page.get_can_do(), page.get_busy()), (0, false, true));
    shown.link.let_come(0);
    assert_eq!((page.get_items().row_count(), page.get_can_do(), page.get_busy()), (3, true, false));
    // What is carried out closes only what it was said of.
    page.invoke_keep_them();
    page.invoke_back();
    page.invoke_look_at_plan("new".into());
    shown.link.let_come(0);
    assert!(page.get_part() == StatusPart::Plan && page.get_busy());
}

#[test]
fn a_look_ahead_begins_anew_with_the_daemon() {
    let shown = shown();
    shown.click("See what new would do");
    let looks =
        || shown.asked.borrow().iter().filter(|asked| matches!(asked, Request::Preview { .. })).count();
    assert_eq!(looks(), 1);
    shell::connection(&shown.window, &shown.link, Err("it has ended".to_owned()));
    shell::connection(&shown.window, &shown.link, Ok(()));
    assert_eq!(looks(), 2);
    shown.click("Back");
    shell::connection(&shown.window, &shown.link, Ok(()));
    assert_eq!(looks(), 2);
}

#[test]
fn a_click_that_has_begun_counts_when_the_status_comes_meanwhile() {
    let shown = shown();
    let button = testing::get(&shown.window, AccessibleRole::Button, "Synchronize work");
    let (at, size) = (button.absolute_position(), button.size());
    let position = slint::LogicalPosition::new(at.x + size.width / 2.0, at.y + size.height / 2.0);
    let left = slint::platform::PointerEventButton::Left;
    let dispatch = |event| shown.window.window().dispatch_event(event);
    dispatch(WindowEvent::PointerPressed { position, button: left });
    let mut later = status();
    later.profiles[3].state = State::NeverRun;
    heard(&shown.window, &shown.link, &Event::Status { status: Box::new(later) });
    dispatch(WindowEvent::PointerReleased { position, button: left });
    assert_eq!(shown.last(), Request::Sync { profiles: vec!["work".into()], how: How::default() });
}

#[test]
fn who_must_sign_in_is_asked_for_the_password() {
    let shown = shown();
    let wanted = Rc::new(RefCell::new(String::new()));
    let heard = Rc::clone(&wanted);
    shown.page().on_password(move |profile| *heard.borrow_mut() = profile.into());
    shown.click("Enter the password of refused");
    assert_eq!(*wanted.borrow(), "refused");
    assert!(shown.find(AccessibleRole::Button, "Enter the password of work").is_none());
}

#[test]
fn the_numbers_and_the_chart_are_read_aloud_too() {
    let shown = shown();
    let work = shown.page().get_profiles().iter().find(|row| row.name == "work").unwrap();
    assert_eq!(work.items, "Items: 20 on this computer, 19 on the server");
    let chart = "25 November: 3 new, 1 changed, 0 deleted; 26 November: 0 new, 0 changed, 2 deleted";
    assert_eq!(shown.page().get_chart_words(), chart);
    assert!(shown.find(AccessibleRole::Image, chart).is_some());
    assert_eq!(shown.page().get_chart_title(), "6 changes in the last month");
    // They are known when the status comes again.
    heard(&shown.window, &shown.link, &Event::Status { status: Box::new(status()) });
    let again = shown.page().get_profiles().iter().find(|row| row.name == "work").unwrap();
    assert_eq!(again.items, work.items);
}

#[test]
fn the_bars_of_the_chart() {
    let (_, words, bars) = chart::of(&[day(25, 0, 0, 0), day(26, 1, 2, 1)]);
    assert_eq!(words, "26 November: 1 new, 2 changed, 1 deleted");
    let bars: Vec<_> = bars.iter().map(|bar| (bar.changes, bar.deletions)).collect();
    assert_eq!(bars, [(0.0, 0.0), (0.75, 0.25)]);
    let (title, words, bars) = chart::of(&[day(26, 0, 0, 0)]);
    assert_eq!(
        (title.as_str(), words.as_str()),
        ("0 changes in the last month", "No changes in the last month")
    );
    assert_eq!((bars[0].changes, bars[0].deletions), (0.0, 0.0));
}

#[test]
fn how_far_a_run_is_in_words() {
    let words = |phase, done, total| step_words(&Step { phase, done, total });
    assert_eq!(words(Phase::LookingAtServer, 3, None), "Looking at the server …");
    assert_eq!(words(Phase::Writing, 3, Some(40)), "Writing what differs: 3 of 40 …");
}
