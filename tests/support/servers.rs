//! Real servers, installed by `tests/run` and started by the scripts in `tests/servers`, each with its own
//! folder and port.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pimbridge::item::Kind;

use super::http;

pub const USER: &str = "alice";
pub const PASSWORD: &str = "alice's pässword";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Software {
    Radicale,
    Xandikos,
    Cyrus,
    Davical,
    Sabre,
    Sogo,
}

impl Software {
    /// The name of its script.
    pub fn name(self) -> &'static str {
        match self {
            Software::Radicale => "radicale",
            Software::Xandikos => "xandikos",
            Software::Cyrus => "cyrus",
            Software::Davical => "davical",
            Software::Sabre => "sabre",
            Software::Sogo => "sogo",
        }
    }

    /// Where alice's collections of a kind are.
    fn home(self, kind: Kind) -> &'static str {
        let contacts = kind == Kind::Contacts;
        match self {
            Software::Radicale => "alice",
            Software::Xandikos if contacts => "alice/contacts",
            Software::Xandikos => "alice/calendars",
            Software::Cyrus if contacts => "dav/addressbooks/user/alice",
            Software::Cyrus => "dav/calendars/user/alice",
            Software::Davical => "davical/caldav.php/alice",
            Software::Sabre if contacts => "dav/addressbooks/alice",
            Software::Sabre => "dav/calendars/alice",
            Software::Sogo if contacts => "SOGo/dav/alice/Contacts",
            Software::Sogo => "SOGo/dav/alice/Calendar",
        }
    }
}

/// A running server; it ends when this is dropped.
pub struct Server {
    pub software: Software,
    pub port: u16,
    process: Child,
    dir: tempfile::TempDir,
}

impl Server {
    pub fn start(software: Software) -> Server {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(software.name());
        let mut process = Command::new(&script)
            .arg(dir.path())
            .arg(port.to_string())
            .env("PATH", path_with(&installed().join("bin")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let server = Server { software, port, process, dir };
        assert!(!url.is_empty(), "{software:?} did not start (tests/run installs it): {}", server.log());
        server
    }

    /// `None` where it could not be installed. Nothing else leaves a test out: `tests/run` tells of it at its end.
    pub fn start_if_installed(software: Software) -> Option<Server> {
        is_installed(software.name()).then(|| Server::start(software))
    }

    /// Its log, for messages of failed tests.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Makes a collection; its URL.
    pub fn create(&self, name: &str, kind: Kind) -> String {
        let url = format!("http://127.0.0.1:{}/{}/{name}/", self.port, self.software.home(kind));
        let (method, body) = match kind {
            Kind::Contacts => (
                "MKCOL",
                "<mkcol xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><set><prop><resourcetype><collection/>\
                 <C:addressbook/></resourcetype></prop></set></mkcol>"
                    .to_owned(),
            ),
            Kind::Events | Kind::Tasks => {
                let component = if kind == Kind::Events { "VEVENT" } else { "VTODO" };
                let body = format!(
                    "<C:mkcalendar xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><set><prop>\
                     <C:supported-calendar-component-set><C:comp name='{component}'/></C:supported-calendar-component-set>\
                     </prop></set></C:mkcalendar>"
                );
                ("MKCALENDAR", body)
            }
        };
        let answer = http::send(method, &url, &[("Content-Type", "application/xml")], body.as_bytes());
        assert_eq!(answer.status, 201, "{method} {url}: {}\n{}", answer.text(), self.log());
        url
    }

    /// The folder in which Radicale keeps a collection's items, one file each.
    pub fn storage(&self, name: &str) -> PathBuf {
        assert_eq!(self.software, Software::Radicale);
        self.dir.path().join("data/collection-root").join(USER).join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its standard input is closed first.
        let _ = self.process.wait();
    }
}

/// Whether `tests/run` could install this; a test that needs it is not run otherwise.
pub fn is_installed(what: &str) -> bool {
    let are_missing = std::env::var("PIMBRIDGE_NOT_INSTALLED").unwrap_or_default();
    let is_missing = are_missing.split(' ').any(|name| name == what);
    if is_missing {
        not_run(what);
    }
    !is_missing
}

/// This test is not run for want of something that only root on Debian has: `tests/run` tells of it at its end.
pub fn not_run(want: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let mut file = File::options().create(true).append(true).open(installed().join("not-run.txt")).unwrap();
    file.write_all(format!("{want}: {test}\n").as_bytes()).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The virtual environment that `tests/run` makes.
fn installed() -> PathBuf {
    let dir = std::env::var_os("PIMBRIDGE_TEST_SERVERS").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers"));
    assert!(dir.exists(), "the servers are not installed: run tests/run, which installs them below target/");
    dir
}

pub fn path_with(dir: &Path) -> String {
    format!("{}:{}", dir.display(), std::env::var("PATH").unwrap_or_default())
}
