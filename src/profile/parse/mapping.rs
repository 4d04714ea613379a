//! The keys that say how items are different on the two sides.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tr::tr;

use super::expand;
use crate::item::Kind;
use crate::item::mapping::options::{Calendar, Contacts, Options};
use crate::keyed::{Read, Section, wrong};
use crate::profile::words::{
    GROUPS, HTML_DESCRIPTIONS, INSTANT_MESSAGING, PHONE_NUMBERS, REMINDERS, SCHEDULE_AGENTS, TIME_ZONES,
    VCARD_VERSIONS,
};
use crate::sync::policy::Mode;

/// The keys of `[mapping]` that are about contacts; the others are about events and tasks.
const OF_CONTACTS: [&str; 4] = ["phone_numbers", "instant_messaging", "vcard_version", "groups"];

/// Properties that say what an item is and when: they have the same name everywhere.
const FIXED: [&str; 17] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "CALSCALE",
    "METHOD",
    "UID",
    "RECURRENCE-ID",
    "DTSTART",
    "DTEND",
    "DUE",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "DTSTAMP",
    "SEQUENCE",
];

/// What `[mapping]` says, the keys of `[remote]` about invitations, and the key `busy_blocks`.
pub(super) fn options(
    top: &Section,
    mapping: Option<&Section>,
    remote: &Section,
    kind: Kind,
    mode: Mode,
) -> Read<Options> {
    let given = Calendar {
        busy_blocks: busy_blocks(top, kind, mode)?,
        schedule_agent_client: remote.word("schedule_agent", SCHEDULE_AGENTS)?.unwrap_or(false),
        no_notifications: !remote.switch("send_notifications")?.unwrap_or(true),
        ..Calendar::default()
    };
    let Some(mapping) = mapping else {
        return Ok(Options { calendar: given, contacts: Contacts::default() });
    };
    know_kind(mapping, kind)?;
    let switch = |key: &str, default: bool| Ok(mapping.switch(key)?.unwrap_or(default));
    let calendar = Calendar {
        reminders: mapping.word("reminders", REMINDERS)?.unwrap_or_default(),
        attendees: switch("attendees", true)?,
        description: switch("description", true)?,
        private_as_confidential: switch("private_as_confidential", false)?,
        confidential_as_private: switch("confidential_as_private", false)?,
        public_as_private: switch("public_as_private", false)?,
        omit_public: switch("omit_public", false)?,
        derive_html: mapping.word("html_description", HTML_DESCRIPTIONS)?.unwrap_or_default(),
        time_zones: mapping.word("time_zones", TIME_ZONES)?.unwrap_or_default(),
        category_colors: category_colors(mapping)?,
        rename_properties: rename_properties(mapping)?,
        ..given
    };
    let contacts = Contacts {
        phone_numbers: mapping.word("phone_numbers", PHONE_NUMBERS)?.unwrap_or_default(),
        instant_messaging: mapping.word("instant_messaging", INSTANT_MESSAGING)?.unwrap_or_default(),
        vcard_version: mapping.word("vcard_version", VCARD_VERSIONS)?.unwrap_or_default(),
        groups: mapping.word("groups", GROUPS)?.unwrap_or_default(),
    };
    Ok(Options { calendar, contacts })
}

/// The folder of the calendar of birthdays.
pub(super) fn birthdays(top: &Section, kind: Kind) -> Read<Option<PathBuf>> {
    match top.text("birthdays")? {
        Some((_, at)) if kind != Kind::Contacts => wrong(
            at,
            tr!(
                "birthdays are those of contacts, and this profile keeps {kind}; remove the key",
                kind = kind.in_words()
            ),
        ),
        Some((path, at)) => match expand(path) {
            Some(path) => Ok(Some(path)),
            None => wrong(
                at,
                tr!("birthdays must be the full path of a folder, such as \"~/Calendars/birthdays\""),
            ),
        },
        None => Ok(None),
    }
}

fn busy_blocks(top: &Section, kind: Kind, mode: Mode) -> Read<Option<String>> {
    match top.text("busy_blocks")? {
        Some((_, at)) if kind != Kind::Events => wrong(
            at,
            tr!(
                "busy_blocks is about events, and this profile keeps {kind}; remove the key",
                kind = kind.in_words()
            ),
        ),
        Some((_, at)) if !matches!(mode, Mode::ReplicateToServer | Mode::MergeToServer) => wrong(
            at,
            tr!(
                "busy_blocks goes one way only; set mode = \"replicate-to-server\" or mode = \"merge-to-server\""
            ),
        ),
        Some((text, at)) if text.contains(char::is_control) => {
            wrong(at, tr!("busy_blocks must be one line without special characters"))
        }
        text => Ok(text.map(|(text, _)| text.trim().to_owned())),
    }
}

fn know_kind(mapping: &Section, kind: Kind) -> Read<()> {
    let is_foreign = |key: &str| OF_CONTACTS.contains(&key) != (kind == Kind::Contacts);
    let foreign = mapping.keys().filter(|(key, _)| is_foreign(key));
    match foreign.min_by_key(|(_, at)| *at) {
        None => Ok(()),
        Some((key, at)) => {
            let what = match kind {
                Kind::Contacts => tr!(
                    "{key} is about events and tasks, and this profile keeps contacts; remove the key",
                    key
                ),
                Kind::Events => {
                    tr!("{key} is about contacts, and this profile keeps events; remove the key", key)
                }
                Kind::Tasks => {
                    tr!("{key} is about contacts, and this profile keeps tasks; remove the key", key)
                }
            };
            wrong(at, what)
        }
    }
}

fn category_colors(mapping: &Section) -> Read<BTreeMap<String, String>> {
    let mut colors = BTreeMap::new();
    for (category, color, at) in mapping.pairs("category_colors")? {
        if csscolorparser::parse(color).is_err() {
            return wrong(
                at,
                tr!(
                    "{color} is no colour; give a name that CSS knows, such as \"red\", or \"#rrggbb\"",
                    color = format_args!("{color:?}")
                ),
            );
        }
        if category.trim().is_empty() || category.contains(char::is_control) {
            return wrong(at, tr!("the name of a category must be one line, and not empty"));
        }
        colors.insert(category.trim().to_owned(), color.trim().to_owned());
    }
    Ok(colors)
}

fn rename_properties(mapping: &Section) -> Read<BTreeMap<String, String>> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (here, there, at) in mapping.pairs("rename_properties")? {
        let (here, there) = (here.to_ascii_uppercase(), there.to_ascii_uppercase());
        for name in [&here, &there] {
            if name.is_empty() || !name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') {
                return wrong(
                    at,
                    tr!(
                        "{name} is no name of a property: letters, digits and - only",
                        name = format_args!("{name:?}")
                    ),
                );
            }
        }
        if FIXED.contains(&here.as_str()) {
            return wrong(at, tr!("{here} says what an item is or when; it cannot have another name", here));
        }
        if !there.starts_with("X-") {
            return wrong(at, tr!("the name on the server must begin with X-, such as \"X-{there}\"", there));
        }
        names.insert(here, there);
    }
    let mut taken: Vec<&String> = names.keys().chain(names.values()).collect();
    taken.sort_unstable();
    match taken.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let at = mapping.keys().find(|(key, _)| *key == "rename_properties").map_or(0, |(_, at)| at);
            wrong(at, tr!("rename_properties names {} twice; each property can have one other name", pair[0]))
        }
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::item::mapping::options::{PhoneNumbers, Reminders, TimeZones, VCardVersion};
    use crate::profile::{Name, Profile, parse};

    fn profile(kind: &str, keys: &str, mapping: &str) -> Result<Profile, String> {
        let text = format!(
            "kind = \"{kind}\"\n{keys}\n[mapping]\n{mapping}\n[local]\ntype = \"vdir\"\npath = \"/x\"\n[remote]\n\
             type = \"dav\"\nurl = \"https://x.example/\"\n"
        );
        parse(&Name::new("p").unwrap(), Path::new("p.toml"), &text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_of_a_calendar() {
        let read = profile(
            "events",
            "mode = \"replicate-to-server\"\nbusy_blocks = \" Busy \"",
            "reminders = \"none\"\nattendees = false\ndescription = false\nprivate_as_confidential = true\n\
             confidential_as_private = true\npublic_as_private = true\nomit_public = true\n\
             html_description = \"derive\"\ntime_zones = \"utc\"\ncategory_colors = { Work = \"red\" }\n\
             [mapping.rename_properties]\nx-here = \"x-there\"",
        );
        let calendar = read.unwrap().mapping.calendar;
        let one = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
        let expected = Calendar {
            busy_blocks: Some("Busy".into()),
            reminders: Reminders::None,
            attendees: false,
            description: false,
            private_as_confidential: true,
            confidential_as_private: true,
            public_as_private: true,
            omit_public: true,
            derive_html: true,
            time_zones: TimeZones::Utc,
            category_colors: one("Work", "red"),
            rename_properties: one("X-HERE", "X-THERE"),
            ..Calendar::default()
        };
        assert_eq!(calendar, expected);
        assert_eq!(profile("tasks", "", "").unwrap().mapping, Options::default());
    }

    #[test]
    fn every_key_of_contacts() {
        let read = profile(
            "contacts",
            "birthdays = \"/birthdays\"",
            "phone_numbers = \"digits\"\ninstant_messaging = \"impp\"\nvcard_version = \"3.0\"\ngroups = \"vlist\"",
        );
        let read = read.unwrap();
        assert_eq!(read.birthdays, Some(PathBuf::from("/birthdays")));
        let contacts = read.mapping.contacts;
        assert_eq!(
            (contacts.phone_numbers, contacts.vcard_version),
            (PhoneNumbers::Digits, VCardVersion::V3)
        );
    }

    #[test]
    fn what_does_not_fit() {
        let events = |mapping: &str| profile("events", "", mapping).unwrap_err();
        let keys = |kind: &str, keys: &str| profile(kind, keys, "").unwrap_err();
        insta::assert_snapshot!(events("phone_numbers = \"keep\""), @"p.toml, line 4: phone_numbers is about contacts, and this profile keeps events; remove the key");
        insta::assert_snapshot!(profile("contacts", "", "reminders = \"all\"").unwrap_err(), @"p.toml, line 4: reminders is about events and tasks, and this profile keeps contacts; remove the key");
        insta::assert_snapshot!(events("reminders = \"no\""), @r#"p.toml, line 4: reminders = "no" is not known; did you mean "none"? The others are all and upcoming"#);
        insta::assert_snapshot!(events("category_colors = \"red\""), @r#"p.toml, line 4: category_colors must be a table of texts, such as { one = "two" }"#);
        insta::assert_snapshot!(events("category_colors = { Work = \"rouge\" }"), @r##"p.toml, line 4: "rouge" is no colour; give a name that CSS knows, such as "red", or "#rrggbb""##);
        insta::assert_snapshot!(events("rename_properties = { DTSTART = \"X-START\" }"), @"p.toml, line 4: DTSTART says what an item is or when; it cannot have another name");
        insta::assert_snapshot!(events("rename_properties = { PRIORITY = \"URGENCY\" }"), @r#"p.toml, line 4: the name on the server must begin with X-, such as "X-URGENCY""#);
        insta::assert_snapshot!(events("rename_properties = { X-A = \"X-B\", X-B = \"X-C\" }"), @"p.toml, line 4: rename_properties names X-B twice; each property can have one other name");
        insta::assert_snapshot!(events("rename_properties = { X-A = \"X B\" }"), @r#"p.toml, line 4: "X B" is no name of a property: letters, digits and - only"#);
        insta::assert_snapshot!(keys("tasks", "mode = \"merge-to-server\"\nbusy_blocks = \"Busy\""), @"p.toml, line 3: busy_blocks is about events, and this profile keeps tasks; remove the key");
        insta::assert_snapshot!(keys("events", "busy_blocks = \"Busy\""), @r#"p.toml, line 2: busy_blocks goes one way only; set mode = "replicate-to-server" or mode = "merge-to-server""#);
        insta::assert_snapshot!(keys("events", "birthdays = \"/x\""), @"p.toml, line 2: birthdays are those of contacts, and this profile keeps events; remove the key");
        insta::assert_snapshot!(keys("contacts", "birthdays = \"x\""), @r#"p.toml, line 2: birthdays must be the full path of a folder, such as "~/Calendars/birthdays""#);
    }
}
