//! The catalogue is complete: what stands in the code and on the pages is translated into every language, and nothing else
//! is. `PIMBRIDGE_UPDATE_CATALOGUE=1 cargo test --lib catalogue` writes new messages into the files, to be translated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use super::{Language, command_line};
use crate::keyed::{Shape, Table};

/// A message: the singular, and the plural where there is one.
type Message = (String, Option<String>);

/// The places where each message is found.
type Found = BTreeMap<Message, BTreeSet<String>>;

/// The messages of the code and of the pages.
fn messages() -> Found {
    let mut found = Found::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in files(&root.join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root).unwrap().display().to_string();
        let call = if name.ends_with(".slint") { "@tr(" } else { "tr!(" };
        for message in calls(&text, call) {
            found.entry(message).or_default().insert(name.clone());
        }
    }
    command_line::said(crate::cli::command(), &mut |text| {
        found.entry((text.to_owned(), None)).or_default().insert("the command line".to_owned());
        text.to_owned()
    });
    for (table, name) in [(&crate::settings::TABLE, "settings"), (&crate::profile::TABLE, "profiles")] {
        for text in texts_of(table) {
            found.entry((text.to_owned(), None)).or_default().insert(format!("the keys of {name}"));
        }
    }
    for text in crate::profile::PRESETS.iter().filter_map(|preset| preset.note) {
        found.entry((text.to_owned(), None)).or_default().insert("the presets".to_owned());
    }
    for provider in crate::oauth::PROVIDERS {
        let text = provider.registration.to_owned();
        found.entry((text, None)).or_default().insert("the providers".to_owned());
    }
    found
}

fn texts_of(table: &Table) -> BTreeSet<&'static str> {
    let mut texts = BTreeSet::new();
    for key in table.keys {
        texts.insert(key.meaning);
        if let Shape::Words(words) | Shape::WordList(words) = key.shape {
            texts.extend(words().into_iter().map(|(_, meaning)| meaning));
        }
    }
    texts.remove("");
    texts
}

/// The files of the code and of the pages.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "slint")
            && !path.ends_with("language/catalogue.rs")
        {
            files.push(path);
        }
    }
    files
}

/// The messages of the calls of a file that begin with a literal.
fn calls(text: &str, call: &str) -> Vec<Message> {
    let lines: Vec<&str> =
        text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect();
    let text = lines.join("\n");
    text.match_indices(call)
        .filter(|(at, _)| !text[..*at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
        .filter_map(|(at, _)| {
            let (singular, rest) = literal(&text[at + call.len()..])?;
            let plural = rest.trim_start().strip_prefix('|').and_then(literal).map(|(plural, _)| plural);
            Some((singular, plural))
        })
        .collect()
}

/// The literal that a text begins with, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut chars = text.trim_start().strip_prefix('"')?.chars();
    let mut literal = String::new();
    loop {
        match chars.next()? {
            '"' => return Some((literal, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => literal.push('\n'),
                // The line goes on at the next word.
                '\n' => {
                    let rest = chars.as_str().trim_start();
                    chars = rest.chars();
                }
                'u' => {
                    let (digits, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                    literal.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                    chars = rest.chars();
                }
                other => literal.push(other),
            },
            other => literal.push(other),
        }
    }
}

fn file_of(language: Language) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("lang/{}/LC_MESSAGES/pimbridge.po", language.code()))
}

/// The translations of a language: one, or one for each plural form.
fn translations(language: Language) -> BTreeMap<Message, Vec<String>> {
    let text = fs::read_to_string(file_of(language)).unwrap();
    let file = rspolib::pofile(text.as_str()).unwrap();
    let entry = |entry: rspolib::POEntry| {
        let translated = match entry.msgid_plural {
            Some(_) => entry.msgstr_plural,
            None => entry.msgstr.into_iter().collect(),
        };
        ((entry.msgid, entry.msgid_plural), translated)
    };
    file.entries.into_iter().map(entry).collect()
}

/// How many plural forms a language has.
fn forms(language: Language) -> usize {
    if language == Language::Czech { 3 } else { 2 }
}

/// The places of a message that are filled in.
fn places(text: &str) -> BTreeSet<String> {
    let mut next = 0;
    let named = text.split('{').skip(1).filter_map(|part| {
        let (name, _) = part.split_once('}')?;
        if name.is_empty() {
            next += 1;
            return Some((next - 1).to_string());
        }
        Some(name.to_owned())
    });
    named.collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Writes the file of a language anew: what is there stays, what is missing comes empty, what nobody says goes.
fn update(language: Language, found: &Found) {
    let known = translations(language);
    let text = fs::read_to_string(file_of(language)).unwrap();
    let head = text.split("\n\n").next().unwrap_or_default().trim_end();
    let mut by_place: Vec<(&BTreeSet<String>, &Message)> =
        found.iter().map(|(message, at)| (at, message)).collect();
    by_place.sort();
    let mut out = format!("{head}\n");
    for (at, message) in by_place {
        let translated = known.get(message).cloned().unwrap_or_default();
        let form = |number: usize| quoted(translated.get(number).map_or("", String::as_str));
        let (singular, plural) = message;
        let at: String = at.iter().map(|place| format!("\n#: {place}")).collect();
        write!(out, "{at}\nmsgid {}\n", quoted(singular)).unwrap();
        match plural {
            None => writeln!(out, "msgstr {}", form(0)).unwrap(),
            Some(plural) => {
                writeln!(out, "msgid_plural {}", quoted(plural)).unwrap();
                (0..forms(language))
                    .for_each(|number| writeln!(out, "msgstr[{number}] {}", form(number)).unwrap());
            }
        }
    }
    fs::write(file_of(language), out).unwrap();
}

#[test]
fn every_message_is_translated_into_every_language() {
    let found = messages();
    assert!(found.len() > 50, "{}", found.len());
    let mut wrong = Vec::new();
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        if env::var_os("PIMBRIDGE_UPDATE_CATALOGUE").is_some() {
            update(language, &found);
        }
        let code = language.code();
        let translated = translations(language);
        for (message, at) in &found {
            let wanted = if message.1.is_some() { forms(language) } else { 1 };
            match translated.get(message) {
                Some(texts) if texts.len() == wanted && texts.iter().all(|text| !text.is_empty()) => {}
                _ => wrong.push(format!("{code}: {at:?}: {:?} is not translated", message.0)),
            }
        }
        for (message, texts) in &translated {
            if !found.contains_key(message) {
                wrong.push(format!("{code}: nothing says {:?}", message.0));
            }
            let places_of = |text: &String| places(text);
            let wanted: BTreeSet<String> =
                places(&message.0).into_iter().chain(message.1.iter().flat_map(places_of)).collect();
            // Of a fault of a server only what stands before the colon is told where an account is looked for.
            let is_fault = found.get(message).is_some_and(|at| at.contains("src/collection/dav/error.rs"));
            for text in texts.iter().filter(|text| !text.is_empty()) {
                if is_fault && text.contains(": ") != message.0.contains(": ") {
                    wrong.push(format!("{code}: {text:?} does not part with a colon what to do about it"));
                }
                // A form for one thing need not say how many.
                if places(text) != wanted && !(message.1.is_some() && places(text).is_subset(&wanted)) {
                    wrong.push(format!("{code}: {text:?} fills in {:?}, not {wanted:?}", places(text)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} in the catalogue:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn messages_are_found_in_code_and_pages() {
    let code = "let a = tr!(\"One \\\"item\\\"\" | \"{n} items\" % 7); // tr!(\"not\n// tr!(\"this\")\n tr!((dynamic));\n tr!(\"a \\\n      b {x}\", x = 1)";
    let found = calls(code, "tr!(");
    let expected = [("One \"item\"".to_owned(), Some("{n} items".to_owned())), ("a b {x}".to_owned(), None)];
    assert!(expected.iter().all(|message| found.contains(message)), "{found:?}");
    assert!(!found.iter().any(|(text, _)| text == "this"), "{found:?}");
}

#[test]
fn czech_has_three_plurals() {
    use tr::Translator;

    let translator = Language::Czech.translator().unwrap();
    let forms: BTreeSet<_> = [1, 2, 5]
        .map(|n| {
            translator.ntranslate(
                n,
                "One deletion waits for your yes",
                "{n} deletions wait for your yes",
                None,
            )
        })
        .into();
    assert_eq!(forms.len(), 3, "{forms:?}");
}
