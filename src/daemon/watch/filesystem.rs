//! What file system a folder is on, and whether it is still the same folder.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Whether other machines, or programs behind the system's back, may change what is in the folder: the system does not
/// tell of such changes.
#[cfg(target_os = "linux")]
pub fn is_shared(folder: &Path) -> bool {
    /// From `linux/magic.h` and the file systems' own sources.
    const SHARED: [i64; 17] = [
        0x6969,      // NFS
        0x517B,      // SMB
        0xFF53_4D42, // CIFS
        0xFE53_4D42, // SMB 2 and 3
        0x6573_5546, // FUSE: sshfs, rclone, virtiofs …
        0x0102_1997, // 9p
        0x5346_414F, // AFS
        0x6B41_4653, // AFS of the kernel
        0x00C3_6400, // Ceph
        0x7375_7245, // Coda
        0x564C,      // NCP
        0x0BD0_0BD0, // Lustre
        0x4750_4653, // GPFS
        0x7461_636F, // OCFS2
        0x0116_1970, // GFS2
        0x786F_4256, // folders of VirtualBox
        0xBACB_ACBC, // folders of VMware
    ];
    // The type is signed on some machines.
    #[allow(clippy::unnecessary_cast)]
    rustix::fs::statfs(folder)
        .is_ok_and(|found| SHARED.iter().any(|magic| *magic as u32 == found.f_type as u32))
}

#[cfg(not(target_os = "linux"))]
pub fn is_shared(_: &Path) -> bool {
    false
}

/// What tells a file or folder from another one that takes its place: where it is kept, and when it was made, as a
/// place is used again.
pub type Identity = (u64, u64, Option<SystemTime>);

/// The identity of the folder at a path; `None` where there is none.
pub fn identity(folder: &Path) -> Option<Identity> {
    let metadata = fs::metadata(folder).ok().filter(|metadata| metadata.is_dir())?;
    Some(of(&metadata))
}

fn of(metadata: &fs::Metadata) -> Identity {
    #[cfg(unix)]
    let (device, inode) = {
        use std::os::unix::fs::MetadataExt;
        (metadata.dev(), metadata.ino())
    };
    #[cfg(not(unix))]
    let (device, inode) = (0, 0);
    (device, inode, metadata.created().ok())
}

/// Another number for another content of the folder, as far as the wanted files go. No file is opened.
pub fn fingerprint(folder: &Path, wanted: impl Fn(&OsStr) -> bool) -> io::Result<u64> {
    let mut sum = 0u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !wanted(&name) {
            continue;
        }
        // What cannot be looked at counts by its name.
        let version = fs::metadata(entry.path())
            .ok()
            .map(|metadata| (metadata.modified().ok(), metadata.len(), of(&metadata)));
        let mut hasher = DefaultHasher::new();
        (name, version).hash(&mut hasher);
        // The order of the files does not count.
        sum = sum.wrapping_add(hasher.finish());
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_a_wanted_file_gives_another_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let now = || fingerprint(folder.path(), |name| name != ".hidden").unwrap();
        let mut seen = vec![now()];
        let mut is_new = |number: u64| {
            let new = !seen.contains(&number);
            seen.push(number);
            new
        };
        fs::write(path("a.ics"), "1").unwrap();
        assert!(is_new(now()));
        fs::write(path("b.ics"), "1").unwrap();
        let both = now();
        assert!(is_new(both));
        fs::write(path(".hidden"), "1").unwrap();
        assert_eq!(now(), both);
        // As `git checkout` and `cp -p` do: another file, and an older time.
        fs::write(path("c"), "2").unwrap();
        let earlier = SystemTime::UNIX_EPOCH;
        fs::File::options().write(true).open(path("c")).unwrap().set_modified(earlier).unwrap();
        fs::rename(path("c"), path("b.ics")).unwrap();
        assert!(is_new(now()));
        fs::remove_file(path("b.ics")).unwrap();
        assert_eq!(now(), seen[1]);
        assert!(fingerprint(&path("missing"), |_| true).is_err());
    }

    #[test]
    fn a_folder_that_takes_anothers_place_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&a).unwrap();
        fs::create_dir(&b).unwrap();
        let was = identity(&a).unwrap();
        assert_eq!(identity(&a), Some(was));
        fs::remove_dir(&a).unwrap();
        assert_eq!(identity(&a), None);
        fs::rename(&b, &a).unwrap();
        assert_ne!(identity(&a), Some(was));
        fs::write(&b, "").unwrap();
        assert_eq!(identity(&b), None, "a file");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_of_this_machine_is_not_shared() {
        assert!(!is_shared(Path::new("/proc")) && !is_shared(Path::new("/nowhere")));
    }
}
