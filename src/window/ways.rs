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
    let words: Vec<(&str, usize)> = words(command).collect();
    let word = |number: usize| words.get(number).map_or("", |(word, _)| *word);
    let place = match (word(0), word(1)) {
        ("profile", "password") if word(3) != "--proxy" => button(&tr!("Password …"), &tr!("Profiles")),
        ("profile", "sign-in") => button(&tr!("Password …"), &tr!("Profiles")),
        ("profile", "set") if word(2).is_empty() => page(&tr!("Profiles")),
        ("profile", "set") => option(word(3).split_once('=').map_or(word(3), |(key, _)| key))?,
        ("profile", "remove") => button(&tr!("Remove …"), &tr!("Profiles")),
        ("profile", "list") => page(&tr!("Profiles")),
        ("profile", "add") => page(&tr!("Add an account")),
        ("sync", _) => match words.iter().find(|(word, _)| word.starts_with("--")).map(|(word, _)| *word) {
            Some("--dry-run" | "--accept-preview") => button(&tr!("See what it would do"), &tr!("Status")),
            // There the window asks item by item, or not at all.
            Some("--allow-deletions" | "--undo-deletions") => return None,
            _ => button(&tr!("Synchronize"), &tr!("Status")),
        },
        ("conflict", "list") => page(&tr!("Reports")),
        ("history", "list") => page(&tr!("History")),
        ("settings", "set") | ("autostart", "on") => page(&tr!("General options")),
        ("daemon", "") => tr!("“{button}” at the top of the window", button = tr!("Start it")),
        ("daemon", "stop") => tr!("“{button}” in the menu of the icon", button = tr!("Quit")),
        _ => return None,
    };
    Some((place, words.last()?.1))
}

fn page(page: &str) -> String {
    tr!("on the page “{page}”", page)
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

/// The words of a command, and where each ends; what ends a clause or a line ends the command.
fn words(command: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    let mut over = false;
    std::iter::from_fn(move || {
        let rest = command.get(at..).filter(|rest| !over && !rest.is_empty())?;
        let start = at + rest.find(|letter: char| letter != ' ').unwrap_or(rest.len());
        let rest = command[start..].lines().next().filter(|rest| !rest.starts_with('('))?;
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
        "log show",
        "profile password NAME --proxy",
        "profile password {name} --proxy",
        "repair {name}",
        "sync {word} --allow-deletions",
    ];

    #[test]
    fn a_command_becomes_the_place_that_does_it() {
        let told = [
            "the server refused it. To enter it again: pimbridge profile password work",
            "end it: pimbridge daemon stop; and start it again: pimbridge daemon",
            "see first what it would do: pimbridge sync \"my work\" --dry-run; if that is right, accept it: pimbridge sync \"my work\" --accept-preview",
            "to switch it on: pimbridge profile set work active true",
            "keep both changes instead (pimbridge profile set \"my work\" conflict merge)",
            "say where it is: pimbridge profile set work oauth.client_secret_command COMMAND; then sign in: pimbridge profile sign-in work",
            "remove that profile first (pimbridge profile remove work), or make a new one by hand (pimbridge profile add --help)",
            "make it anew: pimbridge profile add NAME --preset google",
            "its proxy wants a password: pimbridge profile password work --proxy",
            "Its log says why: pimbridge log show",
            "is it right? pimbridge sync work --allow-deletions (a network may ask first)",
            "to see it again: pimbridge settings set tray=true",
            "To see which: pimbridge conflict list work\nNothing else.",
        ];
        insta::assert_snapshot!(told.map(in_window).join("\n"), @r#"
        the server refused it. To enter it again: “Password …” on the page “Profiles”
        end it: “Quit” in the menu of the icon; and start it again: “Start it” at the top of the window
        see first what it would do: “See what it would do” on the page “Status”; if that is right, accept it: “See what it would do” on the page “Status”
        to switch it on: “By itself” on the page “Profiles”
        keep both changes instead (“Where both sides changed an item” on the page “Profiles”)
        say where it is: “Command for the client's secret” on the page “Profiles”; then sign in: “Password …” on the page “Profiles”
        remove that profile first (“Remove …” on the page “Profiles”), or make a new one by hand (on the page “Add an account”)
        make it anew: on the page “Add an account”
        its proxy wants a password: pimbridge profile password work --proxy
        Its log says why: pimbridge log show
        is it right? pimbridge sync work --allow-deletions (a network may ask first)
        to see it again: on the page “General options”
        To see which: on the page “Reports”
        Nothing else.
        "#);
    }

    /// A message, as the catalogue of a language has it.
    struct Message {
        /// The files that say it.
        places: Vec<String>,
        english: String,
        translated: Vec<String>,
    }

    fn messages(language: &str) -> Vec<Message> {
        let root = env!("CARGO_MANIFEST_DIR");
        let catalogue = std::fs::read_to_string(format!("{root}/lang/{language}/LC_MESSAGES/pimbridge.po"));
        let message = |entry: &str| {
            let after = |start: &str| entry.lines().filter_map(|line| line.strip_prefix(start)).collect();
            let (places, english, translated): (Vec<&str>, Vec<&str>, Vec<&str>) =
                (after("#: "), after("msgid "), after("msgstr"));
            let text = |text: &str| {
                let text = text.split_once('"').and_then(|(_, text)| text.strip_suffix('"'));
                text.unwrap_or_default().replace("\\n", "\n").replace("\\\"", "\"")
            };
            Message {
                places: places.into_iter().map(str::to_owned).collect(),
                english: english.into_iter().map(text).collect(),
                translated: translated.into_iter().map(text).collect(),
            }
        };
        catalogue.unwrap().split("\n\n").skip(1).map(message).collect()
    }

    /// The window may show it: not only the command line says it, or a page for the browser.
    fn is_shown(message: &Message) -> bool {
        let elsewhere = ["src/cli/", "the command line", "src/report/text.rs", "src/desktop/pages/"];
        !message.places.iter().all(|at| elsewhere.iter().any(|place| at.starts_with(place)))
    }

    /// The commands of a message, and what is wrong with how it names them.
    fn commands(text: &str) -> (Vec<String>, Vec<String>) {
        let text = text.replace("{path}", "history_days").replace("KEY", "mode");
        let (mut commands, mut wrong) = (Vec::new(), Vec::new());
        for (at, _) in text.match_indices(COMMAND) {
            let (before, command) = (&text[..at], &text[at + COMMAND.len()..]);
            if CANNOT.iter().any(|known| command.starts_with(known)) {
                continue;
            }
            let Some((_, length)) = place(command) else {
                wrong.push(format!("the window does not know: {command}"));
                continue;
            };
            let (command, after) = command.split_at(length);
            commands.push(command.to_owned());
            if !before.ends_with(['(', '\n']) && !before.ends_with(": ") {
                wrong.push(format!("{command} is within a clause: {text}"));
            }
            if !after.is_empty() && !after.starts_with(['.', ';', ',', ')', '\n']) && !after.starts_with(" (")
            {
                wrong.push(format!("{after} stays after {command}: {text}"));
            }
        }
        (commands, wrong)
    }

    /// What the library says, wherever it says it and in every language, is understood here, but for what the window cannot
    /// do; and a place fits where the command stood.
    #[test]
    fn every_command_that_a_message_names_is_known() {
        let (mut seen, mut wrong) = (0, Vec::new());
        for language in ["de", "cs", "it"] {
            for message in messages(language).into_iter().filter(is_shown) {
                let (wanted, faults) = commands(&message.english);
                wrong.extend(faults);
                for text in &message.translated {
                    let (commands, faults) = commands(text);
                    wrong.extend(faults);
                    // A word that another language says otherwise is none of the command.
                    if commands != wanted {
                        wrong.push(format!("{commands:?}, not {wanted:?}: {text}"));
                    }
                }
                seen += wanted.len();
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(seen > 60, "{seen}");
    }

    /// Without the name of the program a command would be passed over.
    #[test]
    fn no_message_names_half_a_command() {
        // What the window is asked for in its own words, what it never asks for, and what it has itself.
        let elsewhere = ["src/setup/transfer/", "src/profile/presets.rs", "src/desktop/autostart/"];
        let half = |text: &str| {
            let quoted = ["profile", "history", "conflict", "settings", "repair", "daemon", "log", "sync"];
            let options = text.split([' ', '"', '(']).filter(|word| word.starts_with("--") && word.len() > 2);
            let mut options = options.filter(|word| !word.starts_with("--home"));
            options.next().is_some() || quoted.iter().any(|word| text.contains(&format!("\"{word} ")))
        };
        let shown = messages("de").into_iter().filter(is_shown);
        let shown = shown.filter(|message| {
            !message.places.iter().all(|at| elsewhere.iter().any(|place| at.starts_with(place)))
        });
        let found: Vec<_> = shown
            .map(|message| message.english)
            .filter(|text| half(text.split(COMMAND).next().unwrap_or_default()))
            .collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}
