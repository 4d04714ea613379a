//! The keys that say how to sign in.

use tr::tr;
use url::Url;

use crate::keyed::{Read, Section, not_known, wrong};
use crate::oauth::{Client, LOOPBACK, PROVIDERS};
use crate::profile::words::{Means, SIGN_INS};
use crate::profile::{PasswordSource, SecretSource, SignIn};

/// What `[remote]` says, and `[oauth]` where it counts.
pub(super) fn sign_in(remote: &Section, oauth: Option<&Section>) -> Read<Option<SignIn>> {
    let means = remote.word("sign_in", SIGN_INS)?;
    let user = user(remote)?;
    let given = secret_source(remote, "password_env", "password_command")?;
    let at = given.as_ref().map(|(_, at)| *at);
    let source = given.map_or(PasswordSource::Keyring, |(source, _)| PasswordSource::Given(source));
    match (means, user, at) {
        (Some(Means::Token), user, _) => Ok(Some(SignIn::Token { user, token: source })),
        (Some(Means::OAuth), _, Some(at)) => wrong(
            at,
            tr!("with sign_in = \"oauth\" there is no password; remove password_env and password_command"),
        ),
        (Some(Means::OAuth), user, None) => match oauth {
            Some(oauth) => {
                let secret = secret_source(oauth, "client_secret_env", "client_secret_command")?;
                let secret = secret.map(|(source, _)| source);
                Ok(Some(SignIn::OAuth { user, client: Box::new(client(oauth)?), secret }))
            }
            None => remote
                .lacks(tr!("the section [oauth] is missing; it says where and as which program to sign in")),
        },
        (Some(Means::Password) | None, Some(user), _) => {
            Ok(Some(SignIn::Password { user, password: source }))
        }
        (_, None, Some(at)) => wrong(at, tr!("a password needs a user name; add user = \"…\" to [remote]")),
        (Some(Means::Password), None, None) => {
            remote.missing("user", &tr!("the name that you have on the server"))
        }
        (None, None, None) => Ok(None),
    }
}

fn user(remote: &Section) -> Read<Option<String>> {
    match remote.text("user")? {
        Some((user, at)) if user.contains(':') || user.contains(char::is_control) => {
            wrong(at, tr!("the user name must not contain a colon or a line break"))
        }
        user => Ok(user.map(|(user, _)| user.to_owned())),
    }
}

/// Where a secret is, if one of its two keys says it, and at which byte of the text.
pub(in crate::profile) fn secret_source(
    section: &Section,
    env: &'static str,
    command: &'static str,
) -> Read<Option<(SecretSource, usize)>> {
    match (section.text(env)?, section.text(command)?) {
        (Some(_), Some((_, at))) => {
            wrong(at, tr!("only one of {env} and {command} can be given; remove one of them", env, command))
        }
        (Some((name, at)), None) => {
            let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !letters || name.starts_with(|c: char| c.is_ascii_digit()) {
                return wrong(
                    at,
                    match env {
                        "client_secret_env" => tr!(
                            "{env} must be the name of an environment variable (letters, digits and _), not the client \
                             secret itself",
                            env
                        ),
                        "proxy_password_env" => tr!(
                            "{env} must be the name of an environment variable (letters, digits and _), not the proxy \
                             password itself",
                            env
                        ),
                        "client_certificate_password_env" => tr!(
                            "{env} must be the name of an environment variable (letters, digits and _), not the client \
                             certificate password itself",
                            env
                        ),
                        _ => tr!(
                            "{env} must be the name of an environment variable (letters, digits and _), not the \
                             password itself",
                            env
                        ),
                    },
                );
            }
            Ok(Some((SecretSource::Env(name.to_owned()), at)))
        }
        (None, Some((command, at))) => Ok(Some((SecretSource::Command(command.to_owned()), at))),
        (None, None) => Ok(None),
    }
}

fn client(oauth: &Section) -> Read<Client> {
    let provider = match oauth.text("provider")? {
        None => None,
        Some((typed, at)) => match PROVIDERS.iter().find(|provider| provider.name == typed) {
            Some(provider) => Some((provider, at)),
            None => {
                let names = PROVIDERS.iter().map(|provider| provider.name);
                let what = not_known("provider", typed, names);
                return wrong(
                    at,
                    tr!("{what}; for another provider give authorization_url, token_url and scopes", what),
                );
            }
        },
    };
    let Some((id, _)) = oauth.text("client_id")? else {
        let way = match provider.map(|(provider, _)| provider.registration) {
            Some(registration) => tr!(registration),
            None => tr!("ask whoever runs the server for it"),
        };
        return oauth.missing(
            "client_id",
            &tr!("one of your own (Pimbridge itself is registered nowhere yet): {way}", way),
        );
    };
    let id = id.to_owned();
    let own = (endpoint(oauth, "authorization_url")?, endpoint(oauth, "token_url")?, oauth.text("scopes")?);
    match (provider, own) {
        (Some((provider, at)), (None, None, None)) => provider
            .client(id)
            .or_else(|error| wrong(at, tr!("the addresses of {} are wrong: {error}", provider.name, error))),
        (Some((_, at)), _) => wrong(
            at,
            tr!(
                "the provider says where to sign in; remove authorization_url, token_url and scopes, or the provider"
            ),
        ),
        (None, (Some(authorization_url), Some(token_url), scopes)) => {
            let scopes = scopes.map_or("", |(scopes, _)| scopes).split_whitespace().map(str::to_owned);
            Ok(Client { id, authorization_url, token_url, scopes: scopes.collect(), loopback: LOOPBACK })
        }
        (None, (None, _, _)) => {
            oauth.missing("provider", &tr!("google or fastmail, or an authorization_url and a token_url"))
        }
        (None, (_, None, _)) => oauth.missing("token_url", &tr!("where the server hands out tokens")),
    }
}

/// An address to which secrets are sent: only over TLS, or within this computer.
fn endpoint(oauth: &Section, key: &'static str) -> Read<Option<Url>> {
    let Some((text, at)) = oauth.text(key)? else { return Ok(None) };
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() => {
            Ok(Some(url))
        }
        Ok(url) if url.scheme() == "http" && crate::collection::dav::is_loopback(&url) => Ok(Some(url)),
        _ => wrong(at, tr!("{key} must be an address that begins with https://", key)),
    }
}
