//! Digest, bearer tokens, and what is never sent.

use std::collections::{HashMap, HashSet};

use super::*;

fn hash(parts: &[&str]) -> String {
    Sha256::digest(parts.join(":")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of the `Authorization` header, and its scheme as `scheme`.
fn authorization(seen: &Seen) -> HashMap<String, String> {
    let line = seen.head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("none ");
    let (scheme, rest) = line.split_once(' ').unwrap();
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.to_owned(), value.trim_matches('"').to_owned())
    };
    rest.split(", ").map(pair).chain([("scheme".to_owned(), scheme.to_owned())]).collect()
}

/// Whether a Digest with SHA-256 is right for this password (RFC 7616 section 3.4.1).
fn is_right(seen: &Seen, password: &str) -> bool {
    let of = authorization(seen);
    let a1 = hash(&["jana", "x", password]);
    let a2 = hash(&[&seen.method, &seen.path]);
    of["scheme"] == "Digest"
        && of["algorithm"] == "SHA-256"
        && of["uri"] == seen.path
        && of["response"] == hash(&[&a1, &of["nonce"], &of["nc"], &of["cnonce"], &of["qop"], &a2])
}

fn digest(nonce: &str, more: &str) -> Vec<u8> {
    let weak = format!("WWW-Authenticate: Digest realm=\"x\", nonce=\"weak\", qop=\"auth\"{more}\r\n");
    let strong = format!(
        "WWW-Authenticate: Digest realm=\"x\", nonce=\"{nonce}\", algorithm=SHA-256, qop=\"auth,auth-int\"{more}\r\n"
    );
    reply(401, &format!("{weak}{strong}"), "")
}

fn unchanged() -> Vec<u8> {
    multistatus("<sync-token>t</sync-token>")
}

/// The schemes of the requests in order, with the count of the nonce for Digest.
fn schemes(server: &Server) -> String {
    let scheme = |seen: &Seen| {
        let of = authorization(seen);
        of.get("nc")
            .map_or(of["scheme"].clone(), |nc| format!("{}/{}", of["nonce"], nc.trim_start_matches('0')))
    };
    server.seen().iter().map(scheme).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_server_that_wants_digest_gets_it_and_is_not_asked_again() {
    let server = Server::start(|_, seen| match is_right(seen, "s3cret") {
        true => unchanged(),
        false => digest("n", ""),
    })
    .await;
    let dav = server.open();
    for _ in 0..3 {
        dav.observe(Some(&sync_cursor("t"))).await.unwrap();
    }
    assert_eq!(schemes(&server), "Basic n/1 n/2 n/3");
}

#[tokio::test]
async fn many_requests_at_a_time_count_one_nonce() {
    let server = Server::start(|_, seen| match is_right(seen, "s3cret") {
        true => reply(404, "", ""),
        false => digest("n", ""),
    })
    .await;
    let dav = server.open();
    let edits = (0..40).map(|n| replace(&format!("{n}.ics"), "1")).collect();
    dav.apply(edits).await;
    let seen = server.seen();
    let counts: HashSet<_> = seen.iter().filter_map(|seen| authorization(seen).remove("nc")).collect();
    assert_eq!(counts.len(), seen.len() - 1, "one 401, and no count twice");
}

#[tokio::test]
async fn a_stale_nonce_is_no_refusal() {
    for stale in [", stale=true", ", stale=TRUE", ""] {
        let server =
            Server::start(move |n, seen| match authorization(seen).get("nonce").map(String::as_str) {
                Some("old") if n < 3 && is_right(seen, "s3cret") => unchanged(),
                Some("new") if is_right(seen, "s3cret") => unchanged(),
                Some(_) => digest("new", stale),
                None => digest("old", ""),
            })
            .await;
        let dav = server.open();
        for _ in 0..3 {
            dav.observe(Some(&sync_cursor("t"))).await.unwrap();
        }
        assert_eq!(schemes(&server), "Basic old/1 old/2 old/3 new/1");
    }
}

#[tokio::test]
async fn a_server_for_which_every_nonce_is_stale_is_given_up() {
    let server = Server::start(|n, _| digest(&n.to_string(), ", stale=true")).await;
    let error = server.open().observe(Some(&sync_cursor("t"))).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::SignIn);
    assert_eq!(schemes(&server), "Basic 0/1 1/1 2/1");
}

#[tokio::test]
async fn a_digest_that_is_refused_is_not_tried_again() {
    let server = Server::start(|n, _| digest(&n.to_string(), "")).await;
    let dav = server.open();
    for _ in 0..2 {
        let error = dav.observe(Some(&sync_cursor("t"))).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::SignIn);
        assert!(error.message.contains("the user name or the password"), "{error}");
    }
    assert_eq!(schemes(&server), "Basic 0/1");
}

#[tokio::test]
async fn basic_that_is_offered_is_what_was_refused() {
    let both = "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\nWWW-Authenticate: Basic realm=\"x\"\r\n";
    let apple = "WWW-Authenticate: X-MobileMe-AuthToken realm=\"x\", Basic realm=\"x\"\r\n";
    let bearer = "WWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic\r\n";
    for (offers, words) in [
        (both, "does not accept the user name"),
        (apple, "does not accept the user name"),
        (bearer, "does not accept the user name"),
        ("", "does not accept the user name"),
        ("WWW-Authenticate: Negotiate\r\n", "does not know (Negotiate)"),
    ] {
        let server = Server::start(move |_, _| reply(401, offers, "")).await;
        let dav = server.open();
        for _ in 0..2 {
            let error = dav.observe(None).await.unwrap_err();
            assert!(error.trouble == Trouble::SignIn && error.message.contains(words), "{offers}: {error}");
        }
        assert_eq!(schemes(&server), "Basic", "{offers}");
    }
}

/// Gives the tokens `t0`, `t1` … and counts how many were asked for.
struct Tokens {
    given: Arc<Mutex<usize>>,
    last: usize,
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, refused: Option<&str>) -> Result<String, CollectionError> {
        let mut given = self.given.lock().unwrap();
        if refused == Some(&format!("t{given}")) && *given < self.last {
            *given += 1;
        }
        Ok(format!("t{given}"))
    }
}

fn bearer(server: &Server, last: usize) -> Dav {
    let source = Tokens { given: Arc::default(), last };
    let account = Account::new(Credentials::Token(Box::new(source)), Connection::default()).unwrap();
    Dav::open(account, &server.url, Kind::Events).unwrap()
}

fn tokens(server: &Server) -> String {
    let token = |seen: &Seen| {
        let line = seen.head.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
        line.unwrap_or("none").to_owned()
    };
    server.seen().iter().map(token).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_token_that_expires_is_replaced_each_time() {
    let server = Server::start(|n, seen| match seen.has(&format!("authorization: Bearer t{}", n / 3)) {
        true => unchanged(),
        false => reply(401, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", ""),
    })
    .await;
    let dav = bearer(&server, 9);
    for _ in 0..6 {
        dav.observe(Some(&sync_cursor("t"))).await.unwrap();
    }
    assert_eq!(tokens(&server), "t0 t0 t0 t0 t1 t1 t1 t2");
}

#[tokio::test]
async fn a_token_is_replaced_once_and_then_refused() {
    for (last, sent) in [(9, "t0 t1"), (0, "t0")] {
        let server = Server::start(|_, _| reply(401, "WWW-Authenticate: Bearer\r\n", "")).await;
        let dav = bearer(&server, last);
        for _ in 0..2 {
            let error = dav.observe(Some(&sync_cursor("t"))).await.unwrap_err();
            assert!(error.trouble == Trouble::SignIn && error.message.contains("the token"), "{error}");
        }
        assert_eq!(tokens(&server), sent);
    }
}

/// No request is sent here: it is decided before.
#[tokio::test]
async fn where_everybody_can_read_it_no_secret_goes() {
    let proof = async |credentials, allow, url: &str| {
        let sign_in = super::super::sign_in::SignIn::new(credentials, allow).unwrap();
        let proof = sign_in.proof("GET", &Url::parse(url).unwrap()).await;
        proof.map(|proof| proof.is_some()).map_err(|fault| CollectionError::from(fault).trouble)
    };
    let password = || Credentials::Password { user: "jana".into(), password: "s3cret".into() };
    let token = || Credentials::Token(Box::new(Tokens { given: Arc::default(), last: 0 }));
    for (url, safe) in [
        ("https://x.example/", true),
        ("http://[::1]:80/", true),
        ("http://x.example/", false),
        ("http://10.0.0.1/", false),
    ] {
        assert_eq!(proof(password(), false, url).await, Ok(safe), "{url}");
        assert_eq!(proof(password(), true, url).await, Ok(true), "{url}");
        let expected = if safe { Ok(true) } else { Err(Trouble::Untrusted) };
        assert_eq!(proof(token(), false, url).await, expected, "{url}");
        assert_eq!(proof(token(), true, url).await, Ok(true), "{url}");
    }
}

/// A password that was not sent is answered for all that: Digest does not show it.
#[tokio::test]
async fn a_request_without_a_secret_tells_what_the_server_wants() {
    use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
    let url = Url::parse("http://x.example/cal/?a=b").unwrap();
    let challenged = async |offer: &'static str| {
        let credentials = Credentials::Password { user: "jana".into(), password: "s3cret".into() };
        let sign_in = super::super::sign_in::SignIn::new(credentials, false).unwrap();
        let offers = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(offer))]);
        sign_in
            .challenged(&url, None, &offers, false)
            .await
            .map_err(|fault| CollectionError::from(fault).trouble)?;
        Ok::<_, Trouble>(sign_in.proof("PUT", &url).await.unwrap().unwrap().header)
    };
    let header =
        challenged("Basic realm=\"x\", Digest realm=\"x\", nonce=\"n\", qop=\"auth\"").await.unwrap();
    let text = header.to_str().unwrap();
    assert!(text.starts_with("Digest username=\"jana\"") && text.contains("uri=\"/cal/?a=b\""), "{text}");
    assert_eq!(challenged("Basic realm=\"x\"").await, Err(Trouble::Untrusted));
    assert_eq!(challenged("Negotiate").await, Err(Trouble::SignIn));
}

#[tokio::test]
async fn a_digest_password_that_becomes_wrong_is_not_sent_for_ever() {
    let server = Server::start(|n, seen| match n < 2 && is_right(seen, "s3cret") {
        true => unchanged(),
        false => digest(&n.to_string(), ""),
    })
    .await;
    let dav = server.open();
    dav.observe(Some(&sync_cursor("t"))).await.unwrap();
    let refused = dav.observe(Some(&sync_cursor("t"))).await.unwrap_err();
    assert_eq!(refused.trouble, Trouble::SignIn);
    let sent = server.seen().len();
    assert_eq!(dav.observe(Some(&sync_cursor("t"))).await.unwrap_err().trouble, Trouble::SignIn);
    assert_eq!(server.seen().len(), sent, "it is known to be refused");
}
