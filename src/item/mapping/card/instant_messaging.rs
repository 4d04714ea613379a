//! Addresses of instant messengers: `IMPP` (RFC 4770, RFC 6350 section 6.4.3) or a property for each service.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::property::Property;
use super::{Translation, Unit, each, nothing};
use crate::item::lines::Line;
use crate::item::mapping::options::InstantMessaging;
use crate::item::text;

/// The scheme and the property of each service; the first of several properties is the one that is written.
const SERVICES: [(&str, &str); 17] = [
    ("aim", "X-AIM"),
    ("icq", "X-ICQ"),
    ("msnim", "X-MSN"),
    ("ymsgr", "X-YAHOO"),
    ("skype", "X-SKYPE"),
    ("skype", "X-SKYPE-USERNAME"),
    ("xmpp", "X-JABBER"),
    ("xmpp", "X-GTALK"),
    ("xmpp", "X-GOOGLE-TALK"),
    ("xmpp", "X-GOOGLE TALK"),
    ("gg", "X-GADUGADU"),
    ("gg", "X-GADU-GADU"),
    ("sip", "X-SIP"),
    ("groupwise", "X-GROUPWISE"),
    ("mqq", "X-QQ"),
    ("matrix", "X-MATRIX"),
    ("facebook", "X-FACEBOOK"),
];

/// What a URI cannot hold as it is (RFC 3986 section 2).
const NO_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'%');

/// What is new here has what the RFCs have.
pub(super) fn translation(form: InstantMessaging) -> Option<Translation> {
    match form {
        InstantMessaging::Keep => None,
        InstantMessaging::Impp => Some(Translation { outward: with_impp, inward: nothing }),
        InstantMessaging::XProperties => Some(Translation { outward: with_x_properties, inward: with_impp }),
    }
}

fn with_impp(rows: &[&Line<'_>]) -> Vec<Unit> {
    each(rows, |line| {
        let property = (!line.is_quoted_printable()).then(|| Property::read(line))?;
        let (scheme, _) = SERVICES.iter().find(|(_, name)| property.is(name))?;
        let plain = text::unescape(&property.value);
        let address = plain.trim();
        // Some programs write the scheme here too.
        let address = match address.split_once(':') {
            Some((own, address)) if own.eq_ignore_ascii_case(scheme) => address,
            _ => address,
        };
        if address.is_empty() {
            return None;
        }
        let value = format!("{scheme}:{}", utf8_percent_encode(address, NO_URI));
        Some(property.renamed("IMPP").with_value(value).text())
    })
}

fn with_x_properties(rows: &[&Line<'_>]) -> Vec<Unit> {
    each(rows, |line| {
        let property = line.is("IMPP").then(|| Property::read(line))?;
        let plain = text::unescape(&property.value);
        let (own, address) = plain.trim().split_once(':')?;
        let (_, name) = SERVICES.iter().find(|(scheme, _)| own.eq_ignore_ascii_case(scheme))?;
        let address: Cow<'_, str> = percent_decode_str(address).decode_utf8().ok()?;
        let value = text::escape(&address);
        Some(property.renamed(name).with_value(value).text())
    })
}
