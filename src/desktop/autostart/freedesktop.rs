//! Linux and its relatives: XDG Autostart, or a unit of the person's systemd.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use tr::tr;

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
        put(file, &text.ok_or(AutostartError::Path)?)?;
        if kind == Kind::Systemd {
            link(&self.unit, &self.wanted)?;
        }
        Ok(Entry { kind, place: file.display().to_string() })
    }

    /// The entries that are there, whether or not they were switched off.
    fn written(&self) -> Vec<Entry> {
        [(Kind::Xdg, &self.desktop_file), (Kind::Systemd, &self.unit)]
            .into_iter()
            .filter(|(_, file)| file.symlink_metadata().is_ok())
            .map(|(kind, file)| Entry { kind, place: file.display().to_string() })
            .collect()
    }

    /// The entries that start it.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = self.written();
        entries.retain(|entry| match entry.kind {
            Kind::Systemd => self.wanted.symlink_metadata().is_ok(),
            _ => fs::read_to_string(&self.desktop_file).is_ok_and(|text| !is_switched_off(&text)),
        });
        entries
    }

    fn remove(&self, kind: Kind) -> Result<(), AutostartError> {
        let files: &[&Path] = match kind {
            Kind::Systemd => &[&self.wanted, &self.unit],
            _ => &[&self.desktop_file],
        };
        files.iter().try_for_each(|file| match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(file)(error)),
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
    let before = places.written();
    before.iter().filter(|other| other.kind != kind).try_for_each(|other| places.remove(other.kind))?;
    reload_systemd();
    Ok(entry)
}

pub(super) fn off() -> Result<Vec<Entry>, AutostartError> {
    let places = Places::of_person()?;
    let written = places.written();
    written.iter().try_for_each(|entry| places.remove(entry.kind))?;
    reload_systemd();
    Ok(written)
}

pub(super) fn entries() -> Result<Vec<Entry>, AutostartError> {
    Ok(Places::of_person()?.entries())
}

fn desktop_file(program: &Program) -> Option<String> {
    let words = program.arguments().into_iter().map(quote::desktop_entry);
    let exec: Vec<_> = [quote::desktop_entry_program(&program.path)?].into_iter().chain(words).collect();
    let exec = exec.join(" ");
    let comment = tr!("Keeps calendars, tasks and contacts the same as on your server");
    Some(format!(
        "[Desktop Entry]\nType=Application\nName=Pimbridge\nComment={comment}\nExec={exec}\nIcon=pimbridge\n\
         Terminal=false\nNoDisplay=true\nX-GNOME-Autostart-enabled=true\n"
    ))
}

/// Desktops switch an entry off by one of these lines.
fn is_switched_off(desktop_file: &str) -> bool {
    let is = |line: &str, key: &str, value: &str| {
        line.split_once('=').is_some_and(|(k, v)| k.trim() == key && v.trim().eq_ignore_ascii_case(value))
    };
    desktop_file
        .lines()
        .any(|line| is(line, "Hidden", "true") || is(line, "X-GNOME-Autostart-enabled", "false"))
}

fn unit(program: &Program) -> Option<String> {
    let words = program.arguments().into_iter().map(quote::systemd);
    let exec: Vec<_> = [quote::systemd_program(&program.path)?].into_iter().chain(words).collect();
    let exec = exec.join(" ");
    let description = tr!("Pimbridge: keeps calendars, tasks and contacts the same as on your server");
    Some(format!(
        "[Unit]\nDescription={description}\n\n[Service]\nExecStart={exec}\nRestart=on-failure\nRestartSec=30\n\
         TimeoutStopSec=10\n\n[Install]\nWantedBy=default.target\n"
    ))
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
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    write_private(file, text.as_bytes()).map_err(failed(file))
}

fn link(to: &Path, at: &Path) -> Result<(), AutostartError> {
    if let Some(folder) = at.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    let _ = fs::remove_file(at);
    std::os::unix::fs::symlink(to, at).map_err(failed(at))
}

fn failed(place: &Path) -> impl FnOnce(io::Error) -> AutostartError {
    let place = place.display().to_string();
    move |source| AutostartError::Entry { place, source }
}

#[cfg(test)]
mod tests {
    use super::super::program;
    use super::*;

    #[test]
    fn what_the_entries_say() {
        let usual = program("/usr/bin/pimbridge", None);
        insta::assert_snapshot!(desktop_file(&usual).unwrap(), @r#"
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
        insta::assert_snapshot!(unit(&program("/opt/my tools/pimbridge", Some("/home/jana/100 %"))).unwrap(), @r#"
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

    #[test]
    fn what_the_desktop_switched_off_starts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        let usual = program("/usr/bin/pimbridge", None);
        let off =
            [("X-GNOME-Autostart-enabled=true", "X-GNOME-Autostart-enabled=false"), ("NoDisplay", "Hidden")];
        for (line, other) in off {
            places.write(&usual, Kind::Xdg).unwrap();
            assert_eq!(places.entries().len(), 1);
            let text = fs::read_to_string(&places.desktop_file).unwrap();
            fs::write(&places.desktop_file, text.replace(line, other)).unwrap();
            assert_eq!((places.entries(), places.written().len()), (vec![], 1), "{other}");
        }
    }

    #[test]
    fn a_program_that_the_system_would_not_find_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::below(folder.path());
        for (path, kind) in [("/opt/100%/pimbridge", Kind::Xdg), ("/opt/it's/pimbridge", Kind::Systemd)] {
            let refused = places.write(&program(path, None), kind);
            assert!(matches!(refused, Err(AutostartError::Path)), "{refused:?}");
            assert_eq!(places.written(), []);
        }
    }
}
