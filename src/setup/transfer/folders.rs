//! Which folder here is a folder of Outlook's: as the person said, or as the person is asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tr::tr;
use url::Url;

use super::super::SetupError;
use super::super::places::{Places, full_path};
use super::{Ask, Choices, Unplaced};
use crate::item::Kind;
use crate::profile::cdsp::{Imported, Keys};
use crate::profile::{self, LocalSpec, Name, expand, local_key};
use crate::report::wording::cut;
use crate::settings::Folders as Roots;

/// What Outlook CalDav Synchronizer writes for a folder that it cannot open.
const NO_FOLDER: &str = "<ERROR>";

/// A folder of Outlook's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Theirs {
    name: String,
    account: Option<String>,
    kind: Kind,
}

/// A profile that uses a folder.
struct User {
    /// Its name here, or in the file.
    name: String,
    /// As it is written in the profile's file.
    folder: String,
    key: PathBuf,
    kind: Kind,
    remote: String,
    has_category: bool,
    /// The folder in Outlook, if it is known.
    theirs: Option<Theirs>,
}

impl User {
    fn new(name: &str, folder: String, kind: Kind, keys: &Keys, theirs: Option<Theirs>) -> Self {
        let has_category = keys.text("category").is_some();
        User {
            name: name.to_owned(),
            key: key(&folder),
            folder,
            kind,
            remote: remote(keys),
            has_category,
            theirs,
        }
    }
}

/// Equal for two ways to write one folder.
fn key(folder: &str) -> PathBuf {
    expand(folder).map(|path| local_key(&LocalSpec::Vdir { path })).unwrap_or_default()
}

/// The folders that are known by now. Profiles share one here only if they share one in Outlook, and if each has its own
/// part of it: what one server has must not go to another one unseen.
pub struct Folders<'a> {
    choices: &'a Choices,
    ask: Ask<'a>,
    /// Where folders are made, if nothing else is said.
    roots: Roots,
    users: Vec<User>,
    used: BTreeSet<&'a str>,
}

impl<'a> Folders<'a> {
    pub fn new(choices: &'a Choices, ask: Ask<'a>, roots: Roots) -> Self {
        Self { choices, ask, roots, users: Vec::new(), used: BTreeSet::new() }
    }

    /// Takes in which folder a profile has that is here.
    pub fn know(&mut self, name: &str, kind: Kind, keys: &Keys) {
        let Some(folder) = keys.text("local.path") else { return };
        let theirs = theirs(keys.text("cdsp.folder"), keys.text("cdsp.account"), kind);
        self.users.push(User::new(name, folder.to_owned(), kind, keys, theirs));
    }

    /// The folder of a profile at this place in the file and of this name there, as it is written into its file here.
    /// `None`: nobody says it, and nobody is there to ask.
    pub fn of(
        &mut self,
        number: usize,
        label: &str,
        imported: &Imported,
        places: &mut Places,
    ) -> Result<Option<String>, SetupError> {
        let Some(folder) = self.find(number, label, imported, places)? else { return Ok(None) };
        places.take(PathBuf::from(&folder));
        let theirs = of_imported(imported);
        self.users.push(User::new(label, folder.clone(), imported.kind, &imported.keys, theirs));
        Ok(Some(folder))
    }

    fn find(
        &mut self,
        number: usize,
        label: &str,
        imported: &Imported,
        places: &mut Places,
    ) -> Result<Option<String>, SetupError> {
        if let Some(folder) = self.said_of_one(number, label, imported)? {
            return Ok(Some(folder));
        }
        if let Some(folder) = self.said(label, imported)? {
            return Ok(Some(folder));
        }
        if let Some(folder) = self.shared(imported) {
            return Ok(Some(folder));
        }
        let called = called(label, imported);
        let root = self.choices.root.as_ref();
        let suggested = places.folder(root.unwrap_or(self.roots.of(imported.kind)), &Name::like(called))?;
        let folder = match root {
            Some(_) => suggested,
            None => match (self.ask)(Unplaced { label, called, kind: imported.kind, suggested }) {
                Some(folder) => folder,
                None => return Ok(None),
            },
        };
        full_path(&folder).map(Some)
    }

    /// What is said of this very profile.
    fn said_of_one(
        &self,
        number: usize,
        label: &str,
        imported: &Imported,
    ) -> Result<Option<String>, SetupError> {
        let said = self.choices.of_one.get(&number).and_then(|one| one.folder.as_deref());
        let Some(folder) = said else { return Ok(None) };
        let folder = full_path(Path::new(folder))?;
        match self.mixed(&key(&folder), imported) {
            None => Ok(Some(folder)),
            Some(other) => Err(SetupError::Wrong(tr!(
                "the folder {0} is that of {1} already, and two calendars in one folder would be mixed: choose another folder for {2}",
                folder,
                other,
                label
            ))),
        }
    }

    /// What `--folder` says.
    fn said(&mut self, label: &str, imported: &Imported) -> Result<Option<String>, SetupError> {
        let said = |name: &str| self.choices.folders.iter().find(|(said, _)| said == name);
        let Some((name, folder)) = said(label).or_else(|| said(called(label, imported))) else {
            return Ok(None);
        };
        let folder = full_path(Path::new(folder))?;
        if !self.used.insert(name) && self.shared(imported).is_none_or(|shared| shared != folder) {
            if name == label {
                return Err(SetupError::Wrong(tr!(
                    "{} stands for several profiles of the file, which are not to share a folder here; give each of them \
                     a name of its own, and export them again",
                    format_args!("{:?}", cut(name, 60))
                )));
            }
            return Err(SetupError::Wrong(tr!(
                "{} is the folder of several profiles of the file that are not to share one here; name a folder for each \
                 of these profiles: --folder \"{label}=FOLDER\"",
                format_args!("{:?}", cut(name, 60)),
                label
            )));
        }
        Ok(Some(folder))
    }

    /// A folder here that the profile shares with others.
    fn shared(&self, imported: &Imported) -> Option<String> {
        let theirs = of_imported(imported)?;
        let remote = remote(&imported.keys);
        let same = self.users.iter().filter(|user| user.theirs.as_ref() == Some(&theirs));
        // Two on one pair are refused later on, or one of them is switched off.
        let mut fits = same.filter(|user| {
            user.remote == remote || theirs.account.is_some() && self.have_parts(&user.key, imported)
        });
        fits.next().map(|user| user.folder.clone())
    }

    /// Whose items would be mixed in this folder with those of this profile, from another place.
    fn mixed(&self, folder: &Path, imported: &Imported) -> Option<&str> {
        let remote = remote(&imported.keys);
        let mut others = self
            .users
            .iter()
            .filter(|user| user.key == folder && user.kind == imported.kind && user.remote != remote);
        others.next().filter(|_| !self.have_parts(folder, imported)).map(|user| user.name.as_str())
    }

    /// Whether each profile of this folder, and this one, has a part of it; one may have the whole.
    fn have_parts(&self, folder: &Path, imported: &Imported) -> bool {
        let sharers = self.users.iter().filter(|user| user.key == folder && user.kind == imported.kind);
        let whole = sharers.filter(|user| !user.has_category).count();
        whole + usize::from(imported.keys.text("category").is_none()) <= 1
    }

    /// A name that `--folder` gives and the file does not have.
    pub fn unused(&self) -> Option<&'a str> {
        self.choices.folders.iter().map(|(name, _)| name.as_str()).find(|name| !self.used.contains(name))
    }
}

/// What its folder is called in Outlook, or else the profile itself.
pub fn called<'a>(label: &'a str, imported: &'a Imported) -> &'a str {
    imported.folder.as_deref().filter(|folder| *folder != NO_FOLDER).unwrap_or(label)
}

fn of_imported(imported: &Imported) -> Option<Theirs> {
    theirs(imported.folder.as_deref(), imported.account.as_deref(), imported.kind)
}

fn theirs(folder: Option<&str>, account: Option<&str>, kind: Kind) -> Option<Theirs> {
    let name = folder.filter(|folder| *folder != NO_FOLDER)?.to_owned();
    Some(Theirs { name, account: account.map(str::to_owned), kind })
}

fn remote(keys: &Keys) -> String {
    let url = keys.text("remote.url").unwrap_or_default();
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| profile::url_key(&url))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::OfOne;
    use super::*;
    use crate::profile::Loaded;

    struct Case {
        folder: &'static str,
        account: &'static str,
        kind: Kind,
        category: &'static str,
        url: &'static str,
    }

    const PRIVATE: Case = Case {
        folder: "Kalender",
        account: "jana@home",
        kind: Kind::Events,
        category: "",
        url: "https://home.example/c/",
    };

    fn imported(case: &Case) -> Imported {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut keys = Keys::default();
        keys.set("remote.url", case.url);
        if !case.category.is_empty() {
            keys.set("category", case.category);
        }
        Imported {
            id: String::new(),
            folder: some(case.folder),
            account: some(case.account),
            kind: case.kind,
            keys,
            ours: false,
            notes: Vec::new(),
        }
    }

    /// The folders of profiles that are called "0", "1" and so on.
    fn folders(said: &[(&str, &str)], known: &[Keys], cases: &[Case]) -> Result<Vec<String>, String> {
        let folders = said.iter().map(|(name, folder)| ((*name).to_owned(), (*folder).to_owned())).collect();
        placed(Choices { folders, ..Choices::default() }, known, cases)
    }

    /// The same where the person says it of each profile.
    fn said_of_each(said: &[(usize, &str)], known: &[Keys], cases: &[Case]) -> Result<Vec<String>, String> {
        let one = |folder: &str| OfOne { folder: Some(folder.to_owned()), kind: None };
        let of_one = said.iter().map(|(number, folder)| (*number, one(folder))).collect();
        placed(Choices { of_one, ..Choices::default() }, known, cases)
    }

    fn placed(choices: Choices, known: &[Keys], cases: &[Case]) -> Result<Vec<String>, String> {
        let root = tempfile::tempdir().unwrap();
        let choices = Choices { root: Some(root.path().to_owned()), ..choices };
        let mut places = Places::new(&Loaded::default());
        let mut folders = Folders::new(&choices, &|_| None, Roots::all_in(root.path()));
        known.iter().for_each(|keys| folders.know("here", Kind::Events, keys));
        let mut found = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            match folders.of(n, &n.to_string(), &imported(case), &mut places) {
                Ok(folder) => {
                    let folder = PathBuf::from(folder.unwrap());
                    let shown = folder.strip_prefix(root.path()).unwrap_or(&folder);
                    found.push(shown.display().to_string());
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(found)
    }

    #[test]
    fn the_same_name_in_another_account_is_another_folder() {
        let company = Case { account: "jana@company", url: "https://company.example/c/", ..PRIVATE };
        assert_eq!(folders(&[], &[], &[PRIVATE, company]).unwrap(), ["Kalender", "Kalender 2"]);
        let nobody = || Case { account: "", category: "Work", ..PRIVATE };
        let other = Case { url: "https://company.example/c/", ..nobody() };
        assert_eq!(folders(&[], &[], &[nobody(), other]).unwrap(), ["Kalender", "Kalender 2"]);
    }

    #[test]
    fn a_folder_that_could_not_be_opened_has_no_name() {
        let lost = || Case { folder: "<ERROR>", category: "Work", ..PRIVATE };
        assert_eq!(folders(&[], &[], &[lost(), lost()]).unwrap(), ["0", "1"]);
        let before = Keys::of(
            "category = \"a\"\n[local]\npath = \"/lost\"\n[cdsp]\nfolder = \"<ERROR>\"\naccount = \"jana@home\"",
        );
        assert_eq!(folders(&[], &[before], &[lost()]).unwrap(), ["0"]);
    }

    #[test]
    fn a_folder_is_shared_by_categories() {
        let part = |category, url| Case { category, url, ..PRIVATE };
        let work = part("Work", "https://company.example/c/");
        let club = part("Club", "https://club.example/c/");
        assert_eq!(folders(&[], &[], &[PRIVATE, work, club]).unwrap(), ["Kalender"; 3]);
        let whole = part("", "https://company.example/c/");
        assert_eq!(folders(&[], &[], &[PRIVATE, whole]).unwrap(), ["Kalender", "Kalender 2"]);
        let contacts = || Case { kind: Kind::Contacts, ..PRIVATE };
        let other = Case { url: "https://company.example/c/", ..contacts() };
        assert_eq!(folders(&[], &[], &[contacts(), other]).unwrap(), ["Kalender", "Kalender 2"]);
    }

    #[test]
    fn the_folder_of_an_earlier_import_is_shared_likewise() {
        let earlier = "[local]\npath = \"/mine\"\n[cdsp]\nfolder = \"Kalender\"\naccount = \"jana@home\"";
        let known = [Keys::of(earlier)];
        let work = || Case { category: "Work", ..PRIVATE };
        assert_eq!(folders(&[], &known, &[work()]).unwrap(), ["/mine"]);
        assert_eq!(folders(&[], &known, &[PRIVATE]).unwrap(), ["Kalender"]);
        assert_eq!(folders(&[], &known, &[Case { account: "x", ..work() }]).unwrap(), ["Kalender"]);
        // Somebody else uses it as a whole, too.
        let known = [known, [Keys::of("[local]\npath = \"/mine\"")]].concat();
        assert_eq!(folders(&[], &known, &[work()]).unwrap(), ["Kalender"]);
    }

    #[test]
    fn a_folder_that_is_said_of_one_profile_is_not_another_ones() {
        let company = || Case { account: "jana@company", url: "https://company.example/c/", ..PRIVATE };
        let both = |said: &[(usize, &str)]| said_of_each(said, &[], &[PRIVATE, company()]);
        assert_eq!(both(&[(1, "/a")]).unwrap(), ["Kalender", "/a"]);
        insta::assert_snapshot!(both(&[(0, "/a"), (1, "/a/.")]).unwrap_err(), @"the folder /a is that of 0 already, and two calendars in one folder would be mixed: choose another folder for 1");
        let known = [Keys::of("[local]\npath = \"/mine\"")];
        insta::assert_snapshot!(said_of_each(&[(0, "/mine")], &known, &[PRIVATE]).unwrap_err(), @"the folder /mine is that of here already, and two calendars in one folder would be mixed: choose another folder for 0");
        let contacts = Case { kind: Kind::Contacts, ..PRIVATE };
        assert_eq!(said_of_each(&[(0, "/mine")], &known, &[contacts]).unwrap(), ["/mine"]);
        // Who shares a folder in Outlook goes with it, each with a part of it.
        let work = Case { category: "Work", url: "https://company.example/c/", ..PRIVATE };
        assert_eq!(said_of_each(&[(0, "/a")], &[], &[PRIVATE, work]).unwrap(), ["/a", "/a"]);
    }

    #[test]
    fn a_folder_that_was_said_is_not_suggested() {
        let root = tempfile::tempdir().unwrap();
        let said = root.path().join("Kalender").display().to_string();
        let company = Case { account: "jana@company", url: "https://company.example/c/", ..PRIVATE };
        let of_one = HashMap::from([(0, OfOne { folder: Some(said), kind: None })]);
        let choices = Choices { root: Some(root.path().to_owned()), of_one, ..Choices::default() };
        let mut places = Places::new(&Loaded::default());
        let mut folders = Folders::new(&choices, &|_| None, Roots::all_in(root.path()));
        let mut of = |n, case| folders.of(n, "x", &imported(case), &mut places).unwrap().unwrap();
        assert!(of(0, &PRIVATE).ends_with("Kalender"));
        assert!(of(1, &company).ends_with("Kalender 2"));
    }

    #[test]
    fn a_folder_that_was_said_is_not_shared_by_chance() {
        let company = || Case { account: "jana@company", url: "https://company.example/c/", ..PRIVATE };
        let said = |said: &[(&str, &str)]| folders(said, &[], &[PRIVATE, company()]);
        insta::assert_snapshot!(said(&[("Kalender", "/a")]).unwrap_err(), @r#""Kalender" is the folder of several profiles of the file that are not to share one here; name a folder for each of these profiles: --folder "1=FOLDER""#);
        assert_eq!(said(&[("0", "/a"), ("1", "/a")]).unwrap(), ["/a", "/a"], "that was said plainly");
        assert_eq!(said(&[("Kalender", "/a"), ("1", "/b")]).unwrap(), ["/a", "/b"]);
        let work = Case { category: "Work", url: "https://company.example/c/", ..PRIVATE };
        assert_eq!(folders(&[("Kalender", "/a")], &[], &[PRIVATE, work]).unwrap(), ["/a", "/a"]);
    }
}
