//! Looking for the collections of an account before there is a profile.

use std::path::Path;

use tr::tr;

use super::SetupError;
use crate::collection::dav::Account;
use crate::collection::dav::discovery::{Discovered, Service, Start, discover};
use crate::collection::{CollectionError, Trouble};
use crate::profile::{self, Name, New, OpenError, PasswordSource, Profile, Secret};

/// As whom to sign in, and how the server is reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// The user name; none: what was typed tells.
    pub user: Option<String>,
    /// Where the password is. The keyring has none yet: then it must be given.
    pub password: PasswordSource,
    /// Keys of a profile, with values as `profile set` takes them.
    pub keys: Vec<(String, String)>,
}

/// Nothing can be looked for. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("{0}")]
    Wrong(String),
    #[error("{}", tr!("the server wants a user name and a password"))]
    NoUser,
    /// The sign-in was refused to each of these.
    #[error("{why}")]
    Refused { why: String, users: Vec<String> },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Collection(CollectionError),
}

/// What was found, and as whom.
#[derive(Debug)]
pub struct Searched {
    pub discovered: Discovered,
    pub user: Option<String>,
    /// The likelier user name, which the server did not accept.
    pub refused: Option<String>,
}

/// A search that can begin.
#[derive(Debug)]
pub struct Search {
    start: Start,
    /// A user name each, the likelier one first, and a profile that is never written: it says how to reach the server.
    tries: Vec<(Option<String>, Profile)>,
}

impl Search {
    /// # Errors
    /// Something about the way to the server is wrong.
    pub fn new(start: &Start, access: &Access) -> Result<Self, SearchError> {
        let users: Vec<Option<String>> = match &access.user {
            Some(user) => vec![Some(user.clone())],
            None if start.users().is_empty() => vec![None],
            None => start.users().iter().cloned().map(Some).collect(),
        };
        let tries = users.into_iter().map(|user| Ok((user.clone(), draft(start, access, user)?)));
        Ok(Self { start: start.clone(), tries: tries.collect::<Result<_, SearchError>>()? })
    }

    /// The user whose password must be given, where it is nowhere else.
    pub fn wants_password_of(&self) -> Option<&str> {
        let (user, draft) = self.tries.first()?;
        profile::keyring_entry(draft).and(user.as_deref())
    }

    /// Looks for collections as one user after the other, until one may sign in. `trusted` are hosts that may see the
    /// password besides those of the domain that was typed.
    ///
    /// # Errors
    /// The sign-in is refused. That nothing is found is no error.
    pub async fn run(
        &self,
        services: &[Service],
        password: Option<&Secret>,
        trusted: &[String],
    ) -> Result<Searched, SearchError> {
        let mut refused: Vec<String> = Vec::new();
        let mut why = String::new();
        for (user, draft) in &self.tries {
            let account = profile::account(draft, password.cloned()).await?;
            match discover(&self.start, services, &account, trusted).await {
                Ok(discovered) => {
                    return Ok(Searched { discovered, user: user.clone(), refused: refused.pop() });
                }
                Err(error) if error.trouble == Trouble::SignIn => {
                    refused.extend(user.clone());
                    why = error.to_string();
                }
                Err(error) => return Err(SearchError::Collection(error)),
            }
        }
        Err(match refused.is_empty() {
            true => SearchError::NoUser,
            false => SearchError::Refused { why, users: refused },
        })
    }

    /// The account of the likeliest user, as a profile would have it. Nothing is sent yet.
    ///
    /// # Errors
    /// The password, or something else that it needs, cannot be had.
    pub async fn account(&self, password: Option<&Secret>) -> Result<Account, SearchError> {
        // There is always one to try.
        let Some((_, draft)) = self.tries.first() else { return Err(SearchError::NoUser) };
        Ok(profile::account(draft, password.cloned()).await?)
    }
}

fn draft(start: &Start, access: &Access, user: Option<String>) -> Result<Profile, SearchError> {
    let wrong = |why: String| SearchError::Wrong(why);
    let name = Name::new("discover").map_err(|error| wrong(error.to_string()))?;
    let text = profile::new_text(&New {
        kind: "events",
        mode: "two-way",
        conflict: "automatic",
        path: "~".to_owned(),
        url: start.address(),
        user,
        password: access.password.clone(),
    });
    let text = profile::with_keys(text, &access.keys).map_err(wrong)?;
    profile::parse(&name, Path::new(""), &text).map_err(|error| match error {
        profile::ProfileError::Content { what, .. } => SearchError::Wrong(what),
        error => SearchError::Wrong(error.to_string()),
    })
}

impl From<SearchError> for SetupError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Wrong(why) => SetupError::Wrong(why),
            error => SetupError::NotDone(error.to_string()),
        }
    }
}
