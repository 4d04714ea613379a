//! macOS: a launchd agent of the person.

#![cfg_attr(not(target_os = "macos"), allow(dead_code))] // elsewhere only the tests use it

use std::path::{Path, PathBuf};
use std::{fs, io};

use quick_xml::escape::partial_escape;

use super::{AutostartError, Entry, Kind, Program};
use crate::home::write_private;

const LABEL: &str = "pimbridge";

pub(super) fn on(program: &Program, _systemd: bool) -> Result<Entry, AutostartError> {
    let file = file()?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    write_private(&file, plist(program).as_bytes()).map_err(failed(&file))?;
    Ok(entry(&file))
}

pub(super) fn off() -> Result<Vec<Entry>, AutostartError> {
    let file = file()?;
    match fs::remove_file(&file) {
        Ok(()) => Ok(vec![entry(&file)]),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(&file)(error)),
    }
}

pub(super) fn entries() -> Result<Vec<Entry>, AutostartError> {
    let file = file()?;
    Ok(if file.exists() { vec![entry(&file)] } else { Vec::new() })
}

fn file() -> Result<PathBuf, AutostartError> {
    let dirs = directories::BaseDirs::new().ok_or(AutostartError::NoHome)?;
    Ok(dirs.home_dir().join("Library/LaunchAgents").join(format!("{LABEL}.plist")))
}

fn entry(file: &Path) -> Entry {
    Entry { kind: Kind::LaunchAgent, place: file.display().to_string() }
}

fn failed(place: &Path) -> impl FnOnce(io::Error) -> AutostartError {
    let place = place.display().to_string();
    move |source| AutostartError::Entry { place, source }
}

fn plist(program: &Program) -> String {
    let words = [program.path.as_str()].into_iter().chain(program.arguments());
    let words: String =
        words.map(|word| format!("\t\t<string>{}</string>\n", partial_escape(word))).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n\t<key>Label</key>\n\
         \t<string>{LABEL}</string>\n\t<key>ProgramArguments</key>\n\t<array>\n{words}\t</array>\n\
         \t<key>RunAtLoad</key>\n\t<true/>\n\t<key>ProcessType</key>\n\t<string>Background</string>\n</dict>\n</plist>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::program;
    use super::*;

    #[test]
    fn what_the_agent_says() {
        let program = program("/Applications/Pim & Bridge/pimbridge", Some("/Users/jana/pim"));
        insta::assert_snapshot!(plist(&program).replace('\t', "  "), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0">
        <dict>
          <key>Label</key>
          <string>pimbridge</string>
          <key>ProgramArguments</key>
          <array>
            <string>/Applications/Pim &amp; Bridge/pimbridge</string>
            <string>--home</string>
            <string>/Users/jana/pim</string>
            <string>daemon</string>
          </array>
          <key>RunAtLoad</key>
          <true/>
          <key>ProcessType</key>
          <string>Background</string>
        </dict>
        </plist>
        "#);
    }
}
