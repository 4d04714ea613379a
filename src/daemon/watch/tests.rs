use std::fs;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::*;
use crate::profile;
use crate::state::State;
use crate::sync::Side;

/// As the real one, but quick.
const QUICK: Manner = Manner {
    means: Means { system: true, look: Duration::from_millis(50), seek: Duration::from_millis(50) },
    items: Patience { quiet: Duration::from_millis(200), longest: Duration::from_secs(10) },
    profiles: Patience { quiet: Duration::from_millis(100), longest: Duration::from_secs(10) },
};
const LOOKING: Manner = Manner { means: Means { system: false, ..QUICK.means }, ..QUICK };
/// A busy machine must not break a burst into two.
const PATIENT: Manner =
    Manner { items: Patience { quiet: Duration::from_secs(1), longest: Duration::from_secs(60) }, ..QUICK };

/// A home with the profile `work`, whose folder is `work`.
struct World {
    folder: tempfile::TempDir,
    home: Home,
    changes: UnboundedReceiver<Change>,
    watcher: Watcher,
}

impl World {
    fn new(manner: Manner) -> Self {
        let world = Self::without_folder(manner);
        fs::create_dir(world.path("")).unwrap();
        world.watcher.set(vec![world.watched("work", "work")]);
        world.settle();
        world
    }

    fn without_folder(manner: Manner) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(&folder.path().join("home"));
        let (tell, changes) = unbounded_channel();
        let watcher = Watcher::start_in(manner, &home, tell).unwrap();
        let world = Self { folder, home, changes, watcher };
        world.settle();
        world
    }

    /// Waits until what was ordered is done: the watcher obeys one order after the other, and takes a held profile
    /// that is not watched for what it is.
    fn settle(&self) {
        let (done, wait) = channel();
        self.watcher.order(Order::Ping(done));
        wait.recv().unwrap();
    }

    fn watched(&self, name: &str, folder: &str) -> Watched {
        let name = Name::new(name).unwrap();
        let path = self.folder.path().join(folder);
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = '{}'\n[remote]\ntype = \"dav\"\n\
             url = \"https://one.example/\"\n",
            path.display()
        );
        Watched::new(&self.home, &profile::parse(&name, Path::new("p.toml"), &text).unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    /// As a run does: the state knows of the file as it is now.
    fn commit(&self, profile: &str, names: &[&str]) {
        fs::create_dir_all(self.home.state_dir()).unwrap();
        let watched = self.watched(profile, "work");
        let state = State::open(&watched.state, "", Timestamp::now()).unwrap();
        state
            .write(|w| {
                for name in names {
                    let href = Href::new(*name);
                    match watched.folder.entries_of([&href]).unwrap().first() {
                        Some(entry) => w.see(Side::Local, &href, &entry.etag)?,
                        None => w.unsee(Side::Local, &href)?,
                    }
                }
                Ok(())
            })
            .unwrap();
    }

    async fn next(&mut self) -> Change {
        timeout(Duration::from_secs(60), self.changes.recv()).await.expect("it is told").unwrap()
    }

    async fn expect(&mut self, profile: &str, files: &[&str]) {
        assert_eq!(self.next().await, local(profile, files));
    }
}

fn local(profile: &str, files: &[&str]) -> Change {
    let files = files.iter().map(|name| Href::new(*name)).collect();
    Change::Local { profile: Name::new(profile).unwrap(), files }
}

#[tokio::test]
async fn a_burst_is_one_change() {
    let mut world = World::new(PATIENT);
    for name in ["a.ics", "b.ics", "c.ics", "a.ics"] {
        world.write(name, name);
    }
    world.expect("work", &["a.ics", "b.ics", "c.ics"]).await;
    world.write("d.ics", "d");
    world.expect("work", &["d.ics"]).await;
}

#[tokio::test]
async fn what_the_state_knows_is_no_change() {
    for manner in [PATIENT, LOOKING] {
        let mut world = World::new(manner);
        world.watcher.hold(&Name::new("work").unwrap());
        world.write("ours.ics", "1");
        world.write("removed.ics", "1");
        world.commit("work", &["ours.ics", "removed.ics"]);
        fs::remove_file(world.path("removed.ics")).unwrap();
        world.commit("work", &["removed.ics"]);
        world.write("came-and-went.ics", "1");
        fs::remove_file(world.path("came-and-went.ics")).unwrap();
        world.write("theirs.ics", "1");
        world.watcher.release(&Name::new("work").unwrap());
        world.expect("work", &["theirs.ics"]).await;
        world.commit("work", &["theirs.ics"]);
        fs::remove_file(world.path("ours.ics")).unwrap();
        world.expect("work", &["ours.ics"]).await;
    }
}

#[tokio::test]
async fn an_edit_during_a_run_is_told_after_it() {
    let mut world = World::new(QUICK);
    fs::create_dir(world.folder.path().join("home-calendar")).unwrap();
    world.watcher.set(vec![world.watched("work", "work"), world.watched("other", "home-calendar")]);
    world.settle();
    let work = Name::new("work").unwrap();
    world.watcher.hold(&work);
    world.write("edited.ics", "1");
    // Three rounds of another profile, in any of which this one would have been told.
    for _ in 0..3 {
        fs::write(world.folder.path().join("home-calendar/x.ics"), "x").unwrap();
        world.expect("other", &["x.ics"]).await;
    }
    world.watcher.release(&work);
    world.expect("work", &["edited.ics"]).await;
}

#[tokio::test]
async fn however_an_editor_writes_it_is_one_change_of_the_file() {
    let mut world = World::new(PATIENT);
    world.write("a.ics", "1");
    world.commit("work", &["a.ics"]);
    // In place.
    world.write("a.ics", "in place");
    world.expect("work", &["a.ics"]).await;
    world.commit("work", &["a.ics"]);
    // As khal and todoman do.
    world.write("tmpXYZ", "beside");
    fs::rename(world.path("tmpXYZ"), world.path("a.ics")).unwrap();
    world.expect("work", &["a.ics"]).await;
    world.commit("work", &["a.ics"]);
    // As vim does.
    world.write("4913", "");
    fs::remove_file(world.path("4913")).unwrap();
    world.write(".a.ics.swp", "swap");
    fs::rename(world.path("a.ics"), world.path("a.ics~")).unwrap();
    world.write("a.ics", "as vim does");
    fs::remove_file(world.path("a.ics~")).unwrap();
    fs::remove_file(world.path(".a.ics.swp")).unwrap();
    world.expect("work", &["a.ics"]).await;
    world.commit("work", &["a.ics"]);
    fs::rename(world.path("a.ics"), world.path("b.ics")).unwrap();
    world.expect("work", &["a.ics", "b.ics"]).await;
}

#[tokio::test]
async fn only_items_count() {
    let mut world = World::new(PATIENT);
    for name in [".pimbridge.1.new.x.1-1.tmp", ".hidden.ics", "notes.txt", "card.vcf", "displayname"] {
        world.write(name, "1");
    }
    fs::create_dir(world.path("folder.ics")).unwrap();
    world.write("LOUD.ICS", "1");
    world.expect("work", &["LOUD.ICS"]).await;
}

#[tokio::test]
async fn a_folder_that_is_deleted_and_made_again_is_watched_again() {
    for manner in [QUICK, LOOKING] {
        let mut world = World::new(manner);
        world.write("a.ics", "1");
        world.expect("work", &["a.ics"]).await;
        world.commit("work", &["a.ics"]);
        for (round, known) in [("2", &["a.ics", "b.ics"][..]), ("3", &["b.ics", "c.ics"][..])] {
            fs::remove_dir_all(world.path("")).unwrap();
            // Nothing is told of a folder that is not there: it is not that all files were deleted.
            tokio::time::sleep(2 * QUICK.items.quiet).await;
            fs::create_dir(world.path("")).unwrap();
            world.write("b.ics", round);
            world.expect("work", known).await;
            world.commit("work", known);
            world.write("c.ics", round);
            world.expect("work", &["c.ics"]).await;
            world.commit("work", &["c.ics"]);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_another_one_takes_the_place_of_is_left() {
    let mut world = World::new(QUICK);
    let aside = world.folder.path().join("aside");
    fs::rename(world.path(""), &aside).unwrap();
    fs::create_dir(world.path("")).unwrap();
    world.write("a.ics", "1");
    world.expect("work", &["a.ics"]).await;
    fs::write(aside.join("b.ics"), "1").unwrap();
    world.write("c.ics", "1");
    world.expect("work", &["c.ics"]).await;
    // Nobody tells when a folder above it is another one: it shows after a run.
    let above = world.folder.path().join("above");
    fs::create_dir_all(above.join("deep")).unwrap();
    world.watcher.set(vec![world.watched("work", "above/deep")]);
    world.settle();
    fs::rename(&above, aside.join("above")).unwrap();
    fs::create_dir_all(above.join("deep")).unwrap();
    fs::write(above.join("deep/new.ics"), "1").unwrap();
    world.watcher.release(&Name::new("work").unwrap());
    world.expect("work", &["new.ics"]).await;
}

#[tokio::test]
async fn a_folder_that_is_missing_at_first_is_watched_when_it_is_there() {
    for manner in [QUICK, LOOKING] {
        let mut world = World::without_folder(manner);
        world.watcher.set(vec![world.watched("work", "work")]);
        world.settle();
        fs::create_dir(world.path("")).unwrap();
        world.write("a.ics", "1");
        world.expect("work", &["a.ics"]).await;
        world.commit("work", &["a.ics"]);
        world.write("b.ics", "1");
        world.expect("work", &["b.ics"]).await;
    }
}

#[tokio::test]
async fn looking_now_and_then_finds_every_change() {
    let mut world = World::new(LOOKING);
    world.write("a.ics", "1");
    world.write("notes.txt", "1");
    world.expect("work", &["a.ics"]).await;
    world.commit("work", &["a.ics"]);
    // As `git checkout` does: older than what was there.
    world.write("x", "1");
    let earlier = std::time::SystemTime::UNIX_EPOCH;
    fs::File::options().write(true).open(world.path("x")).unwrap().set_modified(earlier).unwrap();
    fs::rename(world.path("x"), world.path("a.ics")).unwrap();
    world.expect("work", &["a.ics"]).await;
    world.commit("work", &["a.ics"]);
    fs::remove_file(world.path("a.ics")).unwrap();
    world.expect("work", &["a.ics"]).await;
}

#[cfg(unix)]
#[tokio::test]
async fn two_profiles_of_one_folder_are_told_each() {
    let mut world = World::new(PATIENT);
    std::os::unix::fs::symlink(world.path(""), world.folder.path().join("link")).unwrap();
    world.watcher.set(vec![world.watched("work", "work"), world.watched("copy", "link")]);
    world.settle();
    world.write("a.ics", "1");
    world.write("b.ics", "1");
    world.commit("work", &["a.ics"]);
    world.expect("copy", &["a.ics", "b.ics"]).await;
    world.expect("work", &["b.ics"]).await;
    // The other one goes on.
    world.watcher.set(vec![world.watched("copy", "link")]);
    world.settle();
    world.write("c.ics", "1");
    world.expect("copy", &["c.ics"]).await;
}

#[tokio::test]
async fn profiles_and_settings_are_watched_before_there_are_any() {
    for manner in [QUICK, LOOKING] {
        let mut world = World::without_folder(manner);
        let (profile, settings) =
            (world.home.profiles_dir().join("work.toml"), world.home.settings_file().to_owned());
        fs::write(&profile, "kind").unwrap();
        assert_eq!(world.next().await, Change::Profiles);
        fs::write(&settings, "1").unwrap();
        assert_eq!(world.next().await, Change::Profiles);
        fs::remove_file(&profile).unwrap();
        assert_eq!(world.next().await, Change::Profiles);
        // All of it goes, and comes again.
        fs::remove_dir_all(settings.parent().unwrap()).unwrap();
        tokio::time::sleep(2 * QUICK.profiles.quiet).await;
        while world.changes.try_recv().is_ok() {}
        fs::create_dir_all(world.home.profiles_dir()).unwrap();
        assert_eq!(world.next().await, Change::Profiles);
        fs::write(&profile, "kind").unwrap();
        assert_eq!(world.next().await, Change::Profiles);
    }
}

#[tokio::test]
async fn the_watching_ends_with_the_watcher() {
    let World { folder: _folder, watcher, mut changes, .. } = World::new(QUICK);
    drop(watcher);
    assert_eq!(timeout(Duration::from_secs(60), changes.recv()).await.expect("it ends"), None);
}
