//! The words about accounts: what an account has, the profiles for it, and its sign-in.

use serde::{Deserialize, Serialize};

use crate::item::Kind;
use crate::profile::Secret;
use crate::sync::policy::Mode;

/// The services that are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presets {
    pub presets: Vec<Preset>,
}

/// A service, or a product that many run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    pub name: String,
    /// What people call it.
    pub title: String,
    /// It runs on many servers: the person must say on which.
    pub needs_host: bool,
    /// The person signs in in a browser, with a client id of their own.
    pub in_browser: bool,
    /// What a person should know.
    pub note: Option<String>,
}

/// Where an account is, and how to sign in there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// An e-mail address, a host, or an address on the server; with a preset, the user there.
    pub typed: String,
    /// The name of a preset.
    pub preset: Option<String>,
    /// The server of a preset that runs on many.
    pub host: Option<String>,
    /// The user name, where what was typed does not tell it.
    pub user: Option<String>,
    #[serde(with = "secret::perhaps", skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// A command that prints the password, which is then not kept in the keyring.
    pub password_command: Option<String>,
    /// As which client to sign in in a browser, and a command that prints the client's secret.
    pub client_id: Option<String>,
    pub client_secret_command: Option<String>,
    /// The only certificate of the server that is accepted, by its fingerprint.
    pub certificate: Option<String>,
    /// Hosts of other domains that may see the password.
    pub trusted_hosts: Vec<String>,
}

/// What an account has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovered {
    /// Whom the server knows.
    pub user: Option<String>,
    /// A calendar that holds events and tasks is there twice, once for each.
    pub collections: Vec<Collection>,
    /// Hosts that the account is on too, perhaps. They were asked nothing, because they belong to another domain: they
    /// need the person's yes, as [`Account::trusted_hosts`].
    pub strangers: Vec<String>,
    /// A server shows this certificate, for which nobody vouches: it needs the person's yes, as
    /// [`Account::certificate`].
    pub certificate: Option<String>,
    /// The account is there, and has no collection.
    pub is_empty: bool,
    /// Where nothing was found, and why: a sentence each.
    pub tried: Vec<String>,
}

/// A calendar, task list or address book, and how it would be synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    pub url: String,
    pub kind: Kind,
    pub name: String,
    pub color: Option<String>,
    pub owner: Option<String>,
    /// It belongs to somebody else.
    pub shared: bool,
    pub read_only: bool,
    pub sync: Sync,
}

/// How a collection is synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Sync {
    /// A profile does it.
    Profile { profile: String },
    /// It could be like this.
    Proposal { name: String, folder: String, direction: Mode },
}

/// What is to be synced of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    pub account: Account,
    /// Whom the server knows, as [`Discovered::user`] says.
    pub user: Option<String>,
    pub chosen: Vec<Chosen>,
}

/// A profile that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub url: String,
    pub kind: Kind,
    /// The name of the profile.
    pub name: String,
    pub folder: String,
    pub direction: Mode,
}

/// Whether the profiles were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "added", rename_all = "kebab-case")]
pub enum Added {
    /// They wait until the person has looked ahead at what they do: `sync` with `accept_preview`.
    Made { profiles: Vec<String> },
    /// Nothing was made, because the password cannot be kept in the keyring: it must be somewhere else.
    NotKept { why: String },
}

/// How a profile signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub profile: String,
    pub host: String,
    pub user: Option<String>,
    pub means: Means,
}

/// What a profile proves itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    Nothing,
    /// A password in the keyring.
    Password,
    /// A token in the keyring.
    Token,
    /// What a command prints or a variable of the environment holds.
    Elsewhere,
    /// The provider's page in a browser.
    Browser,
}

/// A password for a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    pub profile: String,
    #[serde(with = "secret")]
    pub password: Secret,
}

/// A secret on its way over the socket, to which only its owner can connect. Nothing else writes it.
mod secret {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Secret;

    pub fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }

    pub mod perhaps {
        use super::{Deserialize, Deserializer, Secret, Serializer};

        pub fn serialize<S: Serializer>(secret: &Option<Secret>, to: S) -> Result<S::Ok, S::Error> {
            match secret {
                Some(secret) => super::serialize(secret, to),
                None => to.serialize_none(),
            }
        }

        pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Secret>, D::Error> {
            Ok(Option::<String>::deserialize(from)?.map(Secret::new))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ask, Question, Request, VERSION};
    use super::*;

    #[test]
    fn a_password_goes_over_the_socket_and_nowhere_else() {
        let account = Account {
            typed: "jana@example.org".to_owned(),
            password: Some(Secret::new("hunter2")),
            ..Account::default()
        };
        let request = Request::Question(Question::Discover(account.clone()));
        assert!(!format!("{request:?}").contains("hunter2"));
        let line = serde_json::to_string(&Ask { v: VERSION, id: 1, request: request.clone() }).unwrap();
        assert!(line.contains(r#""request":"discover""#) && line.contains("hunter2"), "{line}");
        assert_eq!(serde_json::from_str::<Ask>(&line).unwrap().request, request);
        let none = Account { password: None, ..account };
        assert_eq!(serde_json::from_str::<Account>(r#"{"typed":"jana@example.org"}"#).unwrap(), none);
        let wrong = r#"{"v":1,"id":1,"request":"password","profile":1,"password":"hunter2"}"#;
        let error = serde_json::from_str::<Ask>(wrong).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
