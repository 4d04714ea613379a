//! What a profile's options say about the form that an item has on each side.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The options of a profile's section `[mapping]`, and those of `[remote]` about invitations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub calendar: Calendar,
    pub contacts: Contacts,
}

/// The options about events and tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Calendar {
    /// Nothing but the times goes to the server, with this text as every title.
    pub busy_blocks: Option<String>,
    pub reminders: Reminders,
    /// Organiser and guests are the same on both sides; otherwise each side keeps its own.
    pub attendees: bool,
    /// The description is the same on both sides; otherwise each side keeps its own.
    pub description: bool,
    /// What is private here is confidential on the server.
    pub private_as_confidential: bool,
    /// What is confidential on the server is private here.
    pub confidential_as_private: bool,
    /// What is public on the server is private here.
    pub public_as_private: bool,
    /// What is public here says nothing of that on the server.
    pub omit_public: bool,
    /// The description as HTML and the plain one are made of each other where one of them is missing.
    pub derive_html: bool,
    pub time_zones: TimeZones,
    /// Categories here and the colours (CSS) that they are on the server.
    pub category_colors: BTreeMap<String, String>,
    /// Properties here and what they are called on the server.
    pub rename_properties: BTreeMap<String, String>,
    /// The server invites nobody.
    pub schedule_agent_client: bool,
    /// The server writes to nobody.
    pub no_notifications: bool,
}

impl Default for Calendar {
    fn default() -> Self {
        Calendar {
            busy_blocks: None,
            reminders: Reminders::All,
            attendees: true,
            description: true,
            private_as_confidential: false,
            confidential_as_private: false,
            public_as_private: false,
            omit_public: false,
            derive_html: false,
            time_zones: TimeZones::Keep,
            category_colors: BTreeMap::new(),
            rename_properties: BTreeMap::new(),
            schedule_agent_client: false,
            no_notifications: false,
        }
    }
}

/// Which alarms are the same on both sides. Of the others each side keeps its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reminders {
    #[default]
    All,
    None,
    /// Those that have not gone off for the last time.
    Upcoming,
}

/// How times are written on the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeZones {
    /// As they are here.
    #[default]
    Keep,
    /// In zones with the names of the IANA database.
    Iana,
    /// In UTC, but for series.
    Utc,
}

/// The options about contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contacts {
    pub phone_numbers: PhoneNumbers,
    pub instant_messaging: InstantMessaging,
    pub vcard_version: VCardVersion,
    pub groups: Groups,
}

/// How phone numbers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhoneNumbers {
    #[default]
    Keep,
    /// Digits only on the server.
    Digits,
    /// With the area code in brackets here.
    Brackets,
}

/// How addresses of instant messaging are written on the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstantMessaging {
    #[default]
    Keep,
    /// `IMPP` (RFC 4770).
    Impp,
    /// `X-AIM`, `X-ICQ` and so on.
    XProperties,
}

/// The version of the vCards on the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VCardVersion {
    #[default]
    Keep,
    /// RFC 2426.
    V3,
    /// RFC 6350.
    V4,
}

/// How groups of contacts are kept on the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Groups {
    #[default]
    Keep,
    /// `KIND:group` (RFC 6350 section 6.1.4).
    Kind,
    /// `X-ADDRESSBOOKSERVER-KIND:group`, as Apple does.
    AddressBookServer,
    /// A `VLIST`, as SOGo does.
    VList,
}
