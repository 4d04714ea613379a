//! The way to a server: certificates, proxies, redirects, and networks that are not as they should be.

use std::fs;

use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::event;
use crate::support::forward::Forward;
use crate::support::program::{Home, files};
use crate::support::scripted::{Scripted, answer};
use crate::support::tls::{Authority, Front, Identity};

/// A home whose profile "work" has one event and is about this address.
fn home(url: &str) -> Home {
    let home = Home::default();
    home.profile("work", Kind::Events, url, "");
    fs::write(home.folder("work").join("a.ics"), event("a", "Dentist", 0)).unwrap();
    home
}

/// The same without user and password.
fn home_of_nobody(url: &str) -> Home {
    let home = home(url);
    set(&home, "password_env", None);
    set(&home, "user", None);
    home
}

#[track_caller]
fn set(home: &Home, key: &str, value: Option<&str>) {
    let key = format!("remote.{key}");
    home.run(&["profile", "set", "work", &key, value.unwrap_or("--unset")]).expect(0);
}

/// A file of this home.
fn file(home: &Home, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let file = home.path().join(name);
    fs::write(&file, bytes).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What a sync shows that cannot be done.
#[track_caller]
fn not_done(home: &Home) -> String {
    let ended = home.run(&["sync", "work"]).expect(3);
    let shown = home.shown(&ended);
    shown.lines().nth(1).unwrap_or_default().trim().to_owned()
}

#[track_caller]
fn in_sync(home: &Home, server: &Embedded) {
    home.sync("work", 0);
    assert_eq!(server.items(), files(&home.folder("work")));
    assert_eq!(server.items().len(), 1);
}

#[test]
fn a_certificate_that_nobody_signed_can_be_pinned() {
    let server = Embedded::start(Kind::Events);
    let made = [
        (Identity::self_signed("127.0.0.1"), "is one that it made itself (self-signed)"),
        (Identity::expired("elsewhere.example"), "its certificate"),
    ];
    for (one, why) in made {
        let front = Front::start(server.port(), &one);
        let home = home(&front.url(server.path()));
        let told = not_done(&home);
        let pin = format!("pimbridge profile set NAME remote.pinned_certificate {}.", one.fingerprint());
        assert!(told.ends_with(&pin), "{told}");
        assert!(told.contains(why), "{told}");
        set(&home, "pinned_certificate", Some(&one.fingerprint().to_lowercase()));
        in_sync(&home, &server);
    }
}

#[test]
fn what_is_pinned_is_the_only_one() {
    let (server, authority) = (Embedded::start(Kind::Events), Authority::new());
    let (pinned, shown) = (authority.signs("127.0.0.1"), authority.signs("127.0.0.1"));
    let front = Front::start(server.port(), &shown);
    let home = home(&front.url(server.path()));
    set(&home, "ca_file", Some(&file(&home, "ca.pem", authority.pem())));
    in_sync(&home, &server);
    set(&home, "ca_file", None);
    set(&home, "pinned_certificate", Some(&pinned.fingerprint()));
    let told =
        not_done(&home).replace(&pinned.fingerprint(), "PINNED").replace(&shown.fingerprint(), "SHOWN");
    insta::assert_snapshot!(told, @"The connection to 127.0.0.1:PORT is not safe: its certificate is SHOWN, not the pinned PINNED; nothing was sent. Ask whoever runs the server whether it has a new certificate; only then pin that one: pimbridge profile set NAME remote.pinned_certificate SHOWN.");
}

#[test]
fn an_authority_of_ones_own() {
    let (server, authority, other) = (Embedded::start(Kind::Events), Authority::new(), Authority::new());
    let identity = authority.signs("127.0.0.1");
    let front = Front::start(server.port(), &identity);
    let home = home(&front.url(server.path()));
    let told = |home: &Home, identity: &Identity| not_done(home).replace(&identity.fingerprint(), "SHOWN");
    let mut all = vec![told(&home, &identity)];
    set(&home, "ca_file", Some(&file(&home, "other.pem", other.pem())));
    all.push(told(&home, &identity));
    set(&home, "ca_file", Some(&file(&home, "ca.pem", other.pem() + &authority.pem())));
    in_sync(&home, &server);

    let misnamed = authority.signs("calendar.example");
    let front = Front::start(server.port(), &misnamed);
    set(&home, "url", Some(&front.url(server.path())));
    all.push(told(&home, &misnamed));
    insta::assert_snapshot!(all.join("\n"), @r#"
    The connection to 127.0.0.1:PORT is not safe: its certificate is signed by nobody whom this computer trusts; nothing was sent. Ask whoever runs the server, and check the date of this computer. If the certificate SHOWN is that of your server, pin it with: pimbridge profile set NAME remote.pinned_certificate SHOWN.
    The connection to 127.0.0.1:PORT is not safe: its certificate is signed by nobody whom this computer trusts; nothing was sent. Ask whoever runs the server, and check the date of this computer. If the certificate SHOWN is that of your server, pin it with: pimbridge profile set NAME remote.pinned_certificate SHOWN.
    The connection to 127.0.0.1:PORT is not safe: its certificate belongs to another server; nothing was sent. Ask whoever runs the server, and check the date of this computer. If the certificate SHOWN is that of your server, pin it with: pimbridge profile set NAME remote.pinned_certificate SHOWN.
    "#);
}

/// What this computer trusts is trusted without a key.
#[cfg(target_os = "linux")]
#[test]
fn an_authority_of_the_system() {
    let (server, authority) = (Embedded::start(Kind::Events), Authority::new());
    let front = Front::start(server.port(), &authority.signs("127.0.0.1"));
    let home = home(&front.url(server.path()));
    let roots = file(&home, "roots.pem", authority.pem());
    let sync =
        home.command(&["sync", "work"]).env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR").output();
    assert!(sync.unwrap().status.success());
    assert_eq!(server.items().len(), 1);
}

#[test]
fn a_new_profile_knows_the_way() {
    let (server, one) = (Embedded::start(Kind::Events), Identity::self_signed("127.0.0.1"));
    let front = Front::start(server.port(), &one);
    let (home, proxy) = (Home::default(), Forward::start(None));
    let folder = home.folder("work");
    let (url, folder) = (front.url(server.path()), folder.to_str().unwrap());
    let add = ["profile", "add", "work", "--kind", "events", "--local", folder, "--url", &url];
    let sign_in = ["--user", "alice", "--password-env", "TEST_PASSWORD"];
    let (pin, proxy_url) = (one.fingerprint(), proxy.url());
    let way =
        ["--pin", &pin, "--proxy", &proxy_url, "--trusted-host", "a.example", "--trusted-host", "b.example"];
    home.run(&[&add[..], &sign_in, &way].concat()).expect(0);
    home.run(&["profile", "check", "work"]).expect(0);
    assert!(!proxy.take_heads().is_empty());
    let text = fs::read_to_string(home.path().join("profiles/work.toml")).unwrap();
    assert!(text.contains("trusted_hosts = [\"a.example\", \"b.example\"]\n"), "{text}");
    let add = add.map(|word| if word == "work" { "other" } else { word });
    let wrong = home.run(&[&add[..], &["--pin", "sha256:12"]].concat()).expect(2);
    insta::assert_snapshot!(home.shown(&wrong), @r#"pimbridge: pinned_certificate must be "sha256:" and 32 bytes as hexadecimal digits, such as sha256:3A:5F:…"#);
}

#[test]
fn a_certificate_to_sign_in_with() {
    let (server, authority, other) = (Embedded::for_all(Kind::Events), Authority::new(), Authority::new());
    let front = Front::for_members(server.port(), &authority.signs("127.0.0.1"), &authority);
    let (me, stranger) = (authority.signs("alice"), other.signs("alice"));
    let home = home_of_nobody(&front.url(server.path()));
    set(&home, "ca_file", Some(&file(&home, "ca.pem", authority.pem())));
    let mut all = vec![not_done(&home)];
    set(&home, "client_certificate", Some(&file(&home, "other.pem", stranger.pem())));
    all.push(not_done(&home));
    set(&home, "client_certificate", Some(&file(&home, "me.pem", me.pem())));
    in_sync(&home, &server);

    let p12 = file(&home, "me.p12", me.pkcs12("test-password"));
    set(&home, "client_certificate", Some(&p12));
    all.push(not_done(&home));
    set(&home, "client_certificate_password_env", Some("TEST_PASSWORD_OF_FILE"));
    all.push(not_done(&home));
    set(&home, "client_certificate_password_env", None);
    set(&home, "client_certificate_password_command", Some("echo test-password"));
    in_sync(&home, &server);
    insta::assert_snapshot!(all.join("\n"), @r#"
    127.0.0.1:PORT wants a certificate to sign in with: ask whoever runs the server for one, and name its file with: pimbridge profile set NAME remote.client_certificate FILE.
    127.0.0.1:PORT does not accept the certificate that you sign in with: check that remote.client_certificate names the right file, and ask whoever runs the server whether it has expired.
    The file HOME/me.p12, which remote.client_certificate names, cannot be opened with this passphrase; correct the key, or the file.
    The passphrase of the client certificate cannot be had: the environment variable TEST_PASSWORD_OF_FILE, which should hold the passphrase, is not set; set it before you start Pimbridge.
    "#);
    assert!(
        home.files_with(b"PRIVATE KEY")
            .iter()
            .all(|file| file.ends_with("me.pem") || file.ends_with("other.pem"))
    );
}

const PROXY_SIGN_IN: &str = "Basic amFuYTpwcm94eXB3";

#[test]
fn through_a_proxy() {
    let (server, authority) = (Embedded::start(Kind::Events), Authority::new());
    let front = Front::start(server.port(), &authority.signs("127.0.0.1"));
    for url in [server.url.clone(), front.url(server.path())] {
        let (open, closed) = (Forward::start(None), Forward::start(Some(PROXY_SIGN_IN)));
        let home = home(&url);
        set(&home, "ca_file", Some(&file(&home, "ca.pem", authority.pem())));
        set(&home, "proxy", Some(&open.url()));
        in_sync(&home, &server);
        assert!(!open.take_heads().is_empty());

        set(&home, "proxy", Some(&closed.url()));
        let mut all = vec![not_done(&home)];
        set(&home, "proxy_user", Some("jana"));
        set(&home, "proxy_password_command", Some("echo wrong"));
        all.push(not_done(&home));
        closed.take_heads();
        set(&home, "proxy_password_command", Some("echo proxypw"));
        in_sync(&home, &server);
        let heads = closed.take_heads();
        let authorized = format!("proxy-authorization: {}\r\n", PROXY_SIGN_IN.to_lowercase());
        assert!(!heads.is_empty() && heads.iter().all(|head| head.contains(&authorized)), "{heads:?}");
        if url.starts_with("https") {
            let tunnels =
                |head: &String| head.starts_with("connect ") && !head.contains("\r\nauthorization:");
            assert!(heads.iter().all(tunnels), "{heads:?}");
        }
        insta::allow_duplicates! { insta::assert_snapshot!(all.join("\n"), @r#"
        The proxy 127.0.0.1:PORT wants a user name and a password, or does not accept them: check proxy, proxy_user and the proxy's password in the profile.
        The proxy 127.0.0.1:PORT wants a user name and a password, or does not accept them: check proxy, proxy_user and the proxy's password in the profile.
        "#); }
        assert!(home.files_with(b"proxypw").iter().all(|file| file.ends_with("work.toml")));
    }
}

#[test]
fn a_proxy_that_is_of_no_use() {
    let proxy = Forward::start(None);
    let mut all = Vec::new();
    for url in ["https://127.0.0.1:1/cal/", "http://127.0.0.1:1/cal/"] {
        let home = home(url);
        set(&home, "proxy", Some(&proxy.url()));
        all.push(not_done(&home));
        set(&home, "proxy", Some("http://127.0.0.1:1"));
        all.push(not_done(&home));
        set(&home, "proxy", Some("http://proxy.invalid:8080"));
        all.push(not_done(&home));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    The proxy 127.0.0.1:PORT does not let the connection to 127.0.0.1:PORT through: ask whoever runs it, or set another proxy in the profile.
    The proxy 127.0.0.1:PORT cannot be reached (it refuses the connection): check proxy in the profile, or the proxy of this computer.
    The proxy proxy.invalid:8080 cannot be reached (it cannot be found): check proxy in the profile, or the proxy of this computer.
    The server answers with error 502: try again later, and if it stays so ask whoever runs the server.
    The proxy 127.0.0.1:PORT cannot be reached (it refuses the connection): check proxy in the profile, or the proxy of this computer.
    The proxy proxy.invalid:8080 cannot be reached (it cannot be found): check proxy in the profile, or the proxy of this computer.
    "#);
}

#[test]
fn the_proxy_of_the_system() {
    let (server, proxy) = (Embedded::start(Kind::Events), Forward::start(None));
    let home = home(&server.url);
    let sync = |home: &Home| {
        let mut command = home.command(&["sync", "work"]);
        command.env("http_proxy", proxy.url()).env_remove("no_proxy").env_remove("NO_PROXY");
        assert!(command.output().unwrap().status.success());
        !proxy.take_heads().is_empty()
    };
    assert!(sync(&home));
    set(&home, "proxy", Some("none"));
    assert!(!sync(&home));
}

/// The server has moved for good: the profile follows once it may, and needs one request when nothing has changed.
#[test]
fn a_calendar_that_has_moved() {
    let server = Embedded::start(Kind::Events);
    let to = format!("http://127.0.0.1:{}", server.port());
    let old = Scripted::start(move |request| {
        let head = format!("HTTP/1.1 301 Moved\r\nLocation: {to}{}\r\n", request.path);
        format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
    });
    let home = home(&old.url(&format!("{}/", server.path())));
    insta::assert_snapshot!(not_done(&home), @"The server sends Pimbridge on to http://127.0.0.1:PORT/calendars/alice/work/, which is another server and so does not get your sign-in: if it is the right one, allow that with: pimbridge profile set NAME remote.trusted_hosts 127.0.0.1 (a network may ask to sign in first).");
    server.take_traffic();
    set(&home, "trusted_hosts", Some("127.0.0.1"));
    in_sync(&home, &server);
    old.take_seen();
    assert_eq!(home.sync("work", 0)["requests"], 1);
    assert!(old.take_seen().is_empty());
    let checked = home.run(&["profile", "check", "work"]).expect(0);
    let shown = home.shown(&checked);
    insta::assert_snapshot!(shown.lines().find(|line| line.starts_with("note")).unwrap(), @"note   server   the server says that it has moved for good to http://127.0.0.1:PORT/calendars/alice/work/, and syncs go there; to make that its address: pimbridge profile set work remote.url http://127.0.0.1:PORT/calendars/alice/work/");
}

#[test]
fn a_connection_for_each_request() {
    let server = Embedded::start(Kind::Events);
    let home = home(&server.url);
    let front = Scripted::before(server.port(), |request| {
        (!request.has("connection: close")).then(|| answer("400 Bad Request", "text/plain", "it stays open"))
    });
    set(&home, "url", Some(&front.url(&format!("{}/", server.path()))));
    home.sync("work", 3);
    set(&home, "close_connections", Some("true"));
    in_sync(&home, &server);
}
