//! What the window asks about reports and conflicts: a real daemon, and a real server.

use std::fs;

use pimbridge::daemon::protocol::conflicts::{Decide, List, Which as Conflict};
use pimbridge::daemon::protocol::reports::{Beginning, Export, One, Settled, Which, Written};
use pimbridge::daemon::protocol::{Answered, Event, Question, Reply, Request, State, history};
use pimbridge::item::Kind;
use pimbridge::report::Form;
use pimbridge::sync::conflict::Decision;
use pimbridge::sync::{Side, Sides};

use crate::daemon_runs::wait;
use crate::support::daemon::Daemon;
use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{event, http, title};

const BY_HAND: &str = "interval_minutes = 0\nsync_on_change = false";

struct World {
    home: Home,
    url: String,
    _server: Server,
}

impl World {
    /// One event on both sides.
    fn new(conflict: &str) -> World {
        let server = Server::start(Software::Radicale);
        let (home, url) = (Home::default(), server.create("reports", Kind::Events));
        home.profile("work", Kind::Events, &url, &format!("{BY_HAND}\nconflict = \"{conflict}\""));
        let world = World { home, url, _server: server };
        world.here("dentist", 0);
        world.home.sync("work", 0);
        world
    }

    fn here(&self, title: &str, minute: u32) {
        fs::write(self.home.folder("work").join("a.ics"), event("a", title, minute)).unwrap();
    }

    /// Both sides change the event: here its title, there to this version, which is newer.
    fn conflict(&self, here: &str, there: &[u8]) {
        self.here(here, 1);
        let name = http::items(&self.url).into_keys().next().unwrap();
        http::put(&self.url, &name, "text/calendar", there);
    }

    fn titles(&self) -> (Vec<String>, Vec<String>) {
        (
            files(&self.home.folder("work")).values().map(title).collect(),
            http::items(&self.url).values().map(title).collect(),
        )
    }
}

fn answered(daemon: &Daemon, question: Question) -> Answered {
    match daemon.ask(Request::Question(question)) {
        Reply::Answered(answered) => answered,
        other => panic!("{other:?}"),
    }
}

fn one(titles: &str) -> (Vec<String>, Vec<String>) {
    (vec![titles.to_owned()], vec![titles.to_owned()])
}

#[test]
fn a_report_is_found_read_and_exported_and_the_other_version_is_used() {
    let world = World::new("automatic");
    let daemon = Daemon::start(&world.home);
    world.conflict("dentist here", &event("a", "dentist there", 2));
    let run = daemon.sync("work");
    assert_eq!(run.report.conflicts, 1, "{run:#?}");
    assert_eq!(world.titles(), one("dentist there"));

    let reports = |which: Which| match answered(&daemon, Question::Reports(which)) {
        Answered::Reports(found) => found,
        other => panic!("{other:?}"),
    };
    let all = reports(Which { limit: 10, ..Which::default() });
    assert_eq!((all.reports.len(), all.more, all.profiles), (2, false, vec!["work".to_owned()]));
    assert!(reports(Which { limit: 1, ..Which::default() }).more);
    let findings = reports(Which { with_findings: true, limit: 10, ..Which::default() });
    assert_eq!(findings.reports.iter().map(|listed| listed.id).collect::<Vec<_>>(), [run.report_id.unwrap()]);
    let (from, until) = (Some(run.report.started), Some(run.report.started));
    assert_eq!(reports(Which { from, limit: 10, ..Which::default() }).reports.len(), 1);
    assert_eq!(reports(Which { until, limit: 10, ..Which::default() }).reports.len(), 1);

    // It can be read as long as its state is there.
    let profile = world.home.path().join("profiles/work.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::remove_file(&profile).unwrap();
    let whole = match answered(&daemon, Question::Report(One { profile: "work".into(), report: None })) {
        Answered::Report(whole) => whole,
        other => panic!("{other:?}"),
    };
    fs::write(&profile, text).unwrap();
    assert_eq!((Some(whole.id), whole.touched_in_all, whole.touched.len()), (run.report_id, 1, 1));
    assert!(whole.touched[0].conflict, "{whole:#?}");

    let settled = Settled {
        profile: "work".into(),
        report: whole.id,
        side: whole.touched[0].side,
        item: whole.touched[0].item.clone(),
    };
    let compare = || match answered(&daemon, Question::ReportConflict(settled.clone())) {
        Answered::ReportConflict(compared) => compared,
        other => panic!("{other:?}"),
    };
    let compared = compare();
    let differing: Vec<_> = compared.rows.iter().filter(|row| row.differs).collect();
    assert_eq!(differing.len(), 1, "{compared:#?}");
    assert_eq!(differing[0].one.as_deref(), Some("dentist here"));
    assert_eq!(differing[0].other.as_deref(), Some("dentist there"));
    assert_eq!(compared.had, Sides { local: true, remote: true });
    assert_eq!(compared.lost.remote, None);

    let version = compared.lost.local.unwrap();
    answered(&daemon, Question::RestoreVersion(history::Which { profile: "work".into(), version }));
    assert_eq!(world.titles(), one("dentist here"));
    // What was there then is still what it is compared with.
    assert_eq!(compare().rows, compared.rows);

    let written = |form| Written { profile: "work".into(), report: whole.id, form };
    let file = world.home.path().join("report.html");
    let export = Question::ExportReport(Export { written: written(Form::Html), file: file.clone() });
    assert_eq!(daemon.ask(Request::Question(export.clone())), Reply::Done);
    assert!(fs::read_to_string(&file).unwrap().contains("<html"));
    let Reply::Refused { why } = daemon.ask(Request::Question(export)) else { panic!("overwritten") };
    assert!(why.contains("already"), "{why}");
    let beginning = Beginning { written: written(Form::Json), limit: 1_000 };
    match answered(&daemon, Question::ReportText(beginning)) {
        Answered::Text { text } => assert!(text.contains("\n  \"profile\": \"work\""), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_put_together_is_compared_as_both_sides_had_it() {
    let world = World::new("merge");
    let daemon = Daemon::start(&world.home);
    let there = String::from_utf8(event("a", "dentist", 2).to_vec()).unwrap();
    world.conflict("dentist here", there.replace("X-UNKNOWN", "LOCATION:Room 7\r\nX-UNKNOWN").as_bytes());
    let run = daemon.sync("work");
    assert_eq!(run.report.conflicts, 1, "{run:#?}");
    let Answered::Report(whole) =
        answered(&daemon, Question::Report(One { profile: "work".into(), report: None }))
    else {
        panic!("no report");
    };
    let touched = whole.touched.iter().find(|touched| touched.conflict).unwrap();
    let settled =
        Settled { profile: "work".into(), report: whole.id, side: touched.side, item: touched.item.clone() };
    let Answered::ReportConflict(compared) = answered(&daemon, Question::ReportConflict(settled)) else {
        panic!("not compared");
    };
    assert!(compared.lost.local.is_some() && compared.lost.remote.is_some(), "{compared:#?}");
    let differing = compared.rows.iter().filter(|row| row.differs);
    let differing: Vec<_> = differing.map(|row| (row.one.as_deref(), row.other.as_deref())).collect();
    assert_eq!(differing, [(Some("dentist here"), Some("dentist")), (None, Some("Room 7"))]);
}

#[test]
fn a_conflict_waits_until_it_is_decided() {
    let world = World::new("ask");
    let daemon = Daemon::start(&world.home);
    world.conflict("dentist here", &event("a", "dentist there", 2));
    daemon.sync("work");
    let waiting = || match answered(&daemon, Question::Conflicts) {
        Answered::Conflicts(List { waiting, .. }) => waiting,
        other => panic!("{other:?}"),
    };
    let state = || daemon.status().profiles.remove(0).state;
    assert!(matches!(state(), State::Warning { .. }), "{:?}", state());
    let [conflict] = waiting().try_into().unwrap();
    let which = Conflict { profile: "work".into(), conflict: conflict.conflict };
    let Answered::Conflict(view) = answered(&daemon, Question::Conflict(which.clone())) else {
        panic!("not shown");
    };
    assert_eq!((view.has, view.newer), (Sides { local: true, remote: true }, Side::Remote));
    assert!(view.merged.is_some());
    assert_eq!(view.rows.iter().filter(|row| row.differs).count(), 1, "{view:#?}");
    let mut follower = daemon.follow();
    let decide = |seen: String| {
        let decision = Decision::Take(Side::Local);
        Request::Question(Question::Decide(Decide { which: which.clone(), decision, seen }))
    };
    let Reply::Refused { why } = daemon.ask(decide("0123".into())) else {
        panic!("it was about other versions");
    };
    assert!(why.contains("has changed since you looked"), "{why}");
    assert_eq!(daemon.ask(decide(view.mark)), Reply::Done);
    assert_eq!(world.titles(), one("dentist here"));
    assert_eq!(waiting(), []);
    follower.until(|event| matches!(event, Event::RunFinished { .. }).then_some(()));
    wait("the profile is in sync", || state() == State::InSync);
    let Reply::Refused { why } = daemon.ask(Request::Question(Question::Conflict(which))) else {
        panic!("it still waits");
    };
    assert!(why.contains("no conflict"), "{why}");
}
