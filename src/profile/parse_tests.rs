use super::super::{PasswordSource, SecretSource, SignIn};
use super::*;
use crate::item::Kind;
use crate::keyed::{Absent, Shape};

const WORK: &str = "\
kind = \"events\"
[local]
type = \"vdir\"
path = \"/home/jana/work\"
[remote]
type = \"dav\"
url = \"https://cloud.example.org/dav/work/\"
";

fn profile(text: &str) -> Result<Profile, String> {
    let name = Name::new("work").unwrap();
    parse(&name, Path::new("work.toml"), text).map_err(|error| error.to_string())
}

/// The error for the file above with one text replaced.
fn wrong(old: &str, new: &str) -> String {
    assert!(WORK.contains(old), "{old}");
    profile(&WORK.replacen(old, new, 1)).unwrap_err()
}

#[test]
fn the_defaults() {
    insta::assert_debug_snapshot!(profile(WORK).unwrap(), @r#"
    Profile {
        name: Name(
            "work",
        ),
        kind: Events,
        mode: TwoWay,
        conflict: Automatic,
        interval_minutes: 30,
        active: true,
        preview_needed: false,
        history_days: 90,
        limits: Limits {
            past_days: None,
            future_days: None,
            category: None,
        },
        chunk_size: 100,
        sync_on_change: false,
        name_and_color: false,
        guard: GuardLimits {
            max_deletions: 10,
            max_percent: 25,
        },
        local: Vdir {
            path: "/home/jana/work",
        },
        remote: Dav {
            url: Url {
                scheme: "https",
                cannot_be_a_base: false,
                username: "",
                password: None,
                host: Some(
                    Domain(
                        "cloud.example.org",
                    ),
                ),
                port: None,
                path: "/dav/work/",
                query: None,
                fragment: None,
            },
            sign_in: None,
            connection: ConnectionSpec {
                trust: System,
                client_certificate: None,
                proxy: System,
                options: ConnectionOptions {
                    close: false,
                    http1_only: false,
                    silence: 60s,
                    connect: 20s,
                    trusted_hosts: [],
                    allow_plain_http: false,
                },
            },
        },
        mapping: Options {
            calendar: Calendar {
                busy_blocks: None,
                reminders: All,
                attendees: true,
                description: true,
                private_as_confidential: false,
                confidential_as_private: false,
                public_as_private: false,
                omit_public: false,
                derive_html: false,
                time_zones: Keep,
                category_colors: {},
                rename_properties: {},
                schedule_agent_client: false,
                no_notifications: false,
            },
            contacts: Contacts {
                phone_numbers: Keep,
                instant_messaging: Keep,
                vcard_version: Keep,
                groups: Keep,
            },
        },
        birthdays: None,
    }
    "#);
}

#[test]
fn every_key() {
    let text = "
        mode = 'merge-from-server'
        conflict = 'server-wins'
        interval_minutes = 0
        active = false
        history_days = 1_000
        guard.max_deletions = 0x10
        guard.max_percent = 0
    ";
    let sign_in = "user = \"jana\"\npassword_command = \"pass show work\"\n";
    let read = profile(&format!("{text}{WORK}{sign_in}")).unwrap();
    assert_eq!((read.mode, read.conflict), (Mode::MergeFromServer, Conflict::ServerWins));
    assert_eq!((read.interval_minutes, read.active, read.history_days), (0, false, 1000));
    assert_eq!(read.guard, GuardLimits { max_deletions: 16, max_percent: 0 });
    let RemoteSpec::Dav { sign_in, .. } = read.remote;
    let command = PasswordSource::Given(SecretSource::Command("pass show work".into()));
    assert_eq!(sign_in, Some(SignIn::Password { user: "jana".into(), password: command }));
}

fn signs_in(remote: &str, more: &str) -> SignIn {
    let RemoteSpec::Dav { sign_in, .. } = profile(&format!("{WORK}{remote}\n{more}")).unwrap().remote;
    sign_in.unwrap()
}

#[test]
fn every_way_to_sign_in() {
    let token = PasswordSource::Given(SecretSource::Env("TOKEN".into()));
    assert_eq!(
        signs_in("sign_in = \"token\"\npassword_env = \"TOKEN\"", ""),
        SignIn::Token { user: None, token }
    );
    let SignIn::OAuth { user, client, secret } =
        signs_in("sign_in = \"oauth\"", "[oauth]\nprovider = \"google\"\nclient_id = \"me\"")
    else {
        panic!()
    };
    assert_eq!((user, secret, client.id.as_str()), (None, None, "me"));
    assert_eq!(client.token_url.as_str(), "https://oauth2.googleapis.com/token");
    let SignIn::OAuth { user, client, secret } = signs_in(
        "sign_in = \"oauth\"\nuser = \"jana\"",
        "[oauth]\nauthorization_url = \"https://a.example/auth\"\ntoken_url = \"http://[::1]:8080/token\"\n\
         scopes = \" cal  card \"\nclient_id = \"me\"\nclient_secret_command = \"x\"",
    ) else {
        panic!()
    };
    assert_eq!((user.as_deref(), client.scopes), (Some("jana"), vec!["cal".to_owned(), "card".to_owned()]));
    assert_eq!(secret, Some(SecretSource::Command("x".into())));
    // It can be written before it counts, key by key.
    let SignIn::Password { .. } = signs_in("user = \"jana\"", "[oauth]\nprovider = \"google\"") else {
        panic!()
    };
}

#[test]
fn wrong_ways_to_sign_in() {
    let wrong = |remote: &str, oauth: &str| profile(&format!("{WORK}{remote}\n{oauth}")).unwrap_err();
    insta::assert_snapshot!(wrong("sign_in = \"basic\"", ""), @r#"work.toml, line 8: sign_in = "basic" is not known; use one of password, token and oauth"#);
    insta::assert_snapshot!(wrong("sign_in = \"password\"", ""), @r#"work.toml, line 5: the key "user" is missing in [remote]; give the name that you have on the server"#);
    insta::assert_snapshot!(wrong("sign_in = \"oauth\"", ""), @"work.toml, line 5: the section [oauth] is missing; it says where and as which program to sign in");
    insta::assert_snapshot!(wrong("sign_in = \"oauth\"\npassword_env = \"X\"", ""), @r#"work.toml, line 9: with sign_in = "oauth" there is no password; remove password_env and password_command"#);
    let oauth = |keys: &str| wrong("sign_in = \"oauth\"", &format!("[oauth]\n{keys}"));
    insta::assert_snapshot!(oauth("provider = \"google\""), @r#"work.toml, line 9: the key "client_id" is missing in [oauth]; give one of your own (Pimbridge itself is registered nowhere yet): make one of the type "Desktop app" at https://console.cloud.google.com/apis/credentials, with the CalDAV API and the CardDAV API enabled; its client secret belongs into client_secret_command"#);
    insta::assert_snapshot!(oauth("provider = \"fastmail\""), @r#"work.toml, line 9: the key "client_id" is missing in [oauth]; give one of your own (Pimbridge itself is registered nowhere yet): Fastmail gives one to whoever registers a program with the redirect address http://localhost/, see https://www.fastmail.com/for-developers/oauth/; an app password with sign_in = "password" needs none"#);
    insta::assert_snapshot!(oauth("token_url = \"https://a.example/t\""), @r#"work.toml, line 9: the key "client_id" is missing in [oauth]; give one of your own (Pimbridge itself is registered nowhere yet): ask whoever runs the server for it"#);
    insta::assert_snapshot!(oauth("client_id = \"x\""), @r#"work.toml, line 9: the key "provider" is missing in [oauth]; give google or fastmail, or an authorization_url and a token_url"#);
    insta::assert_snapshot!(oauth("client_id = \"x\"\nauthorization_url = \"https://a.example/\""), @r#"work.toml, line 9: the key "token_url" is missing in [oauth]; give where the server hands out tokens"#);
    insta::assert_snapshot!(oauth("client_id = \"x\"\ntoken_url = \"http://a.example/\""), @"work.toml, line 11: token_url must be an address that begins with https://");
    insta::assert_snapshot!(oauth("client_id = \"x\"\nprovider = \"gogle\""), @r#"work.toml, line 11: provider = "gogle" is not known; did you mean "google"? The other one is fastmail; for another provider give authorization_url, token_url and scopes"#);
    insta::assert_snapshot!(oauth("client_id = \"x\"\nprovider = \"zoho\""), @r#"work.toml, line 11: provider = "zoho" is not known; use one of google and fastmail; for another provider give authorization_url, token_url and scopes"#);
    insta::assert_snapshot!(oauth("client_id = \"x\"\nprovider = \"google\"\nscopes = \"all\""), @"work.toml, line 11: the provider says where to sign in; remove authorization_url, token_url and scopes, or the provider");
    insta::assert_snapshot!(oauth("client_id = \"x\"\nclient_secret = \"y\""), @"work.toml, line 11: a secret is never kept in a profile's file; instead of it, name an environment variable with client_secret_env or a command that prints it with client_secret_command");
    insta::assert_snapshot!(oauth("client_id = \"x\"\nclient_secret_env = \"y z\""), @"work.toml, line 11: client_secret_env must be the name of an environment variable (letters, digits and _), not the client secret itself");
}

#[test]
fn the_file_formats_of_every_editor() {
    assert_eq!(profile(&WORK.replace('\n', "\r\n")), profile(WORK));
    assert_eq!(profile(&format!("\u{feff}{WORK}")), profile(WORK));
    let crlf = WORK.replace('\n', "\r\n").replace("path", "pth");
    assert!(profile(&crlf).unwrap_err().starts_with("work.toml, line 4: "));
}

#[test]
fn a_tilde_is_the_home_folder() {
    let home = directories::BaseDirs::new().unwrap().home_dir().to_owned();
    assert_eq!(expand("~"), Some(home.clone()));
    assert_eq!(expand("~/a b"), Some(home.join("a b")));
    assert_eq!(expand("/x/~/y"), Some(PathBuf::from("/x/~/y")));
    assert_eq!(expand("~jana/x"), None);
    assert_eq!(expand("x/y"), None);
    assert_eq!(abbreviated(home.join("a b")), "~/a b");
    assert_eq!(abbreviated(&home), "~");
    assert_eq!(abbreviated("/x/~/y"), "/x/~/y");
}

#[test]
fn misspelt_keys() {
    insta::assert_snapshot!(wrong("kind =", "knid ="), @r#"work.toml, line 1: the key "knid" is not known; did you mean "kind"?"#);
    insta::assert_snapshot!(wrong("path =", "pth ="), @r#"work.toml, line 4: the key "pth" is not known; did you mean "path"?"#);
    insta::assert_snapshot!(wrong("path =", "colour = 1\npath ="), @r#"work.toml, line 4: the key "colour" is not known; the known keys here are type and path"#);
    insta::assert_snapshot!(wrong("path =", "interval_minutes = 5\npath ="), @r#"work.toml, line 4: the key "interval_minutes" does not belong into [local]; move it above the first [section]"#);
    insta::assert_snapshot!(wrong("[local]", "url = \"x\"\n[local]"), @r#"work.toml, line 2: the key "url" belongs into the section [remote]"#);
    insta::assert_snapshot!(wrong("[local]", "[lokal]"), @"work.toml, line 2: the section [lokal] is not known; did you mean [local]?");
    insta::assert_snapshot!(wrong("[local]", "[xyz]"), @"work.toml, line 2: the section [xyz] is not known; the known ones are [local], [remote], [oauth], [guard], [mapping] and [cdsp]");
    insta::assert_snapshot!(wrong("[local]", "guard = 5\n[local]"), @"work.toml, line 2: guard must be a section: write [guard] on a line of its own, its keys below it");
    insta::assert_snapshot!(wrong("url =", "pasword_env = \"X\"\nurl ="), @r#"work.toml, line 7: the key "pasword_env" is not known; did you mean "password_env"?"#);
}

#[test]
fn a_password_is_never_in_the_file() {
    insta::assert_snapshot!(wrong("url =", "password = \"hunter2\"\nurl ="), @r#"work.toml, line 7: a password is never kept in a profile's file; name an environment variable with password_env or a command that prints it with password_command, or store it in the keyring: pimbridge profile password NAME"#);
    insta::assert_snapshot!(wrong("https://", "https://jana:hunter2@"), @r#"work.toml, line 7: the url must not contain a user name or a password; write the name as user = "…", and store the password: pimbridge profile password NAME"#);
    insta::assert_snapshot!(wrong("url =", "user = \"jana\"\npassword_env = \"hunter 2!\"\nurl ="), @"work.toml, line 8: password_env must be the name of an environment variable (letters, digits and _), not the password itself");
    assert!(!wrong("https://cloud", "https://jana:hunter2@cl oud").contains("hunter2"));
    assert!(!wrong("url =", "password = hunter2\nurl =").contains("hunter2"));
    assert!(!wrong("url =", "password = \"hunter2\nurl =").contains("hunter2"));
}

#[test]
fn wrong_values() {
    insta::assert_snapshot!(wrong("\"events\"", "\"event\""), @r#"work.toml, line 1: kind = "event" is not known; did you mean "events"? The others are tasks and contacts"#);
    insta::assert_snapshot!(wrong("\"events\"", "\"mail\""), @r#"work.toml, line 1: kind = "mail" is not known; use one of events, tasks and contacts"#);
    insta::assert_snapshot!(wrong("\"events\"", "3"), @"work.toml, line 1: kind must be a text in quotation marks");
    insta::assert_snapshot!(wrong("[local]", "mode = \"oneway\"\n[local]"), @r#"work.toml, line 2: mode = "oneway" is not known; use one of two-way, replicate-to-server, merge-to-server, replicate-from-server and merge-from-server"#);
    insta::assert_snapshot!(wrong("[local]", "conflict = \"newest\"\n[local]"), @r#"work.toml, line 2: conflict = "newest" is not known; use one of automatic, local-wins, server-wins, merge and ask"#);
    insta::assert_snapshot!(wrong("[local]", "past_days = -1\n[local]"), @"work.toml, line 2: past_days must be a whole number from 0 to 36525");
    insta::assert_snapshot!(wrong("[local]", "category = \"Work, Travel\"\n[local]"), @"work.toml, line 2: category must not contain a comma or a semicolon; a profile has one category, so make a profile for each that you need");
    insta::assert_snapshot!(wrong("[local]", "category = \"Work;\"\n[local]"), @"work.toml, line 2: category must not contain a comma or a semicolon; a profile has one category, so make a profile for each that you need");
    insta::assert_snapshot!(wrong("[local]", "invert = true\n[local]"), @r#"work.toml: the key "category" is missing; give the category that invert and include_uncategorised are about"#);
    insta::assert_snapshot!(wrong("[local]", "chunk_size = -5\n[local]"), @"work.toml, line 2: chunk_size must be a whole number from 0 to 100000");
    insta::assert_snapshot!(wrong("[local]", "interval_minutes = -1\n[local]"), @"work.toml, line 2: interval_minutes must be a whole number from 0 to 43200");
    insta::assert_snapshot!(wrong("[local]", "interval_minutes = 1.5\n[local]"), @"work.toml, line 2: interval_minutes must be a whole number from 0 to 43200");
    insta::assert_snapshot!(wrong("[local]", "active = \"yes\"\n[local]"), @"work.toml, line 2: active must be true or false, without quotation marks");
    insta::assert_snapshot!(wrong("[local]", "guard.max_percent = 101\n[local]"), @"work.toml, line 2: max_percent must be a whole number from 0 to 100");
    insta::assert_snapshot!(wrong("\"vdir\"", "\"maildir\""), @r#"work.toml, line 3: type = "maildir" is not known; use "vdir""#);
    insta::assert_snapshot!(wrong("/home/jana/work", "Calendars/work"), @r#"work.toml, line 4: the path must be a full one, such as "~/Calendars/work""#);
    insta::assert_snapshot!(wrong("/home/jana/work", "  "), @"work.toml, line 4: path must not be empty");
    insta::assert_snapshot!(wrong("https://", ""), @"work.toml, line 7: the url must begin with https:// (or http://)");
    insta::assert_snapshot!(wrong("https://", "webcal://"), @"work.toml, line 7: the url must begin with https:// (or http://)");
    insta::assert_snapshot!(wrong("cloud.example.org", "cloud example org"), @"work.toml, line 7: the url cannot be read: invalid international domain name");
    insta::assert_snapshot!(wrong("url =", "user = \"a:b\"\nurl ="), @"work.toml, line 7: the user name must not contain a colon or a line break");
    insta::assert_snapshot!(wrong("url =", "password_env = \"X\"\nurl ="), @r#"work.toml, line 7: a password needs a user name; add user = "…" to [remote]"#);
    insta::assert_snapshot!(wrong("url =", "user = \"j\"\npassword_env = \"X\"\npassword_command = \"x\"\nurl ="), @"work.toml, line 9: only one of password_env and password_command can be given; remove one of them");
}

#[test]
fn what_is_missing() {
    insta::assert_snapshot!(wrong("kind = \"events\"", ""), @r#"work.toml: the key "kind" is missing; give events, tasks or contacts"#);
    insta::assert_snapshot!(wrong("path =", "# path ="), @r#"work.toml, line 2: the key "path" is missing in [local]; give the folder, such as "~/Calendars/work""#);
    insta::assert_snapshot!(wrong("type = \"dav\"", ""), @r#"work.toml, line 5: the key "type" is missing in [remote]; give "dav""#);
    insta::assert_snapshot!(wrong("[remote]\ntype = \"dav\"\nurl", "# url"), @"work.toml: the section [remote] is missing; it says where the collection on the server is");
    insta::assert_snapshot!(profile("").unwrap_err(), @"work.toml: the section [local] is missing; it says where the folder on this computer is");
}

#[test]
fn what_is_not_toml() {
    insta::assert_snapshot!(wrong("\"events\"", "events"), @"work.toml, line 1: this is not written as TOML demands: string values must be quoted, expected literal string");
    insta::assert_snapshot!(wrong("\"events\"", "\"events"), @r#"work.toml, line 1: this is not written as TOML demands: invalid basic string, expected `"`"#);
    insta::assert_snapshot!(wrong("[local]", "[local"), @"work.toml, line 2: this is not written as TOML demands: unclosed table, expected `]`");
    insta::assert_snapshot!(wrong("[local]", "kind = \"tasks\"\n[local]"), @"work.toml, line 2: this is not written as TOML demands: duplicate key");
    insta::assert_snapshot!(wrong("kind =", "kind"), @"work.toml, line 1: this is not written as TOML demands: key with no value, expected `=`");
    insta::assert_snapshot!(wrong("/home/jana", "C:\\Users\\jana"), @"work.toml, line 4: this is not written as TOML demands: too few unicode value digits, expected unicode hexadecimal value; a text with backslashes needs 'single quotation marks'");
    insta::assert_snapshot!(wrong("kind", "\0"), @"work.toml, line 1: this is not written as TOML demands: invalid unquoted key, expected letters, numbers, `-`, `_`");
}

#[test]
fn the_examples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles-examples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    assert!(files.len() >= 4);
    let mut all = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = Name::new(file.file_stem().unwrap().to_str().unwrap()).unwrap();
        parse(&name, &file, &text).unwrap();
        all += &text;
    }
    for key in TABLE.keys {
        assert!(all.contains(&format!("{} = ", key.name)), "{} is not documented", key.path());
    }
    let modes = MODES.iter().map(|known| known.word);
    let conflicts = CONFLICTS.iter().map(|known| known.word);
    for word in modes.chain(conflicts).chain(KINDS.iter().map(|known| known.word)) {
        assert!(all.contains(word), "{word} is not documented");
    }
}

#[test]
fn kinds_read_as_they_are_written() {
    for Word { word, value: kind, .. } in KINDS {
        assert_eq!(profile(&WORK.replace("events", word)).unwrap().kind, *kind);
        assert_eq!(kind.to_string(), *word);
    }
    assert_eq!(KINDS.len(), [Kind::Events, Kind::Tasks, Kind::Contacts].len());
}

#[test]
fn the_defaults_of_the_table_are_those_of_a_profile() {
    let default = profile(WORK).unwrap();
    let with_user = |text: &str| text.replace("[remote]", "[remote]\nuser = \"jana\"");
    let with_category = |text: &str| text.replace("kind", "category = \"Work\"\nkind");
    for key in TABLE.keys {
        let Absent::Is(value) = key.absent else { continue };
        let (text, expected) = match key.name {
            "sign_in" => (with_user(WORK), profile(&with_user(WORK)).unwrap()),
            "include_uncategorised" | "invert" => {
                (with_category(WORK), profile(&with_category(WORK)).unwrap())
            }
            name if is_of_contacts(name) => (of_contacts(WORK), profile(&of_contacts(WORK)).unwrap()),
            _ => (WORK.to_owned(), default.clone()),
        };
        let text = crate::profile::set(&text, &key.path(), Some(value)).unwrap();
        assert_eq!(profile(&text).unwrap(), expected, "{}", key.path());
    }
}

fn is_of_contacts(name: &str) -> bool {
    ["phone_numbers", "instant_messaging", "vcard_version", "groups"].contains(&name)
}

fn of_contacts(text: &str) -> String {
    text.replace("kind = \"events\"", "kind = \"contacts\"")
}

#[test]
fn what_is_wrong_with_a_key_names_what_is_right() {
    for key in TABLE.keys {
        let (value, right) = match key.shape {
            Shape::Text | Shape::Folder | Shape::File => ("5", "quotation marks".to_owned()),
            Shape::List => ("5", "list of texts".to_owned()),
            Shape::Pairs => ("5", "table of texts".to_owned()),
            Shape::Switch => ("5", "true or false".to_owned()),
            Shape::Number(first, last) => ("-1", format!("from {first} to {last}")),
            Shape::Words(_) => ("\"xyz\"", "use ".to_owned()),
            Shape::WordList(_) => ("[\"xyz\"]", "use ".to_owned()),
        };
        let old = toml::from_str::<toml::Table>(WORK).unwrap();
        let mut table = old.clone();
        let oauth = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
        if key.section == "oauth" {
            table.insert("oauth".into(), oauth("client_id = \"me\"").into());
            table["remote"].as_table_mut().unwrap().insert("sign_in".into(), "oauth".into());
        }
        if is_of_contacts(key.name) {
            table.insert("kind".into(), "contacts".into());
        }
        let wrong = oauth(&format!("x = {value}")).remove("x").unwrap();
        let section = match key.section {
            "" => &mut table,
            section => {
                table.entry(section).or_insert_with(|| toml::Table::new().into()).as_table_mut().unwrap()
            }
        };
        section.insert(key.name.into(), wrong);
        let error = profile(&table.to_string()).unwrap_err();
        assert!(error.contains(key.name) && error.contains(&right), "{}: {error}", key.path());
        if let Shape::Words(words) | Shape::WordList(words) = key.shape {
            assert!(words().iter().all(|(word, _)| error.contains(word)), "{error}");
        }
    }
}

#[test]
fn a_section_of_the_table_is_in_one_place() {
    let sections = TABLE.sections();
    let different: std::collections::HashSet<_> = sections.iter().collect();
    assert_eq!(different.len(), sections.len(), "{sections:?}");
}
