//! Accounts: what they have, the profiles for it, and their sign-in.

use std::path::Path;

use tokio::sync::Notify;
use tr::tr;
use url::Url;

use super::told;
use crate::collection::dav::discovery::{Discovered, Found, Service, Start};
use crate::daemon::protocol::account as words;
use crate::daemon::protocol::account::{
    Account, Add, Added, Chosen, Collection, Means, Password, Preset, Presets, SignIn, Sync,
};
use crate::home::Home;
use crate::item::Kind;
use crate::profile::{
    self, Name, PRESETS, PasswordSource, Profile, RemoteSpec, Secret, SecretError, SecretSource, keyring,
};
use crate::setup::account::{Planned, Taken, Target, Wish, addresses, make_all, possible};
use crate::setup::discover::{Access, Search, SearchError, Searched};
use crate::setup::{SetupError, account, browser, password};
use crate::sync::policy::{Conflict, Mode};

/// Nobody waits any longer for a browser.
static LEAVE: Notify = Notify::const_new();

pub fn presets() -> Presets {
    let presets = PRESETS.iter().map(|preset| Preset {
        name: preset.name.to_owned(),
        title: preset.title.to_owned(),
        needs_host: preset.needs_host(),
        in_browser: preset.oauth,
        note: preset.note.map(str::to_owned),
    });
    Presets { presets: presets.collect() }
}

/// Looks for the collections of an account. Of one into which a person signs in in a browser the addresses are known.
pub async fn discover(home: &Home, wanted: &Account) -> Result<words::Discovered, String> {
    let wish = wish(wanted)?;
    let mut taken = Taken::new(home, None).map_err(told)?;
    let places = addresses(&wanted.typed, wish.preset, wanted.host.as_deref(), None)?;
    let user = wanted.user.clone().or_else(|| wish.preset.map(|_| wanted.typed.clone()));
    if let Some(preset) = wish.preset.filter(|preset| preset.oauth) {
        let collections = [Kind::Events, Kind::Contacts].map(|kind| {
            let url = preset.address(kind, None, user.as_deref())?;
            let url = Url::parse(&url).map_err(told)?;
            let called = match kind {
                Kind::Contacts => tr!("{} contacts", preset.title),
                _ => tr!("{} calendar", preset.title),
            };
            known(&url, &called, kind, Mode::TwoWay, &mut taken).map_err(told)
        });
        let collections = collections.into_iter().collect::<Result<_, _>>()?;
        return Ok(words::Discovered { user, collections, ..nothing() });
    }
    let access = wish.access(user);
    let mut found = nothing();
    for (address, services) in places {
        let searched = search(wanted, &address, &services, &access).await?;
        found.user = searched.user;
        collect(&mut found, searched.discovered, &mut taken).map_err(told)?;
    }
    Ok(found)
}

fn nothing() -> words::Discovered {
    words::Discovered {
        user: None,
        collections: Vec::new(),
        strangers: Vec::new(),
        certificate: None,
        is_empty: false,
        tried: Vec::new(),
    }
}

async fn search(
    wanted: &Account,
    address: &str,
    services: &[Service],
    access: &Access,
) -> Result<Searched, String> {
    let start = Start::parse(address)?;
    let search = Search::new(&start, access).map_err(refused)?;
    let given = wanted.password.as_ref().filter(|password| !password.expose().is_empty());
    if let (Some(user), None) = (search.wants_password_of(), given) {
        return Err(tr!("enter the password of {}", user));
    }
    search.run(services, given, &wanted.trusted_hosts).await.map_err(refused)
}

/// Why nothing can be looked for, and what a person at a window can do about it.
fn refused(error: SearchError) -> String {
    match error {
        SearchError::NoUser => tr!("the server wants a user name and a password: enter them, and try again"),
        SearchError::Refused { why, users } => match users.as_slice() {
            [first, second] => tr!(
                "{0}; the user names {1} and {2} were tried: if the server knows you by another one, enter it as the user name",
                why,
                first,
                second
            ),
            _ => why,
        },
        error => error.to_string(),
    }
}

/// Adds what was found at one place.
fn collect(found: &mut words::Discovered, more: Discovered, taken: &mut Taken) -> Result<(), SetupError> {
    found.is_empty |= more.is_empty_account();
    for collection in &more.collections {
        for &kind in &collection.kinds {
            found.collections.push(offer(collection, kind, taken)?);
        }
    }
    for host in more.foreign {
        if !found.strangers.contains(&host) {
            found.strangers.push(host);
        }
    }
    let shown = more.tried.iter().find_map(|tried| tried.certificate);
    found.certificate = found.certificate.take().or(shown.map(|shown| shown.to_string()));
    found.tried.extend(more.tried.into_iter().map(|tried| tried.why));
    Ok(())
}

fn offer(found: &Found, kind: Kind, taken: &mut Taken) -> Result<Collection, SetupError> {
    let read_only = found.writable == Some(false);
    Ok(Collection {
        color: found.color.clone(),
        owner: found.owner.clone(),
        shared: found.shared,
        read_only,
        ..known(&found.url, &found.name, kind, possible(Mode::TwoWay, read_only), taken)?
    })
}

/// A collection of which no more is known than where it is.
fn known(
    url: &Url,
    called: &str,
    kind: Kind,
    direction: Mode,
    taken: &mut Taken,
) -> Result<Collection, SetupError> {
    let sync = match taken.syncing(url, kind) {
        Some(profile) => Sync::Profile { profile: profile.to_string() },
        None => {
            let (name, folder) = taken.place(url, called, kind)?;
            Sync::Proposal { name: name.to_string(), folder: folder.display().to_string(), direction }
        }
    };
    Ok(Collection {
        url: url.to_string(),
        kind,
        name: called.to_owned(),
        color: None,
        owner: None,
        shared: false,
        read_only: false,
        sync,
    })
}

/// How the profiles of an account are to be.
fn wish(account: &Account) -> Result<Wish, String> {
    let preset = account.preset.as_deref().map(profile::preset_named).transpose()?;
    if let (Some(preset), None) = (preset.filter(|preset| preset.oauth), &account.client_id) {
        return Err(tr!(
            "{} signs you in in a browser, for which you need a client id of your own: enter it, and try again",
            preset.title
        ));
    }
    if let (Some(preset), None) = (preset.filter(|preset| preset.needs_host()), &account.host) {
        return Err(tr!("{} runs on many servers: enter the host of yours", preset.title));
    }
    let keys = [
        ("remote.pinned_certificate", &account.certificate),
        ("oauth.client_secret_command", &account.client_secret_command),
    ];
    let keys = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
    let password = match &account.password_command {
        Some(command) => PasswordSource::Given(SecretSource::Command(command.clone())),
        None => PasswordSource::Keyring,
    };
    Ok(Wish {
        preset,
        client_id: account.client_id.clone(),
        mode: Mode::TwoWay,
        conflict: Conflict::Automatic,
        password,
        keys: keys.collect(),
    })
}

/// Makes profiles that wait for the person's yes. Nothing is made where the password cannot be kept.
pub async fn add(home: &Home, add: &Add) -> Result<Added, String> {
    let mut wish = wish(&add.account)?;
    wish.keys.push(("preview_needed".to_owned(), "true".to_owned()));
    let planned = plan(home, add, &wish)?;
    if planned.is_empty() {
        return Err(tr!("nothing is chosen: tick what is to be synchronized"));
    }
    if let Some(secret) = &add.account.password
        && let Err(error) = keyring::with_person(keep(&planned, secret)).await
    {
        return match error {
            SetupError::Secret(
                error @ (SecretError::NoKeyring | SecretError::Keyring(_) | SecretError::Locked),
            ) => Ok(Added::NotKept { why: error.to_string() }),
            error => Err(told(error)),
        };
    }
    // One that fails is told while another one can still be entered.
    if add.account.password_command.is_some()
        && let Some(one) = planned.first()
    {
        profile::account(&one.profile, None).await.map_err(told)?;
    }
    make_all(home, &planned).map_err(told)?;
    Ok(Added::Made { profiles: planned.iter().map(|one| one.profile.name.to_string()).collect() })
}

fn plan(home: &Home, add: &Add, wish: &Wish) -> Result<Vec<Planned>, String> {
    let mut all = profile::load_all(home).map_err(told)?.profiles;
    let mut planned = Vec::new();
    for Chosen { url, kind, name, folder, direction } in &add.chosen {
        let name = Name::new(name).map_err(told)?;
        let (folder, user) = (Path::new(folder.trim()), add.user.clone());
        let target = Target { name: &name, kind: *kind, mode: *direction, folder, url: url.clone(), user };
        let one = wish.plan(home, target).map_err(told)?;
        if let Some(other) = all.iter().find(|other| mixes(other, &one.profile)) {
            return Err(tr!(
                "the folder {0} is that of {1} already, and two calendars in one folder would be mixed: choose another folder for {2}",
                one.profile.local,
                other.name,
                name
            ));
        }
        all.push(one.profile.clone());
        planned.push(one);
    }
    Ok(planned)
}

/// Both keep items of one kind in one folder, from two collections.
fn mixes(one: &Profile, other: &Profile) -> bool {
    one.kind == other.kind
        && profile::local_key(&one.local) == profile::local_key(&other.local)
        && profile::remote_key(&one.remote) != profile::remote_key(&other.remote)
}

/// Puts the password into the keyring, once for all that share it.
async fn keep(planned: &[Planned], secret: &Secret) -> Result<(), SetupError> {
    let mut kept = Vec::new();
    for one in planned {
        let Some(entry) = profile::keyring_entry(&one.profile) else { continue };
        if !kept.contains(&entry) {
            password::store(&one.profile, secret.clone()).await?;
            kept.push(entry);
        }
    }
    Ok(())
}

pub async fn take_back(home: &Home, profiles: &[String]) -> Result<(), String> {
    keyring::with_person(account::take_back(home, profiles)).await.map_err(told)
}

pub fn how_it_signs_in(home: &Home, name: &str) -> Result<SignIn, String> {
    let profile = profile::load(home, name).map_err(told)?;
    let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
    let means = match sign_in {
        None => Means::Nothing,
        Some(profile::SignIn::OAuth { .. }) => Means::Browser,
        Some(_) if profile::keyring_entry(&profile).is_none() => Means::Elsewhere,
        Some(profile::SignIn::Password { .. }) => Means::Password,
        Some(profile::SignIn::Token { .. }) => Means::Token,
    };
    Ok(SignIn {
        profile: name.to_owned(),
        host: url.host_str().unwrap_or_default().to_owned(),
        user: sign_in.as_ref().and_then(|sign_in| sign_in.user()).map(str::to_owned),
        means,
    })
}

pub async fn password(home: &Home, new: Password) -> Result<(), String> {
    let profile = profile::load(home, &new.profile).map_err(told)?;
    keyring::with_person(password::store(&profile, new.password)).await.map_err(told)
}

/// Waits until the person has signed in in the browser, or does not want to any more.
pub async fn sign_in(home: &Home, name: &str) -> Result<(), String> {
    let profile = profile::load(home, name).map_err(told)?;
    let signed_in = keyring::with_person(async {
        let Some(visit) = browser::begin(&profile).await? else {
            return Err(SetupError::Wrong(tr!("{} does not sign in in a browser", profile.name)));
        };
        if let Err(error) = open::that_detached(visit.page().as_str()) {
            let why = tr!("no browser can be opened ({}); start one, and try again", error);
            return Err(SetupError::NotDone(why));
        }
        visit.finish().await
    });
    tokio::select! {
        signed_in = signed_in => signed_in.map_err(told),
        () = LEAVE.notified() => Err(tr!("you did not sign in")),
    }
}

pub fn leave_sign_in() {
    LEAVE.notify_waiters();
}
