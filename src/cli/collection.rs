//! `collection`: make, rename and recolour collections on a server.

use tr::tr;

use super::connection::ConnectionArgs;
use super::discover::{in_words, nothing};
use super::profile::one_of;
use super::search::{self, SignInArgs, search};
use super::{Failure, exit, out};
use crate::collection::dav::discovery::{Service, Start};
use crate::collection::dav::{Account, Made, NewCollection, create};
use crate::collection::{Collection, Color, Feature, plain_name};
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, Accounts, KINDS, RemoteSpec, word_of};
use crate::report::wording::{line, shell_word};
use crate::setup::discover::Access;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Create(Box<Create>),
    Set(Set),
}

/// Make a calendar, a task list or an address book on a server
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Create {
    /// The address of the folder on the server that holds your calendars or address books; or your e-mail address or
    /// the host of the server: then that folder is looked for
    #[arg(value_name = "URL|HOST|EMAIL", required_unless_present = "profile")]
    url: Option<String>,
    /// Make it beside the collection of this profile, with the profile's sign-in
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["url", "user", "password_env", "password_command", "ca_file", "pin", "client_certificate", "proxy", "trusted_host"])]
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
    #[command(flatten)]
    sign_in: SignInArgs,
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
    if typed.contains(char::is_control) {
        return Err(tr!("a name must be one line without special characters"));
    }
    plain_name(typed).ok_or_else(|| tr!("a name must not be empty"))
}

fn a_color(typed: &str) -> Result<Color, String> {
    Color::read(typed).ok_or_else(|| tr!("write a colour as #FF8000, or by its name, such as orange"))
}

pub async fn run(home: &Home, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Create(args) => make(home, *args).await,
        Command::Set(args) => set(home, args).await,
    }
}

async fn make(home: &Home, args: Create) -> Result<u8, Failure> {
    let kind = KINDS.iter().find(|known| known.word == args.kind).map_or(Kind::Events, |known| known.value);
    if kind == Kind::Contacts && args.color.is_some() {
        return Err(Failure::Usage(tr!("an address book has no colour; leave --color out")));
    }
    let (account, place) = match &args.profile {
        Some(name) => {
            let profile = profile::load(home, name)?;
            if Service::of(profile.kind) != Service::of(kind) {
                return Err(Failure::Usage(tr!(
                    "{name} is a profile for {}, beside which a server may not keep {}: give your e-mail address or the \
                     address of the server instead of --profile",
                    profile.kind.in_words(),
                    kind.in_words(),
                    name
                )));
            }
            let RemoteSpec::Dav { url, .. } = &profile.remote;
            let mut folder = url.clone();
            if let Ok(mut segments) = folder.path_segments_mut() {
                segments.pop_if_empty().pop().push("");
            }
            (profile::account(&profile, None).await?, folder.to_string())
        }
        None => home_of(&args, args.url.as_deref().unwrap_or_default(), kind).await?,
    };
    let new = NewCollection { kind, name: args.name.clone(), color: args.color };
    let made = create(&account, &place, &new).await.map_err(|error| Failure::NotDone(error.to_string()))?;
    out::say(told(&new, &made));
    let notes = notes(&new, &made);
    notes.iter().for_each(|note| out::complain(note));
    Ok(if notes.is_empty() { exit::IN_SYNC } else { exit::SOME_FAILED })
}

/// The home for collections of a kind, and the account to make one there. An address is taken as that of the home.
async fn home_of(args: &Create, typed: &str, kind: Kind) -> Result<(Account, String), Failure> {
    let start = Start::parse(typed).map_err(Failure::Usage)?;
    let access = args.sign_in.access(&args.connection)?;
    if typed.contains("://") {
        return Ok((search::open(&start, &access, None).await?, typed.to_owned()));
    }
    let service = Service::of(kind);
    let trusted = args.connection.trusted_hosts();
    let (searched, asked) = search(&start, &[service], &access, trusted, None).await?;
    let homes = match service {
        Service::Calendars => &searched.discovered.calendar_homes,
        Service::Contacts => &searched.discovered.addressbook_homes,
    };
    let Some(home) = homes.first() else { return Err(Failure::NotDone(nothing(&searched.discovered))) };
    let (start, home) = (Start::at(home), home.to_string());
    let access = Access { user: searched.user, ..access };
    Ok((search::open(&start, &access, asked).await?, home))
}

fn told(new: &NewCollection, made: &Made) -> String {
    let url = &made.url;
    let how = tr!(
        "To sync it with a folder: pimbridge profile add NAME --kind {} --local FOLDER --url {}",
        word_of(KINDS, new.kind),
        shell_word(url.as_str())
    );
    format!("{}\n{how}", tr!("{} is made: {url}", line(&new.name), url))
}

/// What the server made otherwise than was asked for.
fn notes(new: &NewCollection, made: &Made) -> Vec<String> {
    let mut notes = Vec::new();
    match made.look.name.as_deref().filter(|name| *name != new.name) {
        Some(name) => notes.push(tr!("the server calls it {}", line(name))),
        None if made.look.name.is_none() => notes.push(tr!("the server gives it no name")),
        None => {}
    }
    if new.color.is_some() && made.look.color != new.color {
        notes.push(tr!("the server does not give it the colour"));
    }
    match made.kinds.as_slice() {
        kinds if !kinds.contains(&new.kind) => {
            notes.push(tr!("the server says that it does not hold {}: remove it there", new.kind.in_words()));
        }
        [_] => {}
        // A profile takes only what is of its kind.
        kinds => out::say(tr!(
            "On this server it holds {}; a profile syncs what is of its own kind.",
            in_words(kinds)
        )),
    }
    notes
}

async fn set(home: &Home, args: Set) -> Result<u8, Failure> {
    let profile = profile::load(home, &args.profile)?;
    if profile.kind == Kind::Contacts && args.color.is_some() {
        return Err(Failure::Usage(tr!("an address book has no colour; leave --color out")));
    }
    let dav = profile::open_remote(&profile, &Accounts::default()).await?;
    for feature in [args.name.map(Feature::Name), args.color.map(Feature::Color)].into_iter().flatten() {
        dav.set_look(&feature).await.map_err(|error| Failure::NotDone(error.to_string()))?;
        out::say(match feature {
            Feature::Name(name) => tr!(
                "The collection of {} on the server now has the name {name}.",
                profile.name,
                name = format_args!("{name:?}")
            ),
            Feature::Color(color) => {
                tr!("The collection of {} on the server now has the colour {color}.", profile.name, color)
            }
        });
    }
    Ok(exit::IN_SYNC)
}
