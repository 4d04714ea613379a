//! The certificate with which a person signs in (TLS client authentication).

use std::fmt;

use p12_keystore::error::Error;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::tls::{BadCertificates, certificates};

/// A certificate with its chain and its private key. It never shows its key.
pub struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(…)")
    }
}

impl ClientCertificate {
    /// Reads a PEM file (RFC 7468) with certificate and key, or a PKCS#12 file (RFC 7292), whose passphrase may be
    /// empty.
    ///
    /// # Errors
    /// It is neither, something is missing in it, or the passphrase is wrong.
    pub fn read(bytes: &[u8], passphrase: &str) -> Result<Self, BadCertificates> {
        match bytes.starts_with(b"\x30") {
            true => Self::read_pkcs12(bytes, passphrase),
            false => Self::read_pem(bytes),
        }
    }

    fn read_pem(pem: &[u8]) -> Result<Self, BadCertificates> {
        let chain = certificates(pem)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
            match pem.windows(9).any(|nine| nine == b"ENCRYPTED") {
                true => BadCertificates::EncryptedKey,
                false => BadCertificates::NoKey,
            }
        })?;
        Ok(Self { chain, key })
    }

    fn read_pkcs12(bytes: &[u8], passphrase: &str) -> Result<Self, BadCertificates> {
        let store = KeyStore::from_pkcs12(bytes, passphrase, Pkcs12ImportPolicy::Relaxed).map_err(
            |error| match error {
                Error::MacError(_) | Error::UnpadError => BadCertificates::WrongPassphrase,
                _ => BadCertificates::NotPkcs12(error.to_string()),
            },
        )?;
        let (_, chain) = store.private_key_chain().ok_or(BadCertificates::NoKeyInside)?;
        let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec()).into();
        let chain: Vec<_> =
            chain.certs().iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
        match chain.is_empty() {
            true => Err(BadCertificates::NoCertificateForKey),
            false => Ok(Self { chain, key }),
        }
    }

    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }
}
