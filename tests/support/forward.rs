//! A small HTTP proxy: it forwards plain requests and makes tunnels (CONNECT).

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy; it ends when this is dropped.
pub struct Forward {
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
}

impl Forward {
    /// Wants this `Proxy-Authorization`, if any.
    pub fn start(authorization: Option<&'static str>) -> Forward {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Forward { port, heads: Arc::default(), stop: Arc::default() };
        let (heads, stop) = (proxy.heads.clone(), proxy.stop.clone());
        thread::spawn(move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let heads = heads.clone();
                thread::spawn(move || connection.and_then(|client| serve(client, &heads, authorization)));
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests since the last call, in lower case.
    pub fn take_heads(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(mut client: TcpStream, heads: &Mutex<Vec<String>>, authorization: Option<&str>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    heads.lock().unwrap().push(head.to_ascii_lowercase());
    let refuse = |mut client: TcpStream, status: &str| {
        client.write_all(
            format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes(),
        )
    };
    let named = |line: &str| line.to_ascii_lowercase().starts_with("proxy-authorization:");
    let given = head.lines().find(|line| named(line)).and_then(|line| Some(line.split_once(':')?.1.trim()));
    if authorization.is_some_and(|wanted| given != Some(wanted)) {
        return refuse(client, "407 Proxy Authentication Required");
    }
    let target = head.split(' ').nth(1).unwrap_or_default();
    let server = match target.strip_prefix("http://") {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => target,
    };
    let Ok(mut to) = TcpStream::connect(server) else { return refuse(client, "502 Bad Gateway") };
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        let kept = head.trim_end().lines().filter(|line| !named(line)).map(|line| format!("{line}\r\n"));
        let kept: String = kept.collect::<String>().replacen(&format!("http://{server}"), "", 1);
        to.write_all(format!("{kept}Connection: close\r\n\r\n").as_bytes())?;
    }
    let (mut from, mut on) = (to.try_clone()?, to.try_clone()?);
    thread::spawn(move || io::copy(&mut reader, &mut on));
    let copied = io::copy(&mut from, &mut client);
    client.shutdown(Shutdown::Both)?;
    copied.map(drop)
}
