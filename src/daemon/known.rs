//! The profiles as the daemon last read them.

use std::collections::BTreeMap;

use crate::home::Home;
use crate::profile::{self, Name, Profile, ProfileError, overlaps};

/// The profiles there are.
#[derive(Debug, Default)]
pub struct Known {
    /// Those that can run.
    pub profiles: BTreeMap<Name, Profile>,
    /// Those that cannot, by what stands before `.toml`: why, in a sentence for a person.
    pub broken: BTreeMap<String, String>,
    read: Read,
}

/// What the files say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    profiles: Vec<Profile>,
    broken: Vec<(String, String)>,
}

impl Known {
    /// Reads the files again; where they say anything else than before, returns what they said.
    pub fn reload(&mut self, home: &Home) -> Result<Option<Known>, ProfileError> {
        let loaded = profile::load_all(home)?;
        let broken = loaded.broken.into_iter().map(|(name, error)| (name, error.to_string())).collect();
        let read = Read { profiles: loaded.profiles, broken };
        if read == self.read {
            return Ok(None);
        }
        let mut broken: BTreeMap<String, String> = read.broken.iter().cloned().collect();
        for two in overlaps(read.profiles.iter().filter(|profile| profile.active)) {
            for name in [&two.first, &two.second] {
                broken.entry(name.to_string()).or_insert_with(|| two.to_string());
            }
        }
        let sound = read.profiles.iter().filter(|profile| !broken.contains_key(profile.name.as_str()));
        let profiles = sound.map(|profile| (profile.name.clone(), profile.clone())).collect();
        Ok(Some(std::mem::replace(self, Known { profiles, broken, read })))
    }

    /// The profile of this name, if it may run now: an inactive one must not double the work of an active one.
    pub fn to_run(&self, home: &Home, name: &str) -> Result<&Profile, String> {
        if let Some(why) = self.broken.get(name) {
            return Err(why.clone());
        }
        let Some(profile) = self.profiles.values().find(|profile| profile.name.as_str() == name) else {
            let unknown = profile::existing(home, name).err();
            return Err(
                unknown.map_or_else(|| "it was just made; try again".to_owned(), |error| error.to_string())
            );
        };
        if !profile.active {
            let others = self.profiles.values().filter(|other| other.active);
            if let Some(two) = overlaps(others.chain([profile])).first() {
                return Err(two.to_string());
            }
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(home: &Home, name: &str, active: bool, url: &str) {
        std::fs::create_dir_all(home.profiles_dir()).unwrap();
        let text = format!(
            "kind = \"events\"\nactive = {active}\n[local]\ntype = \"vdir\"\npath = \"/nowhere\"\n[remote]\n\
             type = \"dav\"\nurl = \"https://s.example/{url}/\"\n"
        );
        std::fs::write(home.profiles_dir().join(format!("{name}.toml")), text).unwrap();
    }

    #[test]
    fn which_can_run() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut known = Known::default();
        assert!(known.reload(&home).unwrap().is_none());
        write(&home, "a", true, "a");
        write(&home, "off", false, "a");
        write(&home, "b", true, "b");
        assert!(known.reload(&home).unwrap().is_some());
        assert!(known.reload(&home).unwrap().is_none(), "it is as it was");
        assert_eq!(known.profiles.len(), 3);
        assert!(known.to_run(&home, "a").is_ok());
        assert!(known.to_run(&home, "off").unwrap_err().contains("would double"));
        assert!(known.to_run(&home, "c").unwrap_err().contains("\"c\""));

        write(&home, "b2", true, "b");
        std::fs::write(home.profiles_dir().join("bad.toml"), "kind").unwrap();
        assert!(known.reload(&home).unwrap().is_some());
        assert_eq!(known.broken.keys().collect::<Vec<_>>(), ["b", "b2", "bad"]);
        assert!(known.to_run(&home, "b2").unwrap_err().contains("would double"));
        assert!(known.to_run(&home, "bad").is_err());
    }
}
