use std::cell::RefCell;
use std::rc::Rc;

use i_slint_backend_testing::AccessibleRole;
use pimbridge::daemon::protocol::profiles::{Change, Listed, Listing};
use pimbridge::daemon::protocol::transfer::Planned;
use pimbridge::setup::form::of_settings;

use super::*;
use crate::shell;
use crate::testing::{self, get};

type Asked = Rc<RefCell<Vec<Question>>>;

fn page() -> (MainWindow, Asked) {
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
    shell::open(&window, &link, Page::Options);
    (window, asked)
}

fn answer(question: &Question) -> Reply {
    let listed = |name: &str, broken: Option<&str>| Listed {
        name: name.into(),
        kind: None,
        folder: String::new(),
        url: String::new(),
        user: None,
        active: true,
        preview_needed: false,
        broken: broken.map(str::to_owned),
    };
    Reply::Answered(match question {
        Question::Settings => Answered::Settings(of_settings("appearance = \"dark\"")),
        Question::Profiles => {
            let profiles = vec![listed("work", None), listed("bad", Some("no")), listed("home", None)];
            Answered::Profiles(Listing { profiles })
        }
        Question::PlanImport(_) => {
            let place = Place { name: "Work".into(), folder: "/c/Work".into(), active: true };
            let planned =
                |label: &str, fate| PlannedProfile { label: label.into(), fate, notes: vec!["note".into()] };
            let skipped = Fate::Skipped { why: "it is no calendar".into() };
            let profiles = vec![planned("Work", Fate::Added(place)), planned("Old", skipped)];
            Answered::ImportPlanned(Planned { profiles, stray: Vec::new() })
        }
        Question::Import(_) => {
            Answered::Imported(Imported { profiles: vec!["Work".into()], troubles: Vec::new() })
        }
        Question::Export(wanted) => {
            Answered::Exported(Exported { number: wanted.profiles.len(), notes: Vec::new() })
        }
        _ => return Reply::Done,
    })
}

#[track_caller]
fn click(window: &MainWindow, label: &str) {
    get(window, AccessibleRole::Button, label).invoke_accessible_default_action();
}

fn all(asked: &Asked) -> Vec<Question> {
    asked.borrow_mut().drain(..).collect()
}

#[test]
fn settings_are_shown_and_saved() {
    let (window, asked) = page();
    assert_eq!(all(&asked), [Question::Settings]);
    assert_eq!(window.global::<Shell>().get_look(), ColorScheme::Dark);
    get(&window, AccessibleRole::Switch, "Icon in the panel").invoke_accessible_default_action();
    click(&window, "Save");
    let change = Change { key: "tray".into(), value: Some("false".into()) };
    assert_eq!(all(&asked), [Question::SetSettings { changes: vec![change] }, Question::Settings]);
    assert_eq!(window.global::<OptionsPage>().get_done(), "Saved.");
}

#[test]
fn a_file_is_looked_into_and_then_imported() {
    let (window, asked) = page();
    click(&window, "Import profiles …");
    get(&window, AccessibleRole::TextInput, "File (.cdsp)").set_accessible_value("/x.cdsp");
    all(&asked);
    click(&window, "Look into it");
    let file = || "/x.cdsp".to_owned();
    assert_eq!(all(&asked), [Question::PlanImport(Import { file: file(), folders: Vec::new() })]);
    get(&window, AccessibleRole::TextInput, "Folder of Work").set_accessible_value("/d");
    let planned = window.global::<OptionsPage>().get_planned();
    assert_eq!(planned.row_data(1).unwrap().notes, "It is no calendar.\nnote");
    click(&window, "Import");
    let folders = vec![("Work".to_owned(), "/d".to_owned())];
    assert_eq!(all(&asked)[0], Question::Import(Import { file: file(), folders }));
    assert!(window.global::<OptionsPage>().get_done().starts_with("One profile is imported."));
}

#[test]
fn the_profiles_that_are_wanted_are_exported() {
    let (window, asked) = page();
    click(&window, "Export profiles …");
    get(&window, AccessibleRole::TextInput, "File (.cdsp)").set_accessible_value("/x.cdsp");
    get(&window, AccessibleRole::Checkbox, "home").invoke_accessible_default_action();
    all(&asked);
    click(&window, "Export");
    let wanted = Export { profiles: vec!["work".into()], file: "/x.cdsp".into() };
    assert_eq!(all(&asked), [Question::Export(wanted)]);
    get(&window, AccessibleRole::Checkbox, "work").invoke_accessible_default_action();
    click(&window, "Export");
    assert!(all(&asked).is_empty(), "none is wanted");
    assert!(window.global::<OptionsPage>().get_trouble().contains("Choose"));
}
