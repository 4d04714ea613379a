use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::*;
use crate::collection::{Entry, Etag, name};
use crate::item::MAX_BYTES;

struct Place {
    dir: tempfile::TempDir,
    vdir: Vdir,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let vdir = Vdir::open(dir.path().to_owned(), Kind::Events);
    Place { dir, vdir }
}

fn event(uid: &str, title: &str) -> Bytes {
    format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:{uid}\nSUMMARY:{title}\nEND:VEVENT\nEND:VCALENDAR\n").into()
}

fn create(uid: &str, bytes: Bytes) -> Edit {
    Edit::Create { uid: Some(uid.to_owned()), bytes }
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    async fn list(&self) -> Vec<Entry> {
        match self.vdir.observe(None).await.unwrap() {
            Observation::Listing { mut entries, cursor: None } => {
                entries.sort_by(|one, other| one.href.cmp(&other.href));
                entries
            }
            other => panic!("{other:?}"),
        }
    }

    async fn names(&self) -> Vec<String> {
        self.list().await.into_iter().map(|entry| entry.href.to_string()).collect()
    }

    async fn etag(&self, name: &str) -> Etag {
        self.list().await.into_iter().find(|entry| entry.href.as_str() == name).unwrap().etag
    }

    async fn fetch(&self, name: &str) -> Fetched {
        let mut fetched = self.vdir.fetch(&[Href::new(name)]).await.unwrap();
        assert_eq!(fetched.len(), 1);
        fetched.remove(0)
    }

    /// Applies edits, all of which the folder must let through.
    async fn apply(&self, edits: Vec<Edit>) -> Vec<Outcome> {
        let applied = self.vdir.apply(edits).await;
        assert!(applied.stopped.is_none(), "{:?}", applied.stopped);
        self.assert_no_temporaries();
        applied.outcomes
    }

    async fn apply_one(&self, edit: Edit) -> Outcome {
        self.apply(vec![edit]).await.remove(0)
    }

    fn all_names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn assert_no_temporaries(&self) {
        let hidden: Vec<_> = self.all_names().into_iter().filter(|name| name.starts_with('.')).collect();
        assert_eq!(hidden, Vec::<String>::new());
    }
}

fn reason(fetched: Fetched) -> String {
    match fetched {
        Fetched::Unreadable { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn lists_items_and_nothing_else() {
    let place = place();
    for name in [
        "b.ics",
        "A.ICS",
        ".hidden.ics",
        ".ics",
        "c.ics.tmp",
        "c.ics~",
        "displayname",
        "color",
        "d.vcf",
        "ics",
    ] {
        place.write(name, "x");
    }
    fs::create_dir(place.path("folder.ics")).unwrap();
    assert_eq!(place.names().await, ["A.ICS", "b.ics"]);
    let contacts = Vdir::open(place.dir.path().to_owned(), Kind::Contacts);
    let Observation::Listing { entries, .. } = contacts.observe(None).await.unwrap() else { panic!() };
    assert_eq!(entries[0].href.as_str(), "d.vcf");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_items_even_when_broken() {
    let place = place();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.ics");
    fs::write(&real, event("1", "one")).unwrap();
    std::os::unix::fs::symlink(&real, place.path("good.ics")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.path("broken.ics")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), place.path("folder.ics")).unwrap();
    assert_eq!(place.names().await, ["broken.ics", "good.ics"]);
    assert_eq!(reason(place.fetch("broken.ics").await), "it is a link to a file that is not there");

    let if_etag = place.etag("good.ics").await;
    let replace = Edit::Replace { href: Href::new("good.ics"), if_etag, bytes: event("1", "two") };
    let Outcome::Stored { etag, .. } = place.apply_one(replace).await else { panic!() };
    assert_eq!(etag.unwrap(), place.etag("good.ics").await);
    assert!(place.path("good.ics").is_symlink());
    assert_eq!(fs::read(&real).unwrap(), event("1", "two"));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);

    let if_etag = place.etag("good.ics").await;
    assert_eq!(
        place.apply_one(Edit::Delete { href: Href::new("good.ics"), if_etag }).await,
        Outcome::Deleted
    );
    assert!(real.exists() && !place.path("good.ics").is_symlink());

    let if_etag = place.etag("broken.ics").await;
    let edit = Edit::Replace { href: Href::new("broken.ics"), if_etag, bytes: event("1", "two") };
    assert!(matches!(place.apply_one(edit).await, Outcome::Refused { .. }));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn names_that_are_not_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let place = place();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.ics");
    fs::write(place.dir.path().join(name), event("1", "one")).unwrap();
    let entry = place.list().await.remove(0);
    assert_eq!(entry.href.as_str(), "/caf%E9%2Eics");
    let Fetched::Found { etag, .. } = place.fetch(entry.href.as_str()).await else { panic!() };
    assert_eq!(etag, entry.etag);
    let edit = Edit::Replace { href: entry.href.clone(), if_etag: etag, bytes: event("1", "two") };
    let Outcome::Stored { etag, .. } = place.apply_one(edit).await else { panic!() };
    assert_eq!(fs::read(place.dir.path().join(name)).unwrap(), event("1", "two"));
    assert_eq!(
        place.apply_one(Edit::Delete { href: entry.href, if_etag: etag.unwrap() }).await,
        Outcome::Deleted
    );
    assert_eq!(place.all_names(), Vec::<String>::new());
}

#[tokio::test]
async fn an_href_never_leads_out_of_the_folder() {
    let place = place();
    for href in ["../x.ics", "a/b.ics", "..", "", "/%2E%2E%2Fx%FF", "/abc", "/a%00%FF"] {
        assert_eq!(reason(place.fetch(href).await), "this is not the name of a file", "{href}");
        let edit = Edit::Delete { href: Href::new(href), if_etag: Etag::new("x") };
        assert!(matches!(place.apply_one(edit).await, Outcome::Refused { .. }), "{href}");
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_and_never_empty() {
    let place = place();
    place.write("a.ics", event("a", "one"));
    let entry = place.list().await.remove(0);
    let path = place.dir.path().to_owned();
    fs::rename(&path, path.with_extension("away")).unwrap();

    let error = place.vdir.observe(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Gone);
    assert!(error.message.contains("is not there") && error.message.contains("mkdir -p"), "{error}");
    assert_eq!(place.vdir.fetch(std::slice::from_ref(&entry.href)).await.unwrap_err().trouble, Trouble::Gone);
    for edit in [
        create("b", event("b", "new")),
        Edit::Replace { href: entry.href.clone(), if_etag: entry.etag.clone(), bytes: event("a", "two") },
        Edit::Delete { href: entry.href.clone(), if_etag: entry.etag.clone() },
    ] {
        let applied = place.vdir.apply(vec![edit]).await;
        assert_eq!(applied.outcomes, [Outcome::NotTried]);
        assert_eq!(applied.stopped.unwrap().trouble, Trouble::Gone);
    }
    assert!(!path.exists());
    fs::rename(path.with_extension("away"), &path).unwrap();
    assert_eq!(place.list().await, [entry]);

    let file = Vdir::open(place.path("a.ics"), Kind::Events);
    assert_eq!(file.observe(None).await.unwrap_err().trouble, Trouble::Gone);
}

#[tokio::test]
async fn fetches_exact_bytes_with_their_version() {
    let place = place();
    let odd = b"BEGIN:VCALENDAR\n\xff\0no item at all";
    place.write("a.ics", odd);
    let Fetched::Found { href, etag, bytes, modified } = place.fetch("a.ics").await else { panic!() };
    assert_eq!((href.as_str(), &bytes[..], etag), ("a.ics", &odd[..], place.etag("a.ics").await));
    assert!(
        modified.unwrap().duration_since(jiff::Timestamp::now()).abs() < jiff::SignedDuration::from_secs(60)
    );
    assert_eq!(place.fetch("gone.ics").await, Fetched::Gone { href: Href::new("gone.ics") });

    fs::create_dir(place.path("d.ics")).unwrap();
    assert_eq!(reason(place.fetch("d.ics").await), "it is a folder or a device, not a file");
    fs::File::create(place.path("big.ics")).unwrap().set_len(MAX_BYTES as u64 + 1).unwrap();
    assert_eq!(reason(place.fetch("big.ics").await), "it is larger than 32 MB");
}

#[test]
fn waits_as_long_as_a_change_could_hide() {
    let place = place();
    place.write("a.ics", "x");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let unsettled = |ago: Duration| {
        let file = fs::File::options().write(true).open(place.path("a.ics")).unwrap();
        file.set_modified(now - ago).unwrap();
        version::unsettled(&file.metadata().unwrap(), now)
    };
    assert_eq!(unsettled(Duration::from_millis(5)), Some(Duration::from_millis(15)));
    assert_eq!(unsettled(Duration::from_millis(25)), None);
    assert_eq!(unsettled(Duration::from_secs(1)), Some(Duration::from_secs(1)));
    assert_eq!(unsettled(Duration::from_secs(2)), None);
    let file = fs::File::options().write(true).open(place.path("a.ics")).unwrap();
    file.set_modified(now + Duration::from_secs(3600)).unwrap();
    assert_eq!(version::unsettled(&file.metadata().unwrap(), now), None);
}

/// Same size, same inode, one tick of the clock: only waiting tells the versions apart.
#[tokio::test]
async fn a_change_right_after_a_fetch_is_seen() {
    let place = place();
    for round in 0..20 {
        place.write("a.ics", format!("a{round:03}"));
        let Fetched::Found { etag, .. } = place.fetch("a.ics").await else { panic!() };
        place.write("a.ics", format!("b{round:03}"));
        assert_ne!(place.etag("a.ics").await, etag, "round {round}");
    }
}

#[tokio::test]
async fn a_change_right_after_our_own_is_seen() {
    let place = place();
    for round in 0..20 {
        let uid = format!("u{round}");
        let Outcome::Stored { href, etag } = place.apply_one(create(&uid, event(&uid, "one"))).await else {
            panic!()
        };
        let modified = fs::metadata(place.path(href.as_str())).unwrap().modified().unwrap();
        assert!(modified.elapsed().unwrap() >= version::COARSEST_TICK);
        place.write(href.as_str(), event(&uid, "two"));
        assert_ne!(place.etag(href.as_str()).await, etag.unwrap(), "round {round}");
    }
}

#[tokio::test]
async fn creates_and_tells_the_version() {
    let place = place();
    let outcomes =
        place.apply(vec![create("a", event("a", "one")), create("b/b", event("b/b", "two"))]).await;
    let entries = place.list().await;
    let expected: Vec<_> = entries
        .iter()
        .map(|entry| Outcome::Stored { href: entry.href.clone(), etag: Some(entry.etag.clone()) })
        .collect();
    assert_eq!(outcomes, expected);
    assert_eq!(entries[0].href.as_str(), "a.ics");
    assert_eq!(place.read("a.ics").as_bytes(), event("a", "one"));
}

#[tokio::test]
async fn a_second_attempt_to_create_finds_the_first() {
    let place = place();
    let without = Edit::Create { uid: None, bytes: event("", "one") };
    for edit in [create("a", event("a", "one")), without] {
        assert!(matches!(place.apply_one(edit.clone()).await, Outcome::Stored { .. }));
        assert_eq!(place.apply_one(edit).await, Outcome::Stale { sure: true });
    }
    assert_eq!(place.names().await.len(), 2);
    // Even if the person changed it in between.
    place.write("a.ics", event("a", "changed"));
    assert_eq!(place.apply_one(create("a", event("a", "one"))).await, Outcome::Stale { sure: true });
    assert_eq!(place.read("a.ics").as_bytes(), event("a", "changed"));
}

#[tokio::test]
async fn a_name_that_another_item_has_is_left_to_it() {
    let place = place();
    place.write("a.ics", event("other", "other"));
    let edit = create("a", event("a", "one"));
    let Outcome::Stored { href, .. } = place.apply_one(edit.clone()).await else { panic!() };
    assert_eq!(href.as_str(), name::alternative(Some("a"), b"", "ics"));
    assert_eq!(place.read("a.ics").as_bytes(), event("other", "other"));
    assert_eq!(place.apply_one(edit).await, Outcome::Stale { sure: true });

    place.write("b.ics", "broken");
    assert!(matches!(place.apply_one(create("b", event("b", "one"))).await, Outcome::Stored { .. }));
    assert_eq!(place.read("b.ics"), "broken");
}

#[tokio::test]
async fn replaces_only_the_expected_version() {
    let place = place();
    place.write("a.ics", event("a", "one"));
    let href = Href::new("a.ics");
    let first = place.etag("a.ics").await;
    let replace = |if_etag: &Etag, title: &str| Edit::Replace {
        href: href.clone(),
        if_etag: if_etag.clone(),
        bytes: event("a", title),
    };
    let Outcome::Stored { etag: Some(second), .. } = place.apply_one(replace(&first, "two")).await else {
        panic!()
    };
    assert_eq!(second, place.etag("a.ics").await);
    assert_eq!(place.apply_one(replace(&first, "three")).await, Outcome::Stale { sure: true });
    assert_eq!(place.read("a.ics").as_bytes(), event("a", "two"));
    fs::remove_file(place.path("a.ics")).unwrap();
    assert_eq!(place.apply_one(replace(&second, "three")).await, Outcome::Stale { sure: true });
    assert_eq!(place.names().await, Vec::<String>::new());
}

#[tokio::test]
async fn deletes_only_the_expected_version() {
    let place = place();
    place.write("a.ics", event("a", "one"));
    let delete = |if_etag: &Etag| Edit::Delete { href: Href::new("a.ics"), if_etag: if_etag.clone() };
    assert_eq!(place.apply_one(delete(&Etag::new("other"))).await, Outcome::Stale { sure: true });
    let etag = place.etag("a.ics").await;
    assert_eq!(place.read("a.ics").as_bytes(), event("a", "one"));
    assert_eq!(place.apply_one(delete(&etag)).await, Outcome::Deleted);
    assert_eq!(place.apply_one(delete(&etag)).await, Outcome::Deleted);
    assert_eq!(place.all_names(), Vec::<String>::new());
}

#[cfg(unix)]
#[tokio::test]
async fn permissions_stay_as_they_were() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    place.write("a.ics", event("a", "one"));
    fs::set_permissions(place.path("a.ics"), fs::Permissions::from_mode(0o640)).unwrap();
    let edit = Edit::Replace {
        href: Href::new("a.ics"),
        if_etag: place.etag("a.ics").await,
        bytes: event("a", "two"),
    };
    assert!(matches!(place.apply_one(edit).await, Outcome::Stored { .. }));
    assert_eq!(fs::metadata(place.path("a.ics")).unwrap().permissions().mode() & 0o7777, 0o640);
}

fn age(name: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    name.replace("OLD", &(now - 2 * 60 * 60).to_string()).replace("YOUNG", &(now - 60).to_string())
}

#[tokio::test]
async fn leftovers_are_cleared_and_nobodys_edit_is_lost() {
    let place = place();
    place.write("present.ics", event("present", "one"));
    place.write(&age(".pimbridge.OLD.new.x.1.tmp"), "half writ");
    place.write(&age(".pimbridge.YOUNG.new.x.2.tmp"), "another run's");
    // What a run wrote but did not put in place.
    let ours = place.path("ours");
    fs::write(&ours, event("ours", "ours")).unwrap();
    let inode = version::identity(&fs::metadata(&ours).unwrap());
    fs::rename(&ours, place.path(&age(&format!(".pimbridge.OLD.{inode}.1-2-3.4.tmp")))).unwrap();
    // What a run was to replace or delete, and did.
    place.write("known", event("known", "known"));
    let etag = version::etag(&fs::metadata(place.path("known")).unwrap());
    fs::rename(place.path("known"), place.path(&age(&format!(".pimbridge.OLD.moved.{etag}.5.tmp")))).unwrap();
    // Edits that a run displaced and had no time to put back.
    place.write(&age(".pimbridge.OLD.1.1-2-3.6.tmp"), event("edited", "by a person"));
    place.write(&age(".pimbridge.OLD.moved.1-2-3.7.tmp"), event("present", "newer"));
    place.write(&age(".pimbridge.OLD.moved.1-2-3.8.tmp"), "no item");

    assert_eq!(place.names().await, ["present.ics"]);
    let applied = place.vdir.apply(Vec::new()).await;
    assert!(applied.stopped.is_none());
    let hidden: Vec<_> = place.all_names().into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(hidden, [age(".pimbridge.YOUNG.new.x.2.tmp")]);
    let mut contents: Vec<_> = place.names().await.iter().map(|name| place.read(name)).collect();
    contents.sort();
    let mut expected = vec![
        event("present", "one"),
        event("edited", "by a person"),
        event("present", "newer"),
        Bytes::from("no item"),
    ];
    expected.sort();
    assert_eq!(contents.iter().map(|content| Bytes::from(content.clone())).collect::<Vec<_>>(), expected);
    assert_eq!(place.read("edited.ics").as_bytes(), event("edited", "by a person"));
}

/// A person saves (atomically, as editors do) as fast as can be, while we replace what we have seen. Every
/// version is based on the last one seen: if any save were overwritten unseen, the last would be missing.
#[tokio::test(flavor = "multi_thread")]
async fn an_editor_that_never_sleeps_loses_nothing() {
    const SAVES: usize = 3000;
    let place = place();
    place.write("a.ics", event("a", "0"));
    let done = AtomicBool::new(false);
    let path = place.path("a.ics");
    let (mut stored, mut stale) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for save in 1..=SAVES {
                let temporary = path.with_extension("swp");
                fs::write(&temporary, event("a", &save.to_string())).unwrap();
                fs::rename(&temporary, &path).unwrap();
                if save % 7 == 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        let folder = &place.vdir.0;
        while !done.load(Ordering::Relaxed) {
            // Without settling, to meet the editor as often as possible.
            let Ok(metadata) = fs::metadata(&path) else { panic!("the file must always be there") };
            let Ok(seen) = fs::read(&path) else { panic!("the file must always be there") };
            let Ok(after) = fs::metadata(&path) else { panic!("the file must always be there") };
            if version::etag(&metadata) != version::etag(&after) {
                continue;
            }
            let edit = Edit::Replace {
                href: Href::new("a.ics"),
                if_etag: version::etag(&metadata),
                bytes: seen.into(),
            };
            match &folder.apply(&[edit]).outcomes[0] {
                Outcome::Stored { .. } => stored += 1,
                Outcome::Stale { sure: true } => stale += 1,
                other => panic!("{other:?}"),
            }
        }
    });
    assert_eq!(
        place.read("a.ics").as_bytes(),
        event("a", &SAVES.to_string()),
        "{stored} stored, {stale} stale"
    );
    assert!(stored > 0 && stale > 0, "{stored} stored, {stale} stale");
    assert_eq!(leftover_saves(place.dir.path()), 0);
}

fn leftover_saves(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .filter(|entry| temporary::is_temporary(&entry.as_ref().unwrap().file_name()))
        .count()
}

#[tokio::test]
async fn a_batch_is_many_edits_with_one_outcome_each() {
    let place = place();
    let outcomes =
        place.apply((0..300).map(|n| create(&format!("u{n}"), event(&format!("u{n}"), "x"))).collect()).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Stored { .. })));
    let entries = place.list().await;
    assert_eq!(entries.len(), 300);
    let edits = entries.iter().enumerate().map(|(at, entry)| {
        let (href, if_etag) = (entry.href.clone(), entry.etag.clone());
        match at % 3 {
            0 => Edit::Delete { href, if_etag },
            1 => Edit::Replace { href, if_etag, bytes: event("y", "y") },
            _ => Edit::Replace { href, if_etag: Etag::new("old"), bytes: event("y", "y") },
        }
    });
    let outcomes = place.apply(edits.collect()).await;
    for (at, outcome) in outcomes.iter().enumerate() {
        assert!(
            matches!(
                (at % 3, outcome),
                (0, Outcome::Deleted) | (1, Outcome::Stored { .. }) | (2, Outcome::Stale { sure: true })
            ),
            "{at} {outcome:?}"
        );
    }
    assert_eq!(place.list().await.len(), 200);
}

#[test]
fn what_is_said_of_the_folder() {
    let folder = Folder { path: "/calendars/work".into(), kind: Kind::Events, leftovers: Mutex::default() };
    let said = |kind: std::io::ErrorKind| {
        let error = folder.trouble(&kind.into());
        format!("{:?}: {error}", error.trouble)
    };
    insta::assert_snapshot!(said(std::io::ErrorKind::StorageFull), @"Storage: The disk with the folder /calendars/work is full. Make room on it, then sync again.");
    insta::assert_snapshot!(said(std::io::ErrorKind::ReadOnlyFilesystem), @"Forbidden: The folder /calendars/work is on a disk that can only be read. Make the disk writable.");
}

#[tokio::test]
async fn name_and_colour_are_files() {
    use crate::collection::{Color, Feature, Look};
    let dir = tempfile::tempdir().unwrap();
    let vdir = Vdir::open(dir.path().to_owned(), Kind::Events);
    let file = |name: &str| dir.path().join(name);
    assert_eq!(vdir.look().await.unwrap(), Look::default());
    let green = Color::read("#00ff00").unwrap();
    vdir.set_look(&Feature::Name("Büro".into())).await.unwrap();
    vdir.set_look(&Feature::Color(green)).await.unwrap();
    assert_eq!(std::fs::read_to_string(file("displayname")).unwrap(), "Büro");
    assert_eq!(std::fs::read_to_string(file("color")).unwrap(), "#00FF00");
    std::fs::write(file("displayname"), "  Work\r\n").unwrap();
    assert_eq!(vdir.look().await.unwrap(), Look { name: Some("Work".into()), color: Some(green) });
    let names: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    std::fs::write(file("displayname"), "Wör\nk ".repeat(1000)).unwrap();
    let name = vdir.look().await.unwrap().name.unwrap();
    assert!(name.starts_with("Wör k Wör k") && name.chars().count() <= 255, "{name}");
    for (name, odd) in [("color", &b"greenish"[..]), ("displayname", b"\xff")] {
        std::fs::write(file(name), odd).unwrap();
        let error = vdir.look().await.unwrap_err();
        assert!(error.message.contains("correct it, or delete it"), "{error}");
        assert_eq!(std::fs::read(file(name)).unwrap(), odd);
        std::fs::remove_file(file(name)).unwrap();
    }
}
