//! `profile add --all`: a profile for each collection found.
//!
//! A calendar that holds events and tasks gets two profiles that share its folder, one for each: a profile has one
//! kind, and leaving the tasks out would leave them behind without a word. Neither touches the other's items.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::connection::full_path;
use super::super::discover::nothing;
use super::super::search::{Searched, search};
use super::super::{Failure, exit, out};
use super::add::{self, Args};
use super::places::Places;
use super::{add_new, password};
use crate::collection::dav::discovery::{Found, Service, Start};
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, Name, Preset, Profile, Secret};
use crate::report::wording::cut;
use crate::settings::{self, Folders};

/// A profile that will be made.
struct Planned {
    name: Name,
    text: String,
    profile: Profile,
    what: String,
    password: Option<Secret>,
}

pub async fn run(home: &Home, args: &Args, typed: &str, preset: Option<&Preset>) -> Result<u8, Failure> {
    let mut planned = Vec::new();
    let mut taken = Taken::new(home, args.root.as_deref())?;
    if let Some(preset) = preset.filter(|preset| preset.oauth) {
        return Err(Failure::Usage(format!(
            "with {} the collections cannot be looked for before you have signed in; add one after the other, with a name, \
             --kind and --local",
            preset.title
        )));
    }
    let mut asked = None;
    for (address, services) in addresses(args, typed, preset)? {
        let searched = look(args, typed, &address, &services, preset, asked.clone()).await?;
        asked.clone_from(&searched.asked);
        for found in &searched.discovered.collections {
            for &kind in found.kinds.iter().filter(|kind| args.kind().is_none_or(|only| only == **kind)) {
                if let Some(profile) = taken.syncing(found, kind) {
                    let name = crate::report::wording::line(&found.name);
                    out::say(format!("{name} ({kind}) is synced by the profile {profile} already"));
                    continue;
                }
                planned.push(plan(home, args, preset, &searched, found, kind, &mut taken)?);
            }
        }
    }
    if planned.is_empty() {
        out::say("There is nothing to add.");
        return Ok(exit::IN_SYNC);
    }
    let width = planned.iter().map(|one| one.name.as_str().chars().count()).max().unwrap_or(0);
    for one in &planned {
        out::say(format!("{:width$}  {}", one.name, one.what));
    }
    if args.dry_run {
        out::say("Nothing was made yet: without --dry-run these profiles are made.");
        return Ok(exit::IN_SYNC);
    }
    make(home, planned).await
}

/// Where to look, and for what: a service may have its address books elsewhere.
fn addresses(
    args: &Args,
    typed: &str,
    preset: Option<&Preset>,
) -> Result<Vec<(String, Vec<Service>)>, Failure> {
    let mut addresses: Vec<(String, Vec<Service>)> = Vec::new();
    for &service in Service::BOTH {
        let kind = if service == Service::Contacts { Kind::Contacts } else { Kind::Events };
        if args.kind().is_some_and(|only| Service::of(only) != service) {
            continue;
        }
        let address = match preset {
            Some(preset) => preset.address(kind, args.url.as_deref(), Some(typed)).map_err(Failure::Usage)?,
            None => typed.to_owned(),
        };
        match addresses.iter_mut().find(|(known, _)| *known == address) {
            Some((_, services)) => services.push(service),
            None => addresses.push((address, vec![service])),
        }
    }
    Ok(addresses)
}

/// With a preset, what was typed is the user.
async fn look(
    args: &Args,
    typed: &str,
    address: &str,
    services: &[Service],
    preset: Option<&Preset>,
    asked: Option<Secret>,
) -> Result<Searched, Failure> {
    let start = Start::parse(address).map_err(Failure::Usage)?;
    let mut sign_in = args.sign_in.clone();
    if preset.is_some() && sign_in.user.is_none() {
        sign_in.user = Some(typed.to_owned());
    }
    let keys = preset.map(|preset| preset.keys).unwrap_or_default();
    let searched = search(&start, services, &sign_in, &args.connection, keys, asked).await?;
    if searched.discovered.collections.is_empty() && !searched.discovered.is_empty_account() {
        return Err(Failure::NotDone(nothing(&searched.discovered)));
    }
    Ok(searched)
}

fn plan(
    home: &Home,
    args: &Args,
    preset: Option<&Preset>,
    searched: &Searched,
    found: &Found,
    kind: Kind,
    taken: &mut Taken,
) -> Result<Planned, Failure> {
    let (plain, folder) = taken.place(found, kind)?;
    let read_only = found.writable == Some(false);
    let mode = match args.mode {
        mode @ ("replicate-from-server" | "merge-from-server") => mode,
        _ if read_only => "replicate-from-server",
        mode => mode,
    };
    let path = full_path(&folder)?;
    let text = add::text(args, preset, kind, mode, path, found.url.to_string(), searched.user.clone())?;
    let profile = profile::parse(&plain, &home.profile_file(&plain), &text).map_err(add::without_file)?;
    let mut what = format!("{kind} of {:?} in {}, {mode}", cut(&found.name, 40), folder.display());
    if read_only && mode != args.mode {
        what += " (you may only read it)";
    }
    if let Some(owner) = found.owner.as_deref().filter(|_| found.shared) {
        what += &format!(" (shared by {})", cut(owner, 40));
    } else if found.shared {
        what += " (shared)";
    }
    Ok(Planned { name: plain, text, profile, what, password: searched.asked.clone() })
}

/// Names, folders and collections that are in use.
struct Taken {
    /// Where folders are made.
    roots: Folders,
    profiles: Vec<Profile>,
    places: Places,
    /// The folders of the collections of this call, for their second kind.
    placed: Vec<(String, Name, PathBuf)>,
}

impl Taken {
    fn new(home: &Home, root: Option<&Path>) -> Result<Self, Failure> {
        let roots = match root {
            Some(root) => Folders::all_in(root),
            None => settings::load(home)?.folders,
        };
        let loaded = profile::load_all(home)?;
        let places = Places::new(&loaded);
        Ok(Self { roots, profiles: loaded.profiles, places, placed: Vec::new() })
    }

    /// The profile that syncs this already.
    fn syncing(&self, found: &Found, kind: Kind) -> Option<&Name> {
        let key = profile::url_key(&found.url);
        let mut same = self.profiles.iter().filter(|profile| profile.kind == kind);
        same.find(|profile| profile::remote_key(&profile.remote) == key).map(|profile| &profile.name)
    }

    /// A free name and folder for a collection; its second kind shares the folder.
    fn place(&mut self, found: &Found, kind: Kind) -> Result<(Name, PathBuf), Failure> {
        let url = found.url.to_string();
        if let Some((_, first, folder)) = self.placed.iter().find(|(placed, ..)| *placed == url) {
            let name = self.places.name(&Name::like(&format!("{first} {kind}")))?;
            return Ok((name, folder.clone()));
        }
        let (name, folder) = self.places.both(self.roots.of(kind), &Name::like(&found.name))?;
        self.placed.push((url, name.clone(), folder.clone()));
        Ok((name, folder))
    }
}

async fn make(home: &Home, planned: Vec<Planned>) -> Result<u8, Failure> {
    let mut stored = HashSet::new();
    let mut status = exit::IN_SYNC;
    let mut first_without_password = None;
    for one in &planned {
        add::make_folder(&one.profile)?;
        let new = add_new(home, &one.name, &one.text)?;
        match &one.password {
            Some(secret) if stored.insert(profile::keyring_entry(&new)) => {
                if let Err(Failure::Usage(why) | Failure::NotDone(why)) =
                    password::store(&new, secret.clone()).await
                {
                    out::complain(&why);
                    status = exit::SOME_FAILED;
                    first_without_password.get_or_insert(new.name);
                }
            }
            _ => {}
        }
    }
    let number = planned.len();
    let made =
        if number == 1 { "One profile is made.".to_owned() } else { format!("{number} profiles are made.") };
    let word = first_without_password.map(|name| crate::report::wording::shell_word(name.as_str()));
    let password = word.map(|word| format!("  pimbridge profile password {word}\n")).unwrap_or_default();
    out::say(format!(
        "{made} Next:\n{password}  pimbridge sync --dry-run     shows what a sync would do\n  pimbridge sync               does it"
    ));
    Ok(status)
}
