use super::super::OfOne;
use super::*;
use crate::item::Kind;

const EVENTS: &str = "EventMappingConfiguration";
const CONTACTS: &str = "ContactMappingConfiguration";

/// A profile of a file with this number in its id.
fn options(n: u32, name: &str, kind: &str, more: &str) -> String {
    format!(
        "<Options><Name>{name}</Name><Id>{}</Id><OutlookFolderEntryId>Kalender</OutlookFolderEntryId>\
         <OutlookFolderAccountName>jana@home</OutlookFolderAccountName>\
         <IgnoreSynchronizationTimeRange>true</IgnoreSynchronizationTimeRange>\
         <SynchronizationMode>MergeInBothDirections</SynchronizationMode><ConflictResolution>Automatic\
         </ConflictResolution><SynchronizationIntervalInMinutes>30</SynchronizationIntervalInMinutes>\
         <IsChunkedSynchronizationEnabled>true</IsChunkedSynchronizationEnabled><CalenderUrl>https://s.example/{n}/\
         </CalenderUrl><UserName>jana</UserName>{more}<MappingConfiguration xsi:type=\"{kind}\"><MapReminder>true\
         </MapReminder><MapAttendees>true</MapAttendees><MapBody>true</MapBody></MappingConfiguration></Options>",
        id(n)
    )
}

fn id(n: u32) -> String {
    format!("3f0c1c52-6f0e-4d0b-9d0c-{n:012}")
}

struct Desk {
    folder: tempfile::TempDir,
    home: Home,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        Desk { folder, home }
    }

    fn plan(&self, profiles: &[String]) -> Vec<Planned> {
        self.planned(Choices::default(), profiles).unwrap()
    }

    fn planned(&self, choices: Choices, profiles: &[String]) -> Result<Vec<Planned>, SetupError> {
        let choices = Choices { root: Some(self.folder.path().join("items")), ..choices };
        let document =
            cdsp::read(&format!("<ArrayOfOptions>{}</ArrayOfOptions>", profiles.concat())).unwrap();
        let loaded = profile::load_all(&self.home).unwrap();
        plan(&self.home, &choices, &|_| None, &document, &loaded)
    }

    /// Writes what is planned.
    fn import(&self, profiles: &[String]) {
        for one in self.plan(profiles).into_iter().filter(Planned::is_written) {
            let (profile, text) = one.file.unwrap();
            profile::replace(&self.home, &profile.name, &text).unwrap();
        }
    }

    fn set(&self, name: &str, key: &str, value: &str) {
        let (name, text) = profile::read_text(&self.home, name).unwrap();
        let text = profile::set(&text, key, Some(value)).unwrap();
        profile::replace(&self.home, &name, &text).unwrap();
    }

    fn break_file(&self, name: &str) {
        let file = self.home.profiles_dir().join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, text.to_uppercase() + "\nbroken").unwrap();
    }

    fn shown(&self, profiles: &[String]) -> String {
        let lines: Vec<String> = self.plan(profiles).iter().map(Planned::shown).collect();
        lines.join("\n").replace(&self.folder.path().display().to_string(), "HOME")
    }
}

#[test]
fn everything_is_told_before_it_is_written() {
    let desk = Desk::new();
    let ours = "<Pimbridge>category = \"Team\"\nhistory_days = 1\n[guard]\nmax_percent = 100\nmax_deletions = 3\n\
                </Pimbridge><ProxyOptions><ProxyUseManual>true</ProxyUseManual><ProxyUrl>http://p.example:1</ProxyUrl>\
                </ProxyOptions>";
    insta::assert_snapshot!(desk.shown(&[options(1, "Work", EVENTS, ours)]), @r#"
    adds       Work: events, two-way, in HOME/items/Kalender
               on https://s.example/1/, as jana
               through the proxy http://p.example:1/
               category: "Team"
               guard.max_deletions: 3
               guard.max_percent is, as usual, 25: the file has 100, which would guard you less; if you want that: pimbridge profile set Work guard.max_percent 100
               history_days is, as usual, 90: the file has 1, which would guard you less; if you want that: pimbridge profile set Work history_days 1
               password needed: pimbridge profile password Work
    "#);
}

#[test]
fn of_two_profiles_with_one_name_each_is_placed_for_itself() {
    let desk = Desk::new();
    let company = options(2, "Work", EVENTS, "").replace("jana@home", "jana@company");
    let file = [options(1, "Work", EVENTS, ""), company];
    let named = Choices { folders: vec![("Work".to_owned(), "/a".to_owned())], ..Choices::default() };
    insta::assert_snapshot!(desk.planned(named, &file).unwrap_err(), @r#""Work" stands for several profiles of the file, which are not to share a folder here; give each of them a name of its own, and export them again"#);
    let second = OfOne { folder: Some("/a".to_owned()), kind: None };
    let choices = Choices { of_one: HashMap::from([(1, second)]), ..Choices::default() };
    let planned = desk.planned(choices, &file).unwrap();
    let folder = |one: &Planned| one.file.as_ref().unwrap().0.local.to_string();
    assert!(folder(&planned[0]).ends_with("Kalender"));
    assert_eq!(folder(&planned[1]), "/a");
}

#[test]
fn nothing_is_put_into_the_home_folder() {
    let home = OfOne { folder: Some("~".to_owned()), kind: None };
    let choices = Choices { of_one: HashMap::from([(0, home)]), ..Choices::default() };
    let planned = Desk::new().planned(choices, &[options(1, "Work", EVENTS, "")]).unwrap();
    let Fate::Skipped(why) = &planned[0].fate else { panic!("{planned:?}") };
    assert!(why.to_string().contains("home folder"), "{why}");
}

#[test]
fn what_the_file_does_not_tell_is_asked_for() {
    let desk = Desk::new();
    let google = options(2, "Google", EVENTS, "<ServerAdapterType>GoogleOAuth</ServerAdapterType>")
        .replace("https://s.example/2/", "https://apidata.googleusercontent.com/caldav/v2/jana/events/");
    let file = [options(1, "Notes", "NoteMappingConfiguration", ""), google];
    let fates: Vec<Fate> = desk.plan(&file).into_iter().map(|one| one.fate).collect();
    let label = "Notes".to_owned();
    assert_eq!(fates, [Fate::Skipped(Why::NoKind { label }), Fate::Skipped(Why::NoClientId)]);
    let of_one = HashMap::from([(0, OfOne { folder: None, kind: Some(Kind::Tasks) })]);
    let choices = Choices { of_one, client_id: Some("1".to_owned()), ..Choices::default() };
    let planned = desk.planned(choices, &file).unwrap();
    assert!(planned.iter().all(|one| one.fate == Fate::Added));
    assert_eq!(planned[0].file.as_ref().unwrap().0.kind, Kind::Tasks);
}

#[test]
fn both_values_are_told_of_what_changes() {
    let desk = Desk::new();
    let often = options(1, "Work", EVENTS, "").replace(">30<", ">5<");
    desk.import(&[often]);
    desk.set("Work", "category", "Foo");
    insta::assert_snapshot!(desk.shown(&[options(1, "Work", EVENTS, "")]), @r#"
    replaces   Work: events, two-way, in HOME/items/Kalender
               on https://s.example/1/, as jana
               category: "Foo" becomes none
               interval_minutes: 5 becomes 30
    "#);
}

#[test]
fn a_profile_that_is_switched_off_here_stays_so() {
    let desk = Desk::new();
    let file = [options(1, "Work", EVENTS, "")];
    desk.import(&file);
    desk.set("Work", "active", "false");
    insta::assert_snapshot!(desk.shown(&file), @"
    unchanged  Work: events, two-way, inactive, in HOME/items/Kalender
               it stays switched off, as it is here; to switch it on: pimbridge profile set Work active true
    ");
}

#[test]
fn a_profile_whose_file_is_broken_is_left_alone() {
    let desk = Desk::new();
    let file = [options(1, "Work", EVENTS, "")];
    desk.import(&file);
    desk.break_file("Work");
    insta::assert_snapshot!(desk.shown(&file), @"skips      Work: here it is Work, whose file is wrong; correct that first, or remove it: pimbridge profile remove Work");
    assert!(desk.shown(&[options(2, "Work", EVENTS, "")]).starts_with("adds       Work, here Work 2"));
}

#[test]
fn a_profile_does_not_become_one_of_another_kind() {
    let desk = Desk::new();
    desk.import(&[options(1, "Work", EVENTS, "")]);
    desk.set("Work", "history_days", "80");
    insta::assert_snapshot!(desk.shown(&[options(1, "Work", CONTACTS, "")]), @"skips      Work: it is for contacts now, but Work here is for events: remove that profile first (pimbridge profile remove Work), or make a new one by hand (pimbridge profile add --help)");
}

#[test]
fn who_shares_a_folder_and_one_password() {
    let desk = Desk::new();
    let category = "<Pimbridge>category = \"Team\"</Pimbridge>";
    let file = [options(1, "Whole", EVENTS, ""), options(2, "Team", EVENTS, category)];
    insta::assert_snapshot!(desk.shown(&file), @r#"
    adds       Whole: events, two-way, in HOME/items/Kalender
               on https://s.example/1/, as jana
               shares its folder with Team
               password needed: pimbridge profile password Whole
    adds       Team: events, two-way, in HOME/items/Kalender
               on https://s.example/2/, as jana
               category: "Team"
               shares its folder with Whole
    "#);
    // Neither for one here.
    desk.import(&file[..1]);
    insta::assert_snapshot!(desk.shown(&file[1..]), @r#"
    adds       Team: events, two-way, in HOME/items/Kalender
               on https://s.example/2/, as jana
               category: "Team"
               shares its folder with Whole
    "#);
}
