//! The command line in the person's language, as the session or the settings say it.

use crate::support::program::{Ended, Home};

/// What a command says in a session of this language.
fn said(home: &Home, locale: &str, arguments: &[&str]) -> Ended {
    Ended::of(home.command(arguments).env_remove("LC_ALL").env("LANG", locale))
}

#[test]
fn the_session_says_the_language() {
    let home = Home::default();
    let help = said(&home, "de_DE.UTF-8", &["--help"]).expect(0).stdout;
    assert!(help.contains("Befehle:") && help.contains("Jetzt synchronisieren"), "{help}");
    let wrong = said(&home, "it_IT.UTF-8", &["snyc"]).expect(2).stderr;
    assert!(wrong.contains("il comando «snyc» non esiste") && wrong.contains("«sync»"), "{wrong}");
    let unknown = said(&home, "cs_CZ.UTF-8", &["sync", "work"]).expect(2).stderr;
    assert!(unknown.contains("profil"), "{unknown}");
    let other = said(&home, "fr_FR.UTF-8", &["--help"]).expect(0).stdout;
    assert!(other.contains("Sync now"), "{other}");
}

#[test]
fn the_settings_say_it_before_the_session() {
    let home = Home::default();
    said(&home, "de_DE.UTF-8", &["settings", "set", "language=cs"]).expect(0);
    for arguments in [&["--help"], &["-h"]] {
        let help = said(&home, "de_DE.UTF-8", arguments).expect(0).stdout;
        assert!(help.contains("Příkazy:"), "{help}");
    }
    said(&home, "de_DE.UTF-8", &["settings", "set", "language=en"]).expect(0);
    let help = said(&home, "de_DE.UTF-8", &["--help"]).expect(0).stdout;
    assert!(help.contains("Commands:"), "{help}");
}

#[test]
fn reports_are_told_in_it() {
    let home = Home::default();
    let told = said(&home, "de_DE.UTF-8", &["demo"]).expect(0).stdout;
    assert!(told.contains("alles synchronisiert") && told.contains("1 neu"), "{told}");
    for english in ["all in sync", "On the server", "requests", "conflict"] {
        assert!(!told.contains(english), "{english}: {told}");
    }
}
