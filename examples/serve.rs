//! Runs the small server by itself, for benches and for trying other clients on it:
//!
//! ```sh
//! cargo run --release --example serve -- --port 8008 --events 10000 --latency 50
//! ```
//!
//! It prints the URL of the server and of each collection as `NAME=URL` and runs until it is killed.
//! For each line on its standard input it prints, as one line of JSON, what was exchanged since the
//! line before.

use std::time::Duration;

use clap::Parser;
use pimbridge::item::Kind;
use pimbridge::server::{Options, Server};

/// A CalDAV and CardDAV server in memory, on 127.0.0.1.
#[derive(Parser)]
struct Args {
    /// The port; 0 for a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Milliseconds to wait before each answer
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// How many events of about 1 KB to begin with
    #[arg(long, visible_alias = "items", default_value_t = 0)]
    events: usize,
    /// How many tasks to begin with
    #[arg(long, default_value_t = 0)]
    tasks: usize,
    /// How many contacts to begin with
    #[arg(long, default_value_t = 0)]
    contacts: usize,
    /// Do not offer sync-collection
    #[arg(long)]
    no_sync_collection: bool,
    /// Do not offer getctag
    #[arg(long)]
    no_ctag: bool,
    /// Do not tell the ETag in the answer to a PUT
    #[arg(long)]
    no_etag_on_put: bool,
    /// Cut answers to sync-collection after so many items
    #[arg(long)]
    page: Option<usize>,
    /// Ask for this user name
    #[arg(long, requires = "password")]
    user: Option<String>,
    /// Ask for this password
    #[arg(long, requires = "user")]
    password: Option<String>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let user = args.user.clone().unwrap_or_else(|| "jana".to_owned());
    let server = Server::start(Options {
        port: args.port,
        latency: Duration::from_millis(args.latency),
        sync_collection: !args.no_sync_collection,
        ctag: !args.no_ctag,
        etag_on_put: !args.no_etag_on_put,
        page: args.page,
        credentials: args.user.zip(args.password),
    })
    .await?;
    println!("URL={}", server.url());
    for (label, kind, path, display_name, count) in [
        ("EVENTS", Kind::Events, "calendars/{}/events", "Events", args.events),
        ("TASKS", Kind::Tasks, "calendars/{}/tasks", "Tasks", args.tasks),
        ("CONTACTS", Kind::Contacts, "addressbooks/{}/contacts", "Contacts", args.contacts),
        ("EMPTY_EVENTS", Kind::Events, "calendars/{}/empty", "Empty calendar", 0),
        ("EMPTY_CONTACTS", Kind::Contacts, "addressbooks/{}/empty", "Empty address book", 0),
    ] {
        let path = path.replace("{}", &user);
        let url = server.create_collection(&path, kind, display_name);
        for n in 0..count {
            let uid = format!("bench-{kind}-{n:06}");
            server.put(&path, &format!("{uid}.{}", kind.extension()), item(kind, &uid, n));
        }
        println!("{label}={url}");
    }
    // This thread does nothing else: the server runs on the runtime's own.
    for line in std::io::stdin().lines() {
        line?;
        let traffic = server.take_traffic();
        println!(
            "{}",
            serde_json::json!({
                "requests": traffic.requests,
                "bytes_in": traffic.bytes_in,
                "bytes_out": traffic.bytes_out,
            })
        );
    }
    std::future::pending().await
}

fn item(kind: Kind, uid: &str, n: usize) -> String {
    let day = format!("{:04}{:02}{:02}", 2024 + n / 336 % 4, n / 28 % 12 + 1, n % 28 + 1);
    let hour = 8 + n % 9;
    // Folded by hand: 74 octets and the line end.
    let text = "\\, and some more words that nobody will ever read but that take their room".repeat(8);
    let text = text.as_bytes().chunks(73).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n ");
    match kind {
        Kind::Events => format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Pimbridge//Bench//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
             DTSTAMP:20240101T000000Z\r\nDTSTART:{day}T{hour:02}0000Z\r\nDTEND:{day}T{:02}0000Z\r\n\
             SUMMARY:Meeting {n}\r\nLOCATION:Room {}\r\nATTENDEE;CN=Jana:mailto:jana@example.org\r\n\
             CATEGORIES:WORK,BENCH\r\nDESCRIPTION:\r\n {text}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            hour + 1,
            n % 20,
        ),
        Kind::Tasks => format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Pimbridge//Bench//EN\r\nBEGIN:VTODO\r\nUID:{uid}\r\n\
             DTSTAMP:20240101T000000Z\r\nDUE;VALUE=DATE:{day}\r\nSUMMARY:Task {n}\r\nPRIORITY:{}\r\n\
             DESCRIPTION:\r\n {text}\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
            n % 10,
        ),
        Kind::Contacts => format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Person {n}\r\nN:{n};Person;;;\r\n\
             EMAIL;TYPE=WORK:person{n}@example.org\r\nTEL;TYPE=CELL:+49 170 {n:07}\r\nORG:Bench Works\r\n\
             NOTE:\r\n {text}\r\nEND:VCARD\r\n",
        ),
    }
}
