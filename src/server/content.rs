//! What the server must know of the bytes of an item: no more than its UID and its component.

use std::sync::Arc;

/// The one kind of component that an item consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    Event,
    Task,
    Journal,
    Card,
}

impl Component {
    pub fn name(self) -> &'static str {
        match self {
            Component::Event => "VEVENT",
            Component::Task => "VTODO",
            Component::Journal => "VJOURNAL",
            Component::Card => "VCARD",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Component::Event, Component::Task, Component::Journal, Component::Card]
            .into_iter()
            .find(|component| component.name().eq_ignore_ascii_case(name))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// A vCard may have none.
    pub uid: Option<Arc<str>>,
    pub component: Component,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Not iCalendar or vCard at all.
    NotValid,
    /// iCalendar, but not one object with one UID (RFC 4791 section 4.1).
    NotOneObject,
}

impl Content {
    /// Scans the lines of a vCard or an iCalendar object. A control character that XML could not
    /// carry in a multistatus makes it not valid.
    pub fn read(card: bool, bytes: &[u8]) -> Result<Content, Broken> {
        let text = std::str::from_utf8(bytes).map_err(|_| Broken::NotValid)?;
        if !text.chars().all(super::xml::is_char) {
            return Err(Broken::NotValid);
        }
        let root = if card { "VCARD" } else { "VCALENDAR" };
        // The UID of an item is a property of its components, not of what is nested in them.
        let uid_depth = if card { 1 } else { 2 };
        let mut depth = 0;
        let mut ended = false;
        let mut component = card.then_some(Component::Card);
        let mut uid: Option<String> = None;
        let mut lines = text.trim_start_matches('\u{feff}').lines().peekable();
        while let Some(line) = lines.next() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim_end();
            if name.eq_ignore_ascii_case("BEGIN") {
                if (depth == 0) != value.eq_ignore_ascii_case(root) || ended {
                    return Err(Broken::NotValid);
                }
                depth += 1;
                if depth == 2
                    && let Some(found) = Component::from_name(value)
                {
                    if component.is_some_and(|component| component != found) {
                        return Err(Broken::NotOneObject);
                    }
                    component = Some(found);
                }
            } else if name.eq_ignore_ascii_case("END") {
                if depth == 0 {
                    return Err(Broken::NotValid);
                }
                depth -= 1;
                ended = depth == 0;
            } else if depth == uid_depth && is_uid(name) {
                let mut found = value.to_owned();
                while let Some(more) =
                    lines.next_if(|line| line.starts_with([' ', '\t'])).and_then(|line| line.get(1..))
                {
                    found.push_str(more.trim_end());
                }
                if uid.as_ref().is_some_and(|uid| *uid != found) {
                    return Err(Broken::NotOneObject);
                }
                uid = Some(found);
            }
        }
        if !ended {
            return Err(Broken::NotValid);
        }
        match component {
            Some(component) if card || uid.is_some() => Ok(Content { uid: uid.map(Into::into), component }),
            _ => Err(Broken::NotOneObject),
        }
    }
}

fn is_uid(name: &str) -> bool {
    name.split(';').next().is_some_and(|name| name.eq_ignore_ascii_case("UID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(card: bool, text: &str) -> Result<(Option<String>, Component), Broken> {
        Content::read(card, text.as_bytes())
            .map(|content| (content.uid.map(|uid| uid.to_string()), content.component))
    }

    #[test]
    fn the_uid_is_the_components_own() {
        let text = "begin:vcalendar\nBEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\nBEGIN:VTODO\nBEGIN:VALARM\nUID:alarm\n\
                    END:VALARM\nuid;X-A=b:one\n two\nEND:VTODO\nEND:VCALENDAR";
        assert_eq!(read(false, text), Ok((Some("onetwo".into()), Component::Task)));
    }

    #[test]
    fn a_card_needs_no_uid() {
        assert_eq!(read(true, "BEGIN:VCARD\r\nFN:Jana\r\nEND:VCARD\r\n"), Ok((None, Component::Card)));
        assert_eq!(
            read(true, "BEGIN:VCARD\r\nUID:u\r\nEND:VCARD\r\n"),
            Ok((Some("u".into()), Component::Card))
        );
    }

    #[test]
    fn what_is_no_item() {
        for text in [
            "",
            "<html>",
            "BEGIN:VCARD\nEND:VCARD",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nEND:VEVENT\n",
            "END:VCALENDAR",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nX:\u{0}\nEND:VEVENT\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR",
        ] {
            assert_eq!(read(false, text), Err(Broken::NotValid), "{text}");
        }
        assert_eq!(Content::read(false, b"BEGIN:VCALENDAR\xff"), Err(Broken::NotValid));
    }

    #[test]
    fn what_is_not_one_object() {
        for inner in [
            "",
            "BEGIN:VEVENT\nEND:VEVENT\n",
            "BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n",
            "BEGIN:VEVENT\nUID:a\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nEND:VEVENT\n",
            "BEGIN:VEVENT\nUID:a\nEND:VEVENT\nBEGIN:VTODO\nUID:a\nEND:VTODO\n",
        ] {
            let text = format!("BEGIN:VCALENDAR\n{inner}END:VCALENDAR\n");
            assert_eq!(read(false, &text), Err(Broken::NotOneObject), "{inner}");
        }
    }
}
