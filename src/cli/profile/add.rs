//! `profile add`.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use tr::tr;

use super::super::connection::ConnectionArgs;
use super::super::search::SignInArgs;
use super::super::{Failure, exit, out};
use super::find::{self, Wanted};
use super::{many, password};
use crate::home::Home;
use crate::item::Kind;
use crate::keyed::value_of;
use crate::profile::{
    self, CONFLICTS, KINDS, LocalSpec, MODES, Name, PasswordSource, Preset, Profile, RemoteSpec, SignIn, Word,
};
use crate::report::wording::shell_word;
use crate::settings;
use crate::setup::account::{Target, Wish};
use crate::setup::change::{add_new, make_folder, refuse_overlap};
use crate::setup::places;
use crate::sync::policy::{Conflict, Mode};

/// Make a profile: connect a folder and a collection on a server
///
/// The folder holds one .ics or .vcf file an item, as khal, todoman, khard, KDE and others keep them. The password
/// is asked for and kept in the system's keyring, unless you say where else it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// A name for the profile
    #[arg(required_unless_present = "all")]
    name: Option<String>,
    /// What is synced
    #[arg(long, value_parser = one_of(KINDS), required_unless_present = "all")]
    kind: Option<&'static str>,
    /// The folder on this computer [default: a new one with the profile's name, below ~/Calendars or ~/Contacts]
    #[arg(long, value_name = "FOLDER")]
    local: Option<PathBuf>,
    /// The address of the calendar, task list or address book on the server; or that of the server, or your e-mail
    /// address: then the collection is looked for
    #[arg(long, required_unless_present_any = ["all", "preset"])]
    pub(super) url: Option<String>,
    /// The name of the collection, where several are found
    #[arg(long, value_name = "NAME")]
    collection: Option<String>,
    /// A service or product whose address and needs are known: see pimbridge profile presets
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    #[command(flatten)]
    pub(super) sign_in: SignInArgs,
    /// The client id with which you sign in in a browser, where the preset wants one
    #[arg(long, value_name = "ID", requires = "preset")]
    client_id: Option<String>,
    /// Which way changes go
    #[arg(long, value_parser = one_of(MODES), default_value = "two-way")]
    pub(super) mode: &'static str,
    /// What counts where both sides changed an item; what it replaces stays in the history
    #[arg(long, value_parser = one_of(CONFLICTS), default_value = "automatic")]
    conflict: &'static str,
    /// Make the folder if it does not exist
    #[arg(long)]
    create_local: bool,
    /// Make a profile for each collection that is found; with a preset, your user name there is enough
    #[arg(
        long,
        value_name = "URL|HOST|EMAIL",
        conflicts_with_all = ["name", "local", "collection", "create_local"],
        help_heading = "All at once"
    )]
    all: Option<String>,
    /// The folder for the folders of all collections [default: ~/Calendars and ~/Contacts, or what the settings say]
    #[arg(long, value_name = "FOLDER", requires = "all", help_heading = "All at once")]
    pub(super) root: Option<PathBuf>,
    /// Only show which profiles would be made
    #[arg(long, requires = "all", help_heading = "All at once")]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) connection: ConnectionArgs,
}

impl Args {
    /// What is synced; with `--all`, what alone is.
    pub(super) fn kind(&self) -> Option<Kind> {
        value_of(KINDS, self.kind?)
    }

    /// How the profiles are to be.
    pub(super) fn wish(&self, preset: Option<&'static Preset>) -> Result<Wish, Failure> {
        Ok(Wish {
            preset,
            client_id: self.client_id.clone(),
            // The command line takes no other words.
            mode: value_of(MODES, self.mode).unwrap_or(Mode::TwoWay),
            conflict: value_of(CONFLICTS, self.conflict).unwrap_or(Conflict::Automatic),
            password: self.sign_in.password(),
            keys: self.connection.keys()?,
        })
    }
}

const EXAMPLE: &str = "\
For example:
  pimbridge profile add work --kind events --local ~/Calendars/work --user jana \\
    --url https://cloud.example.org/remote.php/dav/calendars/jana/work/
  pimbridge profile add --all jana@example.org --dry-run";

/// One of these words.
pub fn one_of<T: Sync>(words: &'static [Word<T>]) -> impl TypedValueParser<Value = &'static str> {
    PossibleValuesParser::new(words.iter().map(|known| PossibleValue::new(known.word).help(known.meaning)))
        .map(move |typed| {
            words.iter().map(|known| known.word).find(|word| *word == typed).unwrap_or_default()
        })
}

pub async fn run(home: &Home, args: Args) -> Result<u8, Failure> {
    let preset = args.preset.as_deref().map(profile::preset_named).transpose().map_err(Failure::Usage)?;
    if let Some(typed) = &args.all {
        return many::run(home, &args, typed, preset).await;
    }
    // The command line was not read without them.
    let (Some(name), Some(kind)) = (&args.name, args.kind()) else {
        return Err(Failure::Usage(tr!("a profile needs a name and a kind")));
    };
    let name = Name::new(name).map_err(|error| Failure::Usage(error.to_string()))?;
    profile::refuse_taken(home, &name)?;
    let local = match &args.local {
        Some(folder) => folder.clone(),
        None => default_folder(home, kind, &name)?,
    };
    let typed = match preset {
        Some(preset) => {
            preset.address(kind, args.url.as_deref(), args.sign_in.user.as_deref()).map_err(Failure::Usage)?
        }
        None => args.url.clone().unwrap_or_default(),
    };
    if let (Some(preset), None) = (preset.filter(|preset| preset.oauth), &args.client_id) {
        return Err(Failure::Usage(tr!(
            "{} signs you in in a browser, for which you need a client id of your own: give it with --client-id ID \
             (profiles-examples/google-calendar.toml says how to get one)",
            preset.title
        )));
    }
    let wish = args.wish(preset)?;
    let place = match preset.is_some_and(|preset| preset.oauth) {
        // Nothing can be looked for before the person has signed in.
        true => find::Place { url: typed, user: args.sign_in.user.clone(), password: None },
        false => {
            find::collection(&Wanted {
                typed: &typed,
                kind,
                name: args.collection.as_deref(),
                access: &wish.access(args.sign_in.user.clone()),
                trusted: args.connection.trusted_hosts(),
            })
            .await?
        }
    };
    if place.user.is_none() && wish.password != PasswordSource::Keyring {
        return Err(Failure::Usage(tr!("a password needs a user name; give it with --user")));
    }
    let target =
        Target { name: &name, kind, mode: wish.mode, folder: &local, url: place.url, user: place.user };
    let new = wish.plan(home, target)?;
    refuse_overlap(home, &new.profile)?;
    if args.create_local || args.local.is_none() {
        make_folder(&new.profile)?;
    }
    let LocalSpec::Vdir { path } = &new.profile.local;
    let path = path.clone();
    let new = add_new(home, &name, &new.text)?;
    out::say(tr!("The profile {name} is in {}", home.profile_file(&name).display(), name));
    let password = match place.password {
        Some(asked) => password::store(&new, asked).await.map(|()| true),
        None => keep_password(&new).await,
    };
    if let Err(Failure::Usage(message) | Failure::NotDone(message)) = &password {
        out::complain(message);
    }
    out::say(what_next(&new, matches!(password, Ok(true)), path.is_dir()));
    if let Some(note) = preset.and_then(|preset| preset.note) {
        out::say(tr!("Note: {}.", tr!(note)));
    }
    Ok(if password.is_ok() { exit::IN_SYNC } else { exit::SOME_FAILED })
}

/// A folder of its own for a profile for which none is named.
fn default_folder(home: &Home, kind: Kind, name: &Name) -> Result<PathBuf, Failure> {
    let folder = settings::load(home)?.folders.of(kind).join(name.as_str());
    if places::expand(&folder).is_some_and(|path| !places::is_empty(&path)) {
        let shown = shell_word(&folder.display().to_string());
        return Err(Failure::Usage(tr!(
            "the folder {shown} holds something already; if that is to be synced, say it with --local {shown}",
            shown
        )));
    }
    Ok(folder)
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
    let mut steps = vec![tr!("Next:")];
    if !folder_exists {
        steps.push(format!("  {}", tr!("make the folder {}", new.local)));
    }
    let RemoteSpec::Dav { sign_in, .. } = &new.remote;
    if let Some(SignIn::OAuth { .. }) = sign_in {
        let what = tr!("signs you in, in a browser");
        steps.push(format!("  pimbridge profile sign-in {word}    {what}"));
    }
    if !password_stored {
        let what = tr!("puts the password into the keyring");
        steps.push(format!("  pimbridge profile password {word}   {what}"));
    }
    let tests = tr!("tests the folder, the server and the sign-in");
    steps.push(format!("  pimbridge profile check {word}      {tests}"));
    steps.push(format!("  pimbridge sync {word} --dry-run     {}", tr!("shows what a sync would do")));
    steps.push(format!("  pimbridge sync {word}               {}", tr!("does it")));
    steps.push(tr!(
        "To keep it in sync from now on: pimbridge daemon (or, each time you log in: pimbridge autostart on)"
    ));
    steps.join("\n")
}
