//! Linux and its relatives: XDG Autostart, or a unit of the person's systemd.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use super::{AutostartError, Entry, Kind, Program, quote};
use crate::home::write_private;

const DESKTOP_FILE: &str = "pimbridge.desktop";
const UNIT: &str = "pimbridge.service";

/// The files of the entries, below the folder of the person's configuration.
struct Places {
    desktop_file: PathBuf,
    unit: PathBuf,
    /// The link by which systemd starts the unit with the session.
    wanted: PathBuf,
}

impl Places {
    fn of_person() -> Result<Self, AutostartError> {
        let dirs = directories::BaseDirs::new().ok_or(AutostartError::NoHome)?;
        Ok(Self::below(dirs.config_dir()))
    }

    fn below(config: &Path) -> Self {
        let units = config.join("systemd/user");
        Self {
            desktop_file: config.join("autostart").join(DESKTOP_FILE),
            wanted: units.join("default.target.wants").join(UNIT),
            unit: units.join(UNIT),
        }
    }

    fn write(&self, program: &Program, kind: Kind) -> Result<Entry, AutostartError> {
        let (file, text) = match kind {
            Kind::Systemd => (&self.unit, unit(program)),
            _ => (&self.desktop_file, desktop_file(program)),
        };
        put(file, &text)?;
        if kind == Kind::Systemd {
            link(&self.unit, &self.wanted)?;
        }
        Ok(Entry { kind, place: file.display().to_string() })
    }

    fn entries(&self) -> Vec<Entry> {
        let found = |kind, file: &Path, proof: &Path| {
            let entry = Entry { kind, place: file.display().to_string() };
            proof.symlink_metadata().is_ok().then_some(entry)
        };
        [
            found(Kind::Xdg, &self.desktop_file, &self.desktop_file),
            found(Kind::Systemd, &self.unit, &self.wanted),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn remove(&self, kind: Kind) -> Result<(), AutostartError> {
        let files: &[&Path] = match kind {
            Kind::Systemd => &[&self.wanted, &self.unit],
            _ => &[&self.desktop_file],
        };
        files.iter().try_for_each(|file| match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(file, "removed")(error)),
            _ => Ok(()),
        })
    }
}

pub(super) fn on(program: &Program, systemd: bool) -> Result<Entry, AutostartError> {
    let kind = match systemd || !has_desktop() {
        true if has_systemd() => Kind::Systemd,
        true if systemd => return Err(AutostartError::NoSystemd),
        _ => Kind::Xdg,
    };
    let places = Places::of_person()?;
    let entry = places.write(program, kind)?;
    let before = places.entries();
    before.iter().filter(|other| other.kind != kind).try_for_each(|other| places.remove(other.kind))?;
    reload_systemd();
    Ok(entry)
}

pub(super) fn off() -> Result<Vec<Entry>, AutostartError> {
    let places = Places::of_person()?;
    let entries = places.entries();
    entries.iter().try_for_each(|entry| places.remove(entry.kind))?;
    reload_systemd();
    Ok(entries)
}

pub(super) fn entries() -> Result<Vec<Entry>, AutostartError> {
    Ok(Places::of_person()?.entries())
}

fn desktop_file(program: &Program) -> String {
    let words = [program.path.as_str()].into_iter().chain(program.arguments());
    let exec = words.map(quote::desktop_entry).collect::<Vec<_>>().join(" ");
    format!(
        "[Desktop Entry]\nType=Application\nName=Pimbridge\nComment=Keeps calendars, tasks and contacts the same as on \
         your server\nExec={exec}\nIcon=pimbridge\nTerminal=false\nNoDisplay=true\nX-GNOME-Autostart-enabled=true\n"
    )
}

fn unit(program: &Program) -> String {
    let words = [program.path.as_str()].into_iter().chain(program.arguments());
    let exec = words.map(quote::systemd).collect::<Vec<_>>().join(" ");
    format!(
        "[Unit]\nDescription=Pimbridge: keeps calendars, tasks and contacts the same as on your server\n\n[Service]\n\
         ExecStart={exec}\nRestart=on-failure\nRestartSec=30\nTimeoutStopSec=10\n\n[Install]\nWantedBy=default.target\n"
    )
}

/// The session that this is called in has a desktop.
fn has_desktop() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY", "XDG_CURRENT_DESKTOP"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The person's systemd runs.
fn has_systemd() -> bool {
    std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|folder| Path::new(&folder).join("systemd/private").exists())
}

/// Without it, systemd sees the change at the next log-in, which is early enough.
fn reload_systemd() {
    if has_systemd() {
        let reload =
            Command::new("systemctl").args(["--user", "daemon-reload"]).stderr(Stdio::null()).status();
        if !reload.is_ok_and(|status| status.success()) {
            tracing::debug!("systemd could not be told of its unit");
        }
    }
}

fn put(file: &Path, text: &str) -> Result<(), AutostartError> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed(folder, "made"))?;
    }
    write_private(file, text.as_bytes()).map_err(failed(file, "written"))
}

fn link(to: &Path, at: &Path) -> Result<(), AutostartError> {
    if let Some(folder) = at.parent() {
        fs::create_dir_all(folder).map_err(failed(folder, "made"))?;
    }
    let _ = fs::remove_file(at);
    std::os::unix::fs::symlink(to, at).map_err(failed(at, "made"))
}

fn failed(place: &Path, what: &'static str) -> impl FnOnce(io::Error) -> AutostartError {
    let place = place.display().to_string();
    move |source| AutostartError::Entry { place, what, source }
}

#[cfg(test)]
mod tests {
    use super::super::program;
    use super::*;

    #[test]
    fn what_the_entries_say() {
        let usual = program("/usr/bin/pimbridge", None);
        insta::assert_snapshot!(desktop_file(&usual), @r#"
        [Desktop Entry]
        Type=Application
        Name=Pimbridge
        Comment=Keeps calendars, tasks and contacts the same as on your server
        Exec="/usr/bin/pimbridge" "daemon"
        Icon=pimbridge
        Terminal=false
        NoDisplay=true
        X-GNOME-Autostart-enabled=true
        "#);
        insta::assert_snapshot!(unit(&program("/opt/my tools/pimbridge", Some("/home/jana/100 %"))), @r#"
        [Unit]
        Description=Pimbridge: keeps calendars, tasks and contacts the same as on your server

        [Service]
        ExecStart="/opt/my tools/pimbridge" "--home" "/home/jana/100 %%" "daemon"
        Restart=on-failure
        RestartSec=30
        TimeoutStopSec=10

        [Install]
        WantedBy=default.target
        "#);
    }

    #[test]
    fn one_kind_takes_the_place_of_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        let program = program("/usr/bin/pimbridge", None);
        let kinds = || places.entries().into_iter().map(|entry| entry.kind).collect::<Vec<_>>();
        assert_eq!(kinds(), []);
        places.write(&program, Kind::Systemd).unwrap();
        places.write(&program, Kind::Systemd).unwrap();
        assert_eq!(kinds(), [Kind::Systemd]);
        assert_eq!(fs::read_link(&places.wanted).unwrap(), places.unit);
        places.write(&program, Kind::Xdg).unwrap();
        assert_eq!(kinds(), [Kind::Xdg, Kind::Systemd]);
        places.remove(Kind::Systemd).unwrap();
        places.remove(Kind::Systemd).unwrap();
        assert_eq!(kinds(), [Kind::Xdg]);
        assert!(!places.unit.exists());
    }
}
