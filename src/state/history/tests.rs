use std::path::PathBuf;

use super::*;
use crate::report::fixtures;
use crate::report::{HeldItems, Operation, Report, Touched};
use crate::state::{Base, Seen};
use crate::sync::Sides;

struct Kept {
    _dir: tempfile::TempDir,
    path: PathBuf,
    state: State,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn kept() -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("work.sqlite");
    let state = State::open(&path, "here|there", at(0)).unwrap();
    Kept { _dir: dir, path, state }
}

impl Kept {
    fn peek(&self) -> Peek {
        State::peek(&self.path).unwrap().unwrap()
    }

    /// A version of the item `name`, which is also its UID, is deleted at that second by the run that began `run`.
    fn lose(&self, name: &str, title: &str, second: i64, run: Option<i64>, loss: Loss) {
        let bytes = format!("{title} {second}");
        let lost = Lost {
            side: Side::Remote,
            href: &Href::new(name),
            uid: Some(name),
            summary: title,
            loss,
            bytes: bytes.as_bytes(),
        };
        self.state.write(|w| w.keep_version(at(second), run.map(at), &lost)).unwrap();
    }
}

fn titles(versions: &[Version]) -> Vec<&str> {
    versions.iter().map(|version| version.summary.as_str()).collect()
}

#[test]
fn versions_are_found_by_their_text() {
    let kept = kept();
    for (number, title) in ["Zahnärztin", "Lunch", "ZAHNÄRZTIN again"].into_iter().enumerate() {
        kept.lose(&format!("{number}.ics"), title, number as i64, None, Loss::Deleted);
    }
    let found = |text: &str, limit| {
        kept.peek().find_versions(text, limit).unwrap().into_iter().map(|v| v.summary).collect::<Vec<_>>()
    };
    assert_eq!(found("zahnÄrz", 10), ["ZAHNÄRZTIN again", "Zahnärztin"]);
    assert_eq!(found("zahnÄrz", 1), ["ZAHNÄRZTIN again"]);
    assert_eq!(found("1.ICS", 10), ["Lunch"], "by its name");
    assert_eq!(found("", 2), ["ZAHNÄRZTIN again", "Lunch"]);
    assert!(found("none", 10).is_empty());
}

#[test]
fn the_versions_of_one_item() {
    let kept = kept();
    kept.lose("a", "A", 1, None, Loss::Overwritten);
    kept.lose("b", "B", 2, None, Loss::Overwritten);
    kept.lose("a", "A moved", 3, None, Loss::Deleted);
    let newest = kept.peek().find_versions("a moved", 1).unwrap().remove(0);
    assert_eq!(titles(&kept.peek().versions_of(&newest, 10).unwrap()), ["A moved", "A"]);
    assert_eq!(titles(&kept.peek().versions_of(&newest, 1).unwrap()), ["A moved"]);
    let nameless = Version { uid: None, ..newest };
    assert_eq!(kept.peek().versions_of(&nameless, 10).unwrap().len(), 2, "by its name on its side");
}

#[test]
fn what_each_run_deleted() {
    let kept = kept();
    for (name, second, run, loss) in [
        ("a", 11, Some(10), Loss::Deleted),
        ("b", 12, Some(10), Loss::Deleted),
        ("c", 13, Some(10), Loss::Overwritten),
        ("d", 21, Some(20), Loss::Deleted),
        // A restore.
        ("e", 25, None, Loss::Overwritten),
    ] {
        kept.lose(name, name, second, run, loss);
    }
    let runs = kept.peek().deletions(10).unwrap();
    assert_eq!(runs, [Deletions { run: at(20), items: 1 }, Deletions { run: at(10), items: 2 }]);
    assert_eq!(kept.peek().deletions(1).unwrap().len(), 1);
    let deleted = |limit| titles(&kept.peek().deleted_in(at(10), limit).unwrap()).join(" ");
    assert_eq!((deleted(10).as_str(), deleted(1).as_str()), ("a b", "a"));
    assert_eq!(kept.peek().number_deleted_in(at(10)).unwrap(), 2);
}

#[test]
fn what_goes_again_as_it_was_went_lately() {
    let kept = kept();
    let lost = Lost {
        side: Side::Local,
        href: &Href::new("a"),
        uid: None,
        summary: "A",
        loss: Loss::Deleted,
        bytes: b"same",
    };
    for run in [10, 20] {
        kept.state.write(|w| w.keep_version(at(run + 1), Some(at(run)), &lost)).unwrap();
    }
    let versions = kept.peek().history().unwrap();
    assert_eq!((versions.len(), versions[0].at), (1, at(21)));
    assert_eq!(kept.peek().deletions(10).unwrap(), [Deletions { run: at(20), items: 1 }]);
}

#[test]
fn what_a_run_lost_is_not_what_a_later_one_lost() {
    let kept = kept();
    kept.lose("a", "A", 11, Some(10), Loss::Overwritten);
    kept.lose("a", "A later", 31, Some(30), Loss::Overwritten);
    let lost = |run| kept.peek().first_lost(Side::Remote, "a", at(run)).unwrap().map(|(version, _)| version);
    assert_eq!(lost(10).unwrap().summary, "A");
    // It was not kept long enough.
    kept.state.write(|w| w.prune(at(20))).unwrap();
    assert_eq!(lost(10), None);
    assert_eq!(lost(30).unwrap().summary, "A later");
}

#[test]
fn why_a_version_went() {
    let kept = kept();
    let report = Report { started: at(10), ..fixtures::report() };
    let touched = |item: &str, side, why: &str| Touched {
        item: item.into(),
        ..fixtures::touched(side, Operation::Delete, "A", why)
    };
    kept.state
        .write(|w| {
            let id = w.begin_report(&report)?;
            w.add_touched(id, 0, &touched("a", Side::Local, "on the other side"))?;
            w.add_touched(id, 1, &touched("b", Side::Remote, "another item"))?;
            w.add_touched(id, 2, &touched("a", Side::Remote, "deleted on this computer"))
        })
        .unwrap();
    kept.lose("a", "A", 11, Some(10), Loss::Deleted);
    kept.lose("c", "C", 12, Some(10), Loss::Deleted);
    let reason = |text| {
        let version = kept.peek().find_versions(text, 1).unwrap().remove(0);
        kept.peek().reason(version.id).unwrap()
    };
    assert_eq!(reason("a").as_deref(), Some("deleted on this computer"));
    assert_eq!(reason("c"), None);
}

#[test]
fn what_both_sides_have_now() {
    let kept = kept();
    kept.lose("a", "A", 1, None, Loss::Overwritten);
    let version = kept.peek().history().unwrap().remove(0);
    assert_eq!(kept.peek().present(&version).unwrap(), None);
    let seen = Seen { href: Href::new("a"), etag: None, uid: Some("a".into()), verbatim: false };
    let base = Base {
        digest: crate::item::Digest([7; 32]),
        bytes: Bytes::from_static(b"now"),
        sides: Sides { local: seen.clone(), remote: seen },
    };
    kept.state.write(|w| w.save_pair(None, &base)).unwrap();
    assert_eq!(kept.peek().present(&version).unwrap().unwrap(), "now");
}

#[test]
fn what_is_held_takes_the_place_of_what_was() {
    let kept = kept();
    let held = |names: &[&str]| {
        let items = names.iter().map(|name| (Href::new(*name), format!("title of {name}")));
        HeldItems { remote: items.collect(), ..HeldItems::default() }
    };
    for names in [&["a", "b"][..], &["c"], &[]] {
        kept.state.write(|w| w.set_held(&held(names))).unwrap();
        assert_eq!(kept.peek().held().unwrap(), held(names));
    }
}
