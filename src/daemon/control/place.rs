//! Where the control socket of a home is.

use std::path::{Path, PathBuf};

use interprocess::local_socket::{ListenerOptions, Name, prelude::*};
use sha2::{Digest as _, Sha256};

use super::ControlError;
use crate::home::{Home, make_private};
use crate::item::hex;

/// A place at which nobody but the owner can listen, or connect to.
pub struct Place(imp::Address);

impl Place {
    /// Where the daemon of a home listens.
    pub fn of(home: &Home) -> Place {
        let folder = home.state_dir();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Place(imp::address(&folder))
    }

    /// Makes it ready for a listener.
    pub fn make(home: &Home) -> Result<Place, ControlError> {
        make_private(home.state_dir())?;
        let folder = home.state_dir();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Ok(Place(imp::make(&folder)?))
    }

    /// That nobody else can have put something there.
    pub fn check(&self) -> Result<(), ControlError> {
        imp::check(&self.0)
    }

    pub fn name(&self) -> std::io::Result<Name<'_>> {
        imp::name(&self.0)
    }

    /// What a listener takes care of, so that only the owner connects.
    pub fn only_for_owner<'a>(&self, options: ListenerOptions<'a>) -> std::io::Result<ListenerOptions<'a>> {
        imp::only_for_owner(options)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.display())
    }
}

/// A short name that no other state folder has.
fn hash(state: &Path) -> String {
    hex(&Sha256::digest(state.as_os_str().as_encoded_bytes())[..12])
}

#[cfg(unix)]
mod imp {
    use std::ffi::OsString;
    use std::fs;
    use std::io;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use interprocess::local_socket::GenericFilePath;
    use interprocess::os::unix::local_socket::ListenerOptionsExt;

    use super::*;
    use crate::home::write_private;

    pub type Address = PathBuf;

    const SOCKET: &str = "control.sock";
    /// The file in the state folder that says where the socket is, where that is not beside it: each process may have
    /// folders of its own for such things.
    const ADDRESS: &str = "control.address";
    /// Every system takes paths of sockets of so many bytes.
    const LONGEST: usize = 100;

    /// The socket is in the state folder, or, where the path of that is too long for one, where the daemon said.
    pub fn address(state: &Path) -> PathBuf {
        let usual = state.join(SOCKET);
        match fs::read(state.join(ADDRESS)) {
            Ok(said) if !fits(&usual) => OsString::from_vec(said).into(),
            _ => usual,
        }
    }

    fn fits(socket: &Path) -> bool {
        socket.as_os_str().len() <= LONGEST
    }

    /// Folders of this process in which a short path is possible.
    fn others() -> impl Iterator<Item = PathBuf> {
        let runtime =
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        runtime.into_iter().chain([std::env::temp_dir(), "/tmp".into()])
    }

    fn address_below(state: &Path, others: impl Iterator<Item = PathBuf>) -> PathBuf {
        let own = format!("pimbridge-{}", hash(state));
        let usual = state.join(SOCKET);
        let others = others.map(|folder| folder.join(&own).join(SOCKET));
        std::iter::once(usual.clone()).chain(others).find(|path| fits(path)).unwrap_or(usual)
    }

    pub fn make(state: &Path) -> Result<PathBuf, ControlError> {
        make_below(state, others())
    }

    fn make_below(state: &Path, others: impl Iterator<Item = PathBuf>) -> Result<PathBuf, ControlError> {
        let socket = address_below(state, others);
        make_folder(&socket)?;
        let file = state.join(ADDRESS);
        let written = match fits(&state.join(SOCKET)) {
            true => Ok(()),
            false => write_private(&file, socket.as_os_str().as_bytes()),
        };
        written.map_err(|source| ControlError::Listen { place: file.display().to_string(), source })?;
        Ok(socket)
    }

    fn make_folder(socket: &Path) -> Result<(), ControlError> {
        let folder = socket.parent().unwrap_or(socket);
        check(socket)?;
        make_private(folder)?;
        check(socket)?;
        let only_owner = fs::Permissions::from_mode(0o700);
        fs::set_permissions(folder, only_owner)
            .map_err(|source| ControlError::Listen { place: socket.display().to_string(), source })
    }

    pub fn check(socket: &Path) -> Result<(), ControlError> {
        let folder = socket.parent().unwrap_or(socket);
        match fs::symlink_metadata(folder) {
            Ok(about) if !about.is_dir() || about.uid() != rustix::process::geteuid().as_raw() => {
                Err(ControlError::NotYours(folder.to_owned()))
            }
            // Whoever looks for a socket there finds out what is wrong.
            _ => Ok(()),
        }
    }

    pub fn name(socket: &Path) -> io::Result<Name<'_>> {
        socket.to_fs_name::<GenericFilePath>()
    }

    pub fn only_for_owner(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
        // Where sockets have no mode, the folder's counts.
        Ok(if cfg!(any(target_os = "linux", target_os = "openbsd")) { options.mode(0o600) } else { options })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_path_that_is_too_long_is_replaced_by_a_short_one() {
            let address = |state: &str, others: &[&str]| {
                let others = others.iter().map(PathBuf::from);
                address_below(Path::new(state), others).display().to_string()
            };
            let long = format!("/home/{}", "x".repeat(90));
            assert_eq!(address("/home/jana/state", &["/run"]), "/home/jana/state/control.sock");
            let short = address(&long, &["/run/user/1000", "/tmp"]);
            assert!(
                short.starts_with("/run/user/1000/pimbridge-") && short.ends_with("/control.sock"),
                "{short}"
            );
            assert_eq!(address(&long, &[&long, "/run/user/1000"]), short);
            assert_ne!(address(&format!("{long}y"), &["/run/user/1000"]), short);
        }

        #[test]
        fn a_process_with_other_folders_finds_it() {
            let folder = tempfile::tempdir().unwrap();
            let state = folder.path().join("x".repeat(120));
            make_private(&state).unwrap();
            let short = folder.path().join("run");
            let made = make_below(&state, [short.clone()].into_iter()).unwrap();
            assert!(made.starts_with(&short), "{}", made.display());
            assert_eq!(address(&state), made);
            assert_eq!(fs::metadata(state.join(ADDRESS)).unwrap().mode() & 0o777, 0o600);
            // One that was written before the folder had a shorter name.
            fs::write(folder.path().join(ADDRESS), "/elsewhere").unwrap();
            assert_eq!(address(folder.path()), folder.path().join(SOCKET));
        }

        #[test]
        fn what_is_somebody_elses_is_not_used() {
            let folder = tempfile::tempdir().unwrap();
            let (real, link) = (folder.path().join("real"), folder.path().join("link"));
            make_folder(&real.join(SOCKET)).unwrap();
            check(&real.join(SOCKET)).unwrap();
            std::os::unix::fs::symlink(&real, &link).unwrap();
            check(&link.join(SOCKET)).unwrap_err();
            check(&folder.path().join("none").join(SOCKET)).unwrap();
            fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
            make_folder(&real.join(SOCKET)).unwrap();
            assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o700);
            if fs::metadata("/").unwrap().uid() != rustix::process::geteuid().as_raw() {
                check(&Path::new("/").join(SOCKET)).unwrap_err();
            }
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::io;

    use interprocess::local_socket::GenericNamespaced;
    use interprocess::os::windows::local_socket::ListenerOptionsExt;
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;
    use widestring::u16cstr;

    use super::*;

    /// The name of a pipe.
    pub type Address = PathBuf;

    pub fn address(state: &Path) -> PathBuf {
        format!("pimbridge-{}", hash(state)).into()
    }

    pub fn make(state: &Path) -> Result<PathBuf, ControlError> {
        Ok(address(state))
    }

    pub fn check(_: &Path) -> Result<(), ControlError> {
        Ok(())
    }

    pub fn name(pipe: &Path) -> io::Result<Name<'_>> {
        pipe.as_os_str().to_ns_name::<GenericNamespaced>()
    }

    /// All rights to the pipe's owner, none to others.
    pub fn only_for_owner(options: ListenerOptions<'_>) -> io::Result<ListenerOptions<'_>> {
        Ok(options.security_descriptor(SecurityDescriptor::deserialize(u16cstr!("D:P(A;;GA;;;OW)"))?))
    }
}
