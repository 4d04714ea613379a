//! The keys of a profile become elements: the writing half of the export.

use super::document::{Element, MAPPING, Options};
use super::fields;
use super::keys::Keys;
use super::translate::NO_LIMIT;
use super::words::{self, CONFLICTS, GROUPS, MODES, REMINDERS, theirs, truth};
use crate::item::Kind;

/// The elements that the keys of a profile stand for, beside others that `base` has.
pub fn options(name: &str, kind: Kind, keys: &Keys, base: Options) -> Options {
    let mut options = base;
    options.set_mapping_kind(fields::of_kind(kind).0);
    options.set("Name", name);
    general(keys, &mut options);
    range(keys, &mut options);
    remote(keys, &mut options);
    for switch in words::switches(kind) {
        switch.write(keys, &mut options);
    }
    if let Some([name, empty, invert]) = words::category(kind) {
        text_or_none(&mut options, name, keys.text("category"));
        options.set(empty, truth(keys.switch("include_uncategorised") == Some(true)));
        options.set(invert, truth(keys.switch("invert") == Some(true)));
    }
    mapping(kind, keys, &mut options);
    options
}

/// What a new profile has.
pub fn new(kind: Kind) -> Options {
    let mut options = Options::default();
    for (group, field) in fields::all(kind) {
        if let Some(new) = field.new {
            options.put(group, Element::text(field.name, new));
        }
    }
    options
}

fn general(keys: &Keys, options: &mut Options) {
    let mode = keys.text("mode").unwrap_or("two-way");
    options.set("SynchronizationMode", theirs(MODES, mode).unwrap_or("MergeInBothDirections"));
    let conflict = match keys.text("conflict") {
        // The nearest that runs there.
        None | Some("merge" | "ask") => "automatic",
        Some(conflict) => conflict,
    };
    options.set("ConflictResolution", theirs(CONFLICTS, conflict).unwrap_or("Automatic"));
    options
        .set("SynchronizationIntervalInMinutes", keys.number("interval_minutes").unwrap_or(30).to_string());
    let chunk = keys.number("chunk_size").unwrap_or(100);
    options.set("IsChunkedSynchronizationEnabled", truth(chunk != 0));
    options.set("ChunkSize", if chunk == 0 { "100".to_owned() } else { chunk.to_string() });
}

fn range(keys: &Keys, options: &mut Options) {
    let limits = ["past_days", "future_days"].map(|key| keys.number(key));
    let events = keys.text("kind") == Some("events");
    let counts = events && limits != [None, None];
    options.set("IgnoreSynchronizationTimeRange", truth(!counts));
    if counts {
        let elements = ["DaysToSynchronizeInThePast", "DaysToSynchronizeInTheFuture"];
        for (element, days) in elements.into_iter().zip(limits) {
            options.set(element, days.unwrap_or(NO_LIMIT).to_string());
        }
    }
}

fn remote(keys: &Keys, options: &mut Options) {
    options.set("CalenderUrl", keys.text("remote.url").unwrap_or_default());
    text_or_none(options, "UserName", keys.text("remote.user"));
    let google =
        keys.text("remote.sign_in") == Some("oauth") && keys.text("oauth.provider") == Some("google");
    options.set("ServerAdapterType", if google { "GoogleOAuth" } else { "Default" });
    let (system, manual) = match keys.text("remote.proxy") {
        None | Some("system") => (true, None),
        Some("none") => (false, None),
        Some(url) => (false, Some(url)),
    };
    options.set("ProxyOptions/ProxyUseDefault", truth(system));
    options.set("ProxyOptions/ProxyUseManual", truth(manual.is_some()));
    text_or_none(options, "ProxyOptions/ProxyUrl", manual);
    text_or_none(options, "ProxyOptions/ProxyUserName", keys.text("remote.proxy_user"));
}

fn mapping(kind: Kind, keys: &Keys, options: &mut Options) {
    let mut set = |name: &str, value: &str| options.set(&format!("{MAPPING}/{name}"), value);
    if kind == Kind::Contacts {
        let groups = keys.text("mapping.groups").and_then(|word| theirs(GROUPS, word));
        set("MapDistributionLists", truth(groups.is_some()));
        set("DistributionListType", groups.unwrap_or("Sogo"));
        return;
    }
    set("MapReminder", theirs(REMINDERS, keys.text("mapping.reminders").unwrap_or("all")).unwrap_or("true"));
    if kind == Kind::Events {
        let derive = truth(keys.text("mapping.html_description") == Some("derive"));
        set("MapRtfBodyToXAltDesc", derive);
        set("MapXAltDescToRtfBody", derive);
        let zones = keys.text("mapping.time_zones");
        set("CreateEventsInUTC", truth(zones == Some("utc")));
        set("UseIanaTz", truth(zones == Some("iana")));
        let colors =
            list(keys, "mapping.category_colors", "ColorCategoryMapping", ["PreferredCategory", "HtmlColor"]);
        set("MapEventColorToCategory", truth(!colors.is_empty()));
        put_list(options, "EventColorToCategoryMappings", colors, None);
    }
    let renamed =
        list(keys, "mapping.rename_properties", "PropertyMapping", ["OutlookProperty", "DavProperty"]);
    put_list(options, "UserDefinedCustomPropertyMappings", renamed, Some(""));
}

/// An element with two texts for each entry of a table.
fn list(keys: &Keys, key: &str, element: &str, names: [&str; 2]) -> Vec<Element> {
    let entries = keys.table(key).into_iter().flatten();
    let texts = entries.filter_map(|(name, value)| Some([name.as_str(), value.as_str()?]));
    let pairs = texts.map(|texts| {
        let mut children: Vec<_> =
            names.into_iter().zip(texts).map(|(name, text)| Element::text(name, text)).collect();
        // A colour stands before its category, a property of Outlook's before that of the server.
        children
            .sort_by_key(|child| ["HtmlColor", "OutlookProperty"].contains(&child.name.as_str()) as u8 ^ 1);
        Element::group(element, children)
    });
    pairs.collect()
}

fn put_list(options: &mut Options, name: &str, elements: Vec<Element>, empty: Option<&str>) {
    match (elements.is_empty(), empty) {
        (false, _) => options.put(Some(MAPPING), Element::group(name, elements)),
        (true, Some(text)) => options.set(&format!("{MAPPING}/{name}"), text),
        (true, None) => options.remove(&format!("{MAPPING}/{name}")),
    }
}

fn text_or_none(options: &mut Options, path: &str, text: Option<&str>) {
    match text {
        Some(text) => options.set(path, text),
        None => options.remove(path),
    }
}
