//! The laws of the mappings, for items of all kinds.
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

/// Every mapping, with what the item has of it on the other side where it is not the same on both.
fn all() -> Vec<Vec<Mapping>> {
    let named = |names: &[&str]| Mapping::Own(Own::named(names.iter().copied()));
    let names = BTreeMap::from([("PRIORITY".to_owned(), "X-URGENCY".to_owned())]);
    let colors = BTreeMap::from([("Work", "red"), ("Travel", "#00ff00"), ("a", "red")]);
    let colors = Colors::new(&colors.into_iter().map(|(one, other)| (one.into(), other.into())).collect());
    let past = Past { now: "2026-05-03T10:00:00Z".parse().unwrap(), zone: TimeZone::UTC };
    vec![
        vec![Mapping::Category { name: "Work".into(), on_server: false }],
        vec![Mapping::Category { name: "Work".into(), on_server: true }],
        vec![named(&["ATTENDEE", "ORGANIZER"])],
        vec![named(&["DESCRIPTION", "X-ALT-DESC"])],
        vec![Mapping::Own(Own::Public)],
        vec![Mapping::Own(Own::Alarms)],
        vec![Mapping::Own(Own::PastAlarms(past))],
        vec![Mapping::PublicIsPrivate, Mapping::Own(Own::Public)],
        vec![Mapping::Secret { confidential: true }],
        vec![Mapping::Secret { confidential: false }],
        vec![Mapping::PublicIsPrivate, Mapping::Own(Own::Public), Mapping::Secret { confidential: true }],
        vec![
            Mapping::Own(Own::Beside(names.clone())),
            Mapping::Renamed { names: names.clone(), on_server: true },
        ],
        vec![named(&["X-URGENCY"]), Mapping::Renamed { names, on_server: false }],
        vec![Mapping::Times { written: Written::Iana, on_server: true }],
        vec![Mapping::Times { written: Written::Iana, on_server: false }],
        vec![Mapping::Times { written: Written::Utc, on_server: true }],
        vec![Mapping::Times { written: Written::Utc, on_server: false }],
        vec![Mapping::Colors { colors: colors.clone(), on_server: true }],
        vec![Mapping::Colors { colors, on_server: false }],
        vec![Mapping::Html { on_server: true }],
        vec![Mapping::Html { on_server: false }],
        vec![Mapping::ScheduleAgentClient { on_server: true }, Mapping::NoNotifications],
        vec![Mapping::NoNotifications, Mapping::ScheduleAgentClient { on_server: true }],
        vec![Mapping::Own(Own::Quiet), Mapping::ScheduleAgentClient { on_server: false }],
    ]
    .into_iter()
    .chain(own_in_other_zones())
    .collect()
}

/// What is each side's own, with times in other words beside.
fn own_in_other_zones() -> Vec<Vec<Mapping>> {
    let own = [Own::named(["ATTENDEE", "ORGANIZER"]), Own::named(["DESCRIPTION", "X-ALT-DESC"]), Own::Alarms];
    let with = |times: Mapping| own.iter().cloned().map(Mapping::Own).chain([times]).collect();
    let times = |written| [false, true].map(|on_server| Mapping::Times { written, on_server });
    [Written::Iana, Written::Utc].into_iter().flat_map(times).map(with).collect()
}

/// A line or an alarm of an event.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "(ATTENDEE|attendee|ORGANIZER|ATTEN\n DEE|X-ATTENDEE)(\n[ \t])?(;CN=\"[a-zé:; ]{0,40}\"|;X=[a-z]{0,60}){0,2}(;SCHEDULE-AGENT=(NONE|CLIENT))?(\n )?:mailto:[a-z]{1,60}@x\n",
        "(SUMMARY|DESCRIPTION|X-ALT-DESC;FMTTYPE=text/html):[a-z<>&;\\\\, ]{0,90}\n",
        "(CLASS|class|CLA\n SS)(;X=1)?:( |\n )?(PUBLIC|private|CONFIDENTIAL|X-OTHER)\n",
        "(X-PIMBRIDGE-SERVER-CLASS:PUBLIC|X-SOGO-SEND-APPOINTMENT-NOTIFICATIONS:NO)\n",
        "(PRIORITY|x-urgency|X-URG\n ENCY)(;X=\"[a-z:]{0,70}\")?:[0-9]\n",
        "(CATEGORIES(;X=1)?:(Work|[a-z]{0,3}|Travel|\n Work)(,Work|,[a-z]){0,2}|COLOR:(red|RED|#00ff00|lime|x))\n",
        "(DTSTART|DTEND|DUE|X-T)(;X=1)?;TZID=(Europe/Berlin|W. Europe Standard Time|\"Own: zone\"|Own|America/New_York)(\n )?(;VALUE=DATE-TIME)?:2026(0503|1025|0329)T0[0-3]3000\n",
        "(DTSTART|DTEND):2026050[1-6](T090000(Z)?)?\n",
        "(RRULE:FREQ=DAILY(;COUNT=2)?|RDATE:20260506)\n",
        "BEGIN:VALARM\n(ACTION:DISPLAY\n)?TRIGGER(;RELATED=END)?:-?P[1-3]D\n(ATTENDEE:mailto:a@x\n)?END:VALARM\n",
    ]
}

fn component() -> impl Strategy<Value = String> {
    // The same three occurrences in three zones.
    let id = "(RECURRENCE-ID(:2026050[1-3]T070000Z|;TZID=(Europe/Berlin|W. Europe Standard Time):2026050[1-3]T090000)\n)?";
    (proptest::collection::vec(part(), 0..7), id).prop_map(|(parts, id)| {
        let (alarms, lines): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.starts_with("BEGIN"));
        format!("BEGIN:VEVENT\nUID:1\n{id}{}{}END:VEVENT\n", lines.concat(), alarms.concat())
    })
}

fn zone(name: &str) -> String {
    format!(
        "BEGIN:VTIMEZONE\nTZID:{name}\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
}

pub(crate) fn item() -> impl Strategy<Value = Bytes> {
    let zones = proptest::sample::subsequence(vec!["Europe/Berlin", "W. Europe Standard Time", "Own"], 0..=3);
    let components = proptest::collection::vec(component(), 1..4);
    (zones, components, any::<bool>()).prop_map(|(zones, components, crlf)| {
        let zones: String = zones.into_iter().map(zone).collect();
        let text = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{zones}{}END:VCALENDAR\n", components.concat());
        Bytes::from(if crlf { text.replace('\n', "\r\n") } else { text })
    })
}

fn show(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_says_what_it_was_made_of(source in item(), there in item(), is_there in any::<bool>()) {
        let there = is_there.then_some(there);
        for mappings in all() {
            let s = shared(&mappings, &source);
            let written = on(&mappings, &s, there.as_ref());
            prop_assert_eq!(show(&shared(&mappings, &written)), show(&s), "{:?} wrote {}", mappings, show(&written));
        }
    }

    #[test]
    fn what_says_it_already_stays_as_it_is(there in item()) {
        for mappings in all() {
            let s = shared(&mappings, &there);
            prop_assert_eq!(show(&on(&mappings, &s, Some(&there))), show(&there), "{:?}", mappings);
        }
    }

    #[test]
    fn what_is_a_sides_own_stays_where_something_else_changes(there in item()) {
        // A definition may have another name where nothing is in its zone.
        let own = |bytes: &Bytes| {
            let text = show(bytes).replace('\r', "").replace("X-NEW:1\n", "");
            let mut components = text.split("BEGIN:VEVENT\n");
            components.next();
            let sorted = |component: &str| {
                let mut lines: Vec<_> = component.lines().map(str::to_owned).collect();
                lines.sort_unstable();
                lines
            };
            components.map(sorted).collect::<Vec<_>>()
        };
        for mappings in own_in_other_zones() {
            let changed = with_new(&shared(&mappings, &there));
            let written = on(&mappings, &changed, Some(&there));
            prop_assert_eq!(own(&written), own(&there), "{:?}", mappings);
        }
    }
}

/// The item with another line in each component.
fn with_new(bytes: &Bytes) -> Bytes {
    show(bytes).replace("UID:1", "X-NEW:1\nUID:1").into()
}
