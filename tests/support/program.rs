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
        let folder = self.folder(name);
        let profiles = self.dir.path().join("profiles");
        fs::create_dir_all(&profiles).unwrap();
        let text = format!(
            "kind = \"{kind}\"\n{more}\n[local]\ntype = \"vdir\"\npath = {folder:?}\n\
             [remote]\ntype = \"dav\"\nurl = \"{url}\"\nuser = \"{USER}\"\npassword_env = \"TEST_PASSWORD\"\n"
        );
        fs::write(profiles.join(format!("{name}.toml")), text).unwrap();
    }

    /// A command that runs the program here.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pimbridge"));
        command.arg("--home").arg(self.dir.path()).args(arguments);
        command.env("TEST_PASSWORD", PASSWORD).env_remove("PIMBRIDGE_LOG").env("HOME", self.dir.path());
        command.stdin(std::process::Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().unwrap();
        Ended {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs `sync --json` of one profile, which must end like this.
    #[track_caller]
    pub fn sync(&self, profile: &str, status: i32) -> serde_json::Value {
        self.run(&["sync", profile, "--json"]).expect(status).json().remove(0)
    }
}

/// The items of a folder: names and bytes; hidden files are none.
pub fn files(folder: &Path) -> BTreeMap<String, Bytes> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let visible = named.filter(|(name, _)| !name.starts_with('.'));
    visible.map(|(name, path)| (name, fs::read(path).unwrap().into())).collect()
}
