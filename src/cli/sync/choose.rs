//! Which profiles run, and which of their items.

use std::path::{Path, PathBuf};

use tr::tr;

use crate::cli::Failure;
use crate::collection::Href;
use crate::home::Home;
use crate::profile::{self, LocalSpec, Profile, Requested};
use crate::sync::run::Only;

/// The profiles that run, and those that cannot: their name and why.
pub struct Chosen {
    pub run: Vec<Profile>,
    pub refused: Vec<(String, String)>,
}

/// The profiles to run. One that was named must be right; where none was named, a wrong one does not
/// keep the others from running.
pub fn choose(home: &Home, named: &[String]) -> Result<Chosen, Failure> {
    let all = profile::load_all(home)?;
    for name in named {
        profile::load(home, name)?;
    }
    let none = all.profiles.is_empty() && all.broken.is_empty();
    let Requested { run, doubled } = profile::requested(&all.profiles, named);
    let run: Vec<Profile> = run.into_iter().cloned().collect();
    if !named.is_empty() {
        return match doubled.first() {
            Some((_, two)) => Err(Failure::Usage(two.to_string())),
            None => Ok(Chosen { run, refused: Vec::new() }),
        };
    }
    let broken = all.broken.into_iter().map(|(name, error)| (name, error.to_string()));
    let doubled = doubled.iter().map(|(profile, two)| (profile.name.to_string(), two.to_string()));
    let refused: Vec<_> = broken.chain(doubled).collect();
    if run.is_empty() && refused.is_empty() {
        return Err(Failure::Usage(if none {
            tr!(
                "there is no profile yet; \"pimbridge profile add --help\" says how to make one, and \"pimbridge demo\" \
             shows a sync without one"
            )
        } else {
            tr!(
                "no profile is active; name one, or switch one on with: pimbridge profile set NAME active true"
            )
        }));
    }
    Ok(Chosen { run, refused })
}

/// The items of these files, which may be gone.
pub fn only(profile: &Profile, files: &[PathBuf]) -> Result<Only, Failure> {
    let LocalSpec::Vdir { path: folder } = &profile.local;
    let mut only = Only::default();
    for file in files {
        let is_elsewhere = file.parent().is_some_and(|parent| {
            let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            !parent.as_os_str().is_empty() && real(parent) != real(folder)
        });
        match file.file_name().and_then(|name| name.to_str()) {
            Some(name) if !is_elsewhere => only.local.insert(Href::new(name)),
            _ => {
                return Err(Failure::Usage(tr!(
                    "{} is not a file of the folder {} of the profile {}",
                    file.display(),
                    folder.display(),
                    profile.name
                )));
            }
        };
    }
    Ok(only)
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

    fn chosen(home: &Home, named: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        match choose(home, &named) {
            Ok(chosen) => Ok((
                chosen.run.iter().map(|profile| profile.name.to_string()).collect(),
                chosen.refused.into_iter().map(|(name, _)| name).collect(),
            )),
            Err(Failure::Usage(message) | Failure::NotDone(message)) => Err(message),
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn which_profiles_run() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert!(chosen(&home, &[]).unwrap_err().starts_with("there is no profile yet"));
        write(&home, "off", false, "a");
        assert!(chosen(&home, &[]).unwrap_err().starts_with("no profile is active"));
        assert_eq!(chosen(&home, &["off"]).unwrap().0, names(&["off"]));
        write(&home, "a", true, "a");
        write(&home, "b", true, "b");
        assert_eq!(chosen(&home, &[]).unwrap(), (names(&["a", "b"]), vec![]));
        assert_eq!(chosen(&home, &["b", "b"]).unwrap().0, names(&["b"]));
        assert!(
            chosen(&home, &["off"]).unwrap_err().contains("would double"),
            "the same pair as an active one"
        );
        assert!(chosen(&home, &["x"]).is_err());
        std::fs::write(home.profiles_dir().join("bad.toml"), "kind").unwrap();
        write(&home, "b2", true, "b");
        assert_eq!(chosen(&home, &[]).unwrap(), (names(&["a"]), names(&["bad", "b", "b2"])));
        assert!(chosen(&home, &["b2"]).unwrap_err().contains("would double"));
        assert_eq!(chosen(&home, &["a"]).unwrap(), (names(&["a"]), vec![]));
        assert!(chosen(&home, &["bad"]).is_err());
    }
}
