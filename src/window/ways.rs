//! The places of the window that do what a command does: messages name commands as ways out, which a person in front of the
//! window does not type.

use pimbridge::report::wording;
use pimbridge::setup::form;
use tr::tr;

/// A message as a sentence, with places of the window instead of commands.
pub fn sentence(text: &str) -> String {
    wording::sentence(&in_window(text))
}

const COMMAND: &str = "pimbridge ";

/// A message with places of the window instead of commands.
pub fn in_window(text: &str) -> String {
    let mut told = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(COMMAND) {
        let (before, after) = (&rest[..at], &rest[at + COMMAND.len()..]);
        let Some((place, length)) = place(after) else {
            told += &rest[..at + COMMAND.len()];
            rest = after;
            continue;
        };
        // The quotation marks are those of the command.
        let after = &after[length..];
        let (before, after) = match (before.strip_suffix(OPENING), after.strip_prefix(CLOSING)) {
            (Some(before), Some(after)) => (before, after),
            _ => (before, after),
        };
        told += before;
        told += &place;
        rest = after;
    }
    told + rest
}

const OPENING: [char; 4] = ['"', '„', '“', '«'];
const CLOSING: [char; 4] = ['"', '“', '”', '»'];

/// Where the window does what this command does, and how long the command is; none where it does not.
fn place(command: &str) -> Option<(String, usize)> {
    let words: Vec<(&str, usize)> = words(command).take(6).collect();
    let word = |number: usize| words.get(number).map_or("", |(word, _)| *word);
    let (place, number) = match (word(0), word(1)) {
        ("profile", "password") if word(3) != "--proxy" => (button(&tr!("Password …"), &tr!("Profiles")), 3),
        ("profile", "sign-in") => (button(&tr!("Password …"), &tr!("Profiles")), 3),
        ("profile", "set") if word(2).is_empty() => (page(&tr!("Profiles")), 2),
        ("profile", "set") => {
            let (key, number) = match word(3).split_once('=') {
                Some((key, _)) => (key, 4),
                None => (word(3), 5),
            };
            (option(key)?, number)
        }
        ("profile", "remove") => (button(&tr!("Remove …"), &tr!("Profiles")), 3),
        ("profile", "list") => (page(&tr!("Profiles")), 2),
        ("profile", "add") => {
            // What it is given is entered on the page.
            let named = usize::from(!word(2).is_empty() && !word(2).starts_with("--"));
            let options = words.iter().skip(2 + named).step_by(2);
            let options = options.take_while(|(word, _)| word.starts_with("--")).count();
            (page(&tr!("Add an account")), 2 + named + 2 * options)
        }
        ("sync", _) => {
            match words.iter().position(|(word, _)| word.starts_with("--")).map(|at| (word(at), at + 1)) {
                Some(("--dry-run" | "--accept-preview", number)) => {
                    (button(&tr!("See what it would do"), &tr!("Status")), number)
                }
                Some(("--allow-deletions" | "--undo-deletions", number)) => {
                    (button(&tr!("See the deletions"), &tr!("Status")), number)
                }
                _ => (button(&tr!("Synchronize"), &tr!("Status")), 1),
            }
        }
        ("conflict", "list") => (page(&tr!("Reports")), 2),
        ("history", "list") => (page(&tr!("History")), 2),
        ("settings", "set") | ("autostart", "on") => (page(&tr!("General options")), 2),
        _ => return None,
    };
    let end = words[..number.min(words.len())].last()?.1;
    Some((place, end))
}

fn page(page: &str) -> String {
    tr!("the page “{page}”", page)
}

fn button(button: &str, page: &str) -> String {
    tr!("“{button}” on the page “{page}”", button, page)
}

/// An option of profiles.
fn option(key: &str) -> Option<String> {
    let fields = form::of_profile(None, "").groups.into_iter().flat_map(|group| group.fields);
    let title = fields.into_iter().find(|field| field.key == key)?.title;
    Some(button(&title, &tr!("Profiles")))
}

/// The words of a command, and where each ends; what ends a sentence ends the command.
fn words(command: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    let mut over = false;
    std::iter::from_fn(move || {
        let rest = command.get(at..).filter(|rest| !over && !rest.is_empty())?;
        let start = at + rest.find(|letter: char| letter != ' ').unwrap_or(rest.len());
        let rest = &command[start..];
        let length = match rest.strip_prefix(['"', '\'']) {
            Some(quoted) => quoted.find(['"', '\'']).map_or(rest.len(), |end| end + 2),
            None => rest.find(' ').unwrap_or(rest.len()),
        };
        let whole = &rest[..length];
        let word = whole.trim_end_matches([';', ',', ')', ':', '"', '“', '”', '»']);
        let word = word.strip_suffix('.').unwrap_or(word);
        over = word.len() < whole.len() && !whole.starts_with(['"', '\'']);
        at = start + length;
        let end = start + if over { word.len() } else { length };
        (!whole.is_empty()).then_some((if over { word } else { whole }, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the window cannot do.
    const CANNOT: [&str; 5] = [
        "daemon",
        "log show",
        "profile password NAME --proxy",
        "profile password {name} --proxy",
        "repair {name}",
    ];

    #[test]
    fn a_command_becomes_the_place_that_does_it() {
        let told = [
            "the server refused it. To enter it again: pimbridge profile password work",
            "wait, then run \"pimbridge sync\" and then try again",
            "see first what it would do: pimbridge sync \"my work\" --dry-run; if that is right, accept it: pimbridge sync \"my work\" --accept-preview",
            "to switch it on: pimbridge profile set work active true",
            "keep both changes instead (pimbridge profile set \"my work\" conflict merge)",
            "say with pimbridge profile set work oauth.client_secret_command COMMAND where it is, then pimbridge profile sign-in work",
            "remove that profile first (pimbridge profile remove work), or make a new one by hand (pimbridge profile add --help)",
            "make it anew: pimbridge profile add NAME --preset google",
            "its proxy wants a password: pimbridge profile password work --proxy",
            "Its log says why: pimbridge log show",
            "no profile is called so; „pimbridge profile list“ zeigt sie",
        ];
        insta::assert_snapshot!(told.map(in_window).join("\n"), @r#"
        the server refused it. To enter it again: “Password …” on the page “Profiles”
        wait, then run “Synchronize” on the page “Status” and then try again
        see first what it would do: “See what it would do” on the page “Status”; if that is right, accept it: “See what it would do” on the page “Status”
        to switch it on: “By itself” on the page “Profiles”
        keep both changes instead (“Where both sides changed an item” on the page “Profiles”)
        say with “Command for the client's secret” on the page “Profiles” where it is, then “Password …” on the page “Profiles”
        remove that profile first (“Remove …” on the page “Profiles”), or make a new one by hand (the page “Add an account”)
        make it anew: the page “Add an account”
        its proxy wants a password: pimbridge profile password work --proxy
        Its log says why: pimbridge log show
        no profile is called so; the page “Profiles” zeigt sie
        "#);
    }

    /// What the library says, wherever it says it, is understood here, but for what the window cannot do.
    #[test]
    fn every_command_that_a_message_names_is_known() {
        let catalogue = concat!(env!("CARGO_MANIFEST_DIR"), "/lang/de/LC_MESSAGES/pimbridge.po");
        let catalogue = std::fs::read_to_string(catalogue).unwrap();
        let elsewhere = ["src/cli/", "the command line", "src/report/text.rs", "src/desktop/pages/"];
        let (mut seen, mut unknown) = (0, Vec::new());
        for entry in
            catalogue.split("\n\n").filter(|entry| !elsewhere.iter().any(|place| entry.contains(place)))
        {
            let message = entry.lines().find_map(|line| line.strip_prefix("msgid \"")).unwrap_or_default();
            let message =
                message.replace("\\\"", "\"").replace("{path}", "history_days").replace("KEY", "mode");
            let message = message.trim_end_matches('"');
            if !message.contains(COMMAND) {
                continue;
            }
            seen += 1;
            let told = in_window(message);
            let cannot = |command: &&str| !CANNOT.iter().any(|known| command.starts_with(known));
            unknown.extend(told.split(COMMAND).skip(1).filter(cannot).map(str::to_owned));
        }
        assert!(unknown.is_empty(), "{unknown:#?}");
        assert!(seen > 20, "{seen}");
    }
}
