//! The parts of a version by which it is matched with another: its main components, by the occurrence that each is.

use std::collections::{HashMap, VecDeque};

use crate::item::category::occurrence;
use crate::item::edit::{ComponentId, Document};

/// The main components of the version that is there, each to be taken once.
pub(super) struct Parts<'d, 'a> {
    pub document: &'d Document<'a>,
    by_occurrence: HashMap<String, VecDeque<ComponentId>>,
}

impl<'d, 'a> Parts<'d, 'a> {
    pub fn of(document: &'d Document<'a>) -> Self {
        let mut by_occurrence: HashMap<String, VecDeque<ComponentId>> = HashMap::new();
        for id in document.main_components() {
            by_occurrence.entry(occurrence(document, id)).or_default().push_back(id);
        }
        Parts { document, by_occurrence }
    }

    /// The component there of the same occurrence.
    pub fn take(&mut self, shared: &Document<'_>, id: ComponentId) -> Option<ComponentId> {
        self.by_occurrence.get_mut(&occurrence(shared, id))?.pop_front()
    }
}
