//! What the page shows, and what it asks the daemon.

use std::cell::RefCell;
use std::rc::Rc;

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use pimbridge::daemon::protocol::history::{Deleted, NotRestored};
use pimbridge::item::compare::Row;
use pimbridge::state::VersionId;

use super::*;
use crate::testing;

const NOW: &str = "2026-11-26T13:00:00Z";

fn now() -> (Timestamp, TimeZone) {
    (NOW.parse().unwrap(), TimeZone::UTC)
}

fn version(id: i64, title: &str, loss: Loss) -> Version {
    Version {
        id: VersionId(id),
        at: "2026-11-26T12:20:00Z".parse().unwrap(),
        side: Side::Remote,
        item: format!("{id}.ics"),
        uid: Some(id.to_string()),
        summary: title.into(),
        loss,
    }
}

fn kept(id: i64, title: &str, loss: Loss) -> Kept {
    Kept { profile: "my work".into(), version: version(id, title, loss) }
}

fn view(id: i64) -> View {
    let row = |what: &str, one: &str, other: &str| Row {
        what: what.into(),
        one: Some(one.into()).filter(|text: &String| !text.is_empty()),
        other: Some(other.into()),
        differs: one != other,
    };
    View {
        profile: "my work".into(),
        cannot_restore: None,
        version: version(id, "Dentist", Loss::Overwritten),
        versions: vec![
            Reasoned {
                version: version(id, "Dentist", Loss::Overwritten),
                why: Some("changed on this computer".into()),
            },
            Reasoned { version: version(3, "Dentist", Loss::Overwritten), why: None },
        ],
        is_there: true,
        rows: vec![row("Title", "Dentist", "Dentist"), row("Place", "", "Room 3")],
        raw: "BEGIN:VCALENDAR".into(),
    }
}

/// The page of a daemon that answers like this, and what it was asked.
struct Shown {
    window: MainWindow,
    link: Link,
    asked: Rc<RefCell<Vec<Question>>>,
}

fn shown(answer: impl Fn(&Question) -> Reply + 'static) -> Shown {
    let window = testing::window(940.0, 660.0);
    let asked = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&asked);
    let link = Link::canned(&window, move |request| match request {
        Request::Question(question) => {
            let reply = answer(&question);
            noted.borrow_mut().push(question);
            reply
        }
        other => panic!("{other:?}"),
    });
    attach(&window, &link);
    shell::attach(&window, &link);
    shell::open(&window, &link, crate::Page::History);
    Shown { window, link, asked }
}

impl Shown {
    #[track_caller]
    fn by(&self, role: AccessibleRole, label: &str) -> ElementHandle {
        testing::get(&self.window, role, label)
    }

    #[track_caller]
    fn click(&self, role: AccessibleRole, label: &str) {
        self.by(role, label).invoke_accessible_default_action();
    }

    fn last(&self) -> Question {
        self.asked.borrow().last().unwrap().clone()
    }
}

fn answers(question: &Question) -> Reply {
    Reply::Answered(match question {
        Question::FindVersions(find) if find.text == "nothing" => Answered::Versions(Found {
            versions: Vec::new(),
            more: false,
            profiles: Vec::new(),
            notes: vec!["“old” is damaged.".into()],
        }),
        Question::FindVersions(_) => Answered::Versions(Found {
            versions: vec![kept(7, "Dentist", Loss::Overwritten), kept(8, "Lunch", Loss::Deleted)],
            more: true,
            profiles: vec!["my work".into(), "removed".into()],
            notes: Vec::new(),
        }),
        Question::Version(which) => Answered::Version(Box::new(view(which.version))),
        Question::Deletions { .. } => Answered::Deletions(Runs {
            notes: Vec::new(),
            runs: vec![Deletions {
                profile: "my work".into(),
                run: "2026-11-26T12:20:00.123Z".parse().unwrap(),
                items: 14,
            }],
        }),
        Question::Deleted(_) => {
            Answered::Deleted(Deleted { versions: vec![kept(8, "Lunch", Loss::Deleted)], in_all: 14 })
        }
        Question::RestoreVersion(_) => Answered::Restored(Restored { back: 1, there: 0, failed: Vec::new() }),
        Question::RestoreDeleted(_) => return Reply::Refused { why: "the server cannot be reached".into() },
        other => panic!("{other:?}"),
    })
}

#[test]
fn an_item_is_found_by_its_text() {
    let shown = shown(answers);
    let page = shown.window.global::<HistoryPage>();
    assert_eq!(page.get_versions().row_count(), 2);
    let field = shown.by(AccessibleRole::TextInput, "Look for items whose title has this in it");
    field.set_accessible_value("dent");
    let find = |text: &str, profile: Option<&str>, limit| {
        Question::FindVersions(Find { profile: profile.map(Into::into), text: text.into(), limit })
    };
    assert_eq!(shown.last(), find("dent", None, 200));
    shown.click(AccessibleRole::Button, "Show more versions");
    assert_eq!(shown.last(), find("dent", None, 202));
    let names: Vec<_> = page.get_profiles().iter().collect();
    assert_eq!(names, ["All profiles", "my work", "removed"]);
    page.set_profile(1);
    field.set_accessible_value("nothing");
    assert_eq!(shown.last(), find("nothing", Some("my work"), 200));
    assert_eq!((page.get_versions().row_count(), page.get_trouble().as_str()), (0, "“old” is damaged."));
}

#[test]
fn a_version_is_seen_beside_what_is_there_now_and_restored() {
    let shown = shown(answers);
    let row = "Dentist, Overwritten on the server";
    let list = ElementQuery::from_root(&shown.window)
        .match_descendants()
        .match_accessible_role(AccessibleRole::ListItem)
        .match_predicate(move |element| {
            element.accessible_label().is_some_and(|label| label.starts_with(row))
        })
        .find_first()
        .unwrap();
    list.invoke_accessible_default_action();
    assert_eq!(shown.last(), Question::Version(Which { profile: "my work".into(), version: 7 }));
    shown.by(AccessibleRole::Text, "Title, the same: Dentist");
    shown.by(AccessibleRole::Text, "Place, different: nothing now Room 3");
    shown.click(AccessibleRole::Button, "Restore Dentist");
    let restored = Question::RestoreVersion(Which { profile: "my work".into(), version: 7 });
    assert!(shown.asked.borrow().contains(&restored));
    assert_eq!(
        shown.last(),
        Question::Version(Which { profile: "my work".into(), version: 7 }),
        "it is looked at again"
    );
    assert_eq!(shown.window.global::<Shell>().get_notice(), "One item is back on both sides.");
    shown.click(AccessibleRole::Button, "Back");
    assert!(shown.window.global::<HistoryPage>().get_part() == HistoryPart::Search);
}

#[test]
fn what_a_sync_deleted_is_restored_together() {
    let shown = shown(answers);
    shown.click(AccessibleRole::Button, "Items that were deleted together in a sync");
    let page = shown.window.global::<HistoryPage>();
    let run = page.get_runs().row_data(0).unwrap();
    page.invoke_open_run(run.key, run.title.clone());
    let of = OfRun { profile: "my work".into(), run: "2026-11-26T12:20:00.123Z".parse().unwrap() };
    assert_eq!(shown.last(), Question::Deleted(of.clone()));
    let titles: Vec<_> = page.get_deleted().iter().map(|row| row.title).collect();
    assert_eq!(titles, ["Lunch", "… and 13 more"]);
    shown.click(AccessibleRole::Button, &format!("Restore all: {}", run.title));
    assert_eq!(shown.last(), Question::RestoreDeleted(of));
    assert_eq!(page.get_trouble(), "The server cannot be reached.");
    page.invoke_open_version(page.get_deleted().row_data(0).unwrap().key);
    shown.click(AccessibleRole::Button, "Back");
    assert!(page.get_part() == HistoryPart::Run, "back to where it was opened");
    shown.click(AccessibleRole::Button, "Back");
    shown.click(AccessibleRole::Button, "Back");
    assert!(page.get_part() == HistoryPart::Search);
}

#[test]
fn one_search_goes_on_at_a_time() {
    let shown = shown(answers);
    let page = shown.window.global::<HistoryPage>();
    let field = shown.by(AccessibleRole::TextInput, "Look for items whose title has this in it");
    shown.asked.borrow_mut().clear();
    shown.link.hold_back();
    for text in ["n", "no", "noth", "nothing"] {
        field.set_accessible_value(text);
    }
    let looked =
        |text: &str| Question::FindVersions(Find { profile: None, text: text.into(), limit: AT_ONCE });
    assert_eq!(*shown.asked.borrow(), [looked("n")]);
    shown.link.let_come(0);
    assert_eq!(*shown.asked.borrow(), [looked("n"), looked("nothing")]);
    assert_eq!(page.get_versions().row_count(), 2, "what was found for a text that is not there any more");
    shown.link.let_come(0);
    assert_eq!((page.get_versions().row_count(), page.get_searching()), (0, false));
    assert_eq!(shown.asked.borrow().len(), 2);
}

#[test]
fn what_one_run_deleted_is_not_shown_as_that_of_another() {
    let shown = shown(answers);
    let page = shown.window.global::<HistoryPage>();
    shown.click(AccessibleRole::Button, "Items that were deleted together in a sync");
    shown.link.hold_back();
    page.invoke_open_run("1000 home".into(), "of home".into());
    shown.click(AccessibleRole::Button, "Back");
    page.invoke_open_run("2000 work".into(), "of work".into());
    // The answer about the first one, and the list that was asked for in between.
    shown.link.let_come(0);
    shown.link.let_come(0);
    assert!(page.get_part() == HistoryPart::Run && page.get_busy());
    assert_eq!((page.get_run_title().as_str(), page.get_deleted().row_count()), ("of work", 0));
    shown.link.let_come(0);
    assert!(page.get_deleted().row_count() > 0);
}

#[test]
fn what_came_of_a_restore_is_heard_elsewhere_too() {
    let shown = shown(answers);
    let page = shown.window.global::<HistoryPage>();
    page.invoke_open_run("1000 home".into(), "of home".into());
    shown.link.hold_back();
    let asked =
        || shown.asked.borrow().iter().filter(|one| matches!(one, Question::RestoreDeleted(_))).count();
    page.invoke_restore_run("1000 home".into());
    page.invoke_restore_run("1000 home".into());
    assert_eq!(asked(), 1, "it is being done");
    shown.click(AccessibleRole::Button, "Back");
    shown.link.let_come(0);
    assert_eq!(shown.window.global::<Shell>().get_notice(), "The server cannot be reached.");
    assert_eq!(page.get_trouble(), "", "it is not about what is shown now");
}

#[test]
fn a_long_comparison_is_reached_with_the_keyboard() {
    let long = |question: &Question| match question {
        Question::Version(which) => {
            let row = |n| Row {
                what: format!("Thing {n}"),
                one: Some("a".into()),
                other: Some("b".into()),
                differs: true,
            };
            let rows = (0..200).map(row).collect();
            Reply::Answered(Answered::Version(Box::new(View {
                rows,
                versions: Vec::new(),
                ..view(which.version)
            })))
        }
        other => answers(other),
    };
    let shown = shown(long);
    shown.window.global::<HistoryPage>().invoke_open_version("7 my work".into());
    assert!(testing::moves_by_keys(&shown.window, AccessibleRole::Text, "Thing 0, different: a now b"));
}

#[test]
fn the_lists_in_words() {
    let line = line(&kept(7, "Dentist", Loss::Deleted), &now());
    assert_eq!(
        (line.key.as_str(), line.title.as_str(), line.word.as_str()),
        ("7 my work", "Dentist", "deleted")
    );
    assert_eq!(line.detail, "Deleted on the server, Thursday 12:20 · my work");
    assert_eq!(split(&line.key), Some(("my work".into(), 7)));
    let run = |items| Deletions { profile: "w".into(), run: "2026-11-26T12:20:00Z".parse().unwrap(), items };
    assert_eq!(run_line(&run(14), &now()).title, "Deleted in the sync of Thursday 12:20, 14 items");
    assert_eq!(run_line(&run(1), &now()).title, "Deleted in the sync of Thursday 12:20, one item");
}

#[test]
fn what_is_opened_says_how_it_is_now() {
    let now_words = |view: &View| whole(view, &now()).0.now;
    let mut view = view(7);
    let (version, others) = whole(&view, &now());
    assert_eq!(version.why, "Changed on this computer.");
    assert_eq!(version.now, "It differs from what both sides have now in one thing");
    assert_eq!((others[0].word.as_str(), others[1].word.as_str()), ("shown", ""));
    let row = compare::rows(&view.rows).row_data(1).unwrap();
    assert_eq!((row.one.as_str(), row.other.as_str(), row.differs), ("", "Room 3", true));
    view.rows.truncate(1);
    assert_eq!(now_words(&view), "Both sides have it just so now.");
    view.is_there = false;
    assert_eq!(now_words(&view), "The item is on neither side any more.");
    view.cannot_restore = Some("the profile work was removed".into());
    let shown = whole(&view, &now()).0;
    assert_eq!((shown.now.as_str(), shown.can_restore), ("The profile work was removed.", false));
}

#[test]
fn what_came_of_a_restore() {
    let failed = |why: &str| vec![NotRestored { summary: "Lunch".into(), why: why.into() }];
    let (tone, text) = outcome(&Restored { back: 12, there: 1, failed: failed("it was refused") });
    assert!(tone == Tone::Trouble);
    assert_eq!(
        text,
        "12 items are back on both sides.\nOne item is there anyway, and stays as it is.\nLunch: It was refused."
    );
    let (tone, text) = outcome(&Restored { back: 0, there: 0, failed: Vec::new() });
    assert!(tone == Tone::Calm);
    assert_eq!(text, "There was nothing to restore.");
}
