//! Which certificates of a server are accepted (RFC 5280), and the error that shows one that is not.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;
use sha2::{Digest as _, Sha256};
use tr::tr;

use super::client_certificate::ClientCertificate;

/// Which certificates of a server are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those that this computer trusts.
    #[default]
    System,
    /// Those, and what these authorities signed.
    Authorities(Vec<CertificateDer<'static>>),
    /// This one only, whoever signed it, whatever its name and however old it is.
    Pinned(Fingerprint),
}

/// The SHA-256 digest of a certificate, written `sha256:AB:CD:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(certificate: &CertificateDer) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// Reads it with or without the colons, in upper or lower case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || tr!("\"sha256:\" and 32 bytes as hexadecimal digits, such as sha256:3A:5F:…");
        let (name, digits) = text.trim().split_once(':').ok_or_else(wrong)?;
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        if !name.eq_ignore_ascii_case("sha256")
            || digits.len() != 64
            || !digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, two) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let two = std::str::from_utf8(two).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(two, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// Why the certificate of a server is not accepted.
#[derive(Debug, Clone)]
pub(super) struct Distrust {
    pub why: Why,
    pub shown: Fingerprint,
}

#[derive(Debug, Clone)]
pub(super) enum Why {
    /// It is not this one.
    NotPinned(Fingerprint),
    Invalid(CertificateError),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::NotPinned(pinned) => write!(f, "{} is not the pinned {pinned}", self.shown),
            Why::Invalid(error) => write!(f, "{} is not accepted: {error}", self.shown),
        }
    }
}

impl std::error::Error for Distrust {}

impl Distrust {
    /// What an error of the handshake says of the server's certificate, if it is about that.
    pub(super) fn within(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref(),
            _ => None,
        }
    }
}

/// What TLS connections are made with.
///
/// # Errors
/// The system's certificates cannot be read, or those of the profile cannot be used.
pub(super) fn client_config(
    trust: &Trust,
    client_certificate: Option<&ClientCertificate>,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Checked {
        authority: match trust {
            Trust::System => Authority::Roots(Verifier::new(Arc::clone(&provider))?),
            Trust::Authorities(more) => {
                Authority::Roots(Verifier::new_with_extra_roots(more.iter().cloned(), Arc::clone(&provider))?)
            }
            Trust::Pinned(fingerprint) => Authority::Pinned(*fingerprint),
        },
        provider: Arc::clone(&provider),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    match client_certificate {
        Some(certificate) => builder.with_client_auth_cert(certificate.chain(), certificate.key()),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// Checks a server's certificate, and shows the one that is refused.
#[derive(Debug)]
struct Checked {
    authority: Authority,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Authority {
    Roots(Verifier),
    Pinned(Fingerprint),
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = Fingerprint::of(end_entity);
        let why = match &self.authority {
            Authority::Pinned(pinned) if *pinned == shown => return Ok(ServerCertVerified::assertion()),
            Authority::Pinned(pinned) => Why::NotPinned(*pinned),
            Authority::Roots(roots) => {
                match roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Err(Error::InvalidCertificate(error)) => Why::Invalid(error),
                    other => return other,
                }
            }
        };
        let distrust = OtherError(Arc::new(Distrust { why, shown }));
        Err(Error::InvalidCertificate(CertificateError::Other(distrust)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why a file does not serve as one with certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadCertificates {
    /// It has nothing in PEM form.
    NoCertificate,
    NotPem(String),
    EncryptedKey,
    /// A PEM file has the certificate alone.
    NoKey,
    NotPkcs12(String),
    WrongPassphrase,
    NoKeyInside,
    NoCertificateForKey,
}

/// Reads the certificates of a PEM file (RFC 7468).
///
/// # Errors
/// There is none, or one is damaged.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadCertificates> {
    use rustls::pki_types::pem::PemObject;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(BadCertificates::NoCertificate),
        Ok(found) => Ok(found),
        Err(error) => Err(BadCertificates::NotPem(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_people_write_it() {
        let digits = "0123456789abcdef".repeat(4);
        let one: Fingerprint = format!("sha256:{digits}").parse().unwrap();
        insta::assert_snapshot!(one, @"sha256:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF");
        assert_eq!(one.to_string().parse(), Ok(one));
        assert_eq!(format!(" SHA256:{} ", digits.to_uppercase()).parse(), Ok(one));
        for wrong in ["", "sha256", "sha256:", "sha1:00", &digits, &format!("sha256:{digits}0"), "sha256:ä"]
        {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }
}
