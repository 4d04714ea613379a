//! HTTP: credentials, redirects, waiting and time-outs.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use reqwest::header::{self, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use tr::tr;
use url::Url;

use super::account::Account;
use super::answer::Answer;
use super::backoff::{self, Backoff};
use super::error::Fault;
use super::failure;
use super::limiter::Class;
use super::redirect::{self, Circle};
use super::sign_in::Proof;
use crate::collection::Traffic;

const MOST_REDIRECTS: usize = 5;
/// How often one request is sent at most until the server is content with how it signs in.
const MOST_SIGN_INS: usize = 4;
/// How long one request waits at most, in all, for a server that asks to come back later.
const MOST_WAIT: Duration = Duration::from_secs(60);
/// Larger bodies are sent in pieces of this size, in bytes, so that it shows whether they get on.
const PIECE: usize = 64 * 1024;

/// What is expected of a server that is up and honest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long it may stay silent, before and within an answer. A slow one may take as long as it likes.
    pub idle: Duration,
    /// How large a whole answer may be, in bytes, on the wire and unpacked. A list of a million items
    /// stays below it, and more items than fit are fetched in smaller portions.
    pub whole: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60), whole: 512 * 1024 * 1024 }
    }
}

/// What is asked of a server.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub method: &'static str,
    pub class: Class,
    pub url: Url,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Bytes,
    /// Its precondition keeps it from undoing what somebody else does meanwhile, so it may be tried again.
    pub guarded: bool,
    /// It finds out what a place is: where it refuses a sign-in that was accepted elsewhere, the others still count.
    pub probes: bool,
}

impl Ask {
    /// PROPFIND or REPORT.
    pub(super) fn xml(method: &'static str, class: Class, url: Url, depth: u8, body: String) -> Self {
        let headers = vec![
            (HeaderName::from_static("depth"), depth.to_string()),
            (header::CONTENT_TYPE, "application/xml; charset=utf-8".to_owned()),
            (header::ACCEPT_ENCODING, "gzip".to_owned()),
        ];
        Self { method, class, url, headers, body: body.into(), guarded: true, probes: false }
    }

    /// No gzip where the ETag header counts: proxies change the ETag when they compress.
    pub(super) fn get(url: Url) -> Self {
        let (headers, body) = (Vec::new(), Bytes::new());
        Self { method: "GET", class: Class::Content, url, headers, body, guarded: true, probes: false }
    }

    pub(super) fn put(url: Url, condition: Condition, media_type: &str, body: Bytes) -> Self {
        let guarded = condition != Condition::None;
        let mut headers = condition.headers();
        headers.push((header::CONTENT_TYPE, media_type.to_owned()));
        Self { method: "PUT", class: Class::Write, url, headers, body, guarded, probes: false }
    }

    /// A request with a body of XML that changes something.
    pub(super) fn change(method: &'static str, url: Url, body: String) -> Self {
        let headers = vec![(header::CONTENT_TYPE, "application/xml; charset=utf-8".to_owned())];
        Self { method, class: Class::Write, url, headers, body: body.into(), guarded: true, probes: false }
    }

    pub(super) fn delete(url: Url, condition: Condition) -> Self {
        let guarded = condition != Condition::None;
        let headers = condition.headers();
        Self {
            method: "DELETE",
            class: Class::Write,
            url,
            headers,
            body: Bytes::new(),
            guarded,
            probes: false,
        }
    }

    /// The PROPFIND of a search.
    pub(super) fn probe(url: Url, depth: u8, body: String) -> Self {
        Self { probes: true, ..Self::xml("PROPFIND", Class::Listing, url, depth, body) }
    }

    fn reads(&self) -> bool {
        matches!(self.method, "GET" | "OPTIONS" | "PROPFIND" | "REPORT")
    }
}

/// What must hold for a write to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    NothingThere,
    Version(String),
    /// The same of a meeting, with its Schedule-Tag (RFC 6638 section 3.2.10).
    Meeting {
        etag: String,
        tag: String,
    },
    /// It was compared by hand.
    None,
}

impl Condition {
    fn headers(self) -> Vec<(HeaderName, String)> {
        match self {
            Condition::NothingThere => vec![(header::IF_NONE_MATCH, "*".to_owned())],
            Condition::Version(etag) => vec![(header::IF_MATCH, etag)],
            Condition::Meeting { etag, tag } => {
                vec![(header::IF_MATCH, etag), (HeaderName::from_static("if-schedule-tag-match"), tag)]
            }
            Condition::None => vec![],
        }
    }
}

/// A way to one server with one account.
#[derive(Debug)]
pub(super) struct Http {
    account: Account,
    /// Only there the credentials are sent.
    circle: Circle,
    pub limits: Limits,
    requests: AtomicU64,
    bytes_in: Arc<AtomicU64>,
    bytes_out: AtomicU64,
}

impl Http {
    pub(super) fn new(account: Account, home: Url) -> Self {
        let limits = Limits { idle: account.options().silence, ..Limits::default() };
        let circle = Circle::new(home, account.options().trusted_hosts.clone());
        Self {
            account,
            circle,
            limits,
            requests: AtomicU64::new(0),
            bytes_in: Arc::default(),
            bytes_out: AtomicU64::new(0),
        }
    }

    /// The name that the person signs in with.
    pub(super) fn user(&self) -> Option<&str> {
        self.account.user()
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
        }
    }

    /// Any answer but a redirect, a 401, and a 429 or 503 that stays: those are faults. Reads
    /// are tried again when the connection breaks. Writes that met a
    /// lock or a stumbling server are tried again, fewer at a time, if their preconditions make that safe.
    /// A refused password is never sent again.
    pub(super) async fn send(&self, ask: Ask) -> Result<Answer, Fault> {
        self.write(ask, &mut false).await
    }

    /// As [`Http::send`], and sets `perhaps_done` where one of the attempts may have been done although
    /// its answer, if there was one, does not say so.
    pub(super) async fn write(&self, mut ask: Ask, perhaps_done: &mut bool) -> Result<Answer, Fault> {
        let (mut redirects, mut permanent) = (0, true);
        let mut waited = Duration::ZERO;
        let (mut busy, mut locked, mut broken) =
            (Backoff::new(backoff::BUSY), Backoff::new(backoff::LOCKED), Backoff::new(backoff::BROKEN));
        loop {
            let attempt = self.once(&ask).await;
            *perhaps_done |= may_be_done(&attempt);
            let mut answer = match attempt {
                Err(fault @ Fault::Dropped { .. }) if ask.reads() => {
                    tokio::time::sleep(broken.next().ok_or(fault)?).await;
                    continue;
                }
                answer => answer?,
            };
            answer.moved = redirects > 0 && permanent;
            match answer.status {
                status @ (301 | 302 | 303 | 307 | 308) => {
                    let request = match ask.reads() {
                        true if self.account.is_anonymous() => redirect::Request::Public,
                        true => redirect::Request::Read,
                        false => redirect::Request::Write,
                    };
                    let location = answer.header("location");
                    let to = redirect::target(status, &ask.url, location, request, &self.circle);
                    answer.drain().await;
                    ask.url = to?;
                    redirects += 1;
                    permanent &= redirect::is_permanent(status);
                    if redirects > MOST_REDIRECTS {
                        return Err(Fault::Loop { to: presentable(&ask.url) });
                    }
                }
                407 => {
                    answer.drain().await;
                    let proxy = self.account.route().proxy.unwrap_or_else(|| tr!("of this computer"));
                    return Err(Fault::ProxySignIn { proxy });
                }
                429 | 503 => {
                    let asked = answer.retry_after();
                    answer.congested();
                    answer.drain().await;
                    let fault = || Fault::Busy { host: host(&ask.url), retry_after: asked };
                    let own = busy.next().filter(|_| ask.guarded).ok_or_else(fault)?;
                    let wait = asked.map_or(own, |asked| asked.max(backoff::LOCKED.first));
                    waited = waited.saturating_add(wait);
                    if waited > MOST_WAIT {
                        return Err(fault());
                    }
                    // All wait, so that the others need not be told the same one by one.
                    self.account.gate(&host(&ask.url)).pause(wait);
                }
                423 | 500 | 502 | 504 if !ask.reads() && ask.guarded => {
                    let Some(wait) = locked.next() else { return Ok(answer) };
                    answer.congested();
                    answer.drain().await;
                    tokio::time::sleep(wait).await;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Signs in, where the server wants it in another way than it was tried at first.
    async fn once(&self, ask: &Ask) -> Result<Answer, Fault> {
        let sign_in = self.account.sign_in();
        let trusted = self.trusts(&ask.url);
        // Before the request takes its place at the gate: who waits there must not keep out the one whose turn it is.
        let _turn = sign_in.turn().await;
        for _ in 0..MOST_SIGN_INS {
            let proof = match trusted {
                true => sign_in.proof(ask.method, &ask.url).await?,
                false => None,
            };
            let answer = self.exchange(ask, proof.as_ref()).await?;
            if answer.status != 401 {
                if let (Some(proof), true) = (&proof, answer.ok()) {
                    sign_in.accepted(proof);
                }
                return Ok(answer);
            }
            let again = match trusted {
                true => sign_in.challenged(&ask.url, proof.as_ref(), &answer.headers, ask.probes).await,
                false => Err(Fault::NoCredentials { host: host(&ask.url) }),
            };
            answer.drain().await;
            again?;
        }
        Err(sign_in.refused_at(Fault::SignIn { host: host(&ask.url) }, ask.probes))
    }

    async fn exchange(&self, ask: &Ask, proof: Option<&Proof>) -> Result<Answer, Fault> {
        let client = self.account.client(&ask.url)?;
        let permit = self.account.gate(&host(&ask.url)).enter(ask.class).await;
        // It may have been refused to another request while this one waited.
        if let (Some(_), Some(fault)) = (proof, self.account.sign_in().refusal()) {
            return Err(fault);
        }
        let method = Method::from_bytes(ask.method.as_bytes())
            .map_err(|_| Fault::Malformed(tr!("method {}", ask.method)))?;
        let mut request = Request::new(method, ask.url.clone());
        let sent = Arc::new(AtomicU64::new(0));
        for (name, value) in &ask.headers {
            let value = HeaderValue::from_str(value).map_err(|_| {
                Fault::Malformed(tr!(
                    "a version that cannot be sent back: {value}",
                    value = format_args!("{value:?}")
                ))
            })?;
            request.headers_mut().insert(name, value);
        }
        if let Some(proof) = proof {
            request.headers_mut().insert(header::AUTHORIZATION, proof.header.clone());
        }
        if self.account.options().close {
            request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if !ask.body.is_empty() || ask.method == "PUT" {
            let length = HeaderValue::from(ask.body.len());
            request.headers_mut().insert(header::CONTENT_LENGTH, length);
            *request.body_mut() = Some(outgoing(ask.body.clone(), Arc::clone(&sent)));
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes_out.fetch_add(ask.body.len() as u64, Ordering::Relaxed);
        let begun = Instant::now();
        let result = unless_idle(self.limits.idle, &sent, client.execute(request)).await;
        let latency = begun.elapsed();
        let log = |outcome: &dyn std::fmt::Display| {
            tracing::debug!(
                method = ask.method,
                path = ask.url.path(),
                ms = latency.as_millis() as u64,
                bytes = ask.body.len(),
                "{outcome}"
            );
        };
        let fault = match result {
            Some(Ok(response)) => {
                log(&response.status());
                permit.answered(latency);
                let count = Arc::clone(&self.bytes_in);
                return Ok(Answer::new(ask.url.clone(), response, permit, count, self.limits));
            }
            Some(Err(error)) => {
                if error.is_timeout() {
                    permit.congested();
                }
                failure::fault(&error.without_url(), host(&ask.url), &self.account.route())
            }
            None => {
                permit.congested();
                Fault::TimedOut { host: host(&ask.url) }
            }
        };
        log(&fault);
        Err(fault)
    }

    /// Whether the credentials may be sent there.
    pub(super) fn trusts(&self, url: &Url) -> bool {
        self.circle.holds(url)
    }
}

/// Whether a write that was answered so may be done. A proxy gives up before the server behind it does,
/// and a server may stumble over a lock after it has stored. A 429 comes before anything is done.
fn may_be_done(attempt: &Result<Answer, Fault>) -> bool {
    match attempt {
        Ok(answer) => matches!(answer.status, 423 | 500..),
        Err(fault) => matches!(fault, Fault::TimedOut { .. } | Fault::Dropped { .. } | Fault::CutOff),
    }
}

/// Host and, where it is not the usual one, port.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// Without user, password, query and fragment.
pub(super) fn presentable(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// Waits for an answer as long as the body that is sent gets on; `None` where nothing moves.
async fn unless_idle<T>(idle: Duration, sent: &AtomicU64, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    loop {
        let before = sent.load(Ordering::Relaxed);
        match tokio::time::timeout(idle, &mut work).await {
            Ok(done) => return Some(done),
            Err(_) if sent.load(Ordering::Relaxed) == before => return None,
            Err(_) => {}
        }
    }
}

/// A body that is sent, counting what is on its way.
fn outgoing(body: Bytes, sent: Arc<AtomicU64>) -> reqwest::Body {
    if body.len() <= PIECE {
        return body.into();
    }
    let pieces = stream::unfold((body, sent), async |(mut body, sent)| {
        if body.is_empty() {
            return None;
        }
        let piece = body.split_to(body.len().min(PIECE));
        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Some((Ok::<_, io::Error>(piece), (body, sent)))
    });
    reqwest::Body::wrap_stream(pieces)
}
