//! What the options of a profile come to: the differences of each side's form from the shared one, the side's own
//! first.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Category;
use crate::item::category::folded;
use crate::item::mapping::options::{Calendar, Contacts, Options, Reminders, TimeZones};
use crate::item::mapping::{Busy, BusyKey, Colors, Mapping, Own, Past, Written};
use crate::sync::Sides;

type Forms = Sides<Vec<Mapping>>;

pub(super) fn of(
    options: &Options,
    key: BusyKey,
    category: Option<&Category>,
    now: Timestamp,
    zone: &TimeZone,
) -> Forms {
    let mut forms = Forms::default();
    if options.contacts != Contacts::default() {
        each(&mut forms, |on_server| Mapping::Cards { options: options.contacts.clone(), on_server });
        return forms;
    }
    let calendar = &options.calendar;
    match &calendar.busy_blocks {
        Some(title) => forms.local.push(Mapping::Busy(Busy { title: title.clone(), key })),
        None => {
            rename(calendar, &mut forms);
            people(calendar, &mut forms);
            class(calendar, &mut forms);
            colors(calendar, category, &mut forms);
            own(calendar, now, zone, &mut forms);
        }
    }
    let written = match calendar.time_zones {
        TimeZones::Keep => return forms,
        TimeZones::Iana => Written::Iana,
        TimeZones::Utc => Written::Utc,
    };
    each(&mut forms, |on_server| Mapping::Times { written, on_server });
    forms
}

/// Adds to both sides' forms.
fn each(forms: &mut Forms, mapping: impl Fn(bool) -> Mapping) {
    forms.local.push(mapping(false));
    forms.remote.push(mapping(true));
}

fn people(options: &Calendar, forms: &mut Forms) {
    if options.no_notifications {
        forms.local.push(Mapping::Own(Own::Quiet));
        forms.remote.push(Mapping::NoNotifications);
    }
    if options.schedule_agent_client {
        each(forms, |on_server| Mapping::ScheduleAgentClient { on_server });
    }
}

fn class(options: &Calendar, forms: &mut Forms) {
    if options.public_as_private {
        forms.local.push(Mapping::PublicIsPrivate);
        forms.remote.push(Mapping::Own(Own::named([Mapping::CLASS_MARK])));
    }
    if options.public_as_private || options.omit_public {
        each(forms, |_| Mapping::Own(Own::Public));
    }
    if options.private_as_confidential || options.confidential_as_private {
        forms.local.push(Mapping::Secret { confidential: false });
        forms.remote.push(Mapping::Secret { confidential: options.private_as_confidential });
    }
}

fn rename(options: &Calendar, forms: &mut Forms) {
    let names = &options.rename_properties;
    if !names.is_empty() {
        forms.local.push(Mapping::Own(Own::named(names.values())));
        forms.remote.push(Mapping::Own(Own::Beside(names.clone())));
        each(forms, |on_server| Mapping::Renamed { names: names.clone(), on_server });
    }
}

fn colors(options: &Calendar, category: Option<&Category>, forms: &mut Forms) {
    let mut colors = options.category_colors.clone();
    // The one that the profile goes by says nothing about a single item.
    colors.retain(|name, _| category.is_none_or(|category| folded(&category.name) != folded(name)));
    if !colors.is_empty() {
        let colors = Colors::new(&colors);
        each(forms, |on_server| Mapping::Colors { colors: colors.clone(), on_server });
    }
}

fn own(options: &Calendar, now: Timestamp, zone: &TimeZone, forms: &mut Forms) {
    if !options.attendees {
        each(forms, |_| Mapping::Own(Own::named(["ORGANIZER", "ATTENDEE"])));
    }
    if options.description && options.derive_html {
        each(forms, |on_server| Mapping::Html { on_server });
    }
    if !options.description {
        each(forms, |_| Mapping::Own(Own::named(["DESCRIPTION", "X-ALT-DESC"])));
    }
    match options.reminders {
        Reminders::All => {}
        Reminders::None => each(forms, |_| Mapping::Own(Own::Alarms)),
        Reminders::Upcoming => {
            each(forms, |_| Mapping::Own(Own::PastAlarms(Past { now, zone: zone.clone() })));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::item::mapping::tests::item;
    use crate::item::mapping::{on, shared};

    fn options() -> impl Strategy<Value = Calendar> {
        let reminders = prop_oneof![Just(Reminders::All), Just(Reminders::None), Just(Reminders::Upcoming)];
        let zones = prop_oneof![Just(TimeZones::Keep), Just(TimeZones::Iana), Just(TimeZones::Utc)];
        (any::<[bool; 11]>(), reminders, zones).prop_map(|(flags, reminders, time_zones)| {
            let [guests, text, there, here, private, public, html, agent, quiet, colors, names] = flags;
            let one = |is: bool, key: &str, value: &str| {
                is.then(|| (key.to_owned(), value.to_owned())).into_iter().collect()
            };
            Calendar {
                busy_blocks: None,
                reminders,
                attendees: guests,
                description: text,
                private_as_confidential: there,
                confidential_as_private: here,
                public_as_private: private,
                omit_public: public,
                derive_html: html,
                time_zones,
                category_colors: one(colors, "Work", "red"),
                rename_properties: one(names, "PRIORITY", "X-URGENCY"),
                schedule_agent_client: agent,
                no_notifications: quiet,
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_goes_out_says_there_what_it_says_here(here in item(), calendar in options()) {
            let options = Options { calendar, ..Options::default() };
            let now = "2026-05-03T10:00:00Z".parse().unwrap();
            let forms = of(&options, [0; 32], None, now, &TimeZone::UTC);
            let said = shared(&forms.local, &here);
            let there = on(&forms.remote, &said, None);
            let show = |bytes: &bytes::Bytes| String::from_utf8_lossy(bytes).into_owned();
            prop_assert_eq!(show(&shared(&forms.remote, &there)), show(&said), "{}", show(&there));
        }
    }
}
