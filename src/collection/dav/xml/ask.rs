//! What is asked, written with escapes.

use quick_xml::escape::escape;

use super::super::fetch::Form;
use crate::item::Kind;

pub(in super::super) const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>"#;

/// Asks what a collection is and can do.
pub(in super::super) fn propfind_collection() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"><prop><resourcetype/><displayname/><supported-report-set/><sync-token/><S:getctag/><current-user-privilege-set/><C:supported-calendar-component-set/></prop></propfind>"#
    )
}

/// Asks what lies at an address, who the user is, and, of a principal, where its collections are. DAViCal fails
/// where its root is asked for a sync-token.
pub(in super::super) fn propfind_place() -> String {
    propfind_listed(
        "<current-user-principal/><principal-URL/><C:calendar-home-set/><A:addressbook-home-set/>\
         <S:calendar-proxy-read-for/><S:calendar-proxy-write-for/>",
    )
}

/// Asks what a person is told of a collection, or of those in a home.
pub(in super::super) fn propfind_details() -> String {
    propfind_listed("<sync-token/><S:getctag/>")
}

fn propfind_listed(more: &str) -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav" xmlns:S="http://calendarserver.org/ns/" xmlns:I="http://apple.com/ns/ical/"><prop><resourcetype/><displayname/><I:calendar-color/><C:calendar-description/><A:addressbook-description/><C:supported-calendar-component-set/><current-user-privilege-set/><owner/>{more}</prop></propfind>"#
    )
}

/// Asks under which addresses a principal is known.
pub(in super::super) fn propfind_addresses() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><C:calendar-user-address-set/></prop></propfind>"#
    )
}

pub(in super::super) fn propfind_schedule_tag() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:schedule-tag/></prop></propfind>"#
    )
}

pub(in super::super) fn propfind_ctag() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><prop><S:getctag/></prop></propfind>"#
    )
}

/// Asks how far the history of collections goes, and nothing else.
pub(in super::super) fn propfind_tokens() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><prop><sync-token/><S:getctag/></prop></propfind>"#
    )
}

pub(in super::super) fn propfind_privileges() -> String {
    format!(r#"{HEAD}<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>"#)
}

pub(in super::super) fn propfind_etags() -> String {
    format!(r#"{HEAD}<propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>"#)
}

/// RFC 6578 section 3.2; an empty token asks for everything. No limit is ever sent: some servers cut
/// the list there and never tell the rest.
pub(in super::super) fn sync_collection(token: &str) -> String {
    let token = escape(token);
    format!(
        r#"{HEAD}<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level><prop><getetag/><resourcetype/></prop></sync-collection>"#
    )
}

/// RFC 6352 section 6.2.2.
pub(in super::super) fn propfind_address_data() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><prop><C:supported-address-data/></prop></propfind>"#
    )
}

/// RFC 4791 section 7.9, RFC 6352 section 8.7.
pub(in super::super) fn multiget<'a>(kind: Kind, form: Form, paths: impl Iterator<Item = &'a str>) -> String {
    let (space, report, data) = match (kind, form) {
        (Kind::Events | Kind::Tasks, _) => ("caldav", "calendar-multiget", "<C:calendar-data/>"),
        (Kind::Contacts, Form::Usual) => ("carddav", "addressbook-multiget", "<C:address-data/>"),
        (Kind::Contacts, Form::Vcard4) => (
            "carddav",
            "addressbook-multiget",
            r#"<C:address-data content-type="text/vcard" version="4.0"/>"#,
        ),
    };
    let mut out = format!(
        r#"{HEAD}<C:{report} xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:{space}"><prop><getetag/><getlastmodified/><getcontentlength/>{data}</prop>"#
    );
    for path in paths {
        out.push_str("<href>");
        out.push_str(&escape(path));
        out.push_str("</href>");
    }
    out.push_str(&format!("</C:{report}>"));
    out
}
