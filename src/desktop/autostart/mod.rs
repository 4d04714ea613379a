//! Starting the daemon with the session: an entry in the place where the system looks for such programs.
//!
//! What an entry says is a pure function of the [`Program`]; where it is kept is each system's own.

use std::io;
use std::path::Path;

use tr::tr;

use crate::home::Home;

#[cfg(not(any(windows, target_os = "macos")))]
mod freedesktop;
#[cfg(any(target_os = "macos", test))]
mod macos;
mod quote;
#[cfg(any(windows, test))]
mod windows;

#[cfg(not(any(windows, target_os = "macos")))]
use freedesktop as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(windows)]
use windows as system;

/// What is started: this program as a daemon, for one home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The full path of the program.
    pub path: String,
    /// The folder that `--home` names, if it does.
    pub home: Option<String>,
}

impl Program {
    /// This very program, for that home.
    ///
    /// # Errors
    /// A path cannot be written into an entry.
    pub fn this(home: &Home) -> Result<Self, AutostartError> {
        let text = |path: &Path| match path.to_str() {
            Some(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
            _ => Err(AutostartError::Path),
        };
        let path = text(&std::env::current_exe().map_err(AutostartError::Unknown)?)?;
        Ok(Self { path, home: home.folder().map(text).transpose()? })
    }

    fn arguments(&self) -> Vec<&str> {
        let home = self.home.as_deref().map(|folder| ["--home", folder]);
        home.into_iter().flatten().chain(["daemon"]).collect()
    }
}

/// An entry that starts the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// Its file, or its place in the registry.
    pub place: String,
}

/// The kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in `autostart/` (XDG Autostart): a desktop starts it.
    Xdg,
    /// A unit of the person's systemd: it starts without a desktop too, and again after a crash.
    Systemd,
    /// A value below the registry's Run key.
    RunKey,
    /// A launchd agent.
    LaunchAgent,
}

/// Why the daemon cannot be made to start with the session. The text is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum AutostartError {
    #[error("{}", tr!("the system does not say where this program is ({0}); start it by its full path and try again", .0))]
    Unknown(io::Error),
    #[error("{}", tr!("the path of this program or of its --home has letters that such an entry cannot hold; move it to another folder"))]
    Path,
    #[error("{}", tr!("the system does not say where your home folder is; set HOME and try again"))]
    NoHome,
    #[error("{}", tr!("{place} cannot be changed: {source}; see that you may write there", place, source))]
    Entry { place: String, source: io::Error },
    #[error("{}", tr!("this system has no systemd of yours running, which would start such a unit; leave --systemd away, so that your \
         desktop starts it"))]
    NoSystemd,
}

/// Makes the daemon start with the session, in place of what started it before. `systemd`: as a systemd unit, even where
/// there is a desktop.
pub fn on(program: &Program, systemd: bool) -> Result<Entry, AutostartError> {
    system::on(program, systemd)
}

/// It does not start with the session any more; what was removed.
pub fn off() -> Result<Vec<Entry>, AutostartError> {
    system::off()
}

/// What starts the daemon with the session.
pub fn entries() -> Result<Vec<Entry>, AutostartError> {
    system::entries()
}

#[cfg(test)]
fn program(path: &str, home: Option<&str>) -> Program {
    Program { path: path.to_owned(), home: home.map(str::to_owned) }
}
