//! What the daemon remembers from one start to the next, in `daemon.json` beside the profiles' states.

use std::fs;

use super::notices::Told;
use crate::home::{Home, make_private, write_private};

/// What the person was told. Nothing where there is no file, or one that cannot be used: then something may be told a
/// second time.
pub fn load(home: &Home) -> Told {
    let path = home.daemon_memory();
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!("{} cannot be understood and is not used: {error}", path.display());
            Told::default()
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Told::default(),
        Err(error) => {
            tracing::warn!("{} cannot be read: {error}", path.display());
            Told::default()
        }
    }
}

/// Remembers it, and says whether it could.
pub fn save(home: &Home, told: &Told) -> bool {
    let path = home.daemon_memory();
    let save = || {
        make_private(home.state_dir()).map_err(|error| error.to_string())?;
        let json = serde_json::to_vec(told).map_err(|error| error.to_string())?;
        write_private(&path, &json).map_err(|error| error.to_string())
    };
    save()
        .inspect_err(|error| {
            tracing::warn!("what was told cannot be remembered in {}: {error}", path.display());
        })
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_remembered_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(load(&home), Told::default());
        let told: Told =
            serde_json::from_str(r#"{"told":{"profile work":"x"},"warned":{"work":1}}"#).unwrap();
        assert!(save(&home, &told));
        assert_eq!(load(&home), told);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(home.daemon_memory()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(home.daemon_memory(), "{\"told\":").unwrap();
        assert_eq!(load(&home), Told::default());
    }
}
