//! Stands between the program and a real server, and spoils what passes through.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::scripted::{Request, Scripted, answer, pass_on};

/// What is done to a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection is closed before the server hears of the request.
    NotPassedOn,
    /// The connection is closed after so many bytes of the answer.
    CutHead(usize),
    /// The connection is closed after so many bytes of the answer's body.
    CutBody(usize),
    /// The connection is closed so many bytes before the answer's end.
    CutEnd(usize),
    /// Like `CutBody`, in an answer that does not tell its length.
    CutBodyWithoutLength(usize),
    Late(Duration),
    /// This answer (status line, headers, text), without asking the server.
    Answer(&'static str, String, &'static str),
    /// This answer, after the server did what was asked.
    AnswerAfterwards(&'static str),
    /// The answer is packed, and its end is missing.
    CutGzip,
    /// The answer's length is said to be so much larger or smaller than it is.
    WrongLength(i64),
    /// This text, and then this one without end.
    Endless(&'static str, String),
    /// Nothing more happens with this request: before or after the server did what was asked.
    Hang {
        afterwards: bool,
    },
}

/// Which requests meet a fault: of those of some kinds (methods, names of REPORTs), `times` from the one
/// with the number `from` on, counted from 0.
#[derive(Debug, Clone)]
pub struct Rule {
    pub kinds: &'static [&'static str],
    pub from: usize,
    pub times: usize,
    pub fault: Fault,
}

struct Armed {
    rule: Rule,
    seen: AtomicUsize,
}

/// A running proxy; it ends when this is dropped.
pub struct Proxy {
    front: Scripted,
    armed: Arc<Mutex<Option<Arc<Armed>>>>,
    struck: Mutex<Receiver<()>>,
}

impl Proxy {
    /// Before the server on this port; without a rule it changes nothing.
    pub fn before(port: u16) -> Proxy {
        let armed: Arc<Mutex<Option<Arc<Armed>>>> = Arc::default();
        let (tell, struck) = channel();
        let rules = Arc::clone(&armed);
        let front = Scripted::talking(move |request, client| {
            let armed = rules.lock().unwrap().clone();
            match armed.as_deref().and_then(|armed| armed.strike(request)) {
                None => client.write_all(&pass_on(port, request)),
                Some(fault) => spoil(&fault, port, request, client, &tell),
            }
        });
        Proxy { front, armed, struck: Mutex::new(struck) }
    }

    pub fn arm(&self, rule: Rule) {
        *self.armed.lock().unwrap() = Some(Arc::new(Armed { rule, seen: AtomicUsize::new(0) }));
        while self.struck.lock().unwrap().try_recv().is_ok() {}
    }

    /// Lets everything through again; how many requests met the fault.
    pub fn disarm(&self) -> usize {
        let armed = self.armed.lock().unwrap().take();
        armed.map_or(0, |armed| {
            let seen = armed.seen.load(Ordering::Relaxed);
            seen.saturating_sub(armed.rule.from).min(armed.rule.times)
        })
    }

    /// Waits until a request met a fault; false if none does for so long.
    pub fn wait_until_it_strikes(&self, longest: Duration) -> bool {
        self.struck.lock().unwrap().recv_timeout(longest).is_ok()
    }

    pub fn url(&self, path: &str) -> String {
        self.front.url(path)
    }

    /// Method and path of the requests since the last call.
    pub fn take_seen(&self) -> Vec<String> {
        self.front.take_seen()
    }
}

impl Armed {
    fn strike(&self, request: &Request) -> Option<Fault> {
        let rule = &self.rule;
        let body = String::from_utf8_lossy(&request.body);
        let report = |kind: &str| request.method == "REPORT" && body.contains(&format!("{kind} xmlns"));
        if !rule.kinds.iter().any(|kind| *kind == request.method || report(kind)) {
            return None;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed);
        (rule.from..rule.from.saturating_add(rule.times)).contains(&number).then(|| rule.fault.clone())
    }
}

fn spoil(
    fault: &Fault,
    port: u16,
    request: &Request,
    client: &mut dyn Write,
    tell: &Sender<()>,
) -> io::Result<()> {
    let whole = || pass_on(port, request);
    let written = match fault {
        Fault::NotPassedOn => Ok(()),
        Fault::CutHead(bytes) => {
            let whole = whole();
            client.write_all(&whole[..whole.len().min(*bytes)])
        }
        Fault::CutEnd(bytes) => {
            let whole = whole();
            client.write_all(&whole[..whole.len() - bytes])
        }
        Fault::CutBody(bytes) => {
            let (head, body) = parts(&whole());
            client.write_all(&with_length(&head, Some(body.len()), "", &body[..body.len().min(*bytes)]))
        }
        Fault::CutBodyWithoutLength(bytes) => {
            let (head, body) = parts(&whole());
            client.write_all(&with_length(&head, None, "", &body[..body.len().min(*bytes)]))
        }
        Fault::Late(wait) => {
            std::thread::sleep(*wait);
            client.write_all(&whole())
        }
        Fault::Answer(status, headers, text) => {
            let length = text.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
            client.write_all(format!("{head}{headers}\r\n{text}").as_bytes())
        }
        Fault::AnswerAfterwards(status) => {
            whole();
            client.write_all(&answer(status, "text/plain", ""))
        }
        Fault::CutGzip => {
            let (head, body) = parts(&whole());
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&body)?;
            let packed = encoder.finish()?;
            let cut = &packed[..packed.len() * 2 / 3];
            client.write_all(&with_length(&head, Some(cut.len()), "Content-Encoding: gzip\r\n", cut))
        }
        Fault::WrongLength(more) => {
            let (head, body) = parts(&whole());
            let length = (body.len() as i64 + more).max(0) as usize;
            client.write_all(&with_length(&head, Some(length), "", &body))
        }
        Fault::Endless(start, more) => {
            let status = if request.method == "GET" { "200 OK" } else { "207 Multi-Status" };
            client.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{start}").as_bytes())?;
            let block = more.repeat((1 << 20) / more.len() + 1);
            loop {
                client.write_all(block.as_bytes())?;
            }
        }
        Fault::Hang { afterwards } => {
            if *afterwards {
                whole();
            }
            let _ = tell.send(());
            // Nobody waits for this thread.
            std::thread::sleep(Duration::from_secs(60));
            return Ok(());
        }
    };
    let _ = tell.send(());
    written
}

fn parts(answer: &[u8]) -> (String, Vec<u8>) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole answer") + 2;
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 2..].to_vec())
}

fn with_length(head: &str, length: Option<usize>, more: &str, body: &[u8]) -> Vec<u8> {
    let kept = head.split_inclusive("\r\n").filter(|l| !l.to_ascii_lowercase().starts_with("content-length"));
    let mut head: String = kept.collect();
    if let Some(length) = length {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    [format!("{head}{more}\r\n").as_bytes(), body].concat()
}
