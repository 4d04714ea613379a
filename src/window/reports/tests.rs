//! The page, as a person uses it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use pimbridge::daemon::protocol::conflicts::{Decide, List, View, Waiting, Which};
use pimbridge::daemon::protocol::reports::{Compared, Found, Listed, Settled, Whole};
use pimbridge::daemon::protocol::{Answered, Question, RunId};
use pimbridge::item::compare::Row;
use pimbridge::report::{Counts, Operation, Report, RunOutcome, Touched};
use pimbridge::sync::conflict::Decision;
use pimbridge::sync::{Side, Sides};

use super::*;
use crate::testing;

type Asked = Rc<RefCell<Vec<Question>>>;

/// A window whose daemon answers like this, and what it was asked.
fn window(answer: impl Fn(&Question) -> Reply + 'static) -> (MainWindow, Link, Asked) {
    let window = testing::window(940.0, 660.0);
    let asked = Asked::default();
    let noted = Rc::clone(&asked);
    let link = Link::canned(&window, move |request| match request {
        Request::Question(question) => {
            let reply = answer(&question);
            noted.borrow_mut().push(question);
            reply
        }
        _ => Reply::Done,
    });
    shell::attach(&window, &link);
    attach(&window, &link);
    (window, link, asked)
}

fn find(window: &MainWindow, role: AccessibleRole, label: &str) -> Option<ElementHandle> {
    let label = label.to_owned();
    ElementQuery::from_root(window)
        .match_descendants()
        .match_accessible_role(role)
        .match_predicate(move |element| element.accessible_label().is_some_and(|own| own.contains(&label)))
        .find_first()
}

fn press(window: &MainWindow, role: AccessibleRole, label: &str) {
    let element = find(window, role, label).unwrap_or_else(|| panic!("there is no {role:?} {label:?}"));
    element.invoke_accessible_default_action();
}

#[track_caller]
fn sees(window: &MainWindow, label: &str) {
    assert!(find(window, AccessibleRole::Text, label).is_some(), "{label:?} is not there");
}

fn listed(profile: &str, id: i64, outcome: RunOutcome) -> Listed {
    Listed {
        profile: profile.into(),
        id,
        started: "2026-11-21T08:00:00Z".parse().unwrap(),
        outcome,
        headline: "all in sync.".into(),
        local: Counts::default(),
        remote: Counts::default(),
        conflicts: 0,
        problems: 0,
    }
}

fn touched() -> Touched {
    Touched {
        side: Side::Local,
        operation: Operation::Update,
        summary: "Dentist".into(),
        item: "a.ics".into(),
        why: "changed on both sides; the version on the server is newer".into(),
        conflict: true,
    }
}

fn whole(profile: &str) -> Whole {
    let started = "2026-11-21T08:00:00Z".parse().unwrap();
    let report = Report { failure: None, ..Report::not_run(profile, started, String::new()) };
    let headline = "Synced.".into();
    Whole { id: 7, report, problems_in_all: 0, headline, touched: vec![touched()], touched_in_all: 1 }
}

fn row() -> Row {
    Row { what: "Place".into(), one: Some("Room 6".into()), other: Some("Room 7".into()), differs: true }
}

fn waiting() -> Waiting {
    Waiting {
        profile: "my work".into(),
        conflict: "1a2b3c4d".into(),
        summary: "Party".into(),
        message: "It was changed on both sides.".into(),
        since: "2026-11-21T08:00:00Z".parse().unwrap(),
    }
}

/// A daemon with two reports and a conflict that waits.
fn daemon(question: &Question) -> Reply {
    Reply::Answered(match question {
        Question::Reports(_) => Answered::Reports(Found {
            reports: vec![listed("my work", 7, RunOutcome::Ok), listed("home", 3, RunOutcome::Failed)],
            more: false,
            profiles: vec!["home".into(), "my work".into()],
            notes: vec!["What is remembered of “old” is damaged.".into()],
        }),
        Question::Report(one) => Answered::Report(Box::new(whole(&one.profile))),
        Question::ReportConflict(_) => Answered::ReportConflict(Compared {
            rows: vec![row()],
            had: Sides { local: true, remote: true },
            lost: Sides { local: Some(42), remote: None },
        }),
        Question::Conflicts => Answered::Conflicts(List { waiting: vec![waiting()], notes: Vec::new() }),
        Question::Conflict(_) => Answered::Conflict(View {
            waiting: waiting(),
            rows: vec![row()],
            has: Sides { local: true, remote: true },
            mark: "5eed".into(),
            newer: Side::Remote,
            merged: Some("place from the server".into()),
        }),
        Question::ReportText(_) => Answered::Text { text: "{\n  \"profile\": \"my work\"\n}".into() },
        _ => return Reply::Done,
    })
}

#[test]
fn a_report_is_found_by_its_filters_and_read() {
    let (window, link, asked) = window(daemon);
    shell::open(&window, &link, Page::Reports);
    assert_eq!(window.global::<ReportsPage>().get_trouble(), "What is remembered of “old” is damaged.");
    press(&window, AccessibleRole::Checkbox, "Only with problems");
    find(&window, AccessibleRole::TextInput, "From this day on").unwrap().set_accessible_value("2026-11-01");
    let wanted = |question: &Question| match question {
        Question::Reports(which) => Some(which.clone()),
        _ => None,
    };
    let last = asked.borrow().iter().filter_map(wanted).next_back().unwrap();
    assert!(last.with_findings);
    assert!(last.from.is_some() && last.until.is_none());
    find(&window, AccessibleRole::TextInput, "From this day on").unwrap().set_accessible_value("1.11.");
    assert!(!window.global::<ReportsPage>().get_wrong_day().is_empty());
    press(&window, AccessibleRole::ListItem, "my work  ·");
    sees(&window, "Dentist, changed: changed on both sides");
    assert!(asked.borrow().contains(&Question::Report(One { profile: "my work".into(), report: Some(7) })));
    press(&window, AccessibleRole::Button, "Raw form");
    assert!(window.global::<ReportsPage>().get_raw().contains("\"profile\""));
    press(&window, AccessibleRole::Button, "Back");
    press(&window, AccessibleRole::Button, "Back");
    assert!(find(&window, AccessibleRole::ListItem, "home").is_some());
}

#[test]
fn the_other_version_is_used() {
    let (window, link, asked) = window(daemon);
    open_last(&window, &link, "my work");
    assert_eq!(window.global::<Shell>().get_page(), Page::Reports);
    press(&window, AccessibleRole::Button, "Compare both versions of Dentist");
    let settled = Settled { profile: "my work".into(), report: 7, side: Side::Local, item: "a.ics".into() };
    assert!(asked.borrow().contains(&Question::ReportConflict(settled)));
    sees(&window, "Place, different: Room 6");
    press(&window, AccessibleRole::Button, "Use the version of this computer");
    let restored = pimbridge::daemon::protocol::history::Which { profile: "my work".into(), version: 42 };
    assert!(asked.borrow().contains(&Question::RestoreVersion(restored)));
    sees(&window, "This version is on both sides now");
    press(&window, AccessibleRole::Button, "Back");
    sees(&window, "Dentist");
}

#[test]
fn a_conflict_that_waits_is_decided() {
    let (window, link, asked) = window(daemon);
    shell::open(&window, &link, Page::Reports);
    press(&window, AccessibleRole::ListItem, "Party");
    sees(&window, "Place, different: Room 6");
    press(&window, AccessibleRole::Button, "Put both together");
    let which = Which { profile: "my work".into(), conflict: "1a2b3c4d".into() };
    assert!(asked.borrow().contains(&Question::Decide(Decide {
        which,
        decision: Decision::Merge,
        seen: "5eed".into()
    })));
    assert!(window.global::<Shell>().get_notice().contains("as you decided"));
    assert!(find(&window, AccessibleRole::ListItem, "my work").is_some());
}

#[test]
fn a_report_is_exported() {
    let (window, link, asked) = window(daemon);
    open_last(&window, &link, "my work");
    press(&window, AccessibleRole::Button, "Export");
    let file = find(&window, AccessibleRole::TextInput, "File").unwrap();
    assert!(file.accessible_value().unwrap().ends_with("pimbridge-my work-7.html"));
    file.set_accessible_value("/somewhere/report.html");
    press(&window, AccessibleRole::Button, "Write the file");
    let written = Written { profile: "my work".into(), report: 7, form: Form::Html };
    let export = Export { written, file: "/somewhere/report.html".into() };
    assert!(asked.borrow().contains(&Question::ExportReport(export)));
    sees(&window, "The report is in /somewhere/report.html");
}

#[test]
fn what_cannot_be_had_is_told_on_the_page() {
    let (window, link, _) = window(|_| Reply::Refused { why: "the memory is damaged".into() });
    shell::open(&window, &link, Page::Reports);
    sees(&window, "The memory is damaged.");
    open_last(&window, &link, "my work");
    sees(&window, "The memory is damaged.");
    assert!(!window.global::<ReportsPage>().get_busy());
}

#[test]
fn what_came_of_a_decision_is_heard_elsewhere_too() {
    let away = |question: &Question| match question {
        Question::Decide(_) => Reply::Refused { why: "the server cannot be reached".into() },
        other => daemon(other),
    };
    let (window, link, _) = window(away);
    shell::open(&window, &link, Page::Reports);
    let decide = |link: &Link| {
        press(&window, AccessibleRole::ListItem, "Party");
        link.hold_back();
        press(&window, AccessibleRole::Button, "Put both together");
        press(&window, AccessibleRole::Button, "Back");
        link.let_come(0);
    };
    decide(&link);
    let shell = window.global::<Shell>();
    assert_eq!(
        (shell.get_notice().as_str(), shell.get_notice_tone()),
        ("The server cannot be reached.", Tone::Trouble)
    );
    assert!(window.global::<ReportsPage>().get_at() == ReportsAt::List);
}

#[test]
fn a_version_that_is_used_is_told_of_elsewhere_too() {
    let (window, link, asked) = window(daemon);
    open_last(&window, &link, "my work");
    press(&window, AccessibleRole::Button, "Compare both versions of Dentist");
    link.hold_back();
    let page = window.global::<ReportsPage>();
    page.invoke_choose("42".into());
    page.invoke_choose("42".into());
    let used = |one: &&Question| matches!(one, Question::RestoreVersion(_));
    assert_eq!(asked.borrow().iter().filter(used).count(), 1, "it is being done");
    press(&window, AccessibleRole::Button, "Back");
    link.let_come(0);
    assert!(window.global::<Shell>().get_notice().starts_with("This version is on both sides now."));
    assert_eq!(page.get_done(), "");
}

#[test]
fn new_reports_come_while_one_is_read() {
    let (window, link, asked) = window(daemon);
    open_last(&window, &link, "my work");
    let before = asked.borrow().len();
    let report = Box::new(whole("home").report);
    let event = Event::RunFinished {
        run: RunId(1),
        profile: "home".into(),
        report_id: Some(4),
        report,
        foreseen: vec![],
    };
    heard(&window, &link, &event);
    assert!(asked.borrow().len() > before);
    sees(&window, "Dentist");
}

#[test]
fn an_older_list_does_not_replace_a_newer_one() {
    let asked = Cell::new(0);
    let (window, link, _) = window(move |question| {
        asked.set(asked.get() + 1);
        match (question, asked.get()) {
            (Question::Reports(_), 1) => Reply::Answered(Answered::Reports(Found {
                reports: vec![],
                profiles: vec![],
                more: false,
                notes: vec![],
            })),
            (Question::Conflicts, 2) => {
                Reply::Answered(Answered::Conflicts(List { waiting: vec![], notes: vec![] }))
            }
            _ => daemon(question),
        }
    });
    link.hold_back();
    opened(&window, &link);
    opened(&window, &link);
    link.let_come(2);
    link.let_come(2);
    let page = window.global::<ReportsPage>();
    let rows = || (page.get_reports().row_count(), page.get_waiting().row_count());
    let newer = rows();
    assert!(newer.0 > 0 && newer.1 > 0);
    link.let_come(0);
    link.let_come(0);
    assert_eq!(rows(), newer);
}

#[test]
fn a_file_that_is_there_is_not_proposed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pimbridge-work-3.txt"), "").unwrap();
    assert_eq!(
        proposed(folder.path().to_owned(), "work", 3, "txt"),
        folder.path().join("pimbridge-work-3-2.txt")
    );
    assert_eq!(
        proposed(folder.path().to_owned(), "work", 4, "txt"),
        folder.path().join("pimbridge-work-4.txt")
    );
}
