use std::cell::RefCell;
use std::rc::Rc;

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use jiff::Timestamp;
use pimbridge::daemon::protocol::profiles::{Change, Listing, Tested};
use pimbridge::item::Kind;
use pimbridge::setup::check::About;
use pimbridge::setup::form::of_profile;

use super::*;
use crate::testing::{self, find, get};

const TEXT: &str = "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"~/c\"\n[remote]\ntype = \"dav\"\n\
                    url = \"https://s.example/\"\n";

type Asked = Rc<RefCell<Vec<Question>>>;

/// The page with two profiles, and what it asks for.
fn page() -> (MainWindow, Link, Asked) {
    page_of(answer)
}

fn page_of(answer: impl Fn(&Question) -> Reply + 'static) -> (MainWindow, Link, Asked) {
    let window = testing::window(1000.0, 9000.0);
    let asked = Asked::default();
    let seen = Rc::clone(&asked);
    let link = Link::canned(&window, move |request| {
        let Request::Question(question) = request else { panic!("{request:?}") };
        let reply = answer(&question);
        seen.borrow_mut().push(question);
        reply
    });
    attach(&window, &link);
    shell::attach(&window, &link);
    window.show().unwrap();
    shell::open(&window, &link, Page::Profiles);
    (window, link, asked)
}

fn listed_as(name: &str, active: bool) -> Listed {
    Listed {
        name: name.into(),
        kind: Some("events".into()),
        folder: "/c".into(),
        url: "https://s.example/".into(),
        user: Some("jana".into()),
        active,
        preview_needed: false,
        broken: None,
    }
}

fn report() -> Report {
    let mut report = Report::not_run("work", Timestamp::UNIX_EPOCH, String::new());
    (report.failure, report.outcome) = (None, RunOutcome::Ok);
    report.local.deleted = 3;
    report
}

fn answer(question: &Question) -> Reply {
    Reply::Answered(match question {
        Question::Profiles => {
            Answered::Profiles(Listing { profiles: vec![listed_as("work", true), listed_as("home", false)] })
        }
        Question::Profile { profile } => Answered::Profile(Shown {
            name: profile.clone(),
            form: of_profile(Some(Kind::Events), TEXT),
            broken: None,
            file: "/p.toml".into(),
            history: Some("/h.sqlite".into()),
        }),
        Question::Foresee(_) => {
            let (side, operation) = (Side::Local, Operation::Delete);
            let (summary, item, why) = ("Dentist".into(), "d.ics".into(), "not on the server".into());
            let items = vec![Touched { side, operation, summary, item, why, conflict: false }];
            Answered::Foreseen(Foreseen { report: report(), items })
        }
        Question::TestProfile { .. } => Answered::Tested(Tested {
            findings: vec![Finding { about: About::Folder, found: Found::Wrong("/c does not exist".into()) }],
        }),
        Question::RemoveProfile { .. } => {
            Answered::Removed(Removed { history: Some("/h.sqlite".into()), secret: false })
        }
        Question::CopyProfile { new, .. } if new == "work" => {
            return Reply::Refused { why: "there is a profile \"work\" already".into() };
        }
        _ => return Reply::Done,
    })
}

#[track_caller]
fn click(window: &MainWindow, label: &str) {
    get(window, AccessibleRole::Button, label).invoke_accessible_default_action();
}

fn last(asked: &Asked) -> Question {
    asked.borrow().last().unwrap().clone()
}

fn all(asked: &Asked) -> Vec<Question> {
    asked.borrow_mut().drain(..).collect()
}

fn changes(profile: &str, key: &str, value: &str) -> Changes {
    let change = Change { key: key.into(), value: Some(value.into()) };
    Changes { profile: profile.into(), changes: vec![change] }
}

#[test]
fn the_profiles_and_the_options_of_one() {
    let (window, _, asked) = page();
    assert_eq!(all(&asked), [Question::Profiles, Question::Profile { profile: "work".into() }]);
    get(&window, AccessibleRole::ListItem, "home").invoke_accessible_default_action();
    assert_eq!(last(&asked), Question::Profile { profile: "home".into() });
    let folder = get(&window, AccessibleRole::TextInput, "Folder on this computer");
    assert_eq!(folder.accessible_value().as_deref(), Some("~/c"));
    assert!(find(&window, AccessibleRole::Switch, "Without HTTP/2").is_none(), "it is folded away");
    get(&window, AccessibleRole::Checkbox, "Advanced options").invoke_accessible_default_action();
    get(&window, AccessibleRole::Switch, "Without HTTP/2");
    click(&window, "Switch on");
    assert!(all(&asked).contains(&Question::SetProfile(changes("home", "active", "true"))));
}

#[test]
fn what_changes_nothing_of_items_is_saved_at_once() {
    let (window, _, asked) = page();
    get(&window, AccessibleRole::TextInput, "Minutes between two runs").set_accessible_value("5");
    asked.borrow_mut().clear();
    click(&window, "Save");
    assert_eq!(all(&asked)[0], Question::SetProfile(changes("work", "interval_minutes", "5")));
    assert!(!window.global::<ProfilesPage>().get_dirty());
}

#[test]
fn what_changes_what_happens_to_items_is_seen_before_it_is_saved() {
    let (window, _, asked) = page();
    get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value("30");
    asked.borrow_mut().clear();
    click(&window, "Save");
    let wanted = changes("work", "past_days", "30");
    assert_eq!(all(&asked), [Question::Foresee(wanted.clone())]);
    let page = window.global::<ProfilesPage>();
    assert_eq!(page.get_plan_numbers().iter().collect::<Vec<_>>(), ["On this computer: 3 deleted"]);
    assert_eq!(page.get_plan_items().row_data(0).unwrap().what, "Deleted here");
    click(&window, "Back");
    assert!(all(&asked).is_empty() && page.get_dirty(), "what was entered is still there");
    let days = get(&window, AccessibleRole::TextInput, "Days back");
    assert_eq!(days.accessible_value().as_deref(), Some("30"));
    click(&window, "Save");
    click(&window, "Save");
    assert_eq!(all(&asked)[1], Question::SetProfile(wanted));
}

#[test]
fn what_is_entered_is_not_lost_by_a_click_elsewhere() {
    let (window, link, asked) = page();
    get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value("30");
    get(&window, AccessibleRole::ListItem, "home").invoke_accessible_default_action();
    let page = window.global::<ProfilesPage>();
    assert_eq!(page.get_chosen(), "work");
    assert!(page.get_trouble().contains("Save or undo"));
    opened(&link);
    assert!(page.get_dirty());
    click(&window, "Undo");
    let days = get(&window, AccessibleRole::TextInput, "Days back");
    assert_eq!(days.accessible_value().as_deref(), Some(""));
    get(&window, AccessibleRole::ListItem, "home").invoke_accessible_default_action();
    assert_eq!(last(&asked), Question::Profile { profile: "home".into() });
}

#[test]
fn a_profile_that_cannot_be_read_is_not_shown_as_the_one_before() {
    let (window, _, _) = page_of(|question| match question {
        Question::Profile { profile } if profile == "home" => {
            Reply::Refused { why: "no profile can have this name".into() }
        }
        other => answer(other),
    });
    let page = window.global::<ProfilesPage>();
    let shown = || {
        [page.get_file(), page.get_history(), page.get_folder(), page.get_address()]
            .map(|text| text.is_empty())
    };
    assert_eq!((page.get_rows().row_count() > 0, shown()), (true, [false; 4]));
    page.set_broken("it is broken".into());
    page.invoke_choose("home".into());
    assert_eq!((page.get_rows().row_count(), shown(), page.get_broken().as_str()), (0, [true; 4], ""));
    assert_eq!(page.get_trouble(), "No profile can have this name.");
}

/// A look ahead deletes as many items as there are days.
fn as_many_as_days(question: &Question) -> Reply {
    let Question::Foresee(changes) = question else { return answer(question) };
    let mut report = report();
    report.local.deleted = changes.changes[0].value.as_deref().unwrap().parse().unwrap();
    Reply::Answered(Answered::Foreseen(Foreseen { report, items: Vec::new() }))
}

#[test]
fn the_plan_of_an_earlier_change_is_not_that_of_this_one() {
    let (window, link, asked) = page_of(as_many_as_days);
    let page = window.global::<ProfilesPage>();
    let enter = |days| get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value(days);
    link.hold_back();
    enter("30");
    click(&window, "Save");
    click(&window, "Back");
    enter("60");
    click(&window, "Save");
    link.let_come(0);
    assert!(page.get_busy() && page.get_plan_numbers().row_count() == 0);
    asked.borrow_mut().clear();
    page.invoke_save_planned();
    assert!(all(&asked).is_empty(), "nobody has seen yet what that would do");
    link.let_come(0);
    assert_eq!(page.get_plan_numbers().iter().collect::<Vec<_>>(), ["On this computer: 60 deleted"]);
    page.invoke_save_planned();
    assert_eq!(all(&asked), [Question::SetProfile(changes("work", "past_days", "60"))]);
}

#[test]
fn a_plan_that_fails_late_does_not_take_the_person_elsewhere() {
    let refuses = |question: &Question| match question {
        Question::Foresee(_) => Reply::Refused { why: "no memory".into() },
        other => answer(other),
    };
    let (window, link, _) = page_of(refuses);
    get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value("30");
    link.hold_back();
    click(&window, "Save");
    click(&window, "Back");
    click(&window, "Remove …");
    link.let_come(0);
    let page = window.global::<ProfilesPage>();
    assert!(page.get_part() == ProfilePart::Remove);
    assert_eq!(page.get_trouble(), "");
}

#[test]
fn what_came_of_something_is_heard_elsewhere_too() {
    let refuses = |question: &Question| match question {
        Question::ResetProfile { .. } => Reply::Refused { why: "it is being synchronized".into() },
        other => answer(other),
    };
    let (window, link, asked) = page_of(refuses);
    let page = window.global::<ProfilesPage>();
    asked.borrow_mut().clear();
    link.hold_back();
    page.invoke_reset();
    page.invoke_reset();
    assert_eq!(all(&asked).len(), 1, "it is being done");
    get(&window, AccessibleRole::ListItem, "home").invoke_accessible_default_action();
    link.let_come(0);
    assert_eq!(window.global::<crate::Shell>().get_notice(), "It is being synchronized.");
    assert_eq!(page.get_trouble(), "", "the profile that is shown now has no trouble");
}

#[test]
fn a_profile_is_switched_off_while_something_is_entered() {
    let active = std::cell::Cell::new(true);
    let (window, _, _) = page_of(move |question| match question {
        Question::SetProfile(_) => {
            active.set(false);
            Reply::Done
        }
        Question::Profiles => {
            let profiles = vec![listed_as("work", active.get())];
            Reply::Answered(Answered::Profiles(Listing { profiles }))
        }
        other => answer(other),
    });
    get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value("30");
    click(&window, "Switch off");
    get(&window, AccessibleRole::Button, "Switch on");
    assert!(window.global::<ProfilesPage>().get_dirty(), "what was entered is still there");
    let days = get(&window, AccessibleRole::TextInput, "Days back");
    assert_eq!(days.accessible_value().as_deref(), Some("30"));
}

#[test]
fn what_is_not_saved_is_not_lost_by_a_copy() {
    let (window, _, asked) = page();
    get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value("30");
    asked.borrow_mut().clear();
    click(&window, "Copy …");
    let page = window.global::<ProfilesPage>();
    assert!(page.get_part() == ProfilePart::Options && page.get_trouble().contains("Save or undo"));
    page.invoke_copy("twin".into());
    assert!(all(&asked).is_empty());
}

#[test]
fn what_stays_of_a_removed_profile_is_told_before_and_after() {
    let (window, _, _) = page();
    click(&window, "Remove …");
    for told in [
        "Its items stay as they are, in the folder ~/c and on the server at https://s.example/; they are only not synchronized any more.",
        "Its reports and its history stay in /h.sqlite.",
        "Its password is removed from the keyring, unless another profile needs it.",
    ] {
        get(&window, AccessibleRole::Text, told);
    }
    let removed = |secret| told_removed("work", &Removed { history: None, secret });
    assert_eq!(removed(false), "The profile work is removed. Its items stay as they are.");
    assert!(removed(true).ends_with("Its password or sign-in is removed from the keyring."));
}

#[test]
fn what_can_only_be_read_is_reached_with_the_keyboard() {
    let (window, _, _) = page_of(|question| match question {
        Question::Foresee(_) => {
            let item = |n: u32| Touched {
                side: Side::Local,
                operation: Operation::Delete,
                summary: format!("Item {n}"),
                item: n.to_string(),
                why: String::new(),
                conflict: false,
            };
            let items = (0..500).map(item).collect();
            Reply::Answered(Answered::Foreseen(Foreseen { report: report(), items }))
        }
        Question::TestProfile { .. } => {
            let found = |n: u32| Finding { about: About::Folder, found: Found::Fine(format!("{n}")) };
            Reply::Answered(Answered::Tested(Tested { findings: (0..500).map(found).collect() }))
        }
        other => answer(other),
    });
    get(&window, AccessibleRole::TextInput, "Days back").set_accessible_value("30");
    window.window().set_size(slint::LogicalSize::new(940.0, 660.0));
    click(&window, "Save");
    assert!(testing::moves_by_keys(&window, AccessibleRole::Text, "Item 0"));
    click(&window, "Back");
    click(&window, "Undo");
    window.global::<ProfilesPage>().invoke_test();
    assert!(testing::moves_by_keys(&window, AccessibleRole::Text, "In order: 0."));
}

#[test]
fn copying_moving_testing_and_removing() {
    let (window, _, asked) = page();
    let page = window.global::<ProfilesPage>();
    click(&window, "Copy …");
    get(&window, AccessibleRole::TextInput, "Name of the copy").set_accessible_value("work");
    click(&window, "Copy");
    assert!(page.get_trouble().contains("already"));
    asked.borrow_mut().clear();
    click(&window, "Move work up");
    assert!(all(&asked).is_empty(), "it is the first one");
    click(&window, "Move work down");
    let profiles = vec!["home".to_owned(), "work".to_owned()];
    assert_eq!(all(&asked)[0], Question::ArrangeProfiles { profiles });
    click(&window, "Test");
    assert_eq!(page.get_tested().row_data(0).unwrap().text, "Wrong: /c does not exist.");
    click(&window, "Back");
    click(&window, "Remove …");
    asked.borrow_mut().clear();
    click(&window, "Cancel");
    assert!(all(&asked).is_empty());
    click(&window, "Remove …");
    click(&window, "Remove");
    assert_eq!(all(&asked)[0], Question::RemoveProfile { profile: "work".into() });
    assert!(window.global::<crate::Shell>().get_notice().contains("/h.sqlite"));
}

#[test]
fn a_run_in_numbers() {
    assert_eq!(numbers(&report()), ["On this computer: 3 deleted"]);
    let nothing = Report { local: Counts::default(), ..report() };
    assert_eq!(numbers(&nothing), ["Nothing would be changed on either side."]);
    let failed = Report { failure: Some("no network".into()), outcome: RunOutcome::Failed, ..report() };
    assert_eq!(numbers(&failed), ["It cannot be seen now what would happen: No network."]);
}

#[test]
fn moving_a_profile() {
    let names = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    assert_eq!(moved(names(), "b", -1).unwrap(), ["b", "a", "c"]);
    assert_eq!(moved(names(), "b", 1).unwrap(), ["a", "c", "b"]);
    assert_eq!(moved(names(), "a", -1), None);
    assert_eq!(moved(names(), "c", 1), None);
    assert_eq!(moved(names(), "d", 1), None);
}

#[test]
fn the_last_option_can_be_scrolled_into_sight() {
    for (width, height) in [(940.0, 660.0), (640.0, 420.0)] {
        let (window, _, _) = page();
        slint::ComponentHandle::window(&window).set_size(slint::LogicalSize::new(width, height));
        window.global::<ProfilesPage>().set_advanced(true);
        let rows = window.global::<ProfilesPage>().get_rows();
        let title = rows.iter().last().unwrap().title;
        testing::scroll_to_end(&window, width - 100.0, height / 2.0);
        let last = ElementQuery::from_root(&window)
            .match_predicate(move |element| element.accessible_label().as_deref() == Some(&title))
            .find_all();
        let bottom = |element: &ElementHandle| element.absolute_position().y + element.size().height;
        let bottoms: Vec<f32> = last.iter().map(bottom).collect();
        assert!(!last.is_empty() && bottoms.iter().all(|bottom| *bottom < height), "{width}: {bottoms:?}");
        let right = |element: &ElementHandle| element.absolute_position().x + element.size().width;
        assert!(last.iter().all(|element| right(element) <= width), "{width}");
    }
}
