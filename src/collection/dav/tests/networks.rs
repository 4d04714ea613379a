//! Servers and networks that are not as they should be.

use super::*;

/// An account with a connection of its own.
fn jana_by(change: impl FnOnce(&mut Connection)) -> Account {
    let mut connection = Connection::default();
    change(&mut connection);
    let credentials = Credentials::Password { user: "jana".into(), password: "s3cret".into() };
    Account::new(credentials, connection).unwrap()
}

fn nothing_new(found: Observation) {
    let cursor = sync_cursor("t");
    assert_eq!(found, Observation::Delta { changed: vec![], removed: vec![], cursor });
}

/// It tells no length: the end of the connection is the end of the answer.
#[tokio::test]
async fn a_server_of_http_1_0() {
    let body = wrapped("<sync-token>t</sync-token>");
    let answer = format!("HTTP/1.0 207 Multi-Status\r\nContent-Type: text/xml\r\n\r\n{body}");
    let server = Server::start(move |_, _| answer.clone().into_bytes()).await;
    let dav = server.open();
    for _ in 0..2 {
        nothing_new(dav.observe(Some(&sync_cursor("t"))).await.unwrap());
    }
}

#[tokio::test]
async fn an_address_of_ipv6() {
    let server = Server::start_on("[::1]:0", |_, _| multistatus("<sync-token>t</sync-token>")).await;
    assert!(server.url.starts_with("http://[::1]:"), "{}", server.url);
    nothing_new(server.open().observe(Some(&sync_cursor("t"))).await.unwrap());
    let authority = server.url.trim_start_matches("http://").trim_end_matches("/cal/").to_owned();
    assert!(server.seen()[0].has(&format!("host: {authority}")), "{}", server.seen()[0].head);
}

#[tokio::test]
async fn a_server_may_be_silent_for_as_long_as_the_profile_says() {
    let server = Server::start(|_, _| b"HTTP/1.1 207 x\r\nContent-Le".to_vec()).await;
    let account = jana_by(|connection| connection.options.silence = std::time::Duration::from_millis(50));
    let error = Dav::open(account, &server.url, Kind::Events).unwrap().observe(None).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::Offline);
    assert!(error.message.contains("does not answer"), "{error}");
}

#[tokio::test]
async fn each_request_says_that_it_is_the_last() {
    for close in [false, true] {
        let server = Server::start(|_, _| multistatus("<sync-token>t</sync-token>")).await;
        let dav =
            Dav::open(jana_by(|connection| connection.options.close = close), &server.url, Kind::Events)
                .unwrap();
        for _ in 0..2 {
            nothing_new(dav.observe(Some(&sync_cursor("t"))).await.unwrap());
        }
        assert!(server.seen().iter().all(|seen| seen.has("connection: close") == close));
    }
}

#[tokio::test]
async fn a_proxy_that_wants_a_sign_in() {
    let proxy = Server::start(|_, _| reply(407, "Proxy-Authenticate: Basic realm=\"x\"\r\n", "")).await;
    let url: Url = proxy.url.parse().unwrap();
    for address in ["http://calendar.example/cal/", "https://calendar.example/cal/"] {
        let sign_in = ProxySignIn { user: "jana".into(), password: "proxypw".into() };
        let through = Proxy::Via { url: url.join("/").unwrap(), sign_in: Some(sign_in) };
        let account = jana_by(|connection| connection.proxy = through);
        let error = Dav::open(account, address, Kind::Events).unwrap().observe(None).await.unwrap_err();
        assert_eq!(error.trouble, Trouble::ProxySignIn);
        assert!(error.message.starts_with("the proxy 127.0.0.1:"), "{error}");
        assert!(!error.message.contains("proxypw"));
    }
    let seen = proxy.seen();
    assert_eq!(proxy.methods(), "PROPFIND CONNECT");
    assert!(seen.iter().all(|seen| seen.has("proxy-authorization: Basic amFuYTpwcm94eXB3")));
    assert!(!seen[1].head.to_lowercase().contains("\r\nauthorization:"), "{}", seen[1].head);
}
