//! The page as a person uses it, with a daemon that says what a test wants.

use std::cell::RefCell;

use i_slint_backend_testing::{AccessibleRole, ElementHandle};
use jiff::Timestamp;
use pimbridge::daemon::protocol::account::{
    Account, Add, Added, Collection, Discovered, Means, Preset, Presets, SignIn, Sync,
};
use pimbridge::daemon::protocol::{RunId, Ticket};
use pimbridge::item::Kind;
use pimbridge::report::{Counts, Operation, Report, RunOutcome, Touched};
use pimbridge::sync::Side;
use pimbridge::sync::policy::Mode;
use slint::platform::{Key, WindowEvent};

use super::*;
use crate::{shell, testing};

struct Page {
    window: MainWindow,
    link: Link,
    asked: Rc<RefCell<Vec<Request>>>,
}

impl Page {
    fn open(answer: impl Fn(&Question) -> Reply + 'static) -> Page {
        Page::answering(move |request| match request {
            Request::Question(question) => Some(answer(question)),
            _ => None,
        })
    }

    /// What is not answered, goes well.
    fn answering(answer: impl Fn(&Request) -> Option<Reply> + 'static) -> Page {
        let window = testing::window(940.0, 660.0);
        let asked: Rc<RefCell<Vec<Request>>> = Rc::default();
        let noted = Rc::clone(&asked);
        let link = Link::canned(&window, move |request| {
            noted.borrow_mut().push(request.clone());
            if let Some(reply) = answer(&request).filter(|_| request != Request::Question(Question::Presets))
            {
                return reply;
            }
            match request {
                Request::Question(Question::Presets) => Reply::Answered(Answered::Presets(presets())),
                Request::Preview { profile } => {
                    Reply::Runs { runs: vec![Ticket { profile, run: RunId(1) }], refused: Vec::new() }
                }
                _ => Reply::Runs { runs: Vec::new(), refused: Vec::new() },
            }
        });
        attach(&window, &link);
        shell::attach(&window, &link);
        shell::open(&window, &link, crate::Page::Account);
        asked.borrow_mut().clear();
        Page { window, link, asked }
    }

    fn find(&self, role: AccessibleRole, label: &str) -> Option<ElementHandle> {
        testing::find(&self.window, role, label)
    }

    #[track_caller]
    fn get(&self, role: AccessibleRole, label: &str) -> ElementHandle {
        testing::get(&self.window, role, label)
    }

    #[track_caller]
    fn click(&self, label: &str) {
        self.get(AccessibleRole::Button, label).invoke_accessible_default_action();
    }

    #[track_caller]
    fn enter(&self, label: &str, text: &str) {
        self.get(AccessibleRole::TextInput, label).set_accessible_value(text);
    }

    fn press(&self, text: &str) {
        for letter in text.chars() {
            let text = slint::SharedString::from(letter);
            self.window.window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
            self.window.window().dispatch_event(WindowEvent::KeyReleased { text });
        }
    }

    fn last(&self) -> Request {
        self.asked.borrow().last().cloned().unwrap()
    }

    #[track_caller]
    fn last_account(&self) -> Account {
        match self.last() {
            Request::Question(Question::Discover(account)) => account,
            other => panic!("{other:?}"),
        }
    }

    /// Enters an account, and looks what it has.
    #[track_caller]
    fn search(&self, email: &str, password: &str) {
        self.enter("E-mail address", email);
        self.enter("Password", password);
        self.click("Find my calendars");
    }

    fn page(&self) -> AccountPage<'_> {
        self.window.global::<AccountPage>()
    }
}

fn presets() -> Presets {
    let preset = |name: &str, needs_host, in_browser| Preset {
        name: name.to_owned(),
        title: name.to_uppercase(),
        needs_host,
        in_browser,
        note: None,
    };
    Presets { presets: vec![preset("cloud", true, false), preset("browse", false, true)] }
}

fn collection(name: &str, kind: Kind, read_only: bool) -> Collection {
    let direction = if read_only { Mode::ReplicateFromServer } else { Mode::TwoWay };
    Collection {
        url: format!("https://dav.example.org/{name}/"),
        kind,
        name: name.to_owned(),
        color: Some("#FF8000".to_owned()),
        owner: None,
        shared: false,
        read_only,
        sync: Sync::Proposal { name: name.to_owned(), folder: format!("~/Calendars/{name}"), direction },
    }
}

fn nothing_found() -> Discovered {
    Discovered {
        user: None,
        collections: Vec::new(),
        strangers: Vec::new(),
        certificate: None,
        is_empty: false,
        tried: Vec::new(),
    }
}

fn two_found() -> Discovered {
    let mine = collection("Mine", Kind::Contacts, false);
    let synced = Collection { sync: Sync::Profile { profile: "old".to_owned() }, ..mine };
    let collections =
        vec![collection("Work", Kind::Events, false), collection("Holidays", Kind::Events, true), synced];
    Discovered { user: Some("jana".to_owned()), collections, ..nothing_found() }
}

fn discovered(found: Discovered) -> Reply {
    Reply::Answered(Answered::Discovered(found))
}

fn report(dry_run: bool) -> Report {
    let report = Report::not_run("Work", Timestamp::UNIX_EPOCH, String::new());
    let local = Counts { created: 2, ..Counts::default() };
    Report { outcome: RunOutcome::Ok, failure: None, dry_run, local, ..report }
}

fn two_made(question: &Question) -> Reply {
    match question {
        Question::AddAccount(_) => {
            let profiles = ["Work", "Home"].map(str::to_owned).to_vec();
            Reply::Answered(Answered::Added(Added::Made { profiles }))
        }
        other => all_goes_well(other),
    }
}

/// The look ahead at a profile is dropped.
fn not_foreseen(profile: &str) -> Event {
    Event::will_not_run(RunId(2), profile, true, "the password was refused")
}

fn finished(dry_run: bool) -> Event {
    let touched = Touched {
        side: Side::Local,
        operation: Operation::Create,
        summary: "Dentist, 1 May 2026".to_owned(),
        item: "a.ics".to_owned(),
        why: "new on the server".to_owned(),
        conflict: false,
    };
    Event::RunFinished {
        run: RunId(1),
        profile: "Work".to_owned(),
        report_id: None,
        report: Box::new(report(dry_run)),
        foreseen: if dry_run { vec![touched] } else { Vec::new() },
    }
}

fn all_goes_well(question: &Question) -> Reply {
    match question {
        Question::Discover(_) => discovered(two_found()),
        Question::AddAccount(_) => {
            Reply::Answered(Answered::Added(Added::Made { profiles: vec!["Work".to_owned()] }))
        }
        _ => Reply::Done,
    }
}

#[test]
fn from_the_first_letter_to_the_first_sync() {
    let page = Page::open(all_goes_well);
    // The first field has the focus, and Enter goes on.
    page.press("jana@example.org");
    page.press(&char::from(Key::Return).to_string());
    page.press("secret");
    assert!(page.asked.borrow().is_empty());
    page.press(&char::from(Key::Return).to_string());
    let account = page.last_account();
    assert_eq!(account.typed, "jana@example.org");
    assert_eq!(account.password.unwrap().expose(), "secret");

    let holidays = page.get(AccessibleRole::Checkbox, "Holidays: calendar");
    assert_eq!(holidays.accessible_checked(), Some(true));
    holidays.invoke_accessible_default_action();
    let old = page.get(AccessibleRole::Checkbox, "Mine: address book");
    assert_eq!((old.accessible_checked(), old.accessible_enabled()), (Some(false), Some(false)));
    assert!(page.find(AccessibleRole::TextInput, "Folder of Holidays (calendar)").is_none());
    page.enter("Folder of Work (calendar)", "~/my calendar");
    page.click("Go on");
    let asked = page.asked.borrow().clone();
    let [_, Request::Question(Question::AddAccount(add)), Request::Preview { profile }] = asked.as_slice()
    else {
        panic!("{asked:?}")
    };
    assert_eq!((add.user.as_deref(), profile.as_str()), (Some("jana"), "Work"));
    let [one] = add.chosen.as_slice() else { panic!("{add:?}") };
    assert_eq!(
        (one.name.as_str(), one.folder.as_str(), one.direction),
        ("Work", "~/my calendar", Mode::TwoWay)
    );
    assert!(page.page().get_password().is_empty());

    assert_eq!(page.get(AccessibleRole::Button, "Start syncing").accessible_enabled(), Some(false));
    heard(&page.window, &page.link, &finished(true));
    page.get(AccessibleRole::ListItem, "Work: 2 come to this computer");
    page.get(AccessibleRole::ListItem, "Dentist, 1 May 2026: comes to this computer");
    page.get(AccessibleRole::ListItem, "… and one more");
    page.click("Start syncing");
    let Request::Sync { profiles, how } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!((profiles, how.seen), (vec!["Work".to_owned()], vec![RunId(1)]));
    heard(&page.window, &page.link, &finished(false));
    assert_eq!(page.page().get_made().row_data(0).unwrap().word, "In sync");
    page.click("Show the status");
    assert!(page.window.global::<Shell>().get_page() == crate::Page::Status);
}

#[test]
fn what_is_not_wanted_after_all_is_taken_back() {
    let page = Page::open(all_goes_well);
    page.enter("E-mail address", "jana@example.org");
    page.enter("Password", "secret");
    page.click("Find my calendars");
    page.click("Go on");
    heard(&page.window, &page.link, &finished(true));
    page.click("Do not start");
    page.click("Remove it");
    assert_eq!(page.last(), Request::Question(Question::TakeBack { profiles: vec!["Work".to_owned()] }));
    assert_eq!(page.get(AccessibleRole::TextInput, "E-mail address").accessible_value().as_deref(), Some(""));
}

#[test]
fn only_what_was_looked_at_is_started() {
    let page = Page::open(two_made);
    page.search("jana@example.org", "secret");
    page.click("Go on");
    heard(&page.window, &page.link, &finished(true));
    heard(&page.window, &page.link, &not_foreseen("Home"));
    page.click("Start syncing");
    let Request::Sync { profiles, how } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!((profiles, how.seen), (vec!["Work".to_owned()], vec![RunId(1)]));
    let made = page.page().get_made();
    let made: Vec<String> = made.iter().map(|row| format!("{}: {}", row.profile, row.word)).collect();
    assert_eq!(made, ["Work: Synchronizing …", "Home: Waits until you have looked at what it would do"]);
}

#[test]
fn a_start_that_is_refused_is_told_of_each() {
    let page = Page::answering(|request| match request {
        Request::Question(question) => Some(two_made(question)),
        Request::Sync { .. } => Some(Reply::Refused { why: "it is ending".to_owned() }),
        _ => None,
    });
    page.search("jana@example.org", "secret");
    page.click("Go on");
    heard(&page.window, &page.link, &finished(true));
    heard(&page.window, &page.link, &not_foreseen("Home"));
    page.click("Start syncing");
    let row = page.page().get_made().row_data(0).unwrap();
    assert_eq!((row.word.as_str(), row.detail.as_str()), ("It could not be synchronized", "It is ending."));
    assert!(!row.busy);
}

#[test]
fn a_look_ahead_begins_anew_with_the_daemon_and_can_be_left() {
    let page = Page::open(all_goes_well);
    page.search("jana@example.org", "secret");
    page.click("Go on");
    let again =
        || page.asked.borrow().iter().filter(|asked| matches!(asked, Request::Preview { .. })).count();
    assert_eq!(again(), 1);
    // The daemon ends before it has looked.
    shell::connection(&page.window, &page.link, Err("it has ended".to_owned()));
    shell::connection(&page.window, &page.link, Ok(()));
    assert_eq!(again(), 2);
    assert_eq!(page.get(AccessibleRole::Button, "Start syncing").accessible_enabled(), Some(false));
    page.click("Do not start");
    page.click("Keep it for later");
    assert!(page.window.global::<Shell>().get_page() == crate::Page::Status);
    // What the daemon still tells of it is not for what comes next.
    heard(&page.window, &page.link, &finished(true));
    shell::connection(&page.window, &page.link, Ok(()));
    assert_eq!(again(), 2);
    let page = page.page();
    assert!(page.get_step() == AccountStep::SignIn && !page.get_can_start() && !page.get_looks());
}

#[test]
fn a_plan_is_looked_at_again_when_the_page_is_opened_again() {
    let page = Page::open(all_goes_well);
    page.search("jana@example.org", "secret");
    page.click("Go on");
    heard(&page.window, &page.link, &finished(true));
    shell::open(&page.window, &page.link, crate::Page::About);
    shell::open(&page.window, &page.link, crate::Page::Account);
    assert_eq!(page.last(), Request::Preview { profile: "Work".to_owned() });
    assert_eq!(page.get(AccessibleRole::Button, "Start syncing").accessible_enabled(), Some(false));
    let asked = page.asked.borrow().len();
    shell::open(&page.window, &page.link, crate::Page::Account);
    assert_eq!(page.asked.borrow().len(), asked, "it is being looked at");
}

#[test]
fn what_was_found_is_that_of_the_account_that_was_asked_about() {
    let page = Page::open(all_goes_well);
    page.link.hold_back();
    page.search("jana@example.org", "secret");
    for label in ["E-mail address", "Password"] {
        assert_eq!(page.get(AccessibleRole::TextInput, label).accessible_enabled(), Some(false), "{label}");
    }
    page.page().set_typed("ole@elsewhere.example".into());
    page.page().set_password("other".into());
    page.link.let_come(0);
    assert!(page.page().get_step() == AccountStep::SignIn && page.page().get_waits_for().is_empty());

    page.click("Find my calendars");
    page.link.let_come(0);
    page.page().set_typed("jana@example.org".into());
    page.page().set_password("secret".into());
    page.click("Go on");
    let Request::Question(Question::AddAccount(Add { account, .. })) = page.last() else {
        panic!("{:?}", page.last())
    };
    assert_eq!(
        (account.typed.as_str(), account.password.unwrap().expose()),
        ("ole@elsewhere.example", "other")
    );
}

#[test]
fn an_answer_for_what_was_begun_before_is_not_shown() {
    let page = Page::open(all_goes_well);
    page.link.hold_back();
    page.search("jana@example.org", "secret");
    page.page().invoke_again();
    page.search("jana@example.org", "secret");
    page.link.let_come(0);
    assert!(page.page().get_step() == AccountStep::SignIn && !page.page().get_waits_for().is_empty());
    page.link.let_come(0);
    assert!(page.page().get_step() == AccountStep::Found);
}

#[test]
fn a_first_sync_that_ended_unseen_is_not_waited_for() {
    let page = Page::open(all_goes_well);
    page.search("jana@example.org", "secret");
    page.click("Go on");
    heard(&page.window, &page.link, &finished(true));
    page.click("Start syncing");
    shell::connection(&page.window, &page.link, Ok(()));
    let row = || page.page().get_made().row_data(0).unwrap();
    assert_eq!((row().word.as_str(), row().busy), ("It was not seen how this ended", false));
    heard(&page.window, &page.link, &finished(false));
    assert_eq!(row().word, "In sync");
}

#[test]
fn a_yes_counts_for_the_account_that_it_was_said_of() {
    let page = Page::open(needs_both_yeses);
    page.search("jana@example.org", "wrong");
    page.click("Yes, dav.else.example may get it");
    page.click("It is right, go on");
    page.click("Back");
    page.search("jana@example.org", "secret");
    assert!(page.page().get_step() == AccountStep::Found, "{}", page.page().get_error());
    page.click("Back");
    page.search("jana@elsewhere.example", "secret");
    let account = page.last_account();
    assert_eq!((account.certificate, account.trusted_hosts), (None, Vec::new()));
    // Nor when the address is changed before the yes.
    page.enter("E-mail address", "jana@third.example");
    page.click("Yes, dav.else.example may get it");
    assert!(page.last_account().trusted_hosts.is_empty());
}

#[test]
fn what_was_entered_for_another_server_is_not_sent() {
    let page = Page::open(all_goes_well);
    page.page().set_way(1);
    page.enter("Address of the server, or of a calendar on it", "https://dav.example.org/");
    page.enter("User name", "jana");
    page.enter("Password", "secret");
    page.page().set_way(0);
    page.enter("E-mail address", "jana@elsewhere.example");
    page.get(AccessibleRole::Checkbox, "More options").invoke_accessible_default_action();
    page.enter("Command that prints the password", "pass show calendar");
    page.get(AccessibleRole::Checkbox, "More options").invoke_accessible_default_action();
    page.click("Find my calendars");
    let account = page.last_account();
    assert_eq!((account.user, account.password_command), (None, None));
}

#[test]
fn another_way_does_not_keep_the_password() {
    let page = Page::open(all_goes_well);
    page.enter("Password", "secret");
    // From the first field to the ways above it.
    page.press(&char::from(Key::Backtab).to_string());
    page.press(&char::from(Key::DownArrow).to_string());
    assert_eq!((page.page().get_way(), page.page().get_password().as_str()), (1, ""));
}

#[test]
fn a_password_on_a_page_that_is_left_is_forgotten() {
    let page = Page::open(all_goes_well);
    let minutes =
        |minutes: u64| i_slint_backend_testing::mock_elapsed_time(Duration::from_secs(60 * minutes));
    page.search("jana@example.org", "secret");
    shell::open(&page.window, &page.link, crate::Page::About);
    minutes(4);
    shell::open(&page.window, &page.link, crate::Page::Account);
    minutes(60);
    assert_eq!(page.page().get_password(), "secret", "the page is open");
    shell::open(&page.window, &page.link, crate::Page::About);
    minutes(6);
    assert_eq!(page.page().get_password(), "");
    shell::open(&page.window, &page.link, crate::Page::Account);
    assert!(page.page().get_step() == AccountStep::SignIn, "it is asked for anew");
}

/// A server that needs both a yes to a host and one to a certificate.
fn needs_both_yeses(question: &Question) -> Reply {
    match question {
        Question::Discover(account) if account.trusted_hosts.is_empty() => {
            discovered(Discovered { strangers: vec!["dav.else.example".to_owned()], ..nothing_found() })
        }
        Question::Discover(account) if account.certificate.is_none() => {
            discovered(Discovered { certificate: Some("sha256:AB".to_owned()), ..nothing_found() })
        }
        other => all_goes_well(other),
    }
}

#[test]
fn strangers_and_certificates_need_a_yes() {
    let page = Page::open(needs_both_yeses);
    page.search("jana@example.org", "secret");
    page.click("No, dav.else.example may not get it");
    assert!(page.page().get_error().contains("where your password may go"));
    page.click("Find my calendars");
    page.click("Yes, dav.else.example may get it");
    assert_eq!(page.last_account().trusted_hosts, ["dav.else.example"]);
    page.click("It is right, go on");
    assert_eq!(page.last_account().certificate.as_deref(), Some("sha256:AB"));
    assert!(page.page().get_step() == AccountStep::Found);
}

#[test]
fn what_is_missing_or_refused_is_told_on_the_page() {
    let page = Page::open(|question| match question {
        Question::Discover(account) if account.preset.is_none() => {
            Reply::Refused { why: "the password was refused".to_owned() }
        }
        Question::AddAccount(add) if add.account.password_command.is_none() => {
            Reply::Answered(Answered::Added(Added::NotKept { why: "there is no keyring".to_owned() }))
        }
        other => all_goes_well(other),
    });
    page.click("Find my calendars");
    assert_eq!(page.page().get_error(), "Enter your e-mail address or user name.");
    page.enter("E-mail address", "example.org");
    page.click("Find my calendars");
    assert!(page.page().get_error().starts_with("An e-mail address has an @ in it."));
    page.enter("E-mail address", "jana@example.org");
    page.enter("Password", "secret");
    page.click("Find my calendars");
    assert_eq!(page.page().get_error(), "The password was refused.");

    page.page().set_way(2);
    page.enter("User name or e-mail address", "jana");
    page.click("Find my calendars");
    assert!(page.page().get_error().contains("CLOUD runs on many servers"));
    page.enter("Host of your server", "cloud.example.org");
    page.click("Find my calendars");
    let account = page.last_account();
    assert_eq!(
        (account.preset.as_deref(), account.host.as_deref()),
        (Some("cloud"), Some("cloud.example.org"))
    );
    page.click("Go on");
    assert_eq!(page.page().get_not_kept(), "There is no keyring.");
    page.enter("Command that prints the password", "pass show calendar");
    page.click("Go on");
    let asked = page.asked.borrow().clone();
    let Some(Request::Question(Question::AddAccount(add))) = asked.iter().rev().nth(1) else {
        panic!("{asked:?}")
    };
    assert_eq!(add.account.password_command.as_deref(), Some("pass show calendar"));
    assert_eq!(add.account.password, None);
}

#[test]
fn a_service_that_signs_in_in_the_browser() {
    let page = Page::open(all_goes_well);
    page.page().set_way(3);
    page.enter("E-mail address", "jana@example.org");
    page.click("Find my calendars");
    assert_eq!(page.page().get_error(), "Enter the client id with which you sign in.");
    page.enter("Client id", "1234");
    page.click("Find my calendars");
    assert_eq!(page.last_account().client_id.as_deref(), Some("1234"));
    page.click("Go on");
    let asked = page.asked.borrow().clone();
    let [.., Request::Question(Question::SignIn { profile }), Request::Preview { .. }] = asked.as_slice()
    else {
        panic!("{asked:?}")
    };
    assert_eq!(profile, "Work");
}

/// A page on which a person enters the password of a profile.
fn asks_for_password() -> Page {
    let how = |means| SignIn {
        profile: "work".to_owned(),
        host: "dav.example.org".to_owned(),
        user: Some("jana".to_owned()),
        means,
    };
    let page = Page::answering(move |request| match request {
        Request::Question(Question::HowItSignsIn { profile }) => {
            let means = if profile == "elsewhere" { Means::Elsewhere } else { Means::Password };
            Some(Reply::Answered(Answered::SignsIn(how(means))))
        }
        Request::Question(Question::Password(new)) if new.password.expose() == "locked" => {
            Some(Reply::Refused { why: "the keyring is locked".to_owned() })
        }
        _ => None,
    });
    shell::open(&page.window, &page.link, crate::Page::Status);
    ask_password(&page.window, &page.link, "work");
    page
}

impl Page {
    fn keep_password(&self, password: &str) {
        self.enter("Password", password);
        self.click("Keep it and try again");
    }

    fn password_error(&self) -> String {
        self.window.global::<crate::PasswordCard>().get_error().into()
    }

    fn asks(&self) -> bool {
        self.find(AccessibleRole::TextInput, "Password").is_some()
    }

    /// A run of the profile ends.
    fn ends(&self, report: Report) {
        let event = Event::RunFinished {
            run: RunId(1),
            profile: "work".to_owned(),
            report_id: None,
            report: Box::new(report),
            foreseen: Vec::new(),
        };
        shell::heard(&self.window, &self.link, &event);
    }
}

#[test]
fn a_password_is_entered_anew() {
    let page = asks_for_password();
    ask_password(&page.window, &page.link, "elsewhere");
    assert!(!page.asks());
    page.click("Do not sign in");
    ask_password(&page.window, &page.link, "work");
    page.keep_password("locked");
    assert_eq!(page.password_error(), "The keyring is locked.");
    page.keep_password("wrong");
    let Request::Sync { profiles, .. } = page.last() else { panic!("{:?}", page.last()) };
    assert_eq!(profiles, ["work"]);
    assert!(page.asks() && page.window.global::<crate::PasswordCard>().get_waits_for() != "");
    page.ends(report(true));
    let why = Some("the server does not accept the password".to_owned());
    page.ends(Report { failure: why, ..report(false) });
    assert_eq!(page.password_error(), "The server does not accept the password.");
    assert_eq!(page.window.global::<crate::PasswordCard>().get_waits_for(), "");
    page.keep_password("right");
    assert!(page.asks() && page.password_error().is_empty());
    page.ends(report(false));
    assert!(!page.asks());
    assert_eq!(page.window.global::<crate::PasswordCard>().get_password(), "");
}

#[test]
fn a_password_is_not_tried_for_ever() {
    let page = asks_for_password();
    page.keep_password("right");
    shell::connection(&page.window, &page.link, Err("it has ended".to_owned()));
    assert!(!page.asks());

    let page = Page::answering(|request| match request {
        Request::Question(Question::HowItSignsIn { profile }) => {
            Some(Reply::Answered(Answered::SignsIn(SignIn {
                profile: profile.clone(),
                host: "dav.example.org".to_owned(),
                user: None,
                means: Means::Password,
            })))
        }
        Request::Sync { .. } => {
            let not = NotRun { profile: "work".to_owned(), why: "it was just removed".to_owned() };
            Some(Reply::Runs { runs: Vec::new(), refused: vec![not] })
        }
        _ => None,
    });
    ask_password(&page.window, &page.link, "work");
    page.keep_password("right");
    assert_eq!(page.password_error(), "It was just removed.");
}

#[test]
fn a_long_plan_is_reached_with_the_keyboard() {
    let page = Page::open(all_goes_well);
    let line = |n: u32| PlanLine { text: format!("Item {n}").into(), ..PlanLine::default() };
    let account = page.window.global::<AccountPage>();
    account.set_plan(model((0..500).map(line)));
    account.set_step(AccountStep::Plan);
    assert!(testing::moves_by_keys(&page.window, AccessibleRole::ListItem, "Item 0"));
}

#[test]
fn numbers_and_directions_in_words() {
    let head = |report: &Report| view::plan(report, &[]).remove(0);
    assert_eq!(head(&report(true)).detail, "2 come to this computer");
    let nothing = Report { local: Counts::default(), ..report(true) };
    assert_eq!(head(&nothing).detail, "There is nothing yet, on either side");
    let deletes = Report { remote: Counts { deleted: 1, ..Counts::default() }, ..nothing.clone() };
    assert_eq!(
        (head(&deletes).detail.as_str(), head(&deletes).tone),
        ("One is deleted on the server", Tone::Attention)
    );
    let failed = Report { failure: Some("the server is away".to_owned()), ..nothing };
    assert_eq!(head(&failed).tone, Tone::Trouble);

    let row = view::found_row(&collection("Holidays", Kind::Events, true));
    assert_eq!(
        (row.directions.row_count(), row.direction, row.detail.as_str()),
        (2, 0, "You may only read it.")
    );
    let row = view::found_row(&collection("Work", Kind::Tasks, false));
    assert_eq!((row.directions.row_count(), row.direction, row.holds.as_str()), (5, 0, "task list"));
    assert_eq!(row.color, slint::Color::from_rgb_u8(0xff, 0x80, 0));
}
