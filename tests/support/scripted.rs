//! An HTTP server that answers as a test says, or stands before a real one and interferes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Vec<u8>,
    head: Vec<String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.iter().skip(1).filter_map(|line| line.split_once(':'));
        let mut named = pairs.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    /// The same with another value of this header.
    pub fn with(&self, name: &str, value: &str) -> Request {
        let mut request = self.clone();
        let is_it = |line: &String| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        request.head.retain(|line| !is_it(line));
        request.head.push(format!("{name}: {value}\r\n"));
        request
    }

    pub fn has(&self, header: &str) -> bool {
        self.head.iter().any(|line| line.trim_end().eq_ignore_ascii_case(header))
    }
}

type Talk = dyn Fn(&Request, &mut dyn Write) -> std::io::Result<()> + Send + Sync;

/// A running server, one request a connection; it ends when this is dropped.
pub struct Scripted {
    pub port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl Scripted {
    /// Gives these answers, as they are on the wire.
    pub fn start(answers: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
        Scripted::talking(move |request, client| client.write_all(&answers(request)))
    }

    /// Stands before the server on this port: what `answers` leaves to it is passed on.
    pub fn before(
        port: u16,
        answers: impl Fn(&Request) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Scripted {
        Scripted::talking(move |request, client| {
            client.write_all(&answers(request).unwrap_or_else(|| pass_on(port, request)))
        })
    }

    /// Answers bit by bit, or not at all.
    pub fn talking(
        talk: impl Fn(&Request, &mut dyn Write) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Scripted {
        let talk: Arc<Talk> = Arc::new(talk);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Scripted {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            stop: Arc::default(),
        };
        let (seen, stop) = (server.seen.clone(), server.stop.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (seen, talk) = (seen.clone(), talk.clone());
                // A client that goes away in the middle is no trouble of the server's.
                std::thread::spawn(move || connection.and_then(|c| serve(c, &seen, &*talk)));
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// Method and path of the requests since the last call.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// An answer with its length.
pub fn answer(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn serve(mut client: TcpStream, seen: &Mutex<Vec<String>>, talk: &Talk) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        head.push(line);
    }
    let header = |name: &str| {
        let named = |line: &&String| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        head.iter().skip(1).find(named).and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = head[0].split(' ').map(str::to_owned);
    let request = Request { method: words.next().unwrap(), path: words.next().unwrap(), body, head };
    seen.lock().unwrap().push(format!("{} {}", request.method, request.path));
    talk(&request, &mut client)
}

/// What the server on this port answers.
pub fn pass_on(port: u16, request: &Request) -> Vec<u8> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // Unpacked, so that the answer can be read and changed.
    let dropped = ["connection:", "accept-encoding:"];
    let is_kept = |line: &&String| !dropped.iter().any(|name| line.to_ascii_lowercase().starts_with(name));
    let kept = request.head.iter().filter(is_kept);
    let head: String = kept.map(String::as_str).chain(["Connection: close\r\n\r\n"]).collect();
    server.write_all(head.as_bytes()).unwrap();
    server.write_all(&request.body).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    answer
}
