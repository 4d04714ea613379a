//! What the window asks the daemon about profiles, settings and .cdsp files: a real daemon, over its socket.

use std::fs;

use pimbridge::daemon::protocol::profiles::{Change, Changes, Foreseen, Listing, Shown, Tested};
use pimbridge::daemon::protocol::transfer::{Agreed, Export, Fate, Import, Said};
use pimbridge::daemon::protocol::{Answered, Question, Reply, Request};
use pimbridge::item::Kind;
use pimbridge::report::{Operation, RunOutcome};
use pimbridge::setup::check::{About, Found};
use pimbridge::setup::form::Form;
use pimbridge::sync::Side;

use crate::support::daemon::Daemon;
use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::{Home, files};

struct World {
    daemon: Daemon,
    server: Embedded,
    home: Home,
}

const PASSWORD: &str = "password_command = \"echo unused\"";
const BY_HAND: &str = "interval_minutes = 0\nsync_on_change = false";

impl World {
    /// A profile that is in sync, with three events.
    fn new() -> World {
        let server = Embedded::for_all(Kind::Events);
        let home = Home::default();
        home.profile_with("work", Kind::Events, &server.url, BY_HAND, PASSWORD);
        for name in ["a", "b", "c"] {
            server.put(&format!("{name}.ics"), event(name, &format!("event {name}"), 0));
        }
        let daemon = Daemon::start(&home);
        let world = World { daemon, server, home };
        assert_eq!(world.daemon.sync("work").report.local.created, 3);
        world
    }

    fn ask(&self, question: Question) -> Reply {
        self.daemon.ask(Request::Question(question))
    }

    #[track_caller]
    fn done(&self, question: Question) {
        assert_eq!(self.ask(question), Reply::Done);
    }

    #[track_caller]
    fn refused(&self, question: Question) -> String {
        match self.ask(question) {
            Reply::Refused { why } => why,
            other => panic!("{other:?}"),
        }
    }

    fn names(&self) -> Vec<String> {
        let Reply::Answered(Answered::Profiles(Listing { profiles })) = self.ask(Question::Profiles) else {
            panic!("no list")
        };
        profiles.into_iter().map(|profile| profile.name).collect()
    }

    fn shown(&self, profile: &str) -> Shown {
        match self.ask(Question::Profile { profile: profile.into() }) {
            Reply::Answered(Answered::Profile(shown)) => shown,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn foresee(&self, key: &str, value: &str) -> Foreseen {
        match self.ask(Question::Foresee(changes("work", key, Some(value)))) {
            Reply::Answered(Answered::Foreseen(foreseen)) => foreseen,
            other => panic!("{other:?}"),
        }
    }

    fn file(&self, profile: &str) -> String {
        fs::read_to_string(self.home.path().join(format!("profiles/{profile}.toml"))).unwrap()
    }
}

fn changes(profile: &str, key: &str, value: Option<&str>) -> Changes {
    let change = Change { key: key.into(), value: value.map(str::to_owned) };
    Changes { profile: profile.into(), changes: vec![change] }
}

fn value(form: &Form, key: &str) -> String {
    let mut fields = form.groups.iter().flat_map(|group| &group.fields);
    fields.find(|field| field.key == key).unwrap().value.clone()
}

#[test]
fn options_are_set_and_a_wrong_one_is_refused() {
    let world = World::new();
    world.done(Question::SetProfile(changes("work", "history_days", Some("30"))));
    assert_eq!(value(&world.shown("work").form, "history_days"), "30");
    world.done(Question::SetProfile(changes("work", "history_days", None)));
    assert_eq!(value(&world.shown("work").form, "history_days"), "90");
    let before = world.file("work");
    let why = world.refused(Question::SetProfile(changes("work", "history_days", Some("often"))));
    assert!(why.contains("must be a whole number"), "{why}");
    assert_eq!(world.file("work"), before);
    world.done(Question::SetProfile(changes("work", "active", Some("false"))));
    assert!(!world.daemon.status().profiles[0].active, "the daemon goes by it at once");
}

#[test]
fn a_look_ahead_at_a_changed_profile_leaves_no_trace() {
    let world = World::new();
    let before = world.file("work");
    fs::write(world.home.folder("work").join("new.ics"), event("new", "event new", 0)).unwrap();

    let copy = world.foresee("mode", "replicate-from-server");
    assert_eq!((copy.report.local.deleted, copy.report.remote.total()), (1, 0), "{copy:?}");
    assert_eq!((copy.items[0].side, copy.items[0].operation), (Side::Local, Operation::Delete));
    assert!(copy.items[0].summary.starts_with("event new"));
    let elsewhere = world.home.folder("elsewhere");
    let moved = world.foresee("local.path", elsewhere.to_str().unwrap());
    assert_eq!(moved.report.local.created, 3, "{moved:?}");
    assert_eq!(files(&elsewhere).len(), 0);
    let lost = world.foresee("remote.url", "http://127.0.0.1:1/nowhere/");
    assert_eq!(lost.report.outcome, RunOutcome::Failed);

    assert_eq!(world.file("work"), before);
    assert_eq!(fs::read_dir(world.home.path().join("state/foreseen")).unwrap().count(), 0);
    // What was in sync is still known: nothing is compared anew.
    let ran = world.daemon.sync("work").report;
    assert_eq!((ran.remote.created, ran.linked, ran.local.total()), (1, 0, 0), "{ran:?}");
}

#[test]
fn profiles_are_copied_arranged_tested_reset_and_removed() {
    let world = World::new();
    world.done(Question::CopyProfile { profile: "work".into(), new: "again".into() });
    let taken = world.refused(Question::CopyProfile { profile: "work".into(), new: "Again".into() });
    assert!(taken.contains("already"), "{taken}");
    let doubled = world.refused(Question::SetProfile(changes("again", "active", Some("true"))));
    assert!(doubled.contains("would double"), "{doubled}");

    let in_daemon = || -> Vec<String> {
        world.daemon.status().profiles.into_iter().map(|profile| profile.name).collect()
    };
    assert_eq!((world.names(), in_daemon()), (vec!["again".into(), "work".into()], world.names()));
    world.done(Question::ArrangeProfiles { profiles: vec!["work".into(), "again".into()] });
    assert_eq!((world.names(), in_daemon()), (vec!["work".into(), "again".into()], world.names()));
    let list = world.home.run(&["profile", "list"]).expect(0).stdout;
    assert!(list.find("work:") < list.find("again:"), "{list}");

    let Reply::Answered(Answered::Tested(Tested { findings })) =
        world.ask(Question::TestProfile { profile: "work".into() })
    else {
        panic!("not tested")
    };
    assert_eq!(
        findings.iter().map(|one| one.about).collect::<Vec<_>>(),
        [About::Profile, About::Folder, About::Server]
    );
    assert!(findings.iter().all(|one| matches!(one.found, Found::Fine(_))), "{findings:?}");

    world.done(Question::ResetProfile { profile: "work".into() });
    assert_eq!(world.daemon.sync("work").report.linked, 3, "both sides are compared anew");
    let Reply::Answered(Answered::Removed(removed)) =
        world.ask(Question::RemoveProfile { profile: "work".into() })
    else {
        panic!("not removed")
    };
    assert!(removed.history.is_some_and(|file| fs::exists(file).unwrap()));
    assert_eq!(files(&world.home.folder("work")).len(), 3, "the items stay");
    assert_eq!(world.names(), ["again"]);
    assert_eq!(world.server.server.items(world.server.path()).len(), 3);
}

#[test]
fn a_broken_profile_is_shown_and_mended() {
    let world = World::new();
    let text = world.file("work").replace("interval_minutes = 0", "interval_minutes = -5");
    world.home.profile_file("work", &text);
    let shown = world.shown("work");
    assert!(shown.broken.is_some_and(|why| why.contains("interval_minutes must be")));
    assert_eq!(value(&shown.form, "interval_minutes"), "-5");
    world.done(Question::SetProfile(changes("work", "interval_minutes", Some("5"))));
    assert_eq!(world.shown("work").broken, None);
}

#[test]
fn settings_are_shown_and_changed() {
    let world = World::new();
    let set = |key: &str, value: &str| {
        let change = Change { key: key.into(), value: Some(value.into()) };
        world.ask(Question::SetSettings { changes: vec![change] })
    };
    assert_eq!(set("report_days", "365"), Reply::Done);
    let Reply::Answered(Answered::Settings(form)) = world.ask(Question::Settings) else { panic!("none") };
    assert_eq!((value(&form, "report_days"), value(&form, "language")), ("365".into(), "session".into()));
    assert!(matches!(set("language", "fr"), Reply::Refused { why } if why.contains("use one of")));
}

#[test]
fn profiles_go_out_to_a_file_and_in_again() {
    let world = World::new();
    let file = world.home.path().join("out.cdsp").to_str().unwrap().to_owned();
    let export = Export { profiles: vec!["work".into()], file: file.clone() };
    let Reply::Answered(Answered::Exported(exported)) = world.ask(Question::Export(export.clone())) else {
        panic!("not exported")
    };
    assert_eq!((exported.number, exported.file), (1, file.clone()));
    assert!(world.refused(Question::Export(export)).contains("out.cdsp"), "it stays as it is");
    assert!(matches!(
        world.ask(Question::RemoveProfile { profile: "work".into() }),
        Reply::Answered(Answered::Removed(_))
    ));

    let folder = world.home.path().join("items/mine").to_str().unwrap().to_owned();
    let said = vec![Said { number: 0, folder: Some(folder.clone()), kind: None }];
    let import = Import { file, said, client_id: None };
    let Reply::Answered(Answered::ImportPlanned(planned)) = world.ask(Question::PlanImport(import.clone()))
    else {
        panic!("not planned")
    };
    assert!(
        matches!(&planned.profiles[0].fate, Fate::Added(place) if place.name == "work" && place.folder == folder),
        "{planned:?}"
    );
    assert!(world.names().is_empty(), "nothing is done by that");
    let unseen = Agreed { import: Import { said: Vec::new(), ..import.clone() }, seal: planned.seal.clone() };
    assert!(world.refused(Question::Import(unseen)).contains("what you have seen"));
    assert!(world.names().is_empty(), "nothing is done by that either");
    let agreed = Agreed { import, seal: planned.seal };
    let Reply::Answered(Answered::Imported(imported)) = world.ask(Question::Import(agreed)) else {
        panic!("not imported")
    };
    assert_eq!((imported.profiles, world.names()), (vec!["work".into()], vec!["work".into()]));
    let plan = |file: &str| {
        world.refused(Question::PlanImport(Import { file: file.to_owned(), ..Import::default() }))
    };
    assert!(plan("/no/such.cdsp").contains("/no/such.cdsp"));
    // Where the daemon works is no place for a person's files.
    assert!(plan("such.cdsp").contains("whole path"));
    let export = Export { profiles: vec!["work".into()], file: "such.cdsp".into() };
    assert!(world.refused(Question::Export(export)).contains("whole path"));
}
