//! How a profile's two sides are kept the same: the table of modes and conflicts, as code.

use serde::{Deserialize, Serialize};

use super::{Side, Sides};

/// Which way changes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Changes of both sides go to the other.
    TwoWay,
    /// The server becomes a copy of the local side; what only the server has is deleted there.
    ReplicateToServer,
    /// Local items go to the server; what only the server has is left alone.
    MergeToServer,
    /// The local side becomes a copy of the server; what only the local side has is deleted there.
    ReplicateFromServer,
    /// The server's items go to the local side; what only the local side has is left alone.
    MergeFromServer,
}

impl Mode {
    /// A first sync deletes what only one side has.
    pub fn deletes_at_first(self) -> bool {
        matches!(self, Mode::ReplicateToServer | Mode::ReplicateFromServer)
    }
}

/// Who wins where both sides changed an item (two-way only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// The version that was changed last; a deletion beats a change.
    Automatic,
    LocalWins,
    ServerWins,
    /// Both changes are kept, property by property; an edit beats a deletion.
    Merge,
    /// Neither side is touched until the person has decided.
    Ask,
}

/// A column of the table: a mode and, where both sides may change, who wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    TwoWay(Conflict),
    ReplicateToServer,
    MergeToServer,
    ReplicateFromServer,
    MergeFromServer,
}

impl Policy {
    pub fn new(mode: Mode, conflict: Conflict) -> Policy {
        match mode {
            Mode::TwoWay => Policy::TwoWay(conflict),
            Mode::ReplicateToServer => Policy::ReplicateToServer,
            Mode::MergeToServer => Policy::MergeToServer,
            Mode::ReplicateFromServer => Policy::ReplicateFromServer,
            Mode::MergeFromServer => Policy::MergeFromServer,
        }
    }

    /// Every policy, in the order of the table's columns.
    pub const ALL: [Policy; 9] = [
        Policy::TwoWay(Conflict::LocalWins),
        Policy::TwoWay(Conflict::ServerWins),
        Policy::TwoWay(Conflict::Automatic),
        Policy::TwoWay(Conflict::Merge),
        Policy::TwoWay(Conflict::Ask),
        Policy::ReplicateToServer,
        Policy::MergeToServer,
        Policy::ReplicateFromServer,
        Policy::MergeFromServer,
    ];

    fn column(self) -> usize {
        match self {
            Policy::TwoWay(Conflict::LocalWins) => 0,
            Policy::TwoWay(Conflict::ServerWins) => 1,
            Policy::TwoWay(Conflict::Automatic) => 2,
            Policy::TwoWay(Conflict::Merge) => 3,
            Policy::TwoWay(Conflict::Ask) => 4,
            Policy::ReplicateToServer => 5,
            Policy::MergeToServer => 6,
            Policy::ReplicateFromServer => 7,
            Policy::MergeFromServer => 8,
        }
    }

    /// The side that a one-way policy never writes to.
    pub fn source(self) -> Option<Side> {
        match self {
            Policy::TwoWay(_) => None,
            Policy::ReplicateToServer | Policy::MergeToServer => Some(Side::Local),
            Policy::ReplicateFromServer | Policy::MergeFromServer => Some(Side::Remote),
        }
    }
}

/// What became of an item on one side since the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    Unchanged,
    Changed,
    /// Gone, confirmed.
    Deleted,
    /// There, and there is no base.
    New,
    /// Not there, and there is no base.
    Absent,
}

/// What to do about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Nothing,
    /// Make the version of the other side the one of this side (where there is none, create it).
    Write(Side),
    /// Delete the item on this side.
    Delete(Side),
    /// Both sides have a version of their own: write the newer one to the other side.
    WriteNewer,
    /// Both sides have a version of their own: put the changes of both together.
    Merge,
    /// Leave both sides as they are until the person has decided.
    Park,
    /// It is gone on both sides.
    Forget,
}

/// What decides in a run: the table, and on which sides the person does not want anything to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub policy: Policy,
    /// What the table would delete on these sides is brought back to the other one instead.
    pub undone: Sides<bool>,
}

impl From<Policy> for Rule {
    fn from(policy: Policy) -> Self {
        Rule { policy, undone: Sides::default() }
    }
}

impl Rule {
    /// The same for an item that is not to be deleted on these sides.
    pub fn keeping(self, kept: Sides<bool>) -> Rule {
        Rule { undone: Sides::from_fn(|side| self.undone[side] || kept[side]), ..self }
    }

    /// What is demanded of an item in this condition.
    pub fn decide(self, local: Change, remote: Change) -> Action {
        match decide(self.policy, local, remote) {
            Action::Delete(side) if self.undone[side] => Action::Write(side.other()),
            action => action,
        }
    }
}

/// What the policy demands of an item in this condition. Same content on both sides is not a question for
/// the table: it is adopted as the base in every mode.
pub fn decide(policy: Policy, local: Change, remote: Change) -> Action {
    use Change::{Absent as A, Changed as C, Deleted as D, New as N, Unchanged as U};

    const NO: Action = Action::Nothing;
    const FG: Action = Action::Forget;
    const NW: Action = Action::WriteNewer;
    const MG: Action = Action::Merge;
    const PK: Action = Action::Park;
    /// Local version to the server: overwrite (→) or create there (+R).
    const TO: Action = Action::Write(Side::Remote);
    /// The server's version to the local side: overwrite (←) or create there (+L).
    const FR: Action = Action::Write(Side::Local);
    const DR: Action = Action::Delete(Side::Remote);
    const DL: Action = Action::Delete(Side::Local);

    let row = match (local, remote) {
        //         two-way: local wins, server wins, automatic, merge, ask | to server: replicate, merge | from server: replicate, merge
        (U, U) => [NO, NO, NO, NO, NO, NO, NO, NO, NO],
        (C, U) => [TO, TO, TO, TO, TO, TO, TO, FR, FR],
        (U, C) => [FR, FR, FR, FR, FR, TO, TO, FR, FR],
        (C, C) => [TO, FR, NW, MG, PK, TO, TO, FR, FR],
        (D, U) => [DR, DR, DR, DR, DR, DR, DR, FR, FR],
        (U, D) => [DL, DL, DL, DL, DL, TO, TO, DL, DL],
        (C, D) => [TO, DL, DL, TO, PK, TO, TO, DL, DL],
        (D, C) => [DR, FR, DR, FR, PK, DR, DR, FR, FR],
        (D, D) => [FG, FG, FG, FG, FG, FG, FG, FG, FG],
        (N, A) => [TO, TO, TO, TO, TO, TO, TO, DL, NO],
        (A, N) => [FR, FR, FR, FR, FR, DR, NO, FR, FR],
        (N, N) => [TO, FR, NW, MG, PK, TO, TO, FR, FR],
        // No item has a base on one side only, or is nowhere.
        (A, A) | (N | A, U | C | D) | (U | C | D, N | A) => [NO; 9],
    };
    row[policy.column()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as it stands in the documentation, cell by cell, in its own notation.
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

    fn change(symbol: &str) -> Change {
        match symbol {
            "U" => Change::Unchanged,
            "C" => Change::Changed,
            "D" => Change::Deleted,
            "+" => Change::New,
            "–" => Change::Absent,
            other => panic!("unknown symbol {other}"),
        }
    }

    #[test]
    fn where_deletions_are_undone_nothing_is_deleted() {
        use Change::{Absent, Changed, Deleted, New, Unchanged};
        let all = [Unchanged, Changed, Deleted, New, Absent];
        let undone = Sides { local: true, remote: false };
        for (policy, local, remote) in
            Policy::ALL.into_iter().flat_map(|p| all.into_iter().flat_map(move |l| all.map(|r| (p, l, r))))
        {
            let expected = match decide(policy, local, remote) {
                Action::Delete(Side::Local) => Action::Write(Side::Remote),
                other => other,
            };
            assert_eq!(Rule { policy, undone }.decide(local, remote), expected);
            assert_eq!(Rule::from(policy).decide(local, remote), decide(policy, local, remote));
        }
    }

    #[test]
    fn every_cell_of_the_table() {
        let mut cells = 0;
        for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut parts = line.split('|').map(str::trim);
            let (local, remote) = parts.next().and_then(|c| c.split_once(' ')).expect("two changes");
            let (local, remote) = (change(local), change(remote));
            for (policy, expected) in Policy::ALL.into_iter().zip(parts) {
                let written = match decide(policy, local, remote) {
                    Action::Nothing => "=",
                    Action::Forget => "forget",
                    Action::WriteNewer => "newer",
                    Action::Merge => "merge",
                    Action::Park => "park",
                    Action::Delete(Side::Local) => "−L",
                    Action::Delete(Side::Remote) => "−R",
                    Action::Write(Side::Remote) if matches!(remote, Change::Deleted | Change::Absent) => "+R",
                    Action::Write(Side::Remote) => "→",
                    Action::Write(Side::Local) if matches!(local, Change::Deleted | Change::Absent) => "+L",
                    Action::Write(Side::Local) => "←",
                };
                assert_eq!(written, expected, "{policy:?}, local {local:?}, remote {remote:?}");
                cells += 1;
            }
        }
        assert_eq!(cells, 12 * 9);
    }
}
