//! What the window asks of the daemon when a person adds an account or signs in anew: over its socket, with a real keyring.

use std::fs;
use std::path::{Path, PathBuf};

use pimbridge::daemon::protocol::account::{
    Account, Add, Added, Chosen, Collection, Discovered, Means, Password, SignIn, Sync,
};
use pimbridge::daemon::protocol::{Answered, Event, How, Question, Reply, Request, State};
use pimbridge::item::Kind;
use pimbridge::profile::Secret;
use pimbridge::report::RunOutcome;

use crate::session::{Session, wait_for};
use crate::support::daemon::Daemon;
use crate::support::dns::{Dns, here, srv};
use crate::support::embedded::Embedded;
use crate::support::oauth::{CLIENT, CLIENT_SECRET, OAuth, SCOPES};
use crate::support::program::{Home, files};
use crate::support::servers::{PASSWORD, Server, Software, USER};
use crate::support::tls::{Front, Identity};
use crate::support::{http, item};

const DOMAIN: &str = "example.test";
const ITEMS: u32 = 3;

/// A server with a calendar of some events, an empty task list, and a calendar that may only be read.
fn server() -> Server {
    let server = Server::start(Software::Radicale);
    let url = server.create("work", Kind::Events);
    for number in 0..ITEMS {
        let uid = format!("e{number}");
        let text = item(Kind::Events, &uid, &format!("Event {number}"), number);
        http::put(&url, &format!("{uid}.ics"), Kind::Events.media_type(), &text);
    }
    server.create("todo", Kind::Tasks);
    let storage = server.storage("read-only");
    fs::create_dir_all(&storage).unwrap();
    let props = r##"{"tag": "VCALENDAR", "C:supported-calendar-component-set": "VEVENT", "D:displayname": "Holidays", "ICAL:calendar-color": "#FF8000FF"}"##;
    fs::write(storage.join(".Radicale.props"), props).unwrap();
    server
}

fn daemon(home: &Home, session: &Session, dns: &Dns) -> Daemon {
    Daemon::start_with(home, |command| {
        session.within(command).env("PIMBRIDGE_NAMESERVER", &dns.address).env("CLIENT_SECRET", CLIENT_SECRET);
    })
}

/// What a person enters.
fn typed(typed: &str, password: Option<&str>) -> Account {
    Account { typed: typed.to_owned(), password: password.map(Secret::new), ..Account::default() }
}

fn ask(daemon: &Daemon, question: Question) -> Result<Reply, String> {
    match daemon.ask(Request::Question(question)) {
        Reply::Refused { why } => Err(why),
        reply => Ok(reply),
    }
}

#[track_caller]
fn discover(daemon: &Daemon, account: &Account) -> Discovered {
    match ask(daemon, Question::Discover(account.clone())) {
        Ok(Reply::Answered(Answered::Discovered(found))) => found,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn add(daemon: &Daemon, account: &Account, chosen: Vec<Chosen>) -> Added {
    let add = Add { account: account.clone(), user: Some(USER.to_owned()), chosen };
    match ask(daemon, Question::AddAccount(add)) {
        Ok(Reply::Answered(Answered::Added(added))) => added,
        other => panic!("{other:?}"),
    }
}

/// As it is proposed, but in this folder.
fn chosen(found: &Collection, folder: &Path) -> Chosen {
    let Sync::Proposal { name, direction, .. } = &found.sync else { panic!("{found:?}") };
    Chosen {
        url: found.url.clone(),
        kind: found.kind,
        name: name.clone(),
        folder: folder.display().to_string(),
        direction: *direction,
    }
}

fn state(daemon: &Daemon, profile: &str) -> State {
    let status = daemon.status();
    let found = status.profiles.iter().find(|known| known.name == profile);
    found.unwrap_or_else(|| panic!("{profile}: {status:?}")).state.clone()
}

fn made(profiles: &[&str]) -> Added {
    Added::Made { profiles: profiles.iter().map(|name| (*name).to_owned()).collect() }
}

#[test]
fn an_account_is_added_looked_at_and_synced() {
    let Some(mut session) = Session::start() else { return };
    session.start_keyring();
    let server = server();
    let (home, dns) = (Home::default(), Dns::start(here(DOMAIN, server.port)));
    let daemon = daemon(&home, &session, &dns);
    let email = format!("{USER}@{DOMAIN}");

    let refused = ask(&daemon, Question::Discover(typed(&email, None))).unwrap_err();
    assert_eq!(refused, format!("enter the password of {email}"));
    let refused = ask(&daemon, Question::Discover(typed(&email, Some("wrong")))).unwrap_err();
    assert!(refused.contains("the user names alice@example.test and alice were tried"), "{refused}");

    let account = typed(&email, Some(PASSWORD));
    let found = discover(&daemon, &account);
    assert_eq!(found.user.as_deref(), Some(USER));
    let shown = |found: &Collection| {
        format!("{} {} {} {:?} {:?}", found.kind, found.name, found.read_only, found.color, found.sync)
    };
    let shown = found.collections.iter().map(shown).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown, @r##"
    events Holidays true Some("#FF8000") Proposal { name: "Holidays", folder: "~/Calendars/Holidays", direction: ReplicateFromServer }
    tasks todo false None Proposal { name: "todo", folder: "~/Calendars/todo", direction: TwoWay }
    events work false None Proposal { name: "work", folder: "~/Calendars/work", direction: TwoWay }
    "##);
    let by_name = |name: &str| found.collections.iter().find(|found| found.name == name).unwrap();

    let (folder, todo) = (home.path().join("items/work"), home.path().join("items/todo"));
    let wanted = vec![chosen(by_name("work"), &folder), chosen(by_name("todo"), &todo)];
    assert_eq!(add(&daemon, &account, wanted), made(&["work", "todo"]));
    assert_eq!(state(&daemon, "work"), State::PreviewNeeded);
    let ahead = daemon.run(Request::Preview { profile: "work".to_owned() });
    assert!(ahead.report.dry_run && ahead.report.failure.is_none(), "{ahead:?}");
    assert_eq!((ahead.report.local.created, ahead.foreseen.len()), (u64::from(ITEMS), ITEMS as usize));
    assert!(files(&folder).is_empty());

    // The person does not want the tasks after all.
    let back = ask(&daemon, Question::TakeBack { profiles: vec!["todo".to_owned()] });
    assert_eq!(back, Ok(Reply::Done));
    assert!(!todo.exists() && daemon.status().profiles.len() == 1);

    let how = How { seen: vec![ahead.run], ..How::default() };
    let done = daemon.run(Request::Sync { profiles: vec!["work".to_owned()], how });
    assert_eq!((done.report.outcome, files(&folder).len()), (RunOutcome::Ok, ITEMS as usize));
    let again = discover(&daemon, &account);
    let work = again.collections.iter().find(|found| found.name == "work").unwrap();
    assert_eq!(work.sync, Sync::Profile { profile: "work".to_owned() });
    let known = ask(&daemon, Question::HowItSignsIn { profile: "work".to_owned() });
    let how = SignIn {
        profile: "work".to_owned(),
        host: "localhost".to_owned(),
        user: Some(USER.to_owned()),
        means: Means::Password,
    };
    assert_eq!(known, Ok(Reply::Answered(Answered::SignsIn(how))));

    // Two calendars are never mixed in one folder.
    let refused = ask(
        &daemon,
        Question::AddAccount(Add {
            account: account.clone(),
            user: found.user.clone(),
            chosen: vec![chosen(by_name("Holidays"), &folder)],
        }),
    );
    assert!(refused.unwrap_err().contains("that of work already"));

    assert!(!daemon.output().contains(PASSWORD));
    assert_eq!(home.files_with(PASSWORD.as_bytes()), [] as [PathBuf; 0]);
}

#[test]
fn without_a_keyring_nothing_is_made_until_the_password_is_somewhere_else() {
    let Some(session) = Session::start() else { return };
    let server = server();
    let (home, dns) = (Home::default(), Dns::start(here(DOMAIN, server.port)));
    let daemon = daemon(&home, &session, &dns);
    let account = typed(&format!("{USER}@{DOMAIN}"), Some(PASSWORD));
    let found = discover(&daemon, &account);
    let wanted = || {
        vec![chosen(
            found.collections.iter().find(|found| found.name == "work").unwrap(),
            &home.path().join("items/work"),
        )]
    };
    let Added::NotKept { why } = add(&daemon, &account, wanted()) else { panic!("it was kept") };
    assert!(why.contains("has no keyring"), "{why}");
    assert!(daemon.status().profiles.is_empty());

    let file = home.path().join("password");
    let command = Some(format!("cat {}", file.display()));
    let account = Account { password: None, password_command: command, ..account };
    let too_early = Add { account: account.clone(), user: Some(USER.to_owned()), chosen: wanted() };
    let why = ask(&daemon, Question::AddAccount(too_early)).unwrap_err();
    assert!(why.contains("the password_command failed"), "{why}");
    assert!(daemon.status().profiles.is_empty());
    fs::write(&file, PASSWORD).unwrap();
    assert_eq!(discover(&daemon, &account).collections.len(), 3);
    assert_eq!(add(&daemon, &account, wanted()), made(&["work"]));
    let ahead = daemon.run(Request::Preview { profile: "work".to_owned() });
    assert_eq!((ahead.report.failure, ahead.report.local.created), (None, u64::from(ITEMS)));
}

#[test]
fn what_needs_the_persons_yes_is_asked_first() {
    let Some(session) = Session::start() else { return };
    let server = server();
    let home = Home::default();
    let strange = srv(&format!("_caldavs._tcp.{DOMAIN}"), 0, 0, 443, "dav.evil.example");
    let dns = Dns::start(vec![strange]);
    let daemon = daemon(&home, &session, &dns);
    let found = discover(&daemon, &typed(&format!("{USER}@{DOMAIN}"), Some(PASSWORD)));
    assert_eq!((found.collections.len(), found.strangers), (0, vec!["dav.evil.example".to_owned()]));

    let identity = Identity::self_signed("127.0.0.1");
    let front = Front::start(server.port, &identity);
    let mut account = typed(&front.url(""), Some(PASSWORD));
    account.user = Some(USER.to_owned());
    let found = discover(&daemon, &account);
    assert_eq!((found.collections.len(), found.certificate.clone()), (0, Some(identity.fingerprint())));
    account.certificate = found.certificate;
    assert_eq!(discover(&daemon, &account).collections.len(), 3);
}

#[test]
fn a_new_password_is_tried_at_once() {
    let Some(mut session) = Session::start() else { return };
    session.start_keyring();
    let server = server();
    let (home, dns) = (Home::default(), Dns::start(vec![]));
    let url = format!("http://127.0.0.1:{}/{USER}/work/", server.port);
    home.profile_with("work", Kind::Events, &url, "", "");
    let daemon = daemon(&home, &session, &dns);
    let mut follower = daemon.follow();
    let shows = |wanted: fn(&State) -> bool| {
        move |event: &Event| match event {
            Event::Status { status } => status.profiles.iter().any(|one| wanted(&one.state)).then_some(()),
            _ => None,
        }
    };
    follower.until(shows(|state| matches!(state, State::SignInNeeded { .. })));
    let password = |password: &str| {
        Question::Password(Password { profile: "work".to_owned(), password: Secret::new(password) })
    };
    assert!(ask(&daemon, password("")).unwrap_err().contains("empty"));
    assert_eq!(ask(&daemon, password(PASSWORD)), Ok(Reply::Done));
    // Nobody asks for a run.
    follower.until(shows(|state| *state == State::InSync));
    assert_eq!(files(&home.folder("work")).len(), ITEMS as usize);
}

#[test]
fn a_person_signs_in_in_the_browser_or_leaves_it() {
    let Some(mut session) = Session::start() else { return };
    session.start_keyring();
    let behind = Embedded::start(Kind::Events);
    behind.put("a.ics", item(Kind::Events, "a", "Dentist", 0));
    let server = OAuth::before(behind.port());
    let (home, dns) = (Home::default(), Dns::start(vec![]));
    let sign_in = format!(
        "sign_in = \"oauth\"\n[oauth]\nauthorization_url = \"{}\"\ntoken_url = \"{}\"\nscopes = \"{SCOPES}\"\n\
         client_id = \"{CLIENT}\"\nclient_secret_env = \"CLIENT_SECRET\"\n",
        server.url("authorize"),
        server.url("token"),
    );
    let url = server.url(&format!("{}/", behind.path()));
    home.profile_with("work", Kind::Events, &url, "interval_minutes = 0", &sign_in);
    let daemon = daemon(&home, &session, &dns);
    let question = || Question::SignIn { profile: "work".to_owned() };
    let visit = |act: &dyn Fn(&str)| {
        std::thread::scope(|scope| {
            let before = session.opened();
            let asked = {
                let home = pimbridge::home::Home::at(home.path());
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let client = pimbridge::daemon::control::Client::connect(&home).await.unwrap();
                        client.unwrap().ask(Request::Question(question())).await.unwrap()
                    })
                })
            };
            wait_for("the browser", || session.opened() != before);
            act(session.opened().unwrap().to_str().unwrap());
            asked.join().unwrap()
        })
    };
    let left = visit(&|_| assert_eq!(ask(&daemon, Question::LeaveSignIn), Ok(Reply::Done)));
    assert_eq!(left, Reply::Refused { why: "you did not sign in".to_owned() });
    let signed_in = visit(&|page| {
        let page = http::send("GET", page, &[], b"");
        assert!(page.text().contains("You can close this window"), "{}", page.text());
    });
    assert_eq!(signed_in, Reply::Done);
    let done = daemon.sync("work");
    assert_eq!((done.report.failure, files(&home.folder("work")).len()), (None, 1));
}
