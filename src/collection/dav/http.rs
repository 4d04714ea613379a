//! HTTP: credentials, redirects, waiting, time-outs and the bodies of answers. Nothing else knows of
//! the HTTP library.

use std::error::Error as _;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures_util::{Stream, stream};
use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, ReadBuf};
use tokio_util::io::StreamReader;
use url::Url;

use super::account::Account;
use super::backoff::{self, Backoff};
use super::error::Fault;
use super::limiter::{Class, Permit};
use super::meter::TooMuch;
use super::refusal::{MOST_BODY, Refusal};
use super::xml::{Multistatus, is_html};
use crate::collection::Traffic;

const MOST_REDIRECTS: usize = 5;
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
}

impl Ask {
    /// PROPFIND or REPORT.
    pub(super) fn xml(method: &'static str, class: Class, url: Url, depth: u8, body: String) -> Self {
        let headers = vec![
            (HeaderName::from_static("depth"), depth.to_string()),
            (header::CONTENT_TYPE, "application/xml; charset=utf-8".to_owned()),
            (header::ACCEPT_ENCODING, "gzip".to_owned()),
        ];
        Self { method, class, url, headers, body: body.into() }
    }

    /// No gzip where the ETag header counts: proxies change the ETag when they compress.
    pub(super) fn get(url: Url) -> Self {
        Self { method: "GET", class: Class::Content, url, headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn put(url: Url, condition: Condition, media_type: &str, body: Bytes) -> Self {
        let mut headers = condition.headers();
        headers.push((header::CONTENT_TYPE, media_type.to_owned()));
        Self { method: "PUT", class: Class::Write, url, headers, body }
    }

    pub(super) fn delete(url: Url, condition: Condition) -> Self {
        let headers = condition.headers();
        Self { method: "DELETE", class: Class::Write, url, headers, body: Bytes::new() }
    }

    fn reads(&self) -> bool {
        !matches!(self.method, "PUT" | "DELETE")
    }
}

/// What must hold for a write to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    NothingThere,
    Version(String),
    /// It was compared by hand.
    None,
}

impl Condition {
    fn headers(self) -> Vec<(HeaderName, String)> {
        match self {
            Condition::NothingThere => vec![(header::IF_NONE_MATCH, "*".to_owned())],
            Condition::Version(etag) => vec![(header::IF_MATCH, etag)],
            Condition::None => vec![],
        }
    }
}

/// A way to one server with one account.
#[derive(Debug)]
pub(super) struct Http {
    account: Account,
    /// Only this origin, and the same host over TLS, gets the credentials.
    home: Url,
    pub limits: Limits,
    requests: AtomicU64,
    bytes_in: Arc<AtomicU64>,
    bytes_out: AtomicU64,
}

impl Http {
    pub(super) fn new(account: Account, home: Url) -> Self {
        Self {
            account,
            home,
            limits: Limits::default(),
            requests: AtomicU64::new(0),
            bytes_in: Arc::default(),
            bytes_out: AtomicU64::new(0),
        }
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
        }
    }

    /// Any answer but a redirect, a 401, and a 429 or 503 that stays: those are faults. Reads follow
    /// redirects that stay at home, and are tried again when the connection breaks. Writes that met a
    /// lock or a stumbling server are tried again, fewer at a time: their preconditions make that safe.
    /// A refused password is never sent again.
    pub(super) async fn send(&self, ask: Ask) -> Result<Answer, Fault> {
        self.write(ask, &mut false).await
    }

    /// As [`Http::send`], and sets `perhaps_done` where one of the attempts may have been done although
    /// its answer, if there was one, does not say so.
    pub(super) async fn write(&self, mut ask: Ask, perhaps_done: &mut bool) -> Result<Answer, Fault> {
        let mut redirects = 0;
        let mut waited = Duration::ZERO;
        let (mut busy, mut locked, mut broken) =
            (Backoff::new(backoff::BUSY), Backoff::new(backoff::LOCKED), Backoff::new(backoff::BROKEN));
        loop {
            let attempt = self.once(&ask).await;
            *perhaps_done |= may_be_done(&attempt);
            let answer = match attempt {
                Err(fault @ Fault::Dropped { .. }) if ask.reads() => {
                    tokio::time::sleep(broken.next().ok_or(fault)?).await;
                    continue;
                }
                answer => answer?,
            };
            match answer.status {
                301 | 302 | 303 | 307 | 308 => {
                    let to = answer
                        .header("location")
                        .and_then(|to| ask.url.join(to).ok())
                        .ok_or_else(|| Fault::Malformed("a redirect to nowhere".into()))?;
                    redirects += 1;
                    let kept = answer.status != 303 && ask.reads() && self.is_home(&to);
                    answer.drain().await;
                    if !kept || redirects > MOST_REDIRECTS {
                        return Err(Fault::Elsewhere { to: presentable(&to) });
                    }
                    ask.url = to;
                }
                401 => {
                    let fault = self.unauthorized(&ask.url, &answer);
                    answer.drain().await;
                    return Err(fault);
                }
                429 | 503 => {
                    let asked = answer.retry_after();
                    answer.congested();
                    answer.drain().await;
                    let fault = || Fault::Busy { host: host(&ask.url), retry_after: asked };
                    let own = busy.next().ok_or_else(fault)?;
                    let wait = asked.map_or(own, |asked| asked.max(backoff::LOCKED.first));
                    waited = waited.saturating_add(wait);
                    if waited > MOST_WAIT {
                        return Err(fault());
                    }
                    // All wait, so that the others need not be told the same one by one.
                    self.account.gate(&host(&ask.url)).pause(wait);
                }
                423 | 500 | 502 | 504 if !ask.reads() => {
                    let Some(wait) = locked.next() else { return Ok(answer) };
                    answer.congested();
                    answer.drain().await;
                    tokio::time::sleep(wait).await;
                }
                _ => return Ok(answer),
            }
        }
    }

    async fn once(&self, ask: &Ask) -> Result<Answer, Fault> {
        let client = self.account.client(&ask.url)?;
        let permit = self.account.gate(&host(&ask.url)).enter(ask.class).await;
        let _turn = self.account.turn().await;
        if self.account.is_refused() {
            return Err(Fault::SignIn { host: host(&ask.url) });
        }
        let method = Method::from_bytes(ask.method.as_bytes())
            .map_err(|_| Fault::Malformed(format!("method {}", ask.method)))?;
        let mut request = Request::new(method, ask.url.clone());
        let sent = Arc::new(AtomicU64::new(0));
        for (name, value) in &ask.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| Fault::Malformed(format!("a version that cannot be sent back: {value:?}")))?;
            request.headers_mut().insert(name, value);
        }
        let credentials = self.account.authorization().filter(|_| self.is_home(&ask.url));
        if let Some(value) = credentials {
            request.headers_mut().insert(header::AUTHORIZATION, value.clone());
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
                if credentials.is_some() {
                    self.account.learn(response.status().as_u16());
                }
                let count = Arc::clone(&self.bytes_in);
                return Ok(Answer::new(ask.url.clone(), response, permit, count, self.limits));
            }
            Some(Err(error)) => {
                if error.is_timeout() {
                    permit.congested();
                }
                connection_fault(&error.without_url(), host(&ask.url))
            }
            None => {
                permit.congested();
                Fault::TimedOut { host: host(&ask.url) }
            }
        };
        log(&fault);
        Err(fault)
    }

    fn is_home(&self, url: &Url) -> bool {
        url.origin() == self.home.origin()
            || (url.scheme() == "https"
                && self.home.scheme() == "http"
                && url.host_str() == self.home.host_str()
                && url.port().is_none())
    }

    fn unauthorized(&self, url: &Url, answer: &Answer) -> Fault {
        let host = host(url);
        if self.account.authorization().is_none() {
            return Fault::NoCredentials { host };
        }
        let offered: Vec<String> = answer
            .headers
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split_whitespace().next().map(str::to_owned))
            .collect();
        let basic = offered.is_empty() || offered.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
        match basic {
            true => Fault::SignIn { host },
            false => Fault::OtherSignIn { host, offered: offered.join(", ") },
        }
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

/// RFC 9110 section 10.2.3: seconds, or a date.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = http_date(text)?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// RFC 9110 section 5.6.7, in the form that is in use.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(zoned.timestamp())
}

fn connection_fault(error: &reqwest::Error, host: String) -> Fault {
    if error.is_timeout() {
        return match error.is_connect() {
            true => Fault::Unreachable { host, why: "it does not answer".to_owned() },
            false => Fault::TimedOut { host },
        };
    }
    let mut innermost = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        innermost = cause.to_string();
        if innermost.contains("dns error") || innermost.contains("failed to lookup address") {
            return Fault::UnknownHost { host };
        }
        let mut inner = cause;
        while let Some(io) = inner.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return Fault::RefusedConnection { host },
                io::ErrorKind::TimedOut if !error.is_connect() => return Fault::TimedOut { host },
                _ => {}
            }
            match io.get_ref() {
                Some(deeper) => inner = deeper,
                None => break,
            }
        }
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return match distrust(tls) {
                None if matches!(tls, rustls::Error::InvalidMessage(_)) => Fault::NoTls { host },
                Some(why) => Fault::Untrusted { host, why },
                None if error.is_connect() => Fault::Untrusted { host, why: format!("TLS fails ({tls})") },
                None => Fault::Dropped { host },
            };
        }
        source = cause.source();
    }
    match error.is_connect() {
        // It hung up before it said a word of TLS.
        true if innermost == "tls handshake eof" => Fault::NoTls { host },
        true => Fault::Unreachable { host, why: innermost },
        false => Fault::Dropped { host },
    }
}

fn distrust(error: &rustls::Error) -> Option<String> {
    use rustls::CertificateError as C;
    let rustls::Error::InvalidCertificate(error) = error else { return None };
    Some(match error {
        C::Expired | C::ExpiredContext { .. } => "its certificate has expired".into(),
        C::NotValidYet | C::NotValidYetContext { .. } => "its certificate is not valid yet".into(),
        C::UnknownIssuer => "its certificate is signed by nobody whom this computer trusts".into(),
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            "its certificate belongs to another server".into()
        }
        // A certificate made by hand is often one for an authority, which is of no use for a server.
        C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is one that it made itself (self-signed)".into()
        }
        C::Revoked => "its certificate was revoked".into(),
        other => format!("its certificate is not accepted ({other})"),
    })
}

/// Why a body could not be read to its end.
pub(super) fn body_fault(error: &io::Error) -> Fault {
    match error.get_ref() {
        Some(inner) if inner.is::<TooMuch>() => Fault::TooLarge("a single value of more than 32 MB"),
        Some(inner) => inner.downcast_ref::<Fault>().cloned().unwrap_or(Fault::CutOff),
        None => Fault::CutOff,
    }
}

/// An answer whose body is yet to be read.
pub(super) struct Answer {
    pub status: u16,
    /// Where it came from, after redirects.
    pub url: Url,
    headers: HeaderMap,
    body: Body,
}

type Reader = Pin<Box<dyn AsyncBufRead + Send>>;

impl Answer {
    fn new(
        url: Url,
        response: reqwest::Response,
        permit: Permit,
        count: Arc<AtomicU64>,
        limits: Limits,
    ) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let gzip = headers
            .get(header::CONTENT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("gzip"));
        let raw = StreamReader::new(incoming(response, count, limits, host(&url)));
        let reader: Reader = if gzip {
            let mut decoder = GzipDecoder::new(raw);
            decoder.multiple_members(true);
            Box::pin(BufReader::with_capacity(16 * 1024, decoder))
        } else {
            Box::pin(raw)
        };
        Self { status, url, headers, body: Body { reader, permit: Some(permit), left: limits.whole } }
    }

    /// The server complains that it is asked too much at once.
    fn congested(&self) {
        if let Some(permit) = &self.body.permit {
            permit.congested();
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long the server asks to be left alone, by its own clock.
    fn retry_after(&self) -> Option<Duration> {
        let now = self.header("date").and_then(http_date).unwrap_or_else(Timestamp::now);
        self.header("retry-after").and_then(|text| retry_after(text, now))
    }

    pub(super) fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How much this machine's clock is ahead of the server's; nothing where it is within the
    /// precision of the `Date` header.
    pub(super) fn clock_ahead(&self) -> jiff::SignedDuration {
        let Some(date) = self.header("date").and_then(http_date) else { return jiff::SignedDuration::ZERO };
        let ahead = Timestamp::now().duration_since(date);
        if ahead.abs() <= jiff::SignedDuration::from_secs(2) { jiff::SignedDuration::ZERO } else { ahead }
    }

    /// Reads the body of an error.
    pub(super) async fn refusal(mut self) -> Refusal {
        let mut body = Vec::new();
        // What came before a break is as good as there is.
        let _ = (&mut self.body).take(MOST_BODY as u64).read_to_end(&mut body).await;
        Refusal::read(self.status, self.header("content-type"), &body)
    }

    /// The whole body, or `None` where it is larger than `most` bytes.
    pub(super) async fn bytes(mut self, most: usize) -> Result<Option<Bytes>, Fault> {
        let mut bytes = Vec::new();
        (&mut self.body).take(most as u64 + 1).read_to_end(&mut bytes).await.map_err(|e| body_fault(&e))?;
        Ok((bytes.len() <= most).then(|| bytes.into()))
    }

    /// Reads a small body to its end, so that the connection can be used again.
    pub(super) async fn drain(mut self) {
        let mut left = Vec::new();
        let _ = (&mut self.body).take(MOST_BODY as u64).read_to_end(&mut left).await;
    }

    /// What a body begins with; nothing where it is empty.
    async fn start(&mut self) -> Result<Vec<u8>, Fault> {
        let start = self.body.fill_buf().await.map_err(|error| body_fault(&error))?;
        Ok(start[..start.len().min(1024)].to_vec())
    }

    /// Whether it comes from a network that answers in the server's place.
    pub(super) async fn is_web_page(&mut self) -> Result<bool, Fault> {
        let start = self.start().await?;
        Ok(!start.is_empty() && is_html(self.header("content-type"), &start))
    }

    /// The body of a 207, unless it is something else altogether.
    pub(super) async fn multistatus(mut self) -> Result<Multistatus<Body>, Fault> {
        let start = self.start().await?;
        if is_html(self.header("content-type"), &start) {
            return Err(Fault::Html);
        }
        if self.status != 207 {
            return Err(Fault::Malformed(format!("status {} instead of 207", self.status)));
        }
        Ok(Multistatus::new(self.body))
    }
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

fn too_large() -> io::Error {
    io::Error::other(Fault::TooLarge("more than 512 MB"))
}

/// A body as it is on the wire. An error of it is a [`Fault`], or else a broken connection.
fn incoming(
    response: reqwest::Response,
    count: Arc<AtomicU64>,
    limits: Limits,
    host: String,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((response, limits.whole), move |(mut response, left)| {
        let (count, host) = (Arc::clone(&count), host.clone());
        async move {
            let Ok(chunk) = tokio::time::timeout(limits.idle, response.chunk()).await else {
                return Err(io::Error::other(Fault::TimedOut { host }));
            };
            let Some(chunk) = chunk.map_err(|error| io::Error::other(error.without_url()))? else {
                return Ok(None);
            };
            count.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            // Packed bytes need not come to anything when they are unpacked, so they count as well.
            let left = left.checked_sub(chunk.len() as u64).ok_or_else(too_large)?;
            Ok(Some((chunk, (response, left))))
        }
    })
}

/// A body as it comes in, unpacked. The request counts as under way until its end is read or it is
/// dropped: whoever still holds it then may wait for requests of its own.
pub(super) struct Body {
    reader: Reader,
    permit: Option<Permit>,
    /// How much more of it is accepted, in bytes.
    left: u64,
}

impl AsyncRead for Body {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let part = ready!(self.as_mut().poll_fill_buf(cx))?;
        let amount = part.len().min(buf.remaining());
        buf.put_slice(&part[..amount]);
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Body {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let part = ready!(this.reader.as_mut().poll_fill_buf(cx))?;
        if part.is_empty() {
            this.permit = None;
        }
        match part.len() as u64 > this.left {
            true => Poll::Ready(Err(too_large())),
            false => Poll::Ready(Ok(part)),
        }
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.left = self.left.saturating_sub(amount as u64);
        self.reader.as_mut().consume(amount);
    }
}
