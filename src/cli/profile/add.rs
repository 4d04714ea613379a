//! `profile add`.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::super::connection::{ConnectionArgs, full_path};
use super::super::{Failure, exit, out};
use super::{add_new, password, refuse_overlap};
use crate::home::Home;
use crate::profile::{
    self, CONFLICTS, KINDS, LocalSpec, MODES, Name, New, PasswordSource, Profile, RemoteSpec, SecretSource,
    SignIn, Word,
};
use crate::report::text::shell_word;

/// Make a profile: connect a folder and a collection on a server
///
/// The folder holds one .ics or .vcf file an item, as khal, todoman, khard, KDE and others keep them. The password
/// is asked for and kept in the system's keyring, unless you say where else it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// A name for the profile
    name: String,
    /// What is synced
    #[arg(long, value_parser = one_of(KINDS))]
    kind: &'static str,
    /// The folder on this computer
    #[arg(long, value_name = "FOLDER")]
    local: PathBuf,
    /// The address of the calendar, task list or address book on the server
    #[arg(long)]
    url: String,
    /// The user name on the server
    #[arg(long)]
    user: Option<String>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", requires = "user", conflicts_with = "password_command")]
    password_env: Option<String>,
    /// A command that prints the password on its first line
    #[arg(long, value_name = "COMMAND", requires = "user")]
    password_command: Option<String>,
    /// Which way changes go
    #[arg(long, value_parser = one_of(MODES), default_value = "two-way")]
    mode: &'static str,
    /// What counts where both sides changed an item; what it replaces stays in the history
    #[arg(long, value_parser = one_of(CONFLICTS), default_value = "automatic")]
    conflict: &'static str,
    /// Make the folder if it does not exist
    #[arg(long)]
    create_local: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLE: &str = "\
For example:
  pimbridge profile add work --kind events --local ~/Calendars/work --user jana \\
    --url https://cloud.example.org/remote.php/dav/calendars/jana/work/";

/// One of these words.
pub fn one_of<T: Sync>(words: &'static [Word<T>]) -> impl TypedValueParser<Value = &'static str> {
    PossibleValuesParser::new(words.iter().map(|known| PossibleValue::new(known.word).help(known.meaning)))
        .map(move |typed| {
            words.iter().map(|known| known.word).find(|word| *word == typed).unwrap_or_default()
        })
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let name = Name::new(&args.name).map_err(|error| Failure::Usage(error.to_string()))?;
    let text = profile::new_text(&New {
        kind: args.kind,
        mode: args.mode,
        conflict: args.conflict,
        path: full_path(&args.local)?,
        url: args.url,
        user: args.user,
        password: match (args.password_env, args.password_command) {
            (Some(name), _) => PasswordSource::Given(SecretSource::Env(name)),
            (None, Some(command)) => PasswordSource::Given(SecretSource::Command(command)),
            (None, None) => PasswordSource::Keyring,
        },
    });
    let text = args.connection.write(text)?;
    let new = profile::parse(&name, &home.profile_file(&name), &text).map_err(without_file)?;
    refuse_overlap(home, &new)?;
    let LocalSpec::Vdir { path } = &new.local;
    if args.create_local {
        std::fs::create_dir_all(path).map_err(|error| {
            Failure::NotDone(format!("the folder {} cannot be made: {error}", path.display()))
        })?;
    }
    let new = add_new(home, &name, &text)?;
    out::say(format!("The profile {name} is in {}", home.profile_file(&name).display()));
    let password = keep_password(&new).await;
    if let Err(Failure::Usage(message) | Failure::NotDone(message)) = &password {
        out::complain(message);
    }
    out::say(what_next(&new, matches!(password, Ok(true)), path.is_dir()));
    Ok(if password.is_ok() { exit::IN_SYNC } else { exit::SOME_FAILED })
}

/// There is no file yet whose line could be looked at.
fn without_file(error: profile::ProfileError) -> Failure {
    match error {
        profile::ProfileError::Content { what, .. } => Failure::Usage(what),
        error => error.into(),
    }
}

/// Asks for the password where there is someone to ask; says whether it is where it is looked for.
async fn keep_password(new: &Profile) -> Result<bool, Failure> {
    let RemoteSpec::Dav { sign_in, .. } = &new.remote;
    match sign_in {
        Some(SignIn::Password { password: PasswordSource::Keyring, .. })
            if std::io::stdin().is_terminal() =>
        {
            password::ask_and_store(new).await.map(|()| true)
        }
        Some(SignIn::Password { password: PasswordSource::Keyring, .. }) => Ok(false),
        _ => Ok(true),
    }
}

fn what_next(new: &Profile, password_stored: bool, folder_exists: bool) -> String {
    let word = shell_word(new.name.as_str());
    let mut steps = vec!["Next:".to_owned()];
    if !folder_exists {
        steps.push(format!("  make the folder {}", new.local));
    }
    if !password_stored {
        steps.push(format!("  pimbridge profile password {word}   puts the password into the keyring"));
    }
    steps.push(format!("  pimbridge profile check {word}      tests the folder, the server and the sign-in"));
    steps.push(format!("  pimbridge sync {word} --dry-run     shows what a sync would do"));
    steps.push(format!("  pimbridge sync {word}               does it"));
    steps.push(
        "It runs when you say so: interval_minutes is for the background program, which this version does not have yet."
            .to_owned(),
    );
    steps.join("\n")
}
