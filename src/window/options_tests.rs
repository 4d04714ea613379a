use std::cell::RefCell;
use std::rc::Rc;

use i_slint_backend_testing::AccessibleRole;
use pimbridge::daemon::protocol::profiles::{Change, Listed, Listing};
use pimbridge::setup::form::of_settings;

use super::*;
use crate::shell;
use crate::testing::{self, find, get};

type Asked = Rc<RefCell<Vec<Question>>>;

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
    shell::open(&window, &link, Page::Options);
    (window, link, asked)
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
            Answered::ImportPlanned(Planned { profiles, seal: "1".into(), stray: Vec::new() })
        }
        Question::Import(_) => {
            Answered::Imported(Imported { profiles: vec!["Work".into()], troubles: Vec::new() })
        }
        Question::Export(wanted) => {
            let file = "/home/jana/x.cdsp".into();
            Answered::Exported(Exported { number: wanted.profiles.len(), file, notes: Vec::new() })
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
    let (window, _, asked) = page();
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
    let (window, _, asked) = page();
    click(&window, "Import profiles …");
    get(&window, AccessibleRole::TextInput, "File (.cdsp)").set_accessible_value("/x.cdsp");
    all(&asked);
    click(&window, "Look into it");
    let file = || Import { file: "/x.cdsp".to_owned(), ..Import::default() };
    assert_eq!(all(&asked), [Question::PlanImport(file())]);
    let planned = window.global::<OptionsPage>().get_planned();
    assert_eq!(planned.row_data(1).unwrap().notes, "It is no calendar.\nnote");
    click(&window, "Import");
    assert_eq!(all(&asked)[0], Question::Import(Agreed { import: file(), seal: "1".into() }));
    assert!(window.global::<OptionsPage>().get_done().starts_with("One profile is imported."));
}

/// Opens the import of a file, and looks into it.
fn look_into(window: &MainWindow) {
    click(window, "Import profiles …");
    get(window, AccessibleRole::TextInput, "File (.cdsp)").set_accessible_value("/x.cdsp");
    click(window, "Look into it");
}

fn said(number: usize, folder: Option<&str>, kind: Option<Kind>) -> Said {
    Said { number, folder: folder.map(str::to_owned), kind }
}

#[test]
fn what_is_said_of_a_profile_is_looked_at_before_it_is_imported() {
    let two_of_one_name = |question: &Question| match question {
        Question::PlanImport(import) => {
            let folder = |number| {
                let said = import.said.iter().find(|said| said.number == number);
                said.and_then(|said| said.folder.clone()).unwrap_or_else(|| format!("/c/Work {number}"))
            };
            let place = |number| Place { name: "Work".into(), folder: folder(number), active: true };
            let planned = |number| PlannedProfile {
                label: "Work".into(),
                fate: Fate::Added(place(number)),
                notes: Vec::new(),
            };
            let (profiles, stray) = (vec![planned(0), planned(1)], Vec::new());
            let seal = format!("{:?}", import.said);
            Reply::Answered(Answered::ImportPlanned(Planned { profiles, seal, stray }))
        }
        other => answer(other),
    };
    let (window, link, asked) = page_of(two_of_one_name);
    look_into(&window);
    let page = window.global::<OptionsPage>();
    all(&asked);
    page.invoke_place(1, "/d".into());
    assert!(find(&window, AccessibleRole::Button, "Import").is_none());
    click(&window, "Look again");
    let import = Import { said: vec![said(1, Some("/d"), None)], ..wanted(&window) };
    assert_eq!(all(&asked), [Question::PlanImport(import.clone())]);
    let folders: Vec<_> = page.get_planned().iter().map(|row| row.folder).collect();
    assert_eq!(folders, ["/c/Work 0", "/d"]);
    click(&window, "Import");
    let agreed = Agreed { seal: format!("{:?}", import.said), import };
    assert_eq!(all(&asked)[0], Question::Import(agreed));

    // What was said after it was asked is not in what comes.
    look_into(&window);
    page.invoke_place(0, "/e".into());
    link.hold_back();
    click(&window, "Look again");
    page.invoke_place(0, "/f".into());
    link.let_come(0);
    assert_eq!(
        (page.get_planned().row_data(0).unwrap().folder.as_str(), page.get_seal().as_str()),
        ("/f", "")
    );
    // An emptied field is still there, and without a word it is the free folder again.
    page.invoke_place(1, "".into());
    page.invoke_place(0, " ".into());
    assert!(wanted(&window).said.is_empty());
    assert!(find(&window, AccessibleRole::TextInput, "Folder of Work").is_some());
}

#[test]
fn what_the_file_does_not_tell_can_be_said() {
    let lacks = |question: &Question| match question {
        Question::PlanImport(import) => {
            let place = || Place { name: "x".into(), folder: "/x".into(), active: true };
            let fate = |is_said, what| if is_said { Fate::Added(place()) } else { Fate::Lacks { what } };
            let planned = |label: &str, fate| PlannedProfile { label: label.into(), fate, notes: Vec::new() };
            let profiles = vec![
                planned("Notes", fate(!import.said.is_empty(), Lack::Kind)),
                planned("Google", fate(import.client_id.is_some(), Lack::ClientId)),
            ];
            let stray = Vec::new();
            Reply::Answered(Answered::ImportPlanned(Planned { profiles, seal: "1".into(), stray }))
        }
        other => answer(other),
    };
    let (window, _, asked) = page_of(lacks);
    look_into(&window);
    let page = window.global::<OptionsPage>();
    assert!(page.get_planned().row_data(0).unwrap().notes.starts_with("The file does not tell"));
    get(&window, AccessibleRole::Combobox, "What Notes synchronizes");
    page.invoke_kind(0, 1);
    get(&window, AccessibleRole::TextInput, "Client id").set_accessible_value("abc");
    all(&asked);
    click(&window, "Look again");
    let client_id = Some("abc".to_owned());
    let import = Import { file: "/x.cdsp".into(), said: vec![said(0, None, Some(Kind::Tasks))], client_id };
    assert_eq!(all(&asked), [Question::PlanImport(import.clone())]);
    // Both can still be changed.
    get(&window, AccessibleRole::Combobox, "What Notes synchronizes");
    get(&window, AccessibleRole::TextInput, "Client id");
    click(&window, "Import");
    assert_eq!(all(&asked)[0], Question::Import(Agreed { import, seal: "1".into() }));
    // Another file begins anew.
    look_into(&window);
    assert!(wanted(&window).said.is_empty() && wanted(&window).client_id.is_none());
}

#[test]
fn a_file_is_written_once_and_told_of_where_the_person_is() {
    let (window, link, asked) = page();
    click(&window, "Export profiles …");
    let page = window.global::<OptionsPage>();
    page.set_export_file("x.cdsp".into());
    all(&asked);
    link.hold_back();
    page.invoke_export();
    page.invoke_export();
    assert_eq!(all(&asked).len(), 1, "it is being written");
    click(&window, "Back");
    link.let_come(0);
    let notice = window.global::<Shell>().get_notice();
    assert_eq!(notice, "2 profiles are in the file /home/jana/x.cdsp, without passwords.");
}

#[test]
fn another_language_is_spoken_on_all_pages_at_once() {
    let window = testing::window(1000.0, 9000.0);
    let asked: Rc<RefCell<Vec<Request>>> = Rc::default();
    let seen = Rc::clone(&asked);
    let link = Link::canned(&window, move |request| {
        let reply = match &request {
            Request::Question(question) => answer(question),
            _ => Reply::Done,
        };
        seen.borrow_mut().push(request);
        reply
    });
    attach(&window, &link);
    shell::open(&window, &link, Page::Options);
    let (row, _) = window
        .global::<OptionsPage>()
        .get_rows()
        .iter()
        .enumerate()
        .find(|(_, row)| row.key == "language")
        .unwrap();
    window.global::<OptionsPage>().invoke_edited(i32::try_from(row).unwrap(), "en".into());
    asked.borrow_mut().clear();
    window.global::<OptionsPage>().invoke_save();
    for anew in
        [Request::Status, Request::Question(Question::Activity), Request::Question(Question::Profiles)]
    {
        assert!(asked.borrow().contains(&anew), "{anew:?}");
    }
}

#[test]
fn the_profiles_that_are_wanted_are_exported() {
    let (window, _, asked) = page();
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
