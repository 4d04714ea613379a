//! Every cell of the table of modes and conflicts, through the whole engine.

use bytes::Bytes;
use jiff::SignedDuration;
use pimbridge::report::RunOutcome;
use pimbridge::sync::policy::{Conflict, Policy};

use crate::support::{event, title, world::World};

/// The table as the documentation has it.
const TABLE: &str = "
    U U | = | = | = | = | = | = | = | = | =
    C U | → | → | → | → | → | → | → | ← | ←
    U C | ← | ← | ← | ← | ← | → | → | ← | ←
    C C | → | ← | newer | merge | park | → | → | ← | ←
    D U | −R | −R | −R | −R | −R | −R | −R | +L | +L
    U D | −L | −L | −L | −L | −L | +R | +R | −L | −L
    C D | +R | −L | −L | +R | park | +R | +R | −L | −L
    D C | −R | +L | −R | +L | park | −R | −R | +L | +L
    D D | forget | forget | forget | forget | forget | forget | forget | forget | forget
    + – | +R | +R | +R | +R | +R | +R | +R | −L | =
    – + | +L | +L | +L | +L | +L | −R | = | +L | +L
    + + | → | ← | newer | merge | park | → | → | ← | ←
";

/// The item as it is on each side after the cell: a title, or nothing.
fn expected(cell: &str, local: Option<&str>, remote: Option<&str>, newer_local: bool) -> [Option<String>; 2] {
    let own = |title: Option<&str>| title.map(str::to_owned);
    match cell {
        "=" | "forget" | "park" => [own(local), own(remote)],
        "→" | "+R" => [own(local), own(local)],
        "←" | "+L" => [own(remote), own(remote)],
        "−R" => [own(local), None],
        "−L" => [None, own(remote)],
        "newer" | "merge" if newer_local => [own(local), own(local)],
        "newer" | "merge" => [own(remote), own(remote)],
        other => panic!("unknown cell {other}"),
    }
}

/// Makes the change on one side; the title that is there then.
fn make(side: &crate::support::memory::Memory, change: &str, title: &str, modified: u32) -> Option<String> {
    match change {
        "U" => Some("as it was".into()),
        "C" | "+" => {
            side.put("x.ics", event("x", title, modified));
            Some(title.into())
        }
        "D" => {
            side.remove("x.ics");
            None
        }
        _ => None,
    }
}

fn check(policy: Policy, changes: (&str, &str), cell: &str, newer_local: bool, deltas: bool, silent: bool) {
    let world = World::default();
    for side in [&world.local, &world.remote] {
        let mut side = side.lock();
        side.manners.deltas = deltas;
        side.manners.silent = silent;
    }
    // Others, so that a deletion is never one of all; on both sides in every mode.
    for n in 0..6 {
        let other = event(&format!("other-{n}"), &format!("other {n}"), 0);
        world.local.put(&format!("other-{n}.ics"), other.clone());
        world.remote.put(&format!("other-{n}.ics"), other);
    }
    if !matches!(changes, ("+" | "–", _)) {
        world.local.put("x.ics", event("x", "as it was", 0));
    }
    let first = world.sync(Policy::TwoWay(Conflict::Automatic));
    assert_eq!((first.outcome, first.linked), (RunOutcome::Ok, 6));

    let (minute_local, minute_remote) = if newer_local { (20, 10) } else { (10, 20) };
    let local = make(&world.local, changes.0, "local", minute_local);
    let remote = make(&world.remote, changes.1, "remote", minute_remote);
    let before: Vec<Bytes> =
        [&world.local, &world.remote].iter().flat_map(|s| s.items().into_values()).collect();

    let report = world.sync(policy);
    let context = format!("{policy:?} {changes:?} {cell} deltas {deltas} silent {silent}\n{report:#?}");
    let parked = cell == "park";
    let outcome = if parked { RunOutcome::Partial } else { RunOutcome::Ok };
    assert_eq!((report.outcome, report.parked), (outcome, u64::from(parked)), "{context}");
    assert_eq!(report.problems.len(), usize::from(parked), "{context}");
    let found = [&world.local, &world.remote].map(|side| side.items().get("x.ics").map(title));
    assert_eq!(found, expected(cell, local.as_deref(), remote.as_deref(), newer_local), "{context}");

    // Whatever went is in the history, octet for octet.
    let peek = world.peek();
    let history: Vec<Bytes> =
        peek.history().unwrap().iter().map(|v| peek.version(v.id).unwrap().unwrap().1).collect();
    let after: Vec<Bytes> =
        [&world.local, &world.remote].iter().flat_map(|s| s.items().into_values()).collect();
    for version in before {
        assert!(after.contains(&version) || history.contains(&version), "lost {version:?}\n{context}");
    }

    // A second run has nothing to do.
    world.local.lock().edits.clear();
    world.remote.lock().edits.clear();
    world.wait(SignedDuration::from_mins(1));
    let again = world.sync(policy);
    assert_eq!((again.local.total(), again.remote.total()), (0, 0), "{context}\nagain {again:#?}");
    assert_eq!((again.outcome, again.problems.len()), (outcome, 0), "the person is told once: {context}");
    assert!(world.local.lock().edits.is_empty() && world.remote.lock().edits.is_empty(), "{context}");

    if let Some(source) = policy.source() {
        let written = if source == pimbridge::sync::Side::Local { report.local } else { report.remote };
        assert_eq!(written.total(), 0, "a one-way mode wrote to its source: {context}");
    }
}

#[test]
fn every_cell() {
    let mut cells = 0;
    for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split('|').map(str::trim);
        let changes = parts.next().and_then(|c| c.split_once(' ')).unwrap();
        for (policy, cell) in Policy::ALL.into_iter().zip(parts) {
            for (deltas, silent) in [(false, false), (true, false), (true, true)] {
                for newer_local in [true, false] {
                    check(policy, changes, cell, newer_local, deltas, silent);
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 12 * 9 * 6);
}
