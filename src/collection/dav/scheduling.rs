//! Servers that invite the guests of meetings by themselves (RFC 6638).

use std::sync::atomic::{AtomicBool, Ordering};

use super::address::resolve;
use super::http::Ask;
use super::limiter::Class;
use super::xml::{CurrentUser, Part, Props};
use super::{Dav, Fault, xml};
use crate::collection::{Etag, Href};

/// What is known of the scheduling that a server does.
#[derive(Debug, Default)]
pub(super) struct Scheduling {
    /// It gave no tag to a meeting.
    no_tags: AtomicBool,
}

impl Dav {
    /// The calendar addresses, in lower case, of the person as whom the server sends invitations; none where it sends
    /// none.
    pub(super) async fn addresses(&self) -> Result<Vec<String>, Fault> {
        let options = self.ask_collection("OPTIONS", 0, String::new()).await?;
        let schedules = options.complies_with("calendar-auto-schedule");
        options.drain().await;
        if !schedules {
            return Ok(Vec::new());
        }
        let collection = self.properties(xml::propfind_place()).await?;
        let mut addresses = Vec::new();
        if let Some(CurrentUser::Principal(href)) = &collection.current_user
            && let Some(url) = resolve(self.base().url(), href)
            && self.http.trusts(&url)
        {
            let ask = Ask::xml("PROPFIND", Class::Listing, url, 0, xml::propfind_addresses());
            addresses = self.first(ask).await?.map(|props| props.addresses).unwrap_or_default();
        }
        let user = self.http.user().filter(|user| user.contains('@'));
        addresses.extend(user.map(|user| format!("mailto:{user}")));
        Ok(addresses.into_iter().map(|address| address.to_lowercase()).collect())
    }

    /// The Schedule-Tag of a meeting (RFC 6638 section 3.2.10), if the server gives one and the meeting still has this
    /// version. With it, a server keeps the answers of the guests that came in, whatever is stored.
    ///
    /// It is asked for when it is needed and is only sent beside the version. One that was kept and sent in its place
    /// would not do: Cyrus 3.6 leaves it as it is when another program changes the meeting.
    pub(super) async fn schedule_tag(&self, href: &Href, etag: &Etag) -> Result<Option<String>, Fault> {
        if self.scheduling.no_tags.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let url = self.base().url_of(href);
        let ask = Ask::xml("PROPFIND", Class::Listing, url, 0, xml::propfind_schedule_tag());
        let Some(props) = self.first(ask).await? else { return Ok(None) };
        if props.schedule_tag.is_none() {
            self.scheduling.no_tags.store(true, Ordering::Relaxed);
        }
        let is_as_seen = props.etag.as_deref() == Some(etag.as_str());
        Ok(props.schedule_tag.filter(|_| is_as_seen))
    }

    /// The properties of the first thing that an answer tells of; nothing where it is an error.
    async fn first(&self, ask: Ask) -> Result<Option<Props>, Fault> {
        let answer = self.http.send(ask).await?;
        if !answer.ok() {
            answer.drain().await;
            return Ok(None);
        }
        let mut parts = answer.multistatus().await?;
        while let Some(part) = parts.next().await? {
            if let Part::Response(response) = part {
                return Ok(Some(response.props));
            }
        }
        Ok(None)
    }
}
