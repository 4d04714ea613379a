//! The form of contact groups.

use super::property::Property;
use super::{Translate, Translation, Unit, each};
use crate::item::lines::Line;
use crate::item::mapping::options::Groups;

/// The two names of each property.
const NAMES: [(&str, &str); 2] =
    [("KIND", "X-ADDRESSBOOKSERVER-KIND"), ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")];

pub(super) fn translation(form: Groups) -> Option<Translation> {
    let outward: Translate = match form {
        Groups::Keep => return None,
        Groups::Kind => with_kind,
        // What becomes a list on the server is a card of this form before.
        Groups::AddressBookServer | Groups::VList => with_address_book_server,
    };
    Some(Translation { outward, inward: as_the_version_has_it })
}

fn as_the_version_has_it(rows: &[&Line<'_>]) -> Vec<Unit> {
    match rows.iter().any(|row| row.is("VERSION") && row.value().trim() == "4.0") {
        true => with_kind(rows),
        false => with_address_book_server(rows),
    }
}

fn with_kind(rows: &[&Line<'_>]) -> Vec<Unit> {
    each(rows, |line| as_kind(Property::read(line)).map(|property| property.text()))
}

fn with_address_book_server(rows: &[&Line<'_>]) -> Vec<Unit> {
    each(rows, |line| as_address_book_server(Property::read(line)).map(|property| property.text()))
}

pub(super) fn as_kind(property: Property) -> Option<Property> {
    let (name, _) = NAMES.iter().find(|(_, old)| property.is(old))?;
    Some(property.renamed(name))
}

/// A kind other than a group has no other name.
pub(super) fn as_address_book_server(property: Property) -> Option<Property> {
    let (_, name) = NAMES.iter().find(|(new, _)| property.is(new))?;
    let is_other = property.is("KIND") && !property.value.trim().eq_ignore_ascii_case("group");
    (!is_other).then(|| property.renamed(name))
}
