//! How the server of a profile is reached: the keys of its file, and the files and secrets that they name.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tr::tr;
use url::{Host, Url};

use super::parse::{expand, secret_source};
use super::secret::{Purpose, Secret, SecretError};
use super::{OpenError, PasswordSource, SecretSource, keyring};
use crate::collection::dav::{
    BadCertificates, ClientCertificate, Connection, ConnectionOptions, Fingerprint, Proxy, ProxySignIn,
    Trust, certificates,
};
use crate::keyed::{Read, Section, wrong};

/// A larger file holds no certificates.
const MAX_BYTES: u64 = 1024 * 1024;

/// How a server is reached, as a profile's file says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ConnectionSpec {
    pub trust: TrustSpec,
    pub client_certificate: Option<CertificateSpec>,
    pub proxy: ProxySpec,
    pub options: ConnectionOptions,
}

/// Which certificates of the server are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum TrustSpec {
    /// Those that this computer trusts.
    #[default]
    System,
    /// Those, and what the authorities in this PEM file signed.
    Authority(PathBuf),
    /// This one only.
    Pinned(Fingerprint),
}

/// Where the certificate is with which to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertificateSpec {
    /// A PEM or PKCS#12 file.
    pub file: PathBuf,
    /// Where the passphrase of the file is, if it has one.
    pub passphrase: Option<SecretSource>,
}

/// Through which proxy the server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ProxySpec {
    /// That of the system.
    #[default]
    System,
    /// None.
    Direct,
    /// This one, with a user name where it wants one.
    Via { url: Url, sign_in: Option<ProxyUser> },
}

/// As whom to sign in at a proxy, and where the password is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyUser {
    pub user: String,
    pub password: PasswordSource,
}

impl ConnectionSpec {
    /// Where the profile says that its secrets are.
    pub(super) fn given(&self) -> impl Iterator<Item = &SecretSource> {
        let passphrase =
            self.client_certificate.as_ref().and_then(|certificate| certificate.passphrase.as_ref());
        let password = match &self.proxy {
            ProxySpec::Via {
                sign_in: Some(ProxyUser { password: PasswordSource::Given(given), .. }),
                ..
            } => Some(given),
            _ => None,
        };
        passphrase.into_iter().chain(password)
    }

    /// Reads the files and secrets that it names.
    ///
    /// # Errors
    /// One of them cannot be had, or a file holds something else.
    pub async fn load(&self) -> Result<Connection, OpenError> {
        let trust = match &self.trust {
            TrustSpec::System => Trust::System,
            TrustSpec::Pinned(fingerprint) => Trust::Pinned(*fingerprint),
            TrustSpec::Authority(file) => Trust::Authorities(from_file("ca_file", file, certificates)?),
        };
        let client_certificate = match &self.client_certificate {
            None => None,
            Some(CertificateSpec { file, passphrase }) => {
                let passphrase = match passphrase {
                    Some(source) => {
                        Some(source.read(Purpose::Passphrase).await.map_err(OpenError::Passphrase)?)
                    }
                    None => None,
                };
                let passphrase = passphrase.as_ref().map_or("", |secret| secret.expose());
                let read = |bytes: &[u8]| ClientCertificate::read(bytes, passphrase);
                Some(from_file("client_certificate", file, read)?)
            }
        };
        let proxy = match &self.proxy {
            ProxySpec::System => Proxy::System,
            ProxySpec::Direct => Proxy::Direct,
            ProxySpec::Via { url, sign_in } => {
                let password = self.proxy.password().await.map_err(OpenError::Proxy)?;
                let sign_in = sign_in.as_ref().zip(password).map(|(user, password)| ProxySignIn {
                    user: user.user.clone(),
                    password: password.expose().to_owned(),
                });
                Proxy::Via { url: url.clone(), sign_in }
            }
        };
        Ok(Connection { trust, client_certificate, proxy, options: self.options.clone() })
    }
}

impl ProxySpec {
    /// The password with which to sign in there; none where nobody signs in.
    pub(super) async fn password(&self) -> Result<Option<Secret>, SecretError> {
        match self {
            ProxySpec::Via { url, sign_in: Some(user) } => user.password(url).await.map(Some),
            _ => Ok(None),
        }
    }
}

impl ProxyUser {
    /// How the keyring calls this user at the proxy of this address.
    fn entry(&self, proxy: &Url) -> String {
        format!("{}@{} (proxy)", self.user, proxy.origin().ascii_serialization())
    }

    async fn password(&self, proxy: &Url) -> Result<Secret, SecretError> {
        let entry = self.entry(proxy);
        self.password.read(Purpose::ProxyPassword, &entry).await?.ok_or_else(|| SecretError::NotStored {
            what: Purpose::ProxyPassword,
            entry,
            way: tr!("store it with: pimbridge profile password NAME --proxy"),
        })
    }

    /// Puts the password into the keyring.
    pub async fn store_password(&self, proxy: &Url, password: Secret) -> Result<(), SecretError> {
        keyring::store(self.entry(proxy), password).await
    }

    /// Removes the password from the keyring; says whether there was one.
    pub async fn delete_password(&self, proxy: &Url) -> Result<bool, SecretError> {
        keyring::delete(self.entry(proxy)).await
    }
}

/// What is read from a file that a key names.
fn from_file<T>(
    key: &'static str,
    file: &Path,
    read: impl FnOnce(&[u8]) -> Result<T, BadCertificates>,
) -> Result<T, OpenError> {
    let mut bytes = Vec::new();
    let opened = File::open(file).and_then(|opened| opened.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    let path = || file.to_owned();
    opened.map_err(|source| OpenError::Unreadable { key, file: path(), source })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(OpenError::TooLarge { key, file: path() });
    }
    read(&bytes).map_err(|why| OpenError::Certificates { key, file: path(), why })
}

/// Reads the keys of the section [remote] that are about the connection.
pub(super) fn read(section: &Section) -> Read<ConnectionSpec> {
    let default = ConnectionOptions::default();
    let seconds = |key, default| {
        Ok(section.number::<u32>(key)?.map_or(default, |number| Duration::from_secs(number.into())))
    };
    Ok(ConnectionSpec {
        trust: trust(section)?,
        client_certificate: client_certificate(section)?,
        proxy: proxy(section)?,
        options: ConnectionOptions {
            close: section.switch("close_connections")?.unwrap_or(default.close),
            http1_only: section.switch("http1_only")?.unwrap_or(default.http1_only),
            silence: seconds("timeout_seconds", default.silence)?,
            connect: seconds("connect_timeout_seconds", default.connect)?,
            trusted_hosts: section.list("trusted_hosts")?.into_iter().map(host).collect::<Read<_>>()?,
            allow_plain_http: section.switch("allow_plain_http")?.unwrap_or(false),
        },
    })
}

fn trust(section: &Section) -> Read<TrustSpec> {
    match (section.text("ca_file")?, section.text("pinned_certificate")?) {
        (Some(_), Some((_, at))) => wrong(
            at,
            tr!(
                "only one of ca_file and pinned_certificate can be given, because a pinned certificate is the only one \
                 that is accepted; remove one of them"
            ),
        ),
        (Some(file), None) => Ok(TrustSpec::Authority(path("ca_file", file)?)),
        (None, Some((pin, at))) => match pin.parse() {
            Ok(pin) => Ok(TrustSpec::Pinned(pin)),
            Err(what) => wrong(at, tr!("pinned_certificate must be {what}", what)),
        },
        (None, None) => Ok(TrustSpec::System),
    }
}

fn path(key: &str, (text, at): (&str, usize)) -> Read<PathBuf> {
    expand(text)
        .map_or_else(|| wrong(at, tr!("{key} must be a full path, such as \"~/server.pem\"", key)), Ok)
}

fn client_certificate(section: &Section) -> Read<Option<CertificateSpec>> {
    let passphrase =
        secret_source(section, "client_certificate_password_env", "client_certificate_password_command")?;
    match (section.text("client_certificate")?, passphrase) {
        (Some(file), passphrase) => Ok(Some(CertificateSpec {
            file: path("client_certificate", file)?,
            passphrase: passphrase.map(|(source, _)| source),
        })),
        (None, Some((_, at))) => {
            wrong(at, tr!("a passphrase needs its file; add client_certificate = \"…\" to [remote]"))
        }
        (None, None) => Ok(None),
    }
}

fn proxy(section: &Section) -> Read<ProxySpec> {
    let user = section.text("proxy_user")?;
    let password = secret_source(section, "proxy_password_env", "proxy_password_command")?;
    let sign_in = match (user, password) {
        (Some((user, at)), _) if user.contains(':') || user.contains(char::is_control) => {
            return wrong(at, tr!("proxy_user must not contain a colon or a line break"));
        }
        (Some((user, at)), password) => {
            let password =
                password.map_or(PasswordSource::Keyring, |(source, _)| PasswordSource::Given(source));
            Some((ProxyUser { user: user.to_owned(), password }, at))
        }
        (None, Some((_, at))) => {
            return wrong(
                at,
                tr!("the password of the proxy needs a user name; add proxy_user = \"…\" to [remote]"),
            );
        }
        (None, None) => None,
    };
    let spec = match (section.text("proxy")?, sign_in) {
        (None | Some(("system" | "none", _)), Some((_, at))) => {
            return wrong(
                at,
                tr!("proxy_user needs the proxy; add proxy = \"http://proxy.example.org:8080\" to [remote]"),
            );
        }
        (None | Some(("system", _)), None) => ProxySpec::System,
        (Some(("none", _)), None) => ProxySpec::Direct,
        (Some((text, at)), sign_in) => {
            let url = proxy_address(text).or_else(|what| wrong(at, what))?;
            ProxySpec::Via { url, sign_in: sign_in.map(|(user, _)| user) }
        }
    };
    Ok(spec)
}

/// The error never repeats the text, which may contain a password.
pub(super) fn proxy_address(text: &str) -> Result<Url, String> {
    let wrong = || {
        tr!(
            "proxy must be \"system\", \"none\" or the address of a proxy such as \"http://proxy.example.org:8080\""
        )
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(tr!(
            "proxy must not contain a user name or a password; write the name as proxy_user = \"…\" and say \
             where the password is with proxy_password_env or proxy_password_command, or store it: pimbridge \
             profile password NAME --proxy"
        ));
    }
    let plain =
        url.scheme() == "http" && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if plain { Ok(url) } else { Err(wrong()) }
}

/// The name of a server, as URLs have it.
fn host((text, at): (&str, usize)) -> Read<String> {
    match Host::parse(text) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => wrong(
            at,
            tr!(
                "trusted_hosts must be names of servers, such as [\"dav.example.org\"], without https:// and path"
            ),
        ),
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
