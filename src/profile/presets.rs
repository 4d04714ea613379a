//! What is known of services: their addresses, and the keys that a profile for them needs.
//!
//! The table follows the profile types of Outlook CalDav Synchronizer 4.6.0; each entry names its type and what that sets.
//! Its global appointment ids and its clean-up of duplicates have no key: UIDs stay as they are, and nothing is doubled.
//! The colours of categories are for the person to name. Its type Swisscom is left out: it signs in at a server of its own,
//! with a client that is registered for that program.

use tr::tr;

use super::edit::Keys;
use crate::item::Kind;
use crate::keyed::nearest;
use crate::report::wording::enumerated;

/// A service, or a product that many run.
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Where to look for collections: a URL, a host or a domain. `{host}` is for the person to fill in, and `{user}` stands
    /// for the user name: then it is the address of the collection itself, which is not looked for.
    address: &'static str,
    /// The same for address books, where it differs.
    contacts: Option<&'static str>,
    /// Keys as `profile set` takes them.
    pub keys: Keys,
    /// Those of calendars and task lists, and those of address books.
    calendar_keys: Keys,
    contact_keys: Keys,
    /// The person signs in in a browser, with a client id of their own.
    pub oauth: bool,
    /// What a person should know.
    pub note: Option<&'static str>,
}

const ON_CHANGE: (&str, &str) = ("sync_on_change", "true");
/// The server is to mail nobody: the default of that product, which some of its profile types switch off.
const NO_MAILS: (&str, &str) = ("remote.schedule_agent", "client");
/// The server knows zones by their IANA names only.
const IANA: (&str, &str) = ("mapping.time_zones", "iana");
const HTML: (&str, &str) = ("mapping.html_description", "derive");
/// Groups whose members are named by their UIDs.
const GROUPS: (&str, &str) = ("mapping.groups", "x-addressbookserver");
const NO_NOTIFICATIONS: (&str, &str) = ("remote.send_notifications", "false");

const fn preset(name: &'static str, title: &'static str, address: &'static str) -> Preset {
    Preset {
        name,
        title,
        address,
        contacts: None,
        keys: &[NO_MAILS],
        calendar_keys: &[],
        contact_keys: &[],
        oauth: false,
        note: None,
    }
}

/// Every preset, by title.
pub const PRESETS: &[Preset] = &[
    // Profile type Aruba: every 15 minutes, and on change.
    Preset {
        keys: &[NO_MAILS, ("interval_minutes", "15"), ON_CHANGE],
        ..preset("aruba", "Aruba", "https://syncdav.aruba.it/")
    },
    // Profile type Cozy: IANA zones.
    Preset {
        calendar_keys: &[IANA],
        note: Some("the host is that of your Cozy, such as jana.cozycloud.cc"),
        ..preset("cozy", "Cozy", "https://{host}/public/sync/principals/me/")
    },
    // Profile type EasyProject: on change, 7 days back and 180 ahead, IANA zones, X-ALT-DESC both ways.
    Preset {
        calendar_keys: &[IANA, HTML],
        keys: &[NO_MAILS, ON_CHANGE, ("past_days", "7"), ("future_days", "180")],
        ..preset("easyproject", "Easy Project", "https://{host}/caldav/")
    },
    // Profile type EGroupware: on change; the server may mail; groups with UIDs.
    Preset {
        keys: &[ON_CHANGE],
        contact_keys: &[GROUPS],
        ..preset("egroupware", "EGroupware", "https://{host}/")
    },
    // Profile type FastMail: its domain names the servers; on change; the server may mail; IANA zones; groups with UIDs.
    Preset {
        keys: &[ON_CHANGE],
        calendar_keys: &[IANA],
        contact_keys: &[GROUPS],
        note: Some("Fastmail wants an app password: Settings, Privacy & Security, App passwords"),
        ..preset("fastmail", "Fastmail", "fastmail.com")
    },
    // Profile type Fruux.
    preset("fruux", "fruux", "https://dav.fruux.com/"),
    // Profile type GmxCalendar, whose description names the address for contacts; IANA zones, as GMX refuses others.
    Preset {
        contacts: Some("https://carddav.gmx.net/"),
        calendar_keys: &[IANA],
        ..preset("gmx", "GMX", "https://caldav.gmx.net/")
    },
    // Profile type Google: OAuth; no guests, and no class for what is public; the addresses are those of developers.google.com, "CalDAV API" and "CardDAV API".
    Preset {
        contacts: Some("https://www.googleapis.com/carddav/v1/principals/{user}/lists/default/"),
        keys: &[NO_MAILS, ("remote.sign_in", "oauth"), ("oauth.provider", "google")],
        calendar_keys: &[("mapping.attendees", "false"), ("mapping.omit_public", "true")],
        oauth: true,
        note: Some(
            "Google gives your client a secret too; say where it is with: pimbridge profile set NAME \
             oauth.client_secret_command COMMAND. This is your main calendar; the address of another one has its id, from \
             its settings, in place of yours",
        ),
        ..preset("google", "Google", "https://apidata.googleusercontent.com/caldav/v2/{user}/events/")
    },
    // Profile types iCloud Calendar (IANA zones) and iCloud Contacts (groups with UIDs, IMPP).
    Preset {
        calendar_keys: &[IANA],
        contact_keys: &[GROUPS, ("mapping.instant_messaging", "impp")],
        contacts: Some("https://contacts.icloud.com/"),
        note: Some(
            "iCloud wants an app-specific password, which account.apple.com makes; reminders are not on its server",
        ),
        ..preset("icloud", "iCloud", "https://caldav.icloud.com/")
    },
    // Profile type Kolab: on change, 31 days back and 365 ahead, X-ALT-DESC both ways.
    Preset {
        calendar_keys: &[HTML],
        keys: &[NO_MAILS, ON_CHANGE, ("past_days", "31"), ("future_days", "365")],
        ..preset("kolab", "Kolab", "https://{host}/iRony/")
    },
    // Profile type Landmarks.
    preset("landmarks", "Landmarks", "https://dav.landmarks.skyrise.de/"),
    // Profile type mail.de.
    preset("mail.de", "mail.de", "https://kalender.mail.de/"),
    // Profile type mailbox.org.
    preset("mailbox.org", "mailbox.org", "https://dav.mailbox.org/"),
    // Profile type Nextcloud.
    Preset {
        note: Some(
            "with two-factor sign-in, Nextcloud wants an app password: Settings, Security; the host may have a folder behind \
             it, such as example.org/nextcloud",
        ),
        ..preset("nextcloud", "Nextcloud", "https://{host}/remote.php/dav/")
    },
    // Profile type Open-Xchange: on change, no notifications.
    Preset {
        keys: &[NO_MAILS, NO_NOTIFICATIONS, ON_CHANGE],
        ..preset("open-xchange", "Open-Xchange", "https://{host}/caldav/")
    },
    // Profile type Posteo.
    preset("posteo", "Posteo", "https://posteo.de:8443/"),
    // Profile type Sarenet.
    preset("sarenet", "Sarenet", "https://configurator.organizer.sarenet.es/androidconfigurator.php"),
    // Profile type SmarterMail.
    preset("smartermail", "SmarterMail", "https://{host}/WebDAV/"),
    // Profile type Sogo: no notifications; the server may do the rest; groups as VLIST.
    Preset {
        keys: &[NO_NOTIFICATIONS],
        contact_keys: &[("mapping.groups", "vlist")],
        ..preset("sogo", "SOGo", "https://{host}/SOGo/dav/")
    },
    // Profile type untermStrich: on change.
    Preset {
        keys: &[NO_MAILS, ON_CHANGE],
        note: Some("the host is followed by the folder of your installation, and ends before /dav"),
        ..preset("untermstrich", "untermStrich", "https://{host}/dav/")
    },
    // Profile type Web.de: IANA zones.
    Preset { calendar_keys: &[IANA], ..preset("web.de", "WEB.DE", "https://caldav.web.de/") },
    // Profile type Yandex.
    preset("yandex", "Yandex", "https://caldav.yandex.ru/"),
];

/// The preset of this name. The error is a sentence for a person.
pub fn preset_named(name: &str) -> Result<&'static Preset, String> {
    if let Some(preset) = PRESETS.iter().find(|preset| preset.name.eq_ignore_ascii_case(name)) {
        return Ok(preset);
    }
    let names = || PRESETS.iter().map(|preset| preset.name);
    Err(match nearest(name, names()) {
        Some(near) => tr!(
            "the preset {name} is not known; did you mean {near}?",
            name = format_args!("{name:?}"),
            near = format_args!("{near:?}")
        ),
        None => tr!(
            "the preset {name} is not known; there are {}",
            enumerated(names()),
            name = format_args!("{name:?}")
        ),
    })
}

impl Preset {
    /// It runs on many servers: the person must say on which.
    pub fn needs_host(&self) -> bool {
        self.address.contains("{host}")
    }

    /// The keys that only profiles of this kind need.
    pub fn keys_of(&self, kind: Kind) -> Keys {
        match kind {
            Kind::Events | Kind::Tasks => self.calendar_keys,
            Kind::Contacts => self.contact_keys,
        }
    }

    /// Where to look for collections of a kind. `given` is the host or the address that the person gave, if any.
    ///
    /// # Errors
    /// The host or the user is missing: a sentence for a person.
    pub fn address(&self, kind: Kind, given: Option<&str>, user: Option<&str>) -> Result<String, String> {
        let known = match kind {
            Kind::Contacts => self.contacts.unwrap_or(self.address),
            Kind::Events | Kind::Tasks => self.address,
        };
        match given {
            Some(given) if known.contains("{host}") && !given.contains("://") => {
                Ok(known.replace("{host}", given.trim_matches('/')))
            }
            Some(given) => Ok(given.to_owned()),
            None if self.needs_host() => {
                Err(tr!("{} runs on many servers; give the host of yours with --url HOST", self.title))
            }
            None if known.contains("{user}") => match user {
                Some(user) => Ok(known.replace("{user}", user)),
                None => Err(tr!("give your address at {} as the user name", self.title)),
            },
            None => Ok(known.to_owned()),
        }
    }

    /// The address as it is shown in a list.
    pub fn shown(&self) -> String {
        let known = self.address.replace("{host}", "HOST");
        self.contacts
            .map_or(known.clone(), |contacts| format!("{known}, {contacts}"))
            .replace("{user}", "USER")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Name, New, PasswordSource, new_text, parse, with_keys};
    use super::*;

    #[test]
    fn every_preset_makes_a_right_profile() {
        for preset in PRESETS {
            for (word, kind) in [("events", Kind::Events), ("contacts", Kind::Contacts)] {
                let address = preset.address(
                    kind,
                    Some("dav.example.org").filter(|_| preset.address.contains("{host}")),
                    Some("jana"),
                );
                let address = address.unwrap();
                let url = if address.contains("://") { address } else { format!("https://{address}/") };
                let text = new_text(&New {
                    kind: word,
                    mode: "two-way",
                    conflict: "automatic",
                    path: "~".into(),
                    url,
                    user: Some("jana".into()),
                    password: PasswordSource::Keyring,
                });
                let text =
                    with_keys(text, preset.keys).and_then(|text| with_keys(text, preset.keys_of(kind)));
                let text = text.and_then(|text| match preset.oauth {
                    true => with_keys(text, &[("oauth.client_id", "1")]),
                    false => Ok(text),
                });
                let text = text.unwrap_or_else(|error| panic!("{}: {error}", preset.name));
                let name = Name::new(preset.name).unwrap();
                parse(&name, Path::new("p"), &text)
                    .unwrap_or_else(|error| panic!("{}: {error}\n{text}", preset.name));
            }
        }
    }

    #[test]
    fn they_are_in_order() {
        let titles: Vec<String> = PRESETS.iter().map(|preset| preset.title.to_lowercase()).collect();
        assert!(titles.is_sorted(), "{titles:?}");
    }

    #[test]
    fn addresses() {
        let nextcloud = preset_named("Nextcloud").unwrap();
        let filled = nextcloud.address(Kind::Events, Some("example.org/cloud/"), None);
        assert_eq!(filled.as_deref(), Ok("https://example.org/cloud/remote.php/dav/"));
        let own = nextcloud.address(Kind::Events, Some("https://example.org/x/"), None);
        assert_eq!(own.as_deref(), Ok("https://example.org/x/"));
        insta::assert_snapshot!(nextcloud.address(Kind::Events, None, None).unwrap_err(), @"Nextcloud runs on many servers; give the host of yours with --url HOST");
        let gmx = preset_named("gmx").unwrap();
        assert_eq!(gmx.address(Kind::Contacts, None, None).as_deref(), Ok("https://carddav.gmx.net/"));
        assert_eq!(gmx.address(Kind::Tasks, None, None).as_deref(), Ok("https://caldav.gmx.net/"));
        insta::assert_snapshot!(preset_named("nextclud").unwrap_err(), @r#"the preset "nextclud" is not known; did you mean "nextcloud"?"#);
    }
}
