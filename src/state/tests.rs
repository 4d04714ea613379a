use std::fs;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::collection::{Cursor, Etag, Href};
use crate::item::Digest;
use crate::report::Operation;
use crate::sync::{Side, Sides};

fn open(path: &Path) -> State {
    State::open(path, "here|there", Timestamp::UNIX_EPOCH).unwrap()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("work.sqlite");
    (dir, path)
}

fn base(text: &str) -> Base {
    let seen =
        Seen { href: Href::new("a.ics"), etag: Some(Etag::new("1")), uid: Some("a".into()), verbatim: true };
    Base {
        digest: Digest([7; 32]),
        bytes: Bytes::copy_from_slice(text.as_bytes()),
        sides: Sides { local: seen.clone(), remote: Seen { etag: None, verbatim: false, ..seen } },
    }
}

fn blobs(state: &State) -> i64 {
    state.db().query_row("SELECT count(*) FROM blob", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_written_is_there_after_opening_again() {
    let (_dir, path) = folder();
    let (href, etag) = (Href::new("a.ics"), Etag::new("W/\"1\""));
    let state = open(&path);
    let pair = state
        .write(|w| {
            w.set_cursor(Side::Remote, Some((&Cursor::new("token"), Timestamp::UNIX_EPOCH)))?;
            w.see(Side::Remote, &href, &etag)?;
            w.save_pair(None, &base("content"))
        })
        .unwrap();
    drop(state);
    let state = open(&path);
    assert_eq!(state.cursor(Side::Remote).unwrap(), Some((Cursor::new("token"), Timestamp::UNIX_EPOCH)));
    assert_eq!(state.cursor(Side::Local).unwrap(), None);
    assert_eq!(state.tree(Side::Remote).unwrap().get(&href), Some(&etag));
    let pairs = state.pairs().unwrap();
    assert_eq!((pairs[0].id, &pairs[0].sides), (pair, &base("").sides));
    assert_eq!(state.base_bytes(pair).unwrap().unwrap(), "content");
    assert_eq!(state.pair_with_uid(Side::Remote, "a").unwrap(), Some(pair));
}

#[test]
fn a_transaction_that_fails_leaves_nothing() {
    let (_dir, path) = folder();
    let state = open(&path);
    let failed: Result<()> = state.write(|w| {
        w.see(Side::Local, &Href::new("a"), &Etag::new("1"))?;
        Err(StateError::Full)
    });
    assert!(matches!(failed, Err(StateError::Full)));
    assert!(state.tree(Side::Local).unwrap().is_empty());
}

#[test]
fn bytes_are_stored_once_and_dropped_with_their_last_user() {
    let (_dir, path) = folder();
    let state = open(&path);
    let pair = state.write(|w| w.save_pair(None, &base("first"))).unwrap();
    let lost = Lost {
        side: Side::Local,
        href: &Href::new("a.ics"),
        uid: Some("a"),
        summary: "A",
        loss: Loss::Overwritten,
        bytes: b"first",
    };
    let version = state.write(|w| w.keep_version(Timestamp::UNIX_EPOCH, None, &lost)).unwrap().unwrap();
    assert_eq!(
        state.write(|w| w.keep_version(Timestamp::UNIX_EPOCH, None, &lost)).unwrap(),
        None,
        "kept twice"
    );
    assert_eq!(blobs(&state), 1);
    state.write(|w| w.save_pair(Some(pair), &base("second"))).unwrap();
    assert_eq!(blobs(&state), 2);
    assert_eq!(state.version(version).unwrap().unwrap().1, "first");
    state.write(|w| w.drop_version(version)).unwrap();
    assert_eq!(blobs(&state), 1);
    state.write(|w| w.drop_pair(pair)).unwrap();
    assert_eq!(blobs(&state), 0);
}

#[test]
fn another_folder_or_address_starts_anew_and_keeps_the_history() {
    let (_dir, path) = folder();
    let state = open(&path);
    let lost = Lost {
        side: Side::Local,
        href: &Href::new("a.ics"),
        uid: None,
        summary: "A",
        loss: Loss::Deleted,
        bytes: b"x",
    };
    state
        .write(|w| {
            w.save_pair(None, &base("content"))?;
            w.keep_version(Timestamp::UNIX_EPOCH, None, &lost)
        })
        .unwrap();
    drop(state);
    let state = State::open(&path, "here|elsewhere", Timestamp::UNIX_EPOCH).unwrap();
    assert!(state.pairs().unwrap().is_empty() && state.tree(Side::Local).unwrap().is_empty());
    assert_eq!(State::peek(&path).unwrap().unwrap().history().unwrap().len(), 1);
    assert_eq!(state.notices().len(), 1);
    drop(state);
    let state = State::open(&path, "here|elsewhere", Timestamp::UNIX_EPOCH).unwrap();
    assert!(state.notices().is_empty());
}

#[test]
fn what_is_forgotten_and_what_stays() {
    let (_dir, path) = folder();
    State::forget(&path, Timestamp::UNIX_EPOCH).unwrap();
    assert!(!path.exists(), "no file is made to forget what is in it");
    let state = open(&path);
    state
        .write(|w| {
            w.set_cursor(Side::Remote, Some((&Cursor::new("token"), Timestamp::UNIX_EPOCH)))?;
            w.see(Side::Local, &Href::new("a.ics"), &Etag::new("1"))?;
            w.save_pair(None, &base("content"))?;
            w.keep_version(
                Timestamp::UNIX_EPOCH,
                None,
                &Lost {
                    side: Side::Local,
                    href: &Href::new("b.ics"),
                    uid: None,
                    summary: "B",
                    loss: Loss::Deleted,
                    bytes: b"x",
                },
            )
        })
        .unwrap();
    assert!(matches!(State::forget(&path, Timestamp::UNIX_EPOCH), Err(StateError::Busy)));
    drop(state);
    State::forget(&path, Timestamp::UNIX_EPOCH).unwrap();
    let state = open(&path);
    assert!(state.pairs().unwrap().is_empty() && state.tree(Side::Local).unwrap().is_empty());
    assert_eq!(state.cursor(Side::Remote).unwrap(), None);
    assert_eq!(
        (State::peek(&path).unwrap().unwrap().history().unwrap().len(), state.notices().len()),
        (1, 0)
    );
    drop(state);
    fs::write(&path, b"SQLite format 3\0 but not really").unwrap();
    State::forget(&path, Timestamp::UNIX_EPOCH).unwrap();
    assert!(!path.exists());
}

#[test]
fn trouble_of_the_database_in_words() {
    let read_only = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
    let error = StateError::from(rusqlite::Error::SqliteFailure(read_only, None));
    insta::assert_snapshot!(error, @"the memory of this profile's earlier runs could not be read or saved: see that the disk it is on is neither faulty nor write-protected, and try again; nothing is lost (Error code 8: attempt to write a readonly database)");
}

#[test]
fn a_damaged_file_is_set_aside() {
    let (dir, path) = folder();
    drop(open(&path));
    fs::write(&path, b"SQLite format 3\0 but not really").unwrap();
    let state = open(&path);
    assert!(state.pairs().unwrap().is_empty());
    assert!(state.notices()[0].contains("work.sqlite.damaged-19700101-000000"), "{:?}", state.notices());
    assert!(dir.path().join("work.sqlite.damaged-19700101-000000").exists());
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let (_dir, path) = folder();
    drop(open(&path));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = State::open(&path, "here|there", Timestamp::UNIX_EPOCH);
    assert!(matches!(refused, Err(StateError::Newer(_))));
    assert!(path.exists());
}

#[test]
fn only_one_at_a_time() {
    let (_dir, path) = folder();
    let first = open(&path);
    assert!(matches!(State::open(&path, "here|there", Timestamp::UNIX_EPOCH), Err(StateError::Busy)));
    drop(first);
    open(&path);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = folder();
    let _state = open(&path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A process that is being started has a copy of every open file for a moment.
#[test]
fn a_copy_of_the_lock_does_not_hold_it() {
    let (_dir, path) = folder();
    let state = open(&path);
    let _copy = state._lock.0.try_clone().unwrap();
    drop(state);
    open(&path);
}

#[test]
fn old_reports_go_and_the_history_stays() {
    let (_dir, path) = folder();
    let state = open(&path);
    let at = |second| Timestamp::from_second(second).unwrap();
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let report = |second| {
        let report = crate::report::Report { started: at(second), ..crate::report::fixtures::report() };
        let touched = crate::report::fixtures::touched(Side::Local, Operation::Create, "A", "new");
        state.write(|w| w.begin_report(&report).and_then(|id| w.add_touched(id, 0, &touched))).unwrap();
    };
    for day in 0..10 {
        report(day * 86_400);
    }
    let lost = Lost {
        side: Side::Local,
        href: &Href::new("a.ics"),
        uid: None,
        summary: "A",
        loss: Loss::Deleted,
        bytes: b"old",
    };
    state.write(|w| w.keep_version(at(0), None, &lost)).unwrap();
    let kept = || {
        let state = State::peek(&path).unwrap().unwrap();
        let touched: i64 =
            state.db().query_row("SELECT count(*) FROM touched", [], |row| row.get(0)).unwrap();
        (state.reports(100).unwrap().len(), touched, state.history().unwrap().len())
    };
    let daily = |now: i64, keep: i64, reports: Option<i64>| {
        state.write(|w| w.prune_daily(at(now * 86_400), days(keep), reports.map(days))).unwrap();
        kept()
    };
    assert_eq!(daily(10, 365, None), (10, 10, 1), "it is not known how long");
    assert_eq!(daily(11, 365, Some(10)), (9, 9, 1));
    assert_eq!(daily(11, 365, Some(1)), (9, 9, 1), "once a day");
    assert_eq!(daily(12, 1, Some(10)), (8, 8, 0), "the two go by days of their own");
    state.write(|w| w.keep_version(at(0), None, &lost)).unwrap();
    assert!(matches!(State::prune_reports(&path, at(0)), Err(StateError::Busy)), "a run is at work");
    drop(state);
    let before = at(5 * 86_400);
    assert_eq!(State::peek(&path).unwrap().unwrap().reports_before(before).unwrap(), 3);
    assert_eq!(State::prune_reports(&path, before).unwrap(), 3);
    assert_eq!(kept(), (5, 5, 1));
    assert_eq!(State::prune_reports(&path.with_extension("none"), before).unwrap(), 0);
}

#[test]
fn in_another_scope_the_remote_bytes_are_not_known() {
    let (_dir, path) = folder();
    let state = open(&path);
    let mut base = base("content");
    base.sides.remote.verbatim = true;
    state.write(|w| w.save_pair(None, &base)).unwrap();
    let same = |bytes: &Bytes| {
        Some(Rebased { bytes: bytes.clone(), digest: Some(Digest([7; 32])), is_changed: false })
    };
    state.set_scope("{}", same).unwrap();
    let sides = state.pairs().unwrap().remove(0).sides;
    assert_eq!((sides.local.verbatim, sides.remote.verbatim), (true, false));
}
