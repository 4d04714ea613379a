//! Storing and deleting items, each with its precondition.

use std::sync::OnceLock;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::OnceCell;
use tr::tr;

use super::answer::Answer;
use super::href::{self, Place};
use super::http::{Ask, Condition};
use super::observe::writable;
use super::refusal::Refusal;
use super::xml::Part;
use super::{CONTENT_ETAG, Dav, Fault, content_etag, quirks, xml};
use crate::collection::{Applied, CollectionError, Edit, Etag, Fetched, Href, Outcome, name};
use crate::item::meeting;

/// As many as the limiter ever lets through.
const IN_FLIGHT: usize = 16;

/// As far as the last attempt tells; [`Dav::edit`] knows of those before.
const STALE: Outcome = Outcome::Stale { sure: true };

/// What the edits of a batch share.
#[derive(Default)]
struct Batch {
    stopped: OnceLock<Fault>,
    /// Whether the collection is there and may be written to: asked at most once.
    standing: OnceCell<Result<Option<bool>, Fault>>,
}

/// What a write's answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Done,
    /// The precondition failed.
    Changed,
    /// There is nothing at this address.
    Missing,
    /// An item with the same UID is elsewhere: where, if the server tells.
    UidTaken(Option<String>),
    /// It may be that this user may not write at all, or that the collection is gone.
    Doubtful,
    /// It is this item that is refused.
    Refused,
    Full,
    /// It may have been done all the same.
    Failed,
}

fn judge(refusal: &Refusal) -> Verdict {
    if refusal.has("no-uid-conflict") {
        return Verdict::UidTaken(refusal.href.clone());
    }
    let about_rights = refusal.elements.is_empty() || refusal.has("need-privileges");
    match refusal.status {
        200..300 => Verdict::Done,
        507 => Verdict::Full,
        403 | 405 if about_rights => Verdict::Doubtful,
        // DAViCal names the header.
        412 if refusal.elements.is_empty() || refusal.has("if-match") || refusal.has("if-none-match") => {
            Verdict::Changed
        }
        404 | 410 => Verdict::Missing,
        409 if refusal.elements.is_empty() => Verdict::Doubtful,
        // Somebody holds a lock on it at the moment.
        423 => Verdict::Failed,
        400..500 => Verdict::Refused,
        _ => Verdict::Failed,
    }
}

/// Why the server does not take an item, in plain words.
fn reason(refusal: &Refusal) -> String {
    let plain = refusal.elements.iter().find_map(|element| {
        Some(match element.as_str() {
            "supported-calendar-component" => tr!("this calendar does not hold items of this kind"),
            "supported-calendar-data" | "supported-address-data" => tr!("the server does not know this format"),
            "valid-calendar-data" | "valid-calendar-object-resource" | "valid-address-data" => {
                tr!("the server finds it malformed")
            }
            "max-resource-size" => tr!("it is too large for the server"),
            "min-date-time" => tr!("it lies further in the past than the server accepts"),
            "max-date-time" => tr!("it lies further in the future than the server accepts"),
            "max-instances" => tr!("it repeats more often than the server accepts"),
            "max-attendees-per-instance" => tr!("it has more attendees than the server accepts"),
            "unique-scheduling-object-resource" => {
                tr!("the same meeting is in another calendar of this account already: delete it from one of them")
            }
            "quota-not-exceeded" | "sufficient-disk-space" => tr!("the server's disk or your quota is full"),
            _ => return None,
        })
    });
    match (plain, &refusal.words) {
        (Some(plain), Some(words)) => tr!("{plain} (it says: {words})", plain, words),
        (Some(plain), None) => plain,
        (None, _) => tr!("the server refuses it with error {}{}", refusal.status, refusal.quoted()),
    }
}

/// A write's answer, as far as it matters.
struct Written {
    refusal: Refusal,
    etag: Option<Etag>,
    location: Option<String>,
}

impl Dav {
    pub(super) async fn apply_them(&self, edits: Vec<Edit>) -> Applied {
        let batch = Batch::default();
        let mut outcomes: Vec<(usize, Outcome)> = stream::iter(edits.into_iter().enumerate())
            .map(async |(index, edit)| (index, self.edit(&batch, edit).await))
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        outcomes.sort_unstable_by_key(|(index, _)| *index);
        let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        Applied { outcomes, stopped: batch.stopped.into_inner().map(CollectionError::from) }
    }

    async fn edit(&self, batch: &Batch, edit: Edit) -> Outcome {
        if batch.stopped.get().is_some() {
            return Outcome::NotTried;
        }
        let mut perhaps_done = false;
        let outcome = match edit {
            Edit::Create { uid, bytes } => self.create(batch, &mut perhaps_done, uid.as_deref(), bytes).await,
            Edit::Replace { href, if_etag, bytes } => {
                self.replace(batch, &mut perhaps_done, href, if_etag, bytes).await
            }
            Edit::Delete { href, if_etag } => self.delete(batch, &mut perhaps_done, href, if_etag).await,
        };
        match outcome {
            Ok(Outcome::Stale { .. }) => Outcome::Stale { sure: !perhaps_done },
            Ok(Outcome::Refused { reason }) if perhaps_done => Outcome::Failed { reason },
            Ok(outcome) => outcome,
            // The connection was there and broke: the server may have done it.
            Err(fault @ (Fault::TimedOut { .. } | Fault::Dropped { .. } | Fault::CutOff)) => {
                Outcome::Failed { reason: fault.to_string() }
            }
            Err(fault @ (Fault::Malformed(_) | Fault::TooLarge(_) | Fault::Server(_))) => {
                Outcome::Failed { reason: fault.to_string() }
            }
            Err(fault) => {
                let outcome = match perhaps_done {
                    true => Outcome::Failed { reason: fault.to_string() },
                    false => Outcome::NotTried,
                };
                let _ = batch.stopped.set(fault);
                outcome
            }
        }
    }

    async fn create(
        &self,
        batch: &Batch,
        perhaps_done: &mut bool,
        uid: Option<&str>,
        bytes: Bytes,
    ) -> Result<Outcome, Fault> {
        let extension = self.kind.extension();
        let names = [name::file_name(uid, &bytes, extension), name::alternative(uid, &bytes, extension)];
        for name in names {
            let href = Href::new(href::segment(&name));
            if self.looks_first() && !self.is_free(&href).await? {
                match self.at(&href, uid, &bytes).await? {
                    There::Same => return Ok(STALE),
                    There::Other => continue,
                    There::Nothing => {}
                }
            }
            let written = self.put(&href, Condition::NothingThere, &bytes, perhaps_done).await?;
            match judge(&written.refusal) {
                Verdict::Done => return Ok(self.stored(href, written)),
                Verdict::UidTaken(elsewhere) if self.is_ours(elsewhere.as_deref()) => {
                    return Ok(STALE);
                }
                Verdict::UidTaken(_) => return Ok(uid_taken()),
                Verdict::Changed => match self.at(&href, uid, &bytes).await? {
                    There::Same => return Ok(STALE),
                    There::Other => {}
                    // It is not the precondition that failed.
                    There::Nothing => return Ok(Outcome::Refused { reason: reason(&written.refusal) }),
                },
                Verdict::Missing => return self.doubt(batch, &written.refusal).await,
                verdict => return self.conclude(batch, verdict, &written.refusal).await,
            }
        }
        Ok(Outcome::Refused {
            reason: tr!("other items have the names under which it would be stored on the server: \
                     rename or delete them there"),
        })
    }

    /// What is where a new item is to be stored.
    async fn at(&self, href: &Href, uid: Option<&str>, bytes: &[u8]) -> Result<There, Fault> {
        Ok(match self.fetch_one(href).await? {
            Fetched::Found { bytes: there, .. } if !name::is_same_item(&there, uid, bytes) => There::Other,
            // What cannot be read is looked at again.
            Fetched::Found { .. } | Fetched::Unreadable { .. } | Fetched::Failed { .. } => There::Same,
            Fetched::Gone { .. } => There::Nothing,
        })
    }

    async fn is_free(&self, href: &Href) -> Result<bool, Fault> {
        let answer = self.http.send(Ask::get(self.base().url_of(href))).await?;
        let status = answer.status;
        answer.drain().await;
        Ok(matches!(status, 404 | 410))
    }

    /// Whether a precondition is of no use, so that only a look right before the write tells.
    fn looks_first(&self) -> bool {
        let base = self.base();
        let alias = base.alias().and_then(|path| base.url().join(path).ok());
        quirks::ignores_preconditions(base.url())
            || alias.is_some_and(|url| quirks::ignores_preconditions(&url))
    }

    async fn replace(
        &self,
        batch: &Batch,
        perhaps_done: &mut bool,
        href: Href,
        if_etag: Etag,
        bytes: Bytes,
    ) -> Result<Outcome, Fault> {
        let Some(mut condition) = self.condition(&href, &if_etag).await? else {
            return Ok(STALE);
        };
        if let Condition::Version(etag) = &condition
            && meeting(&bytes).is_some()
            && let Some(tag) = self.schedule_tag(&href, &if_etag).await?
        {
            condition = Condition::Meeting { etag: etag.clone(), tag };
        }
        loop {
            let written = self.put(&href, condition.clone(), &bytes, perhaps_done).await?;
            match judge(&written.refusal) {
                Verdict::Done => return Ok(self.stored(href, written)),
                Verdict::Changed => match self.after_412(&href, &if_etag, &condition).await? {
                    Again::With(other) => condition = other,
                    Again::Stale | Again::Gone => return Ok(STALE),
                    Again::Hopeless => return Ok(hopeless()),
                },
                Verdict::Missing => return Ok(STALE),
                Verdict::UidTaken(_) => return Ok(uid_taken()),
                verdict => return self.conclude(batch, verdict, &written.refusal).await,
            }
        }
    }

    async fn delete(
        &self,
        batch: &Batch,
        perhaps_done: &mut bool,
        href: Href,
        if_etag: Etag,
    ) -> Result<Outcome, Fault> {
        let Some(mut condition) = self.condition(&href, &if_etag).await? else {
            return Ok(STALE);
        };
        loop {
            let mut ask = Ask::delete(self.base().url_of(&href), condition.clone());
            ask.guarded &= !self.looks_first();
            let written = self.write(ask, perhaps_done).await?;
            match judge(&written.refusal) {
                Verdict::Done | Verdict::Missing => return Ok(Outcome::Deleted),
                Verdict::Changed => match self.after_412(&href, &if_etag, &condition).await? {
                    Again::With(other) => condition = other,
                    Again::Stale => return Ok(STALE),
                    Again::Gone => return Ok(Outcome::Deleted),
                    Again::Hopeless => return Ok(hopeless()),
                },
                verdict => return self.conclude(batch, verdict, &written.refusal).await,
            }
        }
    }

    async fn put(
        &self,
        href: &Href,
        condition: Condition,
        bytes: &Bytes,
        perhaps_done: &mut bool,
    ) -> Result<Written, Fault> {
        let url = self.base().url_of(href);
        let mut ask = Ask::put(url, condition, self.kind.media_type(), bytes.clone());
        ask.guarded &= !self.looks_first();
        self.write(ask, perhaps_done).await
    }

    async fn write(&self, ask: Ask, perhaps_done: &mut bool) -> Result<Written, Fault> {
        let written = self.written(self.http.write(ask, perhaps_done).await?).await;
        *perhaps_done |= matches!(written, Err(Fault::Html));
        written
    }

    async fn written(&self, mut answer: Answer) -> Result<Written, Fault> {
        let etag = answer.header("etag").and_then(strong);
        let location = answer.header("location").map(str::to_owned);
        let refusal = if answer.status == 207 {
            // What counts is inside.
            let mut parts = answer.multistatus().await?;
            let mut first = None;
            while let Some(part) = parts.next().await? {
                if let (Part::Response(response), None) = (part, &first) {
                    first = Some(Refusal {
                        status: response.overall(),
                        elements: response.errors,
                        href: None,
                        words: response.description,
                    });
                }
            }
            first.ok_or_else(|| Fault::Malformed(tr!("it does not say what became of the item")))?
        } else if answer.ok() {
            // A page may come with the 201 of an honest server.
            if answer.status == 200 && answer.is_web_page().await? {
                return Err(Fault::Html);
            }
            let refusal = Refusal::new(answer.status);
            answer.drain().await;
            refusal
        } else {
            answer.refusal().await
        };
        Ok(Written { refusal, etag, location })
    }

    fn stored(&self, href: Href, written: Written) -> Outcome {
        let moved = written.location.as_deref().and_then(|location| self.ours(location));
        Outcome::Stored { href: moved.unwrap_or(href), etag: written.etag }
    }

    /// The name of an item in this collection.
    fn ours(&self, href: &str) -> Option<Href> {
        match self.base().place(href) {
            Place::Item(href) if !href.as_str().starts_with('/') => Some(href),
            _ => None,
        }
    }

    /// Servers that do not say where an item with the same UID is mean this collection.
    fn is_ours(&self, href: Option<&str>) -> bool {
        href.is_none_or(|href| self.ours(href).is_some())
    }

    /// What makes a write conditional on this version; `None` where it is another already. An item
    /// without a version of the server's own is compared right before the write.
    async fn condition(&self, href: &Href, etag: &Etag) -> Result<Option<Condition>, Fault> {
        let is_guarded = !self.looks_first() && !quirks::is_of_sogo(etag.as_str());
        if !etag.as_str().starts_with(CONTENT_ETAG) && is_guarded {
            return Ok(Some(Condition::Version(etag.as_str().to_owned())));
        }
        Ok(match self.fetch_one(href).await? {
            Fetched::Found { bytes, etag: now, .. }
                if now == *etag || content_etag(&bytes, None) == *etag =>
            {
                let servers = match now.as_str().strip_prefix(CONTENT_ETAG) {
                    Some(ambiguous) => ambiguous.split_once(' ').map(|(_, servers)| servers),
                    None => Some(now.as_str()),
                };
                Some(servers.map_or(Condition::None, |etag| Condition::Version(etag.to_owned())))
            }
            _ => None,
        })
    }

    /// A failed precondition on an item that did not change would fail for ever: some servers never
    /// match a weak version, but its strong form.
    async fn after_412(&self, href: &Href, wanted: &Etag, tried: &Condition) -> Result<Again, Fault> {
        match self.version_of(href).await? {
            None => return Ok(Again::Gone),
            Some(now) if now != *wanted => return Ok(Again::Stale),
            Some(_) => {}
        }
        Ok(match tried {
            // It is the tag that does not do.
            Condition::Meeting { etag, .. } => Again::With(Condition::Version(etag.clone())),
            Condition::Version(tried) if tried.starts_with("W/") => {
                Again::With(Condition::Version(tried.trim_start_matches("W/").to_owned()))
            }
            _ => Again::Hopeless,
        })
    }

    async fn conclude(&self, batch: &Batch, verdict: Verdict, refusal: &Refusal) -> Result<Outcome, Fault> {
        match verdict {
            Verdict::Doubtful => self.doubt(batch, refusal).await,
            Verdict::Full => Err(Fault::Full),
            Verdict::Failed => Ok(Outcome::Failed { reason: Fault::Server(refusal.clone()).to_string() }),
            _ => Ok(Outcome::Refused { reason: reason(refusal) }),
        }
    }

    /// Refused without a reason: is it the item, the right to write, or is the collection gone?
    async fn doubt(&self, batch: &Batch, refusal: &Refusal) -> Result<Outcome, Fault> {
        let standing = batch.standing.get_or_init(|| async {
            let props = self.properties(xml::propfind_privileges()).await?;
            Ok(writable(&props))
        });
        match standing.await {
            Err(fault) => Err(fault.clone()),
            Ok(Some(false)) => Err(Fault::ReadOnly),
            Ok(_) => Ok(Outcome::Refused { reason: reason(refusal) }),
        }
    }
}

/// What is where a new item is to be stored.
enum There {
    Nothing,
    Same,
    Other,
}

/// What to do after a failed precondition.
enum Again {
    Stale,
    Gone,
    With(Condition),
    Hopeless,
}

fn uid_taken() -> Outcome {
    Outcome::Refused {
        reason: tr!(
            "another item of this account on the server has the same UID already, perhaps in another \
                 calendar or address book: delete one of them"
        ),
    }
}

fn hopeless() -> Outcome {
    Outcome::Refused {
        reason: tr!("the server says that it was changed meanwhile, although it was not: \
                 change it on the server, or ask whoever runs it"),
    }
}

/// A version that can be trusted to change with the item.
fn strong(etag: &str) -> Option<Etag> {
    let etag = etag.trim();
    let is_strong = !etag.is_empty() && etag != "\"\"" && !etag.starts_with("W/");
    (is_strong && !quirks::is_every_first_version(etag)).then(|| Etag::new(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, elements: &[&str]) -> Refusal {
        Refusal { elements: elements.iter().map(|e| e.to_string()).collect(), ..Refusal::new(status) }
    }

    #[test]
    fn answers_to_writes_are_told_apart() {
        for (status, elements, verdict) in [
            (201, &[][..], Verdict::Done),
            (204, &[], Verdict::Done),
            (412, &[], Verdict::Changed),
            (412, &["if-match"], Verdict::Changed),
            (412, &["if-none-match"], Verdict::Changed),
            (412, &["valid-calendar-data"], Verdict::Refused),
            (412, &["no-uid-conflict"], Verdict::UidTaken(None)),
            (409, &["no-uid-conflict"], Verdict::UidTaken(None)),
            (409, &[], Verdict::Doubtful),
            (403, &[], Verdict::Doubtful),
            (403, &["need-privileges"], Verdict::Doubtful),
            (403, &["supported-calendar-component"], Verdict::Refused),
            (403, &["unique-scheduling-object-resource"], Verdict::Refused),
            (404, &[], Verdict::Missing),
            (410, &[], Verdict::Missing),
            (413, &[], Verdict::Refused),
            (415, &[], Verdict::Refused),
            (507, &[], Verdict::Full),
            (500, &[], Verdict::Failed),
            (502, &["no"], Verdict::Failed),
        ] {
            assert_eq!(judge(&refusal(status, elements)), verdict, "{status} {elements:?}");
        }
    }

    #[test]
    fn reasons_are_plain_sentences_with_the_servers_words() {
        let mut broken = refusal(403, &["valid-calendar-data"]);
        broken.words = Some("no DTSTART".into());
        insta::assert_snapshot!(reason(&broken), @"the server finds it malformed (it says: no DTSTART)");
        insta::assert_snapshot!(
            reason(&refusal(403, &["unique-scheduling-object-resource"])),
            @"the same meeting is in another calendar of this account already: delete it from one of them"
        );
        insta::assert_snapshot!(
            reason(&refusal(403, &["odd-condition"])),
            @"the server refuses it with error 403 (it says: odd-condition)"
        );
        insta::assert_snapshot!(reason(&refusal(400, &[])), @"the server refuses it with error 400");
    }

    #[test]
    fn only_a_strong_etag_is_a_version() {
        assert_eq!(strong("\"a\""), Some(Etag::new("\"a\"")));
        assert_eq!([strong("W/\"a\""), strong(""), strong("\"\"")], [None, None, None]);
    }
}
