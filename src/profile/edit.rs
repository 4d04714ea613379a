//! Writing profile files: a new one, and one key of an old one with everything else as it was.

use toml_edit::Value;
use tr::tr;

use super::keys::TABLE;
use super::{PasswordSource, SecretSource};
use crate::keyed;

/// What a new profile is made of; the words are those of the file.
#[derive(Debug, Clone)]
pub struct New {
    pub kind: &'static str,
    pub mode: &'static str,
    pub conflict: &'static str,
    pub path: String,
    pub url: String,
    pub user: Option<String>,
    pub password: PasswordSource,
}

/// The text of a new profile file. It is not checked.
pub fn new_text(new: &New) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut text = format!(
        "# {}\n# {}\n\n\
         kind = {:31} # events | tasks | contacts\n\
         mode = {:31} # two-way | replicate-to-server | merge-to-server | replicate-from-server | merge-from-server\n\
         conflict = {:27} # {}\n\
         interval_minutes = {:<19} # {}\n\
         sync_on_change = true                  # {}\n\n\
         [local]\ntype = \"vdir\"\npath = {}\n\n\
         [remote]\ntype = \"dav\"\nurl = {}\n",
        tr!(
            "A profile of Pimbridge: one folder here, one collection on a server, and how they are kept the same."
        ),
        tr!("Change it here, or with: pimbridge profile set NAME KEY VALUE"),
        quoted(new.kind),
        quoted(new.mode),
        quoted(new.conflict),
        tr!(
            "where both sides changed an item: automatic (the newer) | local-wins | server-wins | merge (both; \
             recommended) | ask"
        ),
        30,
        tr!("from one run of the background program to the next; 0: by hand only"),
        tr!("what changes in the folder is synced within seconds by the background program"),
        quoted(&new.path),
        quoted(&new.url),
    );
    if let Some(user) = &new.user {
        text += &format!("user = {}\n", quoted(user));
        text += &match &new.password {
            PasswordSource::Keyring => format!("# {}\n", tr!("The password is in the system's keyring.")),
            PasswordSource::Given(SecretSource::Env(name)) => format!("password_env = {}\n", quoted(name)),
            PasswordSource::Given(SecretSource::Command(command)) => {
                format!("password_command = {}\n", quoted(command))
            }
        };
    }
    text
}

/// Keys and their values, as [`set`] takes them.
pub type Keys = &'static [(&'static str, &'static str)];

/// The text with these keys set.
pub fn with_keys(text: String, keys: &[(impl AsRef<str>, impl AsRef<str>)]) -> Result<String, String> {
    keys.iter().try_fold(text, |text, (key, value)| set(&text, key.as_ref(), Some(value.as_ref())))
}

/// The text with one key set, or removed where there is no value. Comments and order stay. The error
/// is a sentence for a person.
pub fn set(text: &str, key: &str, value: Option<&str>) -> Result<String, String> {
    keyed::set(&TABLE, text, key, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# Mine, do not touch!
kind = \"events\"   # the calendar
mode = 'two-way' # both

[local]
type = \"vdir\"
path = \"~/Calendars/work\" # on the disk

[remote] # the cloud
url = \"https://old.example/\"
";

    #[test]
    fn one_key_changes_and_nothing_else() {
        let new = set(FILE, "remote.url", Some("https://new.example/")).unwrap();
        assert_eq!(new, FILE.replace("https://old.example/", "https://new.example/"));
        let new = set(FILE, "mode", Some("merge-to-server")).unwrap();
        assert_eq!(new, FILE.replace("'two-way' # both", "\"merge-to-server\" # both"));
        let crlf = FILE.replace('\n', "\r\n");
        assert_eq!(set(&crlf, "url", Some("https://old.example/")).unwrap(), crlf);
    }

    #[test]
    fn new_keys_go_where_they_belong() {
        let new = set(FILE, "interval_minutes", Some("5")).unwrap();
        let new = set(&new, "guard.max_percent", Some("50")).unwrap();
        let new = set(&new, "active", Some("off")).unwrap();
        insta::assert_snapshot!(new, @r#"
        # Mine, do not touch!
        kind = "events"   # the calendar
        mode = 'two-way' # both
        interval_minutes = 5
        active = false

        [local]
        type = "vdir"
        path = "~/Calendars/work" # on the disk

        [remote] # the cloud
        url = "https://old.example/"

        [guard]
        max_percent = 50
        "#);
        let colors = set(FILE, "category_colors", Some("Travel=green, Day off = #ffa500")).unwrap();
        assert!(
            colors.ends_with(
                "[mapping]\ncategory_colors = { Travel = \"green\", \"Day off\" = \"#ffa500\" }\n"
            ),
            "{colors}"
        );
        assert_eq!(set(&set(FILE, "active", Some("true")).unwrap(), "active", None).unwrap(), FILE);
    }

    #[test]
    fn wrong_keys_and_values() {
        insta::assert_snapshot!(set(FILE, "intervall", Some("5")).unwrap_err(), @r#"the key "intervall" is not known; did you mean "interval_minutes"?"#);
        insta::assert_snapshot!(set(FILE, "type", Some("dav")).unwrap_err(), @r#"the key "type" is in two sections; say local.type or remote.type"#);
        insta::assert_snapshot!(set(FILE, "remote.password", Some("x")).unwrap_err(), @r#"a password is never kept in a profile's file; name an environment variable with password_env or a command that prints it with password_command, or store it in the keyring: pimbridge profile password NAME"#);
        insta::assert_snapshot!(set(FILE, "interval_minutes", Some("often")).unwrap_err(), @r#"interval_minutes must be a whole number, not "often""#);
        insta::assert_snapshot!(set(FILE, "category_colors", Some("Travel")).unwrap_err(), @"mapping.category_colors must be written as: one=two, three=four");
        insta::assert_snapshot!(set(FILE, "active", Some("maybe")).unwrap_err(), @r#"active must be true or false, not "maybe""#);
        let unknown = set(FILE, "colour", Some("x")).unwrap_err();
        assert!(
            unknown.starts_with("the key \"colour\" is not known; the keys are kind, mode, "),
            "{unknown}"
        );
    }
}
