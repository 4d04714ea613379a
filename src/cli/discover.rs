//! `discover`.

use serde::Serialize;
use tr::tr;

use super::connection::ConnectionArgs;
use super::search::{SignInArgs, search};
use super::{Failure, exit, out};
use crate::collection::dav::discovery::{Discovered, Found, Service, Start};
use crate::item::Kind;
use crate::profile::{KINDS, Name, word_of};
use crate::report::wording::{cut, enumerated, line, shell_word};

/// How wide a name may be in the table.
const NAME: usize = 32;

/// Find the calendars, task lists and address books of an account
///
/// From an e-mail address or a host it asks the name service, then the server, who you are and where your
/// collections are. The password is asked for unless you say where it is, and goes only to servers of the domain
/// that you give.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Your e-mail address, the host of the server, or an address on it
    #[arg(value_name = "URL|HOST|EMAIL")]
    start: String,
    #[command(flatten)]
    sign_in: SignInArgs,
    /// Print one JSON object a collection and line, and nothing else
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

const AFTER: &str = "\
For example:
  pimbridge discover jana@example.org
  pimbridge discover https://cloud.example.org/remote.php/dav/ --user jana

The variable PIMBRIDGE_NAMESERVER names the name service to ask (IP:PORT) instead of the system's.";

pub async fn run(args: Args) -> Result<u8, Failure> {
    let start = Start::parse(&args.start).map_err(Failure::Usage)?;
    let access = args.sign_in.access(&args.connection)?;
    let (searched, _) = search(&start, Service::BOTH, &access, args.connection.trusted_hosts(), None).await?;
    if let (Some(refused), Some(user)) = (&searched.refused, &searched.user) {
        out::complain(&tr!("the server knows you as {user}, not as {refused}", user, refused));
    }
    let collections = &searched.discovered.collections;
    if collections.is_empty() {
        if searched.discovered.is_empty_account() {
            out::complain(&tr!("your account is there, but holds no calendar and no address book yet"));
            return Ok(exit::IN_SYNC);
        }
        return Err(Failure::NotDone(nothing(&searched.discovered)));
    }
    if args.json {
        for found in collections {
            out::say(json(found, searched.user.as_deref()));
        }
    } else {
        out::say(table(collections));
        out::say(next(&args, collections, searched.user.as_deref()));
    }
    Ok(exit::IN_SYNC)
}

/// What was tried, where nothing was found.
pub fn nothing(discovered: &Discovered) -> String {
    let mut text = tr!("no calendar and no address book was found.");
    if !discovered.tried.is_empty() {
        text += &format!(" {}", tr!("What was tried:"));
    }
    for tried in &discovered.tried {
        let why = line(&tried.why);
        let why = match tried.certificate {
            Some(shown) => tr!(
                "{why}; if {shown} is the certificate of your server, say so with --pin {shown}",
                why,
                shown
            ),
            None => why,
        };
        text += &format!("\n  {why}");
    }
    let way_out = tr!(
        "If you know the address of a calendar, address book or user folder on the server, give that instead."
    );
    format!("{text}\n{way_out}")
}

#[derive(Serialize)]
struct Line<'a> {
    url: &'a str,
    kinds: &'a [Kind],
    name: &'a str,
    color: Option<&'a str>,
    writable: Option<bool>,
    description: Option<&'a str>,
    owner: Option<&'a str>,
    shared: bool,
    ctag: Option<&'a str>,
    sync_token: Option<&'a str>,
    user: Option<&'a str>,
}

fn json(found: &Found, user: Option<&str>) -> String {
    let line = Line {
        url: found.url.as_str(),
        kinds: &found.kinds,
        name: &found.name,
        color: found.color.as_deref(),
        writable: found.writable,
        description: found.description.as_deref(),
        owner: found.owner.as_deref(),
        shared: found.shared,
        ctag: found.ctag.as_deref(),
        sync_token: found.sync_token.as_deref(),
        user,
    };
    // Text, lists and booleans are always written.
    serde_json::to_string(&line).unwrap_or_default()
}

/// One line a collection, below headings.
pub fn table<'a>(collections: impl IntoIterator<Item = &'a Found>) -> String {
    let head = [tr!("NAME"), tr!("HOLDS"), tr!("ACCESS"), tr!("COLOUR"), tr!("ADDRESS")];
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(collections.into_iter().map(row)).collect();
    let width = |column: usize| out::widest(rows.iter().map(|row| &row[column]));
    let widths = [width(0), width(1), width(2), width(3)];
    let lines = rows.iter().map(|[name, kinds, access, color, address]| {
        let [a, b, c, d] = widths;
        format!("{name:a$}  {kinds:b$}  {access:c$}  {color:d$}  {address}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn row(found: &Found) -> [String; 5] {
    let access = match found.writable {
        Some(false) => tr!("read"),
        _ => tr!("read, write"),
    };
    let name = cut(&found.name, NAME);
    let name = match (&found.owner, found.shared) {
        (Some(owner), true) => tr!("{name} (of {})", cut(owner, NAME), name),
        (None, true) => tr!("{name} (shared)", name),
        (_, false) => name,
    };
    [
        name,
        in_words(&found.kinds),
        access,
        found.color.as_deref().map(|color| cut(color, 9)).unwrap_or_default(),
        found.url.to_string(),
    ]
}

/// "events and tasks".
pub fn in_words(kinds: &[Kind]) -> String {
    let words: Vec<String> = kinds.iter().map(|kind| kind.in_words()).collect();
    enumerated(words.iter().map(String::as_str))
}

/// The command to type next, for one collection and for all.
fn next(args: &Args, collections: &[Found], user: Option<&str>) -> String {
    let mut sign_in = String::new();
    if let Some(user) = user {
        sign_in += &format!(" --user {}", shell_word(user));
    }
    if let Some(name) = &args.sign_in.password_env {
        sign_in += &format!(" --password-env {}", shell_word(name));
    }
    if let Some(command) = &args.sign_in.password_command {
        sign_in += &format!(" --password-command {}", shell_word(command));
    }
    sign_in += &args.connection.typed();
    let all = format!(
        "{}\n  pimbridge profile add --all {}{sign_in} --dry-run\n      {}",
        tr!("Next:"),
        shell_word(args.start.trim()),
        tr!("shows a profile for each of them; without --dry-run it makes them")
    );
    let Some(first) = collections.first() else { return all };
    let Some(kind) = first.kinds.first() else { return all };
    let folder = if *kind == Kind::Contacts { "Contacts" } else { "Calendars" };
    let mode = if first.writable == Some(false) { " --mode replicate-from-server" } else { "" };
    let name = Name::like(&first.name);
    let name = shell_word(name.as_str());
    format!(
        "{all}\n  pimbridge profile add {name} --kind {} --local ~/{folder}/{name} --create-local{sign_in}{mode} --url {}\n      {}",
        word_of(KINDS, *kind),
        shell_word(first.url.as_str()),
        tr!("makes one for the first")
    )
}
