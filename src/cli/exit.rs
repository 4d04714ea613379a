//! The exit status, which scripts rely on.

use crate::report::RunOutcome;

/// All in sync.
pub const IN_SYNC: u8 = 0;
/// Finished, but some items failed or are set aside.
pub const SOME_FAILED: u8 = 1;
/// Wrong use or configuration.
pub const WRONG_USE: u8 = 2;
/// It could not be done: offline, sign-in refused, collection gone.
pub const NOT_DONE: u8 = 3;
/// Deletions are held back by the guard.
pub const HELD: u8 = 4;

/// The exit status of a run of several profiles: what needs the person most wins, so a run that could
/// not be done (3) comes before held deletions (4), those before failed items (1).
pub fn exit_status(outcomes: impl IntoIterator<Item = RunOutcome>) -> u8 {
    let rank = |outcome: &RunOutcome| match outcome {
        RunOutcome::Ok => 0,
        RunOutcome::Partial => 1,
        RunOutcome::Held => 2,
        RunOutcome::Failed => 3,
    };
    match outcomes.into_iter().max_by_key(rank) {
        None | Some(RunOutcome::Ok) => IN_SYNC,
        Some(RunOutcome::Partial) => SOME_FAILED,
        Some(RunOutcome::Held) => HELD,
        Some(RunOutcome::Failed) => NOT_DONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RunOutcome::{Failed, Held, Ok, Partial};

    #[test]
    fn what_needs_the_person_most_wins() {
        assert_eq!(exit_status([]), 0);
        assert_eq!(exit_status([Ok, Ok]), 0);
        assert_eq!(exit_status([Ok, Partial]), 1);
        assert_eq!(exit_status([Held, Partial, Ok]), 4);
        assert_eq!(exit_status([Held, Failed, Partial]), 3);
    }
}
