//! The profiles as the daemon last read them.

use std::collections::BTreeMap;

use tr::tr;

use crate::home::Home;
use crate::profile::{self, Name, Profile, ProfileError, Requested};

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
        let Requested { doubled, .. } = profile::requested(&read.profiles, &[]);
        broken.extend(doubled.iter().map(|(profile, two)| (profile.name.to_string(), two.to_string())));
        let sound = read.profiles.iter().filter(|profile| !broken.contains_key(profile.name.as_str()));
        let profiles = sound.map(|profile| (profile.name.clone(), profile.clone())).collect();
        Ok(Some(std::mem::replace(self, Known { profiles, broken, read })))
    }

    /// What a request is about that names these profiles, or all active ones where it names none: each that may run now,
    /// and why each of the others may not.
    pub fn requested(&self, home: &Home, named: &[String]) -> Vec<(String, Result<Name, String>)> {
        let Requested { run, doubled } = profile::requested(&self.read.profiles, named);
        let may_run = run.into_iter().map(|profile| (profile.name.to_string(), Ok(profile.name.clone())));
        let doubled =
            doubled.into_iter().map(|(profile, two)| (profile.name.to_string(), Err(two.to_string())));
        let broken = self.read.broken.iter().map(|(name, why)| (name.clone(), Err(why.clone())));
        let found = broken.chain(may_run).chain(doubled);
        if named.is_empty() {
            return found.collect();
        }
        let found: BTreeMap<_, _> = found.collect();
        let one = |name: &String| {
            let unknown = || profile::existing(home, name).err().map(|error| error.to_string());
            let found = found.get(name).cloned();
            let found =
                found.unwrap_or_else(|| Err(unknown().unwrap_or_else(|| tr!("it was just made; try again"))));
            (name.clone(), found)
        };
        named.iter().map(one).collect()
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
        let requested = |known: &Known, named: &[&str]| -> Vec<(String, Result<Name, String>)> {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            known.requested(&home, &named)
        };
        let why = |known: &Known, name: &str| requested(known, &[name]).remove(0).1.unwrap_err();
        let run = |known: &Known, named: &[&str]| -> Vec<String> {
            requested(known, named).into_iter().filter_map(|(name, may)| may.ok().map(|_| name)).collect()
        };
        assert_eq!(run(&known, &[]), ["a", "b"]);
        assert_eq!(run(&known, &["b", "a", "c"]), ["b", "a"]);
        assert!(why(&known, "off").contains("would double"));
        assert!(why(&known, "c").contains("\"c\""));
        assert_eq!(run(&known, &["a", "off"]), [""; 0], "named together, neither runs");

        // Two that are both off may each run, but not together.
        write(&home, "off1", false, "c");
        write(&home, "off2", false, "c");
        assert!(known.reload(&home).unwrap().is_some());
        assert_eq!(
            (run(&known, &["off1"]), run(&known, &["off2"])),
            (vec!["off1".into()], vec!["off2".into()])
        );
        let both = requested(&known, &["off1", "off2"]);
        assert_eq!(both.len(), 2);
        assert!(both.iter().all(|(_, may)| may.as_ref().is_err_and(|why| why.contains("would double"))));

        write(&home, "b2", true, "b");
        std::fs::write(home.profiles_dir().join("bad.toml"), "kind").unwrap();
        assert!(known.reload(&home).unwrap().is_some());
        assert_eq!(known.broken.keys().collect::<Vec<_>>(), ["b", "b2", "bad"]);
        assert!(why(&known, "b2").contains("would double") && !why(&known, "bad").is_empty());
        let all = requested(&known, &[]);
        let refused: Vec<&str> =
            all.iter().filter(|(_, may)| may.is_err()).map(|(name, _)| name.as_str()).collect();
        assert_eq!((run(&known, &[]), refused), (vec!["a".to_owned()], vec!["bad", "b", "b2"]));
    }
}
