//! Answers and their bodies, as they come in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures_util::{Stream, stream};
use jiff::Timestamp;
use reqwest::header::{self, HeaderMap};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, ReadBuf};
use tokio_util::io::StreamReader;
use tr::tr;
use url::Url;

use super::error::Fault;
use super::http::{Limits, host};
use super::limiter::Permit;
use super::meter::TooMuch;
use super::refusal::{MOST_BODY, Refusal};
use super::xml::{Multistatus, is_html};

/// Why a body could not be read to its end.
pub(super) fn body_fault(error: &io::Error) -> Fault {
    match error.get_ref() {
        Some(inner) if inner.is::<TooMuch>() => Fault::TooLarge(tr!("a single value of more than 32 MB")),
        Some(inner) => inner.downcast_ref::<Fault>().cloned().unwrap_or(Fault::CutOff),
        None => Fault::CutOff,
    }
}

/// An answer whose body is yet to be read.
pub(super) struct Answer {
    pub status: u16,
    /// Where it came from, after redirects.
    pub url: Url,
    /// All of these redirects were permanent ones, and there was one.
    pub moved: bool,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

type Reader = Pin<Box<dyn AsyncBufRead + Send>>;

impl Answer {
    pub(super) fn new(
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
        Self {
            status,
            url,
            moved: false,
            headers,
            body: Body { reader, permit: Some(permit), left: limits.whole },
        }
    }

    /// The server complains that it is asked too much at once.
    pub(super) fn congested(&self) {
        if let Some(permit) = &self.body.permit {
            permit.congested();
        }
    }

    /// Whether the server says that it complies with this class (RFC 4918 section 10.1).
    pub(super) fn complies_with(&self, class: &str) -> bool {
        let values = self.headers.get_all("dav").iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|own| own.trim().eq_ignore_ascii_case(class))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// How long the server asks to be left alone, by its own clock.
    pub(super) fn retry_after(&self) -> Option<Duration> {
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
            return Err(Fault::Malformed(tr!("status {} instead of 207", self.status)));
        }
        Ok(Multistatus::new(self.body))
    }
}

fn too_large() -> io::Error {
    io::Error::other(Fault::TooLarge(tr!("more than 512 MB")))
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
    pub(super) permit: Option<Permit>,
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
