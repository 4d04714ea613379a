//! `collection`: make, rename and recolour collections on a server.

use std::path::Path;

use super::connection::ConnectionArgs;
use super::profile::one_of;
use super::{Failure, exit, out};
use crate::collection::dav::{Made, NewCollection, create};
use crate::collection::{Collection, Color, Feature};
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, Accounts, KINDS, Name, New, PasswordSource, Profile, ProfileError, RemoteSpec};
use crate::report::text::{line, shell_word};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Create(Create),
    Set(Set),
}

/// Make a calendar, a task list or an address book on a server
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Create {
    /// The address of the folder on the server that holds your calendars or address books
    #[arg(value_name = "URL", required_unless_present = "profile")]
    url: Option<String>,
    /// Make it beside the collection of this profile, with the profile's sign-in
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["url", "user"])]
    profile: Option<String>,
    /// What it is to hold
    #[arg(long, value_parser = one_of(KINDS))]
    kind: &'static str,
    /// What it is to be called
    #[arg(long, value_parser = a_name)]
    name: String,
    /// Its colour, such as #FF8000 or orange; address books have none
    #[arg(long, value_parser = a_color)]
    color: Option<Color>,
    /// The user name on the server
    #[arg(long)]
    user: Option<String>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", requires = "user", conflicts_with = "password_command")]
    password_env: Option<String>,
    /// A command that prints the password on its first line
    #[arg(long, value_name = "COMMAND", requires = "user")]
    password_command: Option<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const EXAMPLE: &str = "\
For example:
  pimbridge collection create --profile work --kind tasks --name \"To do\" --color orange";

/// Rename or recolour the collection of a profile on the server
#[derive(Debug, clap::Args)]
pub struct Set {
    /// The profile
    profile: String,
    /// The new name
    #[arg(long, value_parser = a_name, required_unless_present = "color")]
    name: Option<String>,
    /// The new colour, such as #FF8000 or orange
    #[arg(long, value_parser = a_color)]
    color: Option<Color>,
}

fn a_name(typed: &str) -> Result<String, String> {
    match typed.trim() {
        "" => Err("a name must not be empty".to_owned()),
        name if name.contains(char::is_control) => {
            Err("a name must be one line without special characters".to_owned())
        }
        name => Ok(name.to_owned()),
    }
}

fn a_color(typed: &str) -> Result<Color, String> {
    Color::read(typed).ok_or_else(|| "write a colour as #FF8000, or by its name, such as orange".to_owned())
}

pub async fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Create(args) => make(home, args).await,
        Command::Set(args) => set(home, args).await,
    }
}

async fn make(home: &Home, args: Create) -> Result<u8, Failure> {
    let kind = KINDS.iter().find(|known| known.word == args.kind).map_or(Kind::Events, |known| known.value);
    if kind == Kind::Contacts && args.color.is_some() {
        return Err(Failure::Usage("an address book has no colour; leave --color out".to_owned()));
    }
    let (at, place) = match &args.profile {
        Some(name) => {
            let profile = profile::load(home, name)?;
            let RemoteSpec::Dav { url, .. } = &profile.remote;
            let mut folder = url.clone();
            if let Ok(mut segments) = folder.path_segments_mut() {
                segments.pop_if_empty().pop().push("");
            }
            (profile, folder.to_string())
        }
        None => {
            let url = args.url.clone().unwrap_or_default();
            (draft(&args, &url)?, url)
        }
    };
    let account = Accounts::default().get(&at).await?;
    let new = NewCollection { kind, name: args.name.clone(), color: args.color };
    let made = create(&account, &place, &new).await.map_err(|error| Failure::NotDone(error.to_string()))?;
    out::say(told(&new, &made));
    let notes = notes(&new, &made);
    notes.iter().for_each(|note| out::complain(note));
    Ok(if notes.is_empty() { exit::IN_SYNC } else { exit::SOME_FAILED })
}

/// A profile that is never written: it says how to reach the server.
fn draft(args: &Create, url: &str) -> Result<Profile, Failure> {
    let name = Name::new("new").map_err(|error| Failure::Usage(error.to_string()))?;
    let text = profile::new_text(&New {
        kind: args.kind,
        mode: "two-way",
        conflict: "automatic",
        path: "~".to_owned(),
        url: url.to_owned(),
        user: args.user.clone(),
        password: match (&args.password_env, &args.password_command) {
            (Some(name), _) => PasswordSource::Env(name.clone()),
            (None, Some(command)) => PasswordSource::Command(command.clone()),
            (None, None) => PasswordSource::Keyring,
        },
    });
    let text = args.connection.write(text)?;
    profile::parse(&name, Path::new(""), &text).map_err(|error| match error {
        ProfileError::Content { what, .. } => Failure::Usage(what),
        error => error.into(),
    })
}

fn told(new: &NewCollection, made: &Made) -> String {
    let url = &made.url;
    format!(
        "{} is made: {url}\nTo sync it with a folder: pimbridge profile add NAME --kind {} --local FOLDER --url {}",
        line(&new.name),
        new.kind,
        shell_word(url.as_str())
    )
}

/// What the server made otherwise than was asked for.
fn notes(new: &NewCollection, made: &Made) -> Vec<String> {
    let mut notes = Vec::new();
    match made.look.name.as_deref().filter(|name| *name != new.name) {
        Some(name) => notes.push(format!("the server calls it {}", line(name))),
        None if made.look.name.is_none() => notes.push("the server gives it no name".to_owned()),
        None => {}
    }
    if new.color.is_some() && made.look.color != new.color {
        notes.push("the server does not give it the colour".to_owned());
    }
    match made.kinds.as_slice() {
        kinds if !kinds.contains(&new.kind) => {
            notes.push(format!("the server says that it does not hold {}: remove it there", new.kind));
        }
        [_] => {}
        // A profile takes only what is of its kind.
        kinds => out::say(format!(
            "On this server it holds {}; a profile syncs what is of its own kind.",
            kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
        )),
    }
    notes
}

async fn set(home: &Home, args: Set) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    if profile.kind == Kind::Contacts && args.color.is_some() {
        return Err(Failure::Usage("an address book has no colour; leave --color out".to_owned()));
    }
    let dav = profile::open_remote(&profile, &Accounts::default()).await?;
    for feature in [args.name.map(Feature::Name), args.color.map(Feature::Color)].into_iter().flatten() {
        dav.set_look(&feature).await.map_err(|error| Failure::NotDone(error.to_string()))?;
        out::say(format!("The collection of {} on the server now has {feature}.", profile.name));
    }
    Ok(exit::IN_SYNC)
}
