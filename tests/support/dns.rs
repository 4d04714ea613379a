//! A name service that knows what a test says, for the program's variable `PIMBRIDGE_NAMESERVER`.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{SRV, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record};

/// A running name service; it ends when this is dropped.
pub struct Dns {
    pub address: String,
    stop: Arc<AtomicBool>,
}

/// A record: its full name, and what it says.
pub type Entry = (String, RData);

/// `srv("_caldavs._tcp.example.org", 10, 1, 443, "dav.example.org")`; the target "." says "not here".
pub fn srv(name: &str, priority: u16, weight: u16, port: u16, target: &str) -> Entry {
    let target = Name::from_ascii(format!("{}.", target.trim_end_matches('.'))).unwrap();
    (name.to_owned(), RData::SRV(SRV::new(priority, weight, port, target)))
}

/// `txt("_caldavs._tcp.example.org", "path=/dav/")`.
pub fn txt(name: &str, text: &str) -> Entry {
    (name.to_owned(), RData::TXT(TXT::new(vec![text.to_owned()])))
}

/// A domain whose calendars and address books are both on this port of this computer, without TLS.
pub fn here(domain: &str, port: u16) -> Vec<Entry> {
    ["caldav", "carddav"]
        .map(|service| srv(&format!("_{service}._tcp.{domain}"), 0, 0, port, "localhost"))
        .into()
}

impl Dns {
    /// What is not among the entries does not exist.
    pub fn start(entries: Vec<Entry>) -> Dns {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let dns = Dns { address: socket.local_addr().unwrap().to_string(), stop: Arc::default() };
        let stop = dns.stop.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(question) = Message::from_vec(&buffer[..length]) {
                    socket.send_to(&answer(&entries, &question), from).unwrap();
                }
            }
        });
        dns
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let _ = socket.send_to(b"", &self.address);
    }
}

fn answer(entries: &[Entry], question: &Message) -> Vec<u8> {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_available = true;
    for query in &question.queries {
        answer.add_query(query.clone());
        let name = query.name().to_ascii();
        let named: Vec<&RData> = entries
            .iter()
            .filter(|entry| entry.0.eq_ignore_ascii_case(name.trim_end_matches('.')))
            .map(|(_, data)| data)
            .collect();
        if named.is_empty() {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        for data in named.into_iter().filter(|data| data.record_type() == query.query_type()) {
            answer.add_answer(Record::from_rdata(query.name().clone(), 0, data.clone()));
        }
    }
    answer.to_vec().unwrap()
}
