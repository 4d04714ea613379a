//! Windows: a value below the registry's Run key of the person.

#![cfg_attr(not(windows), allow(dead_code))] // elsewhere only the tests use it

use std::io;
use std::process::{Command, Output, Stdio};

use super::{AutostartError, Entry, Kind, Program, quote};

const KEY: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
const VALUE: &str = "Pimbridge";

pub(super) fn on(program: &Program, _systemd: bool) -> Result<Entry, AutostartError> {
    let output = reg(&["add", KEY, "/v", VALUE, "/t", "REG_SZ", "/f", "/d", &command_line(program)])?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(failed(io::Error::other(words)));
    }
    Ok(entry())
}

pub(super) fn off() -> Result<Vec<Entry>, AutostartError> {
    let entries = entries()?;
    if !entries.is_empty() {
        let output = reg(&["delete", KEY, "/v", VALUE, "/f"])?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(failed(io::Error::other(words)));
        }
    }
    Ok(entries)
}

pub(super) fn entries() -> Result<Vec<Entry>, AutostartError> {
    let found = reg(&["query", KEY, "/v", VALUE])?.status.success();
    Ok(if found { vec![entry()] } else { Vec::new() })
}

/// The value: a command line.
fn command_line(program: &Program) -> String {
    let words = [program.path.as_str()].into_iter().chain(program.arguments());
    words.map(quote::windows).collect::<Vec<_>>().join(" ")
}

/// The system's own tool for the registry: no code of ours touches its memory.
fn reg(arguments: &[&str]) -> Result<Output, AutostartError> {
    let output = Command::new("reg").args(arguments).stdin(Stdio::null()).output();
    output.map_err(failed)
}

fn entry() -> Entry {
    Entry { kind: Kind::RunKey, place: format!(r"{KEY}\{VALUE}") }
}

fn failed(source: io::Error) -> AutostartError {
    AutostartError::Entry { place: format!(r"{KEY}\{VALUE}"), source }
}

#[cfg(test)]
mod tests {
    use super::super::program;
    use super::*;

    #[test]
    fn what_the_value_says() {
        let program = program(r"C:\Program Files\Pimbridge\pimbridge.exe", Some(r"D:\pim\"));
        insta::assert_snapshot!(command_line(&program), @r#""C:\Program Files\Pimbridge\pimbridge.exe" "--home" "D:\pim\\" "daemon""#);
    }
}
