//! Real sockets, and a daemon that says what the test wants.

use std::sync::Arc;
use std::time::Duration;

use interprocess::local_socket::tokio::{Stream, prelude::*};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

use super::place::Place;
use super::*;
use crate::daemon::protocol::{How, NotRun, Paused, RunId};
use crate::home::Home;

fn status(version: &str) -> Arc<Status> {
    let since = "2026-11-26T08:00:00Z".parse().unwrap();
    let (paused, profiles, parts) = (None, Vec::new(), Vec::new());
    Arc::new(Status { version: version.to_owned(), pid: 1, since, paused, profiles, parts })
}

/// A daemon with nothing but its socket.
pub(crate) struct Daemon {
    folder: tempfile::TempDir,
    pub requests: mpsc::Receiver<Asked>,
    pub events: broadcast::Sender<Event>,
    status: Option<watch::Sender<Arc<Status>>>,
    listens: JoinHandle<()>,
}

impl Daemon {
    pub fn start() -> Daemon {
        Daemon::start_at(tempfile::tempdir().unwrap(), |_| {})
    }

    fn start_at(folder: tempfile::TempDir, change: impl FnOnce(&mut Listener)) -> Daemon {
        let (to, mut come) = mpsc::channel::<Asked>(8);
        let (pass_on, requests) = mpsc::channel(8);
        let (events, _) = broadcast::channel(64);
        let (status, seen) = watch::channel(status("1"));
        let mut listener = Listener::bind(&Home::at(folder.path())).unwrap();
        change(&mut listener);
        let windows = Windows::default();
        let hub = Hub { requests: to, events: events.clone(), status: seen.clone(), windows };
        tokio::spawn(async move {
            while let Some(asked) = come.recv().await {
                if asked.request == Request::Status {
                    let status = Box::new(Status::clone(&seen.borrow()));
                    asked.reply.send(Reply::Status { status }).unwrap();
                } else {
                    let _ = pass_on.send(asked).await;
                }
            }
        });
        let listens = tokio::spawn(async move { listener.serve(hub).await.leave().await });
        Daemon { folder, requests, events, status: Some(status), listens }
    }

    pub fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    async fn client(&self) -> Client {
        Client::connect(&self.home()).await.unwrap().expect("it listens")
    }

    /// One who says whatever the test wants.
    async fn stranger(&self) -> BufReader<Stream> {
        BufReader::new(Stream::connect(Place::of(&self.home()).name().unwrap()).await.unwrap())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

async fn said(stranger: &mut BufReader<Stream>, line: &str) -> String {
    stranger.get_mut().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stranger.read_line(&mut answer).await.unwrap();
    answer.trim_end().to_owned()
}

fn started(run: u64) -> Event {
    Event::RunStarted { run: RunId(run), profile: "work".into() }
}

fn sync() -> Request {
    Request::Sync { profiles: vec!["work".into()], how: How::default() }
}

#[tokio::test]
async fn where_no_daemon_runs() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    assert!(Client::connect(&home).await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
}

#[tokio::test]
async fn a_request_and_its_reply() {
    let mut daemon = Daemon::start();
    let mut client = daemon.client().await;
    let (reply, ()) = tokio::join!(client.ask(sync()), async {
        let asked = daemon.requests.recv().await.unwrap();
        assert_eq!(asked.request, sync());
        daemon.events.send(started(1)).unwrap_err();
        let refused = vec![NotRun { profile: "work".into(), why: "no".into() }];
        asked.reply.send(Reply::Runs { runs: vec![], refused }).unwrap();
    });
    assert!(matches!(reply.unwrap(), Reply::Runs { refused, .. } if refused[0].why == "no"));
    match client.ask(Request::Status).await.unwrap() {
        Reply::Status { status } => assert_eq!(status.version, "1"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn replies_come_in_any_order() {
    let mut daemon = Daemon::start();
    let mut stranger = daemon.stranger().await;
    stranger.get_mut().write_all(b"{\"v\":1,\"id\":1,\"request\":\"pause\"}\n").await.unwrap();
    let first = daemon.requests.recv().await.unwrap();
    let second = said(&mut stranger, r#"{"v":1,"id":2,"request":"status"}"#).await;
    assert!(second.starts_with(r#"{"v":1,"tell":"reply","id":2,"reply":{"is":"status""#), "{second}");
    first.reply.send(Reply::Done).unwrap();
    let mut answer = String::new();
    stranger.read_line(&mut answer).await.unwrap();
    assert_eq!(answer, "{\"v\":1,\"tell\":\"reply\",\"id\":1,\"reply\":{\"is\":\"done\"}}\n");
}

#[tokio::test]
async fn events_are_told_to_whoever_follows() {
    let mut daemon = Daemon::start();
    let mut client = daemon.client().await;
    client.follow().await.unwrap();
    assert_eq!(
        client.event().await.unwrap(),
        Event::Status { status: Box::new(Status::clone(&status("1"))) }
    );
    // What happens before the reply is not lost.
    let (reply, ()) = tokio::join!(client.ask(Request::Pause { minutes: Some(5) }), async {
        let asked = daemon.requests.recv().await.unwrap();
        daemon.events.send(started(1)).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        asked.reply.send(Reply::Done).unwrap();
    });
    assert_eq!(reply.unwrap(), Reply::Done);
    assert_eq!(client.event().await.unwrap(), started(1));
    let since = "2026-11-26T09:00:00Z".parse().unwrap();
    daemon
        .status
        .as_ref()
        .unwrap()
        .send_modify(|status| Arc::make_mut(status).paused = Some(Paused { since, until: None }));
    assert!(matches!(client.event().await.unwrap(), Event::Status { status } if status.paused.is_some()));
    daemon.events.send(started(2)).unwrap();
    assert_eq!(client.event().await.unwrap(), started(2));
}

#[tokio::test]
async fn a_daemon_that_ends() {
    let mut daemon = Daemon::start();
    let (mut follower, client, home) = (daemon.client().await, daemon.client().await, daemon.home());
    follower.follow().await.unwrap();
    follower.event().await.unwrap();
    let (stopped, ()) = tokio::join!(client.stop(), async {
        let asked = daemon.requests.recv().await.unwrap();
        assert_eq!(asked.request, Request::Stop);
        asked.reply.send(Reply::Done).unwrap();
        daemon.events.send(started(1)).unwrap();
        daemon.status = None;
    });
    stopped.unwrap();
    assert_eq!(follower.event().await.unwrap(), started(1), "the last of it is told");
    assert!(matches!(follower.event().await, Err(ControlError::Gone)));
    assert!(matches!(follower.ask(sync()).await, Err(ControlError::Gone)));
    assert!(Client::connect(&home).await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(home.state_dir()).unwrap().count(), 0, "the socket is removed");
}

#[tokio::test]
async fn a_daemon_that_does_not_take_requests_any_more() {
    let mut daemon = Daemon::start();
    daemon.requests.close();
    let reply = daemon.client().await.ask(sync()).await.unwrap();
    assert_eq!(reply, Reply::Refused { why: "Pimbridge is ending".into() });
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_daemon_that_was_killed_left_there() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    std::fs::create_dir(home.state_dir()).unwrap();
    drop(std::os::unix::net::UnixListener::bind(home.state_dir().join("control.sock")).unwrap());
    assert!(Client::connect(&home).await.unwrap().is_none());
    let daemon = Daemon::start_at(folder, |_| {});
    daemon.client().await.ask(Request::Status).await.unwrap();
}

#[tokio::test]
async fn where_the_path_is_too_long_for_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(&folder.path().join("x".repeat(120)));
    let listener = Listener::bind(&home).unwrap();
    assert!(!Place::of(&home).to_string().contains("xxx"));
    assert!(Client::connect(&home).await.unwrap().is_some());
    drop(listener);
    assert!(Client::connect(&home).await.unwrap().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn the_socket_is_the_owners() {
    use std::os::unix::fs::PermissionsExt;
    let daemon = Daemon::start();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let home = daemon.home();
    assert_eq!((mode(home.state_dir()), mode(&home.state_dir().join("control.sock"))), (0o700, 0o600));
}

#[tokio::test]
async fn what_is_no_request() {
    let daemon = Daemon::start();
    let mut stranger = daemon.stranger().await;
    for (line, id) in [
        ("GET / HTTP/1.1", 0),
        ("", 0),
        ("{}", 0),
        (r#"{"v":1,"id":7,"request":"dance"}"#, 7),
        (r#"{"v":1,"id":8,"request":"sync"}"#, 8),
        (r#"{"v":1,"id":-1,"request":"status"}"#, 0),
        (r#"{"v":1,"request":"status"}"#, 0),
    ] {
        let answer = said(&mut stranger, line).await;
        let refused =
            format!(r#"{{"v":1,"tell":"reply","id":{id},"reply":{{"is":"refused","why":"this is no request"#);
        assert!(answer.starts_with(&refused), "{line}: {answer}");
    }
    let answer = said(&mut stranger, r#"{"v":1,"id":9,"request":"status"}"#).await;
    assert!(answer.contains(r#""id":9,"reply":{"is":"status""#), "it is still listened to: {answer}");
}

#[tokio::test]
async fn another_version_can_only_end_the_daemon() {
    let mut daemon = Daemon::start();
    let mut stranger = daemon.stranger().await;
    let answer = said(&mut stranger, r#"{"v":2,"id":3,"request":"status","of":"everything"}"#).await;
    assert!(
        answer.contains(r#""id":3,"reply":{"is":"refused""#) && answer.contains("another version"),
        "{answer}"
    );
    stranger.get_mut().write_all(b"{\"v\":2,\"id\":4,\"request\":\"stop\",\"at\":\"once\"}\n").await.unwrap();
    assert_eq!(daemon.requests.recv().await.unwrap().request, Request::Stop);
}

#[tokio::test]
async fn a_request_that_is_too_long() {
    let daemon = Daemon::start();
    let mut stranger = daemon.stranger().await;
    let answer = said(&mut stranger, &"x".repeat(3 << 20)).await;
    assert!(answer.contains("at most 1048576 bytes"), "{answer}");
    let answer = said(&mut stranger, r#"{"v":1,"id":9,"request":"status"}"#).await;
    assert!(answer.contains(r#""id":9,"reply":{"is":"status""#), "it is still listened to: {answer}");
}

#[tokio::test]
async fn so_many_clients_and_no_more() {
    let daemon = Daemon::start();
    let mut clients = Vec::new();
    for _ in 0..32 {
        let mut client = daemon.client().await;
        client.ask(Request::Status).await.unwrap();
        clients.push(client);
    }
    let refused = daemon.client().await.ask(Request::Status).await.unwrap_err();
    assert!(refused.to_string().contains("too many programs"), "{refused}");
    clients.pop();
    let mut tries = 0..1000;
    while daemon.client().await.ask(Request::Status).await.is_err() {
        tries.next().expect("one has left");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn one_who_does_not_read_keeps_nobody_waiting() {
    let daemon = Daemon::start_at(tempfile::tempdir().unwrap(), |listener| {
        listener.patience = Duration::from_millis(100);
    });
    let mut stranger = daemon.stranger().await;
    said(&mut stranger, r#"{"v":1,"id":1,"request":"follow"}"#).await;
    let long = Event::RunStarted { run: RunId(1), profile: "x".repeat(100_000) };
    let mut tries = 0..3000;
    while daemon.events.send(long.clone()).is_ok() {
        tries.next().expect("it is left");
        daemon.client().await.ask(Request::Status).await.unwrap();
    }
    let mut rest = Vec::new();
    let _ = stranger.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn a_daemon_that_talks_nonsense() {
    for (line, expected) in [
        ("{\"v\":2,\"tell\":\"everything\"}\n", "another version"),
        ("hello\n", "cannot be understood"),
        ("{\"v\":1,\"tell\":\"dance\"}\n", "cannot be understood"),
        ("", "has ended"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let place = Place::make(&home).unwrap();
        let listener = interprocess::local_socket::ListenerOptions::new().name(place.name().unwrap());
        let listener = listener.create_tokio().unwrap();
        let talks = tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap();
            stream.write_all(line.as_bytes()).await.unwrap();
            let mut read = [0; 1024];
            let _ = stream.read(&mut read).await;
        });
        let mut client = Client::connect(&home).await.unwrap().unwrap();
        let error = client.ask(Request::Status).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{line}: {error}");
        talks.await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn who_has_said_all_hears_the_reply() {
    let daemon = Daemon::start();
    let socket = daemon.folder.path().join("state/control.sock");
    let mut stranger = tokio::net::UnixStream::connect(socket).await.unwrap();
    stranger.write_all(b"{\"v\":1,\"id\":3,\"request\":\"status\"}\n").await.unwrap();
    stranger.shutdown().await.unwrap();
    let mut heard = String::new();
    stranger.read_to_string(&mut heard).await.unwrap();
    assert!(heard.contains(r#""id":3,"reply":{"is":"status""#), "{heard}");
}

#[tokio::test]
async fn one_who_is_turned_away_does_not_take_it_for_the_end() {
    let daemon = Daemon::start();
    let mut others = Vec::new();
    for _ in 0..32 {
        let mut other = daemon.stranger().await;
        said(&mut other, r#"{"v":1,"id":1,"request":"status"}"#).await;
        others.push(other);
    }
    for _ in 0..5 {
        let Some(client) = Client::connect(&daemon.home()).await.unwrap() else { panic!("it listens") };
        let refused = client.stop().await.unwrap_err();
        assert!(matches!(refused, ControlError::Refused(_)), "{refused}");
    }
}
