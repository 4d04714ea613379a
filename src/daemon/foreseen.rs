//! What a look ahead tells of.

use crate::report::{Operation, Touched};

/// How many items it tells of at most.
pub(super) const MOST: usize = 1000;

/// The items that are told of: deletions come first, so that none is hidden behind what is only new.
pub(super) fn told(mut foreseen: Vec<Touched>) -> Vec<Touched> {
    foreseen.sort_by_key(|touched| touched.operation != Operation::Delete);
    foreseen.truncate(MOST);
    foreseen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Side;

    #[test]
    fn a_deletion_is_told_of_however_much_is_new() {
        let touched = |operation, summary: usize| Touched {
            side: Side::Local,
            operation,
            summary: summary.to_string(),
            item: String::new(),
            why: String::new(),
            conflict: false,
        };
        let created = (0..MOST + 10).map(|number| touched(Operation::Create, number));
        let told = told(created.chain([touched(Operation::Delete, MOST + 10)]).collect());
        assert_eq!(told.len(), MOST);
        let first: Vec<&str> = told.iter().take(3).map(|touched| touched.summary.as_str()).collect();
        assert_eq!(first, ["1010", "0", "1"]);
    }
}
