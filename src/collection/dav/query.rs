//! Searches: which items take place in a range of time, and which have a UID (RFC 4791 section 7.8,
//! RFC 6352 section 8.6).
//!
//! A search only saves reading. Where its answer could leave an item out there is none, and the items
//! themselves say what the search would have said.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::fetch::may_be_the_question;
use super::filter::{self, Filter};
use super::href::Place;
use super::xml::{Part, Props, Response};
use super::{Dav, Fault, quirks, xml};
use crate::collection::Href;
use crate::item::Kind;
use crate::item::span::Range;

/// How many searches wait for the limiter at the same time.
const IN_FLIGHT: usize = 16;

/// What is known of the searches that a collection can do.
#[derive(Debug, Default)]
pub(super) struct Searches {
    /// The server announces the REPORT, or announces nothing at all.
    offered: OnceLock<bool>,
    no_ranges: AtomicBool,
    no_uids: AtomicBool,
}

impl Searches {
    pub(super) fn learn(&self, kind: Kind, props: &Props) {
        if !props.reports.is_empty() {
            let _ = self.offered.set(props.reports.iter().any(|name| name == filter::report_name(kind)));
        }
    }
}

impl Dav {
    /// Tasks are never searched by time: servers leave out those without a start, or those that recur.
    pub(super) async fn search_range(&self, range: &Range) -> Result<Option<HashSet<Href>>, Fault> {
        match Filter::range(range).filter(|_| self.kind == Kind::Events) {
            // Some servers do not see that an RDATE takes place, or an occurrence that was moved: whatever has one
            // counts as inside.
            Some(filter) => {
                let filters = vec![filter, Filter::Has("RDATE"), Filter::Has("RECURRENCE-ID")];
                self.search(&self.searches.no_ranges, filters).await
            }
            None => Ok(None),
        }
    }

    pub(super) async fn search_uids(&self, uids: &[String]) -> Result<Option<HashSet<Href>>, Fault> {
        let filters: Option<HashSet<Filter>> = uids.iter().map(|uid| Filter::uid(uid.trim())).collect();
        match filters {
            Some(filters) if filters.is_empty() => Ok(Some(HashSet::new())),
            Some(filters) => self.search(&self.searches.no_uids, filters.into_iter().collect()).await,
            None => Ok(None),
        }
    }

    /// The items to which one of the filters applies; `None` where the server cannot tell, which is
    /// remembered in `refused`.
    async fn search(
        &self,
        refused: &AtomicBool,
        mut filters: Vec<Filter<'_>>,
    ) -> Result<Option<HashSet<Href>>, Fault> {
        if refused.load(Ordering::Relaxed) || quirks::loses_items_in_searches(self.base().url()) {
            return Ok(None);
        }
        if !self.offers_searches().await? {
            return Ok(None);
        }
        let mut found = HashSet::new();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < IN_FLIGHT
                && let Some(filter) = filters.pop()
            {
                running.push(self.search_once(filter.report(self.kind)));
            }
            match running.next().await.transpose()? {
                Some(Some(hrefs)) => found.extend(hrefs),
                Some(None) => {
                    refused.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
                None => return Ok(Some(found)),
            }
        }
    }

    async fn offers_searches(&self) -> Result<bool, Fault> {
        if self.searches.offered.get().is_none() {
            self.properties(xml::propfind_collection()).await?;
        }
        Ok(*self.searches.offered.get_or_init(|| true))
    }

    async fn search_once(&self, body: String) -> Result<Option<HashSet<Href>>, Fault> {
        match self.found_by(body).await {
            Err(fault) if may_be_the_question(&fault) => {
                tracing::warn!(%fault, "a search does not work: the items are read instead");
                Ok(None)
            }
            found => found,
        }
    }

    async fn found_by(&self, body: String) -> Result<Option<HashSet<Href>>, Fault> {
        let answer = self.ask_collection("REPORT", 1, body).await?;
        if !answer.ok() {
            // Whether it is the user or the collection that is the trouble is told by reading.
            let refusal = answer.refusal().await;
            tracing::warn!(
                status = refusal.status,
                "the server refuses a search: the items are read instead"
            );
            return Ok(None);
        }
        let mut parts = answer.multistatus().await?;
        let base = self.base();
        let mut found = HashSet::new();
        while let Some(part) = parts.next().await? {
            let Part::Response(response) = part else { continue };
            if is_cut(&response) {
                return Ok(None);
            }
            // Not the status of its ETag: some servers have none.
            let status = response.status.unwrap_or(200);
            for href in &response.hrefs {
                match base.place(href) {
                    Place::Collection if !(200..300).contains(&status) => return Ok(None),
                    Place::Item(item) if !matches!(status, 404 | 410) => {
                        found.insert(item);
                    }
                    Place::Foreign => {
                        tracing::warn!(href, "the server names an item on another server; it is left out");
                    }
                    Place::Item(_) | Place::Collection | Place::Below => {}
                }
            }
        }
        Ok(Some(found))
    }
}

/// The server says that it did not tell everything (RFC 4791 section 7.8, RFC 6352 section 8.6.1).
fn is_cut(response: &Response) -> bool {
    response.status == Some(507)
        || response.errors.iter().any(|name| name == "number-of-matches-within-limits")
}
