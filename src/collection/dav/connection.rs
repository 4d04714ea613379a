//! How a server is reached: the HTTP client and what it trusts.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::error::Fault;

const CONNECT: Duration = Duration::from_secs(20);

/// How a server is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Connection {}

impl Connection {
    /// The client for `https` addresses, or the one for `http`, which loads no certificates.
    pub(super) fn client(&self, secure: bool) -> Result<Client, Fault> {
        // Fails only where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("pimbridge/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT);
        if !secure {
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| Fault::NoTrust { why: error.to_string() })
    }
}
