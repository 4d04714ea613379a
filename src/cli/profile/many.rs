//! `profile add --all`: a profile for each collection found.

use std::collections::HashSet;

use tr::tr;

use super::super::discover::nothing;
use super::super::search::search;
use super::super::{Failure, exit, out};
use super::add::Args;
use super::password;
use crate::collection::dav::discovery::{Found, Start};
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{self, MODES, Preset, Secret, word_of};
use crate::report::wording::cut;
use crate::setup::account::{self, Taken, Target, Wish};
use crate::setup::change;
use crate::setup::discover::Searched;

/// A profile that will be made.
struct Planned {
    plan: account::Planned,
    what: String,
    password: Option<Secret>,
}

pub async fn run(
    home: &Home,
    args: &Args,
    typed: &str,
    preset: Option<&'static Preset>,
) -> Result<u8, Failure> {
    let mut planned = Vec::new();
    let mut taken = Taken::new(home, args.root.as_deref())?;
    if let Some(preset) = preset.filter(|preset| preset.oauth) {
        return Err(Failure::Usage(tr!(
            "with {} the collections cannot be looked for before you have signed in; add one after the other, with a name, \
             --kind and --local",
            preset.title
        )));
    }
    let wish = args.wish(preset)?;
    // With a preset, what was typed is the user.
    let user = args.sign_in.user.clone().or_else(|| preset.map(|_| typed.to_owned()));
    let access = wish.access(user);
    let mut asked = None;
    let addresses = account::addresses(typed, preset, args.url.as_deref(), args.kind());
    for (address, services) in addresses.map_err(Failure::Usage)? {
        let start = Start::parse(&address).map_err(Failure::Usage)?;
        let trusted = args.connection.trusted_hosts();
        let (searched, password) = search(&start, &services, &access, trusted, asked.clone()).await?;
        if searched.discovered.collections.is_empty() && !searched.discovered.is_empty_account() {
            return Err(Failure::NotDone(nothing(&searched.discovered)));
        }
        asked = password;
        for found in &searched.discovered.collections {
            for &kind in found.kinds.iter().filter(|kind| args.kind().is_none_or(|only| only == **kind)) {
                if let Some(profile) = taken.syncing(&found.url, kind) {
                    let name = crate::report::wording::line(&found.name);
                    out::say(tr!(
                        "{name} ({kind}) is synced by the profile {profile} already",
                        name,
                        profile,
                        kind = kind.in_words()
                    ));
                    continue;
                }
                let (plan, what) = plan(home, &wish, &searched, found, kind, &mut taken)?;
                planned.push(Planned { plan, what, password: asked.clone() });
            }
        }
    }
    if planned.is_empty() {
        out::say(tr!("There is nothing to add."));
        return Ok(exit::IN_SYNC);
    }
    let width = out::widest(planned.iter().map(|one| one.plan.profile.name.as_str()));
    for one in &planned {
        out::say(format!("{:width$}  {}", one.plan.profile.name, one.what));
    }
    if args.dry_run {
        out::say(tr!("Nothing was made yet: without --dry-run these profiles are made."));
        return Ok(exit::IN_SYNC);
    }
    make(home, planned).await
}

/// The profile for what was found, and what it is in words.
fn plan(
    home: &Home,
    wish: &Wish,
    searched: &Searched,
    found: &Found,
    kind: Kind,
    taken: &mut Taken,
) -> Result<(account::Planned, String), Failure> {
    let (name, folder) = taken.place(&found.url, &found.name, kind)?;
    let mode = account::possible(wish.mode, found.writable == Some(false));
    let (url, user) = (found.url.to_string(), searched.user.clone());
    let plan = wish.plan(home, Target { name: &name, kind, mode, folder: &folder, url, user })?;
    let mut what = tr!(
        "{kind} of {name} in {folder}, {mode}",
        kind = kind.in_words(),
        name = format_args!("{:?}", cut(&found.name, 40)),
        folder = folder.display(),
        mode = word_of(MODES, mode)
    );
    if mode != wish.mode {
        what = tr!("{what} (you may only read it)", what);
    }
    if let Some(owner) = found.owner.as_deref().filter(|_| found.shared) {
        what = tr!("{what} (shared by {})", cut(owner, 40), what);
    } else if found.shared {
        what = tr!("{what} (shared)", what);
    }
    Ok((plan, what))
}

async fn make(home: &Home, planned: Vec<Planned>) -> Result<u8, Failure> {
    let mut stored = HashSet::new();
    let mut status = exit::IN_SYNC;
    let mut first_without_password = None;
    for Planned { plan, password, .. } in &planned {
        change::make_folder(&plan.profile)?;
        let new = change::add_new(home, &plan.profile.name, &plan.text)?;
        match password {
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
    let made = tr!("One profile is made." | "{n} profiles are made." % planned.len());
    let word = first_without_password.map(|name| crate::report::wording::shell_word(name.as_str()));
    let password = word.map(|word| format!("  pimbridge profile password {word}\n")).unwrap_or_default();
    out::say(format!(
        "{made} {}\n{password}  pimbridge sync --dry-run     {}\n  pimbridge sync               {}",
        tr!("Next:"),
        tr!("shows what a sync would do"),
        tr!("does it")
    ));
    Ok(status)
}
