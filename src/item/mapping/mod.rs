//! How an item is different on a side, by the options of its profile.
//!
//! Each [`Mapping`] is a pair of pure functions. `shared` makes the form in which both sides are compared out of a
//! side's version; `on` makes a side's version out of that form, and keeps what the version there has of its own.
//! Two laws hold: what is written says what it was made of (`shared(on(s, there)) == s`), and what says that already
//! stays as it is, octet for octet (`on(shared(there), there) == there`). So what goes out and comes in again is what
//! it was.

use bytes::Bytes;

mod alarms;
mod busy;
pub mod card;
mod class;
mod colors;
mod html;
mod lines;
pub mod options;
mod own;
mod parts;
mod rename;
mod scheduling;
#[cfg(test)]
pub(crate) mod tests;
pub mod vlist;
mod zones;

pub use alarms::Past;
pub use busy::{Busy, BusyKey, is_block, key_mark as busy_key_mark};
pub use colors::Colors;
pub use own::Own;
pub use rename::Names;
pub use zones::Written;

use super::category::{has_category, with_category, without_category};
use options::Contacts;

/// One difference between an item on a side and in the shared form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapping {
    /// The category that the profile goes by: what comes here gets it, and on the server an item keeps it if it has it.
    Category { name: String, on_server: bool },
    /// Each side keeps its own.
    Own(Own),
    /// What has no class in the shared form is private on this side.
    PublicIsPrivate,
    /// `PRIVATE` and `CONFIDENTIAL` are the same; this side says it so or so.
    Secret { confidential: bool },
    /// Properties have another name on the server.
    Renamed { names: Names, on_server: bool },
    /// Times are written in other words; on the server in the shared ones, here in the zones that they had.
    Times { written: Written, on_server: bool },
    /// Some categories are colours on the server.
    Colors { colors: Colors, on_server: bool },
    /// The plain description and the one as HTML are made of each other; the server has both.
    Html { on_server: bool },
    /// Lines of cards are in other words on the server.
    Cards { options: Contacts, on_server: bool },
    /// What is here goes out as a busy block.
    Busy(Busy),
    /// The server does not invite the guests of a meeting: `SCHEDULE-AGENT=CLIENT` (RFC 6638 section 7.1). What says so
    /// here too keeps saying it.
    ScheduleAgentClient { on_server: bool },
    /// SOGo and Open-Xchange do not write to the guests of a meeting.
    NoNotifications,
}

impl Mapping {
    /// The property by which [`Mapping::PublicIsPrivate`] knows its own.
    pub const CLASS_MARK: &str = class::MARK;

    fn shared(&self, bytes: &Bytes) -> Bytes {
        match self {
            Mapping::Category { name, .. } => without_category(bytes, name),
            Mapping::Own(own) => own.shared(bytes),
            Mapping::PublicIsPrivate => class::without_mark(bytes),
            Mapping::Secret { .. } => class::shared(bytes),
            Mapping::Renamed { names, on_server } => rename::shared(names, *on_server, bytes),
            Mapping::Times { written, .. } => written.shared(bytes),
            Mapping::Colors { colors, .. } => colors.shared(bytes),
            Mapping::Html { .. } => html::shared(bytes),
            Mapping::Cards { options, .. } => options.shared(bytes),
            Mapping::Busy(busy) => busy.block(bytes),
            Mapping::ScheduleAgentClient { .. } => scheduling::without_client_agent(bytes),
            Mapping::NoNotifications => scheduling::without_no_notifications(bytes),
        }
    }

    fn on(&self, shared: &Bytes, there: Option<&Bytes>) -> Bytes {
        match self {
            // What has lost its category there does not get it back.
            Mapping::Category { name, on_server } => {
                match there.map_or(!on_server, |there| has_category(there, name)) {
                    true => with_category(shared, name, there.map(|there| &there[..])),
                    false => shared.clone(),
                }
            }
            Mapping::Own(own) => own.on(shared, there),
            Mapping::PublicIsPrivate => class::with_mark(shared, there),
            Mapping::Secret { confidential } => class::on(*confidential, shared, there),
            Mapping::Renamed { names, on_server } => rename::on(names, *on_server, shared, there),
            Mapping::Times { written, on_server } => written.on(*on_server, shared, there),
            Mapping::Colors { colors, on_server } => colors.on(*on_server, shared, there),
            Mapping::Html { on_server: true } => html::on(shared, there),
            Mapping::Html { on_server: false } => html::kept(shared, there),
            Mapping::Cards { options, on_server: true } => options.on_server(shared, there),
            Mapping::Cards { options, on_server: false } => options.here(shared, there),
            // A block never takes the place of an event.
            Mapping::Busy(_) => there.unwrap_or(shared).clone(),
            Mapping::ScheduleAgentClient { on_server: true } => scheduling::with_client_agent(shared),
            Mapping::ScheduleAgentClient { on_server: false } => scheduling::with_agents_there(shared, there),
            Mapping::NoNotifications => scheduling::with_no_notifications(shared),
        }
    }

    /// Whether the shared form depends on what time it is.
    pub fn is_timed(&self) -> bool {
        matches!(self, Mapping::Own(Own::PastAlarms(_)))
    }
}

/// A side's version in the shared form.
pub fn shared(mappings: &[Mapping], bytes: &Bytes) -> Bytes {
    mappings.iter().fold(bytes.clone(), |bytes, mapping| mapping.shared(&bytes))
}

/// A shared item as it is to be on a side, in the place of the version that is there.
pub fn on(mappings: &[Mapping], shared: &Bytes, there: Option<&Bytes>) -> Bytes {
    let Some((mapping, others)) = mappings.split_first() else { return shared.clone() };
    let there_shared = there.map(|there| mapping.shared(there));
    let shared = on(others, shared, there_shared.as_ref());
    match there {
        Some(there) if there_shared.as_ref() == Some(&shared) => there.clone(),
        _ => mapping.on(&shared, there),
    }
}
