//! The command line in the person's language: what clap says, which itself speaks English only.

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StyledStr, Styles};
use clap::error::{ContextKind, ContextValue, Error, ErrorFormatter, ErrorKind};
use clap::{Arg, Command, Parser};
use tr::tr;

use super::Language;
use crate::home::Home;
use crate::settings::{self, Settings};

/// Reads the command line of this process in the person's language, which is spoken from here on, as [`Parser::parse`] does:
/// ends the process with the help that was asked for, or with what is wrong.
pub fn read<C: Parser>() -> C {
    let language = language(std::env::args_os());
    language.speak();
    match language {
        // These are clap's own words.
        Language::English => C::parse(),
        _ => read_from(std::env::args_os()).unwrap_or_else(|error| error.exit()),
    }
}

/// The language that the settings say, or that of the session: known before the command line is read, which may be wrong.
fn language(words: impl IntoIterator<Item = OsString>) -> Language {
    let mut words = words.into_iter();
    let mut home = None;
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--home") => home = words.next(),
            Some(word) => home = word.strip_prefix("--home=").map(OsString::from).or(home),
            None => {}
        }
    }
    let settings = Home::chosen(home.map(PathBuf::from)).ok().and_then(|home| settings::load(&home).ok());
    settings.as_ref().map_or_else(Language::of_session, Settings::language)
}

/// The command line in words of the catalogue, or what is told instead of carrying it out.
fn read_from<C: Parser>(words: impl IntoIterator<Item = OsString>) -> Result<C, Error<Told>> {
    let mut matches =
        said(C::command(), &mut |text| tr!(text)).try_get_matches_from(words).map_err(Error::apply)?;
    C::from_arg_matches_mut(&mut matches).map_err(Error::apply)
}

/// The command with each of its texts as `say` says it.
pub(super) fn said(mut command: Command, say: &mut dyn FnMut(&str) -> String) -> Command {
    // It has its own subcommand and options, such as the help, from here on.
    command.build();
    all_said(command, say)
}

fn all_said(mut command: Command, say: &mut dyn FnMut(&str) -> String) -> Command {
    if let Some(text) = paragraphs(command.get_about(), say) {
        command = command.about(text);
    }
    if let Some(text) = paragraphs(command.get_long_about(), say) {
        command = command.long_about(text);
    }
    if let Some(text) = paragraphs(command.get_after_help(), say) {
        command = command.after_help(text);
    }
    let heading = command.get_styles().get_usage();
    let usage = format!("{heading}{}{heading:#}", tr!("Usage:"));
    command
        .subcommand_help_heading(tr!("Commands"))
        .help_template(format!("{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}{{after-help}}"))
        .mut_args(|arg| said_of(arg, say))
        .mut_subcommands(|command| all_said(command, say))
}

/// An argument with its texts; what clap adds to them in English is added here.
fn said_of(mut arg: Arg, say: &mut dyn FnMut(&str) -> String) -> Arg {
    let heading = match arg.get_help_heading() {
        Some(heading) => say(heading),
        None if arg.is_positional() => tr!("Arguments"),
        None => tr!("Options"),
    };
    arg = arg.help_heading(heading);
    let mut short = paragraphs(arg.get_help(), say).unwrap_or_default();
    let mut long = paragraphs(arg.get_long_help(), say);
    if !arg.get_action().takes_values() {
        return with_help(arg, short, long);
    }
    let values: Vec<PossibleValue> =
        arg.get_possible_values().into_iter().filter(|value| !value.is_hide_set()).collect();
    if !values.is_empty() {
        let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        if values.iter().any(|value| value.get_help().is_some()) {
            let mut told = long.unwrap_or_else(|| short.clone());
            write_values(&mut told, &values, say);
            long = Some(told);
        }
        add(&mut short, " ", &tr!("possible values: {}", names.join(", ")));
    }
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !default.is_empty() {
        let told = tr!("default: {}", default.join(" "));
        add(&mut short, " ", &told);
        if let Some(long) = &mut long {
            add(long, "\n\n", &told);
        }
    }
    with_help(arg.hide_possible_values(true).hide_default_value(true), short, long)
}

fn with_help(arg: Arg, short: String, long: Option<String>) -> Arg {
    match long {
        Some(long) => arg.help(short).long_help(long),
        None => arg.help(short),
    }
}

fn write_values(told: &mut String, values: &[PossibleValue], say: &mut dyn FnMut(&str) -> String) {
    *told += "\n\n";
    *told += &tr!("Possible values:");
    for value in values {
        let help = paragraphs(value.get_help(), say).unwrap_or_default();
        // Writing to a text does not fail.
        let _ = write!(told, "\n- {}: {help}", value.get_name());
    }
}

fn add(text: &mut String, space: &str, told: &str) {
    if !text.is_empty() {
        *text += space;
    }
    *text += &format!("[{told}]");
}

/// A text, each of whose paragraphs is one message.
fn paragraphs(text: Option<&StyledStr>, say: &mut dyn FnMut(&str) -> String) -> Option<String> {
    let text = text?.to_string();
    Some(text.split("\n\n").map(say).collect::<Vec<_>>().join("\n\n"))
}

/// How clap's errors are told.
struct Told;

impl ErrorFormatter for Told {
    fn format_error(error: &Error<Self>) -> StyledStr {
        let styles = Styles::default();
        let (wrong, heading) = (styles.get_error(), styles.get_usage());
        let mut told = format!("{wrong}{}{wrong:#} {}", tr!("error:"), what_is_wrong(error));
        if let Some(tip) = tip(error) {
            told += &format!("\n\n  {tip}");
        }
        if let Some(usage) = said_of_context(error, ContextKind::Usage) {
            let usage = usage.strip_prefix("Usage:").unwrap_or(&usage);
            told += &format!("\n\n{heading}{}{heading:#}{usage}", tr!("Usage:"));
        }
        told += &format!("\n\n{}\n", tr!("For more information, try '--help'."));
        told.into()
    }
}

fn what_is_wrong(error: &Error<Told>) -> String {
    let of = |kind| said_of_context(error, kind).unwrap_or_default();
    let argument = of(ContextKind::InvalidArg);
    let value = of(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::ArgumentConflict => match of(ContextKind::PriorArg) {
            other if other == argument => tr!("the argument '{argument}' is there several times", argument),
            other => tr!("the argument '{argument}' cannot be used with: {other}", argument, other),
        },
        ErrorKind::InvalidValue if value.is_empty() => {
            tr!("a value is required for '{argument}'", argument) + &one_of(error, ContextKind::ValidValue)
        }
        ErrorKind::InvalidValue => {
            tr!("'{value}' is no value for '{argument}'", value, argument)
                + &one_of(error, ContextKind::ValidValue)
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            tr!("'{value}' is no value for '{argument}': {why}", value, argument, why)
        }
        ErrorKind::InvalidSubcommand => {
            tr!("there is no command '{}'", of(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => {
            tr!("'{}' needs a command after it", of(ContextKind::InvalidSubcommand))
                + &one_of(error, ContextKind::ValidSubcommand)
        }
        ErrorKind::MissingRequiredArgument => tr!("this is missing: {argument}", argument),
        ErrorKind::UnknownArgument => tr!("there is no argument '{argument}' here", argument),
        ErrorKind::TooManyValues => {
            tr!("'{argument}' takes no more values: '{value}' is one too many", argument, value)
        }
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            tr!("'{argument}' has the wrong number of values", argument)
        }
        kind => kind.as_str().unwrap_or_default().to_owned(),
    }
}

fn tip(error: &Error<Told>) -> Option<String> {
    let similar = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| said_of_context(error, kind))?;
    Some(tr!("did you mean '{similar}'?", similar))
}

/// " [a, b]", where clap knows what there is.
fn one_of(error: &Error<Told>, kind: ContextKind) -> String {
    said_of_context(error, kind)
        .filter(|known| !known.is_empty())
        .map_or_else(String::new, |known| format!(" [{known}]"))
}

fn said_of_context(error: &Error<Told>, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use insta::assert_snapshot;

    use super::*;

    /// A program
    ///
    /// It does something.
    #[derive(Debug, Parser)]
    #[command(name = "program", after_help = "In the end.")]
    struct Sample {
        /// Which way
        #[arg(long, value_name = "WAY", default_value = "here", value_parser = ["here", "there"])]
        way: String,
        /// How often
        #[arg(long)]
        times: Option<u8>,
        #[command(subcommand)]
        command: Done,
    }

    #[derive(Debug, clap::Subcommand)]
    enum Done {
        /// Goes
        Go {
            /// Where to
            place: String,
        },
    }

    fn told(words: &[&str]) -> String {
        let words = std::iter::once("program").chain(words.iter().copied()).map(OsString::from);
        read_from::<Sample>(words).unwrap_err().to_string()
    }

    #[test]
    fn what_is_read_is_what_clap_reads() {
        let words = ["program", "--way", "there", "go", "home"].map(OsString::from);
        let read = read_from::<Sample>(words).unwrap();
        assert_eq!(
            format!("{read:?}"),
            r#"Sample { way: "there", times: None, command: Go { place: "home" } }"#
        );
    }

    #[test]
    fn each_text_is_said() {
        let mut texts = Vec::new();
        let mut command = said(Sample::command(), &mut |text| {
            texts.push(text.to_owned());
            format!("<{text}>")
        });
        assert_snapshot!(texts.join(" | "), @r#"A program | A program | It does something. | In the end. | Which way | How often | Print help (see more with '--help') | Print help (see a summary with '-h') | Goes | Where to | Print help | Print this message or the help of the given subcommand(s) | Goes | Print this message or the help of the given subcommand(s)"#);
        assert_snapshot!(command.render_long_help(), @r#"
        <A program>

        <It does something.>

        Usage: program [OPTIONS] <COMMAND>

        Commands:
          go    <Goes>
          help  <Print this message or the help of the given subcommand(s)>

        Options:
              --way <WAY>
                  <Which way> [possible values: here, there] [default: here]

              --times <TIMES>
                  <How often>

          -h, --help
                  <Print help (see a summary with '-h')>

        <In the end.>
        "#);
    }

    #[test]
    fn what_is_wrong_is_told() {
        let all = [
            told(&["--way", "up", "go", "x"]),
            told(&["--way"]),
            told(&["--times", "300", "go", "x"]),
            told(&["went"]),
            told(&[]),
            told(&["go"]),
            told(&["go", "x", "y"]),
            told(&["--time", "3", "go", "x"]),
            told(&["--way", "here", "--way", "here", "go", "x"]),
        ];
        assert_snapshot!(all.join("----\n"), @r#"
        error: 'up' is no value for '--way <WAY>' [here, there]

        For more information, try '--help'.
        ----
        error: a value is required for '--way <WAY>' [here, there]

        For more information, try '--help'.
        ----
        error: '300' is no value for '--times <TIMES>': 300 is not in 0..=255

        For more information, try '--help'.
        ----
        error: there is no command 'went'

        Usage: program [OPTIONS] <COMMAND>

        For more information, try '--help'.
        ----
        A program

        Usage: program [OPTIONS] <COMMAND>

        Commands:
          go    Goes
          help  Print this message or the help of the given subcommand(s)

        Options:
              --way <WAY>      Which way [possible values: here, there] [default: here]
              --times <TIMES>  How often
          -h, --help           Print help (see more with '--help')

        In the end.
        ----
        error: this is missing: <PLACE>

        Usage: program go <PLACE>

        For more information, try '--help'.
        ----
        error: there is no argument 'y' here

        Usage: program go <PLACE>

        For more information, try '--help'.
        ----
        error: there is no argument '--time' here

          did you mean '--times'?

        Usage: program --times <TIMES> <COMMAND>

        For more information, try '--help'.
        ----
        error: the argument '--way <WAY>' is there several times

        Usage: program [OPTIONS] <COMMAND>

        For more information, try '--help'.
        "#);
    }
}
