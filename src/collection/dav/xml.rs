//! WebDAV's XML: requests are written with escapes, answers are read as a stream.

use bytes::Bytes;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::NsReader;
use tokio::io::AsyncBufRead;
use tr::tr;

use super::error::Fault;
use super::meter::Meter;
use super::refusal::starts_like_html;
use crate::item;

mod ask;
mod props;

pub(super) use ask::*;
pub(super) use props::{CurrentUser, Data, Part, Props, Response};
use props::{Tag, tag};

const MOST_DEPTH: usize = 64;
const MOST_TEXT: usize = 64 * 1024;
const MOST_NAMES: usize = 64;
pub(super) const MOST_RESPONSES: usize = 2_000_000;

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
                    None => Err(Fault::Malformed(tr!("unknown entity &{};", shorten(&name)))),
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
                _ => Fault::Malformed(tr!("it has a document type definition")),
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
                return Err(Fault::Malformed(tr!("there is more after its end")));
            }
            if local.as_ref().eq_ignore_ascii_case("html") {
                return Err(Fault::Html);
            }
            if tag != Tag::Multistatus {
                return Err(Fault::Malformed(tr!("<{}> instead of <multistatus>", shorten(local.as_ref()))));
            }
            self.begun = true;
        }
        if self.path.len() >= MOST_DEPTH {
            return Err(Fault::TooLarge(tr!("its elements are nested too deep")));
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
        self.high = None;
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
        if self.high.take().is_some() {
            self.append("\u{fffd}".as_bytes());
        }
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
            return Err(Fault::TooLarge(tr!("a property of more than 64 KB")));
        }
        let in_prop = parent == Some(Tag::Prop);
        match tag {
            Tag::Href => {
                let href = self.take_text();
                self.href(parent, href);
            }
            Tag::Unauthenticated if parent == Some(Tag::CurrentUser) => {
                self.found.current_user = Some(CurrentUser::Unauthenticated);
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
            Tag::Schedule if in_prop => self.found.schedule_tag = self.take_filled(),
            Tag::Color if in_prop => self.found.color = self.take_filled(),
            Tag::About if in_prop => self.found.description = self.take_filled(),
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
                    return Err(Fault::TooLarge(tr!("more than two million items")));
                }
                return Ok(Step::Part(Part::Response(Box::new(std::mem::take(&mut self.response)))));
            }
            _ => {}
        }
        Ok(Step::On)
    }

    /// An href counts where it stands directly in one of these.
    fn href(&mut self, parent: Option<Tag>, href: String) {
        let many = match parent {
            Some(Tag::Response) => &mut self.response.hrefs,
            Some(Tag::CalendarHomes) => &mut self.found.calendar_homes,
            Some(Tag::AddressbookHomes) => &mut self.found.addressbook_homes,
            Some(Tag::ProxyFor) => &mut self.found.proxy_for,
            Some(Tag::Addresses) => &mut self.found.addresses,
            Some(Tag::Owner) => return self.found.owner = Some(href),
            Some(Tag::PrincipalUrl) => return self.found.principal_url = Some(href),
            Some(Tag::CurrentUser) => return self.found.current_user = Some(CurrentUser::Principal(href)),
            _ => return,
        };
        if many.len() < MOST_NAMES {
            many.push(href);
        }
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
