//! Finds the collection for a new profile.

use tr::tr;

use super::super::discover::{nothing, table};
use super::super::search::search;
use super::super::{Failure, out};
use crate::collection::dav::discovery::{Discovered, Found, Service, Start};
use crate::item::Kind;
use crate::profile::Secret;
use crate::setup::discover::{Access, Searched};

/// Where a collection is, and as whom to sign in there.
pub struct Place {
    pub url: String,
    pub user: Option<String>,
    /// The password, if it was asked for.
    pub password: Option<Secret>,
}

/// What is known of the collection.
pub struct Wanted<'a> {
    /// An address, a host or an e-mail address.
    pub typed: &'a str,
    pub kind: Kind,
    /// Its name, or the last part of its address.
    pub name: Option<&'a str>,
    pub access: &'a Access,
    /// Hosts that may see the password besides that of the server.
    pub trusted: &'a [String],
}

/// The collection at an address or, where the address is another one, the one that it leads to. An address that
/// cannot be looked at now is taken as it is.
pub async fn collection(wanted: &Wanted<'_>) -> Result<Place, Failure> {
    let as_typed =
        |password| Place { url: wanted.typed.to_owned(), user: wanted.access.user.clone(), password };
    let start = match Start::parse(wanted.typed) {
        Ok(start) => start,
        // What is wrong with an address is told where the profile is read.
        Err(_) if wanted.typed.contains("://") => return Ok(as_typed(None)),
        Err(why) => return Err(Failure::Usage(why)),
    };
    let is_address = start.url().is_some() && wanted.typed.contains("://");
    let service = [Service::of(wanted.kind)];
    let searched = match search(&start, &service, wanted.access, wanted.trusted, None).await {
        Ok(searched) => searched,
        Err(Failure::Usage(_)) if is_address && wanted.name.is_none() => return Ok(as_typed(None)),
        Err(Failure::NotDone(why)) if is_address && wanted.name.is_none() => {
            out::complain(&tr!("the address could not be looked at: {why}", why));
            return Ok(as_typed(None));
        }
        Err(failure) => return Err(failure),
    };
    let (Searched { discovered, user, .. }, asked) = searched;
    if discovered.is_collection && wanted.name.is_none() {
        // A server that the person let have the password is where the collection is from now on.
        let elsewhere = discovered.collections.first().map(|found| &found.url);
        return Ok(
            match elsewhere.filter(|url| start.url().is_some_and(|typed| typed.origin() != url.origin())) {
                Some(url) => Place { url: url.to_string(), ..as_typed(asked) },
                None => as_typed(asked),
            },
        );
    }
    let found = match choose(&discovered, wanted) {
        Ok(found) => found,
        Err(why)
            if is_address
                && wanted.name.is_none()
                && discovered.collections.is_empty()
                && !discovered.is_empty_account() =>
        {
            out::complain(&why);
            return Ok(as_typed(asked));
        }
        Err(why) => return Err(Failure::Usage(why)),
    };
    out::say(tr!("Found {} at {}", format_args!("{:?}", found.name), found.url));
    Ok(Place { url: found.url.to_string(), user, password: asked })
}

/// The only one that fits. The error is a text for a person.
fn choose<'a>(discovered: &'a Discovered, wanted: &Wanted) -> Result<&'a Found, String> {
    let fits = |found: &&Found| found.kinds.contains(&wanted.kind);
    let fitting: Vec<&Found> = discovered.collections.iter().filter(fits).collect();
    let named = |found: &&&Found| match wanted.name {
        None => true,
        Some(name) => {
            found.name.to_lowercase() == name.to_lowercase() || found.segment().as_deref() == Some(name)
        }
    };
    let chosen: Vec<&Found> = fitting.iter().filter(named).copied().collect();
    let kind = wanted.kind.in_words();
    match (chosen.as_slice(), fitting.as_slice()) {
        ([one], _) => Ok(one),
        ([], []) if discovered.is_empty_account() => {
            Err(tr!("your account there has no collection for {} yet: make one on the server", kind))
        }
        ([], []) if discovered.collections.is_empty() => Err(nothing(discovered)),
        ([], []) => {
            Err(tr!("there is no collection for {}, only these:\n{}", kind, table(&discovered.collections)))
        }
        ([], all) => Err(tr!(
            "no collection for {} is called {}; there are:\n{}",
            kind,
            format_args!("{:?}", wanted.name.unwrap_or_default()),
            table(all.iter().copied())
        )),
        (several, _) => Err(tr!(
            "there are several collections for {}; choose one with --collection NAME, or with its address as --url:\n{}",
            kind,
            table(several.iter().copied())
        )),
    }
}
