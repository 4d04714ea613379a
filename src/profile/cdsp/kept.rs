//! What a `.cdsp` file has and no key of a profile stands for is kept in the profile's section `[cdsp]`, so that an
//! export has it again.

use tr::tr;

use super::document::{Element, OURS, Options};
use super::keys::Keys;
use super::{compose, fields, read, translate, write};
use crate::item::Kind;
use crate::profile::Name;

/// More is not kept of a profile.
const MOST_BYTES: usize = 64 * 1024;
/// These have keys of their own.
const APART: [&str; 4] = ["Id", "OutlookFolderEntryId", "OutlookFolderAccountName", OURS];

/// What the keys alone would not bring back: the text for `cdsp.elements`, if there is anything. Secrets are left out.
///
/// # Errors
/// It is too much: a sentence.
pub fn keep(options: &Options, kind: Kind, keys: &Keys) -> Result<Option<String>, String> {
    let known = compose::options("", kind, keys, compose::new(kind));
    let mut kept = Options::default();
    for (group, element) in write::in_order(&with_missing(options, kind, keys)).leaves() {
        let path = path(group, &element.name);
        let apart = group.is_none() && APART.contains(&element.name.as_str());
        if let Some(element) = without_secrets(element)
            && !apart
            && known.find(&path) != Some(&element)
        {
            kept.put(group, element);
        }
    }
    let brought = overlay(known, &kept, kind, keys);
    let mut needed = Options::default();
    for (group, element) in kept.leaves() {
        if brought.find(&path(group, &element.name)) == Some(element) {
            needed.put(group, element.clone());
        }
    }
    let text = write::fragment(&needed);
    match text.len() {
        0 => Ok(None),
        1..=MOST_BYTES => Ok(Some(text)),
        _ => Err(tr!(
            "it holds far more than the options of a profile; remove what is not needed from the file"
        )),
    }
}

/// The elements with what was kept, as far as it does not contradict the keys: they may have been changed since.
pub fn bring_back(options: Options, name: &Name, kind: Kind, keys: &Keys) -> Options {
    let Some(elements) = keys.text("cdsp.elements") else { return options };
    let Ok(mut kept) = read::read_fragment(elements) else { return options };
    kept.0.retain(|element| element.name != "Name" || is_named_after(name, &element.text));
    overlay(options, &kept, kind, keys)
}

/// Puts in what leads to the same keys as before, or nearer to those that there are.
fn overlay(options: Options, kept: &Options, kind: Kind, keys: &Keys) -> Options {
    let meaning = |options: &Options| translate::keys(options, kind, &mut Vec::new()).unwrap_or_default();
    let known = meaning(&options);
    let fits = |options: &Options| {
        let said = meaning(options);
        let mut paths = said.paths().chain(known.paths());
        paths.all(|path| [known.get(path), keys.get(path)].contains(&said.get(path)))
    };
    let leaves: Vec<_> =
        kept.leaves().filter_map(|(group, element)| Some((group, without_secrets(element)?))).collect();
    let mut all = options.clone();
    leaves.iter().for_each(|(group, element)| all.put(*group, element.clone()));
    if fits(&all) {
        return all;
    }
    leaves.into_iter().fold(options, |options, (group, element)| {
        let mut with = options.clone();
        with.put(group, element);
        if fits(&with) { with } else { options }
    })
}

/// The elements, with what missing ones mean where no key stands for them.
fn with_missing(options: &Options, kind: Kind, keys: &Keys) -> Options {
    let keyed = compose::options("", kind, keys, Options::default());
    let mut all = options.clone();
    for (group, field) in fields::all(kind) {
        let path = path(group, field.name);
        let is_there = group.is_none_or(|group| options.find(group).is_some());
        let missing = field.missing().filter(|_| is_there && keyed.find(&path).is_none());
        if let (Some(missing), None) = (missing, options.find(&path)) {
            all.put(group, Element::text(field.name, missing));
        }
    }
    all
}

/// Whether an import gives this name to a profile that is called so.
fn is_named_after(name: &Name, called: &str) -> bool {
    let like = Name::like(called);
    let number = name.as_str().strip_prefix(like.as_str());
    number.is_some_and(|rest| rest.is_empty() || rest.trim_start().bytes().all(|byte| byte.is_ascii_digit()))
}

/// The element without what may be a password, in whatever part of it; `None` where it is one itself.
fn without_secrets(element: &Element) -> Option<Element> {
    if is_secret(&element.name) {
        return None;
    }
    let attributes = element.attributes.iter().filter(|(name, _)| !is_secret(name));
    // The address of a proxy need not say that it is one.
    let text = match (element.name.as_str(), element.text.split_once('@')) {
        ("ProxyUrl", Some((_, address))) if !element.text.contains("://") => address.to_owned(),
        _ => without_sign_ins(&element.text),
    };
    Some(Element {
        name: element.name.clone(),
        attributes: attributes.map(|(name, value)| (name.clone(), without_sign_ins(value))).collect(),
        text,
        children: element.children.iter().filter_map(without_secrets).collect(),
    })
}

/// A text whose addresses have no user and no password.
fn without_sign_ins(text: &str) -> String {
    let mut parts = text.split("//");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        let end = part.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(part.len());
        let address = part.get(..end).and_then(|host| host.rfind('@')).map_or(0, |at| at + 1);
        before + "//" + part.get(address..).unwrap_or_default()
    })
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let switch = ["useaccountpassword"].contains(&name.as_str());
    !switch && ["password", "salt", "secret", "token"].iter().any(|word| name.contains(word))
}

fn path(group: Option<&str>, name: &str) -> String {
    group.map_or_else(|| name.to_owned(), |group| format!("{group}/{name}"))
}
