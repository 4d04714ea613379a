//! What the options of a profile come to: the differences of each side's form from the shared one, the side's own
//! first.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Category;
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
        forms.remote.push(Mapping::NoNotifications);
    }
    if options.schedule_agent_client {
        forms.remote.push(Mapping::ScheduleAgentClient);
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
        forms.local.push(Mapping::Secret { confidential: !options.confidential_as_private });
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
    colors.retain(|name, _| category.is_none_or(|category| !category.name.eq_ignore_ascii_case(name)));
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
