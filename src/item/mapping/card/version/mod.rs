//! vCard 3.0 (RFC 2426) and 4.0 (RFC 6350), where a server speaks only one of them.
//!
//! Each is a translation to one version, of whatever comes: what is in it already stays as it is, and so does what the
//! version has no word for. vCard 2.1 is read as far as its parameters and quoted-printable go.

use bytes::Bytes;

use super::{Translate, Translation, nothing, rows};
use crate::item::edit::Document;
use crate::item::mapping::options::VCardVersion;

mod date;
mod media;
mod pairs;
mod to_3;
mod to_4;

/// New cards get the other version here; one that is there keeps its own.
pub(super) fn translation(on_server: VCardVersion, there: Option<&Bytes>) -> Option<Translation> {
    let (outward, inward, here): (Translate, Translate, _) = match on_server {
        VCardVersion::Keep => return None,
        VCardVersion::V3 => (to_3::card, to_4::card, "4.0"),
        VCardVersion::V4 => (to_4::card, to_3::card, "3.0"),
    };
    let keeps_its_own = there.is_some_and(|there| version(there).is_some_and(|own| own != here));
    Some(Translation { outward, inward: if keeps_its_own { nothing } else { inward } })
}

fn version(card: &Bytes) -> Option<String> {
    let document = Document::read(card);
    rows(&document).iter().find(|row| row.is("VERSION")).map(|row| row.value().trim().to_owned())
}
