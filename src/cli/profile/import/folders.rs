//! Which folder here is a folder of Outlook's: said with `--folder` or `--root`, or asked for.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::super::super::connection::full_path;
use super::super::super::{Failure, out};
use super::super::places::Places;
use super::Args;
use crate::item::Kind;
use crate::profile::Name;
use crate::profile::cdsp::{Imported, Keys};
use crate::report::text::cut;
use crate::settings::Folders as Roots;

/// A folder of Outlook's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Theirs {
    name: String,
    account: Option<String>,
    kind: Kind,
}

/// The folders that are known by now: profiles that share one in Outlook share one here.
pub struct Folders<'a> {
    args: &'a Args,
    /// Where folders are made, if nothing else is said.
    roots: Roots,
    known: HashMap<Theirs, String>,
    used: BTreeSet<&'a str>,
}

impl<'a> Folders<'a> {
    pub fn new(args: &'a Args, roots: Roots) -> Self {
        Self { args, roots, known: HashMap::new(), used: BTreeSet::new() }
    }

    /// Takes in where the folder of an earlier import is.
    pub fn know(&mut self, kind: Kind, keys: &Keys) {
        if let (Some(name), Some(folder)) = (keys.text("cdsp.folder"), keys.text("local.path")) {
            let account = keys.text("cdsp.account").map(str::to_owned);
            self.known.insert(Theirs { name: name.to_owned(), account, kind }, folder.to_owned());
        }
    }

    /// The folder of a profile of this name in the file, as it is written into its file here. `None`: nobody says it,
    /// and nobody is there to ask.
    pub fn of(
        &mut self,
        label: &str,
        imported: &Imported,
        places: &mut Places,
    ) -> Result<Option<String>, Failure> {
        let theirs = Theirs {
            name: imported.folder.clone().unwrap_or_else(|| label.to_owned()),
            account: imported.account.clone(),
            kind: imported.kind,
        };
        let said = |name: &str| self.args.folder.iter().find(|(said, _)| said == name);
        if let Some((name, folder)) = said(label).or_else(|| said(&theirs.name)) {
            self.used.insert(name);
            return full_path(Path::new(folder)).map(Some);
        }
        if let Some(folder) = self.known.get(&theirs) {
            return Ok(Some(folder.clone()));
        }
        let folder = match &self.args.root {
            Some(root) => places.folder(root, &Name::like(&theirs.name))?,
            None => match ask(label, &theirs, self.roots.of(theirs.kind), places)? {
                Some(folder) => folder,
                None => return Ok(None),
            },
        };
        let folder = full_path(&folder)?;
        self.known.insert(theirs, folder.clone());
        Ok(Some(folder))
    }

    /// A name that `--folder` gives and the file does not have.
    pub fn unused(&self) -> Option<&'a str> {
        self.args.folder.iter().map(|(name, _)| name.as_str()).find(|name| !self.used.contains(name))
    }
}

fn ask(label: &str, theirs: &Theirs, root: &Path, places: &mut Places) -> Result<Option<PathBuf>, Failure> {
    if !out::is_interactive() {
        return Ok(None);
    }
    let suggested = places.folder(root, &Name::like(&theirs.name))?;
    let question = format!(
        "Which folder here is {:?}, the {} of the profile {:?}? [{}] ",
        cut(&theirs.name, 60),
        match theirs.kind {
            Kind::Events => "calendar",
            Kind::Tasks => "task list",
            Kind::Contacts => "address book",
        },
        label,
        suggested.display()
    );
    Ok(out::ask_text(&question)
        .map(|answer| if answer.is_empty() { suggested } else { PathBuf::from(answer) }))
}
