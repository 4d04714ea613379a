//! How a server is reached: the HTTP client, its proxy, and what it trusts.

use std::fmt;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use tr::tr;
use url::Url;

use super::client_certificate::ClientCertificate;
use super::error::Fault;
use super::http::host;
use super::tls::{self, Trust};
use crate::collection::CollectionError;

/// How a server is reached, with all that is needed for it at hand.
#[derive(Debug, Default)]
pub struct Connection {
    pub trust: Trust,
    /// With which to sign in (TLS client authentication).
    pub client_certificate: Option<ClientCertificate>,
    pub proxy: Proxy,
    pub options: ConnectionOptions,
}

/// What a connection needs neither files nor secrets for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectionOptions {
    /// A connection is closed after each request (`Connection: close`).
    pub close: bool,
    /// HTTP/2 is not offered to the server.
    pub http1_only: bool,
    /// How long a server may stay silent.
    pub silence: Duration,
    /// How long it may take to connect.
    pub connect: Duration,
    /// Hosts that a server may send us on to and that may see the credentials; in lower case, as in URLs.
    pub trusted_hosts: Vec<String>,
    /// Secrets may be sent to another computer although everybody on the way can read them.
    pub allow_plain_http: bool,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            close: false,
            http1_only: false,
            silence: Duration::from_secs(60),
            connect: Duration::from_secs(20),
            trusted_hosts: Vec::new(),
            allow_plain_http: false,
        }
    }
}

/// Through which proxy a server is reached.
#[derive(Debug, Default)]
pub enum Proxy {
    /// That of the system (the environment variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, or
    /// the desktop's settings on Windows and macOS).
    #[default]
    System,
    /// None.
    Direct,
    /// This one, always.
    Via { url: Url, sign_in: Option<ProxySignIn> },
}

/// User and password at a proxy (Basic).
pub struct ProxySignIn {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for ProxySignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySignIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What lies between here and a server, for messages.
#[derive(Debug)]
pub(super) struct Route {
    /// Host and port of the proxy, where it is known.
    pub proxy: Option<String>,
    pub client_certificate: bool,
}

impl Connection {
    pub(super) fn route(&self) -> Route {
        let proxy = match &self.proxy {
            Proxy::Via { url, .. } => Some(host(url)),
            Proxy::System | Proxy::Direct => None,
        };
        Route { proxy, client_certificate: self.client_certificate.is_some() }
    }

    /// A client for the server that hands out tokens: on the same way, but without what is said of the collection's
    /// certificate, and without a certificate of one's own. It follows no redirects.
    ///
    /// # Errors
    /// The system's certificates or the proxy cannot be used.
    pub fn client_for_tokens(self, url: &Url) -> Result<Client, CollectionError> {
        let trust = match self.trust {
            Trust::Pinned(_) => Trust::System,
            trust => trust,
        };
        Ok(Self { trust, client_certificate: None, ..self }.client(url.scheme() == "https")?)
    }

    /// The client for `https` addresses, or the one for `http`, which loads no certificates.
    pub(super) fn client(&self, secure: bool) -> Result<Client, Fault> {
        // Fails only where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let no_trust = |error: &dyn fmt::Display| Fault::NoTrust { why: error.to_string() };
        let http1_only = self.options.http1_only || self.options.close;
        let mut builder = Client::builder()
            .user_agent(concat!("pimbridge/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.options.connect);
        if http1_only {
            builder = builder.http1_only();
        }
        builder = match &self.proxy {
            Proxy::System => builder,
            Proxy::Direct => builder.no_proxy(),
            Proxy::Via { url, sign_in } => {
                let proxy = reqwest::Proxy::all(url.as_str()).map_err(|error| Fault::BadProxy {
                    proxy: url.host_str().unwrap_or_default().to_owned(),
                    why: error.without_url().to_string(),
                })?;
                builder.proxy(match sign_in {
                    Some(ProxySignIn { user, password }) => proxy.basic_auth(user, password),
                    None => proxy,
                })
            }
        };
        builder = match secure {
            false => builder.tls_certs_only([]),
            true => {
                let certificate = self.client_certificate.as_ref();
                let mut config =
                    tls::client_config(&self.trust, certificate).map_err(|error| match error {
                        rustls::Error::InconsistentKeys(_) => {
                            Fault::BadClientCertificate { why: tr!("its key does not belong to it") }
                        }
                        error => no_trust(&error),
                    })?;
                config.alpn_protocols = match http1_only {
                    true => vec![b"http/1.1".to_vec()],
                    false => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
                };
                builder.tls_backend_preconfigured(config)
            }
        };
        builder.build().map_err(|error| no_trust(&error))
    }
}
