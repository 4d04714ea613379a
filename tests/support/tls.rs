//! Certificates made for a test, and TLS before a server that has none.

use std::sync::Arc;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A certificate with its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

/// What signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = named("authority.example");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a server of this name or address, or for a person.
    pub fn signs(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity { certificate: named(name).signed_by(&key, &self.0).unwrap().into(), key }
    }
}

impl Identity {
    /// Signed by nobody else, as a person makes it by hand: it is one for an authority, too.
    pub fn self_signed(name: &str) -> Identity {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Identity::made(params)
    }

    /// The same, long out of date.
    pub fn expired(name: &str) -> Identity {
        let mut params = named(name);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        Identity::made(params)
    }

    fn made(params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.self_signed(&key).unwrap().into(), key }
    }

    /// As `profile set` takes it.
    pub fn fingerprint(&self) -> String {
        let bytes = Sha256::digest(&self.certificate).into_iter().map(|byte| format!(":{byte:02X}"));
        format!("sha256{}", bytes.collect::<String>())
    }

    /// Certificate and key.
    pub fn pem(&self) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let certificate =
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        certificate + &self.key.serialize_pem()
    }

    /// Both as a PKCS#12 file.
    pub fn pkcs12(&self, passphrase: &str) -> Vec<u8> {
        let key = PrivateKey::from_der(&self.key.serialize_der()).unwrap();
        let certificate = Certificate::from_der(&self.certificate).unwrap();
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(vec![1], key, [certificate]);
        store.add_entry("me", KeyStoreEntry::PrivateKeyChain(chain));
        store.writer(passphrase).write().unwrap()
    }
}

/// TLS before the server on a port of this computer; it ends when this is dropped.
pub struct Front {
    pub port: u16,
    _runtime: Runtime,
}

impl Front {
    pub fn start(behind: u16, identity: &Identity) -> Front {
        Front::with(behind, identity, None)
    }

    /// Lets in only who has a certificate of this authority.
    pub fn for_members(behind: u16, identity: &Identity, members: &Authority) -> Front {
        Front::with(behind, identity, Some(members))
    }

    fn with(behind: u16, identity: &Identity, members: Option<&Authority>) -> Front {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match members {
            None => builder.with_no_client_auth(),
            Some(Authority(authority)) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let config = builder.with_single_cert(vec![identity.certificate.clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await?;
                    let mut server = TcpStream::connect(("127.0.0.1", behind)).await?;
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Front { port, _runtime: runtime }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}/{path}/", self.port)
    }
}
