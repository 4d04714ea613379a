//! The calendar of birthdays: after a run of a profile of contacts, a folder has an event for each birthday and
//! anniversary of the contacts in the profile's own folder.
//!
//! Only events that are marked as made for the profile are ever changed or deleted, and only where their day or name
//! is another.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::collection::vdir::Vdir;
use crate::collection::{
    Collection, CollectionError, Edit, Etag, Fetched, Href, Observation, Outcome, Trouble,
};
use crate::home::Home;
use crate::item::Kind;
use crate::item::birthday::{Day, days, made_for};
use crate::profile::{self, LocalSpec, Profile, local_key};
use crate::report::Counts;
use crate::report::text::in_words;
use crate::sync::policy::Mode;

/// How many files are read in one go.
const CHUNK: usize = 100;
const FAILED: &str = "the calendar of birthdays could not be brought up to date";

/// Brings the profile's calendar of birthdays up to date, where it has one. Says what was done, or why it could not be.
pub async fn update(home: &Home, profile: &Profile) -> Option<String> {
    let folder = profile.birthdays.as_ref()?;
    let others = match others(home, profile, folder) {
        Ok(others) => others,
        Err(why) => return Some(format!("{FAILED}: {why}")),
    };
    let calendar = Vdir::open(folder.clone(), Kind::Events);
    match make(&profile::open_local(profile), &calendar, profile.name.as_str(), &others).await {
        Ok(done) => (done.total() > 0).then(|| format!("the calendar of birthdays: {}", in_words(done))),
        Err(error) => Some(format!("{FAILED}: {error}")),
    }
}

/// The other profiles that have their birthdays in this folder. What was made for a profile that is no more is nobody's.
fn others(home: &Home, own: &Profile, folder: &Path) -> Result<HashSet<String>, String> {
    let loaded = profile::load_all(home).map_err(|error| error.to_string())?;
    let key = path_key(folder);
    let copied = loaded.profiles.iter().find(|other| {
        other.active
            && other.kind == Kind::Events
            && other.mode == Mode::ReplicateFromServer
            && local_key(&other.local) == key
    });
    if let Some(other) = copied {
        return Err(format!(
            "the profile {} makes the folder {} a copy of the server, and would delete the birthdays; choose another \
             folder for them",
            other.name,
            folder.display()
        ));
    }
    let makes = |other: &&Profile| {
        other.name != own.name && other.birthdays.as_deref().is_some_and(|other| path_key(other) == key)
    };
    let others = loaded.profiles.iter().filter(makes).map(|other| other.name.to_string());
    Ok(others.chain(loaded.broken.into_iter().map(|(name, _)| name)).collect())
}

fn path_key(path: &Path) -> PathBuf {
    local_key(&LocalSpec::Vdir { path: path.to_owned() })
}

async fn make(
    contacts: &dyn Collection,
    calendar: &dyn Collection,
    profile: &str,
    others: &HashSet<String>,
) -> Result<Counts, CollectionError> {
    let (wanted, all_are_known) = wanted(contacts).await?;
    let mut there = Made::read(calendar, others).await?;
    let mut edits = Vec::new();
    for day in wanted {
        match there.own.remove(&day.uid) {
            Some((href, if_etag, bytes)) => {
                if let Some(bytes) = day.in_place_of(&bytes, profile) {
                    edits.push(Edit::Replace { href, if_etag, bytes });
                }
            }
            None if there.of_others.contains(&day.uid) => {}
            None => edits.push(Edit::Create { bytes: day.event(profile), uid: Some(day.uid) }),
        }
    }
    if all_are_known {
        let left = there.own.into_values();
        edits.extend(left.map(|(href, if_etag, _)| Edit::Delete { href, if_etag }));
    }
    apply(calendar, edits).await
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

/// The events in the folder that were made of contacts, by their UID.
#[derive(Default)]
struct Made {
    own: HashMap<String, (Href, Etag, Bytes)>,
    of_others: HashSet<String>,
}

impl Made {
    async fn read(calendar: &dyn Collection, others: &HashSet<String>) -> Result<Made, CollectionError> {
        let mut made = Made::default();
        for chunk in hrefs(calendar).await?.chunks(CHUNK) {
            for fetched in calendar.fetch(chunk).await? {
                let Fetched::Found { href, etag, bytes, .. } = fetched else { continue };
                match made_for(&bytes) {
                    Some((uid, profile)) if others.contains(&profile) => {
                        made.of_others.insert(uid);
                    }
                    Some((uid, _)) => {
                        made.own.insert(uid, (href, etag, bytes));
                    }
                    None => {}
                }
            }
        }
        Ok(made)
    }
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

    use super::*;
    use crate::item;

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
            let told = update(&Home::at(self.home.path()), profile).await;
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

    #[tokio::test]
    async fn each_profile_keeps_to_its_own_events() {
        let world = World::new();
        let (one, other) = (world.contacts("one"), world.contacts("other"));
        world.contact("Ann", "BDAY:1970-05-03");
        assert!(world.update(&one).await.is_some());
        assert_eq!(world.update(&other).await, None, "it is there already");
        world.contact("Ann", "NOTE:x");
        assert_eq!(world.update(&other).await, None);
        assert_eq!(world.summaries(), ["Ann"]);
        let home = Home::at(world.home.path());
        profile::remove(&home, "one").unwrap();
        assert!(
            world.update(&other).await.is_some(),
            "what was made for a profile that is no more is taken over"
        );
        assert_eq!(world.summaries(), [""; 0]);
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
