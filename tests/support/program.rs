//! The program as a person starts it: the binary, with a home folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use pimbridge::item::Kind;

use super::servers::{PASSWORD, USER};

pub struct Home {
    dir: tempfile::TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Runs a command to its end.
    pub fn of(command: &mut std::process::Command) -> Ended {
        let output = command.output().unwrap();
        Ended {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON lines of `--json`.
    pub fn json(&self) -> Vec<serde_json::Value> {
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}\n{self:?}"));
        self.stdout.lines().map(parse).collect()
    }

    #[track_caller]
    pub fn expect(self, status: i32) -> Ended {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl Default for Home {
    fn default() -> Self {
        Home { dir: super::world::scratch() }
    }
}

impl Home {
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The folder that profiles of this home keep their items in.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.dir.path().join("items").join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Writes a profile: a folder of the same name, and this collection.
    pub fn profile(&self, name: &str, kind: Kind, url: &str, more: &str) {
        self.profile_with(name, kind, url, more, "password_env = \"TEST_PASSWORD\"");
    }

    /// The same with another source of the password.
    pub fn profile_with(&self, name: &str, kind: Kind, url: &str, more: &str, password: &str) {
        let folder = self.folder(name);
        let text = format!(
            "kind = \"{kind}\"\n{more}\n[local]\ntype = \"vdir\"\npath = {folder:?}\n\
             [remote]\ntype = \"dav\"\nurl = \"{url}\"\nuser = \"{USER}\"\n{password}\n"
        );
        self.profile_file(name, &text);
    }

    /// Writes the file of a profile, right or wrong.
    pub fn profile_file(&self, name: &str, text: &str) {
        let profiles = self.dir.path().join("profiles");
        fs::create_dir_all(&profiles).unwrap();
        fs::write(profiles.join(format!("{name}.toml")), text).unwrap();
    }

    /// A command that runs the program here.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pimbridge"));
        command.arg("--home").arg(self.dir.path()).args(arguments);
        command.env("TEST_PASSWORD", PASSWORD).env_remove("PIMBRIDGE_LOG").env("HOME", self.dir.path());
        command.env("LC_ALL", "C.UTF-8");
        command.stdin(std::process::Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments))
    }

    /// What a command showed, without what is different each time: places, ports, days, amounts.
    pub fn shown(&self, ended: &Ended) -> String {
        let text = format!("{}{}", ended.stdout, ended.stderr);
        let text = text.replace(&self.dir.path().display().to_string(), "HOME");
        let lines = text.lines().map(|line| match line.starts_with("  (") && line.ends_with(" s)") {
            true => "  (TRAFFIC)".to_owned(),
            false => without_times(&without_ports(line)),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Every file of this home that holds these bytes.
    pub fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        files_below_with(self.dir.path(), bytes)
    }

    /// Runs `sync --json` of one profile, which must end like this.
    #[track_caller]
    pub fn sync(&self, profile: &str, status: i32) -> serde_json::Value {
        self.run(&["sync", profile, "--json"]).expect(status).json().remove(0)
    }
}

/// Every file below this folder that holds these bytes.
pub fn files_below_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && fs::read(entry.path()).unwrap().windows(bytes.len()).any(|w| w == bytes)
            {
                found.push(entry.path());
            }
        }
    }
    found
}

/// The items of a folder: names and bytes; hidden files are none.
pub fn files(folder: &Path) -> BTreeMap<String, Bytes> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let visible = named.filter(|(name, _)| !name.starts_with('.'));
    visible.map(|(name, path)| (name, fs::read(path).unwrap().into())).collect()
}

fn without_ports(line: &str) -> String {
    let mut parts = line.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("127.0.0.1:PORT");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// `2026-11-21 22:05` becomes `DAY TIME`, `2026-11-21` becomes `DAY`.
fn without_times(line: &str) -> String {
    let mut out = line.to_owned();
    for (shape, name) in
        [("0000-00-00 00:00", "DAY TIME"), ("0000-00-00", "DAY"), ("00000000-000000", "MOMENT")]
    {
        let fits = |text: &[u8]| {
            text.iter().zip(shape.bytes()).all(|(&c, s)| if s == b'0' { c.is_ascii_digit() } else { c == s })
        };
        while let Some(at) = out.as_bytes().windows(shape.len()).position(fits) {
            out.replace_range(at..at + shape.len(), name);
        }
    }
    out
}
