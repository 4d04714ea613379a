//! What the window asks the real daemon about the history and about held runs, against a real server.

use std::fs;

use pimbridge::daemon::protocol::activity::{Activity, Waiting};
use pimbridge::daemon::protocol::history::{Find, Found, OfRun, Restored, Runs, View, Which};
use pimbridge::daemon::protocol::{Answer, Answered, Question, Reply, Request, State};
use pimbridge::item::Kind;
use pimbridge::report::{Held, RunOutcome};
use pimbridge::sync::Side;

use crate::support::daemon::Daemon;
use crate::support::program::{Home, files};
use crate::support::servers::{Server, Software};
use crate::support::{event, http};

const BY_HAND: &str = "interval_minutes = 0\nsync_on_change = false";

struct World {
    home: Home,
    url: String,
    daemon: Daemon,
    _server: Server,
}

impl World {
    /// Twelve events are in sync.
    fn new() -> World {
        let server = Server::start(Software::Radicale);
        let url = server.create("work", Kind::Events);
        let home = Home::default();
        home.profile("work", Kind::Events, &url, BY_HAND);
        for n in 0..12 {
            let bytes = event(&format!("n{n}"), &format!("event {n}"), 0);
            fs::write(home.folder("work").join(format!("n{n}.ics")), bytes).unwrap();
        }
        let daemon = Daemon::start(&home);
        let world = World { home, url, daemon, _server: server };
        assert_eq!(world.daemon.sync("work").report.remote.created, 12);
        world
    }

    fn remove_here(&self, numbers: std::ops::Range<usize>) {
        for n in numbers {
            fs::remove_file(self.home.folder("work").join(format!("n{n}.ics"))).unwrap();
        }
    }

    fn count(&self) -> (usize, usize) {
        (files(&self.home.folder("work")).len(), http::names(&self.url).len())
    }

    fn ask(&self, question: Question) -> Result<Answered, String> {
        match self.daemon.ask(Request::Question(question)) {
            Reply::Answered(answered) => Ok(answered),
            Reply::Refused { why } => Err(why),
            other => panic!("{other:?}"),
        }
    }

    fn find(&self, text: &str, profile: Option<&str>) -> Found {
        let find = Find { profile: profile.map(Into::into), text: text.into(), limit: 100 };
        match self.ask(Question::FindVersions(find)) {
            Ok(Answered::Versions(found)) => found,
            other => panic!("{other:?}"),
        }
    }

    fn view(&self, version: i64) -> View {
        match self.ask(Question::Version(Which { profile: "work".into(), version })) {
            Ok(Answered::Version(view)) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn restore(&self, question: Question) -> Restored {
        match self.ask(question) {
            Ok(Answered::Restored(restored)) => restored,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn held_deletions_are_told_one_by_one_answered_and_restored_together() {
    let world = World::new();
    world.remove_here(0..11);
    let held = world.daemon.sync("work").report;
    assert_eq!(held.outcome, RunOutcome::Held);
    let waiting = |held| Question::HeldItems(Waiting { profile: "work".into(), held });
    let Ok(Answered::HeldItems { items }) = world.ask(waiting(held.held)) else { panic!() };
    assert_eq!(items.len(), 11);
    assert!(items.iter().all(|item| item.side == Side::Remote), "{items:?}");
    assert_eq!(items[0].summary, "event 0, 1 May 2026");
    let other = world.ask(waiting(Held { remote: 10, ..held.held })).unwrap_err();
    assert!(other.contains("has changed meanwhile"), "{other}");

    let answer = Request::Answer { profile: "work".into(), shown: held.held, answer: Answer::Delete };
    assert_eq!(world.daemon.run(answer).report.remote.deleted, 11);
    assert_eq!(world.count(), (1, 1));

    let Ok(Answered::Deletions(Runs { runs, .. })) = world.ask(Question::Deletions { limit: 10 }) else {
        panic!()
    };
    assert_eq!((runs.len(), runs[0].items), (1, 11));
    let of = OfRun { profile: "work".into(), run: runs[0].run };
    let Ok(Answered::Deleted(deleted)) = world.ask(Question::Deleted(of.clone())) else { panic!() };
    assert_eq!((deleted.versions.len(), deleted.in_all), (11, 11));
    // One of them comes back by itself before.
    let which = Which { profile: "work".into(), version: deleted.versions[3].version.id.0 };
    assert_eq!(world.restore(Question::RestoreVersion(which)).back, 1);
    let restored = world.restore(Question::RestoreDeleted(of));
    assert_eq!(restored, Restored { back: 10, there: 1, failed: Vec::new() });
    assert_eq!(world.count(), (12, 12));
    assert!(world.daemon.sync("work").report.did_nothing());
    assert_eq!(world.daemon.status().profiles[0].state, State::InSync);

    let Ok(Answered::Activity(Activity { profiles, days })) = world.ask(Question::Activity) else { panic!() };
    assert_eq!((profiles[0].items.local, profiles[0].items.remote), (12, 12));
    let today = days.last().unwrap().changes;
    assert_eq!((days.len(), today.created, today.deleted), (30, 12, 11));
}

#[test]
fn a_version_is_found_compared_and_restored() {
    let world = World::new();
    let file = world.home.folder("work").join("n5.ics");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, before.replace("event 5", "Moved to Friday")).unwrap();
    world.daemon.sync("work");
    assert!(world.find("friday", None).versions.is_empty(), "it is as it is now");
    let found = world.find("EVENT 5", Some("work")).versions;
    assert_eq!((found.len(), found[0].version.side), (1, Side::Remote));

    let view = world.view(found[0].version.id.0);
    assert!(view.cannot_restore.is_none() && view.is_there);
    assert_eq!(view.versions[0].why.as_deref(), Some("changed on this computer"));
    let differ: Vec<_> = view.rows.iter().filter(|row| row.differs).collect();
    assert_eq!(differ.len(), 1, "{differ:#?}");
    assert_eq!(
        (differ[0].one.as_deref(), differ[0].other.as_deref()),
        (Some("event 5"), Some("Moved to Friday"))
    );
    let which = Which { profile: "work".into(), version: found[0].version.id.0 };
    assert_eq!(world.restore(Question::RestoreVersion(which)).back, 1);
    assert!(fs::read_to_string(&file).unwrap().contains("event 5"));
    let view = world.view(found[0].version.id.0);
    assert!(view.rows.iter().all(|row| !row.differs), "{:#?}", view.rows);

    // Of a profile that was removed everything can be seen, and nothing be restored.
    fs::remove_file(world.home.path().join("profiles/work.toml")).unwrap();
    assert!(!world.find("event 5", None).versions.is_empty());
    let view = world.view(found[0].version.id.0);
    assert!(view.cannot_restore.is_some_and(|why| why.contains("was removed")) && !view.rows.is_empty());
    let which = Which { profile: "work".into(), version: found[0].version.id.0 };
    let why = world.ask(Question::RestoreVersion(which)).unwrap_err();
    assert!(why.contains("add it again with the same name"), "{why}");
    let gone = world.ask(Question::Version(Which { profile: "work".into(), version: 999 })).unwrap_err();
    assert!(gone.contains("not kept any more"), "{gone}");
}
