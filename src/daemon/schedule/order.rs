//! What a run is asked to do.

use std::collections::BTreeSet;

use crate::collection::Href;
use crate::sync::Sides;
use crate::sync::run::{Deletions, Only};

/// What a run is asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Only look what would be done.
    pub dry_run: bool,
    pub deletions: Deletions,
    /// All items where there is none.
    pub only: Option<Only>,
}

impl Order {
    /// Everything, as a run that nobody asked for does it.
    pub fn everything() -> Order {
        Order::default()
    }

    /// Only these files of the folder.
    pub fn files(local: BTreeSet<Href>) -> Order {
        Order { only: Some(Sides { local, remote: BTreeSet::new() }), ..Order::default() }
    }

    /// Whether it does what a run that nobody asked for would do.
    pub(super) fn does_everything(&self) -> bool {
        !self.dry_run && self.only.is_none()
    }

    /// Whether both say what becomes of deletions, and nothing else.
    pub(super) fn answers(&self, other: &Order) -> bool {
        let is_answer = |order: &Order| order.does_everything() && order.deletions != Deletions::Guarded;
        is_answer(self) && is_answer(other)
    }

    /// Takes the other order into this one, where one run can do both.
    pub(super) fn join(&mut self, other: Order) -> Result<(), Order> {
        if (self.dry_run, self.deletions) != (other.dry_run, other.deletions) {
            return Err(other);
        }
        self.only = match (self.only.take(), other.only) {
            (Some(mut these), Some(those)) => {
                these.local.extend(those.local);
                these.remote.extend(those.remote);
                Some(these)
            }
            _ => None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Order {
        Order::files(names.iter().map(|name| Href::new(*name)).collect())
    }

    #[test]
    fn everything_beats_some_files() {
        let mut order = files(&["a"]);
        order.join(files(&["b"])).unwrap();
        assert_eq!(order, files(&["a", "b"]));
        order.join(Order::everything()).unwrap();
        assert_eq!(order, Order::everything());
        order.join(files(&["c"])).unwrap();
        assert_eq!(order, Order::everything());
    }

    #[test]
    fn what_was_allowed_for_one_is_not_for_the_other() {
        let allowed = Order { deletions: Deletions::Allowed, ..files(&["a"]) };
        let mut order = Order::everything();
        order.join(allowed).unwrap_err();
        order.join(Order { dry_run: true, ..Order::everything() }).unwrap_err();
        assert_eq!(order, Order::everything());
    }
}
