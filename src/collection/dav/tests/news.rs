//! Asking what changed in all collections of an account at once.

use super::*;

fn ctag_cursor(tag: &str) -> Cursor {
    Cursor::new(format!(r#"{{"how":"ctag","tag":"{tag}"}}"#))
}

impl Server {
    /// A collection beside the server's first.
    fn read_so_far(&self, path: &str, cursor: Cursor) -> ReadSoFar {
        ReadSoFar { url: Url::parse(&self.url).unwrap().join(path).unwrap(), cursor }
    }
}

fn token(href: &str, token: &str) -> String {
    props(href, &format!("<sync-token>{token}</sync-token>"))
}

#[tokio::test]
async fn one_request_tells_of_all_collections_of_a_home() {
    let server = Server::start(|_, seen| {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("PROPFIND", "/home/j%40x/"));
        assert!(seen.has("Depth: 1"));
        let missing = "<response><href>/home/j%40x/tagged/</href><propstat><prop><sync-token/></prop><status>HTTP/1.1 404 x\
                       </status></propstat><propstat><prop><S:getctag>c1</S:getctag></prop><status>HTTP/1.1 200 OK</status>\
                       </propstat></response>";
        multistatus(
            &(token("/home/j%40x/", "of-the-home")
                + &token("/home/j@x/same", "t1")
                + &token("http://inside.example/home/j%40x/other/", "t2")
                + missing
                + &token("/home/j%40x/second/", "1764166200")
                + &token("/home/j%40x/later/", "1764166201")
                + &token("/home/j%40x/empty/", "-1")
                + &props("/home/j%40x/mute/", "")
                + &status("/home/j%40x/lost/", 404)
                + &token("relative/", "t1")
                + &token("/behind/alias/", "t1")
                + &token("/home/j%40x/strange/", "t1")),
        )
    })
    .await;
    let here = |name: &str, cursor| server.read_so_far(&format!("/home/j%40x/{name}"), cursor);
    let asked = [
        here("same/", sync_cursor("t1")),
        here("other", sync_cursor("t1")),
        here("tagged/", ctag_cursor("c1")),
        here("second/", sync_cursor("1764166200")),
        here("later/", sync_cursor("1764166200")),
        here("empty/", sync_cursor("0")),
        here("mute/", sync_cursor("t1")),
        here("lost/", sync_cursor("t1")),
        here("relative/", sync_cursor("t1")),
        here("unlisted/", sync_cursor("t1")),
        here("aliased/", Cursor::new(r#"{"how":"sync","token":"t1","path":"/behind/alias/"}"#)),
        here("strange/", Cursor::new(r#"{"how":"list"}"#)),
        here("damaged/", Cursor::new("")),
    ];
    use News::{Nothing, Something, Untold};
    let news = Newsreader::default().news(&jana(), &asked).await.unwrap();
    let expected = [
        Nothing, Something, Nothing, Untold, Something, Untold, Untold, Untold, Untold, Untold, Nothing,
        Untold, Untold,
    ];
    assert_eq!(news, expected);
    assert_eq!(server.methods(), "PROPFIND");
}

#[tokio::test]
async fn each_home_is_asked_and_one_alone_itself() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/cal/" => multistatus(&(token("/cal/a/", "t1") + &token("/cal/b/", "t2"))),
        "/card/c/" => {
            assert!(seen.has("Depth: 0"));
            multistatus(&token("/card/c/", "t1"))
        }
        path => panic!("{path}"),
    })
    .await;
    let t1 = || sync_cursor("t1");
    let asked = [
        server.read_so_far("/cal/a/", t1()),
        server.read_so_far("/card/c", t1()),
        server.read_so_far("/cal/b/", t1()),
        server.read_so_far("/", t1()),
    ];
    let news = Newsreader::default().news(&jana(), &asked).await.unwrap();
    assert_eq!(news, [News::Nothing, News::Nothing, News::Something, News::Untold]);
    assert_eq!(server.methods(), "PROPFIND PROPFIND");
}

#[tokio::test]
async fn a_place_that_does_not_tell_is_asked_once() {
    for status in [400, 403, 404, 405, 501] {
        let server = Server::start(move |_, _| reply(status, "", "")).await;
        let asked = [
            server.read_so_far("/cal/a/", sync_cursor("t1")),
            server.read_so_far("/cal/b/", sync_cursor("t1")),
        ];
        let reader = Newsreader::default();
        for _ in 0..3 {
            assert_eq!(reader.news(&jana(), &asked).await.unwrap(), [News::Untold; 2]);
        }
        assert_eq!(server.seen().len(), if status < 500 { 1 } else { 3 }, "{status}");
    }
}

#[tokio::test]
async fn a_home_that_is_forbidden_does_not_cost_the_sign_in() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/cal/" => reply(401, "WWW-Authenticate: Basic\r\n", ""),
        _ => multistatus(&token("/card/c/", "t1")),
    })
    .await;
    let account = jana();
    let reader = Newsreader::default();
    let one = [server.read_so_far("/card/c/", sync_cursor("t1"))];
    assert_eq!(reader.news(&account, &one).await.unwrap(), [News::Nothing]);
    let two =
        [server.read_so_far("/cal/a/", sync_cursor("t1")), server.read_so_far("/cal/b/", sync_cursor("t1"))];
    assert_eq!(reader.news(&account, &two).await.unwrap(), [News::Untold; 2]);
    assert_eq!(reader.news(&account, &one).await.unwrap(), [News::Nothing]);
}

#[tokio::test]
async fn a_password_that_is_refused_is_not_sent_again() {
    let server = Server::start(|_, _| reply(401, "WWW-Authenticate: Basic\r\n", "")).await;
    let account = jana();
    let asked = [server.read_so_far("/cal/a/", sync_cursor("t1"))];
    let reader = Newsreader::default();
    for _ in 0..3 {
        assert_eq!(reader.news(&account, &asked).await.unwrap_err().trouble, Trouble::SignIn);
    }
    let with_password =
        server.seen().iter().filter(|seen| seen.head.to_lowercase().contains("authorization:")).count();
    assert_eq!(with_password, 1);
}

#[tokio::test]
async fn the_sign_in_is_not_shown_to_others() {
    let other = Server::start(|_, _| panic!("it is asked")).await;
    let place = other.url.clone();
    let moved = format!(r#"{{"how":"sync","token":"t1","moved":"{place}a/"}}"#);
    let server = Server::start(move |_, _| reply(301, &format!("Location: {place}\r\n"), "")).await;
    let asked =
        [server.read_so_far("/cal/a/", Cursor::new(moved)), server.read_so_far("/cal/b/", sync_cursor("t1"))];
    assert_eq!(Newsreader::default().news(&jana(), &asked).await.unwrap(), [News::Untold; 2]);
    assert_eq!((server.seen().len(), other.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_home_of_thousands_is_read_to_a_bound() {
    let server = Server::start(|_, seen| {
        let others: String = (0..30_000).map(|n| token(&format!("/cal/{n}/"), "t")).collect();
        match seen.path.as_str() {
            "/cal/" => multistatus(&(token("/cal/a/", "t1") + &others + &token("/cal/b/", "t1"))),
            _ => reply(207, "", vec![b' '; 20 * 1024 * 1024]),
        }
    })
    .await;
    let asked =
        [server.read_so_far("/cal/a/", sync_cursor("t1")), server.read_so_far("/cal/b/", sync_cursor("t1"))];
    let news = Newsreader::default().news(&jana(), &asked).await.unwrap();
    assert_eq!(news, [News::Nothing, News::Untold]);
    let alone = [server.read_so_far("/else/a/", sync_cursor("t1"))];
    assert_eq!(Newsreader::default().news(&jana(), &alone).await.unwrap(), [News::Untold]);
}
