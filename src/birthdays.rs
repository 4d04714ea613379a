//! The calendar of birthdays: after a run of a profile of contacts, a folder has an event for each birthday and
//! anniversary of the contacts in the profile's own folder.
//!
//! An event is known by its UID, which is made of the contact's. It is changed only where its day or name is another,
//! and deleted only where its mark says that it was made for this folder of contacts and no person added anything.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tr::tr;

use crate::collection::vdir::Vdir;
use crate::collection::{
    Collection, CollectionError, Edit, Etag, Fetched, Href, Observation, Outcome, Trouble,
};
use crate::home::{Home, HomeError};
use crate::item::birthday::{Day, days, is_marked, kept_for_person, uid_made};
use crate::item::{Kind, hex};
use crate::profile::{self, Accounts, LocalSpec, Profile, local_key};
use crate::report::wording::{in_words, shell_word};
use crate::report::{Counts, Report, RunOutcome};
use crate::sync::guard::Guard;
use crate::sync::policy::Mode;
use crate::sync::progress::Progress;
use crate::sync::run::{self, Deletions, Options};
use crate::sync::session;

/// How many files are read in one go.
const CHUNK: usize = 100;

/// Runs a profile once, and brings its calendar of birthdays up to date. Whatever goes wrong is in the report.
pub async fn run_profile(
    home: &Home,
    profile: &Profile,
    accounts: &Accounts,
    options: &Options,
    progress: &dyn Progress,
) -> run::Done {
    let mut done = session::run_profile(home, profile, accounts, options, progress).await;
    if let Some(told) = update(home, profile, &done.report, options.deletions == Deletions::Allowed).await {
        done.report.notices.push(told);
        session::save_report(home, profile, &mut done).await;
    }
    done
}

/// Brings the profile's calendar of birthdays up to date, where it has one and the run came to its end. Says what was
/// done, or why it could not be.
pub async fn update(home: &Home, profile: &Profile, run: &Report, allow_deletions: bool) -> Option<String> {
    let folder = profile.birthdays.as_ref()?;
    if run.dry_run || !matches!(run.outcome, RunOutcome::Ok | RunOutcome::Partial) {
        return None;
    }
    match try_update(home, profile, folder, allow_deletions).await {
        Ok(done) => done.told(profile),
        Err(why) => Some(tr!("the calendar of birthdays could not be brought up to date: {why}", why)),
    }
}

async fn try_update(
    home: &Home,
    profile: &Profile,
    folder: &Path,
    allow_deletions: bool,
) -> Result<Done, String> {
    is_no_copy(home, folder)?;
    let owner = owner(home, profile).map_err(|error| error.to_string())?;
    let guard = (!allow_deletions).then(|| profile.guard.into());
    let calendar = Vdir::open(folder.to_owned(), Kind::Events);
    make(&profile::open_local(profile), &calendar, &owner, guard).await.map_err(|error| error.to_string())
}

/// What was done.
#[derive(Default)]
struct Done {
    counts: Counts,
    /// So many events would have been deleted or left to the person, of so many that were made.
    held: Option<(u64, u64)>,
}

impl Done {
    fn told(self, profile: &Profile) -> Option<String> {
        let done = (self.counts.total() > 0).then(|| in_words(self.counts));
        let held = self.held.map(|(number, of)| {
            let word = shell_word(profile.name.as_str());
            tr!(
                "1 of the {of} events in it belongs to no contact any more, and so many are not deleted without your yes; \
                 if that is right: pimbridge sync {word} --allow-deletions"
                    | "{n} of the {of} events in it belong to no contact any more, and so many are not deleted without \
                       your yes; if that is right: pimbridge sync {word} --allow-deletions"
                    % number,
                of,
                word
            )
        });
        let parts: Vec<String> = done.into_iter().chain(held).collect();
        (!parts.is_empty()).then(|| tr!("the calendar of birthdays: {}", parts.join("; ")))
    }
}

/// No profile may make the folder a copy of a server.
fn is_no_copy(home: &Home, folder: &Path) -> Result<(), String> {
    let loaded = profile::load_all(home).map_err(|error| error.to_string())?;
    let key = local_key(&LocalSpec::Vdir { path: folder.to_owned() });
    let copied = loaded.profiles.iter().find(|other| {
        other.active
            && other.kind == Kind::Events
            && other.mode == Mode::ReplicateFromServer
            && local_key(&other.local) == key
    });
    match copied {
        Some(other) => Err(tr!(
            "the profile {} makes the folder {} a copy of the server, and would delete the birthdays; choose another \
             folder for them",
            other.name,
            folder.display()
        )),
        None => Ok(()),
    }
}

/// Whom the events are made for: this folder of contacts of this home, whatever the profile is called.
fn owner(home: &Home, profile: &Profile) -> Result<String, HomeError> {
    let contacts = local_key(&profile.local);
    let hash = Sha256::new_with_prefix("birthdays")
        .chain_update(home.busy_key()?)
        .chain_update(contacts.as_os_str().as_encoded_bytes())
        .finalize();
    Ok(hex(&hash[..12]))
}

async fn make(
    contacts: &dyn Collection,
    calendar: &dyn Collection,
    owner: &str,
    guard: Option<Guard>,
) -> Result<Done, CollectionError> {
    let (wanted, all_are_known) = wanted(contacts).await?;
    let mut there = there(calendar).await?;
    let own = |there: &HashMap<String, Event>| -> u64 {
        there.values().filter(|event| is_marked(&event.bytes, owner)).count() as u64
    };
    let made = own(&there);
    let mut edits = Vec::new();
    for day in wanted {
        match there.remove(&day.uid) {
            Some(Event { href, if_etag, bytes }) => {
                if let Some(bytes) = day.in_place_of(&bytes, owner) {
                    edits.push(Edit::Replace { href, if_etag, bytes });
                }
            }
            None => edits.push(Edit::Create { bytes: day.event(owner), uid: Some(day.uid) }),
        }
    }
    let left = own(&there);
    let mut held = None;
    if all_are_known && guard.is_some_and(|guard| guard.holds(left, made, made)) {
        held = Some((left, made));
    } else if all_are_known {
        let left = there.into_values().filter(|event| is_marked(&event.bytes, owner));
        edits.extend(left.map(Event::let_go));
    }
    Ok(Done { counts: apply(calendar, edits).await?, held })
}

/// The days of all contacts, and whether every contact could be read.
async fn wanted(contacts: &dyn Collection) -> Result<(Vec<Day>, bool), CollectionError> {
    let (mut wanted, mut all_are_known) = (Vec::new(), true);
    for chunk in hrefs(contacts).await?.chunks(CHUNK) {
        for fetched in contacts.fetch(chunk).await? {
            match fetched {
                Fetched::Found { href, bytes, .. } => match days(&bytes, href.as_str()) {
                    Ok(days) => wanted.extend(days),
                    Err(_) => all_are_known = false,
                },
                Fetched::Gone { .. } => {}
                Fetched::Unreadable { .. } | Fetched::Failed { .. } => all_are_known = false,
            }
        }
    }
    let mut seen = HashSet::new();
    wanted.retain(|day| seen.insert(day.uid.clone()));
    Ok((wanted, all_are_known))
}

/// An event that was made of a contact, whoever it was made for.
struct Event {
    href: Href,
    if_etag: Etag,
    bytes: Bytes,
}

impl Event {
    /// Its contact has no such day any more: what a person added something to becomes the person's.
    fn let_go(self) -> Edit {
        let Event { href, if_etag, bytes } = self;
        match kept_for_person(&bytes) {
            Some(bytes) => Edit::Replace { href, if_etag, bytes },
            None => Edit::Delete { href, if_etag },
        }
    }
}

/// The events in the folder that were made of contacts, by their UID.
async fn there(calendar: &dyn Collection) -> Result<HashMap<String, Event>, CollectionError> {
    let mut there = HashMap::new();
    for chunk in hrefs(calendar).await?.chunks(CHUNK) {
        for fetched in calendar.fetch(chunk).await? {
            match fetched {
                Fetched::Found { href, etag: if_etag, bytes, .. } => {
                    if let Some(uid) = uid_made(&bytes) {
                        there.entry(uid).or_insert(Event { href, if_etag, bytes });
                    }
                }
                // It may be one that would be made a second time.
                Fetched::Failed { reason, .. } => {
                    return Err(CollectionError::new(Trouble::Storage, reason));
                }
                Fetched::Gone { .. } | Fetched::Unreadable { .. } => {}
            }
        }
    }
    Ok(there)
}

async fn hrefs(collection: &dyn Collection) -> Result<Vec<Href>, CollectionError> {
    Ok(match collection.observe(None).await? {
        Observation::Listing { entries, .. } => entries.into_iter().map(|entry| entry.href).collect(),
        Observation::Delta { changed, .. } => changed.into_iter().map(|entry| entry.href).collect(),
    })
}

/// What cannot be written now, because another program changes it, is written after the next run.
async fn apply(calendar: &dyn Collection, edits: Vec<Edit>) -> Result<Counts, CollectionError> {
    let mut counts = Counts::default();
    for chunk in edits.chunks(CHUNK) {
        let applied = calendar.apply(chunk.to_vec()).await;
        for (edit, outcome) in chunk.iter().zip(applied.outcomes) {
            match (edit, outcome) {
                (Edit::Create { .. }, Outcome::Stored { .. }) => counts.created += 1,
                (Edit::Replace { .. }, Outcome::Stored { .. }) => counts.updated += 1,
                (Edit::Delete { .. }, Outcome::Deleted) => counts.deleted += 1,
                (_, Outcome::Refused { reason } | Outcome::Failed { reason }) => {
                    return Err(CollectionError::new(Trouble::Storage, reason));
                }
                _ => {}
            }
        }
        if let Some(error) = applied.stopped {
            return Err(error);
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::item;
    use crate::report::fixtures::report;

    struct World {
        home: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            for folder in ["contacts", "birthdays"] {
                fs::create_dir(home.path().join(folder)).unwrap();
            }
            Self { home }
        }

        fn profile(&self, name: &str, text: &str) -> Profile {
            let home = Home::at(self.home.path());
            let path = self.home.path().display();
            let text = format!(
                "{text}\n[local]\ntype = \"vdir\"\npath = '{path}/{}'\n[remote]\ntype = \"dav\"\nurl = \"https://x.example/{name}/\"\n",
                if text.contains("contacts") { "contacts" } else { "birthdays" }
            );
            profile::add(&home, &profile::Name::new(name).unwrap(), &text).unwrap()
        }

        fn contacts(&self, name: &str) -> Profile {
            let birthdays = self.home.path().join("birthdays");
            self.profile(name, &format!("kind = \"contacts\"\nbirthdays = '{}'", birthdays.display()))
        }

        fn contact(&self, name: &str, lines: &str) {
            let card = format!("BEGIN:VCARD\nVERSION:3.0\nUID:{name}\nFN:{name}\n{lines}\nEND:VCARD\n");
            fs::write(self.home.path().join(format!("contacts/{name}.vcf")), card).unwrap();
        }

        async fn update(&self, profile: &Profile) -> Option<String> {
            self.update_after(profile, &report(), false).await
        }

        async fn update_after(&self, profile: &Profile, run: &Report, allowed: bool) -> Option<String> {
            let told = update(&Home::at(self.home.path()), profile, run, allowed).await;
            told.map(|told| told.replace(&self.home.path().display().to_string(), ""))
        }

        fn summaries(&self) -> Vec<String> {
            let files = fs::read_dir(self.home.path().join("birthdays")).unwrap();
            let titles = files.map(|file| item::title(&fs::read(file.unwrap().path()).unwrap()).unwrap());
            let mut titles: Vec<String> = titles.collect();
            titles.sort();
            titles
        }
    }

    #[tokio::test]
    async fn the_calendar_follows_the_contacts() {
        let world = World::new();
        let profile = world.contacts("p");
        fs::write(
            world.home.path().join("birthdays/own.ics"),
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:own\nSUMMARY:own\nEND:VEVENT\nEND:VCALENDAR\n",
        )
        .unwrap();
        world.contact("Ann", "BDAY:1970-05-03\nX-ANNIVERSARY:2009-08-08");
        world.contact("Bo", "BDAY:--0229");
        world.contact("Cy", "NOTE:x");
        insta::assert_snapshot!(world.update(&profile).await.unwrap(), @r#"the calendar of birthdays: 3 new"#);
        assert_eq!(world.summaries(), ["Ann", "Ann (anniversary)", "Bo", "own"]);
        assert_eq!(world.update(&profile).await, None);
        world.contact("Ann", "BDAY:1970-05-04");
        world.contact("Cy", "BDAY:19800101");
        insta::assert_snapshot!(world.update(&profile).await.unwrap(), @r#"the calendar of birthdays: 1 new, 1 changed, 1 deleted"#);
        assert_eq!(world.summaries(), ["Ann", "Bo", "Cy", "own"]);
        fs::write(world.home.path().join("contacts/Bo.vcf"), "broken").unwrap();
        assert_eq!(world.update(&profile).await, None, "nothing is deleted while a contact cannot be read");
        fs::remove_file(world.home.path().join("contacts/Bo.vcf")).unwrap();
        assert!(world.update(&profile).await.is_some());
        assert_eq!(world.summaries(), ["Ann", "Cy", "own"]);
    }

    /// Another home, with contacts of its own and the same calendar.
    fn beside(world: &World) -> (World, Profile) {
        let other = World::new();
        let birthdays = world.home.path().join("birthdays");
        let profile =
            other.profile("p", &format!("kind = \"contacts\"\nbirthdays = '{}'", birthdays.display()));
        (other, profile)
    }

    fn birthdays(world: &World) -> Vec<(PathBuf, String)> {
        let files = fs::read_dir(world.home.path().join("birthdays")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn each_home_keeps_to_its_own_events() {
        let world = World::new();
        let one = world.contacts("p");
        let (elsewhere, other) = beside(&world);
        world.contact("Ann", "BDAY:1970-05-03");
        world.contact("Bo", "BDAY:1970-05-03");
        elsewhere.contact("Bo", "BDAY:1970-05-03");
        elsewhere.contact("Cy", "BDAY:1970-05-03");
        assert!(world.update(&one).await.is_some());
        insta::assert_snapshot!(elsewhere.update(&other).await.unwrap(), @"the calendar of birthdays: 1 new");
        let there = birthdays(&world);
        assert_eq!(world.update(&one).await, None);
        assert_eq!(elsewhere.update(&other).await, None);
        assert_eq!(birthdays(&world), there, "nothing goes to and fro");
        elsewhere.contact("Bo", "NOTE:x");
        assert_eq!(elsewhere.update(&other).await, None, "it was made for the other home");
        assert_eq!(world.summaries(), ["Ann", "Bo", "Cy"]);
    }

    #[tokio::test]
    async fn a_profile_of_another_name_goes_on_with_the_events() {
        let world = World::new();
        world.contact("Ann", "BDAY:1970-05-03");
        world.contact("Bo", "BDAY:1970-05-03");
        assert!(world.update(&world.contacts("one")).await.is_some());
        profile::remove(&Home::at(world.home.path()), "one").unwrap();
        let other = world.contacts("other");
        assert_eq!(world.update(&other).await, None, "they are there already");
        world.contact("Ann", "NOTE:x");
        assert!(world.update(&other).await.is_some());
        assert_eq!(world.summaries(), ["Bo"]);
    }

    #[tokio::test]
    async fn a_copy_of_an_event_is_the_person_s() {
        let world = World::new();
        let profile = world.contacts("p");
        world.contact("Ann", "BDAY:1970-05-03");
        assert!(world.update(&profile).await.is_some());
        let (file, event) = birthdays(&world).remove(0);
        let uid = file.file_stem().unwrap().to_str().unwrap();
        let copy = event.replace(uid, "copy").replace("SUMMARY:Ann", "SUMMARY:party").replace("1970", "2026");
        fs::write(file.with_file_name("copy.ics"), copy).unwrap();
        assert_eq!(world.update(&profile).await, None);
        assert_eq!(world.summaries(), ["Ann", "party"]);
    }

    #[tokio::test]
    async fn nothing_is_done_after_a_run_that_was_held_or_failed() {
        let world = World::new();
        let profile = world.contacts("p");
        world.contact("Ann", "BDAY:1970-05-03");
        for outcome in [RunOutcome::Held, RunOutcome::Failed] {
            assert_eq!(world.update_after(&profile, &Report { outcome, ..report() }, true).await, None);
        }
        assert_eq!(world.update_after(&profile, &Report { dry_run: true, ..report() }, true).await, None);
        assert_eq!(world.summaries(), [""; 0]);
        let partial = Report { outcome: RunOutcome::Partial, ..report() };
        assert!(world.update_after(&profile, &partial, false).await.is_some());
    }

    #[tokio::test]
    async fn unusually_many_deletions_wait_for_a_yes() {
        let world = World::new();
        let profile = world.contacts("p");
        let names = ["a", "b", "c", "d", "e", "f"];
        names.iter().for_each(|name| world.contact(name, "BDAY:1970-05-03"));
        assert!(world.update(&profile).await.is_some());
        let there = birthdays(&world);
        names.iter().for_each(|name| world.contact(name, "NOTE:x"));
        world.contact("new", "BDAY:1970-05-03");
        insta::assert_snapshot!(world.update(&profile).await.unwrap(), @"the calendar of birthdays: 1 new; 6 of the 6 events in it belong to no contact any more, and so many are not deleted without your yes; if that is right: pimbridge sync p --allow-deletions");
        assert!(there.iter().all(|event| birthdays(&world).contains(event)));
        insta::assert_snapshot!(world.update_after(&profile, &report(), true).await.unwrap(), @"the calendar of birthdays: 6 deleted");
        assert_eq!(world.summaries(), ["new"]);
    }

    #[tokio::test]
    async fn an_event_that_a_person_added_to_is_never_deleted() {
        let world = World::new();
        let profile = world.contacts("p");
        world.contact("Ann", "BDAY:1970-05-03");
        assert!(world.update(&profile).await.is_some());
        let (file, event) = birthdays(&world).remove(0);
        fs::write(&file, event.replace("END:VEVENT", "DESCRIPTION:a book\r\nEND:VEVENT")).unwrap();
        world.contact("Ann", "NOTE:x");
        insta::assert_snapshot!(world.update(&profile).await.unwrap(), @"the calendar of birthdays: 1 changed");
        let kept = birthdays(&world);
        assert!(kept[0].1.contains("DESCRIPTION:a book") && !kept[0].1.contains("X-PIMBRIDGE"));
        assert_eq!(world.update(&profile).await, None);
        world.contact("Ann", "BDAY:1970-05-03");
        assert_eq!(world.update(&profile).await, None, "no second one is made");
        assert_eq!(birthdays(&world), kept);
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_told() {
        let world = World::new();
        let profile = world.contacts("p");
        world.contact("Ann", "BDAY:1970-05-03");
        world.profile("copy", "kind = \"events\"\nmode = \"replicate-from-server\"");
        insta::assert_snapshot!(world.update(&profile).await.unwrap(), @r#"the calendar of birthdays could not be brought up to date: the profile copy makes the folder /birthdays a copy of the server, and would delete the birthdays; choose another folder for them"#);
        profile::remove(&Home::at(world.home.path()), "copy").unwrap();
        fs::remove_dir(world.home.path().join("birthdays")).unwrap();
        insta::assert_snapshot!(world.update(&profile).await.unwrap(), @r#"the calendar of birthdays could not be brought up to date: The folder /birthdays is not there. If it is on a disk that is not connected, connect it; if the folder is meant to be new, create it with: mkdir -p "/birthdays""#);
    }
}
