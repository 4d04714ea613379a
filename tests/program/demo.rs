//! The demo, and what it must not touch.

use std::fs;

use crate::support::program::{Home, files};

#[test]
fn twice_in_one_home() {
    let home = Home::default();
    for _ in 0..2 {
        let ended = home.run(&["demo"]).expect(0);
        let folder = home.path().join("demo");
        assert_eq!(ended.stderr, "");
        for shown in ["both sides had changed", "deleted on this computer", "The files are in"] {
            assert!(ended.stdout.contains(shown), "{shown}: {ended:?}");
        }
        assert!(ended.stdout.contains(&folder.display().to_string()), "{ended:?}");
        for line in ended.stdout.lines().filter(|line| line.contains(" items on the server (")) {
            let (path, numbers) = line.trim().split_once(": ").unwrap();
            let number = files(path.as_ref()).len();
            assert!(number > 0 && numbers.starts_with(&format!("{number} files, {number} items")), "{line}");
        }
    }
    assert!(!home.path().join("profiles").exists(), "a person's own profiles are not touched");
}

#[test]
fn a_folder_of_somebody_elses_is_left_alone() {
    let home = Home::default();
    let folder = home.path().join("demo");
    fs::create_dir_all(folder.join("photos")).unwrap();
    fs::write(folder.join("photos/mine.jpg"), "mine").unwrap();
    insta::assert_snapshot!(home.shown(&home.run(&["demo"]).expect(3)), @"pimbridge: HOME/demo was not made by a demo, so it is left alone; rename it, or name another place with: pimbridge --home FOLDER demo");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(fs::read(folder.join("photos/mine.jpg")).unwrap(), b"mine");
    fs::remove_dir_all(folder.join("photos")).unwrap();
    home.run(&["demo"]).expect(0);
}
