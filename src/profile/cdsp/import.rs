//! A profile of a `.cdsp` file becomes the keys of a profile here. Where its folder is, and under which name, is for
//! the caller to say.

use tr::tr;

use super::document::{MAPPING, Options};
use super::keys::Keys;
use super::{fields, identity, kept, ours, translate, write};
use crate::item::Kind;
use crate::report::wording::{cut, enumerated};

/// A profile as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub id: String,
    /// The leaf name of its folder in Outlook.
    pub folder: Option<String>,
    /// The account that the folder belongs to.
    pub account: Option<String>,
    pub kind: Kind,
    /// All its keys but those that are only for this computer.
    pub keys: Keys,
    /// It was written by Pimbridge, with what only that has.
    pub ours: bool,
    /// What the person should know, each a sentence. `{name}` stands for the profile's name.
    pub notes: Vec<String>,
}

/// Switches and words without a counterpart.
const ONLY_KEPT: &[&str] = &[
    "OrganizerAsDelegate",
    "MapCustomProperties",
    "MapReminderAsDateTime",
    "MapPriority",
    "MapRecurringTasks",
    "MapStartAndDueAsFloating",
    "MapAnniversary",
    "MapBirthday",
    "MapContactPhoto",
    "KeepOutlookPhoto",
    "MapOutlookEmail1ToWork",
];

/// What the profile is called in the file, fit for a line.
pub fn label(options: &Options) -> String {
    let name = options.text("Name").map(|name| cut(name, 60)).unwrap_or_default();
    if name.is_empty() { tr!("(without a name)") } else { name }
}

/// What it syncs, where the file tells.
pub fn kind_of(options: &Options) -> Option<Kind> {
    let mapping = options.0.iter().find(|element| element.name == MAPPING).and_then(|mapping| mapping.kind());
    let by_mapping = fields::MAPPINGS.iter().find(|(_, name, _)| Some(*name) == mapping);
    by_mapping.map(|(kind, ..)| *kind).or_else(|| {
        let adapter = options.text("ServerAdapterType").map(str::trim);
        match (adapter, options.text("ProfileTypeOrNull").map(str::trim)) {
            (Some("GoogleContactApi"), _) | (_, Some("ContactsiCloud" | "Swisscom")) => Some(Kind::Contacts),
            (Some("GoogleTaskApi"), _) => Some(Kind::Tasks),
            _ => None,
        }
    })
}

/// Reads a profile that syncs this.
///
/// # Errors
/// The profile cannot be taken over: a sentence.
pub fn import(options: &Options, kind: Kind) -> Result<Imported, String> {
    let mut notes = Vec::new();
    let mut keys = translate::keys(options, kind, &mut notes)?;
    let elements = kept::keep(options, kind, &keys)?;
    let id = options.text("Id").and_then(identity::guid).unwrap_or_else(|| {
        let name = options.text("Name").unwrap_or_default();
        identity::derived(name, &keys)
    });
    let ours = ours::take(options);
    let own = ours.is_some();
    keys.extend(ours.unwrap_or_default());
    let text = |path| options.text(path).map(|text| text.trim().to_owned());
    let (folder, account) = (text("OutlookFolderEntryId"), text("OutlookFolderAccountName"));
    keys.set("cdsp.id", id.as_str());
    for (key, text) in [("cdsp.folder", &folder), ("cdsp.account", &account), ("cdsp.elements", &elements)] {
        if let Some(text) = text {
            keys.set(key, text.as_str());
        }
    }
    tell(options, kind, &mut notes);
    Ok(Imported { id, folder, account, kind, keys, ours: own, notes })
}

/// Tells about what is only kept.
fn tell(options: &Options, kind: Kind, notes: &mut Vec<String>) {
    let is_on = |name: &str| options.text(&format!("{MAPPING}/{name}")).map(str::trim) == Some("true");
    if is_on("IsCategoryFilterSticky") {
        notes.push(
            tr!("IsCategoryFilterSticky is only kept for an export: what leaves the category is never deleted here anyway"),
        );
    }
    if is_on("CleanupDuplicateEvents") {
        notes.push(
            tr!("CleanupDuplicateEvents is only kept for an export: nothing is deleted for being doubled here; to see what \
             is: pimbridge repair {name}"),
        );
    }
    if options.text("UseAccountPassword").map(str::trim) == Some("true") {
        notes.push(tr!("it took its password from the account in Outlook, which cannot be done here"));
    }
    let unusual: Vec<&str> = fields::of_kind(kind)
        .1
        .iter()
        .filter(|field| ONLY_KEPT.contains(&field.name))
        .filter(|field| {
            let here = options.text(&format!("{MAPPING}/{}", field.name)).map(str::trim);
            here.is_some_and(|here| field.new != Some(here))
        })
        .map(|field| field.name)
        .collect();
    if !unusual.is_empty() {
        notes.push(tr!("without effect here and only kept for an export: {}", enumerated(unusual)));
    }
    let mut unknown = write::unknown(options);
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().take(5).map(|name| cut(name, 40)).collect();
        let shown = enumerated(names.iter().map(String::as_str));
        notes.push(match unknown.len() > names.len() {
            false => tr!("not known, and only kept for an export (the last of each name): {shown}", shown),
            true => tr!(
                "not known, and only kept for an export (the last of each name): {shown}, and more",
                shown
            ),
        });
    }
}
