//! What a multistatus tells, and the names of its elements.

use bytes::Bytes;
use quick_xml::name::{Namespace, ResolveResult};

/// An item's bytes in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Data {
    Bytes(Bytes),
    TooLarge,
}

/// The properties of a response that were found (status 2xx).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Props {
    pub etag: Option<String>,
    pub modified: Option<String>,
    pub ctag: Option<String>,
    pub sync_token: Option<String>,
    pub display_name: Option<String>,
    /// Local names; `None` where the server did not tell.
    pub resource_type: Option<Vec<String>>,
    pub reports: Vec<String>,
    pub privileges: Option<Vec<String>>,
    pub components: Option<Vec<String>>,
    /// The length of what is stored, in bytes.
    pub length: Option<usize>,
    /// vCards can be had in version 4.0.
    pub vcard_4: bool,
    pub data: Option<Data>,
    pub color: Option<String>,
    pub description: Option<String>,
    /// The hrefs of principals (RFC 3744 sections 4.2 and 5.1, RFC 5397).
    pub owner: Option<String>,
    pub principal_url: Option<String>,
    pub current_user: Option<CurrentUser>,
    /// The hrefs of what holds the calendars and the address books of a principal.
    pub calendar_homes: Vec<String>,
    pub addressbook_homes: Vec<String>,
    /// The hrefs of principals whose calendars this one may use as well (CalendarServer's proxies).
    pub proxy_for: Vec<String>,
    /// A person's calendar user addresses (RFC 6638 section 2.4.1).
    pub addresses: Vec<String>,
    /// RFC 6638 section 3.2.10.
    pub schedule_tag: Option<String>,
}

/// RFC 5397.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum CurrentUser {
    Principal(String),
    Unauthenticated,
}

impl Props {
    pub(super) fn merge(&mut self, other: Props) {
        fn take<T>(mine: &mut Option<T>, other: Option<T>) {
            if other.is_some() {
                *mine = other;
            }
        }
        take(&mut self.etag, other.etag);
        take(&mut self.modified, other.modified);
        take(&mut self.ctag, other.ctag);
        take(&mut self.sync_token, other.sync_token);
        take(&mut self.display_name, other.display_name);
        take(&mut self.resource_type, other.resource_type);
        take(&mut self.privileges, other.privileges);
        take(&mut self.components, other.components);
        take(&mut self.length, other.length);
        take(&mut self.data, other.data);
        self.vcard_4 |= other.vcard_4;
        take(&mut self.color, other.color);
        take(&mut self.description, other.description);
        take(&mut self.owner, other.owner);
        take(&mut self.principal_url, other.principal_url);
        take(&mut self.current_user, other.current_user);
        self.reports.extend(other.reports);
        self.calendar_homes.extend(other.calendar_homes);
        self.addressbook_homes.extend(other.addressbook_homes);
        self.proxy_for.extend(other.proxy_for);
        self.addresses.extend(other.addresses);
        take(&mut self.schedule_tag, other.schedule_tag);
    }

    pub(in super::super) fn is(&self, kind: &str) -> bool {
        self.resource_type.iter().flatten().any(|name| name == kind)
    }
}

/// One `DAV:response` (RFC 4918 section 14.24).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Response {
    pub hrefs: Vec<String>,
    /// The status of the response itself.
    pub status: Option<u16>,
    /// The status of its first propstat.
    pub prop_status: Option<u16>,
    pub props: Props,
    /// Local names of the elements in `DAV:error`.
    pub errors: Vec<String>,
    pub description: Option<String>,
}

impl Response {
    /// The status that counts for the resource as a whole.
    pub(in super::super) fn overall(&self) -> u16 {
        self.status.or(self.prop_status).unwrap_or(200)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Part {
    Response(Box<Response>),
    SyncToken(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Multistatus,
    Response,
    Href,
    Propstat,
    Prop,
    Status,
    Error,
    Description,
    SyncToken,
    Etag,
    Modified,
    Ctag,
    DisplayName,
    ResourceType,
    Reports,
    Privileges,
    Components,
    Length,
    AddressDataType,
    Data,
    Color,
    About,
    Owner,
    PrincipalUrl,
    CurrentUser,
    Unauthenticated,
    CalendarHomes,
    AddressbookHomes,
    ProxyFor,
    Addresses,
    Schedule,
    Other,
}

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
const CALENDARSERVER: &str = "http://calendarserver.org/ns/";
const APPLE: &str = "http://apple.com/ns/ical/";

pub(super) fn tag(space: &ResolveResult<'_>, local: &str) -> Tag {
    let ResolveResult::Bound(Namespace(space)) = space else { return Tag::Other };
    match (*space, local) {
        (DAV, "multistatus") => Tag::Multistatus,
        (DAV, "response") => Tag::Response,
        (DAV, "href") => Tag::Href,
        (DAV, "propstat") => Tag::Propstat,
        (DAV, "prop") => Tag::Prop,
        (DAV, "status") => Tag::Status,
        (DAV, "error") => Tag::Error,
        (DAV, "responsedescription") => Tag::Description,
        (DAV, "sync-token") => Tag::SyncToken,
        (DAV, "getetag") => Tag::Etag,
        (DAV, "getlastmodified") => Tag::Modified,
        (CALENDARSERVER, "getctag") => Tag::Ctag,
        (DAV, "displayname") => Tag::DisplayName,
        (DAV, "resourcetype") => Tag::ResourceType,
        (DAV, "supported-report-set") => Tag::Reports,
        (DAV, "current-user-privilege-set") => Tag::Privileges,
        (CALDAV, "supported-calendar-component-set") => Tag::Components,
        (CALDAV, "calendar-data") | (CARDDAV, "address-data") => Tag::Data,
        (DAV, "getcontentlength") => Tag::Length,
        (CARDDAV, "address-data-type") => Tag::AddressDataType,
        (APPLE, "calendar-color") => Tag::Color,
        (CALDAV, "calendar-description") | (CARDDAV, "addressbook-description") => Tag::About,
        (DAV, "owner") => Tag::Owner,
        (DAV, "principal-URL") => Tag::PrincipalUrl,
        (DAV, "current-user-principal") => Tag::CurrentUser,
        (DAV, "unauthenticated") => Tag::Unauthenticated,
        (CALDAV, "calendar-home-set") => Tag::CalendarHomes,
        (CARDDAV, "addressbook-home-set") => Tag::AddressbookHomes,
        (CALENDARSERVER, "calendar-proxy-read-for" | "calendar-proxy-write-for") => Tag::ProxyFor,
        (CALDAV, "calendar-user-address-set") => Tag::Addresses,
        (CALDAV, "schedule-tag") => Tag::Schedule,
        _ => Tag::Other,
    }
}
