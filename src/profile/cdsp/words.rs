//! What is called otherwise in a `.cdsp` file than in a profile: tables that the import reads one way, and the export the
//! other.

use toml::Value;

use super::document::Options;
use super::keys::Keys;
use crate::item::Kind;

/// What a value of a key is.
#[derive(Debug, Clone, Copy)]
pub enum Literal {
    Switch(bool),
    Word(&'static str),
}

impl Literal {
    pub fn value(self) -> Value {
        match self {
            Literal::Switch(on) => Value::from(on),
            Literal::Word(word) => Value::from(word),
        }
    }
}

/// A switch that is a key in one of its two positions; in the other one the key is left out.
#[derive(Debug)]
pub struct Switch {
    pub element: &'static str,
    pub key: &'static str,
    pub position: bool,
    value: Literal,
}

const fn switch(element: &'static str, position: bool, key: &'static str, value: Literal) -> Switch {
    Switch { element, key, position, value }
}

const ON: Literal = Literal::Switch(true);
const OFF: Literal = Literal::Switch(false);

/// Those of every kind.
const SWITCHES: &[Switch] = &[
    switch("Inactive", true, "active", OFF),
    switch("CloseAfterEachRequest", true, "remote.close_connections", ON),
    switch("EnableChangeTriggeredSynchronization", true, "sync_on_change", ON),
];

const EVENTS: &[Switch] = &[
    switch(
        "MappingConfiguration/ScheduleAgentClient",
        true,
        "remote.schedule_agent",
        Literal::Word("client"),
    ),
    switch("MappingConfiguration/SendNoAppointmentNotifications", true, "remote.send_notifications", OFF),
    switch(
        "MappingConfiguration/MapSensitivityPrivateToClassConfidential",
        true,
        "mapping.private_as_confidential",
        ON,
    ),
    switch(
        "MappingConfiguration/MapClassConfidentialToSensitivityPrivate",
        true,
        "mapping.confidential_as_private",
        ON,
    ),
    switch("MappingConfiguration/MapClassPublicToSensitivityPrivate", true, "mapping.public_as_private", ON),
    switch("MappingConfiguration/MapSensitivityPublicToDefault", true, "mapping.omit_public", ON),
    switch("MappingConfiguration/MapAttendees", false, "mapping.attendees", OFF),
    switch("MappingConfiguration/MapBody", false, "mapping.description", OFF),
];

const TASKS: &[Switch] = &[switch("MappingConfiguration/MapBody", false, "mapping.description", OFF)];

const CONTACTS: &[Switch] = &[
    switch(
        "MappingConfiguration/FixPhoneNumberFormat",
        true,
        "mapping.phone_numbers",
        Literal::Word("brackets"),
    ),
    switch("MappingConfiguration/WriteImAsImpp", true, "mapping.instant_messaging", Literal::Word("impp")),
];

/// The switches of a profile of a kind.
pub fn switches(kind: Kind) -> impl Iterator<Item = &'static Switch> {
    let own = match kind {
        Kind::Events => EVENTS,
        Kind::Tasks => TASKS,
        Kind::Contacts => CONTACTS,
    };
    SWITCHES.iter().chain(own)
}

impl Switch {
    /// The key, as the switch in this position has it.
    pub fn read(&self, position: bool, keys: &mut Keys) {
        if position == self.position {
            keys.set(self.key, self.value.value());
        }
    }

    /// The switch, as the key has it.
    pub fn write(&self, keys: &Keys, options: &mut Options) {
        let is_so = keys.get(self.key) == Some(&self.value.value());
        options.set(self.element, truth(is_so == self.position));
    }
}

/// Words of a key and what they are called in a `.cdsp` file; the first is what a missing element means.
pub type Words = &'static [(&'static str, &'static str)];

pub const MODES: Words = &[
    ("ReplicateOutlookIntoServer", "replicate-to-server"),
    ("MergeOutlookIntoServer", "merge-to-server"),
    ("ReplicateServerIntoOutlook", "replicate-from-server"),
    ("MergeServerIntoOutlook", "merge-from-server"),
    ("MergeInBothDirections", "two-way"),
];

/// `Manual` is declared there but cannot run: it is never written for `ask`.
pub const CONFLICTS: Words = &[
    ("OutlookWins", "local-wins"),
    ("ServerWins", "server-wins"),
    ("Automatic", "automatic"),
    ("Manual", "ask"),
];

pub const REMINDERS: Words = &[("false", "none"), ("true", "all"), ("JustUpcoming", "upcoming")];

/// Both kinds of cards are of vCard 3.0 there, which has no `KIND`.
pub const GROUPS: Words = &[
    ("Sogo", "vlist"),
    ("VCardGroupWithUid", "x-addressbookserver"),
    ("VCardGroup", "x-addressbookserver"),
    ("VCardGroupWithUid", "kind"),
];

/// The elements of the category, the filter's two switches after it.
pub fn category(kind: Kind) -> Option<[&'static str; 3]> {
    match kind {
        Kind::Events => Some([
            "MappingConfiguration/EventCategory",
            "MappingConfiguration/IncludeEmptyEventCategoryFilter",
            "MappingConfiguration/InvertEventCategoryFilter",
        ]),
        Kind::Tasks => Some([
            "MappingConfiguration/TaskCategory",
            "MappingConfiguration/IncludeEmptyTaskCategoryFilter",
            "MappingConfiguration/InvertTaskCategoryFilter",
        ]),
        Kind::Contacts => None,
    }
}

/// The key that the element of a word stands for.
pub fn theirs(words: Words, ours: &str) -> Option<&'static str> {
    words.iter().find(|(_, word)| *word == ours).map(|(theirs, _)| *theirs)
}

pub fn truth(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}
