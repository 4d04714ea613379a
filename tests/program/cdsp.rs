//! Profiles of Outlook CalDav Synchronizer: in, synced, out, and in again.

use std::fs;
use std::path::PathBuf;

use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::program::{Home, files};

const SAMPLE: &str = include_str!("../../profiles-examples/outlook.cdsp");

fn write(home: &Home, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let file = home.path().join(name);
    fs::write(&file, bytes).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The sample's calendar alone, on this server, without a range and a category.
fn calendar(url: &str, mode: &str) -> String {
    let (start, rest) = SAMPLE.split_once("  </Options>").unwrap();
    let (_, end) = rest.rsplit_once("</Options>").unwrap();
    let one = format!("{start}  </Options>{end}");
    one.replace("https://cloud.example.org/remote.php/dav/calendars/jana/personal/", url)
        .replace("<UserName>jana<", "<UserName>alice<")
        .replace("MergeInBothDirections", mode)
        .replace("TimeRange>false", "TimeRange>true")
        .replace("<EventCategory>Privat</EventCategory>", "")
}

fn profile(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path().join("profiles").join(format!("{name}.toml"))).unwrap()
}

#[test]
fn the_sample_goes_in_and_out_and_in_again() {
    let home = Home::default();
    let file = write(&home, "sample.cdsp", SAMPLE);
    let root = home.path().join("items");
    let root = root.to_str().unwrap();
    let run = |arguments: &[&str], status: i32| home.shown(&home.run(arguments).expect(status));

    insta::assert_snapshot!(run(&["profile", "import", &file], 2), @r#"pimbridge: there is no terminal to ask on where Kalender, Kontakte and Aufgaben are here; make folders for all of them with --root FOLDER, or name each one: --folder "Kalender=FOLDER""#);
    insta::assert_snapshot!(run(&["profile", "import", &file, "--root", root, "--dry-run"], 0), @r#"
    adds       Nextcloud Kalender: events, two-way, in HOME/items/Kalender
               on https://cloud.example.org/remote.php/dav/calendars/jana/personal/, as jana
               past_days: 60
               future_days: 365
               category: "Privat"
               invert: true
               password needed: pimbridge profile password "Nextcloud Kalender"
    adds       iCloud Kontakte: contacts, replicate-from-server, in HOME/items/Kontakte
               on https://contacts.icloud.com/123456789/carddavhome/card/, as jana@icloud.example
               through the proxy http://proxy.example.org:3128/, as jana
               its proxy wants a password: pimbridge profile password "iCloud Kontakte" --proxy
               it took its password from the account in Outlook, which cannot be done here
               password needed: pimbridge profile password "iCloud Kontakte"
               it may delete what only one side has, so look ahead first: pimbridge sync "iCloud Kontakte" --dry-run
    adds       Aufgaben SOGo: tasks, merge-to-server, inactive, in HOME/items/Aufgaben
               on https://sogo.example.com/SOGo/dav/jana/Calendar/personal/, as jana
               without effect here and only kept for an export: MapRecurringTasks, MapStartAndDueAsFloating and MapCustomProperties
               password needed: pimbridge profile password "Aufgaben SOGo"
    Nothing was imported yet: without --dry-run it is.
    "#);
    assert!(!home.path().join("profiles").exists() && !home.path().join("items").exists());
    let mine = home.path().join("mine");
    let folder = format!("Aufgaben={}", mine.display());
    insta::assert_snapshot!(run(&["profile", "import", &file, "--root", root, "--folder", &folder], 0), @r#"
    adds       Nextcloud Kalender: events, two-way, in HOME/items/Kalender
               on https://cloud.example.org/remote.php/dav/calendars/jana/personal/, as jana
               past_days: 60
               future_days: 365
               category: "Privat"
               invert: true
               password needed: pimbridge profile password "Nextcloud Kalender"
    adds       iCloud Kontakte: contacts, replicate-from-server, in HOME/items/Kontakte
               on https://contacts.icloud.com/123456789/carddavhome/card/, as jana@icloud.example
               through the proxy http://proxy.example.org:3128/, as jana
               its proxy wants a password: pimbridge profile password "iCloud Kontakte" --proxy
               it took its password from the account in Outlook, which cannot be done here
               password needed: pimbridge profile password "iCloud Kontakte"
               it may delete what only one side has, so look ahead first: pimbridge sync "iCloud Kontakte" --dry-run
    adds       Aufgaben SOGo: tasks, merge-to-server, inactive, in HOME/mine
               on https://sogo.example.com/SOGo/dav/jana/Calendar/personal/, as jana
               without effect here and only kept for an export: MapRecurringTasks, MapStartAndDueAsFloating and MapCustomProperties
               password needed: pimbridge profile password "Aufgaben SOGo"
    3 profiles are imported. Next:
      pimbridge profile list       shows all
      pimbridge sync --dry-run     shows what a sync would do
    "#);
    assert!(home.path().join("items/Kalender").is_dir() && mine.is_dir());
    insta::assert_snapshot!(run(&["profile", "import", &file], 0), @"
    unchanged  Nextcloud Kalender: events, two-way, in HOME/items/Kalender
    unchanged  iCloud Kontakte: contacts, replicate-from-server, in HOME/items/Kontakte
    unchanged  Aufgaben SOGo: tasks, merge-to-server, inactive, in HOME/mine
    Nothing was changed.
    ");
    insta::assert_snapshot!(run(&["profile", "list"], 0), @"
    Aufgaben SOGo: tasks, merge-to-server, inactive
      folder    HOME/mine
      server    https://sogo.example.com/SOGo/dav/jana/Calendar/personal/
      last run  never
    Nextcloud Kalender: events, two-way
      folder    HOME/items/Kalender
      server    https://cloud.example.org/remote.php/dav/calendars/jana/personal/
      last run  never
    iCloud Kontakte: contacts, replicate-from-server, waits for you to look ahead
      folder    HOME/items/Kontakte
      server    https://contacts.icloud.com/123456789/carddavhome/card/
      last run  never
    Profiles are kept in HOME/profiles
    ");
    assert!(home.files_with(b"AQAAANCMnd8").iter().all(|found| found.ends_with("sample.cdsp")));

    let out = home.path().join("out.cdsp");
    insta::assert_snapshot!(run(&["profile", "export", out.to_str().unwrap()], 0), @"3 profiles are in HOME/out.cdsp, without passwords.");
    run(&["profile", "export", out.to_str().unwrap()], 2);
    // Sorted by name here; without secrets.
    let exported = fs::read_to_string(&out).unwrap();
    assert!(
        exported.starts_with("<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n<ArrayOfOptions"),
        "{exported}"
    );
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.contains("Salt>") && !line.contains("ProtectedPassword>"));
        lines.sort();
        lines
    };
    assert_eq!(lines(&exported), lines(SAMPLE));

    let second = Home::default();
    let out = write(&second, "again.cdsp", &exported);
    second.run(&["profile", "import", &out, "--root", root]).expect(0);
    second.run(&["profile", "set", "Aufgaben SOGo", "local.path", mine.to_str().unwrap()]).expect(0);
    for name in ["Nextcloud Kalender", "iCloud Kontakte", "Aufgaben SOGo"] {
        assert_eq!(profile(&second, name), profile(&home, name));
    }
}

#[test]
fn an_imported_calendar_is_synced() {
    let server = Embedded::start(Kind::Events);
    server.put("theirs.ics", event("theirs", "Theirs", 0));
    let home = Home::default();
    let file = write(&home, "two-way.cdsp", calendar(&server.url, "MergeInBothDirections"));
    let folder = home.folder("Kalender");
    fs::write(folder.join("mine.ics"), event("mine", "Mine", 0)).unwrap();
    let named = format!("Kalender={}", folder.display());
    home.run(&["profile", "import", &file, "--folder", &named]).expect(0);
    let name = "Nextcloud Kalender";
    home.run(&["profile", "set", name, "remote.password_env", "TEST_PASSWORD"]).expect(0);
    home.sync(name, 0);
    assert_eq!((files(&folder).len(), server.items().len()), (2, 2));

    // As a one-way copy it waits, and only the look ahead can be had.
    let copy = write(&home, "copy.cdsp", calendar(&server.url, "ReplicateServerIntoOutlook"));
    let told = home.shown(&home.run(&["profile", "import", &copy]).expect(0));
    insta::assert_snapshot!(told, @r#"
    replaces   Nextcloud Kalender: events, replicate-from-server, in HOME/items/Kalender
               on http://127.0.0.1:PORT/calendars/alice/work/, as alice
               mode: "two-way" becomes "replicate-from-server"
               it may delete what only one side has, so look ahead first: pimbridge sync "Nextcloud Kalender" --dry-run
    One profile is imported. Next:
      pimbridge profile list       shows all
      pimbridge sync --dry-run     shows what a sync would do
    "#);
    assert!(profile(&home, name).contains("password_env = \"TEST_PASSWORD\""));
    fs::write(folder.join("new.ics"), event("new", "New", 0)).unwrap();
    insta::assert_snapshot!(home.shown(&home.run(&["sync"]).expect(4)), @r#"
    Nextcloud Kalender: nothing was done yet.
      It may delete what only one side has, so see first what it would do: pimbridge sync "Nextcloud Kalender" --dry-run; if that is right, accept it: pimbridge sync "Nextcloud Kalender" --accept-preview.
    "#);
    assert_eq!(home.sync(name, 4)["outcome"], "held");
    assert_eq!(files(&folder).len(), 3);
    insta::assert_snapshot!(home.shown(&home.run(&["sync", name, "--dry-run"]).expect(0)), @r#"
    Nextcloud Kalender: a look ahead, nothing was changed.
      On this computer there would be: 1 deleted.

      What would change:
        deleted on this computer  New, 1 May 2026 (only on this computer; this profile keeps it as it is on the server)

      Note: It waits for your yes. If that is right: pimbridge sync "Nextcloud Kalender" --accept-preview.
      (TRAFFIC)
    "#);
    home.run(&["sync", "--accept-preview"]).expect(2);
    home.run(&["sync", name, "--accept-preview"]).expect(0);
    assert_eq!((files(&folder).len(), server.items().len()), (2, 2));
    home.run(&["profile", "import", &copy]).expect(0);
    home.sync(name, 0);
}

#[test]
fn what_cannot_be_imported_is_left_out_and_told() {
    let home = Home::default();
    let options = |n: u32, name: &str, url: &str, adapter: &str| {
        format!(
            "<Options><Name>{name}</Name><Id>3f0c1c52-6f0e-4d0b-9d0c-{n:012}</Id><OutlookFolderEntryId>Kalender\
             </OutlookFolderEntryId><SynchronizationMode>MergeInBothDirections</SynchronizationMode><CalenderUrl>{url}\
             </CalenderUrl><ServerAdapterType>{adapter}</ServerAdapterType><UserName>jana</UserName>\
             <MappingConfiguration xsi:type=\"EventMappingConfiguration\" /></Options>"
        )
    };
    let profiles = [
        options(1, "Work", "https://s.example/work/", "Default"),
        options(2, "Work again", "https://s.example/work", "Default"),
        options(1, "Same id", "https://s.example/other/", "Default"),
        options(3, "Google", "https://apidata.googleusercontent.com/caldav/v2/jana/events/", "GoogleOAuth"),
        options(4, "Google tasks", "MTIz", "GoogleTaskApi"),
        options(5, "Files", "file:///C:/cal/", "Default"),
        options(6, "Work", "https://s.example/more/", "Default").replace("Event", "Note"),
        options(7, "Two; parts", "https://s.example/parts/", "Default")
            .replace(" /></Options>", "><EventCategory>a;b</EventCategory></MappingConfiguration></Options>"),
        "<Options />".to_owned(),
    ];
    let file = write(&home, "mixed.cdsp", format!("<ArrayOfOptions>{}</ArrayOfOptions>", profiles.concat()));
    let root = home.path().join("items");
    let import = |more: &[&str], status: i32| {
        let arguments = [&["profile", "import", &file, "--root", root.to_str().unwrap()], more].concat();
        home.shown(&home.run(&arguments).expect(status))
    };
    insta::assert_snapshot!(import(&[], 1), @r#"
    adds       Work: events, two-way, in HOME/items/Kalender
               on https://s.example/work/, as jana
               past_days: 0
               future_days: 0
               password needed: pimbridge profile password Work
    skips      Work again: the profile Work already syncs HOME/items/Kalender with https://s.example/work; a second one on both would double the items
    skips      Same id: it has the same Id as Work in this file
    skips      Google: Google signs you in in a browser, for which you need a client id of your own: give it with --client-id ID (profiles-examples/google-calendar.toml says how to get one)
    skips      Google tasks: Google's tasks are only to be had through a service of Google's own, which Pimbridge does not speak; keep them in a task list of another server
    skips      Files: it syncs with a folder (file:///…), not with a server, which Pimbridge does not do; copy the files into a folder of a profile instead
    skips      Work: the file does not tell what it syncs; say it with --kind "Work=events" (or tasks, or contacts)
    skips      Two; parts: category must not contain a comma or a semicolon; a profile has one category, so make a profile for each that you need
    skips      (without a name): the file does not tell what it syncs; say it with --kind "(without a name)=events" (or tasks, or contacts)
    One profile is imported. Next:
      pimbridge profile list       shows all
      pimbridge sync --dry-run     shows what a sync would do
    "#);
    insta::assert_snapshot!(import(&["--client-id", "x", "--kind", "Work=tasks"], 1), @r#"
    unchanged  Work: events, two-way, in HOME/items/Kalender
    skips      Work again: the profile Work already syncs HOME/items/Kalender with https://s.example/work; a second one on both would double the items
    skips      Same id: it has the same Id as Work in this file
    adds       Google: events, two-way, in HOME/items/Kalender 2
               on https://apidata.googleusercontent.com/caldav/v2/jana/events/, as jana
               past_days: 0
               future_days: 0
               sign-in needed; first say where your client's secret is: pimbridge profile set Google oauth.client_secret_command COMMAND; then sign in: pimbridge profile sign-in Google
    skips      Google tasks: Google's tasks are only to be had through a service of Google's own, which Pimbridge does not speak; keep them in a task list of another server
    skips      Files: it syncs with a folder (file:///…), not with a server, which Pimbridge does not do; copy the files into a folder of a profile instead
    adds       Work, here Work 2: tasks, two-way, in HOME/items/Kalender 3
               on https://s.example/more/, as jana
    skips      Two; parts: category must not contain a comma or a semicolon; a profile has one category, so make a profile for each that you need
    skips      (without a name): the file does not tell what it syncs; say it with --kind "(without a name)=events" (or tasks, or contacts)
    2 profiles are imported. Next:
      pimbridge profile list       shows all
      pimbridge sync --dry-run     shows what a sync would do
    "#);
    insta::assert_snapshot!(import(&["--folder", "Kalendar=/x"], 2), @r#"pimbridge: no new profile of the file is called "Kalendar" or has a folder of that name, so --folder cannot be used for it"#);
    insta::assert_snapshot!(import(&["--kind", "Work=notes"], 2), @r#"pimbridge: --kind takes events, tasks or contacts, not "notes""#);

    // A copy is another profile; what is named is exported, and no more.
    home.run(&["profile", "copy", "Work", "Copy"]).expect(0);
    home.run(&["profile", "set", "Copy", "conflict", "merge"]).expect(0);
    let out = home.path().join("copy.cdsp");
    insta::assert_snapshot!(home.shown(&home.run(&["profile", "export", out.to_str().unwrap(), "Copy"]).expect(0)), @"
    One profile is in HOME/copy.cdsp, without passwords.
    Copy: only Pimbridge reads conflict from the file
    ");
    let exported = fs::read_to_string(&out).unwrap();
    assert!(exported.contains("<Name>Copy</Name>") && !exported.contains("3f0c1c52"), "{exported}");
    home.run(&["profile", "export", "x.cdsp", "Kopie"]).expect(2);
}

#[test]
fn an_exported_profile_keeps_its_id_and_its_busy_blocks_are_not_undone() {
    let home = Home::default();
    let text = "# Mine!\nkind = \"events\" # all\nmode = \"replicate-to-server\"\nbusy_blocks = \"Busy\"\n\n[local]\n\
                type = \"vdir\"\npath = \"/mine\"\n\n[remote]\ntype = \"dav\"\nurl = \"https://a.example/\"\n";
    fs::create_dir(home.path().join("profiles")).unwrap();
    write(&home, "profiles/busy.toml", text);
    let export = |file: &str| {
        let file = home.path().join(file);
        let arguments = ["profile", "export", file.to_str().unwrap(), "busy", "busy"];
        let said = home.shown(&home.run(&arguments).expect(0));
        (file.to_str().unwrap().to_owned(), said, fs::read_to_string(&file).unwrap())
    };
    let (_, said, first) = export("first.cdsp");
    insta::assert_snapshot!(said, @"
    One profile is in HOME/first.cdsp, without passwords.
    busy: only Pimbridge reads busy_blocks from the file
    busy: in Outlook it would upload whole events, which busy_blocks keeps from happening here; so it is switched off in the file
    ");
    assert!(
        first.contains("<Inactive>true</Inactive>") && first.matches("<Options>").count() == 1,
        "{first}"
    );
    let kept = profile(&home, "busy");
    let added = kept.strip_prefix(text).unwrap();
    assert!(added.starts_with("\n[cdsp]\nid = ") && added.lines().count() == 3, "{added}");

    home.run(&["profile", "set", "busy", "remote.url", "https://b.example/"]).expect(0);
    let (file, _, second) = export("second.cdsp");
    assert_eq!(second, first.replace("a.example", "b.example"), "also the id");
    insta::assert_snapshot!(home.shown(&home.run(&["profile", "import", &file]).expect(0)), @"
    replaces   busy: events, replicate-to-server, in /mine
               on https://b.example/
               it has no user name; if the server wants one: pimbridge profile set busy remote.user USER
               it may delete what only one side has, so look ahead first: pimbridge sync busy --dry-run
    One profile is imported. Next:
      pimbridge profile list       shows all
      pimbridge sync --dry-run     shows what a sync would do
    ");
    assert!(!profile(&home, "busy").contains("active = "), "{}", profile(&home, "busy"));

    // A broken one is told, and nothing takes its place.
    write(&home, "profiles/busy.toml", profile(&home, "busy") + "broken");
    let before = profile(&home, "busy");
    let root = home.path().join("items");
    let import = home.run(&["profile", "import", &file, "--root", root.to_str().unwrap()]).expect(2);
    insta::assert_snapshot!(home.shown(&import), @"
    skips      busy: here it is busy, whose file is wrong; correct that first, or remove it: pimbridge profile remove busy
    Nothing was changed.
    pimbridge: HOME/profiles/busy.toml, line 26: this is not written as TOML demands: key with no value, expected `=`
    ");
    assert_eq!(profile(&home, "busy"), before);
}

#[test]
fn what_is_no_file_of_profiles_changes_nothing() {
    let home = Home::default();
    let import = |name: &str, bytes: &[u8]| {
        let file = write(&home, name, bytes);
        home.shown(&home.run(&["profile", "import", &file, "--root", "/nowhere"]).expect(2))
    };
    insta::assert_snapshot!(import("broken.cdsp", &SAMPLE.as_bytes()[..2000]), @"pimbridge: HOME/broken.cdsp, line 35: this is no XML: syntax error: tag not closed: `>` not found before end of input; export the profiles anew");
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaa\"><!ENTITY b \"&a;&a;&a;\">]><ArrayOfOptions/>";
    insta::assert_snapshot!(import("bomb.cdsp", bomb.as_bytes()), @"pimbridge: HOME/bomb.cdsp, line 1: the file has a document type definition, which no file of profiles has and which could do harm; export the profiles anew");
    insta::assert_snapshot!(import("image.cdsp", b"\x89PNG\r\n\x1a\n\xff"), @"pimbridge: HOME/image.cdsp, line 1: the text is neither UTF-8 nor UTF-16; export the profiles anew");
    let large = home.path().join("large.cdsp");
    fs::File::create(&large).unwrap().set_len(100 * 1024 * 1024).unwrap();
    let large = home.run(&["profile", "import", large.to_str().unwrap()]).expect(2);
    insta::assert_snapshot!(home.shown(&large), @"pimbridge: HOME/large.cdsp is far too large for a file of profiles; name the .cdsp file that was exported");
    assert!(!home.path().join("profiles").exists());
}

#[test]
fn folders_stay_below_the_root() {
    let home = Home::default();
    let names = ["../../../up", "/etc/cron.d", "..\\..\\up", "NUL", "COM1.txt", "a\u{202e}b&#10;c", "", ".."];
    let mut text = String::from("<ArrayOfOptions>");
    for (n, name) in names.iter().enumerate() {
        text += &format!(
            "<Options><Name>{name}</Name><Id>3f0c1c52-6f0e-4d0b-9d0c-{n:012}</Id><OutlookFolderEntryId>{name}\
             </OutlookFolderEntryId><SynchronizationMode>MergeInBothDirections</SynchronizationMode>\
             <CalenderUrl>https://s.example/{n}/</CalenderUrl>\
             <MappingConfiguration xsi:type=\"EventMappingConfiguration\" /></Options>"
        );
    }
    let file = write(&home, "names.cdsp", text + "</ArrayOfOptions>");
    let root = home.path().join("deep/root");
    home.run(&["profile", "import", &file, "--root", root.to_str().unwrap()]).expect(0);
    let mut made: Vec<String> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    made.sort();
    insta::assert_debug_snapshot!(made, @r#"
    [
        "a-b-c",
        "collection",
        "etc-cron.d",
        "my COM1.txt",
        "my NUL",
        "up",
        "up 2",
        "without a name",
    ]
    "#);
    let beside: Vec<PathBuf> =
        fs::read_dir(home.path().join("deep")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(beside, [root]);
    assert!(home.run(&["profile", "list"]).expect(0).stdout.contains("events, two-way"));
}
