//! WebDAV's XML: requests are written with escapes, answers are read as a stream.

use bytes::Bytes;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use tokio::io::AsyncBufRead;

use super::error::Fault;
use super::fetch::Form;
use super::meter::Meter;
use super::refusal::starts_like_html;
use crate::item::{self, Kind};

const MOST_DEPTH: usize = 64;
const MOST_TEXT: usize = 64 * 1024;
const MOST_NAMES: usize = 64;
pub(super) const MOST_RESPONSES: usize = 2_000_000;

pub(super) const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>"#;

/// Asks what a collection is and can do.
pub(super) fn propfind_collection() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"><prop><resourcetype/><displayname/><supported-report-set/><sync-token/><S:getctag/><current-user-privilege-set/><C:supported-calendar-component-set/></prop></propfind>"#
    )
}

/// Asks what collections are, for people: the one itself, or those of a home.
pub(super) fn propfind_home() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/" xmlns:I="http://apple.com/ns/ical/"><prop><resourcetype/><displayname/><I:calendar-color/><C:supported-calendar-component-set/><sync-token/><S:getctag/></prop></propfind>"#
    )
}

pub(super) fn propfind_ctag() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><prop><S:getctag/></prop></propfind>"#
    )
}

pub(super) fn propfind_privileges() -> String {
    format!(r#"{HEAD}<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>"#)
}

pub(super) fn propfind_etags() -> String {
    format!(r#"{HEAD}<propfind xmlns="DAV:"><prop><getetag/><resourcetype/></prop></propfind>"#)
}

/// RFC 6578 section 3.2; an empty token asks for everything. No limit is ever sent: some servers cut
/// the list there and never tell the rest.
pub(super) fn sync_collection(token: &str) -> String {
    let token = escape(token);
    format!(
        r#"{HEAD}<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token><sync-level>1</sync-level><prop><getetag/><resourcetype/></prop></sync-collection>"#
    )
}

/// RFC 6352 section 6.2.2.
pub(super) fn propfind_address_data() -> String {
    format!(
        r#"{HEAD}<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><prop><C:supported-address-data/></prop></propfind>"#
    )
}

/// RFC 4791 section 7.9, RFC 6352 section 8.7.
pub(super) fn multiget<'a>(kind: Kind, form: Form, paths: impl Iterator<Item = &'a str>) -> String {
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

/// An item's bytes in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    Bytes(Bytes),
    TooLarge,
}

/// The properties of a response that were found (status 2xx).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Props {
    pub etag: Option<String>,
    pub modified: Option<String>,
    pub ctag: Option<String>,
    pub sync_token: Option<String>,
    pub display_name: Option<String>,
    pub color: Option<String>,
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
}

impl Props {
    fn merge(&mut self, other: Props) {
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
        take(&mut self.color, other.color);
        take(&mut self.resource_type, other.resource_type);
        take(&mut self.privileges, other.privileges);
        take(&mut self.components, other.components);
        take(&mut self.length, other.length);
        take(&mut self.data, other.data);
        self.vcard_4 |= other.vcard_4;
        self.reports.extend(other.reports);
    }

    pub(super) fn is(&self, kind: &str) -> bool {
        self.resource_type.iter().flatten().any(|name| name == kind)
    }
}

/// One `DAV:response` (RFC 4918 section 14.24).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Response {
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
    pub(super) fn overall(&self) -> u16 {
        self.status.or(self.prop_status).unwrap_or(200)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Response(Box<Response>),
    SyncToken(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
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
    Color,
    ResourceType,
    Reports,
    Privileges,
    Components,
    Length,
    AddressDataType,
    Data,
    Other,
}

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
const CALENDARSERVER: &str = "http://calendarserver.org/ns/";
const APPLE: &str = "http://apple.com/ns/ical/";

fn tag(space: &ResolveResult<'_>, local: &str) -> Tag {
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
        (DAV, "getcontentlength") => Tag::Length,
        (CARDDAV, "address-data-type") => Tag::AddressDataType,
        (CALENDARSERVER, "getctag") => Tag::Ctag,
        (DAV, "displayname") => Tag::DisplayName,
        (APPLE, "calendar-color") => Tag::Color,
        (DAV, "resourcetype") => Tag::ResourceType,
        (DAV, "supported-report-set") => Tag::Reports,
        (DAV, "current-user-privilege-set") => Tag::Privileges,
        (CALDAV, "supported-calendar-component-set") => Tag::Components,
        (CALDAV, "calendar-data") | (CARDDAV, "address-data") => Tag::Data,
        _ => Tag::Other,
    }
}

/// Reads a `DAV:multistatus` response by response; never more than one of them is held.
pub(super) struct Multistatus<R> {
    reader: NsReader<Meter<R>>,
    event: Vec<u8>,
    path: Vec<Tag>,
    begun: bool,
    responses: usize,
    /// The text of the innermost element that is read for its text.
    text: Vec<u8>,
    overlong: bool,
    /// The first half of a character whose second half comes next.
    high: Option<u16>,
    response: Response,
    found: Props,
    status: Option<u16>,
}

/// What an event of the XML asks for.
enum Step {
    On,
    Part(Part),
    End,
}

impl<R: AsyncBufRead + Unpin> Multistatus<R> {
    pub(super) fn new(body: R) -> Self {
        let mut reader = NsReader::from_reader(Meter::new(body, item::MAX_BYTES));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        Self {
            reader,
            event: Vec::new(),
            path: Vec::new(),
            begun: false,
            responses: 0,
            text: Vec::new(),
            overlong: false,
            high: None,
            response: Response::default(),
            found: Props::default(),
            status: None,
        }
    }

    /// The next response or sync-token; `None` after the end, which alone says that nothing is missing.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Fault> {
        loop {
            match self.step().await? {
                Step::On => {}
                Step::Part(part) => return Ok(Some(part)),
                Step::End => return Ok(None),
            }
        }
    }

    async fn step(&mut self) -> Result<Step, Fault> {
        self.event.clear();
        self.reader.get_mut().next_event();
        let mut event = std::mem::take(&mut self.event);
        let step = match self.reader.read_event_into_async(&mut event).await {
            Err(error) => Err(fault(error)),
            Ok(Event::Eof) if self.begun && self.path.is_empty() => Ok(Step::End),
            Ok(Event::Eof) => Err(Fault::CutOff),
            Ok(Event::Start(start)) => self.start(&start),
            Ok(Event::End(_)) => self.end(),
            Ok(Event::Text(text)) => {
                self.append(text.into_inner().as_bytes());
                Ok(Step::On)
            }
            Ok(Event::CData(text)) => {
                self.append(text.into_inner().as_bytes());
                Ok(Step::On)
            }
            Ok(Event::GeneralRef(name)) => match name.resolve_char_ref() {
                Ok(Some(c)) => {
                    self.append(c.encode_utf8(&mut [0; 4]).as_bytes());
                    Ok(Step::On)
                }
                Ok(None) => match resolve_predefined_entity(&name) {
                    Some(text) => {
                        self.append(text.as_bytes());
                        Ok(Step::On)
                    }
                    None => Err(Fault::Malformed(format!("unknown entity &{};", shorten(&name)))),
                },
                Err(_) => {
                    // Of `&#0;` and the like some servers make text that XML cannot hold: it is left out.
                    if let Some(unit) = surrogate(&name) {
                        self.append_unit(unit);
                    }
                    Ok(Step::On)
                }
            },
            Ok(Event::DocType(text)) => Err(match text.trim_start().get(..4) {
                Some(name) if name.eq_ignore_ascii_case("html") => Fault::Html,
                _ => Fault::Malformed("it has a document type definition".into()),
            }),
            Ok(Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => Ok(Step::On),
        };
        self.event = event;
        step
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<Step, Fault> {
        let (space, local) = self.reader.resolver().resolve_element(start.name());
        let tag = tag(&space, local.as_ref());
        if self.path.is_empty() {
            if self.begun {
                return Err(Fault::Malformed("there is more after its end".into()));
            }
            if local.as_ref().eq_ignore_ascii_case("html") {
                return Err(Fault::Html);
            }
            if tag != Tag::Multistatus {
                return Err(Fault::Malformed(format!(
                    "<{}> instead of <multistatus>",
                    shorten(local.as_ref())
                )));
            }
            self.begun = true;
        }
        if self.path.len() >= MOST_DEPTH {
            return Err(Fault::TooLarge("its elements are nested too deep"));
        }
        let within = |tag| self.path.contains(&tag);
        let names = if within(Tag::Prop) {
            if self.path.last() == Some(&Tag::ResourceType) {
                self.found.resource_type.as_mut()
            } else if within(Tag::Reports) {
                Some(&mut self.found.reports)
            } else if within(Tag::Privileges) {
                self.found.privileges.as_mut()
            } else if within(Tag::Components) {
                if let Some(name) = start.try_get_attribute("name").ok().flatten()
                    && let Some(components) = &mut self.found.components
                    && components.len() < MOST_NAMES
                {
                    components.push(name.value.to_ascii_uppercase());
                }
                None
            } else {
                None
            }
        } else if self.path.last() == Some(&Tag::Error) {
            Some(&mut self.response.errors)
        } else {
            None
        };
        if let Some(names) = names
            && names.len() < MOST_NAMES
        {
            names.push(shorten(local.as_ref()));
        }
        match tag {
            Tag::Response => self.response = Response::default(),
            Tag::Propstat => (self.found, self.status) = (Props::default(), None),
            Tag::ResourceType => self.found.resource_type = Some(Vec::new()),
            Tag::Privileges => self.found.privileges = Some(Vec::new()),
            Tag::Components => self.found.components = Some(Vec::new()),
            Tag::AddressDataType => {
                let version = start.try_get_attribute("version").ok().flatten();
                self.found.vcard_4 |= version.is_some_and(|version| version.value.trim() == "4.0");
            }
            _ => {}
        }
        self.path.push(tag);
        self.text.clear();
        self.overlong = false;
        Ok(Step::On)
    }

    /// Half of a character, as SOGo writes those beyond the first plane of Unicode: `&#55356;&#57225;`.
    fn append_unit(&mut self, unit: u16) {
        let units = match self.high.take() {
            Some(high) => vec![high, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.high = Some(unit);
                return;
            }
            None => vec![unit],
        };
        self.append(String::from_utf16_lossy(&units).as_bytes());
    }

    fn append(&mut self, bytes: &[u8]) {
        let most = match self.path.last() {
            None | Some(Tag::Other | Tag::Multistatus | Tag::Response | Tag::Propstat | Tag::Prop) => return,
            Some(Tag::Data) => item::MAX_BYTES,
            Some(_) => MOST_TEXT,
        };
        if self.overlong || self.text.len() + bytes.len() > most {
            self.overlong = true;
            self.text = Vec::new();
        } else {
            self.text.extend_from_slice(bytes);
        }
    }

    fn end(&mut self) -> Result<Step, Fault> {
        let Some(tag) = self.path.pop() else { return Ok(Step::On) };
        let parent = self.path.last().copied();
        let overlong = std::mem::take(&mut self.overlong);
        if tag == Tag::Data {
            if parent == Some(Tag::Prop) {
                self.found.data = Some(match overlong {
                    true => Data::TooLarge,
                    false => Data::Bytes(Bytes::copy_from_slice(&self.text)),
                });
            }
            return Ok(Step::On);
        }
        if overlong {
            return Err(Fault::TooLarge("a property of more than 64 KB"));
        }
        let in_prop = parent == Some(Tag::Prop);
        match tag {
            Tag::Href if parent == Some(Tag::Response) => {
                let href = self.take_text();
                if self.response.hrefs.len() < MOST_NAMES {
                    self.response.hrefs.push(href);
                }
            }
            Tag::Status => {
                let status = self.take_text().split_whitespace().find_map(|word| word.parse().ok());
                match parent {
                    Some(Tag::Response) => self.response.status = status,
                    Some(Tag::Propstat) => self.status = status,
                    _ => {}
                }
            }
            Tag::Description if parent == Some(Tag::Response) => {
                self.response.description = Some(self.take_text());
            }
            Tag::Etag if in_prop => self.found.etag = self.take_filled(),
            Tag::Modified if in_prop => self.found.modified = self.take_filled(),
            Tag::Length if in_prop => self.found.length = self.take_text().parse().ok(),
            Tag::Ctag if in_prop => self.found.ctag = self.take_filled(),
            Tag::DisplayName if in_prop => self.found.display_name = self.take_filled(),
            Tag::Color if in_prop => self.found.color = self.take_filled(),
            Tag::SyncToken if in_prop => self.found.sync_token = self.take_filled(),
            Tag::SyncToken if parent == Some(Tag::Multistatus) => {
                return Ok(Step::Part(Part::SyncToken(self.take_text())));
            }
            Tag::Propstat => {
                self.response.prop_status = self.response.prop_status.or(self.status);
                let found = std::mem::take(&mut self.found);
                if self.status.is_none_or(|status| (200..300).contains(&status)) {
                    self.response.prop_status = self.status.or(self.response.prop_status);
                    self.response.props.merge(found);
                }
            }
            Tag::Response => {
                self.responses += 1;
                if self.responses > MOST_RESPONSES {
                    return Err(Fault::TooLarge("more than two million items"));
                }
                return Ok(Step::Part(Part::Response(Box::new(std::mem::take(&mut self.response)))));
            }
            _ => {}
        }
        Ok(Step::On)
    }

    fn take_text(&mut self) -> String {
        String::from_utf8_lossy(&self.text).trim().to_owned()
    }

    fn take_filled(&mut self) -> Option<String> {
        Some(self.take_text()).filter(|text| !text.is_empty())
    }
}

/// The half of a character that a reference such as `#55356` or `#xD83C` stands for.
fn surrogate(reference: &str) -> Option<u16> {
    let number = reference.strip_prefix('#')?;
    let unit = match number.strip_prefix('x') {
        Some(hex) => u16::from_str_radix(hex, 16),
        None => number.parse(),
    };
    unit.ok().filter(|unit| (0xd800..0xe000).contains(unit))
}

fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}

fn fault(error: quick_xml::Error) -> Fault {
    use quick_xml::errors::IllFormedError;
    match error {
        quick_xml::Error::Io(error) => super::answer::body_fault(&error),
        quick_xml::Error::Syntax(_) => Fault::CutOff,
        quick_xml::Error::IllFormed(IllFormedError::MissingEndTag(_)) => Fault::CutOff,
        error => Fault::Malformed(error.to_string()),
    }
}

/// Whether an answer that was to be XML is a web page.
pub(super) fn is_html(content_type: Option<&str>, start: &[u8]) -> bool {
    content_type.is_some_and(|value| value.to_ascii_lowercase().contains("text/html"))
        || starts_like_html(&String::from_utf8_lossy(start))
}

#[cfg(test)]
mod tests;
