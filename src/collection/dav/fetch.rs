//! Reading items: multiget in chunks, several at a time, and single GETs where it does not work.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};

use super::answer::http_date;
use super::href::{Place, key};
use super::http::Ask;
use super::limiter::Class;
use super::xml::{Data, Part};
use super::{Dav, Fault, content_etag, quirks, xml};
use crate::collection::{Etag, Fetched, Href};
use crate::item::{self, Kind, Unreadable};

const CHUNK: usize = 100;
const IN_FLIGHT: usize = 4;
/// After so many time-outs in one fetch the server counts as not reachable: each takes a minute.
const MOST_TIMEOUTS: usize = 8;

/// A question still to be asked.
enum Job {
    Multiget(Vec<Href>),
    Get(Href),
}

/// How vCards are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the server likes.
    Usual,
    /// In version 4.0.
    Vcard4,
}

/// What a question brought.
enum Answered {
    /// And those that the answer does not settle.
    Items(Vec<Fetched>, Vec<Href>),
    /// A GET says that it is not there: so it is, if the collection is.
    Missing(Href),
    /// It did not work for these at once.
    TooMuch(Vec<Href>, Fault),
    /// It did not work for this one alone.
    Failed(Href, Fault),
}

impl Dav {
    pub(super) async fn fetch_them(&self, hrefs: &[Href]) -> Result<Vec<Fetched>, Fault> {
        let (mut done, failed) = self.fetch_all(hrefs).await?;
        let failed =
            failed.into_iter().map(|(href, fault)| Fetched::Failed { href, reason: fault.to_string() });
        done.extend(failed);
        Ok(done)
    }

    /// One item; a fault where it cannot be had this time.
    pub(super) async fn fetch_one(&self, href: &Href) -> Result<Fetched, Fault> {
        let (mut done, mut failed) = self.fetch_all(std::slice::from_ref(href)).await?;
        match failed.pop() {
            Some((_, fault)) => Err(fault),
            None => Ok(done.pop().unwrap_or_else(|| Fetched::Gone { href: href.clone() })),
        }
    }

    /// What was found, and what could not be had this time. Where that is so of each of several items,
    /// it is the server.
    async fn fetch_all(&self, hrefs: &[Href]) -> Result<(Vec<Fetched>, Vec<(Href, Fault)>), Fault> {
        let mut seen = HashSet::with_capacity(hrefs.len());
        let wanted: Vec<Href> = hrefs.iter().filter(|href| seen.insert(*href)).cloned().collect();
        let mut jobs: Vec<Job> =
            wanted.chunks(CHUNK).rev().map(|chunk| Job::Multiget(chunk.to_vec())).collect();
        let mut running = FuturesUnordered::new();
        let mut done: Vec<Fetched> = Vec::with_capacity(wanted.len());
        let (mut missing, mut failed, mut timeouts) = (Vec::new(), Vec::<(Href, Fault)>::new(), 0);
        loop {
            while running.len() < IN_FLIGHT
                && let Some(job) = jobs.pop()
            {
                running.push(self.run(job));
            }
            let Some(answered) = running.next().await else { break };
            match answered? {
                Answered::Items(found, open) => {
                    done.extend(found);
                    jobs.extend(open.into_iter().map(Job::Get));
                }
                Answered::Missing(href) => missing.push(href),
                Answered::TooMuch(mut chunk, fault) => {
                    timeouts += usize::from(matches!(fault, Fault::TimedOut { .. }));
                    if timeouts > MOST_TIMEOUTS {
                        return Err(fault);
                    }
                    let half = chunk.split_off(chunk.len() / 2);
                    for part in [half, chunk] {
                        match <[Href; 1]>::try_from(part) {
                            Ok([single]) => jobs.push(Job::Get(single)),
                            Err(part) if part.is_empty() => {}
                            Err(part) => jobs.push(Job::Multiget(part)),
                        }
                    }
                }
                Answered::Failed(href, fault) => {
                    timeouts += usize::from(matches!(fault, Fault::TimedOut { .. }));
                    if timeouts > MOST_TIMEOUTS {
                        return Err(fault);
                    }
                    failed.push((href, fault));
                }
            }
        }
        // Items that are gone, or fail alone, are so only where their collection is still there.
        let proven = done.iter().any(|fetched| matches!(fetched, Fetched::Found { .. }));
        let doubtful = !missing.is_empty()
            || !failed.is_empty()
            || done.iter().any(|f| matches!(f, Fetched::Gone { .. }));
        if doubtful && !proven {
            self.properties(xml::propfind_ctag()).await?;
        }
        done.extend(missing.into_iter().map(|href| Fetched::Gone { href }));
        let (passing, lasting): (Vec<_>, Vec<_>) = failed.into_iter().partition(|(_, fault)| may_pass(fault));
        if passing.len() == wanted.len()
            && let [(_, fault), _, ..] = &passing[..]
        {
            return Err(fault.clone());
        }
        let unreadable =
            |(href, fault): (Href, Fault)| Fetched::Unreadable { href, reason: fault.to_string() };
        done.extend(lasting.into_iter().map(unreadable));
        Ok((done, passing))
    }

    async fn run(&self, job: Job) -> Result<Answered, Fault> {
        match job {
            Job::Multiget(hrefs) if self.kind == Kind::Contacts => self.multiget_cards(hrefs).await,
            Job::Multiget(hrefs) => Ok(self.multiget(hrefs, Form::Usual).await?.0),
            Job::Get(href) => self.get(href).await,
        }
    }

    /// vCards, each in the version in which it is stored as far as that can be told: many servers turn what was stored
    /// as 4.0 into 3.0 where nobody asks for 4.0, and what was stored as 3.0 into 4.0 where somebody does (RFC 6352
    /// section 10.4.1). The length of what is stored tells.
    async fn multiget_cards(&self, hrefs: Vec<Href>) -> Result<Answered, Fault> {
        let (mut answered, lengths) = self.multiget(hrefs, Form::Usual).await?;
        let Answered::Items(found, _) = &mut answered else { return Ok(answered) };
        let is_stored = |href: &Href, bytes: &Bytes| lengths.get(href).is_none_or(|n| *n == bytes.len());
        let turned = found.iter().filter_map(|fetched| match fetched {
            Fetched::Found { href, bytes, .. } if !is_stored(href, bytes) => Some(href.clone()),
            _ => None,
        });
        let turned: Vec<Href> = turned.collect();
        if turned.is_empty() || !self.speaks_vcard_4().await? {
            return Ok(answered);
        }
        let (Answered::Items(again, _), lengths) = self.multiget(turned, Form::Vcard4).await? else {
            return Ok(answered);
        };
        let mut as_stored: HashMap<Href, Fetched> = HashMap::new();
        for card in again {
            if let Fetched::Found { href, bytes, .. } = &card
                && lengths.get(href) == Some(&bytes.len())
            {
                as_stored.insert(href.clone(), card);
            }
        }
        for card in found {
            if let Fetched::Found { href, .. } = &card
                && let Some(stored) = as_stored.remove(href)
            {
                *card = stored;
            }
        }
        Ok(answered)
    }

    async fn speaks_vcard_4(&self) -> Result<bool, Fault> {
        let speaks = self.vcard_4.get_or_try_init(|| async {
            Ok::<_, Fault>(self.properties(xml::propfind_address_data()).await?.vcard_4)
        });
        Ok(*speaks.await?)
    }

    /// And how long those are that were found, as the server stores them; it may not tell.
    async fn multiget(
        &self,
        hrefs: Vec<Href>,
        form: Form,
    ) -> Result<(Answered, HashMap<Href, usize>), Fault> {
        let base = self.base();
        let paths: Vec<String> = hrefs.iter().map(|href| base.path_of(href)).collect();
        let body = xml::multiget(self.kind, form, paths.iter().map(String::as_str));
        // A Depth of 1 is what old servers want; RFC 4791 section 7.9 lets others ignore it.
        let ask = Ask::xml("REPORT", Class::Content, base.url().clone(), 1, body);
        let answer = match self.ask(ask).await {
            Ok(answer) => answer,
            Err(fault) if may_be_the_question(&fault) => {
                return Ok((Answered::TooMuch(hrefs, fault), HashMap::new()));
            }
            Err(fault) => return Err(fault),
        };
        match answer.status {
            _ if answer.ok() => {}
            // Some servers answer so when one of the items is not there, or know no multiget.
            403 | 404 | 405 | 410 | 501 => {
                answer.drain().await;
                return Ok((Answered::Items(vec![], hrefs), HashMap::new()));
            }
            400 | 413 | 414 | 500 | 502 | 504 | 507 => {
                let fault = Fault::Server(answer.refusal().await);
                return Ok((Answered::TooMuch(hrefs, fault), HashMap::new()));
            }
            _ => return Err(self.collection_fault(answer).await),
        }
        let ahead = answer.clock_ahead();
        // It may have moved meanwhile.
        let base = self.base();
        let mut parts = match answer.multistatus().await {
            Ok(parts) => parts,
            Err(fault) if may_be_the_question(&fault) => {
                return Ok((Answered::TooMuch(hrefs, fault), HashMap::new()));
            }
            Err(fault) => return Err(fault),
        };
        let mut open: Vec<Option<Href>> = Vec::with_capacity(hrefs.len());
        let mut exact = HashMap::with_capacity(hrefs.len());
        let mut decoded = HashMap::with_capacity(hrefs.len());
        for href in &hrefs {
            exact.insert(href.clone(), open.len());
            decoded.insert(key(href.as_str()), open.len());
            open.push(Some(href.clone()));
        }
        let (mut found, mut lengths) = (Vec::with_capacity(hrefs.len()), HashMap::new());
        loop {
            let response = match parts.next().await {
                Ok(Some(Part::Response(response))) => response,
                Ok(Some(Part::SyncToken(_))) => continue,
                Ok(None) => break,
                Err(fault) if may_be_the_question(&fault) => {
                    return Ok((Answered::TooMuch(hrefs, fault), HashMap::new()));
                }
                Err(fault) => return Err(fault),
            };
            for href in &response.hrefs {
                let Place::Item(item) = base.place(href) else { continue };
                let index = exact.get(&item).or_else(|| decoded.get(&key(item.as_str())));
                let Some(slot) = index.and_then(|index| open.get_mut(*index)) else { continue };
                let Some(href) = slot.take() else { continue };
                match (response.overall(), &response.props.data) {
                    (404 | 410, None) => found.push(Fetched::Gone { href }),
                    (200..300, Some(Data::Bytes(bytes))) if !bytes.is_empty() => {
                        let modified = corrected(response.props.modified.as_deref(), ahead);
                        let etag = response.props.etag.as_deref();
                        let bytes = match quirks::with_line_ends(etag, response.props.length, bytes) {
                            Cow::Borrowed(_) => bytes.clone(),
                            Cow::Owned(bytes) => bytes.into(),
                        };
                        lengths.extend(response.props.length.map(|length| (href.clone(), length)));
                        found.push(item_found(href, etag, bytes, modified));
                    }
                    (200..300, Some(Data::TooLarge)) => found.push(too_large(href)),
                    _ => *slot = Some(href),
                }
            }
        }
        Ok((Answered::Items(found, open.into_iter().flatten().collect()), lengths))
    }

    async fn get(&self, href: Href) -> Result<Answered, Fault> {
        let answer = match self.http.send(Ask::get(self.base().url_of(&href))).await {
            Ok(answer) => answer,
            Err(fault) if may_be_the_question(&fault) => return Ok(Answered::Failed(href, fault)),
            Err(fault) => return Err(fault),
        };
        match answer.status {
            404 | 410 => {
                answer.drain().await;
                Ok(Answered::Missing(href))
            }
            200 => {
                let modified = corrected(answer.header("last-modified"), answer.clock_ahead());
                let etag = answer.header("etag").filter(|etag| !etag.is_empty()).map(str::to_owned);
                let content_type = answer.header("content-type").map(str::to_owned);
                let bytes = match answer.bytes(item::MAX_BYTES).await {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) => return Ok(Answered::Items(vec![too_large(href)], vec![])),
                    Err(fault) if may_be_the_question(&fault) => return Ok(Answered::Failed(href, fault)),
                    Err(fault) => return Err(fault),
                };
                if xml::is_html(content_type.as_deref(), &bytes[..bytes.len().min(1024)]) {
                    return Err(Fault::Html);
                }
                let found = item_found(href, etag.as_deref(), bytes, modified);
                Ok(Answered::Items(vec![found], vec![]))
            }
            _ => Ok(Answered::Failed(href, Fault::Server(answer.refusal().await))),
        }
    }

    /// The version that an item has now; `None` where it is not there.
    pub(super) async fn version_of(&self, href: &Href) -> Result<Option<Etag>, Fault> {
        match self.fetch_one(href).await? {
            Fetched::Found { etag, .. } => Ok(Some(etag)),
            Fetched::Gone { .. } => Ok(None),
            Fetched::Unreadable { reason, .. } | Fetched::Failed { reason, .. } => {
                Err(Fault::Malformed(reason))
            }
        }
    }
}

/// Whether another time an item may be had of which this is the trouble.
fn may_pass(fault: &Fault) -> bool {
    match fault {
        Fault::TimedOut { .. } | Fault::Dropped { .. } | Fault::CutOff => true,
        Fault::Server(refusal) => refusal.status >= 500,
        _ => false,
    }
}

/// Whether what was asked for may be what the server stumbles over. A single item is found by halving, so
/// that it does not keep the others from being read.
pub(super) fn may_be_the_question(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::TimedOut { .. }
            | Fault::Dropped { .. }
            | Fault::CutOff
            | Fault::Malformed(_)
            | Fault::TooLarge(_)
    )
}

fn item_found(href: Href, etag: Option<&str>, bytes: Bytes, modified: Option<Timestamp>) -> Fetched {
    let etag = match etag {
        Some(etag) if !quirks::is_every_first_version(etag) => Etag::new(etag),
        ambiguous => content_etag(&bytes, ambiguous),
    };
    Fetched::Found { href, etag, bytes, modified }
}

fn too_large(href: Href) -> Fetched {
    Fetched::Unreadable { href, reason: Unreadable::TooLarge.to_string() }
}

/// The server's time as this machine's clock would have told it.
fn corrected(modified: Option<&str>, ahead: SignedDuration) -> Option<Timestamp> {
    modified.and_then(http_date)?.checked_add(ahead).ok()
}
