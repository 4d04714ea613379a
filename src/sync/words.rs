//! The reasons that a report gives.

use super::policy::{Change, Conflict, Policy};
use super::{Side, Sides};
use crate::report::Operation;

/// Where a side is, in a sentence.
pub fn place(side: Side) -> &'static str {
    match side {
        Side::Local => "on this computer",
        Side::Remote => "on the server",
    }
}

/// Why an item was written to or deleted on `side`, and whether both sides had changed it.
pub(super) fn why(
    policy: Policy,
    changes: Sides<Change>,
    side: Side,
    operation: Operation,
) -> (String, bool) {
    use Change::{Changed, Deleted, New};
    let from = side.other();
    let (there, here) = (place(side), place(from));
    let verb = |change: Change| match change {
        New => "new",
        Deleted => "deleted",
        _ => "changed",
    };
    let one_way = policy.source().is_some();
    let both = |change: Change| matches!(change, Changed | Deleted | New);
    if both(changes.local) && both(changes.remote) {
        let how = match (changes[from], changes[side]) {
            (Deleted, _) => format!("deleted {here}, but changed {there}"),
            (_, Deleted) => format!("changed {here}, but deleted {there}"),
            (New, New) => "different on both sides".to_owned(),
            _ => "changed on both sides".to_owned(),
        };
        let winner = match policy {
            Policy::TwoWay(Conflict::LocalWins) => "this computer wins in this profile".to_owned(),
            Policy::TwoWay(Conflict::ServerWins) => "the server wins in this profile".to_owned(),
            Policy::TwoWay(Conflict::Automatic) if operation == Operation::Delete => {
                "a deletion wins in this profile".to_owned()
            }
            Policy::TwoWay(Conflict::Automatic) => format!("the version {here} is newer"),
            _ => format!("this profile keeps it as it is {here}"),
        };
        return (format!("{how}; {winner}"), !one_way);
    }
    if matches!(changes[from], Changed | New | Deleted) {
        return (format!("{} {here}", verb(changes[from])), false);
    }
    let only = changes[from] == Change::Absent;
    let what = if only { format!("only {there}") } else { format!("{} {there}", verb(changes[side])) };
    (format!("{what}; this profile keeps it as it is {here}"), false)
}
