//! The help of the command line in the person's language.

use clap::builder::StyledStr;
use clap::{Arg, Command};
use tr::tr;

/// The same commands, with what is said about them in the language of [`tr!`].
pub fn translated(command: Command) -> Command {
    let texts: Vec<Option<String>> = own(&command).into_iter().map(|text| text.map(in_language)).collect();
    let [about, long_about, after] = texts.try_into().unwrap_or_default();
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    let command = match long_about {
        Some(about) => command.long_about(about),
        None => command,
    };
    let command = match after {
        Some(after) => command.after_help(after),
        None => command,
    };
    command.mut_args(argument).mut_subcommands(translated)
}

fn argument(argument: Arg) -> Arg {
    let help = argument.get_help().map(in_language);
    let long = argument.get_long_help().map(in_language);
    let heading = argument.get_help_heading().map(|heading| tr!((heading)));
    let argument = match help {
        Some(help) => argument.help(help),
        None => argument,
    };
    let argument = match long {
        Some(long) => argument.long_help(long),
        None => argument,
    };
    match heading {
        Some(heading) => argument.help_heading(heading),
        None => argument,
    }
}

fn in_language(text: &StyledStr) -> String {
    let text = text.to_string();
    tr!((text.as_str()))
}

fn own(command: &Command) -> [Option<&StyledStr>; 3] {
    [command.get_about(), command.get_long_about(), command.get_after_help()]
}

/// Everything that is said about the commands.
#[cfg(test)]
pub fn texts(command: &Command) -> Vec<String> {
    let mut texts: Vec<String> = own(command).into_iter().flatten().map(ToString::to_string).collect();
    for argument in command.get_arguments() {
        texts.extend([argument.get_help(), argument.get_long_help()].into_iter().flatten().map(ToString::to_string));
        texts.extend(argument.get_help_heading().map(str::to_owned));
    }
    texts.extend(command.get_subcommands().flat_map(self::texts));
    texts
}
