//! A profile becomes the elements of a `.cdsp` file. A secret is never among them.

use std::path::Path;

use super::document::Options;
use super::keys::Keys;
use super::{compose, identity, kept, ours, translate};
use crate::item::Kind;
use crate::profile::{KINDS, Name};

/// A profile as a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub options: Options,
    /// The keys that only Pimbridge reads from the file.
    pub ours: Vec<String>,
    /// It is switched off there, because it would upload more than it does here.
    pub switched_off: bool,
}

/// The elements of a profile whose file was read and found right. `zone` is the IANA name of the zone here, which that of
/// Windows there stands for.
pub fn export(name: &Name, keys: &Keys, zone: Option<&str>) -> Exported {
    let word = keys.text("kind");
    let kind = KINDS.iter().find(|known| Some(known.word) == word).map_or(Kind::Events, |known| known.value);
    let mut new = compose::new(kind);
    let was_imported = ["cdsp.folder", "cdsp.elements"].iter().any(|key| keys.text(key).is_some());
    if let Some(zone) = zone.filter(|_| kind == Kind::Events && !was_imported) {
        new.set("MappingConfiguration/EventTz", zone);
    }
    let mut options = compose::options(name.as_str(), kind, keys, new);
    options = kept::bring_back(options, name, kind, keys);
    let leaf = || Path::new(keys.text("local.path")?).file_name()?.to_str();
    if let Some(folder) = keys.text("cdsp.folder").or_else(leaf) {
        options.set("OutlookFolderEntryId", folder);
    }
    if let Some(account) = keys.text("cdsp.account") {
        options.set("OutlookFolderAccountName", account);
    }
    options.set("Id", identity::of(name.as_str(), keys));
    // Outlook knows nothing of busy blocks: it would upload whole events.
    let switched_off = keys.text("busy_blocks").is_some();
    if switched_off {
        options.set("Inactive", "true");
    }
    let said = translate::keys(&options, kind, &mut Vec::new()).unwrap_or_default();
    let ours = ours::put(&mut options, keys, &said);
    Exported { options, ours, switched_off }
}
