//! Real servers, installed by `tests/run`, each with its own folder and port.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pimbridge::item::Kind;

use super::http;

pub const USER: &str = "alice";
pub const PASSWORD: &str = "alice's pässword";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Software {
    Radicale,
    Xandikos,
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
        let process = match software {
            Software::Radicale => radicale(dir.path(), port),
            Software::Xandikos => xandikos(dir.path(), port),
        };
        let mut server = Server { software, port, process, dir };
        server.wait_until_it_answers();
        server
    }

    /// Its log, for messages of failed tests.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Makes a collection; its URL.
    pub fn create(&self, name: &str, kind: Kind) -> String {
        let base = format!("http://127.0.0.1:{}", self.port);
        let home = match (self.software, kind) {
            (Software::Radicale, _) => "alice",
            (Software::Xandikos, Kind::Contacts) => "alice/contacts",
            (Software::Xandikos, _) => "alice/calendars",
        };
        let url = format!("{base}/{home}/{name}/");
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

    fn wait_until_it_answers(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("{:?} ended at once ({status}): {}", self.software, self.log());
            }
            if http::answers(self.port) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{:?} does not answer: {}", self.software, self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program of the virtual environment that `tests/run` makes.
fn installed(name: &str) -> PathBuf {
    let dir = std::env::var_os("PIMBRIDGE_TEST_SERVERS").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers"));
    let program = dir.join("bin").join(name);
    assert!(program.exists(), "{name} is not installed: run tests/run, which installs it below target/");
    program
}

fn spawn(dir: &Path, command: &mut Command) -> Child {
    let log = fs::File::create(dir.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Each user has all rights on what is below the own folder, but on a collection that is called `read-only`.
const RIGHTS: &str = "
[root]
user: .+
collection:
permissions: R
[principal]
user: .+
collection: {user}
permissions: RW
[read-only]
user: .+
collection: {user}/read-only
permissions: r
[own]
user: .+
collection: {user}/[^/]+
permissions: rw
";

fn radicale(dir: &Path, port: u16) -> Child {
    fs::write(dir.join("htpasswd"), format!("{USER}:{PASSWORD}\n")).unwrap();
    fs::write(dir.join("rights"), RIGHTS).unwrap();
    let config = dir.join("config");
    let text = format!(
        "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {0}/htpasswd\n\
         htpasswd_encryption = plain\ndelay = 0\n[rights]\ntype = from_file\nfile = {0}/rights\n[storage]\nfilesystem_folder = {0}/data\n",
        dir.display()
    );
    fs::write(&config, text).unwrap();
    spawn(dir, Command::new(installed("radicale")).arg("--config").arg(config))
}

fn xandikos(dir: &Path, port: u16) -> Child {
    spawn(
        dir,
        Command::new(installed("xandikos"))
            .arg("serve")
            .arg("--directory")
            .arg(dir.join("data"))
            .args([
                "--defaults",
                "--current-user-principal",
                "/alice/",
                "--listen-address",
                "127.0.0.1",
                "--port",
            ])
            .arg(port.to_string())
            .arg("--no-detect-systemd"),
    )
}
