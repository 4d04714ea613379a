//! A disk that is soon full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system of its own; it is taken away when this is dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None, and the reason is printed, where the system does not let this user make one.
    pub fn mount(at: &Path, kilobytes: u64) -> Option<SmallDisk> {
        if !cfg!(target_os = "linux") {
            eprintln!("left out: a full disk is only tested on Linux");
            return None;
        }
        fs::create_dir_all(at).unwrap();
        let size = format!("size={kilobytes}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        match mount {
            Ok(done) if done.status.success() => Some(SmallDisk(at.to_owned())),
            Ok(done) => {
                eprintln!("left out: no small disk can be made: {}", String::from_utf8_lossy(&done.stderr));
                None
            }
            Err(error) => {
                eprintln!("left out: no small disk can be made: {error}");
                None
            }
        }
    }

    /// Makes room for everything.
    pub fn grow(&self) {
        self.remount("size=64m");
    }

    /// Mounts it again with this option.
    pub fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        let done = Command::new("mount").args(["-o", &option]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
