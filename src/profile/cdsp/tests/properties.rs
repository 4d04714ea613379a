//! Whatever a file has: import, export and import again come to the same.

use proptest::prelude::*;

use super::super::document::Element;
use super::super::fields;
use super::*;

/// A value that an element of this name can have.
fn value(name: &str, new: Option<&str>) -> BoxedStrategy<String> {
    let words = |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned).boxed();
    match name {
        "Name" => "[a-zA-Zäß&<. ]{1,12}x".boxed(),
        "OutlookFolderEntryId" => words(&["Kalender", "../.. \n<ERROR>"]),
        "Id" => words(&["3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11", "00000000-0000-0000-0000-000000000000", "?"]),
        "SynchronizationMode" => words(&[
            "ReplicateOutlookIntoServer",
            "MergeOutlookIntoServer",
            "ReplicateServerIntoOutlook",
            "MergeServerIntoOutlook",
            "MergeInBothDirections",
        ]),
        "ConflictResolution" => words(&["OutlookWins", "ServerWins", "Automatic", "Manual"]),
        "CalenderUrl" => {
            words(&["https://s.example:443/ü/", "http://localhost:1/c", "HTTPS://S.example/%41/"])
        }
        "UserName" | "ProxyUserName" => words(&["jana", " jana@example.org ", ""]),
        "ServerAdapterType" => words(&["Default"]),
        "MapReminder" => words(&["true", "false", "JustUpcoming"]),
        "DistributionListType" => words(&["Sogo", "VCardGroup", "VCardGroupWithUid"]),
        "DefaultImServicType" => words(&["AIM", "Skype"]),
        "EventCategory" | "TaskCategory" => words(&["Work", " Büro & Co "]),
        "ProxyUrl" => words(&["http://p.example:1", "p.example:8080", "https://p/x", "http://p"]),
        _ if matches!(new, Some("true" | "false")) => words(&["true", "false", "1", "0"]),
        _ if name.starts_with("Days") || name.ends_with("Minutes") || name == "ChunkSize" => {
            words(&["0", "1", "100", "365", "-5", "40000", "2147483647"])
        }
        _ => words(&["x", "jana", " a\n'''b ", ""]),
    }
}

fn pairs(name: &'static str, element: &'static str, texts: [&'static str; 2]) -> BoxedStrategy<Element> {
    let pair = ("blue|#ff0000|no colour|A B|X-A", "Work|Home|X-B|X-ä|").prop_map(move |(first, second)| {
        Element::group(element, vec![Element::text(texts[0], first), Element::text(texts[1], second)])
    });
    prop::collection::vec(pair, 0..4).prop_map(move |pairs| Element::group(name, pairs)).boxed()
}

fn element(name: &'static str, new: Option<&'static str>) -> BoxedStrategy<Element> {
    match name {
        "EventColorToCategoryMappings" => {
            pairs(name, "ColorCategoryMapping", ["HtmlColor", "PreferredCategory"])
        }
        "UserDefinedCustomPropertyMappings" => {
            pairs(name, "PropertyMapping", ["OutlookProperty", "DavProperty"])
        }
        _ => value(name, new).prop_map(move |text| Element::text(name, text)).boxed(),
    }
}

fn options() -> impl Strategy<Value = Options> {
    let kinds = prop::sample::select(vec![Kind::Events, Kind::Tasks, Kind::Contacts]);
    kinds.prop_flat_map(|kind| {
        let fields = fields::all(kind).filter(|(_, field)| {
            !["ProxyOptions", "MappingConfiguration", "OutlookFolderStoreId"].contains(&field.name)
        });
        let elements: Vec<_> = fields
            .map(|(group, field)| {
                let one = element(field.name, field.new);
                let one = match ["Name", "CalenderUrl", "OutlookFolderEntryId"].contains(&field.name) {
                    true => one.prop_map(Some).boxed(),
                    false => prop::option::weighted(0.8, one).boxed(),
                };
                one.prop_map(move |one| (group, one))
            })
            .collect();
        let unknown = prop::option::of(Just((None, Element::text("Unknown", "a&b"))));
        (elements, unknown).prop_map(move |(elements, unknown)| {
            let mut options = Options::default();
            options.set_mapping_kind(fields::of_kind(kind).0);
            let known = elements.into_iter().filter_map(|(group, one)| Some((group, one?)));
            known.chain(unknown).for_each(|(group, one)| options.put(group, one));
            options
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn import_and_export_and_import_come_to_the_same(options in options()) {
        let read_again = |options: &Options| read(&write(std::slice::from_ref(options))).unwrap().profiles.remove(0);
        prop_assert_eq!(imported(&read_again(&options)), imported(&options));
        let (text, exported) = there_and_back(&options);
        let again = imported(&read_again(&exported));
        prop_assert_eq!(&again.keys, &imported(&exported).keys);
        prop_assert_eq!(file_text(&again, "", Some(&text)).unwrap(), text, "{}", write(&[exported]));
        prop_assert_eq!(there_and_back(&exported).1, exported);
    }
}
