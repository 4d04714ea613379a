//! Whose profiles they are.

use url::Origin;

use super::{Profile, RemoteSpec, SignIn};

/// A person at a server.
///
/// Profiles may come by a person's password in different ways, or sign in once with a password and once with a token: to
/// the server that is one account, which it may lock after a few refusals, whoever caused them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub origin: Origin,
    who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    User(String),
    /// Without a name, only the way to sign in tells one from another; none where nobody signs in.
    Nameless(Option<SignIn>),
}

impl Account {
    pub fn of(profile: &Profile) -> Account {
        let RemoteSpec::Dav { url, sign_in, .. } = &profile.remote;
        Account::new(url.origin(), sign_in.as_ref())
    }

    pub fn new(origin: Origin, sign_in: Option<&SignIn>) -> Account {
        let who = match sign_in.and_then(SignIn::user) {
            Some(user) => Who::User(user.to_owned()),
            None => Who::Nameless(sign_in.cloned()),
        };
        Account { origin, who }
    }

    /// The name that the person has there.
    pub fn user(&self) -> Option<&str> {
        match &self.who {
            Who::User(user) => Some(user),
            Who::Nameless(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::profile::{Name, parse};

    fn account(host: &str, sign_in: &str) -> Account {
        let text = format!(
            "kind = \"events\"\n[local]\ntype = \"vdir\"\npath = \"/cal\"\n[remote]\ntype = \"dav\"\n\
             url = \"https://{host}/work/\"\n{sign_in}"
        );
        Account::of(&parse(&Name::new("p").unwrap(), Path::new("p.toml"), &text).unwrap())
    }

    #[test]
    fn a_person_is_one_account_wherever_the_secret_is() {
        let jana = account("one.example", "user = \"jana\"");
        assert_eq!(jana.user(), Some("jana"));
        for same in ["password_command = \"pass\"", "password_env = \"P\"", "sign_in = \"token\""] {
            assert_eq!(account("one.example", &format!("user = \"jana\"\n{same}")), jana, "{same}");
        }
        assert_ne!(account("two.example", "user = \"jana\""), jana);
        assert_ne!(account("one.example", "user = \"ole\""), jana);
        let token =
            |variable| account("one.example", &format!("sign_in = \"token\"\npassword_env = \"{variable}\""));
        assert_ne!(token("A"), token("B"), "nobody knows whether they are of one person");
        assert_ne!(token("A"), account("one.example", ""));
    }
}
