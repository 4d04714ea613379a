//! What a second import leaves as it is, and what comes only from Pimbridge.

use super::*;

const HERE: &str = "\
# Mine!
kind = \"events\" # the calendar
mode = \"two-way\"
conflict = \"merge\"
interval_minutes = 5
history_days = 365

[local]
type = \"vdir\"
path = \"/mine\"

[remote]
type = \"dav\"
url = \"https://cloud.example.org/remote.php/dav/calendars/jana/personal/\"
user = \"jana\"
password_command = \"pass show cloud\"
trusted_hosts = [\"other.example\"]

[guard]
max_percent = 50
";

fn replaced(options: &Options, old: &str) -> String {
    file_text(&imported(options), "", Some(old)).unwrap()
}

#[test]
fn a_profile_is_replaced_but_for_what_is_only_for_here() {
    insta::assert_snapshot!(replaced(&calendar(), HERE), @r#"
    # Mine!
    kind = "events" # the calendar
    mode = "two-way"
    conflict = "merge"
    interval_minutes = 30
    history_days = 365
    category = "Privat"
    future_days = 365
    invert = true
    past_days = 60
    sync_on_change = true

    [local]
    type = "vdir"
    path = "/mine"

    [remote]
    type = "dav"
    url = "https://cloud.example.org/remote.php/dav/calendars/jana/personal/"
    user = "jana"
    password_command = "pass show cloud"
    trusted_hosts = ["other.example"]
    schedule_agent = "client"

    [guard]
    max_percent = 50

    [cdsp]
    account = "jana@example.org"
    elements = '''
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
    '''
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
    "#);
}

#[test]
fn a_second_import_changes_nothing() {
    for options in sample() {
        let text = there_and_back(&options).0;
        assert_eq!(replaced(&options, &text), text);
        let accepted = crate::profile::set(&text, "preview_needed", None).unwrap();
        assert_eq!(replaced(&options, &accepted), accepted, "what was accepted stays so");
    }
}

#[test]
fn another_server_never_sees_the_password() {
    let elsewhere = with(&[("CalenderUrl", Some("https://evil.example/dav/"))]);
    let text = replaced(&elsewhere, HERE);
    assert!(!text.contains("pass show cloud") && !text.contains("other.example"), "{text}");
    let keys = Keys::of(&text);
    assert_eq!((keys.text("local.path"), keys.number("history_days")), (Some("/mine"), Some(365)));
    assert!(!replaced(&with(&[("UserName", Some("ole"))]), HERE).contains("pass show"));
}

#[test]
fn a_one_way_copy_waits_until_it_was_looked_at() {
    let copy = with(&[("SynchronizationMode", Some("ReplicateServerIntoOutlook"))]);
    let text = replaced(&copy, HERE);
    assert_eq!(Keys::of(&text).switch("preview_needed"), Some(true));
    let accepted = crate::profile::set(&text, "preview_needed", None).unwrap();
    let other_range = with(&[
        ("SynchronizationMode", Some("ReplicateServerIntoOutlook")),
        ("DaysToSynchronizeInThePast", Some("10")),
    ]);
    assert_eq!(Keys::of(&replaced(&other_range, &accepted)).switch("preview_needed"), Some(true));
    assert_eq!(Keys::of(&replaced(&calendar(), &text)).switch("preview_needed"), None);
}

#[test]
fn what_only_pimbridge_has_goes_along() {
    let name = Name::new("mine").unwrap();
    let exported = export(&name, &Keys::of(HERE), Some("Europe/Prague"));
    assert_eq!(exported.ours, ["conflict", "guard.max_percent", "history_days"]);
    insta::assert_snapshot!(write(std::slice::from_ref(&exported.options)), @r#"
    <?xml version="1.0" encoding="utf-16"?>
    <ArrayOfOptions xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <Options>
        <Inactive>false</Inactive>
        <Name>mine</Name>
        <Id>6bd2dd07-d7a2-8cba-9b29-fad0d4d317dc</Id>
        <OutlookFolderEntryId>mine</OutlookFolderEntryId>
        <IgnoreSynchronizationTimeRange>true</IgnoreSynchronizationTimeRange>
        <DaysToSynchronizeInThePast>60</DaysToSynchronizeInThePast>
        <DaysToSynchronizeInTheFuture>365</DaysToSynchronizeInTheFuture>
        <SynchronizationMode>MergeInBothDirections</SynchronizationMode>
        <ConflictResolution>Automatic</ConflictResolution>
        <CalenderUrl>https://cloud.example.org/remote.php/dav/calendars/jana/personal/</CalenderUrl>
        <UserName>jana</UserName>
        <SynchronizationIntervalInMinutes>5</SynchronizationIntervalInMinutes>
        <UseWebDavCollectionSync>false</UseWebDavCollectionSync>
        <UseAccountPassword>false</UseAccountPassword>
        <ServerAdapterType>Default</ServerAdapterType>
        <CloseAfterEachRequest>false</CloseAfterEachRequest>
        <PreemptiveAuthentication>true</PreemptiveAuthentication>
        <ForceBasicAuthentication>true</ForceBasicAuthentication>
        <EnableChangeTriggeredSynchronization>false</EnableChangeTriggeredSynchronization>
        <IsChunkedSynchronizationEnabled>true</IsChunkedSynchronizationEnabled>
        <ChunkSize>100</ChunkSize>
        <ProxyOptions>
          <ProxyUseDefault>true</ProxyUseDefault>
          <ProxyUseManual>false</ProxyUseManual>
        </ProxyOptions>
        <MappingConfiguration xsi:type="EventMappingConfiguration">
          <MapReminder>true</MapReminder>
          <MapSensitivityPrivateToClassConfidential>false</MapSensitivityPrivateToClassConfidential>
          <MapClassConfidentialToSensitivityPrivate>false</MapClassConfidentialToSensitivityPrivate>
          <MapClassPublicToSensitivityPrivate>false</MapClassPublicToSensitivityPrivate>
          <MapSensitivityPublicToDefault>false</MapSensitivityPublicToDefault>
          <MapAttendees>true</MapAttendees>
          <ScheduleAgentClient>false</ScheduleAgentClient>
          <SendNoAppointmentNotifications>false</SendNoAppointmentNotifications>
          <OrganizerAsDelegate>false</OrganizerAsDelegate>
          <MapBody>true</MapBody>
          <MapRtfBodyToXAltDesc>false</MapRtfBodyToXAltDesc>
          <MapXAltDescToRtfBody>false</MapXAltDescToRtfBody>
          <CreateEventsInUTC>false</CreateEventsInUTC>
          <UseIanaTz>false</UseIanaTz>
          <EventTz>Europe/Prague</EventTz>
          <IncludeHistoricalData>false</IncludeHistoricalData>
          <UseGlobalAppointmentID>false</UseGlobalAppointmentID>
          <IncludeEmptyEventCategoryFilter>false</IncludeEmptyEventCategoryFilter>
          <InvertEventCategoryFilter>false</InvertEventCategoryFilter>
          <IsCategoryFilterSticky>false</IsCategoryFilterSticky>
          <CleanupDuplicateEvents>false</CleanupDuplicateEvents>
          <MapCustomProperties>false</MapCustomProperties>
          <MapEventColorToCategory>false</MapEventColorToCategory>
          <UserDefinedCustomPropertyMappings />
        </MappingConfiguration>
        <Pimbridge>conflict = "merge"
    history_days = 365

    [guard]
    max_percent = 50</Pimbridge>
      </Options>
    </ArrayOfOptions>
    "#);
    let again = imported(&exported.options);
    let replaced = Keys::of(&replaced(&exported.options, HERE));
    assert_eq!(replaced.beyond(&Keys::of(HERE)).only(|path| !path.starts_with("cdsp.")), Keys::default());
    let keys = again.keys;
    assert_eq!((keys.text("conflict"), keys.number("history_days")), (Some("merge"), Some(365)));
    assert_eq!(keys.number("guard.max_percent"), Some(50));
    assert_eq!(again.folder.as_deref(), Some("mine"));
}

#[test]
fn a_file_does_not_say_what_is_run_or_whom_to_trust() {
    let ours = "history_days = 5\npreview_needed = false\nbirthdays = \"/x\"\n[local]\npath = \"/etc\"\n[remote]\n\
                password_command = \"rm -rf /\"\npassword_env = \"AWS_SECRET\"\ntrusted_hosts = [\"evil.example\"]\n\
                allow_plain_http = true\nca_file = \"/x\"\nproxy_password_command = \"x\"\n[oauth]\n\
                client_secret_command = \"x\"\n[cdsp]\nid = \"x\"\n";
    let keys = imported(&with(&[("Pimbridge", Some(ours))])).keys;
    let plain = imported(&calendar()).keys;
    let more: Vec<&str> = keys.paths().filter(|path| plain.get(path).is_none()).collect();
    assert_eq!(more, ["history_days"]);
    assert_eq!(keys.text("cdsp.id"), plain.text("cdsp.id"));
    assert_eq!(imported(&with(&[("Pimbridge", Some("not [ toml"))])).keys, plain);
}

/// Through another proxy, or to another server, the password does not go by itself.
#[test]
fn a_password_goes_the_way_it_went() {
    let old = HERE.replace("https://cloud.example.org", "http://cloud.example.org");
    let old = old.replace("user = \"jana\"", "user = \"jana\"\nallow_plain_http = true");
    let via = |proxy: Option<&str>| {
        let mut options = calendar();
        options.set("CalenderUrl", "http://cloud.example.org/remote.php/dav/calendars/jana/personal/");
        if let Some(proxy) = proxy {
            options.set("ProxyOptions/ProxyUseDefault", "false");
            options.set("ProxyOptions/ProxyUseManual", "true");
            options.set("ProxyOptions/ProxyUrl", proxy);
        }
        let keys = Keys::of(&replaced(&options, &old));
        (keys.text("remote.password_command").is_some(), keys.switch("remote.allow_plain_http"))
    };
    assert_eq!(via(None), (true, Some(true)));
    assert_eq!(via(Some("http://evil.example:1")), (false, None));
}

#[test]
fn a_client_secret_goes_to_its_own_server_only() {
    let old = HERE.replace(
        "password_command = \"pass show cloud\"",
        "sign_in = \"oauth\"\n[oauth]\nprovider = \"google\"\nclient_id = \"1\"\nclient_secret_command = \"pass x\"",
    );
    let old = old.replace("trusted_hosts = [\"other.example\"]\n", "");
    let with = |ours: &str| {
        let mut options = calendar();
        options
            .set("Pimbridge", format!("[remote]\nsign_in = \"oauth\"\n[oauth]\nclient_id = \"1\"\n{ours}"));
        Keys::of(&replaced(&options, &old)).text("oauth.client_secret_command").map(str::to_owned)
    };
    assert_eq!(with("provider = \"google\"").as_deref(), Some("pass x"));
    let evil = "authorization_url = \"https://evil.example/a\"\ntoken_url = \"https://evil.example/t\"\nscopes = \"x\"";
    assert_eq!(with(evil), None);
}

/// Another file does not make whole events of busy blocks.
#[test]
fn what_only_shows_when_somebody_is_busy_goes_on_so() {
    let old = HERE.replace("mode = \"two-way\"", "mode = \"replicate-to-server\"\nbusy_blocks = \"Busy\"");
    let into = |mode: &str| {
        let mut options = calendar();
        options.set("SynchronizationMode", mode);
        let keys = Keys::of(&replaced(&options, &old));
        (keys.text("busy_blocks").map(str::to_owned), keys.switch("active"))
    };
    assert_eq!(into("MergeOutlookIntoServer"), (Some("Busy".to_owned()), None));
    assert_eq!(into("MergeInBothDirections"), (None, Some(false)));
}
