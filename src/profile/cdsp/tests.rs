use std::path::Path;

use super::document::Element;
use super::*;
use crate::item::Kind;
use crate::profile::{Name, parse};

mod properties;
mod replacing;

pub const SAMPLE: &str = include_str!("../../../profiles-examples/outlook.cdsp");

fn sample() -> Vec<Options> {
    read(SAMPLE).unwrap().profiles
}

fn calendar() -> Options {
    sample().remove(0)
}

/// The sample's calendar with some elements otherwise; without a text they are missing.
fn with(changes: &[(&str, Option<&str>)]) -> Options {
    let mut options = calendar();
    for (path, text) in changes {
        match text {
            Some(text) => options.set(path, *text),
            None => options.remove(path),
        }
    }
    options
}

fn imported(options: &Options) -> Imported {
    import(options, kind_of(options).unwrap()).unwrap()
}

fn refused(changes: &[(&str, Option<&str>)]) -> String {
    let options = with(changes);
    import(&options, kind_of(&options).unwrap()).unwrap_err()
}

fn shown(options: &Options) -> String {
    let imported = imported(options);
    let text = format!("{}\n{}", label(options), imported.keys.to_toml());
    imported.notes.iter().fold(text, |text, note| format!("{text}! {note}\n"))
}

/// What a file has, but for secrets.
fn without_secrets(options: &Options) -> Options {
    let mut options = options.clone();
    for path in ["Salt", "ProtectedPassword", "ProxyOptions/ProxySalt", "ProxyOptions/ProxyProtectedPassword"]
    {
        if options.find(path).is_some() {
            options.remove(path);
        }
    }
    options
}

/// The text of the file that an import makes of a profile, and what an export makes of that.
fn there_and_back(options: &Options) -> (String, Options) {
    let name = Name::like(&label(options));
    let text = file_text(&imported(options), "/folder", None).unwrap();
    parse(&name, Path::new("p.toml"), &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let options = export(&name, &Keys::of(&text), None).options;
    (text, options)
}

#[test]
fn what_was_read_is_written_to_the_octet() {
    assert_eq!(write(&sample()), SAMPLE);
}

#[test]
fn an_export_of_what_was_imported_has_the_same_elements() {
    for options in sample() {
        assert_eq!(write(&[there_and_back(&options).1]), write(&[without_secrets(&options)]));
    }
}

#[test]
fn the_keys_of_the_sample() {
    let [calendar, contacts, tasks] = sample().try_into().unwrap();
    insta::assert_snapshot!(shown(&calendar), @r#"
    Nextcloud Kalender
    category = "Privat"
    conflict = "automatic"
    future_days = 365
    interval_minutes = 30
    invert = true
    kind = "events"
    mode = "two-way"
    past_days = 60
    sync_on_change = true

    [cdsp]
    account = "jana@example.org"
    elements = """
    <Name>Nextcloud Kalender</Name>
    <EmailAddress>jana@example.org</EmailAddress>
    <MappingConfiguration>
      <MapRtfBodyToXAltDesc>false</MapRtfBodyToXAltDesc>
      <EventTz>Europe/Vienna</EventTz>
      <UseGlobalAppointmentID>true</UseGlobalAppointmentID>
      <UserDefinedCustomPropertyMappings>
        <PropertyMapping>
          <OutlookProperty>Projekt</OutlookProperty>
          <DavProperty>X-PROJECT-ID</DavProperty>
        </PropertyMapping>
      </UserDefinedCustomPropertyMappings>
    </MappingConfiguration>
    <ProfileTypeOrNull>Nextcloud</ProfileTypeOrNull>
    """
    folder = "Kalender"
    id = "3f0c1c52-6f0e-4d0b-9d0c-2b8a0d5f7a11"

    [mapping]
    html_description = "derive"
    reminders = "upcoming"
    time_zones = "iana"

    [mapping.category_colors]
    Team = "blue"

    [mapping.rename_properties]
    X-PROJEKT = "X-PROJECT-ID"

    [remote]
    schedule_agent = "client"
    url = "https://cloud.example.org/remote.php/dav/calendars/jana/personal/"
    user = "jana"
    "#);
    insta::assert_snapshot!(shown(&contacts), @r#"
    iCloud Kontakte
    chunk_size = 50
    conflict = "server-wins"
    interval_minutes = 0
    kind = "contacts"
    mode = "replicate-from-server"

    [cdsp]
    account = "jana@example.org"
    elements = """
    <Name>iCloud Kontakte</Name>
    <EmailAddress />
    <UseWebDavCollectionSync>true</UseWebDavCollectionSync>
    <UseAccountPassword>true</UseAccountPassword>
    <ProfileTypeOrNull>ContactsiCloud</ProfileTypeOrNull>
    """
    folder = "Kontakte"
    id = "8a7a9b61-52a4-4d5f-8f1e-6a1f9e1f3c02"

    [mapping]
    groups = "x-addressbookserver"
    instant_messaging = "impp"

    [remote]
    proxy = "http://proxy.example.org:3128"
    proxy_user = "jana"
    url = "https://contacts.icloud.com:443/123456789/carddavhome/card/"
    user = "jana@icloud.example"
    ! its proxy wants a password: pimbridge profile password {name} --proxy
    ! it took its password from the account in Outlook, which cannot be done here
    "#);
    insta::assert_snapshot!(shown(&tasks), @r#"
    Aufgaben SOGo
    active = false
    chunk_size = 0
    conflict = "local-wins"
    interval_minutes = 240
    kind = "tasks"
    mode = "merge-to-server"

    [cdsp]
    elements = """
    <Name>Aufgaben SOGo</Name>
    <IgnoreSynchronizationTimeRange>false</IgnoreSynchronizationTimeRange>
    <EmailAddress>jana@example.com</EmailAddress>
    <ForceBasicAuthentication>false</ForceBasicAuthentication>
    <MappingConfiguration>
      <MapRecurringTasks>false</MapRecurringTasks>
      <MapStartAndDueAsFloating>true</MapStartAndDueAsFloating>
      <MapCustomProperties>true</MapCustomProperties>
    </MappingConfiguration>
    <ProfileTypeOrNull>Sogo</ProfileTypeOrNull>
    """
    folder = "Aufgaben"
    id = "c2b9d0f4-1b54-4a54-b8d4-0f3f5f3a9e77"

    [remote]
    close_connections = true
    proxy = "none"
    url = "https://sogo.example.com/SOGo/dav/jana/Calendar/personal/"
    user = "jana"
    ! without effect here and only kept for an export: MapRecurringTasks, MapStartAndDueAsFloating and MapCustomProperties
    "#);
}

#[test]
fn the_file_of_an_imported_profile() {
    insta::assert_snapshot!(there_and_back(&sample()[1]).0, @r#"
    # A profile of Pimbridge: one folder here, one collection on a server, and how they are kept the same.
    # Change it here, or with: pimbridge profile set NAME KEY VALUE

    kind = "contacts"                      # events | tasks | contacts
    mode = "replicate-from-server"         # two-way | replicate-to-server | merge-to-server | replicate-from-server | merge-from-server
    conflict = "server-wins"               # where both sides changed an item: automatic (the newer) | local-wins | server-wins | merge (both; recommended) | ask
    interval_minutes = 0                  # from one run of the background program to the next; 0: by hand only
    chunk_size = 50
    preview_needed = true

    [local]
    type = "vdir"
    path = "/folder"

    [remote]
    type = "dav"
    url = "https://contacts.icloud.com:443/123456789/carddavhome/card/"
    proxy = "http://proxy.example.org:3128"
    proxy_user = "jana"
    user = "jana@icloud.example"

    [cdsp]
    account = "jana@example.org"
    elements = '''
    <Name>iCloud Kontakte</Name>
    <EmailAddress />
    <UseWebDavCollectionSync>true</UseWebDavCollectionSync>
    <UseAccountPassword>true</UseAccountPassword>
    <ProfileTypeOrNull>ContactsiCloud</ProfileTypeOrNull>
    '''
    folder = "Kontakte"
    id = "8a7a9b61-52a4-4d5f-8f1e-6a1f9e1f3c02"

    [mapping]
    groups = "x-addressbookserver"
    instant_messaging = "impp"
    "#);
}

#[test]
fn the_order_of_the_elements_does_not_count() {
    let mut turned = calendar();
    turned.0.reverse();
    turned.0.iter_mut().for_each(|element| element.children.reverse());
    assert_eq!(imported(&turned), imported(&calendar()));
    assert_eq!(write(&[there_and_back(&turned).1]), write(&[there_and_back(&calendar()).1]));
}

#[test]
fn missing_elements_mean_what_the_format_says() {
    let text = "<ArrayOfOptions><Options><Name>Old</Name><CalenderUrl>https://s.example/c/</CalenderUrl>\
                <MappingConfiguration xsi:type=\"TaskMappingConfiguration\" /></Options></ArrayOfOptions>";
    let options = read(text).unwrap().profiles.remove(0);
    insta::assert_snapshot!(shown(&options), @r#"
    Old
    active = false
    chunk_size = 0
    conflict = "local-wins"
    interval_minutes = 0
    kind = "tasks"
    mode = "replicate-to-server"

    [cdsp]
    elements = """
    <Name>Old</Name>
    <DaysToSynchronizeInThePast>0</DaysToSynchronizeInThePast>
    <DaysToSynchronizeInTheFuture>0</DaysToSynchronizeInTheFuture>
    <PreemptiveAuthentication>false</PreemptiveAuthentication>
    <ForceBasicAuthentication>false</ForceBasicAuthentication>
    <MappingConfiguration>
      <MapPriority>false</MapPriority>
      <MapRecurringTasks>false</MapRecurringTasks>
    </MappingConfiguration>
    """
    id = "2818e5db-79ad-8073-93d0-fa38d25fc78e"

    [mapping]
    description = false
    reminders = "none"

    [remote]
    url = "https://s.example/c/"
    ! it has no user name; if the server wants one: pimbridge profile set {name} remote.user USER
    ! it does not say which way changes go, which means that the server becomes a copy of the folder: it is not switched on; if that is right, do it with: pimbridge profile set {name} active true
    "#);
    let exported = there_and_back(&options).1;
    assert_eq!(exported.text("PreemptiveAuthentication"), Some("false"));
    assert_eq!(exported.text("MappingConfiguration/MapPriority"), Some("false"));
    assert_eq!(exported.text("ChunkSize"), Some("100"));
    assert_eq!(exported.text("SynchronizationMode"), Some("ReplicateOutlookIntoServer"));
    assert_eq!(exported.text("Inactive"), Some("true"), "it was not switched on");
}

#[test]
fn without_a_mapping_it_is_that_of_a_new_profile() {
    let mut options = calendar();
    options.0.retain(|element| element.name != "MappingConfiguration");
    assert_eq!(kind_of(&options), None);
    let events = import(&options, Kind::Events).unwrap().keys;
    assert_eq!(events.text("remote.schedule_agent"), Some("client"));
    assert!(events.text("category").is_none());
}

#[test]
fn unknown_elements_are_kept_and_told() {
    let mut options = with(&[("Fancy", Some("a < b\n'''")), ("MappingConfiguration/MapMood", Some("true"))]);
    options.set("SecretToken", "hunter2");
    assert_eq!(
        imported(&options).notes,
        ["not known, and only kept for an export (the last of each name): Fancy, MapMood and SecretToken"]
    );
    let (text, exported) = there_and_back(&options);
    assert_eq!(exported.text("Fancy"), Some("a < b\n'''"));
    assert_eq!(exported.text("MappingConfiguration/MapMood"), Some("true"));
    assert!(!text.contains("hunter2"), "{text}");
    options.set("Fancy", "x".repeat(100_000));
    insta::assert_snapshot!(import(&options, Kind::Events).unwrap_err(), @"it holds far more than the options of a profile; remove what is not needed from the file");
}

#[test]
fn no_secret_is_taken_over() {
    let options = with(&[
        ("CalenderUrl", Some("https://jana:hunter2@s.example/c/")),
        ("UserName", None),
        ("ProxyOptions/ProxyUseDefault", Some("false")),
        ("ProxyOptions/ProxyUseManual", Some("true")),
        ("ProxyOptions/ProxyUrl", Some("http://jana:hunter2@proxy.example:1")),
        ("ProxyOptions/ProxyProtectedPassword", Some("AQAAA")),
    ]);
    let (text, exported) = there_and_back(&options);
    let written = write(&[exported]);
    for secret in ["hunter2", "AQAAA", "bWFkZS11"] {
        assert!(!text.contains(secret) && !written.contains(secret), "{secret}\n{text}\n{written}");
    }
    let keys = imported(&options).keys;
    assert_eq!(keys.text("remote.user"), Some("jana"));
    assert_eq!(keys.text("remote.url"), Some("https://s.example/c/"));
    assert_eq!(keys.text("remote.proxy"), Some("http://proxy.example:1/"));
}

/// Wherever in a profile it stands.
#[test]
fn no_secret_is_kept() {
    let mut options = with(&[
        ("ProxyOptions/ProxyUseDefault", Some("false")),
        ("ProxyOptions/ProxyUseManual", Some("true")),
        ("ProxyOptions/ProxyUrl", Some("jana:hunter2@proxy.example:1")),
        ("Extra", Some("see https://jana:hunter2@s.example/c/ and more")),
    ]);
    options
        .0
        .push(Element::group("Nested", vec![Element::text("Password", "hunter2"), Element::text("A", "b")]));
    let attributes = vec![("password".to_owned(), "hunter2".to_owned()), ("x".to_owned(), "1".to_owned())];
    options.0.push(Element { attributes, ..Element::text("Fancy", "c") });
    let (text, exported) = there_and_back(&options);
    let written = write(&[exported]);
    assert!(!text.contains("hunter2") && !written.contains("hunter2"), "{text}\n{written}");
    for kept in ["<A>b</A>", "x=\"1\"", "see https://s.example/c/ and more", "proxy.example:1"] {
        assert!(written.contains(kept), "{kept}: {written}");
    }
}

/// What a person's own computer serves goes through no proxy, which could read it.
#[test]
fn no_proxy_stands_before_this_computer() {
    let options = with(&[
        ("CalenderUrl", Some("http://127.0.0.1:1080/users/jana/calendar/")),
        ("ProxyOptions/ProxyUseDefault", Some("false")),
        ("ProxyOptions/ProxyUseManual", Some("true")),
        ("ProxyOptions/ProxyUrl", Some("http://evil.example:1")),
    ]);
    let imported = imported(&options);
    assert_eq!(imported.keys.text("remote.proxy"), Some("none"));
    assert!(imported.notes.iter().any(|note| note.contains("its proxy is left out")), "{:?}", imported.notes);
}

#[test]
fn a_profile_without_mapping_has_that_of_its_type() {
    let keys = |profile_type: &str| {
        let mut options = with(&[("ProfileTypeOrNull", Some(profile_type))]);
        options.0.retain(|element| element.name != "MappingConfiguration");
        import(&options, kind_of(&options).unwrap_or(Kind::Events)).unwrap().keys
    };
    assert_eq!(keys("Generic").text("remote.schedule_agent"), Some("client"));
    let sogo = keys("Sogo");
    assert_eq!(
        (sogo.text("remote.schedule_agent"), sogo.switch("remote.send_notifications")),
        (None, Some(false))
    );
    assert_eq!(keys("GmxCalendar").text("mapping.time_zones"), Some("iana"));
    let google = keys("Google");
    assert_eq!(
        (google.switch("mapping.attendees"), google.switch("mapping.omit_public")),
        (Some(false), Some(true))
    );
}

#[test]
fn profiles_of_googles() {
    let options = with(&[("ServerAdapterType", Some("GoogleOAuth")), ("ProfileTypeOrNull", Some("Google"))]);
    let keys = imported(&options).keys;
    assert_eq!((keys.text("remote.sign_in"), keys.text("oauth.provider")), (Some("oauth"), Some("google")));

    let mut contacts = sample().remove(1);
    contacts.set("ServerAdapterType", "GoogleContactApi");
    contacts.set("CalenderUrl", "https://www.google.com/m8/feeds");
    contacts.set("UserName", "jana@gmail.com");
    let mut google = imported(&contacts);
    assert_eq!(
        google.keys.text("remote.url"),
        Some("https://www.googleapis.com/carddav/v1/principals/jana@gmail.com/lists/default/")
    );
    google.keys.set("oauth.client_id", "1");
    let text = file_text(&google, "/folder", None).unwrap();
    let exported = export(&Name::new("x").unwrap(), &Keys::of(&text), None).options;
    assert_eq!(exported.text("CalenderUrl"), Some("https://www.google.com/m8/feeds"));
    assert_eq!(exported.text("ServerAdapterType"), Some("GoogleContactApi"));
    contacts.remove("UserName");
    insta::assert_snapshot!(import(&contacts, Kind::Contacts).unwrap_err(), @"Google has closed the service that it uses, and the address of the new one needs your address at Google, which is missing; make the profile anew: pimbridge profile add NAME --preset google");
}

#[test]
fn what_cannot_be_taken_over_is_told() {
    insta::assert_snapshot!(refused(&[("ServerAdapterType", Some("GoogleTaskApi"))]), @"Google's tasks are only to be had through a service of Google's own, which Pimbridge does not speak; keep them in a task list of another server");
    insta::assert_snapshot!(refused(&[("CalenderUrl", Some("file:///C:/cal/"))]), @"it syncs with a folder (file:///…), not with a server, which Pimbridge does not do; copy the files into a folder of a profile instead");
    insta::assert_snapshot!(refused(&[("CalenderUrl", None)]), @"it has no address on a server yet; make the profile anew: pimbridge profile add --help");
    insta::assert_snapshot!(refused(&[("SynchronizationMode", Some("Both"))]), @r#"its element SynchronizationMode has the value "Both", which is not known; correct it in the file"#);
    insta::assert_snapshot!(refused(&[("ChunkSize", Some("many"))]), @r#"its element ChunkSize has the value "many", which is not known; correct it in the file"#);
    insta::assert_snapshot!(refused(&[("Inactive", Some("no"))]), @r#"its element Inactive has the value "no", which is not known; correct it in the file"#);
    let mut strange = calendar();
    strange.set_mapping_kind("NoteMappingConfiguration");
    assert_eq!(kind_of(&strange), None);
}

#[test]
fn what_has_no_effect_here_is_told() {
    let options = with(&[
        ("UserName", None),
        ("UseAccountPassword", Some("true")),
        ("MappingConfiguration/IsCategoryFilterSticky", Some("true")),
        ("MappingConfiguration/CleanupDuplicateEvents", Some("true")),
        ("MappingConfiguration/OrganizerAsDelegate", Some("true")),
        ("ProxyOptions/ProxyUseDefault", Some("false")),
        ("ProxyOptions/ProxyUseManual", Some("true")),
        ("ProxyOptions/ProxyUrl", Some("https://p/x")),
    ]);
    insta::assert_snapshot!(imported(&options).notes.join("\n"), @"
    it has no user name; if the server wants one: pimbridge profile set {name} remote.user USER
    the address of its proxy cannot be used, so it uses that of the system; to correct it: pimbridge profile set {name} remote.proxy http://HOST:PORT
    IsCategoryFilterSticky is only kept for an export: what leaves the category is never deleted here anyway
    CleanupDuplicateEvents is only kept for an export: nothing is deleted for being doubled here; to see what is: pimbridge repair {name}
    it took its password from the account in Outlook, which cannot be done here
    without effect here and only kept for an export: OrganizerAsDelegate
    ");
}

#[test]
fn numbers_out_of_range_are_made_to_fit() {
    let options = with(&[
        ("SynchronizationIntervalInMinutes", Some("2147483647")),
        ("ChunkSize", Some("-3")),
        ("DaysToSynchronizeInThePast", Some("-1")),
        ("DaysToSynchronizeInTheFuture", Some("99999")),
    ]);
    let (text, exported) = there_and_back(&options);
    let keys = Keys::of(&text);
    assert_eq!(keys.number("interval_minutes"), Some(43_200));
    assert_eq!((keys.number("past_days"), keys.number("future_days")), (Some(0), None));
    assert_eq!(exported.text("DaysToSynchronizeInTheFuture"), Some("99999"));
}

#[test]
fn two_hundred_profiles() {
    let many: Vec<Options> = (0..200)
        .map(|n| {
            with(&[
                ("Id", Some(&format!("3f0c1c52-6f0e-4d0b-9d0c-{n:012}"))),
                ("Name", Some(&format!("P{n}"))),
            ])
        })
        .collect();
    let document = read(&write(&many)).unwrap();
    assert_eq!(document.profiles, many);
    let ids: std::collections::BTreeSet<_> = many.iter().map(|options| imported(options).id).collect();
    assert_eq!(ids.len(), 200);
}
