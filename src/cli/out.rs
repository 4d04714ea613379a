//! Writing to the terminal or to whatever reads the output.

use std::io::{self, IsTerminal, Write};

use tr::tr;

/// Writes a line (or several) to the standard output. A reader that went away is no error, and what
/// was begun goes on; any other trouble is told once.
pub fn say(text: impl AsRef<str>) {
    match try_say(text.as_ref()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            static TOLD: std::sync::Once = std::sync::Once::new();
            TOLD.call_once(|| complain(&tr!("the output cannot be written: {error}", error)));
        }
        _ => {}
    }
}

/// The same for what goes on for ever; an error where nobody reads it any more.
pub fn try_say(text: &str) -> io::Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let mut out = io::stdout().lock();
    write!(out, "{text}{end}").and_then(|()| out.flush())
}

/// Writes bytes as they are to the standard output.
pub fn put(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Asks the person a question; `None` where nobody sits at a terminal.
pub fn ask(question: &str) -> Option<bool> {
    let answer = ask_text(&format!("{question} {} ", tr!("[y/N]")))?;
    Some(is_yes(&answer, &tr!("yes")))
}

/// Whether it is the word or its first letter. Who types the English one is understood in every language.
fn is_yes(answer: &str, word: &str) -> bool {
    let answer = answer.to_lowercase();
    ["yes", word].iter().any(|yes| answer == *yes || answer.chars().eq(yes.chars().take(1)))
}

/// Asks the person for a line; `None` where nobody sits at a terminal.
pub fn ask_text(question: &str) -> Option<String> {
    if !is_interactive() {
        return None;
    }
    let mut err = io::stderr().lock();
    let _ = write!(err, "{question}").and_then(|()| err.flush());
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// Whether somebody sits at a terminal.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes a sentence to the standard error.
pub fn complain(message: &str) {
    // There is nowhere else to say that this failed.
    let _ = writeln!(io::stderr().lock(), "pimbridge: {message}");
}

/// How wide a column of these texts is.
pub fn widest<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> usize {
    texts.into_iter().map(|text| text.as_ref().chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_in_the_language_of_the_person() {
        for yes in ["j", "J", "ja", "Ja", "y", "Yes"] {
            assert!(is_yes(yes, "ja"), "{yes}");
        }
        for no in ["", "n", "nein", "jan", "no"] {
            assert!(!is_yes(no, "ja"), "{no}");
        }
    }
}
