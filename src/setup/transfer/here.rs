//! What is here already, and which profiles of the file are left alone for that.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;

use tr::tr;

use super::super::SetupError;
use super::Folders;
use crate::home::Home;
use crate::profile::cdsp::{self, Imported, Keys};
use crate::profile::{self, Loaded, Profile};
use crate::report::wording::shell_word;

/// What is read of a profile's file that is broken.
const MAX_BYTES: u64 = 256 * 1024;

/// A profile that is here already.
pub struct Existing {
    pub profile: Profile,
    pub text: String,
}

/// What is here already.
pub struct Here {
    /// By the ids.
    pub existing: HashMap<String, Existing>,
    /// The names of files that are broken, and what is in them.
    broken: Vec<(String, String)>,
}

impl Here {
    pub fn new(home: &Home, loaded: &Loaded, folders: &mut Folders) -> Result<Self, SetupError> {
        let mut existing = HashMap::new();
        for profile in &loaded.profiles {
            let (name, text) = profile::read_text(home, profile.name.as_str())?;
            let keys = Keys::of(&text);
            folders.know(name.as_str(), profile.kind, &keys);
            let id = cdsp::identity(name.as_str(), &keys);
            existing.insert(id, Existing { profile: profile.clone(), text });
        }
        let broken = loaded.broken.iter().map(|(name, _)| (name.clone(), raw_text(home, name))).collect();
        Ok(Here { existing, broken })
    }

    /// Why a profile of the file is left alone, in view of the one here.
    pub fn refuses(&self, imported: &Imported) -> Option<String> {
        if let Some(name) = broken_with(&self.broken, &imported.id) {
            let word = shell_word(name);
            return Some(tr!(
                "here it is {name}, whose file is wrong; correct that first, or remove it: pimbridge profile remove {word}",
                name,
                word
            ));
        }
        let old = &self.existing.get(&imported.id)?.profile;
        let word = shell_word(old.name.as_str());
        (old.kind != imported.kind).then(|| {
            tr!("it is for {} now, but {} here is for {}: remove that profile first (pimbridge profile remove {word}), or \
                 make a new one by hand (pimbridge profile add --help)", imported.kind.in_words(), old.name, old.kind.in_words(), word)
        })
    }
}

/// What is in the file of a profile, whatever that may be.
fn raw_text(home: &Home, name: &str) -> String {
    let mut bytes = Vec::new();
    let file = File::open(home.profiles_dir().join(format!("{name}.toml")));
    // What was read up to an error is all that there is.
    let _ = file.and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).to_ascii_lowercase()
}

fn broken_with<'a>(broken: &'a [(String, String)], id: &str) -> Option<&'a str> {
    broken.iter().find(|(_, text)| text.contains(id)).map(|(name, _)| name.as_str())
}
