//! The properties of what the server holds (RFC 4918, 3744, 4791, 5397, 6352, 6578, and CalendarServer's getctag).

use super::Options;
use super::store::{Collection, Holds, Item};
use super::target::{ADDRESSBOOKS, CALENDARS, PRINCIPALS};
use super::xml::{self, APPLE, CALDAV, CALENDARSERVER, CARDDAV, DAV, Multistatus, Name};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prop {
    AddressData,
    AddressbookHomeSet,
    CalendarColor,
    CalendarData,
    CalendarHomeSet,
    CurrentUserPrincipal,
    CurrentUserPrivilegeSet,
    DisplayName,
    GetContentLength,
    GetContentType,
    GetCtag,
    GetEtag,
    GetLastModified,
    Owner,
    PrincipalUrl,
    ResourceType,
    SupportedAddressData,
    SupportedCalendarComponentSet,
    SupportedReportSet,
    SyncToken,
}

/// Each property's namespace, and its name with the prefix that a multistatus declares.
const NAMES: [(Prop, &str, &str); 20] = [
    (Prop::AddressData, CARDDAV, "card:address-data"),
    (Prop::AddressbookHomeSet, CARDDAV, "card:addressbook-home-set"),
    (Prop::CalendarColor, APPLE, "a:calendar-color"),
    (Prop::CalendarData, CALDAV, "c:calendar-data"),
    (Prop::CalendarHomeSet, CALDAV, "c:calendar-home-set"),
    (Prop::CurrentUserPrincipal, DAV, "d:current-user-principal"),
    (Prop::CurrentUserPrivilegeSet, DAV, "d:current-user-privilege-set"),
    (Prop::DisplayName, DAV, "d:displayname"),
    (Prop::GetContentLength, DAV, "d:getcontentlength"),
    (Prop::GetContentType, DAV, "d:getcontenttype"),
    (Prop::GetCtag, CALENDARSERVER, "cs:getctag"),
    (Prop::GetEtag, DAV, "d:getetag"),
    (Prop::GetLastModified, DAV, "d:getlastmodified"),
    (Prop::Owner, DAV, "d:owner"),
    (Prop::PrincipalUrl, DAV, "d:principal-URL"),
    (Prop::ResourceType, DAV, "d:resourcetype"),
    (Prop::SupportedAddressData, CARDDAV, "card:supported-address-data"),
    (Prop::SupportedCalendarComponentSet, CALDAV, "c:supported-calendar-component-set"),
    (Prop::SupportedReportSet, DAV, "d:supported-report-set"),
    (Prop::SyncToken, DAV, "d:sync-token"),
];

impl Prop {
    fn of(name: &Name) -> Option<(Prop, &'static str)> {
        NAMES
            .into_iter()
            .find(|(_, namespace, tag)| {
                tag.split_once(':').is_some_and(|(_, local)| name.is(namespace, local))
            })
            .map(|(prop, _, tag)| (prop, tag))
    }
}

/// The properties that a request asks for.
pub struct Wanted {
    known: Vec<(Prop, &'static str)>,
    unknown: Vec<Name>,
    /// They were asked for by name, so each that is not there is told.
    named: bool,
}

impl Wanted {
    /// From the `prop` element of a request, or without one (`allprop`).
    pub fn read(prop: Option<&xml::Element>) -> Wanted {
        let Some(prop) = prop else {
            let usual = [
                Prop::ResourceType,
                Prop::DisplayName,
                Prop::GetEtag,
                Prop::GetLastModified,
                Prop::GetContentType,
                Prop::GetContentLength,
            ];
            let known = NAMES.into_iter().filter(|(prop, ..)| usual.contains(prop));
            return Wanted {
                known: known.map(|(prop, _, tag)| (prop, tag)).collect(),
                unknown: Vec::new(),
                named: false,
            };
        };
        let mut wanted = Wanted { known: Vec::new(), unknown: Vec::new(), named: true };
        for child in &prop.children {
            match Prop::of(&child.name) {
                Some(known) => wanted.known.push(known),
                None => wanted.unknown.push(child.name.clone()),
            }
        }
        wanted
    }
}

/// What has properties.
#[derive(Clone, Copy)]
pub enum Resource<'a> {
    Root,
    Principal(&'a str),
    Home,
    Collection { owner: &'a str, collection: &'a Collection },
    Item(&'a Collection, &'a Item),
}

/// Writes the properties of resources as one user sees them.
pub struct View<'a> {
    pub options: &'a Options,
    pub user: &'a str,
}

impl View<'_> {
    /// Writes the response for one resource. The href is escaped already.
    pub fn respond(&self, answer: &mut Multistatus, href: &str, resource: Resource, wanted: &Wanted) {
        let out = &mut answer.out;
        out.push_str("<d:response><d:href>");
        out.push_str(href);
        out.push_str("</d:href><d:propstat><d:prop>");
        let mut missing = Vec::new();
        for &(prop, tag) in &wanted.known {
            let before = out.len();
            open(out, tag);
            if self.push_value(out, prop, resource) {
                close(out, tag);
            } else {
                out.truncate(before);
                missing.push(tag);
            }
        }
        out.push_str("</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>");
        if wanted.named && !(missing.is_empty() && wanted.unknown.is_empty()) {
            out.push_str("<d:propstat><d:prop>");
            for tag in missing {
                out.push('<');
                out.push_str(tag);
                out.push_str("/>");
            }
            for name in &wanted.unknown {
                out.push('<');
                out.push_str(&name.local);
                out.push_str(" xmlns=\"");
                xml::push_text(out, &name.namespace);
                out.push_str("\"/>");
            }
            out.push_str("</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>");
        }
        out.push_str("</d:response>\n");
    }

    /// Appends the value of a property. False if the resource does not have it.
    fn push_value(&self, out: &mut String, prop: Prop, resource: Resource) -> bool {
        match (prop, resource) {
            (Prop::ResourceType, resource) => out.push_str(match resource {
                Resource::Root | Resource::Home => "<d:collection/>",
                Resource::Principal(_) => "<d:principal/>",
                Resource::Collection { collection, .. } => match collection.holds {
                    Holds::Contacts => "<d:collection/><card:addressbook/>",
                    _ => "<d:collection/><c:calendar/>",
                },
                Resource::Item(..) => "",
            }),
            (Prop::CurrentUserPrincipal, _) => push_href(out, &[PRINCIPALS, self.user]),
            (Prop::CurrentUserPrivilegeSet, _) => {
                for privilege in ["read", "write", "write-content", "write-properties", "bind", "unbind"] {
                    out.push_str("<d:privilege><d:");
                    out.push_str(privilege);
                    out.push_str("/></d:privilege>");
                }
            }

            (Prop::DisplayName | Prop::PrincipalUrl, Resource::Principal(user)) => match prop {
                Prop::DisplayName => xml::push_text(out, user),
                _ => push_href(out, &[PRINCIPALS, user]),
            },
            (Prop::CalendarHomeSet, Resource::Principal(user)) => push_href(out, &[CALENDARS, user]),
            (Prop::AddressbookHomeSet, Resource::Principal(user)) => push_href(out, &[ADDRESSBOOKS, user]),

            (prop, Resource::Collection { owner, collection }) => {
                return self.push_collection_value(out, prop, owner, collection);
            }
            (prop, Resource::Item(collection, item)) => return push_item_value(out, prop, collection, item),
            _ => return false,
        }
        true
    }

    fn push_collection_value(
        &self,
        out: &mut String,
        prop: Prop,
        owner: &str,
        collection: &Collection,
    ) -> bool {
        let contacts = collection.holds == Holds::Contacts;
        match prop {
            Prop::DisplayName | Prop::CalendarColor => {
                let text = match prop {
                    Prop::DisplayName => &collection.display_name,
                    _ => &collection.color,
                };
                let Some(text) = text else { return false };
                xml::push_text(out, text);
            }
            Prop::Owner => push_href(out, &[PRINCIPALS, owner]),
            Prop::GetCtag if self.options.ctag => xml::push_text(out, &collection.token()),
            Prop::SyncToken if self.options.sync_collection => xml::push_text(out, &collection.token()),
            Prop::SupportedReportSet => {
                let reports: &[&str] = match contacts {
                    true => &["card:addressbook-multiget", "card:addressbook-query"],
                    false => &["c:calendar-multiget", "c:calendar-query"],
                };
                for report in
                    reports.iter().chain(self.options.sync_collection.then_some(&"d:sync-collection"))
                {
                    out.push_str("<d:supported-report><d:report><");
                    out.push_str(report);
                    out.push_str("/></d:report></d:supported-report>");
                }
            }
            Prop::SupportedCalendarComponentSet if !contacts => {
                for component in collection.holds.components() {
                    out.push_str("<c:comp name=\"");
                    out.push_str(component.name());
                    out.push_str("\"/>");
                }
            }
            Prop::SupportedAddressData if contacts => {
                for version in ["3.0", "4.0"] {
                    out.push_str("<card:address-data-type content-type=\"text/vcard\" version=\"");
                    out.push_str(version);
                    out.push_str("\"/>");
                }
            }
            _ => return false,
        }
        true
    }
}

fn push_item_value(out: &mut String, prop: Prop, collection: &Collection, item: &Item) -> bool {
    let contacts = collection.holds == Holds::Contacts;
    match prop {
        Prop::GetEtag => xml::push_text(out, &collection.etag(item)),
        Prop::GetLastModified => match last_modified(item) {
            Some(text) => out.push_str(&text),
            None => return false,
        },
        Prop::GetContentType => out.push_str(&content_type(collection, item)),
        Prop::GetContentLength => out.push_str(&item.bytes.len().to_string()),
        Prop::CalendarData if !contacts => return push_data(out, item),
        Prop::AddressData if contacts => return push_data(out, item),
        _ => return false,
    }
    true
}

/// False for bytes that XML cannot carry: they can be had by GET only.
fn push_data(out: &mut String, item: &Item) -> bool {
    match std::str::from_utf8(&item.bytes) {
        Ok(text) if text.chars().all(xml::is_char) => {
            xml::push_text(out, text);
            true
        }
        _ => false,
    }
}

/// As HTTP writes it (RFC 9110 section 5.6.7).
pub fn last_modified(item: &Item) -> Option<String> {
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&item.modified).ok()
}

pub fn content_type(collection: &Collection, item: &Item) -> String {
    match (collection.holds, &item.content) {
        (Holds::Contacts, _) => "text/vcard; charset=utf-8".to_owned(),
        (_, Some(content)) => format!("text/calendar; charset=utf-8; component={}", content.component.name()),
        (_, None) => "text/calendar; charset=utf-8".to_owned(),
    }
}

fn push_href(out: &mut String, segments: &[&str]) {
    out.push_str("<d:href>/");
    for segment in segments {
        xml::push_path(out, segment);
        out.push('/');
    }
    out.push_str("</d:href>");
}

fn open(out: &mut String, tag: &str) {
    out.push('<');
    out.push_str(tag);
    out.push('>');
}

fn close(out: &mut String, tag: &str) {
    out.push_str("</");
    out.push_str(tag);
    out.push('>');
}
