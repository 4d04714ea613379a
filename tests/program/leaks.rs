//! No password and no token comes into the log, the state, a report or the output, at whatever level of detail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pimbridge::item::Kind;

use crate::support::embedded::Embedded;
use crate::support::item;
use crate::support::program::{Ended, Home};
use crate::support::scripted::{Request, Scripted, answer, pass_on};
use crate::support::servers::{PASSWORD, USER};

const TOKEN: &str = "t0ken-s3cret";
const WRONG: &str = "Wr0ng-Secret";

/// Before the server on this port, which wants Basic: lets those in that `knows` knows, others get this challenge.
fn guarded(port: u16, challenge: &'static str, knows: fn(&str) -> bool) -> Scripted {
    Scripted::talking(move |request: &Request, client| {
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        client.write_all(&match request.header("authorization").is_some_and(knows) {
            true => pass_on(port, &request.with("Authorization", &basic)),
            false => {
                let refusal = answer("401 Unauthorized", "text/plain", "no");
                let challenge = format!("401 Unauthorized\r\nWWW-Authenticate: {challenge}");
                String::from_utf8(refusal).unwrap().replacen("401 Unauthorized", &challenge, 1).into_bytes()
            }
        })
    })
}

#[test]
fn no_credential_is_in_any_log() {
    let server = Embedded::start(Kind::Events);
    server.put("a.ics", item(Kind::Events, "a", "Dentist", 0));
    let basic = guarded(server.port(), "Basic realm=\"x\"", |given| {
        given == format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")))
    });
    let digest = guarded(server.port(), "Digest realm=\"x\", nonce=\"n\", qop=\"auth\"", |given| {
        given.starts_with("Digest username=\"alice\"")
    });
    let no_digest = guarded(server.port(), "Digest realm=\"x\", nonce=\"n\", qop=\"auth\"", |_| false);
    let token = guarded(server.port(), "Bearer", |given| given == format!("Bearer {TOKEN}"));
    let ways = [
        ("basic", &basic, "", PASSWORD, 0),
        ("basic", &basic, "", WRONG, 3),
        ("digest", &digest, "", PASSWORD, 0),
        ("digest", &no_digest, "", WRONG, 3),
        ("token", &token, "sign_in = \"token\"", TOKEN, 0),
        ("token", &token, "sign_in = \"token\"", WRONG, 3),
    ];
    for (way, front, key, secret, status) in ways {
        let home = Home::default();
        let source = format!("{key}\npassword_command = \"printf '%s' \\\"$SECRET\\\"\"");
        home.profile_with("work", Kind::Events, &front.url(&format!("{}/", server.path())), "", &source);
        let encoded = STANDARD.encode(format!("{USER}:{secret}"));
        for command in [&["sync", "work"][..], &["sync", "work", "--json"], &["profile", "check", "work"]] {
            let mut command = home.command(command);
            command
                .arg("--debug")
                .env("SECRET", secret)
                .env("RUST_LOG", "trace")
                .env("PIMBRIDGE_LOG", "debug");
            let ended = Ended::of(&mut command).expect(status);
            for secret in [secret, &encoded] {
                assert!(!format!("{ended:?}").contains(secret), "{way}: {ended:?}");
            }
        }
        assert!(!home.files_with(b"PROPFIND").is_empty(), "{way}: the log tells of the requests");
        for secret in [secret, &encoded] {
            assert!(home.files_with(secret.as_bytes()).is_empty(), "{way}");
        }
    }
}
