//! Servers that are slow, silent, busy, or never come to an end.

use std::time::{Duration, Instant};

use super::*;
use crate::collection::dav::http::Limits;

const IDLE: Duration = Duration::from_millis(300);
const SMALL: Limits = Limits { idle: IDLE, whole: 200_000 };

/// Answers every request with these pieces, waiting before each, and then keeps silent.
async fn pieces(wait: Duration, pieces: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Dav {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/cal/", listener.local_addr().unwrap());
    let pieces = Arc::new(pieces);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let pieces = Arc::clone(&pieces);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                for n in 0.. {
                    let piece = pieces(n);
                    if piece.is_empty() || stream.write_all(&piece).await.is_err() {
                        break;
                    }
                    tokio::time::sleep(wait).await;
                }
                std::future::pending::<()>().await;
            });
        }
    });
    limited(Dav::open(nobody(), &url, Kind::Events).unwrap(), SMALL)
}

fn limited(mut dav: Dav, limits: Limits) -> Dav {
    dav.http.limits = limits;
    dav
}

const HEAD: &[u8] = b"HTTP/1.1 207 x\r\nContent-Type: application/xml\r\n\r\n<multistatus xmlns=\"DAV:\">";

async fn trouble(dav: &Dav) -> (Trouble, String) {
    let error = dav.observe(Some(&sync_cursor("t"))).await.unwrap_err();
    (error.trouble, error.message)
}

#[tokio::test]
async fn a_slow_answer_passes_and_a_stalled_one_does_not() {
    let whole = |n: usize| {
        let bytes = multistatus("<sync-token>t</sync-token>");
        let (head, body) = bytes.split_at(bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4);
        std::iter::once(head).chain(body.chunks(15)).nth(n).unwrap_or_default().to_vec()
    };
    let begun = Instant::now();
    let slow = pieces(IDLE / 6, whole).await;
    slow.observe(Some(&sync_cursor("t"))).await.unwrap();
    assert!(begun.elapsed() > IDLE, "it took longer than the time-out: {:?}", begun.elapsed());

    for silent_after in [0, 1, 5, 10] {
        let begun = Instant::now();
        let piece = move |n| if n < silent_after { whole(n) } else { Vec::new() };
        let stalled = pieces(Duration::ZERO, piece).await;
        let (trouble, message) = trouble(&stalled).await;
        assert_eq!(trouble, Trouble::Offline, "after {silent_after} pieces: {message}");
        assert!(message.contains("does not answer"), "{message}");
        assert!(begun.elapsed() < 3 * IDLE + Duration::from_secs(1));
    }
}

/// A large item on a slow line is stored, as long as it gets on; and a server that takes nothing is left.
#[tokio::test]
async fn a_slow_upload_passes_and_a_stalled_one_does_not() {
    // More than what the sockets of both sides hold.
    const LARGE: usize = 24 << 20;
    for (wait, stored) in [(IDLE / 5, true), (Duration::from_secs(3600), false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/cal/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut part = vec![0; 1 << 20];
            let mut taken = stream.read(&mut part).await.unwrap();
            let head = String::from_utf8_lossy(&part[..taken.min(500)]).to_ascii_lowercase();
            assert!(head.contains(&format!("content-length: {LARGE}\r\n")), "{head}");
            assert!(!head.contains("transfer-encoding"), "{head}");
            while taken < LARGE {
                let some = part.len().min(LARGE - taken);
                taken += stream.read_exact(&mut part[..some]).await.unwrap();
                if taken < LARGE / 2 {
                    tokio::time::sleep(wait).await;
                }
            }
            stream.write_all(&reply(201, "ETag: \"1\"\r\n", "")).await.unwrap();
        });
        let dav = limited(Dav::open(nobody(), &url, Kind::Events).unwrap(), SMALL);
        let edit = Edit::Create { uid: Some("a".into()), bytes: vec![b'x'; LARGE].into() };
        let begun = Instant::now();
        let outcomes = dav.apply(vec![edit]).await.outcomes;
        assert!(begun.elapsed() > IDLE);
        match &outcomes[..] {
            [Outcome::Stored { .. }] => assert!(stored),
            [Outcome::Failed { reason }] => {
                assert!(!stored && reason.contains("does not answer"), "{reason}")
            }
            other => panic!("{other:?}"),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const GZIP: &[u8] = b"HTTP/1.1 207 x\r\nContent-Type: application/xml\r\nContent-Encoding: gzip\r\n\r\n";

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let elements = "<response><href>/cal/a.ics</href></response>".repeat(100).into_bytes();
    let start = b"<multistatus xmlns=\"DAV:\">";
    let bomb: Vec<u8> = [start.to_vec(), "<a></a>".repeat(100_000).into_bytes()].concat();
    let endless: [(&str, &[u8], Vec<u8>); 6] = [
        ("elements", HEAD, elements),
        ("white space", HEAD, vec![b' '; 5000]),
        ("one value", HEAD, vec![b'x'; 5000]),
        ("comments", HEAD, "<!-- -->".repeat(500).into_bytes()),
        ("a small file that unpacks to a large one", GZIP, gzip(&bomb)),
        ("packed nothing", GZIP, gzip(b"").repeat(500)),
    ];
    for (what, head, piece) in endless {
        let dav = pieces(Duration::ZERO, move |n| if n == 0 { head.to_vec() } else { piece.clone() }).await;
        let (trouble, message) = trouble(&dav).await;
        assert_eq!(trouble, Trouble::NotUnderstood, "{what}");
        assert!(message.contains("larger than Pimbridge accepts (more than"), "{what}: {message}");
    }
    let one = etag("/cal/a.ics", "1");
    let many = one.repeat((SMALL.whole as usize - 1000) / one.len());
    let honest = multistatus(&(many + "<sync-token>t</sync-token>"));
    let server = Server::start(move |_, _| honest.clone()).await;
    limited(server.open(), SMALL).observe(Some(&sync_cursor("t"))).await.unwrap();
}

/// What is larger in all than is accepted at once is fetched in smaller portions.
#[tokio::test]
async fn more_items_than_fit_are_fetched_in_portions() {
    let server = Server::start(|_, seen| {
        let data = format!("<getetag>1</getetag><C:calendar-data>{}</C:calendar-data>", "x".repeat(9000));
        multistatus(&asked(seen).iter().map(|href| props(href, &data)).collect::<String>())
    })
    .await;
    let fetched = limited(server.open(), SMALL).fetch(&numbered(100)).await.unwrap();
    assert!(fetched.iter().all(|fetched| matches!(fetched, Fetched::Found { .. })));
    assert_eq!((fetched.len(), server.seen().len()), (100, 15));
}

/// Neither says in how many seconds, so the second is waited for longer than the first.
#[tokio::test]
async fn a_busy_server_is_given_more_time_with_each_try() {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let asked_at = Arc::clone(&times);
    let server = Server::start(move |n, _| {
        asked_at.lock().unwrap().push(Instant::now());
        match n {
            0 => reply(503, "", ""),
            1 => reply(429, "Retry-After: soon\r\n", ""),
            _ => multistatus("<sync-token>t</sync-token>"),
        }
    })
    .await;
    server.open().observe(Some(&sync_cursor("t"))).await.unwrap();
    let times = times.lock().unwrap();
    let [first, second] = [times[1] - times[0], times[2] - times[1]].map(|wait| wait.as_secs_f64());
    assert!((1.0..1.9).contains(&first) && (2.0..3.9).contains(&second), "{first} {second}");
}

/// The date counts by the server's clock, and one answer is enough for all that is under way.
#[tokio::test]
async fn everybody_waits_until_the_time_that_a_busy_server_names() {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let asked_at = Arc::clone(&times);
    let server = Server::start(move |n, _| {
        asked_at.lock().unwrap().push(Instant::now());
        let headers = "Date: Sat, 07 Nov 2020 10:00:00 GMT\r\nRetry-After: Sat, 07 Nov 2020 10:00:01 GMT\r\n";
        if n == 1 { reply(429, headers, "") } else { reply(201, "", "") }
    })
    .await;
    let dav = server.open();
    let applied = dav.apply((0..12).map(|n| create(&n.to_string())).collect()).await;
    assert!(applied.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Stored { .. })), "{applied:?}");
    let times = times.lock().unwrap();
    assert_eq!(times.len(), 13, "only one had to be told");
    // Another may have been on its way when the server complained.
    let waited: Vec<_> = times.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(waited.iter().any(|wait| *wait > Duration::from_millis(900)), "{waited:?}");
}

#[tokio::test]
async fn an_item_over_which_the_server_breaks_leaves_the_others() {
    let server = Server::start(|_, seen| {
        let spoilt = asked(seen).iter().any(|href| href == "/cal/5.ics") || seen.path == "/cal/5.ics";
        match seen.method.as_str() {
            _ if spoilt => b"Connection: close".to_vec(),
            "GET" => reply(200, "ETag: \"1\"\r\n", "x"),
            _ => multistatus(&found(&asked(seen))),
        }
    })
    .await;
    let fetched = server.open().fetch(&numbered(8)).await.unwrap();
    let bad: Vec<_> = fetched.iter().filter(|fetched| !matches!(fetched, Fetched::Found { .. })).collect();
    let [Fetched::Failed { href, reason }] = bad.as_slice() else { panic!("{bad:?}") };
    assert!(href.as_str() == "5.ics" && reason.contains("broke off"), "{reason}");
}

/// A server that refuses the list of changes for once is asked for it again when something has changed.
#[tokio::test]
async fn after_a_listing_the_list_of_changes_is_asked_for_again() {
    let server = Server::start(|n, seen| match (n, seen.method.as_str()) {
        (0..5, "REPORT") => reply(500, "", "boom"),
        (_, "REPORT") => multistatus(&(etag("/cal/a.ics", "1") + "<sync-token>t</sync-token>")),
        _ if seen.has("depth: 1") => multistatus(&(props("/cal/", CALENDAR) + &etag("/cal/a.ics", "1"))),
        _ => multistatus(&props("/cal/", &format!("{CALENDAR}{SYNC}<S:getctag>{n}</S:getctag>"))),
    })
    .await;
    let dav = server.open();
    let Observation::Listing { cursor, .. } = dav.observe(Some(&sync_cursor("s"))).await.unwrap() else {
        panic!()
    };
    assert_eq!(cursor, Some(Cursor::new(r#"{"how":"ctag","tag":"2"}"#)));
    let Observation::Listing { cursor, .. } = dav.observe(cursor.as_ref()).await.unwrap() else { panic!() };
    assert_eq!(cursor, Some(sync_cursor("t")));
    assert_eq!(server.methods(), "REPORT REPORT PROPFIND REPORT REPORT PROPFIND PROPFIND REPORT");
}
