//! Collections that are made, renamed and recoloured, and names and colours that are kept the same, on real servers.

use std::fs;

use pimbridge::item::Kind;

use crate::support::event;
use crate::support::program::{Ended, Home};
use crate::support::servers::{Server, Software, USER};

fn home_of(server: &Server, kind: Kind) -> String {
    let url = server.create("first", kind);
    url.trim_end_matches('/').rsplit_once('/').unwrap().0.to_owned() + "/"
}

fn create(home: &Home, folder: &str, kind: Kind, more: &[&str]) -> Ended {
    let kind = kind.to_string();
    let arguments =
        ["collection", "create", folder, "--user", USER, "--password-env", "TEST_PASSWORD", "--kind", &kind];
    home.run(&[&arguments[..], more].concat())
}

fn url_in(text: &str) -> String {
    text.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned()
}

fn collections_are_made_and_changed(server: &Server) {
    let home = Home::default();
    for (kind, color) in [(Kind::Events, true), (Kind::Tasks, true), (Kind::Contacts, false)] {
        let folder = home_of(server, kind);
        // DAViCal escapes a name once more each time.
        let name = match server.software {
            Software::Davical => format!("Jana's {kind}"),
            _ => format!("<Jana's & {kind}>"),
        };
        let colored: &[&str] = if color { &["--color", "Orange"] } else { &[] };
        let made = create(&home, &folder, kind, &[&["--name", &name], colored].concat()).expect(0);
        let url = url_in(&made.stdout);
        assert!(url.starts_with(&folder), "{url}");
        create(&home, &folder, kind, &["--name", &name]).expect(3);

        let profile = kind.to_string();
        home.profile(&profile, kind, &url, "name_and_color = true");
        home.sync(&profile, 0);
        let file = |name: &str| fs::read_to_string(home.folder(&profile).join(name)).unwrap_or_default();
        assert_eq!(file("displayname"), name);
        assert_eq!(file("color"), if color { "#FFA500" } else { "" });

        let blue: &[&str] = if color { &["--color", "#00f"] } else { &[] };
        home.run(&[&["collection", "set", &profile, "--name", "Neu 🎉"][..], blue].concat()).expect(0);
        home.sync(&profile, 0);
        assert_eq!(
            (file("displayname").as_str(), file("color").as_str()),
            ("Neu 🎉", if color { "#0000FF" } else { "" })
        );
        home.run(&["collection", "set", &profile]).expect(2);
    }
    let folder = home_of(server, Kind::Contacts);
    create(&home, &folder, Kind::Contacts, &["--name", "x", "--color", "red"]).expect(2);
}

fn names_are_kept_the_same(server: &Server) {
    let home = Home::default();
    let url = server.create("named", Kind::Events);
    home.profile("work", Kind::Events, &url, "name_and_color = true");
    let folder = home.folder("work");
    fs::write(folder.join("a.ics"), event("a", "Dentist", 0)).unwrap();
    fs::write(folder.join("displayname"), "Mine\n").unwrap();
    fs::write(folder.join("color"), "#ff00ff").unwrap();
    home.run(&["collection", "set", "work", "--name", "Theirs", "--color", "green"]).expect(0);

    let look_ahead = home.run(&["sync", "work", "--dry-run"]).expect(0).stdout;
    assert!(
        look_ahead
            .contains("Note: The folder on this computer would get the name \"Theirs\", as on the server."),
        "{look_ahead}"
    );
    assert_eq!(fs::read_to_string(folder.join("displayname")).unwrap(), "Mine\n");
    home.sync("work", 0);
    let look = || ["displayname", "color"].map(|name| fs::read_to_string(folder.join(name)).unwrap());
    assert_eq!(look(), ["Theirs", "#008000"]);
    // Settles what the first upload left to the server.
    home.sync("work", 0);
    let idle = home.sync("work", 0);
    assert_eq!((&idle["requests"], &idle["notices"]), (&1.into(), &serde_json::json!([])), "{idle}");

    // Here, and what the server says stays as it spells it.
    fs::write(folder.join("displayname"), "Here\n").unwrap();
    fs::remove_file(folder.join("color")).unwrap();
    let told = home.sync("work", 0)["notices"].to_string();
    assert!(
        told.contains("the collection on the server now has the name") && told.contains("#008000"),
        "{told}"
    );
    assert_eq!(look(), ["Here\n", "#008000"]);
    let idle = home.sync("work", 0);
    assert_eq!(idle["notices"], serde_json::json!([]), "{idle}");
    // On both sides: the server wins, unless the profile says otherwise.
    for (wins, expected) in [("automatic", "B"), ("local-wins", "A")] {
        home.run(&["profile", "set", "work", "conflict", wins]).expect(0);
        fs::write(folder.join("displayname"), "A").unwrap();
        home.run(&["collection", "set", "work", "--name", "B"]).expect(0);
        home.sync("work", 0);
        assert_eq!(look()[0], expected);
        home.run(&["collection", "set", "work", "--name", "C"]).expect(0);
        home.sync("work", 0);
        assert_eq!(look()[0], "C");
    }
}

macro_rules! on_servers {
    ($($name:ident: $software:ident,)*) => {$(
        #[test]
        fn $name() {
            let Some(server) = Server::start_if_installed(Software::$software) else { return };
            collections_are_made_and_changed(&server);
            names_are_kept_the_same(&server);
        }
    )*};
}

on_servers! {
    on_radicale: Radicale,
    on_xandikos: Xandikos,
    on_cyrus: Cyrus,
    on_davical: Davical,
    on_sabre: Sabre,
    on_sogo: Sogo,
}
