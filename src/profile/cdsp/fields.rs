//! Every element that Outlook CalDav Synchronizer 4.6.0 knows, in the order in which it writes them.

use crate::item::Kind;

/// An element, and what a new profile has there.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub new: Option<&'static str>,
}

impl Field {
    /// What the element means where it is missing, if that can be written.
    pub fn missing(&self) -> Option<&'static str> {
        match self.new? {
            "true" | "false" => Some("false"),
            "AIM" => Some("Unspecified"),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => Some("0"),
            _ => None,
        }
    }
}

const fn field(name: &'static str) -> Field {
    Field { name, new: None }
}

const fn new(name: &'static str, new: &'static str) -> Field {
    Field { name, new: Some(new) }
}

pub const OPTIONS: &[Field] = &[
    new("Inactive", "false"),
    field("Name"),
    field("Id"),
    field("OutlookFolderEntryId"),
    field("OutlookFolderStoreId"),
    field("OutlookFolderAccountName"),
    new("IgnoreSynchronizationTimeRange", "true"),
    new("DaysToSynchronizeInThePast", "60"),
    new("DaysToSynchronizeInTheFuture", "365"),
    field("SynchronizationMode"),
    field("ConflictResolution"),
    field("CalenderUrl"),
    field("EmailAddress"),
    field("UserName"),
    field("SynchronizationIntervalInMinutes"),
    new("UseWebDavCollectionSync", "false"),
    field("Salt"),
    field("ProtectedPassword"),
    new("UseAccountPassword", "false"),
    new("ServerAdapterType", "Default"),
    new("CloseAfterEachRequest", "false"),
    new("PreemptiveAuthentication", "true"),
    new("ForceBasicAuthentication", "true"),
    new("EnableChangeTriggeredSynchronization", "false"),
    new("IsChunkedSynchronizationEnabled", "true"),
    new("ChunkSize", "100"),
    field("ProxyOptions"),
    field("MappingConfiguration"),
    field("ProfileTypeOrNull"),
];

pub const PROXY: &[Field] = &[
    field("ProxySalt"),
    field("ProxyProtectedPassword"),
    new("ProxyUseDefault", "true"),
    new("ProxyUseManual", "false"),
    field("ProxyUrl"),
    field("ProxyUserName"),
];

const EVENTS: &[Field] = &[
    new("MapReminder", "JustUpcoming"),
    new("MapSensitivityPrivateToClassConfidential", "false"),
    new("MapClassConfidentialToSensitivityPrivate", "false"),
    new("MapClassPublicToSensitivityPrivate", "false"),
    new("MapSensitivityPublicToDefault", "false"),
    new("MapAttendees", "true"),
    new("ScheduleAgentClient", "true"),
    new("SendNoAppointmentNotifications", "false"),
    new("OrganizerAsDelegate", "false"),
    new("MapBody", "true"),
    new("MapRtfBodyToXAltDesc", "false"),
    new("MapXAltDescToRtfBody", "false"),
    new("CreateEventsInUTC", "false"),
    new("UseIanaTz", "false"),
    new("EventTz", "Etc/GMT"),
    new("IncludeHistoricalData", "false"),
    new("UseGlobalAppointmentID", "false"),
    field("EventCategory"),
    new("IncludeEmptyEventCategoryFilter", "false"),
    new("InvertEventCategoryFilter", "false"),
    new("IsCategoryFilterSticky", "false"),
    new("CleanupDuplicateEvents", "false"),
    new("MapCustomProperties", "false"),
    new("MapEventColorToCategory", "false"),
    field("EventColorToCategoryMappings"),
    new("UserDefinedCustomPropertyMappings", ""),
];

const TASKS: &[Field] = &[
    new("MapReminder", "JustUpcoming"),
    new("MapReminderAsDateTime", "false"),
    new("MapPriority", "true"),
    new("MapBody", "true"),
    new("MapRecurringTasks", "true"),
    new("MapStartAndDueAsFloating", "false"),
    field("TaskCategory"),
    new("IsCategoryFilterSticky", "false"),
    new("IncludeEmptyTaskCategoryFilter", "false"),
    new("InvertTaskCategoryFilter", "false"),
    new("MapCustomProperties", "false"),
    new("UserDefinedCustomPropertyMappings", ""),
];

const CONTACTS: &[Field] = &[
    new("MapAnniversary", "true"),
    new("MapBirthday", "true"),
    new("MapContactPhoto", "true"),
    new("KeepOutlookPhoto", "false"),
    new("KeepOutlookFileAs", "true"),
    new("FixPhoneNumberFormat", "false"),
    new("MapOutlookEmail1ToWork", "false"),
    new("WriteImAsImpp", "false"),
    new("DefaultImServicType", "AIM"),
    new("MapDistributionLists", "false"),
    new("DistributionListType", "Sogo"),
];

/// What the mapping of each kind is called, and its elements.
pub const MAPPINGS: &[(Kind, &str, &[Field])] = &[
    (Kind::Events, "EventMappingConfiguration", EVENTS),
    (Kind::Tasks, "TaskMappingConfiguration", TASKS),
    (Kind::Contacts, "ContactMappingConfiguration", CONTACTS),
];

/// The elements of a mapping, by its `xsi:type`.
pub fn of_mapping(name: &str) -> Option<&'static [Field]> {
    MAPPINGS.iter().find(|(_, known, _)| *known == name).map(|(.., fields)| *fields)
}

/// The `xsi:type` of a kind's mapping, and its elements.
pub fn of_kind(kind: Kind) -> (&'static str, &'static [Field]) {
    let known = MAPPINGS.iter().find(|(known, ..)| *known == kind);
    known.map_or(("", &[]), |(_, name, fields)| (name, fields))
}

/// All elements of a profile of a kind, each with its group.
pub fn all(kind: Kind) -> impl Iterator<Item = (Option<&'static str>, &'static Field)> {
    [
        (None, OPTIONS),
        (Some(super::document::PROXY), PROXY),
        (Some(super::document::MAPPING), of_kind(kind).1),
    ]
    .into_iter()
    .flat_map(|(group, fields)| fields.iter().map(move |field| (group, field)))
}

/// In what a new profile of a type differs from others.
pub fn of_new(profile_type: &str) -> &'static [(&'static str, &'static str)] {
    match profile_type {
        "Google" => &[("MapAttendees", "false"), ("MapSensitivityPublicToDefault", "true")],
        "CalendariCloud" | "GmxCalendar" | "Cozy" | "WebDe" => &[("UseIanaTz", "true")],
        "ContactsiCloud" => &[("DistributionListType", "VCardGroupWithUid"), ("WriteImAsImpp", "true")],
        "Sogo" => &[("ScheduleAgentClient", "false"), ("SendNoAppointmentNotifications", "true")],
        "OpenXchange" => &[("SendNoAppointmentNotifications", "true"), ("MapEventColorToCategory", "true")],
        "EasyProject" => {
            &[("UseIanaTz", "true"), ("MapRtfBodyToXAltDesc", "true"), ("MapXAltDescToRtfBody", "true")]
        }
        "Kolab" => &[("MapRtfBodyToXAltDesc", "true"), ("MapXAltDescToRtfBody", "true")],
        "EGroupware" => &[("ScheduleAgentClient", "false"), ("DistributionListType", "VCardGroupWithUid")],
        "FastMail" => &[
            ("ScheduleAgentClient", "false"),
            ("UseIanaTz", "true"),
            ("DistributionListType", "VCardGroupWithUid"),
        ],
        _ => &[],
    }
}
