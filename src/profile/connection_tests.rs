use super::*;
use crate::profile::{Name, Profile, ProfileError, RemoteSpec, parse};

fn read(lines: &str) -> Result<ConnectionSpec, String> {
    let text = format!(
        "kind = \"events\"\nmode = \"two-way\"\n[local]\ntype = \"vdir\"\npath = \"/x\"\n[remote]\ntype = \"dav\"\nurl = \"https://x.example/\"\n{lines}\n"
    );
    match parse(&Name::new("x").unwrap(), std::path::Path::new(""), &text) {
        Ok(Profile { remote: RemoteSpec::Dav { connection, .. }, .. }) => Ok(connection),
        Err(ProfileError::Content { what, .. }) => Err(what),
        Err(error) => Err(error.to_string()),
    }
}

fn wrong(lines: &str) -> String {
    read(lines).unwrap_err()
}

#[test]
fn every_key() {
    let pin = format!("sha256:{}", "0a".repeat(32));
    insta::assert_debug_snapshot!(read("").unwrap(), @r#"
    ConnectionSpec {
        trust: System,
        client_certificate: None,
        proxy: System,
        options: ConnectionOptions {
            close: false,
            http1_only: false,
            silence: 60s,
            connect: 20s,
            trusted_hosts: [],
            allow_plain_http: false,
        },
    }
    "#);
    let spec = read(&format!(
        "pinned_certificate = \"{pin}\"\nclient_certificate = \"/me.p12\"\n\
         client_certificate_password_env = \"P12\"\nproxy = \"http://proxy.example:3128\"\nproxy_user = \"jana\"\n\
         proxy_password_command = \"pass proxy\"\nclose_connections = true\nhttp1_only = true\ntimeout_seconds = 5\n\
         connect_timeout_seconds = 7\ntrusted_hosts = [\"DAV.example.org\", \"[::1]\", \"bücher.example\"]\n"
    ));
    insta::assert_debug_snapshot!(spec.unwrap(), @r#"
    ConnectionSpec {
        trust: Pinned(
            Fingerprint(
                [
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                    10,
                ],
            ),
        ),
        client_certificate: Some(
            CertificateSpec {
                file: "/me.p12",
                passphrase: Some(
                    Env(
                        "P12",
                    ),
                ),
            },
        ),
        proxy: Via {
            url: Url {
                scheme: "http",
                cannot_be_a_base: false,
                username: "",
                password: None,
                host: Some(
                    Domain(
                        "proxy.example",
                    ),
                ),
                port: Some(
                    3128,
                ),
                path: "/",
                query: None,
                fragment: None,
            },
            sign_in: Some(
                ProxyUser {
                    user: "jana",
                    password: Given(
                        Command(
                            "pass proxy",
                        ),
                    ),
                },
            ),
        },
        options: ConnectionOptions {
            close: true,
            http1_only: true,
            silence: 5s,
            connect: 7s,
            trusted_hosts: [
                "dav.example.org",
                "[::1]",
                "xn--bcher-kva.example",
            ],
            allow_plain_http: false,
        },
    }
    "#);
    assert_eq!(read("ca_file = \"/ca.pem\"").unwrap().trust, TrustSpec::Authority("/ca.pem".into()));
    assert_eq!(read("proxy = \"none\"").unwrap().proxy, ProxySpec::Direct);
    assert_eq!(read("proxy = \"system\"").unwrap(), ConnectionSpec::default());
}

#[test]
fn wrong_values() {
    let wrong = [
        wrong("ca_file = \"ca.pem\""),
        wrong("ca_file = \"/ca.pem\"\npinned_certificate = \"sha256:00\""),
        wrong("pinned_certificate = \"3a5f\""),
        wrong(&format!("pinned_certificate = \"sha1:{}\"", "0a".repeat(32))),
        wrong(&format!("pinned_certificate = \"sha256:{}\"", "+a".repeat(32))),
        wrong("client_certificate_password_env = \"P12\""),
        wrong(
            "client_certificate = \"/x\"\nclient_certificate_password_env = \"A\"\nclient_certificate_password_command = \"b\"",
        ),
        wrong("proxy = \"proxy.example.org:8080\""),
        wrong("proxy = \"http://jana:hunter2@proxy.example.org\""),
        wrong("proxy_user = \"jana\""),
        wrong("proxy = \"none\"\nproxy_user = \"jana\""),
        wrong("proxy = \"http://p.example\"\nproxy_password_env = \"X\""),
        wrong("timeout_seconds = 0"),
        wrong("trusted_hosts = \"dav.example.org\""),
        wrong("trusted_hosts = [\"https://dav.example.org\"]"),
        wrong("trusted_hosts = [\"\"]"),
    ];
    insta::assert_snapshot!(wrong.join("\n"), @r#"
    ca_file must be a full path, such as "~/server.pem"
    only one of ca_file and pinned_certificate can be given, because a pinned certificate is the only one that is accepted; remove one of them
    pinned_certificate must be "sha256:" and 32 bytes as hexadecimal digits, such as sha256:3A:5F:…
    pinned_certificate must be "sha256:" and 32 bytes as hexadecimal digits, such as sha256:3A:5F:…
    pinned_certificate must be "sha256:" and 32 bytes as hexadecimal digits, such as sha256:3A:5F:…
    a passphrase needs its file; add client_certificate = "…" to [remote]
    only one of client_certificate_password_env and client_certificate_password_command can be given; remove one of them
    proxy must be "system", "none" or the address of a proxy such as "http://proxy.example.org:8080"
    proxy must not contain a user name or a password; write the name as proxy_user = "…" and say where the password is with proxy_password_env or proxy_password_command, or store it: pimbridge profile password NAME --proxy
    proxy_user needs the proxy; add proxy = "http://proxy.example.org:8080" to [remote]
    proxy_user needs the proxy; add proxy = "http://proxy.example.org:8080" to [remote]
    the password of the proxy needs a user name; add proxy_user = "…" to [remote]
    timeout_seconds must be a whole number from 1 to 3600
    trusted_hosts must be a list of texts, such as ["one", "two"]
    trusted_hosts must be names of servers, such as ["dav.example.org"], without https:// and path
    trusted_hosts must be names of servers, such as ["dav.example.org"], without https:// and path
    "#);
}

#[tokio::test]
async fn what_a_key_names_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let load = async |key: &str, name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        if !content.is_empty() {
            std::fs::write(&file, content).unwrap();
        }
        let error = read(&format!("{key} = {file:?}")).unwrap().load().await.unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    };
    let wrong = [
        load("ca_file", "absent.pem", b"").await,
        load("ca_file", "ca.pem", b"hello").await,
        load("ca_file", "ca.pem", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").await,
        load("ca_file", "large.pem", &vec![b'x'; 2 << 20]).await,
        load(
            "client_certificate",
            "me.pem",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .await,
        load("client_certificate", "me.p12", b"\x30\x03\x02\x01\x03").await,
    ];
    insta::assert_snapshot!(wrong.join("\n"), @r#"
    the file FOLDER/absent.pem, which remote.ca_file names, cannot be read: No such file or directory (os error 2); correct the key, or the file
    the file FOLDER/ca.pem, which remote.ca_file names, holds no certificate in PEM form; correct the key, or the file
    the file FOLDER/ca.pem, which remote.ca_file names, is not a PEM file that can be read (base64 decode error: InvalidCharacter(33)); correct the key, or the file
    the file FOLDER/large.pem, which remote.ca_file names, is too large for certificates; correct the key, or the file
    the file FOLDER/me.pem, which remote.client_certificate names, holds no private key; it must hold the certificate and its key; correct the key, or the file
    the file FOLDER/me.p12, which remote.client_certificate names, is not a PKCS#12 file that can be read (ASN.1 DER message is incomplete: expected 6, actual 5 at DER byte 5); correct the key, or the file
    "#);
}
